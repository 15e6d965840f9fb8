//! Guards: which exception, with what message, from where.

use super::{Build, call, compile, compile_all_ways};
use crate::{CompileError, Compiler, Options};
use rvsdg::{Cmp, ExcKind, Function, NodeKind, Op, Raised, Scalar, Shape, Span, Type, ValueDef};

/// `a // b`, then `100 // (a - b)`, with CPython's check before each.
fn two_divisions() -> Function {
    let mut b = Build::new(&[Type::I64, Type::I64], 1, 0);
    let (x, y, io, zero, hundred) = (b.param(0), b.param(1), b.io(), b.i64(0), b.i64(100));
    let fault = b.f.fault(ExcKind::ZeroDivisionError, "integer division or modulo by zero");
    let fine = b.op(Op::ICmp(Cmp::Ne), &[y, zero]);
    let [io, y1] = b.effect(Op::Guard(fault), &[io, fine, y], Span { start: 1, end: 2 });
    let q = b.op(Op::IFloorDiv, &[x, y1]);
    let difference = b.op(Op::ISub, &[x, y]);
    let fine = b.op(Op::ICmp(Cmp::Ne), &[difference, zero]);
    let operands = [io, fine, difference];
    let [io, d] = b.effect(Op::Guard(fault), &operands, Span { start: 11, end: 12 });
    let r = b.op(Op::IFloorDiv, &[hundred, d]);
    let sum = b.op(Op::IAdd, &[q, r]);
    b.finish(&[sum], &[io])
}

#[test]
fn guards_carry_message_and_span() {
    for compiled in compile_all_ways(&two_divisions()) {
        let call = |a, b| call(&compiled, &[Scalar::I64(a), Scalar::I64(b)]);
        let raised = |start| Raised {
            kind: ExcKind::ZeroDivisionError,
            message: "integer division or modulo by zero".into(),
            span: Span { start, end: start + 1 },
        };
        assert_eq!(call(7, 2), Ok(vec![Scalar::I64(3 + 20)]));
        assert_eq!(call(7, 0), Err(raised(1)));
        assert_eq!(call(7, 7), Err(raised(11)));
        assert_eq!(compiled.sites().len(), 2);
        assert_eq!(compiled.sites()[1].span, Span { start: 11, end: 12 });
    }
}

#[test]
fn a_guard_in_an_arm_raises_only_there() {
    let mut b = Build::new(&[Type::Bool, Type::I64], 1, 0);
    let (choice, x, io, zero) = (b.param(0), b.param(1), b.io(), b.i64(0));
    let fault = b.f.fault(ExcKind::AssertionError, "");
    let no = b.region(&[Type::Io], |_, params| vec![params[0], zero]);
    let yes = b.region(&[Type::Io], |b, params| {
        let fine = b.op(Op::ICmp(Cmp::Gt), &[x, zero]);
        let [io, x] = b.effect(Op::Guard(fault), &[params[0], fine, x], Span::NONE);
        vec![io, x]
    });
    let outputs = b.gamma(choice, &[io], vec![no, yes]);
    let compiled = compile(&b.finish(&outputs[1..], &outputs[..1]));
    let call = |choice, x| call(&compiled, &[Scalar::Bool(choice), Scalar::I64(x)]);
    assert_eq!(call(false, -1), Ok(vec![Scalar::I64(0)]));
    assert_eq!(call(true, 3), Ok(vec![Scalar::I64(3)]));
    assert_eq!(call(true, -1).map_err(|raised| raised.kind), Err(ExcKind::AssertionError));
}

#[test]
fn a_guard_whose_value_is_unused_still_raises() {
    let mut b = Build::new(&[Type::Bool], 1, 0);
    let (fine, io, zero) = (b.param(0), b.io(), b.i64(0));
    let fault = b.f.fault(ExcKind::ValueError, "no");
    let [io, _] = b.effect(Op::Guard(fault), &[io, fine, zero], Span::NONE);
    let compiled = compile(&b.finish(&[zero], &[io]));
    assert!(call(&compiled, &[Scalar::Bool(true)]).is_ok());
    assert!(call(&compiled, &[Scalar::Bool(false)]).is_err());
}

fn unverified() -> Compiler {
    Compiler::new(Options { verify: false, ..Options::default() }).expect("the host")
}

#[test]
fn malformed_graphs_are_refused() {
    let mut f = Function::new("f", vec![], 0, Shape::Scalar);
    let io = f.entry_states()[0];
    let body = f.body();
    // An operation on a state.
    let node = f.push_node(NodeKind::Simple(Op::INeg), body, &[io], &[Type::I64], Span::NONE);
    let value = f.node(node).outputs[0];
    assert!(matches!(f.value(value).def, ValueDef::Output { .. }));
    f.set_results(body, vec![value, io]);
    let error = unverified().compile(&f);
    assert_eq!(error.err(), Some(CompileError::Malformed(io)));
    let error = Compiler::new(Options { verify: true, ..Options::default() }).expect("the host");
    assert!(matches!(error.compile(&f).err(), Some(CompileError::Invalid(_))));

    // An array as a result.
    let array = Type::MemRef { elem: rvsdg::Elem::F64, rank: 1, mem: 0 };
    let b = Build::new(&[array], 1, 1);
    let (array, io, mem) = (b.param(0), b.io(), b.mem(0));
    let error = unverified().compile(&b.finish(&[array], &[io, mem]));
    assert_eq!(error.err(), Some(CompileError::Malformed(array)));
}
