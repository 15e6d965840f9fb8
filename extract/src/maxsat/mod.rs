//! Extraction as weighted partial `MaxSAT` (feature `maxsat`), on the SAT solver `batsat`.
//!
//! Hard clauses say what an answer is ([`model`]), a soft clause per node says that not using it
//! saves its cost ([`weights`]), and a core-guided search ([`search`]) raises a lower bound until
//! it meets the best answer found. Cycles are cut off when a model has them. Costs may be below
//! zero: then clauses say, too, that only what the roots need is used. The idea of cutting cycles
//! off instead of ordering the classes is He, Dong, Ren and Zhang's, "Improving term extraction
//! with acyclic constraints" (EGRAPHS 2023).

mod model;
mod search;
mod totalizer;
mod weights;

use crate::annealing;
use crate::exact::dag_cost;
use crate::extractor::{Caps, Control, Extractor, Outcome, Status};
use crate::problem::Problem;
use crate::reduce::answer_parts;
use search::Search;

/// Optimal answers by core-guided `MaxSAT`, part by part. [`Reduced`](crate::reduce::Reduced) goes
/// around it.
#[derive(Clone, Copy, Debug, Default)]
pub struct MaxSat;

impl Extractor for MaxSat {
    fn name(&self) -> &'static str {
        "maxsat"
    }

    fn caps(&self) -> Caps {
        Caps { exact: true, negative_costs: true, anytime: true, ..Caps::default() }
    }

    fn extract(&self, problem: &Problem, control: &Control) -> Outcome {
        if !problem.has_finite_costs() || problem.effects().is_some() {
            return Outcome::without_choices(problem, Status::Unsupported);
        }
        answer_parts(problem, control, solve)
    }
}

/// A greedy answer, better by annealing where costs are below zero, then the search from there.
fn solve(problem: &Problem, control: &Control) -> Outcome {
    let start = annealing::start(problem, control);
    if start.status != Status::Feasible {
        return start;
    }
    let mut start = start.choices;
    if !problem.has_plain_costs() {
        start = annealing::anneal(problem, start, &control.within(0.2));
    }
    let found = Search::new(problem, start, control).run();
    let cost = dag_cost(problem, &found.choices);
    let bound = found.bound.min(cost);
    let proved = cost - bound <= 1e-9 * (1.0 + cost.abs());
    let status = if proved { Status::Optimal } else { Status::Feasible };
    control.report(Some(cost), Some(bound));
    Outcome { choices: found.choices, walks: Vec::new(), status, bound: Some(bound) }
}
