//! Programs on Ovum's engine, through its front end for egglog's language.

use super::{Outcome, ovum_kernel};
use crate::peer::Job;
use crate::workloads::Program;
use egraph_core::egglog::exec::{Options, Session};
use egraph_core::egglog::syntax::codes;
use rayon::ThreadPoolBuilder;
use std::sync::Arc;

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
        program => program.to_egglog().ok_or("this workload is not in egglog's language")?,
    };
    let pool = ThreadPoolBuilder::new().num_threads(job.threads);
    let pool = (job.threads > 1).then(|| pool.build()).transpose();
    let options = Options {
        nodes: job.node_limit.unwrap_or(usize::MAX),
        time: job.time_limit,
        pool: pool.map_err(|error| error.to_string())?.map(Arc::new),
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

impl Finished {
    /// Counts what is left.
    pub fn outcome(self, classes: bool) -> Outcome {
        let (session, stopped) = match self {
            Finished::Program { session, stopped, .. } => (session, stopped),
            Finished::Kernel(outcome) => return outcome,
        };
        let sizes = session.sizes();
        let report = session.report();
        let outcome = Outcome {
            e_nodes: Some(sizes.iter().map(|(_, size)| size).sum()),
            e_classes: classes.then(|| session.classes()),
            iterations: Some(report.iterations),
            phases: vec![
                ("search", report.search.as_secs_f64()),
                ("apply", report.apply.as_secs_f64()),
                ("rebuild", report.rebuild.as_secs_f64()),
            ],
            sizes,
            stopped,
            ..Outcome::default()
        };
        std::mem::forget(session);
        outcome
    }
}
