//! Products of a counter become variables of their own: `i * c` grows by `step * c`.
//!
//! Exact modulo 2^64 by induction, whatever wraps. Extraction decides: an addition and a variable
//! against a multiplication. Products with constants stay: they are one instruction that nothing
//! waits for, and a variable needs an addition, a register, and a copy where its use overwrites it.

use super::Round;
use super::look::integer;
use super::loops::Counter;
use crate::language::InstanceId;
use egraph_core::{EClassId, Limit};
use rvsdg::Type;

/// Variables that products add to one loop.
const MAX_PRODUCTS: usize = 4;

impl Round<'_, '_> {
    /// The products of a loop's counter with values from outside.
    pub(super) fn products(&mut self, id: InstanceId, counter: Counter) -> Result<(), Limit> {
        let port = self.model.instance(id).ports[counter.port].clone();
        let (Some(init), Some(var)) = (port.init, port.var) else { return Ok(()) };
        if port.ty != Type::I64 {
            return Ok(());
        }
        let (graph, mul) = (self.graph(), self.ops.mul);
        let own = graph.find(var);
        let products: Vec<(EClassId, EClassId)> = graph
            .parents(own)
            .filter(|node| graph.op(*node) == mul && graph.is_live(*node))
            .map(|node| (graph.class_of(node), graph.child(node, 0), graph.child(node, 1)))
            .filter_map(|(product, a, b)| match (a == own, b == own) {
                (true, false) => Some((product, b)),
                (false, true) => Some((product, a)),
                _ => None,
            })
            .collect();
        for (product, factor) in products {
            let known = integer(self.graph(), factor).is_some();
            if known || !self.model.is_outer(factor) || self.is_variable(product) {
                continue;
            }
            let made = self.memory.products.get(&id.0).copied().unwrap_or(0);
            if made == MAX_PRODUCTS || self.memory.is_off("strength-reduction") {
                return Ok(());
            }
            if !self.first("strength-reduction", id.index(), product.index()) {
                continue;
            }
            self.memory.products.insert(id.0, made + 1);
            let Some(outer) = self.model.outer(factor)? else { continue };
            let first = self.node(mul, &[init, outer])?;
            let step = self.number(factor, counter.step)?;
            let each = self.node(mul, &[factor, step])?;
            let k = self.model.append_port(id, Type::I64, Some(first))?;
            let own = self.model.instance(id).ports[k].var.expect("a theta's value has one");
            let next = self.node(self.ops.add, &[own, each])?;
            self.model.instances[id.index()].ports[k].results = vec![next];
            self.equate("strength-reduction", product, own);
        }
        Ok(())
    }

    /// Whether a class is a loop variable already.
    fn is_variable(&self, class: EClassId) -> bool {
        let op = self.graph().analysis().language.loop_var;
        self.graph().nodes_of(class, op).next().is_some()
    }
}
