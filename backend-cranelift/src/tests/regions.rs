//! Choices and loops.

use super::{Build, answer, call, compile, compile_all_ways, scalars, value};
use crate::{CallError, CompileError, Compiler, Limits, MAX_DEPTH, Options};
use rvsdg::{Cmp, Const, ExcKind, Function, Op, Scalar, Span, Type};
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

/// Sum of `i * i` for `i` in `0 .. max(n, 1)`.
fn sum_of_squares() -> Function {
    let mut b = Build::new(&[Type::I64], 1, 0);
    let (n, io, zero) = (b.param(0), b.io(), b.i64(0));
    let body = b.region(&[Type::I64, Type::I64], |b, params| {
        let square = b.op(Op::IMul, &[params[0], params[0]]);
        let sum = b.op(Op::IAdd, &[params[1], square]);
        let one = b.i64(1);
        let next = b.op(Op::IAdd, &[params[0], one]);
        let again = b.op(Op::ICmp(Cmp::Lt), &[next, n]);
        vec![again, next, sum]
    });
    let outputs = b.theta(&[zero, zero], body);
    b.finish(&[outputs[1]], &[io])
}

/// A loop that never ends.
fn forever() -> Function {
    let mut b = Build::new(&[], 1, 0);
    let (io, zero) = (b.io(), b.i64(0));
    let body = b.region(&[Type::Io, Type::I64], |b, params| {
        let one = b.i64(1);
        let next = b.op(Op::IAdd, &[params[1], one]);
        let again = b.op(Op::Const(Const::Bool(true)), &[]);
        vec![again, params[0], next]
    });
    let outputs = b.theta(&[io, zero], body);
    b.finish(&[outputs[1]], &[outputs[0]])
}

#[test]
fn a_loop_counts() {
    for compiled in compile_all_ways(&sum_of_squares()) {
        for n in [-3, 0, 1, 2, 10, 100_000] {
            let expected = (0..n.max(1)).fold(0_i64, |sum, i| sum.wrapping_add(i * i));
            assert_eq!(value(&compiled, &[Scalar::I64(n)]), Scalar::I64(expected));
        }
    }
}

/// The first `i` below `n` whose square exceeds the limit, else -1, and 1.5^i at the end; one arm of
/// the loop's choice ends it.
fn search() -> Function {
    let mut b = Build::new(&[Type::I64, Type::I64], 2, 0);
    let (limit, n, io, zero) = (b.param(0), b.param(1), b.io(), b.i64(0));
    let (one, minus_one) = (b.f64(1.0), b.i64(-1));
    let variables = [Type::I64, Type::F64, Type::I64];
    let body = b.region(&variables, |b, params| {
        let (i, x) = (params[0], params[1]);
        let square = b.op(Op::IMul, &[i, i]);
        let hit = b.op(Op::ICmp(Cmp::Gt), &[square, limit]);
        let missed = b.region(&[], |b, _| {
            let factor = b.f64(1.5);
            let grown = b.op(Op::FMul, &[x, factor]);
            let no = b.op(Op::Const(Const::Bool(false)), &[]);
            vec![grown, minus_one, no]
        });
        let found = b.region(&[], |b, _| {
            let yes = b.op(Op::Const(Const::Bool(true)), &[]);
            vec![x, i, yes]
        });
        let outputs = b.gamma(hit, &[], vec![missed, found]);
        let one = b.i64(1);
        let next = b.op(Op::IAdd, &[i, one]);
        let more = b.op(Op::ICmp(Cmp::Lt), &[next, n]);
        let open = b.op(Op::BNot, &[outputs[2]]);
        let again = b.op(Op::BAnd, &[open, more]);
        vec![again, next, outputs[0], outputs[1]]
    });
    let outputs = b.theta(&[zero, one, minus_one], body);
    b.finish(&[outputs[2], outputs[1]], &[io])
}

#[test]
fn an_arm_ends_a_loop() {
    for compiled in compile_all_ways(&search()) {
        for (limit, n) in [(-1, 5), (0, 5), (50, 100), (50, 8), (50, 7), (50, 0), (1 << 40, 20)] {
            let hit = (0..n.max(1)).find(|i| i * i > limit);
            let steps = hit.unwrap_or(n.max(1));
            let expected =
                [Scalar::I64(hit.unwrap_or(-1)), Scalar::F64(1.5_f64.powi(steps as i32))];
            let got = call(&compiled, &[Scalar::I64(limit), Scalar::I64(n)]);
            assert_eq!(got.as_deref(), Ok(&expected[..]), "{limit} {n}");
        }
    }
}

