//! Independent parts of a problem.

use crate::builder::ProblemBuilder;
#[cfg(any(feature = "highs", feature = "maxsat"))]
use crate::extractor::{Control, Outcome, Status};
use crate::problem::{ClassIndex, NodeIndex, Problem};

/// A part of a problem that shares no class with the rest.
#[derive(Clone, Debug)]
pub struct Component {
    /// The part.
    pub problem: Problem,
    /// Node of the whole behind each node of the part.
    pub nodes: Vec<NodeIndex>,
}

impl Component {
    /// Writes an answer to the part into an answer to the whole.
    pub fn place(
        &self,
        whole: &Problem,
        choices: &[Option<NodeIndex>],
        into: &mut [Option<NodeIndex>],
    ) {
        for node in choices.iter().flatten().map(|node| self.nodes[node.index()]) {
            into[whole.class(node).index()] = Some(node);
        }
    }

    /// The answer to the part within an answer to the whole.
    pub fn take(&self, whole: &Problem, choices: &[Option<NodeIndex>]) -> Vec<Option<NodeIndex>> {
        let mut own = vec![None; self.problem.class_count()];
        for (at, node) in self.nodes.iter().enumerate() {
            if choices[whole.class(*node).index()] == Some(*node) {
                let node = NodeIndex(at as u32);
                own[self.problem.class(node).index()] = Some(node);
            }
        }
        own
    }
}

/// The parts of a problem that share no class, those without roots left out; in order of their
/// first class. Each can be answered on its own, with any costs. Nearly linear.
pub fn components(problem: &Problem) -> Vec<Component> {
    fn find(parent: &mut [u32], mut at: u32) -> u32 {
        while parent[at as usize] != at {
            parent[at as usize] = parent[parent[at as usize] as usize];
            at = parent[at as usize];
        }
        at
    }
    let mut parent: Vec<u32> = (0..problem.class_count() as u32).collect();
    for node in (0..problem.node_count() as u32).map(NodeIndex) {
        let own = find(&mut parent, problem.class(node).0);
        for child in problem.children(node) {
            let child = find(&mut parent, child.0);
            let own = find(&mut parent, own);
            parent[child.max(own) as usize] = child.min(own);
        }
    }
    let mut part = vec![u32::MAX; problem.class_count()];
    let mut builders: Vec<(ProblemBuilder, Vec<NodeIndex>)> = Vec::new();
    for root in problem.roots() {
        let top = find(&mut parent, root.0) as usize;
        if part[top] == u32::MAX {
            part[top] = builders.len() as u32;
            builders.push((ProblemBuilder::new(), Vec::new()));
        }
    }
    let mut number = vec![u32::MAX; problem.class_count()];
    for class in problem.classes() {
        let own = part[find(&mut parent, class.0) as usize];
        part[class.index()] = own;
        if own != u32::MAX {
            let builder = &mut builders[own as usize].0;
            number[class.index()] = builder.add_class(problem.class_name(class));
        }
    }
    let number = |class: ClassIndex| number[class.index()];
    for node in (0..problem.node_count() as u32).map(NodeIndex) {
        let class = problem.class(node);
        if part[class.index()] == u32::MAX {
            continue;
        }
        let (builder, nodes) = &mut builders[part[class.index()] as usize];
        let children: Vec<u32> = problem.children(node).map(number).collect();
        let (name, op) = (problem.node_name(node), problem.op(node));
        builder.add_named_node(number(class), name, op, problem.cost(node), &children);
        nodes.push(node);
    }
    for root in problem.roots() {
        builders[part[root.index()] as usize].0.add_root(number(*root));
    }
    builders
        .into_iter()
        .map(|(builder, nodes)| Component { problem: builder.build(), nodes })
        .collect()
}

/// Answers a problem part by part, the smallest first, each with an equal share of the time left.
/// The observer hears of a single part only.
#[cfg(any(feature = "highs", feature = "maxsat"))]
pub(crate) fn answer_parts(
    problem: &Problem,
    control: &Control,
    solve: impl Fn(&Problem, &Control) -> Outcome,
) -> Outcome {
    let mut parts = components(problem);
    if let [part] = parts.as_slice()
        && part.nodes.len() == problem.node_count()
    {
        return solve(problem, control);
    }
    parts.sort_by_key(|part| part.problem.node_count());
    let mut choices = vec![None; problem.class_count()];
    let (mut bound, mut status) = (Some(0.0), Status::Optimal);
    for (at, part) in parts.iter().enumerate() {
        let control = control.share(((parts.len() - at) as f64).recip());
        let solved = solve(&part.problem, &control);
        match solved.status {
            Status::Infeasible | Status::Unsupported => {
                return Outcome::without_choices(problem, solved.status);
            }
            Status::Feasible => status = Status::Feasible,
            Status::Optimal => {}
        }
        bound = bound.zip(solved.bound).map(|(all, part)| all + part);
        part.place(problem, &solved.choices, &mut choices);
    }
    Outcome { choices, walks: Vec::new(), status, bound }
}
