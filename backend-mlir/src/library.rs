//! A compiled module in memory, and calls into it.
//!
//! # The call convention
//!
//! MLIR's C interface: `_mlir_ciface_NAME` takes scalars by value and arrays as pointers to
//! descriptors `{allocated, aligned, offset, sizes[rank], strides[rank]}`, strides in elements; one
//! result is returned by value, several as a C struct through a pointer that comes first. So that
//! any signature can be called without assembling a call at run time, a trampoline in LLVM IR is
//! added per function, `ovum_entry_K(args, result)`: `args` is an array of pointers, to the
//! scalar's value (a truth value is a byte) or to the array's descriptor, and `result` points to
//! the struct.
#![expect(unsafe_code, reason = "loading and calling machine code")]

use crate::emit::{Entry, status_kind, status_site};
use crate::process::TempDir;
use crate::toolchain::ToolchainError;
use crate::types::{has_value, scalar_bytes};
use rvsdg::{Answer, Arg, Array, Buffer, Inputs, Raised, Scalar, Span, Type};
use std::ffi::c_void;
use std::fmt::{self, Write as _};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

type EntryPoint = unsafe extern "C" fn(*const *const c_void, *mut c_void);

/// Machine code of a module's functions.
pub struct Library {
    entries: Vec<Entry>,
    code: Vec<EntryPoint>,
    stop: Option<*const AtomicI32>,
    /// Held during a call, so that one call's time limit stops no other call.
    running: Mutex<()>,
    // The order of the fields is the order of drops: the object is unloaded, then its file goes.
    _object: libloading::Library,
    _dir: TempDir,
}

// SAFETY: the code is immutable; the flag behind `stop` is atomic and lives as long as the object.
unsafe impl Send for Library {}
// SAFETY: as above, and calls are serialised by `running`.
unsafe impl Sync for Library {}

impl fmt::Debug for Library {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Library").field("entries", &self.entries).finish_non_exhaustive()
    }
}

/// Why a call was not made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallError {
    /// There is no function of that number.
    NoFunction,
    /// The arguments do not fit the parameters.
    Arguments {
        /// What is wrong.
        message: String,
    },
    /// The code answered with a status that no exception has.
    Status(i32),
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CallError::NoFunction => f.write_str("no such function in the library"),
            CallError::Arguments { message } => f.write_str(message),
            CallError::Status(status) => write!(f, "compiled code returned status {status}"),
        }
    }
}

impl std::error::Error for CallError {}

impl Library {
    /// Loads a shared object made from a module with these entries.
    pub(crate) fn open(
        path: &Path,
        dir: TempDir,
        entries: Vec<Entry>,
    ) -> Result<Library, ToolchainError> {
        let failed = |error: libloading::Error| ToolchainError::Load {
            message: format!("cannot load the compiled module: {error}"),
        };
        // SAFETY: the object was made by us from emitted code; it has no initialisers.
        let object = unsafe { libloading::Library::new(path) }.map_err(failed)?;
        let mut code = Vec::with_capacity(entries.len());
        for index in 0..entries.len() {
            let name = format!("ovum_entry_{index}");
            // SAFETY: `trampolines` defines the symbol with this signature.
            let point = unsafe { object.get::<EntryPoint>(name.as_bytes()) }.map_err(failed)?;
            code.push(*point);
        }
        // SAFETY: if defined, the symbol is an aligned 32-bit global, read as volatile by the code.
        let stop = unsafe { object.get::<*const AtomicI32>(b"ovum_stop") }.ok().map(|flag| *flag);
        Ok(Library { entries, code, stop, running: Mutex::new(()), _object: object, _dir: dir })
    }

    /// The functions, in the module's order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Calls a function, given by its position in [`Library::entries`]. Arguments that name the
    /// same array share its memory.
    ///
    /// The function must be verified ([`rvsdg::verify()`]): the code trusts that every access is in
    /// its array.
    ///
    /// # Errors
    /// If there is no such function or the arguments do not fit. An exception is an answer.
    pub fn call(&self, index: usize, inputs: &Inputs) -> Result<Answer, CallError> {
        self.call_within(index, inputs, None)
    }

