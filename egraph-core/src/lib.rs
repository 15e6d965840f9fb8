//! The e-graph engine: per-operator tables, region-stamped classes, rules, schedules.
//!
//! An *e-graph* stores many equal terms compactly: an *e-class* is a set of *e-nodes* known to be
//! equal, and a node is an operator whose children are classes. *Equality saturation* adds equal
//! forms by rules until nothing new is found, and leaves the choice among them to extraction.
//!
//! There are two ways in. A [`Session`](egglog::Session) is for terms of your own: datatypes,
//! relations, functions with merges, rules over all of these. An [`EGraph`] is for programs with
//! control flow: its classes live in a tree of *regions*, and an [`Analysis`] written in Rust follows
//! every union. Both stand on the same store and the same matching.
//!
//! # Terms and rules: a session
//! Declare a language, add terms, run rules, take the best term:
//!
//! ```
//! use egraph_core::egglog::{Id, Runner, Session, define_language, rewrite};
//! use egraph_core::StopReason;
//!
//! define_language! {
//!     enum Math {
//!         Num(i64),
//!         Symbol(String),
//!         Add([Id; 2]),
//!         Mul([Id; 2]),
//!     }
//! }
//!
//! let mut session = Session::default();
//! session.declare::<Math>()?;
//! session.rules("", [
//!     rewrite!("commute-add"; "(Add ?a ?b)" => "(Add ?b ?a)"),
//!     rewrite!("commute-mul"; "(Mul ?a ?b)" => "(Mul ?b ?a)"),
//!     rewrite!("add-0"; "(Add ?a (Num 0))" => "?a"),
//!     rewrite!("mul-0"; "(Mul ?a (Num 0))" => "(Num 0)"),
//!     rewrite!("mul-1"; "(Mul ?a (Num 1))" => "?a"),
//! ])?;
//!
//! let start = session.add(r#"(Add (Num 0) (Mul (Num 1) (Symbol "foo")))"#)?;
//! let summary = Runner::new().iterations(10).run(&mut session)?;
//! assert_eq!(summary.stop, StopReason::Saturated);
//! let best = session.best(start)?;
//! assert_eq!((best.cost, best.term.to_string().as_str()), (2, r#"(Symbol "foo")"#));
//! # Ok::<(), egraph_core::egglog::Error>(())
//! ```
//!
//! | egg | here |
//! |---|---|
//! | `define_language!` | [`define_language!`](crate::define_language), or [`Datatype`](egglog::Datatype) at run time |
//! | `rewrite!("n"; "l" => "r" if c)` | [`rewrite!`](crate::rewrite)`("n"; "l" => "r" if "(guard ?x)")`, the guard a closure: [`Session::guard`](egglog::Session::guard) |
//! | `Applier` | [`Rule::then`](egglog::Rule::then); a closure that the right side calls: [`Session::primitive`](egglog::Session::primitive) |
//! | `Condition` | [`Rule::provided`](egglog::Rule::provided), [`Rule::unless`](egglog::Rule::unless): asked when it comes to the match, as in egg |
//! | a left side `?a` | [`Session::every`](egglog::Session::every) |
//! | `multi_rewrite!` | [`rule!`](crate::rule), over any number of facts and actions |
//! | `egraph.add(node)` | [`Session::node`](egglog::Session::node), [`Session::make`](egglog::Session::make), [`Session::add`](egglog::Session::add) for text |
//! | `egraph.union(a, b); egraph.rebuild()` | [`Session::union`](egglog::Session::union); it rebuilds |
//! | `Runner`, `BackoffScheduler` | [`Runner`](egglog::Runner), [`SchedulerKind::Backoff`] |
//! | `Analysis` | a function with a merge and rules that set it: [`Session::function`](egglog::Session::function); in Rust: [`Analysis`](egglog::Analysis), set by [`Session::analyse`](egglog::Session::analyse) |
//! | `Extractor::find_best` | [`Session::best`](egglog::Session::best) |
//!
//! Programs written for egglog run as they are: [`Session::run`](egglog::Session::run) and
//! [`Session::program`](egglog::Session::program).
//!
//! Where microseconds count and a good answer is enough, [`eager`] rewrites each node once, as it is
//! made.
//!
//! # E-graphs with regions: terms
//! A [`Signature`] declares sorts and operators. What is no e-class (literals, predicates) is a
//! *payload*: a number whose meaning only the client knows.
//!
//! ```
//! use egraph_core::{EGraph, PayloadId, Reason, RegionId, Signature, SortRule};
//!
//! let mut signature = Signature::new();
//! let int = signature.sort("int");
//! let var = signature.op("var", 0, SortRule::Fixed(int));
//! let add = signature.op("add", 2, SortRule::SameAs(0));
//! let mut g: EGraph = EGraph::new(signature, ());
//!
//! let x = g.add(RegionId::ROOT, var, PayloadId::new(1), &[], None)?;
//! let y = g.add(RegionId::ROOT, var, PayloadId::new(2), &[], None)?;
//! let xy = g.add_op(RegionId::ROOT, add, &[x, y])?;
//! let xx = g.add_op(RegionId::ROOT, add, &[x, x])?;
//! assert_eq!(g.add_op(RegionId::ROOT, add, &[x, y])?, xy); // the same node, the same class
//!
//! // Congruence: if x = y then x + y = x + x.
//! g.union(x, y, Reason::Given)?;
//! g.rebuild();
//! assert_eq!(g.find(xy), g.find(xx));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! ## Rules
//! Rules are [patterns](Pattern) with guards; sets of them run under a [`Schedule`] and [`Limits`].
//!
//! ```
//! use egraph_core::*;
//!
//! let mut signature = Signature::new();
//! let int = signature.sort("int");
//! signature.op("var", 0, SortRule::Fixed(int));
//! signature.op("const", 0, SortRule::Explicit);
//! signature.op("add", 2, SortRule::SameAs(0));
//! signature.op("mul", 2, SortRule::SameAs(0));
//! // The client's payloads: here a number stands for itself plus one.
//! let resolve = |text: &str| text.parse::<u32>().ok().map(|n| PayloadId::new(n + 1));
//!
//! let algebra = RuleSet::new("algebra")
//!     .rule(Rule::rewrite("comm", "(add ?a ?b)", "(add ?b ?a)"))
//!     .rule(Rule::rewrite("zero", "(add ?a const[0])", "?a"))
//!     .rule(
//!         Rule::new("double")
//!             .when("(add ?a ?a)")
//!             .guard(|g, m| g.nodes(m.get("?a")).len() == 1)
//!             .rewrite_to("(mul const[2]:?a ?a)"),
//!     );
//! let rules = Rules::compile(vec![algebra], &signature, resolve)?;
//!
//! let mut g: EGraph = EGraph::new(signature, ());
//! let term = g.add_term(RegionId::ROOT, "(add const[0]:int (add var[7] var[7]))", resolve)?;
//! let report = Runner::default().run(&mut g, &rules, &Schedule::saturate("algebra"))?;
//! assert_eq!(report.stop_reason, StopReason::Saturated);
//! let twice = g.add_term(RegionId::ROOT, "(mul const[2]:int var[7])", resolve)?;
//! assert_eq!(g.find(term), g.find(twice));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! ## Regions
//! Every class lives in one *region* of a tree; plain use needs only [`RegionId::ROOT`]. An
//! equality in a region holds whenever the region is entered, so what is known outside is known
//! inside but not the reverse. The only way in is a *crossing* operator
//! ([`Signature::crossing_op`]), whose child lives in the parent region: if `a = b` outside, then
//! by congruence `import a = import b` inside. A class whose analysis value is contradictory
//! [kills](EGraph::is_dead) its region, and rules skip dead regions.
//!
//! ```
//! use egraph_core::*;
//!
//! let mut signature = Signature::new();
//! let int = signature.sort("int");
//! let var = signature.op("var", 0, SortRule::Fixed(int));
//! let import = signature.crossing_op("import");
//! let mut g: EGraph = EGraph::new(signature, ());
//! let body = g.add_region(RegionId::ROOT);
//! let outside = [1, 2].map(|v| g.add(RegionId::ROOT, var, PayloadId::new(v), &[], None).unwrap());
//! let inside = outside.map(|class| g.add_op(body, import, &[class]).unwrap());
//!
//! g.union(inside[0], inside[1], Reason::Given)?;
//! g.rebuild();
//! assert_ne!(g.find(outside[0]), g.find(outside[1]));
//! assert!(g.union(outside[0], inside[0], Reason::Given).is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! ## Analyses
//! An [`Analysis`] keeps a lattice value per class, for instance "is this constant 3"; guards and
//! computed right-hand sides ([`Rule::apply`]) read it with [`EGraph::data`].
//!
//! # Guarantees
//! The same calls give the same ids, and any number of threads the same e-graph. The node limit is
//! never exceeded. Nothing here panics on the contents of an e-graph; what panics is documented
//! and is an error in the calling program.

