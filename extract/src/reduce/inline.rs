//! Classes that move into their users.

use super::work::{Node, Work};

/// Edges that one inlining may add.
const MAX_GROWTH: usize = 24;

/// Who uses a class.
#[derive(Clone, Copy, PartialEq)]
enum Users {
    None,
    /// One node.
    Node {
        class: u32,
        at: u32,
    },
    /// Several nodes of one class.
    Class {
        class: u32,
        nodes: u32,
    },
    /// Nodes of several classes.
    Many {
        nodes: u32,
    },
}

impl Users {
    fn and(self, class: u32, at: u32) -> Users {
        match self {
            Users::None => Users::Node { class, at },
            Users::Node { class: own, .. } if own == class => Users::Class { class, nodes: 2 },
            Users::Class { class: own, nodes } if own == class => {
                Users::Class { class, nodes: nodes + 1 }
            }
            Users::Node { .. } => Users::Many { nodes: 2 },
            Users::Class { nodes, .. } | Users::Many { nodes } => Users::Many { nodes: nodes + 1 },
        }
    }
}

impl Work {
    /// One round of inlining on a pruned problem; each class takes part in at most one move.
    pub(super) fn inline(&mut self) {
        let mut users = vec![Users::None; self.classes.len()];
        let mut user_classes: Vec<Vec<u32>> = vec![Vec::new(); self.classes.len()];
        for (class, nodes) in self.classes.iter().enumerate() {
            for (at, node) in nodes.iter().enumerate() {
                for child in &node.children {
                    let child = *child as usize;
                    users[child] = users[child].and(class as u32, at as u32);
                    if user_classes[child].last() != Some(&(class as u32)) {
                        user_classes[child].push(class as u32);
                    }
                }
            }
        }
        let mut touched = vec![false; self.classes.len()];
        for class in 0..self.classes.len() as u32 {
            let above = &user_classes[class as usize];
            let moved = |class: &u32| touched[*class as usize];
            if self.is_root[class as usize] || moved(&class) || above.iter().any(moved) {
                continue;
            }
            let nodes = &self.classes[class as usize];
            let done = match (nodes.as_slice(), users[class as usize]) {
                ([], _) | (_, Users::None) => false,
                (nodes, Users::Node { class: user, at }) => {
                    let others = self.classes[user as usize][at as usize].children.len() - 1;
                    let growth = (nodes.len() - 1) * others;
                    growth <= MAX_GROWTH && {
                        self.expand(class, user, at);
                        true
                    }
                }
                ([only], Users::Class { nodes, .. }) => {
                    let only = only.clone();
                    self.absorb(class, above, &only, nodes as usize)
                }
                ([only], Users::Many { nodes }) if only.cost == 0.0 => {
                    let only = only.clone();
                    self.absorb(class, above, &only, nodes as usize)
                }
                _ => false,
            };
            if done {
                touched[class as usize] = true;
                for user in &user_classes[class as usize] {
                    touched[*user as usize] = true;
                }
            }
        }
    }

    /// Replaces the one node that uses a class by a node for each of the class's.
    fn expand(&mut self, class: u32, user: u32, at: u32) {
        let nodes = std::mem::take(&mut self.classes[class as usize]);
        let user_node = self.classes[user as usize].remove(at as usize);
        let merged = nodes.iter().map(|node| merge(&user_node, class, node));
        let merged: Vec<Node> = merged.collect();
        self.classes[user as usize].extend(merged);
    }

    /// Moves a class of one node into the nodes that use it, if that adds few edges.
    fn absorb(&mut self, class: u32, users: &[u32], only: &Node, nodes: usize) -> bool {
        if nodes * only.children.len() > nodes + only.children.len() + MAX_GROWTH {
            return false;
        }
        self.classes[class as usize].clear();
        for user in users {
            for node in &mut self.classes[*user as usize] {
                if node.children.binary_search(&class).is_ok() {
                    *node = merge(node, class, only);
                }
            }
        }
        true
    }
}

/// A node with one of its children replaced by what a node of that child needs.
fn merge(user: &Node, class: u32, node: &Node) -> Node {
    let mut children: Vec<u32> = user
        .children
        .iter()
        .copied()
        .filter(|c| *c != class)
        .chain(node.children.clone())
        .collect();
    children.sort_unstable();
    children.dedup();
    let mut parts = user.parts.clone();
    parts.extend(&node.parts);
    parts.sort_unstable();
    parts.dedup();
    // The first part names the class itself.
    let first = user.parts[0];
    let at = parts.iter().position(|part| *part == first).unwrap_or(0);
    parts.swap(0, at);
    Node { cost: user.cost + node.cost, children, parts }
}
