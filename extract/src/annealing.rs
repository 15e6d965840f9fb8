//! Simulated annealing over choices, with costs kept up to date by reference counts.
//!
//! A move gives one class in use another of its nodes. What is no longer used is no longer paid,
//! what is used anew is, so a move costs what it changes; it is refused if the class would need
//! itself. Works with any finite costs: with costs below zero a class that pays off is one more
//! reason for its users. Kirkpatrick, Gelatt and Vecchi (1983); the temperature falls geometrically
//! over the time that is given, or over a number of moves without a deadline.

use crate::bottom_up::least_trees;
use crate::exact::Choices;
use crate::extractor::{Caps, Control, Extractor, Outcome, Status};
use crate::greedy_dag::GreedyDag;
use crate::oracle::SplitMix;
use crate::problem::{ClassIndex, NodeIndex, Problem};
use std::time::Instant;

/// Moves per class that can move, and at most, without a deadline.
const MOVES: [u64; 2] = [128, 200_000];
/// Moves between two looks at the clock.
const BATCH: u64 = 64;
/// Last temperature as a share of the first.
const COOLING: f64 = 1e-3;

/// Greedy, then a random walk that gets pickier with time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Annealing;

impl Extractor for Annealing {
    fn name(&self) -> &'static str {
        "annealing"
    }

    fn caps(&self) -> Caps {
        Caps { negative_costs: true, anytime: true, ..Caps::default() }
    }

    fn extract(&self, problem: &Problem, control: &Control) -> Outcome {
        if !problem.has_finite_costs() {
            return Outcome::without_choices(problem, Status::Unsupported);
        }
        let start = start(problem, control);
        if start.status != Status::Feasible {
            return start;
        }
        Outcome::of_choices(problem, anneal(problem, start.choices, control))
    }
}

/// A greedy answer that takes costs below zero for zero. Every class with a finite term has a
/// choice, and all choices together are acyclic.
pub(crate) fn start(problem: &Problem, control: &Control) -> Outcome {
    if problem.has_plain_costs() {
        return GreedyDag.extract(problem, control);
    }
    GreedyDag.extract(&problem.with_costs(|node| problem.cost(node).max(0.0)), control)
}

/// Improves a legal answer whose choices, all together, are acyclic.
pub(crate) fn anneal(problem: &Problem, start: Choices, control: &Control) -> Choices {
    let begun = Instant::now();
    let Some(mut walk) = Walk::new(problem, start) else { return least_trees(problem) };
    let mut random = SplitMix(control.seed);
    let movable: Vec<ClassIndex> =
        problem.classes().filter(|class| problem.nodes(*class).len() > 1).collect();
    if movable.is_empty() {
        return walk.choices;
    }
    let hot = typical_cost(problem);
    let mut best = (walk.cost, walk.choices.clone());
    let mut moves = 0_u64;
    loop {
        let progress = match control.time_left() {
            Some(left) => {
                let gone = begun.elapsed().as_secs_f64();
                gone / (gone + left.as_secs_f64()).max(1e-9)
            }
            None => moves as f64 / (MOVES[0] * movable.len() as u64).min(MOVES[1]) as f64,
        };
        if progress >= 1.0 || control.should_stop() {
            break;
        }
        let temperature = hot * COOLING.powf(progress);
        for _ in 0..BATCH {
            moves += 1;
            let class = movable[random.below(movable.len() as u32) as usize];
            if walk.users[class.index()] == 0 {
                continue;
            }
            let mut nodes = problem.nodes(class);
            let pick = random.below(nodes.len() as u32) as usize;
            let Some(node) = nodes.nth(pick) else { continue };
            let old = walk.choices[class.index()];
            let before = walk.cost;
            if old == Some(node) || !walk.switch(class, node) {
                continue;
            }
            let worse = walk.cost - before;
            if worse > 0.0 && random.unit() >= (-worse / temperature).exp() {
                if let Some(old) = old {
                    walk.replace(class, old);
                }
                continue;
            }
            if walk.cost < best.0 - 1e-9 * (1.0 + best.0.abs()) {
                best = (walk.cost, walk.choices.clone());
                control.report(Some(walk.cost), None);
            }
        }
    }
    best.1
}

/// The mean size of costs that are not zero: the first temperature.
fn typical_cost(problem: &Problem) -> f64 {
    let paid: Vec<f64> = problem.costs.iter().map(|c| c.abs()).filter(|c| *c > 0.0).collect();
    if paid.is_empty() { 1.0 } else { paid.iter().sum::<f64>() / paid.len() as f64 }
}

struct Walk<'a> {
    problem: &'a Problem,
    /// Acyclic all together, also where a class is out of use.
    choices: Choices,
    /// Uses of each class by classes in use; a root counts as one.
    users: Vec<u32>,
    cost: f64,
    marks: Vec<u32>,
    epoch: u32,
}

impl<'a> Walk<'a> {
    /// None if a root has no choice.
    fn new(problem: &'a Problem, choices: Choices) -> Option<Walk<'a>> {
        if problem.roots().iter().any(|root| choices[root.index()].is_none()) {
            return None;
        }
        let classes = problem.class_count();
        let (users, marks) = (vec![0; classes], vec![0; classes]);
        let mut walk = Walk { problem, choices, users, cost: 0.0, marks, epoch: 0 };
        for root in problem.roots() {
            walk.take(*root);
        }
        Some(walk)
    }

    /// One more use of a class.
    fn take(&mut self, class: ClassIndex) {
        let mut stack = vec![class];
        while let Some(class) = stack.pop() {
            self.users[class.index()] += 1;
            if self.users[class.index()] > 1 {
                continue;
            }
            if let Some(node) = self.choices[class.index()] {
                self.cost += self.problem.cost(node);
                stack.extend(self.problem.children(node));
            }
        }
    }

    /// One use of a class less.
    fn release(&mut self, class: ClassIndex) {
        let mut stack = vec![class];
        while let Some(class) = stack.pop() {
            self.users[class.index()] -= 1;
            if self.users[class.index()] > 0 {
                continue;
            }
            if let Some(node) = self.choices[class.index()] {
                self.cost -= self.problem.cost(node);
                stack.extend(self.problem.children(node));
            }
        }
    }

    /// Gives a class in use another node, unless that has no term or closes a cycle.
    fn switch(&mut self, class: ClassIndex, node: NodeIndex) -> bool {
        let legal = self.is_legal(class, node);
        if legal {
            self.replace(class, node);
        }
        legal
    }

    fn replace(&mut self, class: ClassIndex, node: NodeIndex) {
        let problem = self.problem;
        let Some(old) = self.choices[class.index()] else { return };
        self.cost += problem.cost(node) - problem.cost(old);
        self.choices[class.index()] = Some(node);
        for child in problem.children(node) {
            self.take(child);
        }
        for child in problem.children(old) {
            self.release(child);
        }
    }

    fn is_legal(&mut self, class: ClassIndex, node: NodeIndex) -> bool {
        if self.epoch == u32::MAX {
            self.marks.fill(0);
            self.epoch = 0;
        }
        self.epoch += 1;
        let mut stack = vec![node];
        while let Some(node) = stack.pop() {
            for child in self.problem.children(node) {
                if child == class {
                    return false;
                }
                if std::mem::replace(&mut self.marks[child.index()], self.epoch) == self.epoch {
                    continue;
                }
                let Some(choice) = self.choices[child.index()] else { return false };
                stack.push(choice);
            }
        }
        true
    }
}
