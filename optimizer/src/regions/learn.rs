//! Facts of a region: what a known truth value says about its parts, and what a loop's predicate
//! says about its variables.

use super::Round;
use super::look::{binaries, constant, truth};
use super::mutant::{Mutant, planted};
use super::order::{Prover, fact};
use crate::facts::{Facts, Range};
use crate::interval::Ints;
use crate::language::{InstanceId, Meaning};
use crate::model::InstanceKind;
use egraph_core::{EClassId, ENodeId, Limit};
use rvsdg::{Cmp, Const, Type};

/// Nodes of a truth value that are looked at for what it says about its parts.
const MAX_PARTS: usize = 64;

impl Round<'_, '_> {
    /// Adds the facts that follow from known truth values and from loops' predicates.
    pub(super) fn learn(&mut self) -> Result<(), Limit> {
        self.parts_of_truth()?;
        for at in 0..self.model.instances.len() {
            let instance = &self.model.instances[at];
            let dead = self.graph().is_dead(instance.home) || instance.abandoned;
            match instance.kind {
                _ if dead => {}
                InstanceKind::Theta => self.loop_facts(InstanceId(at as u32))?,
                InstanceKind::Gamma => self.arm_facts(InstanceId(at as u32))?,
            }
        }
        self.model.graph.rebuild();
        self.narrow();
        self.model.graph.rebuild();
        Ok(())
    }

    /// `a and b` is true: both are. `a or b` is false: neither is. And so on.
    fn parts_of_truth(&mut self) -> Result<(), Limit> {
        if planted(Mutant::CheckIsAFact) {
            self.checks_hold()?;
        }
        let mut known: Vec<(EClassId, bool)> = Vec::new();
        let mut equal: Vec<(EClassId, EClassId)> = Vec::new();
        let graph = self.graph();
        let ops = &self.ops;
        let of =
            |op| graph.nodes_with_op(op).map(|node| (node, truth(graph, graph.class_of(node))));
        for (op, when) in [(ops.band, true), (ops.bor, false)] {
            for (node, _) in of(op).filter(|(_, truth)| *truth == Some(when)) {
                known.extend(graph.children(node).iter().map(|part| (*part, when)));
            }
        }
        for (node, truth) in of(ops.bnot) {
            known.extend(truth.map(|truth| (graph.child(node, 0), !truth)));
        }
        for (cmp, when) in [(Cmp::Eq, true), (Cmp::Ne, false)] {
            for (node, _) in of(ops.compare(cmp)).filter(|(_, truth)| *truth == Some(when)) {
                equal.push((graph.child(node, 0), graph.child(node, 1)));
            }
        }
        known.retain(|(class, _)| constant(graph, *class).is_none());
        for (class, truth) in known {
            let region = self.graph().region(class);
            if !self.graph().is_dead(region) {
                let value = self.model.constant(region, Const::Bool(truth))?;
                self.equate("part-of-truth", class, value);
            }
        }
        for (a, b) in equal {
            if !self.graph().is_dead(self.graph().region(a)) {
                self.equate("equality-holds", a, b);
            }
        }
        Ok(())
    }

    /// The fault [`Mutant::CheckIsAFact`].
    fn checks_hold(&mut self) -> Result<(), Limit> {
        let graph = self.graph();
        let is_check = |node: &ENodeId| {
            matches!(self.model.meaning(*node), Meaning::Value(rvsdg::Op::Guard(_)))
        };
        let checks: Vec<ENodeId> = graph.all_nodes().filter(is_check).collect();
        for check in checks {
            let children = self.graph().children(check);
            let condition = children[children.len() - 2];
            let yes = self.model.constant(self.graph().region(condition), Const::Bool(true))?;
            self.equate("branch-fact", condition, yes);
        }
        Ok(())
    }

