//! The executables that run one workload each, and what they say.

use crate::error::{Error, Result, codes};
use serde_json::Value;
use std::env::consts::EXE_SUFFIX;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// An engine's executable.
pub(super) struct Peer {
    path: PathBuf,
}

/// What is asked of it.
#[derive(Clone, Copy)]
pub(super) struct Request<'a> {
    pub(super) workload: &'a str,
    pub(super) threads: usize,
    /// The first of the cores to stay on.
    pub(super) core: Option<usize>,
    pub(super) suite: Option<&'a Path>,
    pub(super) time_limit: Duration,
}

/// What one run used and gave.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    /// Seconds of CPU time; of a kernel measured inside a process, the median of its repetitions.
    pub(super) cpu: f64,
    /// The same, but the least of a kernel's repetitions.
    pub(super) least: f64,
    /// Seconds of wall-clock time.
    pub(super) wall: f64,
    /// Mebibytes.
    pub(super) peak_rss: f64,
    pub(super) e_nodes: Option<u64>,
    /// Nanoseconds of a step of a loop on the cores in use, the slower of one before and one after
    /// the run, if they were watched.
    pub(super) pace: Option<f64>,
}

/// What came of a run.
pub(super) enum Answer {
    Sample(Box<Sample>),
    Failed(String),
}

/// The workloads that figures are recorded for.
pub(super) struct Listing {
    workloads: Vec<Value>,
    /// Where egglog's large programs are.
    pub(super) suite: Option<PathBuf>,
}

impl Peer {
    /// The executable of an engine in a folder, if it is there.
    pub(super) fn find(folder: &Path, engine: &str) -> Option<Peer> {
        let path = folder.join(format!("{engine}-peer{EXE_SUFFIX}"));
        path.is_file().then_some(Peer { path })
    }

    /// Asks which workloads there are.
    pub(super) fn list(&self) -> Result<Listing> {
        let refused = |why: &str| self.refused("lists no workloads", why);
        let answer = self.ask(&["--list"]).map_err(|why| refused(&why))?;
        let workloads = answer["workloads"].as_array().cloned();
        let workloads = workloads.ok_or_else(|| refused("there is no list"))?;
        Ok(Listing { workloads, suite: answer["suite"].as_str().map(PathBuf::from) })
    }

    /// Asks how long a step of a loop takes on the slowest of some cores, in nanoseconds.
    pub(super) fn pace(&self, threads: usize, core: usize) -> Result<f64> {
        let refused = |why: &str| self.refused("does not tell how fast the cores are", why);
        let (threads, core) = (threads.to_string(), core.to_string());
        let answer = self.ask(&["--pace", "--threads", &threads, "--core", &core]);
        let answer = answer.map_err(|why| refused(&why))?;
        let why = || answer["error"].as_str().unwrap_or("there is no number");
        answer["pace_ns"].as_f64().ok_or_else(|| refused(why()))
    }

    /// What it answers.
    fn ask(&self, arguments: &[&str]) -> std::result::Result<Value, String> {
        let output = Command::new(&self.path).args(arguments).output();
        let output = output.map_err(|error| error.to_string())?;
        serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())
    }

    fn refused(&self, what: &str, why: &str) -> Error {
        Error::input(codes::TOOLCHAIN, format!("`{}` {what}: {why}", self.path.display()))
    }

    /// Runs a workload in a process of its own.
    pub(super) fn run(&self, request: &Request<'_>) -> Answer {
        let mut command = Command::new(&self.path);
        command.arg(request.workload).args(["--threads", &request.threads.to_string()]);
        if let Some(core) = request.core {
            command.args(["--core", &core.to_string()]);
        }
        if let Some(suite) = request.suite {
            command.arg("--suite").arg(suite);
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let child = command.spawn().map_err(|error| error.to_string());
        match child.and_then(|child| first_line(child, request.time_limit)) {
            Ok(line) => read_answer(&line),
            Err(reason) => Answer::Failed(reason),
        }
    }
}

/// What a process writes until it ends, or why there is nothing to read.
fn first_line(mut child: Child, limit: Duration) -> std::result::Result<String, String> {
    let mut pipe = child.stdout.take().ok_or("it has no output")?;
    let (sender, receiver) = mpsc::channel();
    let reader = thread::spawn(move || {
        let mut text = String::new();
        let read = pipe.read_to_string(&mut text).map(|_| text);
        // Nobody listens after the limit.
        let _ = sender.send(read);
    });
    let answer = receiver.recv_timeout(limit);
    if answer.is_err() {
        // It may have ended in the meantime.
        let _ = child.kill();
    }
    let status = child.wait().map_err(|error| error.to_string())?;
    // The pipe is closed with the process, so that this does not wait.
    let _ = reader.join();
    match answer {
        Ok(Ok(text)) if text.trim().is_empty() => Err(status.to_string()),
        Ok(Ok(text)) => Ok(text),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("stopped after {} s", limit.as_secs_f64())),
    }
}

fn read_answer(line: &str) -> Answer {
    let answer: Value = match serde_json::from_str(line) {
        Ok(answer) => answer,
        Err(error) => return Answer::Failed(error.to_string()),
    };
    if let Some(reason) = answer["error"].as_str() {
        return Answer::Failed(reason.to_owned());
    }
    let kernel = &answer["micros"]["saturate+extract"];
    let number = |value: &Value| value.as_f64();
    let (cpu, least) = if kernel.is_object() {
        (number(&kernel["median"]).map(|t| t / 1e6), number(&kernel["min"]).map(|t| t / 1e6))
    } else {
        (number(&answer["cpu_seconds"]), number(&answer["cpu_seconds"]))
    };
    let peak_rss = number(&answer["peak_rss_kb"]).map(|kb| kb / 1024.0);
    let sample = (|| {
        Some(Sample {
            cpu: cpu?,
            least: least?,
            wall: number(&answer["wall_seconds"])?,
            peak_rss: peak_rss?,
            e_nodes: answer["e_nodes"].as_u64(),
            pace: None,
        })
    })();
    match sample {
        Some(sample) => Answer::Sample(Box::new(sample)),
        None => Answer::Failed("its answer is incomplete".to_owned()),
    }
}

impl Listing {
    /// Every workload, in the order of the table.
    pub(super) fn names(&self) -> Vec<String> {
        let names = self.workloads.iter().filter_map(|workload| workload["name"].as_str());
        names.map(str::to_owned).collect()
    }

    /// Tells of an engine whether it has an equivalent of a workload. Of a size that is not
    /// listed, the family decides; of anything else the engine itself.
    pub(super) fn can_run(&self, name: &str) -> impl Fn(&str) -> bool {
        let family =
            |name: &str| name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_').to_owned();
        let named = |workload: &&Value| workload["name"].as_str() == Some(name);
        let related = |workload: &&Value| {
            workload["suite"] != true && workload["name"].as_str().map(family) == Some(family(name))
        };
        let found =
            self.workloads.iter().find(named).or_else(|| self.workloads.iter().find(related));
        let engines = found.map(|workload| workload["engines"].clone());
        move |engine| match &engines {
            Some(Value::Array(engines)) => engines.iter().any(|other| other == engine),
            _ => true,
        }
    }
}
