//! The extension module `ovum._core`: what the Python package needs from the compiler.
//!
//! A `Kernel` is a function of a source file that compiles itself for the types it is called with.
//! The module `arguments` makes machine arguments of Python's objects without copying NumPy arrays
//! that the code can use in place, `answers` makes Python's objects of results.

mod answers;
mod arguments;
mod kernel;

use pyo3::prelude::*;

pyo3::create_exception!(
    _core,
    CompileError,
    pyo3::exceptions::PyException,
    "A function cannot be compiled: the text shows the line and what is wrong with it."
);

#[pymodule]
fn _core(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<kernel::Kernel>()?;
    module.add("CompileError", module.py().get_type::<CompileError>())?;
    module.add("__version__", env!("CARGO_PKG_VERSION"))
}
