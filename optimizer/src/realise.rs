//! From one chosen node per value class to a legal program: walks, demands, live ports.
//!
//! A state is not chosen per class but as a *walk*: for each live (region, state) a sequence of
//! effect nodes from the entry to the result, in which a class may recur. The rest of the choice
//! makes *demands* on walks: a load reads a class that must lie on the walk, an effect's value
//! needs that very effect, a loop that may diverge needs its io output. A walk that lacks a demand
//! is extended by the cheapest detour; a demand that cannot be met bans the node that made it.

use crate::language::{InstanceId, Meaning, Payload};
use crate::model::{Instance, InstanceKind, Model, OrderMap};
use egraph_core::{EClassId, ENodeId, RegionId};
use hashbrown::HashSet;
use rustc_hash::FxBuildHasher;
use rvsdg::Type;
use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

/// A set of ids; never iterated.
pub type Set<T> = HashSet<T, FxBuildHasher>;

/// One chosen node per class, by class index.
pub type Choice = Vec<Option<ENodeId>>;

/// A demand that no walk can meet, a class without a node, or nodes that wait for each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Violation {
    /// Nodes whose ban may help, the likeliest first.
    pub culprits: Vec<ENodeId>,
}

impl Violation {
    /// A violation that one node caused, if any.
    pub fn of(culprit: Option<ENodeId>) -> Violation {
        Violation { culprits: culprit.into_iter().collect() }
    }
}

/// A legal selection.
#[derive(Debug, Default)]
pub struct Selection {
    /// Chosen node of each value class in use, in order of discovery.
    pub used: OrderMap<EClassId, ENodeId>,
    /// Effect nodes of each live (region, state), in order.
    pub walks: OrderMap<(RegionId, Type), Vec<ENodeId>>,
    /// Live ports of each instance in use.
    pub live: OrderMap<InstanceId, BTreeSet<usize>>,
    /// State ports of instances in use that are not live but read inside: the instance leaves
    /// these states alone, and passes them through.
    pub read: OrderMap<InstanceId, BTreeSet<usize>>,
}

/// What a walk must contain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Demand {
    Edge(ENodeId),
    Class(EClassId),
}

/// Builds the selection of a choice.
pub struct Realiser<'a, 'f> {
    model: &'a Model<'f>,
    choice: &'a Choice,
    banned: &'a Set<ENodeId>,
    selection: Selection,
    /// What each walk must keep when it is changed.
    required: OrderMap<(RegionId, Type), Vec<Demand>>,
    demands: Vec<(RegionId, Type, Demand, Option<ENodeId>)>,
    work: Vec<(EClassId, Option<ENodeId>)>,
}

impl<'a, 'f> Realiser<'a, 'f> {
    /// A realiser of `choice` that does not put `banned` nodes on walks.
    pub fn new(model: &'a Model<'f>, choice: &'a Choice, banned: &'a Set<ENodeId>) -> Self {
        Realiser {
            model,
            choice,
            banned,
            selection: Selection::default(),
            required: OrderMap::default(),
            demands: Vec::new(),
            work: Vec::new(),
        }
    }

    /// The selection.
    ///
    /// # Errors
    /// The first demand that cannot be met.
    pub fn run(mut self) -> Result<Selection, Violation> {
        // Each round adds at least one requirement, and there are finitely many.
        let rounds = 8 + self.model.graph.node_count();
        for _ in 0..rounds {
            self.selection.used.clear();
            self.selection.live.clear();
            self.selection.read.clear();
            self.demands.clear();
            self.traverse()?;
            if !self.meet_demands()? {
                let live: Vec<_> = self.selection.walks.keys().copied().collect();
                for key in live {
                    if !self.is_live(key.0, key.1) {
                        self.selection.walks.shift_remove(&key);
                    }
                }
                return Ok(self.selection);
            }
        }
        Err(Violation::of(None))
    }

    fn is_live(&self, region: RegionId, state: Type) -> bool {
        match self.model.regions[region.index()].owner {
            None => true,
            Some((id, _)) => {
                let port = self.model.instance(id).state_port(state);
                port.is_some_and(|k| self.selection.live.get(&id).is_some_and(|l| l.contains(&k)))
            }
        }
    }

