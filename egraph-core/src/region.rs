//! The region tree.
//!
//! Regions are scopes: every class belongs to exactly one. The tree only grows; a region's parent
//! never changes. A region can *die* when its contents are contradictory, which means that no
//! execution reaches it; death includes all descendants and is never undone.

use crate::RegionId;

/// The tree, with the log of deaths.
#[derive(Clone, Debug)]
pub(crate) struct RegionTree {
    parent: Vec<Option<RegionId>>,
    depth: Vec<u32>,
    children: Vec<Vec<RegionId>>,
    dead: Vec<bool>,
    live_by_assertion: Vec<bool>,
    deaths: Vec<RegionId>,
    contradiction: Option<RegionId>,
}

impl RegionTree {
    pub(crate) fn new() -> Self {
        Self {
            parent: vec![None],
            depth: vec![0],
            children: vec![Vec::new()],
            dead: vec![false],
            live_by_assertion: vec![true],
            deaths: Vec::new(),
            contradiction: None,
        }
    }

    pub(crate) fn add(&mut self, parent: RegionId) -> RegionId {
        let id = RegionId::from_index(self.parent.len());
        self.parent.push(Some(parent));
        self.depth.push(self.depth[parent.index()] + 1);
        self.children.push(Vec::new());
        self.children[parent.index()].push(id);
        self.live_by_assertion.push(false);
        let dead = self.dead[parent.index()];
        self.dead.push(dead);
        if dead {
            self.deaths.push(id);
        }
        id
    }

    pub(crate) fn len(&self) -> usize {
        self.parent.len()
    }

    pub(crate) fn parent(&self, region: RegionId) -> Option<RegionId> {
        self.parent[region.index()]
    }

    pub(crate) fn depth(&self, region: RegionId) -> u32 {
        self.depth[region.index()]
    }

    pub(crate) fn children(&self, region: RegionId) -> &[RegionId] {
        &self.children[region.index()]
    }

    pub(crate) fn is_dead(&self, region: RegionId) -> bool {
        self.dead[region.index()]
    }

    pub(crate) fn assert_live(&mut self, region: RegionId) {
        self.live_by_assertion[region.index()] = true;
    }

    /// Kills a region and its descendants, parents first. False when it was dead already.
    pub(crate) fn kill(&mut self, region: RegionId) -> bool {
        if self.dead[region.index()] {
            return false;
        }
        let mut stack = vec![region];
        while let Some(r) = stack.pop() {
            if self.dead[r.index()] {
                continue;
            }
            self.dead[r.index()] = true;
            self.deaths.push(r);
            if r == region && self.live_by_assertion[r.index()] && self.contradiction.is_none() {
                self.contradiction = Some(r);
            }
            stack.extend(self.children[r.index()].iter().rev());
        }
        true
    }

    pub(crate) fn deaths(&self) -> &[RegionId] {
        &self.deaths
    }

    pub(crate) fn contradiction(&self) -> Option<RegionId> {
        self.contradiction
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn death_includes_descendants_and_is_logged_parents_first() {
        let mut tree = RegionTree::new();
        let a = tree.add(RegionId::ROOT);
        let b = tree.add(a);
        let c = tree.add(a);
        let other = tree.add(RegionId::ROOT);
        assert_eq!((tree.depth(b), tree.parent(b)), (2, Some(a)));
        assert!(tree.kill(b));
        assert!(tree.kill(a));
        assert!(!tree.kill(c));
        assert_eq!(tree.deaths(), [b, a, c]);
        assert!(!tree.is_dead(other) && tree.contradiction().is_none());
        let late = tree.add(c);
        assert!(tree.is_dead(late));
        tree.assert_live(other);
        tree.kill(other);
        assert_eq!(tree.contradiction(), Some(other));
    }
}
