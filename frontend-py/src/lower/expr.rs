//! Expressions.

use super::value::{Binding, Val, conflict, variable};
use super::{Lower, Res};
use crate::constant::{constant, math_constant, numpy_constant};
use crate::diagnostic::{Diagnostic, codes};
use crate::module::{Global, Known, no_number, opaque};
use crate::types::span_of;
use ruff_python_ast::{
    BoolOp, Expr, ExprAttribute, ExprBoolOp, ExprNumberLiteral, Number, UnaryOp,
};
use rvsdg::{Cmp, Const, ExcKind, Op, Span, Type, ValueId};

/// How many parts a tuple may have: `t = (t, t)` in sequence doubles them.
const MAX_PARTS: usize = 10_000;

impl<'a> Lower<'a, '_> {
    /// Lowers an expression.
    pub(super) fn expr(&mut self, expr: &'a Expr) -> Res<Val> {
        self.enter(span_of(expr))?;
        let val = self.expr_inner(expr)?;
        self.leave();
        Ok(val)
    }

    fn expr_inner(&mut self, expr: &'a Expr) -> Res<Val> {
        let span = span_of(expr);
        match expr {
            Expr::NumberLiteral(literal) => Ok(Val::Scalar(self.number_literal(literal, span)?)),
            Expr::BooleanLiteral(literal) => {
                Ok(Val::Scalar(self.constant(Const::Bool(literal.value), span)))
            }
            Expr::NoneLiteral(_) => Ok(Val::None),
            Expr::Name(name) => self.name(name.id.as_str(), span),
            Expr::Attribute(attribute) => self.attribute(attribute, span),
            Expr::Tuple(tuple) => {
                let mut items = Vec::with_capacity(tuple.elts.len());
                for item in &tuple.elts {
                    items.push(self.expr(item)?);
                }
                let tuple = Val::Tuple(items);
                if tuple.size() > MAX_PARTS {
                    let message = "this tuple is too large";
                    return Err(Diagnostic::at(codes::TOO_LARGE, span, message)
                        .hint(format!("at most {MAX_PARTS} parts, those of its parts included"))
                        .into());
                }
                Ok(tuple)
            }
            Expr::UnaryOp(unary) => {
                if unary.op == UnaryOp::Not {
                    let condition = self.condition(&unary.operand)?;
                    return Ok(Val::Scalar(super::stmt::negate(self, condition, span)));
                }
                Ok(Val::Scalar(self.unary(unary.op, &unary.operand, span)?))
            }
            Expr::BinOp(binary) => {
                let left = self.number(&binary.left)?;
                let right = self.number(&binary.right)?;
                let spans = [span_of(&*binary.left), span_of(&*binary.right)];
                Ok(Val::Scalar(self.binary(binary.op, [left, right], spans, span)?))
            }
            Expr::Compare(_) => Ok(Val::Scalar(self.condition(expr)?)),
            Expr::BoolOp(operation) => self.bool_op(operation.op, operation, 0),
            Expr::If(choice) => {
                let condition = self.condition(&choice.test)?;
                self.choose(
                    condition,
                    span,
                    "this conditional expression",
                    |lower| Ok((lower.expr(&choice.body)?, span_of(&*choice.body))),
                    |lower| Ok((lower.expr(&choice.orelse)?, span_of(&*choice.orelse))),
                )
            }
            Expr::Subscript(subscript) => self.subscript(subscript, span),
            Expr::Call(call) => self.call(call, span),
            other => Err(unsupported(other).into()),
        }
    }

    /// An expression that must be a number or truth value.
    pub(super) fn number(&mut self, expr: &'a Expr) -> Res<ValueId> {
        let val = self.expr(expr)?;
        self.scalar_of(&val, span_of(expr))
    }

    fn number_literal(&mut self, literal: &ExprNumberLiteral, span: Span) -> Res<ValueId> {
        let constant = match &literal.value {
            Number::Int(int) => Const::I64(int.as_i64().ok_or_else(|| big_integer(span))?),
            Number::Float(float) => Const::f64(*float),
            Number::Complex { .. } => {
                let message = "complex numbers are not supported";
                return Err(Diagnostic::at(codes::EXPRESSION, span, message)
                    .hint("keep real and imaginary part in two variables")
                    .into());
            }
        };
        Ok(self.constant(constant, span))
    }

    fn unary(&mut self, op: UnaryOp, operand: &'a Expr, span: Span) -> Res<ValueId> {
        if let (UnaryOp::USub, Expr::NumberLiteral(literal)) = (op, operand)
            && let Number::Int(int) = &literal.value
            && int.as_u64() == Some(1 << 63)
        {
            return Ok(self.constant(Const::I64(i64::MIN), span));
        }
        let value = self.number(operand)?;
        let value =
            if self.f.ty(value) == Type::Bool { self.cast(value, Type::I64, span) } else { value };
        let float = self.f.ty(value).is_float();
        Ok(match op {
            UnaryOp::USub => match self.f.as_const(value) {
                Some(Const::I64(known)) => self.constant(Const::I64(known.wrapping_neg()), span),
                Some(Const::F64(bits)) => self.constant(Const::f64(-f64::from_bits(bits)), span),
                _ => {
                    let op = if float { Op::FNeg } else { Op::INeg };
                    let result = self.op(op, &[value], span);
                    self.weak_if(result, &[value])
                }
            },
            UnaryOp::Invert if float => {
                let message = "`~` needs an integer, but this is a float";
                return Err(Diagnostic::at(codes::OPERAND, span_of(operand), message)
                    .hint("convert with int(…)")
                    .into());
            }
            UnaryOp::Invert => self.op(Op::INot, &[value], span),
            UnaryOp::UAdd | UnaryOp::Not => value,
        })
    }

    /// A name used as a value.
    fn name(&mut self, name: &'a str, span: Span) -> Res<Val> {
        if let Some(var) = self.frame.locals.number(name) {
            return self.variable(var, span);
        }
        if let Some(captured) = self.captured(name, span) {
            return captured;
        }
        if self.nested(name).is_some() {
            return Err(not_a_value(name, span));
        }
        match self.module().get(name) {
            Some(Global::Value(value)) => self.global(name, value, span),
            Some(Global::MathMember(member)) => match math_constant(member) {
                Some(known) => Ok(Val::Scalar(self.constant(known, span))),
                None => Err(not_a_value(name, span)),
            },
            Some(Global::NumpyMember(member)) => match numpy_constant(member) {
                Some(known) => Ok(Val::Scalar(self.constant(known, span))),
                None => Err(not_a_value(name, span)),
            },
            Some(Global::Known(known)) => Ok(self.known(known, span)),
            Some(Global::Opaque(bound)) => Err(opaque(name, span, bound).into()),
            Some(Global::Function(_) | Global::Math | Global::Numpy) => {
                Err(not_a_value(name, span))
            }
            None => {
                let message = format!("`{name}` is not defined");
                let diagnostic = Diagnostic::at(codes::UNKNOWN_NAME, span, message);
                let mut known = (0..self.frame.locals.len())
                    .map(|var| self.frame.locals.name(var))
                    .chain(self.module().names());
                let hint = match known.find(|other| is_close(name, other)) {
                    Some(other) => format!("did you mean `{other}`?"),
                    None => "assign it first, or pass it as a parameter".to_owned(),
                };
                Err(diagnostic.hint(hint).into())
            }
        }
    }

    /// A module-level constant.
    fn global(&mut self, name: &str, value: &'a Expr, span: Span) -> Res<Val> {
        if let Some(known) = self.constants(value, span) {
            return Ok(known);
        }
        if let Some(known) = self.module().known(name) {
            return Ok(self.known(known, span));
        }
        Err(no_number(name, span, value).into())
    }

    /// A constant, or a tuple of constants.
    fn constants(&mut self, value: &'a Expr, span: Span) -> Option<Val> {
        if let Expr::Tuple(tuple) = value {
            let items = tuple.elts.iter().map(|item| self.constants(item, span));
            return items.collect::<Option<Vec<Val>>>().map(Val::Tuple);
        }
        let known = constant(self.module(), value)?;
        Some(Val::Scalar(self.constant(known, span)))
    }

    /// A value that the caller says a name has.
    fn known(&mut self, known: &Known, span: Span) -> Val {
        match known {
            Known::Scalar(constant) => Val::Scalar(self.constant(*constant, span)),
            Known::Tuple(items) => {
                Val::Tuple(items.iter().map(|item| self.known(item, span)).collect())
            }
            Known::Function(_) => Val::None,
        }
    }

    /// What the caller says about a member of another module, `module.name`.
    pub(super) fn known_member(&self, attribute: &ExprAttribute) -> Option<&'a Known> {
        let mut path = attribute.attr.to_string();
        let mut of = &*attribute.value;
        while let Expr::Attribute(outer) = of {
            path = format!("{}.{path}", outer.attr);
            of = &outer.value;
        }
        let Expr::Name(name) = of else { return None };
        let name = name.id.as_str();
        let local = self.frame.locals.number(name).is_some()
            || self.captured(name, Span::NONE).is_some()
            || self.frame.library;
        if local { None } else { self.user_module.known(&format!("{name}.{path}")) }
    }

    /// A local variable's value; checked to exist where a path may not have assigned it.
    pub(super) fn variable(&mut self, var: usize, span: Span) -> Res<Val> {
        let name = self.frame.locals.name(var);
        match self.vars[var].clone() {
            Binding::Bound { val, .. } => Ok(val),
            Binding::Unbound => {
                let message = format!("`{name}` has no value here");
                Err(Diagnostic::at(codes::UNBOUND, span, message)
                    .hint("assign it on every path that leads here")
                    .into())
            }
            Binding::Conflict { a, b } => Err(conflict(&variable(name), span, &a, &b).into()),
            Binding::Maybe { span: assigned, .. } if self.is_fast() => {
                let message = format!("`{name}` may have no value here");
                Err(Diagnostic::at(codes::UNBOUND, span, message)
                    .note(assigned, "assigned here, on some paths only")
                    .hint("assign it before the branch or loop; fast semantics has no check")
                    .into())
            }
            Binding::Maybe { val, defined, span: assigned } => {
                let message = format!(
                    "cannot access local variable '{name}' where it is not associated with a value"
                );
                let kind = ExcKind::UnboundLocalError;
                if val.scalars().is_empty() {
                    self.guard(defined, defined, kind, &message, span);
                }
                let val = val.map(&mut |v| self.guard(defined, *v, kind, &message, span));
                self.vars[var] = Binding::Bound { val: val.clone(), span: assigned };
                Ok(val)
            }
        }
    }

    fn attribute(&mut self, attribute: &'a ExprAttribute, span: Span) -> Res<Val> {
        let member = attribute.attr.as_str();
        if self.is_math(&attribute.value) {
            if let Some(known) = math_constant(member) {
                return Ok(Val::Scalar(self.constant(known, span)));
            }
            let message = format!("`math.{member}` is not a number");
            return Err(Diagnostic::at(codes::UNKNOWN_NAME, span, message)
                .hint("the constants are math.pi, math.e, math.tau, math.inf and math.nan")
                .into());
        }
        if self.is_numpy(&attribute.value) {
            if let Some(known) = numpy_constant(member) {
                return Ok(Val::Scalar(self.constant(known, span)));
            }
            let message = format!("`numpy.{member}` is not a number");
            return Err(Diagnostic::at(codes::UNKNOWN_NAME, span, message)
                .hint("the constants are pi, e, inf, nan and euler_gamma")
                .into());
        }
        if let Some(known) = self.known_member(attribute) {
            return match known {
                Known::Function(_) => Err(not_a_value(member, span)),
                known => Ok(self.known(known, span)),
            };
        }
        if let Expr::Name(_) | Expr::Subscript(_) = &*attribute.value
            && let val @ (Val::Array(_) | Val::Row { .. } | Val::View { .. }) =
                self.expr(&attribute.value)?
            && let Some(known) = self.array_attribute(&val, member, span)
        {
            return Ok(known);
        }
        let message = format!("the attribute `.{member}` is not supported");
        let hint = "an array has .shape, .size and .ndim; else only members of `math` and `numpy` \
                    can be used";
        Err(Diagnostic::at(codes::EXPRESSION, span, message).hint(hint).into())
    }

    /// Whether an expression is the module `math`.
    pub(super) fn is_math(&self, expr: &Expr) -> bool {
        self.names_module(expr, |global| matches!(global, Global::Math))
    }

    /// Whether an expression is the module `numpy`.
    pub(super) fn is_numpy(&self, expr: &Expr) -> bool {
        self.names_module(expr, |global| matches!(global, Global::Numpy))
    }

    fn names_module(&self, expr: &Expr, is: impl Fn(Global<'a>) -> bool) -> bool {
        let Expr::Name(name) = expr else { return false };
        let name = name.id.as_str();
        self.frame.locals.number(name).is_none()
            && self.captured(name, Span::NONE).is_none()
            && self.module().get(name).is_some_and(is)
    }

    /// `and` and `or` as values, from operand `at` on: the first operand that decides.
    fn bool_op(&mut self, op: BoolOp, whole: &'a ExprBoolOp, at: usize) -> Res<Val> {
        let first = &whole.values[at];
        let span = span_of(first);
        let val = self.expr(first)?;
        if at + 1 == whole.values.len() {
            return Ok(val);
        }
        let value = self.scalar_of(&val, span)?;
        let truth = self.truth(value, span);
        let (stop, what) = match op {
            BoolOp::And => (false, "this `and`"),
            BoolOp::Or => (true, "this `or`"),
        };
        self.enter(span)?;
        let rest_span = span_of(&whole.values[at + 1]);
        let stops = |_: &mut Self| Ok((Val::Scalar(value), span));
        let goes_on = |lower: &mut Self| Ok((lower.bool_op(op, whole, at + 1)?, rest_span));
        let result = if stop {
            self.choose(truth, span_of(whole), what, stops, goes_on)
        } else {
            self.choose(truth, span_of(whole), what, goes_on, stops)
        }?;
        self.leave();
        Ok(result)
    }

    /// An expression as a condition: `and`, `or` and `not` work on truth values here, so that
    /// their operands may have different types.
    pub(super) fn condition(&mut self, expr: &'a Expr) -> Res<ValueId> {
        let span = span_of(expr);
        self.enter(span)?;
        let result = match expr {
            Expr::BoolOp(operation) => self.bool_condition(operation.op, operation, 0)?,
            Expr::UnaryOp(unary) if unary.op == UnaryOp::Not => {
                let condition = self.condition(&unary.operand)?;
                super::stmt::negate(self, condition, span)
            }
            Expr::Compare(compare) => self.compare(compare)?,
            other => {
                let value = self.number(other)?;
                self.truth(value, span)
            }
        };
        self.leave();
        Ok(result)
    }

    fn bool_condition(&mut self, op: BoolOp, whole: &'a ExprBoolOp, at: usize) -> Res<ValueId> {
        let first = self.condition(&whole.values[at])?;
        if at + 1 == whole.values.len() {
            return Ok(first);
        }
        let span = span_of(whole);
        self.enter(span)?;
        let stops = |known| move |lower: &mut Self| Ok(lower.constant(Const::Bool(known), span));
        let goes_on = |lower: &mut Self| lower.bool_condition(op, whole, at + 1);
        let result = match op {
            BoolOp::And => self.choose_truth(first, span, goes_on, stops(false)),
            BoolOp::Or => self.choose_truth(first, span, stops(true), goes_on),
        }?;
        self.leave();
        Ok(result)
    }

    /// Python's truth value of a number.
    pub(super) fn truth(&mut self, value: ValueId, span: Span) -> ValueId {
        match self.f.ty(value) {
            Type::Bool => value,
            ty => {
                if let Some(Const::I64(known)) = self.f.as_const(value) {
                    return self.constant(Const::Bool(known != 0), span);
                }
                let zero = self.zero(ty, span);
                let op = if ty.is_float() { Op::FCmp(Cmp::Ne) } else { Op::ICmp(Cmp::Ne) };
                self.op(op, &[value, zero], span)
            }
        }
    }
}

