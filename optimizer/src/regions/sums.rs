//! Sums that a loop accumulates: constant factors taken out of the loop and through the branch that
//! guards it.
//!
//! Integers wrap, and a ring of integers modulo 2^64 has all the laws used here, so that they are
//! exact. For floats they hold over the reals only.

use super::Round;
use super::look::{binaries, constant};
use crate::language::{InstanceId, Meaning, Payload};
use crate::model::Port;
use egraph_core::{EClassId, Limit, OpId};
use rvsdg::{Const, Type};

/// Ports that factors add to one instance.
const MAX_FACTORS: usize = 2;

impl Round<'_, '_> {
    fn plus(&self, ty: Type) -> OpId {
        if ty.is_float() { self.ops.fadd } else { self.ops.add }
    }

    fn times(&self, ty: Type) -> OpId {
        if ty.is_float() { self.ops.fmul } else { self.ops.mul }
    }

    /// What a loop variable grows by in each iteration.
    pub(super) fn added(&self, port: &Port, var: EClassId) -> Option<EClassId> {
        let graph = self.graph();
        let var = graph.find(var);
        binaries(graph, port.results[0], self.plus(port.ty))
            .find_map(|(x, y)| if x == var { Some(y) } else { (y == var).then_some(x) })
    }

    /// `s = s + c * y` in a loop, `c` from outside: the sum of the `y` is kept in a port of its
    /// own, and `c` multiplies once. By induction on the iterations; any `y` will do.
    pub(super) fn factor_of_loop(&mut self, id: InstanceId) -> Result<(), Limit> {
        let body = self.model.instance(id).regions[0];
        for k in 0..self.model.instance(id).ports.len() {
            let port = self.model.instance(id).ports[k].clone();
            let (Some(init), Some(var)) = (port.init, port.var) else { continue };
            if !(port.ty == Type::I64 || port.ty == Type::F64 && self.real) {
                continue;
            }
            let Some(added) = self.added(&port, var) else { continue };
            let Some((factor, rest)) = self.outer_factor(added, port.ty)? else { continue };
            if !self.first("factor", id.index(), k) || !self.within_budget(id) {
                continue;
            }
            let zero = self.zero(port.out, port.ty)?;
            let at = self.model.append_port(id, port.ty, Some(zero))?;
            let own = self.model.instance(id).ports[at].var.expect("a theta's port has one");
            debug_assert_eq!(self.graph().region(own), body);
            let next = self.node(self.plus(port.ty), &[own, rest])?;
            self.model.instances[id.index()].ports[at].results = vec![next];
            self.take_factor(
                ["factor-of-loop", "float-factor-of-loop"],
                &port,
                init,
                factor,
                id,
                at,
            )?;
        }
        Ok(())
    }

    /// `a if p else a + c * y`: the branch keeps `0 if p else y`, `a` and `c` leave it.
    pub(super) fn factor_of_branch(&mut self, id: InstanceId) -> Result<(), Limit> {
        if self.model.instance(id).regions.len() != 2 {
            return Ok(());
        }
        for k in 0..self.model.instance(id).ports.len() {
            let port = self.model.instance(id).ports[k].clone();
            if !(port.ty == Type::I64 || port.ty == Type::F64 && self.real) {
                continue;
            }
            for arm in [0, 1] {
                let Some(start) = self.model.imported(port.results[1 - arm]) else { continue };
                if !self.is_loop_variable(start) {
                    continue;
                }
                let added = binaries(self.graph(), port.results[arm], self.plus(port.ty))
                    .find_map(|(x, y)| self.model.imports(x, start).then_some(y));
                let Some(added) = added else { continue };
                let Some((factor, rest)) = self.outer_factor(added, port.ty)? else { continue };
                if !self.first("factor", id.index(), k) || !self.within_budget(id) {
                    continue;
                }
                let at = self.model.append_port(id, port.ty, None)?;
                let zero = self.zero(port.results[1 - arm], port.ty)?;
                let results = if arm == 1 { vec![zero, rest] } else { vec![rest, zero] };
                self.model.instances[id.index()].ports[at].results = results;
                self.take_factor(
                    ["factor-of-branch", "float-factor-of-branch"],
                    &port,
                    start,
                    factor,
                    id,
                    at,
                )?;
            }
        }
        Ok(())
    }

    /// `out = start + factor * out'`. The rule has a name for integers and one for floats.
    fn take_factor(
        &mut self,
        rules: [&'static str; 2],
        port: &Port,
        start: EClassId,
        factor: EClassId,
        id: InstanceId,
        at: usize,
    ) -> Result<(), Limit> {
        let out = self.model.instance(id).ports[at].out;
        let product = self.node(self.times(port.ty), &[factor, out])?;
        let total = self.node(self.plus(port.ty), &[start, product])?;
        self.equate(rules[usize::from(port.ty.is_float())], port.out, total);
        Ok(())
    }

    fn within_budget(&self, id: InstanceId) -> bool {
        let kept = |k: &u32| self.memory.done.contains(&("factor", id.0, *k));
        let ports = self.model.instance(id).ports.len() as u32;
        (0..ports).filter(kept).count() <= MAX_FACTORS
    }

    fn is_loop_variable(&self, class: EClassId) -> bool {
        self.graph().nodes(class).any(|node| self.model.meaning(node) == Meaning::LoopVar)
    }

    fn zero(&mut self, like: EClassId, ty: Type) -> Result<EClassId, Limit> {
        let region = self.graph().region(like);
        let zero = if ty.is_float() { Const::f64(0.0) } else { Const::I64(0) };
        self.model.constant(region, zero)
    }

    /// A product of something from outside and something from here.
    fn outer_factor(
        &mut self,
        class: EClassId,
        ty: Type,
    ) -> Result<Option<(EClassId, EClassId)>, Limit> {
        if self.model.is_outer(class) {
            return Ok(None);
        }
        let products: Vec<_> = binaries(self.graph(), class, self.times(ty)).collect();
        for (a, b) in products {
            for (factor, rest) in [(a, b), (b, a)] {
                let usable = match constant(self.graph(), factor) {
                    Some(Const::I64(c)) => !(-1..=1).contains(&c),
                    Some(known) => known.as_f64().is_some_and(f64::is_normal),
                    None => self.model.imported(factor).is_some(),
                };
                if usable && !self.model.is_outer(rest) {
                    return Ok(self.model.outer(factor)?.map(|outer| (outer, rest)));
                }
            }
        }
        Ok(None)
    }
}

impl crate::model::Model<'_> {
    /// A port behind an instance's others. Its results are those that pass the variable on, for a
    /// gamma none, until they are set.
    pub(super) fn append_port(
        &mut self,
        id: InstanceId,
        ty: Type,
        init: Option<EClassId>,
    ) -> Result<usize, Limit> {
        let instance = self.instance(id);
        let (k, home, body) = (instance.ports.len(), instance.home, instance.regions[0]);
        let loops = instance.kind == crate::model::InstanceKind::Theta;
        let language = &self.graph.analysis().language;
        let (loop_var, out) = (language.loop_var, language.out);
        let var = if loops && !ty.is_state() {
            Some(self.leaf(body, loop_var, Payload::Index(k as u32), ty)?)
        } else {
            None
        };
        let out = self.leaf(home, out, Payload::Port(id, k as u32), ty)?;
        let results = var.into_iter().collect();
        self.instances[id.index()].ports.push(Port { ty, init, results, out, var });
        Ok(k)
    }
}
