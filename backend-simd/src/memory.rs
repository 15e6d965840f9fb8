//! From which size on results go past the caches, and folds read memory in narrow vectors.
//!
//! A store to a line that no cache has reads it from memory first: a stream of results costs twice
//! its size. Stores past the caches do not, and `x + y` on 10,000,000 numbers takes 0.7 to 0.8 of the
//! time (Zen 4). Arrays that the last cache holds are another matter: a three-point stencil over
//! 1,000,000 takes 1.4 to 1.6 times as long past it, and whoever reads the results next finds them
//! in memory. Intel's processors with many cores have a last cache that serves one of them hardly
//! faster than memory does: there a copy and the reading of it take less time past the caches long
//! before the last one is full.
//!
//! A sum reads its arrays from end to end, and memory serves that faster in 256-bit loads, the last
//! cache in 512-bit ones. What is likely behind it: a core looks ahead by so many loads, not bytes, and
//! leaves more of what is far ahead to its units that fetch in order.

use crate::ports;
use std::sync::OnceLock;

/// What to believe of a processor that does not say: bytes of its last cache.
const USUAL_CACHE: usize = 32 << 20;

/// Bytes of all arrays of a call from which on results go past the caches of Intel's processors, if
/// half of the last one is not less: copies of arrays of 7 MiB and more take less time so, the
/// reading of the copy included, and a square root of `x*x + y*y` on 1,000,000 binary64 numbers takes
/// 0.8 of the time (Emerald Rapids, whose last cache has 260 MiB).
const INTEL_MOST: usize = 14 << 20;

/// Bytes of all arrays of a call from which on results go past the caches: half of the last cache,
/// which other processors share, or less.
pub(crate) fn stream_from() -> usize {
    static ANSWER: OnceLock<usize> = OnceLock::new();
    *ANSWER.get_or_init(|| {
        let half = last_cache() / 2;
        if ports::is_intel() { half.min(INTEL_MOST) } else { half }
    })
}

/// Bytes of all arrays of a call from which on folds that hardly compute go in 256-bit vectors: twice
/// the last cache. From there on sums, products and largest values of binary64 numbers take 0.90 to
/// 0.97 of the time that they take in 512-bit vectors, between the last cache and there up to 1.1
/// times as long (Zen 4, whose last cache has 32 MiB; `docs/records/2026-11-23-kernels.md`).
pub(crate) fn narrow_from() -> usize {
    2 * last_cache()
}

/// Bytes of the last cache, asked for once: `cpuid` takes microseconds in a virtual machine.
fn last_cache() -> usize {
    static ANSWER: OnceLock<usize> = OnceLock::new();
    *ANSWER.get_or_init(|| largest_listed().unwrap_or(USUAL_CACHE))
}

/// Bytes of the largest cache, as `cpuid` lists them: leaf 4 of Intel, 8000001D of AMD.
#[cfg(target_arch = "x86_64")]
fn largest_listed() -> Option<usize> {
    use std::arch::x86_64::{__cpuid, __cpuid_count};
    let amd = __cpuid(0).ecx == u32::from_le_bytes(*b"cAMD");
    let leaf = if amd { 0x8000_001d } else { 4 };
    if __cpuid(leaf & 0x8000_0000).eax < leaf {
        return None;
    }
    let size = |index| {
        let cache = __cpuid_count(leaf, index);
        let kind = cache.eax & 31;
        let ways = (cache.ebx >> 22) as usize + 1;
        let partitions = (cache.ebx >> 12 & 0x3ff) as usize + 1;
        let line = (cache.ebx & 0xfff) as usize + 1;
        (kind != 0).then(|| ways * partitions * line * (cache.ecx as usize + 1))
    };
    (0..8).map_while(size).max()
}

#[cfg(not(target_arch = "x86_64"))]
fn largest_listed() -> Option<usize> {
    None
}

#[cfg(test)]
mod tests {
    use super::stream_from;

    #[test]
    fn the_caches_are_found() {
        let from = stream_from();
        assert!((64 << 10..1 << 30).contains(&from), "{from}");
    }
}
