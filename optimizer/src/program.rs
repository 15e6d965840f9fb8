//! A model as a problem with states: all that makes a choice a program is in its columns, so that
//! extractors of programs and their checker can be used on live e-graphs, and their answers
//! decoded.
//!
//! Beside what [`crate::extraction::freeze`] says: the walks are those of the regions, the outputs
//! of an instance are one event, and so are an effect and its value. What an effect costs is paid
//! by the effect; its value is free.

use crate::language::{InstanceId, Meaning, Payload};
use crate::model::{InstanceKind, Model};
use crate::realise::Selection;
use egraph_core::{EClassId, ENodeId, RegionId};
use extract::effects::{EffectSource, NodeEffects, RegionSource, Walk, WalkSource, Walks};
use extract::{ClassIndex, NodeIndex, Outcome, Problem, ProblemBuilder, Status};
use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;
use rvsdg::Type;

/// A model's problem with the way back.
pub struct Program {
    /// The problem; roots are the results.
    pub problem: Problem,
    /// The e-node of each node; none for an instance's own cost.
    nodes: Vec<Option<ENodeId>>,
    /// The canonical class of each class; none for an instance's own.
    classes: Vec<Option<EClassId>>,
    /// What each walk is of.
    walks: Vec<(RegionId, Type)>,
    node_of: HashMap<ENodeId, NodeIndex, FxBuildHasher>,
}

const NONE: u32 = u32::MAX;

struct Exporter<'a, 'f> {
    model: &'a Model<'f>,
    builder: ProblemBuilder,
    source: EffectSource,
    position: Vec<u32>,
    walks: Vec<(RegionId, Type)>,
    /// The first class that stands for an instance; the others follow.
    entered: u32,
    nodes: Vec<Option<ENodeId>>,
    number: HashMap<ENodeId, u32, FxBuildHasher>,
}

/// The problem of a model.
pub fn export(model: &Model<'_>) -> Program {
    let mut exporter = Exporter {
        model,
        builder: ProblemBuilder::new(),
        source: EffectSource::default(),
        position: vec![NONE; model.graph.class_bound()],
        walks: Vec::new(),
        entered: 0,
        nodes: Vec::new(),
        number: HashMap::default(),
    };
    let classes = exporter.classes();
    exporter.nodes();
    exporter.asks();
    exporter.regions();
    for class in &model.results {
        exporter.builder.add_root(exporter.position[model.graph.find(*class).index()]);
    }
    exporter.builder.set_effects(exporter.source);
    // Nodes are given class by class, so that they keep their numbers.
    let indexed = exporter.nodes.iter().enumerate();
    let node_of = indexed.filter_map(|(at, id)| id.map(|id| (id, NodeIndex(at as u32)))).collect();
    let (nodes, walks) = (exporter.nodes, exporter.walks);
    Program { problem: exporter.builder.build(), nodes, classes, walks, node_of }
}

impl Exporter<'_, '_> {
    fn find(&self, class: EClassId) -> EClassId {
        self.model.graph.find(class)
    }

    fn dense(&self, class: EClassId) -> u32 {
        self.position[self.find(class).index()]
    }

    /// Whether the walk of a region's state can be live at all: its instance is complete.
    fn walk(&self, region: RegionId, state: Type) -> Option<u32> {
        self.walks.iter().position(|walk| *walk == (region, state)).map(|at| at as u32)
    }

