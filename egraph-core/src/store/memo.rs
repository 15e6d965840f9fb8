//! The hash-cons of a table: row numbers by the hash of their keys.
//!
//! Open addressing with linear probing over one array of 4-byte slots. A slot holds a row and, in
//! the bits that row numbers leave free, bits of its hash: a miss costs one cache line and a hit one
//! more, for the row. Half the slots of a Swiss table's size keep twice the rows in a cache; what is
//! compared in vain is one row in 2^(31 - log2 of the slots). Nothing iterates it.

use super::room::{held, reserve};

/// Row numbers with bits of their hashes above them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memo {
    slots: Vec<u32>,
    /// The bits of a slot that are the row, the lowest.
    row_mask: u32,
    len: usize,
    /// Slots that are not free: members, and places of former members.
    used: usize,
    /// How many may be used.
    most: usize,
}

/// A slot without a row, where a search ends. No row has this number, whatever its hash.
const FREE: u32 = u32::MAX;
/// A slot whose row is gone, where a search goes on.
const GONE: u32 = u32::MAX - 1;
const FIRST_SLOTS: usize = 8;

/// Where the search for a hash ended without a row: who inserts one need not search again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gap {
    pub(crate) hash: u64,
    pub(crate) slot: usize,
}

/// Slots that a processor's own caches hold, for the better part.
const AT_HAND: usize = 1 << 18;

/// How many of so many slots may be used: half, so that most searches end at their first slot and
/// processors foresee that; of many slots three quarters, as each search of these waits for its first
/// slot in any case, and a larger array is more to wait for.
fn most_used(slots: usize) -> usize {
    if slots <= AT_HAND { slots / 2 } else { slots / 4 * 3 }
}

/// Slots for so many rows.
fn slots_for(rows: usize) -> usize {
    let slots = (rows * 2).next_power_of_two();
    let slots = if most_used(slots / 2) >= rows { slots / 2 } else { slots };
    slots.max(FIRST_SLOTS)
}

impl Memo {
    /// Number of rows.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// True when a row can be inserted without a larger array, see [`Memo::reset`].
    #[inline]
    pub(crate) fn has_room_for(&self, row: u32) -> bool {
        self.has_room_for_more(1) && row + 1 < self.row_mask
    }

    /// True when so many insertions of rows that were members need no larger array.
    #[inline]
    pub(crate) fn has_room_for_more(&self, rows: usize) -> bool {
        self.used + rows <= self.most
    }

    /// Forgets all rows and makes room for so many, their numbers below `bound`. The array grows
    /// where it is, if it can: pages that it has need not be had anew.
    pub(crate) fn reset(&mut self, rows: usize, bound: u32) {
        let slots = slots_for(rows);
        // Two numbers of these bits are never rows.
        let bound = u64::from(bound).max(slots as u64) + 2;
        self.row_mask = (bound.next_power_of_two() - 1) as u32;
        self.most = most_used(slots);
        (self.len, self.used) = (0, 0);
        if slots < self.slots.len() {
            self.slots.truncate(slots);
            self.slots.shrink_to_fit();
        }
        self.slots.clear();
        reserve(&mut self.slots, slots);
        self.slots.resize(slots, FREE);
    }

    #[inline]
    fn start(&self, hash: u64) -> usize {
        hash as usize & (self.slots.len() - 1)
    }

    /// What is stored of a hash beside a row.
    #[inline]
    fn tag(&self, hash: u64) -> u32 {
        (hash >> 32) as u32 & !self.row_mask
    }

    /// The slot where the search for a hash begins, read: with many hashes at hand, reading all
    /// their slots first lets their cache misses overlap.
    #[inline]
    pub(crate) fn touch(&self, hash: u64) -> u32 {
        if self.slots.is_empty() { FREE } else { self.slots[self.start(hash)] }
    }

    /// The row with this hash for which `same` holds.
    #[inline]
    pub(crate) fn find(&self, hash: u64, same: impl FnMut(u32) -> bool) -> Option<u32> {
        self.seek(hash, same).ok()
    }

    /// The row with this hash for which `same` holds, or where it would be.
    #[inline]
    pub(crate) fn seek(&self, hash: u64, mut same: impl FnMut(u32) -> bool) -> Result<u32, Gap> {
        if self.slots.is_empty() {
            return Err(Gap { hash, slot: 0 });
        }
        let mask = self.slots.len() - 1;
        let (tag, row_mask) = (self.tag(hash), self.row_mask);
        let mut slot = self.start(hash);
        loop {
            let found = self.slots[slot & mask];
            if found == FREE {
                return Err(Gap { hash, slot: slot & mask });
            }
            let row = found & row_mask;
            if found - row == tag && found != GONE && same(row) {
                return Ok(row);
            }
            slot += 1;
        }
    }

    /// Adds a row that is not a member at the gap that was found for it; there is room for it, and
    /// nothing has changed since.
    #[inline]
    pub(crate) fn fill(&mut self, gap: Gap, row: u32) {
        let tag = self.tag(gap.hash);
        debug_assert_eq!(self.slots[gap.slot], FREE, "a gap is free until it is filled");
        self.slots[gap.slot] = tag | row;
        self.used += 1;
        self.len += 1;
    }

    /// Adds a row that is not a member; there is room for it.
    #[inline]
    pub(crate) fn insert(&mut self, hash: u64, row: u32) {
        let mask = self.slots.len() - 1;
        let mut at = self.start(hash);
        while self.slots[at & mask] < GONE {
            at += 1;
        }
        let tag = self.tag(hash);
        let slot = &mut self.slots[at & mask];
        self.used += usize::from(*slot == FREE);
        *slot = tag | row;
        self.len += 1;
    }

    /// Removes a member. False if it is none.
    pub(crate) fn remove(&mut self, hash: u64, row: u32) -> bool {
        if self.slots.is_empty() {
            return false;
        }
        let mask = self.slots.len() - 1;
        let wanted = self.tag(hash) | row;
        let mut at = self.start(hash);
        while self.slots[at & mask] != wanted {
            if self.slots[at & mask] == FREE {
                return false;
            }
            at += 1;
        }
        // Nothing was displaced past a slot that is followed by a free one.
        let last = self.slots[(at + 1) & mask] == FREE;
        self.slots[at & mask] = if last { FREE } else { GONE };
        self.used -= usize::from(last);
        self.len -= 1;
        true
    }

    pub(crate) fn bytes(&self) -> usize {
        held(&self.slots)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hashbrown::HashSet;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn behaves_as_a_set(ops in prop::collection::vec((0u32..60, any::<bool>()), 0..400)) {
            // A poor hash, so that probing is exercised.
            let hash = |row: u32| u64::from(row % 7) | (u64::from(row % 3) << 40);
            let mut memo = Memo::default();
            let mut model: HashSet<u32> = HashSet::new();
            for (row, insert) in ops {
                if insert && model.insert(row) {
                    if !memo.has_room_for(row) {
                        memo.reset((memo.len() + 1) * 2, 60);
                        for row in (0..60).filter(|other| *other != row && model.contains(other)) {
                            memo.insert(hash(row), row);
                        }
                    }
                    memo.insert(hash(row), row);
                } else if !insert {
                    prop_assert_eq!(memo.remove(hash(row), row), model.remove(&row));
                }
                prop_assert_eq!(memo.len(), model.len());
                for row in 0..60 {
                    let found = memo.find(hash(row), |other| other == row);
                    prop_assert_eq!(found.is_some(), model.contains(&row));
                }
            }
        }
    }
}
