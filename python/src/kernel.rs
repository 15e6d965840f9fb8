//! A function that is compiled once for each list of argument types it is called with.

use crate::arguments::{Arguments, const_object, known_of, parts, type_of};
use crate::fast::{Fast, Outcome};
use crate::loops::Vectors;
use crate::rules::{RuleText, user_rules};
use crate::{answers, effects};
use backend_cranelift::{Compiled, CompiledLoop, Compiler, Context, Limits, Options};
use frontend_py::{ParamType, Semantics, SigParam, SourceFile};
use indexmap::IndexMap;
use ovum::accuracy::{self, Code};
use ovum::cache::{Cache, Entry};
use ovum::elementwise::{self, Exceptions};
use ovum::report::Style;
use ovum::source::Text;
use ovum::{Backend, Engine, Pipeline, Source};
use pyo3::exceptions::{PyNotImplementedError, PyTypeError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use rvsdg::{Const, Function, Raised};
use std::fmt::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// A function for one list of argument types.
pub(crate) struct Version {
    /// After optimisation.
    pub(crate) function: Function,
    /// The report as JSON, and for a person.
    report: String,
    text: String,
    engine: Engine,
    /// Which parameters are arrays that the code may store into.
    pub(crate) writes: Vec<bool>,
    /// Whether other threads may have the interpreter during a call.
    nogil: bool,
    source: Text,
}

impl Version {
    fn new(entry: Entry, engine: Engine, nogil: bool, source: &Text) -> Version {
        let Entry { function, report, text } = entry;
        let writes = effects::written(&function);
        Version { function, report, text, engine, writes, nogil, source: source.clone() }
    }

    /// Runs code of this version, which touches no Python object, with the interpreter left to
    /// other threads if the user asked for that.
    #[inline]
    pub(crate) fn run<T>(&self, py: Python<'_>, code: impl FnOnce() -> T) -> T {
        if self.nogil { without_interpreter(py, code) } else { code() }
    }

    /// The code, if it can be called on the caller's memory.
    pub(crate) fn machine(&self) -> Option<&Compiled> {
        match &self.engine {
            Engine::Cranelift(code) => Some(code),
            _ => None,
        }
    }

    /// The exception that Python would raise.
    pub(crate) fn exception(&self, py: Python<'_>, raised: &Raised) -> PyErr {
        answers::exception(py, &self.source, &self.function.name, raised)
    }
}

/// Runs code that touches no Python object with the interpreter left to other threads.
#[inline]
pub(crate) fn without_interpreter<T>(_: Python<'_>, code: impl FnOnce() -> T) -> T {
    // SAFETY: this thread has the interpreter and takes it back with the state it gave away;
    // compiled code does not unwind and calls nothing of Python.
    #[expect(unsafe_code, reason = "the interpreter is given away and taken back")]
    unsafe {
        let state = ffi::PyEval_SaveThread();
        let result = code();
        ffi::PyEval_RestoreThread(state);
        result
    }
}

/// Where versions are kept between processes.
struct Store {
    cache: Cache,
    /// What entries depend on besides source, types and options.
    salt: String,
    hits: AtomicUsize,
    misses: AtomicUsize,
}

/// A function of a source file, compiled when it is called.
#[pyclass(frozen, subclass, module = "ovum._core")]
pub(crate) struct Kernel {
    source: Source,
    name: String,
    params: Vec<SigParam>,
    defaults: Vec<Option<Const>>,
    pipeline: Pipeline,
    /// Asserted closed ranges of parameters, by name.
    domains: IndexMap<String, (f64, f64)>,
    constants: String,
    nogil: bool,
    store: Option<Store>,
    /// In the order of their compilation.
    versions: Mutex<IndexMap<Vec<ParamType>, Arc<Version>>>,
    /// Those of them that arguments have asked for, for direct calls.
    fast: OnceLock<Box<Fast>>,
}

#[pymethods]
impl Kernel {
    /// Reads `text`, called `file` in messages, and finds the function `name` in it; without a name
    /// the file's only function. `constants` explain names that the text does not.
    #[new]
    #[pyo3(signature = (text, file, name=None, *, fast=false, fastmath=false, rules=None,
        user_rules=None, domain=None, max_error=None, optimize=true, backend="cranelift", threads=1,
        constants=None, cache=None, salt="", nogil=false))]
    #[expect(
        clippy::too_many_arguments,
        clippy::fn_params_excessive_bools,
        reason = "Python's keyword arguments"
    )]
    fn new(
        py: Python<'_>,
        text: &str,
        file: &str,
        name: Option<String>,
        fast: bool,
        fastmath: bool,
        rules: Option<String>,
        user_rules: Option<Vec<RuleText>>,
        domain: Option<Vec<(String, (f64, f64))>>,
        max_error: Option<f64>,
        optimize: bool,
        backend: &str,
        threads: usize,
        constants: Option<&Bound<'_, PyDict>>,
        cache: Option<&str>,
        salt: &str,
        nogil: bool,
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
        let known = constants.map(known_of).transpose()?.unwrap_or_default();
        let described = format!("{known:?}");
        let parsed = parsed.with_constants(known);
        let params = parsed.signature(&name).map_err(refused)?.params;
        let defaults = parsed.defaults(&name).map_err(refused)?;
        let domains: IndexMap<String, (f64, f64)> = domain.into_iter().flatten().collect();
        let options = optimizer::Options::default();
        let options = optimizer::Options {
            rules: rules.unwrap_or_else(|| options.rules.clone()),
            user_rules: self::user_rules(user_rules.unwrap_or_default())?,
            fast_math: fastmath,
            domains: domains.clone(),
            max_error,
            threads: threads.max(1),
            ..options
        };
        let pipeline = Pipeline {
            semantics: if fast { Semantics::Fast } else { Semantics::Strict },
            optimize: optimize.then_some(options),
            backend: backend_named(backend)?,
            ..Pipeline::default()
        };
        let source = Source::Python { file: Box::new(parsed), text: shown };
        let store = cache.map(|folder| Store {
            cache: Cache::new(folder),
            salt: salt.to_owned(),
            hits: AtomicUsize::new(0),
            misses: AtomicUsize::new(0),
        });
        Ok(Kernel {
            source,
            name,
            params,
            defaults,
            pipeline,
            domains,
            constants: described,
            nogil,
            store,
            versions: Mutex::new(IndexMap::new()),
            fast: OnceLock::new(),
        })
    }

    /// The function's name.
    #[getter]
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The names of the parameters.
    #[getter]
    fn parameters(&self) -> Vec<&str> {
        self.params.iter().map(|param| param.name.as_str()).collect()
    }

    /// The annotated types of the parameters as texts, None where there is no annotation.
    #[getter]
    fn annotations(&self) -> Vec<Option<String>> {
        let annotations = self.params.iter().map(|param| param.annotation.as_ref());
        annotations.map(|ty| ty.map(ToString::to_string)).collect()
    }

    /// How many versions came from the cache on disk, and how many were not there.
    #[getter]
    fn cache_counts(&self) -> (usize, usize) {
        self.store.as_ref().map_or((0, 0), |store| {
            (store.hits.load(Ordering::Relaxed), store.misses.load(Ordering::Relaxed))
        })
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
        if kwargs.is_none() && args.len() == self.params.len() {
            let mut fast = self.fast.get().map(|head| &**head);
            while let Some(version) = fast {
                match version.call(args) {
                    Outcome::Done(result) => return result,
                    Outcome::Unfit => fast = version.next(),
                }
            }
        }
        self.call_carefully(args, kwargs)
    }

    /// What the compiler did.
    #[pyo3(signature = (types=None))]
    fn report<'py>(&self, py: Python<'py>, types: Option<&str>) -> PyResult<Bound<'py, PyAny>> {
        answers::report(py, &self.chosen(py, types)?.report)
    }

    /// The error of the code, measured; of its vector form, if asked for and if there is one.
    #[pyo3(signature = (types=None, *, samples=10_000, domain=None, vectors=false))]
    fn _accuracy<'py>(
        &self,
        py: Python<'py>,
        types: Option<&str>,
        samples: usize,
        domain: Option<Vec<(String, (f64, f64))>>,
        vectors: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let version = self.chosen(py, types)?;
        let reference = accuracy::reference(&self.source, &version.function);
        let domains = domain.map_or_else(|| self.domains.clone(), |own| own.into_iter().collect());
        let vectors = vectors && accuracy::has_measured_vectors(&version.function);
        let vectors = vectors.then(|| self.vector_form(&version.function).ok()).flatten();
        let params = &version.function.params;
        let has_arrays = params.iter().any(|param| matches!(param.ty, rvsdg::Type::MemRef { .. }));
        let code = match &vectors {
            Some(vectors) => Code::Vectors(vectors.arrays()),
            None if self.pipeline.vectors() == backend_cranelift::Vectors::FastMath
                && has_arrays =>
            {
                Code::Approximate(&version.engine)
            }
            None => Code::Engine(&version.engine),
        };
        let measured = accuracy::measure(&version.function, &reference, code, &domains, samples);
        let measured =
            measured.map_err(|error| answers::refusal(py, self.source.text(), &error))?;
        answers::report(py, &measured.to_json().to_string())
    }

    /// What the compiler did, for a person: the road, the rules, the result.
    #[pyo3(signature = (types=None))]
    fn explain(&self, py: Python<'_>, types: Option<&str>) -> PyResult<String> {
        let version = self.chosen(py, types)?;
        let signature = ovum::bind::signature_text(&version.function);
        Ok(format!("{signature}\n{}\n{}", version.text, rvsdg::text::print(&version.function)))
    }

    /// The optimised function in the text form of the intermediate representation.
    #[pyo3(signature = (types=None))]
    fn rvsdg(&self, py: Python<'_>, types: Option<&str>) -> PyResult<String> {
        Ok(rvsdg::text::print(&self.chosen(py, types)?.function))
    }

    /// The optimised function as a graph in Graphviz' language.
    #[pyo3(signature = (types=None))]
    fn dot(&self, py: Python<'_>, types: Option<&str>) -> PyResult<String> {
        Ok(rvsdg::dot::to_dot(&self.chosen(py, types)?.function))
    }

    /// The saturated e-graph as JSON, in the format of egraph-serialize.
    #[pyo3(signature = (types=None))]
    fn egraph(&self, py: Python<'_>, types: Option<&str>) -> PyResult<String> {
        let types = self.chosen_types(py, types)?;
        let refused = |error| answers::refusal(py, self.source.text(), &error);
        let written = self.source.lower(&self.name, self.pipeline.semantics, Some(&types));
        let options = self.pipeline.optimize.clone().unwrap_or_default();
        let json = ovum::egraph::egraph_json(&written.map_err(refused)?, &options);
        Ok(json.map_err(refused)?.to_string())
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
    /// A call whose arguments may need conversions, or a new version.
    fn call_carefully(
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
            .map(|(param, value)| match &param.annotation {
                Some(ty) => Ok(ty.clone()),
                None => type_of(&param.name, value),
            })
            .collect();
        let types = types?;
        let mut all = Vec::with_capacity(values.len());
        for ((param, ty), value) in self.params.iter().zip(&types).zip(values) {
            parts(&param.name, ty, value, &mut all)?;
        }
        let version = self.version(py, types)?;
        let f = &version.function;
        if all.len() == self.params.len() && f.params.len() == all.len() {
            self.remember(&version);
        }
        let mut arguments = Arguments::new(f, &all, &version.writes, &self.domains)?;
        let (outcome, results) = if let Some(code) = version.machine() {
            let slots = arguments.slots();
            let mut results = vec![0_u64; code.results().len()];
            let mut context = Context::new(Limits::default());
            // SAFETY: `arguments` has a slot of the right type for each parameter; its arrays are
            // contiguous, aligned, as long as their extents say, writable if the code writes, and
            // do not overlap where the code takes them to be disjoint. The GIL is held, so that no
            // Python code touches them meanwhile, unless the user asked for `nogil` and so for
            // keeping other threads off them; their references keep them alive and in place.
            // `results` has a slot per result.
            #[expect(unsafe_code, reason = "machine code is called here")]
            let outcome = version.run(py, || unsafe {
                code.call_raw(slots.as_ptr(), results.as_mut_ptr(), &mut context)
            });
            (outcome, results)
        } else {
            let refused = |error| answers::refusal(py, self.source.text(), &error);
            arguments.call(f, &version.engine, &version.writes).map_err(refused)?
        };
        arguments.write_back()?;
        match outcome {
            Ok(()) => answers::results(py, &f.shape, &f.result_types(), &results),
            Err(raised) => Err(version.exception(py, &raised)),
        }
    }

    /// Makes a version that arguments have asked for known to direct calls.
    fn remember(&self, version: &Arc<Version>) {
        let mut known = self.fast.get().map(|head| &**head);
        while let Some(fast) = known {
            if Arc::ptr_eq(fast.version(), version) {
                return;
            }
            known = fast.next();
        }
        let domains: Vec<_> =
            self.params.iter().map(|param| self.domains.get(&param.name).copied()).collect();
        let annotated: Vec<bool> =
            self.params.iter().map(|param| param.annotation.is_some()).collect();
        if let Some(fast) = Fast::new(version, &domains, &annotated) {
            Fast::append(&self.fast, fast);
        }
    }

    /// A compiler that makes the code that the pipeline makes.
    fn compiler(&self) -> Result<Compiler, backend_cranelift::CompileError> {
        Compiler::new(Options {
            poll_deadline: self.pipeline.polls,
            vectors: self.pipeline.vectors(),
            ..Options::default()
        })
    }

    /// One value per parameter, from positional and keyword arguments and defaults.
    fn bind<'py>(
        &self,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let py = args.py();
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
        let value =
            |(at, value): (usize, Option<Bound<'py, PyAny>>)| match (value, self.defaults[at]) {
                (Some(value), _) => Ok(value),
                (None, Some(default)) => const_object(py, default),
                (None, None) => Err(wrong(format!("missing argument '{}'", self.params[at].name))),
            };
        values.into_iter().enumerate().map(value).collect()
    }

    /// The version for these types, compiled or loaded if it is the first call with them.
    fn version(&self, py: Python<'_>, types: Vec<ParamType>) -> PyResult<Arc<Version>> {
        let mut versions = self.versions.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(version) = versions.get(&types) {
            return Ok(Arc::clone(version));
        }
        let version = self.load(&types).map_or_else(|| self.make(&types), Ok);
        let version = version.map_err(|error| answers::refusal(py, self.source.text(), &error))?;
        let version = Arc::new(version);
        versions.insert(types, Arc::clone(&version));
        Ok(version)
    }

    /// A version from the cache on disk, if there is one.
    fn load(&self, types: &[ParamType]) -> Option<Version> {
        let store = self.store.as_ref()?;
        let entry = store.cache.load(&self.key(store, types));
        let counter = if entry.is_some() { &store.hits } else { &store.misses };
        counter.fetch_add(1, Ordering::Relaxed);
        let entry = entry?;
        let (backend, polls) = (self.pipeline.backend, self.pipeline.polls);
        let engine = Engine::new(&entry.function, backend, polls, None).ok()?;
        Some(Version::new(entry, engine, self.nogil, self.source.text()))
    }

    fn make(&self, types: &[ParamType]) -> ovum::Result<Version> {
        let program = self.pipeline.compile(&self.source, &self.name, Some(types))?;
        let mut text = program.report.to_text(Style::default());
        if let Some(optimizer) = &program.report.optimizer {
            for (rule, count) in &optimizer.rules_fired {
                // Writing to a string does not fail.
                let _ = writeln!(text, "  rule {rule}: {}", ovum::report::plural(*count, "time"));
            }
        }
        let report = program.report.to_json().to_string();
        let entry = Entry { function: program.function, report, text };
        if let Some(store) = &self.store {
            // A cache that cannot be written costs time only.
            let _ = store.cache.store(&self.key(store, types), &entry);
        }
        Ok(Version::new(entry, program.engine, self.nogil, self.source.text()))
    }

    /// Everything that a version depends on.
    fn key(&self, store: &Store, types: &[ParamType]) -> String {
        let text = self.source.text();
        format!(
            "{}\n{}\n{}({})\n{:?} {:?}\n{:?}\n{}\n{}\n{}",
            env!("CARGO_PKG_VERSION"),
            store.salt,
            self.name,
            types_text(types),
            self.pipeline.semantics,
            self.pipeline.backend,
            self.pipeline.optimize,
            self.constants,
            text.name(),
            text.text(),
        )
    }

    /// The version for these types and the loop that applies it to elements of arrays.
    pub(crate) fn loop_version(
        &self,
        py: Python<'_>,
        types: &str,
    ) -> PyResult<(Arc<Version>, CompiledLoop, Result<Vectors, String>)> {
        let version = self.chosen(py, Some(types))?;
        if version.function.params.len() != self.params.len() {
            let message = format!("{}() takes a tuple: it cannot be mapped", self.name);
            return Err(PyTypeError::new_err(message));
        }
        let code = self.compiler().and_then(|c| c.compile_loop(&version.function));
        let code = code.map_err(|error| {
            PyTypeError::new_err(format!("{}() cannot be mapped: {error}", self.name))
        })?;
        let vector = self.vector_form(&version.function);
        Ok((version, code, vector))
    }

    /// The function as vector code: with the bits and the exceptions of single elements, unless the
    /// user gave them up.
    fn vector_form(&self, function: &Function) -> Result<Vectors, String> {
        let pipeline = &self.pipeline;
        let optimize = pipeline.optimize.as_ref();
        let real = optimize.is_some_and(|options| options.fast_math);
        let promised = optimize.is_some_and(|options| options.max_error.is_some());
        if !function.phi.is_empty() {
            return Err("it calls itself".to_owned());
        }
        let fast = pipeline.semantics == Semantics::Fast && !promised;
        let options = elementwise::LowerOptions {
            fast_math: real && !promised,
            exceptions: if fast { Exceptions::Refused } else { Exceptions::Masked },
            narrow: fast,
            domains: vec![None; function.params.len()],
        };
        Vectors::new(function, options)
    }

    /// The types that a question is about: the given ones, else the annotations, else those of the
    /// version compiled last.
    fn chosen_types(&self, py: Python<'_>, types: Option<&str>) -> PyResult<Vec<ParamType>> {
        if let Some(text) = types {
            return frontend_py::parse_types(text).map_err(|error| {
                let text = Text::new("types", text);
                answers::refusal(py, &text, &ovum::Error::source(&text, error.into()))
            });
        }
        let annotated: Option<Vec<ParamType>> =
            self.params.iter().map(|p| p.annotation.clone()).collect();
        if let Some(types) = annotated {
            return Ok(types);
        }
        let versions = self.versions.lock().unwrap_or_else(PoisonError::into_inner);
        versions.last().map(|(types, _)| types.clone()).ok_or_else(|| {
            let message = "the types are not known: call the function first, or pass them, \
                           for example \"f64, array[f64, 1]\"";
            PyValueError::new_err(message)
        })
    }

    /// The version that a question is about.
    fn chosen(&self, py: Python<'_>, types: Option<&str>) -> PyResult<Arc<Version>> {
        let types = self.chosen_types(py, types)?;
        self.version(py, types)
    }
}

fn backend_named(name: &str) -> PyResult<Backend> {
    match name {
        "cranelift" => Ok(Backend::Cranelift),
        "mlir" => Ok(Backend::Mlir),
        "interp" => Ok(Backend::Interp),
        _ => {
            let message = format!("backend '{name}' is not cranelift, mlir or interp");
            Err(PyValueError::new_err(message))
        }
    }
}

fn unsupported(error: &backend_cranelift::CompileError) -> PyErr {
    PyNotImplementedError::new_err(error.to_string())
}

fn types_text(types: &[ParamType]) -> String {
    let texts: Vec<String> = types.iter().map(ToString::to_string).collect();
    texts.join(", ")
}
