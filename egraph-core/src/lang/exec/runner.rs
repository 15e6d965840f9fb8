//! Running a rule set of a session under limits and a scheduler, with a look at every round.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use super::super::syntax::{Name, codes};
use super::super::types::RulesetId;
use super::{Error, Failure, Session};
use crate::ematch::Admission;
use crate::{Limits, Scheduler, SchedulerKind, StopReason};

/// What one round of search, commit and rebuild did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Round {
    /// Rules searched; the scheduler may leave some out.
    pub rules: usize,
    /// Matches found.
    pub matches: usize,
    /// Matches whose effects did not hold already.
    pub applied: usize,
    /// Rows at the end.
    pub rows: usize,
    /// Classes at the end.
    pub classes: usize,
    /// Wall time of finding matches.
    pub search: Duration,
    /// Wall time of doing what rules say.
    pub apply: Duration,
    /// Wall time of closing under congruence.
    pub rebuild: Duration,
}

/// Why a run ended, and what it did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Why it ended; [`StopReason::Completed`] if the goal holds or a hook said so.
    pub stop: StopReason,
    /// What each round did.
    pub rounds: Vec<Round>,
}

/// Sees every round; may change the session, and end the run.
pub type Hook<'a> = Box<dyn FnMut(&mut Session, &Round) -> ControlFlow<()> + 'a>;

/// Runs a rule set until nothing changes or a limit is reached.
///
/// Limits reached are no errors: what was found until then stays. With a scheduler that sets rules
/// aside, such as [`SchedulerKind::Backoff`], a rule sees everything that it missed when it is let
/// in again. All matches of a rule are counted, those that it saw before included, before any is
/// committed, as egg does; what is searched is what is new to the rule, and all of it again only
/// where the sum of what was found might exceed the allowance.
///
/// ```
/// use egraph_core::egglog::{Runner, Session};
/// use egraph_core::{SchedulerKind, StopReason};
///
/// let mut session = Session::default();
/// session.program("(datatype N (Z) (S N)) (rewrite (S x) (S (S x)))")?;
/// session.add("(S (Z))")?;
/// let mut sizes = Vec::new();
/// let summary = Runner::new()
///     .iterations(4)
///     .scheduler(SchedulerKind::Backoff { match_limit: 1000, ban_length: 5 }.build())
///     .hook(|_, round| {
///         sizes.push(round.rows);
///         std::ops::ControlFlow::Continue(())
///     })
///     .run(&mut session)?;
/// assert_eq!(summary.stop, StopReason::Saturated);
/// assert_eq!(sizes, [3, 3]);
/// # Ok::<(), egraph_core::egglog::Error>(())
/// ```
pub struct Runner<'a> {
    ruleset: String,
    limits: Limits,
    scheduler: Box<dyn Scheduler + 'a>,
    until: Option<String>,
    hooks: Vec<Hook<'a>>,
}

impl Default for Runner<'_> {
    fn default() -> Self {
        Self::new()
    }
}

impl<'a> Runner<'a> {
    /// The default rule set, [`Limits::default`], every match of every rule.
    pub fn new() -> Self {
        Self {
            ruleset: String::new(),
            limits: Limits::default(),
            scheduler: SchedulerKind::Simple.build(),
            until: None,
            hooks: Vec::new(),
        }
    }

    /// Another rule set.
    pub fn ruleset(mut self, name: &str) -> Self {
        name.clone_into(&mut self.ruleset);
        self
    }

    /// The most rounds.
    pub fn iterations(mut self, rounds: usize) -> Self {
        self.limits.iterations = rounds;
        self
    }

    /// All limits.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// What sets rules aside: [`SchedulerKind::build`], or one of your own.
    pub fn scheduler(mut self, scheduler: Box<dyn Scheduler + 'a>) -> Self {
        self.scheduler = scheduler;
        self
    }

    /// Ends the run when facts, as in `check`, hold.
    pub fn until(mut self, facts: &str) -> Self {
        self.until = Some(facts.to_owned());
        self
    }

    /// Calls `hook` after each round; `Break` ends the run.
    pub fn hook(mut self, hook: impl FnMut(&mut Session, &Round) -> ControlFlow<()> + 'a) -> Self {
        self.hooks.push(Box::new(hook));
        self
    }

    /// Runs.
    ///
    /// # Errors
    /// No rule set of that name, a goal without meaning, or a rule that fails.
    pub fn run(mut self, session: &mut Session) -> Result<Summary, Error> {
        let ruleset = session.ruleset_named(&self.ruleset)?;
        let options = session.options.clone();
        session.options.nodes = options.nodes.min(self.limits.nodes);
        session.options.bytes = options.bytes.into_iter().chain(self.limits.bytes).min();
        session.store.set_limit(session.options.nodes);
        session.deadline = Instant::now().checked_add(self.limits.time);
        let summary = self.rounds(session, ruleset);
        session.options = options;
        session.store.set_limit(session.options.nodes);
        session.deadline = None;
        summary
    }

