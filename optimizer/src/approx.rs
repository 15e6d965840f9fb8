//! Approximations with proven bounds, placed within the caller's error budget.
//!
//! An approximation never makes two classes equal. The class T of the exact value gets one more
//! node, `approx(P)`, whose child P is the class of the approximating expression: exact facts about
//! T stay true, and so do exact rules on both sides. A *site* is one such place. Which sites are
//! admitted is decided before any node is added, by the forward error analysis of
//! the `certify` module; the program that is extracted in the end is analysed again.

use crate::facts::{Graph, whole_exponent};
use crate::families::{is_power, multiply_out};
use crate::interval::Floats;
use crate::language::{Meaning, Payload};
use crate::model::Model;
use egraph_core::{AddIntoError, EClassId, Limit, Reason};
use rvsdg::{Const, MathFn, Op};

/// Unit in the last place of 1: twice the relative error of a rounding.
const ULP: f64 = f64::EPSILON;

/// What is approximated, and by what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// tanh by the fourth convergent of its continued fraction.
    Tanh,
    /// A whole power by multiplications.
    Power(u32),
}

/// A place where an approximation may stand.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Site {
    /// What is approximated.
    pub kind: Kind,
    /// Class of the exact value.
    pub class: EClassId,
    /// Class of the argument.
    pub argument: EClassId,
    /// Range of the argument.
    pub range: Floats,
}

impl Site {
    /// The rule's name.
    pub fn rule(&self) -> &'static str {
        match self.kind {
            Kind::Tanh => "tanh-convergent",
            Kind::Power(_) => "pow-multiplications",
        }
    }

    /// Bound on the absolute error against the library function, the rounding of both included,
    /// for arguments of magnitude up to `r`. Infinite where nothing is proven.
    pub fn bound(&self, r: f64) -> f64 {
        match self.kind {
            Kind::Tanh => tanh_bound(r),
            Kind::Power(n) => power_bound(r, n),
        }
    }

    /// By how much the forward analysis of the approximating expression magnifies a small error of
    /// an argument of magnitude up to `r`: an estimate for admission, no part of a certificate.
    pub fn magnified(&self, r: f64) -> f64 {
        match self.kind {
            Kind::Tanh => {
                // Numerator and denominator of the convergent, the latter at least 105.
                let (top, slope) = (r * (10.0 * r * r + 105.0), 30.0 * r * r + 105.0);
                slope / 105.0 + top * (4.0 * r * r * r + 90.0 * r) / (105.0 * 105.0)
            }
            Kind::Power(n) => f64::from(n) * r.max(0.0).powf(f64::from(n - 1)),
        }
    }
}

/// Error of `x (10 x^2 + 105) / ((x^2 + 45) x^2 + 105)` as tanh x for `|x| <= r`.
///
/// The expression is the convergent C4 of Lambert's continued fraction
/// `tanh x = x / (1 + x^2 / (3 + x^2 / (5 + x^2 / (7 + ..))))` (Lambert 1768; Wall, "Analytic
/// Theory of Continued Fractions", section 91). For `x > 0` all partial quotients are positive, so
/// tanh lies between C4 and C5 and the error is at most `|C4 - C5| = x^9 / (B4 B5)` with the
/// denominators `B4 = x^4 + 45 x^2 + 105` and `B5 = 15 x^4 + 420 x^2 + 945`. A polynomial of
/// degree 8 with positive coefficients divides `x^9`, so the bound grows with x. Rounding: ten
/// operations on positive terms, and 4 ulp for the library's tanh.
fn tanh_bound(r: f64) -> f64 {
    if !(0.0..1e30).contains(&r) {
        return f64::INFINITY;
    }
    let s = r * r;
    let truncation =
        r * (s * s / (s * s + 45.0 * s + 105.0)) * (s * s / (15.0 * s * s + 420.0 * s + 945.0));
    let rounding = 16.0 * ULP * (r.min(1.0) + truncation) + f64::MIN_POSITIVE;
    truncation * (1.0 + 64.0 * ULP) + rounding
}

/// Error of `x^n` by squaring for `|x| <= r`: at most `n` roundings of relative size, the library's
/// own error, and underflow of every product (Higham, "Accuracy and Stability of Numerical
/// Algorithms", section 3.1, with the constant doubled).
fn power_bound(r: f64, n: u32) -> f64 {
    let largest = r.powf(f64::from(n));
    if !largest.is_finite() || r.is_nan() {
        return f64::INFINITY;
    }
    let n = f64::from(n);
    (n + 4.0) * ULP * largest + 2.0 * n * f64::MIN_POSITIVE * largest.max(1.0)
}

