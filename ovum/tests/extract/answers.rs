//! `ovum extract`: its answers, its JSON, the terms that it prints, its refusals.

use super::{Folder, SQUARE, ovum};
use serde_json::{Value, json};

#[test]
fn the_json_contract() {
    let folder = Folder::new("json");
    folder.file("square.json", SQUARE);
    let args = ["extract", "square.json", "--extractor", "greedy-dag", "--json"];
    let outcome = ovum(&folder, &args);
    assert_eq!((outcome.code, outcome.err.as_str()), (0, ""));
    let mut value: Value = serde_json::from_str(&outcome.out).unwrap();
    let seconds = value.as_object_mut().unwrap().remove("seconds").unwrap();
    assert!((0.0..1.0).contains(&seconds.as_f64().unwrap()), "{seconds}");
    let expected = json!({
        "version": 1, "extractor": "greedy-dag", "status": "feasible", "dag_cost": 8.0,
        "tree_cost": 13.0, "bound": null,
        "choices": {"A": "a", "B": "b", "S": "sum", "P": "mul"},
    });
    assert_eq!(value, expected);
}

#[test]
fn terms_are_data() {
    let folder = Folder::new("terms");
    folder.file("square.json", SQUARE);
    let args = ["extract", "square.json", "--extractor", "greedy-dag", "--term"];
    let outcome = ovum(&folder, &[&args[..], &["sexpr"]].concat());
    assert_eq!((outcome.code, outcome.out.as_str()), (0, "(let $S (+ a b))\n(* $S $S)\n"));
    assert!(outcome.err.contains("DAG cost   8\n"), "{}", outcome.err);
    let outcome = ovum(&folder, &[&args[..], &["dot"]].concat());
    assert_eq!(outcome.out.matches(" -> ").count(), 4, "{}", outcome.out);
    let outcome = ovum(&folder, &[&args[..], &["json"]].concat());
    folder.file("term.json", &outcome.out);
    let again = ovum(&folder, &["extract", "term.json", "--term", "sexpr"]);
    assert_eq!(again.out, "(let $S (+ a b))\n(* $S $S)\n");
    let both = ovum(&folder, &[&args[..], &["sexpr", "--json"]].concat());
    let value: Value = serde_json::from_str(&both.out).unwrap();
    assert_eq!(value["term"], "(let $S (+ a b))\n(* $S $S)\n");
}

#[test]
fn every_listed_extractor_answers() {
    let folder = Folder::new("list");
    folder.file("square.json", SQUARE);
    let listed = ovum(&folder, &["extract", "--list"]);
    assert_eq!((listed.code, listed.err.as_str()), (0, ""));
    let names: Vec<&str> =
        listed.out.lines().map(|line| line.split_whitespace().next().unwrap()).collect();
    assert!(names.contains(&"greedy-dag") && names.contains(&"bottom-up"), "{names:?}");
    for name in &names {
        let outcome = ovum(
            &folder,
            &["extract", "square.json", "--extractor", name, "--time-limit", "2", "--json"],
        );
        let value: Value = serde_json::from_str(&outcome.out).unwrap();
        assert_eq!((outcome.code, &value["dag_cost"]), (0, &json!(8.0)), "{name}: {}", outcome.err);
    }
    let listed = ovum(&folder, &["extract", "--list", "--json"]);
    let value: Value = serde_json::from_str(&listed.out).unwrap();
    assert_eq!(value["extractors"].as_array().unwrap().len(), names.len());
}

#[test]
fn defects_of_files() {
    let folder = Folder::new("defects");
    folder.file("dangling.json", &SQUARE.replace("[\"P\"]", "[\"P\", \"Q\"]"));
    let refused = ovum(&folder, &["extract", "dangling.json"]);
    assert_eq!((refused.code, refused.out.as_str()), (1, ""));
    assert!(refused.err.contains("error[OV920]") && refused.err.contains("`Q`"), "{}", refused.err);
    assert!(refused.err.contains("--repair-roots"), "{}", refused.err);
    let repaired = ovum(&folder, &["extract", "dangling.json", "--repair-roots"]);
    assert_eq!(repaired.code, 0);
    assert!(repaired.err.contains("warning[dangling-root]"), "{}", repaired.err);
    assert!(repaired.out.contains("DAG cost   8\n"), "{}", repaired.out);

    let outcome = ovum(&folder, &["extract", "missing.json", "--json"]);
    let value: Value = serde_json::from_str(&outcome.out).unwrap();
    assert_eq!((outcome.code, &value["error"]["code"]), (1, &json!("OV900")));
    folder.file("text.json", "no e-graph");
    assert_eq!(ovum(&folder, &["extract", "text.json"]).code, 1);
}