/// The error for an integer literal that does not fit.
pub(super) fn big_integer(span: Span) -> Diagnostic {
    Diagnostic::at(codes::BIG_INTEGER, span, "this integer does not fit in 64 bits")
        .hint("integers are 64-bit; write a float, for example 1e20")
}

fn not_a_value(name: &str, span: Span) -> super::Failure {
    let message = format!("`{name}` is not a number");
    Diagnostic::at(codes::UNKNOWN_NAME, span, message).hint("call it, for example `f(x)`").into()
}

/// Whether two names differ by one edit or one exchange of neighbours at most, letter case aside.
fn is_close(a: &str, b: &str) -> bool {
    let chars = |name: &str| name.to_lowercase().chars().collect::<Vec<char>>();
    let (a, b) = (chars(a), chars(b));
    if a.len().abs_diff(b.len()) > 1 || a.len().max(b.len()) < 3 {
        return false;
    }
    let prefix = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
    let rest = a.len().min(b.len()) - prefix;
    let ends = a.iter().rev().zip(b.iter().rev()).take(rest).take_while(|(a, b)| a == b).count();
    match (&a[prefix..a.len() - ends], &b[prefix..b.len() - ends]) {
        ([x, y], [u, v]) => x == v && y == u,
        (x, y) => x.len().max(y.len()) <= 1,
    }
}

