//! The 24 unconditional rules of the calculus benchmark that egg and egglog share, over its seven
//! terms: each iteration multiplies the graph, up to a million e-nodes at the eleventh.

use super::plain::{Plain, Stop};

const RULES: &[(&str, &str)] = &[
    ("(Add a b)", "(Add b a)"),
    ("(Mul a b)", "(Mul b a)"),
    ("(Add a (Add b c))", "(Add (Add a b) c)"),
    ("(Mul a (Mul b c))", "(Mul (Mul a b) c)"),
    ("(Sub a b)", "(Add a (Mul (Const -1) b))"),
    ("(Add a (Const 0))", "a"),
    ("(Mul a (Const 0))", "(Const 0)"),
    ("(Mul a (Const 1))", "a"),
    ("(Sub a a)", "(Const 0)"),
    ("(Mul a (Add b c))", "(Add (Mul a b) (Mul a c))"),
    ("(Add (Mul a b) (Mul a c))", "(Mul a (Add b c))"),
    ("(Mul (Pow a b) (Pow a c))", "(Pow a (Add b c))"),
    ("(Pow x (Const 1))", "x"),
    ("(Pow x (Const 2))", "(Mul x x)"),
    ("(Diff x (Add a b))", "(Add (Diff x a) (Diff x b))"),
    ("(Diff x (Mul a b))", "(Add (Mul a (Diff x b)) (Mul b (Diff x a)))"),
    ("(Diff x (Sin x))", "(Cos x)"),
    ("(Diff x (Cos x))", "(Mul (Const -1) (Sin x))"),
    ("(Integral (Const 1) x)", "x"),
    ("(Integral (Cos x) x)", "(Sin x)"),
    ("(Integral (Sin x) x)", "(Mul (Const -1) (Cos x))"),
    ("(Integral (Add f g) x)", "(Add (Integral f x) (Integral g x))"),
    ("(Integral (Sub f g) x)", "(Sub (Integral f x) (Integral g x))"),
    (
        "(Integral (Mul a b) x)",
        "(Sub (Mul a (Integral b x)) (Integral (Mul (Diff x a) (Integral b x)) x))",
    ),
];

/// The seven terms under all rules, for a number of iterations.
pub(super) fn math_micro(iterations: usize) -> Plain {
    let (x, y, two) = ("(Var \"x\")", "(Var \"y\")", "(Const 2)");
    let root = |op| format!("(Div ({op} (Const 1) (Sqrt (Var \"five\"))) {two})");
    let terms = [
        format!("(Integral (Ln {x}) {x})"),
        format!("(Integral (Add {x} (Cos {x})) {x})"),
        format!("(Integral (Mul (Cos {x}) {x}) {x})"),
        format!("(Diff {x} (Add (Const 1) (Mul {two} {x})))"),
        format!("(Diff {x} (Sub (Pow {x} (Const 3)) (Mul (Const 7) (Pow {x} {two}))))"),
        format!("(Add (Mul {y} (Add {x} {y})) (Sub (Add {x} {two}) (Add {x} {x})))"),
        format!("(Div (Const 1) (Sub {} {}))", root("Add"), root("Sub")),
    ];
    let named = terms.into_iter().enumerate().map(|(at, term)| (format!("t{at}"), term));
    Plain {
        sort: "Math",
        constructors: &[
            ("Diff", &["Math", "Math"]),
            ("Integral", &["Math", "Math"]),
            ("Add", &["Math", "Math"]),
            ("Sub", &["Math", "Math"]),
            ("Mul", &["Math", "Math"]),
            ("Div", &["Math", "Math"]),
            ("Pow", &["Math", "Math"]),
            ("Ln", &["Math"]),
            ("Sqrt", &["Math"]),
            ("Sin", &["Math"]),
            ("Cos", &["Math"]),
            ("Const", &["i64"]),
            ("Var", &["String"]),
        ],
        rules: RULES,
        terms: named.collect(),
        stop: Stop::Iterations(iterations),
    }
}
