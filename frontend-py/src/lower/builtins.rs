//! Python's built-in functions of numbers.
//!
//! `min` and `max` of an integer and a float give a float (Python gives whichever object wins, so
//! that the result's type would depend on the values); the comparison is made after conversion.

use super::arith::DIVMOD;
use super::value::Val;
use super::{Lower, Res};
use crate::diagnostic::{Diagnostic, codes};
use crate::types::span_of;
use ruff_python_ast::{Expr, ExprCall};
use rvsdg::{Cmp, Const, ExcKind, MathFn, Op, Span, Type, ValueId};

impl<'a> Lower<'a, '_> {
    /// A call of a built-in function.
    pub(super) fn builtin(&mut self, name: &str, call: &'a ExprCall, span: Span) -> Res<Val> {
        if name == "float"
            && let Some(known) = float_text(call)
        {
            return Ok(Val::Scalar(self.constant(Const::f64(known), span)));
        }
        let value = match name {
            "len" => return self.len(call, span),
            "divmod" => return self.divmod(call, span),
            "abs" => {
                let value = self.numbers(call, name, 1..=1)?[0];
                let value = self.plain(value, span);
                let float = self.f.ty(value).is_float();
                self.op(if float { Op::FAbs } else { Op::IAbs }, &[value], span)
            }
            "min" | "max" | "sum" | "any" | "all" if call.arguments.args.len() == 1 => {
                return self.over_array(name, call, span);
            }
            "sum" => return self.over_array(name, call, span),
            "min" | "max" => {
                let values = self.numbers(call, name, 2..=usize::MAX)?;
                self.extreme(name == "min", &values, span)
            }
            "float" | "f64" => {
                let value = self.numbers(call, name, 1..=1)?[0];
                self.cast(value, Type::F64, span)
            }
            "f32" => {
                let value = self.numbers(call, name, 1..=1)?[0];
                self.cast(value, Type::F32, span)
            }
            "int" | "i64" => {
                let value = self.numbers(call, name, 1..=1)?[0];
                self.integer(value, None, span)
            }
            "i32" => {
                let value = self.numbers(call, name, 1..=1)?[0];
                let value = self.integer(value, None, span);
                self.cast(value, Type::I32, span)
            }
            "bool" => {
                let value = self.numbers(call, name, 1..=1)?[0];
                self.truth(value, span)
            }
            "round" if call.arguments.args.len() == 2 => return self.round_digits(call, span),
            "round" => {
                let value = self.numbers(call, name, 1..=1)?[0];
                self.integer(value, Some(MathFn::Rint), span)
            }
            "pow" if call.arguments.args.len() == 3 => {
                let values = self.whole_numbers(call, name, 3..=3)?;
                let values = values.into_iter().map(Val::Scalar).collect();
                return self.library_call("pow_modulo", values, span);
            }
            "pow" => {
                let values = self.numbers(call, name, 2..=2)?;
                let spans = [span_of(&call.arguments.args[0]), span_of(&call.arguments.args[1])];
                self.power([values[0], values[1]], spans, span)?
            }
            _ => return Err(unknown(name, span).into()),
        };
        Ok(Val::Scalar(value))
    }

    /// A truth value as an integer, other numbers as they are.
    pub(super) fn plain(&mut self, value: ValueId, span: Span) -> ValueId {
        match self.f.ty(value) {
            Type::Bool => self.cast(value, Type::I64, span),
            _ => value,
        }
    }

    fn len(&mut self, call: &'a ExprCall, span: Span) -> Res<Val> {
        let arg = self.positional(call, "len", 1..=1)?.swap_remove(0);
        let value = match arg {
            Val::Array(array) => self.extent(array, 0, span),
            Val::Row { array, .. } => self.extent(array, 1, span),
            Val::View { len, .. } => len,
            Val::Tuple(items) => self.constant(Const::I64(items.len() as i64), span),
            other => {
                let what = other.describe(&self.f);
                let message = format!("`len` needs an array, but this is {what}");
                return Err(Diagnostic::at(codes::OPERAND, span, message)
                    .hint("annotate the parameter, for example `a: array[f64, 1]`")
                    .into());
            }
        };
        Ok(Val::Scalar(value))
    }

    fn divmod(&mut self, call: &'a ExprCall, span: Span) -> Res<Val> {
        let values = self.numbers(call, "divmod", 2..=2)?;
        let ty = self.common(values[0], values[1]);
        let a = self.cast(values[0], ty, span);
        let mut b = self.cast(values[1], ty, span);
        let ops = if ty.is_float() { [Op::FFloorDiv, Op::FMod] } else { [Op::IFloorDiv, Op::IMod] };
        let results = if self.is_fast() {
            ops.map(|op| self.divide(op, a, b, DIVMOD, span))
        } else {
            b = self.nonzero(b, DIVMOD, span);
            ops.map(|op| self.op(op, &[a, b], span))
        };
        Ok(Val::Tuple(results.map(Val::Scalar).to_vec()))
    }

    /// `min` or `max` of numbers.
    pub(super) fn extreme(&mut self, min: bool, values: &[ValueId], span: Span) -> ValueId {
        let bools = values.iter().all(|value| self.f.ty(*value) == Type::Bool);
        let mut best = values[0];
        for value in &values[1..] {
            let (op, ty) = if bools {
                (if min { Op::BAnd } else { Op::BOr }, Type::Bool)
            } else {
                let ty = self.common(best, *value);
                let op = match (min, ty.is_float()) {
                    (true, true) => Op::FMin,
                    (false, true) => Op::FMax,
                    (true, false) => Op::IMin,
                    (false, false) => Op::IMax,
                };
                (op, ty)
            };
            let (a, b) = (self.cast(best, ty, span), self.cast(*value, ty, span));
            best = self.op(op, &[a, b], span);
        }
        best
    }

    /// A number as an `i64`; a float after rounding by `round`, else truncated. Strict: NaN and
    /// infinities raise.
    pub(super) fn integer(&mut self, value: ValueId, round: Option<MathFn>, span: Span) -> ValueId {
        if !self.f.ty(value).is_float() {
            return self.cast(value, Type::I64, span);
        }
        let mut value = value;
        if !self.is_fast() {
            let number = self.op(Op::FCmp(Cmp::Eq), &[value, value], span);
            let message = "cannot convert float NaN to integer";
            value = self.guard(number, value, ExcKind::ValueError, message, span);
            let infinite = self.op(Op::Math(MathFn::Isinf), &[value], span);
            let finite = self.op(Op::BNot, &[infinite], span);
            let message = "cannot convert float infinity to integer";
            value = self.guard(finite, value, ExcKind::OverflowError, message, span);
        }
        if let Some(function) = round {
            value = self.op(Op::Math(function), &[value], span);
        }
        self.op(Op::Cast(Type::I64), &[value], span)
    }
}

