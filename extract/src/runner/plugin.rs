//! Extractors in other languages: a program that reads a problem and writes choices.
//!
//! The program gets the problem as JSON of egraph-serialize on standard input, and in its
//! environment `OVUM_TIME_LIMIT` (seconds; absent without a limit) and `OVUM_SEED`. It writes
//! answers to standard output, one JSON object a line:
//!
//! ```text
//! {"choices": {"class": "node", …}, "bound": 12.5, "status": "optimal"}
//! ```
//!
//! `bound` and `status` may be left out; `status` is `optimal`, `feasible` (what an answer is
//! without it), `infeasible` or `unsupported`, and the last two need no choices. A program that
//! improves its answer writes several lines; the last whole one counts. When the time is up the
//! program is killed, with everything that it started, and its last answer is taken.

use super::process::{self, Usage};
use crate::extractor::{Control, Outcome, Status};
use crate::problem::{NodeIndex, Problem};
use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;
use serde_json::Value;
use std::fmt;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

/// A program that extracts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plugin {
    name: String,
    program: String,
    arguments: Vec<String>,
    /// Whether the program stays in the caller's process group, for a caller whose own group is
    /// killed as a whole. Otherwise it leads a group, which is killed with it.
    pub same_group: bool,
}

/// Why a program gave no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PluginError {
    /// It could not be started: the system's message.
    Start(String),
    /// It ended without success: how, and the end of its standard error.
    Failed(String, String),
    /// It was killed before its first answer.
    TimedOut,
    /// What it wrote is no answer.
    Answer(String),
}

impl fmt::Display for PluginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PluginError::Start(message) => write!(f, "it cannot be started: {message}"),
            PluginError::Failed(how, said) if said.is_empty() => write!(f, "it failed: {how}"),
            PluginError::Failed(how, said) => write!(f, "it failed: {how}: {said}"),
            PluginError::TimedOut => f.write_str("it was killed at the time limit, without answer"),
            PluginError::Answer(what) => write!(f, "its answer is wrong: {what}"),
        }
    }
}

impl std::error::Error for PluginError {}

/// A program's answer.
#[derive(Clone, Debug, PartialEq)]
pub struct PluginAnswer {
    /// What it chose and claims.
    pub outcome: Outcome,
    /// Whether it was killed at the time limit after this answer.
    pub killed: bool,
    /// What the program used, as far as it could be observed.
    pub usage: Usage,
}

/// How often a running program is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// How many looks after its end a program's last lines may take, should something that it started
/// hold its output open.
const PATIENCE: u32 = 50;

/// Lines that are read ahead: a program that writes without end waits for its reader.
const AHEAD: usize = 64;

/// Bytes of standard error that are kept for the message about a failure.
const KEPT: usize = 2000;

impl Plugin {
    /// A plug-in from its command: a program and its arguments, separated by spaces. `None` if
    /// there is no program.
    pub fn new(command: &str) -> Option<Plugin> {
        let mut words = command.split_whitespace().map(str::to_owned);
        let program = words.next()?;
        let name = format!("cmd:{command}");
        Some(Plugin { name, program, arguments: words.collect(), same_group: false })
    }

    /// The name in lists and reports: `cmd:` and the command.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs the program on a problem; `improved` is told of every answer as it comes.
    ///
    /// # Errors
    /// [`PluginError`]. The answer's choices name classes and nodes of the problem, but whether
    /// they are legal is for [`check()`](crate::check()) to say.
    pub fn solve(
        &self,
        problem: &Problem,
        control: &Control,
        improved: &mut dyn FnMut(&Outcome),
    ) -> Result<PluginAnswer, PluginError> {
        let names = Names::new(problem);
        let mut running = self.start(problem, control)?;
        let mut usage = Usage::default();
        let mut answer: Option<Result<Outcome, String>> = None;
        let mut killed = false;
        let mut patience = PATIENCE;
        while patience > 0 {
            match running.lines.recv_timeout(LOOK) {
                Ok(line) => {
                    let read = names.outcome(problem, &line);
                    if let Ok(outcome) = &read {
                        improved(outcome);
                    }
                    // A line that the end cut short is none.
                    if read.is_ok() || !killed {
                        answer = Some(read);
                    }
                }
                Err(RecvTimeoutError::Timeout) if killed => patience -= 1,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            usage = usage.max(process::usage(&running.child));
            if !killed && control.should_stop() {
                killed = true;
                self.kill(&mut running.child);
            }
        }
        let status = running.end(control, &mut killed, |child| self.kill(child));
        let status = status.map_err(|error| PluginError::Start(error.to_string()))?;
        match answer {
            _ if !killed && !status.success() => Err(running.failed(status)),
            Some(Ok(outcome)) => Ok(PluginAnswer { outcome, killed, usage }),
            Some(Err(what)) => Err(PluginError::Answer(what)),
            None if killed => Err(PluginError::TimedOut),
            None => Err(PluginError::Answer("there is none".to_owned())),
        }
    }

    fn kill(&self, child: &mut Child) {
        if self.same_group {
            // It may have ended by itself.
            let _ = child.kill();
        } else {
            process::kill_tree(child);
        }
    }

    fn start(&self, problem: &Problem, control: &Control) -> Result<Running, PluginError> {
        let failed = |error: std::io::Error| PluginError::Start(error.to_string());
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).env("OVUM_SEED", control.seed.to_string());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        #[cfg(unix)]
        if !self.same_group {
            std::os::unix::process::CommandExt::process_group(&mut command, 0);
        }
        command.env_remove("OVUM_TIME_LIMIT");
        if let Some(deadline) = control.deadline {
            let left = deadline.saturating_duration_since(Instant::now());
            command.env("OVUM_TIME_LIMIT", left.as_secs_f64().to_string());
        }
        let mut child = command.spawn().map_err(failed)?;
        if let Some(mut input) = child.stdin.take() {
            let text = problem.to_json().to_string();
            thread::spawn(move || {
                // A program that stops reading answers for what it makes of it.
                let _ = input.write_all(text.as_bytes());
            });
        }
        let (send, lines) = sync_channel(AHEAD);
        if let Some(output) = child.stdout.take() {
            thread::spawn(move || {
                for line in BufReader::new(output).lines().map_while(Result::ok) {
                    if !line.trim().is_empty() && send.send(line).is_err() {
                        break;
                    }
                }
            });
        }
        let (send_said, said) = channel();
        if let Some(mut errors) = child.stderr.take() {
            thread::spawn(move || {
                // Nobody waits for what a program says after its end.
                let _ = send_said.send(tail(&mut errors));
            });
        }
        Ok(Running { child, lines, said })
    }
}

