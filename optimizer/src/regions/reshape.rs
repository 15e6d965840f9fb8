//! Loops in another shape: the first iteration before the loop, one loop for each side of a choice
//! that does not change, several iterations in one.
//!
//! Each builds the loop again, under the contract of dissolved branches, so that extraction chooses;
//! each works within a budget of nodes, and only where the new shape decides something.

use super::Round;
use super::look::constant;
use super::loops::Counter;
use crate::language::InstanceId;
use crate::model::{Instance, InstanceKind, OrderMap, RegionInfo};
use crate::trips::of_instance;
use egraph_core::{EClassId, Limit, RegionId};
use rvsdg::{Cmp, Span, Type};

/// Nodes of a body that is copied.
const MAX_BODY: usize = 160;
/// Nodes of a body of which several iterations become one.
const MAX_ITERATION: usize = 24;
/// Iterations that become one.
const FACTORS: [usize; 2] = [4, 2];
/// Fewest iterations of a loop that is unrolled by a factor; with fewer it is unrolled whole.
const MIN_TRIPS: f64 = 9.0;

impl Round<'_, '_> {
    /// The rules that change the shape of a loop.
    pub(super) fn reshape(&mut self, id: InstanceId, counters: &[Counter]) -> Result<(), Limit> {
        self.peel(id)?;
        self.unswitch(id)?;
        self.unroll_by_factor(id, counters)
    }

    /// The first iteration runs before the loop, where that makes a variable invariant or decides a
    /// comparison with the first value.
    fn peel(&mut self, id: InstanceId) -> Result<(), Limit> {
        let trips = of_instance(&self.model.graph, self.model.instance(id));
        let body = self.model.instance(id).regions[0];
        let wanted = (self.becomes_fixed(id) || self.compares_with_first(id))
            && !(trips.exact && trips.estimate < 2.0);
        let nodes = if wanted { self.copies(body, 2) } else { None };
        if !self.may_copy(id, "peel", nodes) {
            return Ok(());
        }
        let loops = self.model.instance(id).clone();
        let starts: Vec<Option<EClassId>> = loops.ports.iter().map(|port| port.init).collect();
        let mut results: Vec<EClassId> = loops.ports.iter().map(|port| port.results[0]).collect();
        results.push(loops.predicate);
        let Some(values) = self.iteration(id, &starts, &results)? else { return Ok(()) };
        let Some(mut values) = values.into_iter().collect::<Option<Vec<EClassId>>>() else {
            return Ok(());
        };
        let again = values.pop().expect("the predicate is the last");
        self.model.graph.rebuild();
        let choice = self.choice(loops.home, again, loops.span);
        let ports = self.choice_ports(choice, &loops, &values)?;
        let [done, more] = self.arms(choice);
        let starts = self.on_entry(more, &loops, &values)?;
        let Some(outs) = self.loop_inside("peel", id, more, starts)? else { return Ok(()) };
        let rest = self.on_entry(done, &loops, &values)?;
        for (((port, at), rest), out) in loops.ports.iter().zip(ports).zip(rest).zip(outs) {
            let rest = rest.expect("every port has a value on entry");
            self.model.instances[choice.index()].ports[at].results = vec![rest, out];
            let whole = self.model.instance(choice).ports[at].out;
            self.equate("peel", port.out, whole);
        }
        self.open_choice(choice)
    }

    /// A choice in a loop whose predicate comes from outside is made before the loop.
    fn unswitch(&mut self, id: InstanceId) -> Result<(), Limit> {
        let body = self.model.instance(id).regions[0];
        let inner = self.model.inner(body).find(|inner| {
            let instance = self.model.instance(*inner);
            let known = constant(self.graph(), instance.predicate).is_some();
            let invariant = self.model.imported(instance.predicate).is_some();
            let live = !instance.abandoned && instance.regions.len() == 2;
            live && invariant && !known
        });
        let Some(inner) = inner else { return Ok(()) };
        let predicate = self.model.imported(self.model.instance(inner).predicate);
        let Some(predicate) = predicate.filter(|class| self.model.ty(*class) == Type::Bool) else {
            return Ok(());
        };
        let nodes = self.copies(body, 2);
        if !self.may_copy(id, "unswitch", nodes) {
            return Ok(());
        }
        let loops = self.model.instance(id).clone();
        let Some(starts) = loops.ports.iter().map(|port| port.init).collect::<Option<Vec<_>>>()
        else {
            return Ok(());
        };
        let choice = self.choice(loops.home, predicate, loops.span);
        let ports = self.choice_ports(choice, &loops, &starts)?;
        let mut outs = Vec::new();
        for arm in self.arms(choice) {
            let starts = self.on_entry(arm, &loops, &starts)?;
            let Some(made) = self.loop_inside("unswitch", id, arm, starts)? else { return Ok(()) };
            outs.push(made);
        }
        for (k, (port, at)) in loops.ports.iter().zip(ports).enumerate() {
            let results = outs.iter().map(|outs| outs[k]).collect();
            self.model.instances[choice.index()].ports[at].results = results;
            let whole = self.model.instance(choice).ports[at].out;
            self.equate("unswitch", port.out, whole);
        }
        self.open_choice(choice)
    }

