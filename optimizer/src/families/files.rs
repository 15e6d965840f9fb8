//! Rules in files: `optimizer/rules/*.egg`, a file a family, embedded in the crate.
//!
//! A file holds `rewrite` commands of the egglog language whose terms are patterns over operators
//! by their names in text, in the notation of [`egraph_core::Pattern`]. What needs more than two
//! patterns, such as a constant that is computed, is Rust.

use crate::facts::FactAnalysis;
use egraph_core::Rule;
use egraph_core::egglog::syntax::{Command, Sources, parse};

/// A rule that is a pair of patterns.
pub(super) struct Pair {
    pub(super) name: String,
    pub(super) left: String,
    pub(super) right: String,
}

impl Pair {
    pub(super) fn rule(&self) -> Rule<FactAnalysis> {
        Rule::rewrite(self.name.clone(), &self.left, &self.right)
    }
}

/// The rules of an embedded file, in order.
///
/// # Panics
/// If the file is not what the module says: a test reads every one.
pub(super) fn pairs(name: &str, text: &str) -> Vec<Pair> {
    let mut sources = Sources::new();
    let file = sources.add(name, text);
    let commands = parse(file, text).unwrap_or_else(|e| panic!("{}", sources.render(&e.0[0])));
    let pair = |command| match command {
        Command::Rewrite(rule) if rule.conditions.is_empty() && !rule.subsume => Pair {
            name: (*rule.name).into(),
            left: rule.lhs.to_string(),
            right: rule.rhs.to_string(),
        },
        other => panic!("{name}: `{other}` is no pair of patterns"),
    };
    commands.into_iter().map(pair).collect()
}
