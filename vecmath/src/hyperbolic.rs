//! Hyperbolic functions: a polynomial near 0, exponentials beyond.

use crate::coefficients::{SINH, TANH};
use crate::exponential::{exp_normal, half_exp};
use crate::lanes::{Coefficients, Lanes, Width};

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

/// The hyperbolic tangent.
pub fn tanh<L: Lanes>(l: &mut L, x: L::V) -> L::V {
    let a = l.abs(x);
    let near = odd_poly(l, a, &TANH);
    // 1 - 2/(e^2a + 1), which is 1 from 22 on.
    let (bound, edge) = (l.constant(30.0), l.constant(0.5625));
    let (one, two) = (l.constant(1.0), l.constant(2.0));
    let clamped = l.min(bound, a);
    let double = l.add(clamped, clamped);
    let e = exp_normal(l, double);
    let sum = l.add(e, one);
    let q = l.div(two, sum);
    let far = l.sub(one, q);
    let small = l.lt(a, edge);
    let y = l.select(small, near, far);
    l.with_sign(y, x)
}
