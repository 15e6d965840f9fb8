//! The gated activation from end to end: when `tanh` may be approximated, and how well.

use crate::engines::{Forms, GEGLU, count_ops, python};
use crate::note;
use optimizer::Options;

/// Other constants, other names, two calls.
const VARIANT: &str = "
import math

def blend(gate: f64) -> f64:
    left = math.tanh(0.3 * gate - 0.1)
    right = math.tanh(0.05 + 0.4 * gate * gate)
    return 0.25 * left + 0.5 * right * gate
";

/// Points of the grid on which errors are measured.
const POINTS: u32 = if cfg!(debug_assertions) { 20_000 } else { 1_000_000 };

fn optimised(text: &str, name: &str, domain: Option<(f64, f64)>, budget: Option<f64>) -> Forms {
    let function = python(text, name);
    let mut options = Options { max_error: budget, ..Options::default() };
    if let Some(domain) = domain {
        options.domains.insert(function.params[0].name.to_string(), domain);
    }
    Forms::new(function, &options).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Whether no call of `tanh` was approximated; other rules may use the budget.
fn keeps_tanh(forms: &Forms) -> bool {
    let (before, after) = (count_ops(&forms.before, "tanh"), count_ops(&forms.after, "tanh"));
    assert!(before > 0, "the input calls tanh");
    after == before && !forms.report.approximations.iter().any(|a| a.rule.starts_with("tanh"))
}

fn within_budget(text: &str, name: &str, budget: f64) {
    let forms = optimised(text, name, Some((0.0, 1.0)), Some(budget));
    assert_eq!(count_ops(&forms.after, "tanh"), 0, "{}", rvsdg::text::print(&forms.after));
    assert!(!forms.report.approximations.is_empty());
    let bound = forms.report.error_bound.expect("approximations have a bound");
    assert!(bound <= budget, "{bound:e} is above the budget");
    let mut worst = 0.0_f64;
    for at in 0..=POINTS {
        let (exact, approximate) = forms.on_f64(f64::from(at) / f64::from(POINTS));
        assert!(approximate.is_finite());
        worst = worst.max((exact - approximate).abs());
    }
    note(&format!("{name}: {worst:.3e} at {POINTS} points, proven {bound:.3e}, budget {budget:e}"));
    assert!(worst <= bound, "{worst:e} is above the proven bound {bound:e}");
}

#[test]
fn tanh_is_approximated_within_the_budget() {
    within_budget(GEGLU, "geglu", 1e-6);
}

#[test]
fn two_other_calls_share_the_budget() {
    within_budget(VARIANT, "blend", 1e-6);
}

#[test]
fn without_a_budget_nothing_is_approximated() {
    for (text, name) in [(GEGLU, "geglu"), (VARIANT, "blend")] {
        for domain in [None, Some((0.0, 1.0))] {
            let forms = optimised(text, name, domain, None);
            assert!(keeps_tanh(&forms), "{name} on {domain:?}");
            assert_eq!(forms.report.approximations, [], "{name} on {domain:?}");
        }
    }
}

#[test]
fn a_budget_that_no_approximation_meets_keeps_tanh() {
    for (text, name) in [(GEGLU, "geglu"), (VARIANT, "blend")] {
        for (domain, budget) in [((-10.0, 10.0), 1e-6), ((0.0, 1.0), 1e-12)] {
            let forms = optimised(text, name, Some(domain), Some(budget));
            let found = &forms.report.approximations;
            assert!(keeps_tanh(&forms), "{name} on {domain:?} within {budget:e}: {found:?}");
        }
    }
}
