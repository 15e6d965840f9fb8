//! The GELU kernel on Ovum, again and again inside one process.
//!
//! Rules are compiled once; each repetition starts from what `push` kept.

use super::Outcome;
use crate::workloads::gelu_kernel::{declarations, term};
use egraph_core::egglog::{Options, Runner, Session};
use std::hint::black_box;
use std::time::{Duration, Instant};

/// Repetitions of which the least and the median are kept.
const REPETITIONS: usize = 2000;

pub(super) fn run() -> Result<Outcome, String> {
    let (rules, kernel) = (declarations()?, term()?);
    let tell = |error: egraph_core::egglog::Error| error.to_string();
    let mut session = Session::new(Options::default());
    session.program(&rules).map_err(tell)?;
    let mut times: [Vec<Duration>; 5] = Default::default();
    let mut outcome = Outcome::default();
    for _ in 0..REPETITIONS {
        let start = Instant::now();
        let mut fresh = Session::new(Options::default());
        fresh.program(black_box(&rules)).map_err(tell)?;
        times[0].push(start.elapsed());
        drop(fresh);

        let start = Instant::now();
        session.program("(push)").map_err(tell)?;
        let root = session.add(black_box(&kernel)).map_err(tell)?;
        times[1].push(start.elapsed());

        let start = Instant::now();
        let summary = Runner::new().ruleset("rules").run(&mut session).map_err(tell)?;
        times[2].push(start.elapsed());

        let extract = Instant::now();
        let best = session.best(root).map_err(tell)?;
        times[3].push(extract.elapsed());
        times[4].push(start.elapsed());

        let best = best.term.to_string();
        if best.contains("Tanh") || best.contains("Pow") {
            return Err(format!("a dear operation is left: {best}"));
        }
        outcome.e_nodes = Some(session.rows());
        outcome.e_classes = Some(session.classes());
        outcome.iterations = Some(summary.rounds.len());
        session.program("(pop)").map_err(tell)?;
    }
    let names = ["compile", "add", "saturate", "extract", "saturate+extract"];
    for (name, mut times) in names.into_iter().zip(times) {
        times.sort_unstable();
        let micros = |time: Duration| time.as_secs_f64() * 1e6;
        outcome.micros.push((name, micros(times[0]), micros(times[REPETITIONS / 2])));
    }
    Ok(outcome)
}
