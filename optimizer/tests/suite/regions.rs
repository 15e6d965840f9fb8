//! Rules that cross regions, each on the smallest program that shows it, with its final graph.

use crate::compared::exact;
use optimizer::{Options, optimize};
use rvsdg::{Function, NodeKind, Op, RegionId};

/// How many operations of this name lie in regions at this depth; the body has depth 0.
fn at_depth(function: &Function, name: &str, depth: usize) -> usize {
    let mut found = 0;
    let mut work = vec![(function.body(), 0)];
    while let Some((region, here)) = work.pop() {
        for node in &function.region(region).nodes {
            match &function.node(*node).kind {
                NodeKind::Simple(op) => {
                    found += usize::from(here == depth && op.name().starts_with(name));
                }
                NodeKind::Gamma { arms } => work.extend(arms.iter().map(|arm| (*arm, here + 1))),
                NodeKind::Theta { body } => work.push((*body, here + 1)),
            }
        }
    }
    found
}

/// Gammas and thetas.
fn instances(function: &Function) -> (usize, usize) {
    let regions = (0..function.region_count()).map(|at| function.region(RegionId::from_index(at)));
    let kinds = regions.flat_map(|region| &region.nodes).map(|node| &function.node(*node).kind);
    kinds.fold((0, 0), |(gammas, thetas), kind| match kind {
        NodeKind::Gamma { .. } => (gammas + 1, thetas),
        NodeKind::Theta { .. } => (gammas, thetas + 1),
        NodeKind::Simple(_) => (gammas, thetas),
    })
}

fn count(function: &Function, op: Op) -> usize {
    (0..4).map(|depth| at_depth(function, &op.name(), depth)).sum()
}

#[test]
fn an_invariant_leaves_the_loop() {
    let f = exact(
        "(lambda @f [(%x f64) (%n i64)] [%io] -> f64
          (%m = iand %n 7)
          (%i %s = theta [0 0.0]
            (body [%i %s]
              (%y = math.sin (fmul %x 3.0))
              (%t = fmul %s 0.5) (%u = fadd %t %y)
              (%j = iadd %i 1) (%go = icmp.lt %j %m)
              (results %go %j %u)))
          (results %s %io))",
    );
    assert_eq!((at_depth(&f, "math.sin", 0), at_depth(&f, "math.sin", 1)), (1, 0));
    assert_eq!(instances(&f), (0, 1));
}

#[test]
fn arms_that_agree_vanish() {
    let f = exact(
        "(lambda @f [(%a f64) (%b f64) (%p bool)] [%io] -> f64
          (%y = gamma %p []
            (arm [] (%m = fmul %a %b) (results %m))
            (arm [] (%m = fmul %b %a) (results %m)))
          (results %y %io))",
    );
    assert_eq!(instances(&f), (0, 0));
    assert_eq!(count(&f, Op::FMul), 1);
}

#[test]
fn a_cheap_choice_becomes_a_select() {
    let f = exact(
        "(lambda @f [(%x i64) (%y i64) (%p bool)] [%io] -> i64
          (%r = gamma %p []
            (arm [] (results %x))
            (arm [] (results %y)))
          (results %r %io))",
    );
    assert_eq!((instances(&f), count(&f, Op::Select)), ((0, 0), 1));
}

#[test]
fn an_expensive_choice_stays_a_branch() {
    let f = exact(
        "(lambda @f [(%x f64) (%p bool)] [%io] -> f64
          (%r = gamma %p []
            (arm [] (%s = math.sin %x) (results %s))
            (arm [] (%c = math.tanh %x) (results %c)))
          (results %r %io))",
    );
    assert_eq!((instances(&f), count(&f, Op::Select)), ((1, 0), 0));
}

