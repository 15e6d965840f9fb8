//! Detours of walks: a walk that lacks a demand leaves its way somewhere and comes back behind it.
//!
//! The effects of one state in one region form a graph of classes. One search from the demand
//! backwards and one forwards tell for every place on the walk what it costs at least to leave
//! there and to come back there; only where that is less than the best detour so far is one made.
//! Time O(effects log effects + segments).
//!
//! Source of the searches: Dijkstra, *A note on two problems in connexion with graphs*, 1959.

use crate::realise::{Demand, Demands, Set};
use egraph_core::{EClassId, ENodeId};
use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Segments of a walk that a detour may try to replace.
const MAX_SEGMENTS: usize = 512;
/// Searches for a way that avoids what the rest of the walk contains.
const MAX_SEARCHES: usize = 32;

/// An effect from one class to another, with its cost.
#[derive(Clone, Copy, Debug)]
struct Step {
    node: ENodeId,
    to: u32,
    cost: f64,
}

/// The effects of one state in one region that lead to its result.
#[derive(Debug, Default)]
pub(crate) struct Flow {
    number: HashMap<EClassId, u32, FxBuildHasher>,
    classes: Vec<EClassId>,
    /// For each class the effects that make it, each with the class that it consumes.
    before: Vec<Vec<Step>>,
    /// For each class the effects that consume it, each with the class that it makes.
    behind: Vec<Vec<Step>>,
}

/// The way from each class to a goal: what it costs, and its first step.
type Ways = Vec<(f64, Option<Step>)>;

/// A place that a walk must pass.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// The class before it.
    pub(crate) enter: EClassId,
    /// The effect that it is, if it is not just a class.
    pub(crate) edge: Option<ENodeId>,
    /// The class behind it.
    pub(crate) leave: EClassId,
}

/// A walk as a detour sees it.
pub(crate) struct Walk<'a> {
    pub(crate) edges: &'a [ENodeId],
    /// The classes that it passes, one more than edges.
    pub(crate) positions: &'a [EClassId],
    /// What a detour must keep.
    pub(crate) required: Option<&'a Demands>,
}

/// What a part of a detour must not contain.
struct Avoid<'a> {
    /// The walk's effects with their places; all but those of a segment stay.
    places: &'a HashMap<ENodeId, usize, FxBuildHasher>,
    segment: (usize, usize),
    /// The effect that the detour is for.
    edge: Option<ENodeId>,
    /// The other part.
    way: &'a [ENodeId],
}

impl Avoid<'_> {
    fn contains(&self, node: ENodeId) -> bool {
        let (p, q) = self.segment;
        let stays = self.places.get(&node).is_some_and(|at| *at < p || *at >= q);
        stays || self.edge == Some(node) || self.way.contains(&node)
    }
}

impl Flow {
    /// The effects that lead to a class. `sources` gives for a class the effects that make it, with
    /// the classes that they consume and their costs.
    pub(crate) fn new(
        result: EClassId,
        sources: impl Fn(EClassId) -> Vec<(ENodeId, EClassId, f64)>,
    ) -> Flow {
        let mut flow = Flow::default();
        flow.add(result);
        let mut next = 0;
        while let Some(class) = flow.classes.get(next).copied() {
            for (node, source, cost) in sources(class) {
                let from = flow.add(source);
                flow.before[next].push(Step { node, to: from, cost });
                flow.behind[from as usize].push(Step { node, to: next as u32, cost });
            }
            next += 1;
        }
        flow
    }

    fn add(&mut self, class: EClassId) -> u32 {
        let next = self.classes.len() as u32;
        let number = *self.number.entry(class).or_insert(next);
        if number == next {
            self.classes.push(class);
            self.before.push(Vec::new());
            self.behind.push(Vec::new());
        }
        number
    }

    /// The cheapest way between each class and one, over steps from the one to the others.
    fn ways(&self, start: u32, steps: &[Vec<Step>], avoid: Option<&Avoid<'_>>) -> Ways {
        let mut ways: Ways = vec![(f64::INFINITY, None); self.classes.len()];
        ways[start as usize].0 = 0.0;
        let mut heap = BinaryHeap::from([Reverse((0_u64, start))]);
        while let Some(Reverse((bits, at))) = heap.pop() {
            let distance = f64::from_bits(bits);
            if distance > ways[at as usize].0 {
                continue;
            }
            for step in &steps[at as usize] {
                let next = distance + step.cost;
                let closed = avoid.is_some_and(|avoid| avoid.contains(step.node));
                if !closed && next < ways[step.to as usize].0 {
                    ways[step.to as usize] = (next, Some(Step { to: at, ..*step }));
                    heap.push(Reverse((next.to_bits(), step.to)));
                }
            }
        }
        ways
    }

    /// The way from one class to another that avoids some effects, with its cost. `known` are ways
    /// that avoid nothing: to the second class, or from the first one if `back`.
    fn way(
        &self,
        (from, to): (u32, u32),
        (known, back): (&Ways, bool),
        avoid: &Avoid<'_>,
        searches: &mut usize,
    ) -> Option<(f64, Vec<ENodeId>)> {
        let (cost, mut straight) = follow(known, if back { to } else { from })?;
        if !straight.iter().any(|node| avoid.contains(*node)) {
            if back {
                straight.reverse();
            }
            return Some((cost, straight));
        }
        *searches = searches.checked_sub(1)?;
        follow(&self.ways(to, &self.before, Some(avoid)), from)
    }

