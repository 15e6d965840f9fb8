//! Arrays, names, limits, element-wise loops and the tools' failures.

use super::{Draft, assert_same, compile, excerpt, interpret, scalars, toolchain};
use crate::{
    BuildOptions, CallError, EmitError, EmitOptions, ToolchainError, emit, emit_elementwise,
    emit_module, status_kind, status_site,
};
use rvsdg::{
    Arg, Array, Buffer, Cmp, Const, Elem, ExcKind, Function, Inputs, MathFn, Op, Scalar, Span, Type,
};
use std::time::{Duration, Instant};

fn array(elem: Elem, rank: u8, mem: u32) -> Type {
    Type::MemRef { elem, rank, mem }
}

/// `a[i] = a[i] + 1` for each of `count` guarded constant indices.
fn many_guards(count: i64) -> Function {
    let mut draft = Draft::new("many_guards", &[("a", array(Elem::I64, 1, 0))], 1);
    let a = draft.param(0);
    let extent = draft.op(Op::Len(0), &[a]);
    let one = draft.op(Op::Const(Const::I64(1)), &[]);
    let fault = draft.function.fault(ExcKind::IndexError, "index out of range");
    for index in 0..count {
        let index = draft.op(Op::Const(Const::I64(index)), &[]);
        let inside = draft.op(Op::ICmp(Cmp::Lt), &[index, extent]);
        let mem = draft.mems[0];
        let index = draft.effect(Op::Guard(fault), &[mem, inside, index]);
        let old = draft.op(Op::Load, &[mem, a, index]);
        let new = draft.op(Op::IAdd, &[old, one]);
        draft.mems[0] = draft.op(Op::Store, &[mem, a, index, new]);
    }
    draft.finish(&[extent])
}

#[test]
fn thousands_of_guards_stay_linear() {
    let options = EmitOptions::default();
    let short = emit(&many_guards(500), &options).expect("it is supported").len();
    let long = emit(&many_guards(4000), &options).expect("it is supported").len();
    assert!(long < 9 * short, "{short} bytes, {long} bytes");
    let function = many_guards(600);
    let Some(library) = compile(&[&function], &options) else { return };
    for length in [0, 1, 599, 600] {
        let inputs =
            Inputs { args: vec![Arg::Array(0)], arrays: vec![Array::i64(vec![3; length])] };
        assert_same(&library, 0, &function, &inputs);
    }
}

/// `m[i, j] = not m[i, j]`, and the extents.
fn flip() -> Function {
    let ty = array(Elem::Bool, 2, 0);
    let mut draft = Draft::new("flip", &[("m", ty), ("i", Type::I64), ("j", Type::I64)], 3);
    let (m, i, j) = (draft.param(0), draft.param(1), draft.param(2));
    let (rows, columns) = (draft.op(Op::Len(0), &[m]), draft.op(Op::Len(1), &[m]));
    let mem = draft.mems[0];
    let old = draft.op(Op::Load, &[mem, m, i, j]);
    let new = draft.op(Op::BNot, &[old]);
    draft.mems[0] = draft.op(Op::Store, &[mem, m, i, j, new]);
    draft.finish(&[rows, old, columns])
}

/// Copies `a[0]` to `b[0]` plus 1, then gives `a[0]`: two parameters of one alias group.
fn alias() -> Function {
    let ty = array(Elem::F32, 1, 0);
    let mut draft = Draft::new("alias", &[("a", ty), ("b", ty)], 1);
    let (a, b) = (draft.param(0), draft.param(1));
    let zero = draft.op(Op::Const(Const::I64(0)), &[]);
    let one = draft.op(Op::Const(Const::f32(1.0)), &[]);
    let mem = draft.mems[0];
    let old = draft.op(Op::Load, &[mem, a, zero]);
    let sum = draft.op(Op::FAdd, &[old, one]);
    draft.mems[0] = draft.op(Op::Store, &[mem, b, zero, sum]);
    let again = draft.op(Op::Load, &[draft.mems[0], a, zero]);
    draft.finish(&[again])
}

/// Every kind of result, and parameters without a run-time value.
fn kinds() -> Function {
    let params = [("u", Type::Unit), ("b", Type::Bool), ("f", Type::F32), ("i", Type::I32)];
    let mut draft = Draft::new("kinds", &params, 5);
    let (u, b, f, i) = (draft.param(0), draft.param(1), draft.param(2), draft.param(3));
    let wide = draft.op(Op::Cast(Type::F64), &[f]);
    draft.finish(&[b, wide, u, i, b])
}

