//! The egglog language from outside: printing, public programs, mutated programs.

mod execution;
mod explain;
mod large;
mod mutations;
mod operators;
mod programs;
mod rival;
mod roundtrip;

/// Writes a line that is seen even when tests pass.
fn note(line: &str) {
    let mut out = std::io::stderr().lock();
    let _ = std::io::Write::write_all(&mut out, format!("{line}\n").as_bytes());
}
