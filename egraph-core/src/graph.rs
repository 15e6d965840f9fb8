//! The e-graph: operator tables, dense classes, and the queries over them.
//!
//! Insertion and union are in `insert.rs`, congruence closure in `rebuild.rs`. Between a union and
//! the next [`EGraph::rebuild`] the e-graph is usable but not congruence-closed: a lookup may miss,
//! an insertion may create a node that the rebuild merges away.

use std::collections::VecDeque;

use crate::log::UnionEntry;
use crate::pool::{List, ListPool};
use crate::region::RegionTree;
use crate::table::OpTable;
use crate::unionfind::UnionFind;
use crate::{
    Analysis, Children, EClassId, ENodeId, ENodeRef, Limit, OpId, PayloadId, RegionId, Signature,
    SortId,
};

/// A set of terms and equalities between them, closed under congruence by [`EGraph::rebuild`].
///
/// Terms are shared: a class is a set of nodes known to be equal, and the children of a node are
/// classes. Every class lives in one region and has one sort; only classes with the same region
/// and sort can be equal.
#[derive(Clone, Debug)]
pub struct EGraph<A: Analysis = ()> {
    pub(crate) signature: Signature,
    pub(crate) analysis: A,
    pub(crate) regions: RegionTree,
    pub(crate) tables: Vec<OpTable>,
    /// Where each node is: operator and row.
    pub(crate) directory: Vec<(OpId, u32)>,
    pub(crate) uf: UnionFind,
    pub(crate) class_region: Vec<RegionId>,
    pub(crate) class_sort: Vec<SortId>,
    pub(crate) class_data: Vec<A::Data>,
    /// Live nodes of a class, sorted by (operator, id).
    pub(crate) class_nodes: Vec<List>,
    /// Nodes with the class as a child; dead ones and repetitions are dropped at rebuild.
    pub(crate) class_parents: Vec<List>,
    pub(crate) lists: ListPool,
    /// Nodes whose children are displaced, by depth of their region.
    pub(crate) dirty: Vec<Vec<ENodeId>>,
    /// Nodes whose analysis value must be computed again, by depth of their region.
    pub(crate) remake: Vec<Vec<ENodeId>>,
    pub(crate) modify: VecDeque<EClassId>,
    /// Classes whose parent lists want compaction.
    pub(crate) touched: Vec<EClassId>,
    pub(crate) live_nodes: usize,
    pub(crate) live_classes: usize,
    pub(crate) node_limit: usize,
    /// Row stamps count rebuilds.
    pub(crate) clock: u32,
    pub(crate) version: u64,
    pub(crate) log: Option<Vec<UnionEntry>>,
}

impl<A: Analysis + Default> Default for EGraph<A> {
    fn default() -> Self {
        Self::new(Signature::new(), A::default())
    }
}

impl<A: Analysis> EGraph<A> {
    /// An empty e-graph over a signature.
    pub fn new(signature: Signature, analysis: A) -> Self {
        let tables = signature.ops().map(|op| OpTable::new(signature.arity(op))).collect();
        Self {
            signature,
            analysis,
            regions: RegionTree::new(),
            tables,
            directory: Vec::new(),
            uf: UnionFind::default(),
            class_region: Vec::new(),
            class_sort: Vec::new(),
            class_data: Vec::new(),
            class_nodes: Vec::new(),
            class_parents: Vec::new(),
            lists: ListPool::default(),
            dirty: Vec::new(),
            remake: Vec::new(),
            modify: VecDeque::new(),
            touched: Vec::new(),
            live_nodes: 0,
            live_classes: 0,
            node_limit: usize::MAX,
            clock: 0,
            version: 0,
            log: None,
        }
    }

    /// The signature.
    pub fn signature(&self) -> &Signature {
        &self.signature
    }

    /// Extends the signature; operators and sorts are only ever added.
    pub fn extend_signature<T>(&mut self, extend: impl FnOnce(&mut Signature) -> T) -> T {
        let result = extend(&mut self.signature);
        let known = self.tables.len();
        let signature = &self.signature;
        self.tables.extend(signature.ops().skip(known).map(|op| OpTable::new(signature.arity(op))));
        result
    }

    /// The analysis.
    pub fn analysis(&self) -> &A {
        &self.analysis
    }

    /// The analysis, for instance to reach an interner of constants kept in it. Changing what
    /// `make` or `merge` answer for existing classes breaks the analysis values.
    pub fn analysis_mut(&mut self) -> &mut A {
        &mut self.analysis
    }

    // Regions.

