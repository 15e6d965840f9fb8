//! What an extractor is told and what it answers.

use crate::effects::Walks;
use crate::problem::{NodeIndex, Problem};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// What an extractor knows at some moment: the material of anytime curves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// DAG cost of the best answer so far.
    pub incumbent: Option<f64>,
    /// Lower bound on the DAG cost of every answer.
    pub bound: Option<f64>,
}

/// Called with every better answer or bound, possibly from several threads.
pub type Observer = Arc<dyn Fn(Progress) + Send + Sync>;

/// What an extractor is told beside the problem. `Control::default()` sets no limit: extractors
/// that could go on for ever then stop after a fixed amount of work, so that the same problem has
/// the same answer everywhere.
#[derive(Clone, Default)]
pub struct Control {
    /// When to stop with the best answer so far.
    pub deadline: Option<Instant>,
    /// Subproblems after which a search without a deadline stops; none for its own number.
    pub steps: Option<usize>,
    /// Set by another thread to stop.
    pub cancel: Arc<AtomicBool>,
    /// Seed of random choices.
    pub seed: u64,
    /// Threads that may be used; 0 and 1 both mean the caller's only.
    pub threads: usize,
    /// Hears of every better answer and bound.
    pub observer: Option<Observer>,
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Control")
            .field("deadline", &self.deadline)
            .field("steps", &self.steps)
            .field("cancel", &self.cancel)
            .field("seed", &self.seed)
            .field("threads", &self.threads)
            .field("observer", &self.observer.is_some())
            .finish()
    }
}

impl Control {
    /// A control whose deadline is `limit` from the call on.
    pub fn with_time_limit(limit: Duration) -> Control {
        Control { deadline: Instant::now().checked_add(limit), ..Control::default() }
    }

    /// Whether to stop.
    pub fn should_stop(&self) -> bool {
        self.cancel.load(Ordering::Relaxed)
            || self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }

    /// Tells the observer of a better answer or bound.
    pub fn report(&self, incumbent: Option<f64>, bound: Option<f64>) {
        if let Some(observer) = &self.observer {
            observer(Progress { incumbent, bound });
        }
    }

    /// Time left before the deadline; none without a deadline.
    pub fn time_left(&self) -> Option<Duration> {
        self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }

    /// The same control with at most this share of the time left: for one step of several.
    pub fn within(&self, share: f64) -> Control {
        let left = self.time_left().map(|left| Instant::now() + left.mul_f64(share));
        Control { deadline: left, ..self.clone() }
    }

    /// The same without the observer: for a step whose answers may be dropped.
    pub fn share(&self, share: f64) -> Control {
        Control { observer: None, ..self.within(share) }
    }

    /// The same control without the observer: for problems derived from the caller's.
    pub fn silent(&self) -> Control {
        Control { observer: None, ..self.clone() }
    }

    /// The same control for a problem of which every answer costs `constant` less than the
    /// caller's: the observer hears the caller's costs.
    pub fn offset(&self, constant: f64) -> Control {
        let observer = self.observer.clone().map(|observer| -> Observer {
            let add = move |cost: Option<f64>| cost.map(|cost| cost + constant);
            Arc::new(move |seen: Progress| {
                observer(Progress { incumbent: add(seen.incumbent), bound: add(seen.bound) });
            })
        });
        Control { observer, ..self.clone() }
    }
}

/// What an answer claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Proved: no answer has a lower DAG cost.
    Optimal,
    /// A legal answer.
    Feasible,
    /// Some root has no finite term.
    Infeasible,
    /// The problem is outside what the extractor handles, for instance negative costs, or it found
    /// no answer in time.
    Unsupported,
}

impl Status {
    /// The status as machine-readable answers spell it.
    pub fn name(self) -> &'static str {
        match self {
            Status::Optimal => "optimal",
            Status::Feasible => "feasible",
            Status::Infeasible => "infeasible",
            Status::Unsupported => "unsupported",
        }
    }
}

/// An extractor's answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// One node for each class that the answer may use, by class.
    pub choices: Vec<Option<NodeIndex>>,
    /// The effects on each walk of a problem with states, by walk; empty for other problems.
    pub walks: Walks,
    /// What is claimed.
    pub status: Status,
    /// Lower bound on the DAG cost of every answer, if one was proved.
    pub bound: Option<f64>,
}

impl Outcome {
    /// An answer without choices.
    pub fn without_choices(problem: &Problem, status: Status) -> Outcome {
        let choices = vec![None; problem.class_count()];
        Outcome { choices, walks: Vec::new(), status, bound: None }
    }

    /// Feasible if every root has a choice, else infeasible.
    pub fn of_choices(problem: &Problem, choices: Vec<Option<NodeIndex>>) -> Outcome {
        let complete = problem.roots().iter().all(|root| choices[root.index()].is_some());
        let status = if complete { Status::Feasible } else { Status::Infeasible };
        Outcome { choices, walks: Vec::new(), status, bound: None }
    }
}

/// What an extractor can do, for lists and for portfolios.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a question of its own")]
pub struct Caps {
    /// Given time it proves its answer optimal for DAG cost.
    pub exact: bool,
    /// It handles costs below zero.
    pub negative_costs: bool,
    /// It improves its answer until the deadline.
    pub anytime: bool,
    /// It answers problems with states.
    pub states: bool,
    /// What it minimises.
    pub objective: Objective,
}

/// What an extractor minimises.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Objective {
    /// A shared class is paid once.
    #[default]
    Dag,
    /// A shared class is paid at every use.
    Tree,
}

/// An extraction algorithm.
pub trait Extractor: Send + Sync {
    /// The name on the command line.
    fn name(&self) -> &'static str;

    /// What it can do.
    fn caps(&self) -> Caps {
        Caps::default()
    }

    /// Chooses one node per class so that the roots' terms are finite. Classes that no root needs
    /// may have choices too; those that have must not form cycles among themselves. The deadline
    /// may cut an improvement short, never the first legal answer.
    fn extract(&self, problem: &Problem, control: &Control) -> Outcome;
}
