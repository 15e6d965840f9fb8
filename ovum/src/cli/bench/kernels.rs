//! `ovum bench kernels`: machine code of optimised functions beside that of the same functions as
//! they were written.
//!
//! Both go through Cranelift. A kernel's work are the calls of its lines `# ovum: run f(…)`; where
//! there are none, calls with generated arguments that raise nothing. Rounds are interleaved, and
//! a round repeats the work until it is long enough to be timed.

use super::super::Console;
use crate::error::{Error, Result, codes};
use crate::generate::Generator;
use crate::json::Json;
use crate::pipeline::{Pipeline, Program};
use crate::source::Source;
use crate::{bind, engine};
use clap::Args;
use indexmap::IndexMap;
use rvsdg::Inputs;
use rvsdg::interp::{Limits, Prepared};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// Measure optimised functions beside the same functions as they were written.
#[derive(Args, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "independent switches")]
pub(crate) struct KernelsArgs {
    /// Files, or folders of .py files; without them what `OVUM_KERNELS` names, colons between
    files: Vec<PathBuf>,
    /// Rounds of each kernel
    #[arg(long, value_name = "N", default_value_t = 15)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,
    /// Only functions whose name contains one of these
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    only: Vec<String>,
    /// Allow rules over the reals
    #[arg(long)]
    fast_math: bool,
    /// Count executed instructions with valgrind, which takes minutes
    #[arg(long)]
    count: bool,
    /// Print a Markdown table
    #[arg(long, conflicts_with = "json")]
    markdown: bool,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
    /// Do this kernel's work so many times, and nothing else: what `--count` runs
    #[arg(long, hide = true, value_name = "N")]
    repeat: Option<u32>,
    /// Leave the kernel as it was written, with `--repeat`
    #[arg(long, hide = true, requires = "repeat")]
    no_opt: bool,
}

impl KernelsArgs {
    /// Whether a function is asked for: what is repeated has this name, not one that contains it.
    fn wants(&self, name: &str) -> bool {
        let wanted = |only: &String| match self.repeat {
            Some(_) => name == only,
            None => name.contains(only.as_str()),
        };
        self.only.is_empty() || self.only.iter().any(wanted)
    }
}

/// The least time of a round: below, the clock and the caller count too much.
const ROUND: Duration = Duration::from_millis(2);
/// Generated calls of a kernel without calls of its own.
const GENERATED: usize = 16;
/// Work of a generated call, in steps of the interpreter.
const MAX_STEPS: u64 = 2_000_000;

/// A kernel in both forms.
struct Kernel {
    path: PathBuf,
    name: String,
    calls: Vec<Inputs>,
    plain: Program,
    optimized: Program,
}

/// What was measured of a kernel.
struct Row {
    name: String,
    /// Nanoseconds of the work, median of the rounds: as written, optimised.
    times: [f64; 2],
    /// The same of the fastest round, which other work on the machine disturbs least.
    least: [f64; 2],
    /// Executed instructions of the work.
    instructions: Option<[f64; 2]>,
    /// The rules that fired, those that only permute operands left out.
    rules: Vec<String>,
    kept_input: bool,
}

/// Carries out the command and gives its exit code.
pub(crate) fn kernels(args: &KernelsArgs, console: &mut Console<'_>) -> Result<i32> {
    let mut rows = Vec::new();
    for path in files(args)? {
        let source = Source::read(&path)?;
        for name in source.functions() {
            if !args.wants(name) {
                continue;
            }
            let kernel = match kernel(&path, &source, name, args) {
                Ok(Some(kernel)) => kernel,
                Ok(None) => continue,
                Err(error) => {
                    console.say(&format!("left out: {name}: {}\n", error.message()));
                    continue;
                }
            };
            if let Some(times) = args.repeat {
                repeat(&kernel, times, args.no_opt)?;
                continue;
            }
            let row = measure(&kernel, args)?;
            console.say(&format!("{}\n", row.cells().join("  ")));
            rows.push(row);
        }
    }
    if args.repeat.is_some() {
        return Ok(0);
    }
    if rows.is_empty() {
        return Err(Error::input(codes::NOTHING_TO_RUN, "there is no kernel to measure"));
    }
    if args.json {
        console.json(Json::object([(
            "kernels",
            Json::Array(rows.iter().map(Row::to_json).collect()),
        )]));
    } else {
        console.data(&table(&rows, args.markdown));
    }
    Ok(0)
}

