//! The command line: what can be asked for, and how.

use super::egg::EggArgs;
use super::extract_args::{BenchExtractArgs, ExtractArgs};
use super::late::Late;
use crate::engine::Backend;
use crate::error::{Error, Result, codes};
use clap::{Args, Parser, Subcommand, ValueEnum};
use frontend_py::Semantics;
use indexmap::IndexMap;
use optimizer::cost::CostModel;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Python functions through equality saturation to machine code and MLIR.
#[derive(Debug, Parser)]
#[command(name = "ovum", version, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Compile a function, run it and print the result
    Run(Late<RunArgs>),
    /// Optimise functions and print them, or what was made of them
    Opt(Late<OptArgs>),
    /// Run programs in the egglog language
    Egg(Late<EggArgs>),
    /// Extract the cheapest term of a serialized e-graph
    Extract(Late<ExtractArgs>),
    /// Compare algorithms on many inputs
    #[command(subcommand)]
    Bench(Bench),
}

/// What can be compared.
#[derive(Debug, Subcommand)]
pub(crate) enum Bench {
    /// Extraction algorithms, over a folder of serialized e-graphs
    Extract(Late<BenchExtractArgs>),
    /// Engines, on the same workloads
    Engine(Late<super::bench::EngineArgs>),
    /// Machine code of functions, optimised and as written
    Kernels(Late<super::bench::kernels::KernelsArgs>),
    /// Operations: the weights of the cost model on this machine
    CostModel(Late<super::bench::cost_model::CostModelArgs>),
}

/// Compile a function, specialised to the types of the arguments, run it and print the result.
///
/// Without FUNC and --call the calls in the file's lines `# ovum: run f(…)` are run; with FUNC
/// alone, those of FUNC.
#[derive(Args, Debug)]
pub(crate) struct RunArgs {
    /// A .py or .rvsdg file
    pub(crate) file: PathBuf,
    /// The function to run
    pub(crate) func: Option<String>,
    /// A call with Python literals: "f(0.5, [1.0], 3)"; "v=[1.0]; f(v, v)" passes one array twice
    #[arg(long)]
    pub(crate) call: Option<String>,
    /// What runs the function
    #[arg(long, value_enum, default_value_t = BackendName::Cranelift)]
    pub(crate) backend: BackendName,
    /// Run the function as it was written
    #[arg(long, conflicts_with_all = ["rules", "max_error", "cost_model"])]
    pub(crate) no_opt: bool,
    /// Compare the answer with the interpreter's
    #[arg(long)]
    pub(crate) check: bool,
    /// Stop after this many seconds
    #[arg(long, value_name = "S", value_parser = seconds)]
    pub(crate) time_limit: Option<Duration>,
    #[command(flatten)]
    pub(crate) compile: CompileArgs,
}

/// Optimise functions and print them, or what was made of them.
#[derive(Args, Debug)]
pub(crate) struct OptArgs {
    /// A .py or .rvsdg file
    #[arg(value_name = "IN", required_unless_present = "list_rules")]
    pub(crate) input: Option<PathBuf>,
    /// The function; without it every function of the file
    #[arg(long, value_name = "NAME")]
    pub(crate) func: Option<String>,
    /// The file to write; without it standard output
    #[arg(short, value_name = "OUT")]
    pub(crate) output: Option<PathBuf>,
    /// What to print
    #[arg(long, value_enum, default_value_t = Emit::Rvsdg)]
    pub(crate) emit: Emit,
    /// Run the interpreter before and after on N generated inputs
    #[arg(long, value_name = "N", num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "100", value_parser = count)]
    pub(crate) check: Option<usize>,
    /// Measure the error of the code on N samples of the domain, against the interpreter on the
    /// function as it was written
    #[arg(long, value_name = "N", num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "10000", value_parser = count)]
    pub(crate) accuracy: Option<usize>,
    /// List the rule sets and their rules
    #[arg(long)]
    pub(crate) list_rules: bool,
    #[command(flatten)]
    pub(crate) compile: CompileArgs,
}

/// Options of every command that compiles.
#[derive(Args, Debug)]
pub(crate) struct CompileArgs {
    /// Parameter types where annotations are missing: "f64, array[f64, 1]"
    #[arg(long)]
    pub(crate) types: Option<String>,
    /// Rule sets, `,` in sequence and `|` in parallel; see `ovum opt --list-rules`
    #[arg(long, value_name = "A,B|C")]
    pub(crate) rules: Option<String>,
    /// strict: CPython's answers and exceptions; fast: no exceptions from arithmetic
    #[arg(long, value_enum, default_value_t = SemanticsName::Strict)]
    pub(crate) semantics: SemanticsName,
    /// Admit rules that hold over the reals but not for every float
    #[arg(long)]
    pub(crate) fast_math: bool,
    /// Assert that parameter P lies in a closed range; an argument outside is an error
    #[arg(long = "domain", value_name = "P=LO..HI", value_parser = domain)]
    #[arg(allow_hyphen_values = true)]
    pub(crate) domains: Vec<(String, (f64, f64))>,
    /// Admit approximations whose proven error in the returned value stays within E
    #[arg(long, value_name = "E", allow_hyphen_values = true)]
    pub(crate) max_error: Option<f64>,
    /// What operations cost, where that differs from the built-in weights; `ovum bench cost-model`
    /// writes such a file
    #[arg(long, value_name = "FILE")]
    pub(crate) cost_model: Option<PathBuf>,
    /// Threads that search for rewrites; the answer does not depend on it
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = threads)]
    pub(crate) threads: usize,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum BackendName {
    Cranelift,
    Mlir,
    Interp,
}

