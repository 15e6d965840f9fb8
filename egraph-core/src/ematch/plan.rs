//! Plans: in which order the atoms of a query are joined, and how each is entered.
//!
//! The first atom is given (the one whose changes are walked) or the one with the fewest rows. Then
//! greedily: an atom whose keys are all known is one look-up; otherwise the atom with the smallest
//! estimated fan-out through the index of a known column. Calls run as soon as their arguments are
//! known. A plan is made anew when a table has grown or shrunk by a factor of four.

use std::sync::OnceLock;

use smallvec::{SmallVec, smallvec};

use super::{Atom, Operand, Query};
use crate::store::{Sight, Store, TableId};

/// Which rows an atom may match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Age {
    Any,
    /// Unchanged since the query last ran.
    Old,
}

impl Age {
    /// The rows that an atom of a query may match that last ran at a stamp.
    #[inline]
    pub(super) fn sight(self, since: u32, query: &Query) -> Sight {
        Sight::new((self == Age::Old).then_some(since), query.see_hidden)
    }
}

/// How the rows of an atom are found.
#[derive(Clone, Debug)]
pub(crate) enum Access {
    /// The rows the search starts from: changes, or all.
    Start,
    /// The row with these keys.
    Keys(SmallVec<[Operand; 4]>),
    /// Rows with known values in some columns: through the index with the shortest list.
    Columns(SmallVec<[(usize, Operand); 4]>),
    /// All rows.
    Scan,
}

/// What to do with a column of a row.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Use {
    Bind(usize, u32),
    Check(usize, Operand),
}

/// One step of a plan.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Atom { table: TableId, access: Access, age: Age, uses: SmallVec<[Use; 4]> },
    Call { prim: Option<u32>, args: SmallVec<[Operand; 4]>, check: bool, out: Operand },
    Split(Box<SplitStep>),
}

/// The elements of a multiset in every order; operands that are known are compared.
#[derive(Clone, Debug)]
pub(crate) struct SplitStep {
    pub(crate) space: u32,
    pub(crate) bag: Operand,
    pub(crate) elements: SmallVec<[(Operand, bool); 4]>,
    pub(crate) rest: Option<(Operand, bool)>,
}

/// An order of joins.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) steps: Vec<Step>,
    /// Calls without variables, or on nothing bound by atoms, come first.
    pub(crate) prelude: usize,
    /// Magnitudes of the tables, by atom, that the order was chosen for.
    sizes: SmallVec<[u8; 8]>,
    /// See [`Plan::carried`].
    carried: OnceLock<Vec<Carried>>,
    /// Indexes that the plan reads: (table, column).
    pub(crate) indexes: Vec<(TableId, usize)>,
}

/// Rows of which no order of joins has to do with many.
const FEW: u32 = 31;

/// Half the number of binary digits: sizes within a factor of four or so are of one magnitude, and
/// so are all small ones.
fn magnitude(rows: u32) -> u8 {
    ((u32::BITS - rows.max(FEW).leading_zeros()) / 2) as u8
}

impl Plan {
    /// True while the tables have the sizes the plan was made for.
    pub(crate) fn fits(&self, query: &Query, store: &Store) -> bool {
        query
            .atoms
            .iter()
            .zip(&self.sizes)
            .all(|(atom, size)| magnitude(store.table(atom.table).live()) == *size)
    }

    /// The plan that starts at an atom, or at the smallest one without age limits.
    pub(crate) fn new(query: &Query, store: &Store, focus: Option<usize>) -> Self {
        let mut maker = Maker {
            query,
            store,
            focus,
            bound: smallvec![false; query.vars as usize],
            called: smallvec![false; query.calls.len()],
            split: smallvec![false; query.splits.len()],
            plan: Self {
                steps: Vec::with_capacity(query.atoms.len() + query.calls.len()),
                prelude: 0,
                carried: OnceLock::new(),
                sizes: query.atoms.iter().map(|a| magnitude(store.table(a.table).live())).collect(),
                indexes: Vec::new(),
            },
        };
        maker.calls();
        maker.plan.prelude = maker.plan.steps.len();
        let mut waiting: SmallVec<[usize; 8]> = (0..query.atoms.len()).collect();
        let first = focus.or_else(|| maker.cheapest(&waiting));
        if let Some(first) = first {
            waiting.retain(|atom| *atom != first);
            maker.atom(first, Some(Access::Start));
        }
        while let Some(next) = maker.cheapest(&waiting) {
            waiting.retain(|atom| *atom != next);
            maker.atom(next, None);
        }
        maker.plan
    }

    /// By step: variables bound before that are wanted after it.
    pub(crate) fn carried(&self, query: &Query) -> &[Carried] {
        self.carried.get_or_init(|| carried(&self.steps, query))
    }
}

/// Variables.
pub(crate) type Carried = SmallVec<[u32; 8]>;

