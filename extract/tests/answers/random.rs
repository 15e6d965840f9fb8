//! Random problems against exhaustive search.

use extract::oracle::{Best, Shape, best_answer, problems, random_problem};
use extract::{
    BottomUp, Control, Extractor, NodeIndex, Objective, Problem, ProblemBuilder, Status, Treewidth,
    check, components, extractors, reduce, verify,
};
use proptest::prelude::*;

/// Judges every extractor's answer to one problem.
fn judge(p: &Problem, every: &[Box<dyn Extractor>]) -> Result<(), String> {
    let best = best_answer(p);
    let mut trees = f64::NAN;
    for e in every {
        let name = e.name();
        let outcome = e.extract(p, &Control::default());
        let checked = verify(p, &outcome).map_err(|error| format!("{name}: {error}"))?;
        if outcome.status == Status::Unsupported && !p.has_plain_costs() && !e.caps().negative_costs
        {
            continue;
        }
        let Some(Best { tree, dag }) = best else {
            if outcome.status != Status::Infeasible {
                return Err(format!("{name}: {:?} where nothing exists", outcome.status));
            }
            continue;
        };
        let Some(checked) = checked else { return Err(format!("{name}: {:?}", outcome.status)) };
        let plain = p.has_plain_costs();
        let unproved = plain && e.caps().exact && outcome.status != Status::Optimal;
        let claims = [
            (checked.dag_cost >= dag, "beats the optimum"),
            (outcome.status != Status::Optimal || checked.dag_cost == dag, "is not optimal"),
            (!unproved, "proves nothing"),
            (outcome.bound.is_none_or(|bound| bound <= dag), "has a bound above the optimum"),
            (name != "greedy-dag" || checked.dag_cost <= trees, "is worse than trees"),
            (e.caps().objective == Objective::Dag || checked.tree_cost == tree, "misses the tree"),
        ];
        if let Some((_, claim)) = claims.iter().find(|(holds, _)| !holds) {
            return Err(format!("{name} {claim}: {checked:?} {outcome:?}, best {best:?}"));
        }
        if name == "bottom-up" {
            trees = checked.dag_cost;
        }
    }
    Ok(())
}

fn shapes() -> [Shape; 4] {
    let plain = Shape::default();
    [
        plain,
        Shape { greatest_cost: 1, nodes: 4, ..plain },
        Shape { fractions: true, greatest_cost: 9, classes: 9, nodes: 2, ..plain },
        Shape { least_cost: -3, ..plain },
    ]
}

/// `OVUM_EXTRACT_CASES` sets the number of problems; 2,000 without it.
#[test]
fn seeded_problems_against_exhaustive_search() {
    let cases = std::env::var("OVUM_EXTRACT_CASES").ok().and_then(|text| text.parse().ok());
    let cases: u64 = cases.unwrap_or(2_000);
    let every = extractors();
    let feasible = (0..cases).filter(|seed| {
        let shape = shapes()[(seed % 4) as usize];
        let p = random_problem(*seed, shape);
        if let Err(message) = judge(&p, &every) {
            panic!("seed {seed}: {message}\n{}", p.to_json());
        }
        best_answer(&p).is_some()
    });
    let feasible = feasible.count() as u64;
    assert!(feasible * 2 > cases, "most problems have an answer: {feasible} of {cases}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(800))]

    #[test]
    fn every_answer_is_legal_and_none_beats_the_optimum(p in problems(Shape::default())) {
        judge(&p, &extractors()).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn costs_below_zero_are_never_wrong(p in problems(Shape { least_cost: -3, ..Shape::default() })) {
        judge(&p, &extractors()).map_err(TestCaseError::fail)?;
    }

    /// A reduction keeps the optimum, with any upper bound that is not below it.
    #[test]
    fn reductions_are_exact(p in problems(Shape::default()), above in 0_i32..4) {
        let Some(Best { dag, .. }) = best_answer(&p) else {
            prop_assert!(reduce(&p, None, &Control::default()).is_err());
            return Ok(());
        };
        for upper in [None, Some(dag + f64::from(above))] {
            let reduction = reduce(&p, upper, &Control::default()).unwrap();
            let best = best_answer(&reduction.problem).unwrap();
            prop_assert_eq!(best.dag + reduction.constant, dag);
            // Any answer, not only the best, costs what the reduction says.
            let choices = BottomUp.extract(&reduction.problem, &Control::default()).choices;
            let inner = check(&reduction.problem, &choices).unwrap().dag_cost;
            let lifted = reduction.lift(&p, &choices);
            let outer = check(&p, &lifted).unwrap().dag_cost;
            prop_assert_eq!(inner + reduction.constant, outer);
            if let Some(lowered) = reduction.lower(&p, &lifted) {
                prop_assert_eq!(check(&reduction.problem, &lowered).unwrap().dag_cost, inner);
            }
        }
    }

    /// The parts of a problem have the optimum of the whole together.
    #[test]
    fn components_are_independent(p in problems(Shape { operands: 1, ..Shape::default() })) {
        let Some(best) = best_answer(&p) else { return Ok(()) };
        let mut whole = vec![None; p.class_count()];
        let mut total = 0.0;
        for part in components(&p) {
            total += best_answer(&part.problem).unwrap().dag;
            let choices = BottomUp.extract(&part.problem, &Control::default()).choices;
            part.place(&p, &choices, &mut whole);
            prop_assert_eq!(part.take(&p, &whole), choices);
        }
        prop_assert_eq!(total, best.dag);
        prop_assert!(check(&p, &whole).is_ok());
    }

    /// All choices together are acyclic, not only those the roots reach.
    #[test]
    fn choices_never_form_a_cycle(p in problems(Shape::default())) {
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
    fn answers_repeat(p in problems(Shape::default())) {
        for e in extractors() {
            let once = e.extract(&p, &Control::default());
            prop_assert_eq!(once, e.extract(&p.clone(), &Control::default()));
        }
    }
}

/// Without reductions, so that the tables see cycles and dominated nodes.
#[test]
fn tree_decompositions_are_exact_where_bags_are_small() {
    let shape = Shape { classes: 9, nodes: 3, operands: 2, ..Shape::default() };
    let (mut proved, mut all) = (0, 0);
    for seed in 0..600 {
        let p = random_problem(seed, shape);
        let outcome = Treewidth.extract(&p, &Control::default());
        let Some(best) = best_answer(&p) else { continue };
        all += 1;
        if outcome.status == Status::Optimal {
            proved += 1;
            let checked = verify(&p, &outcome).unwrap().unwrap();
            assert_eq!(checked.dag_cost, best.dag, "seed {seed}");
        }
    }
    assert!(proved * 10 > all * 9, "{proved} of {all}");
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
    assert_eq!(best_answer(&p), Some(Best { tree: 5.0, dag: 3.0 }));
    assert_eq!(
        BottomUp.extract(&p, &Control::default()).choices,
        [0, 1].map(|n| Some(NodeIndex(n)))
    );
}
