//! What the names at module level mean: functions, constants, and imports of `math` and `numpy`.

use crate::diagnostic::{Diagnostic, codes};
use crate::types::span_of;
use indexmap::IndexMap;
use ruff_python_ast::{Expr, Stmt, StmtFunctionDef};
use rustc_hash::FxBuildHasher;
use rvsdg::{Const, Span};

/// What a name stands for that the text itself does not explain: the caller says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known {
    /// A number or truth value.
    Scalar(Const),
    /// A tuple.
    Tuple(Vec<Known>),
    /// A function of the text, by its name there.
    Function(String),
}

/// What a name at module level stands for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Global<'a> {
    /// A function of the file.
    Function(&'a StmtFunctionDef),
    /// `NAME = expression`, once.
    Value(&'a Expr),
    /// Bound in a way that does not make a constant; the span says where.
    Opaque(Span),
    /// The module `math`.
    Math,
    /// A member of the module `math`, by its name there.
    MathMember(&'a str),
    /// The module `numpy`.
    Numpy,
    /// A member of the module `numpy`, by its name there.
    NumpyMember(&'a str),
    /// What the caller says.
    Known(&'a Known),
}

/// The names of a module.
#[derive(Debug)]
pub(crate) struct Module<'a> {
    globals: IndexMap<&'a str, Global<'a>, FxBuildHasher>,
    known: &'a [(String, Known)],
}

impl<'a> Module<'a> {
    /// The functions defined at module level, in order.
    pub(crate) fn definitions(body: &'a [Stmt]) -> impl Iterator<Item = &'a StmtFunctionDef> {
        body.iter().filter_map(|s| if let Stmt::FunctionDef(f) = s { Some(f) } else { None })
    }

    /// Collects the names that module-level statements bind. Statements of other kinds are ignored:
    /// they matter only if a compiled function uses a name that they bind. `known` explains names
    /// that the statements do not.
    pub(crate) fn new(body: &'a [Stmt], known: &'a [(String, Known)]) -> Module<'a> {
        let mut module = Module { globals: IndexMap::default(), known };
        for stmt in body {
            module.statement(stmt);
        }
        module
    }

    /// What a name means.
    pub(crate) fn get(&self, name: &str) -> Option<Global<'a>> {
        let found = self.globals.get(name).copied();
        match (found, self.known(name)) {
            (
                None | Some(Global::Opaque(_) | Global::Value(_)),
                Some(Known::Function(function)),
            ) => self.globals.get(function.as_str()).copied(),
            (None | Some(Global::Opaque(_)), Some(known)) => Some(Global::Known(known)),
            _ => found,
        }
    }

    /// What the caller says the default value of a parameter is.
    pub(crate) fn known_default(&self, function: &str, parameter: &str) -> Option<Const> {
        match self.known(&format!("{function}({parameter})")) {
            Some(Known::Scalar(constant)) => Some(*constant),
            _ => None,
        }
    }

    /// What the caller says about a name.
    pub(crate) fn known(&self, name: &str) -> Option<&'a Known> {
        self.known.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// The names of the module's functions and constants, for suggestions.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'a str> + '_ {
        self.globals.keys().copied()
    }

    fn statement(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::FunctionDef(function) => {
                self.globals.insert(function.name.as_str(), Global::Function(function));
            }
            Stmt::ClassDef(class) => {
                self.globals.insert(class.name.as_str(), Global::Opaque(span_of(&class.name)));
            }
            Stmt::Assign(assign) => {
                for target in &assign.targets {
                    self.assign(target, Some(&assign.value));
                }
            }
            Stmt::AnnAssign(assign) => {
                if let Some(value) = &assign.value {
                    self.assign(&assign.target, Some(value));
                }
            }
            Stmt::AugAssign(assign) => self.assign(&assign.target, None),
            Stmt::Import(import) => {
                for alias in &import.names {
                    let local = alias.asname.as_ref().unwrap_or(&alias.name).as_str();
                    let local = local.split('.').next().unwrap_or(local);
                    let global = match alias.name.as_str() {
                        "math" => Global::Math,
                        "numpy" => Global::Numpy,
                        _ => Global::Opaque(span_of(alias)),
                    };
                    self.globals.insert(local, global);
                }
            }
            Stmt::ImportFrom(import) => {
                let from = import.module.as_deref().filter(|_| import.level == 0);
                for alias in &import.names {
                    let local = alias.asname.as_ref().unwrap_or(&alias.name).as_str();
                    let member = alias.name.as_str();
                    let global = match from {
                        Some("math") => Global::MathMember(member),
                        Some("numpy") => Global::NumpyMember(member),
                        _ => Global::Opaque(span_of(alias)),
                    };
                    if !matches!(global, Global::Opaque(_)) || !is_marker(import.module.as_deref())
                    {
                        self.globals.insert(local, global);
                    }
                }
            }
            Stmt::If(_) | Stmt::For(_) | Stmt::While(_) | Stmt::With(_) | Stmt::Try(_) => {
                for name in crate::live::stored_names(std::slice::from_ref(stmt)) {
                    self.globals.insert(name, Global::Opaque(span_of(stmt)));
                }
            }
            _ => {}
        }
    }

    fn assign(&mut self, target: &'a Expr, value: Option<&'a Expr>) {
        match target {
            Expr::Name(name) => {
                let again = matches!(
                    self.globals.get(name.id.as_str()),
                    Some(Global::Value(_) | Global::Opaque(_))
                );
                let global = match value {
                    Some(value) if !again => Global::Value(value),
                    _ => Global::Opaque(span_of(target)),
                };
                self.globals.insert(name.id.as_str(), global);
            }
            Expr::Tuple(tuple) => {
                let values = match value {
                    Some(Expr::Tuple(v)) if v.elts.len() == tuple.elts.len() => Some(&v.elts),
                    _ => None,
                };
                for (at, target) in tuple.elts.iter().enumerate() {
                    self.assign(target, values.map(|values| &values[at]));
                }
            }
            _ => {}
        }
    }
}

/// Modules whose members are type names or decorators, which lowering never looks up.
fn is_marker(module: Option<&str>) -> bool {
    matches!(module, Some("__future__" | "typing" | "ovum"))
}

/// The message for a name that is bound in a way that makes no constant.
pub(crate) fn opaque(name: &str, used: Span, bound: Span) -> Diagnostic {
    let message = format!("`{name}` is not a constant of this module");
    Diagnostic::at(codes::GLOBAL, used, message)
        .note(bound, "bound here")
        .hint("only a name assigned once at module level, or imported from `math`, can be used")
}

/// The message for a name whose only value is no number.
pub(crate) fn no_number(name: &str, used: Span, value: &Expr) -> Diagnostic {
    let hint = match value {
        Expr::List(_) => {
            "write a tuple, `(…)`, which cannot change, or pass an array as a parameter"
        }
        Expr::StringLiteral(_) | Expr::FString(_) | Expr::NoneLiteral(_) => {
            "only numbers, truth values and tuples of them are compiled"
        }
        Expr::Dict(_) | Expr::Set(_) => "keep its numbers in a tuple, or pass them as parameters",
        Expr::Lambda(_) => "write it as a function, with `def`",
        _ => "constants are numbers and tuples of numbers: pass anything else as a parameter",
    };
    let message = format!("`{name}` is not a constant of this module");
    Diagnostic::at(codes::GLOBAL, used, message).note(span_of(value), "bound here").hint(hint)
}
