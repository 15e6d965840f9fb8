//! The e-graph engine: per-operator tables, region-stamped classes, rules, schedules.

mod analysis;
mod bindings;
mod error;
mod graph;
mod id;
mod insert;
mod log;
mod matcher;
mod node;
mod pattern;
mod pool;
mod query;
mod rebuild;
mod region;
mod sexpr;
mod signature;
mod table;
mod unionfind;

pub use analysis::Analysis;
pub use error::{Limit, UnionError};
pub use graph::EGraph;
pub use id::{EClassId, ENodeId, OpId, PayloadId, RegionId, SortId};
pub use insert::AddIntoError;
pub use log::{Reason, UnionEntry};
pub use node::{Children, ENodeRef};
pub use signature::{OpDecl, Signature, SortRule};
pub use bindings::Bindings;
pub use matcher::Guard;
pub use pattern::Pattern;
pub use sexpr::PatternError;
