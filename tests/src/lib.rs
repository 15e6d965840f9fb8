//! Every test that crosses a crate, in one binary.
