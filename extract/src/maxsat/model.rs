//! What an answer is, as clauses.
//!
//! A variable per node: it is used. The roots have a node, and so has every child of a node that is
//! used. Between classes that can be on a cycle there is a variable per pair: a node of the one uses
//! the other; a cycle is cut off by a clause over its pairs, which holds for all nodes that would
//! close it. Pairs that use each other are cut at once, longer cycles when a model has them.
//!
//! With plain costs nothing else is needed: what is used in vain is only paid in vain. With costs
//! below zero a class has one node at most, and is used by another one unless it is a root.

use super::search::Stop;
use crate::cycles::cycles;
use crate::exact::Choices;
use crate::problem::{ClassIndex, NodeIndex, Problem};
use batsat::{Lit, Solver, SolverInterface, lbool};
use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;

/// A group up to this size is kept below two by a clause for each pair.
const PAIRWISE: usize = 5;

/// The variables of a problem.
pub(super) struct Model {
    nodes: Vec<Lit>,
    /// By pair of classes that may be on a cycle.
    pairs: HashMap<(u32, u32), Lit, FxBuildHasher>,
    /// Whether costs are below zero: all nodes that are used count, not those that roots reach.
    signed: bool,
}

impl Model {
    /// Adds what an answer is to a solver; `start` is where it looks first.
    pub(super) fn new(
        problem: &Problem,
        start: &[Option<NodeIndex>],
        solver: &mut Solver<Stop>,
    ) -> Model {
        let signed = !problem.has_plain_costs();
        let nodes: Vec<Lit> = (0..problem.node_count() as u32)
            .map(|node| {
                let class = problem.node_class[node as usize] as usize;
                let first = lbool::new(start[class] == Some(NodeIndex(node)));
                Lit::new(solver.new_var(first, true), true)
            })
            .collect();
        let used: Vec<Lit> = problem.classes().map(|_| free(solver)).collect();
        let mut model = Model { nodes, pairs: HashMap::default(), signed };
        for class in problem.classes() {
            let own = problem.nodes(class).map(|node| model.nodes[node.index()]);
            let clause: Vec<Lit> = own.chain([!used[class.index()]]).collect();
            add(solver, &clause);
        }
        for root in problem.roots() {
            add(solver, &[used[root.index()]]);
        }
        model.add_children(problem, &used, solver);
        if signed {
            model.add_needs(problem, &used, solver);
        }
        model
    }

    /// The variable of a node.
    pub(super) fn node(&self, node: NodeIndex) -> Lit {
        self.nodes[node.index()]
    }

    fn add_children(&mut self, problem: &Problem, used: &[Lit], solver: &mut Solver<Stop>) {
        let group = cycle_groups(problem);
        for node in (0..problem.node_count() as u32).map(NodeIndex) {
            let (own, class) = (self.nodes[node.index()], problem.class(node));
            for child in problem.children(node) {
                if child == class {
                    add(solver, &[!own]);
                } else if group[child.index()] != group[class.index()] {
                    add(solver, &[!own, used[child.index()]]);
                } else {
                    let pair = *self.pairs.entry((class.0, child.0)).or_insert_with(|| {
                        let pair = free(solver);
                        add(solver, &[!pair, used[child.index()]]);
                        pair
                    });
                    add(solver, &[!own, pair]);
                    // The other way round is known from the second of the two on.
                    if let Some(back) = self.pairs.get(&(child.0, class.0)) {
                        add(solver, &[!pair, !*back]);
                    }
                }
            }
        }
    }

    /// Only what the roots need, each class once: without cycles the users of users end at a root.
    fn add_needs(&self, problem: &Problem, used: &[Lit], solver: &mut Solver<Stop>) {
        let parents = problem.parents();
        for class in problem.classes() {
            let own: Vec<Lit> = problem.nodes(class).map(|node| self.nodes[node.index()]).collect();
            for node in &own {
                add(solver, &[!*node, used[class.index()]]);
            }
            at_most_one(&own, solver);
            if !problem.roots().contains(&class) {
                let users = parents.of(class).iter().map(|node| self.nodes[node.index()]);
                let clause: Vec<Lit> = users.chain([!used[class.index()]]).collect();
                add(solver, &clause);
            }
        }
    }

