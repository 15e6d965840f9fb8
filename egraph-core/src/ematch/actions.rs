//! What a rule does with a match, and the test that it was done already.
//!
//! Before anything is changed, [`Actions::drop_met`] drops the matches whose effects hold: most do
//! (96 of 100 in associative-commutative saturation). It reads only, so it runs where the search
//! runs, a block of matches at a time and action by action. [`Actions::commit`] then changes the
//! store match by match, or [`Block::commit`] for many at once.

use smallvec::SmallVec;

use super::block::{BLOCK, Block, Calls};
use super::columns::MOST_OPERANDS;
use super::{Operand, Prims, Rule};
use crate::store::{ByClass, Conflict, Host, Kind, Refused, Store, TableId, Value};

/// Arguments of an action.
pub(crate) type Args = SmallVec<[Operand; 4]>;

/// One step of a right-hand side. Variables beyond the query's are results of earlier steps.
#[derive(Clone, Debug)]
pub(crate) enum Action {
    /// A constructor's node, added if it is new; its class goes to `out`.
    Make {
        table: TableId,
        args: Args,
        out: u32,
    },
    /// A constructor's node becomes a node of the class.
    MakeIn {
        table: TableId,
        args: Args,
        class: Operand,
    },
    /// The output of a function, which must be there.
    Get {
        table: TableId,
        args: Args,
        out: u32,
    },
    /// An output, merged with what is there.
    Set {
        table: TableId,
        args: Args,
        value: Operand,
    },
    Union(Operand, Operand),
    Delete {
        table: TableId,
        args: Args,
    },
    /// Hides a row from rules; a constructor's row that is missing is added first.
    Subsume {
        table: TableId,
        args: Args,
    },
    /// A primitive, which must have a result.
    Call {
        prim: u32,
        args: Args,
        out: u32,
    },
    /// The term of an operator without order, for operands and the elements of a multiset.
    Operate {
        table: TableId,
        args: Args,
        rest: Option<Operand>,
        out: u32,
    },
    Copy {
        from: Operand,
        out: u32,
    },
    /// Code of the store's owner on so many of the first variables: the steps after it are left
    /// out unless it says yes.
    Require {
        code: u32,
        args: u32,
    },
    /// Code of the store's owner that may change the store.
    Perform {
        code: u32,
        args: u32,
    },
    Panic(String),
}

/// What the owner of the store does for actions.
pub(crate) trait Actor: Host {
    /// The result of a primitive in an action.
    fn call(&mut self, store: &mut Store, prim: u32, args: &[Value]) -> Result<Value, Refused>;

    /// Does what a rule, the one of this index among those that run, says for a match.
    fn commit_match(
        &mut self,
        store: &mut Store,
        _index: usize,
        rule: &Rule,
        registers: &mut [Value],
    ) -> Result<(), Refused>
    where
        Self: Sized,
    {
        rule.actions.commit(store, self, registers)
    }

    /// Called between blocks of matches.
    fn committed(&mut self, _store: &mut Store) {}

    /// What is kept by class, if anything is.
    fn by_class(&mut self) -> Option<&mut dyn ByClass> {
        None
    }

    /// Whether what is committed is written down even if it changes nothing.
    fn remembers(&self) -> bool {
        false
    }

    /// Whether the steps after [`Action::Require`] are done; the arguments are canonical.
    fn require(&mut self, _store: &mut Store, code: u32, _args: &[Value]) -> Result<bool, Refused> {
        Err(Refused::Failed(format!("there is no code {code}")))
    }

    /// What [`Action::Perform`] does; the arguments are canonical.
    fn perform(&mut self, _store: &mut Store, code: u32, _args: &[Value]) -> Result<(), Refused> {
        Err(Refused::Failed(format!("there is no code {code}")))
    }

    /// The term of an operator without order; the arguments are canonical.
    fn operate(
        &mut self,
        store: &mut Store,
        table: TableId,
        _args: &[Value],
        _rest: Option<Value>,
    ) -> Result<Value, Refused> {
        Err(Refused::Failed(format!("`{}` has an order", store.table(table).decl.name)))
    }
}