    /// As [`Library::call`]; loops stop with [`rvsdg::ExcKind::TimeLimit`] after `limit`, if the
    /// module was emitted with [`crate::EmitOptions::poll`].
    ///
    /// # Errors
    /// As [`Library::call`].
    pub fn call_within(
        &self,
        index: usize,
        inputs: &Inputs,
        limit: Option<Duration>,
    ) -> Result<Answer, CallError> {
        let (entry, code) =
            self.entries.get(index).zip(self.code.get(index)).ok_or(CallError::NoFunction)?;
        check(entry, inputs)?;
        let mut arrays = inputs.arrays.clone();
        let data: Vec<*mut c_void> = arrays.iter_mut().map(data_pointer).collect();
        let frame: Vec<Vec<u64>> = entry
            .params
            .iter()
            .zip(&inputs.args)
            .filter(|(param, _)| has_value(param.ty))
            .map(|(_, arg)| match *arg {
                Arg::Scalar(scalar) => vec![scalar_bits(scalar)],
                Arg::Array(at) => descriptor(data[at], &inputs.arrays[at].shape),
            })
            .collect();
        let pointers: Vec<*const c_void> = frame.iter().map(|slot| slot.as_ptr().cast()).collect();
        // One struct field per result and one for the status, 8 bytes each at most.
        let mut results = vec![0_u64; entry.results.len() + 1];
        {
            let _running = self.running.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            self.timed(limit, || {
                // SAFETY: `check` established that the arguments have the parameters' types and
                // that every array holds as many elements as its shape says; descriptors, scalars,
                // arrays and `results` outlive the call.
                unsafe { code(pointers.as_ptr(), results.as_mut_ptr().cast()) }
            });
        }
        let bytes: Vec<u8> = results.iter().flat_map(|word| word.to_ne_bytes()).collect();
        let outcome = read_results(entry, &bytes)?;
        Ok(Answer { outcome, arrays })
    }

    /// Runs `call`, with the stop flag raised after `limit`.
    fn timed(&self, limit: Option<Duration>, call: impl FnOnce()) {
        let (Some(limit), Some(stop)) = (limit, self.stop) else { return call() };
        // SAFETY: the flag lives in the loaded object, which `self` keeps.
        let stop = unsafe { &*stop };
        stop.store(0, Ordering::Relaxed);
        let (done, wait) = std::sync::mpsc::channel::<()>();
        std::thread::scope(|scope| {
            scope.spawn(move || {
                if wait.recv_timeout(limit) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
                    stop.store(1, Ordering::Relaxed);
                }
            });
            call();
            drop(done);
        });
        stop.store(0, Ordering::Relaxed);
    }
}

/// LLVM IR of the trampolines, to be appended to the translated module.
pub(crate) fn trampolines(entries: &[Entry]) -> String {
    let mut text = String::new();
    for (index, entry) in entries.iter().enumerate() {
        let _ = write!(text, "\ndefine void @ovum_entry_{index}(ptr %args, ptr %result) {{\n");
        let mut args = Vec::new();
        for (k, param) in entry.params.iter().filter(|param| has_value(param.ty)).enumerate() {
            let _ = write!(
                text,
                "  %p{k} = getelementptr ptr, ptr %args, i64 {k}\n  %a{k} = load ptr, ptr %p{k}\n"
            );
            args.push(match param.ty {
                Type::MemRef { .. } => format!("ptr %a{k}"),
                Type::Bool => {
                    let _ = write!(
                        text,
                        "  %b{k} = load i8, ptr %a{k}\n  %v{k} = icmp ne i8 %b{k}, 0\n"
                    );
                    format!("i1 %v{k}")
                }
                ty => {
                    let _ = writeln!(text, "  %v{k} = load {}, ptr %a{k}", llvm_type(ty));
                    format!("{} %v{k}", llvm_type(ty))
                }
            });
        }
        let fields = fields(entry);
        let callee = format!("@_mlir_ciface_{}", entry.symbol);
        let _ = match fields[..] {
            [] => writeln!(text, "  call void {callee}({})", args.join(", ")),
            [Type::Bool] => write!(
                text,
                "  %r = call i1 {callee}({})\n  %byte = zext i1 %r to i8\n  \
                 store i8 %byte, ptr %result\n",
                args.join(", ")
            ),
            [ty] => {
                let ty = llvm_type(ty);
                write!(
                    text,
                    "  %r = call {ty} {callee}({})\n  store {ty} %r, ptr %result\n",
                    args.join(", ")
                )
            }
            _ => {
                args.insert(0, "ptr %result".to_owned());
                writeln!(text, "  call void {callee}({})", args.join(", "))
            }
        };
        text.push_str("  ret void\n}\n");
    }
    text
}

/// The types of the status, if there is one, and of the results that exist at run time.
fn fields(entry: &Entry) -> Vec<Type> {
    let status = entry.status.then_some(Type::I32);
    status.into_iter().chain(entry.results.iter().copied().filter(|ty| has_value(*ty))).collect()
}

fn llvm_type(ty: Type) -> &'static str {
    match ty {
        Type::F64 => "double",
        Type::F32 => "float",
        Type::I64 => "i64",
        Type::I32 | Type::Ctl(_) => "i32",
        Type::Bool => "i1",
        Type::MemRef { .. } | Type::Unit | Type::Io | Type::Mem(_) => "ptr",
    }
}

