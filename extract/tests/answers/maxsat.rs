//! The `MaxSAT` form, without the reductions that would decide most random problems before it.

use extract::maxsat::MaxSat;
use extract::oracle::{Shape, SplitMix, best_answer, random_problem};
use extract::{BranchAndBound, Control, Extractor, Problem, ProblemBuilder, Status, check, verify};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

#[test]
fn every_answer_is_proved_with_costs_below_zero_as_well() {
    let plain = Shape { classes: 9, ..Shape::default() };
    let shapes = [
        plain,
        Shape { least_cost: -4, ..plain },
        Shape { nodes: 7, classes: 5, least_cost: -1, greatest_cost: 1, ..plain },
        Shape { fractions: true, least_cost: -9, greatest_cost: 99, ..plain },
    ];
    let mut solved = 0;
    for seed in 0..1_600 {
        let p = random_problem(seed, shapes[(seed % 4) as usize]);
        let outcome = MaxSat.extract(&p, &Control::default());
        let cost = verify(&p, &outcome).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        let Some(best) = best_answer(&p) else {
            assert_eq!(outcome.status, Status::Infeasible, "seed {seed}");
            continue;
        };
        solved += 1;
        assert_eq!(outcome.status, Status::Optimal, "seed {seed}");
        assert_eq!(cost.map(|cost| cost.dag_cost), Some(best.dag), "seed {seed}\n{}", p.to_json());
    }
    assert!(solved > 800, "{solved}");
}

/// Cyclic, shared, too many answers to try them all.
fn middling(seed: u64, cost: impl Fn(&mut SplitMix) -> f64) -> Problem {
    let mut random = SplitMix(seed);
    let mut builder = ProblemBuilder::new();
    let classes = 45;
    for class in 0..classes {
        builder.add_class(&class.to_string());
    }
    for class in 0..classes {
        for node in 0..=random.below(4) {
            let operands = if class < 6 { 0 } else { 1 + random.below(3) };
            let children: Vec<u32> = (0..operands)
                .map(|_| {
                    let among = if node == 0 || random.below(3) > 0 { class } else { classes };
                    random.below(among.max(1))
                })
                .collect();
            let cost = cost(&mut random);
            builder.add_node(class, "f", cost, &children);
        }
    }
    for root in 0..4 {
        builder.add_root(classes - 1 - root);
    }
    builder.build()
}

#[test]
fn cores_strata_and_counters_agree_with_branch_and_bound() {
    let whole = |random: &mut SplitMix| f64::from(random.below(7));
    let wild = |random: &mut SplitMix| random.unit().powi(4) * 1e3;
    let mut compared = 0;
    for seed in 0..120 {
        let p = if seed % 3 == 0 { middling(seed, wild) } else { middling(seed, whole) };
        let control = Control::default();
        let (ours, other) = (MaxSat.extract(&p, &control), BranchAndBound.extract(&p, &control));
        let cost = verify(&p, &ours).unwrap().unwrap().dag_cost;
        let known = verify(&p, &other).unwrap().unwrap().dag_cost;
        if other.status == Status::Optimal {
            compared += 1;
            assert_eq!(ours.status, Status::Optimal, "seed {seed}");
            assert!((cost - known).abs() <= 1e-9 * known, "seed {seed}: {cost}, {known}");
        }
    }
    assert!(compared > 100, "{compared}");
}

/// 250 roots, each of which wants three of 150 leaves in one of five ways: far from solved in the
/// time that the test gives.
fn hard() -> Problem {
    let mut random = SplitMix(5);
    let mut builder = ProblemBuilder::new();
    for class in 0..400 {
        builder.add_class(&class.to_string());
    }
    for leaf in 0..150 {
        builder.add_node(leaf, "leaf", f64::from(3 + random.below(5)), &[]);
    }
    for class in 150..400 {
        for _ in 0..5 {
            let children = [random.below(150), random.below(150), random.below(150)];
            builder.add_node(class, "f", 0.0, &children);
        }
        builder.add_root(class);
    }
    builder.build()
}

#[test]
fn a_deadline_or_a_signal_ends_the_search_with_an_honest_bound() {
    let p = hard();
    let begun = Instant::now();
    let limited = MaxSat.extract(&p, &Control::with_time_limit(Duration::from_millis(300)));
    let taken = begun.elapsed();
    assert!(taken < Duration::from_secs(5), "{taken:?}");
    let cost = check(&p, &limited.choices).unwrap().dag_cost;
    let bound = limited.bound.unwrap();
    assert_eq!(limited.status, Status::Feasible);
    assert!(0.0 < bound && bound < cost, "{bound} {cost}");

    let control = Control::with_time_limit(Duration::from_mins(10));
    control.cancel.store(true, Ordering::Relaxed);
    let begun = Instant::now();
    let cancelled = MaxSat.extract(&p, &control);
    assert!(begun.elapsed() < Duration::from_secs(5));
    verify(&p, &cancelled).unwrap().unwrap();
}

#[test]
fn bounds_rise_and_answers_fall_as_they_are_reported() {
    let p = middling(1, |random| f64::from(1 + random.below(9)));
    let seen = Arc::new(std::sync::Mutex::new(Vec::new()));
    let observer = {
        let seen = Arc::clone(&seen);
        Arc::new(move |progress| seen.lock().unwrap().push(progress))
    };
    let control = Control { observer: Some(observer), ..Control::default() };
    let outcome = MaxSat.extract(&p, &control);
    let best = check(&p, &outcome.choices).unwrap().dag_cost;
    let seen = seen.lock().unwrap();
    let bounds: Vec<f64> = seen.iter().filter_map(|progress| progress.bound).collect();
    let answers: Vec<f64> = seen.iter().filter_map(|progress| progress.incumbent).collect();
    assert!(bounds.is_sorted() && bounds.iter().all(|bound| *bound <= best), "{bounds:?}");
    assert!(answers.iter().all(|cost| *cost >= best) && answers.len() > 1, "{answers:?}");
    assert!(answers.iter().rev().is_sorted(), "{answers:?}");
}
