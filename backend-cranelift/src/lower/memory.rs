//! Loads and stores.

use super::{Lowered, Lowerer};
use crate::error::CompileError;
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Type as Ty, Value};
use rvsdg::{Node, Type, ValueId};

struct Place {
    address: Value,
    flags: MemFlagsData,
    ty: Ty,
}

impl Lowerer<'_> {
    pub(super) fn load(&mut self, node: &Node) -> Lowered<Value> {
        let [_, array, indices @ ..] = &node.operands[..] else {
            return Err(CompileError::Malformed(node.outputs[0]));
        };
        let place = self.place(*array, indices)?;
        Ok(self.b.ins().load(place.ty, place.flags, place.address, 0))
    }

    pub(super) fn store(&mut self, node: &Node) -> Lowered<()> {
        let [_, array, indices @ .., value] = &node.operands[..] else {
            return Err(CompileError::Malformed(node.outputs[0]));
        };
        let place = self.place(*array, indices)?;
        let value = self.scalar(*value)?;
        self.b.ins().store(place.flags, value, place.address, 0);
        self.define(node.outputs[0], &[]);
        Ok(())
    }

    /// Where an element lies: row by row, in 64-bit arithmetic.
    fn place(&mut self, array: ValueId, indices: &[ValueId]) -> Lowered<Place> {
        let Type::MemRef { elem, rank, mem } = self.f.ty(array) else {
            return Err(CompileError::Malformed(array));
        };
        let region = self.alias.get(mem as usize).copied();
        let flags = MemFlagsData::trusted().with_alias_region(region);
        if indices.len() != usize::from(rank) {
            return Err(CompileError::Malformed(array));
        }
        let mut at = self.scalar(indices[0])?;
        for (axis, index) in indices.iter().enumerate().skip(1) {
            let extent = self.parts_of(array)?[1 + axis];
            let index = self.scalar(*index)?;
            let row = self.b.ins().imul(at, extent);
            at = self.b.ins().iadd(row, index);
        }
        let base = self.parts_of(array)?[0];
        let shift = elem.bytes().trailing_zeros();
        if shift > 0 {
            let shift = self.int(super::POINTER, i64::from(shift));
            at = self.b.ins().ishl(at, shift);
        }
        let address = self.b.ins().iadd(base, at);
        let ty = super::part_types(elem.scalar())?[0];
        Ok(Place { address, flags, ty })
    }
}
