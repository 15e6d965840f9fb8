//! egglog's test programs on egglog: shows that the conformance harness asks for what is so.
//!
//! Prints a line for each program that does not pass, and a summary. Exit code 1 if one fails.

use benches::conformance::{Case, Tier, cases};
use benches::{engines::egglog, suite};
use std::io::{Write, stdout};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

fn main() -> ExitCode {
    match run(std::env::args().nth(1).as_deref()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            // There is nobody to tell if that fails.
            let _ = writeln!(stdout(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the programs whose paths contain `filter`. Returns whether all pass.
fn run(filter: Option<&str>) -> Result<bool, String> {
    let folder = suite::folder().ok_or("egglog's tests were not found")?;
    let above = folder.parent().ok_or("egglog's tests lie in no folder")?;
    std::env::set_current_dir(above).map_err(|error| error.to_string())?;
    let mut out = stdout();
    let mut say = |line: String| writeln!(out, "{line}").map_err(|error| error.to_string());
    let mut counts = [[0; 2]; 5];
    for case in cases(&folder).map_err(|error| error.to_string())? {
        let path = case.path.to_string_lossy();
        if case.is_slow() || case.tier == Tier::Proofs || !path.contains(filter.unwrap_or("")) {
            continue;
        }
        let verdict = catch_unwind(AssertUnwindSafe(|| judge(&case)));
        let verdict = verdict.unwrap_or_else(|_| Err("it panicked".to_owned()));
        counts[case.tier as usize][usize::from(verdict.is_err())] += 1;
        if let Err(error) = verdict {
            say(format!("{path}: {error}"))?;
        }
    }
    for (tier, [passed, failed]) in
        ["core", "control", "data", "higher order", "proofs"].into_iter().zip(counts)
    {
        say(format!("{tier}: {passed} passed, {failed} failed"))?;
    }
    Ok(counts.iter().all(|[_, failed]| *failed == 0))
}

fn judge(case: &Case) -> Result<(), String> {
    let name = case.path.to_string_lossy();
    match egglog::run(&name, &case.text, 1) {
        Ok(finished) => case.judge(Ok(&finished.printed)),
        Err(error) => case.judge(Err(&error)),
    }
}
