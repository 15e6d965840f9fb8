//! A compiled function as something to call.

use crate::abi::{Context, Limits, Site};
use crate::code::Code;
use crate::error::CallError;
use crate::lower::{Output, Repeats};
use crate::marshal::Frame;
use rvsdg::{Answer, Function, Inputs, Raised, Type};
use std::sync::Arc;
use std::time::Instant;

type Entry = unsafe extern "C" fn(*const u64, *mut u64, *mut Context<'_>) -> i32;

/// A compiled function. Clones share the machine code, which is unmapped with the last of them;
/// the [`crate::Compiler`] need not outlive it. Threads may call it at the same time.
#[derive(Clone)]
pub struct Compiled(Arc<Shared>);

struct Shared {
    params: Vec<Type>,
    results: Vec<Type>,
    sites: Vec<Site>,
    has_loops: bool,
    /// The stub through which loops look at the limits: the code holds its address.
    poll: Option<Arc<Code>>,
    code: Code,
}

impl Compiled {
    pub(crate) fn new(
        f: &Function,
        code: Code,
        lowered: Output,
        poll: Option<Arc<Code>>,
    ) -> Compiled {
        let params = f.params.iter().map(|param| param.ty).collect();
        let results = f.result_types();
        let Output { sites, repeats, .. } = lowered;
        let has_loops = repeats != Repeats::Nothing;
        Compiled(Arc::new(Shared { params, results, sites, has_loops, poll, code }))
    }

    /// Types of the parameters.
    pub fn params(&self) -> &[Type] {
        &self.0.params
    }

    /// Types of the results.
    pub fn results(&self) -> &[Type] {
        &self.0.results
    }

    /// The places that can raise, by the number that the context holds after a raise.
    pub fn sites(&self) -> &[Site] {
        &self.0.sites
    }

    /// Calls the function on copies of the arrays; an array that is passed twice is one copy.
    ///
    /// After the `deadline` the answer is [`rvsdg::ExcKind::TimeLimit`].
    ///
    /// # Errors
    /// If the arguments do not fit the parameters, or a deadline is given and the code does not
    /// look at it. Exceptions are in the answer.
    pub fn call(&self, inputs: &Inputs, deadline: Option<Instant>) -> Result<Answer, CallError> {
        self.call_within(inputs, Limits { deadline, cancel: None })
    }

    /// [`Compiled::call`] with any [`Limits`].
    ///
    /// # Errors
    /// As [`Compiled::call`].
    pub fn call_within(&self, inputs: &Inputs, limits: Limits<'_>) -> Result<Answer, CallError> {
        if self.0.has_loops && self.0.poll.is_none() && !limits.is_none() {
            return Err(CallError::CannotStop);
        }
        let mut frame = Frame::new(&self.0.params, inputs)?;
        let mut results = vec![0; self.0.results.len()];
        let mut context = Context::new(limits);
        // SAFETY: the frame has a slot of the right type per parameter and keeps the arrays alive;
        // arrays of different alias groups are different copies; `results` is memory of its own.
        #[expect(unsafe_code, reason = "machine code is called here")]
        let outcome = unsafe {
            let (args, results) = (frame.slots(), results.as_mut_ptr());
            self.call_raw(args, results, &mut context)
        };
        Ok(frame.into_answer(outcome, &self.0.results, &results))
    }

    /// Calls the function on the caller's memory.
    ///
    /// # Errors
    /// The exception that the function raised; arrays keep what was stored before.
    ///
    /// # Safety
    /// * `args` points to a slot per parameter as [`crate::abi`] lays them out, whose arrays are
    ///   readable and writable, aligned, as long as their extents say, and not used by anything
    ///   else during the call.
    /// * Arrays for parameters of different alias groups do not overlap.
    /// * `results` points to writable memory of a slot per result that overlaps nothing else.
    /// * The function keeps the promises of its partial operations (see
    ///   [`crate::Compiler::compile`]).
    #[expect(unsafe_code, reason = "the caller vouches for addresses")]
    #[inline(never)] // A function of its own is one that a profiler can tell from its caller.
    pub unsafe fn call_raw(
        &self,
        args: *const u64,
        results: *mut u64,
        context: &mut Context<'_>,
    ) -> Result<(), Raised> {
        // SAFETY: the code's entry has this type and lives as long as `self`.
        let status = unsafe {
            let entry = std::mem::transmute::<*const u8, Entry>(self.entry_address());
            entry(args, results, std::ptr::from_mut(context))
        };
        match self.raised(status, context) {
            None => Ok(()),
            Some(raised) => Err(raised),
        }
    }

    /// The exception behind a status that the entry returned; none if it succeeded.
    pub fn raised(&self, status: i32, context: &Context<'_>) -> Option<Raised> {
        (status != 0).then(|| self.0.sites[context.site as usize].raised(status, context))
    }

    /// Address of the entry ([`crate::abi`]), valid while a clone of this handle lives.
    pub fn entry_address(&self) -> *const u8 {
        self.0.code.entry()
    }
}
