//! What a run gave, as a Python programmer reads it and as JSON.

use crate::json::Json;
use rvsdg::{Answer, Arg, Array, Inputs, Scalar, Shape};
use std::fmt;

/// A Python value that a compiled function can take or give.
#[derive(Clone, Debug, PartialEq)]
pub enum PyValue {
    /// `None`
    None,
    /// A `bool`.
    Bool(bool),
    /// An `int`.
    Int(i64),
    /// A `float`.
    Float(f64),
    /// A `tuple`.
    Tuple(Vec<PyValue>),
    /// A `list`: a row or an array of one dimension.
    List(Vec<PyValue>),
}

impl From<Scalar> for PyValue {
    fn from(scalar: Scalar) -> PyValue {
        match scalar {
            Scalar::F32(value) => PyValue::Float(f64::from(value)),
            Scalar::F64(value) => PyValue::Float(value),
            Scalar::I32(value) => PyValue::Int(i64::from(value)),
            Scalar::I64(value) => PyValue::Int(value),
            Scalar::Bool(value) => PyValue::Bool(value),
            Scalar::Ctl(value) => PyValue::Int(i64::from(value)),
            Scalar::Unit => PyValue::None,
        }
    }
}

impl From<&Array> for PyValue {
    fn from(array: &Array) -> PyValue {
        let item = |at| array.get(at).map_or(PyValue::None, PyValue::from);
        match array.shape.as_slice() {
            [rows, columns] => PyValue::List(
                (0..*rows)
                    .map(|row| {
                        PyValue::List((0..*columns).map(|col| item(row * columns + col)).collect())
                    })
                    .collect(),
            ),
            _ => PyValue::List((0..array.len()).map(item).collect()),
        }
    }
}

impl PyValue {
    /// Nests a function's results as its caller expects them; a missing result is `None`.
    pub fn from_results(shape: &Shape, results: &[Scalar]) -> PyValue {
        fn build(shape: &Shape, results: &mut std::slice::Iter<'_, Scalar>) -> PyValue {
            match shape {
                Shape::None => PyValue::None,
                Shape::Scalar => results.next().map_or(PyValue::None, |s| PyValue::from(*s)),
                Shape::Tuple(items) => {
                    PyValue::Tuple(items.iter().map(|item| build(item, results)).collect())
                }
            }
        }
        build(shape, &mut results.iter())
    }

    /// The value as JSON: tuples and lists are arrays, `None` is null.
    pub fn to_json(&self) -> Json {
        match self {
            PyValue::None => Json::Null,
            PyValue::Bool(value) => Json::Bool(*value),
            PyValue::Int(value) => Json::Int(*value),
            PyValue::Float(value) => Json::Float(*value),
            PyValue::Tuple(items) | PyValue::List(items) => {
                Json::Array(items.iter().map(PyValue::to_json).collect())
            }
        }
    }
}

/// As CPython's `repr` prints it.
impl fmt::Display for PyValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sequence = |f: &mut fmt::Formatter<'_>, items: &[PyValue]| {
            for (at, item) in items.iter().enumerate() {
                f.write_str(if at == 0 { "" } else { ", " })?;
                write!(f, "{item}")?;
            }
            Ok(())
        };
        match self {
            PyValue::None => f.write_str("None"),
            PyValue::Bool(value) => f.write_str(if *value { "True" } else { "False" }),
            PyValue::Int(value) => write!(f, "{value}"),
            PyValue::Float(value) => f.write_str(&float_text(*value)),
            PyValue::Tuple(items) => {
                f.write_str("(")?;
                sequence(f, items)?;
                f.write_str(if items.len() == 1 { ",)" } else { ")" })
            }
            PyValue::List(items) => {
                f.write_str("[")?;
                sequence(f, items)?;
                f.write_str("]")
            }
        }
    }
}

