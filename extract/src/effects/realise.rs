//! From a choice of values to a program: walks, and the detours that its demands make.
//!
//! Each live walk is the cheapest path that prefers the effects of the relaxed answer. What is used
//! makes demands; a walk that lacks one takes the cheapest detour, until all are met. What cannot
//! be met, or ordered, is banned and the values are chosen anew.

use super::check::{EffectError, Program, check_program};
use super::relaxed::{Decision, Hint, effect_nodes, relax};
use super::walks::{Demand, Ways};
use super::{Effects, Walks};
use crate::extractor::{Caps, Control, Extractor, Outcome, Status};
use crate::greedy_dag::GreedyDag;
use crate::problem::{ClassIndex, NodeIndex, Problem};

/// Nodes that are banned before the search gives up.
const MAX_BANS: usize = 40;
/// Candidates for one ban.
const MAX_CANDIDATES: usize = 8;

/// A program from a greedy choice of values and walks of cheapest detours. Without states it is
/// `greedy-dag`.
#[derive(Clone, Copy, Debug, Default)]
pub struct GreedyWalks;

impl Extractor for GreedyWalks {
    fn name(&self) -> &'static str {
        "greedy-walks"
    }

    fn caps(&self) -> Caps {
        Caps { states: true, ..Caps::default() }
    }

    fn extract(&self, problem: &Problem, control: &Control) -> Outcome {
        let Some(effects) = problem.effects() else { return GreedyDag.extract(problem, control) };
        if !problem.has_plain_costs() {
            return Outcome::without_choices(problem, Status::Unsupported);
        }
        let mut decided = vec![Decision::Open; problem.node_count()];
        let mut hint = match greedy_hint(problem, effects, &decided, control) {
            Ok(hint) => hint,
            Err(status) => return Outcome::without_choices(problem, status),
        };
        for _ in 0..MAX_BANS {
            let culprits = match realise(problem, effects, &decided, &hint) {
                Ok(found) => {
                    control.report(Some(found.program.cost), None);
                    return found.outcome(Status::Feasible, None);
                }
                Err(culprits) => culprits,
            };
            if control.should_stop() {
                break;
            }
            let better = culprits.into_iter().take(MAX_CANDIDATES).find_map(|node| {
                let before = std::mem::replace(&mut decided[node.index()], Decision::Out);
                let hint = greedy_hint(problem, effects, &decided, control).ok();
                if before == Decision::Out || hint.is_none() {
                    decided[node.index()] = before;
                    return None;
                }
                hint
            });
            match better {
                Some(better) => hint = better,
                None => break,
            }
        }
        Outcome::without_choices(problem, Status::Unsupported)
    }
}

fn greedy_hint(
    problem: &Problem,
    effects: &Effects,
    decided: &[Decision],
    control: &Control,
) -> Result<Hint, Status> {
    let relaxed = relax(problem, effects, decided);
    let outcome = GreedyDag.extract(&relaxed.problem, &control.silent());
    match outcome.status {
        Status::Feasible => Ok(relaxed.hint(&outcome.choices, problem.node_count())),
        status => Err(status),
    }
}

/// A program.
pub(super) struct Found {
    pub(super) choices: Vec<Option<NodeIndex>>,
    pub(super) walks: Walks,
    pub(super) program: Program,
}

impl Found {
    /// As an answer; values that are not used have no choice.
    pub(super) fn outcome(self, status: Status, bound: Option<f64>) -> Outcome {
        let used = self.choices.into_iter().zip(self.program.values);
        let choices = used.map(|(choice, used)| choice.filter(|_| used)).collect();
        Outcome { choices, walks: self.walks, status, bound }
    }
}

/// Makes a program of a choice of values.
///
/// # Errors
/// The nodes whose ban may help, the likeliest first.
pub(super) fn realise(
    problem: &Problem,
    effects: &Effects,
    decided: &[Decision],
    hint: &Hint,
) -> Result<Found, Vec<NodeIndex>> {
    let ways = Ways { problem, effects, decided, liked: &hint.liked };
    let mut realiser = Realiser {
        ways: &ways,
        hint,
        walks: vec![None; effects.walks().len()],
        required: vec![Vec::new(); effects.walks().len()],
    };
    for node in effect_nodes(problem, effects) {
        if decided[node.index()] == Decision::In {
            realiser.require(problem.class(node), Demand::Effect(node));
        }
    }
    // Each round adds a demand, and there are finitely many.
    for _ in 0..8 + problem.node_count() + problem.class_count() {
        if realiser.round()? {
            continue;
        }
        let walks: Walks = realiser.walks.into_iter().map(Option::unwrap_or_default).collect();
        return match check_program(problem, effects, &hint.choices, &walks) {
            Ok(program) => Ok(Found { choices: hint.choices.clone(), walks, program }),
            Err(EffectError::Unordered(mut nodes)) => {
                // What reads a state, or is one effect of several, has alternatives.
                nodes.sort_by_key(|node| effects.reads(*node).next().is_none());
                Err(nodes)
            }
            Err(EffectError::Unread(node, _) | EffectError::Unmet(node, _)) => Err(vec![node]),
            Err(_) => Err(Vec::new()),
        };
    }
    Err(Vec::new())
}

