//! Lists that are only looked at: tuples do the same.
//!
//! A list in the source that is run over, indexed, reduced, unpacked or searched where it stands
//! becomes a tuple, and so does the list that is the only value of a variable to which nothing else
//! is done. A set that is searched where it stands becomes a tuple too: what it holds twice is found
//! as well.

use ruff_python_ast::visitor::transformer::{
    Transformer, walk_comprehension, walk_expr, walk_parameter, walk_stmt,
};
use ruff_python_ast::visitor::{Visitor, walk_stmt as look_at_stmt};
use ruff_python_ast::{
    CmpOp, Comprehension, Expr, ExprCall, ExprContext, ExprTuple, Parameter, Stmt, StmtAnnAssign,
    StmtAssign, StmtFunctionDef,
};
use ruff_text_size::Ranged;
use rustc_hash::{FxHashMap, FxHashSet};
use std::cell::RefCell;

use super::stored_once;

/// Functions that look at one list.
const LOOKING: [&str; 6] = ["len", "sum", "min", "max", "any", "all"];
/// Functions of `math` that look at lists.
const MATHS: [&str; 3] = ["fsum", "prod", "dist"];
/// Functions that a loop runs over what they are given with.
const RUNNING: [&str; 3] = ["enumerate", "zip", "reversed"];

/// Rewrites a function; `bound` are the names that mean nothing of Python's own.
pub(super) fn function(definition: &mut StmtFunctionDef, bound: &FxHashSet<String>) {
    let lists = assigned(&definition.body).filter(|(_, value)| matches!(value, Expr::List(_)));
    let uses = lists
        .filter(|(name, _)| stored_once(&definition.body, name))
        .map(|(name, _)| (name.to_owned(), Uses::default()))
        .collect();
    let look = Look { bound, uses: RefCell::new(uses) };
    look.visit_parameters(&mut definition.parameters);
    look.visit_body(&mut definition.body);
    let mut lists = look.uses.into_inner();
    lists.retain(|_, uses| uses.looks == uses.loads && !uses.parameter);
    if !lists.is_empty() {
        let turn = Turn { lists };
        turn.visit_body(&mut definition.body);
    }
}

/// Whether a tuple was a list: it begins before its first item, and not with a parenthesis.
pub(crate) fn was_list(tuple: &ExprTuple) -> bool {
    let first = tuple.elts.first().map(Ranged::start);
    !tuple.parenthesized && first.is_none_or(|first| tuple.range.start() < first)
}

/// Whether a value of a function's variable was a list.
pub(crate) fn holds_list(body: &[Stmt], variable: &str) -> bool {
    let mut values = assigned(body).filter(|(name, _)| *name == variable);
    values.any(|(_, value)| matches!(value, Expr::Tuple(tuple) if was_list(tuple)))
}

/// What a function assigns to single names, in the functions inside it too.
fn assigned(body: &[Stmt]) -> impl Iterator<Item = (&str, &Expr)> {
    #[derive(Default)]
    struct Search<'a>(Vec<(&'a str, &'a Expr)>);
    impl<'a> Visitor<'a> for Search<'a> {
        fn visit_stmt(&mut self, stmt: &'a Stmt) {
            let (target, value) = match stmt {
                Stmt::Assign(s) => (s.targets.first(), Some(&*s.value)),
                Stmt::AnnAssign(s) => (Some(&*s.target), s.value.as_deref()),
                _ => (None, None),
            };
            if let (Some(Expr::Name(name)), Some(value)) = (target, value) {
                self.0.push((name.id.as_str(), value));
            }
            look_at_stmt(self, stmt);
        }

        fn visit_expr(&mut self, _: &'a Expr) {}
    }
    let mut search = Search::default();
    search.visit_body(body);
    search.0.into_iter()
}

/// What is done with a variable.
#[derive(Default)]
struct Uses {
    /// How often it is read, and how often it is only looked at then.
    loads: usize,
    looks: usize,
    /// It is a parameter, of this function or of one in it.
    parameter: bool,
}

/// Turns lists that are looked at where they stand, and counts what is done with variables.
struct Look<'b> {
    bound: &'b FxHashSet<String>,
    /// Of the variables whose only value is a list.
    uses: RefCell<FxHashMap<String, Uses>>,
}

