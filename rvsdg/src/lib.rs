//! The intermediate representation: regionalised value-state dependence graphs.
//!
//! A [`Function`] is a lambda node: a tree of regions that hold simple operations ([`Op`]), choices
//! (gamma) and tail-controlled loops (theta). Effects are ordered by *states* ([`Type::Io`],
//! [`Type::Mem`]) that are passed from node to node like values, but linearly.
//!
//! ```
//! use rvsdg::interp::{Limits, run};
//! use rvsdg::{Arg, Inputs, Scalar, text, verify};
//!
//! let f = text::parse(
//!     "(lambda @half [(%x f64)] [%io] -> f64
//!        (%y = fmul %x 0.5)
//!        (results %y %io))",
//! )
//! .unwrap();
//! verify::verify(&f).unwrap();
//! let inputs = Inputs { args: vec![Arg::Scalar(Scalar::F64(3.0))], arrays: vec![] };
//! let run = run(&f, &inputs, &Limits::default()).unwrap();
//! assert_eq!(run.answer.outcome.unwrap(), [Scalar::F64(1.5)]);
//! ```
//!
//! Source of the representation: Reissmann, Meyer, Bahmann, Själander, "RVSDG: An Intermediate
//! Representation for Optimizing Compilers", ACM TECS 2020.
//!
//! This crate knows nothing of e-graphs, of Python's syntax or of machines.

pub mod data;
pub mod dot;
mod equal;
pub mod graph;
pub mod interp;
pub mod math;
mod names;
pub mod op;
pub mod random;
pub mod scalar;
pub mod text;
pub mod types;
pub mod verify;
pub mod walk;

pub use data::{Answer, Arg, Array, Buffer, Inputs, Raised, Scalar};
pub use graph::{
    ExcKind, Fault, Function, MAX_RECURSION, Node, NodeId, NodeKind, Param, RECURSION_MESSAGE,
    Region, RegionId, Shape, Span, Value, ValueDef, ValueId,
};
pub use interp::{Limits, Run, Violation};
pub use math::MathFn;
pub use op::{Cmp, Const, FaultId, Op, OperandError};
pub use types::{Elem, Type};
pub use verify::{VerifyError, VerifyErrors, verify};
