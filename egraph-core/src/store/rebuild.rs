//! Congruence closure: rows that mention displaced values are made canonical, rows that then have
//! the same keys are merged, and what that displaces is dealt with in turn.
//!
//! Each round treats the values displaced so far, table by table. Few displaced values are found
//! through the indexes of the columns that can mention them, many by one pass over the table
//! (Downey, Sethi and Tarjan 1980 give the worklist form; egg, Willsey et al. 2021, the deferral).
//! A row that is known by another's keys dies, the older survives. Cost: proportional to the rows
//! that mention displaced values, or to the table where they are many.

use smallvec::SmallVec;

use super::{Host, Kind, Refused, Store, TableId, Value};

/// A table is scanned when more than one in so many of its rows may be concerned.
const SCAN_SHARE: usize = 8;
/// From so many changes on, it may pay that several threads bring indexes up to date.
const MANY_CHANGES: u64 = 1 << 12;
/// Rows that are looked at before they are changed.
const GROUP: u32 = 64;

impl Store {
    /// Closes the store under congruence. An error of the host is given after the store is closed,
    /// so that its invariants hold in any case.
    pub(crate) fn rebuild<H: Host>(&mut self, host: &mut H) -> Result<(), Refused> {
        let mut failed = Ok(());
        loop {
            failed = failed.and(self.close(host));
            if failed.is_ok() {
                failed = host.settled(self);
            }
            if self.is_closed() {
                break;
            }
        }
        if !self.stable_rows {
            self.tables.iter_mut().for_each(super::Table::compact);
        }
        failed
    }

    /// Lets rules see the rows that mention a class as if they had changed. The store is closed.
    pub(crate) fn touch(&mut self, class: Value) {
        let (kind, clock) = (Kind::Class(self.class_sort(class)), self.clock);
        let mut rows = Vec::new();
        for table in &mut self.tables {
            for column in 0..=table.arity() {
                if table.kind(column) != kind {
                    continue;
                }
                table.ensure_index(column);
                rows.clear();
                rows.extend_from_slice(table.index(column).map_or(&[], |index| index.get(class)));
                for row in &rows {
                    if !table.is_dead(*row) && table.row(*row)[column] == class {
                        table.restamp(*row, clock);
                    }
                }
            }
        }
    }

    /// Rounds until nothing is displaced.
    fn close<H: Host>(&mut self, host: &mut H) -> Result<(), Refused> {
        let mut failed = Ok(());
        self.closing = true;
        while !self.is_closed() {
            let displaced = std::mem::take(&mut self.displaced);
            if !displaced.is_empty() {
                host.containers(self, &displaced);
            }
            let forwarded = std::mem::take(&mut self.forwarded);
            let round = Round::new(self, &displaced, &forwarded);
            if self.pool.is_some() && self.version - self.listed > MANY_CHANGES {
                self.list(&round);
            }
            for table in 0..self.tables.len() as TableId {
                if let Err(refused) = self.rebuild_table(host, table, &round) {
                    failed = failed.and(Err(refused));
                }
            }
        }
        self.closing = false;
        failed
    }

    /// Brings the indexes up to date that a round reads, all together.
    fn list(&mut self, round: &Round) {
        for table in 0..self.tables.len() as TableId {
            if let Way::Listed(columns) = self.way(table, round) {
                columns.iter().for_each(|(column, _)| self.want_index(table, *column));
            }
        }
        self.catch_up();
    }

    /// How the rows of a table are found that mention displaced values.
    fn way(&self, table: TableId, round: &Round) -> Way {
        let known = self.table(table);
        let columns: Columns = (0..=known.arity())
            .map(|column| (column, known.kind(column)))
            .filter(|(_, kind)| !round.of(*kind).is_empty())
            .collect();
        if columns.is_empty() || known.live() == 0 {
            return Way::None;
        }
        let wanted: usize = columns.iter().map(|(_, kind)| round.of(*kind).len()).sum();
        if wanted * SCAN_SHARE > known.len() as usize {
            Way::All(columns)
        } else {
            Way::Listed(columns)
        }
    }

    fn rebuild_table<H: Host>(
        &mut self,
        host: &mut H,
        table: TableId,
        round: &Round,
    ) -> Result<(), Refused> {
        let mut failed = Ok(());
        let columns = match self.way(table, round) {
            Way::None => return Ok(()),
            Way::All(columns) => {
                let (mut from, len) = (0, self.table(table).len());
                let mut rows = [0; GROUP as usize];
                while from < len {
                    let to = len.min(from + GROUP);
                    let rows = &mut rows[..(to - from) as usize];
                    rows.iter_mut().zip(from..to).for_each(|(at, row)| *at = row);
                    failed = failed.and(self.canonicalise_group(host, table, rows, &columns));
                    from = to;
                }
                return failed;
            }
            Way::Listed(columns) => columns,
        };
        let known = &mut self.tables[table as usize];
        let mut rows = Vec::new();
        for (column, kind) in &columns {
            known.ensure_index(*column);
            for value in round.of(*kind) {
                known.take_listed(*column, *value, &mut rows);
            }
        }
        for rows in rows.chunks_mut(GROUP as usize) {
            failed = failed.and(self.canonicalise_group(host, table, rows, &columns));
        }
        failed
    }

