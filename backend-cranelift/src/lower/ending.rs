//! Loops that an arm of a choice ends: what comes after the choice is laid out in each arm, so that
//! the arm leaves the loop, or goes on, without asking again. Where an arm leaves it open, because a
//! choice in the arm decides, the same is done with that choice.

use super::exits::Values;
use super::gamma::is_cheap;
use super::known::Known;
use super::{Lowered, Lowerer};
use crate::compiler::MAX_DEPTH;
use crate::error::CompileError;
use cranelift_codegen::ir::{Block, BlockArg, InstBuilder, types};
use rvsdg::{Node, NodeId, NodeKind, Op, RegionId, Type, ValueDef, ValueId};

/// Operations after the choices that are worth a copy in each arm.
const MOST_COPIED: usize = 6;

/// The body of such a loop, or an arm in it.
pub(super) struct Ending {
    before: Vec<NodeId>,
    /// Choices by the same truth value, whose arms are laid out in those of the last one.
    beside: Vec<NodeId>,
    choice: NodeId,
    after: Vec<NodeId>,
}

/// What is laid out after an arm, from the inside to the end of the loop's body.
#[derive(Clone, Copy)]
enum Step {
    /// What the choice with this arm gives is what the arm gives.
    Outputs(NodeId, RegionId),
    Node(NodeId),
}

/// Where a loop goes on and where it ends.
struct Ways<'n> {
    node: &'n Node,
    body: RegionId,
    header: Block,
    exit: Block,
}

