//! What can go wrong before and around machine code.

use rvsdg::{Type, ValueId, VerifyErrors};
use std::fmt;

/// Why a function could not be compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CompileError {
    /// The host's instruction set is not one that code can be generated for.
    Host(String),
    /// Regions nest deeper than [`crate::MAX_DEPTH`].
    TooDeep {
        /// The limit.
        limit: usize,
    },
    /// The graph breaks rules of [`rvsdg::verify()`].
    Invalid(VerifyErrors),
    /// A value is used where nothing has defined it, or not as its type demands: what
    /// [`CompileError::Invalid`] says in more words if [`crate::Options::verify`] is set.
    Malformed(ValueId),
    /// An array type with other than one or two dimensions.
    Rank(Type),
    /// The code generator gave up: the function is too large, or a defect of the lowering.
    Codegen(String),
}

impl fmt::Display for CompileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CompileError::Host(why) => write!(f, "this machine is not supported: {why}"),
            CompileError::TooDeep { limit } => {
                write!(f, "choices and loops nest deeper than {limit} levels")
            }
            CompileError::Invalid(errors) => write!(f, "the graph is not valid:\n{errors}"),
            CompileError::Malformed(value) => {
                write!(f, "the graph is malformed at value {}", value.index())
            }
            CompileError::Rank(ty) => write!(f, "{ty} has other than one or two dimensions"),
            CompileError::Codegen(why) => write!(f, "code generation failed: {why}"),
        }
    }
}

impl std::error::Error for CompileError {}

/// Why a call did not reach the machine code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallError {
    /// The number of arguments differs from the number of parameters.
    Arity {
        /// Number of parameters.
        expected: usize,
        /// Number of arguments.
        given: usize,
    },
    /// An argument has another type than its parameter.
    Type {
        /// Position of the argument.
        argument: usize,
        /// The parameter's type.
        expected: Type,
    },
    /// An argument names an array that the inputs do not hold.
    NoSuchArray {
        /// Position of the argument.
        argument: usize,
    },
    /// An array's extents do not multiply to its number of elements.
    Shape {
        /// Position in [`rvsdg::Inputs::arrays`].
        array: usize,
    },
    /// One array is passed for parameters of two alias groups, which the code takes to be disjoint.
    Overlap {
        /// Position in [`rvsdg::Inputs::arrays`].
        array: usize,
    },
    /// There is no memory for the copy of the arrays.
    OutOfMemory,
    /// A limit was given, but the code has loops that do not look at it
    /// ([`crate::Options::poll_deadline`]).
    CannotStop,
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CallError::Arity { expected, given } => {
                write!(f, "expected {expected} arguments, got {given}")
            }
            CallError::Type { argument, expected } => {
                write!(f, "argument {argument} is not a value of type {expected}")
            }
            CallError::NoSuchArray { argument } => {
                write!(f, "argument {argument} names an array that was not passed")
            }
            CallError::Shape { array } => {
                write!(f, "the extents of array {array} do not fit its number of elements")
            }
            CallError::Overlap { array } => {
                write!(f, "array {array} is passed for parameters that must not overlap")
            }
            CallError::OutOfMemory => f.write_str("not enough memory to copy the arrays"),
            CallError::CannotStop => {
                f.write_str("the code was compiled without time limits and cannot be stopped")
            }
        }
    }
}

impl std::error::Error for CallError {}
