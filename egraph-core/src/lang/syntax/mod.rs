//! The text of egglog programs: reader, syntax tree, parser, printer, diagnostics.
//!
//! [`parse`] turns text into [`Command`]s; [`Display`](std::fmt::Display) turns them back into
//! text, and reading that text gives equal commands. Nothing here recurses on expressions, so
//! their depth is bounded by memory only; what does nest as a tree (schedules, `fail`) is limited
//! to [`MAX_NESTING`] levels with an error.
//!
//! ```
//! use egraph_core::egglog::syntax::{Sources, parse};
//!
//! let mut sources = Sources::new();
//! let file = sources.add("sum.egg", "(datatype Math (Num i64) (Add Math Math))\n(check (= 1 1)");
//! let errors = parse(file, sources.text(file)).unwrap_err();
//! let text = sources.render(&errors.0[0]);
//! assert!(text.starts_with("error[EG001]: `(` is not closed\n --> sum.egg:2:1\n"), "{text}");
//! ```

mod ast;
mod diagnostic;
mod expr;
mod parse;
mod print;
mod reader;
mod span;

pub use ast::{
    Ac, Action, Change, Command, Constructor, Datatype, DatatypeBody, EvalMode, Fact, Function,
    Merge, PrintMode, Rewrite, Rule, Run, Schedule, SortArg, SortSource, Variant,
};
pub use diagnostic::{Diagnostic, Diagnostics, codes};
pub use expr::{Expr, ExprKind, ExprNode, Literal, Name};
pub use parse::{MAX_NESTING, parse, parse_expr, parse_fact};
pub use span::{FileId, Sources, Span};