    /// Inside an arm, what the predicate is made of is known as well.
    pub(super) fn arm_facts(&mut self, id: InstanceId) -> Result<(), Limit> {
        let instance = self.model.instance(id);
        let predicate = self.graph().find(instance.predicate);
        let regions = instance.regions.clone();
        let nodes = self.graph().nodes(predicate).len();
        if regions.len() != 2
            || self.model.ty(predicate) != Type::Bool
            || !self.first("arm-facts", id.index(), nodes)
        {
            return Ok(());
        }
        for (arm, region) in regions.into_iter().enumerate() {
            if !self.graph().is_dead(region) {
                self.assume(region, predicate, arm == 1, 4)?;
            }
        }
        Ok(())
    }

    /// Takes a class of the parent to be true or false in a region, with what it is made of.
    fn assume(
        &mut self,
        region: egraph_core::RegionId,
        class: EClassId,
        truth: bool,
        depth: u32,
    ) -> Result<(), Limit> {
        let inside = self.model.import(region, class)?;
        let value = self.model.constant(region, Const::Bool(truth))?;
        self.equate("branch-fact", inside, value);
        if planted(Mutant::FactLeavesArm) && truth {
            let outside = self.model.constant(self.graph().region(class), Const::Bool(true))?;
            self.equate("branch-fact", class, outside);
        }
        // A class whose value is known outside is made of what is known there as well.
        if depth == 0 || constant(self.graph(), class).is_some() {
            return Ok(());
        }
        let nodes: Vec<ENodeId> = self.graph().nodes(class).take(MAX_PARTS).collect();
        for node in nodes {
            let op = self.graph().op(node);
            let children = self.graph().children(node);
            let splits = (op == self.ops.band && truth) || (op == self.ops.bor && !truth);
            if splits {
                for part in children {
                    self.assume(region, part, truth, depth - 1)?;
                }
            } else if op == self.ops.bnot {
                self.assume(region, children[0], !truth, depth - 1)?;
            } else if self.ops.comparison(op).is_some() {
                let a = self.model.import(region, children[0])?;
                let b = self.model.import(region, children[1])?;
                let copy = self.node(op, &[a, b])?;
                self.equate("branch-fact", copy, value);
            }
        }
        Ok(())
    }

    /// A comparison that lets a loop go on holds for the loop's variable as well, if it holds for
    /// the initial value: then it holds in every iteration.
    pub(super) fn loop_facts(&mut self, id: InstanceId) -> Result<(), Limit> {
        let instance = self.model.instance(id);
        let (body, predicate) = (instance.regions[0], instance.predicate);
        let ports: Vec<(EClassId, EClassId, EClassId)> = instance
            .ports
            .iter()
            .filter(|port| port.ty == Type::I64)
            .filter_map(|port| Some((port.init?, port.results[0], port.var?)))
            .collect();
        for (cmp, x, y) in self.conjuncts(predicate) {
            for (init, next, var) in &ports {
                if self.graph().find(*next) != x || !self.model.is_outer(y) {
                    continue;
                }
                let Some(bound) = self.model.outer(y)? else { continue };
                let entered = Prover::new(self.model, &self.ops).decide(cmp, *init, bound);
                if entered == Some(true) || planted(Mutant::LoopIsEntered) {
                    let holds = self.node(self.ops.compare(cmp), &[*var, y])?;
                    let yes = self.model.constant(body, Const::Bool(true))?;
                    self.equate("loop-fact", holds, yes);
                }
            }
        }
        Ok(())
    }

    /// The comparisons of integers that hold whenever a class is true: it is one, or a conjunction
    /// of some.
    pub(super) fn conjuncts(&self, class: EClassId) -> Vec<(Cmp, EClassId, EClassId)> {
        let graph = self.graph();
        let mut found = Vec::new();
        let mut work = vec![(graph.find(class), 3)];
        while let Some((class, depth)) = work.pop() {
            for node in graph.nodes(class).take(MAX_PARTS) {
                let op = graph.op(node);
                if let Some(cmp) = self.ops.comparison(op) {
                    found.push((cmp, graph.child(node, 0), graph.child(node, 1)));
                } else if op == self.ops.band && depth > 0 {
                    work.extend(graph.children(node).iter().map(|part| (*part, depth - 1)));
                }
            }
        }
        found
    }

