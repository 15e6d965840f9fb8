//! The frozen view that extractors see, and the loop around them: choose, realise, decode, ban.
//!
//! The dense problem has one class per e-class and one node per usable e-node. Beside its operands
//! a node depends on what the program needs with it: an instance's output on the predicate, the
//! port's initial value and its results; a loop variable on the port's initial value. An effect's
//! value depends on the effect's operands, so that an answer never contains its own cause.
//!
//! Regions that cannot be entered stay in the problem: their arms are still part of the program.
//!
//! The last resort is the input program: it is returned where nothing legal or cheaper is found.

use crate::cost::{CostModel, arm_share, known_arm};
use crate::decode::decode;
use crate::greedy::Unsettled;
use crate::language::{Meaning, Payload};
use crate::model::{InstanceKind, Model};
use crate::program::export;
use crate::realise::{Choice, Realiser, Selection, Set, Violation};
use crate::repair::{self, Repair};
use crate::trips::of_theta;
use egraph_core::{EClassId, ENodeId};
use extract::{Control, Extractor, NodeIndex, Problem, ProblemBuilder, StateWalks, Status};
use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;
use rvsdg::{Function, NodeKind};

/// Choices tried before the input is returned.
const MAX_ATTEMPTS: usize = 40;
/// Nodes of all subproblems of an exact search together.
const EXACT_WORK: usize = 20_000;
/// Candidates for one ban.
const MAX_CANDIDATES: usize = 64;
/// Times that bans of the input's nodes are taken back where they lead nowhere.
const RELEASES: usize = 8;

/// An extracted program with the choice that it was made from.
pub struct Extracted {
    /// The program.
    pub function: Function,
    /// The node chosen for each class.
    pub choice: Choice,
    /// What the program uses of it.
    pub selection: Selection,
}

/// Extracts the program of least estimated cost that an extractor finds and that is legal, without
/// the nodes in `without`.
///
/// The extractor chooses once. What is illegal about its choice is banned, one node for each thing
/// that is wrong, and the choice repaired where the bans touch it. Where that ends without a
/// program, the choice starts anew from a simpler one.
pub fn extract_program(
    model: &Model<'_>,
    extractor: &dyn Extractor,
    without: &[ENodeId],
) -> Option<Extracted> {
    extract_then(model, extractor, without, |_, found| found)
}

/// As [`extract_program`], and what `then` makes of the program.
pub(crate) fn extract_then(
    model: &Model<'_>,
    extractor: &dyn Extractor,
    without: &[ENodeId],
    then: impl FnOnce(&mut Attempts<'_, '_>, Extracted) -> Extracted,
) -> Option<Extracted> {
    let copies: Vec<ENodeId> = model.outputs_of_copies().collect();
    // Loops and branches in several shapes have many programs with effects twice or not at all:
    // where the bans lead nowhere, the shapes of the input are tried alone. From another choice the
    // bans lead elsewhere.
    let starts: [(&dyn Extractor, &[ENodeId]); 3] =
        [(extractor, &[]), (extractor, &copies), (&Unsettled, &[])];
    for (at, (extractor, fewer)) in starts.into_iter().enumerate() {
        if at == 1 && fewer.is_empty() {
            continue;
        }
        let banned: Set<ENodeId> = without.iter().chain(fewer).copied().collect();
        let (problem, nodes) = freeze_with(model, &banned, true);
        let parents = problem.parents();
        let outcome = extractor.extract(&problem, &Control::default());
        if problem.roots().iter().any(|root| outcome.choices[root.index()].is_none()) {
            continue;
        }
        let repair = Repair::new(&problem, &parents, outcome.choices);
        let mut attempts = Attempts::new(model, &nodes, repair, banned);
        if let Some(found) = attempts.legal(MAX_ATTEMPTS, RELEASES) {
            return Some(then(&mut attempts, found));
        }
    }
    None
}

/// Choices and bans at some moment.
pub(crate) type State = (repair::State, Set<ENodeId>);

/// A choice on its way to a program.
pub(crate) struct Attempts<'a, 'f> {
    model: &'a Model<'f>,
    /// The e-node of each node of the problem.
    nodes: &'a [ENodeId],
    number: HashMap<ENodeId, NodeIndex, FxBuildHasher>,
    classes: Vec<EClassId>,
    repair: Repair<'a>,
    banned: Set<ENodeId>,
}