    /// Classes in the order of the graph, then one per instance.
    fn classes(&mut self) -> Vec<Option<EClassId>> {
        let model = self.model;
        for (at, info) in model.regions.iter().enumerate() {
            let region = RegionId::from_index(at);
            let complete = info.owner.is_none_or(|(id, _)| !model.instance(id).abandoned);
            for state in info.entries.keys().filter(|_| complete) {
                let ends = (model.state_entry(region, *state), model.state_result(region, *state));
                if let (Some(_), Some(_)) = ends {
                    self.walks.push((region, *state));
                }
            }
        }
        let mut classes = Vec::new();
        for class in model.graph.classes() {
            let (region, ty) = (model.graph.region(class), model.ty(class));
            self.position[class.index()] = self.builder.add_class(&class.to_string());
            let walk = if ty.is_state() { self.walk(region, ty) } else { None };
            self.source.class_walk.push(walk);
            self.source.class_region.push(region.as_u32());
            classes.push(Some(class));
        }
        self.entered = classes.len() as u32;
        for (at, instance) in model.instances.iter().enumerate() {
            self.builder.add_class(&format!("instance {at}"));
            self.source.class_walk.push(None);
            self.source.class_region.push(instance.home.as_u32());
            classes.push(None);
        }
        classes
    }

    fn nodes(&mut self) {
        let (model, graph) = (self.model, &self.model.graph);
        let payloads = &graph.analysis().payloads;
        for class in graph.classes() {
            for id in graph.nodes(class) {
                let owner = match payloads.get(graph.payload(id)) {
                    Payload::Port(owner, _) => Some(owner),
                    _ => None,
                };
                let abandoned = owner.is_some_and(|owner| model.instance(owner).abandoned);
                let children = self.children(id);
                // A state that no walk can pass.
                let stray = |class: &EClassId| {
                    let ty = model.ty(*class);
                    ty.is_state() && self.walk(graph.region(self.find(*class)), ty).is_none()
                };
                let meaning = graph.analysis().language.meaning(graph.op(id));
                let value = matches!(meaning, Meaning::Value(_));
                let lost = value && self.twin(id).is_none();
                if abandoned || lost || children.iter().chain([&class]).any(stray) {
                    continue;
                }
                let mut children: Vec<u32> = children.iter().map(|c| self.dense(*c)).collect();
                children.extend(owner.map(|owner| self.entered + owner.0));
                let cost = if value { 0.0 } else { model.node_weight(id) };
                let op = graph.signature().op_name(graph.op(id));
                let own = self.position[class.index()];
                self.builder.add_named_node(own, &id.to_string(), op, cost, &children);
                self.number.insert(id, self.nodes.len() as u32);
                self.nodes.push(Some(id));
            }
        }
        for (at, instance) in model.instances.iter().enumerate() {
            let region = match instance.kind {
                InstanceKind::Gamma => instance.home,
                InstanceKind::Theta => instance.regions[0],
            };
            let cost = model.costs.instance() * model.regions[region.index()].frequency;
            let class = self.entered + at as u32;
            let name = format!("instance {at}");
            self.builder.add_named_node(class, &name, "instance", cost, &[]);
            self.nodes.push(None);
        }
    }

    /// What any program has before a node.
    fn children(&self, id: ENodeId) -> Vec<EClassId> {
        let node = self.model.graph.node(id);
        let analysis = self.model.graph.analysis();
        match (analysis.language.meaning(node.op), analysis.payloads.get(node.payload)) {
            (Meaning::Out, Payload::Port(instance, k)) => {
                let instance = self.model.instance(instance);
                let port = &instance.ports[k as usize];
                let values = port.init.into_iter().chain(port.results.iter().copied());
                values.chain([instance.predicate]).collect()
            }
            (Meaning::LoopVar, Payload::Index(k)) => {
                let owner = self.model.regions[node.region.index()].owner;
                let port = owner.and_then(|(id, _)| self.model.instance(id).ports.get(k as usize));
                port.and_then(|port| port.init).into_iter().collect()
            }
            (Meaning::Entry, _) => Vec::new(),
            _ => node.children.to_vec(),
        }
    }

    /// The effect of an effect's value.
    fn twin(&self, id: ENodeId) -> Option<ENodeId> {
        let graph = &self.model.graph;
        let (node, language) = (graph.node(id), &graph.analysis().language);
        let Meaning::Value(op) = language.meaning(node.op) else { return None };
        let effect = language.find(op, node.children.len())?;
        let class = graph.lookup(node.region, effect, node.payload, &node.children, None)?;
        graph.nodes_of(class, effect).find(|other| {
            graph.payload(*other) == node.payload && graph.children(*other) == node.children
        })
    }