    /// Narrows ranges by known comparisons, and those of counters by where they start.
    pub(super) fn narrow(&mut self) {
        let orders = [Cmp::Lt, Cmp::Le, Cmp::Gt, Cmp::Ge].map(|cmp| self.ops.compare(cmp));
        let graph = self.graph();
        let known = orders.iter().flat_map(|op| graph.nodes_with_op(*op));
        let ranges = known.flat_map(|node| self.ranges_of(node)).collect();
        self.take_ranges(ranges);
        for at in 0..self.model.instances.len() {
            let ranges = self.counter_range(InstanceId(at as u32));
            self.take_ranges(ranges);
        }
    }

    /// The same by what is known of one loop's variables in its body.
    pub(super) fn narrow_loop(&mut self, id: InstanceId) {
        let (graph, instance) = (self.graph(), self.model.instance(id));
        let values = instance.ports.iter().filter(|port| port.var.is_some());
        let classes =
            values.flat_map(|port| port.var.into_iter().chain(port.results.first().copied()));
        let uses = classes.flat_map(|class| graph.parents(graph.find(class)));
        let known = uses.filter(|node| self.ops.comparison(graph.op(*node)).is_some());
        let ranges = known.flat_map(|node| self.ranges_of(node)).collect();
        self.take_ranges(ranges);
        let ranges = self.counter_range(id);
        self.take_ranges(ranges);
    }

    /// What a comparison, if its truth is known, says about the ranges of what it compares.
    fn ranges_of(&self, node: ENodeId) -> impl Iterator<Item = (EClassId, Ints)> + use<> {
        let graph = self.graph();
        let compared = fact(graph, &self.ops, node).and_then(|(low, gap, high)| {
            let range = |class| graph.data(class).range.ints();
            let (l, h) = (range(low)?, range(high)?);
            let empty = graph.is_dead(graph.region(low)) || l.lo > l.hi || h.lo > h.hi;
            (!empty).then_some((low, l, gap, high, h))
        });
        let ranges = compared.map(|(low, l, gap, high, h)| {
            let most = h.hi.checked_sub(gap).filter(|most| *most < l.hi);
            let least = l.lo.checked_add(gap).filter(|least| *least > h.lo);
            let low = most.map(|most| (low, Ints::new(l.lo, most)));
            [low, least.map(|least| (high, Ints::new(least, h.hi)))]
        });
        ranges.into_iter().flatten().flatten()
    }

    fn take_ranges(&mut self, ranges: Vec<(EClassId, Ints)>) {
        for (class, range) in ranges {
            self.model.graph.merge_data(class, Facts::of_range(Range::Ints(range)));
        }
    }

    /// A variable that only counts up to a bound above it is never below its initial value.
    fn counter_range(&self, id: InstanceId) -> Vec<(EClassId, Ints)> {
        let (graph, instance) = (self.graph(), self.model.instance(id));
        let mut found = Vec::new();
        let gone = instance.abandoned || graph.is_dead(instance.regions[0]);
        if instance.kind != InstanceKind::Theta || gone {
            return found;
        }
        for port in &instance.ports {
            let (Some(var), Some(init), Type::I64) = (port.var, port.init, port.ty) else {
                continue;
            };
            let (Some(start), Some(range)) =
                (graph.data(init).range.ints(), graph.data(var).range.ints())
            else {
                continue;
            };
            for (x, step) in binaries(graph, port.results[0], self.ops.add) {
                let step = super::look::integer(graph, step);
                let Some(step) = step.filter(|_| x == graph.find(var)) else { continue };
                // The sum does not wrap in any iteration, so that the variable is monotone.
                if step > 0 && range.hi.checked_add(step).is_some() && start.lo > range.lo {
                    found.push((var, Ints::new(start.lo, range.hi)));
                }
                if step < 0 && range.lo.checked_add(step).is_some() && start.hi < range.hi {
                    found.push((var, Ints::new(range.lo, start.hi)));
                }
            }
        }
        found
    }
}
