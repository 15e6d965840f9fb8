//! Random programs keep their meaning through the optimiser.

use optimizer::{Options, optimize};
use rvsdg::random::{RandomOptions, random_function, random_inputs};

fn same_answers(seed: u64, options: &Options) {
    let function = random_function(seed, &RandomOptions::default());
    let optimized = optimize(&function, options).expect("the options are valid").function;
    if let Err(errors) = rvsdg::verify::verify(&optimized) {
        panic!("seed {seed}: {errors:?}");
    }
    for round in 0..4 {
        let inputs = random_inputs(seed * 31 + round, &function);
        let limits = rvsdg::interp::Limits::default();
        let before = rvsdg::interp::run(&function, &inputs, &limits).expect("input is legal");
        let after = rvsdg::interp::run(&optimized, &inputs, &limits)
            .unwrap_or_else(|violation| panic!("seed {seed}: {violation:?}"));
        assert!(
            before.answer.same(&after.answer),
            "seed {seed}, inputs {inputs:?}: {:?} became {:?}",
            before.answer,
            after.answer
        );
    }
}

#[test]
fn without_rules_programs_keep_their_meaning() {
    let options = Options { rules: "fold".to_owned(), ..Options::default() };
    (0..300).for_each(|seed| same_answers(seed, &options));
}

#[test]
fn with_the_default_rules_programs_keep_their_meaning() {
    (0..300).for_each(|seed| same_answers(seed, &Options::default()));
}

#[test]
fn chains_of_constants_do_not_grow_without_end() {
    // Sums of constants fold; taking them apart would fill the e-graph.
    for seed in [478, 3204, 4324] {
        let function = random_function(seed, &RandomOptions::default());
        let report = optimize(&function, &Options::default()).expect("default options fit").report;
        assert_eq!(report.stop_reason, "saturated", "seed {seed}");
    }
}