impl<'a, 'f> Attempts<'a, 'f> {
    fn new(
        model: &'a Model<'f>,
        nodes: &'a [ENodeId],
        repair: Repair<'a>,
        banned: Set<ENodeId>,
    ) -> Self {
        let numbered = nodes.iter().enumerate();
        let number = numbered.map(|(at, node)| (*node, NodeIndex(at as u32))).collect();
        let classes = model.graph.classes().collect();
        Attempts { model, nodes, number, classes, repair, banned }
    }

    /// The model that is extracted from.
    pub(crate) fn model(&self) -> &'a Model<'f> {
        self.model
    }

    /// What [`Attempts::restore`] goes back to.
    pub(crate) fn state(&self) -> State {
        (self.repair.state(), self.banned.clone())
    }

    /// Takes back all bans since then.
    pub(crate) fn restore(&mut self, (choices, banned): State) {
        self.repair.restore(choices);
        self.banned = banned;
    }

    /// Bans what is illegal about the choice, one node for each thing that is wrong, until nothing
    /// is. Where no ban is left, those of the input's nodes are taken back, some times: the input is
    /// legal, so that the others alone lead to a program.
    pub(crate) fn legal(&mut self, attempts: usize, mut releases: usize) -> Option<Extracted> {
        for _ in 0..attempts {
            let choice = self.choice();
            let violation = match attempt(self.model, &choice, &self.banned) {
                Ok((selection, function)) => {
                    return Some(Extracted { function, choice, selection });
                }
                Err(violation) => violation,
            };
            if self.ban_each(&violation) {
                continue;
            }
            if releases == 0 || !self.release() || !self.ban_each(&violation) {
                return None;
            }
            releases -= 1;
        }
        None
    }

    /// Bans one node for each thing that is wrong; whether there was one for any.
    fn ban_each(&mut self, violation: &Violation) -> bool {
        let mut banned = false;
        for culprits in &violation.culprits {
            banned |= culprits.iter().take(MAX_CANDIDATES).any(|node| self.ban(*node));
        }
        banned
    }

    /// Takes back the bans of nodes of the input; whether there were any.
    fn release(&mut self) -> bool {
        let mut released = Vec::new();
        for (at, node) in self.nodes.iter().enumerate() {
            if node.index() < self.model.input_nodes && self.banned.remove(node) {
                released.push(NodeIndex(at as u32));
            }
        }
        self.repair.release(&released);
        !released.is_empty()
    }

    /// The choice by class index of the e-graph.
    fn choice(&self) -> Choice {
        let mut choice: Choice = vec![None; self.model.graph.class_bound()];
        for (class, node) in self.classes.iter().zip(self.repair.choices()) {
            choice[class.index()] = node.map(|node| self.nodes[node.index()]);
        }
        choice
    }

    /// Bans a node if the roots have a choice without it.
    pub(crate) fn ban(&mut self, node: ENodeId) -> bool {
        let number = self.number.get(&node).copied();
        number.is_some_and(|number| self.repair.ban(number)) && self.banned.insert(node)
    }
}

fn attempt(
    model: &Model<'_>,
    choice: &Choice,
    banned: &Set<ENodeId>,
) -> Result<(Selection, Function), Violation> {
    let selection = Realiser::new(model, choice, banned).run()?;
    let function = decode(model, &selection)?;
    debug_assert_eq!(crate::legality::check(model, &selection), [], "an illegal selection");
    Ok((selection, function))
}

/// The program of least cost of a small e-graph, or the best that a bounded search finds: values,
/// effects and walks are chosen together ([`extract::StateWalks`]). With it, whether no program costs
/// less.
pub fn extract_exactly(model: &Model<'_>) -> Option<(Extracted, bool)> {
    let program = export(model);
    let steps = EXACT_WORK / program.problem.node_count().max(1);
    let control = Control { steps: Some(steps), ..Control::default() };
    let outcome = StateWalks.extract(&program.problem, &control);
    let selection = program.selection(model, &outcome)?;
    let function = decode(model, &selection).ok()?;
    debug_assert_eq!(crate::legality::check(model, &selection), [], "an illegal selection");
    let mut choice: Choice = vec![None; model.graph.class_bound()];
    for (class, node) in &selection.used {
        choice[class.index()] = Some(*node);
    }
    let proved = outcome.status == Status::Optimal;
    Some((Extracted { function, choice, selection }, proved))
}

/// The dense problem of a model, with the e-node of each of its nodes.
pub fn freeze(model: &Model<'_>, banned: &Set<ENodeId>) -> (Problem, Vec<ENodeId>) {
    freeze_with(model, banned, false)
}

