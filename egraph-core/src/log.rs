//! Why classes were merged: an optional append-only log beside the hot path.

use crate::{EClassId, ENodeId};

/// The cause of a union.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// Asserted by the client, outside of rules.
    Given,
    /// A rule, by its index in the [`Rules`](crate::Rules) that ran.
    Rule(u32),
    /// Two nodes became equal because their children did.
    Congruence,
    /// [`Analysis::modify`](crate::Analysis::modify).
    Analysis,
}

/// One entry of the log: `left` and `right`, as they were named by the caller, became one class;
/// or, with a node, that node was put into the class `left == right` as an equal form of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnionEntry {
    /// First class.
    pub left: EClassId,
    /// Second class.
    pub right: EClassId,
    /// The node added directly into the class, if the entry stands for such an insertion.
    pub node: Option<ENodeId>,
    /// The cause.
    pub reason: Reason,
}
