//! The e-graph engine: per-operator tables, region-stamped classes, rules, schedules.

mod analysis;
mod error;
mod graph;
mod id;
mod insert;
mod log;
mod node;
mod pool;
mod rebuild;
mod region;
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
