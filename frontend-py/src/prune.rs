//! Removal of what lowering made and nothing needs.
//!
//! Lowering gives every state to every region. Here a copy of the function is made in which a
//! state passes through a port only where something inside uses it, and in which ports and pure
//! operations without users are gone. Linear in the size of the function.

use rustc_hash::FxHashSet;
use rvsdg::{Function, Node, NodeId, NodeKind, RegionId, Type, ValueDef, ValueId};

/// A copy of the function without unused ports and operations. `diverging` are the loops that may
/// run forever: they keep `io` even if nothing inside uses it.
pub(crate) fn prune(f: &Function, diverging: &FxHashSet<NodeId>) -> Function {
    let mut bypass = Bypass {
        f,
        diverging,
        alias: (0..f.value_count()).map(ValueId::from_index).collect(),
        touched: vec![false; f.value_count()],
    };
    bypass.region(f.body());
    let alias = bypass.alias;
    let mut needs = Needs { f, alias: &alias, needed: vec![false; f.value_count()] };
    needs.run();
    let needed = needs.needed;
    let mut copy = Copy {
        f,
        alias: &alias,
        needed: &needed,
        new: Function::new(&f.name, f.params.clone(), f.mems, f.shape.clone()),
        map: vec![None; f.value_count()],
    };
    copy.new.faults.clone_from(&f.faults);
    copy.new.phi.clone_from(&f.phi);
    let entry = copy.new.region(copy.new.body()).params.clone();
    for (old, new) in f.region(f.body()).params.iter().zip(entry) {
        copy.map[old.index()] = Some(new);
    }
    let body = copy.new.body();
    copy.nodes(f.body(), body);
    let results = f.region(f.body()).results.iter().map(|v| copy.value(*v)).collect();
    copy.new.set_results(body, results);
    copy.new
}

/// Finds the state ports that only pass through, and makes their outputs aliases of what went in.
struct Bypass<'f> {
    f: &'f Function,
    diverging: &'f FxHashSet<NodeId>,
    alias: Vec<ValueId>,
    /// States that something uses.
    touched: Vec<bool>,
}

impl Bypass<'_> {
    fn region(&mut self, region: RegionId) {
        for node in &self.f.region(region).nodes {
            let id = *node;
            let node = self.f.node(id);
            match &node.kind {
                NodeKind::Simple(_) => {
                    for operand in &node.operands {
                        self.touch(*operand);
                    }
                }
                NodeKind::Gamma { arms } => {
                    for arm in arms {
                        self.region(*arm);
                    }
                    self.gamma(node, arms);
                }
                NodeKind::Theta { body } => {
                    self.region(*body);
                    self.theta(id, node, *body);
                }
            }
        }
    }

    fn touch(&mut self, value: ValueId) {
        if self.f.ty(value).is_state() {
            self.touched[self.alias[value.index()].index()] = true;
        }
    }

    fn passes(&self, result: ValueId, param: ValueId) -> bool {
        self.alias[result.index()] == param && !self.touched[param.index()]
    }

    fn gamma(&mut self, node: &Node, arms: &[RegionId]) {
        for (k, output) in node.outputs.iter().enumerate() {
            let ty = self.f.ty(*output);
            if !ty.is_state() {
                continue;
            }
            let input = node.operands[1..].iter().position(|operand| self.f.ty(*operand) == ty);
            let input = input.expect("lowering hands every state to every gamma");
            let through = arms.iter().all(|arm| {
                let arm = self.f.region(*arm);
                self.passes(arm.results[k], arm.params[input])
            });
            if through {
                self.alias[output.index()] = self.alias[node.operands[input + 1].index()];
            } else {
                self.touch(node.operands[input + 1]);
            }
        }
    }

    fn theta(&mut self, id: NodeId, node: &Node, body: RegionId) {
        let body = self.f.region(body);
        for (k, output) in node.outputs.iter().enumerate() {
            let ty = self.f.ty(*output);
            if !ty.is_state() {
                continue;
            }
            let kept = ty == Type::Io && self.diverging.contains(&id);
            if !kept && self.passes(body.results[k + 1], body.params[k]) {
                self.alias[output.index()] = self.alias[node.operands[k].index()];
            } else {
                self.touch(node.operands[k]);
            }
        }
    }
}

/// Marks the values that the function's results depend on.
struct Needs<'f> {
    f: &'f Function,
    alias: &'f [ValueId],
    needed: Vec<bool>,
}

