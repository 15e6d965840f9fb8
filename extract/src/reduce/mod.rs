//! Exact reductions: a smaller problem with the same optimum, and the way back.
//!
//! Precondition: finite costs that are not negative. With costs below zero a class that nobody
//! needs can still pay off, and none of the arguments below holds: [`reduce()`] then refuses.
//!
//! Each pass keeps at least one optimal answer, and an answer that it removes was not better than
//! one that it keeps:
//!
//! - **prune**: nodes without a finite term, nodes that use their own class, classes that no root
//!   reaches;
//! - **landmarks**: the classes that every term of a class contains (the greatest fixpoint of Zhu
//!   and Givan, "Landmark extraction via planning graph propagation", 2003). A node whose landmarks
//!   contain its own class is in no finite term;
//! - **forced classes**: a landmark of a root is paid in any case. It becomes a root, edges to it
//!   go unless they could close a cycle, and if one node is left its cost is a constant;
//! - **dominance**: of two nodes of a class, one that costs no less and whose landmarks contain all
//!   children of the other one;
//! - **inlining**: a class used by one node, a class of one node used by one class only, and a
//!   class of one node that costs nothing move into their users;
//! - **upper bound**: nodes whose landmarks already cost more than a known answer.
//!
//! The idea of reducing first is Sun, Zhang and Ni's, "E-graphs as circuits, and optimal extraction
//! via treewidth" (2024). Time O(rounds * edges * classes / 64); above
//! 16384 classes landmarks are replaced by direct children, and a round is linear.

mod inline;
mod landmarks;
mod passes;
mod split;
mod work;

use crate::builder::ProblemBuilder;
use crate::extractor::{Caps, Control, Extractor, Outcome, Status};
use crate::problem::{NodeIndex, Problem};
#[cfg(any(feature = "highs", feature = "maxsat"))]
pub(crate) use split::answer_parts;
pub use split::{Component, components};
use work::Work;

/// Rounds after which a reduction ends.
const MAX_ROUNDS: usize = 24;
/// A round that removes less than one edge in this many is the last: another one would cost more
/// than it finds.
const WORTHWHILE: usize = 50;

/// A smaller problem with the same optimum, up to a constant, and what is needed to answer the
/// original one.
#[derive(Clone, Debug)]
pub struct Reduction {
    /// What is left to decide. Without roots if nothing is.
    pub problem: Problem,
    /// DAG cost of what is decided: to be added to the DAG cost of the reduced problem.
    pub constant: f64,
    /// Nodes of the original problem in every answer.
    fixed: Vec<NodeIndex>,
    /// Nodes of the original problem behind each node of the reduced one.
    parts: Vec<Vec<u32>>,
    original_classes: usize,
}

/// Why there is no reduced problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Irreducible {
    /// A cost is negative or not finite.
    Costs,
    /// Some root has no finite term.
    Infeasible,
}

/// Reduces a problem. With `upper`, the DAG cost of a known answer, nodes that occur only in more
/// expensive answers go too. A deadline may end the reduction early; what it has then is exact too.
///
/// # Errors
/// [`Irreducible`].
pub fn reduce(
    problem: &Problem,
    upper: Option<f64>,
    control: &Control,
) -> Result<Reduction, Irreducible> {
    if !problem.has_plain_costs() {
        return Err(Irreducible::Costs);
    }
    let mut work = Work::new(problem);
    if !work.prune() {
        return Err(Irreducible::Infeasible);
    }
    for _ in 0..MAX_ROUNDS {
        if control.should_stop() {
            break;
        }
        let before = work.size();
        if !work.force_and_dominate(upper, control) || !work.prune() {
            return Err(Irreducible::Infeasible);
        }
        work.inline();
        if !work.prune() {
            return Err(Irreducible::Infeasible);
        }
        let (nodes, edges, fixed) = work.size();
        let removed = (before.0 - nodes.min(before.0)) + (before.1 - edges.min(before.1));
        if removed * WORTHWHILE <= before.1 && fixed == before.2 {
            break;
        }
    }
    Ok(work.finish(problem))
}

