//! Integer and float operations at their edges, against definitions in wide arithmetic.

use super::{Build, compile, compile_all_ways, one_op, value};
use rvsdg::{Cmp, Const, Op, Scalar, Span, Type};

const EDGES: [i64; 18] = [
    i64::MIN,
    i64::MIN + 1,
    -(1 << 53) - 1,
    i32::MIN as i64,
    -65,
    -7,
    -2,
    -1,
    0,
    1,
    2,
    3,
    7,
    31,
    63,
    64,
    i32::MAX as i64,
    i64::MAX,
];

fn wide(op: Op, a: i64, b: i64, bits: u32) -> Option<i128> {
    let (a, b) = (i128::from(a), i128::from(b));
    let floor_div = |a: i128, b: i128| {
        let q = a / b;
        if a % b != 0 && (a < 0) != (b < 0) { q - 1 } else { q }
    };
    Some(match op {
        Op::IAdd => a + b,
        Op::ISub => a - b,
        Op::IMul => a.wrapping_mul(b),
        Op::IFloorDiv | Op::IMod if b == 0 => return None,
        Op::IFloorDiv => floor_div(a, b),
        Op::IMod => a - b * floor_div(a, b),
        Op::IShl if (0..i128::from(bits)).contains(&b) => a << b,
        Op::IShl => 0,
        Op::IShr if b < 0 => 0,
        Op::IShr => a >> b.min(127),
        Op::IAnd => a & b,
        Op::IOr => a | b,
        Op::IXor => a ^ b,
        Op::IMin => a.min(b),
        Op::IMax => a.max(b),
        _ => panic!("{op:?} has no wide form"),
    })
}

const BINARY: [Op; 12] = [
    Op::IAdd,
    Op::ISub,
    Op::IMul,
    Op::IFloorDiv,
    Op::IMod,
    Op::IShl,
    Op::IShr,
    Op::IAnd,
    Op::IOr,
    Op::IXor,
    Op::IMin,
    Op::IMax,
];

#[test]
fn i64_operations_at_edges() {
    for op in BINARY {
        for compiled in compile_all_ways(&one_op(op, &[Type::I64, Type::I64])) {
            for (a, b) in EDGES.iter().flat_map(|a| EDGES.map(|b| (*a, b))) {
                let Some(expected) = wide(op, a, b, 64) else { continue };
                let got = value(&compiled, &[Scalar::I64(a), Scalar::I64(b)]);
                assert_eq!(got, Scalar::I64(expected as i64), "{op:?} {a} {b}");
            }
        }
    }
}

#[test]
fn i32_operations_at_edges() {
    for op in BINARY {
        let compiled = compile(&one_op(op, &[Type::I32, Type::I32]));
        for (a, b) in EDGES.iter().flat_map(|a| EDGES.map(|b| (*a as i32, b as i32))) {
            let Some(expected) = wide(op, a.into(), b.into(), 32) else { continue };
            let got = value(&compiled, &[Scalar::I32(a), Scalar::I32(b)]);
            assert_eq!(got, Scalar::I32(expected as i32), "{op:?} {a} {b}");
        }
    }
}

#[test]
fn constant_right_operands_take_their_own_paths() {
    for op in [Op::IFloorDiv, Op::IMod, Op::IShl, Op::IShr] {
        for c in EDGES {
            let mut b = Build::new(&[Type::I64], 1, 0);
            let (x, right, io) = (b.param(0), b.i64(c), b.io());
            let result = b.op(op, &[x, right]);
            let compiled = compile(&b.finish(&[result], &[io]));
            for a in EDGES {
                let Some(expected) = wide(op, a, c, 64) else { continue };
                let got = value(&compiled, &[Scalar::I64(a)]);
                assert_eq!(got, Scalar::I64(expected as i64), "{op:?} {a} {c}");
            }
        }
    }
}

