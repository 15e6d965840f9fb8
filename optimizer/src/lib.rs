//! Where e-graph and RVSDG meet: encode, saturate, extract, decode.
//!
//! [`optimize`] is the whole road. Its steps are modules in order: [`encode`], [`families`] (the
//! rules), `saturate`, [`extraction`], `realise`, [`decode`].

pub mod approx;
mod certify;
pub mod cost;
pub mod decode;
pub mod encode;
pub mod extraction;
pub mod facts;
pub mod families;
pub mod interval;
pub mod language;
pub mod model;
pub mod options;
mod pipeline;
pub mod realise;
mod saturate;

pub use families::{FAMILIES, Family, Law};
pub use options::{Approximation, Optimized, Options, OptionsError, Report};
pub use pipeline::{optimize, optimize_with, saturated};
