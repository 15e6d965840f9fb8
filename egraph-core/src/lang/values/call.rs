//! Calling primitives: three ways, according to what the caller allows them to do.
//!
//! [`Values::call`] is for primitives that need nothing but values, [`Values::call_with`] for
//! those that apply functions or change the database, [`Values::call_frozen`] for search on
//! several threads, where no new value may be made.

use num_bigint::BigInt;
use num_rational::BigRational;

use super::prim::{Entry, Params, PrimId, Primitives};
use super::sort::Sort;
use super::store::{Target, Values, encode_small};
use super::user::User;
use super::{UNIT, Value};

/// What runs a primitive. `None` means that it fails: a query has no match, an action is in error.
pub(super) type Code = fn(&mut Call<'_>, &[Value]) -> Option<Value>;

/// What primitives that apply functions, or change the database, ask of the caller. Functions are
/// named by the number in their [`Target::Table`].
///
/// Every method may refuse with `None`, which fails the primitive; all refuse unless overridden.
pub trait Host {
    /// Applies a function, or makes a node of a constructor, as an action would.
    fn apply(&mut self, function: u32, arguments: &[Value]) -> Option<Value> {
        let _ = (function, arguments);
        None
    }

    /// What the database holds for these arguments, if anything.
    fn lookup(&mut self, function: u32, arguments: &[Value]) -> Option<Value> {
        let _ = (function, arguments);
        None
    }

    /// Sets the function's value for these arguments.
    fn set(&mut self, function: u32, arguments: &[Value], value: Value) -> Option<()> {
        let _ = (function, arguments, value);
        None
    }

    /// Deletes what the database holds for these arguments, if anything.
    fn delete(&mut self, function: u32, arguments: &[Value]) -> Option<()> {
        let _ = (function, arguments);
        None
    }

    /// Makes two classes of a sort equal.
    fn union(&mut self, sort: Sort, a: Value, b: Value) -> Option<()> {
        let _ = (sort, a, b);
        None
    }
}

/// The host of primitives that need none.
struct NoHost;

impl Host for NoHost {}

/// A call has to be made again where new values may be made, or functions applied.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Deferred;

/// One call: what the code of a primitive works with.
pub(super) struct Call<'a> {
    pub(super) values: &'a Values,
    primitives: &'a Primitives,
    entry: &'a Entry,
    host: &'a mut dyn Host,
    /// Whether contents may be looked up but not added.
    frozen: bool,
    /// Whether a content was not there and could not be added.
    missed: bool,
}

impl Values {
    /// Runs a primitive on arguments of its parameters' sorts. `None` means that it fails: no match
    /// in a query, an error in an action. Primitives that need a [`Host`] fail.
    pub fn call(&self, primitives: &Primitives, prim: PrimId, args: &[Value]) -> Option<Value> {
        self.call_with(primitives, prim, args, &mut NoHost)
    }

    /// Runs a primitive that may apply functions and change the database through `host`.
    pub fn call_with(
        &self,
        primitives: &Primitives,
        prim: PrimId,
        args: &[Value],
        host: &mut dyn Host,
    ) -> Option<Value> {
        let entry = primitives.entry(prim);
        let mut call = Call { values: self, primitives, entry, host, frozen: false, missed: false };
        (entry.code)(&mut call, args)
    }

    /// Runs a primitive without making values, so that the values made by a program do not depend
    /// on the number of threads that search.
    ///
    /// # Errors
    /// When the result is a new value, or a [`Host`] is needed: the call has to be made again by
    /// [`Values::call`] or [`Values::call_with`], in an order that does not depend on threads.
    pub fn call_frozen(
        &self,
        primitives: &Primitives,
        prim: PrimId,
        args: &[Value],
    ) -> Result<Option<Value>, Deferred> {
        let entry = primitives.entry(prim);
        if entry.sig.needs_host() {
            return Err(Deferred);
        }
        let mut call = Call {
            values: self,
            primitives,
            entry,
            host: &mut NoHost,
            frozen: true,
            missed: false,
        };
        let result = (entry.code)(&mut call, args);
        if call.missed { Err(Deferred) } else { Ok(result) }
    }

    /// Applies a function value to the arguments that it lacks.
    pub fn apply(
        &self,
        primitives: &Primitives,
        sort: Sort,
        function: Value,
        args: &[Value],
        host: &mut dyn Host,
    ) -> Option<Value> {
        let content = self.content(sort, function);
        let (&target, given) = content.split_first()?;
        let all: smallvec::SmallVec<[Value; 8]> = given.iter().chain(args).copied().collect();
        match self.target(target).function {
            Target::Table(function) => host.apply(function, &all),
            Target::Prim(prim) => self.call_with(primitives, prim, &all, host),
        }
    }
}

/// Values for results. All give `None` when the value is new and none may be made.
impl<'a> Call<'a> {
    /// The content of a container of the primitive's own sort.
    pub(super) fn content(&self, container: Value) -> &'a [Value] {
        self.values.content(self.entry.sorts[0], container)
    }

    /// One of the sorts that belong to the primitive.
    pub(super) fn sort(&self, position: usize) -> Sort {
        self.entry.sorts[position]
    }

    /// The closure of a primitive of the embedding program.
    pub(super) fn user(&self) -> Option<&'a User> {
        self.entry.user.as_ref()
    }

    /// What the primitive takes.
    pub(super) fn params(&self) -> &'a Params {
        &self.entry.sig.params
    }

    pub(super) fn apply(&mut self, sort: Sort, function: Value, args: &[Value]) -> Option<Value> {
        self.values.apply(self.primitives, sort, function, args, self.host)
    }

    pub(super) fn host(&mut self) -> &mut dyn Host {
        self.host
    }

    fn make(&mut self, found: impl FnOnce(&Values, bool) -> Option<Value>) -> Option<Value> {
        let value = found(self.values, self.frozen);
        self.missed |= value.is_none();
        value
    }

    #[inline]
    pub(super) fn i64(&mut self, n: i64) -> Option<Value> {
        if let Some(value) = encode_small(n) {
            return Some(value);
        }
        self.make(|values, frozen| if frozen { values.find_i64(n) } else { Some(values.i64(n)) })
    }

    pub(super) fn f64(&mut self, x: f64) -> Option<Value> {
        self.make(|values, frozen| if frozen { values.find_f64(x) } else { Some(values.f64(x)) })
    }

    pub(super) fn string(&mut self, text: &str) -> Option<Value> {
        self.make(
            |values, frozen| {
                if frozen { values.find_string(text) } else { Some(values.string(text)) }
            },
        )
    }

    pub(super) fn bigint(&mut self, n: &BigInt) -> Option<Value> {
        self.make(
            |values, frozen| {
                if frozen { values.find_bigint(n) } else { Some(values.bigint(n)) }
            },
        )
    }

    pub(super) fn bigrat(&mut self, q: &BigRational) -> Option<Value> {
        self.make(
            |values, frozen| {
                if frozen { values.find_bigrat(q) } else { Some(values.bigrat(q)) }
            },
        )
    }

    pub(super) fn container(&mut self, sort: Sort, content: &[Value]) -> Option<Value> {
        self.make(|values, frozen| {
            if frozen {
                values.find_content(sort, content)
            } else {
                Some(values.intern_content(sort, content))
            }
        })
    }
}

/// Success or failure of a primitive that says no more than that.
pub(super) fn holds(condition: bool) -> Option<Value> {
    condition.then_some(UNIT)
}
