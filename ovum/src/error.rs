//! Why a request was not carried out, for a person and for a machine.
//!
//! An [`Error`] is either the input's fault (exit code 1) or a misuse of the command (exit code 2).
//! Python's exceptions are answers, not errors.

use crate::json::Json;
use crate::report::Style;
use crate::source::Text;
use frontend_py::{Diagnostic, Diagnostics};
use rvsdg::Span;
use std::fmt;

/// A result of this crate's.
pub type Result<T> = std::result::Result<T, Error>;

/// The codes of errors that the front end does not know; its own are [`frontend_py::codes`].
pub mod codes {
    /// A file cannot be read.
    pub const READ: &str = "OV900";
    /// A file cannot be written.
    pub const WRITE: &str = "OV901";
    /// The text is not RVSDG, or breaks a rule of the verifier's.
    pub const RVSDG: &str = "OV902";
    /// The arguments do not fit the parameters.
    pub const ARGUMENTS: &str = "OV904";
    /// An argument lies outside its asserted domain.
    pub const DOMAIN: &str = "OV905";
    /// A time limit was reached.
    pub const TIME_LIMIT: &str = "OV906";
    /// Machine code or MLIR could not be made.
    pub const CODEGEN: &str = "OV907";
    /// A tool is not installed.
    pub const TOOLCHAIN: &str = "OV908";
    /// Two engines, or the function before and after optimisation, disagree.
    pub const DISAGREE: &str = "OV909";
    /// The command was misused.
    pub const USAGE: &str = "OV910";
    /// The file says nothing to run.
    pub const NOTHING_TO_RUN: &str = "OV911";
    /// A file is no serialized e-graph that can be extracted from.
    pub const PROBLEM: &str = "OV920";
    /// An extractor gave no answer, or a wrong one.
    pub const EXTRACTOR: &str = "OV921";
}

/// Whose fault an error is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blame {
    /// The input's.
    Input,
    /// The command line's.
    Usage,
}

/// What went wrong, and where. One pointer wide, because errors are rare.
#[derive(Clone, Debug)]
pub struct Error(Box<Details>);

#[derive(Clone, Debug)]
struct Details {
    blame: Blame,
    diagnostics: Vec<Diagnostic>,
    text: Option<Text>,
}

impl Error {
    /// An error that is the input's fault.
    pub fn input(code: &'static str, message: impl Into<String>) -> Error {
        Error::from_diagnostic(Blame::Input, Diagnostic::general(code, message))
    }

    /// A misuse of the command.
    pub fn usage(message: impl Into<String>) -> Error {
        Error::from_diagnostic(Blame::Usage, Diagnostic::general(codes::USAGE, message))
    }

    /// Errors of the front end about a text.
    pub fn source(text: &Text, diagnostics: Diagnostics) -> Error {
        let text = Some(text.clone());
        Error(Box::new(Details { blame: Blame::Input, diagnostics: diagnostics.0, text }))
    }

    /// An error about one place of a text given on the command line.
    pub fn option(option: &str, text: &str, diagnostic: Diagnostic) -> Error {
        let text = Some(Text::new(option, text));
        Error(Box::new(Details { blame: Blame::Usage, diagnostics: vec![diagnostic], text }))
    }

    fn from_diagnostic(blame: Blame, diagnostic: Diagnostic) -> Error {
        Error(Box::new(Details { blame, diagnostics: vec![diagnostic], text: None }))
    }

    /// Adds a hint to the first diagnostic.
    pub fn hint(mut self, hint: impl Into<String>) -> Error {
        if let Some(first) = self.0.diagnostics.first_mut() {
            first.hint = Some(hint.into());
        }
        self
    }

    /// Gives an error without a place that of what asked for it, if that has one.
    #[must_use]
    pub fn at(mut self, text: &Text, span: Option<Span>) -> Error {
        let placeless = self.0.diagnostics.iter().all(|diagnostic| diagnostic.span.is_none());
        if placeless
            && span.is_some()
            && let Some(first) = self.0.diagnostics.first_mut()
        {
            first.span = span;
            self.0.text = Some(text.clone());
        }
        self
    }

    /// Whose fault it is.
    pub fn blame(&self) -> Blame {
        self.0.blame
    }

    /// What is wrong, at least one thing; the first is the one that machines are told.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.0.diagnostics
    }

    /// The message of the first diagnostic.
    pub fn message(&self) -> &str {
        self.diagnostics().first().map_or("", |diagnostic| &diagnostic.message)
    }

    /// The code of the first diagnostic.
    pub fn code(&self) -> &'static str {
        self.diagnostics().first().map_or("", |diagnostic| diagnostic.code)
    }

    /// The command's exit code.
    pub fn exit_code(&self) -> i32 {
        match self.0.blame {
            Blame::Input => 1,
            Blame::Usage => 2,
        }
    }

    /// Every diagnostic with its source line underlined, for a terminal; ends with a line break.
    pub fn render(&self, style: Style) -> String {
        let mut rendered = String::new();
        for diagnostic in self.diagnostics() {
            let (name, text) =
                self.0.text.as_ref().map_or(("", ""), |text| (text.name(), text.text()));
            rendered += frontend_py::render(name, text, diagnostic, style.color).trim_end();
            rendered.push('\n');
        }
        rendered
    }

    /// The first diagnostic as the machine-readable `{code, message, file, line, column, hint}`.
    pub fn to_json(&self) -> Json {
        let Some(first) = self.diagnostics().first() else { return Json::Null };
        let place = match (&self.0.text, first.span) {
            (Some(text), Some(span)) => Some(text.line_column(span.start)),
            _ => None,
        };
        let number = |number: Option<u32>| number.map_or(Json::Null, |n| Json::Int(i64::from(n)));
        Json::object([
            ("code", Json::Str(first.code.to_owned())),
            ("message", Json::Str(first.message.clone())),
            ("file", Json::optional(self.0.text.as_ref().map(Text::name))),
            ("line", number(place.map(|(line, _)| line))),
            ("column", number(place.map(|(_, column)| column))),
            ("hint", Json::optional(first.hint.as_deref())),
        ])
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.render(Style::default()).trim_end())
    }
}

impl std::error::Error for Error {}

impl From<optimizer::OptionsError> for Error {
    fn from(error: optimizer::OptionsError) -> Error {
        let usage = Error::usage(error.to_string());
        match error {
            optimizer::OptionsError::UnknownFamily(_) => {
                usage.hint("`ovum opt --list-rules` lists the rule sets")
            }
            _ => usage,
        }
    }
}
