//! Primitives of `i64`. Arithmetic that leaves the 64 bits fails.

use super::Builtin;

/// A shift by a number of bits that is no number of bits fails.
fn bits(n: i64) -> Option<u32> {
    u32::try_from(n).ok()
}

pub(super) const PRIMITIVES: &[Builtin] = &[
    prim!("+"(a: i64, b: i64) ->? i64 = a.checked_add(b)),
    prim!("-"(a: i64, b: i64) ->? i64 = a.checked_sub(b)),
    prim!("*"(a: i64, b: i64) ->? i64 = a.checked_mul(b)),
    prim!("/"(a: i64, b: i64) ->? i64 = a.checked_div(b)),
    prim!("%"(a: i64, b: i64) ->? i64 = a.checked_rem(b)),
    prim!("&"(a: i64, b: i64) -> i64 = a & b),
    prim!("|"(a: i64, b: i64) -> i64 = a | b),
    prim!("^"(a: i64, b: i64) -> i64 = a ^ b),
    prim!("<<"(a: i64, b: i64) ->? i64 = bits(b).and_then(|b| a.checked_shl(b))),
    prim!(">>"(a: i64, b: i64) ->? i64 = bits(b).and_then(|b| a.checked_shr(b))),
    prim!("not-i64"(a: i64) -> i64 = !a),
    prim!("log2"(a: i64) ->? small = a.checked_ilog2().map(i64::from)),
    prim!("abs"(a: i64) ->? i64 = a.checked_abs()),
    prim!("<"(a: i64, b: i64) -> unit = a < b),
    prim!(">"(a: i64, b: i64) -> unit = a > b),
    prim!("<="(a: i64, b: i64) -> unit = a <= b),
    prim!(">="(a: i64, b: i64) -> unit = a >= b),
    prim!("bool-="(a: i64, b: i64) -> bool = a == b),
    prim!("bool-<"(a: i64, b: i64) -> bool = a < b),
    prim!("bool->"(a: i64, b: i64) -> bool = a > b),
    prim!("bool-<="(a: i64, b: i64) -> bool = a <= b),
    prim!("bool->="(a: i64, b: i64) -> bool = a >= b),
    pick!("min"(a, b: i64) if a <= b),
    pick!("max"(a, b: i64) if a >= b),
    prim!("to-string"(a: i64) -> string = a.to_string()),
];
