//! Primitives of `BigInt`. Division truncates.

use num_bigint::BigInt;
use num_traits::Zero;

use super::{Builtin, MOST_BITS};

/// A shift to the left; fails for a negative number of bits and beyond [`MOST_BITS`].
fn shifted_left(a: &BigInt, bits: i64) -> Option<BigInt> {
    let bits = u32::try_from(bits).ok()?;
    (a.is_zero() || a.bits() + u64::from(bits) <= MOST_BITS).then(|| a << bits)
}

pub(super) const PRIMITIVES: &[Builtin] = &[
    prim!("bigint"(a: i64) -> bigint = BigInt::from(a)),
    prim!("+"(a: bigint, b: bigint) -> bigint = a + b),
    prim!("-"(a: bigint, b: bigint) -> bigint = a - b),
    prim!("*"(a: bigint, b: bigint) -> bigint = a * b),
    prim!("/"(a: bigint, b: bigint) ->? bigint = a.checked_div(b)),
    prim!("%"(a: bigint, b: bigint) ->? bigint = (!b.is_zero()).then(|| a % b)),
    prim!("&"(a: bigint, b: bigint) -> bigint = a & b),
    prim!("|"(a: bigint, b: bigint) -> bigint = a | b),
    prim!("^"(a: bigint, b: bigint) -> bigint = a ^ b),
    prim!("<<"(a: bigint, b: i64) ->? bigint = shifted_left(a, b)),
    prim!(">>"(a: bigint, b: i64) ->? bigint = u32::try_from(b).ok().map(|b| a >> b)),
    prim!("not-Z"(a: bigint) -> bigint = !a),
    prim!("bits"(a: bigint) -> bigint = BigInt::from(a.bits())),
    prim!("<"(a: bigint, b: bigint) -> unit = a < b),
    prim!(">"(a: bigint, b: bigint) -> unit = a > b),
    prim!("<="(a: bigint, b: bigint) -> unit = a <= b),
    prim!(">="(a: bigint, b: bigint) -> unit = a >= b),
    prim!("bool-="(a: bigint, b: bigint) -> bool = a == b),
    prim!("bool-<"(a: bigint, b: bigint) -> bool = a < b),
    prim!("bool->"(a: bigint, b: bigint) -> bool = a > b),
    prim!("bool-<="(a: bigint, b: bigint) -> bool = a <= b),
    prim!("bool->="(a: bigint, b: bigint) -> bool = a >= b),
    pick!("min"(a, b: bigint) if a <= b),
    pick!("max"(a, b: bigint) if a >= b),
    prim!("to-string"(a: bigint) -> string = a.to_string()),
    prim!("from-string"(text: string) ->? bigint = text.parse::<BigInt>().ok()),
];
