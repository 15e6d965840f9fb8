//! Hand-built programs: what must change, and what must not.

use optimizer::{Options, optimize};
use rvsdg::interp::{Limits, run};
use rvsdg::{
    Arg, Array, Cmp, Const, Elem, ExcKind, Function, Inputs, Op, Param, Scalar, Shape, Span, Type,
};

const ARRAY: Type = Type::MemRef { elem: Elem::F64, rank: 1, mem: 0 };

fn param(name: &str, ty: Type) -> Param {
    Param { name: name.into(), ty }
}

fn node(
    f: &mut Function,
    region: rvsdg::RegionId,
    op: Op,
    operands: &[rvsdg::ValueId],
) -> rvsdg::ValueId {
    f.simple(region, op, operands, Span::NONE)
}

fn int(f: &mut Function, region: rvsdg::RegionId, value: i64) -> rvsdg::ValueId {
    f.constant(region, Const::I64(value), Span::NONE)
}

/// `i = 0; do { a[i] = a[i] + 2 * 3; i += 1 } while i < n`, with checked indices.
fn add_six() -> Function {
    let params = vec![param("a", ARRAY), param("n", Type::I64)];
    let mut f = Function::new("add_six", params, 1, Shape::Scalar);
    let body = f.body();
    let (a, n) = (f.param_values()[0], f.param_values()[1]);
    let (io, mem) = (f.entry_states()[0], f.entry_states()[1]);
    let fault = f.fault(ExcKind::IndexError, "list index out of range");
    let inner = f.add_region();
    let i = f.add_region_param(inner, Type::I64);
    let io_in = f.add_region_param(inner, Type::Io);
    let mem_in = f.add_region_param(inner, Type::Mem(0));
    let len = node(&mut f, inner, Op::Len(0), &[a]);
    let inside = node(&mut f, inner, Op::ICmp(Cmp::Lt), &[i, len]);
    let guard = f
        .try_simple(inner, Op::Guard(fault), &[io_in, mem_in, inside, i], Span { start: 3, end: 5 })
        .expect("operands fit");
    let (io_next, checked) = (f.node(guard).outputs[0], f.node(guard).outputs[1]);
    let old = node(&mut f, inner, Op::Load, &[mem_in, a, checked]);
    let (two, three) = (
        f.constant(inner, Const::f64(2.0), Span::NONE),
        f.constant(inner, Const::f64(3.0), Span::NONE),
    );
    let six = node(&mut f, inner, Op::FMul, &[two, three]);
    let sum = node(&mut f, inner, Op::FAdd, &[old, six]);
    let mem_next = node(&mut f, inner, Op::Store, &[mem_in, a, checked, sum]);
    let one = int(&mut f, inner, 1);
    let next = node(&mut f, inner, Op::IAdd, &[i, one]);
    let again = node(&mut f, inner, Op::ICmp(Cmp::Lt), &[next, n]);
    f.set_results(inner, vec![again, next, io_next, mem_next]);
    let zero = int(&mut f, body, 0);
    let theta = f.theta(body, &[zero, io, mem], inner, Span::NONE);
    let outputs = f.node(theta).outputs.to_vec();
    f.set_results(body, outputs);
    f
}

fn inputs(data: Vec<f64>, n: i64) -> Inputs {
    Inputs {
        args: vec![Arg::Array(0), Arg::Scalar(Scalar::I64(n))],
        arrays: vec![Array::f64(data)],
    }
}

