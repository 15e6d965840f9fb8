//! The programs that the crate `egglog` ships as its own tests, run: every check holds and every
//! table has the size that its snapshots say, and wrong programs are refused.
//!
//! Programs that take long in a build for testing are run with `OVUM_EGGLOG_LONG` set. Where the
//! crate is not to be found the test says so, and fails if `CI` is set.

use crate::note;
use benches::conformance::{Case, Expected, Tier, cases};
use benches::suite;
use egraph_core::egglog::exec::{Options, Session};
use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Set: programs of [`LONG`] are run too.
const VARIABLE: &str = "OVUM_EGGLOG_LONG";

/// Programs of more than a second in a build for testing.
const LONG: &[&str] = &["extract-vec-bench", "math-microbenchmark", "whisper"];

/// Programs whose checks hold, but where a few tables have another size than in egglog.
const KNOWN: &[&str] = &["eggcc-2mm", "eggcc-extraction"];

/// No program that is run takes this long.
const PATIENCE: Duration = Duration::from_mins(1);

/// egglog's programs but those about proofs; none if there are none, which is said.
fn suite() -> Option<(PathBuf, Vec<Case>)> {
    let Some(folder) = suite::folder() else {
        assert!(env::var_os("CI").is_none(), "egglog's test programs were not found");
        note("SKIPPED: egglog's test programs were not found");
        return None;
    };
    let mut cases = cases(&folder).expect("egglog's test programs can be read");
    cases.retain(|case| case.tier != Tier::Proofs);
    let above = folder.parent().map(Path::to_path_buf).expect("the folder lies in the crate");
    Some((above, cases))
}

/// Copies what programs read into a folder that they may write in.
fn workplace(above: &Path) -> PathBuf {
    let folder = env::temp_dir().join(format!("ovum-egglog-{}", std::process::id()));
    let mut open = vec![PathBuf::from("tests")];
    while let Some(below) = open.pop() {
        std::fs::create_dir_all(folder.join(&below)).expect("a temporary folder");
        let entries = above.join(&below).read_dir().expect("the crate can be read");
        for entry in entries.flatten() {
            let name = below.join(entry.file_name());
            if entry.path().is_dir() {
                open.push(name);
            } else {
                std::fs::copy(entry.path(), folder.join(&name)).expect("a temporary file");
            }
        }
    }
    folder
}

fn run(folder: &Path, case: &Case) -> Result<(), String> {
    let options = Options {
        directory: Some(folder.to_path_buf()),
        time: Some(PATIENCE),
        ..Options::default()
    };
    let (mut session, mut answers) = (Session::new(options), Vec::new());
    match session.run(&case.path.to_string_lossy(), &case.text, &mut answers) {
        Ok(()) => {
            let printed: Vec<String> = answers.iter().map(ToString::to_string).collect();
            case.judge(Ok(&printed))
        }
        Err(diagnostic) => case.judge(Err(&session.render(&diagnostic))),
    }
}

fn is_named(case: &Case, names: &[&str]) -> bool {
    names.iter().any(|name| case.path.file_stem().is_some_and(|stem| stem == *name))
}

#[test]
fn egglogs_programs_pass() {
    let Some((above, cases)) = suite() else { return };
    let folder = workplace(&above);
    let long = env::var_os(VARIABLE).is_some();
    let (mut ran, mut refused, mut left) = (0, 0, 0);
    let mut wrong = Vec::new();
    for case in &cases {
        if !long && (is_named(case, LONG) || case.is_slow()) {
            left += 1;
            continue;
        }
        let start = Instant::now();
        let verdict = catch_unwind(AssertUnwindSafe(|| run(&folder, case)));
        let verdict = verdict.unwrap_or_else(|_| Err("it panics".to_owned()));
        let took = start.elapsed();
        let path = case.path.display();
        if took > Duration::from_secs(1) {
            note(&format!("{path} took {took:.1?}"));
        }
        match (verdict, is_named(case, KNOWN)) {
            (Ok(()), true) => wrong.push(format!("{path} passes, and is listed as failing")),
            (Ok(()), false) if case.expected == Expected::Refused => refused += 1,
            (Ok(()), false) => ran += 1,
            (Err(_), true) => {}
            (Err(why), false) => wrong.push(format!("{path}: {why}")),
        }
    }
    let _ = std::fs::remove_dir_all(&folder);
    note(&format!(
        "of egglog's programs {ran} run and {refused} are refused as they must be; {left} long \
         ones are left out ({VARIABLE} runs them), {} do not pass",
        KNOWN.len()
    ));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(ran + left >= 131 && refused >= 30, "{ran} run, {refused} refused");
}
