//! Room for what will be added, made before.
//!
//! What a rule set is about to say tells roughly how many rows and classes will be new. Hash-conses
//! grow for them once, not a few times on the way. Where several threads do that, they touch the
//! memory of rows and classes too: the first touch of a page takes as long as adding a hundred rows,
//! and would be left to the one thread that adds them. What is in the store does not depend on it.

use std::cmp::Reverse;

use super::Store;

/// Address space for so many times what is needed is asked for.
const ROOMY: usize = 64;
/// Bytes of address space that are asked for beyond what is needed, at most.
const MOST_SPARE: usize = 64 << 20;
/// Vectors of fewer bytes are moved rather than given room.
const LEAST: usize = 16 << 10;

/// What changes are expected to add.
#[derive(Clone, Debug)]
pub(crate) struct Expected {
    /// By table.
    pub(crate) rows: Vec<usize>,
    pub(crate) classes: usize,
    /// Memory may be touched before it is needed.
    pub(crate) touched: bool,
}

/// What somebody keeps by class.
pub(crate) trait ByClass: Send {
    /// The memory that is not there yet for so many classes.
    fn bytes_for(&self, classes: usize) -> usize;
    /// Makes room for so many classes.
    fn make_room(&mut self, classes: usize);
}

/// Part of making room.
struct Task<'a> {
    /// Nanoseconds.
    foreseen: u64,
    /// Told whether memory is to be touched ahead.
    does: Box<dyn FnOnce(bool) + Send + 'a>,
}

/// Makes sure that a vector can have so many elements without moving. There is address space for
/// many more then, which is not memory until it is used: what moves is copied to pages that are
/// touched for the first time, while other threads wait for the allocator.
pub(super) fn reserve<T>(vector: &mut Vec<T>, len: usize) {
    if len <= vector.capacity() {
        return;
    }
    let (more, bytes) = (len - vector.len(), len.saturating_mul(size_of::<T>()));
    if bytes >= LEAST {
        let spare = (len * (ROOMY - 1)).min(MOST_SPARE / size_of::<T>()).max(len);
        if vector.try_reserve_exact(more + spare).is_ok() {
            return;
        }
    }
    vector.reserve(more);
}

/// Makes a vector as long as that, if it is shorter, see [`reserve`].
pub(crate) fn reach<T: Clone>(vector: &mut Vec<T>, len: usize, with: T) {
    reserve(vector, len);
    if len > vector.len() {
        vector.resize(len, with);
    }
}

/// Touches the memory of a vector's elements up to a number.
pub(super) fn touch<T: Clone>(vector: &mut Vec<T>, upto: usize, with: T) {
    let len = vector.len();
    reach(vector, upto, with);
    vector.truncate(len);
}

/// Nanoseconds that touching so many bytes of memory for the first time takes: 1.5 us for a page of
/// 4 KiB (Linux 6.18 in a virtual machine, Emerald Rapids).
pub(super) fn touching(bytes: usize) -> u64 {
    bytes as u64 * 3 / 8
}

/// Bytes of a vector's memory. Address space that was never used is none.
pub(super) fn held<T>(vector: &Vec<T>) -> usize {
    vector.capacity().min(vector.len() * 2) * size_of::<T>()
}

impl Store {
    /// Makes room for what is expected, and in what somebody keeps by class: by several threads where
    /// that pays.
    pub(crate) fn make_room(&mut self, expected: &Expected, keeper: Option<&mut dyn ByClass>) {
        let Self { tables, classes, class_sort, classes_touched, pool, live, limit, .. } = self;
        let room = limit.saturating_sub(*live);
        let rows = tables.iter_mut().zip(&expected.rows);
        let rows = rows.map(|(table, more)| (table, (*more).min(room)));
        let Some(pool) = pool.as_ref().filter(|pool| expected.touched && pool.is_started()) else {
            rows.for_each(|(table, more)| table.make_room(more));
            return;
        };
        let mut tasks: Vec<Task<'_>> = Vec::new();
        for (table, more) in rows.filter(|(table, more)| table.room_takes(*more) > 0) {
            let foreseen = table.room_takes(more);
            let does = move |ahead| {
                table.make_room(more);
                if ahead {
                    table.touch_room(more);
                }
            };
            tasks.push(Task { foreseen, does: Box::new(does) });
        }
        let upto = classes.len() + expected.classes.min(room);
        let untouched = upto.saturating_sub((*classes_touched).max(classes.len()));
        let does = move |ahead| {
            if ahead {
                classes.touch(upto);
                touch(class_sort, upto, 0);
                *classes_touched = upto;
            }
        };
        if untouched > 0 {
            let foreseen = touching(untouched * 2 * size_of::<u32>());
            tasks.push(Task { foreseen, does: Box::new(does) });
        }
        if let Some(keeper) = keeper {
            let foreseen = touching(keeper.bytes_for(upto));
            let does = move |ahead| {
                if ahead {
                    keeper.make_room(upto);
                }
            };
            tasks.push(Task { foreseen, does: Box::new(does) });
        }
        if !pool.pays(tasks.iter().map(|task| task.foreseen)) {
            for task in tasks {
                (task.does)(false);
            }
            return;
        }
        tasks.sort_by_key(|task| Reverse(task.foreseen));
        pool.map_taken(tasks, |task| (task.does)(true));
    }
}
