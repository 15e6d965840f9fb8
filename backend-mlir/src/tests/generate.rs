//! Random functions with nested choices, loops, guards, loads and stores: what decides whether the
//! text stops in time after a raise. Unlike [`rvsdg::random`]'s, they choose among arrays and pass
//! them through gammas and thetas.

use rvsdg::{
    Arg, Array, Cmp, Const, ExcKind, Function, Inputs, MathFn, Op, Param, RegionId, Scalar, Shape,
    Span, Type, ValueId,
};

/// xorshift64*: Vigna, "An experimental exploration of Marsaglia's xorshift generators", 2016.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % n
    }
}

const ARRAY: Type = Type::MemRef { elem: rvsdg::Elem::I64, rank: 1, mem: 0 };

/// What a region can use: values by type, and the two states.
#[derive(Clone)]
struct Scope {
    region: RegionId,
    ints: Vec<ValueId>,
    floats: Vec<ValueId>,
    bools: Vec<ValueId>,
    arrays: Vec<ValueId>,
    io: ValueId,
    mem: ValueId,
}

struct Generator {
    function: Function,
    random: Random,
    budget: usize,
}

/// A function `(i64, f64, array, array) -> (i64, f64, bool)`; both arrays may be the same.
pub(super) fn function(seed: u64) -> Function {
    let param = |name: &str, ty| Param { name: name.into(), ty };
    let params =
        vec![param("n", Type::I64), param("x", Type::F64), param("a", ARRAY), param("b", ARRAY)];
    let shape = Shape::Tuple(vec![Shape::Scalar; 3]);
    let function = Function::new(&format!("random_{seed}"), params, 1, shape);
    let (params, states) = (function.param_values().to_vec(), function.entry_states().to_vec());
    let mut generator = Generator { function, random: Random::new(seed), budget: 60 };
    let mut scope = Scope {
        region: generator.function.body(),
        ints: vec![params[0]],
        floats: vec![params[1]],
        bools: Vec::new(),
        arrays: params[2..].to_vec(),
        io: states[0],
        mem: states[1],
    };
    let truth = generator.constant(&scope, Const::Bool(true));
    scope.bools.push(truth);
    let count = 6 + generator.random.below(12);
    generator.fill(&mut scope, count, 0);
    let results = generator.results(&scope);
    generator.function.set_results(scope.region, results);
    generator.function
}

/// Arguments for [`function`]; every third time both arrays are one.
pub(super) fn inputs(seed: u64) -> Inputs {
    let mut random = Random::new(seed ^ 0xabcd);
    let mut array = || {
        let length = [0, 2, 4, 5, 6, 7][random.below(6)];
        Array::i64((0..length).map(|_| random.below(7) as i64 - 2).collect())
    };
    let arrays = vec![array(), array()];
    let second = usize::from(!seed.is_multiple_of(3));
    let x = [0.5, -2.0, 0.0, f64::NAN, 1e9, f64::INFINITY][random.below(6)];
    let n = Scalar::I64(random.below(9) as i64 - 3);
    let args = vec![Arg::Scalar(n), Arg::Scalar(Scalar::F64(x)), Arg::Array(0), Arg::Array(second)];
    Inputs { args, arrays }
}

impl Generator {
    fn constant(&mut self, scope: &Scope, constant: Const) -> ValueId {
        self.function.constant(scope.region, constant, Span::NONE)
    }

    fn op(&mut self, scope: &Scope, op: Op, operands: &[ValueId]) -> ValueId {
        self.function.simple(scope.region, op, operands, Span::NONE)
    }

    fn pick(&mut self, values: &[ValueId]) -> ValueId {
        // Recent values more often, so that chains grow.
        let window = values.len().min(6);
        let recent = self.random.below(3) > 0;
        let from = if recent { values.len() - window } else { 0 };
        values[from + self.random.below(values.len() - from)]
    }

    /// Raises unless the condition holds; the guarded value.
    fn guard(
        &mut self,
        scope: &mut Scope,
        kind: ExcKind,
        condition: ValueId,
        value: ValueId,
    ) -> ValueId {
        let fault = self.function.fault(kind, kind.name());
        let operands = [scope.io, scope.mem, condition, value];
        let node = self
            .function
            .try_simple(scope.region, Op::Guard(fault), &operands, Span::NONE)
            .expect("operands fit");
        let outputs = &self.function.node(node).outputs;
        scope.io = outputs[0];
        outputs[1]
    }

