//! One GELU kernel under five rules, measured in microseconds inside a process: what a compiler
//! pays for a small function.

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
