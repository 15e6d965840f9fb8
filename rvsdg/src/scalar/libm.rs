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
