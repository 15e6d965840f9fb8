//! From lists to commands.
//!
//! Each top-level list is parsed on its own: a mistake in one does not hide those in others.

mod command;
mod declare;
mod form;
mod rule;
mod schedule;
#[cfg(test)]
mod tests;

use form::Form;

use super::ast::{Action, Change, Command, Fact};
use super::diagnostic::{Diagnostic, Diagnostics, codes};
use super::expr::{Expr, ExprKind, ExprNode, Literal, Name};
use super::reader::{Kind, Members, Sexp, read};
use super::span::{FileId, Span};
use smallvec::SmallVec;

/// Levels of schedules inside schedules, and of `fail` inside `fail`, that are accepted.
pub const MAX_NESTING: usize = 200;

type Parsed<T> = Result<T, Diagnostic>;

/// Parses a program. The spans of the result count in `text` and name `file`.
///
/// # Errors
/// One diagnostic for each command that is malformed, or one if the text is not made of balanced
/// lists.
pub fn parse(file: FileId, text: &str) -> Result<Vec<Command>, Diagnostics> {
    let tree = read(file, text)?;
    let mut commands = Vec::with_capacity(tree.roots().count());
    let mut errors = Vec::new();
    for sexp in tree.roots() {
        match command::command(sexp, 0) {
            Ok(command) => commands.push(command),
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() { Ok(commands) } else { Err(Diagnostics(errors)) }
}

/// Parses one expression.
///
/// # Errors
/// The text is not exactly one expression.
pub fn parse_expr(file: FileId, text: &str) -> Result<Expr, Diagnostics> {
    single(file, text, expr)
}

/// Parses one fact.
///
/// # Errors
/// The text is not exactly one fact.
pub fn parse_fact(file: FileId, text: &str) -> Result<Fact, Diagnostics> {
    single(file, text, fact)
}

fn single<T>(
    file: FileId,
    text: &str,
    parse: impl Fn(Sexp<'_, '_>) -> Parsed<T>,
) -> Result<T, Diagnostics> {
    let tree = read(file, text)?;
    let mut roots = tree.roots();
    let at = Span::new(file, 0, text.len());
    let first = roots.next();
    let first = first.ok_or_else(|| Diagnostic::new(codes::USAGE, at, "the text is empty"))?;
    if let Some(second) = roots.next() {
        let message = "only one expression is expected";
        return Err(Diagnostic::new(codes::USAGE, second.span(), message).into());
    }
    Ok(parse(first)?)
}

/// The name that a word is; `what` says in the error what it should have been.
fn name(sexp: Sexp<'_, '_>, what: &str) -> Parsed<Name> {
    let word = sexp.word().ok_or_else(|| {
        let kind = if what.starts_with("the name") { "" } else { ", a name" };
        Diagnostic::new(codes::USAGE, sexp.span(), format!("expected {what}{kind}"))
    })?;
    Ok(Name::new(word, sexp.span()))
}

fn names(sexps: Members<'_, '_>, what: &str) -> Parsed<Vec<Name>> {
    sexps.map(|sexp| name(sexp, what)).collect()
}

fn list<'t, 'a>(sexp: Sexp<'t, 'a>, what: &str) -> Parsed<Members<'t, 'a>> {
    if sexp.is_list() {
        return Ok(sexp.members());
    }
    let message = format!("expected {what}, a list in parentheses");
    Err(Diagnostic::new(codes::USAGE, sexp.span(), message))
}

fn count(sexp: Sexp<'_, '_>, what: &str) -> Parsed<u64> {
    match sexp.kind() {
        Kind::Literal(Literal::Int(number)) if *number >= 0 => Ok(*number as u64),
        _ => {
            let message = format!("expected {what}, a whole number from 0");
            Err(Diagnostic::new(codes::USAGE, sexp.span(), message))
        }
    }
}

fn string(sexp: Sexp<'_, '_>, what: &str) -> Parsed<Box<str>> {
    if let Kind::Literal(Literal::String(text)) = sexp.kind() {
        return Ok(text.clone());
    }
    let message = format!("expected {what}, text in quotes");
    Err(Diagnostic::new(codes::USAGE, sexp.span(), message))
}

/// The name that a list starts with.
#[derive(Clone, Copy)]
struct Head<'a> {
    text: &'a str,
    span: Span,
}

impl From<Head<'_>> for Name {
    fn from(head: Head<'_>) -> Name {
        Name::new(head.text, head.span)
    }
}