    /// A new region inside `parent`.
    pub fn add_region(&mut self, parent: RegionId) -> RegionId {
        self.regions.add(parent)
    }

    /// The parent of a region; `None` for [`RegionId::ROOT`].
    pub fn parent(&self, region: RegionId) -> Option<RegionId> {
        self.regions.parent(region)
    }

    /// The regions directly inside a region, in order of creation.
    pub fn child_regions(&self, region: RegionId) -> &[RegionId] {
        self.regions.children(region)
    }

    /// Distance of a region from the root.
    pub fn depth(&self, region: RegionId) -> usize {
        self.regions.depth(region) as usize
    }

    /// Number of regions, dead ones included.
    pub fn region_count(&self) -> usize {
        self.regions.len()
    }

    /// True for a region that no execution reaches: a class in it or in a region around it is
    /// contradictory, or the client killed it. Matching skips dead regions.
    pub fn is_dead(&self, region: RegionId) -> bool {
        self.regions.is_dead(region)
    }

    /// Declares a region and all regions inside it unreachable. False if that was known.
    /// What the death of a region means for the ones around it is the client's business.
    pub fn kill_region(&mut self, region: RegionId) -> bool {
        let killed = self.regions.kill(region);
        self.version += u64::from(killed);
        killed
    }

    /// Every region that died, in order of death, so that a client can keep a cursor into it.
    pub fn dead_regions(&self) -> &[RegionId] {
        self.regions.deaths()
    }

    /// Asserts that a region is reachable, as [`RegionId::ROOT`] always is: should it die, then
    /// the facts put into the e-graph were wrong, and [`EGraph::root_contradiction`] says so.
    pub fn assert_live(&mut self, region: RegionId) {
        self.regions.assert_live(region);
    }

    /// The first region that died although it was asserted to be reachable. The e-graph's
    /// contents are then worthless.
    pub fn root_contradiction(&self) -> Option<RegionId> {
        self.regions.contradiction()
    }

    // Classes.

    /// The canonical id of a class.
    pub fn find(&self, class: EClassId) -> EClassId {
        self.uf.find(class)
    }

    /// The region a class lives in.
    pub fn region(&self, class: EClassId) -> RegionId {
        self.class_region[class.index()]
    }

    /// The sort of a class.
    pub fn sort(&self, class: EClassId) -> SortId {
        self.class_sort[class.index()]
    }

    /// The analysis value of a class.
    pub fn data(&self, class: EClassId) -> &A::Data {
        &self.class_data[self.find(class).index()]
    }

