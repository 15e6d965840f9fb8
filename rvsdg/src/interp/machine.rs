//! Runs flattened code.

use super::flatten::{Code, Instruction, Moves, Operation, SlotId};
use super::{Limits, Run, Violation, undefined};
use crate::data::{Answer, Arg, Array, Inputs, Raised, Scalar};
use crate::graph::{ExcKind, Function, MAX_RECURSION, NodeId, RECURSION_MESSAGE, Span};
use crate::math::MathFn;
use crate::op::Op;
use crate::scalar::{Undefined, eval, math1_f32, math2_f32, python_call};
use crate::types::Type;
use indexmap::IndexMap;
use std::time::Instant;

/// What a value's slot holds.
#[derive(Clone, Copy, Debug)]
enum Slot {
    Scalar(Scalar),
    /// Position of an array in the inputs.
    Array(u32),
    /// A version of a state: 0 is `io`, `k + 1` is `mem<k>`.
    State {
        kind: u32,
        version: u64,
    },
}

/// Loop iterations between two looks at the clock, less one; all bits set.
const CLOCK_MASK: u64 = 0x3ff;

/// Why the machine stopped before the function's end.
enum Stop {
    Raised(Raised),
    Violation(Violation),
}

impl From<Violation> for Stop {
    fn from(violation: Violation) -> Stop {
        Stop::Violation(violation)
    }
}

pub(super) struct Machine<'a> {
    function: &'a Function,
    code: &'a Code,
    phi: &'a [(&'a Function, Code)],
    /// Calls around this one.
    depth: u32,
    /// Operations of called functions.
    called: u64,
    slots: Vec<Slot>,
    /// Values of a parallel assignment on their way.
    moving: Vec<Slot>,
    arrays: Vec<Array>,
    /// Current version of each kind of state.
    current: Vec<u64>,
    /// How often each operation was executed.
    counts: Vec<u64>,
    /// How often each gamma chose or theta iterated, by node.
    structure_counts: Vec<u64>,
    wraps: u64,
    steps_left: u64,
    iterations: u64,
    deadline: Option<Instant>,
}

