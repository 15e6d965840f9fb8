//! Counted loops that vanish: polynomials in the counter, summed modulo 2^64.

use optimizer::cost::CostModel;
use optimizer::{Options, optimize};
use rvsdg::interp::{Limits, run};
use rvsdg::{Arg, Function, Inputs, NodeKind, RegionId, Scalar};

/// `s` and `t` start as 5 and `%y`, and become what the body says while `%i` goes from `%a` to `%b`.
fn text(step: i64, body: &str) -> String {
    let cmp = if step > 0 { "lt" } else { "gt" };
    format!(
        "(lambda @f [(%x i64) (%y i64) (%a i64) (%b i64)] [%io] -> (i64 i64 i64)
          (%p %q %r = gamma (icmp.{cmp} %a %b) []
            (arm [] (results 1 2 3))
            (arm []
              (%j1 %s1 %t1 = theta [%a 5 %y]
                (body [%i %s %t]
                  {body}
                  (%j = iadd %i {step}) (%go = icmp.{cmp} %j %b)
                  (results %go %j %u %v)))
              (results %j1 %s1 %t1)))
          (results %p %q %r %io))"
    )
}

fn loops(function: &Function) -> usize {
    let regions = (0..function.region_count()).map(|at| function.region(RegionId::from_index(at)));
    let nodes = regions.flat_map(|region| &region.nodes).map(|node| &function.node(*node).kind);
    nodes.filter(|kind| matches!(kind, NodeKind::Theta { .. })).count()
}

fn inputs(args: [i64; 4]) -> Inputs {
    let args = args.into_iter().map(|n| Arg::Scalar(Scalar::I64(n))).collect();
    Inputs { args, arrays: Vec::new() }
}

/// The optimised program, after a comparison on short ranges everywhere.
fn compared(text: &str, options: &Options, starts: &[i64]) -> Function {
    let function = rvsdg::text::parse(text).unwrap_or_else(|e| panic!("{e:?}\n{text}"));
    let optimized = optimize(&function, options).expect("valid options");
    let after = optimized.function;
    rvsdg::verify::verify(&after).unwrap_or_else(|e| panic!("{e:?}\n{after}"));
    for start in starts {
        for distance in -18i64..19 {
            for (x, y) in [(0, 0), (3, -7), (i64::MAX, i64::MIN), (0x1234_5678_9abc, -1)] {
                let inputs = inputs([x, y, *start, start.saturating_add(distance)]);
                let limits = Limits { steps: Some(2_000), ..Limits::default() };
                let Ok(expected) = run(&function, &inputs, &limits) else { continue };
                let found = run(&after, &inputs, &limits).unwrap_or_else(|e| panic!("{e:?}"));
                assert!(expected.answer.same(&found.answer), "{inputs:?}\n{after}");
            }
        }
    }
    after
}

/// Starts everywhere, those near the ends of the numbers included.
const STARTS: [i64; 9] =
    [0, 1, -9, 1000, -123_456_789_012, 1 << 62, i64::MAX - 20, i64::MIN + 20, i64::MIN];

fn exact(step: i64, body: &str) -> Function {
    compared(&text(step, body), &Options::default(), &STARTS)
}

#[test]
fn sums_of_powers_up_to_the_fourth_have_closed_forms() {
    let mut power = "%i".to_owned();
    for _ in 1..=4 {
        let f = exact(1, &format!("(%w = imul 1 {power}) (%u = iadd %s %w) (%v = isub %t %w)"));
        assert_eq!(loops(&f), 0, "{power}: {f}");
        power = format!("(imul %i {power})");
    }
    let f = exact(1, &format!("(%w = imul 1 {power}) (%u = iadd %s %w) (%v = isub %t %w)"));
    assert_eq!(loops(&f), 1, "the fifth: {f}");
}

#[test]
fn polynomials_with_values_from_outside_have_closed_forms() {
    let body = "(%w = imul (iadd (imul %i %x) 3) (isub %y (imul %i %i)))
      (%u = iadd %s %w) (%v = iadd %t (ineg (ipow %i 3)))";
    // The estimate is ten iterations, which so many products are not worth; here they are.
    let mut cost_model = CostModel::shipped().as_ref().clone();
    cost_model.set("instance", 1000.0);
    let options = Options { cost_model: cost_model.into(), ..Options::default() };
    for step in [1, -1] {
        let f = compared(&text(step, body), &options, &STARTS);
        assert_eq!(loops(&f), 0, "{step}: {f}");
    }
}

