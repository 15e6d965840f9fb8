//! Comparing two ways of running a function: engine against interpreter, after against before.
//!
//! Answers must be the same bits, the same exception and the same contents of arrays. Where the
//! user allowed errors, results may differ within them: a proven bound
//! ([`Tolerance::Absolute`]), or with `--fast-math`, which promises none, a small relative
//! difference ([`Tolerance::Relative`]). A run in which an integer wraps, or that leaves no time,
//! proves nothing and is counted apart.

use crate::answer::{PyValue, array_arguments, call_text};
use crate::engine::violated;
use crate::error::{Error, Result, codes};
use crate::generate::Generator;
use indexmap::IndexMap;
use optimizer::validate::Counterexample;
use rvsdg::interp::{Limits, Prepared, Violation};
use rvsdg::{Answer, Array, ExcKind, Function, Inputs, Run, Scalar};
use std::time::{Duration, Instant};

/// Steps of the interpreter after which a generated input is given up.
const STEP_LIMIT: u64 = 2_000_000;

/// Numbers up to this size are compared where rewriting over the reals is allowed.
const LARGE: f64 = 1e6;

/// How far results may lie apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Tolerance {
    /// The same bits; NaN equals NaN.
    Exact,
    /// An absolute difference.
    Absolute(f64),
    /// A difference relative to the larger magnitude, or to 1 if that is larger: rewriting over the
    /// reals cancels differently.
    Relative(f64),
}

impl Tolerance {
    /// What the options promise for a function with this report.
    pub fn of(options: Option<&optimizer::Options>, report: Option<&optimizer::Report>) -> Self {
        match (options, report.and_then(|report| report.error_bound)) {
            (Some(options), _) if options.fast_math => Tolerance::Relative(1e-6),
            (_, Some(bound)) => Tolerance::Absolute(bound),
            _ => Tolerance::Exact,
        }
    }

    fn admits(self, a: Scalar, b: Scalar) -> bool {
        let floats = match (a, b) {
            (Scalar::F64(a), Scalar::F64(b)) => Some((a, b)),
            (Scalar::F32(a), Scalar::F32(b)) => Some((f64::from(a), f64::from(b))),
            _ => None,
        };
        a.same(b)
            || match (self, floats) {
                (Tolerance::Exact, _) | (_, None) => false,
                (Tolerance::Absolute(bound), Some((a, b))) => (a - b).abs() <= bound,
                (Tolerance::Relative(bound), Some((a, b))) => {
                    a == b || (a - b).abs() <= bound * a.abs().max(b.abs()).max(1.0)
                }
            }
    }

    /// Whether a difference on these inputs is a defect. Rewriting over the reals promises nothing
    /// where a number is not finite, or so large that sums cancel.
    fn covers(self, inputs: &Inputs) -> bool {
        let tame = |value: Scalar| match value {
            Scalar::F64(x) => x.abs() <= LARGE,
            Scalar::F32(x) => f64::from(x.abs()) <= LARGE,
            _ => true,
        };
        let scalars = inputs.args.iter().all(|arg| match arg {
            rvsdg::Arg::Scalar(value) => tame(*value),
            rvsdg::Arg::Array(_) => true,
        });
        let elements = |array: &Array| (0..array.len()).all(|at| array.get(at).is_none_or(tame));
        !matches!(self, Tolerance::Relative(_)) || scalars && inputs.arrays.iter().all(elements)
    }

    /// Whether the answers are the same for a caller, up to this tolerance.
    pub fn same(self, a: &Answer, b: &Answer) -> bool {
        let outcome = match (&a.outcome, &b.outcome) {
            (Ok(a), Ok(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| self.admits(*a, *b))
            }
            (Err(a), Err(b)) => a.kind == b.kind,
            _ => false,
        };
        let arrays = |a: &Array, b: &Array| {
            a.shape == b.shape
                && (0..a.len()).all(|at| match (a.get(at), b.get(at)) {
                    (Some(a), Some(b)) => self.admits(a, b),
                    _ => false,
                })
        };
        outcome
            && a.arrays.len() == b.arrays.len()
            && a.arrays.iter().zip(&b.arrays).all(|(a, b)| arrays(a, b))
    }
}

/// What comparing with the interpreter found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The answers are the same.
    Same,
    /// An integer wrapped: Python's big integers are outside the contract.
    OutsideContract,
}

