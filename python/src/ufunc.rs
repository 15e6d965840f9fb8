//! Compiled functions of scalars as NumPy *ufuncs*: NumPy broadcasts, converts, allocates and
//! iterates, and calls the compiled loop with pointers and steps.
//!
//! An exception of an element cannot be raised from inside NumPy's loop, which may have let go of
//! the interpreter: it is kept for the thread and raised when NumPy comes back.

use crate::kernel;
use crate::loops::Loop;
use numpy::npyffi::{NPY_TYPES, PY_UFUNC_API, PyUFuncGenericFunction, PyUFuncObject, npy_intp};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use rvsdg::{Elem, Raised};
use std::cell::RefCell;
use std::ffi::{CString, c_char, c_int, c_void};
use std::sync::Arc;

thread_local! {
    static RAISED: RefCell<Option<Raised>> = const { RefCell::new(None) };
}

/// What a ufunc points to; lives as long as it.
struct Data {
    work: Arc<Loop>,
    /// NumPy keeps these by address.
    functions: [PyUFuncGenericFunction; 1],
    pointers: [*mut c_void; 1],
    types: Vec<c_char>,
    name: CString,
    doc: CString,
}

/// A NumPy ufunc with one loop, for the argument types of one version.
#[pyclass(frozen, module = "ovum._core")]
pub(crate) struct Ufunc {
    mapped: Py<PyAny>,
    work: Arc<Loop>,
}

/// Makes the ufunc of a function for parameter types such as `"f64, f64"`.
#[pyfunction]
#[pyo3(signature = (kernel, types, *, threads=1, doc=""))]
pub(crate) fn ufunc(
    py: Python<'_>,
    kernel: &kernel::Kernel,
    types: &str,
    threads: usize,
    doc: &str,
) -> PyResult<Ufunc> {
    let (version, code, vector) = kernel.loop_version(py, types)?;
    let (inputs, outputs) = (code.inputs().len(), code.outputs().len());
    if inputs == 0 {
        return Err(PyTypeError::new_err("a function without parameters maps over nothing"));
    }
    let text = |text: &str| CString::new(text).map_err(|e| PyValueError::new_err(e.to_string()));
    let elements = code.inputs().iter().chain(code.outputs());
    let types = elements.map(|elem| type_char(*elem)).collect();
    let work = Arc::new(Loop::new(version, code, vector, threads));
    let mut data = Box::new(Data {
        work: Arc::clone(&work),
        functions: [Some(run_loop)],
        pointers: [std::ptr::null_mut()],
        types,
        name: text(kernel.name())?,
        doc: text(doc)?,
    });
    data.pointers[0] = std::ptr::from_ref(&*data).cast_mut().cast();
    // SAFETY: the arrays have one loop's entries and live in `data`, which the ufunc owns below.
    #[expect(unsafe_code, reason = "NumPy's interface of C is called")]
    let ufunc = unsafe {
        let ufunc = PY_UFUNC_API.PyUFunc_FromFuncAndData(
            py,
            data.functions.as_mut_ptr(),
            data.pointers.as_mut_ptr(),
            data.types.as_mut_ptr(),
            1,
            inputs as c_int,
            outputs as c_int,
            -1,
            data.name.as_ptr(),
            data.doc.as_ptr(),
            0,
        );
        let ufunc = Bound::from_owned_ptr_or_err(py, ufunc)?;
        let owner = ffi::PyCapsule_New(Box::into_raw(data).cast(), std::ptr::null(), Some(release));
        let owner = Bound::from_owned_ptr_or_err(py, owner)?;
        (*ufunc.as_ptr().cast::<PyUFuncObject>()).fields.obj = owner.into_ptr();
        ufunc
    };
    Ok(Ufunc { mapped: ufunc.unbind(), work })
}

