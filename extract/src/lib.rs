//! Extraction from e-graphs: a frozen dense view, extractors, an independent checker.
//!
//! A [`Problem`] is a frozen e-graph with a cost per node and a set of roots, taken from an
//! [`EGraph`](egraph_core::EGraph) by [`Frozen`] or read from JSON by [`Problem::from_json`]. An
//! [`Extractor`] answers one node per class; [`check()`] decides, sharing no code with any
//! extractor, whether the answer is legal and what it costs.
//!
//! ```
//! use extract::{Control, Problem, ReadOptions, check, extractor};
//!
//! // a + (b + a): the tree pays `a` twice, the DAG once.
//! let problem = Problem::from_json(
//!     r#"{"nodes": {
//!         "a": {"op": "a", "cost": 1, "eclass": "A", "children": []},
//!         "b": {"op": "b", "cost": 2, "eclass": "B", "children": []},
//!         "in": {"op": "+", "cost": 2, "eclass": "I", "children": ["b", "a"]},
//!         "out": {"op": "+", "cost": 2, "eclass": "O", "children": ["a", "in"]}
//!     }, "root_eclasses": ["O"]}"#,
//!     ReadOptions::default(),
//! )?;
//! let greedy = extractor("greedy-dag").expect("it is registered");
//! let outcome = greedy.extract(&problem, &Control::default());
//! let checked = check(&problem, &outcome.choices)?;
//! assert_eq!((checked.dag_cost, checked.tree_cost), (7.0, 8.0));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A new algorithm is one file and one line: in the list of those that ship, or a call of
//! [`register`] in the program that brings it along.

pub mod annealing;
pub mod auto;
pub mod beam;
pub mod bottom_up;
pub mod builder;
pub mod check;
pub mod cost;
#[cfg(any(feature = "highs", feature = "maxsat"))]
mod cycles;
pub mod diagnostics;
pub mod effects;
pub mod exact;
pub mod extractor;
pub mod freeze;
pub mod global_greedy;
pub mod greedy_dag;
pub mod local_search;
pub mod lower_bound;
#[cfg(feature = "maxsat")]
pub mod maxsat;
#[cfg(feature = "highs")]
pub mod milp;
mod names;
pub mod oracle;
pub mod problem;
pub mod reduce;
pub mod registry;
pub mod report;
pub mod runner;
pub mod serialized;
pub mod term;
pub mod treewidth;
pub mod verify;

pub use annealing::Annealing;
pub use auto::Auto;
pub use beam::Beam;
pub use bottom_up::BottomUp;
pub use builder::ProblemBuilder;
pub use check::{CheckError, Checked, check};
pub use cost::CostModel;
pub use diagnostics::Diagnostic;
pub use effects::{EffectError, EffectSource, Effects, GreedyWalks, StateWalks};
pub use exact::BranchAndBound;
pub use extractor::{Caps, Control, Extractor, Objective, Observer, Outcome, Progress, Status};
pub use freeze::{Frozen, Wanted};
pub use global_greedy::GlobalGreedy;
pub use greedy_dag::GreedyDag;
pub use local_search::LocalSearch;
pub use problem::{ClassIndex, NodeIndex, Parents, Problem};
pub use reduce::{Reduced, Reduction, components, reduce};
pub use registry::{extractor, extractors, register};
pub use serialized::{Loaded, ReadError, ReadOptions};
pub use term::TermFormat;
pub use treewidth::Treewidth;
pub use verify::{Invalid, verify, verify_against};
