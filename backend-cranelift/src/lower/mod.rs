//! Regions to blocks.
//!
//! A value of the graph has as many run-time *parts* as [`part_types`] says: one for a scalar, an
//! address and its extents for an array, none for a state or `None`. Nothing here depends on the
//! number of nodes by recursion; regions are lowered recursively, up to
//! [`crate::MAX_DEPTH`] deep.

mod effect;
mod elementwise;
mod ending;
mod exits;
mod float;
mod fused;
mod gamma;
mod int;
mod known;
mod memory;
mod recursion;
mod simple;
mod theta;
mod vectors;
mod versions;

use crate::abi::{ArrayDescriptor, Context, Site};
use crate::compiler::MAX_DEPTH;
use crate::error::CompileError;
use crate::live::Live;
use crate::runtime::Import;
use cranelift_codegen::ir::entities::FuncRef;
use cranelift_codegen::ir::{
    AliasRegion, AliasRegionData, Block, BlockArg, InstBuilder, MemFlagsData, SourceLoc,
    Type as Ty, Value, types,
};
use cranelift_frontend::{FunctionBuilder, Variable};
use cranelift_jit::JITModule;
use cranelift_module::{FuncId, Linkage, Module};
use rustc_hash::FxBuildHasher;
use rvsdg::{ExcKind, Function, NodeId, NodeKind, RegionId, Span, Type, ValueId};
use std::mem::offset_of;
use std::sync::Arc;

pub(crate) use vectors::Kernels;
pub use vectors::Vectors;

type Map<K, V> = hashbrown::HashMap<K, V, FxBuildHasher>;
pub(crate) type Lowered<T> = Result<T, CompileError>;

const MISSING: u32 = u32::MAX;
const POINTER: Ty = types::I64;

/// Types of the run-time parts of a value.
pub(crate) fn part_types(ty: Type) -> Lowered<&'static [Ty]> {
    Ok(match ty {
        Type::F32 => &[types::F32],
        Type::F64 => &[types::F64],
        Type::I32 | Type::Ctl(_) => &[types::I32],
        Type::I64 => &[types::I64],
        Type::Bool => &[types::I8],
        Type::MemRef { rank: 1, .. } => &[POINTER, types::I64],
        Type::MemRef { rank: 2, .. } => &[POINTER, types::I64, types::I64],
        Type::MemRef { .. } => return Err(CompileError::Rank(ty)),
        Type::Unit | Type::Io | Type::Mem(_) => &[],
    })
}

/// Builds the body of one compiled function.
pub(crate) struct Lowerer<'a> {
    f: &'a Function,
    b: FunctionBuilder<'a>,
    module: &'a mut JITModule,
    live: Live,
    /// Position of a value's first part in `parts`, by value; [`MISSING`] before its definition.
    first: Vec<u32>,
    parts: Vec<Value>,
    context: Value,
    imports: Map<Import, FuncRef>,
    import_names: Vec<String>,
    alias: Vec<AliasRegion>,
    sites: Vec<Site>,
    /// The functions of the phi.
    phi: &'a [FuncId],
    raises: Vec<Raise>,
    /// Operations left before loops look at the limits; none if they never do.
    fuel: Option<Variable>,
    repeats: Repeats,
    /// Bodies of the loops around what is lowered.
    loops: Vec<RegionId>,
    depth: usize,
    vectors: Vectors,
    kernels: Kernels,
}

/// Where a function may spend long.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Repeats {
    /// Nowhere.
    Nothing,
    /// In kernels: its own loops run the last iterations, or where arrays are in each other's way.
    Kernels,
    /// In loops of its own, or in calls of its like.
    Loops,
}

/// What lowering leaves besides the function's instructions.
pub(crate) struct Output {
    pub(crate) sites: Vec<Site>,
    pub(crate) repeats: Repeats,
    /// Symbols of the called functions, in the order of their declaration.
    pub(crate) import_names: Vec<String>,
}

