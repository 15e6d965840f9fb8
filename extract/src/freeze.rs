//! From an e-graph to a problem.

use crate::builder::ProblemBuilder;
use crate::problem::{NodeIndex, Problem};
use egraph_core::{Analysis, EClassId, EGraph, ENodeId};

/// A problem with the way back to the e-graph it was taken from.
#[derive(Clone, Debug)]
pub struct Frozen {
    /// The problem; its classes are named as the e-graph's ids, its nodes likewise.
    pub problem: Problem,
    /// The canonical class of each class index.
    pub classes: Vec<EClassId>,
    /// The node of each node index.
    pub nodes: Vec<ENodeId>,
}

impl Frozen {
    /// Freezes a rebuilt e-graph. `cost` gives the cost of a node without its children, or `None`
    /// for a node that must not be extracted.
    pub fn new<A: Analysis>(
        egraph: &EGraph<A>,
        roots: &[EClassId],
        mut cost: impl FnMut(&EGraph<A>, ENodeId) -> Option<f64>,
    ) -> Frozen {
        let classes: Vec<EClassId> = egraph.classes().collect();
        let mut index = vec![u32::MAX; egraph.class_bound()];
        let mut builder = ProblemBuilder::new();
        for class in &classes {
            index[class.index()] = builder.add_class(&class.to_string());
        }
        let mut nodes = Vec::new();
        for class in &classes {
            for node in egraph.nodes(*class) {
                let Some(cost) = cost(egraph, node) else { continue };
                let children: Vec<u32> =
                    egraph.children(node).iter().map(|child| index[child.index()]).collect();
                let op = egraph.signature().op_name(egraph.op(node));
                let own = index[class.index()];
                builder.add_named_node(own, &node.to_string(), op, cost, &children);
                nodes.push(node);
            }
        }
        for root in roots {
            builder.add_root(index[egraph.find(*root).index()]);
        }
        builder.set_regions(classes.iter().map(|class| egraph.region(*class).as_u32()).collect());
        Frozen { problem: builder.build(), classes, nodes }
    }

    /// The chosen node of a class of the e-graph, canonical or not.
    pub fn chosen<A: Analysis>(
        &self,
        egraph: &EGraph<A>,
        choices: &[Option<NodeIndex>],
        class: EClassId,
    ) -> Option<ENodeId> {
        let at = self.classes.binary_search(&egraph.find(class)).ok()?;
        choices[at].map(|node| self.nodes[node.index()])
    }
}
