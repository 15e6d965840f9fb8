//! What code in Rust sees of a session while rules run: analyses, conditions, appliers.

use std::sync::Arc;

use smallvec::SmallVec;

use super::analysis::Analysis;
use super::machine::Machine;
use super::{Error, Id, Session};
use crate::lang::api::Base;
use crate::lang::syntax::codes;
use crate::lang::values::{Datum, Sort};
use crate::store::{Conflict, Refused, Store, TableId, Value};

/// A function, constructor or relation of a session: [`Session::op`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Op(pub(super) TableId);

/// A session's classes and rows while rules run.
pub struct Graph<'a> {
    pub(super) machine: &'a mut Machine,
    pub(super) store: &'a mut Store,
}

/// A row of a constructor.
#[derive(Clone, Copy, Debug)]
pub struct Node<'a> {
    table: TableId,
    keys: &'a [Value],
    sorts: &'a [Sort],
}

impl<'a> Node<'a> {
    pub(super) fn new(graph: &'a Graph<'_>, table: TableId, row: u32) -> Node<'a> {
        let keys = graph.store.table(table).keys(row);
        Self::of(table, keys, &graph.machine.columns[table as usize].0)
    }

    /// Of the keys of a row.
    #[inline]
    pub(super) fn of(table: TableId, keys: &'a [Value], sorts: &'a [Sort]) -> Node<'a> {
        Node { table, keys, sorts }
    }

    /// The constructor.
    pub fn op(&self) -> Op {
        Op(self.table)
    }

    /// An argument. Panics if there are fewer, which is an error in the caller's source.
    pub fn arg(&self, at: usize) -> Id {
        Id { sort: self.sorts[at], value: self.keys[at] }
    }

    /// All arguments.
    pub fn args(&self) -> impl ExactSizeIterator<Item = Id> + '_ {
        self.sorts.iter().zip(self.keys).map(|(sort, value)| Id { sort: *sort, value: *value })
    }
}

