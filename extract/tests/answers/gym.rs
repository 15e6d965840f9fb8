//! The public e-graphs of extraction-gym, where `OVUM_GYM` names the folder of its data sets.
//!
//! A folder per data set; `best_known.csv` beside them or one folder up gives the known costs.
//! `OVUM_GYM_EXTRACTORS` (comma-separated, `auto` and `greedy-dag` without it) and
//! `OVUM_GYM_SECONDS` (1) set what runs and for how long. Prints a table per data set.

use extract::verify::clearly_below;
use extract::{
    Control, Diagnostic, Problem, ReadOptions, Status, extractor, verify, verify_against,
};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// What is known of an e-graph.
#[derive(Clone, Copy)]
struct Known {
    best: f64,
    proved: bool,
    /// The better of the gym's two greedy extractors.
    greedy: f64,
}

/// Sums over a data set.
#[derive(Clone, Copy, Default)]
struct Totals {
    files: u32,
    proved: u32,
    below: u32,
    above: u32,
    cost: f64,
    best: f64,
    greedy: f64,
    seconds: f64,
}

fn setting(name: &str, default: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| default.to_owned())
}

/// Lines of `name,nodes,best,proven,faster_greedy,greedy`; names may contain commas.
fn known(folder: &Path) -> BTreeMap<String, Known> {
    let places = [folder.join("best_known.csv"), folder.join("../best_known.csv")];
    let text = places.iter().find_map(|place| std::fs::read_to_string(place).ok());
    let mut known = BTreeMap::new();
    for line in text.unwrap_or_default().lines().skip(1) {
        let fields: Vec<&str> = line.rsplitn(6, ',').collect();
        let number = |at: usize| fields[at].parse().unwrap_or(f64::INFINITY);
        let entry =
            Known { best: number(3), proved: fields[2] == "1", greedy: number(0).min(number(1)) };
        known.insert(fields[5].trim_matches('"').to_owned(), entry);
    }
    known
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let list = |at: &Path| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(at).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).collect()
    };
    let mut files: Vec<PathBuf> = list(folder).iter().flat_map(|set| list(set)).collect();
    files.retain(|path| path.extension().is_some_and(|end| end == "json"));
    files.sort();
    files
}

#[test]
#[expect(clippy::print_stderr, reason = "the table is for the reader of the run")]
fn public_egraphs_have_legal_answers() {
    let Some(folder) = std::env::var_os("OVUM_GYM").map(PathBuf::from) else {
        eprintln!("skipped: OVUM_GYM does not name the folder of the public e-graphs");
        return;
    };
    let known = known(&folder);
    let names = setting("OVUM_GYM_EXTRACTORS", "auto,greedy-dag");
    let limit: f64 = setting("OVUM_GYM_SECONDS", "1").parse().unwrap();
    let mut table: BTreeMap<(String, &str), Totals> = BTreeMap::new();
    let (mut usable, mut rootless, mut dangling) = (0, 0, 0);
    for path in files(&folder) {
        let file = path.strip_prefix(&folder).unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        let Ok(loaded) = Problem::load(&text, ReadOptions::repair()) else {
            rootless += 1;
            continue;
        };
        usable += 1;
        let is_root = |found: &Diagnostic| matches!(found, Diagnostic::DanglingRoot(_));
        dangling += usize::from(loaded.diagnostics.iter().any(is_root));
        for name in names.split(',') {
            let set = file.split('/').next().unwrap_or("").to_owned();
            let row = table.entry((set, name)).or_default();
            judge(&file, name, &loaded.problem, limit, known.get(&file).copied(), row);
        }
    }
    eprintln!("{usable} usable, {rootless} without a root, {dangling} with dangling roots dropped");
    eprintln!(
        "set | extractor | files | proved | cost | best known | gym greedy | s | below | above"
    );
    for ((set, name), t) in &table {
        let costs = format!("{:.4} | {:.4} | {:.4} | {:.2}", t.cost, t.best, t.greedy, t.seconds);
        eprintln!(
            "{set} | {name} | {} | {} | {costs} | {} | {}",
            t.files, t.proved, t.below, t.above
        );
    }
    assert!(usable > 0, "{} has data sets", folder.display());
    for ((set, name), totals) in table {
        assert!(name != "auto" || !clearly_below(totals.greedy, totals.cost), "{set}: {name}");
    }
}

/// Runs one extractor on one e-graph and adds up what it does.
fn judge(file: &str, name: &str, p: &Problem, limit: f64, known: Option<Known>, row: &mut Totals) {
    let begun = Instant::now();
    let control = Control::with_time_limit(Duration::from_secs_f64(limit));
    let outcome = extractor(name).unwrap().extract(p, &control);
    row.seconds += begun.elapsed().as_secs_f64();
    row.files += 1;
    let checked = verify(p, &outcome).unwrap_or_else(|error| panic!("{file}, {name}: {error}"));
    row.proved += u32::from(outcome.status == Status::Optimal);
    let (Some(checked), Some(known)) = (checked, known) else { return };
    let cost = checked.dag_cost;
    if let Err(error) = verify_against(cost, &outcome, known.best) {
        panic!("{file}, {name}: {error}");
    }
    assert!(
        !known.proved || !clearly_below(cost, known.best),
        "{file}, {name}: {cost} is too good"
    );
    row.cost += cost;
    row.best += known.best;
    row.greedy += known.greedy;
    row.below += u32::from(clearly_below(cost, known.best));
    row.above += u32::from(clearly_below(known.best, cost));
}
