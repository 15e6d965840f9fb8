//! A graph as a function on arrays.

use crate::code::Code;
use crate::error::{CallError, CompileError};
use crate::iterate::Parts;
use crate::lower::Iterated;
use crate::vectors::Vectors;
use crate::{emit, memory, portable, ports};
use rayon::prelude::*;
use std::fmt;
use std::sync::Arc;
use vecmath::{Dag, Id, Width};

/// How to compile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Copies of the graph that are interleaved, 1 to 8; by its size if none.
    pub copies: Option<u32>,
    /// Whether to do without machine code, as on a processor that lacks AVX2 or FMA.
    pub portable: bool,
    /// The widest vectors to use, of those that the processor has; the widest that pay if none.
    pub vectors: Option<Vectors>,
    /// How many copies compute square roots by multiplications beside those that have the unit do it,
    /// in 512 bits; by what the processor's parts can do in a cycle if none.
    pub soft_roots: Option<u32>,
    /// The same for quotients.
    pub soft_quotients: Option<u32>,
    /// Bytes of all arrays of a call from which on results go past the caches; by the size of the
    /// caches if none, and never for graphs that take longer than memory.
    pub stream_from: Option<usize>,
    /// Bytes of all arrays of a call from which on folds go in 256-bit vectors where they otherwise have
    /// wider ones; by the size of the caches if none, and never for graphs that compute more than a
    /// little.
    pub narrow_from: Option<usize>,
    /// How many arrays the inputs are of that are no single number, if some are of the same one, as
    /// those of a stencil are; each is one of its own if none.
    pub input_arrays: Option<usize>,
}

/// What the code of a kernel is like; of code in vectors of two widths, the wider, but for `bytes`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Bits of a vector.
    pub vector_bits: u32,
    /// Copies that compute square roots by multiplications.
    pub soft_roots: u32,
    /// Copies that compute quotients so.
    pub soft_quotients: u32,
    /// Copies of the graph in the fast loop.
    pub copies: u32,
    /// Bytes of code and constants.
    pub bytes: usize,
    /// Values that found no register.
    pub spills: usize,
    /// Constants and broadcast numbers that stay in a register.
    pub hoisted: usize,
}

/// A number type of kernels: `f64` or `f32`.
pub trait Real: Copy + Default + Send + Sync + sealed::Sealed {
    /// The format.
    const WIDTH: Width;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for f64 {}
    impl Sealed for f32 {}
}

impl Real for f64 {
    const WIDTH: Width = Width::F64;
}

impl Real for f32 {
    const WIDTH: Width = Width::F32;
}

/// An argument of a kernel.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a, T> {
    /// A number per element of the result.
    Array(&'a [T]),
    /// One number for all: only for inputs that the kernel was compiled to broadcast.
    Scalar(T),
}

/// A compiled graph. Clones share the code; threads may use it at the same time.
#[derive(Clone, Debug)]
pub struct Kernel(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    dag: Dag,
    uniform: Vec<bool>,
    code: Machine,
    statistics: Statistics,
    /// Bytes of an array from which on results go past the caches, if they ever do.
    stream_from: Option<usize>,
}

/// What runs a kernel.
enum Machine {
    /// Code of this crate.
    Own(Code),
    /// Code of another that takes whole groups of [`FOLD_LANES`] numbers.
    Foreign(Arc<dyn CompiledCode>),
    /// Kernels of the parts of a loop.
    Iterated(Box<Parts>),
    /// None: the graph is replayed.
    Replayed,
}

impl fmt::Debug for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Machine::Own(_) => "Own",
            Machine::Foreign(_) => "Foreign",
            Machine::Iterated(_) => "Iterated",
            Machine::Replayed => "Replayed",
        })
    }
}

impl Machine {
    fn entry(&self) -> Option<*const u8> {
        match self {
            Machine::Own(code) => Some(code.entry()),
            Machine::Foreign(code) => Some(code.entry()),
            Machine::Iterated(_) | Machine::Replayed => None,
        }
    }
}

/// Machine code that another code generator made of a graph.
pub trait CompiledCode: Send + Sync {
    /// The address of a function as [`Kernel::entry`] describes it, for counts that are multiples
    /// of [`FOLD_LANES`]; valid while `self` lives.
    fn entry(&self) -> *const u8;
}

