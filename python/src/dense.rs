//! Calls of mapped functions without detours: whole arrays of one shape, and Python's numbers.
//!
//! A call looks at each argument's header, takes the result's memory from NumPy and runs the code:
//! no Python object is made but the result. Whatever does not fit (other keywords than `out=`,
//! broadcasting, arrays with gaps, conversions, threads) is left to NumPy, by way of the ufunc.

use crate::fast::type_number;
use crate::kernel::without_interpreter;
use crate::loops::{Loop, MAX_OPERANDS};
use crate::ufunc::Ufunc;
use numpy::npyffi::{self, NpyTypes, PY_ARRAY_API, PyArrayObject, flags, npy_intp};
use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use rvsdg::Elem;
use std::ffi::c_int;
use std::sync::{Arc, OnceLock};

/// Elements from which on other threads may have the interpreter during a call: with fewer, handing
/// it over and back would be a good part of the time. One after the other, and in vectors.
const RELEASE_FROM: [usize; 2] = [1 << 11, 1 << 14];

/// What `ovum.Vectorized` is made of: the loops that can be called directly.
#[pyclass(frozen, subclass, module = "ovum._core")]
pub(crate) struct Mapped {
    loops: OnceLock<Box<Dense>>,
}

/// A loop, in a list of them.
struct Dense {
    work: Arc<Loop>,
    next: OnceLock<Box<Dense>>,
}

/// The memory of one call: an address and a step per operand.
struct Operands {
    pointers: [*mut u8; MAX_OPERANDS],
    steps: [isize; MAX_OPERANDS],
    /// Numbers among the inputs, which the addresses lead to.
    numbers: [u64; MAX_OPERANDS],
    /// Bit `k` is set if input `k` is a number.
    uniform: usize,
    /// The header whose shape all arrays have.
    shape: *const npyffi::PyArrayObject_fields,
    count: usize,
}

#[pymethods]
impl Mapped {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs))]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Mapped {
        Mapped { loops: OnceLock::new() }
    }

    /// Makes a loop known to direct calls.
    fn _remember(&self, ufunc: &Ufunc) {
        let work = Arc::clone(ufunc.work());
        if work.code.inputs().len() + work.code.outputs().len() > MAX_OPERANDS {
            return;
        }
        let mut last = Box::new(Dense { work, next: OnceLock::new() });
        let mut slot = &self.loops;
        while let Err(back) = slot.set(last) {
            last = back;
            let Some(taken) = slot.get() else { return };
            slot = &taken.next;
        }
    }

    #[pyo3(signature = (*args, **kwargs))]
    fn __call__(
        slf: &Bound<'_, Self>,
        args: &Bound<'_, PyTuple>,
        kwargs: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        let py = slf.py();
        let out = match kwargs {
            None => Some(None),
            Some(kwargs) if kwargs.len() == 1 => kwargs.get_item(intern!(py, "out"))?.map(Some),
            Some(_) => None,
        };
        if let Some(out) = out {
            let mut dense = slf.get().loops.get();
            while let Some(known) = dense {
                if let Some(result) = known.call(args, out.as_ref()) {
                    return result;
                }
                dense = known.next.get();
            }
        }
        Ok(slf.getattr(intern!(py, "_map"))?.call(args, kwargs)?.unbind())
    }
}

