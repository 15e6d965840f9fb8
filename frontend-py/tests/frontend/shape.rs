//! What the produced graphs look like: no machinery that a program does not ask for.

#![allow(clippy::needless_raw_string_hashes, reason = "expect-test writes them")]

use crate::harness::{compiled, source};
use expect_test::{Expect, expect};
use frontend_py::Semantics;
use rvsdg::{Function, NodeKind, Op, RegionId, Type};

fn lowered(text: &str, semantics: Semantics) -> Function {
    compiled(&source(text), "f", semantics)
}

/// The text form without the spans.
fn check(text: &str, semantics: Semantics, expected: &Expect) {
    let printed = rvsdg::text::print(&lowered(text, semantics));
    let lines = printed.lines().map(|line| {
        let mut line = line.to_owned();
        while let Some(at) = line.find(" :at ") {
            let rest = &line[at + 5..];
            let digits = rest.find(|c: char| !c.is_ascii_digit() && c != ' ').unwrap_or(rest.len());
            line = format!("{}{}", &line[..at], &line[at + 5 + digits..]);
        }
        line + "\n"
    });
    expected.assert_eq(&lines.collect::<String>());
}

/// How often each kind of node occurs: gammas, thetas, guards, boolean operations.
fn census(f: &Function) -> [usize; 4] {
    let mut counts = [0; 4];
    for region in 0..f.region_count() {
        for node in &f.region(RegionId::from_index(region)).nodes {
            match f.node(*node).kind {
                NodeKind::Gamma { .. } => counts[0] += 1,
                NodeKind::Theta { .. } => counts[1] += 1,
                NodeKind::Simple(Op::Guard(_)) => counts[2] += 1,
                NodeKind::Simple(Op::BAnd | Op::BOr | Op::BNot) => counts[3] += 1,
                NodeKind::Simple(_) => {}
            }
        }
    }
    counts
}

