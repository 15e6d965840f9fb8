//! From a legal selection to RVSDG: a list schedule per region, emitted as it is found.
//!
//! An item (value, effect, instance) is ready when its operands exist, every state class that it
//! reads is the current one, and every state that it consumes is at the item's place on its walk.
//! A state's class is not left while an item that must read it is pending and the class does not
//! recur. `io` events come first, then memory events; a value comes when the next event needs it,
//! so that nothing is computed in vain before an exception.

use crate::deadlock::circles;
use crate::language::{InstanceId, Meaning, Payload};
use crate::model::{InstanceKind, Model, OrderMap};
use crate::order::Order;
use crate::realise::{Selection, Violation, positions};
use egraph_core::{EClassId, ENodeId, RegionId};
use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;
use rvsdg::{Function, Op, Span, Type, ValueId};

/// Emits the program of a selection.
///
/// # Errors
/// If no order of the selected nodes is legal; the culprit is a node whose ban may help.
pub fn decode(model: &Model<'_>, selection: &Selection) -> Result<Function, Violation> {
    let source = model.source;
    let (params, shape) = (source.params.clone(), source.shape.clone());
    let mut target = Function::new(&source.name, params, source.mems, shape);
    target.phi.clone_from(&source.phi);
    target.faults.clone_from(&source.faults);
    let mut members: OrderMap<RegionId, Vec<EClassId>> = OrderMap::default();
    let mut imports: OrderMap<InstanceId, Vec<EClassId>> = OrderMap::default();
    let mut variables = HashMap::default();
    let graph = &model.graph;
    let mut used: Vec<EClassId> = selection.used.keys().copied().collect();
    used.sort_unstable();
    for class in used {
        let node = graph.node(selection.used[&class]);
        members.entry(node.region).or_default().push(class);
        if graph.analysis().language.meaning(node.op) == Meaning::Import
            && let Some((owner, _)) = model.regions[node.region.index()].owner
        {
            imports.entry(owner).or_default().push(node.children[0]);
        }
        if node.op == graph.analysis().language.loop_var
            && let Payload::Index(k) = graph.analysis().payloads.get(node.payload)
        {
            variables.insert((node.region, k as usize), class);
        }
    }
    let mut inner: OrderMap<RegionId, Vec<InstanceId>> = OrderMap::default();
    let mut live: Vec<InstanceId> = selection.live.keys().copied().collect();
    live.sort_unstable();
    for id in live {
        inner.entry(model.instance(id).home).or_default().push(id);
    }
    let values = HashMap::default();
    let stuck = Violation::default();
    let mut decoder =
        Decoder { model, selection, members, imports, variables, inner, target, values, stuck };
    decoder.body()?;
    if decoder.stuck.culprits.is_empty() { Ok(decoder.target) } else { Err(decoder.stuck) }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Value(EClassId, ENodeId),
    Effect(ENodeId),
    Instance(InstanceId),
}

/// What is to be emitted in a region.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) what: What,
    /// Classes whose values it needs.
    pub(crate) operands: Vec<EClassId>,
    /// Classes of states that must be current.
    pub(crate) reads: Vec<(Type, EClassId)>,
    /// States that it moves on, with its place on their walks.
    pub(crate) consumes: Vec<(Type, usize)>,
}

impl Item {
    /// Whether every state that it reads or consumes is where it must be.
    pub(crate) fn is_in_place(&self, tracks: &Tracks) -> bool {
        self.reads.iter().all(|(ty, class)| {
            tracks.get(ty).is_some_and(|track| track.classes[track.at] == *class)
        }) && self.is_next(tracks)
    }

    /// Whether every state that it consumes is at its place.
    pub(crate) fn is_next(&self, tracks: &Tracks) -> bool {
        self.consumes.iter().all(|(ty, at)| tracks.get(ty).is_some_and(|track| track.at == *at))
    }
}

/// The current version of each state of a region that is being emitted.
pub(crate) struct Track {
    pub(crate) classes: Vec<EClassId>,
    pub(crate) at: usize,
    value: ValueId,
}

