//! Loops that run a small, known number of times become their iterations, one after the other.
//!
//! Each iteration is a copy under the contract of dissolved branches: its entry is implied by the
//! entry to the loop, because the count is exact. Iterations start from what the one before left.
//! Nothing is decided here: extraction takes the loop or the iterations, whichever costs less.

use super::Round;
use crate::language::InstanceId;
use crate::trips::of_instance;
use egraph_core::{EClassId, Limit, RegionId};

/// Iterations of a loop that is unrolled whole.
const MAX_TRIPS: usize = 8;
/// Nodes that unrolling may add for one loop.
const MAX_NODES: usize = 256;
/// Nodes that unrolling may add in one function.
const BUDGET: usize = 4096;

impl Round<'_, '_> {
    /// Unrolls a loop whole, if its count and its size allow it.
    pub(super) fn unroll(&mut self, id: InstanceId) -> Result<(), Limit> {
        let instance = self.model.instance(id);
        let trips = of_instance(&self.model.graph, instance);
        // Fewer than two iterations dissolve.
        if !trips.exact || !(2.0..=MAX_TRIPS as f64).contains(&trips.estimate) {
            return Ok(());
        }
        let (body, trips) = (instance.regions[0], trips.estimate as usize);
        let added = trips * self.size(body);
        if added > MAX_NODES
            || self.memory.unrolled + added > BUDGET
            || !self.first("unroll", id.index(), 0)
        {
            return Ok(());
        }
        self.memory.unrolled += added;
        let ports = self.model.instance(id).ports.clone();
        let mut values: Vec<Option<EClassId>> = ports.iter().map(|port| port.init).collect();
        for _ in 0..trips {
            let results: Vec<EClassId> = ports.iter().map(|port| port.results[0]).collect();
            let Some(next) = self.iteration(id, &values, &results)? else { return Ok(()) };
            values = next;
            self.model.graph.rebuild();
        }
        for (port, value) in ports.iter().zip(values) {
            if let Some(value) = value {
                self.equate("unroll", port.out, value);
            }
        }
        Ok(())
    }

    /// Whether a rule may copy so many nodes for a loop, the first time that it asks.
    pub(super) fn may_copy(
        &mut self,
        id: InstanceId,
        rule: &'static str,
        nodes: Option<usize>,
    ) -> bool {
        let Some(nodes) = nodes.filter(|nodes| self.memory.unrolled + nodes <= BUDGET) else {
            return false;
        };
        let first = !self.memory.is_off(rule) && self.first(rule, id.index(), 0);
        self.memory.unrolled += if first { nodes } else { 0 };
        first
    }

    /// Nodes of a region and the regions inside.
    pub(super) fn size(&mut self, region: RegionId) -> usize {
        if self.sizes.is_empty() {
            let graph = &self.model.graph;
            let mut sizes = vec![0; graph.region_count()];
            for node in graph.all_nodes() {
                sizes[graph.region(graph.class_of(node)).index()] += 1;
            }
            for at in (1..sizes.len()).rev() {
                let parent = graph.parent(RegionId::from_index(at));
                if let Some(parent) = parent {
                    sizes[parent.index()] += sizes[at];
                }
            }
            self.sizes = sizes;
        }
        // A region that this round made is a copy; it waits for the next one.
        self.sizes.get(region.index()).copied().unwrap_or(usize::MAX / MAX_TRIPS)
    }
}
