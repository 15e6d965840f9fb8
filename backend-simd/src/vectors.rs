//! The sizes of vectors.

use std::sync::OnceLock;

/// The vectors of a kernel's fast loop. Results have the same bits with either.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vectors {
    /// 256 bits in 16 registers: AVX2 and FMA.
    Bits256,
    /// 512 bits in 32 registers: AVX-512, foundation and DQ.
    Bits512,
}

impl Vectors {
    /// Bytes of a vector.
    pub(crate) fn bytes(self) -> u32 {
        match self {
            Vectors::Bits256 => 32,
            Vectors::Bits512 => 64,
        }
    }

    /// How many vector registers there are.
    pub(crate) fn registers(self) -> u8 {
        match self {
            Vectors::Bits256 => 16,
            Vectors::Bits512 => 32,
        }
    }

    /// The widest that this processor has: none if it lacks AVX2 or FMA. The environment variables
    /// `OVUM_NO_AVX2` and `OVUM_NO_AVX512` say so for it, if they are set when this is first asked.
    pub fn widest() -> Option<Vectors> {
        static ANSWER: OnceLock<Option<Vectors>> = OnceLock::new();
        *ANSWER.get_or_init(|| {
            let denied = |name: &str| std::env::var_os(name).is_some();
            if denied("OVUM_NO_AVX2") || !has_256() {
                return None;
            }
            let wide = !denied("OVUM_NO_AVX512") && has_512();
            Some(if wide { Vectors::Bits512 } else { Vectors::Bits256 })
        })
    }
}

#[cfg(target_arch = "x86_64")]
fn has_256() -> bool {
    std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma")
}

#[cfg(target_arch = "x86_64")]
fn has_512() -> bool {
    std::arch::is_x86_feature_detected!("avx512f")
        && std::arch::is_x86_feature_detected!("avx512dq")
}

#[cfg(not(target_arch = "x86_64"))]
fn has_256() -> bool {
    false
}

#[cfg(not(target_arch = "x86_64"))]
fn has_512() -> bool {
    false
}
