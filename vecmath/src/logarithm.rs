//! Logarithms.
//!
//! `x = 2^k (1 + f)` with `1 + f` between the square roots of 1/2 and 2;
//! `ln(1 + f) = 2 atanh(s)` with `s = f/(2 + f)`, which is `f - s (f - s^2 p(s^2))`.
//!
//! The natural logarithm has `1 + f` between 3/4 and 3/2: AVX-512 has instructions that find such
//! parts, of subnormal numbers and infinities too.

use crate::coefficients::{LN2, LOG, LOG_WIDE, LOG1P01, LOG2_E, LOG10_2, LOG10_E};
use crate::double::{Double, fast_sum, product};
use crate::exponential::two;
use crate::lanes::{Coefficients, Lanes, Rare, Width};

/// `x = 2^k (1 + f)`; `2^(1 - k)` is `bits(2.0) - shift`.
pub(crate) struct Split<V> {
    pub(crate) k: V,
    /// `-k`, positive if it is zero.
    pub(crate) minus_k: V,
    /// `1 + f`
    pub(crate) m: V,
    pub(crate) f: V,
    pub(crate) shift: V,
}

/// Splits a positive normal number.
pub(crate) fn split<L: Lanes>(l: &mut L, x: L::V) -> Split<L::V> {
    // Bits of sqrt(1/2).
    let root = match l.width() {
        Width::F64 => 0x3fe6_a09e_667f_3bcd,
        Width::F32 => 0x3f35_04f3,
    };
    split_at(l, x, root)
}

/// Splits a positive normal number so that `1 + f` is from 3/4 to 3/2.
fn split_wide<L: Lanes + ?Sized>(l: &mut L, x: L::V) -> Split<L::V> {
    let three_quarters = match l.width() {
        Width::F64 => 0x3fe8_0000_0000_0000,
        Width::F32 => 0x3f40_0000,
    };
    split_at(l, x, three_quarters)
}

/// [`split`] with the bits of the least `1 + f`.
fn split_at<L: Lanes + ?Sized>(l: &mut L, x: L::V, root: u64) -> Split<L::V> {
    let width = l.width();
    let format = width.format();
    // A bias that keeps the difference positive; 2^mantissa.
    let (bias, whole) = match width {
        Width::F64 => (0x4000_0000_0000_0000, 4_503_599_627_370_496.0),
        Width::F32 => (0x4000_0000_u64, 8_388_608.0),
    };
    let biased_exponent = (bias >> format.mantissa) as f64;
    let root = l.bits(root);
    let from_root = l.int_sub(x, root);
    let fraction = l.bits((1 << format.mantissa) - 1);
    let mantissa = l.and(from_root, fraction);
    let shift = l.and_not(fraction, from_root);
    let m = l.int_add(mantissa, root);
    let bias = l.bits(bias);
    let positive = l.int_add(from_root, bias);
    let exponent = l.shr(positive, format.mantissa);
    let whole_bits = l.constant(whole);
    let exponent = l.or(exponent, whole_bits);
    let offset = l.constant(whole + biased_exponent);
    let (k, minus_k) = (l.sub(exponent, offset), l.sub(offset, exponent));
    let one = l.constant(1.0);
    let f = l.sub(m, one);
    Split { k, minus_k, m, f, shift }
}

/// [`Lanes::significand`] made of other operations.
pub(crate) fn significand<L: Lanes + ?Sized>(l: &mut L, x: L::V) -> L::V {
    let (normal, _) = normalised(l, x);
    split_wide(l, normal).m
}

/// [`Lanes::minus_exponent`] made of other operations.
pub(crate) fn minus_exponent<L: Lanes + ?Sized>(l: &mut L, x: L::V) -> L::V {
    let (normal, adjust) = normalised(l, x);
    let minus_k = split_wide(l, normal).minus_k;
    let minus_k = l.sub(minus_k, adjust);
    let (infinity, nan) = (l.constant(f64::INFINITY), l.constant(f64::NAN));
    let zero = l.constant(0.0);
    let minus_x = l.neg(x);
    let finite = l.lt(x, infinity);
    let minus_k = l.select(finite, minus_k, minus_x);
    let none = l.eq(x, zero);
    let special = l.select(none, infinity, nan);
    let not_positive = l.le(x, zero);
    l.select(not_positive, special, minus_k)
}

/// `s` and `w` with `ln(1 + f) = f - s w`.
fn atanh_parts<L: Lanes>(l: &mut L, f: L::V, coefficients: &Coefficients) -> (L::V, L::V) {
    let two = l.constant(2.0);
    let denominator = l.add(f, two);
    let s = l.div(f, denominator);
    let z = l.mul(s, s);
    let p = l.poly_split(z, coefficients);
    let w = l.nfma(z, p, f);
    (s, w)
}

/// `k ln 2 + ln(1 + f)`. If `k` is zero and `minus_k` positive, zeros in the sum are negative, and
/// the result has the sign of `f`. An infinite `k` is the result: both parts of ln 2 are positive.
fn natural<L: Lanes>(l: &mut L, minus_k: L::V, f: L::V, coefficients: &Coefficients) -> L::V {
    let (s, w) = atanh_parts(l, f, coefficients);
    let [high, low] = two(LN2.of(l.width()));
    let (high, low) = (l.constant(high), l.constant(-low));
    let tail = l.mul(minus_k, low);
    let tail = l.nfma(s, w, tail);
    let tail = l.add(f, tail);
    l.nfma(minus_k, high, tail)
}