/// By step: the variables bound before it that later steps or the report want.
fn carried(steps: &[Step], query: &Query) -> Vec<Carried> {
    let mut wanted = vec![false; query.vars as usize];
    query.report.iter().for_each(|var| wanted[*var as usize] = true);
    let mut carried: Vec<Carried> = Vec::new();
    for step in steps.iter().rev() {
        let mut reads: SmallVec<[Operand; 8]> = SmallVec::new();
        let mut binds: SmallVec<[u32; 8]> = SmallVec::new();
        let mut check = |known: bool, operand: Operand| match operand {
            Operand::Var(var) if !known => binds.push(var),
            _ => reads.push(operand),
        };
        match step {
            Step::Atom { access, uses, .. } => {
                match access {
                    Access::Keys(keys) => keys.iter().for_each(|key| check(true, *key)),
                    Access::Columns(columns) => {
                        columns.iter().for_each(|(_, value)| check(true, *value));
                    }
                    Access::Start | Access::Scan => {}
                }
                for what in uses {
                    match *what {
                        Use::Bind(_, var) => check(false, Operand::Var(var)),
                        Use::Check(_, operand) => check(true, operand),
                    }
                }
            }
            Step::Call { args, check: known, out, .. } => {
                args.iter().for_each(|arg| check(true, *arg));
                check(*known, *out);
            }
            Step::Split(split) => {
                check(true, split.bag);
                let operands = split.elements.iter().chain(&split.rest);
                operands.for_each(|(operand, known)| check(*known, *operand));
            }
        }
        binds.iter().for_each(|var| wanted[*var as usize] = false);
        carried.push((0..query.vars).filter(|var| wanted[*var as usize]).collect());
        for operand in reads {
            if let Operand::Var(var) = operand {
                wanted[var as usize] |= !binds.contains(&var);
            }
        }
    }
    carried.reverse();
    carried
}

/// One for each of something.
type Flags = SmallVec<[bool; 16]>;

struct Maker<'a> {
    query: &'a Query,
    store: &'a Store,
    focus: Option<usize>,
    bound: Flags,
    called: Flags,
    split: Flags,
    plan: Plan,
}

impl Maker<'_> {
    fn known(&self, operand: Operand) -> bool {
        match operand {
            Operand::Var(var) => self.bound[var as usize],
            Operand::Const(_) => true,
        }
    }

    /// Estimated rows of an atom, given what is bound.
    fn fan_out(&self, atom: &Atom) -> f64 {
        let table = self.store.table(atom.table);
        let (keys, live) = (&atom.args[..table.arity()], f64::from(table.live()));
        if keys.iter().all(|key| self.known(*key)) {
            return 0.0;
        }
        let mut known = 0;
        let mut best = live;
        for (column, operand) in atom.args.iter().enumerate() {
            if self.known(*operand) {
                known += 1;
                best = best.min(table.fan_out(column));
            }
        }
        if known == 0 {
            // Products come last, the smallest first.
            return 1e12 + live;
        }
        best / f64::from(1 << (2 * (known - 1).min(8)))
    }

    fn cheapest(&self, waiting: &[usize]) -> Option<usize> {
        let mut best: Option<(f64, usize)> = None;
        for atom in waiting {
            let cost = self.fan_out(&self.query.atoms[*atom]);
            if best.is_none_or(|(least, _)| cost < least) {
                best = Some((cost, *atom));
            }
        }
        best.map(|(_, atom)| atom)
    }

    fn atom(&mut self, index: usize, access: Option<Access>) {
        let atom = &self.query.atoms[index];
        let arity = self.store.table(atom.table).arity();
        let known: SmallVec<[(usize, Operand); 4]> =
            atom.args.iter().copied().enumerate().filter(|(_, arg)| self.known(*arg)).collect();
        let keys_known = known.iter().filter(|(column, _)| *column < arity).count() == arity;
        let access = access.unwrap_or_else(|| {
            if keys_known {
                Access::Keys(atom.args[..arity].into())
            } else if known.is_empty() {
                Access::Scan
            } else {
                Access::Columns(known.clone())
            }
        });
        let looked_up = matches!(access, Access::Keys(_));
        if let Access::Columns(columns) = &access {
            self.plan.indexes.extend(columns.iter().map(|(column, _)| (atom.table, *column)));
        }
        let mut uses = SmallVec::new();
        for (column, operand) in atom.args.iter().enumerate() {
            match operand {
                Operand::Var(var) if !self.bound[*var as usize] => {
                    self.bound[*var as usize] = true;
                    uses.push(Use::Bind(column, *var));
                }
                _ if looked_up && column < arity => {}
                operand => uses.push(Use::Check(column, *operand)),
            }
        }
        let age = match self.focus {
            Some(focus) if index < focus => Age::Old,
            _ => Age::Any,
        };
        self.plan.steps.push(Step::Atom { table: atom.table, access, age, uses });
        self.calls();
    }

    /// Appends the calls whose arguments are known.
    fn calls(&mut self) {
        let query = self.query;
        loop {
            let mut progress = false;
            for (index, call) in query.calls.iter().enumerate() {
                if self.called[index] || !call.args.iter().all(|arg| self.known(*arg)) {
                    continue;
                }
                self.called[index] = true;
                progress = true;
                let check = self.known(call.out);
                if let Operand::Var(var) = call.out {
                    self.bound[var as usize] = true;
                }
                let args = call.args.as_slice().into();
                self.plan.steps.push(Step::Call { prim: call.prim, args, check, out: call.out });
            }
            if !progress && !self.next_split() {
                return;
            }
        }
    }

    /// Appends a split whose multiset is known.
    fn next_split(&mut self) -> bool {
        let query = self.query;
        let ready = query.splits.iter().enumerate();
        let ready = ready.filter(|(at, split)| !self.split[*at] && self.known(split.bag));
        let Some((at, split)) = ready.into_iter().next() else { return false };
        self.split[at] = true;
        let elements = split.elements.iter().map(|element| self.bind(*element)).collect();
        let rest = split.rest.map(|rest| self.bind(rest));
        let step = SplitStep { space: split.space, bag: split.bag, elements, rest };
        self.plan.steps.push(Step::Split(Box::new(step)));
        true
    }

    /// The operand, and whether it was known before.
    fn bind(&mut self, operand: Operand) -> (Operand, bool) {
        let known = self.known(operand);
        if let Operand::Var(var) = operand {
            self.bound[var as usize] = true;
        }
        (operand, known)
    }
}
