//! From one chosen node per value class to a legal program: walks, demands, live ports.
//!
//! A state is not chosen per class but as a *walk*: for each live (region, state) a sequence of
//! effect nodes from the entry to the result, in which a class may recur. The rest of the choice
//! makes *demands* on walks: a load reads a class that must lie on the walk, an effect's value
//! needs that very effect, a loop that may diverge needs its io output. A walk that lacks a demand
//! is extended by the cheapest detour; a demand that cannot be met bans the node that made it.

use crate::detour::{Flow, Place, Walk};
use crate::language::{InstanceId, Meaning, Payload};
use crate::model::{Instance, InstanceKind, Model, OrderMap};
use egraph_core::{EClassId, ENodeId, RegionId};
use hashbrown::HashSet;
use rustc_hash::FxBuildHasher;
use rvsdg::Type;
use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};
use std::rc::Rc;

/// A set of ids; never iterated.
pub type Set<T> = HashSet<T, FxBuildHasher>;

/// One chosen node per class, by class index.
pub type Choice = Vec<Option<ENodeId>>;

/// Demands that no walk can meet, a class without a node, or nodes that wait for each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Violation {
    /// Nodes whose ban may help, the likeliest first, for each thing that is wrong.
    pub culprits: Vec<Vec<ENodeId>>,
}

