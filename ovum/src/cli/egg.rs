//! `ovum egg`: programs in the egglog language.

use super::Console;
use super::args::{seconds, threads};
use super::extract_args::megabytes;
use crate::error::{Error, Result, codes};
use crate::json::Json;
use clap::Args;
use egraph_core::egglog::exec::{Options, Output, Pool, Session};
use egraph_core::egglog::syntax::{Diagnostic, codes as language};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Run programs in the egglog language.
///
/// Every file is a program of its own, with an empty database; what one declares the next does not
/// know. Answers go to standard output. The exit code is 1 if a program is wrong, a check of it
/// does not hold, or a limit is reached; the other programs run all the same.
#[derive(Args, Debug)]
pub(crate) struct EggArgs {
    /// .egg files; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Stop each program after this many seconds
    #[arg(long, value_name = "S", value_parser = seconds)]
    pub(crate) time_limit: Option<Duration>,
    /// Stop before the database has more rows than this
    #[arg(long, value_name = "N")]
    pub(crate) node_limit: Option<usize>,
    /// Stop when tables and matches take more than this many MiB
    #[arg(long, value_name = "MB", value_parser = megabytes)]
    pub(crate) memory_limit: Option<u64>,
    /// Threads that search for matches; the answers do not depend on it
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = threads)]
    pub(crate) threads: usize,
    /// Where programs read and write files; without it the working folder
    #[arg(long, value_name = "DIR")]
    pub(crate) directory: Option<PathBuf>,
    /// Keep a journal, from which `prove` and `prove-exists` print
    #[arg(long)]
    pub(crate) proofs: bool,
    /// Say on standard error what running the rules took
    #[arg(long)]
    pub(crate) stats: bool,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// Carries out the command and gives its exit code.
pub(crate) fn egg(args: &EggArgs, console: &mut Console<'_>) -> Result<i32> {
    if let Some(directory) = args.directory.as_ref().filter(|directory| !directory.is_dir()) {
        return Err(Error::usage(format!("--directory: `{}` is no folder", directory.display())));
    }
    let options = options(args);
    let mut programs = Vec::new();
    let mut failed = false;
    for file in &args.files {
        if !console.json {
            programs.clear();
        }
        let program = Program::run(file, options.clone(), args.proofs);
        failed |= program.failure.is_some();
        if !console.json {
            program.print(args.stats, console);
        }
        programs.push(program);
    }
    if console.json {
        let json = summary(&programs);
        console.json(json);
        for program in &programs {
            program.complain(console);
        }
    }
    // The process ends: its memory goes at once, not piece by piece.
    std::mem::forget(programs);
    Ok(i32::from(failed))
}

fn options(args: &EggArgs) -> Options {
    let defaults = Options::default();
    Options {
        nodes: args.node_limit.unwrap_or(defaults.nodes),
        time: args.time_limit,
        bytes: args.memory_limit.map(|bytes| usize::try_from(bytes).unwrap_or(usize::MAX)),
        directory: args.directory.clone(),
        pool: (args.threads > 1).then(|| Pool::new(args.threads)),
    }
}

/// A program that was run.
struct Program {
    name: String,
    session: Session,
    answers: Vec<Output>,
    failure: Option<Failure>,
}

enum Failure {
    /// The file cannot be read.
    Unreadable(Error),
    /// The program is wrong, or something that it does failed.
    Language(Diagnostic),
}

impl Program {
    fn run(file: &Path, options: Options, proofs: bool) -> Program {
        let (name, text) = read(file);
        let mut program =
            Program { name, session: Session::new(options), answers: Vec::new(), failure: None };
        program.session.set_explain(proofs);
        let done = match text {
            Err(error) => Err(Failure::Unreadable(error)),
            Ok(text) => program
                .session
                .run(&program.name, &text, &mut program.answers)
                .map_err(Failure::Language),
        };
        program.failure = done.err();
        program
    }

    fn print(&self, stats: bool, console: &mut Console<'_>) {
        console.lines(&self.answers);
        if stats {
            console.say(&self.stats());
        }
        self.complain(console);
    }

    fn stats(&self) -> String {
        format!(
            "{}: {} rows, {} classes, {} bytes\n{}",
            self.name,
            self.session.rows(),
            self.session.classes(),
            self.session.bytes(),
            self.session.report()
        )
    }

    fn complain(&self, console: &mut Console<'_>) {
        let text = match &self.failure {
            None => return,
            Some(Failure::Unreadable(error)) => error.render(console.style),
            Some(Failure::Language(diagnostic)) => self.session.render(diagnostic) + "\n",
        };
        // There is nobody to tell if that fails.
        let _ = console.err.write_all(text.as_bytes());
    }

