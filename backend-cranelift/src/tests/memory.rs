//! Arrays: addresses, aliasing, arguments that do not fit.

use super::{Build, answer, compile, compile_all_ways};
use crate::CallError;
use rvsdg::{Arg, Array, Buffer, Cmp, Elem, Function, Inputs, Op, Scalar, Type};

fn memref(elem: Elem, rank: u8, mem: u32) -> Type {
    Type::MemRef { elem, rank, mem }
}

/// `for i in range(len(a)): a[i] = a[i] * 2 + b[0]`, for arrays that are not empty.
fn scale(groups: [u32; 2]) -> Function {
    let types = groups.map(|group| memref(Elem::F64, 1, group));
    let mems = groups[0].max(groups[1]) + 1;
    let mut b = Build::new(&types, 0, mems);
    let (array, other, io, zero) = (b.param(0), b.param(1), b.io(), b.i64(0));
    let len = b.op(Op::Len(0), &[array]);
    let mem = b.mem(groups[0] as usize);
    let other_mem = b.mem(groups[1] as usize);
    let states = [Type::I64, Type::Mem(groups[0]), Type::Mem(groups[1])];
    let same = groups[0] == groups[1];
    let states = if same { &states[..2] } else { &states[..] };
    let body = b.region(states, |b, params| {
        let (i, mem) = (params[0], params[1]);
        let from = if same { mem } else { params[2] };
        let x = b.op(Op::Load, &[mem, array, i]);
        let first = b.op(Op::Load, &[from, other, zero]);
        let two = b.f64(2.0);
        let doubled = b.op(Op::FMul, &[x, two]);
        let sum = b.op(Op::FAdd, &[doubled, first]);
        let mem = b.op(Op::Store, &[mem, array, i, sum]);
        let one = b.i64(1);
        let next = b.op(Op::IAdd, &[i, one]);
        let again = b.op(Op::ICmp(Cmp::Lt), &[next, len]);
        let mut results = vec![again, next, mem];
        results.extend_from_slice(&params[2..]);
        results
    });
    let initial = [zero, mem, other_mem];
    let outputs = b.theta(&initial[..states.len()], body);
    let finals: Vec<_> = std::iter::once(io).chain(outputs[1..].iter().copied()).collect();
    b.finish(&[], &finals)
}

#[test]
fn a_loop_over_arrays() {
    let inputs = Inputs {
        args: vec![Arg::Array(0), Arg::Array(1)],
        arrays: vec![Array::f64(vec![1.0, 2.0, 3.0]), Array::f64(vec![10.0])],
    };
    for compiled in compile_all_ways(&scale([0, 1])) {
        let answer = answer(&compiled, &inputs);
        assert_eq!(answer.outcome, Ok(vec![]));
        assert_eq!(answer.arrays[0], Array::f64(vec![12.0, 14.0, 16.0]));
        assert_eq!(answer.arrays[1], inputs.arrays[1]);
    }
}

#[test]
fn an_array_passed_twice_is_one_array() {
    let inputs = Inputs {
        args: vec![Arg::Array(0), Arg::Array(0)],
        arrays: vec![Array::f64(vec![1.0, 2.0, 3.0])],
    };
    for compiled in compile_all_ways(&scale([0, 0])) {
        // The first store changes what the next iterations load.
        let expected = Array::f64(vec![3.0, 7.0, 9.0]);
        assert_eq!(answer(&compiled, &inputs).arrays, [expected]);
    }
    let disjoint = compile(&scale([0, 1]));
    assert_eq!(disjoint.call(&inputs, None), Err(CallError::Overlap { array: 0 }));
}

/// `a[i, j], a[i, j] = v` for any element type: the old element, then the extents.
fn exchange(elem: Elem) -> Function {
    let params = [memref(elem, 2, 0), Type::I64, Type::I64, elem.scalar()];
    let mut b = Build::new(&params, 3, 1);
    let (array, i, j, v) = (b.param(0), b.param(1), b.param(2), b.param(3));
    let (io, mem) = (b.io(), b.mem(0));
    let old = b.op(Op::Load, &[mem, array, i, j]);
    let mem = b.op(Op::Store, &[mem, array, i, j, v]);
    let rows = b.op(Op::Len(0), &[array]);
    let columns = b.op(Op::Len(1), &[array]);
    b.finish(&[old, rows, columns], &[io, mem])
}

#[test]
fn rows_of_every_element_type() {
    let f32s = Buffer::F32((0..6).map(|x| x as f32 / 2.0).collect());
    let i32s = Buffer::I32((0..6).map(|x| -x).collect());
    let bools = Buffer::Bool(vec![true, false, false, false, false, true]);
    let cases = [
        (Buffer::F64((0..6).map(f64::from).collect()), Scalar::F64(-0.0), Scalar::F64(5.0)),
        (f32s, Scalar::F32(7.5), Scalar::F32(2.5)),
        (i32s, Scalar::I32(i32::MIN), Scalar::I32(-5)),
        (Buffer::I64((0..6).collect()), Scalar::I64(i64::MIN), Scalar::I64(5)),
        (bools, Scalar::Bool(false), Scalar::Bool(true)),
    ];
    for (data, new, old) in cases {
        let array = Array { shape: vec![2, 3], data };
        let compiled = compile(&exchange(array.elem()));
        let mut expected = array.clone();
        assert!(expected.set(5, new));
        let index = |at| Arg::Scalar(Scalar::I64(at));
        let args = vec![Arg::Array(0), index(1), index(2), Arg::Scalar(new)];
        let answer = answer(&compiled, &Inputs { args, arrays: vec![array] });
        assert_eq!(answer.outcome, Ok(vec![old, Scalar::I64(2), Scalar::I64(3)]));
        assert_eq!(answer.arrays, [expected]);
    }
}

