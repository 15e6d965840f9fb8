//! Closed intervals with outward rounding: what is known about a value's range.
//!
//! Every operation returns an interval that contains the result of the *floating-point* (or
//! wrapping integer) operation for all operands in the given intervals. Bounds computed in floating
//! point are moved one representable number outwards; rounding to nearest is monotone, so one step
//! is enough for the basic operations. Library functions are moved by [`LIBM_STEPS`].
//!
//! Source of the arithmetic: Moore, Kearfott, Cloud, "Introduction to Interval Analysis",
//! chapter 2.

use std::ops::{Add, Div, Mul, Neg, Sub};

/// Representable numbers by which a bound that comes from the C library is moved outwards. The
/// errors that glibc documents for its binary64 functions are at most 4 ulp.
pub const LIBM_STEPS: u32 = 8;

/// A range of floats, infinities included, and whether NaN is possible.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Floats {
    /// Lower bound, not NaN.
    pub lo: f64,
    /// Upper bound, not NaN. Below `lo` if no number is possible.
    pub hi: f64,
    /// Whether the value may be NaN.
    pub nan: bool,
}

/// A range of integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ints {
    /// Lower bound.
    pub lo: i64,
    /// Upper bound.
    pub hi: i64,
}

impl Floats {
    /// Every float.
    pub const ANY: Floats = Floats { lo: f64::NEG_INFINITY, hi: f64::INFINITY, nan: true };

    /// The numbers from `lo` to `hi`.
    pub fn new(lo: f64, hi: f64) -> Floats {
        Floats { lo, hi, nan: false }
    }

    /// One float; for NaN, no number.
    pub fn point(value: f64) -> Floats {
        if value.is_nan() {
            Floats { lo: f64::INFINITY, hi: f64::NEG_INFINITY, nan: true }
        } else {
            Floats::new(value, value)
        }
    }

    /// Whether every possible value is a finite number.
    pub fn is_finite(self) -> bool {
        !self.nan && self.lo.is_finite() && self.hi.is_finite()
    }

    /// The largest magnitude, infinite if NaN is possible.
    pub fn magnitude(self) -> f64 {
        if self.nan { f64::INFINITY } else { self.lo.abs().max(self.hi.abs()) }
    }

    /// Whether zero of either sign is possible.
    pub fn contains_zero(self) -> bool {
        self.lo <= 0.0 && self.hi >= 0.0
    }

    /// The smallest magnitude of a possible number.
    pub fn mignitude(self) -> f64 {
        if self.contains_zero() { 0.0 } else { self.lo.abs().min(self.hi.abs()) }
    }

    /// What both ranges allow.
    pub fn intersect(self, other: Floats) -> Floats {
        Floats { lo: self.lo.max(other.lo), hi: self.hi.min(other.hi), nan: self.nan && other.nan }
    }

    /// What either range allows.
    pub fn hull(self, other: Floats) -> Floats {
        Floats { lo: self.lo.min(other.lo), hi: self.hi.max(other.hi), nan: self.nan || other.nan }
    }

    /// From computed bounds, moved outwards. A NaN bound means that nothing is known.
    fn outward(lo: f64, hi: f64, steps: u32, nan: bool) -> Floats {
        if lo.is_nan() || hi.is_nan() {
            return Floats::ANY;
        }
        Floats { lo: down(lo, steps), hi: up(hi, steps), nan }
    }

    /// Undoes outward rounding below zero where the exact result cannot be negative.
    fn at_least_zero_if(self, known: bool) -> Floats {
        if known { Floats { lo: self.lo.max(0.0), ..self } } else { self }
    }

    fn corners(values: [f64; 4], nan: bool) -> Floats {
        if values.iter().any(|x| x.is_nan()) {
            return Floats::ANY;
        }
        let lo = values.iter().copied().fold(f64::INFINITY, f64::min);
        let hi = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        Floats::outward(lo, hi, 1, nan)
    }

    /// `abs(a)`
    pub fn abs(self) -> Floats {
        Floats { lo: self.mignitude(), hi: self.lo.abs().max(self.hi.abs()), nan: self.nan }
    }

    /// Python's `min(a, b)`; NaN in either may give either operand.
    pub fn min(self, b: Floats) -> Floats {
        if self.nan || b.nan {
            return self.hull(b);
        }
        Floats::new(self.lo.min(b.lo), self.hi.min(b.hi))
    }

    /// Python's `max(a, b)`.
    pub fn max(self, b: Floats) -> Floats {
        if self.nan || b.nan {
            return self.hull(b);
        }
        Floats::new(self.lo.max(b.lo), self.hi.max(b.hi))
    }

