//! Eager rewriting: each node is rewritten once, when it is made, and never again.
//!
//! In the manner of Cranelift's acyclic e-graph (Fallin, "ægraphs: acyclic e-graphs for efficient
//! optimization in a production compiler", EGRAPHS 2023): there is no saturation, no rebuild and no
//! pass of extraction. A node is looked up in the hash-cons; a new one becomes a class, the rules
//! of its operator are matched against the classes of its operands, and what they make is added in
//! the same way, up to a depth, and united with it. A class knows its cheapest node at all times,
//! so that the answer is there as soon as the term is.
//!
//! # What it does not find
//! A rule sees the operands as they are when the node is made: what is found out about a class
//! later reaches no node that was made before, and congruence is not closed. All bounds of
//! [`Limits`] cut silently. For everything that follows from rules use a
//! [`Session`](crate::egglog::Session) or an [`EGraph`](crate::EGraph).
//!
//! # Cost
//! Per node a bounded number of matches, hence a time that does not grow with the graph; memory is
//! linear in the nodes made.
//!
//! ```
//! use egraph_core::eager::{Eager, Rules};
//!
//! let mut rules = Rules::new();
//! let var = rules.leaf("var", 1);
//! let int = rules.leaf("int", 1);
//! let add = rules.op("add", 2, 2);
//! let mul = rules.op("mul", 2, 5);
//! rules.op("shl", 2, 2);
//! rules.rewrite("(mul ?x (int 0))", "(int 0)")?;
//! rules.rewrite("(add ?x (int 0))", "?x")?;
//! rules.rewrite("(add ?x ?y)", "(add ?y ?x)")?;
//! rules.compute("(add (int ?a) (int ?b))", "?c", |n| n[0].checked_add(n[1]), "(int ?c)")?;
//! rules.compute("(mul ?x (int ?n))", "?s", |n| match n[0] {
//!     n if n > 0 && n & (n - 1) == 0 => Some(i64::from(n.trailing_zeros())),
//!     _ => None,
//! }, "(shl ?x (int ?s))")?;
//!
//! let mut graph = Eager::new(&rules);
//! let x = graph.leaf(var, 7);
//! let (five, three) = (graph.leaf(int, 5), graph.leaf(int, 3));
//! let eight = graph.add(add, &[five, three]);
//! let product = graph.add(mul, &[x, eight]);
//! assert_eq!(graph.text(product), "(shl (var 7) (int 3))");
//! # Ok::<(), egraph_core::eager::RuleError>(())
//! ```

mod graph;
mod rules;

pub use graph::{Class, Eager, Node};
pub use rules::{Op, RuleError, Rules};

/// Where eager rewriting is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Matches of a rule at a node.
    pub matches: usize,
    /// Nodes of a class that rules see; of more the cheapest and the oldest stay.
    pub nodes: usize,
    /// How often what a rule made is rewritten itself.
    pub depth: usize,
}

impl Default for Limits {
    /// Cranelift's: 5 matches, 5 nodes, depth 5 (`codegen/src/opts.rs`, `egraph/mod.rs`).
    fn default() -> Self {
        Self { matches: 5, nodes: 5, depth: 5 }
    }
}

#[cfg(test)]
mod tests;
