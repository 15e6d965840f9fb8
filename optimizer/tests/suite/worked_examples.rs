//! The worked examples of the region rules, each with its final graph; the sum over a product of
//! matrices is in the package `tests`, from Python.

use crate::compared::exact;
use rvsdg::text;

fn optimized(source: &str) -> String {
    text::print(&exact(source))
}

/// Compares the optimised program with what it must be, names of values aside.
fn becomes(source: &str, expected: &str) {
    let found = optimized(source);
    let expected = text::parse(expected).unwrap_or_else(|e| panic!("{e:?}\n{expected}"));
    let found_again = text::parse(&found).expect("what is printed can be read");
    assert_eq!(text::print(&found_again), text::print(&expected), "{found}");
}

#[test]
fn arms_that_compute_the_same_product_become_the_product() {
    becomes(
        "(lambda @f [(%a f64) (%b f64) (%p bool)] [%io] -> f64
          (%y = gamma %p []
            (arm [] (%m = fmul %a %b) (results %m))
            (arm [] (%m = fmul %b %a) (results %m)))
          (results %y %io))",
        "(lambda @f [(%a f64) (%b f64) (%p bool)] [%io] -> f64
          (%m = fmul %a %b)
          (results %m %io))",
    );
}

#[test]
fn a_choice_of_values_that_are_there_becomes_a_selection() {
    let found = optimized(
        "(lambda @f [(%x i64) (%p bool)] [%io] -> (i64 i64 i64)
          (%c = isub %x 2) (%d = iadd %x 1)
          (%y = gamma %p []
            (arm [] (%b = iadd 1 %x) (results %b))
            (arm [] (%a = isub %x 2) (results %a)))
          (results %y %c %d %io))",
    );
    let count = |operation: &str| found.matches(operation).count();
    assert_eq!((count("gamma"), count("= select %p")), (0, 1), "{found}");
    assert_eq!(count("= isub") + count("= iadd"), 2, "{found}");
}

#[test]
fn what_a_guard_makes_constant_is_constant_in_the_selection_only() {
    // Where `x` is 0, `x * 2 + y` is `y`; outside nothing is known of `x`.
    let found = optimized(
        "(lambda @f [(%x i64) (%y i64)] [%io] -> (i64 i64)
          (%y1 = gamma (icmp.eq %x 0) []
            (arm [] (results %x))
            (arm [] (%t = imul %x 2) (%a = iadd %t %y) (results %a)))
          (%z = ixor %x %y)
          (results %y1 %z %io))",
    );
    assert!(!found.contains("imul") && !found.contains("gamma"), "{found}");
    assert!(found.contains("select") && found.contains("ixor %x %y"), "{found}");
}

#[test]
fn a_division_that_may_fail_is_not_chosen_before_it_is_guarded() {
    let found = optimized(
        "(lambda @f [(%x i64) (%y i64)] [%io] -> i64
          (%r = gamma (icmp.ne %y 0) []
            (arm [] (results 0))
            (arm [] (%q = ifloordiv %x %y) (results %q)))
          (results %r %io))",
    );
    assert!(found.contains("gamma") && !found.contains("select"), "{found}");
}

#[test]
fn a_counted_loop_with_a_pure_body_has_no_state_and_others_keep_theirs() {
    let counted = optimized(
        "(lambda @f [(%x f64) (%n i64)] [%io] -> f64
          (%k = iand %n 7)
          (%io1 %i %s = theta [%io 0 0.0]
            (body [%io1 %i %s]
              (%io2 %t = call.tanh %io1 %s)
              (%u = fadd %t %x) (%j = iadd %i 1) (%go = icmp.lt %j %k)
              (results %go %io2 %j %u)))
          (results %s %io1))",
    );
    let line = |text: &str| text.lines().find(|line| line.contains("theta")).map(str::to_owned);
    assert!(!line(&counted).expect("the loop stays").contains("%io"), "{counted}");
    let searching = optimized(
        "(lambda @f [(%x f64)] [%io] -> f64
          (%io1 %s = theta [%io %x]
            (body [%io1 %s]
              (%io2 %t = call.tanh %io1 %s)
              (%u = fsub %t 0.25) (%go = fcmp.lt -0.5 %u)
              (results %go %io2 %u)))
          (results %s %io1))",
    );
    assert!(line(&searching).expect("the loop stays").contains("%io"), "{searching}");
}

#[test]
fn a_call_that_is_known_not_to_raise_is_the_function() {
    becomes(
        "(lambda @f [(%x f64)] [%io] -> f64
          (%io1 %y = call.tanh %io %x)
          (results %y %io1))",
        "(lambda @f [(%x f64)] [%io] -> f64
          (%y = math.tanh %x)
          (results %y %io))",
    );
}
