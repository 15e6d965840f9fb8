//! The curves of a scope, one per algorithm, as points to draw.

use super::summary::{Scope, gap};
use crate::runner::{Row, RowStatus};
use serde::Serialize;

/// What takes less is drawn as taking this long: clocks and schedulers decide below it.
const LEAST_SECONDS: f64 = 1e-5;

/// Times at which anytime curves are sampled.
const SAMPLES: usize = 60;

type Points = Vec<(f64, f64)>;

/// The curves of a scope; the algorithms are in the scope's order.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct Series {
    /// The data set.
    pub(super) name: String,
    /// The algorithms.
    pub(super) extractors: Vec<String>,
    /// Share of the tasks with a cost within a factor of the least (Dolan and More, "Benchmarking
    /// optimization software with performance profiles", 2002).
    pub(super) cost_profile: Vec<Points>,
    /// Share of the tasks answered within a factor of the least time.
    pub(super) time_profile: Vec<Points>,
    /// Number of tasks proved optimal by a time.
    pub(super) proved: Vec<Points>,
    /// Number of tasks with an answer of least cost by a time.
    pub(super) solved: Vec<Points>,
    /// Wall time and mean gap in percent of each algorithm, and whether no other is better in both.
    pub(super) trade: Vec<(f64, f64, bool)>,
    /// Mean gap of the answer so far to the least cost, in percent.
    pub(super) primal: Vec<Points>,
    /// Mean gap of the bound so far to the least cost, in percent; empty without bounds.
    pub(super) dual: Vec<Points>,
}

pub(super) fn series(scope: &Scope<'_>) -> Series {
    let per = |curve: &dyn Fn(&str) -> Points| -> Vec<Points> {
        scope.extractors.iter().map(|extractor| curve(extractor)).collect()
    };
    let instances = instances(scope);
    let ratio = |row: &Row| 1.0 / (1.0 - scope.gap(row));
    let least = |row: &Row| {
        let at = instances.binary_search_by(|known| known.0.cmp(&(row.file.as_str(), row.seed)));
        at.map_or(LEAST_SECONDS, |at| instances[at].1)
    };
    let slowness = |row: &Row| row.cost().and(seconds(row)).map(|s| s / least(row));
    let timed = |is: &dyn Fn(&Row) -> bool, extractor: &str| {
        let rows = scope.rows_of(extractor).filter(|row| is(row));
        counted(rows.filter_map(seconds).collect())
    };
    let proved = |row: &Row| row.status == RowStatus::Optimal;
    let solved = |row: &Row| row.cost().is_some() && scope.gap(row) == 0.0;
    let count = instances.len();
    Series {
        name: scope.name.clone(),
        extractors: scope.extractors.iter().map(|name| (*name).to_owned()).collect(),
        cost_profile: per(&|extractor| {
            let rows = scope.rows_of(extractor).filter(|row| row.cost().is_some());
            shares(rows.map(ratio).collect(), count)
        }),
        time_profile: per(&|extractor| {
            shares(scope.rows_of(extractor).filter_map(slowness).collect(), count)
        }),
        proved: per(&|extractor| timed(&proved, extractor)),
        solved: per(&|extractor| timed(&solved, extractor)),
        trade: trade(scope),
        primal: per(&|extractor| anytime(scope, extractor, primal_gap)),
        dual: per(&|extractor| {
            let bounded =
                |row: &Row| row.bound.is_some() || row.curve.iter().any(|p| p.bound.is_some());
            let any = scope.rows_of(extractor).any(bounded);
            if any { anytime(scope, extractor, dual_gap) } else { Vec::new() }
        }),
    }
}

fn seconds(row: &Row) -> Option<f64> {
    row.seconds.map(|seconds| seconds.max(LEAST_SECONDS))
}

