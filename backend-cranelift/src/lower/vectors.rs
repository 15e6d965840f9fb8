//! Loops over arrays whose first iterations run in vectors.
//!
//! Before the loop: how many iterations keep the conditions of [`backend_simd::VectorLoop`] is
//! computed, a kernel runs them if they are enough and no arrays are in each other's way, and the
//! loop begins with its variables as they are then. The loop itself always runs at least once, so
//! that it alone ends, raises, and gives every variable its last value.

use super::{Lowered, Lowerer, POINTER, Repeats, slot_offset, versions};
use crate::error::CompileError;
use crate::vector;
use backend_simd::{
    Bound, Condition, FOLD_LANES, FoldKind, Kernel, Overlap, Source, Stream, VectorLoop,
};
use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::{
    AbiParam, Block, BlockArg, InstBuilder, MemFlagsData, Signature, StackSlotData, StackSlotKind,
    Type as Ty, Value, types,
};
use cranelift_codegen::isa::{CallConv, OwnedTargetIsa};
use cranelift_module::{Linkage, Module};
use rvsdg::{Node, NodeId, Type, ValueId};
use std::sync::{Arc, Mutex};

/// Which loops over arrays run in vectors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Vectors {
    /// None.
    Off,
    /// Those whose results have the same bits.
    #[default]
    Exact,
    /// Also those that are the same over the real numbers: sums in another order, products and
    /// sums fused, elementary functions within 2 units in the last place.
    FastMath,
}

/// The kernels of a module, by number: code refers to them by symbol.
#[derive(Clone, Default)]
pub(crate) struct Kernels {
    list: Arc<Mutex<Vec<Kernel>>>,
    /// What makes kernels of 128-bit vectors, if they are to be of those.
    narrow: Option<OwnedTargetIsa>,
}

const SYMBOL: &str = "vector_loop_";

impl Kernels {
    /// None yet. Without an instruction set for 128-bit vectors, those of 256 bits are used.
    pub(crate) fn new(narrow: Option<OwnedTargetIsa>) -> Kernels {
        Kernels { narrow, ..Kernels::default() }
    }

    fn compile(&self, vectors: &VectorLoop) -> Lowered<Kernel> {
        let (dag, uniform) = (&vectors.dag, vectors.uniform());
        if let Some(isa) = &self.narrow {
            return vector::compile(Arc::clone(isa), dag, &uniform);
        }
        let input_arrays = Some(vectors.input_arrays());
        let options = backend_simd::Options { input_arrays, ..Default::default() };
        Kernel::compile_folds(dag, &uniform, &options)
            .map_err(|error| CompileError::Codegen(error.to_string()))
    }

    fn with<T>(&self, use_it: impl FnOnce(&mut Vec<Kernel>) -> T) -> T {
        use_it(&mut self.list.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    /// Keeps a kernel and names it.
    fn add(&self, kernel: Kernel) -> String {
        self.with(|kernels| {
            kernels.push(kernel);
            format!("{SYMBOL}{}", kernels.len() - 1)
        })
    }

    /// The address behind a symbol.
    pub(crate) fn address(&self, symbol: &str) -> Option<*const u8> {
        let number: usize = symbol.strip_prefix(SYMBOL)?.parse().ok()?;
        self.with(|kernels| kernels.get(number)?.entry())
    }
}

/// Iterations below which the loop runs as it is.
const LEAST: i64 = 32;
/// Counters and bounds beyond this do not run in vectors: sums of them could overflow.
const FAR: i64 = 1 << 61;

/// Bytes of the vectors in which folds are filled and added up.
const VECTOR: usize = 16;

fn vector_of(float: Ty) -> Ty {
    if float == types::F64 { types::F64X2 } else { types::F32X4 }
}

/// The stack's own memory, in which vectors lie on any boundary of a number.
fn loose() -> MemFlagsData {
    MemFlagsData::new().with_notrap()
}

/// Where a loop begins, and with what.
pub(super) struct Start<'a> {
    pub(super) node: &'a Node,
    pub(super) header: Block,
    pub(super) args: &'a [BlockArg],
    /// The position among `args` of each variable's first part, if it is passed.
    pub(super) positions: &'a [Option<usize>],
}

/// What is known of a vector loop while its code is built.
struct Prefix<'a> {
    vectors: &'a VectorLoop,
    start: &'a Start<'a>,
    /// Iterations in vectors.
    count: Value,
    float: Ty,
}

