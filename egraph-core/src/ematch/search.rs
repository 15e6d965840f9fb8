//! Running plans: nested loops over changes, look-ups and index lists into flat match buffers.

use smallvec::SmallVec;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::actions::Actions;
use super::batch::{self, Batch, Scratch};
use super::block::Calls;
use super::dynamic;
use super::plan::{Access, Age, Plan, SplitStep, Step, Use};
use super::{Operand, Prims, Query};
use crate::store::{Delta, Store, Table, TableId, Value};

/// Rows of changes that one unit of work walks: few, so that threads that share units end at about
/// the same time. On one thread it is the same, as the order of matches depends on it.
const CHUNK: u32 = 512;
/// Words of matches that there is room for when there are any.
const FIRST_WORDS: usize = 64;
/// Rows looked at between two looks at the clock.
const PATIENCE: u32 = 1 << 14;

/// When a search gives up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget<'a> {
    /// Matches of one unit after which no more are wanted.
    pub(crate) matches: usize,
    pub(crate) deadline: Option<Instant>,
    /// Other threads search too.
    pub(crate) shared: bool,
    /// Matches that all units of the search found so far: then these are as many as are wanted.
    pub(crate) all: Option<&'a AtomicUsize>,
    /// Matches are counted, but not reported.
    pub(crate) counts: bool,
}

impl Budget<'_> {
    /// No limits.
    pub(crate) const NONE: Self =
        Self { matches: usize::MAX, deadline: None, shared: false, all: None, counts: false };

    /// Counts matches. False when no more are wanted.
    #[inline]
    pub(super) fn count(&self, found: &mut Matches, matches: usize) -> Go {
        found.count += matches;
        let all = match self.all {
            None => found.count,
            Some(all) => all.fetch_add(matches, Ordering::Relaxed) + matches,
        };
        all < self.matches
    }

    /// True when time is up, which is noted.
    pub(super) fn is_over(&self, found: &mut Matches) -> bool {
        found.timed_out |= self.deadline.is_some_and(|deadline| Instant::now() >= deadline);
        found.timed_out
    }
}

/// Matches of a query: rows of its reported variables, one after the other.
#[derive(Clone, Debug, Default)]
pub(crate) struct Matches {
    pub(crate) words: Vec<Value>,
    /// Number of matches found: queries may report no variable.
    pub(crate) count: usize,
    pub(crate) timed_out: bool,
    pub(crate) time: Duration,
    /// A primitive must be called in order: the unit is to run again on one thread.
    pub(crate) deferred: bool,
}

/// Part of a search: a plan and the changes it starts from.
#[derive(Clone, Debug)]
pub(crate) struct Unit {
    order: Order,
    start: Start,
}

/// In which order atoms are joined.
#[derive(Clone, Debug)]
enum Order {
    Planned(Arc<Plan>),
    /// Chosen on the way, from an atom whose changes are walked (or all its rows).
    Dynamic {
        first: usize,
        focus: Option<usize>,
    },
}

#[derive(Clone, Debug)]
pub(super) enum Start {
    /// Nothing to walk: a query without atoms.
    Once,
    Rows(Range<u32>),
    /// Log entries of rows older than the row.
    Log(Range<usize>, u32),
}

impl Start {
    /// An upper bound on the rows.
    fn len(&self) -> usize {
        match self {
            Start::Once => 1,
            Start::Rows(rows) => rows.len(),
            Start::Log(entries, _) => entries.len(),
        }
    }
}

/// A search of one query, ready to run on a store that does not change meanwhile.
#[derive(Debug)]
pub(crate) struct Search<'q> {
    query: &'q Query,
    /// 0 if all matches are found.
    pub(crate) since: u32,
    pub(crate) units: Vec<Unit>,
}

impl Unit {
    /// Rows to walk: an upper bound, and at least 1.
    pub(crate) fn steps(&self) -> usize {
        self.start.len().max(1)
    }
}

impl<'q> Search<'q> {
    /// Chooses plans for the matches that a change since the stamp makes new (all for 0), and
    /// brings the indexes up to date that they read.
    pub(crate) fn new(query: &'q Query, store: &mut Store, since: u32) -> Self {
        let search = Self::planned(query, store, since);
        store.catch_up();
        search
    }

