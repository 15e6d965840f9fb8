//! Rows as CSV (RFC 4180): everything but the anytime curves.

use super::row::{ROW_VERSION, Row, RowStatus};

/// The columns, in order.
pub const COLUMNS: [&str; 18] = [
    "data_set",
    "file",
    "extractor",
    "seed",
    "time_limit",
    "memory_limit",
    "status",
    "dag_cost",
    "tree_cost",
    "bound",
    "seconds",
    "load_seconds",
    "wall_seconds",
    "cpu_seconds",
    "peak_rss",
    "nodes",
    "classes",
    "message",
];

/// The first line, without line break.
pub fn csv_header() -> String {
    COLUMNS.join(",")
}

/// A row, without line break.
pub fn csv_line(row: &Row) -> String {
    let float = |x: Option<f64>| x.map(|x| x.to_string()).unwrap_or_default();
    let int = |x: Option<u64>| x.map(|x| x.to_string()).unwrap_or_default();
    let fields = [
        quoted(&row.data_set),
        quoted(&row.file),
        quoted(&row.extractor),
        row.seed.to_string(),
        row.time_limit.to_string(),
        int(row.memory_limit),
        row.status.name().to_owned(),
        float(row.dag_cost),
        float(row.tree_cost),
        float(row.bound),
        float(row.seconds),
        float(row.load_seconds),
        row.wall_seconds.to_string(),
        float(row.cpu_seconds),
        int(row.peak_rss),
        int(row.nodes),
        int(row.classes),
        quoted(row.message.as_deref().unwrap_or("")),
    ];
    fields.join(",")
}

fn quoted(text: &str) -> String {
    // A line break would tear a row in two for readers that know no quotes.
    let text = text.replace(['\n', '\r'], " ");
    if text.contains(['"', ',']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

/// Reads rows that [`csv_line`] wrote under [`csv_header`]. The last line may be cut short, as a
/// sweep that was killed leaves it; it is left out.
///
/// # Errors
/// The number of the first line that is no row, from 1, and why.
pub fn rows_from_csv(text: &str) -> Result<Vec<Row>, (usize, String)> {
    let mut lines = text.split_inclusive('\n').enumerate();
    let Some((_, header)) = lines.next() else { return Ok(Vec::new()) };
    if header.trim_end() != csv_header() {
        return Err((1, "the header is not that of a sweep".to_owned()));
    }
    let mut rows = Vec::new();
    for (at, line) in lines.filter(|(_, line)| line.ends_with('\n')) {
        rows.push(row(line.trim_end()).map_err(|why| (at + 1, why))?);
    }
    Ok(rows)
}

fn row(line: &str) -> Result<Row, String> {
    let fields = fields(line);
    if fields.len() != COLUMNS.len() {
        return Err(format!("{} fields, not {}", fields.len(), COLUMNS.len()));
    }
    let wrong = |at: usize| format!("`{}` is wrong: `{}`", COLUMNS[at], fields[at]);
    let float = |at: usize| match fields[at].as_str() {
        "" => Ok(None),
        text => text.parse::<f64>().map(Some).map_err(|_| wrong(at)),
    };
    let int = |at: usize| match fields[at].as_str() {
        "" => Ok(None),
        text => text.parse::<u64>().map(Some).map_err(|_| wrong(at)),
    };
    Ok(Row {
        version: ROW_VERSION,
        data_set: fields[0].clone(),
        file: fields[1].clone(),
        extractor: fields[2].clone(),
        seed: int(3)?.ok_or_else(|| wrong(3))?,
        time_limit: float(4)?.ok_or_else(|| wrong(4))?,
        memory_limit: int(5)?,
        status: RowStatus::named(&fields[6]).ok_or_else(|| wrong(6))?,
        dag_cost: float(7)?,
        tree_cost: float(8)?,
        bound: float(9)?,
        seconds: float(10)?,
        load_seconds: float(11)?,
        wall_seconds: float(12)?.ok_or_else(|| wrong(12))?,
        cpu_seconds: float(13)?,
        peak_rss: int(14)?,
        nodes: int(15)?,
        classes: int(16)?,
        message: (!fields[17].is_empty()).then(|| fields[17].clone()),
        curve: Vec::new(),
    })
}

/// The fields of a line, unquoted.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut inside = false;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if inside && chars.peek() == Some(&'"') => {
                chars.next();
                fields.last_mut().expect("there is a first field").push('"');
            }
            '"' => inside = !inside,
            ',' if !inside => fields.push(String::new()),
            c => fields.last_mut().expect("there is a first field").push(c),
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runner::row::rows_from_json_lines;

    fn example() -> Row {
        Row {
            version: ROW_VERSION,
            data_set: "a".into(),
            file: "a/b, \"c\".json".into(),
            extractor: "cmd:python3 x.py".into(),
            seed: 7,
            time_limit: 0.1,
            memory_limit: None,
            status: RowStatus::Feasible,
            dag_cost: Some(0.1 + 0.2),
            tree_cost: Some(f64::MAX),
            bound: None,
            seconds: Some(1e-9),
            load_seconds: None,
            wall_seconds: 1.0,
            cpu_seconds: Some(0.5),
            peak_rss: Some(1 << 40),
            nodes: Some(3),
            classes: Some(2),
            message: Some("it said, \"no\"".into()),
            curve: Vec::new(),
        }
    }

    #[test]
    fn rows_survive_both_forms() {
        let row = example();
        let text = format!("{}\n{}\n", csv_header(), csv_line(&row));
        assert_eq!(rows_from_csv(&text), Ok(vec![row.clone()]));
        let text = format!("{0}\n{0}\n", row.to_json_line());
        assert_eq!(rows_from_json_lines(&text), Ok(vec![row.clone(), row]));
    }

    #[test]
    fn a_line_that_was_cut_short_is_left_out() {
        let row = example();
        let csv = format!("{}\n{}\n{}", csv_header(), csv_line(&row), &csv_line(&row)[..20]);
        assert_eq!(rows_from_csv(&csv).unwrap().len(), 1);
        let line = row.to_json_line();
        let text = format!("{line}\n{}", &line[..30]);
        assert_eq!(rows_from_json_lines(&text).unwrap().len(), 1);
        let text = format!("{}\n{line}\n", &line[..30]);
        assert_eq!(rows_from_json_lines(&text).unwrap_err().0, 1);
    }

    #[test]
    fn what_is_no_sweep_is_refused() {
        assert_eq!(rows_from_csv(""), Ok(Vec::new()));
        assert_eq!(rows_from_csv("a,b\n1,2\n").unwrap_err().0, 1);
        let text = format!("{}\n1,2\n", csv_header());
        assert_eq!(rows_from_csv(&text).unwrap_err().0, 2);
        let text = format!("{}\n{}\n", csv_header(), csv_line(&example()).replace("0.1,", "x,"));
        assert_eq!(rows_from_csv(&text).unwrap_err().0, 2);
    }
}
