//! Lowering: resolved rules and expressions to queries and actions on the store.
//!
//! A global is a row of a table of globals, one table for each sort whose values a rebuild can
//! change: a rule that mentions a global joins its row, and sees the canonical value. Globals of
//! other sorts are constants.

use crate::ematch::{self, Action, Actions, Args, Operand};
use crate::store::{Kind, Store, TableId, Value};

use super::super::syntax::{Change, EvalMode};
use super::super::types::{self, Expr, FuncId, FuncKind, GlobalId, Node, VarDecl};
use super::super::values::{PrimId, PrimResult, Sort};
use super::machine::Machine;

/// Where functions and globals are.
#[derive(Clone, Debug, Default)]
pub(super) struct Places {
    /// By function: table and result sort.
    pub(super) functions: Vec<Place>,
    /// By global.
    pub(super) globals: Vec<Global>,
    /// Tables of globals, by sort.
    pub(super) global_tables: Vec<(Sort, TableId)>,
}

/// A function's table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) table: TableId,
    pub(super) kind: FuncKind,
    pub(super) arity: usize,
    pub(super) output: Kind,
    /// Kind of the multiset of operands, if the constructor is associative and commutative.
    pub(super) operands: Option<Kind>,
}

/// Stands for the value of a relation's row where one is set: the store gives it one of its own.
pub(super) const FACT: Value = 0;

/// A global's value: the row of its number in a table, or a constant.
#[derive(Clone, Copy, Debug)]
pub(super) struct Global {
    pub(super) sort: Sort,
    pub(super) value: Result<TableId, Value>,
}

impl Places {
    pub(super) fn place(&self, function: FuncId) -> Place {
        self.functions[function.index()]
    }

    pub(super) fn global(&self, global: GlobalId) -> Global {
        self.globals[global.index()]
    }
}

/// Lowers one query or list of actions.
pub(super) struct Lowering<'a> {
    machine: &'a Machine,
    places: &'a Places,
    /// Kind of each variable.
    kinds: Vec<Kind>,
    steps: Vec<Action>,
}

impl<'a> Lowering<'a> {
    /// `vars`: the variables that are numbered already.
    pub(super) fn new(machine: &'a Machine, places: &'a Places, vars: &[VarDecl]) -> Self {
        let kinds = vars.iter().map(|var| machine.kind(var.sort)).collect();
        Self { machine, places, kinds, steps: Vec::new() }
    }

    fn fresh(&mut self, kind: Kind) -> u32 {
        self.kinds.push(kind);
        (self.kinds.len() - 1) as u32
    }

    /// The query of a rule's body.
    pub(super) fn query(&mut self, body: &types::Query) -> ematch::Query {
        let (mut atoms, mut calls, mut splits) = (Vec::new(), Vec::new(), Vec::new());
        for atom in &body.atoms {
            match atom {
                types::Atom::Table { func, args, out } => {
                    let place = self.places.place(*func);
                    let mut all: Vec<Operand> = Vec::with_capacity(args.len() + 1);
                    for arg in args.iter().chain([out]) {
                        all.push(self.operand(*arg, &mut atoms));
                    }
                    atoms.push(ematch::Atom { table: place.table, args: all });
                }
                types::Atom::Operator { func, args, rest, out } => {
                    let place = self.places.place(*func);
                    let Some(kind @ Kind::Container(space)) = place.operands else {
                        unreachable!("an operator's operands are a multiset")
                    };
                    let elements = args.iter().map(|arg| self.operand(*arg, &mut atoms)).collect();
                    let rest = rest.map(|rest| self.operand(rest, &mut atoms));
                    let out = self.operand(*out, &mut atoms);
                    let bag = Operand::Var(self.fresh(kind));
                    atoms.push(ematch::Atom { table: place.table, args: vec![bag, out] });
                    splits.push(ematch::Split { space, bag, elements, rest });
                }
                types::Atom::Prim { prim, args, out } => {
                    let args = args.iter().map(|arg| self.operand(*arg, &mut atoms)).collect();
                    let out = self.operand(*out, &mut atoms);
                    calls.push(ematch::Call { prim: Some(prim.index() as u32), args, out });
                }
                types::Atom::Equal(_, a, b) => {
                    let a = self.operand(*a, &mut atoms);
                    let b = self.operand(*b, &mut atoms);
                    calls.push(ematch::Call { prim: None, args: vec![a], out: b });
                }
            }
        }
        let mut query = ematch::Query::new(self.kinds.len() as u32, atoms, calls);
        query.splits = splits;
        query.see_hidden = body.include_subsumed;
        query
    }

