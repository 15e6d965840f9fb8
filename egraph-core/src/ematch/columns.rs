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
use super::block::{BLOCK, Block, Column, hashes};
use crate::store::{Kind, Refused, Store, TableId, Value, Wanted};

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
                    self.make(store, kinds, *table, operands, Some(*out), changed)?;
                }),
                Action::MakeIn { table, args, class } => with_operands!(args, |operands| {
                    self.make_in(store, actor, kinds, *table, operands, *class, changed)?;
                }),
                Action::Set { table, args, .. } => with_operands!(args, |operands| {
                    self.make(store, kinds, *table, operands, None, changed)?;
                }),
                Action::Union(a, b) => {
                    for at in self.selected.as_slice() {
                        let at = usize::from(*at);
                        let (a, b) = (self.value(*a, at), self.value(*b, at));
                        if let Some((kept, displaced)) = store.union(a, b) {
                            changed[at] = true;
                            actor.united(store, kept, displaced);
                        }
                    }
                }
                Action::Copy { from, out } => self.copy(*from, *out),
                _ => unreachable!("these steps are done match by match"),
            }
        }
        Ok(())
    }

    /// Makes the values of an operand canonical.
    fn renew_operand(&mut self, store: &Store, kinds: &[Kind], operand: Operand) {
        if let Operand::Var(var) = operand {
            self.renew(store, &[var], kinds);
        }
    }

    /// The canonical keys that the operands are, and their hashes, for the selected matches.
    fn keys<const N: usize>(
        &mut self,
        store: &Store,
        kinds: &[Kind],
        table: TableId,
        operands: [Operand; N],
    ) -> (KeysOf<N>, [u64; BLOCK]) {
        let mut keys = [[0; N]; BLOCK];
        for (number, operand) in operands.into_iter().enumerate() {
            self.renew_operand(store, kinds, operand);
            let source = self.source(operand);
            for at in self.selected.as_slice() {
                keys[usize::from(*at)][number] = source.at(usize::from(*at));
            }
        }
        let hashes = hashes(store.table(table), &self.selected, |at| keys[at]);
        (keys, hashes)
    }

    /// Adds nodes of a constructor, or facts of a relation; what their classes are goes to `out`.
    fn make<const N: usize>(
        &mut self,
        store: &mut Store,
        kinds: &[Kind],
        table: TableId,
        operands: [Operand; N],
        out: Option<u32>,
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
        if let Some(out) = out {
            *self.column_mut(out) = made;
        }
        outcome
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one step")]
    fn make_in<A: Actor, const N: usize>(
        &mut self,
        store: &mut Store,
        actor: &mut A,
        kinds: &[Kind],
        table: TableId,
        operands: [Operand; N],
        class: Operand,
        changed: &mut Flags,
    ) -> Result<(), Refused> {
        let (keys, hashes) = self.keys(store, kinds, table, operands);
        self.renew_operand(store, kinds, class);
        let classes = self.source(class);
        let wanted = Wanted { matches: self.selected.as_slice(), keys: &keys, hashes: &hashes };
        // Classes are united after all rows are looked up, so that the keys stay canonical.
        let mut equal: SmallVec<[(u8, Value); 16]> = SmallVec::new();
        let outcome = store.add_all(
            table,
            wanted,
            |at| Some(classes.at(at)),
            |at, class, new| {
                changed[at] |= new;
                if class != classes.at(at) {
                    equal.push((at as u8, class));
                }
            },
        );
        for (at, class) in equal {
            let at = usize::from(at);
            if let Some((kept, displaced)) = store.union(class, classes.at(at)) {
                changed[at] = true;
                actor.united(store, kept, displaced);
            }
        }
        outcome
    }
}
