//! Tests of compiled functions; here the builders that they share.

mod calls;
mod differential;
mod elementwise;
mod endings;
mod exits;
mod faults;
mod fused;
mod memory;
#[path = "../../../backend-simd/tests/suite/random.rs"]
mod random;
mod random_kernels;
mod regions;
mod scalars;
mod vectors;

use crate::{Compiled, Compiler, OptLevel, Options};
use rvsdg::{
    Answer, Arg, Const, Function, Inputs, Op, Param, Raised, RegionId, Scalar, Shape, Span, Type,
    ValueId,
};

/// A function under construction, with one current region.
pub(crate) struct Build {
    pub(crate) f: Function,
    pub(crate) at: RegionId,
}

impl Build {
    pub(crate) fn new(params: &[Type], results: usize, mems: u32) -> Build {
        let param =
            |(index, ty): (usize, &Type)| Param { name: format!("p{index}").into(), ty: *ty };
        let params = params.iter().enumerate().map(param).collect();
        let shape = Shape::Tuple(vec![Shape::Scalar; results]);
        let f = Function::new("f", params, mems, shape);
        let at = f.body();
        Build { f, at }
    }

    pub(crate) fn param(&self, index: usize) -> ValueId {
        self.f.param_values()[index]
    }

    pub(crate) fn io(&self) -> ValueId {
        self.f.entry_states()[0]
    }

    pub(crate) fn mem(&self, group: usize) -> ValueId {
        self.f.entry_states()[1 + group]
    }

    pub(crate) fn op(&mut self, op: Op, operands: &[ValueId]) -> ValueId {
        self.f.simple(self.at, op, operands, Span::NONE)
    }

    /// An operation with a state: the state and the value.
    pub(crate) fn effect(&mut self, op: Op, operands: &[ValueId], span: Span) -> [ValueId; 2] {
        let node = self.f.try_simple(self.at, op, operands, span).expect("the operands fit");
        [self.f.node(node).outputs[0], self.f.node(node).outputs[1]]
    }

    pub(crate) fn i64(&mut self, value: i64) -> ValueId {
        self.op(Op::Const(Const::I64(value)), &[])
    }

    pub(crate) fn f64(&mut self, value: f64) -> ValueId {
        self.op(Op::Const(Const::f64(value)), &[])
    }

    /// A region whose contents `fill` builds from its parameters.
    pub(crate) fn region(
        &mut self,
        params: &[Type],
        fill: impl FnOnce(&mut Build, &[ValueId]) -> Vec<ValueId>,
    ) -> RegionId {
        let region = self.f.add_region();
        let outside = std::mem::replace(&mut self.at, region);
        let values: Vec<ValueId> =
            params.iter().map(|ty| self.f.add_region_param(region, *ty)).collect();
        let results = fill(self, &values);
        self.f.set_results(region, results);
        self.at = outside;
        region
    }

    pub(crate) fn gamma(
        &mut self,
        predicate: ValueId,
        inputs: &[ValueId],
        arms: Vec<RegionId>,
    ) -> Vec<ValueId> {
        let node = self.f.gamma(self.at, predicate, inputs, arms, Span::NONE);
        self.f.node(node).outputs.to_vec()
    }

    pub(crate) fn theta(&mut self, initial: &[ValueId], body: RegionId) -> Vec<ValueId> {
        let node = self.f.theta(self.at, initial, body, Span { start: 7, end: 9 });
        self.f.node(node).outputs.to_vec()
    }

    pub(crate) fn finish(mut self, results: &[ValueId], states: &[ValueId]) -> Function {
        let all = results.iter().chain(states).copied().collect();
        self.f.set_results(self.f.body(), all);
        self.f
    }
}

/// One operation on parameters of the given types.
pub(crate) fn one_op(op: Op, params: &[Type]) -> Function {
    let mut b = Build::new(params, 1, 0);
    let operands: Vec<ValueId> = (0..params.len()).map(|index| b.param(index)).collect();
    let io = b.io();
    if op.is_effect() {
        let operands: Vec<ValueId> = std::iter::once(io).chain(operands).collect();
        let [io, value] = b.effect(op, &operands, Span { start: 3, end: 5 });
        b.finish(&[value], &[io])
    } else {
        let value = b.op(op, &operands);
        b.finish(&[value], &[io])
    }
}

pub(crate) fn compile(f: &Function) -> Compiled {
    Compiler::new(Options::default()).expect("the host").compile(f).expect("it compiles")
}

/// Compiled by each level of optimisation, with and without looks at the limits.
pub(crate) fn compile_all_ways(f: &Function) -> Vec<Compiled> {
    let mut all = Vec::new();
    for opt_level in [OptLevel::None, OptLevel::Speed] {
        for poll_deadline in [false, true] {
            let options = Options { poll_deadline, opt_level, verify: true, ..Options::default() };
            all.push(Compiler::new(options).expect("the host").compile(f).expect("it compiles"));
        }
    }
    all
}

pub(crate) fn scalars(args: &[Scalar]) -> Inputs {
    Inputs { args: args.iter().map(|arg| Arg::Scalar(*arg)).collect(), arrays: vec![] }
}

pub(crate) fn call(compiled: &Compiled, args: &[Scalar]) -> Result<Vec<Scalar>, Raised> {
    answer(compiled, &scalars(args)).outcome
}

pub(crate) fn answer(compiled: &Compiled, inputs: &Inputs) -> Answer {
    compiled.call(inputs, None).expect("the arguments fit")
}

/// The only result of a call that does not raise.
pub(crate) fn value(compiled: &Compiled, args: &[Scalar]) -> Scalar {
    match call(compiled, args).as_deref() {
        Ok([value]) => *value,
        other => panic!("{args:?}: {other:?}"),
    }
}