#[test]
fn no_answer_is_said() {
    let folder = Folder::new("none");
    let looping = r#"{"nodes": {"f": {"op": "f", "cost": 1, "eclass": "F", "children": ["f"]}},
        "root_eclasses": ["F"]}"#;
    folder.file("looping.json", looping);
    let args = ["extract", "looping.json", "--extractor", "greedy-dag"];
    let outcome = ovum(&folder, &args);
    assert_eq!(outcome.code, 1);
    assert!(outcome.out.contains("status     infeasible\n"), "{}", outcome.out);
    let outcome = ovum(&folder, &[&args[..], &["--json"]].concat());
    let value: Value = serde_json::from_str(&outcome.out).unwrap();
    assert_eq!((outcome.code, &value["status"]), (0, &json!("infeasible")));
    assert_eq!((&value["dag_cost"], &value["choices"]), (&Value::Null, &json!({})));
}

#[test]
fn misuse() {
    let folder = Folder::new("misuse");
    folder.file("square.json", SQUARE);
    for args in [
        &["extract"][..],
        &["extract", "square.json", "--extractor", "nothing"],
        &["extract", "square.json", "--extractor", "cmd:"],
        &["extract", "square.json", "--time-limit", "0"],
        &["extract", "square.json", "--memory-limit", "0"],
        &["extract", "square.json", "--term", "svg"],
        &["extract", "new", "no-workspace-here"],
    ] {
        let outcome = ovum(&folder, args);
        assert_eq!((outcome.code, outcome.out.as_str()), (2, ""), "{args:?}: {}", outcome.err);
    }
}

#[test]
fn a_new_extractor_is_a_file_and_two_lines() {
    let folder = Folder::new("new");
    let source = |name| {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../extract/src");
        std::fs::read_to_string(path.join(name)).expect("the crate's source")
    };
    for name in ["lib.rs", "registry.rs"] {
        folder.file(&format!("extract/src/{name}"), &source(name));
    }
    let outcome = ovum(&folder, &["extract", "new", "cold-start"]);
    assert_eq!(outcome.code, 0, "{}", outcome.err);
    let expected = "extract/src/cold_start.rs\nextract/src/lib.rs\nextract/src/registry.rs\n";
    assert_eq!(outcome.out, expected);
    let text = std::fs::read_to_string(folder.0.join("extract/src/cold_start.rs")).unwrap();
    assert!(text.contains("impl Extractor for ColdStart"), "{text}");
}

/// A program in the egglog language is run, and its last global extracted, or what is asked for.
#[test]
fn from_a_program_in_the_egglog_language() {
    let folder = Folder::new("egg");
    let program = "
        (datatype Math (Num i64) (Add Math Math) (Mul Math Math :cost 5) (Shl Math Math :cost 2))
        (rewrite (Mul a (Num 2)) (Shl a (Num 1)))
        (let x (Num 7))
        (let e (Mul (Mul x (Num 2)) (Num 2)))
        (run 3)";
    folder.file("shift.egg", program);
    let args = ["extract", "shift.egg", "--term", "sexpr", "--json"];
    let outcome = ovum(&folder, &args);
    assert_eq!(outcome.code, 0, "{}", outcome.err);
    let value: Value = serde_json::from_str(&outcome.out).unwrap();
    // Two shifts, 7 and one 1, which the tree pays twice.
    assert_eq!(
        (value["dag_cost"].as_f64(), value["status"].as_str()),
        (Some(8.0), Some("optimal"))
    );
    let root = ovum(&folder, &[&args[..], &["--root", "x"]].concat());
    let value: Value = serde_json::from_str(&root.out).unwrap();
    assert_eq!(value["dag_cost"].as_f64(), Some(2.0), "{}", root.err);
    let wrong = ovum(&folder, &["extract", "shift.egg", "--root", "(Nothing)"]);
    assert!(wrong.code == 1 && wrong.err.contains("Nothing"), "{}", wrong.err);
}
