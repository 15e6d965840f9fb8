//! The frozen dense view of an e-graph: all an extractor ever sees.
//!
//! Classes and nodes are numbered densely; the nodes of a class are contiguous, and so are the
//! children of a node. Children are deduplicated: a class that a node uses twice is paid once in
//! DAG cost. Tree cost counts [`Problem::uses`].

use std::fmt;

macro_rules! index {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub u32);

        impl $name {
            /// Position in the dense arrays.
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}{}", stringify!($name), self.0)
            }
        }
    };
}

index! {
    /// A class.
    ClassIndex
}
index! {
    /// A node.
    NodeIndex
}

/// A frozen e-graph with costs and roots.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Problem {
    class_names: Vec<String>,
    class_start: Vec<u32>,
    ops: Vec<String>,
    node_names: Vec<String>,
    costs: Vec<f64>,
    node_class: Vec<u32>,
    child_start: Vec<u32>,
    children: Vec<u32>,
    child_uses: Vec<u32>,
    /// Operands of the nodes that use a class more than once, by node.
    repeating: Vec<(u32, Vec<u32>)>,
    roots: Vec<ClassIndex>,
    regions: Option<Vec<u32>>,
}

impl Problem {
    /// Number of classes.
    pub fn class_count(&self) -> usize {
        self.class_names.len()
    }

    /// Number of nodes.
    pub fn node_count(&self) -> usize {
        self.ops.len()
    }

    /// All classes.
    pub fn classes(&self) -> impl DoubleEndedIterator<Item = ClassIndex> + use<> {
        (0..self.class_count() as u32).map(ClassIndex)
    }

    /// The nodes of a class.
    pub fn nodes(&self, class: ClassIndex) -> impl DoubleEndedIterator<Item = NodeIndex> + use<> {
        (self.class_start[class.index()]..self.class_start[class.index() + 1]).map(NodeIndex)
    }

    /// The class of a node.
    pub fn class(&self, node: NodeIndex) -> ClassIndex {
        ClassIndex(self.node_class[node.index()])
    }

    /// The children of a node, each class once, in order of first use.
    pub fn children(&self, node: NodeIndex) -> impl ExactSizeIterator<Item = ClassIndex> + '_ {
        self.children[self.child_range(node)].iter().map(|class| ClassIndex(*class))
    }

    /// The children of a node with how often the node uses each.
    pub fn uses(&self, node: NodeIndex) -> impl Iterator<Item = (ClassIndex, u32)> + '_ {
        let range = self.child_range(node);
        let uses = self.child_uses[range.clone()].iter().copied();
        self.children[range].iter().map(|class| ClassIndex(*class)).zip(uses)
    }

    /// The operands of a node in order, a class as often as the node uses it: what a term is
    /// written from. Algorithms want [`Problem::children`] or [`Problem::uses`].
    pub fn operands(&self, node: NodeIndex) -> impl ExactSizeIterator<Item = ClassIndex> + '_ {
        let operands = match self.repeating.binary_search_by_key(&node.0, |entry| entry.0) {
            Ok(at) => &self.repeating[at].1,
            Err(_) => &self.children[self.child_range(node)],
        };
        operands.iter().map(|class| ClassIndex(*class))
    }

    fn child_range(&self, node: NodeIndex) -> std::ops::Range<usize> {
        self.child_start[node.index()] as usize..self.child_start[node.index() + 1] as usize
    }

    /// Cost of a node without its children.
    pub fn cost(&self, node: NodeIndex) -> f64 {
        self.costs[node.index()]
    }

    /// Operator of a node.
    pub fn op(&self, node: NodeIndex) -> &str {
        &self.ops[node.index()]
    }

    /// Name of a class in the source of the problem.
    pub fn class_name(&self, class: ClassIndex) -> &str {
        &self.class_names[class.index()]
    }

    /// Name of a node in the source of the problem.
    pub fn node_name(&self, node: NodeIndex) -> &str {
        &self.node_names[node.index()]
    }

    /// Classes that must be extracted.
    pub fn roots(&self) -> &[ClassIndex] {
        &self.roots
    }

    /// The region of each class, by class, where the source of the problem has regions.
    pub fn regions(&self) -> Option<&[u32]> {
        self.regions.as_deref()
    }

    /// Whether every cost is finite and not negative: what the extractors here require.
    pub fn has_plain_costs(&self) -> bool {
        self.costs.iter().all(|cost| cost.is_finite() && *cost >= 0.0)
    }

    /// For every class, the nodes that have it as a child.
    pub fn parents(&self) -> Vec<Vec<NodeIndex>> {
        let mut parents = vec![Vec::new(); self.class_count()];
        for node in (0..self.node_count() as u32).map(NodeIndex) {
            for child in self.children(node) {
                parents[child.index()].push(node);
            }
        }
        parents
    }
}