/// Every place where an admitted kind of approximation could stand, in the order of the e-nodes.
pub(crate) fn candidates(model: &Model<'_>, tanh: bool, pow: bool) -> Vec<Site> {
    let graph = &model.graph;
    let mut sites: Vec<Site> = Vec::new();
    for id in graph.all_nodes() {
        let op = graph.op(id);
        let Meaning::Simple(Op::Math(f)) = graph.analysis().language.meaning(op) else { continue };
        let argument = graph.child(id, 0);
        let kind = match f {
            MathFn::Tanh if tanh => Kind::Tanh,
            f if is_power(f) && pow => {
                let facts = [*graph.data(argument), *graph.data(graph.child(id, 1))];
                match whole_exponent(&facts) {
                    // The first power is exact and needs no multiplication.
                    Some(n) if n > 1 => Kind::Power(n),
                    _ => continue,
                }
            }
            _ => continue,
        };
        let class = graph.class_of(id);
        let range = graph.data(argument).range.floats().filter(|range| range.is_finite());
        let wide = model.ty(class) == rvsdg::Type::F64;
        if let Some(range) = range.filter(|_| wide)
            && graph.data(class).constant.is_none()
            && !sites.iter().any(|site| site.class == class)
        {
            sites.push(Site { kind, class, argument, range });
        }
    }
    sites
}

/// Adds the approximating nodes of admitted sites, as many as the node limit has room for, and
/// answers how many that is; the position of a site is its payload.
pub(crate) fn insert(graph: &mut Graph, sites: &[Site]) -> usize {
    let numbered = sites.iter().enumerate();
    let count = numbered.take_while(|(k, site)| add_site(graph, *k, site).is_ok()).count();
    graph.rebuild();
    count
}

fn add_site(graph: &mut Graph, position: usize, site: &Site) -> Result<(), Limit> {
    let expression = match site.kind {
        Kind::Tanh => convergent(graph, site.argument)?,
        Kind::Power(n) => multiply_out(graph, site.argument, n)?,
    };
    let op = graph.analysis().language.approx;
    let payload = graph.analysis_mut().payloads.intern(Payload::Site(position as u32));
    match graph.add_into(site.class, op, payload, &[expression], Reason::Given) {
        Err(AddIntoError::Limit(limit)) => return Err(limit),
        Err(AddIntoError::Union(_)) => debug_assert!(false, "both sides are f64"),
        Ok(_) => {}
    }
    Ok(())
}

/// `x (10 x^2 + 105) / ((x^2 + 45) x^2 + 105)`
fn convergent(graph: &mut Graph, x: EClassId) -> Result<EClassId, Limit> {
    let region = graph.region(x);
    let node = |graph: &mut Graph, op: Op, a: EClassId, b: EClassId| {
        let op = graph.analysis().language.find(op, 2).expect("arithmetic is in the vocabulary");
        graph.add(region, op, egraph_core::PayloadId::NONE, &[a, b], None)
    };
    let number =
        |graph: &mut Graph, value: f64| crate::families::constant(graph, x, Const::f64(value));
    let (c10, c45, c105) = (number(graph, 10.0)?, number(graph, 45.0)?, number(graph, 105.0)?);
    let square = node(graph, Op::FMul, x, x)?;
    let ten = node(graph, Op::FMul, c10, square)?;
    let sum = node(graph, Op::FAdd, ten, c105)?;
    let numerator = node(graph, Op::FMul, x, sum)?;
    let shifted = node(graph, Op::FAdd, square, c45)?;
    let scaled = node(graph, Op::FMul, shifted, square)?;
    let denominator = node(graph, Op::FAdd, scaled, c105)?;
    node(graph, Op::FDiv, numerator, denominator)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tanh_bound_holds_and_is_not_slack() {
        for r in [1e-3, 0.1, 0.5, 0.8336, 1.0, 2.0, 4.0, 10.0, 100.0] {
            let bound = tanh_bound(r);
            let mut worst = 0.0_f64;
            for k in -20_000..=20_000 {
                let x = r * f64::from(k) / 20_000.0;
                let s = x * x;
                let value = x * (10.0 * s + 105.0) / ((s + 45.0) * s + 105.0);
                worst = worst.max((value - x.tanh()).abs());
            }
            assert!(worst <= bound, "r = {r}: {worst} > {bound}");
            assert!(
                !(0.4..=4.0).contains(&r) || worst >= bound / 4.0,
                "r = {r}: {worst} is far below {bound}"
            );
        }
    }

    #[test]
    fn the_power_bound_holds() {
        for n in [2, 3, 5, 7, 16, 63] {
            for r in [0.3, 1.0, 3.0] {
                let bound = power_bound(r, n);
                for k in 0..=5_000 {
                    let x = r * f64::from(k) / 5_000.0;
                    let (mut product, mut square, mut rest) = (1.0, x, n);
                    while rest > 0 {
                        if rest & 1 == 1 {
                            product *= square;
                        }
                        square *= square;
                        rest >>= 1;
                    }
                    assert!((product - x.powf(f64::from(n))).abs() <= bound, "{x} ** {n}");
                }
            }
        }
    }
}
