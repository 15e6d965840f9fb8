//! Functions that call themselves last become loops.
//!
//! `return f(..)` as the last thing that happens starts the body again with other arguments. Calls
//! can be [`MAX_RECURSION`] deep, and the loop counts them: the exception of a call too deep is
//! raised where that call would be. Only whole functions are taken: in a member that others call,
//! the depth on entry is not known.

use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;
use rvsdg::{
    Cmp, Const, ExcKind, FaultId, Function, MAX_RECURSION, NodeId, NodeKind, Op, RECURSION_MESSAGE,
    RegionId, Shape, Span, Type, ValueDef, ValueId,
};

/// The name of the rule in reports.
pub(crate) const RULE: &str = "tail-recursion";

type Values = HashMap<ValueId, ValueId, FxBuildHasher>;

/// How a region ends.
enum End {
    /// It has its results.
    Leaf,
    /// By a call of the function itself.
    Call(NodeId),
    /// By a choice, whose outputs are the results: the output of each.
    Choice(NodeId, Vec<usize>),
}

struct Writer<'f> {
    source: &'f Function,
    target: Function,
    fault: FaultId,
    /// The loop's variables inside: states, parameters, what is returned, depth.
    vars: Vec<ValueId>,
    /// Type of what is returned, if anything is.
    result: Option<Type>,
    calls: usize,
}

/// The function as a loop, if all of its calls are of itself and come last.
pub(crate) fn loop_of(function: &Function) -> Option<Function> {
    let [member] = &function.phi[..] else { return None };
    if !function.params.iter().all(|param| param.ty.is_scalar()) {
        return None;
    }
    let mut own = function.clone();
    own.phi.clear();
    own.name = member.name.clone();
    let result = match function.result_types()[..] {
        [] if matches!(function.shape, Shape::None) => None,
        [ty] if ty.is_scalar() => Some(ty),
        _ => return None,
    };
    if own != **member {
        return None;
    }
    let all = (0..function.node_count()).map(|at| function.node(NodeId::from_index(at)));
    let calls = all.filter(|n| matches!(n.kind, NodeKind::Simple(Op::Recur { .. }))).count();
    let (params, shape) = (function.params.clone(), function.shape.clone());
    let mut target = Function::new(&function.name, params, function.mems, shape);
    target.faults.clone_from(&function.faults);
    let fault = target.fault(ExcKind::RecursionError, RECURSION_MESSAGE);
    let mut writer = Writer { source: function, target, fault, vars: Vec::new(), result, calls: 0 };
    writer.function();
    (writer.calls == calls && calls > 0).then_some(writer.target)
}

