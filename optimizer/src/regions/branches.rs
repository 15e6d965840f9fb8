//! Branches: arms that agree, arms that cannot be entered, choices that become a `select`.

use super::Round;
use super::look::constant;
use super::mutant::{Mutant, planted};
use crate::cost::known_arm;
use crate::language::InstanceId;
use crate::model::{InstanceKind, Port};
use egraph_core::{EClassId, Limit};
use rvsdg::{Const, Type};

impl Round<'_, '_> {
    /// What the death of a region means for the ones around it: a theta enters its body, a gamma
    /// enters one of its arms.
    pub(super) fn bury_the_dead(&mut self) -> Result<(), Limit> {
        for at in (0..self.model.instances.len()).rev() {
            let instance = &self.model.instances[at];
            let (home, predicate) = (instance.home, instance.predicate);
            let graph = &self.model.graph;
            if graph.is_dead(home) || instance.abandoned {
                continue;
            }
            let live: Vec<usize> = (0..instance.regions.len())
                .filter(|arm| !graph.is_dead(instance.regions[*arm]))
                .collect();
            let arms = instance.regions.len();
            let gamma = instance.kind == InstanceKind::Gamma;
            match live[..] {
                [] if self.memory.is_off("region-is-unreachable") => {}
                [] => {
                    self.model.graph.kill_region(home);
                    *self.memory.fired.entry("region-is-unreachable").or_default() += 1;
                }
                [only] if gamma && arms > 1 && constant(graph, predicate).is_none() => {
                    let known = match self.model.ty(predicate) {
                        Type::Bool => Const::Bool(only == 1),
                        _ => Const::Ctl { arms: arms as u32, value: only as u32 },
                    };
                    let known = self.model.constant(home, known)?;
                    self.equate("arm-is-unreachable", predicate, known);
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The arms that may be entered.
    fn live_arms(&self, id: InstanceId) -> Vec<usize> {
        let instance = self.model.instance(id);
        let graph = self.graph();
        let chosen = known_arm(constant(graph, instance.predicate));
        (0..instance.regions.len())
            .filter(|arm| chosen.is_none_or(|chosen| chosen == *arm))
            .filter(|arm| !graph.is_dead(instance.regions[*arm]))
            .collect()
    }

    /// The rules of one gamma.
    pub(super) fn gamma(&mut self, id: InstanceId) -> Result<(), Limit> {
        let live = self.live_arms(id);
        if live.is_empty() {
            return Ok(());
        }
        for k in 0..self.model.instance(id).ports.len() {
            let port = self.model.instance(id).ports[k].clone();
            if port.ty.is_state() {
                self.state_of_branch(id, &port, &live);
            } else {
                self.value_of_branch(id, &port, &live)?;
            }
        }
        if let [only] = live[..]
            && constant(self.graph(), self.model.instance(id).predicate).is_some()
        {
            self.dissolve(id, only)?;
        }
        if planted(Mutant::ArmIsEntered) {
            self.dissolve(id, live[0])?;
        }
        self.factor_of_branch(id)
    }

    /// A state that no arm touches passes by.
    fn state_of_branch(&mut self, id: InstanceId, port: &Port, live: &[usize]) {
        let regions = &self.model.instance(id).regions;
        let same = live.iter().all(|arm| {
            let entry = self.model.state_entry(regions[*arm], port.ty);
            entry == Some(self.graph().find(port.results[*arm]))
        });
        if let Some(init) = port.init.filter(|_| same) {
            self.equate("branch-leaves-state", port.out, init);
        }
    }

    fn value_of_branch(
        &mut self,
        id: InstanceId,
        port: &Port,
        live: &[usize],
    ) -> Result<(), Limit> {
        if !live.iter().all(|arm| self.model.is_outer(port.results[*arm])) {
            return Ok(());
        }
        let mut outer: Vec<EClassId> = Vec::new();
        for arm in live {
            outer.extend(self.model.outer(port.results[*arm])?);
        }
        let first = outer[0];
        let same = live.iter().all(|arm| {
            let result = port.results[*arm];
            self.model.imports(result, first)
                || constant(self.graph(), result)
                    .is_some_and(|known| constant(self.graph(), first) == Some(known))
        });
        if same {
            self.equate("arms-agree", port.out, first);
            return Ok(());
        }
        let instance = self.model.instance(id);
        let whole = live.len() == 2 && instance.regions.len() == 2;
        let predicate = instance.predicate;
        if whole && self.model.ty(predicate) == Type::Bool && port.ty.is_scalar() {
            let select = self.node(self.ops.select, &[predicate, outer[1], outer[0]])?;
            self.equate("branch-to-select", port.out, select);
        }
        Ok(())
    }
}