/// CPython's `repr` of a float: the shortest digits that read back to the same bits, in positional
/// notation for decimal exponents in `-4 .. 16` and scientific notation outside.
///
/// Source of the layout: CPython 3.11, `Python/pystrtod.c`, `format_float_short`, code `r`.
pub fn float_text(value: f64) -> String {
    if value.is_nan() {
        return "nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let scientific = format!("{value:e}");
    let (mantissa, exponent) =
        scientific.split_once('e').expect("`{:e}` of a finite float has an exponent");
    let exponent: i32 = exponent.parse().expect("`{:e}` writes a decimal exponent");
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let digits: String = mantissa.chars().filter(|c| *c != '.').collect();
    let count = digits.len() as i32;
    if !(-4..16).contains(&exponent) {
        let (first, rest) = digits.split_at(1);
        let point = if rest.is_empty() { "" } else { "." };
        let exponent_sign = if exponent < 0 { '-' } else { '+' };
        return format!("{sign}{first}{point}{rest}e{exponent_sign}{:02}", exponent.abs());
    }
    if exponent < 0 {
        let zeros = "0".repeat((-exponent - 1) as usize);
        return format!("{sign}0.{zeros}{digits}");
    }
    if count <= exponent + 1 {
        let zeros = "0".repeat((exponent + 1 - count) as usize);
        return format!("{sign}{digits}{zeros}.0");
    }
    let (whole, fraction) = digits.split_at((exponent + 1) as usize);
    format!("{sign}{whole}.{fraction}")
}

/// The contents of each array argument, in the order of the parameters: an array passed twice is
/// listed twice. Pass [`Answer::arrays`] for the contents after a run.
pub fn array_arguments(inputs: &Inputs, arrays: &[Array]) -> Vec<PyValue> {
    inputs
        .args
        .iter()
        .filter_map(|arg| match arg {
            Arg::Array(at) => arrays.get(*at).map(PyValue::from),
            Arg::Scalar(_) => None,
        })
        .collect()
}

/// The call in the notation of `--call`, with a name for every array passed more than once:
/// `v0 = [1.0]; f(0.5, v0, v0)`.
pub fn call_text(function: &str, inputs: &Inputs) -> String {
    let shared = inputs.arrays.iter().enumerate().filter(|(at, _)| is_shared(inputs, *at));
    let prelude: Vec<String> =
        shared.map(|(at, array)| format!("v{at} = {}; ", PyValue::from(array))).collect();
    let texts: Vec<String> = inputs
        .args
        .iter()
        .map(|arg| match arg {
            Arg::Scalar(scalar) => PyValue::from(*scalar).to_string(),
            Arg::Array(at) if is_shared(inputs, *at) => format!("v{at}"),
            Arg::Array(at) => {
                inputs.arrays.get(*at).map_or(PyValue::None, PyValue::from).to_string()
            }
        })
        .collect();
    format!("{}{function}({})", prelude.concat(), texts.join(", "))
}

fn is_shared(inputs: &Inputs, array: usize) -> bool {
    inputs.args.iter().filter(|arg| **arg == Arg::Array(array)).count() > 1
}

/// The machine-readable answer: `result`, `raises`, `message`, `args_after`.
pub fn answer_json(shape: &Shape, inputs: &Inputs, answer: &Answer) -> Json {
    let after = array_arguments(inputs, &answer.arrays);
    let after = Json::Array(after.iter().map(PyValue::to_json).collect());
    let (result, raises, message) = match &answer.outcome {
        Ok(results) => (PyValue::from_results(shape, results).to_json(), Json::Null, Json::Null),
        Err(raised) => (
            Json::Null,
            Json::Str(raised.kind.name().to_owned()),
            Json::Str(raised.message.to_string()),
        ),
    };
    Json::object([
        ("result", result),
        ("raises", raises),
        ("message", message),
        ("args_after", after),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pairs of a float and CPython 3.11's `repr` of it.
    const SAMPLES: &[(f64, &str)] = &[
        (0.0, "0.0"),
        (-0.0, "-0.0"),
        (1.0, "1.0"),
        (-2.5, "-2.5"),
        (0.1, "0.1"),
        (100.0, "100.0"),
        (123_456.789, "123456.789"),
        (0.0001, "0.0001"),
        (0.000_123_4, "0.0001234"),
        (0.000_01, "1e-05"),
        (1.5e-7, "1.5e-07"),
        (1e15, "1000000000000000.0"),
        (9_007_199_254_740_993.0, "9007199254740992.0"),
        (9_999_999_999_999_998.0, "9999999999999998.0"),
        (1e16, "1e+16"),
        (1.234_567_89e16, "1.23456789e+16"),
        (1e22, "1e+22"),
        (1e100, "1e+100"),
        (f64::MAX, "1.7976931348623157e+308"),
        (f64::MIN_POSITIVE, "2.2250738585072014e-308"),
        (5e-324, "5e-324"),
        (1.0 / 3.0, "0.3333333333333333"),
        (2.0 / 3.0, "0.6666666666666666"),
        (f64::NAN, "nan"),
        (f64::INFINITY, "inf"),
        (f64::NEG_INFINITY, "-inf"),
    ];

    #[test]
    fn floats_print_as_cpython_does() {
        for (value, text) in SAMPLES {
            assert_eq!(float_text(*value), *text, "{value:e}");
        }
    }

    #[test]
    fn float_text_reads_back_to_the_same_bits() {
        let mut state = 1u64;
        for _ in 0..20_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let value = f64::from_bits(state);
            if value.is_finite() {
                let text = float_text(value);
                let back: f64 = text.parse().expect("our text is a float");
                assert_eq!(back.to_bits(), value.to_bits(), "{text}");
                assert!(text.contains(['.', 'e']), "{text}");
            }
        }
    }

    #[test]
    fn values_print_as_cpython_does() {
        let shape =
            Shape::Tuple(vec![Shape::Scalar, Shape::None, Shape::Tuple(vec![Shape::Scalar])]);
        let value = PyValue::from_results(&shape, &[Scalar::I64(3), Scalar::Bool(true)]);
        assert_eq!(value.to_string(), "(3, None, (True,))");
        assert_eq!(value.to_json().to_string(), "[3, null, [true]]");
        assert_eq!(PyValue::from(&Array::f64(vec![1.0, f64::NAN])).to_string(), "[1.0, nan]");
        assert_eq!(PyValue::Tuple(vec![]).to_string(), "()");
    }

    #[test]
    fn rows_of_a_matrix_are_lists() {
        let array = Array { shape: vec![2, 2], ..Array::i64(vec![1, 2, 3, 4]) };
        assert_eq!(PyValue::from(&array).to_string(), "[[1, 2], [3, 4]]");
        let empty = Array { shape: vec![2, 0], ..Array::i64(vec![]) };
        assert_eq!(PyValue::from(&empty).to_string(), "[[], []]");
    }

    #[test]
    fn a_shared_array_is_listed_for_each_parameter() {
        let inputs = Inputs {
            args: vec![Arg::Array(0), Arg::Scalar(Scalar::I64(1)), Arg::Array(0)],
            arrays: vec![Array::f64(vec![1.0])],
        };
        let answer = Answer { outcome: Ok(vec![]), arrays: vec![Array::f64(vec![2.0])] };
        assert_eq!(
            answer_json(&Shape::None, &inputs, &answer).to_string(),
            r#"{"result": null, "raises": null, "message": null, "args_after": [[2.0], [2.0]]}"#
        );
        assert_eq!(call_text("f", &inputs), "v0 = [1.0]; f(v0, 1, v0)");
    }
}
