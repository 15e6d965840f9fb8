//! What goes into and comes out of a run: scalars, arrays, exceptions.
//!
//! Arrays are passed by index into a list, so that passing one array twice (aliasing) is expressed
//! by repeating its index. Every engine (interpreter, machine code, MLIR) takes an [`Inputs`] and
//! gives an [`Answer`].

use crate::graph::{ExcKind, Span};
use crate::op::Const;
use crate::types::{Elem, Type};
use std::sync::Arc;

/// A scalar value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scalar {
    /// A binary32.
    F32(f32),
    /// A binary64.
    F64(f64),
    /// A 32-bit integer.
    I32(i32),
    /// A 64-bit integer.
    I64(i64),
    /// A truth value.
    Bool(bool),
    /// An alternative of a `ctl` type.
    Ctl(u32),
    /// `None`.
    Unit,
}

impl Scalar {
    /// Equality of bits, except that any NaN equals any NaN (CPython does not fix NaN payloads).
    pub fn same(self, other: Scalar) -> bool {
        match (self, other) {
            (Scalar::F64(a), Scalar::F64(b)) => {
                a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
            }
            (Scalar::F32(a), Scalar::F32(b)) => {
                a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
            }
            (a, b) => a == b,
        }
    }

    /// The scalar's type; alternatives of a `ctl` type do not know their number of arms.
    pub fn ty(self) -> Option<Type> {
        match self {
            Scalar::F32(_) => Some(Type::F32),
            Scalar::F64(_) => Some(Type::F64),
            Scalar::I32(_) => Some(Type::I32),
            Scalar::I64(_) => Some(Type::I64),
            Scalar::Bool(_) => Some(Type::Bool),
            Scalar::Ctl(_) => None,
            Scalar::Unit => Some(Type::Unit),
        }
    }
}

impl From<Const> for Scalar {
    fn from(constant: Const) -> Scalar {
        match constant {
            Const::F32(bits) => Scalar::F32(f32::from_bits(bits)),
            Const::F64(bits) => Scalar::F64(f64::from_bits(bits)),
            Const::I32(value) => Scalar::I32(value),
            Const::I64(value) => Scalar::I64(value),
            Const::Bool(value) => Scalar::Bool(value),
            Const::Ctl { value, .. } => Scalar::Ctl(value),
            Const::Unit => Scalar::Unit,
        }
    }
}

impl Scalar {
    /// The constant of type `ty` with this value; `None` if the value is not of that type.
    pub fn to_const(self, ty: Type) -> Option<Const> {
        match (self, ty) {
            (Scalar::F32(value), Type::F32) => Some(Const::f32(value)),
            (Scalar::F64(value), Type::F64) => Some(Const::f64(value)),
            (Scalar::I32(value), Type::I32) => Some(Const::I32(value)),
            (Scalar::I64(value), Type::I64) => Some(Const::I64(value)),
            (Scalar::Bool(value), Type::Bool) => Some(Const::Bool(value)),
            (Scalar::Ctl(value), Type::Ctl(arms)) => Some(Const::Ctl { arms, value }),
            (Scalar::Unit, Type::Unit) => Some(Const::Unit),
            _ => None,
        }
    }
}

/// The elements of an array, row by row.
#[derive(Clone, Debug, PartialEq)]
pub enum Buffer {
    /// Binary32 elements.
    F32(Vec<f32>),
    /// Binary64 elements.
    F64(Vec<f64>),
    /// 32-bit integers.
    I32(Vec<i32>),
    /// 64-bit integers.
    I64(Vec<i64>),
    /// Truth values, one byte each.
    Bool(Vec<bool>),
}

/// An array with its extents.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// One extent per dimension, 1 or 2 of them.
    pub shape: Vec<usize>,
    /// The elements, row by row; as many as the product of the extents.
    pub data: Buffer,
}

impl Array {
    /// A one-dimensional array of binary64 elements.
    pub fn f64(data: Vec<f64>) -> Array {
        Array { shape: vec![data.len()], data: Buffer::F64(data) }
    }

