//! The problem while it is being reduced: classes that shrink, roots that multiply.

use crate::problem::{NodeIndex, Problem};

/// A node, standing for one or several nodes of the original problem.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node {
    pub(super) cost: f64,
    /// Sorted, each once.
    pub(super) children: Vec<u32>,
    /// Nodes of the original problem; the first belongs to the class itself.
    pub(super) parts: Vec<u32>,
}

/// The problem while it is being reduced. A class without nodes is gone.
pub(super) struct Work {
    pub(super) classes: Vec<Vec<Node>>,
    pub(super) roots: Vec<u32>,
    pub(super) is_root: Vec<bool>,
    pub(super) fixed: Vec<NodeIndex>,
    pub(super) constant: f64,
}

impl Work {
    pub(super) fn new(problem: &Problem) -> Work {
        let classes = problem.classes().map(|class| {
            let node = |node: NodeIndex| {
                let mut children: Vec<u32> = problem.children(node).map(|child| child.0).collect();
                children.sort_unstable();
                // Adding zero turns -0.0 into 0.0.
                Node { cost: problem.cost(node) + 0.0, children, parts: vec![node.0] }
            };
            problem.nodes(class).map(node).collect()
        });
        let mut is_root = vec![false; problem.class_count()];
        for root in problem.roots() {
            is_root[root.index()] = true;
        }
        Work {
            classes: classes.collect(),
            roots: problem.roots().iter().map(|root| root.0).collect(),
            is_root,
            fixed: Vec::new(),
            constant: 0.0,
        }
    }

    /// Nodes and edges: a reduction is over when neither shrinks.
    pub(super) fn size(&self) -> (usize, usize, usize) {
        let nodes = self.classes.iter().flatten();
        let (count, edges) =
            nodes.fold((0, 0), |(count, edges), n| (count + 1, edges + n.children.len()));
        (count, edges, self.fixed.len())
    }

    /// Drops nodes without a finite term, nodes that use their own class and classes that no root
    /// reaches. False if a root has no finite term.
    pub(super) fn prune(&mut self) -> bool {
        let finite = self.finite();
        if self.roots.iter().any(|root| !finite[*root as usize]) {
            return false;
        }
        let mut seen = vec![false; self.classes.len()];
        let mut stack = self.roots.clone();
        while let Some(class) = stack.pop() {
            if std::mem::replace(&mut seen[class as usize], true) {
                continue;
            }
            self.classes[class as usize].retain(|node| {
                node.children.iter().all(|child| *child != class && finite[*child as usize])
            });
            let nodes = &self.classes[class as usize];
            stack.extend(nodes.iter().flat_map(|node| &node.children));
        }
        for (class, nodes) in self.classes.iter_mut().enumerate() {
            if !seen[class] {
                *nodes = Vec::new();
            }
        }
        true
    }

    /// Which classes have a finite term.
    fn finite(&self) -> Vec<bool> {
        let mut finite = vec![false; self.classes.len()];
        self.derivation(|class| finite[class as usize] = true);
        finite
    }

    /// Calls with the classes that have a finite term, each after the classes of one of its nodes.
    pub(super) fn derivation(&self, mut found: impl FnMut(u32)) {
        let mut users: Vec<Vec<u32>> = vec![Vec::new(); self.classes.len()];
        let mut waiting = Vec::new();
        let mut owner = Vec::new();
        let mut ready: std::collections::VecDeque<u32> = std::collections::VecDeque::new();
        for (class, nodes) in self.classes.iter().enumerate() {
            for node in nodes {
                for child in &node.children {
                    users[*child as usize].push(waiting.len() as u32);
                }
                if node.children.is_empty() {
                    ready.push_back(class as u32);
                }
                waiting.push(node.children.len());
                owner.push(class as u32);
            }
        }
        let mut done = vec![false; self.classes.len()];
        while let Some(class) = ready.pop_front() {
            if std::mem::replace(&mut done[class as usize], true) {
                continue;
            }
            found(class);
            for user in &users[class as usize] {
                waiting[*user as usize] -= 1;
                if waiting[*user as usize] == 0 {
                    ready.push_back(owner[*user as usize]);
                }
            }
        }
    }

    /// The strongly connected component of each class, by Tarjan's algorithm without recursion.
    pub(super) fn strong_components(&self) -> Vec<u32> {
        const NEW: u32 = u32::MAX;
        let count = self.classes.len();
        let mut component = vec![NEW; count];
        let mut order = vec![NEW; count];
        let mut low = vec![0_u32; count];
        let mut open = Vec::new();
        let (mut next, mut components) = (0, 0);
        let successors = |class: usize| -> Vec<u32> {
            let mut all: Vec<u32> =
                self.classes[class].iter().flat_map(|node| node.children.iter().copied()).collect();
            all.sort_unstable();
            all.dedup();
            all
        };
        for start in 0..count {
            if order[start] != NEW || self.classes[start].is_empty() {
                continue;
            }
            let mut stack = vec![(start, successors(start), 0_usize)];
            order[start] = next;
            low[start] = next;
            next += 1;
            open.push(start);
            while let Some((class, below, at)) = stack.last_mut() {
                let class = *class;
                if let Some(child) = below.get(*at) {
                    let child = *child as usize;
                    *at += 1;
                    if order[child] == NEW {
                        order[child] = next;
                        low[child] = next;
                        next += 1;
                        open.push(child);
                        stack.push((child, successors(child), 0));
                    } else if component[child] == NEW {
                        low[class] = low[class].min(order[child]);
                    }
                    continue;
                }
                stack.pop();
                if let Some((above, _, _)) = stack.last() {
                    low[*above] = low[*above].min(low[class]);
                }
                if low[class] == order[class] {
                    while let Some(member) = open.pop() {
                        component[member] = components;
                        if member == class {
                            break;
                        }
                    }
                    components += 1;
                }
            }
        }
        component
    }
}
