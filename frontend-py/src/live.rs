//! Which variables a block reads, assigns and leaves by which exit.
//!
//! One bottom-up pass gives every statement a [`Summary`]: what it may read before assigning, and
//! what it surely assigns on the way to each exit. Liveness anywhere then is one evaluation of a
//! summary, without fixed points: structured control flow makes the loop equations closed (a
//! loop's back edge only adds what its body already reads).

use indexmap::{IndexMap, IndexSet};
use ruff_python_ast::visitor::{Visitor, walk_expr, walk_stmt};
use ruff_python_ast::{ElifElseClause, Expr, ExprContext, Stmt, StmtFunctionDef};
use rustc_hash::{FxBuildHasher, FxHashMap};
use std::rc::Rc;

/// A set of local variables, by number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Vars(Vec<u64>);

impl Vars {
    /// Adds a variable.
    pub(crate) fn insert(&mut self, var: usize) {
        if self.0.len() <= var / 64 {
            self.0.resize(var / 64 + 1, 0);
        }
        self.0[var / 64] |= 1 << (var % 64);
    }

    /// Whether a variable is in the set.
    pub(crate) fn contains(&self, var: usize) -> bool {
        self.0.get(var / 64).is_some_and(|word| word & (1 << (var % 64)) != 0)
    }

    /// Adds all of `other`.
    pub(crate) fn add(&mut self, other: &Vars) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        for (word, other) in self.0.iter_mut().zip(&other.0) {
            *word |= other;
        }
    }

    /// The union.
    pub(crate) fn union(mut self, other: &Vars) -> Vars {
        self.add(other);
        self
    }

    /// The members that `other` lacks.
    pub(crate) fn minus(&self, other: &Vars) -> Vars {
        let mut result = self.clone();
        for (word, other) in result.0.iter_mut().zip(&other.0) {
            *word &= !other;
        }
        result
    }

    /// The members that `other` has too.
    pub(crate) fn intersection(&self, other: &Vars) -> Vars {
        Vars(self.0.iter().zip(&other.0).map(|(a, b)| a & b).collect())
    }

    /// The members in ascending order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.0.iter().enumerate().flat_map(|(at, word)| {
            (0..64).filter(move |bit| word & (1 << bit) != 0).map(move |bit| at * 64 + bit)
        })
    }
}

/// Ways to leave a block, indices into [`Summary::kill`] and [`Live`].
pub(crate) const FALL: usize = 0;
/// By `break`.
pub(crate) const BREAK: usize = 1;
/// By `continue`.
pub(crate) const CONTINUE: usize = 2;

/// The variables that are live after a block, by exit.
pub(crate) type Live = [Vars; 3];

/// What a block reads and assigns.
#[derive(Clone, Debug, Default)]
pub(crate) struct Summary {
    /// Variables it may read before assigning them.
    pub(crate) reads: Vars,
    /// Variables it surely assigns before leaving by each exit; none if it cannot leave so.
    pub(crate) kill: [Option<Vars>; 3],
    /// Variables it may assign.
    pub(crate) assigned: Vars,
}

impl Summary {
    /// A block that reads and assigns nothing.
    fn empty() -> Summary {
        Summary { kill: [Some(Vars::default()), None, None], ..Summary::default() }
    }

    /// Whether control can reach the block's end.
    pub(crate) fn falls(&self) -> bool {
        self.kill[FALL].is_some()
    }

    /// The variables live before the block.
    pub(crate) fn live_in(&self, live: &Live) -> Vars {
        let mut result = self.reads.clone();
        for (live, kill) in live.iter().zip(&self.kill) {
            if let Some(kill) = kill {
                result.add(&live.minus(kill));
            }
        }
        result
    }

    /// The block followed by another.
    fn then(mut self, next: &Summary) -> Summary {
        let Some(kill) = self.kill[FALL].take() else { return self };
        self.reads.add(&next.reads.minus(&kill));
        self.assigned.add(&next.assigned);
        for (exit, next) in next.kill.iter().enumerate() {
            let path = next.as_ref().map(|next| kill.clone().union(next));
            self.kill[exit] = either(self.kill[exit].take(), path);
        }
        self
    }

    /// One of two blocks.
    fn or(mut self, other: Summary) -> Summary {
        self.reads.add(&other.reads);
        self.assigned.add(&other.assigned);
        for (mine, other) in self.kill.iter_mut().zip(other.kill) {
            *mine = either(mine.take(), other);
        }
        self
    }
}

fn either(a: Option<Vars>, b: Option<Vars>) -> Option<Vars> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.intersection(&b)),
        (a, b) => a.or(b),
    }
}

/// The local variables of a function and the summaries of its blocks.
#[derive(Debug)]
pub(crate) struct Locals<'a> {
    names: IndexSet<&'a str, FxBuildHasher>,
    /// The functions defined in the body itself, each once under a name that is no variable.
    nested: IndexMap<&'a str, &'a StmtFunctionDef, FxBuildHasher>,
    blocks: FxHashMap<usize, Rc<Vec<Summary>>>,
}

