//! Where e-graph and RVSDG meet: encode, saturate, extract, decode.
//!
//! [`optimize`] is the whole road. Its steps are modules in order: [`encode`], [`families`] (the
//! rules), `saturate`, [`extraction`], `realise`, [`decode`].

pub mod cost;
pub mod decode;
pub mod encode;
pub mod extraction;
pub mod facts;
pub mod interval;
pub mod language;
pub mod model;
pub mod options;
mod pipeline;
pub mod realise;
mod saturate;

pub use options::{Approximation, Optimized, Options, OptionsError, Report};
pub use pipeline::{optimize, optimize_with, saturated};

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
