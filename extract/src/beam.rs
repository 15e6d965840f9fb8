//! Beam search: the few cheapest different terms per class, by DAG cost.
//!
//! A candidate of a class is a whole term as a set of choices. A node's candidates are merged from
//! those of its children, one child after another, keeping the cheapest few; two terms that choose
//! differently for a class do not go together. Classes are visited in the order of least trees, and
//! again while their children improve, for a few rounds. The idea is that of the beam extractor
//! proposed for extraction-gym (2025). Memory is the width times the size of all terms; beyond a
//! limit, and at the deadline, classes keep what they have. Never worse than least trees.

use crate::bottom_up::least_trees;
use crate::exact::{Choices, dag_cost};
use crate::extractor::{Control, Extractor, Outcome, Status};
use crate::problem::{ClassIndex, NodeIndex, Problem};

/// Candidates per class.
const WIDTH: usize = 6;
/// Visits of each class.
const ROUNDS: usize = 4;
/// Choices in all candidates together.
const MAX_SIZE: usize = 12_000_000;

/// The cheapest few terms of each class, merged upwards.
#[derive(Clone, Copy, Debug, Default)]
pub struct Beam;

/// A term: its choices, sorted, and what they cost together.
#[derive(Clone, Debug, PartialEq)]
struct Candidate {
    cost: f64,
    choices: Vec<NodeIndex>,
}

impl Extractor for Beam {
    fn name(&self) -> &'static str {
        "beam"
    }

    fn extract(&self, problem: &Problem, control: &Control) -> Outcome {
        if !problem.has_plain_costs() {
            return Outcome::without_choices(problem, Status::Unsupported);
        }
        let trees = least_trees(problem);
        if problem.roots().iter().any(|root| trees[root.index()].is_none()) {
            return Outcome::of_choices(problem, trees);
        }
        let candidates = grow(problem, &trees, control);
        let merged = merge(problem, problem.roots().iter().copied(), &candidates, None);
        let mut best = (dag_cost(problem, &trees), trees);
        for candidate in merged.unwrap_or_default() {
            let mut choices = vec![None; problem.class_count()];
            for node in candidate.choices {
                choices[problem.class(node).index()] = Some(node);
            }
            if candidate.cost < best.0 {
                best = (candidate.cost, choices);
            }
        }
        Outcome::of_choices(problem, best.1)
    }
}

/// The candidates of every class.
fn grow(problem: &Problem, trees: &Choices, control: &Control) -> Vec<Vec<Candidate>> {
    let mut candidates: Vec<Vec<Candidate>> = vec![Vec::new(); problem.class_count()];
    let mut size = 0_usize;
    let order = children_first(problem, trees);
    for _ in 0..ROUNDS {
        let mut changed = false;
        for class in &order {
            if control.should_stop() || size > MAX_SIZE {
                return candidates;
            }
            let mut all = Vec::new();
            for node in problem.nodes(*class) {
                let merged = merge(problem, problem.children(node), &candidates, Some(node));
                all.extend(merged.unwrap_or_default());
            }
            keep_best(&mut all);
            let old = &mut candidates[class.index()];
            if *old != all && !all.is_empty() {
                let entries = |of: &[Candidate]| of.iter().map(|c| c.choices.len()).sum::<usize>();
                size = (size + entries(&all)).saturating_sub(entries(old));
                *old = all;
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    candidates
}

/// Classes with a finite term, children of their least trees first.
fn children_first(problem: &Problem, trees: &Choices) -> Vec<ClassIndex> {
    let mut seen = vec![false; trees.len()];
    let mut order = Vec::new();
    let mut stack: Vec<(ClassIndex, bool)> =
        problem.classes().rev().map(|class| (class, false)).collect();
    while let Some((class, leaving)) = stack.pop() {
        let Some(node) = trees[class.index()] else { continue };
        if leaving {
            order.push(class);
        } else if !std::mem::replace(&mut seen[class.index()], true) {
            stack.push((class, true));
            stack.extend(problem.children(node).map(|child| (child, false)));
        }
    }
    order
}

/// The cheapest terms that have all these classes and, on top of them, the node. None if some class
/// has no candidates or no two go together.
fn merge(
    problem: &Problem,
    children: impl Iterator<Item = ClassIndex>,
    candidates: &[Vec<Candidate>],
    top: Option<NodeIndex>,
) -> Option<Vec<Candidate>> {
    let mut partial = vec![Candidate { cost: 0.0, choices: Vec::new() }];
    for child in children {
        let mut next = Vec::new();
        for term in &partial {
            for other in &candidates[child.index()] {
                next.extend(union(problem, term, other));
            }
        }
        keep_best(&mut next);
        if next.is_empty() {
            return None;
        }
        partial = next;
    }
    let Some(top) = top else { return Some(partial) };
    let own = problem.class(top);
    // A term that contains the class already would need itself.
    partial.retain(|term| term.choices.iter().all(|node| problem.class(*node) != own));
    for term in &mut partial {
        term.cost += problem.cost(top);
        let at = term.choices.partition_point(|node| *node < top);
        term.choices.insert(at, top);
    }
    Some(partial)
}

/// Two terms as one, if they agree on every class that both have. Nodes are numbered by class, so
/// disagreements are neighbours. Terms that agree are acyclic together, since each class brings
/// everything below it.
fn union(problem: &Problem, a: &Candidate, b: &Candidate) -> Option<Candidate> {
    let mut choices = Vec::with_capacity(a.choices.len() + b.choices.len());
    let mut cost = a.cost;
    let mut left = a.choices.iter().copied().peekable();
    for node in &b.choices {
        let class = problem.class(*node);
        while let Some(next) = left.next_if(|next| problem.class(*next) < class) {
            choices.push(next);
        }
        match left.peek() {
            Some(next) if next == node => {}
            Some(next) if problem.class(*next) == class => return None,
            _ => {
                cost += problem.cost(*node);
                choices.push(*node);
            }
        }
    }
    choices.extend(left);
    // The node that both have was left to the end of its turn.
    choices.sort_unstable();
    choices.dedup();
    Some(Candidate { cost, choices })
}

fn keep_best(terms: &mut Vec<Candidate>) {
    terms.sort_by(|a, b| a.cost.total_cmp(&b.cost).then_with(|| a.choices.cmp(&b.choices)));
    terms.dedup();
    terms.truncate(WIDTH);
}
