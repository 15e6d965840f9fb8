//! Compiling and running Python text, with answers written as `fixtures/expect.py` writes them.

use frontend_py::call::{CallSpec, Item, List, Literal, parse_call};
use frontend_py::{Options, ParamType, Semantics, SourceFile, compile};
use rvsdg::{Arg, Array, Buffer, Elem, Function, Inputs, Limits, Scalar, Shape, Type};

pub(crate) fn source(text: &str) -> SourceFile {
    SourceFile::parse("test.py", text.to_owned()).unwrap_or_else(|d| panic!("{d}"))
}

/// Compiles a function that must be correct, and verifies it.
pub(crate) fn compiled(file: &SourceFile, name: &str, semantics: Semantics) -> Function {
    let options = Options { semantics, types: None };
    let function = compile(file, name, &options).unwrap_or_else(|d| panic!("{name}: {d}"));
    if let Err(errors) = rvsdg::verify(&function) {
        panic!("{name}: {errors}");
    }
    function
}

/// The rendered diagnostics of text whose function `f` must be refused.
pub(crate) fn refused(text: &str, types: Option<Vec<ParamType>>) -> String {
    refused_with(text, types, Semantics::Strict)
}

pub(crate) fn refused_with(
    text: &str,
    types: Option<Vec<ParamType>>,
    semantics: Semantics,
) -> String {
    let result = SourceFile::parse("test.py", text.to_owned())
        .and_then(|file| compile(&file, "f", &Options { semantics, types }));
    let diagnostics = result.expect_err("the program is wrong");
    let shown = diagnostics.0.iter().map(|d| frontend_py::render("test.py", text, d, false));
    shown.collect::<Vec<_>>().join("\n\n") + "\n"
}

fn array(list: &List, elem: Elem, rank: u8) -> Array {
    let float = |item: &Item| match item {
        Item::Float(value) => *value,
        Item::Int(value) => *value as f64,
        Item::Bool(value) => f64::from(u8::from(*value)),
    };
    let int = |item: &Item| match item {
        Item::Int(value) => *value,
        Item::Bool(value) => i64::from(*value),
        Item::Float(_) => panic!("a float for an integer array"),
    };
    let data = match elem {
        Elem::F64 => Buffer::F64(list.items.iter().map(float).collect()),
        Elem::F32 => Buffer::F32(list.items.iter().map(|x| float(x) as f32).collect()),
        Elem::I64 => Buffer::I64(list.items.iter().map(int).collect()),
        Elem::I32 => Buffer::I32(list.items.iter().map(|x| int(x) as i32).collect()),
        Elem::Bool => Buffer::Bool(list.items.iter().map(|x| int(x) != 0).collect()),
    };
    assert_eq!(list.shape.len(), usize::from(rank));
    Array { shape: list.shape.clone(), data }
}

fn inputs(function: &Function, call: &CallSpec) -> Inputs {
    let mut arrays: Vec<Option<Array>> = vec![None; call.lists.len()];
    let args = call.args.iter().zip(&function.params).map(|(arg, param)| match (arg, param.ty) {
        (Literal::List(at), Type::MemRef { elem, rank, .. }) => {
            arrays[*at] = Some(array(&call.lists[*at], elem, rank));
            Arg::Array(*at)
        }
        (Literal::Float(value), Type::F32) => Arg::Scalar(Scalar::F32(*value as f32)),
        (Literal::Float(value), _) => Arg::Scalar(Scalar::F64(*value)),
        (Literal::Int(value), Type::F64) => Arg::Scalar(Scalar::F64(*value as f64)),
        (Literal::Int(value), Type::I32) => Arg::Scalar(Scalar::I32(*value as i32)),
        (Literal::Int(value), _) => Arg::Scalar(Scalar::I64(*value)),
        (Literal::Bool(value), _) => Arg::Scalar(Scalar::Bool(*value)),
        (other, ty) => panic!("{other:?} for a {ty}"),
    });
    let args = args.collect();
    let arrays = arrays.into_iter().map(|a| a.expect("every list is an argument")).collect();
    Inputs { args, arrays }
}

fn show(scalar: Scalar) -> String {
    match scalar {
        Scalar::F64(value) if value.is_nan() => "fnan".to_owned(),
        Scalar::F64(value) => format!("f{:016x}", value.to_bits()),
        Scalar::F32(value) => format!("g{:08x}", value.to_bits()),
        Scalar::I64(value) => format!("i{value}"),
        Scalar::I32(value) => format!("j{value}"),
        Scalar::Bool(value) => format!("b{}", u8::from(value)),
        Scalar::Ctl(_) | Scalar::Unit => panic!("no function returns {scalar:?}"),
    }
}

fn nest(shape: &Shape, results: &mut impl Iterator<Item = Scalar>) -> String {
    match shape {
        Shape::None => "None".to_owned(),
        Shape::Scalar => show(results.next().expect("a result per scalar of the shape")),
        Shape::Tuple(items) => {
            let items: Vec<String> = items.iter().map(|item| nest(item, results)).collect();
            format!("({})", items.join(","))
        }
    }
}

/// The line of `expected.txt` for a call.
pub(crate) fn answer(function: &Function, call: &str) -> String {
    let spec = parse_call(call).unwrap_or_else(|d| panic!("{call}: {d}"));
    let inputs = inputs(function, &spec);
    let limits = Limits { time: None, steps: Some(50_000_000) };
    let run = rvsdg::interp::run(function, &inputs, &limits)
        .unwrap_or_else(|violation| panic!("{call}: {violation:?}"));
    let outcome = match run.answer.outcome {
        Ok(results) => nest(&function.shape, &mut results.into_iter()),
        Err(raised) => {
            assert!(raised.span.is_some(), "{call}: {} has no place", raised.message);
            format!("!{} {}", raised.kind.name(), raised.message)
        }
    };
    let arrays: Vec<String> = run
        .answer
        .arrays
        .iter()
        .map(|array| {
            let items = (0..array.len()).filter_map(|at| array.get(at)).map(show);
            format!("[{}]", items.collect::<Vec<_>>().join(","))
        })
        .collect();
    format!("{call} | {outcome} | {}", arrays.join(" ")).trim_end().to_owned()
}
