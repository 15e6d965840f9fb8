//! Values as terms: what extraction and messages need to know of them.

use std::cmp::Ordering;
use std::fmt::Write;

use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;

use super::Value;
use super::container::content;
use super::sort::{Sort, SortKind, Sorts};
use super::store::Values;

/// A value written as a call of a primitive that makes it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reconstruction {
    /// The primitive's name.
    pub head: &'static str,
    /// Its arguments.
    pub args: Vec<(Sort, Value)>,
    /// How the arguments may be ordered.
    pub order: ArgOrder,
}

/// Whether the order of a reconstruction's arguments means anything. egglog writes containers
/// without order by the order of their elements' terms; [`Reconstruction::args`] are in the order
/// of their values.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ArgOrder {
    /// The order is part of the value.
    Given,
    /// Arguments may be permuted; equal ones are one.
    Set,
    /// Arguments may be permuted.
    MultiSet,
    /// Pairs of a key and a value may be permuted.
    Map,
}

impl ArgOrder {
    /// The arguments' terms in the order of `compare`, as far as the order is free.
    pub fn arrange<T: Clone>(self, terms: Vec<T>, compare: impl Fn(&T, &T) -> Ordering) -> Vec<T> {
        let mut terms = terms;
        match self {
            Self::Given => {}
            Self::MultiSet => terms.sort_by(compare),
            Self::Set => {
                terms.sort_by(&compare);
                terms.dedup_by(|a, b| compare(a, b).is_eq());
            }
            Self::Map => {
                let mut entries: Vec<&[T]> = terms.chunks(2).collect();
                entries.sort_by(|a, b| compare(&a[0], &b[0]));
                terms = entries.concat();
            }
        }
        terms
    }
}

impl Values {
    /// Calls `visit` with the sort, the value and the number of occurrences of everything that a
    /// container directly holds; with nothing for values of other sorts.
    pub(super) fn for_each_part(
        &self,
        sorts: &Sorts,
        sort: Sort,
        value: Value,
        visit: &mut dyn FnMut(Sort, Value, u32),
    ) {
        let kind = sorts.kind(sort);
        if kind.presort().is_none() {
            return;
        }
        let content = self.content(sort, value);
        match kind {
            SortKind::Vec(element) | SortKind::Set(element) => {
                for &value in content {
                    visit(*element, value, 1);
                }
            }
            SortKind::MultiSet(element) => {
                for (value, number) in content::pairs(content) {
                    visit(*element, value, number);
                }
            }
            SortKind::Map(first, second) | SortKind::Pair(first, second) => {
                for (a, b) in content::pairs(content) {
                    visit(*first, a, 1);
                    visit(*second, b, 1);
                }
            }
            SortKind::Fn { .. } => {
                for (&sort, &value) in self.target(content[0]).given.iter().zip(&content[1..]) {
                    visit(sort, value, 1);
                }
            }
            _ => {}
        }
    }

    /// What a container directly holds, in order, elements of a multiset as often as they occur;
    /// nothing for values of other sorts.
    pub fn parts(&self, sorts: &Sorts, sort: Sort, value: Value) -> Vec<(Sort, Value)> {
        let mut parts = Vec::new();
        self.for_each_part(sorts, sort, value, &mut |sort, value, number| {
            parts.extend((0..number).map(|_| (sort, value)));
        });
        parts
    }

    /// The call of a primitive that makes a container, a big integer or a fraction; none for
    /// classes and for what can be written as a literal.
    pub fn reconstruct(&self, sorts: &Sorts, sort: Sort, value: Value) -> Option<Reconstruction> {
        let (head, order) = match sorts.kind(sort) {
            SortKind::BigInt => {
                let text = self.string(&self.as_bigint(value).to_string());
                let args = vec![(Sort::STRING, text)];
                return Some(Reconstruction { head: "from-string", args, order: ArgOrder::Given });
            }
            SortKind::BigRat => {
                let q = self.as_bigrat(value);
                let args = [q.numer(), q.denom()].map(|n| (Sort::BIG_INT, self.bigint(n))).to_vec();
                return Some(Reconstruction { head: "bigrat", args, order: ArgOrder::Given });
            }
            SortKind::Vec(_) if self.content(sort, value).is_empty() => {
                ("vec-empty", ArgOrder::Given)
            }
            SortKind::Vec(_) => ("vec-of", ArgOrder::Given),
            SortKind::Set(_) => ("set-of", ArgOrder::Set),
            SortKind::Map(..) => ("map-of", ArgOrder::Map),
            SortKind::MultiSet(_) => ("multiset-of", ArgOrder::MultiSet),
            SortKind::Pair(..) => ("pair", ArgOrder::Given),
            SortKind::Fn { .. } => ("unstable-fn", ArgOrder::Given),
            _ => return None,
        };
        let mut args = self.parts(sorts, sort, value);
        if head == "unstable-fn" {
            let name = &self.target(self.content(sort, value)[0]).name;
            args.insert(0, (Sort::STRING, self.string(name)));
        }
        Some(Reconstruction { head, args, order })
    }

