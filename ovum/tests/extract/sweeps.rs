//! `ovum bench extract`: rows, limits, resumption, and that no wrong answer goes unnoticed.

use super::{Folder, SQUARE, command, gym, ovum};
use serde_json::{Value, json};
use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

fn lines(folder: &Folder, name: &str) -> Vec<Value> {
    let text = fs::read_to_string(folder.0.join(name)).expect("the sweep wrote it");
    text.lines().map(|line| serde_json::from_str(line).expect("a row")).collect()
}

#[test]
fn a_row_for_every_file_and_algorithm() {
    let folder = Folder::new("rows");
    gym(&folder);
    let args = [
        "bench",
        "extract",
        "gym",
        "--extractors",
        "bottom-up,greedy-dag",
        "--jobs",
        "2",
        "--time-limit",
        "5",
        "--memory-limit",
        "4000",
        "--csv",
        "rows.csv",
        "--jsonl",
        "rows.jsonl",
        "--parquet",
        "rows.parquet",
        "--html",
        "report.html",
        "--markdown",
        "report.md",
    ];
    let outcome = ovum(&folder, &args);
    assert_eq!(outcome.code, 0, "{}", outcome.err);
    assert!(outcome.err.contains("8/8 (100%)"), "{}", outcome.err);
    assert!(outcome.err.contains("left out: two/stray.json"), "{}", outcome.err);
    assert!(outcome.out.contains("all: 3 files, 1 left out as unreadable"), "{}", outcome.out);
    let rows = lines(&folder, "rows.jsonl");
    let told: Vec<_> = rows
        .iter()
        .map(|row| json!([row["file"], row["extractor"], row["status"], row["dag_cost"]]))
        .collect();
    let expected = json!([
        ["one/square.json", "bottom-up", "feasible", 8.0],
        ["one/square.json", "greedy-dag", "feasible", 8.0],
        ["one/two.json", "bottom-up", "feasible", 7.0],
        ["one/two.json", "greedy-dag", "feasible", 7.0],
        ["two/shared.json", "bottom-up", "feasible", 6.0],
        ["two/shared.json", "greedy-dag", "feasible", 4.0],
        ["two/stray.json", "bottom-up", "unreadable", null],
        ["two/stray.json", "greedy-dag", "unreadable", null],
    ]);
    assert_eq!(json!(told), expected);
    for row in &rows[..6] {
        assert_eq!((&row["version"], &row["time_limit"]), (&json!(1), &json!(5.0)));
        assert_eq!(row["memory_limit"], json!(4_000_u64 << 20));
        let seconds = |name: &str| row[name].as_f64().unwrap();
        assert!(seconds("seconds") < 1.0 && seconds("seconds") <= seconds("wall_seconds"));
        if cfg!(target_os = "linux") {
            assert!(seconds("cpu_seconds") > 0.0, "{row}");
            assert!(row["peak_rss"].as_u64().unwrap() > 500_000, "{row}");
        }
    }
    let csv = fs::read_to_string(folder.0.join("rows.csv")).unwrap();
    assert_eq!(csv.lines().count(), 9);
    assert!(csv.contains("two,two/shared.json,greedy-dag,0,5,4194304000,feasible,4,"), "{csv}");
    // The Python tests read such a file with Arrow.
    let parquet = fs::read(folder.0.join("rows.parquet")).unwrap();
    assert!(parquet.starts_with(b"PAR1") && parquet.ends_with(b"PAR1"));
    let name = b"two/shared.json";
    assert_eq!(parquet.windows(name.len()).filter(|bytes| bytes == name).count(), 2);
    let none = ovum(&folder, &["bench", "extract", "gym", "--parquet", "-"]);
    assert_eq!(none.code, 2, "{}", none.err);
    let table = fs::read_to_string(folder.0.join("report.md")).unwrap();
    assert!(table.contains("### two: 1 files, 1 left out"), "{table}");

    let repaired = ovum(&folder, &[&args[..], &["--repair-roots", "--json"]].concat());
    let value: Value = serde_json::from_str(&repaired.out).unwrap();
    assert_eq!((repaired.code, &value["statuses"]["unreadable"]), (0, &json!(0)));
    assert_eq!((&value["rows"], &value["faults"]), (&json!(8), &json!([])));
}

