//! Rules that compute their right side: they fire, and every special value keeps its answer.

use optimizer::{Options, optimize};
use rvsdg::interp::{Limits, run};
use rvsdg::{Arg, Inputs, Scalar};

fn keeps_answers(text: &str, rule: &str, options: &Options, values: &[Scalar], ulps: u64) {
    let function = rvsdg::text::parse(text).expect("the text is a function");
    let optimized = optimize(&function, options).expect("valid options");
    let fired = optimized.report.rules_fired.contains_key(rule);
    // A kept input would be compared with itself.
    assert!(fired && !optimized.report.kept_input, "{text}: {:?}", optimized.report);
    for value in values {
        let inputs = Inputs { args: vec![Arg::Scalar(*value)], ..Inputs::default() };
        let answer = |f| run(f, &inputs, &Limits::default()).expect("legal").answer;
        let (before, after) = (answer(&function), answer(&optimized.function));
        let close = match (&before.outcome, &after.outcome) {
            (Ok(a), Ok(b)) => match (a.as_slice(), b.as_slice()) {
                ([Scalar::F64(a)], [Scalar::F64(b)]) if a.is_finite() && b.is_finite() => {
                    a.to_bits().abs_diff(b.to_bits()) <= ulps
                }
                _ => before.same(&after),
            },
            _ => before.same(&after),
        };
        assert!(close, "{text} of {value:?}: {before:?} became {after:?}");
    }
}

#[test]
fn integers_by_powers_of_two() {
    let values =
        [0, 1, -1, 2, 7, -7, 8, -8, 63, -64, i64::MAX, i64::MIN, i64::MIN + 1].map(Scalar::I64);
    for k in [1, 3, 31, 62] {
        let divisor = 1_i64 << k;
        // A shift is no cheaper than a product: what shows the rule is that their difference folds.
        let product = format!("(isub (imul %x {divisor}) (ishl %x {k}))");
        let quotient = format!("(ifloordiv %x {divisor})");
        let remainder = format!("(imod %x {divisor})");
        for (op, term) in [("imul", product), ("ifloordiv", quotient), ("imod", remainder)] {
            let text = format!("(lambda @f [(%x i64)] [%io] -> i64 (results {term} %io))");
            let rule = format!("{op}-power-of-two");
            keeps_answers(&text, &rule, &Options::default(), &values, 0);
        }
    }
}

#[test]
fn floats_by_powers_of_two() {
    let values = [0.0, -0.0, 1.0, -0.1, 5e-324, -2.3e-308, 1.7e308, f64::INFINITY, f64::NAN];
    for divisor in ["2.0", "-0.5", "1024.0", "4.49423283715579e307"] {
        let text = format!(
            "(lambda @f [(%x f64)] [%io] -> f64 (%r = fdiv %x {divisor}) (results %r %io))"
        );
        let rule = "fdiv-power-of-two";
        keeps_answers(&text, rule, &Options::default(), &values.map(Scalar::F64), 0);
    }
}

#[test]
fn whole_powers_stay_within_their_roundings() {
    let values = [0.0, -0.0, 1.0, -1.5, 0.3, -7.1, 3e4, f64::INFINITY, f64::NEG_INFINITY, f64::NAN];
    let options = Options { fast_math: true, ..Options::default() };
    for n in [2_u32, 3, 5, 15, 16, 31, 64] {
        let text = format!(
            "(lambda @f [(%x f64)] [%io] -> f64 (%r = math.pow %x {n}.0) (results %r %io))"
        );
        let rule = "pow-to-multiplications";
        // Each of at most n - 1 rounding factors is half a unit; the library adds one.
        keeps_answers(&text, rule, &options, &values.map(Scalar::F64), u64::from(n));
    }
}

#[test]
fn choices_of_truth_values() {
    let truths = [Scalar::Bool(false), Scalar::Bool(true)];
    for (term, rule) in [
        ("(select (bxor %x true) %x false)", "select-both"),
        ("(select %x true (bxor %x true))", "select-either"),
        ("(select %x (bxor %x true) %x)", "select-both-asked"),
        ("(select %x %x (bxor %x true))", "select-either-asked"),
    ] {
        let text = format!("(lambda @f [(%x bool)] [%io] -> bool (results {term} %io))");
        keeps_answers(&text, rule, &Options::default(), &truths, 0);
    }
}
