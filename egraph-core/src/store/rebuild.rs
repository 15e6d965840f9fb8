//! Congruence closure: rows that mention displaced values are made canonical, rows that then have
//! the same keys are merged, and what that displaces is dealt with in turn.
//!
//! Each round treats the values displaced before it. Rows that mention few of them are found
//! through the indexes of the columns that can mention them, those that mention many by one pass
//! over the table (Downey, Sethi and Tarjan 1980 give the worklist form; egg, Willsey et al. 2021,
//! the deferral). A row that is known by another's keys dies, the older survives. Tables are treated
//! one after the other or at the same time ([`closing`]); then what follows for classes is done in
//! the order of the tables, for the next round to treat. Cost: proportional to the rows that mention
//! displaced values, or to the table where they are many.
//!
//! [`closing`]: super::closing

use std::cmp::Reverse;
use std::time::Instant;

use super::closing::{self, Closed, Frozen, Round, Way};
use super::{Host, Kind, Refused, Store, Table, TableId, Value};

/// From so many changes on, it may pay that several threads bring indexes up to date.
const MANY_CHANGES: u64 = 1 << 12;
/// Nanoseconds of a round that are worth sharing: what another thread changed has to come back.
const WORTH_SHARING: u64 = 30_000;
/// So few steps say nothing of how long one takes.
const FEW_STEPS: usize = 1 << 9;

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
        // What failed may have left row numbers with the host.
        if !self.stable_rows && failed.is_ok() {
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
            let classes = displaced.iter().map(|class| (self.class_sort(*class), *class));
            let round = Round::new(classes, forwarded.iter().copied());
            // Short paths for those who cannot shorten them.
            for class in &displaced {
                self.classes.find_mut(*class);
            }
            if self.pool.is_some() && self.version - self.listed > MANY_CHANGES {
                self.list(&round);
            }
            for (table, closed) in self.close_tables(&round) {
                failed = failed.and(self.resolve(host, table, closed));
            }
        }
        self.closing = false;
        failed
    }

    /// Brings the indexes up to date that a round reads, all together.
    fn list(&mut self, round: &Round) {
        for table in 0..self.tables.len() as TableId {
            if let Way::Listed(columns) = Way::of(self.table(table), round) {
                columns.iter().for_each(|(column, _)| self.want_index(table, *column));
            }
        }
        self.catch_up();
    }

    /// Each table's part of a round, in the order of the tables.
    fn close_tables(&mut self, round: &Round) -> Vec<(TableId, Closed)> {
        let Self { tables, classes, spaces, clock, pool, stepping, news, .. } = self;
        let frozen = Frozen { classes, spaces, clock: *clock, told: news.is_some() };
        let tables = tables.iter_mut().zip(0..);
        let concerned = tables.filter_map(|(table, number)| match Way::of(table, round) {
            Way::None => None,
            way => Some((number, table, way)),
        });
        let Some(pool) = pool else {
            let close = |(number, table, way): (TableId, &mut Table, Way)| {
                (number, closing::close(table, &way, round, frozen))
            };
            return concerned.map(close).collect();
        };
        let mut concerned: Vec<(TableId, &mut Table, Way, usize)> = concerned
            .map(|(number, table, way)| {
                let steps = way.steps(table, round, frozen);
                (number, table, way, steps)
            })
            .collect();
        let foreseen = concerned.iter().map(|(.., steps)| stepping.foresee(*steps));
        // Rounds are short: they alone are no reason to start a thread.
        if !pool.is_started() || !pool.pays_from(WORTH_SHARING, foreseen) {
            let (steps, started) =
                (concerned.iter().map(|(.., steps)| steps).sum(), Instant::now());
            let closed = concerned
                .into_iter()
                .map(|(number, table, way, _)| (number, closing::close(table, &way, round, frozen)))
                .collect();
            if steps > FEW_STEPS {
                stepping.measured(steps, started.elapsed());
            }
            return closed;
        }
        concerned.sort_by_key(|(.., steps)| Reverse(*steps));
        let mut closed = pool.map_taken(concerned, |(number, table, way, steps)| {
            let started = Instant::now();
            let closed = closing::close(table, &way, round, frozen);
            if steps > FEW_STEPS {
                stepping.measured(steps, started.elapsed());
            }
            (number, closed)
        });
        closed.sort_unstable_by_key(|(number, _)| *number);
        closed
    }

    /// Counts what a table's part of a round did, and does what follows.
    fn resolve<H: Host>(
        &mut self,
        host: &mut H,
        table: TableId,
        closed: Closed,
    ) -> Result<(), Refused> {
        self.version += closed.changed;
        if !self.table(table).decl.implied {
            self.live -= closed.dead;
        }
        if let Some(news) = &mut self.news {
            news.changed.extend(closed.rows.into_iter().map(|row| (table, row)));
        }
        let mut failed = Ok(());
        for (row, output) in closed.conflicts {
            let known = self.table(table);
            // A merge before may have replaced the row.
            let row = if known.is_dead(row) { known.find(known.keys(row)) } else { Some(row) };
            if let Some(row) = row
                && let Err(refused) = self.resolve_conflict(host, table, row, output)
            {
                failed = failed.and(Err(refused));
            }
        }
        failed
    }
}
