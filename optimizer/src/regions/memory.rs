//! Memory within a region: what a load after a store finds, stores that nobody sees.

use super::Round;
use super::look::integer;
use super::mutant::{Mutant, planted};
use super::order::Prover;
use crate::language::Meaning;
use egraph_core::{Children, EClassId, ENodeId, ENodeRef, Limit};
use rvsdg::{Cmp, Op};

impl Round<'_, '_> {
    /// Looks at every access once.
    pub(super) fn memory(&mut self) -> Result<(), Limit> {
        if self.graph().analysis().language.mems() == 0 {
            return Ok(());
        }
        let accesses: Vec<ENodeId> = self
            .graph()
            .all_nodes()
            .filter(|node| {
                matches!(self.model.meaning(*node), Meaning::Simple(Op::Load | Op::Store))
            })
            .collect();
        for id in accesses {
            let node = self.graph().node(id);
            if self.graph().is_dead(node.region) {
                continue;
            }
            if self.model.meaning(id) == Meaning::Simple(Op::Load) {
                self.load_after_store(&node)?;
            } else {
                self.store(&node)?;
            }
        }
        Ok(())
    }

    /// The stores that made a version of memory.
    fn stores(&self, memory: EClassId) -> Vec<ENodeRef> {
        let graph = self.graph();
        let is_store = |node: &ENodeId| self.model.meaning(*node) == Meaning::Simple(Op::Store);
        graph.nodes(memory).filter(is_store).map(|node| graph.node(node)).collect()
    }

    /// Same place: forward the value. Another place: look at the memory before the store.
    fn load_after_store(&mut self, load: &ENodeRef) -> Result<(), Limit> {
        for store in self.stores(load.children[0]) {
            let place = &store.children[1..store.children.len() - 1];
            let wanted = &load.children[1..];
            if place == wanted || planted(Mutant::PlacesAreTheSame) && place[0] == wanted[0] {
                let stored = store.children[store.children.len() - 1];
                self.equate("forward-store", load.class, stored);
            } else if self.are_apart(place, wanted) {
                let mut children = Children::from_slice(&load.children);
                children[0] = store.children[0];
                let sort = Some(self.graph().sort(load.class));
                let graph = &mut self.model.graph;
                let earlier = graph.add(load.region, load.op, load.payload, &children, sort)?;
                self.equate("load-before-store", load.class, earlier);
            }
        }
        Ok(())
    }

    /// A store over a store hides it; a store of what is there changes nothing.
    fn store(&mut self, store: &ENodeRef) -> Result<(), Limit> {
        let last = store.children.len() - 1;
        for earlier in self.stores(store.children[0]) {
            if earlier.children[1..last] == store.children[1..last] {
                let mut children = Children::from_slice(&store.children);
                children[0] = earlier.children[0];
                let graph = &mut self.model.graph;
                let alone = graph.add(store.region, store.op, store.payload, &children, None)?;
                self.equate("dead-store", store.class, alone);
            }
        }
        let graph = self.graph();
        let silent = graph.nodes(store.children[last]).any(|node| {
            self.model.meaning(node) == Meaning::Simple(Op::Load)
                && (graph.children(node)[..] == store.children[..last]
                    || planted(Mutant::StoreIsSilent)
                        && graph.child(node, 0) == graph.find(store.children[0]))
        });
        if silent {
            self.equate("silent-store", store.class, store.children[0]);
        }
        Ok(())
    }

    /// Whether two places (array, indices) of one group cannot be the same element: indices of
    /// one array that differ.
    fn are_apart(&self, a: &[EClassId], b: &[EClassId]) -> bool {
        a[0] == b[0]
            && a.len() == b.len()
            && a[1..].iter().zip(&b[1..]).any(|(x, y)| {
                let graph = self.graph();
                let (known, other) = (integer(graph, *x), integer(graph, *y));
                (known.is_some() && other.is_some() && known != other)
                    || Prover::new(self.model, &self.ops).decide(Cmp::Eq, *x, *y) == Some(false)
            })
    }
}