#[test]
fn a_zero_divisor_does_not_crash() {
    for op in [Op::IFloorDiv, Op::IMod] {
        let compiled = compile(&one_op(op, &[Type::I64, Type::I64]));
        // Any value will do: the operation is not defined here.
        value(&compiled, &[Scalar::I64(5), Scalar::I64(0)]);
    }
}

#[test]
fn powers_wrap() {
    for n in [-1_i64, 0, 1, 2, 3, 10, 63, 64, 65, 200] {
        let mut b = Build::new(&[Type::I64], 2, 0);
        let (x, exponent, io) = (b.param(0), b.i64(n), b.io());
        let constant = b.op(Op::IPow, &[x, exponent]);
        // The same exponent, hidden from the lowering.
        let zero = b.op(Op::IXor, &[x, x]);
        let hidden = b.op(Op::IAdd, &[zero, exponent]);
        let called = b.op(Op::IPow, &[x, hidden]);
        let compiled = compile(&b.finish(&[constant, called], &[io]));
        for a in EDGES {
            let expected = if n < 0 { 0 } else { a.wrapping_pow(n as u32) };
            let got = super::call(&compiled, &[Scalar::I64(a)]).expect("no exception");
            assert_eq!(got, vec![Scalar::I64(expected); 2], "{a} ** {n}");
        }
    }
    let compiled = compile(&one_op(Op::IPow, &[Type::I32, Type::I32]));
    let got = value(&compiled, &[Scalar::I32(-3), Scalar::I32(21)]);
    assert_eq!(got, Scalar::I32((-3_i32).wrapping_pow(21)));
}

#[test]
fn unary_integers_wrap() {
    for a in EDGES {
        for (op, expected) in
            [(Op::INeg, a.wrapping_neg()), (Op::IAbs, a.wrapping_abs()), (Op::INot, !a)]
        {
            let compiled = compile(&one_op(op, &[Type::I64]));
            assert_eq!(value(&compiled, &[Scalar::I64(a)]), Scalar::I64(expected), "{op:?} {a}");
        }
    }
}

#[test]
fn comparisons_of_floats_and_integers() {
    let floats = [f64::NAN, -0.0, 0.0, 1.0, f64::INFINITY, f64::NEG_INFINITY];
    for cmp in Cmp::ALL {
        let compiled = compile(&one_op(Op::FCmp(cmp), &[Type::F64, Type::F64]));
        for (a, b) in floats.iter().flat_map(|a| floats.map(|b| (*a, b))) {
            let got = value(&compiled, &[Scalar::F64(a), Scalar::F64(b)]);
            assert_eq!(got, Scalar::Bool(cmp.holds(&a, &b)), "{cmp:?} {a} {b}");
        }
        let compiled = compile(&one_op(Op::ICmp(cmp), &[Type::I32, Type::I32]));
        for (a, b) in [(i32::MIN, 1), (3, 3), (5, -5)] {
            let got = value(&compiled, &[Scalar::I32(a), Scalar::I32(b)]);
            assert_eq!(got, Scalar::Bool(cmp.holds(&a, &b)), "{cmp:?} {a} {b}");
        }
    }
}

#[test]
fn min_and_max_take_the_first_unless_the_second_is_better() {
    let floats = [f64::NAN, -0.0, 0.0, 1.0, -2.5, f64::INFINITY];
    for (op, cmp) in [(Op::FMin, Cmp::Lt), (Op::FMax, Cmp::Gt)] {
        let compiled = compile(&one_op(op, &[Type::F64, Type::F64]));
        for (a, b) in floats.iter().flat_map(|a| floats.map(|b| (*a, b))) {
            let expected = Scalar::F64(if cmp.holds(&b, &a) { b } else { a });
            let got = value(&compiled, &[Scalar::F64(a), Scalar::F64(b)]);
            assert!(got.same(expected), "{op:?} {a} {b}: {got:?}");
        }
    }
}