    /// As [`Search::new`]; the indexes are current after the next [`Store::catch_up`].
    pub(crate) fn planned(query: &'q Query, store: &mut Store, since: u32) -> Self {
        let mut search = Self { query, since, units: Vec::new() };
        if query.atoms.is_empty() {
            if since == 0 {
                let order = Order::Planned(Arc::new(Plan::new(query, store, None)));
                search.units.push(Unit { order, start: Start::Once });
            }
            return search;
        }
        if since == 0 {
            search.everything(store);
            return search;
        }
        let mut changes: SmallVec<[(usize, Delta); 8]> = SmallVec::new();
        let mut changed = 0;
        for (focus, atom) in query.atoms.iter().enumerate() {
            let delta = store.table(atom.table).delta(since);
            if delta.len() > 0 {
                changed += delta.len();
                changes.push((focus, delta));
            }
        }
        if changes.is_empty() || query.atoms.iter().any(|atom| store.table(atom.table).live() == 0)
        {
            return search;
        }
        // Each atom's changes are walked once, but everything only once in all: where most rows
        // changed, one pass over all of them is the cheaper way.
        let all: usize =
            query.atoms.iter().map(|atom| store.table(atom.table).live() as usize).sum();
        if query.idempotent && query.atoms.len() > 1 && changed > all / 10 * 6 {
            search.since = 0;
            search.everything(store);
            return search;
        }
        if dynamic::suits(query) {
            Self::ensure(store, &dynamic::columns(query));
            for (focus, delta) in changes {
                search.chunks(&Order::Dynamic { first: focus, focus: Some(focus) }, &delta);
            }
            return search;
        }
        for (focus, delta) in changes {
            let plan = search.plan(store, Some(focus));
            search.chunks(&Order::Planned(plan), &delta);
        }
        search
    }

    fn ensure(store: &mut Store, columns: &[(TableId, usize)]) {
        for (table, column) in columns {
            store.want_index(*table, *column);
        }
    }

    fn everything(&mut self, store: &mut Store) {
        if self.query.atoms.iter().any(|atom| store.table(atom.table).live() == 0) {
            return;
        }
        if dynamic::suits(self.query) {
            let first = dynamic::first(self.query, store);
            Self::ensure(store, &dynamic::columns(self.query));
            let delta = store.table(self.query.atoms[first].table).delta(0);
            self.chunks(&Order::Dynamic { first, focus: None }, &delta);
            return;
        }
        let plan = self.plan(store, None);
        let start = plan.steps.iter().find_map(|step| match step {
            Step::Atom { table, .. } => Some(*table),
            Step::Call { .. } | Step::Split(_) => None,
        });
        if let Some(table) = start {
            let delta = store.table(table).delta(0);
            self.chunks(&Order::Planned(plan), &delta);
        }
    }

    fn chunks(&mut self, order: &Order, delta: &Delta) {
        let mut from = delta.rows.start;
        while from < delta.rows.end {
            let to = delta.rows.end.min(from.saturating_add(CHUNK));
            self.units.push(Unit { order: order.clone(), start: Start::Rows(from..to) });
            from = to;
        }
        let mut from = delta.log.start;
        while from < delta.log.end {
            let to = delta.log.end.min(from + CHUNK as usize);
            let start = Start::Log(from..to, delta.rows.start);
            self.units.push(Unit { order: order.clone(), start });
            from = to;
        }
    }

    /// The plan for a focus, made anew if the tables have other sizes; its indexes are wanted.
    fn plan(&self, store: &mut Store, focus: Option<usize>) -> Arc<Plan> {
        let slot = focus.map_or(0, |focus| focus + 1);
        let mut plans = self.query.plans.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let plan = match &plans[slot] {
            Some(plan) if plan.fits(self.query, store) => plan.clone(),
            _ => {
                let plan = Arc::new(Plan::new(self.query, store, focus));
                plans[slot] = Some(plan.clone());
                plan
            }
        };
        Self::ensure(store, &plan.indexes);
        plan
    }

    /// Runs one unit. Matches for which these actions' effects hold are counted, but not reported,
    /// where there are enough to ask for that.
    pub(crate) fn run<P: Prims>(
        &self,
        store: &Store,
        prims: &P,
        unit: &Unit,
        budget: Budget<'_>,
        test: Option<&Actions>,
        scratch: &mut Scratch,
    ) -> Matches {
        if let Order::Planned(plan) = &unit.order
            && unit.start.len() >= batch::FEW
            && batch::suits(plan)
        {
            let (query, since) = (self.query, self.since);
            let mut batch = Batch::new(store, prims, query, plan, since, test, budget, scratch);
            batch.run(&unit.start);
            return batch.found;
        }
        let mut found = self.walk(store, prims, unit, budget);
        if !found.deferred
            && found.count >= batch::FEW
            && let Some(actions) = test
        {
            let calls = Calls::of(prims, budget.shared);
            let report = &self.query.report;
            actions.unmet(store, calls, report, &mut found.words, scratch.first());
        }
        found
    }

