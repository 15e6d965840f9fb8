//! An independent judge of selections: what makes one node per class and one walk per state a
//! program.
//!
//! Nothing here is shared with the realiser that makes selections or the decoder that orders them;
//! all that is wrong is collected. The rules, with what breaks when one is missing:
//!
//! | rule | otherwise |
//! |---|---|
//! | [`Rule::Walk`] | a state is forked, or an effect happens twice |
//! | [`Rule::SameNode`] | the value of one effect is read while another one happens |
//! | [`Rule::Stale`] | a load or a check sees memory that is not there |
//! | [`Rule::Escape`] | a value is used outside of the region that computes it |
//! | [`Rule::Ports`] | the regions of an instance disagree about what they pass on |
//! | [`Rule::Divergence`] | a loop that may not end is started before what comes first |
//! | [`Rule::Once`] | an instance is executed for a state that its walk does not have |
//! | [`Rule::Cycle`] | a value needs itself |

use crate::language::{InstanceId, Meaning, Payload};
use crate::model::{InstanceKind, Model};
use crate::realise::{Selection, Set, positions};
use egraph_core::{EClassId, ENodeId, RegionId};
use rvsdg::Type;

/// What a selection must keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Effects of a region form one path from its entry state to its result, each once.
    Walk,
    /// A value of an effect is read only where that very effect is on the walk.
    SameNode,
    /// A state that is read is passed by the walk of its region.
    Stale,
    /// Operands lie in the region of their user; only imports look at the region around it.
    Escape,
    /// A live port has an initial value and a result in every region, all in use.
    Ports,
    /// A loop that may not end is on the `io` walk.
    Divergence,
    /// A live state port is on the walk of the region around it, and a dead one is not.
    Once,
    /// The values of a program form no cycle.
    Cycle,
}

/// A broken rule, with the class or node where it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Illegal {
    /// The rule.
    pub rule: Rule,
    /// The node, if one is to blame.
    pub node: Option<ENodeId>,
}

/// Every rule that a selection breaks; none for a legal one. Linear in the selection.
pub fn check(model: &Model<'_>, selection: &Selection) -> Vec<Illegal> {
    let mut judge = Judge { model, selection, found: Vec::new() };
    judge.walks();
    judge.values();
    judge.instances();
    judge.cycles();
    judge.found
}

struct Judge<'a, 'f> {
    model: &'a Model<'f>,
    selection: &'a Selection,
    found: Vec<Illegal>,
}

impl Judge<'_, '_> {
    fn blame(&mut self, rule: Rule, node: Option<ENodeId>) {
        self.found.push(Illegal { rule, node });
    }

    fn on_walk(&self, region: RegionId, state: Type, node: ENodeId) -> bool {
        let walk = self.selection.walks.get(&(region, state));
        walk.is_some_and(|walk| walk.contains(&node))
    }

    fn is_used(&self, class: EClassId) -> bool {
        self.selection.used.contains_key(&self.model.graph.find(class))
    }

    fn walks(&mut self) {
        let (model, graph) = (self.model, &self.model.graph);
        for (state, _) in &model.states {
            if !self.selection.walks.contains_key(&(RegionId::ROOT, *state)) {
                self.blame(Rule::Walk, None);
            }
        }
        for (key, walk) in &self.selection.walks {
            let (region, state) = *key;
            let mut at = model.state_entry(region, state);
            let mut seen: Set<ENodeId> = Set::default();
            for node in walk {
                let source = model.effect_source(*node).map(|class| graph.find(class));
                let here = graph.node(*node).region == region;
                let kind = model.ty(graph.class_of(*node)) == state;
                if source != at || !here || !kind || !seen.insert(*node) {
                    self.blame(Rule::Walk, Some(*node));
                }
                at = Some(graph.class_of(*node));
            }
            if at != model.state_result(region, state) {
                self.blame(Rule::Walk, walk.last().copied());
            }
        }
    }

    /// Operands of what is chosen and of what happens on walks.
    fn values(&mut self) {
        let (model, selection) = (self.model, self.selection);
        let graph = &model.graph;
        for class in &model.results {
            if !self.is_used(*class) {
                self.blame(Rule::Ports, None);
            }
        }
        for (class, node) in &selection.used {
            if graph.class_of(*node) != *class || model.ty(*class).is_state() {
                self.blame(Rule::Escape, Some(*node));
            }
            self.operands(*node, false);
        }
        for node in selection.walks.values().flatten() {
            if model.is_effect(*node) {
                self.operands(*node, true);
            }
        }
    }

    fn operands(&mut self, id: ENodeId, effect: bool) {
        let (model, graph) = (self.model, &self.model.graph);
        let node = graph.node(id);
        let language = &graph.analysis().language;
        let meaning = language.meaning(node.op);
        if let Meaning::Value(op) = meaning {
            let twin = language.find(op, node.children.len());
            let effects = self.selection.walks.get(&(node.region, Type::Io)).into_iter().flatten();
            let mut same = effects.filter(|effect| {
                Some(graph.op(**effect)) == twin
                    && graph.payload(**effect) == node.payload
                    && graph.children(**effect) == node.children
            });
            if same.next().is_none() {
                self.blame(Rule::SameNode, Some(id));
            }
            return;
        }
        let import = meaning == Meaning::Import;
        let from = if import { graph.parent(node.region) } else { Some(node.region) };
        for (k, child) in node.children.iter().enumerate() {
            let ty = model.ty(*child);
            if Some(graph.region(*child)) != from || import && ty.is_state() {
                self.blame(Rule::Escape, Some(id));
            } else if !ty.is_state() {
                if !self.is_used(*child) {
                    self.blame(Rule::Escape, Some(id));
                }
            } else if !(effect && k == 0 || self.is_current(node.region, ty, *child)) {
                self.blame(Rule::Stale, Some(id));
            }
        }
    }

