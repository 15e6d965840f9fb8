//! Random programs: operations, choices and loops.

use super::inputs::random_scalar;
use super::{RandomOptions, Rng};
use crate::graph::{ExcKind, Function, Param, RegionId, Shape, Span, ValueId};
use crate::math::MathFn;
use crate::op::{Cmp, Const, Op};
use crate::types::{Elem, Type};

/// Binary integer operations that are total.
const INT_OPS: [Op; 12] = [
    Op::IAdd,
    Op::ISub,
    Op::IMul,
    Op::IPow,
    Op::IShl,
    Op::IShr,
    Op::IAnd,
    Op::IOr,
    Op::IXor,
    Op::IMin,
    Op::IMax,
    Op::IAdd,
];

const FLOAT_OPS: [Op; 8] =
    [Op::FAdd, Op::FSub, Op::FMul, Op::FDiv, Op::FFloorDiv, Op::FMod, Op::FMin, Op::FMax];

/// The states of the region that is being filled, as far as they were passed in.
#[derive(Clone, Default)]
pub(super) struct States {
    pub(super) io: Option<ValueId>,
    pub(super) mems: Vec<Option<ValueId>>,
}

impl States {
    fn present(&self) -> Vec<ValueId> {
        self.io.iter().chain(self.mems.iter().flatten()).copied().collect()
    }
}

pub(super) struct Program<'o> {
    pub(super) rng: Rng,
    pub(super) options: &'o RandomOptions,
    pub(super) f: Function,
    pub(super) region: RegionId,
    pub(super) states: States,
    /// Scalars and choices that can be used here.
    pool: Vec<ValueId>,
    /// Array parameters.
    pub(super) arrays: Vec<ValueId>,
    /// Calls made so far, to be repeated.
    calls: Vec<(MathFn, Vec<ValueId>)>,
    /// Percentage of effects that may well raise; the others rarely do.
    risk: usize,
    /// Statements left.
    budget: u32,
    position: u32,
}

pub(super) fn generate(seed: u64, options: &RandomOptions) -> Function {
    let mut rng = Rng::new(seed);
    let f = signature(&mut rng, options);
    let region = f.body();
    let entry = f.entry_states();
    let states =
        States { io: Some(entry[0]), mems: entry[1..].iter().map(|mem| Some(*mem)).collect() };
    let (arrays, pool): (Vec<ValueId>, Vec<ValueId>) =
        f.param_values().iter().partition(|value| matches!(f.ty(**value), Type::MemRef { .. }));
    let budget = options.size;
    let calls = Vec::new();
    let risk = rng.pick(&[0, 5, 20, 70]);
    let mut program =
        Program { rng, options, f, region, states, pool, arrays, calls, risk, budget, position: 0 };
    while program.budget > 0 {
        program.statement(0);
    }
    let count = program.f.shape.len();
    let mut results: Vec<ValueId> = (0..count)
        .map(|_| {
            let ty = program.scalar_type();
            program.value(ty)
        })
        .collect();
    results.extend(program.states.present());
    program.f.set_results(region, results);
    program.f
}

fn signature(rng: &mut Rng, options: &RandomOptions) -> Function {
    let mut types = vec![Type::I64, Type::I64, Type::F64, Type::F64, Type::Bool];
    if options.narrow {
        types.extend([Type::I32, Type::F32]);
    }
    let mut mems = 0;
    if options.memory {
        let rank = if rng.chance(25) { 2 } else { 1 };
        types.push(Type::MemRef { elem: Elem::F64, rank, mem: 0 });
        mems = if rng.chance(75) { 2 } else { 1 };
        types.push(Type::MemRef { elem: Elem::I64, rank: 1, mem: mems - 1 });
        if rng.chance(25) {
            // A second array of the same group, which may be the same array.
            types.push(Type::MemRef { elem: Elem::F64, rank, mem: 0 });
        }
    }
    let params = types
        .into_iter()
        .enumerate()
        .map(|(at, ty)| Param { name: format!("p{at}").into(), ty })
        .collect();
    let shape = match rng.below(8) {
        0 => Shape::None,
        1..5 => Shape::Scalar,
        5 | 6 => Shape::Tuple(vec![Shape::Scalar, Shape::Scalar]),
        _ => Shape::Tuple(vec![Shape::Scalar, Shape::Tuple(vec![Shape::Scalar, Shape::None])]),
    };
    Function::new("random", params, mems, shape)
}

