//! Every test that crosses a crate, in one binary.

mod architecture;
mod corpus;
mod differential;
mod egglog;
mod elementwise;
mod engines;
mod folding;
mod geglu;
mod recursion;
mod regions;
mod saturated;
mod sources;
mod supported;
mod tidy;

/// Says something that a reader of the run must see: a skipped check, a figure.
#[expect(clippy::print_stderr, reason = "a test run's notes belong on stderr")]
fn note(text: &str) {
    eprintln!("note: {text}");
}
