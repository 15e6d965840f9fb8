//! The order of a chain of matrix products: associativity in both directions, with shapes and a
//! least cost kept by merge functions.
//!
//! At saturation each run of neighbours is one class with one product for each place to split:
//! `(n³ - n) / 6` products. The least cost is checked against dynamic programming.

use super::random::Random;
use std::fmt::Write;

const RULES: &str = r"(datatype M (Mat i64) (MM M M))
(function rows (M) i64 :merge old)
(function cols (M) i64 :merge old)
(function best (M) i64 :merge (min old new))
(ruleset assoc)
(ruleset shape)
(birewrite (MM x (MM y z)) (MM (MM x y) z) :ruleset assoc)
(rule ((= m (MM x y)) (= r (rows x)) (= c (cols y)))
      ((set (rows m) r) (set (cols m) c)) :ruleset shape)
(rule ((= m (MM x y)) (= a (best x)) (= b (best y)) (= r (rows x)) (= k (cols x)) (= c (cols y)))
      ((set (best m) (+ (+ a b) (* r (* k c))))) :ruleset shape)
";

/// The chain of `n >= 1` matrices.
pub(super) fn matchain(n: usize) -> String {
    let mut random = Random::new(n as u64);
    let sizes: Vec<u64> = (0..=n).map(|_| 2 + random.below(56)).collect();
    let mut text = RULES.to_owned();
    for (at, pair) in sizes.windows(2).enumerate() {
        push(
            &mut text,
            format_args!(
                "(set (rows (Mat {at})) {}) (set (cols (Mat {at})) {}) (set (best (Mat {at})) 0)\n",
                pair[0], pair[1]
            ),
        );
    }
    let chain = (0..n.saturating_sub(1))
        .rev()
        .fold(format!("(Mat {})", n - 1), |rest, at| format!("(MM (Mat {at}) {rest})"));
    push(
        &mut text,
        format_args!(
            "(let $root {chain})\n\
             (run-schedule (saturate (saturate (run assoc)) (saturate (run shape))))\n\
             (check (= (best $root) {}))\n(print-size MM)\n",
            least_cost(&sizes)
        ),
    );
    text
}

/// Scalar multiplications of the best order, by dynamic programming over runs of neighbours.
fn least_cost(sizes: &[u64]) -> u64 {
    let n = sizes.len() - 1;
    let mut best = vec![vec![0; n]; n];
    for length in 2..=n {
        for first in 0..=n - length {
            let last = first + length - 1;
            let split = |at: usize| {
                best[first][at]
                    + best[at + 1][last]
                    + sizes[first] * sizes[at + 1] * sizes[last + 1]
            };
            best[first][last] = (first..last).map(split).min().unwrap_or(0);
        }
    }
    best[0][n - 1]
}

fn push(text: &mut String, more: std::fmt::Arguments<'_>) {
    text.write_fmt(more).expect("writing to a string cannot fail");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_textbook_chain_costs_15125() {
        // Cormen, Leiserson, Rivest, Stein: Introduction to Algorithms, section 15.2.
        assert_eq!(least_cost(&[30, 35, 15, 5, 10, 20, 25]), 15_125);
    }
}
