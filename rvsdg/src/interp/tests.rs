//! Violations and limits; answers are tested through the text fixtures.

use super::{Limits, Violation, run};
use crate::data::{Arg, Array, Inputs, Scalar};
use crate::graph::{ExcKind, Function, NodeKind, Param, RegionId, Shape, Span, ValueId};
use crate::op::{Cmp, Const, Op};
use crate::types::{Elem, Type};
use std::time::Duration;

const AT: Span = Span::NONE;

fn function(params: &[(&str, Type)], mems: u32) -> (Function, RegionId) {
    let params = params.iter().map(|(name, ty)| Param { name: (*name).into(), ty: *ty }).collect();
    let f = Function::new("f", params, mems, Shape::Scalar);
    let body = f.body();
    (f, body)
}

fn finish(f: &mut Function, value: ValueId) {
    let states = f.entry_states().to_vec();
    f.set_results(f.body(), std::iter::once(value).chain(states).collect());
}

fn ints(values: &[i64]) -> Inputs {
    Inputs { args: values.iter().map(|v| Arg::Scalar(Scalar::I64(*v))).collect(), arrays: vec![] }
}

#[test]
fn division_by_zero_is_undefined() {
    let (mut f, body) = function(&[("a", Type::I64), ("b", Type::I64)], 0);
    let [a, b] = [f.param_values()[0], f.param_values()[1]];
    let q = f.simple(body, Op::IFloorDiv, &[a, b], AT);
    finish(&mut f, q);
    let run = |b| run(&f, &ints(&[7, b]), &Limits::default());
    assert_eq!(run(-2).unwrap().answer.outcome.unwrap(), [Scalar::I64(-4)]);
    assert!(matches!(run(0), Err(Violation::Undefined { .. })));
}

#[test]
fn indices_and_states_are_checked() {
    let array = Type::MemRef { elem: Elem::F64, rank: 1, mem: 0 };
    let (mut f, body) = function(&[("a", array), ("i", Type::I64)], 1);
    let [a, i] = [f.param_values()[0], f.param_values()[1]];
    let [io, mem] = [f.entry_states()[0], f.entry_states()[1]];
    let x = f.constant(body, Const::f64(2.5), AT);
    let stored = f.simple(body, Op::Store, &[mem, a, i, x], AT);
    let y = f.simple(body, Op::Load, &[stored, a, i], AT);
    f.set_results(body, vec![y, io, stored]);
    let inputs = |i| Inputs {
        args: vec![Arg::Array(0), Arg::Scalar(Scalar::I64(i))],
        arrays: vec![Array::f64(vec![0.0, 0.0])],
    };
    let good = run(&f, &inputs(1), &Limits::default()).unwrap();
    assert_eq!(good.answer.outcome.unwrap(), [Scalar::F64(2.5)]);
    assert_eq!(good.answer.arrays[0], Array::f64(vec![0.0, 2.5]));
    assert_eq!(good.executed, 2);
    for out in [-1, 2] {
        let bad = run(&f, &inputs(out), &Limits::default());
        assert!(matches!(bad, Err(Violation::Undefined { .. })));
    }
    // The load from the version before the store.
    let mut stale = f.clone();
    let y = stale.simple(body, Op::Load, &[mem, a, i], AT);
    stale.set_results(body, vec![y, io, stored]);
    let stale = run(&stale, &inputs(1), &Limits::default());
    assert!(matches!(stale, Err(Violation::StaleState { state: Type::Mem(0), .. })));
    // The result forgets the store.
    let mut forked = f.clone();
    forked.set_results(body, vec![x, io, mem]);
    let forked = run(&forked, &inputs(1), &Limits::default());
    assert_eq!(forked, Err(Violation::ForkedState { node: None, state: Type::Mem(0) }));
}

