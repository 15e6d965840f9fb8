//! A function applied to elements of arrays, on this thread or several: in vectors where it has such
//! a form and the arrays allow it, else one element after the other.
//!
//! A strict function's vector form tells which elements raise. Nothing of a block is stored where
//! a caller could see it before that is known; a block with such an element is computed once more,
//! one element after the other, so that exception and stored elements are those of that loop.

use crate::kernel::Version;
use backend_cranelift::{CompiledLoop, Context, Limits};
use ovum::elementwise::{self, Kernel, LowerOptions};
use rayon::prelude::*;
use rvsdg::{Function, Raised};
use std::sync::{Arc, OnceLock};

/// Fewest elements of a part for another thread: below, handing it over takes longer than the work.
const MIN_CHUNK: usize = 1 << 15;

/// Elements that go through memory of our own at once: some blocks of them fit the first-level
/// cache.
const BLOCK: usize = 1024;

/// Bytes of a cache line and of the widest vector.
const LINE: usize = 64;

/// Most operands of a loop that vectors take.
pub(crate) const MAX_OPERANDS: usize = 10;

/// Most inputs of which some may be numbers.
const MAX_MIXED: usize = 5;

/// What applies a function to elements of arrays.
pub(crate) struct Loop {
    pub(crate) version: Arc<Version>,
    pub(crate) code: CompiledLoop,
    /// The same on vectors, or why not.
    vector: Result<Vectors, String>,
    /// Threads, if more than one.
    pool: Option<rayon::ThreadPool>,
}

/// A function as vector code.
pub(crate) struct Vectors {
    /// For arrays.
    arrays: Kernel,
    /// For numbers among the arrays: input `k` is one if bit `k` of the position is set. None where
    /// there is no such code.
    mixed: Vec<OnceLock<Option<Kernel>>>,
    /// How it was lowered.
    options: LowerOptions,
    /// Whether the last output is the mask of elements that raise.
    masked: bool,
}

impl Vectors {
    /// The code for a function, or why there is none.
    pub(crate) fn new(function: &Function, options: LowerOptions) -> Result<Vectors, String> {
        let (inputs, outputs) = (function.params.len(), function.result_values().len());
        if inputs + outputs > MAX_OPERANDS {
            return Err("too many parameters and results".to_owned());
        }
        let arrays = native(function, &vec![false; inputs], &options)?;
        let masked = arrays.dag().outputs.len() > outputs;
        let patterns = if inputs <= MAX_MIXED { 1 << inputs } else { 0 };
        let mixed = (0..patterns).map(|_| OnceLock::new()).collect();
        Ok(Vectors { arrays, mixed, options, masked })
    }

    /// The code for arrays.
    pub(crate) fn arrays(&self) -> &Kernel {
        &self.arrays
    }

    /// The code for arguments of which those are numbers whose bits are set.
    fn of(&self, function: &Function, numbers: usize) -> Option<&Kernel> {
        if numbers == 0 {
            return Some(&self.arrays);
        }
        let make = || {
            let uniform: Vec<bool> =
                (0..function.params.len()).map(|k| numbers >> k & 1 == 1).collect();
            native(function, &uniform, &self.options).ok()
        };
        self.mixed.get(numbers)?.get_or_init(make).as_ref()
    }
}

fn native(function: &Function, uniform: &[bool], options: &LowerOptions) -> Result<Kernel, String> {
    let kernel =
        elementwise::elementwise(function, uniform, options).map_err(|e| e.message().to_owned())?;
    if kernel.is_native() { Ok(kernel) } else { Err("the processor has no AVX2".to_owned()) }
}

/// Addresses of one part of the work.
struct Part([*mut u8; MAX_OPERANDS]);

// SAFETY: a part is handed to one thread, and parts of one loop write disjoint elements.
#[expect(unsafe_code, reason = "addresses cross threads")]
unsafe impl Send for Part {}

/// Operands of one call: an address and a step in bytes for each.
#[derive(Clone, Copy)]
struct Operands<'a> {
    pointers: &'a [*mut u8],
    steps: &'a [isize],
}

// SAFETY: the thread that has the operands waits for those that use them.
#[expect(unsafe_code, reason = "addresses cross threads")]
unsafe impl Sync for Operands<'_> {}

