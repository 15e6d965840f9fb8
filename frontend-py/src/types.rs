//! Parameter types: annotations in the source, and lists of types given as text.

use crate::diagnostic::{Diagnostic, Diagnostics, codes};
use ruff_python_ast::{Expr, Number, Operator};
use ruff_text_size::Ranged;
use rvsdg::{Elem, Span, Type};
use std::fmt;

/// The type of a parameter.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ParamType {
    /// A number or truth value.
    Scalar(Type),
    /// An array that the caller owns.
    Array {
        /// Element type.
        elem: Elem,
        /// Number of dimensions, 1 or 2.
        rank: u8,
    },
    /// A tuple: the compiled function has a parameter for each number and array in it.
    Tuple(Vec<ParamType>),
}

impl fmt::Display for ParamType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ParamType::Scalar(ty) => write!(f, "{ty}"),
            ParamType::Array { elem, rank } => write!(f, "array[{elem}, {rank}]"),
            ParamType::Tuple(items) => write_tuple(f, items),
        }
    }
}

fn write_tuple<T: fmt::Display>(f: &mut fmt::Formatter<'_>, items: &[T]) -> fmt::Result {
    f.write_str("tuple[")?;
    for (at, item) in items.iter().enumerate() {
        write!(f, "{}{item}", if at == 0 { "" } else { ", " })?;
    }
    f.write_str("]")
}

/// The type of a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReturnType {
    /// `None`.
    None,
    /// A number or truth value.
    Scalar(Type),
    /// A tuple of results.
    Tuple(Vec<ReturnType>),
}

impl fmt::Display for ReturnType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReturnType::None => f.write_str("None"),
            ReturnType::Scalar(ty) => write!(f, "{ty}"),
            ReturnType::Tuple(items) => write_tuple(f, items),
        }
    }
}

const HINT: &str =
    "types are f64 (float), i64 (int), f32, i32, bool, array[T, 1], array[T, 2], tuple[…], None";

/// The bytes that a node of the syntax tree covers.
pub(crate) fn span_of(node: &impl Ranged) -> Span {
    let range = node.range();
    Span { start: range.start().to_u32(), end: range.end().to_u32() }
}

fn unknown(expr: &Expr) -> Diagnostic {
    Diagnostic::at(codes::ANNOTATION, span_of(expr), "this annotation names no supported type")
        .hint(HINT)
}

/// The last part of `name` or `package.name`.
fn last_name(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Name(name) => Some(name.id.as_str()),
        Expr::Attribute(attribute) => Some(attribute.attr.id.as_str()),
        _ => None,
    }
}

/// The scalar type with this name.
fn scalar_named(name: &str) -> Option<Type> {
    Some(match name {
        "f64" | "float" | "float64" => Type::F64,
        "i64" | "int" | "int64" => Type::I64,
        "f32" | "float32" => Type::F32,
        "i32" | "int32" => Type::I32,
        "bool" | "bool_" => Type::Bool,
        _ => return None,
    })
}

/// The annotation inside quotation marks, parsed; spans are those of the inner text moved to its
/// place in the file.
fn unquoted(expr: &Expr) -> Result<Expr, Diagnostic> {
    let Expr::StringLiteral(literal) = expr else { return Err(unknown(expr)) };
    let Some(single) = literal.as_single_part_string() else { return Err(unknown(expr)) };
    let text = single.value.trim();
    if text.len() > 200 {
        return Err(unknown(expr));
    }
    match ruff_python_parser::parse_expression(text) {
        // A quoted quotation is no type; stopping here also bounds the recursion.
        Ok(parsed) if !matches!(*parsed.syntax().body, Expr::StringLiteral(_)) => {
            Ok(*parsed.into_syntax().body)
        }
        _ => Err(unknown(expr)),
    }
}

