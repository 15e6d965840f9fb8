//! Methods of arrays and of numbers, and what NumPy computes of a whole array.
//!
//! Sums add one element after the other; NumPy's add pairs, and differ in the last bits.

use super::value::Val;
use super::{Failure, Lower, Res};
use crate::diagnostic::{Diagnostic, codes};
use crate::types::span_of;
use ruff_python_ast::{Expr, ExprAttribute, ExprCall};
use rvsdg::{Const, Op, Span, Type};

/// The methods of arrays that are compiled.
const METHODS: &str = "sum, prod, min, max, any, all, mean, var, std, argmin, argmax and fill";

impl<'a> Lower<'a, '_> {
    /// A call of a method, or of something else that an expression has.
    pub(super) fn method(
        &mut self,
        attribute: &'a ExprAttribute,
        call: &'a ExprCall,
        span: Span,
    ) -> Res<Val> {
        let name = attribute.attr.as_str();
        if let Some(error) = self.of_a_module(attribute) {
            return Err(error.into());
        }
        let val = self.expr(&attribute.value)?;
        let at = span_of(&*attribute.value);
        match (&val, name) {
            (Val::Array(_) | Val::Row { .. } | Val::View { .. }, "fill") => {
                self.fill(&val, call, span)
            }
            (
                Val::Array(_) | Val::Row { .. } | Val::View { .. },
                "sum" | "prod" | "min" | "max" | "any" | "all" | "mean" | "var" | "std" | "argmin"
                | "argmax",
            ) => {
                Self::check_count(call, name, 0..=0)?;
                self.reduce(name, val, None, at, span)
            }
            (Val::Scalar(value), "bit_length" | "bit_count") if !self.f.ty(*value).is_float() => {
                Self::check_count(call, name, 0..=0)?;
                let value = Val::Scalar(self.cast(*value, Type::I64, span));
                self.library_call(name, vec![value], span)
            }
            (Val::Scalar(value), "is_integer") if self.f.ty(*value).is_float() => {
                Self::check_count(call, name, 0..=0)?;
                let value = Val::Scalar(self.cast(*value, Type::F64, span));
                self.library_call(name, vec![value], span)
            }
            _ => {
                let what = val.describe(&self.f);
                let message = format!("the method `.{name}()` of {what} is not supported");
                let hint = match val {
                    Val::Array(_) | Val::Row { .. } | Val::View { .. } => {
                        format!("arrays of one dimension have {METHODS}; else write a loop")
                    }
                    _ => "write it with operators, or functions of `math`".to_owned(),
                };
                Err(Diagnostic::at(codes::UNKNOWN_FUNCTION, span_of(&*call.func), message)
                    .hint(hint)
                    .into())
            }
        }
    }

    /// The error for `np.random.rand` and the like: a member of a part of a module.
    fn of_a_module(&self, attribute: &ExprAttribute) -> Option<Diagnostic> {
        let Expr::Attribute(part) = &*attribute.value else { return None };
        if !self.is_numpy(&part.value) {
            return None;
        }
        let (part, name) = (part.attr.as_str(), attribute.attr.as_str());
        let message = format!("`numpy.{part}.{name}` is not supported");
        let hint = match part {
            "random" => "draw the numbers outside, and pass them in an array",
            "linalg" | "fft" => "call it outside of the compiled function, or write loops",
            _ => "functions of numbers are supported, such as np.sin, np.where and np.maximum",
        };
        Some(Diagnostic::at(codes::UNKNOWN_FUNCTION, span_of(attribute), message).hint(hint))
    }

    /// `a.fill(x)`.
    fn fill(&mut self, array: &Val, call: &'a ExprCall, span: Span) -> Res<Val> {
        let value = self.numbers(call, "fill", 1..=1)?[0];
        let (at, id) = (span_of(&call.arguments.args[0]), array_id(array));
        let value = Val::Scalar(self.for_array(value, id, at)?);
        let rows = matches!(array, Val::Array(array) if self.has_rows(*array));
        let name = if rows { "fill_rows_of" } else { "fill_of" };
        self.library_call(name, vec![array.clone(), value], span)
    }

    /// A function of NumPy of one array.
    pub(super) fn numpy_reduce(&mut self, name: &str, call: &'a ExprCall, span: Span) -> Res<Val> {
        let array = self.positional(call, name, 1..=1)?.swap_remove(0);
        self.reduce(name, array, None, span_of(&call.arguments.args[0]), span)
    }

    /// A number made of all elements of an array of one dimension, which stands at `at`.
    pub(super) fn reduce(
        &mut self,
        name: &str,
        over: Val,
        start: Option<Val>,
        at: Span,
        span: Span,
    ) -> Res<Val> {
        let elem = match over {
            Val::Array(array) if self.has_rows(array) => None,
            Val::Array(array) | Val::Row { array, .. } | Val::View { array, .. } => {
                Op::element(self.f.ty(array)).map(rvsdg::Elem::scalar)
            }
            _ => None,
        };
        let Some(elem) = elem else {
            let what = over.describe(&self.f);
            let message = format!("`{name}` of one argument needs a one-dimensional array");
            return Err(Diagnostic::at(codes::OPERAND, at, message)
                .note(at, format!("this is {what}"))
                .hint("write a loop, or pass the numbers one by one")
                .into());
        };
        let first = match name {
            "sum" => start.or_else(|| {
                let ty = if elem == Type::Bool { Type::I64 } else { elem };
                Some(Val::Scalar(self.zero(ty, span)))
            }),
            "prod" => {
                let ty = if elem == Type::Bool { Type::I64 } else { elem };
                let one = self.constant(Const::I64(1), span);
                Some(Val::Scalar(self.cast(one, ty, span)))
            }
            "mean" | "var" | "std" => {
                let ty = if elem.is_float() { elem } else { Type::F64 };
                Some(Val::Scalar(self.zero(ty, span)))
            }
            _ => None,
        };
        let args = std::iter::once(over).chain(first).collect();
        self.library_call(&format!("{name}_of"), args, span)
    }

    /// `np.dot` of two arrays of one dimension.
    pub(super) fn dot(&mut self, call: &'a ExprCall, span: Span) -> Res<Val> {
        let mut args = self.positional(call, "dot", 2..=2)?;
        let mut zeros = Vec::new();
        for (val, arg) in args.iter().zip(&call.arguments.args) {
            let elem = match *val {
                Val::Array(array) if self.has_rows(array) => None,
                Val::Array(array) | Val::Row { array, .. } | Val::View { array, .. } => {
                    Op::element(self.f.ty(array))
                }
                _ => None,
            };
            let Some(elem) = elem else {
                let what = val.describe(&self.f);
                let message = format!("`dot` needs arrays of one dimension, but this is {what}");
                return Err(Diagnostic::at(codes::OPERAND, span_of(arg), message)
                    .hint("write the product of matrices as loops")
                    .into());
            };
            zeros.push(self.zero(elem.scalar(), span));
        }
        let ty = self.common(zeros[0], zeros[1]);
        args.push(Val::Scalar(self.zero(ty, span)));
        self.library_call("dot_of", args, span)
    }

    /// The arguments of `fsum` or `dist` that are tuples, as floats.
    pub(super) fn as_floats(&mut self, val: Val, at: Span) -> Res<Val> {
        match val {
            Val::Tuple(items) => {
                let mut floats = Vec::new();
                for item in items {
                    let value = self.scalar_of(&item, at)?;
                    floats.push(Val::Scalar(self.cast(value, Type::F64, at)));
                }
                Ok(Val::Tuple(floats))
            }
            Val::Array(array) if !self.has_rows(array) => Ok(val),
            Val::Row { .. } | Val::View { .. } => Ok(val),
            other => {
                let what = other.describe(&self.f);
                let message = format!("this must be a tuple or an array, but it is {what}");
                Err(Failure::from(
                    Diagnostic::at(codes::OPERAND, at, message)
                        .hint("pass an array of one dimension, or write the numbers in a tuple"),
                ))
            }
        }
    }
}

fn array_id(val: &Val) -> rvsdg::ValueId {
    match val {
        Val::Array(array) | Val::Row { array, .. } | Val::View { array, .. } => *array,
        _ => unreachable!("only arrays are filled"),
    }
}