#[test]
fn straight_line_code_has_no_regions() {
    check(
        "def f(x: f64) -> f64:\n    y = 2 * x\n    return y * y + 1\n",
        Semantics::Strict,
        &expect![[r#"
            (lambda @f [(%x f64)] [%io.0] -> f64
              (%1 = const f64 2.0)
              (%2 = fmul %1 %x)
              (%3 = fmul %2 %2)
              (%4 = const f64 1.0)
              (%5 = fadd %3 %4)
              (results %5 %io.0))
        "#]],
    );
}

#[test]
fn a_counted_loop_is_a_theta_in_a_gamma_without_states() {
    check(
        "def f(n: i64) -> i64:\n    c = 0\n    for i in range(n):\n        c += i\n    return c\n",
        Semantics::Strict,
        &expect![[r#"
            (lambda @f [(%n i64)] [%io.0] -> i64
              (%1 = const i64 0)
              (%2 = const i64 0)
              (%3 = const i64 1)
              (%4 = icmp.lt %2 %n)
              (%5 = gamma %4 []
                (arm []
                  (results %1))
                (arm []
                  (%6 %7 = theta [%2 %1]
                    (body [%8 %9]
                      (%10 = iadd %9 %8)
                      (%11 = iadd %8 %3)
                      (%12 = icmp.lt %11 %n)
                      (results %12 %11 %10)))
                  (results %7)))
              (results %5 %io.0))
        "#]],
    );
}

#[test]
fn a_while_loop_keeps_io() {
    check(
        "def f(n: i64) -> i64:\n    while n > 1:\n        n = n - 2\n    return n\n",
        Semantics::Strict,
        &expect![[r#"
            (lambda @f [(%n i64)] [%io.0] -> i64
              (%1 = const i64 1)
              (%2 = icmp.gt %n %1)
              (%3 %io.4 = gamma %2 [%io.0]
                (arm [%io.5]
                  (results %n %io.5))
                (arm [%io.6]
                  (%io.7 %8 = theta [%io.6 %n]
                    (body [%io.9 %10]
                      (%11 = const i64 2)
                      (%12 = isub %10 %11)
                      (%13 = const i64 1)
                      (%14 = icmp.gt %12 %13)
                      (results %14 %io.9 %12)))
                  (results %8 %io.7)))
              (results %3 %io.4))
        "#]],
    );
}

#[test]
fn an_early_return_adds_one_flag_and_one_value() {
    check(
        "def f(a: array[f64, 1]) -> i64:\n    for i in range(len(a)):\n        if a[i] < 0.0:\n            \
         return i\n    return -1\n",
        Semantics::Strict,
        &expect![[r#"
            (lambda @f [(%a memref<f64,1,0>)] [%io.0 %m0.1] -> i64
              (%2 = len.0 %a)
              (%3 = const i64 0)
              (%4 = const i64 1)
              (%5 = icmp.lt %3 %2)
              (%6 %7 %io.8 %m0.9 = gamma %5 [%io.0 %m0.1]
                (arm [%io.10 %m0.11]
                  (%12 = const bool false)
                  (%13 = const i64 0)
                  (results %12 %13 %io.10 %m0.11))
                (arm [%io.14 %m0.15]
                  (%16 = const i64 0)
                  (%17 = const bool false)
                  (%io.18 %m0.19 %20 %21 %22 = theta [%io.14 %m0.15 %3 %16 %17]
                    (body [%io.23 %m0.24 %25 %26 %27]
                      (%28 = len.0 %a)
                      (%29 = const i64 0)
                      (%30 = icmp.lt %25 %29)
                      (%31 = iadd %25 %28)
                      (%32 = select %30 %31 %25)
                      (%33 = icmp.lt %32 %28)
                      (%34 = icmp.ge %32 %29)
                      (%35 = band %34 %33)
                      (%io.36 %37 = guard %io.23 %m0.24 %35 %32 :raise IndexError "list index out of range")
                      (%38 = load %m0.24 %a %37)
                      (%39 = const f64 0.0)
                      (%40 = fcmp.lt %38 %39)
                      (%41 %42 = gamma %40 []
                        (arm []
                          (%43 = const bool false)
                          (%44 = const i64 0)
                          (results %43 %44))
                        (arm []
                          (%45 = const bool true)
                          (results %45 %25)))
                      (%46 = iadd %25 %4)
                      (%47 = icmp.lt %46 %2)
                      (%48 = bnot %41)
                      (%49 = band %48 %47)
                      (results %49 %io.36 %m0.24 %46 %42 %41)))
                  (results %22 %21 %io.18 %m0.19)))
              (%50 = gamma %6 []
                (arm []
                  (%51 = const i64 -1)
                  (results %51))
                (arm []
                  (results %7)))
              (results %50 %io.8 %m0.9))
        "#]],
    );
}

#[test]
fn continue_and_final_branches_need_no_flags() {
    let text = "def f(n: i64) -> i64:\n    s = 0\n    for i in range(n):\n        if i == 3:\n            \
                continue\n        if i > 20:\n            s -= 1\n            continue\n        s += i\n    \
                if s > 5:\n        return s\n    elif s < 0:\n        return -s\n    return 0\n";
    // Two gammas in the body, one around the theta, two for the returns.
    assert_eq!(census(&lowered(text, Semantics::Strict)), [5, 1, 0, 0]);
}

#[test]
fn fast_arithmetic_has_no_guards() {
    let text = "import math\ndef f(x: f64, n: i64) -> f64:\n    s = 0.0\n    for i in range(n):\n        \
                s += math.sqrt(x) / i + n // i + x ** 2\n    return s\n";
    let fast = lowered(text, Semantics::Fast);
    assert_eq!(census(&fast)[2], 0);
    assert!(fast.result_types() == [Type::F64]);
    assert_eq!(census(&lowered(text, Semantics::Strict))[2], 2);
}

#[test]
fn arrays_of_one_element_type_share_a_group() {
    let text = "def f(a: array[f64, 1], b: array[i64, 1], c: array[f64, 2]) -> None:\n    pass\n";
    let f = lowered(text, Semantics::Strict);
    let groups: Vec<Type> = f.params.iter().map(|param| param.ty).collect();
    let group = |ty: &Type| if let Type::MemRef { mem, .. } = ty { *mem } else { u32::MAX };
    assert_eq!(groups.iter().map(group).collect::<Vec<_>>(), [0, 1, 0]);
    assert_eq!(f.mems, 2);
}

#[test]
fn a_loop_carries_only_the_states_it_touches() {
    let text = "def f(a: array[f64, 1], b: array[i64, 1], n: i64) -> None:\n    for i in range(n):\n        \
                n += 1\n    for i in range(n):\n        b[i] = i\n";
    let f = lowered(text, Semantics::Fast);
    let types = |node: &rvsdg::Node| node.operands.iter().map(|v| f.ty(*v)).collect::<Vec<_>>();
    let thetas = (0..f.node_count()).map(|at| f.node(rvsdg::NodeId::from_index(at)));
    let thetas = thetas.filter(|node| matches!(node.kind, NodeKind::Theta { .. }));
    let thetas: Vec<Vec<Type>> = thetas.map(types).collect();
    // Fast semantics still checks indices: the second loop may raise, which every array can see.
    let states = [Type::Io, Type::Mem(0), Type::Mem(1)];
    assert_eq!(thetas.len(), 2);
    assert_eq!(thetas[0], [Type::I64, Type::I64]);
    assert_eq!(thetas[1], [&states[..], &[Type::I64]].concat());
}

#[test]
fn nodes_carry_the_places_of_their_expressions() {
    let text = "def g(x):\n    return 1.0 / x\ndef f(x: f64) -> f64:\n    return g(x) + 2.0 / x\n";
    let f = lowered(text, Semantics::Strict);
    let guards: Vec<&str> = (0..f.node_count())
        .map(|at| f.node(rvsdg::NodeId::from_index(at)))
        .filter(|node| matches!(node.kind, NodeKind::Simple(Op::Guard(_))))
        .map(|node| &text[node.span.start as usize..node.span.end as usize])
        .collect();
    assert_eq!(guards, ["1.0 / x", "2.0 / x"]);
}

#[test]
fn literals_take_the_width_of_32_bit_operands() {
    let text = "import math\ndef f(x: f32, n: i32, a: array[f32, 1], b: array[i32, 1]):\n    \
                a[0] = 2.0 * x + 1\n    b[n] = n * 3 + n // 2\n    for i in range(n):\n        a[i] += 1\n    \
                return 0.5 * x ** 2, math.tanh(x), n + 1, n / 2, x + 2.5 * n, -n, min(x, 1), x < n\n";
    let f = lowered(text, Semantics::Strict);
    assert_eq!(
        f.result_types(),
        [Type::F32, Type::F32, Type::I32, Type::F64, Type::F64, Type::I32, Type::F32, Type::Bool]
    );
    let run = crate::harness::answer(&f, "f(1.5, 1, [0.0, 0.0], [0, 0])");
    assert!(run.contains("| (g3f900000,"), "{run}");
    assert!(run.ends_with("| [g40a00000,g00000000] [j0,j3]"), "{run}");
    let wide = lowered(text, Semantics::Fast);
    assert_eq!(wide.result_types(), f.result_types());
}
