//! Primitives of `String`.

use super::Builtin;

pub(super) const PRIMITIVES: &[Builtin] = &[
    prim!("+"[parts: string] -> string = parts.by_ref().collect::<String>()),
    prim!("replace"(text: string, old: string, new: string) -> string = text.replace(old, new)),
    prim!("count-matches"(text: string, part: string) -> small = {
        text.matches(part).count() as i64
    }),
];
