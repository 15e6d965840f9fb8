//! Random functions, compiled in one module and run beside the interpreter.

use super::{assert_same, compile, generate, interpret};
use crate::EmitOptions;
use rvsdg::Function;

const FUNCTIONS: u64 = 150;
const RUNS: u64 = 30;

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