    fn operand(&mut self, operand: types::Operand, atoms: &mut Vec<ematch::Atom>) -> Operand {
        match operand {
            types::Operand::Var(var) => Operand::Var(var),
            types::Operand::Const(value) => Operand::Const(value),
            types::Operand::Global(global) => {
                let place = self.places.global(global);
                match place.value {
                    Err(value) => Operand::Const(value),
                    Ok(table) => {
                        let var = self.fresh(self.machine.kind(place.sort));
                        let key = Operand::Const(global.index() as Value);
                        let args = vec![key, Operand::Var(var)];
                        atoms.push(ematch::Atom { table, args });
                        Operand::Var(var)
                    }
                }
            }
        }
    }

    /// Appends the steps of an expression; gives where its value is.
    pub(super) fn expr(&mut self, expr: &Expr) -> Operand {
        let mut stack = Vec::with_capacity(expr.nodes.len());
        for node in &expr.nodes {
            self.node(node, &mut stack);
        }
        stack.pop().expect("an expression leaves one value")
    }

    fn node(&mut self, node: &Node, stack: &mut Vec<Operand>) {
        let value = match *node {
            Node::Var(var) => Operand::Var(var),
            Node::Const(value) => Operand::Const(value),
            Node::Global(global) => {
                let place = self.places.global(global);
                match place.value {
                    Err(value) => Operand::Const(value),
                    Ok(table) => {
                        let out = self.fresh(self.machine.kind(place.sort));
                        let args = [Operand::Const(global.index() as Value)].into_iter().collect();
                        self.steps.push(Action::Get { table, args, out });
                        Operand::Var(out)
                    }
                }
            }
            Node::Call(func) => {
                let place = self.places.place(func);
                let args: Args = stack.drain(stack.len() - place.arity..).collect();
                self.call(place, args)
            }
            Node::Operator(func, count, rest) => {
                let place = self.places.place(func);
                let mut args: Args = stack.drain(stack.len() - count as usize..).collect();
                let rest = if rest { args.pop() } else { None };
                let out = self.fresh(place.output);
                self.steps.push(Action::Operate { table: place.table, args, rest, out });
                Operand::Var(out)
            }
            Node::Prim(prim, count) => {
                let args: Args = stack.drain(stack.len() - count as usize..).collect();
                let kind = match self.machine.primitives.sig(prim).result {
                    PrimResult::Fixed(sort) => self.machine.kind(sort),
                    PrimResult::SameAsArgs => match args.first() {
                        Some(Operand::Var(var)) => self.kinds[*var as usize],
                        _ => Kind::Plain,
                    },
                };
                let out = self.fresh(kind);
                self.steps.push(Action::Call { prim: prim.index() as u32, args, out });
                Operand::Var(out)
            }
        };
        stack.push(value);
    }

    fn call(&mut self, place: Place, args: Args) -> Operand {
        let table = place.table;
        match place.kind {
            FuncKind::Constructor => {
                let out = self.fresh(place.output);
                self.steps.push(Action::Make { table, args, out });
                Operand::Var(out)
            }
            FuncKind::Relation => {
                self.steps.push(Action::Set { table, args, value: Operand::Const(FACT) });
                Operand::Const(FACT)
            }
            FuncKind::Function => {
                let out = self.fresh(place.output);
                self.steps.push(Action::Get { table, args, out });
                Operand::Var(out)
            }
        }
    }

    fn args(&mut self, args: &[Expr]) -> Args {
        args.iter().map(|arg| self.expr(arg)).collect()
    }

