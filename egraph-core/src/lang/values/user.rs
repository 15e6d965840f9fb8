//! Primitives that the embedding program brings: closures over the contents of values.

use std::fmt;
use std::sync::Arc;

use num_bigint::BigInt;
use num_rational::BigRational;

use super::call::Call;
use super::prim::{Context, Entry, Interns, Params, PrimId, PrimResult, PrimSig, Primitives};
use super::sort::Sort;
use super::store::Values;
use super::{UNIT, Value};

/// The content of a value of a built-in sort.
#[derive(Clone, Debug, PartialEq)]
pub enum Datum {
    /// Of the sort `Unit`.
    Unit,
    /// Of the sort `bool`.
    Bool(bool),
    /// Of the sort `i64`.
    I64(i64),
    /// Of the sort `f64`.
    F64(f64),
    /// Of the sort `String`.
    Text(Box<str>),
    /// Of the sort `BigInt`.
    BigInt(BigInt),
    /// Of the sort `BigRat`.
    BigRat(BigRational),
}

impl Datum {
    /// The sort it belongs to.
    pub fn sort(&self) -> Sort {
        match self {
            Datum::Unit => Sort::UNIT,
            Datum::Bool(_) => Sort::BOOL,
            Datum::I64(_) => Sort::I64,
            Datum::F64(_) => Sort::F64,
            Datum::Text(_) => Sort::STRING,
            Datum::BigInt(_) => Sort::BIG_INT,
            Datum::BigRat(_) => Sort::BIG_RAT,
        }
    }
}

/// What a primitive of the embedding program computes; `None` fails.
pub type UserCode = dyn Fn(&[Datum]) -> Option<Datum> + Send + Sync;

/// The closure of a primitive.
#[derive(Clone)]
pub(super) struct User(pub(super) Arc<UserCode>);

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a closure")
    }
}

impl Values {
    /// The value of a content.
    pub fn encode(&self, datum: &Datum) -> Value {
        match datum {
            Datum::Unit => UNIT,
            Datum::Bool(b) => self.bool(*b),
            Datum::I64(n) => self.i64(*n),
            Datum::F64(x) => self.f64(*x),
            Datum::Text(text) => self.string(text),
            Datum::BigInt(n) => self.bigint(n),
            Datum::BigRat(q) => self.bigrat(q),
        }
    }

    /// The content of a value; none unless the sort is one of [`Datum`]'s.
    pub fn decode(&self, sort: Sort, value: Value) -> Option<Datum> {
        Some(match sort {
            Sort::UNIT => Datum::Unit,
            Sort::BOOL => Datum::Bool(self.as_bool(value)),
            Sort::I64 => Datum::I64(self.as_i64(value)),
            Sort::F64 => Datum::F64(self.as_f64(value)),
            Sort::STRING => Datum::Text(self.as_string(value).into()),
            Sort::BIG_INT => Datum::BigInt(self.as_bigint(value).clone()),
            Sort::BIG_RAT => Datum::BigRat(self.as_bigrat(value).clone()),
            _ => return None,
        })
    }
}

impl Primitives {
    /// Declares a primitive on built-in sorts whose result depends on the arguments only. Nothing
    /// is declared, and the result is none, if a primitive of that name takes these sorts already.
    ///
    /// The name is kept for as long as the process lives.
    pub fn add_user(
        &mut self,
        name: &str,
        params: &[Sort],
        result: Sort,
        code: Arc<UserCode>,
    ) -> Option<PrimId> {
        let params = Params::Fixed(params.into());
        let before = self.overloads(name);
        if before.iter().any(|prim| self.sig(*prim).params == params) {
            return None;
        }
        let name = match before.first() {
            Some(prim) => self.sig(*prim).name,
            None => Box::leak(name.to_owned().into_boxed_str()),
        };
        let interns = match result {
            Sort::UNIT | Sort::BOOL => Interns::Never,
            Sort::I64 => Interns::Rarely,
            _ => Interns::Always,
        };
        let sig = PrimSig {
            name,
            params,
            result: PrimResult::Fixed(result),
            context: Context::Pure,
            interns,
            higher_order: false,
        };
        let user = Some(User(code));
        Some(self.add(Entry { sig, code: run, sorts: [Sort::UNIT; 3], user }))
    }
}

/// The code of every primitive of this kind.
fn run(call: &mut Call<'_>, args: &[Value]) -> Option<Value> {
    let User(code) = call.user()?;
    let Params::Fixed(sorts) = call.params() else { return None };
    let decoded: Option<smallvec::SmallVec<[Datum; 4]>> =
        sorts.iter().zip(args).map(|(sort, value)| call.values.decode(*sort, *value)).collect();
    match code(&decoded?)? {
        Datum::Unit => Some(UNIT),
        Datum::Bool(b) => Some(Value::from(b)),
        Datum::I64(n) => call.i64(n),
        Datum::F64(x) => call.f64(x),
        Datum::Text(text) => call.string(&text),
        Datum::BigInt(n) => call.bigint(&n),
        Datum::BigRat(q) => call.bigrat(&q),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closures_are_primitives() {
        let (values, mut primitives) = (Values::new(), Primitives::new());
        let code: Arc<UserCode> = Arc::new(|args| match args {
            [Datum::I64(n), Datum::Text(text)] if *n >= 0 => {
                Some(Datum::Text(text.repeat(usize::try_from(*n).ok()?).into()))
            }
            _ => None,
        });
        let sorts = [Sort::I64, Sort::STRING];
        let prim = primitives.add_user("repeat", &sorts, Sort::STRING, code.clone());
        let prim = prim.expect("the name is free");
        assert_eq!(primitives.add_user("repeat", &sorts, Sort::STRING, code), None);
        let ab = values.string("ab");
        let repeat = |n: i64| values.call(&primitives, prim, &[values.i64(n), ab]);
        assert_eq!(repeat(-1), None);
        let frozen = values.call_frozen(&primitives, prim, &[values.i64(2), ab]);
        assert_eq!(frozen, Err(super::super::Deferred), "the text is new");
        assert_eq!(repeat(2).map(|value| values.as_string(value)), Some("abab"));
    }

    #[test]
    fn contents_come_back() {
        let values = Values::new();
        let big: BigInt = BigInt::from(1u8) << 80_u32;
        for datum in [
            Datum::Unit,
            Datum::Bool(true),
            Datum::I64(i64::MIN),
            Datum::F64(-0.5),
            Datum::Text("é".into()),
            Datum::BigInt(big.clone()),
            Datum::BigRat(BigRational::new(big, 3.into())),
        ] {
            let value = values.encode(&datum);
            assert_eq!(values.decode(datum.sort(), value), Some(datum));
        }
        assert_eq!(values.decode(Sort::FN_TARGET, 0), None);
    }
}