#[test]
fn sums_of_sums_have_closed_forms() {
    let f = exact(1, "(%u = iadd %s (imul %i %t)) (%v = iadd %t %i)");
    assert_eq!(loops(&f), 0, "{f}");
}

#[test]
fn steps_that_cannot_pass_the_end_of_the_numbers_have_closed_forms() {
    for step in [3, -4] {
        let text = text(step, "(%u = iadd %s (imul %i %i)) (%v = iadd %t %x)")
            .replace("(%a i64) (%b i64)", "(%c i64) (%d i64)")
            .replace(
                "(%p %q",
                "(%a = imax -1000000 (imin %c 1000000))
                (%b = imax -1000000 (imin %d 1000000)) (%p %q",
            );
        let f = compared(&text, &Options::default(), &[0, 1, -9, 1000, 999_990, -999_985]);
        assert_eq!(loops(&f), 0, "{step}: {f}");
        let printed = f.to_string();
        assert!(printed.contains("ifloordiv") || printed.contains("ishr"), "{f}");
    }
}

#[test]
fn what_is_no_polynomial_keeps_its_loop() {
    for body in [
        // A product of two variables that grow with it.
        "(%u = iadd %s (imul %s %i)) (%v = iadd %t 1)",
        "(%u = iadd %s (ixor %i %x)) (%v = iadd %t 1)",
        "(%u = iadd %t %i) (%v = iadd %s %i)",
        "(%u = iadd %s (ifloordiv %i 3)) (%v = iadd %t 1)",
    ] {
        let f = exact(1, body);
        assert_eq!(loops(&f), 1, "{body}: {f}");
    }
}

#[test]
fn a_loop_that_another_condition_may_end_is_not_counted() {
    let text = text(1, "(%u = iadd %s (imul %i %i)) (%v = iadd %t 1) (%few = icmp.lt %u 900)")
        .replace("(%go = icmp.lt %j %b)", "(%go = band %few (icmp.lt %j %b))");
    let f = compared(&text, &Options::default(), &STARTS);
    assert_eq!(loops(&f), 1, "{f}");
}

#[test]
fn a_loop_that_is_entered_beyond_its_bound_runs_once() {
    let text = "(lambda @f [(%x i64) (%y i64) (%a i64) (%b i64)] [%io] -> i64
      (%j1 %s1 = theta [%a %x]
        (body [%i %s]
          (%t = iadd %s (imul %i %i)) (%j = iadd %i 1) (%go = icmp.lt %j %b)
          (results %go %j %t)))
      (results %s1 %io))";
    compared(text, &Options::default(), &STARTS);
}

#[test]
fn a_float_is_added_once_where_rounding_is_free() {
    let text = "(lambda @f [(%x f64) (%n i64)] [%io] -> f64
      (%r = gamma (icmp.lt 0 %n) []
        (arm [] (results 1.5))
        (arm []
          (%j1 %s1 = theta [0 1.5]
            (body [%i %s]
              (%t = fadd %s %x) (%j = iadd %i 1) (%go = icmp.lt %j %n)
              (results %go %j %t)))
          (results %s1)))
      (results %r %io))";
    let function = rvsdg::text::parse(text).expect("the text is a function");
    let optimized = |fast_math| {
        let options = Options { fast_math, ..Options::default() };
        optimize(&function, &options).expect("valid options")
    };
    assert_eq!(loops(&optimized(false).function), 1);
    let fast = optimized(true);
    assert_eq!(loops(&fast.function), 0, "{}", fast.function);
    assert_eq!(fast.report.rules_fired.get("closed-float-sum"), Some(&1));
    for n in [-3, 0, 1, 100] {
        let args = vec![Arg::Scalar(Scalar::F64(0.25)), Arg::Scalar(Scalar::I64(n))];
        let inputs = Inputs { args, arrays: Vec::new() };
        let answer = run(&fast.function, &inputs, &Limits::default()).expect("legal").answer;
        let expected = 1.5 + 0.25 * n.max(0) as f64;
        assert_eq!(answer.outcome, Ok(vec![Scalar::F64(expected)]));
    }
}