#[test]
fn a_choice_takes_one_arm() {
    // if x > 0: y = x * x * x + 1 else: y = -x
    let mut b = Build::new(&[Type::F64], 2, 0);
    let (x, io, zero) = (b.param(0), b.io(), b.f64(0.0));
    let positive = b.op(Op::FCmp(Cmp::Gt), &[x, zero]);
    let no = b.region(&[Type::F64, Type::Io], |b, params| {
        let negated = b.op(Op::FNeg, &[params[0]]);
        vec![params[1], negated, params[0]]
    });
    let yes = b.region(&[Type::F64, Type::Io], |b, params| {
        let square = b.op(Op::FMul, &[params[0], x]);
        let cube = b.op(Op::FMul, &[square, x]);
        let one = b.f64(1.0);
        let sum = b.op(Op::FAdd, &[cube, one]);
        vec![params[1], sum, one]
    });
    let outputs = b.gamma(positive, &[x, io], vec![no, yes]);
    let f = b.finish(&outputs[1..], &outputs[..1]);
    for compiled in compile_all_ways(&f) {
        let call = |x| super::call(&compiled, &[Scalar::F64(x)]).expect("no exception");
        assert_eq!(call(2.0), [Scalar::F64(9.0), Scalar::F64(1.0)]);
        assert_eq!(call(-4.0), [Scalar::F64(4.0), Scalar::F64(-4.0)]);
        assert!(call(f64::NAN)[0].same(Scalar::F64(f64::NAN)));
    }
}

#[test]
fn small_arms_become_selections_and_many_arms_a_table() {
    let mut b = Build::new(&[Type::Bool, Type::I64, Type::I64], 1, 0);
    let (choice, x, y, io) = (b.param(0), b.param(1), b.param(2), b.io());
    let no = b.region(&[], |_, _| vec![x]);
    let yes = b.region(&[], |_, _| vec![y]);
    let outputs = b.gamma(choice, &[], vec![no, yes]);
    let f = b.finish(&outputs, &[io]);
    assert!(!crate::clif_text(&f).expect("it lowers").contains("brif"));
    let args = |choice| [Scalar::Bool(choice), Scalar::I64(10), Scalar::I64(20)];
    let compiled = compile(&f);
    assert_eq!(value(&compiled, &args(false)), Scalar::I64(10));
    assert_eq!(value(&compiled, &args(true)), Scalar::I64(20));

    let arms = 5;
    let mut b = Build::new(&[Type::I64, Type::I64], 2, 0);
    let (number, x, io) = (b.param(0), b.param(1), b.io());
    let mut choice = b.op(Op::Const(Const::Ctl { arms, value: 0 }), &[]);
    for value in 1..arms {
        let k = b.i64(i64::from(value));
        let is = b.op(Op::ICmp(Cmp::Eq), &[number, k]);
        let alternative = b.op(Op::Const(Const::Ctl { arms, value }), &[]);
        choice = b.op(Op::Select, &[is, alternative, choice]);
    }
    let regions = (0..arms).map(|arm| {
        b.region(&[], |b, _| {
            let factor = b.i64(i64::from(arm) * 10);
            vec![b.op(Op::IMul, &[factor, x])]
        })
    });
    let regions = regions.collect();
    let outputs = b.gamma(choice, &[], regions);
    let third = b.op(Op::CtlIs(3), &[choice]);
    let compiled = compile(&b.finish(&[outputs[0], third], &[io]));
    for arm in 0..arms {
        let got = super::call(&compiled, &[Scalar::I64(i64::from(arm)), Scalar::I64(7)]);
        let expected = vec![Scalar::I64(i64::from(arm) * 70), Scalar::Bool(arm == 3)];
        assert_eq!(got, Ok(expected));
    }
}

#[test]
fn a_loop_swaps_its_variables() {
    // Fibonacci by parallel assignment, which a lowering that assigns in sequence gets wrong.
    let mut b = Build::new(&[Type::I64], 2, 0);
    let (n, io, zero, one) = (b.param(0), b.io(), b.i64(0), b.i64(1));
    let body = b.region(&[Type::I64; 3], |b, params| {
        let sum = b.op(Op::IAdd, &[params[0], params[1]]);
        let left = b.op(Op::ISub, &[params[2], one]);
        let again = b.op(Op::ICmp(Cmp::Gt), &[left, zero]);
        vec![again, params[1], sum, left]
    });
    let outputs = b.theta(&[zero, one, n], body);
    let compiled = compile(&b.finish(&outputs[..2], &[io]));
    let got = super::call(&compiled, &[Scalar::I64(50)]);
    assert_eq!(got, Ok(vec![Scalar::I64(12_586_269_025), Scalar::I64(20_365_011_074)]));
}

#[test]
fn limits_stop_an_endless_loop() {
    let options = Options { poll_deadline: true, ..Options::default() };
    let compiled = Compiler::new(options).expect("the host").compile(&forever()).expect("compiles");
    let start = Instant::now();
    let answer = compiled.call(&scalars(&[]), Some(start + Duration::from_millis(20)));
    let raised = answer.expect("no arguments").outcome.expect_err("it does not end");
    assert_eq!(raised.kind, ExcKind::TimeLimit);
    assert_eq!(raised.span, Span { start: 7, end: 9 });
    assert!(start.elapsed() >= Duration::from_millis(20));

    let cancel = AtomicBool::new(true);
    let limits = Limits { deadline: None, cancel: Some(&cancel) };
    let answer = compiled.call_within(&scalars(&[]), limits).expect("no arguments");
    assert_eq!(answer.outcome.expect_err("it does not end").kind, ExcKind::TimeLimit);
}