    fn walk<P: Prims>(&self, store: &Store, prims: &P, unit: &Unit, budget: Budget<'_>) -> Matches {
        let mut walk = Walk {
            store,
            prims,
            query: self.query,
            steps: match &unit.order {
                Order::Planned(plan) => &plan.steps,
                Order::Dynamic { .. } => &[],
            },
            focus: match unit.order {
                Order::Dynamic { focus, .. } => focus,
                Order::Planned(_) => None,
            },
            bound: SmallVec::new(),
            since: self.since,
            registers: smallvec::smallvec![0; self.query.vars as usize],
            found: Matches::default(),
            budget,
            patience: PATIENCE,
        };
        walk.unit(unit);
        walk.found
    }

    /// Runs all units, one after the other.
    pub(crate) fn run_all<P: Prims>(
        &self,
        store: &Store,
        prims: &P,
        budget: Budget<'_>,
    ) -> Matches {
        let mut all = Matches::default();
        let mut scratch = Scratch::default();
        for unit in &self.units {
            let rest = Budget { matches: budget.matches - all.count, ..budget };
            let found = self.run(store, prims, unit, rest, None, &mut scratch);
            all.words.extend_from_slice(&found.words);
            all.count += found.count;
            all.timed_out |= found.timed_out;
            if all.timed_out || all.count >= budget.matches {
                break;
            }
        }
        all
    }
}

pub(super) struct Walk<'a, P> {
    pub(super) store: &'a Store,
    prims: &'a P,
    pub(super) query: &'a Query,
    steps: &'a [Step],
    since: u32,
    /// The atom whose changes are walked, where the order is chosen on the way.
    pub(super) focus: Option<usize>,
    pub(super) registers: SmallVec<[Value; 16]>,
    /// Which registers hold a value, where the order is chosen on the way.
    pub(super) bound: SmallVec<[bool; 16]>,
    found: Matches,
    budget: Budget<'a>,
    patience: u32,
}

/// Whether to go on.
pub(super) type Go = bool;

impl<'a, P: Prims> Walk<'a, P> {
    fn unit(&mut self, unit: &'a Unit) {
        let plan = match &unit.order {
            Order::Planned(plan) => plan,
            Order::Dynamic { first, .. } => {
                let table = self.store.table(self.query.atoms[*first].table);
                self.each(table, &unit.start, |walk, row| walk.begin(*first, row));
                return;
            }
        };
        let prelude = plan.prelude;
        for step in 0..prelude {
            let Step::Call { prim, args, check, out } = &self.steps[step] else { break };
            if !self.call(*prim, args, *check, *out) {
                return;
            }
        }
        if let Start::Once = unit.start {
            self.step(prelude);
            return;
        }
        let Some(Step::Atom { table, uses, .. }) = self.steps.get(prelude) else { return };
        let table = self.store.table(*table);
        self.each(table, &unit.start, |walk, row| {
            walk.row(table, row, Age::Any, uses, prelude + 1)
        });
    }

    /// Visits the rows that a unit starts from.
    fn each(
        &mut self,
        table: &'a Table,
        start: &Start,
        mut visit: impl FnMut(&mut Self, u32) -> Go,
    ) {
        match start {
            Start::Once => {}
            Start::Rows(rows) => {
                for row in rows.clone() {
                    if !visit(self, row) {
                        return;
                    }
                }
            }
            Start::Log(entries, first) => {
                for entry in entries.clone() {
                    if let Some(row) = table.logged(entry, *first)
                        && !visit(self, row)
                    {
                        return;
                    }
                }
            }
        }
    }

    #[inline]
    fn value(&self, operand: Operand) -> Value {
        match operand {
            Operand::Var(var) => self.registers[var as usize],
            Operand::Const(value) => value,
        }
    }