    fn stop_reason(&self) -> &'static str {
        match &self.failure {
            None => "finished",
            Some(Failure::Language(diagnostic)) if diagnostic.code == language::LIMIT => "limit",
            Some(_) => "error",
        }
    }

    fn error(&self) -> Json {
        match &self.failure {
            None => Json::Null,
            Some(Failure::Unreadable(error)) => error.to_json(),
            Some(Failure::Language(diagnostic)) => {
                let (file, line, column) = self.session.position(diagnostic);
                Json::object([
                    ("code", Json::Str(diagnostic.code.to_owned())),
                    ("message", Json::Str(diagnostic.message.clone())),
                    ("file", Json::Str(file.to_owned())),
                    ("line", Json::count(line)),
                    ("column", Json::count(column)),
                    ("hint", Json::optional(diagnostic.hint.as_deref())),
                ])
            }
        }
    }

    fn report(&self) -> Json {
        let report = self.session.report();
        let totals = report.totals;
        let milliseconds = |time: Duration| Json::Float(time.as_secs_f64() * 1e3);
        let fired = |(name, rule): (&String, &_)| {
            let rule: &egraph_core::egglog::exec::RuleReport = rule;
            (name.clone(), Json::count(rule.committed))
        };
        let phases = Json::object([
            ("search", milliseconds(totals.search)),
            ("apply", milliseconds(totals.apply)),
            ("rebuild", milliseconds(totals.rebuild)),
        ]);
        Json::object([
            ("phases", phases),
            ("iterations", Json::count(totals.iterations)),
            ("e_nodes", Json::count(self.session.rows())),
            ("e_classes", Json::count(self.session.classes())),
            ("stop_reason", Json::Str(self.stop_reason().to_owned())),
            ("rules_fired", Json::Object(report.rules.iter().map(fired).collect())),
        ])
    }

    fn to_json(&self) -> Json {
        let mut json = Json::object([
            ("answers", Json::Array(self.answers.iter().map(answer).collect())),
            ("report", self.report()),
        ]);
        if self.failure.is_some() {
            json.push("error", self.error());
        }
        json
    }
}

/// One program's answers and report; of several programs, a list of them with their names.
fn summary(programs: &[Program]) -> Json {
    if let [program] = programs {
        return program.to_json();
    }
    let named = programs.iter().map(|program| {
        let mut json = Json::object([("file", Json::Str(program.name.clone()))]);
        if let Json::Object(pairs) = program.to_json() {
            for (key, value) in pairs {
                json.push(&key, value);
            }
        }
        json
    });
    Json::object([("programs", Json::Array(named.collect()))])
}

/// An answer with its kind: what a command printed, in parts.
fn answer(answer: &Output) -> Json {
    let text = |item: &dyn std::fmt::Display| Json::Str(item.to_string());
    let (kind, rest) = match answer {
        Output::Extracted { cost, term } => {
            let cost = Json::Int(i64::try_from(*cost).unwrap_or(i64::MAX));
            ("extract", vec![("term", text(term)), ("cost", cost)])
        }
        Output::Variants(terms) => {
            let terms = terms.iter().map(|term| text(term)).collect();
            ("variants", vec![("terms", Json::Array(terms))])
        }
        Output::Size(size) => ("size", vec![("size", Json::count(*size))]),
        Output::Sizes(sizes) => {
            let sizes = sizes.iter().map(|(name, size)| (name.clone(), Json::count(*size)));
            ("sizes", vec![("sizes", Json::Object(sizes.collect()))])
        }
        Output::Rows(rows) => {
            let rows = rows.iter().map(|(term, value)| {
                let value = value.as_ref().map_or(Json::Null, |value| text(value));
                Json::object([("row", text(term)), ("value", value)])
            });
            ("rows", vec![("rows", Json::Array(rows.collect()))])
        }
        Output::Text(line) => ("text", vec![("text", text(line))]),
    };
    let mut json = Json::object([("kind", Json::Str(kind.to_owned()))]);
    for (key, value) in rest {
        json.push(key, value);
    }
    json
}

/// The name and text of a program.
fn read(file: &Path) -> (String, Result<String>) {
    let (name, text) = if file == Path::new("-") {
        let mut text = String::new();
        let read = std::io::stdin().lock().read_to_string(&mut text);
        ("standard input".to_owned(), read.map(|_| text))
    } else {
        (file.display().to_string(), std::fs::read_to_string(file))
    };
    let text =
        text.map_err(|error| Error::input(codes::READ, format!("cannot read `{name}`: {error}")));
    (name, text)
}