#[test]
fn arrays_and_results_of_every_kind() {
    let functions = [flip(), alias(), kinds()];
    let references: Vec<&Function> = functions.iter().collect();
    let Some(library) = compile(&references, &EmitOptions::default()) else { return };
    let data = vec![true, false, false, true, true, false];
    let matrix = Array { shape: vec![2, 3], data: Buffer::Bool(data) };
    for (i, j) in [(0, 0), (1, 2), (0, 2), (1, 0)] {
        let args = vec![Arg::Array(0), Arg::Scalar(Scalar::I64(i)), Arg::Scalar(Scalar::I64(j))];
        let inputs = Inputs { args, arrays: vec![matrix.clone()] };
        assert_same(&library, 0, &functions[0], &inputs);
    }
    let floats = |x: f32| Array { shape: vec![1], data: Buffer::F32(vec![x]) };
    for second in [0, 1] {
        let inputs = Inputs {
            args: vec![Arg::Array(0), Arg::Array(second)],
            arrays: vec![floats(1.5), floats(4.0)],
        };
        assert_same(&library, 1, &functions[1], &inputs);
    }
    for b in [false, true] {
        let values = [Scalar::Unit, Scalar::Bool(b), Scalar::F32(0.1), Scalar::I32(-7)];
        assert_same(&library, 2, &functions[2], &scalars(&values));
    }
    let wrong = library.call(2, &scalars(&[Scalar::Unit]));
    assert!(matches!(wrong, Err(CallError::Arguments { .. })));
    let wrong = library.call(1, &scalars(&[Scalar::I64(0), Scalar::I64(0)]));
    assert!(matches!(wrong, Err(CallError::Arguments { .. })));
    assert_eq!(library.call(3, &Inputs::default()), Err(CallError::NoFunction));
}

/// A function called as one of the C library's, which calls that one.
fn tanh(name: &str) -> Function {
    let mut draft = Draft::new(name, &[("x", Type::F64)], 1);
    let x = draft.param(0);
    let result = draft.op(Op::Math(MathFn::Tanh), &[x]);
    draft.finish(&[result])
}

#[test]
fn names_do_not_clash() {
    let functions =
        [tanh("tanh"), tanh("tanh"), tanh("größe"), tanh("memcpy"), tanh("_mlir_ciface_f")];
    let references: Vec<&Function> = functions.iter().collect();
    let module = emit_module(&references, &EmitOptions::default()).expect("it is supported");
    let symbols: Vec<&str> = module.entries.iter().map(|entry| entry.symbol.as_str()).collect();
    let expected = ["py_tanh", "py_tanh_1", "gr__e", "py_memcpy", "py__mlir_ciface_f"];
    assert_eq!(symbols, expected);
    let Some(library) = compile(&references, &EmitOptions::default()) else { return };
    for (index, function) in functions.iter().enumerate() {
        assert_same(&library, index, function, &scalars(&[Scalar::F64(0.3)]));
    }
}

/// Counts `n` up for ever.
fn endless() -> Function {
    let mut draft = Draft::new("endless", &[("n", Type::I64)], 1);
    let body = draft.function.add_region();
    let n = draft.function.add_region_param(body, Type::I64);
    let io = draft.function.add_region_param(body, Type::Io);
    let one = draft.function.constant(body, Const::I64(1), Span::NONE);
    let next = draft.function.simple(body, Op::IAdd, &[n, one], Span::NONE);
    let again = draft.function.constant(body, Const::Bool(true), Span::NONE);
    draft.function.set_results(body, vec![again, next, io]);
    let (start, region) = (draft.param(0), draft.body());
    let node = draft.function.theta(region, &[start, draft.io], body, Span::NONE);
    let outputs = draft.function.node(node).outputs.clone();
    draft.io = outputs[1];
    draft.finish(&[outputs[0]])
}

#[test]
fn endless_loops_end_at_the_time_limit() {
    let functions = [endless(), tanh("f")];
    let references: Vec<&Function> = functions.iter().collect();
    let options = EmitOptions { poll: true, sites: false };
    let Some(library) = compile(&references, &options) else { return };
    let begin = Instant::now();
    let inputs = scalars(&[Scalar::I64(0)]);
    let limit = Some(Duration::from_millis(50));
    let answer = library.call_within(0, &inputs, limit).expect("the arguments fit");
    assert_eq!(answer.outcome.map_err(|raised| raised.kind), Err(ExcKind::TimeLimit));
    assert!(begin.elapsed() < Duration::from_secs(20));
    // The flag is down again, and quick functions do not wait for the limit.
    let begin = Instant::now();
    let limit = Some(Duration::from_hours(1));
    let answer = library.call_within(1, &scalars(&[Scalar::F64(1.0)]), limit);
    assert!(answer.expect("the arguments fit").outcome.is_ok());
    assert!(begin.elapsed() < Duration::from_mins(1));
}

