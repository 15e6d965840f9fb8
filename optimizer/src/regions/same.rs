//! Regions that compute the same: two branches on one predicate, or two loops that start alike and
//! go on alike, have equal outputs.
//!
//! Two classes of two regions are *alike* if they have nodes with the same operator and payload
//! whose children are alike; what is imported must be the same class outside. Loop variables and
//! states on entry are taken to be alike where they start from the same, and then their next values
//! must be alike as well: an induction over the iterations, which the predicates make equally
//! many. A class that leads back to itself by operands alone proves nothing.
//!
//! Candidates are found by a hash of what is outside: home, kind, and a gamma's predicate or the
//! operators of a theta's.

use super::Round;
use crate::language::{InstanceId, Meaning, Payload};
use crate::model::{Instance, InstanceKind, Model, OrderMap};
use crate::realise::Set;
use egraph_core::{EClassId, ENodeId};
use rustc_hash::FxHasher;
use std::hash::{Hash, Hasher};

/// Pairs of classes that one proof looks at.
const FUEL: usize = 2_000;
/// Nodes of a class that are compared.
const MAX_NODES: usize = 8;
/// Earlier instances that one is compared with.
const NEAR: usize = 4;
/// Rounds in which a pair is compared: facts that make it alike may come late.
const MAX_ATTEMPTS: usize = 4;

/// A port of one instance and of another.
type Ports = ((InstanceId, usize), (InstanceId, usize));

/// A proof on its way.
struct Likeness<'a, 'f> {
    model: &'a Model<'f>,
    fuel: usize,
    /// Pairs that are alike under what is assumed.
    alike: OrderMap<(EClassId, EClassId), ()>,
    /// Pairs whose operands are being compared.
    open: Set<(EClassId, EClassId)>,
    /// Ports of loops whose variables are taken to be alike; the first few are verified.
    assumed: OrderMap<Ports, ()>,
    verified: usize,
}

impl Likeness<'_, '_> {
    /// Whether what was assumed holds.
    fn settles(&mut self) -> bool {
        while let Some((((i, k), (j, l)), ())) = self.assumed.get_index(self.verified) {
            let (i, k, j, l) = (*i, *k, *j, *l);
            self.verified += 1;
            let next = |id: InstanceId, port: usize| self.model.instance(id).ports[port].results[0];
            let (a, b) = (next(i, k), next(j, l));
            if !self.classes(a, b) {
                return false;
            }
        }
        true
    }

    fn classes(&mut self, a: EClassId, b: EClassId) -> bool {
        let graph = &self.model.graph;
        let pair = (graph.find(a), graph.find(b));
        if pair.0 == pair.1 || self.alike.contains_key(&pair) {
            return true;
        }
        let differ = graph.region(pair.0) == graph.region(pair.1)
            || graph.sort(pair.0) != graph.sort(pair.1)
            || graph.data(pair.0).constant != graph.data(pair.1).constant;
        if differ || self.fuel == 0 || !self.open.insert(pair) {
            return false;
        }
        self.fuel -= 1;
        let nodes: Vec<ENodeId> = graph.nodes(pair.0).take(MAX_NODES).collect();
        let found = nodes.into_iter().any(|node| {
            let others = graph.nodes_of(pair.1, graph.op(node)).take(MAX_NODES);
            others.collect::<Vec<_>>().into_iter().any(|other| self.attempt(node, other))
        });
        self.open.remove(&pair);
        if found {
            self.alike.insert(pair, ());
        }
        found
    }

    /// Compares two nodes; what a failure assumed is forgotten.
    fn attempt(&mut self, a: ENodeId, b: ENodeId) -> bool {
        let (alike, assumed) = (self.alike.len(), self.assumed.len());
        let found = self.nodes(a, b);
        if !found {
            self.alike.truncate(alike);
            self.assumed.truncate(assumed);
        }
        found
    }

    fn nodes(&mut self, a: ENodeId, b: ENodeId) -> bool {
        let graph = &self.model.graph;
        let analysis = graph.analysis();
        let meaning = analysis.language.meaning(graph.op(a));
        let payload = |node: ENodeId| analysis.payloads.get(graph.payload(node));
        let owner = |node: ENodeId| self.model.regions[graph.node(node).region.index()].owner;
        match (meaning, payload(a), payload(b)) {
            (Meaning::Out, Payload::Port(i, k), Payload::Port(j, l)) => {
                self.outputs((i, k as usize), (j, l as usize))
            }
            (Meaning::LoopVar | Meaning::Entry, Payload::Index(k), Payload::Index(l)) => {
                let (Some((i, arm)), Some((j, other))) = (owner(a), owner(b)) else { return false };
                arm == other && self.variables((i, k as usize), (j, l as usize))
            }
            (Meaning::Import, ..) => self.classes(graph.child(a, 0), graph.child(b, 0)),
            _ => {
                let (children, others) = (graph.children(a), graph.children(b));
                graph.payload(a) == graph.payload(b)
                    && children.len() == others.len()
                    && !(children.is_empty() && graph.data(graph.class_of(a)).constant.is_none())
                    && children.iter().zip(&others).all(|(a, b)| self.classes(*a, *b))
            }
        }
    }

