//! The command line of `ovum extract` and `ovum bench extract`.

use super::args::seconds;
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;
use std::time::Duration;

/// Extract the cheapest term of an e-graph.
///
/// FILE is JSON of egraph-serialize, the format of extraction-gym, or a program in the egglog
/// language. Costs are DAG costs: what is
/// shared is paid once.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
#[expect(clippy::struct_excessive_bools, reason = "flags of a command line")]
pub(crate) struct ExtractArgs {
    #[command(subcommand)]
    pub(crate) command: Option<ExtractCommand>,
    /// A serialized e-graph, or a program in the egglog language (.egg), which is run
    #[arg(required_unless_present = "list")]
    pub(crate) file: Option<PathBuf>,
    /// The algorithm: a name of --list, or cmd:PROGRAM for a program that reads the problem on
    /// standard input and writes choices
    #[arg(long, value_name = "NAME", default_value = DEFAULT)]
    pub(crate) extractor: String,
    /// Stop after this many seconds with the best answer so far; reading is not counted
    #[arg(long, value_name = "S", value_parser = seconds)]
    pub(crate) time_limit: Option<Duration>,
    /// Cap the address space of the process, in MiB
    #[arg(long, value_name = "MB", value_parser = megabytes)]
    pub(crate) memory_limit: Option<u64>,
    /// Seed of random choices
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,
    /// Drop roots that name no class instead of refusing the file
    #[arg(long)]
    pub(crate) repair_roots: bool,
    /// What to extract from a program in the egglog language: a term or a global; without it the
    /// last global
    #[arg(long, value_name = "TERM")]
    pub(crate) root: Vec<String>,
    /// Print the extracted term
    #[arg(long, value_enum, value_name = "FORM")]
    pub(crate) term: Option<TermName>,
    /// List the algorithms
    #[arg(long)]
    pub(crate) list: bool,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
    /// Print what happens as JSON lines, for a sweep
    #[arg(long, hide = true, conflicts_with_all = ["json", "term", "list"])]
    pub(crate) measure: bool,
}

/// The portfolio.
const DEFAULT: &str = "auto";

#[derive(Debug, Subcommand)]
pub(crate) enum ExtractCommand {
    /// Make the file of a new extractor and register it, inside Ovum's repository
    New {
        /// Its name: words of a-z and 0-9, joined by `-`
        name: String,
    },
}

/// How a term is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TermName {
    /// As S-expressions, what is shared in `(let $name …)` before
    Sexpr,
    /// As a serialized e-graph of the chosen nodes
    Json,
    /// As a Graphviz graph
    Dot,
}

impl From<TermName> for extract::TermFormat {
    fn from(name: TermName) -> extract::TermFormat {
        match name {
            TermName::Sexpr => extract::TermFormat::Sexpr,
            TermName::Json => extract::TermFormat::Json,
            TermName::Dot => extract::TermFormat::Dot,
        }
    }
}

pub(super) fn megabytes(text: &str) -> Result<u64, String> {
    let wrong = || "this is not a number of MiB above 0".to_owned();
    let megabytes: u64 = text.parse().map_err(|_| wrong())?;
    megabytes.checked_mul(1 << 20).filter(|bytes| *bytes > 0).ok_or_else(wrong)
}

/// Run algorithms over a folder of serialized e-graphs and compare them.
///
/// Every file, algorithm and seed is a process of its own, with a time limit and, if wanted, a
/// memory limit. Every answer is checked. The exit code is 1 if an answer is wrong or an algorithm
/// crashed.
#[derive(Args, Debug)]
pub(crate) struct BenchExtractArgs {
    /// A folder with .json files, each data set in a folder below it; or one file
    #[arg(value_name = "DIR", required_unless_present = "merge")]
    pub(crate) folder: Option<PathBuf>,
    /// The algorithms, as for `ovum extract`; without it all that are listed
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub(crate) extractors: Vec<String>,
    /// Only files whose path below DIR contains one of these
    #[arg(long, value_name = "TEXT,TEXT", value_delimiter = ',')]
    pub(crate) only: Vec<String>,
    /// Seeds; a task for each
    #[arg(long, value_name = "N,N", value_delimiter = ',', default_value = "0")]
    pub(crate) seeds: Vec<u64>,
    /// Seconds for each algorithm, reading the file not counted; it is killed soon after
    #[arg(long, value_name = "S", value_parser = seconds, default_value = "10")]
    pub(crate) time_limit: Duration,
    /// Cap the address space of each process, in MiB
    #[arg(long, value_name = "MB", value_parser = megabytes)]
    pub(crate) memory_limit: Option<u64>,
    /// Processes at a time
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = jobs)]
    pub(crate) jobs: usize,
    /// Drop roots that name no class instead of leaving the file out
    #[arg(long)]
    pub(crate) repair_roots: bool,
    /// Keep the results of the files to write and do what is missing
    #[arg(long)]
    pub(crate) resume: bool,
    /// Take over the results of other sweeps, .jsonl or .csv; without DIR nothing is run
    #[arg(long, value_name = "FILE,FILE", value_delimiter = ',')]
    pub(crate) merge: Vec<PathBuf>,
    /// Write the results as CSV; `-` is standard output, here and below
    #[arg(long, value_name = "FILE")]
    pub(crate) csv: Option<PathBuf>,
    /// Write the results, with the best costs over time, as JSON lines
    #[arg(long, value_name = "FILE")]
    pub(crate) jsonl: Option<PathBuf>,
    /// Write the results as a Parquet file
    #[arg(long, value_name = "FILE")]
    pub(crate) parquet: Option<PathBuf>,
    /// Write a report: one page with tables and plots
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Write the tables of the report as Markdown
    #[arg(long, value_name = "FILE")]
    pub(crate) markdown: Option<PathBuf>,
    /// Print one JSON object instead of the table
    #[arg(long)]
    pub(crate) json: bool,
}

fn jobs(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(jobs @ 1..=1024) => Ok(jobs),
        _ => Err("this is not a number of processes from 1 to 1024".to_owned()),
    }
}
