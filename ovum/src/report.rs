//! What the compiler did, for a reader and for a machine.

use crate::json::Json;
use optimizer::Approximation;
use std::time::Duration;

/// The report of one compilation: the optimiser's, with the phases before and after it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// Wall time of each phase, in order.
    pub phases: Vec<(&'static str, Duration)>,
    /// Nodes of the RVSDG before optimisation.
    pub nodes_before: usize,
    /// Nodes of the RVSDG that code was made of.
    pub nodes_after: usize,
    /// The optimiser's part; none if it did not run.
    pub optimizer: Option<optimizer::Report>,
    /// What code was made, in words; none if none was.
    pub code: Option<String>,
}

impl Report {
    /// Appends a phase.
    pub fn push_phase(&mut self, name: &'static str, time: Duration) {
        self.phases.push((name, time));
    }

    /// Time of all phases together.
    pub fn total(&self) -> Duration {
        self.phases.iter().map(|(_, time)| *time).sum()
    }

    /// The machine-readable form; times in milliseconds. What the optimiser would have said is null
    /// if it did not run.
    pub fn to_json(&self) -> Json {
        let phases = self
            .phases
            .iter()
            .map(|(name, time)| ((*name).to_owned(), Json::Float(milliseconds(*time))))
            .collect();
        let mut json = Json::object([("phases", Json::Object(phases))]);
        let optimizer = self.optimizer.as_ref();
        let number = |get: fn(&optimizer::Report) -> Json| optimizer.map_or(Json::Null, get);
        json.push("e_nodes", number(|report| Json::count(report.e_nodes)));
        json.push("e_classes", number(|report| Json::count(report.e_classes)));
        json.push("stop_reason", number(|report| Json::Str(report.stop_reason.clone())));
        json.push("rules_fired", number(|report| counts(&report.rules_fired)));
        json.push("cost_before", number(|report| Json::Float(report.cost_before)));
        json.push("cost_after", number(|report| Json::Float(report.cost_after)));
        let approximations = optimizer.map_or(&[][..], |report| &report.approximations);
        let approximations = approximations.iter().map(approximation_json).collect();
        json.push("approximations", Json::Array(approximations));
        json.push(
            "error_bound",
            optimizer.and_then(|report| report.error_bound).map_or(Json::Null, Json::Float),
        );
        json.push("fusions", optimizer.map_or(Json::Object(vec![]), |r| counts(&r.fusions)));
        json
    }

    /// The road from source to code, a line per phase.
    pub fn to_text(&self, style: Style) -> String {
        let mut lines: Vec<String> = self
            .phases
            .iter()
            .map(|(name, time)| {
                let (road, what) = self.describe(name);
                let name = style.bold(&format!("{name:<9}"));
                let time = style.dim(&format!("{:>9}", duration_text(*time)));
                format!("  {name}{road:<25}  {time}  {what}").trim_end().to_owned()
            })
            .collect();
        let optimizer = self.optimizer.as_ref();
        for approximation in optimizer.iter().flat_map(|report| &report.approximations) {
            let Approximation { rule, domain: (low, high), bound } = approximation;
            lines.push(format!(
                "  approximated by {rule} on [{low:?}, {high:?}]: error <= {bound:.3e}"
            ));
        }
        if let Some(bound) = optimizer.and_then(|report| report.error_bound) {
            lines.push(format!("  error of the result <= {bound:.3e}"));
        }
        lines.push(String::new());
        lines.join("\n")
    }

    /// The report in one line.
    pub fn summary(&self) -> String {
        let nodes = format!("{} -> {}", self.nodes_before, plural(self.nodes_after, "node"));
        let cost = self.optimizer.as_ref().map(cost_text);
        let error = self.optimizer.as_ref().and_then(|report| report.error_bound);
        let error = error.map(|bound| format!("error <= {bound:.3e}"));
        let parts = [Some(nodes), cost, error, Some(duration_text(self.total()))];
        parts.into_iter().flatten().collect::<Vec<String>>().join(", ")
    }

    fn has_phase(&self, name: &str) -> bool {
        self.phases.iter().any(|(phase, _)| *phase == name)
    }

    /// From what to what a phase leads, and what it gave.
    fn describe(&self, phase: &str) -> (&'static str, String) {
        let optimizer = self.optimizer.as_ref();
        let of = |get: fn(&optimizer::Report) -> String| optimizer.map_or(String::new(), get);
        match phase {
            "parse" => ("text -> syntax", String::new()),
            "lower" => ("Python -> RVSDG", plural(self.nodes_before, "node")),
            "encode" => ("RVSDG -> e-graph", String::new()),
            "saturate" => ("e-graph, all rewrites", of(saturation_text)),
            "extract" if self.has_phase("decode") => ("e-graph -> cheapest term", of(cost_text)),
            "extract" => {
                let nodes = plural(self.nodes_after, "node");
                ("e-graph -> cheapest RVSDG", format!("{nodes}, {}", of(cost_text)))
            }
            "decode" => ("cheapest term -> RVSDG", plural(self.nodes_after, "node")),
            "codegen" => ("RVSDG -> machine code", self.code.clone().unwrap_or_default()),
            "run" => ("machine code -> answer", String::new()),
            _ => ("", String::new()),
        }
    }
}

/// Whether text for a person is coloured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// Whether ANSI escape sequences are written.
    pub color: bool,
}

