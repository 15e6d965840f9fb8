//! Which rules an output of an optimised program stems from.
//!
//! The classes that an output depends on in any of its forms, through operands and regions, each
//! with the rules that made it equal to another form: what a rule was matched on is among them.
//! Rules that state facts act on what is in no form of an output, such as a comparison that folded,
//! and count for every output.

use crate::language::{InstanceId, Meaning, Payload};
use crate::model::Model;
use crate::realise::Set;
use crate::saturate::Saturation;
use egraph_core::{EClassId, ENodeId};
use std::collections::BTreeSet;

/// Rules whose equalities are facts.
const FACTS: &[&str] = &[
    "part-of-truth",
    "equality-holds",
    "branch-fact",
    "loop-fact",
    "comparison-follows",
    "arm-is-unreachable",
];

/// The rules by output: results in order, then states. Approximations count for every output.
pub(crate) fn derivation(
    model: &Model<'_>,
    saturation: &Saturation,
    approximations: &BTreeSet<String>,
) -> Vec<Vec<String>> {
    let outputs = model.results.iter().chain(model.states.values());
    outputs
        .map(|class| {
            let mut cone = Cone { model, classes: Set::default() };
            cone.reach(*class);
            cone.rules(saturation, approximations.clone())
        })
        .collect()
}

/// What an output depends on.
struct Cone<'a, 'f> {
    model: &'a Model<'f>,
    classes: Set<EClassId>,
}

impl Cone<'_, '_> {
    fn reach(&mut self, class: EClassId) {
        let graph = &self.model.graph;
        let mut work = vec![class];
        while let Some(class) = work.pop() {
            let class = graph.find(class);
            if !self.classes.insert(class) {
                continue;
            }
            for node in graph.nodes(class) {
                self.node(node, &mut work);
            }
        }
    }

    fn node(&self, id: ENodeId, work: &mut Vec<EClassId>) {
        let graph = &self.model.graph;
        let node = graph.node(id);
        work.extend(&node.children);
        let owner = self.model.regions[node.region.index()].owner;
        match (
            graph.analysis().language.meaning(node.op),
            graph.analysis().payloads.get(node.payload),
        ) {
            (Meaning::Out, Payload::Port(owner, k)) => self.port(owner, k as usize, work),
            (Meaning::LoopVar | Meaning::Entry, Payload::Index(k)) => {
                if let Some((owner, _)) = owner {
                    self.port(owner, k as usize, work);
                }
            }
            _ => {}
        }
    }

    fn port(&self, owner: InstanceId, k: usize, work: &mut Vec<EClassId>) {
        let instance = self.model.instance(owner);
        let port = &instance.ports[k];
        work.push(instance.predicate);
        work.push(port.out);
        work.extend(port.init);
        work.extend(&port.results);
    }

    fn rules(self, saturation: &Saturation, mut rules: BTreeSet<String>) -> Vec<String> {
        for (class, rule) in &saturation.trail {
            let here = self.classes.contains(&self.model.graph.find(*class));
            if (here || FACTS.contains(&rule.as_str())) && !rules.contains(rule) {
                rules.insert(rule.clone());
            }
        }
        rules.into_iter().collect()
    }
}