impl Operands<'_> {
    fn at(&self, operand: usize, element: usize) -> *mut u8 {
        self.pointers[operand].wrapping_offset(self.steps[operand].wrapping_mul(element as isize))
    }

    /// The operands from an element on.
    fn from(&self, element: usize) -> Part {
        let mut moved = [std::ptr::null_mut(); MAX_OPERANDS];
        for (operand, place) in moved.iter_mut().enumerate().take(self.pointers.len()) {
            *place = self.at(operand, element);
        }
        Part(moved)
    }

    /// From the lowest byte to past the highest.
    fn extent(&self, operand: usize, count: usize, size: usize) -> (usize, usize) {
        let (first, last) = (self.at(operand, 0).addr(), self.at(operand, count - 1).addr());
        (first.min(last), first.max(last) + size)
    }

    fn meet(&self, a: usize, b: usize, count: usize, size: usize) -> bool {
        let (a, b) = (self.extent(a, count, size), self.extent(b, count, size));
        a.0 < b.1 && b.0 < a.1
    }

    fn same(&self, a: usize, b: usize) -> bool {
        self.pointers[a] == self.pointers[b] && self.steps[a] == self.steps[b]
    }
}

impl Loop {
    pub(crate) fn new(
        version: Arc<Version>,
        code: CompiledLoop,
        vector: Result<Vectors, String>,
        threads: usize,
    ) -> Loop {
        let pool = (threads > 1)
            .then(|| rayon::ThreadPoolBuilder::new().num_threads(threads).build().ok())
            .flatten();
        Loop { version, code, vector, pool }
    }

    /// Whether there is vector code.
    pub(crate) fn is_vector(&self) -> bool {
        self.vector.is_ok()
    }

    /// How wide its vectors are; 256 for loops that elements leave in their own time.
    pub(crate) fn vector_bits(&self) -> Option<u32> {
        let vectors = self.vector.as_ref().ok()?;
        Some(vectors.arrays.statistics().vector_bits.max(256))
    }

    /// Why there is none.
    pub(crate) fn refusal(&self) -> Option<&str> {
        self.vector.as_ref().err().map(String::as_str)
    }

    /// Whether a call with this many elements runs on the caller's thread.
    pub(crate) fn is_serial(&self, count: usize) -> bool {
        self.pool.is_none() || count < 2 * MIN_CHUNK
    }

    fn operands(&self) -> usize {
        self.code.inputs().len() + self.code.outputs().len()
    }

    /// Bytes of each operand; vectors take operands of one size.
    fn size(&self) -> usize {
        self.code.inputs()[0].bytes() as usize
    }

    /// Runs over arrays without gaps and numbers, whose bits are set in `numbers` and whose step is
    /// 0; the outputs are new, and nobody sees them if an element raises, or may have been seen
    /// before. None if there is no code for such numbers.
    ///
    /// # Safety
    /// As [`CompiledLoop::run`]; `new` is only said of memory that is no input's.
    #[expect(unsafe_code, reason = "the caller vouches for addresses")]
    #[inline]
    pub(crate) unsafe fn run_dense(
        &self,
        (pointers, steps): (&[*mut u8], &[isize]),
        count: usize,
        numbers: usize,
        new: bool,
    ) -> Option<Raised> {
        let operands = self.operands();
        let kernel = match &self.vector {
            Ok(vectors) => vectors.of(&self.version.function, numbers),
            Err(_) => None,
        };
        let (pointers, steps) = (&pointers[..operands], &steps[..operands]);
        // SAFETY: the caller's promise.
        unsafe {
            match (kernel, &self.vector) {
                (Some(kernel), Ok(vectors)) if vectors.masked => {
                    let numbers = (kernel, numbers);
                    self.run_blocks(numbers, Operands { pointers, steps }, count, new)
                }
                (Some(kernel), _) => {
                    kernel.run_raw(count, pointers);
                    None
                }
                (None, _) => self.run_elements(pointers, count, steps),
            }
        }
    }

    /// Runs one element after the other.
    ///
    /// # Safety
    /// As [`CompiledLoop::run`].
    #[expect(unsafe_code, reason = "the caller vouches for addresses")]
    unsafe fn run_elements(
        &self,
        pointers: &[*mut u8],
        count: usize,
        steps: &[isize],
    ) -> Option<Raised> {
        let mut context = Context::new(Limits::default());
        // SAFETY: the caller's promise.
        unsafe { self.code.run(pointers.as_ptr(), count, steps.as_ptr(), &mut context) }.err()
    }