    fn traverse(&mut self) -> Result<(), Violation> {
        for state in self.model.states.keys().copied().collect::<Vec<_>>() {
            self.walk(RegionId::ROOT, state, None)?;
        }
        for class in &self.model.results {
            self.work.push((self.model.graph.find(*class), None));
        }
        while let Some((class, by)) = self.work.pop() {
            let class = self.model.graph.find(class);
            if self.selection.used.contains_key(&class) {
                continue;
            }
            let Some(node) = self.choice[class.index()] else {
                return Err(Violation::of(by));
            };
            self.selection.used.insert(class, node);
            self.visit(node)?;
        }
        Ok(())
    }

    /// What the use of a value node entails.
    fn visit(&mut self, id: ENodeId) -> Result<(), Violation> {
        let graph = &self.model.graph;
        let node = graph.node(id);
        let language = &graph.analysis().language;
        match language.meaning(node.op) {
            Meaning::LoopVar => {
                let owner = self.model.regions[node.region.index()].owner;
                let (instance, _) = owner.expect("a loop variable lives in a theta's body");
                let Payload::Index(k) = graph.analysis().payloads.get(node.payload) else {
                    return Err(Violation::of(Some(id)));
                };
                self.port(instance, k as usize, id)?;
            }
            Meaning::Out => {
                let Payload::Port(instance, k) = graph.analysis().payloads.get(node.payload) else {
                    return Err(Violation::of(Some(id)));
                };
                self.port(instance, k as usize, id)?;
            }
            Meaning::Value(op) => {
                let effect = language.find(op, node.children.len());
                let class = effect
                    .and_then(|e| graph.lookup(node.region, e, node.payload, &node.children, None));
                let twin = class.zip(effect).and_then(|(class, e)| {
                    graph.nodes_of(class, e).find(|n| {
                        graph.payload(*n) == node.payload && graph.children(*n) == node.children
                    })
                });
                let Some(twin) = twin else { return Err(Violation::of(Some(id))) };
                self.demands.push((node.region, Type::Io, Demand::Edge(twin), Some(id)));
            }
            _ => self.operands(id),
        }
        Ok(())
    }

    /// Uses the value operands of a node; its state operands that are read become demands.
    fn operands(&mut self, id: ENodeId) {
        let node = self.model.graph.node(id);
        let consumed = self.model.is_effect(id).then_some(0);
        for (k, child) in node.children.iter().enumerate() {
            let ty = self.model.ty(*child);
            if !ty.is_state() {
                self.work.push((*child, Some(id)));
            } else if Some(k) != consumed {
                self.demands.push((node.region, ty, Demand::Class(*child), Some(id)));
            }
        }
    }

    /// Makes a port live.
    fn port(&mut self, id: InstanceId, k: usize, by: ENodeId) -> Result<(), Violation> {
        let model = self.model;
        let instance = model.instance(id);
        let first = !self.selection.live.contains_key(&id);
        if !self.selection.live.entry(id).or_default().insert(k) {
            return Ok(());
        }
        if first {
            self.work.push((instance.predicate, Some(by)));
            let io = instance.state_port(Type::Io);
            if instance.kind == InstanceKind::Theta
                && let Some(port) = io.map(|k| &instance.ports[k])
                && port.init.map(|c| model.graph.find(c)) != Some(model.graph.find(port.out))
            {
                let edge = Demand::Edge(model.out_node(id, io.unwrap_or_default()));
                self.demands.push((instance.home, Type::Io, edge, Some(by)));
            }
        }
        let port = &instance.ports[k];
        if port.ty.is_state() {
            for region in &instance.regions {
                self.walk(*region, port.ty, Some(by))?;
            }
            return Ok(());
        }
        self.work.extend(port.init.map(|class| (class, Some(by))));
        self.work.extend(port.results.iter().map(|class| (*class, Some(by))));
        Ok(())
    }

    /// Makes the walk of a live (region, state) and uses what is on it.
    fn walk(
        &mut self,
        region: RegionId,
        state: Type,
        by: Option<ENodeId>,
    ) -> Result<(), Violation> {
        let violation = || Violation::of(by);
        if !self.selection.walks.contains_key(&(region, state)) {
            let from = self.model.state_entry(region, state).ok_or_else(violation)?;
            let to = self.model.state_result(region, state).ok_or_else(violation)?;
            let path = self.path(region, state, from, to, &Set::default()).ok_or_else(violation)?;
            self.selection.walks.insert((region, state), path.1);
        }
        for node in self.selection.walks[&(region, state)].clone() {
            let op = self.model.graph.op(node);
            if self.model.graph.analysis().language.meaning(op) == Meaning::Out {
                self.visit(node)?;
            } else {
                self.operands(node);
            }
        }
        Ok(())
    }

