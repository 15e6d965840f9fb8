//! A Python file: its text, its syntax tree, and what can be asked of it without compiling.

use crate::constant::constant;
use crate::diagnostic::{Diagnostic, Diagnostics, codes};
use crate::module::{Known, Module};
use crate::stack::{MAX_DEPTH, MAX_INDENTS, SHALLOW, unless_shallow};
use crate::types::{ParamType, ReturnType, is_open, param_type, return_type, span_of};
use ruff_python_ast::token::TokenKind;
use ruff_python_ast::{ParameterWithDefault, PythonVersion, StmtFunctionDef, Suite};
use ruff_python_parser::{Mode, ParseOptions, lexer};
use ruff_text_size::{Ranged, TextRange};
use rvsdg::{Const, Span};
use std::sync::{Arc, Mutex, PoisonError};

/// The file read last: functions of one file are usually compiled one after the other.
static LAST: Mutex<Option<SourceFile>> = Mutex::new(None);

/// A parsed file.
#[derive(Clone, Debug)]
pub struct SourceFile {
    name: String,
    text: String,
    tree: Arc<Tree>,
    line_starts: Vec<u32>,
    known: Vec<(String, Known)>,
}

/// What is kept of a file's syntax.
#[derive(Debug)]
struct Tree {
    /// The statements, after [`crate::desugar`].
    body: Suite,
    /// Where the comments stand.
    comments: Vec<TextRange>,
}

/// A line `# ovum: run f(0.5)` of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunDirective {
    /// The call as written; [`crate::call::parse_call`] reads it.
    pub call: String,
    /// The line's number, from 1.
    pub line: u32,
}

/// What a function's first line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The parameters in order.
    pub params: Vec<SigParam>,
    /// The annotation of the result, if there is one.
    pub returns: Option<ReturnType>,
}

/// A parameter of a [`Signature`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigParam {
    /// Its name.
    pub name: String,
    /// Its annotation, if there is one.
    pub annotation: Option<ParamType>,
    /// Where it stands.
    pub span: Span,
}

impl SourceFile {
    /// Parses a file as Python 3.11. `name` is how messages call it.
    ///
    /// # Errors
    /// Every syntax error of the file, or that it nests too deeply.
    pub fn parse(name: &str, text: String) -> Result<SourceFile, Diagnostics> {
        if text.len() >= (1 << 30) {
            let message = "the file is larger than 1 GiB";
            return Err(Diagnostic::general(codes::TOO_LARGE, message).into());
        }
        if let Some(last) = &*LAST.lock().unwrap_or_else(PoisonError::into_inner)
            && last.text == text
            && last.name == name
        {
            return Ok(last.clone());
        }
        let depth = check_nesting(&text)?;
        let options = ParseOptions::from(Mode::Module).with_target_version(PythonVersion::PY311);
        let parsed = unless_shallow(depth <= SHALLOW, || {
            let parsed = ruff_python_parser::parse_unchecked(&text, options);
            Ok(parsed.try_into_module().expect("module mode parses to a module"))
        })?;
        let mut errors: Vec<Diagnostic> = parsed
            .errors()
            .iter()
            .map(|e| {
                let span = line_end(&text, span_of(e));
                Diagnostic::at(codes::SYNTAX, span, e.error.to_string())
                    .hint("Python refuses this, too")
            })
            .collect();
        errors.extend(parsed.unsupported_syntax_errors().iter().map(|e| {
            Diagnostic::at(codes::SYNTAX, span_of(e), e.to_string())
                .hint("write what Python 3.11 has")
        }));
        errors.sort_by_key(|error| error.span.map(|span| span.start));
        if !errors.is_empty() {
            return Err(Diagnostics(errors));
        }
        let newlines = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let line_starts = std::iter::once(0).chain(newlines.map(|(at, _)| at as u32 + 1)).collect();
        let name = name.to_owned();
        let comments = parsed.tokens().iter().filter(|token| token.kind() == TokenKind::Comment);
        let comments = comments.map(Ranged::range).collect();
        let body = unless_shallow(depth <= SHALLOW, || {
            let mut body = parsed.into_suite();
            crate::desugar::module(&mut body);
            Ok(body)
        })?;
        let tree = Arc::new(Tree { body, comments });
        let file = SourceFile { name, text, tree, line_starts, known: Vec::new() };
        *LAST.lock().unwrap_or_else(PoisonError::into_inner) = Some(file.clone());
        Ok(file)
    }

