//! Indexes from the value of one column to the rows that hold it.
//!
//! An index is built when a plan or a rebuild first wants it, and catches up with the rows appended
//! since at its next use: a table that only grows pays nothing. A key with one row costs 4 bytes;
//! more rows go to blocks of 4, 8, 16, … words in one arena. Rows that died stay listed until their
//! key is displaced; readers skip them. Reading is O(1) plus the rows, writing amortised O(1).

use hashbrown::HashTable;

use super::Value;
use super::hash::hash_word;
use super::room::{held, reserve};

/// No rows.
const EMPTY: u32 = u32::MAX;
/// An entry with this bit is the offset of a block, any other one row.
const BLOCK: u32 = 1 << 31;
/// Entries of one page of a dense index.
const PAGE: usize = 32;

/// From a value to its entry. Class ids are dense: pages of them are allocated where needed.
#[derive(Clone, Debug)]
enum Heads {
    Paged { pages: Vec<u32>, entries: Vec<u32> },
    Hashed(HashTable<(Value, u32)>),
}

/// Rows by the value of a column.
#[derive(Clone, Debug)]
pub(crate) struct Index {
    heads: Heads,
    blocks: Vec<u32>,
    /// Offsets of unused blocks by size class.
    free: Vec<Vec<u32>>,
    /// Rows before this one are listed.
    pub(crate) upto: u32,
    /// It will be read before rows change.
    pub(crate) wanted: bool,
    /// Keys that were ever listed: with the rows, an estimate of the fan-out.
    pub(crate) keys: u32,
}

impl Index {
    /// An empty index; `dense` for values that are handed out one after the other.
    pub(crate) fn new(dense: bool) -> Self {
        let heads = if dense {
            Heads::Paged { pages: Vec::new(), entries: Vec::new() }
        } else {
            Heads::Hashed(HashTable::new())
        };
        Self { heads, blocks: Vec::new(), free: Vec::new(), upto: 0, wanted: false, keys: 0 }
    }

    fn entry(&self, key: Value) -> Option<&u32> {
        match &self.heads {
            Heads::Paged { pages, entries } => {
                let page = *pages.get(key as usize / PAGE)?;
                if page == EMPTY {
                    return None;
                }
                Some(&entries[page as usize * PAGE + key as usize % PAGE])
            }
            Heads::Hashed(table) => {
                table.find(hash_word(key), |(k, _)| *k == key).map(|(_, entry)| entry)
            }
        }
    }

    #[inline]
    fn entry_mut(heads: &mut Heads, key: Value) -> &mut u32 {
        match heads {
            Heads::Paged { pages, entries } => {
                let at = key as usize / PAGE;
                let page = match pages.get(at) {
                    Some(page) if *page != EMPTY => *page,
                    _ => new_page(pages, entries, at),
                };
                &mut entries[page as usize * PAGE + key as usize % PAGE]
            }
            Heads::Hashed(table) => {
                let same = |entry: &(Value, u32)| entry.0 == key;
                let found = table.entry(hash_word(key), same, |entry| hash_word(entry.0));
                &mut found.or_insert((key, EMPTY)).into_mut().1
            }
        }
    }

    /// The rows listed under a key, in order of listing; dead ones may be among them.
    pub(crate) fn get(&self, key: Value) -> &[u32] {
        let Some(entry) = self.entry(key) else { return &[] };
        if *entry == EMPTY {
            &[]
        } else if *entry & BLOCK == 0 {
            std::slice::from_ref(entry)
        } else {
            let at = (*entry & !BLOCK) as usize;
            let len = (self.blocks[at] & LEN) as usize;
            &self.blocks[at + 1..at + 1 + len]
        }
    }

    /// Lists a row under a key.
    #[inline]
    pub(crate) fn push(&mut self, key: Value, row: u32) {
        let entry = Self::entry_mut(&mut self.heads, key);
        if *entry == EMPTY {
            *entry = row;
            self.keys += 1;
        } else {
            *entry = append(&mut self.blocks, &mut self.free, *entry, row);
        }
    }

    /// Moves the rows of a key to the end of `rows`; the key is empty afterwards.
    pub(crate) fn take(&mut self, key: Value, rows: &mut Vec<u32>) {
        match self.entry(key) {
            None | Some(&EMPTY) => return,
            Some(_) => rows.extend_from_slice(self.get(key)),
        }
        let entry = Self::entry_mut(&mut self.heads, key);
        if *entry & BLOCK != 0 {
            let at = *entry & !BLOCK;
            let class = (self.blocks[at as usize] >> LEN_BITS) as usize;
            if self.free.len() <= class {
                self.free.resize_with(class + 1, Vec::new);
            }
            self.free[class].push(at);
        }
        *entry = EMPTY;
        self.keys -= 1;
    }

