//! The operations on scalars against CPython's answers in `cpython.txt`, written by `generate.py`.
//!
//! Arithmetic must agree bit for bit. Functions of the C library may differ by a unit in the last
//! place, because the fixture's library may be another release than this machine's, and by a few
//! where an argument's rounding is amplified (`gamma`, `lgamma` call it several times).

use rvsdg::scalar::{eval, python_call};
use rvsdg::{MathFn, Op, Scalar};

const CASES: &str = include_str!("cpython.txt");

fn float(word: &str) -> f64 {
    f64::from_bits(u64::from_str_radix(word, 16).unwrap())
}

fn int(word: &str) -> i64 {
    word.parse().unwrap()
}

/// Units in the last place by which a result of the function may differ.
fn tolerance(f: MathFn) -> u64 {
    use MathFn::{
        Cbrt, Ceil, Copysign, Degrees, Floor, Fmod, Gamma, Hypot, Isfinite, Isinf, Isnan, Lgamma,
        Nextafter, Radians, Remainder, Sqrt, Trunc,
    };
    match f {
        Sqrt | Floor | Ceil | Trunc | Fmod | Remainder | Copysign | Hypot | Nextafter | Degrees
        | Radians | Isnan | Isinf | Isfinite => 0,
        Gamma | Lgamma => 8,
        Cbrt => 2,
        _ => 1,
    }
}

fn distance(a: f64, b: f64) -> u64 {
    let key = |x: f64| {
        let bits = x.to_bits() as i64;
        if bits < 0 { i64::MIN.wrapping_sub(bits) } else { bits }
    };
    key(a).abs_diff(key(b))
}

fn agrees(found: f64, expected: f64, ulps: u64) -> bool {
    if expected.is_nan() {
        return found.is_nan();
    }
    let same = found.to_bits() == expected.to_bits();
    same || (ulps > 0
        && found.is_sign_negative() == expected.is_sign_negative()
        && distance(found, expected) <= ulps)
}

fn check_math(f: MathFn, args: &[f64], expected: &str) -> Result<(), String> {
    let found = python_call(f, args);
    if let Some(exception) = expected.strip_prefix('!') {
        let found = found.map_err(|(kind, text)| (kind.name(), text.replace(' ', "_")));
        let (class, message) = exception.split_once(' ').unwrap();
        return match found {
            Err((kind, text)) if (kind, text.as_str()) == (class, message) => Ok(()),
            found => Err(format!("{found:?}")),
        };
    }
    let expected = match expected {
        "True" => 1.0,
        "False" => 0.0,
        word => float(word),
    };
    let found = found.map_err(|error| format!("{error:?}"))?;
    if !agrees(found, expected, tolerance(f)) {
        return Err(format!("{found:e} ({:016x}), not {expected:e}", found.to_bits()));
    }
    // The pure operation gives the same wherever the call does not raise.
    let operands: Vec<Scalar> = args.iter().map(|x| Scalar::F64(*x)).collect();
    let pure = match eval(Op::Math(f), &operands).unwrap().value {
        Scalar::F64(x) => x,
        Scalar::Bool(x) => f64::from(x),
        other => return Err(format!("the pure operation gives {other:?}")),
    };
    if pure.to_bits() == found.to_bits() || (pure.is_nan() && found.is_nan()) {
        Ok(())
    } else {
        Err(format!("the pure operation gives {pure:e}, the call {found:e}"))
    }
}

fn check_binary(
    op: Op,
    args: &[Scalar],
    expected: Scalar,
    wrapped: Option<bool>,
) -> Result<(), String> {
    let found = eval(op, args).map_err(|error| error.to_string())?;
    if found.value.same(expected) && wrapped.is_none_or(|wrapped| found.wrapped == wrapped) {
        Ok(())
    } else {
        Err(format!("{found:?}, not {expected:?}"))
    }
}

fn check(line: &str) -> Result<(), String> {
    let (name, rest) = line.split_once(' ').unwrap();
    let words: Vec<&str> = rest.split(' ').collect();
    let floats = |op| {
        // Exceptions of `//` and `%` come from guards; the operations themselves are IEEE.
        if words[2].starts_with('!') {
            return Ok(());
        }
        let args = [Scalar::F64(float(words[0])), Scalar::F64(float(words[1]))];
        check_binary(op, &args, Scalar::F64(float(words[2])), None)
    };
    let ints = |op| {
        if words[2].starts_with('!') {
            return Ok(());
        }
        let args = [Scalar::I64(int(words[0])), Scalar::I64(int(words[1]))];
        let expected = if op == Op::ITrueDiv {
            Scalar::F64(float(words[2]))
        } else {
            // The one quotient that needs 64 bits and a sign wraps.
            Scalar::I64(words[2].parse::<i128>().unwrap() as i64)
        };
        check_binary(op, &args, expected, words.get(3).map(|word| *word == "True"))
    };
    match name {
        "ffloordiv" => floats(Op::FFloorDiv),
        "fmod_python" => floats(Op::FMod),
        "fmin" => floats(Op::FMin),
        "fmax" => floats(Op::FMax),
        "itruediv" => ints(Op::ITrueDiv),
        "ifloordiv" => ints(Op::IFloorDiv),
        "imod" => ints(Op::IMod),
        "ishr" => ints(Op::IShr),
        "ipow" => ints(Op::IPow),
        "ishl" => ints(Op::IShl),
        name => {
            let f = MathFn::from_name(name).ok_or("an unknown name")?;
            let args: Vec<f64> = words[..f.arity()].iter().map(|word| float(word)).collect();
            check_math(f, &args, &words[f.arity()..].join(" "))
        }
    }
}

#[test]
fn answers_are_cpython_s() {
    let failures: Vec<String> = CASES
        .lines()
        .filter_map(|line| check(line).err().map(|error| format!("{line}: {error}")))
        .collect();
    assert!(failures.is_empty(), "{} cases:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn the_fixture_covers_every_function() {
    for f in MathFn::ALL {
        // `rint` has no function of that name in Python.
        let cases = CASES.lines().filter(|line| line.split(' ').next() == Some(f.name()));
        assert!(*f == MathFn::Rint || cases.count() > 100, "{}", f.name());
    }
}

#[test]
fn functions_that_never_raise_are_told() {
    for f in MathFn::ALL {
        let raises = CASES
            .lines()
            .any(|line| line.split(' ').next() == Some(f.name()) && line.contains('!'));
        assert_eq!(raises, !f.never_raises(), "{}", f.name());
    }
}
