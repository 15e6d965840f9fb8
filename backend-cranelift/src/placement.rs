//! Where a function's code begins: so that its short loops lie in as few cache lines as possible.
//!
//! Processors fetch decoded instructions by the line; a loop of 30 bytes that crosses into a second
//! line was measured to take 1.2 to 2 times as long on a Zen 4. The code generator aligns nothing
//! inside a function, but its code may be moved as a whole: a jump over the bytes left free comes
//! first.

use crate::compiler::module_error;
use crate::error::CompileError;
use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::isa::TargetIsa;
use cranelift_codegen::{CompiledCode, Context};
use cranelift_jit::JITModule;
use cranelift_module::{FuncId, Module, ModuleError, ModuleReloc, ModuleRelocTarget};

/// Bytes of a cache line.
const LINE: u32 = 64;
/// Constants behind the code are aligned to so many bytes, and stay so.
const STEP: u32 = 16;
/// Loops of more bytes cross lines in any case.
const SHORT: u32 = 256;
/// `jmp` by a signed byte, on x86-64.
const JUMP: u8 = 0xeb;
/// `int3`: what is jumped over is never run.
const TRAP: u8 = 0xcc;

/// A stretch of code: its first byte and the one behind its last.
type Stretch = (u32, u32);

/// Generates a function's machine code and places it in a module; `isa` is the module's or differs
/// in how much it optimises.
pub(crate) fn define(
    module: &mut JITModule,
    isa: &dyn TargetIsa,
    id: FuncId,
    context: &mut Context,
) -> Result<(), CompileError> {
    let compiled = context.compile(isa, &mut ControlPlane::default());
    compiled.map_err(|error| module_error(&ModuleError::from(error)))?;
    let code = context
        .compiled_code()
        .ok_or_else(|| CompileError::Codegen("there is no machine code".to_owned()))?;
    let mut relocs: Vec<ModuleReloc> = code
        .buffer
        .relocs()
        .iter()
        .map(|reloc| ModuleReloc::from_mach_reloc(reloc, &context.func, id))
        .collect();
    let movable = cfg!(target_arch = "x86_64")
        && code.buffer.alignment <= STEP
        && relocs.iter().all(|at| !matches!(at.name, ModuleRelocTarget::FunctionOffset(..)));
    let loops = if movable { short_loops(code) } else { Vec::new() };
    let shift = best_shift(&loops);
    let mut bytes = Vec::with_capacity(shift as usize + code.code_buffer().len());
    if shift > 0 {
        bytes.extend([JUMP, shift as u8 - 2]);
        bytes.resize(shift as usize, TRAP);
    }
    bytes.extend_from_slice(code.code_buffer());
    for reloc in &mut relocs {
        reloc.offset += shift;
    }
    let alignment = if loops.is_empty() { code.buffer.alignment } else { LINE };
    module
        .define_function_bytes(id, u64::from(alignment), &bytes, &relocs)
        .map_err(|error| module_error(&error))
}

/// The innermost loops, as far as they are short.
fn short_loops(code: &CompiledCode) -> Vec<Stretch> {
    let end_of = |block: u32| {
        let next = code.bb_starts.partition_point(|start| *start <= block);
        code.bb_starts.get(next).copied().unwrap_or(code.buffer.total_size())
    };
    let mut loops: Vec<Stretch> = code
        .bb_edges
        .iter()
        .filter(|(from, to)| to <= from)
        .map(|(from, to)| (*to, end_of(*from)))
        .collect();
    loops.sort_unstable();
    loops.dedup();
    let around = |outer: &Stretch, inner: &Stretch| {
        outer != inner && outer.0 <= inner.0 && outer.1 >= inner.1
    };
    let innermost = |stretch: &&Stretch| !loops.iter().any(|other| around(stretch, other));
    loops.iter().filter(innermost).filter(|at| at.1 - at.0 <= SHORT).copied().collect()
}

/// By how many bytes code is moved, at least those of a jump or none.
fn best_shift(loops: &[Stretch]) -> u32 {
    let lines = |shift: &u32| -> u32 {
        loops.iter().map(|(a, b)| (b - 1 + shift) / LINE - (a + shift) / LINE).sum()
    };
    (0..LINE).step_by(STEP as usize).min_by_key(lines).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::best_shift;

    #[test]
    fn loops_lie_in_one_line_where_they_fit() {
        assert_eq!(best_shift(&[]), 0);
        assert_eq!(best_shift(&[(0, 64)]), 0);
        assert_eq!(best_shift(&[(0x30, 0x4c)]), 16);
        assert_eq!(best_shift(&[(0x20, 0x50), (0x90, 0xc0)]), 48);
        assert_eq!(best_shift(&[(0x3f, 0x41)]), 16);
    }
}
