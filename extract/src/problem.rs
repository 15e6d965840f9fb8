//! The frozen dense view of an e-graph: all an extractor ever sees.
//!
//! Classes and nodes are numbered densely; the nodes of a class are contiguous, and so are the
//! children of a node. Children are deduplicated: a class that a node uses twice is paid once in
//! DAG cost. Tree cost counts [`Problem::uses`].

use crate::effects::Effects;
use crate::names::Names;
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
    pub(crate) class_names: Names,
    pub(crate) class_start: Vec<u32>,
    pub(crate) op_names: Names,
    pub(crate) node_ops: Vec<u32>,
    pub(crate) node_names: Names,
    pub(crate) costs: Vec<f64>,
    pub(crate) node_class: Vec<u32>,
    pub(crate) child_start: Vec<u32>,
    pub(crate) children: Vec<u32>,
    pub(crate) child_uses: Vec<u32>,
    /// Operands of the nodes that use a class more than once, by node.
    pub(crate) repeating: Vec<(u32, Vec<u32>)>,
    pub(crate) roots: Vec<ClassIndex>,
    pub(crate) regions: Option<Vec<u32>>,
    pub(crate) effects: Option<Effects>,
}

impl Problem {
    /// Number of classes.
    pub fn class_count(&self) -> usize {
        self.class_names.len()
    }

    /// Number of nodes.
    pub fn node_count(&self) -> usize {
        self.costs.len()
    }

    /// All classes.
    pub fn classes(&self) -> impl DoubleEndedIterator<Item = ClassIndex> + use<> {
        (0..self.class_count() as u32).map(ClassIndex)
    }

    /// The nodes of a class.
    pub fn nodes(
        &self,
        class: ClassIndex,
    ) -> impl DoubleEndedIterator<Item = NodeIndex> + ExactSizeIterator + use<> {
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
        self.op_names.get(self.node_ops[node.index()] as usize)
    }

    /// Name of a class in the source of the problem.
    pub fn class_name(&self, class: ClassIndex) -> &str {
        self.class_names.get(class.index())
    }

    /// Name of a node in the source of the problem.
    pub fn node_name(&self, node: NodeIndex) -> &str {
        self.node_names.get(node.index())
    }

    /// Classes that must be extracted.
    pub fn roots(&self) -> &[ClassIndex] {
        &self.roots
    }

    /// The region of each class, by class, where the source of the problem has regions.
    pub fn regions(&self) -> Option<&[u32]> {
        self.regions.as_deref()
    }

    /// The columns of states and regions, where a choice per class is not enough for an answer.
    pub fn effects(&self) -> Option<&Effects> {
        self.effects.as_ref()
    }

    /// The same problem with other costs: `cost` gives the cost of each node.
    pub fn with_costs(&self, cost: impl FnMut(NodeIndex) -> f64) -> Problem {
        let costs = (0..self.node_count() as u32).map(NodeIndex).map(cost).collect();
        Problem { costs, ..self.clone() }
    }

    /// Whether every cost is finite.
    pub fn has_finite_costs(&self) -> bool {
        self.costs.iter().all(|cost| cost.is_finite())
    }

    /// Whether every cost is finite and not negative: what most extractors require.
    pub fn has_plain_costs(&self) -> bool {
        self.costs.iter().all(|cost| cost.is_finite() && *cost >= 0.0)
    }

    /// For every class, the nodes that have it as a child.
    pub fn parents(&self) -> Parents {
        let mut start = vec![0_u32; self.class_count() + 1];
        for child in &self.children {
            start[*child as usize + 1] += 1;
        }
        for class in 0..self.class_count() {
            start[class + 1] += start[class];
        }
        let mut next = start.clone();
        let mut nodes = vec![NodeIndex(0); self.children.len()];
        for node in (0..self.node_count() as u32).map(NodeIndex) {
            for child in self.children(node) {
                let place = &mut next[child.index()];
                nodes[*place as usize] = node;
                *place += 1;
            }
        }
        Parents { start, nodes }
    }
}

/// For every class, the nodes that have it as a child, in order.
#[derive(Clone, Debug, PartialEq)]
pub struct Parents {
    start: Vec<u32>,
    nodes: Vec<NodeIndex>,
}

impl Parents {
    /// The nodes that have this class as a child.
    pub fn of(&self, class: ClassIndex) -> &[NodeIndex] {
        let range = self.start[class.index()] as usize..self.start[class.index() + 1] as usize;
        &self.nodes[range]
    }
}
