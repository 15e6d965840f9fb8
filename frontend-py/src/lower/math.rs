//! Functions of Python's `math` module.

use super::value::Val;
use super::{Lower, Res};
use crate::constant::math_function;
use crate::diagnostic::{Diagnostic, codes};
use crate::types::span_of;
use ruff_python_ast::ExprCall;
use rvsdg::{MathFn, Op, Span, Type, ValueId};

impl<'a> Lower<'a, '_> {
    /// A call of a member of `math`.
    pub(super) fn math_call(&mut self, name: &str, call: &'a ExprCall, span: Span) -> Res<Val> {
        let value = match name {
            "floor" | "ceil" | "trunc" => {
                let round = match name {
                    "floor" => Some(MathFn::Floor),
                    "ceil" => Some(MathFn::Ceil),
                    _ => None,
                };
                let value = self.numbers(call, name, 1..=1)?[0];
                self.integer(value, round, span)
            }
            "fabs" => {
                let value = self.numbers(call, name, 1..=1)?[0];
                let value = self.float(value, span);
                self.op(Op::FAbs, &[value], span)
            }
            "log" if call.arguments.args.len() == 2 => self.log_to_base(call, span)?,
            _ => {
                if let Some(val) = self.math_library(name, call, span)? {
                    return Ok(val);
                }
                let Some(function) = math_function(name) else {
                    let message = format!("`math.{name}` is not supported");
                    return Err(Diagnostic::at(
                        codes::UNKNOWN_FUNCTION,
                        span_of(&*call.func),
                        message,
                    )
                    .hint("all of Python 3.11's `math` is supported; write this one with its functions")
                    .into());
                };
                let arity = function.arity();
                let args = self.numbers(call, name, arity..=arity)?;
                self.of_floats(function, &args, span)
            }
        };
        Ok(Val::Scalar(value))
    }

    pub(super) fn float(&mut self, value: ValueId, span: Span) -> ValueId {
        let ty = self.f.ty(value);
        if ty.is_float() { value } else { self.cast(value, Type::F64, span) }
    }

    /// The function of the arguments, converted to floats of one width.
    fn of_floats(&mut self, function: MathFn, args: &[ValueId], span: Span) -> ValueId {
        let mut ty = self.f.ty(args[0]);
        for pair in args.windows(2) {
            ty = self.common(pair[0], pair[1]);
        }
        let ty = if ty.is_float() { ty } else { Type::F64 };
        let floats: Vec<ValueId> = args.iter().map(|arg| self.cast(*arg, ty, span)).collect();
        let result = self.math_op(function, &floats, span);
        self.weak_if(result, args)
    }

    /// `math.log(x, base)`: CPython divides the two logarithms.
    fn log_to_base(&mut self, call: &'a ExprCall, span: Span) -> Res<ValueId> {
        let args = self.numbers(call, "log", 2..=2)?;
        let above = self.of_floats(MathFn::Log, &args[..1], span);
        let below = self.of_floats(MathFn::Log, &args[1..], span);
        let spans = [span_of(&call.arguments.args[0]), span_of(&call.arguments.args[1])];
        self.binary(ruff_python_ast::Operator::Div, [above, below], spans, span)
    }
}