impl Actor for () {
    fn call(&mut self, _: &mut Store, prim: u32, _: &[Value]) -> Result<Value, Refused> {
        Err(Refused::Failed(format!("there is no primitive {prim}")))
    }
}

/// Does something with the canonical values of operands: an array where there are few.
macro_rules! with_keys {
    ($actions:expr, $store:expr, $args:expr, $registers:expr, |$keys:ident| $does:expr) => {
        match *$args.as_slice() {
            [a] => {
                let $keys = &$actions.values($store, &[a], $registers);
                $does
            }
            [a, b] => {
                let $keys = &$actions.values($store, &[a, b], $registers);
                $does
            }
            [a, b, c] => {
                let $keys = &$actions.values($store, &[a, b, c], $registers);
                $does
            }
            _ => {
                let keys = $actions.gather($store, $args, $registers);
                let $keys = keys.as_slice();
                $does
            }
        }
    };
}

/// The right-hand side of a rule.
#[derive(Clone, Debug)]
pub(crate) struct Actions {
    pub(crate) steps: Vec<Action>,
    /// Kind of each variable, the results of actions included.
    pub(crate) kinds: Vec<Kind>,
    /// The effects of a match can be tested for.
    testable: bool,
    /// There is code of the store's owner among them.
    pub(crate) coded: bool,
    /// They add nodes and unite classes: no row dies, and no index is read.
    pub(crate) adds: bool,
}

impl Actions {
    /// `pure_calls`: the primitives among the actions may be called during the search.
    pub(crate) fn new(steps: Vec<Action>, kinds: Vec<Kind>, pure_calls: bool) -> Self {
        let testable = steps.iter().all(|step| match step {
            Action::Make { .. }
            | Action::MakeIn { .. }
            | Action::Get { .. }
            | Action::Set { .. }
            | Action::Union(..)
            | Action::Copy { .. }
            | Action::Require { .. }
            | Action::Subsume { .. } => true,
            Action::Call { .. } => pure_calls,
            Action::Operate { .. }
            | Action::Perform { .. }
            | Action::Delete { .. }
            | Action::Panic(_) => false,
        });
        let coded = |step: &Action| matches!(step, Action::Require { .. } | Action::Perform { .. });
        let coded = steps.iter().any(coded);
        let adds = steps.iter().all(|step| {
            matches!(
                step,
                Action::Make { .. }
                    | Action::MakeIn { .. }
                    | Action::Union(..)
                    | Action::Copy { .. }
                    | Action::Require { .. }
            )
        });
        Self { steps, kinds, testable, coded, adds }
    }

    /// True when each step may be done for many matches before the next one: they only add, and no
    /// code of the store's owner sees what is there in between.
    pub(super) fn in_columns(&self, store: &Store) -> bool {
        self.steps.iter().all(|step| match step {
            Action::Make { args, .. } | Action::MakeIn { args, .. } => args.len() <= MOST_OPERANDS,
            Action::Union(..) | Action::Copy { .. } => true,
            Action::Set { table, args, .. } => {
                let decl = &store.table(*table).decl;
                decl.conflict == Conflict::Keep && !decl.implied && args.len() <= MOST_OPERANDS
            }
            _ => false,
        })
    }

    /// True when classes are united by the last step only.
    pub(super) fn unites_last(&self) -> bool {
        let unites = |step: &Action| matches!(step, Action::MakeIn { .. } | Action::Union(..));
        self.steps.split_last().is_none_or(|(_, steps)| !steps.iter().any(unites))
    }

