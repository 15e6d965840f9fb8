//! The exact joint model: values, effects and the flow of states through every region at once.
//!
//! Best-first branch and bound. A subproblem has nodes that the program has and nodes that it does
//! not have; its bound is the optimum of the [relaxed](super::relaxed) problem, and a program is
//! made of that optimum. If the program costs no more than the bound the subproblem is done;
//! otherwise it is split on a node about which relaxation and program disagree, on one that
//! requires something, or on one of those that wait for each other. Where all effects are decided
//! the walks are the sequences that use all of them, and every one is tried.

use super::check::check_program;
use super::realise::{Found, GreedyWalks, realise};
use super::relaxed::{Decision, Hint, effect_nodes, relax};
use super::walks::trails;
use super::{Effects, Walks};
use crate::auto::Auto;
use crate::extractor::{Caps, Control, Extractor, Outcome, Status};
use crate::problem::{NodeIndex, Problem};
use crate::verify::clearly_below;
use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// Subproblems without a deadline.
const MAX_STEPS: usize = 2_000;
/// Sequences of the same effects that are tried.
const MAX_TRAILS: usize = 256;
/// Sequences that are tried in all for each subproblem allowed, without a deadline: what limits
/// subproblems limits these too.
const TRAILS_PER_STEP: usize = 16;

/// The program of least cost, given time. Without states it is `auto`.
#[derive(Clone, Copy, Debug, Default)]
pub struct StateWalks;

impl Extractor for StateWalks {
    fn name(&self) -> &'static str {
        "state-walks"
    }

    fn caps(&self) -> Caps {
        Caps { exact: true, anytime: true, states: true, ..Caps::default() }
    }

    fn extract(&self, problem: &Problem, control: &Control) -> Outcome {
        let Some(effects) = problem.effects() else {
            if !problem.has_plain_costs() {
                return Outcome::without_choices(problem, Status::Unsupported);
            }
            return Auto.extract(problem, control);
        };
        if !problem.has_plain_costs() {
            return Outcome::without_choices(problem, Status::Unsupported);
        }
        let mut search = Search::new(problem, effects, control);
        let greedy = GreedyWalks.extract(problem, &control.share(0.2));
        if greedy.status == Status::Feasible {
            search.offer(&greedy.choices, &greedy.walks);
        }
        let bound = search.run();
        match (search.best, bound) {
            (Some(best), None) => {
                let cost = best.program.cost;
                control.report(Some(cost), Some(cost));
                best.outcome(Status::Optimal, Some(cost))
            }
            (Some(best), Some(bound)) => {
                let bound = bound.min(best.program.cost);
                best.outcome(Status::Feasible, Some(bound))
            }
            (None, None) => Outcome::without_choices(problem, Status::Infeasible),
            (None, Some(_)) => Outcome::without_choices(problem, Status::Unsupported),
        }
    }
}

/// A subproblem, the cheapest first.
struct Open {
    bound: f64,
    number: usize,
    decided: Vec<Decision>,
}

impl PartialEq for Open {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Open {}

impl PartialOrd for Open {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Open {
    fn cmp(&self, other: &Self) -> Ordering {
        // The heap's greatest is the least bound; of equal ones the newest.
        other.bound.total_cmp(&self.bound).then(self.number.cmp(&other.number))
    }
}

struct Search<'a> {
    problem: &'a Problem,
    effects: &'a Effects,
    control: &'a Control,
    effect_nodes: Vec<NodeIndex>,
    best: Option<Found>,
    /// Least bound of a subproblem that was given up.
    floor: f64,
    /// Sequences that may still be tried.
    trails_left: usize,
}

impl<'a> Search<'a> {
    fn new(problem: &'a Problem, effects: &'a Effects, control: &'a Control) -> Self {
        let effect_nodes = effect_nodes(problem, effects);
        let trails_left = match control.deadline {
            Some(_) => usize::MAX,
            None => control.steps.unwrap_or(MAX_STEPS).saturating_mul(TRAILS_PER_STEP),
        };
        let floor = f64::INFINITY;
        Search { problem, effects, control, effect_nodes, best: None, floor, trails_left }
    }

    fn worth(&self, bound: f64) -> bool {
        self.best.as_ref().is_none_or(|best| clearly_below(bound, best.program.cost))
    }

    /// Keeps an answer if it is a program, and better. Gives its cost.
    fn offer(&mut self, choices: &[Option<NodeIndex>], walks: &Walks) -> Option<f64> {
        let program = check_program(self.problem, self.effects, choices, walks).ok()?;
        let cost = program.cost;
        if self.best.as_ref().is_none_or(|best| cost < best.program.cost) {
            self.control.report(Some(cost), None);
            self.best = Some(Found { choices: choices.to_vec(), walks: walks.clone(), program });
        }
        Some(cost)
    }

    /// Searches; a lower bound if it was not complete.
    fn run(&mut self) -> Option<f64> {
        let decided = vec![Decision::Open; self.problem.node_count()];
        let mut heap = BinaryHeap::from([Open { bound: 0.0, number: 0, decided }]);
        let mut number = 0;
        while let Some(open) = heap.pop() {
            if !self.worth(open.bound) {
                break;
            }
            let steps = self.control.steps.unwrap_or(MAX_STEPS);
            let limit = self.control.deadline.is_none() && number >= steps;
            if limit || self.control.should_stop() {
                self.floor = self.floor.min(open.bound);
                break;
            }
            let Some((bound, node)) = self.step(&open) else { continue };
            self.control.report(None, Some(bound.min(self.floor)));
            for decision in [Decision::Out, Decision::In] {
                let mut decided = open.decided.clone();
                decided[node.index()] = decision;
                number += 1;
                heap.push(Open { bound, number, decided });
            }
        }
        self.worth(self.floor).then_some(self.floor).filter(|floor| floor.is_finite())
    }