    /// An index that was checked against an array's extent.
    fn index(&mut self, scope: &mut Scope, array: ValueId) -> ValueId {
        let index = if self.random.below(5) == 0 {
            self.pick(&scope.ints)
        } else {
            let small = self.random.below(4) as i64;
            self.constant(scope, Const::I64(small))
        };
        let zero = self.constant(scope, Const::I64(0));
        let extent = self.op(scope, Op::Len(0), &[array]);
        let low = self.op(scope, Op::ICmp(Cmp::Ge), &[index, zero]);
        let index = self.guard(scope, ExcKind::IndexError, low, index);
        let high = self.op(scope, Op::ICmp(Cmp::Lt), &[index, extent]);
        self.guard(scope, ExcKind::IndexError, high, index)
    }

    fn fill(&mut self, scope: &mut Scope, count: usize, depth: u32) {
        for _ in 0..count {
            if self.budget == 0 {
                return;
            }
            self.budget -= 1;
            match self.random.below(16) {
                0 => {
                    let constant = self.random.below(6) as i64 - 2;
                    let value = self.constant(scope, Const::I64(constant));
                    scope.ints.push(value);
                }
                1..=3 => {
                    let operands = [self.pick(&scope.ints), self.pick(&scope.ints)];
                    let op = [Op::IAdd, Op::ISub, Op::IMul, Op::IMin][self.random.below(4)];
                    let value = self.op(scope, op, &operands);
                    scope.ints.push(value);
                }
                4 => {
                    let operands = [self.pick(&scope.ints), self.pick(&scope.ints)];
                    let value = self.op(scope, Op::ICmp(Cmp::Lt), &operands);
                    scope.bools.push(value);
                }
                5 => {
                    let operands = [self.pick(&scope.floats), self.pick(&scope.floats)];
                    let op = [Op::FAdd, Op::FMul, Op::FMod][self.random.below(3)];
                    let value = self.op(scope, op, &operands);
                    scope.floats.push(value);
                }
                6 => {
                    let from = self.pick(&scope.ints);
                    let value = self.op(scope, Op::Cast(Type::F64), &[from]);
                    scope.floats.push(value);
                }
                7 => self.division(scope),
                8 => {
                    let f = [MathFn::Sqrt, MathFn::Exp, MathFn::Tanh, MathFn::Sinh]
                        [self.random.below(4)];
                    let operands = [scope.io, scope.mem, self.pick(&scope.floats)];
                    let node = self
                        .function
                        .try_simple(scope.region, Op::Call(f), &operands, Span::NONE)
                        .expect("operands fit");
                    let outputs = &self.function.node(node).outputs;
                    scope.io = outputs[0];
                    scope.floats.push(outputs[1]);
                }
                9 => {
                    let array = self.pick(&scope.arrays);
                    let index = self.index(scope, array);
                    let value = self.op(scope, Op::Load, &[scope.mem, array, index]);
                    scope.ints.push(value);
                }
                10 | 11 => {
                    let array = self.pick(&scope.arrays);
                    let index = self.index(scope, array);
                    let value = self.pick(&scope.ints);
                    scope.mem = self.op(scope, Op::Store, &[scope.mem, array, index, value]);
                }
                12 => {
                    let operands =
                        [self.pick(&scope.bools), scope.arrays[0], self.pick(&scope.arrays)];
                    let value = self.op(scope, Op::Select, &operands);
                    scope.arrays.push(value);
                }
                13 | 14 if depth < 3 => self.gamma(scope, depth),
                15 if depth < 3 => self.theta(scope, depth),
                _ => {}
            }
        }
    }

    fn division(&mut self, scope: &mut Scope) {
        let a = self.pick(&scope.ints);
        let b = if self.random.below(3) == 0 {
            self.pick(&scope.ints)
        } else {
            let divisor = 2 * self.random.below(4) as i64 - 3;
            self.constant(scope, Const::I64(divisor))
        };
        let zero = self.constant(scope, Const::I64(0));
        let fine = self.op(scope, Op::ICmp(Cmp::Ne), &[b, zero]);
        let b = self.guard(scope, ExcKind::ZeroDivisionError, fine, b);
        let op = [Op::IFloorDiv, Op::IMod][self.random.below(2)];
        let value = self.op(scope, op, &[a, b]);
        scope.ints.push(value);
    }