impl Needs<'_> {
    fn run(&mut self) {
        let mut work = self.f.region(self.f.body()).results.clone();
        while let Some(value) = work.pop() {
            let value = self.alias[value.index()];
            if std::mem::replace(&mut self.needed[value.index()], true) {
                continue;
            }
            match self.f.value(value).def {
                ValueDef::Output { node, index } => {
                    let node = self.f.node(node);
                    let index = index as usize;
                    match &node.kind {
                        NodeKind::Simple(_) => work.extend(&node.operands),
                        NodeKind::Gamma { arms } => {
                            work.push(node.operands[0]);
                            work.extend(arms.iter().map(|arm| self.f.region(*arm).results[index]));
                        }
                        NodeKind::Theta { body } => self.port(node, *body, index, &mut work),
                    }
                }
                ValueDef::Param { region, index } => {
                    let Some(owner) = self.f.region(region).owner else { continue };
                    let node = self.f.node(owner);
                    let index = index as usize;
                    match node.kind {
                        NodeKind::Theta { body } => self.port(node, body, index, &mut work),
                        _ => work.push(node.operands[index + 1]),
                    }
                }
            }
        }
    }

    fn port(&self, node: &Node, body: RegionId, index: usize, work: &mut Vec<ValueId>) {
        let body = self.f.region(body);
        work.extend([body.results[0], body.results[index + 1], node.operands[index]]);
    }
}

/// Copies what is needed.
struct Copy<'f> {
    f: &'f Function,
    alias: &'f [ValueId],
    needed: &'f [bool],
    new: Function,
    map: Vec<Option<ValueId>>,
}

impl Copy<'_> {
    fn value(&self, old: ValueId) -> ValueId {
        let old = self.alias[old.index()];
        self.map[old.index()].expect("a needed value is defined before its use")
    }

    fn is_needed(&self, value: ValueId) -> bool {
        self.needed[value.index()]
    }

    fn nodes(&mut self, old: RegionId, new: RegionId) {
        let f = self.f;
        for node in &f.region(old).nodes {
            let node = f.node(*node);
            match &node.kind {
                NodeKind::Simple(_) if node.outputs.iter().any(|v| self.is_needed(*v)) => {
                    let operands: Vec<ValueId> =
                        node.operands.iter().map(|v| self.value(*v)).collect();
                    let types: Vec<Type> = node.outputs.iter().map(|v| f.ty(*v)).collect();
                    let copy =
                        self.new.push_node(node.kind.clone(), new, &operands, &types, node.span);
                    let outputs: Vec<ValueId> = node.outputs.to_vec();
                    self.outputs(&outputs, copy);
                }
                NodeKind::Simple(_) => {}
                NodeKind::Gamma { arms } => self.gamma(node, arms, new),
                NodeKind::Theta { body } => self.theta(node, *body, new),
            }
        }
    }

    /// Maps old outputs to the outputs of a copied node, which has them in the same order.
    fn outputs(&mut self, old: &[ValueId], copy: NodeId) {
        for (old, new) in old.iter().zip(&self.new.node(copy).outputs) {
            self.map[old.index()] = Some(*new);
        }
    }

    fn gamma(&mut self, node: &Node, arms: &[RegionId], new: RegionId) {
        let kept: Vec<usize> =
            (0..node.outputs.len()).filter(|k| self.is_needed(node.outputs[*k])).collect();
        if kept.is_empty() {
            return;
        }
        let f = self.f;
        let inputs: Vec<usize> = (0..node.operands.len() - 1)
            .filter(|j| arms.iter().any(|arm| self.is_needed(f.region(*arm).params[*j])))
            .collect();
        let mut copies = Vec::new();
        for arm in arms {
            let region = self.new.add_region();
            for j in &inputs {
                let param = f.region(*arm).params[*j];
                self.map[param.index()] = Some(self.new.add_region_param(region, f.ty(param)));
            }
            self.nodes(*arm, region);
            let results = kept.iter().map(|k| self.value(f.region(*arm).results[*k])).collect();
            self.new.set_results(region, results);
            copies.push(region);
        }
        let predicate = self.value(node.operands[0]);
        let operands: Vec<ValueId> =
            inputs.iter().map(|j| self.value(node.operands[j + 1])).collect();
        let copy = self.new.gamma(new, predicate, &operands, copies, node.span);
        let outputs: Vec<ValueId> = kept.iter().map(|k| node.outputs[*k]).collect();
        self.outputs(&outputs, copy);
    }

    fn theta(&mut self, node: &Node, body: RegionId, new: RegionId) {
        let f = self.f;
        let old = f.region(body);
        let kept: Vec<usize> = (0..node.outputs.len())
            .filter(|k| self.is_needed(node.outputs[*k]) || self.is_needed(old.params[*k]))
            .collect();
        if !node.outputs.iter().any(|output| self.is_needed(*output)) {
            return;
        }
        let initial: Vec<ValueId> = kept.iter().map(|k| self.value(node.operands[*k])).collect();
        let region = self.new.add_region();
        for k in &kept {
            let param = old.params[*k];
            self.map[param.index()] = Some(self.new.add_region_param(region, f.ty(param)));
        }
        self.nodes(body, region);
        let results = std::iter::once(0).chain(kept.iter().map(|k| k + 1));
        let results = results.map(|at| self.value(old.results[at])).collect();
        self.new.set_results(region, results);
        let copy = self.new.theta(new, &initial, region, node.span);
        let outputs: Vec<ValueId> = kept.iter().map(|k| node.outputs[*k]).collect();
        self.outputs(&outputs, copy);
    }
}
