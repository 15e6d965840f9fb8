//! Functions of `numpy` on numbers.
//!
//! They give what NumPy gives for one element and never raise: a zero divisor or an argument
//! outside the domain gives infinity or NaN (0 for integers), in strict semantics too. Last bits of
//! the elementary functions are the C library's.

use super::value::Val;
use super::{Lower, Res};
use crate::diagnostic::{Diagnostic, codes};
use crate::types::span_of;
use ruff_python_ast::{CmpOp, ExprCall, Operator};
use rvsdg::{Cmp, Const, MathFn, Op, Span, Type, ValueId};

/// The members that are one operation of the intermediate representation.
fn elementary(name: &str) -> Option<MathFn> {
    Some(match name {
        "sqrt" => MathFn::Sqrt,
        "cbrt" => MathFn::Cbrt,
        "exp" => MathFn::Exp,
        "exp2" => MathFn::Exp2,
        "expm1" => MathFn::Expm1,
        "log" => MathFn::Log,
        "log2" => MathFn::Log2,
        "log10" => MathFn::Log10,
        "log1p" => MathFn::Log1p,
        "sin" => MathFn::Sin,
        "cos" => MathFn::Cos,
        "tan" => MathFn::Tan,
        "arcsin" | "asin" => MathFn::Asin,
        "arccos" | "acos" => MathFn::Acos,
        "arctan" | "atan" => MathFn::Atan,
        "arctan2" | "atan2" => MathFn::Atan2,
        "sinh" => MathFn::Sinh,
        "cosh" => MathFn::Cosh,
        "tanh" => MathFn::Tanh,
        "arcsinh" | "asinh" => MathFn::Asinh,
        "arccosh" | "acosh" => MathFn::Acosh,
        "arctanh" | "atanh" => MathFn::Atanh,
        "floor" => MathFn::Floor,
        "ceil" => MathFn::Ceil,
        "trunc" | "fix" => MathFn::Trunc,
        "rint" => MathFn::Rint,
        "fmod" => MathFn::Fmod,
        "hypot" => MathFn::Hypot,
        "copysign" => MathFn::Copysign,
        "nextafter" => MathFn::Nextafter,
        "float_power" => MathFn::Pow,
        "degrees" | "rad2deg" => MathFn::Degrees,
        "radians" | "deg2rad" => MathFn::Radians,
        "isnan" => MathFn::Isnan,
        "isinf" => MathFn::Isinf,
        "isfinite" => MathFn::Isfinite,
        _ => return None,
    })
}

/// The members that are an operator of Python.
fn operator(name: &str) -> Option<Operator> {
    Some(match name {
        "add" => Operator::Add,
        "subtract" => Operator::Sub,
        "multiply" => Operator::Mult,
        "bitwise_and" => Operator::BitAnd,
        "bitwise_or" => Operator::BitOr,
        "bitwise_xor" => Operator::BitXor,
        _ => return None,
    })
}

/// The members that are a comparison of Python.
fn comparison(name: &str) -> Option<CmpOp> {
    Some(match name {
        "equal" => CmpOp::Eq,
        "not_equal" => CmpOp::NotEq,
        "less" => CmpOp::Lt,
        "less_equal" => CmpOp::LtE,
        "greater" => CmpOp::Gt,
        "greater_equal" => CmpOp::GtE,
        _ => return None,
    })
}

