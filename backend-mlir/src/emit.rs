//! The entry points of text emission, what they return, and the names of functions.

use crate::region::Emitter;
use crate::routines::Shared;
use crate::types::{has_value, mlir_type};
use hashbrown::HashSet;
use rustc_hash::FxBuildHasher;
use rvsdg::{ExcKind, Function, Param, Shape, Span, Type};
use std::fmt::{self, Write as _};
use std::sync::Arc;

/// What to print besides the function's meaning.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EmitOptions {
    /// Loops look at a flag, the global `ovum_stop : i32`, at each back-edge and stop with
    /// [`ExcKind::TimeLimit`] when it is not 0. Functions with loops then return a status.
    pub poll: bool,
    /// A status also names its [`Site`], in the bits above the low 8, so that a caller can report
    /// the exception's message and place.
    pub sites: bool,
}

/// Why a function cannot be printed as MLIR.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EmitError {
    /// The function uses something that has no MLIR form here.
    Unsupported {
        /// The function's name.
        function: String,
        /// What it is, in words.
        what: String,
        /// Where it is in the source.
        span: Span,
    },
    /// The function breaks a rule that [`rvsdg::Function`]'s builder or verifier establishes.
    Malformed {
        /// The function's name.
        function: String,
        /// What is wrong.
        what: String,
    },
}

impl fmt::Display for EmitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EmitError::Unsupported { function, what, .. } => {
                write!(f, "cannot express `{function}` in MLIR: {what} is not supported")
            }
            EmitError::Malformed { function, what } => {
                write!(f, "malformed function `{function}`: {what}")
            }
        }
    }
}

impl std::error::Error for EmitError {}

/// A place that can raise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// The exception's class.
    pub kind: ExcKind,
    /// Its message.
    pub message: Arc<str>,
    /// Where in the source.
    pub span: Span,
}

/// A function of a [`Module`]: what a caller has to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The function's name in the source.
    pub name: Arc<str>,
    /// The symbol in the module; the C entry point is `_mlir_ciface_` and this.
    pub symbol: String,
    /// The parameters; those of type `unit` are not passed.
    pub params: Vec<Param>,
    /// The result types; those of type `unit` are not returned.
    pub results: Vec<Type>,
    /// How the results nest.
    pub shape: Shape,
    /// Whether an `i32` status comes before the results.
    pub status: bool,
    /// The places that can raise, by site number minus 1; empty without [`EmitOptions::sites`].
    pub sites: Vec<Site>,
}

/// Several functions as one MLIR module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Module {
    /// The text.
    pub text: String,
    /// One entry per function, in the order given.
    pub entries: Vec<Entry>,
}

/// The exception's class that a status names; `None` for success.
pub fn status_kind(status: i32) -> Option<ExcKind> {
    ExcKind::from_code(status & 0xff)
}

/// The index into [`Entry::sites`] that a status names, if it names one.
pub fn status_site(status: i32) -> Option<usize> {
    (status.cast_unsigned() >> 8).checked_sub(1).map(|site| site as usize)
}

/// Prints one function, as a module.
///
/// # Errors
/// If the function uses `gamma` or `lgamma` (CPython does not take them from the C library), or
/// returns an array.
pub fn emit(function: &Function, options: &EmitOptions) -> Result<String, EmitError> {
    emit_module(&[function], options).map(|module| module.text)
}

/// Prints several functions as one module. Symbols are unique: the second function of a name gets
/// a numbered one.
///
/// # Errors
/// As [`emit`], for the first function that fails.
pub fn emit_module(functions: &[&Function], options: &EmitOptions) -> Result<Module, EmitError> {
    let mut shared = Shared::default();
    let mut symbols = Symbols::default();
    let mut bodies = String::new();
    let mut entries = Vec::with_capacity(functions.len());
    for function in functions {
        let symbol = symbols.assign(&function.name);
        entries.push(emit_into(function, symbol, options, &mut shared, &mut bodies)?);
    }
    Ok(Module { text: shared.text() + &bodies, entries })
}

