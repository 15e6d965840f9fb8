//! The figures as plain tables.

use super::summary::{Line, Scope, scopes};
use crate::runner::Row;

/// A column's name, and how it shows a line.
type Column = (&'static str, fn(&Line) -> String);

/// The columns.
pub(super) const COLUMNS: [Column; 11] = [
    ("extractor", |line| line.extractor.clone()),
    ("tasks", |line| line.tasks.to_string()),
    ("answers", |line| line.answers.to_string()),
    ("proved", |line| line.optimal.to_string()),
    ("best", |line| line.best.to_string()),
    ("total cost", |line| cost(line.total_cost)),
    ("mean gap", |line| format!("{:.3}%", line.mean_gap * 100.0)),
    ("seconds", |line| format!("{:.3}", line.seconds)),
    ("median ms", |line| format!("{:.3}", line.median_seconds * 1000.0)),
    ("peak MB", |line| format!("{:.1}", line.peak_rss as f64 / 1e6)),
    ("limit/fault", |line| format!("{}/{}", line.limited, line.faults)),
];

/// A cost for a table: what the data's rounding lets through, no more.
fn cost(cost: f64) -> String {
    let text = format!("{cost:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// What a table is about, in words.
pub(super) fn title(scope: &Scope<'_>) -> String {
    let common = scope.common().len();
    let unreadable = match scope.unreadable {
        0 => String::new(),
        count => format!(", {count} left out as unreadable"),
    };
    format!("{}: {} files{unreadable}; total cost over {common} tasks", scope.name, scope.files)
}

/// Tables for a terminal, one per data set.
pub fn text(rows: &[Row]) -> String {
    let mut text = Vec::new();
    for scope in scopes(rows) {
        let cells = cells(&scope);
        let width = |at: usize| cells.iter().map(|row| row[at].chars().count()).max().unwrap_or(0);
        text.push(title(&scope));
        for row in &cells {
            let cells = row.iter().enumerate().map(|(at, cell)| {
                let width = width(at);
                // Names are read from the left, figures from the right.
                if at == 0 { format!("  {cell:<width$}") } else { format!("  {cell:>width$}") }
            });
            text.push(cells.collect());
        }
        text.push(String::new());
    }
    text.join("\n")
}

/// Tables in Markdown, one per data set.
pub fn markdown(rows: &[Row]) -> String {
    let mut text = Vec::new();
    for scope in scopes(rows) {
        text.extend([format!("### {}", title(&scope)), String::new()]);
        for (at, row) in cells(&scope).iter().enumerate() {
            let cells: Vec<String> = row.iter().map(|cell| cell.replace('|', "\\|")).collect();
            text.push(format!("| {} |", cells.join(" | ")));
            if at == 0 {
                text.push(format!("|---{}|", "|--:".repeat(row.len() - 1)));
            }
        }
        text.push(String::new());
    }
    text.join("\n")
}

/// The head and a row per algorithm.
fn cells(scope: &Scope<'_>) -> Vec<Vec<String>> {
    let head = COLUMNS.iter().map(|(name, _)| (*name).to_owned()).collect();
    let lines = scope.lines();
    let body = lines.iter().map(|line| COLUMNS.iter().map(|(_, show)| show(line)).collect());
    std::iter::once(head).chain(body).collect()
}

#[cfg(test)]
mod tests {
    use super::super::summary::tests::row;
    use super::*;

    #[test]
    fn tables_have_a_line_per_algorithm() {
        let rows = [row("s/a", "x", Some(10.5), 0.1), row("s/a", "a|b", Some(21.0), 0.2)];
        let text = text(&rows);
        assert!(text.starts_with("s: 1 files; total cost over 1 tasks\n  extractor"), "{text}");
        assert!(text.contains("10.5    0.000%"), "{text}");
        let markdown = markdown(&rows);
        assert!(markdown.contains("| a\\|b | 1 | 1 | 0 | 0 | 21 | 50.000% |"), "{markdown}");
        assert_eq!(markdown.lines().filter(|line| line.starts_with('|')).count(), 4);
    }
}