impl<'a> Lower<'a, '_> {
    /// A call of a member of `numpy`.
    pub(super) fn numpy_call(&mut self, name: &str, call: &'a ExprCall, span: Span) -> Res<Val> {
        if let Some(function) = elementary(name) {
            let args = self.numbers(call, name, function.arity()..=function.arity())?;
            let result = self.pure(function, &args, span);
            return Ok(Val::Scalar(self.weak_if(result, &args)));
        }
        if let Some(op) = operator(name) {
            let args = self.numbers(call, name, 2..=2)?;
            let spans = [0, 1].map(|at| span_of(Self::argument(call, at)));
            return Ok(Val::Scalar(self.binary(op, [args[0], args[1]], spans, span)?));
        }
        if let Some(op) = comparison(name) {
            let args = self.numbers(call, name, 2..=2)?;
            let spans = [0, 1].map(|at| span_of(Self::argument(call, at)));
            return Ok(Val::Scalar(self.compare_numbers(op, [args[0], args[1]], spans, span)));
        }
        let value = match name {
            "float64" | "double" => return self.builtin("f64", call, span),
            "float32" | "single" => return self.builtin("f32", call, span),
            "int64" | "int_" => return self.builtin("i64", call, span),
            "int32" | "intc" => return self.builtin("i32", call, span),
            "bool_" | "bool" => return self.builtin("bool", call, span),
            "abs" | "absolute" | "fabs" => {
                let value = self.numbers(call, name, 1..=1)?[0];
                let value =
                    if name == "fabs" { self.float(value, span) } else { self.plain(value, span) };
                let float = self.f.ty(value).is_float();
                let result = self.op(if float { Op::FAbs } else { Op::IAbs }, &[value], span);
                self.weak_if(result, &[value])
            }
            "sum" | "min" | "amin" | "max" | "amax" | "any" | "all" => {
                return self.over_array(name.trim_start_matches('a'), call, span);
            }
            "mean" | "var" | "std" | "argmin" | "argmax" => {
                return self.numpy_reduce(name, call, span);
            }
            "dot" => return self.dot(call, span),
            "prod" | "gcd" | "lcm" => {
                let val = self.math_library(name, call, span)?;
                return Ok(val.expect("these are functions of the library"));
            }
            "where" => return self.numpy_where(call, span),
            _ => self.numpy_arithmetic(name, call, span)?,
        };
        Ok(Val::Scalar(value))
    }

    /// The members that are a few operations.
    fn numpy_arithmetic(&mut self, name: &str, call: &'a ExprCall, span: Span) -> Res<ValueId> {
        let arity = match name {
            "clip" => 3,
            "negative" | "positive" | "square" | "reciprocal" | "sign" | "logical_not"
            | "signbit" | "round" | "around" => 1,
            "divide" | "true_divide" | "floor_divide" | "mod" | "remainder" | "power" | "pow"
            | "maximum" | "minimum" | "fmax" | "fmin" | "logical_and" | "logical_or"
            | "logical_xor" | "heaviside" | "logaddexp" => 2,
            _ => return Err(Self::unknown_member(name, call)),
        };
        let args = self.numbers(call, name, arity..=arity)?;
        let spans = [span_of(Self::argument(call, 0)), span_of(&call.arguments)];
        let result = match name {
            "negative" => {
                let value = self.plain(args[0], span);
                let float = self.f.ty(value).is_float();
                self.op(if float { Op::FNeg } else { Op::INeg }, &[value], span)
            }
            "square" => self.binary(Operator::Mult, [args[0], args[0]], spans, span)?,
            "reciprocal" => self.reciprocal(args[0], span),
            "sign" => {
                let value = self.plain(args[0], span);
                self.numpy_sign(value, span)
            }
            "signbit" => self.signbit(args[0], span),
            "round" | "around" if self.f.ty(args[0]).is_float() => {
                self.op(Op::Math(MathFn::Rint), &[args[0]], span)
            }
            "positive" | "round" | "around" => self.plain(args[0], span),
            "divide" | "true_divide" => self.ieee(Op::FDiv, Op::ITrueDiv, &args, span),
            "floor_divide" => self.ieee(Op::FFloorDiv, Op::IFloorDiv, &args, span),
            "mod" | "remainder" => self.ieee(Op::FMod, Op::IMod, &args, span),
            "power" | "pow" => self.numpy_power(&args, span),
            "maximum" | "minimum" | "fmax" | "fmin" => self.numpy_extreme(name, &args, span),
            "clip" => {
                let low = self.numpy_extreme("maximum", &args[..2], span);
                self.numpy_extreme("minimum", &[low, args[2]], span)
            }
            "heaviside" => self.heaviside(&args, span),
            "logaddexp" => self.logaddexp(&args, span),
            _ => {
                let truths: Vec<ValueId> =
                    args.iter().map(|value| self.truth(*value, span)).collect();
                match name {
                    "logical_and" => self.op(Op::BAnd, &truths, span),
                    "logical_or" => self.op(Op::BOr, &truths, span),
                    "logical_xor" => self.op(Op::BXor, &truths, span),
                    _ => self.op(Op::BNot, &truths, span),
                }
            }
        };
        Ok(self.weak_if(result, &args))
    }

    /// A function of floats that never raises, in the width where its arguments meet.
    fn pure(&mut self, function: MathFn, args: &[ValueId], span: Span) -> ValueId {
        let args: Vec<ValueId> = args.iter().map(|arg| self.float(*arg, span)).collect();
        let mut ty = self.f.ty(args[0]);
        for pair in args.windows(2) {
            ty = self.common(pair[0], pair[1]);
        }
        let args: Vec<ValueId> = args.iter().map(|arg| self.cast(*arg, ty, span)).collect();
        self.op(Op::Math(function), &args, span)
    }

    /// A division: of floats as IEEE says, of integers with 0 for a zero divisor.
    fn ieee(&mut self, float: Op, int: Op, args: &[ValueId], span: Span) -> ValueId {
        let ty = self.common(args[0], args[1]);
        let (a, b) = (self.cast(args[0], ty, span), self.cast(args[1], ty, span));
        if ty.is_float() {
            return self.op(float, &[a, b], span);
        }
        if int.is_partial() {
            self.divide_or_zero(int, a, b, span)
        } else {
            self.op(int, &[a, b], span)
        }
    }

    fn numpy_power(&mut self, args: &[ValueId], span: Span) -> ValueId {
        let ty = self.common(args[0], args[1]);
        let (a, b) = (self.cast(args[0], ty, span), self.cast(args[1], ty, span));
        let op = if ty.is_float() { Op::Math(MathFn::Pow) } else { Op::IPow };
        self.op(op, &[a, b], span)
    }

    /// `maximum` and `minimum` hand NaN on, `fmax` and `fmin` avoid it.
    fn numpy_extreme(&mut self, name: &str, args: &[ValueId], span: Span) -> ValueId {
        let max = name.ends_with("max") || name == "maximum";
        let ty = self.common(args[0], args[1]);
        let (a, b) = (self.cast(args[0], ty, span), self.cast(args[1], ty, span));
        if !ty.is_float() {
            return self.op(if max { Op::IMax } else { Op::IMin }, &[a, b], span);
        }
        // Python's choice keeps `a` where either is NaN.
        let chosen = self.op(if max { Op::FMax } else { Op::FMin }, &[a, b], span);
        let (test, instead) = if name.starts_with('f') { (a, b) } else { (b, b) };
        let nan = self.op(Op::FCmp(Cmp::Ne), &[test, test], span);
        self.op(Op::Select, &[nan, instead, chosen], span)
    }

    fn one(&mut self, ty: Type, span: Span) -> ValueId {
        let one = self.constant(Const::f64(1.0), span);
        self.cast(one, ty, span)
    }

    fn reciprocal(&mut self, value: ValueId, span: Span) -> ValueId {
        let value = self.float(value, span);
        let one = self.one(self.f.ty(value), span);
        self.op(Op::FDiv, &[one, value], span)
    }

    fn signbit(&mut self, value: ValueId, span: Span) -> ValueId {
        let value = self.float(value, span);
        let ty = self.f.ty(value);
        let (one, zero) = (self.one(ty, span), self.zero(ty, span));
        let sign = self.op(Op::Math(MathFn::Copysign), &[one, value], span);
        self.op(Op::FCmp(Cmp::Lt), &[sign, zero], span)
    }

    /// 0 below zero, 1 above, the second argument at zero.
    fn heaviside(&mut self, args: &[ValueId], span: Span) -> ValueId {
        let [x, at_zero] = [self.float(args[0], span), self.float(args[1], span)];
        let ty = self.common(x, at_zero);
        let (x, at_zero) = (self.cast(x, ty, span), self.cast(at_zero, ty, span));
        let zero = self.zero(ty, span);
        let one = self.one(ty, span);
        let above = self.op(Op::FCmp(Cmp::Gt), &[x, zero], span);
        let below = self.op(Op::FCmp(Cmp::Lt), &[x, zero], span);
        let equal = self.op(Op::FCmp(Cmp::Eq), &[x, zero], span);
        let rest = self.op(Op::Select, &[equal, at_zero, x], span);
        let rest = self.op(Op::Select, &[below, zero, rest], span);
        self.op(Op::Select, &[above, one, rest], span)
    }

    /// 1, -1 or 0; NaN for NaN.
    fn numpy_sign(&mut self, value: ValueId, span: Span) -> ValueId {
        let ty = self.f.ty(value);
        let zero = self.zero(ty, span);
        let [one, minus_one] = [1, -1].map(|sign| self.constant(Const::I64(sign), span));
        let [one, minus_one] = [one, minus_one].map(|sign| self.cast(sign, ty, span));
        let cmp = if ty.is_float() { Op::FCmp } else { Op::ICmp };
        let above = self.op(cmp(Cmp::Gt), &[value, zero], span);
        let below = self.op(cmp(Cmp::Lt), &[value, zero], span);
        let equal = self.op(cmp(Cmp::Eq), &[value, zero], span);
        let rest = self.op(Op::Select, &[equal, zero, value], span);
        let rest = self.op(Op::Select, &[below, minus_one, rest], span);
        self.op(Op::Select, &[above, one, rest], span)
    }

    /// `log(exp(a) + exp(b))` by the larger and the distance.
    fn logaddexp(&mut self, args: &[ValueId], span: Span) -> ValueId {
        let ty = self.common(args[0], args[1]);
        let ty = if ty.is_float() { ty } else { Type::F64 };
        let (a, b) = (self.cast(args[0], ty, span), self.cast(args[1], ty, span));
        let larger = self.numpy_extreme("maximum", &[a, b], span);
        let difference = self.op(Op::FSub, &[a, b], span);
        let distance = self.op(Op::FAbs, &[difference], span);
        let below = self.op(Op::FNeg, &[distance], span);
        let exp = self.op(Op::Math(MathFn::Exp), &[below], span);
        let rest = self.op(Op::Math(MathFn::Log1p), &[exp], span);
        let sum = self.op(Op::FAdd, &[larger, rest], span);
        // Equal infinities have no distance.
        let equal = self.op(Op::FCmp(Cmp::Eq), &[a, b], span);
        let two = self.constant(Const::f64(std::f64::consts::LN_2), span);
        let two = self.cast(two, ty, span);
        let twice = self.op(Op::FAdd, &[a, two], span);
        self.op(Op::Select, &[equal, twice, sum], span)
    }

    /// `numpy.where(c, a, b)`: both values are computed.
    fn numpy_where(&mut self, call: &'a ExprCall, span: Span) -> Res<Val> {
        let args = self.numbers(call, "where", 3..=3)?;
        let condition = self.truth(args[0], span);
        let bools = self.f.ty(args[1]) == Type::Bool && self.f.ty(args[2]) == Type::Bool;
        let ty = if bools { Type::Bool } else { self.common(args[1], args[2]) };
        let (a, b) = (self.cast(args[1], ty, span), self.cast(args[2], ty, span));
        Ok(Val::Scalar(self.op(Op::Select, &[condition, a, b], span)))
    }

    fn unknown_member(name: &str, call: &ExprCall) -> super::Failure {
        let span = span_of(&*call.func);
        let message = format!("`numpy.{name}` is not supported");
        let hint = match name {
            "zeros" | "ones" | "empty" | "array" | "arange" | "linspace" | "full"
            | "zeros_like" | "ones_like" | "empty_like" => {
                "arrays are not made inside compiled functions: pass one in and store into it"
            }
            "matmul" | "cumsum" | "sort" | "median" | "diff" | "outer" => {
                "write it as loops over elements"
            }
            _ => "functions of numbers are supported, such as np.sin, np.where and np.maximum",
        };
        Diagnostic::at(codes::UNKNOWN_FUNCTION, span, message).hint(hint).into()
    }
}
