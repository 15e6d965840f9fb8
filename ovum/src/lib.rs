//! Ovum: Python functions through equality saturation to machine code and MLIR.
//!
//! ```text
//! Python -> [frontend_py] -> RVSDG -> [optimizer] -> e-graph -> cheaper RVSDG
//!        -> [backend_cranelift | backend_mlir] -> machine code
//! ```
//!
//! A [`Pipeline`] holds what is to be done, a [`Source`] what it is done to:
//!
//! ```
//! use ovum::{Pipeline, Source, bind, PyValue};
//!
//! let text = "def area(r: f64) -> f64:\n    return 3.0 * r * r + 0.0 * 2.0\n";
//! let source = Source::python("area.py", text.to_owned())?;
//! let pipeline = Pipeline::default();
//! let program = pipeline.compile(&source, "area", None)?;
//! let call = bind::parse_call("area(2)")?;
//! let inputs = bind::bind(&call, &program.function)?;
//! let answer = program.call(&inputs, None)?;
//! let results = answer.outcome.expect("no exception");
//! assert_eq!(PyValue::from_results(&program.function.shape, &results), PyValue::Float(12.0));
//! # Ok::<(), ovum::Error>(())
//! ```
//!
//! The `ovum` command is the function [`cli::run`].

pub mod accuracy;
pub mod answer;
pub mod bind;
pub mod cache;
pub mod check;
pub mod cli;
pub mod egraph;
pub mod elementwise;
pub mod engine;
pub mod error;
pub mod generate;
pub mod json;
pub mod pipeline;
pub mod report;
pub mod source;

pub use answer::PyValue;
pub use engine::{Backend, Engine};
pub use error::{Error, Result};
pub use json::Json;
pub use pipeline::{Pipeline, Program, compile_source};
pub use report::Report;
pub use source::Source;
