//! A function of scalars applied to every element of arrays, as vector code: of 256 bits, and of
//! 128 where the processor has no more.
//!
//! ```
//! use frontend_py::Semantics;
//! use ovum::elementwise::{Input, LowerOptions, elementwise};
//! use ovum::{Pipeline, Source};
//!
//! let text = "from math import exp\n\
//!     def sigmoid(x: f64) -> f64:\n    return 1.0 / (1.0 + exp(-x))\n";
//! let source = Source::python("sigmoid.py", text.to_owned())?;
//! let pipeline = Pipeline { semantics: Semantics::Fast, ..Pipeline::default() };
//! let function = pipeline.lower(&source, "sigmoid", None)?.function;
//! let kernel = elementwise(&function, &[false], &LowerOptions::default())?;
//!
//! let mut out = [0.0; 3];
//! kernel.run(&[Input::Array(&[-1000.0, 0.0, 1000.0])], &mut [&mut out]).expect("equal lengths");
//! assert_eq!(out, [0.0, 0.5, 1.0]);
//! # Ok::<(), ovum::Error>(())
//! ```

use crate::engine::codegen;
use crate::error::Result;
use backend_simd::Options;
pub use backend_simd::{CallError, Input, Kernel, LowerOptions, Real, View};
use rvsdg::Function;

/// Compiles a function of `f64` or of `f32` numbers to a kernel over arrays of them. `uniform` says
/// for each parameter whether it is one number for all elements.
///
/// Its elementary functions are those of `vecmath`: within 2 units in the last place, not
/// CPython's bits.
///
/// # Errors
/// If the function has no vector form: it works on integers or arrays, may raise, or has a loop
/// whose length differs between elements.
pub fn elementwise(
    function: &Function,
    uniform: &[bool],
    options: &LowerOptions,
) -> Result<Kernel> {
    let dag = backend_simd::lower(function, options).map_err(codegen)?;
    if backend_simd::is_supported() {
        return Kernel::compile(&dag, uniform, &Options::default()).map_err(codegen);
    }
    let options = backend_cranelift::Options {
        opt_level: backend_cranelift::OptLevel::None,
        ..backend_cranelift::Options::default()
    };
    let compiler = backend_cranelift::Compiler::new(options).map_err(codegen)?;
    compiler.compile_vectors(&dag, uniform).map_err(codegen)
}
