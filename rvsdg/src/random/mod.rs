//! Random programs and inputs for differential tests: every engine must give the interpreter's
//! answer on them.
//!
//! A program depends on its seed and options only. It is verified, it terminates after some ten
//! thousand operations at most, and the interpreter finds no violation on any inputs: every partial
//! operation is behind a guard, in an arm that excludes the bad case, or has operands that are
//! right by construction. Beyond random operations there are shapes that optimisers get wrong:
//! divisions guarded by an arm's predicate, dead and silent stores, repeated calls, equal arms,
//! swapped loop variables, loops that run once.

mod inputs;
mod memory;
mod program;
mod rng;

use crate::graph::Function;

pub use inputs::random_inputs;
pub use rng::Rng;

/// What random programs contain.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "independent switches")]
pub struct RandomOptions {
    /// About how many statements; an access to an array or a loop counts as one but takes several
    /// nodes.
    pub size: u32,
    /// How deep gammas and thetas nest.
    pub depth: u32,
    /// Whether there are arrays, loads and stores.
    pub memory: bool,
    /// Whether guards and calls may raise.
    pub effects: bool,
    /// Whether `i32` and `f32` occur besides `i64`, `f64` and `bool`.
    pub narrow: bool,
    /// Whether functions of the C library occur, whose last bit may depend on the platform.
    pub math: bool,
}

impl Default for RandomOptions {
    fn default() -> RandomOptions {
        RandomOptions { size: 25, depth: 3, memory: true, effects: true, narrow: false, math: true }
    }
}

/// A random program, the same for the same seed and options.
pub fn random_function(seed: u64, options: &RandomOptions) -> Function {
    program::generate(seed, options)
}

#[cfg(test)]
mod tests;
