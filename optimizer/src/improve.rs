//! One-ban local search: a legal program without one of its parts may be cheaper.
//!
//! The extractor compares values, not programs: that a walk is longer for a value's sake, or that a
//! branch stays for one of its outputs, it does not see. Here a node of a legal program is banned,
//! or all outputs of an instance at once, the choice repaired and made legal again, and the whole
//! program's cost compared. What is cheaper stays.
//!
//! Each move costs O(nodes), and the moves are bounded so that all of them together cost a fixed
//! amount of work: large e-graphs get few.

use crate::extraction::{Attempts, Extracted, cost_of};
use crate::language::InstanceId;
use crate::model::Model;
use crate::realise::Selection;
use egraph_core::ENodeId;

/// E-nodes that all moves together may look at.
const WORK: usize = 8000;
/// Choices tried until a move is legal.
const ATTEMPTS: usize = 3;

/// The program, or one that is cheaper by bans.
pub(crate) fn improve(attempts: &mut Attempts<'_, '_>, found: Extracted) -> Extracted {
    let mut best = found;
    let model = attempts.model();
    let mut cost = cost_of(&best.function, &model.costs);
    let mut moves = WORK / model.graph.node_count().max(1);
    let mut queue = candidates(model, &best.selection);
    queue.truncate(moves);
    while let Some(bans) = queue.pop() {
        if moves == 0 {
            break;
        }
        moves -= 1;
        let before = attempts.state();
        let banned = bans.iter().filter(|node| attempts.ban(**node)).count();
        let other = if banned > 0 { attempts.legal(ATTEMPTS, 0) } else { None };
        let other = other.map(|other| (cost_of(&other.function, &model.costs), other));
        match other {
            Some((least, other)) if least < cost * (1.0 - 1e-9) => {
                (best, cost) = (other, least);
                queue = candidates(model, &best.selection);
                queue.truncate(moves);
            }
            _ => attempts.restore(before),
        }
    }
    best
}

/// Sets of nodes whose ban may pay, the most expensive last: outputs of an instance together, and
/// single nodes of classes that have others.
fn candidates(model: &Model<'_>, selection: &Selection) -> Vec<Vec<ENodeId>> {
    let graph = &model.graph;
    let has_others = |node: &ENodeId| graph.nodes(graph.class_of(*node)).len() > 1;
    let mut found: Vec<(f64, Vec<ENodeId>)> = Vec::new();
    for (id, live) in &selection.live {
        let outs = live.iter().map(|k| model.out_node(*id, *k));
        let values = outs.filter(|out| selection.used.get(&graph.class_of(*out)) == Some(out));
        let values: Vec<ENodeId> = values.filter(has_others).collect();
        if !values.is_empty() {
            found.push((weight_of(model, *id), values));
        }
    }
    for node in selection.used.values().chain(selection.walks.values().flatten()) {
        let weight = model.node_weight(*node);
        if weight > 0.0 && has_others(node) {
            found.push((weight, vec![*node]));
        }
    }
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    found.truncate(WORK / graph.node_count().max(1));
    found.reverse();
    found.into_iter().map(|(_, nodes)| nodes).collect()
}

/// What entering an instance costs.
fn weight_of(model: &Model<'_>, id: InstanceId) -> f64 {
    let inside = model.instance(id).regions.iter();
    let most = inside.map(|region| model.regions[region.index()].frequency).fold(0.0, f64::max);
    model.costs.instance() * most
}
