//! The text form: S-expressions that a person can type; `parse(print(f)) == f`.
//!
//! ```text
//! ; run: axpy(2.0, [1.0, 2.0], [1.0, 1.0]) == none
//! (lambda @relu [(%a memref<f64,1,0>) (%i i64)] [%io %m0] -> f64
//!   (%n = len.0 %a)
//!   (%ok = icmp.lt %i %n)
//!   (%io1 %j = guard %io %m0 %ok %i :raise IndexError "index out of range" :at 10 14)
//!   (%x = load %m0 %a %j)
//!   (%m1 %y = gamma (fcmp.lt %x 0.0) [%m0]
//!     (arm [%m] (results %m %x))
//!     (arm [%m] (%s = store %m %a %j 0.0) (results %s 0.0)))
//!   (results %y %io1 %m1))
//! ```
//!
//! - A function names its parameters with types, then its states (`io` and one per alias group),
//!   then the shape of its results: `none`, a type, `_` for a type left out, or `(shape ..)`.
//! - A statement is `(outputs = operation operands)`. Operations are named as [`crate::Op::name`]
//!   says; `const` takes a type and a literal, `guard` ends in `:raise CLASS "message"`, and any
//!   statement may end in `:at START END`, its span.
//! - `(.. = gamma predicate [inputs] (arm [params] ..) ..)` and
//!   `(.. = theta [initial] (body [params] .. (results again next ..)))` have regions. Values of
//!   surrounding regions are used by name; states come in through ports.
//! - An operand may also be a literal (`0.5` is f64, `3` is i64, `true`, `none`) or an operation in
//!   parentheses with one output.
//! - `;` starts a comment up to the end of the line. Comments are kept as [`Directive`]s.
//!
//! The printer names parameters as the source does, values by number, states `%io.3`, `%m0.4`.

mod lexer;
mod parse;
mod print;

use crate::graph::Function;
use std::fmt;

pub use print::print;

/// A comment, which tests may read as an instruction (`; run: f(1.0) == 2.0`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directive {
    /// The line it is on, counted from 1.
    pub line: u32,
    /// The text behind the `;`, without surrounding blanks.
    pub text: String,
}

/// Where and why a text is not a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// `RT001` a character or string that is no token, `RT002` something missing or unexpected,
    /// `RT003` expressions nested too deep, `RT004` a name that is not defined, `RT005` a name
    /// defined twice, `RT006` an unknown operation, `RT007` an unknown type, `RT008` a literal that
    /// is no constant of its type, `RT009` operands that do not fit, `RT010` a wrong number of
    /// names, `RT011` an unknown exception class.
    pub code: &'static str,
    /// The line, counted from 1.
    pub line: u32,
    /// The column in characters, counted from 1.
    pub column: u32,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: error[{}]: {}", self.line, self.column, self.code, self.message)
    }
}

impl std::error::Error for ParseError {}

/// Reads a text with one function. The result is well-formed in syntax and types of operations; the
/// verifier judges the rest.
///
/// # Errors
/// The first mistake in the text.
pub fn parse(text: &str) -> Result<Function, ParseError> {
    let (mut functions, _) = parse_file(text)?;
    match (functions.pop(), functions.is_empty()) {
        (Some(function), true) => Ok(function),
        (found, _) => {
            let message =
                if found.is_some() { "more than one function" } else { "no function in the text" };
            Err(ParseError { code: "RT002", line: 1, column: 1, message: message.to_owned() })
        }
    }
}

/// Reads a text with any number of functions, and its comments.
///
/// # Errors
/// The first mistake in the text.
pub fn parse_file(text: &str) -> Result<(Vec<Function>, Vec<Directive>), ParseError> {
    let (tokens, directives) = lexer::tokens(text)?;
    Ok((parse::functions(&tokens)?, directives))
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&print(self))
    }
}

#[cfg(test)]
mod tests;