/// `ln(1 + f)` as a sum of two numbers.
fn natural_double<L: Lanes>(l: &mut L, f: L::V) -> Double<L::V> {
    let (s, w) = atanh_parts(l, f, &LOG);
    let p = product(l, s, w);
    let (high, low) = (l.neg(p.hi), p.lo);
    let d = fast_sum(l, f, high);
    let lo = l.sub(d.lo, low);
    Double { hi: d.hi, lo }
}

/// `x` made normal, and what to add to the exponent for it.
fn normalised<L: Lanes + ?Sized>(l: &mut L, x: L::V) -> (L::V, L::V) {
    let width = l.width();
    let (scale, log2) = match width {
        Width::F64 => (18_014_398_509_481_984.0, 54.0),
        Width::F32 => (33_554_432.0, 25.0),
    };
    let least = l.constant(width.format().min_normal);
    let small = l.lt(x, least);
    let scale = l.constant(scale);
    let scaled = l.mul(x, scale);
    let log2 = l.constant(-log2);
    let adjust = l.and(small, log2);
    (l.select(small, scaled, x), adjust)
}

/// `y` where `x` is positive and finite; the logarithm of the rest.
fn with_specials<L: Lanes>(l: &mut L, x: L::V, y: L::V) -> L::V {
    let (infinity, nan) = (l.constant(f64::INFINITY), l.constant(f64::NAN));
    let (below, zero) = (l.constant(f64::NEG_INFINITY), l.constant(0.0));
    let finite = l.lt(x, infinity);
    let y = l.select(finite, y, x);
    let none = l.eq(x, zero);
    let special = l.select(none, below, nan);
    let not_positive = l.le(x, zero);
    l.select(not_positive, special, y)
}

/// The natural logarithm.
pub fn log<L: Lanes>(l: &mut L, x: L::V) -> L::V {
    let m = l.significand(x);
    let minus_k = l.minus_exponent(x, m);
    let one = l.constant(1.0);
    let f = l.sub(m, one);
    natural(l, minus_k, f, &LOG_WIDE)
}

/// [`log`] of a positive, finite, normal number, or NaN; of another, any number.
pub fn log_normal<L: Lanes>(l: &mut L, x: L::V) -> L::V {
    let parts = split_wide(l, x);
    // Zero, or NaN, which the split does not see.
    let nothing = l.sub(x, x);
    let minus_k = l.add(parts.minus_k, nothing);
    natural(l, minus_k, parts.f, &LOG_WIDE)
}

/// `ln(1 + x)`: with `k` of the rounded sum, `f = 2^-k x - (1 - 2^-k)` is rounded once.
pub fn log1p<L: Lanes>(l: &mut L, x: L::V) -> L::V {
    let format = l.width().format();
    let one = l.constant(1.0);
    let u = l.add(x, one);
    let parts = split(l, u);
    let one_bits = l.bits(format.one);
    let down = l.int_sub(one_bits, parts.shift);
    let rest = l.sub(one, down);
    let f = l.fms(x, down, rest);
    let y = natural(l, parts.minus_k, f, &LOG);
    // From here on 2^-k is no normal number.
    let large = l.constant(if l.width() == Width::F64 { 4e307 } else { 8e37 });
    let minus_one = l.constant(-1.0);
    let (above, below) = (l.le(large, x), l.le(x, minus_one));
    let outside = l.or(above, below);
    l.rare(Rare::Log1p, outside, x, y)
}

/// [`log1p`] of a number from 0 to 1; of another, any number.
pub fn log1p_unit<L: Lanes>(l: &mut L, x: L::V) -> L::V {
    let two = l.constant(2.0);
    let denominator = l.add(x, two);
    let s = l.div(x, denominator);
    let z = l.mul(s, s);
    let p = l.poly(z, &LOG1P01);
    let w = l.nfma(z, p, x);
    l.nfma(s, w, x)
}

/// `ln(1 + f)` times a constant in parts, as a sum of two numbers.
fn times<L: Lanes>(l: &mut L, f: L::V, parts: &Coefficients) -> Double<L::V> {
    let ln = natural_double(l, f);
    let [high, low] = two(parts.of(l.width()));
    let (high, low) = (l.constant(high), l.constant(low));
    let p = product(l, ln.hi, high);
    let tail = l.fma(ln.hi, low, p.lo);
    let tail = l.fma(ln.lo, high, tail);
    Double { hi: p.hi, lo: tail }
}

/// The binary logarithm; exact for powers of two.
pub fn log2<L: Lanes>(l: &mut L, x: L::V) -> L::V {
    let (normal, adjust) = normalised(l, x);
    let parts = split(l, normal);
    let k = l.add(parts.k, adjust);
    let fraction = times(l, parts.f, &LOG2_E);
    let d = fast_sum(l, k, fraction.hi);
    let tail = l.add(d.lo, fraction.lo);
    let y = l.add(d.hi, tail);
    with_specials(l, x, y)
}

/// The decimal logarithm.
pub fn log10<L: Lanes>(l: &mut L, x: L::V) -> L::V {
    let (normal, adjust) = normalised(l, x);
    let parts = split(l, normal);
    let k = l.add(parts.k, adjust);
    let fraction = times(l, parts.f, &LOG10_E);
    let [high, low] = two(LOG10_2.of(l.width()));
    let (high, low) = (l.constant(high), l.constant(low));
    let whole = l.mul(k, high);
    let d = fast_sum(l, whole, fraction.hi);
    let tail = l.fma(k, low, fraction.lo);
    let tail = l.add(d.lo, tail);
    let y = l.add(d.hi, tail);
    with_specials(l, x, y)
}
