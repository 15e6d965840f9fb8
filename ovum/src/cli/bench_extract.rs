//! `ovum bench extract`: a sweep of algorithms over a folder of e-graphs.
//!
//! Rows are written as they come, so that a sweep that was killed can be resumed; at the end the
//! files are written anew, in order and with what the answers say about each other.

use super::Console;
use super::extract::algorithm;
use super::extract_args::BenchExtractArgs;
use super::output::write_atomically;
use super::progress::Progress;
use crate::error::{Error, Result, codes};
use crate::json::Json;
use extract::extractors;
use extract::report;
use extract::runner::audit::audit;
use extract::runner::csv::{csv_header, csv_line, rows_from_csv};
use extract::runner::parquet::parquet;
use extract::runner::row::rows_from_json_lines;
use extract::runner::sweep::{SweepOptions, problem_files, remaining, sort_rows, sweep, tasks};
use extract::runner::{Row, RowStatus, Task};
use indexmap::IndexMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Carries out the command and gives its exit code.
pub(crate) fn bench(args: &BenchExtractArgs, console: &mut Console<'_>) -> Result<i32> {
    if args.parquet.as_deref().is_some_and(is_stdout) {
        return Err(Error::usage("--parquet needs a file: what it writes is no text"));
    }
    let names = names(args)?;
    let options = options(args)?;
    let mut rows = known_rows(args)?;
    let todo = match &args.folder {
        Some(folder) => {
            let all = tasks(&files(folder, args)?, &names, &args.seeds);
            let count = all.len();
            let todo = remaining(all, &options, &rows);
            if todo.len() < count {
                console.say(&format!("{} of {count} tasks are done\n", count - todo.len()));
            }
            todo
        }
        None => Vec::new(),
    };
    run(&todo, &options, args, &mut rows, console)?;
    sort_rows(&mut rows, &names);
    audit(&mut rows);
    write_results(args, &rows, console)?;
    Ok(conclude(&rows, args, console))
}

/// The algorithms, each known; without a choice every extractor.
fn names(args: &BenchExtractArgs) -> Result<Vec<String>> {
    let mut names: Vec<String> = Vec::new();
    for name in &args.extractors {
        algorithm(name)?;
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    if names.is_empty() {
        names = extractors().iter().map(|extractor| extractor.name().to_owned()).collect();
    }
    Ok(names)
}

fn options(args: &BenchExtractArgs) -> Result<SweepOptions> {
    let program = std::env::current_exe()
        .map_err(|error| Error::input(codes::READ, format!("where is this program? {error}")))?;
    Ok(SweepOptions {
        program,
        time_limit: args.time_limit,
        memory_limit: args.memory_limit,
        jobs: args.jobs,
        repair_roots: args.repair_roots,
    })
}

fn files(folder: &Path, args: &BenchExtractArgs) -> Result<Vec<(PathBuf, String)>> {
    let mut files = problem_files(folder).map_err(|error| unreadable(folder, &error))?;
    files.retain(|(_, name)| {
        args.only.is_empty() || args.only.iter().any(|only| name.contains(only.as_str()))
    });
    if files.is_empty() {
        let message = format!("there is no such .json file in `{}`", folder.display());
        return Err(Error::input(codes::READ, message));
    }
    Ok(files)
}

fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    Error::input(codes::READ, format!("cannot read `{}`: {error}", path.display()))
}

/// The rows of --merge, and with --resume those of the files to write; of two rows for one task, the
/// first.
fn known_rows(args: &BenchExtractArgs) -> Result<Vec<Row>> {
    let mut rows = IndexMap::new();
    let resumed = [&args.jsonl, &args.csv].into_iter().flatten().filter(|path| path.is_file());
    // The first holds all that the second does.
    let resumed = resumed.take(usize::from(args.resume));
    for path in args.merge.iter().chain(resumed) {
        let text = fs::read_to_string(path).map_err(|error| unreadable(path, &error))?;
        let csv = path.extension().is_some_and(|extension| extension == "csv");
        let read = if csv { rows_from_csv(&text) } else { rows_from_json_lines(&text) };
        let read = read.map_err(|(line, why)| {
            let message = format!("`{}`, line {line}: no row of a sweep: {why}", path.display());
            Error::input(codes::PROBLEM, message)
        })?;
        for row in read {
            rows.entry(row.key()).or_insert(row);
        }
    }
    Ok(rows.into_values().collect())
}

/// Runs the tasks and appends a row for each, to the files as well.
fn run(
    todo: &[Task],
    options: &SweepOptions,
    args: &BenchExtractArgs,
    rows: &mut Vec<Row>,
    console: &mut Console<'_>,
) -> Result<()> {
    if todo.is_empty() {
        return Ok(());
    }
    let mut csv = Log::start(args.csv.as_deref(), csv_header() + "\n", csv_line, rows)?;
    let mut lines = Log::start(args.jsonl.as_deref(), String::new(), Row::to_json_line, rows)?;
    let mut progress = Progress::new(todo.len(), options.jobs);
    sweep(todo, options, |row| {
        csv.add(&row)?;
        lines.add(&row)?;
        progress.step(&row, console);
        rows.push(row);
        Ok(())
    })
}

