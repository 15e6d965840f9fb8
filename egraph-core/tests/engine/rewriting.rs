//! Patterns, rules, schedules: what is found, and that threads do not change it.

use std::sync::Arc;

use egraph_core::{
    Composition, EClassId, EGraph, Limits, PayloadId, RegionId, Rule, RuleSet, Rules, Runner,
    Schedule, ScheduleError, SchedulerKind, Signature, SortRule, StopReason,
};
use expect_test::expect;

fn signature() -> Signature {
    let mut sig = Signature::new();
    let int = sig.sort("int");
    let bit = sig.sort("bit");
    sig.op("x", 0, SortRule::Fixed(int));
    sig.op("const", 0, SortRule::Explicit);
    sig.op("neg", 1, SortRule::SameAs(0));
    sig.op("add", 2, SortRule::SameAs(0));
    sig.op("mul", 2, SortRule::SameAs(0));
    sig.op("icmp", 2, SortRule::Fixed(bit));
    sig.op("seen", 1, SortRule::Fixed(bit));
    sig.op("pair", 2, SortRule::Fixed(bit));
    sig
}

/// Payload names: decimal numbers (plus one) and three predicates.
fn resolve(text: &str) -> Option<PayloadId> {
    let predicates = ["lt", "gt", "eq"];
    match predicates.iter().position(|p| *p == text) {
        Some(at) => Some(PayloadId::new(1000 + at as u32)),
        None => text.parse::<u32>().ok().map(|n| PayloadId::new(n + 1)),
    }
}

fn compile(rules: impl IntoIterator<Item = Rule>) -> Rules {
    let sets = vec![RuleSet::new("r").rules(rules)];
    Rules::compile(sets, &signature(), resolve).unwrap()
}

fn insert(g: &mut EGraph, term: &str) -> EClassId {
    g.add_term(RegionId::ROOT, term, resolve).unwrap()
}

fn saturate(g: &mut EGraph, rules: &Rules) -> egraph_core::RunReport {
    Runner::default().run(g, rules, &Schedule::saturate("r")).unwrap()
}

#[test]
fn terms_as_text_are_shared_and_checked() {
    let mut g = EGraph::new(signature(), ());
    let a = insert(&mut g, "(add x[1] (neg x[1]))");
    let b = insert(&mut g, "(neg x[1])");
    assert_eq!(g.children(g.nodes(a).next().unwrap())[1], b);
    let mut error = |text| g.add_term(RegionId::ROOT, text, resolve).unwrap_err().to_string();
    assert_eq!(error("(neg ?x)"), "at byte 5: a term has no variables");
    assert_eq!(error("(neg const[1])"), "at byte 5: the sort is missing: `name:sort`");
    assert_eq!(error("x[q]"), "at byte 0: unknown payload `q`");
}

fn ac_rules() -> Rules {
    compile([
        Rule::rewrite("comm", "(add ?a ?b)", "(add ?b ?a)"),
        Rule::rewrite("assoc", "(add (add ?a ?b) ?c)", "(add ?a (add ?b ?c))"),
    ])
}

fn ac_chain(n: u32) -> EGraph {
    let mut g = EGraph::new(signature(), ());
    let (x, add) =
        (g.signature().find_op("x", 0).unwrap(), g.signature().find_op("add", 2).unwrap());
    let leaves: Vec<EClassId> =
        (1..=n).map(|p| g.add(RegionId::ROOT, x, PayloadId::new(p), &[], None).unwrap()).collect();
    let first = leaves[0];
    leaves[1..]
        .iter()
        .fold(first, |sum, leaf| g.add_op(RegionId::ROOT, add, &[sum, *leaf]).unwrap());
    g
}

