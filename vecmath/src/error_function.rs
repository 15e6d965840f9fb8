//! The error function, its complement, and the normal distribution.
//!
//! Beyond a polynomial near 0, `erfc(y) = e^(-y^2) P(t) / (1 + 2 y)` with `t = (y - k)/(y + k)`:
//! `P` is smooth on the whole half-line. The rounding error of `y^2` is fed back, which an
//! exponential would blow up. Form of the quotient: M. M. Shepherd and J. G. Laframboise,
//! "Chebyshev approximation of (1 + 2x) exp(x^2) erfc x", Mathematics of Computation 36, 1981.

use crate::coefficients::{ERF, ERF_TAIL, ERFC, PHI};
use crate::double::{Double, fast_sum, product};
use crate::exponential::{exp_reduced, reduce, scale, scale_normal};
use crate::lanes::{Lanes, Width};

/// The error function.
pub fn erf<L: Lanes>(l: &mut L, x: L::V) -> L::V {
    let (end, k) = if l.width() == Width::F64 { (6.0, 2.5) } else { (4.0, 2.0) };
    let a = l.abs(x);
    let z = l.mul(a, a);
    let p = l.poly_split(z, &ERF);
    let near = l.fma(a, p, a);

    let (end, k) = (l.constant(end), l.constant(k));
    let (one, two) = (l.constant(1.0), l.constant(2.0));
    let y = l.min(end, a);
    let square = l.mul(y, y);
    let negative = l.neg(square);
    let lost = l.fms(y, y, square);
    let reduced = reduce(l, negative, 0.0);
    let r = l.sub(reduced.r, lost);
    let tail = exp_reduced(l, r);
    let e = scale_normal(l, tail, reduced.shifted);
    let (numerator, denominator) = (l.sub(y, k), l.add(y, k));
    let weight = l.fma(y, two, one);
    let both = l.mul(denominator, weight);
    let inverse = l.div(one, both);
    let t = l.mul(numerator, inverse);
    let t = l.mul(t, weight);
    let w = l.mul(inverse, denominator);
    let p = l.poly_split(t, &ERF_TAIL);
    let q = l.mul(p, w);
    let far = l.nfma(e, q, one);

    let small = l.lt(a, one);
    let y = l.select(small, near, far);
    l.with_sign(y, x)
}

/// `erfc(y)` for `y >= 1/2`, `y` being a sum of two numbers.
fn erfc_far<L: Lanes>(l: &mut L, y: Double<L::V>) -> L::V {
    let k = if l.width() == Width::F64 { 4.0 } else { 2.0 };
    let (k, one, two) = (l.constant(k), l.constant(1.0), l.constant(2.0));
    let (numerator, denominator) = (l.sub(y.hi, k), l.add(y.hi, k));
    // 1 + 2 y as a sum; the larger part is 2 y.
    let twice = l.mul(y.hi, two);
    let weight = fast_sum(l, twice, one);
    let weight_low = l.fma(y.lo, two, weight.lo);
    let both = l.mul(denominator, weight.hi);
    let inverse = l.div(one, both);
    let t = l.mul(numerator, inverse);
    let t = l.mul(t, weight.hi);
    let w = l.mul(inverse, denominator);

    // P as a sum: its first coefficient and the rest.
    let c = ERFC.of(l.width());
    let (first, rest) = c.split_first().expect("a polynomial has a coefficient");
    let (last, inner) = rest.split_last().expect("a polynomial has two coefficients");
    let mut q = l.constant(*last);
    for k in inner.iter().rev() {
        let k = l.constant(*k);
        q = l.fma(q, t, k);
    }
    let tq = l.mul(t, q);
    let first = l.constant(*first);
    let p = fast_sum(l, first, tq);

    // e^(-y^2) / 2^n as a sum.
    let square = product(l, y.hi, y.hi);
    let square_low = l.fma(twice, y.lo, square.lo);
    let negative = l.neg(square.hi);
    let reduced = reduce_double(l, negative, square_low);
    let value = l.poly_split(reduced.r.hi, &crate::coefficients::EXP_LONG);
    let r2 = l.mul(reduced.r.hi, reduced.r.hi);
    let tail = l.fma(r2, value, reduced.r.lo);
    let e = fast_sum(l, one, reduced.r.hi);
    let low = l.add(e.lo, tail);
    let e = fast_sum(l, e.hi, low);

    // e p / weight, one rounding that counts.
    let ep = crate::double::mul(l, e, p);
    let quotient = l.mul(ep.hi, w);
    let rest = l.nfma(quotient, weight.hi, ep.hi);
    let rest = l.add(rest, ep.lo);
    let rest = l.nfma(quotient, weight_low, rest);
    let y = l.fma(rest, w, quotient);
    scale(l, y, reduced.n)
}

struct ReducedDouble<V> {
    n: V,
    r: Double<V>,
}

