//! Rust's types as the contents of literals, and closures on them as primitives.

use std::sync::Arc;

use num_bigint::BigInt;
use num_rational::BigRational;

use super::super::exec::{Error, Id, Session};
use super::super::values::{Datum, Sort};

/// A type of Rust that is the content of literals of a built-in sort.
pub trait Base: Sized {
    /// The sort.
    const SORT: Sort;
    /// The sort's name.
    const NAME: &'static str;

    /// From a content of this sort.
    fn from_datum(datum: &Datum) -> Option<Self>;

    /// As a content.
    fn into_datum(self) -> Datum;
}

/// What a closure may return: a [`Base`], or none if it has no result.
pub trait Answer {
    /// The sort of the result.
    const SORT: Sort;

    /// The result.
    fn into_answer(self) -> Option<Datum>;
}

macro_rules! base {
    ($($type:ty, $sort:ident, $name:literal, $variant:ident;)*) => {$(
        impl Base for $type {
            const SORT: Sort = Sort::$sort;
            const NAME: &'static str = $name;

            fn from_datum(datum: &Datum) -> Option<Self> {
                match datum {
                    Datum::$variant(content) => Some(content.clone().into()),
                    _ => None,
                }
            }

            fn into_datum(self) -> Datum {
                Datum::$variant(self.into())
            }
        }

        impl Answer for $type {
            const SORT: Sort = Sort::$sort;

            fn into_answer(self) -> Option<Datum> {
                Some(self.into_datum())
            }
        }

        impl Answer for Option<$type> {
            const SORT: Sort = Sort::$sort;

            fn into_answer(self) -> Option<Datum> {
                self.map(Base::into_datum)
            }
        }

        impl From<$type> for Datum {
            fn from(content: $type) -> Datum {
                content.into_datum()
            }
        }
    )*};
}

base! {
    bool, BOOL, "bool", Bool;
    i64, I64, "i64", I64;
    f64, F64, "f64", F64;
    String, STRING, "String", Text;
    BigInt, BIG_INT, "BigInt", BigInt;
    BigRational, BIG_RAT, "BigRat", BigRat;
}

impl From<&str> for Datum {
    fn from(text: &str) -> Datum {
        Datum::Text(text.into())
    }
}

/// A closure over [`Base`] types.
pub trait Closure<Args>: Send + Sync + 'static {
    /// What it returns.
    type Result;

    /// Sorts of the arguments.
    fn params() -> Vec<Sort>;

    /// Calls it; none if the arguments are of other sorts.
    fn apply(&self, args: &[Datum]) -> Option<Self::Result>;
}

macro_rules! closure {
    ($($arg:ident $name:ident),*) => {
        impl<F, R, $($arg: Base),*> Closure<($($arg,)*)> for F
        where
            F: Fn($($arg),*) -> R + Send + Sync + 'static,
        {
            type Result = R;

            fn params() -> Vec<Sort> {
                vec![$($arg::SORT),*]
            }

            fn apply(&self, args: &[Datum]) -> Option<R> {
                let [$($name),*] = args else { return None };
                Some(self($($arg::from_datum($name)?),*))
            }
        }
    };
}

closure!(A a);
closure!(A a, B b);
closure!(A a, B b, C c);
closure!(A a, B b, C c, D d);

impl Session {
    /// A literal: `session.value(3)`, `session.value("x")`.
    pub fn value(&self, content: impl Into<Datum>) -> Id {
        self.literal(&content.into())
    }

    /// The content of a literal, if it is of that type.
    pub fn get<T: Base>(&self, id: Id) -> Option<T> {
        self.datum(id).as_ref().and_then(T::from_datum)
    }

    /// Lets rules call a closure by a name. The result must depend on the arguments only; a call
    /// without result does not match, and is an error in an action.
    ///
    /// ```
    /// use egraph_core::egglog::Session;
    ///
    /// let mut session = Session::default();
    /// session.primitive("gcd", |a: i64, b: i64| {
    ///     let (mut a, mut b) = (a.unsigned_abs(), b.unsigned_abs());
    ///     while b != 0 {
    ///         (a, b) = (b, a % b);
    ///     }
    ///     i64::try_from(a).ok()
    /// })?;
    /// assert!(session.check("(= (gcd 12 18) 6)")?);
    /// # Ok::<(), egraph_core::egglog::Error>(())
    /// ```
    ///
    /// # Errors
    /// The name is taken, for these sorts or altogether.
    pub fn primitive<Args, F>(&mut self, name: &str, closure: F) -> Result<(), Error>
    where
        F: Closure<Args>,
        F::Result: Answer,
    {
        let code = Arc::new(move |args: &[Datum]| closure.apply(args)?.into_answer());
        self.add_primitive(name, &F::params(), F::Result::SORT, code)
    }

    /// Lets rules have a closure as a condition: `(name x y)` matches where it is true.
    ///
    /// # Errors
    /// The name is taken, for these sorts or altogether.
    pub fn guard<Args, F>(&mut self, name: &str, condition: F) -> Result<(), Error>
    where
        F: Closure<Args, Result = bool>,
    {
        let code = Arc::new(move |args: &[Datum]| condition.apply(args)?.then_some(Datum::Unit));
        self.add_primitive(name, &F::params(), Sort::UNIT, code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guards_and_primitives_in_rules() {
        let mut session = Session::default();
        session.guard("odd", |n: i64| n % 2 != 0).unwrap();
        session.primitive("join", |a: String, n: i64| format!("{a}{n}")).unwrap();
        session
            .program(
                "(relation n (i64)) (relation out (String))
                 (rule ((n x) (odd x)) ((out (join \"n\" x))))
                 (n 1) (n 2) (n 3) (run 1)",
            )
            .unwrap();
        let out: Vec<String> =
            session.table_rows("out").filter_map(|row| session.get(row.args[0])).collect();
        assert_eq!(out, ["n1", "n3"]);
    }

    #[test]
    fn names_that_are_taken_are_refused() {
        let mut session = Session::default();
        session.program("(relation n (i64))").unwrap();
        assert!(session.guard("n", |_: i64| true).is_err());
        assert!(session.primitive("+", |a: i64, b: i64| a + b).is_err());
        session.primitive("+", |a: bool, b: bool| a || b).unwrap();
        assert!(session.check("(= (+ true false) true)").unwrap());
        assert!(session.check("(= (+ 1 2) 3)").unwrap());
    }
}
