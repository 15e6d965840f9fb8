//! Rules RV010, RV011, RV050 and RV051: what is visible where, and the linear use of states.
//!
//! One pass in the order of execution; it also calls the type rules of each node, so that errors
//! come in the order of the graph.

use super::{Errors, describe, types};
use crate::graph::{Function, NodeId, NodeKind, RegionId, ValueId};
use crate::types::Type;
use crate::walk::{Event, walk};

pub(super) fn check(function: &Function, errors: &mut Errors) {
    let count = function.value_count();
    let mut check =
        Check { function, errors, visible: vec![false; count], consumed: vec![None; count] };
    for event in walk(function) {
        match event {
            Event::Enter(region) => check.show(&function.region(region).params, true),
            Event::Visit(node) => check.visit(node),
            Event::Define(node) => check.show(&function.node(node).outputs, true),
            Event::Leave(region) => check.leave(region),
        }
    }
}

struct Check<'a> {
    function: &'a Function,
    errors: &'a mut Errors,
    /// Whether a value is defined at this point.
    visible: Vec<bool>,
    /// Who consumed a state.
    consumed: Vec<Option<Consumer>>,
}

#[derive(Clone, Copy)]
enum Consumer {
    Node(NodeId),
    Result(RegionId),
}

impl Check<'_> {
    fn show(&mut self, values: &[ValueId], visible: bool) {
        for value in values {
            self.visible[value.index()] = visible;
        }
    }

    fn visit(&mut self, node: NodeId) {
        let function = self.function;
        let content = function.node(node);
        types::check_node(function, node, self.errors);
        let operands: Vec<Type> = content.operands.iter().map(|v| function.ty(*v)).collect();
        let reads = match content.kind {
            NodeKind::Simple(op) => op.read_states(&operands),
            _ => 0..0,
        };
        for (position, operand) in content.operands.iter().enumerate() {
            if !self.usable(*operand, content.region, Some(node)) {
                continue;
            }
            if !operands[position].is_state() {
                continue;
            }
            if reads.contains(&position) {
                self.read(*operand, node);
            } else {
                self.consume(*operand, Consumer::Node(node));
            }
        }
    }

    fn leave(&mut self, region: RegionId) {
        let content = self.function.region(region);
        for result in &content.results {
            if self.usable(*result, region, None) && self.function.ty(*result).is_state() {
                self.consume(*result, Consumer::Result(region));
            }
        }
        self.show(&content.params, false);
        for node in &content.nodes {
            self.show(&self.function.node(*node).outputs, false);
        }
    }

    /// Reports a use of a value that is not visible, or of a state of another region.
    fn usable(&mut self, value: ValueId, region: RegionId, node: Option<NodeId>) -> bool {
        let (code, message) = if !self.visible[value.index()] {
            ("RV010", format!("{value:?} is not defined before, here or around"))
        } else if self.function.ty(value).is_state()
            && self.function.defining_region(value) != region
        {
            ("RV011", format!("state {value:?} belongs to another region"))
        } else {
            return true;
        };
        self.report(code, region, node, message);
        false
    }

    fn read(&mut self, state: ValueId, node: NodeId) {
        if let Some(consumer) = self.consumed[state.index()] {
            let name = describe(self.function, node);
            let message = format!("{name} reads state {state:?} after {}", self.name(consumer));
            self.errors.node("RV051", self.function, node, message);
        }
    }

    fn consume(&mut self, state: ValueId, consumer: Consumer) {
        if let Some(first) = self.consumed[state.index()] {
            let message = format!(
                "state {state:?} is consumed by {} and by {}",
                self.name(first),
                self.name(consumer)
            );
            let (region, node) = match consumer {
                Consumer::Node(node) => (self.function.node(node).region, Some(node)),
                Consumer::Result(region) => (region, None),
            };
            self.report("RV050", region, node, message);
        } else {
            self.consumed[state.index()] = Some(consumer);
        }
    }

    fn name(&self, consumer: Consumer) -> String {
        match consumer {
            Consumer::Node(node) => {
                format!("{} (node {})", describe(self.function, node), node.index())
            }
            Consumer::Result(_) => "the region's result".to_owned(),
        }
    }

    fn report(
        &mut self,
        code: &'static str,
        region: RegionId,
        node: Option<NodeId>,
        message: String,
    ) {
        self.errors.0.push(super::VerifyError { code, region, node, message });
    }
}
