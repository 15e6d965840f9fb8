//! Congruence closure against a naive oracle, on random graphs in several regions.

use egraph_core::{
    EClassId, EGraph, OpId, PayloadId, Reason, RegionId, Signature, SortId, SortRule,
};
use proptest::prelude::*;

/// The oracle: terms as written, an equivalence closed by comparing all pairs until nothing moves.
struct Oracle {
    /// Operator, payload, children as indices of terms, region.
    terms: Vec<(usize, u32, Vec<usize>, usize)>,
    label: Vec<usize>,
}

impl Oracle {
    fn merge(&mut self, a: usize, b: usize) -> bool {
        let (to, from) = (self.label[a], self.label[b]);
        self.label.iter_mut().filter(|label| **label == from).for_each(|label| *label = to);
        to != from
    }

    fn congruent(&self, a: usize, b: usize) -> bool {
        let (a, b) = (&self.terms[a], &self.terms[b]);
        a.0 == b.0
            && a.1 == b.1
            && a.3 == b.3
            && a.2.iter().zip(&b.2).all(|(x, y)| self.label[*x] == self.label[*y])
    }

    fn close(&mut self) {
        let mut changed = true;
        while changed {
            changed = false;
            for a in 0..self.terms.len() {
                for b in 0..a {
                    if self.congruent(a, b) {
                        changed |= self.merge(a, b);
                    }
                }
            }
        }
    }
}

#[derive(Clone, Debug)]
enum Action {
    Leaf(u32, usize),
    Node(usize, u32, Vec<usize>),
    Import(usize),
    Union(usize, usize),
    Rebuild,
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        2 => (1u32..4, 0usize..2).prop_map(|(p, r)| Action::Leaf(p, r)),
        5 => (1usize..4, 0u32..2, prop::collection::vec(0usize..1000, 3))
            .prop_map(|(arity, p, c)| Action::Node(arity, p, c)),
        3 => (0usize..1000).prop_map(Action::Import),
        4 => (0usize..1000, 0usize..1000).prop_map(|(a, b)| Action::Union(a, b)),
        1 => Just(Action::Rebuild),
    ]
}

struct Setup {
    egraph: EGraph,
    ops: Vec<OpId>,
    import: OpId,
    sort: SortId,
    regions: [RegionId; 2],
}

fn setup() -> Setup {
    let mut sig = Signature::new();
    let sort = sig.sort("s");
    let mut ops = vec![sig.op("leaf", 0, SortRule::Explicit)];
    ops.extend((1..4).map(|arity| sig.op("f", arity, SortRule::SameAs(0))));
    let import = sig.crossing_op("import");
    let mut egraph = EGraph::new(sig, ());
    let inner = egraph.add_region(RegionId::ROOT);
    Setup { egraph, ops, import, sort, regions: [RegionId::ROOT, inner] }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn closure_agrees_with_the_oracle(actions in prop::collection::vec(action(), 1..60)) {
        let Setup { mut egraph, ops, import, sort, regions } = setup();
        let mut oracle = Oracle { terms: Vec::new(), label: Vec::new() };
        let mut ids: Vec<EClassId> = Vec::new();
        for action in actions {
            let count = ids.len();
            let (op, payload, children, region) = match action {
                Action::Rebuild => {
                    egraph.rebuild();
                    continue;
                }
                Action::Union(a, b) => {
                    if count > 0 {
                        let (a, b) = (a % count, b % count);
                        let same = oracle.terms[a].3 == oracle.terms[b].3;
                        let joined = egraph.union(ids[a], ids[b], Reason::Given).is_ok();
                    prop_assert_eq!(joined, same || ids[a] == ids[b]);
                        if same {
                            oracle.merge(a, b);
                        }
                    }
                    continue;
                }
                Action::Leaf(payload, region) => (0, payload, Vec::new(), region),
                Action::Import(child) => {
                    if count == 0 || oracle.terms[child % count].3 != 0 {
                        continue;
                    }
                    (9, 0, vec![child % count], 1)
                }
                Action::Node(arity, payload, children) => {
                    if count == 0 {
                        continue;
                    }
                    let home = oracle.terms[children[0] % count].3;
                    let chosen: Vec<usize> = children[..arity].iter().map(|c| c % count)
                        .filter(|c| oracle.terms[*c].3 == home).collect();
                    (chosen.len(), payload, chosen, home)
                }
            };
            let classes: Vec<EClassId> = children.iter().map(|c| ids[*c]).collect();
            let op_id = if op == 9 { import } else { ops[op] };
            let id = egraph
                .add(regions[region], op_id, PayloadId::new(payload), &classes, Some(sort))
                .unwrap();
            ids.push(id);
            oracle.label.push(oracle.terms.len());
            oracle.terms.push((op, payload, children, region));
        }
        egraph.rebuild();
        oracle.close();
        prop_assert_eq!(egraph.check_invariants(), Ok(()));
        for a in 0..ids.len() {
            for b in 0..a {
                let equal = egraph.find(ids[a]) == egraph.find(ids[b]);
                prop_assert_eq!(equal, oracle.label[a] == oracle.label[b], "terms {} and {}", a, b);
            }
        }
    }
}

#[test]
fn congruence_climbs_and_is_logged() {
    let Setup { mut egraph, ops, sort, .. } = setup();
    egraph.set_union_log(true);
    let mut leaf =
        |p| egraph.add(RegionId::ROOT, ops[0], PayloadId::new(p), &[], Some(sort)).unwrap();
    let (mut a, mut b) = (leaf(1), leaf(2));
    let (a0, b0) = (a, b);
    for _ in 0..50 {
        a = egraph.add_op(RegionId::ROOT, ops[1], &[a]).unwrap();
        b = egraph.add_op(RegionId::ROOT, ops[1], &[b]).unwrap();
    }
    assert_eq!((egraph.class_count(), egraph.node_count()), (102, 102));
    assert_eq!(egraph.union(a0, b0, Reason::Given), Ok(true));
    assert_eq!(egraph.rebuild(), 50);
    assert_eq!(egraph.find(a), egraph.find(b));
    assert_eq!((egraph.class_count(), egraph.node_count()), (51, 52));
    let log = egraph.union_log();
    assert_eq!(log.len(), 51);
    assert_eq!(log[0].reason, Reason::Given);
    assert!(log[1..].iter().all(|entry| entry.reason == Reason::Congruence));
}
