//! One result of a sweep: what an algorithm made of a file, and what that took.

use serde::{Deserialize, Serialize};

/// The version of the rows' format.
pub const ROW_VERSION: u32 = 1;

/// What became of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RowStatus {
    /// A legal answer, claimed to be of least DAG cost.
    Optimal,
    /// A legal answer.
    Feasible,
    /// Some root has no finite term.
    Infeasible,
    /// The problem is outside what the algorithm handles.
    Unsupported,
    /// Ended at the hard time limit, without an answer.
    Timeout,
    /// Ended at the memory limit.
    Memory,
    /// It ended by itself, without an answer.
    Crashed,
    /// Its answer is illegal, or another answer refutes what it claims.
    Invalid,
    /// The file is no problem; no algorithm was started.
    Unreadable,
}

impl RowStatus {
    /// Every status, in the order of reports.
    pub const ALL: [RowStatus; 9] = [
        RowStatus::Optimal,
        RowStatus::Feasible,
        RowStatus::Infeasible,
        RowStatus::Unsupported,
        RowStatus::Timeout,
        RowStatus::Memory,
        RowStatus::Crashed,
        RowStatus::Invalid,
        RowStatus::Unreadable,
    ];

    /// The word in tables and files.
    pub fn name(self) -> &'static str {
        match self {
            RowStatus::Optimal => "optimal",
            RowStatus::Feasible => "feasible",
            RowStatus::Infeasible => "infeasible",
            RowStatus::Unsupported => "unsupported",
            RowStatus::Timeout => "timeout",
            RowStatus::Memory => "memory",
            RowStatus::Crashed => "crashed",
            RowStatus::Invalid => "invalid",
            RowStatus::Unreadable => "unreadable",
        }
    }

    /// The status of a word.
    pub fn named(name: &str) -> Option<RowStatus> {
        RowStatus::ALL.into_iter().find(|status| status.name() == name)
    }

    /// Whether there is a legal answer with a cost.
    pub fn is_answer(self) -> bool {
        matches!(self, RowStatus::Optimal | RowStatus::Feasible)
    }

    /// Whether the algorithm is at fault.
    pub fn is_fault(self) -> bool {
        matches!(self, RowStatus::Crashed | RowStatus::Invalid)
    }
}

/// A point of an anytime curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Seconds since the algorithm started.
    pub seconds: f64,
    /// DAG cost of the best answer so far.
    pub cost: Option<f64>,
    /// The best lower bound so far.
    pub bound: Option<f64>,
}

/// A result. Costs are DAG costs unless said otherwise; times are in seconds, memory in bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// [`ROW_VERSION`].
    pub version: u32,
    /// The folder of the file below the sweep's, up to the first `/`; `.` for the sweep's own.
    pub data_set: String,
    /// The file's path below the sweep's folder, with `/`.
    pub file: String,
    /// The algorithm's name.
    pub extractor: String,
    /// The seed of its random choices.
    pub seed: u64,
    /// The time it was given.
    pub time_limit: f64,
    /// The memory it was given, in bytes; none if as much as there is.
    pub memory_limit: Option<u64>,
    /// What became of it.
    pub status: RowStatus,
    /// Cost of the answer, as the checker finds it.
    pub dag_cost: Option<f64>,
    /// Tree cost of the answer, as the checker finds it.
    pub tree_cost: Option<f64>,
    /// The lower bound that the algorithm claims.
    pub bound: Option<f64>,
    /// Wall time of the algorithm alone.
    pub seconds: Option<f64>,
    /// Wall time of reading the file.
    pub load_seconds: Option<f64>,
    /// Wall time of the process, from its start to its end.
    pub wall_seconds: f64,
    /// Processor time of the process.
    pub cpu_seconds: Option<f64>,
    /// The most memory that the process held.
    pub peak_rss: Option<u64>,
    /// Nodes of the e-graph.
    pub nodes: Option<u64>,
    /// Classes of the e-graph.
    pub classes: Option<u64>,
    /// What a reader should know: why there is no answer, what is wrong with it.
    pub message: Option<String>,
    /// Best answers and bounds over time.
    #[serde(default)]
    pub curve: Vec<Point>,
}

impl Row {
    /// What tells a task from the others of its sweep; two sweeps with other limits have none in
    /// common.
    pub fn key(&self) -> (String, String, u64, u64, Option<u64>) {
        let (file, extractor) = (self.file.clone(), self.extractor.clone());
        (file, extractor, self.seed, milliseconds(self.time_limit), self.memory_limit)
    }

    /// The cost of a legal answer.
    pub fn cost(&self) -> Option<f64> {
        self.dag_cost.filter(|_| self.status.is_answer())
    }

    /// The row as one line of JSON, without line break.
    pub fn to_json_line(&self) -> String {
        serde_json::to_string(self).expect("a row holds nothing that JSON cannot write")
    }
}

/// Seconds in whole milliseconds: what two texts of one limit agree in.
pub(super) fn milliseconds(seconds: f64) -> u64 {
    (seconds * 1000.0).round() as u64
}

/// Reads rows as JSON lines. The last line may be cut short, as a sweep that was killed leaves it;
/// it is left out.
///
/// # Errors
/// The number of the first line that is no row, from 1, and why.
pub fn rows_from_json_lines(text: &str) -> Result<Vec<Row>, (usize, String)> {
    let mut rows = Vec::new();
    let count = text.lines().count();
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        match serde_json::from_str::<Row>(line) {
            Ok(row) if row.version == ROW_VERSION => rows.push(row),
            Ok(row) => return Err((at + 1, format!("version {} is not known", row.version))),
            Err(_) if at + 1 == count && !text.ends_with('\n') => {}
            Err(error) => return Err((at + 1, error.to_string())),
        }
    }
    Ok(rows)
}
