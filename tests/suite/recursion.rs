//! Python functions that call themselves: last, which is a loop, and otherwise, which is not.

use crate::engines::{Forms, count_ops, python};
use optimizer::Options;
use rvsdg::{Arg, Inputs, Scalar};

fn forms(text: &str) -> Forms {
    Forms::new(python(text, "f"), &Options::default()).expect("it optimises")
}

/// Compares all engines on pairs of integers.
fn agree(forms: &Forms, calls: &[[i64; 2]]) {
    for call in calls {
        let args = call.iter().map(|n| Arg::Scalar(Scalar::I64(*n))).collect();
        let inputs = Inputs { args, arrays: Vec::new() };
        let answers = forms.answers(&inputs).expect("it is defined");
        for (engine, answer) in &answers[1..] {
            assert!(answers[0].1.same(answer), "{engine}, {call:?}: {answer:?}\n{}", forms.after);
        }
    }
}

#[test]
fn a_call_that_comes_last_becomes_a_loop() {
    let forms = forms(
        "def f(n: int, s: int) -> int:\n    if n <= 0:\n        return s\n    \
         if n % 3 == 1:\n        return f(n - 1, s * 3)\n    return f(n - 1, s + n)\n",
    );
    assert!(forms.after.phi.is_empty() && count_ops(&forms.after, "recur") == 0, "{}", forms.after);
    // The deepest call that CPython allows, and the first that it does not.
    agree(&forms, &[[0, 7], [1, 1], [-4, 2], [37, 5], [999, 1], [1000, 1], [1001, 1], [5000, 0]]);
}

#[test]
fn a_loop_made_of_calls_raises_where_the_calls_would() {
    let forms = forms(
        "def f(a: int, b: int) -> int:\n    if a % b == 0:\n        return b\n    \
         return f(b, a % b)\n",
    );
    assert!(forms.after.phi.is_empty(), "{}", forms.after);
    agree(&forms, &[[12, 18], [7, 0], [0, 0], [1_000_003, 1_999_993], [-9, 6], [9, -6]]);
}

#[test]
fn a_call_whose_value_is_used_stays_a_call() {
    let forms = forms(
        "def f(n: int, k: int) -> int:\n    if n <= 0:\n        return k\n    \
         return n + f(n - 1, k)\n",
    );
    assert!(count_ops(&forms.after, "recur") > 0, "{}", forms.after);
    agree(&forms, &[[0, 7], [10, 1], [1000, 0], [1001, 0]]);
}