#[test]
fn a_sweep_is_resumed() {
    let folder = Folder::new("resume");
    gym(&folder);
    let args =
        ["bench", "extract", "gym", "--extractors", "greedy-dag", "--repair-roots", "--jsonl"];
    let first = ovum(&folder, &[&args[..], &["rows.jsonl", "--csv", "rows.csv"]].concat());
    assert_eq!(first.code, 0, "{}", first.err);
    let whole = fs::read_to_string(folder.0.join("rows.jsonl")).unwrap();
    // As a sweep leaves it that was killed while it wrote its third row.
    let kept: String = whole.split_inclusive('\n').take(2).collect();
    let third = whole.lines().nth(2).unwrap();
    folder.file("rows.jsonl", &format!("{kept}{}", &third[..40]));
    let again = ovum(&folder, &[&args[..], &["rows.jsonl", "--resume"]].concat());
    assert_eq!(again.code, 0, "{}", again.err);
    assert!(again.err.contains("2 of 4 tasks are done"), "{}", again.err);
    let text = fs::read_to_string(folder.0.join("rows.jsonl")).unwrap();
    assert!(text.starts_with(&kept), "what was done is kept");
    assert_eq!(lines(&folder, "rows.jsonl").len(), 4);

    let csv = ["rows.jsonl", "--csv", "rows.csv", "--resume"];
    let none = ovum(&folder, &[&args[..], &csv].concat());
    assert!(none.err.contains("4 of 4 tasks are done"), "{}", none.err);
    let other = [&args[..], &["rows.jsonl", "--resume", "--time-limit", "3"]].concat();
    let other = ovum(&folder, &other);
    assert!(!other.err.contains("tasks are done"), "other limits: {}", other.err);
    folder.file("rows.jsonl", "not a row\n");
    let refused = ovum(&folder, &[&args[..], &["rows.jsonl", "--resume"]].concat());
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("`rows.jsonl`, line 1"), "{}", refused.err);
}

#[test]
fn results_of_several_sweeps_are_merged() {
    let folder = Folder::new("merge");
    gym(&folder);
    for (name, extractor) in [("a", "greedy-dag"), ("b", "bottom-up")] {
        let lines = format!("{name}.jsonl");
        let args = ["bench", "extract", "gym", "--only", "one/", "--extractors", extractor];
        let outcome = ovum(&folder, &[&args[..], &["--seeds", "1,2", "--jsonl", &lines]].concat());
        assert_eq!(outcome.code, 0, "{}", outcome.err);
    }
    let args = ["bench", "extract", "--merge", "a.jsonl,b.jsonl,a.jsonl", "--jsonl", "-"];
    let outcome = ovum(&folder, &args);
    assert_eq!((outcome.code, outcome.out.lines().count()), (0, 8), "{}", outcome.err);
}

/// Sweeps the one problem with a shell script; gives the exit code and the row.
fn scripted(test: &str, text: &str, more: &[&str]) -> (i32, Value) {
    let folder = Folder::new(test);
    folder.file("gym/square.json", SQUARE);
    folder.file("plugin.sh", text);
    let args = ["bench", "extract", "gym", "--extractors", "cmd:sh plugin.sh", "--jsonl", "rows"];
    let outcome = ovum(&folder, &[&args[..], more].concat());
    (outcome.code, lines(&folder, "rows").remove(0))
}

const ANSWER: &str = r#"{"choices": {"A": "a", "B": "b", "S": "sum", "P": "pow"}}"#;

#[test]
fn wrong_answers_fail_the_sweep() {
    let text = format!("echo '{}'", ANSWER.replace("\"sum\"", "\"mul\""));
    let (code, row) = scripted("invalid", &text, &[]);
    assert_eq!((code, row["status"].as_str()), (1, Some("invalid")), "{row}");
    let (code, row) = scripted("crash", "echo 'a reason' >&2; exit 7", &[]);
    assert_eq!((code, row["status"].as_str()), (1, Some("crashed")), "{row}");
    assert!(row["message"].as_str().unwrap().contains("a reason"), "{row}");
    // Alone, the claim stands; beside a cheaper answer it is refuted.
    let text = format!("echo '{}'", ANSWER.replace("}}", "}, \"status\": \"optimal\"}"));
    let (code, row) = scripted("claim", &text, &[]);
    assert_eq!((code, row["status"].as_str()), (0, Some("optimal")), "{row}");
    let both = ["--extractors", "greedy-dag"];
    let (code, row) = scripted("refuted", &text, &both);
    assert_eq!((code, row["status"].as_str()), (1, Some("invalid")), "{row}");
    assert!(row["message"].as_str().unwrap().contains("greedy-dag found 8"), "{row}");
}

