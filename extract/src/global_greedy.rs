//! One root after another, the cheapest first, each for what it costs beyond those before it.
//!
//! The classes of a committed term are free for all that follow; tree costs above them fall, and
//! the fall is propagated, so a root sees what the others pay for. After reductions the classes
//! that every answer contains are roots too, which is what makes this global: what must be paid is
//! paid first. A choice is its class's own node by construction (compare the hash-consed terms of
//! `global-greedy-dag` of extraction-gym, which may name another class's). Time O(nodes * falls) in
//! the worst case; memory O(nodes).

use crate::bottom_up::least_trees;
use crate::exact::{Choices, dag_cost};
use crate::extractor::{Control, Extractor, Outcome, Status};
use crate::problem::{ClassIndex, NodeIndex, Parents, Problem};
use std::collections::VecDeque;

/// Terms that know what other terms have paid for.
#[derive(Clone, Copy, Debug, Default)]
pub struct GlobalGreedy;

impl Extractor for GlobalGreedy {
    fn name(&self) -> &'static str {
        "global-greedy"
    }

    fn extract(&self, problem: &Problem, control: &Control) -> Outcome {
        if !problem.has_plain_costs() {
            return Outcome::without_choices(problem, Status::Unsupported);
        }
        let trees = least_trees(problem);
        if problem.roots().iter().any(|root| trees[root.index()].is_none()) {
            return Outcome::of_choices(problem, trees);
        }
        let parents = problem.parents();
        let committed = Commitment::new(problem, &parents, trees.clone()).run(control);
        let better = dag_cost(problem, &committed) < dag_cost(problem, &trees);
        Outcome::of_choices(problem, if better { committed } else { trees })
    }
}

struct Commitment<'a> {
    problem: &'a Problem,
    parents: &'a Parents,
    choices: Choices,
    /// Tree cost of each class beyond what is committed; never below that of a chosen child.
    cost: Vec<f64>,
    committed: Vec<bool>,
}

impl<'a> Commitment<'a> {
    /// Starts from choices of least tree cost.
    fn new(problem: &'a Problem, parents: &'a Parents, trees: Choices) -> Commitment<'a> {
        let classes = problem.class_count();
        let mut all = Commitment {
            problem,
            parents,
            choices: trees,
            cost: vec![f64::INFINITY; classes],
            committed: vec![false; classes],
        };
        for class in all.bottom_up() {
            if let Some(node) = all.choices[class.index()] {
                all.cost[class.index()] = all.node_cost(node);
            }
        }
        all
    }

    /// The classes with a choice, children first.
    fn bottom_up(&self) -> Vec<ClassIndex> {
        let mut seen = vec![false; self.choices.len()];
        let mut order = Vec::new();
        let mut stack: Vec<(ClassIndex, bool)> =
            self.problem.classes().map(|class| (class, false)).collect();
        while let Some((class, leaving)) = stack.pop() {
            if leaving {
                order.push(class);
            } else if !std::mem::replace(&mut seen[class.index()], true) {
                stack.push((class, true));
                let below = self.choices[class.index()].into_iter();
                stack.extend(below.flat_map(|n| self.problem.children(n)).map(|c| (c, false)));
            }
        }
        order
    }

    fn node_cost(&self, node: NodeIndex) -> f64 {
        let children = || self.problem.children(node).map(|child| self.cost[child.index()]);
        if children().any(f64::is_infinite) {
            return f64::INFINITY;
        }
        // Trees of shared terms can be larger than any float; they are finite all the same.
        (self.problem.cost(node) + children().sum::<f64>()).min(f64::MAX)
    }

    fn run(mut self, control: &Control) -> Choices {
        let mut open = self.problem.roots().to_vec();
        while !open.is_empty() && !control.should_stop() {
            let cheapest = (0..open.len())
                .min_by(|a, b| self.cost[open[*a].index()].total_cmp(&self.cost[open[*b].index()]));
            let Some(cheapest) = cheapest else { break };
            let root = open.swap_remove(cheapest);
            self.commit(root);
        }
        self.choices
    }

    /// Pays for a class's present term and lets everything above hear of it.
    fn commit(&mut self, root: ClassIndex) {
        let mut stack = vec![root];
        let mut news = VecDeque::new();
        while let Some(class) = stack.pop() {
            if std::mem::replace(&mut self.committed[class.index()], true) {
                continue;
            }
            if let Some(node) = self.choices[class.index()] {
                self.cost[class.index()] = 0.0;
                news.push_back(class);
                stack.extend(self.problem.children(node));
            }
        }
        while let Some(class) = news.pop_front() {
            for node in self.parents.of(class) {
                let above = self.problem.class(*node);
                if self.committed[above.index()] {
                    continue;
                }
                // A strict fall: what a class costs stays at least what its choice's children do,
                // so no cycle of choices can close.
                let cost = self.node_cost(*node);
                if cost < self.cost[above.index()] {
                    self.cost[above.index()] = cost;
                    self.choices[above.index()] = Some(*node);
                    news.push_back(above);
                }
            }
        }
    }
}
