//! Primitives of `bool`.

use super::Builtin;

pub(super) const PRIMITIVES: &[Builtin] = &[
    prim!("not"(a: bool) -> bool = !a),
    prim!("and"(a: bool, b: bool) -> bool = a && b),
    prim!("or"[all: bool] -> bool = all.any(|b| b)),
    prim!("xor"(a: bool, b: bool) -> bool = a != b),
    prim!("=>"(a: bool, b: bool) -> bool = !a || b),
    prim!("guard"(a: bool) -> unit = a),
];
