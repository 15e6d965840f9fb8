//! E-class analyses: a lattice value per class (Willsey et al., egg, POPL 2021, section 4).

use std::fmt::Debug;

use crate::{EClassId, EGraph, ENodeId};

/// A value attached to every class, computed bottom-up and merged on union.
///
/// `merge` must be commutative, associative and idempotent, and ascend in a lattice without
/// infinite chains, or [`EGraph::rebuild`] does not end. The merged value is the same whatever the
/// order of the unions.
pub trait Analysis: Sized + Send + Sync {
    /// The value of a class.
    type Data: Clone + PartialEq + Debug + Send + Sync;

    /// The value of one node, from its payload and its children's values. Called when a node is
    /// inserted and again when the value of a child changes. The class of a node that is being
    /// inserted has no data yet: read only the children's.
    fn make(&self, egraph: &EGraph<Self>, node: ENodeId) -> Self::Data;

    /// Merges `from` into `into`; true when `into` changed.
    fn merge(&self, into: &mut Self::Data, from: Self::Data) -> bool;

    /// Called by [`EGraph::rebuild`] for every class that is new or whose value changed; may add
    /// nodes and union classes, for instance to materialise a constant. Skipped in dead regions.
    /// An insertion refused by the node limit is to be ignored.
    fn modify(_egraph: &mut EGraph<Self>, _class: EClassId) {}

    /// True when the value is impossible, for instance two different constants at once. The
    /// region of such a class is killed.
    fn contradiction(&self, _data: &Self::Data) -> bool {
        false
    }
}

/// No analysis.
impl Analysis for () {
    type Data = ();

    fn make(&self, _egraph: &EGraph<Self>, _node: ENodeId) {}

    fn merge(&self, _into: &mut (), _from: ()) -> bool {
        false
    }
}
