//! RVSDG to vector graphs: a function of scalars becomes one of lanes.
//!
//! A gamma becomes both arms and a blend, unless its predicate is known; a theta is unrolled if
//! every one of its tests is decided by constants. Integers may steer loops but not vary between
//! lanes. Effects do not occur in lanes: exceptions are ignored or become a mask of the lanes that
//! raise, as the caller says, else the function is refused.

mod algebra;
mod calls;
mod divergent;
mod loops;
mod polynomial;
mod range;
mod regions;
mod series;

use algebra::Algebra;
pub use divergent::{Divergent, Iterated, lower_divergent};
pub use loops::{
    Bound, Condition, Fold, FoldKind, Overlap, Source, Stream, VectorLoop, vector_loop,
};
use std::fmt;
use vecmath::{Dag, Width};

/// What becomes of operations that may raise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Exceptions {
    /// A function with any is refused.
    #[default]
    Refused,
    /// They do not raise: the value is then IEEE's, as in NumPy.
    Ignored,
    /// If any element can raise, the graph has one more output, a mask of those that do. Results
    /// have the bits of the scalar function: functions whose vector forms have others are refused.
    Masked,
}

/// What lowering may do.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LowerOptions {
    /// Whether identities of real numbers may replace those of floats: products and sums fuse,
    /// `a (1 + tanh u)` becomes a quotient with an exponential, and so on. Results change within
    /// a few units in the last place of the largest intermediate number.
    pub fast_math: bool,
    /// What becomes of guards, and of calls that may raise.
    pub exceptions: Exceptions,
    /// Whether a function of `f32` numbers computes with them throughout, as NumPy does with
    /// Python's numbers among them. Otherwise one that goes through `f64` is refused.
    pub narrow: bool,
    /// Closed interval that each parameter is promised to lie in; unbounded where there is none.
    pub domains: Vec<Option<(f64, f64)>>,
}

/// Why a function has no vector form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What stands in the way.
    pub what: String,
    /// Where in the source.
    pub span: rvsdg::Span,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no vector form: {}", self.what)
    }
}

impl std::error::Error for Refusal {}

/// Nodes beyond which unrolling stops.
const MOST_NODES: usize = 4000;

/// Lowers a function of `f64` numbers, or of `f32` numbers, to numbers of the same type. Inputs
/// and outputs of the graph are the function's parameters and results, in order, and perhaps a mask
/// ([`Exceptions::Masked`]).
///
/// # Errors
/// If the function has no vector form.
pub fn lower(function: &rvsdg::Function, options: &LowerOptions) -> Result<Dag, Refusal> {
    let types: Vec<rvsdg::Type> =
        function.params.iter().map(|p| p.ty).chain(function.result_types()).collect();
    let width = match types.first() {
        Some(rvsdg::Type::F64) => Width::F64,
        Some(rvsdg::Type::F32) => Width::F32,
        _ => return Err(refuse("parameters are not floats", rvsdg::Span::NONE)),
    };
    if types.iter().any(|ty| *ty != types[0]) || function.result_values().is_empty() {
        let what = "parameters and results are not floats of one type";
        return Err(refuse(what, rvsdg::Span::NONE));
    }
    let mut algebra = Algebra::new(width, options);
    let params = (0..function.params.len()).map(|k| algebra.input(k)).collect();
    let mut lowerer = regions::Lowerer::new(function, &mut algebra, options);
    let mut results = lowerer.run(params)?;
    results.extend(lowerer.raising);
    Ok(algebra.finish(&results))
}

fn refuse(what: impl Into<String>, span: rvsdg::Span) -> Refusal {
    Refusal { what: what.into(), span }
}