#[test]
fn casts_saturate_wrap_and_round() {
    let cases = [
        (Scalar::F64(f64::NAN), Type::I64, Scalar::I64(0)),
        (Scalar::F64(1e300), Type::I64, Scalar::I64(i64::MAX)),
        (Scalar::F64(-1e300), Type::I32, Scalar::I32(i32::MIN)),
        (Scalar::F64(-2.9), Type::I64, Scalar::I64(-2)),
        (Scalar::F32(3e9), Type::I32, Scalar::I32(i32::MAX)),
        (Scalar::I64(i64::MAX), Type::F32, Scalar::F32(i64::MAX as f32)),
        (Scalar::I64((1 << 53) + 1), Type::F64, Scalar::F64(9_007_199_254_740_992.0)),
        (Scalar::I64(0x1_8000_0001), Type::I32, Scalar::I32(i32::MIN + 1)),
        (Scalar::I32(-1), Type::I64, Scalar::I64(-1)),
        (Scalar::I32(-1), Type::F32, Scalar::F32(-1.0)),
        (Scalar::Bool(true), Type::F64, Scalar::F64(1.0)),
        (Scalar::Bool(true), Type::I32, Scalar::I32(1)),
        (Scalar::Bool(true), Type::Bool, Scalar::Bool(true)),
        (Scalar::F64(f64::NAN), Type::Bool, Scalar::Bool(true)),
        (Scalar::F64(-0.0), Type::Bool, Scalar::Bool(false)),
        (Scalar::I64(1 << 40), Type::Bool, Scalar::Bool(true)),
        (Scalar::F64(1e300), Type::F32, Scalar::F32(f32::INFINITY)),
        (Scalar::F32(0.1), Type::F64, Scalar::F64(f64::from(0.1_f32))),
    ];
    for (from, to, expected) in cases {
        let ty = from.ty().expect("a scalar");
        let compiled = compile(&one_op(Op::Cast(to), &[ty]));
        assert_eq!(value(&compiled, &[from]), expected, "{from:?} to {to}");
    }
}

#[test]
fn true_division_rounds_once() {
    let compiled = compile(&one_op(Op::ITrueDiv, &[Type::I64, Type::I64]));
    let cases = [
        (1, 3, 1.0 / 3.0),
        (0, -5, -0.0),
        (1, 0, f64::INFINITY),
        (-(1 << 53), 1 << 53, -1.0),
        (i64::MIN, -1, 9_223_372_036_854_775_808.0),
        ((1 << 53) + 1, 1 << 53, 1.0),
    ];
    for (a, b, expected) in cases {
        let got = value(&compiled, &[Scalar::I64(a), Scalar::I64(b)]);
        assert!(got.same(Scalar::F64(expected)), "{a} / {b}: {got:?}");
    }
    let compiled = compile(&one_op(Op::ITrueDiv, &[Type::I32, Type::I32]));
    let got = value(&compiled, &[Scalar::I32(-7), Scalar::I32(2)]);
    assert_eq!(got, Scalar::F64(-3.5));
}

#[test]
fn unused_operations_and_none_cost_nothing() {
    let mut b = Build::new(&[Type::F64, Type::Unit], 2, 0);
    let (x, none, io) = (b.param(0), b.param(1), b.io());
    b.op(Op::FDiv, &[x, x]);
    let unit = b.f.constant(b.at, Const::Unit, Span::NONE);
    let yes = b.f.constant(b.at, Const::Bool(true), Span::NONE);
    let chosen = b.op(Op::Select, &[yes, unit, none]);
    let f = b.finish(&[x, chosen], &[io]);
    assert!(!crate::clif_text(&f).expect("it lowers").contains("fdiv"));
    let got = super::call(&compile(&f), &[Scalar::F64(2.0), Scalar::Unit]);
    assert_eq!(got, Ok(vec![Scalar::F64(2.0), Scalar::Unit]));
}