impl Dense {
    /// The result, or none if the arguments do not fit as they are.
    #[inline]
    fn call(
        &self,
        args: &Bound<'_, PyTuple>,
        out: Option<&Bound<'_, PyAny>>,
    ) -> Option<PyResult<Py<PyAny>>> {
        let py = args.py();
        let (inputs, outputs) = (self.work.code.inputs(), self.work.code.outputs());
        if args.len() != inputs.len() || out.is_some() && outputs.len() != 1 {
            return None;
        }
        let mut operands = Operands {
            pointers: [std::ptr::null_mut(); MAX_OPERANDS],
            steps: [0; MAX_OPERANDS],
            numbers: [0; MAX_OPERANDS],
            uniform: 0,
            shape: std::ptr::null(),
            count: 0,
        };
        for (at, elem) in inputs.iter().enumerate() {
            // SAFETY: the tuple has an item per input, and keeps it alive during the call.
            #[expect(unsafe_code, reason = "Python's objects are read")]
            let object = unsafe { ffi::PyTuple_GetItem(args.as_ptr(), at as ffi::Py_ssize_t) };
            let fits = operands.array(py, at, object, *elem, false)
                || operands.number(py, at, object, inputs);
            if !fits {
                return None;
            }
        }
        if operands.shape.is_null() || !self.work.is_serial(operands.count) {
            return None;
        }
        for at in 0..MAX_OPERANDS {
            if operands.uniform >> at & 1 == 1 {
                operands.pointers[at] = std::ptr::from_mut(&mut operands.numbers[at]).cast();
            }
        }
        let mut made: [Option<Bound<'_, PyAny>>; MAX_OPERANDS] = [const { None }; MAX_OPERANDS];
        if let Some(out) = out {
            if !operands.array(py, inputs.len(), out.as_ptr(), outputs[0], true)
                || operands.overlaps(inputs, outputs[0])
            {
                return None;
            }
        } else {
            for (k, elem) in outputs.iter().enumerate() {
                match operands.result(py, inputs.len() + k, *elem) {
                    Ok(array) => made[k] = Some(array),
                    Err(error) => return Some(Err(error)),
                }
            }
        }
        let threshold = RELEASE_FROM[usize::from(self.work.is_vector())];
        // SAFETY: there is an address and a step per operand; arrays are aligned, have no gaps and
        // `count` elements of the loop's types; an output is new, or one that can be written and
        // meets an input in the very same elements only. The arguments are alive.
        #[expect(unsafe_code, reason = "machine code is called here")]
        let run = || unsafe {
            let Operands { pointers, steps, count, uniform, .. } = &operands;
            self.work.run_dense((pointers, steps), *count, *uniform, out.is_none())
        };
        let released = operands.count >= threshold;
        let raised = if released { without_interpreter(py, run) } else { run() };
        if let Some(raised) = raised {
            return Some(Err(self.work.version.exception(py, &raised)));
        }
        Some(Ok(match (out, outputs.len()) {
            (Some(out), _) => out.clone().unbind(),
            (None, 1) => made[0].take()?.unbind(),
            (None, several) => {
                let made = made.into_iter().take(several).flatten();
                match PyTuple::new(py, made.collect::<Vec<_>>()) {
                    Ok(tuple) => tuple.into_any().unbind(),
                    Err(error) => return Some(Err(error)),
                }
            }
        }))
    }
}

impl Operands {
    /// Takes an array without gaps of this element type and of the others' shape.
    #[inline]
    fn array(
        &mut self,
        py: Python<'_>,
        at: usize,
        object: *mut ffi::PyObject,
        elem: Elem,
        writes: bool,
    ) -> bool {
        let mut needed = flags::NPY_ARRAY_C_CONTIGUOUS | flags::NPY_ARRAY_ALIGNED;
        if writes {
            needed |= flags::NPY_ARRAY_WRITEABLE;
        }
        // SAFETY: the object is alive; its fields are read after it is known to be an array, and as
        // many extents as it has dimensions.
        #[expect(unsafe_code, reason = "NumPy's array header is read")]
        unsafe {
            if npyffi::array::PyArray_CheckExact(py, object) == 0 {
                return false;
            }
            let array = &(*object.cast::<PyArrayObject>()).fields;
            let descr = &*array.descr.cast::<npyffi::objects::PyArray_DescrProto>();
            let swapped = descr.byteorder == b'>' as std::ffi::c_char;
            if array.flags & needed != needed
                || swapped
                || array.nd == 0
                || !type_number(elem).contains(&descr.type_num)
            {
                return false;
            }
            let rank = array.nd as usize;
            let extents = std::slice::from_raw_parts(array.dimensions, rank);
            if self.shape.is_null() {
                self.shape = array;
                self.count = extents.iter().map(|extent| *extent as usize).product();
            } else {
                let shape = &*self.shape;
                let other = std::slice::from_raw_parts(shape.dimensions, shape.nd as usize);
                if other != extents {
                    return false;
                }
            }
            self.pointers[at] = array.data.cast();
            self.steps[at] = elem.bytes() as isize;
            true
        }
    }