    /// Extends walks by the demands they lack; true if any changed.
    fn meet_demands(&mut self) -> Result<bool, Violation> {
        let demands = std::mem::take(&mut self.demands);
        let mut changed = false;
        for (mut region, mut state, mut demand, by) in demands {
            // In a region whose state is not live, the instance reads what it finds on entry, or
            // must be on the parent's walk.
            while !self.is_live(region, state) {
                let owner = self.model.regions[region.index()].owner;
                let Some((id, _)) = owner else { break };
                let instance = self.model.instance(id);
                let Some(k) = instance.state_port(state) else {
                    return Err(Violation::of(by));
                };
                demand = match self.class_outside(region, demand, instance, k) {
                    Some(init) => {
                        self.selection.read.entry(id).or_default().insert(k);
                        Demand::Class(init)
                    }
                    None => Demand::Edge(self.model.out_node(id, k)),
                };
                region = instance.home;
                state = instance.ports[k].ty;
            }
            let key = (region, state);
            if !self.selection.walks.contains_key(&key) {
                return Err(Violation::of(by));
            }
            let missing = !self.holds(key, demand);
            if missing && !self.detour(key, demand) {
                return Err(Violation::of(by));
            }
            changed |= missing;
            let required = self.required.entry(key).or_default();
            if !required.contains(&demand) {
                required.push(demand);
            }
        }
        Ok(changed)
    }

    /// The class outside that a class inside is, if it is the state on entry and stays it.
    fn class_outside(
        &self,
        region: RegionId,
        demand: Demand,
        instance: &Instance,
        k: usize,
    ) -> Option<EClassId> {
        let port = &instance.ports[k];
        let entry = self.model.state_entry(region, port.ty)?;
        let find = |class: EClassId| self.model.graph.find(class);
        let stays = instance.kind == InstanceKind::Gamma || find(port.results[0]) == entry;
        match demand {
            Demand::Class(class) if find(class) == entry && stays => port.init.map(find),
            _ => None,
        }
    }

    /// Classes passed by a walk, entry first.
    fn positions(&self, key: (RegionId, Type)) -> Vec<EClassId> {
        positions(self.model, key, &self.selection.walks[&key])
    }

    fn holds(&self, key: (RegionId, Type), demand: Demand) -> bool {
        match demand {
            Demand::Edge(node) => self.selection.walks[&key].contains(&node),
            Demand::Class(class) => self.positions(key).contains(&self.model.graph.find(class)),
        }
    }

    /// Replaces the cheapest segment of a walk by a path through the demand that keeps everything
    /// required.
    fn detour(&mut self, key: (RegionId, Type), demand: Demand) -> bool {
        let (region, state) = key;
        let walk = self.selection.walks[&key].clone();
        let positions = self.positions(key);
        let (enter, edge, leave) = match demand {
            Demand::Edge(node) => {
                let Some(source) = self.model.effect_source(node) else { return false };
                (source, Some(node), self.model.graph.class_of(node))
            }
            Demand::Class(class) => (class, None, class),
        };
        let mut best: Option<(f64, Vec<ENodeId>)> = None;
        for p in 0..=walk.len() {
            for q in p..=walk.len() {
                let mut avoid: Set<ENodeId> = walk[..p].iter().chain(&walk[q..]).copied().collect();
                avoid.extend(edge);
                let Some((to, first)) = self.path(region, state, positions[p], enter, &avoid)
                else {
                    break;
                };
                avoid.extend(first.iter().copied());
                let Some((from, second)) = self.path(region, state, leave, positions[q], &avoid)
                else {
                    continue;
                };
                let cost = to + from - walk[p..q].iter().map(|n| self.step_cost(*n)).sum::<f64>();
                if best.as_ref().is_some_and(|(least, _)| *least <= cost) {
                    continue;
                }
                let new: Vec<ENodeId> = walk[..p]
                    .iter()
                    .copied()
                    .chain(first)
                    .chain(edge)
                    .chain(second)
                    .chain(walk[q..].iter().copied())
                    .collect();
                if self.keeps_required(key, &new) {
                    best = Some((cost, new));
                }
            }
        }
        let found = best.is_some();
        if let Some((_, walk)) = best {
            self.selection.walks.insert(key, walk);
        }
        found
    }

