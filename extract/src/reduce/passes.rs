//! Forced classes, impossible nodes, dominance and the upper bound: what landmarks tell.

use super::landmarks::Landmarks;
use super::work::{Node, Work};
use crate::extractor::Control;
use crate::problem::NodeIndex;
use crate::verify::clearly_below;

impl Work {
    /// One round of everything that landmarks tell, on a pruned problem. False if nothing below
    /// the upper bound is left.
    pub(super) fn force_and_dominate(&mut self, upper: Option<f64>, control: &Control) -> bool {
        if let Some(marks) = Landmarks::new(self) {
            self.force(&marks);
            for class in 0..self.classes.len() {
                if class % 64 == 0 && control.should_stop() {
                    break;
                }
                let nodes = std::mem::take(&mut self.classes[class]);
                self.classes[class] = best_of(class as u32, nodes, &marks);
            }
            if let Some(upper) = upper {
                self.prune_above(upper, &marks);
            }
        } else {
            self.force_direct();
            for nodes in &mut self.classes {
                directly_best(nodes);
            }
        }
        // What is left may be cyclic, and deciding it would hide that.
        let feasible = self.prune();
        if feasible {
            self.drop_paid_edges();
        }
        feasible
    }

    /// Makes every landmark of a root a root.
    fn force(&mut self, marks: &Landmarks) {
        let mut forced = marks.empty();
        for root in &self.roots {
            marks.add(*root, &mut forced);
        }
        for class in marks.members(&forced) {
            self.add_root(class);
        }
    }

    /// The same without landmarks: children that all nodes of a root share, over and over.
    fn force_direct(&mut self) {
        let mut at = 0;
        while let Some(root) = self.roots.get(at).copied() {
            at += 1;
            let nodes = &self.classes[root as usize];
            let Some((first, rest)) = nodes.split_first() else { continue };
            let shared: Vec<u32> = first
                .children
                .iter()
                .copied()
                .filter(|child| rest.iter().all(|n| n.children.binary_search(child).is_ok()))
                .collect();
            for child in shared {
                self.add_root(child);
            }
        }
    }

    fn add_root(&mut self, class: u32) {
        if !std::mem::replace(&mut self.is_root[class as usize], true) {
            self.roots.push(class);
        }
    }

    /// Roots of one node are decided; edges to roots say nothing unless they can close a cycle.
    fn drop_paid_edges(&mut self) {
        let component = self.strong_components();
        // What stands for an edge to a decided class within its component: that class's children.
        let mut decided: Vec<Option<Vec<u32>>> = vec![None; self.classes.len()];
        let mut at = 0;
        while let Some(root) = self.roots.get(at).copied() {
            at += 1;
            if self.classes[root as usize].len() != 1 {
                continue;
            }
            let Some(node) = self.classes[root as usize].pop() else { continue };
            self.constant += node.cost;
            self.fixed.extend(node.parts.iter().map(|part| NodeIndex(*part)));
            for child in &node.children {
                self.add_root(*child);
            }
            decided[root as usize] = Some(node.children);
        }
        self.roots.retain(|root| decided[*root as usize].is_none());
        for class in 0..self.classes.len() {
            let mut nodes = std::mem::take(&mut self.classes[class]);
            for node in &mut nodes {
                let apart = |child: u32| component[child as usize] != component[class];
                let mut kept: Vec<u32> = Vec::with_capacity(node.children.len());
                let mut open = std::mem::take(&mut node.children);
                let mut expanded: Vec<u32> = Vec::new();
                while let Some(child) = open.pop() {
                    if self.is_root[child as usize] && apart(child) {
                        continue;
                    }
                    match &decided[child as usize] {
                        None => kept.push(child),
                        Some(below) if !expanded.contains(&child) => {
                            expanded.push(child);
                            open.extend(below);
                        }
                        Some(_) => {}
                    }
                }
                kept.sort_unstable();
                kept.dedup();
                node.children = kept;
            }
            self.classes[class] = nodes;
        }
        for (class, gone) in decided.iter().enumerate() {
            if gone.is_some() {
                self.is_root[class] = false;
            }
        }
    }

