//! Rows are listed in indexes by other threads while more rows are appended: the indexes leave their
//! tables for that time, and what is appended is copied for them.
//!
//! Each index lists the rows in their order, whoever does it: what it holds in the end is what it
//! would hold if all had been listed at the end, as long as no row dies meanwhile.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::index::Index;
use super::{Store, Table, TableId};

/// Rows of a table that are worth being handed over.
const WORTHWHILE: u32 = 256;

/// Indexes that left their tables.
#[derive(Debug)]
pub(crate) struct Listing {
    shelves: Vec<Shelf>,
}

/// The indexes of one table.
#[derive(Debug)]
struct Shelf {
    table: TableId,
    width: usize,
    /// Rows before this one were handed over. Only who hands them over reads it.
    upto: AtomicU32,
    /// By column. Who holds them takes from the queue.
    indexes: Mutex<Vec<(usize, Index)>>,
    /// Rows to be listed: the first one's number, and their words.
    queue: Mutex<VecDeque<(u32, Vec<u32>)>>,
    /// What the words of rows are copied to.
    spare: Mutex<Vec<Vec<u32>>>,
}

fn hold<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shelf {
    /// Lists what is handed over, unless somebody else does.
    fn work(&self) {
        let Ok(mut indexes) = self.indexes.try_lock() else { return };
        while let Some((first, mut words)) = self.take() {
            for (column, index) in &mut *indexes {
                for (row, words) in (first..).zip(words.chunks_exact(self.width)) {
                    index.push(words[*column], row);
                }
            }
            words.clear();
            hold(&self.spare).push(words);
        }
    }

    fn take(&self) -> Option<(u32, Vec<u32>)> {
        hold(&self.queue).pop_front()
    }
}

impl Listing {
    /// Hands over the rows that were appended, where they are enough.
    pub(crate) fn feed(&self, store: &Store) -> bool {
        self.hand_over(store, WORTHWHILE)
    }

    /// Hands over the rest, and lists what nobody else does.
    pub(crate) fn finish(&self, store: &Store) {
        self.hand_over(store, 0);
        self.work();
    }

    fn hand_over(&self, store: &Store, least: u32) -> bool {
        let mut fed = false;
        for shelf in &self.shelves {
            let (table, upto) = (store.table(shelf.table), shelf.upto.load(Ordering::Relaxed));
            if table.len() - upto >= least.max(1) {
                let mut words = hold(&shelf.spare).pop().unwrap_or_default();
                words.extend_from_slice(table.words_from(upto));
                hold(&shelf.queue).push_back((upto, words));
                shelf.upto.store(table.len(), Ordering::Relaxed);
                fed = true;
            }
        }
        fed
    }

    /// Lists what is handed over.
    pub(crate) fn work(&self) {
        self.shelves.iter().for_each(Shelf::work);
    }
}

impl Store {
    /// The indexes of constructors' tables that list all rows.
    pub(crate) fn current_indexes(&self) -> Vec<(TableId, usize)> {
        let tables = self.tables.iter().zip(0..).filter(|(table, _)| table.decl.is_constructor());
        let current = |(table, number): (&Table, TableId)| {
            let columns = (0..=table.arity()).filter(|column| table.index(*column).is_some());
            columns.map(|column| (number, column)).collect::<Vec<_>>()
        };
        tables.flat_map(current).collect()
    }

    /// Takes indexes that list all rows out of their tables. Nobody reads them, and no row dies,
    /// until they are back.
    pub(crate) fn lend(&mut self, indexes: &[(TableId, usize)]) -> Listing {
        let mut shelves: Vec<Shelf> = Vec::new();
        for (number, column) in indexes {
            let table = &mut self.tables[*number as usize];
            let Some(index) = table.take_index(*column) else { continue };
            if shelves.last().is_none_or(|shelf| shelf.table != *number) {
                shelves.push(Shelf {
                    table: *number,
                    width: table.arity() + 2,
                    upto: AtomicU32::new(table.len()),
                    indexes: Mutex::default(),
                    queue: Mutex::default(),
                    spare: Mutex::default(),
                });
            }
            if let Some(shelf) = shelves.last() {
                hold(&shelf.indexes).push((*column, index));
            }
        }
        Listing { shelves }
    }

    /// Puts the indexes back; they list all rows. Nobody else works on them.
    pub(crate) fn give_back(&mut self, listing: Listing) {
        listing.finish(self);
        for shelf in listing.shelves {
            let table = &mut self.tables[shelf.table as usize];
            for (column, index) in
                shelf.indexes.into_inner().unwrap_or_else(PoisonError::into_inner)
            {
                table.put_index(column, index);
            }
        }
    }
}
