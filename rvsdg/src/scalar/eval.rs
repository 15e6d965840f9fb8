//! Evaluation of one pure operation on scalars.

use super::float::{
    float_floor_div, float_floor_div_f32, float_max, float_max_f32, float_min, float_min_f32,
    float_mod, float_mod_f32,
};
use super::int::{int_floor_div, int_mod, int_pow, int_shl, int_shr, true_div};
use super::math::{math1, math1_f32, math2, math2_f32};
use crate::op::Op;
use crate::{Scalar, Type};
use std::fmt;

/// The result of an operation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evaluated {
    /// The value.
    pub value: Scalar,
    /// Whether a 64-bit integer operation left the range of `i64`, or a float was converted to an
    /// integer type that cannot hold it: CPython's unbounded integers would give something else.
    pub wrapped: bool,
}

/// Why an operation has no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Undefined {
    /// An integer division or remainder by zero.
    DivisionByZero,
    /// The operation works on states or arrays, which scalars cannot express.
    NotScalar,
    /// Operands of wrong number or types.
    Operands,
}

impl fmt::Display for Undefined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Undefined::DivisionByZero => "integer division by zero",
            Undefined::NotScalar => "not an operation on scalars",
            Undefined::Operands => "operands that do not fit the operation",
        })
    }
}

impl std::error::Error for Undefined {}

/// Evaluates a pure operation. Every operation that [`Op::is_pure`] says is pure is evaluated, but
/// for [`Op::Len`], which needs an array.
///
/// # Errors
/// If the operation is partial and undefined here, or not one on scalars, or does not take these
/// operands.
pub fn eval(op: Op, operands: &[Scalar]) -> Result<Evaluated, Undefined> {
    match (op, operands) {
        (Op::Const(constant), []) => done(constant.into()),
        (Op::Select, [Scalar::Bool(condition), a, b]) => done(if *condition { *a } else { *b }),
        (Op::Cast(to), [a]) => cast(to, *a),
        (Op::CtlIs(k), [Scalar::Ctl(a)]) => done(Scalar::Bool(*a == k)),
        (Op::Math(f), _) => math(f, operands),
        (_, [Scalar::I64(a), Scalar::I64(b)]) => binary_i64(op, *a, *b),
        (_, [Scalar::F64(a), Scalar::F64(b)]) => binary_f64(op, *a, *b),
        (_, [Scalar::I32(a), Scalar::I32(b)]) => binary_i32(op, *a, *b),
        (_, [Scalar::F32(a), Scalar::F32(b)]) => binary_f32(op, *a, *b),
        (_, [Scalar::Bool(a), Scalar::Bool(b)]) => done(Scalar::Bool(match op {
            Op::BAnd => a & b,
            Op::BOr => a | b,
            Op::BXor => a ^ b,
            _ => return Err(misfit(op)),
        })),
        (_, [a]) => unary(op, *a),
        _ => Err(misfit(op)),
    }
}

#[allow(clippy::unnecessary_wraps, reason = "the last step of functions that can fail")]
fn done(value: Scalar) -> Result<Evaluated, Undefined> {
    Ok(Evaluated { value, wrapped: false })
}

fn misfit(op: Op) -> Undefined {
    if !op.is_pure() || matches!(op, Op::Len(_)) {
        Undefined::NotScalar
    } else {
        Undefined::Operands
    }
}

fn unary(op: Op, a: Scalar) -> Result<Evaluated, Undefined> {
    let checked = |(value, wrapped)| Ok(Evaluated { value: Scalar::I64(value), wrapped });
    match (op, a) {
        (Op::INeg, Scalar::I64(a)) => checked(a.overflowing_neg()),
        (Op::IAbs, Scalar::I64(a)) => checked(a.overflowing_abs()),
        (Op::INot, Scalar::I64(a)) => done(Scalar::I64(!a)),
        (Op::INeg, Scalar::I32(a)) => done(Scalar::I32(a.wrapping_neg())),
        (Op::IAbs, Scalar::I32(a)) => done(Scalar::I32(a.wrapping_abs())),
        (Op::INot, Scalar::I32(a)) => done(Scalar::I32(!a)),
        (Op::FNeg, Scalar::F64(a)) => done(Scalar::F64(-a)),
        (Op::FAbs, Scalar::F64(a)) => done(Scalar::F64(a.abs())),
        (Op::FNeg, Scalar::F32(a)) => done(Scalar::F32(-a)),
        (Op::FAbs, Scalar::F32(a)) => done(Scalar::F32(a.abs())),
        (Op::BNot, Scalar::Bool(a)) => done(Scalar::Bool(!a)),
        _ => Err(misfit(op)),
    }
}

