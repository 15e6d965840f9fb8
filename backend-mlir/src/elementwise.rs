//! A scalar function applied to every element of arrays: a loop around a call.

use crate::emit::{EmitError, EmitOptions, Entry, Module, Symbols, emit_into};
use crate::routines::Shared;
use crate::types::mlir_type;
use rvsdg::{Elem, Function, Param, Shape, Span, Type};
use std::fmt::Write as _;

/// Prints a scalar function `NAME` and `NAME_map`, which applies it to one-dimensional arrays: one
/// array per parameter, then the array of results. `NAME_map` handles as many elements as the
/// first array has; every array must have as many.
///
/// If the function returns a status, so does the loop: it ends at the first element that raises,
/// with the results before it stored.
///
/// # Errors
/// If the function does not take at least one scalar and return exactly one, or as
/// [`crate::emit`].
pub fn emit_elementwise(function: &Function, options: &EmitOptions) -> Result<Module, EmitError> {
    let unsupported = || EmitError::Unsupported {
        function: function.name.to_string(),
        what: "an element-wise loop around a function that is not scalars to scalar".to_owned(),
        span: Span::NONE,
    };
    let (mut shared, mut symbols, mut bodies) =
        (Shared::default(), Symbols::default(), String::new());
    let symbol = symbols.assign(&function.name);
    let scalar = emit_into(function, symbol, options, &mut shared, &mut bodies)?;
    let inputs: Option<Vec<Elem>> = scalar.params.iter().map(|param| param.ty.elem()).collect();
    let (Some(inputs), [result]) = (inputs, &scalar.results[..]) else {
        return Err(unsupported());
    };
    let Some(output) = result.elem() else { return Err(unsupported()) };
    if inputs.is_empty() {
        return Err(unsupported());
    }
    let name = format!("{}_map", function.name);
    let symbol = symbols.assign(&name);
    bodies.push_str(&map_text(&scalar, &symbol, &inputs, output));
    let mut params: Vec<Param> = Vec::with_capacity(inputs.len() + 1);
    for (group, (param, elem)) in scalar.params.iter().zip(&inputs).enumerate() {
        params.push(Param { name: param.name.clone(), ty: array(*elem, group) });
    }
    params.push(Param { name: "out".into(), ty: array(output, inputs.len()) });
    let map = Entry {
        name: name.into(),
        symbol,
        params,
        results: Vec::new(),
        shape: Shape::None,
        status: scalar.status,
        sites: scalar.sites.clone(),
    };
    Ok(Module { text: shared.text() + &bodies, entries: vec![scalar, map] })
}

fn array(elem: Elem, group: usize) -> Type {
    Type::MemRef { elem, rank: 1, mem: group as u32 }
}

fn array_text(elem: Elem) -> String {
    mlir_type(array(elem, 0)).unwrap_or_default().into_owned()
}

/// The text of the loop.
fn map_text(scalar: &Entry, symbol: &str, inputs: &[Elem], output: Elem) -> String {
    let mut params: Vec<String> = inputs
        .iter()
        .enumerate()
        .map(|(k, elem)| format!("%in.{k}: {}", array_text(*elem)))
        .collect();
    params.push(format!("%out: {}", array_text(output)));
    let arrow = if scalar.status { " -> i32" } else { "" };
    let first = array_text(inputs[0]);
    let mut text = format!(
        "func.func @{symbol}({}){arrow} attributes {{llvm.emit_c_interface}} {{\n  \
         %zero = arith.constant 0 : index\n  %one = arith.constant 1 : index\n  \
         %n = memref.dim %in.0, %zero : {first}\n",
        params.join(", ")
    );
    let (call, value) = call_text(scalar, inputs, output);
    if scalar.status {
        let _ = write!(
            text,
            "  %success = arith.constant 0 : i32\n  \
             %r:2 = scf.while (%i = %zero, %before = %success) : (index, i32)\n    \
             -> (index, i32) {{\n    \
             %more = arith.cmpi slt, %i, %n : index\n    \
             %ok = arith.cmpi eq, %before, %success : i32\n    \
             %go = arith.andi %more, %ok : i1\n    \
             scf.condition(%go) %i, %before : index, i32\n  \
             }} do {{\n  ^bb0(%i: index, %before: i32):\n{call}    \
             %fine = arith.cmpi eq, %y#0, %success : i32\n    \
             scf.if %fine {{\n      memref.store {value}, %out[%i] : {out}\n    }}\n    \
             %next = arith.addi %i, %one : index\n    \
             scf.yield %next, %y#0 : index, i32\n  }}\n  return %r#1 : i32\n}}\n",
            out = array_text(output)
        );
    } else {
        let _ = write!(
            text,
            "  scf.for %i = %zero to %n step %one {{\n{call}    \
             memref.store {value}, %out[%i] : {}\n  }}\n  return\n}}\n",
            array_text(output)
        );
    }
    text
}

/// Loads the arguments at `%i` and calls the scalar function; the name of what to store.
fn call_text(scalar: &Entry, inputs: &[Elem], output: Elem) -> (String, &'static str) {
    let mut text = String::new();
    let mut names = Vec::new();
    let mut types = Vec::new();
    if inputs.contains(&Elem::Bool) {
        text.push_str("    %no = arith.constant 0 : i8\n");
    }
    for (k, elem) in inputs.iter().enumerate() {
        let array = array_text(*elem);
        let _ = writeln!(text, "    %x.{k} = memref.load %in.{k}[%i] : {array}");
        if *elem == Elem::Bool {
            let _ = writeln!(text, "    %b.{k} = arith.cmpi ne, %x.{k}, %no : i8");
            names.push(format!("%b.{k}"));
        } else {
            names.push(format!("%x.{k}"));
        }
        types.push(mlir_type(elem.scalar()).unwrap_or_default());
    }
    let result = mlir_type(output.scalar()).unwrap_or_default();
    let (lhs, value, results) = if scalar.status {
        ("%y:2", "%y#1", format!("(i32, {result})"))
    } else {
        ("%y", "%y", result.to_string())
    };
    let _ = writeln!(
        text,
        "    {lhs} = func.call @{}({}) : ({}) -> {results}",
        scalar.symbol,
        names.join(", "),
        types.join(", ")
    );
    if output == Elem::Bool {
        let _ = writeln!(text, "    %byte = arith.extui {value} : i1 to i8");
        return (text, "%byte");
    }
    (text, value)
}
