//! From a function to machine code.

use crate::abi::Site;
use crate::code::{Code, OwnedModule};
use crate::compiled::Compiled;
use crate::elementwise::{CompiledLoop, elements};
use crate::error::CompileError;
use crate::lower::{Kernels, Lowerer, Output, Repeats, Vectors};
use crate::placement;
use crate::runtime;
use cranelift_codegen::ir::InstBuilder;
use cranelift_codegen::isa::{OwnedTargetIsa, TargetIsa};
use cranelift_codegen::settings::{self, Configurable};
use cranelift_codegen::{CodegenError, ir};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use cranelift_jit::{JITBuilder, JITModule};
use cranelift_module::{FuncId, Linkage, Module, ModuleError};
use rvsdg::Function;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

/// How deep choices and loops may nest.
pub const MAX_DEPTH: usize = 512;

/// How much the code generator optimises.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OptLevel {
    /// Fastest compilation.
    None,
    /// Fastest code: common subexpressions, loop invariants, peepholes.
    #[default]
    Speed,
}

/// How to compile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Whether loops look at the deadline and the cancel flag of a call. Costs a subtraction and a
    /// branch per iteration; without it, calls that have a limit are refused if there is a loop.
    pub poll_deadline: bool,
    /// How much the code generator optimises.
    pub opt_level: OptLevel,
    /// Whether the graph and what is made of it for the code generator are checked: finds defects
    /// of whatever built the graph and of the lowering, and takes time.
    pub verify: bool,
    /// Which loops over arrays run in vectors.
    pub vectors: Vectors,
    /// Whether those vectors have 128 bits even where the processor has 256.
    pub narrow_vectors: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            poll_deadline: false,
            opt_level: OptLevel::Speed,
            verify: cfg!(debug_assertions),
            vectors: Vectors::default(),
            narrow_vectors: false,
        }
    }
}

/// What is the same for every function: the host's instruction set and scratch memory. Threads may
/// share one.
pub struct Compiler {
    options: Options,
    isa: OwnedTargetIsa,
    /// The same for code that is hardly run: optimising it takes longer than it ever gains.
    rare: OwnedTargetIsa,
    poll: Option<Arc<Code>>,
    scratch: Mutex<Vec<Scratch>>,
}

/// What kind of entry a function gets.
#[derive(Clone, Copy, PartialEq)]
enum Interface {
    /// One call, as [`crate::abi`] says.
    Call,
    /// A loop over elements, as [`CompiledLoop`] says.
    Loop,
}

/// A lowered function.
struct Lowered<'a> {
    module: OwnedModule,
    entry: FuncId,
    output: Output,
    /// What the code is generated for.
    isa: &'a dyn TargetIsa,
    scratch: &'a mut Scratch,
}

impl Lowered<'_> {
    /// Generates machine code.
    fn define(&mut self) -> Result<(), CompileError> {
        placement::define(self.module.get()?, self.isa, self.entry, &mut self.scratch.context)
    }
}

/// The compiled functions of a phi.
struct Phi {
    functions: Vec<FuncId>,
    /// The places where they raise: the entry's numbers follow.
    sites: Vec<Site>,
    /// Symbols that they call.
    import_names: Vec<String>,
}

/// Memory that compilations reuse.
struct Scratch {
    context: cranelift_codegen::Context,
    builder: FunctionBuilderContext,
}

impl Compiler {
    /// A compiler for this machine.
    ///
    /// # Errors
    /// [`CompileError::Host`] if no code can be generated for this machine.
    pub fn new(options: Options) -> Result<Compiler, CompileError> {
        let isa = host(&options, options.opt_level)?;
        let rare = host(&options, OptLevel::None)?;
        let poll = if options.poll_deadline { Some(Arc::new(poll_stub(&isa)?)) } else { None };
        Ok(Compiler { options, isa, rare, poll, scratch: Mutex::new(Vec::new()) })
    }

    /// The options that the compiler was made with.
    pub fn options(&self) -> &Options {
        &self.options
    }

    pub(crate) fn isa(&self) -> OwnedTargetIsa {
        Arc::clone(&self.isa)
    }

