//! Running programs of the egglog language.
//!
//! A [`Session`] is a database that commands change one after the other. Each command is resolved
//! against what was declared before it and then executed; a command that fails changes no
//! declarations. Rules are lowered once, when they are declared.
//!
//! # Operators without order
//! Beyond egglog, a constructor of two operands of its own sort may be declared associative and
//! commutative: `(constructor Sum (X X) X :ac)`, or `(Sum X X :ac)` in a datatype. Two options may
//! follow: `:unit (Zero)`, an operand that is left out, and `:annihilator (Top)`, which takes the
//! place of every application that it is in; both are terms whose constructors are declared before.
//! `(Sum a b c …)` then takes one operand or more and is one row; nested applications are one, in
//! terms and in patterns. A pattern `(Sum a b)` matches terms of exactly two operands, in every
//! order; in `(Sum a b ..r)` the last variable, whose name starts with `..`, is the multiset of all
//! other operands, and may stand last in an application of the same operator in an action. Such a
//! term cannot be deleted or subsumed, nor made by a merge expression.
//!
//! ```
//! use egraph_core::egglog::exec::Session;
//!
//! let mut session = Session::default();
//! let program = "
//!     (datatype X (V i64) (Zero) (Neg X) (Sum X X :ac :unit (Zero)))
//!     (rewrite (Sum a (Neg a) ..r) (Sum ..r))
//!     (let $x (Sum (V 1) (Sum (Neg (V 2)) (V 3)) (V 2)))
//!     (run 1)
//!     (check (= $x (Sum (V 3) (V 1))))";
//! let mut answers = Vec::new();
//! session.run("sums", program, &mut answers).map_err(|error| session.render(&error))?;
//! assert_eq!(session.size("Sum"), Some(2));
//! # Ok::<(), String>(())
//! ```
//!
//! Two terms built without other equalities are equal under these laws exactly when they are one
//! row. What is *not* found: rows are not taken apart again when an operand is united later with a
//! sum or with the unit. After `(let $x (Sum (A) (C))) (let $y (Sum (B) (D) (C)))` and
//! `(union (A) (Sum (B) (D)))`, `$x` and `$y` differ until the rule
//! `(rewrite (Sum (Sum a ..s) ..r) (Sum (Sum a ..s) ..r))` has run, which applies the operator anew
//! wherever an operand has become a sum (one level a round; without end if a class is a proper part
//! of itself).

mod access;
mod analysis;
mod command;
mod explain;
mod extract;
mod graph;
mod journal;
mod lower;
mod machine;
mod operator;
mod print;
mod runner;
mod schedule;
mod term;
mod visit;

pub use access::{Best, Error, Id, Row};
pub use analysis::{Analysis, DidMerge, View};
pub(crate) use graph::{Applier, Condition, RuleCode};
pub use graph::{Graph, Match, Node, Op};
pub use print::Output;
pub use runner::{Hook, Round, Runner, Summary};
pub use schedule::{RuleReport, RunReport, RunTotals};
pub use term::Term;
pub use visit::Choice;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::ematch::{self, Operand};
use crate::store::{Conflict, Kind, Refused, Store, Table, TableDecl, TableId, Value};
pub use crate::threads::Pool;

use super::proof::Event;
use super::syntax::Sources;
use super::types::{self, Checker, Env, Expr, FuncId, FuncKind, GlobalId, RuleName, VarDecl};
use super::values::{Sort, Values};

use lower::{Global, Lowering, Place, Places};
use machine::{Computed, Machine, Merge};
use operator::Operator;

/// What a program may use, and how it runs.
#[derive(Clone, Debug)]
pub struct Options {
    /// Rows of all tables; never exceeded.
    pub nodes: usize,
    /// Wall time of one program.
    pub time: Option<Duration>,
    /// Bytes of tables and matches.
    pub bytes: Option<usize>,
    /// Where `input`, `output` and `include` look for files.
    pub directory: Option<PathBuf>,
    /// The threads that work together; the calling one alone if there is none.
    pub pool: Option<Pool>,
}

