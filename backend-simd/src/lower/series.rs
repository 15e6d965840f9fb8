//! Polynomials that are geometric series but for one term.
//!
//! `1 + y + y^2 + .. + y^(2^m - 1) = (1 + y)(1 + y^2)(1 + y^4)..`: of `m` squares and `m - 1`
//! products, where Horner's scheme takes `2^m - 1` fused operations. The sums go to adders that are
//! idle otherwise. No power is larger than the result's largest term, so nothing overflows earlier.

use super::algebra::Algebra;
use vecmath::{Id, Lanes, Op};

/// Terms from which on the products are fewer than the steps of Horner's scheme.
const LEAST: usize = 8;

/// A series `first (1 + y + ..)` of `y = ratio x`, and what its coefficient of `x^at` lacks.
struct Series {
    first: f64,
    ratio: f64,
    at: usize,
    rest: f64,
}

/// The series that coefficients are, but for the constant or the linear one.
fn as_series(c: &[f64]) -> Option<Series> {
    if c.len() < LEAST || !c.len().is_power_of_two() {
        return None;
    }
    let ratio = c[c.len() - 1] / c[c.len() - 2];
    let first = c[2] / (ratio * ratio);
    let mut term = first;
    let mut rest = None;
    for (k, c) in c.iter().enumerate() {
        // As good as equal: what rounding makes of a ratio.
        if (term - c).abs() > c.abs() * 1e-15 && rest.replace((k, c - term)).is_some() {
            return None;
        }
        term *= ratio;
    }
    let (at, rest) = rest.unwrap_or((0, 0.0));
    (at < 2 && first.is_finite() && ratio.is_finite()).then_some(Series { first, ratio, at, rest })
}

impl Algebra {
    /// A polynomial as the product that a geometric series is, if it is one.
    pub(super) fn geometric_series(&mut self, x: Id, coefficients: &[f64]) -> Option<Id> {
        let Series { first, ratio, at, rest } = as_series(coefficients)?;
        let one = self.constant(1.0);
        let ratio = self.constant(ratio);
        let mut power = self.lanes().op(Op::Mul, &[x, ratio]);
        let mut product = if first == 1.0 {
            self.lanes().add(power, one)
        } else {
            let first = self.constant(first);
            self.lanes().fma(power, first, first)
        };
        let steps = coefficients.len().trailing_zeros();
        for step in 1..steps {
            power = self.lanes().mul(power, power);
            let factor = self.lanes().add(power, one);
            product = if step + 1 < steps || rest == 0.0 {
                self.lanes().mul(product, factor)
            } else {
                let constant = self.constant(rest);
                let rest = match at {
                    0 => constant,
                    _ if rest == 1.0 => x,
                    _ => self.lanes().mul(x, constant),
                };
                self.lanes().fma(product, factor, rest)
            };
        }
        Some(product)
    }
}