    /// Several iterations become one, where their number is known to divide. Loops over arrays are
    /// left to vectors.
    fn unroll_by_factor(&mut self, id: InstanceId, counters: &[Counter]) -> Result<(), Limit> {
        let loops = self.model.instance(id).clone();
        let trips = of_instance(&self.model.graph, &loops);
        let scalar = loops.ports.iter().all(|port| !matches!(port.ty, Type::Mem(_)));
        if !trips.exact || trips.estimate < MIN_TRIPS || !scalar || counters.is_empty() {
            return Ok(());
        }
        let factor = FACTORS.iter().find(|factor| trips.estimate % **factor as f64 == 0.0);
        let (Some(factor), body) = (factor, loops.regions[0]) else { return Ok(()) };
        let small = self.size(body) <= MAX_ITERATION && self.nested(body).is_none();
        let nodes = if small { self.copies(body, *factor) } else { None };
        if !self.may_copy(id, "unroll-by-factor", nodes) {
            return Ok(());
        }
        let made = InstanceId(self.model.instances.len() as u32);
        let region = self.region(loops.home, made, 0);
        self.model.instances.push(Instance {
            regions: vec![region],
            ports: Vec::new(),
            abandoned: true,
            ..loops.clone()
        });
        let mut values = Vec::new();
        for port in &loops.ports {
            let at = self.model.append_port(made, port.ty, port.init)?;
            let own = self.model.instance(made).ports[at].var;
            values.push(match own {
                Some(own) => Some(own),
                None => Some(self.state_on_entry(region, at, port.ty)?),
            });
        }
        let mut results: Vec<EClassId> = loops.ports.iter().map(|port| port.results[0]).collect();
        results.push(loops.predicate);
        let mut again = None;
        for _ in 0..*factor {
            let Some(mut next) = self.iteration_beside(id, region, &values, &results)? else {
                return Ok(());
            };
            again = next.pop().flatten();
            values = next;
            self.model.graph.rebuild();
        }
        let (Some(again), true) = (again, values.iter().all(Option::is_some)) else {
            return Ok(());
        };
        self.model.instances[made.index()].predicate = again;
        self.model.instances[made.index()].abandoned = false;
        for (at, (port, value)) in loops.ports.iter().zip(values).enumerate() {
            self.model.instances[made.index()].ports[at].results = value.into_iter().collect();
            let out = self.model.instance(made).ports[at].out;
            self.equate("unroll-by-factor", port.out, out);
        }
        for rule in ["peel", "unswitch", "unroll-by-factor"] {
            self.first(rule, made.index(), 0);
        }
        Ok(())
    }

    /// Whether a loop variable is what comes from outside in every iteration but the first.
    fn becomes_fixed(&self, id: InstanceId) -> bool {
        let instance = self.model.instance(id);
        instance.ports.iter().any(|port| {
            let (Some(init), Some(var)) = (port.init, port.var) else { return false };
            let next = port.results[0];
            let known = constant(self.graph(), init);
            let fixed = self.model.is_outer(var)
                || self.model.imports(next, init)
                || known.is_some() && known == constant(self.graph(), next);
            self.model.is_outer(next) && !fixed && self.graph().parents(var).next().is_some()
        })
    }

