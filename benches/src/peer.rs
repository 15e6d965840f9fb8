//! The executables that run one workload each.
//!
//! One line of JSON on standard output says what came of it. What a process used is read before
//! anything is counted, and nothing is freed at the end.

use crate::arguments::{Arguments, USAGE};
use crate::engines::Outcome;
use crate::pace::slowest;
use crate::suite;
use crate::usage::{Usage, cpu_time, pin};
use crate::workloads::{self, Program};
use serde_json::{Map, Value, json};
use std::fs;
use std::io::{Write, stderr, stdout};
use std::path::Path;
use std::time::{Duration, Instant};

/// What is to be run.
#[derive(Debug)]
pub struct Job {
    /// The workload, or the file.
    pub name: String,
    /// The program.
    pub program: Program,
    /// Threads of the engine.
    pub threads: usize,
    /// E-nodes at which the run ends; only for an engine that takes limits.
    pub node_limit: Option<usize>,
    /// Time after which the run ends; only for an engine that takes limits.
    pub time_limit: Option<Duration>,
}

impl Job {
    /// A program on one thread, without limits.
    pub fn new(name: &str, program: Program) -> Job {
        Job { name: name.to_owned(), program, threads: 1, node_limit: None, time_limit: None }
    }
}

/// An engine as an executable of its own.
pub struct Peer {
    /// The engine's name.
    pub engine: &'static str,
    /// The engine's version.
    pub version: &'static str,
    /// Whether the engine takes limits on nodes and time.
    pub limits: bool,
    /// Runs a job. What it returns counts what came of it (classes too, if asked for them).
    pub run: fn(&Job) -> Result<Count, String>,
}

/// Counts what a finished run left behind.
pub type Count = Box<dyn FnOnce(bool) -> Outcome>;

/// Reads the command line, runs the workload and prints the line. Returns the exit code: 0, 1 if
/// the run failed (its reason is in the line), 2 if the command line is wrong.
pub fn main(peer: &Peer) -> i32 {
    let start = Instant::now();
    let words = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned());
    let arguments = match Arguments::read(words) {
        Ok(arguments) => arguments,
        Err(error) => {
            // There is nobody to tell if that fails.
            let _ = writeln!(stderr(), "error: {error}\n\n{USAGE}");
            return 2;
        }
    };
    if arguments.help {
        return say(USAGE.trim_end());
    }
    if arguments.list {
        return say(&list().to_string());
    }
    if arguments.pace {
        return match slowest(arguments.core.unwrap_or(0), usize::from(arguments.threads)) {
            Ok(pace) => say(&json!({ "pace_ns": pace }).to_string()),
            Err(error) => report(peer, &arguments, Err(error)),
        };
    }
    let job = match prepare(peer, &arguments) {
        Ok(job) => job,
        Err(error) => return report(peer, &arguments, Err(error)),
    };
    if arguments.print {
        return match job.program.to_egglog() {
            Some(text) => say(text.trim_end()),
            None => report(peer, &arguments, Err("it is not in egglog's language".to_owned())),
        };
    }
    let (prepared, preparation) = (cpu_time(), start.elapsed());
    let answer = (peer.run)(&job).map(|count| {
        let wall = start.elapsed();
        let usage = Usage::now();
        let mut line = Map::new();
        line.insert("cpu_seconds".to_owned(), json!(usage.cpu.as_secs_f64()));
        line.insert("wall_seconds".to_owned(), json!(wall.as_secs_f64()));
        line.insert(
            "run_cpu_seconds".to_owned(),
            json!(usage.cpu.saturating_sub(prepared).as_secs_f64()),
        );
        line.insert(
            "run_wall_seconds".to_owned(),
            json!(wall.saturating_sub(preparation).as_secs_f64()),
        );
        line.insert("peak_rss_kb".to_owned(), json!(usage.peak_rss_kb));
        fill(&mut line, count(arguments.classes));
        line
    });
    report(peer, &arguments, answer)
}

