//! Constant expressions inside loop bodies and branch arms are computed once, by the optimiser.

use crate::engines::python;
use optimizer::{Options, optimize};
use rvsdg::interp::{Limits, run};
use rvsdg::{Arg, Function, Inputs, Scalar};

/// Simple operations that a call with this integer executes.
fn executed(function: &Function, n: i64) -> u64 {
    let inputs = Inputs { args: vec![Arg::Scalar(Scalar::I64(n))], arrays: Vec::new() };
    let run = run(function, &inputs, &Limits::default()).expect("the function is well-formed");
    run.answer.outcome.expect("nothing is raised");
    run.executed
}

/// Holds a function with constant expressions to the same function with their values: optimised,
/// both execute as many operations, and at least `saved` less than before.
fn folds_to(written: &str, folded: &str, n: i64, saved: u64) {
    let before = python(written, "f");
    let [after, literal] = [written, folded].map(|text| {
        optimize(&python(text, "f"), &Options::default()).expect("default options").function
    });
    let (before, after, literal) =
        (executed(&before, n), executed(&after, n), executed(&literal, n));
    assert_eq!(after, literal, "as with the values written out ({before} before)");
    assert!(after + saved <= before, "{before} before, {after} after");
}

#[test]
fn constants_in_a_loop_body_are_folded() {
    let text = |constant: &str| {
        format!(
            "def f(n: i64) -> f64:\n    total = 0.0\n    i = 0\n    while i < n:\n        \
             total = total * 0.5 + {constant}\n        i += 1\n    return total\n"
        )
    };
    folds_to(&text("(3.0 * 7.0 - 2.5 * 4.0)"), &text("11.0"), 1000, 3000);
}

#[test]
fn constants_in_a_branch_arm_are_folded() {
    let text = |constant: &str| {
        format!(
            "def f(n: i64) -> i64:\n    if n > 10:\n        r = n * n + {constant}\n    \
             else:\n        r = n - n * 3\n    return r\n"
        )
    };
    folds_to(&text("(12 * 5 - 7)"), &text("53"), 20, 2);
}

#[test]
fn constants_in_an_arm_inside_a_loop_are_folded() {
    let text = |constant: &str| {
        format!(
            "def f(n: i64) -> i64:\n    total = 0\n    for i in range(n):\n        if i & 1 == 0:\n\
             \x20           total += i * {constant}\n        else:\n            total ^= i\n    \
             return total\n"
        )
    };
    // The product becomes a variable that grows in every iteration, and not only in its arm's.
    folds_to(&text("(2 + 3 * 4)"), &text("14"), 1000, 400);
}
