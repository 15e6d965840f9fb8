//! Programs as text, optimised and compared with what they were.

use optimizer::{Optimized, Options, optimize};
use rvsdg::Function;
use rvsdg::interp::{Limits, run};
use rvsdg::random::random_inputs;

/// Random inputs of a program.
const INPUTS: u64 = 300;

/// What becomes of a program, after a comparison with the program on random inputs; those on which
/// the program does not end in time are left out.
pub(crate) fn compared(text: &str, options: &Options) -> Optimized {
    let function = rvsdg::text::parse(text).unwrap_or_else(|e| panic!("{e:?}\n{text}"));
    rvsdg::verify::verify(&function).unwrap_or_else(|e| panic!("{e:?}\n{text}"));
    let optimized = optimize(&function, options).expect("valid options");
    let after = &optimized.function;
    rvsdg::verify::verify(after).unwrap_or_else(|e| panic!("{e:?}\n{after}"));
    let limits = Limits { steps: Some(100_000), ..Limits::default() };
    for seed in 0..INPUTS {
        let inputs = random_inputs(seed, &function);
        let Ok(expected) = run(&function, &inputs, &limits) else { continue };
        let found = run(after, &inputs, &limits).unwrap_or_else(|e| panic!("{e:?}\n{after}"));
        assert!(expected.answer.same(&found.answer), "{inputs:?}\n{after}");
    }
    optimized
}

/// The optimised program by exact rules only, compared.
pub(crate) fn exact(text: &str) -> Function {
    compared(text, &Options::default()).function
}