#[test]
fn element_wise_loops_apply_the_function() {
    let mut draft = Draft::new("root", &[("x", Type::F64), ("b", Type::Bool)], 1);
    let (x, b) = (draft.param(0), draft.param(1));
    let root = draft.effect(Op::Call(MathFn::Sqrt), &[x]);
    let result = draft.op(Op::Select, &[b, root, x]);
    let raising = draft.finish(&[result]);
    let mut draft = Draft::new("below", &[("x", Type::F64), ("y", Type::F64)], 1);
    let (x, y) = (draft.param(0), draft.param(1));
    let result = draft.op(Op::FCmp(Cmp::Lt), &[x, y]);
    let total = draft.finish(&[result]);
    let Some(tools) = toolchain() else { return };
    let load = |function: &Function| {
        let module =
            emit_elementwise(function, &EmitOptions::default()).expect("scalars to scalar");
        tools.compile(&module, &BuildOptions::default()).unwrap_or_else(|error| {
            panic!("{error}\n{}", excerpt(&module.text));
        })
    };
    let library = load(&raising);
    let run = |xs: &[f64]| {
        let n = xs.len();
        let flags = (0..n).map(|k| k % 2 == 0).collect();
        let arrays = vec![
            Array::f64(xs.to_vec()),
            Array { shape: vec![n], data: Buffer::Bool(flags) },
            Array::f64(vec![-9.0; n]),
        ];
        let args = vec![Arg::Array(0), Arg::Array(1), Arg::Array(2)];
        library.call(1, &Inputs { args, arrays }).expect("the arguments fit")
    };
    let answer = run(&[4.0, 16.0, 25.0]);
    assert_eq!(answer.outcome, Ok(Vec::new()));
    assert_eq!(answer.arrays[2], Array::f64(vec![2.0, 16.0, 5.0]));
    let answer = run(&[4.0, 16.0, -1.0, 9.0]);
    assert_eq!(answer.outcome.map_err(|raised| raised.kind), Err(ExcKind::ValueError));
    assert_eq!(answer.arrays[2], Array::f64(vec![2.0, 16.0, -9.0, -9.0]));
    assert_eq!(run(&[]).outcome, Ok(Vec::new()));

    let library = load(&total);
    let arrays = vec![
        Array::f64(vec![1.0, 2.0, 3.0]),
        Array::f64(vec![2.0, f64::NAN, 4.0]),
        Array { shape: vec![3], data: Buffer::Bool(vec![false, true, false]) },
    ];
    let args = vec![Arg::Array(0), Arg::Array(1), Arg::Array(2)];
    let answer = library.call(1, &Inputs { args, arrays }).expect("the arguments fit");
    assert_eq!(answer.arrays[2].data, Buffer::Bool(vec![true, false, true]));
}

#[test]
fn what_has_no_form_is_refused() {
    for f in [MathFn::Gamma, MathFn::Lgamma] {
        let mut draft = Draft::new("f", &[("x", Type::F64)], 1);
        let x = draft.param(0);
        let result = draft.effect(Op::Call(f), &[x]);
        let function = draft.finish(&[result]);
        let error = emit(&function, &EmitOptions::default()).expect_err("it is not supported");
        let EmitError::Unsupported { span, .. } = &error else { panic!("{error}") };
        assert_eq!(*span, Span { start: 1, end: 2 });
        assert!(error.to_string().contains(f.name()), "{error}");
    }
    let mut draft = Draft::new("f", &[("a", array(Elem::F64, 1, 0))], 1);
    let a = draft.param(0);
    draft.mems.truncate(1);
    let function = draft.finish(&[a]);
    assert!(emit(&function, &EmitOptions::default()).is_err());
    assert!(emit_elementwise(&endless(), &EmitOptions::default()).is_ok());
    assert!(emit_elementwise(&kinds(), &EmitOptions::default()).is_err());
}

#[test]
fn a_status_names_class_and_site() {
    assert_eq!(status_kind(0), None);
    assert_eq!(status_kind(ExcKind::IndexError.code()), Some(ExcKind::IndexError));
    assert_eq!(status_site(ExcKind::IndexError.code()), None);
    assert_eq!(status_site(ExcKind::IndexError.code() | 5 << 8), Some(4));
    let last = ((1 << 23) - 1) << 8 | 1;
    assert_eq!(
        (status_kind(last), status_site(last)),
        (ExcKind::from_code(1), Some((1 << 23) - 2))
    );
}

#[test]
fn tools_report_what_they_refuse_and_are_stopped() {
    let Some(tools) = toolchain() else { return };
    let text = emit(&many_guards(3), &EmitOptions { poll: true, sites: true }).expect("supported");
    tools.verify(&text).expect("mlir-opt accepts the text");
    let Err(ToolchainError::Tool { stderr, .. }) = tools.verify("func.func @f( {}") else {
        panic!("broken text is refused")
    };
    assert!(stderr.contains("error"), "{stderr}");
    let module = emit_module(&[&tanh("f")], &EmitOptions::default()).expect("it is supported");
    let hurry = BuildOptions { time_limit: Duration::ZERO, ..BuildOptions::default() };
    assert!(matches!(tools.compile(&module, &hurry), Err(ToolchainError::TimeLimit { .. })));
}

#[test]
fn separate_tools_make_the_same_code() {
    let Some(tools) = toolchain() else { return };
    let Ok(tools) = tools.without_clang() else { return };
    let function = tanh("f");
    let module = emit_module(&[&function], &EmitOptions::default()).expect("it is supported");
    let library = match tools.compile(&module, &BuildOptions::default()) {
        Ok(library) => library,
        Err(error) => panic!("{error}"),
    };
    let inputs = scalars(&[Scalar::F64(0.7)]);
    assert_same(&library, 0, &function, &inputs);
    assert!(interpret(&function, &inputs).outcome.is_ok());
}