pub(crate) struct Decoder<'a, 'f> {
    model: &'a Model<'f>,
    selection: &'a Selection,
    members: OrderMap<RegionId, Vec<EClassId>>,
    imports: OrderMap<InstanceId, Vec<EClassId>>,
    /// The classes that are loop variables, by body and port.
    variables: HashMap<(RegionId, usize), EClassId, FxBuildHasher>,
    /// Instances in use, by the region that contains them.
    inner: OrderMap<RegionId, Vec<InstanceId>>,
    target: Function,
    values: HashMap<EClassId, ValueId, FxBuildHasher>,
    /// What had no legal order. From the first on nothing is emitted, and the rest of the program
    /// is only searched for more.
    stuck: Violation,
}

pub(crate) type Tracks = OrderMap<Type, Track>;

impl Decoder<'_, '_> {
    /// Whether a class has its value.
    pub(crate) fn has(&self, class: EClassId) -> bool {
        self.values.contains_key(&class)
    }

    fn body(&mut self) -> Result<(), Violation> {
        let body = self.target.body();
        let states: Vec<(Type, ValueId)> = self
            .target
            .entry_states()
            .iter()
            .map(|value| (self.target.ty(*value), *value))
            .collect();
        let tracks = self.region(RegionId::ROOT, body, &states)?;
        let mut results = Vec::new();
        for class in &self.model.results {
            results.push(self.value(*class)?);
        }
        results.extend(states.iter().map(|(ty, _)| tracks[ty].value));
        self.target.set_results(body, results);
        Ok(())
    }

    /// The emitted value of a class.
    fn value(&self, class: EClassId) -> Result<ValueId, Violation> {
        let class = self.model.graph.find(class);
        self.values.get(&class).copied().ok_or(Violation::of(None))
    }

    fn span(&self, class: EClassId, node: ENodeId) -> Span {
        let own = self.model.spans.get(&node).copied();
        let of_class = || {
            let mut nodes = self.model.graph.nodes(class);
            nodes.find_map(|n| self.model.spans.get(&n).copied())
        };
        own.or_else(of_class).unwrap_or(Span::NONE)
    }

    /// Emits the content of a region; gives the states at its end.
    fn region(
        &mut self,
        region: RegionId,
        into: rvsdg::RegionId,
        states: &[(Type, ValueId)],
    ) -> Result<Tracks, Violation> {
        let mut tracks = Tracks::default();
        for (ty, value) in states {
            let key = (region, *ty);
            let walk = self.selection.walks.get(&key).map_or(&[][..], Vec::as_slice);
            let classes = positions(self.model, key, walk);
            tracks.insert(*ty, Track { classes, at: 0, value: *value });
        }
        let items = self.items(region, into)?;
        let mut order = Order::new(self, &items);
        while order.pending > 0 {
            if let Some(plan) = order.next_event(self, &items, &tracks) {
                for at in plan {
                    order.take(at);
                    self.emit(&items[at], into, &mut tracks)?;
                }
                continue;
            }
            // What no event needs.
            let before = order.pending;
            for (at, item) in items.iter().enumerate() {
                let value = item.consumes.is_empty() && !order.done[at];
                if value && self.is_ready(item, &tracks) {
                    order.take(at);
                    self.emit(item, into, &mut tracks)?;
                }
            }
            if order.pending == before {
                self.blame(&items, &order.done, &tracks);
                self.pretend(region, &mut tracks);
                return Ok(tracks);
            }
        }
        Ok(tracks)
    }

    fn is_ready(&self, item: &Item, tracks: &Tracks) -> bool {
        item.operands.iter().all(|class| self.values.contains_key(class))
            && item.is_in_place(tracks)
    }

    /// The classes whose values an item gives.
    pub(crate) fn given(&self, item: &Item) -> Vec<EClassId> {
        match item.what {
            What::Value(class, _) => vec![class],
            What::Effect(node) => self.value_of_effect(node).into_iter().collect(),
            What::Instance(id) => {
                let class = |node: ENodeId| self.model.graph.class_of(node);
                let outputs = self.outputs_in_use(id).into_iter().map(class);
                outputs.filter(|class| !self.model.ty(*class).is_state()).collect()
            }
        }
    }

