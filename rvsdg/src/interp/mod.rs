//! The reference interpreter: the judge of every engine and of every transformation.
//!
//! States are physical and versioned. Every state value carries a version number, a node that
//! consumes a state makes the next version, and using any version but the current one is a
//! [`Violation`]; so is a partial operation outside its domain. A program that runs without a
//! violation therefore respects the order of effects on this input, whatever built it.
//!
//! A function is first flattened to a list of instructions, so that running needs no recursion and
//! costs a few tens of nanoseconds per operation.

mod flatten;
mod machine;

use crate::data::{Answer, Arg, Inputs};
use crate::graph::{Function, NodeId};
use crate::scalar::Undefined;
use crate::types::Type;
use crate::verify::{VerifyErrors, verify};
use indexmap::IndexMap;
use std::fmt;
use std::time::Duration;

/// When to stop a run that may not end.
#[derive(Clone, Debug, Default)]
pub struct Limits {
    /// Wall-clock time; a run that takes longer answers [`crate::ExcKind::TimeLimit`]. Looked at
    /// once in about a thousand loop iterations.
    pub time: Option<Duration>,
    /// Number of simple operations and loop iterations; a run that needs more is
    /// [`Violation::StepLimit`].
    pub steps: Option<u64>,
}

/// What a run did.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// The results or the exception, and the arrays afterwards.
    pub answer: Answer,
    /// How often an operation left the range of `i64` (see [`crate::scalar::Evaluated::wrapped`]).
    pub wraps: u64,
    /// How many simple operations were executed, constants not counted, those of called functions
    /// included.
    pub executed: u64,
    /// The same by name ([`crate::Op::name`]), of the function itself, in the order of the graph; besides, `gamma` counts
    /// choices and `theta` iterations.
    pub by_op: IndexMap<String, u64>,
}

/// Why a program has no answer: it is wrong, or it needs too many steps.
#[derive(Clone, Debug, PartialEq)]
pub enum Violation {
    /// A partial operation outside its domain.
    Undefined {
        /// The operation.
        node: NodeId,
        /// Its name and what is undefined.
        message: String,
    },
    /// A version of a state is read after its successor was made.
    StaleState {
        /// The reader.
        node: NodeId,
        /// The state's type.
        state: Type,
    },
    /// A version of a state is consumed again.
    ForkedState {
        /// The second consumer; for the results of a region, its owner; none for the function's.
        node: Option<NodeId>,
        /// The state's type.
        state: Type,
    },
    /// The graph breaks a rule of the verifier's other than linearity, or the inputs do not fit the
    /// parameters.
    Malformed(String),
    /// [`Limits::steps`] was reached.
    StepLimit,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Violation::Undefined { node, message } => write!(f, "{message} at {node:?}"),
            Violation::StaleState { node, state } => {
                write!(f, "{node:?} reads an old version of {state}")
            }
            Violation::ForkedState { node: Some(node), state } => {
                write!(f, "{node:?} consumes an old version of {state}")
            }
            Violation::ForkedState { node: None, state } => {
                write!(f, "the function returns an old version of {state}")
            }
            Violation::Malformed(message) => f.write_str(message),
            Violation::StepLimit => f.write_str("the step limit was reached"),
        }
    }
}

impl std::error::Error for Violation {}

/// Runs a function on inputs, which are left as they are. Arrays that are passed to parameters of
/// different alias groups must differ.
///
/// # Errors
/// If the program violates the semantics, the inputs do not fit, or the step limit is reached.
/// Exceptions are answers, not errors.
pub fn run(function: &Function, inputs: &Inputs, limits: &Limits) -> Result<Run, Violation> {
    Prepared::new(function)?.run(inputs, limits)
}

/// A function that was checked and flattened once, to be run many times.
#[derive(Debug)]
pub struct Prepared<'a> {
    function: &'a Function,
    code: flatten::Code,
    /// The functions of the phi.
    phi: Vec<(&'a Function, flatten::Code)>,
}

/// Stack for calls of calls in the interpreter: frames take about a kilobyte each.
const RECURSION_STACK: usize = 64 << 20;

impl<'a> Prepared<'a> {
    /// Checks and flattens a function. Linear in its size.
    ///
    /// # Errors
    /// [`Violation::Malformed`] if it breaks a rule of the verifier's other than linearity.
    pub fn new(function: &'a Function) -> Result<Prepared<'a>, Violation> {
        if let Err(errors) = verify(function) {
            let others: Vec<_> = errors.0.into_iter().filter(|e| !e.is_linearity()).collect();
            if !others.is_empty() {
                return Err(Violation::Malformed(VerifyErrors(others).to_string()));
            }
        }
        let members = function.phi.iter().map(|member| (&**member, flatten::flatten(member)));
        Ok(Prepared { function, code: flatten::flatten(function), phi: members.collect() })
    }

    /// Runs the function; see [`run`].
    ///
    /// # Errors
    /// As [`run`].
    pub fn run(&self, inputs: &Inputs, limits: &Limits) -> Result<Run, Violation> {
        check_inputs(self.function, inputs).map_err(Violation::Malformed)?;
        let run =
            || machine::Machine::new(self.function, &self.code, &self.phi, inputs, limits).run();
        if self.phi.is_empty() {
            return run();
        }
        std::thread::scope(|scope| {
            let builder = std::thread::Builder::new().stack_size(RECURSION_STACK);
            let thread = builder.spawn_scoped(scope, run);
            let thread = thread.map_err(|error| Violation::Malformed(error.to_string()))?;
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }
}

/// Whether the inputs are what the function takes.
///
/// # Errors
/// One sentence that names the argument.
pub fn check_inputs(function: &Function, inputs: &Inputs) -> Result<(), String> {
    let (expected, found) = (function.params.len(), inputs.args.len());
    if expected != found {
        return Err(format!("{} takes {expected} arguments, not {found}", function.name));
    }
    let mut groups: Vec<Option<u32>> = vec![None; inputs.arrays.len()];
    for (param, arg) in function.params.iter().zip(&inputs.args) {
        let name = &param.name;
        match (param.ty, arg) {
            (Type::MemRef { elem, rank, mem }, Arg::Array(at)) => {
                let array = inputs.arrays.get(*at).ok_or(format!("`{name}` has no array {at}"))?;
                if array.elem() != elem || array.shape.len() != usize::from(rank) {
                    return Err(format!("`{name}` is not an array of {elem} of rank {rank}"));
                }
                let count = array.shape.iter().try_fold(1_usize, |n, m| n.checked_mul(*m));
                if count != Some(array.len()) {
                    return Err(format!("`{name}` has another size than its extents say"));
                }
                if groups[*at].replace(mem).is_some_and(|group| group != mem) {
                    return Err(format!("`{name}` overlaps an array of another alias group"));
                }
            }
            (ty, Arg::Scalar(scalar)) if scalar.ty() == Some(ty) => {}
            (ty, _) => return Err(format!("`{name}` is not of type {ty}")),
        }
    }
    Ok(())
}

/// The sentence for an undefined operation.
fn undefined(function: &Function, node: NodeId, reason: Undefined) -> Violation {
    use crate::graph::NodeKind;
    let name = match &function.node(node).kind {
        NodeKind::Simple(op) => op.name(),
        NodeKind::Gamma { .. } | NodeKind::Theta { .. } => "structure".to_owned(),
    };
    Violation::Undefined { node, message: format!("{name}: {reason}") }
}

#[cfg(test)]
mod tests;