    /// The walk with the cheapest segment replaced by a way through a place, so that everything
    /// required is kept. Short segments are tried first.
    pub(crate) fn detour(&self, walk: &Walk<'_>, place: Place) -> Option<Vec<ENodeId>> {
        let number = |class: &EClassId| self.number.get(class).copied();
        let (enter, leave) = (number(&place.enter)?, number(&place.leave)?);
        let positions: Vec<u32> = walk.positions.iter().map(number).collect::<Option<_>>()?;
        let to = self.ways(enter, &self.before, None);
        let back = self.ways(leave, &self.behind, None);
        let spent = self.spent(walk, &positions);
        let kept = Kept::new(walk);
        let places = walk.edges.iter().enumerate().map(|(at, node)| (*node, at)).collect();
        let (mut segments, mut searches) = (MAX_SEGMENTS, MAX_SEARCHES);
        let mut best: Option<(f64, Vec<ENodeId>)> = None;
        let last = positions.len() - 1;
        let reachable = |ways: &Ways, at: usize| ways[positions[at] as usize].0.is_finite();
        for p in (0..=last).rev().filter(|p| reachable(&to, *p)) {
            for q in (p..=last).filter(|q| reachable(&back, *q)) {
                if segments == 0 || searches == 0 {
                    return best.map(|(_, walk)| walk);
                }
                segments -= 1;
                let saved = spent[q] - spent[p];
                let least = to[positions[p] as usize].0 + back[positions[q] as usize].0 - saved;
                let dearer = |cost: f64| best.as_ref().is_some_and(|(best, _)| *best <= cost);
                if dearer(least) {
                    continue;
                }
                let edge = place.edge;
                let avoid = Avoid { places: &places, segment: (p, q), edge, way: &[] };
                let ends = (positions[p], enter);
                let Some((cost, mut way)) = self.way(ends, (&to, false), &avoid, &mut searches)
                else {
                    break;
                };
                let avoid = Avoid { way: &way, ..avoid };
                let ends = (leave, positions[q]);
                let Some((rest, behind)) = self.way(ends, (&back, true), &avoid, &mut searches)
                else {
                    continue;
                };
                way.extend(edge);
                way.extend(behind);
                let cost = cost + rest - saved;
                if !dearer(cost) && kept.all(self, (p, q), positions[p], (&way, place)) {
                    let parts = [&walk.edges[..p], &way, &walk.edges[q..]];
                    best = Some((cost, parts.concat()));
                }
            }
        }
        best.map(|(_, walk)| walk)
    }

    /// The cost of a walk up to each position.
    fn spent(&self, walk: &Walk<'_>, positions: &[u32]) -> Vec<f64> {
        let mut spent = vec![0.0];
        for (edge, made) in walk.edges.iter().zip(&positions[1..]) {
            let steps = &self.before[*made as usize];
            let cost = steps.iter().find(|step| step.node == *edge).map_or(0.0, |step| step.cost);
            spent.push(spent[spent.len() - 1] + cost);
        }
        spent
    }
}

/// The effects on the way from a class to the goal, with their cost.
fn follow(ways: &Ways, from: u32) -> Option<(f64, Vec<ENodeId>)> {
    let (cost, mut next) = ways[from as usize];
    let mut path = Vec::new();
    while let Some(step) = next {
        path.push(step.node);
        next = ways[step.to as usize].1;
    }
    cost.is_finite().then_some((cost, path))
}

/// What must stay on a walk, with the first and the last position where it is.
struct Kept(Vec<(Demand, usize, usize)>);

impl Kept {
    fn new(walk: &Walk<'_>) -> Kept {
        let Some(required) = walk.required else { return Kept(Vec::new()) };
        let mut places: HashMap<Demand, (usize, usize), FxBuildHasher> = HashMap::default();
        let classes = walk.positions.iter().map(|class| Demand::Class(*class)).enumerate();
        for (at, demand) in classes {
            places.entry(demand).or_insert((at, at)).1 = at;
        }
        for (at, edge) in walk.edges.iter().enumerate() {
            // An effect is kept where the classes on both sides are.
            places.insert(Demand::Edge(*edge), (at + 1, at));
        }
        let known = required
            .keys()
            .filter_map(|demand| places.get(demand).map(|(first, last)| (*demand, *first, *last)));
        Kept(known.collect())
    }

    /// Whether all is still there if a way takes the place of the segment from `p` to `q`.
    fn all(
        &self,
        flow: &Flow,
        (p, q): (usize, usize),
        start: u32,
        (way, place): (&[ENodeId], Place),
    ) -> bool {
        let inside = |(_, first, last): &&(Demand, usize, usize)| *first > p && *last < q;
        let mut inside = self.0.iter().filter(inside).peekable();
        if inside.peek().is_none() {
            return true;
        }
        let mut passed: Set<Demand> = way.iter().map(|node| Demand::Edge(*node)).collect();
        let mut at = start;
        for node in way {
            at = if place.edge == Some(*node) {
                flow.number[&place.leave]
            } else {
                let step = flow.behind[at as usize].iter().find(|step| step.node == *node);
                step.map_or(at, |step| step.to)
            };
            passed.insert(Demand::Class(flow.classes[at as usize]));
        }
        inside.all(|(demand, ..)| passed.contains(demand))
    }
}
