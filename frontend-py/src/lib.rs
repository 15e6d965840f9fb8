//! Python source to typed RVSDG, with diagnostics.
//!
//! ```
//! use frontend_py::{Options, SourceFile, compile};
//!
//! let text = "def poly(x: f64) -> f64:\n    return 3.0 * x * x + 1.0\n";
//! let file = SourceFile::parse("poly.py", text.to_owned()).unwrap();
//! let function = compile(&file, "poly", &Options::default()).unwrap();
//! assert_eq!(function.result_types(), [rvsdg::Type::F64]);
//! ```
//!
//! A file may hold any Python; what counts is the requested function and what it uses. Functions of
//! the same file that it calls are inlined. [`supported`] lists what may be used; everything else
//! is refused with a [`Diagnostic`] that points at it.
//!
//! [`Semantics::Strict`] gives CPython's answer, exceptions included, except that integers have 64
//! bits. [`Semantics::Fast`] drops the checks: integer division and remainder by zero give 0, float
//! division is IEEE's, functions of `math` never raise, a negative shift count gives 0, `int(x)`
//! saturates. Checks of array indices, `assert` and `raise` stay, and a variable that might have no
//! value is refused.

pub mod call;
mod constant;
mod desugar;
mod diagnostic;
mod live;
mod lower;
mod module;
mod prelude;
mod prune;
mod source;
mod stack;
mod supported;
mod types;

pub use diagnostic::{Diagnostic, Diagnostics, codes, render};
pub use module::Known;
pub use source::{RunDirective, SigParam, Signature, SourceFile};
pub use supported::supported;
pub use types::{ParamType, ReturnType, parse_types};

/// What the operations of a compiled function mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Semantics {
    /// CPython's answers and exceptions.
    #[default]
    Strict,
    /// No exceptions from arithmetic; see the crate's documentation.
    Fast,
}

/// How to compile a function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// What operations mean.
    pub semantics: Semantics,
    /// The types of parameters without annotation: one per parameter, annotated ones included
    /// (their annotation wins).
    pub types: Option<Vec<ParamType>>,
}

/// Compiles a module-level function of a file. The result passes [`rvsdg`]'s verifier; its nodes
/// have the spans of the expressions they come from, in bytes of the file.
///
/// # Errors
/// What is wrong with the function, or what it uses that is not supported.
pub fn compile(
    file: &SourceFile,
    function: &str,
    options: &Options,
) -> Result<rvsdg::Function, Diagnostics> {
    stack::on_large_stack(file.text(), || lower::function(file, function, options))
}