/// A file that grows by a line per row.
struct Log<'a> {
    file: Option<(&'a Path, File)>,
    line: fn(&Row) -> String,
}

impl<'a> Log<'a> {
    fn start(
        path: Option<&'a Path>,
        head: String,
        line: fn(&Row) -> String,
        rows: &[Row],
    ) -> Result<Log<'a>> {
        let Some(path) = path.filter(|path| !is_stdout(path)) else {
            return Ok(Log { file: None, line });
        };
        let text = rows.iter().fold(head, |text, row| text + &line(row) + "\n");
        write_atomically(path, &text)?;
        let file = File::options().append(true).open(path).map_err(|e| unwritable(path, &e))?;
        Ok(Log { file: Some((path, file)), line })
    }

    fn add(&mut self, row: &Row) -> Result<()> {
        let Some((path, file)) = &mut self.file else { return Ok(()) };
        let line = (self.line)(row) + "\n";
        file.write_all(line.as_bytes()).map_err(|error| unwritable(path, &error))
    }
}

fn unwritable(path: &Path, error: &std::io::Error) -> Error {
    Error::input(codes::WRITE, format!("cannot write `{}`: {error}", path.display()))
}

fn is_stdout(path: &Path) -> bool {
    path == Path::new("-")
}

/// Writes every file that was asked for, or standard output where `-` was.
fn write_results(args: &BenchExtractArgs, rows: &[Row], console: &mut Console<'_>) -> Result<()> {
    let csv = || rows.iter().fold(csv_header() + "\n", |text, row| text + &csv_line(row) + "\n");
    let lines = || rows.iter().map(|row| row.to_json_line() + "\n").collect();
    let page = || report::html(rows);
    let table = || report::markdown(rows);
    let outputs: [(&Option<PathBuf>, &dyn Fn() -> String); 4] =
        [(&args.csv, &csv), (&args.jsonl, &lines), (&args.html, &page), (&args.markdown, &table)];
    for (path, text) in outputs {
        match path {
            Some(path) if is_stdout(path) => console.data(&text()),
            Some(path) => write_atomically(path, text())?,
            None => {}
        }
    }
    if let Some(path) = &args.parquet {
        write_atomically(path, parquet(rows))?;
    }
    let silent = outputs.iter().all(|(path, _)| path.as_ref().is_none_or(|path| !is_stdout(path)));
    if console.json {
        console.json(summary(rows));
    } else if silent {
        console.data(&report::text(rows));
    }
    Ok(())
}

/// The machine-readable summary.
fn summary(rows: &[Row]) -> Json {
    let statuses = RowStatus::ALL.iter().map(|status| {
        let count = rows.iter().filter(|row| row.status == *status).count();
        (status.name().to_owned(), Json::count(count))
    });
    let faults = rows.iter().filter(|row| row.status.is_fault()).map(|row| {
        Json::object([
            ("file", Json::Str(row.file.clone())),
            ("extractor", Json::Str(row.extractor.clone())),
            ("status", Json::Str(row.status.name().to_owned())),
            ("message", Json::optional(row.message.as_deref())),
        ])
    });
    Json::object([
        ("rows", Json::count(rows.len())),
        ("statuses", Json::Object(statuses.collect())),
        ("faults", Json::Array(faults.collect())),
    ])
}

/// How many files that were left out are named.
const SPELLED: usize = 10;

/// Says what is wrong, and gives the exit code: 1 if an answer is wrong, an algorithm crashed, or
/// nothing could be read.
fn conclude(rows: &[Row], args: &BenchExtractArgs, console: &mut Console<'_>) -> i32 {
    let mut faults = 0;
    for row in rows.iter().filter(|row| row.status.is_fault()) {
        faults += 1;
        let why = row.message.as_deref().unwrap_or("");
        let title = console.style.error(row.status.name());
        console.say(&format!("{title}: {} on {}: {why}\n", row.extractor, row.file));
    }
    let mut unreadable: Vec<&Row> =
        rows.iter().filter(|row| row.status == RowStatus::Unreadable).collect();
    unreadable.dedup_by(|a, b| a.file == b.file);
    for row in unreadable.iter().take(SPELLED) {
        let why = row.message.as_deref().unwrap_or("");
        console.say(&format!("left out: {}: {why}\n", row.file));
    }
    if unreadable.len() > SPELLED {
        console.say(&format!("left out: {} more\n", unreadable.len() - SPELLED));
    }
    if !unreadable.is_empty() && !args.repair_roots {
        console.say("`--repair-roots` reads files with roots that name no class\n");
    }
    let nothing = rows.iter().all(|row| row.status == RowStatus::Unreadable);
    i32::from(faults > 0 || nothing)
}
