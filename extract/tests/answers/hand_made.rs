//! Small problems whose answers can be worked out by hand, and very deep ones.

use extract::{
    BottomUp, Checked, Control, Extractor, GreedyDag, NodeIndex, Problem, ProblemBuilder, Status,
    check, extractor, extractors, verify,
};

/// Classes by number; nodes as (class, cost, children); the last class is the root.
fn problem(classes: u32, nodes: &[(u32, f64, &[u32])]) -> Problem {
    let mut builder = ProblemBuilder::new();
    for class in 0..classes {
        builder.add_class(&class.to_string());
    }
    for (class, cost, children) in nodes {
        builder.add_node(*class, "f", *cost, children);
    }
    builder.add_root(classes - 1);
    builder.build()
}

fn answer(extractor: &dyn Extractor, problem: &Problem) -> Checked {
    let outcome = extractor.extract(problem, &Control::default());
    let checked = verify(problem, &outcome).unwrap();
    checked.unwrap_or_else(|| panic!("{}: {:?}", extractor.name(), outcome.status))
}

/// `Add(A, Add(B, A))` with A = 1, B = 2 and 2 for each Add.
#[test]
fn a_shared_leaf_is_paid_once() {
    let p = problem(4, &[(0, 1.0, &[]), (1, 2.0, &[]), (2, 2.0, &[1, 0]), (3, 2.0, &[0, 2])]);
    for e in extractors() {
        assert_eq!(answer(e.as_ref(), &p), Checked { tree_cost: 8.0, dag_cost: 7.0 });
    }
}

/// The root needs B and C. Each is cheapest alone (4), or by way of the shared S (5 + 0): the trees
/// avoid S and pay 8, the DAG shares it and pays 5.
#[test]
fn the_tree_optimum_is_not_the_dag_optimum() {
    let p = problem(
        4,
        &[
            (0, 5.0, &[]),
            (1, 4.0, &[]),
            (1, 0.0, &[0]),
            (2, 4.0, &[]),
            (2, 0.0, &[0]),
            (3, 0.0, &[1, 2]),
        ],
    );
    assert_eq!(answer(&BottomUp, &p), Checked { tree_cost: 8.0, dag_cost: 8.0 });
    // A class at a time neither B nor C gains by S: greedy is not optimal.
    assert_eq!(answer(&GreedyDag, &p).dag_cost, 8.0);
}

/// The root is `B + B` with B = 3, or C = 5.
#[test]
fn greedy_dag_pays_a_class_used_twice_once() {
    let p = problem(3, &[(0, 3.0, &[]), (1, 5.0, &[]), (2, 1.0, &[0, 0]), (2, 0.5, &[1])]);
    assert_eq!(answer(&BottomUp, &p), Checked { tree_cost: 5.5, dag_cost: 5.5 });
    assert_eq!(answer(&GreedyDag, &p), Checked { tree_cost: 7.0, dag_cost: 4.0 });
}

/// A = f(B) | 10, B = g(A) | 1: only one of the two may use the other.
#[test]
fn cycles_are_avoided_also_when_they_are_free() {
    for free in [0.0, 0.25] {
        let p = problem(2, &[(0, free, &[1]), (0, 10.0, &[]), (1, free, &[0]), (1, 1.0, &[])]);
        for e in extractors() {
            assert_eq!(answer(e.as_ref(), &p).dag_cost, 1.0, "{}", e.name());
        }
        let p = problem(2, &[(1, free, &[0]), (1, 10.0, &[]), (0, free, &[1]), (0, 1.0, &[])]);
        for e in extractors() {
            assert_eq!(answer(e.as_ref(), &p).dag_cost, 1.0 + free, "{}", e.name());
        }
    }
}

#[test]
fn roots_without_a_finite_term_are_infeasible() {
    let cyclic = problem(2, &[(0, 1.0, &[1]), (1, 1.0, &[0])]);
    let empty = problem(2, &[(0, 1.0, &[]), (1, 1.0, &[0, 1])]);
    let through_an_empty_class = problem(3, &[(1, 1.0, &[0]), (2, 1.0, &[1])]);
    for p in [cyclic, empty, through_an_empty_class] {
        for e in extractors() {
            let outcome = e.extract(&p, &Control::default());
            assert_eq!(outcome.status, Status::Infeasible, "{}", e.name());
            assert!(check(&p, &outcome.choices).is_err());
        }
    }
}

