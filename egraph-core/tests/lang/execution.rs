//! Mutated programs, carried out: whatever is done to a program, it runs to its end or to a limit,
//! or is refused, and the session is usable afterwards.
//!
//! The mutations are the same in every run. `OVUM_EXECUTIONS=12000` asks for that many, and takes
//! the public programs besides the fixtures.

use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use egraph_core::egglog::{Options, Session};

use crate::mutations::{FIXTURES, Random, list_end, mutate, tokens};
use crate::programs::programs;

/// Mutants without `OVUM_EXECUTIONS`.
const DEFAULT: usize = 300;
/// Bytes of the longest public program that is mutated.
const LONGEST: usize = 64 << 10;
/// Commands of one mutant that are carried out after one was refused.
const COMMANDS: usize = 200;
/// Time of one command, as a limit.
const TIME: Duration = Duration::from_millis(50);
/// Time of one mutant, after which no more of its commands are begun.
const ENOUGH: Duration = Duration::from_millis(300);
/// No command takes that long, whatever else the machine does.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Debug, Default)]
struct Tally {
    done: usize,
    refused: usize,
    limited: usize,
    slowest: Duration,
}

fn options(directory: PathBuf) -> Options {
    Options {
        nodes: 3_000,
        time: Some(TIME),
        bytes: Some(32 << 20),
        directory: Some(directory),
        ..Options::default()
    }
}

fn carry_out(session: &mut Session, text: &str, tally: &mut Tally) -> bool {
    let started = Instant::now();
    let mut answers = Vec::new();
    let outcome = session.run("mutant", text, &mut answers);
    for answer in &answers {
        assert!(answer.to_string().len() < 1 << 30);
    }
    tally.slowest = tally.slowest.max(started.elapsed());
    match outcome {
        Ok(()) => {
            tally.done += 1;
            true
        }
        Err(error) => {
            assert!(session.render(&error).starts_with("error[EG"));
            tally.limited += usize::from(error.message.contains("limit"));
            tally.refused += 1;
            false
        }
    }
}

/// Carries out a program; what follows a refused command is carried out command by command.
fn run(text: &str, directory: PathBuf) -> Tally {
    let (mut session, mut tally) = (Session::new(options(directory)), Tally::default());
    if carry_out(&mut session, text, &mut tally) {
        return tally;
    }
    let (started, parts) = (Instant::now(), tokens(text));
    let mut at = 0;
    for _ in 0..COMMANDS {
        while at < parts.len() && !parts[at].starts_with('(') {
            at += 1;
        }
        if at == parts.len() || started.elapsed() > ENOUGH {
            break;
        }
        let end = list_end(&parts, at);
        carry_out(&mut session, &parts[at..end].concat(), &mut tally);
        at = end;
    }
    assert!(session.rows() <= 3_000, "{} rows", session.rows());
    let usable = session.program("(sort Afterwards) (relation afterwards (i64)) (check)");
    assert!(usable.is_ok() || text.contains("fterwards"), "{usable:?}");
    tally
}

#[test]
fn mutants_run_or_are_refused() {
    let asked = env::var("OVUM_EXECUTIONS").ok().and_then(|count| count.parse().ok());
    let mut texts = FIXTURES.to_vec();
    if asked.is_some() {
        let short = programs().iter().filter(|program| program.text.len() <= LONGEST);
        texts.extend(short.map(|program| program.text.as_str()));
    }
    let count: usize = asked.unwrap_or(DEFAULT);
    let folder = env::temp_dir().join(format!("ovum-executions-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("tests")).expect("a temporary folder");
    let mut random = Random(0xD1B5_4A32_D192_ED03);
    let mut all = Tally::default();
    for number in 0..count {
        let mutant = mutate(texts[number % texts.len()], &mut random);
        let outcome = catch_unwind(AssertUnwindSafe(|| run(&mutant, folder.join("tests"))));
        let Ok(tally) = outcome else { panic!("mutant {number} panics:\n{mutant}") };
        assert!(tally.slowest < PATIENCE, "mutant {number}: {tally:?}\n{mutant}");
        all.done += tally.done;
        all.refused += tally.refused;
        all.limited += tally.limited;
        all.slowest = all.slowest.max(tally.slowest);
    }
    let _ = std::fs::remove_dir_all(folder);
    crate::note(&format!(
        "{count} mutants of {} programs: {} pieces carried out, {} refused ({} at a limit); slowest \
         piece {:.1?}",
        texts.len(),
        all.done,
        all.refused,
        all.limited,
        all.slowest
    ));
    assert!(all.done > count / 4 && all.refused > count / 4, "{all:?}");
}
