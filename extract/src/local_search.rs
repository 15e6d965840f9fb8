//! Local search: free a neighbourhood, keep the rest, solve exactly what that leaves.
//!
//! A neighbourhood is a class that the answer uses and the classes below it, breadth first. Every
//! class outside keeps its choice, so whatever the rest of the answer needs anyway is sunk cost:
//! reductions make it free, and the small problem that is left goes to branch and bound with the
//! present cost as upper bound. The neighbourhood grows while searches complete and shrinks when
//! they do not. An answer is only replaced by a cheaper one, so the result is legal and never worse
//! than the start. The move is the sunk-cost neighbourhood of large neighbourhood search (Shaw,
//! 1998). Ends at the deadline, or without one after a number of moves.

use crate::bottom_up::least_trees;
use crate::exact::{Choices, below, dag_cost, raise, without};
use crate::extractor::{Caps, Control, Extractor, Outcome, Status};
use crate::greedy_dag::GreedyDag;
use crate::oracle::SplitMix;
use crate::problem::{ClassIndex, NodeIndex, Problem};

/// Moves in a row without a gain that end a search without a deadline.
const PATIENCE: u32 = 60;
/// Steps of branch and bound for one neighbourhood.
const STEPS: u64 = 40;
/// Classes of the first neighbourhood, of the smallest and of the largest.
const SIZES: [f64; 3] = [40.0, 12.0, 600.0];

/// Greedy, then better neighbourhood by neighbourhood.
#[derive(Clone, Copy, Debug, Default)]
pub struct LocalSearch;

impl Extractor for LocalSearch {
    fn name(&self) -> &'static str {
        "local-search"
    }

    fn caps(&self) -> Caps {
        Caps { anytime: true, ..Caps::default() }
    }

    fn extract(&self, problem: &Problem, control: &Control) -> Outcome {
        let start = GreedyDag.extract(problem, control);
        if start.status != Status::Feasible {
            return start;
        }
        Outcome::of_choices(problem, search(problem, start.choices, control))
    }
}

/// Improves a legal answer to a problem with plain costs.
pub(crate) fn search(problem: &Problem, start: Choices, control: &Control) -> Choices {
    let fallback = least_trees(problem);
    let mut random = SplitMix(control.seed ^ 0x4f56_554d);
    let mut choices = start;
    let mut cost = dag_cost(problem, &choices);
    let mut centres = Vec::new();
    let (mut size, mut idle) = (SIZES[0], 0);
    // Whether the pass over all centres has found nothing, and left nothing out.
    let mut exhausted = false;
    while !control.should_stop() && (control.deadline.is_some() || idle < PATIENCE) {
        if centres.is_empty() {
            centres = open_classes(problem, &choices);
            if exhausted || centres.is_empty() {
                break;
            }
            exhausted = true;
            shuffle(&mut centres, &mut random);
        }
        let Some(centre) = centres.pop() else { break };
        let mut keep: Vec<bool> = (0..problem.node_count() as u32)
            .map(|node| {
                let class = problem.node_class[node as usize] as usize;
                choices[class].or(fallback[class]) == Some(NodeIndex(node))
            })
            .collect();
        let free = neighbourhood(problem, centre, size as usize, &mut random);
        for node in free.iter().flat_map(|class| problem.nodes(*class)) {
            keep[node.index()] = true;
        }
        let (part, nodes) = without(problem, &keep, &[]);
        let found = below(&part, cost, STEPS, &control.silent());
        exhausted &= found.complete && found.answer.is_none() && free.len() < size as usize;
        size *= if found.complete { 1.15 } else { 0.7 };
        size = size.clamp(SIZES[1], SIZES[2]);
        idle += 1;
        if let Some(better) = found.answer {
            choices = raise(problem, &nodes, &better);
            cost = dag_cost(problem, &choices);
            control.report(Some(cost), None);
            idle = 0;
        }
    }
    choices
}

/// The classes that the answer uses and that have another node.
fn open_classes(problem: &Problem, choices: &[Option<NodeIndex>]) -> Vec<ClassIndex> {
    let mut seen = vec![false; choices.len()];
    let mut stack: Vec<_> = problem.roots().to_vec();
    let mut open = Vec::new();
    while let Some(class) = stack.pop() {
        if std::mem::replace(&mut seen[class.index()], true) {
            continue;
        }
        if problem.nodes(class).len() > 1 {
            open.push(class);
        }
        stack.extend(choices[class.index()].into_iter().flat_map(|node| problem.children(node)));
    }
    open
}

fn shuffle(classes: &mut [ClassIndex], random: &mut SplitMix) {
    for at in (1..classes.len()).rev() {
        classes.swap(at, random.below(at as u32 + 1) as usize);
    }
}

/// So many classes from the centre down, breadth first, its children in random order.
fn neighbourhood(
    problem: &Problem,
    centre: ClassIndex,
    size: usize,
    random: &mut SplitMix,
) -> Vec<ClassIndex> {
    let mut seen = vec![false; problem.class_count()];
    seen[centre.index()] = true;
    let mut found = vec![centre];
    let mut at = 0;
    let mut below = Vec::new();
    while at < found.len() && found.len() < size {
        below.clear();
        below.extend(problem.nodes(found[at]).flat_map(|node| problem.children(node)));
        shuffle(&mut below, random);
        for child in &below {
            if found.len() < size && !std::mem::replace(&mut seen[child.index()], true) {
                found.push(*child);
            }
        }
        at += 1;
    }
    found
}