/// Whether an annotation leaves the type to the arguments: `np.ndarray`, `NDArray[…]`, `tuple`,
/// `tuple[float, …]` of any length, `Any`.
pub(crate) fn is_open(expr: &Expr) -> bool {
    if let Some(other) = beside_none(expr) {
        return is_open(other);
    }
    match expr {
        Expr::Subscript(subscript) => match last_name(&subscript.value) {
            Some("NDArray" | "ndarray") => true,
            Some("tuple" | "Tuple") => {
                matches!(&*subscript.slice, Expr::Tuple(items)
                    if matches!(items.elts.last(), Some(Expr::EllipsisLiteral(_))))
            }
            _ => false,
        },
        other => matches!(
            last_name(other),
            Some("ndarray" | "NDArray" | "ArrayLike" | "Any" | "tuple" | "Tuple")
        ),
    }
}

/// Reads the annotation of a parameter.
///
/// # Errors
/// If it names no type a parameter can have.
pub(crate) fn param_type(expr: &Expr) -> Result<ParamType, Diagnostic> {
    if let Expr::StringLiteral(_) = expr {
        return param_type(&unquoted(expr)?)
            .map_err(|inner| Diagnostic { span: Some(span_of(expr)), ..inner });
    }
    if let Some(ty) = last_name(expr).and_then(scalar_named) {
        return Ok(ParamType::Scalar(ty));
    }
    if let Some(other) = beside_none(expr) {
        return param_type(other);
    }
    let Expr::Subscript(subscript) = expr else { return Err(unknown(expr)) };
    match last_name(&subscript.value) {
        Some("array") => array_type(expr, &subscript.slice),
        Some("tuple" | "Tuple") => {
            let items = match &*subscript.slice {
                Expr::Tuple(tuple) => {
                    tuple.elts.iter().map(param_type).collect::<Result<_, _>>()?
                }
                single => vec![param_type(single)?],
            };
            Ok(ParamType::Tuple(items))
        }
        Some("list") => match param_type(&subscript.slice)? {
            ParamType::Scalar(ty) => {
                let elem = ty.elem().ok_or_else(|| unknown(expr))?;
                Ok(ParamType::Array { elem, rank: 1 })
            }
            ParamType::Array { elem, rank: 1 } if !is_array(&subscript.slice) => {
                Ok(ParamType::Array { elem, rank: 2 })
            }
            ParamType::Array { .. } | ParamType::Tuple(_) => Err(unknown(expr)),
        },
        _ => Err(unknown(expr)),
    }
}

/// The type that a value has if it is not None, by an annotation that admits both: `float | None`,
/// `Optional[float]`.
pub(crate) fn beside_none(expr: &Expr) -> Option<&Expr> {
    match expr {
        Expr::BinOp(union) if union.op == Operator::BitOr => match (&*union.left, &*union.right) {
            (Expr::NoneLiteral(_), other) | (other, Expr::NoneLiteral(_)) => Some(other),
            _ => None,
        },
        Expr::Subscript(s) if last_name(&s.value) == Some("Optional") => Some(&s.slice),
        _ => None,
    }
}

fn is_array(expr: &Expr) -> bool {
    matches!(expr, Expr::Subscript(s) if last_name(&s.value) == Some("array"))
}

fn array_type(whole: &Expr, slice: &Expr) -> Result<ParamType, Diagnostic> {
    let (item, rank) = match slice {
        Expr::Tuple(tuple) if tuple.elts.len() == 2 => {
            let rank = match &tuple.elts[1] {
                Expr::NumberLiteral(number) => match &number.value {
                    Number::Int(int) => int.as_u8().filter(|rank| matches!(rank, 1 | 2)),
                    _ => None,
                },
                _ => None,
            };
            let rank = rank.ok_or_else(|| {
                let message = "the number of dimensions of an array must be 1 or 2";
                Diagnostic::at(codes::ANNOTATION, span_of(&tuple.elts[1]), message).hint(HINT)
            })?;
            (&tuple.elts[0], rank)
        }
        Expr::Tuple(_) => return Err(unknown(whole)),
        item => (item, 1),
    };
    let elem = last_name(item).and_then(scalar_named).and_then(Type::elem);
    let elem = elem.ok_or_else(|| unknown(item))?;
    Ok(ParamType::Array { elem, rank })
}