/// The System V calling convention on every operating system; elsewhere no code is ever made.
#[cfg(target_arch = "x86_64")]
type Entry = unsafe extern "sysv64" fn(usize, *const *mut u8);
#[cfg(not(target_arch = "x86_64"))]
type Entry = unsafe extern "C" fn(usize, *const *mut u8);

/// Vectors' numbers in which a fold gathers: iteration `k` goes to the one at `k % FOLD_LANES`.
pub const FOLD_LANES: usize = 16;

/// Numbers below which a call stays on one thread: starting work elsewhere costs microseconds.
const PARALLEL_FROM: usize = 32_768;
/// Numbers of one piece of work: a few arrays of them fit the second-level cache.
const CHUNK: usize = 16_384;

impl Kernel {
    /// Compiles a graph; `uniform` says for each input whether it is one number for all elements.
    ///
    /// # Errors
    /// If the graph has no result, `uniform` another length than inputs, or the system gives no
    /// executable memory.
    pub fn compile(dag: &Dag, uniform: &[bool], options: &Options) -> Result<Kernel, CompileError> {
        if uniform.len() != dag.inputs as usize {
            return Err(CompileError::Inputs { expected: dag.inputs as usize });
        }
        Kernel::new(dag, uniform, options)
    }

    /// Compiles a graph whose inputs beyond those that `uniform` tells of are folds: values that
    /// the last outputs hand to the next iteration, each [`FOLD_LANES`] numbers in memory of the
    /// caller. Such a kernel is for [`Kernel::run_raw`] alone.
    ///
    /// # Errors
    /// As [`Kernel::compile`].
    pub fn compile_folds(
        dag: &Dag,
        uniform: &[bool],
        options: &Options,
    ) -> Result<Kernel, CompileError> {
        if uniform.len() > dag.inputs as usize
            || dag.inputs as usize - uniform.len() > dag.outputs.len()
        {
            return Err(CompileError::Inputs { expected: dag.inputs as usize });
        }
        Kernel::new(dag, uniform, options)
    }

    fn new(dag: &Dag, uniform: &[bool], options: &Options) -> Result<Kernel, CompileError> {
        if dag.outputs.is_empty() {
            return Err(CompileError::NoResult);
        }
        let widest = Vectors::widest().filter(|_| !options.portable);
        let (code, statistics, stream_from) = if let Some(widest) = widest {
            let carried = dag.inputs as usize - uniform.len();
            let stream_from = stream_from(dag, uniform, options);
            let vectors = match options.vectors {
                Some(wanted) if widest == Vectors::Bits512 => wanted,
                None if widest == Vectors::Bits512 => ports::paying(dag, carried),
                _ => widest,
            };
            let emit = |vectors: Vectors| {
                let narrow = (vectors == Vectors::Bits256).then(|| dag.without_parts()).flatten();
                let dag = narrow.as_ref().unwrap_or(dag);
                let shape = shape(dag, carried > 0, vectors, options);
                (emit::emit(dag, uniform, shape, stream_from), shape)
            };
            let (mut emitted, shape) = emit(vectors);
            if let Some(bytes) = narrow_from(dag, uniform, vectors, options) {
                let (long, _) = emit(Vectors::Bits256);
                emitted = emitted.or_long(long, bytes / dag.width.bytes());
            }
            let emit::Shape { copies, soft_roots, soft_quotients, .. } = shape;
            let statistics = Statistics {
                vector_bits: vectors.bytes() * 8,
                soft_roots,
                soft_quotients,
                copies,
                bytes: emitted.bytes.len(),
                spills: emitted.spills,
                hoisted: emitted.hoisted,
            };
            let code = Machine::Own(Code::new(&emitted.bytes, emitted.entry)?);
            (code, statistics, stream_from)
        } else {
            (Machine::Replayed, Statistics::default(), None)
        };
        let uniform = uniform.to_vec();
        Ok(Kernel(Arc::new(Shared { dag: dag.clone(), uniform, code, statistics, stream_from })))
    }

