//! Tests of the crate through its public interface, on fixtures.

mod fixtures;
mod mutation;
mod scalar;
