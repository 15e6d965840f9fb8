//! One malformed graph per rule.

use super::{MAX_NESTING, verify};
use crate::graph::{ExcKind, Function, NodeId, NodeKind, Param, RegionId, Shape, Span, ValueId};
use crate::op::{Const, FaultId, Op};
use crate::types::{Elem, Type};

const AT: Span = Span::NONE;

/// `f(x: f64, n: i64, a: array[f64, 1])` that returns `x`.
fn sample() -> Function {
    let array = Type::MemRef { elem: Elem::F64, rank: 1, mem: 0 };
    let params = [("x", Type::F64), ("n", Type::I64), ("a", array)];
    let params = params.map(|(name, ty)| Param { name: name.into(), ty }).to_vec();
    let mut f = Function::new("f", params, 1, Shape::Scalar);
    let [x, io, mem] = [0, 3, 4].map(|at| f.region(f.body()).params[at]);
    f.set_results(f.body(), vec![x, io, mem]);
    f
}

fn codes(f: &Function) -> Vec<&'static str> {
    match verify(f) {
        Ok(()) => Vec::new(),
        Err(errors) => errors.0.iter().map(|error| error.code).collect(),
    }
}

fn param(f: &Function, at: usize) -> ValueId {
    f.region(f.body()).params[at]
}

fn push(f: &mut Function, op: Op, operands: &[ValueId], results: &[Type]) -> NodeId {
    f.push_node(NodeKind::Simple(op), f.body(), operands, results, AT)
}

#[test]
fn the_sample_is_well_formed() {
    assert_eq!(codes(&sample()), [""; 0]);
}

#[test]
fn unknown_ids() {
    let mut f = sample();
    push(&mut f, Op::FNeg, &[ValueId::from_index(999)], &[Type::F64]);
    let mut nodes = f.region(f.body()).nodes.clone();
    nodes.push(NodeId::from_index(77));
    f.set_nodes(f.body(), nodes);
    let body = RegionId::from_index(50);
    f.push_node(NodeKind::Theta { body }, f.body(), &[], &[], AT);
    f.set_results(f.body(), vec![ValueId::from_index(998)]);
    assert_eq!(codes(&f), ["RV001"; 4]);
}

#[test]
fn listing_and_ownership() {
    let mut f = sample();
    let x = param(&f, 0);
    let node = push(&mut f, Op::FNeg, &[x], &[Type::F64]);
    f.set_nodes(f.body(), vec![node, node]);
    assert_eq!(codes(&f), ["RV003"]);

    let mut f = sample();
    f.push_node(NodeKind::Theta { body: f.body() }, f.body(), &[], &[], AT);
    assert_eq!(codes(&f), ["RV003"]);

    let mut f = sample();
    let arm = f.add_region();
    let flag = f.constant(f.body(), Const::Bool(true), AT);
    f.gamma(f.body(), flag, &[], vec![arm, arm], AT);
    assert_eq!(codes(&f), ["RV003"]);

    let mut f = sample();
    let body = f.add_region();
    let node = push(&mut f, Op::FNeg, &[x], &[Type::F64]);
    let inner = f.push_node(NodeKind::Theta { body }, f.body(), &[], &[], AT);
    f.set_nodes(f.body(), vec![inner]);
    f.set_nodes(body, vec![node]);
    assert_eq!(codes(&f), ["RV003", "RV003"]);
}

#[test]
fn nesting_has_a_limit() {
    let mut f = sample();
    let mut region = f.body();
    for _ in 0..=MAX_NESTING {
        let body = f.add_region();
        let flag = f.constant(body, Const::Bool(false), AT);
        f.set_results(body, vec![flag]);
        f.theta(region, &[], body, AT);
        region = body;
    }
    assert_eq!(codes(&f), ["RV004"]);
}

#[test]
fn visibility() {
    let mut f = sample();
    let x = param(&f, 0);
    let first = push(&mut f, Op::FNeg, &[x], &[Type::F64]);
    let value = f.node(first).outputs[0];
    let second = push(&mut f, Op::FNeg, &[value], &[Type::F64]);
    f.set_nodes(f.body(), vec![second, first]);
    assert_eq!(codes(&f), ["RV010"]);

    // A value of one arm used by the other.
    let mut f = sample();
    let arms = vec![f.add_region(), f.add_region()];
    let inner = f.simple(arms[0], Op::FNeg, &[x], AT);
    f.set_results(arms[0], vec![inner]);
    f.set_results(arms[1], vec![inner]);
    let flag = f.constant(f.body(), Const::Bool(true), AT);
    f.gamma(f.body(), flag, &[], arms, AT);
    assert_eq!(codes(&f), ["RV010"]);
}

