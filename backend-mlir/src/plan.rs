//! Which nodes may raise, and how a region that may raise is cut into segments.
//!
//! One pass over the region tree before any text is printed. A segment ends after each node that
//! may raise; the values that a protected segment must hand on are those used outside it.

use crate::types::has_value;
use rvsdg::{Function, MathFn, NodeId, NodeKind, Op, RegionId, ValueDef, ValueId};

/// What emission needs to know about a function beforehand.
pub(crate) struct Plan {
    /// Whether a loop back-edge may raise (a time limit).
    poll: bool,
    /// Per node: whether it may raise.
    raises: Vec<bool>,
    /// Per node: the position of its segment in its region.
    segment: Vec<u32>,
    /// Per value: the value it is a copy of (guards return an operand).
    origin: Vec<ValueId>,
    /// Per value: whether it is used outside the segment that defines it.
    escapes: Vec<bool>,
    /// Per region: how many regions are around it.
    depth: Vec<u32>,
}

/// A run of nodes of one region, up to and including a node that may raise.
pub(crate) struct Segment<'f> {
    /// The nodes, in order.
    pub(crate) nodes: &'f [NodeId],
    /// Whether the last node may raise.
    pub(crate) raises: bool,
    /// Whether every node may run after a raise: no memory, no partial operation, no region.
    pub(crate) harmless: bool,
}

impl Plan {
    /// Analyses a function. `poll` makes every loop a node that may raise.
    pub(crate) fn new(function: &Function, poll: bool) -> Plan {
        let mut plan = Plan {
            poll,
            raises: vec![false; function.node_count()],
            segment: vec![0; function.node_count()],
            origin: (0..function.value_count()).map(ValueId::from_index).collect(),
            escapes: vec![false; function.value_count()],
            depth: vec![0; function.region_count()],
        };
        plan.cut(function, function.body(), 0);
        plan.mark_uses(function, function.body());
        plan
    }

    /// Whether a node may raise.
    pub(crate) fn node_raises(&self, node: NodeId) -> bool {
        self.raises[node.index()]
    }

    /// Whether any node of a region may raise.
    pub(crate) fn region_raises(&self, function: &Function, region: RegionId) -> bool {
        function.region(region).nodes.iter().any(|node| self.node_raises(*node))
    }

    /// The value that `value` is a copy of.
    pub(crate) fn origin(&self, value: ValueId) -> ValueId {
        self.origin[value.index()]
    }

    /// Whether a value is used outside the segment that defines it.
    pub(crate) fn escapes(&self, value: ValueId) -> bool {
        self.escapes[value.index()]
    }

    /// The segments of a region, in order.
    pub(crate) fn segments<'f>(
        &self,
        function: &'f Function,
        region: RegionId,
    ) -> Vec<Segment<'f>> {
        let nodes = &function.region(region).nodes;
        nodes
            .split_inclusive(|node| self.node_raises(*node))
            .map(|nodes| Segment {
                nodes,
                raises: nodes.last().is_some_and(|node| self.node_raises(*node)),
                harmless: nodes.iter().all(|node| is_harmless(function, *node)),
            })
            .collect()
    }

    /// Finds raising nodes, segments, copies and depths, children first.
    fn cut(&mut self, function: &Function, region: RegionId, depth: u32) {
        self.depth[region.index()] = depth;
        let mut segment = 0;
        for &id in &function.region(region).nodes {
            let node = function.node(id);
            let raises = match &node.kind {
                NodeKind::Simple(Op::Guard(_)) => {
                    let (value, copy) = (node.operands.last(), node.outputs.last());
                    if let (Some(value), Some(copy)) = (value, copy) {
                        self.origin[copy.index()] = self.origin(*value);
                    }
                    true
                }
                NodeKind::Simple(Op::Call(f)) => call_raises(*f),
                NodeKind::Simple(_) => false,
                NodeKind::Gamma { arms } => {
                    for arm in arms {
                        self.cut(function, *arm, depth + 1);
                    }
                    arms.iter().any(|arm| self.region_raises(function, *arm))
                }
                NodeKind::Theta { body } => {
                    self.cut(function, *body, depth + 1);
                    self.poll || self.region_raises(function, *body)
                }
            };
            self.raises[id.index()] = raises;
            self.segment[id.index()] = segment;
            segment += u32::from(raises);
        }
    }

    /// Marks the values that are used outside their segment.
    fn mark_uses(&mut self, function: &Function, region: RegionId) {
        for &id in &function.region(region).nodes {
            let node = function.node(id);
            for &operand in &node.operands {
                self.mark_use(function, operand, id);
            }
            match &node.kind {
                NodeKind::Simple(_) => {}
                NodeKind::Gamma { arms } => {
                    for arm in arms {
                        self.mark_uses(function, *arm);
                    }
                }
                NodeKind::Theta { body } => self.mark_uses(function, *body),
            }
        }
        for &result in &function.region(region).results {
            let result = self.origin(result);
            if !has_value(function.ty(result)) {
                continue;
            }
            if function.defining_region(result) == region {
                self.escapes[result.index()] = true;
            } else if let Some(owner) = function.region(region).owner {
                self.mark_use(function, result, owner);
            }
        }
    }

    fn mark_use(&mut self, function: &Function, value: ValueId, user: NodeId) {
        let value = self.origin(value);
        let ValueDef::Output { node: definition, .. } = function.value(value).def else { return };
        if !has_value(function.ty(value)) || self.escapes(value) {
            return;
        }
        let home = function.node(definition).region;
        let mut user = user;
        while self.depth[function.node(user).region.index()] > self.depth[home.index()] {
            let Some(owner) = function.region(function.node(user).region).owner else { return };
            user = owner;
        }
        if self.segment[user.index()] != self.segment[definition.index()] {
            self.escapes[value.index()] = true;
        }
    }
}

/// Whether a call needs a status: some argument makes it raise.
pub(crate) fn call_raises(f: MathFn) -> bool {
    !f.never_raises()
}

/// Whether a node may run after a raise: a total operation without regions.
fn is_harmless(function: &Function, node: NodeId) -> bool {
    match function.node(node).kind {
        NodeKind::Simple(op) => !op.is_partial(),
        NodeKind::Gamma { .. } | NodeKind::Theta { .. } => false,
    }
}