impl Reduction {
    /// The answer to the original problem that an answer to the reduced one stands for: every class
    /// that the roots need, and no other.
    pub fn lift(
        &self,
        original: &Problem,
        choices: &[Option<NodeIndex>],
    ) -> Vec<Option<NodeIndex>> {
        let mut lifted = vec![None; self.original_classes];
        for node in &self.fixed {
            lifted[original.class(*node).index()] = Some(*node);
        }
        let mut seen = vec![false; self.problem.class_count()];
        let mut stack = self.problem.roots().to_vec();
        while let Some(class) = stack.pop() {
            if std::mem::replace(&mut seen[class.index()], true) {
                continue;
            }
            let Some(node) = choices[class.index()] else { continue };
            for part in &self.parts[node.index()] {
                let part = NodeIndex(*part);
                lifted[original.class(part).index()] = Some(part);
            }
            stack.extend(self.problem.children(node));
        }
        lifted
    }

    /// The answer to the reduced problem that an answer to the original one stands for, if the
    /// reduction kept it: a warm start. The choices must be legal.
    pub fn lower(
        &self,
        original: &Problem,
        choices: &[Option<NodeIndex>],
    ) -> Option<Vec<Option<NodeIndex>>> {
        let chosen = |part: &u32| {
            choices[original.class(NodeIndex(*part)).index()] == Some(NodeIndex(*part))
        };
        let mut lowered = vec![None; self.problem.class_count()];
        let mut stack = self.problem.roots().to_vec();
        while let Some(class) = stack.pop() {
            if lowered[class.index()].is_some() {
                continue;
            }
            let node = self
                .problem
                .nodes(class)
                .find(|node| self.parts[node.index()].iter().all(chosen))?;
            lowered[class.index()] = Some(node);
            stack.extend(self.problem.children(node));
        }
        Some(lowered)
    }
}

/// An extractor behind the reductions: it sees the reduced problem, the caller the lifted answer.
/// Where reductions do not apply, the inner extractor sees the problem itself.
#[derive(Clone, Copy, Debug)]
pub struct Reduced<E> {
    /// What extracts from the reduced problem.
    pub inner: E,
    /// The name of the whole.
    pub name: &'static str,
}

impl<E: Extractor> Extractor for Reduced<E> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn caps(&self) -> Caps {
        self.inner.caps()
    }

    fn extract(&self, problem: &Problem, control: &Control) -> Outcome {
        let reduction = match reduce(problem, None, control) {
            Ok(reduction) => reduction,
            Err(Irreducible::Costs) => return self.inner.extract(problem, control),
            Err(Irreducible::Infeasible) => {
                return Outcome::without_choices(problem, Status::Infeasible);
            }
        };
        let outcome = self.inner.extract(&reduction.problem, &control.offset(reduction.constant));
        match outcome.status {
            Status::Infeasible | Status::Unsupported => {
                Outcome::without_choices(problem, outcome.status)
            }
            status => {
                let decided = reduction.problem.roots().is_empty();
                let bound = outcome.bound.or(decided.then_some(0.0));
                Outcome {
                    choices: reduction.lift(problem, &outcome.choices),
                    walks: Vec::new(),
                    status: if decided { Status::Optimal } else { status },
                    bound: bound.map(|bound| bound + reduction.constant),
                }
            }
        }
    }
}

impl Work {
    /// The reduced problem, its classes numbered in the order of the original's.
    fn finish(self, original: &Problem) -> Reduction {
        let mut builder = ProblemBuilder::new();
        let mut number = vec![u32::MAX; self.classes.len()];
        for (class, nodes) in self.classes.iter().enumerate() {
            if !nodes.is_empty() {
                let name = original.class_names.get(class);
                number[class] = builder.add_class(name);
            }
        }
        let mut parts = Vec::new();
        for (class, nodes) in self.classes.into_iter().enumerate() {
            for node in nodes {
                let children: Vec<u32> =
                    node.children.iter().map(|child| number[*child as usize]).collect();
                let first = NodeIndex(node.parts[0]);
                let name = original.node_name(first);
                builder.add_named_node(
                    number[class],
                    name,
                    original.op(first),
                    node.cost,
                    &children,
                );
                parts.push(node.parts);
            }
        }
        for root in self.roots {
            builder.add_root(number[root as usize]);
        }
        Reduction {
            problem: builder.build(),
            constant: self.constant,
            fixed: self.fixed,
            parts,
            original_classes: original.class_count(),
        }
    }
}
