//! The checker itself: every kind of wrong answer is refused.

use extract::{CheckError, ClassIndex, NodeIndex, Problem, ProblemBuilder, check};

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