    /// Counts a row that is looked at. False when time is up.
    #[inline]
    pub(super) fn spend(&mut self) -> Go {
        self.patience -= 1;
        if self.patience == 0 {
            self.patience = PATIENCE;
            if self.budget.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                self.found.timed_out = true;
                return false;
            }
        }
        true
    }

    /// True when the walk is over, whatever is left.
    pub(super) fn stopped(&self) -> bool {
        self.found.timed_out || self.found.deferred
    }

    /// True for a row that an atom of this age may match.
    #[inline]
    pub(super) fn visible(&self, table: &Table, row: u32, age: Age) -> bool {
        table.sees(age.sight(self.since, self.query), row)
    }

    /// Matches one row and goes on with the steps from `next`.
    #[inline]
    fn row(&mut self, table: &'a Table, row: u32, age: Age, uses: &'a [Use], next: usize) -> Go {
        if !self.spend() {
            return false;
        }
        if !self.visible(table, row, age) {
            return true;
        }
        let words = table.row(row);
        for what in uses {
            match *what {
                Use::Bind(column, var) => self.registers[var as usize] = words[column],
                Use::Check(column, operand) => {
                    if words[column] != self.value(operand) {
                        return true;
                    }
                }
            }
        }
        self.step(next)
    }

    pub(super) fn call(
        &mut self,
        prim: Option<u32>,
        args: &[Operand],
        check: bool,
        out: Operand,
    ) -> bool {
        let args: SmallVec<[Value; 4]> = args.iter().map(|arg| self.value(*arg)).collect();
        let Some(prim) = prim else {
            return self.settle(args[0], check, out);
        };
        let result = if self.budget.shared {
            let Ok(result) = self.prims.call_shared(self.store, prim, &args) else {
                self.found.deferred = true;
                return false;
            };
            result
        } else {
            self.prims.call(self.store, prim, &args)
        };
        result.is_some_and(|result| self.settle(result, check, out))
    }

    /// Compares a result with what is known, or keeps it.
    fn settle(&mut self, result: Value, check: bool, out: Operand) -> bool {
        if check {
            return self.value(out) == result;
        }
        if let Operand::Var(var) = out {
            self.registers[var as usize] = result;
        }
        true
    }

    fn step(&mut self, at: usize) -> Go {
        let steps = self.steps;
        let Some(step) = steps.get(at) else { return self.emit() };
        match step {
            Step::Call { prim, args, check, out } => {
                if self.call(*prim, args, *check, *out) {
                    self.step(at + 1)
                } else {
                    !self.found.deferred
                }
            }
            Step::Split(split) => {
                let elements = self.prims.elements(split.space, self.value(split.bag));
                let mut left: SmallVec<[(Value, u32); 16]> =
                    elements.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect();
                let total: u64 = left.iter().map(|(_, number)| u64::from(*number)).sum();
                let wanted = split.elements.len() as u64;
                let fits = if split.rest.is_some() { wanted <= total } else { wanted == total };
                !fits || self.split(split, 0, &mut left, at + 1)
            }
            Step::Atom { table, access, age, uses } => {
                let table = self.store.table(*table);
                match access {
                    Access::Keys(keys) => {
                        let keys: SmallVec<[Value; 8]> =
                            keys.iter().map(|key| self.value(*key)).collect();
                        match table.find(&keys) {
                            Some(row) => self.row(table, row, *age, uses, at + 1),
                            None => true,
                        }
                    }
                    Access::Columns(columns) => self.listed(table, columns, *age, uses, at + 1),
                    Access::Start | Access::Scan => {
                        (0..table.len()).all(|row| self.row(table, row, *age, uses, at + 1))
                    }
                }
            }
        }
    }

    /// Gives what is left of a multiset to the elements from `at` on, in every way.
    fn split(
        &mut self,
        split: &'a SplitStep,
        at: usize,
        left: &mut [(Value, u32)],
        next: usize,
    ) -> Go {
        let Some((operand, known)) = split.elements.get(at).copied() else {
            let Some((operand, known)) = split.rest else { return self.step(next) };
            if self.budget.shared {
                // The multiset may be a new one.
                self.found.deferred = true;
                return false;
            }
            let rest = self.prims.multiset(split.space, left);
            return match rest {
                Some(rest) if self.settle(rest, known, operand) => self.step(next),
                _ => true,
            };
        };
        let wanted = known.then(|| self.value(operand));
        for index in 0..left.len() {
            let (element, number) = left[index];
            if number == 0 || wanted.is_some_and(|wanted| wanted != element) {
                continue;
            }
            left[index].1 -= 1;
            self.settle(element, known, operand);
            let go = self.split(split, at + 1, left, next);
            left[index].1 += 1;
            if !go {
                return false;
            }
        }
        true
    }

    /// The rows with known values in some columns, by the shortest list.
    fn listed(
        &mut self,
        table: &'a Table,
        columns: &[(usize, Operand)],
        age: Age,
        uses: &'a [Use],
        next: usize,
    ) -> Go {
        let mut best: Option<&[u32]> = None;
        for (column, operand) in columns {
            let Some(index) = table.index(*column) else { continue };
            let rows = index.get(self.value(*operand));
            if rows.is_empty() {
                return true;
            }
            if best.is_none_or(|least| rows.len() < least.len()) {
                best = Some(rows);
            }
        }
        match best {
            Some(rows) => rows.iter().all(|row| self.row(table, *row, age, uses, next)),
            None => (0..table.len()).all(|row| self.row(table, row, age, uses, next)),
        }
    }

    pub(super) fn emit(&mut self) -> Go {
        if !self.budget.counts {
            let words = &mut self.found.words;
            if words.is_empty() {
                words.reserve(FIRST_WORDS);
            }
            words.extend(self.query.report.iter().map(|var| self.registers[*var as usize]));
        }
        self.budget.count(&mut self.found, 1)
    }
}
