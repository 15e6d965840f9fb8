//! The store: tables of rows over one union-find, closed under congruence.
//!
//! This is the ground that both the region-aware e-graph and the egglog language stand on. All
//! data is `u32` ([`Value`]): a class, or an index into an interner of the host. A [`Host`] says how
//! functions merge and how containers change when classes do; the store knows neither.
//!
//! Between a union and the next [`Store::rebuild`] the store is usable but not closed: a lookup may
//! miss. After a rebuild every value in every live row is canonical, no two live rows of a table
//! have the same keys, and reading needs no union-find.

mod adding;
mod closing;
mod hash;
mod index;
mod listing;
mod memo;
mod rebuild;
mod room;
mod table;
mod unionfind;

#[cfg(test)]
mod tests;

use crate::threads::{Pace, Pool};
use memo::Gap;
use std::ops::Range;
use table::{Behind, LAST_STAMP};

pub(crate) use adding::Wanted;
pub(crate) use table::{Conflict, Delta, Keys, Kind, Sight, Table, TableDecl};
pub(crate) use unionfind::UnionFind;

pub(crate) use hash::hash_words;
pub(crate) use listing::Listing;
pub(crate) use room::{ByClass, Expected, reach};

/// A value: a class id, or an index into an interner of the host.
pub(crate) type Value = u32;

/// Nanoseconds that listing a row in an index takes.
const LISTING: u64 = 8;

/// Number of a table in its store.
pub(crate) type TableId = u32;

/// Why a change was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// The limit on rows is reached.
    Full,
    /// The host failed: a merge that is not allowed, a primitive without a result.
    Failed(String),
}

/// What the store asks of its owner.
pub(crate) trait Host {
    /// The output for keys that have two; only for tables with [`Conflict::Merge`]. The keys and
    /// both outputs are canonical. May change the store.
    fn merge(
        &mut self,
        store: &mut Store,
        table: TableId,
        old: Value,
        new: Value,
    ) -> Result<Value, Refused>;

    /// Called once per round of a rebuild with the classes displaced since: forwards the values of
    /// containers that mention them with [`Store::forward`].
    fn containers(&mut self, _store: &mut Store, _displaced: &[Value]) {}

    /// Two classes became one.
    fn united(&mut self, _store: &mut Store, _kept: Value, _displaced: Value) {}

    /// Called by a rebuild each time the store is closed; what it changes is closed too.
    fn settled(&mut self, _store: &mut Store) -> Result<(), Refused> {
        Ok(())
    }
}

/// A host without functions and containers.
impl Host for () {
    fn merge(&mut self, _: &mut Store, _: TableId, old: Value, _: Value) -> Result<Value, Refused> {
        Ok(old)
    }
}

/// What values of a kind stand for, if they may stand for others.
#[inline]
fn forest<'a>(
    classes: &'a UnionFind,
    spaces: &'a [UnionFind],
    kind: Kind,
) -> Option<&'a UnionFind> {
    match kind {
        Kind::Plain => None,
        Kind::Class(_) => Some(classes),
        Kind::Container(space) => spaces.get(space as usize),
    }
}

/// Tables, classes and what connects them.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    pub(crate) tables: Vec<Table>,
    pub(crate) classes: UnionFind,
    class_sort: Vec<u32>,
    /// Classes for which memory was touched ahead.
    classes_touched: usize,
    /// Forwarding of container values, by space.
    spaces: Vec<UnionFind>,
    /// Classes displaced since the last rebuild, and container values by space.
    displaced: Vec<Value>,
    forwarded: Vec<(u32, Value)>,
    /// A rebuild is under way: rows may hold displaced values.
    closing: bool,
    /// How long a step of closing a table takes.
    stepping: Pace,
    /// Stamp of changes.
    clock: u32,
    live: usize,
    limit: usize,
    version: u64,
    /// Outputs of relations' rows: each has its own.
    facts: u32,
    /// Row numbers are known outside and must not change.
    pub(crate) stable_rows: bool,
    frames: Vec<(usize, usize)>,
    /// The version when indexes were last brought up to date.
    listed: u64,
    /// Indexes that are wanted, with the number of rows that they lack.
    wanting: Vec<(TableId, usize, u32)>,
    /// What is new, if somebody wants to know.
    pub(crate) news: Option<Box<News>>,
    /// How long a displaced value takes to rebuild, with what follows from it.
    pub(crate) rebuilding: Pace,
    /// How long it takes to test whether the effects of a match hold.
    pub(crate) testing: Pace,
    /// Threads that help.
    pub(crate) pool: Option<Pool>,
}

/// Rows of a table that follow one another.
pub(crate) type Run = (TableId, Range<u32>);

