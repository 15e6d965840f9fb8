//! Congruence closure by worklist (Downey, Sethi, Tarjan 1980; deferred as in egg, POPL 2021).
//!
//! A union queues the parents of the class that lost. Rebuilding takes the queued nodes, outer
//! regions first, rewrites their columns to canonical classes and re-enters them into the
//! hash-cons; a node that meets its twin there dies and the two classes are merged. Analyses ride
//! along: a changed value queues the parents for another `make`.

use smallvec::SmallVec;

use crate::log::Reason;
use crate::table::{DEAD, DIRTY, REMAKE};
use crate::{Analysis, EGraph, ENodeId};

impl<A: Analysis> EGraph<A> {
    /// Restores congruence and the analysis values, and lets [`Analysis::modify`] act. Cost is
    /// proportional to the nodes whose children changed. Returns the number of classes merged.
    pub fn rebuild(&mut self) -> usize {
        let before = self.live_classes;
        loop {
            if let Some(node) = pop_outermost(&mut self.dirty) {
                self.recanonicalise(node);
            } else if let Some(node) = pop_outermost(&mut self.remake) {
                self.make_again(node);
            } else if let Some(class) = self.modify.pop_front() {
                let class = self.uf.find_mut(class);
                if !self.is_dead(self.region(class)) {
                    A::modify(self, class);
                }
            } else {
                break;
            }
        }
        self.compact_parents();
        self.clock += 1;
        debug_assert!(self.tables.iter().all(|table| table.memo_len() <= table.len()));
        before.saturating_sub(self.live_classes)
    }

    fn recanonicalise(&mut self, node: ENodeId) {
        let (op, row) = self.directory[node.index()];
        let r = row as usize;
        let table = &mut self.tables[op.index()];
        table.flags[r] &= !DIRTY;
        if table.flags[r] & DEAD != 0 {
            return;
        }
        table.memo_remove(row);
        for column in &mut table.columns {
            column[r] = self.uf.find_mut(column[r]);
        }
        table.stamp[r] = self.clock;
        match table.memo_twin(row) {
            None => table.memo_insert(row),
            Some(twin) => {
                table.flags[r] |= DEAD;
                let (ours, theirs) = (table.class[r], table.class[twin as usize]);
                self.live_nodes -= 1;
                self.remove_from_class(node);
                let merged = self.union(ours, theirs, Reason::Congruence);
                debug_assert!(merged.is_ok(), "equal nodes have one region and one sort");
            }
        }
    }

    fn remove_from_class(&mut self, node: ENodeId) {
        let class = self.class_of(node);
        let key = |raw: u32| (self.directory[raw as usize].0, raw);
        let nodes = self.node_ids(class);
        let wanted = key(node.as_u32());
        if let Ok(position) = nodes.binary_search_by(|raw| key(*raw).cmp(&wanted)) {
            self.lists.remove_at(self.class_nodes[class.index()], position);
        } else {
            debug_assert!(false, "a live node is listed in its class");
        }
    }

    fn make_again(&mut self, node: ENodeId) {
        let (op, row) = self.directory[node.index()];
        let flags = &mut self.tables[op.index()].flags[row as usize];
        *flags &= !REMAKE;
        if *flags & DEAD == 0 {
            let data = self.analysis.make(self, node);
            let class = self.class_of(node);
            self.merge_data(class, data);
        }
    }

    /// Drops dead and repeated entries from the parent lists that unions concatenated.
    fn compact_parents(&mut self) {
        let mut touched = std::mem::take(&mut self.touched);
        for class in &mut touched {
            *class = self.uf.find_mut(*class);
        }
        touched.sort_unstable();
        touched.dedup();
        for class in touched {
            let list = self.class_parents[class.index()];
            let all = self.lists.slice(list).iter().copied();
            let mut kept: SmallVec<[u32; 16]> =
                all.filter(|raw| self.is_live(ENodeId::new(*raw))).collect();
            kept.sort_unstable();
            kept.dedup();
            self.lists.set(&mut self.class_parents[class.index()], &kept);
        }
    }
}

fn pop_outermost(queues: &mut [Vec<ENodeId>]) -> Option<ENodeId> {
    queues.iter_mut().find_map(Vec::pop)
}