impl Lowerer<'_> {
    /// Builds the iterations in vectors, if the loop has some; continues in the block from which
    /// the loop is to be entered with the initial variables. Returns where most iterations run.
    pub(super) fn vector_prefix(&mut self, id: NodeId, start: &Start<'_>) -> Lowered<Repeats> {
        let by_itself = Ok(Repeats::Loops);
        if self.vectors == Vectors::Off {
            return by_itself;
        }
        if versions::is_checked_version(self.f, id) {
            return Ok(Repeats::Kernels);
        }
        let fast_math = self.vectors == Vectors::FastMath;
        let Ok(vectors) = backend_simd::vector_loop(self.f, id, fast_math) else {
            return by_itself;
        };
        let bounded = |c: &Condition| matches!(c, Condition::Below { .. });
        if !vectors.conditions.iter().any(bounded) || !self.is_ready(&vectors, start) {
            return by_itself;
        }
        let kernel = self.kernels.compile(&vectors)?;
        let scalar = self.b.create_block();
        let go = self.b.create_block();
        let (count, fits) = self.iterations(&vectors, start)?;
        self.b.ins().brif(fits, go, &[], scalar, &[]);
        self.b.seal_block(go);
        self.b.switch_to_block(go);
        let float = super::part_types(match vectors.dag.width.bytes() {
            4 => Type::F32,
            _ => Type::F64,
        })?[0];
        let prefix = Prefix { vectors: &vectors, start, count, float };
        self.run_prefix(&prefix, &kernel, scalar)?;
        self.b.seal_block(scalar);
        self.b.switch_to_block(scalar);
        Ok(Repeats::Kernels)
    }

    /// Whether every value that the vectors need is at hand: what no result depends on is not.
    fn is_ready(&self, vectors: &VectorLoop, start: &Start<'_>) -> bool {
        let bound = |bound: &Bound| match bound {
            Bound::Known(_) => true,
            Bound::Value(value) => self.parts_of(*value).is_ok(),
        };
        let stream = |stream: &Stream| {
            self.parts_of(stream.array).is_ok()
                && stream.rows.iter().all(|row| self.parts_of(*row).is_ok())
        };
        vectors.conditions.iter().all(|condition| match condition {
            Condition::Below { bound: b, .. } | Condition::AtLeast { bound: b, .. } => bound(b),
            Condition::Holds(value) => self.parts_of(*value).is_ok(),
        }) && vectors.outputs.iter().all(stream)
            && vectors.inputs.iter().all(|input| match input {
                Source::Stream(s) => stream(s),
                Source::Value(value) => self.parts_of(*value).is_ok(),
            })
            && vectors.folds.iter().all(|fold| start.positions[fold.variable].is_some())
            && vectors.counters.iter().all(|k| self.parts_of(start.node.operands[*k]).is_ok())
    }

    /// How many iterations may run in vectors, and whether any should.
    fn iterations(&mut self, vectors: &VectorLoop, start: &Start<'_>) -> Lowered<(Value, Value)> {
        let far = self.int(types::I64, FAR);
        let mut count = far;
        let mut fits = None;
        let both = |lowerer: &mut Self, fits: &mut Option<Value>, holds: Value| {
            *fits = Some(match *fits {
                None => holds,
                Some(others) => lowerer.b.ins().band(others, holds),
            });
        };
        for counter in &vectors.counters {
            let first = self.scalar(start.node.operands[*counter])?;
            let near = self.b.ins().icmp(IntCC::UnsignedLessThanOrEqual, first, far);
            both(self, &mut fits, near);
        }
        for condition in &vectors.conditions {
            match *condition {
                Condition::Below { variable, offset, bound } => {
                    let first = self.scalar(start.node.operands[variable])?;
                    let bound = self.bound(bound)?;
                    let from = self.b.ins().iadd_imm_s(first, offset);
                    let left = self.b.ins().isub(bound, from);
                    count = self.b.ins().smin(count, left);
                }
                Condition::AtLeast { variable, offset, bound } => {
                    let first = self.scalar(start.node.operands[variable])?;
                    let bound = self.bound(bound)?;
                    let from = self.b.ins().iadd_imm_s(first, offset);
                    let holds = self.b.ins().icmp(IntCC::SignedGreaterThanOrEqual, from, bound);
                    both(self, &mut fits, holds);
                }
                Condition::Holds(value) => {
                    let holds = self.scalar(value)?;
                    both(self, &mut fits, holds);
                }
            }
        }
        if !vectors.folds.is_empty() || self.kernels.narrow.is_some() {
            let whole = self.int(types::I64, -(FOLD_LANES as i64));
            count = self.b.ins().band(count, whole);
        }
        let enough = self.b.ins().icmp_imm_s(IntCC::SignedGreaterThanOrEqual, count, LEAST);
        both(self, &mut fits, enough);
        Ok((count, fits.unwrap_or(enough)))
    }

    /// A bound, brought near enough for sums not to overflow.
    fn bound(&mut self, bound: Bound) -> Lowered<Value> {
        match bound {
            Bound::Known(value) => Ok(self.int(types::I64, value.clamp(-FAR, FAR))),
            Bound::Value(value) => {
                let value = self.scalar(value)?;
                let (low, high) = (self.int(types::I64, -FAR), self.int(types::I64, FAR));
                let value = self.b.ins().smax(value, low);
                Ok(self.b.ins().smin(value, high))
            }
        }
    }

    fn run_prefix(&mut self, prefix: &Prefix<'_>, kernel: &Kernel, scalar: Block) -> Lowered<()> {
        let vectors = prefix.vectors;
        let mut addresses = Vec::new();
        for input in &vectors.inputs {
            addresses.push(match input {
                Source::Stream(stream) => Some(self.first_element(stream, prefix)?),
                Source::Value(_) => None,
            });
        }
        let mut outputs = Vec::new();
        for stream in &vectors.outputs {
            outputs.push(self.first_element(stream, prefix)?);
        }
        self.check_overlaps(prefix, &addresses, &outputs, scalar);

        let size = prefix.float.bytes() as usize;
        let entries = addresses.len() + outputs.len() + vectors.folds.len();
        let numbers = addresses.iter().filter(|address| address.is_none()).count();
        let (uniforms, folds) = (8 * entries, 8 * (entries + numbers));
        let bytes = folds + vectors.folds.len() * FOLD_LANES * size;
        let bytes = u32::try_from(bytes)
            .map_err(|_| CompileError::Codegen("a loop over too many arrays".to_owned()))?;
        let slot = StackSlotData::new(StackSlotKind::ExplicitSlot, bytes, 3);
        let slot = self.b.create_sized_stack_slot(slot);
        let table = self.b.ins().stack_addr(POINTER, slot, 0);
        let flags = MemFlagsData::trusted();
        let mut place = uniforms;
        for (k, address) in addresses.iter().enumerate() {
            let address = match (address, &vectors.inputs[k]) {
                (Some(address), _) => *address,
                (None, Source::Value(value)) => {
                    let number = self.scalar(*value)?;
                    let at = place as i32;
                    self.b.ins().store(flags, number, table, at);
                    place += 8;
                    self.b.ins().iadd_imm_s(table, i64::from(at))
                }
                (None, Source::Stream(_)) => {
                    return Err(CompileError::Malformed(prefix.start.node.outputs[0]));
                }
            };
            self.b.ins().store(flags, address, table, slot_offset(k)?);
        }
        for (k, address) in outputs.iter().enumerate() {
            self.b.ins().store(flags, *address, table, slot_offset(addresses.len() + k)?);
        }
        for (k, fold) in vectors.folds.iter().enumerate() {
            let at = folds + k * FOLD_LANES * size;
            let initial = match fold.kind {
                FoldKind::Sum => self.float(prefix.float, 0.0),
                _ => self.scalar(prefix.start.node.operands[fold.variable])?,
            };
            let initial = self.b.ins().splat(vector_of(prefix.float), initial);
            for offset in (0..FOLD_LANES * size).step_by(VECTOR) {
                self.b.ins().store(loose(), initial, table, (at + offset) as i32);
            }
            let at = self.b.ins().iadd_imm_s(table, at as i64);
            let entry = addresses.len() + outputs.len() + k;
            self.b.ins().store(flags, at, table, slot_offset(entry)?);
        }
        self.call_kernel(kernel.clone(), prefix.count, table)?;
        self.enter_after(prefix, table, folds, scalar)
    }

    /// Calls a kernel: the System V convention on every operating system.
    fn call_kernel(&mut self, kernel: Kernel, count: Value, table: Value) -> Lowered<()> {
        let name = self.kernels.add(kernel);
        let mut signature = Signature::new(CallConv::SystemV);
        signature.params = vec![AbiParam::new(types::I64); 2];
        let id = self
            .module
            .declare_function(&name, Linkage::Import, &signature)
            .map_err(|error| CompileError::Codegen(error.to_string()))?;
        let target = self.module.declare_func_in_func(id, self.b.func);
        self.import_names.push(name);
        self.b.ins().call(target, &[count, table]);
        Ok(())
    }

    /// Enters the loop with its variables as they are after the iterations in vectors.
    fn enter_after(
        &mut self,
        prefix: &Prefix<'_>,
        table: Value,
        folds: usize,
        scalar: Block,
    ) -> Lowered<()> {
        let Start { node, header, args, positions } = prefix.start;
        let mut args = args.to_vec();
        for counter in &prefix.vectors.counters {
            let first = self.scalar(node.operands[*counter])?;
            let now = self.b.ins().iadd(first, prefix.count);
            if let Some(position) = positions[*counter] {
                args[position] = now.into();
            }
        }
        let size = prefix.float.bytes() as usize;
        for (k, fold) in prefix.vectors.folds.iter().enumerate() {
            let at = folds + k * FOLD_LANES * size;
            let mut total = if fold.kind == FoldKind::Sum {
                self.sum(prefix.float, table, at)
            } else {
                let lanes = (0..FOLD_LANES).map(|lane| {
                    let at = (at + lane * size) as i32;
                    self.b.ins().load(prefix.float, MemFlagsData::trusted(), table, at)
                });
                let lanes = lanes.collect();
                self.in_pairs(lanes, |lowerer, a, b| lowerer.better(fold.kind, a, b))
            };
            if fold.kind == FoldKind::Sum {
                let initial = self.scalar(node.operands[fold.variable])?;
                total = self.b.ins().fadd(initial, total);
            } else if prefix.vectors.exact {
                // Which zero comes first is for the loop to say.
                let zero = self.float(prefix.float, 0.0);
                let zero = self.b.ins().fcmp(FloatCC::Equal, total, zero);
                let usable = self.b.create_block();
                self.b.ins().brif(zero, scalar, &[], usable, &[]);
                self.b.seal_block(usable);
                self.b.switch_to_block(usable);
            }
            if let Some(position) = positions[fold.variable] {
                args[position] = total.into();
            }
        }
        self.b.ins().jump(*header, &args);
        Ok(())
    }

    /// The sum of a fold's numbers, vectors of them first.
    fn sum(&mut self, float: Ty, table: Value, at: usize) -> Value {
        let vector = vector_of(float);
        let parts = FOLD_LANES / vector.lane_count() as usize;
        let parts = (0..parts)
            .map(|k| self.b.ins().load(vector, loose(), table, (at + k * VECTOR) as i32))
            .collect();
        let add = |lowerer: &mut Self, a, b| lowerer.b.ins().fadd(a, b);
        let sums = self.in_pairs(parts, add);
        let lanes = (0..vector.lane_count() as u8)
            .map(|lane| self.b.ins().extractlane(sums, lane))
            .collect();
        self.in_pairs(lanes, add)
    }

    /// Neighbours are brought together until one is left.
    fn in_pairs(
        &mut self,
        mut values: Vec<Value>,
        join: impl Fn(&mut Self, Value, Value) -> Value,
    ) -> Value {
        while values.len() > 1 {
            values = values.chunks(2).map(|pair| join(self, pair[0], pair[1])).collect();
        }
        values[0]
    }

    fn better(&mut self, kind: FoldKind, a: Value, b: Value) -> Value {
        let condition =
            if kind == FoldKind::Min { FloatCC::LessThan } else { FloatCC::GreaterThan };
        let better = self.b.ins().fcmp(condition, b, a);
        self.b.ins().select(better, b, a)
    }

    /// The address of the element of the first iteration.
    fn first_element(&mut self, stream: &Stream, prefix: &Prefix<'_>) -> Lowered<Value> {
        let first = self.scalar(prefix.start.node.operands[stream.variable])?;
        let last = self.b.ins().iadd_imm_s(first, stream.offset);
        let mut at = None;
        for (axis, row) in stream.rows.iter().enumerate() {
            let row = self.scalar(*row)?;
            let sum = match at {
                None => row,
                Some(at) => self.b.ins().iadd(at, row),
            };
            let extent = self.parts_of(stream.array)?[2 + axis];
            at = Some(self.b.ins().imul(sum, extent));
        }
        let at = match at {
            None => last,
            Some(at) => self.b.ins().iadd(at, last),
        };
        let shift = i64::from(prefix.float.bytes().trailing_zeros());
        let shift = self.int(POINTER, shift);
        let at = self.b.ins().ishl(at, shift);
        let base = self.parts_of(stream.array)?[0];
        Ok(self.b.ins().iadd(base, at))
    }

    /// Goes on only if no store changes what a later iteration loads, or another store's elements.
    fn check_overlaps(
        &mut self,
        prefix: &Prefix<'_>,
        inputs: &[Option<Value>],
        outputs: &[Value],
        scalar: Block,
    ) {
        let vectors = prefix.vectors;
        let size = i64::from(prefix.float.bytes());
        let size = self.int(types::I64, size);
        let extent = self.b.ins().imul(prefix.count, size);
        let group = |lowerer: &Self, array: ValueId| match lowerer.f.ty(array) {
            Type::MemRef { mem, .. } => Some(mem),
            _ => None,
        };
        let mut harmless = Vec::new();
        for Overlap { input, output, least } in &vectors.overlaps {
            let (Source::Stream(from), Some(address)) = (&vectors.inputs[*input], inputs[*input])
            else {
                continue;
            };
            if group(self, from.array) != group(self, vectors.outputs[*output].array) {
                continue;
            }
            let ahead = self.b.ins().isub(address, outputs[*output]);
            let later = self.b.ins().icmp_imm_s(IntCC::SignedGreaterThanOrEqual, ahead, *least);
            let end = self.b.ins().iadd(ahead, extent);
            let before = self.b.ins().icmp_imm_s(IntCC::SignedLessThanOrEqual, end, 0);
            harmless.push(self.b.ins().bor(later, before));
        }
        for (k, (a, one)) in outputs.iter().zip(&vectors.outputs).enumerate() {
            for (b, other) in outputs[..k].iter().zip(&vectors.outputs) {
                if one == other || group(self, one.array) != group(self, other.array) {
                    continue;
                }
                let ahead = self.b.ins().isub(*a, *b);
                let same = self.b.ins().icmp_imm_s(IntCC::Equal, ahead, 0);
                let far = self.b.ins().iabs(ahead);
                let far = self.b.ins().icmp(IntCC::SignedGreaterThanOrEqual, far, extent);
                harmless.push(self.b.ins().bor(same, far));
            }
        }
        for condition in harmless {
            let next = self.b.create_block();
            self.b.ins().brif(condition, next, &[], scalar, &[]);
            self.b.seal_block(next);
            self.b.switch_to_block(next);
        }
    }
}
