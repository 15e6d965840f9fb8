//! Lists, words and literals: the layer below commands.
//!
//! The tree is a flat list in pre-order: a node is followed by what it contains, and `next` is the
//! position after that. Reading is one loop with a stack of open lists.

use super::diagnostic::{Diagnostic, codes};
use super::expr::Literal;
use super::span::{FileId, Span};

/// What a node is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind<'a> {
    /// A parenthesised list of the nodes up to `next`.
    List,
    /// A word that is no literal.
    Word(&'a str),
    /// A number, truth value or string.
    Literal(Literal),
}

/// A node of the tree.
#[derive(Clone, Debug)]
pub(super) struct Node<'a> {
    pub(super) span: Span,
    /// Position after this node and all that it contains.
    pub(super) next: u32,
    pub(super) kind: Kind<'a>,
}

/// Programs have at least so many bytes for each node, as a rule.
const BYTES_PER_NODE: usize = 3;

/// The whole text.
#[derive(Debug)]
pub(super) struct Tree<'a> {
    pub(super) nodes: Vec<Node<'a>>,
}

/// A node in its tree.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sexp<'t, 'a> {
    tree: &'t Tree<'a>,
    at: usize,
}

impl<'t, 'a> Sexp<'t, 'a> {
    pub(super) fn span(self) -> Span {
        self.tree.nodes[self.at].span
    }

    pub(super) fn kind(self) -> &'t Kind<'a> {
        &self.tree.nodes[self.at].kind
    }

    /// The word, if it is one.
    pub(super) fn word(self) -> Option<&'a str> {
        match self.kind() {
            Kind::Word(word) => Some(word),
            _ => None,
        }
    }

    /// The members of a list; nothing for words and literals.
    pub(super) fn members(self) -> Members<'t, 'a> {
        Members { tree: self.tree, at: self.at + 1, end: self.tree.nodes[self.at].next as usize }
    }

    /// The number of nodes, those that it contains included.
    pub(super) fn size(self) -> usize {
        self.tree.nodes[self.at].next as usize - self.at
    }

    pub(super) fn is_list(self) -> bool {
        matches!(self.kind(), Kind::List)
    }
}

/// The members of a list, from left to right.
#[derive(Clone, Copy, Debug)]
pub(super) struct Members<'t, 'a> {
    tree: &'t Tree<'a>,
    at: usize,
    end: usize,
}

#[expect(clippy::copy_iterator, reason = "a position in the tree: a copy looks ahead")]
impl<'t, 'a> Iterator for Members<'t, 'a> {
    type Item = Sexp<'t, 'a>;

    fn next(&mut self) -> Option<Sexp<'t, 'a>> {
        if self.at >= self.end {
            return None;
        }
        let found = Sexp { tree: self.tree, at: self.at };
        self.at = self.tree.nodes[self.at].next as usize;
        Some(found)
    }
}

impl<'a> Tree<'a> {
    /// The nodes that no list contains.
    pub(super) fn roots(&self) -> Members<'_, 'a> {
        Members { tree: self, at: 0, end: self.nodes.len() }
    }
}

/// Reads a whole text.
pub(super) fn read(file: FileId, text: &str) -> Result<Tree<'_>, Diagnostic> {
    if u32::try_from(text.len()).is_err() {
        let at = Span::new(file, 0, 0);
        return Err(Diagnostic::new(codes::TOO_LARGE, at, "the text has more than 4 GiB"));
    }
    let mut nodes: Vec<Node<'_>> = Vec::with_capacity(text.len() / BYTES_PER_NODE);
    let mut open: Vec<usize> = Vec::with_capacity(16);
    let mut scanner = Scanner { file, text, at: 0 };
    while let Some((span, token)) = scanner.token()? {
        let next = nodes.len() as u32 + 1;
        match token {
            Token::Open => {
                open.push(nodes.len());
                nodes.push(Node { span, next, kind: Kind::List });
            }
            Token::Close => {
                let Some(list) = open.pop() else {
                    return Err(Diagnostic::new(codes::SYNTAX, span, "`)` closes nothing"));
                };
                nodes[list].next = nodes.len() as u32;
                nodes[list].span = nodes[list].span.to(span);
            }
            Token::Leaf(kind) => nodes.push(Node { span, next, kind }),
        }
    }
    if let Some(&list) = open.first() {
        let span = nodes[list].span;
        let mut error = Diagnostic::new(codes::SYNTAX, span, "`(` is not closed");
        if let Some(&inner) = open.last().filter(|inner| **inner != list) {
            error = error.note(nodes[inner].span, "the last one that is open");
        }
        return Err(error.hint("add a `)`"));
    }
    Ok(Tree { nodes })
}