#[test]
fn a_constant_expression_in_a_loop_is_folded_and_effects_keep_their_order() {
    let f = add_six();
    rvsdg::verify::verify(&f).expect("the input is legal");
    let optimized = optimize(&f, &Options::default()).expect("default options fit");
    let g = optimized.function;
    rvsdg::verify::verify(&g).expect("the result is legal");
    assert!(optimized.report.cost_after < optimized.report.cost_before);
    for (data, n) in [(vec![1.0, 2.0, 3.0], 3), (vec![1.0], 4), (vec![], 0)] {
        let inputs = inputs(data, n);
        let before = run(&f, &inputs, &Limits::default()).expect("defined");
        let after = run(&g, &inputs, &Limits::default()).expect("defined");
        assert!(before.answer.same(&after.answer), "{:?} {:?}", before.answer, after.answer);
        if let Err(raised) = after.answer.outcome {
            assert_eq!(raised.span, Span { start: 3, end: 5 });
        } else {
            assert!(after.executed < before.executed);
        }
    }
}

#[test]
fn a_branch_on_equality_knows_its_operands_are_equal() {
    // x + 1 if x == 4 else x: the first arm is the constant 5.
    let mut f = Function::new("f", vec![param("x", Type::I64)], 0, Shape::Scalar);
    let body = f.body();
    let (x, io) = (f.param_values()[0], f.entry_states()[0]);
    let four = int(&mut f, body, 4);
    let is_four = node(&mut f, body, Op::ICmp(Cmp::Eq), &[x, four]);
    let (no, yes) = (f.add_region(), f.add_region());
    f.set_results(no, vec![x]);
    let one = int(&mut f, yes, 1);
    let sum = node(&mut f, yes, Op::IAdd, &[x, one]);
    f.set_results(yes, vec![sum]);
    let gamma = f.gamma(body, is_four, &[], vec![no, yes], Span::NONE);
    let out = f.node(gamma).outputs[0];
    f.set_results(body, vec![out, io]);
    rvsdg::verify::verify(&f).expect("the input is legal");
    let g = optimize(&f, &Options::default()).expect("default options fit").function;
    for x in [4, 5] {
        let inputs = Inputs { args: vec![Arg::Scalar(Scalar::I64(x))], arrays: vec![] };
        let before = run(&f, &inputs, &Limits::default()).expect("defined");
        let after = run(&g, &inputs, &Limits::default()).expect("defined");
        assert!(before.answer.same(&after.answer));
        assert!(!after.by_op.contains_key("iadd"));
        assert!(after.executed <= before.executed + 1, "at most a select more");
    }
}

#[test]
fn a_load_at_a_constant_index_still_depends_on_its_check() {
    // a[0] of an empty array raises; the load must not be tried.
    let mut f = Function::new("first", vec![param("a", ARRAY)], 1, Shape::Scalar);
    let body = f.body();
    let a = f.param_values()[0];
    let (io, mem) = (f.entry_states()[0], f.entry_states()[1]);
    let fault = f.fault(ExcKind::IndexError, "list index out of range");
    let zero = int(&mut f, body, 0);
    let len = node(&mut f, body, Op::Len(0), &[a]);
    let inside = node(&mut f, body, Op::ICmp(Cmp::Lt), &[zero, len]);
    let guard = f
        .try_simple(body, Op::Guard(fault), &[io, mem, inside, zero], Span::NONE)
        .expect("operands fit");
    let (io, checked) = (f.node(guard).outputs[0], f.node(guard).outputs[1]);
    let first = node(&mut f, body, Op::Load, &[mem, a, checked]);
    let (two, three) = (int(&mut f, body, 2), int(&mut f, body, 3));
    let sum = node(&mut f, body, Op::IMul, &[two, three]);
    let sum = node(&mut f, body, Op::Cast(Type::F64), &[sum]);
    let result = node(&mut f, body, Op::FAdd, &[first, sum]);
    f.set_results(body, vec![result, io, mem]);
    let optimized = optimize(&f, &Options::default()).expect("default options fit");
    assert!(!optimized.report.kept_input);
    let inputs = Inputs { args: vec![Arg::Array(0)], arrays: vec![Array::f64(vec![])] };
    let after = run(&optimized.function, &inputs, &Limits::default()).expect("defined");
    assert_eq!(after.answer.outcome.expect_err("raises").kind, ExcKind::IndexError);
}
