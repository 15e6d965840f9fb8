//! The whole road: source, RVSDG, e-graph, cheaper RVSDG, something to call.

use crate::engine::{Backend, Engine};
use crate::error::Result;
use crate::report::Report;
use crate::source::Source;
use backend_cranelift::Vectors;
use frontend_py::{ParamType, Semantics};
use rvsdg::{Answer, Function, Inputs};
use std::time::Instant;

/// What to do with a function.
#[derive(Clone, Debug)]
pub struct Pipeline {
    /// What Python's operations mean.
    pub semantics: Semantics,
    /// How to optimise; none to leave the function as it was written.
    pub optimize: Option<optimizer::Options>,
    /// What runs the function.
    pub backend: Backend,
    /// Whether loops look at the time, so that calls can have a deadline.
    pub polls: bool,
    /// When external tools are stopped.
    pub deadline: Option<Instant>,
}

impl Default for Pipeline {
    fn default() -> Pipeline {
        Pipeline {
            semantics: Semantics::Strict,
            optimize: Some(optimizer::Options::default()),
            backend: Backend::default(),
            polls: false,
            deadline: None,
        }
    }
}

/// A function before and after optimisation.
#[derive(Clone, Debug)]
pub struct Lowered {
    /// The function as it was written.
    pub original: Function,
    /// The function after optimisation.
    pub function: Function,
    /// What happened.
    pub report: Report,
}

/// A function that can be called.
pub struct Program {
    /// The function as it was written.
    pub original: Function,
    /// The function that the engine runs.
    pub function: Function,
    /// What happened.
    pub report: Report,
    /// What runs it.
    pub engine: Engine,
}

impl Pipeline {
    /// Lowers and optimises a function. `types` are those of the parameters, used where the source
    /// has no annotation.
    ///
    /// # Errors
    /// If the function is not supported, or the optimiser's options do not fit it.
    pub fn lower(
        &self,
        source: &Source,
        function: &str,
        types: Option<&[ParamType]>,
    ) -> Result<Lowered> {
        let start = Instant::now();
        let original = source.lower(function, self.semantics, types)?;
        let mut report = Report::default();
        report.push_phase("lower", start.elapsed());
        self.optimize(original, report)
    }

    /// Optimises a function that was lowered before; `report` holds the phases so far.
    ///
    /// # Errors
    /// If the optimiser's options do not fit the function.
    pub fn optimize(&self, original: Function, mut report: Report) -> Result<Lowered> {
        report.nodes_before = live_nodes(&original);
        let function = match &self.optimize {
            None => original.clone(),
            Some(options) => {
                let optimized = optimizer::optimize(&original, options)?;
                for (name, time) in &optimized.report.phases {
                    report.push_phase(name, *time);
                }
                report.optimizer = Some(optimized.report);
                optimized.function
            }
        };
        report.nodes_after = live_nodes(&function);
        Ok(Lowered { original, function, report })
    }

    /// Which loops over arrays run in vectors: under fast mathematics, sums as well.
    pub fn vectors(&self) -> Vectors {
        match &self.optimize {
            Some(options) if options.fast_math => Vectors::FastMath,
            _ => Vectors::Exact,
        }
    }

    /// Makes a lowered function callable.
    ///
    /// # Errors
    /// If the backend refuses the function.
    pub fn finish(&self, lowered: Lowered) -> Result<Program> {
        let Lowered { original, function, mut report } = lowered;
        let start = Instant::now();
        let limits = (self.polls, self.deadline);
        let engine = Engine::with_vectors(&function, self.backend, limits, self.vectors())?;
        report.push_phase("codegen", start.elapsed());
        report.code = Some(engine.describe().to_owned());
        Ok(Program { original, function, report, engine })
    }

    /// [`Pipeline::lower`], then [`Pipeline::finish`].
    ///
    /// # Errors
    /// As those.
    pub fn compile(
        &self,
        source: &Source,
        function: &str,
        types: Option<&[ParamType]>,
    ) -> Result<Program> {
        self.finish(self.lower(source, function, types)?)
    }
}

impl Program {
    /// Calls the function; see [`Engine::call`].
    ///
    /// # Errors
    /// As [`Engine::call`].
    pub fn call(&self, inputs: &Inputs, deadline: Option<Instant>) -> Result<Answer> {
        self.engine.call(inputs, deadline)
    }
}

/// From Python text to something to call, with the time of parsing in the report.
///
/// # Errors
/// Whatever goes wrong on the road.
pub fn compile_source(
    name: &str,
    text: String,
    function: &str,
    types: Option<&[ParamType]>,
    pipeline: &Pipeline,
) -> Result<Program> {
    let start = Instant::now();
    let source = Source::python(name, text)?;
    let parse = start.elapsed();
    let mut program = pipeline.compile(&source, function, types)?;
    program.report.phases.insert(0, ("parse", parse));
    Ok(program)
}

/// Number of nodes that the function's body contains, nested regions included.
fn live_nodes(function: &Function) -> usize {
    let mut count = 0;
    let mut regions = vec![function.body()];
    while let Some(region) = regions.pop() {
        for node in &function.region(region).nodes {
            count += 1;
            match &function.node(*node).kind {
                rvsdg::NodeKind::Simple(_) => {}
                rvsdg::NodeKind::Gamma { arms } => regions.extend(arms),
                rvsdg::NodeKind::Theta { body } => regions.push(*body),
            }
        }
    }
    count
}
