//! Which values a function's results depend on.
//!
//! Only these are lowered, so that nothing unused becomes a block parameter, which the code
//! generator could not remove. Effects stay: the final states depend on them. Linear in the size
//! of the graph, without recursion.

use rvsdg::{Function, NodeId, NodeKind, ValueDef, ValueId};

pub(crate) struct Live {
    values: Vec<bool>,
    pending: Vec<ValueId>,
}

impl Live {
    pub(crate) fn new(f: &Function) -> Live {
        let mut live = Live { values: vec![false; f.value_count()], pending: Vec::new() };
        for result in &f.region(f.body()).results {
            live.add(*result);
        }
        while let Some(value) = live.pending.pop() {
            live.add_needs(f, value);
        }
        live
    }

    pub(crate) fn value(&self, value: ValueId) -> bool {
        self.values[value.index()]
    }

    pub(crate) fn node(&self, f: &Function, node: NodeId) -> bool {
        f.node(node).outputs.iter().any(|output| self.value(*output))
    }

    fn add(&mut self, value: ValueId) {
        let known = &mut self.values[value.index()];
        if !*known {
            *known = true;
            self.pending.push(value);
        }
    }

    /// Adds the value at a position, if there is one: malformed graphs are refused elsewhere.
    fn add_at(&mut self, values: &[ValueId], at: usize) {
        if let Some(value) = values.get(at) {
            self.add(*value);
        }
    }

    fn add_all(&mut self, values: &[ValueId]) {
        for value in values {
            self.add(*value);
        }
    }

    fn add_needs(&mut self, f: &Function, value: ValueId) {
        match f.value(value).def {
            ValueDef::Output { node, index } => {
                let node = f.node(node);
                let index = index as usize;
                match &node.kind {
                    NodeKind::Simple(_) => self.add_all(&node.operands),
                    NodeKind::Gamma { arms } => {
                        self.add_at(&node.operands, 0);
                        for arm in arms {
                            self.add_at(&f.region(*arm).results, index);
                        }
                    }
                    NodeKind::Theta { body } => {
                        let results = &f.region(*body).results;
                        self.add_at(results, 0);
                        self.add_at(results, 1 + index);
                    }
                }
            }
            ValueDef::Param { region, index } => {
                let Some(owner) = f.region(region).owner else { return };
                let node = f.node(owner);
                let index = index as usize;
                match &node.kind {
                    NodeKind::Simple(_) => {}
                    NodeKind::Gamma { .. } => self.add_at(&node.operands, 1 + index),
                    NodeKind::Theta { body } => {
                        self.add_at(&node.operands, index);
                        self.add_at(&f.region(*body).results, 1 + index);
                    }
                }
            }
        }
    }
}