    /// Runs over any arrays, on several threads if the work is large; the exception of the first
    /// part that raised one.
    ///
    /// # Safety
    /// As [`CompiledLoop::run`].
    #[expect(unsafe_code, reason = "the caller vouches for addresses")]
    pub(crate) unsafe fn run(
        &self,
        pointers: &[*mut u8],
        count: usize,
        steps: &[isize],
    ) -> Option<Raised> {
        let operands = Operands { pointers, steps };
        // Such as an accumulator, or the sums so far: an element needs the one before.
        let ordered = self.is_ordered(operands, count);
        // SAFETY: the caller's promise.
        let run = |part: &Part, count: usize| unsafe {
            let pointers = &part.0[..steps.len()];
            match &self.vector {
                Ok(vectors) if !ordered => self.run_vectors(vectors, pointers, count, steps),
                _ => self.run_elements(pointers, count, steps),
            }
        };
        match &self.pool {
            Some(pool) if count >= 2 * MIN_CHUNK && !ordered => {
                let operands = &operands;
                pool.install(|| {
                    let parts = 0..count.div_ceil(MIN_CHUNK);
                    parts.into_par_iter().find_map_first(|part| {
                        let start = part * MIN_CHUNK;
                        run(&operands.from(start), MIN_CHUNK.min(count - start))
                    })
                })
            }
            _ if steps.len() > MAX_OPERANDS => {
                // SAFETY: the caller's promise.
                unsafe { self.run_elements(pointers, count, steps) }
            }
            _ => run(&operands.from(0), count),
        }
    }

    /// Whether an element may read or write what another wrote.
    fn is_ordered(&self, operands: Operands<'_>, count: usize) -> bool {
        if count < 2 {
            return false;
        }
        let (inputs, all) = (self.code.inputs().len(), operands.steps.len());
        if all > MAX_OPERANDS {
            return true;
        }
        let size = |operand: usize| {
            let elements = self.code.inputs().iter().chain(self.code.outputs());
            elements.skip(operand).map(|elem| elem.bytes() as usize).next().unwrap_or(8)
        };
        (inputs..all).any(|output| {
            let own = size(output);
            let narrow = operands.steps[output].unsigned_abs() < own;
            let meets = |other: usize| operands.meet(output, other, count, own.max(size(other)));
            let reads = |input: usize| {
                let same = operands.same(output, input) && size(input) == own;
                !same && meets(input)
            };
            narrow || (0..inputs).any(reads) || (inputs..output).any(meets)
        })
    }

    /// Runs vector code over arrays of any steps, in which no element needs another.
    ///
    /// # Safety
    /// As [`CompiledLoop::run`].
    #[expect(unsafe_code, reason = "the caller vouches for addresses")]
    unsafe fn run_vectors(
        &self,
        vectors: &Vectors,
        pointers: &[*mut u8],
        count: usize,
        steps: &[isize],
    ) -> Option<Raised> {
        let (inputs, size) = (self.code.inputs().len(), self.size() as isize);
        let fixed = (0..inputs).filter(|k| steps[*k] == 0 && count > 1);
        let numbers = fixed.fold(0, |numbers, k| numbers | 1 << k);
        let (kernel, numbers) = match vectors.of(&self.version.function, numbers) {
            Some(kernel) => (kernel, numbers),
            None => (&vectors.arrays, 0),
        };
        let dense = |k: usize| steps[k] == size || numbers >> k & 1 == 1;
        let operands = Operands { pointers, steps };
        let in_place = || (inputs..steps.len()).any(|k| (0..inputs).any(|i| operands.same(k, i)));
        let single = steps.len() == inputs + 1;
        // SAFETY: the caller's promise.
        unsafe {
            if !vectors.masked && (0..steps.len()).all(dense) && (single || !in_place()) {
                kernel.run_raw(count, pointers);
                return None;
            }
            self.run_blocks((kernel, numbers), operands, count, false)
        }
    }

