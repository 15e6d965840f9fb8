//! Effects that cannot raise become pure: the only place where io is rewired.
//!
//! `call.F(io, mem.., x)` makes a state and a value. Where Python's function provably returns for
//! every argument in the range that is known, its value equals the pure `math.F(x)` and its state
//! the one that it consumed. A guard whose condition is constantly true equals its operand. The
//! facts must hold on every hypothetical entry: they are ranges and constants, never the success
//! of an earlier effect.

use crate::facts::{FactAnalysis, Facts, Graph, math_range, whole_exponent};
use crate::interval::Floats;
use crate::language::{Language, Meaning};
use egraph_core::{Bindings, EClassId, Limit, PayloadId, RegionId, Rule};
use rvsdg::{Const, FaultId, MathFn, Op};

pub(super) fn rules(language: &Language) -> Vec<Rule<FactAnalysis>> {
    let states: String =
        (0..language.mems()).fold(String::new(), |text, k| text + " ?m" + &k.to_string());
    let mut rules = vec![pure_guard(language.mems(), &states)];
    for f in MathFn::ALL {
        rules.push(pure_call(*f, language.mems(), &states));
    }
    rules
}

/// Children of an effect in the order of its operands, from a match.
fn children(mems: usize, values: &[&str], m: &Bindings<'_>) -> Vec<EClassId> {
    let mut children = vec![m.get("?io")];
    children.extend((0..mems).map(|k| m.get(&format!("?m{k}"))));
    children.extend(values.iter().map(|name| m.get(name)));
    children
}

/// The state that an effect makes, if the e-graph still has the effect.
fn state_of(
    graph: &Graph,
    region: RegionId,
    op: Op,
    payload: PayloadId,
    children: &[EClassId],
) -> Option<EClassId> {
    let operator = graph.analysis().language.find(op, children.len())?;
    graph.lookup(region, operator, payload, children, None)
}

fn pure_guard(mems: usize, states: &str) -> Rule<FactAnalysis> {
    let values = ["?ok", "?v"];
    Rule::new("guard-holds")
        .when(format!("(guard.val[?p] ?io{states} ?ok ?v)"))
        .guard(|graph: &Graph, m| graph.data(m.get("?ok")).constant == Some(Const::Bool(true)))
        .apply(move |graph, m| {
            let children = children(mems, &values, m);
            let (region, payload) = (graph.region(m.root()), m.payload("?p"));
            let mut equal = vec![(m.root(), m.get("?v"))];
            let state = state_of(graph, region, Op::Guard(FaultId(0)), payload, &children);
            equal.extend(state.map(|state| (state, m.get("?io"))));
            Ok(equal)
        })
}

fn pure_call(f: MathFn, mems: usize, states: &str) -> Rule<FactAnalysis> {
    let values: &'static [&'static str] = if f.arity() == 1 { &["?a"] } else { &["?a", "?b"] };
    let name = f.name();
    Rule::new(format!("call-{name}-is-pure"))
        .when(format!("(call.{name}.val ?io{states} {})", values.join(" ")))
        .guard(move |graph, m| {
            let args: Vec<Facts> = values.iter().map(|v| *graph.data(m.get(v))).collect();
            cannot_raise(f, &args)
        })
        .apply(move |graph, m| -> Result<Vec<(EClassId, EClassId)>, Limit> {
            let children = children(mems, values, m);
            let region = graph.region(m.root());
            let none = PayloadId::NONE;
            let state = state_of(graph, region, Op::Call(f), none, &children);
            let language = &graph.analysis().language;
            let Some(pure) = language.find(Op::Math(f), values.len()) else {
                return Ok(Vec::new());
            };
            debug_assert_eq!(language.meaning(pure), Meaning::Simple(Op::Math(f)));
            let args = &children[children.len() - values.len()..];
            let value = graph.add(region, pure, none, args, None)?;
            let mut equal = vec![(m.root(), value)];
            equal.extend(state.map(|state| (state, m.get("?io"))));
            Ok(equal)
        })
}

/// Whether Python's function provably returns for all arguments in the known ranges.
///
/// Source: the error cases of CPython 3.11's `mathmodule.c` and `float_pow` (see
/// `rvsdg::scalar::python_call`, which the tests compare with).
pub(crate) fn cannot_raise(f: MathFn, args: &[Facts]) -> bool {
    if f.never_raises() {
        return true;
    }
    let Some(x) = args.first().and_then(|a| a.range.floats()) else { return false };
    if x.lo > x.hi {
        return false;
    }
    let finite = x.lo.is_finite() && x.hi.is_finite();
    // The result's range excludes overflow; NaN arguments never raise in these functions.
    let bounded =
        || math_range(f, args).floats().is_some_and(|r| r.lo.is_finite() && r.hi.is_finite());
    match f {
        MathFn::Sqrt => x.lo >= 0.0,
        MathFn::Log | MathFn::Log2 | MathFn::Log10 => x.lo > 0.0,
        MathFn::Log1p => x.lo > -1.0,
        MathFn::Sin | MathFn::Cos | MathFn::Tan => finite,
        MathFn::Asin | MathFn::Acos => x.lo >= -1.0 && x.hi <= 1.0,
        MathFn::Atanh => x.lo > -1.0 && x.hi < 1.0,
        MathFn::Acosh => x.lo >= 1.0,
        MathFn::Exp | MathFn::Expm1 | MathFn::Sinh | MathFn::Cosh => bounded(),
        MathFn::Exp2 => x.hi <= 1023.0,
        MathFn::Floor | MathFn::Ceil | MathFn::Trunc => finite && !x.nan,
        MathFn::Hypot => {
            let y = args.get(1).and_then(|a| a.range.floats());
            y.is_some_and(|y| small(x) && small(y))
        }
        MathFn::Pow | MathFn::MathPow => whole_exponent(args).is_some() && finite && bounded(),
        _ => false,
    }
}

/// Whether squares of such numbers and their sum stay finite.
fn small(range: Floats) -> bool {
    range.lo.abs() <= 1e150 && range.hi.abs() <= 1e150
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Range;

    #[test]
    fn what_cannot_raise_does_not_raise() {
        let points = [
            f64::NEG_INFINITY,
            -1e308,
            -710.0,
            -2.0,
            -1.0,
            -0.5,
            -0.0,
            0.0,
            1e-300,
            0.5,
            1.0,
            2.0,
            3.0,
            709.0,
            710.0,
            1023.0,
            1024.0,
            1e200,
            f64::INFINITY,
        ];
        let mut proved = 0;
        for f in MathFn::ALL {
            for (i, lo) in points.iter().enumerate() {
                for hi in &points[i..] {
                    for second in [0.5, 2.0, 3.0] {
                        let x = Facts::of_range(Range::Floats(Floats::new(*lo, *hi)));
                        let y = Facts::of_const(Const::f64(second));
                        let args = [x, y];
                        if !cannot_raise(*f, &args[..f.arity()]) {
                            continue;
                        }
                        proved += 1;
                        for x in points.iter().filter(|x| **x >= *lo && **x <= *hi) {
                            let args = [*x, second];
                            let answer = rvsdg::scalar::python_call(*f, &args[..f.arity()]);
                            assert!(answer.is_ok(), "{f:?} of {x}, {second}");
                        }
                    }
                }
            }
        }
        assert!(proved > 1000);
    }
}
