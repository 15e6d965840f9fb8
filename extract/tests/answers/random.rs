//! Random problems against exhaustive search.

use extract::{
    BottomUp, Control, Extractor, NodeIndex, Problem, ProblemBuilder, Status, check, extractors,
};
use proptest::prelude::*;

/// Up to six classes with up to three nodes of small integer cost; cycles are likely.
fn problems() -> impl Strategy<Value = Problem> {
    let node = (0u8..6, prop::collection::vec(0u32..6, 0..4));
    let classes = prop::collection::vec(prop::collection::vec(node, 0..4), 1..7);
    (classes, prop::collection::vec(0u32..6, 1..3)).prop_map(|(classes, roots)| {
        let mut builder = ProblemBuilder::new();
        let count = classes.len() as u32;
        for class in 0..count {
            builder.add_class(&class.to_string());
        }
        for (class, nodes) in classes.into_iter().enumerate() {
            for (cost, children) in nodes {
                let children: Vec<u32> = children.into_iter().map(|c| c % count).collect();
                builder.add_node(class as u32, "f", f64::from(cost), &children);
            }
        }
        for root in roots {
            builder.add_root(root % count);
        }
        builder.build()
    })
}

/// Tree and DAG cost by plain recursion; none if something is missing or cyclic.
fn evaluate(p: &Problem, choices: &[Option<NodeIndex>]) -> Option<(f64, f64)> {
    fn tree(
        p: &Problem,
        choices: &[Option<NodeIndex>],
        class: usize,
        path: &mut Vec<usize>,
        used: &mut Vec<usize>,
    ) -> Option<f64> {
        if path.contains(&class) {
            return None;
        }
        let node = choices[class]?;
        if !used.contains(&class) {
            used.push(class);
        }
        path.push(class);
        let mut total = p.cost(node);
        for (child, uses) in p.uses(node) {
            total += f64::from(uses) * tree(p, choices, child.index(), path, used)?;
        }
        path.pop();
        Some(total)
    }
    let (mut used, mut total) = (Vec::new(), 0.0);
    for root in p.roots() {
        total += tree(p, choices, root.index(), &mut Vec::new(), &mut used)?;
    }
    let dag = used.iter().filter_map(|class| choices[*class]).map(|node| p.cost(node)).sum();
    Some((total, dag))
}

/// Least tree cost and least DAG cost over all choices.
fn optimum(p: &Problem) -> Option<(f64, f64)> {
    let options: Vec<Vec<Option<NodeIndex>>> = p
        .classes()
        .map(|class| {
            let nodes: Vec<_> = p.nodes(class).map(Some).collect();
            if nodes.is_empty() { vec![None] } else { nodes }
        })
        .collect();
    let total: usize = options.iter().map(Vec::len).product();
    let mut best: Option<(f64, f64)> = None;
    for mut code in 0..total {
        let choices: Vec<_> = options
            .iter()
            .map(|nodes| {
                let choice = nodes[code % nodes.len()];
                code /= nodes.len();
                choice
            })
            .collect();
        if let Some((tree, dag)) = evaluate(p, &choices) {
            let (t, d) = best.unwrap_or((tree, dag));
            best = Some((t.min(tree), d.min(dag)));
        }
    }
    best
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(800))]

    #[test]
    fn every_answer_is_legal_and_none_beats_the_optimum(p in problems()) {
        let optimum = optimum(&p);
        let mut trees = f64::NAN;
        for e in extractors() {
            let outcome = e.extract(&p, &Control::default());
            let Some((least_tree, least_dag)) = optimum else {
                prop_assert_eq!(outcome.status, Status::Infeasible);
                continue;
            };
            prop_assert!(matches!(outcome.status, Status::Feasible | Status::Optimal));
            let checked = check(&p, &outcome.choices).map_err(|error| {
                TestCaseError::fail(format!("{}: {error}", e.name()))
            })?;
            let costs = (checked.tree_cost, checked.dag_cost);
            prop_assert_eq!(evaluate(&p, &outcome.choices), Some(costs));
            prop_assert!(checked.dag_cost >= least_dag);
            prop_assert!(outcome.status != Status::Optimal || checked.dag_cost == least_dag);
            prop_assert!(outcome.bound.is_none_or(|bound| bound <= least_dag));
            match e.name() {
                "bottom-up" => {
                    prop_assert_eq!(checked.tree_cost, least_tree);
                    trees = checked.dag_cost;
                }
                "greedy-dag" => prop_assert!(checked.dag_cost <= trees),
                _ => {}
            }
        }
    }

    /// All choices together are acyclic, not only those the roots reach.
    #[test]
    fn choices_never_form_a_cycle(p in problems()) {
        for e in extractors() {
            let outcome = e.extract(&p, &Control::default());
            let mut builder = ProblemBuilder::new();
            for class in p.classes() {
                builder.add_class(p.class_name(class));
            }
            for class in p.classes() {
                for node in p.nodes(class) {
                    let children: Vec<u32> = p.children(node).map(|c| c.0).collect();
                    builder.add_node(class.0, "f", p.cost(node), &children);
                }
                if outcome.choices[class.index()].is_some() {
                    builder.add_root(class.0);
                }
            }
            let everything = builder.build();
            prop_assert!(check(&everything, &outcome.choices).is_ok(), "{}", e.name());
        }
    }

    #[test]
    fn answers_repeat(p in problems()) {
        for e in extractors() {
            let once = e.extract(&p, &Control::default());
            prop_assert_eq!(once, e.extract(&p.clone(), &Control::default()));
        }
    }
}

#[test]
fn the_oracle_knows_a_shared_leaf() {
    let mut builder = ProblemBuilder::new();
    builder.add_class("x");
    builder.add_class("f");
    builder.add_node(0, "x", 2.0, &[]);
    builder.add_node(1, "f", 1.0, &[0, 0]);
    builder.add_root(1);
    let p = builder.build();
    assert_eq!(optimum(&p), Some((5.0, 3.0)));
    assert_eq!(
        BottomUp.extract(&p, &Control::default()).choices,
        [0, 1].map(|n| Some(NodeIndex(n)))
    );
}
