//! Tokens of the text form.

use super::{Directive, ParseError};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `(`, `)`, `[` or `]`.
    Bracket(char),
    /// A name, keyword or number.
    Atom(String),
    /// The content of a string in quotes.
    Text(String),
    /// The end of the text.
    End,
}

#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) line: u32,
    pub(super) column: u32,
}

impl Token {
    pub(super) fn error(&self, code: &'static str, message: String) -> ParseError {
        ParseError { code, line: self.line, column: self.column, message }
    }
}

struct Lexer<'a> {
    rest: std::iter::Peekable<std::str::Chars<'a>>,
    line: u32,
    column: u32,
}

/// The tokens, ending in [`Kind::End`], and the comments.
pub(super) fn tokens(text: &str) -> Result<(Vec<Token>, Vec<Directive>), ParseError> {
    let mut lexer = Lexer { rest: text.chars().peekable(), line: 1, column: 1 };
    let (mut tokens, mut directives) = (Vec::new(), Vec::new());
    loop {
        let (line, column) = (lexer.line, lexer.column);
        let kind = match lexer.rest.peek().copied() {
            None => Kind::End,
            Some(c) if c.is_whitespace() => {
                lexer.advance();
                continue;
            }
            Some(';') => {
                let comment = lexer.take_while(|c| c != '\n');
                let text = comment.trim_start_matches(';').trim().to_owned();
                directives.push(Directive { line, text });
                continue;
            }
            Some(c @ ('(' | ')' | '[' | ']')) => {
                lexer.advance();
                Kind::Bracket(c)
            }
            Some('"') => Kind::Text(lexer.text()?),
            Some(_) => {
                Kind::Atom(lexer.take_while(|c| !c.is_whitespace() && !"()[]\";".contains(c)))
            }
        };
        let end = kind == Kind::End;
        tokens.push(Token { kind, line, column });
        if end {
            return Ok((tokens, directives));
        }
    }
}

impl Lexer<'_> {
    fn advance(&mut self) -> Option<char> {
        let c = self.rest.next()?;
        if c == '\n' {
            self.line += 1;
            self.column = 1;
        } else {
            self.column += 1;
        }
        Some(c)
    }

    fn take_while(&mut self, keep: impl Fn(char) -> bool) -> String {
        let mut text = String::new();
        while self.rest.peek().is_some_and(|c| keep(*c)) {
            text.extend(self.advance());
        }
        text
    }

    /// A string in quotes: escapes as Rust's `\"`, `\\`, `\n`, `\u{..}`.
    fn text(&mut self) -> Result<String, ParseError> {
        let (line, column) = (self.line, self.column);
        let error =
            |message: &str| ParseError { code: "RT001", line, column, message: message.to_owned() };
        self.advance();
        let mut text = String::new();
        loop {
            match self.advance().ok_or_else(|| error("the string has no end"))? {
                '"' => return Ok(text),
                '\\' => match self.advance() {
                    Some('n') => text.push('\n'),
                    Some(c @ ('"' | '\\')) => text.push(c),
                    Some('u') => {
                        let code = self.take_while(|c| c != '}' && c != '"');
                        let digits = code.strip_prefix('{').filter(|_| self.advance() == Some('}'));
                        let c = digits
                            .and_then(|digits| u32::from_str_radix(digits, 16).ok())
                            .and_then(char::from_u32);
                        text.push(c.ok_or_else(|| error("the string has an odd `\\u` escape"))?);
                    }
                    _ => return Err(error("the string has an unknown escape")),
                },
                c => text.push(c),
            }
        }
    }
}

/// A string in quotes that [`tokens`] reads back.
pub(super) fn quote(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            c if c.is_control() => {
                quoted.push_str(&c.escape_unicode().to_string());
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