    pub(crate) fn bytes(&self) -> usize {
        let heads = match &self.heads {
            Heads::Paged { pages, entries } => held(pages) + held(entries),
            Heads::Hashed(table) => table.capacity() * 9,
        };
        let free: usize = self.free.iter().map(Vec::capacity).sum();
        heads + held(&self.blocks) + free * 4
    }
}

/// Appends words. Where there is no room they move to new memory here: an allocator that moves them
/// itself may keep other threads waiting until it has copied them.
#[inline]
fn grow(words: &mut Vec<u32>, more: usize, word: u32) {
    let len = words.len() + more;
    if len > words.capacity() {
        let mut larger = Vec::new();
        reserve(&mut larger, len.max(words.len() * 2));
        larger.extend_from_slice(words);
        *words = larger;
    }
    words.resize(len, word);
}

/// Allocates a page of entries.
#[cold]
#[inline(never)]
fn new_page(pages: &mut Vec<u32>, entries: &mut Vec<u32>, at: usize) -> u32 {
    if at >= pages.len() {
        grow(pages, at + 1 - pages.len(), EMPTY);
    }
    let page = (entries.len() / PAGE) as u32;
    pages[at] = page;
    grow(entries, PAGE, EMPTY);
    page
}

/// A block begins with its size class and length in one word.
const LEN_BITS: u32 = 27;
const LEN: u32 = (1 << LEN_BITS) - 1;

/// Rows that a block of a size class holds.
fn capacity(class: u32) -> usize {
    (4 << class) - 1
}

/// Lists one row more under a key with an entry; gives its new entry.
fn append(blocks: &mut Vec<u32>, free: &mut Vec<Vec<u32>>, old: u32, row: u32) -> u32 {
    if old & BLOCK == 0 {
        let at = allocate(blocks, free, 0);
        blocks[at] = 2;
        blocks[at + 1] = old;
        blocks[at + 2] = row;
        return at as u32 | BLOCK;
    }
    let at = (old & !BLOCK) as usize;
    let (len, class) = ((blocks[at] & LEN) as usize, blocks[at] >> LEN_BITS);
    if len < capacity(class) {
        blocks[at + 1 + len] = row;
        blocks[at] += 1;
        return old;
    }
    let new = allocate(blocks, free, class + 1);
    blocks.copy_within(at + 1..at + 1 + len, new + 1);
    blocks[new + 1 + len] = row;
    blocks[new] = ((class + 1) << LEN_BITS) | (len as u32 + 1);
    free[class as usize].push(at as u32);
    new as u32 | BLOCK
}

/// The offset of an unused block of a size class, its header written.
fn allocate(blocks: &mut Vec<u32>, free: &mut Vec<Vec<u32>>, class: u32) -> usize {
    if free.len() <= class as usize {
        free.resize_with(class as usize + 1, Vec::new);
    }
    if let Some(at) = free[class as usize].pop() {
        blocks[at as usize] = class << LEN_BITS;
        return at as usize;
    }
    let at = blocks.len();
    assert!(at < BLOCK as usize, "an index holds fewer than 2^31 words");
    grow(blocks, capacity(class) + 1, 0);
    blocks[at] = class << LEN_BITS;
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use hashbrown::HashMap;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn behaves_as_a_map_of_vectors(
            dense: bool,
            ops in prop::collection::vec((0u32..200, 0u32..10_000, 0u8..8), 0..600),
        ) {
            let mut index = Index::new(dense);
            let mut model: HashMap<u32, Vec<u32>> = HashMap::new();
            for (key, row, op) in ops {
                if op == 0 {
                    let mut taken = Vec::new();
                    index.take(key, &mut taken);
                    prop_assert_eq!(taken, model.remove(&key).unwrap_or_default());
                } else {
                    index.push(key % 7, row);
                    model.entry(key % 7).or_default().push(row);
                }
                for key in 0..7 {
                    let expected = model.get(&key).map_or(&[][..], Vec::as_slice);
                    prop_assert_eq!(index.get(key), expected);
                }
                prop_assert_eq!(index.keys as usize, model.len());
            }
        }
    }
}
