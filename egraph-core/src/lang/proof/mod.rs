//! Explanations: what was done to a database and why, proofs of equality, and their checker.
//!
//! A [`Journal`] lists, in order, the nodes that came into being, the unions and the values that
//! were set, each with its reason: the program, or a rule with the values of its variables. It
//! holds no congruences: these follow. A replay of it finds a [`Proof`] that two terms are equal
//! (Nieuwenhuis and Oliveras, "Proof-producing congruence closure", RTA 2005), and [`Checker`]
//! replays it by means of its own, and says whether every reason is one and every step of a proof
//! follows. Both read nothing but the journal and the resolved rules.
//!
//! # What is not covered
//! - What the journal says the program gave is believed; so is what merge expressions add.
//! - Nodes, unions and rows made by primitives (function values, `multiset-union-values`) and by
//!   `input`, and applications of `:ac` operators are not in the journal: terms that are equal only
//!   because of them have no proof, and a rule that matched them does not check.
//! - Containers of classes count as equal only when they are the same value.
//! - Rows that were deleted or replaced still count as reasons: what followed from them stays.
//! - Values that merge expressions compute are checked unless the expression makes terms.

mod check;
mod forest;

use std::fmt;
use std::sync::Arc;

use super::types::{FuncId, GlobalId, Rule};
use super::values::Value;

pub use check::{Checker, Flaw};
pub(crate) use forest::Forest;

/// Number of a node: its class when it was made, or counted down from `u32::MAX` for a node that
/// was added to a class.
pub type NodeId = u32;

/// Why something was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// The program says so.
    Program,
    /// A rule matched: its number in the journal, and the values of its body's variables.
    Rule(u32, Arc<[Value]>),
    /// A merge expression.
    Merge,
}

/// Something that was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Rules are matched against what was known here.
    Round,
    /// A node came into being; classes among the keys are numbers of nodes.
    Node {
        /// Its number.
        id: NodeId,
        /// Its constructor.
        func: FuncId,
        /// Its operands.
        keys: Arc<[Value]>,
        /// Why it was made.
        why: Why,
    },
    /// Two nodes were made equal.
    Union {
        /// One node.
        a: NodeId,
        /// The other.
        b: NodeId,
        /// Why they are equal.
        why: Why,
    },
    /// A function got a value, or a relation a row.
    Set {
        /// The function or relation.
        func: FuncId,
        /// Its arguments.
        keys: Arc<[Value]>,
        /// The value; without meaning for relations.
        value: Value,
        /// Why it was set.
        why: Why,
    },
    /// Two values of a function were merged.
    Merge {
        /// The function.
        func: FuncId,
        /// The value that was there.
        old: Value,
        /// The one that came.
        new: Value,
        /// The one that took their place.
        merged: Value,
    },
    /// A global got its value.
    Global(GlobalId, Value),
}

/// What was done, in order, and the rules that did it.
#[derive(Clone, Debug, Default)]
pub struct Journal {
    /// What was done.
    pub events: Vec<Event>,
    /// The rules, by the number in [`Why::Rule`].
    pub rules: Vec<Arc<Rule>>,
}

/// Why two nodes are equal in one step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Because {
    /// A union of the journal, by its position there.
    Union(usize),
    /// They have the same constructor and equal operands: a proof for each operand that is a node
    /// and differs.
    Congruence(Vec<Option<Arc<Proof>>>),
}

/// One step of a proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What was reached before.
    pub from: NodeId,
    /// What the step reaches.
    pub to: NodeId,
    /// Why they are equal.
    pub because: Because,
}

/// A chain of steps from one node to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// The first node.
    pub from: NodeId,
    /// The last node.
    pub to: NodeId,
    /// The steps between; none if the nodes are one.
    pub steps: Vec<Step>,
}

/// A proof that two nodes are equal.
pub type Proof = Chain;

/// A node that only a question mentions: number, constructor, operands.
pub type Asked = (NodeId, FuncId, Arc<[Value]>);

/// An explanation: a proof, and the nodes in it that are not in the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The nodes of the question that the database does not have, operands first.
    pub asked: Vec<Asked>,
    /// The proof.
    pub proof: Arc<Proof>,
    /// The proof as text, a step a line.
    pub text: String,
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
