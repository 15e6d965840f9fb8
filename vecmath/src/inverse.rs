//! Inverse trigonometric functions.
//!
//! The arc tangent of a quotient is reduced to a quotient below `tan(pi/8)` by adding 0, pi/4 or
//! pi/2 (S. L. Moshier's scheme in Cephes), with one division.

use crate::coefficients::{ASIN, ATAN, HALF_PI, PI, QUARTER_PI, THREE_QUARTER_PI};
use crate::double::fast_sum;
use crate::exponential::{keep_tiny, two};
use crate::lanes::{Coefficients, Lanes, Width};

/// `tan(pi/8)`.
const TAN_EIGHTH: f64 = 0.414_213_562_373_095_03;

fn parts<L: Lanes>(l: &mut L, c: &Coefficients) -> (L::V, L::V) {
    let [high, low] = two(c.of(l.width()));
    (l.constant(high), l.constant(low))
}

/// `high + (t + t^3 p(t^2) + low)` for `|t| <= tan(pi/8)`.
fn atan_reduced<L: Lanes>(l: &mut L, t: L::V, high: L::V, low: L::V) -> L::V {
    let z = l.mul(t, t);
    let p = l.poly(z, &ATAN);
    let cube = l.mul(z, t);
    let tail = l.fma(p, cube, low);
    let tail = l.add(t, tail);
    l.add(high, tail)
}

/// The inverse tangent.
pub fn atan<L: Lanes>(l: &mut L, x: L::V) -> L::V {
    let a = l.abs(x);
    let (one, zero) = (l.constant(1.0), l.constant(0.0));
    let minus_one = l.constant(-1.0);
    let (near, far) = (l.constant(TAN_EIGHTH), l.constant(1.0 / TAN_EIGHTH));
    let small = l.le(a, near);
    let large = l.lt(far, a);
    let (difference, sum) = (l.sub(a, one), l.add(a, one));
    let numerator = l.select(large, minus_one, difference);
    let denominator = l.select(large, a, sum);
    let numerator = l.select(small, a, numerator);
    let denominator = l.select(small, one, denominator);
    let t = l.div(numerator, denominator);
    let (quarter, quarter_low) = parts(l, &QUARTER_PI);
    let (half, half_low) = parts(l, &HALF_PI);
    let high = l.select(large, half, quarter);
    let low = l.select(large, half_low, quarter_low);
    let high = l.select(small, zero, high);
    let low = l.select(small, zero, low);
    let y = atan_reduced(l, t, high, low);
    l.with_sign(y, x)
}

/// The angle of the point (`x`, `y`), C99's special cases included.
pub fn atan2<L: Lanes>(l: &mut L, y: L::V, x: L::V) -> L::V {
    let (one, zero) = (l.constant(1.0), l.constant(0.0));
    let (a, b) = scaled_magnitudes(l, y, x);
    // Two infinities stand for a diagonal; two zeros for the axis of `x`.
    let infinity = l.constant(f64::INFINITY);
    let smaller = l.min(a, b);
    let both = l.eq(smaller, infinity);
    let a = l.select(both, one, a);
    let b = l.select(both, one, b);
    let larger = l.max(a, b);
    let none = l.eq(larger, zero);
    let b = l.select(none, one, b);

    let (near, far) = (l.constant(TAN_EIGHTH), l.constant(1.0 / TAN_EIGHTH));
    let (low_bound, high_bound) = (l.mul(b, near), l.mul(b, far));
    let small = l.le(a, low_bound);
    let large = l.lt(high_bound, a);
    let (difference, sum) = (l.sub(a, b), l.add(a, b));
    let minus_b = l.neg(b);
    let numerator = l.select(large, minus_b, difference);
    let denominator = l.select(large, a, sum);
    let numerator = l.select(small, a, numerator);
    let denominator = l.select(small, b, denominator);
    let t = l.div(numerator, denominator);

    // On the left of the axis: pi minus the angle, sign bit of `x` telling.
    let sign = l.sign_of(x);
    let t = l.xor(t, sign);
    let (quarter, quarter_low) = parts(l, &QUARTER_PI);
    let (three, three_low) = parts(l, &THREE_QUARTER_PI);
    let (half, half_low) = parts(l, &HALF_PI);
    let (pi, pi_low) = parts(l, &PI);
    let middle = l.select(x, three, quarter);
    let middle_low = l.select(x, three_low, quarter_low);
    let axis = l.select(x, pi, zero);
    let axis_low = l.select(x, pi_low, zero);
    let high = l.select(large, half, middle);
    let low = l.select(large, half_low, middle_low);
    let high = l.select(small, axis, high);
    let low = l.select(small, axis_low, low);
    let angle = atan_reduced(l, t, high, low);
    let angle = l.abs(angle);
    // NaN of either argument.
    let (x_ordered, y_ordered) = (l.eq(x, x), l.eq(y, y));
    let ordered = l.and(x_ordered, y_ordered);
    let nan = l.constant(f64::NAN);
    let angle = l.select(ordered, angle, nan);
    l.with_sign(angle, y)
}

