//! Primitives of `f64`.
//!
//! Arithmetic is IEEE 754's, but that division by zero, the logarithm of what is not positive and
//! the root of what is negative fail. Comparisons order NaN above all other numbers, and equal to
//! itself.

use std::cmp::Ordering;

use super::Builtin;

/// The order of floats: zeros are equal, NaN comes last and equals itself.
fn order(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
}

fn positive(a: f64) -> bool {
    order(a, 0.0).is_gt()
}

pub(super) const PRIMITIVES: &[Builtin] = &[
    prim!("+"(a: f64, b: f64) -> f64 = a + b),
    prim!("-"(a: f64, b: f64) -> f64 = a - b),
    prim!("*"(a: f64, b: f64) -> f64 = a * b),
    prim!("/"(a: f64, b: f64) ->? f64 = (b != 0.0).then_some(a / b)),
    prim!("%"(a: f64, b: f64) ->? f64 = (b != 0.0).then_some(a % b)),
    prim!("^"(a: f64, b: f64) -> f64 = a.powf(b)),
    prim!("neg"(a: f64) -> f64 = -a),
    prim!("<"(a: f64, b: f64) -> unit = order(a, b).is_lt()),
    prim!(">"(a: f64, b: f64) -> unit = order(a, b).is_gt()),
    prim!("<="(a: f64, b: f64) -> unit = order(a, b).is_le()),
    prim!(">="(a: f64, b: f64) -> unit = order(a, b).is_ge()),
    pick!("min"(a, b: f64) if order(a, b).is_le()),
    pick!("max"(a, b: f64) if order(a, b).is_gt()),
    prim!("abs"(a: f64) -> f64 = a.abs()),
    prim!("exp"(a: f64) -> f64 = a.exp()),
    prim!("log"(a: f64) ->? f64 = positive(a).then(|| a.ln())),
    prim!("sqrt"(a: f64) ->? f64 = order(a, 0.0).is_ge().then(|| a.sqrt())),
    prim!("to-f64"(a: i64) -> f64 = a as f64),
    // Saturates; NaN gives 0.
    prim!("to-i64"(a: f64) -> i64 = a as i64),
    prim!("to-string"(a: f64) -> string = format!("{a:?}")),
];
