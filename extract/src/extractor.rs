//! What an extractor is, and the registry of those that exist.

use crate::bottom_up::BottomUp;
use crate::greedy_dag::GreedyDag;
use crate::problem::{NodeIndex, Problem};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock};
use std::time::Instant;

/// What an extractor is told beside the problem.
#[derive(Debug, Default)]
pub struct Control {
    /// When to stop with the best answer so far.
    pub deadline: Option<Instant>,
    /// Set by another thread to stop.
    pub cancel: AtomicBool,
    /// Seed of random choices.
    pub seed: u64,
}

impl Control {
    /// Whether to stop.
    pub fn should_stop(&self) -> bool {
        self.cancel.load(Ordering::Relaxed)
            || self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
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
    /// The problem is outside what the extractor handles, for instance negative costs.
    Unsupported,
}

/// An extractor's answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// One node for each class that the answer may use, by class.
    pub choices: Vec<Option<NodeIndex>>,
    /// What is claimed.
    pub status: Status,
    /// Lower bound on the DAG cost of every answer, if one was proved.
    pub bound: Option<f64>,
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

impl Outcome {
    /// An answer without choices.
    pub fn without_choices(problem: &Problem, status: Status) -> Outcome {
        Outcome { choices: vec![None; problem.class_count()], status, bound: None }
    }

    /// Feasible if every root has a choice, else infeasible.
    pub fn of_choices(problem: &Problem, choices: Vec<Option<NodeIndex>>) -> Outcome {
        let complete = problem.roots().iter().all(|root| choices[root.index()].is_some());
        let status = if complete { Status::Feasible } else { Status::Infeasible };
        Outcome { choices, status, bound: None }
    }
}

/// An extraction algorithm.
pub trait Extractor: Send + Sync {
    /// The name on the command line.
    fn name(&self) -> &'static str;

    /// Chooses one node per class so that the roots' terms are finite. Classes that no root needs
    /// may have choices too; those that have must not form cycles among themselves. The deadline
    /// may cut an improvement short, never the first legal answer.
    fn extract(&self, problem: &Problem, control: &Control) -> Outcome;
}

/// The extractors that ship, one line each.
fn shipped() -> Vec<Box<dyn Extractor>> {
    vec![Box::new(BottomUp), Box::new(GreedyDag)]
}

type Maker = fn() -> Box<dyn Extractor>;

/// The extractors that a program brings along, in order of registration.
static REGISTERED: RwLock<Vec<Maker>> = RwLock::new(Vec::new());

/// Makes an extractor of the program's own known by its name, everywhere in this process: on the
/// command line, in lists, sweeps and reports. Of two extractors with one name, the first is found.
///
/// ```
/// extract::register(|| Box::new(extract::BottomUp));
/// assert_eq!(extract::extractors().last().map(|last| last.name()), Some("bottom-up"));
/// ```
pub fn register(make: fn() -> Box<dyn Extractor>) {
    REGISTERED.write().unwrap_or_else(PoisonError::into_inner).push(make);
}

/// Every extractor: those that ship, and those of [`register`].
pub fn extractors() -> Vec<Box<dyn Extractor>> {
    let registered = REGISTERED.read().unwrap_or_else(PoisonError::into_inner);
    shipped().into_iter().chain(registered.iter().map(|make| make())).collect()
}

/// The extractor of this name.
pub fn extractor(name: &str) -> Option<Box<dyn Extractor>> {
    extractors().into_iter().find(|extractor| extractor.name() == name)
}
