//! The owner of a store: what functions merge by, what primitives compute, how containers follow
//! the classes they mention.

use std::sync::Arc;

use smallvec::SmallVec;

use super::analysis::Keeper;
use super::graph::{Bound, Every};
use super::journal::Recorder;
use super::lower::FACT;
use super::operator::Operator;
use crate::ematch::{self, Actions, Actor, Deferred, Operand, Prims};
use crate::lang::proof::Why;
use crate::lang::values::{self, PrimId, Primitives, Sort, Sorts, Values};
use crate::store::{ByClass, Conflict, Host, Kind, Refused, Store, TableId, Value};

/// The value that takes the place of two, computed by steps over `old` (variable 0) and `new` (1).
#[derive(Debug)]
pub(super) struct Merge {
    pub(super) actions: Actions,
    pub(super) result: Operand,
}

/// Everything about a program's values that its tables do not hold.
pub(super) struct Machine {
    pub(super) values: Arc<Values>,
    pub(super) sorts: Sorts,
    pub(super) primitives: Primitives,
    /// By table; none where two values are an error.
    pub(super) merges: Vec<Option<Arc<Merge>>>,
    /// By table; none where operands have an order.
    pub(super) operators: Vec<Option<Operator>>,
    /// What was done and why, if that is wanted.
    pub(super) recorder: Option<Box<Recorder>>,
    /// Sorts of arguments and output, by table.
    pub(super) columns: Vec<(Arc<[Sort]>, Sort)>,
    /// The analysis and its values.
    pub(super) keeper: Option<Keeper>,
    /// Code of rules.
    pub(super) codes: Vec<Bound>,
    /// Relations that list classes.
    pub(super) every: Vec<Every>,
    /// What refused something to code of the embedding program.
    pub(super) refused: Option<Refused>,
    /// Tables of functions, by number of the function.
    pub(super) functions: Vec<TableId>,
    /// Sorts of containers that mention classes.
    pub(super) containers: Vec<Sort>,
}

impl Machine {
    /// What a rebuild does with values of a sort.
    pub(super) fn kind(&self, sort: Sort) -> Kind {
        if self.sorts.is_eq(sort) {
            Kind::Class(sort.index() as u32)
        } else if self.sorts.mentions_classes(sort) {
            Kind::Container(sort.index() as u32)
        } else {
            Kind::Plain
        }
    }
}

/// Primitives as the search sees them: functions that they apply are looked up.
pub(super) struct Computed {
    pub(super) values: Arc<Values>,
    pub(super) primitives: Primitives,
    pub(super) functions: Vec<TableId>,
}

impl Prims for Computed {
    fn call(&self, store: &Store, prim: u32, args: &[Value]) -> Option<Value> {
        let mut frozen = Frozen { store, functions: &self.functions };
        let prim = PrimId::from_index(prim);
        self.values.call_with(&self.primitives, prim, args, &mut frozen)
    }

    fn call_shared(&self, _: &Store, prim: u32, args: &[Value]) -> Result<Option<Value>, Deferred> {
        let prim = PrimId::from_index(prim);
        self.values.call_frozen(&self.primitives, prim, args).map_err(|values::Deferred| Deferred)
    }

    fn elements(&self, space: u32, bag: Value) -> &[Value] {
        self.values.content(Sort::from_index(space), bag)
    }

    fn multiset(&self, space: u32, counts: &[(Value, u32)]) -> Option<Value> {
        self.values.multiset(Sort::from_index(space), counts.iter().copied())
    }
}

/// A store that a primitive may read.
struct Frozen<'a> {
    store: &'a Store,
    functions: &'a [TableId],
}

impl values::Host for Frozen<'_> {
    fn apply(&mut self, function: u32, arguments: &[Value]) -> Option<Value> {
        self.lookup(function, arguments)
    }

    fn lookup(&mut self, function: u32, arguments: &[Value]) -> Option<Value> {
        let table = self.functions[function as usize];
        let keys = &self.store.table(table).decl.keys;
        let keys: SmallVec<[Value; 8]> = arguments
            .iter()
            .zip(keys)
            .map(|(arg, kind)| self.store.canonical(*kind, *arg))
            .collect();
        self.store.lookup(table, &keys)
    }
}

impl Host for Machine {
    fn merge(
        &mut self,
        store: &mut Store,
        table: TableId,
        old: Value,
        new: Value,
    ) -> Result<Value, Refused> {
        let Some(merge) = self.merges[table as usize].clone() else {
            let name = &store.table(table).decl.name;
            return Err(Refused::Failed(format!("`{name}` has two values and no `:merge`")));
        };
        let mut registers: SmallVec<[Value; 8]> = smallvec::smallvec![0; merge.actions.kinds.len()];
        registers[0] = old;
        registers[1] = new;
        let why = self.recorder.as_mut().map(|r| std::mem::replace(&mut r.why, Why::Merge));
        let done = self.commit(&merge.actions, store, &mut registers);
        if let (Some(recorder), Some(why)) = (&mut self.recorder, why) {
            recorder.why = why;
        }
        done?;
        let merged = match merge.result {
            Operand::Const(value) => value,
            Operand::Var(var) => registers[var as usize],
        };
        self.record_merge(table, old, new, merged);
        Ok(merged)
    }