fn files(args: &KernelsArgs) -> Result<Vec<PathBuf>> {
    let named = std::env::var_os("OVUM_KERNELS").filter(|_| args.files.is_empty());
    let named = named.iter().flat_map(std::env::split_paths);
    let mut found = Vec::new();
    for path in args.files.iter().cloned().chain(named) {
        if path.is_dir() {
            let unreadable = |error| {
                let message = format!("cannot read `{}`: {error}", path.display());
                Error::input(codes::READ, message)
            };
            let mut inside = Vec::new();
            for entry in std::fs::read_dir(&path).map_err(unreadable)? {
                inside.push(entry.map_err(unreadable)?.path());
            }
            inside.retain(|path| path.extension().is_some_and(|extension| extension == "py"));
            inside.sort();
            found.extend(inside);
        } else {
            found.push(path);
        }
    }
    Ok(found)
}

/// A kernel in both forms; none if nothing can be run.
fn kernel(path: &Path, source: &Source, name: &str, args: &KernelsArgs) -> Result<Option<Kernel>> {
    let options = optimizer::Options { fast_math: args.fast_math, ..optimizer::Options::default() };
    let optimizing =
        Pipeline { optimize: (!args.no_opt).then_some(options), ..Pipeline::default() };
    let plain = Pipeline { optimize: None, ..Pipeline::default() };
    let mut specs = Vec::new();
    for directive in source.directives() {
        let spec = source.complete(&bind::parse_call(&directive.call)?)?;
        if spec.function == name {
            specs.push(spec);
        }
    }
    let types = specs.first().map(bind::argument_types).transpose()?;
    let plain = plain.compile(source, name, types.as_deref())?;
    let optimized = optimizing.compile(source, name, types.as_deref())?;
    let mut calls = Vec::new();
    for spec in &specs {
        calls.push(bind::bind(spec, &plain.function)?);
    }
    if calls.is_empty() {
        calls = generated(&plain)?;
    }
    let kernel = Kernel { path: path.to_owned(), name: name.to_owned(), calls, plain, optimized };
    Ok((!kernel.calls.is_empty()).then_some(kernel))
}

/// Calls with generated arguments that end in time and raise nothing.
fn generated(program: &Program) -> Result<Vec<Inputs>> {
    let domains = IndexMap::new();
    let generator = Generator::new(&program.original, &domains);
    let prepared =
        Prepared::new(&program.original).map_err(|violation| engine::violated(&violation))?;
    let limits = Limits { steps: Some(MAX_STEPS), ..Limits::default() };
    let works =
        |inputs: &Inputs| prepared.run(inputs, &limits).is_ok_and(|run| run.answer.outcome.is_ok());
    let all = (0..10 * GENERATED as u64).map(|number| generator.inputs(number));
    Ok(all.filter(works).take(GENERATED).collect())
}

/// Does the work so many times.
fn repeat(kernel: &Kernel, times: u32, as_written: bool) -> Result<()> {
    let program = if as_written { &kernel.plain } else { &kernel.optimized };
    for _ in 0..times {
        for inputs in &kernel.calls {
            program.call(inputs, None)?;
        }
    }
    Ok(())
}

fn measure(kernel: &Kernel, args: &KernelsArgs) -> Result<Row> {
    for inputs in &kernel.calls {
        let (a, b) = (kernel.plain.call(inputs, None)?, kernel.optimized.call(inputs, None)?);
        if !args.fast_math && !a.same(&b) {
            let message = format!("`{}` gives another answer after optimisation", kernel.name);
            return Err(Error::input(codes::DISAGREE, message));
        }
    }
    let start = Instant::now();
    repeat(kernel, 1, true)?;
    let once = start.elapsed().max(Duration::from_nanos(100));
    let times = (ROUND.as_secs_f64() / once.as_secs_f64()).ceil().clamp(1.0, 100_000.0) as u32;
    let mut samples = [Vec::new(), Vec::new()];
    for round in 0..usize::from(args.rounds) {
        for turn in 0..2 {
            let at = (round + turn) % 2;
            let start = Instant::now();
            repeat(kernel, times, at == 0)?;
            samples[at].push(start.elapsed().as_secs_f64() * 1e9 / f64::from(times));
        }
    }
    let median = |mut values: Vec<f64>| {
        values.sort_unstable_by(f64::total_cmp);
        values[values.len() / 2]
    };
    let least = samples.each_ref().map(|of| of.iter().copied().fold(f64::INFINITY, f64::min));
    let report = kernel.optimized.report.optimizer.as_ref();
    let permutes = |name: &str| name.ends_with("-commutes") || name.ends_with("-swapped");
    let fired = report.iter().flat_map(|report| report.rules_fired.keys());
    let mut rules: Vec<String> = fired.filter(|name| !permutes(name)).cloned().collect();
    rules.sort();
    let instructions = if args.count { counted(kernel, args)? } else { None };
    Ok(Row {
        name: kernel.name.clone(),
        times: samples.map(median),
        least,
        instructions,
        rules,
        kept_input: report.is_none_or(|report| report.kept_input),
    })
}

