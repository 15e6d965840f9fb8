//! The classes that every term of a class contains.

use super::work::{Node, Work};

/// Above this many classes the sets would take more memory than the problem: n²/8 bytes.
const MAX_CLASSES: usize = 16_384;

/// A set of classes per class. Bits are numbered by living class.
pub(super) struct Landmarks {
    bit: Vec<u32>,
    classes: Vec<u32>,
    words: usize,
    sets: Vec<u64>,
}

impl Landmarks {
    /// The landmarks of every class of a pruned problem; none if it is too large for them.
    pub(super) fn new(work: &Work) -> Option<Landmarks> {
        let living = work.classes.iter().filter(|nodes| !nodes.is_empty()).count();
        if living > MAX_CLASSES {
            return None;
        }
        let mut order = Vec::with_capacity(living);
        work.derivation(|class| order.push(class));
        let mut bit = vec![u32::MAX; work.classes.len()];
        for (at, class) in order.iter().enumerate() {
            bit[*class as usize] = at as u32;
        }
        let words = order.len().div_ceil(64);
        let mut marks =
            Landmarks { bit, words, sets: vec![u64::MAX; words * order.len()], classes: order };
        let mut users: Vec<Vec<u32>> = vec![Vec::new(); marks.classes.len()];
        for (at, class) in marks.classes.iter().enumerate() {
            for child in work.classes[*class as usize].iter().flat_map(|node| &node.children) {
                let below = &mut users[marks.bit[*child as usize] as usize];
                if below.last() != Some(&(at as u32)) {
                    below.push(at as u32);
                }
            }
        }
        let mut dirty = vec![true; marks.classes.len()];
        let (mut every, mut one) = (vec![0; words], vec![0; words]);
        while dirty.contains(&true) {
            for at in 0..marks.classes.len() {
                if !std::mem::replace(&mut dirty[at], false) {
                    continue;
                }
                every.fill(u64::MAX);
                for node in &work.classes[marks.classes[at] as usize] {
                    marks.of_node(node, &mut one);
                    every.iter_mut().zip(&one).for_each(|(all, one)| *all &= one);
                }
                every[at / 64] |= 1 << (at % 64);
                let own = &mut marks.sets[at * words..(at + 1) * words];
                if *own != every[..] {
                    own.copy_from_slice(&every);
                    for user in &users[at] {
                        dirty[*user as usize] = true;
                    }
                }
            }
        }
        Some(marks)
    }

    /// Fills in the landmarks of a node: those of its children.
    pub(super) fn of_node(&self, node: &Node, set: &mut [u64]) {
        set.fill(0);
        for child in &node.children {
            let row = self.bit[*child as usize] as usize * self.words;
            set.iter_mut().zip(&self.sets[row..row + self.words]).for_each(|(all, c)| *all |= c);
        }
    }

    /// An empty set.
    pub(super) fn empty(&self) -> Vec<u64> {
        vec![0; self.words]
    }

    /// Adds the landmarks of a class.
    pub(super) fn add(&self, class: u32, set: &mut [u64]) {
        let row = self.bit[class as usize] as usize * self.words;
        set.iter_mut().zip(&self.sets[row..row + self.words]).for_each(|(all, c)| *all |= c);
    }

    pub(super) fn contains(&self, set: &[u64], class: u32) -> bool {
        let bit = self.bit[class as usize] as usize;
        set[bit / 64] >> (bit % 64) & 1 == 1
    }

    /// The classes of a set.
    pub(super) fn members<'a>(&'a self, set: &'a [u64]) -> impl Iterator<Item = u32> + 'a {
        set.iter().enumerate().flat_map(move |(word, bits)| {
            let mut bits = *bits;
            std::iter::from_fn(move || {
                if bits == 0 {
                    return None;
                }
                let bit = bits.trailing_zeros() as usize;
                bits &= bits - 1;
                Some(self.classes[word * 64 + bit])
            })
        })
    }
}
