//! Primitives of `BigRat`. Powers and roots are exact or fail.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{CheckedDiv, One, Signed, ToPrimitive, Zero, checked_pow};

use super::{Builtin, MOST_BITS};

/// An integral power. `0^0` is 1; a negative power of 0 fails, and so does what has more than
/// [`MOST_BITS`].
fn power(base: &BigRational, exponent: &BigRational) -> Option<BigRational> {
    if !exponent.is_integer() {
        return None;
    }
    if base.is_zero() {
        return match exponent {
            e if e.is_zero() => Some(BigRational::one()),
            e => e.is_positive().then(BigRational::zero),
        };
    }
    let base = if exponent.is_negative() { base.recip() } else { base.clone() };
    let times = exponent.numer().abs().to_u64()?;
    if base.abs().is_one() {
        let odd = times % 2 == 1;
        return Some(if odd { base } else { BigRational::one() });
    }
    let bits = base.numer().bits().max(base.denom().bits());
    if bits.checked_mul(times)? > MOST_BITS {
        return None;
    }
    checked_pow(base, usize::try_from(times).ok()?)
}

/// The root of a fraction whose numerator and denominator have integral ones.
fn root(a: &BigRational, root: fn(&BigInt) -> BigInt, degree: u32) -> Option<BigRational> {
    let (numer, denom) = (root(a.numer()), root(a.denom()));
    let exact = numer.pow(degree) == *a.numer() && denom.pow(degree) == *a.denom();
    exact.then(|| BigRational::new(numer, denom))
}

/// The square root of a positive fraction.
fn square_root(a: &BigRational) -> Option<BigRational> {
    a.is_positive().then(|| root(a, BigInt::sqrt, 2))?
}

fn fraction(numer: &BigInt, denom: &BigInt) -> Option<BigRational> {
    (!denom.is_zero()).then(|| BigRational::new(numer.clone(), denom.clone()))
}

fn to_i64(a: &BigRational) -> Option<i64> {
    a.is_integer().then(|| a.numer().to_i64())?
}

pub(super) const PRIMITIVES: &[Builtin] = &[
    prim!("+"(a: bigrat, b: bigrat) -> bigrat = a + b),
    prim!("-"(a: bigrat, b: bigrat) -> bigrat = a - b),
    prim!("*"(a: bigrat, b: bigrat) -> bigrat = a * b),
    prim!("/"(a: bigrat, b: bigrat) ->? bigrat = a.checked_div(b)),
    pick!("min"(a, b: bigrat) if a <= b),
    pick!("max"(a, b: bigrat) if a >= b),
    prim!("neg"(a: bigrat) -> bigrat = -a),
    prim!("abs"(a: bigrat) -> bigrat = a.abs()),
    prim!("floor"(a: bigrat) -> bigrat = a.floor()),
    prim!("ceil"(a: bigrat) -> bigrat = a.ceil()),
    // Halves are rounded away from zero.
    prim!("round"(a: bigrat) -> bigrat = a.round()),
    prim!("bigrat"(a: bigint, b: bigint) ->? bigrat = fraction(a, b)),
    prim!("numer"(a: bigrat) -> bigint = a.numer()),
    prim!("denom"(a: bigrat) -> bigint = a.denom()),
    prim!("to-f64"(a: bigrat) ->? f64 = a.to_f64()),
    prim!("to-i64"(a: bigrat) ->? i64 = to_i64(a)),
    prim!("pow"(a: bigrat, b: bigrat) ->? bigrat = power(a, b)),
    // The one fraction whose logarithm is a fraction.
    prim!("log"(a: bigrat) ->? bigrat = a.is_one().then(BigRational::zero)),
    prim!("sqrt"(a: bigrat) ->? bigrat = square_root(a)),
    prim!("cbrt"(a: bigrat) ->? bigrat = root(a, BigInt::cbrt, 3)),
    prim!("<"(a: bigrat, b: bigrat) -> unit = a < b),
    prim!(">"(a: bigrat, b: bigrat) -> unit = a > b),
    prim!("<="(a: bigrat, b: bigrat) -> unit = a <= b),
    prim!(">="(a: bigrat, b: bigrat) -> unit = a >= b),
];
