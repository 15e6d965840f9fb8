//! Tests of primitives, interning and rebuilding, on terms that a person can type.

mod containers;
mod frozen;
mod functions;
mod properties;
mod rebuild;
mod scalars;
mod term;
mod world;
