//! The signature: which sorts and operators exist.
//!
//! Operators are identified by name *and* arity, so `(add ?a ?b)` and `(add ?a ?b ?c)` are two
//! operators. A signature is built once and handed to [`EGraph::new`](crate::EGraph::new); rules
//! compiled against it hold [`OpId`]s and work for every e-graph made from the same signature.

use hashbrown::HashMap;
use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;
use smallvec::SmallVec;

use crate::{OpId, SortId};

/// How the sort of a node follows from its operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortRule {
    /// Every node of the operator has this sort.
    Fixed(SortId),
    /// The sort of the child at this position.
    SameAs(usize),
    /// Given at insertion and part of the node's identity: leaves such as typed constants.
    Explicit,
}

/// Declaration of one operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpDecl {
    /// Name, unique together with the arity.
    pub name: String,
    /// Number of children.
    pub arity: usize,
    /// How a node gets its sort.
    pub sort: SortRule,
    /// The children live in the *parent* of the node's region instead of the region itself: the
    /// one kind of operator by which values flow into a region.
    pub crosses: bool,
}

/// Interned sorts and operators.
#[derive(Clone, Debug, Default)]
pub struct Signature {
    sorts: IndexSet<String, FxBuildHasher>,
    ops: Vec<OpDecl>,
    by_name: HashMap<String, SmallVec<[OpId; 2]>, FxBuildHasher>,
}

impl Signature {
    /// A signature without sorts and operators.
    pub fn new() -> Self {
        Self::default()
    }

    /// The sort of that name, declared by the first call.
    pub fn sort(&mut self, name: &str) -> SortId {
        let index = match self.sorts.get_index_of(name) {
            Some(index) => index,
            None => self.sorts.insert_full(name.to_owned()).0,
        };
        SortId::from_index(index)
    }

    /// The sort of that name, if declared.
    pub fn find_sort(&self, name: &str) -> Option<SortId> {
        self.sorts.get_index_of(name).map(SortId::from_index)
    }

    /// Declares an operator whose children live in the node's own region. The same declaration
    /// again gives the same id; a different one under the same name and arity panics.
    pub fn op(&mut self, name: &str, arity: usize, rule: SortRule) -> OpId {
        self.declare(OpDecl { name: name.to_owned(), arity, sort: rule, crosses: false })
    }

    /// Declares a unary operator that brings a class of the parent region into a region, keeping
    /// its sort ("import").
    pub fn crossing_op(&mut self, name: &str) -> OpId {
        let sort = SortRule::SameAs(0);
        self.declare(OpDecl { name: name.to_owned(), arity: 1, sort, crosses: true })
    }

    /// Declares an operator. The same declaration again gives the same id; a different one under
    /// the same name and arity panics, as does `SameAs` of a child that does not exist.
    pub fn declare(&mut self, decl: OpDecl) -> OpId {
        if let SortRule::SameAs(child) = decl.sort {
            assert!(child < decl.arity, "`{}` takes its sort from a missing child", decl.name);
        }
        if let Some(id) = self.find_op(&decl.name, decl.arity) {
            assert_eq!(self.ops[id.index()], decl, "operator declared twice, differently");
            return id;
        }
        let id = OpId::from_index(self.ops.len());
        self.by_name.entry_ref(decl.name.as_str()).or_default().push(id);
        self.ops.push(decl);
        id
    }

    /// The operator of that name and arity, if declared.
    pub fn find_op(&self, name: &str, arity: usize) -> Option<OpId> {
        self.ops_named(name).iter().copied().find(|op| self.arity(*op) == arity)
    }

    /// All operators of that name, in order of declaration.
    pub fn ops_named(&self, name: &str) -> &[OpId] {
        self.by_name.get(name).map_or(&[], |ops| ops.as_slice())
    }

    /// The declaration of an operator.
    pub fn decl(&self, op: OpId) -> &OpDecl {
        &self.ops[op.index()]
    }

    /// The name of an operator.
    pub fn op_name(&self, op: OpId) -> &str {
        &self.decl(op).name
    }

    /// The number of children of an operator's nodes.
    pub fn arity(&self, op: OpId) -> usize {
        self.decl(op).arity
    }

    /// The name of a sort.
    pub fn sort_name(&self, sort: SortId) -> &str {
        &self.sorts[sort.index()]
    }

    /// All operators in order of declaration.
    pub fn ops(&self) -> impl ExactSizeIterator<Item = OpId> + use<> {
        (0..self.ops.len()).map(OpId::from_index)
    }

    /// Number of sorts.
    pub fn sort_count(&self) -> usize {
        self.sorts.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_are_identified_by_name_and_arity() {
        let mut sig = Signature::new();
        let i64 = sig.sort("i64");
        let neg = sig.op("sub", 1, SortRule::Fixed(i64));
        let sub = sig.op("sub", 2, SortRule::SameAs(1));
        assert_ne!(neg, sub);
        assert_eq!(sig.op("sub", 1, SortRule::Fixed(i64)), neg);
        assert_eq!(sig.find_op("sub", 2), Some(sub));
        assert_eq!(sig.find_op("sub", 3), None);
        assert_eq!((sig.op_name(sub), sig.arity(sub), sig.sort_name(i64)), ("sub", 2, "i64"));
        assert_eq!(sig.sort("i64"), i64);
        assert_eq!(sig.find_sort("f64"), None);
    }

    #[test]
    #[should_panic(expected = "differently")]
    fn a_different_declaration_is_refused() {
        let mut sig = Signature::new();
        sig.op("x", 0, SortRule::Explicit);
        let s = sig.sort("s");
        sig.op("x", 0, SortRule::Fixed(s));
    }
}
