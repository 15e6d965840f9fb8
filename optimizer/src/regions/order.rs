//! What follows from comparisons that are known: order among integers.
//!
//! A comparison whose class is a constant is a fact of its region. From facts, ranges, sums with
//! constants and, through imports, the facts of the parent, a bounded search proves others: with
//! `i < n` (the loop runs) and `n <= len(a)` outside follows `i < len(a)`.

use super::Round;
use super::look::{Ops, constant, integer, truth};
use crate::facts::Graph;
use crate::model::Model;
use egraph_core::{EClassId, ENodeId, Limit};
use hashbrown::HashMap;
use rustc_hash::{FxBuildHasher, FxHasher};
use rvsdg::{Cmp, Const, Type};
use std::hash::{Hash, Hasher};

/// Comparisons looked at for one proof.
const FUEL: u32 = 200;
/// Facts in a chain.
const DEPTH: u32 = 6;
/// The same, from or to a constant.
const FIXED_DEPTH: u32 = 2;
/// Facts about a value that are looked at.
const USES: usize = 64;

/// Known comparisons by what they say is smaller: how much at least, and than what.
type Known = HashMap<EClassId, Vec<(i64, EClassId)>, FxBuildHasher>;

/// A search for a proof.
pub(super) struct Prover<'a, 'f> {
    model: &'a Model<'f>,
    ops: &'a Ops,
    /// The known comparisons; without them each class is asked for its uses.
    known: Option<&'a Known>,
    fuel: u32,
    /// The depth at which something could not be proved.
    failed: HashMap<(EClassId, i64, EClassId), u32, FxBuildHasher>,
}

impl<'a, 'f> Prover<'a, 'f> {
    /// A search among all that is known at this moment.
    pub(super) fn new(model: &'a Model<'f>, ops: &'a Ops) -> Self {
        Prover { model, ops, known: None, fuel: FUEL, failed: HashMap::default() }
    }

    /// A search among the comparisons that were known at some time: faster.
    fn among(model: &'a Model<'f>, ops: &'a Ops, known: &'a Known) -> Self {
        Prover { known: Some(known), ..Prover::new(model, ops) }
    }

    /// The truth of a comparison on every entry to the operands' region, if it can be proved.
    pub(super) fn decide(&mut self, cmp: Cmp, a: EClassId, b: EClassId) -> Option<bool> {
        let mut either = |yes: (EClassId, i64, EClassId), no: (EClassId, i64, EClassId)| {
            if self.at_most(yes.0, yes.1, yes.2, DEPTH) {
                Some(true)
            } else {
                self.at_most(no.0, no.1, no.2, DEPTH).then_some(false)
            }
        };
        match cmp {
            Cmp::Lt => either((a, 1, b), (b, 0, a)),
            Cmp::Le => either((a, 0, b), (b, 1, a)),
            Cmp::Gt => either((b, 1, a), (a, 0, b)),
            Cmp::Ge => either((b, 0, a), (a, 1, b)),
            Cmp::Eq | Cmp::Ne => {
                let apart = self.at_most(a, 1, b, DEPTH) || self.at_most(b, 1, a, DEPTH);
                apart.then_some(cmp == Cmp::Ne)
            }
        }
    }

    /// Whether `a < b` on every entry.
    pub(super) fn less(&mut self, a: EClassId, b: EClassId) -> bool {
        self.at_most(a, 1, b, DEPTH)
    }

    /// Whether `a + offset <= b` over the integers on every entry.
    fn at_most(&mut self, a: EClassId, offset: i64, b: EClassId, depth: u32) -> bool {
        let graph = &self.model.graph;
        let (a, b) = (graph.find(a), graph.find(b));
        if a == b && offset <= 0 {
            return true;
        }
        if let (Some(x), Some(y)) = (graph.data(a).range.ints(), graph.data(b).range.ints())
            && x.lo <= x.hi
            && y.lo <= y.hi
            && x.hi.checked_add(offset).is_some_and(|most| most <= y.lo)
        {
            return true;
        }
        // Most of what comparisons say beside a constant is in the ranges.
        let fixed = |class| constant(&self.model.graph, class).is_some();
        let (low_fixed, high_fixed) = (fixed(a), fixed(b));
        let depth = if low_fixed || high_fixed { depth.min(FIXED_DEPTH) } else { depth };
        if depth == 0 || self.fuel == 0 {
            return false;
        }
        let tried = self.failed.entry((a, offset, b)).or_default();
        if *tried >= depth {
            return false;
        }
        *tried = depth;
        self.fuel -= 1;
        // In the parent region more is known about what comes from there.
        if let (Some(x), Some(y)) = (self.model.imported(a), self.model.imported(b))
            && self.at_most(x, offset, y, depth)
        {
            return true;
        }
        !low_fixed && self.below_is_sum(a, offset, b, depth)
            || !high_fixed && self.above_is_sum(a, offset, b, depth)
            || self.step(a, offset, b, depth)
    }

    /// `a` is `x + k`.
    fn below_is_sum(&mut self, a: EClassId, offset: i64, b: EClassId, depth: u32) -> bool {
        for (x, k) in sums(&self.model.graph, self.ops, a) {
            if let Some(offset) = offset.checked_add(k)
                && self.at_most(x, offset, b, depth - 1)
            {
                return true;
            }
        }
        let graph = &self.model.graph;
        let smaller: Vec<EClassId> =
            graph.nodes_of(a, self.ops.min).flat_map(|node| graph.children(node)).collect();
        smaller.into_iter().any(|x| self.at_most(x, offset, b, depth - 1))
    }

