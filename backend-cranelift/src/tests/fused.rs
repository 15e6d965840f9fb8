//! Sums of products in fast mathematics.

use super::{Build, value};
use crate::{Compiler, Options, Vectors};
use rvsdg::{Cmp, Function, Op, Scalar, Type, ValueId};

/// One of some sums of products of four numbers.
fn sum(shape: usize, ty: Type) -> Function {
    let mut b = Build::new(&[ty; 4], 1, 0);
    let p: Vec<ValueId> = (0..4).map(|k| b.param(k)).collect();
    let io = b.io();
    let first = b.op(Op::FMul, &[p[0], p[1]]);
    let second = b.op(Op::FMul, &[p[2], p[3]]);
    let result = match shape {
        0 => b.op(Op::FAdd, &[first, second]),
        1 => b.op(Op::FSub, &[first, second]),
        2 => b.op(Op::FSub, &[p[3], first]),
        3 => {
            let difference = b.op(Op::FSub, &[first, second]);
            b.op(Op::FAdd, &[difference, p[0]])
        }
        4 => {
            let difference = b.op(Op::FSub, &[p[1], first]);
            b.op(Op::FSub, &[second, difference])
        }
        5 => {
            let difference = b.op(Op::FSub, &[p[1], p[2]]);
            let other = b.op(Op::FSub, &[second, p[0]]);
            b.op(Op::FSub, &[difference, other])
        }
        _ => {
            let square = b.op(Op::FMul, &[p[0], p[0]]);
            let negative = b.op(Op::FSub, &[square, p[1]]);
            let more = b.op(Op::FAdd, &[negative, first]);
            b.op(Op::FSub, &[more, second])
        }
    };
    b.finish(&[result], &[io])
}

#[test]
fn fused_sums_of_integers_are_exact() {
    let compiler = |vectors| {
        let options = Options { vectors, verify: true, ..Options::default() };
        Compiler::new(options).expect("the host")
    };
    let (fast, exact) = (compiler(Vectors::FastMath), compiler(Vectors::Exact));
    for (shape, ty) in (0..7).flat_map(|shape| [(shape, Type::F64), (shape, Type::F32)]) {
        let f = sum(shape, ty);
        if backend_simd::is_supported() {
            assert!(fast.clif_text(&f).expect("it lowers").contains("fma"), "{shape}");
        }
        assert!(!exact.clif_text(&f).expect("it lowers").contains("fma"), "{shape}");
        let (fast, exact) = (fast.compile(&f).expect("code"), exact.compile(&f).expect("code"));
        for k in 0..200_i32 {
            // Integers so small that no result is rounded.
            let number = |n: i32| match ty {
                Type::F32 => Scalar::F32((n % 17 - 8) as f32),
                _ => Scalar::F64(f64::from(n % 17 - 8)),
            };
            let args = [number(k), number(k * 7 + 3), number(k * 5 + 11), number(k * 3 + 1)];
            // A zero's sign may differ.
            let float = |scalar| match scalar {
                Scalar::F64(x) => x,
                Scalar::F32(x) => f64::from(x),
                other => panic!("{other:?}"),
            };
            let (got, want) = (float(value(&fast, &args)), float(value(&exact, &args)));
            assert!((got - want).abs() == 0.0, "{shape} {args:?}: {got} instead of {want}");
        }
    }
}

#[test]
fn products_are_fused_from_outside_a_choice_but_not_a_loop() {
    let options = Options { vectors: Vectors::FastMath, verify: true, ..Options::default() };
    let compiler = Compiler::new(options).expect("the host");
    let fused = |inside_loop: bool| {
        let mut b = Build::new(&[Type::F64, Type::F64, Type::Bool], 1, 0);
        let (x, y, choice, io) = (b.param(0), b.param(1), b.param(2), b.io());
        let product = b.op(Op::FMul, &[x, y]);
        let outputs = if inside_loop {
            let body = b.region(&[Type::F64], |b, params| {
                let sum = b.op(Op::FAdd, &[params[0], product]);
                let again = b.op(Op::FCmp(Cmp::Lt), &[sum, x]);
                vec![again, sum]
            });
            b.theta(&[y], body)
        } else {
            let no = b.region(&[], |_, _| vec![x]);
            let yes = b.region(&[], |b, _| vec![b.op(Op::FAdd, &[product, x])]);
            b.gamma(choice, &[], vec![no, yes])
        };
        let f = b.finish(&[outputs[0]], &[io]);
        compiler.clif_text(&f).expect("it lowers").contains("fma")
    };
    assert_eq!([fused(false), fused(true)], [backend_simd::is_supported(), false]);
}
