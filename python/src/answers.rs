//! Python's objects for results, exceptions, reports and diagnostics.

use crate::CompileError;
use ovum::error::{Blame, codes};
use ovum::source::Text;
use pyo3::IntoPyObjectExt;
use pyo3::exceptions as python;
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use rvsdg::{Elem, ExcKind, Raised, Shape, Type};

/// A number of this type in a result slot of compiled code, as Python's number.
pub(crate) fn scalar(py: Python<'_>, ty: Type, slot: u64) -> PyResult<Py<PyAny>> {
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
pub(crate) fn exception(py: Python<'_>, source: &Text, name: &str, raised: &Raised) -> PyErr {
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
        ExcKind::RuntimeError => python::PyRuntimeError::new_err(message),
        ExcKind::ArithmeticError => python::PyArithmeticError::new_err(message),
        ExcKind::NotImplementedError => python::PyNotImplementedError::new_err(message),
        ExcKind::Exception => python::PyException::new_err(message),
        ExcKind::RecursionError => python::PyRecursionError::new_err(message),
    };
    if raised.span.is_some() {
        let (line, _) = source.line_column(raised.span.start);
        let text = source.text().lines().nth(line as usize - 1).unwrap_or_default().trim();
        let (file, line) = elsewhere(source, line).unwrap_or((source.name(), line));
        let note = format!("  File \"{file}\", line {line}, in {name}\n    {text}");
        // A note that cannot be attached must not hide the exception itself.
        let _ = error.value(py).call_method1("add_note", (note,));
    }
    error
}

/// The file and line that a line of the text comes from, if it belongs to a function that the
/// package has appended: a comment above says so.
fn elsewhere(source: &Text, line: u32) -> Option<(&str, u32)> {
    let mut said = None;
    for (text, at) in source.text().lines().zip(1..=line) {
        if let Some(place) = text.strip_prefix("# ovum: line ") {
            said = place.split_once(" of ").map(|(first, file)| (file, first, at));
        }
    }
    let (file, first, at) = said?;
    Some((file, first.parse::<u32>().ok()? + (line - at).saturating_sub(1)))
}

/// Why a function cannot be compiled. The input's fault is an `ovum.CompileError` with the lines
/// underlined, whose attributes `code`, `line` and `column` are the first diagnostic's, counted in
/// `text`; an option's is a `ValueError`, a back end's limit a `NotImplementedError`.
pub(crate) fn refusal(py: Python<'_>, text: &Text, error: &ovum::Error) -> PyErr {
    if error.blame() == Blame::Usage {
        return python::PyValueError::new_err(error.message().to_owned());
    }
    if error.code() == codes::CODEGEN {
        return python::PyNotImplementedError::new_err(error.message().to_owned());
    }
    let span = error.diagnostics().first().and_then(|first| first.span);
    let place = span.map(|span| text.line_column(span.start));
    let code = error.code();
    let from = place.and_then(|(line, _)| elsewhere(text, line));
    let from =
        from.map_or_else(String::new, |(file, line)| format!("\n   = note: {file}, line {line}"));
    let error = CompileError::new_err(format!("{error}{from}"));
    let value = error.value(py);
    // The attributes are a convenience: the error stands without them.
    let _ = value.setattr("code", code);
    let _ = value.setattr("line", place.map(|(line, _)| line));
    let _ = value.setattr("column", place.map(|(_, column)| column));
    error
}

/// The report as a dictionary, as the command's `--json` writes it; times are in milliseconds.
pub(crate) fn report<'py>(py: Python<'py>, report: &str) -> PyResult<Bound<'py, PyAny>> {
    py.import("json")?.call_method1("loads", (report,))
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
