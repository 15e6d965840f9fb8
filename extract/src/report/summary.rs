//! Figures of each algorithm on each data set.

use crate::runner::{Row, RowStatus};
use crate::verify::clearly_below;
use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;

/// How far two costs are apart: 0 if they are equal, 1 if they have not the same sign.
pub fn gap(cost: f64, best: f64) -> f64 {
    if cost == best {
        0.0
    } else if cost * best < 0.0 || !cost.is_finite() || !best.is_finite() {
        1.0
    } else {
        (cost - best).abs() / cost.abs().max(best.abs())
    }
}

/// The part of a sweep that is compared: a data set, or everything.
#[derive(Clone, Debug)]
pub struct Scope<'a> {
    /// The data set's name, or `all`.
    pub name: String,
    /// The algorithms, in the order of their first rows.
    pub extractors: Vec<&'a str>,
    /// The files.
    pub files: usize,
    /// The rows, without those of unreadable files.
    pub rows: Vec<&'a Row>,
    /// Files that could not be read.
    pub unreadable: usize,
    /// The least cost of each file.
    pub best: HashMap<&'a str, f64, FxBuildHasher>,
}

/// An algorithm's figures in a scope.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// The algorithm.
    pub extractor: String,
    /// Tasks.
    pub tasks: usize,
    /// Legal answers.
    pub answers: usize,
    /// Answers that are proved to be optimal.
    pub optimal: usize,
    /// Answers than which no other answer of the sweep is cheaper.
    pub best: usize,
    /// Sum of DAG costs over the files that every algorithm answered.
    pub total_cost: f64,
    /// Mean gap to the least cost; 1 for a task without answer.
    pub mean_gap: f64,
    /// Sum of the algorithm's wall times, in seconds.
    pub seconds: f64,
    /// Median of the algorithm's wall times, in seconds.
    pub median_seconds: f64,
    /// Sum of the processes' processor times, in seconds.
    pub cpu_seconds: f64,
    /// The most memory that a process held, in bytes.
    pub peak_rss: u64,
    /// Ended at the time or memory limit without an answer.
    pub limited: usize,
    /// Crashed, or answered wrongly.
    pub faults: usize,
}

/// Everything first, if there is more than one data set, then each data set by name.
pub fn scopes(rows: &[Row]) -> Vec<Scope<'_>> {
    let mut names: Vec<&str> = rows.iter().map(|row| row.data_set.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let mut scopes = Vec::new();
    if names.len() > 1 {
        scopes.push(scope("all", rows.iter().collect()));
    }
    for name in names {
        scopes.push(scope(name, rows.iter().filter(|row| row.data_set == name).collect()));
    }
    scopes
}

fn scope<'a>(name: &str, rows: Vec<&'a Row>) -> Scope<'a> {
    let mut extractors = Vec::new();
    for row in &rows {
        if !extractors.contains(&row.extractor.as_str()) {
            extractors.push(row.extractor.as_str());
        }
    }
    let distinct = |rows: &[&Row]| {
        let mut files: Vec<&str> = rows.iter().map(|row| row.file.as_str()).collect();
        files.sort_unstable();
        files.dedup();
        files.len()
    };
    let (unreadable, rows): (Vec<&Row>, Vec<&Row>) =
        rows.into_iter().partition(|row| row.status == RowStatus::Unreadable);
    let mut best: HashMap<&str, f64, FxBuildHasher> = HashMap::default();
    for row in &rows {
        if let Some(cost) = row.cost() {
            let least = best.entry(row.file.as_str()).or_insert(cost);
            *least = least.min(cost);
        }
    }
    let (files, unreadable) = (distinct(&rows), distinct(&unreadable));
    Scope { name: name.to_owned(), extractors, files, rows, unreadable, best }
}

