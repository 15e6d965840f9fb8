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

impl Store {
    /// Closes the store under congruence. An error of the host is given after the store is closed,
    /// so that its invariants hold in any case.
    pub(crate) fn rebuild<H: Host>(&mut self, host: &mut H) -> Result<(), Refused> {
        let mut failed = Ok(());
        self.closing = true;
        while !self.is_closed() {
            let displaced = std::mem::take(&mut self.displaced);
            if !displaced.is_empty() {
                host.containers(self, &displaced);
            }
            let forwarded = std::mem::take(&mut self.forwarded);
            let round = Round::new(self, &displaced, &forwarded);
            for table in 0..self.tables.len() as TableId {
                if let Err(refused) = self.rebuild_table(host, table, &round) {
                    failed = failed.and(Err(refused));
                }
            }
        }
        self.closing = false;
        if !self.stable_rows {
            self.tables.iter_mut().for_each(super::Table::compact);
        }
        failed
    }

    fn rebuild_table<H: Host>(
        &mut self,
        host: &mut H,
        table: TableId,
        round: &Round,
    ) -> Result<(), Refused> {
        let known = &mut self.tables[table as usize];
        let columns: SmallVec<[(usize, Kind); 8]> = (0..=known.arity())
            .map(|column| (column, known.kind(column)))
            .filter(|(_, kind)| !round.of(*kind).is_empty())
            .collect();
        if columns.is_empty() || known.live() == 0 {
            return Ok(());
        }
        let wanted: usize = columns.iter().map(|(_, kind)| round.of(*kind).len()).sum();
        let mut failed = Ok(());
        if wanted * SCAN_SHARE > known.len() as usize {
            for row in 0..known.len() {
                failed = failed.and(self.canonicalise(host, table, row, &columns));
            }
            return failed;
        }
        let mut rows = Vec::new();
        for (column, kind) in &columns {
            known.ensure_index(*column);
            for value in round.of(*kind) {
                known.take_listed(*column, *value, &mut rows);
            }
        }
        for row in rows {
            failed = failed.and(self.canonicalise(host, table, row, &columns));
        }
        failed
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
        let mut changes: SmallVec<[(usize, Value); 8]> = SmallVec::new();
        let words = known.row(row);
        for (column, kind) in columns {
            let canonical = self.canonical(*kind, words[*column]);
            if canonical != words[*column] {
                changes.push((*column, canonical));
            }
        }
        if changes.is_empty() {
            return Ok(());
        }
        let clock = self.clock;
        self.version += 1;
        let known = &mut self.tables[table as usize];
        let rekeyed = changes.iter().any(|(column, _)| *column < arity);
        if rekeyed {
            known.memo_remove(row);
        }
        for (column, value) in changes {
            known.overwrite(row, column, value);
        }
        if rekeyed && let Some(twin) = known.memo_settle(row) {
            let output = known.output(row);
            if known.is_subsumed(row) {
                known.subsume(twin);
            }
            known.bury(row);
            self.live -= 1;
            return self.resolve_conflict(host, table, twin, output);
        }
        self.tables[table as usize].restamp(row, clock);
        Ok(())
    }
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
