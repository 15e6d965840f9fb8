//! Errors of the e-graph's own operations.

use std::fmt;

use crate::{RegionId, SortId};

/// An insertion was refused because the e-graph already holds as many live nodes as its limit
/// allows. The e-graph is consistent and unchanged by the refused insertion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The limit, in live e-nodes.
    pub nodes: usize,
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the limit of {} e-nodes is reached", self.nodes)
    }
}

impl std::error::Error for Limit {}

/// Two classes cannot be equal. The e-graph is unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnionError {
    /// The classes live in different regions.
    RegionMismatch(RegionId, RegionId),
    /// The classes have different sorts.
    SortMismatch(SortId, SortId),
}

impl fmt::Display for UnionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RegionMismatch(a, b) => write!(f, "union across regions {a} and {b}"),
            Self::SortMismatch(a, b) => write!(f, "union of different sorts {a} and {b}"),
        }
    }
}

impl std::error::Error for UnionError {}
