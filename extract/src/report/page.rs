//! One HTML page that needs nothing else: tables, plots, and where two algorithms differ.
//!
//! The tables are written here, so that they are there without a script; `page.js` draws what
//! `series` computed.

use super::series::{Series, series};
use super::summary::{Scope, scopes};
use super::tables::{COLUMNS, title};
use crate::runner::{Row, RowStatus};
use serde::Serialize;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// Rows without an answer that are listed.
const LISTED: usize = 500;

/// What the script is given.
#[derive(Serialize)]
struct Data<'a> {
    /// Every algorithm, in the order of colours.
    extractors: Vec<&'a str>,
    series: Vec<Series>,
    rows: Vec<Compared<'a>>,
}

/// File, algorithm, seed, cost, seconds, status.
type Compared<'a> = (&'a str, usize, u64, Option<f64>, Option<f64>, &'static str);

/// The report of a sweep.
pub fn html(rows: &[Row]) -> String {
    let scopes = scopes(rows);
    let extractors = scopes.first().map(|scope| scope.extractors.clone()).unwrap_or_default();
    let known = |name: &str| extractors.iter().position(|known| *known == name).unwrap_or(0);
    let compared = rows.iter().filter(|row| row.status != RowStatus::Unreadable).map(|row| {
        let (file, seed, status) = (row.file.as_str(), row.seed, row.status.name());
        (file, known(&row.extractor), seed, row.cost(), row.seconds, status)
    });
    let data =
        Data { rows: compared.collect(), series: scopes.iter().map(series).collect(), extractors };
    // A text in the data must not end the element that holds it.
    let data = serde_json::to_string(&data).expect("figures are JSON").replace('<', "\\u003c");
    let tables: String = scopes.iter().map(table).collect();
    let limits = limits(rows);
    let problems = problems(rows);
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Extraction sweep</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <header><h1>Extraction sweep</h1>\n<p>{limits}</p>\n\
         <p class=\"controls\"><label>Data set <select id=\"scope\"></select></label>\n\
         <span id=\"legend\"></span></p></header>\n\
         <main>\n<section id=\"plots\"><noscript>The plots need JavaScript.</noscript></section>\n\
         <section id=\"differences\"></section>\n\
         <section id=\"tables\">\n<h2>Figures</h2>\n\
         <p>Costs are DAG costs. “best”: no answer of the sweep is cheaper. The gap to the least cost \
         c* is |c − c*| / max(|c|, |c*|), 1 without an answer; times are the algorithm’s wall time.</p>\
         \n{tables}</section>\n{problems}</main>\n\
         <script type=\"application/json\" id=\"data\">{data}</script>\n\
         <script>\n{SCRIPT}</script>\n</body>\n</html>\n"
    )
}

/// What the tasks were given, in words.
fn limits(rows: &[Row]) -> String {
    let mut limits: Vec<(f64, Option<u64>)> =
        rows.iter().map(|row| (row.time_limit, row.memory_limit)).collect();
    limits.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    limits.dedup();
    let words: Vec<String> = limits
        .iter()
        .map(|(time, memory)| match memory {
            Some(bytes) => format!("{time} s and {} MiB", bytes >> 20),
            None => format!("{time} s"),
        })
        .collect();
    format!("{} tasks, each a process of its own with {}.", rows.len(), words.join(" or "))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn table(scope: &Scope<'_>) -> String {
    let head = COLUMNS.map(|(name, _)| format!("<th>{name}</th>")).concat();
    let lines = scope.lines();
    let body = lines.iter().map(|line| {
        let cells = COLUMNS.iter().map(|(_, show)| format!("<td>{}</td>", escaped(&show(line))));
        let class = if line.faults > 0 { " class=\"fault\"" } else { "" };
        format!("<tr{class}>{}</tr>\n", cells.collect::<String>())
    });
    format!(
        "<details open data-scope=\"{}\"><summary>{}</summary>\n<table><thead><tr>{head}</tr>\
         </thead><tbody>\n{}</tbody></table></details>\n",
        escaped(&scope.name),
        escaped(&title(scope)),
        body.collect::<String>(),
    )
}

/// The rows without an answer, faults first.
fn problems(rows: &[Row]) -> String {
    let mut problems: Vec<&Row> = rows.iter().filter(|row| !row.status.is_answer()).collect();
    if problems.is_empty() {
        return String::new();
    }
    problems.sort_by_key(|row| !row.status.is_fault());
    let lines = problems.iter().take(LISTED).map(|row| {
        let class = if row.status.is_fault() { " class=\"fault\"" } else { "" };
        let message = row.message.as_deref().unwrap_or("");
        let cells = [row.status.name(), &row.extractor, &row.file, message];
        let cells = cells.map(|cell| format!("<td>{}</td>", escaped(cell))).concat();
        format!("<tr{class}>{cells}</tr>\n")
    });
    let lines: String = lines.collect();
    format!(
        "<section id=\"problems\"><h2>Without an answer</h2>\n<details><summary>{} tasks</summary>\n\
         <table><thead><tr><th>status</th><th>extractor</th><th>file</th><th>why</th></tr></thead>\
         <tbody>\n{lines}</tbody></table></details></section>\n",
        problems.len(),
    )
}

#[cfg(test)]
mod tests {
    use super::super::summary::tests::row;
    use super::*;

    #[test]
    fn a_page_holds_all_that_it_needs() {
        let mut rows = [
            row("s/</script><b>", "x & y", Some(10.0), 0.1),
            row("s/</script><b>", "z", Some(20.0), 0.2),
            row("t/a", "z", None, 0.2),
        ];
        rows[2].message = Some("<i>".to_owned());
        let page = html(&rows);
        assert_eq!(page.matches("</script>").count(), 2, "the data end no element");
        assert!(!page.contains("<b>") && !page.contains("<i>"));
        assert!(page.contains("<td>x &amp; y</td>"));
        for outside in ["src=", "href=", "url(", "import ", "fetch("] {
            assert!(!page.contains(outside), "{outside}");
        }
        assert_eq!(page.matches("<details open data-scope=").count(), 3);
        assert!(page.contains("<td>timeout</td>"));
    }

    #[test]
    fn an_empty_sweep_has_a_page() {
        assert!(html(&[]).contains("0 tasks"));
    }
}
