//! Loops: variables that never change, results that the body does not decide, states that it
//! leaves alone, counters.

use super::Round;
use super::look::{binaries, constant, integer};
use super::mutant::{Mutant, planted};
use super::order::Prover;
use crate::language::InstanceId;
use crate::model::{InstanceKind, Port};
use egraph_core::{EClassId, Limit};
use rvsdg::{Cmp, Const, Type};

/// A counter that a loop's predicate compares with a bound from outside.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counter {
    /// The port.
    pub(super) port: usize,
    /// What is added in each iteration.
    pub(super) step: i64,
    /// The bound, in the home region; the loop goes on while the next value is below it, or above
    /// it for a negative step.
    pub(super) bound: EClassId,
    /// The predicate is this comparison, and not only implies it.
    pub(super) alone: bool,
}

impl Round<'_, '_> {
    /// The rules of one instance.
    pub(super) fn instance(&mut self, at: usize) -> Result<(), Limit> {
        let id = InstanceId(at as u32);
        match self.model.instances[at].kind {
            InstanceKind::Gamma if self.rules.branches => self.gamma(id),
            InstanceKind::Theta if self.rules.loops => self.theta(id),
            _ => Ok(()),
        }
    }

    fn theta(&mut self, id: InstanceId) -> Result<(), Limit> {
        let body = self.model.instance(id).regions[0];
        if self.graph().is_dead(body) {
            return Ok(());
        }
        let counters = self.counters(id)?;
        let ends = !counters.is_empty();
        for k in 0..self.model.instance(id).ports.len() {
            let port = self.model.instance(id).ports[k].clone();
            if port.ty.is_state() {
                self.state_of_loop(id, &port, ends);
            } else {
                self.value_of_loop(id, &port)?;
            }
        }
        for counter in &counters {
            self.counter_at_end(id, *counter)?;
            self.products(id, *counter)?;
        }
        if constant(self.graph(), self.model.instance(id).predicate) == Some(Const::Bool(false)) {
            self.dissolve(id, 0)?;
        }
        self.unroll(id)?;
        self.reshape(id, &counters)?;
        self.factor_of_loop(id)?;
        if self.rules.hoist { self.hoist_instances(id) } else { Ok(()) }
    }

    /// A loop that leaves a state alone has it as output. Divergence is an effect on `io`, so that
    /// there the loop must end.
    fn state_of_loop(&mut self, id: InstanceId, port: &Port, ends: bool) {
        let body = self.model.instance(id).regions[0];
        let same =
            self.model.state_entry(body, port.ty) == Some(self.graph().find(port.results[0]));
        let ends = ends || planted(Mutant::EndlessLoopEnds);
        if let Some(init) = port.init.filter(|_| same && (ends || port.ty != Type::Io)) {
            self.equate("loop-leaves-state", port.out, init);
        }
    }

    fn value_of_loop(&mut self, id: InstanceId, port: &Port) -> Result<(), Limit> {
        let body = self.model.instance(id).regions[0];
        let (Some(init), Some(var)) = (port.init, port.var) else { return Ok(()) };
        let next = self.graph().find(port.results[0]);
        let fixed = next == self.graph().find(var) || self.model.imports(next, init) || {
            let known = constant(self.graph(), init);
            known.is_some() && known == constant(self.graph(), next)
        };
        let fixed =
            fixed || planted(Mutant::AnyInvariantIsFixed) && self.model.imported(next).is_some();
        if fixed && !self.model.imports(var, init) {
            let inside = self.model.import(body, init)?;
            self.equate("loop-variable-is-fixed", var, inside);
        }
        if let Some(outer) = self.model.imported(next) {
            self.equate("loop-result-is-fixed", port.out, outer);
        } else if let Some(known) = constant(self.graph(), next) {
            let home = self.graph().region(port.out);
            let known = self.model.constant(home, known)?;
            self.equate("loop-result-is-fixed", port.out, known);
        }
        Ok(())
    }

    /// The counters of a loop that make it end: their steps do not carry them past the bound and
    /// around. A counter by one cannot miss its bound.
    pub(super) fn counters(&mut self, id: InstanceId) -> Result<Vec<Counter>, Limit> {
        let instance = self.model.instance(id).clone();
        let direct = self.graph().find(instance.predicate);
        let mut found = Vec::new();
        for (cmp, x, y) in self.conjuncts(instance.predicate) {
            let (cmp, x, y) =
                if self.model.is_outer(y) { (cmp, x, y) } else { (cmp.swapped(), y, x) };
            if !self.model.is_outer(y) || !matches!(cmp, Cmp::Lt | Cmp::Gt) {
                continue;
            }
            let Some(bound) = self.model.outer(y)? else { continue };
            for (k, port) in instance.ports.iter().enumerate() {
                let Some(step) = self.step_of(port).filter(|_| self.is(port.results[0], x)) else {
                    continue;
                };
                let range = self.graph().data(bound).range.ints();
                let Some(range) = range.filter(|range| range.lo <= range.hi) else { continue };
                let ends = match cmp {
                    Cmp::Lt => step > 0 && range.hi.checked_add(step - 1).is_some(),
                    _ => step < 0 && range.lo.checked_add(step + 1).is_some(),
                };
                let op = self.ops.compare(cmp);
                let alone =
                    binaries(self.graph(), direct, op).any(|(a, b)| self.is(a, x) && self.is(b, y));
                if ends && !found.iter().any(|c: &Counter| c.port == k && c.bound == bound) {
                    found.push(Counter { port: k, step, bound, alone });
                }
            }
        }
        Ok(found)
    }

    fn is(&self, a: EClassId, b: EClassId) -> bool {
        self.graph().find(a) == self.graph().find(b)
    }

    /// The constant that a port's variable grows by.
    fn step_of(&self, port: &Port) -> Option<i64> {
        let var = port.var.filter(|_| port.ty == Type::I64)?;
        let graph = self.graph();
        binaries(graph, port.results[0], self.ops.add)
            .find_map(|(x, y)| integer(graph, y).filter(|_| self.is(x, var)))
            .filter(|step| *step != 0)
    }

    /// Whether the first value of a counter is within its bound already, so that the count of
    /// iterations is the distance.
    pub(super) fn enters(&self, id: InstanceId, counter: Counter) -> bool {
        let init = self.model.instance(id).ports[counter.port].init;
        let cmp = if counter.step > 0 { Cmp::Lt } else { Cmp::Gt };
        let mut prover = Prover::new(self.model, &self.ops);
        init.is_some_and(|init| prover.decide(cmp, init, counter.bound) == Some(true))
    }

    /// A counter by one ends at its bound.
    fn counter_at_end(&mut self, id: InstanceId, counter: Counter) -> Result<(), Limit> {
        let enters = self.enters(id, counter) || planted(Mutant::CounterIsNotEntered);
        if !counter.alone || !enters {
            return Ok(());
        }
        if counter.step.abs() == 1 {
            let out = self.model.instance(id).ports[counter.port].out;
            self.equate("counter-ends-at-bound", out, counter.bound);
        }
        self.sums(id, counter)
    }

    /// A constant of an integer type.
    pub(super) fn number(&mut self, like: EClassId, value: i64) -> Result<EClassId, Limit> {
        let region = self.graph().region(like);
        self.model.constant(region, Const::I64(value))
    }
}
