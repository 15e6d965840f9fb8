//! Union-find over dense `u32` ids (Tarjan 1975), path halving, links directed by the caller.

use crate::EClassId;

/// The forest. The caller chooses the surviving root of a union, because the e-graph picks the one
/// whose nodes are dearer to touch.
#[derive(Clone, Debug, Default)]
pub(crate) struct UnionFind {
    parent: Vec<EClassId>,
}

impl UnionFind {
    pub(crate) fn make(&mut self) -> EClassId {
        let id = EClassId::from_index(self.parent.len());
        self.parent.push(id);
        id
    }

    pub(crate) fn len(&self) -> usize {
        self.parent.len()
    }

    pub(crate) fn find(&self, mut id: EClassId) -> EClassId {
        loop {
            let up = self.parent[id.index()];
            if up == id {
                return id;
            }
            id = up;
        }
    }

    /// As `find`, shortening the path.
    pub(crate) fn find_mut(&mut self, mut id: EClassId) -> EClassId {
        loop {
            let up = self.parent[id.index()];
            if up == id {
                return id;
            }
            let up2 = self.parent[up.index()];
            self.parent[id.index()] = up2;
            id = up2;
        }
    }

    /// Puts the tree of root `loser` under root `winner`.
    pub(crate) fn link(&mut self, winner: EClassId, loser: EClassId) {
        debug_assert!(self.parent[winner.index()] == winner && self.parent[loser.index()] == loser);
        self.parent[loser.index()] = winner;
    }

    pub(crate) fn is_root(&self, id: EClassId) -> bool {
        self.parent[id.index()] == id
    }

    pub(crate) fn bytes(&self) -> usize {
        self.parent.capacity() * size_of::<EClassId>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn agrees_with_relabelling(
            pairs in prop::collection::vec((0usize..20, 0usize..20), 0..60)
        ) {
            let mut uf = UnionFind::default();
            let ids: Vec<EClassId> = (0..20).map(|_| uf.make()).collect();
            let mut label: Vec<usize> = (0..20).collect();
            for (a, b) in pairs {
                let (ra, rb) = (uf.find_mut(ids[a]), uf.find_mut(ids[b]));
                if ra != rb {
                    uf.link(ra, rb);
                }
                let (la, lb) = (label[a], label[b]);
                label.iter_mut().filter(|l| **l == lb).for_each(|l| *l = la);
                for i in 0..20 {
                    for j in 0..20 {
                        prop_assert_eq!(uf.find(ids[i]) == uf.find(ids[j]), label[i] == label[j]);
                    }
                }
            }
        }
    }
}