    /// A value of each type, then the states.
    fn results(&mut self, scope: &Scope) -> Vec<ValueId> {
        vec![
            self.pick(&scope.ints),
            self.pick(&scope.floats),
            self.pick(&scope.bools),
            scope.io,
            scope.mem,
        ]
    }

    /// The scope of a nested region; the array and the states come in as parameters.
    fn nested(&mut self, scope: &Scope) -> Scope {
        let region = self.function.add_region();
        let int = self.function.add_region_param(region, Type::I64);
        let array = self.function.add_region_param(region, ARRAY);
        let io = self.function.add_region_param(region, Type::Io);
        let mem = self.function.add_region_param(region, Type::Mem(0));
        let mut inner = Scope { region, io, mem, ..scope.clone() };
        inner.ints.push(int);
        inner.arrays.push(array);
        inner
    }

    fn gamma(&mut self, scope: &mut Scope, depth: u32) {
        let boolean = self.random.below(2) == 0;
        let predicate = self.pick(&scope.bools);
        let (predicate, arms) = if boolean {
            (predicate, 2)
        } else {
            let arms = 3;
            let choices: Vec<ValueId> =
                (0..arms).map(|value| self.constant(scope, Const::Ctl { arms, value })).collect();
            let second = self.pick(&scope.bools);
            let later = self.op(scope, Op::Select, &[second, choices[2], choices[1]]);
            (self.op(scope, Op::Select, &[predicate, later, choices[0]]), arms)
        };
        let inputs = [self.pick(&scope.ints), self.pick(&scope.arrays), scope.io, scope.mem];
        let mut regions = Vec::new();
        for _ in 0..arms {
            let mut inner = self.nested(scope);
            let count = self.random.below(7);
            self.fill(&mut inner, count, depth + 1);
            let mut results = self.results(&inner);
            results.insert(0, self.pick(&inner.arrays));
            self.function.set_results(inner.region, results);
            regions.push(inner.region);
        }
        let node = self.function.gamma(scope.region, predicate, &inputs, regions, Span::NONE);
        let outputs = self.function.node(node).outputs.clone();
        scope.arrays.push(outputs[0]);
        scope.ints.push(outputs[1]);
        scope.floats.push(outputs[2]);
        scope.bools.push(outputs[3]);
        (scope.io, scope.mem) = (outputs[4], outputs[5]);
    }

    /// A loop of at most a few iterations, whose condition also hangs on computed values.
    fn theta(&mut self, scope: &mut Scope, depth: u32) {
        let start = self.constant(scope, Const::I64(0));
        let initial =
            [self.pick(&scope.ints), self.pick(&scope.arrays), scope.io, scope.mem, start];
        let mut inner = self.nested(scope);
        let counter = self.function.add_region_param(inner.region, Type::I64);
        inner.ints.push(counter);
        let count = 1 + self.random.below(7);
        self.fill(&mut inner, count, depth + 1);
        let one = self.constant(&inner, Const::I64(1));
        let limit = self.constant(&inner, Const::I64(5));
        let next = self.op(&inner, Op::IAdd, &[counter, one]);
        let more = self.op(&inner, Op::ICmp(Cmp::Lt), &[next, limit]);
        let wish = self.pick(&inner.bools);
        let again = self.op(&inner, Op::BAnd, &[more, wish]);
        let results = vec![
            again,
            self.pick(&inner.ints),
            self.pick(&inner.arrays),
            inner.io,
            inner.mem,
            next,
        ];
        self.function.set_results(inner.region, results);
        let node = self.function.theta(scope.region, &initial, inner.region, Span::NONE);
        let outputs = self.function.node(node).outputs.clone();
        scope.ints.push(outputs[0]);
        scope.arrays.push(outputs[1]);
        (scope.io, scope.mem) = (outputs[2], outputs[3]);
        scope.ints.push(outputs[4]);
    }
}
