//! How types and constants are written in MLIR.

use rvsdg::{Const, Elem, Type};
use std::borrow::Cow;

/// The MLIR type of a value; `None` for states and `unit`, which have no run-time value.
pub(crate) fn mlir_type(ty: Type) -> Option<Cow<'static, str>> {
    Some(match ty {
        Type::F32 => "f32".into(),
        Type::F64 => "f64".into(),
        Type::I32 | Type::Ctl(_) => "i32".into(),
        Type::I64 => "i64".into(),
        Type::Bool => "i1".into(),
        Type::Unit | Type::Io | Type::Mem(_) => return None,
        Type::MemRef { elem, rank, .. } => {
            format!("memref<{}{}>", "?x".repeat(usize::from(rank)), elem_type(elem)).into()
        }
    })
}

/// The type of an array's elements in memory: truth values take a byte.
pub(crate) fn elem_type(elem: Elem) -> &'static str {
    match elem {
        Elem::F32 => "f32",
        Elem::F64 => "f64",
        Elem::I32 => "i32",
        Elem::I64 => "i64",
        Elem::Bool => "i8",
    }
}

/// Whether values of the type exist at run time.
pub(crate) fn has_value(ty: Type) -> bool {
    !matches!(ty, Type::Unit | Type::Io | Type::Mem(_))
}

/// Bytes and alignment of a scalar in a C struct.
pub(crate) fn scalar_bytes(ty: Type) -> usize {
    match ty {
        Type::F64 | Type::I64 => 8,
        Type::F32 | Type::I32 | Type::Ctl(_) => 4,
        Type::Bool => 1,
        Type::Unit | Type::Io | Type::Mem(_) | Type::MemRef { .. } => 0,
    }
}

/// A constant's literal, without its type except where the grammar leaves it out (`true`).
pub(crate) fn literal(constant: Const) -> Option<String> {
    Some(match constant {
        Const::F64(bits) => f64_literal(f64::from_bits(bits)),
        // MLIR reads every decimal as a binary64 first: print that, not binary32's short form.
        Const::F32(bits) if f32::from_bits(bits).is_finite() => {
            f64_literal(f64::from(f32::from_bits(bits)))
        }
        Const::F32(bits) => format!("0x{bits:08X}"),
        Const::I32(value) => value.to_string(),
        Const::I64(value) => value.to_string(),
        Const::Bool(value) => value.to_string(),
        Const::Ctl { value, .. } => value.to_string(),
        Const::Unit => return None,
    })
}

/// The shortest decimal that reads back to the same bits, or the bits in hexadecimal.
fn f64_literal(value: f64) -> String {
    if !value.is_finite() {
        return format!("0x{:016X}", value.to_bits());
    }
    let text = format!("{value:?}");
    match text.find('e') {
        // MLIR's grammar wants a point in the mantissa.
        Some(at) if !text[..at].contains('.') => format!("{}.0{}", &text[..at], &text[at..]),
        _ => text,
    }
}
