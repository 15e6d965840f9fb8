//! Primitives: built-in functions on values, their signatures and their code.
//!
//! A name has several overloads, one per combination of sorts; the type checker picks one, and
//! from then on the primitive is a number whose code is one indirect call away.

use std::fmt;
use std::sync::Arc;

use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;
use smallvec::SmallVec;

use super::call::Code;
use super::sort::Sort;
use super::user::User;
use super::{code, container};

/// A primitive: one overload of one name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PrimId(u32);

impl PrimId {
    /// The number of this primitive: they are numbered in the order in which they were declared.
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// The primitive of this number.
    pub(crate) const fn from_index(index: u32) -> Self {
        Self(index)
    }
}

impl fmt::Debug for PrimId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "p{}", self.0)
    }
}

/// What a primitive takes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Params {
    /// These sorts.
    Fixed(SmallVec<[Sort; 4]>),
    /// Any number of arguments of this sort, none included.
    Variadic(Sort),
    /// This many arguments, all of one sort, whichever it is.
    AllSame(usize),
    /// Arguments of two sorts by turns, none included: `map-of`.
    Alternating(Sort, Sort),
    /// `unstable-fn`: a function's name followed by its first arguments. The name is a string
    /// literal in the program; the call gets the value of [`Sort::FN_TARGET`] that stands for the
    /// function it resolves to.
    Target,
}

/// What a primitive returns.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PrimResult {
    /// This sort.
    Fixed(Sort),
    /// The sort that the arguments of [`Params::AllSame`] have in common.
    SameAsArgs,
}

/// Where a primitive may be used.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Context {
    /// Everywhere: the result depends on the arguments only (and on the functions applied, for
    /// primitives that take functions).
    Pure,
    /// In actions: it changes the database.
    Write,
    /// In actions of `:naive` rules and at top level: it reads the database and changes it.
    Full,
}

/// How often a primitive needs a content that may be new.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Interns {
    /// Never: the result is an argument, part of an argument, a truth value or a small integer.
    Never,
    /// Only for integers outside of `-2^30..2^30`.
    Rarely,
    /// As a rule.
    Always,
}

/// The signature of a primitive.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PrimSig {
    /// The name, which overloads share.
    pub name: &'static str,
    /// What it takes.
    pub params: Params,
    /// What it returns.
    pub result: PrimResult,
    /// Where it may be used.
    pub context: Context,
    /// Whether it makes values.
    pub interns: Interns,
    /// Whether it applies functions that it is given, so that it needs a [`Host`](super::Host).
    pub higher_order: bool,
}

impl PrimSig {
    /// Whether the primitive makes no value and changes nothing, so that threads may share it
    /// without the order of calls being seen. See also [`Values::call_frozen`](super::Values).
    pub fn reads_only(&self) -> bool {
        self.interns == Interns::Never && !self.needs_host()
    }

    /// Whether a call needs a [`Host`](super::Host), being more than a function of its arguments.
    pub fn needs_host(&self) -> bool {
        self.higher_order || self.context != Context::Pure
    }
}

/// A primitive as it is stored: what the type checker reads, and what a call needs.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) sig: PrimSig,
    pub(super) code: Code,
    /// The sorts that the code needs; their meaning depends on the code.
    pub(super) sorts: [Sort; 3],
    /// The closure that the code runs, if it is the embedding program's.
    pub(super) user: Option<User>,
}

/// Primitives of one name.
type Overloads = SmallVec<[PrimId; 4]>;

/// Primitives of the built-in sorts, about; half as many names.
const BUILT_IN: usize = 128;

/// The primitives of a program. A clone shares everything until it is extended.
#[derive(Clone, Debug)]
pub struct Primitives {
    entries: Arc<Vec<Entry>>,
    by_name: Arc<HashMap<&'static str, Overloads, FxBuildHasher>>,
}

impl Default for Primitives {
    fn default() -> Self {
        Self::new()
    }
}

impl Primitives {
    /// The primitives of the built-in sorts.
    pub fn new() -> Self {
        let entries = Vec::with_capacity(BUILT_IN);
        let by_name = HashMap::with_capacity_and_hasher(BUILT_IN / 2, FxBuildHasher);
        let mut primitives = Self { entries: Arc::new(entries), by_name: Arc::new(by_name) };
        code::declare(&mut primitives);
        primitives
    }

    /// Whether both have the same declarations, being clones of one another.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.entries, &other.entries)
    }

    /// Declares the primitives of a container sort that was just declared.
    pub fn add_container(&mut self, sorts: &super::Sorts, sort: Sort) {
        container::declare(self, sorts, sort);
    }

    pub(super) fn add(&mut self, entry: Entry) -> PrimId {
        let id = PrimId(u32::try_from(self.entries.len()).expect("fewer than 2^32 primitives"));
        Arc::make_mut(&mut self.by_name).entry(entry.sig.name).or_default().push(id);
        Arc::make_mut(&mut self.entries).push(entry);
        id
    }

    /// The overloads of a name, in the order in which they were declared; none if the name is no
    /// primitive's.
    pub fn overloads(&self, name: &str) -> &[PrimId] {
        self.by_name.get(name).map_or(&[], SmallVec::as_slice)
    }

    /// Whether a program may not call its own functions so: it is a primitive, or would be one of
    /// a container sort.
    pub fn is_reserved(&self, name: &str) -> bool {
        self.by_name.contains_key(name) || container::is_primitive(name)
    }

    /// The signature of a primitive.
    pub fn sig(&self, prim: PrimId) -> &PrimSig {
        &self.entries[prim.index()].sig
    }

    /// All primitives in the order in which they were declared.
    pub fn all(&self) -> impl Iterator<Item = PrimId> + use<> {
        (0..self.entries.len() as u32).map(PrimId)
    }

    pub(super) fn entry(&self, prim: PrimId) -> &Entry {
        &self.entries[prim.index()]
    }
}
