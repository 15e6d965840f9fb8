//! From syntax to meaning: names resolved, sorts inferred, sugar removed.
//!
//! A [`Checker`] takes commands one by one, in the order of the program, and gives for each the
//! [resolved commands](Command) that an engine carries out. What it learns (sorts, functions,
//! globals, rule sets) is its [`Env`], which `push` and `pop` save and restore.
//!
//! Bodies become flat [queries](Query): one [`Atom`] per call, equalities unified away, variables
//! numbered. Heads become [expressions](Expr) in post-order, ready for a stack machine.
//!
//! # How sorts are inferred
//! Every variable, literal and call is a *term* with an unknown sort. Functions have one
//! signature, primitives several: the candidates of a call are struck out as the sorts of its
//! operands and of its value become known, and what all remaining candidates agree on is learnt;
//! this is repeated until nothing changes. What is unknown or ambiguous then is an error.
//!
//! # What differs from egglog 3.0
//! All of its own programs have the meaning that it gives them. Beyond these:
//! - more is inferred: overloads that agree on a place tell its sort before one of them is chosen;
//! - a merge expression must have the sort of its function; the parts of a combined rule set must
//!   be declared before it; `:unextractable` counts in `datatype*` too;
//! - a rule without `:name` may be added twice; names may start with `@`;
//! - a global is no function: `($x)` and `(set ($x) 1)` are refused;
//! - options that encode proofs (`:internal-proof-func`, `:internal-term-constructor` and the like)
//!   are refused with a message, and there are no commands or macros of the host program.
//!
//! ```
//! use egraph_core::egglog::syntax::{Sources, parse};
//! use egraph_core::egglog::types::{Checker, Command};
//! use egraph_core::egglog::values::Values;
//!
//! let program = "
//!     (datatype Math (Num i64) (Add Math Math))
//!     (rewrite (Add (Num a) (Num b)) (Num (+ a b)))";
//! let mut sources = Sources::new();
//! let file = sources.add("fold.egg", program);
//! let (mut checker, values) = (Checker::new(), Values::new());
//! let mut resolved = Vec::new();
//! for command in parse(file, program)? {
//!     resolved.extend(checker.check(&values, &command)?);
//! }
//! let Some(Command::Rule(rule)) = resolved.last() else { panic!("a rewrite is a rule") };
//! assert_eq!(rule.body.atoms.len(), 3); // Add, Num, Num
//! assert_eq!(rule.body.vars.len(), 5); // the three classes, a, b
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod body;
mod candidate;
mod checker;
mod declare;
mod env;
mod error;
mod ground;
mod head;
mod infer;
mod name;
mod query;
mod resolved;
mod rules;
mod terms;

#[cfg(test)]
mod tests;

pub use checker::{Checker, MAX_PUSHED};
pub use env::Env;
pub use name::RuleName;
pub use resolved::{
    Action, Atom, Command, Expr, FuncDecl, FuncId, FuncKind, GlobalDecl, GlobalId, Merge, Node,
    Operand, Operator, Query, Rule, RulesetDecl, RulesetId, RulesetKind, Schedule, VarDecl,
};
