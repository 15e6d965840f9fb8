//! Machine arguments from Python's objects.
//!
//! A C-contiguous, aligned NumPy array is used in place. Another NumPy array is copied and copied
//! back; a list (of lists) of numbers becomes an array and its items are replaced afterwards. The
//! same object passed twice is one array. Distinct arrays that share memory are refused: the
//! optimiser may tell them apart.

use crate::answers::numpy_kind;
use backend_cranelift::ArrayDescriptor;
use frontend_py::{Known, ParamType};
use indexmap::IndexMap;
use numpy::{PyArrayDescrMethods, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::IntoPyObjectExt;
use pyo3::exceptions::{PyOverflowError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};
use rvsdg::{Arg, Array, Buffer, Const, Elem, Function, Inputs, Raised, Scalar, Type};

/// The type that a value asks for where the parameter has no annotation.
pub(crate) fn type_of(name: &str, value: &Bound<'_, PyAny>) -> PyResult<ParamType> {
    if let Ok(array) = value.cast::<PyUntypedArray>() {
        let elem = elem_of(name, array)?;
        let rank = rank(name, array.ndim())?;
        return Ok(ParamType::Array { elem, rank });
    }
    if let Ok(list) = value.cast::<PyList>() {
        let shape = shape_of(name, list)?;
        let float = rows(list, shape.len())?.iter().any(PyAnyMethods::is_instance_of::<PyFloat>);
        let elem = if float || shape.contains(&0) { Elem::F64 } else { Elem::I64 };
        return Ok(ParamType::Array { elem, rank: rank(name, shape.len())? });
    }
    if let Ok(tuple) = value.cast::<PyTuple>() {
        let items = tuple.iter().enumerate();
        let items = items.map(|(at, item)| type_of(&format!("{name}[{at}]"), &item));
        return Ok(ParamType::Tuple(items.collect::<PyResult<_>>()?));
    }
    if let Some(narrow) = narrow_scalar(value)? {
        return Ok(ParamType::Scalar(narrow));
    }
    let value = plain(value)?;
    let ty = if value.is_instance_of::<PyBool>() {
        Type::Bool
    } else if value.is_instance_of::<PyInt>() {
        Type::I64
    } else if value.is_instance_of::<PyFloat>() {
        Type::F64
    } else {
        let message = format!(
            "argument '{name}' is a {}: pass numbers, NumPy arrays, lists of numbers or tuples",
            value.get_type().name()?
        );
        return Err(PyTypeError::new_err(message));
    };
    Ok(ParamType::Scalar(ty))
}

/// The values that a value of this type is made of: those in a tuple, else itself.
pub(crate) fn parts<'py>(
    name: &str,
    ty: &ParamType,
    value: Bound<'py, PyAny>,
    found: &mut Vec<Bound<'py, PyAny>>,
) -> PyResult<()> {
    let ParamType::Tuple(types) = ty else {
        found.push(value);
        return Ok(());
    };
    let items = value.cast::<PyTuple>().ok().filter(|items| items.len() == types.len());
    let Some(items) = items else {
        let given = value.get_type().name()?;
        return Err(PyTypeError::new_err(format!("argument '{name}' is a {given}, not a {ty}")));
    };
    for (at, (item, ty)) in items.iter().zip(types).enumerate() {
        parts(&format!("{name}[{at}]"), ty, item, found)?;
    }
    Ok(())
}

/// The type of a NumPy scalar of 32 bits, which keeps its width.
fn narrow_scalar(value: &Bound<'_, PyAny>) -> PyResult<Option<Type>> {
    let builtin = value.is_exact_instance_of::<PyFloat>() || value.is_instance_of::<PyInt>();
    if builtin || !value.hasattr("dtype")? {
        return Ok(None);
    }
    let name: String = value.getattr("dtype")?.getattr("name")?.extract()?;
    Ok(match name.as_str() {
        "float32" => Some(Type::F32),
        "int32" => Some(Type::I32),
        _ => None,
    })
}

/// Names that the caller explains: numbers, tuples of them, and names of functions.
pub(crate) fn known_of(constants: &Bound<'_, PyDict>) -> PyResult<Vec<(String, Known)>> {
    let known = |(name, value): (Bound<'_, PyAny>, Bound<'_, PyAny>)| {
        Ok((name.extract::<String>()?, known(&value)?))
    };
    constants.iter().map(known).collect()
}