/// The error for an expression that is not supported.
fn unsupported(expr: &Expr) -> Diagnostic {
    let (what, hint) = match expr {
        Expr::Named(_) => ("`:=`", "assign in a statement of its own"),
        Expr::Lambda(_) => ("`lambda`", "write a function at module level and call it"),
        Expr::Dict(_) | Expr::DictComp(_) => {
            ("a dictionary", "keep numbers in variables and arrays")
        }
        Expr::Set(_) | Expr::SetComp(_) => ("a set", "keep numbers in variables and arrays"),
        Expr::List(_) => ("a list", "pass an array as a parameter and store into it"),
        Expr::ListComp(_) | Expr::Generator(_) => ("a comprehension", "write a `for` loop"),
        Expr::Await(_) => ("`await`", "write an ordinary function"),
        Expr::Yield(_) | Expr::YieldFrom(_) => ("`yield`", "store the values into an array"),
        Expr::FString(_) | Expr::TString(_) => {
            ("an f-string", "return the numbers and format them outside")
        }
        Expr::StringLiteral(_) => {
            ("a string", "only numbers, truth values and arrays are compiled")
        }
        Expr::BytesLiteral(_) => {
            ("a bytes literal", "only numbers, truth values and arrays are compiled")
        }
        Expr::EllipsisLiteral(_) => ("`...`", "write the value"),
        Expr::Starred(_) => ("`*`", "write the items one by one"),
        Expr::Slice(_) => ("a slice here", "write a[i:j] of an array, or index single elements"),
        _ => ("this expression", "the crate's documentation lists what is"),
    };
    Diagnostic::at(codes::EXPRESSION, span_of(expr), format!("{what} is not supported")).hint(hint)
}
