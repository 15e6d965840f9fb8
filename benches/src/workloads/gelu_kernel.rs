//! One GELU kernel under five rules, measured in microseconds inside a process: what a compiler
//! pays for a small function.

use super::plain::push;
use crate::sexp::{Sexp, parse};

/// Name, left side and right side (egg's notation): tanh as a quotient of polynomials (its Padé
/// approximant of order 3 over 4), and powers up to four as products.
pub const RULES: &[(&str, &str, &str)] = &[
    (
        "pade",
        "(tanh ?x)",
        "(/ (+ (* 10.0 (pow ?x 3)) (* 105.0 ?x)) (+ (+ (pow ?x 4) (* 45.0 (pow ?x 2))) 105.0))",
    ),
    ("pow4", "(pow ?x 4)", "(* ?x (pow ?x 3))"),
    ("pow3", "(pow ?x 3)", "(* ?x (pow ?x 2))"),
    ("pow2", "(pow ?x 2)", "(* ?x (pow ?x 1))"),
    ("pow1", "(pow ?x 1)", "?x"),
];

/// `0.5 x (1 + tanh(sqrt(2/π) (x + 0.044715 x³)))`.
pub const TERM: &str = "(* (* 0.5 x) (+ 1.0 (tanh (* (sqrt 0.6366197723675814) \
                        (+ x (* 0.044715 (pow x 3)))))))";

/// What an e-node costs beside its children: tanh and general powers are dear.
pub fn cost(operator: &str) -> u32 {
    match operator {
        "tanh" => 400,
        "pow" => 60,
        "/" => 10,
        _ => 1,
    }
}

/// The name in egglog's language, where egg's notation is taken there, and the arity.
const OPERATORS: &[(&str, &str, usize)] = &[
    ("+", "Add", 2),
    ("*", "Mul", 2),
    ("/", "Div", 2),
    ("pow", "Pow", 2),
    ("sqrt", "Sqrt", 1),
    ("tanh", "Tanh", 1),
];

/// Sort, constructors and rules in egglog's language; the rule set is `rules`.
///
/// # Errors
/// If a rule is not an expression.
pub fn declarations() -> Result<String, String> {
    let mut text = String::from("(datatype Kernel (Constant f64) (Symbol String)");
    for &(operator, name, arity) in OPERATORS {
        let arguments = " Kernel".repeat(arity);
        push(&mut text, format_args!(" ({name}{arguments} :cost {})", cost(operator)));
    }
    text.push_str(")\n(ruleset rules)\n");
    for (_, left, right) in RULES {
        let (left, right) = (translate(&parse(left)?), translate(&parse(right)?));
        push(&mut text, format_args!("(rewrite {left} {right} :ruleset rules)\n"));
    }
    Ok(text)
}

/// [`TERM`] in egglog's language.
///
/// # Errors
/// If the term is not an expression.
pub fn term() -> Result<String, String> {
    Ok(translate(&parse(TERM)?).to_string())
}

/// Leaves become constructors over a literal, so that each is one e-node on every engine.
fn translate(from: &Sexp) -> Sexp {
    let leaf = |constructor: &str, literal| Sexp::List(vec![atom(constructor), literal]);
    match from {
        Sexp::List(items) => Sexp::List(items.iter().map(translate).collect()),
        Sexp::Atom(text) => match OPERATORS.iter().find(|(operator, ..)| operator == text) {
            Some((_, name, _)) => atom(name),
            None if text.starts_with('?') => from.clone(),
            None => match text.parse::<f64>() {
                Ok(number) => leaf("Constant", atom(&format!("{number:?}"))),
                Err(_) => leaf("Symbol", Sexp::Text(text.clone())),
            },
        },
        Sexp::Text(_) => from.clone(),
    }
}

fn atom(text: &str) -> Sexp {
    Sexp::Atom(text.to_owned())
}
