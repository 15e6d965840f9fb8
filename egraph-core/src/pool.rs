//! Many short lists of ids in one allocation.
//!
//! Classes own lists of nodes and of parents. A `Vec` each would be a heap object per class; here
//! a list is a 4-byte handle into one `u32` arena. A block holds its length and then up to
//! `4 << class - 1` items; a full block moves to one of twice the size, and blocks given up are
//! kept on a free list per size. Pushing is amortised O(1), `insert_at` and `remove_at` are O(len).

/// Handle of a list: the arena offset of its block plus one, 0 for the empty list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct List(u32);

/// The arena. Block layout: `[len, size class, items…]`.
#[derive(Clone, Debug, Default)]
pub(crate) struct ListPool {
    data: Vec<u32>,
    free: Vec<Vec<u32>>,
}

const HEADER: usize = 2;

fn capacity(class: u32) -> usize {
    2usize << class
}

impl ListPool {
    pub(crate) fn len(&self, list: List) -> usize {
        if list.0 == 0 { 0 } else { self.data[list.0 as usize - 1] as usize }
    }

    pub(crate) fn slice(&self, list: List) -> &[u32] {
        if list.0 == 0 {
            return &[];
        }
        let at = list.0 as usize - 1;
        &self.data[at + HEADER..at + HEADER + self.data[at] as usize]
    }

    pub(crate) fn push(&mut self, list: &mut List, item: u32) {
        let len = self.len(*list);
        self.reserve(list, len + 1);
        let at = list.0 as usize - 1;
        self.data[at + HEADER + len] = item;
        self.data[at] += 1;
    }

    pub(crate) fn insert_at(&mut self, list: &mut List, position: usize, item: u32) {
        self.push(list, item);
        let at = list.0 as usize - 1 + HEADER;
        let len = self.len(*list);
        self.data[at + position..at + len].rotate_right(1);
    }

    pub(crate) fn remove_at(&mut self, list: List, position: usize) {
        let at = list.0 as usize - 1;
        let len = self.data[at] as usize;
        self.data
            .copy_within(at + HEADER + position + 1..at + HEADER + len, at + HEADER + position);
        self.data[at] -= 1;
    }

    /// Replaces the contents of a list.
    pub(crate) fn set(&mut self, list: &mut List, items: &[u32]) {
        if items.is_empty() {
            self.release(list);
            return;
        }
        self.reserve(list, items.len());
        let at = list.0 as usize - 1;
        self.data[at + HEADER..at + HEADER + items.len()].copy_from_slice(items);
        self.data[at] = items.len() as u32;
    }

    /// Gives the block back and leaves the list empty.
    pub(crate) fn release(&mut self, list: &mut List) {
        if list.0 != 0 {
            let class = self.data[list.0 as usize] as usize;
            self.free[class].push(list.0);
            *list = List::default();
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        let free: usize = self.free.iter().map(Vec::capacity).sum();
        (self.data.capacity() + free) * size_of::<u32>()
    }

    fn reserve(&mut self, list: &mut List, wanted: usize) {
        let mut class = if list.0 == 0 { 0 } else { self.data[list.0 as usize] };
        if list.0 != 0 && wanted <= capacity(class) {
            return;
        }
        while capacity(class) < wanted {
            class += 1;
        }
        let block = self.allocate(class);
        let len = self.len(*list);
        if len > 0 {
            let from = list.0 as usize - 1 + HEADER;
            self.data.copy_within(from..from + len, block as usize - 1 + HEADER);
        }
        self.data[block as usize - 1] = len as u32;
        self.release(list);
        *list = List(block);
    }

    fn allocate(&mut self, class: u32) -> u32 {
        if self.free.len() <= class as usize {
            self.free.resize_with(class as usize + 1, Vec::new);
        }
        if let Some(block) = self.free[class as usize].pop() {
            return block;
        }
        let at = self.data.len();
        self.data.resize(at + HEADER + capacity(class), 0);
        self.data[at + 1] = class;
        u32::try_from(at + 1).expect("list arenas hold fewer than 2^32 entries")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn behaves_as_vectors(
            ops in prop::collection::vec((0usize..4, 0usize..5, 0u32..100), 0..300)
        ) {
            let mut pool = ListPool::default();
            let mut lists = [List::default(); 4];
            let mut model: [Vec<u32>; 4] = Default::default();
            for (which, op, value) in ops {
                let len = model[which].len();
                let position = value as usize % (len + 1);
                match op {
                    0 | 1 => {
                        pool.push(&mut lists[which], value);
                        model[which].push(value);
                    }
                    2 => {
                        pool.insert_at(&mut lists[which], position, value);
                        model[which].insert(position, value);
                    }
                    3 if position < len => {
                        pool.remove_at(lists[which], position);
                        model[which].remove(position);
                    }
                    _ => {
                        let items: Vec<u32> = (0..value % 9).collect();
                        pool.set(&mut lists[which], &items);
                        model[which] = items;
                    }
                }
                for (list, expected) in lists.iter().zip(&model) {
                    prop_assert_eq!(pool.slice(*list), expected.as_slice());
                }
            }
        }
    }
}
