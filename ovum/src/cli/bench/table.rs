//! The table of a comparison: medians and minima, ratios, and whether the counts agree.

use super::ENGINES;
use super::peers::Sample;
use super::steady::FullSpeed;
use crate::json::Json;

/// What is known of an engine on a workload.
pub(super) enum Cell {
    /// Its executable is not there.
    NotInstalled,
    /// The workload cannot be said in its language.
    NoEquivalent,
    /// A run failed.
    Failed(String),
    /// One sample for each round.
    Measured(Vec<Sample>),
}

/// A workload on every engine.
pub(super) struct Row {
    pub(super) workload: String,
    pub(super) cells: [Cell; 3],
    /// Ovum on one thread, where the table is of several.
    pub(super) one_thread: Vec<Sample>,
}

/// All workloads.
pub(super) struct Table {
    rounds: u16,
    threads: usize,
    pub(super) rows: Vec<Row>,
    /// Of the cores in use, if they were watched.
    pub(super) full_speed: Option<FullSpeed>,
}

fn median(samples: &[Sample], of: impl Fn(&Sample) -> f64) -> Option<f64> {
    let mut values: Vec<f64> = samples.iter().map(of).collect();
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        odd if odd % 2 == 1 => Some(values[middle]),
        _ => Some(f64::midpoint(values[middle - 1], values[middle])),
    }
}

impl Cell {
    fn samples(&self) -> &[Sample] {
        if let Cell::Measured(samples) = self { samples } else { &[] }
    }

    fn median(&self, of: impl Fn(&Sample) -> f64) -> Option<f64> {
        median(self.samples(), of)
    }

    fn cpu(&self) -> Option<f64> {
        self.median(|sample| sample.cpu)
    }

    fn least(&self) -> Option<f64> {
        self.samples().iter().map(|sample| sample.least).min_by(f64::total_cmp)
    }

    fn e_nodes(&self) -> Option<u64> {
        self.samples().last()?.e_nodes
    }

    fn time_text(&self) -> String {
        match (self, self.cpu(), self.least()) {
            (_, Some(median), Some(least)) => format!("{} ({})", time(median), time(least)),
            (Cell::NotInstalled, ..) => "not installed".to_owned(),
            (Cell::NoEquivalent, ..) => "-".to_owned(),
            _ => "failed".to_owned(),
        }
    }

    fn memory_text(&self) -> String {
        self.median(|sample| sample.peak_rss)
            .map_or_else(|| "-".to_owned(), |mb| format!("{mb:.0}"))
    }

    fn to_json(&self) -> Json {
        let text = |text: &str| Json::Str(text.to_owned());
        match self {
            Cell::NotInstalled => text("not installed"),
            Cell::NoEquivalent => text("no equivalent"),
            Cell::Failed(reason) => Json::object([("error", text(reason))]),
            Cell::Measured(samples) => {
                let number = |value: Option<f64>| value.map_or(Json::Null, Json::Float);
                let all = samples.iter().map(|sample| Json::Float(sample.cpu)).collect();
                Json::object([
                    ("cpu_seconds", number(self.cpu())),
                    ("least_cpu_seconds", number(self.least())),
                    ("wall_seconds", number(self.median(|sample| sample.wall))),
                    ("peak_rss_mb", number(self.median(|sample| sample.peak_rss))),
                    ("e_nodes", count(self.e_nodes())),
                    ("samples", Json::Array(all)),
                ])
            }
        }
    }
}

impl Row {
    pub(super) fn new(workload: &str) -> Row {
        let cells = std::array::from_fn(|_| Cell::NotInstalled);
        Row { workload: workload.to_owned(), cells, one_thread: Vec::new() }
    }

    /// Those of all engines, and of one thread.
    fn samples(&self) -> impl Iterator<Item = &Sample> {
        self.cells.iter().flat_map(Cell::samples).chain(&self.one_thread)
    }

    /// Ovum's wall time on one thread and on all.
    fn walls(&self) -> Option<(f64, f64)> {
        Some((median(&self.one_thread, |s| s.wall)?, self.own().median(|s| s.wall)?))
    }

    pub(super) fn own(&self) -> &Cell {
        &self.cells[ENGINES.len() - 1]
    }