    fn containers(&mut self, store: &mut Store, displaced: &[Value]) {
        if self.containers.is_empty() {
            return;
        }
        let displaced: Vec<(Sort, Value)> = displaced
            .iter()
            .map(|class| (Sort::from_index(store.class_sort(*class)), *class))
            .collect();
        let find = |sort: Sort, value: Value| store.canonical(self.kind(sort), value);
        for change in self.values.rebuild(&self.sorts, &find, &displaced) {
            store.forward(change.sort.index() as u32, change.old, change.new);
        }
    }

    fn settled(&mut self, store: &mut Store) -> Result<(), Refused> {
        if self.keeper.is_some() {
            self.follow(store)?;
        }
        if !self.every.is_empty() && store.is_closed() {
            self.list_classes(store);
        }
        Ok(())
    }
}

impl Actor for Machine {
    fn call(&mut self, store: &mut Store, prim: u32, args: &[Value]) -> Result<Value, Refused> {
        let prim = PrimId::from_index(prim);
        let (values, primitives) = (self.values.clone(), self.primitives.clone());
        let mut applied = Applied { machine: self, store, refused: None };
        let result = values.call_with(&primitives, prim, args, &mut applied);
        match (result, applied.refused) {
            (_, Some(refused)) => Err(refused),
            (Some(value), None) => Ok(value),
            (None, None) => {
                let name = primitives.sig(prim).name;
                Err(Refused::Failed(format!("`{name}` has no result for these arguments")))
            }
        }
    }

    fn commit_match(
        &mut self,
        store: &mut Store,
        index: usize,
        rule: &ematch::Rule,
        registers: &mut [Value],
    ) -> Result<(), Refused> {
        self.because_of(index, registers);
        if rule.actions.coded {
            // What the code asks for contains what the match before it did.
            self.heed(store);
        }
        self.commit(&rule.actions, store, registers)
    }

    fn committed(&mut self, store: &mut Store) {
        self.heed(store);
    }

    fn by_class(&mut self) -> Option<&mut dyn ByClass> {
        self.keeper.as_mut().map(|keeper| -> &mut dyn ByClass { &mut *keeper.kept.data })
    }

    fn remembers(&self) -> bool {
        self.recorder.is_some()
    }

    fn require(&mut self, store: &mut Store, code: u32, args: &[Value]) -> Result<bool, Refused> {
        Ok(self.holds(store, code, args))
    }

    fn perform(&mut self, store: &mut Store, code: u32, args: &[Value]) -> Result<(), Refused> {
        self.apply(store, code, args)
    }

    fn operate(
        &mut self,
        store: &mut Store,
        table: TableId,
        args: &[Value],
        rest: Option<Value>,
    ) -> Result<Value, Refused> {
        let Some(operator) = self.operators[table as usize] else {
            let name = &store.table(table).decl.name;
            let why = format!("the unit or annihilator of `{name}` could not be made");
            return Err(Refused::Failed(why));
        };
        operator.apply(&self.values, store, table, args, rest)
    }
}

/// What a primitive sees of the store that it may change.
struct Applied<'a> {
    machine: &'a mut Machine,
    store: &'a mut Store,
    refused: Option<Refused>,
}

impl Applied<'_> {
    fn keep<T>(&mut self, result: Result<T, Refused>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(refused) => {
                self.refused = Some(refused);
                None
            }
        }
    }

    fn table(&self, function: u32) -> TableId {
        self.machine.functions[function as usize]
    }

    fn canonical(&self, table: TableId, args: &[Value]) -> SmallVec<[Value; 8]> {
        let keys = &self.store.table(table).decl.keys;
        args.iter().zip(keys).map(|(arg, kind)| self.store.canonical(*kind, *arg)).collect()
    }
}

impl values::Host for Applied<'_> {
    fn apply(&mut self, function: u32, arguments: &[Value]) -> Option<Value> {
        let function = self.table(function);
        let keys = self.canonical(function, arguments);
        match self.store.table(function).decl.conflict {
            Conflict::Union => {
                let made = self.store.make(function, &keys);
                self.keep(made)
            }
            Conflict::Keep => {
                let set = self.store.set(self.machine, function, &keys, FACT);
                self.keep(set).map(|()| FACT)
            }
            Conflict::Merge => self.store.lookup(function, &keys),
        }
    }

    fn lookup(&mut self, function: u32, arguments: &[Value]) -> Option<Value> {
        let function = self.table(function);
        let keys = self.canonical(function, arguments);
        self.store.lookup(function, &keys)
    }

    fn set(&mut self, function: u32, arguments: &[Value], value: Value) -> Option<()> {
        let function = self.table(function);
        let keys = self.canonical(function, arguments);
        let value = self.store.canonical(self.store.table(function).decl.output, value);
        let set = self.store.set(self.machine, function, &keys, value);
        self.keep(set)
    }

    fn delete(&mut self, function: u32, arguments: &[Value]) -> Option<()> {
        let function = self.table(function);
        let keys = self.canonical(function, arguments);
        self.store.delete(function, &keys);
        Some(())
    }

    fn union(&mut self, _sort: Sort, a: Value, b: Value) -> Option<()> {
        self.store.union(a, b);
        Some(())
    }
}
