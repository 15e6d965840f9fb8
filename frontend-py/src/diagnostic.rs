//! What is wrong with a program, said to the person who wrote it.
//!
//! A [`Diagnostic`] has a stable code, one sentence, the place it is about, and where it helps a
//! hint. [`render`] shows it with the source line underlined.

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use rvsdg::Span;
use std::fmt;
use std::ops::Range;

/// The codes of all diagnostics, one per kind of mistake.
pub mod codes {
    /// The text is not Python.
    pub const SYNTAX: &str = "OV001";
    /// The file has no function of that name.
    pub const NO_FUNCTION: &str = "OV002";
    /// A parameter's type is not known.
    pub const MISSING_TYPE: &str = "OV003";
    /// An annotation names no type.
    pub const ANNOTATION: &str = "OV004";
    /// The list of parameter types has the wrong length.
    pub const TYPE_COUNT: &str = "OV005";
    /// A kind of parameter that cannot be compiled.
    pub const PARAMETER: &str = "OV006";
    /// A statement that is not supported.
    pub const STATEMENT: &str = "OV010";
    /// An expression that is not supported.
    pub const EXPRESSION: &str = "OV011";
    /// A name that means nothing here.
    pub const UNKNOWN_NAME: &str = "OV012";
    /// A function that cannot be called.
    pub const UNKNOWN_FUNCTION: &str = "OV013";
    /// Arguments that do not fit the called function.
    pub const ARGUMENTS: &str = "OV014";
    /// A function that calls itself.
    pub const RECURSION: &str = "OV015";
    /// A module-level value that is not a constant.
    pub const GLOBAL: &str = "OV016";
    /// An operand of the wrong type.
    pub const OPERAND: &str = "OV020";
    /// A variable with different types on two paths.
    pub const CONFLICT: &str = "OV021";
    /// Two returns that disagree.
    pub const RETURNS: &str = "OV022";
    /// `**` of integers with an exponent that is not a constant.
    pub const POWER: &str = "OV023";
    /// An integer beyond 64 bits.
    pub const BIG_INTEGER: &str = "OV024";
    /// An assignment that does not fit its target.
    pub const TARGET: &str = "OV025";
    /// A subscript that does not fit its array.
    pub const SUBSCRIPT: &str = "OV026";
    /// A variable that has no value yet.
    pub const UNBOUND: &str = "OV030";
    /// Nesting or size beyond what is compiled.
    pub const TOO_LARGE: &str = "OV040";
    /// A call, as text, that cannot be read.
    pub const CALL: &str = "OV050";
    /// A list of types, as text, that cannot be read.
    pub const TYPES: &str = "OV051";
    /// A defect of the compiler's own.
    pub const INTERNAL: &str = "OV999";
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// One of [`codes`].
    pub code: &'static str,
    /// One sentence without a final full stop.
    pub message: String,
    /// The bytes of the source it is about.
    pub span: Option<Span>,
    /// What to do about it.
    pub hint: Option<String>,
    /// Other places that matter, with what to know about each.
    pub notes: Vec<(Span, String)>,
}

impl Diagnostic {
    /// A diagnostic about a place.
    pub fn at(code: &'static str, span: Span, message: impl Into<String>) -> Diagnostic {
        let span = Some(span);
        Diagnostic { code, message: message.into(), span, hint: None, notes: Vec::new() }
    }

    /// A diagnostic without a place.
    pub fn general(code: &'static str, message: impl Into<String>) -> Diagnostic {
        Diagnostic { code, message: message.into(), span: None, hint: None, notes: Vec::new() }
    }

    /// Adds a hint.
    pub fn hint(mut self, hint: impl Into<String>) -> Diagnostic {
        self.hint = Some(hint.into());
        self
    }

    /// Adds another place.
    pub fn note(mut self, span: Span, text: impl Into<String>) -> Diagnostic {
        self.notes.push((span, text.into()));
        self
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error[{}]: {}", self.code, self.message)
    }
}

/// Everything that is wrong, at least one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostics(pub Vec<Diagnostic>);

impl From<Diagnostic> for Diagnostics {
    fn from(diagnostic: Diagnostic) -> Diagnostics {
        Diagnostics(vec![diagnostic])
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, diagnostic) in self.0.iter().enumerate() {
            let separator = if at == 0 { "" } else { "\n" };
            write!(f, "{separator}{diagnostic}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostic {}
impl std::error::Error for Diagnostics {}

/// The diagnostic as text for a terminal: `error[OV012]: …`, file, line and column, the source line
/// underlined, `hint: …`. `text` is the file that the spans count in.
pub fn render(file_name: &str, text: &str, diagnostic: &Diagnostic, color: bool) -> String {
    let mut title = Level::ERROR.primary_title(diagnostic.message.as_str()).id(diagnostic.code);
    if diagnostic.message.is_empty() {
        title = Level::ERROR.primary_title("unknown").id(diagnostic.code);
    }
    let mut group = annotate_snippets::Group::with_title(title);
    if let Some(span) = diagnostic.span {
        let notes = diagnostic.notes.iter().map(|(span, note)| {
            AnnotationKind::Context.span(clip(text, *span)).label(note.as_str())
        });
        let snippet = Snippet::source(text)
            .path(file_name)
            .annotation(AnnotationKind::Primary.span(clip(text, span)))
            .annotations(notes);
        group = group.element(snippet);
    }
    if let Some(hint) = &diagnostic.hint {
        group = group.element(Level::HELP.with_name("hint").message(hint.as_str()));
    }
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    renderer.render(&[group])
}

/// The span as a range of whole characters inside the text.
fn clip(text: &str, span: Span) -> Range<usize> {
    let start = text.floor_char_boundary((span.start as usize).min(text.len()));
    let end = text.floor_char_boundary((span.end as usize).min(text.len()));
    start..end.max(start)
}
