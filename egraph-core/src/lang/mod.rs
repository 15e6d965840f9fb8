//! The egglog language: what its programs compute on, what they say, and how they run.
//!
//! [`values`] holds sorts, interned values and primitives, and knows nothing of e-graphs.
//! [`syntax`] reads and prints programs. [`types`] gives them their meaning, [`exec`] runs them,
//! and [`proof`] explains and checks what was done.

pub mod api;
pub mod exec;
pub mod proof;
pub mod syntax;
pub mod types;
pub mod values;
