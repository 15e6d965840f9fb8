//! Places in the text of programs, and the texts themselves.

use std::fmt;
use std::hash::{Hash, Hasher};

/// A text known to [`Sources`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct FileId(u32);

impl FileId {
    /// The position in the list of texts.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A range of bytes of one text.
///
/// Places take no part in comparisons of syntax: all spans are equal and hash alike, so that two
/// programs are equal exactly when they print the same. To compare places, compare the fields.
#[derive(Clone, Copy, Default)]
pub struct Span {
    /// The text.
    pub file: FileId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The bytes `start..end` of `file`.
    pub fn new(file: FileId, start: usize, end: usize) -> Span {
        Span { file, start: start as u32, end: end as u32 }
    }

    /// From the start of `self` to the end of `other`.
    pub fn to(self, other: Span) -> Span {
        Span { end: other.end, ..self }
    }
}

impl PartialEq for Span {
    fn eq(&self, _: &Span) -> bool {
        true
    }
}

impl Eq for Span {}

impl Hash for Span {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}..{}", self.file.0, self.start, self.end)
    }
}

/// The texts that spans point into: the program, and what it includes.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<(String, String)>,
}

impl Sources {
    /// No text.
    pub fn new() -> Sources {
        Sources::default()
    }

    /// Adds a text under the name that diagnostics show.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> FileId {
        self.files.push((name.into(), text.into()));
        FileId(self.files.len() as u32 - 1)
    }

    /// The text of a file that [`Sources::add`] gave; empty for any other.
    pub fn text(&self, file: FileId) -> &str {
        self.files.get(file.index()).map_or("", |(_, text)| text)
    }

    /// The name of a file that [`Sources::add`] gave; empty for any other.
    pub fn name(&self, file: FileId) -> &str {
        self.files.get(file.index()).map_or("", |(name, _)| name)
    }

    /// The text of a span; empty where it lies outside.
    pub fn snippet(&self, span: Span) -> &str {
        self.text(span.file).get(span.start as usize..span.end as usize).unwrap_or("")
    }

    /// Line and column, both from 1, of the span's first character; columns count characters.
    pub fn position(&self, span: Span) -> (usize, usize) {
        let text = self.text(span.file);
        let start = text.floor_char_boundary((span.start as usize).min(text.len()));
        let line = text[..start].matches('\n').count() + 1;
        let from = text[..start].rfind('\n').map_or(0, |at| at + 1);
        (line, text[from..start].chars().count() + 1)
    }
}
