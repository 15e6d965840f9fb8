//! Tests of the engine through its public interface.

mod analyses;
mod congruence;
mod limits;
mod matching;
mod regions;
mod rewriting;
