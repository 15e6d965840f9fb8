//! Patterns as text: S-expressions with variables, payloads and sorts.
//!
//! | text | meaning on the left | meaning on the right |
//! |---|---|---|
//! | `?x` | any class; twice the same name, the same class | the class bound to `?x` |
//! | `?x:i64` | a class of sort `i64` | - |
//! | `(add ?x ?y)` | a node `add` without payload | that node |
//! | `(icmp[slt] ?x ?y)` | … with the payload the resolver gives for `slt` | that node |
//! | `(icmp[?p] ?x ?y)` | … with any payload, bound to `?p` | … with the payload of `?p` |
//! | `(icmp[_] ?x ?y)` | … with any payload | - |
//! | `(const[0]:i64)` | … of sort `i64` | … of sort `i64`, for operators of explicit sort |
//! | `(const[0]:?x)` | - | … of the sort of `?x` |
//! | `pi` | the same as `(pi)` | the same |
//!
//! An atom of a rule is a pattern or `?v = pattern`, which names the root's class.

use crate::sexpr::{PatternError, Token, tokens};

/// The payload part of an operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PayloadText {
    /// Nothing written: no payload.
    None,
    /// `[_]`
    Any,
    /// `[?p]`
    Var(String),
    /// `[text]`
    Text(String),
}

/// A term of a pattern. Names and variables are still text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Term {
    Var { name: String, sort: Option<String>, position: usize },
    Apply(Apply),
}

/// An operator applied to terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Apply {
    pub(crate) op: String,
    pub(crate) payload: PayloadText,
    /// A sort's name, or `?x` for the sort of a variable.
    pub(crate) sort: Option<String>,
    pub(crate) children: Vec<Term>,
    pub(crate) position: usize,
}

/// A parsed pattern, not yet resolved against a signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    pub(crate) root: Term,
}

/// `?v = pattern` or a pattern alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Atom {
    pub(crate) name: Option<String>,
    pub(crate) pattern: Pattern,
}

impl Pattern {
    /// Parses one pattern; see the module's table.
    ///
    /// # Errors
    /// [`PatternError`] with the byte position in `text`.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        let tokens = tokens(text)?;
        let mut parser = Parser { tokens: &tokens, at: 0, end: text.len() };
        let root = parser.term()?;
        parser.finish()?;
        Ok(Self { root })
    }
}

impl Atom {
    pub(crate) fn parse(text: &str) -> Result<Self, PatternError> {
        let tokens = tokens(text)?;
        let mut parser = Parser { tokens: &tokens, at: 0, end: text.len() };
        let mut name = None;
        if let [(at, Token::Word(var)), (_, Token::Word("=")), ..] = tokens[..] {
            let Some(bare) = var.strip_prefix('?').filter(|bare| !bare.is_empty()) else {
                return Err(PatternError::new(at, "only a variable can stand left of `=`"));
            };
            name = Some(bare.to_owned());
            parser.at = 2;
        }
        let root = parser.term()?;
        parser.finish()?;
        Ok(Self { name, pattern: Pattern { root } })
    }
}

struct Parser<'a> {
    tokens: &'a [(usize, Token<'a>)],
    at: usize,
    end: usize,
}

impl<'a> Parser<'a> {
    fn next(&mut self) -> Result<(usize, Token<'a>), PatternError> {
        let token = self.tokens.get(self.at).copied();
        self.at += 1;
        token.ok_or_else(|| PatternError::new(self.end, "the pattern ends too early"))
    }

    fn finish(&self) -> Result<(), PatternError> {
        match self.tokens.get(self.at) {
            None => Ok(()),
            Some((position, _)) => Err(PatternError::new(*position, "text after the pattern")),
        }
    }

