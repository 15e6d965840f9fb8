//! Loops in other shapes, each on the smallest program that shows it, with its final graph.

use crate::compared::{compared, exact};
use optimizer::Options;
use rvsdg::{Function, NodeKind, RegionId};

/// The optimised program, compared; `rule` fired.
fn optimized(text: &str, rule: &str) -> Function {
    let optimized = compared(text, &Options::default());
    assert!(optimized.report.rules_fired.contains_key(rule), "{:?}", optimized.report);
    optimized.function
}

/// Nodes by name in loop bodies, whatever the depth; gammas and thetas under their names.
fn in_loops(function: &Function, name: &str) -> usize {
    let mut found = 0;
    let mut work = vec![(function.body(), false)];
    while let Some((region, looped)) = work.pop() {
        for node in &function.region(region).nodes {
            let (own, inner): (String, Vec<(RegionId, bool)>) = match &function.node(*node).kind {
                NodeKind::Simple(op) => (op.name(), Vec::new()),
                NodeKind::Gamma { arms } => {
                    ("gamma".to_owned(), arms.iter().map(|arm| (*arm, looped)).collect())
                }
                NodeKind::Theta { body } => ("theta".to_owned(), vec![(*body, true)]),
            };
            found += usize::from(looped && own == name);
            work.extend(inner);
        }
    }
    found
}

/// A loop from `from` by `step` to below `%n & bits`, in which `%t` is what `%s` is next; `%s` begins
/// as zero of the type `ty`.
fn counted(params: &str, ty: &str, [from, step, bits]: [i64; 3], body: &str) -> String {
    let zero = if ty == "f64" { "0.0" } else { "0" };
    format!(
        "(lambda @f [{params} (%n i64)] [%io] -> {ty}
          (%m = iand %n {bits})
          (%i %s = theta [{from} {zero}]
            (body [%i %s]
              {body}
              (%j = iadd %i {step}) (%go = icmp.lt %j %m)
              (results %go %j %t)))
          (results %s %io))"
    )
}

fn loops(function: &Function) -> usize {
    let regions = (0..function.region_count()).map(|at| function.region(RegionId::from_index(at)));
    let nodes = regions.flat_map(|region| &region.nodes).map(|node| &function.node(*node).kind);
    nodes.filter(|kind| matches!(kind, NodeKind::Theta { .. })).count()
}

#[test]
fn a_loop_is_peeled_where_a_variable_becomes_invariant() {
    // `p` is `%x` in the first iteration and `%y` in all others, so that its sine leaves the loop.
    let f = optimized(
        "(lambda @f [(%x f64) (%y f64) (%n i64)] [%io] -> f64
          (%m = iand %n 15)
          (%i %p %s = theta [0 %x 0.0]
            (body [%i %p %s]
              (%a = math.atan %p) (%t = fadd (fmul %s 0.5) %a)
              (%j = iadd %i 1) (%go = icmp.lt %j %m)
              (results %go %j %y %t)))
          (results %s %io))",
        "peel",
    );
    assert_eq!((in_loops(&f, "math.atan"), loops(&f)), (0, 1), "{f}");
}

#[test]
fn a_loop_is_peeled_where_its_first_iteration_is_special() {
    let f = optimized(
        &counted(
            "(%x f64)",
            "f64",
            [0, 1, 15],
            "(%t = gamma (icmp.eq %i 0) []
            (arm [] (%u = fmul %s (fadd %s %x)) (results %u))
            (arm [] (%u = math.cbrt (fadd %s %x)) (results %u)))",
        ),
        "peel",
    );
    assert_eq!(in_loops(&f, "gamma"), 0, "{f}");
}

#[test]
fn a_choice_that_does_not_change_leaves_the_loop() {
    let f = optimized(
        &counted(
            "(%x f64) (%p bool)",
            "f64",
            [0, 1, 15],
            "(%t = gamma %p []
            (arm [] (%u = math.atan (fadd %s %x)) (results %u))
            (arm [] (%u = math.cbrt (fmul %s %x)) (results %u)))",
        ),
        "unswitch",
    );
    assert_eq!((in_loops(&f, "gamma"), loops(&f)), (0, 2), "{f}");
}

