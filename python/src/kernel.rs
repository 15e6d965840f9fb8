//! A function that is compiled once for each list of argument types it is called with.

use crate::answers;
use crate::arguments::{Arguments, type_of};
use backend_cranelift::{Compiled, Compiler, Context, Limits, Options};
use frontend_py::{ParamType, Semantics, SigParam, SourceFile};
use indexmap::IndexMap;
use ovum::source::Text;
use ovum::{Backend, Engine, Pipeline, Report, Source};
use pyo3::exceptions::{PyNotImplementedError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use rvsdg::{Function, NodeKind, Op, Type};
use std::sync::{Arc, Mutex, PoisonError};

/// A function for one list of argument types.
struct Version {
    /// After optimisation.
    function: Function,
    report: Report,
    code: Compiled,
    /// Whether any array is written.
    writes: bool,
}

/// A function of a source file, compiled when it is called.
#[pyclass(frozen, module = "ovum._core")]
pub(crate) struct Kernel {
    source: Source,
    name: String,
    params: Vec<SigParam>,
    /// Makes machine code through Cranelift.
    pipeline: Pipeline,
    /// Asserted closed ranges of parameters, by name.
    domains: IndexMap<String, (f64, f64)>,
    /// In the order of their compilation.
    versions: Mutex<IndexMap<Vec<ParamType>, Arc<Version>>>,
}

#[pymethods]
impl Kernel {
    /// Reads `text`, called `file` in messages, and finds the function `name` in it; without a name
    /// the file's only function.
    #[new]
    #[pyo3(signature = (text, file, name=None, *, fast=false, fast_math=false, rules=None,
        domain=None, max_error=None, optimize=true))]
    #[expect(clippy::too_many_arguments, reason = "Python's keyword arguments")]
    fn new(
        py: Python<'_>,
        text: &str,
        file: &str,
        name: Option<String>,
        fast: bool,
        fast_math: bool,
        rules: Option<String>,
        domain: Option<Vec<(String, (f64, f64))>>,
        max_error: Option<f64>,
        optimize: bool,
    ) -> PyResult<Kernel> {
        let shown = Text::new(file, text);
        let refused = |errors| answers::refusal(py, &shown, &ovum::Error::source(&shown, errors));
        let parsed = SourceFile::parse(file, text.to_owned()).map_err(refused)?;
        let name = match name {
            Some(name) => name,
            None => match parsed.functions().as_slice() {
                [only] => (*only).to_owned(),
                names => {
                    let message = format!("{file} has {} functions: name one", names.len());
                    return Err(PyValueError::new_err(message));
                }
            },
        };
        let params = parsed.signature(&name).map_err(refused)?.params;
        let domains: IndexMap<String, (f64, f64)> = domain.into_iter().flatten().collect();
        let defaults = optimizer::Options::default();
        let options = optimizer::Options {
            rules: rules.unwrap_or(defaults.rules),
            fast_math,
            domains: domains.clone(),
            max_error,
            ..defaults
        };
        let pipeline = Pipeline {
            semantics: if fast { Semantics::Fast } else { Semantics::Strict },
            optimize: optimize.then_some(options),
            backend: Backend::Cranelift,
            ..Pipeline::default()
        };
        let source = Source::Python { file: Box::new(parsed), text: shown };
        let versions = Mutex::new(IndexMap::new());
        Ok(Kernel { source, name, params, pipeline, domains, versions })
    }

    /// The function's name.
    #[getter]
    fn name(&self) -> &str {
        &self.name
    }

    /// The argument types of every compiled version, in the order of their compilation.
    fn specialisations(&self) -> Vec<String> {
        let versions = self.versions.lock().unwrap_or_else(PoisonError::into_inner);
        versions.keys().map(|types| types_text(types)).collect()
    }

    #[pyo3(signature = (*args, **kwargs))]
    fn __call__(
        &self,
        args: &Bound<'_, PyTuple>,
        kwargs: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        let py = args.py();
        let values = self.bind(args, kwargs)?;
        let types: PyResult<Vec<ParamType>> = self
            .params
            .iter()
            .zip(&values)
            .map(|(param, value)| match param.annotation {
                Some(ty) => Ok(ty),
                None => type_of(&param.name, value),
            })
            .collect();
        let version = self.version(py, types?)?;
        let f = &version.function;
        let arguments = Arguments::new(f, &values, version.writes, &self.domains)?;
        let slots = arguments.slots();
        let mut results = vec![0_u64; version.code.results().len()];
        let mut context = Context::new(Limits::default());
        // SAFETY: `arguments` has a slot of the right type for each parameter; its arrays are
        // contiguous, aligned, as long as their extents say, writable if the code writes, and do
        // not overlap where the code takes them to be disjoint. The GIL is held, so that no Python
        // code touches them meanwhile. `results` has a slot per result.
        #[expect(unsafe_code, reason = "machine code is called here")]
        let outcome =
            unsafe { version.code.call_raw(slots.as_ptr(), results.as_mut_ptr(), &mut context) };
        if version.writes {
            arguments.write_back()?;
        }
        match outcome {
            Ok(()) => answers::results(py, &f.shape, version.code.results(), &results),
            Err(raised) => Err(answers::exception(py, self.source.text(), &self.name, &raised)),
        }
    }

    /// What the compiler did.
    #[pyo3(signature = (types=None))]
    fn report<'py>(&self, py: Python<'py>, types: Option<&str>) -> PyResult<Bound<'py, PyAny>> {
        answers::report(py, &self.chosen(py, types)?.report)
    }

    /// The optimised function in the text form of the intermediate representation.
    #[pyo3(signature = (types=None))]
    fn rvsdg(&self, py: Python<'_>, types: Option<&str>) -> PyResult<String> {
        Ok(rvsdg::text::print(&self.chosen(py, types)?.function))
    }

    /// The optimised function as Cranelift's intermediate representation.
    #[pyo3(signature = (types=None))]
    fn clif(&self, py: Python<'_>, types: Option<&str>) -> PyResult<String> {
        let version = self.chosen(py, types)?;
        self.compiler().and_then(|c| c.clif_text(&version.function)).map_err(|e| unsupported(&e))
    }

    /// The machine code of the optimised function, as assembly.
    #[pyo3(signature = (types=None))]
    fn asm(&self, py: Python<'_>, types: Option<&str>) -> PyResult<String> {
        let version = self.chosen(py, types)?;
        self.compiler().and_then(|c| c.asm_text(&version.function)).map_err(|e| unsupported(&e))
    }

    /// The optimised function as an MLIR module.
    #[pyo3(signature = (types=None))]
    fn mlir(&self, py: Python<'_>, types: Option<&str>) -> PyResult<String> {
        let version = self.chosen(py, types)?;
        let options = backend_mlir::EmitOptions::default();
        backend_mlir::emit(&version.function, &options)
            .map_err(|error| PyNotImplementedError::new_err(error.to_string()))
    }
}

