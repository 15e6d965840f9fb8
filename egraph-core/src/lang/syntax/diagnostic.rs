//! What is wrong with a program, said to the person who wrote it.
//!
//! A [`Diagnostic`] has a stable code, one sentence, the place it is about, and where it helps a
//! hint and other places. [`Sources::render`] shows it with the source line underlined.

use std::fmt::{self, Write as _};

use super::span::{Sources, Span};

/// The codes of all diagnostics, one per kind of mistake.
pub mod codes {
    /// The text is not made of balanced lists, or a string does not end.
    pub const SYNTAX: &str = "EG001";
    /// A string contains an escape that means nothing.
    pub const ESCAPE: &str = "EG002";
    /// A form has the wrong shape.
    pub const USAGE: &str = "EG003";
    /// An option that the form does not have.
    pub const OPTION: &str = "EG004";
    /// Options that exclude each other.
    pub const CONFLICT: &str = "EG005";
    /// Schedules or `fail` nested too deeply, or a text too large.
    pub const TOO_LARGE: &str = "EG006";
    /// No function, constructor, relation or primitive has this name.
    pub const UNKNOWN_FUNCTION: &str = "EG010";
    /// A variable that nothing binds.
    pub const UNBOUND: &str = "EG011";
    /// No sort has this name.
    pub const UNKNOWN_SORT: &str = "EG012";
    /// No rule set has this name.
    pub const UNKNOWN_RULESET: &str = "EG013";
    /// The name is taken.
    pub const DUPLICATE: &str = "EG014";
    /// A variable or global hides another name.
    pub const SHADOWING: &str = "EG015";
    /// A global without `$`, or a variable with it, in strict mode.
    pub const PREFIX: &str = "EG016";
    /// The wrong number of arguments.
    pub const ARITY: &str = "EG020";
    /// A value of one sort where another is needed.
    pub const MISMATCH: &str = "EG021";
    /// No overload of a primitive takes these arguments.
    pub const NO_OVERLOAD: &str = "EG022";
    /// More than one overload of a primitive takes these arguments.
    pub const AMBIGUOUS: &str = "EG023";
    /// Nothing says which sort a variable or call has.
    pub const NOT_INFERRED: &str = "EG024";
    /// Arguments of a container sort that do not fit.
    pub const SORT_ARGUMENTS: &str = "EG025";
    /// A variable of a query that no table binds.
    pub const UNGROUNDED: &str = "EG030";
    /// A function is looked up in the actions of a rule.
    pub const LOOKUP: &str = "EG031";
    /// `set` of what is no function.
    pub const SET: &str = "EG032";
    /// `union` of values that cannot be united.
    pub const UNION: &str = "EG033";
    /// A constructor whose result is no sort of terms.
    pub const CONSTRUCTOR_OUTPUT: &str = "EG034";
    /// A rule added to a combined rule set.
    pub const COMBINED: &str = "EG035";
    /// `subsume` of a function with a merge expression.
    pub const SUBSUME: &str = "EG036";
    /// A primitive that reads or writes tables, where that is not allowed.
    pub const CONTEXT: &str = "EG037";
    /// A table of this shape cannot be read from a file.
    pub const INPUT: &str = "EG038";
    /// A part of the language that is not supported.
    pub const UNSUPPORTED: &str = "EG040";
    /// What was carried out failed: a check, a merge, a primitive, a `panic`.
    pub const FAILED: &str = "EG050";
    /// A limit on rows, time or memory was reached.
    pub const LIMIT: &str = "EG051";
    /// A file that cannot be read or written.
    pub const FILE: &str = "EG052";
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// One of [`codes`].
    pub code: &'static str,
    /// One sentence without a final full stop.
    pub message: String,
    /// The place it is about.
    pub span: Span,
    /// What to do about it.
    pub hint: Option<String>,
    /// Other places that matter, with what to know about each.
    pub notes: Vec<(Span, String)>,
}

impl Diagnostic {
    /// A diagnostic about a place.
    pub fn new(code: &'static str, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic { code, message: message.into(), span, hint: None, notes: Vec::new() }
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

impl std::error::Error for Diagnostic {}

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

impl std::error::Error for Diagnostics {}

/// Columns of a source line that are shown; what lies beyond is cut.
const SHOWN_COLUMNS: usize = 160;

impl Sources {
    /// The diagnostic as plain text: `error[EG011]: …`, file, line and column, the source line
    /// underlined, other places likewise, `= hint: …`. No final line break.
    pub fn render(&self, diagnostic: &Diagnostic) -> String {
        let mut out = diagnostic.to_string();
        let lines = std::iter::once(diagnostic.span)
            .chain(diagnostic.notes.iter().map(|(span, _)| *span))
            .map(|span| self.position(span).0);
        let width = lines.max().unwrap_or(1).to_string().len();
        self.render_place(&mut out, width, diagnostic.span, '^', "-->", "");
        for (span, note) in &diagnostic.notes {
            self.render_place(&mut out, width, *span, '-', ":::", note);
        }
        if let Some(hint) = &diagnostic.hint {
            let _ = write!(out, "\n{:width$} |\n{:width$} = hint: {hint}", "", "");
        }
        out
    }

    fn render_place(
        &self,
        out: &mut String,
        width: usize,
        span: Span,
        mark: char,
        arrow: &str,
        label: &str,
    ) {
        let (line, column) = self.position(span);
        let text = self.text(span.file).lines().nth(line - 1).unwrap_or("");
        // A long line is shown around the place.
        let skipped = column.saturating_sub(SHOWN_COLUMNS / 2);
        let shown: String = text.chars().skip(skipped).take(SHOWN_COLUMNS).collect();
        let shown = shown.replace(|c: char| c.is_control(), " ");
        let offset = column - 1 - skipped;
        let wanted = self.snippet(span).lines().next().unwrap_or("").chars().count();
        let available = shown.chars().count().saturating_sub(offset);
        let marks = wanted.min(available).max(1);
        let _ = write!(out, "\n{:width$}{arrow} {}:{line}:{column}", "", self.name(span.file));
        let _ = write!(out, "\n{:width$} |\n{line:width$} | {}", "", shown.trim_end());
        let underline = mark.to_string().repeat(marks);
        let _ = write!(out, "\n{:width$} | {:offset$}{underline}", "", "");
        if !label.is_empty() {
            let _ = write!(out, " {label}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    #[test]
    fn places_are_underlined() {
        let mut sources = Sources::new();
        let file = sources.add("a.egg", "(let $x 1)\n\n(letä $x 2)\n");
        let error = Diagnostic::new(codes::SHADOWING, Span::new(file, 19, 21), "`$x` is taken")
            .note(Span::new(file, 5, 7), "declared here")
            .hint("choose another name");
        expect![[r"
            error[EG015]: `$x` is taken
             --> a.egg:3:7
              |
            3 | (letä $x 2)
              |       ^^
             ::: a.egg:1:6
              |
            1 | (let $x 1)
              |      -- declared here
              |
              = hint: choose another name"]]
        .assert_eq(&sources.render(&error));
    }

    #[test]
    fn any_span_can_be_rendered() {
        let mut sources = Sources::new();
        let file = sources.add("é", "é\té\n");
        for start in 0..8 {
            for end in 0..8 {
                let error = Diagnostic::new(codes::SYNTAX, Span::new(file, start, end), "odd");
                assert!(sources.render(&error).contains("error[EG001]: odd"));
            }
        }
        let nowhere = Diagnostic::new(codes::SYNTAX, Span::default(), "odd");
        assert!(Sources::new().render(&nowhere).contains(":1:1"));
    }
}