    /// Runs vector code block by block, arrays with gaps by way of memory without; so outputs, if
    /// elements may raise or a later output's input be overwritten, unless they are `new`.
    ///
    /// # Safety
    /// As [`CompiledLoop::run`]; the kernel was made for these numbers.
    #[expect(unsafe_code, reason = "the caller vouches for addresses")]
    unsafe fn run_blocks(
        &self,
        (kernel, numbers): (&Kernel, usize),
        operands: Operands<'_>,
        count: usize,
        new: bool,
    ) -> Option<Raised> {
        let (inputs, all, size) = (self.code.inputs().len(), operands.steps.len(), self.size());
        let masked = kernel.dag().outputs.len() > all - inputs;
        let dense = |k: usize| operands.steps[k] == size as isize;
        let direct = |k: usize| match k {
            _ if k < inputs => numbers >> k & 1 == 1 || dense(k),
            _ => dense(k) && (new || !masked && all == inputs + 1),
        };
        let places = (0..all).filter(|k| !direct(*k)).count() + usize::from(masked);
        let room = (BLOCK.min(count) * size).next_multiple_of(LINE);
        let mut memory = Vec::<u8>::with_capacity(places * room + LINE);
        let mut free = memory.as_mut_ptr();
        free = free.wrapping_add(free.align_offset(LINE));
        let mut take = || {
            let place = free;
            free = free.wrapping_add(room);
            place
        };
        let mut table = [std::ptr::null_mut(); MAX_OPERANDS + 1];
        for (k, place) in table.iter_mut().enumerate().take(all) {
            *place = if direct(k) { operands.pointers[k] } else { take() };
        }
        let mask = if masked { take() } else { std::ptr::null_mut() };
        table[all] = mask;
        let table_size = all + usize::from(masked);
        // Blocks after the first begin where the first output's lines do.
        let line = if direct(inputs) { operands.pointers[inputs].addr() % LINE } else { 0 };
        let (mut start, mut n) = (0, (BLOCK - line / size).min(count));
        while start < count {
            // SAFETY: the caller vouches for the elements; the memory has room for a block of each
            // operand that is not used in place, and is written before it is read.
            unsafe {
                for (k, place) in table.iter_mut().enumerate().take(all) {
                    if direct(k) {
                        *place = operands.at(k, start);
                    } else if k < inputs {
                        copy(
                            (operands.at(k, start), operands.steps[k]),
                            dense_at(*place, size),
                            n,
                            size,
                        );
                    }
                }
                kernel.run_raw(n, &table[..table_size]);
                if masked && any(mask, n * size) {
                    let part = operands.from(start);
                    let raised = self.run_elements(&part.0[..all], n, operands.steps);
                    if raised.is_some() {
                        return raised;
                    }
                } else {
                    for k in (inputs..all).filter(|k| !direct(*k)) {
                        let to = (operands.at(k, start), operands.steps[k]);
                        copy(dense_at(table[k], size), to, n, size);
                    }
                }
            }
            start += n;
            n = BLOCK.min(count - start);
        }
        None
    }
}

/// An array without gaps, with its step.
fn dense_at(place: *mut u8, size: usize) -> (*mut u8, isize) {
    (place, size as isize)
}

/// Copies elements of `size` bytes, 4 or 8, from and to addresses with steps.
///
/// # Safety
/// The elements are readable and writable, aligned, and do not overlap.
#[expect(unsafe_code, reason = "the caller vouches for addresses")]
unsafe fn copy(from: (*mut u8, isize), to: (*mut u8, isize), count: usize, size: usize) {
    #[inline]
    unsafe fn each<T: Copy>(from: (*mut u8, isize), to: (*mut u8, isize), count: usize) {
        for k in 0..count as isize {
            // SAFETY: the caller's promise, element by element.
            unsafe {
                let value = from.0.wrapping_offset(from.1 * k).cast::<T>().read_unaligned();
                to.0.wrapping_offset(to.1 * k).cast::<T>().write_unaligned(value);
            }
        }
    }
    // SAFETY: the caller's promise.
    unsafe {
        if from.1 == size as isize && to.1 == size as isize {
            from.0.copy_to_nonoverlapping(to.0, count * size);
        } else if size == 4 {
            each::<u32>(from, to, count);
        } else {
            each::<u64>(from, to, count);
        }
    }
}

/// Whether a bit of a mask is set, of a multiple of four bytes.
///
/// # Safety
/// The bytes are readable and initialised.
#[expect(unsafe_code, reason = "the caller vouches for addresses")]
unsafe fn any(mask: *mut u8, bytes: usize) -> bool {
    fn any(bytes: &[u8]) -> bool {
        bytes.iter().fold(0, |any, byte| any | byte) != 0
    }
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn any_avx2(bytes: &[u8]) -> bool {
        bytes.iter().fold(0, |any, byte| any | byte) != 0
    }
    // SAFETY: the caller's promise.
    let bytes = unsafe { std::slice::from_raw_parts(mask, bytes) };
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has the instructions.
        return unsafe { any_avx2(bytes) };
    }
    any(bytes)
}
