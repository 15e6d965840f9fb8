//! The least tree cost per class.
//!
//! Source: Knuth, "A generalization of Dijkstra's algorithm" (1977). With costs that are not
//! negative a term costs at least as much as each of its sub-terms, so classes can be settled in
//! order of cost, each once. Time O(edges log nodes), no recursion; the deadline is not looked at.

use crate::extractor::{Caps, Control, Extractor, Objective, Outcome, Status};
use crate::problem::{ClassIndex, NodeIndex, Parents, Problem};
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// Optimal for tree cost: shared terms are paid at every use. Every class with a finite term gets
/// a choice, and among terms of equal cost the node that comes first.
#[derive(Clone, Copy, Debug, Default)]
pub struct BottomUp;

impl Extractor for BottomUp {
    fn name(&self) -> &'static str {
        "bottom-up"
    }

    fn caps(&self) -> Caps {
        Caps { objective: Objective::Tree, ..Caps::default() }
    }

    fn extract(&self, problem: &Problem, _control: &Control) -> Outcome {
        if !problem.has_plain_costs() {
            return Outcome::without_choices(problem, Status::Unsupported);
        }
        Outcome::of_choices(problem, least_trees(problem))
    }
}

/// A node whose children are settled, with the cost of its term.
#[derive(PartialEq)]
struct Candidate(f64, NodeIndex);

impl Eq for Candidate {}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Candidate {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0).then(self.1.cmp(&other.1))
    }
}

/// The choices of least tree cost; none for classes without a finite term. Costs must be plain.
pub(crate) fn least_trees(problem: &Problem) -> Vec<Option<NodeIndex>> {
    settle(problem, &problem.parents(), |node| Some(problem.cost(node))).0
}

/// A legal answer with choices for the classes that it does not use: all together acyclic, and of
/// least tree cost beyond what the answer pays for.
pub(crate) fn completed(problem: &Problem, answer: &[Option<NodeIndex>]) -> Vec<Option<NodeIndex>> {
    let mut used = vec![false; problem.class_count()];
    let mut stack: Vec<ClassIndex> = problem.roots().to_vec();
    while let Some(class) = stack.pop() {
        if !std::mem::replace(&mut used[class.index()], true) {
            let node = answer[class.index()].into_iter();
            stack.extend(node.flat_map(|node| problem.children(node)));
        }
    }
    let cost = |node: NodeIndex| {
        let class = problem.class(node).index();
        let cost = if used[class] { 0.0 } else { problem.cost(node).max(0.0) };
        (!used[class] || answer[class] == Some(node)).then_some(cost)
    };
    settle(problem, &problem.parents(), cost).0
}

/// The same with the classes in the order in which they were settled: children of a choice before
/// its class. `cost` gives the cost of a node, or none if it must not be chosen.
pub(crate) fn settle(
    problem: &Problem,
    parents: &Parents,
    cost_of: impl Fn(NodeIndex) -> Option<f64>,
) -> (Vec<Option<NodeIndex>>, Vec<ClassIndex>) {
    let mut order = Vec::with_capacity(problem.class_count());
    let mut cost = vec![0.0_f64; problem.class_count()];
    let mut choices: Vec<Option<NodeIndex>> = vec![None; problem.class_count()];
    let mut unsettled: Vec<usize> =
        (0..problem.node_count() as u32).map(|n| problem.children(NodeIndex(n)).len()).collect();
    let leaves = (0..problem.node_count() as u32).map(NodeIndex);
    let mut heap: BinaryHeap<Reverse<Candidate>> = leaves
        .filter(|node| unsettled[node.index()] == 0)
        .filter_map(|node| Some(Reverse(Candidate(cost_of(node)?, node))))
        .collect();
    while let Some(Reverse(Candidate(total, node))) = heap.pop() {
        let class: ClassIndex = problem.class(node);
        if choices[class.index()].is_some() {
            continue;
        }
        choices[class.index()] = Some(node);
        cost[class.index()] = total;
        order.push(class);
        for parent in parents.of(class) {
            unsettled[parent.index()] -= 1;
            if unsettled[parent.index()] > 0 || choices[problem.class(*parent).index()].is_some() {
                continue;
            }
            let Some(own) = cost_of(*parent) else { continue };
            let below: f64 =
                problem.uses(*parent).map(|(c, uses)| f64::from(uses) * cost[c.index()]).sum();
            // Trees of shared terms can be larger than any float; they are legal all the same.
            let total = (own + below).min(f64::MAX);
            heap.push(Reverse(Candidate(total, *parent)));
        }
    }
    (choices, order)
}