    /// Whether a walk passes a class: that of its region, or where the region leaves the state
    /// alone, that of the region around it.
    fn is_current(&self, region: RegionId, state: Type, class: EClassId) -> bool {
        let model = self.model;
        if let Some(walk) = self.selection.walks.get(&(region, state)) {
            return positions(model, (region, state), walk).contains(&model.graph.find(class));
        }
        let Some((id, _)) = model.regions[region.index()].owner else { return false };
        let instance = model.instance(id);
        let Some(k) = instance.state_port(state) else { return false };
        let port = &instance.ports[k];
        let entry = model.state_entry(region, state);
        let stays =
            instance.kind == InstanceKind::Gamma || model.state_result(region, state) == entry;
        let read = self.selection.read.get(&id).is_some_and(|read| read.contains(&k));
        let outside = port.init.filter(|_| entry == Some(model.graph.find(class)) && stays && read);
        outside.is_some_and(|init| self.is_current(instance.home, state, init))
    }

    fn instances(&mut self) {
        let (model, selection) = (self.model, self.selection);
        for (id, live) in &selection.live {
            let instance = model.instance(*id);
            if instance.abandoned || !self.is_used(instance.predicate) {
                self.blame(Rule::Ports, None);
            }
            for (k, port) in instance.ports.iter().enumerate() {
                let out = model.out_node(*id, k);
                let on_walk = port.ty.is_state() && self.on_walk(instance.home, port.ty, out);
                if on_walk != (port.ty.is_state() && live.contains(&k)) {
                    self.blame(Rule::Once, Some(out));
                }
                if live.contains(&k) {
                    self.port(*id, k, out);
                }
            }
            let io = instance.state_port(Type::Io).map(|k| (k, &instance.ports[k]));
            let may_diverge = io.is_some_and(|(_, port)| {
                let find = |class: EClassId| model.graph.find(class);
                port.init.map(find) != Some(find(port.out))
            });
            if instance.kind == InstanceKind::Theta
                && may_diverge
                && io.is_some_and(|(k, _)| !live.contains(&k))
            {
                self.blame(Rule::Divergence, None);
            }
        }
        for node in selection.used.values() {
            let needs = match (self.meaning(*node), self.payload(*node)) {
                (Meaning::Out, Payload::Port(id, k)) => Some((id, k as usize)),
                (Meaning::LoopVar, Payload::Index(k)) => {
                    let owner = model.regions[model.graph.node(*node).region.index()].owner;
                    owner.map(|(id, _)| (id, k as usize))
                }
                _ => None,
            };
            if needs.is_some_and(|(id, k)| !selection.live.get(&id).is_some_and(|l| l.contains(&k)))
            {
                self.blame(Rule::Ports, Some(*node));
            }
        }
    }

    fn port(&mut self, id: InstanceId, k: usize, out: ENodeId) {
        let instance = self.model.instance(id);
        let port = &instance.ports[k];
        let complete = port.results.len() == instance.regions.len();
        let inside = instance.regions.iter().zip(&port.results).all(|(region, result)| {
            self.model.graph.region(*result) == *region
                && if port.ty.is_state() {
                    self.selection.walks.contains_key(&(*region, port.ty))
                } else {
                    self.is_used(*result)
                }
        });
        let entered = port.ty.is_state() || port.init.is_none_or(|init| self.is_used(init));
        if !(complete && inside && entered) {
            self.blame(Rule::Ports, Some(out));
        }
    }

    fn meaning(&self, node: ENodeId) -> Meaning {
        self.model.graph.analysis().language.meaning(self.model.graph.op(node))
    }

    fn payload(&self, node: ENodeId) -> Payload {
        self.model.graph.analysis().payloads.get(self.model.graph.payload(node))
    }

    /// Values that need themselves through operands alone: loops carry theirs through ports.
    fn cycles(&mut self) {
        let graph = &self.model.graph;
        let (mut open, mut closed): (Set<EClassId>, Set<EClassId>) = Default::default();
        let mut cyclic = Vec::new();
        for class in self.selection.used.keys() {
            let mut stack = vec![(*class, false)];
            while let Some((class, leaving)) = stack.pop() {
                if leaving {
                    open.remove(&class);
                    closed.insert(class);
                    continue;
                }
                if closed.contains(&class) {
                    continue;
                }
                let node = self.selection.used.get(&class);
                if !open.insert(class) {
                    cyclic.push(node.copied());
                    continue;
                }
                stack.push((class, true));
                let children = node.map(|node| graph.children(*node)).unwrap_or_default();
                let values = children.into_iter().filter(|child| !self.model.ty(*child).is_state());
                stack.extend(values.map(|child| (child, false)));
            }
        }
        for node in cyclic {
            self.blame(Rule::Cycle, node);
        }
    }
}