#[test]
fn a_sum_of_counted_numbers_needs_no_loop() {
    let f = exact(
        "(lambda @f [(%n i64)] [%io] -> i64
          (%r = gamma (icmp.lt 0 %n) []
            (arm [] (results 0))
            (arm []
              (%i %s = theta [0 0]
                (body [%i %s]
                  (%t = iadd %s %i) (%j = iadd %i 1) (%go = icmp.lt %j %n)
                  (results %go %j %t)))
              (results %s)))
          (results %r %io))",
    );
    assert_eq!(instances(&f).1, 0);
}

#[test]
fn a_closed_sum_is_the_sum_where_it_wraps() {
    // From `a` to `b`, four at most apart: `7 * (a + .. + (b - 1))`, then down again.
    let text = "(lambda @f [(%x i64) (%d i64)] [%io] -> (i64 i64)
      (%a = imax 0 (imin %x 9223372036854775800))
      (%k = iadd 1 (iand %d 3)) (%b = iadd %a %k)
      (%go0 = icmp.lt %a %b)
      (%r %q = gamma %go0 []
        (arm [] (results 0 0))
        (arm []
          (%i %s = theta [%a 5]
            (body [%i %s]
              (%t = iadd %s (imul 7 %i)) (%j = iadd %i 1) (%go = icmp.lt %j %b)
              (results %go %j %t)))
          (%i2 %s2 = theta [%b %x]
            (body [%i2 %s2]
              (%t2 = iadd %s2 %i2) (%j2 = isub %i2 1) (%k2 = iadd %i2 -1) (%go2 = icmp.gt %k2 %a)
              (results %go2 %k2 %t2)))
          (results %s %s2)))
      (results %r %q %io))";
    assert_eq!(instances(&exact(text)).1, 0);
}

#[test]
fn a_loop_whose_body_is_pure_loses_its_state() {
    let f = exact(
        "(lambda @f [(%x f64) (%n i64) (%a memref<f64,1,0>)] [%io %m] -> f64
          (%k = iand %n 7)
          (%io1 %m1 %i %s = theta [%io %m 0 0.0]
            (body [%io1 %m1 %i %s]
              (%io2 %t = call.tanh %io1 %m1 %s)
              (%u = fadd %t %x) (%j = iadd %i 1) (%go = icmp.lt %j %k)
              (results %go %io2 %m1 %j %u)))
          (results %s %io1 %m1))",
    );
    let text = f.to_string();
    let theta = text.lines().find(|line| line.contains("theta")).expect("the loop stays");
    assert!(!theta.contains("%io") && !theta.contains("%m"), "{theta}");
}

#[test]
fn a_loop_that_may_not_end_keeps_its_state() {
    let f = exact(
        "(lambda @f [(%x i64)] [%io] -> i64
          (%io1 %k = theta [%io %x]
            (body [%io1 %k]
              (%j = imul %k %k) (%go = icmp.ne %j 1) (results %go %io1 %j)))
          (results %x %io1))",
    );
    assert_eq!(instances(&f).1, 1);
}

#[test]
fn variables_that_pass_through_are_not_loop_variables() {
    let f = exact(
        "(lambda @f [(%x f64) (%y f64) (%n i64)] [%io] -> (f64 f64 f64)
          (%m = iand %n 7)
          (%i %a %b %s = theta [0 %x 2.0 %y]
            (body [%i %a %b %s]
              (%t = fdiv (fmul %s %a) (fadd %b 1.5)) (%j = iadd %i 1) (%go = icmp.lt %j %m)
              (results %go %j %a 2.0 %t)))
          (results %a %b %s %io))",
    );
    let text = f.to_string();
    let theta = text.lines().find(|line| line.contains("theta")).expect("the loop stays");
    assert_eq!(theta.split('[').nth(1).expect("inputs").split(' ').count(), 2, "{text}");
}

#[test]
fn swapped_loop_variables_are_not_fixed() {
    let f = exact(
        "(lambda @f [(%x i64) (%y i64) (%n i64)] [%io] -> (i64 i64)
          (%m = iand %n 7)
          (%i %a %b = theta [0 %x %y]
            (body [%i %a %b]
              (%j = iadd %i 1) (%go = icmp.lt %j %m) (results %go %j %b %a)))
          (results %a %b %io))",
    );
    assert_eq!(instances(&f).1, 1);
}

