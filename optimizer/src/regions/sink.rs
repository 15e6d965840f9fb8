//! Values that only one arm of a choice uses are computed there: the opposite of [`super::hoist`],
//! `import f(a, b) = f(import a, import b)`.
//!
//! The equality holds wherever the operation has a value; what else uses it steers profit only. An
//! operation in an arm runs less often, which extraction weighs.

use super::Round;
use crate::language::Meaning;
use crate::model::{InstanceKind, OrderMap};
use crate::realise::Set;
use egraph_core::{Children, EClassId, ENodeId, Limit, RegionId};
use rvsdg::Op;

/// Nodes that sinking may add to one function.
const MAX_NODES: usize = 200;

impl Round<'_, '_> {
    /// Looks at what every arm imports.
    pub(super) fn sink(&mut self) -> Result<(), Limit> {
        let mut imports: OrderMap<RegionId, Vec<EClassId>> = OrderMap::default();
        let import = self.graph().analysis().language.import;
        for node in self.graph().nodes_with_op(import) {
            let region = self.graph().region(self.graph().class_of(node));
            let owner = self.model.regions[region.index()].owner;
            let arm = owner.map(|(id, _)| self.model.instance(id));
            if arm.is_some_and(|i| i.kind == InstanceKind::Gamma && !i.abandoned)
                && !self.graph().is_dead(region)
            {
                imports.entry(region).or_default().push(self.graph().child(node, 0));
            }
        }
        if imports.is_empty() || self.memory.is_off("sink") {
            return Ok(());
        }
        let fixed = self.fixed();
        for (region, classes) in imports {
            self.sink_into(region, classes, &fixed)?;
        }
        Ok(())
    }

    /// Classes that are used where no node says so: by instances and as results.
    fn fixed(&self) -> Set<EClassId> {
        let graph = self.graph();
        let mut fixed: Set<EClassId> = Set::default();
        fixed.extend(self.model.results.iter().map(|class| graph.find(*class)));
        for instance in self.model.instances.iter().filter(|instance| !instance.abandoned) {
            fixed.insert(graph.find(instance.predicate));
            for port in &instance.ports {
                let used = port.results.iter().copied().chain(port.init);
                fixed.extend(used.map(|class| graph.find(class)));
            }
        }
        fixed
    }

    /// Sinks into one arm what only it imports, then what only that uses.
    fn sink_into(
        &mut self,
        region: RegionId,
        mut classes: Vec<EClassId>,
        fixed: &Set<EClassId>,
    ) -> Result<(), Limit> {
        let mut sunk: Set<EClassId> = Set::default();
        while let Some(class) = classes.pop() {
            let class = self.graph().find(class);
            if sunk.contains(&class) || fixed.contains(&class) {
                continue;
            }
            let Some(node) = self.operation_of(class) else { continue };
            if !self.only_for(class, region, &sunk) || self.memory.sunk == MAX_NODES {
                continue;
            }
            sunk.insert(class);
            let children = self.graph().children(node);
            if self.first("sink", region.index(), class.index()) {
                self.memory.sunk += 1;
                let mut inside = Children::new();
                for child in &children {
                    inside.push(self.model.import(region, *child)?);
                }
                let own = self.model.import(region, class)?;
                let (op, payload) = (self.graph().op(node), self.graph().payload(node));
                let sort = Some(self.graph().sort(class));
                let moved = self.model.graph.add(region, op, payload, &inside, sort)?;
                if let Some(span) = self.model.spans.get(&node).copied() {
                    let graph = &self.model.graph;
                    if let Some(made) = graph.nodes_of(moved, op).next() {
                        self.model.spans.entry(made).or_insert(span);
                    }
                }
                self.equate("sink", own, moved);
            }
            classes.extend(children);
        }
        Ok(())
    }

    /// A pure operation of a class that is no constant and comes from no other region.
    fn operation_of(&self, class: EClassId) -> Option<ENodeId> {
        let graph = self.graph();
        if graph.data(class).constant.is_some() || self.model.imported(class).is_some() {
            return None;
        }
        let mut operations = graph.nodes(class).filter(|node| match self.model.meaning(*node) {
            Meaning::Simple(op) => {
                op.is_pure() && op != Op::Load && !matches!(op, Op::Const(_)) && !op.is_partial()
            }
            _ => false,
        });
        operations.next()
    }

    /// Whether all uses of a class are imports of one region and operations that sank into it.
    fn only_for(&self, class: EClassId, region: RegionId, sunk: &Set<EClassId>) -> bool {
        let graph = self.graph();
        let import = graph.analysis().language.import;
        graph.parents(class).filter(|node| graph.is_live(*node)).all(|node| {
            let user = graph.class_of(node);
            if graph.op(node) == import {
                graph.region(user) == region || graph.is_dead(graph.region(user))
            } else {
                sunk.contains(&graph.find(user))
            }
        })
    }
}
