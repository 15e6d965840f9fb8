//! A session from Rust, as short as it can be said.
//!
//! [`define_language!`](crate::define_language) declares a datatype and gives its nodes as an enum,
//! [`rewrite!`](crate::rewrite) and [`rule!`](crate::rule) make rules,
//! [`Session::primitive`](crate::egglog::Session::primitive) and
//! [`Session::guard`](crate::egglog::Session::guard) let rules call closures, and [`Datatype`]
//! declares what is only known at run time. What runs the rules is
//! [`Runner`](crate::egglog::Runner).

mod closure;
mod declare;
mod language;
mod rules;

pub use closure::{Answer, Base, Closure};
pub use declare::Datatype;
pub use language::{Fields, Language};
pub use rules::Rule;
