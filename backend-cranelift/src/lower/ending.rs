//! Loops that an arm of a choice ends: what comes after the choice is laid out in each arm, so that
//! the arm leaves the loop, or goes on, without asking again.

use super::gamma::is_cheap;
use super::known::Known;
use super::{Lowered, Lowerer};
use crate::error::CompileError;
use cranelift_codegen::ir::{Block, BlockArg, InstBuilder};
use rvsdg::{Node, NodeId, NodeKind, Op, RegionId, ValueDef, ValueId};

/// Operations after the choice that are worth a copy in each arm.
const MOST_COPIED: usize = 6;

/// The body of such a loop.
pub(super) struct Ending {
    before: Vec<NodeId>,
    choice: NodeId,
    after: Vec<NodeId>,
}

impl Lowerer<'_> {
    /// The parts of a loop's body, if an arm of its last choice ends it.
    pub(super) fn ending(&self, body: RegionId) -> Option<Ending> {
        let f = self.f;
        if self.fuel.is_some() {
            return None;
        }
        let region = f.region(body);
        let live: Vec<NodeId> =
            region.nodes.iter().copied().filter(|id| self.live.node(f, *id)).collect();
        let is_choice = |id: &NodeId| matches!(f.node(*id).kind, NodeKind::Gamma { .. });
        let at = live.iter().rposition(is_choice)?;
        let (choice, after) = (live[at], &live[at + 1..]);
        let cheap = after.iter().all(|id| match f.node(*id).kind {
            NodeKind::Simple(op) => is_cheap(op) || matches!(op, Op::Const(_)),
            _ => false,
        });
        let node = f.node(choice);
        let NodeKind::Gamma { arms } = &node.kind else { return None };
        let predicate = *node.operands.first()?;
        if !cheap
            || after.len() > MOST_COPIED
            || f.as_const(predicate).is_some()
            || self.is_selection(node, arms)
        {
            return None;
        }
        let again = *region.results.first()?;
        let ends = arms
            .iter()
            .any(|arm| self.decided(again, &self.known_in_arm(choice, *arm)) == Some(false));
        ends.then(|| Ending { before: live[..at].to_vec(), choice, after: after.to_vec() })
    }

    /// The part of a truth value that is left open.
    fn open_part(&self, value: ValueId, known: &Known) -> ValueId {
        let f = self.f;
        let ValueDef::Output { node, .. } = f.value(value).def else { return value };
        let neutral = match f.node(node).kind {
            NodeKind::Simple(Op::BAnd) => true,
            NodeKind::Simple(Op::BOr) => false,
            _ => return value,
        };
        match f.node(node).operands[..] {
            [a, b] if self.decided(a, known) == Some(neutral) => self.open_part(b, known),
            [a, b] if self.decided(b, known) == Some(neutral) => self.open_part(a, known),
            _ => value,
        }
    }

    /// Lowers the body and what its arms lead to; the current block becomes the exit.
    pub(super) fn by_arms(
        &mut self,
        node: &Node,
        body: RegionId,
        ending: &Ending,
        header: Block,
        exit: Block,
    ) -> Lowered<i64> {
        let f = self.f;
        let region = f.region(body);
        let mut weight = 1;
        for id in &ending.before {
            weight += self.node(*id)?;
        }
        let choice = f.node(ending.choice);
        let (NodeKind::Gamma { arms }, Some((&predicate, inputs))) =
            (&choice.kind, choice.operands.split_first())
        else {
            return Err(CompileError::Malformed(node.outputs[0]));
        };
        self.check_arms(choice, arms, inputs)?;
        let blocks: Vec<Block> = arms.iter().map(|_| self.b.create_block()).collect();
        self.branch(predicate, &blocks)?;
        let mut heaviest = 0;
        for (arm, block) in arms.iter().zip(&blocks) {
            self.b.seal_block(*block);
            self.b.switch_to_block(*block);
            let mut here = self.enter_arm(*arm, inputs)?;
            for (output, result) in choice.outputs.iter().zip(&f.region(*arm).results) {
                self.alias(*output, *result)?;
            }
            for id in &ending.after {
                here += self.node(*id)?;
            }
            heaviest = heaviest.max(here);
            let (mut next, mut last): (Vec<BlockArg>, Vec<BlockArg>) = (Vec::new(), Vec::new());
            for (k, result) in region.results[1..].iter().enumerate() {
                if self.live.value(region.params[k]) {
                    self.pass(&mut next, *result, region.params[k])?;
                }
                if self.live.value(node.outputs[k]) {
                    self.pass(&mut last, *result, node.outputs[k])?;
                }
            }
            let known = self.known_in_arm(ending.choice, *arm);
            match self.decided(region.results[0], &known) {
                Some(false) => self.b.ins().jump(exit, &last),
                Some(true) => self.b.ins().jump(header, &next),
                None => {
                    let open = self.open_part(region.results[0], &known);
                    let again = self.scalar(open)?;
                    self.b.ins().brif(again, header, &next, exit, &last)
                }
            };
        }
        self.b.seal_block(header);
        self.b.seal_block(exit);
        self.b.switch_to_block(exit);
        for output in &node.outputs {
            if self.live.value(*output) {
                self.define_by_params(exit, *output)?;
            }
        }
        Ok(weight + heaviest)
    }
}