/// Whether the arguments fit the parameters, and the arrays their shapes.
fn check(entry: &Entry, inputs: &Inputs) -> Result<(), CallError> {
    let wrong = |message: String| Err(CallError::Arguments { message });
    if entry.params.len() != inputs.args.len() {
        return wrong(format!(
            "{} takes {} arguments, got {}",
            entry.name,
            entry.params.len(),
            inputs.args.len()
        ));
    }
    for array in &inputs.arrays {
        let product = array.shape.iter().try_fold(1_usize, |all, n| all.checked_mul(*n));
        if product != Some(array.len()) {
            return wrong("an array's shape does not fit its number of elements".to_owned());
        }
    }
    for (param, arg) in entry.params.iter().zip(&inputs.args) {
        let fits = match (param.ty, *arg) {
            (Type::MemRef { elem, rank, .. }, Arg::Array(at)) => inputs
                .arrays
                .get(at)
                .is_some_and(|a| a.elem() == elem && a.shape.len() == usize::from(rank)),
            (Type::Ctl(n), Arg::Scalar(Scalar::Ctl(value))) => value < n,
            (ty, Arg::Scalar(scalar)) => scalar.ty() == Some(ty),
            (_, Arg::Array(_)) => false,
        };
        if !fits {
            return wrong(format!("argument `{}` is not of type {}", param.name, param.ty));
        }
    }
    Ok(())
}

fn data_pointer(array: &mut Array) -> *mut c_void {
    match &mut array.data {
        Buffer::F32(data) => data.as_mut_ptr().cast(),
        Buffer::F64(data) => data.as_mut_ptr().cast(),
        Buffer::I32(data) => data.as_mut_ptr().cast(),
        Buffer::I64(data) => data.as_mut_ptr().cast(),
        // The code stores 0 or 1 only.
        Buffer::Bool(data) => data.as_mut_ptr().cast(),
    }
}

/// A row-major descriptor.
fn descriptor(data: *mut c_void, shape: &[usize]) -> Vec<u64> {
    let address = data.expose_provenance() as u64;
    let mut words = vec![address, address, 0];
    words.extend(shape.iter().map(|n| *n as u64));
    words.extend((0..shape.len()).map(|axis| shape[axis + 1..].iter().product::<usize>() as u64));
    words
}

/// The scalar in the first bytes of a word, where the trampoline loads it.
fn scalar_bits(scalar: Scalar) -> u64 {
    let mut bytes = [0; 8];
    match scalar {
        Scalar::F32(x) => bytes[..4].copy_from_slice(&x.to_ne_bytes()),
        Scalar::F64(x) => bytes = x.to_ne_bytes(),
        Scalar::I32(x) => bytes[..4].copy_from_slice(&x.to_ne_bytes()),
        Scalar::I64(x) => bytes = x.to_ne_bytes(),
        Scalar::Bool(x) => bytes[0] = u8::from(x),
        Scalar::Ctl(x) => bytes[..4].copy_from_slice(&x.to_ne_bytes()),
        Scalar::Unit => {}
    }
    u64::from_ne_bytes(bytes)
}

/// Reads the result struct: fields in order, each aligned to its size.
fn read_results(entry: &Entry, bytes: &[u8]) -> Result<Result<Vec<Scalar>, Raised>, CallError> {
    let mut at = 0;
    let mut field = |ty: Type| {
        let size = scalar_bytes(ty);
        at = usize::next_multiple_of(at, size.max(1));
        let mut word = [0; 8];
        word[..size].copy_from_slice(&bytes[at..at + size]);
        at += size;
        word
    };
    if entry.status {
        let word = field(Type::I32);
        let status = i32::from_ne_bytes([word[0], word[1], word[2], word[3]]);
        if status != 0 {
            return raised(entry, status).map(Err);
        }
    }
    let four = |word: [u8; 8]| [word[0], word[1], word[2], word[3]];
    let scalars = entry
        .results
        .iter()
        .map(|ty| {
            let word = field(*ty);
            match ty {
                Type::F64 => Scalar::F64(f64::from_ne_bytes(word)),
                Type::F32 => Scalar::F32(f32::from_ne_bytes(four(word))),
                Type::I64 => Scalar::I64(i64::from_ne_bytes(word)),
                Type::I32 => Scalar::I32(i32::from_ne_bytes(four(word))),
                Type::Ctl(_) => Scalar::Ctl(u32::from_ne_bytes(four(word))),
                Type::Bool => Scalar::Bool(word[0] & 1 != 0),
                Type::Unit | Type::Io | Type::Mem(_) | Type::MemRef { .. } => Scalar::Unit,
            }
        })
        .collect();
    Ok(Ok(scalars))
}

fn raised(entry: &Entry, status: i32) -> Result<Raised, CallError> {
    let kind = status_kind(status).ok_or(CallError::Status(status))?;
    let site = status_site(status).and_then(|site| entry.sites.get(site));
    Ok(match site {
        Some(site) => Raised { kind, message: site.message.clone(), span: site.span },
        None => Raised { kind, message: "".into(), span: Span::NONE },
    })
}
