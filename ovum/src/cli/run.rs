//! `ovum run`: compile, call, print the result.

use super::Console;
use super::args::RunArgs;
use crate::answer::{PyValue, answer_json};
use crate::bind;
use crate::check::{self, Tolerance, Verdict};
use crate::error::{Error, Result, codes};
use crate::json::Json;
use crate::pipeline::{Pipeline, Program};
use crate::report::{Style, duration_text};
use crate::source::{Source, Text};
use frontend_py::ParamType;
use frontend_py::call::CallSpec;
use rvsdg::{Answer, Inputs, Raised};
use std::time::{Duration, Instant};

/// A call to make, as written and as read.
struct Request {
    written: String,
    call: CallSpec,
}

/// What a call gave.
struct Ran {
    program: Program,
    inputs: Inputs,
    answer: Answer,
    verdict: Option<Verdict>,
    time: Duration,
}

/// Carries out the command and gives its exit code.
pub(crate) fn run(args: &RunArgs, console: &mut Console<'_>) -> Result<i32> {
    let deadline = args.time_limit.map(|limit| Instant::now() + limit);
    let start = Instant::now();
    let source = Source::read(&args.file)?;
    let parse = start.elapsed();
    let requests = requests(args, &source)?;
    let single = requests.len() == 1;
    let mut code = 0;
    let mut objects = Vec::new();
    for request in &requests {
        let ran = match make_call(args, &source, request, parse, deadline) {
            Ok(ran) => ran,
            Err(error) if error.code() == codes::TIME_LIMIT => {
                return Err(time_limit(&error, args.time_limit));
            }
            Err(error) => return Err(error),
        };
        if console.json {
            let mut object = answer_json(&ran.program.function.shape, &ran.inputs, &ran.answer);
            if let Some(verdict) = ran.verdict {
                object.push("check", Json::Str(verdict_text(verdict).to_owned()));
            }
            object.push("report", ran.program.report.to_json());
            if !single {
                object.push("call", Json::Str(request.written.clone()));
            }
            objects.push(object);
        } else {
            code = code.max(show(console, &source, request, &ran, single));
        }
    }
    if console.json {
        match objects.pop() {
            Some(object) if single => console.json(object),
            last => {
                objects.extend(last);
                console.json(Json::object([("runs", Json::Array(objects))]));
            }
        }
    }
    Ok(code)
}

/// The calls that the command line or the file asks for.
fn requests(args: &RunArgs, source: &Source) -> Result<Vec<Request>> {
    if let Some(text) = &args.call {
        let call = bind::parse_call(text)?;
        return match &args.func {
            Some(func) if *func != call.function => {
                Err(Error::usage(format!("FUNC is `{func}`, but --call calls `{}`", call.function)))
            }
            _ => Ok(vec![Request { written: text.clone(), call }]),
        };
    }
    let mut requests = Vec::new();
    for directive in source.directives() {
        let call = frontend_py::call::parse_call(&directive.call).map_err(|diagnostic| {
            let place = format!("{}:{}", source.text().name(), directive.line);
            Error::source(&Text::new(&place, &directive.call), diagnostic.into())
        })?;
        if args.func.as_ref().is_none_or(|func| *func == call.function) {
            requests.push(Request { written: directive.call, call });
        }
    }
    if !requests.is_empty() {
        return Ok(requests);
    }
    let Some(func) = &args.func else {
        let message = format!("`{}` does not say what to run", source.text().name());
        return Err(Error::input(codes::NOTHING_TO_RUN, message).hint(nothing_hint(source)));
    };
    if source.arity(func)? == 0 {
        let written = format!("{func}()");
        let call = CallSpec { function: func.clone(), args: vec![], lists: vec![] };
        return Ok(vec![Request { written, call }]);
    }
    let message = format!("`{func}` has parameters, and there is no call of it");
    Err(Error::usage(message).hint(format!("give its arguments: --call \"{func}(…)\"")))
}

fn nothing_hint(source: &Source) -> String {
    let call = match source.functions().first() {
        Some(name) => format!("{name}(…)"),
        None => return "the file defines no function".to_owned(),
    };
    format!("use --call \"{call}\", or write a line `# ovum: run {call}` in the file")
}

