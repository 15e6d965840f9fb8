//! The contents of values.
//!
//! Integers of `-2^30..2^30` are encoded in the value itself, so that usual arithmetic touches no
//! table; all other contents are interned. Truth values are 0 and 1, the value of `Unit` is 0.

use std::sync::{Mutex, OnceLock};

use num_bigint::BigInt;
use num_rational::BigRational;

use super::Value;
use super::chunks::Chunks;
use super::container::content;
use super::intern::{Interner, WordInterner};
use super::prim::PrimId;
use super::rebuild::Mentions;
use super::sort::Sort;

/// What a function value calls.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Target {
    /// A function, constructor or relation of the program, by a number that the program's owner
    /// chose: see [`Host`](super::Host).
    Table(u32),
    /// A primitive.
    Prim(PrimId),
}

/// A resolved function name in `(unstable-fn "name" …)`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct FnTarget {
    /// The name in the program.
    pub name: String,
    /// What it resolves to.
    pub function: Target,
    /// Sorts of the arguments that are given with the name.
    pub given: Vec<Sort>,
}

/// The contents of values. Everything is behind `&self`: reading takes no lock, and interning a
/// short one. Values are handed out in order of first use, so that a program that runs on one
/// thread always gets the same ones.
#[derive(Default)]
pub struct Values {
    integers: WordInterner,
    floats: WordInterner,
    strings: Interner<Box<str>>,
    bigints: Interner<BigInt>,
    bigrats: Interner<BigRational>,
    targets: Interner<FnTarget>,
    containers: Chunks<OnceLock<Box<Containers>>>,
    pub(super) mentions: Mutex<Mentions>,
}

/// The containers of one sort, by their flattened content.
pub(super) type Containers = Interner<Box<[Value]>>;

/// Half of the number of integers that are encoded in the value itself.
const SMALL: i64 = 1 << 30;
/// The bit that tells an interned integer from one that is its own encoding.
const INTERNED: Value = 1 << 31;

/// The value of an integer that needs no interning.
#[inline]
pub(super) fn encode_small(n: i64) -> Option<Value> {
    let shifted = n.wrapping_add(SMALL) as u64;
    (shifted < 2 * SMALL as u64).then_some(n as Value & !INTERNED)
}

fn float_bits(x: f64) -> u64 {
    if x.is_nan() { f64::NAN.to_bits() } else { x.to_bits() }
}

impl Values {
    /// No contents.
    pub fn new() -> Self {
        Self::default()
    }

    /// The value of a truth value.
    pub fn bool(&self, b: bool) -> Value {
        Value::from(b)
    }

    /// The truth value of a value of the sort `bool`.
    pub fn as_bool(&self, value: Value) -> bool {
        value != 0
    }

    /// The value of an integer. Values order as the integers do from 0 to `2^30 - 1`; after these
    /// come those from `-2^30` to -1, then all others, by first use.
    #[inline]
    pub fn i64(&self, n: i64) -> Value {
        encode_small(n).unwrap_or_else(|| self.integers.intern(n as u64) | INTERNED)
    }

    /// The integer of a value of the sort `i64`.
    #[inline]
    pub fn as_i64(&self, value: Value) -> i64 {
        if value & INTERNED == 0 {
            // The sign is in the highest of the 31 bits.
            i64::from((value << 1) as i32 >> 1)
        } else {
            self.integers.get(value & !INTERNED) as i64
        }
    }

    pub(super) fn find_i64(&self, n: i64) -> Option<Value> {
        encode_small(n).or_else(|| Some(self.integers.find(n as u64)? | INTERNED))
    }

    /// The value of a float: floats of equal bits have equal values, and so have all NaNs. The
    /// zeros differ.
    pub fn f64(&self, x: f64) -> Value {
        self.floats.intern(float_bits(x))
    }

    /// The float of a value of the sort `f64`.
    pub fn as_f64(&self, value: Value) -> f64 {
        f64::from_bits(self.floats.get(value))
    }

    pub(super) fn find_f64(&self, x: f64) -> Option<Value> {
        self.floats.find(float_bits(x))
    }

    /// The value of a text.
    pub fn string(&self, text: &str) -> Value {
        self.strings.intern(text)
    }

