//! Powers of e and 2.
//!
//! `e^x = 2^n e^r` with `n` next to `x / ln 2` and `|r| <= ln(2)/2`; `e^r = 1 + r + r^2 q(r)`.

use crate::coefficients::{EXP, EXP2, LN2_WHOLE};
use crate::lanes::{Lanes, Width};

/// `x = n ln 2 + r`; the low bits of `shifted` are the exponent, as a float has it, of `2^(n + by)`.
pub(crate) struct Reduced<V> {
    pub(crate) shifted: V,
    pub(crate) r: V,
}

/// Adding this number rounds to an integer, and leaves in the low bits the exponent, as a float has
/// it, of 2 to that integer and `by` together.
pub(crate) fn rounding(width: Width, by: f64) -> f64 {
    let format = width.format();
    format.magic + (format.one >> format.mantissa) as f64 + by
}

/// Reduces `x` by multiples of ln 2.
pub(crate) fn reduce<L: Lanes>(l: &mut L, x: L::V, by: f64) -> Reduced<L::V> {
    let magic = l.constant(rounding(l.width(), by));
    reduce_by(l, x, magic)
}

/// [`reduce`] with a number that rounds.
fn reduce_by<L: Lanes>(l: &mut L, x: L::V, magic: L::V) -> Reduced<L::V> {
    let width = l.width();
    let log2_e = l.constant(std::f64::consts::LOG2_E);
    let shifted = l.fma(x, log2_e, magic);
    let n = l.sub(shifted, magic);
    let [high, low] = two(LN2_WHOLE.of(width));
    let (high, low) = (l.constant(high), l.constant(low));
    let r = l.nfma(n, high, x);
    let r = l.nfma(n, low, r);
    Reduced { shifted, r }
}

/// The first two numbers of a constant in parts.
pub(crate) fn two(parts: &[f64]) -> [f64; 2] {
    [parts[0], parts[1]]
}

/// `e^r - 1` for a reduced argument.
pub(crate) fn exp_reduced<L: Lanes>(l: &mut L, r: L::V) -> L::V {
    let q = l.poly_split(r, &EXP);
    let r2 = l.mul(r, r);
    l.fma(r2, q, r)
}

/// `(1 + tail)` times the power whose exponent is in the low bits of `shifted`, as long as that is a
/// normal number. NaN stays, whatever its bits make of the exponent.
pub(crate) fn scale_normal<L: Lanes>(l: &mut L, tail: L::V, shifted: L::V) -> L::V {
    let power = l.shl(shifted, l.width().format().mantissa);
    l.fma(tail, power, power)
}

/// `2^n` for an integral `n` that is an exponent of a normal number.
pub(crate) fn power_of_two<L: Lanes>(l: &mut L, n: L::V) -> L::V {
    let magic = l.constant(rounding(l.width(), 0.0));
    let shifted = l.add(n, magic);
    l.shl(shifted, l.width().format().mantissa)
}

/// `y 2^n` for an integral `n`, in two factors, so that subnormal numbers and infinity are reached.
pub(crate) fn scale<L: Lanes>(l: &mut L, y: L::V, n: L::V) -> L::V {
    let (half, magic) = (l.constant(0.5), l.constant(rounding(l.width(), 0.0)));
    let shifted = l.fma(n, half, magic);
    let first = l.sub(shifted, magic);
    let second = l.sub(n, first);
    let factor = l.shl(shifted, l.width().format().mantissa);
    let y = l.mul(y, factor);
    let factor = power_of_two(l, second);
    l.mul(y, factor)
}

/// `x` kept within the bounds; NaN stays.
pub(crate) fn clamp<L: Lanes>(l: &mut L, x: L::V, low: f64, high: f64) -> L::V {
    let low = l.constant(low);
    let x = l.max(low, x);
    let high = l.constant(high);
    l.min(high, x)
}

fn by_width<L: Lanes>(l: &L, f64: f64, f32: f64) -> f64 {
    if l.width() == Width::F64 { f64 } else { f32 }
}

/// `e^x`.
pub fn exp<L: Lanes>(l: &mut L, x: L::V) -> L::V {
    let (low, high) = (by_width(l, -746.0, -104.0), by_width(l, 710.0, 89.0));
    let x = clamp(l, x, low, high);
    let towards = Towards::one(l, x);
    let reduced = reduce_by(l, x, towards.magic);
    let tail = exp_reduced(l, reduced.r);
    let y = scale_normal(l, tail, reduced.shifted);
    l.mul(y, towards.back)
}

/// A power of two by which results are kept from the ends of the range: up for negative
/// arguments, down for others. One product brings a result back, to a subnormal number or infinity
/// where it belongs there, rounded once.
struct Towards<V> {
    /// Rounds to integers, and leaves the power's exponent added in the low bits.
    magic: V,
    /// The inverse power.
    back: V,
}

