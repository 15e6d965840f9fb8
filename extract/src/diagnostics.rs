//! What is wrong or remarkable in a serialized e-graph: the defects of published data sets.

use crate::problem::{NodeIndex, Problem};
use hashbrown::HashSet;
use rustc_hash::FxBuildHasher;
use std::fmt;

/// Costs of at least this many times the median cost are probably meant as infinity.
const HUGE: f64 = 1000.0;

/// A defect that was repaired, or a property that some extractors trip over.
#[derive(Clone, Debug, PartialEq)]
pub enum Diagnostic {
    /// A root that names no class was dropped.
    DanglingRoot(String),
    /// A node with a child that does not exist was left out.
    DanglingChild {
        /// The node.
        node: String,
        /// The missing child.
        child: String,
    },
    /// Several nodes have this id; the last one counts.
    RepeatedId(String),
    /// A node of infinite cost was left out.
    InfiniteCost(String),
    /// Nodes that cost less than nothing.
    NegativeCosts(usize),
    /// Nodes that cost a thousand times the median of all that cost something, or more.
    HugeCosts(usize),
    /// Nodes equal to another of their class: operator, cost and children.
    RepeatedNodes(usize),
    /// Nodes that no root reaches, of all.
    UnreachableNodes {
        /// How many.
        count: usize,
        /// Of how many.
        of: usize,
    },
}

impl Diagnostic {
    /// A word for tables and for machine-readable output.
    pub fn code(&self) -> &'static str {
        match self {
            Diagnostic::DanglingRoot(_) => "dangling-root",
            Diagnostic::DanglingChild { .. } => "dangling-child",
            Diagnostic::RepeatedId(_) => "repeated-id",
            Diagnostic::InfiniteCost(_) => "infinite-cost",
            Diagnostic::NegativeCosts(_) => "negative-costs",
            Diagnostic::HugeCosts(_) => "huge-costs",
            Diagnostic::RepeatedNodes(_) => "repeated-nodes",
            Diagnostic::UnreachableNodes { .. } => "unreachable-nodes",
        }
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Diagnostic::DanglingRoot(root) => write!(f, "dropped the root `{root}`: no such class"),
            Diagnostic::DanglingChild { node, child } => {
                write!(f, "left out node `{node}`: its child `{child}` does not exist")
            }
            Diagnostic::RepeatedId(id) => {
                write!(f, "several nodes are `{id}`; the last one counts")
            }
            Diagnostic::InfiniteCost(id) => write!(f, "left out node `{id}`: its cost is infinite"),
            Diagnostic::NegativeCosts(count) => write!(f, "{count} nodes have costs below zero"),
            Diagnostic::HugeCosts(count) => {
                write!(f, "{count} nodes cost {HUGE} times the median: meant as infinity?")
            }
            Diagnostic::RepeatedNodes(count) => {
                write!(f, "{count} nodes are equal to another of their class")
            }
            Diagnostic::UnreachableNodes { count, of } => {
                write!(f, "no root reaches {count} of {of} nodes")
            }
        }
    }
}

/// What the nodes of a problem show.
pub(crate) fn structural(problem: &Problem) -> Vec<Diagnostic> {
    let nodes = || (0..problem.node_count() as u32).map(NodeIndex);
    let negative = nodes().filter(|node| problem.cost(*node) < 0.0).count();
    let mut paid: Vec<f64> =
        nodes().map(|node| problem.cost(node)).filter(|cost| *cost > 0.0).collect();
    paid.sort_unstable_by(f64::total_cmp);
    let huge = paid
        .get(paid.len() / 2)
        .map_or(0, |median| paid.len() - paid.partition_point(|cost| *cost < median * HUGE));
    let mut known: HashSet<_, FxBuildHasher> = HashSet::default();
    let mut repeated = 0;
    for node in nodes() {
        let children = &problem.children[problem.child_start[node.index()] as usize
            ..problem.child_start[node.index() + 1] as usize];
        let key = (problem.class(node), problem.node_ops[node.index()], children);
        repeated += usize::from(!known.insert((key, problem.cost(node).to_bits())));
    }
    let reached = reached_nodes(problem);
    let all = problem.node_count();
    let found = [
        (negative, Diagnostic::NegativeCosts(negative)),
        (huge, Diagnostic::HugeCosts(huge)),
        (repeated, Diagnostic::RepeatedNodes(repeated)),
        (all - reached, Diagnostic::UnreachableNodes { count: all - reached, of: all }),
    ];
    found.into_iter().filter(|(count, _)| *count > 0).map(|(_, diagnostic)| diagnostic).collect()
}

fn reached_nodes(problem: &Problem) -> usize {
    let mut seen = vec![false; problem.class_count()];
    let mut stack = problem.roots().to_vec();
    let mut count = 0;
    while let Some(class) = stack.pop() {
        if std::mem::replace(&mut seen[class.index()], true) {
            continue;
        }
        for node in problem.nodes(class) {
            count += 1;
            stack.extend(problem.children(node));
        }
    }
    count
}
