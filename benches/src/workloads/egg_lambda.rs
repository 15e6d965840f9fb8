//! egg's lambda calculus with explicit substitution: Fibonacci of four by a fixed point.
//!
//! The analysis keeps the free variables of each class (the intersection over its e-nodes) and its
//! value, if it is a constant. A substitution under a binder that would capture renames the binder.

/// A condition on a match; names are the rule's variables.
#[derive(Clone, Copy, Debug)]
pub enum Guard {
    /// The classes differ.
    Differ(&'static str, &'static str),
    /// The class is a constant.
    Constant(&'static str),
    /// Both terms are in the graph, and equal.
    Equal(&'static str, &'static str),
}

/// Name, left side, right side (egg's notation), conditions.
pub type Rule = (&'static str, &'static str, &'static str, &'static [Guard]);

use Guard::{Constant, Differ, Equal};

/// The rules whose right side is a pattern.
pub const RULES: &[Rule] = &[
    ("if-true", "(if true ?then ?else)", "?then", &[]),
    ("if-false", "(if false ?then ?else)", "?else", &[]),
    (
        "if-elim",
        "(if (= (var ?x) ?e) ?then ?else)",
        "?else",
        &[Equal("(let ?x ?e ?then)", "(let ?x ?e ?else)")],
    ),
    ("add-comm", "(+ ?a ?b)", "(+ ?b ?a)", &[]),
    ("add-assoc", "(+ (+ ?a ?b) ?c)", "(+ ?a (+ ?b ?c))", &[]),
    ("eq-comm", "(= ?a ?b)", "(= ?b ?a)", &[]),
    ("fix", "(fix ?v ?e)", "(let ?v (fix ?v ?e) ?e)", &[]),
    ("beta", "(app (lam ?v ?body) ?e)", "(let ?v ?e ?body)", &[]),
    ("let-app", "(let ?v ?e (app ?a ?b))", "(app (let ?v ?e ?a) (let ?v ?e ?b))", &[]),
    ("let-add", "(let ?v ?e (+ ?a ?b))", "(+ (let ?v ?e ?a) (let ?v ?e ?b))", &[]),
    ("let-eq", "(let ?v ?e (= ?a ?b))", "(= (let ?v ?e ?a) (let ?v ?e ?b))", &[]),
    ("let-const", "(let ?v ?e ?c)", "?c", &[Constant("?c")]),
    (
        "let-if",
        "(let ?v ?e (if ?cond ?then ?else))",
        "(if (let ?v ?e ?cond) (let ?v ?e ?then) (let ?v ?e ?else))",
        &[],
    ),
    ("let-var-same", "(let ?v1 ?e (var ?v1))", "?e", &[]),
    ("let-var-diff", "(let ?v1 ?e (var ?v2))", "(var ?v2)", &[Differ("?v1", "?v2")]),
    ("let-lam-same", "(let ?v1 ?e (lam ?v1 ?body))", "(lam ?v1 ?body)", &[]),
];

/// The rule that must not capture: left side, and right sides where `?v2` is not free, and is
/// free, in `?e`. Applies where `?v1` and `?v2` differ; `?fresh` is a symbol made from the
/// number of the matched class.
pub const UNDER_BINDER: (&str, &str, &str) = (
    "(let ?v1 ?e (lam ?v2 ?body))",
    "(lam ?v2 (let ?v1 ?e ?body))",
    "(lam ?fresh (let ?v1 ?e (let ?v2 (var ?fresh) ?body)))",
);

/// `fib 4`.
pub const FIB: &str = "(let fib (fix fib (lam n
    (if (= (var n) 0) 0
    (if (= (var n) 1) 1
    (+ (app (var fib) (+ (var n) -1)) (app (var fib) (+ (var n) -2)))))))
    (app (var fib) 4))";

/// What it is equal to.
pub const FIB_VALUE: &str = "3";

/// Iterations after which the value is found.
pub const ITERATION_LIMIT: usize = 60;