/// What `float("inf")` and the like mean.
pub(crate) fn float_text(call: &ExprCall) -> Option<f64> {
    match (&*call.arguments.args, &*call.arguments.keywords) {
        ([Expr::StringLiteral(text)], []) => text.value.to_str().trim().parse().ok(),
        _ => None,
    }
}

fn unknown(name: &str, span: Span) -> Diagnostic {
    let message = format!("the function `{name}` is not known");
    let hint = match name {
        "print" => "compiled functions do not print: return the value",
        "range" => "`range` can only be used as `for i in range(…)`",
        "prange" => "write `range`; `ovum.vectorize(threads=…)` divides arrays between threads",
        "isinstance" | "type" => {
            "types are known when the function is compiled: leave the test out"
        }
        "complex" => "keep real and imaginary part in two variables",
        "reversed" | "enumerate" | "zip" => {
            "it can only be used in a `for`, such as `for i, x in enumerate(a):`"
        }
        "sorted" | "map" | "filter" => "write a loop over `range(len(a))`",
        "list" | "dict" | "set" | "tuple" | "str" => {
            "only numbers, truth values and arrays are compiled"
        }
        "sqrt" | "sin" | "cos" | "tan" | "exp" | "log" | "tanh" => "import it from `math`",
        _ => "only functions of this file, of `math` and `numpy`, and built-in ones can be called",
    };
    Diagnostic::at(codes::UNKNOWN_FUNCTION, span, message).hint(hint)
}
