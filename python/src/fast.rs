//! Calls without detours: positional arguments of the types of a version that exists.
//!
//! A call looks at the type of each argument, puts its bits into a slot on the stack and runs the
//! code; nothing is allocated but the result. Whatever does not fit (keywords, conversions, strided
//! arrays, new types) is left to the careful path of [`crate::arguments`].

use crate::answers;
use crate::kernel::Version;
use backend_cranelift::{ArrayDescriptor, Compiled, Context, Limits};
use numpy::npyffi::{self, NPY_TYPES, PyArrayObject, flags};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use rvsdg::{Elem, Raised, Shape, Type};
use std::sync::{Arc, OnceLock};

/// How many parameters and results a call may have here.
const MAX_SLOTS: usize = 8;

/// What a parameter takes.
#[derive(Clone, Copy)]
enum Want {
    F64,
    F32,
    I64,
    I32,
    Bool,
    Array { elem: Elem, rank: i32, writes: bool },
}

/// A version that can be called directly; the versions of a function are a list.
pub(crate) struct Fast {
    wants: Vec<(Want, Option<(f64, f64)>)>,
    version: Arc<Version>,
    code: Compiled,
    next: OnceLock<Box<Fast>>,
}

/// How a direct call ended.
pub(crate) enum Outcome {
    /// The arguments need the careful path.
    Unfit,
    /// With this result or exception.
    Done(PyResult<Py<PyAny>>),
}

impl Fast {
    /// Prepares a version; none if it has parameters or results that are not for here. `domains`
    /// has the asserted range of each parameter, `annotated` whether its type is written.
    pub(crate) fn new(
        version: &Arc<Version>,
        domains: &[Option<(f64, f64)>],
        annotated: &[bool],
    ) -> Option<Box<Fast>> {
        let code = version.machine()?.clone();
        let params = code.params();
        if params.len() > MAX_SLOTS || code.results().len() > MAX_SLOTS {
            return None;
        }
        let mut wants = Vec::with_capacity(params.len());
        for (at, (ty, domain)) in params.iter().zip(domains).enumerate() {
            let want = match *ty {
                Type::F64 => Want::F64,
                Type::I64 => Want::I64,
                // Without annotation a Python number asks for 64 bits.
                Type::F32 if annotated[at] => Want::F32,
                Type::I32 if annotated[at] => Want::I32,
                Type::Bool => Want::Bool,
                Type::MemRef { elem, rank, .. } => {
                    Want::Array { elem, rank: i32::from(rank), writes: version.writes[at] }
                }
                _ => return None,
            };
            wants.push((want, *domain));
        }
        Some(Box::new(Fast { wants, version: Arc::clone(version), code, next: OnceLock::new() }))
    }

    /// Appends a version to the list that begins at `head`.
    pub(crate) fn append(head: &OnceLock<Box<Fast>>, mut fast: Box<Fast>) {
        let mut slot = head;
        while let Err(back) = slot.set(fast) {
            fast = back;
            let Some(taken) = slot.get() else { return };
            slot = &taken.next;
        }
    }

    /// The version after this one.
    pub(crate) fn next(&self) -> Option<&Fast> {
        self.next.get().map(|next| &**next)
    }

    /// The version that the list knows.
    pub(crate) fn version(&self) -> &Arc<Version> {
        &self.version
    }

    /// Calls the code if the arguments fit it as they are.
    pub(crate) fn call(&self, args: &Bound<'_, PyTuple>) -> Outcome {
        let py = args.py();
        let mut slots = [0_u64; MAX_SLOTS];
        let empty = ArrayDescriptor { data: std::ptr::null_mut(), extents: [0, 0] };
        let mut arrays = [empty; MAX_SLOTS];
        let mut owners = [std::ptr::null_mut(); MAX_SLOTS];
        let mut written = [false; MAX_SLOTS];
        for (at, (want, domain)) in self.wants.iter().enumerate() {
            // SAFETY: the tuple has an item per parameter, which the caller counted, and keeps it
            // alive during the call.
            #[expect(unsafe_code, reason = "Python's objects are read")]
            let object = unsafe { ffi::PyTuple_GetItem(args.as_ptr(), at as ffi::Py_ssize_t) };
            if let Want::Array { elem, rank, writes } = *want {
                let Some(array) = array_of(py, object, elem, rank, writes) else {
                    return Outcome::Unfit;
                };
                let bytes = elem.bytes();
                let shares = |k: usize| {
                    (writes || written[k]) && overlap(&arrays[k], owners[k], &array, object, bytes)
                };
                if (0..at).any(shares) {
                    return Outcome::Unfit;
                }
                written[at] = writes;
                arrays[at] = array;
                owners[at] = object;
                slots[at] = std::ptr::from_ref(&arrays[at]).addr() as u64;
                continue;
            }
            let Some((bits, value)) = scalar_of(object, *want) else { return Outcome::Unfit };
            if domain.is_some_and(|(low, high)| !(low <= value && value <= high)) {
                return Outcome::Unfit;
            }
            slots[at] = bits;
        }
        let mut results = [0_u64; MAX_SLOTS];
        let outcome = self.run(py, &slots, &mut results);
        Outcome::Done(self.answer(py, outcome, &results))
    }