    fn keeps_required(&self, key: (RegionId, Type), walk: &[ENodeId]) -> bool {
        let passed = positions(self.model, key, walk);
        self.required.get(&key).is_none_or(|required| {
            required.iter().all(|demand| match demand {
                Demand::Edge(node) => walk.contains(node),
                Demand::Class(class) => passed.contains(&self.model.graph.find(*class)),
            })
        })
    }

    fn step_cost(&self, node: ENodeId) -> f64 {
        self.model.node_weight(node) + 1e-6
    }

    /// Cheapest sequence of effects from one class to another (Dijkstra), with its cost.
    fn path(
        &self,
        region: RegionId,
        state: Type,
        from: EClassId,
        to: EClassId,
        avoid: &Set<ENodeId>,
    ) -> Option<(f64, Vec<ENodeId>)> {
        // Searched backwards, because a class lists the effects that produce it.
        let graph = &self.model.graph;
        let (from, to) = (graph.find(from), graph.find(to));
        let mut best: OrderMap<EClassId, (f64, Option<(ENodeId, EClassId)>)> = OrderMap::default();
        best.insert(to, (0.0, None));
        let mut heap = BinaryHeap::from([Reverse((0_u64, to))]);
        while let Some(Reverse((bits, class))) = heap.pop() {
            let distance = f64::from_bits(bits);
            if distance > best[&class].0 {
                continue;
            }
            if class == from {
                break;
            }
            for node in graph.nodes(class) {
                let usable = !avoid.contains(&node) && !self.banned.contains(&node);
                let Some(source) = self.model.effect_source(node).filter(|_| usable) else {
                    continue;
                };
                if self.model.ty(source) != state || graph.region(source) != region {
                    continue;
                }
                let next = distance + self.step_cost(node);
                if best.get(&source).is_none_or(|(known, _)| next < *known) {
                    best.insert(source, (next, Some((node, class))));
                    heap.push(Reverse((next.to_bits(), source)));
                }
            }
        }
        let (cost, _) = *best.get(&from)?;
        let mut path = Vec::new();
        let mut at = from;
        while let Some((node, next)) = best[&at].1 {
            path.push(node);
            at = next;
        }
        Some((cost, path))
    }
}

/// Classes passed by a walk, entry first.
pub fn positions(model: &Model<'_>, key: (RegionId, Type), walk: &[ENodeId]) -> Vec<EClassId> {
    let entry = model.state_entry(key.0, key.1);
    entry.into_iter().chain(walk.iter().map(|node| model.graph.class_of(*node))).collect()
}

impl Model<'_> {
    /// Whether a node makes a state: an effect, or an instance's state output.
    pub fn is_effect(&self, node: ENodeId) -> bool {
        match self.graph.analysis().language.meaning(self.graph.op(node)) {
            Meaning::Simple(op) => op.is_effect(),
            _ => false,
        }
    }

    /// The state that an effect node consumes; for an instance's output, the state on its entry.
    pub fn effect_source(&self, id: ENodeId) -> Option<EClassId> {
        let analysis = self.graph.analysis();
        match analysis.language.meaning(self.graph.op(id)) {
            Meaning::Simple(op) if op.is_effect() => Some(self.graph.child(id, 0)),
            Meaning::Out => {
                let Payload::Port(instance, k) = analysis.payloads.get(self.graph.payload(id))
                else {
                    return None;
                };
                let port = &self.instance(instance).ports[k as usize];
                port.init.filter(|_| port.ty.is_state()).map(|class| self.graph.find(class))
            }
            _ => None,
        }
    }

    /// The leaf that stands for an instance's output.
    pub fn out_node(&self, id: InstanceId, k: usize) -> ENodeId {
        let analysis = self.graph.analysis();
        let class = self.graph.find(self.instance(id).ports[k].out);
        let wanted = Payload::Port(id, k as u32);
        self.graph
            .nodes_of(class, analysis.language.out)
            .find(|node| analysis.payloads.get(self.graph.payload(*node)) == wanted)
            .expect("a port's class contains its leaf")
    }

    /// Weight of one execution of a node, times the executions of its region.
    pub fn node_weight(&self, node: ENodeId) -> f64 {
        let weight = match self.graph.analysis().language.meaning(self.graph.op(node)) {
            // A value demands its effect: the effect's weight keeps a pure form cheaper.
            Meaning::Simple(op) | Meaning::Value(op) => crate::cost::weight(op),
            Meaning::LoopVar => crate::cost::PORT,
            _ => 0.0,
        };
        let region = self.graph.node(node).region;
        weight * self.regions[region.index()].frequency
    }
}
