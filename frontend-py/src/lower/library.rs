//! Calls of library functions that are written in Python themselves (`prelude.py`), and the
//! attributes of arrays.

use super::value::{Binding, Val};
use super::{Failure, Frame, Lower, Res};
use crate::diagnostic::{Diagnostic, codes};
use crate::types::span_of;
use ruff_python_ast::{Expr, ExprCall, Operator};
use rvsdg::{Const, Op, Span, Type, ValueId};

/// Digits for which powers of ten are exact: `round(x, n)` with more has no short exact form.
const MAX_DIGITS: i64 = 22;

impl<'a> Lower<'a, '_> {
    /// A call of a function of the library with these arguments.
    pub(super) fn library_call(&mut self, name: &str, args: Vec<Val>, span: Span) -> Res<Val> {
        let definition = crate::prelude::file().definition(name);
        let definition = definition.expect("the compiler names functions that the library has");
        self.library.get_or_insert_with(|| crate::prelude::file().module());
        let mut frame = Frame::new(definition)?;
        frame.library = true;
        let site = self.site.unwrap_or(span);
        let mut vars = vec![Binding::Unbound; frame.locals.len()];
        for (at, val) in args.into_iter().enumerate() {
            vars[at] = Binding::Bound { val, span };
        }
        self.enter(span)?;
        let outer = self.site.replace(site);
        let result =
            self.in_frame(definition, frame, vars, span).map_err(|failure| match failure {
                Failure::Error(error) => {
                    let moved = Diagnostic { span: Some(site), notes: Vec::new(), ..*error };
                    Failure::Error(Box::new(moved))
                }
                Failure::Retry => Failure::Retry,
            })?;
        self.site = outer;
        self.leave();
        Ok(result)
    }

    /// `sum`, `prod`, `min`, `max`, `any`, `all` of an array or a tuple.
    pub(super) fn over_array(&mut self, name: &str, call: &'a ExprCall, span: Span) -> Res<Val> {
        let most = if name == "sum" { 2 } else { 1 };
        let mut args = self.positional(call, name, 1..=most)?;
        let start = if args.len() == 2 { args.pop() } else { None };
        let over = args.swap_remove(0);
        if let Val::Tuple(items) = &over {
            return self.over_tuple(name, items, start, call, span);
        }
        self.reduce(name, over, start, span_of(&call.arguments.args[0]), span)
    }

    fn over_tuple(
        &mut self,
        name: &str,
        items: &[Val],
        start: Option<Val>,
        call: &'a ExprCall,
        span: Span,
    ) -> Res<Val> {
        let at = span_of(&call.arguments.args[0]);
        let mut values = Vec::new();
        for item in items {
            values.push(self.scalar_of(item, at)?);
        }
        let value = match name {
            "min" | "max" if !values.is_empty() => self.extreme(name == "min", &values, span),
            "sum" | "prod" => {
                let (op, neutral) =
                    if name == "sum" { (Operator::Add, 0) } else { (Operator::Mult, 1) };
                let mut total = match start {
                    Some(start) => self.scalar_of(&start, span)?,
                    None => self.constant(Const::I64(neutral), span),
                };
                for value in values {
                    total = self.binary(op, [total, value], [at, at], span)?;
                }
                total
            }
            "any" | "all" => {
                let (op, neutral) = if name == "any" { (Op::BOr, false) } else { (Op::BAnd, true) };
                let mut result = self.constant(Const::Bool(neutral), span);
                for value in values {
                    let truth = self.truth(value, span);
                    result = self.op(op, &[result, truth], span);
                }
                result
            }
            _ => {
                let message = format!("`{name}` of an empty tuple has no value");
                return Err(Diagnostic::at(codes::OPERAND, at, message)
                    .hint("give it at least one number")
                    .into());
            }
        };
        Ok(Val::Scalar(value))
    }

    /// `round(x, n)` with a constant `n`.
    pub(super) fn round_digits(&mut self, call: &'a ExprCall, span: Span) -> Res<Val> {
        let args = self.numbers(call, "round", 2..=2)?;
        let digits = self.f.as_const(args[1]).and_then(Const::as_i64);
        let Some(digits) = digits.filter(|digits| digits.abs() <= MAX_DIGITS) else {
            let message = "the number of digits must be a constant between -22 and 22";
            return Err(Diagnostic::at(
                codes::ARGUMENTS,
                span_of(&call.arguments.args[1]),
                message,
            )
            .hint("write the digits as a literal, for example round(x, 2)")
            .into());
        };
        let value = self.plain(args[0], span);
        if !self.f.ty(value).is_float() {
            let power = u32::try_from(-digits).ok().filter(|digits| *digits > 0);
            let Some(power) = power else { return Ok(Val::Scalar(value)) };
            let Some(power) = 10_i64.checked_pow(power) else {
                return Ok(Val::Scalar(self.constant(Const::I64(0), span)));
            };
            let power = self.constant(Const::I64(power), span);
            let args = vec![Val::Scalar(value), Val::Scalar(power)];
            return self.library_call("round_whole", args, span);
        }
        let wide = self.cast(value, Type::F64, span);
        // Powers of ten up to the 22nd are exact.
        let power = self.constant(Const::f64(10_f64.powi(digits.unsigned_abs() as i32)), span);
        let name = if digits >= 0 { "round_fraction" } else { "round_tens" };
        self.library_call(name, vec![Val::Scalar(wide), Val::Scalar(power)], span)
    }

    /// A member of `math` that is written in Python; none if there is none of that name.
    pub(super) fn math_library(
        &mut self,
        name: &str,
        call: &'a ExprCall,
        span: Span,
    ) -> Res<Option<Val>> {
        let val = match name {
            "gcd" | "lcm" => {
                let values = self.whole_numbers(call, name, 0..=usize::MAX)?;
                let start = i64::from(name == "lcm");
                let mut result = Val::Scalar(self.constant(Const::I64(start), span));
                if let [only] = values[..] {
                    return Ok(Some(Val::Scalar(self.op(Op::IAbs, &[only], span))));
                }
                for (at, value) in values.into_iter().enumerate() {
                    result = if at == 0 {
                        Val::Scalar(value)
                    } else {
                        self.library_call(name, vec![result, Val::Scalar(value)], span)?
                    };
                }
                result
            }
            "isqrt" | "factorial" => {
                let values = self.whole_numbers(call, name, 1..=1)?;
                self.library_call(name, values.into_iter().map(Val::Scalar).collect(), span)?
            }
            "comb" | "perm" => {
                let least = if name == "perm" { 1 } else { 2 };
                let values = self.whole_numbers(call, name, least..=2)?;
                let name = if values.len() == 1 { "factorial" } else { name };
                self.library_call(name, values.into_iter().map(Val::Scalar).collect(), span)?
            }
            "modf" | "frexp" | "ulp" => {
                let value = self.numbers(call, name, 1..=1)?[0];
                let value = self.cast(value, Type::F64, span);
                self.library_call(name, vec![Val::Scalar(value)], span)?
            }
            "ldexp" => {
                let values = self.numbers(call, name, 2..=2)?;
                let value = self.cast(values[0], Type::F64, span);
                self.require_whole(values[1], name, span_of(&call.arguments.args[1]))?;
                let power = self.cast(values[1], Type::I64, span);
                self.library_call(name, vec![Val::Scalar(value), Val::Scalar(power)], span)?
            }
            "isclose" => self.isclose(call, span)?,
            "prod" => self.over_array("prod", call, span)?,
            "fsum" => {
                let over = self.positional(call, name, 1..=1)?.swap_remove(0);
                let over = self.as_floats(over, span_of(&call.arguments.args[0]))?;
                self.library_call("fsum_of", vec![over], span)?
            }
            "dist" => {
                let mut points = Vec::new();
                for (point, arg) in
                    self.positional(call, name, 2..=2)?.into_iter().zip(&call.arguments.args)
                {
                    points.push(self.as_floats(point, span_of(arg))?);
                }
                self.library_call("dist_of", points, span)?
            }
            "hypot" if call.arguments.args.len() != 2 => {
                let point = self.numbers(call, name, 0..=usize::MAX)?;
                let zero = self.constant(Const::f64(0.0), span);
                if point.is_empty() {
                    return Ok(Some(Val::Scalar(zero)));
                }
                let origin = Val::Tuple(vec![Val::Scalar(zero); point.len()]);
                let point = Val::Tuple(point.into_iter().map(Val::Scalar).collect());
                let point = self.as_floats(point, span)?;
                self.library_call("dist_of", vec![point, origin], span)?
            }
            _ => return Ok(None),
        };
        Ok(Some(val))
    }

    fn isclose(&mut self, call: &'a ExprCall, span: Span) -> Res<Val> {
        let args = &call.arguments;
        let wrong = |span: Span| {
            let message = "`isclose` takes two numbers, and rel_tol and abs_tol by keyword";
            Diagnostic::at(codes::ARGUMENTS, span, message)
                .hint("write math.isclose(a, b, rel_tol=1e-9, abs_tol=0.0)")
        };
        if args.args.len() != 2 {
            return Err(wrong(span).into());
        }
        let mut values = Vec::new();
        for arg in &args.args {
            values.push(self.number(arg)?);
        }
        values.push(self.constant(Const::f64(1e-9), span));
        values.push(self.constant(Const::f64(0.0), span));
        for keyword in &args.keywords {
            let at = match keyword.arg.as_ref().map(ruff_python_ast::Identifier::as_str) {
                Some("rel_tol") => 2,
                Some("abs_tol") => 3,
                _ => return Err(wrong(span_of(keyword)).into()),
            };
            values[at] = self.number(&keyword.value)?;
        }
        let values = values.into_iter().map(|v| Val::Scalar(self.cast(v, Type::F64, span)));
        let values = values.collect();
        self.library_call("isclose", values, span)
    }

    /// Positional arguments that must be integers, as `i64`.
    pub(super) fn whole_numbers(
        &mut self,
        call: &'a ExprCall,
        name: &str,
        range: std::ops::RangeInclusive<usize>,
    ) -> Res<Vec<ValueId>> {
        let values = self.numbers(call, name, range)?;
        let mut whole = Vec::new();
        for (value, arg) in values.into_iter().zip(&call.arguments.args) {
            self.require_whole(value, name, span_of(arg))?;
            whole.push(self.cast(value, Type::I64, span_of(arg)));
        }
        Ok(whole)
    }

    fn require_whole(&self, value: ValueId, name: &str, span: Span) -> Res<()> {
        if !self.f.ty(value).is_float() {
            return Ok(());
        }
        let message = format!("`{name}` needs integers, but this is a float");
        Err(Diagnostic::at(codes::OPERAND, span, message).hint("convert with int(…)").into())
    }

    /// The extent of an array along an axis.
    pub(super) fn extent(&mut self, array: ValueId, axis: u8, span: Span) -> ValueId {
        let len = self.op(Op::Len(axis), &[array], span);
        self.weak.insert(len);
        self.natural.insert(len);
        len
    }

    /// `.shape`, `.size` and `.ndim` of an array; none for other attributes.
    pub(super) fn array_attribute(&mut self, val: &Val, name: &str, span: Span) -> Option<Val> {
        let extents: Vec<ValueId> = match *val {
            Val::Array(array) => {
                let Type::MemRef { rank, .. } = self.f.ty(array) else { return None };
                (0..rank).map(|axis| self.extent(array, axis, span)).collect()
            }
            Val::Row { array, .. } => vec![self.extent(array, 1, span)],
            Val::View { len, .. } => vec![len],
            _ => return None,
        };
        Some(match name {
            "shape" => Val::Tuple(extents.into_iter().map(Val::Scalar).collect()),
            "ndim" => Val::Scalar(self.constant(Const::I64(extents.len() as i64), span)),
            "size" => {
                let product = match extents[..] {
                    [rows, columns] => self.op(Op::IMul, &[rows, columns], span),
                    _ => extents[0],
                };
                self.natural.insert(product);
                Val::Scalar(product)
            }
            _ => return None,
        })
    }

    /// A positional argument of a call whose arguments were counted.
    pub(super) fn argument(call: &'a ExprCall, at: usize) -> &'a Expr {
        &call.arguments.args[at]
    }
}
