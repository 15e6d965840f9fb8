//! The binary interface between compiled code and its callers.
//!
//! Compiled code is one function of the C calling convention:
//!
//! ```text
//! i32 entry(const u64 *args, u64 *results, Context *context)
//! ```
//!
//! * `args` has one 8-byte slot per parameter. A scalar lies in the low bytes: `f64` and `i64` take
//!   all of them, `f32` and `i32` the low four, `bool` is a byte 0 or 1. An array is the address of
//!   an [`ArrayDescriptor`].
//! * `results` has one slot per result, written only on success: `i32` is sign-extended, `bool` and
//!   the bits of `f32` are zero-extended, `None` is 0. It must not overlap `args` or any array.
//! * The returned status is 0, or [`ExcKind::code`] of the exception, of which
//!   [`crate::Compiled::raised`] then tells message and place from the context.
//!
//! Byte order and sizes are the host's, pointers have 64 bits.

use rvsdg::{ExcKind, Raised, Span};
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// An array as compiled code sees it: elements of the parameter's type, row by row without gaps,
/// aligned to the size of one element, truth values as bytes 0 or 1.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct ArrayDescriptor {
    /// Address of the first element; any aligned address if there is none.
    pub data: *mut u8,
    /// Extents, not negative; the second is not read for a one-dimensional array.
    pub extents: [i64; 2],
}

/// When to stop a call from outside. Loops look at it every few thousand operations.
#[derive(Clone, Copy, Debug, Default)]
pub struct Limits<'a> {
    /// The time at which the call ends with [`ExcKind::TimeLimit`].
    pub deadline: Option<Instant>,
    /// Ends the call likewise once it is true.
    pub cancel: Option<&'a AtomicBool>,
}

impl Limits<'_> {
    /// Whether nothing stops the call.
    pub fn is_none(&self) -> bool {
        self.deadline.is_none() && self.cancel.is_none()
    }

    pub(crate) fn reached(&self) -> bool {
        self.cancel.is_some_and(|flag| flag.load(Ordering::Relaxed))
            || self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }
}

/// State of one call, shared between compiled code and the functions that it calls.
#[repr(C)]
#[derive(Debug)]
pub struct Context<'a> {
    /// Where the exception was raised: a position in [`crate::Compiled::sites`].
    pub(crate) site: u32,
    /// Not 0 once a time limit was seen.
    pub(crate) stop: u32,
    /// Calls of functions that call themselves, around the present one.
    pub(crate) depth: u32,
    /// Such calls so far, to look at the limits now and then.
    pub(crate) calls: u32,
    /// Message of the exception that a called function raised.
    pub(crate) call_message: &'static str,
    pub(crate) limits: Limits<'a>,
    /// Compiled code holds the context by address, on one thread.
    not_shared: PhantomData<*mut ()>,
}

impl<'a> Context<'a> {
    /// The state before a call.
    pub fn new(limits: Limits<'a>) -> Context<'a> {
        Context {
            site: 0,
            stop: 0,
            depth: 0,
            calls: 0,
            call_message: "",
            limits,
            not_shared: PhantomData,
        }
    }
}

/// A place in a function that can raise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// The exception's class; for a call of Python's, one of those it can raise.
    pub kind: ExcKind,
    /// The message; none if the called function chooses it.
    pub message: Option<Arc<str>>,
    /// Where in the source.
    pub span: Span,
}

impl Site {
    /// The exception that a call with this status raised here.
    pub(crate) fn raised(&self, status: i32, context: &Context<'_>) -> Raised {
        Raised {
            kind: ExcKind::from_code(status).unwrap_or(self.kind),
            message: self.message.clone().unwrap_or_else(|| context.call_message.into()),
            span: self.span,
        }
    }
}