    /// Whether a choice in the loop compares a counter with the value that it starts with.
    fn compares_with_first(&self, id: InstanceId) -> bool {
        let instance = self.model.instance(id);
        let graph = self.graph();
        let first = |a: EClassId, b: EClassId| {
            instance.ports.iter().any(|port| {
                let (Some(init), Some(var)) = (port.init, port.var) else { return false };
                let known = constant(graph, b);
                let same = known.is_some() && known == constant(graph, init);
                graph.find(var) == graph.find(a)
                    && port.ty == Type::I64
                    && (same || self.model.imports(b, init))
            })
        };
        let equal = [Cmp::Eq, Cmp::Ne].map(|cmp| self.ops.compare(cmp));
        let inner = self.model.inner(instance.regions[0]).map(|id| self.model.instance(id));
        inner.filter(|inner| !inner.abandoned).any(|inner| {
            inner.kind == InstanceKind::Gamma
                && equal.iter().any(|op| {
                    graph.nodes_of(inner.predicate, *op).any(|node| {
                        let (a, b) = (graph.child(node, 0), graph.child(node, 1));
                        first(a, b) || first(b, a)
                    })
                })
        })
    }

    /// An instance in a region.
    fn nested(&self, region: RegionId) -> Option<&Instance> {
        let mut inner = self.model.inner(region).map(|id| self.model.instance(id));
        inner.find(|inner| !inner.abandoned)
    }

    /// Nodes that copying a body makes; none if that is too many.
    fn copies(&mut self, body: RegionId, times: usize) -> Option<usize> {
        let size = self.size(body);
        (size <= MAX_BODY).then_some(size * times)
    }

    /// A gamma without ports, out of use until it is complete.
    fn choice(&mut self, home: RegionId, predicate: EClassId, span: Span) -> InstanceId {
        let id = InstanceId(self.model.instances.len() as u32);
        let regions = (0..2).map(|arm| self.region(home, id, arm)).collect();
        let (kind, ports) = (InstanceKind::Gamma, Vec::new());
        let instance = Instance { kind, home, predicate, regions, ports, span, abandoned: true };
        self.model.instances.push(instance);
        id
    }

    fn open_choice(&mut self, choice: InstanceId) -> Result<(), Limit> {
        self.model.instances[choice.index()].abandoned = false;
        self.arm_facts(choice)
    }

    fn arms(&self, choice: InstanceId) -> [RegionId; 2] {
        let regions = &self.model.instance(choice).regions;
        [regions[0], regions[1]]
    }

    fn region(&mut self, home: RegionId, owner: InstanceId, arm: usize) -> RegionId {
        let region = self.model.graph.add_region(home);
        let frequency = self.model.regions[home.index()].frequency;
        let (owner, entries) = (Some((owner, arm)), OrderMap::default());
        self.model.regions.push(RegionInfo { owner, frequency, entries });
        region
    }

    /// Ports of a choice like those of a loop, their results not yet known.
    fn choice_ports(
        &mut self,
        choice: InstanceId,
        loops: &Instance,
        values: &[EClassId],
    ) -> Result<Vec<usize>, Limit> {
        let mut made = Vec::new();
        for (port, value) in loops.ports.iter().zip(values) {
            let init = port.ty.is_state().then_some(*value);
            let at = self.model.append_port(choice, port.ty, init)?;
            if port.ty.is_state() {
                for arm in self.arms(choice) {
                    self.state_on_entry(arm, at, port.ty)?;
                }
            }
            made.push(at);
        }
        Ok(made)
    }

    fn state_on_entry(&mut self, region: RegionId, at: usize, ty: Type) -> Result<EClassId, Limit> {
        let entry = self.graph().analysis().language.entry;
        let payload = crate::language::Payload::Index(at as u32);
        let class = self.model.leaf(region, entry, payload, ty)?;
        self.model.regions[region.index()].entries.insert(ty, class);
        Ok(class)
    }

    /// Values of the home on entry to an arm; its own states.
    fn on_entry(
        &mut self,
        arm: RegionId,
        loops: &Instance,
        values: &[EClassId],
    ) -> Result<Vec<Option<EClassId>>, Limit> {
        let mut found = Vec::new();
        for (port, value) in loops.ports.iter().zip(values) {
            found.push(Some(match self.model.state_entry(arm, port.ty) {
                Some(state) if port.ty.is_state() => state,
                _ => match constant(self.graph(), *value) {
                    Some(known) => self.model.constant(arm, known)?,
                    None => self.model.import(arm, *value)?,
                },
            }));
        }
        Ok(found)
    }
}
