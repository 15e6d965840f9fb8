//! From source to callable: how long GEGLU takes, warm, in process, phase by phase.
//!
//! Prints the median of each phase over many repetitions, for the default pipeline, without the
//! optimiser, and with an approximation allowed. Run with `cargo bench -p ovum --bench latency`;
//! `OVUM_BENCH_RUNS` sets the number of repetitions.

use ovum::report::duration_text;
use ovum::{Pipeline, Report, bind, compile_source};
use std::hint::black_box;
use std::time::{Duration, Instant};

const GEGLU: &str = include_str!("../../examples/geglu.py");

/// Repetitions before times are taken: caches, allocator and branch predictors settle.
const WARM_UP: usize = 20;

fn main() -> Result<(), ovum::Error> {
    let runs = std::env::var("OVUM_BENCH_RUNS").ok().and_then(|runs| runs.parse().ok());
    let runs = runs.unwrap_or(300).max(1);
    let exact = Pipeline::default();
    let plain = Pipeline { optimize: None, ..Pipeline::default() };
    let mut options = optimizer::Options { max_error: Some(1e-6), ..optimizer::Options::default() };
    options.domains.insert("a".to_owned(), (-8.0, 8.0));
    let approximate = Pipeline { optimize: Some(options), ..Pipeline::default() };
    for (name, pipeline) in
        [("exact", &exact), ("without the optimiser", &plain), ("approximate", &approximate)]
    {
        measure(name, pipeline, runs)?;
    }
    Ok(())
}

/// Compiles GEGLU again and again and prints medians.
fn measure(name: &str, pipeline: &Pipeline, runs: usize) -> Result<(), ovum::Error> {
    let mut totals = Vec::with_capacity(runs);
    let mut reports: Vec<Report> = Vec::with_capacity(runs);
    for run in 0..WARM_UP + runs {
        let start = Instant::now();
        let text = black_box(GEGLU).to_owned();
        let program = compile_source("geglu.py", text, "geglu", None, pipeline)?;
        let total = start.elapsed();
        if run == 0 {
            let call = bind::parse_call("geglu(0.315)")?;
            let answer = program.call(&bind::bind(&call, &program.function)?, None)?;
            assert!(answer.outcome.is_ok(), "GEGLU raises nothing");
        }
        if run >= WARM_UP {
            totals.push(total);
            reports.push(program.report);
        }
    }
    say(&format!("GEGLU, {name}: source to callable, median of {runs}"));
    for (at, (phase, _)) in reports[0].phases.iter().enumerate() {
        let times = reports.iter().map(|report| report.phases[at].1).collect();
        say(&format!("  {phase:<10}{:>10}", duration_text(median(times))));
    }
    say(&format!("  {:<10}{:>10}", "total", duration_text(median(totals))));
    Ok(())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

#[expect(clippy::print_stdout, reason = "a benchmark reports to its reader")]
fn say(text: &str) {
    println!("{text}");
}