    /// How many times as long as Ovum an engine takes, by medians.
    fn ratio(&self, engine: usize) -> Option<f64> {
        Some(self.cells[engine].cpu()? / self.own().cpu()?)
    }

    /// The count that the engines agree on.
    fn e_nodes(&self) -> Option<u64> {
        self.cells.iter().rev().find_map(Cell::e_nodes).filter(|_| self.agrees())
    }

    fn agrees(&self) -> bool {
        let mut counts = self.cells.iter().filter_map(Cell::e_nodes);
        let first = counts.next();
        counts.all(|count| Some(count) == first)
    }

    /// Whether an engine failed, or the counts differ.
    pub(super) fn failed(&self) -> bool {
        !self.agrees() || self.cells.iter().any(|cell| matches!(cell, Cell::Failed(_)))
    }

    /// What is wrong, a line each.
    fn complaints(&self) -> Vec<String> {
        let name = &self.workload;
        let mut lines = Vec::new();
        if !self.agrees() {
            let counts = ENGINES.iter().zip(&self.cells).filter_map(|(engine, cell)| {
                cell.e_nodes().map(|count| format!("{engine} {count}"))
            });
            let counts: Vec<String> = counts.collect();
            lines.push(format!("{name}: the counts of e-nodes differ: {}", counts.join(", ")));
        }
        for (engine, cell) in ENGINES.iter().zip(&self.cells) {
            if let Cell::Failed(reason) = cell {
                lines.push(format!("{name}: {engine} failed: {}", reason.trim()));
            }
        }
        lines
    }

    /// One line for a person who waits.
    pub(super) fn summary(&self) -> String {
        let cells = ENGINES.iter().zip(&self.cells);
        let cells: Vec<String> =
            cells.map(|(engine, cell)| format!("{engine} {}", cell.time_text())).collect();
        format!("{}: {}", self.workload, cells.join(", "))
    }

    fn columns(&self, threads: usize) -> Vec<String> {
        let own = self.own();
        let rate = match (self.e_nodes(), own.cpu()) {
            (Some(count), Some(cpu)) if cpu > 0.0 => format!("{:.0}", count as f64 / cpu / 1e3),
            _ => "-".to_owned(),
        };
        let mut columns = vec![
            self.workload.clone(),
            self.e_nodes().map_or_else(|| "-".to_owned(), |count| count.to_string()),
        ];
        columns.extend(self.cells.iter().map(Cell::time_text));
        for engine in 0..ENGINES.len() - 1 {
            let ratio = self.ratio(engine);
            columns.push(ratio.map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2}")));
        }
        columns.push(rate);
        columns.extend(self.cells.iter().map(Cell::memory_text));
        if threads > 1 {
            columns.extend(match self.walls() {
                Some((one, all)) => [time(one), time(all), format!("{:.2}", one / all)],
                None => ["-"; 3].map(str::to_owned),
            });
        }
        columns
    }

    fn to_json(&self) -> Json {
        let mut pairs = vec![("name".to_owned(), Json::Str(self.workload.clone()))];
        for (engine, cell) in ENGINES.iter().zip(&self.cells) {
            pairs.push(((*engine).to_owned(), cell.to_json()));
        }
        for (at, engine) in ENGINES.iter().enumerate().take(ENGINES.len() - 1) {
            let ratio = self.ratio(at).map_or(Json::Null, Json::Float);
            pairs.push((format!("{engine}_over_ovum"), ratio));
        }
        if let Some((one, all)) = self.walls() {
            pairs.push(("ovum_wall_seconds_one_thread".to_owned(), Json::Float(one)));
            pairs.push(("ovum_gain_of_threads".to_owned(), Json::Float(one / all)));
        }
        pairs.push(("counts_agree".to_owned(), Json::Bool(self.agrees())));
        Json::Object(pairs)
    }
}

impl Table {
    pub(super) fn new(rounds: u16, threads: usize) -> Table {
        Table { rounds, threads, rows: Vec::new(), full_speed: None }
    }

