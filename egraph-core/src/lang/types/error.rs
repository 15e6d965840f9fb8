//! Errors of checking, and when they count.

use super::super::syntax::{Diagnostic, Span};

/// An error, and whether `fail` accepts it.
///
/// The language tells mistakes of typing, which `fail` does not excuse, from those that only show
/// when a command is carried out. Some of the latter are found by the checker already.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    pub(super) diagnostic: Diagnostic,
    /// Belongs to carrying out.
    pub(super) late: bool,
}

pub(super) type Checked<T> = Result<T, Refusal>;

impl From<Diagnostic> for Refusal {
    fn from(diagnostic: Diagnostic) -> Refusal {
        Refusal { diagnostic, late: false }
    }
}

impl Refusal {
    pub(super) fn late(diagnostic: Diagnostic) -> Refusal {
        Refusal { diagnostic, late: true }
    }
}

/// A mistake of typing.
pub(super) fn error<T>(
    code: &'static str,
    span: Span,
    message: impl Into<String>,
) -> Result<T, Refusal> {
    Err(Diagnostic::new(code, span, message).into())
}

/// The name among `known` that is likest to `name`, if one is like it.
pub(super) fn similar<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let limit = name.chars().count() / 3;
    let mut best: Option<(usize, &str)> = None;
    for other in known {
        let distance = distance(name, other, limit);
        if distance <= limit && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, other));
        }
    }
    best.map(|(_, other)| other)
}

/// Insertions, deletions and substitutions between two words; anything above `limit` where there
/// are more.
fn distance(a: &str, b: &str, limit: usize) -> usize {
    let b: Vec<char> = b.chars().collect();
    if a.chars().count().abs_diff(b.len()) > limit {
        return limit + 1;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn similar_names_are_found() {
        let known = ["multiset-of", "vec-push", "vec-pop"];
        assert_eq!(similar("vec-psuh", known.into_iter()), Some("vec-push"));
        assert_eq!(similar("multiset-off", known.into_iter()), Some("multiset-of"));
        assert_eq!(similar("f", known.into_iter()), None);
        assert_eq!(distance("kitten", "sitting", 5), 3);
    }
}