fn binary_i64(op: Op, a: i64, b: i64) -> Result<Evaluated, Undefined> {
    let (value, wrapped) = match op {
        Op::IAdd => a.overflowing_add(b),
        Op::ISub => a.overflowing_sub(b),
        Op::IMul => a.overflowing_mul(b),
        Op::IFloorDiv | Op::IMod if b == 0 => return Err(Undefined::DivisionByZero),
        Op::IFloorDiv => (int_floor_div(a, b), a == i64::MIN && b == -1),
        Op::IMod => (int_mod(a, b), false),
        Op::IPow => int_pow(a, b),
        Op::IShl => {
            let shifted = int_shl(a, b);
            (shifted, b >= 0 && int_shr(shifted, b) != a)
        }
        Op::IShr => (int_shr(a, b), false),
        Op::IAnd => (a & b, false),
        Op::IOr => (a | b, false),
        Op::IXor => (a ^ b, false),
        Op::IMin => (a.min(b), false),
        Op::IMax => (a.max(b), false),
        Op::ICmp(cmp) => return done(Scalar::Bool(cmp.holds(&a, &b))),
        Op::ITrueDiv => return done(Scalar::F64(true_div(a, b))),
        _ => return Err(misfit(op)),
    };
    Ok(Evaluated { value: Scalar::I64(value), wrapped })
}

fn binary_i32(op: Op, a: i32, b: i32) -> Result<Evaluated, Undefined> {
    let (wide_a, wide_b) = (i64::from(a), i64::from(b));
    let value = match op {
        // A count of 32 or more shifts every bit out of the low half.
        Op::IShl if b >= 32 => 0,
        Op::ICmp(cmp) => return done(Scalar::Bool(cmp.holds(&a, &b))),
        Op::ITrueDiv => return done(Scalar::F64(true_div(wide_a, wide_b))),
        // The low half of every other result depends on the low halves of the operands only.
        _ => match binary_i64(op, wide_a, wide_b)?.value {
            Scalar::I64(value) => value as i32,
            _ => return Err(Undefined::Operands),
        },
    };
    done(Scalar::I32(value))
}

fn binary_f64(op: Op, a: f64, b: f64) -> Result<Evaluated, Undefined> {
    done(Scalar::F64(match op {
        Op::FAdd => a + b,
        Op::FSub => a - b,
        Op::FMul => a * b,
        Op::FDiv => a / b,
        Op::FFloorDiv => float_floor_div(a, b),
        Op::FMod => float_mod(a, b),
        Op::FMin => float_min(a, b),
        Op::FMax => float_max(a, b),
        Op::FCmp(cmp) => return done(Scalar::Bool(cmp.holds(&a, &b))),
        _ => return Err(misfit(op)),
    }))
}

fn binary_f32(op: Op, a: f32, b: f32) -> Result<Evaluated, Undefined> {
    done(Scalar::F32(match op {
        Op::FAdd => a + b,
        Op::FSub => a - b,
        Op::FMul => a * b,
        Op::FDiv => a / b,
        Op::FFloorDiv => float_floor_div_f32(a, b),
        Op::FMod => float_mod_f32(a, b),
        Op::FMin => float_min_f32(a, b),
        Op::FMax => float_max_f32(a, b),
        Op::FCmp(cmp) => return done(Scalar::Bool(cmp.holds(&a, &b))),
        _ => return Err(misfit(op)),
    }))
}

fn math(f: crate::MathFn, operands: &[Scalar]) -> Result<Evaluated, Undefined> {
    if operands.len() != f.arity() {
        return Err(Undefined::Operands);
    }
    let value = match *operands {
        [Scalar::F64(x)] => Scalar::F64(math1(f, x)),
        [Scalar::F32(x)] => Scalar::F32(math1_f32(f, x)),
        [Scalar::F64(x), Scalar::F64(y)] => Scalar::F64(math2(f, x, y)),
        [Scalar::F32(x), Scalar::F32(y)] => Scalar::F32(math2_f32(f, x, y)),
        _ => return Err(Undefined::Operands),
    };
    done(match value {
        Scalar::F64(x) if f.result(Type::F64) == Type::Bool => Scalar::Bool(x != 0.0),
        Scalar::F32(x) if f.result(Type::F32) == Type::Bool => Scalar::Bool(x != 0.0),
        value => value,
    })
}

