//! The outside of a sweep's child: start it, listen, end it at its limits, make a row of it.

use super::measured::{Done, Event, is_memory};
use super::plugin::tail;
use super::process::{self, Usage};
use super::row::{ROW_VERSION, Row, RowStatus};
use super::sweep::{SweepOptions, Task};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

/// Reading a file that takes longer than this is given up.
const READING: Duration = Duration::from_mins(2);
/// What an algorithm may need beyond its limit to come to an end: this, and a tenth of the limit.
const GRACE: Duration = Duration::from_millis(500);
/// How often a child's memory is looked at.
const LOOK: Duration = Duration::from_millis(25);

/// Runs a task in a process of its own.
pub(super) fn run(task: &Task, options: &SweepOptions) -> Row {
    let mut row = Row {
        version: ROW_VERSION,
        data_set: task.data_set.clone(),
        file: task.file.clone(),
        extractor: task.extractor.clone(),
        seed: task.seed,
        time_limit: options.time_limit.as_secs_f64(),
        memory_limit: options.memory_limit,
        status: RowStatus::Crashed,
        dag_cost: None,
        tree_cost: None,
        bound: None,
        seconds: None,
        load_seconds: None,
        wall_seconds: 0.0,
        cpu_seconds: None,
        peak_rss: None,
        nodes: None,
        classes: None,
        message: None,
        curve: Vec::new(),
    };
    let start = Instant::now();
    match Listener::start(task, options) {
        Ok(mut listener) => {
            let end = listener.listen(&mut row, options.time_limit);
            row.wall_seconds = start.elapsed().as_secs_f64();
            let usage = listener.usage;
            row.cpu_seconds = row.cpu_seconds.or(usage.cpu_seconds);
            row.peak_rss = row.peak_rss.max(usage.peak_rss);
            end.explain(&mut row);
        }
        Err(error) => row.message = Some(format!("it cannot be started: {error}")),
    }
    row
}

/// How a child came to its end.
enum End {
    /// It said its last word.
    Told,
    /// It was killed: what it was doing.
    Killed(&'static str),
    /// It ended before its last word, having said this on standard error.
    Silent(Option<ExitStatus>, String),
}

impl End {
    fn explain(self, row: &mut Row) {
        match self {
            End::Told => {}
            End::Killed(during) => {
                row.status = RowStatus::Timeout;
                row.message = Some(format!("killed while {during}"));
            }
            End::Silent(_, said) if is_memory(&said) => {
                row.status = RowStatus::Memory;
                row.message = Some("out of memory".to_owned());
            }
            End::Silent(status, said) => {
                row.status = RowStatus::Crashed;
                let how = status.map_or_else(|| "it is gone".to_owned(), |s| s.to_string());
                row.message = Some(if said.is_empty() { how } else { format!("{how}: {said}") });
            }
        }
    }
}

struct Listener {
    child: Child,
    events: Receiver<String>,
    said: Receiver<String>,
    usage: Usage,
}

impl Listener {
    fn start(task: &Task, options: &SweepOptions) -> std::io::Result<Listener> {
        let mut command = Command::new(&options.program);
        command.arg("extract").arg(&task.path).arg("--measure");
        command.args(["--extractor", &task.extractor, "--seed", &task.seed.to_string()]);
        command.args(["--time-limit", &options.time_limit.as_secs_f64().to_string()]);
        if let Some(bytes) = options.memory_limit {
            command.args(["--memory-limit", &bytes.div_ceil(1 << 20).to_string()]);
        }
        if options.repair_roots {
            command.arg("--repair-roots");
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn()?;
        let (send, events) = channel();
        if let Some(output) = child.stdout.take() {
            thread::spawn(move || {
                for line in BufReader::new(output).lines().map_while(Result::ok) {
                    if send.send(line).is_err() {
                        break;
                    }
                }
            });
        }
        let (send, said) = channel();
        if let Some(mut errors) = child.stderr.take() {
            thread::spawn(move || {
                // A listener that has gone needs no last words.
                let _ = send.send(tail(&mut errors));
            });
        }
        Ok(Listener { child, events, said, usage: Usage::default() })
    }

    /// Fills in the row until the child has ended.
    fn listen(&mut self, row: &mut Row, time_limit: Duration) -> End {
        let mut deadline = Instant::now() + READING;
        let mut during = "reading";
        let mut told = false;
        loop {
            match self.events.recv_timeout(LOOK) {
                Ok(line) => match serde_json::from_str::<Event>(&line) {
                    Ok(event) => {
                        if matches!(event, Event::Loaded { .. }) {
                            deadline = Instant::now() + time_limit + GRACE + time_limit / 10;
                            during = "extracting";
                        }
                        told = note(row, event);
                    }
                    // A child that prints of its own accord has not been cut off from doing so.
                    Err(_) => continue,
                },
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            self.usage = self.usage.max(process::usage(&self.child));
            if !told && Instant::now() >= deadline {
                process::kill_tree(&mut self.child);
                // Killed, it ends: what is left to hear was said before.
                let _ = self.child.wait();
                return End::Killed(during);
            }
        }
        self.usage = self.usage.max(process::usage(&self.child));
        // Whatever it started ends with it.
        if told {
            process::kill_tree(&mut self.child);
        }
        let status = self.child.wait().ok();
        if told {
            return End::Told;
        }
        let said = self.said.recv_timeout(GRACE).unwrap_or_default();
        End::Silent(status, said.trim_matches([' ', '|']).to_owned())
    }
}

/// Notes an event in the row; says whether it was the last.
fn note(row: &mut Row, event: Event) -> bool {
    match event {
        Event::Loaded { seconds, nodes, classes, message } => {
            row.load_seconds = Some(seconds);
            (row.nodes, row.classes) = (Some(nodes), Some(classes));
            row.message = message;
            false
        }
        Event::Improved(point) => {
            row.curve.push(point);
            false
        }
        Event::Unreadable { message } => {
            row.status = RowStatus::Unreadable;
            row.message = Some(message);
            true
        }
        Event::Done(done) => {
            let Done { status, dag_cost, tree_cost, bound, seconds, .. } = done;
            row.status = status;
            (row.dag_cost, row.tree_cost, row.bound) = (dag_cost, tree_cost, bound);
            row.seconds = Some(seconds);
            (row.cpu_seconds, row.peak_rss) = (done.cpu_seconds, done.peak_rss);
            row.message = done.message.or(row.message.take());
            true
        }
    }
}