    /// Explains names that the text does not: it binds them elsewhere, or by statements that make
    /// no constant.
    pub fn with_constants(self, known: Vec<(String, Known)>) -> SourceFile {
        SourceFile { known, ..self }
    }

    /// The name given to [`SourceFile::parse`].
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The file's text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The functions defined at module level, in order, each once.
    pub fn functions(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for function in Module::definitions(self.body()) {
            if !names.contains(&function.name.as_str()) {
                names.push(function.name.as_str());
            }
        }
        names
    }

    /// The comment lines `# ovum: run f(…)`, in order.
    pub fn directives(&self) -> Vec<RunDirective> {
        let comments = self.tree.comments.iter();
        comments
            .filter_map(|range| {
                let comment = &self.text[*range];
                let rest = comment.trim_start_matches('#').trim_start().strip_prefix("ovum:")?;
                let call = rest.trim_start().strip_prefix("run")?;
                let call = call.strip_prefix(char::is_whitespace)?.trim().to_owned();
                let line = self.line_column(range.start().to_u32()).0;
                Some(RunDirective { call, line })
            })
            .collect()
    }

    /// Line and column of a byte, both from 1; the column counts characters.
    pub fn line_column(&self, offset: u32) -> (u32, u32) {
        let offset = self.text.floor_char_boundary(offset as usize);
        let line = self.line_starts.partition_point(|start| *start as usize <= offset);
        let start = self.line_starts[line - 1] as usize;
        let column = self.text[start..offset].chars().count() as u32 + 1;
        (line as u32, column)
    }

    /// Parameters and result of a function.
    ///
    /// # Errors
    /// If the function does not exist, has `*` parameters, or an annotation names no type.
    pub fn signature(&self, function: &str) -> Result<Signature, Diagnostics> {
        Ok(signature_of(self.definition(function)?)?)
    }

    /// The default values of a function's parameters, in order; none where there is no default, or
    /// one that is no constant number.
    ///
    /// # Errors
    /// If the function does not exist.
    pub fn defaults(&self, function: &str) -> Result<Vec<Option<Const>>, Diagnostics> {
        let definition = self.definition(function)?;
        let module = self.module();
        let params = definition.parameters.iter_non_variadic_params();
        let default = |parameter: &ParameterWithDefault| {
            let value = parameter.default()?;
            let known = module.known_default(function, parameter.parameter.name.as_str());
            known.or_else(|| constant(&module, value))
        };
        Ok(params.map(default).collect())
    }

    /// What the names at module level mean.
    pub(crate) fn module(&self) -> Module<'_> {
        Module::new(self.body(), &self.known)
    }

    /// The last module-level definition with this name.
    pub(crate) fn definition(&self, function: &str) -> Result<&StmtFunctionDef, Diagnostic> {
        let found = Module::definitions(self.body()).filter(|f| f.name.as_str() == function);
        found.last().ok_or_else(|| {
            let message = format!("the file has no function `{function}`");
            let names = self.functions().join(", ");
            let hint = if names.is_empty() {
                "the file defines no function at module level".to_owned()
            } else {
                format!("its functions are: {names}")
            };
            Diagnostic::general(codes::NO_FUNCTION, message).hint(hint)
        })
    }

    fn body(&self) -> &[ruff_python_ast::Stmt] {
        &self.tree.body
    }
}

/// The span, or if it is that of a line's end, the empty span before it.
fn line_end(text: &str, span: Span) -> Span {
    match text.get(span.start as usize..span.end as usize) {
        Some("\n" | "\r\n" | "\r") => Span { end: span.start, ..span },
        _ => span,
    }
}

