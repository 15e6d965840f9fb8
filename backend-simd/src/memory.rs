//! From which size on results go past the caches.
//!
//! A store to a line that no cache has reads it from memory first: a stream of results costs twice
//! its size. Stores past the caches do not, and `x + y` takes 0.6 to 0.8 of the time from 7 MB on
//! (Zen 4). Below, whoever reads the results next would rather find them in a cache.

use std::sync::OnceLock;

/// What to believe of a processor that does not say: bytes of its last cache.
const USUAL_CACHE: usize = 32 << 20;

/// Bytes of all arrays of a call from which on results go past the caches: a quarter of the last
/// cache, the share from which on the C library's `memcpy` does so.
pub(crate) fn stream_from() -> usize {
    static ANSWER: OnceLock<usize> = OnceLock::new();
    *ANSWER.get_or_init(|| last_cache().unwrap_or(USUAL_CACHE) / 4)
}

/// Bytes of the largest cache, as `cpuid` lists them: leaf 4 of Intel, 8000001D of AMD.
#[cfg(target_arch = "x86_64")]
fn last_cache() -> Option<usize> {
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
fn last_cache() -> Option<usize> {
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