/// Executed instructions of the work, in both forms. None without valgrind.
fn counted(kernel: &Kernel, args: &KernelsArgs) -> Result<Option<[f64; 2]>> {
    let plain = instructions(kernel, args, true)?;
    let optimized = instructions(kernel, args, false)?;
    Ok(plain.zip(optimized).map(|(plain, optimized)| [plain, optimized]))
}

/// What is counted: the machine code with all that it calls, from the call to the return. Of what
/// is around it, making arguments and results ready costs tens of times as much as a small kernel,
/// and differently from run to run: allocating depends on what was freed before.
const COUNTED: &str = "--toggle-collect=*backend_cranelift::compiled::Compiled::call_raw*";

fn instructions(kernel: &Kernel, args: &KernelsArgs, as_written: bool) -> Result<Option<f64>> {
    let program = std::env::current_exe()
        .map_err(|error| Error::input(codes::READ, format!("where is this program? {error}")))?;
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null", COUNTED]);
    command.arg(program).args(["bench", "kernels"]).arg(&kernel.path);
    command.arg("--only").arg(&kernel.name).args(["--repeat", "1"]);
    if as_written {
        command.arg("--no-opt");
    }
    if args.fast_math {
        command.arg("--fast-math");
    }
    let Ok(output) = command.output() else { return Ok(None) };
    let text = String::from_utf8_lossy(&output.stderr);
    let count = text.lines().find_map(|line| line.split("Collected :").nth(1)?.trim().parse().ok());
    Ok(count)
}

impl Row {
    fn speed_up(&self) -> f64 {
        self.times[0] / self.times[1]
    }

    fn cells(&self) -> Vec<String> {
        let ratio = self.instructions.map(|[plain, optimized]| optimized / plain);
        vec![
            self.name.clone(),
            format!("{:.0}", self.times[0]),
            format!("{:.0}", self.times[1]),
            format!("{:.2}", self.speed_up()),
            format!("{:.2}", self.least[0] / self.least[1]),
            ratio.map_or("-".to_owned(), |ratio| format!("{ratio:.3}")),
            if self.kept_input { "the input was kept".to_owned() } else { self.rules.join(", ") },
        ]
    }

    fn to_json(&self) -> Json {
        let number = |value: Option<f64>| value.map_or(Json::Null, Json::Float);
        Json::object([
            ("kernel", Json::Str(self.name.clone())),
            ("plain_ns", Json::Float(self.times[0])),
            ("optimized_ns", Json::Float(self.times[1])),
            ("speed_up", Json::Float(self.speed_up())),
            ("speed_up_of_least", Json::Float(self.least[0] / self.least[1])),
            ("plain_instructions", number(self.instructions.map(|counts| counts[0]))),
            ("optimized_instructions", number(self.instructions.map(|counts| counts[1]))),
            ("rules", Json::Array(self.rules.iter().cloned().map(Json::Str).collect())),
        ])
    }
}

const HEAD: [&str; 7] =
    ["kernel", "as written ns", "optimised ns", "faster", "by minima", "instructions", "rules"];

fn table(rows: &[Row], markdown: bool) -> String {
    let lines: Vec<Vec<String>> = rows.iter().map(Row::cells).collect();
    let slower = rows.iter().filter(|row| row.speed_up() < 1.0 / 1.15).count();
    let faster = rows.iter().filter(|row| row.speed_up() >= 1.3).count();
    let summary = format!(
        "{}: {faster} at least 1.3 times as fast, {slower} slower by more than 1.15",
        crate::report::plural(rows.len(), "kernel")
    );
    let head: Vec<String> = HEAD.iter().map(|name| (*name).to_owned()).collect();
    let written = std::iter::once(&head).chain(&lines).map(|line| {
        if markdown {
            return format!("| {} |", line.join(" | "));
        }
        let numbers: Vec<String> = line[1..6].iter().map(|cell| format!("{cell:>14}")).collect();
        format!("{:<24}{}  {}", line[0], numbers.concat(), line[6])
    });
    let mut written: Vec<String> = written.collect();
    if markdown {
        written.insert(1, format!("|{}", "---|".repeat(HEAD.len())));
        written.push(String::new());
    }
    written.push(summary);
    written.join("\n")
}
