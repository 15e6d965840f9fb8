//! Where problems come from: e-graphs and JSON.

use egraph_core::egglog::exec::Session;
use egraph_core::egglog::values::Datum;
use egraph_core::{
    EGraph, Limits, PayloadId, RegionId, Rule, RuleSet, Rules, Runner, Schedule, Signature,
    SortRule,
};
use extract::{
    BottomUp, Control, Diagnostic, Extractor, Frozen, GreedyDag, NodeIndex, Problem, ReadError,
    ReadOptions, Status, Wanted, check,
};

#[test]
fn an_egraph_is_frozen_with_the_way_back() {
    let mut sig = Signature::new();
    let int = sig.sort("int");
    sig.op("x", 0, SortRule::Fixed(int));
    sig.op("two", 0, SortRule::Fixed(int));
    for op in ["mul", "add", "shl"] {
        sig.op(op, 2, SortRule::Fixed(int));
    }
    let rules = RuleSet::new("r")
        .rule(Rule::rewrite("double", "(add ?a ?a)", "(mul ?a two)"))
        .rule(Rule::rewrite("shift", "(mul ?a two)", "(shl ?a two)"));
    let rules = Rules::compile(vec![rules], &sig, |_| None).unwrap();
    let mut g = EGraph::new(sig, ());
    let region = g.add_region(RegionId::ROOT);
    let term = g.add_term(region, "(add (add x x) (add x x))", |_| None).unwrap();
    Runner::new(Limits::default()).run(&mut g, &rules, &Schedule::saturate("r")).unwrap();

    let cost = |g: &EGraph, node| match g.signature().op_name(g.op(node)) {
        "mul" => Some(10.0),
        "add" => None,
        "shl" => Some(2.0),
        _ => Some(1.0),
    };
    let frozen = Frozen::new(&g, &[term], cost);
    assert_eq!(frozen.problem.class_count(), g.class_count());
    assert_eq!(frozen.problem.node_count(), g.node_count() - 2, "the additions are left out");
    assert_eq!(frozen.problem.regions(), Some([1, 1, 1, 1].as_slice()));
    let outcome = GreedyDag.extract(&frozen.problem, &Control::default());
    assert_eq!(check(&frozen.problem, &outcome.choices).unwrap().dag_cost, 6.0);
    let chosen = frozen.chosen(&g, &outcome.choices, term).unwrap();
    assert_eq!(g.signature().op_name(g.op(chosen)), "shl");
    assert_eq!(g.payload(chosen), PayloadId::NONE);
}

fn read(text: &str) -> Result<Problem, ReadError> {
    Problem::from_json(text, ReadOptions::default())
}

#[test]
fn json_defaults_and_subsumed_nodes() {
    let text = r#"{"nodes": {
        "0": {"op": "x", "eclass": "c0"},
        "1": {"op": "y", "cost": 0.5, "eclass": "c0", "children": [], "subsumed": true},
        "2": {"op": "f", "cost": 2, "eclass": "c1", "children": ["1", "0"]}},
        "root_eclasses": ["c1"], "class_data": {}}"#;
    let p = read(text).unwrap();
    assert_eq!((p.class_count(), p.node_count()), (2, 2));
    let f = p.nodes(p.roots()[0]).next().unwrap();
    assert_eq!((p.op(f), p.node_name(f), p.class_name(p.roots()[0])), ("f", "2", "c1"));
    assert_eq!(p.uses(f).map(|(c, n)| (c.0, n)).collect::<Vec<_>>(), [(0, 2)]);
    let outcome = GreedyDag.extract(&p, &Control::default());
    let checked = check(&p, &outcome.choices).unwrap();
    assert_eq!((checked.dag_cost, checked.tree_cost), (3.0, 4.0));
}

#[test]
fn what_costs_infinitely_much_is_left_out() {
    let text = r#"{"nodes": {"0": {"op": "x", "cost": null, "eclass": "0", "children": []}},
        "root_eclasses": ["0"]}"#;
    let loaded = Problem::load(text, ReadOptions::default()).unwrap();
    assert_eq!(loaded.diagnostics, [Diagnostic::InfiniteCost("0".into())]);
    let outcome = GreedyDag.extract(&loaded.problem, &Control::default());
    assert_eq!((outcome.status, outcome.status.name()), (Status::Infeasible, "infeasible"));
}

#[test]
fn every_defect_has_a_diagnostic() {
    let text = r#"{"nodes": {
        "a": {"op": "a", "eclass": "A", "cost": 5},
        "a": {"op": "a", "eclass": "A", "cost": 1},
        "b": {"op": "a", "eclass": "A", "cost": 1},
        "n": {"op": "n", "eclass": "A", "cost": -1},
        "h": {"op": "h", "eclass": "A", "cost": 10000},
        "d": {"op": "d", "eclass": "A", "children": ["gone"]},
        "u": {"op": "u", "eclass": "U", "children": ["a"]}},
        "root_eclasses": ["A", "Z"]}"#;
    let loaded = Problem::load(text, ReadOptions::repair()).unwrap();
    let codes: Vec<&str> = loaded.diagnostics.iter().map(Diagnostic::code).collect();
    let expected = [
        "repeated-id",
        "dangling-child",
        "dangling-root",
        "negative-costs",
        "huge-costs",
        "repeated-nodes",
        "unreachable-nodes",
    ];
    assert_eq!(codes, expected);
    assert!(loaded.diagnostics.iter().all(|d| !d.to_string().is_empty()));
    let p = loaded.problem;
    assert_eq!(p.nodes(p.roots()[0]).map(|n| p.cost(n)).collect::<Vec<_>>(), [1.0, 1.0, -1.0, 1e4]);
    assert!(matches!(read(text), Err(ReadError::DanglingChild { .. })));
}

