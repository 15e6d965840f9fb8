//! S-expressions: the notation in which terms and patterns of the workloads are written.

use std::fmt;

/// An atom, a string literal or a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sexp {
    /// A name or a number.
    Atom(String),
    /// A string literal, without its quotes.
    Text(String),
    /// A list in parentheses.
    List(Vec<Sexp>),
}

/// Reads one expression. Linear in the text.
///
/// # Errors
/// What is wrong, if the text is not exactly one balanced expression.
pub fn parse(text: &str) -> Result<Sexp, String> {
    let mut items = parse_all(text)?;
    if items.len() == 1 {
        Ok(items.remove(0))
    } else {
        Err(format!("{} expressions where one belongs", items.len()))
    }
}

/// Reads expressions to the end of the text. Linear in the text.
///
/// # Errors
/// What is wrong, if the text is not balanced.
pub fn parse_all(text: &str) -> Result<Vec<Sexp>, String> {
    let mut open: Vec<Vec<Sexp>> = vec![Vec::new()];
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (found, length) = match first {
            '(' => {
                open.push(Vec::new());
                (None, 1)
            }
            ')' => {
                let items = open.pop().filter(|_| !open.is_empty());
                (Some(Sexp::List(items.ok_or("a `)` too many")?)), 1)
            }
            '"' => {
                let end = rest[1..].find('"').ok_or("a string without end")?;
                (Some(Sexp::Text(rest[1..=end].to_owned())), end + 2)
            }
            _ => {
                let ends = |c: char| c.is_whitespace() || "()\"".contains(c);
                let end = rest.find(ends).unwrap_or(rest.len());
                (Some(Sexp::Atom(rest[..end].to_owned())), end)
            }
        };
        if let (Some(found), Some(list)) = (found, open.last_mut()) {
            list.push(found);
        }
        rest = rest[length..].trim_start();
    }
    match (open.pop(), open.is_empty()) {
        (Some(items), true) => Ok(items),
        _ => Err("a `)` is missing".to_owned()),
    }
}

impl fmt::Display for Sexp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Sexp::Atom(name) => f.write_str(name),
            Sexp::Text(text) => write!(f, "\"{text}\""),
            Sexp::List(items) => {
                f.write_str("(")?;
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        f.write_str(" ")?;
                    }
                    write!(f, "{item}")?;
                }
                f.write_str(")")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_prints_as_it_was() {
        for text in ["x", "-1", "(Tru)", "()", "(Plus (N -1) (V \"u v\"))"] {
            assert_eq!(parse(text).unwrap().to_string(), text);
        }
        assert_eq!(parse(" ( a\n( b )) ").unwrap().to_string(), "(a (b))");
    }

    #[test]
    fn unbalanced_text_is_refused() {
        for text in ["", "(", ")", "(a", "a)", "a b", "\"a", "(a) b"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
