//! Assignment to names, tuples and elements.

use super::stmt::converts;
use super::value::{Binding, Val};
use super::{Lower, Res};
use crate::diagnostic::{Diagnostic, codes};
use crate::types::{ParamType, param_type, span_of};
use ruff_python_ast::{Expr, StmtAnnAssign, StmtAugAssign};
use rvsdg::{Cmp, Const, ExcKind, Op, Span, Type, ValueId};

impl<'a> Lower<'a, '_> {
    /// Assigns a value to a target; `span` is where the value comes from.
    pub(super) fn assign(&mut self, target: &'a Expr, val: &Val, span: Span) -> Res<()> {
        match target {
            Expr::Name(name) => {
                let var = self.frame.locals.number(name.id.as_str());
                let var = var.expect("an assigned name is a local variable");
                let span = span_of(name);
                self.vars[var] = Binding::Bound { val: val.clone(), span };
                Ok(())
            }
            Expr::Subscript(subscript) => self.assign_to(subscript, val, span),
            Expr::Tuple(tuple) => self.unpack(&tuple.elts, val, span_of(target), span),
            Expr::List(list) => self.unpack(&list.elts, val, span_of(target), span),
            other => {
                let (message, hint) = match other {
                    Expr::Starred(_) => ("a starred target is not supported", "name every item"),
                    Expr::Attribute(_) => {
                        ("an attribute cannot be assigned", "keep the value in a variable")
                    }
                    _ => ("this cannot be assigned", "assign to a variable or an element"),
                };
                Err(Diagnostic::at(codes::TARGET, span_of(other), message).hint(hint).into())
            }
        }
    }

    fn unpack(&mut self, targets: &'a [Expr], val: &Val, at: Span, span: Span) -> Res<()> {
        if let Some(starred) = targets.iter().find(|t| matches!(t, Expr::Starred(_))) {
            let message = "a starred target is not supported";
            return Err(Diagnostic::at(codes::TARGET, span_of(starred), message)
                .hint("name every item")
                .into());
        }
        let unpacked;
        let items = match val {
            Val::Tuple(items) => items,
            Val::Array(_) | Val::Row { .. } | Val::View { .. } => {
                unpacked = self.elements(val, targets.len(), span);
                &unpacked
            }
            _ => {
                let what = val.describe(&self.f);
                let message = format!("only tuples and arrays can be unpacked, but this is {what}");
                return Err(Diagnostic::at(codes::TARGET, span, message)
                    .note(at, "unpacked into these targets")
                    .hint("assign the values one by one")
                    .into());
            }
        };
        if items.len() != targets.len() {
            let (have, want) = (items.len(), targets.len());
            let message = format!("{want} targets cannot take a tuple of {have}");
            return Err(Diagnostic::at(codes::TARGET, at, message)
                .note(span, "the tuple")
                .hint("name every item once")
                .into());
        }
        for (target, item) in targets.iter().zip(items) {
            self.assign(target, item, span)?;
        }
        Ok(())
    }

    /// The items of an array that must have `count` of them.
    fn elements(&mut self, array: &Val, count: usize, span: Span) -> Vec<Val> {
        let Some(len) = self.items(array, span) else { return Vec::new() };
        for known in 0..count {
            let message = format!("not enough values to unpack (expected {count}, got {known})");
            let number = self.constant(Const::I64(known as i64), span);
            let other = self.op(Op::ICmp(Cmp::Ne), &[len, number], span);
            self.guard(other, len, ExcKind::ValueError, &message, span);
        }
        let most = self.constant(Const::I64(count as i64), span);
        let fits = self.op(Op::ICmp(Cmp::Le), &[len, most], span);
        let message = format!("too many values to unpack (expected {count})");
        self.guard(fits, len, ExcKind::ValueError, &message, span);
        let numbers = (0..count).map(|at| {
            let at = self.constant(Const::I64(at as i64), span);
            self.item(array, at, span)
        });
        numbers.collect()
    }

    /// A value converted to the element type of an array.
    pub(super) fn for_array(&mut self, value: ValueId, array: ValueId, span: Span) -> Res<ValueId> {
        let elem = Op::element(self.f.ty(array)).expect("an array has an element type").scalar();
        let from = self.f.ty(value);
        if converts(from, elem) {
            return Ok(self.cast(value, elem, span));
        }
        let message = format!("a value of type {from} cannot be stored into an array of {elem}");
        let hint = match elem {
            Type::Bool => "convert with bool(…)",
            _ => "convert with int(…), or make it an array of floats",
        };
        Err(Diagnostic::at(codes::OPERAND, span, message).hint(hint).into())
    }

    /// `target op= value`: the target is evaluated once.
    pub(super) fn augmented(&mut self, s: &'a StmtAugAssign) -> Res<()> {
        let span = span_of(s);
        let spans = [span_of(&*s.target), span_of(&*s.value)];
        match &*s.target {
            Expr::Subscript(subscript) => {
                let place = self.place(subscript)?;
                let old = self.load(&place, spans[0]);
                let value = self.number(&s.value)?;
                let new = self.binary(s.op, [old, value], spans, span)?;
                let new = self.for_array(new, place.array, span)?;
                self.store(&place, new, span);
                Ok(())
            }
            Expr::Name(name) => {
                let var = self.frame.locals.number(name.id.as_str());
                let var = var.expect("an assigned name is a local variable");
                let old = self.variable(var, spans[0])?;
                let old = self.scalar_of(&old, spans[0])?;
                let value = self.number(&s.value)?;
                let new = self.binary(s.op, [old, value], spans, span)?;
                self.vars[var] = Binding::Bound { val: Val::Scalar(new), span };
                Ok(())
            }
            other => {
                let message = "this cannot be assigned";
                Err(Diagnostic::at(codes::TARGET, span_of(other), message)
                    .hint("assign to a variable or an element")
                    .into())
            }
        }
    }

    /// `target: annotation = value`: a number is converted to the annotated type.
    pub(super) fn annotated(&mut self, s: &'a StmtAnnAssign) -> Res<()> {
        let Some(value) = s.value.as_deref() else { return Ok(()) };
        let span = span_of(value);
        let mut val = self.expr(value)?;
        if let Val::Scalar(number) = val {
            let from = self.f.ty(number);
            match param_type(&s.annotation)? {
                ParamType::Scalar(ty) if converts(from, ty) => {
                    val = Val::Scalar(self.cast(number, ty, span));
                }
                ty => {
                    let message = format!("a value of type {from} cannot be assigned to a {ty}");
                    return Err(Diagnostic::at(codes::OPERAND, span, message)
                        .note(span_of(&*s.annotation), "annotated here")
                        .hint("convert with float(…), int(…) or bool(…)")
                        .into());
                }
            }
        }
        self.assign(&s.target, &val, span)
    }
}
