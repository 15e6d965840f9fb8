//! Constant folding as an analysis that materialises its constants, and contradictions.

use egraph_core::{
    Analysis, EClassId, EGraph, ENodeId, PayloadId, Reason, RegionId, Signature, SortRule,
};
use proptest::prelude::*;

/// What is known about a class.
#[derive(Clone, Debug, PartialEq)]
enum Known {
    Nothing,
    Constant(u8),
    Impossible,
}

/// Constants are payloads: the value plus one.
#[derive(Clone, Debug, Default)]
struct Fold;

impl Analysis for Fold {
    type Data = Known;

    fn make(&self, egraph: &EGraph<Self>, node: ENodeId) -> Known {
        let node = egraph.node(node);
        let child = |at: usize| egraph.data(node.children[at]);
        match (egraph.signature().op_name(node.op), node.children.len()) {
            ("const", 0) => Known::Constant((node.payload.as_u32() - 1) as u8),
            ("add", 2) => match (child(0), child(1)) {
                (Known::Constant(a), Known::Constant(b)) => Known::Constant(a.wrapping_add(*b)),
                _ => Known::Nothing,
            },
            ("import", 1) => child(0).clone(),
            _ => Known::Nothing,
        }
    }

    fn merge(&self, into: &mut Known, from: Known) -> bool {
        let merged = match (&*into, &from) {
            (Known::Nothing, _) => from,
            (_, Known::Nothing) => into.clone(),
            (a, b) if *a == *b => from,
            _ => Known::Impossible,
        };
        let changed = merged != *into;
        *into = merged;
        changed
    }

    fn modify(egraph: &mut EGraph<Self>, class: EClassId) {
        if let Known::Constant(value) = *egraph.data(class) {
            let (region, sort) = (egraph.region(class), egraph.sort(class));
            let op = egraph.signature().find_op("const", 0).unwrap();
            let payload = PayloadId::new(u32::from(value) + 1);
            if let Ok(constant) = egraph.add(region, op, payload, &[], Some(sort)) {
                egraph.union(class, constant, Reason::Analysis).unwrap();
            }
        }
    }

    fn contradiction(&self, data: &Known) -> bool {
        *data == Known::Impossible
    }
}

fn signature() -> Signature {
    let mut sig = Signature::new();
    sig.sort("u8");
    sig.op("const", 0, SortRule::Explicit);
    sig.op("var", 0, SortRule::Explicit);
    sig.op("add", 2, SortRule::SameAs(0));
    sig.crossing_op("import");
    sig
}

fn leaf(egraph: &mut EGraph<Fold>, region: RegionId, name: &str, payload: u32) -> EClassId {
    let (op, sort) = (egraph.signature().find_op(name, 0), egraph.signature().find_sort("u8"));
    egraph.add(region, op.unwrap(), PayloadId::new(payload), &[], sort).unwrap()
}

fn add(egraph: &mut EGraph<Fold>, a: EClassId, b: EClassId) -> EClassId {
    let op = egraph.signature().find_op("add", 2).unwrap();
    egraph.add_op(egraph.region(a), op, &[a, b]).unwrap()
}

#[test]
fn constants_fold_upwards_when_they_become_known() {
    let mut egraph = EGraph::new(signature(), Fold);
    let root = RegionId::ROOT;
    let (x, two) = (leaf(&mut egraph, root, "var", 1), leaf(&mut egraph, root, "const", 3));
    let mut sum = x;
    for _ in 0..20 {
        sum = add(&mut egraph, sum, two);
    }
    egraph.rebuild();
    assert_eq!(*egraph.data(sum), Known::Nothing);
    let five = leaf(&mut egraph, root, "const", 6);
    egraph.union(x, five, Reason::Given).unwrap();
    egraph.rebuild();
    assert_eq!(*egraph.data(sum), Known::Constant(45));
    assert_eq!(leaf(&mut egraph, root, "const", 46), egraph.find(sum));
    assert_eq!(egraph.check_invariants(), Ok(()));
    assert_eq!(egraph.root_contradiction(), None);
}

#[test]
fn facts_flow_into_inner_regions_and_kill_only_them() {
    let mut egraph = EGraph::new(signature(), Fold);
    let inner = egraph.add_region(RegionId::ROOT);
    let innermost = egraph.add_region(inner);
    let import = egraph.signature().find_op("import", 1).unwrap();
    let x = leaf(&mut egraph, RegionId::ROOT, "var", 1);
    let inside = egraph.add_op(inner, import, &[x]).unwrap();
    let assumed = leaf(&mut egraph, inner, "const", 1);
    egraph.union(inside, assumed, Reason::Given).unwrap();
    egraph.rebuild();
    assert_eq!(*egraph.data(x), Known::Nothing, "facts do not flow outward");
    assert!(!egraph.is_dead(inner));

    egraph.merge_data(x, Known::Constant(9));
    egraph.rebuild();
    assert_eq!(*egraph.data(inside), Known::Impossible);
    assert!(egraph.is_dead(inner) && egraph.is_dead(innermost) && !egraph.is_dead(RegionId::ROOT));
    assert_eq!(egraph.dead_regions(), [inner, innermost]);
    assert_eq!(egraph.root_contradiction(), None);

    let other = leaf(&mut egraph, RegionId::ROOT, "const", 1);
    egraph.union(x, other, Reason::Given).unwrap();
    egraph.rebuild();
    assert_eq!(egraph.root_contradiction(), Some(RegionId::ROOT));
}

#[test]
fn a_node_with_an_impossible_value_kills_its_region_at_once() {
    let mut egraph = EGraph::new(signature(), Fold);
    let inner = egraph.add_region(RegionId::ROOT);
    let x = leaf(&mut egraph, RegionId::ROOT, "var", 1);
    egraph.set_data(x, Known::Impossible);
    assert!(egraph.is_dead(inner));
}

proptest! {
    /// Whatever the order of unions, a sum is folded exactly when its leaves are known.
    #[test]
    fn folding_does_not_depend_on_the_order(
        shape in prop::collection::vec((0usize..100, 0usize..100), 1..25),
        values in prop::collection::vec(prop::option::of(0u8..4), 4),
        order in Just([0usize, 1, 2, 3]).prop_shuffle(),
        early in any::<bool>(),
    ) {
        let mut egraph = EGraph::new(signature(), Fold);
        let mut nodes: Vec<(EClassId, Option<u8>)> = (0..4)
            .map(|v| (leaf(&mut egraph, RegionId::ROOT, "var", v as u32), values[v]))
            .collect();
        let assign = |egraph: &mut EGraph<Fold>, nodes: &[(EClassId, Option<u8>)]| {
            for v in order {
                if let (class, Some(value)) = nodes[v] {
                    let constant = leaf(egraph, RegionId::ROOT, "const", u32::from(value) + 1);
                    egraph.union(class, constant, Reason::Given).unwrap();
                }
            }
        };
        if early {
            assign(&mut egraph, &nodes);
        }
        for (a, b) in shape {
            let ((a, va), (b, vb)) = (nodes[a % nodes.len()], nodes[b % nodes.len()]);
            let value = va.zip(vb).map(|(a, b)| a.wrapping_add(b));
            nodes.push((add(&mut egraph, a, b), value));
        }
        if !early {
            assign(&mut egraph, &nodes);
        }
        egraph.rebuild();
        prop_assert_eq!(egraph.check_invariants(), Ok(()));
        for (class, value) in nodes {
            prop_assert_eq!(egraph.data(class), &value.map_or(Known::Nothing, Known::Constant));
        }
    }
}
