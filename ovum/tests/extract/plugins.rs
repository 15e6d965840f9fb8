//! Programs as extractors: what they say is checked, and they end when their time is over.

use super::{Folder, Outcome, SQUARE, ovum};
use serde_json::Value;
use std::path::Path;
use std::time::{Duration, Instant};

/// Runs a shell script as an extractor.
fn script(test: &str, text: &str, more: &[&str]) -> (Folder, Outcome) {
    let folder = Folder::new(test);
    folder.file("square.json", SQUARE);
    folder.file("plugin.sh", text);
    let args = ["extract", "square.json", "--extractor", "cmd:sh plugin.sh"];
    let outcome = ovum(&folder, &[&args[..], more].concat());
    (folder, outcome)
}

const ANSWER: &str = r#"{"choices": {"A": "a", "B": "b", "S": "sum", "P": "pow"}}"#;

#[test]
fn the_example_in_python() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/extractor_plugin.py");
    let folder = Folder::new("python");
    folder.file("square.json", SQUARE);
    let name = format!("cmd:python3 {}", example.display());
    let args = ["extract", "square.json", "--extractor", &name, "--time-limit", "5", "--json"];
    let outcome = ovum(&folder, &args);
    let value: Value = serde_json::from_str(&outcome.out).unwrap();
    assert_eq!((outcome.code, value["dag_cost"].as_f64()), (0, Some(8.0)), "{}", outcome.err);
    assert_eq!(value["extractor"].as_str(), Some(name.as_str()));
}

#[test]
fn the_problem_comes_in_and_the_last_answer_counts() {
    let text = format!(
        "cat > seen.json\nprintf '%s' \"$OVUM_SEED $OVUM_TIME_LIMIT\" > told\n\
         echo '{ANSWER}'\necho '{}'\n",
        ANSWER.replace("pow", "mul")
    );
    let more = ["--seed", "7", "--time-limit", "9", "--json"];
    let (folder, outcome) = script("last", &text, &more);
    let value: Value = serde_json::from_str(&outcome.out).unwrap();
    assert_eq!(value["dag_cost"].as_f64(), Some(8.0), "{}", outcome.err);
    let seen = std::fs::read_to_string(folder.0.join("seen.json")).unwrap();
    let seen: Value = serde_json::from_str(&seen).unwrap();
    assert_eq!(seen["nodes"]["mul"]["children"], serde_json::json!(["sum", "sum"]));
    let told = std::fs::read_to_string(folder.0.join("told")).unwrap();
    let (seed, limit) = told.split_once(' ').unwrap();
    let limit: f64 = limit.parse().unwrap();
    assert!(seed == "7" && limit > 8.0 && limit <= 9.0, "{told}");
}

#[test]
fn wrong_answers_are_refused() {
    for (test, answer, what) in [
        ("missing", r#"{"choices": {"P": "mul"}}"#.to_owned(), "has no choice"),
        ("foreign", ANSWER.replace("\"A\": \"a\"", "\"A\": \"b\""), "is not its node"),
        ("unknown", ANSWER.replace("pow", "cube"), "there is no node \"cube\""),
        ("class", ANSWER.replace("\"A\"", "\"Z\""), "there is no class `Z`"),
        ("text", "forty-two".to_owned(), "not JSON"),
        ("bound", ANSWER.replace("{\"ch", "{\"bound\": 15, \"ch"), "is above the cost"),
        ("infeasible", r#"{"status": "infeasible"}"#.to_owned(), "a term exists"),
        ("nothing", String::new(), "there is none"),
    ] {
        let (_folder, outcome) = script(test, &format!("echo '{answer}'"), &[]);
        assert_eq!((outcome.code, outcome.out.as_str()), (1, ""), "{test}");
        assert!(outcome.err.contains("OV921") && outcome.err.contains(what), "{}", outcome.err);
    }
}

#[test]
fn failures_are_quoted() {
    let text = "echo 'the reason' >&2\nexit 3\n";
    let (_folder, outcome) = script("fails", text, &[]);
    assert_eq!(outcome.code, 1);
    assert!(outcome.err.contains("exit status: 3: the reason"), "{}", outcome.err);
    let folder = Folder::new("absent");
    folder.file("square.json", SQUARE);
    let outcome = ovum(&folder, &["extract", "square.json", "--extractor", "cmd:./absent"]);
    assert_eq!(outcome.code, 1);
    assert!(outcome.err.contains("it cannot be started"), "{}", outcome.err);
}

#[test]
fn the_time_limit_is_hard() {
    let start = Instant::now();
    let text = "sleep 60 &\nsleep 60\n";
    let (_folder, outcome) = script("hangs", text, &["--time-limit", "0.5"]);
    assert_eq!(outcome.code, 1);
    assert!(outcome.err.contains("OV906") && outcome.err.contains("killed"), "{}", outcome.err);
    let text = format!("echo '{ANSWER}'\nprintf '{{\"choi'\nsleep 60\n");
    let (_folder, outcome) = script("late", &text, &["--time-limit", "0.5"]);
    assert_eq!(outcome.code, 0, "{}", outcome.err);
    assert!(outcome.out.contains("DAG cost   14\n"), "{}", outcome.out);
    assert!(outcome.err.contains("killed at the time limit"), "{}", outcome.err);
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}

#[test]
fn a_flood_ends_at_the_time_limit() {
    let start = Instant::now();
    let (_folder, outcome) = script("flood", "exec yes nonsense\n", &["--time-limit", "0.5"]);
    assert_eq!(outcome.code, 1);
    assert!(outcome.err.contains("not JSON"), "{}", outcome.err);
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
}
