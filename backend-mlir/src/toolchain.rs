//! The MLIR and LLVM tools: finding them, verifying text, compiling it to a shared object.

use crate::emit::Module;
use crate::library::{Library, trampolines};
use crate::process::{TempDir, run};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Version suffixes that are tried, best first.
const SUFFIXES: [&str; 5] = ["-22", "-21", "-20", "-19", ""];

/// From `scf` and friends to the `llvm` dialect. `--convert-math-to-libm` is left out on purpose:
/// the text calls the C library itself, and keeps in `math` only what has an exact LLVM intrinsic.
const PASSES: [&str; 5] = [
    "--convert-scf-to-cf",
    "--expand-strided-metadata",
    "--convert-math-to-llvm",
    "--convert-to-llvm",
    "--reconcile-unrealized-casts",
];

/// Paths of the tools.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toolchain {
    mlir_opt: PathBuf,
    mlir_translate: PathBuf,
    code: CodeTools,
}

/// What makes a shared object from LLVM IR.
#[derive(Clone, Debug, PartialEq, Eq)]
enum CodeTools {
    /// One call of clang.
    Clang(PathBuf),
    /// Three tools.
    Separate { opt: PathBuf, llc: PathBuf, linker: PathBuf },
}

/// How to compile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildOptions {
    /// Limit on the wall-clock time of all tools together.
    pub time_limit: Duration,
    /// LLVM's optimisation level, 0 to 3.
    pub level: u8,
    /// Use the instructions of the machine at hand.
    pub native: bool,
}

impl Default for BuildOptions {
    fn default() -> BuildOptions {
        BuildOptions { time_limit: Duration::from_mins(1), level: 2, native: true }
    }
}

/// Why a tool did not do its work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ToolchainError {
    /// A tool is not installed.
    NotFound {
        /// The names that were looked for.
        searched: String,
    },
    /// A file or process could not be used.
    Io {
        /// What was tried, and on what, and the system's answer.
        message: String,
    },
    /// A tool refused its input.
    Tool {
        /// The tool's name.
        tool: String,
        /// How it ended.
        status: String,
        /// What it said.
        stderr: String,
    },
    /// A tool was stopped at the time limit.
    TimeLimit {
        /// The tool's name.
        tool: String,
    },
    /// The shared object could not be loaded.
    Load {
        /// The loader's message.
        message: String,
    },
}

impl ToolchainError {
    pub(crate) fn io(what: &str, path: &Path, error: &std::io::Error) -> ToolchainError {
        ToolchainError::Io { message: format!("cannot {what} {}: {error}", path.display()) }
    }
}

impl fmt::Display for ToolchainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ToolchainError::NotFound { searched } => write!(
                f,
                "no MLIR toolchain: {searched} not found on PATH (OVUM_MLIR_OPT, \
                 OVUM_MLIR_TRANSLATE and OVUM_CLANG name the tools' paths)"
            ),
            ToolchainError::Io { message } | ToolchainError::Load { message } => {
                f.write_str(message)
            }
            ToolchainError::Tool { tool, status, stderr } => {
                write!(f, "{tool} failed ({status}):\n{stderr}")
            }
            ToolchainError::TimeLimit { tool } => write!(f, "{tool} reached the time limit"),
        }
    }
}

impl std::error::Error for ToolchainError {}

impl Toolchain {
    /// Looks for the tools on `PATH`: `mlir-opt`, `mlir-translate` and `clang` (or `opt`, `llc` and
    /// `cc`) of one version, 22 preferred. The environment variables `OVUM_MLIR_OPT`,
    /// `OVUM_MLIR_TRANSLATE` and `OVUM_CLANG` override a tool's path.
    ///
    /// # Errors
    /// [`ToolchainError::NotFound`] if no version is complete.
    pub fn find() -> Result<Toolchain, ToolchainError> {
        let wanted = |variable: &str, name: &str, suffix: &str| {
            std::env::var_os(variable)
                .filter(|path| !path.is_empty())
                .map(PathBuf::from)
                .or_else(|| on_path(&format!("{name}{suffix}")))
        };
        SUFFIXES
            .iter()
            .find_map(|suffix| {
                Some(Toolchain {
                    mlir_opt: wanted("OVUM_MLIR_OPT", "mlir-opt", suffix)?,
                    mlir_translate: wanted("OVUM_MLIR_TRANSLATE", "mlir-translate", suffix)?,
                    code: match wanted("OVUM_CLANG", "clang", suffix) {
                        Some(clang) => CodeTools::Clang(clang),
                        None => CodeTools::separate(suffix)?,
                    },
                })
            })
            .ok_or_else(|| ToolchainError::NotFound {
                searched: "mlir-opt, mlir-translate and clang (or opt, llc and cc), with suffix \
                           -22, -21, -20, -19 or none,"
                    .to_owned(),
            })
    }

    /// This toolchain without clang: `opt`, `llc` and a linker make the code.
    ///
    /// # Errors
    /// [`ToolchainError::NotFound`] if one of them is missing.
    pub fn without_clang(mut self) -> Result<Toolchain, ToolchainError> {
        let missing = || ToolchainError::NotFound { searched: "opt, llc and cc".to_owned() };
        self.code = SUFFIXES.iter().find_map(|s| CodeTools::separate(s)).ok_or_else(missing)?;
        Ok(self)
    }

