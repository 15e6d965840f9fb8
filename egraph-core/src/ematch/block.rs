//! Matches by the block: a column for each variable, and which of them are still in question.
//!
//! What is done for one match after the other waits for a cache miss each time. For a block it is
//! done in passes (hashes and the slots they lead to, then the rows that these name); within a
//! pass no look-up waits for another, so that their misses overlap (group prefetching, Chen et al.,
//! "Improving hash join performance through prefetching", ICDE 2004, by plain reads). Whether a slot
//! fits is seldom foreseen before it is read; that its row has the keys then, nearly always. What is
//! decided once a block (which step, which columns) is not decided again for each match (block-wise
//! interpretation, Boncz et al., "MonetDB/X100", CIDR 2005).

use smallvec::SmallVec;

use super::actions::Action;
use super::{Operand, Prims};
use crate::store::{Conflict, Kind, Store, Table, Value, hash_words};

/// Matches of a block: any `u8` is the number of one.
pub(super) const BLOCK: usize = 256;

/// One value for each match.
pub(super) type Column = [Value; BLOCK];

/// Some matches of a block, in order.
#[derive(Clone, Debug)]
pub(super) struct Selection {
    at: [u8; BLOCK],
    len: usize,
}

impl Selection {
    const NONE: Self = Self { at: [0; BLOCK], len: 0 };

    /// So many matches.
    pub(super) fn all(len: usize) -> Self {
        let mut all = Self::NONE;
        all.first(len);
        all
    }

    /// Selects so many matches.
    pub(super) fn first(&mut self, len: usize) {
        self.len = len;
        for (number, at) in self.at[..len].iter_mut().enumerate() {
            *at = number as u8;
        }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    #[inline]
    pub(super) fn as_slice(&self) -> &[u8] {
        &self.at[..self.len]
    }

    /// Those that another selection of the same block lacks.
    pub(super) fn without(&self, other: &Self) -> Self {
        let mut others = [false; BLOCK];
        for at in other.as_slice() {
            others[*at as usize] = true;
        }
        let mut rest = self.clone();
        rest.retain(|at| !others[at]);
        rest
    }

    /// Drops the matches that do not fit, without a branch for each.
    #[inline]
    pub(super) fn retain(&mut self, mut fits: impl FnMut(usize) -> bool) {
        let mut kept = 0;
        for number in 0..self.len.min(BLOCK) {
            let at = self.at[number];
            self.at[usize::from(kept as u8)] = at;
            kept += usize::from(fits(at as usize));
        }
        self.len = kept;
    }
}

/// A block of matches.
#[derive(Clone, Debug)]
pub(super) struct Block {
    /// By variable.
    columns: Vec<Column>,
    /// Matches, those included that are out of question.
    pub(super) len: usize,
    pub(super) selected: Selection,
    /// The row last looked up for each match.
    pub(super) rows: Column,
}

impl Default for Block {
    fn default() -> Self {
        Self { columns: Vec::new(), len: 0, selected: Selection::NONE, rows: [0; BLOCK] }
    }
}

/// The columns of operands, or their one value.
pub(super) enum Source<'a> {
    Column(&'a Column),
    Const(Value),
}

impl Source<'_> {
    #[inline]
    pub(super) fn at(&self, at: usize) -> Value {
        match self {
            Source::Column(column) => column[at],
            Source::Const(value) => *value,
        }
    }
}

impl Block {
    /// Makes room for so many variables, and forgets all matches.
    pub(super) fn clear(&mut self, vars: usize) {
        self.reserve(vars);
        self.len = 0;
    }

    /// Makes room for so many variables.
    pub(super) fn reserve(&mut self, vars: usize) {
        if self.columns.len() < vars {
            self.columns.resize(vars, [0; BLOCK]);
        }
    }

    #[inline]
    pub(super) fn column(&self, var: u32) -> &Column {
        &self.columns[var as usize]
    }

    #[inline]
    pub(super) fn column_mut(&mut self, var: u32) -> &mut Column {
        &mut self.columns[var as usize]
    }

    #[inline]
    pub(super) fn value(&self, operand: Operand, at: usize) -> Value {
        match operand {
            Operand::Var(var) => self.columns[var as usize][at],
            Operand::Const(value) => value,
        }
    }

