//! Values that do not depend on their region move to the parent: loop-invariant motion and gamma
//! hoisting in one rule, `f(import a, import b) = import f(a, b)`.
//!
//! The operation must be total *in the parent*: that an arm excludes a zero divisor says nothing
//! about the region around it. Nothing is decided here; extraction takes whichever is cheaper.

use super::Round;
use super::look::{constant, integer};
use super::mutant::{Mutant, planted};
use super::order::Prover;
use crate::language::Meaning;
use crate::model::InstanceKind;
use egraph_core::{Children, EClassId, ENodeId, Limit, RegionId};
use rvsdg::{Cmp, Op, Type};

impl Round<'_, '_> {
    /// Looks at every node of every region but the outermost, new ones included.
    pub(super) fn hoist(&mut self) -> Result<(), Limit> {
        if self.model.instances.is_empty() {
            return Ok(());
        }
        let mut from = 0;
        loop {
            let graph = self.graph();
            let todo: Vec<ENodeId> =
                graph.all_nodes().filter(|node| node.index() >= from).collect();
            let Some(last) = todo.last() else { return Ok(()) };
            from = last.index() + 1;
            for node in todo {
                self.hoist_node(node)?;
            }
        }
    }

    fn hoist_node(&mut self, id: ENodeId) -> Result<(), Limit> {
        let Meaning::Simple(op) = self.model.meaning(id) else { return Ok(()) };
        if matches!(op, Op::Const(_)) || op.is_effect() {
            return Ok(());
        }
        let node = self.graph().node(id);
        let Some(parent) = self.graph().parent(node.region) else { return Ok(()) };
        if self.graph().is_dead(node.region) || self.model.is_outer(node.class) {
            return Ok(());
        }
        if op == Op::Load {
            return self.hoist_load(id, parent);
        }
        // Something must come from outside: constants alone fold.
        if !node.children.iter().any(|child| self.model.imported(*child).is_some())
            || !node.children.iter().all(|child| self.model.is_outer(*child))
        {
            return Ok(());
        }
        let mut outer = Children::new();
        for child in &node.children {
            outer.extend(self.model.outer(*child)?);
        }
        if self.is_total(op, &outer) {
            let graph = &mut self.model.graph;
            let moved = graph.add(parent, node.op, node.payload, &outer, None)?;
            let inside = self.model.import(node.region, moved)?;
            self.equate("hoist", node.class, inside);
        }
        Ok(())
    }

    /// Whether a pure operation has a result on every entry to the operands' region.
    pub(super) fn is_total(&self, op: Op, children: &[EClassId]) -> bool {
        if !op.is_partial() || planted(Mutant::PartialIsTotal) {
            return true;
        }
        let divides = matches!(op, Op::IFloorDiv | Op::IMod);
        let divisor = divides.then(|| self.graph().data(children[1]).range.ints()).flatten();
        divisor.is_some_and(|range| range.lo <= range.hi && (range.lo > 0 || range.hi < 0))
    }

    /// A load from memory that its region does not change, at an index that is in range outside.
    fn hoist_load(&mut self, id: ENodeId, parent: RegionId) -> Result<(), Limit> {
        let node = self.graph().node(id);
        let state = self.model.ty(node.children[0]);
        let Some(memory) = self.memory_outside(node.region, node.children[0], state) else {
            return Ok(());
        };
        if !node.children[1..].iter().all(|child| self.model.is_outer(*child)) {
            return Ok(());
        }
        let mut outer = Children::from_slice(&[memory]);
        for child in &node.children[1..] {
            outer.extend(self.model.outer(*child)?);
        }
        if self.in_range(outer[1], &outer[2..], 4) || planted(Mutant::IndexIsInRange) {
            let sort = Some(self.graph().sort(node.class));
            let moved = self.model.graph.add(parent, node.op, node.payload, &outer, sort)?;
            let inside = self.model.import(node.region, moved)?;
            self.equate("hoist-load", node.class, inside);
        }
        Ok(())
    }

    /// The class in the parent of the memory that a region finds on entry, if `class` is that
    /// memory in every iteration.
    pub(super) fn memory_outside(
        &self,
        region: RegionId,
        class: EClassId,
        state: Type,
    ) -> Option<EClassId> {
        let model = &*self.model;
        let entry = model.state_entry(region, state)?;
        let (id, _) = model.regions[region.index()].owner?;
        let instance = model.instance(id);
        let port = &instance.ports[instance.state_port(state)?];
        let unchanged = match instance.kind {
            InstanceKind::Gamma => true,
            InstanceKind::Theta => {
                model.graph.find(port.results[0]) == entry || planted(Mutant::MemoryIsUnchanged)
            }
        };
        (unchanged && model.graph.find(class) == entry).then_some(port.init?)
    }

    /// Whether every index of an access is within its extent wherever the index has a value.
    pub(super) fn in_range(&self, array: EClassId, indices: &[EClassId], depth: u32) -> bool {
        indices
            .iter()
            .enumerate()
            .all(|(axis, index)| self.index_in_range(array, axis as u8, *index))
            || depth > 0 && self.in_range_outside(array, indices, depth)
    }

    /// The same, asked in the parent region.
    fn in_range_outside(&self, array: EClassId, indices: &[EClassId], depth: u32) -> bool {
        let Some(array) = self.model.imported(array) else { return false };
        let outside: Option<Vec<EClassId>> =
            indices.iter().map(|index| self.model.imported(*index)).collect();
        outside.is_some_and(|indices| self.in_range(array, &indices, depth - 1))
    }

    fn index_in_range(&self, array: EClassId, axis: u8, index: EClassId) -> bool {
        let graph = self.graph();
        let length = graph.analysis().language.find(Op::Len(axis), 1);
        let length = length.and_then(|op| {
            graph.lookup(graph.region(array), op, egraph_core::PayloadId::NONE, &[array], None)
        });
        let Some(length) = length else { return false };
        let range = graph.data(index).range.ints();
        let not_negative = range.is_some_and(|range| range.lo >= 0);
        if not_negative && Prover::new(self.model, &self.ops).less(index, length) {
            return true;
        }
        // A checked index has no value where its check fails.
        graph.nodes(index).any(|node| {
            let children = graph.children(node);
            matches!(self.model.meaning(node), Meaning::Value(Op::Guard(_)))
                && self.check_bounds(children[children.len() - 2], index, &children, length)
        })
    }

    /// Whether a condition says that a value is in `0 .. length`.
    fn check_bounds(
        &self,
        condition: EClassId,
        index: EClassId,
        children: &[EClassId],
        length: EClassId,
    ) -> bool {
        let graph = self.graph();
        // A condition whose value is known says nothing more.
        if constant(graph, condition).is_some() {
            return false;
        }
        let unchecked = children[children.len() - 1];
        let is_index = |class| class == unchecked || class == graph.find(index);
        let is_zero = |class| integer(graph, class) == Some(0);
        let conjuncts = self.conjuncts(condition);
        let below = conjuncts.iter().any(|(cmp, a, b)| match cmp {
            Cmp::Lt => is_index(*a) && *b == graph.find(length),
            Cmp::Gt => is_index(*b) && *a == graph.find(length),
            _ => false,
        });
        let not_negative = conjuncts.iter().any(|(cmp, a, b)| match cmp {
            Cmp::Le => is_zero(*a) && is_index(*b),
            Cmp::Ge => is_zero(*b) && is_index(*a),
            _ => false,
        });
        let range = graph.data(unchecked).range.ints();
        below && (not_negative || range.is_some_and(|range| range.lo >= 0))
    }
}
