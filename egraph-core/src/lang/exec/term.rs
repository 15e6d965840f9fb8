//! Terms as they are printed: shared, so that a term whose tree is huge is not a huge tree.

use std::fmt;
use std::sync::Arc;

/// A term of the language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Term {
    /// A literal as it is written.
    Literal(Arc<str>),
    /// An application.
    Apply(Arc<str>, Arc<[Term]>),
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // With an explicit stack: terms are as deep as the program that made them.
        enum Piece<'a> {
            Term(&'a Term),
            Close,
        }
        let mut open = vec![Piece::Term(self)];
        let mut first = true;
        while let Some(piece) = open.pop() {
            match piece {
                Piece::Close => f.write_str(")")?,
                Piece::Term(term) => {
                    if !first {
                        f.write_str(" ")?;
                    }
                    first = false;
                    match term {
                        Term::Literal(text) => f.write_str(text)?,
                        Term::Apply(head, args) => {
                            write!(f, "({head}")?;
                            open.push(Piece::Close);
                            open.extend(args.iter().rev().map(Piece::Term));
                        }
                    }
                }
            }
        }
        Ok(())
    }
}

impl Drop for Term {
    /// Without recursion into long chains.
    fn drop(&mut self) {
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
        let pair = Term::Apply(
            "Add".into(),
            vec![Term::Literal("1".into()), Term::Apply("Nil".into(), vec![].into())].into(),
        );
        assert_eq!(pair.to_string(), "(Add 1 (Nil))");
    }
}
