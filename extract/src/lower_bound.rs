//! Lower bounds on DAG cost by landmark cuts.
//!
//! DAG extraction is planning without deletions: a class is a fact, a node an action that needs
//! its children and gives its class. The bound is LM-cut of Helmert and Domshlak, "Landmarks,
//! critical paths and abstractions: what's the difference anyway?" (2009): find a set of nodes of
//! which every answer has one, charge the least cost among them, take it off all of them, repeat.
//! Its critical-path values (`h_max`: what the most expensive chain below a class costs) are kept
//! up to date from cut to cut. Costs must be finite and not negative.

use crate::extractor::Control;
use crate::problem::{ClassIndex, NodeIndex, Parents, Problem};
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// What the cuts prove.
#[derive(Clone, Debug)]
pub struct CutBound {
    /// No answer costs less.
    pub bound: f64,
    /// For every node, no answer with this node costs less. Infinite where there is none.
    pub with_node: Vec<f64>,
}

/// Costs below this share of the largest are rounding.
const EPSILON: f64 = 1e-9;
const NONE: u32 = u32::MAX;

/// Bounds every answer to a problem from below; a deadline ends the search for cuts early, with a
/// lower bound as valid. Infinite if there is no answer. Time O(cuts * edges) in the worst case.
pub fn cut_bound(problem: &Problem, control: &Control) -> CutBound {
    let mut cuts = Cuts::new(problem);
    let mut bound = 0.0;
    let mut rounds = 0_u32;
    while let Some(goal) = cuts.dearest_root() {
        if !cuts.value[goal as usize].is_finite() {
            bound = f64::INFINITY;
            break;
        }
        rounds += 1;
        if rounds.is_multiple_of(16) && control.should_stop() {
            break;
        }
        let Some(charge) = cuts.charge(goal) else { break };
        bound += charge;
    }
    let with_node = (0..problem.node_count() as u32)
        .map(NodeIndex)
        .map(|node| {
            let below = problem.children(node).map(|c| cuts.value[c.index()]).fold(0.0, f64::max);
            bound + cuts.cost[node.index()] + below
        })
        .collect();
    CutBound { bound, with_node }
}

#[derive(Clone, Copy, PartialEq)]
struct Entry(f64, u32);

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0).then(self.1.cmp(&other.1))
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Zone {
    Unknown,
    /// Reached from the leaves without entering the goal zone.
    Before,
    /// The roots are reached from here at no cost.
    Goal,
}

struct Cuts<'a> {
    problem: &'a Problem,
    users: Parents,
    leaves: Vec<u32>,
    cost: Vec<f64>,
    /// The most expensive chain below each class.
    value: Vec<f64>,
    /// The child of each node with the greatest value.
    critical: Vec<u32>,
    zone: Vec<Zone>,
    epsilon: f64,
}