impl<V: Copy> Towards<V> {
    fn one<L: Lanes<V = V>>(l: &mut L, x: V) -> Towards<V> {
        let width = l.width();
        let by: f64 = if width == Width::F64 { 64.0 } else { 32.0 };
        let (up, down) = (l.constant(rounding(width, by)), l.constant(rounding(width, -by)));
        let magic = l.select(x, up, down);
        let (shrink, grow) = (l.constant((-by).exp2()), l.constant(by.exp2()));
        let back = l.select(x, shrink, grow);
        Towards { magic, back }
    }
}

/// `e^x` if `-708 <= x <= 709` (binary32: `-87 <= x <= 88`) or NaN: five operations less than [`exp`].
/// Outside, any number.
pub fn exp_normal<L: Lanes>(l: &mut L, x: L::V) -> L::V {
    let reduced = reduce(l, x, 0.0);
    let tail = exp_reduced(l, reduced.r);
    scale_normal(l, tail, reduced.shifted)
}

/// [`exp_normal`] of `x` brought into its bounds: for uses like `1/(1 + e^x)`, to which a number
/// beyond makes no difference.
pub fn exp_saturating<L: Lanes>(l: &mut L, x: L::V) -> L::V {
    let (low, high) = (by_width(l, -708.0, -87.0), by_width(l, 709.0, 88.0));
    let x = clamp(l, x, low, high);
    exp_normal(l, x)
}

/// [`exp`] of an `x` that is not positive, or NaN, with the same bits: five operations less. Of
/// another, any number.
pub fn exp_not_positive<L: Lanes>(l: &mut L, x: L::V) -> L::V {
    let (low, by) = (by_width(l, -746.0, -104.0), by_width(l, 64.0, 32.0));
    let low = l.constant(low);
    let x = l.max(low, x);
    let reduced = reduce(l, x, by);
    let tail = exp_reduced(l, reduced.r);
    let y = scale_normal(l, tail, reduced.shifted);
    let down = l.constant((-by).exp2());
    l.mul(y, down)
}

/// `e^x / 2` for `0 <= x <= 711` (binary32: 90), infinity where it overflows.
pub(crate) fn half_exp<L: Lanes>(l: &mut L, x: L::V) -> L::V {
    // 2^1024 is no number, nor is 2^128 in binary32.
    let reduced = reduce(l, x, -3.0);
    let tail = exp_reduced(l, reduced.r);
    let y = scale_normal(l, tail, reduced.shifted);
    let four = l.constant(4.0);
    l.mul(y, four)
}

/// `2^x`.
pub fn exp2<L: Lanes>(l: &mut L, x: L::V) -> L::V {
    let (low, high) = (by_width(l, -1080.0, -152.0), by_width(l, 1025.0, 129.0));
    let x = clamp(l, x, low, high);
    let width = l.width();
    let towards = Towards::one(l, x);
    let shifted = l.add(x, towards.magic);
    let n = l.sub(shifted, towards.magic);
    let r = l.sub(x, n);
    let q = l.poly_split(r, &EXP2);
    let [high, low] = two(LN2_WHOLE.of(width));
    let (high, low) = (l.constant(high), l.constant(low));
    let tail = l.mul(r, low);
    let r2 = l.mul(r, r);
    let tail = l.fma(r2, q, tail);
    let tail = l.fma(r, high, tail);
    let y = scale_normal(l, tail, shifted);
    l.mul(y, towards.back)
}

/// `e^x - 1`.
pub fn expm1<L: Lanes>(l: &mut L, x: L::V) -> L::V {
    let low = by_width(l, -40.0, -20.0);
    let high = by_width(l, 710.0, 89.0);
    let inside = clamp(l, x, low, high);
    // Half of everything, so that 2^1024 need not be a number.
    let reduced = reduce(l, inside, -1.0);
    let r = reduced.r;
    let q = l.poly_split(r, &EXP);
    let r2 = l.mul(r, r);
    // Minus the rest of the series. Zeros have the signs that keep the one of `x`.
    let zero = l.constant(0.0);
    let tail = l.nfma(r2, q, zero);
    let half = l.constant(0.5);
    let power = l.shl(reduced.shifted, l.width().format().mantissa);
    let y = l.sub(half, power);
    let y = l.fms(power, r, y);
    let y = l.nfma(power, tail, y);
    l.add(y, y)
}

/// `x` itself where it is so small that a function with slope 1 at 0 rounds to it, else `y`; keeps
/// the sign of zero and subnormal numbers.
pub(crate) fn keep_tiny<L: Lanes>(l: &mut L, x: L::V, y: L::V) -> L::V {
    let bound = by_width(l, 1e-17, 1e-9);
    let bound = l.constant(bound);
    let magnitude = l.abs(x);
    let tiny = l.lt(magnitude, bound);
    l.select(tiny, x, y)
}
