//! Element-wise kernels: graphs of vector operations to machine code for 256 or 512 bits.
//!
//! A [`vecmath::Dag`] is compiled to a loop over arrays with AVX2 and FMA, or with AVX-512:
//!
//! ```
//! use backend_simd::{Input, Kernel, Options};
//! use vecmath::{Lanes, Recorder, Width};
//!
//! // x / (1 + e^-x)
//! let mut r = Recorder::new(Width::F64);
//! let x = r.input();
//! let minus = r.neg(x);
//! let e = vecmath::exp_saturating(&mut r, minus);
//! let one = r.constant(1.0);
//! let denominator = r.add(one, e);
//! let y = r.div(x, denominator);
//! let kernel = Kernel::compile(&r.finish(&[y]), &[false], &Options::default())?;
//!
//! let mut out = [0.0; 5];
//! kernel.run(&[Input::Array(&[-1.0, 0.0, 1.0, 2.0, 3.0])], &mut [&mut out])?;
//! assert_eq!(out[1], 0.0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! On processors without AVX2 and FMA, and with [`Options::portable`], the graph is replayed an
//! operation at a time, slower and with the same bits; [`Kernel::with_code`] takes code that
//! another code generator made of the graph.

mod assembler;
mod body;
mod code;
mod emit;
mod error;
mod frame;
mod iterate;
mod kernel;
mod lower;
mod memory;
mod portable;
mod ports;
mod quotient;
mod rare;
mod root;
mod select;
mod vectors;
mod view;

pub use error::{CallError, CompileError};
pub use kernel::{
    CompiledCode, FOLD_LANES, Input, Kernel, Options, Real, Statistics, is_supported,
};
pub use lower::{
    Bound, Condition, Divergent, Exceptions, Fold, FoldKind, Iterated, LowerOptions, Overlap,
    Refusal, Source, Stream, VectorLoop, lower, lower_divergent, vector_loop,
};
pub use vecmath::Dag;
pub use vectors::Vectors;
pub use view::View;