enum Token<'a> {
    Open,
    Close,
    Leaf(Kind<'a>),
}

/// By byte: whether it ends a word, as white space, comments and parentheses do, or begins a
/// character that may.
const END: [bool; 256] = {
    let mut end = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        let ascii = byte as u8;
        end[byte] = byte >= 0x80
            || ascii.is_ascii_whitespace()
            || matches!(ascii, b';' | b'(' | b')' | 0x0b);
        byte += 1;
    }
    end
};

struct Scanner<'a> {
    file: FileId,
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    fn token(&mut self) -> Result<Option<(Span, Token<'a>)>, Diagnostic> {
        self.skip_blank();
        let start = self.at;
        let rest = &self.text[start..];
        let Some(first) = rest.as_bytes().first() else { return Ok(None) };
        let token = match first {
            b'(' | b')' => {
                self.at += 1;
                if *first == b'(' { Token::Open } else { Token::Close }
            }
            b'"' => Token::Leaf(Kind::Literal(Literal::String(self.string()?))),
            _ => {
                let ends = |byte: &u8| END[usize::from(*byte)];
                let short = rest.as_bytes().iter().position(ends).unwrap_or(rest.len());
                // Other white space is rare: it ends words too.
                let length = if rest.as_bytes().get(short).is_some_and(|byte| !byte.is_ascii()) {
                    let ends = |c: char| match u8::try_from(c) {
                        Ok(byte @ ..0x80) => ends(&byte),
                        _ => c.is_whitespace(),
                    };
                    rest.find(ends).unwrap_or(rest.len())
                } else {
                    short
                };
                self.at += length;
                Token::Leaf(word(&rest[..length]))
            }
        };
        Ok(Some((Span::new(self.file, start, self.at), token)))
    }

    /// Skips white space, and comments from `;` to the end of the line.
    fn skip_blank(&mut self) {
        loop {
            let rest = self.text[self.at..].trim_ascii_start();
            self.at = self.text.len() - rest.len();
            let rest = match rest.as_bytes().first() {
                Some(b';') => rest.find('\n').map_or("", |end| &rest[end..]),
                // Other white space is rare.
                Some(0x80.. | 0x0b) if rest.starts_with(char::is_whitespace) => rest.trim_start(),
                _ => return,
            };
            self.at = self.text.len() - rest.len();
        }
    }

    /// The contents of the string that starts here.
    fn string(&mut self) -> Result<Box<str>, Diagnostic> {
        let start = self.at;
        let mut found = String::new();
        let mut rest = self.text[start + 1..].char_indices();
        while let Some((at, c)) = rest.next() {
            match c {
                '"' => {
                    self.at = start + 1 + at + 1;
                    return Ok(found.into());
                }
                '\\' => {
                    let escaped = rest.next().map(|(_, c)| c);
                    found.push(match escaped {
                        Some('n') => '\n',
                        Some('t') => '\t',
                        Some(c @ ('\\' | '"')) => c,
                        Some(c) => {
                            let from = start + 1 + at;
                            let span = Span::new(self.file, from, from + 1 + c.len_utf8());
                            let message = format!("`\\{c}` is no escape");
                            return Err(Diagnostic::new(codes::ESCAPE, span, message)
                                .hint("the escapes are \\n, \\t, \\\\ and \\\""));
                        }
                        None => break,
                    });
                }
                c => found.push(c),
            }
        }
        let span = Span::new(self.file, start, self.text.len());
        Err(Diagnostic::new(codes::SYNTAX, span, "the string does not end").hint("add a `\"`"))
    }
}

