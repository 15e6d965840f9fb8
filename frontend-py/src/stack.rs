//! Recursion on syntax trees happens on a stack of known size, so that no input overflows it.

use crate::diagnostic::{Diagnostic, Diagnostics, codes};

/// How deep expressions and statements may nest, counted in nodes of the syntax tree. CPython's own
/// limit for one expression lies between 1,000 and 3,000.
pub(crate) const MAX_DEPTH: usize = 1_500;

/// How many levels of indentation a file may have, which is CPython's limit too.
pub(crate) const MAX_INDENTS: usize = 100;

/// Bytes of the large stack. The deepest programs that the tests compile need less than 3 MiB with
/// the dev profile; memory is committed only as it is touched.
const STACK_BYTES: usize = 64 << 20;

/// Runs the work on a thread with a large stack.
///
/// # Errors
/// The work's own, or an internal error if it panicked or no thread could be started.
pub(crate) fn on_large_stack<T: Send>(
    work: impl FnOnce() -> Result<T, Diagnostics> + Send,
) -> Result<T, Diagnostics> {
    let internal = |message: &str| Err(Diagnostic::general(codes::INTERNAL, message).into());
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK_BYTES);
        match thread.spawn_scoped(scope, work) {
            Ok(handle) => match handle.join() {
                Ok(result) => result,
                Err(_) => internal("the compiler failed on this input; please report it"),
            },
            Err(_) => internal("the operating system refused to start a thread"),
        }
    })
}
