//! Reading and extending a model: what a class contains, how it looks from the parent region.

use super::Round;
use crate::facts::Graph;
use crate::language::{Language, Meaning, Payload};
use crate::model::Model;
use egraph_core::{EClassId, ENodeId, Limit, OpId, PayloadId, RegionId};
use rvsdg::{Cmp, Const, Op, Type};

/// Operators that the rules name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ops {
    pub(super) add: OpId,
    pub(super) sub: OpId,
    pub(super) mul: OpId,
    pub(super) shr: OpId,
    pub(super) or: OpId,
    pub(super) and: OpId,
    pub(super) div: OpId,
    pub(super) fadd: OpId,
    pub(super) fmul: OpId,
    pub(super) min: OpId,
    pub(super) max: OpId,
    pub(super) band: OpId,
    pub(super) bor: OpId,
    pub(super) bnot: OpId,
    pub(super) select: OpId,
    compare: [OpId; 6],
}

impl Ops {
    pub(super) fn new(language: &Language) -> Ops {
        let find = |op: Op, arity| language.find(op, arity).expect("it is in the vocabulary");
        let binary = |op| find(op, 2);
        Ops {
            add: binary(Op::IAdd),
            sub: binary(Op::ISub),
            mul: binary(Op::IMul),
            shr: binary(Op::IShr),
            or: binary(Op::IOr),
            and: binary(Op::IAnd),
            div: binary(Op::IFloorDiv),
            fadd: binary(Op::FAdd),
            fmul: binary(Op::FMul),
            min: binary(Op::IMin),
            max: binary(Op::IMax),
            band: binary(Op::BAnd),
            bor: binary(Op::BOr),
            bnot: find(Op::BNot, 1),
            select: find(Op::Select, 3),
            compare: Cmp::ALL.map(|cmp| find(Op::ICmp(cmp), 2)),
        }
    }

    /// The operator of a comparison of integers.
    pub(super) fn compare(&self, cmp: Cmp) -> OpId {
        self.compare[cmp as usize]
    }

    /// Which comparison of integers an operator is.
    pub(super) fn comparison(&self, op: OpId) -> Option<Cmp> {
        self.compare.iter().position(|known| *known == op).map(|at| Cmp::ALL[at])
    }
}

/// The value of a class, if it is known.
pub(super) fn constant(graph: &Graph, class: EClassId) -> Option<Const> {
    graph.data(class).constant
}

/// The integer value of a class, if it is known.
pub(super) fn integer(graph: &Graph, class: EClassId) -> Option<i64> {
    constant(graph, class).and_then(Const::as_i64)
}

/// The truth value of a class, if it is known.
pub(super) fn truth(graph: &Graph, class: EClassId) -> Option<bool> {
    constant(graph, class).and_then(Const::as_bool)
}

/// Operands of the nodes of a class that have a binary operator.
pub(super) fn binaries(
    graph: &Graph,
    class: EClassId,
    op: OpId,
) -> impl Iterator<Item = (EClassId, EClassId)> + '_ {
    graph.nodes_of(class, op).map(|node| (graph.child(node, 0), graph.child(node, 1)))
}

impl Model<'_> {
    /// The class of the parent region whose value on entry a class is.
    pub(super) fn imported(&self, class: EClassId) -> Option<EClassId> {
        let import = self.graph.analysis().language.import;
        self.graph.nodes_of(class, import).next().map(|node| self.graph.child(node, 0))
    }

    /// Whether a class is the value on entry of this class of the parent.
    pub(super) fn imports(&self, class: EClassId, outer: EClassId) -> bool {
        let import = self.graph.analysis().language.import;
        let outer = self.graph.find(outer);
        self.graph.nodes_of(class, import).any(|node| self.graph.child(node, 0) == outer)
    }

    /// What a node's operator means.
    pub(super) fn meaning(&self, node: ENodeId) -> Meaning {
        self.graph.analysis().language.meaning(self.graph.op(node))
    }

    /// A value of the parent region on entry to a region.
    pub(super) fn import(&mut self, region: RegionId, class: EClassId) -> Result<EClassId, Limit> {
        let op = self.graph.analysis().language.import;
        self.graph.add(region, op, PayloadId::NONE, &[class], None)
    }

    /// A leaf with a payload.
    pub(super) fn leaf(
        &mut self,
        region: RegionId,
        op: OpId,
        payload: Payload,
        ty: Type,
    ) -> Result<EClassId, Limit> {
        let payload = self.graph.analysis_mut().payloads.intern(payload);
        let sort = self.graph.analysis().language.find_sort(ty);
        self.graph.add(region, op, payload, &[], sort)
    }

    /// A constant in a region.
    pub(super) fn constant(
        &mut self,
        region: RegionId,
        constant: Const,
    ) -> Result<EClassId, Limit> {
        let op = self.graph.analysis().language.constant;
        self.leaf(region, op, Payload::Const(constant), constant.ty())
    }

    /// The class of the parent region with the value that a class has: what it imports, or its
    /// constant.
    pub(super) fn outer(&mut self, class: EClassId) -> Result<Option<EClassId>, Limit> {
        if let Some(outer) = self.imported(class) {
            return Ok(Some(outer));
        }
        let parent = self.graph.parent(self.graph.region(class));
        match (constant(&self.graph, class), parent) {
            (Some(known), Some(parent)) => self.constant(parent, known).map(Some),
            _ => Ok(None),
        }
    }

    /// Whether a class can be seen from the parent region.
    pub(super) fn is_outer(&self, class: EClassId) -> bool {
        constant(&self.graph, class).is_some() || self.imported(class).is_some()
    }
}

impl Round<'_, '_> {
    pub(super) fn graph(&self) -> &Graph {
        &self.model.graph
    }

    /// A node without payload in the region of its operands.
    pub(super) fn node(&mut self, op: OpId, children: &[EClassId]) -> Result<EClassId, Limit> {
        let region = self.model.graph.region(children[0]);
        self.model.graph.add_op(region, op, children)
    }
}
