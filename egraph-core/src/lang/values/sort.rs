//! The sorts of a program: built-in ones, sorts of e-classes, and containers of other sorts.
//!
//! A sort is declared once and never changes; a container can only name sorts declared before it.
//! [`Sorts`] is a persistent value: a clone costs nothing until one of the two is extended, which
//! is how `push` and `fail` keep the sorts of an outer scope. Clones draw numbers from one counter,
//! so that a number never means two sorts: what was interned for a sort of an inner scope that is
//! gone is never taken for something else.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;

/// A sort of a program. The built-in sorts are constants.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sort(u32);

impl Sort {
    /// The sort of things that hold or do not hold.
    pub const UNIT: Self = Self(0);
    /// `true` and `false`.
    pub const BOOL: Self = Self(1);
    /// 64-bit integers.
    pub const I64: Self = Self(2);
    /// 64-bit floating-point numbers.
    pub const F64: Self = Self(3);
    /// Text.
    pub const STRING: Self = Self(4);
    /// Integers of any size.
    pub const BIG_INT: Self = Self(5);
    /// Fractions of integers of any size.
    pub const BIG_RAT: Self = Self(6);
    /// What `unstable-fn` takes in place of a function's name once the name is resolved: see
    /// [`FnTarget`](super::FnTarget). A program cannot name this sort.
    pub const FN_TARGET: Self = Self(7);

    /// The number of this sort: sorts are numbered in the order in which they are declared.
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// The sort of this number.
    pub(crate) const fn from_index(index: u32) -> Self {
        Self(index)
    }
}

impl fmt::Debug for Sort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s{}", self.0)
    }
}

/// What a sort is.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum SortKind {
    /// `Unit`
    Unit,
    /// `bool`
    Bool,
    /// `i64`
    I64,
    /// `f64`
    F64,
    /// `String`
    String,
    /// `BigInt`
    BigInt,
    /// `BigRat`
    BigRat,
    /// The sort of resolved function names, [`Sort::FN_TARGET`].
    FnTarget,
    /// A sort of e-classes that the program declares.
    Eq,
    /// A sequence of elements.
    Vec(Sort),
    /// Elements without order or repetition.
    Set(Sort),
    /// One value for each of some keys: keys, values.
    Map(Sort, Sort),
    /// Elements with repetition but without order.
    MultiSet(Sort),
    /// Two values.
    Pair(Sort, Sort),
    /// A function with some of its arguments given: what is still to be given, and the result.
    Fn {
        /// Sorts of the arguments that are still to be given.
        inputs: Vec<Sort>,
        /// Sort of the result.
        output: Sort,
    },
}

impl SortKind {
    /// The name under which `(sort NAME (PRESORT …))` asks for this kind, if it is a container's.
    pub fn presort(&self) -> Option<&'static str> {
        match self {
            Self::Vec(_) => Some("Vec"),
            Self::Set(_) => Some("Set"),
            Self::Map(..) => Some("Map"),
            Self::MultiSet(_) => Some("MultiSet"),
            Self::Pair(..) => Some("Pair"),
            Self::Fn { .. } => Some("UnstableFn"),
            _ => None,
        }
    }

    /// The sorts that this kind is made of. The arguments that a function already has are not
    /// among them: their sorts differ from value to value.
    pub fn inner(&self) -> Vec<Sort> {
        match self {
            Self::Vec(a) | Self::Set(a) | Self::MultiSet(a) => vec![*a],
            Self::Map(a, b) | Self::Pair(a, b) => vec![*a, *b],
            Self::Fn { inputs, output } => {
                inputs.iter().copied().chain(std::iter::once(*output)).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// Why a sort could not be declared.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SortError {
    /// There is a sort of this name.
    Exists(String),
    /// There is no container of this name.
    UnknownPresort(String),
    /// The container takes another number of sorts.
    Arguments {
        /// The container's name.
        presort: String,
        /// How many sorts it takes.
        expected: usize,
        /// How many were given.
        given: usize,
    },
}

impl fmt::Display for SortError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exists(name) => write!(f, "the sort {name} is declared already"),
            Self::UnknownPresort(name) => write!(
                f,
                "no container is called {name}: there are Vec, Set, Map, MultiSet, Pair, UnstableFn"
            ),
            Self::Arguments { presort, expected, given } => {
                write!(f, "{presort} takes {expected} sorts, not {given}")
            }
        }
    }
}

impl std::error::Error for SortError {}

