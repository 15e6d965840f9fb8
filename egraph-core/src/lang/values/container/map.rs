//! Primitives of `Map`.

use super::super::call::holds;
use super::super::prim::Interns::{Always, Never};
use super::super::sort::Sort;
use super::Slot::{First, Is, Second, This};
use super::{Shape, Template, content, prim};

pub(super) const PRIMITIVES: &[Template] = &[
    prim("map-empty", &[], This, Always, |call, _| call.container(call.sort(0), &[])),
    Template {
        name: "map-of",
        params: Shape::ByTurns,
        result: This,
        interns: Always,
        code: |call, args| call.container(call.sort(0), &content::map(content::pairs(args))),
    },
    prim("map-get", &[This, First], Second, Never, |call, args| {
        content::find(call.content(args[0]), args[1])
    }),
    prim("map-insert", &[This, First, Second], This, Always, |call, args| {
        let entries = content::pairs(call.content(args[0]));
        let larger = content::map(entries.chain([(args[1], args[2])]));
        call.container(call.sort(0), &larger)
    }),
    prim("map-remove", &[This, First], This, Always, |call, args| {
        let entries = content::pairs(call.content(args[0]));
        let smaller = content::map(entries.filter(|&(key, _)| key != args[1]));
        call.container(call.sort(0), &smaller)
    }),
    prim("map-length", &[This], Is(Sort::I64), Never, |call, args| {
        call.i64(call.content(args[0]).len() as i64 / 2)
    }),
    prim("map-contains", &[This, First], Is(Sort::UNIT), Never, |call, args| {
        holds(content::find(call.content(args[0]), args[1]).is_some())
    }),
    prim("map-not-contains", &[This, First], Is(Sort::UNIT), Never, |call, args| {
        holds(content::find(call.content(args[0]), args[1]).is_none())
    }),
];