/// Every file and seed with the least time of an answer, in order.
fn instances<'a>(scope: &Scope<'a>) -> Vec<((&'a str, u64), f64)> {
    let mut all: Vec<((&str, u64), f64)> = scope
        .rows
        .iter()
        .map(|row| {
            let time = row.cost().and(seconds(row)).unwrap_or(f64::INFINITY);
            ((row.file.as_str(), row.seed), time)
        })
        .collect();
    all.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    all.dedup_by_key(|entry| entry.0);
    all
}

/// The share of `count` that lies at or below each value.
fn shares(values: Vec<f64>, count: usize) -> Points {
    let mut points = counted(values);
    for point in &mut points {
        point.1 /= count.max(1) as f64;
    }
    points
}

/// How many values lie at or below each, one point for equal values.
fn counted(mut values: Vec<f64>) -> Points {
    values.retain(|value| value.is_finite());
    values.sort_unstable_by(f64::total_cmp);
    let mut points: Points = Vec::new();
    for (at, value) in values.into_iter().enumerate() {
        match points.last_mut() {
            Some(last) if last.0 == value => last.1 = at as f64 + 1.0,
            _ => points.push((value, at as f64 + 1.0)),
        }
    }
    points
}

fn trade(scope: &Scope<'_>) -> Vec<(f64, f64, bool)> {
    let lines = scope.lines();
    let at = |at: usize| (lines[at].seconds.max(LEAST_SECONDS), lines[at].mean_gap * 100.0);
    let points: Vec<(f64, f64)> = (0..lines.len()).map(at).collect();
    let beats = |a: &(f64, f64), b: &(f64, f64)| a.0 <= b.0 && a.1 <= b.1 && a != b;
    points.iter().map(|p| (p.0, p.1, !points.iter().any(|other| beats(other, p)))).collect()
}

/// What is known of a row at a time: the gap of its answer.
fn primal_gap(row: &Row, best: f64, at: f64) -> f64 {
    if row.cost().is_none() {
        return 1.0;
    }
    let points = row.curve.iter().filter(|point| point.seconds <= at);
    let last = row.dag_cost.filter(|_| row.seconds.is_some_and(|seconds| seconds <= at));
    let cost = points.filter_map(|point| point.cost).chain(last).reduce(f64::min);
    cost.map_or(1.0, |cost| gap(cost.max(best), best))
}

/// What is known of a row at a time: the gap of its bound.
fn dual_gap(row: &Row, best: f64, at: f64) -> f64 {
    if row.cost().is_none() {
        return 1.0;
    }
    let points = row.curve.iter().filter(|point| point.seconds <= at);
    let proved = if row.status == RowStatus::Optimal { row.dag_cost } else { row.bound };
    let last = proved.filter(|_| row.seconds.is_some_and(|seconds| seconds <= at));
    let bound = points.filter_map(|point| point.bound).chain(last).reduce(f64::max);
    bound.map_or(1.0, |bound| gap(bound.min(best), best))
}

/// The mean of a gap over the rows of an algorithm, at times from the least to the longest.
fn anytime(scope: &Scope<'_>, extractor: &str, of: fn(&Row, f64, f64) -> f64) -> Points {
    let rows: Vec<&Row> = scope.rows_of(extractor).collect();
    let end = scope.rows.iter().filter_map(|row| seconds(row)).fold(LEAST_SECONDS * 10.0, f64::max);
    let step = (end / LEAST_SECONDS).ln() / (SAMPLES - 1) as f64;
    let mean = |at: f64| {
        let gaps = rows
            .iter()
            .map(|row| scope.best.get(row.file.as_str()).map_or(1.0, |best| of(row, *best, at)));
        gaps.sum::<f64>() / rows.len().max(1) as f64 * 100.0
    };
    (0..SAMPLES)
        .map(|sample| LEAST_SECONDS * (step * sample as f64).exp())
        // Rounding must not put the last sample before the last answer.
        .map(|at| (at, mean(at * (1.0 + 1e-9))))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::summary::{scopes, tests::row};
    use super::*;
    use crate::runner::row::Point;

    #[test]
    fn curves_of_two_algorithms() {
        let mut rows = [
            row("a", "x", Some(10.0), 0.1),
            row("a", "y", Some(20.0), 0.01),
            row("b", "x", Some(5.0), 0.2),
            row("b", "y", None, 9.0),
        ];
        rows[0].status = RowStatus::Optimal;
        rows[2].curve = vec![Point { seconds: 0.05, cost: Some(10.0), bound: None }];
        let series = series(&scopes(&rows)[0]);
        assert_eq!(series.cost_profile, [vec![(1.0, 1.0)], vec![(2.0, 0.5)]]);
        assert_eq!(series.time_profile, [vec![(1.0, 0.5), (10.0, 1.0)], vec![(1.0, 0.5)]]);
        assert_eq!(series.proved, [vec![(0.1, 1.0)], vec![]]);
        assert_eq!(series.solved, [vec![(0.1, 1.0), (0.2, 2.0)], vec![]]);
        assert_eq!(series.trade.iter().map(|t| t.2).collect::<Vec<_>>(), [true, false]);
        assert_eq!(series.dual, [vec![], vec![]]);
        let primal = &series.primal[0];
        assert_eq!((primal.len(), primal[0].1, primal[SAMPLES - 1].1), (SAMPLES, 100.0, 0.0));
        let at = |time: f64| primal.iter().find(|point| point.0 >= time).map(|point| point.1);
        assert_eq!((at(0.06), at(0.11)), (Some(75.0), Some(25.0)));
        assert_eq!(series.primal[1][SAMPLES - 1].1, 75.0);
    }
}