    /// A function that does not decrease, evaluated by the C library, with the range of its values.
    pub fn monotone(self, f: impl Fn(f64) -> f64, image: (f64, f64)) -> Floats {
        let range = Floats::outward(f(self.lo), f(self.hi), LIBM_STEPS, self.nan);
        Floats { lo: range.lo.max(image.0), hi: range.hi.min(image.1), nan: range.nan }
    }

    /// `a ** n` for a whole `n >= 1`.
    pub fn power(self, n: u32) -> Floats {
        let f = |x: f64| x.powf(f64::from(n));
        if n % 2 == 1 {
            return self.monotone(f, (f64::NEG_INFINITY, f64::INFINITY));
        }
        self.abs().monotone(f, (0.0, f64::INFINITY))
    }
}

impl Add for Floats {
    type Output = Floats;

    fn add(self, b: Floats) -> Floats {
        let clash = (self.lo == f64::NEG_INFINITY && b.hi == f64::INFINITY)
            || (self.hi == f64::INFINITY && b.lo == f64::NEG_INFINITY);
        if clash {
            return Floats::ANY;
        }
        let sum = Floats::outward(self.lo + b.lo, self.hi + b.hi, 1, self.nan || b.nan);
        sum.at_least_zero_if(self.lo >= 0.0 && b.lo >= 0.0)
    }
}

impl Sub for Floats {
    type Output = Floats;

    fn sub(self, b: Floats) -> Floats {
        self + (-b)
    }
}

impl Mul for Floats {
    type Output = Floats;

    fn mul(self, b: Floats) -> Floats {
        let infinite = |r: Floats| r.lo.is_infinite() || r.hi.is_infinite();
        if (infinite(self) && b.contains_zero()) || (infinite(b) && self.contains_zero()) {
            return Floats::ANY;
        }
        let products = [self.lo * b.lo, self.lo * b.hi, self.hi * b.lo, self.hi * b.hi];
        let product = Floats::corners(products, self.nan || b.nan);
        product.at_least_zero_if(self.lo >= 0.0 && b.lo >= 0.0)
    }
}

impl Div for Floats {
    type Output = Floats;

    fn div(self, b: Floats) -> Floats {
        let infinite = |r: Floats| r.lo.is_infinite() || r.hi.is_infinite();
        if b.contains_zero() || (infinite(self) && infinite(b)) {
            return Floats::ANY;
        }
        let quotients = [self.lo / b.lo, self.lo / b.hi, self.hi / b.lo, self.hi / b.hi];
        Floats::corners(quotients, self.nan || b.nan)
    }
}

impl Neg for Floats {
    type Output = Floats;

    fn neg(self) -> Floats {
        Floats { lo: -self.hi, hi: -self.lo, nan: self.nan }
    }
}

/// The next representable number above, `steps` times.
pub fn up(mut x: f64, steps: u32) -> f64 {
    for _ in 0..steps {
        x = x.next_up();
    }
    x
}

/// The next representable number below, `steps` times.
pub fn down(mut x: f64, steps: u32) -> f64 {
    for _ in 0..steps {
        x = x.next_down();
    }
    x
}

impl Ints {
    /// Every 64-bit integer.
    pub const ANY: Ints = Ints { lo: i64::MIN, hi: i64::MAX };
    /// Every 32-bit integer.
    pub const ANY32: Ints = Ints { lo: i32::MIN as i64, hi: i32::MAX as i64 };

    /// The integers from `lo` to `hi`.
    pub fn new(lo: i64, hi: i64) -> Ints {
        Ints { lo, hi }
    }

    /// One integer.
    pub fn point(value: i64) -> Ints {
        Ints { lo: value, hi: value }
    }

    /// What both ranges allow; `lo > hi` if nothing.
    pub fn intersect(self, other: Ints) -> Ints {
        Ints { lo: self.lo.max(other.lo), hi: self.hi.min(other.hi) }
    }

    /// What either range allows.
    pub fn hull(self, other: Ints) -> Ints {
        Ints { lo: self.lo.min(other.lo), hi: self.hi.max(other.hi) }
    }

    /// Exact bounds if they fit `within`, else `within`: the operation may have wrapped.
    fn exact(lo: i128, hi: i128, within: Ints) -> Ints {
        if lo >= i128::from(within.lo) && hi <= i128::from(within.hi) {
            Ints { lo: lo as i64, hi: hi as i64 }
        } else {
            within
        }
    }

    /// `a + b`, for operands of the width whose range is `within`.
    pub fn add(self, b: Ints, within: Ints) -> Ints {
        let sum = |x: i64, y: i64| i128::from(x) + i128::from(y);
        Ints::exact(sum(self.lo, b.lo), sum(self.hi, b.hi), within)
    }

