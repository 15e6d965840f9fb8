//! Graphs of vector operations as loops in 128-bit vectors, for processors without 256-bit ones.
//!
//! The entry is that of [`backend_simd::Kernel::entry`]: `fn(count, table)`, the count a multiple of
//! [`backend_simd::FOLD_LANES`]. Operations are laid out in the graph's order, for each copy in
//! turn; without the code generator's optimisations that order is kept and constants stay operands
//! in memory, which for large graphs is worth more than what the optimisations gain. The bits are
//! those of [`vecmath::Dag::replay`], NaNs' aside.

use crate::code::{Code, OwnedModule};
use crate::compiler::{Compiler, module_error};
use crate::error::CompileError;
use crate::runtime;
use backend_simd::{CompiledCode, FOLD_LANES, Kernel};
use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::{
    AbiParam, BlockArg, ConstantData, Endianness, FuncRef, InstBuilder, MemFlagsData, Signature,
    StackSlotData, StackSlotKind, Type as Ty, Value, types,
};
use cranelift_codegen::isa::{CallConv, OwnedTargetIsa};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use cranelift_jit::{JITBuilder, JITModule};
use cranelift_module::{Linkage, Module};
use std::sync::Arc;
use vecmath::{Dag, Op, Rounding, Width};

const POINTER: Ty = types::I64;
const RARE: &str = "rare_lanes";

impl Compiler {
    /// Compiles a graph to 128-bit vectors; `uniform` and folds are as in
    /// [`Kernel::compile_folds`].
    ///
    /// # Errors
    /// If the graph has no result, or the code generator's limits are exceeded.
    pub fn compile_vectors(&self, dag: &Dag, uniform: &[bool]) -> Result<Kernel, CompileError> {
        compile(self.isa(), dag, uniform)
    }
}

/// [`Compiler::compile_vectors`] for an instruction set.
pub(crate) fn compile(
    isa: OwnedTargetIsa,
    dag: &Dag,
    uniform: &[bool],
) -> Result<Kernel, CompileError> {
    let mut builder = JITBuilder::with_isa(isa, cranelift_module::default_libcall_names());
    builder.symbol_lookup_fn(Box::new(runtime::address));
    let rare = match dag.width {
        Width::F64 => rare_f64 as *const u8,
        Width::F32 => rare_f32 as *const u8,
    };
    builder.symbol(RARE, rare);
    let mut owned = OwnedModule::new(JITModule::new(builder));
    let module = owned.get()?;
    let mut context = module.make_context();
    let mut scratch = FunctionBuilderContext::new();
    // The convention of `Kernel::entry` on every operating system.
    let convention = if cfg!(target_arch = "x86_64") {
        CallConv::SystemV
    } else {
        module.isa().default_call_conv()
    };
    let mut signature = Signature::new(convention);
    signature.params = vec![AbiParam::new(types::I64); 2];
    let entry = module
        .declare_function("kernel", Linkage::Export, &signature)
        .map_err(|error| module_error(&error))?;
    context.func.signature = signature;
    let mut rare = module.make_signature();
    rare.params = vec![AbiParam::new(types::I64); 4];
    let rare = module
        .declare_function(RARE, Linkage::Import, &rare)
        .map_err(|error| module_error(&error))?;
    let rare = module.declare_func_in_func(rare, &mut context.func);
    let b = FunctionBuilder::new(&mut context.func, &mut scratch);
    let plain = dag.without_parts();
    Vectors::new(plain.as_ref().unwrap_or(dag), uniform, b, rare).build(module.target_config());
    module.define_function(entry, &mut context).map_err(|error| module_error(&error))?;
    let code = Arc::new(Code::new(owned, entry)?);
    Kernel::with_code(dag, uniform, code).map_err(|error| CompileError::Codegen(error.to_string()))
}

impl CompiledCode for Code {
    fn entry(&self) -> *const u8 {
        Code::entry(self)
    }
}

macro_rules! rare {
    ($name:ident, $float:ty, $lanes:expr, $eval:ident) => {
        /// Puts `f(x)` into the lanes of `y` whose mask has its sign bit set.
        ///
        /// # Safety
        /// The pointers are those of whole vectors; `y` is writable; `f` is the number of a
        /// function.
        #[expect(unsafe_code, reason = "compiled code calls this")]
        unsafe extern "C" fn $name(f: u64, mask: *const $float, x: *const $float, y: *mut $float) {
            for lane in 0..$lanes {
                // SAFETY: the caller vouches for whole vectors.
                unsafe {
                    if mask.add(lane).read().is_sign_negative() {
                        y.add(lane).write(vecmath::Rare::ALL[f as usize].$eval(x.add(lane).read()));
                    }
                }
            }
        }
    };
}
rare!(rare_f64, f64, 2, eval);
rare!(rare_f32, f32, 4, eval_f32);

