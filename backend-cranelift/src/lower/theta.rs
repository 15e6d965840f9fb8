//! Loops.

use super::vectors::Start;
use super::{Lowered, Lowerer};
use crate::abi::Context;
use crate::error::CompileError;
use crate::runtime::Import;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{Block, BlockArg, InstBuilder, MemFlagsData, Value, types};
use rvsdg::{Node, NodeId, RegionId};
use std::mem::offset_of;

/// Operations that loops execute between two looks at the limits.
pub(super) const FUEL: i64 = 1 << 14;

impl Lowerer<'_> {
    pub(super) fn theta(&mut self, id: NodeId, node: &Node, body: RegionId) -> Lowered<i64> {
        let f = self.f;
        let region = f.region(body);
        let count = node.operands.len();
        if region.params.len() != count || region.results.len() != 1 + count {
            return Err(CompileError::Malformed(node.outputs[0]));
        }
        let header = self.b.create_block();
        let exit = self.b.create_block();
        let mut args: Vec<BlockArg> = Vec::new();
        let mut positions = vec![None; count];
        for (k, (param, initial)) in region.params.iter().zip(&node.operands).enumerate() {
            if self.live.value(*param) {
                positions[k] = Some(args.len());
                self.pass(&mut args, *initial, *param)?;
            }
        }
        let start = Start { node, header, args: &args, positions: &positions };
        let repeats = self.vector_prefix(id, &start)?;
        self.repeats = self.repeats.max(repeats);
        self.b.ins().jump(header, &args);
        for param in &region.params {
            if self.live.value(*param) {
                self.define_by_params(header, *param)?;
            }
        }
        self.b.switch_to_block(header);
        self.loops.push(body);
        if let Some(ending) = self.ending(body) {
            let weight = self.by_arms(node, body, &ending, header, exit);
            self.loops.pop();
            return weight;
        }
        if let Some(ways) = self.ways_out(node, body) {
            let weight = self.by_ways_out(node, body, &ways, header, exit);
            self.loops.pop();
            return weight;
        }
        let weight = self.region(body)?;
        self.loops.pop();

        let again = self.first_result(&region.results)?;
        args.clear();
        for (param, next) in region.params.iter().zip(&region.results[1..]) {
            if self.live.value(*param) {
                self.pass(&mut args, *next, *param)?;
            }
        }
        if self.fuel.is_some() {
            self.repeat_within_limits(node, again, weight, header, &args, exit)?;
        } else {
            self.b.ins().brif(again, header, &args, exit, &[]);
        }
        self.b.seal_block(header);
        self.b.seal_block(exit);
        self.b.switch_to_block(exit);
        for (output, next) in node.outputs.iter().zip(&region.results[1..]) {
            self.alias(*output, *next)?;
        }
        Ok(weight)
    }

    /// The back-edge of a loop that looks at the limits when the fuel is used up.
    fn repeat_within_limits(
        &mut self,
        node: &Node,
        again: Value,
        weight: i64,
        header: Block,
        args: &[BlockArg],
        exit: Block,
    ) -> Lowered<()> {
        let Some(fuel) = self.fuel else { return Ok(()) };
        let latch = self.b.create_block();
        self.b.ins().brif(again, latch, &[], exit, &[]);
        self.b.seal_block(latch);
        self.b.switch_to_block(latch);
        let before = self.b.use_var(fuel);
        let used = self.int(types::I64, weight);
        let zero = self.int(types::I64, 0);
        let after = self.b.ins().isub(before, used);
        self.b.def_var(fuel, after);
        let poll = self.b.create_block();
        self.b.set_cold_block(poll);
        let left = self.b.ins().icmp(IntCC::SignedGreaterThan, after, zero);
        self.b.ins().brif(left, header, args, poll, &[]);
        self.b.seal_block(poll);

        self.b.switch_to_block(poll);
        self.call_for_effect(Import::Poll, &[self.context])?;
        let at = offset_of!(Context<'_>, stop) as i32;
        let stop = self.b.ins().load(types::I32, MemFlagsData::trusted(), self.context, at);
        let full = self.int(types::I64, FUEL);
        self.b.def_var(fuel, full);
        let raise = self.raise_time_limit(node);
        self.b.ins().brif(stop, raise, &[], header, args);
        Ok(())
    }
}
