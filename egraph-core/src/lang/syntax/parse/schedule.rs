//! Schedules and `run`.

use super::super::ast::{Command, Fact, Run, Schedule};
use super::super::diagnostic::{Diagnostic, codes};
use super::super::expr::{Literal, Name};
use super::super::reader::{Kind, Members, Sexp};
use super::super::span::Span;
use super::form::{Form, is_option, options};
use super::{MAX_NESTING, Parsed, call, count, fact, name};

/// `(run n)`, `(run r n :until …)`.
pub(super) fn run(form: Form<'_, '_>) -> Parsed<Command> {
    const USAGE: &str = "(run <rule set>? <number> :until <fact>*)";
    let ([first], mut rest) = form.at_least(USAGE)?;
    let number = |sexp: Sexp<'_, '_>| matches!(sexp.kind(), Kind::Literal(Literal::Int(_)));
    let mut ruleset = None;
    let mut limit = first;
    let mut ahead = rest;
    if let Some(second) = ahead.next().filter(|second| number(*second)) {
        ruleset = Some(name(first, "the rule set")?);
        limit = second;
        rest = ahead;
    } else if !number(first) {
        return Err(form.misuse(USAGE));
    }
    let limit = count(limit, "the number of passes")?;
    let until = until(rest)?;
    Ok(Command::Run(Run { span: form.span, ruleset, until }, limit))
}

fn until(rest: Members<'_, '_>) -> Parsed<Option<Vec<Fact>>> {
    let mut found = None;
    for option in options(rest)? {
        if option.key != ":until" || found.is_some() {
            return Err(option.unknown("run", ":until, once"));
        }
        let facts: Parsed<Vec<Fact>> = option.values.into_iter().map(fact).collect();
        found = Some(facts?);
    }
    Ok(found)
}

pub(super) fn schedules(sexps: Members<'_, '_>, depth: usize) -> Parsed<Vec<Schedule>> {
    sexps.map(|sexp| schedule(sexp, depth)).collect()
}

/// The error that something is nested more deeply than [`MAX_NESTING`].
pub(super) fn too_deep(span: Span) -> Diagnostic {
    let message = format!("more than {MAX_NESTING} levels of nesting");
    Diagnostic::new(codes::TOO_LARGE, span, message)
}

fn schedule(sexp: Sexp<'_, '_>, depth: usize) -> Parsed<Schedule> {
    let span = sexp.span();
    if depth > MAX_NESTING {
        return Err(too_deep(span));
    }
    if let Some(ruleset) = sexp.word() {
        let ruleset = Some(Name::new(ruleset, span));
        return Ok(Schedule::Run(Run { span, ruleset, until: None }));
    }
    let (head, arguments) = call(sexp, "a schedule")?;
    let form = Form { span, arguments };
    Ok(match head.text {
        "saturate" => Schedule::Saturate(span, schedules(arguments, depth + 1)?),
        "seq" => Schedule::Seq(span, schedules(arguments, depth + 1)?),
        "repeat" => {
            let ([limit], rest) = form.at_least("(repeat <number> <schedule>*)")?;
            let limit = count(limit, "the number of repetitions")?;
            Schedule::Repeat(span, limit, schedules(rest, depth + 1)?)
        }
        "run" => {
            let mut rest = arguments;
            let ruleset = match arguments.clone().next() {
                Some(first) if !is_option(first) => {
                    rest.next();
                    Some(name(first, "the rule set")?)
                }
                _ => None,
            };
            Schedule::Run(Run { span, ruleset, until: until(rest)? })
        }
        _ => {
            let message = format!("`{}` is no schedule", head.text);
            return Err(Diagnostic::new(codes::USAGE, head.span, message)
                .hint("schedules are saturate, seq, repeat, run, and names of rule sets"));
        }
    })
}
