//! Sorts, interned values and primitives of the egglog language.
//!
//! A value is 32 bits whose meaning depends on its sort: a class id for the sorts that a program
//! declares with `sort` or `datatype`, else a number that [`Values`] made for some content. Equal
//! contents have equal values, so that equality of values never looks at contents.
//!
//! - [`Sorts`] names the sorts of a program and says what each is made of.
//! - [`Values`] holds the contents. It only grows: a value stays valid for ever.
//! - [`Primitives`] holds the signatures and the code of the built-in functions; a container sort
//!   brings its own overloads.
//!
//! # Differences from egglog 3.0
//! - `0.0` and `-0.0` are different values, though neither is less than the other.
//! - What would make more than 2^24 bits or elements out of a few small arguments fails: `<<` of
//!   big integers, `pow`, `vec-range`, `multiset-single`, and sums of multisets.
//! - `cbrt` of a fraction is exact or fails, `log` of a fraction other than 1 fails; egglog panics.
//! - Floats are always written with a point, large ones included.

mod call;
mod chunks;
mod code;
mod container;
mod intern;
mod prim;
mod rebuild;
mod sort;
mod store;
mod term;
mod user;

pub use call::{Deferred, Host};
pub use prim::{Context, Interns, Params, PrimId, PrimResult, PrimSig, Primitives};
pub use rebuild::Rebuilt;
pub use sort::{Sort, SortError, SortKind, Sorts};
pub use store::{FnTarget, Target, Values};
pub use term::{ArgOrder, Reconstruction};
pub use user::{Datum, UserCode};

/// A value: a class id or the number of an interned content, depending on the sort.
pub type Value = u32;

/// The only value of the sort `Unit`.
pub const UNIT: Value = 0;

#[cfg(test)]
mod tests;
