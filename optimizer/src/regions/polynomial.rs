//! Integer polynomials in the number of an iteration, which is what counters, their products and
//! sums of both are.
//!
//! `p(k) = sum of c_j * C(k, j)`: with binomial coefficients as the basis, the sum of `p` over the
//! iterations before `k` is a shift of its coefficients, because `C(0, j) + .. + C(k - 1, j)` is
//! `C(k, j + 1)` (Graham, Knuth, Patashnik: Concrete Mathematics, section 2.6 and equation 5.10).
//! Coefficients are integers modulo 2^64, so that everything here is exact whatever wraps.

use egraph_core::EClassId;
use std::collections::BTreeMap;

/// Highest degree of a polynomial. One less is summed.
pub(super) const MAX_DEGREE: usize = 5;
/// Products of values that a coefficient is a sum of, all coefficients together.
const MAX_PRODUCTS: usize = 24;
/// Values in one product.
const MAX_FACTORS: usize = 4;

/// A sum of products of values: each with the number that it is multiplied by, modulo 2^64.
pub(super) type Coefficient = BTreeMap<Vec<EClassId>, i64>;

/// A polynomial in the number of an iteration, counted from zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Polynomial {
    /// What binomial coefficients are multiplied by, from `C(k, 0)` on. The last one is not zero.
    coefficients: Vec<Coefficient>,
}

impl Polynomial {
    /// The same number in every iteration.
    pub(super) fn number(value: i64) -> Polynomial {
        Polynomial::of(vec![BTreeMap::from([(Vec::new(), value)])])
    }

    /// The same value in every iteration.
    pub(super) fn value(class: EClassId) -> Polynomial {
        Polynomial::of(vec![BTreeMap::from([(vec![class], 1)])])
    }

    fn of(mut coefficients: Vec<Coefficient>) -> Polynomial {
        for coefficient in &mut coefficients {
            coefficient.retain(|_, number| *number != 0);
        }
        while coefficients.last().is_some_and(Coefficient::is_empty) {
            coefficients.pop();
        }
        Polynomial { coefficients }
    }

    /// What binomial coefficients are multiplied by, from `C(k, 0)` on.
    pub(super) fn coefficients(&self) -> &[Coefficient] {
        &self.coefficients
    }

    /// The degree; that of zero is zero.
    pub(super) fn degree(&self) -> usize {
        self.coefficients.len().saturating_sub(1)
    }

    /// Whether it is small enough to be worth computing.
    fn small(self) -> Option<Polynomial> {
        let products: usize = self.coefficients.iter().map(Coefficient::len).sum();
        let small = self.degree() <= MAX_DEGREE && products <= MAX_PRODUCTS;
        small.then_some(self)
    }

    /// `self + number * other`.
    pub(super) fn plus(&self, other: &Polynomial, number: i64) -> Option<Polynomial> {
        let mut sum = self.coefficients.clone();
        sum.resize(sum.len().max(other.coefficients.len()), Coefficient::new());
        for (into, from) in sum.iter_mut().zip(&other.coefficients) {
            add(into, from, number);
        }
        Polynomial::of(sum).small()
    }

    /// `self * other`, by `C(k, i) * C(k, j) = sum of m! / ((m-i)! (m-j)! (i+j-m)!) * C(k, m)`.
    pub(super) fn times(&self, other: &Polynomial) -> Option<Polynomial> {
        if self.degree() + other.degree() > MAX_DEGREE {
            return None;
        }
        let mut product = vec![Coefficient::new(); MAX_DEGREE + 1];
        for (i, a) in self.coefficients.iter().enumerate() {
            for (j, b) in other.coefficients.iter().enumerate() {
                let both = multiply(a, b)?;
                let low = i.max(j);
                for (above, into) in product[low..=i + j].iter_mut().enumerate() {
                    let m = low + above;
                    let apart = factorial(m - i) * factorial(m - j) * factorial(i + j - m);
                    add(into, &both, factorial(m) / apart);
                }
            }
        }
        Polynomial::of(product).small()
    }

