//! Loops that go on while several conditions hold: each is a branch of its own, one instruction with
//! its comparison. What is chosen for the time after the loop only is chosen on the way out, where
//! the branch that was taken often answers the question.

use super::gamma::is_cheap;
use super::known::Known;
use super::simple::{float_condition, int_condition};
use super::{Lowered, Lowerer};
use crate::error::CompileError;
use cranelift_codegen::ir::condcodes::{CondCode, IntCC};
use cranelift_codegen::ir::{Block, BlockArg, InstBuilder, Value, types};
use hashbrown::HashSet;
use rustc_hash::FxBuildHasher;
use rvsdg::{Function, Node, NodeId, NodeKind, Op, RegionId, Type, ValueDef, ValueId};

/// Operations that are worth a copy on each way out.
const MOST_COPIED: usize = 6;
/// Conditions that are worth a branch each.
const MOST_TESTS: usize = 4;

/// A set of values; never iterated for output.
pub(super) type Values = HashSet<ValueId, FxBuildHasher>;

/// How such a loop ends.
pub(super) struct WaysOut {
    /// What must hold, in the order of the branches.
    tests: Vec<Test>,
    /// Nodes of the body that only what comes after the loop uses.
    late: Vec<NodeId>,
    /// Positions of the outputs that differ between the ways out.
    varying: Vec<usize>,
}

/// A truth value that must be `holds`.
#[derive(Clone, Copy)]
struct Test {
    value: ValueId,
    holds: bool,
}

impl WaysOut {
    /// Whether a value is made on the ways out only.
    fn is_late(&self, f: &Function, value: ValueId) -> bool {
        match f.value(value).def {
            ValueDef::Output { node, .. } => self.late.contains(&node),
            ValueDef::Param { .. } => false,
        }
    }

    /// What is known if the loop is left at a test.
    fn known_at(&self, left: usize) -> Known {
        let mut known = Known::default();
        for (at, test) in self.tests[..=left].iter().enumerate() {
            known.add(test.value, test.holds == (at < left));
        }
        known
    }
}

