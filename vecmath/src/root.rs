//! Roots and the length of a vector.

use crate::coefficients::CBRT;
use crate::double::product;
use crate::exponential::power_of_two;
use crate::lanes::{Lanes, Rounding, Width};

/// `1/sqrt(x)`.
pub fn rsqrt<L: Lanes>(l: &mut L, x: L::V) -> L::V {
    let root = l.sqrt(x);
    let one = l.constant(1.0);
    l.div(one, root)
}

/// The cube root.
///
/// `|x| = 2^(3 q) m` with `m` in `[1, 8)`; a polynomial for `m^(-1/3)`, two steps of Newton's
/// iteration carried to third order, and one correction of `m m^(-2/3)` with its exact residue.
pub fn cbrt<L: Lanes>(l: &mut L, x: L::V) -> L::V {
    let width = l.width();
    let format = width.format();
    // Subnormal numbers are brought up by 2^54 (2^24).
    let (up, third) = match width {
        Width::F64 => (54.0, 18.0),
        Width::F32 => (24.0, 8.0),
    };
    let a = l.abs(x);
    let (least, scale) = (l.constant(format.min_normal), l.constant(f64::exp2(up)));
    let small = l.lt(a, least);
    let scaled = l.mul(a, scale);
    let a = l.select(small, scaled, a);
    let adjust = l.constant(third);
    let adjust = l.and(small, adjust);

    // The exponent as a float, divided by 3.
    let whole = l.constant(f64::exp2(f64::from(format.mantissa)));
    let exponent = l.shr(a, format.mantissa);
    let exponent = l.or(exponent, whole);
    let bias = (format.one >> format.mantissa) as f64;
    let offset = l.constant(f64::exp2(f64::from(format.mantissa)) + bias);
    let exponent = l.sub(exponent, offset);
    let (inverse, half_step) = (l.constant(1.0 / 3.0), l.constant(1.0 / 6.0));
    let q = l.fma(exponent, inverse, half_step);
    let q = l.round(q, Rounding::Down);
    let minus_three = l.constant(-3.0);
    let rest = l.fma(q, minus_three, exponent);
    let fraction = l.bits((1 << format.mantissa) - 1);
    let mantissa = l.and(a, fraction);
    let power = power_of_two(l, rest);
    let m = l.or(mantissa, power);

    let mut z = l.poly(m, &CBRT);
    let (one, third, ninth) = (l.constant(1.0), l.constant(1.0 / 3.0), l.constant(2.0 / 9.0));
    let rounds = if width == Width::F64 { 2 } else { 1 };
    for _ in 0..rounds {
        let z2 = l.mul(z, z);
        let mz = l.mul(m, z);
        let h = l.nfma(mz, z2, one);
        let step = l.fma(h, ninth, third);
        let step = l.mul(step, h);
        z = l.fma(z, step, z);
    }
    let z2 = l.mul(z, z);
    let c = l.mul(m, z2);
    // c + (m - c^3) z^2 / 3
    let square = product(l, c, c);
    let residue = l.nfma(square.hi, c, m);
    let residue = l.nfma(square.lo, c, residue);
    let slope = l.mul(z2, third);
    let y = l.fma(residue, slope, c);
    let q = l.sub(q, adjust);
    let power = power_of_two(l, q);
    let y = l.mul(y, power);
    // Zeros, infinities and NaN are their own roots.
    let (zero, infinity) = (l.constant(0.0), l.constant(f64::INFINITY));
    let positive = l.lt(zero, a);
    let finite = l.lt(a, infinity);
    let usual = l.and(positive, finite);
    let y = l.with_sign(y, x);
    l.select(usual, y, x)
}

/// `sqrt(x^2 + y^2)` without overflow or underflow on the way.
pub fn hypot<L: Lanes>(l: &mut L, x: L::V, y: L::V) -> L::V {
    let (big, down, tiny, up) = match l.width() {
        Width::F64 => (1e150, 2.0_f64.powi(-600), 1e-140, 2.0_f64.powi(600)),
        Width::F32 => (1e18, 2.0_f64.powi(-70), 1e-12, 2.0_f64.powi(80)),
    };
    let (a, b) = (l.abs(x), l.abs(y));
    let larger = l.max(a, b);
    let (big, tiny, one) = (l.constant(big), l.constant(tiny), l.constant(1.0));
    let is_big = l.lt(big, larger);
    let is_tiny = l.lt(larger, tiny);
    let (down_v, up_v) = (l.constant(down), l.constant(up));
    let factor = l.select(is_big, down_v, one);
    let factor = l.select(is_tiny, up_v, factor);
    let (inverse_down, inverse_up) = (l.constant(1.0 / down), l.constant(1.0 / up));
    let back = l.select(is_big, inverse_down, one);
    let back = l.select(is_tiny, inverse_up, back);
    let (p, q) = (l.mul(a, factor), l.mul(b, factor));
    let square = l.mul(q, q);
    let sum = l.fma(p, p, square);
    let root = l.sqrt(sum);
    let h = l.mul(root, back);
    // An infinity wins over NaN.
    let infinity = l.constant(f64::INFINITY);
    let (first, second) = (l.eq(a, infinity), l.eq(b, infinity));
    let either = l.or(first, second);
    l.select(either, infinity, h)
}