impl<'a> Lowerer<'a> {
    pub(crate) fn new(
        f: &'a Function,
        mut b: FunctionBuilder<'a>,
        module: &'a mut JITModule,
        poll: bool,
        phi: &'a [FuncId],
        sites: Vec<Site>,
    ) -> Lowerer<'a> {
        let alias = (0..f.mems)
            .map(|group| {
                let data = AliasRegionData { user_id: group, description: "memory".into() };
                b.func.dfg.alias_regions.insert(data)
            })
            .collect();
        let fuel = poll.then(|| b.declare_var(types::I64));
        Lowerer {
            f,
            b,
            module,
            live: Live::new(f),
            first: vec![MISSING; f.value_count()],
            parts: Vec::with_capacity(f.value_count()),
            context: Value::from_u32(0),
            imports: Map::default(),
            import_names: Vec::new(),
            alias,
            sites,
            phi,
            raises: Vec::new(),
            fuel,
            repeats: Repeats::Nothing,
            loops: Vec::new(),
            depth: 0,
            vectors: Vectors::Off,
            kernels: Kernels::default(),
        }
    }

    /// Runs loops over arrays in vectors, whose kernels are kept here.
    pub(crate) fn with_vectors(mut self, vectors: Vectors, kernels: Kernels) -> Self {
        self.vectors = vectors;
        self.kernels = kernels;
        self
    }

    /// Lowers the whole function.
    pub(crate) fn run(mut self) -> Lowered<Output> {
        let entry = self.b.create_block();
        self.b.append_block_params_for_function_params(entry);
        self.b.switch_to_block(entry);
        self.b.seal_block(entry);
        let &[args, results, context] = self.b.block_params(entry) else {
            return Err(CompileError::Codegen("the entry has three parameters".to_owned()));
        };
        self.context = context;
        if let Some(fuel) = self.fuel {
            let full = self.int(types::I64, theta::FUEL);
            self.b.def_var(fuel, full);
        }
        self.load_params(args)?;
        let body = self.f.body();
        self.region(body)?;
        self.store_results(results)?;
        let ok = self.int(types::I32, 0);
        self.b.ins().return_(&[ok]);
        self.fill_raises();
        self.b.seal_all_blocks();
        let config = self.module.target_config();
        self.b.finalize(config);
        Ok(Output { sites: self.sites, repeats: self.repeats, import_names: self.import_names })
    }

    fn load_params(&mut self, args: Value) -> Lowered<()> {
        let flags = MemFlagsData::trusted().with_readonly().with_can_move();
        for index in 0..self.f.params.len() {
            let param = self.f.param_values()[index];
            let parts = part_types(self.f.ty(param))?;
            if !self.live.value(param) {
                continue;
            }
            let offset = slot_offset(index)?;
            if let Type::MemRef { .. } = self.f.ty(param) {
                let array = self.b.ins().load(POINTER, flags, args, offset);
                let data = offset_of!(ArrayDescriptor, data) as i32;
                let extents = offset_of!(ArrayDescriptor, extents) as i32;
                let mut loaded = vec![self.b.ins().load(POINTER, flags, array, data)];
                for axis in 0..parts.len() as i32 - 1 {
                    let at = extents + 8 * axis;
                    loaded.push(self.b.ins().load(types::I64, flags, array, at));
                }
                self.define(param, &loaded);
            } else if let [ty] = parts {
                let value = self.b.ins().load(*ty, flags, args, offset);
                self.define(param, &[value]);
            } else {
                self.define(param, &[]);
            }
        }
        Ok(())
    }

    fn store_results(&mut self, results: Value) -> Lowered<()> {
        for (index, result) in self.f.result_values().iter().enumerate() {
            let value = match (self.f.ty(*result), self.parts_of(*result)?) {
                (_, []) => self.int(types::I64, 0),
                (Type::I32, &[value]) => self.b.ins().sextend(types::I64, value),
                (Type::Bool | Type::Ctl(_), &[value]) => self.b.ins().uextend(types::I64, value),
                (Type::F32, &[value]) => {
                    let bits = self.b.ins().bitcast(types::I32, MemFlagsData::new(), value);
                    self.b.ins().uextend(types::I64, bits)
                }
                (_, &[value]) => value,
                (_, _) => return Err(CompileError::Malformed(*result)),
            };
            let offset = slot_offset(index)?;
            self.b.ins().store(MemFlagsData::trusted(), value, results, offset);
        }
        Ok(())
    }

    /// Lowers a region's live nodes into the current block and those it creates; returns how many
    /// operations that were, counting calls several times.
    fn region(&mut self, region: RegionId) -> Lowered<i64> {
        if self.depth == MAX_DEPTH {
            return Err(CompileError::TooDeep { limit: MAX_DEPTH });
        }
        self.depth += 1;
        let f = self.f;
        let mut weight = 1;
        for &node in &f.region(region).nodes {
            if self.live.node(f, node) {
                weight += self.node(node)?;
            }
        }
        self.depth -= 1;
        Ok(weight)
    }

    fn node(&mut self, id: NodeId) -> Lowered<i64> {
        let node = self.f.node(id);
        self.b.set_srcloc(SourceLoc::new(node.span.start));
        match &node.kind {
            NodeKind::Simple(op) => self.simple(*op, node),
            NodeKind::Gamma { arms } => self.gamma(node, arms),
            NodeKind::Theta { body } => self.theta(id, node, *body),
        }
    }

    /// Defines a value by its parts.
    fn define(&mut self, value: ValueId, parts: &[Value]) {
        self.first[value.index()] = self.parts.len() as u32;
        self.parts.extend_from_slice(parts);
    }

    /// Makes `value` another name of `same`, unless nothing uses it.
    fn alias(&mut self, value: ValueId, same: ValueId) -> Lowered<()> {
        if self.live.value(value) {
            self.parts_of(same)?;
            if self.f.ty(value) != self.f.ty(same) {
                return Err(CompileError::Malformed(value));
            }
            self.first[value.index()] = self.first[same.index()];
        }
        Ok(())
    }

    /// Appends parameters for a value to a block and defines the value by them.
    fn define_by_params(&mut self, block: Block, value: ValueId) -> Lowered<()> {
        self.first[value.index()] = self.parts.len() as u32;
        for ty in part_types(self.f.ty(value))? {
            let param = self.b.append_block_param(block, *ty);
            self.parts.push(param);
        }
        Ok(())
    }

    fn parts_of(&self, value: ValueId) -> Lowered<&[Value]> {
        let types = part_types(self.f.ty(value))?;
        let first = self.first[value.index()];
        if types.is_empty() {
            return Ok(&[]);
        }
        let parts = (first != MISSING).then(|| &self.parts[first as usize..][..types.len()]);
        parts.ok_or(CompileError::Malformed(value))
    }

    /// The only part of a scalar.
    fn scalar(&self, value: ValueId) -> Lowered<Value> {
        match self.parts_of(value)? {
            [part] => Ok(*part),
            _ => Err(CompileError::Malformed(value)),
        }
    }

    /// The block arguments that pass `value` to parameters of the type of `target`.
    fn pass(&self, args: &mut Vec<BlockArg>, value: ValueId, target: ValueId) -> Lowered<()> {
        if self.f.ty(value) != self.f.ty(target) {
            return Err(CompileError::Malformed(value));
        }
        args.extend(self.parts_of(value)?.iter().map(|part| BlockArg::from(*part)));
        Ok(())
    }

    /// An integer constant.
    fn int(&mut self, ty: Ty, value: i64) -> Value {
        let bits = match ty.bits() {
            8 => i64::from(value as u8),
            32 => i64::from(value as u32),
            _ => value,
        };
        self.b.ins().iconst(ty, bits)
    }

    /// A float constant of type `ty`.
    fn float(&mut self, ty: Ty, value: f64) -> Value {
        if ty == types::F32 {
            self.b.ins().f32const(value as f32)
        } else {
            self.b.ins().f64const(value)
        }
    }

    /// Calls a function of the runtime for its result.
    fn call(&mut self, import: Import, args: &[Value]) -> Lowered<Value> {
        let results = self.call_for_effect(import, args)?;
        match results {
            Some(result) => Ok(result),
            None => Err(CompileError::Codegen(format!("{} has no result", import.symbol()))),
        }
    }

    /// Calls a function of the runtime.
    fn call_for_effect(&mut self, import: Import, args: &[Value]) -> Lowered<Option<Value>> {
        let target = match self.imports.get(&import) {
            Some(target) => *target,
            None => self.import(import)?,
        };
        let call = self.b.ins().call(target, args);
        Ok(self.b.inst_results(call).first().copied())
    }

    fn import(&mut self, import: Import) -> Lowered<FuncRef> {
        let signature = import.signature(self.module.isa().default_call_conv());
        let name = import.symbol();
        let id = self
            .module
            .declare_function(&name, Linkage::Import, &signature)
            .map_err(|error| CompileError::Codegen(error.to_string()))?;
        let target = self.module.declare_func_in_func(id, self.b.func);
        self.imports.insert(import, target);
        self.import_names.push(name);
        Ok(target)
    }

    /// Continues in a new block if `condition` holds, else raises.
    fn raise_unless(&mut self, condition: Value, raise: Block) {
        let next = self.b.create_block();
        self.b.ins().brif(condition, next, &[], raise, &[]);
        self.b.seal_block(next);
        self.b.switch_to_block(next);
    }

    /// The block that raises a known exception, shared by all places with one span.
    fn raise_known(&mut self, kind: ExcKind, message: &Arc<str>, span: Span) -> Block {
        let known = (0..self.raises.len()).rev().take(RECENT_RAISES).find(|at| {
            let site = &self.sites[self.raises[*at].site];
            site.kind == kind && site.span == span && site.message.as_ref() == Some(message)
        });
        if let Some(at) = known {
            return self.raises[at].block;
        }
        let message = Some(Arc::clone(message));
        self.raise_at(Status::Kind(kind), Site { kind, message, span })
    }

    /// A new block that raises; [`Lowerer::fill_raises`] gives it its instructions.
    fn raise_at(&mut self, status: Status, site: Site) -> Block {
        let block = self.b.create_block();
        self.b.set_cold_block(block);
        self.raises.push(Raise { block, status, site: self.sites.len() });
        self.sites.push(site);
        block
    }

    fn fill_raises(&mut self) {
        let flags = MemFlagsData::trusted();
        let at = offset_of!(Context<'_>, site) as i32;
        for Raise { block, status, site } in std::mem::take(&mut self.raises) {
            self.b.switch_to_block(block);
            let site = self.int(types::I32, site as i64);
            self.b.ins().store(flags, site, self.context, at);
            let status = match status {
                Status::Kind(kind) => self.int(types::I32, i64::from(kind.code())),
                Status::Value(value) => value,
            };
            self.b.ins().return_(&[status]);
        }
    }
}

/// How many of the latest raises are searched for one that can be shared.
const RECENT_RAISES: usize = 16;

/// A block that returns a status.
struct Raise {
    block: Block,
    status: Status,
    site: usize,
}

/// The status that a raise returns.
#[derive(Clone, Copy)]
enum Status {
    /// Known when compiling.
    Kind(ExcKind),
    /// Known when running.
    Value(Value),
}

fn slot_offset(index: usize) -> Lowered<i32> {
    i32::try_from(8 * index)
        .map_err(|_| CompileError::Codegen("too many parameters or results".to_owned()))
}
