//! Where e-graph and RVSDG meet: encode, saturate, extract, decode.
//!
//! ```
//! use optimizer::{Options, optimize};
//! use rvsdg::text;
//!
//! let written = text::parse(
//!     "(lambda @same [(%x i64) (%y i64)] [%io] -> i64
//!        (%sum = iadd %x %y)
//!        (%back = isub %sum %y)
//!        (results %back %io))",
//! )?;
//! let optimized = optimize(&written, &Options::default())?;
//! assert_eq!(
//!     text::print(&optimized.function),
//!     "(lambda @same [(%x i64) (%y i64)] [%io.0] -> i64\n  (results %x %io.0))\n"
//! );
//! assert!(optimized.report.cost_after < optimized.report.cost_before);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`optimize`] is the whole road. Its steps are modules in order: [`encode`], [`families`] (the
//! rules), `saturate`, [`extraction`], `realise`, [`decode`].

pub mod approx;
mod certify;
pub mod cost;
mod deadlock;
pub mod decode;
mod derivation;
mod detour;
pub mod encode;
pub mod extraction;
pub mod facts;
pub mod families;
pub mod greedy;
mod improve;
pub mod interval;
pub mod language;
pub mod legality;
pub mod model;
pub mod options;
mod order;
mod pipeline;
pub mod program;
pub mod realise;
mod regions;
mod repair;
mod saturate;
mod tail;
pub mod trips;
pub mod validate;
mod versions;

pub use families::{Condition, FAMILIES, Family, Law, Side, UserRule};
pub use options::{Approximation, Optimized, Options, OptionsError, Report};
pub use pipeline::{optimize, optimize_with, saturated};