#[pymethods]
impl Ufunc {
    /// What runs the loop: `avx512`, `avx2` or `cranelift`.
    #[getter]
    fn code(&self) -> &'static str {
        match self.work.vector_bits() {
            None => "cranelift",
            Some(512) => "avx512",
            Some(_) => "avx2",
        }
    }

    /// Why the loop is not vector code; none if it is.
    #[getter]
    fn refusal(&self) -> Option<&str> {
        self.work.refusal()
    }

    /// Calls the ufunc, or one of its methods (`reduce`, `accumulate`, `outer`, …), and raises the
    /// exception of an element, if one has raised.
    #[pyo3(signature = (*args, method=None, **kwargs))]
    fn __call__(
        &self,
        args: &Bound<'_, PyTuple>,
        method: Option<&str>,
        kwargs: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        let py = args.py();
        let ufunc = self.mapped.bind(py);
        let result = match method {
            None => ufunc.call(args, kwargs),
            Some(method) => ufunc.call_method(method, args, kwargs),
        };
        let raised = RAISED.take();
        let result = result?;
        match raised {
            None => Ok(result.unbind()),
            Some(raised) => Err(self.work.version.exception(py, &raised)),
        }
    }
}

impl Ufunc {
    /// What applies the function.
    pub(crate) fn work(&self) -> &Arc<Loop> {
        &self.work
    }
}

/// Frees what a ufunc pointed to.
#[expect(unsafe_code, reason = "a capsule's destructor is a function of C")]
unsafe extern "C" fn release(capsule: *mut ffi::PyObject) {
    // SAFETY: the capsule was made with a box of this type and is released once; the ufunc that
    // pointed into it is gone.
    unsafe {
        let data = ffi::PyCapsule_GetPointer(capsule, std::ptr::null());
        drop(Box::from_raw(data.cast::<Data>()));
    }
}

/// NumPy's number of an element type, as loops have it.
fn type_char(elem: Elem) -> c_char {
    let number = match elem {
        Elem::F32 => NPY_TYPES::NPY_FLOAT,
        Elem::F64 => NPY_TYPES::NPY_DOUBLE,
        Elem::I32 => NPY_TYPES::NPY_INT,
        Elem::I64 if size_of::<std::ffi::c_long>() == 8 => NPY_TYPES::NPY_LONG,
        Elem::I64 => NPY_TYPES::NPY_LONGLONG,
        Elem::Bool => NPY_TYPES::NPY_BOOL,
    };
    number as c_char
}

/// The inner loop that NumPy calls.
#[expect(unsafe_code, reason = "NumPy calls a function of C")]
unsafe extern "C" fn run_loop(
    args: *mut *mut c_char,
    dimensions: *mut npy_intp,
    steps: *mut npy_intp,
    data: *mut c_void,
) {
    // SAFETY: NumPy passes the data that the ufunc was made with, a pointer and a step per operand
    // and the number of elements; operands are aligned and of the loop's types, outputs are
    // writable and overlap no input but the same elements.
    let raised = unsafe {
        let data = &*data.cast::<Data>();
        let operands = data.types.len();
        let pointers = std::slice::from_raw_parts(args.cast::<*mut u8>(), operands);
        let steps = std::slice::from_raw_parts(steps.cast::<isize>(), operands);
        let count = usize::try_from(*dimensions).unwrap_or(0);
        data.work.run(pointers, count, steps)
    };
    if let Some(raised) = raised {
        RAISED.with_borrow_mut(|kept| {
            kept.get_or_insert(raised);
        });
    }
    clear_floating_point_flags();
}

/// Forgets the floating-point exceptions of the loop: NumPy would warn of them, though the values
/// they come from may never be used.
fn clear_floating_point_flags() {
    #[expect(unsafe_code, reason = "a function of the C library is called")]
    unsafe extern "C" {
        fn feclearexcept(exceptions: c_int) -> c_int;
    }
    #[cfg(any(target_arch = "x86_64", target_arch = "x86"))]
    const ALL: c_int = 0x3d;
    #[cfg(not(any(target_arch = "x86_64", target_arch = "x86")))]
    const ALL: c_int = 0x1f;
    // SAFETY: the function takes any set of flags that the processor has.
    #[expect(unsafe_code, reason = "a function of the C library is called")]
    unsafe {
        feclearexcept(ALL);
    }
}
