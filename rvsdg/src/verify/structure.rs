//! Rules RV001 to RV004: the region tree is one.

use super::{Errors, MAX_NESTING};
use crate::graph::{Function, NodeId, RegionId, ValueDef, ValueId};

pub(super) fn check(function: &Function, errors: &mut Errors) {
    let mut check = Check {
        function,
        errors,
        listed: vec![false; function.node_count()],
        owned: vec![false; function.region_count()],
        pending: vec![(function.body(), 0)],
    };
    check.owned[function.body().index()] = true;
    if function.region(function.body()).owner.is_some() {
        check.errors.region("RV003", function.body(), "the body has an owner".to_owned());
    }
    while let Some((region, depth)) = check.pending.pop() {
        check.region(region, depth);
    }
}

struct Check<'a> {
    function: &'a Function,
    errors: &'a mut Errors,
    /// Nodes that some region lists.
    listed: Vec<bool>,
    /// Regions that some node owns.
    owned: Vec<bool>,
    /// Regions to check, with their depth.
    pending: Vec<(RegionId, usize)>,
}

impl Check<'_> {
    fn region(&mut self, region: RegionId, depth: usize) {
        if depth > MAX_NESTING {
            let message = format!("regions nest deeper than {MAX_NESTING}");
            self.errors.region("RV004", region, message);
            return;
        }
        let content = self.function.region(region);
        for (index, param) in content.params.iter().enumerate() {
            let def = ValueDef::Param { region, index: index as u32 };
            let what = || format!("parameter {index}");
            if let Err((code, message)) = self.defined_as(*param, def, what) {
                self.errors.region(code, region, message);
            }
        }
        for node in &content.nodes {
            if node.index() >= self.function.node_count() {
                self.errors.region("RV001", region, format!("{node:?} does not exist"));
            } else if std::mem::replace(&mut self.listed[node.index()], true) {
                let message = format!("{node:?} is listed more than once");
                self.errors.region("RV003", region, message);
            } else {
                self.node(*node, region, depth);
            }
        }
        for result in &content.results {
            if !self.exists(*result) {
                self.errors.region("RV001", region, format!("result {result:?} does not exist"));
            }
        }
    }

    fn node(&mut self, node: NodeId, region: RegionId, depth: usize) {
        let content = self.function.node(node);
        if content.region != region {
            let message = format!("{node:?} is listed by a region that is not its own");
            self.errors.region("RV003", region, message);
        }
        for operand in &content.operands {
            if !self.exists(*operand) {
                self.error(region, node, "RV001", format!("operand {operand:?} does not exist"));
            }
        }
        for (index, output) in content.outputs.iter().enumerate() {
            let def = ValueDef::Output { node, index: index as u32 };
            let what = || format!("output {index}");
            if let Err((code, message)) = self.defined_as(*output, def, what) {
                self.error(region, node, code, message);
            }
        }
        for child in content.kind.regions() {
            if child.index() >= self.function.region_count() {
                self.error(region, node, "RV001", format!("{child:?} does not exist"));
                continue;
            }
            if std::mem::replace(&mut self.owned[child.index()], true) {
                self.error(region, node, "RV003", format!("{child:?} is owned more than once"));
                continue;
            }
            if self.function.region(*child).owner != Some(node) {
                let message = format!("{child:?} does not name this node as its owner");
                self.error(region, node, "RV003", message);
            }
            self.pending.push((*child, depth + 1));
        }
    }

    /// Like [`Errors::node`], for a node whose own region may not exist.
    fn error(&mut self, region: RegionId, node: NodeId, code: &'static str, message: String) {
        self.errors.0.push(super::VerifyError { code, region, node: Some(node), message });
    }

    fn exists(&self, value: ValueId) -> bool {
        value.index() < self.function.value_count()
    }

    fn defined_as(
        &self,
        value: ValueId,
        def: ValueDef,
        what: impl Fn() -> String,
    ) -> Result<(), (&'static str, String)> {
        if !self.exists(value) {
            Err(("RV001", format!("{} is {value:?}, which does not exist", what())))
        } else if self.function.value(value).def != def {
            Err(("RV002", format!("{} is {value:?}, which is defined elsewhere", what())))
        } else {
            Ok(())
        }
    }
}
