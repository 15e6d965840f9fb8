//! The shape of forms: how many arguments, which options.

use smallvec::SmallVec;

use super::super::diagnostic::{Diagnostic, codes};
use super::super::reader::{Members, Sexp};
use super::super::span::Span;
use super::Parsed;

/// A list whose head has been read.
#[derive(Clone, Copy)]
pub(super) struct Form<'t, 'a> {
    pub(super) span: Span,
    pub(super) arguments: Members<'t, 'a>,
}

/// An option and the values that follow it.
pub(super) struct Choice<'t, 'a> {
    pub(super) key: &'a str,
    pub(super) span: Span,
    pub(super) values: Vec<Sexp<'t, 'a>>,
}

/// The `N` members there are, or an error that shows the usage.
pub(super) fn exactly<'t, 'a, const N: usize>(
    arguments: Members<'t, 'a>,
    span: Span,
    usage: &str,
) -> Parsed<[Sexp<'t, 'a>; N]> {
    Form { span, arguments }.exactly(usage)
}

impl<'t, 'a> Form<'t, 'a> {
    /// The `N` arguments there are, or an error that shows the usage.
    pub(super) fn exactly<const N: usize>(self, usage: &str) -> Parsed<[Sexp<'t, 'a>; N]> {
        let (arguments, mut more) = self.at_least(usage)?;
        if more.next().is_some() { Err(self.misuse(usage)) } else { Ok(arguments) }
    }

    /// The first `N` arguments, and the rest.
    pub(super) fn at_least<const N: usize>(
        mut self,
        usage: &str,
    ) -> Parsed<([Sexp<'t, 'a>; N], Members<'t, 'a>)> {
        let first: SmallVec<[_; 4]> = self.arguments.by_ref().take(N).collect();
        if first.len() < N {
            return Err(self.misuse(usage));
        }
        Ok((std::array::from_fn(|at| first[at]), self.arguments))
    }

    /// At most one argument.
    pub(super) fn optional(mut self, usage: &str) -> Parsed<Option<Sexp<'t, 'a>>> {
        let first = self.arguments.next();
        match self.arguments.next() {
            None => Ok(first),
            Some(_) => Err(self.misuse(usage)),
        }
    }

    /// The error that the form has another shape.
    pub(super) fn misuse(&self, usage: &str) -> Diagnostic {
        let head = usage.trim_start_matches('(').split([' ', ')']).next().unwrap_or_default();
        Diagnostic::new(codes::USAGE, self.span, format!("malformed `{head}`"))
            .hint(format!("usage: {usage}"))
    }
}

/// Whether the node is a word that starts an option.
pub(super) fn is_option(sexp: Sexp<'_, '_>) -> bool {
    sexp.word().is_some_and(|word| word.starts_with(':'))
}

/// Splits `:key value…` lists.
pub(super) fn options<'t, 'a>(
    rest: impl Iterator<Item = Sexp<'t, 'a>>,
) -> Parsed<Vec<Choice<'t, 'a>>> {
    let mut found: Vec<Choice<'t, 'a>> = Vec::new();
    for sexp in rest {
        match (sexp.word(), found.last_mut()) {
            (Some(key), _) if key.starts_with(':') => {
                found.push(Choice { key, span: sexp.span(), values: Vec::new() });
            }
            (_, Some(choice)) => choice.values.push(sexp),
            (_, None) => {
                let message = "expected an option, a name that starts with `:`";
                return Err(Diagnostic::new(codes::USAGE, sexp.span(), message));
            }
        }
    }
    Ok(found)
}

impl<'t, 'a> Choice<'t, 'a> {
    /// The option's only value.
    pub(super) fn value(&self) -> Parsed<Sexp<'t, 'a>> {
        if let [value] = self.values[..] {
            return Ok(value);
        }
        let message = format!("`{}` takes one value", self.key);
        Err(Diagnostic::new(codes::USAGE, self.span, message))
    }

    /// Nothing, if the option has no value.
    pub(super) fn flag(&self) -> Parsed<()> {
        match self.values.first() {
            None => Ok(()),
            Some(value) => {
                let message = format!("`{}` takes no value", self.key);
                Err(Diagnostic::new(codes::USAGE, value.span(), message))
            }
        }
    }

    /// The error that the form has no such option.
    pub(super) fn unknown(&self, form: &str, known: &str) -> Diagnostic {
        let message = format!("`{form}` has no option `{}`", self.key);
        Diagnostic::new(codes::OPTION, self.span, message).hint(format!("its options: {known}"))
    }

    /// The error that the option contradicts one before it.
    pub(super) fn conflict(&self, other: &str) -> Diagnostic {
        let message = format!("`{}` and {other} exclude each other", self.key);
        Diagnostic::new(codes::CONFLICT, self.span, message)
    }
}
