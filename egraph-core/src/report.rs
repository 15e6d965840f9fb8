//! Limits of a run and what a run reports.

use std::fmt;
use std::time::Duration;

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

/// Bounds of a run; the first one reached stops it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Live e-nodes; never exceeded.
    pub nodes: usize,
    /// Rounds of search, commit and rebuild.
    pub iterations: usize,
    /// Wall-clock time. Where a run stopped by time ends depends on the machine.
    pub time: Duration,
    /// Bytes held by the e-graph and the matches, looked at between chunks of work.
    pub bytes: Option<usize>,
}

impl Default for Limits {
    /// 100 000 nodes, 100 iterations, 10 seconds, any number of bytes.
    fn default() -> Self {
        Self { nodes: 100_000, iterations: 100, time: Duration::from_secs(10), bytes: None }
    }
}

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StopReason {
    /// The last rules to run changed nothing.
    Saturated,
    /// The schedule came to its end while its rules still changed something.
    Completed,
    /// [`Limits::nodes`].
    NodeLimit,
    /// [`Limits::iterations`].
    IterationLimit,
    /// [`Limits::time`].
    TimeLimit,
    /// [`Limits::bytes`].
    MemoryLimit,
    /// A region asserted to be reachable is contradictory:
    /// [`EGraph::root_contradiction`](crate::EGraph::root_contradiction).
    Contradiction,
}

impl StopReason {
    /// The reason in snake case, as it stands in machine-readable reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Saturated => "saturated",
            Self::Completed => "completed",
            Self::NodeLimit => "node_limit",
            Self::IterationLimit => "iteration_limit",
            Self::TimeLimit => "time_limit",
            Self::MemoryLimit => "memory_limit",
            Self::Contradiction => "contradiction",
        }
    }
}

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One round of search, commit and rebuild.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IterationStats {
    /// Rules searched; fewer than in the set when the scheduler left some out.
    pub rules: usize,
    /// Matches the scheduler admitted.
    pub matches: usize,
    /// Matches left after dropping those that held already and repetitions.
    pub pending: usize,
    /// Nodes alive at the end.
    pub e_nodes: usize,
    /// Classes at the end.
    pub e_classes: usize,
    /// Time spent searching and resolving.
    pub search: Duration,
    /// Time spent committing.
    pub apply: Duration,
    /// Time spent rebuilding, the caller's hook included.
    pub rebuild: Duration,
}

/// Counts by rule name, in order of first appearance.
pub type RuleCounts = IndexMap<String, usize, FxBuildHasher>;

/// What a run did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunReport {
    /// One entry a round.
    pub iterations: Vec<IterationStats>,
    /// Why it ended.
    pub stop_reason: StopReason,
    /// How often each rule merged classes or put a node into one; rules that never did are absent.
    pub rules_fired: RuleCounts,
    /// How often each rule asked for a union across sorts or regions, which is an error in the
    /// rule and was refused; rules that never did are absent.
    pub refused: RuleCounts,
    /// Nodes alive at the end.
    pub e_nodes: usize,
    /// Classes at the end.
    pub e_classes: usize,
}