/// Compares an engine's answer with the interpreter's of the function as it was written.
///
/// # Errors
/// If they differ, or the time limit was reached.
pub fn against_interpreter(
    original: &Function,
    inputs: &Inputs,
    answer: &Answer,
    tolerance: Tolerance,
    deadline: Option<Instant>,
) -> Result<Verdict> {
    let time = deadline.map(|at| at.saturating_duration_since(Instant::now()));
    let run = crate::engine::interpret(original, inputs, time).map_err(|v| violated(&v))?;
    if timed_out(&run.answer) {
        return Err(Error::input(codes::TIME_LIMIT, "while the interpreter checked the answer"));
    }
    if tolerance.same(&run.answer, answer) {
        return Ok(if run.wraps == 0 { Verdict::Same } else { Verdict::OutsideContract });
    }
    Err(disagreement("the interpreter", "the engine", original, inputs, &run.answer, answer))
}

/// What comparing a function before and after optimisation found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Inputs with the same answer.
    pub same: usize,
    /// Inputs on which an integer wrapped, the answers agreeing, or for which rewriting over the
    /// reals promises nothing.
    pub outside_contract: usize,
    /// Inputs that were given up because they took too long.
    pub too_long: usize,
}

/// Runs the interpreter on the function before and after optimisation, on `count` generated inputs.
///
/// # Errors
/// The first input on which the answers differ.
pub fn before_against_after(
    before: &Function,
    after: &Function,
    domains: &IndexMap<String, (f64, f64)>,
    count: usize,
    tolerance: Tolerance,
) -> Result<Summary> {
    let generator = Generator::new(before, domains);
    let (first, second) = (
        Prepared::new(before).map_err(|v| violated(&v))?,
        Prepared::new(after).map_err(|v| violated(&v))?,
    );
    let limits = Limits { time: Some(Duration::from_secs(10)), steps: Some(STEP_LIMIT) };
    let mut summary = Summary::default();
    for number in 0..count as u64 {
        let inputs = generator.inputs(number);
        let Some(expected) = completed(first.run(&inputs, &limits))? else {
            summary.too_long += 1;
            continue;
        };
        let Some(found) = completed(second.run(&inputs, &limits))? else {
            summary.too_long += 1;
            continue;
        };
        let same = tolerance.same(&expected.answer, &found.answer);
        if !same && !tolerance.covers(&inputs) {
            summary.outside_contract += 1;
            continue;
        }
        if !same {
            let (expected, found) = (&expected.answer, &found.answer);
            return Err(disagreement("before", "after", before, &inputs, expected, found));
        }
        if expected.wraps == 0 {
            summary.same += 1;
        } else {
            summary.outside_contract += 1;
        }
    }
    Ok(summary)
}

/// The first of `count` generated inputs on which a function and its optimised form differ, with the
/// rules behind the difference: see [`optimizer::validate`].
///
/// # Errors
/// If the options do not fit the function.
pub fn counterexample(
    before: &Function,
    options: &optimizer::Options,
    count: usize,
    tolerance: Tolerance,
) -> Result<Option<Counterexample>> {
    let generator = Generator::new(before, &options.domains);
    let inputs = (0..count as u64).map(|number| generator.inputs(number));
    let inputs = inputs.filter(|inputs| tolerance.covers(inputs));
    let same = |a: &Answer, b: &Answer| timed_out(a) || timed_out(b) || tolerance.same(a, b);
    optimizer::validate::counterexample(before, options, inputs, same)
        .map_err(|error| Error::usage(error.to_string()))
}

/// The rules of a counterexample for a person, those that are to blame first.
pub fn blame_text(found: &Counterexample) -> String {
    let rules = found.rules.join(", ");
    match found.suspects[..] {
        [] => format!("rules behind it: {rules}"),
        _ => {
            format!(
                "without `{}` it is right; rules behind it: {rules}",
                found.suspects.join("` or `")
            )
        }
    }
}

/// The run, unless it took too long.
fn completed(run: std::result::Result<Run, Violation>) -> Result<Option<Run>> {
    match run {
        Ok(run) if timed_out(&run.answer) => Ok(None),
        Ok(run) => Ok(Some(run)),
        Err(Violation::StepLimit) => Ok(None),
        Err(violation) => Err(violated(&violation)),
    }
}

/// Whether the run was stopped by its time limit.
pub fn timed_out(answer: &Answer) -> bool {
    matches!(&answer.outcome, Err(raised) if raised.kind == ExcKind::TimeLimit)
}