    /// Bounds a subproblem and looks for a program in it: the node to split on, if it is not done.
    fn step(&mut self, open: &Open) -> Option<(f64, NodeIndex)> {
        let (problem, effects) = (self.problem, self.effects);
        let relaxed = relax(problem, effects, &open.decided);
        let outcome = Auto.extract(&relaxed.problem, &self.control.share(0.5));
        match outcome.status {
            Status::Infeasible => return None,
            Status::Unsupported => {
                self.floor = self.floor.min(open.bound);
                return None;
            }
            Status::Feasible | Status::Optimal => {}
        }
        let bound = outcome.bound.unwrap_or(0.0).max(open.bound);
        if !self.worth(bound) {
            return None;
        }
        let hint = relaxed.hint(&outcome.choices, problem.node_count());
        let mut suspects = Vec::new();
        match realise(problem, effects, &open.decided, &hint) {
            Ok(found) => {
                let cost = self.offer(&found.choices, &found.walks).unwrap_or(f64::INFINITY);
                if !clearly_below(bound, cost) {
                    return None;
                }
                for node in &self.effect_nodes {
                    let on_walk = found.walks.iter().any(|steps| steps.contains(node));
                    if on_walk != hint.liked[node.index()] {
                        suspects.push(*node);
                    }
                }
            }
            Err(culprits) => suspects = culprits,
        }
        self.split(open, bound, &hint, &suspects).map(|node| (bound, node))
    }

    /// The node to split on; none if the subproblem has nothing more to offer.
    fn split(
        &mut self,
        open: &Open,
        bound: f64,
        hint: &Hint,
        suspects: &[NodeIndex],
    ) -> Option<NodeIndex> {
        let undecided = |node: &NodeIndex| open.decided[node.index()] == Decision::Open;
        let effect = |node: &NodeIndex| self.effects.source(*node).is_some();
        let suspect = suspects.iter().copied().filter(undecided);
        if let Some(node) = suspect.clone().find(effect).or_else(|| suspect.clone().next()) {
            return Some(node);
        }
        let used = self.used(hint, &open.decided);
        let requiring = |node: &NodeIndex| self.effects.requires(*node).next().is_some();
        if let Some(node) = used.iter().copied().filter(undecided).find(requiring) {
            return Some(node);
        }
        let liked = |node: &NodeIndex| hint.liked[node.index()];
        let mut open_effects = self.effect_nodes.iter().copied().filter(undecided);
        if let Some(node) = open_effects.clone().find(liked).or_else(|| open_effects.next()) {
            return Some(node);
        }
        let cost = self.every_trail(open, bound, hint);
        if cost.is_some_and(|cost| !clearly_below(bound, cost)) {
            return None;
        }
        used.into_iter().find(undecided)
    }

    /// The chosen nodes of all values that the roots and the decided effects lead to.
    fn used(&self, hint: &Hint, decided: &[Decision]) -> Vec<NodeIndex> {
        let mut seen = vec![false; self.problem.class_count()];
        let mut stack = self.problem.roots().to_vec();
        let given = self.effect_nodes.iter().copied();
        let given = given.filter(|n| hint.liked[n.index()] || decided[n.index()] == Decision::In);
        let follow = |node: NodeIndex, stack: &mut Vec<_>| {
            stack.extend(self.problem.children(node).chain(self.effects.requires(node)));
        };
        given.for_each(|node| follow(node, &mut stack));
        let mut used = Vec::new();
        while let Some(class) = stack.pop() {
            if self.effects.walk_of(class).is_none()
                && !std::mem::replace(&mut seen[class.index()], true)
                && let Some(node) = hint.choices[class.index()]
            {
                used.push(node);
                follow(node, &mut stack);
            }
        }
        used
    }

    /// All effects are decided: tries every way to walk them; the least cost of a program.
    fn every_trail(&mut self, open: &Open, bound: f64, hint: &Hint) -> Option<f64> {
        let (problem, effects) = (self.problem, self.effects);
        let mut ways: Vec<Vec<Vec<NodeIndex>>> = Vec::new();
        for (at, walk) in effects.walks().iter().enumerate() {
            let on = |node: &NodeIndex| {
                open.decided[node.index()] == Decision::In
                    && effects.walk_of(problem.class(*node)) == Some(at)
            };
            let steps: Vec<NodeIndex> = self.effect_nodes.iter().copied().filter(on).collect();
            let live = walk.by.is_none_or(|by| open.decided[by.index()] == Decision::In);
            let (found, all) = if live {
                trails(problem, effects, (walk.entry, walk.result), &steps, MAX_TRAILS)
            } else {
                (if steps.is_empty() { vec![Vec::new()] } else { Vec::new() }, true)
            };
            if !all {
                self.floor = self.floor.min(bound);
            }
            ways.push(found);
        }
        if ways.iter().any(Vec::is_empty) {
            return None;
        }
        let mut taken = vec![0; ways.len()];
        let mut least: Option<f64> = None;
        for tried in 0.. {
            if tried >= MAX_TRAILS || self.trails_left == 0 || self.control.should_stop() {
                self.floor = self.floor.min(bound);
                break;
            }
            self.trails_left -= 1;
            let walks: Walks =
                ways.iter().zip(&taken).map(|(ways, at)| ways[*at].clone()).collect();
            if let Some(cost) = self.offer(&hint.choices, &walks) {
                least = Some(least.map_or(cost, |least| least.min(cost)));
            }
            let Some(digit) = (0..ways.len()).find(|at| taken[*at] + 1 < ways[*at].len()) else {
                break;
            };
            taken[digit] += 1;
            taken[..digit].fill(0);
        }
        least
    }
}
