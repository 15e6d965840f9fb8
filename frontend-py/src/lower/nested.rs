//! Functions inside functions, and calls of a function by itself in tail position.
//!
//! A nested function is inlined where it is called; a name that it does not bind is the variable of
//! the function around it, with the value that it has at the call. A tail call of the function
//! itself gives the parameters new values and begins the body again: the body becomes a loop.

use super::flow::Outcome;
use super::loops::{Drive, Plan};
use super::stmt::{Tail, after_loop};
use super::value::{Binding, Val};
use super::{Frame, Lower, Res};
use crate::diagnostic::{Diagnostic, codes};
use crate::live::{CONTINUE, Live, Vars};
use crate::types::span_of;
use ruff_python_ast::visitor::{Visitor, walk_stmt};
use ruff_python_ast::{Expr, ExprCall, Stmt, StmtFunctionDef};
use rvsdg::Span;

/// A function around the one being lowered, whose lowering waits.
pub(super) struct Scope<'a> {
    pub(super) frame: Frame<'a>,
    pub(super) vars: Vec<Binding>,
}

impl<'a> Lower<'a, '_> {
    /// The nested function that a name means here, and the position of its scope.
    pub(super) fn nested(&self, name: &str) -> Option<(&'a StmtFunctionDef, usize)> {
        if let Some(definition) = self.frame.locals.nested(name) {
            return Some((definition, self.scopes.len()));
        }
        if self.frame.locals.number(name).is_some() {
            return None;
        }
        let mut scope = self.frame.parent;
        while let Some(at) = scope {
            let frame = &self.scopes[at].frame;
            if let Some(definition) = frame.locals.nested(name) {
                return Some((definition, at));
            }
            if frame.locals.number(name).is_some() {
                return None;
            }
            scope = frame.parent;
        }
        None
    }

    /// A variable of a function around this one; none if no such function has it.
    pub(super) fn captured(&self, name: &str, span: Span) -> Option<Res<Val>> {
        let mut scope = self.frame.parent;
        while let Some(at) = scope {
            let Scope { frame, vars } = &self.scopes[at];
            if let Some(var) = frame.locals.number(name) {
                if let Binding::Bound { val, .. } = &vars[var] {
                    return Some(Ok(val.clone()));
                }
                let message = format!("`{name}` may have no value when this is called");
                return Some(Err(Diagnostic::at(codes::UNBOUND, span, message)
                    .hint("assign it on every path to the call, with one type")
                    .into()));
            }
            scope = frame.parent;
        }
        None
    }

    /// Checks that a nested function of the current frame is called below its definition.
    pub(super) fn check_order(
        &self,
        definition: &StmtFunctionDef,
        scope: usize,
        span: Span,
    ) -> Res<()> {
        let at = span_of(&definition.name);
        if scope < self.scopes.len() || at < span {
            return Ok(());
        }
        let message = format!("`{}` has no value here", definition.name);
        Err(Diagnostic::at(codes::UNBOUND, span, message)
            .note(at, "defined here")
            .hint("define the function above its first call")
            .into())
    }

    /// Lowers a body that calls its own function in tail position: a loop over the parameters.
    pub(super) fn tail_loop(&mut self, definition: &'a StmtFunctionDef) -> Res<Outcome> {
        let count = definition.parameters.iter_non_variadic_params().count();
        let mut params = Vars::default();
        (0..count).for_each(|var| params.insert(var));
        let summary = self.frame.locals.suffix(&definition.body, 0);
        let mut live = Live::default();
        live[CONTINUE] = params.clone();
        let entry = summary.live_in(&live).intersection(&params);
        let plan = Plan {
            span: span_of(&definition.name),
            body: &definition.body,
            drive: Drive::While(None),
            assigned: summary.assigned.union(&params),
            entry,
            out: Vars::default(),
            live,
            tail: Tail::Function,
        };
        Ok(after_loop(self.theta(&plan)?))
    }

    /// A `return` of a call that is the function's own tail call: gives the parameters their new
    /// values. None if the call is another.
    pub(super) fn tail_call(&mut self, value: &'a Expr) -> Res<Option<Outcome>> {
        let Some(definition) = self.frame.tail else { return Ok(None) };
        let Some(call) = own_call(value, definition.name.as_str()) else { return Ok(None) };
        if self.frame.loops > 0 {
            return Ok(None);
        }
        let args = self.bind(definition, call, span_of(call))?;
        for (var, (val, span)) in args.into_iter().enumerate() {
            self.vars[var] = Binding::Bound { val, span };
        }
        Ok(Some(Outcome::exit(CONTINUE)))
    }
}

fn own_call<'a>(value: &'a Expr, name: &str) -> Option<&'a ExprCall> {
    let Expr::Call(call) = value else { return None };
    matches!(&*call.func, Expr::Name(called) if called.id.as_str() == name).then_some(call)
}

/// Whether a function returns a call of itself outside loops.
pub(super) fn calls_itself_last(definition: &StmtFunctionDef) -> bool {
    struct Search<'n> {
        name: &'n str,
        found: bool,
    }
    impl<'a> Visitor<'a> for Search<'_> {
        fn visit_stmt(&mut self, stmt: &'a Stmt) {
            match stmt {
                Stmt::Return(s) => {
                    let value = s.value.as_deref();
                    self.found |= value.is_some_and(|value| own_call(value, self.name).is_some());
                }
                Stmt::If(_) => walk_stmt(self, stmt),
                _ => {}
            }
        }

        fn visit_expr(&mut self, _: &'a Expr) {}
    }
    let mut search = Search { name: definition.name.as_str(), found: false };
    for stmt in &definition.body {
        search.visit_stmt(stmt);
    }
    search.found
}