    /// Canonical classes in ascending order of id.
    pub fn classes(&self) -> impl Iterator<Item = EClassId> + '_ {
        (0..self.uf.len()).map(EClassId::from_index).filter(|class| self.uf.is_root(*class))
    }

    /// Number of canonical classes.
    pub fn class_count(&self) -> usize {
        self.live_classes
    }

    /// One more than the largest class index ever handed out: the length of a side table.
    pub fn class_bound(&self) -> usize {
        self.uf.len()
    }

    /// The nodes of a class, grouped by operator, older first within an operator.
    pub fn nodes(&self, class: EClassId) -> impl ExactSizeIterator<Item = ENodeId> + '_ {
        self.node_ids(class).iter().map(|raw| ENodeId::new(*raw))
    }

    /// The nodes of a class with a given operator.
    pub fn nodes_of(
        &self,
        class: EClassId,
        op: OpId,
    ) -> impl ExactSizeIterator<Item = ENodeId> + '_ {
        self.node_ids_of(class, op).iter().map(|raw| ENodeId::new(*raw))
    }

    pub(crate) fn node_ids(&self, class: EClassId) -> &[u32] {
        self.lists.slice(self.class_nodes[self.find(class).index()])
    }

    pub(crate) fn node_ids_of(&self, class: EClassId, op: OpId) -> &[u32] {
        let all = self.node_ids(class);
        let op_of = |raw: &u32| self.directory[*raw as usize].0;
        let from = all.partition_point(|raw| op_of(raw) < op);
        let len = all[from..].partition_point(|raw| op_of(raw) == op);
        &all[from..from + len]
    }

    /// The live nodes that have a class as a child; each once after [`EGraph::rebuild`].
    pub fn parents(&self, class: EClassId) -> impl Iterator<Item = ENodeId> + '_ {
        let all = self.lists.slice(self.class_parents[self.find(class).index()]);
        all.iter().map(|raw| ENodeId::new(*raw)).filter(|node| self.is_live(*node))
    }

    // Nodes.

    /// Number of live nodes.
    pub fn node_count(&self) -> usize {
        self.live_nodes
    }

    /// All live nodes in order of insertion.
    pub fn all_nodes(&self) -> impl Iterator<Item = ENodeId> + '_ {
        (0..self.directory.len()).map(ENodeId::from_index).filter(|node| self.is_live(*node))
    }

    /// The live nodes of one operator in order of insertion.
    pub fn nodes_with_op(&self, op: OpId) -> impl Iterator<Item = ENodeId> + '_ {
        let table = &self.tables[op.index()];
        (0..table.len()).filter(|row| !table.is_dead(*row as u32)).map(|row| table.node[row])
    }

    /// False for a node that congruence merged into another one.
    pub fn is_live(&self, node: ENodeId) -> bool {
        let (op, row) = self.directory[node.index()];
        !self.tables[op.index()].is_dead(row)
    }

    /// A copy of a node, with canonical classes.
    pub fn node(&self, node: ENodeId) -> ENodeRef {
        let (op, row) = self.directory[node.index()];
        let table = &self.tables[op.index()];
        let row = row as usize;
        ENodeRef {
            id: node,
            op,
            payload: table.payload[row],
            region: table.region[row],
            children: table.columns.iter().map(|column| self.find(column[row])).collect(),
            class: self.find(table.class[row]),
        }
    }

    /// The operator of a node.
    pub fn op(&self, node: ENodeId) -> OpId {
        self.directory[node.index()].0
    }

    /// The payload of a node.
    pub fn payload(&self, node: ENodeId) -> PayloadId {
        let (op, row) = self.directory[node.index()];
        self.tables[op.index()].payload[row as usize]
    }

    /// The canonical class of a node's child.
    pub fn child(&self, node: ENodeId, position: usize) -> EClassId {
        let (op, row) = self.directory[node.index()];
        self.find(self.tables[op.index()].columns[position][row as usize])
    }

    /// The canonical classes of a node's children.
    pub fn children(&self, node: ENodeId) -> Children {
        let (op, row) = self.directory[node.index()];
        let columns = &self.tables[op.index()].columns;
        columns.iter().map(|column| self.find(column[row as usize])).collect()
    }

    /// The canonical class of a node.
    pub fn class_of(&self, node: ENodeId) -> EClassId {
        let (op, row) = self.directory[node.index()];
        self.find(self.tables[op.index()].class[row as usize])
    }

    // Limits, log, size.

    /// Refuses insertions once this many nodes are live. A merge during rebuild makes room again.
    pub fn set_node_limit(&mut self, nodes: usize) {
        self.node_limit = nodes;
    }

    /// The limit on live nodes; `usize::MAX` unless set.
    pub fn node_limit(&self) -> usize {
        self.node_limit
    }

    pub(crate) fn check_limit(&self) -> Result<(), Limit> {
        if self.live_nodes >= self.node_limit {
            return Err(Limit { nodes: self.node_limit });
        }
        Ok(())
    }

    /// Starts or stops (and forgets) the log of unions.
    pub fn set_union_log(&mut self, on: bool) {
        self.log = on.then(|| self.log.take().unwrap_or_default());
    }

    /// The unions since the log was started, in order; empty while it is off.
    pub fn union_log(&self) -> &[UnionEntry] {
        self.log.as_deref().unwrap_or(&[])
    }

    /// Counts changes: insertions, unions, changed analysis values, dead regions. Equal numbers
    /// mean that nothing happened in between.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// True when there is nothing for [`EGraph::rebuild`] to do.
    pub fn is_rebuilt(&self) -> bool {
        self.dirty.iter().chain(&self.remake).all(Vec::is_empty) && self.modify.is_empty()
    }

    /// Bytes held, as capacity of the arrays; what analysis values own is not included.
    pub fn bytes(&self) -> usize {
        let tables: usize = self.tables.iter().map(OpTable::bytes).sum();
        let classes = self.uf.bytes()
            + self.class_region.capacity() * size_of::<RegionId>()
            + self.class_sort.capacity() * size_of::<SortId>()
            + self.class_data.capacity() * size_of::<A::Data>()
            + (self.class_nodes.capacity() + self.class_parents.capacity()) * size_of::<List>();
        let log = self.log.as_ref().map_or(0, |log| log.capacity() * size_of::<UnionEntry>());
        tables
            + classes
            + log
            + self.lists.bytes()
            + self.directory.capacity() * size_of::<(OpId, u32)>()
    }
}
