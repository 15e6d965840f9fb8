//! Python's objects for results, exceptions, reports and diagnostics.

use crate::CompileError;
use frontend_py::{Diagnostics, SourceFile, render};
use optimizer::Report;
use pyo3::IntoPyObjectExt;
use pyo3::exceptions as python;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use rvsdg::{Elem, ExcKind, Raised, Shape, Type};

/// A number of this type in a result slot of compiled code, as Python's number.
fn scalar(py: Python<'_>, ty: Type, slot: u64) -> PyResult<Py<PyAny>> {
    match ty {
        Type::F64 => f64::from_bits(slot).into_py_any(py),
        // The low half holds the bits.
        Type::F32 => f64::from(f32::from_bits(slot as u32)).into_py_any(py),
        Type::Bool => (slot != 0).into_py_any(py),
        Type::Unit => Ok(py.None()),
        _ => slot.cast_signed().into_py_any(py),
    }
}

/// The results, nested as the function's caller expects them.
pub(crate) fn results(
    py: Python<'_>,
    shape: &Shape,
    types: &[Type],
    slots: &[u64],
) -> PyResult<Py<PyAny>> {
    fn build<'a>(
        py: Python<'_>,
        shape: &Shape,
        rest: &mut impl Iterator<Item = (&'a Type, &'a u64)>,
    ) -> PyResult<Py<PyAny>> {
        match shape {
            Shape::None => Ok(py.None()),
            Shape::Scalar => match rest.next() {
                Some((ty, slot)) => scalar(py, *ty, *slot),
                None => Ok(py.None()),
            },
            Shape::Tuple(items) => {
                let items: PyResult<Vec<_>> =
                    items.iter().map(|item| build(py, item, rest)).collect();
                PyTuple::new(py, items?)?.into_py_any(py)
            }
        }
    }
    build(py, shape, &mut types.iter().zip(slots))
}

/// The exception that Python would raise, with a note about the place in the source.
pub(crate) fn exception(py: Python<'_>, file: &SourceFile, name: &str, raised: &Raised) -> PyErr {
    let message = raised.message.to_string();
    let error = match raised.kind {
        ExcKind::ZeroDivisionError => python::PyZeroDivisionError::new_err(message),
        ExcKind::IndexError => python::PyIndexError::new_err(message),
        ExcKind::ValueError => python::PyValueError::new_err(message),
        ExcKind::OverflowError => python::PyOverflowError::new_err(message),
        ExcKind::UnboundLocalError => python::PyUnboundLocalError::new_err(message),
        ExcKind::AssertionError if message.is_empty() => python::PyAssertionError::new_err(()),
        ExcKind::AssertionError => python::PyAssertionError::new_err(message),
        ExcKind::TypeError => python::PyTypeError::new_err(message),
        ExcKind::TimeLimit => python::PyTimeoutError::new_err(message),
    };
    if raised.span.is_some() {
        let (line, _) = file.line_column(raised.span.start);
        let text = file.text().lines().nth(line as usize - 1).unwrap_or_default().trim();
        let note = format!("  File \"{}\", line {line}, in {name}\n    {text}", file.name());
        // A note that cannot be attached must not hide the exception itself.
        let _ = error.value(py).call_method1("add_note", (note,));
    }
    error
}

/// The diagnostics as an `ovum.CompileError` with the lines underlined; its attributes `code`,
/// `line` and `column` are the first one's.
pub(crate) fn compile_error(
    py: Python<'_>,
    file_name: &str,
    text: &str,
    diagnostics: &Diagnostics,
) -> PyErr {
    let shown: Vec<String> =
        diagnostics.0.iter().map(|d| render(file_name, text, d, false)).collect();
    let error = CompileError::new_err(shown.join("\n\n"));
    let value = error.value(py);
    let first = diagnostics.0.first();
    let place = first.and_then(|d| d.span).map(|span| {
        let before = &text[..text.floor_char_boundary(span.start as usize)];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    });
    // The attributes are a convenience: the error stands without them.
    let _ = value.setattr("code", first.map(|d| d.code));
    let _ = value.setattr("line", place.map(|(line, _)| line));
    let _ = value.setattr("column", place.map(|(_, column)| column));
    error
}

/// The optimiser's report as a dictionary; times are in milliseconds.
pub(crate) fn report<'py>(py: Python<'py>, report: &Report) -> PyResult<Bound<'py, PyDict>> {
    let phases = PyDict::new(py);
    for (name, time) in &report.phases {
        phases.set_item(name, time.as_secs_f64() * 1e3)?;
    }
    let counts = |counts: &indexmap::IndexMap<String, usize>| -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(py);
        for (name, count) in counts {
            dict.set_item(name, count)?;
        }
        Ok(dict)
    };
    let mut approximations = Vec::new();
    for approximation in &report.approximations {
        let dict = PyDict::new(py);
        dict.set_item("rule", &approximation.rule)?;
        dict.set_item("domain", approximation.domain)?;
        dict.set_item("bound", approximation.bound)?;
        approximations.push(dict);
    }
    let dict = PyDict::new(py);
    dict.set_item("phases", phases)?;
    dict.set_item("e_nodes", report.e_nodes)?;
    dict.set_item("e_classes", report.e_classes)?;
    dict.set_item("stop_reason", &report.stop_reason)?;
    dict.set_item("rules_fired", counts(&report.rules_fired)?)?;
    dict.set_item("cost_before", report.cost_before)?;
    dict.set_item("cost_after", report.cost_after)?;
    dict.set_item("approximations", approximations)?;
    dict.set_item("error_bound", report.error_bound)?;
    dict.set_item("fusions", counts(&report.fusions)?)?;
    Ok(dict)
}

/// NumPy's kind and size in bytes of an element type, `('f', 8)` for binary64.
pub(crate) fn numpy_kind(elem: Elem) -> (u8, usize) {
    match elem {
        Elem::F32 => (b'f', 4),
        Elem::F64 => (b'f', 8),
        Elem::I32 => (b'i', 4),
        Elem::I64 => (b'i', 8),
        Elem::Bool => (b'b', 1),
    }
}
