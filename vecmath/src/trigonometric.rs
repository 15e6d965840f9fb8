//! Sine, cosine, tangent.
//!
//! `x = n pi + r` with three parts of pi, the first so short that its product with `n` is exact
//! while `|x|` stays below [`usual_bound`]; lanes beyond go through [`crate::Rare`].

use crate::coefficients::{HALF_PI_REDUCE, PI_REDUCE, SIN, TAN};
use crate::double::{Double, product, sum};
use crate::exponential::keep_tiny;
use crate::lanes::{Coefficients, Lanes, Rare, Width};
use std::f64::consts::{FRAC_1_PI, FRAC_2_PI};

/// Arguments from here on are reduced by [`crate::Rare`].
pub(crate) fn usual_bound(width: Width) -> f64 {
    match width {
        Width::F64 => 2_097_152.0,
        Width::F32 => 6_400.0,
    }
}

/// `x - n p` as a sum of two numbers, `p` being in three parts.
fn subtract<L: Lanes>(l: &mut L, x: L::V, n: L::V, p: &Coefficients) -> Double<L::V> {
    let parts = p.of(l.width());
    let (p1, p2) = (l.constant(parts[0]), l.constant(parts[1]));
    let p3 = l.constant(parts[2]);
    let exact = l.nfma(n, p1, x);
    if l.width() == Width::F32 {
        // The second product may be larger than what is left of `x`.
        let second = product(l, n, p2);
        let second_hi = l.neg(second.hi);
        let s = sum(l, exact, second_hi);
        let lo = l.sub(s.lo, second.lo);
        let lo = l.nfma(n, p3, lo);
        return Double { hi: s.hi, lo };
    }
    let hi = l.nfma(n, p2, exact);
    let rest = l.sub(exact, hi);
    let lo = l.nfma(n, p2, rest);
    let lo = l.nfma(n, p3, lo);
    Double { hi, lo }
}

/// `sin(r)` for `|r| <= pi/2`.
pub(crate) fn sin_reduced<L: Lanes>(l: &mut L, r: Double<L::V>) -> L::V {
    let z = l.mul(r.hi, r.hi);
    let p = l.poly(z, &SIN);
    // The slope at `r` for the low part: 1 - z/2 is the cosine closely enough.
    let (half, one) = (l.constant(0.5), l.constant(1.0));
    let slope = l.nfma(z, half, one);
    let low = l.mul(slope, r.lo);
    let cube = l.mul(z, r.hi);
    let tail = l.fma(p, cube, low);
    l.add(r.hi, tail)
}

/// `tan(r)` for `|r| <= pi/4`.
pub(crate) fn tan_reduced<L: Lanes>(l: &mut L, r: Double<L::V>) -> Double<L::V> {
    let z = l.mul(r.hi, r.hi);
    let p = l.poly(z, &TAN);
    let low = l.fma(z, r.lo, r.lo);
    let cube = l.mul(z, r.hi);
    let tail = l.fma(p, cube, low);
    let hi = l.add(r.hi, tail);
    let rest = l.sub(hi, r.hi);
    let lo = l.sub(tail, rest);
    Double { hi, lo }
}

/// `y` where `x` is below the bound, `f` of `x` beyond it.
fn with_rare<L: Lanes>(l: &mut L, f: Rare, x: L::V, y: L::V) -> L::V {
    let bound = l.constant(usual_bound(l.width()));
    let magnitude = l.abs(x);
    let large = l.le(bound, magnitude);
    l.rare(f, large, x, y)
}

/// `y` with the sign flipped where the lowest bit of `shifted` is set.
fn flip_odd<L: Lanes>(l: &mut L, y: L::V, shifted: L::V) -> L::V {
    let last = (l.width().bytes() * 8 - 1) as u8;
    let sign = l.shl(shifted, last);
    l.xor(y, sign)
}

/// The sine of radians.
pub fn sin<L: Lanes>(l: &mut L, x: L::V) -> L::V {
    let magic = l.constant(l.width().format().magic);
    let inverse = l.constant(FRAC_1_PI);
    let shifted = l.fma(x, inverse, magic);
    let n = l.sub(shifted, magic);
    let r = subtract(l, x, n, &PI_REDUCE);
    let y = sin_reduced(l, r);
    let y = flip_odd(l, y, shifted);
    let y = keep_tiny(l, x, y);
    with_rare(l, Rare::Sin, x, y)
}

/// The sine of `x + y` with the rounding error of the sum taken into account: as close as `sin` of
/// the exact sum.
pub fn sin_sum<L: Lanes>(l: &mut L, x: L::V, y: L::V) -> L::V {
    let s = sum(l, x, y);
    let magic = l.constant(l.width().format().magic);
    let inverse = l.constant(FRAC_1_PI);
    let shifted = l.fma(s.hi, inverse, magic);
    let n = l.sub(shifted, magic);
    let r = subtract(l, s.hi, n, &PI_REDUCE);
    let lo = l.add(r.lo, s.lo);
    let result = sin_reduced(l, Double { hi: r.hi, lo });
    let result = flip_odd(l, result, shifted);
    let result = keep_tiny(l, s.hi, result);
    with_rare(l, Rare::Sin, s.hi, result)
}

/// The cosine of radians: minus the sine of what is left after an odd number of quarter turns.
pub fn cos<L: Lanes>(l: &mut L, x: L::V) -> L::V {
    // An odd bias flips the sign.
    let magic = l.constant(l.width().format().magic + 1.0);
    let (inverse, half) = (l.constant(FRAC_1_PI), l.constant(0.5));
    let turns = l.fms(x, inverse, half);
    let shifted = l.add(turns, magic);
    let n = l.sub(shifted, magic);
    let n = l.add(n, half);
    let r = subtract(l, x, n, &PI_REDUCE);
    let y = sin_reduced(l, r);
    let y = flip_odd(l, y, shifted);
    with_rare(l, Rare::Cos, x, y)
}

/// The tangent of radians.
pub fn tan<L: Lanes>(l: &mut L, x: L::V) -> L::V {
    let magic = l.constant(l.width().format().magic);
    let inverse = l.constant(FRAC_2_PI);
    let shifted = l.fma(x, inverse, magic);
    let n = l.sub(shifted, magic);
    let r = subtract(l, x, n, &HALF_PI_REDUCE);
    let t = tan_reduced(l, r);
    let y = tan_or_cotangent(l, t, shifted);
    let y = keep_tiny(l, x, y);
    with_rare(l, Rare::Tan, x, y)
}

/// `t` if the lowest bit of `shifted` is clear, else `-1/t`.
pub(crate) fn tan_or_cotangent<L: Lanes>(l: &mut L, t: Double<L::V>, shifted: L::V) -> L::V {
    let last = (l.width().bytes() * 8 - 1) as u8;
    let odd = l.shl(shifted, last);
    let minus_one = l.constant(-1.0);
    let q = l.div(minus_one, t.hi);
    // -1/(hi + lo) = q (1 + (1 + q hi) + q lo) to first order, with the rest of the division.
    let rest = l.fms(q, t.hi, minus_one);
    let rest = l.fma(q, t.lo, rest);
    let inverted = l.fma(q, rest, q);
    l.select(odd, inverted, t.hi)
}
