//! What can go wrong.

use std::fmt;
use vecmath::Width;

/// Why a graph was not compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CompileError {
    /// The broadcast flags are not as many as the inputs.
    Inputs {
        /// Number of inputs.
        expected: usize,
    },
    /// The graph has no output.
    NoResult,
    /// The system gave no executable memory.
    Memory(String),
}

impl fmt::Display for CompileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CompileError::Inputs { expected } => {
                write!(f, "the kernel has {expected} inputs, each broadcast or not")
            }
            CompileError::NoResult => f.write_str("a kernel computes at least one array"),
            CompileError::Memory(why) => write!(f, "no executable memory: {why}"),
        }
    }
}

impl std::error::Error for CompileError {}

/// Why a kernel was not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallError {
    /// The numbers have the wrong format.
    Width {
        /// The kernel's format.
        expected: Width,
    },
    /// The wrong number of arguments.
    Arity {
        /// Number of inputs.
        inputs: usize,
        /// Number of outputs.
        outputs: usize,
    },
    /// An array of another length than the first output.
    Length {
        /// Position among inputs and outputs.
        argument: usize,
        /// Length of the first output.
        expected: usize,
        /// Its own length.
        given: usize,
    },
    /// An output that overlaps itself or another output.
    Overlap {
        /// Position among inputs and outputs.
        argument: usize,
    },
    /// An array for a broadcast input or the other way round.
    Kind {
        /// Position among the inputs.
        argument: usize,
    },
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CallError::Width { expected } => write!(f, "the kernel computes with {expected:?}"),
            CallError::Arity { inputs, outputs } => {
                write!(f, "the kernel takes {inputs} inputs and {outputs} outputs")
            }
            CallError::Length { argument, expected, given } => {
                write!(f, "argument {argument} has {given} elements, the result {expected}")
            }
            CallError::Overlap { argument } => {
                write!(f, "argument {argument}: results would overwrite each other")
            }
            CallError::Kind { argument } => {
                write!(f, "argument {argument}: the kernel was compiled for an array or a number")
            }
        }
    }
}

impl std::error::Error for CallError {}