impl Violation {
    /// A violation that one node caused, if any.
    pub fn of(culprit: Option<ENodeId>) -> Violation {
        Violation { culprits: vec![culprit.into_iter().collect()] }
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
pub(crate) enum Demand {
    Edge(ENodeId),
    Class(EClassId),
}

/// Demands with the nodes that made them.
pub(crate) type Demands = OrderMap<Demand, Option<ENodeId>>;

/// Builds the selection of a choice.
pub struct Realiser<'a, 'f> {
    model: &'a Model<'f>,
    choice: &'a Choice,
    banned: &'a Set<ENodeId>,
    selection: Selection,
    /// What each walk must keep when it is changed.
    required: OrderMap<(RegionId, Type), Demands>,
    /// What the walks contain, where that was asked.
    passed: OrderMap<(RegionId, Type), Set<Demand>>,
    demands: Vec<(RegionId, Type, Demand, Option<ENodeId>)>,
    /// Costs of walks, as far as they were asked for.
    walk_costs: RefCell<OrderMap<(RegionId, Type), f64>>,
    /// Effects of regions, where a detour was asked for.
    flows: OrderMap<(RegionId, Type), Rc<Flow>>,
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
            passed: OrderMap::default(),
            demands: Vec::new(),
            walk_costs: RefCell::default(),
            flows: OrderMap::default(),
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
            let path = self.path((region, state), from, to).ok_or_else(violation)?;
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
        let mut failed = Violation::default();
        for (region, state, demand, by) in demands {
            match self.meet(region, state, demand, by) {
                Ok(extended) => changed |= extended,
                Err(way) => failed.culprits.push(self.blame(region, by, way)),
            }
        }
        if failed.culprits.is_empty() { Ok(changed) } else { Err(failed) }
    }

    /// Extends a walk by a demand if it lacks it, and says whether.
    ///
    /// # Errors
    /// If that cannot be done: the nodes whose demands are in the way.
    fn meet(
        &mut self,
        mut region: RegionId,
        mut state: Type,
        mut demand: Demand,
        by: Option<ENodeId>,
    ) -> Result<bool, Vec<ENodeId>> {
        // In a region whose state is not live, the instance reads what it finds on entry, or must
        // be on the parent's walk.
        while !self.is_live(region, state) {
            let Some((id, _)) = self.model.regions[region.index()].owner else { break };
            let instance = self.model.instance(id);
            let k = instance.state_port(state).ok_or_else(Vec::new)?;
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
            return Err(Vec::new());
        }
        if let Demand::Class(class) = &mut demand {
            *class = self.model.graph.find(*class);
        }
        let missing = !self.holds(key, demand);
        if missing {
            let Some(walk) = self.detour(key, demand, true) else {
                let other = self.detour(key, demand, false);
                let way = other.map(|walk| self.lost(key, &walk)).unwrap_or_default();
                return Err(way.into_iter().flatten().collect());
            };
            self.passed.swap_remove(&key);
            self.selection.walks.insert(key, walk);
        }
        self.required.entry(key).or_default().entry(demand).or_insert(by);
        Ok(missing)
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

    fn holds(&mut self, key: (RegionId, Type), demand: Demand) -> bool {
        if !self.passed.contains_key(&key) {
            let walk = &self.selection.walks[&key];
            let edges = walk.iter().map(|node| Demand::Edge(*node));
            let classes = self.positions(key).into_iter().map(Demand::Class);
            let all = edges.chain(classes).collect();
            self.passed.insert(key, all);
        }
        self.passed[&key].contains(&demand)
    }

    /// A walk with its cheapest segment replaced by a path through the demand that keeps everything
    /// required, or anything if `kept` does not say so.
    fn detour(
        &mut self,
        key: (RegionId, Type),
        demand: Demand,
        kept: bool,
    ) -> Option<Vec<ENodeId>> {
        let place = match demand {
            Demand::Edge(node) => {
                let leave = self.model.graph.class_of(node);
                Place { enter: self.model.effect_source(node)?, edge: Some(node), leave }
            }
            Demand::Class(class) => Place { enter: class, edge: None, leave: class },
        };
        let flow = self.flow(key)?;
        let positions = self.positions(key);
        let required = self.required.get(&key).filter(|_| kept);
        let edges = &self.selection.walks[&key];
        flow.detour(&Walk { edges, positions: &positions, required }, place)
    }

    /// The effects of a region that lead to its result.
    fn flow(&mut self, key: (RegionId, Type)) -> Option<Rc<Flow>> {
        if let Some(flow) = self.flows.get(&key) {
            return Some(Rc::clone(flow));
        }
        let result = self.model.state_result(key.0, key.1)?;
        let flow = Rc::new(Flow::new(self.model.graph.find(result), |class| {
            let sources = self.sources(key, class);
            sources.map(|(node, source)| (node, source, self.step_cost(node))).collect()
        }));
        self.flows.insert(key, Rc::clone(&flow));
        Some(flow)
    }

    /// The effects in a region that make a state, each with the one that it consumes.
    fn sources(
        &self,
        (region, state): (RegionId, Type),
        class: EClassId,
    ) -> impl Iterator<Item = (ENodeId, EClassId)> {
        let (model, banned) = (self.model, self.banned);
        let usable = model.graph.nodes(class).filter(move |node| !banned.contains(node));
        let sources = usable.filter_map(move |node| Some((node, model.effect_source(node)?)));
        sources.filter(move |(_, source)| {
            model.ty(*source) == state && model.graph.region(*source) == region
        })
    }

    /// The nodes whose demands a walk would not meet, though they were met before.
    fn lost(&self, key: (RegionId, Type), walk: &[ENodeId]) -> Vec<Option<ENodeId>> {
        let Some(required) = self.required.get(&key) else { return Vec::new() };
        let passed: Set<EClassId> = positions(self.model, key, walk).into_iter().collect();
        let edges: Set<ENodeId> = walk.iter().copied().collect();
        let met = |demand: &Demand| match demand {
            Demand::Edge(node) => edges.contains(node),
            Demand::Class(class) => passed.contains(&self.model.graph.find(*class)),
        };
        let lost = required.iter().filter(|(demand, _)| !met(demand));
        lost.map(|(_, by)| *by).collect()
    }

    /// What may be to blame for a demand that was not met: the demands that are in its way, what
    /// made it, and what made the regions around it live.
    fn blame(&self, region: RegionId, by: Option<ENodeId>, way: Vec<ENodeId>) -> Vec<ENodeId> {
        let mut culprits: Vec<ENodeId> = way.into_iter().chain(by).collect();
        let mut region = region;
        while let Some((id, _)) = self.model.regions[region.index()].owner {
            let used = |k: &usize| {
                let out = self.model.out_node(id, *k);
                let class = self.model.graph.class_of(out);
                (self.selection.used.get(&class) == Some(&out)).then_some(out)
            };
            let live = self.selection.live.get(&id).into_iter().flatten();
            culprits.extend(live.filter_map(used));
            region = self.model.instance(id).home;
        }
        culprits.sort_by_key(|node| node.index() < self.model.input_nodes);
        culprits
    }

    /// Cost of an effect; that of an instance is what happens to the state inside.
    fn step_cost(&self, node: ENodeId) -> f64 {
        let (model, graph) = (self.model, &self.model.graph);
        let own = model.node_weight(node) + 1e-6;
        let payload = graph.analysis().payloads.get(graph.payload(node));
        let Payload::Port(id, k) = payload else { return own };
        let instance = model.instance(id);
        let state = instance.ports[k as usize].ty;
        let entered = match instance.kind {
            InstanceKind::Gamma => instance.home,
            InstanceKind::Theta => instance.regions[0],
        };
        let inside = instance.regions.iter().map(|region| self.walk_cost(*region, state));
        own + model.costs.instance() * model.regions[entered.index()].frequency
            + inside.sum::<f64>()
    }

    /// Cost of the cheapest walk of a region.
    fn walk_cost(&self, region: RegionId, state: Type) -> f64 {
        if let Some(known) = self.walk_costs.borrow().get(&(region, state)) {
            return *known;
        }
        let ends =
            self.model.state_entry(region, state).zip(self.model.state_result(region, state));
        let path = ends.and_then(|(from, to)| self.path((region, state), from, to));
        let cost = path.map_or(0.0, |(cost, _)| cost);
        self.walk_costs.borrow_mut().insert((region, state), cost);
        cost
    }

    /// Cheapest sequence of effects from one class to another (Dijkstra), with its cost.
    fn path(
        &self,
        key: (RegionId, Type),
        from: EClassId,
        to: EClassId,
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
            for (node, source) in self.sources(key, class) {
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
            Meaning::Simple(op) | Meaning::Value(op) => self.costs.weight(op),
            Meaning::LoopVar => self.costs.port(),
            _ => 0.0,
        };
        let region = self.graph.node(node).region;
        weight * self.regions[region.index()].frequency
    }
}