    /// The text of a value of the sort `String`.
    pub fn as_string(&self, value: Value) -> &str {
        self.strings.get(value)
    }

    pub(super) fn find_string(&self, text: &str) -> Option<Value> {
        self.strings.find(text)
    }

    /// The value of a big integer.
    pub fn bigint(&self, n: &BigInt) -> Value {
        self.bigints.intern_with(n, || n.clone())
    }

    /// The integer of a value of the sort `BigInt`.
    pub fn as_bigint(&self, value: Value) -> &BigInt {
        self.bigints.get(value)
    }

    pub(super) fn find_bigint(&self, n: &BigInt) -> Option<Value> {
        self.bigints.find(n)
    }

    /// The value of a fraction.
    pub fn bigrat(&self, q: &BigRational) -> Value {
        self.bigrats.intern_with(q, || q.clone())
    }

    /// The fraction of a value of the sort `BigRat`.
    pub fn as_bigrat(&self, value: Value) -> &BigRational {
        self.bigrats.get(value)
    }

    pub(super) fn find_bigrat(&self, q: &BigRational) -> Option<Value> {
        self.bigrats.find(q)
    }

    /// The value of [`Sort::FN_TARGET`] for a resolved function name.
    pub fn fn_target(&self, target: &FnTarget) -> Value {
        self.targets.intern_with(target, || target.clone())
    }

    /// The function name of a value of [`Sort::FN_TARGET`].
    pub fn target(&self, value: Value) -> &FnTarget {
        self.targets.get(value)
    }

    /// The containers of a sort, whether or not there are any yet.
    pub(super) fn containers(&self, sort: Sort) -> &Containers {
        self.containers.slot_for_write(sort.index() as u32).get_or_init(Box::default)
    }

    /// The flattened content of a container: elements (`Vec`; `Set`, ascending; `Pair`), keys and
    /// values by turns (`Map`, keys ascending), elements and their numbers by turns (`MultiSet`,
    /// elements ascending, numbers at least 1), or the function's name as a value of
    /// [`Sort::FN_TARGET`] followed by the given arguments (`UnstableFn`).
    pub fn content(&self, sort: Sort, container: Value) -> &[Value] {
        self.containers(sort).get(container)
    }

    pub(super) fn find_content(&self, sort: Sort, content: &[Value]) -> Option<Value> {
        self.containers(sort).find(content)
    }

    /// The multiset of these elements, each as often as is said; `None` when there are more than
    /// 2^24 of them.
    pub fn multiset(
        &self,
        sort: Sort,
        counts: impl IntoIterator<Item = (Value, u32)>,
    ) -> Option<Value> {
        Some(self.intern_content(sort, &content::multiset(counts)?))
    }

    /// The container of a flattened content that is in the order described at [`Self::content`].
    pub(super) fn intern_content(&self, sort: Sort, content: &[Value]) -> Value {
        self.containers(sort).intern(content)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_integers_are_their_own_encoding_and_ordered() {
        let values = Values::new();
        let edge = [-SMALL, -SMALL + 1, -1, 0, 1, SMALL - 1];
        assert!([0, 1, SMALL - 1, -SMALL, -SMALL + 1, -1].map(|n| values.i64(n)).is_sorted());
        assert!(
            edge.iter()
                .all(|&n| values.i64(n) & INTERNED == 0 && values.as_i64(values.i64(n)) == n)
        );
        for n in [SMALL, -SMALL - 1, i64::MAX, i64::MIN] {
            assert_eq!(values.find_i64(n), None);
            let value = values.i64(n);
            assert!(value & INTERNED != 0 && values.as_i64(value) == n);
            assert_eq!((values.i64(n), values.find_i64(n)), (value, Some(value)));
        }
    }

    #[test]
    fn floats_are_equal_by_bits_but_for_nan() {
        let values = Values::new();
        assert_ne!(values.f64(0.0), values.f64(-0.0));
        let other_nan = f64::from_bits(f64::NAN.to_bits() ^ 1);
        assert!(other_nan.is_nan());
        assert_eq!(values.f64(f64::NAN), values.f64(other_nan));
        assert_eq!(values.as_f64(values.f64(1.5)), 1.5);
    }
}
