//! A loop that each lane leaves in its own time: an iteration for those that are still in it.

use super::{Lowerer, Result, Value};
use crate::lower::refuse;
use rvsdg::{NodeId, RegionId, Type};
use vecmath::{Id, Lanes};

/// The loop, in nodes of the function's graph.
#[derive(Clone, Debug, Default)]
pub(in crate::lower) struct Iteration {
    /// What each variable is before the loop; the last one is the mask of the lanes that enter.
    pub(in crate::lower) initial: Vec<Id>,
    /// The variables, inputs of the graph: in an iteration, and after the last.
    pub(in crate::lower) variables: Vec<Id>,
    /// What each variable is after an iteration; unchanged in lanes that have left.
    pub(in crate::lower) next: Vec<Id>,
}

impl Lowerer<'_> {
    /// Lowers a theta whose length differs between lanes: its outputs become inputs of the graph.
    pub(super) fn iterate(&mut self, node: NodeId, body: RegionId) -> Result<()> {
        let f = self.function;
        let (span, region) = (f.node(node).span, f.region(body));
        if self.iteration.is_some() {
            return Err(refuse("a second loop whose length differs between elements", span));
        }
        let mut loop_ = Iteration::default();
        // A loop inside this one would be another.
        self.iteration = Some(Iteration::default());
        let mut changing = Vec::new();
        for (k, param) in region.params.iter().enumerate() {
            let (ty, value) = (f.ty(*param), self.get(f.node(node).operands[k]));
            let inside = if ty.is_state() || *param == region.results[1 + k] {
                value
            } else {
                loop_.initial.push(self.lane(&value, ty, span)?);
                let variable = self.algebra.fresh();
                loop_.variables.push(variable);
                changing.push((k, ty));
                as_value(variable, ty)
            };
            self.values[param.index()] = Some(inside);
        }
        let running = self.algebra.fresh();
        let path = self.path.take();
        self.region(body)?;
        self.path = path;
        let again = self.get(region.results[0]);
        let again = self.mask(&again, span)?;
        for ((k, ty), variable) in changing.iter().zip(loop_.variables.clone()) {
            let value = self.get(region.results[1 + *k]);
            let next = self.lane(&value, *ty, span)?;
            loop_.next.push(self.algebra.lanes().select(running, next, variable));
        }
        let entered = path.unwrap_or_else(|| self.algebra.truth(true));
        loop_.initial.push(entered);
        loop_.next.push(self.algebra.lanes().and(running, again));
        loop_.variables.push(running);
        for (k, output) in f.node(node).outputs.iter().enumerate() {
            let variable = changing.iter().position(|(changed, _)| *changed == k);
            let value = match variable {
                Some(at) => as_value(loop_.variables[at], changing[at].1),
                None => self.get(f.node(node).operands[k]),
            };
            self.values[output.index()] = Some(value);
        }
        self.iteration = Some(loop_);
        Ok(())
    }
}

fn as_value(lane: Id, ty: Type) -> Value {
    match ty {
        Type::Bool => Value::Mask(lane),
        Type::I64 => Value::Integer(lane),
        _ => Value::Float(lane),
    }
}