    /// Takes one of Python's numbers where every input is a float of one width: it takes that
    /// width, whether the function's parameters are annotated or not.
    #[inline]
    fn number(
        &mut self,
        py: Python<'_>,
        at: usize,
        object: *mut ffi::PyObject,
        inputs: &[Elem],
    ) -> bool {
        let elem = inputs[at];
        let float = matches!(elem, Elem::F64 | Elem::F32);
        if !float || inputs.iter().any(|other| *other != elem) {
            return false;
        }
        // SAFETY: the object is alive, and each accessor is called on an object of its own type;
        // NumPy's double is a subclass of Python's float.
        #[expect(unsafe_code, reason = "Python's objects are read")]
        let value = unsafe {
            let double = || {
                let ty = npyffi::get_type_object(py, NpyTypes::PyDoubleArrType_Type);
                elem == Elem::F64 && ffi::Py_TYPE(object) == ty
            };
            if ffi::PyFloat_CheckExact(object) != 0 || double() {
                ffi::PyFloat_AsDouble(object)
            } else if ffi::PyLong_CheckExact(object) != 0 {
                let mut overflow = 0;
                let value = ffi::PyLong_AsLongLongAndOverflow(object, &raw mut overflow);
                // Larger ones are rounded once only by the other road.
                if overflow != 0 || value.unsigned_abs() > 1 << 24 {
                    return false;
                }
                value as f64
            } else {
                return false;
            }
        };
        self.numbers[at] = match elem {
            Elem::F32 => u64::from((value as f32).to_bits()),
            _ => value.to_bits(),
        };
        // NumPy warns of a number that a narrower format does not hold.
        let fits = elem == Elem::F64 || value.is_infinite() == (value as f32).is_infinite();
        self.uniform |= usize::from(fits) << at;
        fits
    }

    /// A new array of the others' shape.
    #[inline]
    fn result<'py>(
        &mut self,
        py: Python<'py>,
        at: usize,
        elem: Elem,
    ) -> PyResult<Bound<'py, PyAny>> {
        // SAFETY: the shape is that of an argument, which is alive; NumPy takes the reference to
        // the element type and gives one to the array, or sets an exception.
        #[expect(unsafe_code, reason = "NumPy's interface of C is called")]
        unsafe {
            let shape = &*self.shape;
            let descr = PY_ARRAY_API.PyArray_DescrFromType(py, type_number(elem)[0] as c_int);
            let array = PY_ARRAY_API.PyArray_NewFromDescr(
                py,
                npyffi::get_type_object(py, NpyTypes::PyArray_Type),
                descr,
                shape.nd,
                shape.dimensions.cast::<npy_intp>(),
                std::ptr::null_mut(),
                std::ptr::null_mut(),
                0,
                std::ptr::null_mut(),
            );
            let array = Bound::from_owned_ptr_or_err(py, array)?;
            self.pointers[at] = (*array.as_ptr().cast::<PyArrayObject>()).fields.data.cast();
            self.steps[at] = elem.bytes() as isize;
            Ok(array)
        }
    }

    /// Whether the output meets an input anywhere but element by element.
    fn overlaps(&self, inputs: &[Elem], output: Elem) -> bool {
        let at = inputs.len();
        let bytes = |elem: Elem| self.count * elem.bytes() as usize;
        let (start, end) = (self.pointers[at].addr(), self.pointers[at].addr() + bytes(output));
        inputs.iter().enumerate().any(|(k, elem)| {
            let first = self.pointers[k].addr();
            let meets = first < end && start < first + bytes(*elem);
            let same = first == start && *elem == output;
            self.uniform >> k & 1 == 0 && meets && !same
        })
    }
}