    /// The class that is bound to the value of an effect, if it is in use.
    fn value_of_effect(&self, id: ENodeId) -> Option<EClassId> {
        let graph = &self.model.graph;
        let language = &graph.analysis().language;
        let node = graph.node(id);
        let Meaning::Simple(op) = language.meaning(node.op) else { return None };
        let twin = language.find_value(op, node.children.len())?;
        let class = graph.lookup(node.region, twin, node.payload, &node.children, None)?;
        let chosen = self.selection.used.get(&class)?;
        matches!(language.meaning(graph.op(*chosen)), Meaning::Value(_)).then_some(class)
    }

    /// Takes a region whose schedule is stuck as emitted.
    fn pretend(&mut self, region: RegionId, tracks: &mut Tracks) {
        let nothing = self.nothing();
        for class in self.members.get(&region).into_iter().flatten() {
            self.values.entry(*class).or_insert(nothing);
        }
        for track in tracks.values_mut() {
            track.at = track.classes.len().saturating_sub(1);
        }
    }

    /// The value of everything that is not emitted.
    fn nothing(&self) -> ValueId {
        self.target.entry_states()[0]
    }

    fn is_stuck(&self) -> bool {
        !self.stuck.culprits.is_empty()
    }

    /// Notes what a stuck schedule may be blamed on: one of the nodes of each circle.
    fn blame(&mut self, items: &[Item], done: &[bool], tracks: &Tracks) {
        let circles = circles(self, items, done, tracks);
        for circle in &circles {
            let culprits = self.waiting(circle.iter().map(|at| &items[*at]));
            self.stuck.culprits.push(culprits);
        }
        if circles.is_empty() {
            let left = items.iter().zip(done).filter(|(_, done)| !**done);
            let culprits = self.waiting(left.map(|(item, _)| item));
            self.stuck.culprits.push(culprits);
        }
    }