/// Reads the annotation of a result.
///
/// # Errors
/// If it names no type a result can have.
pub(crate) fn return_type(expr: &Expr) -> Result<ReturnType, Diagnostic> {
    if let Expr::NoneLiteral(_) = expr {
        return Ok(ReturnType::None);
    }
    if let Expr::StringLiteral(_) = expr {
        return return_type(&unquoted(expr)?)
            .map_err(|inner| Diagnostic { span: Some(span_of(expr)), ..inner });
    }
    if let Some(ty) = last_name(expr).and_then(scalar_named) {
        return Ok(ReturnType::Scalar(ty));
    }
    if let Expr::Subscript(subscript) = expr
        && matches!(last_name(&subscript.value), Some("tuple" | "Tuple"))
    {
        let items = match &*subscript.slice {
            Expr::Tuple(tuple) => tuple.elts.iter().map(return_type).collect::<Result<_, _>>()?,
            single => vec![return_type(single)?],
        };
        return Ok(ReturnType::Tuple(items));
    }
    Err(unknown(expr))
}

/// Reads a list of parameter types such as `f64, array[f64, 1]`.
///
/// # Errors
/// If the text is not such a list; the spans count in `text`.
pub fn parse_types(text: &str) -> Result<Vec<ParamType>, Diagnostic> {
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    let wrong = |span| {
        Diagnostic::at(codes::TYPES, span, "this is not a list of types")
            .hint("write types separated by commas, such as: f64, array[f64, 1]")
    };
    let all = Span { start: 0, end: text.len() as u32 };
    // A list of types is short; the limit bounds the parser's recursion as well.
    if text.len() > 10_000 {
        return Err(wrong(Span { start: 0, end: 1 }));
    }
    crate::stack::on_large_stack(text, || {
        let parsed = ruff_python_parser::parse_expression(text).map_err(|_| wrong(all))?;
        let items = match &*parsed.syntax().body {
            Expr::Tuple(tuple) => tuple.elts.as_slice(),
            single => std::slice::from_ref(single),
        };
        items
            .iter()
            .map(|item| param_type(item).map_err(|d| Diagnostic { code: codes::TYPES, ..d }))
            .collect::<Result<Vec<ParamType>, Diagnostic>>()
            .map_err(Diagnostics::from)
    })
    .map_err(|mut diagnostics| diagnostics.0.swap_remove(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_types() {
        let array = ParamType::Array { elem: Elem::F64, rank: 1 };
        assert_eq!(
            parse_types("f64, array[f64, 1], bool"),
            Ok(vec![ParamType::Scalar(Type::F64), array.clone(), ParamType::Scalar(Type::Bool)])
        );
        assert_eq!(parse_types("list[float]"), Ok(vec![array.clone()]));
        let pair = ParamType::Tuple(vec![ParamType::Scalar(Type::I64), array]);
        assert_eq!(parse_types("tuple[int, list[float]]"), Ok(vec![pair.clone()]));
        assert_eq!(parse_types(&pair.to_string()), Ok(vec![pair]));
        assert_eq!(
            parse_types("list[list[int]]"),
            Ok(vec![ParamType::Array { elem: Elem::I64, rank: 2 }])
        );
        assert_eq!(parse_types("'f32'"), Ok(vec![ParamType::Scalar(Type::F32)]));
        assert_eq!(parse_types(" "), Ok(Vec::new()));
        for bad in
            ["f16", "array[f64, 3]", "array[f64", "f64 f64", "''", "\"'f64'\"", "list[array[f64]]"]
        {
            assert_eq!(parse_types(bad).unwrap_err().code, codes::TYPES, "{bad}");
        }
        assert!(parse_types(&"(".repeat(9_000)).is_err());
        assert!(parse_types(&"-".repeat(9_000)).is_err());
    }
}
