//! The command as a user meets it: exit codes, what goes to standard output and standard error,
//! the machine-readable answers, and every message about bad input.

#![allow(clippy::needless_raw_string_hashes, reason = "expect-test writes them")]

use expect_test::{Expect, expect};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A folder of its own for a test's files, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("ovum-cli-{}-{test}", std::process::id()));
        fs::create_dir_all(&path).expect("a folder for temporary files");
        Folder(path)
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, text).expect("a temporary file");
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A folder left behind is no failure of what was tested.
        let _ = fs::remove_dir_all(&self.0);
    }
}

struct Outcome {
    code: i32,
    out: String,
    err: String,
}

/// Runs the command; `FILE` in an argument stands for the path.
fn ovum(file: &Path, args: &[&str]) -> Outcome {
    let path = file.display().to_string();
    let args = args.iter().map(|arg| arg.replace("FILE", &path).into());
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let args = std::iter::once("ovum".into()).chain(args);
    let code = ovum::cli::run(args, &mut out, &mut err);
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    Outcome { code, out: text(out), err: text(err).replace(&path, "FILE") }
}

/// Runs the command on Python text; expects nothing on standard output.
#[allow(clippy::needless_pass_by_value, reason = "a snapshot is written where it is passed")]
fn refused(test: &str, text: &str, args: &[&str], code: i32, expected: Expect) {
    let folder = Folder::new(test);
    let outcome = ovum(&folder.file("program.py", text), args);
    expected.assert_eq(&outcome.err);
    assert_eq!((outcome.code, outcome.out.as_str()), (code, ""));
}

/// Runs the command with `--json` on Python text.
fn json(test: &str, text: &str, args: &[&str]) -> (i32, Value) {
    let folder = Folder::new(test);
    let outcome = ovum(&folder.file("program.py", text), &[args, &["--json"]].concat());
    let value: Value = serde_json::from_str(&outcome.out).expect("one JSON object");
    assert_eq!(value["version"], 1);
    (outcome.code, value)
}

const DIVIDE: &str = "\
def divide(a: i64, b: i64) -> tuple[i64, i64]:
    q = a // b
    return q, a % b


def scale(x: f64, a: array[f64, 1]) -> None:
    for i in range(len(a)):
        a[i] = x * a[i]
";

const LOOP: &str = "def spin(n: i64) -> i64:\n    while n >= 0:\n        n = n % 7\n    return n\n";

const PLAIN: &str = "def f(x):\n    return x + x\n\n# ovum: run f(2)\n# ovum: run f(0.25)\n";

#[test]
fn results_are_on_standard_output() {
    let folder = Folder::new("results");
    let file = folder.file("program.py", DIVIDE);
    let outcome = ovum(&file, &["run", "FILE", "--call", "divide(-7, 2)", "--check"]);
    assert_eq!((outcome.code, outcome.out.as_str()), (0, "(-4, 1)\n"), "{}", outcome.err);
    assert!(outcome.err.contains("check: the interpreter agrees"), "{}", outcome.err);
    for phase in ["parse", "lower", "encode", "saturate", "extract", "codegen", "run"] {
        assert!(outcome.err.contains(phase), "{phase}: {}", outcome.err);
    }
    for backend in ["cranelift", "interp"] {
        for more in [&[][..], &["--no-opt"], &["--semantics", "fast"]] {
            let args = ["run", "FILE", "--call", "divide(7, 2)", "--backend", backend];
            let outcome = ovum(&file, &[&args, more].concat());
            assert_eq!((outcome.code, outcome.out.as_str()), (0, "(3, 1)\n"), "{}", outcome.err);
        }
    }
}

