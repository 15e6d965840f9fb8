//! Elementary functions by their names in the RVSDG.

use super::algebra::Algebra;
use rvsdg::MathFn;
use vecmath::{Function, Id, Lanes, Rounding};

/// A function on lanes: a mask if it is a predicate. None if there is no vector form.
pub(super) fn math(algebra: &mut Algebra, f: MathFn, args: &[Id]) -> Option<Id> {
    let function = match f {
        MathFn::Exp => Function::Exp,
        MathFn::Exp2 => Function::Exp2,
        MathFn::Expm1 => Function::Expm1,
        MathFn::Log => Function::Log,
        MathFn::Log2 => Function::Log2,
        MathFn::Log10 => Function::Log10,
        MathFn::Log1p => Function::Log1p,
        MathFn::Sin => Function::Sin,
        MathFn::Cos => Function::Cos,
        MathFn::Tan => Function::Tan,
        MathFn::Asin => Function::Asin,
        MathFn::Acos => Function::Acos,
        MathFn::Atan => Function::Atan,
        MathFn::Atan2 => Function::Atan2,
        MathFn::Sinh => Function::Sinh,
        MathFn::Cosh => Function::Cosh,
        MathFn::Tanh => Function::Tanh,
        MathFn::Erf => Function::Erf,
        MathFn::Erfc => Function::Erfc,
        MathFn::Cbrt => Function::Cbrt,
        MathFn::Sqrt => Function::Sqrt,
        MathFn::Hypot => Function::Hypot,
        MathFn::Pow | MathFn::MathPow => return Some(algebra.pow(args[0], args[1])),
        other => return simple(algebra, other, args),
    };
    Some(algebra.call(function, args))
}

/// Functions that are a few operations.
fn simple(algebra: &mut Algebra, f: MathFn, args: &[Id]) -> Option<Id> {
    let (ones, infinity) = (algebra.truth(true), algebra.constant(f64::INFINITY));
    let (to_degrees, to_radians) = (
        algebra.constant(180.0 / std::f64::consts::PI),
        algebra.constant(std::f64::consts::PI / 180.0),
    );
    let l = algebra.lanes();
    let x = args[0];
    Some(match f {
        MathFn::Floor => l.round(x, Rounding::Down),
        MathFn::Ceil => l.round(x, Rounding::Up),
        MathFn::Trunc => l.round(x, Rounding::Zero),
        MathFn::Rint => l.round(x, Rounding::Nearest),
        MathFn::Copysign => {
            let magnitude = l.abs(x);
            l.with_sign(magnitude, args[1])
        }
        MathFn::Degrees => l.mul(x, to_degrees),
        MathFn::Radians => l.mul(x, to_radians),
        MathFn::Isnan => {
            let ordered = l.eq(x, x);
            l.and_not(ordered, ones)
        }
        MathFn::Isinf => {
            let magnitude = l.abs(x);
            l.eq(magnitude, infinity)
        }
        MathFn::Isfinite => {
            let magnitude = l.abs(x);
            l.lt(magnitude, infinity)
        }
        _ => return None,
    })
}