fn disagreement(
    first: &str,
    second: &str,
    function: &Function,
    inputs: &Inputs,
    expected: &Answer,
    found: &Answer,
) -> Error {
    let message = format!(
        "{first} and {second} disagree on {}: {} against {}",
        call_text(&function.name, inputs),
        answer_text(function, inputs, expected),
        answer_text(function, inputs, found)
    );
    Error::input(codes::DISAGREE, message)
        .hint("this is a defect of the compiler: please report it")
}

fn answer_text(function: &Function, inputs: &Inputs, answer: &Answer) -> String {
    let outcome = match &answer.outcome {
        Ok(results) => PyValue::from_results(&function.shape, results).to_string(),
        Err(raised) => raised.kind.name().to_owned(),
    };
    let arrays = array_arguments(inputs, &answer.arrays);
    if arrays.is_empty() {
        return outcome;
    }
    let arrays: Vec<String> = arrays.iter().map(ToString::to_string).collect();
    format!("{outcome}, arrays {}", arrays.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rvsdg::{Op, Param, Shape, Span, Type};

    fn binary(op: Op, ty: Type) -> Function {
        let params = ["a", "b"].map(|name| Param { name: name.into(), ty });
        let mut f = Function::new("f", params.to_vec(), 0, Shape::Scalar);
        let (params, io) = (f.param_values().to_vec(), f.entry_states()[0]);
        let result = f.simple(f.body(), op, &params, Span::NONE);
        f.set_results(f.body(), vec![result, io]);
        f
    }

    #[test]
    fn equal_functions_agree_and_wraps_are_counted() {
        let (f, domains) = (binary(Op::IAdd, Type::I64), IndexMap::new());
        let summary = before_against_after(&f, &f, &domains, 300, Tolerance::Exact).expect("equal");
        assert_eq!(summary.same + summary.outside_contract, 300);
        assert!(summary.outside_contract > 0, "{summary:?}");
        assert!(summary.same > 200, "{summary:?}");
    }

    #[test]
    fn a_wrong_rewrite_is_caught_with_its_input() {
        let domains = IndexMap::new();
        let before = binary(Op::FMin, Type::F64);
        // Swapping the operands of Python's `min` changes which NaN or zero comes out.
        let mut after = binary(Op::FMin, Type::F64);
        let (params, io) = (after.param_values().to_vec(), after.entry_states()[0]);
        let body = after.body();
        let swapped = after.simple(body, Op::FMin, &[params[1], params[0]], Span::NONE);
        after.set_results(body, vec![swapped, io]);
        let error = before_against_after(&before, &after, &domains, 300, Tolerance::Exact)
            .expect_err("they differ");
        assert_eq!(error.code(), codes::DISAGREE);
        assert!(error.message().contains("disagree on f("), "{error}");
    }

    #[test]
    fn a_wrong_rule_is_named() {
        let before = binary(Op::FSub, Type::F64);
        let rule = optimizer::UserRule {
            name: "differences-commute".to_owned(),
            left: "(fsub ?a ?b)".to_owned(),
            right: "?a".to_owned(),
            conditions: Vec::new(),
            law: optimizer::Law::Exact,
        };
        let options =
            optimizer::Options { user_rules: vec![rule], ..optimizer::Options::default() };
        let found = counterexample(&before, &options, 100, Tolerance::Exact).expect("it fits");
        let text = blame_text(&found.expect("it is wrong"));
        assert!(text.starts_with("without `differences-commute` it is right"), "{text}");
        let right = counterexample(&before, &optimizer::Options::default(), 100, Tolerance::Exact);
        assert!(right.expect("it fits").is_none());
    }

    #[test]
    fn tolerances_bound_floats_only() {
        let (a, b) = (Scalar::F64(1.0), Scalar::F64(1.0 + 1e-9));
        assert!(!Tolerance::Exact.admits(a, b));
        assert!(Tolerance::Absolute(1e-8).admits(a, b));
        assert!(!Tolerance::Absolute(1e-10).admits(a, b));
        assert!(Tolerance::Relative(1e-6).admits(Scalar::F64(1e9), Scalar::F64(1e9 + 1.0)));
        assert!(!Tolerance::Relative(1.0).admits(Scalar::I64(1), Scalar::I64(2)));
        assert!(!Tolerance::Absolute(1.0).admits(a, Scalar::F64(f64::NAN)));
    }
}
