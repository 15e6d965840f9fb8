//! A saturated e-graph as JSON in the format of egraph-serialize, which extraction-gym and its
//! viewers read.
//!
//! An output of a choice or loop has as children what an extraction that uses it needs: its initial
//! value, its results in each region, the predicate. Costs are those of the optimiser's cost model,
//! times the estimated executions of the node's region. The child of a node stands for its class.

use crate::answer::PyValue;
use crate::error::Result;
use crate::json::Json;
use egraph_core::{EClassId, ENodeId};
use optimizer::extraction::freeze;
use optimizer::language::Payload;
use optimizer::model::Model;
use optimizer::realise::Set;
use rvsdg::{Function, Scalar};

/// Saturates the e-graph of a function and writes it as JSON; null if the function does not fit
/// the node limit.
///
/// # Errors
/// If the options do not fit the function or each other.
pub fn egraph_json(function: &Function, options: &optimizer::Options) -> Result<Json> {
    let model = optimizer::saturated(function, options)?;
    Ok(model.map_or(Json::Null, |model| model_json(&model)))
}

fn model_json(model: &Model<'_>) -> Json {
    let graph = &model.graph;
    let (problem, ids) = freeze(model, &Set::default());
    // The first node of a class stands for it.
    let first: Vec<Option<ENodeId>> = problem
        .classes()
        .map(|class| problem.nodes(class).next().map(|node| ids[node.index()]))
        .collect();
    let mut nodes = Vec::new();
    for class in problem.classes() {
        for node in problem.nodes(class) {
            let children = problem
                .children(node)
                .filter_map(|child| first[child.index()])
                .map(|child| Json::Str(child.to_string()));
            let id = ids[node.index()];
            // Operands in order, repetitions included; what has none depends on its instance.
            let operands = graph.children(id);
            let children: Vec<Json> = if operands.is_empty() {
                children.collect()
            } else {
                operands.iter().map(|child| node_of(model, *child)).collect()
            };
            let body = Json::object([
                ("op", Json::Str(op_text(model, id))),
                ("children", Json::Array(children)),
                ("eclass", Json::Str(problem.class_name(class).to_owned())),
                ("cost", Json::Float(problem.cost(node))),
                ("subsumed", Json::Bool(false)),
            ]);
            nodes.push((id.to_string(), body));
        }
    }
    let class_data = graph.classes().map(|class| {
        let ty = graph.signature().sort_name(graph.sort(class)).to_owned();
        let region = i64::from(graph.region(class).as_u32());
        let data = Json::object([("type", Json::Str(ty)), ("region", Json::Int(region))]);
        (class.to_string(), data)
    });
    let roots = problem.roots().iter().map(|root| Json::Str(problem.class_name(*root).to_owned()));
    Json::object([
        ("nodes", Json::Object(nodes)),
        ("root_eclasses", Json::Array(roots.collect())),
        ("class_data", Json::Object(class_data.collect())),
    ])
}

/// The name of a class's first node.
fn node_of(model: &Model<'_>, class: EClassId) -> Json {
    let node = model.graph.nodes(model.graph.find(class)).next();
    node.map_or(Json::Null, |node| Json::Str(node.to_string()))
}

/// An operator with its payload.
fn op_text(model: &Model<'_>, id: ENodeId) -> String {
    let graph = &model.graph;
    let name = graph.signature().op_name(graph.op(id));
    match graph.analysis().payloads.get(graph.payload(id)) {
        Payload::None => name.to_owned(),
        Payload::Const(constant) => PyValue::from(Scalar::from(constant)).to_string(),
        Payload::Fault(fault) => {
            format!("{name} {}", model.source.faults[fault.0 as usize].kind.name())
        }
        Payload::Index(at) | Payload::Site(at) => format!("{name} {at}"),
        Payload::Port(instance, at) => format!("{name} {}.{at}", instance.index()),
    }
}
