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
pub use backend_simd::{CallError, Exceptions, Input, Kernel, LowerOptions, Real, Vectors, View};
use backend_simd::{Dag, Divergent, Options, Refusal, lower_divergent};
use rvsdg::{Function, Span};

/// Compiles a function of `f64` and `i64` numbers, or of `f32` numbers, to a kernel over arrays of
/// them. `uniform` says for each parameter whether it is one number for all elements. Arrays of
/// integers are passed by address alone ([`Kernel::run_raw`], [`Kernel::run_views`]).
///
/// Its elementary functions are those of `vecmath`: within 2 units in the last place, not
/// CPython's bits.
///
/// # Errors
/// If the function has no vector form: it works on arrays, may raise, or has more than one loop
/// whose length differs between elements; or if it has one that vectors would make slower.
pub fn elementwise(
    function: &Function,
    uniform: &[bool],
    options: &LowerOptions,
) -> Result<Kernel> {
    let lowered = lower_divergent(function, options).map_err(codegen)?;
    let options = backend_cranelift::Options {
        opt_level: backend_cranelift::OptLevel::None,
        ..backend_cranelift::Options::default()
    };
    let narrow = if backend_simd::is_supported() {
        None
    } else {
        Some(backend_cranelift::Compiler::new(options).map_err(codegen)?)
    };
    let compile = |dag: &Dag, uniform: &[bool]| match &narrow {
        Some(compiler) => compiler.compile_vectors(dag, uniform).map_err(codegen),
        None => Kernel::compile_folds(dag, uniform, &Options::default()).map_err(codegen),
    };
    match lowered {
        Divergent::Straight(dag) => compile(&dag, uniform),
        Divergent::Loop(parts) if parts.is_worthwhile() => {
            Kernel::iterated(&parts, uniform, compile)
        }
        Divergent::Loop(_) => {
            let what = "vectors would not make this loop faster".to_owned();
            Err(codegen(Refusal { what, span: Span::NONE }))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Pipeline, Source};
    use frontend_py::Semantics;

    #[test]
    fn every_length_gives_the_bits_of_single_elements() {
        let text = "from math import exp, log1p, sin\n\
            def f(x: f64, y: f64) -> f64:\n    return exp(-x * x) + y * sin(x) - log1p(y)\n";
        let source = Source::python("f.py", text.to_owned()).expect("it parses");
        let pipeline = Pipeline { semantics: Semantics::Fast, ..Pipeline::default() };
        let function = pipeline.lower(&source, "f", None).expect("it lowers").function;
        let options = LowerOptions { fast_math: true, ..LowerOptions::default() };
        for uniform in [[false, false], [false, true]] {
            let kernel = elementwise(&function, &uniform, &options).expect("it has a vector form");
            assert!(kernel.is_native());
            let x: Vec<f64> = (0..67).map(|k| f64::from(k) * 0.37 - 9.0).collect();
            let y: Vec<f64> = (0..67).map(|k| f64::from(k % 7) * 0.5 - 0.9).collect();
            let second = |k: usize| if uniform[1] { y[3] } else { y[k] };
            for count in 0..=67 {
                let mut out = vec![0.0; count];
                let other =
                    if uniform[1] { Input::Scalar(y[3]) } else { Input::Array(&y[..count]) };
                kernel.run(&[Input::Array(&x[..count]), other], &mut [&mut out]).expect("it fits");
                for (k, result) in out.iter().enumerate() {
                    let mut one = [0.0];
                    let b = [second(k)];
                    let other = if uniform[1] { Input::Scalar(b[0]) } else { Input::Array(&b) };
                    kernel.run(&[Input::Array(&[x[k]]), other], &mut [&mut one]).expect("it fits");
                    assert_eq!(result.to_bits(), one[0].to_bits(), "{k} of {count}");
                }
            }
        }
    }
}