    /// The sum of `self` over the iterations before each.
    pub(super) fn summed(mut self) -> Option<Polynomial> {
        self.coefficients.insert(0, Coefficient::new());
        Polynomial::of(self.coefficients).small()
    }
}

fn add(into: &mut Coefficient, from: &Coefficient, number: i64) {
    for (factors, own) in from {
        let sum = into.entry(factors.clone()).or_default();
        *sum = sum.wrapping_add(own.wrapping_mul(number));
    }
}

fn multiply(a: &Coefficient, b: &Coefficient) -> Option<Coefficient> {
    let mut product = Coefficient::new();
    for (x, m) in a {
        for (y, n) in b {
            let mut factors = [&x[..], &y[..]].concat();
            if factors.len() > MAX_FACTORS {
                return None;
            }
            factors.sort_unstable();
            let sum = product.entry(factors).or_default();
            *sum = sum.wrapping_add(m.wrapping_mul(*n));
        }
    }
    Some(product)
}

fn factorial(n: usize) -> i64 {
    (1..=n as i64).product()
}

/// The inverse of an odd number modulo 2^64, by Newton's iteration: each step doubles the bits that
/// are right, and an odd number is its own inverse modulo 8.
pub(super) fn inverse(odd: i64) -> i64 {
    let mut inverse = odd;
    for _ in 0..5 {
        inverse = inverse.wrapping_mul(2i64.wrapping_sub(odd.wrapping_mul(inverse)));
    }
    inverse
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The value in iteration `k`, where the only value is `x`.
    fn at(polynomial: &Polynomial, k: i64, x: i64) -> i64 {
        let mut total = 0i64;
        let mut binomial = 1i128;
        for (j, coefficient) in polynomial.coefficients().iter().enumerate() {
            for (factors, number) in coefficient {
                let product = factors.iter().fold(*number, |p, _| p.wrapping_mul(x));
                total = total.wrapping_add(product.wrapping_mul(binomial as i64));
            }
            binomial = binomial * (i128::from(k) - j as i128) / (j as i128 + 1);
        }
        total
    }

    fn counter() -> Polynomial {
        Polynomial::number(1).summed().expect("it is small")
    }

    #[test]
    fn arithmetic_is_that_of_the_values() {
        let x = Polynomial::value(EClassId::from_index(7));
        let line = x.plus(&counter(), -3).expect("it is small");
        let square = line.times(&line).expect("it is small");
        let quartic = square.times(&square).expect("it is small");
        let sum = quartic.clone().summed().expect("it is small");
        assert_eq!((line.degree(), quartic.degree(), sum.degree()), (1, 4, 5));
        for x in [0, 1, -5, i64::MAX] {
            let mut total = 0i64;
            for k in 0..9 {
                let value = x.wrapping_sub(3 * k);
                assert_eq!(at(&line, k, x), value);
                assert_eq!(at(&quartic, k, x), value.wrapping_pow(4));
                assert_eq!(at(&sum, k, x), total);
                total = total.wrapping_add(value.wrapping_pow(4));
            }
        }
    }

    #[test]
    fn what_cancels_is_gone_and_what_is_large_is_refused() {
        let line = counter();
        let none = line.plus(&line, -1).expect("it is small");
        assert_eq!((none.coefficients().len(), none.degree()), (0, 0));
        let square = line.times(&line).expect("it is small");
        let quartic = square.times(&square).expect("it is small");
        assert!(quartic.times(&square).is_none());
        assert!(quartic.summed().and_then(Polynomial::summed).is_none());
    }

    #[test]
    fn inverses_are_inverses() {
        for odd in [1, 3, 5, -7, i64::MAX, 0x1234_5678_9abc_def1] {
            assert_eq!(odd.wrapping_mul(inverse(odd)), 1);
        }
    }
}
