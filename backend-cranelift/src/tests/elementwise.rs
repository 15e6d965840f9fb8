//! Loops over elements: steps, broadcasts, several types, exceptions.

use super::Build;
use crate::{Compiler, Context, Limits, Options};
use rvsdg::{Cmp, ExcKind, Fault, Function, Op, Span, Type};

/// `x + 1.0 if x >= 0.0`, else an exception.
fn checked() -> Function {
    let mut b = Build::new(&[Type::F64], 1, 0);
    let (x, io) = (b.param(0), b.io());
    b.f.faults.push(Fault { kind: ExcKind::ValueError, message: "negative".into() });
    let zero = b.f64(0.0);
    let fine = b.op(Op::FCmp(Cmp::Ge), &[x, zero]);
    let guard = Op::Guard(rvsdg::FaultId(0));
    let [io, x] = b.effect(guard, &[io, fine, x], Span { start: 1, end: 2 });
    let one = b.f64(1.0);
    let sum = b.op(Op::FAdd, &[x, one]);
    b.finish(&[sum], &[io])
}

fn run(f: &Function, pointers: &[*mut u8], count: usize, steps: &[isize]) -> Option<ExcKind> {
    let compiled = Compiler::new(Options::default()).expect("the host").compile_loop(f);
    let compiled = compiled.expect("it compiles");
    assert_eq!(pointers.len(), compiled.inputs().len() + compiled.outputs().len());
    let mut context = Context::new(Limits::default());
    // SAFETY: the tests pass pointers into live vectors and steps that stay inside them.
    #[expect(unsafe_code, reason = "machine code is called here")]
    let outcome = unsafe { compiled.run(pointers.as_ptr(), count, steps.as_ptr(), &mut context) };
    outcome.err().map(|raised| raised.kind)
}

#[test]
fn steps_may_be_wide_negative_or_zero() {
    let mut b = Build::new(&[Type::F64, Type::F32], 2, 0);
    let (x, y, io) = (b.param(0), b.param(1), b.io());
    let wide = b.op(Op::Cast(Type::F64), &[y]);
    let sum = b.op(Op::FAdd, &[x, wide]);
    let less = b.op(Op::FCmp(Cmp::Lt), &[x, wide]);
    let f = b.finish(&[sum, less], &[io]);
    let mut x = [1.0_f64, -1.0, 2.0, -1.0, 3.0];
    let mut y = [2.5_f32];
    let (mut sum, mut less) = ([0.0_f64; 3], [9_u8; 3]);
    let last = std::ptr::from_mut(&mut x[4]).cast();
    let pointers = [last, y.as_mut_ptr().cast(), sum.as_mut_ptr().cast(), less.as_mut_ptr().cast()];
    assert_eq!(run(&f, &pointers, 3, &[-16, 0, 8, 1]), None);
    assert_eq!(sum, [5.5, 4.5, 3.5]);
    assert_eq!(less, [0, 1, 1]);
    assert_eq!(run(&f, &pointers, 0, &[-16, 0, 8, 1]), None);
}

#[test]
fn an_exception_ends_the_loop() {
    let mut x = [1.0_f64, 2.0, -3.0, 4.0];
    let mut out = [0.0_f64; 4];
    let pointers = [x.as_mut_ptr().cast(), out.as_mut_ptr().cast()];
    assert_eq!(run(&checked(), &pointers, 4, &[8, 8]), Some(ExcKind::ValueError));
    assert_eq!(out, [2.0, 3.0, 0.0, 0.0]);
}

#[test]
fn only_functions_of_scalars_map() {
    let b = Build::new(&[Type::F64], 0, 0);
    let io = b.io();
    let f = b.finish(&[], &[io]);
    let compiler = Compiler::new(Options::default()).expect("the host");
    assert!(compiler.compile_loop(&f).is_err());
}
