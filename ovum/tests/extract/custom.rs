//! An extractor of one's own, as `examples/custom_extractor.rs` has it: registered by one line, it
//! is listed, judged with the others against exhaustive search, and in the report.

use super::{Folder, gym, note};
use extract::oracle::{Shape, best_answer, random_problem};
use extract::{Control, Status, extractors, verify, verify_against};
use std::path::{Path, PathBuf};
use std::process::Command;

#[path = "../../../examples/custom_extractor.rs"]
#[allow(dead_code, reason = "its main is the example's")]
mod custom_extractor;

const PROBLEMS: u64 = 300;

#[test]
fn it_is_judged_with_the_others() {
    extract::register(|| Box::new(custom_extractor::Shallow));
    let all = extractors();
    assert!(all.iter().any(|extractor| extractor.name() == "shallow"));
    let (mut answers, mut dearer) = (0, 0);
    for seed in 0..PROBLEMS {
        let problem = random_problem(seed, Shape::default());
        let best = best_answer(&problem);
        for extractor in &all {
            let name = extractor.name();
            let outcome = extractor.extract(&problem, &Control::default());
            let checked = verify(&problem, &outcome)
                .unwrap_or_else(|invalid| panic!("{name} on problem {seed}: {invalid}"));
            let Some(best) = &best else {
                assert_eq!(outcome.status, Status::Infeasible, "{name} on problem {seed}");
                continue;
            };
            let cost = checked.unwrap_or_else(|| panic!("{name} on {seed}: no answer")).dag_cost;
            assert!(cost >= best.dag, "{name} on problem {seed}: {cost} < {}", best.dag);
            if let Err(refuted) = verify_against(cost, &outcome, best.dag) {
                panic!("{name} on problem {seed}: {refuted}");
            }
            answers += 1;
            dearer += u32::from(name == "shallow" && cost > best.dag);
        }
    }
    note(&format!(
        "{answers} answers of {} extractors; shallow was dearer {dearer} times",
        all.len()
    ));
    assert!(answers > PROBLEMS && dearer > 0, "the oracle can tell them apart");
}

/// The example, which `cargo test -p ovum` builds, but not `cargo test --test extract` alone.
fn example() -> Option<PathBuf> {
    let name = format!("custom_extractor{}", std::env::consts::EXE_SUFFIX);
    let built = Path::new(env!("CARGO_BIN_EXE_ovum")).with_file_name("examples").join(name);
    let ci = std::env::var("CI").is_ok_and(|value| value == "true");
    assert!(built.is_file() || !ci, "continuous integration builds the examples");
    built.is_file().then_some(built)
}

#[test]
fn it_is_listed_and_in_the_report() {
    let Some(example) = example() else {
        return note("skipped: the example custom_extractor is not built");
    };
    let folder = Folder::new("custom");
    gym(&folder);
    let run = |args: &[&str]| {
        let output = Command::new(&example).current_dir(&folder.0).args(args).output().unwrap();
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        assert!(output.status.success(), "{args:?}: {}: {text}", output.status);
        text
    };
    let listed = run(&["extract", "--list"]);
    assert!(listed.lines().any(|line| line.starts_with("shallow ")), "{listed}");
    let answer = run(&["extract", "gym/one/two.json", "--extractor", "shallow"]);
    assert!(answer.contains("DAG cost   7\n"), "{answer}");
    let sweep = ["bench", "extract", "gym", "--repair-roots", "--html", "report.html"];
    let table = run(&[&sweep[..], &["--extractors", "shallow,greedy-dag"]].concat());
    assert!(table.lines().any(|line| line.trim_start().starts_with("shallow ")), "{table}");
    let page = std::fs::read_to_string(folder.0.join("report.html")).unwrap();
    assert!(page.contains("<td>shallow</td>"));
}

#[test]
fn it_fits_on_a_page() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/custom_extractor.rs");
    let text = std::fs::read_to_string(path).unwrap();
    assert!(text.lines().count() < 60);
    assert_eq!(text.matches("register(").count(), 1);
}
