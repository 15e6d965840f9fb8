//! CPython's answers to a corpus of functions, asked of every engine.
//!
//! The functions and the answers lie in `tests/corpus`; `make_expected.py` there writes the
//! answers. A second corpus is read from the folder that the variable `OVUM_CORPUS` names
//! (`docs/records/README.md` has the format).

use crate::engines::{Forms, mlir_tools};
use crate::note;
use crate::sources::root;
use backend_mlir::{BuildOptions, EmitOptions, emit_module};
use frontend_py::SourceFile;
use ruff_python_ast::{Expr, Stmt};
use rvsdg::{Answer, Arg, Array, Buffer, Elem, Function, Inputs, Scalar, Shape, Type};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// A function with the calls that CPython answered.
struct Entry {
    name: String,
    forms: Forms,
    cases: Vec<Case>,
}

/// A call, and what CPython answered.
struct Case {
    inputs: Inputs,
    expected: Value,
}

#[test]
fn every_engine_gives_cpythons_answer() {
    let entries = own_corpus();
    assert!(entries.len() >= 40, "{} functions", entries.len());
    report(&check(&entries), count(&entries));
}

#[test]
fn mlir_gives_cpythons_answer() {
    let entries = own_corpus();
    if let Some(failures) = check_mlir(&entries) {
        report(&failures, count(&entries));
    }
}

#[test]
fn an_external_corpus_is_answered_alike() {
    let Some(folder) = std::env::var_os("OVUM_CORPUS").map(PathBuf::from) else {
        note("skipped: OVUM_CORPUS names no folder with another corpus");
        return;
    };
    let listing = fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut files: Vec<PathBuf> = listing.map(|entry| entry.expect("listed").path()).collect();
    files.sort();
    let mut found = 0;
    for path in files {
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let stem = file.strip_prefix("python_corpus_").and_then(|n| n.strip_suffix(".py"));
        let Some(stem) = stem else { continue };
        found += 1;
        let expected = read_json(&folder.join(format!("expected_{stem}.json")));
        let entries = load(&path, &expected);
        let mut failures = check(&entries);
        failures.extend(check_mlir(&entries).into_iter().flatten());
        report(&failures, count(&entries));
    }
    assert!(found > 0, "{} has no python_corpus_*.py", folder.display());
}

fn report(failures: &[String], calls: usize) {
    assert!(calls > 0, "the corpus has no call");
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
    note(&format!("{calls} calls answered as CPython answers them"));
}

fn count(entries: &[Entry]) -> usize {
    entries.iter().map(|entry| entry.cases.len()).sum()
}

fn own_corpus() -> Vec<Entry> {
    let folder = root().join("tests/corpus");
    let expected = read_json(&folder.join("expected.json"));
    let files = expected.as_object().expect("an object by file").iter();
    files.flat_map(|(file, expected)| load(&folder.join(format!("{file}.py")), expected)).collect()
}

