//! Forms of Python that are said in simpler ones before anything else looks at a function.
//!
//! | form | becomes |
//! |---|---|
//! | `sum(e for x in a if c)`, also `min` `max` `any` `all` `math.prod`, and of lists `len` | a call of a nested function with the loop |
//! | `[a, b]` that is run over, indexed, reduced, unpacked or searched, also by a name | `(a, b)` |
//! | `n in {a, b}` | `n in (a, b)` |
//! | `match n:` with numbers, `\|`, names and guards | `if`, `elif`, `else` |
//! | `f = lambda x: e` | `def f(x): return e` |
//! | `:=` in what a statement evaluates first | an assignment before it |
//!
//! What is made carries the places of what it was made from, so that messages underline the user's
//! text. Its names have a dot, which no name of Python's has. What fits no row stays as it is, and
//! lowering refuses it.

mod build;
mod generator;
mod lists;
mod matching;
mod walrus;

use crate::live::stored_names;
use build::{block, returned};
pub(crate) use generator::TOTAL;
pub(crate) use lists::{holds_list, was_list};
use ruff_python_ast::visitor::transformer::{Transformer, walk_expr, walk_stmt};
use ruff_python_ast::visitor::{Visitor, walk_stmt as look_at_stmt};
use ruff_python_ast::{AtomicNodeIndex, Expr, Identifier, Stmt, StmtFunctionDef, Suite};
use ruff_text_size::Ranged;
use rustc_hash::FxHashSet;
use std::cell::RefCell;

/// Rewrites the functions of a module.
pub(crate) fn module(body: &mut Suite) {
    let mut bound = Bound::default();
    for stmt in body.iter() {
        bound.visit_stmt(stmt);
    }
    for stmt in body.iter_mut() {
        if let Stmt::FunctionDef(definition) = stmt {
            lists::function(definition, &bound.names);
            function(definition, &bound.names);
        }
    }
}

/// Rewrites the body of a function; `bound` are the names that mean nothing of Python's own.
fn function(definition: &mut StmtFunctionDef, bound: &FxHashSet<String>) {
    lambdas(&mut definition.body);
    let scope = Scope { bound, made: RefCell::default() };
    scope.block(&mut definition.body);
    let mut made = scope.made.into_inner();
    if !made.is_empty() {
        made.extend(std::mem::take(&mut definition.body));
        definition.body = block(made);
    }
}

/// The function whose body is rewritten.
struct Scope<'b> {
    bound: &'b FxHashSet<String>,
    /// The nested functions that were made for it.
    made: RefCell<Vec<Stmt>>,
}

impl Scope<'_> {
    /// Rewrites statements, those in their blocks included.
    fn block(&self, body: &mut Suite) {
        let mut rewritten = Vec::with_capacity(body.len());
        for mut stmt in std::mem::take(body) {
            let mut first = walrus::taken(&mut stmt);
            first.push(stmt);
            for stmt in first {
                match stmt {
                    Stmt::Match(found) => rewritten.extend(matching::branches(found)),
                    other => rewritten.push(other),
                }
            }
        }
        for stmt in &mut rewritten {
            self.statement(stmt);
        }
        *body = block(rewritten);
    }

    fn statement(&self, stmt: &mut Stmt) {
        match stmt {
            Stmt::FunctionDef(definition) => function(definition, self.bound),
            Stmt::ClassDef(_) => {}
            Stmt::If(s) => {
                self.visit_expr(&mut s.test);
                self.block(&mut s.body);
                for clause in &mut s.elif_else_clauses {
                    clause.test.iter_mut().for_each(|test| self.visit_expr(test));
                    self.block(&mut clause.body);
                }
            }
            Stmt::While(s) => {
                self.visit_expr(&mut s.test);
                self.block(&mut s.body);
                self.block(&mut s.orelse);
            }
            Stmt::For(s) => {
                self.visit_expr(&mut s.iter);
                self.block(&mut s.body);
                self.block(&mut s.orelse);
            }
            other => walk_stmt(self, other),
        }
    }
}

impl Transformer for Scope<'_> {
    fn visit_expr(&self, expr: &mut Expr) {
        if let Some(mut made) = generator::reduction(expr, self.bound) {
            function(&mut made.definition, self.bound);
            *expr = made.call;
            self.made.borrow_mut().push(Stmt::FunctionDef(made.definition));
        }
        match expr {
            // Their names are of another scope.
            Expr::Lambda(_) | Expr::Generator(_) | Expr::ListComp(_) => {}
            other => walk_expr(self, other),
        }
    }

    fn visit_annotation(&self, _: &mut Expr) {}
}

/// Makes functions of the lambdas that are the only value of a name.
fn lambdas(body: &mut Suite) {
    for at in 0..body.len() {
        let Stmt::Assign(assign) = &body[at] else { continue };
        let ([Expr::Name(name)], Expr::Lambda(lambda)) = (&assign.targets[..], &*assign.value)
        else {
            continue;
        };
        let id = name.id.as_str();
        if !stored_once(body, id) {
            continue;
        }
        let definition = StmtFunctionDef {
            node_index: AtomicNodeIndex::default(),
            range: assign.range,
            is_async: false,
            decorator_list: [].into(),
            name: Identifier::new(name.id.clone(), name.range),
            type_params: None,
            parameters: lambda.parameters.clone().unwrap_or_default(),
            returns: None,
            body: block(vec![returned((*lambda.body).clone(), lambda.body.range())]),
        };
        body[at] = Stmt::FunctionDef(definition);
    }
}

/// Whether a name is bound at one place of a body.
fn stored_once(body: &[Stmt], name: &str) -> bool {
    stored_names(body).into_iter().filter(|stored| *stored == name).count() == 1
}

/// The names that a module binds anywhere.
#[derive(Default)]
struct Bound {
    names: FxHashSet<String>,
}

impl<'a> Visitor<'a> for Bound {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::FunctionDef(s) => {
                self.names.insert(s.name.to_string());
                let params = s.parameters.iter().map(|param| param.name().to_string());
                self.names.extend(params);
            }
            Stmt::ClassDef(s) => {
                self.names.insert(s.name.to_string());
            }
            Stmt::Import(s) => {
                // `import math` gives `math` its own meaning.
                let named = s.names.iter().filter_map(|alias| alias.asname.as_ref());
                self.names.extend(named.map(ToString::to_string));
            }
            Stmt::ImportFrom(s) => {
                let named = s.names.iter().map(|a| a.asname.as_ref().unwrap_or(&a.name));
                self.names.extend(named.map(ToString::to_string));
            }
            _ => {}
        }
        self.names.extend(stored_names(std::slice::from_ref(stmt)).into_iter().map(str::to_owned));
        look_at_stmt(self, stmt);
    }

    fn visit_expr(&mut self, _: &'a Expr) {}
}