impl<'a> Scope<'a> {
    /// The rows of an algorithm.
    pub fn rows_of(&self, extractor: &str) -> impl Iterator<Item = &'a Row> {
        self.rows.iter().copied().filter(move |row| row.extractor == extractor)
    }

    /// The gap of a row to the least cost of its file; 1 without an answer.
    pub fn gap(&self, row: &Row) -> f64 {
        match (row.cost(), self.best.get(row.file.as_str())) {
            (Some(cost), Some(best)) if clearly_below(*best, cost) => gap(cost, *best),
            (Some(_), Some(_)) => 0.0,
            _ => 1.0,
        }
    }

    /// The files and seeds to which every algorithm that answered anything has an answer.
    pub fn common(&self) -> Vec<(&'a str, u64)> {
        let answered = |row: &&&Row| row.cost().is_some();
        let mut asked: Vec<&str> =
            self.rows.iter().filter(answered).map(|row| row.extractor.as_str()).collect();
        asked.sort_unstable();
        asked.dedup();
        let mut answers: Vec<(&str, u64, &str)> = self
            .rows
            .iter()
            .filter(answered)
            .map(|row| (row.file.as_str(), row.seed, row.extractor.as_str()))
            .collect();
        answers.sort_unstable();
        answers.dedup();
        answers
            .chunk_by(|a, b| (a.0, a.1) == (b.0, b.1))
            .filter(|answers| answers.len() == asked.len())
            .map(|answers| (answers[0].0, answers[0].1))
            .collect()
    }

    /// The figures of each algorithm.
    pub fn lines(&self) -> Vec<Line> {
        let common = self.common();
        self.extractors.iter().map(|extractor| self.line(extractor, &common)).collect()
    }

    fn line(&self, extractor: &str, common: &[(&str, u64)]) -> Line {
        let rows: Vec<&Row> = self.rows_of(extractor).collect();
        let count = |is: &dyn Fn(&Row) -> bool| rows.iter().filter(|row| is(row)).count();
        let limited = |row: &Row| matches!(row.status, RowStatus::Timeout | RowStatus::Memory);
        let shared = |row: &Row| common.binary_search(&(row.file.as_str(), row.seed)).is_ok();
        let mut seconds: Vec<f64> = rows.iter().filter_map(|row| row.seconds).collect();
        seconds.sort_unstable_by(f64::total_cmp);
        let costs = rows.iter().filter(|row| shared(row)).filter_map(|row| row.cost());
        // Not `sum`, which makes -0.0 of nothing.
        let total = costs.fold(0.0, |total, cost| total + cost);
        let gaps: f64 = rows.iter().map(|row| self.gap(row)).sum();
        Line {
            extractor: extractor.to_owned(),
            tasks: rows.len(),
            answers: count(&|row| row.status.is_answer()),
            optimal: count(&|row| row.status == RowStatus::Optimal),
            best: count(&|row| row.cost().is_some() && self.gap(row) == 0.0),
            total_cost: total,
            mean_gap: gaps / rows.len().max(1) as f64,
            seconds: seconds.iter().sum(),
            median_seconds: seconds.get(seconds.len() / 2).copied().unwrap_or(0.0),
            cpu_seconds: rows.iter().filter_map(|row| row.cpu_seconds).sum(),
            peak_rss: rows.iter().filter_map(|row| row.peak_rss).max().unwrap_or(0),
            limited: count(&limited),
            faults: count(&|row| row.status.is_fault()),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::runner::row::ROW_VERSION;

    /// A row with a cost, or without an answer.
    pub(crate) fn row(file: &str, extractor: &str, cost: Option<f64>, seconds: f64) -> Row {
        Row {
            version: ROW_VERSION,
            data_set: file.split_once('/').map_or(".", |(folder, _)| folder).to_owned(),
            file: file.to_owned(),
            extractor: extractor.to_owned(),
            seed: 0,
            time_limit: 10.0,
            memory_limit: None,
            status: if cost.is_some() { RowStatus::Feasible } else { RowStatus::Timeout },
            dag_cost: cost,
            tree_cost: cost,
            bound: None,
            seconds: Some(seconds),
            load_seconds: Some(0.0),
            wall_seconds: seconds,
            cpu_seconds: Some(seconds),
            peak_rss: Some(1 << 20),
            nodes: Some(1),
            classes: Some(1),
            message: None,
            curve: Vec::new(),
        }
    }

    #[test]
    fn gaps_have_a_meaning_for_every_cost() {
        assert_eq!(gap(10.0, 10.0), 0.0);
        assert_eq!(gap(20.0, 10.0), 0.5);
        assert_eq!(gap(0.0, 0.0), 0.0);
        assert_eq!(gap(1.0, 0.0), 1.0);
        assert_eq!(gap(-5.0, -10.0), 0.5);
        assert_eq!(gap(5.0, -10.0), 1.0);
    }

    #[test]
    fn totals_are_over_what_all_answered() {
        let rows = [
            row("s/a", "x", Some(10.0), 0.1),
            row("s/a", "y", Some(12.0), 0.2),
            row("s/b", "x", Some(5.0), 0.3),
            row("s/b", "y", None, 9.0),
            row("t/c", "x", Some(4.0), 0.1),
            row("t/c", "y", Some(3.0), 0.1),
        ];
        let scopes = scopes(&rows);
        let names: Vec<&str> = scopes.iter().map(|scope| scope.name.as_str()).collect();
        assert_eq!(names, ["all", "s", "t"]);
        let lines = scopes[0].lines();
        assert_eq!((lines[0].total_cost, lines[1].total_cost), (14.0, 15.0));
        assert_eq!((lines[0].answers, lines[1].answers), (3, 2));
        assert_eq!((lines[0].best, lines[1].best), (2, 1));
        assert_eq!((lines[0].mean_gap, lines[1].limited), (0.25 / 3.0, 1));
        let lines = scopes[1].lines();
        assert_eq!((lines[0].total_cost, lines[1].total_cost), (10.0, 12.0));
        assert_eq!(lines[0].median_seconds, 0.3);
    }

    #[test]
    fn files_that_cannot_be_read_are_counted_apart() {
        let mut rows = [row("a", "x", Some(1.0), 0.0), row("b", "x", None, 0.0)];
        rows[1].status = RowStatus::Unreadable;
        let scopes = scopes(&rows);
        assert_eq!(scopes.len(), 1);
        assert_eq!((scopes[0].files, scopes[0].unreadable, scopes[0].rows.len()), (1, 1, 1));
    }
}
