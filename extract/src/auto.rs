//! The portfolio: everything here that pays, in the order in which it pays, within a time budget.
//!
//! Reductions first, since they often decide everything; greedy on the whole and on what is left,
//! keeping the best, because inlining may hide sharing; branch and bound for a share of the time;
//! then local search, and branch and bound once more from its answer; with the feature `highs`
//! integer programming has the rest of the time. With costs below zero
//! reductions do not apply and annealing from a greedy answer takes their place. Without a deadline
//! each step has a fixed amount of work, so that the same problem has the same answer everywhere.

use crate::annealing;
use crate::exact::{self, Choices, dag_cost};
use crate::extractor::{Caps, Control, Extractor, Outcome, Status};
use crate::greedy_dag::GreedyDag;
use crate::local_search;
use crate::problem::Problem;
use crate::reduce::{Irreducible, Reduction, reduce};

/// Steps of each of the two branch and bound searches without a deadline.
const STEPS: u64 = 400;

/// Shares of the time left that a search and the local search after it may take; with integer
/// programming some is left for it.
const SHARES: [(f64, f64); 2] =
    if cfg!(feature = "highs") { [(0.2, 0.5), (0.25, 0.0)] } else { [(0.25, 0.85), (1.0, 0.0)] };

/// The default: the best answer that the time allows, with a proof if there is time for one.
#[derive(Clone, Copy, Debug, Default)]
pub struct Auto;

impl Extractor for Auto {
    fn name(&self) -> &'static str {
        "auto"
    }

    fn caps(&self) -> Caps {
        Caps { exact: true, negative_costs: true, anytime: true, ..Caps::default() }
    }

    fn extract(&self, problem: &Problem, control: &Control) -> Outcome {
        let reduction = match reduce(problem, None, &control.share(0.4)) {
            Ok(reduction) => reduction,
            Err(Irreducible::Infeasible) => {
                return Outcome::without_choices(problem, Status::Infeasible);
            }
            Err(Irreducible::Costs) => return unreduced(problem, control),
        };
        let constant = reduction.constant;
        if reduction.problem.roots().is_empty() {
            control.report(Some(constant), Some(constant));
            let choices = reduction.lift(problem, &[]);
            return Outcome { choices, status: Status::Optimal, bound: Some(constant) };
        }
        let start = greedy(problem, &reduction, control);
        let outcome = refine(&reduction.problem, start, &control.offset(constant));
        Outcome {
            choices: reduction.lift(problem, &outcome.choices),
            status: outcome.status,
            bound: outcome.bound.map(|bound| bound + constant),
        }
    }
}

/// The better of greedy on the reduced problem and greedy on the whole, as an answer to the
/// reduced problem.
fn greedy(problem: &Problem, reduction: &Reduction, control: &Control) -> Choices {
    let reduced = &reduction.problem;
    let inner = GreedyDag.extract(reduced, &control.share(0.3)).choices;
    let inner_cost = dag_cost(reduced, &inner);
    control.report(Some(inner_cost + reduction.constant), None);
    let outer = GreedyDag.extract(problem, &control.share(0.15)).choices;
    match reduction.lower(problem, &outer) {
        Some(outer) if dag_cost(reduced, &outer) < inner_cost => outer,
        _ => inner,
    }
}

/// Improves an answer to a reduced problem until it is proved or time is up.
fn refine(problem: &Problem, start: Choices, control: &Control) -> Outcome {
    let timed = control.deadline.is_some();
    let limit = if timed { u64::MAX } else { STEPS };
    let mut choices = start;
    let mut bound: f64 = 0.0;
    for (share, searching) in SHARES {
        let cost = dag_cost(problem, &choices);
        let found = exact::below(problem, cost, limit, &control.share(share));
        let better = found.answer.is_some();
        choices = found.answer.unwrap_or(choices);
        let cost = dag_cost(problem, &choices);
        if found.complete {
            control.report(Some(cost), Some(cost));
            return Outcome { choices, status: Status::Optimal, bound: Some(cost) };
        }
        bound = bound.max(found.bound.min(cost));
        control.report(better.then_some(cost), Some(bound));
        if searching > 0.0 {
            let deadline = control.share(searching).deadline;
            let searcher = Control { deadline, ..control.clone() };
            choices = local_search::search(problem, choices, &searcher);
        }
    }
    #[cfg(feature = "highs")]
    {
        let outcome = crate::milp::improve(problem, choices, control);
        let cost = dag_cost(problem, &outcome.choices);
        let bound = outcome.bound.unwrap_or(0.0).max(bound.min(cost));
        Outcome { bound: Some(bound), ..outcome }
    }
    #[cfg(not(feature = "highs"))]
    {
        let bound = bound.min(dag_cost(problem, &choices));
        Outcome { choices, status: Status::Feasible, bound: Some(bound) }
    }
}

/// Costs below zero: greedy, then annealing.
fn unreduced(problem: &Problem, control: &Control) -> Outcome {
    if !problem.has_finite_costs() {
        return Outcome::without_choices(problem, Status::Unsupported);
    }
    let start = annealing::start(problem, control);
    if start.status != Status::Feasible {
        return start;
    }
    Outcome::of_choices(problem, annealing::anneal(problem, start.choices, control))
}