impl<'a> Machine<'a> {
    pub(super) fn new(
        function: &'a Function,
        code: &'a Code,
        phi: &'a [(&'a Function, Code)],
        inputs: &Inputs,
        limits: &Limits,
    ) -> Machine<'a> {
        let mut machine = Machine::empty(function, code, phi);
        machine.arrays.clone_from(&inputs.arrays);
        machine.steps_left = limits.steps.unwrap_or(u64::MAX);
        machine.deadline = limits.time.and_then(|time| Instant::now().checked_add(time));
        for (value, arg) in function.param_values().iter().zip(&inputs.args) {
            machine.slots[value.index()] = match arg {
                Arg::Scalar(scalar) => Slot::Scalar(*scalar),
                Arg::Array(at) => Slot::Array(*at as u32),
            };
        }
        machine
    }

    /// A machine without arguments and arrays.
    fn empty(
        function: &'a Function,
        code: &'a Code,
        phi: &'a [(&'a Function, Code)],
    ) -> Machine<'a> {
        let mut machine = Machine {
            function,
            code,
            phi,
            depth: 0,
            called: 0,
            slots: vec![Slot::Scalar(Scalar::Unit); function.value_count()],
            moving: Vec::new(),
            arrays: Vec::new(),
            current: vec![0; 1 + function.mems as usize],
            counts: vec![0; code.operations.len()],
            structure_counts: vec![0; function.node_count()],
            wraps: 0,
            steps_left: u64::MAX,
            iterations: 0,
            deadline: None,
        };
        for (slot, constant) in &code.constants {
            machine.slots[*slot as usize] = Slot::Scalar(*constant);
        }
        for (kind, value) in function.entry_states().iter().enumerate() {
            machine.slots[value.index()] = Slot::State { kind: kind as u32, version: 0 };
        }
        machine
    }

    pub(super) fn run(mut self) -> Result<Run, Violation> {
        let outcome = match self.execute() {
            Ok(results) => Ok(results),
            Err(Stop::Raised(raised)) => Err(raised),
            Err(Stop::Violation(violation)) => return Err(violation),
        };
        let mut by_op = IndexMap::new();
        for (operation, count) in self.code.operations.iter().zip(&self.counts) {
            if *count != 0 {
                *by_op.entry(operation.op.name()).or_insert(0) += count;
            }
        }
        for node in &self.code.structures {
            let count = self.structure_counts[node.index()];
            if count != 0 {
                let gamma = matches!(self.function.node(*node).kind, crate::NodeKind::Gamma { .. });
                let name = if gamma { "gamma" } else { "theta" };
                *by_op.entry(name.to_owned()).or_insert(0) += count;
            }
        }
        Ok(Run {
            answer: Answer { outcome, arrays: self.arrays },
            wraps: self.wraps,
            executed: self.counts.iter().sum::<u64>() + self.called,
            by_op,
        })
    }

    fn execute(&mut self) -> Result<Vec<Scalar>, Stop> {
        let code = self.code;
        let mut pc = 0_usize;
        loop {
            match &code.instructions[pc] {
                Instruction::Operation(index) => {
                    self.step()?;
                    self.counts[*index as usize] += 1;
                    self.operation(&code.operations[*index as usize])?;
                }
                Instruction::Branch { node, predicate, table } => {
                    self.structure_counts[node.index()] += 1;
                    let arm = match self.scalar(*predicate) {
                        Scalar::Bool(value) => usize::from(value),
                        Scalar::Ctl(value) => value as usize,
                        _ => usize::MAX,
                    };
                    let Some(target) = code.tables[*table as usize].get(arm) else {
                        return Err(undefined(self.function, *node, Undefined::Operands).into());
                    };
                    pc = *target as usize;
                    continue;
                }
                Instruction::Move { node, moves } => self.assign(*node, *moves)?,
                Instruction::Jump(target) => {
                    pc = *target as usize;
                    continue;
                }
                Instruction::Loop { node, again, body, next, exit } => {
                    self.iteration(*node)?;
                    if matches!(self.scalar(*again), Scalar::Bool(true)) {
                        self.assign(*node, *next)?;
                        pc = *body as usize;
                        continue;
                    }
                    self.assign(*node, *exit)?;
                }
                Instruction::Return => return self.results(),
            }
            pc += 1;
        }
    }

    fn step(&mut self) -> Result<(), Stop> {
        if self.steps_left == 0 {
            return Err(Violation::StepLimit.into());
        }
        self.steps_left -= 1;
        Ok(())
    }

    fn iteration(&mut self, node: NodeId) -> Result<(), Stop> {
        self.step()?;
        self.structure_counts[node.index()] += 1;
        self.iterations += 1;
        if self.iterations & CLOCK_MASK == 0
            && self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
        {
            let message = "the time limit was reached".into();
            let span = self.function.node(node).span;
            return Err(Stop::Raised(Raised { kind: ExcKind::TimeLimit, message, span }));
        }
        Ok(())
    }

    fn results(&mut self) -> Result<Vec<Scalar>, Stop> {
        let body = self.function.region(self.function.body());
        for state in &body.results[self.function.shape.len()..] {
            self.consume(state.index() as SlotId, None)?;
        }
        let values = self.function.result_values();
        Ok(values.iter().map(|value| self.scalar(value.index() as SlotId)).collect())
    }

    /// The scalar in a slot; the verifier sees to it that a slot of a scalar type holds one.
    fn scalar(&self, slot: SlotId) -> Scalar {
        match self.slots[slot as usize] {
            Slot::Scalar(scalar) => scalar,
            Slot::Array(_) | Slot::State { .. } => Scalar::Unit,
        }
    }

    fn array(&self, slot: SlotId) -> Option<usize> {
        if let Slot::Array(at) = self.slots[slot as usize] { Some(at as usize) } else { None }
    }

    fn assign(&mut self, node: NodeId, moves: Moves) -> Result<(), Stop> {
        let code = self.code;
        let moves = &code.moves[moves.start as usize..moves.end as usize];
        self.moving.clear();
        for (from, _) in moves {
            let value = match self.slots[*from as usize] {
                Slot::State { .. } => self.consume(*from, Some(node))?,
                value => value,
            };
            self.moving.push(value);
        }
        for ((_, to), value) in moves.iter().zip(&self.moving) {
            self.slots[*to as usize] = *value;
        }
        Ok(())
    }

    /// The next version of a state whose current version is in the slot.
    fn consume(&mut self, slot: SlotId, node: Option<NodeId>) -> Result<Slot, Violation> {
        let Slot::State { kind, version } = self.slots[slot as usize] else {
            return Err(Violation::Malformed("a state without a version".to_owned()));
        };
        let current = &mut self.current[kind as usize];
        if *current != version {
            return Err(Violation::ForkedState { node, state: state_type(kind) });
        }
        *current += 1;
        Ok(Slot::State { kind, version: *current })
    }

    fn read(&self, slot: SlotId, node: NodeId) -> Result<(), Violation> {
        match self.slots[slot as usize] {
            Slot::State { kind, version } if self.current[kind as usize] != version => {
                Err(Violation::StaleState { node, state: state_type(kind) })
            }
            Slot::State { .. } => Ok(()),
            _ => Err(Violation::Malformed("a state without a version".to_owned())),
        }
    }

    fn operation(&mut self, operation: &Operation) -> Result<(), Stop> {
        let slots = &operation.operands;
        let value = match (operation.op, slots.as_slice()) {
            (Op::Load, [state, array, index @ ..]) => {
                self.read(*state, operation.node)?;
                let at = self.address(operation.node, *array, index)?;
                let loaded = self.array(*array).and_then(|a| self.arrays[a].get(at));
                Slot::Scalar(loaded.unwrap_or(Scalar::Unit))
            }
            (Op::Store, [state, array, index @ .., value]) => {
                let next = self.consume(*state, Some(operation.node))?;
                let at = self.address(operation.node, *array, index)?;
                let value = self.scalar(*value);
                if let Some(array) = self.array(*array) {
                    self.arrays[array].set(at, value);
                }
                next
            }
            (Op::Len(axis), [array]) => {
                let extent = self.array(*array).map_or(0, |a| self.arrays[a].shape[axis as usize]);
                Slot::Scalar(Scalar::I64(extent as i64))
            }
            (Op::Select, [condition, a, b]) => {
                let first = matches!(self.scalar(*condition), Scalar::Bool(true));
                self.slots[if first { *a } else { *b } as usize]
            }
            (Op::Guard(fault), [state, reads @ .., condition, value]) => {
                self.effect(operation, *state, reads)?;
                if !matches!(self.scalar(*condition), Scalar::Bool(true)) {
                    let fault = &self.function.faults[fault.0 as usize];
                    let (kind, message) = (fault.kind, fault.message.clone());
                    return Err(self.raise(operation.node, kind, message));
                }
                self.slots[*value as usize]
            }
            (Op::Call(f), [state, rest @ ..]) => {
                let (reads, args) = rest.split_at(operation.reads);
                self.effect(operation, *state, reads)?;
                let args: [Scalar; 2] = std::array::from_fn(|at| {
                    args.get(at).map_or(Scalar::Unit, |a| self.scalar(*a))
                });
                match call(f, &args[..f.arity().min(2)]) {
                    Ok(value) => Slot::Scalar(value),
                    Err((kind, message)) => {
                        return Err(self.raise(operation.node, kind, message.into()));
                    }
                }
            }
            (Op::Recur { function, .. }, operands) => {
                self.recur(operation.node, function, operands)?
            }
            (op, [a]) => self.pure(operation.node, op, &[self.scalar(*a)])?,
            (op, [a, b]) => self.pure(operation.node, op, &[self.scalar(*a), self.scalar(*b)])?,
            (op, _) => self.pure(operation.node, op, &[])?,
        };
        self.slots[operation.output as usize] = value;
        Ok(())
    }

    /// Calls a function of the phi, on the arrays of this call.
    fn recur(&mut self, node: NodeId, function: u32, operands: &[SlotId]) -> Result<Slot, Stop> {
        let states = self.current.len();
        let outputs = &self.function.node(node).outputs;
        for (operand, output) in operands.iter().zip(outputs).take(states) {
            self.slots[output.index()] = self.consume(*operand, Some(node))?;
        }
        self.iteration(node)?;
        if self.depth == MAX_RECURSION {
            return Err(self.raise(node, ExcKind::RecursionError, RECURSION_MESSAGE.into()));
        }
        let (callee, code) = &self.phi[function as usize];
        let mut machine = Machine::empty(callee, code, self.phi);
        for (value, operand) in callee.param_values().iter().zip(&operands[states..]) {
            machine.slots[value.index()] = self.slots[*operand as usize];
        }
        machine.depth = self.depth + 1;
        machine.arrays = std::mem::take(&mut self.arrays);
        (machine.steps_left, machine.iterations) = (self.steps_left, self.iterations);
        machine.deadline = self.deadline;
        let outcome = machine.execute();
        self.arrays = std::mem::take(&mut machine.arrays);
        (self.steps_left, self.iterations) = (machine.steps_left, machine.iterations);
        self.wraps += machine.wraps;
        self.called += machine.called + machine.counts.iter().sum::<u64>();
        let result = outcome?.first().copied();
        Ok(Slot::Scalar(result.unwrap_or(Scalar::Unit)))
    }

    fn pure(&mut self, node: NodeId, op: Op, operands: &[Scalar]) -> Result<Slot, Stop> {
        let result = eval(op, operands).map_err(|why| undefined(self.function, node, why))?;
        self.wraps += u64::from(result.wrapped);
        Ok(Slot::Scalar(result.value))
    }

    /// Consumes `io` and reads the `mem` states of a guard or call.
    fn effect(
        &mut self,
        operation: &Operation,
        state: SlotId,
        reads: &[SlotId],
    ) -> Result<(), Violation> {
        for read in reads {
            self.read(*read, operation.node)?;
        }
        self.slots[operation.state as usize] = self.consume(state, Some(operation.node))?;
        Ok(())
    }

    fn raise(&self, node: NodeId, kind: ExcKind, message: std::sync::Arc<str>) -> Stop {
        let span: Span = self.function.node(node).span;
        Stop::Raised(Raised { kind, message, span })
    }

    /// Position of an element, row by row.
    fn address(&self, node: NodeId, array: SlotId, index: &[SlotId]) -> Result<usize, Violation> {
        let shape = self.array(array).map_or(&[][..], |at| &self.arrays[at].shape);
        let mut at = 0;
        for (axis, slot) in index.iter().enumerate() {
            let Scalar::I64(index) = self.scalar(*slot) else {
                return Err(undefined(self.function, node, Undefined::Operands));
            };
            let extent = shape.get(axis).copied().unwrap_or(0);
            match usize::try_from(index) {
                Ok(index) if index < extent => at = at * extent + index,
                _ => {
                    let message = format!("index {index} outside 0 .. {extent}");
                    return Err(Violation::Undefined { node, message });
                }
            }
        }
        Ok(at)
    }
}

fn state_type(kind: u32) -> Type {
    if kind == 0 { Type::Io } else { Type::Mem(kind - 1) }
}

/// A function with Python's exceptions; on binary32 the exceptions of the same number in binary64.
fn call(f: MathFn, args: &[Scalar]) -> Result<Scalar, (ExcKind, &'static str)> {
    let number = |scalar: &Scalar| match scalar {
        Scalar::F64(x) => *x,
        Scalar::F32(x) => f64::from(*x),
        _ => f64::NAN,
    };
    let wide: [f64; 2] = std::array::from_fn(|at| args.get(at).map_or(0.0, number));
    let value = python_call(f, &wide[..args.len()])?;
    if f.result(Type::F64) == Type::Bool {
        return Ok(Scalar::Bool(value != 0.0));
    }
    Ok(match *args {
        [Scalar::F32(x)] => Scalar::F32(math1_f32(f, x)),
        [Scalar::F32(x), Scalar::F32(y)] => Scalar::F32(math2_f32(f, x, y)),
        _ => Scalar::F64(value),
    })
}
