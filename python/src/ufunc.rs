//! Compiled functions of scalars as NumPy *ufuncs*: NumPy broadcasts, converts, allocates and
//! iterates, and calls the compiled loop with pointers and steps.
//!
//! An exception of an element cannot be raised from inside NumPy's loop, which may have let go of
//! the interpreter: it is kept for the thread and raised when NumPy comes back.

use crate::kernel::{self, Version};
use backend_cranelift::{CompiledLoop, Context, Limits};
use numpy::npyffi::{NPY_TYPES, PY_UFUNC_API, PyUFuncGenericFunction, PyUFuncObject, npy_intp};
use ovum::elementwise::{Kernel, View};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use rvsdg::{Elem, Raised};
use std::cell::RefCell;
use std::ffi::{CString, c_char, c_int, c_void};
use std::sync::Arc;

/// Fewest elements for which a thread is started: below, starting takes longer than the work.
const MIN_CHUNK: usize = 1 << 15;

thread_local! {
    static RAISED: RefCell<Option<Raised>> = const { RefCell::new(None) };
}

/// What a ufunc points to; lives as long as it.
struct Data {
    code: CompiledLoop,
    /// The same on vectors.
    vector: Option<Kernel>,
    threads: usize,
    /// Threads for vector code, if more than one.
    pool: Option<rayon::ThreadPool>,
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
    version: Arc<Version>,
    native: bool,
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
    let native = vector.is_some();
    let pool = (native && threads > 1)
        .then(|| rayon::ThreadPoolBuilder::new().num_threads(threads).build().ok())
        .flatten();
    let (inputs, outputs) = (code.inputs().len(), code.outputs().len());
    if inputs == 0 {
        return Err(PyTypeError::new_err("a function without parameters maps over nothing"));
    }
    let text = |text: &str| CString::new(text).map_err(|e| PyValueError::new_err(e.to_string()));
    let types = code.inputs().iter().chain(code.outputs()).map(|elem| type_char(*elem)).collect();
    let mut data = Box::new(Data {
        code,
        vector,
        threads: threads.max(1),
        pool,
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
    Ok(Ufunc { mapped: ufunc.unbind(), version, native })
}

#[pymethods]
impl Ufunc {
    /// What runs the loop: `avx2` or `cranelift`.
    #[getter]
    fn code(&self) -> &'static str {
        if self.native { "avx2" } else { "cranelift" }
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
            Some(raised) => Err(self.version.exception(py, &raised)),
        }
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

/// Addresses and steps of one part of a loop's work.
struct Part {
    pointers: Vec<*mut u8>,
    count: usize,
}

// SAFETY: a part is handed to one thread, and parts of one loop write disjoint elements.
#[expect(unsafe_code, reason = "addresses cross threads")]
unsafe impl Send for Part {}

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
        run_parts(data, pointers, count, steps)
    };
    if let Some(raised) = raised {
        RAISED.with_borrow_mut(|kept| {
            kept.get_or_insert(raised);
        });
    }
    clear_floating_point_flags();
}

/// Runs the loop, on several threads if the work is large; the exception of the first part that
/// raised one.
///
/// # Safety
/// As [`CompiledLoop::run`].
#[expect(unsafe_code, reason = "the caller vouches for addresses")]
unsafe fn run_parts(
    data: &Data,
    pointers: &[*mut u8],
    count: usize,
    steps: &[isize],
) -> Option<Raised> {
    // SAFETY: as this function.
    if let Some(vector) = &data.vector
        && unsafe { run_vector(data, vector, pointers, count, steps) }
    {
        return None;
    }
    let code = &data.code;
    let run = |part: &Part| {
        let mut context = Context::new(Limits::default());
        // SAFETY: the caller vouches for the elements, of which a part has some.
        let outcome =
            unsafe { code.run(part.pointers.as_ptr(), part.count, steps.as_ptr(), &mut context) };
        outcome.err()
    };
    // A reduction's accumulator is one element that every iteration writes.
    let outputs = &steps[data.code.inputs().len()..];
    let splits = outputs.iter().all(|step| *step != 0);
    let parts = if splits { data.threads.min(count / MIN_CHUNK).max(1) } else { 1 };
    let part = |at: usize| {
        let (start, end) = (count * at / parts, count * (at + 1) / parts);
        let pointers = pointers.iter().zip(steps);
        let moved = pointers.map(|(p, step)| p.wrapping_offset(step * start as isize));
        Part { pointers: moved.collect(), count: end - start }
    };
    if parts == 1 {
        return run(&part(0));
    }
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..parts)
            .map(|at| {
                let part = part(at);
                let run = &run;
                scope.spawn(move || {
                    let part = part;
                    run(&part)
                })
            })
            .collect();
        let mut raised = run(&part(0));
        for other in others {
            let outcome = other.join().expect("compiled code does not panic");
            raised = raised.or(outcome);
        }
        raised
    })
}

/// Runs the vector form; false if it does not take these arrays, such as a reduction's.
///
/// # Safety
/// As [`CompiledLoop::run`].
#[expect(unsafe_code, reason = "the caller vouches for addresses")]
unsafe fn run_vector(
    data: &Data,
    vector: &Kernel,
    pointers: &[*mut u8],
    count: usize,
    steps: &[isize],
) -> bool {
    let inputs = data.code.inputs().len();
    let size = if data.code.inputs()[0] == Elem::F32 { 4 } else { 8 };
    let dense = steps.iter().all(|step| *step == size);
    let views: Vec<View> = pointers
        .iter()
        .zip(steps)
        .map(|(data, stride)| View { data: *data, stride: *stride })
        .collect();
    let (read, written) = views.split_at(inputs);
    match &data.pool {
        Some(pool) if count >= 2 * MIN_CHUNK => {
            let (read, written) = (Views(read), Views(written));
            // SAFETY: the caller's promise.
            pool.install(move || {
                unsafe { vector.run_views(count, read.get(), written.get()) }.is_ok()
            })
        }
        _ if dense && written.len() == 1 => {
            // SAFETY: arrays without gaps; NumPy lets the output overlap an input only where they
            // are the same elements.
            unsafe { vector.run_raw(count, pointers) };
            true
        }
        // Without gaps, several outputs: views would go to other threads.
        _ if dense => false,
        // SAFETY: the caller's promise.
        _ => unsafe { vector.run_views(count, read, written) }.is_ok(),
    }
}

/// Views that another thread looks at.
#[derive(Clone, Copy)]
struct Views<'a>(&'a [View]);

impl<'a> Views<'a> {
    fn get(self) -> &'a [View] {
        self.0
    }
}

// SAFETY: the thread that made the views waits for the one that uses them.
#[expect(unsafe_code, reason = "addresses cross threads")]
unsafe impl Send for Views<'_> {}

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