    fn canonicalise_group<H: Host>(
        &mut self,
        host: &mut H,
        table: TableId,
        rows: &mut [u32],
        columns: &[(usize, Kind)],
    ) -> Result<(), Refused> {
        let mut failed = Ok(());
        let count = self.stale(table, rows, columns);
        for row in &rows[..count] {
            failed = failed.and(self.canonicalise(host, table, *row, columns));
        }
        failed
    }

    /// Moves the live rows with displaced values to the front, and gives their number. Reads what
    /// changing them will read: together, so that cache misses overlap.
    fn stale(&self, table: TableId, rows: &mut [u32], columns: &[(usize, Kind)]) -> usize {
        let known = &self.tables[table as usize];
        let mut count = 0;
        for at in 0..rows.len() {
            let row = rows[at];
            let words = known.row(row);
            let stale = columns
                .iter()
                .any(|(column, kind)| self.canonical(*kind, words[*column]) != words[*column]);
            rows[count] = row;
            count += usize::from(stale && !known.is_dead(row));
        }
        let mut touched = 0;
        for row in &rows[..count] {
            let mut keys: SmallVec<[Value; 8]> = known.keys(*row).into();
            touched ^= known.touch_keys(&keys);
            for (column, kind) in columns {
                if let Some(key) = keys.get_mut(*column) {
                    *key = self.canonical(*kind, *key);
                }
            }
            touched ^= known.touch_keys(&keys);
        }
        std::hint::black_box(touched);
        count
    }

    /// Makes a row canonical; it dies if another row has its keys.
    fn canonicalise<H: Host>(
        &mut self,
        host: &mut H,
        table: TableId,
        row: u32,
        columns: &[(usize, Kind)],
    ) -> Result<(), Refused> {
        let known = &self.tables[table as usize];
        if known.is_dead(row) {
            return Ok(());
        }
        let arity = known.arity();
        let words = known.row(row);
        let (mut stale, mut rekeyed) = (false, false);
        for (column, kind) in columns {
            let moved = self.canonical(*kind, words[*column]) != words[*column];
            stale |= moved;
            rekeyed |= moved && *column < arity;
        }
        if !stale {
            return Ok(());
        }
        self.version += 1;
        if rekeyed {
            self.tables[table as usize].memo_remove(row);
        }
        for (column, kind) in columns {
            let old = self.tables[table as usize].word(row, *column);
            let value = self.canonical_mut(*kind, old);
            if value != old {
                self.tables[table as usize].overwrite(row, *column, value);
            }
        }
        let clock = self.clock;
        let known = &mut self.tables[table as usize];
        if rekeyed && let Some(twin) = known.memo_settle(row) {
            let output = known.output(row);
            if known.is_subsumed(row) {
                known.subsume(twin);
            }
            known.bury(row);
            self.live -= usize::from(!known.decl.implied);
            return self.resolve_conflict(host, table, twin, output);
        }
        self.tables[table as usize].restamp(row, clock);
        Ok(())
    }
}

/// Columns of a table and what they hold.
type Columns = SmallVec<[(usize, Kind); 8]>;

/// How rows with displaced values in some columns are found.
enum Way {
    /// There are none.
    None,
    /// By looking at all.
    All(Columns),
    /// Through the indexes of the columns.
    Listed(Columns),
}

/// The values displaced in one round, by what they are.
struct Round {
    /// By sort: (sort, classes).
    classes: Vec<(u32, Vec<Value>)>,
    /// By space: (space, container values).
    containers: Vec<(u32, Vec<Value>)>,
}

impl Round {
    fn new(store: &Store, displaced: &[Value], forwarded: &[(u32, Value)]) -> Self {
        let classes = displaced.iter().map(|class| (store.class_sort(*class), *class));
        Self { classes: group(classes), containers: group(forwarded.iter().copied()) }
    }

    /// The displaced values of a kind.
    fn of(&self, kind: Kind) -> &[Value] {
        let (groups, key) = match kind {
            Kind::Plain => return &[],
            Kind::Class(sort) => (&self.classes, sort),
            Kind::Container(space) => (&self.containers, space),
        };
        groups.iter().find(|(k, _)| *k == key).map_or(&[], |(_, values)| values)
    }
}

fn group(items: impl Iterator<Item = (u32, Value)>) -> Vec<(u32, Vec<Value>)> {
    let mut groups: Vec<(u32, Vec<Value>)> = Vec::new();
    let mut last = 0;
    for (key, value) in items {
        if groups.get(last).is_none_or(|(k, _)| *k != key) {
            last = groups.iter().position(|(k, _)| *k == key).unwrap_or_else(|| {
                groups.push((key, Vec::new()));
                groups.len() - 1
            });
        }
        groups[last].1.push(value);
    }
    groups
}