impl Lowerer<'_> {
    /// How a loop ends, if its conditions are worth branches of their own.
    pub(super) fn ways_out(&self, node: &Node, body: RegionId) -> Option<WaysOut> {
        if self.fuel.is_some() {
            return None;
        }
        let region = self.f.region(body);
        let mut tests = Vec::new();
        self.conjuncts(*region.results.first()?, &mut tests);
        if tests.len() > MOST_TESTS || tests.iter().any(|test| self.is_constant(test.value)) {
            return None;
        }
        let mut late = self.late(body, &tests);
        let chosen = |id: &NodeId| match self.f.node(*id).kind {
            NodeKind::Gamma { .. } | NodeKind::Simple(Op::Select) => {
                self.f.node(*id).operands.first().copied()
            }
            _ => None,
        };
        let questions: Vec<ValueId> = late.iter().filter_map(chosen).collect();
        let answers = |test: &Test| {
            let mut known = Known::default();
            known.add(test.value, !test.holds);
            questions.iter().any(|question| self.decided(*question, &known).is_some())
        };
        let answered = tests.iter().any(answers);
        let made = tests.iter().filter(|test| self.comparison(test.value).is_none()).count();
        if !answered {
            late.clear();
            if tests.len() < 2 || made > 1 {
                return None;
            }
        }
        // A test that answers leaves with what was before the others; those of what the next
        // iteration starts with come last, so that it can take the place of what it follows.
        let next: Values = region.results[1..].iter().copied().collect();
        tests.sort_by_cached_key(|test| {
            let counts = self.operands(test.value).iter().any(|operand| next.contains(operand));
            (!answers(test), counts)
        });
        let mut ways = WaysOut { tests, late, varying: Vec::new() };
        let varies = |at: &usize| {
            self.live.value(node.outputs[*at]) && self.varies(region.results[1 + at], &ways)
        };
        ways.varying = (0..node.outputs.len()).filter(varies).collect();
        Some(ways)
    }

    fn is_constant(&self, value: ValueId) -> bool {
        self.f.as_const(value).is_some()
    }

    fn operands(&self, value: ValueId) -> &[ValueId] {
        self.made_by(value).map_or(&[], |node| &node.operands)
    }

    /// The parts of a condition that must hold.
    fn conjuncts(&self, value: ValueId, tests: &mut Vec<Test>) {
        let mut pending = vec![value];
        while let Some(value) = pending.pop() {
            let mut test = Test { value, holds: true };
            while let Some(node) = self.made_by(test.value) {
                match node.kind {
                    NodeKind::Simple(Op::BNot) => {
                        test = Test { value: node.operands[0], holds: !test.holds };
                    }
                    _ => break,
                }
            }
            let both = self
                .made_by(test.value)
                .filter(|node| test.holds && matches!(node.kind, NodeKind::Simple(Op::BAnd)));
            match both {
                Some(node) => pending.extend(node.operands.iter().rev()),
                None => tests.push(test),
            }
        }
    }

    /// What is known if the loop goes on.
    fn known_inside(tests: &[Test]) -> Known {
        let mut known = Known::default();
        for test in tests {
            known.add(test.value, test.holds);
        }
        known
    }

    /// The value that a choice is without asking, if that is made outside of its arms.
    fn settled(&self, value: ValueId, known: &Known) -> Option<ValueId> {
        let f = self.f;
        let ValueDef::Output { node, index } = f.value(value).def else { return None };
        let node = f.node(node);
        let asked = || self.decided(*node.operands.first()?, known);
        match &node.kind {
            NodeKind::Simple(Op::Select) => {
                node.operands.get(if asked()? { 1 } else { 2 }).copied()
            }
            NodeKind::Gamma { arms } if f.ty(node.operands[0]) == Type::Bool => {
                let arm = arms.get(usize::from(asked()?))?;
                let result = *f.region(*arm).results.get(index as usize)?;
                match f.value(result).def {
                    ValueDef::Output { node, .. } if f.node(node).region != *arm => Some(result),
                    ValueDef::Param { region, .. } if region != *arm => Some(result),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// Cheap nodes of a body that neither its next iteration nor its other nodes use, in order. The
    /// next iteration does not use a choice if it is known to which side it comes out.
    fn late(&self, body: RegionId, tests: &[Test]) -> Vec<NodeId> {
        let f = self.f;
        let region = f.region(body);
        let mut used = Values::default();
        used.extend(region.results.first());
        let inside = Self::known_inside(tests);
        for (param, result) in region.params.iter().zip(&region.results[1..]) {
            if self.live.value(*param) {
                used.insert(self.settled(*result, &inside).unwrap_or(*result));
            }
        }
        let mut late = Vec::new();
        for id in region.nodes.iter().rev().filter(|id| self.live.node(f, **id)) {
            let node = f.node(*id);
            let free = late.len() < MOST_COPIED
                && !node.outputs.iter().any(|output| used.contains(output));
            if free && self.may_wait(node) {
                late.push(*id);
            } else {
                self.use_of(*id, &mut used);
            }
        }
        late.reverse();
        late
    }

    fn may_wait(&self, node: &Node) -> bool {
        match &node.kind {
            NodeKind::Simple(op) => is_cheap(*op) || *op == Op::Select,
            NodeKind::Gamma { arms } => {
                self.f.ty(node.operands[0]) == Type::Bool
                    && !self.is_constant(node.operands[0])
                    && self.is_selection(node, arms)
            }
            NodeKind::Theta { .. } => false,
        }
    }

    /// Adds what a node and the regions in it use.
    pub(super) fn use_of(&self, id: NodeId, used: &mut Values) {
        let mut pending = vec![id];
        while let Some(id) = pending.pop() {
            let node = self.f.node(id);
            used.extend(&node.operands);
            let regions = match &node.kind {
                NodeKind::Simple(_) => &[],
                NodeKind::Gamma { arms } => &arms[..],
                NodeKind::Theta { body } => std::slice::from_ref(body),
            };
            for region in regions {
                used.extend(&self.f.region(*region).results);
                pending.extend(&self.f.region(*region).nodes);
            }
        }
    }

    /// Whether a result of the body is made on the ways out.
    fn varies(&self, result: ValueId, ways: &WaysOut) -> bool {
        let late = ways.is_late(self.f, result);
        let decided = |left| self.decided(result, &ways.known_at(left)).is_some();
        late || self.f.ty(result) == Type::Bool
            && !self.is_constant(result)
            && (0..ways.tests.len()).all(decided)
    }

    /// Lowers the body and its ways out; the current block becomes the exit.
    pub(super) fn by_ways_out(
        &mut self,
        node: &Node,
        body: RegionId,
        ways: &WaysOut,
        header: Block,
        exit: Block,
    ) -> Lowered<i64> {
        let f = self.f;
        let region = f.region(body);
        let mut weight = 1;
        for id in &region.nodes {
            if self.live.node(f, *id) && !ways.late.contains(id) {
                weight += self.node(*id)?;
            }
        }
        let mut next: Vec<BlockArg> = Vec::new();
        let inside = Self::known_inside(&ways.tests);
        for (param, result) in region.params.iter().zip(&region.results[1..]) {
            if self.live.value(*param) {
                let settled = self.settled(*result, &inside).filter(|_| ways.is_late(f, *result));
                self.pass(&mut next, settled.unwrap_or(*result), *param)?;
            }
        }
        for (at, test) in ways.tests.iter().enumerate() {
            let last = at + 1 == ways.tests.len();
            let go_on = if last { header } else { self.b.create_block() };
            let leave = if ways.varying.is_empty() { exit } else { self.b.create_block() };
            if last {
                let again = self.answer(*test, true)?;
                self.b.ins().brif(again, header, &next, leave, &[]);
            } else {
                // The second target comes next in the code: a branch is taken on the way out only.
                let stop = self.answer(*test, false)?;
                self.b.ins().brif(stop, leave, &[], go_on, &[]);
            }
            if leave != exit {
                self.b.seal_block(leave);
                self.b.switch_to_block(leave);
                self.leave(node, body, ways, at, exit)?;
            }
            if !last {
                self.b.seal_block(go_on);
                self.b.switch_to_block(go_on);
            }
        }
        self.b.seal_block(header);
        self.b.seal_block(exit);
        self.b.switch_to_block(exit);
        for (at, output) in node.outputs.iter().enumerate() {
            if ways.varying.contains(&at) {
                self.define_by_params(exit, *output)?;
            } else {
                self.alias(*output, region.results[1 + at])?;
            }
        }
        Ok(weight)
    }

    /// Whether a test comes out as `held`.
    fn answer(&mut self, test: Test, held: bool) -> Lowered<Value> {
        let value = self.scalar(test.value)?;
        if test.holds == held {
            return Ok(value);
        }
        let compared = self.comparison(test.value).map(|node| (&node.kind, &node.operands[..]));
        let Some((NodeKind::Simple(op), &[a, b])) = compared else {
            let zero = self.int(types::I8, 0);
            return Ok(self.b.ins().icmp(IntCC::Equal, value, zero));
        };
        let (a, b) = (self.scalar(a)?, self.scalar(b)?);
        Ok(match *op {
            Op::ICmp(cmp) => self.b.ins().icmp(int_condition(cmp).complement(), a, b),
            Op::FCmp(cmp) => self.b.ins().fcmp(float_condition(cmp).complement(), a, b),
            _ => return Err(CompileError::Malformed(test.value)),
        })
    }

    /// The way out at a test.
    fn leave(
        &mut self,
        node: &Node,
        body: RegionId,
        ways: &WaysOut,
        at: usize,
        exit: Block,
    ) -> Lowered<()> {
        let f = self.f;
        let known = ways.known_at(at);
        for id in &ways.late {
            self.choose(*id, &known)?;
        }
        let mut args: Vec<BlockArg> = Vec::new();
        for position in &ways.varying {
            let result = f.region(body).results[1 + position];
            let truth = Some(result).filter(|result| f.ty(*result) == Type::Bool);
            match truth.and_then(|truth| self.decided(truth, &known)) {
                Some(truth) => {
                    let truth = self.int(types::I8, i64::from(truth));
                    args.push(truth.into());
                }
                None => self.pass(&mut args, result, node.outputs[*position])?,
            }
        }
        self.b.ins().jump(exit, &args);
        Ok(())
    }

    /// Lowers a node, of a choice that is known the side that it takes.
    pub(super) fn choose(&mut self, id: NodeId, known: &Known) -> Lowered<i64> {
        let f = self.f;
        let node = f.node(id);
        let asked = node.operands.first().and_then(|asked| self.decided(*asked, known));
        match (&node.kind, asked) {
            (NodeKind::Gamma { arms }, Some(truth)) => {
                let arm = arms[usize::from(truth)];
                self.check_arms(node, arms, &node.operands[1..])?;
                let weight = self.enter_arm(arm, &node.operands[1..])?;
                self.bind_outputs(id, arm)?;
                Ok(weight)
            }
            (NodeKind::Simple(Op::Select), Some(truth)) => {
                let &[_, yes, no] = &node.operands[..] else {
                    return Err(CompileError::Malformed(node.outputs[0]));
                };
                self.alias(node.outputs[0], if truth { yes } else { no })?;
                Ok(0)
            }
            _ => self.node(id),
        }
    }
}
