//! Every operation on scalars against [`rvsdg::scalar`], bit for bit.

use super::{call, compile, one_op, value};
use rvsdg::{MathFn, Op, Raised, Scalar, Span, Type, scalar};

const FLOATS: [f64; 26] = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    -0.5,
    1.5,
    2.5,
    -2.5,
    2.0,
    3.0,
    -3.0,
    0.1,
    -7.3,
    170.0,
    172.5,
    709.0,
    710.5,
    1e17,
    -1e17,
    f64::MIN_POSITIVE,
    5e-324,
    f64::MAX,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::NAN,
];

/// Every argument list of edge values.
fn argument_lists(arity: usize, to: fn(f64) -> Scalar) -> Vec<Vec<Scalar>> {
    if arity == 1 {
        return FLOATS.iter().map(|x| vec![to(*x)]).collect();
    }
    FLOATS.iter().flat_map(|x| FLOATS.iter().map(move |y| vec![to(*x), to(*y)])).collect()
}

fn f64s(x: f64) -> Scalar {
    Scalar::F64(x)
}

fn f32s(x: f64) -> Scalar {
    Scalar::F32(x as f32)
}

fn agrees_with_eval(op: Op, arity: usize) {
    for (ty, to) in [(Type::F64, f64s as fn(f64) -> Scalar), (Type::F32, f32s)] {
        let compiled = compile(&one_op(op, &vec![ty; arity]));
        for args in argument_lists(arity, to) {
            let expected = scalar::eval(op, &args).expect("the operation is total").value;
            let got = value(&compiled, &args);
            assert!(got.same(expected), "{op:?} {args:?}: {got:?}, not {expected:?}");
        }
    }
}

#[test]
fn functions_of_the_c_library() {
    for f in MathFn::ALL {
        agrees_with_eval(Op::Math(*f), f.arity());
    }
}

#[test]
fn float_arithmetic() {
    for op in [Op::FAdd, Op::FSub, Op::FMul, Op::FDiv, Op::FFloorDiv, Op::FMod] {
        agrees_with_eval(op, 2);
    }
    for op in [Op::FMin, Op::FMax] {
        agrees_with_eval(op, 2);
    }
    for op in [Op::FNeg, Op::FAbs, Op::Cast(Type::I64), Op::Cast(Type::I32), Op::Cast(Type::Bool)] {
        agrees_with_eval(op, 1);
    }
}

/// What Python does; where it does not raise, on binary32 the value of the C library.
fn python(f: MathFn, args: &[Scalar]) -> Result<Scalar, Raised> {
    let wide: Vec<f64> = args
        .iter()
        .map(|arg| match arg {
            Scalar::F64(x) => *x,
            Scalar::F32(x) => f64::from(*x),
            other => panic!("{other:?} is not a float"),
        })
        .collect();
    let raised = |(kind, message): (_, &str)| Raised {
        kind,
        message: message.into(),
        span: Span { start: 3, end: 5 },
    };
    let value = scalar::python_call(f, &wide).map_err(raised)?;
    if matches!(args[0], Scalar::F64(_)) && f.result(Type::F64) == Type::F64 {
        return Ok(Scalar::F64(value));
    }
    Ok(scalar::eval(Op::Math(f), args).expect("the operation is total").value)
}

#[test]
fn functions_of_python() {
    let mut raises = 0;
    for f in MathFn::ALL {
        for (ty, to) in [(Type::F64, f64s as fn(f64) -> Scalar), (Type::F32, f32s)] {
            let compiled = compile(&one_op(Op::Call(*f), &vec![ty; f.arity()]));
            for args in argument_lists(f.arity(), to) {
                let expected = python(*f, &args);
                match (call(&compiled, &args).map(|values| values[0]), expected) {
                    (Ok(got), Ok(expected)) => {
                        assert!(got.same(expected), "{f:?} {args:?}: {got:?}, not {expected:?}");
                    }
                    (Err(got), Err(expected)) => {
                        raises += 1;
                        assert_eq!(got, expected, "{f:?} {args:?}");
                    }
                    (got, expected) => panic!("{f:?} {args:?}: {got:?}, not {expected:?}"),
                }
            }
        }
    }
    assert!(raises > 1000, "{raises}");
}
