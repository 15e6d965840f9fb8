//! What is compiled: a Python file, or a file of RVSDG text.

use crate::error::{Error, Result, codes};
use frontend_py::call::{CallSpec, Literal};
use frontend_py::{Diagnostic, ParamType, RunDirective, Semantics, SourceFile};
use rvsdg::{Const, Function, Span};
use std::path::Path;
use std::sync::Arc;

/// A text with a name, to show places in.
#[derive(Clone, Debug)]
pub struct Text(Arc<(String, String)>);

impl Text {
    /// A text; `name` is how messages call it.
    pub fn new(name: &str, text: &str) -> Text {
        Text(Arc::new((name.to_owned(), text.to_owned())))
    }

    /// How messages call the text.
    pub fn name(&self) -> &str {
        &self.0.0
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.0.1
    }

    /// Line and column of a byte, both from 1; the column counts characters.
    pub fn line_column(&self, offset: u32) -> (u32, u32) {
        let text = self.text();
        let before = &text[..text.floor_char_boundary((offset as usize).min(text.len()))];
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        (line as u32, before[start..].chars().count() as u32 + 1)
    }

    /// The first byte of a line, counted from 1.
    fn line_start(&self, line: u32) -> usize {
        let before = self.text().split_inclusive('\n').take(line.saturating_sub(1) as usize);
        before.map(str::len).sum()
    }

    /// Where a text stands in a line, as the position of its first byte in the whole text.
    pub fn find_in_line(&self, line: u32, part: &str) -> Option<u32> {
        let start = self.line_start(line);
        let line = self.text()[start..].lines().next()?;
        line.find(part).map(|at| (start + at) as u32)
    }

    /// The character at a line and column, both from 1; empty at the end if there is none.
    fn span_at(&self, line: u32, column: u32) -> Span {
        let text = self.text();
        let line_start = self.line_start(line);
        let mut characters =
            text[line_start..].char_indices().skip(column.saturating_sub(1) as usize);
        match characters.next() {
            Some((at, c)) => {
                let start = (line_start + at) as u32;
                Span { start, end: start + c.len_utf8() as u32 }
            }
            None => Span { start: text.len() as u32, end: text.len() as u32 },
        }
    }
}

/// A parsed file.
#[derive(Clone, Debug)]
pub enum Source {
    /// Python.
    Python {
        /// The syntax tree.
        file: Box<SourceFile>,
        /// The text, for messages.
        text: Text,
    },
    /// RVSDG text.
    Rvsdg {
        /// The functions in the file's order.
        functions: Vec<Function>,
        /// The calls that comments `; run: f(0.5)` ask for, in order.
        directives: Vec<RunDirective>,
        /// The text, for messages.
        text: Text,
    },
}

impl Source {
    /// Parses Python; `name` is how messages call the text.
    ///
    /// # Errors
    /// Every syntax error.
    pub fn python(name: &str, text: String) -> Result<Source> {
        let shown = Text::new(name, &text);
        match SourceFile::parse(name, text) {
            Ok(file) => Ok(Source::Python { file: Box::new(file), text: shown }),
            Err(diagnostics) => Err(Error::source(&shown, diagnostics)),
        }
    }

    /// Parses RVSDG text and verifies every function of it.
    ///
    /// # Errors
    /// The first syntax error, or every broken rule of the first malformed function.
    pub fn rvsdg(name: &str, text: &str) -> Result<Source> {
        let shown = Text::new(name, text);
        let (functions, comments) = rvsdg::text::parse_file(text).map_err(|error| {
            let span = shown.span_at(error.line, error.column);
            Error::source(&shown, Diagnostic::at(error.code, span, error.message).into())
        })?;
        for function in &functions {
            rvsdg::verify(function).map_err(|errors| {
                let message = format!("function `{}` is malformed: {errors}", function.name);
                Error::source(&shown, Diagnostic::general(codes::RVSDG, message).into())
            })?;
        }
        let directives = comments.iter().filter_map(directive).collect();
        Ok(Source::Rvsdg { functions, directives, text: shown })
    }

