//! Operator tables: one table per operator, structure of arrays.
//!
//! A row is an e-node. The hash-cons is one `HashTable<u32>` of row numbers per operator whose
//! hashes are computed from the columns, so no key is stored twice. Invariant: a live row is in
//! the hash-cons under exactly the children its columns hold; rewriting the columns removes and
//! re-inserts it.

use hashbrown::HashTable;

use crate::{EClassId, ENodeId, PayloadId, RegionId, SortId};

/// The identity of a node within its operator. `sort` is present for operators with explicit sort.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key<'a> {
    pub(crate) region: RegionId,
    pub(crate) payload: PayloadId,
    pub(crate) sort: Option<SortId>,
    pub(crate) children: &'a [EClassId],
}

/// Row flags.
pub(crate) const DEAD: u8 = 1;
/// The row waits on the congruence worklist.
pub(crate) const DIRTY: u8 = 2;
/// The row waits on the analysis worklist.
pub(crate) const REMAKE: u8 = 4;

/// All nodes of one operator.
#[derive(Clone, Debug)]
pub(crate) struct OpTable {
    pub(crate) columns: Vec<Vec<EClassId>>,
    pub(crate) region: Vec<RegionId>,
    pub(crate) payload: Vec<PayloadId>,
    /// Sort of the row; empty unless the operator's sort is explicit.
    pub(crate) sort: Vec<SortId>,
    /// The class as of insertion; canonical only after `find`.
    pub(crate) class: Vec<EClassId>,
    pub(crate) node: Vec<ENodeId>,
    /// Time of the last change of the row, for delta matching.
    pub(crate) stamp: Vec<u32>,
    pub(crate) flags: Vec<u8>,
    memo: HashTable<u32>,
}

/// Multiply-fold hash of 32-bit words, finished so that high and low bits are both usable.
#[derive(Clone, Copy)]
pub(crate) struct WordHash(u64);

impl WordHash {
    const SEED: u64 = 0x517c_c1b7_2722_0a95;

    pub(crate) fn new() -> Self {
        Self(0)
    }

    pub(crate) fn add(&mut self, word: u32) {
        self.0 = (self.0.rotate_left(5) ^ u64::from(word)).wrapping_mul(Self::SEED);
    }

    pub(crate) fn finish(self) -> u64 {
        (self.0 ^ (self.0 >> 32)).wrapping_mul(Self::SEED)
    }
}

fn hash_parts(
    region: RegionId,
    payload: PayloadId,
    sort: Option<SortId>,
    children: impl Iterator<Item = EClassId>,
) -> u64 {
    let mut hash = WordHash::new();
    hash.add(region.as_u32());
    hash.add(payload.as_u32());
    hash.add(sort.map_or(u32::MAX, SortId::as_u32));
    for child in children {
        hash.add(child.as_u32());
    }
    hash.finish()
}

impl OpTable {
    pub(crate) fn new(arity: usize) -> Self {
        Self {
            columns: vec![Vec::new(); arity],
            region: Vec::new(),
            payload: Vec::new(),
            sort: Vec::new(),
            class: Vec::new(),
            node: Vec::new(),
            stamp: Vec::new(),
            flags: Vec::new(),
            memo: HashTable::new(),
        }
    }

    /// Number of rows, dead ones included.
    pub(crate) fn len(&self) -> usize {
        self.class.len()
    }

    pub(crate) fn is_dead(&self, row: u32) -> bool {
        self.flags[row as usize] & DEAD != 0
    }

    fn hash_row(&self, row: u32) -> u64 {
        let row = row as usize;
        hash_parts(
            self.region[row],
            self.payload[row],
            self.sort.get(row).copied(),
            self.columns.iter().map(|column| column[row]),
        )
    }

    fn row_is(&self, row: u32, key: &Key<'_>) -> bool {
        let row = row as usize;
        self.region[row] == key.region
            && self.payload[row] == key.payload
            && self.sort.get(row).copied() == key.sort
            && self.columns.iter().zip(key.children).all(|(column, child)| column[row] == *child)
    }

    /// The live row with this key.
    pub(crate) fn find(&self, key: &Key<'_>) -> Option<u32> {
        let hash = hash_parts(key.region, key.payload, key.sort, key.children.iter().copied());
        self.memo.find(hash, |row| self.row_is(*row, key)).copied()
    }

    /// Appends a row that `find` does not know.
    pub(crate) fn push(
        &mut self,
        key: &Key<'_>,
        class: EClassId,
        node: ENodeId,
        stamp: u32,
    ) -> u32 {
        let row = u32::try_from(self.len()).expect("tables hold fewer than 2^32 rows");
        for (column, child) in self.columns.iter_mut().zip(key.children) {
            column.push(*child);
        }
        self.region.push(key.region);
        self.payload.push(key.payload);
        self.sort.extend(key.sort);
        self.class.push(class);
        self.node.push(node);
        self.stamp.push(stamp);
        self.flags.push(0);
        self.memo_insert(row);
        row
    }

    /// Takes a live row out of the hash-cons; its columns may change afterwards.
    pub(crate) fn memo_remove(&mut self, row: u32) {
        let hash = self.hash_row(row);
        let found = self.memo.find_entry(hash, |r| *r == row);
        debug_assert!(found.is_ok(), "a live row is in the hash-cons");
        if let Ok(entry) = found {
            entry.remove();
        }
    }

    /// The row equal to the columns of `row`, which is not in the hash-cons itself.
    pub(crate) fn memo_twin(&self, row: u32) -> Option<u32> {
        let same = |other: &u32| {
            let (a, b) = (row as usize, *other as usize);
            self.region[a] == self.region[b]
                && self.payload[a] == self.payload[b]
                && self.sort.get(a) == self.sort.get(b)
                && self.columns.iter().all(|column| column[a] == column[b])
        };
        self.memo.find(self.hash_row(row), same).copied()
    }

    pub(crate) fn memo_insert(&mut self, row: u32) {
        let hash = self.hash_row(row);
        // The table rehashes while the columns are borrowed: take it out for the duration.
        let mut memo = std::mem::take(&mut self.memo);
        memo.insert_unique(hash, row, |r| self.hash_row(*r));
        self.memo = memo;
    }

    pub(crate) fn memo_len(&self) -> usize {
        self.memo.len()
    }

    pub(crate) fn bytes(&self) -> usize {
        let columns: usize = self.columns.iter().map(Vec::capacity).sum();
        let words = columns
            + self.region.capacity()
            + self.payload.capacity()
            + self.sort.capacity()
            + self.class.capacity()
            + self.node.capacity()
            + self.stamp.capacity();
        words * 4 + self.flags.capacity() + self.memo.capacity() * 5
    }
}
