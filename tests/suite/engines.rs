//! One function on every engine: the interpreter and machine code, before and after optimisation.

use crate::note;
use backend_cranelift::{Compiled, Compiler};
use backend_mlir::Toolchain;
use frontend_py::SourceFile;
use optimizer::Report;
use rvsdg::interp::{Limits, Prepared};
use rvsdg::{Answer, Function, Inputs, NodeKind, Op, RegionId};

/// The gated activation of the examples.
pub(crate) const GEGLU: &str = include_str!("../../examples/geglu.py");

/// A function before and after optimisation, with machine code of both.
pub(crate) struct Forms {
    pub(crate) before: Function,
    pub(crate) after: Function,
    pub(crate) report: Report,
    code_before: Compiled,
    code_after: Compiled,
}

impl Forms {
    /// Optimises and compiles a function.
    pub(crate) fn new(before: Function, options: &optimizer::Options) -> Result<Forms, String> {
        let optimized = optimizer::optimize(&before, options).map_err(|e| e.to_string())?;
        let (after, report) = (optimized.function, optimized.report);
        let compiler = Compiler::new(backend_cranelift::Options::default())
            .map_err(|e| format!("no compiler: {e}"))?;
        let compile = |f| compiler.compile(f).map_err(|e| format!("machine code: {e}"));
        let (code_before, code_after) = (compile(&before)?, compile(&after)?);
        Ok(Forms { before, after, report, code_before, code_after })
    }

    /// What each engine answers, with its name; the interpreter on the input comes first.
    pub(crate) fn answers(&self, inputs: &Inputs) -> Result<Vec<(&'static str, Answer)>, String> {
        let machine = |code: &Compiled, inputs| code.call(inputs, None).map_err(|e| e.to_string());
        Ok(vec![
            ("interpreter", interpret(&self.before, inputs)?),
            ("interpreter, optimised", interpret(&self.after, inputs)?),
            ("machine code", machine(&self.code_before, inputs)?),
            ("machine code, optimised", machine(&self.code_after, inputs)?),
        ])
    }

    /// The function's value on a number, by machine code before and after optimisation.
    pub(crate) fn on_f64(&self, x: f64) -> (f64, f64) {
        let inputs =
            Inputs { args: vec![rvsdg::Arg::Scalar(rvsdg::Scalar::F64(x))], arrays: Vec::new() };
        let value = |code: &Compiled| {
            let answer = code.call(&inputs, None).expect("one f64 parameter");
            match answer.outcome.expect("the function raises nothing here").as_slice() {
                [rvsdg::Scalar::F64(y)] => *y,
                other => panic!("one f64 result, not {other:?}"),
            }
        };
        (value(&self.code_before), value(&self.code_after))
    }
}

/// The interpreter's answer.
pub(crate) fn interpret(function: &Function, inputs: &Inputs) -> Result<Answer, String> {
    let prepared = Prepared::new(function).map_err(|e| e.to_string())?;
    let limits = Limits { time: None, steps: Some(200_000_000) };
    Ok(prepared.run(inputs, &limits).map_err(|e| e.to_string())?.answer)
}

/// The MLIR tools, or nothing where they are not installed; where `CI` is `true` they must be.
pub(crate) fn mlir_tools() -> Option<Toolchain> {
    match Toolchain::find() {
        Ok(tools) => Some(tools),
        Err(error) => {
            assert!(std::env::var("CI").as_deref() != Ok("true"), "{error}");
            note(&format!("skipped: {error}"));
            None
        }
    }
}

/// A function of Python source.
pub(crate) fn python(text: &str, name: &str) -> Function {
    let file = SourceFile::parse("test.py", text.to_owned());
    let file = file.unwrap_or_else(|e| panic!("{e}\n{text}"));
    let options = frontend_py::Options::default();
    frontend_py::compile(&file, name, &options).unwrap_or_else(|e| panic!("{e}\n{text}"))
}

/// How many operations of this name a function has.
pub(crate) fn count_ops(function: &Function, name: &str) -> usize {
    let regions = (0..function.region_count()).map(|at| function.region(RegionId::from_index(at)));
    let nodes = regions.flat_map(|region| region.nodes.iter());
    let named = |op: Op| op.name().split([' ', '.', '<']).any(|part| part == name);
    nodes.filter(|n| matches!(function.node(**n).kind, NodeKind::Simple(op) if named(op))).count()
}
