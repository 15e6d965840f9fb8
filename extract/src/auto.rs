//! The portfolio: everything here that pays, in the order in which it pays, within a time budget.
//!
//! Reductions first, since they often decide everything; greedy on the whole and on what is left,
//! keeping the best, because inlining may hide sharing; branch and bound for a share of the time;
//! then annealing and local search, and branch and bound once more from their answer; with the feature `highs`
//! integer programming has the rest of the time. With costs below zero
//! reductions do not apply and annealing from a greedy answer takes their place. Without a deadline
//! each step has a fixed amount of work, so that the same problem has the same answer everywhere.

use crate::annealing;
use crate::bottom_up::completed;
use crate::effects::StateWalks;
use crate::exact::{self, Choices, dag_cost};
use crate::extractor::{Caps, Control, Extractor, Outcome, Status};
use crate::global_greedy::GlobalGreedy;
use crate::greedy_dag::GreedyDag;
use crate::local_search;
use crate::problem::Problem;
use crate::reduce::{Irreducible, Reduction, reduce};

/// Steps of each of the two branch and bound searches without a deadline.
const STEPS: u64 = 400;

/// Shares of the time left, for each step of a round in turn.
struct Shares {
    annealing: f64,
    search: f64,
    exact: f64,
}

/// A proof first, in case it is easy; then better answers, and a proof from the best of them. With
/// integer programming some time is left for it.
const SHARES: [Shares; 2] = [
    Shares { annealing: 0.0, search: 0.0, exact: 0.25 },
    if cfg!(feature = "highs") {
        Shares { annealing: 0.3, search: 0.4, exact: 0.25 }
    } else {
        Shares { annealing: 0.45, search: 0.75, exact: 1.0 }
    },
];

/// The default: the best answer that the time allows, with a proof if there is time for one.
#[derive(Clone, Copy, Debug, Default)]
pub struct Auto;

impl Extractor for Auto {
    fn name(&self) -> &'static str {
        "auto"
    }

    fn caps(&self) -> Caps {
        Caps { exact: true, negative_costs: true, anytime: true, states: true, ..Caps::default() }
    }

    fn extract(&self, problem: &Problem, control: &Control) -> Outcome {
        if problem.effects().is_some() {
            return StateWalks.extract(problem, control);
        }
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
            return Outcome {
                choices,
                walks: Vec::new(),
                status: Status::Optimal,
                bound: Some(constant),
            };
        }
        let start = greedy(problem, &reduction, control);
        let outcome = refine(&reduction.problem, start, &control.offset(constant));
        Outcome {
            choices: reduction.lift(problem, &outcome.choices),
            walks: Vec::new(),
            status: outcome.status,
            bound: outcome.bound.map(|bound| bound + constant),
        }
    }
}

/// The best of the greedy extractors on the reduced problem and on the whole, as an answer to the
/// reduced problem.
fn greedy(problem: &Problem, reduction: &Reduction, control: &Control) -> Choices {
    let reduced = &reduction.problem;
    let mut best = GreedyDag.extract(reduced, &control.share(0.2)).choices;
    let mut cost = dag_cost(reduced, &best);
    control.report(Some(cost + reduction.constant), None);
    let global = GlobalGreedy.extract(reduced, &control.share(0.1)).choices;
    let whole: [&dyn Extractor; 2] = [&GlobalGreedy, &GreedyDag];
    let lowered = whole.into_iter().filter_map(|extractor| {
        let answer = extractor.extract(problem, &control.share(0.1)).choices;
        reduction.lower(problem, &answer)
    });
    for answer in std::iter::once(global).chain(lowered) {
        let other = dag_cost(reduced, &answer);
        if other < cost {
            (best, cost) = (answer, other);
            control.report(Some(cost + reduction.constant), None);
        }
    }
    best
}

/// Improves an answer to a reduced problem until it is proved or time is up.
fn refine(problem: &Problem, start: Choices, control: &Control) -> Outcome {
    let limit = if control.deadline.is_some() { u64::MAX } else { STEPS };
    let mut choices = start;
    let mut bound: f64 = 0.0;
    for share in SHARES {
        if share.annealing > 0.0 {
            choices = annealing::anneal(
                problem,
                completed(problem, &choices),
                &control.within(share.annealing),
            );
        }
        if share.search > 0.0 {
            choices = local_search::search(problem, choices, &control.within(share.search));
        }
        let cost = dag_cost(problem, &choices);
        let found = exact::below(problem, cost, limit, &control.share(share.exact));
        let better = found.answer.is_some();
        choices = found.answer.unwrap_or(choices);
        let cost = dag_cost(problem, &choices);
        if found.complete {
            control.report(Some(cost), Some(cost));
            return Outcome {
                choices,
                walks: Vec::new(),
                status: Status::Optimal,
                bound: Some(cost),
            };
        }
        bound = bound.max(found.bound.min(cost));
        control.report(better.then_some(cost), Some(bound));
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
        Outcome { choices, walks: Vec::new(), status: Status::Feasible, bound: Some(bound) }
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