/// A literal if the word is one.
fn word(text: &str) -> Kind<'_> {
    let literal = match text {
        "true" => Literal::Bool(true),
        "false" => Literal::Bool(false),
        "NaN" => Literal::Float(f64::NAN),
        "inf" => Literal::Float(f64::INFINITY),
        "-inf" => Literal::Float(f64::NEG_INFINITY),
        // No other word that a number is parsed from starts in another way.
        _ if !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.')) => {
            return Kind::Word(text);
        }
        _ => {
            // Other spellings of what is not finite ("infinity", "1e999") are words.
            let number =
                text.parse().map(Literal::Int).ok().or_else(|| {
                    text.parse::<f64>().ok().filter(|x| x.is_finite()).map(Literal::Float)
                });
            match number {
                Some(number) => number,
                None => return Kind::Word(text),
            }
        }
    };
    Kind::Literal(literal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<Kind<'_>> {
        let tree = read(FileId::default(), text).expect("the text is well-formed");
        tree.nodes.into_iter().map(|node| node.kind).collect()
    }

    #[test]
    fn words_and_literals() {
        let found =
            kinds("a-b 1 -2 +3 1.5 1e3 true \"a\\n\\\"\" ; rest (\n infinity 99999999999999999999");
        let expected = vec![
            Kind::Word("a-b"),
            Kind::Literal(Literal::Int(1)),
            Kind::Literal(Literal::Int(-2)),
            Kind::Literal(Literal::Int(3)),
            Kind::Literal(Literal::Float(1.5)),
            Kind::Literal(Literal::Float(1000.0)),
            Kind::Literal(Literal::Bool(true)),
            Kind::Literal(Literal::String("a\n\"".into())),
            Kind::Word("infinity"),
            Kind::Literal(Literal::Float(1e20)),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn white_space_beyond_ascii_ends_words() {
        let found = kinds("a\u{e9}b\u{a0}c\u{e9}(\u{3b1};\u{e9}\n)\u{2003}d\u{b}e");
        let words = ["a\u{e9}b", "c\u{e9}", "", "\u{3b1}", "d", "e"];
        let expected =
            words.map(|word| if word.is_empty() { Kind::List } else { Kind::Word(word) });
        assert_eq!(found, expected);
    }

    #[test]
    fn lists_know_their_members() {
        let tree = read(FileId::default(), "(a (b c) d) ()").expect("the text is well-formed");
        let list = tree.roots().next().expect("a list");
        let words: Vec<_> = list.members().map(Sexp::word).collect();
        assert_eq!(words, [Some("a"), None, Some("d")]);
        assert_eq!(tree.roots().count(), 2);
        assert_eq!((list.span().start, list.span().end), (0, 11));
    }

    #[test]
    fn depth_is_no_matter() {
        let text = format!("{}{}", "(".repeat(200_000), ")".repeat(200_000));
        assert_eq!(kinds(&text).len(), 200_000);
    }

    #[test]
    fn errors_say_where() {
        let error = |text| read(FileId::default(), text).unwrap_err();
        assert_eq!(error("a ) b").span.start, 2);
        assert_eq!(error("(a (b c)").span.start, 0);
        assert_eq!(error("(a (b c").notes.len(), 1);
        assert_eq!(error("x \"abc").span.start, 2);
        assert_eq!(error("x \"ab\\").code, codes::SYNTAX);
        assert_eq!(error("\"a\\q\"").span.start, 2);
    }
}
