//! Every operation, on the values at which definitions differ.

use super::{Draft, assert_same, compile, scalars};
use crate::EmitOptions;
use rvsdg::{Cmp, Const, ExcKind, Function, MathFn, Op, Scalar, Type};

const FLOATS: [f64; 38] = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    -0.5,
    1.5,
    2.5,
    -2.5,
    3.0,
    -3.0,
    0.1,
    -0.3,
    7.25,
    1e-10,
    -1e-300,
    5e-324,
    2.2e-308,
    1e16,
    -1e17,
    1e300,
    -1.7e308,
    709.9,
    -745.5,
    2_147_483_647.5,
    -2_147_483_648.9,
    9_223_372_036_854_774_784.0,
    9_223_372_036_854_775_808.0,
    -9_223_372_036_854_775_808.0,
    4_294_967_296.0,
    std::f64::consts::PI,
    100.25,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::NAN,
    -171.5,
    // The C library's pow(x, 2.0) is not x * x, and its pow(2.0, x) not exp2(x).
    1.617_486_862_710_821_2,
    0.051_740_762_168_322_685,
];

const INTS: [i64; 25] = [
    0,
    1,
    -1,
    2,
    -2,
    3,
    -3,
    7,
    -7,
    31,
    32,
    33,
    63,
    64,
    65,
    -64,
    i64::MAX,
    i64::MIN,
    i64::MIN + 1,
    9_007_199_254_740_993,
    -9_007_199_254_740_995,
    2_147_483_647,
    -2_147_483_648,
    1_234_567_890_123_456_789,
    -987_654_321_987_654_321,
];

fn values(ty: Type) -> Vec<Scalar> {
    match ty {
        Type::F64 => FLOATS.iter().map(|x| Scalar::F64(*x)).collect(),
        Type::F32 => FLOATS.iter().map(|x| Scalar::F32(*x as f32)).collect(),
        Type::I64 => INTS.iter().map(|x| Scalar::I64(*x)).collect(),
        Type::I32 => INTS.iter().map(|x| Scalar::I32(*x as i32)).collect(),
        _ => vec![Scalar::Bool(false), Scalar::Bool(true)],
    }
}

/// All operands of one type.
fn pure(op: Op, ty: Type, arity: usize) -> Function {
    let names = [("x", ty), ("y", ty)];
    let mut draft = Draft::new(&format!("{op:?}_{ty}"), &names[..arity], 1);
    let mut args: Vec<_> = (0..arity).map(|k| draft.param(k)).collect();
    if matches!(op, Op::IFloorDiv | Op::IMod) {
        let zero = if ty == Type::I64 { Const::I64(0) } else { Const::I32(0) };
        let zero = draft.op(Op::Const(zero), &[]);
        let fine = draft.op(Op::ICmp(Cmp::Ne), &[args[1], zero]);
        let fault = draft.function.fault(ExcKind::ZeroDivisionError, "division by zero");
        args[1] = draft.effect(Op::Guard(fault), &[fine, args[1]]);
    }
    let result = draft.op(op, &args);
    draft.finish(&[result])
}

fn call(f: MathFn, ty: Type) -> Function {
    let names = [("x", ty), ("y", ty)];
    let mut draft = Draft::new(&format!("call_{}_{ty}", f.name()), &names[..f.arity()], 1);
    let args: Vec<_> = (0..f.arity()).map(|k| draft.param(k)).collect();
    let result = draft.effect(Op::Call(f), &args);
    draft.finish(&[result])
}

fn run_all(functions: &[Function]) {
    let references: Vec<&Function> = functions.iter().collect();
    let options = EmitOptions { sites: true, poll: false };
    let Some(library) = compile(&references, &options) else { return };
    for (index, function) in functions.iter().enumerate() {
        let types: Vec<Type> = function.params.iter().map(|param| param.ty).collect();
        for x in values(types[0]) {
            match types.get(1) {
                None => assert_same(&library, index, function, &scalars(&[x])),
                Some(ty) => {
                    for y in values(*ty) {
                        assert_same(&library, index, function, &scalars(&[x, y]));
                    }
                }
            }
        }
    }
}