    fn header(threads: usize) -> Vec<String> {
        let mut header = vec!["workload".to_owned(), "e-nodes".to_owned()];
        header.extend(ENGINES.map(|engine| format!("{engine} CPU")));
        header.extend(["egg/ovum", "egglog/ovum", "ovum k e-nodes/s"].map(str::to_owned));
        header.extend(ENGINES.map(|engine| format!("{engine} MB")));
        if threads > 1 {
            let all = format!("ovum wall, {threads} threads");
            header.extend(["ovum wall, 1 thread".to_owned(), all, "gain".to_owned()]);
        }
        header
    }

    /// What the figures are, and the geometric means.
    fn notes(&self) -> Vec<String> {
        let plural = |count: usize, noun: &str| crate::report::plural(count, noun);
        let mut notes = vec![format!(
            "CPU: median (least) of {}, user and system time of the whole process, {}. MB: median \
             of the largest resident set. Ratios: by medians; above 1 Ovum is faster. A dash: the \
             engine does not run the workload.",
            plural(usize::from(self.rounds), "round"),
            plural(self.threads, "thread"),
        )];
        for (at, engine) in ENGINES.iter().enumerate().take(ENGINES.len() - 1) {
            let ratios: Vec<f64> = self.rows.iter().filter_map(|row| row.ratio(at)).collect();
            if !ratios.is_empty() {
                let mean = ratios.iter().map(|ratio| ratio.ln()).sum::<f64>() / ratios.len() as f64;
                let least = ratios.iter().copied().fold(f64::INFINITY, f64::min);
                notes.push(format!(
                    "{engine}/ovum over {}: geometric mean {:.2}, least {least:.2}.",
                    plural(ratios.len(), "workload"),
                    mean.exp(),
                ));
            }
        }
        notes.extend(self.full_speed.map(|full_speed| self.steadiness(full_speed)));
        notes.extend(self.rows.iter().flat_map(Row::complaints));
        notes
    }

    /// How many runs of which workloads the cores were slow for.
    fn steadiness(&self, full_speed: FullSpeed) -> String {
        let (mut all, mut slow) = (0, Vec::new());
        for row in &self.rows {
            let paces: Vec<f64> = row.samples().filter_map(|sample| sample.pace).collect();
            all += paces.len();
            let slower = paces.iter().filter(|pace| !full_speed.includes(**pace)).count();
            if slower > 0 {
                slow.push(format!("{slower} of {} of {}", paces.len(), row.workload));
            }
        }
        let slow = if slow.is_empty() { "none".to_owned() } else { slow.join(", ") };
        let FullSpeed(fastest) = full_speed;
        format!(
            "Before and after each of {} a loop told how fast the cores in use were: {fastest:.2} ns a \
             step at best. Runs beside a loop that was more than a tenth slower: {slow}.",
            crate::report::plural(all, "run"),
        )
    }

    pub(super) fn to_markdown(&self) -> String {
        let header = Table::header(self.threads);
        let mut lines = vec![
            format!("| {} |", header.join(" | ")),
            format!("|{}", "---|".repeat(header.len())),
        ];
        lines.extend(
            self.rows.iter().map(|row| format!("| {} |", row.columns(self.threads).join(" | "))),
        );
        lines.push(String::new());
        lines.extend(self.notes().into_iter().map(|note| format!("- {note}")));
        lines.join("\n")
    }

