//! Translation validation: inputs on which a program and its optimised form differ, with the rules
//! that the difference stems from.
//!
//! ```
//! use optimizer::validate::counterexample;
//! use optimizer::{Law, Options, UserRule};
//! use rvsdg::random::random_inputs;
//!
//! let written = rvsdg::text::parse(
//!     "(lambda @f [(%x i64) (%y i64)] [%io] -> i64 (%d = isub %x (imul %y %y)) (results %d %io))",
//! )?;
//! let wrong = UserRule {
//!     name: "squares-are-roots".to_owned(),
//!     left: "(imul ?a ?a)".to_owned(),
//!     right: "?a".to_owned(),
//!     conditions: Vec::new(),
//!     law: Law::Exact,
//! };
//! let options = Options { user_rules: vec![wrong], ..Options::default() };
//! let inputs = (0..50).map(|seed| random_inputs(seed, &written));
//! let found = counterexample(&written, &options, inputs, |a, b| a.same(b))?;
//! assert_eq!(found.expect("the rule is wrong").suspects, ["squares-are-roots"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use crate::options::{Optimized, Options, OptionsError};
use crate::pipeline::optimize;
use rvsdg::interp::{Limits, Prepared};
use rvsdg::{Answer, Function, Inputs};

/// Steps of the interpreter after which an input is passed over.
const STEP_LIMIT: u64 = 2_000_000;

/// An input on which a program and its optimised form differ.
#[derive(Clone, Debug)]
pub struct Counterexample {
    /// The input.
    pub inputs: Inputs,
    /// The answer of the program as it was written.
    pub before: Answer,
    /// The answer of its optimised form; none if it reached an operation that is not defined there.
    pub after: Option<Answer>,
    /// The optimised form.
    pub function: Function,
    /// The rules that the differing outputs stem from, sorted.
    pub rules: Vec<String>,
    /// Those among them without which the answers agree: each alone, in the order of `rules`.
    pub suspects: Vec<String>,
}

/// Optimises a function and runs both forms on the inputs, in order, with the interpreter; the first
/// input on which the answers are not the `same` comes back with the rules behind it. Inputs that
/// take more than two million steps prove nothing and are passed over.
///
/// Finding the suspects optimises once for each rule on the derivation.
///
/// # Errors
/// If the options do not fit the function or each other.
///
/// # Panics
/// If the function is not legal.
pub fn counterexample(
    function: &Function,
    options: &Options,
    inputs: impl IntoIterator<Item = Inputs>,
    same: impl Fn(&Answer, &Answer) -> bool,
) -> Result<Option<Counterexample>, OptionsError> {
    let traced = Options { trace: true, ..options.clone() };
    let optimized = optimize(function, &traced)?;
    let prepared = Prepared::new(function).expect("the caller's function is legal");
    let Ok(target) = Prepared::new(&optimized.function) else {
        unreachable!("what is decoded passes the verifier");
    };
    for inputs in inputs {
        let Some(before) = completed(&prepared, &inputs) else { continue };
        let after = match run(&target, &inputs) {
            Attempt::Answer(after) if same(&before, &after) => continue,
            Attempt::TooLong => continue,
            Attempt::Answer(after) => Some(after),
            Attempt::Undefined => None,
        };
        let rules = blamed(&optimized, &before, after.as_ref());
        let mut suspects = Vec::new();
        for rule in &rules {
            let mut options = options.clone();
            options.without.push(rule.clone());
            let repaired = optimize(function, &options)?.function;
            let answer = Prepared::new(&repaired).ok().and_then(|form| completed(&form, &inputs));
            if answer.is_some_and(|answer| same(&before, &answer)) {
                suspects.push(rule.clone());
            }
        }
        let function = optimized.function.clone();
        return Ok(Some(Counterexample { inputs, before, after, function, rules, suspects }));
    }
    Ok(None)
}

/// What running an optimised form came to.
enum Attempt {
    Answer(Answer),
    TooLong,
    Undefined,
}

fn run(form: &Prepared<'_>, inputs: &Inputs) -> Attempt {
    let limits = Limits { steps: Some(STEP_LIMIT), ..Limits::default() };
    match form.run(inputs, &limits) {
        Ok(run) => Attempt::Answer(run.answer),
        Err(rvsdg::interp::Violation::StepLimit) => Attempt::TooLong,
        Err(_) => Attempt::Undefined,
    }
}

fn completed(form: &Prepared<'_>, inputs: &Inputs) -> Option<Answer> {
    match run(form, inputs) {
        Attempt::Answer(answer) => Some(answer),
        Attempt::TooLong | Attempt::Undefined => None,
    }
}

/// The rules behind the outputs that differ: those of single results where both forms return and
/// only results differ, those of all outputs otherwise.
fn blamed(optimized: &Optimized, before: &Answer, after: Option<&Answer>) -> Vec<String> {
    let derivation = &optimized.report.derivation;
    let mut outputs: Vec<usize> = Vec::new();
    if let Some(after) = after
        && let (Ok(a), Ok(b)) = (&before.outcome, &after.outcome)
    {
        outputs.extend((0..a.len().min(b.len())).filter(|at| !a[*at].same(b[*at])));
    }
    if outputs.is_empty() {
        outputs.extend(0..derivation.len());
    }
    let rules = outputs.into_iter().filter_map(|at| derivation.get(at)).flatten();
    let mut rules: Vec<String> = rules.cloned().collect();
    rules.sort_unstable();
    rules.dedup();
    rules
}