#[test]
fn what_is_written_reads_back() {
    let text = r#"{"nodes": {
        "x\u0022": {"op": "x y", "eclass": "c0", "cost": 0.25},
        "2": {"op": "f", "cost": 2, "eclass": "c1", "children": ["x\"", "x\""]}},
        "root_eclasses": ["c1"]}"#;
    let p = read(text).unwrap();
    assert_eq!(p.node_name(NodeIndex(0)), "x\"");
    let again = read(&p.to_json().to_string()).unwrap();
    let root = again.nodes(again.roots()[0]).next().unwrap();
    assert_eq!((again.op(root), again.cost(root)), ("f", 2.0));
    assert_eq!(again.uses(root).map(|(_, n)| n).collect::<Vec<_>>(), [2]);
    assert_eq!(read(&again.to_json().to_string()).unwrap(), again);
}

#[test]
fn defects_of_files_are_named() {
    let node = r#""0": {"op": "x", "cost": 1, "eclass": "0", "children": []}"#;
    let with = |more: &str, roots: &str| {
        format!("{{\"nodes\": {{{node}{more}}}, \"root_eclasses\": {roots}}}")
    };
    assert!(matches!(read("{"), Err(ReadError::Json(_))));
    assert!(matches!(read("[]"), Err(ReadError::Json(_))));
    assert_eq!(read("{}"), Err(ReadError::Malformed("nodes".into())));
    assert_eq!(read(r#"{"nodes": {}}"#), Err(ReadError::Malformed("root_eclasses".into())));
    let bad = with(r#", "1": {"op": "f", "cost": "1", "eclass": "1"}"#, r#"["0"]"#);
    assert!(matches!(read(&bad), Err(ReadError::Json(message)) if message.contains("line 1")));
    let bad = with(r#", "1": {"op": "f", "children": []}"#, r#"["0"]"#);
    assert_eq!(read(&bad), Err(ReadError::Malformed("nodes.1.eclass".into())));
    let bad = with(r#", "1": {"op": "f", "eclass": "1", "children": ["7"]}"#, r#"["0"]"#);
    let dangling = ReadError::DanglingChild { node: "1".into(), child: "7".into() };
    assert_eq!(read(&bad), Err(dangling));
    assert_eq!(read(&with("", "[]")), Err(ReadError::NoRoots));
    let bad = with("", r#"["0", "9"]"#);
    assert_eq!(read(&bad), Err(ReadError::DanglingRoot("9".into())));
    let lenient = ReadOptions { drop_dangling_roots: true, ..ReadOptions::default() };
    assert_eq!(Problem::from_json(&bad, lenient).unwrap().roots().len(), 1);
    assert_eq!(Problem::from_json(&with("", r#"["9"]"#), lenient), Err(ReadError::NoRoots));
}

/// A program of the egglog language, without a file in between: what its session extracts by tree
/// cost is what `bottom-up` finds; the DAG pays a shared term once.
#[test]
fn an_egglog_session_is_a_problem() {
    let mut session = Session::default();
    let program = "
        (datatype Math (Num i64) (Var String) (Add Math Math) (Mul Math Math :cost 5)
                       (Shl Math Math :cost 2))
        (rewrite (Mul a (Num 2)) (Shl a (Num 1)))
        (rewrite (Add a a) (Mul a (Num 2)))
        (let $x (Add (Var \"x\") (Num 7)))
        (let $e (Add $x $x))
        (run 5)";
    session.program(program).unwrap();
    let best = session.global("$e").map(|id| session.best(id).unwrap().cost).unwrap();
    let problem = Problem::from_session(&session, Wanted::LastGlobal).unwrap();
    let trees = BottomUp.extract(&problem, &Control::default());
    let tree = check(&problem, &trees.choices).unwrap();
    assert_eq!(tree.tree_cost, best as f64);
    let dag = extract::StateWalks.extract(&problem, &Control::default());
    let checked = check(&problem, &dag.choices).unwrap();
    // Add pays x + 7 once, as Shl does, and needs no 1.
    assert_eq!((checked.dag_cost, dag.status), (6.0, Status::Optimal));
    let text = problem.term(&dag.choices, extract::TermFormat::Sexpr).unwrap();
    assert!(text.contains(r#""Var \"x\"""#) && text.contains("Num 7"), "{text}");
    let ids = [session.add("(Num 7)").unwrap(), session.add("(Num 1)").unwrap()];
    let two = Problem::from_session(&session, Wanted::Classes(&ids)).unwrap();
    assert_eq!((two.roots().len(), two.node_count()), (2, problem.node_count()));
    assert_eq!(Problem::from_session(&session, Wanted::Classes(&[])), Err(ReadError::NoRoots));
    let literal = session.literal(&Datum::I64(7));
    assert!(Problem::from_session(&session, Wanted::Classes(&[literal])).is_err());
}
