//! The hash of rows: a folded 128-bit multiplication for each pair of words.
//!
//! Deterministic and without a key: tables are never iterated, so no input can change an order, and
//! what a table holds was bounded by the caller's limits.

use super::Value;

const SEED: u64 = 0x9e37_79b9_7f4a_7c15;
const MULTIPLIER: u64 = 0xd6e8_feb8_6659_fd93;

#[inline]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product as u64) ^ ((product >> 64) as u64)
}

/// Hash of a key.
#[inline]
pub(crate) fn hash_words(words: &[Value]) -> u64 {
    let pair = |a: Value, b: Value| u64::from(a) | (u64::from(b) << 32);
    if let [a, b] = *words {
        return fold(SEED ^ pair(a, b), MULTIPLIER);
    }
    let mut hash = SEED;
    let mut pairs = words.chunks_exact(2);
    for words in &mut pairs {
        hash = fold(hash ^ pair(words[0], words[1]), MULTIPLIER);
    }
    if let [last] = pairs.remainder() {
        hash = fold(hash ^ u64::from(*last) ^ (1 << 63), MULTIPLIER);
    }
    hash
}

/// Hash of one word.
#[inline]
pub(crate) fn hash_word(word: Value) -> u64 {
    fold(SEED ^ u64::from(word), MULTIPLIER)
}
