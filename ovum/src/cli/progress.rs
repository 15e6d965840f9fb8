//! How far a long command has come, and when it will be done.

use super::Console;
use extract::runner::Row;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// Counts what is done and tells of it on standard error: one line that is written over on a
/// terminal, else a line every so often.
pub(super) struct Progress {
    all: usize,
    jobs: usize,
    done: usize,
    /// Processes' wall time so far.
    spent: f64,
    start: Instant,
    told: Instant,
    terminal: bool,
}

/// How often a log gets a line, and a terminal a new one.
const LOG: Duration = Duration::from_secs(10);
const TERMINAL: Duration = Duration::from_millis(100);

impl Progress {
    pub(super) fn new(all: usize, jobs: usize) -> Progress {
        let (start, terminal) = (Instant::now(), std::io::stderr().is_terminal());
        Progress { all, jobs, done: 0, spent: 0.0, start, told: start, terminal }
    }

    /// One more is done.
    pub(super) fn step(&mut self, row: &Row, console: &mut Console<'_>) {
        self.done += 1;
        self.spent += row.wall_seconds;
        let last = self.done == self.all;
        let pause = if self.terminal { TERMINAL } else { LOG };
        if self.told.elapsed() < pause && !last {
            return;
        }
        self.told = Instant::now();
        let (done, all) = (self.done, self.all);
        let share = done as f64 / all as f64;
        let elapsed = clock(self.start.elapsed().as_secs_f64());
        let left = clock(self.left());
        let times = if last { format!("in {elapsed}") } else { format!("{elapsed}, {left} left") };
        let percent = (share * 100.0).floor();
        if self.terminal {
            let bar: String =
                (0..24).map(|at| if f64::from(at) / 24.0 < share { '█' } else { '░' }).collect();
            let name: String = row.file.chars().rev().take(40).collect();
            let name: String = if last { String::new() } else { name.chars().rev().collect() };
            let end = if last { "\n" } else { "" };
            let line = format!("\r\x1b[K{bar} {percent}% {done}/{all}, {times}  {name}{end}");
            console.say(&line);
        } else {
            console.say(&format!("{done}/{all} ({percent}%), {times}\n"));
        }
    }

    /// Seconds until the end, if what is left takes as long as what was done.
    fn left(&self) -> f64 {
        let mean = self.spent / self.done.max(1) as f64;
        mean * (self.all - self.done) as f64 / self.jobs.clamp(1, self.all) as f64
    }
}

/// Seconds for a reader: `59s`, `3m07s`, `2h05m`.
fn clock(seconds: f64) -> String {
    let seconds = seconds.round() as u64;
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, s) => format!("{s}s"),
        (0, m, s) => format!("{m}m{s:02}s"),
        (h, m, _) => format!("{h}h{m:02}m"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_short() {
        assert_eq!(clock(59.4), "59s");
        assert_eq!(clock(187.0), "3m07s");
        assert_eq!(clock(7505.0), "2h05m");
    }

    #[test]
    fn what_is_left_is_shared_by_the_jobs() {
        let mut progress = Progress::new(10, 2);
        (progress.done, progress.spent) = (4, 8.0);
        assert_eq!(progress.left(), 6.0);
    }
}