/// What happened since somebody looked: see [`Store::news`].
#[derive(Clone, Debug, Default)]
pub(crate) struct News {
    /// Rows that were appended, those together that were at the same time.
    pub(crate) rows: Vec<Run>,
    /// Rows that mention other classes than before, as the classes were displaced.
    pub(crate) changed: Vec<(TableId, u32)>,
    /// Classes that were displaced by unions.
    pub(crate) displaced: Vec<Value>,
}

impl Default for Store {
    fn default() -> Self {
        Self::new()
    }
}

impl Store {
    pub(crate) fn new() -> Self {
        Self {
            tables: Vec::new(),
            classes: UnionFind::default(),
            class_sort: Vec::new(),
            classes_touched: 0,
            spaces: Vec::new(),
            displaced: Vec::new(),
            forwarded: Vec::new(),
            closing: false,
            stepping: Pace::default(),
            clock: 1,
            live: 0,
            limit: usize::MAX,
            version: 0,
            facts: 0,
            stable_rows: false,
            frames: Vec::new(),
            listed: 0,
            wanting: Vec::new(),
            news: None,
            rebuilding: Pace::default(),
            testing: Pace::default(),
            pool: None,
        }
    }

    /// Declares a table.
    pub(crate) fn add_table(&mut self, decl: TableDecl) -> TableId {
        for kind in decl.keys.iter().chain([&decl.output]) {
            if let Kind::Container(space) = *kind {
                self.space(space);
            }
        }
        self.tables.push(Table::new(decl));
        (self.tables.len() - 1) as TableId
    }

    #[inline]
    pub(crate) fn table(&self, table: TableId) -> &Table {
        &self.tables[table as usize]
    }

    /// Builds the index of a column; one that is there lists all rows after the next
    /// [`Store::catch_up`].
    pub(crate) fn want_index(&mut self, table: TableId, column: usize) {
        let rows = self.tables[table as usize].want_index(column);
        if rows > 0 {
            self.wanting.push((table, column, rows));
        }
    }

    /// Brings the wanted indexes up to date.
    pub(crate) fn catch_up(&mut self) {
        self.listed = self.version;
        let wanting = std::mem::take(&mut self.wanting);
        let foreseen = wanting.iter().map(|(.., rows)| u64::from(*rows) * LISTING);
        let Some(pool) = self.pool.as_ref().filter(|pool| pool.pays(foreseen)) else {
            for (table, column, _) in &wanting {
                self.tables[*table as usize].ensure_index(*column);
            }
            return;
        };
        let mut behind: Vec<Behind<'_>> = self.tables.iter_mut().flat_map(Table::behind).collect();
        behind.sort_by_key(|behind| std::cmp::Reverse(behind.rows()));
        pool.map_taken(behind, Behind::catch_up);
    }

    /// Rows that count for the limit.
    pub(crate) fn live(&self) -> usize {
        self.live
    }

    /// Rows of all tables.
    #[cfg(test)]
    pub(crate) fn rows(&self) -> usize {
        self.live
    }

    /// Sets the hard limit on rows.
    pub(crate) fn set_limit(&mut self, rows: usize) {
        self.limit = rows;
    }

    /// Changes with every change of the contents.
    #[inline]
    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    /// Number of classes that differ.
    pub(crate) fn class_count(&self) -> usize {
        self.classes.sets()
    }

    /// Begins a new stamp and gives it: changes from here on have at least this stamp.
    pub(crate) fn tick(&mut self) -> u32 {
        self.clock += 1;
        assert!(self.clock < LAST_STAMP, "the clock of changes has run out");
        self.clock
    }

    /// A class without nodes.
    #[inline]
    pub(crate) fn new_class(&mut self, sort: u32) -> Value {
        self.class_sort.push(sort);
        self.classes.make()
    }

    /// The sort of a class.
    pub(crate) fn class_sort(&self, class: Value) -> u32 {
        self.class_sort[class as usize]
    }

    /// The canonical form of a value.
    #[inline]
    pub(crate) fn canonical(&self, kind: Kind, value: Value) -> Value {
        forest(&self.classes, &self.spaces, kind).map_or(value, |forest| forest.find(value))
    }

    /// The canonical form of a value that was canonical when the store was last closed, or is
    /// younger.
    #[inline]
    pub(crate) fn renewed(&self, kind: Kind, value: Value) -> Value {
        if self.is_closed() && !self.closing { value } else { self.canonical(kind, value) }
    }

    /// True when nothing was displaced since the last rebuild.
    #[inline]
    pub(crate) fn is_closed(&self) -> bool {
        self.displaced.is_empty() && self.forwarded.is_empty()
    }