fn read_json(path: &Path) -> Value {
    let text = fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn load(path: &Path, expected: &Value) -> Vec<Entry> {
    let text = fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let name = path.display().to_string();
    let calls = calls(&text);
    let file = SourceFile::parse(&name, text).unwrap_or_else(|e| panic!("{name}: {e}"));
    let functions = expected.as_object().expect("an object by function").iter();
    let entry = |(function, cases): (&String, &Value)| {
        let options = frontend_py::Options::default();
        let compiled = frontend_py::compile(&file, function, &options);
        let compiled = compiled.unwrap_or_else(|e| panic!("{name}: {function}: {e}"));
        let cases = cases.as_array().expect("a list of calls").iter();
        let of_function = |(name, _): &&(String, Vec<Vec<Option<String>>>)| name == function;
        let (_, names) = calls.iter().find(of_function).expect("CASES has the function");
        assert_eq!(names.len(), cases.len(), "{name}: {function}: CASES and the answers differ");
        let cases = cases
            .zip(names)
            .map(|(case, names)| {
                let inputs = inputs(&compiled, &case["args"], names);
                Case { inputs, expected: case.clone() }
            })
            .collect();
        let forms = Forms::new(compiled, &optimizer::Options::default());
        let forms = forms.unwrap_or_else(|e| panic!("{name}: {function}: {e}"));
        Entry { name: function.clone(), forms, cases }
    };
    functions.map(entry).collect()
}

/// Asks the interpreter and machine code; the failures.
fn check(entries: &[Entry]) -> Vec<String> {
    let mut failures = Vec::new();
    for entry in entries {
        for case in &entry.cases {
            let answers = entry.forms.answers(&case.inputs);
            let answers = answers.unwrap_or_else(|e| panic!("{}: {e}", entry.name));
            for (engine, answer) in answers {
                failures.extend(judge(engine, entry, case, &answer));
            }
        }
    }
    failures
}

/// Asks MLIR, all functions in one module; the failures, or nothing where there are no tools.
fn check_mlir(entries: &[Entry]) -> Option<Vec<String>> {
    let tools = mlir_tools()?;
    let mut failures = Vec::new();
    // There is no form of a function that calls itself in MLIR.
    let entries: Vec<&Entry> = entries.iter().filter(|e| e.forms.before.phi.is_empty()).collect();
    for (engine, pick) in [
        ("MLIR", (|forms| &forms.before) as fn(&Forms) -> &Function),
        ("MLIR, optimised", |forms| &forms.after),
    ] {
        let functions: Vec<&Function> = entries.iter().map(|e| pick(&e.forms)).collect();
        let module = emit_module(&functions, &EmitOptions::default())
            .unwrap_or_else(|error| panic!("{engine}: {error}"));
        let library = tools.compile(&module, &BuildOptions::default());
        let library = library.unwrap_or_else(|error| panic!("{engine}: {error}"));
        for (at, entry) in entries.iter().enumerate() {
            for case in &entry.cases {
                let answer = library.call(at, &case.inputs);
                let answer = answer.unwrap_or_else(|e| panic!("{engine}: {}: {e}", entry.name));
                failures.extend(judge(engine, entry, case, &answer));
            }
        }
    }
    Some(failures)
}

/// Why an answer is not CPython's, if it is not.
fn judge(engine: &str, entry: &Entry, case: &Case, answer: &Answer) -> Option<String> {
    let expected = &case.expected;
    let right = match (&answer.outcome, expected.get("raises")) {
        (Err(raised), Some(class)) => class.as_str() == Some(raised.kind.name()),
        (Ok(results), None) => {
            let mut results = results.iter();
            fits(&entry.forms.before.shape, &expected["ok"], &mut results)
                && results.next().is_none()
        }
        _ => false,
    };
    let after = expected["args_after"].as_array().expect("a list of arrays");
    let passed: Vec<&Array> = case
        .inputs
        .args
        .iter()
        .filter_map(|arg| match arg {
            Arg::Array(at) => answer.arrays.get(*at),
            Arg::Scalar(_) => None,
        })
        .collect();
    let arrays = passed.len() == after.len()
        && passed.into_iter().zip(after).all(|(array, expected)| {
            let rank = u8::try_from(array.shape.len()).expect("one or two dimensions");
            array.same(&to_array(array.elem(), rank, expected))
        });
    (!right || !arrays).then(|| {
        format!("{engine}: {}({}): {answer:?}, not {expected}", entry.name, expected["args"])
    })
}

/// Whether the next results are the expected value.
fn fits<'a>(
    shape: &Shape,
    expected: &Value,
    results: &mut impl Iterator<Item = &'a Scalar>,
) -> bool {
    match (shape, expected) {
        (Shape::None, Value::Null) => true,
        (Shape::Scalar, Value::Null) => results.next() == Some(&Scalar::Unit),
        (Shape::Scalar, expected) => {
            results.next().is_some_and(|result| match result {
                // CPython's int where a path of another type made the result a float.
                Scalar::F64(_) if expected.is_i64() => false,
                result => result.ty().is_some_and(|ty| result.same(scalar(ty, expected))),
            })
        }
        (Shape::Tuple(shapes), Value::Array(items)) => {
            shapes.len() == items.len()
                && shapes.iter().zip(items).all(|(shape, item)| fits(shape, item, results))
        }
        _ => false,
    }
}

/// The calls in a corpus' `CASES`, by function: for each argument the name of the variable that is
/// passed, if it is one. A name passed twice is one object.
fn calls(text: &str) -> Vec<(String, Vec<Vec<Option<String>>>)> {
    let module = ruff_python_parser::parse_module(text).expect("a corpus is Python");
    let cases = module.syntax().body.iter().find_map(|statement| match statement {
        Stmt::Assign(assign) => match (&assign.targets[..], &*assign.value) {
            ([Expr::Name(name)], Expr::Dict(dict)) if name.id.as_str() == "CASES" => Some(dict),
            _ => None,
        },
        _ => None,
    });
    let variable = |argument: &Expr| match argument {
        Expr::Name(name) => Some(name.id.to_string()),
        _ => None,
    };
    let call = |call: &Expr| match call {
        Expr::Tuple(arguments) => arguments.elts.iter().map(variable).collect(),
        other => panic!("a call is a tuple of arguments, not {other:?}"),
    };
    let items = cases.expect("a corpus has CASES").items.iter();
    let function = |item: &ruff_python_ast::DictItem| match (&item.key, &item.value) {
        (Some(Expr::StringLiteral(name)), Expr::List(calls)) => {
            (name.value.to_str().to_owned(), calls.elts.iter().map(call).collect())
        }
        other => panic!("CASES maps names to lists of calls: {other:?}"),
    };
    items.map(function).collect()
}