/// As [`freeze`]; with `overhead`, an instance's outputs share a class of their own behind the
/// others that stands for entering the instance.
fn freeze_with(
    model: &Model<'_>,
    banned: &Set<ENodeId>,
    overhead: bool,
) -> (Problem, Vec<ENodeId>) {
    let graph = &model.graph;
    let mut position = vec![u32::MAX; graph.class_bound()];
    let mut builder = ProblemBuilder::new();
    for class in graph.classes() {
        position[class.index()] = builder.add_class(&class.to_string());
    }
    let dense = |class: EClassId| position[graph.find(class).index()];
    let instances = if overhead { model.instances.as_slice() } else { &[] };
    let entered: Vec<u32> =
        (0..instances.len()).map(|at| builder.add_class(&format!("instance {at}"))).collect();
    let mut nodes = Vec::new();
    for class in graph.classes() {
        for id in graph.nodes(class) {
            let payload = graph.analysis().payloads.get(graph.payload(id));
            let owner = if let Payload::Port(owner, _) = payload { Some(owner) } else { None };
            let abandoned = owner.is_some_and(|owner| model.instance(owner).abandoned);
            if banned.contains(&id) || abandoned {
                continue;
            }
            let mut children: Vec<u32> = dependencies(model, id).into_iter().map(dense).collect();
            if let Some(owner) = owner {
                children.extend(entered.get(owner.index()));
            }
            let name = graph.signature().op_name(graph.op(id));
            builder.add_node(dense(class), name, model.node_weight(id), &children);
            nodes.push(id);
        }
    }
    for (instance, class) in instances.iter().zip(entered) {
        // As in `cost_of`: a loop pays for every iteration.
        let region = match instance.kind {
            InstanceKind::Gamma => instance.home,
            InstanceKind::Theta => instance.regions[0],
        };
        let cost = model.costs.instance() * model.regions[region.index()].frequency;
        builder.add_node(class, "instance", cost, &[dense(instance.predicate)]);
    }
    for class in model.results.iter().chain(model.states.values()) {
        builder.add_root(dense(*class));
    }
    (builder.build(), nodes)
}

/// The classes that a node needs.
fn dependencies(model: &Model<'_>, id: ENodeId) -> Vec<EClassId> {
    let node = model.graph.node(id);
    let analysis = model.graph.analysis();
    let payload = analysis.payloads.get(node.payload);
    match (analysis.language.meaning(node.op), payload) {
        (Meaning::Out, Payload::Port(instance, k)) => {
            let instance = model.instance(instance);
            let port = &instance.ports[k as usize];
            let init = port.init.into_iter();
            init.chain(port.results.iter().copied()).chain([instance.predicate]).collect()
        }
        (Meaning::LoopVar | Meaning::Entry, Payload::Index(k)) => {
            let owner = model.regions[node.region.index()].owner;
            let port = owner.and_then(|(id, _)| model.instance(id).ports.get(k as usize));
            port.and_then(|port| port.init).into_iter().collect()
        }
        _ => node.children.to_vec(),
    }
}

/// Whether a region itself contains a loop.
fn has_loop(function: &Function, region: rvsdg::RegionId) -> bool {
    let nodes = &function.region(region).nodes;
    nodes.iter().any(|node| matches!(function.node(*node).kind, NodeKind::Theta { .. }))
}

/// Estimated cost of one call of a function: weights of its operations, times the estimated
/// executions of their regions.
pub fn cost_of(function: &Function, costs: &CostModel) -> f64 {
    let mut total = 0.0;
    let mut work = vec![(function.body(), 1.0_f64)];
    while let Some((region, frequency)) = work.pop() {
        for node in &function.region(region).nodes {
            match &function.node(*node).kind {
                NodeKind::Simple(op) => total += costs.weight(*op) * frequency,
                NodeKind::Gamma { arms } => {
                    total += costs.instance() * frequency;
                    let loops: Vec<bool> =
                        arms.iter().map(|arm| has_loop(function, *arm)).collect();
                    let predicate = function.node(*node).operands[0];
                    let known = known_arm(function.as_const(predicate));
                    let share = |arm| frequency * arm_share(&loops, arm, known);
                    work.extend(arms.iter().enumerate().map(|(k, arm)| (*arm, share(k))));
                }
                NodeKind::Theta { body } => {
                    let operands = &function.node(*node).operands;
                    let trips = of_theta(function, *body, operands).estimate;
                    total += costs.instance() * frequency * trips;
                    work.push((*body, frequency * trips));
                }
            }
        }
    }
    total
}
