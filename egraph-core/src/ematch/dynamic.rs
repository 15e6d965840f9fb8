//! Joins whose order is chosen while they run.
//!
//! A fixed order rests on averages, and averages mislead where a few values have most rows (the
//! constant 2, the sort of all expressions). Queries with many atoms are therefore joined by looking
//! at each step at what every remaining atom would cost with the values at hand: the shortest index
//! list over its known columns. An atom whose list is empty ends the branch at once, whichever its
//! place in the query. (Eddies, Avnur and Hellerstein, SIGMOD 2000, adapt the order per tuple; the
//! choice by actual list lengths is that of generic join with a variable order per branch.)

use smallvec::SmallVec;

use super::plan::Age;
use super::search::{Go, Walk};
use super::{Atom, Call, Operand, Prims, Query};
use crate::store::{Store, TableId, Value};

/// Queries of at least so many atoms choose their order while they run.
pub(super) const MANY: usize = 4;
/// At most so many atoms and calls fit the sets of what is left.
pub(super) const MOST: usize = 64;

/// What is still to do, and what is known so far.
#[derive(Clone, Copy)]
pub(super) struct Left {
    atoms: u64,
    calls: u64,
}

/// True when the order of a query's joins is chosen while it runs.
pub(super) fn suits(query: &Query) -> bool {
    (MANY..=MOST).contains(&query.atoms.len())
        && query.calls.len() <= MOST
        && query.splits.is_empty()
}

/// The atom to begin with when nothing is known: the one with the fewest rows.
pub(super) fn first(query: &Query, store: &Store) -> usize {
    let rows = |atom: &Atom| store.table(atom.table).live();
    (0..query.atoms.len()).min_by_key(|atom| rows(&query.atoms[*atom])).unwrap_or(0)
}

/// The columns that may be known when an atom is entered: those with constants or variables that
/// another atom or call has too.
pub(super) fn columns(query: &Query) -> Vec<(TableId, usize)> {
    let mut uses = vec![0u32; query.vars as usize];
    let atoms = query.atoms.iter().flat_map(|atom| &atom.args);
    let calls = query.calls.iter().flat_map(|call| call.args.iter().chain([&call.out]));
    for operand in atoms.chain(calls) {
        if let Operand::Var(var) = operand {
            uses[*var as usize] += 1;
        }
    }
    let mut columns = Vec::new();
    for atom in &query.atoms {
        for (column, operand) in atom.args.iter().enumerate() {
            let known = match operand {
                Operand::Const(_) => true,
                Operand::Var(var) => uses[*var as usize] > 1,
            };
            if known && !columns.contains(&(atom.table, column)) {
                columns.push((atom.table, column));
            }
        }
    }
    columns
}

/// How the rows of the best atom are found.
enum Entry<'a> {
    Row(u32),
    Rows(&'a [u32]),
    All,
}

impl<'a, P: Prims> Walk<'a, P> {
    /// Joins everything, beginning with a row of an atom. Nothing is bound, before and after.
    pub(super) fn begin(&mut self, first: usize, row: u32) -> Go {
        let left = Left {
            atoms: ones(self.query.atoms.len()) & !(1 << first),
            calls: ones(self.query.calls.len()),
        };
        if self.bound.is_empty() {
            self.bound.resize(self.query.vars as usize, false);
        }
        let mut fresh = SmallVec::new();
        let go = match self.compute(left, &mut fresh) {
            Some(left) => self.enter(first, row, Age::Any, left),
            None => !self.stopped(),
        };
        for var in fresh {
            self.bound[var as usize] = false;
        }
        go
    }

    fn known(&self, operand: Operand) -> Option<Value> {
        match operand {
            Operand::Const(value) => Some(value),
            Operand::Var(var) => self.bound[var as usize].then(|| self.registers[var as usize]),
        }
    }

    /// Matches a row of an atom, and goes on with the rest.
    fn enter(&mut self, atom: usize, row: u32, age: Age, left: Left) -> Go {
        if !self.spend() {
            return false;
        }
        let query: &'a Query = self.query;
        let Atom { table, args } = &query.atoms[atom];
        let table = self.store.table(*table);
        if !self.visible(table, row, age) {
            return true;
        }
        let mut fresh: SmallVec<[u32; 8]> = SmallVec::new();
        let mut fits = true;
        for (operand, word) in args.iter().zip(table.row(row)) {
            match self.known(*operand) {
                Some(value) if value == *word => {}
                Some(_) => {
                    fits = false;
                    break;
                }
                None => self.bind(*operand, *word, &mut fresh),
            }
        }
        let mut go = true;
        if fits {
            go = match self.compute(left, &mut fresh) {
                Some(left) => self.rest(left),
                None => !self.stopped(),
            };
        }
        for var in fresh {
            self.bound[var as usize] = false;
        }
        go
    }