/// Prints one function into `out`, and what it needs into `shared`.
pub(crate) fn emit_into(
    function: &Function,
    symbol: String,
    options: &EmitOptions,
    shared: &mut Shared,
    out: &mut String,
) -> Result<Entry, EmitError> {
    if !function.phi.is_empty() {
        return Err(EmitError::Unsupported {
            function: function.name.to_string(),
            what: "a function that calls itself".to_owned(),
            span: Span::NONE,
        });
    }
    let results = function.result_types();
    if results.iter().any(|ty| matches!(ty, Type::MemRef { .. })) {
        return Err(EmitError::Unsupported {
            function: function.name.to_string(),
            what: "returning an array".to_owned(),
            span: Span::NONE,
        });
    }
    let body = Emitter::new(function, options, shared).function()?;
    let mut types: Vec<String> = Vec::new();
    if body.status {
        types.push("i32".to_owned());
    }
    types.extend(results.iter().filter_map(|ty| mlir_type(*ty)).map(String::from));
    let params: Vec<String> = function
        .param_values()
        .iter()
        .zip(&function.params)
        .filter_map(|(_, param)| mlir_type(param.ty).map(|ty| (param, ty)))
        .zip(&body.params)
        .map(|((_, ty), name)| format!("{name}: {ty}"))
        .collect();
    let arrow = match types.len() {
        0 => String::new(),
        1 => format!(" -> {}", types[0]),
        _ => format!(" -> ({})", types.join(", ")),
    };
    let _ = write!(
        out,
        "func.func @{symbol}({}){arrow} attributes {{llvm.emit_c_interface}} {{\n{}}}\n",
        params.join(", "),
        body.text
    );
    Ok(Entry {
        name: function.name.clone(),
        symbol,
        params: function.params.clone(),
        results,
        shape: function.shape.clone(),
        status: body.status,
        sites: body.sites,
    })
}

/// Symbols in use.
#[derive(Default)]
pub(crate) struct Symbols {
    used: HashSet<String, FxBuildHasher>,
}

impl Symbols {
    /// A symbol for a function's name: ASCII, unique, and none of the C library's.
    pub(crate) fn assign(&mut self, name: &str) -> String {
        let clean: String = name
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' })
            .collect();
        let digit = clean.chars().next().is_none_or(|c| c.is_ascii_digit());
        let base = if digit || is_reserved(&clean) { format!("py_{clean}") } else { clean };
        let mut symbol = base.clone();
        let mut number = 1;
        while !self.used.insert(symbol.clone()) {
            symbol = format!("{base}_{number}");
            number += 1;
        }
        symbol
    }
}

/// Whether a symbol has a meaning of its own in a shared object: a function of the C library that
/// emitted or optimised code may call, or a name that this crate or MLIR defines.
fn is_reserved(symbol: &str) -> bool {
    const C_NAMES: [&str; 13] = [
        "main",
        "malloc",
        "free",
        "calloc",
        "realloc",
        "abort",
        "exit",
        "memcpy",
        "memmove",
        "memset",
        "memcmp",
        "roundeven",
        "roundevenf",
    ];
    let math = |name: &str| rvsdg::MathFn::from_name(name).is_some() || name == "fabs";
    math(symbol)
        || symbol.strip_suffix('f').is_some_and(math)
        || C_NAMES.contains(&symbol)
        || symbol.starts_with('_')
        || symbol.starts_with("ovum_")
}

/// Names of the parameters that exist at run time: the source's where MLIR can spell them.
pub(crate) fn param_names(function: &Function) -> Vec<String> {
    let mut used: HashSet<String, FxBuildHasher> = HashSet::default();
    let existing = function.params.iter().filter(|param| has_value(param.ty));
    existing
        .enumerate()
        .map(|(index, param)| {
            let spelled = !param.name.is_empty()
                && param.name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
                && !param.name.starts_with(|c: char| c.is_ascii_digit());
            let name = format!("%{}", param.name);
            if spelled && used.insert(name.clone()) { name } else { format!("%arg.{index}") }
        })
        .collect()
}
