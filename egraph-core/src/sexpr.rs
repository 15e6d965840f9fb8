//! Tokens of the pattern language: parentheses and words, with byte positions.

use std::fmt;

/// An error in a pattern's text or its meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternError {
    /// Byte offset into the text of the pattern.
    pub position: usize,
    /// What is wrong.
    pub message: String,
}

impl PatternError {
    pub(crate) fn new(position: usize, message: impl Into<String>) -> Self {
        Self { position, message: message.into() }
    }
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at byte {}: {}", self.position, self.message)
    }
}

impl std::error::Error for PatternError {}

/// A token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token<'a> {
    Open,
    Close,
    /// Anything else up to white space or a parenthesis; text inside `[…]` is taken whole.
    Word(&'a str),
}

/// Splits a text into tokens and their byte positions.
pub(crate) fn tokens(text: &str) -> Result<Vec<(usize, Token<'_>)>, PatternError> {
    let mut found = Vec::new();
    let mut rest = text.char_indices().peekable();
    while let Some((start, c)) = rest.next() {
        match c {
            '(' => found.push((start, Token::Open)),
            ')' => found.push((start, Token::Close)),
            c if c.is_whitespace() => {}
            c => {
                let mut bracket = (c == '[').then_some(start);
                let mut end = start + c.len_utf8();
                while let Some(&(at, c)) = rest.peek() {
                    match c {
                        '[' if bracket.is_none() => bracket = Some(at),
                        ']' => bracket = None,
                        '(' | ')' if bracket.is_none() => break,
                        c if c.is_whitespace() && bracket.is_none() => break,
                        _ => {}
                    }
                    end = at + c.len_utf8();
                    rest.next();
                }
                if let Some(at) = bracket {
                    return Err(PatternError::new(at, "`[` is not closed"));
                }
                found.push((start, Token::Word(&text[start..end])));
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_keep_brackets_whole() {
        let found = tokens("(icmp[a (b] ?x)").unwrap();
        let expected = [
            (0, Token::Open),
            (1, Token::Word("icmp[a (b]")),
            (12, Token::Word("?x")),
            (14, Token::Close),
        ];
        assert_eq!(found, expected);
        assert_eq!(tokens("(x[1").unwrap_err().position, 2);
    }
}
