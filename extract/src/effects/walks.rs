//! Paths through states: the cheapest, one with a detour, all that use given effects.

use super::Effects;
use super::relaxed::Decision;
use crate::problem::{ClassIndex, NodeIndex, Problem};
use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Steps of a walk between which detours are looked for.
const MAX_STEPS: usize = 400;

/// What a walk must contain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Demand {
    /// An effect.
    Effect(NodeIndex),
    /// A state.
    State(ClassIndex),
}

/// Where paths may go, and what they like.
pub(super) struct Ways<'a> {
    pub(super) problem: &'a Problem,
    pub(super) effects: &'a Effects,
    pub(super) decided: &'a [Decision],
    pub(super) liked: &'a [bool],
}

impl Ways<'_> {
    /// A step that the relaxed answer has paid for costs next to nothing.
    fn step_cost(&self, node: NodeIndex) -> f64 {
        let paid = self.liked[node.index()] || self.decided[node.index()] == Decision::In;
        if paid { 1e-6 } else { 1e-6 + self.problem.cost(node) }
    }

    /// The cheapest sequence of effects from one state to another, with its cost.
    pub(super) fn path(
        &self,
        from: ClassIndex,
        to: ClassIndex,
        avoid: &[NodeIndex],
    ) -> Option<(f64, Vec<NodeIndex>)> {
        // Backwards: a state lists the effects that make it.
        let mut best: HashMap<ClassIndex, (f64, Option<NodeIndex>), FxBuildHasher> =
            HashMap::default();
        best.insert(to, (0.0, None));
        let mut heap = BinaryHeap::from([Reverse((0_u64, to))]);
        while let Some(Reverse((bits, class))) = heap.pop() {
            let distance = f64::from_bits(bits);
            if distance > best[&class].0 {
                continue;
            }
            if class == from {
                break;
            }
            for node in self.problem.nodes(class) {
                let Some(source) = self.effects.source(node) else { continue };
                if self.decided[node.index()] == Decision::Out || avoid.contains(&node) {
                    continue;
                }
                let next = distance + self.step_cost(node);
                if best.get(&source).is_none_or(|known| next < known.0) {
                    best.insert(source, (next, Some(node)));
                    heap.push(Reverse((next.to_bits(), source)));
                }
            }
        }
        let (cost, _) = *best.get(&from)?;
        let mut path = Vec::new();
        let mut here = from;
        while here != to {
            let step = best[&here].1?;
            path.push(step);
            here = self.problem.class(step);
        }
        Some((cost, path))
    }

    /// Whether a sequence of effects from a state on has what is demanded.
    pub(super) fn holds(&self, entry: ClassIndex, steps: &[NodeIndex], demand: Demand) -> bool {
        match demand {
            Demand::Effect(node) => steps.contains(&node),
            Demand::State(class) => {
                class == entry || steps.iter().any(|step| self.problem.class(*step) == class)
            }
        }
    }

    /// The walk with a segment replaced by the cheapest path by way of a demand that keeps what is
    /// required.
    pub(super) fn detour(
        &self,
        entry: ClassIndex,
        steps: &[NodeIndex],
        demand: Demand,
        required: &[Demand],
    ) -> Option<Vec<NodeIndex>> {
        let (enter, effect, leave) = match demand {
            Demand::Effect(node) => {
                (self.effects.source(node)?, Some(node), self.problem.class(node))
            }
            Demand::State(class) => (class, None, class),
        };
        let passed: Vec<ClassIndex> =
            std::iter::once(entry).chain(steps.iter().map(|s| self.problem.class(*s))).collect();
        if steps.len() > MAX_STEPS {
            return None;
        }
        let mut best: Option<(f64, Vec<NodeIndex>)> = None;
        for p in 0..=steps.len() {
            for q in p..=steps.len() {
                let mut avoid: Vec<NodeIndex> =
                    steps[..p].iter().chain(&steps[q..]).copied().chain(effect).collect();
                let Some((to, first)) = self.path(passed[p], enter, &avoid) else { break };
                avoid.extend(&first);
                let Some((from, second)) = self.path(leave, passed[q], &avoid) else { continue };
                let dropped: f64 = steps[p..q].iter().map(|step| self.step_cost(*step)).sum();
                let cost = to + from - dropped;
                if best.as_ref().is_some_and(|(least, _)| *least <= cost) {
                    continue;
                }
                let made: Vec<NodeIndex> = steps[..p]
                    .iter()
                    .copied()
                    .chain(first)
                    .chain(effect)
                    .chain(second)
                    .chain(steps[q..].iter().copied())
                    .collect();
                if required.iter().all(|demand| self.holds(entry, &made, *demand)) {
                    best = Some((cost, made));
                }
            }
        }
        best.map(|(_, steps)| steps)
    }
}

/// All sequences from a state to another that use each of these effects once; at most `limit`, and
/// whether those are all.
pub(super) fn trails(
    problem: &Problem,
    effects: &Effects,
    (from, to): (ClassIndex, ClassIndex),
    use_all: &[NodeIndex],
    limit: usize,
) -> (Vec<Vec<NodeIndex>>, bool) {
    let mut found = Vec::new();
    let mut path: Vec<NodeIndex> = Vec::new();
    // Which of the effects is tried next at each depth.
    let mut next = vec![0];
    let mut steps = 0_usize;
    while let Some(at) = next.last_mut() {
        steps += 1;
        if steps > limit * 64 {
            return (found, false);
        }
        let here = path.last().map_or(from, |last| problem.class(*last));
        if *at == 0 && path.len() == use_all.len() {
            if here == to {
                found.push(path.clone());
                if found.len() >= limit {
                    return (found, false);
                }
            }
            *at = use_all.len();
        }
        let step = use_all[*at..]
            .iter()
            .position(|node| effects.source(*node) == Some(here) && !path.contains(node));
        if let Some(step) = step {
            let chosen = use_all[*at + step];
            *at += step + 1;
            path.push(chosen);
            next.push(0);
        } else {
            next.pop();
            path.pop();
        }
    }
    (found, true)
}