    /// Drops nodes that occur only in answers above a known one's cost.
    fn prune_above(&mut self, upper: f64, marks: &Landmarks) {
        let cheapest: Vec<f64> = self
            .classes
            .iter()
            .map(|nodes| nodes.iter().map(|node| node.cost).fold(f64::INFINITY, f64::min))
            .collect();
        let roots: f64 = self.roots.iter().map(|root| cheapest[*root as usize]).sum();
        let base = self.constant + roots;
        let is_root = &self.is_root;
        let mut set = marks.empty();
        for (class, nodes) in self.classes.iter_mut().enumerate() {
            if nodes.len() < 2 && is_root[class] {
                continue;
            }
            let own = if is_root[class] { cheapest[class] } else { 0.0 };
            nodes.retain(|node| {
                marks.of_node(node, &mut set);
                let new = marks.members(&set).filter(|c| !is_root[*c as usize]);
                let below: f64 = new.map(|c| cheapest[c as usize]).sum();
                !clearly_below(upper, base - own + node.cost + below)
            });
        }
    }
}

/// Classes of at most this many nodes are compared pair by pair.
const FEW: usize = 24;

/// The nodes of a class that are possible and that no other one dominates.
fn best_of(class: u32, nodes: Vec<Node>, marks: &Landmarks) -> Vec<Node> {
    let mut set = marks.empty();
    let mut gone = vec![false; nodes.len()];
    // Who dominates needs its first child among the landmarks: rivals by first child.
    let mut by_first: Vec<(Option<u32>, u32)> = Vec::new();
    if nodes.len() > FEW {
        let first = |(at, node): (usize, &Node)| (node.children.first().copied(), at as u32);
        by_first.extend(nodes.iter().enumerate().map(first));
        by_first.sort_unstable();
    }
    for (at, node) in nodes.iter().enumerate() {
        marks.of_node(node, &mut set);
        if marks.contains(&set, class) {
            gone[at] = true;
            continue;
        }
        let better = |other: usize| {
            let by = &nodes[other];
            other != at
                && !gone[other]
                && by.cost <= node.cost
                && by.children.iter().all(|child| marks.contains(&set, *child))
        };
        gone[at] = if nodes.len() > FEW {
            let firsts = std::iter::once(None).chain(marks.members(&set).map(Some));
            let mut rivals = firsts.flat_map(|first| {
                let start = by_first.partition_point(|(key, _)| *key < first);
                by_first[start..].iter().take_while(move |(key, _)| *key == first)
            });
            rivals.any(|(_, other)| better(*other as usize))
        } else {
            (0..nodes.len()).any(better)
        };
    }
    let mut gone = gone.into_iter();
    nodes.into_iter().filter(|_| gone.next() == Some(false)).collect()
}

/// The same for direct children only, and only against the cheapest few.
fn directly_best(nodes: &mut Vec<Node>) {
    const RIVALS: usize = 8;
    if nodes.len() < 2 {
        return;
    }
    let mut rank: Vec<usize> = (0..nodes.len()).collect();
    rank.sort_by(|a, b| {
        let (a, b) = (&nodes[*a], &nodes[*b]);
        a.cost.total_cmp(&b.cost).then(a.children.len().cmp(&b.children.len()))
    });
    let mut gone = vec![false; nodes.len()];
    for (place, at) in rank.iter().enumerate().skip(1) {
        let node = &nodes[*at];
        gone[*at] = rank[..place.min(RIVALS)].iter().filter(|other| !gone[**other]).any(|other| {
            let by = &nodes[*other];
            by.children.iter().all(|child| node.children.binary_search(child).is_ok())
        });
    }
    let mut gone = gone.into_iter();
    nodes.retain(|_| gone.next() == Some(false));
}
