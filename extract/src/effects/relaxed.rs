//! A problem without states that every program answers too, at no more cost: a lower bound, and a
//! first choice.
//!
//! Each effect becomes a class of its own, so that it is paid once whoever needs it: its state has
//! a free node that uses it, what needs it has it as a child. From a program comes an answer of the
//! same cost or less: each value as chosen, each state by the effect that makes it first. What is
//! lost: that effects lie on one walk, the order, and what is required but not before.

use super::Effects;
use crate::builder::ProblemBuilder;
use crate::problem::{ClassIndex, NodeIndex, Problem};

/// What a search has decided about a node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Decision {
    #[default]
    Open,
    /// The program has it.
    In,
    /// The program does not have it.
    Out,
}

/// The relaxed problem with the way back.
pub(super) struct Relaxed {
    pub(super) problem: Problem,
    /// The node of the original problem; none where a state is entered or uses its
    /// effect.
    origin: Vec<Option<NodeIndex>>,
    classes: usize,
    effects: Vec<NodeIndex>,
}

/// What an answer to a relaxed problem says about the original one.
pub(super) struct Hint {
    /// The values chosen, whether used or not.
    pub(super) choices: Vec<Option<NodeIndex>>,
    /// The effects in use, by node.
    pub(super) liked: Vec<bool>,
}

/// The nodes that are effects.
pub(super) fn effect_nodes(problem: &Problem, effects: &Effects) -> Vec<NodeIndex> {
    let all = (0..problem.node_count() as u32).map(NodeIndex);
    all.filter(|node| effects.source(*node).is_some()).collect()
}

/// Relaxes a problem under decisions, one per node.
pub(super) fn relax(problem: &Problem, effects: &Effects, decided: &[Decision]) -> Relaxed {
    let classes = problem.class_count();
    let nodes = effect_nodes(problem, effects);
    let mut builder = ProblemBuilder::new();
    for _ in 0..classes + nodes.len() {
        builder.add_class("");
    }
    let mut own = vec![u32::MAX; problem.node_count()];
    for (at, node) in nodes.iter().enumerate() {
        own[node.index()] = (classes + at) as u32;
    }
    let mut origin = Vec::new();
    for class in problem.classes() {
        let entered = effects.walk_of(class).map(|walk| effects.walks()[walk]);
        if let Some(walk) = entered.filter(|walk| walk.entry == class) {
            let outer = walk.by.and_then(|by| effects.source(by));
            let children: Vec<u32> = outer.iter().map(|outer| outer.0).collect();
            builder.add_named_node(class.0, "", "", 0.0, &children);
            origin.push(None);
        }
        let fixed = problem
            .nodes(class)
            .find(|node| decided[node.index()] == Decision::In && effects.source(*node).is_none());
        for node in problem.nodes(class) {
            let effect = own[node.index()] != u32::MAX;
            let other = !effect && fixed.is_some_and(|fixed| fixed != node);
            // States are entered as said above, whatever stands for it among their nodes.
            let entry = !effect && effects.walk_of(class).is_some();
            if decided[node.index()] == Decision::Out || other || entry {
                continue;
            }
            let needs = effects.needs(node).map(|need| own[need.index()]);
            let mut children: Vec<u32> =
                problem.children(node).map(|child| child.0).chain(needs).collect();
            children.retain(|child| *child != own[node.index()]);
            if effect {
                builder.add_named_node(class.0, "", "", 0.0, &[own[node.index()]]);
                origin.push(None);
            }
            let into = if effect { own[node.index()] } else { class.0 };
            builder.add_named_node(into, "", "", problem.cost(node), &children);
            origin.push(Some(node));
            if decided[node.index()] == Decision::In {
                builder.add_root(into);
                effects.requires(node).for_each(|class| builder.add_root(class.0));
            }
        }
    }
    problem.roots().iter().for_each(|root| builder.add_root(root.0));
    for walk in effects.walks().iter().filter(|walk| walk.by.is_none()) {
        builder.add_root(walk.result.0);
    }
    // Nodes are numbered by class: those of the effects' own classes come last, in their order.
    let mut sorted: Vec<Option<NodeIndex>> = Vec::with_capacity(origin.len());
    let is_own = |node: &Option<NodeIndex>| node.is_some_and(|n| own[n.index()] != u32::MAX);
    sorted.extend(origin.iter().filter(|node| !is_own(node)));
    sorted.extend(origin.iter().filter(|node| is_own(node)));
    Relaxed { problem: builder.build(), origin: sorted, classes, effects: nodes }
}

impl Relaxed {
    /// What a legal answer to the relaxed problem says.
    pub(super) fn hint(&self, answer: &[Option<NodeIndex>], nodes: usize) -> Hint {
        let mut liked = vec![false; nodes];
        let mut seen = vec![false; answer.len()];
        let mut stack: Vec<ClassIndex> = self.problem.roots().to_vec();
        while let Some(class) = stack.pop() {
            if std::mem::replace(&mut seen[class.index()], true) {
                continue;
            }
            if let Some(at) = class.index().checked_sub(self.classes) {
                liked[self.effects[at].index()] = true;
            }
            let chosen = answer[class.index()].into_iter();
            stack.extend(chosen.flat_map(|node| self.problem.children(node)));
        }
        let origin = |node: &Option<NodeIndex>| node.and_then(|node| self.origin[node.index()]);
        Hint { choices: answer[..self.classes].iter().map(origin).collect(), liked }
    }
}