    /// Values displaced since the last rebuild.
    pub(crate) fn open(&self) -> usize {
        self.displaced.len() + self.forwarded.len()
    }

    /// Makes two classes one. False when they were.
    pub(crate) fn union(&mut self, a: Value, b: Value) -> Option<(Value, Value)> {
        let (kept, displaced) = self.classes.union(a, b)?;
        self.displaced.push(displaced);
        self.version += 1;
        if let Some(news) = &mut self.news {
            news.displaced.push(displaced);
        }
        Some((kept, displaced))
    }

    /// The forwarding of a space, with the frames that are open.
    fn space(&mut self, space: u32) -> &mut UnionFind {
        while self.spaces.len() <= space as usize {
            let mut forest = UnionFind::default();
            self.frames.iter().for_each(|_| forest.push_frame());
            self.spaces.push(forest);
        }
        &mut self.spaces[space as usize]
    }

    /// A container value stands for another from now on: its contents changed.
    pub(crate) fn forward(&mut self, space: u32, old: Value, new: Value) {
        let forest = self.space(space);
        let (old, new) = (forest.find_mut(old), forest.find_mut(new));
        if old != new {
            forest.link(new, old);
            self.forwarded.push((space, old));
            self.version += 1;
        }
    }

    /// The output for keys, which are canonical.
    #[inline]
    pub(crate) fn lookup(&self, table: TableId, keys: &[Value]) -> Option<Value> {
        let table = &self.tables[table as usize];
        table.find(keys).map(|row| table.output(row))
    }

    /// Appends a row for canonical keys that have none.
    pub(crate) fn insert(
        &mut self,
        table: TableId,
        keys: &[Value],
        output: Value,
    ) -> Result<u32, Refused> {
        let found = self.tables[table as usize].seek(keys);
        found.map_or_else(|gap| self.insert_into(table, gap, keys, output), Ok)
    }

    /// As `insert`, into the gap that was found for the keys.
    #[inline]
    fn insert_into(
        &mut self,
        table: TableId,
        gap: Gap,
        keys: &(impl Keys + ?Sized),
        output: Value,
    ) -> Result<u32, Refused> {
        let known = &mut self.tables[table as usize];
        let counted = !known.decl.implied;
        if counted && self.live >= self.limit {
            return Err(Refused::Full);
        }
        let row = known.push_into(gap, keys, output, self.clock);
        self.live += usize::from(counted);
        self.version += u64::from(counted);
        if let Some(news) = &mut self.news {
            news.rows.push((table, row..row + 1));
        }
        Ok(row)
    }

    /// The class of a constructor's node, which is added if it is new. The keys are canonical.
    #[inline]
    pub(crate) fn make(
        &mut self,
        table: TableId,
        keys: &(impl Keys + ?Sized),
    ) -> Result<Value, Refused> {
        let known = &self.tables[table as usize];
        let gap = match known.seek(keys) {
            Ok(row) => return Ok(known.output(row)),
            Err(gap) => gap,
        };
        let Kind::Class(sort) = known.decl.output else {
            return Err(Refused::Failed(format!("`{}` is not a constructor", known.decl.name)));
        };
        if self.live >= self.limit {
            return Err(Refused::Full);
        }
        let class = self.new_class(sort);
        self.insert_into(table, gap, keys, class)?;
        Ok(class)
    }

    /// Puts a constructor's node into a class: adds it there, or unites its class with that one.
    /// Keys and class are canonical. True when anything changed.
    #[inline]
    pub(crate) fn make_in(
        &mut self,
        table: TableId,
        keys: &(impl Keys + ?Sized),
        class: Value,
    ) -> Result<Option<(Value, Value)>, Refused> {
        let known = &self.tables[table as usize];
        match known.seek(keys) {
            Ok(row) => {
                let other = known.output(row);
                Ok(self.union(other, class))
            }
            Err(gap) => {
                self.insert_into(table, gap, keys, class)?;
                Ok(None)
            }
        }
    }

    /// Sets the output for canonical keys; an output that is there is merged with the new one. The
    /// rows of relations get outputs that tell them apart, whatever is given.
    #[inline]
    pub(crate) fn set<H: Host>(
        &mut self,
        host: &mut H,
        table: TableId,
        keys: &(impl Keys + ?Sized),
        output: Value,
    ) -> Result<(), Refused> {
        let known = &self.tables[table as usize];
        let gap = match known.seek(keys) {
            Ok(row) => return self.resolve_conflict(host, table, row, output),
            Err(gap) => gap,
        };
        let output = if known.decl.conflict == Conflict::Keep {
            self.facts += 1;
            self.facts
        } else {
            output
        };
        self.insert_into(table, gap, keys, output).map(drop)
    }