#[test]
fn directives_are_run_in_order() {
    let folder = Folder::new("directives");
    let outcome = ovum(&folder.file("program.py", PLAIN), &["run", "FILE"]);
    assert_eq!((outcome.code, outcome.out.as_str()), (0, "f(2) = 4\nf(0.25) = 0.5\n"));
    let (code, value) = json("directives-json", PLAIN, &["run", "FILE"]);
    assert_eq!(code, 0);
    assert_eq!(value["runs"][0]["result"], 4);
    assert_eq!(value["runs"][1]["call"], "f(0.25)");
    let two = format!("{DIVIDE}# ovum: run scale(2.0, [1.0])\n# ovum: run divide(1, 1)\n");
    let outcome = ovum(&folder.file("two.py", &two), &["run", "FILE", "divide"]);
    assert_eq!((outcome.code, outcome.out.as_str()), (0, "(1, 0)\n"));
    let answer = "def answer() -> i64:\n    return 42\n";
    let outcome = ovum(&folder.file("answer.py", answer), &["run", "FILE", "answer"]);
    assert_eq!((outcome.code, outcome.out.as_str()), (0, "42\n"));
}

#[test]
fn run_answers_in_json() {
    let (code, value) =
        json("json", DIVIDE, &["run", "FILE", "--call", "v = [1.5, -2.0]; scale(2, v)"]);
    assert_eq!(code, 0);
    assert_eq!(value["result"], Value::Null);
    assert_eq!(value["raises"], Value::Null);
    assert_eq!(value["args_after"], serde_json::json!([[3.0, -4.0]]));
    let report = &value["report"];
    for key in ["phases", "e_nodes", "e_classes", "stop_reason", "rules_fired", "cost_before"] {
        assert!(!report[key].is_null(), "{key}: {report}");
    }
    assert!(report["phases"]["codegen"].as_f64().is_some_and(|time| time > 0.0));
    let (code, value) = json("json-raise", DIVIDE, &["run", "FILE", "--call", "divide(1, 0)"]);
    assert_eq!(code, 0);
    assert_eq!(value["result"], Value::Null);
    assert_eq!(value["raises"], "ZeroDivisionError");
    assert_eq!(value["message"], "integer division or modulo by zero");
}

#[test]
fn floats_in_json_are_pythons() {
    let folder = Folder::new("floats");
    let text = "def f(x: f64) -> tuple[f64, f64, bool]:\n    return x, -x, x == x\n";
    let file = folder.file("program.py", text);
    for (call, result) in [
        ("f(nan)", "[NaN, NaN, false]"),
        ("f(inf)", "[Infinity, -Infinity, true]"),
        ("f(1e300)", "[1e+300, -1e+300, true]"),
        ("f(2)", "[2.0, -2.0, true]"),
    ] {
        let outcome = ovum(&file, &["run", "FILE", "--call", call, "--json"]);
        let start = format!("{{\"version\": 1, \"result\": {result}, \"raises\": null");
        assert!(outcome.out.starts_with(&start), "{}", outcome.out);
    }
}

