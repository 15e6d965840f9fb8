//! The inside of a sweep's child: read a file, extract, judge the answer, measure; tell it all as
//! events, one JSON object a line, as they happen.

use super::algorithm::{Algorithm, Solved};
use super::plugin::PluginError;
use super::process;
use super::row::{Point, RowStatus};
use crate::extractor::{Control, Outcome, Progress, Status};
use crate::problem::Problem;
use crate::serialized::{Loaded, ReadOptions};
use crate::verify::{clearly_below, verify};
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

/// What a child tells.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub enum Event {
    /// The file was read.
    Loaded {
        /// Wall time.
        seconds: f64,
        /// Nodes of the e-graph.
        nodes: u64,
        /// Classes of the e-graph.
        classes: u64,
        /// What is wrong or remarkable in the file.
        message: Option<String>,
    },
    /// The file is no problem; the last event.
    Unreadable {
        /// Why.
        message: String,
    },
    /// A better answer or bound.
    Improved(Point),
    /// The algorithm has ended; the last event.
    Done(Done),
}

/// How an algorithm ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Done {
    /// What became of it.
    pub status: RowStatus,
    /// DAG cost of the answer, as the checker finds it.
    pub dag_cost: Option<f64>,
    /// Tree cost of the answer, as the checker finds it.
    pub tree_cost: Option<f64>,
    /// The lower bound that is claimed.
    pub bound: Option<f64>,
    /// Wall time of the algorithm.
    pub seconds: f64,
    /// Processor time of the process, reading included.
    pub cpu_seconds: Option<f64>,
    /// The most memory that the process held, in bytes.
    pub peak_rss: Option<u64>,
    /// What a reader should know.
    pub message: Option<String>,
}

/// What is to be done and measured.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// The e-graph.
    pub file: &'a Path,
    /// How to read it.
    pub read: ReadOptions,
    /// From the end of reading on.
    pub time_limit: Option<Duration>,
    /// Seed of random choices.
    pub seed: u64,
}

/// Stack of the thread that extracts: what a main thread has.
const STACK: usize = 8 << 20;

/// Carries out a request and tells `out`. Failures to write are left to the reader to notice: it
/// sees that the last event is missing.
pub fn measure(algorithm: &Algorithm, request: &Request<'_>, out: &mut dyn Write) {
    let mut tell = |event: &Event| {
        let line = serde_json::to_string(event).expect("an event is JSON");
        let _ = writeln!(out, "{line}").and_then(|()| out.flush());
    };
    let start = Instant::now();
    let text = std::fs::read_to_string(request.file).map_err(|error| error.to_string());
    let loaded =
        text.and_then(|text| Problem::load(&text, request.read).map_err(|error| error.to_string()));
    let Loaded { problem, diagnostics } = match loaded {
        Ok(loaded) => loaded,
        Err(message) => return tell(&Event::Unreadable { message }),
    };
    tell(&Event::Loaded {
        seconds: start.elapsed().as_secs_f64(),
        nodes: problem.node_count() as u64,
        classes: problem.class_count() as u64,
        message: summary(&diagnostics),
    });
    thread::scope(|scope| {
        let (send, events) = channel();
        let problem = &problem;
        let work = move || extract(algorithm, problem, request, &send);
        // Events are told from here, whatever thread they come from, while the algorithm is busy.
        let worker = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work);
        match worker {
            Ok(worker) => {
                for event in events {
                    tell(&event);
                }
                if let Err(panic) = worker.join() {
                    std::panic::resume_unwind(panic);
                }
            }
            Err(error) => {
                let message = Some(format!("no thread can be started: {error}"));
                tell(&Event::Done(Done::without_answer(RowStatus::Memory, message)));
            }
        }
    });
}

