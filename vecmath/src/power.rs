//! Powers.
//!
//! `|x|^y = 2^(y log2 |x|)` with the logarithm as a sum of two numbers good to about 2^-66 (2^-32),
//! since the exponent may be as large as 1024.

use crate::coefficients::{EXP, LN2_WHOLE, LOG_LONG, LOG2_E, TWO_THIRDS};
use crate::double::{Double, fast_add, fast_sum, mul, product};
use crate::exponential::{clamp, scale, two};
use crate::lanes::{Lanes, Rounding, Width};
use crate::logarithm::split;

/// The binary logarithm of a positive normal number, as a sum of two.
fn log2_double<L: Lanes>(l: &mut L, x: L::V, adjust: L::V) -> Double<L::V> {
    let parts = split(l, x);
    let k = l.add(parts.k, adjust);
    let f = parts.f;
    // s = f / (2 + f), the quotient with its rest; 2 + f is a sum of two numbers.
    let two_v = l.constant(2.0);
    let denominator = fast_sum(l, two_v, f);
    let s = l.div(f, denominator.hi);
    let rest = l.nfma(s, denominator.hi, f);
    let rest = l.nfma(s, denominator.lo, rest);
    let s_low = l.div(rest, denominator.hi);
    let s = Double { hi: s, lo: s_low };
    let z = mul(l, s, s);
    // 2 atanh(s) = 2 s + s^3 (2/3 + z p(z))
    let p = l.poly(z.hi, &LOG_LONG);
    let [high, low] = two(TWO_THIRDS.of(l.width()));
    let (high, low) = (l.constant(high), l.constant(low));
    let zp = product(l, z.hi, p);
    let inner = fast_sum(l, high, zp.hi);
    let inner_low = l.add(inner.lo, low);
    let inner_low = l.add(inner_low, zp.lo);
    let inner = fast_sum(l, inner.hi, inner_low);
    let cube = mul(l, z, s);
    let tail = mul(l, cube, inner);
    let double_s = Double { hi: l.add(s.hi, s.hi), lo: l.add(s.lo, s.lo) };
    let natural = fast_add(l, double_s, tail);
    let [high, low] = two(LOG2_E.of(l.width()));
    let scale = Double { hi: l.constant(high), lo: l.constant(low) };
    let fraction = mul(l, natural, scale);
    let zero = l.constant(0.0);
    fast_add(l, Double { hi: k, lo: zero }, fraction)
}

/// `2^(e.hi + e.lo)`.
fn exp2_double<L: Lanes>(l: &mut L, e: Double<L::V>) -> L::V {
    let width = l.width();
    let (low, high) = if width == Width::F64 { (-1100.0, 1100.0) } else { (-160.0, 160.0) };
    let hi = clamp(l, e.hi, low, high);
    let unchanged = l.eq(hi, e.hi);
    let lo = l.and(unchanged, e.lo);
    let n = l.round(hi, Rounding::Nearest);
    let r = l.sub(hi, n);
    // In units of e: r ln 2 as a sum.
    let [high, low] = two(LN2_WHOLE.of(width));
    let (high, low) = (l.constant(high), l.constant(low));
    let p = product(l, r, high);
    let tail = l.fma(r, low, p.lo);
    let tail = l.fma(lo, high, tail);
    let q = l.poly_split(p.hi, &EXP);
    let r2 = l.mul(p.hi, p.hi);
    // e^(p + tail) = 1 + p + (q p^2 + tail e^p): the tail is as large as 2^-44.
    let power = l.fma(r2, q, p.hi);
    let tail = l.fma(power, tail, tail);
    let tail = l.fma(r2, q, tail);
    let one = l.constant(1.0);
    let s = fast_sum(l, one, p.hi);
    let low = l.add(s.lo, tail);
    let y = l.add(s.hi, low);
    scale(l, y, n)
}

/// `x` to the power of `y`, C99's special cases included.
pub fn pow<L: Lanes>(l: &mut L, x: L::V, y: L::V) -> L::V {
    let width = l.width();
    let format = width.format();
    let (one, zero) = (l.constant(1.0), l.constant(0.0));
    let infinity = l.constant(f64::INFINITY);
    let a = l.abs(x);
    let (up, log2_up) = match width {
        Width::F64 => (18_014_398_509_481_984.0, 54.0),
        Width::F32 => (33_554_432.0, 25.0),
    };
    let (least, up) = (l.constant(format.min_normal), l.constant(up));
    let small = l.lt(a, least);
    let scaled = l.mul(a, up);
    let normal = l.select(small, scaled, a);
    let adjust = l.constant(-log2_up);
    let adjust = l.and(small, adjust);
    let log = log2_double(l, normal, adjust);
    // A huge exponent would overflow in the product: it is as good as infinite.
    let huge = if width == Width::F64 { 1e200 } else { 1e25 };
    let bounded = clamp(l, y, -huge, huge);
    let e = product(l, log.hi, bounded);
    let low = l.fma(log.lo, bounded, e.lo);
    let e = fast_sum(l, e.hi, low);
    let magnitude = exp2_double(l, e);

    // |x| = 0 or infinity: 0 or infinity by the sign of y.
    let is_zero = l.eq(x, zero);
    let is_infinite = l.eq(a, infinity);
    let y_negative = l.lt(y, zero);
    let of_zero = l.select(y_negative, infinity, zero);
    let of_infinity = l.select(y_negative, zero, infinity);
    let magnitude = l.select(is_zero, of_zero, magnitude);
    let magnitude = l.select(is_infinite, of_infinity, magnitude);

    // The sign: x's if y is an odd integer. Beyond 2^(mantissa + 1) all are even.
    let floor = l.round(y, Rounding::Zero);
    let integral = l.eq(floor, y);
    let half = l.constant(0.5);
    let halved = l.mul(y, half);
    let half_floor = l.round(halved, Rounding::Zero);
    let half_integral = l.eq(half_floor, halved);
    let odd = l.and_not(half_integral, integral);
    let sign = l.sign_of(x);
    let sign = l.and(odd, sign);
    let result = l.or(magnitude, sign);
    // A negative finite base with a fractional exponent has no power.
    let negative = l.lt(x, zero);
    let fractional = l.and_not(integral, negative);
    let fractional = l.and_not(is_infinite, fractional);
    let nan = l.constant(f64::NAN);
    let result = l.select(fractional, nan, result);
    // NaN of either argument, except in x^0 and 1^y; (-1)^infinity is 1.
    let sum = l.add(x, y);
    let x_ordered = l.eq(x, x);
    let y_ordered = l.eq(y, y);
    let ordered = l.and(x_ordered, y_ordered);
    let result = l.select(ordered, result, sum);
    let is_one = l.eq(x, one);
    let y_zero = l.eq(y, zero);
    let unit = l.or(is_one, y_zero);
    let a_one = l.eq(a, one);
    let y_magnitude = l.abs(y);
    let y_infinite = l.eq(y_magnitude, infinity);
    let forever = l.and(a_one, y_infinite);
    let unit = l.or(unit, forever);
    l.select(unit, one, result)
}