#[test]
fn integer_operations_agree_with_the_interpreter() {
    let mut functions = Vec::new();
    for ty in [Type::I32, Type::I64] {
        for op in [Op::INeg, Op::IAbs, Op::INot] {
            functions.push(pure(op, ty, 1));
        }
        let binary = [
            Op::IAdd,
            Op::ISub,
            Op::IMul,
            Op::IFloorDiv,
            Op::IMod,
            Op::ITrueDiv,
            Op::IPow,
            Op::IShl,
            Op::IShr,
            Op::IAnd,
            Op::IOr,
            Op::IXor,
            Op::IMin,
            Op::IMax,
        ];
        functions.extend(binary.map(|op| pure(op, ty, 2)));
        functions.extend(Cmp::ALL.map(|cmp| pure(Op::ICmp(cmp), ty, 2)));
    }
    for op in [Op::BAnd, Op::BOr, Op::BXor] {
        functions.push(pure(op, Type::Bool, 2));
    }
    functions.push(pure(Op::BNot, Type::Bool, 1));
    run_all(&functions);
}

#[test]
fn float_operations_and_casts_agree_with_the_interpreter() {
    let mut functions = Vec::new();
    for ty in [Type::F32, Type::F64] {
        functions.extend([Op::FNeg, Op::FAbs].map(|op| pure(op, ty, 1)));
        let binary =
            [Op::FAdd, Op::FSub, Op::FMul, Op::FDiv, Op::FFloorDiv, Op::FMod, Op::FMin, Op::FMax];
        functions.extend(binary.map(|op| pure(op, ty, 2)));
        functions.extend(Cmp::ALL.map(|cmp| pure(Op::FCmp(cmp), ty, 2)));
    }
    let scalar = [Type::F32, Type::F64, Type::I32, Type::I64, Type::Bool];
    for from in scalar {
        functions.extend(scalar.map(|to| pure(Op::Cast(to), from, 1)));
    }
    run_all(&functions);
}

#[test]
fn math_functions_agree_with_the_interpreter() {
    let mut functions = Vec::new();
    for ty in [Type::F32, Type::F64] {
        for &f in MathFn::ALL {
            if !matches!(f, MathFn::Gamma | MathFn::Lgamma) {
                functions.push(pure(Op::Math(f), ty, f.arity()));
                functions.push(call(f, ty));
            }
        }
    }
    run_all(&functions);
}

#[test]
fn constant_arguments_fold_to_the_same_bits() {
    let mut functions = Vec::new();
    for &f in MathFn::ALL {
        if f.arity() != 2 || f.result(Type::F64) == Type::Bool {
            continue;
        }
        for constant in [2.0, 0.5, -1.0, 3.0, 10.0, 0.0] {
            for first in [false, true] {
                let mut draft = Draft::new("half_constant", &[("x", Type::F64)], 1);
                let constant = draft.op(Op::Const(Const::f64(constant)), &[]);
                let x = draft.param(0);
                let operands = if first { [constant, x] } else { [x, constant] };
                let result = draft.op(Op::Math(f), &operands);
                functions.push(draft.finish(&[result]));
            }
        }
    }
    run_all(&functions);
}

#[test]
fn constants_survive_the_text() {
    let floats = [0.1, -0.0, 1e300, 5e-324, 1e22, 123_456.789, f64::NEG_INFINITY, f64::MAX];
    let mut functions = Vec::new();
    for x in floats {
        for constant in [Const::f64(x), Const::f32(x as f32), Const::f32(f32::NAN)] {
            let mut draft = Draft::new("constant", &[("unused", Type::Bool)], 1);
            let value = draft.op(Op::Const(constant), &[]);
            functions.push(draft.finish(&[value]));
        }
    }
    for constant in [Const::I64(i64::MIN), Const::I32(i32::MIN), Const::Bool(true), Const::Unit] {
        let mut draft = Draft::new("constant", &[("unused", Type::Bool)], 1);
        let value = draft.op(Op::Const(constant), &[]);
        functions.push(draft.finish(&[value]));
    }
    run_all(&functions);
}
