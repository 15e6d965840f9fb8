//! E-matching: conjunctive queries over the store, answered by delta plans.
//!
//! A [`Query`] is a set of atoms (rows that must exist) and calls (primitives that must succeed).
//! For each atom there is one plan that starts at the *changes* of that atom's table and joins the
//! others through hash-cons and indexes; atoms before it match only rows without changes. So every
//! match is found exactly once after each change that concerns it (semi-naive evaluation; for
//! e-matching see de Moura and Bjørner, CADE 2007, section 4, and Zhang et al., "Better Together",
//! PLDI 2023, section 4). A query that has never run, or whose tables changed for the most part,
//! is answered by one plan over all rows.
//!
//! A plan is run by the block of matches ([`batch`]), or by nested loops where there are few rows,
//! or multisets are taken apart ([`search`]); joins of many atoms choose their order on the way
//! ([`dynamic`]). All report the matches in the same order.
//!
//! What rules say for their matches is done rule by rule ([`commit`]): step by step for a block of
//! matches ([`columns`]) where rules only add, else match by match ([`actions`]).

mod actions;
mod batch;
mod block;
mod columns;
mod commit;
mod dynamic;
mod plan;
mod rules;
mod search;

pub(crate) use actions::{Action, Actions, Actor, Args};
pub(crate) use batch::Scratch;
pub(crate) use rules::{Admission, Bounds, Due, Halt, Iteration, Rule, iterate};
pub(crate) use search::{Budget, Matches, Search};

#[cfg(test)]
mod tests;

use crate::store::{Store, TableId, Value};
use crate::threads::Pace;
use plan::Plan;
use std::sync::atomic::AtomicU32;
use std::sync::{Arc, Mutex};

/// An argument of an atom or call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operand {
    /// A variable of the query.
    Var(u32),
    /// A fixed value.
    Const(Value),
}

/// A row that must exist: the keys, then the output.
#[derive(Clone, Debug)]
pub(crate) struct Atom {
    pub(crate) table: TableId,
    pub(crate) args: Vec<Operand>,
}

/// A primitive that must have a result, equal to `out` where that is bound; without a primitive the
/// result is the one argument.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) prim: Option<u32>,
    pub(crate) args: Vec<Operand>,
    pub(crate) out: Operand,
}

/// A multiset whose elements are given to operands, each as often as it occurs, in every way; what
/// is left over is a multiset as well, and empty unless there is an operand for it.
#[derive(Clone, Debug)]
pub(crate) struct Split {
    /// The space of the multisets.
    pub(crate) space: u32,
    pub(crate) bag: Operand,
    pub(crate) elements: Vec<Operand>,
    pub(crate) rest: Option<Operand>,
}

/// Primitive functions of the host.
pub(crate) trait Prims: Sync {
    /// The result, `None` if there is none. The store is the one that is searched.
    fn call(&self, store: &Store, prim: u32, args: &[Value]) -> Option<Value>;

    /// As `call`, from one of several threads: nothing may change that the order of calls shows.
    ///
    /// # Errors
    /// When that cannot be: the search starts over on one thread.
    fn call_shared(
        &self,
        store: &Store,
        prim: u32,
        args: &[Value],
    ) -> Result<Option<Value>, Deferred> {
        Ok(self.call(store, prim, args))
    }

    /// The elements of a multiset and their numbers by turns.
    fn elements(&self, _space: u32, _bag: Value) -> &[Value] {
        &[]
    }

    /// The multiset of these elements, as often as is said; `None` if it would be too large.
    fn multiset(&self, _space: u32, _counts: &[(Value, u32)]) -> Option<Value> {
        None
    }
}

/// A primitive must be called where calls have an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Deferred;

/// No primitives.
impl Prims for () {
    fn call(&self, _: &Store, _: u32, _: &[Value]) -> Option<Value> {
        None
    }
}

/// A conjunctive query.
#[derive(Debug)]
pub(crate) struct Query {
    pub(crate) vars: u32,
    pub(crate) atoms: Vec<Atom>,
    pub(crate) calls: Vec<Call>,
    pub(crate) splits: Vec<Split>,
    /// The variables that a match reports, in this order.
    pub(crate) report: Vec<u32>,
    /// Rows hidden from rules match too.
    pub(crate) see_hidden: bool,
    /// A match may be reported again: what is done with it changes nothing the second time.
    pub(crate) idempotent: bool,
    /// How long a changed row takes.
    pub(crate) pace: Pace,
    /// Searches to come in which a primitive is likely to make values, as they may be made in the
    /// order of calls only.
    pub(crate) in_order: AtomicU32,
    /// Windows of matches to come that are not tested before they are committed.
    pub(crate) unsifted: AtomicU32,
    /// Plans by focus (an atom, or none), with the table sizes that they were made for.
    plans: Mutex<Vec<Option<Arc<Plan>>>>,
}

impl Clone for Query {
    fn clone(&self) -> Self {
        let mut query = Self::new(self.vars, self.atoms.clone(), self.calls.clone());
        query.splits.clone_from(&self.splits);
        query.report.clone_from(&self.report);
        query.see_hidden = self.see_hidden;
        query.idempotent = self.idempotent;
        query
    }
}

impl Query {
    /// A query that reports all its variables.
    pub(crate) fn new(vars: u32, atoms: Vec<Atom>, calls: Vec<Call>) -> Self {
        let plans = Mutex::new(vec![None; atoms.len() + 1]);
        let report = (0..vars).collect();
        let splits = Vec::new();
        Self {
            vars,
            atoms,
            calls,
            splits,
            report,
            see_hidden: false,
            idempotent: false,
            pace: Pace::default(),
            in_order: AtomicU32::new(0),
            unsifted: AtomicU32::new(0),
            plans,
        }
    }

    /// Words of one match.
    pub(crate) fn stride(&self) -> usize {
        self.report.len()
    }
}