    /// A graph with code that was made of it elsewhere.
    ///
    /// # Errors
    /// As [`Kernel::compile_folds`].
    pub fn with_code(
        dag: &Dag,
        uniform: &[bool],
        code: Arc<dyn CompiledCode>,
    ) -> Result<Kernel, CompileError> {
        let options = Options { portable: true, ..Options::default() };
        let kernel = Kernel::compile_folds(dag, uniform, &options)?;
        let code = Machine::Foreign(code);
        let (dag, uniform) = (kernel.0.dag.clone(), uniform.to_vec());
        let statistics = Statistics::default();
        Ok(Kernel(Arc::new(Shared { dag, uniform, code, statistics, stream_from: None })))
    }

    /// A loop that each element leaves in its own time, of kernels that `compile` makes as
    /// [`Kernel::compile_folds`] does.
    ///
    /// # Errors
    /// Those of `compile`.
    pub fn iterated<E>(
        parts: &Iterated,
        uniform: &[bool],
        mut compile: impl FnMut(&Dag, &[bool]) -> Result<Kernel, E>,
    ) -> Result<Kernel, E> {
        let after = vec![false; parts.after.inputs as usize];
        let code = Machine::Iterated(Box::new(Parts {
            before: compile(&parts.before, uniform)?,
            body: compile(&parts.body, &[])?,
            after: compile(&parts.after, &after)?,
            variables: parts.variables,
        }));
        // No more than the shape: nothing looks into it.
        let outputs = vec![Id(0); parts.after.outputs.len()];
        let dag = Dag { nodes: Vec::new(), outputs, ..parts.before.clone() };
        let (uniform, statistics) = (uniform.to_vec(), Statistics::default());
        Ok(Kernel(Arc::new(Shared { dag, uniform, code, statistics, stream_from: None })))
    }

    /// The graph; of a loop that elements leave in their own time, inputs and outputs alone.
    pub fn dag(&self) -> &Dag {
        &self.0.dag
    }

    /// For each input, whether it is one number for all elements.
    pub fn uniform(&self) -> &[bool] {
        &self.0.uniform
    }

    /// Whether the kernel has machine code.
    pub fn is_native(&self) -> bool {
        match &self.0.code {
            Machine::Iterated(parts) => parts.body.is_native(),
            code => code.entry().is_some(),
        }
    }

    /// How many folds there are.
    pub fn folds(&self) -> usize {
        self.0.dag.inputs as usize - self.0.uniform.len()
    }

    /// The address of a function `fn(count: usize, table: *const *mut u8)` with the System V
    /// calling convention that does what [`Kernel::run_raw`] says, valid while a clone of this
    /// handle lives; none without machine code. If [`is_supported`] says no, the count must be a
    /// multiple of [`FOLD_LANES`].
    pub fn entry(&self) -> Option<*const u8> {
        self.0.code.entry()
    }

    /// What the code is like.
    pub fn statistics(&self) -> Statistics {
        self.0.statistics
    }

    /// The machine code with its constants, and the offset of its first instruction.
    pub fn code(&self) -> Option<(&[u8], usize)> {
        match &self.0.code {
            Machine::Own(code) => Some(code.bytes()),
            _ => None,
        }
    }

