//! Dynamic programming over a tree decomposition: exact where the e-graph is nearly a tree.
//!
//! Two classes are neighbours if a node of one uses the other. Classes are eliminated in order of
//! least degree; a class with its neighbours at that time is a bag. A state of a bag says for each
//! class which node it takes, or none, and which classes of the bag reach which through classes
//! already eliminated, so that cycles are noticed although no bag sees them whole. Reachability is
//! only kept within strongly connected components. Bags have at most eleven classes and tables a
//! limited number of states; a part of the problem that needs more has a greedy answer.
//!
//! The decomposition of extraction is Goharshady, Lam and Parreaux, "Fast and optimal extraction
//! for sparse equality graphs" (2024), and Sun, Zhang and Ni (2024). Time and memory are linear in
//! the classes and exponential in the bags.

mod order;
mod table;

use crate::exact::{Choices, dag_cost};
use crate::extractor::{Control, Extractor, Outcome, Status};
use crate::greedy_dag::GreedyDag;
use crate::problem::{ClassIndex, NodeIndex, Problem};
use crate::reduce::components;
use order::elimination;
use table::{Message, Step};

/// Classes of a bag: reachability within it is a matrix in 128 bits.
const MAX_BAG: usize = 11;
/// States of all tables that are kept.
const MAX_STATES: usize = 1_500_000;

/// Optimal where bags are small.
#[derive(Clone, Copy, Debug, Default)]
pub struct Treewidth;

impl Extractor for Treewidth {
    fn name(&self) -> &'static str {
        "treewidth"
    }

    fn extract(&self, problem: &Problem, control: &Control) -> Outcome {
        let start = GreedyDag.extract(problem, control);
        if start.status != Status::Feasible {
            return start;
        }
        let mut choices = vec![None; problem.class_count()];
        let mut optimal = true;
        for part in components(problem) {
            let greedy = part.take(problem, &start.choices);
            let found = solve(&part.problem, dag_cost(&part.problem, &greedy), control);
            optimal &= found.is_some();
            part.place(problem, &found.unwrap_or(greedy), &mut choices);
        }
        let bound = optimal.then(|| dag_cost(problem, &choices));
        let status = if optimal { Status::Optimal } else { Status::Feasible };
        Outcome { choices, walks: Vec::new(), status, bound }
    }
}

/// An optimal answer to one part, no dearer than a known cost; none if its bags are too large.
fn solve(problem: &Problem, upper: f64, control: &Control) -> Option<Choices> {
    let bags = elimination(problem)?;
    let component = order::strong_components(problem);
    let mut place = vec![usize::MAX; problem.class_count()];
    for (at, bag) in bags.iter().enumerate() {
        place[bag[0] as usize] = at;
    }
    // Messages wait at the first of their classes to be eliminated.
    let mut waiting: Vec<Vec<usize>> = vec![Vec::new(); bags.len()];
    let mut messages: Vec<Message> = Vec::with_capacity(bags.len());
    let mut states = 0;
    for (at, bag) in bags.iter().enumerate() {
        if control.should_stop() {
            return None;
        }
        let step = Step {
            problem,
            component: &component,
            bag,
            upper: upper + 1e-9 * (1.0 + upper.abs()),
            limit: MAX_STATES.checked_sub(states)?,
        };
        let message = step.eliminate(&messages, &waiting[at], control)?;
        states += message.rows.len();
        match message.scope.iter().map(|class| place[*class as usize]).min() {
            Some(next) => waiting[next].push(at),
            None if message.rows.is_empty() => return None,
            None => {}
        }
        messages.push(message);
    }
    Some(trace(problem, &messages))
}

/// Follows the best states from the last class eliminated back to all others.
fn trace(problem: &Problem, messages: &[Message]) -> Choices {
    let mut choices: Choices = vec![None; problem.class_count()];
    let ends = messages.iter().enumerate().filter(|(_, message)| message.scope.is_empty());
    let mut stack: Vec<(usize, usize)> = ends.map(|(at, _)| (at, 0)).collect();
    while let Some((at, row)) = stack.pop() {
        let message = &messages[at];
        let row = &message.rows[row];
        let class = ClassIndex(message.class);
        let node: Option<NodeIndex> =
            row.own.checked_sub(1).and_then(|taken| problem.nodes(class).nth(taken as usize));
        choices[class.index()] = node;
        let mut link = row.link;
        while let Some(entry) = message.links.get(link as usize) {
            stack.push((entry.message as usize, entry.row as usize));
            link = entry.previous;
        }
    }
    choices
}