#[test]
fn a_load_finds_what_was_stored() {
    let f = exact(
        "(lambda @f [(%a memref<f64,1,0>) (%x f64) (%i i64)] [%io %m] -> f64
          (%n = len.0 %a)
          (%ok = band (icmp.le 0 %i) (icmp.lt %i %n))
          (%io1 %k = guard %io %m %ok %i :raise IndexError \"range\")
          (%m1 = store %m %a %k 1.0)
          (%m2 = store %m1 %a %k %x)
          (%y = load %m2 %a %k)
          (%m3 = store %m2 %a %k %y)
          (results %y %io1 %m3))",
    );
    assert_eq!((count(&f, Op::Load), count(&f, Op::Store)), (0, 1));
}

#[test]
fn a_factor_leaves_the_loop_where_rounding_is_free() {
    let text = "(lambda @f [(%x f64) (%n i64)] [%io] -> f64
      (%m = iand %n 7)
      (%i %y %s = theta [0 0.25 0.0]
        (body [%i %y %s]
          (%t = fadd %s (fmul %x %y)) (%z = fdiv %y 1.25) (%j = iadd %i 1) (%go = icmp.lt %j %m)
          (results %go %j %z %t)))
      (results %s %io))";
    let function = rvsdg::text::parse(text).expect("the text is a function");
    let fast = Options { fast_math: true, ..Options::default() };
    let after = optimize(&function, &fast).expect("valid options").function;
    assert_eq!((at_depth(&after, "fmul", 0), at_depth(&after, "fmul", 1)), (1, 0), "{after}");
    assert_eq!(at_depth(&exact(text), "fmul", 1), 1);
}

#[test]
fn an_arm_that_its_predicate_excludes_is_gone() {
    let f = exact(
        "(lambda @f [(%x i64) (%y f64)] [%io] -> f64
          (%r = gamma (icmp.lt %x 10) []
            (arm [] (results %y))
            (arm []
              (%q = gamma (icmp.gt %x 20) []
                (arm [] (%a = fadd %y 1.5) (results %a))
                (arm [] (%b = math.tanh %y) (results %b)))
              (results %q)))
          (results %r %io))",
    );
    assert_eq!(count(&f, Op::Math(rvsdg::MathFn::Tanh)), 0, "{f}");
}

#[test]
fn a_loop_with_a_small_known_count_is_unrolled_whole() {
    let f = exact(
        "(lambda @f [(%x f64)] [%io] -> f64
          (%i %s = theta [0 1.0]
            (body [%i %s]
              (%t = fmul %s %x) (%u = fadd %t 1.0)
              (%j = iadd %i 1) (%go = icmp.lt %j 4)
              (results %go %j %u)))
          (results %s %io))",
    );
    assert_eq!(instances(&f), (0, 0));
    // The first product is by one.
    assert_eq!((count(&f, Op::FMul), count(&f, Op::FAdd), count(&f, Op::IAdd)), (3, 4, 0));
}

#[test]
fn a_loop_with_a_large_count_stays() {
    let f = exact(
        "(lambda @f [(%x f64)] [%io] -> f64
          (%i %s = theta [0 1.0]
            (body [%i %s]
              (%t = fmul %s %x) (%u = fadd %t 1.0)
              (%j = iadd %i 1) (%go = icmp.lt %j 401)
              (results %go %j %u)))
          (results %s %io))",
    );
    assert_eq!(instances(&f), (0, 1));
    assert_eq!((count(&f, Op::FMul), count(&f, Op::FAdd)), (1, 1));
}