    /// `a - b`
    pub fn sub(self, b: Ints, within: Ints) -> Ints {
        let difference = |x: i64, y: i64| i128::from(x) - i128::from(y);
        Ints::exact(difference(self.lo, b.hi), difference(self.hi, b.lo), within)
    }

    /// `a * b`
    pub fn mul(self, b: Ints, within: Ints) -> Ints {
        let product = |x: i64, y: i64| i128::from(x) * i128::from(y);
        let corners = [
            product(self.lo, b.lo),
            product(self.lo, b.hi),
            product(self.hi, b.lo),
            product(self.hi, b.hi),
        ];
        let lo = corners.into_iter().fold(i128::MAX, i128::min);
        let hi = corners.into_iter().fold(i128::MIN, i128::max);
        Ints::exact(lo, hi, within)
    }

    /// `a % b`, with the sign of the divisor.
    pub fn modulo(self, b: Ints, within: Ints) -> Ints {
        if b.hi < b.lo {
            return within;
        }
        if b.lo > 0 {
            let small = self.lo >= 0 && self.hi < b.lo;
            return if small { self } else { Ints::new(0, b.hi - 1) };
        }
        if b.hi < 0 {
            return Ints::new(b.lo + 1, 0);
        }
        within
    }

    /// `a // b`, for a divisor that is known to be positive.
    pub fn floor_div(self, b: Ints, within: Ints) -> Ints {
        if b.lo <= 0 || b.hi < b.lo {
            return within;
        }
        let q = |x: i64, y: i64| x.div_euclid(y);
        let corners = [q(self.lo, b.lo), q(self.lo, b.hi), q(self.hi, b.lo), q(self.hi, b.hi)];
        Ints {
            lo: corners.into_iter().fold(i64::MAX, i64::min),
            hi: corners.into_iter().fold(i64::MIN, i64::max),
        }
    }

    /// The exact conversion to floats, moved outwards.
    pub fn to_floats(self) -> Floats {
        Floats::outward(self.lo as f64, self.hi as f64, 1, false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inside(range: Floats, x: f64) -> bool {
        if x.is_nan() { range.nan } else { range.lo <= x && x <= range.hi }
    }

    #[test]
    fn float_operations_contain_every_sampled_result() {
        let points = [-1e300, -2.5, -1.0, -0.0, 0.0, 1e-300, 0.1, 1.0, 3.0, 1e300, f64::INFINITY];
        let ranges: Vec<Floats> = points
            .iter()
            .flat_map(|lo| points.iter().map(move |hi| (*lo, *hi)))
            .filter(|(lo, hi)| lo <= hi)
            .map(|(lo, hi)| Floats::new(lo, hi))
            .collect();
        for a in &ranges {
            for b in &ranges {
                for x in points.iter().filter(|x| inside(*a, **x)) {
                    for y in points.iter().filter(|y| inside(*b, **y)) {
                        assert!(inside(*a + *b, x + y), "{a:?} + {b:?} at {x}, {y}");
                        assert!(inside(*a - *b, x - y), "{a:?} - {b:?} at {x}, {y}");
                        assert!(inside(*a * *b, x * y), "{a:?} * {b:?} at {x}, {y}");
                        assert!(inside(*a / *b, x / y), "{a:?} / {b:?} at {x}, {y}");
                    }
                    assert!(inside(a.abs(), x.abs()));
                    assert!(inside(a.power(3), x.powf(3.0)));
                    assert!(inside(a.power(2), x.powf(2.0)));
                }
            }
        }
    }

    #[test]
    fn integer_operations_contain_every_result_of_small_ranges() {
        let within = Ints::ANY;
        for (alo, ahi) in [(-7, 5), (0, 3), (-4, -2), (i64::MAX - 1, i64::MAX)] {
            for (blo, bhi) in [(1, 4), (-3, -1), (-2, 2), (7, 7)] {
                let (a, b) = (Ints::new(alo, ahi), Ints::new(blo, bhi));
                for x in alo..=ahi {
                    for y in blo..=bhi {
                        let ok = |r: Ints, v: i64| r.lo <= v && v <= r.hi;
                        assert!(ok(a.add(b, within), x.wrapping_add(y)));
                        assert!(ok(a.sub(b, within), x.wrapping_sub(y)));
                        assert!(ok(a.mul(b, within), x.wrapping_mul(y)));
                        if y != 0 {
                            assert!(ok(a.modulo(b, within), rvsdg::scalar::int_mod(x, y)));
                            assert!(ok(a.floor_div(b, within), rvsdg::scalar::int_floor_div(x, y)));
                        }
                    }
                }
            }
        }
    }
}