impl Program<'_> {
    /// Appends an operation with a position of its own; gives its last output.
    pub(super) fn op(&mut self, op: Op, operands: &[ValueId]) -> ValueId {
        let span = self.span();
        self.f.simple(self.region, op, operands, span)
    }

    pub(super) fn constant(&mut self, constant: Const) -> ValueId {
        self.op(Op::Const(constant), &[])
    }

    /// Whether the next effect may well raise.
    pub(super) fn risky(&mut self) -> bool {
        let risk = self.risk;
        self.rng.chance(risk)
    }

    fn span(&mut self) -> Span {
        self.position += 1;
        Span { start: self.position, end: self.position + 1 }
    }

    /// Makes a value available to later statements.
    pub(super) fn keep(&mut self, value: ValueId) {
        self.pool.push(value);
    }

    fn scalar_type(&mut self) -> Type {
        let types = [Type::I64, Type::I64, Type::F64, Type::F64, Type::Bool, Type::I32, Type::F32];
        let count = if self.options.narrow { types.len() } else { types.len() - 2 };
        self.rng.pick(&types[..count])
    }

    fn int_type(&mut self) -> Type {
        if self.options.narrow && self.rng.chance(25) { Type::I32 } else { Type::I64 }
    }

    fn float_type(&mut self) -> Type {
        if self.options.narrow && self.rng.chance(25) { Type::F32 } else { Type::F64 }
    }

    /// A value of a scalar type: one at hand, recent ones more often, or a constant.
    pub(super) fn value(&mut self, ty: Type) -> ValueId {
        let found: Vec<ValueId> =
            self.pool.iter().copied().filter(|value| self.f.ty(*value) == ty).collect();
        if found.is_empty() || self.rng.chance(15) {
            let scalar = random_scalar(&mut self.rng, ty);
            let constant = scalar.to_const(ty).unwrap_or(Const::Unit);
            return self.constant(constant);
        }
        let recent = found.len().min(4);
        if self.rng.chance(60) {
            self.rng.pick(&found[found.len() - recent..])
        } else {
            self.rng.pick(&found)
        }
    }

    fn statement(&mut self, depth: u32) {
        self.budget = self.budget.saturating_sub(1);
        let nest = depth < self.options.depth;
        match self.rng.below(100) {
            0..8 if nest => self.gamma(depth),
            8..15 if nest => self.theta(depth),
            15..18 if nest => self.guarded_division(),
            18..27 => self.division(),
            27..45 if !self.arrays.is_empty() => self.access(),
            45..53 if self.options.math => self.call(),
            53..56 if nest => self.choice(depth),
            56..60 => self.assertion(),
            _ => self.pure(),
        }
    }

    fn pure(&mut self) {
        let value = match self.rng.below(15) {
            0..3 => {
                let ty = self.int_type();
                let op = self.rng.pick(&INT_OPS);
                let op = if self.rng.chance(7) { Op::ITrueDiv } else { op };
                let operands = [self.value(ty), self.value(ty)];
                self.op(op, &operands)
            }
            3..6 => {
                let ty = self.float_type();
                let op = self.rng.pick(&FLOAT_OPS);
                let operands = [self.value(ty), self.value(ty)];
                self.op(op, &operands)
            }
            6 => {
                let ty = self.int_type();
                let operand = self.value(ty);
                let op = self.rng.pick(&[Op::INeg, Op::IAbs, Op::INot]);
                self.op(op, &[operand])
            }
            7 => {
                let ty = self.float_type();
                let operand = self.value(ty);
                let op = self.rng.pick(&[Op::FNeg, Op::FAbs]);
                self.op(op, &[operand])
            }
            9 => {
                let operands = [self.value(Type::Bool), self.value(Type::Bool)];
                let op = self.rng.pick(&[Op::BAnd, Op::BOr, Op::BXor, Op::BNot]);
                self.op(op, if op == Op::BNot { &operands[..1] } else { &operands })
            }
            10 => {
                let ty = self.scalar_type();
                let operands = [self.value(Type::Bool), self.value(ty), self.value(ty)];
                self.op(Op::Select, &operands)
            }
            11 => {
                let (from, to) = (self.scalar_type(), self.scalar_type());
                let operand = self.value(from);
                self.op(Op::Cast(to), &[operand])
            }
            12 | 13 if self.options.math => {
                let f = self.rng.pick(MathFn::ALL);
                let ty = self.float_type();
                let operands: Vec<ValueId> = (0..f.arity()).map(|_| self.value(ty)).collect();
                self.op(Op::Math(f), &operands)
            }
            14 if !self.arrays.is_empty() => {
                let array = self.rng.pick(&self.arrays);
                let Type::MemRef { rank, .. } = self.f.ty(array) else { return };
                let axis = self.rng.below(usize::from(rank)) as u8;
                self.op(Op::Len(axis), &[array])
            }
            _ => self.comparison(),
        };
        self.keep(value);
    }

    fn comparison(&mut self) -> ValueId {
        let cmp = self.rng.pick(&Cmp::ALL);
        if self.rng.chance(60) {
            let ty = self.int_type();
            let operands = [self.value(ty), self.value(ty)];
            self.op(Op::ICmp(cmp), &operands)
        } else {
            let ty = self.float_type();
            let operands = [self.value(ty), self.value(ty)];
            self.op(Op::FCmp(cmp), &operands)
        }
    }

    /// A value that equals `value` if the condition holds; else the program raises. Needs io.
    pub(super) fn guard(
        &mut self,
        condition: ValueId,
        value: ValueId,
        kind: ExcKind,
        message: &str,
    ) -> Option<ValueId> {
        self.states.io?;
        let fault = self.f.fault(kind, message);
        let mut operands = self.states.present();
        operands.extend([condition, value]);
        Some(self.effect(Op::Guard(fault), &operands))
    }

    fn effect(&mut self, op: Op, operands: &[ValueId]) -> ValueId {
        let span = self.span();
        let node = self
            .f
            .try_simple(self.region, op, operands, span)
            .expect("the states come first and the operands have the operation's types");
        let outputs = &self.f.node(node).outputs;
        self.states.io = Some(outputs[0]);
        outputs[1]
    }

    /// An assertion that mostly holds.
    fn assertion(&mut self) {
        if !self.options.effects {
            return;
        }
        let (a, b) = (self.value(Type::Bool), self.value(Type::Bool));
        let not = self.op(Op::BNot, &[a]);
        let either = self.op(Op::BOr, &[not, b]);
        let condition = if self.risky() { either } else { self.op(Op::BOr, &[either, a]) };
        let ty = self.scalar_type();
        let value = self.value(ty);
        if let Some(value) = self.guard(condition, value, ExcKind::AssertionError, "") {
            self.keep(value);
        }
    }

    /// A function of Python's with its exceptions, the same call as before in some cases.
    fn call(&mut self) {
        if !self.options.effects || self.states.io.is_none() {
            return;
        }
        let visible = |args: &[ValueId]| args.iter().all(|arg| self.pool.contains(arg));
        let known: Vec<usize> =
            (0..self.calls.len()).filter(|at| visible(&self.calls[*at].1)).collect();
        let (f, args) = if !known.is_empty() && self.rng.chance(35) {
            let at = self.rng.pick(&known);
            self.calls[at].clone()
        } else {
            let risky = self.risky();
            let choice: Vec<MathFn> =
                MathFn::ALL.iter().copied().filter(|f| risky || f.never_raises()).collect();
            let f = self.rng.pick(&choice);
            let ty = self.float_type();
            (f, (0..f.arity()).map(|_| self.value(ty)).collect())
        };
        let mut operands = self.states.present();
        operands.extend(&args);
        let value = self.effect(Op::Call(f), &operands);
        self.keep(value);
        self.calls.push((f, args));
    }

    /// An integer division whose divisor is not zero: a constant, odd by construction, or guarded.
    fn division(&mut self) {
        let ty = self.int_type();
        let constant = |value: i64| {
            if ty == Type::I32 { Const::I32(value as i32) } else { Const::I64(value) }
        };
        let (a, b) = (self.value(ty), self.value(ty));
        let divisor = match self.rng.below(4) {
            0 => {
                let value = self.rng.pick(&[1, -1, 2, 3, -3, 8, 10]);
                Some(self.constant(constant(value)))
            }
            1 => {
                let one = self.constant(constant(1));
                Some(self.op(Op::IOr, &[b, one]))
            }
            _ if self.options.effects && (self.risky() || self.rng.chance(10)) => {
                let zero = self.constant(constant(0));
                let condition = self.op(Op::ICmp(Cmp::Ne), &[b, zero]);
                let message = "integer division or modulo by zero";
                self.guard(condition, b, ExcKind::ZeroDivisionError, message)
            }
            _ => {
                let magnitude = self.op(Op::IAbs, &[b]);
                let one = self.constant(constant(1));
                Some(self.op(Op::IMax, &[magnitude, one]))
            }
        };
        let Some(divisor) = divisor else { return };
        let op = self.rng.pick(&[Op::IFloorDiv, Op::IMod]);
        let value = self.op(op, &[a, divisor]);
        self.keep(value);
        if self.rng.chance(30) {
            let other = if op == Op::IMod { Op::IFloorDiv } else { Op::IMod };
            let value = self.op(other, &[a, divisor]);
            self.keep(value);
        }
    }

    /// `0 if b == 0 else a // b`: a division that only the arm's predicate makes legal.
    fn guarded_division(&mut self) {
        let (a, b) = (self.value(Type::I64), self.value(Type::I64));
        let zero = self.constant(Const::I64(0));
        let safe_when = self.rng.pick(&[Cmp::Ne, Cmp::Gt, Cmp::Lt, Cmp::Eq]);
        let predicate = self.op(Op::ICmp(safe_when), &[b, zero]);
        let quotient_arm = usize::from(safe_when != Cmp::Eq);
        let outer = self.region;
        let arms = [self.f.add_region(), self.f.add_region()];
        for (at, arm) in arms.into_iter().enumerate() {
            self.region = arm;
            let result = if at == quotient_arm {
                let op = self.rng.pick(&[Op::IFloorDiv, Op::IMod]);
                self.op(op, &[a, b])
            } else if self.rng.chance(50) {
                self.constant(Const::I64(0))
            } else {
                a
            };
            self.f.set_results(arm, vec![result]);
        }
        self.region = outer;
        let span = self.span();
        let node = self.f.gamma(outer, predicate, &[], arms.to_vec(), span);
        let value = self.f.node(node).outputs[0];
        self.keep(value);
    }

    /// States to pass into a region: none, some memory, or everything. With io comes all memory,
    /// because whatever raises reads it.
    fn choose_states(&mut self) -> States {
        let mut chosen = self.states.clone();
        if chosen.io.is_none() || self.rng.chance(35) {
            chosen.io = None;
            for mem in &mut chosen.mems {
                if self.rng.chance(50) {
                    *mem = None;
                }
            }
        }
        chosen
    }

    /// Fills a region with statements. `inputs` and `chosen` are the values passed in; gives the
    /// region's parameters and the states at its end.
    pub(super) fn fill(
        &mut self,
        region: RegionId,
        inputs: &[ValueId],
        chosen: &States,
        work: impl FnOnce(&mut Self, &[ValueId]) -> Vec<ValueId>,
    ) -> Vec<ValueId> {
        let types: Vec<Type> = inputs.iter().map(|value| self.f.ty(*value)).collect();
        let params: Vec<ValueId> =
            types.into_iter().map(|ty| self.f.add_region_param(region, ty)).collect();
        let io = chosen.io.map(|_| self.f.add_region_param(region, Type::Io));
        let mut inside = States { io, mems: Vec::new() };
        for (group, mem) in chosen.mems.iter().enumerate() {
            let ty = Type::Mem(group as u32);
            inside.mems.push(mem.map(|_| self.f.add_region_param(region, ty)));
        }
        let known = self.pool.len();
        let outer_states = std::mem::replace(&mut self.states, inside);
        let outer = std::mem::replace(&mut self.region, region);
        self.pool.extend(&params);
        let mut results = work(self, &params);
        results.extend(self.states.present());
        self.pool.truncate(known);
        self.states = outer_states;
        self.region = outer;
        results
    }

    /// Takes the outputs of a node whose last outputs are the states that were passed in.
    pub(super) fn take_outputs(&mut self, outputs: &[ValueId], chosen: &States) {
        let (values, states) = outputs.split_at(outputs.len() - chosen.present().len());
        self.pool.extend(values);
        let mut outputs = states.iter().copied();
        if chosen.io.is_some() {
            self.states.io = outputs.next();
        }
        for (group, mem) in chosen.mems.iter().enumerate() {
            if mem.is_some() {
                self.states.mems[group] = outputs.next();
            }
        }
    }

    fn block(&mut self, depth: u32) {
        let count = self.rng.below(4) as u32;
        for _ in 0..count.min(self.budget) {
            self.statement(depth);
        }
    }

    fn gamma(&mut self, depth: u32) {
        let predicate = match self.rng.below(3) {
            0 => self.value(Type::Bool),
            _ => self.comparison(),
        };
        self.gamma_on(predicate, 2, depth);
    }

    /// A gamma on a choice among three or four.
    fn choice(&mut self, depth: u32) {
        let arms = 3 + self.rng.below(2) as u32;
        let mut choice = self.constant(Const::Ctl { arms, value: 0 });
        for value in 1..arms {
            let condition = self.comparison();
            let other = self.constant(Const::Ctl { arms, value });
            choice = self.op(Op::Select, &[condition, other, choice]);
        }
        let alternative = self.rng.below(arms as usize) as u32;
        let is = self.op(Op::CtlIs(alternative), &[choice]);
        self.keep(is);
        self.gamma_on(choice, arms as usize, depth);
    }

    fn gamma_on(&mut self, predicate: ValueId, count: usize, depth: u32) {
        let chosen = self.choose_states();
        let mut inputs: Vec<ValueId> = Vec::new();
        for _ in 0..self.rng.below(3) {
            let ty = self.scalar_type();
            inputs.push(self.value(ty));
        }
        let types: Vec<Type> = (0..=self.rng.below(3)).map(|_| self.scalar_type()).collect();
        let equal_arms = self.rng.chance(10).then(|| self.rng.clone());
        let mut arms = Vec::new();
        for _ in 0..count {
            if let Some(rng) = &equal_arms {
                self.rng = rng.clone();
            }
            let arm = self.f.add_region();
            let results = self.fill(arm, &inputs, &chosen, |program, _| {
                program.block(depth + 1);
                types.iter().map(|ty| program.value(*ty)).collect()
            });
            self.f.set_results(arm, results);
            arms.push(arm);
        }
        inputs.extend(chosen.present());
        let span = self.span();
        let node = self.f.gamma(self.region, predicate, &inputs, arms, span);
        let outputs = self.f.node(node).outputs.to_vec();
        self.take_outputs(&outputs, &chosen);
    }

    /// A loop that ends because it counts, and in some cases earlier.
    fn theta(&mut self, depth: u32) {
        let chosen = self.choose_states();
        let zero = self.constant(Const::I64(0));
        let bound = match self.rng.below(3) {
            0 => {
                let bound = self.rng.below(5) as i64;
                self.constant(Const::I64(bound))
            }
            1 => {
                let (n, mask) = (self.value(Type::I64), self.constant(Const::I64(3)));
                self.op(Op::IAnd, &[n, mask])
            }
            _ => {
                let (n, most) = (self.value(Type::I64), self.constant(Const::I64(6)));
                self.op(Op::IMin, &[n, most])
            }
        };
        let mut initial = vec![zero];
        for _ in 0..=self.rng.below(3) {
            let ty = self.scalar_type();
            initial.push(self.value(ty));
        }
        let body = self.f.add_region();
        let results = self.fill(body, &initial, &chosen, |program, params| {
            program.block(depth + 1);
            program.loop_results(params, bound)
        });
        self.f.set_results(body, results);
        initial.extend(chosen.present());
        let span = self.span();
        let node = self.f.theta(self.region, &initial, body, span);
        let outputs = self.f.node(node).outputs.to_vec();
        self.take_outputs(&outputs, &chosen);
    }

    /// The predicate and next values of a loop that counts its first variable up to `bound`.
    fn loop_results(&mut self, params: &[ValueId], bound: ValueId) -> Vec<ValueId> {
        let one = self.constant(Const::I64(1));
        let next = self.op(Op::IAdd, &[params[0], one]);
        let mut again = self.op(Op::ICmp(Cmp::Lt), &[next, bound]);
        if self.rng.chance(30) {
            let also = self.comparison();
            again = self.op(Op::BAnd, &[again, also]);
        }
        let mut results = vec![again, next];
        for param in &params[1..] {
            let ty = self.f.ty(*param);
            let value = match self.rng.below(6) {
                0 => *param,
                1..3 => self.accumulate(*param),
                _ => self.value(ty),
            };
            results.push(value);
        }
        results
    }

    /// A loop variable plus or times a value.
    fn accumulate(&mut self, param: ValueId) -> ValueId {
        let ty = self.f.ty(param);
        let value = self.value(ty);
        let op = match ty {
            Type::Bool => self.rng.pick(&[Op::BXor, Op::BAnd]),
            ty if ty.is_float() => self.rng.pick(&[Op::FAdd, Op::FMul, Op::FSub]),
            _ => self.rng.pick(&[Op::IAdd, Op::IMul, Op::ISub]),
        };
        self.op(op, &[param, value])
    }
}