struct Realiser<'a> {
    ways: &'a Ways<'a>,
    hint: &'a Hint,
    /// None where the walk is not live.
    walks: Vec<Option<Vec<NodeIndex>>>,
    required: Vec<Vec<Demand>>,
}

impl Realiser<'_> {
    /// Adds a demand to the walk of a state; true if it is new.
    fn require(&mut self, state: ClassIndex, demand: Demand) -> bool {
        let Some(walk) = self.ways.effects.walk_of(state) else { return false };
        let list = &mut self.required[walk];
        let new = !list.contains(&demand);
        if new {
            list.push(demand);
        }
        new
    }

    /// Makes the walks, follows what they and the roots use, and collects demands; true if there
    /// is a new one.
    fn round(&mut self) -> Result<bool, Vec<NodeIndex>> {
        let mut nodes = self.make_walks()?;
        let (problem, effects) = (self.ways.problem, self.ways.effects);
        let mut seen = vec![false; problem.class_count()];
        let mut stack: Vec<(ClassIndex, Option<NodeIndex>)> =
            problem.roots().iter().map(|root| (*root, None)).collect();
        let uses = |node: NodeIndex| {
            let classes = problem.children(node).chain(effects.requires(node));
            classes.map(move |class| (class, Some(node)))
        };
        for node in &nodes {
            stack.extend(uses(*node));
        }
        while let Some((class, by)) = stack.pop() {
            let value = effects.walk_of(class).is_none();
            if !value || std::mem::replace(&mut seen[class.index()], true) {
                continue;
            }
            let node = self.hint.choices[class.index()];
            let node = node.ok_or_else(|| by.into_iter().collect::<Vec<_>>())?;
            nodes.push(node);
            stack.extend(uses(node));
        }
        let mut new = false;
        for node in nodes {
            for effect in effects.needs(node) {
                new |= self.demand(problem.class(effect), Demand::Effect(effect), node)?;
            }
            for class in effects.reads(node) {
                new |= self.demand(class, Demand::State(class), node)?;
            }
        }
        Ok(new)
    }

    /// A demand on the walk of a state, or where that is not live, on what surrounds it.
    fn demand(
        &mut self,
        mut state: ClassIndex,
        mut demand: Demand,
        node: NodeIndex,
    ) -> Result<bool, Vec<NodeIndex>> {
        let effects = self.ways.effects;
        loop {
            let at = effects.walk_of(state).ok_or_else(|| vec![node])?;
            if self.walks[at].is_some() {
                return Ok(self.require(state, demand));
            }
            let walk = effects.walks()[at];
            let by = walk.by.ok_or_else(|| vec![node])?;
            let outer = effects.source(by).ok_or_else(|| vec![node])?;
            let kept = walk.keeps && demand == Demand::State(walk.entry);
            demand = if kept { Demand::State(outer) } else { Demand::Effect(by) };
            state = outer;
        }
    }

    /// Makes every live walk meet its demands; gives the effects on them.
    fn make_walks(&mut self) -> Result<Vec<NodeIndex>, Vec<NodeIndex>> {
        let effects = self.ways.effects;
        let before = std::mem::replace(&mut self.walks, vec![None; effects.walks().len()]);
        let mut stack: Vec<usize> =
            (0..before.len()).filter(|at| effects.walks()[*at].by.is_none()).collect();
        let mut nodes = Vec::new();
        while let Some(at) = stack.pop() {
            if self.walks[at].is_some() {
                continue;
            }
            let walk = effects.walks()[at];
            let culprits = || walk.by.into_iter().collect::<Vec<_>>();
            let mut steps = match &before[at] {
                Some(steps) => steps.clone(),
                None => self.ways.path(walk.entry, walk.result, &[]).ok_or_else(culprits)?.1,
            };
            for (place, demand) in self.required[at].iter().enumerate() {
                if !self.ways.holds(walk.entry, &steps, *demand) {
                    let kept = &self.required[at][..place];
                    let longer = self.ways.detour(walk.entry, &steps, *demand, kept);
                    steps = longer.ok_or_else(|| self.askers(*demand))?;
                }
            }
            stack.extend(steps.iter().flat_map(|step| effects.opened_by(*step)));
            nodes.extend(&steps);
            self.walks[at] = Some(steps);
        }
        Ok(nodes)
    }

    /// Chosen nodes that a demand may come from.
    fn askers(&self, demand: Demand) -> Vec<NodeIndex> {
        let effects = self.ways.effects;
        let chosen = self.hint.choices.iter().flatten().copied();
        let asks = |node: &NodeIndex| match demand {
            Demand::Effect(effect) => effects.needs(*node).any(|need| need == effect),
            Demand::State(class) => effects.reads(*node).any(|read| read == class),
        };
        let mut askers: Vec<NodeIndex> = chosen.filter(asks).collect();
        if let Demand::Effect(effect) = demand {
            askers.push(effect);
        }
        askers
    }
}
