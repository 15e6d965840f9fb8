//! Whole powers become multiplications: `x ** n` over the reals, with another rounding.
//!
//! As a rule of the engine the family is *real*. Within an error budget [`crate::approx`] places
//! the same expression with its rounding bound.

use crate::facts::{FactAnalysis, Graph, whole_exponent};
use crate::language::Language;
use egraph_core::{EClassId, Limit, PayloadId, Rule};
use rvsdg::{MathFn, Op};

pub(super) fn rules(_: &Language) -> Vec<Rule<FactAnalysis>> {
    ["pow", "math_pow"]
        .into_iter()
        .map(|name| {
            Rule::new(format!("{name}-to-multiplications"))
                .when(format!("(math.{name} ?x ?n)"))
                .guard(|graph, m| {
                    whole_exponent(&[*graph.data(m.get("?x")), *graph.data(m.get("?n"))]).is_some()
                })
                .apply(|graph, m| {
                    let facts = [*graph.data(m.get("?x")), *graph.data(m.get("?n"))];
                    let Some(n) = whole_exponent(&facts) else { return Ok(Vec::new()) };
                    Ok(vec![(m.root(), multiply_out(graph, m.get("?x"), n)?)])
                })
        })
        .collect()
}

/// The class of `x` to the power `n >= 1` by squaring: at most `2 log2(n)` multiplications.
///
/// Source: Knuth, TAOCP volume 2, section 4.6.3 (right-to-left binary method).
pub(crate) fn multiply_out(graph: &mut Graph, x: EClassId, n: u32) -> Result<EClassId, Limit> {
    let region = graph.region(x);
    let times = graph.analysis().language.find(Op::FMul, 2).expect("fmul is in the vocabulary");
    let mut product: Option<EClassId> = None;
    let (mut square, mut rest) = (x, n);
    loop {
        if rest & 1 == 1 {
            product = Some(match product {
                None => square,
                Some(known) => graph.add(region, times, PayloadId::NONE, &[known, square], None)?,
            });
        }
        rest >>= 1;
        if rest == 0 {
            return Ok(product.unwrap_or(x));
        }
        square = graph.add(region, times, PayloadId::NONE, &[square, square], None)?;
    }
}

/// Whether a function is one of the two spellings of a power.
pub(crate) fn is_power(f: MathFn) -> bool {
    matches!(f, MathFn::Pow | MathFn::MathPow)
}