impl<'a> Locals<'a> {
    /// The locals of a function with these parameters and body.
    pub(crate) fn new(params: impl Iterator<Item = &'a str>, body: &'a [Stmt]) -> Locals<'a> {
        let mut names: IndexSet<&'a str, FxBuildHasher> = params.collect();
        names.extend(stored_names(body));
        let mut nested: IndexMap<&'a str, &'a StmtFunctionDef, FxBuildHasher> = IndexMap::default();
        let mut twice = Vec::new();
        for stmt in body {
            if let Stmt::FunctionDef(definition) = stmt {
                let name = definition.name.as_str();
                if names.contains(name) || nested.insert(name, definition).is_some() {
                    twice.push(name);
                }
            }
        }
        nested.retain(|name, _| !twice.contains(name));
        Locals { names, nested, blocks: FxHashMap::default() }
    }

    /// The nested function of this name.
    pub(crate) fn nested(&self, name: &str) -> Option<&'a StmtFunctionDef> {
        self.nested.get(name).copied()
    }

    /// Whether a definition is one of the nested functions.
    pub(crate) fn is_nested(&self, definition: &StmtFunctionDef) -> bool {
        let found = self.nested(definition.name.as_str());
        found.is_some_and(|found| std::ptr::eq(found, definition))
    }

    /// The variables that a call of a nested function reads.
    pub(crate) fn captured_by(&self, name: &'a str) -> Vars {
        let mut reads = Vars::default();
        self.add_reads(vec![name], &mut reads);
        reads
    }

    /// Adds what reading these names reads: variables, and those that a nested function captures.
    fn add_reads(&self, loaded: Vec<&'a str>, reads: &mut Vars) {
        let mut pending = loaded;
        let mut seen: Vec<&str> = Vec::new();
        while let Some(name) = pending.pop() {
            if let Some(var) = self.number(name) {
                reads.insert(var);
            } else if let Some(definition) = self.nested(name)
                && !seen.contains(&name)
            {
                seen.push(name);
                pending.extend(free_names(definition));
            }
        }
    }

    /// The number of a variable.
    pub(crate) fn number(&self, name: &str) -> Option<usize> {
        self.names.get_index_of(name)
    }

    /// The name of a variable.
    pub(crate) fn name(&self, var: usize) -> &'a str {
        self.names[var]
    }

    /// How many variables there are.
    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    /// The variables that an expression reads.
    pub(crate) fn reads_of(&self, expr: &'a Expr) -> Vars {
        self.reads(expr).reads
    }

    /// The variables that a target assigns.
    pub(crate) fn stored_in(&self, target: &'a Expr) -> Vars {
        self.targets(target).assigned
    }

    /// The summary of the statements from `from` on.
    pub(crate) fn suffix(&mut self, block: &'a [Stmt], from: usize) -> Summary {
        self.block(block).get(from).cloned().unwrap_or_else(Summary::empty)
    }

    /// Summaries of all suffixes of a block. Blocks are recognised by their address, which is
    /// stable while the syntax tree is borrowed.
    fn block(&mut self, block: &'a [Stmt]) -> Rc<Vec<Summary>> {
        if let Some(found) = self.blocks.get(&(block.as_ptr() as usize)) {
            return Rc::clone(found);
        }
        let mut suffixes: Vec<Summary> = Vec::with_capacity(block.len());
        let mut rest = Summary::empty();
        for stmt in block.iter().rev() {
            rest = self.stmt(stmt).then(&rest);
            suffixes.push(rest.clone());
        }
        suffixes.reverse();
        let suffixes = Rc::new(suffixes);
        if !block.is_empty() {
            self.blocks.insert(block.as_ptr() as usize, Rc::clone(&suffixes));
        }
        suffixes
    }

    fn stmt(&mut self, stmt: &'a Stmt) -> Summary {
        match stmt {
            Stmt::If(s) => {
                let mut whole = self.reads(&s.test);
                let body = self.suffix(&s.body, 0);
                let rest = self.clauses(&s.elif_else_clauses);
                whole = whole.then(&body.or(rest));
                whole
            }
            Stmt::While(s) => {
                let test = self.reads(&s.test);
                let endless = is_true(&s.test);
                let body = self.suffix(&s.body, 0);
                let orelse = if endless {
                    Summary { kill: [None, None, None], ..Summary::default() }
                } else {
                    self.suffix(&s.orelse, 0)
                };
                test.then(&loop_summary(&body, &orelse))
            }
            Stmt::For(s) => {
                let iter = self.reads(&s.iter);
                let body = self.targets(&s.target).then(&self.suffix(&s.body, 0));
                let orelse = self.suffix(&s.orelse, 0);
                iter.then(&loop_summary(&body, &orelse))
            }
            Stmt::Break(_) => exit(BREAK),
            Stmt::Continue(_) => exit(CONTINUE),
            Stmt::Return(s) => {
                let mut summary = s.value.as_deref().map_or_else(Summary::empty, |e| self.reads(e));
                summary.kill = [None, None, None];
                summary
            }
            Stmt::Raise(_) => Summary::default(),
            Stmt::Assign(s) => {
                let mut summary = self.reads(&s.value);
                for target in &s.targets {
                    summary = summary.then(&self.targets(target));
                }
                summary
            }
            Stmt::AugAssign(s) => {
                let mut summary = self.reads(&s.value);
                if let Expr::Name(name) = &*s.target
                    && let Some(var) = self.number(name.id.as_str())
                {
                    summary.reads.insert(var);
                }
                summary.then(&self.targets(&s.target))
            }
            Stmt::AnnAssign(s) => match &s.value {
                Some(value) => self.reads(value).then(&self.targets(&s.target)),
                None => Summary::empty(),
            },
            Stmt::FunctionDef(_) | Stmt::ClassDef(_) => Summary::empty(),
            other => {
                let mut names = Names::default();
                names.visit_stmt(other);
                let mut summary = Summary::empty();
                self.add_reads(names.loaded, &mut summary.reads);
                summary
            }
        }
    }

    fn clauses(&mut self, clauses: &'a [ElifElseClause]) -> Summary {
        let mut rest = Summary::empty();
        for clause in clauses.iter().rev() {
            let body = self.suffix(&clause.body, 0);
            rest = match &clause.test {
                Some(test) => self.reads(test).then(&body.or(rest)),
                None => body,
            };
        }
        rest
    }

    fn reads(&self, expr: &'a Expr) -> Summary {
        let mut names = Names::default();
        names.visit_expr(expr);
        let mut summary = Summary::empty();
        self.add_reads(names.loaded, &mut summary.reads);
        summary
    }

    fn targets(&self, target: &'a Expr) -> Summary {
        let mut names = Names::default();
        names.visit_expr(target);
        let mut summary = self.reads(target);
        let mut kill = Vars::default();
        for name in names.stored {
            self.number(name).into_iter().for_each(|var| kill.insert(var));
        }
        summary.assigned = kill.clone();
        summary.kill[FALL] = Some(kill);
        summary
    }
}

