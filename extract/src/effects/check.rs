//! The independent checker of programs: walks, demands, order, cost.
//!
//! Shares no code with the extractors. Time linear in the answer, but for states that recur on
//! their walk: where those that read such a state belong is found by trying.

use super::order::{Order, Placed};
use super::{Effects, Walks};
use crate::problem::{ClassIndex, NodeIndex, Problem};
use std::fmt;

/// A legal answer, and what it uses.
#[derive(Clone, Debug, PartialEq)]
pub struct Program {
    /// Sum of the costs of what is used, each node once.
    pub cost: f64,
    /// The values in use, by class.
    pub values: Vec<bool>,
    /// Which walks are live.
    pub live: Vec<bool>,
}

/// What is wrong with an answer to a problem with states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EffectError {
    /// There are not as many choices as classes, or walks as the problem has.
    WrongLength,
    /// A value that is used has no choice.
    Missing(ClassIndex),
    /// The node chosen for a class belongs to another one, or is an effect.
    ForeignNode(ClassIndex),
    /// A walk does not lead from its entry to its result, or has a node twice.
    Broken(usize),
    /// A walk that is not live has effects.
    NotLive(usize),
    /// A node reads a state that is on no live walk.
    Unread(NodeIndex, ClassIndex),
    /// A node needs an effect that is on no live walk.
    Unmet(NodeIndex, NodeIndex),
    /// These nodes wait for each other.
    Unordered(Vec<NodeIndex>),
}

impl fmt::Display for EffectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EffectError::WrongLength => {
                f.write_str("there is not one choice per class and one sequence per walk")
            }
            EffectError::Missing(class) => write!(f, "{class:?} is needed and has no choice"),
            EffectError::ForeignNode(class) => {
                write!(f, "the choice of {class:?} is not a value of it")
            }
            EffectError::Broken(walk) => write!(f, "walk {walk} does not reach its result"),
            EffectError::NotLive(walk) => write!(f, "walk {walk} is not live and has effects"),
            EffectError::Unread(node, class) => {
                write!(f, "{node:?} reads {class:?}, which is never current")
            }
            EffectError::Unmet(node, effect) => {
                write!(f, "{node:?} needs {effect:?}, which does not happen")
            }
            EffectError::Unordered(nodes) => write!(f, "{nodes:?} wait for each other"),
        }
    }
}

impl std::error::Error for EffectError {}

/// Checks an answer to a problem with states.
///
/// # Errors
/// The first defect found.
pub fn check_program(
    problem: &Problem,
    effects: &Effects,
    choices: &[Option<NodeIndex>],
    walks: &Walks,
) -> Result<Program, EffectError> {
    if choices.len() != problem.class_count() || walks.len() != effects.walks().len() {
        return Err(EffectError::WrongLength);
    }
    let live = live_walks(problem, effects, walks)?;
    let mut used = Used { problem, effects, choices, values: vec![false; choices.len()] };
    let mut nodes: Vec<NodeIndex> = walks.iter().flatten().copied().collect();
    let mut stack: Vec<ClassIndex> = problem.roots().to_vec();
    for node in &nodes {
        stack.extend(problem.children(*node).chain(effects.requires(*node)));
    }
    used.close(stack, &mut nodes)?;
    for node in &nodes {
        let happens = |effect: &NodeIndex| {
            let walk = effects.walk_of(problem.class(*effect));
            walk.is_some_and(|walk| walks[walk].contains(effect))
        };
        if let Some(unmet) = effects.needs(*node).find(|effect| !happens(effect)) {
            return Err(EffectError::Unmet(*node, unmet));
        }
    }
    let placed = Placed { problem, effects, walks, live: &live, values: &used.values, choices };
    Order::new(&placed, &nodes)?.find()?;
    let cost = nodes.iter().map(|node| problem.cost(*node)).sum();
    Ok(Program { cost, values: used.values, live })
}

/// Which walks are live; each must lead from its entry to its result.
fn live_walks(
    problem: &Problem,
    effects: &Effects,
    walks: &Walks,
) -> Result<Vec<bool>, EffectError> {
    let mut live = vec![false; walks.len()];
    let mut stack: Vec<usize> =
        (0..walks.len()).filter(|at| effects.walks()[*at].by.is_none()).collect();
    while let Some(at) = stack.pop() {
        if std::mem::replace(&mut live[at], true) {
            continue;
        }
        let (walk, steps) = (effects.walks()[at], &walks[at]);
        let mut here = walk.entry;
        for (place, step) in steps.iter().enumerate() {
            let known = step.index() < problem.node_count();
            if !known || effects.source(*step) != Some(here) || steps[..place].contains(step) {
                return Err(EffectError::Broken(at));
            }
            here = problem.class(*step);
            stack.extend(effects.opened_by(*step));
        }
        if here != walk.result {
            return Err(EffectError::Broken(at));
        }
    }
    match (0..walks.len()).find(|at| !live[*at] && !walks[*at].is_empty()) {
        Some(at) => Err(EffectError::NotLive(at)),
        None => Ok(live),
    }
}

struct Used<'a> {
    problem: &'a Problem,
    effects: &'a Effects,
    choices: &'a [Option<NodeIndex>],
    values: Vec<bool>,
}

impl Used<'_> {
    /// Marks the values that the classes on the stack lead to, and adds their nodes.
    fn close(
        &mut self,
        mut stack: Vec<ClassIndex>,
        nodes: &mut Vec<NodeIndex>,
    ) -> Result<(), EffectError> {
        while let Some(class) = stack.pop() {
            if self.effects.walk_of(class).is_some()
                || std::mem::replace(&mut self.values[class.index()], true)
            {
                continue;
            }
            let node = self.choices[class.index()].ok_or(EffectError::Missing(class))?;
            if node.index() >= self.problem.node_count() || self.problem.class(node) != class {
                return Err(EffectError::ForeignNode(class));
            }
            nodes.push(node);
            stack.extend(self.problem.children(node).chain(self.effects.requires(node)));
        }
        Ok(())
    }
}