    fn rounds(&mut self, session: &mut Session, ruleset: RulesetId) -> Result<Summary, Error> {
        let mut rounds = Vec::new();
        let stop = loop {
            if let Some(goal) = &self.until
                && session.check(goal)?
            {
                break StopReason::Completed;
            }
            if rounds.len() >= self.limits.iterations {
                break StopReason::IterationLimit;
            }
            let (round, changed, outcome) = self.round(session, ruleset, rounds.len());
            let before = session.store.version();
            let ended = self.hooks.iter_mut().any(|hook| hook(session, &round).is_break());
            let changed = changed || session.store.version() != before;
            rounds.push(round);
            match outcome {
                Err(Failure::Nodes(_)) => break StopReason::NodeLimit,
                Err(Failure::Time) => break StopReason::TimeLimit,
                Err(Failure::Memory) => break StopReason::MemoryLimit,
                Err(why @ Failure::Error(_)) => return Err(Session::failed(&why)),
                Ok(()) if ended => break StopReason::Completed,
                Ok(()) if !changed && self.scheduler.may_stop(rounds.len() - 1) => {
                    break StopReason::Saturated;
                }
                Ok(()) => {}
            }
        };
        Ok(Summary { stop, rounds })
    }

    fn round(
        &mut self,
        session: &mut Session,
        ruleset: RulesetId,
        iteration: usize,
    ) -> (Round, bool, Result<(), Failure>) {
        let (mut rules, mut most) = (Vec::new(), Vec::new());
        for rule in session.rules_of(ruleset) {
            if let Some(allowance) = self.scheduler.allowance(iteration, rule) {
                rules.push(rule);
                most.push(allowance);
            }
        }
        if session.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            return (Round::default(), false, Err(Failure::Time));
        }
        let scheduler = &mut self.scheduler;
        let mut admit = |at: usize, matches| scheduler.admit(iteration, rules[at], matches);
        let admission = Admission { most: &most, admit: &mut admit };
        let (done, outcome) = session.pass_of(&rules, Some(admission));
        let round = Round {
            rules: rules.len(),
            matches: done.matches.iter().sum(),
            applied: done.committed.iter().sum(),
            rows: session.rows(),
            classes: session.classes(),
            search: done.search,
            apply: done.commit,
            rebuild: done.rebuild,
        };
        (round, done.changed, outcome)
    }
}

impl Session {
    fn ruleset_named(&self, name: &str) -> Result<RulesetId, Error> {
        if name.is_empty() {
            return Ok(RulesetId::DEFAULT);
        }
        self.env().find_ruleset(name).ok_or_else(|| {
            let message = format!("there is no rule set `{}`", Name::from(name));
            Session::refusal(codes::UNKNOWN_RULESET, message)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AC: &str = "
        (datatype E (V i64) (Add E E))
        (rewrite (Add a b) (Add b a))
        (rewrite (Add (Add a b) c) (Add a (Add b c)))
        (let $e (Add (V 0) (Add (V 1) (Add (V 2) (Add (V 3) (Add (V 4) (V 5)))))))";

    fn session() -> Session {
        let mut session = Session::default();
        session.program(AC).unwrap();
        session
    }

    fn backoff(match_limit: usize) -> Box<dyn Scheduler> {
        SchedulerKind::Backoff { match_limit, ban_length: 2 }.build()
    }

    #[test]
    fn backoff_reaches_what_simple_does() {
        let (mut all, mut some) = (session(), session());
        let simple = Runner::new().run(&mut all).unwrap();
        assert_eq!(simple.stop, StopReason::Saturated);
        let banning = Runner::new().scheduler(backoff(8)).run(&mut some).unwrap();
        assert_eq!(banning.stop, StopReason::Saturated);
        assert!(banning.rounds.iter().any(|round| round.rules < 2), "a rule was banned");
        assert_eq!((all.rows(), all.classes()), (some.rows(), some.classes()));
        // 3^6 - 2^7 + 1 sums of six leaves, and the leaves.
        assert_eq!(all.rows(), 602 + 6);
    }

    #[test]
    fn limits_end_a_run_and_leave_the_session_usable() {
        let mut session = session();
        let limits = Limits { nodes: 100, ..Limits::default() };
        let summary = Runner::new().limits(limits).run(&mut session).unwrap();
        assert_eq!(summary.stop, StopReason::NodeLimit);
        assert!(session.rows() <= 100);
        let summary = Runner::new().iterations(1).run(&mut session).unwrap();
        assert_eq!((summary.stop, summary.rounds.len()), (StopReason::IterationLimit, 1));
        let summary = Runner::new().run(&mut session).unwrap();
        assert_eq!(summary.stop, StopReason::Saturated);
        assert_eq!(session.rows(), 602 + 6);
    }

    #[test]
    fn goals_and_hooks_end_a_run() {
        let mut session = session();
        let goal = "(= $e (Add (Add (V 1) (Add (V 2) (Add (V 3) (Add (V 4) (V 5))))) (V 0)))";
        let summary = Runner::new().until(goal).run(&mut session).unwrap();
        assert_eq!((summary.stop, summary.rounds.len()), (StopReason::Completed, 1));
        let hook = |session: &mut Session, _: &Round| match session.rows() {
            0..=50 => ControlFlow::Continue(()),
            _ => ControlFlow::Break(()),
        };
        let summary = Runner::new().hook(hook).run(&mut session).unwrap();
        assert_eq!(summary.stop, StopReason::Completed);
        assert!(Runner::new().ruleset("none").run(&mut session).is_err());
        assert!(Runner::new().until("(oops)").run(&mut session).is_err());
    }
}