struct Vectors<'a> {
    dag: &'a Dag,
    uniform: &'a [bool],
    b: FunctionBuilder<'a>,
    rare: FuncRef,
    /// Type of a vector of floats, and of integers.
    float: Ty,
    int: Ty,
    copies: usize,
    /// Base of each input and output.
    bases: Vec<Value>,
    offset: Value,
    /// Values of the nodes, copy by copy.
    values: Vec<Value>,
}

impl<'a> Vectors<'a> {
    fn new(dag: &'a Dag, uniform: &'a [bool], b: FunctionBuilder<'a>, rare: FuncRef) -> Self {
        let (float, int) = match dag.width {
            Width::F64 => (types::F64X2, types::I64X2),
            Width::F32 => (types::F32X4, types::I32X4),
        };
        let folds = uniform.len() < dag.inputs as usize;
        let copies = if folds { FOLD_LANES / float.lane_count() as usize } else { 2 };
        Vectors {
            dag,
            uniform,
            b,
            rare,
            float,
            int,
            copies,
            bases: Vec::new(),
            offset: Value::from_u32(0),
            values: Vec::new(),
        }
    }

    fn build(mut self, config: cranelift_codegen::isa::TargetFrontendConfig) {
        let entry = self.b.create_block();
        self.b.append_block_params_for_function_params(entry);
        self.b.switch_to_block(entry);
        let (count, table) = (self.b.block_params(entry)[0], self.b.block_params(entry)[1]);
        let flags = MemFlagsData::trusted();
        let folds = self.dag.inputs as usize - self.uniform.len();
        let stored = self.dag.outputs.len() - folds;
        let arrays = self.uniform.len() + stored;
        self.bases = (0..arrays + folds)
            .map(|k| self.b.ins().load(POINTER, flags, table, 8 * k as i32))
            .collect();
        let shift = self.b.ins().iconst(types::I64, i64::from(self.dag.width.bytes().ilog2()));
        let end = self.b.ins().ishl(count, shift);
        let (header, body, done) =
            (self.b.create_block(), self.b.create_block(), self.b.create_block());
        let zero = self.b.ins().iconst(POINTER, 0);
        let unaligned = MemFlagsData::new().with_notrap();
        let mut initial = vec![BlockArg::from(zero)];
        for (fold, copy) in (0..folds).flat_map(|f| (0..self.copies).map(move |c| (f, c))) {
            let from = self.bases[arrays + fold];
            let value = self.b.ins().load(self.float, unaligned, from, 16 * copy as i32);
            initial.push(value.into());
        }
        self.b.ins().jump(header, &initial);
        self.offset = self.b.append_block_param(header, POINTER);
        let carried: Vec<Value> = (0..folds * self.copies)
            .map(|_| self.b.append_block_param(header, self.float))
            .collect();
        self.b.switch_to_block(header);
        let more = self.b.ins().icmp(IntCC::UnsignedLessThan, self.offset, end);
        self.b.ins().brif(more, body, &[], done, &[]);
        self.b.switch_to_block(body);
        for node in 0..self.dag.nodes.len() {
            for copy in 0..self.copies {
                let value = self.node(node, copy, &carried);
                self.values.push(value);
            }
        }
        for (k, output) in self.dag.outputs[..stored].iter().enumerate() {
            for copy in 0..self.copies {
                let value = self.values[output.index() * self.copies + copy];
                let base = self.bases[self.uniform.len() + k];
                let to = self.b.ins().iadd(base, self.offset);
                self.b.ins().store(unaligned, value, to, 16 * copy as i32);
            }
        }
        let mut next = vec![self.b.ins().iadd_imm_s(self.offset, 16 * self.copies as i64).into()];
        for output in &self.dag.outputs[stored..] {
            let at = output.index() * self.copies;
            next.extend(self.values[at..at + self.copies].iter().map(|v| BlockArg::from(*v)));
        }
        self.b.ins().jump(header, &next);
        self.b.switch_to_block(done);
        for (k, value) in carried.iter().enumerate() {
            let base = self.bases[arrays + k / self.copies];
            let at = 16 * (k % self.copies) as i32;
            self.b.ins().store(unaligned, *value, base, at);
        }
        self.b.ins().return_(&[]);
        self.b.seal_all_blocks();
        self.b.finalize(config);
    }

