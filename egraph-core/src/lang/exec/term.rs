//! Terms as they are printed: shared, so that a term whose tree is huge is not a huge tree.

use std::fmt;
use std::sync::Arc;

use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;

/// A term of the language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Term {
    /// A literal as it is written.
    Literal(Arc<str>),
    /// An application.
    Apply(Arc<str>, Arc<[Term]>),
}

/// Pieces of a term that are written one by one; a term of more is written by [`Texts`].
const SMALL: usize = 4096;
/// Bytes of the longest text that is kept, to be written wherever its term occurs again.
const KEPT: usize = 64 << 10;

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut pieces = Pieces { open: vec![Piece::Term(self)], first: true };
        let mut text = String::new();
        for _ in 0..SMALL {
            match pieces.open.pop() {
                Some(piece) => pieces.write(piece, &mut text),
                None => return f.write_str(&text),
            }
        }
        f.write_str(&text)?;
        let mut texts = Texts::default();
        while let Some(piece) = pieces.open.pop() {
            match piece {
                Piece::Term(term) if texts.length(term) <= KEPT => {
                    if !pieces.first {
                        f.write_str(" ")?;
                    }
                    pieces.first = false;
                    f.write_str(texts.of(term))?;
                }
                piece => {
                    text.clear();
                    pieces.write(piece, &mut text);
                    f.write_str(&text)?;
                }
            }
        }
        Ok(())
    }
}

/// What is still to be written. An explicit stack: terms are as deep as the program that made them.
struct Pieces<'a> {
    open: Vec<Piece<'a>>,
    /// Nothing was written before.
    first: bool,
}

#[derive(Clone, Copy)]
enum Piece<'a> {
    Term(&'a Term),
    Close,
}

impl<'a> Pieces<'a> {
    /// Writes a piece, but for what an application contains.
    fn write(&mut self, piece: Piece<'a>, out: &mut String) {
        let Piece::Term(term) = piece else {
            out.push(')');
            return;
        };
        if !self.first {
            out.push(' ');
        }
        self.first = false;
        match term {
            Term::Literal(text) => out.push_str(text),
            Term::Apply(head, args) => {
                out.push('(');
                out.push_str(head);
                self.open.push(Piece::Close);
                self.open.extend(args.iter().rev().map(Piece::Term));
            }
        }
    }
}

/// Where a term is: applications that share head and arguments are one.
type Place = (*const u8, *const Term);

/// Texts of terms that occur often. Their lengths take time in proportion to the shared term, not
/// to its tree.
#[derive(Default)]
struct Texts {
    lengths: HashMap<Place, usize, FxBuildHasher>,
    kept: HashMap<Place, String, FxBuildHasher>,
    last: String,
}

impl Texts {
    fn place(term: &Term) -> Option<Place> {
        match term {
            Term::Literal(_) => None,
            Term::Apply(head, args) => Some((head.as_ptr(), args.as_ptr())),
        }
    }

    /// The length, if it is known: saturating, since trees may be exponentially large.
    fn known(&self, term: &Term) -> Option<usize> {
        match term {
            Term::Literal(text) => Some(text.len()),
            Term::Apply(head, args) if args.is_empty() => Some(head.len() + 2),
            Term::Apply(..) => self.lengths.get(&Self::place(term)?).copied(),
        }
    }

    /// Bytes of a term's text.
    fn length(&mut self, term: &Term) -> usize {
        let mut open = vec![term];
        while let Some(&next) = open.last() {
            let (Term::Apply(head, args), None) = (next, self.known(next)) else {
                open.pop();
                continue;
            };
            let before = open.len();
            let mut sum = head.len() + 2;
            for arg in args.iter() {
                match self.known(arg) {
                    Some(length) => sum = sum.saturating_add(length).saturating_add(1),
                    None => open.push(arg),
                }
            }
            if open.len() == before {
                open.pop();
                self.lengths.extend(Self::place(next).map(|place| (place, sum)));
            }
        }
        self.known(term).unwrap_or(usize::MAX)
    }

    /// The text of a term that is short enough.
    fn of(&mut self, term: &Term) -> &str {
        let shared = match term {
            Term::Apply(_, args) if Arc::strong_count(args) > 1 => Self::place(term),
            _ => None,
        };
        if let Some(place) = shared
            && self.kept.contains_key(&place)
        {
            return &self.kept[&place];
        }
        let mut text = std::mem::take(&mut self.last);
        text.clear();
        let mut pieces = Pieces { open: vec![Piece::Term(term)], first: true };
        while let Some(piece) = pieces.open.pop() {
            pieces.write(piece, &mut text);
        }
        match shared {
            None => {
                self.last = text;
                &self.last
            }
            Some(place) => self.kept.entry(place).or_insert(text),
        }
    }
}

impl Drop for Term {
    /// Without recursion into long chains.
    fn drop(&mut self) {
        if let Term::Apply(_, args) = self
            && (args.is_empty() || Arc::strong_count(args) > 1)
        {
            // Somebody else has the arguments, or there are none.
            return;
        }
        let mut open: Vec<Arc<[Term]>> = Vec::new();
        let take = |term: &mut Term, open: &mut Vec<Arc<[Term]>>| {
            if let Term::Apply(_, args) = term {
                open.push(std::mem::take(args));
            }
        };
        take(self, &mut open);
        while let Some(mut args) = open.pop() {
            if let Some(args) = Arc::get_mut(&mut args) {
                for term in args {
                    take(term, &mut open);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deep_term_prints_and_goes() {
        let mut term = Term::Literal("x".into());
        for _ in 0..200_000 {
            term = Term::Apply("S".into(), vec![term].into());
        }
        assert!(term.to_string().ends_with("(S x))))") || term.to_string().contains("(S x)"));
        let twin = term.clone();
        drop(term);
        drop(twin);
        let pair = Term::Apply(
            "Add".into(),
            vec![Term::Literal("1".into()), Term::Apply("Nil".into(), vec![].into())].into(),
        );
        assert_eq!(pair.to_string(), "(Add 1 (Nil))");
    }

    #[test]
    fn a_large_shared_term_prints_as_its_tree() {
        let leaf = |text: &str| Term::Literal(text.into());
        let mut term = Term::Apply("Pair".into(), vec![leaf("a"), leaf("b")].into());
        let mut text = "(Pair a b)".to_owned();
        for level in 0..16 {
            let other = Term::Apply("Nil".into(), vec![].into());
            term = Term::Apply("Node".into(), vec![term.clone(), other, term, leaf("x")].into());
            text = format!("(Node {text} (Nil) {text} x)");
            assert!(term.to_string() == text, "level {level}");
        }
        assert!(text.len() > 16 * KEPT);
    }
}