fn exit(kind: usize) -> Summary {
    let mut summary = Summary::default();
    summary.kill[kind] = Some(Vars::default());
    summary
}

/// A loop whose body and else-block have these summaries, without its test.
fn loop_summary(body: &Summary, orelse: &Summary) -> Summary {
    let mut whole = Summary {
        reads: body.reads.clone().union(&orelse.reads),
        kill: orelse.kill.clone(),
        assigned: body.assigned.clone().union(&orelse.assigned),
    };
    let by_break = body.kill[BREAK].clone();
    whole.kill[FALL] = either(whole.kill[FALL].take(), by_break);
    whole
}

/// Whether a loop's test is literally true.
pub(crate) fn is_true(test: &Expr) -> bool {
    match test {
        Expr::BooleanLiteral(literal) => literal.value,
        Expr::NumberLiteral(literal) => match &literal.value {
            ruff_python_ast::Number::Int(int) => int.as_u64() != Some(0),
            _ => false,
        },
        _ => false,
    }
}

/// The names that statements assign, without those of nested functions and classes.
pub(crate) fn stored_names(body: &[Stmt]) -> Vec<&str> {
    let mut names = Names::default();
    for stmt in body {
        names.visit_stmt(stmt);
    }
    names.stored
}

/// The names that an expression assigns.
pub(crate) fn stored_in(expr: &Expr) -> Vec<&str> {
    let mut names = Names::default();
    names.visit_expr(expr);
    names.stored
}

/// The names that an expression reads.
pub(crate) fn loaded_names(expr: &Expr) -> Vec<&str> {
    let mut names = Names::default();
    names.visit_expr(expr);
    names.loaded
}

/// The names that a function reads and does not bind, those of functions inside it included.
fn free_names(definition: &StmtFunctionDef) -> Vec<&str> {
    let mut names = Names::default();
    for stmt in &definition.body {
        names.visit_stmt(stmt);
    }
    let Names { mut loaded, stored } = names;
    for stmt in &definition.body {
        if let Stmt::FunctionDef(inner) = stmt {
            loaded.extend(free_names(inner));
        }
    }
    let params: Vec<&str> = definition
        .parameters
        .iter_non_variadic_params()
        .map(|param| param.parameter.name.as_str())
        .collect();
    loaded.retain(|name| !stored.contains(name) && !params.contains(name));
    loaded
}

#[derive(Default)]
struct Names<'a> {
    loaded: Vec<&'a str>,
    stored: Vec<&'a str>,
}

impl<'a> Visitor<'a> for Names<'a> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        if !matches!(stmt, Stmt::FunctionDef(_) | Stmt::ClassDef(_)) {
            walk_stmt(self, stmt);
        }
    }

    fn visit_annotation(&mut self, _: &'a Expr) {}

    fn visit_expr(&mut self, expr: &'a Expr) {
        if let Expr::Name(name) = expr {
            match name.ctx {
                ExprContext::Load => self.loaded.push(name.id.as_str()),
                ExprContext::Store | ExprContext::Del => self.stored.push(name.id.as_str()),
                ExprContext::Invalid => {}
            }
        }
        walk_expr(self, expr);
    }
}