fn known(value: &Bound<'_, PyAny>) -> PyResult<Known> {
    if let Ok(name) = value.cast::<PyString>() {
        return Ok(Known::Function(name.to_string()));
    }
    if let Ok(tuple) = value.cast::<PyTuple>() {
        let items = tuple.iter().map(|item| known(&item));
        return Ok(Known::Tuple(items.collect::<PyResult<_>>()?));
    }
    let value = plain(value)?;
    let constant = if value.is_instance_of::<PyBool>() {
        Const::Bool(value.extract()?)
    } else if value.is_instance_of::<PyInt>() {
        Const::I64(value.extract()?)
    } else {
        Const::f64(value.extract()?)
    };
    Ok(Known::Scalar(constant))
}

/// A constant as Python's number.
pub(crate) fn const_object(py: Python<'_>, constant: Const) -> PyResult<Bound<'_, PyAny>> {
    match constant {
        Const::Bool(value) => value.into_bound_py_any(py),
        Const::F64(bits) => f64::from_bits(bits).into_bound_py_any(py),
        Const::F32(bits) => f64::from(f32::from_bits(bits)).into_bound_py_any(py),
        other => other.as_i64().into_bound_py_any(py),
    }
}

/// A NumPy scalar as Python's number; anything else as it is.
fn plain<'py>(value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let builtin = value.is_exact_instance_of::<PyFloat>() || value.is_instance_of::<PyInt>();
    if !builtin && value.hasattr("dtype")? && value.hasattr("item")? {
        return value.call_method0("item");
    }
    Ok(value.clone())
}

fn rank(name: &str, dimensions: usize) -> PyResult<u8> {
    match dimensions {
        1 => Ok(1),
        2 => Ok(2),
        n => Err(PyTypeError::new_err(format!("array '{name}' has {n} dimensions: pass 1 or 2"))),
    }
}

fn elem_of(name: &str, array: &Bound<'_, PyUntypedArray>) -> PyResult<Elem> {
    let dtype = array.dtype();
    let kind = (dtype.kind(), dtype.itemsize());
    [Elem::F64, Elem::I64, Elem::F32, Elem::I32, Elem::Bool]
        .into_iter()
        .find(|elem| numpy_kind(*elem) == kind && dtype.is_native_byteorder() != Some(false))
        .ok_or_else(|| {
            let advice = match (dtype.is_native_byteorder(), dtype.kind()) {
                (Some(false), _) => {
                    ".astype(a.dtype.newbyteorder('=')) has them in this machine's \
                                     order of bytes"
                }
                (_, b'i' | b'u') => ".astype(np.int64) converts them",
                (_, b'f') => ".astype(np.float64) converts them",
                _ => "pass float64, int64, float32, int32 or bool",
            };
            let message = format!("array '{name}' has elements of type {dtype}: {advice}");
            PyTypeError::new_err(message)
        })
}

/// Refuses arrays that say which of their elements count: compiled code would read them all.
fn check_mask(name: &str, array: &Bound<'_, PyUntypedArray>) -> PyResult<()> {
    if !array.hasattr("mask")? {
        return Ok(());
    }
    let message = format!(
        "array '{name}' has a mask, which compiled code does not see: pass its data and its mask"
    );
    Err(PyTypeError::new_err(message))
}

/// Extents of a list: its length, and that of its rows if it has lists.
fn shape_of(name: &str, list: &Bound<'_, PyList>) -> PyResult<Vec<usize>> {
    let mut shape = vec![list.len()];
    if let Some(Ok(first)) = list.iter().next().map(Bound::cast_into::<PyList>) {
        for row in list.iter() {
            if row.cast::<PyList>().map(PyListMethods::len).ok() != Some(first.len()) {
                let message = format!("the rows of list '{name}' differ in length");
                return Err(PyValueError::new_err(message));
            }
        }
        shape.push(first.len());
    }
    Ok(shape)
}