    /// Compiles a function.
    ///
    /// The function must be one that [`rvsdg::verify()`] accepts and that keeps the promises
    /// of its partial operations: an array access that no guard covers reads or writes whatever
    /// lies there.
    ///
    /// # Errors
    /// If the graph is malformed, nests deeper than [`MAX_DEPTH`], or exceeds the limits of the
    /// code generator.
    pub fn compile(&self, f: &Function) -> Result<Compiled, CompileError> {
        self.with_lowered(f, Interface::Call, |mut lowered| {
            lowered.define()?;
            let Lowered { module, entry, output, .. } = lowered;
            let code = Code::new(module, entry)?;
            Ok(Compiled::new(f, code, output, self.poll.clone()))
        })
    }

    /// Compiles a function of scalars into a loop over elements of arrays.
    ///
    /// # Errors
    /// As [`Compiler::compile`], or if a parameter or result is no scalar, or there is no result.
    pub fn compile_loop(&self, f: &Function) -> Result<CompiledLoop, CompileError> {
        let elements = elements(f).ok_or_else(|| {
            CompileError::Codegen("only a function of scalars maps over elements".to_owned())
        })?;
        self.with_lowered(f, Interface::Loop, |mut lowered| {
            lowered.define()?;
            let Lowered { module, entry, output, .. } = lowered;
            let code = Code::new(module, entry)?;
            Ok(CompiledLoop::new(elements, code, output, self.poll.clone()))
        })
    }

    /// The intermediate representation of the code generator, before its optimisations.
    ///
    /// # Errors
    /// As [`Compiler::compile`].
    pub fn clif_text(&self, f: &Function) -> Result<String, CompileError> {
        self.with_lowered(f, Interface::Call, |lowered| {
            let mut text = String::new();
            for (index, name) in lowered.output.import_names.iter().enumerate() {
                // Writing to a string does not fail. The entry is function 0.
                let _ = writeln!(text, "; u0:{} is {name}", index + 1);
            }
            let _ = write!(text, "{}", lowered.scratch.context.func.display());
            Ok(text)
        })
    }

    /// The machine code as assembly.
    ///
    /// # Errors
    /// As [`Compiler::compile`].
    pub fn asm_text(&self, f: &Function) -> Result<String, CompileError> {
        self.with_lowered(f, Interface::Call, |mut lowered| {
            lowered.scratch.context.set_disasm(true);
            lowered.define()?;
            let compiled = lowered.scratch.context.take_compiled_code();
            let listing = compiled.and_then(|code| code.vcode);
            listing.ok_or_else(|| CompileError::Codegen("there is no listing".to_owned()))
        })
    }