impl<'a> Cuts<'a> {
    fn new(problem: &'a Problem) -> Cuts<'a> {
        let nodes = problem.node_count();
        let users = problem.parents();
        let largest = problem.costs.iter().copied().fold(0.0, f64::max);
        let leaves = (0..nodes as u32).filter(|n| problem.children(NodeIndex(*n)).len() == 0);
        let mut cuts = Cuts {
            problem,
            users,
            leaves: leaves.collect(),
            cost: problem.costs.clone(),
            value: vec![f64::INFINITY; problem.class_count()],
            critical: vec![NONE; nodes],
            zone: Vec::new(),
            epsilon: largest * EPSILON,
        };
        cuts.settle();
        cuts
    }

    /// First values, by Dijkstra's algorithm: a node is ready when its last child is settled, and
    /// that child is its critical one.
    fn settle(&mut self) {
        let mut waiting: Vec<u32> = (0..self.cost.len() as u32)
            .map(|node| self.problem.children(NodeIndex(node)).len() as u32)
            .collect();
        let mut heap: BinaryHeap<Reverse<Entry>> = BinaryHeap::new();
        for leaf in self.leaves.clone() {
            self.improve(leaf, 0.0, &mut heap);
        }
        let mut settled = vec![false; self.value.len()];
        while let Some(Reverse(Entry(value, class))) = heap.pop() {
            if std::mem::replace(&mut settled[class as usize], true) {
                continue;
            }
            for at in 0..self.users.of(ClassIndex(class)).len() {
                let user = self.users.of(ClassIndex(class))[at].0;
                waiting[user as usize] -= 1;
                if waiting[user as usize] == 0 {
                    self.critical[user as usize] = class;
                    self.improve(user, value, &mut heap);
                }
            }
        }
    }

    fn improve(&mut self, node: u32, below: f64, heap: &mut BinaryHeap<Reverse<Entry>>) {
        let class = self.problem.node_class[node as usize];
        let value = self.cost[node as usize] + below;
        if value < self.value[class as usize] {
            self.value[class as usize] = value;
            heap.push(Reverse(Entry(value, class)));
        }
    }

    /// The root of greatest value, if that is above zero.
    fn dearest_root(&self) -> Option<u32> {
        let roots = self.problem.roots().iter().map(|root| root.0);
        let root = roots.max_by(|a, b| {
            self.value[*a as usize].total_cmp(&self.value[*b as usize]).then(b.cmp(a))
        })?;
        (self.value[root as usize] > self.epsilon).then_some(root)
    }

    /// Finds a cut before the goal and takes its least cost off it; gives that cost. None if
    /// rounding left no cut.
    fn charge(&mut self, goal: u32) -> Option<f64> {
        self.mark_goal(goal);
        let cut = self.cut();
        let charge = cut.iter().map(|node| self.cost[*node as usize]).fold(f64::INFINITY, f64::min);
        if !charge.is_finite() || charge <= 0.0 {
            return None;
        }
        let mut heap = BinaryHeap::new();
        for node in cut {
            let left = self.cost[node as usize] - charge;
            self.cost[node as usize] = if left > self.epsilon { left } else { 0.0 };
            let critical = self.critical[node as usize];
            let below = if critical == NONE { 0.0 } else { self.value[critical as usize] };
            self.improve(node, below, &mut heap);
        }
        self.propagate(&mut heap);
        Some(charge)
    }

    /// Classes from which the goal is reached by critical edges of free nodes.
    fn mark_goal(&mut self, goal: u32) {
        self.zone.clear();
        self.zone.resize(self.value.len(), Zone::Unknown);
        self.zone[goal as usize] = Zone::Goal;
        let mut stack = vec![goal];
        while let Some(class) = stack.pop() {
            for node in self.problem.nodes(ClassIndex(class)) {
                let critical = self.critical[node.index()];
                if self.cost[node.index()] <= 0.0
                    && critical != NONE
                    && self.zone[critical as usize] == Zone::Unknown
                {
                    self.zone[critical as usize] = Zone::Goal;
                    stack.push(critical);
                }
            }
        }
    }

    /// Nodes that lead from outside into the goal zone by critical edges, with what is reachable
    /// from the leaves without entering it.
    fn cut(&mut self) -> Vec<u32> {
        let mut cut = Vec::new();
        let mut stack = Vec::new();
        for leaf in &self.leaves {
            enter(self.problem, &mut self.zone, *leaf, &mut cut, &mut stack);
        }
        while let Some(class) = stack.pop() {
            for user in self.users.of(ClassIndex(class)) {
                if self.critical[user.index()] == class {
                    enter(self.problem, &mut self.zone, user.0, &mut cut, &mut stack);
                }
            }
        }
        cut
    }

    /// Lets decreased values reach everything above.
    fn propagate(&mut self, heap: &mut BinaryHeap<Reverse<Entry>>) {
        while let Some(Reverse(Entry(value, class))) = heap.pop() {
            if value > self.value[class as usize] {
                continue;
            }
            for at in 0..self.users.of(ClassIndex(class)).len() {
                let user = self.users.of(ClassIndex(class))[at].0;
                if self.critical[user as usize] != class {
                    continue;
                }
                let children = self.problem.children(NodeIndex(user)).map(|child| child.0);
                let critical = children.max_by(|a, b| {
                    self.value[*a as usize].total_cmp(&self.value[*b as usize]).then(b.cmp(a))
                });
                let critical = critical.unwrap_or(class);
                self.critical[user as usize] = critical;
                self.improve(user, self.value[critical as usize], heap);
            }
        }
    }
}

fn enter(
    problem: &Problem,
    zone: &mut [Zone],
    node: u32,
    cut: &mut Vec<u32>,
    stack: &mut Vec<u32>,
) {
    let class = problem.node_class[node as usize];
    match zone[class as usize] {
        Zone::Goal => cut.push(node),
        Zone::Before => {}
        Zone::Unknown => {
            zone[class as usize] = Zone::Before;
            stack.push(class);
        }
    }
}