/// `|y|` and `|x|`, scaled by one power of two so that neither their sum overflows nor the product
/// of the larger one underflows.
fn scaled_magnitudes<L: Lanes>(l: &mut L, y: L::V, x: L::V) -> (L::V, L::V) {
    let (big, down, tiny, up) = match l.width() {
        Width::F64 => (1e300, 2.0_f64.powi(-60), 1e-290, 2.0_f64.powi(60)),
        Width::F32 => (1e37, 2.0_f64.powi(-24), 1e-30, 2.0_f64.powi(24)),
    };
    let (a, b) = (l.abs(y), l.abs(x));
    let larger = l.max(a, b);
    let (big, tiny, one) = (l.constant(big), l.constant(tiny), l.constant(1.0));
    let (down, up) = (l.constant(down), l.constant(up));
    let is_big = l.lt(big, larger);
    let is_tiny = l.lt(larger, tiny);
    let factor = l.select(is_big, down, one);
    let factor = l.select(is_tiny, up, factor);
    (l.mul(a, factor), l.mul(b, factor))
}

/// `s + s z p(z)` with `z = s^2`: the inverse sine of `s`, `|s| <= 1/2`. Returned without `s`.
fn asin_tail<L: Lanes>(l: &mut L, s: L::V, z: L::V) -> L::V {
    let p = l.poly(z, &ASIN);
    let cube = l.mul(z, s);
    l.mul(p, cube)
}

/// `|x|`, whether it is above 1/2, and the reduced `s` with its square: `s = |x|`, or
/// `sqrt((1 - |x|)/2)` above 1/2.
fn asin_reduce<L: Lanes>(l: &mut L, x: L::V) -> (L::V, L::V, L::V) {
    let a = l.abs(x);
    let (half, one) = (l.constant(0.5), l.constant(1.0));
    let large = l.lt(half, a);
    let rest = l.sub(one, a);
    let folded = l.mul(rest, half);
    let root = l.sqrt(folded);
    let square = l.mul(a, a);
    let s = l.select(large, root, a);
    let z = l.select(large, folded, square);
    // Beyond 1 the root is NaN; NaN itself is not `large` and stays.
    (large, s, z)
}

/// The low part of the square root `s` of `z`: `sqrt(z) - s`.
fn root_error<L: Lanes>(l: &mut L, s: L::V, z: L::V) -> L::V {
    let rest = l.nfma(s, s, z);
    let (two, tiny) = (l.constant(2.0), l.constant(l.width().format().min_normal));
    let slope = l.fma(s, two, tiny);
    l.div(rest, slope)
}

/// The inverse sine; NaN beyond 1.
pub fn asin<L: Lanes>(l: &mut L, x: L::V) -> L::V {
    let (large, s, z) = asin_reduce(l, x);
    let tail = asin_tail(l, s, z);
    let small = l.add(s, tail);
    // pi/2 - 2 (s + tail)
    let error = root_error(l, s, z);
    let tail = l.add(tail, error);
    let (half, half_low) = parts(l, &HALF_PI);
    let two = l.constant(2.0);
    let d = l.nfma(s, two, half);
    let lost = l.sub(half, d);
    let lost = l.nfma(s, two, lost);
    let low = l.add(lost, half_low);
    let low = l.nfma(tail, two, low);
    let folded = l.add(d, low);
    let y = l.select(large, folded, small);
    let y = l.abs(y);
    let y = l.with_sign(y, x);
    keep_tiny(l, x, y)
}

/// The inverse cosine; NaN beyond 1.
pub fn acos<L: Lanes>(l: &mut L, x: L::V) -> L::V {
    let (large, s, z) = asin_reduce(l, x);
    let tail = asin_tail(l, s, z);
    let (half, half_low) = parts(l, &HALF_PI);
    let (pi, pi_low) = parts(l, &PI);
    let zero = l.constant(0.0);
    // |x| <= 1/2: pi/2 - (x + tail), the sign of x on both.
    let sign = l.sign_of(x);
    let (signed, signed_tail) = (l.xor(s, sign), l.xor(tail, sign));
    let d = l.sub(half, signed);
    let lost = l.sub(half, d);
    let lost = l.sub(lost, signed);
    let low = l.add(lost, half_low);
    let low = l.sub(low, signed_tail);
    let middle = l.add(d, low);
    // Above: 2 (s + tail), from pi on the negative side.
    let error = root_error(l, s, z);
    let sum_tail = l.add(tail, error);
    let base = l.select(x, pi, zero);
    let base_low = l.select(x, pi_low, zero);
    let two = l.constant(2.0);
    let (s2, tail2) = (l.mul(s, two), l.mul(sum_tail, two));
    let (s2, tail2) = (l.xor(s2, sign), l.xor(tail2, sign));
    let low = l.add(base_low, tail2);
    let wide = fast_sum(l, base, s2);
    let low = l.add(low, wide.lo);
    let outer = l.add(wide.hi, low);
    l.select(large, outer, middle)
}