/// The inputs of a call; `names` are the variables that its arguments are.
fn inputs(function: &Function, args: &Value, names: &[Option<String>]) -> Inputs {
    let args = args.as_array().expect("a list of arguments");
    assert_eq!(args.len(), function.params.len(), "{}", function.name);
    let mut inputs = Inputs::default();
    for (at, (param, value)) in function.params.iter().zip(args).enumerate() {
        let shared = names[..at].iter().position(|n| n.is_some() && *n == names[at]);
        inputs.args.push(match param.ty {
            Type::MemRef { .. } if shared.is_some() => inputs.args[shared.unwrap_or_default()],
            Type::MemRef { elem, rank, .. } => {
                inputs.arrays.push(to_array(elem, rank, value));
                Arg::Array(inputs.arrays.len() - 1)
            }
            ty => Arg::Scalar(scalar(ty, value)),
        });
    }
    inputs
}

/// A number in the corpus' notation.
fn scalar(ty: Type, value: &Value) -> Scalar {
    let hex = value.get("f").and_then(Value::as_str).map(hex_float);
    match ty {
        Type::F64 => Scalar::F64(hex.or(value.as_f64()).unwrap_or(f64::NAN)),
        Type::Bool => value.as_bool().map_or(Scalar::Unit, Scalar::Bool),
        _ => value.as_i64().map_or(Scalar::Unit, Scalar::I64),
    }
}

fn to_array(elem: Elem, rank: u8, value: &Value) -> Array {
    let rows = value.as_array().expect("arrays are lists");
    let (shape, items): (Vec<usize>, Vec<&Value>) = if rank == 2 {
        let width = rows.first().map_or(0, |row| row.as_array().map_or(0, Vec::len));
        let items = rows.iter().flat_map(|row| row.as_array().expect("rows are lists")).collect();
        (vec![rows.len(), width], items)
    } else {
        (vec![rows.len()], rows.iter().collect())
    };
    let data = if elem == Elem::F64 {
        let number = |item: &&Value| match scalar(Type::F64, item) {
            Scalar::F64(x) => x,
            other => panic!("{other:?} is no f64"),
        };
        Buffer::F64(items.iter().map(number).collect())
    } else {
        assert_eq!(elem, Elem::I64, "arrays of the corpus are of f64 or i64");
        Buffer::I64(items.iter().map(|item| item.as_i64().expect("an integer")).collect())
    };
    Array { shape, data }
}

/// Reads what CPython's `float.hex` writes.
fn hex_float(text: &str) -> f64 {
    let (sign, digits) = text.strip_prefix('-').map_or((1.0, text), |rest| (-1.0, rest));
    let Some(digits) = digits.strip_prefix("0x") else {
        return sign * digits.parse::<f64>().unwrap_or_else(|e| panic!("{text}: {e}"));
    };
    let (mantissa, exponent) = digits.split_once('p').unwrap_or_else(|| panic!("{text}: no p"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let bits = u64::from_str_radix(&format!("{whole}{fraction}"), 16).expect("hexadecimal digits");
    let exponent: i32 = exponent.parse().expect("a decimal exponent");
    let exponent = exponent - 4 * i32::try_from(fraction.len()).expect("13 digits");
    // In two steps, each of a power that is a normal number.
    let half = exponent / 2;
    sign * (bits as f64 * 2.0_f64.powi(half)) * 2.0_f64.powi(exponent - half)
}

#[test]
fn hexadecimal_floats_are_read() {
    for (text, value) in [
        ("0x1.8000000000000p+1", 3.0),
        ("-0x0.0p+0", -0.0),
        ("0x0.0000000000001p-1022", 5e-324),
        ("0x1.fffffffffffffp+1023", f64::MAX),
        ("-inf", f64::NEG_INFINITY),
    ] {
        assert_eq!(hex_float(text).to_bits(), value.to_bits(), "{text}");
    }
    assert!(hex_float("nan").is_nan());
}
