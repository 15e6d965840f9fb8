//! `ovum run`: compile, call, print the result.

use super::Console;
use super::args::RunArgs;
use crate::answer::{PyValue, answer_json};
use crate::bind;
use crate::check::{self, Tolerance, Verdict};
use crate::error::{Error, Result, codes};
use crate::json::Json;
use crate::pipeline::{Pipeline, Program};
use crate::report::{Report, Style};
use crate::source::{Source, Text};
use frontend_py::call::CallSpec;
use frontend_py::{Diagnostic, ParamType, RunDirective};
use indexmap::IndexMap;
use rvsdg::{Answer, Inputs, Raised, Span};
use std::rc::Rc;
use std::time::{Duration, Instant};

/// A call to make, as written and as read.
struct Request {
    written: String,
    call: CallSpec,
    /// Where the file asks for it.
    place: Option<Span>,
}

/// What a call gave.
struct Ran {
    program: Rc<Program>,
    inputs: Inputs,
    answer: Answer,
    verdict: Option<Verdict>,
    report: Report,
}

/// What is the same for every call of a run.
struct Session<'a> {
    args: &'a RunArgs,
    source: Source,
    parse: Duration,
    pipeline: Pipeline,
    deadline: Option<Instant>,
    /// Asserted ranges of parameters.
    domains: IndexMap<String, (f64, f64)>,
    /// What was compiled, by function and types of the arguments.
    programs: Vec<(String, Vec<ParamType>, Rc<Program>)>,
}

/// Carries out the command and gives its exit code.
pub(crate) fn run(args: &RunArgs, console: &mut Console<'_>) -> Result<i32> {
    let deadline = args.time_limit.map(|limit| Instant::now() + limit);
    let start = Instant::now();
    let source = Source::read(&args.file)?;
    let parse = start.elapsed();
    let requests = requests(args, &source)?;
    let domains = args.compile.optimizer_options()?.domains;
    let pipeline = pipeline(args, deadline)?;
    let mut session =
        Session { args, source, parse, pipeline, deadline, domains, programs: Vec::new() };
    let single = requests.len() == 1;
    let mut code = 0;
    let mut objects = Vec::new();
    for request in &requests {
        let ran = session.make_call(request).map_err(|error| {
            let error = time_limit(error, args.time_limit);
            error.at(session.source.text(), request.place)
        })?;
        if console.json {
            let mut object = answer_json(&ran.program.function.shape, &ran.inputs, &ran.answer);
            if let Some(verdict) = ran.verdict {
                object.push("check", Json::Str(verdict_text(verdict).to_owned()));
            }
            object.push("report", ran.report.to_json());
            if !single {
                object.push("call", Json::Str(request.written.clone()));
            }
            objects.push(object);
        } else {
            code = code.max(show(console, session.source.text(), request, &ran, single));
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
        let call = source.complete(&bind::parse_call(text)?)?;
        return match &args.func {
            Some(func) if *func != call.function => {
                Err(Error::usage(format!("FUNC is `{func}`, but --call calls `{}`", call.function)))
            }
            _ => Ok(vec![Request { written: text.clone(), call, place: None }]),
        };
    }
    let mut requests = Vec::new();
    for directive in source.directives() {
        let call = frontend_py::call::parse_call(&directive.call)
            .map_err(|diagnostic| directive_error(source.text(), &directive, diagnostic))?;
        let place = place(source.text(), &directive);
        let call = source.complete(&call).map_err(|error| error.at(source.text(), place))?;
        if args.func.as_ref().is_none_or(|func| *func == call.function) {
            requests.push(Request { written: directive.call, call, place });
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
        let call =
            CallSpec { function: func.clone(), args: vec![], keywords: vec![], lists: vec![] };
        return Ok(vec![Request { written, call, place: None }]);
    }
    let message = format!("`{func}` has parameters, and there is no call of it");
    Err(Error::usage(message).hint(format!("give its arguments: --call \"{func}(…)\"")))
}

/// Where a directive's call stands in the file.
fn place(text: &Text, directive: &RunDirective) -> Option<Span> {
    let start = text.find_in_line(directive.line, &directive.call)?;
    Some(Span { start, end: start + directive.call.len() as u32 })
}

/// A diagnostic about a directive's call as one about the file.
fn directive_error(text: &Text, directive: &RunDirective, mut diagnostic: Diagnostic) -> Error {
    let call = text.find_in_line(directive.line, &directive.call);
    diagnostic.span = match (diagnostic.span, call) {
        (Some(span), Some(at)) => Some(Span { start: span.start + at, end: span.end + at }),
        _ => None,
    };
    Error::source(text, diagnostic.into())
}

fn nothing_hint(source: &Source) -> String {
    let call = match source.functions().first() {
        Some(name) => format!("{name}(…)"),
        None => return "the file defines no function".to_owned(),
    };
    format!("use --call \"{call}\", or write a line `# ovum: run {call}` in the file")
}

impl Session<'_> {
    /// Compiles, unless that was done before, and calls.
    fn make_call(&mut self, request: &Request) -> Result<Ran> {
        let function = &request.call.function;
        let program = self.program(&request.call)?;
        let mut report = program.report.clone();
        let inputs = bind::bind(&request.call, &program.function)?;
        bind::check_domains(&program.function, &inputs, &self.domains)?;
        let start = Instant::now();
        if self.deadline.is_some_and(|deadline| start >= deadline) {
            return Err(Error::input(codes::TIME_LIMIT, format!("before `{function}` ran")));
        }
        let answer = program.call(&inputs, self.deadline)?;
        report.push_phase("run", start.elapsed());
        if check::timed_out(&answer) {
            return Err(Error::input(codes::TIME_LIMIT, format!("while `{function}` ran")));
        }
        let verdict = if self.args.check {
            let options = self.pipeline.optimize.as_ref();
            let tolerance = Tolerance::of(options, report.optimizer.as_ref());
            let original = &program.original;
            let deadline = self.deadline;
            Some(check::against_interpreter(original, &inputs, &answer, tolerance, deadline)?)
        } else {
            None
        };
        Ok(Ran { program, inputs, answer, verdict, report })
    }

    fn program(&mut self, call: &CallSpec) -> Result<Rc<Program>> {
        let arity = self.source.arity(&call.function)?;
        if arity != call.args.len() {
            return Err(bind::wrong_count(&call.function, arity, call.args.len()));
        }
        let types = match &self.args.compile.types {
            Some(text) => bind::parse_types(text)?,
            None => bind::argument_types(call)?,
        };
        let known =
            self.programs.iter().find(|(name, of, _)| *name == call.function && *of == types);
        if let Some((_, _, program)) = known {
            return Ok(Rc::clone(program));
        }
        let mut program = self.pipeline.compile(&self.source, &call.function, Some(&types))?;
        program.report.phases.insert(0, ("parse", self.parse));
        let program = Rc::new(program);
        self.programs.push((call.function.clone(), types, Rc::clone(&program)));
        Ok(program)
    }
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
        deadline,
    })
}

