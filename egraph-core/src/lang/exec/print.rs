//! What commands answer, and terms built from rows.

use std::fmt;
use std::sync::Arc;

use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;

use super::super::values::Sort;
use super::{Session, Term};
use crate::store::{Conflict, TableId, Value};

/// The answer of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// `extract`: a cheapest term and its cost.
    Extracted {
        /// Sum of the costs of the tree's nodes.
        cost: u64,
        /// The term.
        term: Term,
    },
    /// `extract` with a number: terms with different roots, the cheapest first.
    Variants(Vec<Term>),
    /// `print-size` of one function.
    Size(usize),
    /// `print-size` of all functions, by name.
    Sizes(Vec<(String, usize)>),
    /// `print-function`: rows as terms; of a function, with their values.
    Rows(Vec<(Term, Option<Term>)>),
    /// Anything else that a command prints.
    Text(String),
}

impl Output {
    /// Rows as comma-separated values.
    pub(super) fn into_csv(self) -> Self {
        let Output::Rows(rows) = self else { return self };
        let mut lines = Vec::new();
        for (term, value) in rows {
            let Term::Apply(head, args) = &term else { continue };
            let columns = args.iter().chain(&value).map(|column| field(&column.to_string()));
            let all: Vec<String> = std::iter::once(field(head)).chain(columns).collect();
            lines.push(all.join(","));
        }
        Output::Text(lines.join("\n"))
    }
}

/// A field of a comma-separated line, quoted where it must be (RFC 4180, section 2).
fn field(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Output::Extracted { term, .. } => write!(f, "{term}"),
            Output::Variants(terms) => {
                f.write_str("(\n")?;
                for term in terms {
                    writeln!(f, "   {term}")?;
                }
                f.write_str(")")
            }
            Output::Size(size) => write!(f, "{size}"),
            Output::Sizes(sizes) => {
                f.write_str("(")?;
                for (at, (name, size)) in sizes.iter().enumerate() {
                    let gap = if at == 0 { "" } else { "\n " };
                    write!(f, "{gap}({name} {size})")?;
                }
                f.write_str(")")
            }
            Output::Rows(rows) => {
                f.write_str("(\n")?;
                for (term, value) in rows {
                    match value {
                        Some(value) => writeln!(f, "   {term} -> {value}")?,
                        None => writeln!(f, "   {term}")?,
                    }
                }
                f.write_str(")")
            }
            Output::Text(text) => f.write_str(text),
        }
    }
}

/// Chooses a node for each class.
pub(super) type Choice<'a> = &'a dyn Fn(Value) -> Option<(TableId, u32)>;

/// Classes of a small term.
const FEW: usize = 28;

/// What building a term does next, with an explicit stack: terms may be deep.
enum Task {
    Value(Sort, Value),
    /// Make an application of the last so many terms.
    Apply(Arc<str>, usize, Option<Value>),
}

impl Session {
    /// The term of a value, given a node for each class. A class without a node prints as its
    /// number, which extraction rules out.
    pub(super) fn term(&self, sort: Sort, value: Value, choice: Choice<'_>) -> Term {
        self.build(vec![Task::Value(sort, value)], choice)
    }

    /// The term of a row: the function applied to its arguments.
    pub(super) fn node_term(&self, table: TableId, row: u32, choice: Choice<'_>) -> Term {
        let mut tasks = Vec::new();
        self.apply(table, row, None, &mut tasks);
        self.build(tasks, choice)
    }

    fn apply(&self, table: TableId, row: u32, class: Option<Value>, tasks: &mut Vec<Task>) {
        let rows = self.store.table(table);
        let (sorts, keys) = (self.input_sorts(table), rows.keys(row));
        if self.machine.operators[table as usize].is_some() {
            let (sort, bag) = (sorts[0], keys[0]);
            let parts = self.machine.values.parts(&self.machine.sorts, sort, bag);
            tasks.push(Task::Apply(self.name_of(table).clone(), parts.len(), class));
            tasks.extend(parts.into_iter().rev().map(|(sort, part)| Task::Value(sort, part)));
            return;
        }
        tasks.push(Task::Apply(self.name_of(table).clone(), keys.len(), class));
        tasks.extend(sorts.iter().zip(keys).rev().map(|(sort, key)| Task::Value(*sort, *key)));
    }

    fn build(&self, mut tasks: Vec<Task>, choice: Choice<'_>) -> Term {
        let (values, sorts) = (&self.machine.values, &self.machine.sorts);
        let mut done: Vec<Term> = Vec::new();
        let mut known: HashMap<Value, Term, FxBuildHasher> =
            HashMap::with_capacity_and_hasher(FEW, FxBuildHasher);
        while let Some(task) = tasks.pop() {
            match task {
                Task::Apply(head, count, class) => {
                    let term = Term::Apply(head, done.drain(done.len() - count..).collect());
                    if let Some(class) = class {
                        known.insert(class, term.clone());
                    }
                    done.push(term);
                }
                Task::Value(sort, value) if sorts.is_eq(sort) => {
                    if let Some(term) = known.get(&value) {
                        done.push(term.clone());
                        continue;
                    }
                    if let Some((table, row)) = choice(value) {
                        self.apply(table, row, Some(value), &mut tasks);
                    } else {
                        let text = format!("#{}{value}", sorts.name(sort));
                        done.push(Term::Literal(text.into()));
                    }
                }
                Task::Value(sort, value) => {
                    if let Some(call) = values.reconstruct(sorts, sort, value) {
                        tasks.push(Task::Apply(call.head.into(), call.args.len(), None));
                        let parts = call.args.into_iter().rev();
                        tasks.extend(parts.map(|(sort, part)| Task::Value(sort, part)));
                    } else {
                        let text = values.display(sorts, sort, value, &mut |_, _| String::new());
                        done.push(Term::Literal(text.into()));
                    }
                }
            }
        }
        done.pop().unwrap_or_else(|| Term::Literal("()".into()))
    }

    /// The number of rows of every function that is not hidden, by name.
    pub fn sizes(&self) -> Vec<(String, usize)> {
        let mut sizes: Vec<(String, usize)> = self
            .table_ids()
            .filter(|table| !self.is_hidden(*table))
            .map(|table| (self.name_of(table).to_string(), self.store.table(table).live() as usize))
            .collect();
        sizes.sort();
        sizes
    }

    /// Up to so many rows of a function, oldest first.
    pub(super) fn rows_of(&self, table: TableId, count: usize, choice: Choice<'_>) -> Output {
        let rows = self.store.table(table);
        let valued = rows.decl.conflict == Conflict::Merge;
        let shown = rows.live_rows().take(count).map(|row| {
            let term = self.node_term(table, row, choice);
            let value = valued
                .then(|| self.term(self.tables[table as usize].output, rows.output(row), choice));
            (term, value)
        });
        Output::Rows(shown.collect())
    }

    fn is_hidden(&self, table: TableId) -> bool {
        let function = self.tables[table as usize].function;
        function.is_none_or(|function| self.env().function(function).hidden)
    }
}