    /// `b` is `y + k`.
    fn above_is_sum(&mut self, a: EClassId, offset: i64, b: EClassId, depth: u32) -> bool {
        for (y, k) in sums(&self.model.graph, self.ops, b) {
            if let Some(offset) = offset.checked_sub(k)
                && self.at_most(a, offset, y, depth - 1)
            {
                return true;
            }
        }
        let graph = &self.model.graph;
        let larger: Vec<EClassId> =
            graph.nodes_of(b, self.ops.max).flat_map(|node| graph.children(node)).collect();
        larger.into_iter().any(|y| self.at_most(a, offset, y, depth - 1))
    }

    /// A known comparison leads from `a` to something larger.
    fn step(&mut self, a: EClassId, offset: i64, b: EClassId, depth: u32) -> bool {
        if let Some(known) = self.known {
            let larger = known.get(&a).map(Vec::as_slice).unwrap_or_default();
            let mut larger = larger.iter().take(USES);
            return larger
                .any(|(gap, high)| self.at_most(*high, offset.saturating_sub(*gap), b, depth - 1));
        }
        let graph = &self.model.graph;
        let mut facts = graph.parents(a).take(USES).filter_map(|node| fact(graph, self.ops, node));
        facts.any(|(low, gap, high)| {
            let leads = low == a && high != a;
            leads && self.at_most(high, offset.saturating_sub(gap), b, depth - 1)
        })
    }
}

/// What a node of a comparison says if its truth is known: `low + gap <= high`.
pub(super) fn fact(graph: &Graph, ops: &Ops, node: ENodeId) -> Option<(EClassId, i64, EClassId)> {
    let cmp = ops.comparison(graph.op(node))?;
    let truth = truth(graph, graph.class_of(node))?;
    let (a, b) = (graph.child(node, 0), graph.child(node, 1));
    match (cmp, truth) {
        (Cmp::Lt, true) | (Cmp::Ge, false) => Some((a, 1, b)),
        (Cmp::Le, true) | (Cmp::Gt, false) => Some((a, 0, b)),
        (Cmp::Gt, true) | (Cmp::Le, false) => Some((b, 1, a)),
        (Cmp::Ge, true) | (Cmp::Lt, false) => Some((b, 0, a)),
        _ => None,
    }
}

/// The ways in which a class is `x + k` without leaving the range of its type.
fn sums(graph: &Graph, ops: &Ops, class: EClassId) -> Vec<(EClassId, i64)> {
    let mut found = Vec::new();
    for op in [ops.add, ops.sub] {
        for node in graph.nodes_of(class, op) {
            let (x, k) = (graph.child(node, 0), graph.child(node, 1));
            let Some(k) = integer(graph, k) else { continue };
            let k = if op == ops.sub { k.checked_neg() } else { Some(k) };
            let Some(k) = k else { continue };
            let wide = graph.analysis().language.ty(graph.sort(x)) == Type::I64;
            let stays = graph.data(x).range.ints().is_some_and(|range| {
                range.lo.checked_add(k).is_some() && range.hi.checked_add(k).is_some()
            });
            if wide && stays && graph.find(x) != graph.find(class) {
                found.push((x, k));
            }
        }
    }
    found
}

impl Round<'_, '_> {
    /// The comparisons whose truth is known.
    fn known(&self) -> Known {
        let (graph, mut known) = (self.graph(), Known::default());
        let nodes = Cmp::ALL.into_iter().flat_map(|cmp| graph.nodes_with_op(self.ops.compare(cmp)));
        for (low, gap, high) in nodes.filter_map(|node| fact(graph, &self.ops, node)) {
            if low != high {
                known.entry(low).or_default().push((gap, high));
            }
        }
        known
    }

    /// A hash of what is known about two classes, their forms and what they are outside included,
    /// and of the number of facts.
    fn seen(&self, a: EClassId, b: EClassId, facts: usize) -> u64 {
        let mut hasher = FxHasher::default();
        for class in [a, b] {
            let range = self.graph().data(class).range.ints().map(|range| (range.lo, range.hi));
            let outside = self.model.imported(class).map(EClassId::index);
            (self.graph().find(class).index(), range, outside).hash(&mut hasher);
            self.graph().nodes(class).count().hash(&mut hasher);
        }
        facts.hash(&mut hasher);
        hasher.finish()
    }

    /// Decides comparisons of integers that are open.
    pub(super) fn compare(&mut self) -> Result<(), Limit> {
        if self.model.instances.is_empty() {
            return Ok(());
        }
        let (mut decided, known) = (Vec::new(), self.known());
        let facts: usize = known.values().map(Vec::len).sum();
        let mut undecided = std::mem::take(&mut self.memory.undecided);
        for cmp in Cmp::ALL {
            for node in self.graph().nodes_with_op(self.ops.compare(cmp)) {
                let class = self.graph().class_of(node);
                let open = constant(self.graph(), class).is_none();
                if !open || self.graph().is_dead(self.graph().region(class)) {
                    continue;
                }
                let (a, b) = (self.graph().child(node, 0), self.graph().child(node, 1));
                let mut prover = Prover::among(self.model, &self.ops, &known);
                // Nothing new to go by, as far as can be told from the operands.
                let seen = self.seen(a, b, facts);
                if undecided.get(&node) == Some(&seen) {
                    continue;
                }
                if let Some(truth) = prover.decide(cmp, a, b) {
                    decided.push((class, truth));
                } else {
                    undecided.insert(node, seen);
                }
            }
        }
        self.memory.undecided = undecided;
        for (class, truth) in decided {
            let known = self.model.constant(self.graph().region(class), Const::Bool(truth))?;
            self.equate("comparison-follows", class, known);
        }
        Ok(())
    }
}