    /// What two instances start a variable or a state with.
    fn variables(&mut self, a: (InstanceId, usize), b: (InstanceId, usize)) -> bool {
        let (i, j) = (self.model.instance(a.0), self.model.instance(b.0));
        let (p, q) = (&i.ports[a.1], &j.ports[b.1]);
        let (Some(init), Some(other)) = (p.init, q.init) else { return false };
        if p.ty != q.ty || i.kind != j.kind || i.abandoned || j.abandoned {
            return false;
        }
        if i.kind == InstanceKind::Theta {
            self.assumed.insert((a, b), ());
        }
        self.classes(init, other)
    }

    fn outputs(&mut self, a: (InstanceId, usize), b: (InstanceId, usize)) -> bool {
        let (i, j) = (self.model.instance(a.0), self.model.instance(b.0));
        let (p, q) = (&i.ports[a.1], &j.ports[b.1]);
        let fit = i.kind == j.kind && i.regions.len() == j.regions.len() && p.ty == q.ty;
        if !fit || i.abandoned || j.abandoned || !self.classes(i.predicate, j.predicate) {
            return false;
        }
        match i.kind {
            InstanceKind::Theta => self.variables(a, b),
            InstanceKind::Gamma => {
                p.results.iter().zip(&q.results).all(|(a, b)| self.classes(*a, *b))
            }
        }
    }
}

impl Round<'_, '_> {
    /// Makes the outputs of instances equal that compute the same.
    pub(super) fn same_regions(&mut self) {
        if self.memory.rounds > MAX_ATTEMPTS {
            return;
        }
        let mut alike: OrderMap<u64, Vec<InstanceId>> = OrderMap::default();
        for at in 0..self.model.instances.len() {
            let instance = &self.model.instances[at];
            if !instance.abandoned && !self.graph().is_dead(instance.home) {
                let id = InstanceId(at as u32);
                alike.entry(self.outline(instance)).or_default().push(id);
            }
        }
        let mut equal: Vec<(EClassId, EClassId)> = Vec::new();
        for instances in alike.values() {
            for (at, id) in instances.iter().enumerate() {
                for earlier in &instances[at.saturating_sub(NEAR)..at] {
                    self.alike_outputs(*earlier, *id, &mut equal);
                }
            }
        }
        for (a, b) in equal {
            self.equate("same-regions", a, b);
        }
    }

    /// A hash of what instances that compute the same have in common.
    fn outline(&self, instance: &Instance) -> u64 {
        let (graph, mut hasher) = (self.graph(), FxHasher::default());
        instance.home.index().hash(&mut hasher);
        let predicate = graph.find(instance.predicate);
        match instance.kind {
            InstanceKind::Gamma => predicate.index().hash(&mut hasher),
            InstanceKind::Theta => {
                let mut ops: Vec<usize> =
                    graph.nodes(predicate).map(|node| graph.op(node).index()).collect();
                ops.sort_unstable();
                ops.dedup();
                ops.hash(&mut hasher);
            }
        }
        hasher.finish()
    }

    fn alike_outputs(&self, i: InstanceId, j: InstanceId, equal: &mut Vec<(EClassId, EClassId)>) {
        let (model, graph) = (&*self.model, self.graph());
        let (left, right) = (model.instance(i), model.instance(j));
        if left.kind != right.kind || left.home != right.home {
            return;
        }
        for (k, p) in left.ports.iter().enumerate() {
            for (l, q) in right.ports.iter().enumerate() {
                let same_start = p.init.map(|c| graph.find(c)) == q.init.map(|c| graph.find(c));
                if p.ty != q.ty || !same_start || graph.find(p.out) == graph.find(q.out) {
                    continue;
                }
                let mut likeness = Likeness {
                    model,
                    fuel: FUEL,
                    alike: OrderMap::default(),
                    open: Set::default(),
                    assumed: OrderMap::default(),
                    verified: 0,
                };
                if !likeness.classes(left.predicate, right.predicate) {
                    return;
                }
                if likeness.outputs((i, k), (j, l)) && likeness.settles() {
                    equal.push((p.out, q.out));
                }
            }
        }
    }
}
