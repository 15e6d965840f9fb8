//! Where e-graph and RVSDG meet: encode, saturate, extract, decode.

pub mod options;

pub use options::{Approximation, Optimized, Options, OptionsError, Report};

/// A family of rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Family {
    /// The name used in [`Options::rules`].
    pub name: &'static str,
    /// `exact`, `real` or `approximate`.
    pub law: &'static str,
    /// What the family does.
    pub summary: &'static str,
    /// Names of its rules, in order.
    pub rules: Vec<String>,
}

/// Every family, in a fixed order.
pub fn families() -> Vec<Family> {
    Vec::new()
}

/// Optimises a function.
///
/// # Errors
/// If the options do not fit the function or each other.
pub fn optimize(function: &rvsdg::Function, options: &Options) -> Result<Optimized, OptionsError> {
    let _ = options;
    Ok(Optimized { function: function.clone(), report: Report::default() })
}
