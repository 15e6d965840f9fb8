//! Append-only storage whose readers take no lock.
//!
//! Slots live in blocks of doubling size that are never moved, so that a reference to a slot stays
//! valid while others are added: a read is two loads and no lock. Writers agree among themselves
//! (by the lock of the interner that owns the storage) on who fills which slot.

use std::sync::OnceLock;

/// The first block holds `2^FIRST` slots, each following one twice as many as the one before.
const FIRST: u32 = 6;
/// Blocks for all 32-bit indices.
const BLOCKS: usize = 33 - FIRST as usize;

/// Slots by index. A slot is a cell with interior mutability; it starts as its default.
pub(super) struct Chunks<T> {
    blocks: [OnceLock<Box<[T]>>; BLOCKS],
}

impl<T> Default for Chunks<T> {
    fn default() -> Self {
        Self { blocks: [const { OnceLock::new() }; BLOCKS] }
    }
}

/// Block and position in it of an index.
fn place(index: u32) -> (usize, usize) {
    let shifted = u64::from(index) + (1 << FIRST);
    let top = shifted.ilog2();
    ((top - FIRST) as usize, (shifted - (1 << top)) as usize)
}

impl<T> Chunks<T> {
    /// The slot of an index whose block was made by [`Self::slot_for_write`].
    pub(super) fn get(&self, index: u32) -> Option<&T> {
        let (block, position) = place(index);
        self.blocks[block].get().map(|slots| &slots[position])
    }

    /// The slot of an index, whose block is made if it is the first of the block to be asked for.
    pub(super) fn slot_for_write(&self, index: u32) -> &T
    where
        T: Default,
    {
        let (block, position) = place(index);
        let slots = self.blocks[block]
            .get_or_init(|| (0..1_usize << (block as u32 + FIRST)).map(|_| T::default()).collect());
        &slots[position]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    #[test]
    fn places_are_dense_and_cover_all_indices() {
        let mut expected = (0, 0);
        for index in 0..5000 {
            assert_eq!(place(index), expected);
            expected.1 += 1;
            if expected.1 == 1 << (expected.0 as u32 + FIRST) {
                expected = (expected.0 + 1, 0);
            }
        }
        assert!(place(u32::MAX).0 < BLOCKS);
    }

    #[test]
    fn what_is_written_is_read_back_and_the_rest_is_absent() {
        let slots: Chunks<AtomicU64> = Chunks::default();
        assert!(slots.get(0).is_none());
        for index in 0..1000 {
            slots.slot_for_write(index).store(u64::from(index) * 3, Ordering::Relaxed);
        }
        assert!(
            (0..1000).all(|i| slots.get(i).unwrap().load(Ordering::Relaxed) == u64::from(i) * 3)
        );
        assert!(slots.get(1 << 20).is_none());
    }
}
