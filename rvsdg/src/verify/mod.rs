//! The verifier: whether a graph is a well-formed, well-typed function with linear states.
//!
//! | code | rule |
//! |---|---|
//! | RV001 | every id names an existing value, node or region |
//! | RV002 | a region's parameters and a node's outputs name it as their definition |
//! | RV003 | its region lists a node, once; its owner owns a region, once; nothing owns the body |
//! | RV004 | regions nest at most [`MAX_NESTING`] deep |
//! | RV010 | an operand or result is defined before, in the same region or one around it |
//! | RV011 | a state is used only in the region that defines it |
//! | RV020 | the operands of an operation have the types it takes |
//! | RV021 | the outputs of an operation have the types it gives |
//! | RV022 | a guard's fault is in the function's list |
//! | RV023 | a constant of a `ctl` type is below the number of alternatives |
//! | RV024 | a call names a function of the phi |
//! | RV025 | a call has the operands and outputs of the function it names |
//! | RV030 | a gamma's predicate is `bool` with 2 arms, or `ctl<n>` with n arms |
//! | RV031 | a gamma's arms have one parameter per input, of its type |
//! | RV032 | a gamma's arms have one result per output, of its type |
//! | RV040 | a theta's first result is `bool` |
//! | RV041 | a theta's body has one parameter per operand, of its type |
//! | RV042 | a theta's body has a next value, and the theta an output, per operand, of its type |
//! | RV050 | a state is consumed at most once |
//! | RV051 | a state is read only before it is consumed |
//! | RV060 | the body's parameters are the function's, then `io` and each `mem` |
//! | RV061 | the body's results are as many scalars as the shape takes, then `io` and each `mem` |
//! | RV062 | parameters are scalars or arrays of rank 1 or 2 in an existing alias group |
//!
//! Nodes and regions that the body does not contain are not part of the function and not checked.
//! If the graph breaks RV001 to RV004 the other rules have no meaning and are not checked; else all
//! errors are reported.

mod states;
mod structure;
mod types;

use crate::graph::{Function, NodeId, RegionId};
use std::fmt;

/// How deep regions may nest.
pub const MAX_NESTING: usize = 2000;

/// A broken rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyError {
    /// The rule's code, `RV001` and so on; see the module's documentation.
    pub code: &'static str,
    /// The region concerned.
    pub region: RegionId,
    /// The node concerned, if it is not the region as a whole.
    pub node: Option<NodeId>,
    /// What is wrong.
    pub message: String,
}

impl VerifyError {
    /// Whether the rule is about the linear use of states (RV050, RV051), which the interpreter
    /// checks by itself.
    pub fn is_linearity(&self) -> bool {
        matches!(self.code, "RV050" | "RV051")
    }
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error[{}]: region {}", self.code, self.region.index())?;
        if let Some(node) = self.node {
            write!(f, ", node {}", node.index())?;
        }
        write!(f, ": {}", self.message)
    }
}

/// Every broken rule, in the order of the graph; at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyErrors(pub Vec<VerifyError>);

impl fmt::Display for VerifyErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, error) in self.0.iter().enumerate() {
            let end = if position == 0 { "" } else { "\n" };
            write!(f, "{end}{error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for VerifyErrors {}

/// Checks every rule. Linear in the size of the graph; never panics.
///
/// # Errors
/// All rules that are broken.
pub fn verify(function: &Function) -> Result<(), VerifyErrors> {
    let mut errors = Errors(Vec::new());
    for member in std::iter::once(function).chain(function.phi.iter().map(AsRef::as_ref)) {
        let before = errors.0.len();
        structure::check(member, &mut errors);
        if errors.0.len() == before {
            types::check_signature(member, &mut errors);
            states::check(member, &mut errors);
            types::check_calls(member, function, &mut errors);
        }
    }
    if errors.0.is_empty() { Ok(()) } else { Err(VerifyErrors(errors.0)) }
}

/// The errors found so far.
struct Errors(Vec<VerifyError>);

impl Errors {
    fn region(&mut self, code: &'static str, region: RegionId, message: String) {
        self.0.push(VerifyError { code, region, node: None, message });
    }

    fn node(&mut self, code: &'static str, function: &Function, node: NodeId, message: String) {
        let region = function.node(node).region;
        self.0.push(VerifyError { code, region, node: Some(node), message });
    }
}

/// An operation's name, `gamma` or `theta`.
fn describe(function: &Function, node: NodeId) -> String {
    use crate::graph::NodeKind;
    match &function.node(node).kind {
        NodeKind::Simple(op) => op.name(),
        NodeKind::Gamma { .. } => "gamma".to_owned(),
        NodeKind::Theta { .. } => "theta".to_owned(),
    }
}

#[cfg(test)]
mod tests;