/// The signature of a definition.
pub(crate) fn signature_of(function: &StmtFunctionDef) -> Result<Signature, Diagnostic> {
    let parameters = &function.parameters;
    let variadic = parameters.vararg.as_deref().or(parameters.kwarg.as_deref());
    if let Some(parameter) = variadic {
        let message = "parameters with `*` are not supported";
        return Err(Diagnostic::at(codes::PARAMETER, span_of(parameter), message)
            .hint("list the parameters one by one; a sequence of numbers can be an array"));
    }
    let mut names: Vec<(&str, Span)> = Vec::new();
    for parameter in parameters.iter_non_variadic_params() {
        let (name, span) = (parameter.parameter.name.as_str(), span_of(&parameter.parameter));
        if let Some((_, first)) = names.iter().find(|(known, _)| *known == name) {
            let message = format!("two parameters are called `{name}`");
            return Err(Diagnostic::at(codes::SYNTAX, span, message)
                .note(*first, "the first")
                .hint("give every parameter a name of its own"));
        }
        names.push((name, span));
    }
    let params = parameters.iter_non_variadic_params().map(|parameter| {
        let annotation = parameter.parameter.annotation.as_deref().filter(|expr| !is_open(expr));
        let annotation = annotation.map(param_type).transpose()?;
        let name = parameter.parameter.name.as_str().to_owned();
        Ok(SigParam { name, annotation, span: span_of(&parameter.parameter) })
    });
    let params = params.collect::<Result<Vec<SigParam>, Diagnostic>>()?;
    let returns = function.returns.as_deref().filter(|expr| !is_open(expr));
    let returns = returns.map(return_type).transpose()?;
    Ok(Signature { params, returns })
}

/// Refuses text whose syntax tree could be deeper than [`MAX_DEPTH`] operators, before a parser
/// recurses on it; a bound of its depth.
pub(crate) fn check_nesting(text: &str) -> Result<usize, Diagnostic> {
    if let Some(depth) = nesting(text) {
        return Ok(depth);
    }
    // The first line up to whose end the text nests too deeply.
    let ends: Vec<usize> = text
        .split_inclusive('\n')
        .scan(0, |end, line| {
            *end += line.len();
            Some(*end)
        })
        .collect();
    let line = ends.partition_point(|end| nesting(&text[..*end]).is_some());
    let start = if line == 0 { 0 } else { ends[line - 1] };
    let shown = &text[start..];
    let start = start + shown.len() - shown.trim_start().len();
    let span = line_end(text, Span { start: start as u32, end: start as u32 + 1 });
    Err(Diagnostic::at(codes::TOO_LARGE, span, "the program nests too deeply").hint(format!(
        "at most {MAX_DEPTH} operators in one expression and {MAX_INDENTS} levels of indentation; \
         split the expression over several statements"
    )))
}

/// Bounds the depth from tokens: an operator, an opening bracket or a postfix makes the tree one
/// deeper at most, until a comma or the end of the bracket or line. None if it is too deep.
fn nesting(text: &str) -> Option<usize> {
    let mut tokens = lexer::lex(text, Mode::Module);
    let mut indents = 0_usize;
    let mut brackets: Vec<usize> = Vec::new();
    let mut depth = 0_usize;
    let mut deepest = 0_usize;
    loop {
        match tokens.next_token() {
            TokenKind::EndOfFile => return Some(deepest),
            TokenKind::Indent => indents += 1,
            TokenKind::Dedent => indents = indents.saturating_sub(1),
            TokenKind::Newline | TokenKind::Semi => {
                depth = 0;
                brackets.clear();
            }
            TokenKind::Comma => depth = brackets.last().map_or(0, |depth| *depth),
            TokenKind::Lpar | TokenKind::Lsqb | TokenKind::Lbrace => {
                depth += 1;
                brackets.push(depth);
            }
            TokenKind::Rpar | TokenKind::Rsqb | TokenKind::Rbrace => {
                depth = brackets.pop().unwrap_or(depth);
            }
            TokenKind::Name
            | TokenKind::Int
            | TokenKind::Float
            | TokenKind::String
            | TokenKind::Comment
            | TokenKind::NonLogicalNewline
            | TokenKind::And
            | TokenKind::Or => {}
            // Everything else counts as an operator; a few tokens too many do no harm.
            _ => depth += 1,
        }
        if depth > MAX_DEPTH || brackets.len() > MAX_DEPTH || indents > MAX_INDENTS {
            return None;
        }
        deepest = deepest.max(depth.max(brackets.len()) + indents);
    }
}
