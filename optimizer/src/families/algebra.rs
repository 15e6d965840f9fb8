//! Exact identities: both sides have the same bits for every operand.
//!
//! What is not here, and why: `x + 0.0` (wrong for -0.0), `x * 0.0` and `x - x` on floats (NaN,
//! infinities, signs), reassociation of floats (rounding), `x < y` to `not x >= y` on floats (NaN).
//! NaN payloads and signs are not significant.

use crate::facts::{FactAnalysis, Graph};
use crate::language::{Language, Payload};
use egraph_core::{Bindings, EClassId, Limit, PayloadId, Rule};
use rvsdg::{Const, Op};

/// Rules that are a pair of patterns: name, left, right.
pub(super) const PAIRS: &[(&str, &str, &str)] = &[
    ("iadd-commutes", "(iadd ?a ?b)", "(iadd ?b ?a)"),
    ("imul-commutes", "(imul ?a ?b)", "(imul ?b ?a)"),
    ("iand-commutes", "(iand ?a ?b)", "(iand ?b ?a)"),
    ("ior-commutes", "(ior ?a ?b)", "(ior ?b ?a)"),
    ("ixor-commutes", "(ixor ?a ?b)", "(ixor ?b ?a)"),
    ("imin-commutes", "(imin ?a ?b)", "(imin ?b ?a)"),
    ("imax-commutes", "(imax ?a ?b)", "(imax ?b ?a)"),
    ("fadd-commutes", "(fadd ?a ?b)", "(fadd ?b ?a)"),
    ("fmul-commutes", "(fmul ?a ?b)", "(fmul ?b ?a)"),
    ("band-commutes", "(band ?a ?b)", "(band ?b ?a)"),
    ("bor-commutes", "(bor ?a ?b)", "(bor ?b ?a)"),
    ("iadd-zero", "(iadd ?a const[i64:0])", "?a"),
    ("isub-zero", "(isub ?a const[i64:0])", "?a"),
    ("imul-one", "(imul ?a const[i64:1])", "?a"),
    ("imul-zero", "(imul ?a const[i64:0])", "const[i64:0]:i64"),
    ("imul-minus-one", "(imul ?a const[i64:-1])", "(ineg ?a)"),
    ("isub-self", "(isub ?a:i64 ?a)", "const[i64:0]:i64"),
    ("isub-to-zero", "(isub const[i64:0] ?a)", "(ineg ?a)"),
    ("isub-negated", "(isub ?a (ineg ?b))", "(iadd ?a ?b)"),
    ("iadd-negated", "(iadd ?a (ineg ?b))", "(isub ?a ?b)"),
    ("iadd-isub", "(iadd (isub ?a ?b) ?b)", "?a"),
    ("isub-iadd", "(isub (iadd ?a ?b) ?b)", "?a"),
    ("ineg-isub", "(ineg (isub ?a ?b))", "(isub ?b ?a)"),
    ("ineg-ineg", "(ineg (ineg ?a))", "?a"),
    ("inot-inot", "(inot (inot ?a))", "?a"),
    ("iand-self", "(iand ?a ?a)", "?a"),
    ("ior-self", "(ior ?a ?a)", "?a"),
    ("ixor-self", "(ixor ?a:i64 ?a)", "const[i64:0]:i64"),
    ("iand-zero", "(iand ?a const[i64:0])", "const[i64:0]:i64"),
    ("ior-zero", "(ior ?a const[i64:0])", "?a"),
    ("ixor-zero", "(ixor ?a const[i64:0])", "?a"),
    ("iand-ones", "(iand ?a const[i64:-1])", "?a"),
    ("ior-ones", "(ior ?a const[i64:-1])", "const[i64:-1]:i64"),
    ("ixor-ones", "(ixor ?a const[i64:-1])", "(inot ?a)"),
    ("ifloordiv-one", "(ifloordiv ?a const[i64:1])", "?a"),
    ("imod-one", "(imod ?a const[i64:1])", "const[i64:0]:i64"),
    ("ipow-zero", "(ipow ?a const[i64:0])", "const[i64:1]:i64"),
    ("imin-self", "(imin ?a ?a)", "?a"),
    ("imax-self", "(imax ?a ?a)", "?a"),
    ("ipow-one", "(ipow ?a const[i64:1])", "?a"),
    ("ipow-two", "(ipow ?a const[i64:2])", "(imul ?a ?a)"),
    ("ipow-three", "(ipow ?a const[i64:3])", "(imul ?a (imul ?a ?a))"),
    ("ishl-zero", "(ishl ?a const[i64:0])", "?a"),
    ("ishr-zero", "(ishr ?a const[i64:0])", "?a"),
    ("fadd-minus-zero", "(fadd ?a const[f64:-0.0])", "?a"),
    ("fsub-zero", "(fsub ?a const[f64:0.0])", "?a"),
    ("fmul-one", "(fmul ?a const[f64:1.0])", "?a"),
    ("fmul-two", "(fmul ?a const[f64:2.0])", "(fadd ?a ?a)"),
    ("fmul-minus-one", "(fmul ?a const[f64:-1.0])", "(fneg ?a)"),
    ("fdiv-one", "(fdiv ?a const[f64:1.0])", "?a"),
    ("fdiv-minus-one", "(fdiv ?a const[f64:-1.0])", "(fneg ?a)"),
    ("fsub-from-minus-zero", "(fsub const[f64:-0.0] ?a)", "(fneg ?a)"),
    ("pow-zero", "(math.pow ?a const[f64:0.0])", "const[f64:1.0]:f64"),
    ("pow-one", "(math.pow ?a const[f64:1.0])", "?a"),
    ("math-pow", "(math.math_pow ?a ?b)", "(math.pow ?a ?b)"),
    ("fneg-fneg", "(fneg (fneg ?a))", "?a"),
    ("fsub-negated", "(fsub ?a (fneg ?b))", "(fadd ?a ?b)"),
    ("fadd-negated", "(fadd ?a (fneg ?b))", "(fsub ?a ?b)"),
    ("fmul-negated-both", "(fmul (fneg ?a) (fneg ?b))", "(fmul ?a ?b)"),
    ("fmul-negated", "(fmul (fneg ?a) ?b)", "(fneg (fmul ?a ?b))"),
    ("fdiv-negated", "(fdiv (fneg ?a) ?b)", "(fneg (fdiv ?a ?b))"),
    ("fabs-square", "(fabs (fmul ?a ?a))", "(fmul ?a ?a)"),
    ("fabs-fabs", "(fabs (fabs ?a))", "(fabs ?a)"),
    ("fabs-fneg", "(fabs (fneg ?a))", "(fabs ?a)"),
    ("fmul-fabs-self", "(fmul (fabs ?a) (fabs ?a))", "(fmul ?a ?a)"),
    ("fmin-self", "(fmin ?a ?a)", "?a"),
    ("fmax-self", "(fmax ?a ?a)", "?a"),
    ("bnot-bnot", "(bnot (bnot ?a))", "?a"),
    ("band-self", "(band ?a ?a)", "?a"),
    ("bor-self", "(bor ?a ?a)", "?a"),
    ("band-not", "(band ?a (bnot ?a))", "const[bool:false]:bool"),
    ("bor-not", "(bor ?a (bnot ?a))", "const[bool:true]:bool"),
    ("band-absorbs", "(band ?a (bor ?a ?b))", "?a"),
    ("bor-absorbs", "(bor ?a (band ?a ?b))", "?a"),
    ("band-true", "(band ?a const[bool:true])", "?a"),
    ("band-false", "(band ?a const[bool:false])", "const[bool:false]:bool"),
    ("bor-false", "(bor ?a const[bool:false])", "?a"),
    ("bor-true", "(bor ?a const[bool:true])", "const[bool:true]:bool"),
    ("bxor-self", "(bxor ?a ?a)", "const[bool:false]:bool"),
    ("bxor-true", "(bxor ?a const[bool:true])", "(bnot ?a)"),
    ("bxor-false", "(bxor ?a const[bool:false])", "?a"),
    ("bnot-lt", "(bnot (icmp.lt ?a ?b))", "(icmp.ge ?a ?b)"),
    ("bnot-le", "(bnot (icmp.le ?a ?b))", "(icmp.gt ?a ?b)"),
    ("bnot-gt", "(bnot (icmp.gt ?a ?b))", "(icmp.le ?a ?b)"),
    ("bnot-ge", "(bnot (icmp.ge ?a ?b))", "(icmp.lt ?a ?b)"),
    ("bnot-eq", "(bnot (icmp.eq ?a ?b))", "(icmp.ne ?a ?b)"),
    ("bnot-ne", "(bnot (icmp.ne ?a ?b))", "(icmp.eq ?a ?b)"),
    ("bnot-feq", "(bnot (fcmp.eq ?a ?b))", "(fcmp.ne ?a ?b)"),
    ("bnot-fne", "(bnot (fcmp.ne ?a ?b))", "(fcmp.eq ?a ?b)"),
    ("icmp-lt-self", "(icmp.lt ?a ?a)", "const[bool:false]:bool"),
    ("icmp-le-self", "(icmp.le ?a ?a)", "const[bool:true]:bool"),
    ("icmp-eq-self", "(icmp.eq ?a ?a)", "const[bool:true]:bool"),
    ("icmp-ne-self", "(icmp.ne ?a ?a)", "const[bool:false]:bool"),
    ("icmp-gt-swapped", "(icmp.gt ?a ?b)", "(icmp.lt ?b ?a)"),
    ("icmp-ge-swapped", "(icmp.ge ?a ?b)", "(icmp.le ?b ?a)"),
    ("icmp-eq-swapped", "(icmp.eq ?a ?b)", "(icmp.eq ?b ?a)"),
    ("icmp-ne-swapped", "(icmp.ne ?a ?b)", "(icmp.ne ?b ?a)"),
    ("fcmp-gt-swapped", "(fcmp.gt ?a ?b)", "(fcmp.lt ?b ?a)"),
    ("fcmp-ge-swapped", "(fcmp.ge ?a ?b)", "(fcmp.le ?b ?a)"),
    ("fcmp-eq-swapped", "(fcmp.eq ?a ?b)", "(fcmp.eq ?b ?a)"),
    ("fcmp-ne-swapped", "(fcmp.ne ?a ?b)", "(fcmp.ne ?b ?a)"),
    ("fcmp-lt-self", "(fcmp.lt ?a ?a)", "const[bool:false]:bool"),
    ("select-same", "(select ?p ?a ?a)", "?a"),
    ("select-not", "(select (bnot ?p) ?a ?b)", "(select ?p ?b ?a)"),
    ("select-truth", "(select ?p const[bool:true] const[bool:false])", "?p"),
    ("select-untruth", "(select ?p const[bool:false] const[bool:true])", "(bnot ?p)"),
    ("select-select-then", "(select ?p (select ?p ?a ?b) ?c)", "(select ?p ?a ?c)"),
    ("select-select-else", "(select ?p ?a (select ?p ?b ?c))", "(select ?p ?a ?c)"),
];

pub(super) fn rules(_: &Language) -> Vec<Rule<FactAnalysis>> {
    let pairs = PAIRS.iter().map(|(name, left, right)| Rule::rewrite(*name, left, right));
    pairs
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
