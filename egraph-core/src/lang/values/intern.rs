//! Interners: equal contents get equal numbers, numbers are handed out in order of first use.
//!
//! Reading a content takes no lock. Looking a content up takes a shared lock, adding one an
//! exclusive lock; used from one thread, the same calls give the same numbers.

use std::borrow::Borrow;
use std::hash::{BuildHasher, Hash};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{OnceLock, PoisonError, RwLock};

use hashbrown::HashTable;
use rustc_hash::FxBuildHasher;

use super::chunks::Chunks;

/// The numbers that are taken, by the hash of their content.
struct Index {
    numbers: HashTable<u32>,
    next: u32,
}

impl Default for Index {
    fn default() -> Self {
        Self { numbers: HashTable::new(), next: 0 }
    }
}

/// Storage of contents by number, behind [`Interner`] and [`WordInterner`].
trait Contents {
    /// What a content is compared and hashed by.
    type Key: ?Sized + Eq + Hash;
    fn equals(&self, number: u32, key: &Self::Key) -> bool;
    fn hash(&self, number: u32) -> u64;
}

/// The hash of a content. Fx alone leaves the hashes of floats alike, whose low bits are mostly
/// zero: both halves of a product with an odd constant (2^64 over the golden ratio) are folded.
fn hash_of<K: ?Sized + Hash>(key: &K) -> u64 {
    let product = u128::from(FxBuildHasher.hash_one(key)) * 0x9e37_79b9_7f4a_7c15;
    (product as u64) ^ (product >> 64) as u64
}

fn find<C: Contents>(index: &RwLock<Index>, contents: &C, key: &C::Key) -> Option<u32> {
    // A poisoned lock means that another thread panicked between two complete states.
    let index = index.read().unwrap_or_else(PoisonError::into_inner);
    index.numbers.find(hash_of(key), |&n| contents.equals(n, key)).copied()
}

fn intern<C: Contents>(
    index: &RwLock<Index>,
    contents: &C,
    key: &C::Key,
    store: impl FnOnce(u32),
) -> u32 {
    if let Some(number) = find(index, contents, key) {
        return number;
    }
    let mut index = index.write().unwrap_or_else(PoisonError::into_inner);
    let hash = hash_of(key);
    // Another thread may have added it between the two locks.
    if let Some(&number) = index.numbers.find(hash, |&n| contents.equals(n, key)) {
        return number;
    }
    let number = index.next;
    index.next = number.checked_add(1).expect("fewer than 2^32 contents of one sort");
    store(number);
    index.numbers.insert_unique(hash, number, |&n| contents.hash(n));
    number
}

fn count(index: &RwLock<Index>) -> u32 {
    index.read().unwrap_or_else(PoisonError::into_inner).next
}

/// Interner of owned contents: strings, big numbers, sequences of values.
pub(super) struct Interner<T> {
    index: RwLock<Index>,
    contents: Chunks<OnceLock<T>>,
}

impl<T> Default for Interner<T> {
    fn default() -> Self {
        Self { index: RwLock::default(), contents: Chunks::default() }
    }
}

struct Owned<'a, T, K: ?Sized>(&'a Interner<T>, std::marker::PhantomData<K>);

impl<T: Borrow<K>, K: ?Sized + Eq + Hash> Contents for Owned<'_, T, K> {
    type Key = K;

    fn equals(&self, number: u32, key: &K) -> bool {
        self.0.get(number).borrow() == key
    }

    fn hash(&self, number: u32) -> u64 {
        hash_of(self.0.get(number).borrow())
    }
}

impl<T> Interner<T> {
    /// The content of a number that this interner handed out.
    pub(super) fn get(&self, number: u32) -> &T {
        self.contents
            .get(number)
            .and_then(OnceLock::get)
            .expect("a value was made by the interner of its sort")
    }

    /// The number of a content, if it has one.
    pub(super) fn find<K: ?Sized + Eq + Hash>(&self, key: &K) -> Option<u32>
    where
        T: Borrow<K>,
    {
        find(&self.index, &Owned(self, std::marker::PhantomData), key)
    }

    /// The number of a content, which is made from its key when it is new.
    pub(super) fn intern<'k, K: ?Sized + Eq + Hash>(&self, key: &'k K) -> u32
    where
        T: Borrow<K> + From<&'k K>,
    {
        self.intern_with(key, || T::from(key))
    }

    /// The number of a content, which `make` makes when it is new.
    pub(super) fn intern_with<K: ?Sized + Eq + Hash>(
        &self,
        key: &K,
        make: impl FnOnce() -> T,
    ) -> u32
    where
        T: Borrow<K>,
    {
        intern(&self.index, &Owned(self, std::marker::PhantomData), key, |number| {
            let stored = self.contents.slot_for_write(number).set(make());
            assert!(stored.is_ok(), "a number is handed out once");
        })
    }

    /// How many contents there are: their numbers are those below.
    pub(super) fn count(&self) -> u32 {
        count(&self.index)
    }
}

/// Interner of 64-bit words: the bits of numbers.
#[derive(Default)]
pub(super) struct WordInterner {
    index: RwLock<Index>,
    words: Chunks<AtomicU64>,
}

impl Contents for Chunks<AtomicU64> {
    type Key = u64;

    fn equals(&self, number: u32, key: &u64) -> bool {
        self.get(number).is_some_and(|slot| slot.load(Ordering::Relaxed) == *key)
    }

    fn hash(&self, number: u32) -> u64 {
        hash_of(&self.get(number).map_or(0, |slot| slot.load(Ordering::Relaxed)))
    }
}

impl WordInterner {
    /// The word of a number that this interner handed out.
    pub(super) fn get(&self, number: u32) -> u64 {
        // Relaxed: who has the number got it after the word was written.
        let slot = self.words.get(number).expect("a value was made by the interner of its sort");
        slot.load(Ordering::Relaxed)
    }

    /// The number of a word, if it has one.
    pub(super) fn find(&self, word: u64) -> Option<u32> {
        find(&self.index, &self.words, &word)
    }

    /// The number of a word.
    pub(super) fn intern(&self, word: u64) -> u32 {
        intern(&self.index, &self.words, &word, |number| {
            self.words.slot_for_write(number).store(word, Ordering::Relaxed);
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_dense_and_follow_first_use() {
        let strings: Interner<Box<str>> = Interner::default();
        let numbers: Vec<u32> =
            ["b", "a", "b", "", "a"].iter().map(|s| strings.intern(*s)).collect();
        assert_eq!(numbers, [0, 1, 0, 2, 1]);
        assert_eq!(&**strings.get(1), "a");
        assert_eq!((strings.find(""), strings.find("c")), (Some(2), None));
        assert_eq!(strings.count(), 3);
    }

    #[test]
    fn threads_agree_on_numbers() {
        let words = WordInterner::default();
        let seen: Vec<Vec<u32>> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|_| scope.spawn(|| (0..2000).map(|n| words.intern(n % 700)).collect()))
                .collect();
            threads.into_iter().map(|t| t.join().unwrap()).collect()
        });
        assert!(seen.iter().all(|numbers| *numbers == seen[0]));
        assert!((0..700).all(|n| words.get(words.find(n).unwrap()) == n));
        assert_eq!(count(&words.index), 700);
    }
}