fn prepare(peer: &Peer, arguments: &Arguments) -> Result<Job, String> {
    let limited = arguments.node_limit.is_some() || arguments.time_limit.is_some();
    if limited && !peer.limits {
        return Err(format!("{} is not run with limits", peer.engine));
    }
    if let Some(core) = arguments.core {
        pin(core, usize::from(arguments.threads))?;
    }
    let seconds = arguments.time_limit.map(Duration::try_from_secs_f64).transpose();
    let (name, program) = program(arguments)?;
    Ok(Job {
        name,
        program,
        threads: usize::from(arguments.threads),
        node_limit: arguments.node_limit,
        time_limit: seconds.map_err(|error| error.to_string())?,
    })
}

/// The name of what is to be run, and the program.
fn program(arguments: &Arguments) -> Result<(String, Program), String> {
    let read = |path: &Path| {
        let text = fs::read_to_string(path);
        text.map(Program::Egglog).map_err(|error| format!("{}: {error}", path.display()))
    };
    let Some(name) = &arguments.workload else {
        let path = arguments.file.as_deref().ok_or("nothing to run")?;
        return Ok((path.display().to_string(), read(path)?));
    };
    let folder = arguments.suite.as_deref();
    let program = match folder.and_then(|folder| suite::program(folder, name).zip(Some(folder))) {
        Some((path, folder)) => {
            // The suite's programs name files from there.
            let above = folder.parent().unwrap_or(folder);
            let program = read(&path)?;
            std::env::set_current_dir(above).map_err(|error| error.to_string())?;
            program
        }
        None => workloads::find(name)?,
    };
    Ok((name.clone(), program))
}

fn fill(line: &mut Map<String, Value>, outcome: Outcome) {
    line.insert("e_nodes".to_owned(), json!(outcome.e_nodes));
    line.insert("e_classes".to_owned(), json!(outcome.e_classes));
    line.insert("iterations".to_owned(), json!(outcome.iterations));
    let phases: Map<String, Value> =
        outcome.phases.into_iter().map(|(name, time)| (name.to_owned(), json!(time))).collect();
    line.insert("phases".to_owned(), phases.into());
    if let Some(limit) = outcome.stopped {
        line.insert("stopped".to_owned(), json!(limit));
    }
    if !outcome.sizes.is_empty() {
        let sizes: Map<String, Value> =
            outcome.sizes.into_iter().map(|(name, size)| (name, json!(size))).collect();
        line.insert("sizes".to_owned(), sizes.into());
    }
    if !outcome.micros.is_empty() {
        let micros = outcome.micros.into_iter();
        let micros: Map<String, Value> = micros
            .map(|(name, least, median)| {
                (name.to_owned(), json!({ "min": least, "median": median }))
            })
            .collect();
        line.insert("micros".to_owned(), micros.into());
    }
}

fn report(peer: &Peer, arguments: &Arguments, answer: Result<Map<String, Value>, String>) -> i32 {
    let file = arguments.file.as_ref().map(|path| path.display().to_string());
    let mut line = Map::new();
    line.insert("engine".to_owned(), json!(peer.engine));
    line.insert("version".to_owned(), json!(peer.version));
    line.insert("workload".to_owned(), json!(arguments.workload.clone().or(file)));
    line.insert("threads".to_owned(), json!(arguments.threads));
    let code = match answer {
        Ok(fields) => {
            line.extend(fields);
            0
        }
        Err(error) => {
            line.insert("error".to_owned(), json!(error));
            1
        }
    };
    say(&Value::Object(line).to_string()).max(code)
}

/// The workloads, each with the engines that can run it and where its program comes from.
fn list() -> Value {
    let own = workloads::NAMES.iter().map(|name| {
        let engines = match workloads::find(name) {
            Ok(Program::Plain(..)) => vec!["egg", "egglog", "ovum"],
            Ok(Program::Egglog(_)) => vec!["egglog", "ovum"],
            Ok(_) => vec!["egg", "ovum"],
            Err(_) => vec![],
        };
        json!({
            "name": name,
            "engines": engines,
            "suite": false,
        })
    });
    let large = suite::LARGE
        .iter()
        .map(|name| json!({ "name": name, "engines": ["egglog", "ovum"], "suite": true }));
    let workloads: Vec<Value> = own.chain(large).collect();
    let folder = suite::folder().map(|folder| folder.display().to_string());
    json!({ "workloads": workloads, "suite": folder })
}

fn say(line: &str) -> i32 {
    let mut out = stdout().lock();
    i32::from(writeln!(out, "{line}").and_then(|()| out.flush()).is_err())
}
