//! The `ovum` command as a function.
//!
//! Data goes to `out`, everything else to `err`. Exit codes: 0 if all went well, 1 if the input is
//! at fault (a time limit reached included), 2 if the command was misused.

mod args;
mod bench;
mod bench_extract;
mod egg;
mod extract;
mod extract_args;
mod late;
mod opt;
mod output;
mod progress;
mod run;

use crate::error::Error;
use crate::json::Json;
use crate::report::Style;
use clap::Parser;
use late::Late;
use std::ffi::OsString;
use std::fmt::Display;
use std::io::{BufWriter, IsTerminal, Write};

/// Version of the machine-readable answers.
const JSON_VERSION: i64 = 1;

/// Where a command writes, and how.
pub(crate) struct Console<'a> {
    out: &'a mut dyn Write,
    err: &'a mut dyn Write,
    style: Style,
    json: bool,
    /// The first failure to write data.
    failure: Option<std::io::Error>,
}

/// Runs the command without colours; `args` begins with the program's name. Returns the exit code.
pub fn run(
    args: impl IntoIterator<Item = OsString>,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> i32 {
    run_styled(args, out, err, Style::default())
}

/// [`run`], with a say on colours.
pub fn run_styled(
    args: impl IntoIterator<Item = OsString>,
    out: &mut dyn Write,
    err: &mut dyn Write,
    style: Style,
) -> i32 {
    let mut console = Console { out, err, style, json: false, failure: None };
    let cli = match args::Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => return console.explain(&error),
    };
    let code = match cli.command {
        args::Command::Run(Late(args)) => {
            console.json = args.compile.json;
            run::run(&args, &mut console)
        }
        args::Command::Opt(Late(args)) => {
            console.json = args.compile.json;
            opt::opt(&args, &mut console)
        }
        args::Command::Egg(Late(args)) => {
            console.json = args.json;
            egg::egg(&args, &mut console)
        }
        args::Command::Extract(Late(args)) => {
            console.json = args.json;
            extract::extract(&args, &mut console)
        }
        args::Command::Bench(args::Bench::Extract(Late(args))) => {
            console.json = args.json;
            bench_extract::bench(&args, &mut console)
        }
        args::Command::Bench(args::Bench::Engine(Late(args))) => {
            console.json = args.json;
            bench::engine(&args, &mut console)
        }
        args::Command::Bench(args::Bench::CostModel(Late(args))) => {
            console.json = args.json;
            bench::cost_model::cost_model(&args, &mut console)
        }
        args::Command::Bench(args::Bench::Kernels(Late(args))) => {
            console.json = args.json;
            bench::kernels::kernels(&args, &mut console)
        }
    };
    let code = code.unwrap_or_else(|error| console.fail(&error));
    console.finish(code)
}

/// Colours if standard error is a terminal and `NO_COLOR` is not set (<https://no-color.org>).
pub fn terminal_style() -> Style {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    Style { color: !refused && std::io::stderr().is_terminal() }
}

impl Console<'_> {
    /// Writes data, with a line break.
    fn data(&mut self, text: &str) {
        let written = writeln!(self.out, "{}", text.trim_end_matches('\n'));
        self.failure = self.failure.take().or(written.err());
    }

    /// Writes many pieces of data, each with a line break, by few calls of the system.
    fn lines(&mut self, all: &[impl Display]) {
        let mut out = BufWriter::new(&mut *self.out);
        let mut write = || {
            for text in all {
                writeln!(out, "{}", text.to_string().trim_end_matches('\n'))?;
            }
            out.flush()
        };
        let written = write();
        // What could not be written is not tried again.
        let _ = out.into_parts();
        self.failure = self.failure.take().or(written.err());
    }

    /// Writes one object of the machine-readable contract.
    fn json(&mut self, body: Json) {
        let mut pairs = vec![("version".to_owned(), Json::Int(JSON_VERSION))];
        match body {
            Json::Object(rest) => pairs.extend(rest),
            other => pairs.push(("value".to_owned(), other)),
        }
        self.data(&Json::Object(pairs).to_string());
    }

    /// Writes text for a person, if one is reading. There is nobody to tell if that fails.
    fn say(&mut self, text: &str) {
        if !self.json {
            let _ = self.err.write_all(text.as_bytes());
        }
    }

    /// Reports an error and gives the exit code.
    fn fail(&mut self, error: &Error) -> i32 {
        if self.json {
            self.json(Json::object([("error", error.to_json())]));
        }
        let _ = self.err.write_all(error.render(self.style).as_bytes());
        error.exit_code()
    }

    /// Reports what the parser of the command line has to say: help, the version, or an error.
    fn explain(&mut self, error: &clap::Error) -> i32 {
        let text = error.render();
        let text = if self.style.color { text.ansi().to_string() } else { text.to_string() };
        if error.use_stderr() {
            let _ = self.err.write_all(text.as_bytes());
            return 2;
        }
        self.data(&text);
        self.finish(0)
    }

    /// The exit code, after everything was written: data that nobody received is a failure. A
    /// reader that closed the pipe has seen enough, and is told nothing.
    fn finish(&mut self, code: i32) -> i32 {
        let flushed = self.out.flush();
        let failure = self.failure.take().or(flushed.err());
        if let Some(error) = &failure
            && error.kind() != std::io::ErrorKind::BrokenPipe
        {
            let _ = writeln!(self.err, "error: cannot write to standard output: {error}");
        }
        let _ = self.err.flush();
        if code == 0 && failure.is_some() { 1 } else { code }
    }
}
