//! A function of scalars compiled into a loop over the elements of arrays.
//!
//! The code is one function of the C calling convention, made to be the inner loop of a NumPy
//! *ufunc*:
//!
//! ```text
//! i32 entry(u8 *const *pointers, i64 count, const i64 *steps, Context *context)
//! ```
//!
//! `pointers` has the address of the first element of each input, then of each output; `steps` the
//! distance in bytes from one element to the next, which may be 0 or negative. Elements are aligned
//! to their size; an output may be an input with the same step. The status is that of
//! [`crate::abi`]: the loop ends at the first element that raises, the outputs before it stored.

use crate::abi::{Context, Site};
use crate::code::Code;
use crate::lower::Output;
use rvsdg::{Elem, Function, Raised};
use std::sync::Arc;

type Entry = unsafe extern "C" fn(*const *mut u8, i64, *const isize, *mut Context<'_>) -> i32;

/// A compiled loop. Clones share the machine code, which is unmapped with the last of them; threads
/// may run it at the same time.
#[derive(Clone)]
pub struct CompiledLoop(Arc<Shared>);

struct Shared {
    inputs: Vec<Elem>,
    outputs: Vec<Elem>,
    sites: Vec<Site>,
    /// The stub through which loops look at the limits: the code holds its address.
    _poll: Option<Arc<Code>>,
    code: Code,
}

/// The element types of a function's parameters and results; none if one of them is no scalar.
pub(crate) fn elements(f: &Function) -> Option<(Vec<Elem>, Vec<Elem>)> {
    let inputs = f.params.iter().map(|param| param.ty.elem()).collect::<Option<_>>()?;
    let outputs: Vec<Elem> =
        f.result_types().into_iter().map(rvsdg::Type::elem).collect::<Option<_>>()?;
    (!outputs.is_empty()).then_some((inputs, outputs))
}

impl CompiledLoop {
    pub(crate) fn new(
        (inputs, outputs): (Vec<Elem>, Vec<Elem>),
        code: Code,
        lowered: Output,
        poll: Option<Arc<Code>>,
    ) -> CompiledLoop {
        CompiledLoop(Arc::new(Shared { inputs, outputs, sites: lowered.sites, _poll: poll, code }))
    }

    /// Element types of the inputs.
    pub fn inputs(&self) -> &[Elem] {
        &self.0.inputs
    }

    /// Element types of the outputs.
    pub fn outputs(&self) -> &[Elem] {
        &self.0.outputs
    }

    /// Runs the loop over `count` elements.
    ///
    /// # Errors
    /// The exception that an element raised; the outputs of the elements before it are stored.
    ///
    /// # Safety
    /// * `pointers` and `steps` have an entry per input and output, as the module's documentation
    ///   says, and every element that they lead to is aligned, readable, and for outputs writable.
    /// * An output overlaps no input, unless both have the same pointer and step; nothing else uses
    ///   the outputs during the call.
    /// * The function keeps the promises of its partial operations (see
    ///   [`crate::Compiler::compile`]).
    #[expect(unsafe_code, reason = "the caller vouches for addresses")]
    pub unsafe fn run(
        &self,
        pointers: *const *mut u8,
        count: usize,
        steps: *const isize,
        context: &mut Context<'_>,
    ) -> Result<(), Raised> {
        // SAFETY: the code's entry has this type and lives as long as `self`. An array has fewer
        // elements than an i64 can count.
        let status = unsafe {
            let entry = std::mem::transmute::<*const u8, Entry>(self.0.code.entry());
            entry(pointers, count as i64, steps, std::ptr::from_mut(context))
        };
        if status == 0 {
            return Ok(());
        }
        Err(self.0.sites[context.site as usize].raised(status, context))
    }
}
