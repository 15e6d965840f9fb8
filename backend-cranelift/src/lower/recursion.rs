//! Calls of functions that call themselves: the binary interface of [`crate::abi`], with arguments
//! and results on the stack and one context.

use super::{Lowered, Lowerer, POINTER, Repeats, slot_offset};
use crate::abi::{ArrayDescriptor, Context};
use crate::error::CompileError;
use crate::runtime::Import;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{
    InstBuilder, MemFlagsData, StackSlotData, StackSlotKind, Value, types,
};
use cranelift_module::Module;
use rvsdg::{ExcKind, MAX_RECURSION, Node, RECURSION_MESSAGE, Type};
use std::mem::offset_of;
use std::sync::Arc;

/// Calls between two looks at the limits, less one; all bits set.
const CALLS_MASK: i64 = 0xfff;

impl Lowerer<'_> {
    pub(super) fn recur(&mut self, function: usize, result: Type, node: &Node) -> Lowered<()> {
        let Some(target) = self.phi.get(function) else {
            return Err(CompileError::Malformed(node.outputs[0]));
        };
        let target = self.module.declare_func_in_func(*target, self.b.func);
        self.repeats = Repeats::Loops;
        let depth = self.check_depth(node)?;
        let args = self.arguments(node)?;
        let results = self.stack(8)?;
        let call = self.b.ins().call(target, &[args, results, self.context]);
        let status = self.b.inst_results(call)[0];
        // The callee has noted where it raised: its status is handed on.
        let failed = self.b.create_block();
        self.b.set_cold_block(failed);
        let next = self.b.create_block();
        self.b.ins().brif(status, failed, &[], next, &[]);
        self.b.seal_block(failed);
        self.b.switch_to_block(failed);
        self.b.ins().return_(&[status]);
        self.b.seal_block(next);
        self.b.switch_to_block(next);
        let at = offset_of!(Context<'_>, depth) as i32;
        self.b.ins().store(MemFlagsData::trusted(), depth, self.context, at);
        let (value, states) = match node.outputs.split_last() {
            Some((value, states)) => (*value, states),
            None => return Err(CompileError::Codegen("a call has no outputs".to_owned())),
        };
        for state in states {
            self.define(*state, &[]);
        }
        let parts = super::part_types(result)?.to_vec();
        let loaded: Vec<Value> = parts
            .iter()
            .map(|ty| self.b.ins().load(*ty, MemFlagsData::trusted(), results, 0))
            .collect();
        self.define(value, &loaded);
        Ok(())
    }

    /// Raises where calls are too deep, and counts this one; the depth before it.
    fn check_depth(&mut self, node: &Node) -> Lowered<Value> {
        let flags = MemFlagsData::trusted();
        let at = offset_of!(Context<'_>, depth) as i32;
        let depth = self.b.ins().load(types::I32, flags, self.context, at);
        let most = self.int(types::I32, i64::from(MAX_RECURSION));
        let fits = self.b.ins().icmp(IntCC::UnsignedLessThan, depth, most);
        let message = Arc::from(RECURSION_MESSAGE);
        let raise = self.raise_known(ExcKind::RecursionError, &message, node.span);
        self.raise_unless(fits, raise);
        let one = self.int(types::I32, 1);
        let deeper = self.b.ins().iadd(depth, one);
        self.b.ins().store(flags, deeper, self.context, at);
        if self.fuel.is_some() {
            self.poll_calls(node)?;
        }
        Ok(depth)
    }

    /// Looks at the limits once in a few thousand calls.
    fn poll_calls(&mut self, node: &Node) -> Lowered<()> {
        let flags = MemFlagsData::trusted();
        let at = offset_of!(Context<'_>, calls) as i32;
        let calls = self.b.ins().load(types::I32, flags, self.context, at);
        let one = self.int(types::I32, 1);
        let more = self.b.ins().iadd(calls, one);
        self.b.ins().store(flags, more, self.context, at);
        let mask = self.int(types::I32, CALLS_MASK);
        let left = self.b.ins().band(more, mask);
        let (poll, next) = (self.b.create_block(), self.b.create_block());
        self.b.set_cold_block(poll);
        self.b.ins().brif(left, next, &[], poll, &[]);
        self.b.seal_block(poll);
        self.b.switch_to_block(poll);
        self.call_for_effect(Import::Poll, &[self.context])?;
        let at = offset_of!(Context<'_>, stop) as i32;
        let stop = self.b.ins().load(types::I32, flags, self.context, at);
        let raise = self.raise_time_limit(node);
        self.b.ins().brif(stop, raise, &[], next, &[]);
        self.b.seal_block(next);
        self.b.switch_to_block(next);
        Ok(())
    }

    /// The address of the arguments, stored as the interface wants them.
    fn arguments(&mut self, node: &Node) -> Lowered<Value> {
        let flags = MemFlagsData::trusted();
        let operands: Vec<_> =
            node.operands.iter().copied().filter(|v| !self.f.ty(*v).is_state()).collect();
        let args = self.stack(8 * operands.len().max(1))?;
        for (index, operand) in operands.into_iter().enumerate() {
            let offset = slot_offset(index)?;
            let parts = self.parts_of(operand)?.to_vec();
            if let Type::MemRef { .. } = self.f.ty(operand) {
                let array = self.stack(size_of::<ArrayDescriptor>())?;
                let data = offset_of!(ArrayDescriptor, data) as i32;
                let extents = offset_of!(ArrayDescriptor, extents) as i32;
                for (axis, part) in parts.iter().enumerate() {
                    let at = if axis == 0 { data } else { extents + slot_offset(axis - 1)? };
                    self.b.ins().store(flags, *part, array, at);
                }
                self.b.ins().store(flags, array, args, offset);
            } else if let [part] = parts[..] {
                self.b.ins().store(flags, part, args, offset);
            }
        }
        Ok(args)
    }

    /// The address of so many bytes of the stack.
    fn stack(&mut self, bytes: usize) -> Lowered<Value> {
        let bytes = u32::try_from(bytes)
            .map_err(|_| CompileError::Codegen("too many arguments".to_owned()))?;
        let data = StackSlotData::new(StackSlotKind::ExplicitSlot, bytes, 3);
        let slot = self.b.create_sized_stack_slot(data);
        Ok(self.b.ins().stack_addr(POINTER, slot, 0))
    }
}