    fn term(&mut self) -> Result<Term, PatternError> {
        let (position, token) = self.next()?;
        match token {
            Token::Close => Err(PatternError::new(position, "unexpected `)`")),
            Token::Word(word) if word.starts_with('?') => variable(word, position),
            Token::Word(word) => head(word, position).map(Term::Apply),
            Token::Open => {
                let (at, Token::Word(word)) = self.next()? else {
                    return Err(PatternError::new(position, "an operator must follow `(`"));
                };
                if word.starts_with('?') {
                    return Err(PatternError::new(at, "a variable cannot be an operator"));
                }
                let mut apply = head(word, at)?;
                while !matches!(self.tokens.get(self.at), Some((_, Token::Close))) {
                    if self.at >= self.tokens.len() {
                        return Err(PatternError::new(position, "`(` is not closed"));
                    }
                    apply.children.push(self.term()?);
                }
                self.at += 1;
                Ok(Term::Apply(apply))
            }
        }
    }
}

fn variable(word: &str, position: usize) -> Result<Term, PatternError> {
    let (name, sort) = match word[1..].split_once(':') {
        Some((name, sort)) => (name, Some(sort.to_owned())),
        None => (&word[1..], None),
    };
    if name.is_empty() || sort.as_deref() == Some("") {
        return Err(PatternError::new(position, "a variable needs a name after `?`"));
    }
    Ok(Term::Var { name: name.to_owned(), sort, position })
}

/// `name`, `name[payload]`, `name:sort`, `name[payload]:sort`.
fn head(word: &str, position: usize) -> Result<Apply, PatternError> {
    let (op, payload, tail) = match word.split_once('[') {
        None => match word.split_once(':') {
            Some((op, sort)) if !op.is_empty() => (op, PayloadText::None, Some(sort)),
            _ => (word, PayloadText::None, None),
        },
        Some((op, rest)) => {
            let close = rest.find(']').expect("the lexer closes brackets");
            let payload = match &rest[..close] {
                "_" => PayloadText::Any,
                text => match text.strip_prefix('?') {
                    Some(name) if !name.is_empty() => PayloadText::Var(name.to_owned()),
                    _ => PayloadText::Text(text.to_owned()),
                },
            };
            let tail = match &rest[close + 1..] {
                "" => None,
                tail => Some(tail.strip_prefix(':').ok_or_else(|| {
                    PatternError::new(position, "only `:sort` can follow a payload")
                })?),
            };
            (op, payload, tail)
        }
    };
    if op.is_empty() || tail == Some("") {
        return Err(PatternError::new(position, "a name is missing"));
    }
    let sort = tail.map(str::to_owned);
    Ok(Apply { op: op.to_owned(), payload, sort, children: Vec::new(), position })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apply(text: &str) -> Apply {
        match Pattern::parse(text).unwrap().root {
            Term::Apply(apply) => apply,
            Term::Var { .. } => panic!("`{text}` is a variable"),
        }
    }

    #[test]
    fn operators_payloads_and_sorts() {
        let p = apply("(icmp[slt] ?a (const[-1.5]:f64))");
        assert_eq!(p.payload, PayloadText::Text("slt".to_owned()));
        let Term::Apply(constant) = &p.children[1] else { panic!() };
        assert_eq!(constant.payload, PayloadText::Text("-1.5".to_owned()));
        assert_eq!(constant.sort.as_deref(), Some("f64"));
        assert_eq!(apply("x[?p]").payload, PayloadText::Var("p".to_owned()));
        assert_eq!(apply("(x[_])").payload, PayloadText::Any);
        assert_eq!(apply("pi:f64").sort.as_deref(), Some("f64"));
    }

    #[test]
    fn atoms_can_name_their_root() {
        let atom = Atom::parse("?v = (f ?x)").unwrap();
        assert_eq!(atom.name.as_deref(), Some("v"));
        assert_eq!(Atom::parse("(f ?x)").unwrap().name, None);
        assert_eq!(Atom::parse("f = (f ?x)").unwrap_err().position, 0);
    }

    #[test]
    fn errors_carry_positions() {
        let at = |text: &str| Pattern::parse(text).unwrap_err().position;
        assert_eq!(at("(add ?x"), 0);
        assert_eq!(at("(add ?x))"), 8);
        assert_eq!(at("(add ? ?y)"), 5);
        assert_eq!(at("((f) ?y)"), 0);
        assert_eq!(at("(f x[1]y)"), 3);
        assert_eq!(at(""), 0);
    }
}