    fn arg(&self, node: usize, which: usize, copy: usize) -> Value {
        let arg = self.dag.nodes[node].args()[which];
        self.values[arg.index() * self.copies + copy]
    }

    fn bits(&mut self, value: Value) -> Value {
        let flags = MemFlagsData::new().with_endianness(Endianness::Little);
        self.b.ins().bitcast(self.int, flags, value)
    }

    fn number(&mut self, bits: Value) -> Value {
        let flags = MemFlagsData::new().with_endianness(Endianness::Little);
        self.b.ins().bitcast(self.float, flags, bits)
    }

    /// An operation on bits.
    fn integer(
        &mut self,
        node: usize,
        copy: usize,
        op: impl FnOnce(&mut FunctionBuilder<'a>, Value, Value) -> Value,
    ) -> Value {
        let (a, b) = (self.arg(node, 0, copy), self.arg(node, 1, copy));
        let (a, b) = (self.bits(a), self.bits(b));
        let result = op(&mut self.b, a, b);
        self.number(result)
    }

    fn compare(&mut self, node: usize, copy: usize, condition: FloatCC) -> Value {
        let (a, b) = (self.arg(node, 0, copy), self.arg(node, 1, copy));
        let mask = self.b.ins().fcmp(condition, a, b);
        self.number(mask)
    }

    /// `a` where the comparison holds, else `b`.
    fn better(&mut self, node: usize, copy: usize, condition: FloatCC) -> Value {
        let (a, b) = (self.arg(node, 0, copy), self.arg(node, 1, copy));
        let mask = self.b.ins().fcmp(condition, a, b);
        let mask = self.number(mask);
        self.b.ins().bitselect(mask, a, b)
    }

    fn shifted(&mut self, node: usize, copy: usize, count: u8, left: bool) -> Value {
        let a = self.arg(node, 0, copy);
        let a = self.bits(a);
        let count = self.b.ins().iconst(types::I32, i64::from(count));
        let result = if left { self.b.ins().ishl(a, count) } else { self.b.ins().ushr(a, count) };
        self.number(result)
    }

    fn node(&mut self, node: usize, copy: usize, carried: &[Value]) -> Value {
        let arg = |vectors: &Self, which: usize| vectors.arg(node, which, copy);
        match self.dag.nodes[node].op {
            Op::Input(k) => self.input(k as usize, copy, carried),
            Op::Const(bits) => self.constant(bits, node, copy),
            Op::Add => {
                let (a, b) = (arg(self, 0), arg(self, 1));
                self.b.ins().fadd(a, b)
            }
            Op::Sub => {
                let (a, b) = (arg(self, 0), arg(self, 1));
                self.b.ins().fsub(a, b)
            }
            Op::Mul => {
                let (a, b) = (arg(self, 0), arg(self, 1));
                self.b.ins().fmul(a, b)
            }
            Op::Div => {
                let (a, b) = (arg(self, 0), arg(self, 1));
                self.b.ins().fdiv(a, b)
            }
            Op::Fma | Op::Nfma | Op::Fms => {
                let (mut a, b, mut c) = (arg(self, 0), arg(self, 1), arg(self, 2));
                match self.dag.nodes[node].op {
                    Op::Nfma => a = self.b.ins().fneg(a),
                    Op::Fms => c = self.b.ins().fneg(c),
                    _ => {}
                }
                self.b.ins().fma(a, b, c)
            }
            Op::Sqrt => {
                let a = arg(self, 0);
                self.b.ins().sqrt(a)
            }
            Op::Round(rounding) => {
                let a = arg(self, 0);
                match rounding {
                    Rounding::Nearest => self.b.ins().nearest(a),
                    Rounding::Down => self.b.ins().floor(a),
                    Rounding::Up => self.b.ins().ceil(a),
                    Rounding::Zero => self.b.ins().trunc(a),
                }
            }
            Op::Min => self.better(node, copy, FloatCC::LessThan),
            Op::Max => self.better(node, copy, FloatCC::GreaterThan),
            Op::And => self.integer(node, copy, |f, a, b| f.ins().band(a, b)),
            Op::AndNot => self.integer(node, copy, |f, a, b| f.ins().band_not(b, a)),
            Op::Or => self.integer(node, copy, |f, a, b| f.ins().bor(a, b)),
            Op::Xor => self.integer(node, copy, |f, a, b| f.ins().bxor(a, b)),
            Op::IntAdd => self.integer(node, copy, |f, a, b| f.ins().iadd(a, b)),
            Op::IntSub => self.integer(node, copy, |f, a, b| f.ins().isub(a, b)),
            Op::IntGt => {
                self.integer(node, copy, |f, a, b| f.ins().icmp(IntCC::SignedGreaterThan, a, b))
            }
            Op::IntEq => self.integer(node, copy, |f, a, b| f.ins().icmp(IntCC::Equal, a, b)),
            Op::Shl(count) => self.shifted(node, copy, count, true),
            Op::Shr(count) => self.shifted(node, copy, count, false),
            Op::Lt => self.compare(node, copy, FloatCC::LessThan),
            Op::Le => self.compare(node, copy, FloatCC::LessThanOrEqual),
            Op::Eq => self.compare(node, copy, FloatCC::Equal),
            Op::Select => {
                let (mask, a, b) = (arg(self, 0), arg(self, 1), arg(self, 2));
                let mask = self.whole_mask(mask);
                self.b.ins().bitselect(mask, a, b)
            }
            Op::Significand | Op::MinusExponent => {
                unreachable!("the graph is compiled without them")
            }
            Op::Rare(f) => {
                let operands = [arg(self, 0), arg(self, 1), arg(self, 2)];
                self.rare(f, operands)
            }
        }
    }

    fn input(&mut self, k: usize, copy: usize, carried: &[Value]) -> Value {
        if let Some(fold) = k.checked_sub(self.uniform.len()) {
            return carried[fold * self.copies + copy];
        }
        let unaligned = MemFlagsData::new().with_notrap();
        if self.uniform[k] {
            let lane = self.float.lane_type();
            let number = self.b.ins().load(lane, unaligned, self.bases[k], 0);
            return self.b.ins().splat(self.float, number);
        }
        let from = self.b.ins().iadd(self.bases[k], self.offset);
        self.b.ins().load(self.float, unaligned, from, 16 * copy as i32)
    }

    fn constant(&mut self, bits: u64, node: usize, copy: usize) -> Value {
        if copy > 0 {
            return self.values[node * self.copies];
        }
        let word = if self.dag.width == Width::F32 { bits << 32 | bits } else { bits };
        let bytes: Vec<u8> = word.to_le_bytes().into_iter().cycle().take(16).collect();
        let constant = self.b.func.dfg.constants.insert(ConstantData::from(&bytes[..]));
        self.b.ins().vconst(self.float, constant)
    }

    /// All bits of the lanes whose sign bit is set.
    fn whole_mask(&mut self, mask: Value) -> Value {
        let bits = self.bits(mask);
        let zero = self.b.ins().iconst(self.int.lane_type(), 0);
        let zero = self.b.ins().splat(self.int, zero);
        let mask = self.b.ins().icmp(IntCC::SignedLessThan, bits, zero);
        self.number(mask)
    }

    /// Calls the function for the lanes that ask for it, if any do.
    fn rare(&mut self, f: vecmath::Rare, [mask, x, usual]: [Value; 3]) -> Value {
        let slow = self.b.create_block();
        self.b.set_cold_block(slow);
        let next = self.b.create_block();
        let result = self.b.append_block_param(next, self.float);
        let bits = self.bits(mask);
        let signs = self.b.ins().vhigh_bits(types::I32, bits);
        self.b.ins().brif(signs, slow, &[], next, &[usual.into()]);
        self.b.switch_to_block(slow);
        let slot = StackSlotData::new(StackSlotKind::ExplicitSlot, 48, 4);
        let slot = self.b.create_sized_stack_slot(slot);
        let at = self.b.ins().stack_addr(POINTER, slot, 0);
        let flags = MemFlagsData::trusted();
        for (k, value) in [mask, x, usual].into_iter().enumerate() {
            self.b.ins().store(flags, value, at, 16 * k as i32);
        }
        let number = self.b.ins().iconst(types::I64, f as i64);
        let (argument, to) = (self.b.ins().iadd_imm_s(at, 16), self.b.ins().iadd_imm_s(at, 32));
        self.b.ins().call(self.rare, &[number, at, argument, to]);
        let value = self.b.ins().load(self.float, flags, at, 32);
        self.b.ins().jump(next, &[value.into()]);
        self.b.switch_to_block(next);
        result
    }
}