/// The items of a list of one or two dimensions, row by row.
fn rows<'py>(list: &Bound<'py, PyList>, rank: usize) -> PyResult<Vec<Bound<'py, PyAny>>> {
    if rank == 1 {
        return Ok(list.iter().collect());
    }
    let mut items = Vec::new();
    for row in list.iter() {
        items.extend(row.cast::<PyList>()?.iter());
    }
    Ok(items)
}

/// A number for a parameter or element of type `ty`.
fn number(name: &str, ty: Type, value: &Bound<'_, PyAny>) -> PyResult<Scalar> {
    let value = plain(value)?;
    let whole = value.is_instance_of::<PyInt>();
    match ty {
        Type::Bool if value.is_instance_of::<PyBool>() => Ok(Scalar::Bool(value.extract()?)),
        Type::I64 if whole => value.extract().map(Scalar::I64).map_err(|_| too_large(name, 64)),
        Type::I32 if whole => value.extract().map(Scalar::I32).map_err(|_| too_large(name, 32)),
        Type::F64 if whole || value.is_instance_of::<PyFloat>() => {
            Ok(Scalar::F64(value.extract()?))
        }
        // Rounds to the nearest binary32, as an annotation of that type asks for.
        Type::F32 if whole || value.is_instance_of::<PyFloat>() => {
            Ok(Scalar::F32(value.extract::<f64>()? as f32))
        }
        _ => {
            let (given, wanted) = (value.get_type().name()?, type_word(ty));
            Err(PyTypeError::new_err(format!("argument '{name}' is a {given}, not {wanted}")))
        }
    }
}

fn too_large(name: &str, bits: u32) -> PyErr {
    PyOverflowError::new_err(format!("argument '{name}' does not fit in {bits} bits"))
}

/// Where the elements of an array lie during the call.
enum Place<'py> {
    /// In the caller's NumPy array.
    Numpy(Bound<'py, PyUntypedArray>),
    /// In a contiguous copy.
    Copied { original: Bound<'py, PyUntypedArray>, copy: Bound<'py, PyUntypedArray> },
    /// In an array made of a list.
    List { list: Bound<'py, PyList>, array: Array },
}

impl<'py> Place<'py> {
    /// The NumPy array that the caller passed, if it is one.
    fn original(&self) -> Option<&Bound<'py, PyUntypedArray>> {
        match self {
            Place::Numpy(array) | Place::Copied { original: array, .. } => Some(array),
            Place::List { .. } => None,
        }
    }
}

/// The arguments of one call; keeps the memory that [`Arguments::slots`] points into.
pub(crate) struct Arguments<'py> {
    slots: Vec<u64>,
    /// The boxes keep the lists' elements at their addresses; whether the code writes them.
    places: IndexMap<usize, (Box<Place<'py>>, bool)>,
    /// Slots that hold the address of a descriptor, and the descriptor.
    descriptors: Vec<(usize, Box<ArrayDescriptor>)>,
}

impl<'py> Arguments<'py> {
    /// Converts one value per parameter. `writes` says which arrays the code stores into.
    pub(crate) fn new(
        function: &Function,
        values: &[Bound<'py, PyAny>],
        writes: &[bool],
        domains: &IndexMap<String, (f64, f64)>,
    ) -> PyResult<Arguments<'py>> {
        let (slots, places) = (Vec::with_capacity(values.len()), IndexMap::new());
        let mut arguments = Arguments { slots, places, descriptors: Vec::new() };
        for ((param, value), writes) in function.params.iter().zip(values).zip(writes) {
            if let Type::MemRef { elem, rank, .. } = param.ty {
                arguments.push_array(&param.name, elem, rank, value, *writes)?;
            } else {
                let scalar = number(&param.name, param.ty, value)?;
                if let Some((low, high)) = domains.get(&*param.name) {
                    check_domain(&param.name, scalar, *low, *high)?;
                }
                arguments.slots.push(bits(scalar));
            }
        }
        arguments.check_overlap()?;
        Ok(arguments)
    }

    /// One slot per parameter; valid while the arguments live.
    pub(crate) fn slots(&self) -> Vec<u64> {
        let mut slots = self.slots.clone();
        for (at, descriptor) in &self.descriptors {
            slots[*at] = std::ptr::from_ref(&**descriptor).addr() as u64;
        }
        slots
    }