    pub(super) fn to_text(&self) -> String {
        let mut cells = vec![Table::header(self.threads)];
        cells.extend(self.rows.iter().map(|row| row.columns(self.threads)));
        let width = |column: usize| cells.iter().map(|row| row[column].len()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..cells[0].len()).map(width).collect();
        let mut lines: Vec<String> = Vec::new();
        for row in &cells {
            let padded = row.iter().zip(&widths).enumerate().map(|(at, (cell, &width))| {
                if at == 0 { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
            });
            lines.push(padded.collect::<Vec<_>>().join("  ").trim_end().to_owned());
        }
        lines.push(String::new());
        lines.extend(self.notes());
        lines.join("\n")
    }

    pub(super) fn to_json(&self) -> Json {
        Json::object([
            ("rounds", Json::count(usize::from(self.rounds))),
            ("threads", Json::count(self.threads)),
            ("workloads", Json::Array(self.rows.iter().map(Row::to_json).collect())),
            ("notes", Json::Array(self.notes().into_iter().map(Json::Str).collect())),
        ])
    }
}

fn count(number: Option<u64>) -> Json {
    number.map_or(Json::Null, |number| Json::count(usize::try_from(number).unwrap_or(usize::MAX)))
}

/// Seconds with three digits that count, in a unit that suits them.
fn time(seconds: f64) -> String {
    let (value, unit) = match seconds {
        s if s < 1e-3 => (s * 1e6, "us"),
        s if s < 1.0 => (s * 1e3, "ms"),
        s => (s, "s"),
    };
    match value {
        v if v < 10.0 => format!("{v:.2} {unit}"),
        v if v < 100.0 => format!("{v:.1} {unit}"),
        v => format!("{v:.0} {unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(times: &[f64], e_nodes: u64) -> Cell {
        let sample = |&cpu: &f64| Sample {
            cpu,
            least: cpu,
            wall: cpu,
            peak_rss: 10.0,
            e_nodes: Some(e_nodes),
            pace: None,
        };
        Cell::Measured(times.iter().map(sample).collect())
    }

    #[test]
    fn medians_and_ratios() {
        let mut row = Row::new("w");
        row.cells = [measured(&[4.0, 1.0, 3.0], 7), Cell::NotInstalled, measured(&[1.0, 2.0], 7)];
        assert_eq!((row.cells[0].cpu(), row.cells[0].least()), (Some(3.0), Some(1.0)));
        assert_eq!((row.ratio(0), row.ratio(1)), (Some(2.0), None));
        assert!(!row.failed());
        let mut table = Table::new(3, 1);
        table.rows.push(row);
        let text = table.to_markdown();
        let line = "| w | 7 | 3.00 s (1.00 s) | not installed | 1.50 s (1.00 s) | 2.00 | - | 0 |";
        assert!(text.contains(line), "{text}");
        assert!(text.contains("egg/ovum over 1 workload: geometric mean 2.00"), "{text}");
        assert!(!text.contains("gain"), "{text}");
    }

    #[test]
    fn threads_are_compared_with_one() {
        let mut row = Row::new("w");
        row.cells[2] = measured(&[2.0, 1.0, 2.0], 7);
        let Cell::Measured(one) = measured(&[3.0], 7) else { unreachable!("it was measured") };
        row.one_thread = one;
        let mut table = Table::new(3, 2);
        table.rows.push(row);
        let text = table.to_markdown();
        assert!(text.contains("| ovum wall, 1 thread | ovum wall, 2 threads | gain |"), "{text}");
        assert!(text.contains("| 3.00 s | 2.00 s | 1.50 |"), "{text}");
    }

    #[test]
    fn runs_on_slow_cores_are_told() {
        let at = |workload, paces: &[f64]| {
            let mut row = Row::new(workload);
            let Cell::Measured(mut samples) = measured(&[1.0, 1.0, 1.0], 7) else {
                unreachable!("it was measured")
            };
            samples.iter_mut().zip(paces).for_each(|(sample, pace)| sample.pace = Some(*pace));
            row.one_thread = samples;
            row
        };
        let mut table = Table::new(3, 2);
        table.rows.push(at("a", &[1.5, 1.6, 1.64]));
        assert!(!table.to_text().contains("the cores"), "nobody watched them");
        table.full_speed = Some(FullSpeed(1.5));
        let text = table.to_text();
        assert!(text.contains("each of 3 runs"), "{text}");
        assert!(text.ends_with("1.50 ns a step at best. Runs beside a loop that was more than a tenth slower: none."), "{text}");
        table.rows.push(at("b", &[1.5, 3.0, 1.66]));
        let text = table.to_text();
        assert!(text.ends_with("slower: 2 of 3 of b."), "{text}");
    }

    #[test]
    fn counts_that_differ_are_a_failure() {
        let mut row = Row::new("w");
        row.cells = [measured(&[1.0], 7), Cell::NoEquivalent, measured(&[1.0], 8)];
        assert!(row.failed());
        assert_eq!(row.complaints(), ["w: the counts of e-nodes differ: egg 7, ovum 8"]);
        row.cells[0] = Cell::Failed("no".to_owned());
        assert_eq!(row.complaints(), ["w: egg failed: no"]);
    }

    #[test]
    fn times_have_three_digits() {
        assert_eq!([2.1e-5, 0.123_4, 12.34].map(time), ["21.0 us", "123 ms", "12.3 s"]);
    }
}
