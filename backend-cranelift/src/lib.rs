//! RVSDG to machine code through Cranelift.
//!
//! A [`Compiler`] holds what is the same for every function (the host's instruction set, scratch
//! memory); [`Compiler::compile`] turns one [`rvsdg::Function`] into a [`Compiled`] that owns
//! its machine code:
//!
//! ```
//! use backend_cranelift::{Compiler, Options};
//! use rvsdg::{Arg, Function, Inputs, Op, Param, Scalar, Shape, Span, Type};
//!
//! let param = Param { name: "x".into(), ty: Type::F64 };
//! let mut f = Function::new("twice", vec![param], 0, Shape::Scalar);
//! let x = f.param_values()[0];
//! let io = f.entry_states()[0];
//! let sum = f.simple(f.body(), Op::FAdd, &[x, x], Span::NONE);
//! f.set_results(f.body(), vec![sum, io]);
//!
//! let compiled = Compiler::new(Options::default())?.compile(&f)?;
//! let inputs = Inputs { args: vec![Arg::Scalar(Scalar::F64(21.0))], arrays: vec![] };
//! assert_eq!(compiled.call(&inputs, None)?.outcome, Ok(vec![Scalar::F64(42.0)]));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Regions become blocks directly: a gamma is a branch to one block per arm and a merge block with
//! a parameter per output, a theta a loop header with a parameter per loop variable. States have
//! no run-time value; the order in which a region lists its nodes orders the effects. A value of an
//! enclosing region dominates every use, so it is used as it is.
//!
//! The binary interface of the code is in [`abi`].

pub mod abi;
mod code;
mod compiled;
mod compiler;
pub mod elementwise;
mod error;
mod live;
mod lower;
mod marshal;
mod placement;
mod runtime;
mod vector;

pub use abi::{ArrayDescriptor, Context, Limits, Site};
pub use compiled::Compiled;
pub use compiler::{Compiler, MAX_DEPTH, OptLevel, Options, asm_text, clif_text};
pub use elementwise::CompiledLoop;
pub use error::{CallError, CompileError};
pub use lower::Vectors;

#[cfg(test)]
mod tests;
