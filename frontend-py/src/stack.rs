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

/// Texts of at most this many tokens cannot nest deeply enough to need the large stack: a level of
/// nesting takes at least one token, and less than 2 KiB of stack with the dev profile.
const SHORT_TEXT: usize = 400;

/// Depth of a syntax tree that needs no large stack to be built: what a short text could have.
pub(crate) const SHALLOW: usize = 200;

/// Runs the work on `text` on a thread with a large stack; on this thread if the text is short.
///
/// # Errors
/// As [`unless_shallow`].
pub(crate) fn on_large_stack<T: Send>(
    text: &str,
    work: impl FnOnce() -> Result<T, Diagnostics> + Send,
) -> Result<T, Diagnostics> {
    unless_shallow(is_short(text), work)
}

/// Runs the work on a thread with a large stack; on this thread if it is known to need little of
/// it, because starting a thread takes as long as compiling a small function.
///
/// # Errors
/// The work's own, or an internal error if it panicked or no thread could be started.
pub(crate) fn unless_shallow<T: Send>(
    shallow: bool,
    work: impl FnOnce() -> Result<T, Diagnostics> + Send,
) -> Result<T, Diagnostics> {
    const FAILED: &str = "the compiler failed on this input; please report it";
    let internal = |message: &str| Err(Diagnostic::general(codes::INTERNAL, message).into());
    if shallow {
        // The work's state is dropped with the panic; nobody sees it half done.
        let work = std::panic::AssertUnwindSafe(work);
        return std::panic::catch_unwind(work).unwrap_or_else(|_| internal(FAILED));
    }
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK_BYTES);
        match thread.spawn_scoped(scope, work) {
            Ok(handle) => match handle.join() {
                Ok(result) => result,
                Err(_) => internal(FAILED),
            },
            Err(_) => internal("the operating system refused to start a thread"),
        }
    })
}

/// Whether a text has few tokens, counted from above: every run of letters and digits is one, and
/// every other character that is no space.
fn is_short(text: &str) -> bool {
    let mut in_word = false;
    let mut tokens = 0;
    for byte in text.bytes() {
        let word = byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii();
        let starts = !word && !byte.is_ascii_whitespace() || word && !in_word;
        tokens += usize::from(starts);
        in_word = word;
        if tokens > SHORT_TEXT {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_texts_have_few_tokens() {
        assert!(is_short("def f(x):\n    return x + 1\n"));
        assert!(is_short(&"a".repeat(10_000)));
        assert!(!is_short(&"(".repeat(SHORT_TEXT + 1)));
        assert!(!is_short(&"not ".repeat(SHORT_TEXT + 1)));
    }
}