#[test]
fn a_limit_that_nobody_looks_at_is_refused() {
    let compiled = compile(&sum_of_squares());
    let inputs = scalars(&[Scalar::I64(3)]);
    assert_eq!(compiled.call(&inputs, Some(Instant::now())), Err(CallError::CannotStop));
    assert!(compiled.call(&inputs, None).is_ok());
}

#[test]
fn handles_outlive_their_compiler_and_cross_threads() {
    let options = Options { poll_deadline: true, ..Options::default() };
    let compiler = Compiler::new(options).expect("the host");
    let compiled = compiler.compile(&sum_of_squares()).expect("it compiles");
    drop(compiler);
    let other = compiled.clone();
    let thread = std::thread::spawn(move || value(&other, &[Scalar::I64(200_000)]));
    let here = value(&compiled, &[Scalar::I64(200_000)]);
    drop(compiled);
    assert_eq!(thread.join().expect("no panic"), here);
}

/// Choices nested `depth` deep, of which each adds 1 if `x` is positive.
fn nested(depth: usize) -> Function {
    fn level(b: &mut Build, depth: usize) -> rvsdg::ValueId {
        let (x, zero) = (b.param(0), b.i64(0));
        if depth == 0 {
            return zero;
        }
        let positive = b.op(Op::ICmp(Cmp::Gt), &[x, zero]);
        let no = b.region(&[], |b, _| vec![b.i64(0)]);
        let yes = b.region(&[], |b, _| {
            let inner = level(b, depth - 1);
            let one = b.i64(1);
            vec![b.op(Op::IAdd, &[inner, one])]
        });
        b.gamma(positive, &[], vec![no, yes])[0]
    }
    let mut b = Build::new(&[Type::I64], 1, 0);
    let result = level(&mut b, depth);
    let io = b.io();
    b.finish(&[result], &[io])
}

#[test]
fn depth_is_limited_and_reached() {
    let depth = MAX_DEPTH - 1;
    let compiled = compile(&nested(depth));
    assert_eq!(value(&compiled, &[Scalar::I64(1)]), Scalar::I64(depth as i64));
    let error = Compiler::new(Options::default()).expect("the host").compile(&nested(MAX_DEPTH));
    assert_eq!(error.err(), Some(CompileError::TooDeep { limit: MAX_DEPTH }));
}

#[test]
fn a_long_chain_needs_no_stack() {
    let mut b = Build::new(&[Type::I64], 1, 0);
    let (x, io) = (b.param(0), b.io());
    let mut sum = x;
    for _ in 0..5_000 {
        sum = b.op(Op::IMul, &[sum, x]);
        sum = b.op(Op::IXor, &[sum, x]);
    }
    let f = b.finish(&[sum], &[io]);
    let expected = (0..5_000).fold(3_i64, |sum, _| sum.wrapping_mul(3) ^ 3);
    assert_eq!(value(&compile(&f), &[Scalar::I64(3)]), Scalar::I64(expected));
}

#[test]
fn a_loop_that_its_choice_ends_asks_once() {
    // `while i < 9: if s > 4.0: break`, and whether it was left so.
    let text = "(lambda @f [(%x f64)] [%io] -> (f64 i64 bool)
      (%s1 %i1 %p1 = theta [%x 0 false]
        (body [%s %i %p]
          (%big = fcmp.gt %s 4.0)
          (%t = gamma %big []
            (arm [] (%u = fadd (fmul %s %s) (fdiv %x 3.0)) (results %u))
            (arm [] (results %s)))
          (%j = iadd %i 1)
          (%go = band (bnot %big) (icmp.lt %j 9))
          (results %go %t %j %big)))
      (results %s1 %i1 %p1 %io))";
    let f = rvsdg::text::parse(text).expect("the text is a function");
    for compiled in compile_all_ways(&f) {
        for x in [0.0, 0.5, 1.5, -3.0, 5.0, f64::NAN, f64::INFINITY] {
            let inputs = scalars(&[Scalar::F64(x)]);
            let expected = rvsdg::interp::run(&f, &inputs, &rvsdg::interp::Limits::default());
            assert!(expected.expect("legal").answer.same(&answer(&compiled, &inputs)), "{x}");
        }
    }
    let asm =
        Compiler::new(Options::default()).expect("the host").asm_text(&f).expect("it compiles");
    let header = asm.find("block1:").expect("there is a loop");
    let exit = asm[header..].find("retq").map_or(asm.len(), |at| header + at);
    let kept = |line: &&str| line.trim_start().starts_with("set");
    // The one that is left is of the value that says how the loop ended.
    assert!(asm[header..exit].lines().filter(kept).count() <= 1, "{asm}");
}