/// `x - minus_low = n ln 2 + r` with `r` as a sum of two numbers.
fn reduce_double<L: Lanes>(l: &mut L, x: L::V, minus_low: L::V) -> ReducedDouble<L::V> {
    let width = l.width();
    let magic = l.constant(width.format().magic);
    let log2_e = l.constant(std::f64::consts::LOG2_E);
    let shifted = l.fma(x, log2_e, magic);
    let n = l.sub(shifted, magic);
    let parts = crate::coefficients::LN2.of(width);
    let (p1, p2) = (l.constant(parts[0]), l.constant(parts[1]));
    let exact = l.nfma(n, p1, x);
    let hi = l.nfma(n, p2, exact);
    let rest = l.sub(exact, hi);
    let lo = l.nfma(n, p2, rest);
    let lo = l.sub(lo, minus_low);
    ReducedDouble { n, r: fast_sum(l, hi, lo) }
}

/// `erfc` of a sum of two numbers.
fn erfc_double<L: Lanes>(l: &mut L, x: Double<L::V>) -> L::V {
    let sign = l.sign_of(x.hi);
    let a = l.abs(x.hi);
    let a_low = l.xor(x.lo, sign);
    let (half, one) = (l.constant(0.5), l.constant(1.0));
    let two = l.constant(2.0);
    let end = l.constant(if l.width() == Width::F64 { 27.3 } else { 10.1 });
    // Near: 1 - |x| - |x| p, signs of x.
    let z = l.mul(a, a);
    let p = l.poly(z, &ERF);
    let s = l.sub(one, x.hi);
    let lost = l.sub(one, s);
    let lost = l.sub(lost, x.hi);
    let low = l.nfma(x.hi, p, lost);
    // The slope of erf near 0, closely enough, for the low part.
    let slope = l.add(p, one);
    let low = l.nfma(x.lo, slope, low);
    let near = l.add(s, low);

    let inside = l.lt(a, end);
    let capped = l.min(end, a);
    let floor = l.max(half, capped);
    let unchanged = l.eq(floor, a);
    let y_low = l.and(unchanged, a_low);
    let y_low = l.and(inside, y_low);
    let far = erfc_far(l, Double { hi: floor, lo: y_low });
    let reflected = l.sub(two, far);
    let far = l.select(x.hi, reflected, far);
    let small = l.lt(a, half);
    let y = l.select(small, near, far);
    let ordered = l.eq(x.hi, x.hi);
    l.select(ordered, y, x.hi)
}

/// The complementary error function, `1 - erf(x)`.
pub fn erfc<L: Lanes>(l: &mut L, x: L::V) -> L::V {
    let zero = l.constant(0.0);
    erfc_double(l, Double { hi: x, lo: zero })
}

/// The cumulative distribution function of the normal distribution, to 6 units in the last place.
pub fn normal_cdf<L: Lanes>(l: &mut L, x: L::V) -> L::V {
    let (end, k, bias) = match l.width() {
        Width::F64 => (38.6, 6.0, 128.0),
        Width::F32 => (14.3, 3.0, 32.0),
    };
    let a = l.abs(x);
    let (end, k, one) = (l.constant(end), l.constant(k), l.constant(1.0));
    let y = l.min(end, a);
    let (numerator, denominator) = (l.sub(y, k), l.add(y, k));
    let weight = l.add(y, one);
    let both = l.mul(denominator, weight);
    let inverse = l.div(one, both);
    let t = l.mul(numerator, inverse);
    let t = l.mul(t, weight);
    let w = l.mul(inverse, denominator);
    let p = l.poly_split(t, &PHI);

    let half = l.constant(-0.5);
    let scaled = l.mul(y, half);
    let exponent = l.mul(scaled, y);
    let lost = l.fms(scaled, y, exponent);
    // 2^bias above its value, so that it stays normal: the last product brings it down.
    let reduced = reduce(l, exponent, bias);
    let r = l.add(reduced.r, lost);
    let tail = exp_reduced(l, r);
    let e = scale_normal(l, tail, reduced.shifted);
    let down = l.constant((-bias).exp2());
    let w = l.mul(w, down);
    let pw = l.mul(p, w);
    let tail = l.mul(e, pw);
    let rest = l.sub(one, tail);
    // A zero of either sign gives one half both ways.
    l.select(x, tail, rest)
}

/// [`normal_cdf`] to 2 units in the last place, at about twice the cost.
pub fn normal_cdf_precise<L: Lanes>(l: &mut L, x: L::V) -> L::V {
    let parts = crate::coefficients::SQRT_HALF.of(l.width());
    let (high, low) = (l.constant(-parts[0]), l.constant(-parts[1]));
    // Beyond this the answer is 0 or 1 and the product need not be exact.
    let end = if l.width() == Width::F64 { 40.0 } else { 15.0 };
    let inside = crate::exponential::clamp(l, x, -end, end);
    let scaled = product(l, inside, high);
    let tail = l.fma(inside, low, scaled.lo);
    let d = fast_sum(l, scaled.hi, tail);
    let y = erfc_double(l, d);
    let half = l.constant(0.5);
    l.mul(y, half)
}
