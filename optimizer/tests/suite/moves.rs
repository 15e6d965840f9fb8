//! Where values and effects go: into the arm that needs them, out of the arm that does not, past
//! stores that cannot meet them. Each on the smallest program, with its final graph.

use crate::compared::exact;
use rvsdg::{Function, NodeKind, RegionId};

/// Operations of this name by the depth of their regions; the body has depth 0.
fn depths(function: &Function, name: &str) -> Vec<usize> {
    let mut found = Vec::new();
    let mut work = vec![(function.body(), 0)];
    while let Some((region, here)) = work.pop() {
        for node in &function.region(region).nodes {
            match &function.node(*node).kind {
                NodeKind::Simple(op) if op.name() == name => found.push(here),
                NodeKind::Simple(_) => {}
                NodeKind::Gamma { arms } => work.extend(arms.iter().map(|arm| (*arm, here + 1))),
                NodeKind::Theta { body } => work.push((*body, here + 1)),
            }
        }
    }
    found.sort_unstable();
    found
}

/// Ports of the loops of a program.
fn loop_ports(function: &Function) -> Vec<usize> {
    let regions = (0..function.region_count()).map(|at| function.region(RegionId::from_index(at)));
    let nodes = regions.flat_map(|region| &region.nodes).map(|node| function.node(*node));
    let loops = nodes.filter(|node| matches!(node.kind, NodeKind::Theta { .. }));
    loops.map(|node| node.operands.len()).collect()
}

#[test]
fn what_one_arm_uses_is_computed_in_it() {
    let f = exact(
        "(lambda @f [(%x f64) (%y f64) (%p bool)] [%io] -> f64
          (%a = math.atan (fmul %x %y)) (%b = math.cbrt %a)
          (%r = gamma %p []
            (arm [] (results %y))
            (arm [] (%c = fsub %b %x) (results %c)))
          (results %r %io))",
    );
    assert_eq!((depths(&f, "math.cbrt"), depths(&f, "math.atan")), (vec![1], vec![1]), "{f}");
    assert_eq!(depths(&f, "fmul"), [1], "{f}");
}

#[test]
fn what_both_arms_or_others_use_is_computed_before() {
    let f = exact(
        "(lambda @f [(%x f64) (%y f64) (%p bool)] [%io] -> (f64 f64)
          (%a = math.atan %x) (%b = math.cbrt %y)
          (%r = gamma %p []
            (arm [] (%u = fmul %a 3.0) (%v = math.tanh %u) (results %v))
            (arm [] (%c = fsub %b %a) (%d = math.sin %c) (results %d)))
          (results %r %b %io))",
    );
    assert_eq!((depths(&f, "math.cbrt"), depths(&f, "math.atan")), (vec![0], vec![0]), "{f}");
}

#[test]
fn what_an_arm_computes_again_and_again_leaves_the_loop() {
    let f = exact(
        "(lambda @f [(%x f64) (%n i64)] [%io] -> f64
          (%m = iand %n 15)
          (%i %s = theta [0 0.5]
            (body [%i %s]
              (%t = gamma (fcmp.lt %s 1.0) []
                (arm [] (%u = fmul %s 0.75) (results %u))
                (arm [] (%v = fadd %s (math.atan %x)) (results %v)))
              (%j = iadd %i 1) (%go = icmp.lt %j %m)
              (results %go %j %t)))
          (results %s %io))",
    );
    assert_eq!(depths(&f, "math.atan"), [0], "{f}");
}

#[test]
fn a_variable_that_nothing_uses_is_no_variable() {
    let f = exact(
        "(lambda @f [(%x f64) (%n i64)] [%io] -> f64
          (%m = iand %n 15)
          (%i %s %d = theta [0 0.5 1.0]
            (body [%i %s %d]
              (%e = fdiv %d %x) (%t = fsub (fmul %s 0.75) %x)
              (%j = iadd %i 1) (%go = icmp.lt %j %m)
              (results %go %j %t %e)))
          (results %s %io))",
    );
    assert_eq!((depths(&f, "fdiv"), loop_ports(&f)), (vec![], vec![2]), "{f}");
}