#[test]
fn costs_below_zero_or_without_bound_are_refused_or_handled() {
    for cost in [-1.0, f64::INFINITY, f64::NAN, f64::NEG_INFINITY] {
        let p = problem(2, &[(0, cost, &[]), (1, 1.0, &[])]);
        for e in extractors() {
            let outcome = e.extract(&p, &Control::default());
            if cost.is_finite() && e.caps().negative_costs {
                let checked = verify(&p, &outcome).unwrap().unwrap();
                assert_eq!(checked.dag_cost, 1.0, "{}", e.name());
                continue;
            }
            assert_eq!(outcome.status, Status::Unsupported, "{} at {cost}", e.name());
            assert_eq!(outcome.choices, [None, None]);
        }
    }
    // A class that pays for itself is worth a detour.
    let p = problem(2, &[(0, -5.0, &[]), (1, 1.0, &[]), (1, 2.0, &[0])]);
    for e in extractors().iter().filter(|e| e.caps().negative_costs) {
        assert_eq!(answer(e.as_ref(), &p).dag_cost, -3.0, "{}", e.name());
    }
    let p = problem(1, &[(0, -0.0, &[])]);
    assert_eq!(answer(&BottomUp, &p).dag_cost, 0.0);
}

/// A chain of unary classes, numbered away from or towards the leaf, with two nodes at the end
/// that compete.
#[test]
fn depth_is_no_recursion() {
    let depth = 100_000;
    for reversed in [false, true] {
        let number = |at: u32| if reversed { depth - 1 - at } else { at };
        let mut builder = ProblemBuilder::new();
        for class in 0..depth {
            builder.add_class(&class.to_string());
        }
        builder.add_node(number(0), "x", 1.0, &[]);
        builder.add_node(number(0), "y", 2.0, &[]);
        for at in 1..depth {
            builder.add_node(number(at), "f", 1.0, &[number(at - 1)]);
        }
        builder.add_root(number(depth - 1));
        let p = builder.build();
        for e in extractors() {
            let checked = answer(e.as_ref(), &p);
            assert_eq!((checked.dag_cost, checked.tree_cost), (100_000.0, 100_000.0));
        }
    }
}

/// `x + x`, 3000 times: the tree is larger than any float, the DAG has 3001 classes.
#[test]
fn trees_beyond_all_floats_are_legal() {
    let depth = 3000_u32;
    let pairs: Vec<[u32; 2]> = (0..depth).map(|c| [c, c]).collect();
    let mut nodes: Vec<(u32, f64, &[u32])> = vec![(0, 1.0, &[])];
    nodes.extend(pairs.iter().zip(1..).map(|(pair, class)| (class, 1.0, pair.as_slice())));
    // Something to compete with at the top.
    nodes.push((depth, 4000.0, &[0]));
    let p = problem(depth + 1, &nodes);
    assert_eq!(answer(&BottomUp, &p), Checked { tree_cost: 4001.0, dag_cost: 4001.0 });
    assert_eq!(answer(&GreedyDag, &p).dag_cost, 3001.0);
    nodes.pop();
    let p = problem(depth + 1, &nodes);
    let only = Checked { tree_cost: f64::INFINITY, dag_cost: 3001.0 };
    assert_eq!([answer(&BottomUp, &p), answer(&GreedyDag, &p)], [only, only]);
}

#[test]
fn a_deadline_that_has_passed_still_leaves_an_answer() {
    let p = problem(3, &[(0, 3.0, &[]), (1, 5.0, &[]), (2, 1.0, &[0, 0]), (2, 0.5, &[1])]);
    let control = Control { deadline: Some(std::time::Instant::now()), ..Control::default() };
    for e in extractors() {
        let outcome = e.extract(&p, &control);
        let cost = verify(&p, &outcome).unwrap().unwrap().dag_cost;
        assert!([4.0, 5.5].contains(&cost), "{}: {cost}", e.name());
    }
}

#[test]
fn the_registry_knows_its_names() {
    let names: Vec<&str> = extractors().iter().map(|e| e.name()).collect();
    assert!(names.starts_with(&["auto", "bottom-up"]));
    assert!(names.iter().all(|name| extractor(name).unwrap().name() == *name));
    assert!(extractor("none").is_none());
}

#[test]
fn several_roots_share() {
    let mut builder = ProblemBuilder::new();
    let [a, f, g] = ["a", "f", "g"].map(|name| builder.add_class(name));
    builder.add_node(a, "a", 4.0, &[]);
    builder.add_node(f, "f", 1.0, &[a]);
    builder.add_node(g, "g", 1.0, &[a]);
    for root in [f, g, f] {
        builder.add_root(root);
    }
    let p = builder.build();
    assert_eq!(p.roots().len(), 2);
    for e in extractors() {
        assert_eq!(answer(e.as_ref(), &p), Checked { tree_cost: 10.0, dag_cost: 6.0 });
    }
    assert_eq!(p.nodes(p.roots()[0]).collect::<Vec<_>>(), [NodeIndex(1)]);
}