    /// Reads a file, whose extension says what it holds.
    ///
    /// # Errors
    /// If it cannot be read or parsed, or has another extension than `.py` or `.rvsdg`.
    pub fn read(path: &Path) -> Result<Source> {
        let name = path.display().to_string();
        let extension = path.extension().and_then(|extension| extension.to_str());
        if !matches!(extension, Some("py" | "rvsdg")) {
            let message = format!("`{name}` is neither a .py nor a .rvsdg file");
            return Err(Error::usage(message));
        }
        let bytes = std::fs::read(path)
            .map_err(|error| Error::input(codes::READ, format!("cannot read `{name}`: {error}")))?;
        let text = String::from_utf8(bytes).map_err(|error| not_text(&name, &error))?;
        let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
        if extension == Some("py") {
            Source::python(&name, text)
        } else {
            Source::rvsdg(&name, &text)
        }
    }

    /// The text.
    pub fn text(&self) -> &Text {
        match self {
            Source::Python { text, .. } | Source::Rvsdg { text, .. } => text,
        }
    }

    /// Names of the functions, in the file's order.
    pub fn functions(&self) -> Vec<&str> {
        match self {
            Source::Python { file, .. } => file.functions(),
            Source::Rvsdg { functions, .. } => functions.iter().map(|f| &*f.name).collect(),
        }
    }

    /// The calls that the file asks to run.
    pub fn directives(&self) -> Vec<RunDirective> {
        match self {
            Source::Python { file, .. } => file.directives(),
            Source::Rvsdg { directives, .. } => directives.clone(),
        }
    }

    /// Number of parameters of a function.
    ///
    /// # Errors
    /// If there is no such function, or it has parameters that cannot be compiled.
    pub fn arity(&self, function: &str) -> Result<usize> {
        match self {
            Source::Python { file, text } => match file.signature(function) {
                Ok(signature) => Ok(signature.params.len()),
                Err(diagnostics) => Err(Error::source(text, diagnostics)),
            },
            Source::Rvsdg { .. } => Ok(self.find(function)?.params.len()),
        }
    }

    /// A call with one argument per parameter: keywords in their places, defaults for what is left
    /// out.
    ///
    /// # Errors
    /// If there is no such function, or an argument is missing, unknown or given twice.
    pub fn complete(&self, call: &CallSpec) -> Result<CallSpec> {
        let (names, defaults) = self.parameters(&call.function)?;
        let wrong = |message: String| {
            Error::input(codes::ARGUMENTS, format!("`{}` {message}", call.function))
        };
        if call.keywords.is_empty() && call.args.len() >= names.len() {
            return Ok(call.clone());
        }
        let mut args: Vec<Option<Literal>> = call.args.iter().copied().map(Some).collect();
        args.resize(names.len().max(args.len()), None);
        for (name, value) in &call.keywords {
            let Some(at) = names.iter().position(|known| known == name) else {
                return Err(wrong(format!("has no parameter `{name}`")));
            };
            if args[at].replace(*value).is_some() {
                return Err(wrong(format!("is given `{name}` twice")));
            }
        }
        let given = args.iter().flatten().count();
        for (arg, default) in args.iter_mut().zip(&defaults) {
            *arg = arg.or(*default);
        }
        let Some(args) = args.into_iter().collect::<Option<Vec<Literal>>>() else {
            return Err(crate::bind::wrong_count(&call.function, names.len(), given));
        };
        Ok(CallSpec { args, keywords: Vec::new(), ..call.clone() })
    }

    /// Names of a function's parameters, and their default values.
    fn parameters(&self, function: &str) -> Result<(Vec<String>, Vec<Option<Literal>>)> {
        match self {
            Source::Python { file, text } => {
                let error = |diagnostics| Error::source(text, diagnostics);
                let signature = file.signature(function).map_err(error)?;
                let defaults = file.defaults(function).map_err(error)?;
                let names = signature.params.into_iter().map(|param| param.name).collect();
                let literal = |constant: Const| match constant {
                    Const::Bool(value) => Some(Literal::Bool(value)),
                    Const::F64(bits) => Some(Literal::Float(f64::from_bits(bits))),
                    other => other.as_i64().map(Literal::Int),
                };
                Ok((names, defaults.into_iter().map(|d| d.and_then(literal)).collect()))
            }
            Source::Rvsdg { .. } => {
                let params = &self.find(function)?.params;
                let names = params.iter().map(|param| param.name.to_string()).collect();
                Ok((names, vec![None; params.len()]))
            }
        }
    }