    /// What every node asks of the walks.
    fn asks(&mut self) {
        for at in 0..self.nodes.len() {
            let asks = self.nodes[at].map(|id| self.node_asks(id)).unwrap_or_default();
            self.source.nodes.push(asks);
        }
    }

    fn node_asks(&self, id: ENodeId) -> NodeEffects {
        let (model, graph) = (self.model, &self.model.graph);
        let (node, analysis) = (graph.node(id), graph.analysis());
        let shared = |effect: u32| Some(model.instances.len() as u32 + effect);
        let mut asks = NodeEffects::default();
        match (analysis.language.meaning(node.op), analysis.payloads.get(node.payload)) {
            (Meaning::Out, Payload::Port(owner, k)) => {
                let instance = model.instance(owner);
                asks.event = Some(owner.0);
                asks.source = model.effect_source(id).map(|class| self.dense(class));
                if let Some(io) = diverging(model, owner).filter(|io| *io != k as usize) {
                    asks.needs.extend(self.number.get(&model.out_node(owner, io)));
                }
                debug_assert!(instance.ports.len() > k as usize, "a port's leaf names a port");
            }
            (Meaning::LoopVar, Payload::Index(k)) => {
                if let Some((owner, _)) = model.regions[node.region.index()].owner {
                    let results = &model.instance(owner).ports[k as usize].results;
                    asks.requires.extend(results.iter().map(|class| self.dense(*class)));
                }
            }
            (Meaning::Value(_), _) => {
                let twin = self.twin(id).and_then(|twin| self.number.get(&twin));
                if let Some(twin) = twin {
                    asks.needs.push(*twin);
                    asks.event = shared(*twin);
                }
            }
            _ => {
                let consumed = model.is_effect(id).then_some(0);
                if consumed.is_some() {
                    asks.source = model.effect_source(id).map(|class| self.dense(class));
                    asks.event = self.number.get(&id).and_then(|number| shared(*number));
                }
                for (k, child) in node.children.iter().enumerate() {
                    if model.ty(*child).is_state() && Some(k) != consumed {
                        asks.reads.push(self.dense(*child));
                    }
                }
            }
        }
        asks
    }

    fn regions(&mut self) {
        let model = self.model;
        for info in &model.regions {
            let owner = info.owner.map(|(id, _)| (model.instance(id).home.as_u32(), id.0));
            self.source.regions.push(RegionSource { owner });
        }
        for (region, state) in self.walks.clone() {
            let end = |class: Option<EClassId>| class.map_or(NONE, |class| self.dense(class));
            let entry = end(model.state_entry(region, state));
            let result = end(model.state_result(region, state));
            let owner = model.regions[region.index()].owner.map(|(id, _)| id);
            let by = owner.and_then(|id| {
                let port = model.instance(id).state_port(state)?;
                self.number.get(&model.out_node(id, port)).copied()
            });
            let gamma = owner.is_some_and(|id| model.instance(id).kind == InstanceKind::Gamma);
            let keeps = owner.is_some() && (gamma || entry == result);
            self.source.walks.push(WalkSource {
                region: region.as_u32(),
                entry,
                result,
                by,
                keeps,
            });
        }
    }
}

/// The `io` port of a loop that may never end.
fn diverging(model: &Model<'_>, id: InstanceId) -> Option<usize> {
    let instance = model.instance(id);
    let io = instance.state_port(Type::Io)?;
    let port = &instance.ports[io];
    let bypassed = port.init.map(|init| model.graph.find(init)) == Some(model.graph.find(port.out));
    (instance.kind == InstanceKind::Theta && !bypassed).then_some(io)
}