    /// Lowers `f` in a module of its own and hands both on.
    fn with_lowered<T>(
        &self,
        f: &Function,
        interface: Interface,
        use_it: impl FnOnce(Lowered<'_>) -> Result<T, CompileError>,
    ) -> Result<T, CompileError> {
        if self.options.verify {
            rvsdg::verify(f).map_err(CompileError::Invalid)?;
        }
        let mut scratch = self.take_scratch();
        let narrow = self.options.narrow_vectors || !backend_simd::is_supported();
        let kernels = Kernels::new(narrow.then(|| self.isa()));
        let mut module = OwnedModule::new(self.module(&kernels));
        // A failed lowering leaves the scratch memory in the middle of things: it is dropped.
        let (entry, output) = self.lower(f, interface, (module.get()?, kernels), &mut scratch)?;
        let isa = if output.repeats == Repeats::Kernels { &*self.rare } else { &*self.isa };
        let result = use_it(Lowered { module, entry, output, isa, scratch: &mut scratch });
        self.give_back(scratch);
        result
    }

    fn module(&self, kernels: &Kernels) -> JITModule {
        let mut builder =
            JITBuilder::with_isa(Arc::clone(&self.isa), cranelift_module::default_libcall_names());
        builder.symbol_lookup_fn(Box::new(runtime::address));
        // The module keeps the kernels with its code.
        let kernels = kernels.clone();
        builder.symbol_lookup_fn(Box::new(move |symbol| kernels.address(symbol)));
        if let Some(poll) = &self.poll {
            builder.symbol(runtime::Import::Poll.symbol(), poll.entry());
        }
        JITModule::new(builder)
    }

    /// Builds the entry function in `scratch.context`.
    fn lower(
        &self,
        f: &Function,
        interface: Interface,
        (module, kernels): (&mut JITModule, Kernels),
        scratch: &mut Scratch,
    ) -> Result<(FuncId, Output), CompileError> {
        let Phi { functions: phi, sites, import_names } = self.lower_phi(f, module, scratch)?;
        let func = &mut scratch.context.func;
        func.signature = module.make_signature();
        let params = if interface == Interface::Loop { 4 } else { 3 };
        for _ in 0..params {
            func.signature.params.push(ir::AbiParam::new(ir::types::I64));
        }
        func.signature.returns.push(ir::AbiParam::new(ir::types::I32));
        let entry = module
            .declare_function("entry", Linkage::Export, &func.signature)
            .map_err(|error| module_error(&error))?;
        func.name = ir::UserFuncName::user(0, entry.as_u32());
        let builder = FunctionBuilder::new(func, &mut scratch.builder);
        let poll = self.options.poll_deadline;
        let lowerer = Lowerer::new(f, builder, module, poll, &phi, sites)
            .with_vectors(self.options.vectors, kernels);
        let mut output = match interface {
            Interface::Call => lowerer.run()?,
            Interface::Loop => lowerer.run_elementwise()?,
        };
        output.import_names.splice(0..0, import_names);
        Ok((entry, output))
    }

    /// Compiles the functions of the phi into the module.
    fn lower_phi(
        &self,
        f: &Function,
        module: &mut JITModule,
        scratch: &mut Scratch,
    ) -> Result<Phi, CompileError> {
        let mut signature = module.make_signature();
        signature.params.resize(3, ir::AbiParam::new(ir::types::I64));
        signature.returns.push(ir::AbiParam::new(ir::types::I32));
        let mut phi = Vec::new();
        for number in 0..f.phi.len() {
            let name = format!("phi{number}");
            let id = module.declare_function(&name, Linkage::Local, &signature);
            phi.push(id.map_err(|error| module_error(&error))?);
        }
        let (mut sites, mut names) = (Vec::new(), Vec::new());
        for (id, member) in phi.iter().zip(&f.phi) {
            scratch.context.func.signature = signature.clone();
            scratch.context.func.name = ir::UserFuncName::user(0, id.as_u32());
            let builder = FunctionBuilder::new(&mut scratch.context.func, &mut scratch.builder);
            let poll = self.options.poll_deadline;
            let output = Lowerer::new(member, builder, module, poll, &phi, sites).run()?;
            placement::define(module, &*self.isa, *id, &mut scratch.context)?;
            module.clear_context(&mut scratch.context);
            sites = output.sites;
            names.extend(output.import_names);
        }
        Ok(Phi { functions: phi, sites, import_names: names })
    }

    fn take_scratch(&self) -> Scratch {
        let mut pool = self.scratch.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        pool.pop().unwrap_or_else(|| Scratch {
            context: cranelift_codegen::Context::new(),
            builder: FunctionBuilderContext::new(),
        })
    }

    /// Keeps scratch memory for the next compilation.
    fn give_back(&self, mut scratch: Scratch) {
        scratch.context.clear();
        let mut pool = self.scratch.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        pool.push(scratch);
    }
}

/// [`Compiler::clif_text`] with the default options.
///
/// # Errors
/// As [`Compiler::compile`].
pub fn clif_text(f: &Function) -> Result<String, CompileError> {
    Compiler::new(Options::default())?.clif_text(f)
}

/// [`Compiler::asm_text`] with the default options.
///
/// # Errors
/// As [`Compiler::compile`].
pub fn asm_text(f: &Function) -> Result<String, CompileError> {
    Compiler::new(Options::default())?.asm_text(f)
}

fn host(options: &Options, opt_level: OptLevel) -> Result<OwnedTargetIsa, CompileError> {
    let unsupported = |why: String| CompileError::Host(why);
    let mut flags = settings::builder();
    let opt_level = match opt_level {
        OptLevel::None => "none",
        OptLevel::Speed => "speed",
    };
    let verifier = if options.verify { "true" } else { "false" };
    for (name, value) in [
        ("opt_level", opt_level),
        ("enable_verifier", verifier),
        // Where loops lie: see `placement`.
        ("machine_code_cfg_info", "true"),
        ("is_pic", "false"),
        ("use_colocated_libcalls", "false"),
    ] {
        flags.set(name, value).map_err(|error| unsupported(error.to_string()))?;
    }
    let mut builder = cranelift_native::builder().map_err(|why| unsupported(why.to_owned()))?;
    if cfg!(target_arch = "x86_64") && !backend_simd::is_supported() {
        // What was turned off for kernels is turned off here.
        for feature in ["has_avx", "has_avx2", "has_fma", "has_avx512f"] {
            builder.set(feature, "false").map_err(|error| unsupported(error.to_string()))?;
        }
    }
    let isa = builder.finish(settings::Flags::new(flags));
    let isa = isa.map_err(|error| unsupported(error.to_string()))?;
    if isa.pointer_type() == ir::types::I64 {
        Ok(isa)
    } else {
        Err(unsupported("pointers have other than 64 bits".to_owned()))
    }
}

/// A function that compiled code calls to compare the limits with the clock, and that preserves
/// every register, so that the call costs a loop none.
fn poll_stub(isa: &OwnedTargetIsa) -> Result<Code, CompileError> {
    let mut builder =
        JITBuilder::with_isa(Arc::clone(isa), cranelift_module::default_libcall_names());
    builder.symbol("poll_limits", runtime::poll_address());
    let mut owned = OwnedModule::new(JITModule::new(builder));
    let module = owned.get()?;
    let mut context = module.make_context();
    let mut scratch = FunctionBuilderContext::new();
    let mut target = module.make_signature();
    target.params.push(ir::AbiParam::new(ir::types::I64));
    let target = module
        .declare_function("poll_limits", Linkage::Import, &target)
        .map_err(|error| module_error(&error))?;
    context.func.signature = runtime::Import::Poll.signature(isa.default_call_conv());
    let stub = module
        .declare_function("poll", Linkage::Export, &context.func.signature)
        .map_err(|error| module_error(&error))?;
    let mut b = FunctionBuilder::new(&mut context.func, &mut scratch);
    let entry = b.create_block();
    b.append_block_params_for_function_params(entry);
    b.switch_to_block(entry);
    b.seal_block(entry);
    let target = module.declare_func_in_func(target, b.func);
    let args = b.block_params(entry).to_vec();
    b.ins().call(target, &args);
    b.ins().return_(&[]);
    b.finalize(module.target_config());
    module.define_function(stub, &mut context).map_err(|error| module_error(&error))?;
    Code::new(owned, stub)
}

pub(crate) fn module_error(error: &ModuleError) -> CompileError {
    CompileError::Codegen(match error {
        ModuleError::Compilation(CodegenError::Verifier(errors)) => errors.to_string(),
        ModuleError::Compilation(error) => error.to_string(),
        error => error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::{Compiler, Interface, Options};
    use crate::lower::Repeats;
    use frontend_py::{Semantics, SourceFile};

    const SOURCE: &str = "\
def scale(a: f64, x: array[f64, 1]) -> None:
    for i in range(len(x)):
        x[i] = a * x[i]


def decay(a: f64, x: array[f64, 1]) -> None:
    for i in range(1, len(x)):
        x[i] = a * x[i - 1]


def scale_rows(a: f64, x: array[f64, 2]) -> None:
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            x[i, j] = a * x[i, j]


def square(a: f64) -> f64:
    return a * a
";

    #[test]
    fn long_runs_are_known() {
        let file = SourceFile::parse("loops.py", SOURCE.to_owned()).expect("the source is right");
        let compiler = Compiler::new(Options::default()).expect("the host");
        let repeats = |name| {
            let options = frontend_py::Options { semantics: Semantics::Fast, types: None };
            let f = frontend_py::compile(&file, name, &options);
            let f = f.unwrap_or_else(|e| panic!("{name}: {e:?}"));
            let f = optimizer::optimize(&f, &optimizer::Options::default()).expect("as it is");
            let f = f.function;
            compiler.with_lowered(&f, Interface::Call, |lowered| Ok(lowered.output.repeats))
        };
        assert!(repeats("scale") == Ok(Repeats::Kernels));
        assert!(repeats("decay") == Ok(Repeats::Loops), "an element needs the one before");
        assert!(repeats("scale_rows") == Ok(Repeats::Loops), "a call of a kernel for each row");
        assert!(repeats("square") == Ok(Repeats::Nothing));
    }
}