#[test]
fn a_choice_between_stores_leaves_the_loop() {
    let f = optimized(
        "(lambda @f [(%a memref<f64,1,0>) (%p bool)] [%io %mem] -> i64
          (%ok = icmp.lt 20 (len.0 %a))
          (%k %mem1 = gamma %ok [%mem]
            (arm [%m0] (results 0 %m0))
            (arm [%m1]
              (%i1 %m2 = theta [0 %m1]
                (body [%i %m3]
                  (%v = load %m3 %a %i)
                  (%m4 = gamma %p [%m3]
                    (arm [%m5] (%m6 = store %m5 %a %i (math.atan %v)) (results %m6))
                    (arm [%m7] (%m8 = store %m7 %a %i (math.cbrt %v)) (results %m8)))
                  (%j = iadd %i 1) (%go = icmp.lt %j 20)
                  (results %go %j %m4)))
              (results %i1 %m2)))
          (results %k %io %mem1))",
        "unswitch",
    );
    assert_eq!((in_loops(&f, "gamma"), loops(&f)), (0, 2), "{f}");
}

#[test]
fn iterations_are_joined_where_their_number_divides() {
    let text = |trips: i64| {
        format!(
            "(lambda @f [(%x f64)] [%io] -> f64
              (%i %s = theta [0 %x]
                (body [%i %s]
                  (%t = fmul (fadd %s 0.5) %x)
                  (%j = iadd %i 1) (%go = icmp.lt %j {trips})
                  (results %go %j %t)))
              (results %s %io))"
        )
    };
    for (trips, factor) in [(100, 4), (98, 2)] {
        let f = optimized(&text(trips), "unroll-by-factor");
        assert_eq!((in_loops(&f, "fmul"), loops(&f)), (factor, 1), "{f}");
        assert_eq!((in_loops(&f, "iadd"), in_loops(&f, "icmp.lt")), (1, 1), "{f}");
    }
}

#[test]
fn a_product_of_the_counter_becomes_a_variable() {
    let f = optimized(
        &counted("(%x i64)", "i64", [3, 2, 63], "(%t = ixor %s (imul %i %x))"),
        "strength-reduction",
    );
    assert_eq!(in_loops(&f, "imul"), 0, "{f}");
}

#[test]
fn products_of_every_counter_become_variables_within_the_limit() {
    let f = optimized(
        "(lambda @f [(%x i64) (%y i64) (%n i64)] [%io] -> i64
          (%m = iand %n 63)
          (%i %k %s = theta [3 5 0]
            (body [%i %k %s]
              (%a = ixor %s (imul %i %x)) (%b = ixor %a (imul %i %y))
              (%c = ixor %b (imul %k %x)) (%d = ixor %c (imul %k %y))
              (%j = iadd %i 2) (%l = iadd %k 3)
              (%go = band (icmp.lt %j %m) (icmp.lt %l %m))
              (results %go %j %l %d)))
          (results %s %io))",
        "strength-reduction",
    );
    assert_eq!(in_loops(&f, "imul"), 0, "{f}");
}

#[test]
fn a_product_with_a_constant_stays_one_instruction() {
    let f = exact(&counted("", "i64", [3, 2, 63], "(%t = ixor %s (imul %i 7919))"));
    assert_eq!(in_loops(&f, "imul"), 1, "{f}");
}

#[test]
fn each_side_of_a_choice_that_left_a_loop_may_hold_another() {
    let f = optimized(
        &counted(
            "(%x i64)",
            "i64",
            [0, 1, 63],
            "(%t = gamma (icmp.eq %x 0) []
            (arm [] (%u = gamma (icmp.eq %x 1) []
                (arm [] (%v = ixor %s (iadd %i %x)) (results %v))
                (arm [] (%v = ixor %s (imul %i %i)) (results %v)))
              (results %u))
            (arm [] (%v = ixor %s (isub 7 %i)) (results %v)))",
        ),
        "unswitch",
    );
    assert_eq!(loops(&f), 3, "{f}");
    assert_eq!((in_loops(&f, "select"), in_loops(&f, "gamma")), (0, 0), "{f}");
}

#[test]
fn a_loop_of_which_nothing_is_used_is_gone() {
    let f = optimized(
        "(lambda @f [(%x f64) (%n i64)] [%io] -> f64
          (%m = iand %n 63)
          (%io1 %i %s = theta [%io 0 0.0]
            (body [%io1 %i %s]
              (%t = fadd %s %x) (%j = iadd %i 1) (%go = icmp.lt %j %m)
              (results %go %io1 %j %t)))
          (results %x %io1))",
        "loop-leaves-state",
    );
    assert_eq!(loops(&f), 0, "{f}");
}