    /// A one-dimensional array of 64-bit integers.
    pub fn i64(data: Vec<i64>) -> Array {
        Array { shape: vec![data.len()], data: Buffer::I64(data) }
    }

    /// The element type.
    pub fn elem(&self) -> Elem {
        match self.data {
            Buffer::F32(_) => Elem::F32,
            Buffer::F64(_) => Elem::F64,
            Buffer::I32(_) => Elem::I32,
            Buffer::I64(_) => Elem::I64,
            Buffer::Bool(_) => Elem::Bool,
        }
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        match &self.data {
            Buffer::F32(data) => data.len(),
            Buffer::F64(data) => data.len(),
            Buffer::I32(data) => data.len(),
            Buffer::I64(data) => data.len(),
            Buffer::Bool(data) => data.len(),
        }
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The element at a position of [`Array::data`].
    pub fn get(&self, at: usize) -> Option<Scalar> {
        match &self.data {
            Buffer::F32(data) => data.get(at).map(|x| Scalar::F32(*x)),
            Buffer::F64(data) => data.get(at).map(|x| Scalar::F64(*x)),
            Buffer::I32(data) => data.get(at).map(|x| Scalar::I32(*x)),
            Buffer::I64(data) => data.get(at).map(|x| Scalar::I64(*x)),
            Buffer::Bool(data) => data.get(at).map(|x| Scalar::Bool(*x)),
        }
    }

    /// Replaces the element at a position; `false` if there is none or the type differs.
    pub fn set(&mut self, at: usize, value: Scalar) -> bool {
        fn put<T>(data: &mut [T], at: usize, value: T) -> bool {
            data.get_mut(at).map(|slot| *slot = value).is_some()
        }
        match (&mut self.data, value) {
            (Buffer::F32(data), Scalar::F32(x)) => put(data, at, x),
            (Buffer::F64(data), Scalar::F64(x)) => put(data, at, x),
            (Buffer::I32(data), Scalar::I32(x)) => put(data, at, x),
            (Buffer::I64(data), Scalar::I64(x)) => put(data, at, x),
            (Buffer::Bool(data), Scalar::Bool(x)) => put(data, at, x),
            _ => false,
        }
    }

    /// Whether extents and elements are the same, elements compared by [`Scalar::same`].
    pub fn same(&self, other: &Array) -> bool {
        self.shape == other.shape
            && self.elem() == other.elem()
            && (0..self.len()).all(|at| match (self.get(at), other.get(at)) {
                (Some(a), Some(b)) => a.same(b),
                _ => false,
            })
    }
}

/// An argument of a call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Arg {
    /// A number or truth value.
    Scalar(Scalar),
    /// An array, by position in [`Inputs::arrays`].
    Array(usize),
}

/// The arguments of one call.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inputs {
    /// One argument per parameter.
    pub args: Vec<Arg>,
    /// The arrays that arguments refer to.
    pub arrays: Vec<Array>,
}

/// A raised exception.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raised {
    /// The exception's class.
    pub kind: ExcKind,
    /// Its message.
    pub message: Arc<str>,
    /// Where in the source.
    pub span: Span,
}

/// How a run ended, and what it left in the arrays.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The results, or the exception.
    pub outcome: Result<Vec<Scalar>, Raised>,
    /// Contents of [`Inputs::arrays`] afterwards.
    pub arrays: Vec<Array>,
}

impl Answer {
    /// Whether a caller sees the same: results bit for bit ([`Scalar::same`]) or the class of the
    /// exception, and the arrays' contents.
    pub fn same(&self, other: &Answer) -> bool {
        let outcome = match (&self.outcome, &other.outcome) {
            (Ok(a), Ok(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.same(*b)),
            (Err(a), Err(b)) => a.kind == b.kind,
            _ => false,
        };
        outcome
            && self.arrays.len() == other.arrays.len()
            && self.arrays.iter().zip(&other.arrays).all(|(a, b)| a.same(b))
    }
}