impl Program {
    /// A selection of the model's own extraction as an answer to the problem.
    pub fn answer(&self, model: &Model<'_>, selection: &Selection) -> Outcome {
        let mut outcome = Outcome::without_choices(&self.problem, Status::Feasible);
        for (at, class) in self.classes.iter().enumerate() {
            outcome.choices[at] = match class {
                Some(class) => {
                    selection.used.get(class).and_then(|id| self.node_of.get(id)).copied()
                }
                // The instance's one node.
                None => self.problem.nodes(ClassIndex(at as u32)).next(),
            };
        }
        let steps = |key: &(RegionId, Type)| {
            let steps = selection.walks.get(key).into_iter().flatten();
            steps.filter_map(|id| self.node_of.get(id)).copied().collect()
        };
        outcome.walks = self.walks.iter().map(steps).collect::<Walks>();
        debug_assert!(selection.walks.keys().all(|key| {
            let ends = (model.state_entry(key.0, key.1), model.state_result(key.0, key.1));
            self.walks.contains(key) || ends.0.is_none() || ends.1.is_none()
        }));
        outcome
    }

    /// A legal answer as a selection that can be decoded.
    pub fn selection(&self, model: &Model<'_>, outcome: &Outcome) -> Option<Selection> {
        let effects = self.problem.effects()?;
        let (choices, walks) = (&outcome.choices, &outcome.walks);
        let program =
            extract::effects::check_program(&self.problem, effects, choices, walks).ok()?;
        let mut selection = Selection::default();
        let mut used: Vec<NodeIndex> = walks.iter().flatten().copied().collect();
        for class in self.problem.classes().filter(|class| program.values[class.index()]) {
            let (node, at) = (choices[class.index()]?, class.index());
            used.push(node);
            if let (Some(id), Some(class)) = (self.nodes[node.index()], self.classes[at]) {
                selection.used.insert(class, id);
            }
        }
        for (at, key) in self.walks.iter().enumerate().filter(|(at, _)| program.live[*at]) {
            let ids: Option<Vec<ENodeId>> =
                walks[at].iter().map(|n| self.nodes[n.index()]).collect();
            selection.walks.insert(*key, ids?);
        }
        for node in used {
            if let Some(id) = self.nodes[node.index()] {
                live_port(model, id, &mut selection);
            }
            for class in effects.reads(node) {
                self.reads(model, class, &program.live, &mut selection);
            }
        }
        Some(selection)
    }

    /// Notes the instances that a read of an outer state passes.
    fn reads(
        &self,
        model: &Model<'_>,
        class: ClassIndex,
        live: &[bool],
        selection: &mut Selection,
    ) {
        let Some(effects) = self.problem.effects() else { return };
        let mut class = class;
        while let Some(at) = effects.walk_of(class).filter(|at| !live[*at]) {
            let (region, state) = self.walks[at];
            let walk: Walk = effects.walks()[at];
            let owner = model.regions[region.index()].owner;
            let Some((id, _)) = owner else { return };
            if let Some(port) = model.instance(id).state_port(state) {
                selection.read.entry(id).or_default().insert(port);
            }
            let outer = walk.by.and_then(|by| effects.source(by));
            let Some(outer) = outer else { return };
            class = outer;
        }
    }
}

/// A node in use makes its port live.
fn live_port(model: &Model<'_>, id: ENodeId, selection: &mut Selection) {
    let node = model.graph.node(id);
    let analysis = model.graph.analysis();
    match (analysis.language.meaning(node.op), analysis.payloads.get(node.payload)) {
        (Meaning::Out, Payload::Port(instance, k)) => {
            selection.live.entry(instance).or_default().insert(k as usize);
        }
        (Meaning::LoopVar, Payload::Index(k)) => {
            if let Some((instance, _)) = model.regions[node.region.index()].owner {
                selection.live.entry(instance).or_default().insert(k as usize);
            }
        }
        _ => {}
    }
}
