//! Hyperbolic functions: exponentials, and of the sine a polynomial near 0.

use crate::coefficients::{SINH, TANH_EXP};
use crate::exponential::{half_exp, rounding};
use crate::lanes::{Coefficients, Lanes, Width};
use std::f64::consts::{LN_2, LOG2_E};

/// `x + x^3 p(x^2)`: `x` itself where that is tiny, and a zero or subnormal number.
fn odd_poly<L: Lanes>(l: &mut L, x: L::V, c: &Coefficients) -> L::V {
    let z = l.mul(x, x);
    let p = l.poly(z, c);
    let cube = l.mul(z, x);
    l.fma(p, cube, x)
}

/// `e^|x| / 2` and a quarter of its inverse, which is `e^-|x| / 2`.
fn halves<L: Lanes>(l: &mut L, a: L::V) -> (L::V, L::V) {
    let high = if l.width() == Width::F64 { 711.0 } else { 90.0 };
    let high = l.constant(high);
    let a = l.min(high, a);
    let grows = half_exp(l, a);
    let quarter = l.constant(0.25);
    let falls = l.div(quarter, grows);
    (grows, falls)
}

/// The hyperbolic sine.
pub fn sinh<L: Lanes>(l: &mut L, x: L::V) -> L::V {
    let a = l.abs(x);
    let (grows, falls) = halves(l, a);
    let far = l.sub(grows, falls);
    let near = odd_poly(l, a, &SINH);
    let one = l.constant(1.0);
    let small = l.lt(a, one);
    let y = l.select(small, near, far);
    l.with_sign(y, x)
}

/// The hyperbolic cosine.
pub fn cosh<L: Lanes>(l: &mut L, x: L::V) -> L::V {
    let a = l.abs(x);
    let (grows, falls) = halves(l, a);
    l.add(grows, falls)
}

/// The hyperbolic tangent: `h/(h + 1)` with `h = (e^2a - 1)/2` of `a = |x|`.
///
/// `2 a = n ln 2 + 2 r` with `n` rounded down, or nearly so: `h = 2^n p + (2^n - 1)/2` with
/// `p = (e^2r - 1)/2`, of which no part is negative, so that nothing cancels.
pub fn tanh<L: Lanes>(l: &mut L, x: L::V) -> L::V {
    let width = l.width();
    // Where 1 - 2e^-2a rounds to 1. One rounding of n ln 2/2 is enough for such an n.
    let bound = if width == Width::F64 { 20.0 } else { 9.5 };
    let bound = l.constant(bound);
    let a = l.abs(x);
    let a = l.min(bound, a);
    let (log2_e, nearly_half) = (l.constant(2.0 * LOG2_E), l.constant(-0.484_375));
    let down = l.fma(a, log2_e, nearly_half);
    let magic = l.constant(rounding(width, 0.0));
    let shifted = l.add(down, magic);
    let n = l.sub(shifted, magic);
    let half_ln2 = l.constant(0.5 * LN_2);
    let r = l.nfma(n, half_ln2, a);
    let q = l.poly_split(r, &TANH_EXP);
    let r2 = l.mul(r, r);
    let p = l.fma(r2, q, r);
    let power = l.shl(shifted, width.format().mantissa);
    let (half, minus_half, one) = (l.constant(0.5), l.constant(-0.5), l.constant(1.0));
    let whole = l.fma(power, half, minus_half);
    let h = l.fma(power, p, whole);
    let denominator = l.add(h, one);
    let far = l.div(h, denominator);
    // Where n is 0, without the error of the denominator.
    let near = l.nfma(h, far, h);
    let edge = l.constant(0.34);
    let small = l.lt(a, edge);
    let y = l.select(small, near, far);
    l.with_sign(y, x)
}