impl Graph<'_> {
    /// The canonical form: equal classes have equal ones.
    pub fn find(&self, id: Id) -> Id {
        Id { value: self.store.canonical(self.machine.kind(id.sort), id.value), ..id }
    }

    /// Whether two are known to be equal.
    pub fn equal(&self, a: Id, b: Id) -> bool {
        self.find(a) == self.find(b)
    }

    /// The value of a class, if it has one of this analysis.
    pub fn data<A: Analysis>(&self, class: Id) -> Option<&A::Data> {
        let slots = self.machine.keeper.as_ref()?.kept.data.slots::<A>()?;
        slots.get(self.store.classes.find(class.value) as usize)?.as_ref()
    }

    /// A literal.
    pub fn value(&self, content: impl Into<Datum>) -> Id {
        let datum = content.into();
        Id { sort: datum.sort(), value: self.machine.values.encode(&datum) }
    }

    /// The content of a literal, if it is of that type.
    pub fn get<T: Base>(&self, id: Id) -> Option<T> {
        self.machine.values.decode(id.sort, id.value).as_ref().and_then(T::from_datum)
    }

    fn keys(&self, args: &[Id]) -> SmallVec<[Value; 8]> {
        args.iter().map(|arg| self.find(*arg).value).collect()
    }

    /// The class of a node, or the value of a function, if it is there.
    pub fn lookup(&self, op: Op, args: &[Id]) -> Option<Id> {
        let sort = self.machine.columns[op.0 as usize].1;
        self.store.lookup(op.0, &self.keys(args)).map(|value| Id { sort, value })
    }

    /// The class of a constructor's node, which is added unless it is there.
    ///
    /// # Errors
    /// It is no constructor, the arguments do not fit, or the limit on rows is reached.
    pub fn make(&mut self, op: Op, args: &[Id]) -> Result<Id, Error> {
        let (inputs, sort) = &self.machine.columns[op.0 as usize];
        let (name, sort) = (&self.store.table(op.0).decl.name, *sort);
        if self.store.table(op.0).decl.conflict != Conflict::Union {
            let message = format!("`{name}` is no constructor");
            return Err(Session::refusal(codes::USAGE, message));
        }
        if inputs.len() != args.len() || inputs.iter().zip(args).any(|(s, arg)| *s != arg.sort) {
            let message = format!("the arguments of `{name}` have other sorts or another number");
            return Err(Session::refusal(codes::MISMATCH, message));
        }
        let keys = self.keys(args);
        match self.store.make(op.0, &keys) {
            Ok(value) => {
                self.machine.heed(self.store);
                Ok(Id { sort, value })
            }
            Err(refused) => {
                let error = Session::refusal(codes::LIMIT, format!("{refused:?}"));
                self.machine.refused = Some(refused);
                Err(error)
            }
        }
    }

    /// Makes two classes equal. True unless they were, or are no classes of one sort.
    pub fn union(&mut self, a: Id, b: Id) -> bool {
        let fits = a.sort == b.sort && self.machine.sorts.is_eq(a.sort);
        let united = fits && self.store.union(a.value, b.value).is_some();
        self.machine.heed(self.store);
        united
    }

    /// Hides the nodes of a class that are not to be kept from rules and from extraction, as
    /// `subsume` does. They stay for congruence: who makes one anew finds its class.
    pub fn retain(&mut self, class: Id, mut keep: impl FnMut(&Node<'_>) -> bool) {
        let class = self.find(class);
        for table in 0..self.store.tables.len() as TableId {
            let rows = &mut self.store.tables[table as usize];
            if !rows.decl.is_constructor() || self.machine.columns[table as usize].1 != class.sort {
                continue;
            }
            let column = rows.arity();
            rows.ensure_index(column);
            let Some(index) = rows.index(column) else { continue };
            let listed = index.get(class.value).iter().copied();
            let shown = |row: &u32| {
                !rows.is_dead(*row) && rows.output(*row) == class.value && !rows.is_subsumed(*row)
            };
            let listed: SmallVec<[u32; 16]> = listed.filter(shown).collect();
            for row in listed {
                if !keep(&Node::new(self, table, row)) {
                    let keys: SmallVec<[Value; 8]> = self.store.table(table).keys(row).into();
                    self.store.subsume(table, &keys);
                }
            }
        }
    }
}

/// A match of a rule.
#[derive(Clone, Copy, Debug)]
pub struct Match<'a> {
    vars: &'a Vars,
    values: &'a [Value],
}

/// Names and sorts of a rule's variables.
pub(super) type Vars = [(Box<str>, Sort)];

impl Match<'_> {
    /// What a variable stands for. Panics for a variable that the rule's facts do not have, which
    /// is an error in the rule's source.
    pub fn get(&self, name: &str) -> Id {
        // Names are too short for a call that compares them.
        let is_named = |known: &str| known.len() == name.len() && known.bytes().eq(name.bytes());
        let found = self.vars.iter().zip(self.values).find(|((known, _), _)| is_named(known));
        let Some(((_, sort), value)) = found else { panic!("the rule binds no variable `{name}`") };
        Id { sort: *sort, value: *value }
    }
}

/// A condition of a rule in Rust.
pub(crate) type Condition = dyn Fn(&Graph<'_>, &Match<'_>) -> bool + Send + Sync;
/// What a rule does, in Rust.
pub(crate) type Applier = dyn Fn(&mut Graph<'_>, &Match<'_>) -> Result<(), Error> + Send + Sync;

/// Code that belongs to a rule.
#[derive(Clone)]
pub(crate) enum RuleCode {
    /// The rest is done where this holds.
    Condition(Arc<Condition>),
    /// Is done.
    Applier(Arc<Applier>),
}

/// Code with the variables that it may ask for.
#[derive(Clone)]
pub(super) struct Bound {
    pub(super) code: RuleCode,
    pub(super) vars: Arc<Vars>,
}