/// Collects classes, nodes and roots in any order.
#[derive(Clone, Debug, Default)]
pub struct ProblemBuilder {
    class_names: Vec<String>,
    nodes: Vec<PendingNode>,
    roots: Vec<u32>,
    regions: Option<Vec<u32>>,
}

#[derive(Clone, Debug)]
struct PendingNode {
    class: u32,
    name: String,
    op: String,
    cost: f64,
    children: Vec<u32>,
}

impl ProblemBuilder {
    /// An empty problem.
    pub fn new() -> ProblemBuilder {
        ProblemBuilder::default()
    }

    /// Adds a class; gives its number.
    pub fn add_class(&mut self, name: &str) -> u32 {
        self.class_names.push(name.to_owned());
        self.class_names.len() as u32 - 1
    }

    /// Adds a node whose name is its number in order of insertion.
    pub fn add_node(&mut self, class: u32, op: &str, cost: f64, children: &[u32]) {
        let name = self.nodes.len().to_string();
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
        let (name, op, children) = (name.to_owned(), op.to_owned(), children.to_vec());
        self.nodes.push(PendingNode { class, name, op, cost, children });
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

    /// The problem. Nodes are numbered by class, in order of insertion within a class.
    ///
    /// # Panics
    /// If a node or root names a class that was not added, or the regions are not one per class.
    pub fn build(self) -> Problem {
        let mut order: Vec<usize> = (0..self.nodes.len()).collect();
        order.sort_by_key(|at| self.nodes[*at].class);
        let classes = self.class_names.len();
        let mut problem = Problem { class_names: self.class_names, ..Problem::default() };
        problem.child_start.push(0);
        for at in order {
            let node = &self.nodes[at];
            assert!((node.class as usize) < classes, "a node names a class of the problem");
            while problem.class_start.len() <= node.class as usize {
                problem.class_start.push(problem.ops.len() as u32);
            }
            let first = problem.children.len();
            for child in &node.children {
                assert!((*child as usize) < classes, "a child names a class of the problem");
                let known = problem.children[first..].iter().position(|known| known == child);
                if let Some(known) = known {
                    problem.child_uses[first + known] += 1;
                } else {
                    problem.children.push(*child);
                    problem.child_uses.push(1);
                }
            }
            if problem.children.len() - first < node.children.len() {
                problem.repeating.push((problem.ops.len() as u32, node.children.clone()));
            }
            problem.child_start.push(problem.children.len() as u32);
            problem.ops.push(node.op.clone());
            problem.node_names.push(node.name.clone());
            problem.costs.push(node.cost);
            problem.node_class.push(node.class);
        }
        while problem.class_start.len() <= classes {
            problem.class_start.push(problem.ops.len() as u32);
        }
        for root in &self.roots {
            assert!((*root as usize) < classes, "a root names a class of the problem");
        }
        assert!(self.regions.as_ref().is_none_or(|r| r.len() == classes), "a region per class");
        problem.regions = self.regions;
        problem.roots = self.roots.into_iter().map(ClassIndex).collect();
        problem
    }
}
