//! Functions of Python's `math` module and `**`, with their exceptions.
//!
//! Source: the classes and messages of CPython 3.11's `Modules/mathmodule.c` (`math_1`, `math_2`,
//! `is_error`) and `float_pow` in `Objects/floatobject.c`.

use super::math::{math1, math2};
use crate::{ExcKind, MathFn};

type Exception = (ExcKind, &'static str);

const DOMAIN: Exception = (ExcKind::ValueError, "math domain error");
const RANGE: Exception = (ExcKind::OverflowError, "math range error");

/// What Python's function gives for these arguments; a predicate gives 1.0 or 0.0, and the
/// functions that give an integer in Python (`floor`, `ceil`, `trunc`) give it as a float.
///
/// # Errors
/// The exception that CPython 3.11 raises, its class and message. A negative base with a fractional
/// exponent, for which `**` gives a complex number, is a `ValueError`; so is a wrong number of
/// arguments, which no verified program has.
pub fn python_call(f: MathFn, args: &[f64]) -> Result<f64, Exception> {
    match *args {
        [x] if f.arity() == 1 => unary(f, x),
        [x, y] if f.arity() == 2 => match f {
            MathFn::Pow => power_operator(x, y),
            MathFn::MathPow => math_pow(x, y),
            _ => binary(f, x, y),
        },
        _ => Err((ExcKind::ValueError, "wrong number of arguments")),
    }
}

fn unary(f: MathFn, x: f64) -> Result<f64, Exception> {
    if f.never_raises() {
        return Ok(math1(f, x));
    }
    match f {
        MathFn::Floor | MathFn::Ceil | MathFn::Trunc => {
            if x.is_nan() {
                return Err((ExcKind::ValueError, "cannot convert float NaN to integer"));
            }
            if x.is_infinite() {
                let message = "cannot convert float infinity to integer";
                return Err((ExcKind::OverflowError, message));
            }
        }
        MathFn::Gamma | MathFn::Lgamma if x.is_finite() && x <= 0.0 && x == x.floor() => {
            return Err(DOMAIN);
        }
        _ => {}
    }
    let r = math1(f, x);
    if r.is_nan() && !x.is_nan() {
        return Err(DOMAIN);
    }
    if r.is_infinite() && x.is_finite() {
        return Err(if overflows(f) { RANGE } else { DOMAIN });
    }
    Ok(r)
}

/// Whether an infinite result of a finite argument is an overflow and not a pole.
fn overflows(f: MathFn) -> bool {
    matches!(
        f,
        MathFn::Exp
            | MathFn::Exp2
            | MathFn::Expm1
            | MathFn::Sinh
            | MathFn::Cosh
            | MathFn::Gamma
            | MathFn::Lgamma
    )
}

fn binary(f: MathFn, x: f64, y: f64) -> Result<f64, Exception> {
    let r = math2(f, x, y);
    if !f.never_raises() && r.is_nan() && !x.is_nan() && !y.is_nan() {
        return Err(DOMAIN);
    }
    Ok(r)
}

/// `x ** y`. C99's special cases are Python's, so only the exceptions need a look.
fn power_operator(x: f64, y: f64) -> Result<f64, Exception> {
    if x == 0.0 && y < 0.0 {
        // Infinite exponents are sorted out before zero bases.
        if y.is_infinite() {
            return Ok(f64::INFINITY);
        }
        let message = "0.0 cannot be raised to a negative power";
        return Err((ExcKind::ZeroDivisionError, message));
    }
    if x < 0.0 && x.is_finite() && y.is_finite() && y != y.floor() {
        let message = "negative number cannot be raised to a fractional power";
        return Err((ExcKind::ValueError, message));
    }
    let r = math2(MathFn::Pow, x, y);
    if r.is_infinite() && x.is_finite() && y.is_finite() {
        return Err((ExcKind::OverflowError, "(34, 'Numerical result out of range')"));
    }
    Ok(r)
}

/// `math.pow(x, y)`.
fn math_pow(x: f64, y: f64) -> Result<f64, Exception> {
    let r = math2(MathFn::MathPow, x, y);
    if x.is_finite() && y.is_finite() {
        if r.is_nan() || (r.is_infinite() && x == 0.0) {
            return Err(DOMAIN);
        }
        if r.is_infinite() {
            return Err(RANGE);
        }
    }
    Ok(r)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exceptions_are_python_s() {
        assert_eq!(python_call(MathFn::Sqrt, &[-1.0]), Err(DOMAIN));
        assert_eq!(python_call(MathFn::Exp, &[1000.0]), Err(RANGE));
        assert_eq!(python_call(MathFn::Exp, &[f64::INFINITY]), Ok(f64::INFINITY));
        assert_eq!(python_call(MathFn::Sin, &[f64::INFINITY]), Err(DOMAIN));
        assert_eq!(python_call(MathFn::Pow, &[-0.0, f64::NEG_INFINITY]), Ok(f64::INFINITY));
        assert_eq!(python_call(MathFn::Pow, &[f64::NEG_INFINITY, 0.5]), Ok(f64::INFINITY));
        assert_eq!(python_call(MathFn::Pow, &[-8.0, 0.5]).unwrap_err().0, ExcKind::ValueError);
        assert_eq!(python_call(MathFn::Hypot, &[1.7e308, 1.7e308]), Ok(f64::INFINITY));
        assert!(python_call(MathFn::Hypot, &[1.0]).is_err());
    }
}
