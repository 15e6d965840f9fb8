//! Checked arguments of one call, and its answer.

use crate::abi::ArrayDescriptor;
use crate::error::CallError;
use rvsdg::{Answer, Arg, Array, Buffer, Inputs, Raised, Scalar, Type};

/// The arguments of one call with the memory that they point to.
pub(crate) struct Frame {
    arrays: Vec<Array>,
    /// One per array; `slots` holds their addresses.
    descriptors: Vec<ArrayDescriptor>,
    slots: Vec<u64>,
}

impl Frame {
    /// Checks the arguments and copies the arrays.
    pub(crate) fn new(params: &[Type], inputs: &Inputs) -> Result<Frame, CallError> {
        check_args(params, inputs)?;
        let mut arrays = Vec::with_capacity(inputs.arrays.len());
        for (index, array) in inputs.arrays.iter().enumerate() {
            let elements = array.shape.iter().try_fold(1usize, |n, extent| n.checked_mul(*extent));
            if elements != Some(array.len()) {
                return Err(CallError::Shape { array: index });
            }
            arrays.push(copy(array)?);
        }
        let descriptors: Vec<ArrayDescriptor> = arrays.iter_mut().map(describe).collect();
        let slot = |arg: &Arg| match arg {
            Arg::Scalar(scalar) => scalar_slot(*scalar),
            // The checks found the array. Addresses have 64 bits.
            Arg::Array(index) => std::ptr::from_ref(&descriptors[*index]) as u64,
        };
        let slots = inputs.args.iter().map(slot).collect();
        Ok(Frame { arrays, descriptors, slots })
    }

    /// Address of the first slot.
    pub(crate) fn slots(&mut self) -> *const u64 {
        debug_assert_eq!(self.descriptors.len(), self.arrays.len());
        self.slots.as_ptr()
    }

    pub(crate) fn into_answer(
        self,
        outcome: Result<(), Raised>,
        types: &[Type],
        results: &[u64],
    ) -> Answer {
        let values = || types.iter().zip(results).map(|(ty, slot)| slot_scalar(*ty, *slot));
        Answer { outcome: outcome.map(|()| values().collect()), arrays: self.arrays }
    }
}

fn check_args(params: &[Type], inputs: &Inputs) -> Result<(), CallError> {
    let (expected, given) = (params.len(), inputs.args.len());
    if expected != given {
        return Err(CallError::Arity { expected, given });
    }
    // The alias group that each array is passed for.
    let mut groups: Vec<Option<u32>> = vec![None; inputs.arrays.len()];
    for (argument, (ty, arg)) in params.iter().zip(&inputs.args).enumerate() {
        let wrong = CallError::Type { argument, expected: *ty };
        match (*ty, *arg) {
            (Type::MemRef { elem, rank, mem }, Arg::Array(index)) => {
                let array = inputs.arrays.get(index);
                let array = array.ok_or(CallError::NoSuchArray { argument })?;
                if array.elem() != elem || array.shape.len() != usize::from(rank) {
                    return Err(wrong);
                }
                if groups[index].replace(mem).is_some_and(|other| other != mem) {
                    return Err(CallError::Overlap { array: index });
                }
            }
            (_, Arg::Scalar(scalar)) if scalar.ty() == Some(*ty) => {}
            _ => return Err(wrong),
        }
    }
    Ok(())
}

fn copy(array: &Array) -> Result<Array, CallError> {
    fn elements<T: Copy>(from: &[T]) -> Result<Vec<T>, CallError> {
        let mut to = Vec::new();
        to.try_reserve_exact(from.len()).map_err(|_| CallError::OutOfMemory)?;
        to.extend_from_slice(from);
        Ok(to)
    }
    let data = match &array.data {
        Buffer::F32(data) => Buffer::F32(elements(data)?),
        Buffer::F64(data) => Buffer::F64(elements(data)?),
        Buffer::I32(data) => Buffer::I32(elements(data)?),
        Buffer::I64(data) => Buffer::I64(elements(data)?),
        Buffer::Bool(data) => Buffer::Bool(elements(data)?),
    };
    Ok(Array { shape: array.shape.clone(), data })
}

fn describe(array: &mut Array) -> ArrayDescriptor {
    let data = match &mut array.data {
        Buffer::F32(data) => data.as_mut_ptr().cast(),
        Buffer::F64(data) => data.as_mut_ptr().cast(),
        Buffer::I32(data) => data.as_mut_ptr().cast(),
        Buffer::I64(data) => data.as_mut_ptr().cast(),
        Buffer::Bool(data) => data.as_mut_ptr().cast(),
    };
    // An extent may exceed an i64 only in an array without elements.
    let extent = |axis: usize| {
        let extent = array.shape.get(axis).copied().unwrap_or(0);
        i64::try_from(extent).unwrap_or(i64::MAX)
    };
    ArrayDescriptor { data, extents: [extent(0), extent(1)] }
}

fn scalar_slot(scalar: Scalar) -> u64 {
    match scalar {
        Scalar::F32(value) => u64::from(value.to_bits()),
        Scalar::F64(value) => value.to_bits(),
        Scalar::I32(value) => i64::from(value) as u64,
        Scalar::I64(value) => value as u64,
        Scalar::Bool(value) => u64::from(value),
        Scalar::Ctl(value) => u64::from(value),
        Scalar::Unit => 0,
    }
}

fn slot_scalar(ty: Type, slot: u64) -> Scalar {
    match ty {
        Type::F32 => Scalar::F32(f32::from_bits(slot as u32)),
        Type::F64 => Scalar::F64(f64::from_bits(slot)),
        Type::I32 => Scalar::I32(slot as i32),
        Type::I64 => Scalar::I64(slot as i64),
        Type::Bool => Scalar::Bool(slot != 0),
        Type::Ctl(_) => Scalar::Ctl(slot as u32),
        Type::Unit | Type::MemRef { .. } | Type::Io | Type::Mem(_) => Scalar::Unit,
    }
}