    /// In a stuck schedule one of the nodes that wait is banned. Those that read a state are
    /// likelier than others, and those that rules added than those of the input program.
    fn waiting<'i>(&self, todo: impl Iterator<Item = &'i Item>) -> Vec<ENodeId> {
        let mut culprits: Vec<(bool, bool, ENodeId)> = Vec::new();
        for item in todo {
            let reads = !item.reads.is_empty();
            let nodes = match item.what {
                What::Value(_, node) | What::Effect(node) => vec![node],
                What::Instance(id) => self.outputs_in_use(id),
            };
            let input = |node: ENodeId| node.index() < self.model.input_nodes;
            culprits.extend(nodes.into_iter().map(|node| (input(node), !reads, node)));
        }
        culprits.sort_unstable();
        culprits.into_iter().map(|(_, _, node)| node).collect()
    }

    /// The leaves of an instance's outputs that the selection uses.
    fn outputs_in_use(&self, id: InstanceId) -> Vec<ENodeId> {
        let live = &self.selection.live[&id];
        let nodes = live.iter().map(|k| self.model.out_node(id, *k));
        let used = |node: &ENodeId| {
            let class = self.model.graph.class_of(*node);
            self.model.ty(class).is_state() || self.selection.used.get(&class) == Some(node)
        };
        nodes.filter(used).collect()
    }

    /// Leaves are emitted or bound at once; everything else becomes an item.
    fn items(&mut self, region: RegionId, into: rvsdg::RegionId) -> Result<Vec<Item>, Violation> {
        let model = self.model;
        let graph = &model.graph;
        let mut items = Vec::new();
        for class in self.members.get(&region).cloned().unwrap_or_default() {
            let id = self.selection.used[&class];
            let node = graph.node(id);
            let analysis = graph.analysis();
            let payload = analysis.payloads.get(node.payload);
            match (analysis.language.meaning(node.op), payload) {
                (Meaning::Simple(Op::Const(_)), Payload::Const(constant)) => {
                    let span = self.span(class, id);
                    let value = self.target.constant(into, constant, span);
                    self.values.insert(class, value);
                }
                (Meaning::Formal, Payload::Index(k)) => {
                    self.values.insert(class, self.target.param_values()[k as usize]);
                }
                (Meaning::Import, _) => {
                    let value = self.value(node.children[0])?;
                    self.values.insert(class, value);
                }
                (Meaning::Simple(_) | Meaning::Approx, _) => {
                    items.push(self.item(What::Value(class, id), id));
                }
                // Bound by the region's parameters, an instance, or an effect.
                _ => {}
            }
        }
        for id in self.inner.get(&region).into_iter().flatten() {
            items.push(self.instance_item(*id));
        }
        for state in model.regions[region.index()].entries.keys() {
            let walk = self.selection.walks.get(&(region, *state));
            for (at, node) in walk.into_iter().flatten().enumerate() {
                if model.is_effect(*node) {
                    let mut item = self.item(What::Effect(*node), *node);
                    item.consumes.push((*state, at));
                    items.push(item);
                }
            }
        }
        Ok(items)
    }

    fn item(&self, what: What, node: ENodeId) -> Item {
        let consumed = matches!(what, What::Effect(_)).then_some(0);
        let mut item = Item { what, operands: vec![], reads: vec![], consumes: vec![] };
        for (k, child) in self.model.graph.children(node).iter().enumerate() {
            let ty = self.model.ty(*child);
            if !ty.is_state() {
                item.operands.push(*child);
            } else if Some(k) != consumed {
                item.reads.push((ty, *child));
            }
        }
        item
    }

    fn instance_item(&self, id: InstanceId) -> Item {
        let (model, instance) = (self.model, self.model.instance(id));
        let find = |class: EClassId| model.graph.find(class);
        let mut operands: Vec<EClassId> = self.imports.get(&id).cloned().unwrap_or_default();
        if instance.kind == InstanceKind::Gamma {
            operands.push(find(instance.predicate));
        }
        let mut consumes = Vec::new();
        for k in &self.selection.live[&id] {
            let port = &instance.ports[*k];
            if port.ty.is_state() {
                let out = model.out_node(id, *k);
                let walk = self.selection.walks.get(&(instance.home, port.ty));
                let at = walk.and_then(|walk| walk.iter().position(|node| *node == out));
                consumes.push((port.ty, at.unwrap_or(usize::MAX)));
            } else {
                operands.extend(port.init.map(find));
            }
        }
        let reads = self.read_ports(id).filter_map(|k| {
            let port = &instance.ports[k];
            port.init.map(|init| (port.ty, find(init)))
        });
        Item { what: What::Instance(id), operands, reads: reads.collect(), consumes }
    }

    /// The state ports that an instance only passes through.
    fn read_ports(&self, id: InstanceId) -> impl Iterator<Item = usize> + use<'_> {
        let (live, read) = (self.selection.live.get(&id), self.selection.read.get(&id));
        let is_live = move |k: &usize| live.is_some_and(|live| live.contains(k));
        read.into_iter().flatten().copied().filter(move |k| !is_live(k))
    }

    fn emit(
        &mut self,
        item: &Item,
        into: rvsdg::RegionId,
        tracks: &mut Tracks,
    ) -> Result<(), Violation> {
        match item.what {
            What::Value(class, node) => self.emit_value(class, node, into, tracks),
            What::Effect(node) => self.emit_effect(node, into, tracks),
            What::Instance(id) => self.emit_instance(id, into, tracks),
        }
    }

    fn emit_value(
        &mut self,
        class: EClassId,
        node: ENodeId,
        into: rvsdg::RegionId,
        tracks: &Tracks,
    ) -> Result<(), Violation> {
        let meaning = self.model.graph.analysis().language.meaning(self.model.graph.op(node));
        let value = match meaning {
            _ if self.is_stuck() => self.nothing(),
            Meaning::Simple(op) => {
                let operands = self.emitted_operands(node, tracks)?;
                let span = self.span(class, node);
                self.target.simple(into, op, &operands, span)
            }
            _ => self.value(self.model.graph.child(node, 0))?,
        };
        self.values.insert(class, value);
        Ok(())
    }

    fn emitted_operands(&self, node: ENodeId, tracks: &Tracks) -> Result<Vec<ValueId>, Violation> {
        let mut operands = Vec::new();
        for child in self.model.graph.children(node) {
            let ty = self.model.ty(child);
            operands.push(if ty.is_state() { tracks[&ty].value } else { self.value(child)? });
        }
        Ok(operands)
    }

    fn emit_effect(
        &mut self,
        id: ENodeId,
        into: rvsdg::RegionId,
        tracks: &mut Tracks,
    ) -> Result<(), Violation> {
        let graph = &self.model.graph;
        let node = graph.node(id);
        let analysis = graph.analysis();
        let Meaning::Simple(op) = analysis.language.meaning(node.op) else {
            return Err(Violation::of(Some(id)));
        };
        let op = match analysis.payloads.get(node.payload) {
            Payload::Fault(fault) => Op::Guard(fault),
            _ => op,
        };
        let outputs = if self.is_stuck() {
            vec![self.nothing(); 2]
        } else {
            let operands = self.emitted_operands(id, tracks)?;
            let span = self.span(node.class, id);
            let emitted = self
                .target
                .try_simple(into, op, &operands, span)
                .map_err(|_| Violation::of(Some(id)))?;
            self.target.node(emitted).outputs.to_vec()
        };
        let track = &mut tracks[&self.model.ty(node.class)];
        track.at += 1;
        track.value = outputs[0];
        if let Some((value, class)) = outputs.get(1).zip(self.value_of_effect(id)) {
            self.values.insert(class, *value);
        }
        Ok(())
    }

    fn emit_instance(
        &mut self,
        id: InstanceId,
        into: rvsdg::RegionId,
        tracks: &mut Tracks,
    ) -> Result<(), Violation> {
        let (model, selection) = (self.model, self.selection);
        let instance = model.instance(id);
        let mut live: Vec<usize> = selection.live[&id].iter().copied().collect();
        let passed: Vec<usize> = self.read_ports(id).collect();
        live.extend(&passed);
        live.sort_unstable();
        let mut inputs = Vec::new();
        for k in &live {
            let port = &instance.ports[*k];
            match port.init {
                _ if port.ty.is_state() => inputs.push((*k, tracks[&port.ty].value)),
                Some(init) => inputs.push((*k, self.value(init)?)),
                None => {}
            }
        }
        let mut regions = Vec::new();
        for (arm, region) in instance.regions.iter().enumerate() {
            let inner = self.target.add_region();
            let mut states = Vec::new();
            for (k, _) in &inputs {
                let ty = instance.ports[*k].ty;
                let param = self.target.add_region_param(inner, ty);
                if ty.is_state() {
                    states.push((ty, param));
                } else {
                    self.bind_loop_variable(*region, *k, ty, param);
                }
            }
            let ended = self.region(*region, inner, &states)?;
            let mut results = Vec::new();
            if instance.kind == InstanceKind::Theta {
                results.push(self.value(instance.predicate)?);
            }
            for k in &live {
                let port = &instance.ports[*k];
                results.push(if port.ty.is_state() {
                    ended[&port.ty].value
                } else {
                    self.value(port.results[arm])?
                });
            }
            self.target.set_results(inner, results);
            regions.push(inner);
        }
        let operands: Vec<ValueId> = inputs.iter().map(|(_, value)| *value).collect();
        let outputs = if self.is_stuck() {
            vec![self.nothing(); live.len()]
        } else {
            let node = if instance.kind == InstanceKind::Gamma {
                let predicate = self.value(instance.predicate)?;
                self.target.gamma(into, predicate, &operands, regions, instance.span)
            } else {
                self.target.theta(into, &operands, regions[0], instance.span)
            };
            self.target.node(node).outputs.to_vec()
        };
        for (k, output) in live.iter().zip(outputs) {
            let port = &instance.ports[*k];
            if port.ty.is_state() {
                let track = &mut tracks[&port.ty];
                track.at += usize::from(!passed.contains(k));
                track.value = output;
            } else {
                let out = model.out_node(id, *k);
                let class = model.graph.class_of(out);
                if selection.used.get(&class) == Some(&out) {
                    self.values.insert(class, output);
                }
            }
        }
        Ok(())
    }

    fn bind_loop_variable(&mut self, region: RegionId, k: usize, ty: Type, param: ValueId) {
        let class = self.variables.get(&(region, k)).copied();
        if let Some(class) = class.filter(|class| self.model.ty(*class) == ty) {
            self.values.insert(class, param);
        }
    }
}
