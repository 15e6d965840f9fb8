//! Limits are hard, and a run stopped by one leaves a consistent e-graph.

use std::time::Duration;

use egraph_core::{
    EClassId, EGraph, Limit, Limits, PayloadId, RegionId, Rule, RuleSet, Rules, RunReport, Runner,
    Schedule, Signature, SortRule, StopReason,
};

fn growing(leaves: u32) -> (EGraph, Rules) {
    let mut sig = Signature::new();
    let s = sig.sort("s");
    let x = sig.op("x", 0, SortRule::Fixed(s));
    let add = sig.op("add", 2, SortRule::Fixed(s));
    let set = RuleSet::new("r")
        .rule(Rule::rewrite("comm", "(add ?a ?b)", "(add ?b ?a)"))
        .rules(Rule::both_ways("assoc", "(add (add ?a ?b) ?c)", "(add ?a (add ?b ?c))"));
    let rules = Rules::compile(vec![set], &sig, |_| None).unwrap();
    let mut g = EGraph::new(sig, ());
    let ids: Vec<EClassId> = (1..=leaves)
        .map(|p| g.add(RegionId::ROOT, x, PayloadId::new(p), &[], None).unwrap())
        .collect();
    ids[1..].iter().fold(ids[0], |sum, leaf| g.add_op(RegionId::ROOT, add, &[sum, *leaf]).unwrap());
    (g, rules)
}

/// Saturates with `watch` called after every rebuild.
fn run_watched(
    runner: &Runner,
    g: &mut EGraph,
    rules: &Rules,
    mut watch: impl FnMut(&mut EGraph),
) -> RunReport {
    let mut hook = |g: &mut EGraph| {
        watch(g);
        Ok(())
    };
    let mut scheduler = runner.scheduler.build();
    runner.run_with(g, rules, &Schedule::saturate("r"), scheduler.as_mut(), &mut hook).unwrap()
}

#[test]
fn the_node_limit_is_never_overshot() {
    for nodes in [25, 26, 100, 777, 5000] {
        let (mut g, rules) = growing(13);
        let runner = Runner::new(Limits { nodes, ..Limits::default() });
        let mut most = 0;
        let report = run_watched(&runner, &mut g, &rules, |g| most = most.max(g.node_count()));
        assert_eq!(report.stop_reason, StopReason::NodeLimit);
        assert!(most <= nodes && report.e_nodes <= nodes, "{most} nodes of {nodes}");
        assert_eq!(g.check_invariants(), Ok(()));
        assert_eq!(g.node_limit(), usize::MAX);
    }
}

#[test]
fn a_refused_insertion_changes_nothing() {
    let (mut g, _) = growing(4);
    g.set_node_limit(g.node_count());
    let before = (g.dump(), g.version(), g.class_bound());
    let (x, add) =
        (g.signature().find_op("x", 0).unwrap(), g.signature().find_op("add", 2).unwrap());
    let known = g.add(RegionId::ROOT, x, PayloadId::new(1), &[], None).unwrap();
    assert_eq!(g.add_op(RegionId::ROOT, add, &[known, known]), Err(Limit { nodes: 7 }));
    assert_eq!((g.dump(), g.version(), g.class_bound()), before);
}

#[test]
fn iterations_time_and_memory_stop_a_run() {
    let stop = |limits: Limits| {
        let (mut g, rules) = growing(12);
        let runner = Runner::new(limits);
        let report = runner.run(&mut g, &rules, &Schedule::saturate("r")).unwrap();
        assert_eq!(g.check_invariants(), Ok(()));
        (report.stop_reason, report.iterations.len())
    };
    let limits = Limits::default();
    assert_eq!(stop(Limits { iterations: 2, ..limits }), (StopReason::IterationLimit, 2));
    assert_eq!(stop(Limits { time: Duration::ZERO, ..limits }).0, StopReason::TimeLimit);
    let (reason, rounds) = stop(Limits { bytes: Some(100_000), ..limits });
    assert_eq!(reason, StopReason::MemoryLimit);
    assert!(rounds > 0);
}

#[test]
fn a_contradiction_stops_a_run() {
    let (mut g, rules) = growing(3);
    let root = g.add_region(RegionId::ROOT);
    g.assert_live(root);
    let runner = Runner::default();
    let report = run_watched(&runner, &mut g, &rules, |g| {
        g.kill_region(root);
    });
    assert_eq!((report.stop_reason, report.iterations.len()), (StopReason::Contradiction, 1));
    assert_eq!(g.root_contradiction(), Some(root));
    let again = runner.run(&mut g, &rules, &Schedule::saturate("r")).unwrap();
    assert_eq!(again.stop_reason, StopReason::Contradiction);
}

#[test]
fn a_hook_that_meets_the_limit_stops_the_run() {
    let (mut g, rules) = growing(3);
    let runner = Runner::default();
    let schedule = Schedule::saturate("r");
    let full = &mut |_: &mut EGraph| Err(Limit { nodes: 0 });
    let report = runner
        .run_with(&mut g, &rules, &schedule, runner.scheduler.build().as_mut(), full)
        .unwrap();
    assert_eq!(report.stop_reason, StopReason::NodeLimit);
}