#[test]
fn arrays_are_values_of_choices() {
    let array = memref(Elem::I64, 1, 0);
    let mut b = Build::new(&[Type::Bool, array, array], 3, 1);
    let (choice, x, y, io, mem) = (b.param(0), b.param(1), b.param(2), b.io(), b.mem(0));
    let no = b.region(&[Type::Mem(0)], |_, params| vec![x, params[0]]);
    let yes = b.region(&[Type::Mem(0)], |_, params| vec![y, params[0]]);
    let outputs = b.gamma(choice, &[mem], vec![no, yes]);
    let selected = b.op(Op::Select, &[choice, x, y]);
    let zero = b.i64(0);
    let from_gamma = b.op(Op::Load, &[outputs[1], outputs[0], zero]);
    let from_select = b.op(Op::Load, &[outputs[1], selected, zero]);
    let len = b.op(Op::Len(0), &[outputs[0]]);
    let compiled = compile(&b.finish(&[from_gamma, from_select, len], &[io, outputs[1]]));
    let arrays = vec![Array::i64(vec![1]), Array::i64(vec![2, 3])];
    let mut args = vec![Arg::Scalar(Scalar::Bool(true)), Arg::Array(0), Arg::Array(1)];
    let call = |args: &[Arg]| {
        answer(&compiled, &Inputs { args: args.to_vec(), arrays: arrays.clone() }).outcome
    };
    assert_eq!(call(&args), Ok([2, 1, 2].map(Scalar::I64).to_vec()));
    args[0] = Arg::Scalar(Scalar::Bool(false));
    assert_eq!(call(&args), Ok([1, 2, 1].map(Scalar::I64).to_vec()));
}

#[test]
fn unfit_arguments_are_errors() {
    let compiled = compile(&exchange(Elem::F64));
    let good = Inputs {
        args: vec![
            Arg::Array(0),
            Arg::Scalar(Scalar::I64(0)),
            Arg::Scalar(Scalar::I64(0)),
            Arg::Scalar(Scalar::F64(0.0)),
        ],
        arrays: vec![Array { shape: vec![1, 1], data: Buffer::F64(vec![1.0]) }],
    };
    assert!(compiled.call(&good, None).is_ok());
    let with = |change: &dyn Fn(&mut Inputs)| {
        let mut inputs = good.clone();
        change(&mut inputs);
        compiled.call(&inputs, None).expect_err("the arguments do not fit")
    };
    let array = memref(Elem::F64, 2, 0);
    assert_eq!(with(&|inputs| inputs.args.truncate(2)), CallError::Arity { expected: 4, given: 2 });
    let error = with(&|inputs| inputs.args[0] = Arg::Scalar(Scalar::I64(1)));
    assert_eq!(error, CallError::Type { argument: 0, expected: array });
    let error = with(&|inputs| inputs.args[3] = Arg::Scalar(Scalar::F32(1.0)));
    assert_eq!(error, CallError::Type { argument: 3, expected: Type::F64 });
    let error = with(&|inputs| inputs.args[0] = Arg::Array(1));
    assert_eq!(error, CallError::NoSuchArray { argument: 0 });
    let error = with(&|inputs| inputs.arrays[0] = Array::f64(vec![1.0]));
    assert_eq!(error, CallError::Type { argument: 0, expected: array });
    let huge = [vec![2, 3], vec![usize::MAX, 2], vec![1 << 32, 1 << 32]];
    for shape in huge {
        let error = with(&|inputs| inputs.arrays[0].shape.clone_from(&shape));
        assert_eq!(error, CallError::Shape { array: 0 }, "{shape:?}");
    }
}

#[test]
fn raw_calls_use_the_callers_memory() {
    let compiled = compile(&exchange(Elem::F64));
    let mut data = [1.0_f64, 2.0, 3.0, 4.0];
    let array = crate::ArrayDescriptor { data: data.as_mut_ptr().cast(), extents: [2, 2] };
    let args = [std::ptr::from_ref(&array) as u64, 1, 0, 9.5_f64.to_bits()];
    let mut results = [0_u64; 3];
    let mut context = crate::Context::new(crate::Limits::default());
    // SAFETY: four slots for four parameters, an array of 2 by 2 elements, three results.
    #[expect(unsafe_code, reason = "the raw interface is under test")]
    let outcome = unsafe { compiled.call_raw(args.as_ptr(), results.as_mut_ptr(), &mut context) };
    assert_eq!(outcome, Ok(()));
    assert_eq!(results, [3.0_f64.to_bits(), 2, 2]);
    assert_eq!(data, [1.0, 2.0, 9.5, 4.0]);
}