impl Lowerer<'_> {
    /// The parts of a loop's body, if an arm of its last choice ends it.
    pub(super) fn ending(&self, body: RegionId) -> Option<Ending> {
        let again = *self.f.region(body).results.first()?;
        let free = self.fuel.is_none();
        free.then(|| self.ending_in(body, again, &Known::default(), MOST_COPIED)).flatten()
    }

    /// The same of a region in the body, after which less may be copied.
    fn ending_in(
        &self,
        region: RegionId,
        again: ValueId,
        known: &Known,
        most_copied: usize,
    ) -> Option<Ending> {
        let f = self.f;
        let nodes = &f.region(region).nodes;
        let live: Vec<NodeId> = nodes.iter().copied().filter(|id| self.live.node(f, *id)).collect();
        let branches = |id: &NodeId| match &f.node(*id).kind {
            NodeKind::Gamma { arms } => !self.is_selection(f.node(*id), arms),
            _ => false,
        };
        let at = live.iter().rposition(branches)?;
        let (choice, after) = (live[at], &live[at + 1..]);
        let cheap = after.iter().all(|id| match f.node(*id).kind {
            NodeKind::Simple(op) => is_cheap(op) || matches!(op, Op::Const(_) | Op::Select),
            NodeKind::Gamma { .. } => true,
            NodeKind::Theta { .. } => false,
        });
        let node = f.node(choice);
        let NodeKind::Gamma { arms } = &node.kind else { return None };
        let predicate = *node.operands.first()?;
        if !cheap || after.len() > most_copied || f.as_const(predicate).is_some() {
            return None;
        }
        let ends = |arm: &RegionId| {
            let known = self.known_in_arm(known, choice, *arm);
            match self.decided(again, &known) {
                Some(goes_on) => !goes_on,
                None => self.ending_in(*arm, again, &known, most_copied - after.len()).is_some(),
            }
        };
        let ends = arms.iter().any(ends);
        ends.then(|| {
            let beside = self.beside(&live[..at], choice);
            let mut before = live[..at].to_vec();
            before.retain(|id| !beside.contains(id));
            Ending { before, beside, choice, after: after.to_vec() }
        })
    }

    /// The choices among nodes before a choice that ask for the same truth value, and that nothing
    /// but each other needs before it.
    fn beside(&self, before: &[NodeId], choice: NodeId) -> Vec<NodeId> {
        let f = self.f;
        let predicate = f.node(choice).operands[0];
        let alike = |id: NodeId| {
            let node = f.node(id);
            matches!(node.kind, NodeKind::Gamma { .. }) && node.operands[0] == predicate
        };
        let mut found = Vec::new();
        if f.ty(predicate) != Type::Bool || !before.iter().any(|id| alike(*id)) {
            return found;
        }
        let mut used = Values::default();
        for id in before.iter().rev() {
            let mut needs = Values::default();
            self.use_of(*id, &mut needs);
            let outputs = &f.node(*id).outputs;
            // What reads or moves on a state keeps its place among the effects.
            let free = !outputs.iter().any(|output| used.contains(output))
                && !outputs.iter().chain(&needs).any(|value| f.ty(*value).is_state());
            if alike(*id) && free {
                found.push(*id);
            } else {
                used.extend(needs);
            }
        }
        found.reverse();
        found
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
        let ways = Ways { node, body, header, exit };
        let weight = self.by_choice(&ways, ending, &[], &Known::default())?;
        self.b.seal_block(header);
        self.b.seal_block(exit);
        self.b.switch_to_block(exit);
        for output in &node.outputs {
            if self.live.value(*output) {
                self.define_by_params(exit, *output)?;
            }
        }
        Ok(weight)
    }

    /// Lowers a region up to its choice, and the arms with all that comes after them.
    fn by_choice(
        &mut self,
        ways: &Ways<'_>,
        ending: &Ending,
        later: &[Step],
        known: &Known,
    ) -> Lowered<i64> {
        if self.depth == MAX_DEPTH {
            return Err(CompileError::TooDeep { limit: MAX_DEPTH });
        }
        self.depth += 1;
        let f = self.f;
        let again = f.region(ways.body).results[0];
        let mut weight = 1;
        for id in &ending.before {
            weight += self.node(*id)?;
        }
        let choice = f.node(ending.choice);
        let (NodeKind::Gamma { arms }, Some((&predicate, inputs))) =
            (&choice.kind, choice.operands.split_first())
        else {
            return Err(CompileError::Malformed(ways.node.outputs[0]));
        };
        self.check_arms(choice, arms, inputs)?;
        let blocks: Vec<Block> = arms.iter().map(|_| self.b.create_block()).collect();
        self.branch(predicate, &blocks)?;
        let mut heaviest = 0;
        for (arm, block) in arms.iter().zip(&blocks) {
            self.b.seal_block(*block);
            self.b.switch_to_block(*block);
            let mut known = self.known_in_arm(known, ending.choice, *arm);
            let mut here = 0;
            for id in &ending.beside {
                here += self.arm_beside(*id, arms, *arm, &mut known)?;
            }
            let mut steps = vec![Step::Outputs(ending.choice, *arm)];
            steps.extend(ending.after.iter().copied().map(Step::Node));
            steps.extend(later);
            let copied = steps.iter().filter(|step| matches!(step, Step::Node(_))).count();
            let open = self.decided(again, &known).is_none();
            let inner = open
                .then(|| self.ending_in(*arm, again, &known, MOST_COPIED.saturating_sub(copied)));
            here += if let Some(inner) = inner.flatten() {
                self.bind_inputs(*arm, inputs)?;
                self.by_choice(ways, &inner, &steps, &known)?
            } else {
                self.enter_arm(*arm, inputs)? + self.go_or_leave(ways, &steps, &known)?
            };
            heaviest = heaviest.max(here);
        }
        self.depth -= 1;
        Ok(weight + heaviest)
    }

    /// Lowers the arm of a choice that is taken with an arm of another one.
    fn arm_beside(
        &mut self,
        id: NodeId,
        arms: &[RegionId],
        taken: RegionId,
        known: &mut Known,
    ) -> Lowered<i64> {
        let f = self.f;
        let node = f.node(id);
        let at = arms.iter().position(|arm| *arm == taken);
        let (NodeKind::Gamma { arms }, Some(at), Some((_, inputs))) =
            (&node.kind, at, node.operands.split_first())
        else {
            return Err(CompileError::Malformed(node.outputs[0]));
        };
        self.check_arms(node, arms, inputs)?;
        let weight = self.enter_arm(arms[at], inputs)?;
        self.bind_outputs(id, arms[at])?;
        *known = self.known_in_arm(known, id, arms[at]);
        Ok(weight)
    }

    /// What comes after an arm, and the way that it takes.
    fn go_or_leave(&mut self, ways: &Ways<'_>, steps: &[Step], known: &Known) -> Lowered<i64> {
        let f = self.f;
        let mut weight = 0;
        for step in steps {
            match *step {
                Step::Node(id) => weight += self.choose(id, known)?,
                Step::Outputs(choice, arm) => self.bind_outputs(choice, arm)?,
            }
        }
        let region = f.region(ways.body);
        let decision = self.decided(region.results[0], known);
        let (mut next, mut last): (Vec<BlockArg>, Vec<BlockArg>) = (Vec::new(), Vec::new());
        for (k, result) in region.results[1..].iter().enumerate() {
            if decision != Some(false) && self.live.value(region.params[k]) {
                self.pass_known(&mut next, *result, region.params[k], known)?;
            }
            if decision != Some(true) && self.live.value(ways.node.outputs[k]) {
                self.pass_known(&mut last, *result, ways.node.outputs[k], known)?;
            }
        }
        match decision {
            Some(false) => self.b.ins().jump(ways.exit, &last),
            Some(true) => self.b.ins().jump(ways.header, &next),
            None => {
                let open = self.open_part(region.results[0], known);
                let again = self.scalar(open)?;
                self.b.ins().brif(again, ways.header, &next, ways.exit, &last)
            }
        };
        Ok(weight)
    }

    /// Passes a value, as a constant if that is what it is here: a truth value that a branch has
    /// asked for need not be made.
    fn pass_known(
        &mut self,
        args: &mut Vec<BlockArg>,
        value: ValueId,
        target: ValueId,
        known: &Known,
    ) -> Lowered<()> {
        let truth = Some(value)
            .filter(|value| self.f.ty(*value) == Type::Bool && self.made_by(*value).is_some());
        match truth.and_then(|truth| self.decided(truth, known)) {
            Some(truth) => {
                let truth = self.int(types::I8, i64::from(truth));
                args.push(truth.into());
                Ok(())
            }
            None => self.pass(args, value, target),
        }
    }
}
