//! How the time of optimisation grows with the size of a function.
//!
//! Prints a table of generated programs from 100 to 10,000 operations with proportionally many
//! regions, and the exponent of the growth. Run with `cargo bench -p optimizer --bench scale`;
//! `OVUM_SCALE_PROGRAMS` sets how many programs of each size. The total is the mean processor
//! time of some runs where the system tells it (`/proc/thread-self/schedstat`), so that other work
//! on the machine counts less; the phases are wall time of the last run. `OVUM_SCALE_PLOT` names a
//! file for a picture.

mod plot;

use optimizer::{Options, optimize};
use rvsdg::Function;
use rvsdg::random::{RandomOptions, random_function};
use std::sync::LazyLock;
use std::time::Instant;

const SIZES: [usize; 7] = [100, 200, 500, 1000, 2000, 5000, 10_000];

/// Seconds after which a program is not run again: the system counts in ticks.
const ENOUGH: f64 = 0.15;

fn main() {
    let setting = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let programs: u64 = setting("OVUM_SCALE_PROGRAMS").unwrap_or(3);
    let only = setting("OVUM_SCALE_ONLY").map(|only| only as usize);
    say(
        "operations | regions | e-nodes | encode ms | saturate ms | extract ms | total ms | cost | stop",
    );
    let mut points = Vec::new();
    for size in SIZES.into_iter().filter(|size| only.is_none_or(|only| only == *size)) {
        for seed in 1..=programs {
            let function = program(seed, size);
            let (start, mut runs) = (now(), 0.0);
            let (total, optimized) = loop {
                let optimized = optimize(&function, &Options::default()).expect("the defaults fit");
                runs += 1.0;
                let spent = now() - start;
                if spent >= ENOUGH {
                    break (spent / runs * 1e3, optimized);
                }
            };
            let report = &optimized.report;
            let phase =
                |name: &str| report.phases.get(name).map_or(0.0, |time| time.as_secs_f64() * 1e3);
            say(&format!(
                "{} | {} | {} | {:.1} | {:.1} | {:.1} | {total:.1} | {:.2} | {}{}",
                function.node_count(),
                function.region_count(),
                report.e_nodes,
                phase("encode"),
                phase("saturate"),
                phase("extract"),
                report.cost_after / report.cost_before,
                report.stop_reason,
                if report.nothing_legal { ", nothing legal" } else { "" },
            ));
            points.push(((function.node_count() as f64).ln(), total.ln()));
        }
    }
    if only.is_none() {
        let (factor, power) = fit(&points);
        say(&format!("time grows with operations to the power of {power:.2}"));
        if let Some(path) = std::env::var_os("OVUM_SCALE_PLOT") {
            let linear = |(x, y): &(f64, f64)| (x.exp(), y.exp());
            let title = format!(
                "{} generated programs: processor time grows with the power {power:.2}",
                points.len()
            );
            let picture = plot::Plot {
                title: &title,
                axes: ("operations", "ms"),
                points: &points.iter().map(linear).collect::<Vec<_>>(),
                line: (factor, power),
                bound: ((2000.0, 1000.0), "2,000 operations: 1 s"),
            };
            std::fs::write(path, picture.svg()).expect("the named file can be written");
        }
    }
}

/// Processor time of this thread, or wall time where it cannot be told, in seconds.
fn now() -> f64 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    let spent = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let spent = spent.and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
    spent.map_or_else(|| START.elapsed().as_secs_f64(), |nanoseconds| nanoseconds * 1e-9)
}

/// A program of about so many operations.
fn program(seed: u64, operations: usize) -> Function {
    let mut size = operations as u32 / 4;
    loop {
        let options = RandomOptions { size, depth: 2, ..RandomOptions::default() };
        let function = random_function(seed, &options);
        if function.node_count() >= operations {
            return function;
        }
        size += size / 8 + 1;
    }
}

/// Factor and power of the line of least squares through the logarithms.
fn fit(points: &[(f64, f64)]) -> (f64, f64) {
    let count = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let product: f64 = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
    let power = product / points.iter().map(|point| (point.0 - x).powi(2)).sum::<f64>();
    ((y - power * x).exp(), power)
}

#[expect(clippy::print_stdout, reason = "a benchmark reports to its reader")]
fn say(text: &str) {
    println!("{text}");
}