    /// Calls an engine that works on copies: the arrays are copied in, and back after the call.
    pub(crate) fn call(
        &mut self,
        function: &Function,
        engine: &ovum::Engine,
        writes: &[bool],
    ) -> ovum::Result<(Result<(), Raised>, Vec<u64>)> {
        let mut arrays: Vec<(usize, Array)> = Vec::new();
        let mut args = Vec::new();
        let mut descriptors = self.descriptors.iter();
        let mut changed: Vec<usize> = Vec::new();
        for ((slot, param), writes) in self.slots.iter().zip(&function.params).zip(writes) {
            let Type::MemRef { elem, rank, .. } = param.ty else {
                args.push(Arg::Scalar(scalar_of(param.ty, *slot)));
                continue;
            };
            let (_, descriptor) = descriptors.next().expect("an array has a descriptor");
            let address = descriptor.data.addr();
            if *writes {
                changed.push(address);
            }
            let found = arrays.iter().position(|(known, _)| *known == address);
            args.push(Arg::Array(found.unwrap_or_else(|| {
                arrays.push((address, copy_in(elem, rank, descriptor)));
                arrays.len() - 1
            })));
        }
        let (addresses, arrays): (Vec<usize>, Vec<Array>) = arrays.into_iter().unzip();
        let answer = engine.call(&Inputs { args, arrays }, None)?;
        let results = addresses.iter().zip(&answer.arrays);
        for (address, array) in results.filter(|(address, _)| changed.contains(address)) {
            let mut all = self.descriptors.iter();
            if let Some((_, to)) = all.find(|(_, descriptor)| descriptor.data.addr() == *address) {
                copy_out(array, to.data);
            }
        }
        Ok(match answer.outcome {
            Ok(results) => (Ok(()), results.into_iter().map(bits).collect()),
            Err(raised) => (Err(raised), Vec::new()),
        })
    }

    fn push_array(
        &mut self,
        name: &str,
        elem: Elem,
        rank: u8,
        value: &Bound<'py, PyAny>,
        writes: bool,
    ) -> PyResult<()> {
        let key = value.as_ptr().addr();
        if !self.places.contains_key(&key) {
            self.places.insert(key, (Box::new(place(name, elem, value)?), false));
        }
        let (place, written) = &mut self.places[&key];
        *written |= writes;
        if writes && let Some(array) = place.original() {
            check_writeable(name, array)?;
        }
        let (data, shape) = match &mut **place {
            Place::Numpy(array) | Place::Copied { copy: array, .. } => {
                let found = elem_of(name, array)?;
                if found != elem {
                    let message = format!("array '{name}' has {found:?} elements, not {elem:?}");
                    return Err(PyTypeError::new_err(message));
                }
                (data_of(array), array.shape().to_vec())
            }
            Place::List { array, .. } if array.elem() == elem => {
                (address(&mut array.data), array.shape.clone())
            }
            Place::List { .. } => {
                let message = format!("list '{name}' is passed with two element types");
                return Err(PyTypeError::new_err(message));
            }
        };
        // `[]` has no rows to tell how many dimensions it has.
        let empty = shape == [0] && rank == 2;
        if shape.len() != usize::from(rank) && !empty {
            let message = format!("array '{name}' has {} dimensions, not {rank}", shape.len());
            return Err(PyTypeError::new_err(message));
        }
        let second = shape.get(1).copied().unwrap_or(0);
        let extents = [shape[0] as i64, second as i64];
        self.descriptors.push((self.slots.len(), Box::new(ArrayDescriptor { data, extents })));
        self.slots.push(0);
        Ok(())
    }

    /// Refuses distinct NumPy arrays that share memory, if one of them is written.
    fn check_overlap(&self) -> PyResult<()> {
        let places = self.places.values();
        let arrays: Vec<_> = places
            .filter_map(|(place, written)| place.original().map(|array| (array, *written)))
            .collect();
        for (at, (a, a_written)) in arrays.iter().enumerate() {
            for (b, b_written) in &arrays[..at] {
                if !a_written && !b_written {
                    continue;
                }
                let numpy = a.py().import("numpy")?;
                let shared: bool = numpy.call_method1("may_share_memory", (a, b))?.extract()?;
                if shared {
                    let message = "two array arguments share memory: pass the same array, or copy";
                    return Err(PyValueError::new_err(message));
                }
            }
        }
        Ok(())
    }

