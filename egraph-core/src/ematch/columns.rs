//! Doing what a rule says for a block of matches: each step for all of them, before the next one.
//!
//! What is decided once a step (which table, which columns, what kinds) is not decided for each
//! match, keys are made canonical column by column, and the slots that their hashes lead to are read
//! before the rows, so that cache misses overlap: see [`super::block`]. Steps that add nodes and
//! unite classes may be done in this order, since what they do for one match takes nothing back of
//! what they did for another.

use smallvec::SmallVec;

use super::Operand;
use super::actions::{Action, Actions, Actor};
use super::block::{BLOCK, Block, Column};
use crate::store::{Kind, Refused, Store, TableId, Value, Wanted, hash_words};

/// One truth value for each match.
pub(super) type Flags = [bool; BLOCK];

/// Keys of the matches of a block, which are canonical.
type KeysOf<const N: usize> = [[Value; N]; BLOCK];

/// The code for a step is made for each number of operands up to this one.
pub(super) const MOST_OPERANDS: usize = 4;

/// Does something with the operands of a step, an array of known length.
macro_rules! with_operands {
    ($args:expr, |$operands:ident| $does:expr) => {
        match *$args.as_slice() {
            [] => with_operands!(@ $operands, [], $does),
            [a] => with_operands!(@ $operands, [a], $does),
            [a, b] => with_operands!(@ $operands, [a, b], $does),
            [a, b, c] => with_operands!(@ $operands, [a, b, c], $does),
            [a, b, c, d] => with_operands!(@ $operands, [a, b, c, d], $does),
            _ => unreachable!("a step of more operands is done match by match"),
        }
    };
    (@ $operands:ident, $array:expr, $does:expr) => {{
        let $operands: [Operand; _] = $array;
        $does
    }};
}

impl Block {
    /// Does the steps for the selected matches, see [`Actions::in_columns`]. Notes for which of them
    /// that changed anything.
    pub(super) fn commit<A: Actor>(
        &mut self,
        store: &mut Store,
        actor: &mut A,
        actions: &Actions,
        changed: &mut Flags,
    ) -> Result<(), Refused> {
        let kinds = actions.kinds.as_slice();
        for step in &actions.steps {
            match step {
                Action::Make { table, args, out } => with_operands!(args, |operands| {
                    self.make(store, kinds, *table, operands, *out, changed)?;
                }),
                Action::MakeIn { table, args, class } => with_operands!(args, |operands| {
                    self.make_in(store, actor, kinds, *table, operands, *class, changed)?;
                }),
                Action::Set { table, args, .. } => with_operands!(args, |operands| {
                    self.tell(store, kinds, *table, operands, changed)?;
                }),
                Action::Union(a, b) => {
                    for at in self.selected.as_slice() {
                        let at = usize::from(*at);
                        let values =
                            [*a, *b].map(|operand| self.renewed(store, kinds, operand, at));
                        if let Some((kept, displaced)) = store.union(values[0], values[1]) {
                            changed[at] = true;
                            actor.united(store, kept, displaced);
                        }
                    }
                }
                Action::Copy { from, out } => {
                    for number in 0..self.selected.len() {
                        let at = usize::from(self.selected.as_slice()[number]);
                        let value = self.renewed(store, kinds, *from, at);
                        self.column_mut(*out)[at] = value;
                    }
                }
                _ => unreachable!("these steps are done match by match"),
            }
        }
        Ok(())
    }

    /// The canonical value of an operand for a match.
    #[inline]
    fn renewed(&self, store: &Store, kinds: &[Kind], operand: Operand, at: usize) -> Value {
        match operand {
            Operand::Const(value) => value,
            Operand::Var(var) => store.renewed(kinds[var as usize], self.column(var)[at]),
        }
    }

    /// The canonical keys that the operands are, and their hashes, for the selected matches.
    fn keys<const N: usize>(
        &self,
        store: &Store,
        kinds: &[Kind],
        table: TableId,
        operands: [Operand; N],
    ) -> (KeysOf<N>, [u64; BLOCK]) {
        let selected = self.selected.as_slice();
        let (mut keys, mut hashes) = ([[0; N]; BLOCK], [0; BLOCK]);
        for (number, operand) in operands.into_iter().enumerate() {
            match operand {
                Operand::Const(value) => {
                    for at in selected {
                        keys[usize::from(*at)][number] = value;
                    }
                }
                Operand::Var(var) => {
                    let (column, kind) = (self.column(var), kinds[var as usize]);
                    let renewed = |value| store.renewed(kind, value);
                    if kind == Kind::Plain || store.is_closed() {
                        for at in selected {
                            keys[usize::from(*at)][number] = column[usize::from(*at)];
                        }
                    } else {
                        for at in selected {
                            keys[usize::from(*at)][number] = renewed(column[usize::from(*at)]);
                        }
                    }
                }
            }
        }
        let (table, mut touched) = (store.table(table), 0);
        for at in selected {
            let hash = hash_words(&keys[usize::from(*at)]);
            hashes[usize::from(*at)] = hash;
            touched ^= table.touch(hash);
        }
        std::hint::black_box(touched);
        (keys, hashes)
    }

    fn make<const N: usize>(
        &mut self,
        store: &mut Store,
        kinds: &[Kind],
        table: TableId,
        operands: [Operand; N],
        out: u32,
        changed: &mut Flags,
    ) -> Result<(), Refused> {
        let (keys, hashes) = self.keys(store, kinds, table, operands);
        let matches = self.selected.as_slice();
        let wanted = Wanted { matches, keys: &keys, hashes: &hashes };
        let mut made: Column = [0; BLOCK];
        let outcome = store.add_all(
            table,
            wanted,
            |_| None,
            |at, class, new| {
                made[at] = class;
                changed[at] |= new;
            },
        );
        *self.column_mut(out) = made;
        outcome
    }

    /// Adds the facts of a relation.
    fn tell<const N: usize>(
        &self,
        store: &mut Store,
        kinds: &[Kind],
        table: TableId,
        operands: [Operand; N],
        changed: &mut Flags,
    ) -> Result<(), Refused> {
        let (keys, hashes) = self.keys(store, kinds, table, operands);
        let wanted = Wanted { matches: self.selected.as_slice(), keys: &keys, hashes: &hashes };
        store.add_all(table, wanted, |_| None, |at, _, new| changed[at] |= new)
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one step")]
    fn make_in<A: Actor, const N: usize>(
        &self,
        store: &mut Store,
        actor: &mut A,
        kinds: &[Kind],
        table: TableId,
        operands: [Operand; N],
        class: Operand,
        changed: &mut Flags,
    ) -> Result<(), Refused> {
        let (keys, hashes) = self.keys(store, kinds, table, operands);
        let matches = self.selected.as_slice();
        let wanted = Wanted { matches, keys: &keys, hashes: &hashes };
        let mut classes: Column = [0; BLOCK];
        for at in matches {
            classes[usize::from(*at)] = self.renewed(store, kinds, class, usize::from(*at));
        }
        // Classes are united after all rows are looked up, so that the keys stay canonical.
        let mut equal: SmallVec<[(u8, Value); 16]> = SmallVec::new();
        let outcome = store.add_all(
            table,
            wanted,
            |at| Some(classes[at]),
            |at, class, new| {
                changed[at] |= new;
                if class != classes[at] {
                    equal.push((at as u8, class));
                }
            },
        );
        for (at, class) in equal {
            let at = usize::from(at);
            if let Some((kept, displaced)) = store.union(class, classes[at]) {
                changed[at] = true;
                actor.united(store, kept, displaced);
            }
        }
        outcome
    }
}
