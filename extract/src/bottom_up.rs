//! The least tree cost per class, by a fixed point over a work list.
//!
//! Source: the classic extraction of egg (Willsey et al., POPL 2021, section 5.2); with finite
//! costs that are not negative it is Knuth's generalisation of Dijkstra's algorithm (1977) without
//! the priority queue. Time O(edges * depth), no recursion.

use crate::extractor::{Control, Extractor, Outcome, Status};
use crate::problem::{NodeIndex, Problem};
use std::collections::VecDeque;

/// Optimal for tree cost: shared terms are paid at every use.
#[derive(Clone, Copy, Debug, Default)]
pub struct BottomUp;

impl Extractor for BottomUp {
    fn name(&self) -> &'static str {
        "bottom-up"
    }

    fn extract(&self, problem: &Problem, control: &Control) -> Outcome {
        if !problem.has_plain_costs() {
            return Outcome::without_choices(problem, Status::Unsupported);
        }
        let parents = problem.parents();
        let mut cost = vec![f64::INFINITY; problem.class_count()];
        let mut choices: Vec<Option<NodeIndex>> = vec![None; problem.class_count()];
        let mut waiting = vec![true; problem.node_count()];
        let mut queue: VecDeque<NodeIndex> =
            (0..problem.node_count() as u32).map(NodeIndex).collect();
        let mut steps = 0_u32;
        while let Some(node) = queue.pop_front() {
            waiting[node.index()] = false;
            steps = steps.wrapping_add(1);
            if steps.is_multiple_of(4096) && control.should_stop() {
                break;
            }
            let children: f64 =
                problem.uses(node).map(|(class, uses)| f64::from(uses) * cost[class.index()]).sum();
            let total = problem.cost(node) + children;
            let class = problem.class(node).index();
            // Strictly cheaper, so that a cycle of free nodes never chooses itself.
            if total < cost[class] {
                cost[class] = total;
                choices[class] = Some(node);
                for parent in &parents[class] {
                    if !std::mem::replace(&mut waiting[parent.index()], true) {
                        queue.push_back(*parent);
                    }
                }
            }
        }
        Outcome::of_choices(problem, choices)
    }
}
