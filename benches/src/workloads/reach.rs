//! Which vertices reach which in a random directed graph, and which reach each other: relations,
//! joins, evaluation from what is new, and unions driven by a relation.

use super::random::Random;
use std::collections::BTreeSet;
use std::fmt::Write;

const RULES: &str = r"(relation edge (i64 i64))
(relation reach (i64 i64))
(sort Comp)
(constructor comp (i64) Comp)
(ruleset tc)
(ruleset scc)
(rule ((edge x y)) ((reach x y)) :ruleset tc)
(rule ((reach x y) (edge y z)) ((reach x z)) :ruleset tc)
(rule ((reach x y) (reach y x)) ((union (comp x) (comp y))) :ruleset scc)
";

/// The program over so many vertices and about as many different edges, no loops among them.
pub(super) fn reach(vertices: u64, edges: usize) -> String {
    let mut text = RULES.to_owned();
    for (from, to) in random_edges(vertices, edges) {
        push(&mut text, format_args!("(edge {from} {to})\n"));
    }
    text.push_str("(run-schedule (saturate (run tc)) (saturate (run scc)))\n");
    text.push_str("(print-size reach)\n(print-size comp)\n");
    text
}

/// Rows of `reach` and of `comp` at saturation, by a search from each vertex. `comp` has a row for
/// each vertex on a cycle.
pub(super) fn saturated_counts(vertices: u64, edges: usize) -> (usize, usize) {
    let mut next = vec![Vec::new(); vertices as usize];
    for (from, to) in random_edges(vertices, edges) {
        next[from as usize].push(to as usize);
    }
    let mut counts = (0, 0);
    for start in 0..next.len() {
        let mut seen = vec![false; next.len()];
        let mut open = vec![start];
        while let Some(at) = open.pop() {
            for &to in &next[at] {
                if !seen[to] {
                    seen[to] = true;
                    open.push(to);
                }
            }
        }
        counts.0 += seen.iter().filter(|seen| **seen).count();
        counts.1 += usize::from(seen[start]);
    }
    counts
}

fn random_edges(vertices: u64, edges: usize) -> BTreeSet<(u64, u64)> {
    let mut random = Random::new(vertices.wrapping_mul(31).wrapping_add(edges as u64));
    let mut found = BTreeSet::new();
    // There are at most `vertices * (vertices - 1)` edges without loops.
    let limit = edges.min((vertices * vertices.saturating_sub(1)) as usize);
    while found.len() < limit {
        let (from, to) = (random.below(vertices), random.below(vertices));
        if from != to {
            found.insert((from, to));
        }
    }
    found
}

fn push(text: &mut String, more: std::fmt::Arguments<'_>) {
    text.write_fmt(more).expect("writing to a string cannot fail");
}
