//! Greedy DAG cost: each class keeps the set of classes its best term needs, with their costs.
//!
//! Source: the idea of `greedy-dag` and `faster-greedy-dag` of extraction-gym (2023): the cost of a
//! node is its own plus that of the union of its children's sets, so that shared classes are paid
//! once; a node whose set contains its own class would be cyclic and is skipped. Sets are sorted
//! vectors. Not optimal: a class keeps one set, whatever its users share.

use crate::extractor::{Control, Extractor, Outcome, Status};
use crate::problem::{NodeIndex, Problem};
use std::collections::VecDeque;

/// A good answer for DAG cost.
#[derive(Clone, Copy, Debug, Default)]
pub struct GreedyDag;

#[derive(Clone, Debug)]
struct Best {
    node: NodeIndex,
    total: f64,
    /// Classes of the term, ascending, each with the cost of its node.
    set: Vec<(u32, f64)>,
}

impl Extractor for GreedyDag {
    fn name(&self) -> &'static str {
        "greedy-dag"
    }

    fn extract(&self, problem: &Problem, control: &Control) -> Outcome {
        if !problem.has_plain_costs() {
            return Outcome::without_choices(problem, Status::Unsupported);
        }
        let parents = problem.parents();
        let mut best: Vec<Option<Best>> = vec![None; problem.class_count()];
        let mut waiting = vec![true; problem.node_count()];
        let mut queue: VecDeque<NodeIndex> =
            (0..problem.node_count() as u32).map(NodeIndex).collect();
        while let Some(node) = queue.pop_front() {
            waiting[node.index()] = false;
            if control.should_stop() {
                break;
            }
            let class = problem.class(node).index();
            let Some(candidate) = candidate(problem, node, &best) else { continue };
            let better = best[class].as_ref().is_none_or(|known| candidate.total < known.total);
            if !better {
                continue;
            }
            best[class] = Some(candidate);
            for parent in &parents[class] {
                if !std::mem::replace(&mut waiting[parent.index()], true) {
                    queue.push_back(*parent);
                }
            }
        }
        let choices = best.iter().map(|best| best.as_ref().map(|best| best.node)).collect();
        Outcome::of_choices(problem, break_cycles(problem, choices))
    }
}

/// The term of a node from its children's best terms; none if a child has none or the node's own
/// class is among them.
fn candidate(problem: &Problem, node: NodeIndex, best: &[Option<Best>]) -> Option<Best> {
    let own = problem.class(node).0;
    let mut set: Vec<(u32, f64)> = Vec::new();
    for child in problem.children(node) {
        set.extend_from_slice(&best[child.index()].as_ref()?.set);
    }
    set.sort_by_key(|(class, _)| *class);
    set.dedup_by_key(|(class, _)| *class);
    let at = set.partition_point(|(class, _)| *class < own);
    if set.get(at).is_some_and(|(class, _)| *class == own) {
        return None;
    }
    set.insert(at, (own, problem.cost(node)));
    let total = set.iter().map(|(_, cost)| cost).sum();
    Some(Best { node, total, set })
}

/// Sets may be out of date when a child improved later, so that choices can form a cycle: classes
/// on one fall back to the choice of the least tree cost, which has none.
fn break_cycles(problem: &Problem, choices: Vec<Option<NodeIndex>>) -> Vec<Option<NodeIndex>> {
    if crate::check::find_cycle(problem, &choices).is_none() {
        return choices;
    }
    crate::bottom_up::BottomUp.extract(problem, &Control::default()).choices
}
