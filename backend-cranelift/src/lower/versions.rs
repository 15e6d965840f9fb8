//! Loops of which a program has two versions: one with its checks, and one for when they hold.
//!
//! The first one runs where a check is going to fail, or where that could not be told beforehand in
//! a few operations. It is not worth a kernel, whose call is most of a short function's code.

use rvsdg::{Function, NodeId, NodeKind, Op, RegionId};

/// Whether a loop checks what another arm of a choice around it need not, and is alike otherwise.
pub(super) fn is_checked_version(f: &Function, theta: NodeId) -> bool {
    let Some(body) = body(f, theta) else { return false };
    if !has_guards(f, body) {
        return false;
    }
    let work = work(f, body);
    let mut region = f.node(theta).region;
    while let Some(owner) = f.region(region).owner {
        let node = f.node(owner);
        let NodeKind::Gamma { arms } = &node.kind else { return false };
        for arm in arms.iter().filter(|arm| **arm != region) {
            if loops(f, *arm)
                .iter()
                .any(|other| !has_guards(f, *other) && self::work(f, *other) == work)
            {
                return true;
            }
        }
        region = node.region;
    }
    false
}

fn body(f: &Function, node: NodeId) -> Option<RegionId> {
    if let NodeKind::Theta { body } = f.node(node).kind { Some(body) } else { None }
}

/// The bodies of the loops in a region and in the arms of its choices.
fn loops(f: &Function, region: RegionId) -> Vec<RegionId> {
    let mut found = Vec::new();
    for node in &f.region(region).nodes {
        match &f.node(*node).kind {
            NodeKind::Theta { body } => found.push(*body),
            NodeKind::Gamma { arms } => found.extend(arms.iter().flat_map(|arm| loops(f, *arm))),
            NodeKind::Simple(_) => {}
        }
    }
    found
}

fn operations(f: &Function, body: RegionId) -> impl Iterator<Item = Op> {
    f.region(body).nodes.iter().filter_map(|node| match f.node(*node).kind {
        NodeKind::Simple(op) => Some(op),
        _ => None,
    })
}

fn has_guards(f: &Function, body: RegionId) -> bool {
    operations(f, body).any(|op| matches!(op, Op::Guard(_)))
}

/// The operations that are not part of checks, in an order of their own.
fn work(f: &Function, body: RegionId) -> Vec<Op> {
    let aside = |op: &Op| matches!(op, Op::Guard(_) | Op::Const(_) | Op::ICmp(_));
    let mut found: Vec<Op> = operations(f, body).filter(|op| !aside(op)).collect();
    found.sort_unstable();
    found
}

#[cfg(test)]
mod tests {
    use super::is_checked_version;
    use frontend_py::{Semantics, SourceFile};
    use rvsdg::{NodeId, NodeKind};

    /// For each loop of a function, whether another one does the same without checks.
    fn versions(text: &str) -> Vec<bool> {
        let file = SourceFile::parse("f.py", text.to_owned()).expect("the source is right");
        let options = frontend_py::Options { semantics: Semantics::Strict, types: None };
        let f = frontend_py::compile(&file, "f", &options).expect("it compiles");
        let f = optimizer::optimize(&f, &optimizer::Options::default()).expect("no options");
        let f = f.function;
        (0..f.node_count())
            .map(NodeId::from_index)
            .filter(|node| matches!(f.node(*node).kind, NodeKind::Theta { .. }))
            .map(|node| is_checked_version(&f, node))
            .collect()
    }

    #[test]
    fn one_of_two_versions_is_the_checked_one() {
        let two = versions(
            "def f(x: array[f64, 1], y: array[f64, 1]) -> None:\n    \
             for i in range(len(x)):\n        y[i] = 0.5 * x[i] + y[i]\n",
        );
        assert_eq!(two.len(), 2);
        assert_eq!(two.iter().filter(|checked| **checked).count(), 1);
        let proven = versions(
            "def f(x: array[f64, 1]) -> None:\n    \
             for i in range(len(x)):\n        x[i] = 0.5 * x[i]\n",
        );
        assert_eq!(proven, [false]);
    }
}
