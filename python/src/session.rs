//! A database of the egglog language for `ovum.EGraph`: programs come as text, terms go back as
//! nested tuples, functions of Python can be primitives.

use egraph_core::egglog::values::{Datum, Sort};
use egraph_core::egglog::{Options, Output, Pool, Session, Term};
use hashbrown::HashMap;
use pyo3::IntoPyObjectExt;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use rustc_hash::FxBuildHasher;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pyo3::create_exception!(
    ovum,
    EGraphError,
    pyo3::exceptions::PyException,
    "Something asked of an e-graph has no meaning, does not hold, or reached a limit."
);

/// A database that programs of the egglog language change.
#[pyclass(frozen, name = "Session", module = "ovum._core")]
pub(crate) struct Database(Mutex<Session>);

impl Database {
    fn lock(&self) -> MutexGuard<'_, Session> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl Database {
    /// An empty database. `nodes` and `bytes` bound its size, `seconds` each program; `threads`
    /// search; with `explain` a journal is kept, from which equalities can be proved.
    #[new]
    #[pyo3(signature = (*, nodes=None, seconds=None, bytes=None, threads=1, explain=false))]
    fn new(
        nodes: Option<usize>,
        seconds: Option<f64>,
        bytes: Option<usize>,
        threads: usize,
        explain: bool,
    ) -> PyResult<Database> {
        let time = seconds.map(Duration::try_from_secs_f64).transpose();
        let time = time.map_err(|error| PyValueError::new_err(error.to_string()))?;
        let options = Options {
            nodes: nodes.unwrap_or(usize::MAX),
            time,
            bytes,
            directory: None,
            pool: (threads > 1).then(|| Pool::new(threads)),
        };
        let mut session = Session::new(options);
        if explain {
            session.set_explain(true);
        }
        Ok(Database(Mutex::new(session)))
    }

    /// Runs a program; the answers are pairs of a kind and what was said.
    fn run(&self, py: Python<'_>, name: &str, text: &str) -> PyResult<Vec<(String, Py<PyAny>)>> {
        let outcome = py.detach(|| {
            let mut session = self.lock();
            let mut answers = Vec::new();
            let done = session.run(name, text, &mut answers).map_err(|diagnostic| {
                let code = diagnostic.code;
                (code, diagnostic.message.clone(), session.render(&diagnostic))
            });
            done.map(|()| answers)
        });
        match outcome {
            Ok(answers) => answers.iter().map(|answer| said(py, answer)).collect(),
            Err((code, message, text)) => {
                let error = EGraphError::new_err(text);
                error.value(py).setattr("code", code)?;
                error.value(py).setattr("message", message)?;
                Err(error)
            }
        }
    }

    /// What running rules took since the beginning: iterations, seconds, and for each rule the
    /// matches found and those that changed something.
    fn report<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let session = self.lock();
        let report = session.report();
        let totals = report.totals;
        let rules = PyDict::new(py);
        for (name, rule) in &report.rules {
            rules.set_item(name, (rule.matches, rule.committed))?;
        }
        let answer = PyDict::new(py);
        answer.set_item("iterations", totals.iterations)?;
        answer.set_item("search", totals.search.as_secs_f64())?;
        answer.set_item("apply", totals.apply.as_secs_f64())?;
        answer.set_item("rebuild", totals.rebuild.as_secs_f64())?;
        answer.set_item("rules", rules)?;
        Ok(answer)
    }

    /// The number of rows of all functions.
    #[getter]
    fn rows(&self) -> usize {
        self.lock().rows()
    }

    /// The number of classes that differ.
    #[getter]
    fn classes(&self) -> usize {
        self.lock().classes()
    }

    /// The number of rows of a function; None if there is none of that name.
    fn size(&self, name: &str) -> Option<usize> {
        self.lock().size(name)
    }

    /// Lets rules call a function of Python, which takes and returns contents of the sorts named
    /// (`i64`, `f64`, `bool`, `String`; a result of `Unit` is a condition). No result, or an
    /// exception, is no match.
    #[expect(clippy::needless_pass_by_value, reason = "Python's arguments are owned")]
    fn primitive(
        &self,
        name: &str,
        params: Vec<String>,
        result: &str,
        function: Py<PyAny>,
    ) -> PyResult<()> {
        let params: PyResult<Vec<Sort>> = params.iter().map(|name| sort_named(name)).collect();
        let result = sort_named(result)?;
        let code = Arc::new(move |args: &[Datum]| call(&function, args, result));
        let added = self.lock().add_primitive(name, &params?, result, code);
        added.map_err(|error| EGraphError::new_err(error.text))
    }
}