    /// Checks that `mlir-opt` accepts the text, and that printing and reading it again changes
    /// nothing.
    ///
    /// # Errors
    /// The tool's message.
    pub fn verify(&self, text: &str) -> Result<(), ToolchainError> {
        let dir = TempDir::new()?;
        let input = write(&dir, "input.mlir", text)?;
        let args = ["--verify-each".to_owned(), "--verify-roundtrip".to_owned(), input];
        run(&self.mlir_opt, &args, &dir, Instant::now() + BuildOptions::default().time_limit)
    }

    /// Compiles a module and loads it. One call for many functions costs little more than for one:
    /// most of the time is the start of the tools.
    ///
    /// # Errors
    /// If a tool refuses its input or reaches the time limit, or the object cannot be loaded.
    pub fn compile(
        &self,
        module: &Module,
        options: &BuildOptions,
    ) -> Result<Library, ToolchainError> {
        let deadline = Instant::now() + options.time_limit;
        let dir = TempDir::new()?;
        let input = write(&dir, "input.mlir", &module.text)?;
        let (lowered, ir, object) =
            (path_text(&dir, "lowered.mlir"), path_text(&dir, "code.ll"), dir.file("code.so"));
        let mut args: Vec<String> = vec!["--verify-each".to_owned(), input];
        args.extend(PASSES.iter().map(|pass| (*pass).to_owned()));
        args.extend(["-o".to_owned(), lowered.clone()]);
        run(&self.mlir_opt, &args, &dir, deadline)?;
        let args = ["--mlir-to-llvmir".to_owned(), lowered, "-o".to_owned(), ir.clone()];
        run(&self.mlir_translate, &args, &dir, deadline)?;
        let path = dir.file("code.ll");
        let mut text =
            fs::read_to_string(&path).map_err(|error| ToolchainError::io("read", &path, &error))?;
        text.push_str(&trampolines(&module.entries));
        fs::write(&path, text).map_err(|error| ToolchainError::io("write", &path, &error))?;
        self.code.build(&ir, &object, &dir, options, deadline)?;
        Library::open(&object, dir, module.entries.clone())
    }
}

impl CodeTools {
    fn separate(suffix: &str) -> Option<CodeTools> {
        Some(CodeTools::Separate {
            opt: on_path(&format!("opt{suffix}"))?,
            llc: on_path(&format!("llc{suffix}"))?,
            linker: on_path("cc").or_else(|| on_path("gcc"))?,
        })
    }

    /// Makes a shared object. Products are not fused into sums.
    fn build(
        &self,
        ir: &str,
        object: &Path,
        dir: &TempDir,
        options: &BuildOptions,
        deadline: Instant,
    ) -> Result<(), ToolchainError> {
        let output = object.to_string_lossy().into_owned();
        let level = format!("-O{}", options.level.min(3));
        let strings = |args: &[&str]| args.iter().map(|arg| (*arg).to_owned()).collect::<Vec<_>>();
        match self {
            CodeTools::Clang(clang) => {
                let mut args = strings(&[
                    "-Wno-override-module",
                    &level,
                    "-ffp-contract=off",
                    "-shared",
                    "-fPIC",
                    "-Wl,-Bsymbolic",
                ]);
                if options.native {
                    args.push("-march=native".to_owned());
                }
                args.extend(strings(&["-x", "ir", ir, "-o", &output, "-lm"]));
                run(clang, &args, dir, deadline)
            }
            CodeTools::Separate { opt, llc, linker } => {
                let (better, machine) = (path_text(dir, "better.bc"), path_text(dir, "code.o"));
                // Without a target triple LLVM does not vectorise; `llc` would take the host's.
                let triple = format!("-mtriple={}-unknown-linux-gnu", std::env::consts::ARCH);
                let mut common = vec![triple];
                if options.native {
                    common.push("-mcpu=native".to_owned());
                }
                let mut args = common.clone();
                args.extend(strings(&[&level, ir, "-o", &better]));
                run(opt, &args, dir, deadline)?;
                let mut args = common;
                args.extend(strings(&[
                    &level,
                    "-fp-contract=off",
                    "-filetype=obj",
                    "-relocation-model=pic",
                    &better,
                    "-o",
                    &machine,
                ]));
                run(llc, &args, dir, deadline)?;
                let args = strings(&["-shared", "-Wl,-Bsymbolic", &machine, "-o", &output, "-lm"]);
                run(linker, &args, dir, deadline)
            }
        }
    }
}

fn write(dir: &TempDir, name: &str, text: &str) -> Result<String, ToolchainError> {
    let path = dir.file(name);
    fs::write(&path, text).map_err(|error| ToolchainError::io("write", &path, &error))?;
    Ok(path_text(dir, name))
}

fn path_text(dir: &TempDir, name: &str) -> String {
    dir.file(name).to_string_lossy().into_owned()
}

/// The first file of this name in the directories of `PATH`.
fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(name)).find(|file| file.is_file())
}
