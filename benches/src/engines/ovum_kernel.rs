//! The GELU kernel on Ovum, again and again inside one process.
//!
//! Rules are compiled once; each repetition starts from what `push` kept. The commands that
//! saturate and extract are text, so that reading and resolving them is part of the time.

use super::Outcome;
use crate::workloads::gelu_kernel::{declarations, definition};
use egraph_core::egglog::exec::{Options, Output, Session};
use std::hint::black_box;
use std::time::{Duration, Instant};

/// Repetitions of which the least and the median are kept.
const REPETITIONS: usize = 2000;

fn run_text(session: &mut Session, text: &str) -> Result<Vec<Output>, String> {
    let mut answers = Vec::new();
    let done = session.run("kernel", black_box(text), &mut answers);
    done.map_err(|diagnostic| session.render(&diagnostic))?;
    Ok(answers)
}

pub(super) fn run() -> Result<Outcome, String> {
    let (rules, kernel) = (declarations()?, definition()?);
    let mut session = Session::new(Options::default());
    run_text(&mut session, &rules)?;
    let mut times: [Vec<Duration>; 5] = Default::default();
    let mut outcome = Outcome::default();
    for _ in 0..REPETITIONS {
        let start = Instant::now();
        let mut fresh = Session::new(Options::default());
        run_text(&mut fresh, &rules)?;
        times[0].push(start.elapsed());
        drop(fresh);

        let start = Instant::now();
        run_text(&mut session, "(push)")?;
        run_text(&mut session, &kernel)?;
        times[1].push(start.elapsed());

        let before = session.report().iterations;
        let start = Instant::now();
        run_text(&mut session, "(run-schedule (saturate (run rules)))")?;
        times[2].push(start.elapsed());

        let extract = Instant::now();
        let answers = run_text(&mut session, "(extract $kernel)")?;
        times[3].push(extract.elapsed());
        times[4].push(start.elapsed());

        let [Output::Extracted { term, .. }] = answers.as_slice() else {
            return Err("nothing was extracted".to_owned());
        };
        let best = term.to_string();
        if best.contains("Tanh") || best.contains("Pow") {
            return Err(format!("a dear operation is left: {best}"));
        }
        outcome.e_nodes = Some(session.rows());
        outcome.e_classes = Some(session.classes());
        outcome.iterations = Some(session.report().iterations - before);
        run_text(&mut session, "(pop)")?;
    }
    let names = ["compile", "add", "saturate", "extract", "saturate+extract"];
    for (name, mut times) in names.into_iter().zip(times) {
        times.sort_unstable();
        let micros = |time: Duration| time.as_secs_f64() * 1e6;
        outcome.micros.push((name, micros(times[0]), micros(times[REPETITIONS / 2])));
    }
    Ok(outcome)
}
