//! The checker itself: every kind of wrong answer is refused.

use extract::cost::{Custom, Dag, RegionWeighted, Tree};
use extract::{
    CheckError, ClassIndex, CostModel, Invalid, NodeIndex, Outcome, Problem, ProblemBuilder,
    Status, check, verify, verify_against,
};

/// Class 0 is the root: f(1, 2). Class 1: g(2) or h(0). Class 2: x. Class 3: unused, y.
fn problem() -> Problem {
    let mut builder = ProblemBuilder::new();
    for name in ["r", "m", "x", "y"] {
        builder.add_class(name);
    }
    builder.add_node(0, "f", 1.0, &[1, 2, 2]);
    builder.add_node(1, "g", 10.0, &[2]);
    builder.add_node(1, "h", 100.0, &[0]);
    builder.add_node(2, "x", 1000.0, &[]);
    builder.add_node(3, "y", 10_000.0, &[]);
    builder.add_root(0);
    builder.build()
}

fn choose(nodes: [Option<u32>; 4]) -> Vec<Option<NodeIndex>> {
    nodes.map(|node| node.map(NodeIndex)).to_vec()
}

#[test]
fn legal_answers_are_costed_from_the_roots() {
    let p = problem();
    for unused in [None, Some(4)] {
        let checked = check(&p, &choose([Some(0), Some(1), Some(3), unused])).unwrap();
        assert_eq!((checked.dag_cost, checked.tree_cost), (1011.0, 3011.0));
    }
}

#[test]
fn wrong_answers_are_named() {
    let p = problem();
    let error = |nodes| check(&p, &choose(nodes)).unwrap_err();
    assert_eq!(error([Some(0), Some(2), Some(3), None]), CheckError::Cycle(ClassIndex(0)));
    assert_eq!(error([Some(0), None, Some(3), None]), CheckError::Missing(ClassIndex(1)));
    assert_eq!(error([None; 4]), CheckError::Missing(ClassIndex(0)));
    assert_eq!(error([Some(0), Some(3), Some(3), None]), CheckError::ForeignNode(ClassIndex(1)));
    assert_eq!(error([Some(0), Some(99), Some(3), None]), CheckError::ForeignNode(ClassIndex(1)));
    assert_eq!(check(&p, &[]).unwrap_err(), CheckError::WrongLength);
}

/// A cycle that no root reaches is nobody's loss.
#[test]
fn only_what_the_roots_need_counts() {
    let mut builder = ProblemBuilder::new();
    for name in ["r", "a", "b"] {
        builder.add_class(name);
    }
    builder.add_node(0, "r", 1.0, &[]);
    builder.add_node(1, "a", 1.0, &[2]);
    builder.add_node(2, "b", 1.0, &[1]);
    builder.add_root(0);
    let choices: Vec<_> = (0..3).map(|node| Some(NodeIndex(node))).collect();
    assert_eq!(check(&builder.build(), &choices).unwrap().dag_cost, 1.0);
}

#[test]
fn false_claims_are_named() {
    let p = problem();
    let good = choose([Some(0), Some(1), Some(3), None]);
    let claim = |choices: &[Option<NodeIndex>], status, bound| {
        verify(&p, &Outcome { choices: choices.to_vec(), walks: Vec::new(), status, bound })
    };
    let cost =
        |result: Result<Option<extract::Checked>, Invalid>| result.unwrap().unwrap().dag_cost;
    assert_eq!(cost(claim(&good, Status::Optimal, Some(1011.0))), 1011.0);
    let above = Invalid::BoundAboveCost { bound: 1012.0, cost: 1011.0 };
    assert_eq!(claim(&good, Status::Feasible, Some(1012.0)), Err(above));
    assert_eq!(claim(&good, Status::Infeasible, None), Err(Invalid::NotInfeasible));
    assert_eq!(claim(&[], Status::Unsupported, None), Ok(None));
    let wrong = Invalid::Choices(CheckError::Missing(ClassIndex(0)));
    assert_eq!(claim(&choose([None; 4]), Status::Feasible, None), Err(wrong));
    let optimal =
        Outcome { choices: good.clone(), walks: Vec::new(), status: Status::Optimal, bound: None };
    assert_eq!(verify_against(1011.0, &optimal, 1011.0 + 1e-12), Ok(()));
    let beaten = Invalid::Beaten { claimed: 1011.0, other: 1000.0 };
    assert_eq!(verify_against(1011.0, &optimal, 1000.0), Err(beaten));
    let bounded = Outcome { status: Status::Feasible, bound: Some(500.0), ..optimal };
    assert_eq!(verify_against(1011.0, &bounded, 600.0), Ok(()));
    assert!(verify_against(1011.0, &bounded, 400.0).is_err());
}

#[test]
fn cost_models_agree_on_what_an_answer_is() {
    let mut builder = ProblemBuilder::new();
    for name in ["r", "x"] {
        builder.add_class(name);
    }
    builder.add_node(0, "f", 1.0, &[1, 1]);
    builder.add_node(1, "x", 10.0, &[]);
    builder.add_root(0);
    builder.set_regions(vec![0, 2]);
    let p = builder.build();
    let choices: Vec<_> = (0..2).map(|node| Some(NodeIndex(node))).collect();
    let weighted = RegionWeighted { weights: vec![1.0, 1.0, 500.0] };
    let count = Custom { name: "count", evaluate: |_: &Problem, c: &[Option<_>]| c.len() as f64 };
    let models: [(&dyn CostModel, f64); 4] =
        [(&Tree, 21.0), (&Dag, 11.0), (&weighted, 5001.0), (&count, 2.0)];
    for (model, expected) in models {
        assert_eq!(model.cost(&p, &choices), Ok(expected), "{}", model.name());
        assert!(model.cost(&p, &[None, None]).is_err());
        if let Some(dag) = model.as_dag(&p) {
            assert_eq!(check(&dag, &choices).unwrap().dag_cost, expected);
        }
    }
}
