//! Compiled kernels against the graph replayed on single numbers, and against a disassembler.

mod arrays;
mod divergent;
mod encoding;
mod folds;
mod fuzz;
mod lowering;
mod quotients;
mod random;
mod roots;
mod views;