/// Prints a call's result, or its exception, for a person. Returns the exit code.
fn show(console: &mut Console<'_>, text: &Text, request: &Request, ran: &Ran, single: bool) -> i32 {
    let Ran { program, answer, verdict, report, .. } = ran;
    let style = console.style;
    let title = style.bold(&bind::signature_text(&program.original));
    if single {
        console.say(&format!("{title}\n{}", report.to_text(style)));
    } else {
        console.say(&format!("{title}  {}\n", style.dim(&report.summary())));
    }
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
            console.say(&exception_text(text, &request.written, raised, style));
            1
        }
    }
}

/// An exception as Python would say it, with the line it comes from.
fn exception_text(text: &Text, call: &str, raised: &Raised, style: Style) -> String {
    let name = style.error(raised.kind.name());
    let colon = if raised.message.is_empty() { "" } else { ": " };
    let title = format!("{name}{colon}{}", raised.message);
    if !raised.span.is_some() {
        return format!("{title}\n  in {call}\n");
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
    let marks = style.error(&"^".repeat(width));
    let file = text.name();
    format!(
        "{title}\n{gutter}--> {file}:{line}:{column}, in {call}\n{gutter} |\n\
         {number} | {source}\n{gutter} | {indent}{marks}\n"
    )
}

fn verdict_text(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Same => "the interpreter agrees",
        Verdict::OutsideContract => {
            "the interpreter agrees, but an integer left the range of i64: CPython's answer differs"
        }
    }
}

/// Says how long the limit was, if the error is that it was reached.
fn time_limit(error: Error, limit: Option<Duration>) -> Error {
    let (Some(limit), codes::TIME_LIMIT) = (limit, error.code()) else { return error };
    let when = error.message();
    let message = format!("the time limit of {} s was reached {when}", limit.as_secs_f64());
    Error::input(codes::TIME_LIMIT, message)
}