    /// Computes the outputs on this thread.
    ///
    /// # Errors
    /// If the arguments do not fit the kernel or each other.
    pub fn run<T: Real>(
        &self,
        inputs: &[Input<'_, T>],
        outputs: &mut [&mut [T]],
    ) -> Result<(), CallError> {
        let (count, table) = self.check(inputs, outputs)?;
        // SAFETY: `check` found every array to have `count` numbers of the right format; exclusive
        // references do not overlap others.
        #[expect(unsafe_code, reason = "machine code is called here")]
        unsafe {
            self.run_raw(count, &table);
        }
        Ok(())
    }

    /// Computes the outputs on the threads of the current `rayon` pool if there is enough to do;
    /// the bits of the result do not depend on their number.
    ///
    /// # Errors
    /// As [`Kernel::run`].
    pub fn run_parallel<T: Real>(
        &self,
        inputs: &[Input<'_, T>],
        outputs: &mut [&mut [T]],
    ) -> Result<(), CallError> {
        let (count, table) = self.check(inputs, outputs)?;
        // SAFETY: as in `run`.
        #[expect(unsafe_code, reason = "machine code is called here")]
        unsafe {
            self.run_raw_parallel(count, &table);
        }
        Ok(())
    }

    /// Computes `count` elements; `table` holds the addresses of the inputs, then of the outputs,
    /// then of the folds. With folds, the count is a multiple of [`FOLD_LANES`].
    ///
    /// # Safety
    /// * Each address is that of `count` numbers of the graph's format (of one, for an input that
    ///   is broadcast), initialised for inputs, writable for outputs, in any alignment, not
    ///   written by anything else during the call.
    /// * An output overlaps no other array, except that the only output of a graph may begin where
    ///   an input begins.
    ///
    /// # Panics
    /// If the table has the wrong length.
    #[expect(unsafe_code, reason = "the caller vouches for addresses")]
    pub unsafe fn run_raw(&self, count: usize, table: &[*mut u8]) {
        let Shared { dag, uniform, code, .. } = &*self.0;
        assert_eq!(table.len(), uniform.len() + dag.outputs.len(), "an address per array");
        let whole = self.folds() == 0 || count.is_multiple_of(FOLD_LANES);
        assert!(whole, "folds take whole groups");
        // SAFETY: the caller vouches for the addresses; the code's entry has this type, and its
        // processor features were found when it was compiled.
        unsafe {
            match (code, dag.width) {
                (Machine::Own(code), _) => {
                    let entry = std::mem::transmute::<*const u8, Entry>(code.entry());
                    entry(count, table.as_ptr());
                }
                (Machine::Foreign(code), _) => {
                    let entry = std::mem::transmute::<*const u8, Entry>(code.entry());
                    self.run_groups(entry, count, table);
                }
                (Machine::Iterated(parts), _) => parts.run(count, table, uniform),
                (Machine::Replayed, Width::F64) => portable::run::<f64>(dag, uniform, count, table),
                (Machine::Replayed, Width::F32) => portable::run::<f32>(dag, uniform, count, table),
            }
        }
    }

    /// Runs code that takes whole groups, the last elements by way of memory of its own.
    ///
    /// # Safety
    /// As [`Kernel::run_raw`], for an entry to this graph's code.
    #[expect(unsafe_code, reason = "the caller vouches for addresses")]
    unsafe fn run_groups(&self, entry: Entry, count: usize, table: &[*mut u8]) {
        let whole = count - count % FOLD_LANES;
        let (size, uniform) = (self.0.dag.width.bytes(), &self.0.uniform);
        // SAFETY: the caller vouches for `count` elements; the scratch memory has a group per
        // array.
        unsafe {
            if whole > 0 {
                entry(whole, table.as_ptr());
            }
            if whole == count {
                return;
            }
            let (group, rest) = (FOLD_LANES * size, (count - whole) * size);
            let mut scratch = vec![0_u8; table.len() * group];
            let mut places = table.to_vec();
            let fixed = |k: usize| uniform.get(k).copied().unwrap_or(false);
            for (k, place) in places.iter_mut().enumerate().filter(|(k, _)| !fixed(*k)) {
                *place = scratch.as_mut_ptr().add(k * group);
                if k < uniform.len() {
                    table[k].add(whole * size).copy_to_nonoverlapping(*place, rest);
                }
            }
            entry(FOLD_LANES, places.as_ptr());
            for k in uniform.len()..table.len() {
                places[k].copy_to_nonoverlapping(table[k].add(whole * size), rest);
            }
        }
    }

    /// [`Kernel::run_raw`] on the threads of the current `rayon` pool.
    ///
    /// # Safety
    /// As [`Kernel::run_raw`].
    ///
    /// # Panics
    /// As [`Kernel::run_raw`].
    #[expect(unsafe_code, reason = "the caller vouches for addresses")]
    pub unsafe fn run_raw_parallel(&self, count: usize, table: &[*mut u8]) {
        if count < PARALLEL_FROM || self.folds() > 0 || rayon::current_num_threads() == 1 {
            // SAFETY: as this function's.
            unsafe { self.run_raw(count, table) };
            return;
        }
        let size = self.0.dag.width.bytes();
        let addresses: Vec<usize> = table.iter().map(|address| *address as usize).collect();
        let piece = self.piece(count, size);
        (0..count.div_ceil(piece)).into_par_iter().for_each(|chunk| {
            let start = chunk * piece;
            let part: Vec<*mut u8> = (addresses.iter().enumerate())
                .map(|(k, address)| {
                    let fixed = self.0.uniform.get(k).copied().unwrap_or(false);
                    (address + if fixed { 0 } else { start * size }) as *mut u8
                })
                .collect();
            // SAFETY: the chunks are disjoint parts of what the caller vouches for.
            unsafe { self.run_raw(piece.min(count - start), &part) };
        });
    }

    /// Numbers of one piece of work: so many that results go past the caches, if that leaves each
    /// thread a few pieces.
    fn piece(&self, count: usize, size: usize) -> usize {
        let Some(from) = self.0.stream_from else { return CHUNK };
        let streamed = (from / size).max(1).next_multiple_of(CHUNK);
        if count / streamed >= 4 * rayon::current_num_threads() { streamed } else { CHUNK }
    }

    /// The number of elements, and the addresses.
    fn check<T: Real>(
        &self,
        inputs: &[Input<'_, T>],
        outputs: &mut [&mut [T]],
    ) -> Result<(usize, Vec<*mut u8>), CallError> {
        let Shared { dag, uniform, .. } = &*self.0;
        if T::WIDTH != dag.width {
            return Err(CallError::Width { expected: dag.width });
        }
        if inputs.len() != uniform.len() || outputs.len() != dag.outputs.len() || self.folds() > 0 {
            return Err(CallError::Arity { inputs: uniform.len(), outputs: dag.outputs.len() });
        }
        let count = outputs[0].len();
        let mut table = Vec::with_capacity(inputs.len() + outputs.len());
        for (argument, (input, uniform)) in inputs.iter().zip(uniform).enumerate() {
            table.push(match input {
                Input::Array(array) if !uniform && array.len() == count => {
                    array.as_ptr().cast_mut().cast()
                }
                Input::Scalar(value) if *uniform => std::ptr::from_ref(value).cast_mut().cast(),
                Input::Array(array) if !uniform => {
                    return Err(CallError::Length {
                        argument,
                        expected: count,
                        given: array.len(),
                    });
                }
                _ => return Err(CallError::Kind { argument }),
            });
        }
        for (k, output) in outputs.iter_mut().enumerate() {
            if output.len() != count {
                let (argument, given) = (inputs.len() + k, output.len());
                return Err(CallError::Length { argument, expected: count, given });
            }
            table.push(output.as_mut_ptr().cast());
        }
        Ok((count, table))
    }
}

/// Bytes of an array from which on results go past the caches, if they ever do: all arrays of a
/// call share the caches.
fn stream_from(dag: &Dag, uniform: &[bool], options: &Options) -> Option<usize> {
    let bytes =
        options.stream_from.or_else(|| ports::waits_for_stores(dag).then(memory::stream_from))?;
    let carried = dag.inputs as usize - uniform.len();
    let stored = dag.outputs.len() - carried;
    (stored > 0).then(|| bytes / (input_arrays(uniform, options) + stored))
}

/// Bytes of an array from which on folds go in 256-bit vectors, if not at once and ever.
fn narrow_from(dag: &Dag, uniform: &[bool], vectors: Vectors, options: &Options) -> Option<usize> {
    let only_folds = dag.inputs as usize - uniform.len() == dag.outputs.len();
    let arrays = input_arrays(uniform, options);
    if vectors != Vectors::Bits512 || !only_folds || arrays == 0 {
        return None;
    }
    let usual = || ports::hardly_computes(dag).then(memory::narrow_from);
    let bytes = options.narrow_from.or_else(|| options.vectors.map_or_else(usual, |_| None))?;
    Some(bytes / arrays)
}

/// How many arrays are read.
fn input_arrays(uniform: &[bool], options: &Options) -> usize {
    let inputs = uniform.iter().filter(|uniform| !**uniform).count();
    options.input_arrays.map_or(inputs, |arrays| arrays.min(inputs))
}

/// What to make of a graph.
fn shape(dag: &Dag, folds: bool, vectors: Vectors, options: &Options) -> emit::Shape {
    let of = |copies: u32| {
        let most = if vectors == Vectors::Bits512 { copies } else { 0 };
        let soft = |wanted: Option<u32>| wanted.unwrap_or(0).min(most);
        let (soft_roots, soft_quotients) = (soft(options.soft_roots), soft(options.soft_quotients));
        emit::Shape { vectors, copies, soft_roots, soft_quotients }
    };
    if folds {
        return of((FOLD_LANES * dag.width.bytes()) as u32 / vectors.bytes());
    }
    let shape = of(options.copies.unwrap_or_else(|| ports::copies(dag, vectors)).clamp(1, 8));
    let open = options.soft_roots.is_none() && options.soft_quotients.is_none();
    if options.copies.is_none() && open { ports::with_soft(dag, shape) } else { shape }
}

/// Whether this processor runs the code that kernels are compiled to: whether
/// [`Vectors::widest`] has an answer.
pub fn is_supported() -> bool {
    Vectors::widest().is_some()
}

#[cfg(test)]
mod tests {
    use super::{CHUNK, Kernel, Options, narrow_from};
    use crate::vectors::Vectors;
    use vecmath::{Function, Lanes, Recorder, Width};

    /// A sum of three inputs, whose results wait for memory.
    fn sum(options: &Options) -> Kernel {
        let mut r = Recorder::new(Width::F64);
        let (a, b, c) = (r.input(), r.input(), r.input());
        let sum = r.add(a, b);
        let sum = r.add(sum, c);
        Kernel::compile(&r.finish(&[sum]), &[false; 3], options).expect("the graph fits")
    }

    #[test]
    fn arrays_that_are_read_twice_take_their_room_once() {
        let options = Options { stream_from: Some(1 << 24), ..Options::default() };
        let own = sum(&options);
        let shared = sum(&Options { input_arrays: Some(1), ..options });
        if own.is_native() {
            assert_eq!((own.0.stream_from, shared.0.stream_from), (Some(1 << 22), Some(1 << 23)));
        }
    }

    #[test]
    fn folds_that_hardly_compute_go_in_narrow_vectors_if_they_are_long() {
        let mut r = Recorder::new(Width::F64);
        let (x, y, sum) = (r.input(), r.input(), r.input());
        let (next, square) = (r.fma(x, y, sum), r.mul(x, x));
        let (dot, stores) = (r.clone().finish(&[next]), r.clone().finish(&[square, next]));
        let root = r.sqrt(next);
        let roots = r.finish(&[root]);
        let from =
            |dag, vectors, options: &Options| narrow_from(dag, &[false; 2], vectors, options);
        let (plain, wide) = (Options::default(), Vectors::Bits512);
        assert_eq!(from(&dot, wide, &plain), Some(crate::memory::narrow_from() / 2));
        let one = Options { input_arrays: Some(1), narrow_from: Some(1 << 20), ..plain };
        assert_eq!(from(&dot, wide, &one), Some(1 << 20));
        for (dag, vectors, options) in [
            (&dot, Vectors::Bits256, plain),
            (&dot, wide, Options { vectors: Some(wide), ..plain }),
            (&stores, wide, plain),
            (&roots, wide, plain),
        ] {
            assert_eq!(from(dag, vectors, &options), None, "{dag:?}, {options:?}");
        }
    }

    #[test]
    fn pieces_are_long_only_where_results_go_past_the_caches() {
        let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a thread starts");
        one.install(|| {
            let options = Options { stream_from: Some(1 << 23), ..Options::default() };
            let streamed = sum(&options);
            if streamed.is_native() {
                assert_eq!(streamed.piece(1 << 24, 8), 1 << 18);
            }
            assert_eq!(streamed.piece(1 << 19, 8), CHUNK);
            let power = Function::Pow.dag(Width::F64);
            let computes = Kernel::compile(&power, &[false; 2], &Options::default());
            assert_eq!(computes.expect("the graph fits").piece(1 << 30, 8), CHUNK);
        });
    }
}
