//! Judging a whole answer: its choices, its status and its bound.
//!
//! Shares no code with the extractors. Costs linear in the problem.

use crate::check::{CheckError, Checked, check};
use crate::effects::{EffectError, check_program};
use crate::extractor::{Outcome, Status};
use crate::problem::{NodeIndex, Problem};
use std::fmt;

/// Costs that differ by less than this share of their size are the same: sums of floats in
/// another order.
pub const COST_TOLERANCE: f64 = 1e-9;

/// Why an answer is not what it claims to be.
#[derive(Clone, Debug, PartialEq)]
pub enum Invalid {
    /// The choices are no legal answer.
    Choices(CheckError),
    /// The choices and walks are no program.
    Effects(EffectError),
    /// It claims that nothing exists, and something does.
    NotInfeasible,
    /// The proved bound is above the answer's own cost.
    BoundAboveCost {
        /// Lower bound of the answer.
        bound: f64,
        /// DAG cost of the answer.
        cost: f64,
    },
    /// Its optimality contradicts a legal answer of lower cost.
    Beaten {
        /// DAG cost, or bound, of the answer.
        claimed: f64,
        /// DAG cost of the other one.
        other: f64,
    },
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Invalid::Choices(error) => error.fmt(f),
            Invalid::Effects(error) => error.fmt(f),
            Invalid::NotInfeasible => f.write_str("claims infeasible, and a term exists"),
            Invalid::BoundAboveCost { bound, cost } => {
                write!(f, "the bound {bound} is above the cost {cost}")
            }
            Invalid::Beaten { claimed, other } => {
                write!(f, "claims that nothing is below {claimed}, and {other} exists")
            }
        }
    }
}

impl std::error::Error for Invalid {}

/// Whether `low` is below `high` by more than rounding.
pub fn clearly_below(low: f64, high: f64) -> bool {
    low < high - COST_TOLERANCE * (1.0 + high.abs().max(low.abs()))
}

/// Judges an answer. The costs are recomputed; none where the answer has none to give.
///
/// # Errors
/// The first thing that is not as claimed.
pub fn verify(problem: &Problem, outcome: &Outcome) -> Result<Option<Checked>, Invalid> {
    match outcome.status {
        // Whether a program exists takes a search.
        Status::Infeasible if problem.effects().is_none() && is_feasible(problem) => {
            Err(Invalid::NotInfeasible)
        }
        Status::Unsupported | Status::Infeasible => Ok(None),
        Status::Feasible | Status::Optimal => {
            let checked = match problem.effects() {
                None => check(problem, &outcome.choices).map_err(Invalid::Choices)?,
                Some(effects) => {
                    let program = check_program(problem, effects, &outcome.choices, &outcome.walks);
                    // Each node of a program runs once: there are no copies to pay for.
                    let cost = program.map_err(Invalid::Effects)?.cost;
                    Checked { tree_cost: cost, dag_cost: cost }
                }
            };
            let cost = checked.dag_cost;
            match outcome.bound {
                Some(bound) if clearly_below(cost, bound) => {
                    Err(Invalid::BoundAboveCost { bound, cost })
                }
                _ => Ok(Some(checked)),
            }
        }
    }
}

/// Judges an answer by another legal answer's DAG cost: nothing may be below a proved optimum or a
/// proved bound.
///
/// # Errors
/// [`Invalid::Beaten`].
pub fn verify_against(cost: f64, outcome: &Outcome, other: f64) -> Result<(), Invalid> {
    let proved = if outcome.status == Status::Optimal { Some(cost) } else { outcome.bound };
    match proved {
        Some(claimed) if clearly_below(other, claimed) => Err(Invalid::Beaten { claimed, other }),
        _ => Ok(()),
    }
}

/// Whether every root has a finite term, by counting down what each node waits for.
pub fn is_feasible(problem: &Problem) -> bool {
    let mut uses: Vec<Vec<u32>> = vec![Vec::new(); problem.class_count()];
    let mut waiting = vec![0_usize; problem.node_count()];
    let mut ready = Vec::new();
    for node in (0..problem.node_count() as u32).map(NodeIndex) {
        waiting[node.index()] = problem.children(node).len();
        if waiting[node.index()] == 0 {
            ready.push(problem.class(node));
        }
        for child in problem.children(node) {
            uses[child.index()].push(node.0);
        }
    }
    let mut finite = vec![false; problem.class_count()];
    while let Some(class) = ready.pop() {
        if std::mem::replace(&mut finite[class.index()], true) {
            continue;
        }
        for user in &uses[class.index()] {
            waiting[*user as usize] -= 1;
            if waiting[*user as usize] == 0 {
                ready.push(problem.class(NodeIndex(*user)));
            }
        }
    }
    problem.roots().iter().all(|root| finite[root.index()])
}