#[derive(Clone, Debug)]
struct Declared {
    name: Arc<str>,
    kind: SortKind,
    /// Whether values of this sort mention classes: themselves, or through what they hold.
    mentions_classes: bool,
}

/// The sorts of a program, by name and by number. A clone shares everything until it is extended.
#[derive(Clone, Debug)]
pub struct Sorts {
    /// By number; absent are the sorts of other scopes.
    declared: Arc<Vec<Option<Declared>>>,
    next: Arc<AtomicU32>,
    by_name: Arc<HashMap<Arc<str>, Sort, FxBuildHasher>>,
}

impl Default for Sorts {
    fn default() -> Self {
        Self::new()
    }
}

impl Sorts {
    /// Whether both have the same declarations, being clones of one another.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.declared, &other.declared) && Arc::ptr_eq(&self.by_name, &other.by_name)
    }

    /// The built-in sorts.
    pub fn new() -> Self {
        let mut sorts =
            Self { declared: Arc::default(), next: Arc::default(), by_name: Arc::default() };
        let builtin = [
            ("Unit", SortKind::Unit),
            ("bool", SortKind::Bool),
            ("i64", SortKind::I64),
            ("f64", SortKind::F64),
            ("String", SortKind::String),
            ("BigInt", SortKind::BigInt),
            ("BigRat", SortKind::BigRat),
            // A space cannot stand in an identifier.
            ("a function's name", SortKind::FnTarget),
        ];
        for (name, kind) in builtin {
            sorts.declare(name, kind).expect("built-in sorts have different names");
        }
        sorts
    }

    /// Declares a sort of e-classes.
    ///
    /// # Errors
    /// When there is a sort of this name.
    pub fn declare_eq(&mut self, name: &str) -> Result<Sort, SortError> {
        self.declare(name, SortKind::Eq)
    }

    /// Declares a container sort: `presort` is `Vec`, `Set`, `Map`, `MultiSet`, `Pair` or
    /// `UnstableFn`, whose arguments are the inputs followed by the output. Its primitives are
    /// declared apart, by [`Primitives::add_container`](super::Primitives::add_container).
    ///
    /// # Errors
    /// When there is a sort of this name, or no such container, or it takes another number of
    /// sorts.
    pub fn declare_container(
        &mut self,
        name: &str,
        presort: &str,
        arguments: &[Sort],
    ) -> Result<Sort, SortError> {
        let kind = match (presort, arguments) {
            ("Vec", &[element]) => SortKind::Vec(element),
            ("Set", &[element]) => SortKind::Set(element),
            ("MultiSet", &[element]) => SortKind::MultiSet(element),
            ("Map", &[key, value]) => SortKind::Map(key, value),
            ("Pair", &[first, second]) => SortKind::Pair(first, second),
            ("UnstableFn", [inputs @ .., output]) => {
                SortKind::Fn { inputs: inputs.to_vec(), output: *output }
            }
            _ => {
                let expected = match presort {
                    "Vec" | "Set" | "MultiSet" | "UnstableFn" => 1,
                    "Map" | "Pair" => 2,
                    _ => return Err(SortError::UnknownPresort(presort.to_owned())),
                };
                let presort = presort.to_owned();
                return Err(SortError::Arguments { presort, expected, given: arguments.len() });
            }
        };
        self.declare(name, kind)
    }

    fn declare(&mut self, name: &str, kind: SortKind) -> Result<Sort, SortError> {
        if self.by_name.contains_key(name) {
            return Err(SortError::Exists(name.to_owned()));
        }
        let mentions_classes = match &kind {
            // The arguments that a function already has may be of any sort.
            SortKind::Eq | SortKind::Fn { .. } => true,
            other => other.inner().into_iter().any(|inner| self.mentions_classes(inner)),
        };
        let sort = Sort(self.next.fetch_add(1, Ordering::Relaxed));
        let name: Arc<str> = name.into();
        Arc::make_mut(&mut self.by_name).insert(Arc::clone(&name), sort);
        let declared = Arc::make_mut(&mut self.declared);
        declared.resize(sort.index(), None);
        declared.push(Some(Declared { name, kind, mentions_classes }));
        Ok(sort)
    }

    /// The sort of this name.
    pub fn find(&self, name: &str) -> Option<Sort> {
        self.by_name.get(name).copied()
    }

    fn declared(&self, sort: Sort) -> &Declared {
        let declared = self.declared.get(sort.index()).and_then(Option::as_ref);
        declared.expect("a sort is used in the scope that declared it")
    }

    /// Whether the sort is one of these, rather than of an inner scope that is gone.
    pub fn contains(&self, sort: Sort) -> bool {
        self.declared.get(sort.index()).is_some_and(Option::is_some)
    }

    /// The name of a sort.
    pub fn name(&self, sort: Sort) -> &str {
        &self.declared(sort).name
    }

    /// What a sort is.
    pub fn kind(&self, sort: Sort) -> &SortKind {
        &self.declared(sort).kind
    }

    /// All sorts in the order in which they were declared.
    pub fn all(&self) -> impl Iterator<Item = Sort> {
        (0..self.declared.len() as u32).map(Sort).filter(|&sort| self.contains(sort))
    }

    /// Whether the values of this sort are classes.
    pub fn is_eq(&self, sort: Sort) -> bool {
        matches!(self.kind(sort), SortKind::Eq)
    }

    /// Whether the values of this sort are made of other values.
    pub fn is_container(&self, sort: Sort) -> bool {
        self.kind(sort).presort().is_some()
    }

    /// Whether values of this sort may mention classes, so that a union can change them: classes
    /// themselves, containers of such, and functions, whose given arguments may be of any sort.
    pub fn mentions_classes(&self, sort: Sort) -> bool {
        self.declared(sort).mentions_classes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_sorts_have_their_names() {
        let sorts = Sorts::new();
        let named = [
            ("Unit", Sort::UNIT),
            ("bool", Sort::BOOL),
            ("i64", Sort::I64),
            ("f64", Sort::F64),
            ("String", Sort::STRING),
            ("BigInt", Sort::BIG_INT),
            ("BigRat", Sort::BIG_RAT),
        ];
        for (name, sort) in named {
            assert_eq!(sorts.find(name), Some(sort));
            assert_eq!(sorts.name(sort), name);
            assert!(!sorts.is_container(sort) && !sorts.mentions_classes(sort), "{name}");
        }
        assert_eq!(*sorts.kind(Sort::FN_TARGET), SortKind::FnTarget);
    }

    #[test]
    fn containers_know_whether_they_mention_classes() {
        let mut sorts = Sorts::new();
        let math = sorts.declare_eq("Math").unwrap();
        let numbers = sorts.declare_container("Numbers", "Vec", &[Sort::I64]).unwrap();
        let terms = sorts.declare_container("Terms", "Set", &[math]).unwrap();
        let nested = sorts.declare_container("Nested", "Map", &[numbers, terms]).unwrap();
        let plain = sorts.declare_container("Plain", "Pair", &[numbers, Sort::STRING]).unwrap();
        let function = sorts.declare_container("F", "UnstableFn", &[Sort::I64]).unwrap();
        assert!(sorts.is_eq(math) && !sorts.is_container(math));
        assert!([math, terms, nested, function].iter().all(|&s| sorts.mentions_classes(s)));
        assert!([numbers, plain].iter().all(|&s| !sorts.mentions_classes(s)));
        assert_eq!(*sorts.kind(function), SortKind::Fn { inputs: vec![], output: Sort::I64 });
    }

    #[test]
    fn what_cannot_be_declared_says_why() {
        let mut sorts = Sorts::new();
        sorts.declare_eq("Math").unwrap();
        let before = sorts.all().count();
        assert_eq!(sorts.declare_eq("Math"), Err(SortError::Exists("Math".into())));
        let unknown = sorts.declare_container("X", "Bag", &[Sort::I64]).unwrap_err();
        assert!(unknown.to_string().starts_with("no container is called Bag"));
        let arity = sorts.declare_container("X", "Map", &[Sort::I64]).unwrap_err();
        assert_eq!(arity.to_string(), "Map takes 2 sorts, not 1");
        assert_eq!(sorts.all().count(), before);
    }

    #[test]
    fn a_clone_does_not_see_what_is_declared_later() {
        let mut sorts = Sorts::new();
        let outer = sorts.clone();
        sorts.declare_eq("Inner").unwrap();
        assert!(sorts.find("Inner").is_some() && outer.find("Inner").is_none());
    }

    #[test]
    fn a_number_never_means_two_sorts() {
        let mut outer = Sorts::new();
        let mut scope = outer.clone();
        let inner = scope.declare_eq("A").unwrap();
        drop(scope);
        let later = outer.declare_container("A", "Vec", &[Sort::I64]).unwrap();
        assert_ne!(inner, later);
        assert!(!outer.contains(inner) && outer.contains(later));
        assert_eq!(outer.all().last(), Some(later));
    }
}
