//! The text of small functions, as a reader sees it.
#![expect(clippy::needless_raw_string_hashes, reason = "expectations are updated in this form")]

use super::Draft;
use crate::{EmitOptions, emit, emit_elementwise};
use expect_test::{Expect, expect};
use rvsdg::{Cmp, Const, Elem, ExcKind, Function, MathFn, Op, Span, Type};

/// The text after the function's symbol: without declarations and routines.
fn check(function: &Function, expected: &Expect) {
    rvsdg::verify(function).expect("the function is well formed");
    let text = emit(function, &EmitOptions::default()).expect("it is supported");
    let symbol = format!("func.func @{}", function.name);
    expected.assert_eq(text.split_once(&symbol).expect("the function is there").1);
}

#[test]
fn straight_line_with_a_library_function() {
    let mut draft = Draft::new("half", &[("x", Type::F64)], 1);
    let x = draft.param(0);
    let half = draft.op(Op::Const(Const::f64(0.5)), &[]);
    let t = draft.op(Op::Math(MathFn::Tanh), &[x]);
    let result = draft.op(Op::FMul, &[half, t]);
    let function = draft.finish(&[result]);
    check(
        &function,
        &expect![[r#"
            (%x: f64) -> f64 attributes {llvm.emit_c_interface} {
              %0 = arith.constant 0.5 : f64
              %1 = func.call @tanh(%x) : (f64) -> f64
              %2 = arith.mulf %0, %1 : f64
              return %2 : f64
            }
        "#]],
    );
    let text = emit(&function, &EmitOptions::default()).expect("it is supported");
    let declaration = "func.func private @tanh(f64) -> f64 \
                       attributes {llvm.readnone, passthrough = [\"nobuiltin\"]}\n";
    assert!(text.starts_with(declaration), "{text}");
    let map = emit_elementwise(&function, &EmitOptions::default()).expect("scalar to scalar");
    expect![[r#"
        (%in.0: memref<?xf64>, %out: memref<?xf64>) attributes {llvm.emit_c_interface} {
          %zero = arith.constant 0 : index
          %one = arith.constant 1 : index
          %n = memref.dim %in.0, %zero : memref<?xf64>
          scf.for %i = %zero to %n step %one {
            %x.0 = memref.load %in.0[%i] : memref<?xf64>
            %y = func.call @half(%x.0) : (f64) -> f64
            memref.store %y, %out[%i] : memref<?xf64>
          }
          return
        }
    "#]]
    .assert_eq(map.text.split_once("@half_map").expect("the loop is there").1);
}

/// `a[i] = 1 / n` with both checks, then `a[i]` again: two segments.
#[test]
fn guards_cut_a_region_into_segments() {
    let ty = Type::MemRef { elem: Elem::I64, rank: 1, mem: 0 };
    let mut draft = Draft::new("put", &[("a", ty), ("n", Type::I64)], 1);
    let (a, n) = (draft.param(0), draft.param(1));
    let zero = draft.op(Op::Const(Const::I64(0)), &[]);
    let one = draft.op(Op::Const(Const::I64(1)), &[]);
    let mem = draft.mems[0];
    let nonzero = draft.op(Op::ICmp(Cmp::Ne), &[n, zero]);
    let fault = draft.function.fault(ExcKind::ZeroDivisionError, "division by zero");
    let n = draft.effect(Op::Guard(fault), &[mem, nonzero, n]);
    let quotient = draft.op(Op::IFloorDiv, &[one, n]);
    let extent = draft.op(Op::Len(0), &[a]);
    let inside = draft.op(Op::ICmp(Cmp::Lt), &[quotient, extent]);
    let fault = draft.function.fault(ExcKind::IndexError, "index out of range");
    let index = draft.effect(Op::Guard(fault), &[mem, inside, quotient]);
    draft.mems[0] = draft.op(Op::Store, &[mem, a, index, one]);
    let loaded = draft.op(Op::Load, &[draft.mems[0], a, index]);
    check(
        &draft.finish(&[loaded]),
        &expect![[r#"
            (%a: memref<?xi64>, %n: i64) -> (i32, i64) attributes {llvm.emit_c_interface} {
              %axis.0 = arith.constant 0 : index
              %status.0 = arith.constant 0 : i32
              %status.1 = arith.constant 1 : i32
              %status.2 = arith.constant 2 : i32
              %zero.i64 = arith.constant 0 : i64
              %0 = arith.constant 0 : i64
              %1 = arith.constant 1 : i64
              %2 = arith.cmpi ne, %n, %0 : i64
              %3 = arith.select %2, %status.0, %status.1 : i32
              %4:2 = scf.if %2 -> (i32, i64) {
                %5 = func.call @ovum_floordiv_i64(%1, %n) : (i64, i64) -> i64
                %6 = memref.dim %a, %axis.0 : memref<?xi64>
                %7 = arith.index_cast %6 : index to i64
                %8 = arith.cmpi slt, %5, %7 : i64
                %9 = arith.select %8, %status.0, %status.2 : i32
                scf.yield %9, %5 : i32, i64
              } else {
                scf.yield %3, %zero.i64 : i32, i64
              }
              %10 = arith.cmpi eq, %4#0, %status.0 : i32
              %11 = scf.if %10 -> i64 {
                %12 = arith.index_cast %4#1 : i64 to index
                memref.store %1, %a[%12] : memref<?xi64>
                %13 = arith.index_cast %4#1 : i64 to index
                %14 = memref.load %a[%13] : memref<?xi64>
                scf.yield %14 : i64
              } else {
                scf.yield %zero.i64 : i64
              }
              return %4#0, %11 : i32, i64
            }
        "#]],
    );
}

/// A loop that raises from a choice in its body.
#[test]
fn loops_and_choices_hand_the_status_on() {
    let mut draft = Draft::new("f", &[("n", Type::I64), ("b", Type::Bool)], 1);
    let (n, b) = (draft.param(0), draft.param(1));
    let fault = draft.function.fault(ExcKind::AssertionError, "");
    let f = &mut draft.function;
    let body = f.add_region();
    let (i, io) = (f.add_region_param(body, Type::I64), f.add_region_param(body, Type::Io));
    let one = f.constant(body, Const::I64(1), Span::NONE);
    let arms: Vec<_> = [false, true]
        .map(|guarded| {
            let arm = f.add_region();
            let io = f.add_region_param(arm, Type::Io);
            let results = if guarded {
                let low = f.simple(arm, Op::ICmp(Cmp::Lt), &[i, one], Span::NONE);
                let node = f.try_simple(arm, Op::Guard(fault), &[io, low, i], Span::NONE);
                let outputs = f.node(node.expect("operands fit")).outputs.clone();
                vec![outputs[1], outputs[0]]
            } else {
                vec![one, io]
            };
            f.set_results(arm, results);
            arm
        })
        .to_vec();
    let gamma = f.gamma(body, b, &[io], arms, Span::NONE);
    let outputs = f.node(gamma).outputs.clone();
    let next = f.simple(body, Op::ISub, &[i, outputs[0]], Span::NONE);
    let again = f.simple(body, Op::ICmp(Cmp::Gt), &[next, one], Span::NONE);
    f.set_results(body, vec![again, next, outputs[1]]);
    let region = f.body();
    let theta = f.theta(region, &[n, draft.io], body, Span::NONE);
    let outputs = draft.function.node(theta).outputs.clone();
    draft.io = outputs[1];
    check(
        &draft.finish(&[outputs[0]]),
        &expect![[r#"
            (%n: i64, %b: i1) -> (i32, i64) attributes {llvm.emit_c_interface} {
              %status.0 = arith.constant 0 : i32
              %status.6 = arith.constant 6 : i32
              %1:2 = scf.while (%0 = %n) : (i64) -> (i32, i64) {
                %2 = arith.constant 1 : i64
                %3:2 = scf.if %b -> (i32, i64) {
                  %4 = arith.cmpi slt, %0, %2 : i64
                  %5 = arith.select %4, %status.0, %status.6 : i32
                  scf.yield %5, %0 : i32, i64
                } else {
                  scf.yield %status.0, %2 : i32, i64
                }
                %6 = arith.subi %0, %3#1 : i64
                %7 = arith.cmpi sgt, %6, %2 : i64
                %8 = arith.cmpi eq, %3#0, %status.0 : i32
                %9 = arith.andi %7, %8 : i1
                scf.condition(%9) %3#0, %6 : i32, i64
              } do {
              ^bb0(%11: i32, %10: i64):
                scf.yield %10 : i64
              }
              return %1#0, %1#1 : i32, i64
            }
        "#]],
    );
}

#[test]
fn python_calls_check_arguments_and_value() {
    let mut draft = Draft::new("f", &[("x", Type::F64)], 1);
    let x = draft.param(0);
    let result = draft.effect(Op::Call(MathFn::Exp), &[x]);
    check(
        &draft.finish(&[result]),
        &expect![[r#"
            (%x: f64) -> (i32, f64) attributes {llvm.emit_c_interface} {
              %inf.f64 = arith.constant 0x7FF0000000000000 : f64
              %status.0 = arith.constant 0 : i32
              %status.3 = arith.constant 3 : i32
              %status.4 = arith.constant 4 : i32
              %0 = func.call @exp(%x) : (f64) -> f64
              %1 = math.absf %0 : f64
              %2 = arith.cmpf oeq, %1, %inf.f64 : f64
              %3 = math.absf %x : f64
              %4 = arith.cmpf olt, %3, %inf.f64 : f64
              %5 = arith.andi %2, %4 : i1
              %6 = arith.select %5, %status.4, %status.0 : i32
              %7 = arith.cmpf uno, %0, %0 : f64
              %8 = arith.cmpf ord, %x, %x : f64
              %9 = arith.andi %7, %8 : i1
              %10 = arith.select %9, %status.3, %6 : i32
              return %10, %0 : i32, f64
            }
        "#]],
    );
}