/// Compiles and calls.
fn make_call(
    args: &RunArgs,
    source: &Source,
    request: &Request,
    parse: Duration,
    deadline: Option<Instant>,
) -> Result<Ran> {
    let pipeline = pipeline(args, deadline)?;
    let types = parameter_types(args, &request.call)?;
    let function = &request.call.function;
    let mut lowered = pipeline.lower(source, function, types.as_deref())?;
    lowered.report.phases.insert(0, ("parse", parse));
    let inputs = bind::bind(&request.call, &lowered.function)?;
    if let Some(options) = &pipeline.optimize {
        bind::check_domains(&lowered.function, &inputs, &options.domains)?;
    }
    let mut program = pipeline.finish(lowered)?;
    let start = Instant::now();
    if deadline.is_some_and(|deadline| start >= deadline) {
        return Err(Error::input(codes::TIME_LIMIT, "before the function ran"));
    }
    let answer = program.call(&inputs, deadline)?;
    let time = start.elapsed();
    if check::timed_out(&answer) {
        return Err(Error::input(codes::TIME_LIMIT, format!("while `{function}` ran")));
    }
    program.report.push_phase("run", time);
    let verdict = if args.check {
        let tolerance =
            Tolerance::of(pipeline.optimize.as_ref(), program.report.optimizer.as_ref());
        let original = &program.original;
        Some(check::against_interpreter(original, &inputs, &answer, tolerance, deadline)?)
    } else {
        None
    };
    Ok(Ran { program, inputs, answer, verdict, time })
}

fn pipeline(args: &RunArgs, deadline: Option<Instant>) -> Result<Pipeline> {
    let mut options = args.compile.optimizer_options()?;
    if let Some(deadline) = deadline {
        // Half of what is left, so that the function gets its turn.
        let left = deadline.saturating_duration_since(Instant::now());
        options.time_limit = options.time_limit.min(left / 2);
    }
    Ok(Pipeline {
        semantics: args.compile.semantics.into(),
        optimize: (!args.no_opt).then_some(options),
        backend: args.backend.into(),
        polls: deadline.is_some(),
    })
}

/// The parameter types for functions without annotations: those asked for, else the arguments'.
/// None if the number of arguments is wrong, which [`bind::bind`] reports better.
fn parameter_types(args: &RunArgs, call: &CallSpec) -> Result<Option<Vec<ParamType>>> {
    match &args.compile.types {
        Some(text) => bind::parse_types(text).map(Some),
        None => bind::argument_types(call).map(Some),
    }
}

/// Prints a call's result, or its exception, for a person. Returns the exit code.
fn show(
    console: &mut Console<'_>,
    source: &Source,
    request: &Request,
    ran: &Ran,
    single: bool,
) -> i32 {
    let Ran { program, inputs: _, answer, verdict, time } = ran;
    let style = console.style;
    let title = bind::signature_text(&program.original);
    console.say(&format!("{}\n", style.bold(&title)));
    console.say(&program.report.to_text(style));
    if let Some(verdict) = verdict {
        console.say(&format!("  check: {}\n", verdict_text(*verdict)));
    }
    match &answer.outcome {
        Ok(results) => {
            let value = PyValue::from_results(&program.function.shape, results);
            if single {
                console.data(&value.to_string());
            } else {
                console.data(&format!("{} = {value}", request.written));
            }
            0
        }
        Err(raised) => {
            let after = duration_text(*time);
            console.say(&format!("  raised after {after}\n"));
            console.say(&exception_text(source.text(), &request.written, raised, style));
            1
        }
    }
}

/// An exception as Python would say it, with the line it comes from.
fn exception_text(text: &Text, call: &str, raised: &Raised, style: Style) -> String {
    let name = style.error(raised.kind.name());
    let mut shown = if raised.message.is_empty() {
        format!("{name}\n")
    } else {
        format!("{name}: {}\n", raised.message)
    };
    if !raised.span.is_some() {
        shown += &format!("  in {call}\n");
        return shown;
    }
    let (line, column) = text.line_column(raised.span.start);
    let source = text.text().lines().nth(line as usize - 1).unwrap_or("");
    let room = source.chars().count().saturating_sub(column as usize - 1).max(1);
    let covered = text.text().get(raised.span.start as usize..raised.span.end as usize);
    let width = covered.map_or(1, |covered| covered.chars().count()).clamp(1, room);
    let number = line.to_string();
    let gutter = " ".repeat(number.len());
    let indent: String =
        source.chars().take(column as usize - 1).map(|c| if c == '\t' { c } else { ' ' }).collect();
    shown += &format!("{gutter}--> {}:{line}:{column}, in {call}\n", text.name());
    shown += &format!("{gutter} |\n{number} | {source}\n");
    shown += &format!("{gutter} | {indent}{}\n", style.error(&"^".repeat(width)));
    shown
}

fn verdict_text(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Same => "the interpreter agrees",
        Verdict::OutsideContract => {
            "the interpreter agrees, but an integer left the range of i64: CPython's answer differs"
        }
    }
}

fn time_limit(error: &Error, limit: Option<Duration>) -> Box<Error> {
    let seconds = limit.map_or(0.0, |limit| limit.as_secs_f64());
    let when = error.diagnostics.first().map_or("", |first| first.message.as_str());
    let message = format!("the time limit of {seconds} s was reached {when}");
    Error::input(codes::TIME_LIMIT, message)
}