    /// Appends the steps of an action.
    pub(super) fn action(&mut self, action: &types::Action) {
        match action {
            types::Action::Let(var, expr) => {
                let value = self.expr(expr);
                self.rename(*var, value);
            }
            types::Action::Set(_, func, args, value) => {
                let args = self.args(args);
                let value = self.expr(value);
                self.steps.push(Action::Set { table: self.places.place(*func).table, args, value });
            }
            types::Action::Union(_, a, b) => self.union(a, b),
            types::Action::Change(_, change, func, args) => {
                let args = self.args(args);
                let table = self.places.place(*func).table;
                self.steps.push(match change {
                    Change::Delete => Action::Delete { table, args },
                    Change::Subsume => Action::Subsume { table, args },
                });
            }
            types::Action::Panic(_, why) => self.steps.push(Action::Panic(why.to_string())),
            types::Action::Expr(expr) => {
                self.expr(expr);
            }
        }
    }

    /// `(union a (F …))` puts the node into the class instead of making a class for it.
    fn union(&mut self, a: &Expr, b: &Expr) {
        let (class, other) = if self.is_node(b) { (a, b) } else { (b, a) };
        let class = self.expr(class);
        let Some((Node::Call(func), before)) =
            other.nodes.split_last().filter(|_| self.is_node(other))
        else {
            let other = self.expr(other);
            self.steps.push(Action::Union(class, other));
            return;
        };
        let mut stack = Vec::new();
        for node in before {
            self.node(node, &mut stack);
        }
        let table = self.places.place(*func).table;
        self.steps.push(Action::MakeIn { table, args: stack.into_iter().collect(), class });
    }

    fn is_node(&self, expr: &Expr) -> bool {
        match expr.nodes.last() {
            Some(Node::Call(func)) => self.places.place(*func).kind == FuncKind::Constructor,
            _ => false,
        }
    }

    /// A variable of the program gets its value: the step that computes it writes there.
    fn rename(&mut self, var: u32, value: Operand) {
        let last = self.steps.last_mut();
        match (value, last) {
            (
                Operand::Var(temp),
                Some(
                    Action::Make { out, .. }
                    | Action::Get { out, .. }
                    | Action::Operate { out, .. }
                    | Action::Call { out, .. },
                ),
            ) if *out == temp => *out = var,
            _ => self.steps.push(Action::Copy { from: value, out: var }),
        }
    }

    /// The steps so far as actions.
    pub(super) fn finish(self, pure_calls: bool) -> Actions {
        Actions::new(self.steps, self.kinds, pure_calls)
    }
}

/// Code of a rule, by its number.
#[derive(Clone, Copy, Debug)]
pub(super) struct Code {
    pub(super) number: u32,
    /// It is what the rule does, not a condition.
    pub(super) applies: bool,
}

/// A rule, ready to run.
pub(super) fn rule(
    machine: &Machine,
    places: &Places,
    store: &Store,
    rule: &types::Rule,
    codes: &[Code],
    deletes: bool,
) -> ematch::Rule {
    let mut lowering = Lowering::new(machine, places, &rule.vars);
    let mut query = lowering.query(&rule.body);
    let bound = query.vars;
    // Facts may have made variables of their own behind the rule's.
    let args = rule.body.vars.len() as u32;
    for Code { number: code, .. } in codes.iter().filter(|code| !code.applies) {
        lowering.steps.push(Action::Require { code: *code, args });
    }
    for action in &rule.head {
        lowering.action(action);
    }
    for Code { number: code, .. } in codes.iter().filter(|code| code.applies) {
        lowering.steps.push(Action::Perform { code: *code, args });
    }
    let pure_calls = lowering.steps.iter().all(|step| match step {
        Action::Call { prim, .. } => {
            !machine.primitives.sig(PrimId::from_index(*prim)).needs_host()
        }
        _ => true,
    });
    let actions = lowering.finish(pure_calls);
    query.report = if machine.recorder.is_some() {
        (0..bound).collect()
    } else {
        actions.reads().into_iter().filter(|var| *var < bound).collect()
    };
    query.idempotent = !deletes && actions.is_idempotent(store);
    ematch::Rule { query, actions, naive: rule.mode == EvalMode::Naive }
}
