//! Programs on Ovum's engine, through its front end for egglog's language.

use super::{Outcome, ovum_kernel, ovum_lambda, ovum_math};
use crate::peer::Job;
use crate::workloads::{Program, egg_lambda, egg_math};
use egraph_core::egglog::exec::{Options, Pool, Session};
use egraph_core::egglog::syntax::codes;

/// A finished run, before anything is counted.
pub enum Finished {
    /// A program.
    Program {
        /// What it left behind.
        session: Box<Session>,
        /// What each command printed.
        printed: Vec<String>,
        /// The limit that ended it.
        stopped: Option<String>,
    },
    /// A workload of egg's.
    Rust {
        /// What it left behind.
        session: Box<Session>,
        /// What the runner reports.
        outcome: Outcome,
    },
    /// A kernel measured inside the process.
    Kernel(Outcome),
}

/// Runs a workload.
///
/// # Errors
/// If the program is refused, a check fails, or the workload is in another engine's language.
pub fn run(job: &Job) -> Result<Finished, String> {
    let text = match &job.program {
        Program::GeluKernel => return ovum_kernel::run().map(Finished::Kernel),
        Program::EggMath(limit) => {
            let limit = job.node_limit.unwrap_or(*limit);
            return rust(ovum_math::run(job, limit, egg_math::ITERATION_LIMIT, None));
        }
        Program::EggLambda => {
            return rust(ovum_lambda::run(job, egg_lambda::ITERATION_LIMIT, None));
        }
        program => program.to_egglog().ok_or("this workload is not in egglog's language")?,
    };
    let options = Options {
        nodes: job.node_limit.unwrap_or(usize::MAX),
        time: job.time_limit,
        pool: pool(job),
        ..Options::default()
    };
    let mut session = Session::new(options);
    let mut answers = Vec::new();
    let stopped = match session.run(&job.name, &text, &mut answers) {
        Ok(()) => None,
        Err(diagnostic) if diagnostic.code == codes::LIMIT => Some(diagnostic.message),
        Err(diagnostic) => return Err(session.render(&diagnostic)),
    };
    let printed = answers.iter().map(ToString::to_string).collect();
    Ok(Finished::Program { session: Box::new(session), printed, stopped })
}

/// The threads that a workload runs on.
pub(super) fn pool(job: &Job) -> Option<Pool> {
    (job.threads > 1).then(|| Pool::new(job.threads))
}

fn rust(run: Result<(Session, Outcome), String>) -> Result<Finished, String> {
    run.map(|(session, outcome)| Finished::Rust { session: Box::new(session), outcome })
}

impl Finished {
    /// Counts what is left.
    pub fn outcome(self, classes: bool) -> Outcome {
        let (session, stopped) = match self {
            Finished::Program { session, stopped, .. } => (session, stopped),
            Finished::Kernel(outcome) => return outcome,
            Finished::Rust { session, outcome } => {
                std::mem::forget(session);
                return outcome;
            }
        };
        let sizes = session.sizes();
        let totals = session.totals();
        let outcome = Outcome {
            e_nodes: Some(sizes.iter().map(|(_, size)| size).sum()),
            e_classes: classes.then(|| session.classes()),
            iterations: Some(totals.iterations),
            phases: vec![
                ("search", totals.search.as_secs_f64()),
                ("apply", totals.apply.as_secs_f64()),
                ("rebuild", totals.rebuild.as_secs_f64()),
            ],
            sizes,
            stopped,
            ..Outcome::default()
        };
        std::mem::forget(session);
        outcome
    }
}
