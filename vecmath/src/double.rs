//! Sums of two numbers, the second below half a unit of the first: twice the precision.
//!
//! Source of the algorithms: J.-M. Muller et al., Handbook of Floating-Point Arithmetic, 2nd
//! edition, sections 4.3, 4.4 and 14.1.

use crate::lanes::Lanes;

/// `hi + lo`, unevaluated.
#[derive(Clone, Copy)]
pub(crate) struct Double<V> {
    pub(crate) hi: V,
    pub(crate) lo: V,
}

/// `a + b` exactly, if `|a| >= |b|` or `a` is 0.
pub(crate) fn fast_sum<L: Lanes>(l: &mut L, a: L::V, b: L::V) -> Double<L::V> {
    let hi = l.add(a, b);
    let rest = l.sub(hi, a);
    let lo = l.sub(b, rest);
    Double { hi, lo }
}

/// `a + b` exactly.
pub(crate) fn sum<L: Lanes>(l: &mut L, a: L::V, b: L::V) -> Double<L::V> {
    let hi = l.add(a, b);
    let b1 = l.sub(hi, a);
    let a1 = l.sub(hi, b1);
    let (da, db) = (l.sub(a, a1), l.sub(b, b1));
    let lo = l.add(da, db);
    Double { hi, lo }
}

/// `a * b` exactly, underflow aside.
pub(crate) fn product<L: Lanes>(l: &mut L, a: L::V, b: L::V) -> Double<L::V> {
    let hi = l.mul(a, b);
    let lo = l.fms(a, b, hi);
    Double { hi, lo }
}

/// `a * b` of two sums.
pub(crate) fn mul<L: Lanes>(l: &mut L, a: Double<L::V>, b: Double<L::V>) -> Double<L::V> {
    let p = product(l, a.hi, b.hi);
    let cross = l.fma(a.hi, b.lo, p.lo);
    let cross = l.fma(a.lo, b.hi, cross);
    fast_sum(l, p.hi, cross)
}

/// `a + b` of two sums, if `|a| >= |b|` or `a` is 0.
pub(crate) fn fast_add<L: Lanes>(l: &mut L, a: Double<L::V>, b: Double<L::V>) -> Double<L::V> {
    let s = fast_sum(l, a.hi, b.hi);
    let low = l.add(a.lo, b.lo);
    let low = l.add(s.lo, low);
    fast_sum(l, s.hi, low)
}