/// The end of what is read, in one line.
pub(super) fn tail(input: &mut impl Read) -> String {
    let mut kept = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = input.read(&mut buffer) {
        kept.extend_from_slice(&buffer[..count]);
        let excess = kept.len().saturating_sub(KEPT);
        kept.drain(..excess);
    }
    String::from_utf8_lossy(&kept).split('\n').map(str::trim).collect::<Vec<_>>().join(" | ")
}

struct Running {
    child: Child,
    lines: Receiver<String>,
    said: Receiver<String>,
}

impl Running {
    /// Waits for the end of a program that has closed its output, within the time limit.
    fn end(
        &mut self,
        control: &Control,
        killed: &mut bool,
        kill: impl Fn(&mut Child),
    ) -> std::io::Result<ExitStatus> {
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            if !*killed && control.should_stop() {
                *killed = true;
                kill(&mut self.child);
            }
            thread::sleep(Duration::from_millis(1));
        }
    }

    fn failed(&self, status: ExitStatus) -> PluginError {
        let said = self.said.recv_timeout(Duration::from_secs(1)).unwrap_or_default();
        PluginError::Failed(status.to_string(), said.trim_matches([' ', '|']).to_owned())
    }
}

/// The way from names to numbers.
struct Names<'a> {
    classes: HashMap<&'a str, usize, FxBuildHasher>,
    nodes: HashMap<&'a str, NodeIndex, FxBuildHasher>,
}

impl Names<'_> {
    fn new(problem: &Problem) -> Names<'_> {
        let classes = problem.classes().map(|class| (problem.class_name(class), class.index()));
        let nodes = problem.classes().flat_map(|class| problem.nodes(class));
        Names {
            classes: classes.collect(),
            nodes: nodes.map(|node| (problem.node_name(node), node)).collect(),
        }
    }

    fn outcome(&self, problem: &Problem, line: &str) -> Result<Outcome, String> {
        let value: Value =
            serde_json::from_str(line).map_err(|error| format!("not JSON: {error}"))?;
        let status = match value.get("status").and_then(Value::as_str) {
            None | Some("feasible") => Status::Feasible,
            Some("optimal") => Status::Optimal,
            Some("infeasible") => Status::Infeasible,
            Some("unsupported") => Status::Unsupported,
            Some(other) => return Err(format!("there is no status `{other}`")),
        };
        let mut outcome = Outcome::without_choices(problem, status);
        outcome.bound = value.get("bound").and_then(Value::as_f64);
        let Some(choices) = value.get("choices").and_then(Value::as_object) else {
            return match status {
                Status::Infeasible | Status::Unsupported => Ok(outcome),
                Status::Feasible | Status::Optimal => Err("`choices` is missing".to_owned()),
            };
        };
        for (class, node) in choices {
            let at = self.classes.get(class.as_str());
            let at = at.ok_or_else(|| format!("there is no class `{class}`"))?;
            let known = node.as_str().and_then(|node| self.nodes.get(node));
            let known = known.ok_or_else(|| format!("there is no node {node}"))?;
            outcome.choices[*at] = Some(*known);
        }
        for walk in value.get("walks").and_then(Value::as_array).into_iter().flatten() {
            let steps = walk.as_array().ok_or("a walk is a list of nodes")?.iter().map(|node| {
                let known = node.as_str().and_then(|node| self.nodes.get(node));
                known.copied().ok_or_else(|| format!("there is no node {node}"))
            });
            outcome.walks.push(steps.collect::<Result<_, _>>()?);
        }
        Ok(outcome)
    }
}
