//! Running rule sets by schedules.

use std::fmt;
use std::time::{Duration, Instant};

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use super::super::proof::{Event, Why};
use super::super::types::{RuleName, RulesetId, RulesetKind, Schedule};
use super::{Failure, Session};
use crate::ematch::{self, Admission, Bounds, Due, Halt};

/// What a rule did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleReport {
    /// Matches found.
    pub matches: usize,
    /// Matches whose effects did not hold already.
    pub committed: usize,
    /// Time of finding matches, summed over threads.
    pub search: Duration,
}

impl RuleReport {
    fn add(&mut self, matches: usize, committed: usize, search: Duration) {
        self.matches += matches;
        self.committed += committed;
        self.search += search;
    }
}

/// What rules did, by the numbers of their names, in order of first use.
pub(super) type Tallies = IndexMap<usize, (RuleName, RuleReport), FxBuildHasher>;

/// The same by the names.
pub(super) fn by_name(tallies: &Tallies) -> IndexMap<String, RuleReport, FxBuildHasher> {
    let mut named: IndexMap<String, RuleReport, FxBuildHasher> = IndexMap::default();
    for (name, tally) in tallies.values() {
        let entry = named.entry(name.text().into_owned()).or_default();
        entry.add(tally.matches, tally.committed, tally.search);
    }
    named
}

/// What running rules took, all together.
#[derive(Clone, Copy, Debug, Default)]
pub struct RunTotals {
    /// Passes over a rule set.
    pub iterations: usize,
    /// Wall time of finding matches.
    pub search: Duration,
    /// Wall time of doing what rules say.
    pub apply: Duration,
    /// Wall time of closing under congruence.
    pub rebuild: Duration,
}

/// What running rules took.
#[derive(Clone, Debug, Default)]
pub struct RunReport {
    /// All together.
    pub totals: RunTotals,
    /// By the rule's name, in order of first use.
    pub rules: IndexMap<String, RuleReport, FxBuildHasher>,
}

impl fmt::Display for RunReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RunTotals { iterations, search, apply, rebuild } = self.totals;
        writeln!(f, "iterations: {iterations}")?;
        for (name, time) in [("search", search), ("apply", apply), ("rebuild", rebuild)] {
            writeln!(f, "{name}: {:.6} s", time.as_secs_f64())?;
        }
        for (name, rule) in &self.rules {
            let RuleReport { matches, committed, search } = rule;
            let seconds = search.as_secs_f64();
            writeln!(f, "{matches} matches, {committed} applied, {seconds:.6} s: {name}")?;
        }
        Ok(())
    }
}

impl Session {
    /// Runs a schedule. True when it changed the database.
    pub(super) fn schedule(&mut self, schedule: &Schedule) -> Result<bool, Failure> {
        match schedule {
            Schedule::Run(_, ruleset, until) => {
                if let Some(query) = until
                    && self.holds(query)
                {
                    return Ok(false);
                }
                self.pass(*ruleset)
            }
            Schedule::Seq(steps) => self.sequence(steps),
            Schedule::Saturate(steps) => {
                let mut changed = false;
                while self.sequence(steps)? {
                    changed = true;
                }
                Ok(changed)
            }
            Schedule::Repeat(times, steps) => {
                let mut changed = false;
                for _ in 0..*times {
                    if !self.sequence(steps)? {
                        break;
                    }
                    changed = true;
                }
                Ok(changed)
            }
        }
    }

    fn sequence(&mut self, steps: &[Schedule]) -> Result<bool, Failure> {
        let mut changed = false;
        for step in steps {
            changed |= self.schedule(step)?;
        }
        Ok(changed)
    }

    /// The rules of a set, each once.
    pub(super) fn rules_of(&self, ruleset: RulesetId) -> Vec<usize> {
        if let RulesetKind::Rules = self.env().rulesets()[ruleset.index()].kind {
            return self.rulesets[ruleset.index()].clone();
        }
        let mut rules = Vec::new();
        let mut open = vec![ruleset];
        while let Some(set) = open.pop() {
            match &self.env().rulesets()[set.index()].kind {
                RulesetKind::Rules => rules.extend_from_slice(&self.rulesets[set.index()]),
                RulesetKind::Combined(sets) => open.extend(sets.iter().rev()),
            }
        }
        let mut seen = vec![false; self.rules.len()];
        rules.retain(|rule| !std::mem::replace(&mut seen[*rule], true));
        rules
    }

    /// One pass over a rule set: search, commit, rebuild. True when it changed the database.
    fn pass(&mut self, ruleset: RulesetId) -> Result<bool, Failure> {
        if self.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            return Err(Failure::Time);
        }
        let rules = self.rules_of(ruleset);
        let (done, outcome) = self.pass_of(&rules, None);
        outcome.map(|()| done.changed)
    }

    /// One pass over rules, as far as they are admitted.
    pub(super) fn pass_of(
        &mut self,
        rules: &[usize],
        admission: Option<Admission<'_>>,
    ) -> (ematch::Iteration, Result<(), Failure>) {
        let computed = self.computed();
        let chosen: Vec<_> = rules.iter().map(|rule| self.rules[*rule].rule.clone()).collect();
        let mut marks: Vec<(u32, usize)> =
            rules.iter().map(|rule| (self.rules[*rule].since, self.rules[*rule].known)).collect();
        let mut due: Vec<Due<'_>> = chosen
            .iter()
            .zip(&mut marks)
            .map(|(rule, (since, known))| Due { rule: rule.as_ref(), since, known })
            .collect();
        if let Some(recorder) = &mut self.machine.recorder {
            rules.clone_into(&mut recorder.due);
            recorder.journal.events.push(Event::Round);
        }
        let bounds = Bounds { deadline: self.deadline, bytes: self.options.bytes };
        let (done, outcome) = ematch::iterate(
            &mut self.store,
            &mut self.machine,
            &computed,
            &mut due,
            bounds,
            admission,
            &mut self.scratch,
        );
        drop(due);
        if let Some(recorder) = &mut self.machine.recorder {
            recorder.why = Why::Program;
        }
        for (at, rule) in rules.iter().enumerate() {
            (self.rules[*rule].since, self.rules[*rule].known) = marks[at];
            if done.times[at] > Duration::ZERO {
                let name = &self.rules[*rule].name;
                let tally = self.tallies.entry(name.number());
                let (_, tally) = tally.or_insert_with(|| (name.clone(), RuleReport::default()));
                tally.add(done.matches[at], done.committed[at], done.times[at]);
            }
        }
        self.totals.iterations += 1;
        self.totals.search += done.search;
        self.totals.apply += done.commit;
        self.totals.rebuild += done.rebuild;
        let outcome = outcome.map_err(|halt| match halt {
            Halt::Full => Failure::Nodes(self.options.nodes),
            Halt::Time => Failure::Time,
            Halt::Memory => Failure::Memory,
            Halt::Failed(_, why) => Failure::Error(why),
        });
        (done, outcome)
    }
}
