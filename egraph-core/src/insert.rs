//! Insertion, lookup, union, analysis data.

use smallvec::SmallVec;

use crate::log::{Reason, UnionEntry};
use crate::pool::List;
use crate::table::{DIRTY, Key, REMAKE};
use crate::{
    Analysis, Children, EClassId, EGraph, ENodeId, Limit, OpId, PayloadId, RegionId, SortId,
    SortRule, UnionError,
};

impl<A: Analysis> EGraph<A> {
    /// The class of the node with this operator, payload and children in a region, inserted if it
    /// is new. `sort` is required for operators with [`SortRule::Explicit`] (part of the node's
    /// identity there) and ignored otherwise.
    ///
    /// Children must live in `region`, or in its parent for a crossing operator.
    ///
    /// # Errors
    /// [`Limit`] when the node is new and the e-graph is full; nothing has changed then.
    pub fn add(
        &mut self,
        region: RegionId,
        op: OpId,
        payload: PayloadId,
        children: &[EClassId],
        sort: Option<SortId>,
    ) -> Result<EClassId, Limit> {
        let children = self.canonical(children);
        let key = self.key(region, op, payload, &children, sort);
        if let Some(row) = self.tables[op.index()].find(&key) {
            return Ok(self.uf.find_mut(self.tables[op.index()].class[row as usize]));
        }
        self.check_limit()?;
        let class = EClassId::from_index(self.uf.len());
        let result_sort = self.result_sort(op, &children, sort);
        let made = self.uf.make();
        debug_assert_eq!(made, class);
        self.class_region.push(region);
        self.class_sort.push(result_sort);
        let (node, data) = self.insert_row(op, &key, class);
        let mut nodes = List::default();
        self.lists.push(&mut nodes, node.as_u32());
        self.class_nodes.push(nodes);
        self.class_parents.push(List::default());
        if self.analysis.contradiction(&data) {
            self.kill_region(region);
        }
        self.class_data.push(data);
        self.live_classes += 1;
        self.modify.push_back(class);
        Ok(class)
    }

    /// As [`EGraph::add`] for an operator with an inferred sort and without payload.
    ///
    /// # Errors
    /// As [`EGraph::add`].
    pub fn add_op(
        &mut self,
        region: RegionId,
        op: OpId,
        children: &[EClassId],
    ) -> Result<EClassId, Limit> {
        self.add(region, op, PayloadId::NONE, children, None)
    }

    /// The class of the node, if it is present. Between a union and [`EGraph::rebuild`] a node may
    /// be missed.
    pub fn lookup(
        &self,
        region: RegionId,
        op: OpId,
        payload: PayloadId,
        children: &[EClassId],
        sort: Option<SortId>,
    ) -> Option<EClassId> {
        let children: Children = children.iter().map(|child| self.find(*child)).collect();
        let key = self.key(region, op, payload, &children, sort);
        let table = &self.tables[op.index()];
        table.find(&key).map(|row| self.find(table.class[row as usize]))
    }

    /// Puts a node into an existing class, as an equal form of it: the cheap way to
    /// `union(class, add(node))`, without a class in between. True when that changed anything.
    ///
    /// # Errors
    /// [`AddIntoError::Limit`] as [`EGraph::add`]; [`AddIntoError::Union`] when the node's sort is
    /// not the class's. Nothing has changed then.
    pub fn add_into(
        &mut self,
        class: EClassId,
        op: OpId,
        payload: PayloadId,
        children: &[EClassId],
        reason: Reason,
    ) -> Result<bool, AddIntoError> {
        let class = self.uf.find_mut(class);
        let (region, class_sort) = (self.region(class), self.sort(class));
        let children = self.canonical(children);
        let key = self.key(region, op, payload, &children, Some(class_sort));
        if let Some(row) = self.tables[op.index()].find(&key) {
            let other = self.tables[op.index()].class[row as usize];
            return self.union(class, other, reason).map_err(AddIntoError::Union);
        }
        let sort = self.result_sort(op, &children, Some(class_sort));
        if sort != class_sort {
            return Err(AddIntoError::Union(UnionError::SortMismatch(class_sort, sort)));
        }
        self.check_limit().map_err(AddIntoError::Limit)?;
        let (node, data) = self.insert_row(op, &key, class);
        let position = self.node_ids(class).partition_point(|raw| {
            let other = self.directory[*raw as usize].0;
            other <= op
        });
        self.lists.insert_at(&mut self.class_nodes[class.index()], position, node.as_u32());
        if let Some(log) = &mut self.log {
            log.push(UnionEntry { left: class, right: class, node: Some(node), reason });
        }
        self.merge_data(class, data);
        Ok(true)
    }

