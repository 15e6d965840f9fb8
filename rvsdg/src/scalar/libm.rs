//! Functions of the platform's C library that Rust's standard library lacks, or computes by a
//! formula of its own (`asinh`, `acosh`, `atanh`), which would differ from CPython's in the last
//! bits.
#![allow(unsafe_code, reason = "a foreign declaration; every function takes numbers by value")]

// SAFETY: the signatures are those of C99's <math.h>; the functions are pure and total.
unsafe extern "C" {
    pub(super) safe fn asinh(x: f64) -> f64;
    pub(super) safe fn acosh(x: f64) -> f64;
    pub(super) safe fn atanh(x: f64) -> f64;
    pub(super) safe fn erf(x: f64) -> f64;
    pub(super) safe fn erfc(x: f64) -> f64;
    pub(super) safe fn asinhf(x: f32) -> f32;
    pub(super) safe fn acoshf(x: f32) -> f32;
    pub(super) safe fn atanhf(x: f32) -> f32;
    pub(super) safe fn erff(x: f32) -> f32;
    pub(super) safe fn erfcf(x: f32) -> f32;
}

// Rust's own cube root, which shadows the C library's `cbrt` in a linked program, is correctly
// rounded; glibc's, which CPython calls, is not in every release. glibc has it under another name.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod cube_root {
    // SAFETY: as above; these are the C library's names for its types `_Float64` and `_Float32`.
    unsafe extern "C" {
        #[link_name = "cbrtf64"]
        pub(in crate::scalar) safe fn cbrt(x: f64) -> f64;
        #[link_name = "cbrtf32"]
        pub(in crate::scalar) safe fn cbrtf(x: f32) -> f32;
    }
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
mod cube_root {
    pub(in crate::scalar) fn cbrt(x: f64) -> f64 {
        x.cbrt()
    }

    pub(in crate::scalar) fn cbrtf(x: f32) -> f32 {
        x.cbrt()
    }
}

pub(super) use cube_root::{cbrt, cbrtf};
