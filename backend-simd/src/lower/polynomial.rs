//! Sums of multiples of powers of one value, kept as coefficients until they are needed, and then
//! laid out by Horner's scheme: in the square if all powers are odd or all are even.

use super::algebra::Algebra;
use vecmath::{Id, Lanes, Op};

/// `c[0] + c[1] x + ..` of a node `x`; none if it is a constant.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Polynomial {
    variable: Option<Id>,
    coefficients: Vec<f64>,
}

/// Degrees beyond which a value is a variable of its own.
const MOST: usize = 32;
/// Ways of seeing one node that are kept.
const VIEWS: usize = 4;

impl Polynomial {
    fn terms(&self) -> usize {
        self.coefficients.iter().filter(|c| **c != 0.0).count()
    }

    fn is_monomial(&self) -> bool {
        self.terms() <= 1
    }

    fn degree(&self) -> usize {
        self.coefficients.len() - 1
    }

    /// Whether both are polynomials of one variable; a constant is one of any.
    fn is_alike(&self, other: &Polynomial) -> bool {
        let (x, y) = (self.variable, other.variable);
        x == y || x.is_none() || y.is_none()
    }
}

impl Algebra {
    /// What a node is as a polynomial: one of itself, and those that were noted.
    fn views(&self, id: Id) -> Vec<Polynomial> {
        if let Some(c) = self.as_constant(id) {
            return vec![Polynomial { variable: None, coefficients: vec![c] }];
        }
        let mut views = vec![Polynomial { variable: Some(id), coefficients: vec![0.0, 1.0] }];
        views.extend(self.polynomials.get(&id).into_iter().flatten().cloned());
        views
    }

    fn note(&mut self, id: Id, view: Polynomial) {
        let views = self.polynomials.entry(id).or_default();
        if views.len() < VIEWS && view.variable != Some(id) && !views.contains(&view) {
            views.push(view);
        }
    }

    /// Remembers a product of powers, and returns it.
    pub(super) fn note_product(&mut self, a: Id, b: Id, product: Id) -> Id {
        for p in self.views(a) {
            for q in self.views(b) {
                let small = p.degree() + q.degree() <= MOST;
                if !(p.is_monomial() && q.is_monomial() && p.is_alike(&q) && small) {
                    continue;
                }
                let mut coefficients = vec![0.0; p.degree() + q.degree() + 1];
                for (i, a) in p.coefficients.iter().enumerate() {
                    for (j, b) in q.coefficients.iter().enumerate() {
                        coefficients[i + j] += a * b;
                    }
                }
                self.note(
                    product,
                    Polynomial { variable: p.variable.or(q.variable), coefficients },
                );
            }
        }
        product
    }

    /// `a + sign b` by Horner's scheme, if that is a polynomial worth it; else whatever `plain`
    /// makes of it.
    pub(super) fn sum_of_powers(
        &mut self,
        a: Id,
        b: Id,
        sign: f64,
        plain: impl FnOnce(&mut Algebra) -> Id,
    ) -> Id {
        let mut sums: Vec<Polynomial> = Vec::new();
        for p in self.views(a) {
            for q in self.views(b).into_iter().filter(|q| p.is_alike(q)) {
                let mut coefficients = vec![0.0; p.degree().max(q.degree()) + 1];
                for (k, c) in p.coefficients.iter().enumerate() {
                    coefficients[k] += c;
                }
                for (k, c) in q.coefficients.iter().enumerate() {
                    coefficients[k] += sign * c;
                }
                sums.push(Polynomial { variable: p.variable.or(q.variable), coefficients });
            }
        }
        // Many terms of low degree are what Horner's scheme is for; of equal ones, those further
        // from the nodes themselves are last.
        sums.reverse();
        sums.sort_by_key(|p| std::cmp::Reverse((p.terms(), MOST - p.degree())));
        if let Some(id) = sums.first().and_then(|best| self.laid_out(best)) {
            return id;
        }
        let id = plain(self);
        for sum in sums {
            if sum.variable.is_some() && self.as_constant(id).is_none() {
                self.note(id, sum);
            }
        }
        id
    }

    /// A polynomial times a constant, the constant taken into the coefficients.
    pub(super) fn multiple(&mut self, a: Id, b: Id) -> Option<Id> {
        let (x, c) = match (self.as_constant(a), self.as_constant(b)) {
            (None, Some(c)) => (a, c),
            (Some(c), None) => (b, c),
            _ => return None,
        };
        for mut view in self.views(x).into_iter().filter(|view| !view.is_monomial()) {
            for coefficient in &mut view.coefficients {
                *coefficient *= c;
            }
            if let Some(id) = self.laid_out(&view) {
                self.note(id, Polynomial { variable: Some(x), coefficients: vec![0.0, c] });
                return Some(id);
            }
        }
        None
    }

    fn laid_out(&mut self, polynomial: &Polynomial) -> Option<Id> {
        let variable = polynomial.variable?;
        let coefficients = &polynomial.coefficients;
        let (terms, degree) = (polynomial.terms(), polynomial.degree());
        let of_parity = |parity: usize| {
            coefficients.iter().enumerate().all(|(k, c)| k % 2 == parity || *c == 0.0)
        };
        let (odd, even) = (of_parity(1), of_parity(0));
        let sparse = degree >= 3 && terms == 2 && (odd || even);
        let finite = coefficients.iter().all(|c| c.is_finite());
        if !finite || coefficients[degree] == 0.0 || degree < 2 || !(terms >= 3 || sparse) {
            return None;
        }
        let id = if odd || even {
            let square = self.recorder_op(Op::Mul, &[variable, variable]);
            let every_other: Vec<f64> =
                coefficients.iter().skip(usize::from(odd)).step_by(2).copied().collect();
            let sum = self.horner(square, &every_other);
            if odd { self.recorder_op(Op::Mul, &[sum, variable]) } else { sum }
        } else {
            let series = self.geometric_series(variable, coefficients);
            series.unwrap_or_else(|| self.horner(variable, coefficients))
        };
        self.note(id, polynomial.clone());
        Some(id)
    }

    fn horner(&mut self, x: Id, coefficients: &[f64]) -> Id {
        let (last, rest) = coefficients.split_last().expect("a polynomial has a coefficient");
        let mut sum = self.constant(*last);
        for (k, c) in rest.iter().enumerate().rev() {
            let first = k + 1 == rest.len() && *last == 1.0;
            let constant = self.constant(*c);
            sum = match (first, *c == 0.0) {
                (true, true) => x,
                (true, false) => self.recorder_op(Op::Add, &[x, constant]),
                (false, true) => self.recorder_op(Op::Mul, &[sum, x]),
                (false, false) => self.lanes().fma(sum, x, constant),
            };
        }
        sum
    }

    fn recorder_op(&mut self, op: Op, args: &[Id]) -> Id {
        self.lanes().op(op, args)
    }
}