    /// Makes two classes equal. True when they were not before. Consequences by congruence and
    /// analysis wait for [`EGraph::rebuild`].
    ///
    /// # Errors
    /// [`UnionError`] when region or sort differ; nothing has changed then.
    pub fn union(&mut self, a: EClassId, b: EClassId, reason: Reason) -> Result<bool, UnionError> {
        let (left, right) = (self.uf.find_mut(a), self.uf.find_mut(b));
        if left == right {
            return Ok(false);
        }
        let (region, other) = (self.region(left), self.region(right));
        if region != other {
            return Err(UnionError::RegionMismatch(region, other));
        }
        if self.sort(left) != self.sort(right) {
            return Err(UnionError::SortMismatch(self.sort(left), self.sort(right)));
        }
        if let Some(log) = &mut self.log {
            log.push(UnionEntry { left: a, right: b, node: None, reason });
        }
        // The class with fewer parents loses, because the loser's parents are touched.
        let weight = |class: EClassId| self.lists.len(self.class_parents[class.index()]);
        let (wl, wr) = (weight(left), weight(right));
        let left_wins = wl > wr || (wl == wr && left < right);
        let (winner, loser) = if left_wins { (left, right) } else { (right, left) };
        self.uf.link(winner, loser);
        self.live_classes -= 1;
        self.version += 1;
        self.merge_lists(winner, loser);
        self.merge_class_data(winner, loser);
        Ok(true)
    }

    /// Merges a value into the analysis value of a class. True when the class's value changed.
    pub fn merge_data(&mut self, class: EClassId, data: A::Data) -> bool {
        let class = self.uf.find_mut(class);
        let changed = self.analysis.merge(&mut self.class_data[class.index()], data);
        if changed {
            self.data_changed(class);
        }
        changed
    }

    /// Replaces the analysis value of a class. The nodes of the class are not asked again, so the
    /// value stays until something is merged into it.
    pub fn set_data(&mut self, class: EClassId, data: A::Data) {
        let class = self.uf.find_mut(class);
        if self.class_data[class.index()] != data {
            self.class_data[class.index()] = data;
            self.data_changed(class);
        }
    }

    pub(crate) fn canonical(&mut self, children: &[EClassId]) -> Children {
        children.iter().map(|child| self.uf.find_mut(*child)).collect()
    }

