//! What workloads of egg have in common on Ovum: terms in a session's notation, and its report.

use super::Outcome;
use crate::sexp::{Sexp, parse};
use egraph_core::StopReason;
use egraph_core::egglog::Summary;

/// From egg's notation to that of a session.
pub(super) struct Translation {
    /// Operators and the constructors that they are.
    pub(super) operators: &'static [(&'static str, &'static str)],
    /// The term of a leaf that is no variable.
    pub(super) leaf: fn(&str) -> String,
}

impl Translation {
    /// A term or pattern.
    ///
    /// # Errors
    /// It is no expression.
    pub(super) fn of(&self, text: &str) -> Result<String, String> {
        Ok(self.write(&parse(text)?))
    }

    fn write(&self, from: &Sexp) -> String {
        match from {
            Sexp::List(items) => {
                let mut parts = Vec::with_capacity(items.len());
                for (at, item) in items.iter().enumerate() {
                    parts.push(match item {
                        Sexp::Atom(name) if at == 0 => self.constructor(name),
                        _ => self.write(item),
                    });
                }
                format!("({})", parts.join(" "))
            }
            Sexp::Atom(text) if text.starts_with('?') => text.clone(),
            Sexp::Atom(text) | Sexp::Text(text) => (self.leaf)(text),
        }
    }

    fn constructor(&self, operator: &str) -> String {
        let known = self.operators.iter().find(|(name, _)| *name == operator);
        known.map_or(operator, |(_, constructor)| constructor).to_owned()
    }
}

/// What a runner reports.
pub(super) fn of_runner(summary: &Summary) -> Outcome {
    let total = |part: fn(&egraph_core::egglog::exec::Round) -> std::time::Duration| {
        summary.rounds.iter().map(|round| part(round).as_secs_f64()).sum()
    };
    let stopped = match summary.stop {
        StopReason::NodeLimit | StopReason::TimeLimit | StopReason::MemoryLimit => {
            Some(format!("{:?}", summary.stop))
        }
        _ => None,
    };
    Outcome {
        e_nodes: summary.rounds.last().map(|round| round.rows),
        e_classes: summary.rounds.last().map(|round| round.classes),
        iterations: Some(summary.rounds.len()),
        phases: vec![
            ("search", total(|round| round.search)),
            ("apply", total(|round| round.apply)),
            ("rebuild", total(|round| round.rebuild)),
        ],
        stopped,
        ..Outcome::default()
    }
}
