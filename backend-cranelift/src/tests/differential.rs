//! Random programs: machine code against the reference interpreter.

use super::compile_all_ways;
use rvsdg::random::{RandomOptions, random_function, random_inputs};
use rvsdg::{Function, Inputs, interp};

const PROGRAMS: u64 = 300;
const INPUTS: u64 = 4;

/// The interpreter's limit; programs that need more are not compared.
const STEPS: u64 = 1_000_000;

/// Runs a program in every way; returns how many runs raised, or none if the program is too long.
fn compare(f: &Function, inputs: &[Inputs], name: &str) -> Option<usize> {
    let limits = interp::Limits { time: None, steps: Some(STEPS) };
    let mut expected = Vec::new();
    for inputs in inputs {
        match interp::run(f, inputs, &limits) {
            Ok(run) => expected.push(run.answer),
            Err(interp::Violation::StepLimit) => return None,
            Err(other) => panic!("{name}: {other:?}"),
        }
    }
    for (way, compiled) in compile_all_ways(f).iter().enumerate() {
        for (inputs, expected) in inputs.iter().zip(&expected) {
            let got = compiled.call(inputs, None).expect("the inputs fit");
            let same =
                got.same(expected) && got.outcome.as_ref().err() == expected.outcome.as_ref().err();
            assert!(same, "{name}, way {way}, on {inputs:?}: {got:?}, not {expected:?}");
        }
    }
    Some(expected.iter().filter(|answer| answer.outcome.is_err()).count())
}

fn sweep(options: &RandomOptions) {
    let (mut compared, mut raised) = (0, 0);
    for seed in 0..PROGRAMS {
        let f = random_function(seed, options);
        let inputs: Vec<Inputs> =
            (0..INPUTS).map(|at| random_inputs(seed * INPUTS + at, &f)).collect();
        if let Some(raises) = compare(&f, &inputs, &format!("{options:?}, seed {seed}")) {
            compared += 1;
            raised += raises;
        }
    }
    assert!(compared > PROGRAMS * 9 / 10, "{options:?}: only {compared} programs were short");
    assert_eq!(options.effects, raised > 0, "{options:?}: {raised} runs raised");
}

#[test]
fn random_programs() {
    sweep(&RandomOptions::default());
}

#[test]
fn random_programs_of_narrow_types() {
    sweep(&RandomOptions { narrow: true, ..RandomOptions::default() });
}

#[test]
fn random_deep_programs() {
    sweep(&RandomOptions { size: 60, depth: 6, narrow: true, ..RandomOptions::default() });
}

#[test]
fn random_pure_programs() {
    sweep(&RandomOptions { memory: false, effects: false, ..RandomOptions::default() });
}
