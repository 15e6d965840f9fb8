//! Commands.

use super::super::ast::{Command, PrintMode};
use super::super::diagnostic::{Diagnostic, codes};
use super::super::expr::Literal;
use super::super::reader::{Kind, Sexp};
use super::form::{Form, options};
use super::schedule::too_deep;
use super::{
    MAX_NESTING, Parsed, action, call, count, declare, expr, exprs, facts, name, names, rule,
    schedule, string,
};

pub(super) fn command(sexp: Sexp<'_, '_>, depth: usize) -> Parsed<Command> {
    let (head, arguments) = call(sexp, "a command")?;
    let span = sexp.span();
    let form = Form { span, arguments };
    if depth > MAX_NESTING {
        return Err(too_deep(span));
    }
    match head.text {
        "sort" => declare::sort(form),
        "datatype" => declare::datatype(form),
        "datatype*" => declare::datatypes(form),
        "function" => declare::function(form),
        "constructor" => declare::constructor(form),
        "relation" => declare::relation(form),
        "rule" => rule::rule(form),
        "rewrite" => rule::rewrite(form, false),
        "birewrite" => rule::rewrite(form, true),
        "ruleset" => {
            let [ruleset] = form.exactly("(ruleset <name>)")?;
            Ok(Command::Ruleset(span, name(ruleset, "the name of the rule set")?))
        }
        "unstable-combined-ruleset" => {
            let usage = "(unstable-combined-ruleset <name> <rule set>*)";
            let ([combined], parts) = form.at_least(usage)?;
            let combined = name(combined, "the name of the rule set")?;
            Ok(Command::CombinedRuleset(span, combined, names(parts, "a rule set")?))
        }
        "run" => schedule::run(form),
        "run-schedule" => Ok(Command::RunSchedule(span, schedule::schedules(arguments, depth)?)),
        "check" => Ok(Command::Check(span, facts(arguments)?)),
        "prove" => Ok(Command::Prove(span, facts(arguments)?)),
        "prove-exists" => {
            let [constructor] = form.exactly("(prove-exists <constructor>)")?;
            Ok(Command::ProveExists(span, name(constructor, "the constructor")?))
        }
        "fail" => {
            let [inner] = form.exactly("(fail <command>)")?;
            Ok(Command::Fail(span, Box::new(command(inner, depth + 1)?)))
        }
        "extract" => extract(form),
        "push" | "pop" => {
            let levels = form.optional(&format!("({} <number>?)", head.text))?;
            let levels = levels.map(|sexp| count(sexp, "the number of levels")).transpose()?;
            let levels = levels.unwrap_or(1);
            let push = head.text == "push";
            Ok(if push { Command::Push(span, levels) } else { Command::Pop(span, levels) })
        }
        "print-function" => print_function(form),
        "print-size" => {
            let function = form.optional("(print-size <function>?)")?;
            let function = function.map(|sexp| name(sexp, "the function")).transpose()?;
            Ok(Command::PrintSize(span, function))
        }
        "print-stats" => print_stats(form),
        "input" => {
            let [function, file] = form.exactly("(input <function> \"<file>\")")?;
            let function = name(function, "the function")?;
            Ok(Command::Input(span, function, string(file, "the file")?))
        }
        "output" => {
            let ([file], rest) = form.at_least("(output \"<file>\" <expr>*)")?;
            Ok(Command::Output(span, string(file, "the file")?, exprs(rest)?))
        }
        "include" => {
            let [file] = form.exactly("(include \"<file>\")")?;
            Ok(Command::Include(span, string(file, "the file")?))
        }
        _ => Ok(Command::Action(action(sexp)?)),
    }
}

fn extract(form: Form<'_, '_>) -> Parsed<Command> {
    const USAGE: &str = "(extract <expr> <number of variants>?)";
    let ([term], mut rest) = form.at_least(USAGE)?;
    let variants = rest.next().map(expr).transpose()?;
    match rest.next() {
        None => Ok(Command::Extract(form.span, expr(term)?, variants)),
        Some(_) => Err(form.misuse(USAGE)),
    }
}

fn print_stats(form: Form<'_, '_>) -> Parsed<Command> {
    let mut file = None;
    for option in options(form.arguments)? {
        match option.key {
            ":file" => file = Some(string(option.value()?, "the file")?),
            _ => return Err(option.unknown("print-stats", ":file")),
        }
    }
    Ok(Command::PrintStats(form.span, file))
}

fn print_function(form: Form<'_, '_>) -> Parsed<Command> {
    const USAGE: &str = "(print-function <function> <number of rows>? <option>*)";
    let ([function], mut rest) = form.at_least(USAGE)?;
    let mut rows = None;
    let mut ahead = rest;
    if let Some(first) = ahead.next()
        && matches!(first.kind(), Kind::Literal(Literal::Int(_)))
    {
        rows = Some(count(first, "the number of rows")?);
        rest = ahead;
    }
    let mut file = None;
    let mut mode = PrintMode::Default;
    for option in options(rest)? {
        match option.key {
            ":file" => file = Some(string(option.value()?, "the file")?),
            ":mode" => {
                let value = option.value()?;
                mode = match value.word() {
                    Some("default") => PrintMode::Default,
                    Some("csv") => PrintMode::Csv,
                    _ => {
                        let message = "the modes are `default` and `csv`";
                        return Err(Diagnostic::new(codes::OPTION, value.span(), message));
                    }
                }
            }
            _ => return Err(option.unknown("print-function", ":file, :mode")),
        }
    }
    let function = name(function, "the function")?;
    Ok(Command::PrintFunction(form.span, function, rows, file, mode))
}