mod analysis;
mod bindings;
mod dump;
pub mod eager;
mod ematch;
mod error;
mod graph;
mod id;
mod insert;
mod lang;
mod log;
mod matcher;
mod node;
mod pattern;
mod pool;
mod query;
mod rebuild;
mod region;
mod report;
mod rhs;
mod rule;
mod runner;
mod schedule;
mod scheduler;
mod sexpr;
mod signature;
mod store;
mod table;
mod term;
mod threads;
mod unionfind;

/// The egglog language: sorts and values, programs and how they run.
pub mod egglog {
    pub use crate::lang::*;

    pub use crate::lang::api::{Base, Datatype, Language, Rule};
    pub use crate::lang::exec::{
        Analysis, DidMerge, Error, Graph, Id, Match, Node, Op, Options, Output, Pool, Runner,
        Session, Summary, Term, View,
    };
    pub use crate::{define_language, rewrite, rule};
}

pub use analysis::Analysis;
pub use bindings::Bindings;
pub use error::{Limit, UnionError};
pub use graph::EGraph;
pub use id::{EClassId, ENodeId, OpId, PayloadId, RegionId, SortId};
pub use insert::AddIntoError;
pub use log::{Reason, UnionEntry};
pub use matcher::Guard;
pub use node::{Children, ENodeRef};
pub use pattern::Pattern;
pub use report::{IterationStats, Limits, RuleCounts, RunReport, StopReason};
pub use rule::{Compute, Rule, RuleError, RuleSet, Rules};
pub use runner::{Hook, Runner};
pub use schedule::{Composition, CompositionError, Schedule, ScheduleError};
pub use scheduler::{Scheduler, SchedulerKind};
pub use sexpr::PatternError;
pub use signature::{OpDecl, Signature, SortRule};
pub use term::TermError;