#[test]
fn forks_through_ports_are_seen() {
    let array = Type::MemRef { elem: Elem::F64, rank: 1, mem: 0 };
    let (mut f, body) = function(&[("a", array)], 1);
    let [io, mem] = [f.entry_states()[0], f.entry_states()[1]];
    let inner = f.add_region();
    let ports = [Type::Mem(0), Type::Mem(0)].map(|ty| f.add_region_param(inner, ty));
    let stop = f.constant(inner, Const::Bool(false), AT);
    f.set_results(inner, vec![stop, ports[0], ports[1]]);
    let theta = f.theta(body, &[mem, mem], inner, AT);
    let mem = f.node(theta).outputs[1];
    let x = f.constant(body, Const::f64(0.0), AT);
    f.set_results(body, vec![x, io, mem]);
    let inputs = Inputs { args: vec![Arg::Array(0)], arrays: vec![Array::f64(vec![])] };
    let result = run(&f, &inputs, &Limits::default());
    assert_eq!(result, Err(Violation::ForkedState { node: Some(theta), state: Type::Mem(0) }));
}

fn forever() -> Function {
    let (mut f, body) = function(&[("n", Type::I64)], 0);
    let n = f.param_values()[0];
    let inner = f.add_region();
    f.add_region_param(inner, Type::I64);
    let again = f.simple(inner, Op::ICmp(Cmp::Eq), &[n, n], AT);
    f.set_results(inner, vec![again, n]);
    let theta = f.theta(body, &[n], inner, AT);
    let n = f.node(theta).outputs[0];
    finish(&mut f, n);
    f
}

#[test]
fn limits_stop_a_run() {
    let f = forever();
    let steps = Limits { steps: Some(1000), ..Limits::default() };
    assert_eq!(run(&f, &ints(&[1]), &steps), Err(Violation::StepLimit));
    let time = Limits { time: Some(Duration::from_millis(5)), ..Limits::default() };
    let answer = run(&f, &ints(&[1]), &time).unwrap().answer;
    assert_eq!(answer.outcome.unwrap_err().kind, ExcKind::TimeLimit);
}

#[test]
fn loop_variables_move_in_parallel() {
    // a, b = b, a + b, n times.
    let (mut f, body) = function(&[("n", Type::I64)], 0);
    let n = f.param_values()[0];
    let [zero, one] = [0, 1].map(|v| f.constant(body, Const::I64(v), AT));
    let inner = f.add_region();
    let [i, a, b] = [0; 3].map(|_| f.add_region_param(inner, Type::I64));
    let next = f.simple(inner, Op::IAdd, &[i, one], AT);
    let sum = f.simple(inner, Op::IAdd, &[a, b], AT);
    let again = f.simple(inner, Op::ICmp(Cmp::Lt), &[next, n], AT);
    f.set_results(inner, vec![again, next, b, sum]);
    let theta = f.theta(body, &[zero, zero, one], inner, AT);
    let a = f.node(theta).outputs[1];
    finish(&mut f, a);
    let result = run(&f, &ints(&[90]), &Limits::default()).unwrap();
    assert_eq!(result.answer.outcome.unwrap(), [Scalar::I64(2_880_067_194_370_816_120)]);
    assert_eq!((result.wraps, result.executed, result.by_op["theta"]), (0, 270, 90));
    let result = run(&f, &ints(&[95]), &Limits::default()).unwrap();
    assert!(result.wraps > 0);
}

#[test]
fn malformed_programs_and_inputs_are_refused() {
    let mut f = forever();
    let result = run(&f, &ints(&[]), &Limits::default());
    assert!(matches!(result, Err(Violation::Malformed(_))));
    let body = f.body();
    f.push_node(NodeKind::Simple(Op::IAdd), body, &[], &[Type::I64], AT);
    let result = run(&f, &ints(&[1]), &Limits::default());
    assert!(matches!(result, Err(Violation::Malformed(text)) if text.contains("RV020")));
    let group = |mem| Type::MemRef { elem: Elem::F64, rank: 1, mem };
    let (mut f, body) = function(&[("a", group(0)), ("b", group(1))], 2);
    let x = f.constant(body, Const::f64(0.0), AT);
    finish(&mut f, x);
    let arrays = vec![Array::f64(vec![1.0])];
    let inputs = Inputs { args: vec![Arg::Array(0), Arg::Array(0)], arrays };
    let result = run(&f, &inputs, &Limits::default());
    assert!(matches!(result, Err(Violation::Malformed(text)) if text.contains("alias group")));
}
