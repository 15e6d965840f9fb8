//! Random functions, compiled in one module and run beside the interpreter.

use super::{assert_same, compile, generate, interpret};
use crate::{EmitOptions, emit};
use rvsdg::Function;
use rvsdg::random::{RandomOptions, random_function, random_inputs};

const FUNCTIONS: u64 = 100;
const RUNS: u64 = 30;

#[test]
fn the_common_generator_s_functions_agree_with_the_interpreter() {
    let options = EmitOptions { sites: true, poll: false };
    let mut functions = Vec::new();
    for (first, size, narrow) in [(0, 25, false), (1000, 25, true), (2000, 60, true)] {
        let random = RandomOptions { size, narrow, ..RandomOptions::default() };
        let all = (first..first + 60).map(|seed| random_function(seed, &random));
        // `gamma` and `lgamma` have no form here.
        functions.extend(all.filter(|function| emit(function, &options).is_ok()));
    }
    assert!(functions.len() > 120, "{} functions have a form", functions.len());
    let references: Vec<&Function> = functions.iter().collect();
    let Some(library) = compile(&references, &options) else { return };
    for (index, function) in functions.iter().enumerate() {
        for seed in 0..RUNS {
            assert_same(&library, index, function, &random_inputs(seed, function));
        }
    }
}

#[test]
fn random_functions_agree_with_the_interpreter() {
    let functions: Vec<Function> = (0..FUNCTIONS).map(generate::function).collect();
    let references: Vec<&Function> = functions.iter().collect();
    for poll in [false, true] {
        let options = EmitOptions { sites: true, poll };
        let Some(library) = compile(&references, &options) else { return };
        for (index, function) in functions.iter().enumerate() {
            for seed in 0..RUNS {
                assert_same(&library, index, function, &generate::inputs(seed));
            }
        }
    }
}

#[test]
fn random_functions_raise_and_return() {
    let (mut raised, mut changed, mut total) = (0, 0, 0);
    for function in (0..FUNCTIONS).map(generate::function) {
        for seed in 0..RUNS {
            let inputs = generate::inputs(seed);
            let answer = interpret(&function, &inputs);
            total += 1;
            raised += u64::from(answer.outcome.is_err());
            changed += u64::from(answer.outcome.is_err() && answer.arrays != inputs.arrays);
        }
    }
    assert!(raised * 10 > total && raised * 10 < total * 9, "{raised} of {total} raise");
    assert!(changed * 50 > total, "{changed} of {total} raise after a store");
}