impl Look<'_> {
    fn note(&self, name: &str, change: impl FnOnce(&mut Uses)) {
        if let Some(uses) = self.uses.borrow_mut().get_mut(name) {
            change(uses);
        }
    }

    /// Whether a function is one of Python's own of these names.
    fn is_own(&self, function: &Expr, names: &[&str]) -> bool {
        let Expr::Name(name) = function else { return false };
        let name = name.id.as_str();
        names.contains(&name) && !self.bound.contains(name)
    }

    /// An expression that is only looked at.
    fn look(&self, expr: &mut Expr) {
        match expr {
            Expr::Name(name) => self.note(name.id.as_str(), |uses| uses.looks += 1),
            Expr::List(_) => turn(expr),
            _ => {}
        }
    }

    /// An expression that is run over.
    fn run_over(&self, expr: &mut Expr) {
        match expr {
            Expr::Call(call) if self.is_own(&call.func, &RUNNING) => {
                call.arguments.args.iter_mut().for_each(|arg| self.run_over(arg));
            }
            other => self.look(other),
        }
    }

    fn call(&self, call: &mut ExprCall) {
        let args = &mut call.arguments.args;
        if self.is_own(&call.func, &LOOKING) {
            // `min` and `max` of several compare them; the second one of `sum` is a number.
            let sums = self.is_own(&call.func, &["sum"]);
            match &mut args[..] {
                [of] => self.look(of),
                [of, _] if sums => self.look(of),
                _ => {}
            }
        } else if let Expr::Attribute(member) = &*call.func
            && let Expr::Name(module) = &*member.value
            && module.id.as_str() == "math"
            && !self.bound.contains("math")
            && MATHS.contains(&member.attr.as_str())
        {
            args.iter_mut().for_each(|arg| self.look(arg));
        }
    }
}

impl Transformer for Look<'_> {
    fn visit_stmt(&self, stmt: &mut Stmt) {
        match stmt {
            Stmt::For(s) => self.run_over(&mut s.iter),
            Stmt::Assign(s) if matches!(s.targets[..], [Expr::Tuple(_) | Expr::List(_)]) => {
                self.look(&mut s.value);
            }
            _ => {}
        }
        walk_stmt(self, stmt);
    }

    fn visit_expr(&self, expr: &mut Expr) {
        match expr {
            Expr::Name(name) if name.ctx == ExprContext::Load => {
                self.note(name.id.as_str(), |uses| uses.loads += 1);
            }
            Expr::Subscript(s)
                if s.ctx == ExprContext::Load && !matches!(&*s.slice, Expr::Slice(_)) =>
            {
                self.look(&mut s.value);
            }
            Expr::Call(call) => self.call(call),
            Expr::Compare(compare) => {
                if let ([CmpOp::In | CmpOp::NotIn], [of]) =
                    (&*compare.ops, &mut *compare.comparators)
                {
                    self.look(of);
                    if let Expr::Set(_) = of {
                        turn(of);
                    }
                }
            }
            _ => {}
        }
        walk_expr(self, expr);
    }

    fn visit_comprehension(&self, comprehension: &mut Comprehension) {
        self.run_over(&mut comprehension.iter);
        walk_comprehension(self, comprehension);
    }

    fn visit_parameter(&self, parameter: &mut Parameter) {
        self.note(parameter.name.as_str(), |uses| uses.parameter = true);
        walk_parameter(self, parameter);
    }

    fn visit_annotation(&self, _: &mut Expr) {}
}

/// Turns the lists that are the only values of these variables.
struct Turn {
    lists: FxHashMap<String, Uses>,
}

impl Turn {
    fn has(&self, target: &Expr) -> bool {
        matches!(target, Expr::Name(name) if self.lists.contains_key(name.id.as_str()))
    }
}

impl Transformer for Turn {
    fn visit_stmt(&self, stmt: &mut Stmt) {
        match stmt {
            Stmt::Assign(s) if matches!(&s.targets[..], [target] if self.has(target)) => {
                turn(&mut s.value);
            }
            Stmt::AnnAssign(s) if self.has(&s.target) && is_list(&s.annotation) => {
                if let Some(assign) = without_annotation(s) {
                    *stmt = Stmt::Assign(assign);
                }
            }
            _ => {}
        }
        walk_stmt(self, stmt);
    }
}

/// Whether a type is that of lists.
fn is_list(annotation: &Expr) -> bool {
    match annotation {
        Expr::Name(name) => matches!(name.id.as_str(), "list" | "List"),
        Expr::Subscript(s) => is_list(&s.value),
        _ => false,
    }
}

/// The assignment of a list as one of a tuple, if it can be that.
fn without_annotation(s: &mut StmtAnnAssign) -> Option<StmtAssign> {
    let mut value = s.value.clone()?;
    turn(&mut value);
    let targets = [(*s.target).clone()].into_iter().collect();
    let node_index = s.node_index.clone();
    matches!(&*value, Expr::Tuple(_)).then(|| StmtAssign {
        node_index,
        range: s.range,
        targets,
        value,
    })
}

/// Makes a list or set a tuple, if it has items that are numbers of their own.
fn turn(expr: &mut Expr) {
    let (range, node_index, elts) = match expr {
        Expr::List(list) => (list.range, &list.node_index, &mut list.elts),
        Expr::Set(set) => (set.range, &set.node_index, &mut set.elts),
        _ => return,
    };
    let is_other = |item: &Expr| {
        matches!(
            item,
            Expr::Starred(_) | Expr::List(_) | Expr::Set(_) | Expr::Dict(_) | Expr::ListComp(_)
        )
    };
    if elts.iter().any(is_other) {
        return;
    }
    *expr = Expr::Tuple(ExprTuple {
        node_index: node_index.clone(),
        range,
        elts: std::mem::take(elts),
        ctx: ExprContext::Load,
        parenthesized: false,
    });
}
