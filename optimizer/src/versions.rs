//! A function in two versions: one in which the checks of array indices are known to hold, and the
//! whole one for every other case.
//!
//! An index that counts to a bound is in range in every iteration if it is in the last one. What
//! that takes of the arguments (`n <= len(a)`) is tested once on entry. The version behind the test
//! is optimised under the assumption that it holds, so that its checks go, and with them the state
//! that kept its loops in order. Nothing about checks is assumed here: a condition that is too weak
//! leaves a check in place, one that is too strong leaves work to the whole version.

use crate::cost::CostModel;
use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;
use rvsdg::{Cmp, Const, Function, NodeId, NodeKind, Op, RegionId, Span, Type, ValueDef, ValueId};

/// Conditions beyond this many are not worth testing.
const MAX_CONDITIONS: usize = 16;
/// Operations of an expression that is computed again on entry.
const MAX_EXPRESSION: usize = 8;
/// Steps from an index to what bounds it.
const MAX_DEPTH: usize = 8;

/// A condition on the arguments. Values are expressions of parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Condition {
    /// `value <= len(array, axis) - margin`
    Within { value: ValueId, array: ValueId, axis: u8, margin: i64 },
    /// `least <= value`
    NotBelow { value: ValueId, least: i64 },
}

/// The version to be optimised under an assumption.
pub(crate) struct Version {
    /// The function, with the test appended to its body.
    pub(crate) function: Function,
    /// The value of the test in it.
    pub(crate) holds: ValueId,
    conditions: Vec<Condition>,
}

/// The version without checks, if a loop has checks that a test on entry can replace.
pub(crate) fn version(function: &Function) -> Option<Version> {
    let mut reader = Reader::new(function);
    reader.region(function.body(), false);
    let conditions = reader.conditions;
    if conditions.is_empty() || conditions.len() > MAX_CONDITIONS {
        return None;
    }
    let mut copy = function.clone();
    let body = copy.body();
    let holds = test(function, &conditions, &mut copy, body);
    Some(Version { function: copy, holds, conditions })
}

impl Version {
    /// One function that tests and chooses: `fast` where the test holds, else `whole`.
    pub(crate) fn join(&self, source: &Function, whole: &Function, fast: &Function) -> Function {
        let (params, shape) = (source.params.clone(), source.shape.clone());
        let mut target = Function::new(&source.name, params, source.mems, shape);
        target.faults.clone_from(&source.faults);
        target.phi.clone_from(&source.phi);
        let body = target.body();
        let holds = test(source, &self.conditions, &mut target, body);
        let states = target.entry_states().to_vec();
        let arms: Vec<RegionId> =
            [whole, fast].into_iter().map(|version| splice(version, &mut target)).collect();
        let node = target.gamma(body, holds, &states, arms, Span::NONE);
        let outputs = target.node(node).outputs.to_vec();
        target.set_results(body, outputs);
        target
    }

    /// Estimated cost of the test.
    pub(crate) fn overhead(&self, costs: &CostModel) -> f64 {
        let test = 2.0 * costs.weight(Op::ISub) + costs.weight(Op::ICmp(Cmp::Le));
        test * self.conditions.len() as f64 + costs.instance()
    }
}

/// A loop variable that grows by a constant while it is on one side of a limit.
#[derive(Clone, Copy, Debug)]
struct Counter {
    init: ValueId,
    limit: ValueId,
    step: i64,
}

struct Reader<'f> {
    function: &'f Function,
    /// Parameters of arms: what is passed in.
    aliases: HashMap<ValueId, ValueId, FxBuildHasher>,
    counters: HashMap<ValueId, Counter, FxBuildHasher>,
    conditions: Vec<Condition>,
}

