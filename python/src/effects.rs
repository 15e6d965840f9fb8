//! Which parameters' arrays a function stores into.
//!
//! An array of the caller's that is only read may be read-only, may overlap others that are only
//! read, and needs no copying back.

use rvsdg::{Function, NodeId, NodeKind, Op, Type, ValueDef, ValueId};

/// Whether each parameter is an array that the function may store into.
pub(crate) fn written(function: &Function) -> Vec<bool> {
    let nodes = || (0..function.node_count()).map(|at| function.node(NodeId::from_index(at)));
    let is_array = |value: &ValueId| matches!(function.ty(*value), Type::MemRef { .. });
    // Members of the phi store into what they are given, as far as is known here.
    let members_store = function.phi.iter().any(|member| stores(member));
    let mut pending: Vec<ValueId> = Vec::new();
    for node in nodes() {
        match node.kind {
            NodeKind::Simple(Op::Store) => {}
            NodeKind::Simple(Op::Recur { .. }) if members_store => {}
            _ => continue,
        }
        pending.extend(node.operands.iter().copied().filter(is_array));
    }
    let mut seen = vec![false; function.value_count()];
    let mut written = vec![false; function.params.len()];
    while let Some(value) = pending.pop() {
        if std::mem::replace(&mut seen[value.index()], true) {
            continue;
        }
        sources(function, value, &mut pending);
        if let Some(at) = function.param_values().iter().position(|param| *param == value) {
            written[at] = true;
        }
    }
    written
}

fn stores(function: &Function) -> bool {
    let mut nodes =
        (0..function.node_count()).map(|at| &function.node(NodeId::from_index(at)).kind);
    nodes.any(|kind| matches!(kind, NodeKind::Simple(Op::Store)))
}

/// The values that a value may be, one step nearer to the parameters.
fn sources(function: &Function, value: ValueId, found: &mut Vec<ValueId>) {
    match function.value(value).def {
        ValueDef::Param { region, index } => {
            let Some(owner) = function.region(region).owner else { return };
            let node = function.node(owner);
            match node.kind {
                // The predicate comes before what the arms are given.
                NodeKind::Gamma { .. } => found.extend(node.operands.get(index as usize + 1)),
                NodeKind::Theta { body } => {
                    found.extend(node.operands.get(index as usize));
                    found.extend(function.region(body).results.get(index as usize + 1));
                }
                NodeKind::Simple(_) => {}
            }
        }
        ValueDef::Output { node, index } => {
            let node = function.node(node);
            match &node.kind {
                NodeKind::Gamma { arms } => {
                    let results = arms.iter().map(|arm| &function.region(*arm).results);
                    found.extend(results.filter_map(|results| results.get(index as usize)));
                }
                NodeKind::Theta { body } => {
                    found.extend(function.region(*body).results.get(index as usize + 1));
                }
                NodeKind::Simple(_) => found.extend(node.operands.iter().copied()),
            }
        }
    }
}