impl Writer<'_> {
    fn function(&mut self) {
        let (source, body) = (self.source, self.target.body());
        let states = source.entry_states().len();
        let mut inits = self.target.entry_states().to_vec();
        inits.extend_from_slice(self.target.param_values());
        inits.extend(self.result.map(|ty| self.zero(body, ty)));
        inits.push(self.target.constant(body, Const::I64(0), Span::NONE));
        let inside = self.target.add_region();
        for init in &inits {
            let ty = self.target.ty(*init);
            let var = self.target.add_region_param(inside, ty);
            self.vars.push(var);
        }
        let mut values = Values::default();
        values.extend(source.entry_states().iter().copied().zip(self.vars.iter().copied()));
        let params = source.param_values().iter().copied();
        values.extend(params.zip(self.vars[states..].iter().copied()));
        let results = source.region(source.body()).results.clone();
        let next = self.region(source.body(), &results, inside, &mut values);
        self.target.set_results(inside, next);
        let node = self.target.theta(body, &inits, inside, Span::NONE);
        let outputs = self.target.node(node).outputs.to_vec();
        let value = self.result.map(|_| outputs[outputs.len() - 2]);
        let results = value.into_iter().chain(outputs[..states].iter().copied()).collect();
        self.target.set_results(body, results);
    }

    /// Some value of a type: what is returned before anything is.
    fn zero(&mut self, region: RegionId, ty: Type) -> ValueId {
        let zero = match ty {
            Type::F32 => Const::F32(0),
            Type::F64 => Const::f64(0.0),
            Type::I32 => Const::I32(0),
            Type::Bool => Const::Bool(false),
            Type::Unit => Const::Unit,
            _ => Const::I64(0),
        };
        self.target.constant(region, zero, Span::NONE)
    }

    /// Copies a region that ends with these results; whether to go on, and the loop's variables.
    fn region(
        &mut self,
        region: RegionId,
        results: &[ValueId],
        into: RegionId,
        values: &mut Values,
    ) -> Vec<ValueId> {
        let source = self.source;
        let end = self.end(region, results);
        let last = match &end {
            End::Leaf => None,
            End::Call(node) | End::Choice(node, _) => Some(*node),
        };
        for id in source.region(region).nodes.iter().filter(|id| Some(**id) != last) {
            crate::versions::copy_node(source, *id, &mut self.target, into, values);
        }
        match end {
            End::Leaf => self.leaf(results, into, values),
            End::Call(node) => self.call(node, into, values),
            End::Choice(node, outputs) => self.choice(node, &outputs, into, values),
        }
    }

    /// The loop ends with what the function returns.
    fn leaf(&mut self, results: &[ValueId], into: RegionId, values: &Values) -> Vec<ValueId> {
        let stop = self.target.constant(into, Const::Bool(false), Span::NONE);
        let mut next = vec![stop];
        let states = self.source.entry_states().len();
        next.extend(results[results.len() - states..].iter().map(|state| values[state]));
        let params = self.source.params.len();
        next.extend_from_slice(&self.vars[states..states + params]);
        next.extend(self.result.map(|_| values[&results[0]]));
        next.extend(self.vars.last());
        next
    }

    /// The loop goes on with the arguments of a call, unless it is too deep.
    fn call(&mut self, id: NodeId, into: RegionId, values: &Values) -> Vec<ValueId> {
        self.calls += 1;
        let node = self.source.node(id);
        let operands: Vec<ValueId> = node.operands.iter().map(|value| values[value]).collect();
        let states = self.source.entry_states().len();
        let target = &mut self.target;
        let depth = *self.vars.last().expect("the depth is the last variable");
        let most = target.constant(into, Const::I64(i64::from(MAX_RECURSION)), node.span);
        let fits = target.simple(into, Op::ICmp(Cmp::Lt), &[depth, most], node.span);
        let mut guarded = operands[..states].to_vec();
        guarded.extend([fits, depth]);
        let types = [Type::Io, Type::I64];
        let kind = NodeKind::Simple(Op::Guard(self.fault));
        let check = target.push_node(kind, into, &guarded, &types, node.span);
        let [io, depth] = target.node(check).outputs[..] else {
            unreachable!("a guard has a state and a value");
        };
        let one = target.constant(into, Const::I64(1), node.span);
        let deeper = target.simple(into, Op::IAdd, &[depth, one], node.span);
        let again = target.constant(into, Const::Bool(true), node.span);
        let mut next = vec![again, io];
        next.extend_from_slice(&operands[1..]);
        next.extend(self.result.map(|ty| self.zero(into, ty)));
        next.push(deeper);
        next
    }

    fn choice(
        &mut self,
        id: NodeId,
        outputs: &[usize],
        into: RegionId,
        values: &mut Values,
    ) -> Vec<ValueId> {
        let source = self.source;
        let node = source.node(id);
        let NodeKind::Gamma { arms } = &node.kind else { unreachable!("a choice is a gamma") };
        let operands: Vec<ValueId> = node.operands.iter().map(|value| values[value]).collect();
        let mut made = Vec::new();
        for arm in arms {
            let inner = self.target.add_region();
            for param in &source.region(*arm).params {
                let copy = self.target.add_region_param(inner, source.ty(*param));
                values.insert(*param, copy);
            }
            let all = &source.region(*arm).results;
            let results: Vec<ValueId> = outputs.iter().map(|at| all[*at]).collect();
            let next = self.region(*arm, &results, inner, values);
            self.target.set_results(inner, next);
            made.push(inner);
        }
        let node = self.target.gamma(into, operands[0], &operands[1..], made, node.span);
        self.target.node(node).outputs.to_vec()
    }

    /// How a region ends that has these results.
    fn end(&self, region: RegionId, results: &[ValueId]) -> End {
        let source = self.source;
        let states = source.entry_states().len();
        let ValueDef::Output { node: id, .. } = source.value(results[results.len() - 1]).def else {
            return End::Leaf;
        };
        let node = source.node(id);
        let places: Option<Vec<usize>> = results
            .iter()
            .map(|result| node.outputs.iter().position(|output| output == result))
            .collect();
        let Some(places) = places else { return End::Leaf };
        if !source.region(region).nodes.contains(&id) || self.is_used(id) {
            return End::Leaf;
        }
        match node.kind {
            NodeKind::Gamma { .. } => End::Choice(id, places),
            NodeKind::Simple(Op::Recur { .. }) => {
                // Its outputs are the states, then the value.
                let value = self.result.map(|_| states);
                let expected = value.into_iter().chain(0..states);
                if places.into_iter().eq(expected) { End::Call(id) } else { End::Leaf }
            }
            _ => End::Leaf,
        }
    }

    /// Whether another node uses an output.
    fn is_used(&self, id: NodeId) -> bool {
        let outputs = &self.source.node(id).outputs;
        (0..self.source.node_count())
            .flat_map(|at| &self.source.node(NodeId::from_index(at)).operands)
            .any(|operand| outputs.contains(operand))
    }
}
