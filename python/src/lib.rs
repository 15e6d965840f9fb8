//! The extension module `ovum._core`: what the Python package needs from the compiler.
//!
//! A `Kernel` is a function of a source file that compiles itself for the types it is called with.
//! The module `arguments` makes machine arguments of Python's objects without copying NumPy
//! arrays that the code can use in place, `effects` tells which of them it writes, and `answers`
//! makes Python's objects of results. `fast` calls code whose arguments need no conversion,
//! `loops` maps
//! it over arrays, which come through NumPy (`ufunc`) or, where they are plain, without it
//! (`dense`). `session` is what `ovum.EGraph` stands on, `rules` reads rewrite rules for the compiler.

mod answers;
mod arguments;
mod dense;
mod effects;
mod fast;
mod kernel;
mod loops;
mod rules;
mod session;
mod ufunc;

use pyo3::prelude::*;

pyo3::create_exception!(
    ovum,
    CompileError,
    pyo3::exceptions::PyException,
    "A function cannot be compiled: the text shows the line and what is wrong with it."
);

/// The constructs of Python that are compiled, each with what to know about it.
#[pyfunction]
fn supported() -> Vec<(&'static str, &'static str)> {
    frontend_py::supported()
}

#[pymodule]
fn _core(module: &Bound<'_, PyModule>) -> PyResult<()> {
    // What the processor can do is asked once in a process. In a virtual machine the answer takes
    // half a millisecond: here, where it is not part of a function's first result.
    #[cfg(target_arch = "x86_64")]
    let _ = std::arch::is_x86_feature_detected!("avx2");
    // So is where a thread's stack ends, by the parser: on the main thread the answer is read from
    // a file of the system that lists all of a process's memory.
    let _ = frontend_py::SourceFile::parse("", String::new());
    module.add_class::<kernel::Kernel>()?;
    module.add_class::<ufunc::Ufunc>()?;
    module.add_class::<dense::Mapped>()?;
    module.add_function(wrap_pyfunction!(ufunc::ufunc, module)?)?;
    module.add_class::<session::Database>()?;
    module.add_function(wrap_pyfunction!(supported, module)?)?;
    module.add_function(wrap_pyfunction!(rules::counterexample, module)?)?;
    module.add("EGraphError", module.py().get_type::<session::EGraphError>())?;
    module.add("CompileError", module.py().get_type::<CompileError>())?;
    module.add("__version__", env!("CARGO_PKG_VERSION"))
}