impl Default for Options {
    fn default() -> Self {
        Self { nodes: usize::MAX, time: None, bytes: None, directory: None, pool: None }
    }
}

/// Why a program stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The limit on rows was reached.
    Nodes(usize),
    /// The time was up.
    Time,
    /// The limit on memory was reached.
    Memory,
    /// A check did not hold, a merge was not allowed, a primitive had no result, …
    Error(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Nodes(limit) => write!(f, "the limit of {limit} rows is reached"),
            Failure::Time => f.write_str("the time limit is reached"),
            Failure::Memory => f.write_str("the memory limit is reached"),
            Failure::Error(why) => f.write_str(why),
        }
    }
}

/// A rule of the session.
#[derive(Clone, Debug)]
struct RuleState {
    rule: Arc<ematch::Rule>,
    name: RuleName,
    /// Changes before this stamp were seen.
    since: u32,
    /// No fewer matches than there were then.
    known: usize,
}

/// What `push` keeps and `pop` brings back, besides the rows.
struct Scope {
    places: Places,
    merges: usize,
    tables: Vec<TableInfo>,
    containers: Vec<Sort>,
    rules: Vec<RuleState>,
    /// Rules by rule set; none of combined ones.
    rulesets: Vec<Vec<usize>>,
    deletes: bool,
    /// Values of the analysis.
    data: Option<Box<dyn analysis::Data>>,
    every: Vec<graph::Every>,
    codes: usize,
}

/// What the language knows of a table.
#[derive(Clone, Debug)]
struct TableInfo {
    /// The function, unless it is a table of globals.
    function: Option<FuncId>,
    inputs: Arc<[Sort]>,
    output: Sort,
    cost: u64,
    extractable: bool,
}

/// A database of the egglog language.
pub struct Session {
    checker: Checker,
    sources: Sources,
    store: Store,
    machine: Machine,
    places: Places,
    tables: Vec<TableInfo>,
    rules: Vec<RuleState>,
    /// Rules by rule set; none of combined ones.
    rulesets: Vec<Vec<usize>>,
    scopes: Vec<Scope>,
    options: Options,
    deadline: Option<Instant>,
    /// The files that are being included, the outermost first.
    including: Vec<PathBuf>,
    /// Some rule deletes rows: then no rule may see an old match again.
    deletes: bool,
    /// What running rules took so far.
    totals: RunTotals,
    tallies: schedule::Tallies,
    scratch: ematch::Scratch,
    /// The cheapest nodes, as of the last extraction.
    best: extract::Best,
    /// What the rules that are being added have beside their text.
    own: RuleExtras,
}

/// What a rule has beside its text.
#[derive(Default)]
struct RuleExtras {
    codes: Vec<RuleCode>,
    again: bool,
}

impl Default for Session {
    fn default() -> Self {
        Self::new(Options::default())
    }
}

impl Session {
    /// An empty database.
    pub fn new(options: Options) -> Self {
        let checker = Checker::new();
        let machine = Machine {
            values: Arc::new(Values::new()),
            sorts: checker.env().sorts().clone(),
            primitives: checker.env().primitives().clone(),
            merges: Vec::new(),
            operators: Vec::new(),
            recorder: None,
            columns: Vec::new(),
            keeper: None,
            codes: Vec::new(),
            every: Vec::new(),
            refused: None,
            functions: Vec::new(),
            containers: Vec::new(),
        };
        let mut store = Store::new();
        store.set_limit(options.nodes);
        store.pool.clone_from(&options.pool);
        Self {
            checker,
            sources: Sources::new(),
            store,
            machine,
            places: Places::default(),
            tables: Vec::new(),
            rules: Vec::new(),
            rulesets: vec![Vec::new()],
            scopes: Vec::new(),
            options,
            deadline: None,
            including: Vec::new(),
            deletes: false,
            totals: RunTotals::default(),
            tallies: schedule::Tallies::default(),
            scratch: ematch::Scratch::default(),
            best: extract::Best::default(),
            own: RuleExtras::default(),
        }
    }

