//! RVSDG to MLIR: text emission, and the driver that turns the text into callable code.
//!
//! [`emit`] prints one function and [`emit_module`] several, with the dialects `func`, `arith`,
//! `math`, `scf` and `memref` (plus one `llvm` global when [`EmitOptions::poll`] is set).
//! [`Toolchain`] finds the MLIR tools, verifies text and compiles it to a [`Library`], whose
//! functions take an [`rvsdg::Inputs`] and give an [`rvsdg::Answer`] like every other engine.
//!
//! # How the representation maps
//!
//! | RVSDG | MLIR |
//! |---|---|
//! | gamma on `bool` | `scf.if` |
//! | gamma on `ctl<n>` | `scf.index_switch`, the last arm as `default` |
//! | theta | `scf.while`: all work before the condition, the after region only hands on |
//! | `io`, `mem<k>`, `unit` | nothing: order of text is order of nodes, which respects states |
//! | `bool` | `i1`; in arrays one byte, 0 or 1: `memref<?xi8>` |
//! | `ctl<n>` | `i32` |
//! | `memref<T, rank>` | `memref<?xT>` or `memref<?x?xT>`, row-major and contiguous |
//!
//! # Raising
//!
//! A function that may raise returns a leading `i32` status: 0, or [`rvsdg::ExcKind::code`] in the
//! low 8 bits ([`status_kind`]). `scf` has no early exit, so a region that may raise is cut into
//! *segments* after each operation that may raise. A segment that touches memory, divides, loops or
//! nests regions sits in an `scf.if` on "nothing raised so far"; a segment of total operations
//! needs no such care and is printed as it is, because its values are never looked at after a
//! raise. Segments follow each other instead of nesting, so the text is linear in the function and
//! its depth is the function's own, and LLVM's jump threading turns the chain of tests into
//! plain branches.

mod call_rules;
mod elementwise;
mod emit;
mod hypot;
mod library;
mod ops;
mod plan;
mod process;
mod region;
mod routines;
mod toolchain;
mod types;

#[cfg(test)]
mod tests;

pub use elementwise::emit_elementwise;
pub use emit::{
    EmitError, EmitOptions, Entry, Module, Site, emit, emit_module, status_kind, status_site,
};
pub use library::{CallError, Library};
pub use toolchain::{BuildOptions, Toolchain, ToolchainError};
