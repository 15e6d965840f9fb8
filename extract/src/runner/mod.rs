//! Sweeps: many problems, many algorithms, honest figures.
//!
//! Every task, a file with an algorithm and a seed, is a process of its own with a time limit and a
//! memory limit, so that what hangs, crashes or eats memory costs one row and nothing else. Inside
//! ([`measured`]) the answer is judged by the checker, not by its author; outside
//! ([`mod@sweep`]) the process is ended when its time is over. [`audit`](audit::audit) judges
//! answers by each other. An algorithm is an extractor of this process or any program that speaks
//! the protocol of [`plugin`].

pub mod algorithm;
pub mod audit;
mod child;
pub mod csv;
pub mod measured;
pub mod parquet;
pub mod plugin;
pub mod process;
pub mod row;
pub mod scaffold;
pub mod sweep;
#[cfg(test)]
#[allow(unreachable_pub, reason = "a copy of it is a public module")]
mod template;

pub use algorithm::{Algorithm, Solved};
pub use plugin::{Plugin, PluginError};
pub use row::{Row, RowStatus};
pub use sweep::{SweepOptions, Task};
