//! Union-find over dense ids, with frames that can be undone.
//!
//! The smaller id of two represents both, so that the same unions give the same representatives.
//! Paths are halved by [`UnionFind::find_mut`] (Tarjan and van Leeuwen, JACM 1984, section 2);
//! reading alone changes nothing, so that many threads may read. While a frame is open every
//! overwritten link is kept.

/// A forest of parent links.
#[derive(Clone, Debug, Default)]
pub(crate) struct UnionFind {
    parent: Vec<u32>,
    frames: Vec<Frame>,
    /// Overwritten links of the open frames: (id, link).
    undo: Vec<(u32, u32)>,
    unions: usize,
}

#[derive(Clone, Debug)]
struct Frame {
    len: usize,
    undo: usize,
    unions: usize,
}

impl UnionFind {
    pub(crate) fn len(&self) -> usize {
        self.parent.len()
    }

    /// Number of sets.
    pub(crate) fn sets(&self) -> usize {
        self.parent.len() - self.unions
    }

    /// Adds an id in a set of its own.
    pub(crate) fn make(&mut self) -> u32 {
        let id = u32::try_from(self.parent.len()).expect("ids are 32 bits wide");
        self.parent.push(id);
        id
    }

    /// Touches the memory of ids up to a number.
    pub(super) fn touch(&mut self, ids: usize) {
        super::room::touch(&mut self.parent, ids, 0);
    }

    /// Adds ids up to this one. An id that was never added is in a set of its own.
    pub(crate) fn cover(&mut self, id: u32) {
        while self.parent.len() <= id as usize {
            self.make();
        }
    }

    /// The smallest id of the set.
    #[inline]
    pub(crate) fn find(&self, mut id: u32) -> u32 {
        while let Some(&up) = self.parent.get(id as usize) {
            if up == id {
                break;
            }
            id = up;
        }
        id
    }

    /// True for an id that represents its set.
    #[inline]
    pub(crate) fn is_root(&self, id: u32) -> bool {
        self.parent.get(id as usize).is_none_or(|up| *up == id)
    }

    /// As `find`, halving the path.
    #[inline]
    pub(crate) fn find_mut(&mut self, mut id: u32) -> u32 {
        loop {
            let Some(&up) = self.parent.get(id as usize) else { return id };
            if up == id {
                return id;
            }
            let next = self.parent[up as usize];
            if next == up {
                return up;
            }
            self.write(id, next);
            id = next;
        }
    }

    #[inline]
    fn write(&mut self, id: u32, link: u32) {
        if self.frames.last().is_some_and(|frame| (id as usize) < frame.len) {
            self.undo.push((id, self.parent[id as usize]));
        }
        self.parent[id as usize] = link;
    }

    /// Makes one set of two. Gives (kept, displaced) representatives, `None` if they were one.
    pub(crate) fn union(&mut self, a: u32, b: u32) -> Option<(u32, u32)> {
        let (a, b) = (self.find_mut(a), self.find_mut(b));
        if a == b {
            return None;
        }
        let (kept, displaced) = (a.min(b), a.max(b));
        self.cover(displaced);
        self.write(displaced, kept);
        self.unions += 1;
        Some((kept, displaced))
    }

    /// Makes `kept` represent `displaced`, both representatives.
    pub(crate) fn link(&mut self, kept: u32, displaced: u32) {
        self.cover(kept.max(displaced));
        debug_assert!(self.find(kept) == kept && self.find(displaced) == displaced);
        self.write(displaced, kept);
        self.unions += 1;
    }

    pub(crate) fn push_frame(&mut self) {
        let frame = Frame { len: self.parent.len(), undo: self.undo.len(), unions: self.unions };
        self.frames.push(frame);
    }

    /// Back to where the last frame was opened.
    pub(crate) fn pop_frame(&mut self) {
        let Some(frame) = self.frames.pop() else { return };
        for (id, link) in self.undo.drain(frame.undo..).rev() {
            self.parent[id as usize] = link;
        }
        self.parent.truncate(frame.len);
        self.unions = frame.unions;
    }

    pub(crate) fn bytes(&self) -> usize {
        super::room::held(&self.parent) + self.undo.capacity() * 8
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn agrees_with_relabelling(
            ops in prop::collection::vec((0u32..20, 0u32..20, 0u8..10), 0..80)
        ) {
            let mut uf = UnionFind::default();
            let mut label: Vec<u32> = (0..20).collect();
            let mut saved = Vec::new();
            (0..10).for_each(|_| {
                uf.make();
            });
            for (a, b, op) in ops {
                match op {
                    0 => {
                        uf.push_frame();
                        saved.push(label.clone());
                    }
                    1 => {
                        uf.pop_frame();
                        label = saved.pop().unwrap_or(label);
                    }
                    _ => {
                        uf.union(a, b);
                        let (from, to) = (label[b as usize], label[a as usize]);
                        label.iter_mut().filter(|l| **l == from).for_each(|l| *l = to);
                    }
                }
                for i in 0..20 {
                    for j in 0..20 {
                        let same = label[i as usize] == label[j as usize];
                        prop_assert_eq!(uf.find(i) == uf.find(j), same);
                    }
                }
            }
        }
    }
}