/// Head and arguments of a list that starts with a name.
fn call<'t, 'a>(sexp: Sexp<'t, 'a>, what: &str) -> Parsed<(Head<'a>, Members<'t, 'a>)> {
    let mut members = list(sexp, what)?;
    let Some(head) = members.next() else {
        return Err(Diagnostic::new(codes::USAGE, sexp.span(), format!("expected {what}")));
    };
    let Some(text) = head.word() else {
        let message = format!("expected the head of {what}, a name");
        return Err(Diagnostic::new(codes::USAGE, head.span(), message));
    };
    Ok((Head { text, span: head.span() }, members))
}

/// An expression, without recursion.
fn expr(sexp: Sexp<'_, '_>) -> Parsed<Expr> {
    let mut nodes = Vec::with_capacity(sexp.size());
    // Open calls: the list, its head, its members to come, and the position of its first node.
    let mut open: SmallVec<[(Sexp<'_, '_>, Head<'_>, Members<'_, '_>, usize); 4]> = SmallVec::new();
    let mut next = Some(sexp);
    loop {
        if let Some(sexp) = next {
            let kind = match sexp.kind() {
                Kind::Literal(literal) => Some(ExprKind::Literal(literal.clone())),
                Kind::Word(word) => Some(ExprKind::Var((*word).into())),
                Kind::List if sexp.members().next().is_none() => {
                    Some(ExprKind::Literal(Literal::Unit))
                }
                Kind::List => {
                    let (head, members) = call(sexp, "a call")?;
                    open.push((sexp, head, members, nodes.len()));
                    None
                }
            };
            if let Some(kind) = kind {
                nodes.push(ExprNode { span: sexp.span(), size: 1, kind });
            }
        }
        let Some((_, _, members, _)) = open.last_mut() else { break };
        next = members.next();
        if next.is_none()
            && let Some((list, head, _, first)) = open.pop()
        {
            let size = (nodes.len() - first + 1) as u32;
            let kind = ExprKind::Call(head.into());
            nodes.push(ExprNode { span: list.span(), size, kind });
        }
    }
    Ok(Expr::from_nodes(nodes))
}

fn exprs(sexps: Members<'_, '_>) -> Parsed<Vec<Expr>> {
    sexps.map(expr).collect()
}

fn fact(sexp: Sexp<'_, '_>) -> Parsed<Fact> {
    let (head, arguments) = call(sexp, "a fact")?;
    if head.text != "=" {
        return Ok(Fact::Expr(expr(sexp)?));
    }
    let [left, right] = form::exactly(arguments, sexp.span(), "(= <expr> <expr>)")?;
    Ok(Fact::Eq(sexp.span(), expr(left)?, expr(right)?))
}

fn facts(sexps: Members<'_, '_>) -> Parsed<Vec<Fact>> {
    sexps.map(fact).collect()
}

fn action(sexp: Sexp<'_, '_>) -> Parsed<Action> {
    let (head, arguments) = call(sexp, "an action")?;
    let span = sexp.span();
    let form = Form { span, arguments };
    Ok(match head.text {
        "let" => {
            let [variable, value] = form.exactly("(let <name> <expr>)")?;
            Action::Let(span, name(variable, "the name to bind")?, expr(value)?)
        }
        "set" => {
            let [row, value] = form.exactly("(set (<function> <expr>*) <expr>)")?;
            let (function, arguments) = call(row, "the row to set")?;
            Action::Set(span, function.into(), exprs(arguments)?, expr(value)?)
        }
        "delete" | "subsume" => {
            let (change, usage) = match head.text {
                "delete" => (Change::Delete, "(delete (<function> <expr>*))"),
                _ => (Change::Subsume, "(subsume (<function> <expr>*))"),
            };
            let [row] = form.exactly(usage)?;
            let (function, arguments) = call(row, "the row to change")?;
            Action::Change(span, change, function.into(), exprs(arguments)?)
        }
        "union" => {
            let [left, right] = form.exactly("(union <expr> <expr>)")?;
            Action::Union(span, expr(left)?, expr(right)?)
        }
        "panic" => {
            let [message] = form.exactly("(panic <string>)")?;
            Action::Panic(span, string(message, "the message")?)
        }
        _ => Action::Expr(expr(sexp)?),
    })
}
