//! Independent GELU-style kernels as a code generator sees them: facts admit the removal of state,
//! tanh becomes a rational function, and powers unroll. The latency of facts, guards, subsumption,
//! costs and combined rule sets.

use std::fmt::Write;

/// Sorts, facts and rules; the kernels follow.
const RULES: &str = r"(datatype X
  (Arg i64) (F f64) (I i64)
  (Add2 X X) (Mul2 X X) (Div2 X X) (Powi X X :cost 60) (Root X) (Tanh X :cost 400)
  (AddIO X X X) (MulIO X X X) (PowIO X X X) (Res X i64) (Io i64))
(relation float (X))
(ruleset facts)
(ruleset pure)
(ruleset approx)
(ruleset power)
(unstable-combined-ruleset all facts pure approx power)
(rule ((= x (Arg k))) ((float x)) :ruleset facts)
(rule ((= x (F k))) ((float x)) :ruleset facts)
(rule ((= x (Tanh y))) ((float x)) :ruleset facts)
(rule ((= x (Root y))) ((float x)) :ruleset facts)
";

/// Both operands are floats.
const FLOATS: &str = " (float x) (float y)";

/// Tanh as a quotient of polynomials (its Padé approximant of order 3 over 4), and powers.
const APPROXIMATION: &str = r"(rewrite (Tanh x)
  (Div2 (Add2 (Mul2 (F 10.0) (Powi x (I 3))) (Mul2 (F 105.0) x))
        (Add2 (Add2 (Powi x (I 4)) (Mul2 (F 45.0) (Powi x (I 2)))) (F 105.0)))
  :ruleset approx)
(rule ((= t (Powi x (I k))) (float x) (> k 1))
      ((union t (Mul2 x (Powi x (I (- k 1)))))) :ruleset power)
(rewrite (Powi x (I 1)) x :when ((float x)) :ruleset power)
(rewrite (Powi x (I 0)) (F 1.0) :when ((float x)) :ruleset power)
";

/// A program of so many kernels; the state each returns is checked for three of them at most.
pub(super) fn geglu(kernels: usize) -> String {
    let mut text = RULES.to_owned();
    for (effect, value, facts) in
        [("AddIO", "Add2", FLOATS), ("MulIO", "Mul2", FLOATS), ("PowIO", "Powi", " (float x)")]
    {
        push(
            &mut text,
            format_args!(
                "(rule ((= c ({effect} io x y)){facts})\n      \
                 ((let v ({value} x y)) (union (Res c 1) v) (union (Res c 0) io) (float v)\n       \
                 (subsume ({effect} io x y))) :ruleset pure)\n"
            ),
        );
    }
    text.push_str(APPROXIMATION);
    (0..kernels).for_each(|at| kernel(&mut text, at));
    text.push_str("(run-schedule (saturate (run all)))\n");
    for at in 0..kernels.min(3) {
        push(&mut text, format_args!("(check (= $state{at} (Io {at})))\n"));
    }
    text.push_str("(extract $value0)\n(print-size Mul2)\n(print-size float)\n");
    text
}

/// `0.5 x (1 + tanh(sqrt(2/π) (x + 0.044715 x³)))`, each operation with the state it passes on.
fn kernel(text: &mut String, at: usize) {
    let steps = [
        ("cube", format!("(PowIO (Io {at}) (Arg {at}) (I 3))")),
        ("scaled", format!("(MulIO (Res $cube{at} 0) (F 0.044715) (Res $cube{at} 1))")),
        ("inner", format!("(AddIO (Res $scaled{at} 0) (Arg {at}) (Res $scaled{at} 1))")),
        (
            "angle",
            format!("(MulIO (Res $inner{at} 0) (Root (F 0.6366197723675814)) (Res $inner{at} 1))"),
        ),
        ("gate", format!("(AddIO (Res $angle{at} 0) (F 1.0) (Tanh (Res $angle{at} 1)))")),
        ("half", format!("(MulIO (Res $gate{at} 0) (F 0.5) (Arg {at}))")),
        ("product", format!("(MulIO (Res $half{at} 0) (Res $half{at} 1) (Res $gate{at} 1))")),
        ("value", format!("(Res $product{at} 1)")),
        ("state", format!("(Res $product{at} 0)")),
    ];
    for (name, term) in steps {
        push(text, format_args!("(let ${name}{at} {term})\n"));
    }
}

fn push(text: &mut String, more: std::fmt::Arguments<'_>) {
    text.write_fmt(more).expect("writing to a string cannot fail");
}
