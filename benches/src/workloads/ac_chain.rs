//! A sum of `n` different leaves under commutativity and associativity, to saturation.
//!
//! Matching finds the same equality again and again, and most applications give what is there. At
//! saturation each non-empty set of leaves is one class, and each way to split a set in two is one
//! e-node: `2^n - 1` classes and `3^n - 2^(n+1) + 1` sums.

use super::plain::{Plain, Stop};

const RULES: &[(&str, &str)] =
    &[("(Sum p q)", "(Sum q p)"), ("(Sum p (Sum q r))", "(Sum (Sum p q) r)")];

/// The chain of `n >= 1` leaves, leaning right.
pub(super) fn ac_chain(n: usize) -> Plain {
    let mut root = format!("(Leaf {n})");
    for leaf in (1..n).rev() {
        root = format!("(Sum (Leaf {leaf}) {root})");
    }
    Plain {
        sort: "E",
        constructors: &[("Leaf", &["i64"]), ("Sum", &["E", "E"])],
        rules: RULES,
        terms: vec![("root".to_owned(), root)],
        stop: Stop::Saturated,
    }
}

/// Sums and classes at saturation.
pub(super) fn saturated_counts(n: u32) -> (usize, usize) {
    (3_usize.pow(n) + 1 - 2_usize.pow(n + 1), 2_usize.pow(n) - 1)
}