    /// Fills the block with matches, rows of the variables, and selects them all.
    pub(super) fn load(&mut self, vars: usize, report: &[u32], words: &[Value]) {
        self.clear(vars);
        let stride = report.len();
        self.len = words.len() / stride;
        for (offset, var) in report.iter().enumerate() {
            let column = self.columns[*var as usize].iter_mut();
            for (value, words) in column.zip(words.chunks_exact(stride)) {
                *value = words[offset];
            }
        }
        self.selected.first(self.len);
    }

    /// Makes the values of variables canonical.
    pub(super) fn renew(&mut self, store: &Store, report: &[u32], kinds: &[Kind]) {
        if store.is_closed() {
            return;
        }
        for var in report {
            let kind = kinds[*var as usize];
            if kind != Kind::Plain {
                for value in &mut self.columns[*var as usize][..self.len] {
                    *value = store.canonical(kind, *value);
                }
            }
        }
    }

    /// Appends the selected matches as rows of the variables.
    pub(super) fn append_to(&self, report: &[u32], words: &mut Vec<Value>) {
        let first = words.len();
        words.resize(first + self.selected.len * report.len(), 0);
        self.write_to(report, &mut words[first..]);
    }

    /// Writes the selected matches as rows of the variables; gives the number of words.
    pub(super) fn write_to(&self, report: &[u32], words: &mut [Value]) -> usize {
        let stride = report.len();
        for (offset, var) in report.iter().enumerate() {
            let column = self.column(*var);
            let rows = words.chunks_exact_mut(stride);
            for (words, at) in rows.zip(self.selected.as_slice()) {
                words[offset] = column[*at as usize];
            }
        }
        self.selected.len * stride
    }

    /// Keeps the selected matches for which the step's effect holds, with its result.
    pub(super) fn test<P: Prims>(&mut self, store: &Store, prims: Calls<'_, P>, step: &Action) {
        match step {
            Action::Make { table, args, out } | Action::Get { table, args, out } => {
                let table = store.table(*table);
                self.find(table, args);
                let (column, kind) = (&mut self.columns[*out as usize], table.decl.output);
                for at in self.selected.as_slice() {
                    let output = table.output(self.rows[*at as usize]);
                    column[*at as usize] = store.renewed(kind, output);
                }
            }
            Action::MakeIn { table, args, class } => self.keep_equal(store, *table, args, *class),
            Action::Set { table, args, value } => {
                if store.table(*table).decl.conflict == Conflict::Keep {
                    self.find(store.table(*table), args);
                } else {
                    self.keep_equal(store, *table, args, *value);
                }
            }
            Action::Union(a, b) => {
                let (a, b) = (self.source(*a), self.source(*b));
                let mut selected = self.selected.clone();
                selected.retain(|at| a.at(at) == b.at(at));
                self.selected = selected;
            }
            Action::Subsume { table, args } => {
                let table = store.table(*table);
                self.find(table, args);
                let rows = &self.rows;
                self.selected.retain(|at| table.is_subsumed(rows[at]));
            }
            Action::Call { prim, args, out } => self.call(store, prims, *prim, args, *out),
            Action::Copy { from, out } => self.copy(*from, *out),
            Action::Require { .. } => {}
            Action::Operate { .. }
            | Action::Perform { .. }
            | Action::Delete { .. }
            | Action::Panic(_) => {
                self.selected.first(0);
            }
        }
    }

    /// Gives a variable the values of an operand.
    pub(super) fn copy(&mut self, from: Operand, out: u32) {
        for at in 0..self.len {
            self.columns[out as usize][at] = self.value(from, at);
        }
    }

