//! Rewriting without conditions: one definition that every engine can run as it stands.
//!
//! Notation: variables of rules are lower-case names, `$name` is a term named earlier, and a
//! constructor over `i64` or `String` is a leaf. egglog gets leaves as constructors over a literal,
//! egg as e-nodes that hold the literal, so both count one e-node for each.

use crate::sexp::{Sexp, parse};
use std::fmt::Write;

/// When a run ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// When an iteration adds nothing.
    Saturated,
    /// After this many iterations: all rules are searched, then all matches applied.
    Iterations(usize),
}

/// A set of rewrite rules and the terms that they start from.
#[derive(Clone, Debug)]
pub struct Plain {
    /// The one sort of terms.
    pub sort: &'static str,
    /// Name and argument sorts of each constructor.
    pub constructors: &'static [(&'static str, &'static [&'static str])],
    /// Left and right side of each rule.
    pub rules: &'static [(&'static str, &'static str)],
    /// Named terms; a term may use the names before it.
    pub terms: Vec<(String, String)>,
    /// When to stop.
    pub stop: Stop,
}

impl Plain {
    /// The program in egglog's language, ending with `(print-size)`.
    pub fn to_egglog(&self) -> String {
        let mut text = format!("(datatype {}", self.sort);
        for (name, sorts) in self.constructors {
            push(&mut text, format_args!(" ({name}"));
            sorts.iter().for_each(|sort| push(&mut text, format_args!(" {sort}")));
            text.push(')');
        }
        text.push_str(")\n(ruleset rules)\n");
        for (left, right) in self.rules {
            push(&mut text, format_args!("(rewrite {left} {right} :ruleset rules)\n"));
        }
        for (name, term) in &self.terms {
            push(&mut text, format_args!("(let ${name} {term})\n"));
        }
        match self.stop {
            Stop::Saturated => text.push_str("(run-schedule (saturate (run rules)))\n"),
            Stop::Iterations(count) => {
                push(&mut text, format_args!("(run-schedule (repeat {count} (run rules)))\n"));
            }
        }
        text.push_str("(print-size)\n");
        text
    }

    /// A side of a rule in egg's notation.
    ///
    /// # Errors
    /// If the text is not an expression.
    pub fn egg_pattern(&self, text: &str) -> Result<String, String> {
        Ok(self.translate(&parse(text)?).to_string())
    }

    /// A term with leaves as egg has them; `$name` stays.
    ///
    /// # Errors
    /// If the text is not an expression.
    pub fn egg_term(&self, text: &str) -> Result<Sexp, String> {
        Ok(self.translate(&parse(text)?))
    }

    fn translate(&self, from: &Sexp) -> Sexp {
        match from {
            Sexp::Atom(name) if name.starts_with(|c: char| c.is_ascii_lowercase()) => {
                Sexp::Atom(format!("?{name}"))
            }
            Sexp::Text(text) => Sexp::Atom(text.clone()),
            Sexp::Atom(_) => from.clone(),
            Sexp::List(items) => match items.as_slice() {
                [Sexp::Atom(head), leaf] if self.is_leaf(head) => self.translate(leaf),
                _ => Sexp::List(items.iter().map(|item| self.translate(item)).collect()),
            },
        }
    }

    fn is_leaf(&self, name: &str) -> bool {
        let found = self.constructors.iter().find(|(constructor, _)| *constructor == name);
        found.is_some_and(|(_, sorts)| matches!(sorts, ["i64" | "String"]))
    }
}

pub(super) fn push(text: &mut String, more: std::fmt::Arguments<'_>) {
    text.write_fmt(more).expect("writing to a string cannot fail");
}
