//! Problems from classes, nodes and roots in any order.

use crate::effects::{EffectSource, Effects};
use crate::names::Names;
use crate::problem::{ClassIndex, Problem};
use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;

/// Collects classes, nodes and roots in any order. O(1) amortised for each addition.
#[derive(Clone, Debug, Default)]
pub struct ProblemBuilder {
    class_names: Names,
    op_names: Names,
    op_numbers: HashMap<String, u32, FxBuildHasher>,
    node_names: Names,
    node_class: Vec<u32>,
    node_op: Vec<u32>,
    costs: Vec<f64>,
    child_start: Vec<u32>,
    children: Vec<u32>,
    roots: Vec<u32>,
    regions: Option<Vec<u32>>,
    effects: Option<EffectSource>,
}

impl ProblemBuilder {
    /// An empty problem.
    pub fn new() -> ProblemBuilder {
        ProblemBuilder::default()
    }

    /// Adds a class; gives its number.
    pub fn add_class(&mut self, name: &str) -> u32 {
        self.class_names.push(name)
    }

    /// The names of the classes, in order.
    pub(crate) fn class_names(&self) -> Vec<String> {
        (0..self.class_names.len()).map(|at| self.class_names.get(at).to_owned()).collect()
    }

    /// Adds a node whose name is its number in order of insertion.
    pub fn add_node(&mut self, class: u32, op: &str, cost: f64, children: &[u32]) {
        let name = self.node_class.len().to_string();
        self.add_named_node(class, &name, op, cost, children);
    }

    /// Adds a node with a name.
    pub fn add_named_node(
        &mut self,
        class: u32,
        name: &str,
        op: &str,
        cost: f64,
        children: &[u32],
    ) {
        let op = if let Some(number) = self.op_numbers.get(op) {
            *number
        } else {
            let number = self.op_names.push(op);
            self.op_numbers.insert(op.to_owned(), number);
            number
        };
        self.node_names.push(name);
        self.node_class.push(class);
        self.node_op.push(op);
        self.costs.push(cost);
        self.child_start.push(self.children.len() as u32);
        self.children.extend_from_slice(children);
    }

    /// Adds a root; repetitions are dropped.
    pub fn add_root(&mut self, class: u32) {
        if !self.roots.contains(&class) {
            self.roots.push(class);
        }
    }

    /// States the region of every class, by class.
    pub fn set_regions(&mut self, regions: Vec<u32>) {
        self.regions = Some(regions);
    }

    /// States what nodes ask of states and regions.
    pub fn set_effects(&mut self, effects: EffectSource) {
        self.effects = Some(effects);
    }

    /// The problem. Nodes are numbered by class, in order of insertion within a class.
    ///
    /// # Panics
    /// If a node or root names a class that was not added, the regions are not one per class, or
    /// the columns of effects do not fit each other.
    pub fn build(mut self) -> Problem {
        let classes = self.class_names.len();
        for class in self.node_class.iter().chain(&self.children).chain(&self.roots) {
            assert!((*class as usize) < classes, "nodes, children and roots name known classes");
        }
        assert!(self.regions.as_ref().is_none_or(|r| r.len() == classes), "a region per class");
        self.child_start.push(self.children.len() as u32);
        let (class_start, order) = by_class(&self.node_class, classes);
        let mut child_start = vec![0];
        let mut children: Vec<u32> = Vec::with_capacity(self.children.len());
        let mut child_uses: Vec<u32> = Vec::with_capacity(self.children.len());
        // The node that used each class last, and where among the children.
        let mut last_use = vec![(u32::MAX, 0_u32); classes];
        let mut repeating = Vec::new();
        for (node, at) in order.iter().map(|at| *at as usize).enumerate() {
            let given = self.child_start[at] as usize..self.child_start[at + 1] as usize;
            let given = &self.children[given];
            let first = children.len();
            for child in given {
                let (user, position) = last_use[*child as usize];
                if user == at as u32 {
                    child_uses[position as usize] += 1;
                } else {
                    last_use[*child as usize] = (at as u32, children.len() as u32);
                    children.push(*child);
                    child_uses.push(1);
                }
            }
            if children.len() - first < given.len() {
                repeating.push((node as u32, given.to_vec()));
            }
            child_start.push(children.len() as u32);
        }
        let pick = |values: &[u32]| order.iter().map(|at| values[*at as usize]).collect();
        let node_class: Vec<u32> = pick(&self.node_class);
        let effects = self.effects.take().map(|given| Effects::new(given, &order, &node_class));
        let regions = self.regions.take();
        let regions =
            regions.or_else(|| effects.as_ref().map(|known| known.class_regions().to_vec()));
        Problem {
            class_start,
            node_ops: pick(&self.node_op),
            node_names: self.node_names.reordered(&order),
            costs: order.iter().map(|at| self.costs[*at as usize]).collect(),
            node_class,
            child_start,
            children,
            child_uses,
            repeating,
            class_names: self.class_names,
            op_names: self.op_names,
            roots: self.roots.into_iter().map(ClassIndex).collect(),
            regions,
            effects,
        }
    }
}

/// Where the nodes of each class start, and the nodes sorted by class, stable.
fn by_class(node_class: &[u32], classes: usize) -> (Vec<u32>, Vec<u32>) {
    let mut start = vec![0_u32; classes + 1];
    for class in node_class {
        start[*class as usize + 1] += 1;
    }
    for class in 0..classes {
        start[class + 1] += start[class];
    }
    let mut next = start.clone();
    let mut order = vec![0_u32; node_class.len()];
    for (node, class) in node_class.iter().enumerate() {
        let place = &mut next[*class as usize];
        order[*place as usize] = node as u32;
        *place += 1;
    }
    (start, order)
}