#[test]
fn a_counter_ends_at_its_bound() {
    let f = exact(
        "(lambda @f [(%x f64) (%n i64)] [%io] -> i64
          (%m = iadd 1 (iand %n 15))
          (%i %s = theta [0 0.5]
            (body [%i %s]
              (%t = fsub (fmul %s 0.75) %x)
              (%j = iadd %i 1) (%go = icmp.lt %j %m)
              (results %go %j %t)))
          (%k = imul %i 3)
          (results %k %io))",
    );
    // The product is of the bound, and nothing else needs the loop.
    assert!(loop_ports(&f).is_empty(), "{f}");
}

#[test]
fn a_store_to_another_array_is_passed() {
    let f = exact(
        "(lambda @f [(%a memref<f64,1,0>) (%b memref<f64,1,1>) (%x f64)] [%io %m %w] -> f64
          (%ok = band (icmp.lt 0 (len.0 %a)) (icmp.lt 0 (len.0 %b)))
          (%io1 %k = guard %io %m %w %ok 0 :raise IndexError \"range\")
          (%y = load %m %a %k)
          (%w1 = store %w %b %k %x)
          (%z = load %m %a %k)
          (results (fadd %y %z) %io1 %m %w1))",
    );
    assert_eq!((depths(&f, "load").len(), depths(&f, "store").len()), (1, 1), "{f}");
}

#[test]
fn a_store_at_another_index_is_passed() {
    let f = exact(
        "(lambda @f [(%a memref<f64,1,0>) (%x f64)] [%io %m] -> f64
          (%ok = icmp.lt 1 (len.0 %a))
          (%io1 %k = guard %io %m %ok 0 :raise IndexError \"range\")
          (%l = iadd %k 1)
          (%y = load %m %a %k)
          (%m1 = store %m %a %l %x)
          (%z = load %m1 %a %k)
          (results (fadd %y %z) %io1 %m1))",
    );
    assert_eq!((depths(&f, "load").len(), depths(&f, "store").len()), (1, 1), "{f}");
}

#[test]
fn a_store_that_is_overwritten_is_gone() {
    let f = exact(
        "(lambda @f [(%a memref<f64,1,0>) (%x f64)] [%io %m] -> f64
          (%ok = icmp.lt 0 (len.0 %a))
          (%io1 %k = guard %io %m %ok 0 :raise IndexError \"range\")
          (%m1 = store %m %a %k 1.0)
          (%m2 = store %m1 %a %k %x)
          (results %x %io1 %m2))",
    );
    assert_eq!(depths(&f, "store").len(), 1, "{f}");
}

#[test]
fn a_store_of_what_is_there_is_gone() {
    let f = exact(
        "(lambda @f [(%a memref<f64,1,0>) (%x f64)] [%io %m] -> f64
          (%ok = icmp.lt 0 (len.0 %a))
          (%io1 %k = guard %io %m %ok 0 :raise IndexError \"range\")
          (%y = load %m %a %k)
          (%m1 = store %m %a %k %y)
          (results %y %io1 %m1))",
    );
    assert_eq!(depths(&f, "store").len(), 0, "{f}");
}

#[test]
fn a_call_that_cannot_raise_is_an_operation() {
    // The square is not negative, the other argument may be.
    let f = exact(
        "(lambda @f [(%x f64)] [%io] -> (f64 f64)
          (%y = fmul %x 0.5)
          (%a = math.atan %y)
          (%s = fmul %a %a)
          (%io1 %u = call.sqrt %io %s)
          (%io2 %v = call.sqrt %io1 %a)
          (results %u %v %io2))",
    );
    assert_eq!((depths(&f, "math.sqrt").len(), depths(&f, "call.sqrt").len()), (1, 1), "{f}");
}
