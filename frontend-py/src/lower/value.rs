//! What a Python value is during lowering, and what a variable is bound to.

use super::{Lower, Res};
use crate::diagnostic::{Diagnostic, codes};
use rvsdg::{Const, Function, RegionId, Span, Type, ValueId};

/// A Python value; `S` stands for a scalar (a value of the graph, or a position in a list).
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Val<S = ValueId> {
    /// A number or truth value.
    Scalar(S),
    /// An array: always a parameter of the function, since arrays cannot be made.
    Array(ValueId),
    /// A row of a two-dimensional array, its index checked.
    Row {
        /// The array.
        array: ValueId,
        /// The row's number.
        index: S,
    },
    /// Elements of an array of one dimension, of a row or of a column, at equal distances: a slice.
    View {
        /// The array.
        array: ValueId,
        /// The row's number, if the array has rows.
        row: Option<S>,
        /// The column's number, if it is one; the elements are then in different rows.
        column: Option<S>,
        /// The first element, in bounds if there is one.
        start: S,
        /// The distance of the elements, if it is not 1.
        step: Option<S>,
        /// How many.
        len: S,
    },
    /// A tuple.
    Tuple(Vec<Val<S>>),
    /// `None`.
    None,
}

impl<S> Val<S> {
    /// The same value with every scalar replaced, in order.
    pub(super) fn map<T>(&self, f: &mut impl FnMut(&S) -> T) -> Val<T> {
        match self {
            Val::Scalar(scalar) => Val::Scalar(f(scalar)),
            Val::Array(array) => Val::Array(*array),
            Val::Row { array, index } => Val::Row { array: *array, index: f(index) },
            Val::View { array, row, column, start, step, len } => Val::View {
                array: *array,
                row: row.as_ref().map(&mut *f),
                column: column.as_ref().map(&mut *f),
                start: f(start),
                step: step.as_ref().map(&mut *f),
                len: f(len),
            },
            Val::Tuple(items) => Val::Tuple(items.iter().map(|item| item.map(f)).collect()),
            Val::None => Val::None,
        }
    }

    /// How many parts the value has, itself and those of its parts included.
    pub(super) fn size(&self) -> usize {
        match self {
            Val::Tuple(items) => 1 + items.iter().map(Val::size).sum::<usize>(),
            _ => 1,
        }
    }

    /// The scalars, in order.
    pub(super) fn scalars(&self) -> Vec<S>
    where
        S: Copy,
    {
        let mut scalars = Vec::new();
        self.map(&mut |scalar| scalars.push(*scalar));
        scalars
    }
}

impl Val {
    /// Whether two values have the same structure and types, arrays being the same arrays.
    pub(super) fn fits(&self, other: &Val, f: &Function) -> bool {
        match (self, other) {
            (Val::Scalar(a), Val::Scalar(b)) => f.ty(*a) == f.ty(*b),
            (Val::Array(a), Val::Array(b))
            | (Val::Row { array: a, .. }, Val::Row { array: b, .. }) => a == b,
            (
                Val::View { array: a, column: in_a, step: by_a, .. },
                Val::View { array: b, column: in_b, step: by_b, .. },
            ) => a == b && in_a.is_some() == in_b.is_some() && by_a.is_some() == by_b.is_some(),
            (Val::Tuple(a), Val::Tuple(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.fits(b, f))
            }
            (Val::None, Val::None) => true,
            _ => false,
        }
    }

    /// The value's type in a user's words.
    pub(super) fn describe(&self, f: &Function) -> String {
        match self {
            Val::Scalar(value) => f.ty(*value).to_string(),
            Val::Array(array) => match f.ty(*array) {
                Type::MemRef { elem, rank, .. } => format!("array[{elem}, {rank}]"),
                other => other.to_string(),
            },
            Val::Row { array, .. } => match f.ty(*array) {
                Type::MemRef { elem, .. } => format!("a row of an array[{elem}, 2]"),
                other => other.to_string(),
            },
            Val::View { array, .. } => match f.ty(*array) {
                Type::MemRef { elem, .. } => format!("a slice of {elem}"),
                other => other.to_string(),
            },
            Val::Tuple(items) => {
                let items: Vec<String> = items.iter().map(|item| item.describe(f)).collect();
                format!("tuple[{}]", items.join(", "))
            }
            Val::None => "None".to_owned(),
        }
    }
}

/// What a variable is bound to at a point of the program.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Binding {
    /// Nothing, on every path; or a value that no path reads.
    Unbound,
    /// A value, on every path.
    Bound {
        /// The value.
        val: Val,
        /// Where it was assigned.
        span: Span,
    },
    /// A value where `defined` is true, else nothing.
    Maybe {
        /// The value.
        val: Val,
        /// Whether there is one.
        defined: ValueId,
        /// Where it was assigned.
        span: Span,
    },
    /// Values of two types, depending on the path: an error if read.
    Conflict {
        /// Where one was assigned and what it is.
        a: (Span, String),
        /// Where the other was assigned and what it is.
        b: (Span, String),
    },
}

impl Binding {
    /// The value, if there is one on some path, and where it was assigned.
    pub(super) fn value(&self) -> Option<(&Val, Span)> {
        match self {
            Binding::Bound { val, span } | Binding::Maybe { val, span, .. } => Some((val, *span)),
            _ => None,
        }
    }
}

/// The error for a variable or expression, `what`, whose type depends on the path.
pub(super) fn conflict(what: &str, at: Span, a: &(Span, String), b: &(Span, String)) -> Diagnostic {
    let message = format!("{what} is {} on one path and {} on another", a.1, b.1);
    let numbers = ["i64", "f64"];
    let hint = if numbers.contains(&a.1.as_str()) && numbers.contains(&b.1.as_str()) {
        "give it one type everywhere, for example by writing `0.0` instead of `0`"
    } else {
        "give it one type everywhere, or use two variables"
    };
    let mut diagnostic = Diagnostic::at(codes::CONFLICT, at, message).hint(hint);
    for (span, ty) in [a, b] {
        if *span != at {
            diagnostic = diagnostic.note(*span, format!("{ty} here"));
        }
    }
    diagnostic
}

/// How messages call a variable.
pub(super) fn variable(name: &str) -> String {
    if name.starts_with('.') { "the result".to_owned() } else { format!("`{name}`") }
}

/// A constant of the type, for a port that is not read on this path.
pub(super) fn dummy(f: &mut Function, region: RegionId, ty: Type) -> ValueId {
    let constant = match ty {
        Type::F32 => Const::f32(0.0),
        Type::F64 => Const::f64(0.0),
        Type::I32 => Const::I32(0),
        Type::I64 => Const::I64(0),
        Type::Bool => Const::Bool(false),
        other => unreachable!("no port carries a {other}"),
    };
    f.constant(region, constant, Span::NONE)
}

impl Lower<'_, '_> {
    /// The value as a number or truth value.
    pub(super) fn scalar_of(&self, val: &Val, span: Span) -> Res<ValueId> {
        if let Val::Scalar(value) = val {
            return Ok(*value);
        }
        let what = val.describe(&self.f);
        let message = format!("this must be a number, but it is {what}");
        let diagnostic = Diagnostic::at(codes::OPERAND, span, message);
        Err(match val {
            Val::Array(_) | Val::Row { .. } | Val::View { .. } => diagnostic
                .hint("index it in a loop, for example `a[i]`, or map a function of numbers"),
            Val::None => diagnostic.hint("`None` can only be returned"),
            _ => diagnostic.hint("take one of its items, for example `t[0]`"),
        }
        .into())
    }
}