    fn run(
        &self,
        py: Python<'_>,
        slots: &[u64; MAX_SLOTS],
        results: &mut [u64; MAX_SLOTS],
    ) -> Result<(), Raised> {
        let mut context = Context::new(Limits::default());
        // SAFETY: each slot holds what its parameter's type asks for; arrays are contiguous,
        // aligned, as long as their extents say, writable if the code writes, and distinct arrays
        // do not overlap. The GIL is held, so that no Python code touches them meanwhile, unless
        // the user asked for `nogil` and so for keeping other threads off them. There is a slot per
        // result.
        #[expect(unsafe_code, reason = "machine code is called here")]
        self.version.run(py, || unsafe {
            self.code.call_raw(slots.as_ptr(), results.as_mut_ptr(), &mut context)
        })
    }

    fn answer(
        &self,
        py: Python<'_>,
        outcome: Result<(), Raised>,
        results: &[u64; MAX_SLOTS],
    ) -> PyResult<Py<PyAny>> {
        match outcome {
            Ok(()) => match (&self.version.function.shape, self.code.results()) {
                (Shape::Scalar, [ty]) => answers::scalar(py, *ty, results[0]),
                (shape, types) => answers::results(py, shape, types, &results[..types.len()]),
            },
            Err(raised) => Err(self.version.exception(py, &raised)),
        }
    }
}

/// The bits and the value of a number that needs no conversion, except to 32 bits.
fn scalar_of(object: *mut ffi::PyObject, want: Want) -> Option<(u64, f64)> {
    // SAFETY: the object is alive, and each accessor is called on an object of its own type.
    #[expect(unsafe_code, reason = "Python's objects are read")]
    unsafe {
        match want {
            Want::F64 | Want::F32 if ffi::PyFloat_CheckExact(object) != 0 => {
                let value = ffi::PyFloat_AsDouble(object);
                let narrow = || u64::from((value as f32).to_bits());
                Some((if matches!(want, Want::F64) { value.to_bits() } else { narrow() }, value))
            }
            Want::I64 | Want::I32 if ffi::PyLong_CheckExact(object) != 0 => {
                let mut overflow = 0;
                let value = ffi::PyLong_AsLongLongAndOverflow(object, &raw mut overflow);
                let fits = matches!(want, Want::I64) || i32::try_from(value).is_ok();
                (overflow == 0 && fits).then_some((value.cast_unsigned(), value as f64))
            }
            Want::Bool if object == ffi::Py_True() => Some((1, 1.0)),
            Want::Bool if object == ffi::Py_False() => Some((0, 0.0)),
            _ => None,
        }
    }
}

/// NumPy's number of an element type.
pub(crate) fn type_number(elem: Elem) -> [i32; 2] {
    match elem {
        Elem::F32 => [NPY_TYPES::NPY_FLOAT as i32; 2],
        Elem::F64 => [NPY_TYPES::NPY_DOUBLE as i32; 2],
        Elem::Bool => [NPY_TYPES::NPY_BOOL as i32; 2],
        // Of `int`, `long` and `long long` two have one size.
        Elem::I32 if size_of::<std::ffi::c_long>() == 4 => {
            [NPY_TYPES::NPY_INT as i32, NPY_TYPES::NPY_LONG as i32]
        }
        Elem::I32 => [NPY_TYPES::NPY_INT as i32; 2],
        Elem::I64 if size_of::<std::ffi::c_long>() == 8 => {
            [NPY_TYPES::NPY_LONG as i32, NPY_TYPES::NPY_LONGLONG as i32]
        }
        Elem::I64 => [NPY_TYPES::NPY_LONGLONG as i32; 2],
    }
}

/// A NumPy array that the code can use in place.
fn array_of(
    py: Python<'_>,
    object: *mut ffi::PyObject,
    elem: Elem,
    rank: i32,
    writes: bool,
) -> Option<ArrayDescriptor> {
    // SAFETY: the object is alive; its fields are read after it is known to be an array, and as
    // many extents as it has dimensions.
    #[expect(unsafe_code, reason = "NumPy's array header is read")]
    unsafe {
        if npyffi::array::PyArray_CheckExact(py, object) == 0 {
            return None;
        }
        let array = &(*object.cast::<PyArrayObject>()).fields;
        let mut needed = flags::NPY_ARRAY_C_CONTIGUOUS | flags::NPY_ARRAY_ALIGNED;
        if writes {
            needed |= flags::NPY_ARRAY_WRITEABLE;
        }
        let descr = &*array.descr.cast::<npyffi::objects::PyArray_DescrProto>();
        let swapped = descr.byteorder == b'>' as std::ffi::c_char;
        if array.nd != rank
            || array.flags & needed != needed
            || swapped
            || !type_number(elem).contains(&descr.type_num)
        {
            return None;
        }
        let mut extents = [0_i64; 2];
        for (axis, extent) in extents.iter_mut().take(rank as usize).enumerate() {
            *extent = *array.dimensions.add(axis) as i64;
        }
        Some(ArrayDescriptor { data: array.data.cast(), extents })
    }
}

/// Whether two different arrays share memory; elements of the second have `bytes` bytes, and an
/// unused first has no elements.
fn overlap(
    a: &ArrayDescriptor,
    owner_a: *mut ffi::PyObject,
    b: &ArrayDescriptor,
    owner_b: *mut ffi::PyObject,
    bytes: u32,
) -> bool {
    if owner_a == owner_b || owner_a.is_null() {
        return false;
    }
    // Eight bytes an element at most: too much is refused here rather than too little.
    let end = |array: &ArrayDescriptor, bytes: i64| {
        let second = if array.extents[1] == 0 { 1 } else { array.extents[1] };
        array.data.addr() as i64 + array.extents[0] * second * bytes
    };
    let (start_a, start_b) = (a.data.addr() as i64, b.data.addr() as i64);
    start_a < end(b, i64::from(bytes)) && start_b < end(a, 8)
}
