//! Many tasks, each in a process of its own, several at a time.

use super::child;
use super::row::Row;
use hashbrown::HashSet;
use rustc_hash::FxBuildHasher;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

/// What every task of a sweep shares.
#[derive(Clone, Debug, PartialEq)]
pub struct SweepOptions {
    /// The `ovum` command, or a program that calls [`measure`](super::measured::measure) for
    /// `extract FILE --measure …`.
    pub program: PathBuf,
    /// Time for an algorithm; reading the file is not counted. It is told to the algorithm, and a
    /// process that goes on beyond it and a little grace is killed.
    pub time_limit: Duration,
    /// Address space of a process, in bytes.
    pub memory_limit: Option<u64>,
    /// Processes at a time, at least one.
    pub jobs: usize,
    /// Drop roots and nodes that dangle, instead of refusing the file.
    pub repair_roots: bool,
}

/// One file, one algorithm, one seed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// Where the file is.
    pub path: PathBuf,
    /// Its path below the sweep's folder, with `/`.
    pub file: String,
    /// The first folder of that path, or `.`.
    pub data_set: String,
    /// The algorithm's name.
    pub extractor: String,
    /// The seed.
    pub seed: u64,
}

/// The files below a folder whose name ends in `.json`, in the order of their paths; or the file
/// itself, if that is what was given. Each comes with its path below the folder, with `/`.
///
/// # Errors
/// If a folder cannot be read.
pub fn problem_files(root: &Path) -> io::Result<Vec<(PathBuf, String)>> {
    if root.is_file() {
        let name = root.file_name().map(|name| name.to_string_lossy().into_owned());
        return Ok(vec![(root.to_owned(), name.unwrap_or_default())]);
    }
    let mut found = Vec::new();
    let mut folders = vec![(root.to_owned(), String::new())];
    while let Some((folder, prefix)) = folders.pop() {
        for entry in std::fs::read_dir(&folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let (path, below) = (entry.path(), format!("{prefix}{name}"));
            if path.is_dir() {
                folders.push((path, format!("{below}/")));
            } else if path.extension().is_some_and(|extension| extension == "json") {
                found.push((path, below));
            }
        }
    }
    found.sort_by(|a, b| a.1.cmp(&b.1));
    Ok(found)
}

/// The tasks of a sweep: every file with every algorithm and every seed, in this order.
pub fn tasks(files: &[(PathBuf, String)], extractors: &[String], seeds: &[u64]) -> Vec<Task> {
    let mut tasks = Vec::new();
    for (path, file) in files {
        for extractor in extractors {
            for seed in seeds {
                let data_set = file.split_once('/').map_or(".", |(folder, _)| folder);
                tasks.push(Task {
                    path: path.clone(),
                    file: file.clone(),
                    data_set: data_set.to_owned(),
                    extractor: extractor.clone(),
                    seed: *seed,
                });
            }
        }
    }
    tasks
}

/// The tasks that no row answers under these options' limits.
pub fn remaining(tasks: Vec<Task>, options: &SweepOptions, rows: &[Row]) -> Vec<Task> {
    let done: HashSet<_, FxBuildHasher> = rows.iter().map(Row::key).collect();
    let limits = (super::row::milliseconds(options.time_limit.as_secs_f64()), options.memory_limit);
    let key =
        |task: &Task| (task.file.clone(), task.extractor.clone(), task.seed, limits.0, limits.1);
    tasks.into_iter().filter(|task| !done.contains(&key(task))).collect()
}

/// Runs the tasks; `done` is told of each row as it comes, on the caller's thread.
///
/// # Errors
/// The first error of `done`, after which no further task is started.
pub fn sweep<E>(
    tasks: &[Task],
    options: &SweepOptions,
    mut done: impl FnMut(Row) -> Result<(), E>,
) -> Result<(), E> {
    let next = AtomicUsize::new(0);
    let (send, rows) = channel();
    thread::scope(|scope| {
        for _ in 0..options.jobs.clamp(1, tasks.len().max(1)) {
            let (send, next) = (send.clone(), &next);
            scope.spawn(move || {
                while let Some(task) = tasks.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if send.send(child::run(task, options)).is_err() {
                        break;
                    }
                }
            });
        }
        drop(send);
        for row in rows {
            if let Err(error) = done(row) {
                next.store(tasks.len(), Ordering::Relaxed);
                return Err(error);
            }
        }
        Ok(())
    })
}

/// The rows in the order of their files, then algorithms as first named, then seeds.
pub fn sort_rows(rows: &mut [Row], extractors: &[String]) {
    let rank = |name: &str| extractors.iter().position(|known| known == name).unwrap_or(usize::MAX);
    rows.sort_by(|a, b| {
        (&a.file, rank(&a.extractor), &a.extractor, a.seed).cmp(&(
            &b.file,
            rank(&b.extractor),
            &b.extractor,
            b.seed,
        ))
    });
}