impl From<BackendName> for Backend {
    fn from(name: BackendName) -> Backend {
        match name {
            BackendName::Cranelift => Backend::Cranelift,
            BackendName::Mlir => Backend::Mlir,
            BackendName::Interp => Backend::Interp,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SemanticsName {
    Strict,
    Fast,
}

impl From<SemanticsName> for Semantics {
    fn from(name: SemanticsName) -> Semantics {
        match name {
            SemanticsName::Strict => Semantics::Strict,
            SemanticsName::Fast => Semantics::Fast,
        }
    }
}

/// What `ovum opt` can print.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Emit {
    /// The optimised function as RVSDG text
    Rvsdg,
    /// The e-graph after saturation, as egraph-serialize JSON
    Egraph,
    /// As MLIR
    Mlir,
    /// As Cranelift's intermediate representation
    Clif,
    /// As assembly of this machine
    Asm,
    /// As a Graphviz graph
    Dot,
}

impl CompileArgs {
    /// The optimiser's options.
    ///
    /// # Errors
    /// If a parameter has two domains.
    pub(crate) fn optimizer_options(&self) -> Result<optimizer::Options> {
        let mut domains = IndexMap::new();
        for (name, range) in &self.domains {
            if domains.insert(name.clone(), *range).is_some() {
                return Err(Error::usage(format!("`{name}` has two domains")));
            }
        }
        let defaults = optimizer::Options::default();
        let cost_model = match &self.cost_model {
            None => defaults.cost_model.clone(),
            Some(path) => Arc::new(read_cost_model(path)?),
        };
        Ok(optimizer::Options {
            rules: self.rules.clone().unwrap_or(defaults.rules),
            fast_math: self.fast_math,
            domains,
            max_error: self.max_error,
            cost_model,
            threads: self.threads,
            ..defaults
        })
    }
}

/// The weights in a file.
fn read_cost_model(path: &Path) -> Result<CostModel> {
    let name = path.display();
    let text = std::fs::read_to_string(path)
        .map_err(|error| Error::input(codes::READ, format!("cannot read `{name}`: {error}")))?;
    CostModel::parse(&text).map_err(|error| {
        Error::usage(format!("`{name}` is no cost model: {error}"))
            .hint("`ovum bench cost-model` writes one")
    })
}

pub(super) fn seconds(text: &str) -> std::result::Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "this is not a number of seconds".to_owned())?;
    Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|limit| !limit.is_zero())
        .ok_or_else(|| "it must be a positive number".to_owned())
}

/// A number of inputs: none at all would prove nothing.
fn count(text: &str) -> std::result::Result<usize, String> {
    match text.parse() {
        Ok(count @ 1..) => Ok(count),
        _ => Err("this is not a number above 0".to_owned()),
    }
}

/// More threads than this cost seconds to start, and no machine has work for them.
const MAX_THREADS: usize = 512;

pub(super) fn threads(text: &str) -> std::result::Result<usize, String> {
    match text.parse() {
        Ok(threads @ 1..=MAX_THREADS) => Ok(threads),
        _ => Err(format!("this is not a number of threads from 1 to {MAX_THREADS}")),
    }
}

fn domain(text: &str) -> std::result::Result<(String, (f64, f64)), String> {
    let wrong = || "write a parameter and its closed range: x=-1.0..1.0".to_owned();
    let (name, range) = text.split_once('=').ok_or_else(wrong)?;
    let (low, high) = range.split_once("..").ok_or_else(wrong)?;
    let number = |text: &str| text.trim().parse::<f64>().map_err(|_| wrong());
    let (low, high) = (number(low)?, number(high)?);
    if name.trim().is_empty() || low.is_nan() || high.is_nan() {
        return Err(wrong());
    }
    if low > high {
        return Err("the range is empty".to_owned());
    }
    Ok((name.trim().to_owned(), (low, high)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }

    #[test]
    fn arguments_are_described_when_their_command_is_asked_for() {
        use clap::CommandFactory;
        let mut all = Cli::command();
        assert!(all.get_subcommands().all(|command| command.get_arguments().next().is_none()));
        all.build();
        let egg = all.find_subcommand("egg").expect("a command");
        assert!(egg.get_arguments().any(|argument| argument.get_long() == Some("node-limit")));
    }

    #[test]
    fn domains() {
        assert_eq!(domain("x=-1..1"), Ok(("x".to_owned(), (-1.0, 1.0))));
        assert_eq!(domain("x=-1.5..1e3"), Ok(("x".to_owned(), (-1.5, 1000.0))));
        assert_eq!(domain("x=.5..inf"), Ok(("x".to_owned(), (0.5, f64::INFINITY))));
        for bad in ["x", "x=1", "x=1..", "x=2..1", "=0..1", "x=nan..1", "x=a..b"] {
            assert!(domain(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn limits() {
        assert_eq!(seconds("1.5"), Ok(Duration::from_millis(1500)));
        for bad in ["0", "-1", "x", "nan", "inf", "1e99"] {
            assert!(seconds(bad).is_err(), "{bad}");
        }
        assert_eq!(count("3"), Ok(3));
        assert!(count("0").is_err() && count("-1").is_err());
        assert_eq!(threads("2"), Ok(2));
        assert!(threads("0").is_err());
        assert_eq!(threads("512"), Ok(512));
        assert!(threads("513").is_err());
        assert!(threads("99999999999999999999999").is_err());
    }
}