fn sort_named(name: &str) -> PyResult<Sort> {
    match name {
        "Unit" => Ok(Sort::UNIT),
        "bool" => Ok(Sort::BOOL),
        "i64" => Ok(Sort::I64),
        "f64" => Ok(Sort::F64),
        "String" => Ok(Sort::STRING),
        _ => Err(PyValueError::new_err(format!("a primitive cannot take or return {name}"))),
    }
}

/// Calls a function of Python; an exception is shown as one that cannot be raised.
fn call(function: &Py<PyAny>, args: &[Datum], result: Sort) -> Option<Datum> {
    Python::attach(|py| {
        let objects: PyResult<Vec<Py<PyAny>>> = args
            .iter()
            .map(|arg| match arg {
                Datum::Bool(value) => value.into_py_any(py),
                Datum::I64(value) => value.into_py_any(py),
                Datum::F64(value) => value.into_py_any(py),
                Datum::Text(value) => value.into_py_any(py),
                _ => Ok(py.None()),
            })
            .collect();
        let answered = objects
            .and_then(|objects| function.bind(py).call1(PyTuple::new(py, objects)?))
            .and_then(|answer| {
                if answer.is_none() {
                    return Ok(None);
                }
                Ok(match result {
                    Sort::UNIT => answer.is_truthy()?.then_some(Datum::Unit),
                    Sort::BOOL => Some(Datum::Bool(answer.extract()?)),
                    Sort::I64 => Some(Datum::I64(answer.extract()?)),
                    Sort::F64 => Some(Datum::F64(answer.extract()?)),
                    _ => Some(Datum::Text(answer.extract::<String>()?.into())),
                })
            });
        answered.unwrap_or_else(|error| {
            error.write_unraisable(py, Some(function.bind(py)));
            None
        })
    })
}

/// An answer as a kind and Python's objects.
fn said(py: Python<'_>, answer: &Output) -> PyResult<(String, Py<PyAny>)> {
    let mut terms = Terms::default();
    let (kind, said) = match answer {
        Output::Extracted { cost, term } => {
            ("extracted", (*cost, terms.object(py, term)?).into_py_any(py)?)
        }
        Output::Variants(found) => {
            let found: PyResult<Vec<_>> = found.iter().map(|term| terms.object(py, term)).collect();
            ("variants", found?.into_py_any(py)?)
        }
        Output::Size(size) => ("size", size.into_py_any(py)?),
        Output::Sizes(sizes) => ("sizes", sizes.clone().into_py_any(py)?),
        Output::Rows(rows) => {
            let mut found = Vec::new();
            for (term, value) in rows {
                let value = value.as_ref().map(|value| terms.object(py, value)).transpose()?;
                found.push((terms.object(py, term)?, value));
            }
            ("rows", found.into_py_any(py)?)
        }
        Output::Text(text) => ("text", text.into_py_any(py)?),
    };
    Ok((kind.to_owned(), said))
}

/// Terms as objects: a literal is its text, an application a tuple of head and arguments. What is
/// shared in the terms is shared in the objects.
#[derive(Default)]
struct Terms {
    known: HashMap<(usize, usize), Py<PyAny>, FxBuildHasher>,
}

impl Terms {
    fn object(&mut self, py: Python<'_>, term: &Term) -> PyResult<Py<PyAny>> {
        // With an explicit stack: terms may be deep.
        let mut open = vec![(term, false)];
        let mut done: Vec<Py<PyAny>> = Vec::new();
        while let Some((term, visited)) = open.pop() {
            let (head, args) = match term {
                Term::Literal(text) => {
                    done.push(text.into_py_any(py)?);
                    continue;
                }
                Term::Apply(head, args) => (head, args),
            };
            let key = (head.as_ptr().addr(), args.as_ptr().addr());
            if visited {
                let args = done.split_off(done.len() - args.len());
                let items = std::iter::once(head.into_py_any(py)?).chain(args);
                let made = PyTuple::new(py, items.collect::<Vec<_>>())?.into_py_any(py)?;
                if !matches!(term, Term::Apply(_, args) if args.is_empty()) {
                    self.known.insert(key, made.clone_ref(py));
                }
                done.push(made);
            } else if let Some(known) = self.known.get(&key) {
                done.push(known.clone_ref(py));
            } else {
                open.push((term, true));
                open.extend(args.iter().rev().map(|arg| (arg, false)));
            }
        }
        Ok(done.pop().expect("a term has an object"))
    }
}
