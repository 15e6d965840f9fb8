//! The independent checker: is an answer complete and acyclic, and what does it cost?
//!
//! Shares no code with the extractors. No recursion: answers may be arbitrarily deep.

use crate::problem::{ClassIndex, NodeIndex, Problem};
use std::fmt;

/// Recomputed costs of a legal answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Checked {
    /// Each use of a shared class paid again; saturates at infinity.
    pub tree_cost: f64,
    /// Each class paid once.
    pub dag_cost: f64,
}

/// What is wrong with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckError {
    /// There are not as many choices as classes.
    WrongLength,
    /// A class that the answer needs has no choice.
    Missing(ClassIndex),
    /// The node chosen for a class belongs to another one.
    ForeignNode(ClassIndex),
    /// A class needs itself.
    Cycle(ClassIndex),
}

impl fmt::Display for CheckError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CheckError::WrongLength => f.write_str("there is not one choice per class"),
            CheckError::Missing(class) => write!(f, "{class:?} is needed and has no choice"),
            CheckError::ForeignNode(class) => write!(f, "the choice of {class:?} is not its node"),
            CheckError::Cycle(class) => write!(f, "{class:?} needs itself"),
        }
    }
}

impl std::error::Error for CheckError {}

/// Checks an answer from the roots on.
///
/// # Errors
/// The first defect found.
pub fn check(problem: &Problem, choices: &[Option<NodeIndex>]) -> Result<Checked, CheckError> {
    if choices.len() != problem.class_count() {
        return Err(CheckError::WrongLength);
    }
    let order = post_order(problem, choices)?;
    let mut tree = vec![0.0_f64; problem.class_count()];
    let mut dag_cost = 0.0;
    for class in order {
        let node = choices[class.index()].ok_or(CheckError::Missing(class))?;
        dag_cost += problem.cost(node);
        let below: f64 = problem.uses(node).map(|(c, n)| f64::from(n) * tree[c.index()]).sum();
        tree[class.index()] = problem.cost(node) + below;
    }
    let tree_cost = problem.roots().iter().map(|root| tree[root.index()]).sum();
    Ok(Checked { tree_cost, dag_cost })
}

/// Classes that the roots need, children first.
fn post_order(
    problem: &Problem,
    choices: &[Option<NodeIndex>],
) -> Result<Vec<ClassIndex>, CheckError> {
    #[derive(Clone, Copy, PartialEq)]
    enum Mark {
        New,
        Open,
        Done,
    }
    let mut marks = vec![Mark::New; problem.class_count()];
    let mut order = Vec::new();
    let mut stack: Vec<(ClassIndex, bool)> =
        problem.roots().iter().rev().map(|root| (*root, false)).collect();
    while let Some((class, leaving)) = stack.pop() {
        if leaving {
            marks[class.index()] = Mark::Done;
            order.push(class);
            continue;
        }
        match marks[class.index()] {
            Mark::Done => continue,
            Mark::Open => return Err(CheckError::Cycle(class)),
            Mark::New => {}
        }
        let node = choices[class.index()].ok_or(CheckError::Missing(class))?;
        if node.index() >= problem.node_count() || problem.class(node) != class {
            return Err(CheckError::ForeignNode(class));
        }
        marks[class.index()] = Mark::Open;
        stack.push((class, true));
        for child in problem.children(node) {
            match marks[child.index()] {
                Mark::Done => {}
                Mark::Open => return Err(CheckError::Cycle(child)),
                Mark::New => stack.push((child, false)),
            }
        }
    }
    Ok(order)
}