/// Extracts, judges and measures.
fn extract(
    algorithm: &Algorithm,
    problem: &Problem,
    request: &Request<'_>,
    events: &Sender<Event>,
) {
    let start = Instant::now();
    let improved = {
        let events = events.clone();
        move |cost, bound| {
            let seconds = start.elapsed().as_secs_f64();
            // Nobody listens any more when the process is about to end.
            let _ = events.send(Event::Improved(Point { seconds, cost, bound }));
        }
    };
    let observer = improved.clone();
    let control = Control {
        deadline: request.time_limit.and_then(|limit| start.checked_add(limit)),
        seed: request.seed,
        observer: Some(Arc::new(move |at: Progress| observer(at.incumbent, at.bound))),
        ..Control::default()
    };
    let solved = algorithm.solve(problem, &control, &mut |outcome| {
        let cost = crate::check(problem, &outcome.choices).ok().map(|checked| checked.dag_cost);
        improved(cost, outcome.bound);
    });
    let seconds = start.elapsed().as_secs_f64();
    let mut usage = process::own_usage();
    if let Ok(Solved { usage: program, .. }) = &solved {
        usage.peak_rss = usage.peak_rss.max(program.peak_rss);
    }
    let mut done = match &solved {
        Ok(solved) => judge(problem, &solved.outcome),
        Err(error) => Done::without_answer(error.status(), Some(error.to_string())),
    };
    if matches!(solved, Ok(Solved { killed: true, .. })) && done.message.is_none() {
        done.message = Some("killed at the time limit, after this answer".to_owned());
    }
    done.seconds = seconds;
    (done.cpu_seconds, done.peak_rss) = (usage.cpu_seconds, usage.peak_rss);
    let _ = events.send(Event::Done(done));
}

impl PluginError {
    /// What became of a task that ended so.
    pub fn status(&self) -> RowStatus {
        match self {
            PluginError::TimedOut => RowStatus::Timeout,
            PluginError::Failed(_, said) if is_memory(said) => RowStatus::Memory,
            PluginError::Start(_) | PluginError::Failed(..) => RowStatus::Crashed,
            PluginError::Answer(_) => RowStatus::Invalid,
        }
    }
}

/// Whether a program's last words say that it ran out of memory: those of Rust, C++ and Python.
pub(super) fn is_memory(said: &str) -> bool {
    ["memory allocation of", "bad_alloc", "MemoryError"].iter().any(|words| said.contains(words))
}

/// The kinds of what was found in a file, each with its number.
fn summary(diagnostics: &[crate::Diagnostic]) -> Option<String> {
    let mut kinds: Vec<(&str, usize)> = Vec::new();
    for code in diagnostics.iter().map(crate::Diagnostic::code) {
        match kinds.iter_mut().find(|(known, _)| *known == code) {
            Some((_, count)) => *count += 1,
            None => kinds.push((code, 1)),
        }
    }
    let words: Vec<String> = kinds
        .iter()
        .map(|(code, count)| if *count == 1 { (*code).into() } else { format!("{code} x{count}") })
        .collect();
    (!words.is_empty()).then(|| words.join(", "))
}

impl Done {
    fn without_answer(status: RowStatus, message: Option<String>) -> Done {
        Done {
            status,
            dag_cost: None,
            tree_cost: None,
            bound: None,
            seconds: 0.0,
            cpu_seconds: None,
            peak_rss: None,
            message,
        }
    }
}

/// What an outcome is worth; times and memory are not filled in.
pub fn judge(problem: &Problem, outcome: &Outcome) -> Done {
    let checked = match verify(problem, outcome) {
        Ok(checked) => checked,
        Err(invalid) => return Done::without_answer(RowStatus::Invalid, Some(invalid.to_string())),
    };
    let status = match outcome.status {
        Status::Optimal => RowStatus::Optimal,
        Status::Feasible => RowStatus::Feasible,
        Status::Infeasible => RowStatus::Infeasible,
        Status::Unsupported => RowStatus::Unsupported,
    };
    let mut done = Done::without_answer(status, None);
    done.bound = outcome.bound;
    if let Some(checked) = checked {
        (done.dag_cost, done.tree_cost) = (Some(checked.dag_cost), Some(checked.tree_cost));
        // A bound that meets the cost is a proof, whatever the algorithm calls it.
        if outcome.bound.is_some_and(|bound| !clearly_below(bound, checked.dag_cost)) {
            done.status = RowStatus::Optimal;
        }
    }
    done
}
