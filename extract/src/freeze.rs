//! From an e-graph, or a session of the egglog language, to a problem.

use crate::builder::ProblemBuilder;
use crate::problem::{NodeIndex, Problem};
use crate::serialized::ReadError;
use egraph_core::egglog::exec::{Id, Session};
use egraph_core::{Analysis, EClassId, EGraph, ENodeId};
use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;

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

/// Which of a session's classes are extracted.
#[derive(Clone, Copy, Debug)]
pub enum Wanted<'a> {
    /// These.
    Classes(&'a [Id]),
    /// The value of the last `let` that is a class.
    LastGlobal,
}

impl Problem {
    /// What a session of the egglog language may choose among, without a file in between: classes
    /// are named by their numbers, operators are constructors with their literal arguments, costs
    /// those of the program. A class in a container is a child of the node that holds the
    /// container.
    ///
    /// # Errors
    /// [`ReadError::NoRoots`] if nothing is wanted; [`ReadError::DanglingRoot`] if a root is no
    /// class, or has no node that may be extracted.
    pub fn from_session(session: &Session, wanted: Wanted<'_>) -> Result<Problem, ReadError> {
        let mut builder = ProblemBuilder::new();
        let mut index = Index::default();
        let mut number = |class: u32, builder: &mut ProblemBuilder| {
            *index.entry(class).or_insert_with(|| builder.add_class(&class.to_string()))
        };
        let mut children = Vec::new();
        for choice in session.choices() {
            let class = number(choice.class, &mut builder);
            children.clear();
            children.extend(choice.children.iter().map(|child| number(*child, &mut builder)));
            builder.add_node(class, &choice.label, choice.cost as f64, &children);
        }
        let last = session.last_class();
        let roots = match wanted {
            Wanted::Classes(ids) => ids,
            Wanted::LastGlobal => last.as_slice(),
        };
        for root in roots {
            let class = session.class_of(*root);
            let known = class.and_then(|class| index.get(&class));
            builder.add_root(*known.ok_or_else(|| {
                let name = class.map_or_else(|| "a literal".to_owned(), |class| class.to_string());
                ReadError::DanglingRoot(name)
            })?);
        }
        if roots.is_empty() { Err(ReadError::NoRoots) } else { Ok(builder.build()) }
    }
}

type Index = HashMap<u32, u32, FxBuildHasher>;
