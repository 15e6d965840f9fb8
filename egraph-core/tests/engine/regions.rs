//! Regions as scopes: what can be merged, what is shared, what the matcher skips.

use egraph_core::{
    EClassId, EGraph, Limits, PayloadId, Reason, RegionId, Rule, RuleSet, Rules, Runner, Schedule,
    Signature, SortRule, UnionError,
};

fn egraph() -> EGraph {
    let mut sig = Signature::new();
    let (int, float) = (sig.sort("int"), sig.sort("float"));
    sig.op("x", 0, SortRule::Explicit);
    sig.op("neg", 1, SortRule::SameAs(0));
    sig.op("add", 2, SortRule::SameAs(0));
    sig.op("trunc", 1, SortRule::Fixed(int));
    sig.op("pi", 0, SortRule::Fixed(float));
    sig.crossing_op("import");
    EGraph::new(sig, ())
}

fn leaf(egraph: &mut EGraph, region: RegionId, payload: u32, sort: &str) -> EClassId {
    let (op, sort) =
        (egraph.signature().find_op("x", 0).unwrap(), egraph.signature().find_sort(sort));
    egraph.add(region, op, PayloadId::new(payload), &[], sort).unwrap()
}

fn unary(egraph: &mut EGraph, region: RegionId, name: &str, child: EClassId) -> EClassId {
    let op = egraph.signature().find_op(name, 1).unwrap();
    egraph.add_op(region, op, &[child]).unwrap()
}

#[test]
fn unions_need_one_region_and_one_sort() {
    let mut g = egraph();
    let inner = g.add_region(RegionId::ROOT);
    let a = leaf(&mut g, RegionId::ROOT, 1, "int");
    let b = leaf(&mut g, inner, 1, "int");
    let f = leaf(&mut g, RegionId::ROOT, 1, "float");
    assert_ne!(a, b);
    assert_ne!(a, f);
    let (version, mismatch) = (g.version(), UnionError::RegionMismatch(RegionId::ROOT, inner));
    assert_eq!(g.union(a, b, Reason::Given), Err(mismatch));
    let mismatch = UnionError::SortMismatch(g.sort(a), g.sort(f));
    assert_eq!(g.union(a, f, Reason::Given), Err(mismatch));
    assert_eq!((g.version(), g.class_count()), (version, 3));
    let truncated = unary(&mut g, RegionId::ROOT, "trunc", f);
    assert_eq!(g.sort(truncated), g.sort(a));
    assert_eq!(g.union(a, truncated, Reason::Given), Ok(true));
}

#[test]
fn equality_outside_is_equality_inside_by_congruence() {
    let mut g = egraph();
    let inner = g.add_region(RegionId::ROOT);
    let deeper = g.add_region(inner);
    let outside = [1, 2].map(|p| leaf(&mut g, RegionId::ROOT, p, "int"));
    let inside = outside.map(|c| unary(&mut g, inner, "import", c));
    let inside = inside.map(|c| unary(&mut g, inner, "neg", c));
    let within = inside.map(|c| unary(&mut g, deeper, "import", c));
    assert_eq!(g.region(within[0]), deeper);
    g.union(outside[0], outside[1], Reason::Given).unwrap();
    g.rebuild();
    assert_eq!(g.find(inside[0]), g.find(inside[1]));
    assert_eq!(g.find(within[0]), g.find(within[1]));
    assert_eq!(g.check_invariants(), Ok(()));
}

#[test]
#[should_panic(expected = "lives in another region")]
#[cfg(debug_assertions)]
fn children_of_another_region_are_refused() {
    let mut g = egraph();
    let inner = g.add_region(RegionId::ROOT);
    let a = leaf(&mut g, RegionId::ROOT, 1, "int");
    unary(&mut g, inner, "neg", a);
}

fn run(g: &mut EGraph, rule: Rule) -> egraph_core::RunReport {
    let rules =
        Rules::compile(vec![RuleSet::new("r").rule(rule)], g.signature(), |_| None).unwrap();
    Runner::new(Limits::default()).run(g, &rules, &Schedule::saturate("r")).unwrap()
}

#[test]
fn rules_work_inside_every_live_region() {
    let mut g = egraph();
    let (live, dead) = (g.add_region(RegionId::ROOT), g.add_region(RegionId::ROOT));
    let classes = [RegionId::ROOT, live, dead].map(|r| {
        let x = leaf(&mut g, r, 1, "int");
        let inner = unary(&mut g, r, "neg", x);
        (x, unary(&mut g, r, "neg", inner))
    });
    g.kill_region(dead);
    let report = run(&mut g, Rule::rewrite("neg-neg", "(neg (neg ?x))", "?x"));
    assert_eq!(classes.map(|(x, y)| g.find(x) == g.find(y)), [true, true, false]);
    assert_eq!(report.rules_fired["neg-neg"], 2);
}

/// Hoisting: `neg (import a)` is the import of `neg a`, made in the parent.
#[test]
fn patterns_reach_into_the_parent_region() {
    let mut g = egraph();
    let inner = g.add_region(RegionId::ROOT);
    let a = leaf(&mut g, RegionId::ROOT, 1, "int");
    let imported = unary(&mut g, inner, "import", a);
    let negated = unary(&mut g, inner, "neg", imported);
    run(&mut g, Rule::rewrite("hoist", "(neg (import ?a))", "(import (neg ?a))"));
    let outside = unary(&mut g, RegionId::ROOT, "neg", a);
    let back = unary(&mut g, inner, "import", outside);
    assert_eq!(g.find(back), g.find(negated));
    // And the other way round, with the term looked up in the parent.
    run(&mut g, Rule::rewrite("sink", "(import (neg ?a))", "(neg (import ?a))"));
    assert_eq!(g.check_invariants(), Ok(()));
}

#[test]
fn variables_keep_to_their_region() {
    let g = egraph();
    let compile = |rule| {
        Rules::compile(vec![RuleSet::<()>::new("r").rule(rule)], g.signature(), |_| None)
            .map(|_| ())
            .unwrap_err()
    };
    let error = compile(Rule::rewrite("leak", "(neg (import ?a))", "?a"));
    assert!(error.error.message.contains("another region"), "{error}");
    let error = compile(Rule::rewrite("two", "(add ?a (import ?a))", "?a"));
    assert!(error.error.message.contains("two regions"), "{error}");
}

#[test]
fn a_rule_that_mixes_sorts_is_refused_and_reported() {
    let mut g = egraph();
    let x = leaf(&mut g, RegionId::ROOT, 1, "float");
    let t = unary(&mut g, RegionId::ROOT, "trunc", x);
    let report = run(&mut g, Rule::rewrite("wrong", "(trunc ?x)", "?x"));
    assert_ne!(g.find(x), g.find(t));
    assert_eq!(report.refused["wrong"], 1);
    let report = run(&mut g, Rule::rewrite("wrong", "(trunc ?x)", "(neg ?x)"));
    assert_eq!((report.refused["wrong"], g.check_invariants()), (1, Ok(())));
}