    /// The variables that are read but not written before, in order of number.
    pub(crate) fn reads(&self) -> Vec<u32> {
        let mut read = vec![false; self.kinds.len()];
        let mut written = read.clone();
        for step in &self.steps {
            if let Action::Require { args, .. } | Action::Perform { args, .. } = step {
                let unwritten = (0..*args as usize).filter(|var| !written[*var]);
                unwritten.for_each(|var| read[var] = true);
                continue;
            }
            let (args, more, out) = match step {
                Action::Make { args, out, .. }
                | Action::Get { args, out, .. }
                | Action::Call { args, out, .. } => (args.as_slice(), None, Some(*out)),
                Action::Operate { args, rest, out, .. } => (args.as_slice(), *rest, Some(*out)),
                Action::Delete { args, .. } | Action::Subsume { args, .. } => {
                    (args.as_slice(), None, None)
                }
                Action::MakeIn { args, class: more, .. }
                | Action::Set { args, value: more, .. } => (args.as_slice(), Some(*more), None),
                Action::Union(a, b) => (std::slice::from_ref(a), Some(*b), None),
                Action::Copy { from, out } => (std::slice::from_ref(from), None, Some(*out)),
                Action::Require { .. } | Action::Perform { .. } | Action::Panic(_) => {
                    (&[][..], None, None)
                }
            };
            for operand in args.iter().copied().chain(more) {
                if let Operand::Var(var) = operand {
                    read[var as usize] |= !written[var as usize];
                }
            }
            if let Some(out) = out {
                written[out as usize] = true;
            }
        }
        (0..read.len() as u32).filter(|var| read[*var as usize]).collect()
    }

