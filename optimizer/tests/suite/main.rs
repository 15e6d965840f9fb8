//! The optimiser from outside: final graphs, meaning before and after, what the judge objects to.

mod approximate;
mod closed_forms;
mod compared;
mod constraints;
mod directed;
mod identities;
mod leaks;
mod legality;
mod moves;
mod programs;
mod random;
mod regions;
mod roundtrip;
mod shapes;
mod shapes_of_loops;
mod size;
mod validate;
mod worked_examples;