fn cast(to: Type, a: Scalar) -> Result<Evaluated, Undefined> {
    let float = match a {
        Scalar::F64(x) => x,
        Scalar::F32(x) => f64::from(x),
        Scalar::I32(_) | Scalar::I64(_) | Scalar::Bool(_) => return cast_integer(to, a),
        Scalar::Ctl(_) | Scalar::Unit => return Err(Undefined::Operands),
    };
    // Truncation brings everything strictly between the bounds plus one into range.
    let fits = |low: f64, high: f64| float.trunc() >= low && float.trunc() < high;
    let (value, wrapped) = match to {
        Type::F64 => (Scalar::F64(float), false),
        Type::F32 => (Scalar::F32(float as f32), false),
        Type::Bool => (Scalar::Bool(float != 0.0), false),
        Type::I64 => {
            let bound = 9_223_372_036_854_775_808.0;
            (Scalar::I64(float as i64), !fits(-bound, bound))
        }
        Type::I32 => (Scalar::I32(float as i32), !fits(-2_147_483_648.0, 2_147_483_648.0)),
        _ => return Err(Undefined::Operands),
    };
    Ok(Evaluated { value, wrapped })
}

fn cast_integer(to: Type, a: Scalar) -> Result<Evaluated, Undefined> {
    let integer = match a {
        Scalar::I64(x) => x,
        Scalar::I32(x) => i64::from(x),
        Scalar::Bool(x) => i64::from(x),
        _ => return Err(Undefined::Operands),
    };
    done(match to {
        Type::F64 => Scalar::F64(integer as f64),
        Type::F32 => Scalar::F32(integer as f32),
        Type::I64 => Scalar::I64(integer),
        Type::I32 => Scalar::I32(integer as i32),
        Type::Bool => Scalar::Bool(integer != 0),
        _ => return Err(Undefined::Operands),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Cmp;

    fn wraps(op: Op, a: i64, b: i64) -> bool {
        eval(op, &[Scalar::I64(a), Scalar::I64(b)]).unwrap().wrapped
    }

    #[test]
    fn wraps_are_noticed() {
        assert!(wraps(Op::IAdd, i64::MAX, 1) && !wraps(Op::IAdd, i64::MAX, 0));
        assert!(wraps(Op::IShl, 1, 63) && !wraps(Op::IShl, -1, 63));
        assert!(wraps(Op::IShl, 1, 64) && !wraps(Op::IShl, 0, 64) && !wraps(Op::IShl, 5, -1));
        assert!(wraps(Op::IFloorDiv, i64::MIN, -1) && !wraps(Op::IMod, i64::MIN, -1));
        let cast = |x| eval(Op::Cast(Type::I64), &[Scalar::F64(x)]).unwrap().wrapped;
        assert!(
            cast(f64::NAN) && cast(1e19) && cast(9.3e18) && !cast(-9_223_372_036_854_775_808.0)
        );
    }

    #[test]
    fn narrow_integers_wrap_at_their_width() {
        let i32s = |op, a, b| eval(op, &[Scalar::I32(a), Scalar::I32(b)]).unwrap();
        assert_eq!(i32s(Op::IAdd, i32::MAX, 1).value, Scalar::I32(i32::MIN));
        assert!(!i32s(Op::IAdd, i32::MAX, 1).wrapped);
        assert_eq!(i32s(Op::IFloorDiv, i32::MIN, -1).value, Scalar::I32(i32::MIN));
        assert_eq!(i32s(Op::IShl, 1, 31).value, Scalar::I32(i32::MIN));
        assert_eq!(i32s(Op::IShl, 1, 32).value, Scalar::I32(0));
        assert_eq!(i32s(Op::IShr, -1, 40).value, Scalar::I32(-1));
        assert_eq!(i32s(Op::IPow, 2, 40).value, Scalar::I32(0));
        assert_eq!(i32s(Op::IPow, 3, 21).value, Scalar::I32(1_870_418_611));
        assert_eq!(i32s(Op::ICmp(Cmp::Lt), -1, 0).value, Scalar::Bool(true));
    }

    #[test]
    fn misfits_are_errors() {
        assert_eq!(eval(Op::IAdd, &[Scalar::I64(1)]), Err(Undefined::Operands));
        assert_eq!(eval(Op::Load, &[]), Err(Undefined::NotScalar));
        let zero = [Scalar::I64(1), Scalar::I64(0)];
        assert_eq!(eval(Op::IMod, &zero), Err(Undefined::DivisionByZero));
    }
}