impl Machine {
    pub(super) fn holds(&mut self, store: &mut Store, code: u32, values: &[Value]) -> bool {
        // A condition may ask for everything but other code.
        let codes = std::mem::take(&mut self.codes);
        let Bound { code, vars } = &codes[code as usize];
        let holds = match code {
            RuleCode::Condition(condition) => {
                condition(&Graph { machine: self, store }, &Match { vars, values })
            }
            RuleCode::Applier(_) => true,
        };
        self.codes = codes;
        holds
    }

    pub(super) fn apply(
        &mut self,
        store: &mut Store,
        code: u32,
        values: &[Value],
    ) -> Result<(), Refused> {
        let Bound { code, vars } = self.codes[code as usize].clone();
        let RuleCode::Applier(applier) = code else { return Ok(()) };
        let done = applier(&mut Graph { machine: self, store }, &Match { vars: &vars, values });
        match (self.refused.take(), done) {
            (Some(refused), _) => Err(refused),
            (None, Err(error)) => Err(Refused::Failed(error.text)),
            (None, Ok(())) => Ok(()),
        }
    }
}

impl Session {
    /// A function, constructor or relation, for use in code that runs with rules. It is of this
    /// session only, and as long as its declaration.
    ///
    /// # Errors
    /// There is none of this name.
    pub fn op(&self, name: &str) -> Result<Op, Error> {
        let Some(function) = self.env().find_function(name) else {
            let message = format!("there is no function `{name}`");
            return Err(Self::refusal(codes::UNKNOWN_FUNCTION, message));
        };
        Ok(Op(self.places.place(function).table))
    }

    /// Declares a relation that holds of every class of a sort, and is kept up by the session: what
    /// a rule whose left side is a variable needs. Its rows count for no limit.
    ///
    /// ```
    /// use egraph_core::egglog::{Runner, Session, rewrite};
    ///
    /// let mut session = Session::default();
    /// session.program("(datatype Math (Num i64) (Add Math Math))")?;
    /// session.every("Math", "math")?;
    /// session.rules("", [rewrite!("add-0"; "?a" => "(Add ?a (Num 0))" if "(math ?a)")])?;
    /// session.add("(Num 7)")?;
    /// Runner::new().iterations(1).run(&mut session)?;
    /// assert!(session.check("(= (Num 7) (Add (Num 7) (Num 0)))")?);
    /// # Ok::<(), egraph_core::egglog::Error>(())
    /// ```
    ///
    /// # Errors
    /// The name is taken, or the sort is none of classes.
    pub fn every(&mut self, sort: &str, relation: &str) -> Result<(), Error> {
        self.check_unrecorded()?;
        let known = self.machine.sorts.find(sort);
        let Some(known) = known.filter(|sort| self.machine.sorts.is_eq(*sort)) else {
            let message = format!("there is no sort `{sort}` of classes");
            return Err(Self::refusal(codes::UNKNOWN_SORT, message));
        };
        self.relation(relation, &[sort])?;
        let Op(table) = self.op(relation)?;
        self.store.tables[table as usize].imply();
        self.machine.every.push(Every { sort: known.index() as u32, table, seen: 0 });
        self.machine.list_classes(&mut self.store);
        Ok(())
    }
}

/// A relation that lists the classes of a sort.
#[derive(Clone, Copy, Debug)]
pub(super) struct Every {
    sort: u32,
    table: TableId,
    /// Classes before this one are listed.
    seen: u32,
}

impl Machine {
    /// Lists the classes that are new. The store is closed.
    pub(super) fn list_classes(&mut self, store: &mut Store) {
        for at in 0..self.every.len() {
            let Every { sort, table, seen } = self.every[at];
            let new = store.classes_from(seen, sort);
            store.enlist(table, &new);
            self.every[at].seen = store.classes.len() as u32;
        }
    }
}
