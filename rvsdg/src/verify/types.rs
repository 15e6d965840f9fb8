//! Rules RV020 to RV042 and RV060 to RV062: types of operands, ports and the signature.

use super::{Errors, describe};
use crate::graph::{Function, NodeId, NodeKind, RegionId, ValueId};
use crate::op::{Const, Op};
use crate::types::Type;

fn types(function: &Function, values: &[ValueId]) -> Vec<Type> {
    values.iter().map(|value| function.ty(*value)).collect()
}

fn list(types: &[Type]) -> String {
    let names: Vec<String> = types.iter().map(Type::to_string).collect();
    format!("({})", names.join(", "))
}

/// The function's parameters and results.
pub(super) fn check_signature(function: &Function, errors: &mut Errors) {
    let body = function.body();
    for param in &function.params {
        let fits = match param.ty {
            Type::MemRef { rank, mem, .. } => (1..=2).contains(&rank) && mem < function.mems,
            ty => ty.is_scalar() || ty == Type::Unit,
        };
        if !fits {
            let message = format!(
                "parameter `{}` has type {}, with {} alias groups",
                param.name, param.ty, function.mems
            );
            errors.region("RV062", body, message);
        }
    }
    let states = function.state_types();
    let mut expected: Vec<Type> = function.params.iter().map(|param| param.ty).collect();
    expected.extend(&states);
    let found = types(function, &function.region(body).params);
    if found != expected {
        let message = format!("the body takes {}, not {}", list(&found), list(&expected));
        errors.region("RV060", body, message);
    }
    let found = types(function, &function.region(body).results);
    let count = function.shape.len();
    let fits = found.len() == count + states.len()
        && found[..count].iter().all(|ty| ty.is_scalar() || *ty == Type::Unit)
        && found[count..] == states;
    if !fits {
        let (found, states) = (list(&found), list(&states));
        let message = format!("the body gives {found}, not {count} scalars and {states}");
        errors.region("RV061", body, message);
    }
}

/// The calls of functions of the root's phi.
pub(super) fn check_calls(function: &Function, root: &Function, errors: &mut Errors) {
    for node in (0..function.node_count()).map(NodeId::from_index) {
        let content = function.node(node);
        let NodeKind::Simple(Op::Recur { function: number, .. }) = content.kind else { continue };
        let Some(callee) = root.phi.get(number as usize) else {
            errors.node("RV024", function, node, format!("the phi has no function {number}"));
            continue;
        };
        let states = callee.state_types();
        let params = callee.params.iter().map(|param| param.ty);
        let expected: Vec<Type> = states.iter().copied().chain(params).collect();
        let mut given = states;
        given.extend(callee.result_types());
        if callee.result_types().is_empty() {
            given.push(Type::Unit);
        }
        let operands = types(function, &content.operands);
        let outputs = types(function, &content.outputs);
        if operands != expected || outputs != given || !callee.phi.is_empty() {
            let (operands, outputs) = (list(&operands), list(&outputs));
            let message = format!(
                "function {number} takes {} and gives {}, not {operands} and {outputs}",
                list(&expected),
                list(&given)
            );
            errors.node("RV025", function, node, message);
        }
    }
}

/// The types of one node and of the ports of its regions.
pub(super) fn check_node(function: &Function, node: NodeId, errors: &mut Errors) {
    match &function.node(node).kind {
        NodeKind::Simple(op) => check_simple(function, node, *op, errors),
        NodeKind::Gamma { arms } => check_gamma(function, node, arms, errors),
        NodeKind::Theta { body } => check_theta(function, node, *body, errors),
    }
}

fn check_simple(function: &Function, node: NodeId, op: Op, errors: &mut Errors) {
    let content = function.node(node);
    if let Op::Guard(fault) = op
        && fault.0 as usize >= function.faults.len()
    {
        errors.node("RV022", function, node, format!("fault {} does not exist", fault.0));
    }
    if let Op::Const(Const::Ctl { arms, value }) = op
        && value >= arms
    {
        errors.node("RV023", function, node, format!("{value} is not an alternative of {arms}"));
    }
    let operands = types(function, &content.operands);
    match op.result_types(&operands) {
        Err(error) => {
            let message = format!("{} of {}: {error}", op.name(), list(&operands));
            errors.node("RV020", function, node, message);
        }
        Ok(expected) => {
            let found = types(function, &content.outputs);
            if found[..] != expected[..] {
                let (name, found, expected) = (op.name(), list(&found), list(&expected));
                let message = format!("{name} gives {expected}, not {found}");
                errors.node("RV021", function, node, message);
            }
        }
    }
}

fn check_gamma(function: &Function, node: NodeId, arms: &[RegionId], errors: &mut Errors) {
    let content = function.node(node);
    let (predicate, inputs) = match content.operands.split_first() {
        Some((predicate, inputs)) => (Some(function.ty(*predicate)), types(function, inputs)),
        None => (None, Vec::new()),
    };
    let alternatives = match predicate {
        Some(Type::Bool) => Some(2),
        Some(Type::Ctl(n)) => Some(n as usize),
        _ => None,
    };
    if alternatives != Some(arms.len()) || arms.is_empty() {
        let predicate = predicate.map_or("nothing".to_owned(), |ty| ty.to_string());
        let message = format!("{} arms chosen by {predicate}", arms.len());
        errors.node("RV030", function, node, message);
    }
    let outputs = types(function, &content.outputs);
    for arm in arms {
        let params = types(function, &function.region(*arm).params);
        if params != inputs {
            let message =
                format!("the arm takes {}, the gamma passes {}", list(&params), list(&inputs));
            errors.region("RV031", *arm, message);
        }
        let results = types(function, &function.region(*arm).results);
        if results != outputs {
            let message = format!("the arm gives {}, the gamma {}", list(&results), list(&outputs));
            errors.region("RV032", *arm, message);
        }
    }
}

fn check_theta(function: &Function, node: NodeId, body: RegionId, errors: &mut Errors) {
    let content = function.node(node);
    let initial = types(function, &content.operands);
    let params = types(function, &function.region(body).params);
    if params != initial {
        let message =
            format!("the body takes {}, the theta passes {}", list(&params), list(&initial));
        errors.region("RV041", body, message);
    }
    let results = types(function, &function.region(body).results);
    if results.first() != Some(&Type::Bool) {
        let message = "the body's first result is not a bool".to_owned();
        errors.region("RV040", body, message);
    }
    let next = results.get(1..).unwrap_or_default();
    if next != initial {
        let message =
            format!("the body's next values are {}, its first {}", list(next), list(&initial));
        errors.region("RV042", body, message);
    }
    let outputs = types(function, &content.outputs);
    if outputs != initial {
        let name = describe(function, node);
        let message = format!("{name} gives {}, its body {}", list(&outputs), list(&initial));
        errors.node("RV042", function, node, message);
    }
}