#[test]
fn an_exception_shows_its_line() {
    let folder = Folder::new("exception");
    let text = format!("{DIVIDE}# ovum: run divide(1, 0)\n# ovum: run divide(1, 1)\n");
    for backend in ["cranelift", "interp"] {
        let file = folder.file("program.py", &text);
        let outcome = ovum(&file, &["run", "FILE", "--backend", backend]);
        assert_eq!((outcome.code, outcome.out.as_str()), (1, "divide(1, 1) = (1, 0)\n"));
        let start = outcome.err.find("ZeroDivisionError").expect("the exception's class");
        let shown: Vec<&str> = outcome.err[start..].lines().take(5).collect();
        expect![[r#"
            ZeroDivisionError: integer division or modulo by zero
             --> FILE:2:9, in divide(1, 0)
              |
            2 |     q = a // b
              |         ^^^^^^"#]]
        .assert_eq(&shown.join("\n"));
    }
}

#[test]
fn errors_answer_in_json() {
    let (code, value) = json("json-syntax", "def f(:\n", &["run", "FILE", "--call", "f()"]);
    assert_eq!(code, 1);
    let error = &value["error"];
    assert_eq!(error["code"], "OV001");
    assert_eq!((&error["line"], &error["column"]), (&1.into(), &7.into()));
    assert!(error["file"].as_str().is_some_and(|file| file.ends_with("program.py")));
    assert!(error["message"].is_string() && error.get("hint").is_some());
    let (code, value) = json("json-name", "def f() -> f64:\n    return y\n", &["run", "FILE", "f"]);
    assert_eq!((code, &value["error"]["code"]), (1, &"OV012".into()));
    assert_eq!(value["error"]["line"], 2);
    let (code, value) = json("json-count", DIVIDE, &["run", "FILE", "--call", "divide(1)"]);
    assert_eq!((code, &value["error"]["code"]), (1, &"OV904".into()));
    let (code, value) =
        json("json-limit", LOOP, &["run", "FILE", "--call", "spin(3)", "--time-limit", "0.2"]);
    assert_eq!((code, &value["error"]["code"]), (1, &"OV906".into()));
}

#[test]
fn bad_source_is_shown() {
    let call = &["run", "FILE", "--call", "f(1)"];
    refused(
        "syntax",
        "def f(x: i64)\n    return x\n",
        call,
        1,
        expect![[r#"
            error[OV001]: Expected `:`, found newline
             --> FILE:1:14
              |
            1 | def f(x: i64)
              |              ^
              |
              = hint: Python refuses this, too
        "#]],
    );
    let class = "def f(x: i64) -> i64:\n    class C: pass\n    return x\n";
    refused(
        "unsupported",
        class,
        call,
        1,
        expect![[r#"
        error[OV010]: a class is not supported
         --> FILE:2:5
          |
        2 |     class C: pass
          |     ^^^^^
          |
          = hint: keep numbers in variables and arrays
    "#]],
    );
    let name = "def f(x: i64) -> i64:\n    return x + missing\n";
    refused(
        "name",
        name,
        call,
        1,
        expect![[r#"
        error[OV012]: `missing` is not defined
         --> FILE:2:16
          |
        2 |     return x + missing
          |                ^^^^^^^
          |
          = hint: assign it first, or pass it as a parameter
    "#]],
    );
    refused(
        "rvsdg",
        "",
        &["opt", "FILE.rvsdg"],
        1,
        expect![[r#"
        error[OV900]: cannot read `FILE.rvsdg`: No such file or directory (os error 2)
    "#]],
    );
}

#[test]
fn bad_calls_are_explained() {
    let run = |call: &'static str| ["run", "FILE", "--call", call];
    refused(
        "count",
        DIVIDE,
        &run("divide(1)"),
        1,
        expect![[r#"
        error[OV904]: `divide` takes 2 arguments, but 1 was given
    "#]],
    );
    refused(
        "type",
        DIVIDE,
        &run("divide(1, 0.5)"),
        1,
        expect![[r#"
        error[OV904]: `b` is i64, but the float 0.5 was given
    "#]],
    );
    refused(
        "list",
        DIVIDE,
        &run("scale([1.0], [2.0])"),
        1,
        expect![[r#"
        error[OV904]: `x` is f64, but a list was given
    "#]],
    );
    refused(
        "function",
        DIVIDE,
        &run("multiply(1, 2)"),
        1,
        expect![[r#"
        error[OV002]: the file has no function `multiply`
         |
         = hint: its functions are: divide, scale
    "#]],
    );
    refused(
        "call",
        DIVIDE,
        &run("divide(1, two)"),
        2,
        expect![[r#"
        error[OV050]: `two` is not known
         --> --call:1:11
          |
        1 | divide(1, two)
          |           ^^^
          |
          = hint: assign it before the call: v = [1.0, 2.0]; f(v)
    "#]],
    );
    refused(
        "domain",
        DIVIDE,
        &["run", "FILE", "--call", "divide(9, 1)", "--domain", "a=0..5"],
        1,
        expect![[r#"
            error[OV905]: the argument 9 for `a` lies outside its domain 0.0..5.0
        "#]],
    );
    let directive = format!("{DIVIDE}\n# ovum: run divide(1, two)\n");
    refused(
        "directive",
        &directive,
        &["run", "FILE"],
        1,
        expect![[r#"
        error[OV050]: `two` is not known
          --> FILE:10:23
           |
        10 | # ovum: run divide(1, two)
           |                       ^^^
           |
           = hint: assign it before the call: v = [1.0, 2.0]; f(v)
    "#]],
    );
}

#[test]
fn nothing_to_run_is_explained() {
    refused(
        "nothing",
        DIVIDE,
        &["run", "FILE"],
        1,
        expect![[r#"
        error[OV911]: `FILE` does not say what to run
         |
         = hint: use --call "divide(…)", or write a line `# ovum: run divide(…)` in the file
    "#]],
    );
    refused(
        "no-arguments",
        DIVIDE,
        &["run", "FILE", "divide"],
        2,
        expect![[r#"
        error[OV910]: `divide` has parameters, and there is no call of it
         |
         = hint: give its arguments: --call "divide(…)"
    "#]],
    );
    refused(
        "two-names",
        DIVIDE,
        &["run", "FILE", "scale", "--call", "divide(1, 1)"],
        2,
        expect![[r#"
        error[OV910]: FUNC is `scale`, but --call calls `divide`
    "#]],
    );
}

#[test]
fn files_that_cannot_be_used_are_named() {
    let folder = Folder::new("files");
    let file = folder.file("program.py", DIVIDE);
    let missing = ovum(&folder.0.join("missing.py"), &["run", "FILE"]);
    assert_eq!(missing.code, 1);
    expect![[r#"
        error[OV900]: cannot read `FILE`: No such file or directory (os error 2)
    "#]]
    .assert_eq(&missing.err);
    let other = ovum(&folder.file("program.txt", ""), &["run", "FILE"]);
    assert_eq!(other.code, 2);
    expect![[r#"
        error[OV910]: `FILE` is neither a .py nor a .rvsdg file
    "#]]
    .assert_eq(&other.err);
    let nowhere = folder.0.join("missing").join("out.rvsdg").display().to_string();
    let unwritable = ovum(&file, &["opt", "FILE", "--func", "divide", "-o", &nowhere]);
    assert_eq!(unwritable.code, 1);
    assert!(unwritable.err.contains(&format!("error[OV901]: cannot write `{nowhere}`")));
    let broken = fs::write(folder.0.join("latin.py"), b"# \xe9\n");
    broken.expect("a temporary file");
    let latin = ovum(&folder.0.join("latin.py"), &["run", "FILE"]);
    assert_eq!(latin.code, 1);
    assert!(latin.err.contains("cannot read `FILE`"), "{}", latin.err);
}

#[test]
fn a_time_limit_ends_every_engine() {
    let folder = Folder::new("limit");
    let file = folder.file("program.py", LOOP);
    for backend in ["cranelift", "interp"] {
        let args =
            ["run", "FILE", "--call", "spin(3)", "--time-limit", "0.3", "--backend", backend];
        let start = Instant::now();
        let outcome = ovum(&file, &args);
        assert!(start.elapsed() < Duration::from_secs(5), "{backend}");
        assert_eq!((outcome.code, outcome.out.as_str()), (1, ""), "{backend}");
        let message = "error[OV906]: the time limit of 0.3 s was reached while `spin` ran\n";
        assert_eq!(outcome.err, message, "{backend}");
    }
    let outcome = ovum(&file, &["run", "FILE", "--call", "spin(-1)", "--time-limit", "5"]);
    assert_eq!((outcome.code, outcome.out.as_str()), (0, "-1\n"), "{}", outcome.err);
}

#[test]
fn missing_tools_are_named() {
    let folder = Folder::new("tools");
    let file = folder.file("program.py", DIVIDE);
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_ovum"));
    command.arg("run").arg(&file).args(["--call", "divide(7, 2)", "--backend", "mlir"]);
    for variable in ["OVUM_MLIR_OPT", "OVUM_MLIR_TRANSLATE", "OVUM_CLANG"] {
        command.env_remove(variable);
    }
    let output = command.env("PATH", &folder.0).output().expect("the command starts");
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(1), &[][..]));
    let message = String::from_utf8(output.stderr).expect("UTF-8");
    assert!(message.starts_with("error[OV908]: no MLIR toolchain: "), "{message}");
    assert!(message.contains("use --backend cranelift"), "{message}");
}

#[test]
fn rvsdg_text_runs_its_comments() {
    let folder = Folder::new("rvsdg-run");
    let text = "\
; run: twice(2.5) == 5.0
(lambda @twice [(%x f64)] [%io] -> f64
  (%y = fadd %x %x)
  (results %y %io))
";
    let outcome = ovum(&folder.file("twice.rvsdg", text), &["run", "FILE"]);
    assert_eq!((outcome.code, outcome.out.as_str()), (0, "5.0\n"), "{}", outcome.err);
    let broken = text.replace("fadd %x", "fadd %z");
    let outcome = ovum(&folder.file("broken.rvsdg", &broken), &["run", "FILE"]);
    assert_eq!((outcome.code, outcome.out.as_str()), (1, ""));
    expect![[r#"
        error[RT004]: `%z` is not defined here
         --> FILE:3:14
          |
        3 |   (%y = fadd %z %x)
          |              ^
    "#]]
    .assert_eq(&outcome.err);
}

#[test]
fn misuse_is_explained() {
    refused(
        "no-command",
        "",
        &[],
        2,
        expect![[r#"
            Python functions through equality saturation to machine code and MLIR

            Usage: ovum <COMMAND>

            Commands:
              run      Compile a function, run it and print the result
              opt      Optimise functions and print them, or what was made of them
              egg      Run programs in the egglog language
              extract  Extract the cheapest term of a serialized e-graph
              bench    Compare algorithms on many inputs

            Options:
              -h, --help     Print help
              -V, --version  Print version
        "#]],
    );
    refused(
        "emit",
        "",
        &["opt", "FILE", "--emit", "html"],
        2,
        expect![[r#"
        error: invalid value 'html' for '--emit <EMIT>'
          [possible values: rvsdg, egraph, mlir, clif, asm, dot]

        For more information, try '--help'.
    "#]],
    );
    refused(
        "limit-zero",
        "",
        &["run", "FILE", "--time-limit", "0"],
        2,
        expect![[r#"
            error: invalid value '0' for '--time-limit <S>': it must be a positive number

            For more information, try '--help'.
        "#]],
    );
    refused(
        "domain-empty",
        "",
        &["run", "FILE", "--domain", "x=2..1"],
        2,
        expect![[r#"
            error: invalid value 'x=2..1' for '--domain <P=LO..HI>': the range is empty

            For more information, try '--help'.
        "#]],
    );
    let budget = ["opt", "FILE", "--func", "divide", "--max-error", "-1"];
    refused(
        "budget",
        DIVIDE,
        &budget,
        2,
        expect![[r#"
        error[OV910]: the error budget must be a positive number
    "#]],
    );
    let unknown = ["opt", "FILE", "--func", "divide", "--domain", "z=0..1"];
    refused(
        "domain-unknown",
        DIVIDE,
        &unknown,
        2,
        expect![[r#"
        error[OV910]: domain: `divide` has no parameter `z`
    "#]],
    );
}

#[test]
fn a_bad_list_of_types_is_shown() {
    let folder = Folder::new("types");
    let file = folder.file("program.py", DIVIDE);
    let outcome = ovum(&file, &["opt", "FILE", "--func", "divide", "--types", "f64, what"]);
    assert_eq!((outcome.code, outcome.out.as_str()), (2, ""));
    let shown: Vec<&str> = outcome.err.lines().take(5).collect();
    expect![[r#"
        error[OV051]: this annotation names no supported type
         --> --types:1:6
          |
        1 | f64, what
          |      ^^^^"#]]
    .assert_eq(&shown.join("\n"));
}

#[test]
fn opt_writes_what_it_made() {
    let folder = Folder::new("opt");
    let file = folder.file("program.py", DIVIDE);
    let target = folder.0.join("out.rvsdg");
    let path = target.display().to_string();
    let outcome = ovum(&file, &["opt", "FILE", "-o", &path, "--check=50", "--json"]);
    assert_eq!(outcome.code, 0, "{}", outcome.err);
    let value: Value = serde_json::from_str(&outcome.out).expect("one JSON object");
    assert_eq!(value["functions"]["divide"]["check"]["same"], 50, "{value}");
    assert!(value["functions"]["scale"]["report"]["phases"].is_object());
    let names: Vec<_> = fs::read_dir(&folder.0).expect("the folder").flatten().collect();
    assert_eq!(names.len(), 2, "only the source and the output: {names:?}");
    // What was written can be read and run.
    let args = ["run", "FILE", "--call", "divide(-7, 2)"];
    assert_eq!(ovum(&target, &args).out, "(-4, 1)\n");
    let again = ovum(&target, &["opt", "FILE", "--func", "scale", "--check"]);
    assert_eq!(again.code, 0, "{}", again.err);
    assert!(again.out.starts_with("(lambda @scale"), "{}", again.out);
    for (emit, part) in [
        ("rvsdg", "(lambda @divide"),
        ("dot", "digraph"),
        ("clif", "function u0:0"),
        ("asm", "ret"),
        ("mlir", "func.func @divide"),
    ] {
        let outcome = ovum(&file, &["opt", "FILE", "--func", "divide", "--emit", emit]);
        assert_eq!(outcome.code, 0, "{}", outcome.err);
        assert!(outcome.out.contains(part), "{emit}: {}", outcome.out);
    }
}

#[test]
fn an_e_graph_can_be_extracted_from_its_dump() {
    let folder = Folder::new("egraph");
    let file = folder.file("program.py", DIVIDE);
    for function in ["divide", "scale"] {
        let outcome = ovum(&file, &["opt", "FILE", "--func", function, "--emit", "egraph"]);
        assert_eq!(outcome.code, 0, "{}", outcome.err);
        let problem = extract::Problem::from_json(&outcome.out, extract::ReadOptions::default());
        let problem = problem.expect("the format of egraph-serialize");
        let greedy = extract::extractor("greedy-dag").expect("it is registered");
        let answer = greedy.extract(&problem, &extract::Control::default());
        let checked = extract::check(&problem, &answer.choices).expect("a legal extraction");
        assert!(checked.dag_cost > 0.0);
    }
}

#[test]
fn weights_of_the_cost_model_come_from_a_file() {
    let folder = Folder::new("cost-model");
    let text = "def f(x: int, y: int) -> int:\n    return x * 3 + y * 3\n";
    let program = folder.file("program.py", text);
    let weights = folder.file("weights.toml", "imul = 100.0 # dear\n");
    let weights = weights.display().to_string();
    let cost = |args: &[&str]| {
        let all: Vec<&str> =
            ["opt", "FILE", "--json"].into_iter().chain(args.iter().copied()).collect();
        let outcome = ovum(&program, &all);
        assert_eq!(outcome.code, 0, "{}", outcome.err);
        let answer: Value = serde_json::from_str(&outcome.out).expect("it is JSON");
        answer["report"]["cost_before"].as_f64().expect("a number")
    };
    assert!(cost(&["--cost-model", &weights]) > 10.0 * cost(&[]));
    let wrong = folder.file("wrong.toml", "imul = 2\nspeed = 3\n").display().to_string();
    let outcome = ovum(&program, &["opt", "FILE", "--cost-model", &wrong]);
    assert_eq!(outcome.code, 2);
    assert!(outcome.err.contains("line 2: there is no operation `speed`"), "{}", outcome.err);
}

#[test]
fn rule_sets_are_listed() {
    let text = ovum(Path::new(""), &["opt", "--list-rules"]);
    let machine = ovum(Path::new(""), &["opt", "--list-rules", "--json"]);
    assert_eq!((text.code, machine.code), (0, 0));
    let value: Value = serde_json::from_str(&machine.out).expect("one JSON object");
    let families = value["families"].as_array().expect("a list");
    assert_eq!(families.len(), optimizer::FAMILIES.len());
    for family in families {
        assert!(text.out.contains(family["name"].as_str().expect("a name")));
    }
}

#[test]
fn help_lists_the_commands() {
    let outcome = ovum(Path::new(""), &["--help"]);
    assert_eq!(outcome.code, 0);
    expect![[r#"
        Python functions through equality saturation to machine code and MLIR

        Usage: ovum <COMMAND>

        Commands:
          run      Compile a function, run it and print the result
          opt      Optimise functions and print them, or what was made of them
          egg      Run programs in the egglog language
          extract  Extract the cheapest term of a serialized e-graph
          bench    Compare algorithms on many inputs

        Options:
          -h, --help     Print help
          -V, --version  Print version
    "#]]
    .assert_eq(&outcome.out);
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_text() {
    let folder = Folder::new("bom");
    let file = folder.file("a.py", "\u{feff}def f(x: f64): return x + zq\n");
    let outcome = ovum(&file, &["run", "FILE", "--call", "f(1.0)", "--json"]);
    let answer: Value = serde_json::from_str(&outcome.out).unwrap();
    assert_eq!(answer["error"]["column"], 27);
}

#[test]
fn a_file_that_is_not_utf8_is_shown_at_the_byte() {
    let folder = Folder::new("latin");
    let file = folder.0.join("a.py");
    fs::write(&file, b"x = 1\n# caf\xe9\ndef f(x: f64): return x\n").unwrap();
    let outcome = ovum(&file, &["run", "FILE", "--call", "f(1.0)", "--json"]);
    let answer: Value = serde_json::from_str(&outcome.out).unwrap();
    assert_eq!((&answer["error"]["line"], &answer["error"]["column"]), (&2.into(), &6.into()));
    assert_eq!(outcome.code, 1);
}

#[test]
fn kernels_are_measured_in_both_forms() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../benches/kernels");
    let folder = folder.to_str().expect("the path is text");
    let args = ["ovum", "bench", "kernels", folder, "--rounds", "1", "--only", "tri,logistic"];
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let code = ovum::cli::run(args.map(Into::into), &mut out, &mut err);
    let (out, err) = (String::from_utf8_lossy(&out), String::from_utf8_lossy(&err));
    assert_eq!(code, 0, "{err}");
    let triangle = out.lines().find(|line| line.starts_with("triangle ")).expect("a row");
    // The sum has a closed form.
    assert!(triangle.contains("closed-sum"), "{triangle}");
    assert!(out.contains("2 kernels: "), "{out}");
}

#[test]
fn calls_that_a_file_asks_for_are_shown() {
    let text = |call: &str| format!("{DIVIDE}\n# ovum: run {call}\n");
    refused(
        "asked-function",
        &text("multiply(1, 2)"),
        &["run", "FILE"],
        1,
        expect![[r#"
        error[OV002]: the file has no function `multiply`
          --> FILE:10:13
           |
        10 | # ovum: run multiply(1, 2)
           |             ^^^^^^^^^^^^^^
           |
           = hint: its functions are: divide, scale
    "#]],
    );
    refused(
        "asked-count",
        &text("divide(1)"),
        &["run", "FILE"],
        1,
        expect![[r#"
        error[OV904]: `divide` takes 2 arguments, but 1 was given
          --> FILE:10:13
           |
        10 | # ovum: run divide(1)
           |             ^^^^^^^^^
    "#]],
    );
}

#[test]
fn contradictions_are_refused_before_anything_is_done() {
    let folder = Folder::new("contradictions");
    let text = "def f(x: f64) -> f64:\n    return x + 1.0\n";
    let file = folder.file("f.py", text);
    let over = ovum(&file, &["opt", "FILE", "-o", "FILE"]);
    assert_eq!((over.code, &*over.out), (2, ""));
    assert!(over.err.contains("-o would write over the source `FILE`"), "{}", over.err);
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
    for words in [&["--rules", "algebra"][..], &["--max-error", "0.5"], &["--cost-model", "m"]] {
        let args = [&["run", "FILE", "--call", "f(1.0)", "--no-opt"][..], words].concat();
        let outcome = ovum(&file, &args);
        assert_eq!(outcome.code, 2, "{words:?}");
        assert!(outcome.err.contains("--no-opt"), "{}", outcome.err);
    }
    for nothing in ["--check=0", "--accuracy=0"] {
        assert_eq!(ovum(&file, &["opt", "FILE", nothing]).code, 2);
    }
    let call = "f(-float('inf'))";
    assert_eq!(ovum(&file, &["run", "FILE", "--call", call]).out, "-inf\n");
    let program = folder.file("p.egg", "(check (= 1 1))");
    let nowhere = folder.0.join("nowhere").display().to_string();
    let outcome = ovum(&program, &["egg", "FILE", "--directory", &nowhere]);
    assert_eq!(outcome.code, 2);
    assert!(outcome.err.contains("is no folder"), "{}", outcome.err);
}