#[test]
fn states_are_not_imported() {
    let mut f = sample();
    let [x, n, a, mem] = [0, 1, 2, 4].map(|at| param(&f, at));
    let body = f.add_region();
    f.simple(body, Op::Store, &[mem, a, n, x], AT);
    let flag = f.constant(body, Const::Bool(false), AT);
    f.set_results(body, vec![flag]);
    f.theta(f.body(), &[], body, AT);
    assert_eq!(codes(&f), ["RV011"]);
}

#[test]
fn operations() {
    let mut f = sample();
    let [x, n, io] = [0, 1, 3].map(|at| param(&f, at));
    push(&mut f, Op::FAdd, &[x, n], &[Type::F64]);
    push(&mut f, Op::FAdd, &[x, x], &[Type::I64]);
    push(&mut f, Op::Const(Const::Ctl { arms: 2, value: 2 }), &[], &[Type::Ctl(2)]);
    let flag = f.constant(f.body(), Const::Bool(true), AT);
    let guard = push(&mut f, Op::Guard(FaultId(4)), &[io, flag, x], &[Type::Io, Type::F64]);
    let io = f.node(guard).outputs[0];
    let mem = param(&f, 4);
    f.set_results(f.body(), vec![x, io, mem]);
    assert_eq!(codes(&f), ["RV020", "RV021", "RV023", "RV022"]);
    f.fault(ExcKind::IndexError, "a");
    assert_eq!(codes(&f), ["RV020", "RV021", "RV023", "RV022"]);
}

#[test]
fn gammas() {
    let mut f = sample();
    let [x, n] = [0, 1].map(|at| param(&f, at));
    let arms: Vec<RegionId> = (0..3).map(|_| f.add_region()).collect();
    f.add_region_param(arms[0], Type::F64);
    f.set_results(arms[0], vec![x]);
    f.add_region_param(arms[1], Type::I64);
    f.set_results(arms[1], vec![x]);
    f.add_region_param(arms[2], Type::F64);
    f.set_results(arms[2], vec![n]);
    let flag = f.constant(f.body(), Const::Bool(true), AT);
    f.gamma(f.body(), flag, &[x], arms, AT);
    assert_eq!(codes(&f), ["RV030", "RV031", "RV032"]);
    let mut f = sample();
    f.push_node(NodeKind::Gamma { arms: vec![] }, f.body(), &[], &[], AT);
    assert_eq!(codes(&f), ["RV030"]);
}

#[test]
fn thetas() {
    let mut f = sample();
    let [x, n] = [0, 1].map(|at| param(&f, at));
    let body = f.add_region();
    f.add_region_param(body, Type::I64);
    f.set_results(body, vec![n, n]);
    f.theta(f.body(), &[x], body, AT);
    assert_eq!(codes(&f), ["RV041", "RV040", "RV042"]);
    let mut f = sample();
    let body = f.add_region();
    f.push_node(NodeKind::Theta { body }, f.body(), &[], &[Type::F64], AT);
    f.set_owner(body, NodeId::from_index(0));
    assert_eq!(codes(&f), ["RV040", "RV042"]);
}

#[test]
fn states_are_linear() {
    let mut f = sample();
    let [x, n, a, io, mem] = [0, 1, 2, 3, 4].map(|at| param(&f, at));
    f.simple(f.body(), Op::Store, &[mem, a, n, x], AT);
    let loaded = f.simple(f.body(), Op::Load, &[mem, a, n], AT);
    f.set_results(f.body(), vec![loaded, io, mem]);
    assert_eq!(codes(&f), ["RV051", "RV050"]);
    // One state passed through two ports.
    let mut f = sample();
    let body = f.add_region();
    let inner = [Type::Mem(0), Type::Mem(0)].map(|ty| f.add_region_param(body, ty));
    let flag = f.constant(body, Const::Bool(false), AT);
    f.set_results(body, vec![flag, inner[0], inner[1]]);
    let theta = f.theta(f.body(), &[mem, mem], body, AT);
    let mem = f.node(theta).outputs[0];
    f.set_results(f.body(), vec![x, io, mem]);
    assert_eq!(codes(&f), ["RV050"]);
}

#[test]
fn signatures() {
    let mut f = sample();
    f.params.pop();
    f.set_results(f.body(), vec![]);
    assert_eq!(codes(&f), ["RV060", "RV061"]);
    let params =
        vec![Param { name: "a".into(), ty: Type::MemRef { elem: Elem::F64, rank: 3, mem: 1 } }];
    let mut f = Function::new("f", params, 1, Shape::None);
    let states = f.entry_states().to_vec();
    f.set_results(f.body(), states);
    assert_eq!(codes(&f), ["RV062"]);
}