    /// Hands the elements of copies back to their arrays and lists.
    pub(crate) fn write_back(&self) -> PyResult<()> {
        for (place, _) in self.places.values().filter(|(_, written)| *written) {
            match &**place {
                Place::Numpy(_) => {}
                Place::Copied { original, copy } => {
                    let numpy = original.py().import("numpy")?;
                    numpy.call_method1("copyto", (original, copy))?;
                }
                Place::List { list, array } => {
                    let width = array.shape.get(1).copied();
                    for at in 0..array.len() {
                        let item = item(list.py(), array, at)?;
                        match width {
                            None => list.set_item(at, item)?,
                            Some(n) => list.get_item(at / n)?.set_item(at % n, item)?,
                        }
                    }
                }
            }
        }
        Ok(())
    }
}

/// Where the elements of an argument are to lie.
fn place<'py>(name: &str, elem: Elem, value: &Bound<'py, PyAny>) -> PyResult<Place<'py>> {
    if let Ok(list) = value.cast::<PyList>() {
        let shape = shape_of(name, list)?;
        let items = rows(list, shape.len())?;
        let items = items.iter().map(|item| number(name, elem.scalar(), item));
        let data = buffer(elem, &items.collect::<PyResult<Vec<_>>>()?);
        return Ok(Place::List { list: list.clone(), array: Array { shape, data } });
    }
    let Ok(array) = value.cast::<PyUntypedArray>() else {
        let given = value.get_type().name()?;
        let message = format!("argument '{name}' is a {given}, not an array");
        return Err(PyTypeError::new_err(message));
    };
    check_mask(name, array)?;
    let aligned = data_of(array).addr().is_multiple_of(elem.bytes() as usize);
    if array.is_c_contiguous() && aligned {
        return Ok(Place::Numpy(array.clone()));
    }
    let copy = array.call_method1("copy", ("C",))?.cast_into::<PyUntypedArray>()?;
    Ok(Place::Copied { original: array.clone(), copy })
}

fn check_writeable(name: &str, array: &Bound<'_, PyUntypedArray>) -> PyResult<()> {
    if array.getattr("flags")?.getattr("writeable")?.extract::<bool>()? {
        return Ok(());
    }
    let message = format!("array '{name}' is read-only, but the function stores into it");
    Err(PyValueError::new_err(message))
}

/// Address of the first element of a NumPy array.
#[expect(unsafe_code, reason = "NumPy's array header is read")]
fn data_of(array: &Bound<'_, PyUntypedArray>) -> *mut u8 {
    // SAFETY: the pointer is to a live array object, whose header has a data pointer.
    unsafe { (*array.as_array_ptr()).fields.data.cast() }
}

fn address(data: &mut Buffer) -> *mut u8 {
    match data {
        Buffer::F32(data) => data.as_mut_ptr().cast(),
        Buffer::F64(data) => data.as_mut_ptr().cast(),
        Buffer::I32(data) => data.as_mut_ptr().cast(),
        Buffer::I64(data) => data.as_mut_ptr().cast(),
        Buffer::Bool(data) => data.as_mut_ptr().cast(),
    }
}

fn buffer(elem: Elem, items: &[Scalar]) -> Buffer {
    let mut array = Array {
        shape: vec![items.len()],
        data: match elem {
            Elem::F32 => Buffer::F32(vec![0.0; items.len()]),
            Elem::F64 => Buffer::F64(vec![0.0; items.len()]),
            Elem::I32 => Buffer::I32(vec![0; items.len()]),
            Elem::I64 => Buffer::I64(vec![0; items.len()]),
            Elem::Bool => Buffer::Bool(vec![false; items.len()]),
        },
    };
    for (at, item) in items.iter().enumerate() {
        array.set(at, *item);
    }
    array.data
}

