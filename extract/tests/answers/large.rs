//! A large generated e-graph, from JSON text to a verified answer.
//!
//! `OVUM_EXTRACT_LARGE` sets the number of nodes, 20,000 without it; run it alone, in release mode,
//! with 1,000,000 for the figures of the records.

use extract::oracle::SplitMix;
use extract::runner::process::own_usage;
use extract::{Control, Problem, ReadOptions, extractor, verify};
use std::fmt::Write;
use std::time::{Duration, Instant};

/// Two nodes a class on the average, one to three operands among the hundred classes below, a few
/// of them above: deep, shared, with cycles.
fn text(nodes: u32) -> String {
    let classes = nodes / 2;
    let mut random = SplitMix(7);
    let mut text = String::from("{\"nodes\": {");
    let name = |class: u32| format!("\"{class}.0\"");
    for node in 0..nodes {
        let class = node / 2;
        let mut children = String::new();
        for at in 0..if class == 0 { 0 } else { 1 + random.below(3) } {
            let back = node.is_multiple_of(2) || random.below(20) > 0;
            let child =
                if back { class - 1 - random.below(class.min(100)) } else { random.below(classes) };
            let comma = if at > 0 { "," } else { "" };
            let _ = write!(children, "{comma}{}", name(child));
        }
        let comma = if node > 0 { "," } else { "" };
        let cost = 1 + random.below(9);
        let _ = write!(
            text,
            "{comma}\"{class}.{}\":{{\"op\":\"f{}\",\"eclass\":\"{class}\",\"cost\":{cost},\"children\":[{children}]}}",
            node % 2,
            random.below(50),
        );
    }
    let _ = write!(text, "}}, \"root_eclasses\": [\"{}\"]}}", classes - 1);
    text
}

#[test]
fn a_large_egraph_is_loaded_reduced_and_answered() {
    let nodes = std::env::var("OVUM_EXTRACT_LARGE").ok().and_then(|text| text.parse().ok());
    let text = text(nodes.unwrap_or(20_000));
    let begun = Instant::now();
    let spent = || own_usage().cpu_seconds;
    let before = spent();
    let loaded = Problem::load(&text, ReadOptions::default()).unwrap();
    let read = begun.elapsed();
    let control = Control::with_time_limit(Duration::from_secs(2));
    let outcome = extractor("auto").unwrap().extract(&loaded.problem, &control);
    let all = begun.elapsed();
    let processor = before.zip(spent()).map(|(before, after)| after - before);
    let checked = verify(&loaded.problem, &outcome).unwrap().unwrap();
    assert!(checked.dag_cost > 0.0);
    if nodes.is_some() {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let peak = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("VmHWM unknown");
        let line = format!(
            "read {read:.2?}, all {all:.2?}, of the processor {processor:.2?} s, {peak}, text {} MB",
            text.len() >> 20
        );
        note(&line);
        // Processor time: wall time is also that of whoever shares the machine.
        let seconds = processor.unwrap_or(all.as_secs_f64());
        assert!(seconds < 10.0, "{line}");
    }
}

/// Tests talk to whoever runs them with `--nocapture`.
#[expect(clippy::print_stderr, reason = "the figures are for the reader of the run")]
pub(super) fn note(line: &str) {
    eprintln!("{line}");
}