    /// The tables that a match adds rows to, one for each row, and whether a class comes with it.
    pub(crate) fn adds_to(&self) -> impl Iterator<Item = (TableId, bool)> + '_ {
        self.steps.iter().filter_map(|step| match step {
            Action::Make { table, .. } => Some((*table, true)),
            Action::MakeIn { table, .. } | Action::Set { table, .. } => Some((*table, false)),
            _ => None,
        })
    }

    /// True when rows may go.
    pub(crate) fn deletes(&self) -> bool {
        self.steps.iter().any(|step| matches!(step, Action::Delete { .. }))
    }

    /// True when doing it twice is doing it once, whatever happens in between.
    pub(crate) fn is_idempotent(&self, store: &Store) -> bool {
        self.steps.iter().all(|step| match step {
            Action::Make { .. }
            | Action::MakeIn { .. }
            | Action::Get { .. }
            | Action::Call { .. }
            | Action::Copy { .. }
            | Action::Operate { .. }
            | Action::Require { .. }
            | Action::Perform { .. }
            | Action::Union(..) => true,
            Action::Set { table, .. } => store.table(*table).decl.conflict == Conflict::Keep,
            _ => false,
        })
    }

    /// Deselects the matches of a block whose effects hold. The block has the variables that
    /// are read, and room for all.
    pub(super) fn drop_met<P: Prims>(&self, store: &Store, calls: Calls<'_, P>, block: &mut Block) {
        if !self.testable {
            return;
        }
        let all = block.selected.clone();
        for step in &self.steps {
            block.test(store, calls, step);
            if block.selected.len() == 0 {
                block.selected = all;
                return;
            }
        }
        block.selected = all.without(&block.selected);
    }

    /// Drops the matches (rows of `report` variables) whose effects hold.
    pub(super) fn unmet<P: Prims>(
        &self,
        store: &Store,
        calls: Calls<'_, P>,
        report: &[u32],
        words: &mut Vec<Value>,
        block: &mut Block,
    ) {
        if !self.testable || report.is_empty() {
            return;
        }
        let (mut kept, mut from) = (0, 0);
        while from < words.len() {
            let to = words.len().min(from + BLOCK * report.len());
            block.load(self.kinds.len(), report, &words[from..to]);
            self.drop_met(store, calls, block);
            kept += block.write_to(report, &mut words[kept..]);
            from = to;
        }
        words.truncate(kept);
    }

    /// Does what is to be done for one match.
    pub(crate) fn commit<A: Actor>(
        &self,
        store: &mut Store,
        actor: &mut A,
        registers: &mut [Value],
    ) -> Result<(), Refused> {
        // Conditions change nothing: those that follow one another see the same values.
        let mut seen: SmallVec<[Value; 8]> = SmallVec::new();
        for step in &self.steps {
            if let Action::Require { code, args } = step {
                if seen.len() != *args as usize {
                    seen = self.first(store, *args, registers);
                }
                if !actor.require(store, *code, &seen)? {
                    break;
                }
                continue;
            }
            seen.clear();
            self.step(step, store, actor, registers)?;
        }
        Ok(())
    }

    /// Does one step.
    pub(crate) fn step<A: Actor>(
        &self,
        step: &Action,
        store: &mut Store,
        actor: &mut A,
        registers: &mut [Value],
    ) -> Result<(), Refused> {
        match step {
            Action::Make { table, args, out } => {
                let made =
                    with_keys!(self, store, args, registers, |keys| store.make(*table, keys));
                registers[*out as usize] = made?;
            }
            Action::MakeIn { table, args, class } => {
                let class = self.value(store, *class, registers);
                let made = with_keys!(self, store, args, registers, |keys| {
                    store.make_in(*table, keys, class)
                });
                if let Some((kept, displaced)) = made? {
                    actor.united(store, kept, displaced);
                }
            }
            Action::Get { table, args, out } => {
                let keys = self.gather(store, args, registers);
                registers[*out as usize] = store.lookup(*table, &keys).ok_or_else(|| {
                    let name = &store.table(*table).decl.name;
                    Refused::Failed(format!("`{name}` has no value for these arguments"))
                })?;
            }
            Action::Set { table, args, value } => {
                let value = self.value(store, *value, registers);
                with_keys!(self, store, args, registers, |keys| {
                    store.set(actor, *table, keys, value)
                })?;
            }
            Action::Union(a, b) => {
                let (a, b) = (self.value(store, *a, registers), self.value(store, *b, registers));
                if let Some((kept, displaced)) = store.union(a, b) {
                    actor.united(store, kept, displaced);
                }
            }
            Action::Delete { table, args } => {
                let keys = self.gather(store, args, registers);
                store.delete(*table, &keys);
            }
            Action::Subsume { table, args } => {
                let keys = self.gather(store, args, registers);
                if store.table(*table).decl.conflict == Conflict::Union {
                    store.make(*table, keys.as_slice())?;
                }
                store.subsume(*table, &keys);
            }
            Action::Call { prim, args, out } => {
                let args = self.gather(store, args, registers);
                registers[*out as usize] = actor.call(store, *prim, &args)?;
            }
            Action::Operate { table, args, rest, out } => {
                let args = self.gather(store, args, registers);
                let rest = rest.map(|rest| self.value(store, rest, registers));
                registers[*out as usize] = actor.operate(store, *table, &args, rest)?;
            }
            Action::Copy { from, out } => {
                registers[*out as usize] = self.value(store, *from, registers);
            }
            Action::Perform { code, args } => {
                let args = self.first(store, *args, registers);
                actor.perform(store, *code, &args)?;
            }
            Action::Require { .. } => {}
            Action::Panic(message) => return Err(Refused::Failed(message.clone())),
        }
        Ok(())
    }

    /// The canonical values of the first variables.
    fn first(&self, store: &Store, count: u32, registers: &[Value]) -> SmallVec<[Value; 8]> {
        (0..count).map(|var| self.value(store, Operand::Var(var), registers)).collect()
    }

    /// The canonical value of an operand.
    #[inline]
    pub(crate) fn value(&self, store: &Store, operand: Operand, registers: &[Value]) -> Value {
        match operand {
            Operand::Const(value) => value,
            Operand::Var(var) => store.renewed(self.kinds[var as usize], registers[var as usize]),
        }
    }

    /// The canonical values of so many operands.
    #[inline]
    fn values<const N: usize>(
        &self,
        store: &Store,
        args: &[Operand; N],
        registers: &[Value],
    ) -> [Value; N] {
        let mut values = [0; N];
        for (value, arg) in values.iter_mut().zip(args) {
            *value = self.value(store, *arg, registers);
        }
        values
    }

    /// The canonical values of operands.
    #[inline]
    pub(crate) fn gather(
        &self,
        store: &Store,
        args: &Args,
        registers: &[Value],
    ) -> SmallVec<[Value; 8]> {
        args.iter().map(|arg| self.value(store, *arg, registers)).collect()
    }
}