impl Kernel {
    /// A compiler that makes the code that the pipeline makes.
    fn compiler(&self) -> Result<Compiler, backend_cranelift::CompileError> {
        Compiler::new(Options { poll_deadline: self.pipeline.polls, ..Options::default() })
    }

    /// One value per parameter, from positional and keyword arguments.
    fn bind<'py>(
        &self,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let wrong = |message: String| PyTypeError::new_err(format!("{}() {message}", self.name));
        if args.len() > self.params.len() {
            let (takes, given) = (self.params.len(), args.len());
            return Err(wrong(format!(
                "takes {takes} positional arguments but {given} were given"
            )));
        }
        let mut values: Vec<Option<Bound<'py, PyAny>>> = args.iter().map(Some).collect();
        values.resize(self.params.len(), None);
        for (key, value) in kwargs.into_iter().flat_map(PyDictMethods::iter) {
            let key: String = key.extract()?;
            let Some(at) = self.params.iter().position(|param| param.name == key) else {
                return Err(wrong(format!("got an unexpected keyword argument '{key}'")));
            };
            if values[at].replace(value).is_some() {
                return Err(wrong(format!("got multiple values for argument '{key}'")));
            }
        }
        let missing = |at: usize| wrong(format!("missing argument '{}'", self.params[at].name));
        values.into_iter().enumerate().map(|(at, value)| value.ok_or_else(|| missing(at))).collect()
    }

    /// The version for these types, compiled if it is the first call with them.
    fn version(&self, py: Python<'_>, types: Vec<ParamType>) -> PyResult<Arc<Version>> {
        let mut versions = self.versions.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(version) = versions.get(&types) {
            return Ok(Arc::clone(version));
        }
        let program = self
            .pipeline
            .compile(&self.source, &self.name, Some(&types))
            .map_err(|error| answers::refusal(py, self.source.text(), &error))?;
        let Engine::Cranelift(code) = program.engine else {
            unreachable!("the pipeline's backend is Cranelift")
        };
        let function = program.function;
        let writes = (0..function.region_count()).any(|at| {
            let region = function.region(rvsdg::RegionId::from_index(at));
            region
                .nodes
                .iter()
                .any(|node| matches!(function.node(*node).kind, NodeKind::Simple(Op::Store)))
        });
        let version = Arc::new(Version { function, report: program.report, code, writes });
        versions.insert(types, Arc::clone(&version));
        Ok(version)
    }

    /// The version that a question is about: for the given types, else for the annotations, else
    /// the version compiled last.
    fn chosen(&self, py: Python<'_>, types: Option<&str>) -> PyResult<Arc<Version>> {
        if let Some(text) = types {
            let types = frontend_py::parse_types(text).map_err(|error| {
                let text = Text::new("types", text);
                answers::refusal(py, &text, &ovum::Error::source(&text, error.into()))
            })?;
            return self.version(py, types);
        }
        let annotated: Option<Vec<ParamType>> = self.params.iter().map(|p| p.annotation).collect();
        if let Some(types) = annotated {
            return self.version(py, types);
        }
        let versions = self.versions.lock().unwrap_or_else(PoisonError::into_inner);
        let last = versions.last().map(|(_, version)| Arc::clone(version));
        last.ok_or_else(|| {
            let message = "the types are not known: call the function first, or pass them, \
                           for example \"f64, array[f64, 1]\"";
            PyValueError::new_err(message)
        })
    }
}

fn unsupported(error: &backend_cranelift::CompileError) -> PyErr {
    PyNotImplementedError::new_err(error.to_string())
}

fn types_text(types: &[ParamType]) -> String {
    let texts: Vec<String> = types.iter().map(ToString::to_string).collect();
    texts.join(", ")
}

/// The scalar type as a word for messages.
pub(crate) fn type_word(ty: Type) -> &'static str {
    match ty {
        Type::F32 | Type::F64 => "a float",
        Type::I32 | Type::I64 => "an integer",
        Type::Bool => "a bool",
        _ => "a value",
    }
}