    pub(crate) fn key<'a>(
        &self,
        region: RegionId,
        op: OpId,
        payload: PayloadId,
        children: &'a [EClassId],
        sort: Option<SortId>,
    ) -> Key<'a> {
        let decl = self.signature.decl(op);
        debug_assert_eq!(children.len(), decl.arity, "arity of `{}`", decl.name);
        debug_assert!(
            {
                let home = if decl.crosses { self.parent(region) } else { Some(region) };
                children.iter().all(|child| Some(self.region(*child)) == home)
            },
            "a child of `{}` lives in another region than {region:?} asks for",
            decl.name
        );
        let sort = match decl.sort {
            SortRule::Explicit => {
                Some(sort.expect("an operator with explicit sort is inserted with a sort"))
            }
            SortRule::Fixed(_) | SortRule::SameAs(_) => None,
        };
        Key { region, payload, sort, children }
    }

    fn result_sort(&self, op: OpId, children: &[EClassId], sort: Option<SortId>) -> SortId {
        match self.signature.decl(op).sort {
            SortRule::Fixed(sort) => sort,
            SortRule::SameAs(child) => self.sort(children[child]),
            SortRule::Explicit => {
                sort.expect("an operator with explicit sort is inserted with a sort")
            }
        }
    }

    /// Appends the row and registers it with its children; the class is the caller's to fill.
    fn insert_row(&mut self, op: OpId, key: &Key<'_>, class: EClassId) -> (ENodeId, A::Data) {
        let node = ENodeId::from_index(self.directory.len());
        let row = self.tables[op.index()].push(key, class, node, self.clock);
        self.directory.push((op, row));
        for (position, child) in key.children.iter().enumerate() {
            if !key.children[..position].contains(child) {
                self.lists.push(&mut self.class_parents[child.index()], node.as_u32());
            }
        }
        self.live_nodes += 1;
        self.version += 1;
        let data = self.analysis.make(self, node);
        (node, data)
    }

    /// Joins the node and parent lists of two classes and queues the loser's parents.
    fn merge_lists(&mut self, winner: EClassId, loser: EClassId) {
        let (w, l) = (winner.index(), loser.index());
        let displaced: SmallVec<[u32; 8]> =
            self.lists.slice(self.class_parents[l]).iter().copied().collect();
        for raw in &displaced {
            self.lists.push(&mut self.class_parents[w], *raw);
            self.enqueue(ENodeId::new(*raw), DIRTY);
        }
        self.lists.release(&mut self.class_parents[l]);
        self.touched.push(winner);

        let order = |raw: &u32| (self.directory[*raw as usize].0, *raw);
        let mut merged: SmallVec<[u32; 16]> = SmallVec::new();
        let (mut ours, mut theirs) =
            (self.lists.slice(self.class_nodes[w]), self.lists.slice(self.class_nodes[l]));
        while let (Some(a), Some(b)) = (ours.first(), theirs.first()) {
            let side = if order(a) < order(b) { &mut ours } else { &mut theirs };
            merged.push(side[0]);
            *side = &side[1..];
        }
        merged.extend_from_slice(ours);
        merged.extend_from_slice(theirs);
        self.lists.set(&mut self.class_nodes[w], &merged);
        self.lists.release(&mut self.class_nodes[l]);
    }

    fn merge_class_data(&mut self, winner: EClassId, loser: EClassId) {
        let theirs = self.class_data[loser.index()].clone();
        let ours = &mut self.class_data[winner.index()];
        let changed = self.analysis.merge(ours, theirs.clone());
        let differs = *ours != theirs;
        // Parents of either side saw one of the two old values; both are in the winner's list.
        if changed || differs {
            self.data_changed(winner);
        } else {
            self.modify.push_back(winner);
        }
    }

    pub(crate) fn data_changed(&mut self, class: EClassId) {
        self.version += 1;
        if self.analysis.contradiction(&self.class_data[class.index()]) {
            self.kill_region(self.region(class));
        }
        let parents: SmallVec<[u32; 8]> =
            self.lists.slice(self.class_parents[class.index()]).iter().copied().collect();
        for raw in parents {
            self.enqueue(ENodeId::new(raw), REMAKE);
        }
        self.modify.push_back(class);
    }

    /// Puts a node on the worklist its flag stands for, unless it is on it or dead.
    fn enqueue(&mut self, node: ENodeId, flag: u8) {
        let (op, row) = self.directory[node.index()];
        let table = &mut self.tables[op.index()];
        let flags = &mut table.flags[row as usize];
        if *flags & (flag | crate::table::DEAD) != 0 {
            return;
        }
        *flags |= flag;
        let depth = self.regions.depth(table.region[row as usize]) as usize;
        let queues = if flag == DIRTY { &mut self.dirty } else { &mut self.remake };
        if queues.len() <= depth {
            queues.resize_with(depth + 1, Vec::new);
        }
        queues[depth].push(node);
    }
}

/// Why a node could not be put into a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddIntoError {
    /// The e-graph is full.
    Limit(Limit),
    /// The node cannot be equal to the class.
    Union(UnionError),
}
