//! Random programs before and after: the same answers from the interpreter, and no more work.
//!
//! `OVUM_RANDOM_PROGRAMS` sets how many, `OVUM_RANDOM_SEED` the first seed. With `--nocapture` the
//! distribution of the ratio of executed work is printed.

use hashbrown::HashMap;
use optimizer::cost::{CostModel, weight};
use optimizer::trips::of_theta;
use optimizer::{Options, optimize};
use rustc_hash::FxBuildHasher;
use rvsdg::interp::{Limits, Prepared, Violation};
use rvsdg::random::{RandomOptions, random_function, random_inputs};
use rvsdg::{Function, NodeId, NodeKind, Run};

const CALLS: u64 = 6;

fn setting(name: &str, default: u64) -> u64 {
    let text = std::env::var(name).ok();
    text.map_or(default, |text| text.parse().unwrap_or_else(|e| panic!("{name}={text}: {e}")))
}

/// As the differential tests of all engines: the programs differ in size and kind by seed.
fn options(seed: u64) -> RandomOptions {
    RandomOptions {
        size: [8, 25, 25, 45][(seed % 4) as usize],
        depth: 1 + (seed % 3) as u32,
        memory: !seed.is_multiple_of(5),
        effects: !seed.is_multiple_of(7),
        narrow: seed.is_multiple_of(3),
        math: true,
    }
}

/// The run, if it ended within the limits.
fn complete(prepared: &Prepared<'_>, seed: u64, function: &Function) -> Option<Run> {
    let limits = Limits { steps: Some(200_000), ..Limits::default() };
    match prepared.run(&random_inputs(seed, function), &limits) {
        Ok(run) => Some(run),
        Err(Violation::StepLimit) => None,
        Err(violation) => panic!("{violation}"),
    }
}

/// Weight of what a run executed.
fn work(function: &Function, run: &Run) -> f64 {
    let mut weights: HashMap<String, f64, FxBuildHasher> = HashMap::default();
    for at in 0..function.node_count() {
        if let NodeKind::Simple(op) = function.node(NodeId::from_index(at)).kind {
            weights.insert(op.name(), weight(op));
        }
    }
    let instance = CostModel::shipped().instance();
    let of = |name: &str| weights.get(name).copied().unwrap_or(instance);
    run.by_op.iter().map(|(name, count)| of(name) * *count as f64).sum()
}

/// Whether every loop of a function runs a known number of times.
fn loops_are_known(function: &Function) -> bool {
    (0..function.node_count()).map(|at| function.node(NodeId::from_index(at))).all(
        |node| match node.kind {
            NodeKind::Theta { body } => of_theta(function, body, &node.operands).exact,
            _ => true,
        },
    )
}

fn quantile(sorted: &[f64], share: f64) -> f64 {
    sorted[((sorted.len() - 1) as f64 * share) as usize]
}

#[expect(clippy::print_stderr, reason = "read with --nocapture")]
fn note(text: &str) {
    eprintln!("{text}");
}

#[test]
fn random_programs_keep_their_answers_and_do_less_work() {
    let programs = setting("OVUM_RANDOM_PROGRAMS", 400);
    let first = setting("OVUM_RANDOM_SEED", 1);
    let (mut ratios, mut nothing_legal) = (Vec::new(), 0);
    for seed in first..first + programs {
        let before = random_function(seed, &options(seed));
        let optimized = optimize(&before, &Options::default()).expect("the defaults fit");
        let after = &optimized.function;
        nothing_legal += u64::from(optimized.report.nothing_legal);
        let (source, target) = (
            Prepared::new(&before).expect("it is legal"),
            Prepared::new(after).unwrap_or_else(|e| panic!("seed {seed}: {e}")),
        );
        let (mut spent, mut left) = (0.0, 0.0);
        for call in 0..CALLS {
            let inputs = seed * 1000 + call;
            let expected = complete(&source, inputs, &before);
            let found = complete(&target, inputs, &before);
            let (Some(expected), Some(found)) = (&expected, &found) else {
                assert_eq!(expected.is_some(), found.is_some(), "seed {seed}, call {call}");
                continue;
            };
            assert!(
                expected.answer.same(&found.answer),
                "seed {seed}, call {call}: {:?} became {:?}",
                expected.answer,
                found.answer
            );
            spent += work(&before, expected);
            left += work(after, found);
        }
        if spent > 0.0 {
            ratios.push((left / spent, seed, loops_are_known(&before)));
        }
    }
    ratios.sort_by(|a, b| a.0.total_cmp(&b.0));
    let sorted: Vec<f64> = ratios.iter().map(|(ratio, ..)| *ratio).collect();
    let dearer: Vec<&(f64, u64, bool)> =
        ratios.iter().rev().take_while(|(r, ..)| *r > 1.05).collect();
    note(&format!(
        "{programs} programs: median {:.2}, p90 {:.2}, most {:.2}; above 1.05: {} ({:?}); without \
         a legal program: {nothing_legal}",
        quantile(&sorted, 0.5),
        quantile(&sorted, 0.9),
        quantile(&sorted, 1.0),
        dearer.len(),
        &dearer[..dearer.len().min(12)],
    ));
    assert!(quantile(&sorted, 0.5) <= 0.5);
    assert!(dearer.iter().all(|(_, _, known)| !known), "{dearer:?}");
    assert!(nothing_legal * 1000 <= programs, "{nothing_legal}");
}