    fn env(&self) -> &Env {
        self.checker.env()
    }

    /// Number of rows of all functions, constructors and relations.
    pub fn rows(&self) -> usize {
        let tables = self.table_ids().map(|table| self.store.table(table));
        tables.filter(|table| !table.decl.implied).map(|table| table.live() as usize).sum()
    }

    /// Number of rows that rules see: all but those that were subsumed. Looks at these.
    pub fn shown_rows(&self) -> usize {
        let tables = self.table_ids().map(|table| self.store.table(table));
        self.rows() - tables.map(Table::hidden_rows).sum::<usize>()
    }

    /// Number of classes that differ.
    pub fn classes(&self) -> usize {
        self.store.class_count()
    }

    /// Heap memory of tables and indexes, in bytes.
    pub fn bytes(&self) -> usize {
        self.store.bytes()
    }

    /// What running rules took.
    pub fn report(&self) -> RunReport {
        RunReport { totals: self.totals, rules: schedule::by_name(&self.tallies) }
    }

    /// What running rules took, all together: the report without the names of rules, which are
    /// written for it where the program gives none.
    pub fn totals(&self) -> RunTotals {
        self.totals
    }

    /// Tables of functions, in order of declaration.
    fn table_ids(&self) -> impl Iterator<Item = TableId> + '_ {
        (0..self.tables.len() as TableId)
            .filter(|table| self.tables[*table as usize].function.is_some())
    }

    /// The number of rows of a function, if there is one of this name.
    pub fn size(&self, name: &str) -> Option<usize> {
        let function = self.env().find_function(name)?;
        Some(self.store.table(self.places.place(function).table).live() as usize)
    }

    fn add_table(&mut self, decl: TableDecl, info: TableInfo) -> TableId {
        let table = self.store.add_table(decl);
        self.machine.columns.push((info.inputs.clone(), info.output));
        self.tables.push(info);
        self.machine.merges.push(None);
        self.machine.operators.push(None);
        table
    }

    /// The declarations of sorts and primitives may have grown.
    fn adopt_env(&mut self) {
        let (sorts, primitives) = (self.env().sorts(), self.env().primitives());
        if self.machine.primitives.is_same(primitives) && self.machine.sorts.is_same(sorts) {
            return;
        }
        let (sorts, primitives) = (sorts.clone(), primitives.clone());
        (self.machine.sorts, self.machine.primitives) = (sorts, primitives);
        self.machine.containers = self
            .machine
            .sorts
            .all()
            .filter(|sort| {
                self.machine.sorts.is_container(*sort) && self.machine.sorts.mentions_classes(*sort)
            })
            .collect();
    }

    /// A table for a declared function.
    fn declare_function(&mut self, function: FuncId) {
        let decl = self.env().function(function).clone();
        let conflict = match decl.kind {
            FuncKind::Constructor => Conflict::Union,
            FuncKind::Relation => Conflict::Keep,
            FuncKind::Function => Conflict::Merge,
        };
        let output = match decl.kind {
            FuncKind::Relation => Kind::Plain,
            _ => self.machine.kind(decl.output),
        };
        let table = TableDecl {
            name: decl.name.as_str().into(),
            keys: decl.inputs.iter().map(|sort| self.machine.kind(*sort)).collect(),
            output,
            conflict,
            implied: false,
        };
        let info = TableInfo {
            function: Some(function),
            inputs: decl.inputs.clone().into(),
            output: decl.output,
            cost: decl.cost,
            extractable: decl.kind == FuncKind::Constructor && !decl.unextractable,
        };
        let table = self.add_table(table, info);
        debug_assert_eq!(self.places.functions.len(), function.index());
        self.machine.functions.push(table);
        self.places.functions.push(Place {
            table,
            kind: decl.kind,
            arity: decl.inputs.len(),
            output,
            operands: decl.operator.as_ref().map(|_| self.machine.kind(decl.inputs[0])),
        });
        // A merge expression may look at its own table, which therefore has its place before.
        if let types::Merge::Expr(expr) = &decl.merge {
            let var = |name: &str| VarDecl { name: name.into(), sort: decl.output };
            let vars = [var("old"), var("new")];
            let mut lowering = Lowering::new(&self.machine, &self.places, &vars);
            let result = lowering.expr(expr);
            let merge = Merge { actions: lowering.finish(false), result };
            self.machine.merges[table as usize] = Some(Arc::new(merge));
        }
    }

    /// Evaluates the unit and the annihilator of a constructor that was just declared, if it is
    /// associative and commutative.
    fn declare_operator(&mut self, function: FuncId) -> Result<(), Failure> {
        let decl = self.env().function(function).clone();
        let Some(operator) = decl.operator else { return Ok(()) };
        let mut fixed =
            |term: &Option<Expr>| term.as_ref().map(|term| self.evaluate(term)).transpose();
        let (unit, annihilator) = (fixed(&operator.unit)?, fixed(&operator.annihilator)?);
        let sort = decl.inputs[0];
        let table = self.places.place(function).table;
        self.machine.operators[table as usize] = Some(Operator { sort, unit, annihilator });
        Ok(())
    }

    /// Gives a global its value.
    fn define_global(&mut self, global: GlobalId, sort: Sort, value: Value) -> Result<(), Failure> {
        let kind = self.machine.kind(sort);
        let given = value;
        let value = if kind == Kind::Plain {
            Err(value)
        } else {
            let table = self.global_table(sort);
            let row = self.store.insert(table, &[global.index() as Value], value);
            row.map_err(|refused| self.failure(refused))?;
            Ok(table)
        };
        debug_assert_eq!(self.places.globals.len(), global.index());
        self.places.globals.push(Global { sort, value });
        if let Some(recorder) = &mut self.machine.recorder {
            recorder.journal.events.push(Event::Global(global, given));
        }
        Ok(())
    }

    fn global_table(&mut self, sort: Sort) -> TableId {
        if let Some((_, table)) = self.places.global_tables.iter().find(|(s, _)| *s == sort) {
            return *table;
        }
        let decl = TableDecl {
            name: format!("globals of {}", self.machine.sorts.name(sort)).into(),
            keys: vec![Kind::Plain],
            output: self.machine.kind(sort),
            conflict: Conflict::Keep,
            implied: false,
        };
        let info = TableInfo {
            function: None,
            inputs: [Sort::I64].into(),
            output: sort,
            cost: 1,
            extractable: false,
        };
        let table = self.add_table(decl, info);
        self.places.global_tables.push((sort, table));
        table
    }

    fn failure(&self, refused: Refused) -> Failure {
        match refused {
            Refused::Full => Failure::Nodes(self.options.nodes),
            Refused::Failed(why) => Failure::Error(why),
        }
    }

    fn computed(&self) -> Computed {
        Computed {
            values: self.machine.values.clone(),
            primitives: self.machine.primitives.clone(),
            functions: self.machine.functions.clone(),
        }
    }

    /// Evaluates an expression as an action would; the value is canonical after a rebuild.
    fn evaluate(&mut self, expr: &Expr) -> Result<Value, Failure> {
        let mut lowering = Lowering::new(&self.machine, &self.places, &[]);
        let result = lowering.expr(expr);
        let actions = lowering.finish(false);
        let mut registers = vec![0; actions.kinds.len()];
        let done = self.machine.commit(&actions, &mut self.store, &mut registers);
        let closed = self.store.rebuild(&mut self.machine);
        done.and(closed).map_err(|refused| self.failure(refused))?;
        let value = match result {
            Operand::Const(value) => value,
            Operand::Var(var) => registers[var as usize],
        };
        Ok(self.store.canonical(self.machine.kind(expr.sort), value))
    }

    /// Does what an action says, once.
    fn act(&mut self, actions: &[types::Action]) -> Result<(), Failure> {
        let mut lowering = Lowering::new(&self.machine, &self.places, &[]);
        for action in actions {
            lowering.action(action);
        }
        let actions = lowering.finish(false);
        let mut registers = vec![0; actions.kinds.len()];
        let done = self.machine.commit(&actions, &mut self.store, &mut registers);
        let closed = self.store.rebuild(&mut self.machine);
        done.and(closed).map_err(|refused| self.failure(refused))
    }

    /// True when a query has a match.
    fn holds(&mut self, query: &types::Query) -> bool {
        let mut lowering = Lowering::new(&self.machine, &self.places, &query.vars);
        let mut query = lowering.query(query);
        query.report.clear();
        let computed = self.computed();
        let search = ematch::Search::new(&query, &mut self.store, 0);
        let budget = ematch::Budget { matches: 1, ..ematch::Budget::NONE };
        search.run_all(&self.store, &computed, budget).count > 0
    }

    fn open_scope(&mut self) {
        if let Some(recorder) = &mut self.machine.recorder {
            let journal = &recorder.journal;
            recorder.marks.push((journal.events.len(), journal.rules.len()));
        }
        self.store.push();
        self.scopes.push(Scope {
            places: self.places.clone(),
            merges: self.machine.merges.len(),
            tables: self.tables.clone(),
            containers: self.machine.containers.clone(),
            rules: self.rules.clone(),
            rulesets: self.rulesets.clone(),
            deletes: self.deletes,
            data: self.machine.kept_data(),
            every: self.machine.every.clone(),
            codes: self.machine.codes.len(),
        });
    }

    fn close_scope(&mut self) -> bool {
        let Some(scope) = self.scopes.pop() else { return false };
        if let Some(recorder) = &mut self.machine.recorder
            && let Some((events, rules)) = recorder.marks.pop()
        {
            recorder.journal.events.truncate(events);
            recorder.journal.rules.truncate(rules);
        }
        self.store.pop();
        self.places = scope.places;
        self.machine.merges.truncate(scope.merges);
        self.machine.operators.truncate(scope.merges);
        self.machine.columns.truncate(scope.merges);
        self.machine.restore_data(scope.data);
        self.machine.every = scope.every;
        self.machine.codes.truncate(scope.codes);
        self.machine.functions.truncate(self.places.functions.len());
        self.tables = scope.tables;
        self.rules = scope.rules;
        self.rulesets = scope.rulesets;
        self.deletes = scope.deletes;
        self.machine.sorts = self.env().sorts().clone();
        self.machine.primitives = self.env().primitives().clone();
        self.machine.containers = scope.containers;
        true
    }

    // What extraction and printing read.

    fn input_sorts(&self, table: TableId) -> &[Sort] {
        &self.tables[table as usize].inputs
    }

    fn node_weight(&self, table: TableId) -> u64 {
        self.tables[table as usize].cost
    }

    fn name_of(&self, table: TableId) -> &Arc<str> {
        &self.store.table(table).decl.name
    }

    /// Constructors whose nodes may be part of an extracted term.
    fn extractable(&self) -> impl Iterator<Item = TableId> + '_ {
        (0..self.tables.len() as TableId).filter(|table| self.tables[*table as usize].extractable)
    }

    /// The classes among the arguments of a row, those in containers included.
    fn classes_in(&self, table: TableId, row: u32, visit: &mut dyn FnMut(Value)) {
        let keys = self.store.table(table).keys(row);
        for (sort, value) in self.input_sorts(table).iter().zip(keys) {
            self.classes_of(*sort, *value, visit);
        }
    }

    fn classes_of(&self, sort: Sort, value: Value, visit: &mut dyn FnMut(Value)) {
        let sorts = &self.machine.sorts;
        if sorts.is_eq(sort) {
            visit(value);
        } else if sorts.mentions_classes(sort) {
            for (sort, part) in self.machine.values.parts(sorts, sort, value) {
                self.classes_of(sort, part, visit);
            }
        }
    }
}

#[cfg(test)]
mod tests;
