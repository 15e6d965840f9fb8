//! Approximations end to end: they fire within the budget only, and the stated error holds.

use optimizer::{Optimized, Options, OptionsError, optimize};
use rvsdg::interp::{Limits, run};
use rvsdg::{Arg, Function, Inputs, Scalar};

const GATE: &str = "
(lambda @gate [(%x f64) (%y f64)] [%io] -> f64
  (%io1 %t = call.tanh %io %x)
  (%h = fmul %t 0.5)
  (%s = fadd %h %y)
  (results %s %io1))";

const NESTED: &str = "
(lambda @nested [(%x f64)] [%io] -> f64
  (%io1 %p = call.pow %io %x 3.0)
  (%q = fmul %p 0.25)
  (%io2 %t = call.tanh %io1 %q)
  (%e = math.exp %t)
  (results %e %io2))";

const DECIDED: &str = "
(lambda @decided [(%x f64)] [%io] -> f64
  (%io1 %t = call.tanh %io %x)
  (%c = fcmp.lt %t 0.25)
  (%s = select %c 1.0 2.0)
  (results %s %io1))";

const SECOND_OPERAND: &str = "
(lambda @second [(%x f64)] [%io] -> f64
  (%io1 %t = call.tanh %io %x)
  (%s = math.atan2 2.0 %t)
  (results %s %io1))";

fn parse(text: &str) -> Function {
    rvsdg::text::parse(text).expect("the text is a function")
}

fn budget(max_error: f64, domains: &[(&str, f64, f64)]) -> Options {
    let domains = domains.iter().map(|(name, lo, hi)| ((*name).to_owned(), (*lo, *hi))).collect();
    Options { max_error: Some(max_error), domains, ..Options::default() }
}

fn value(function: &Function, arguments: &[f64]) -> f64 {
    let args = arguments.iter().map(|x| Arg::Scalar(Scalar::F64(*x))).collect();
    let inputs = Inputs { args, ..Inputs::default() };
    let run = run(function, &inputs, &Limits::default()).expect("the program is legal");
    match run.answer.outcome.expect("nothing raises").as_slice() {
        [Scalar::F64(value)] => *value,
        other => panic!("one float expected, got {other:?}"),
    }
}

/// Largest difference over a grid of the domain, after checking it against the stated bound.
fn worst(before: &Function, after: &Optimized, lo: f64, hi: f64, rest: &[f64]) -> f64 {
    let bound = after.report.error_bound.expect("an approximation states its error");
    let mut worst = 0.0_f64;
    for k in 0..=4000 {
        let x = lo + (hi - lo) * f64::from(k) / 4000.0;
        let arguments: Vec<f64> = std::iter::once(x).chain(rest.iter().copied()).collect();
        let error = (value(before, &arguments) - value(&after.function, &arguments)).abs();
        assert!(error <= bound, "at {x}: {error} > {bound}");
        worst = worst.max(error);
    }
    worst
}

#[test]
fn tanh_fires_within_the_budget_and_keeps_its_bound() {
    let function = parse(GATE);
    let domains = [("x", -1.0, 1.0), ("y", -4.0, 4.0)];
    let optimized = optimize(&function, &budget(1e-5, &domains)).expect("valid options");
    assert_eq!(optimized.report.approximations.len(), 1, "{:?}", optimized.report);
    assert_eq!(optimized.report.approximations[0].domain, (-1.0, 1.0));
    assert_eq!(optimized.report.rules_fired.get("tanh-convergent"), Some(&1));
    assert!(optimized.report.error_bound.is_some_and(|bound| bound <= 1e-5));
    assert!(worst(&function, &optimized, -1.0, 1.0, &[0.5]) > 0.0);
}

#[test]
fn what_does_not_fit_does_not_fire() {
    let function = parse(GATE);
    let wide = [("x", -10.0, 10.0), ("y", -4.0, 4.0)];
    let narrow = [("x", -1.0, 1.0), ("y", -4.0, 4.0)];
    let unknown = [("y", -4.0, 4.0)];
    for options in [budget(1e-3, &wide), budget(1e-9, &narrow), budget(1.0, &unknown)] {
        let optimized = optimize(&function, &options).expect("valid options");
        assert!(optimized.report.approximations.is_empty());
        assert_eq!(optimized.report.rules_fired.get("tanh-convergent"), None);
        assert_eq!(optimized.report.error_bound, None);
    }
    // An unbounded addend makes the rounding of the sum unbounded.
    let optimized = optimize(&function, &budget(1e-3, &[("x", -1.0, 1.0)])).expect("valid");
    assert!(optimized.report.approximations.is_empty());
}

#[test]
fn nested_approximations_add_up() {
    let function = parse(NESTED);
    let optimized = optimize(&function, &budget(1e-4, &[("x", -1.25, 1.25)])).expect("valid");
    assert_eq!(optimized.report.approximations.len(), 2, "{:?}", optimized.report);
    assert!(worst(&function, &optimized, -1.25, 1.25, &[]) > 0.0);
}

#[test]
fn a_perturbed_value_decides_nothing() {
    for text in [DECIDED, SECOND_OPERAND] {
        let options = budget(1.0, &[("x", -1.0, 1.0)]);
        let optimized = optimize(&parse(text), &options).expect("valid options");
        assert!(optimized.report.approximations.is_empty(), "{text}");
    }
}

#[test]
fn an_error_is_followed_through_the_nodes_that_were_chosen() {
    // The outer argument is -t / -1.5 or t / 1.5, whichever is cheaper: its class may go unused.
    let text = "(lambda @f [(%x f64)] [%io] -> f64
      (%io1 %t = call.tanh %io %x)
      (%q = fdiv (fneg %t) -1.5)
      (%io2 %u = call.tanh %io1 %q)
      (%r = fadd (fneg %u) -1.5)
      (results %r %io2))";
    let function = parse(text);
    for (lo, hi) in [(0.5, 0.6), (-1.5, 1.5)] {
        let optimized = optimize(&function, &budget(1e-2, &[("x", lo, hi)])).expect("valid");
        assert_eq!(optimized.report.approximations.len(), 2, "{:?}", optimized.report);
        assert!(worst(&function, &optimized, lo, hi, &[]) > 0.0);
    }
}

#[test]
fn a_budget_holds_under_fast_math_as_well() {
    let function = parse(NESTED);
    let options = Options { fast_math: true, ..budget(1e-4, &[("x", -1.25, 1.25)]) };
    let optimized = optimize(&function, &options).expect("valid options");
    assert!(!optimized.report.rules_fired.contains_key("pow-to-multiplications"));
    worst(&function, &optimized, -1.25, 1.25, &[]);
}

#[test]
fn families_without_their_flag_are_usage_errors() {
    let function = parse(GATE);
    for (rules, flag) in [("tanh", "--max-error"), ("fold,pow", "--fast-math or --max-error")] {
        let options = Options { rules: rules.to_owned(), ..Options::default() };
        match optimize(&function, &options) {
            Err(OptionsError::MissingBudget { flag: named, .. }) => assert_eq!(named, flag),
            other => panic!("{other:?}"),
        }
    }
    let options = Options { rules: "fold,nonsense".to_owned(), ..Options::default() };
    assert!(matches!(optimize(&function, &options), Err(OptionsError::UnknownFamily(_))));
}
