//! egg's calculus: rules with conditions over a constant-folding analysis that prunes.
//!
//! The analysis gives a class its value where arithmetic on constants tells it; a class with a
//! value keeps only its leaves. Under a scheduler that bans rules which match too often, most of
//! the time goes to searching a graph that hardly changes.

/// A condition on a match; names are the rule's variables.
#[derive(Clone, Copy, Debug)]
pub enum Guard {
    /// The class is not known to be zero.
    NotZero(&'static str),
    /// The class has a value.
    Constant(&'static str),
    /// The class holds a symbol.
    Symbol(&'static str),
    /// The classes differ, and the first has a value or holds a symbol.
    ConstantOrOther(&'static str, &'static str),
}

/// Name, left side, right side (egg's notation), conditions.
pub type Rule = (&'static str, &'static str, &'static str, &'static [Guard]);

use Guard::{Constant, ConstantOrOther, NotZero, Symbol};

/// Rings, powers, derivatives (`d`) and integrals (`i`): 36 rules.
pub const RULES: &[Rule] = &[
    ("comm-add", "(+ ?a ?b)", "(+ ?b ?a)", &[]),
    ("comm-mul", "(* ?a ?b)", "(* ?b ?a)", &[]),
    ("assoc-add", "(+ ?a (+ ?b ?c))", "(+ (+ ?a ?b) ?c)", &[]),
    ("assoc-mul", "(* ?a (* ?b ?c))", "(* (* ?a ?b) ?c)", &[]),
    ("sub-canon", "(- ?a ?b)", "(+ ?a (* -1 ?b))", &[]),
    ("div-canon", "(/ ?a ?b)", "(* ?a (pow ?b -1))", &[NotZero("?b")]),
    ("zero-add", "(+ ?a 0)", "?a", &[]),
    ("zero-mul", "(* ?a 0)", "0", &[]),
    ("one-mul", "(* ?a 1)", "?a", &[]),
    ("add-zero", "?a", "(+ ?a 0)", &[]),
    ("mul-one", "?a", "(* ?a 1)", &[]),
    ("cancel-sub", "(- ?a ?a)", "0", &[]),
    ("cancel-div", "(/ ?a ?a)", "1", &[NotZero("?a")]),
    ("distribute", "(* ?a (+ ?b ?c))", "(+ (* ?a ?b) (* ?a ?c))", &[]),
    ("factor", "(+ (* ?a ?b) (* ?a ?c))", "(* ?a (+ ?b ?c))", &[]),
    ("pow-mul", "(* (pow ?a ?b) (pow ?a ?c))", "(pow ?a (+ ?b ?c))", &[]),
    ("pow0", "(pow ?x 0)", "1", &[NotZero("?x")]),
    ("pow1", "(pow ?x 1)", "?x", &[]),
    ("pow2", "(pow ?x 2)", "(* ?x ?x)", &[]),
    ("pow-recip", "(pow ?x -1)", "(/ 1 ?x)", &[NotZero("?x")]),
    ("recip-mul-div", "(* ?x (/ 1 ?x))", "1", &[NotZero("?x")]),
    ("d-variable", "(d ?x ?x)", "1", &[Symbol("?x")]),
    ("d-constant", "(d ?x ?c)", "0", &[Symbol("?x"), ConstantOrOther("?c", "?x")]),
    ("d-add", "(d ?x (+ ?a ?b))", "(+ (d ?x ?a) (d ?x ?b))", &[]),
    ("d-mul", "(d ?x (* ?a ?b))", "(+ (* ?a (d ?x ?b)) (* ?b (d ?x ?a)))", &[]),
    ("d-sin", "(d ?x (sin ?x))", "(cos ?x)", &[]),
    ("d-cos", "(d ?x (cos ?x))", "(* -1 (sin ?x))", &[]),
    ("d-ln", "(d ?x (ln ?x))", "(/ 1 ?x)", &[NotZero("?x")]),
    (
        "d-power",
        "(d ?x (pow ?f ?g))",
        "(* (pow ?f ?g) (+ (* (d ?x ?f) (/ ?g ?f)) (* (d ?x ?g) (ln ?f))))",
        &[NotZero("?f"), NotZero("?g")],
    ),
    ("i-one", "(i 1 ?x)", "?x", &[]),
    ("i-power-const", "(i (pow ?x ?c) ?x)", "(/ (pow ?x (+ ?c 1)) (+ ?c 1))", &[Constant("?c")]),
    ("i-cos", "(i (cos ?x) ?x)", "(sin ?x)", &[]),
    ("i-sin", "(i (sin ?x) ?x)", "(* -1 (cos ?x))", &[]),
    ("i-sum", "(i (+ ?f ?g) ?x)", "(+ (i ?f ?x) (i ?g ?x))", &[]),
    ("i-dif", "(i (- ?f ?g) ?x)", "(- (i ?f ?x) (i ?g ?x))", &[]),
    ("i-parts", "(i (* ?a ?b) ?x)", "(- (* ?a (i ?b ?x)) (i (* (d ?x ?a) (i ?b ?x)) ?x))", &[]),
];

/// The seven terms, all in one graph.
pub const TERMS: &[&str] = &[
    "(i (ln x) x)",
    "(i (+ x (cos x)) x)",
    "(i (* (cos x) x) x)",
    "(d x (+ 1 (* 2 x)))",
    "(d x (- (pow x 3) (* 7 (pow x 2))))",
    "(+ (* y (+ x y)) (- (+ x 2) (+ x x)))",
    "(/ 1 (- (/ (+ 1 (sqrt five)) 2) (/ (- 1 (sqrt five)) 2)))",
];

/// The iterations of a run. The last is the one in which egg reaches 100,000 e-nodes; it counts
/// every form in which a node was ever entered, so that fewer are there.
pub const ITERATION_LIMIT: usize = 36;