/// One class per non-empty subset; a node per ordered split of a subset into two non-empty parts.
#[test]
fn sums_saturate_to_all_subsets() {
    for n in 2..=7u32 {
        let mut g = ac_chain(n);
        let report = saturate(&mut g, &ac_rules());
        assert_eq!(report.stop_reason, StopReason::Saturated);
        assert_eq!(g.class_count(), 2usize.pow(n) - 1);
        assert_eq!(g.node_count(), 3usize.pow(n) - 2usize.pow(n + 1) + 1 + n as usize);
        assert_eq!(g.check_invariants(), Ok(()));
        if n == 6 {
            assert_eq!(report.e_nodes - 6, 602);
        }
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    let run = |threads: usize| {
        let mut g = ac_chain(9);
        g.set_union_log(true);
        let pool = (threads > 1).then(|| {
            Arc::new(rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap())
        });
        let limits = Limits { nodes: 15_000, ..Limits::default() };
        let runner = Runner { limits, pool, ..Runner::default() };
        let report = runner.run(&mut g, &ac_rules(), &Schedule::saturate("r")).unwrap();
        let largest = report.iterations.iter().map(|i| i.matches).max();
        assert!(largest > Some(3 * 4096), "several units of work: {largest:?}");
        assert_eq!(g.check_invariants(), Ok(()));
        (g.dump(), format!("{:?}", g.union_log()), report.rules_fired, report.stop_reason)
    };
    let one = run(1);
    assert_eq!(run(2), one);
    assert_eq!(run(8), one);
}

#[test]
fn repeated_variables_match_equal_classes_only() {
    let mut g = EGraph::new(signature(), ());
    let same = insert(&mut g, "(add x[1] x[1])");
    let other = insert(&mut g, "(add x[1] x[2])");
    let rules = compile([Rule::rewrite("double", "(add ?a ?a)", "(mul const[2]:?a ?a)")]);
    assert_eq!(saturate(&mut g, &rules).rules_fired["double"], 1);
    assert_eq!((g.nodes(same).len(), g.nodes(other).len()), (2, 1));
    let (a, b) = (insert(&mut g, "x[1]"), insert(&mut g, "x[2]"));
    g.union(a, b, egraph_core::Reason::Given).unwrap();
    g.rebuild();
    assert_eq!(g.find(same), g.find(other));
}

#[test]
fn payloads_are_matched_bound_and_made() {
    let mut g = EGraph::new(signature(), ());
    let a = insert(&mut g, "(icmp[lt] x[1] x[2])");
    let b = insert(&mut g, "(icmp[gt] x[2] x[1])");
    let c = insert(&mut g, "(icmp[eq] x[2] x[1])");
    let rules = compile([
        Rule::rewrite("swap-lt", "(icmp[lt] ?a ?b)", "(icmp[gt] ?b ?a)"),
        Rule::rewrite("negate", "(icmp[?p] ?a ?b)", "(icmp[?p] (neg ?b) (neg ?a))")
            .guard(|g, m| g.nodes(m.get("?a")).all(|n| g.signature().op_name(g.op(n)) == "x")),
    ]);
    let report = saturate(&mut g, &rules);
    assert_eq!(report.stop_reason, StopReason::Saturated);
    assert_eq!(g.find(a), g.find(b));
    assert_ne!(g.find(a), g.find(c));
    expect![[r"
        c0 r0 int () = (x[2])
        c1 r0 int () = (x[3])
        c2 r0 bit () = (icmp[1000] c0 c1)
            | (icmp[1001] c1 c0)
            | (icmp[1000] c5 c6)
            | (icmp[1001] c6 c5)
        c4 r0 bit () = (icmp[1002] c1 c0)
            | (icmp[1002] c6 c5)
        c5 r0 int () = (neg c1)
        c6 r0 int () = (neg c0)
    "]]
    .assert_eq(&g.dump().replace(" | ", "\n    | "));
}

#[test]
fn several_atoms_join_on_their_variables() {
    let mut g = EGraph::new(signature(), ());
    let hit = insert(&mut g, "(add x[1] x[2])");
    insert(&mut g, "(seen x[1])");
    let miss = insert(&mut g, "(add x[2] x[3])");
    insert(&mut g, "(pair x[2] x[1])");
    let matches = |g: &mut EGraph, atoms: &[&str]| {
        let rule = atoms.iter().fold(Rule::new("join"), |rule, atom| rule.when(*atom));
        let rules = compile([rule.rewrite_to("(neg ?a)")]);
        let before = g.clone();
        let mut copy = before;
        let report = saturate(&mut copy, &rules);
        report.iterations[0].matches
    };
    assert_eq!(matches(&mut g, &["(add ?a ?b)"]), 2);
    // Through the parents of a bound child, and looked up as a whole.
    assert_eq!(matches(&mut g, &["(add ?a ?b)", "(seen ?a)"]), 1);
    assert_eq!(matches(&mut g, &["(add ?a ?b)", "(pair ?c ?a)"]), 1);
    assert_eq!(matches(&mut g, &["(add ?a ?b)", "(pair ?b ?c)"]), 1);
    // A scan, as nothing is shared; and a variable bound by a later atom.
    assert_eq!(matches(&mut g, &["(add ?a ?b)", "(seen ?q)"]), 2);
    assert_eq!(matches(&mut g, &["(add ?a ?b)", "?r = (seen ?q)", "(pair ?b ?q)"]), 1);
    // An atom on a bound variable, and the root by name.
    assert_eq!(matches(&mut g, &["(add ?a ?b)", "?a = (x[1])"]), 1);
    assert_eq!(matches(&mut g, &["?s = (add ?a ?b)", "?s = (add x[2] ?c)"]), 1);
    assert_eq!(matches(&mut g, &["(add ?a ?b)", "?a:bit"]), 0);
    assert_eq!(matches(&mut g, &["(add ?a:int ?b)"]), 2);
    let _ = (hit, miss);
}

#[test]
fn computed_right_hand_sides_see_the_match() {
    let mut g = EGraph::new(signature(), ());
    let sum = insert(&mut g, "(add (const[20]:int) (const[22]:int))");
    let constant = |g: &EGraph, class| {
        let op = g.signature().find_op("const", 0).unwrap();
        let id = g.nodes_of(class, op).next()?;
        Some(g.payload(id).as_u32() - 1)
    };
    let rule = Rule::new("fold")
        .family("constants")
        .when("(add ?a ?b)")
        .guard(move |g, m| constant(g, m.get("a")).is_some() && constant(g, m.get("b")).is_some())
        .apply(move |g, m| {
            let value = constant(g, m.get("a")).unwrap() + constant(g, m.get("b")).unwrap();
            let (op, sort) = (g.signature().find_op("const", 0).unwrap(), g.sort(m.root()));
            let made = g.add(g.region(m.root()), op, PayloadId::new(value + 1), &[], Some(sort))?;
            Ok(vec![(m.root(), made)])
        });
    let rules = compile([rule]);
    assert_eq!(rules.names().next(), Some(("fold", "constants")));
    let report = saturate(&mut g, &rules);
    assert_eq!((report.stop_reason, report.rules_fired["fold"]), (StopReason::Saturated, 1));
    assert_eq!(constant(&g, sum), Some(42));
}

#[test]
fn errors_in_rules_are_located() {
    let sets = |rule: Rule| vec![RuleSet::new("r").rule(rule)];
    let error =
        |rule: Rule| Rules::compile(sets(rule), &signature(), resolve).unwrap_err().to_string();
    let rewrite = |l: &str, r: &str| error(Rule::rewrite("bad", l, r));
    expect!["rule `bad`, in `(add ?a (sub ?b))`, at byte 9: unknown operator `sub`"]
        .assert_eq(&rewrite("(add ?a (sub ?b))", "?a"));
    expect!["rule `bad`, in `(add ?a)`, at byte 1: `add` takes 2 children, not 1"]
        .assert_eq(&rewrite("(add ?a)", "?a"));
    expect!["rule `bad`, in `(neg ?b)`, at byte 5: `?b` is not bound on the left"]
        .assert_eq(&rewrite("(neg ?a)", "(neg ?b)"));
    expect!["rule `bad`, in `(icmp[le] ?a ?b)`, at byte 1: unknown payload `le`"]
        .assert_eq(&rewrite("(icmp[le] ?a ?b)", "?a"));
    expect!["rule `bad`, in `(neg const[1])`, at byte 5: `const` needs a sort here: `const:sort`"]
        .assert_eq(&rewrite("(neg ?a)", "(neg const[1])"));
    expect!["rule `bad`, in `(neg ?a:big)`, at byte 5: unknown sort `big`"]
        .assert_eq(&rewrite("(neg ?a:big)", "?a"));
    expect!["rule `bad`, in `?a`, at byte 0: the first pattern must start with an operator"]
        .assert_eq(&rewrite("?a", "(neg ?a)"));
    expect!["rule `bad`, in ``, at byte 0: the rule has no right-hand side"]
        .assert_eq(&error(Rule::new("bad").when("(neg ?a)")));
}

#[test]
fn schedules_run_sets_in_order_or_together() {
    let sets = || {
        vec![
            RuleSet::new("A").rule(Rule::rewrite("a", "(neg ?x)", "(add ?x ?x)")),
            RuleSet::new("B").rule(Rule::rewrite("b", "(add ?x ?x)", "(mul ?x ?x)")),
        ]
    };
    let rules = Rules::compile(sets(), &signature(), resolve).unwrap();
    let muls = |schedule: &Schedule| {
        let mut g = EGraph::new(signature(), ());
        insert(&mut g, "(neg x[1])");
        let report = Runner::default().run(&mut g, &rules, schedule).unwrap();
        let mul = g.signature().find_op("mul", 2).unwrap();
        (g.nodes_with_op(mul).count(), report.stop_reason, report.iterations.len())
    };
    let parse = |text| Composition::parse(text).unwrap();
    assert_eq!(muls(&parse("A,B").once()), (1, StopReason::Completed, 2));
    assert_eq!(muls(&parse("A|B").once()), (0, StopReason::Completed, 1));
    assert_eq!(muls(&parse("A|B").saturating()), (1, StopReason::Saturated, 3));
    assert_eq!(muls(&parse("B,A").saturating()), (0, StopReason::Saturated, 3));
    let twice = Schedule::Repeat(2, Box::new(parse("B,A").once()));
    assert_eq!(muls(&twice), (1, StopReason::Saturated, 4));
    let mut g = EGraph::new(signature(), ());
    let run = |g: &mut EGraph, s: &Schedule| Runner::default().run(g, &rules, s).unwrap_err();
    assert_eq!(run(&mut g, &parse("A,Z").once()), ScheduleError::UnknownSet("Z".into()));
    assert_eq!(run(&mut g, &Schedule::Union(vec![parse("A,B").once()])), ScheduleError::NotASet);
}

#[test]
fn backoff_reaches_the_same_fixpoint() {
    let mut g = ac_chain(6);
    let scheduler = SchedulerKind::Backoff { match_limit: 20, ban_length: 2 };
    let runner = Runner { scheduler, ..Runner::default() };
    let report = runner.run(&mut g, &ac_rules(), &Schedule::saturate("r")).unwrap();
    assert_eq!((report.stop_reason, g.node_count()), (StopReason::Saturated, 608));
    assert!(report.iterations.iter().any(|i| i.rules < 2), "some rule was left out at times");
}