impl<'f> Reader<'f> {
    fn new(function: &'f Function) -> Reader<'f> {
        let (aliases, counters) = (HashMap::default(), HashMap::default());
        Reader { function, aliases, counters, conditions: Vec::new() }
    }

    fn region(&mut self, region: RegionId, in_loop: bool) {
        let function = self.function;
        for id in &function.region(region).nodes {
            let node = function.node(*id);
            match &node.kind {
                NodeKind::Simple(Op::Guard(_)) if in_loop => self.guard(*id),
                NodeKind::Simple(_) => {}
                NodeKind::Gamma { arms } => {
                    for arm in arms {
                        let params = &function.region(*arm).params;
                        let passed = params.iter().copied().zip(node.operands[1..].iter().copied());
                        self.aliases.extend(passed);
                        self.region(*arm, in_loop);
                    }
                }
                NodeKind::Theta { body } => {
                    self.counters_of(*body, &node.operands);
                    self.region(*body, true);
                }
            }
        }
    }

    /// Finds the counters of a loop.
    fn counters_of(&mut self, body: RegionId, inits: &[ValueId]) {
        let function = self.function;
        let content = function.region(body);
        for (cmp, a, b) in self.comparisons(content.results[0]) {
            for (cmp, next, limit) in [(cmp, a, b), (cmp.swapped(), b, a)] {
                for (k, param) in content.params.iter().enumerate() {
                    if content.results[k + 1] != next || function.ty(*param) != Type::I64 {
                        continue;
                    }
                    let step = self.sum(next).filter(|(x, _)| x == param).map(|(_, step)| step);
                    let towards = match (cmp, step) {
                        (Cmp::Lt, Some(step)) => step > 0,
                        (Cmp::Gt, Some(step)) => step < 0,
                        _ => false,
                    };
                    if let Some(step) = step.filter(|_| towards) {
                        self.counters.insert(*param, Counter { init: inits[k], limit, step });
                    }
                }
            }
        }
    }

    fn operation(&self, value: ValueId) -> Option<(Op, &'f [ValueId])> {
        let ValueDef::Output { node, index } = self.function.value(value).def else { return None };
        let node = self.function.node(node);
        let NodeKind::Simple(op) = node.kind else { return None };
        (index == 0 || op.may_raise()).then_some((op, &node.operands[..]))
    }

    /// The comparisons of integers that hold where a truth value is true.
    fn comparisons(&self, value: ValueId) -> Vec<(Cmp, ValueId, ValueId)> {
        match self.operation(value) {
            Some((Op::ICmp(cmp), [a, b])) => vec![(cmp, *a, *b)],
            Some((Op::BAnd, [a, b])) => {
                let mut both = self.comparisons(*a);
                both.extend(self.comparisons(*b));
                both
            }
            _ => Vec::new(),
        }
    }

    /// `x + k`
    fn sum(&self, value: ValueId) -> Option<(ValueId, i64)> {
        let number = |value| self.function.as_const(value).and_then(Const::as_i64);
        match self.operation(value)? {
            (Op::IAdd, [a, b]) => {
                number(*b).map(|k| (*a, k)).or_else(|| number(*a).map(|k| (*b, k)))
            }
            (Op::ISub, [a, b]) => number(*b).and_then(i64::checked_neg).map(|k| (*a, k)),
            _ => None,
        }
    }

    /// Adds the conditions under which a check holds, if they are known.
    fn guard(&mut self, node: NodeId) {
        let operands = &self.function.node(node).operands;
        let [.., condition, _] = operands[..] else { return };
        let mut found = Vec::new();
        for (cmp, a, b) in self.comparisons(condition) {
            for (cmp, index, length) in [(cmp, a, b), (cmp.swapped(), b, a)] {
                let Some((Op::Len(axis), [array])) = self.operation(length) else { continue };
                let array = self.resolve(*array);
                if cmp != Cmp::Lt || !self.is_parameter(array) {
                    continue;
                }
                match self.index(index, array, axis) {
                    Some(conditions) => found.extend(conditions),
                    None => return,
                }
            }
        }
        for condition in found {
            if !self.conditions.contains(&condition) {
                self.conditions.push(condition);
            }
        }
    }

    /// What it takes for an index to be in range.
    fn index(&self, index: ValueId, array: ValueId, axis: u8) -> Option<Vec<Condition>> {
        let index = self.without_wrapping(index);
        let (value, above) = self.bound(index, true, MAX_DEPTH)?;
        let mut conditions = Vec::new();
        let margin = above.checked_add(1)?.max(0);
        let own = matches!(self.operation(value), Some((Op::Len(other), [of]))
            if other == axis && self.resolve(*of) == array);
        if !(own && margin == 0) {
            conditions.push(Condition::Within { value, array, axis, margin });
        }
        let (value, above) = self.bound(index, false, MAX_DEPTH)?;
        match self.function.as_const(value).and_then(Const::as_i64) {
            Some(least) if least.checked_add(above)? >= 0 => {}
            Some(_) => return None,
            None => {
                let least = above.checked_neg()?;
                conditions.push(Condition::NotBelow { value, least });
            }
        }
        Some(conditions)
    }

    /// Python's index from the end, taken off: `i + n if i < 0 else i`.
    fn without_wrapping(&self, value: ValueId) -> ValueId {
        match self.operation(self.resolve(value)) {
            Some((Op::Select, [negative, _, plain])) => match self.operation(*negative) {
                Some((Op::ICmp(Cmp::Lt), [a, b]))
                    if a == plain && self.function.as_const(*b) == Some(Const::I64(0)) =>
                {
                    *plain
                }
                _ => value,
            },
            _ => value,
        }
    }

    fn resolve(&self, mut value: ValueId) -> ValueId {
        while let Some(passed) = self.aliases.get(&value) {
            value = *passed;
        }
        value
    }

    fn is_parameter(&self, value: ValueId) -> bool {
        self.function.param_values().contains(&value)
    }

    /// An expression of parameters and a distance: the value is at most (or at least) their sum.
    fn bound(&self, value: ValueId, upper: bool, depth: usize) -> Option<(ValueId, i64)> {
        let value = self.resolve(value);
        let depth = depth.checked_sub(1)?;
        if let Some(counter) = self.counters.get(&value) {
            return if (counter.step > 0) == upper {
                let (value, above) = self.bound(counter.limit, upper, depth)?;
                Some((value, above.checked_sub(counter.step.signum())?))
            } else {
                self.bound(counter.init, upper, depth)
            };
        }
        if self.expression_size(value).is_some_and(|size| size <= MAX_EXPRESSION) {
            return Some((value, 0));
        }
        if let Some((x, k)) = self.sum(value) {
            let (value, above) = self.bound(x, upper, depth)?;
            return Some((value, above.checked_add(k)?));
        }
        match self.operation(value)? {
            (Op::IMin, [a, b]) if upper => {
                self.bound(*a, upper, depth).or_else(|| self.bound(*b, upper, depth))
            }
            (Op::IMax, [a, b]) if !upper => {
                self.bound(*a, upper, depth).or_else(|| self.bound(*b, upper, depth))
            }
            (Op::Guard(_), operands) => self.bound(*operands.last()?, upper, depth),
            _ => None,
        }
    }

    /// Operations of an expression of parameters and constants that always has a value.
    fn expression_size(&self, value: ValueId) -> Option<usize> {
        let value = self.resolve(value);
        if self.is_parameter(value) || self.function.as_const(value).is_some() {
            return Some(0);
        }
        let (op, operands) = self.operation(value)?;
        let mut size = 1;
        for operand in operands {
            size += self.expression_size(*operand).filter(|size| *size <= MAX_EXPRESSION)?;
        }
        (op.is_pure() && !op.is_partial()).then_some(size)
    }

    /// Computes an expression of parameters in a region of another function with the same ones.
    fn emit(&self, value: ValueId, target: &mut Function, into: RegionId) -> ValueId {
        let value = self.resolve(value);
        if let Some(at) = self.function.param_values().iter().position(|param| *param == value) {
            return target.param_values()[at];
        }
        let (op, operands) = self.operation(value).expect("it is an expression of parameters");
        let operands: Vec<ValueId> =
            operands.iter().map(|operand| self.emit(*operand, target, into)).collect();
        target.simple(into, op, &operands, Span::NONE)
    }
}

/// Tests the conditions in a region of a function with the source's parameters.
fn test(
    source: &Function,
    conditions: &[Condition],
    target: &mut Function,
    into: RegionId,
) -> ValueId {
    let mut reader = Reader::new(source);
    reader.region(source.body(), false);
    let mut all = None;
    for condition in conditions {
        let (low, high) = match *condition {
            Condition::Within { value, array, axis, margin } => {
                let low = reader.emit(value, target, into);
                let array = reader.emit(array, target, into);
                let length = target.simple(into, Op::Len(axis), &[array], Span::NONE);
                if margin == 0 {
                    (low, length)
                } else {
                    let margin = target.constant(into, Const::I64(margin), Span::NONE);
                    (low, target.simple(into, Op::ISub, &[length, margin], Span::NONE))
                }
            }
            Condition::NotBelow { value, least } => {
                let least = target.constant(into, Const::I64(least), Span::NONE);
                (least, reader.emit(value, target, into))
            }
        };
        let holds = target.simple(into, Op::ICmp(Cmp::Le), &[low, high], Span::NONE);
        all = Some(match all {
            None => holds,
            Some(others) => target.simple(into, Op::BAnd, &[others, holds], Span::NONE),
        });
    }
    all.expect("there is a condition")
}

/// Copies a function's body into a new region of another function with the same parameters. The
/// region's parameters are the states.
fn splice(source: &Function, target: &mut Function) -> RegionId {
    let mut values: HashMap<ValueId, ValueId, FxBuildHasher> = HashMap::default();
    let params = target.param_values().to_vec();
    values.extend(source.param_values().iter().copied().zip(params));
    let arm = target.add_region();
    for state in source.entry_states() {
        let param = target.add_region_param(arm, source.ty(*state));
        values.insert(*state, param);
    }
    copy_region(source, source.body(), target, arm, &mut values);
    arm
}

fn copy_region(
    source: &Function,
    from: RegionId,
    target: &mut Function,
    into: RegionId,
    values: &mut HashMap<ValueId, ValueId, FxBuildHasher>,
) {
    for id in &source.region(from).nodes {
        copy_node(source, *id, target, into, values);
    }
    let results = source.region(from).results.iter().map(|value| values[value]).collect();
    target.set_results(into, results);
}

/// Copies a node with all that is in it; its operands have been copied, its outputs are added.
pub(crate) fn copy_node(
    source: &Function,
    id: NodeId,
    target: &mut Function,
    into: RegionId,
    values: &mut HashMap<ValueId, ValueId, FxBuildHasher>,
) {
    let node = source.node(id);
    let operands: Vec<ValueId> = node.operands.iter().map(|value| values[value]).collect();
    let nested = |target: &mut Function,
                  region: RegionId,
                  values: &mut HashMap<ValueId, ValueId, FxBuildHasher>| {
        let inner = target.add_region();
        for param in &source.region(region).params {
            let copy = target.add_region_param(inner, source.ty(*param));
            values.insert(*param, copy);
        }
        copy_region(source, region, target, inner, values);
        inner
    };
    let copy = match &node.kind {
        NodeKind::Simple(op) => {
            let types: Vec<Type> = node.outputs.iter().map(|v| source.ty(*v)).collect();
            target.push_node(NodeKind::Simple(*op), into, &operands, &types, node.span)
        }
        NodeKind::Gamma { arms } => {
            let arms = arms.iter().map(|arm| nested(target, *arm, values)).collect();
            target.gamma(into, operands[0], &operands[1..], arms, node.span)
        }
        NodeKind::Theta { body } => {
            let body = nested(target, *body, values);
            target.theta(into, &operands, body, node.span)
        }
    };
    let outputs = target.node(copy).outputs.to_vec();
    values.extend(node.outputs.iter().copied().zip(outputs));
}
