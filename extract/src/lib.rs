//! Extraction from e-graphs: a frozen dense view, extractors, an independent checker.

pub mod bottom_up;
pub mod check;
pub mod extractor;
pub mod greedy_dag;
pub mod problem;

pub use bottom_up::BottomUp;
pub use check::{CheckError, Checked, check};
pub use extractor::{Control, Extractor, Outcome, Status, extractor, extractors};
pub use greedy_dag::GreedyDag;
pub use problem::{ClassIndex, NodeIndex, Problem, ProblemBuilder};
