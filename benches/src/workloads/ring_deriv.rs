//! Rings, powers and derivatives: a graph that grows without end, with patterns that name a
//! variable twice. No iteration adds less than the one before it.

use super::plain::{Plain, Stop};

const RULES: &[(&str, &str)] = &[
    ("(Plus x y)", "(Plus y x)"),
    ("(Times x y)", "(Times y x)"),
    ("(Plus (Plus x y) z)", "(Plus x (Plus y z))"),
    ("(Times (Times x y) z)", "(Times x (Times y z))"),
    ("(Minus x y)", "(Plus x (Times (N -1) y))"),
    ("(Minus x x)", "(N 0)"),
    ("(Plus x (N 0))", "x"),
    ("(Times x (N 0))", "(N 0)"),
    ("(Times x (N 1))", "x"),
    ("(Times x (Plus y z))", "(Plus (Times x y) (Times x z))"),
    ("(Plus (Times x y) (Times x z))", "(Times x (Plus y z))"),
    ("(Expt x (N 1))", "x"),
    ("(Expt x (N 2))", "(Times x x)"),
    ("(Expt x (N 3))", "(Times x (Expt x (N 2)))"),
    ("(Times (Expt x y) (Expt x z))", "(Expt x (Plus y z))"),
    ("(Wrt v v)", "(N 1)"),
    ("(Wrt v (Plus x y))", "(Plus (Wrt v x) (Wrt v y))"),
    ("(Wrt v (Times x y))", "(Plus (Times x (Wrt v y)) (Times (Wrt v x) y))"),
    ("(Wrt v (Sine v))", "(Cosine v)"),
    ("(Wrt v (Cosine v))", "(Times (N -1) (Sine v))"),
];

/// Two derivatives and a difference of squares, for a number of iterations.
pub(super) fn ring_deriv(iterations: usize) -> Plain {
    let u = "(V \"u\")";
    let (p, q) = ("(V \"p\")", "(V \"q\")");
    let (sum, difference) = (format!("(Plus {p} {q})"), format!("(Minus {p} {q})"));
    let terms = [
        (
            "polynomial",
            format!(
                "(Wrt {u} (Times (Plus {u} (N 3)) (Minus (Expt {u} (N 3)) (Times (N 5) {u}))))"
            ),
        ),
        ("wave", format!("(Wrt {u} (Times (Sine {u}) (Plus (Cosine {u}) (Expt {u} (N 2)))))")),
        ("squares", format!("(Minus (Times {sum} {sum}) (Times {difference} {difference}))")),
    ];
    Plain {
        sort: "T",
        constructors: &[
            ("N", &["i64"]),
            ("V", &["String"]),
            ("Plus", &["T", "T"]),
            ("Times", &["T", "T"]),
            ("Minus", &["T", "T"]),
            ("Expt", &["T", "T"]),
            ("Sine", &["T"]),
            ("Cosine", &["T"]),
            ("Wrt", &["T", "T"]),
        ],
        rules: RULES,
        terms: terms.map(|(name, term)| (name.to_owned(), term)).into(),
        stop: Stop::Iterations(iterations),
    }
}