    fn bind(&mut self, operand: Operand, value: Value, fresh: &mut SmallVec<[u32; 8]>) {
        if let Operand::Var(var) = operand {
            self.registers[var as usize] = value;
            self.bound[var as usize] = true;
            fresh.push(var);
        }
    }

    /// Makes the calls whose arguments are known. `None` if one has no result, or another one.
    fn compute(&mut self, mut left: Left, fresh: &mut SmallVec<[u32; 8]>) -> Option<Left> {
        let query: &'a Query = self.query;
        let mut again = left.calls != 0;
        while again {
            again = false;
            for call in set(left.calls) {
                let Call { prim, args, out } = &query.calls[call];
                if !args.iter().all(|arg| self.known(*arg).is_some()) {
                    continue;
                }
                left.calls &= !(1 << call);
                let check = self.known(*out).is_some();
                if !self.call(*prim, args, check, *out) {
                    return None;
                }
                if !check && let Operand::Var(var) = *out {
                    self.bound[var as usize] = true;
                    fresh.push(var);
                    again = true;
                }
            }
        }
        Some(left)
    }

    /// Joins what is left, the atom with the fewest rows next.
    fn rest(&mut self, left: Left) -> Go {
        if left.atoms == 0 {
            return left.calls != 0 || self.emit();
        }
        let mut best: Option<(usize, usize, Entry<'a>)> = None;
        for atom in set(left.atoms) {
            let (rows, entry) = self.cost(atom);
            if rows == 0 {
                return true;
            }
            if best.as_ref().is_none_or(|(least, ..)| rows < *least) {
                let found = matches!(entry, Entry::Row(_));
                best = Some((rows, atom, entry));
                if found {
                    break;
                }
            }
        }
        let Some((_, atom, entry)) = best else { return true };
        let left = Left { atoms: left.atoms & !(1 << atom), ..left };
        let age = match self.focus {
            Some(focus) if atom < focus => Age::Old,
            _ => Age::Any,
        };
        match entry {
            Entry::Row(row) => self.enter(atom, row, age, left),
            Entry::Rows(rows) => rows.iter().all(|row| self.enter(atom, *row, age, left)),
            Entry::All => {
                let rows = self.store.table(self.query.atoms[atom].table).len();
                (0..rows).all(|row| self.enter(atom, row, age, left))
            }
        }
    }

    /// The number of rows an atom may match, given what is known, and how to find them.
    fn cost(&self, atom: usize) -> (usize, Entry<'a>) {
        let Atom { table, args } = &self.query.atoms[atom];
        let (table, arity) = (self.store.table(*table), args.len() - 1);
        let mut keys: SmallVec<[Value; 8]> = SmallVec::new();
        let mut best: Option<&'a [u32]> = None;
        for (column, operand) in args.iter().enumerate() {
            let Some(value) = self.known(*operand) else { continue };
            if column < arity {
                keys.push(value);
                if keys.len() == arity {
                    return match table.find(&keys) {
                        Some(row) => (1, Entry::Row(row)),
                        None => (0, Entry::All),
                    };
                }
            }
            if let Some(index) = table.index(column) {
                let rows = index.get(value);
                if rows.is_empty() {
                    return (0, Entry::All);
                }
                if best.is_none_or(|least| rows.len() < least.len()) {
                    best = Some(rows);
                }
            }
        }
        match best {
            Some(rows) => (rows.len(), Entry::Rows(rows)),
            // A product: last of all.
            None if table.live() == 0 => (0, Entry::All),
            None if arity == 0 => (1, Entry::All),
            None => ((table.live() as usize).saturating_add(1 << 40), Entry::All),
        }
    }
}

fn ones(count: usize) -> u64 {
    if count >= MOST { u64::MAX } else { (1 << count) - 1 }
}

/// The members of a set, ascending.
fn set(mut members: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let next = (members != 0).then(|| members.trailing_zeros() as usize)?;
        members &= members - 1;
        Some(next)
    })
}
