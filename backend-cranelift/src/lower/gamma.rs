//! Choices.

use super::{Lowered, Lowerer};
use crate::error::CompileError;
use cranelift_codegen::ir::{Block, BlockArg, BlockCall, InstBuilder, JumpTableData};
use rvsdg::{Const, Node, NodeId, NodeKind, Op, RegionId, Type, ValueId};

/// Two arms become selections if together they hold at most so many instructions and
const MAX_SELECT_OPS: usize = 4;
/// have at most so many outputs.
const MAX_SELECTS: usize = 2;

impl Lowerer<'_> {
    pub(super) fn gamma(&mut self, node: &Node, arms: &[RegionId]) -> Lowered<i64> {
        let Some((&predicate, inputs)) = node.operands.split_first() else {
            return Err(CompileError::Malformed(node.outputs[0]));
        };
        self.check_arms(node, arms, inputs)?;
        if let Some(arm) = self.f.as_const(predicate).and_then(|c| known_arm(c, arms)) {
            let weight = self.enter_arm(arm, inputs)?;
            for (output, result) in node.outputs.iter().zip(&self.f.region(arm).results) {
                self.alias(*output, *result)?;
            }
            return Ok(weight);
        }
        if let &[no, yes] = arms
            && self.f.ty(predicate) == Type::Bool
            && self.is_selection(node, arms)
        {
            return self.selection(node, predicate, inputs, no, yes);
        }
        let merge = self.b.create_block();
        let blocks: Vec<Block> = arms.iter().map(|_| self.b.create_block()).collect();
        self.branch(predicate, &blocks)?;
        let mut heaviest = 0;
        for (arm, block) in arms.iter().zip(&blocks) {
            self.b.seal_block(*block);
            self.b.switch_to_block(*block);
            heaviest = heaviest.max(self.enter_arm(*arm, inputs)?);
            let mut args: Vec<BlockArg> = Vec::new();
            for (output, result) in node.outputs.iter().zip(&self.f.region(*arm).results) {
                if self.live.value(*output) {
                    self.pass(&mut args, *result, *output)?;
                }
            }
            self.b.ins().jump(merge, &args);
        }
        for output in &node.outputs {
            if self.live.value(*output) {
                self.define_by_params(merge, *output)?;
            }
        }
        self.b.seal_block(merge);
        self.b.switch_to_block(merge);
        Ok(1 + heaviest)
    }

    pub(super) fn check_arms(
        &self,
        node: &Node,
        arms: &[RegionId],
        inputs: &[ValueId],
    ) -> Lowered<()> {
        let fits = arms.iter().all(|arm| {
            let region = self.f.region(*arm);
            region.params.len() == inputs.len() && region.results.len() == node.outputs.len()
        });
        let alternatives = match self.f.ty(node.operands[0]) {
            Type::Bool => 2,
            Type::Ctl(n) => n as usize,
            _ => 0,
        };
        if fits && !arms.is_empty() && alternatives == arms.len() {
            Ok(())
        } else {
            Err(CompileError::Malformed(node.operands[0]))
        }
    }

    /// Lowers an arm in the current block.
    pub(super) fn enter_arm(&mut self, arm: RegionId, inputs: &[ValueId]) -> Lowered<i64> {
        self.bind_inputs(arm, inputs)?;
        self.region(arm)
    }

    /// Makes an arm's parameters other names of what the choice is given.
    pub(super) fn bind_inputs(&mut self, arm: RegionId, inputs: &[ValueId]) -> Lowered<()> {
        for (param, input) in self.f.region(arm).params.iter().zip(inputs) {
            self.alias(*param, *input)?;
        }
        Ok(())
    }

    /// Makes a choice's outputs other names of an arm's results.
    pub(super) fn bind_outputs(&mut self, choice: NodeId, arm: RegionId) -> Lowered<()> {
        let f = self.f;
        for (output, result) in f.node(choice).outputs.iter().zip(&f.region(arm).results) {
            self.alias(*output, *result)?;
        }
        Ok(())
    }

    pub(super) fn branch(&mut self, predicate: ValueId, blocks: &[Block]) -> Lowered<()> {
        let choice = self.scalar(predicate)?;
        match blocks {
            [only] => {
                self.b.ins().jump(*only, &[]);
            }
            [no, yes] => {
                self.b.ins().brif(choice, *yes, &[], *no, &[]);
            }
            _ => {
                let pool = &mut self.b.func.dfg.value_lists;
                let calls: Vec<BlockCall> =
                    blocks.iter().map(|block| BlockCall::new(*block, [], pool)).collect();
                // The last arm is the default: a choice is below the number of arms.
                let (table, default) = calls.split_at(calls.len() - 1);
                let data = JumpTableData::new(default[0], table);
                let table = self.b.create_jump_table(data);
                self.b.ins().br_table(choice, table);
            }
        }
        Ok(())
    }

    /// Whether both arms are so small that computing both is cheaper than a branch.
    pub(super) fn is_selection(&self, node: &Node, arms: &[RegionId]) -> bool {
        let f = self.f;
        let live = |value: &&ValueId| self.live.value(**value) && !f.ty(**value).is_state();
        let outputs: Vec<&ValueId> = node.outputs.iter().filter(live).collect();
        let mut ops = 0;
        let cheap = arms.iter().all(|arm| {
            f.region(*arm).nodes.iter().all(|id| match f.node(*id).kind {
                _ if !self.live.node(f, *id) => true,
                NodeKind::Simple(Op::Const(_)) => true,
                NodeKind::Simple(op) => {
                    ops += 1;
                    is_cheap(op) || self.is_cheap_by_constant(op, f.node(*id))
                }
                _ => false,
            })
        });
        // A selection of floats is a branch over a move, one for each: it saves nothing.
        let floats = outputs.iter().any(|output| f.ty(**output).is_float());
        cheap
            && ops <= if floats { 0 } else { MAX_SELECT_OPS }
            && outputs.len() <= if floats { 1 } else { MAX_SELECTS }
            && outputs.iter().all(|output| f.ty(**output).is_scalar())
    }

    /// Shifts, products and divisions by constants that are an instruction or two.
    fn is_cheap_by_constant(&self, op: Op, node: &Node) -> bool {
        match (op, self.constant_right(node)) {
            (Op::IShl | Op::IShr, Some(count)) => (0..32).contains(&count),
            (Op::IMul, _) => self.small_factor(node).is_some(),
            (Op::IFloorDiv | Op::IMod, Some(divisor)) => divisor > 0 && divisor.count_ones() == 1,
            _ => false,
        }
    }

    fn selection(
        &mut self,
        node: &Node,
        predicate: ValueId,
        inputs: &[ValueId],
        no: RegionId,
        yes: RegionId,
    ) -> Lowered<i64> {
        let weight = self.enter_arm(no, inputs)? + self.enter_arm(yes, inputs)?;
        let choice = self.scalar(predicate)?;
        for (at, output) in node.outputs.iter().enumerate() {
            if !self.live.value(*output) {
                continue;
            }
            let (a, b) = (self.f.region(yes).results[at], self.f.region(no).results[at]);
            if self.f.ty(*output).is_state() {
                self.define(*output, &[]);
                continue;
            }
            if self.f.ty(a) != self.f.ty(b) {
                return Err(CompileError::Malformed(*output));
            }
            let (a, b) = (self.scalar(a)?, self.scalar(b)?);
            let value = self.b.ins().select(choice, a, b);
            self.define(*output, &[value]);
        }
        Ok(weight)
    }
}

fn known_arm(predicate: Const, arms: &[RegionId]) -> Option<RegionId> {
    let index = match predicate {
        Const::Bool(value) => usize::from(value),
        Const::Ctl { value, .. } => value as usize,
        _ => return None,
    };
    arms.get(index).copied()
}

/// One instruction of latency 1 that cannot trap.
pub(super) fn is_cheap(op: Op) -> bool {
    matches!(
        op,
        Op::IAdd
            | Op::ISub
            | Op::INeg
            | Op::INot
            | Op::IAnd
            | Op::IOr
            | Op::IXor
            | Op::ICmp(_)
            | Op::FNeg
            | Op::FAbs
            | Op::BAnd
            | Op::BOr
            | Op::BXor
            | Op::BNot
    )
}
