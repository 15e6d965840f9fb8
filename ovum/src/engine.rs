//! The engines that run a function: the interpreter, Cranelift's machine code, MLIR's.

use crate::error::{Error, Result, codes};
use backend_cranelift::Vectors;
use backend_mlir::{BuildOptions, EmitOptions, Library, Toolchain, ToolchainError};
use rvsdg::interp::{Limits, Violation};
use rvsdg::{Answer, Function, Inputs};
use std::time::{Duration, Instant};

/// Which engine runs a function.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backend {
    /// Machine code through Cranelift.
    #[default]
    Cranelift,
    /// Machine code through the MLIR tools, which must be installed.
    Mlir,
    /// The reference interpreter.
    Interp,
}

/// A function that can be called.
pub enum Engine {
    /// Machine code through Cranelift.
    Cranelift(backend_cranelift::Compiled),
    /// Machine code through the MLIR tools.
    Mlir(Box<Library>),
    /// The reference interpreter.
    Interp(Box<Function>),
}

impl Engine {
    /// Makes a function callable. With `polls`, loops look at the time, and [`Engine::call`] can
    /// stop them. External tools are stopped at the deadline.
    ///
    /// # Errors
    /// If the backend refuses the function, or its tools are missing or take too long.
    pub fn new(
        function: &Function,
        backend: Backend,
        polls: bool,
        deadline: Option<Instant>,
    ) -> Result<Engine> {
        Engine::with_vectors(function, backend, (polls, deadline), Vectors::default())
    }

    /// [`Engine::new`], with a choice of which loops over arrays Cranelift's code runs in vectors.
    ///
    /// # Errors
    /// As [`Engine::new`].
    pub fn with_vectors(
        function: &Function,
        backend: Backend,
        (polls, deadline): (bool, Option<Instant>),
        vectors: Vectors,
    ) -> Result<Engine> {
        match backend {
            Backend::Cranelift => {
                let options = backend_cranelift::Options {
                    poll_deadline: polls,
                    vectors,
                    ..backend_cranelift::Options::default()
                };
                let compiler = backend_cranelift::Compiler::new(options).map_err(codegen)?;
                Ok(Engine::Cranelift(compiler.compile(function).map_err(codegen)?))
            }
            Backend::Mlir => {
                let toolchain = Toolchain::find().map_err(|error| toolchain_error(&error))?;
                let options = EmitOptions { poll: polls, sites: true };
                let module = backend_mlir::emit_module(&[function], &options).map_err(codegen)?;
                let mut options = BuildOptions::default();
                if let Some(deadline) = deadline {
                    let left = deadline.saturating_duration_since(Instant::now());
                    options.time_limit = options.time_limit.min(left);
                }
                let library = toolchain
                    .compile(&module, &options)
                    .map_err(|error| toolchain_error(&error))?;
                Ok(Engine::Mlir(Box::new(library)))
            }
            Backend::Interp => Ok(Engine::Interp(Box::new(function.clone()))),
        }
    }

    /// Calls the function on copies of the arrays. After the deadline the answer is
    /// [`rvsdg::ExcKind::TimeLimit`].
    ///
    /// # Errors
    /// If the inputs do not fit the parameters, a deadline is given to code that does not look at
    /// the time, or the graph is wrong.
    pub fn call(&self, inputs: &Inputs, deadline: Option<Instant>) -> Result<Answer> {
        let remaining = deadline.map(|at| at.saturating_duration_since(Instant::now()));
        match self {
            Engine::Cranelift(compiled) => compiled.call(inputs, deadline).map_err(refused),
            Engine::Mlir(library) => library.call_within(0, inputs, remaining).map_err(refused),
            Engine::Interp(function) => interpret(function, inputs, remaining)
                .map(|run| run.answer)
                .map_err(|violation| violated(&violation)),
        }
    }

    /// What the code is, in words.
    pub fn describe(&self) -> &'static str {
        match self {
            Engine::Cranelift(_) => "Cranelift (or MLIR: --backend mlir)",
            Engine::Mlir(_) => "MLIR and LLVM",
            Engine::Interp(_) => "none: the interpreter runs the RVSDG",
        }
    }
}

/// Runs the reference interpreter.
///
/// # Errors
/// If the graph breaks the semantics, which is a defect of whatever built it.
pub fn interpret(
    function: &Function,
    inputs: &Inputs,
    time: Option<Duration>,
) -> std::result::Result<rvsdg::Run, Violation> {
    rvsdg::interp::run(function, inputs, &Limits { time, steps: None })
}

/// A violation as an error.
pub(crate) fn violated(violation: &Violation) -> Error {
    Error::input(codes::CODEGEN, format!("the function has no meaning: {violation}"))
}

pub(crate) fn codegen(error: impl std::fmt::Display) -> Error {
    Error::input(codes::CODEGEN, error.to_string())
}

fn refused(error: impl std::fmt::Display) -> Error {
    Error::input(codes::ARGUMENTS, error.to_string())
}

fn toolchain_error(error: &ToolchainError) -> Error {
    match error {
        ToolchainError::NotFound { .. } => Error::input(codes::TOOLCHAIN, error.to_string())
            .hint("install mlir-opt, mlir-translate and clang 22, or use --backend cranelift"),
        ToolchainError::TimeLimit { tool } => {
            Error::input(codes::TIME_LIMIT, format!("while `{tool}` ran"))
        }
        _ => codegen(error),
    }
}
