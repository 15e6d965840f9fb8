//! Traversal of a function's region tree in the order of execution, without recursion.

use crate::graph::{Function, NodeId, NodeKind, RegionId};

/// A step of a traversal. A gamma or theta gives `Visit`, then its regions between `Enter` and
/// `Leave`, then `Define`; a simple node gives `Visit` and `Define`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A region begins: its parameters are defined.
    Enter(RegionId),
    /// A node's operands are used.
    Visit(NodeId),
    /// A node's outputs are defined.
    Define(NodeId),
    /// A region ends: its results are used.
    Leave(RegionId),
}

/// Traverses the regions that the body contains. Ends on every graph, because a region is entered
/// once.
///
/// # Panics
/// If a region lists a node or region that does not exist.
pub fn walk(function: &Function) -> Walk<'_> {
    Walk {
        function,
        entered: vec![false; function.region_count()],
        stack: vec![Event::Enter(function.body())],
    }
}

/// The iterator of [`walk`].
#[derive(Debug)]
pub struct Walk<'a> {
    function: &'a Function,
    entered: Vec<bool>,
    stack: Vec<Event>,
}

impl Iterator for Walk<'_> {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        loop {
            let event = self.stack.pop()?;
            match event {
                Event::Enter(region) => {
                    if std::mem::replace(&mut self.entered[region.index()], true) {
                        continue;
                    }
                    self.stack.push(Event::Leave(region));
                    let nodes = &self.function.region(region).nodes;
                    self.stack.extend(nodes.iter().rev().map(|node| Event::Visit(*node)));
                }
                Event::Visit(node) => {
                    self.stack.push(Event::Define(node));
                    let regions = self.function.node(node).kind.regions();
                    self.stack.extend(regions.iter().rev().map(|region| Event::Enter(*region)));
                }
                Event::Define(_) | Event::Leave(_) => {}
            }
            return Some(event);
        }
    }
}

impl NodeKind {
    /// The regions that the node owns: a gamma's arms, a theta's body, none for an operation.
    pub fn regions(&self) -> &[RegionId] {
        match self {
            NodeKind::Simple(_) => &[],
            NodeKind::Gamma { arms } => arms,
            NodeKind::Theta { body } => std::slice::from_ref(body),
        }
    }
}
