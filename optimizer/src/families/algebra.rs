//! Exact identities: those of `optimizer/rules/algebra.egg`, and those that compute a constant.

use super::files::{Pair, pairs};
use crate::facts::{FactAnalysis, Graph};
use crate::language::{Language, Payload};
use egraph_core::{Bindings, EClassId, Limit, PayloadId, Rule};
use rvsdg::{Const, Op};
use std::sync::LazyLock;

/// Rules that are a pair of patterns.
pub(super) static PAIRS: LazyLock<Vec<Pair>> =
    LazyLock::new(|| pairs("algebra.egg", include_str!("../../rules/algebra.egg")));

pub(super) fn rules(_: &Language) -> Vec<Rule<FactAnalysis>> {
    PAIRS
        .iter()
        .map(Pair::rule)
        .chain([
            reassociate("iadd", Op::IAdd),
            reassociate("imul", Op::IMul),
            shift_by_power_of_two(),
            floor_divide_by_power_of_two(),
            remainder_by_power_of_two(),
            divide_by_power_of_two(),
        ])
        .collect()
}

/// Puts a constant into a region.
pub(crate) fn constant(
    graph: &mut Graph,
    like: EClassId,
    constant: Const,
) -> Result<EClassId, Limit> {
    let region = graph.region(like);
    let op = graph.analysis().language.constant;
    let sort = graph.analysis().language.find_sort(constant.ty());
    let payload = graph.analysis_mut().payloads.intern(Payload::Const(constant));
    graph.add(region, op, payload, &[], sort)
}

fn binary(graph: &mut Graph, op: Op, a: EClassId, b: EClassId) -> Result<EClassId, Limit> {
    let operator = graph.analysis().language.find(op, 2).expect("a binary operation is declared");
    graph.add(graph.region(a), operator, PayloadId::NONE, &[a, b], None)
}

/// `(a op c) op d` is `a op (c op d)` for constants: both wrap. Only for an `a` that is no
/// constant: sums of constants fold, and taking them apart would never end.
fn reassociate(name: &'static str, op: Op) -> Rule<FactAnalysis> {
    let constants = move |graph: &Graph, m: &Bindings<'_>| {
        let (c, d) = (graph.data(m.get("?c")).constant?, graph.data(m.get("?d")).constant?);
        let open = graph.data(m.get("?a")).constant.is_none();
        let sum = rvsdg::scalar::eval(op, &[c.into(), d.into()]).ok().filter(|_| open)?;
        sum.value.to_const(c.ty())
    };
    Rule::new(format!("{name}-reassociates"))
        .when(format!("({name} ({name} ?a ?c) ?d)"))
        .guard(move |graph, m| constants(graph, m).is_some())
        .apply(move |graph, m| {
            let Some(sum) = constants(graph, m) else { return Ok(Vec::new()) };
            let sum = constant(graph, m.root(), sum)?;
            Ok(vec![(m.root(), binary(graph, op, m.get("?a"), sum)?)])
        })
}

/// The exponent of a class that is a constant power of two above 1.
fn whole_power_of_two(graph: &Graph, class: EClassId) -> Option<i64> {
    match graph.data(class).constant {
        Some(Const::I64(c)) if c > 1 && c & (c - 1) == 0 => Some(i64::from(c.trailing_zeros())),
        _ => None,
    }
}

/// `name(a, 2^k)` is `op(a, second(k))`.
fn by_power_of_two(name: &str, op: Op, second: fn(i64) -> i64) -> Rule<FactAnalysis> {
    Rule::new(format!("{name}-power-of-two"))
        .when(format!("({name} ?a ?c)"))
        .guard(|graph, m| whole_power_of_two(graph, m.get("?c")).is_some())
        .apply(move |graph, m| {
            let Some(k) = whole_power_of_two(graph, m.get("?c")) else { return Ok(Vec::new()) };
            let operand = constant(graph, m.root(), Const::I64(second(k)))?;
            Ok(vec![(m.root(), binary(graph, op, m.get("?a"), operand)?)])
        })
}

/// `i * 2^k` is `i << k`: both wrap.
fn shift_by_power_of_two() -> Rule<FactAnalysis> {
    by_power_of_two("imul", Op::IShl, |k| k)
}

/// `i // 2^k` is `i >> k`: both round towards minus infinity.
fn floor_divide_by_power_of_two() -> Rule<FactAnalysis> {
    by_power_of_two("ifloordiv", Op::IShr, |k| k)
}

/// `i % 2^k` keeps the low bits: the remainder has the divisor's sign.
fn remainder_by_power_of_two() -> Rule<FactAnalysis> {
    by_power_of_two("imod", Op::IAnd, |k| (1 << k) - 1)
}

/// `x / c` is `x * (1 / c)` where the reciprocal is exact: `c` a power of two whose reciprocal is
/// a normal number.
fn divide_by_power_of_two() -> Rule<FactAnalysis> {
    let reciprocal = |graph: &Graph, m: &Bindings<'_>| {
        let c = graph.data(m.get("?c")).constant?.as_f64()?;
        let mantissa = c.to_bits() & ((1 << 52) - 1);
        (c.is_normal() && mantissa == 0 && (1.0 / c).is_normal()).then_some(1.0 / c)
    };
    Rule::new("fdiv-power-of-two")
        .when("(fdiv ?a ?c)")
        .guard(move |graph, m| reciprocal(graph, m).is_some())
        .apply(move |graph, m| {
            let Some(r) = reciprocal(graph, m) else { return Ok(Vec::new()) };
            let factor = constant(graph, m.root(), Const::f64(r))?;
            Ok(vec![(m.root(), binary(graph, Op::FMul, m.get("?a"), factor)?)])
        })
}
