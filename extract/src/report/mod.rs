//! What a sweep shows: tables for a terminal and for Markdown, and one HTML page with plots.
//!
//! Two costs are compared by their *gap* `|c - b| / max(|c|, |b|)`, 0 if they are equal and 1
//! without an answer (Berthold, "Measuring the impact of primal heuristics", 2013): it has a
//! meaning for costs of zero and below, too. What is compared with is the least cost that any
//! answer of the sweep to the same file has.

mod page;
mod series;
mod summary;
mod tables;

pub use page::html;
pub use summary::{Line, Scope, gap, scopes};
pub use tables::{markdown, text};
