//! CPython's answers: `fixtures/expected.txt` and `fixtures/programs.txt` are written by `fixtures/expect.py`.

use crate::harness::{answer, compiled, source};
use frontend_py::Semantics;
use frontend_py::call::parse_call;

const FUNCTIONS: &str = include_str!("../fixtures/functions.py");
const EXPECTED: &str = include_str!("../fixtures/expected.txt");
const PROGRAMS: &str = include_str!("../fixtures/programs.py");
const PROGRAMS_EXPECTED: &str = include_str!("../fixtures/programs.txt");

const LIBRARY: &str = include_str!("../fixtures/library.py");
const LIBRARY_EXPECTED: &str = include_str!("../fixtures/library.txt");

const FORMS: &str = include_str!("../fixtures/forms.py");
const FORMS_EXPECTED: &str = include_str!("../fixtures/forms.txt");

/// Compares every `# ovum: run` line with the line of CPython's answers.
fn agree(text: &str, answers: &str) {
    let file = source(text);
    let calls: Vec<String> = file.directives().into_iter().map(|d| d.call).collect();
    assert_eq!(calls.len(), answers.lines().count());
    let mut wrong = Vec::new();
    for (call, expected) in calls.iter().zip(answers.lines()) {
        let name = parse_call(call).unwrap().function;
        let function = compiled(&file, &name, Semantics::Strict);
        let answer = answer(&function, call);
        if answer != expected.trim_end() {
            wrong.push(format!("have {answer}\nwant {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn strict_semantics_is_cpythons() {
    agree(FUNCTIONS, EXPECTED);
    agree(PROGRAMS, PROGRAMS_EXPECTED);
    agree(LIBRARY, LIBRARY_EXPECTED);
    agree(FORMS, FORMS_EXPECTED);
}

#[test]
fn every_function_of_the_fixtures_is_run() {
    let file = source(FUNCTIONS);
    let helpers = ["square", "clipped", "first_above", "both", "bump", "pair"];
    let called: Vec<String> =
        file.directives().iter().map(|d| parse_call(&d.call).unwrap().function).collect();
    for name in file.functions() {
        assert!(helpers.contains(&name) || called.iter().any(|c| c == name), "{name}");
    }
}

#[test]
fn fast_semantics_has_no_exceptions_from_arithmetic() {
    let file = source(FUNCTIONS);
    let run = |call: &str| {
        let name = parse_call(call).unwrap().function;
        answer(&compiled(&file, &name, Semantics::Fast), call)
    };
    assert_eq!(run("int_mod(1, 0)"), "int_mod(1, 0) | i0 |");
    assert_eq!(run("int_mod(-7, 2)"), "int_mod(-7, 2) | i1 |");
    assert_eq!(run("int_div(1, 0)"), "int_div(1, 0) | f7ff0000000000000 |");
    assert_eq!(run("domain(-1.0)"), "domain(-1.0) | fnan |");
    assert_eq!(run("overflow(1000.0)"), "overflow(1000.0) | f7ff0000000000000 |");
    assert_eq!(run("counting(0, 5, 0)"), "counting(0, 5, 0) | (i0,i0) |");
    assert_eq!(run("counting(9, 5, 0)"), "counting(9, 5, 0) | (i0,i0) |");
    assert_eq!(run("counting(10, 0, -3)"), "counting(10, 0, -3) | (i4,i1) |");
    assert!(run("early([3.0, -1.0])").contains("| i1 |"));
    assert!(run("augmented([1, 2, 3], 3)").contains("!IndexError"));
    assert!(run("checks(-1)").contains("!AssertionError negative"));
}