    /// Cost of extracting a value: 1 for a value of a built-in sort, the sum of the parts' costs for
    /// a container, and for a class what `class` says. Sums saturate. `None` when a class has no
    /// cost.
    pub fn cost(
        &self,
        sorts: &Sorts,
        sort: Sort,
        value: Value,
        class: &mut dyn FnMut(Sort, Value) -> Option<u64>,
    ) -> Option<u64> {
        let mut known: HashMap<(Sort, Value), u64, FxBuildHasher> = HashMap::default();
        let mut simple = |sort: Sort, value: Value| match sorts.kind(sort) {
            SortKind::Eq => class(sort, value).map(Some),
            kind => Some(kind.presort().is_none().then_some(1)),
        };
        // Depth first: a container is looked at again once its parts are known.
        let mut open = vec![(sort, value)];
        while let Some(&(sort, value)) = open.last() {
            let mut total = simple(sort, value)?;
            if total.is_none() {
                let parts_before = open.len();
                let mut sum = Some(0_u64);
                self.for_each_part(sorts, sort, value, &mut |part, value, number| {
                    let cost = known.get(&(part, value)).copied();
                    if cost.is_none() {
                        open.push((part, value));
                    }
                    sum = sum
                        .zip(cost)
                        .map(|(s, c)| s.saturating_add(c.saturating_mul(number.into())));
                });
                if open.len() > parts_before {
                    continue;
                }
                total = sum;
            }
            known.insert((sort, value), total?);
            open.pop();
        }
        known.get(&(sort, value)).copied()
    }

    /// A value as egglog writes it; `class` writes classes.
    pub fn display(
        &self,
        sorts: &Sorts,
        sort: Sort,
        value: Value,
        class: &mut dyn FnMut(Sort, Value) -> String,
    ) -> String {
        /// What is still to be written, last first.
        enum Piece {
            Value(Sort, Value),
            Text(&'static str),
        }
        let mut text = String::new();
        let mut open = vec![Piece::Value(sort, value)];
        while let Some(piece) = open.pop() {
            match piece {
                Piece::Text(piece) => text.push_str(piece),
                Piece::Value(sort, value) if sorts.is_eq(sort) => {
                    text.push_str(&class(sort, value));
                }
                Piece::Value(sort, value) => match self.reconstruct(sorts, sort, value) {
                    None => self.write_literal(&mut text, sorts, sort, value),
                    Some(call) => {
                        text.push('(');
                        text.push_str(call.head);
                        open.push(Piece::Text(")"));
                        for (sort, value) in call.args.into_iter().rev() {
                            open.extend([Piece::Value(sort, value), Piece::Text(" ")]);
                        }
                    }
                },
            }
        }
        text
    }

    fn write_literal(&self, text: &mut String, sorts: &Sorts, sort: Sort, value: Value) {
        match sorts.kind(sort) {
            SortKind::Bool => text.push_str(if self.as_bool(value) { "true" } else { "false" }),
            SortKind::I64 => text.push_str(&self.as_i64(value).to_string()),
            SortKind::F64 => write_float(text, self.as_f64(value)),
            SortKind::String => write_string(text, self.as_string(value)),
            SortKind::FnTarget => write_string(text, &self.target(value).name),
            _ => text.push_str("()"),
        }
    }

    /// The order of two literals in which egglog writes the elements of sets: integers, floats,
    /// texts, truth values, unit; each kind by its content.
    pub fn compare_literals(&self, a: (Sort, Value), b: (Sort, Value)) -> Ordering {
        let rank = |sort: Sort| match sort {
            Sort::I64 => 0,
            Sort::F64 => 1,
            Sort::STRING => 2,
            Sort::BOOL => 3,
            _ => 4,
        };
        rank(a.0).cmp(&rank(b.0)).then_with(|| match a.0 {
            Sort::I64 => self.as_i64(a.1).cmp(&self.as_i64(b.1)),
            Sort::F64 => self.as_f64(a.1).total_cmp(&self.as_f64(b.1)),
            Sort::STRING => self.as_string(a.1).cmp(self.as_string(b.1)),
            _ => a.1.cmp(&b.1),
        })
    }
}

/// A float with a point, so that it is not read back as an integer.
fn write_float(text: &mut String, x: f64) {
    let start = text.len();
    write!(text, "{x}").expect("writing to a string does not fail");
    if x.is_finite() && !text[start..].contains('.') {
        text.push_str(".0");
    }
}

/// A text in quotes, with quotes and backslashes escaped.
fn write_string(text: &mut String, content: &str) {
    text.push('"');
    for c in content.chars() {
        if matches!(c, '\\' | '"') {
            text.push('\\');
        }
        text.push(c);
    }
    text.push('"');
}
