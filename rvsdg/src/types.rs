//! Types of values and states.
//!
//! Every type is `Copy` and a few bytes long. Tuples are not values: a node or a function has
//! several results instead, and [`crate::Shape`] remembers how a function's results nest for its
//! caller.

use std::fmt;

/// The element type of an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Elem {
    /// IEEE 754 binary32.
    F32,
    /// IEEE 754 binary64.
    F64,
    /// 32-bit two's complement integer.
    I32,
    /// 64-bit two's complement integer.
    I64,
    /// One byte, 0 or 1.
    Bool,
}

impl Elem {
    /// The type of one element once loaded.
    pub fn scalar(self) -> Type {
        match self {
            Elem::F32 => Type::F32,
            Elem::F64 => Type::F64,
            Elem::I32 => Type::I32,
            Elem::I64 => Type::I64,
            Elem::Bool => Type::Bool,
        }
    }

    /// Size of one element in bytes.
    pub fn bytes(self) -> u32 {
        match self {
            Elem::Bool => 1,
            Elem::F32 | Elem::I32 => 4,
            Elem::F64 | Elem::I64 => 8,
        }
    }
}

/// The type of a value or of a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Type {
    /// IEEE 754 binary32.
    F32,
    /// IEEE 754 binary64.
    F64,
    /// 32-bit two's complement integer; arithmetic wraps.
    I32,
    /// 64-bit two's complement integer; arithmetic wraps.
    I64,
    /// A truth value. As a gamma predicate, `false` selects arm 0 and `true` arm 1.
    Bool,
    /// A choice among `n` alternatives, the predicate of an `n`-armed gamma.
    Ctl(u32),
    /// Python's `None`.
    Unit,
    /// An array owned by the caller.
    MemRef {
        /// Element type.
        elem: Elem,
        /// Number of dimensions, 1 or 2.
        rank: u8,
        /// The alias group: two arrays of different groups never overlap. The contents of group
        /// `mem` are versioned by states of type [`Type::Mem`] with the same number.
        mem: u32,
    },
    /// The state of everything outside memory: exceptions and divergence.
    Io,
    /// The state of all arrays of one alias group.
    Mem(u32),
}

impl Type {
    /// Whether this is a state: linear, never imported into a region, no run-time value.
    pub fn is_state(self) -> bool {
        matches!(self, Type::Io | Type::Mem(_))
    }

    /// Whether this is `f32` or `f64`.
    pub fn is_float(self) -> bool {
        matches!(self, Type::F32 | Type::F64)
    }

    /// Whether this is `i32` or `i64`.
    pub fn is_int(self) -> bool {
        matches!(self, Type::I32 | Type::I64)
    }

    /// Whether this is a number or a truth value.
    pub fn is_scalar(self) -> bool {
        self.is_float() || self.is_int() || self == Type::Bool
    }

    /// The element type of an array that holds values of this type.
    pub fn elem(self) -> Option<Elem> {
        match self {
            Type::F32 => Some(Elem::F32),
            Type::F64 => Some(Elem::F64),
            Type::I32 => Some(Elem::I32),
            Type::I64 => Some(Elem::I64),
            Type::Bool => Some(Elem::Bool),
            _ => None,
        }
    }
}

impl fmt::Display for Elem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.scalar(), f)
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::F32 => f.write_str("f32"),
            Type::F64 => f.write_str("f64"),
            Type::I32 => f.write_str("i32"),
            Type::I64 => f.write_str("i64"),
            Type::Bool => f.write_str("bool"),
            Type::Ctl(n) => write!(f, "ctl<{n}>"),
            Type::Unit => f.write_str("unit"),
            Type::MemRef { elem, rank, mem } => write!(f, "memref<{elem},{rank},{mem}>"),
            Type::Io => f.write_str("io"),
            Type::Mem(k) => write!(f, "mem<{k}>"),
        }
    }
}
