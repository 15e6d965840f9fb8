//! `ovum egg` as a user meets it: answers on standard output, errors with the line underlined,
//! limits, JSON.

#![allow(clippy::needless_raw_string_hashes, reason = "expect-test writes them")]

use expect_test::expect;
use serde_json::Value;
use std::fs;
use std::path::PathBuf;

struct Outcome {
    code: i32,
    out: String,
    err: String,
}

/// Runs `ovum egg` on programs in files `a.egg`, `b.egg`, …, whose folder is left out of what is
/// printed.
fn egg(test: &str, programs: &[&str], flags: &[&str]) -> Outcome {
    let folder: PathBuf =
        std::env::temp_dir().join(format!("ovum-egg-{}-{test}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder for temporary files");
    let mut args = vec!["ovum".into(), "egg".into()];
    for (name, program) in ["a.egg", "b.egg", "c.egg"].iter().zip(programs) {
        let path = folder.join(name);
        fs::write(&path, program).expect("a temporary file");
        args.push(path.into_os_string());
    }
    args.extend(flags.iter().map(Into::into));
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let code = ovum::cli::run(args, &mut out, &mut err);
    let _ = fs::remove_dir_all(&folder);
    let within = format!("{}/", folder.display());
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8").replace(&within, "");
    Outcome { code, out: text(out), err: text(err) }
}

fn json(test: &str, programs: &[&str], flags: &[&str]) -> (i32, Value) {
    let outcome = egg(test, programs, &[flags, &["--json"]].concat());
    let value: Value = serde_json::from_str(&outcome.out).expect("one JSON object");
    assert_eq!(value["version"], 1);
    (outcome.code, value)
}

const MATH: &str = r#"
(datatype Math (Num i64) (Var String) (Add Math Math) (Mul Math Math))
(rewrite (Add a b) (Add b a))
(rewrite (Mul a (Num 0)) (Num 0))
(rewrite (Add a (Num 0)) a)
(let $e (Add (Num 0) (Add (Var "x") (Mul (Var "y") (Num 0)))))
(run 4)
(check (= $e (Var "x")))
(extract $e)
(print-size Mul)
"#;

/// Never ends.
const COUNTING: &str = "(relation n (i64)) (n 0) (rule ((n x)) ((n (+ x 1))))
(run-schedule (saturate (run)))";

#[test]
fn answers_are_printed() {
    let outcome = egg("answers", &[MATH], &[]);
    assert_eq!((outcome.code, outcome.err.as_str()), (0, ""));
    assert_eq!(outcome.out, "(Var \"x\")\n1\n");
}

#[test]
fn files_know_nothing_of_each_other_and_all_run() {
    let outcome = egg("files", &["(check (= 1 2))", MATH, "(extract $e)"], &[]);
    assert_eq!(outcome.out, "(Var \"x\")\n1\n");
    assert_eq!(outcome.code, 1);
    expect![[r#"
        error[EG050]: the check does not hold
         --> a.egg:1:1
          |
        1 | (check (= 1 2))
          | ^^^^^^^^^^^^^^^
        error[EG011]: nothing binds `$e`
         --> c.egg:1:10
          |
        1 | (extract $e)
          |          ^^
    "#]]
    .assert_eq(&outcome.err);
}

#[test]
fn answers_before_an_error_are_printed() {
    let outcome = egg("before", &["(extract (+ 1 2))\n(extract (/ 1 0))"], &[]);
    assert_eq!((outcome.code, outcome.out.as_str()), (1, "3\n"));
    assert!(outcome.err.contains("a.egg:2:"), "{}", outcome.err);
}

#[test]
fn limits_stop_a_program_that_never_ends() {
    for (limit, said) in [
        (["--node-limit", "1000"], "the limit of 1000 rows is reached"),
        (["--time-limit", "0.2"], "the time limit is reached"),
    ] {
        let outcome = egg(limit[0], &[COUNTING], &limit);
        assert_eq!((outcome.code, outcome.out.as_str()), (1, ""));
        assert!(outcome.err.contains(said), "{}", outcome.err);
    }
    let (code, value) = json("limit-json", &[COUNTING], &["--node-limit", "1000"]);
    assert_eq!(code, 1);
    assert_eq!(value["report"]["stop_reason"], "limit");
    assert!(value["report"]["e_nodes"].as_u64().is_some_and(|rows| rows <= 1000));
    assert_eq!(value["error"]["code"], "EG051");
    assert_eq!(value["error"]["line"], 2);
}

#[test]
fn answers_as_json() {
    let program = format!("{MATH}(extract $e 2) (print-size) (print-function Num 1)");
    let (code, value) = json("json", &[&program], &["--threads", "2"]);
    assert_eq!(code, 0);
    let answers = value["answers"].as_array().expect("a list");
    let kinds: Vec<&str> = answers.iter().filter_map(|answer| answer["kind"].as_str()).collect();
    assert_eq!(kinds, ["extract", "size", "variants", "sizes", "rows"]);
    assert_eq!(answers[0]["term"], "(Var \"x\")");
    assert_eq!(answers[1]["size"], 1);
    assert_eq!(answers[3]["sizes"]["Mul"], 1);
    assert_eq!(answers[4]["rows"][0]["row"], "(Num 0)");
    assert_eq!(value["report"]["stop_reason"], "finished");
    assert!(value["report"]["iterations"].as_u64().is_some_and(|count| count <= 4));
    assert!(value["report"]["rules_fired"].as_object().is_some_and(|rules| !rules.is_empty()));
    assert!(value.get("error").is_none());
}

#[test]
fn several_files_as_json() {
    let (code, value) = json("several", &[MATH, "(oops)"], &[]);
    assert_eq!(code, 1);
    let programs = value["programs"].as_array().expect("a list");
    assert_eq!(programs.len(), 2);
    assert_eq!(programs[0]["answers"][1]["size"], 1);
    assert_eq!(programs[1]["report"]["stop_reason"], "error");
    assert_eq!(programs[1]["error"]["file"], "b.egg");
}

#[test]
fn statistics_are_for_a_person() {
    let outcome = egg("stats", &[MATH], &["--stats"]);
    assert_eq!(outcome.out, "(Var \"x\")\n1\n");
    assert!(outcome.err.starts_with("a.egg: "), "{}", outcome.err);
    assert!(outcome.err.contains("iterations: "), "{}", outcome.err);
}

#[test]
fn files_are_read_and_written_where_one_says() {
    let folder = std::env::temp_dir().join(format!("ovum-egg-{}-facts", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder for temporary files");
    fs::write(folder.join("edges.csv"), "1\t2\n2\t3\n").expect("a temporary file");
    let place = folder.display().to_string();
    let program = r#"(relation edge (i64 i64)) (input edge "edges.csv") (print-size edge)"#;
    let outcome = egg("facts", &[program], &["--directory", &place]);
    let _ = fs::remove_dir_all(&folder);
    assert_eq!((outcome.code, outcome.out.as_str()), (0, "2\n"), "{}", outcome.err);
}

#[test]
fn misuse() {
    assert_eq!(egg("misuse", &[], &[]).code, 2);
    assert_eq!(egg("misuse", &[MATH], &["--threads", "0"]).code, 2);
    let absent = egg("absent", &[], &["/nonexistent/program.egg"]);
    assert_eq!(absent.code, 1);
    assert!(absent.err.contains("cannot read `/nonexistent/program.egg`"), "{}", absent.err);
}

#[test]
fn proofs_need_a_journal() {
    let program = "(datatype T (A) (B)) (A) (union (A) (B)) (prove (= (A) (B)))";
    let outcome = egg("no-proofs", &[program], &[]);
    assert!(outcome.code == 1 && outcome.err.contains("EG040"), "{}", outcome.err);
    let outcome = egg("proofs", &[program], &["--proofs"]);
    assert!(outcome.code == 0 && !outcome.out.is_empty(), "{}", outcome.err);
}