    pub(super) fn source(&self, operand: Operand) -> Source<'_> {
        match operand {
            Operand::Var(var) => Source::Column(self.column(var)),
            Operand::Const(value) => Source::Const(value),
        }
    }

    /// Keeps the matches whose row has this output.
    fn keep_equal(&mut self, store: &Store, table: u32, args: &[Operand], output: Operand) {
        let table = store.table(table);
        self.find(table, args);
        let kind = table.decl.output;
        let (columns, rows) = (&self.columns, &self.rows);
        match output {
            Operand::Var(var) => {
                let column = &columns[var as usize];
                self.selected
                    .retain(|at| store.renewed(kind, table.output(rows[at])) == column[at]);
            }
            Operand::Const(value) => {
                self.selected.retain(|at| store.renewed(kind, table.output(rows[at])) == value);
            }
        }
    }

    /// Keeps the matches for which a primitive has a result.
    fn call<P: Prims>(
        &mut self,
        store: &Store,
        calls: Calls<'_, P>,
        prim: u32,
        args: &[Operand],
        out: u32,
    ) {
        let mut selected = std::mem::replace(&mut self.selected, Selection::NONE);
        selected.retain(|at| {
            let args: SmallVec<[Value; 8]> = args.iter().map(|arg| self.value(*arg, at)).collect();
            let result = match calls {
                Calls::None => None,
                Calls::Ordered(prims) => prims.call(store, prim, &args),
                Calls::Shared(prims) => prims.call_shared(store, prim, &args).ok().flatten(),
            };
            let Some(result) = result else { return false };
            self.columns[out as usize][at] = result;
            true
        });
        self.selected = selected;
    }

    /// Looks up the rows of the selected matches; keeps those that have one.
    pub(super) fn find(&mut self, table: &Table, args: &[Operand]) {
        let Self { columns, selected, rows, .. } = self;
        let column = |operand: Operand| match operand {
            Operand::Var(var) => Source::Column(&columns[var as usize]),
            Operand::Const(value) => Source::Const(value),
        };
        match *args {
            [Operand::Var(a)] => {
                let a = &columns[a as usize];
                look_up(table, selected, rows, |at| [a[at]]);
            }
            [Operand::Var(a), Operand::Var(b)] => {
                let (a, b) = (&columns[a as usize], &columns[b as usize]);
                look_up(table, selected, rows, |at| [a[at], b[at]]);
            }
            [a, b] => {
                let (a, b) = (column(a), column(b));
                look_up(table, selected, rows, |at| [a.at(at), b.at(at)]);
            }
            [a, b, c] => {
                let (a, b, c) = (column(a), column(b), column(c));
                look_up(table, selected, rows, |at| [a.at(at), b.at(at), c.at(at)]);
            }
            _ => {
                let sources: SmallVec<[Source<'_>; 8]> =
                    args.iter().map(|arg| column(*arg)).collect();
                look_up(table, selected, rows, |at| {
                    sources.iter().map(|source| source.at(at)).collect::<SmallVec<[Value; 8]>>()
                });
            }
        }
    }
}

/// How primitives may be called.
pub(super) enum Calls<'a, P> {
    /// Not at all.
    None,
    /// In the order of the matches.
    Ordered(&'a P),
    /// From one of several threads.
    Shared(&'a P),
}

impl<'a, P> Calls<'a, P> {
    pub(super) fn of(prims: &'a P, shared: bool) -> Self {
        if shared { Calls::Shared(prims) } else { Calls::Ordered(prims) }
    }
}

impl<P> Clone for Calls<'_, P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P> Copy for Calls<'_, P> {}

/// The hashes of the keys of the selected matches. The slots that they lead to are read.
#[inline]
pub(super) fn hashes<K: AsRef<[Value]>>(
    table: &Table,
    selected: &Selection,
    keys: impl Fn(usize) -> K,
) -> [u64; BLOCK] {
    let (mut hashes, mut touched) = ([0; BLOCK], 0);
    for at in selected.as_slice() {
        let hash = hash_words(keys(*at as usize).as_ref());
        hashes[*at as usize] = hash;
        touched ^= table.touch(hash);
    }
    std::hint::black_box(touched);
    hashes
}

/// Finds the rows with the keys of the selected matches; keeps those that have one.
#[inline]
fn look_up<K: AsRef<[Value]>>(
    table: &Table,
    selected: &mut Selection,
    rows: &mut Column,
    keys: impl Fn(usize) -> K,
) {
    if table.is_at_hand() {
        selected.retain(|at| {
            let keys = keys(at);
            let row = table.find(keys.as_ref());
            rows[at] = row.unwrap_or(0);
            row.is_some()
        });
        return;
    }
    let hashes = hashes(table, selected, &keys);
    selected.retain(|at| {
        let row = table.find_hashed(hashes[at], keys(at).as_ref());
        rows[at] = row.unwrap_or(0);
        row.is_some()
    });
}