impl Style {
    /// Bold text.
    pub fn bold(self, text: &str) -> String {
        self.wrap(text, "1")
    }

    /// Dim text.
    pub fn dim(self, text: &str) -> String {
        self.wrap(text, "2")
    }

    /// Bold red text: an error.
    pub fn error(self, text: &str) -> String {
        self.wrap(text, "1;31")
    }

    fn wrap(self, text: &str, code: &str) -> String {
        if self.color { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// A time in milliseconds.
pub fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// A time for a person: `8.1 us`, `0.12 ms`, `3.40 s`.
pub fn duration_text(time: Duration) -> String {
    if time < Duration::from_micros(100) {
        format!("{:.1} us", time.as_secs_f64() * 1e6)
    } else if time < Duration::from_secs(1) {
        format!("{:.2} ms", milliseconds(time))
    } else {
        format!("{:.2} s", time.as_secs_f64())
    }
}

/// A count with its noun.
pub fn plural(count: usize, noun: &str) -> String {
    let ending = match (count, noun.ends_with('s')) {
        (1, _) => "",
        (_, true) => "es",
        (_, false) => "s",
    };
    format!("{count} {noun}{ending}")
}

fn counts(map: &indexmap::IndexMap<String, usize>) -> Json {
    Json::Object(map.iter().map(|(name, count)| (name.clone(), Json::count(*count))).collect())
}

fn approximation_json(approximation: &Approximation) -> Json {
    let (low, high) = approximation.domain;
    Json::object([
        ("rule", Json::Str(approximation.rule.clone())),
        ("domain", Json::Array(vec![Json::Float(low), Json::Float(high)])),
        ("bound", Json::Float(approximation.bound)),
    ])
}

fn saturation_text(report: &optimizer::Report) -> String {
    let fired: usize = report.rules_fired.values().sum();
    let stop = match report.stop_reason.as_str() {
        "" => String::new(),
        reason => format!("; {reason}"),
    };
    format!(
        "{}, {}; {} of {}{stop}",
        plural(report.e_nodes, "e-node"),
        plural(report.e_classes, "e-class"),
        plural(fired, "rewrite"),
        plural(report.rules_fired.len(), "rule"),
    )
}

fn cost_text(report: &optimizer::Report) -> String {
    if report.kept_input {
        return format!("cost {}: nothing cheaper than the input", cost(report.cost_before));
    }
    format!("cost {} -> {}", cost(report.cost_before), cost(report.cost_after))
}

fn cost(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

#[cfg(test)]
#[allow(clippy::needless_raw_string_hashes, reason = "expect-test writes them")]
mod tests {
    use super::*;

    fn sample() -> Report {
        let mut optimizer = optimizer::Report {
            e_nodes: 120,
            e_classes: 1,
            stop_reason: "saturated".to_owned(),
            cost_before: 240.0,
            cost_after: 31.5,
            approximations: vec![Approximation {
                rule: "tanh-pade".to_owned(),
                domain: (-1.0, 1.0),
                bound: 1e-6,
            }],
            error_bound: Some(2e-6),
            ..optimizer::Report::default()
        };
        optimizer.rules_fired.insert("add-zero".to_owned(), 2);
        Report {
            phases: vec![
                ("lower", Duration::from_micros(150)),
                ("saturate", Duration::from_micros(2_500)),
                ("extract", Duration::from_millis(1_500)),
            ],
            nodes_before: 17,
            nodes_after: 9,
            optimizer: Some(optimizer),
            code: None,
        }
    }

    #[test]
    fn text_shows_the_road() {
        let text = format!("report\n{}", sample().to_text(Style::default()));
        let text = text.replace("; ", ";\n    ");
        expect_test::expect![[r#"
            report
              lower    Python -> RVSDG              0.15 ms  17 nodes
              saturate e-graph, all rewrites        2.50 ms  120 e-nodes, 1 e-class;
                2 rewrites of 1 rule;
                saturated
              extract  e-graph -> cheapest RVSDG     1.50 s  9 nodes, cost 240 -> 31.5
              approximated by tanh-pade on [-1.0, 1.0]: error <= 1.000e-6
              error of the result <= 2.000e-6
        "#]]
        .assert_eq(&text);
    }

    #[test]
    fn json_holds_every_key_of_the_contract() {
        let text = sample().to_json().to_string().replace(", \"", ",\n\"");
        expect_test::expect![[r#"
            {"phases": {"lower": 0.15,
            "saturate": 2.5,
            "extract": 1500.0},
            "e_nodes": 120,
            "e_classes": 1,
            "stop_reason": "saturated",
            "rules_fired": {"add-zero": 2},
            "cost_before": 240.0,
            "cost_after": 31.5,
            "approximations": [{"rule": "tanh-pade",
            "domain": [-1.0, 1.0],
            "bound": 1e-06}],
            "error_bound": 2e-06,
            "fusions": {}}"#]]
        .assert_eq(&text);
        let none: serde_json::Value =
            serde_json::from_str(&Report::default().to_json().to_string()).expect("our own JSON");
        assert!(none["e_nodes"].is_null());
        assert!(none["approximations"].as_array().is_some_and(Vec::is_empty));
    }

    #[test]
    fn nouns_agree_with_their_count() {
        assert_eq!(plural(1, "e-class"), "1 e-class");
        assert_eq!(plural(2, "e-class"), "2 e-classes");
        assert_eq!(plural(0, "node"), "0 nodes");
    }
}