    /// The function as a graph. `types` are those of the parameters, used where the source has no
    /// annotation; RVSDG text has its types and its semantics in itself.
    ///
    /// # Errors
    /// If there is no such function or it is not supported.
    pub fn lower(
        &self,
        function: &str,
        semantics: Semantics,
        types: Option<&[ParamType]>,
    ) -> Result<Function> {
        match self {
            Source::Python { file, text } => {
                let types = types.map(<[ParamType]>::to_vec);
                let options = frontend_py::Options { semantics, types };
                frontend_py::compile(file, function, &options)
                    .map_err(|diagnostics| Error::source(text, diagnostics))
            }
            Source::Rvsdg { .. } => self.find(function).cloned(),
        }
    }

    fn find(&self, name: &str) -> Result<&Function> {
        let found = match self {
            Source::Rvsdg { functions, .. } => functions.iter().find(|f| &*f.name == name),
            Source::Python { .. } => None,
        };
        found.ok_or_else(|| {
            let message = format!("the file has no function `{name}`");
            let names = self.functions().join(", ");
            let hint = if names.is_empty() {
                "the file has no function".to_owned()
            } else {
                format!("its functions are: {names}")
            };
            let diagnostic =
                Diagnostic::general(frontend_py::codes::NO_FUNCTION, message).hint(hint);
            Error::source(self.text(), diagnostic.into())
        })
    }
}

/// The call that a comment `run: f(0.5)` or `run: f(0.5) == 1.0` asks for.
fn directive(comment: &rvsdg::text::Directive) -> Option<RunDirective> {
    let call = comment.text.strip_prefix("run:")?;
    let call = call.split_once("==").map_or(call, |(call, _)| call);
    Some(RunDirective { call: call.trim().to_owned(), line: comment.line })
}

/// The error for a file that is not UTF-8, at the first byte that is not.
fn not_text(name: &str, error: &std::string::FromUtf8Error) -> Error {
    let good = error.utf8_error().valid_up_to();
    let shown = String::from_utf8_lossy(error.as_bytes());
    let end = (good + '\u{fffd}'.len_utf8()) as u32;
    let span = Span { start: good as u32, end };
    let message = format!("cannot read `{name}`: this byte is not UTF-8");
    let diagnostic = Diagnostic::at(codes::READ, span, message).hint("save the file as UTF-8");
    Error::source(&Text::new(name, &shown), diagnostic.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bind::parse_call;

    fn completed(call: &str) -> Result<Vec<Literal>> {
        let text = "K = 2\ndef f(a, b=K + 1, c=0.5):\n    return a\n".to_owned();
        let source = Source::python("f.py", text)?;
        Ok(source.complete(&parse_call(call)?)?.args)
    }

    #[test]
    fn keywords_and_defaults_fill_the_places() {
        use Literal::{Float, Int};
        assert_eq!(completed("f(1)").unwrap(), [Int(1), Int(3), Float(0.5)]);
        assert_eq!(completed("f(1, c=2)").unwrap(), [Int(1), Int(3), Int(2)]);
        assert_eq!(completed("f(c=1.5, a=7, b=8)").unwrap(), [Int(7), Int(8), Float(1.5)]);
        for (call, part) in [
            ("f(b=1)", "takes 3 arguments"),
            ("f(1, a=2)", "given `a` twice"),
            ("f(1, d=2)", "no parameter `d`"),
        ] {
            let message = completed(call).unwrap_err().message().to_owned();
            assert!(message.contains(part), "{call}: {message}");
        }
    }
}