#[test]
fn better_answers_make_a_curve() {
    let better = ANSWER.replace("pow", "mul").replace("}}", "}, \"bound\": 8}");
    let text = format!("echo '{ANSWER}'; sleep 0.2; echo '{better}'");
    let (code, row) = scripted("curve", &text, &[]);
    assert_eq!((code, row["status"].as_str()), (0, Some("optimal")), "{row}");
    let curve = row["curve"].as_array().unwrap();
    assert_eq!((curve.len(), &curve[0]["cost"], &curve[1]["cost"]), (2, &json!(14.0), &json!(8.0)));
    let times = [&curve[0], &curve[1]].map(|point| point["seconds"].as_f64().unwrap());
    assert!(times[1] - times[0] > 0.1, "{row}");
}

#[test]
fn limits_are_kept() {
    let start = Instant::now();
    let (code, row) = scripted("time", "sleep 60 & sleep 60", &["--time-limit", "0.4"]);
    assert_eq!((code, row["status"].as_str()), (0, Some("timeout")), "{row}");
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    if cfg!(target_os = "linux") {
        let text = "exec python3 -c 'x = bytearray(1 << 31)'";
        let (code, row) = scripted("memory", text, &["--memory-limit", "600"]);
        assert_eq!((code, row["status"].as_str()), (0, Some("memory")), "{row}");
    }
}

#[test]
fn a_killed_sweep_takes_its_children_along() {
    if !cfg!(target_os = "linux") {
        return;
    }
    let folder = Folder::new("orphans");
    folder.file("gym/square.json", SQUARE);
    folder.file("plugin.sh", "echo $$ > pid; exec sleep 60");
    let args =
        ["bench", "extract", "gym", "--extractors", "cmd:sh plugin.sh", "--time-limit", "50"];
    let mut sweep = command(&folder.0).args(args).spawn().expect("the command starts");
    let pid = folder.0.join("pid");
    let wait = |until: &dyn Fn() -> bool| {
        let start = Instant::now();
        while !until() {
            assert!(start.elapsed() < Duration::from_secs(20));
            std::thread::sleep(Duration::from_millis(10));
        }
    };
    wait(&|| fs::read_to_string(&pid).is_ok_and(|text| text.ends_with('\n')));
    // The program itself notices when nobody reads its answer; its starter ends at once.
    let text = fs::read_to_string(&pid).unwrap();
    let parent = |pid: &str| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        stat.rsplit_once(')')?.1.split_whitespace().nth(1).map(str::to_owned)
    };
    let starter = parent(text.trim());
    sweep.kill().unwrap();
    sweep.wait().unwrap();
    wait(&|| parent(text.trim()).is_none_or(|parent| starter.as_deref() != Some(&parent)));
    Command::new("kill").arg(text.trim()).status().unwrap();
}

#[test]
fn misuse() {
    let folder = Folder::new("bench-misuse");
    folder.file("gym/square.json", SQUARE);
    folder.file("empty/text.txt", "");
    for args in [
        &["bench", "extract"][..],
        &["bench", "extract", "gym", "--extractors", "nothing"],
        &["bench", "extract", "gym", "--jobs", "0"],
        &["bench", "extract", "gym", "--time-limit", "-1"],
    ] {
        assert_eq!(ovum(&folder, args).code, 2, "{args:?}");
    }
    for args in [
        &["bench", "extract", "empty"][..],
        &["bench", "extract", "absent"],
        &["bench", "extract", "--merge", "absent.jsonl"],
        &["bench", "extract", "gym", "--csv", "absent/rows.csv"],
    ] {
        assert_eq!(ovum(&folder, args).code, 1, "{args:?}");
    }
}