    /// The answer of the solver's last model, if that has no cycle; else the cycles are cut off.
    pub(super) fn answer(&self, problem: &Problem, solver: &mut Solver<Stop>) -> Option<Choices> {
        let mut choices: Choices = vec![None; problem.class_count()];
        for node in (0..problem.node_count() as u32).map(NodeIndex) {
            let choice = &mut choices[problem.class(node).index()];
            if choice.is_none() && solver.value_lit(self.nodes[node.index()]) == lbool::TRUE {
                *choice = Some(node);
            }
        }
        let from: Vec<ClassIndex> = if self.signed {
            problem.classes().filter(|class| choices[class.index()].is_some()).collect()
        } else {
            problem.roots().to_vec()
        };
        let (cycles, reached) = cycles(problem, &choices, &from);
        for cycle in &cycles {
            let next = cycle.iter().cycle().skip(1);
            let pairs = cycle.iter().zip(next).filter_map(|(a, b)| self.pairs.get(&(a.0, b.0)));
            let clause: Vec<Lit> = pairs.map(|pair| !*pair).collect();
            add(solver, &clause);
        }
        let needed = choices.into_iter().zip(reached);
        let needed = needed.map(|(choice, reached)| choice.filter(|_| reached)).collect();
        cycles.is_empty().then_some(needed)
    }
}

/// A new variable that is false where nothing says otherwise.
fn free(solver: &mut Solver<Stop>) -> Lit {
    Lit::new(solver.new_var(lbool::FALSE, true), true)
}

/// Adds a clause.
pub(super) fn add(solver: &mut Solver<Stop>, clause: &[Lit]) {
    solver.add_clause_reuse(&mut clause.to_vec());
}

/// Pairwise, and for large groups by the sequential counter of Sinz, "Towards an optimal CNF
/// encoding of Boolean cardinality constraints" (2005).
fn at_most_one(group: &[Lit], solver: &mut Solver<Stop>) {
    if group.len() <= PAIRWISE {
        for (at, one) in group.iter().enumerate() {
            for other in &group[at + 1..] {
                add(solver, &[!*one, !*other]);
            }
        }
        return;
    }
    let mut before: Option<Lit> = None;
    for literal in group {
        let up_to = free(solver);
        add(solver, &[!*literal, up_to]);
        if let Some(before) = before {
            add(solver, &[!before, up_to]);
            add(solver, &[!before, !*literal]);
        }
        before = Some(up_to);
    }
}

/// For each class a number that it shares with the classes that can be on a cycle with it: its
/// strongly connected component. Tarjan, "Depth-first search and linear graph algorithms" (1972).
fn cycle_groups(problem: &Problem) -> Vec<u32> {
    const NONE: u32 = u32::MAX;
    let count = problem.class_count();
    let (mut index, mut low) = (vec![NONE; count], vec![0_u32; count]);
    let mut group = vec![NONE; count];
    let (mut open, mut calls): (Vec<usize>, Vec<(usize, Vec<usize>)>) = (Vec::new(), Vec::new());
    let mut next = 0;
    let below = |class: usize| -> Vec<usize> {
        let nodes = problem.nodes(ClassIndex(class as u32));
        nodes.flat_map(|node| problem.children(node)).map(ClassIndex::index).collect()
    };
    for start in 0..count {
        if index[start] == NONE {
            calls.push((start, below(start)));
        }
        while let Some((class, children)) = calls.last_mut() {
            let class = *class;
            if index[class] == NONE {
                (index[class], low[class]) = (next, next);
                next += 1;
                open.push(class);
            }
            if let Some(child) = children.pop() {
                if index[child] == NONE {
                    calls.push((child, below(child)));
                } else if group[child] == NONE {
                    low[class] = low[class].min(index[child]);
                }
                continue;
            }
            calls.pop();
            if let Some((parent, _)) = calls.last() {
                low[*parent] = low[*parent].min(low[class]);
            }
            if low[class] == index[class] {
                while let Some(member) = open.pop() {
                    group[member] = class as u32;
                    if member == class {
                        break;
                    }
                }
            }
        }
    }
    group
}
