//! A datatype's nodes as an enum.

use super::super::exec::{Error, Id, Row, Session};
use super::closure::Base;
use super::declare::Datatype;

/// An enum whose variants are the constructors of a datatype.
/// [`define_language!`](crate::define_language) writes it.
pub trait Language: Sized {
    /// The datatype's name.
    const SORT: &'static str;

    /// The datatype.
    fn datatype() -> Datatype;

    /// Constructor and arguments.
    fn to_row(&self, session: &Session) -> (&'static str, Vec<Id>);

    /// From a row of a constructor.
    fn from_row(session: &Session, row: &Row<'_>) -> Option<Self>;
}

/// What a node holds: operands as `[Id; N]`, a literal, nothing as `()`, or a pair of these.
pub trait Fields: Sized {
    /// Sorts of the columns; `own` is the datatype.
    fn sorts(own: &'static str) -> Vec<&'static str>;

    /// As columns.
    fn to_ids(&self, session: &Session) -> Vec<Id>;

    /// From the first columns, which are taken off.
    fn take(session: &Session, ids: &mut &[Id]) -> Option<Self>;
}

impl Fields for () {
    fn sorts(_: &'static str) -> Vec<&'static str> {
        Vec::new()
    }

    fn to_ids(&self, _: &Session) -> Vec<Id> {
        Vec::new()
    }

    fn take(_: &Session, _: &mut &[Id]) -> Option<Self> {
        Some(())
    }
}

impl<const N: usize> Fields for [Id; N] {
    fn sorts(own: &'static str) -> Vec<&'static str> {
        vec![own; N]
    }

    fn to_ids(&self, _: &Session) -> Vec<Id> {
        self.to_vec()
    }

    fn take(_: &Session, ids: &mut &[Id]) -> Option<Self> {
        let (own, rest) = ids.split_first_chunk::<N>()?;
        *ids = rest;
        Some(*own)
    }
}

impl<T: Base + Clone> Fields for T {
    fn sorts(_: &'static str) -> Vec<&'static str> {
        vec![T::NAME]
    }

    fn to_ids(&self, session: &Session) -> Vec<Id> {
        vec![session.literal(&self.clone().into_datum())]
    }

    fn take(session: &Session, ids: &mut &[Id]) -> Option<Self> {
        let (first, rest) = ids.split_first()?;
        *ids = rest;
        session.get(*first)
    }
}

impl<A: Fields, B: Fields> Fields for (A, B) {
    fn sorts(own: &'static str) -> Vec<&'static str> {
        [A::sorts(own), B::sorts(own)].concat()
    }

    fn to_ids(&self, session: &Session) -> Vec<Id> {
        [self.0.to_ids(session), self.1.to_ids(session)].concat()
    }

    fn take(session: &Session, ids: &mut &[Id]) -> Option<Self> {
        Some((A::take(session, ids)?, B::take(session, ids)?))
    }
}

impl Session {
    /// Declares the datatype of a language.
    ///
    /// # Errors
    /// A name is taken.
    pub fn declare<L: Language>(&mut self) -> Result<(), Error> {
        self.datatype(L::datatype())
    }

    /// Adds a node, unless it is there; its class.
    ///
    /// # Errors
    /// The language is not declared, an operand has another sort, or a limit is reached.
    pub fn node<L: Language>(&mut self, node: &L) -> Result<Id, Error> {
        let (name, args) = node.to_row(self);
        self.make(name, &args)
    }

    /// The nodes of a class that are of the language.
    pub fn nodes<L: Language>(&self, class: Id) -> Vec<L> {
        self.nodes_of(class).filter_map(|row| L::from_row(self, &row)).collect()
    }
}

/// A language: an enum whose variants become the constructors of a datatype of its name.
///
/// A variant holds operands (`[Id; N]`), a literal (`i64`, `f64`, `bool`, `String`, …), nothing
/// (`()`), or a pair of these. `"name" = Variant(…)` names the constructor otherwise (but not as a
/// primitive, such as `+`), `: cost` gives its nodes a cost other than 1.
///
/// ```
/// use egraph_core::egglog::{Id, Runner, Session, define_language, rewrite};
///
/// define_language! {
///     /// Arithmetic.
///     enum Math {
///         Num(i64),
///         Var(String),
///         "Plus" = Add([Id; 2]),
///         "Times" = Mul([Id; 2]): 4,
///         Power((i64, [Id; 1])),
///     }
/// }
///
/// let mut session = Session::default();
/// session.declare::<Math>()?;
/// session.rules("", [rewrite!("double"; "(Plus ?a ?a)" => "(Times (Num 2) ?a)")])?;
/// let x = session.node(&Math::Var("x".into()))?;
/// let sum = session.node(&Math::Add([x, x]))?;
/// Runner::new().run(&mut session)?;
/// let two = session.node(&Math::Num(2))?;
/// assert_eq!(session.nodes::<Math>(sum), [Math::Add([x, x]), Math::Mul([two, x])]);
/// assert_eq!(session.best(sum)?.term.to_string(), "(Plus (Var \"x\") (Var \"x\"))");
/// # Ok::<(), egraph_core::egglog::Error>(())
/// ```
#[macro_export]
macro_rules! define_language {
    (
        $(#[$meta:meta])*
        $visibility:vis enum $name:ident {
            $($(#[$doc:meta])* $($text:literal =)? $variant:ident($fields:ty) $(: $cost:literal)?),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        $visibility enum $name {
            $($(#[$doc])* #[allow(missing_docs)] $variant($fields)),+
        }

        impl $crate::egglog::Language for $name {
            const SORT: &'static str = stringify!($name);

            fn datatype() -> $crate::egglog::Datatype {
                $crate::egglog::Datatype::new(Self::SORT)
                    $(.variant_of_cost(
                        [$($text,)? stringify!($variant)][0],
                        &<$fields as $crate::egglog::api::Fields>::sorts(Self::SORT),
                        [$($cost,)? 1][0],
                    ))+
            }

            fn to_row(
                &self,
                session: &$crate::egglog::Session,
            ) -> (&'static str, Vec<$crate::egglog::Id>) {
                match self {
                    $(Self::$variant(fields) => (
                        [$($text,)? stringify!($variant)][0],
                        $crate::egglog::api::Fields::to_ids(fields, session),
                    )),+
                }
            }

            fn from_row(
                session: &$crate::egglog::Session,
                row: &$crate::egglog::exec::Row<'_>,
            ) -> Option<Self> {
                let mut ids = row.args.as_slice();
                $(if row.function == [$($text,)? stringify!($variant)][0] {
                    return $crate::egglog::api::Fields::take(session, &mut ids).map(Self::$variant);
                })+
                let _ = (session, &mut ids);
                None
            }
        }
    };
}
