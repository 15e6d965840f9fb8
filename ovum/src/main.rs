//! The `ovum` command.
fn main() {}
