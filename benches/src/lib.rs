//! Benchmarks of the engine beside egg and egglog.
//!
//! - [`workloads`]: every program, written once and given to each engine in its own language;
//! - [`engines`]: how each engine runs them;
//! - [`usage`]: what a run used, read from the operating system;
//! - [`peer`]: the executables `egg-peer`, `egglog-peer` and `ovum-peer`, each of which runs
//!   one workload in a process of its own and prints one line of JSON;
//! - [`suite`]: egglog's published test programs, as data for timing and conformance.

mod arguments;
pub mod conformance;
pub mod engines;
mod pace;
pub mod peer;
mod published;
pub mod sexp;
pub mod suite;
pub mod usage;
pub mod workloads;