fn item(py: Python<'_>, array: &Array, at: usize) -> PyResult<Py<PyAny>> {
    // Reads what compiled code wrote: the buffer is only read through the array here.
    match array.get(at) {
        Some(Scalar::F32(x)) => f64::from(x).into_py_any(py),
        Some(Scalar::F64(x)) => x.into_py_any(py),
        Some(Scalar::I32(x)) => x.into_py_any(py),
        Some(Scalar::I64(x)) => x.into_py_any(py),
        Some(Scalar::Bool(x)) => x.into_py_any(py),
        _ => Ok(py.None()),
    }
}

/// A copy of the elements of an array.
fn copy_in(elem: Elem, rank: u8, array: &ArrayDescriptor) -> Array {
    fn copy<T: Copy>(data: *const u8, len: usize) -> Vec<T> {
        if len == 0 {
            return Vec::new();
        }
        // SAFETY: the descriptor is of an array with that many elements of the type, aligned and
        // not written during the call.
        #[expect(unsafe_code, reason = "the caller's array is read")]
        unsafe { std::slice::from_raw_parts(data.cast::<T>(), len) }.to_vec()
    }
    let shape: Vec<usize> =
        array.extents[..usize::from(rank)].iter().map(|extent| *extent as usize).collect();
    let len = shape.iter().product();
    let data = array.data.cast_const();
    let data = match elem {
        Elem::F32 => Buffer::F32(copy(data, len)),
        Elem::F64 => Buffer::F64(copy(data, len)),
        Elem::I32 => Buffer::I32(copy(data, len)),
        Elem::I64 => Buffer::I64(copy(data, len)),
        Elem::Bool => Buffer::Bool(copy::<u8>(data, len).iter().map(|byte| *byte != 0).collect()),
    };
    Array { shape, data }
}

/// Writes elements back to where they were copied from.
fn copy_out(array: &Array, to: *mut u8) {
    fn copy<T: Copy>(from: &[T], to: *mut u8) {
        // SAFETY: the elements were read from there, as many and of this type.
        #[expect(unsafe_code, reason = "the caller's array is written")]
        unsafe {
            std::ptr::copy_nonoverlapping(from.as_ptr(), to.cast::<T>(), from.len());
        }
    }
    match &array.data {
        Buffer::F32(data) => copy(data, to),
        Buffer::F64(data) => copy(data, to),
        Buffer::I32(data) => copy(data, to),
        Buffer::I64(data) => copy(data, to),
        Buffer::Bool(data) => copy(data, to),
    }
}

/// The scalar in a slot.
fn scalar_of(ty: Type, slot: u64) -> Scalar {
    match ty {
        Type::F32 => Scalar::F32(f32::from_bits(slot as u32)),
        Type::F64 => Scalar::F64(f64::from_bits(slot)),
        Type::I32 => Scalar::I32(slot as i32),
        Type::Bool => Scalar::Bool(slot != 0),
        _ => Scalar::I64(slot.cast_signed()),
    }
}

/// The scalar type as a word for messages.
fn type_word(ty: Type) -> &'static str {
    match ty {
        Type::F32 | Type::F64 => "a float",
        Type::I32 | Type::I64 => "an integer",
        Type::Bool => "a bool",
        _ => "a value",
    }
}

/// The slot of a scalar.
fn bits(scalar: Scalar) -> u64 {
    match scalar {
        Scalar::F32(x) => u64::from(x.to_bits()),
        Scalar::F64(x) => x.to_bits(),
        Scalar::I32(x) => i64::from(x).cast_unsigned(),
        Scalar::I64(x) => x.cast_unsigned(),
        Scalar::Bool(x) => u64::from(x),
        Scalar::Ctl(x) => u64::from(x),
        Scalar::Unit => 0,
    }
}

/// Holds the caller to the range that was asserted for a parameter.
fn check_domain(name: &str, scalar: Scalar, low: f64, high: f64) -> PyResult<()> {
    let value = match scalar {
        Scalar::F32(x) => f64::from(x),
        Scalar::F64(x) => x,
        Scalar::I32(x) => f64::from(x),
        Scalar::I64(x) => x as f64,
        _ => return Ok(()),
    };
    if low <= value && value <= high {
        return Ok(());
    }
    let message = format!("argument '{name}' is {value}, outside its domain {low}..{high}");
    Err(PyValueError::new_err(message))
}
