//! Library functions that are written in Python: `prelude.py`, parsed once.

use crate::source::SourceFile;
use std::sync::LazyLock;

static FILE: LazyLock<SourceFile> = LazyLock::new(|| {
    SourceFile::parse("<library>", include_str!("prelude.py").to_owned())
        .expect("the library's own text is Python")
});

/// The parsed text.
pub(crate) fn file() -> &'static SourceFile {
    &FILE
}
