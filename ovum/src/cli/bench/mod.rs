//! `ovum bench engine`: the engine beside egg and egglog. `ovum bench kernels` is in `kernels`.
//!
//! Each run is a process of its own, on the same cores. Rounds are interleaved, and each round
//! begins with another engine, so that what disturbs the machine disturbs all of them.

pub(crate) mod cost_model;
pub(crate) mod kernels;
mod peers;
mod steady;
mod table;

use super::Console;
use crate::error::{Error, Result, codes};
use clap::Args;
use peers::{Answer, Peer, Request};
use std::path::PathBuf;
use std::time::Duration;
use steady::Watch;
use table::{Cell, Row, Table};

/// Measure the engine, egg and egglog on the same workloads.
///
/// The executables `ovum-peer`, `egg-peer` and `egglog-peer` run one workload each: build them with
/// `cargo build --release -p benches`. Times are user and system CPU time of the whole process.
#[derive(Args, Debug)]
pub(crate) struct EngineArgs {
    /// Runs of each engine on each workload
    #[arg(long, value_name = "N", default_value_t = 5)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,
    /// Workloads; without them all that figures are recorded for
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    workloads: Vec<String>,
    /// Engines to leave out
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    without: Vec<String>,
    /// Threads of each engine that can use them
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = super::args::threads)]
    threads: usize,
    /// The first of the cores to stay on; without it the last ones of the machine
    #[arg(long, value_name = "K")]
    core: Option<usize>,
    /// Let the system choose the cores
    #[arg(long, conflicts_with = "core")]
    no_pin: bool,
    /// Repeat runs before or after which the cores were slower than they can be, for so many
    /// seconds a workload
    #[arg(long, value_name = "S", conflicts_with = "no_pin", value_parser = super::args::seconds)]
    steady: Option<Duration>,
    /// Stop a run after this many seconds
    #[arg(long, value_name = "S", default_value = "300", value_parser = super::args::seconds)]
    time_limit: Duration,
    /// The folder of the executables; without it that of this command
    #[arg(long, value_name = "DIR")]
    peers: Option<PathBuf>,
    /// The folder `tests` of the crate egglog, for its large programs
    #[arg(long, value_name = "DIR", env = "OVUM_EGGLOG_TESTS")]
    suite: Option<PathBuf>,
    /// Print a Markdown table
    #[arg(long, conflicts_with = "json")]
    markdown: bool,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// Engines in the order of the table; the others are compared with the last.
const ENGINES: [&str; 3] = ["egg", "egglog", "ovum"];

/// Carries out the command and gives its exit code.
pub(crate) fn engine(args: &EngineArgs, console: &mut Console<'_>) -> Result<i32> {
    let folder = match &args.peers {
        Some(folder) => folder.clone(),
        None => beside_this_command()?,
    };
    if let Some(name) = args.without.iter().find(|name| !ENGINES.contains(&name.as_str())) {
        return Err(Error::usage(format!("there is no engine `{name}`")));
    }
    let peers = ENGINES.map(|engine| {
        let wanted = !args.without.iter().any(|name| name == engine);
        wanted.then(|| Peer::find(&folder, engine)).flatten()
    });
    let Some(any) = peers.iter().flatten().next() else {
        let message = format!("no engine's executable is in `{}`", folder.display());
        return Err(Error::input(codes::TOOLCHAIN, message).hint(
            "build them with `cargo build --release -p benches`, or name their folder: --peers DIR",
        ));
    };
    let listing = any.list()?;
    let suite = args.suite.clone().or_else(|| listing.suite.clone());
    let names = if args.workloads.is_empty() { listing.names() } else { args.workloads.clone() };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let core = (!args.no_pin).then(|| args.core.unwrap_or(cores.saturating_sub(args.threads)));
    let watch = |patience| Watch::new(any, args.threads, core.unwrap_or(0), patience);
    let mut watch = args.steady.map(watch).transpose()?;
    let mut table = Table::new(args.rounds, args.threads);
    for name in names {
        let request = Request {
            workload: &name,
            threads: args.threads,
            core,
            suite: suite.as_deref(),
            time_limit: args.time_limit,
        };
        let can_run = listing.can_run(&name);
        let row = measure(&peers, &request, args.rounds, can_run, watch.as_mut())?;
        console.say(&format!("{}\n", row.summary()));
        table.rows.push(row);
    }
    table.full_speed = watch.map(|watch| watch.full_speed);
    if args.json {
        console.json(table.to_json());
    } else if args.markdown {
        console.data(&table.to_markdown());
    } else {
        console.data(&table.to_text());
    }
    Ok(i32::from(table.rows.iter().any(Row::failed)))
}

fn beside_this_command() -> Result<PathBuf> {
    let unknown = |error| {
        let message = format!("the folder of this command is unknown: {error}");
        Error::input(codes::READ, message).hint("name the executables' folder: --peers DIR")
    };
    let mut path = std::env::current_exe().map_err(unknown)?;
    path.pop();
    Ok(path)
}

/// Runs a workload on every engine, round by round.
fn measure(
    peers: &[Option<Peer>; 3],
    request: &Request<'_>,
    rounds: u16,
    can_run: impl Fn(&str) -> bool,
    mut watch: Option<&mut Watch<'_>>,
) -> Result<Row> {
    let until = watch.as_ref().and_then(|watch| watch.until());
    let mut run = |peer: &Peer, request: &Request<'_>| match &mut watch {
        Some(watch) => watch.run(peer, request, until),
        None => Ok(peer.run(request)),
    };
    let mut row = Row::new(request.workload);
    for (cell, (peer, engine)) in row.cells.iter_mut().zip(peers.iter().zip(ENGINES)) {
        if !can_run(engine) {
            *cell = Cell::NoEquivalent;
        } else if peer.is_some() {
            *cell = Cell::Measured(Vec::new());
        }
    }
    for round in 0..usize::from(rounds) {
        for turn in 0..ENGINES.len() {
            let at = (round + turn) % ENGINES.len();
            if let (Some(peer), Cell::Measured(samples)) = (&peers[at], &mut row.cells[at]) {
                match run(peer, request)? {
                    Answer::Sample(sample) => samples.push(*sample),
                    Answer::Failed(reason) => row.cells[at] = Cell::Failed(reason),
                }
            }
        }
        if request.threads > 1
            && let (Some(peer), Cell::Measured(_)) = (&peers[ENGINES.len() - 1], row.own())
            && let Answer::Sample(sample) = run(peer, &Request { threads: 1, ..*request })?
        {
            row.one_thread.push(*sample);
        }
    }
    Ok(row)
}
