//! Greedy DAG cost: each class takes the node whose term, with every class in it paid once, is
//! cheapest given what the other classes have chosen.
//!
//! Source: the idea of `greedy-dag` of extraction-gym (2023), which keeps a set of classes per
//! class. Here no set is stored: a term's cost is found by walking the choices below it, with
//! epoch marks, and only where two nodes of a class compete. A node whose walk meets its own class
//! is refused, so the choices never contain a cycle. Not optimal: a class does not know who else
//! shares its parts.
//!
//! The walk starts once from nothing and once from the least trees; the cheapest of these two and
//! the least trees themselves is the answer. Memory O(nodes); time O(nodes * term size) in the
//! worst case, cut by the deadline.

use crate::bottom_up::settle;
use crate::extractor::{Control, Extractor, Outcome, Status};
use crate::problem::{ClassIndex, NodeIndex, Parents, Problem};
use std::collections::VecDeque;

/// A good answer for DAG cost, never worse than the one of least tree cost.
#[derive(Clone, Copy, Debug, Default)]
pub struct GreedyDag;

/// How often a class may change its mind: ends the rare rounds of classes that undo each other.
const MAX_SWITCHES: u32 = 32;

type Choices = Vec<Option<NodeIndex>>;

impl Extractor for GreedyDag {
    fn name(&self) -> &'static str {
        "greedy-dag"
    }

    fn extract(&self, problem: &Problem, control: &Control) -> Outcome {
        if !problem.has_plain_costs() {
            return Outcome::without_choices(problem, Status::Unsupported);
        }
        let parents = problem.parents();
        let (trees, order) = settle(problem, &parents, |node| Some(problem.cost(node)));
        if problem.roots().iter().any(|root| trees[root.index()].is_none()) {
            return Outcome::of_choices(problem, trees);
        }
        let refined = Search::new(problem, control, &parents, trees.clone()).run(&order);
        let given: Vec<ClassIndex> = problem.classes().collect();
        let built = Search::new(problem, control, &parents, vec![None; trees.len()]).run(&given);
        let mut best = (whole_cost(problem, &trees), trees);
        for choices in [refined, built].into_iter().flatten() {
            let cost = whole_cost(problem, &choices);
            if cost < best.0 {
                best = (cost, choices);
            }
        }
        Outcome::of_choices(problem, best.1)
    }
}

struct Search<'a> {
    problem: &'a Problem,
    control: &'a Control,
    parents: &'a Parents,
    choices: Choices,
    switches: Vec<u32>,
    /// Cost of a class's choice and the change at which it was computed.
    known: Vec<(f64, u64)>,
    /// Counts changes of choices.
    changes: u64,
    marks: Vec<u32>,
    epoch: u32,
    stack: Vec<u32>,
}

impl<'a> Search<'a> {
    fn new(
        problem: &'a Problem,
        control: &'a Control,
        parents: &'a Parents,
        choices: Choices,
    ) -> Self {
        let classes = problem.class_count();
        Self {
            problem,
            control,
            parents,
            choices,
            switches: vec![0; classes],
            known: vec![(0.0, 0); classes],
            changes: 1,
            marks: vec![0; classes],
            epoch: 0,
            stack: Vec::new(),
        }
    }

    /// Improves until nothing moves, or the deadline. `None` if some root has no choice by then.
    fn run(mut self, order: &[ClassIndex]) -> Option<Choices> {
        let nodes = self.problem.node_count();
        let mut queue: VecDeque<NodeIndex> =
            order.iter().flat_map(|class| self.problem.nodes(*class)).collect();
        let mut waiting = vec![true; nodes];
        let mut visits = 0_u32;
        while let Some(node) = queue.pop_front() {
            waiting[node.index()] = false;
            visits += 1;
            if visits.is_multiple_of(32) && self.control.should_stop() {
                break;
            }
            if self.consider(node) {
                for parent in self.parents.of(self.problem.class(node)) {
                    if !std::mem::replace(&mut waiting[parent.index()], true) {
                        queue.push_back(*parent);
                    }
                }
            }
        }
        let complete = self.problem.roots().iter().all(|root| self.choices[root.index()].is_some());
        complete.then_some(self.choices)
    }

    /// True when the term of the node's class is not what it was.
    fn consider(&mut self, node: NodeIndex) -> bool {
        let class = self.problem.class(node).index();
        if self.problem.children(node).any(|child| self.choices[child.index()].is_none()) {
            return false;
        }
        let Some(current) = self.choices[class] else {
            // Nothing below can use a class that has no choice yet, so this closes no cycle.
            self.choices[class] = Some(node);
            self.changes += 1;
            return true;
        };
        if current == node {
            // Waits because something below changed. At the start nothing has.
            return self.changes > 1;
        }
        if self.switches[class] >= MAX_SWITCHES {
            return false;
        }
        if self.known[class].1 != self.changes {
            let cost = self.term_cost(current, f64::INFINITY).unwrap_or(f64::INFINITY);
            self.known[class] = (cost, self.changes);
        }
        let Some(cost) = self.term_cost(node, self.known[class].0) else { return false };
        self.choices[class] = Some(node);
        self.changes += 1;
        self.switches[class] += 1;
        self.known[class] = (cost, self.changes);
        true
    }

    /// DAG cost of the term of a node, if it is below the bound and does not contain the node's
    /// own class.
    fn term_cost(&mut self, node: NodeIndex, bound: f64) -> Option<f64> {
        if self.epoch == u32::MAX {
            self.marks.fill(0);
            self.epoch = 0;
        }
        self.epoch += 1;
        let own = self.problem.class(node);
        let mut total = self.problem.cost(node);
        self.stack.clear();
        self.stack.push(node.0);
        while let Some(top) = self.stack.pop() {
            for child in self.problem.children(NodeIndex(top)) {
                if child == own {
                    return None;
                }
                if std::mem::replace(&mut self.marks[child.index()], self.epoch) == self.epoch {
                    continue;
                }
                let choice = self.choices[child.index()]?;
                total += self.problem.cost(choice);
                if total >= bound {
                    return None;
                }
                self.stack.push(choice.0);
            }
        }
        (total < bound).then_some(total)
    }
}

/// DAG cost of the roots' terms together. The choices must be complete.
fn whole_cost(problem: &Problem, choices: &Choices) -> f64 {
    let mut seen = vec![false; choices.len()];
    let mut stack: Vec<_> = problem.roots().to_vec();
    let mut total = 0.0;
    while let Some(class) = stack.pop() {
        if std::mem::replace(&mut seen[class.index()], true) {
            continue;
        }
        if let Some(node) = choices[class.index()] {
            total += problem.cost(node);
            stack.extend(problem.children(node));
        }
    }
    total
}
