//! Boolean laws over a ripple-carry adder: twenty rules over a shared graph, in which many classes
//! fall together.

use super::plain::{Plain, Stop};

const RULES: &[(&str, &str)] = &[
    ("(And p q)", "(And q p)"),
    ("(Or p q)", "(Or q p)"),
    ("(Xor p q)", "(Xor q p)"),
    ("(And p (And q r))", "(And (And p q) r)"),
    ("(Or p (Or q r))", "(Or (Or p q) r)"),
    ("(Not (Not p))", "p"),
    ("(Not (And p q))", "(Or (Not p) (Not q))"),
    ("(Not (Or p q))", "(And (Not p) (Not q))"),
    ("(And p (Or q r))", "(Or (And p q) (And p r))"),
    ("(Or (And p q) (And p r))", "(And p (Or q r))"),
    ("(And p p)", "p"),
    ("(Or p p)", "p"),
    ("(And p (Not p))", "(Fls)"),
    ("(Or p (Not p))", "(Tru)"),
    ("(And p (Tru))", "p"),
    ("(Or p (Fls))", "p"),
    ("(And p (Fls))", "(Fls)"),
    ("(Or p (Tru))", "(Tru)"),
    ("(Or (And p (Not q)) (And (Not p) q))", "(Xor p q)"),
    ("(Xor p p)", "(Fls)"),
];

/// Iterations after which the count of e-nodes is of the order of 10^5 for 16 bits.
const ITERATIONS: usize = 5;

/// An adder of so many bits: inputs `2 i` and `2 i + 1` are the operands' bits `i`.
pub(super) fn bool_adder(bits: usize) -> Plain {
    let xor = |a: &str, b: &str| format!("(Or (And {a} (Not {b})) (And (Not {a}) {b}))");
    let mut terms = vec![("c0".to_owned(), "(Fls)".to_owned())];
    for bit in 0..bits {
        let (a, b) = (format!("(In {})", 2 * bit), format!("(In {})", 2 * bit + 1));
        let (x, c) = (format!("$x{bit}"), format!("$c{bit}"));
        terms.push((format!("x{bit}"), xor(&a, &b)));
        terms.push((format!("s{bit}"), xor(&x, &c)));
        terms.push((format!("c{}", bit + 1), format!("(Or (And {a} {b}) (And {x} {c}))")));
    }
    Plain {
        sort: "B",
        constructors: &[
            ("In", &["i64"]),
            ("Tru", &[]),
            ("Fls", &[]),
            ("And", &["B", "B"]),
            ("Or", &["B", "B"]),
            ("Xor", &["B", "B"]),
            ("Not", &["B"]),
        ],
        rules: RULES,
        terms,
        stop: Stop::Iterations(ITERATIONS),
    }
}
