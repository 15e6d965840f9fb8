//! Views of nodes.

use smallvec::SmallVec;

use crate::{EClassId, ENodeId, OpId, PayloadId, RegionId};

/// The children of a node, inline up to four.
pub type Children = SmallVec<[EClassId; 4]>;

/// A copy of one node, with canonical classes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ENodeRef {
    /// The node's id.
    pub id: ENodeId,
    /// Operator.
    pub op: OpId,
    /// Payload, [`PayloadId::NONE`] if none.
    pub payload: PayloadId,
    /// The region the node belongs to; the same as its class's.
    pub region: RegionId,
    /// Canonical classes of the children, in order.
    pub children: Children,
    /// Canonical class of the node.
    pub class: EClassId,
}