    /// The canonical classes of a sort, from one on.
    pub(crate) fn classes_from(&self, first: Value, sort: u32) -> Vec<Value> {
        let sorts = &self.class_sort[first as usize..];
        let mut found = Vec::with_capacity(sorts.len());
        for (class, its) in (first..).zip(sorts) {
            if *its == sort && self.classes.is_root(class) {
                found.push(class);
            }
        }
        found
    }

    /// Appends rows of one key each to a relation that knows none of these keys, which ascend.
    pub(crate) fn enlist(&mut self, table: TableId, keys: &[Value]) {
        let table = &mut self.tables[table as usize];
        table.enlist(keys, self.facts, self.clock);
        self.facts += keys.len() as u32;
        if !table.decl.implied {
            self.live += keys.len();
            self.version += keys.len() as u64;
        }
    }

    /// The row's keys have another output: merges the two into the row, or its replacement.
    fn resolve_conflict<H: Host>(
        &mut self,
        host: &mut H,
        table: TableId,
        row: u32,
        output: Value,
    ) -> Result<(), Refused> {
        let known = &self.tables[table as usize];
        let (kind, old) = (known.decl.output, known.output(row));
        let (old, new) = (self.canonical(kind, old), self.canonical(kind, output));
        if old == new {
            return Ok(());
        }
        match self.tables[table as usize].decl.conflict {
            Conflict::Keep => {}
            Conflict::Union => {
                if let Some((kept, displaced)) = self.union(old, new) {
                    host.united(self, kept, displaced);
                }
            }
            Conflict::Merge => {
                let keys: smallvec::SmallVec<[Value; 8]> =
                    self.tables[table as usize].keys(row).into();
                let merged = host.merge(self, table, old, new)?;
                let merged = self.canonical(kind, merged);
                if merged != old {
                    self.replace_output(table, &keys, merged);
                }
            }
        }
        Ok(())
    }

    /// A new row with another output in place of the row with these keys.
    fn replace_output(&mut self, table: TableId, keys: &[Value], output: Value) {
        let (clock, table) = (self.clock, &mut self.tables[table as usize]);
        // A merge may have changed the very row that it merges for.
        let Some(row) = table.find(keys) else { return };
        let hidden = table.is_subsumed(row);
        table.remove(row);
        let new = table.push(keys, output, clock);
        if hidden {
            table.subsume(new);
        }
        self.version += 1;
    }

    /// Removes the row with these keys, if there is one.
    pub(crate) fn delete(&mut self, table: TableId, keys: &[Value]) -> bool {
        let table = &mut self.tables[table as usize];
        let Some(row) = table.find(keys) else { return false };
        table.remove(row);
        self.live -= usize::from(!table.decl.implied);
        self.version += 1;
        true
    }

    /// Hides the row with these keys from rules. False if there is none, or it was hidden.
    pub(crate) fn subsume(&mut self, table: TableId, keys: &[Value]) -> bool {
        let table = &mut self.tables[table as usize];
        let Some(row) = table.find(keys) else { return false };
        let fresh = table.subsume(row);
        self.version += u64::from(fresh);
        fresh
    }

    /// Opens a frame: [`Store::pop`] comes back to this point. The store is closed. Cost: O(tables).
    pub(crate) fn push(&mut self) {
        debug_assert!(self.is_closed(), "frames open on a rebuilt store");
        self.tables.iter_mut().for_each(Table::push_frame);
        self.classes.push_frame();
        self.spaces.iter_mut().for_each(UnionFind::push_frame);
        self.frames.push((self.tables.len(), self.live));
    }

    /// Undoes everything since the last frame was opened, tables declared since included. False
    /// without a frame.
    pub(crate) fn pop(&mut self) -> bool {
        let Some((tables, live)) = self.frames.pop() else { return false };
        self.tables.truncate(tables);
        self.tables.iter_mut().for_each(Table::pop_frame);
        self.classes.pop_frame();
        self.spaces.iter_mut().for_each(UnionFind::pop_frame);
        self.class_sort.truncate(self.classes.len());
        self.displaced.clear();
        self.forwarded.clear();
        if let Some(news) = &mut self.news {
            **news = News::default();
        }
        self.live = live;
        self.version += 1;
        true
    }

    /// Heap memory in bytes, capacity included.
    pub(crate) fn bytes(&self) -> usize {
        let tables: usize = self.tables.iter().map(|t| t.bytes() + size_of::<Table>()).sum();
        let spaces: usize = self.spaces.iter().map(UnionFind::bytes).sum();
        tables
            + spaces
            + self.classes.bytes()
            + room::held(&self.class_sort)
            + self.displaced.capacity() * 4
    }
}
