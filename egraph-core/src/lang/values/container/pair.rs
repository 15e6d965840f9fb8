//! Primitives of `Pair`.

use super::super::prim::Interns::{Always, Never};
use super::Slot::{First, Second, This};
use super::{Template, prim};

pub(super) const PRIMITIVES: &[Template] = &[
    prim("pair", &[First, Second], This, Always, |call, args| call.container(call.sort(0), args)),
    prim("pair-first", &[This], First, Never, |call, args| Some(call.content(args[0])[0])),
    prim("pair-second", &[This], Second, Never, |call, args| Some(call.content(args[0])[1])),
];