/// A loop around `operations` operations, the first `invariant` of which do not depend on it.
fn wide_loop(operations: usize, invariant: usize) -> Function {
    let first = (0..invariant).map(|at| format!("(%h{at} = math.sin %x{at})"));
    let rest = (0..operations - invariant).map(|at| {
        let before = if at == 0 { "%s".to_owned() } else { format!("%v{}", at - 1) };
        format!("(%v{at} = fmul {before} %h{})", at % invariant)
    });
    let lines: Vec<String> = first.chain(rest).collect();
    let params: Vec<String> = (0..invariant).map(|at| format!("(%x{at} f64)")).collect();
    let (lines, params) = (lines.join("\n"), params.join(" "));
    let last = operations - invariant - 1;
    let text = format!(
        "(lambda @f [{params} (%n i64)] [%io] -> f64
          (%i %s = theta [0 1.0]
            (body [%i %s]
              {lines}
              (%j = iadd %i 1) (%go = icmp.lt %j %n)
              (results %go %j %v{last})))
          (results %s %io))"
    );
    rvsdg::text::parse(&text).unwrap_or_else(|e| panic!("{e:?}\n{text}"))
}

#[test]
fn eight_invariants_leave_a_large_body_for_a_few_nodes_each() {
    let function = wide_loop(200, 8);
    let nodes = |rules: &str| {
        let options = Options { rules: rules.to_owned(), ..Options::default() };
        let model = optimizer::saturated(&function, &options).expect("valid options");
        model.expect("it is small").graph.node_count()
    };
    let (without, with) = (nodes("fold"), nodes("fold|hoist"));
    assert!(with - without <= 40, "{without} e-nodes became {with}");
    let after = optimize(&function, &Options::default()).expect("valid options").function;
    assert_eq!((at_depth(&after, "math.sin", 0), at_depth(&after, "math.sin", 1)), (8, 0));
}

/// Two loops over `x`, with these steps, that are added up.
fn two_loops(first: &str, second: &str) -> Function {
    let one = |step: &str| {
        format!(
            "theta [0 %x]
              (body [%i %s]
                (%t = fdiv %s {step}) (%u = fsub %t %x)
                (%j = iadd %i 1) (%go = icmp.lt %j %m)
                (results %go %j %u))"
        )
    };
    exact(&format!(
        "(lambda @f [(%x f64) (%n i64)] [%io] -> f64
          (%m = iand %n 7)
          (%a %b = {})
          (%c %d = {})
          (%e = fmul %b %d)
          (results %e %io))",
        one(first),
        one(second)
    ))
}

#[test]
fn loops_that_compute_the_same_are_one() {
    let f = two_loops("3.0", "3.0");
    assert_eq!((instances(&f), count(&f, Op::FDiv)), ((0, 1), 1), "{f}");
}

#[test]
fn loops_that_differ_in_a_constant_are_two() {
    let f = two_loops("3.0", "5.0");
    assert_eq!((instances(&f), count(&f, Op::FDiv)), ((0, 2), 2), "{f}");
}

/// Two branches on `x < y`, each around a loop; the second one's step is given.
fn two_branches(second: &str) -> Function {
    let one = |step: &str| {
        format!(
            "gamma %p []
              (arm [] (results %y))
              (arm []
                (%i %s = theta [0 %x]
                  (body [%i %s]
                    (%t = fdiv %s {step}) (%j = iadd %i 1) (%go = icmp.lt %j %m)
                    (results %go %j %t)))
                (results %s))"
        )
    };
    exact(&format!(
        "(lambda @f [(%x f64) (%y f64) (%n i64)] [%io] -> f64
          (%m = iand %n 7)
          (%p = fcmp.lt %x %y)
          (%a = {})
          (%b = {})
          (%u = fmul %a %b)
          (results %u %io))",
        one("3.0"),
        one(second)
    ))
}

#[test]
fn branches_that_compute_the_same_are_one() {
    let same = two_branches("3.0");
    assert_eq!((instances(&same).1, count(&same, Op::FDiv)), (1, 1), "{same}");
    let other = two_branches("5.0");
    assert_eq!(count(&other, Op::FDiv), 2, "{other}");
}
