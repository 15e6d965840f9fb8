//! Primitives of `Set`.

use super::super::call::{Call, holds};
use super::super::prim::Interns::{Always, Never};
use super::super::sort::Sort;
use super::Slot::{First, Is, This};
use super::{Template, content, prim, variadic};

fn contains(call: &Call<'_>, args: &[u32]) -> bool {
    call.content(args[0]).binary_search(&args[1]).is_ok()
}

pub(super) const PRIMITIVES: &[Template] = &[
    prim("set-empty", &[], This, Always, |call, _| call.container(call.sort(0), &[])),
    variadic("set-of", First, |call, args| {
        call.container(call.sort(0), &content::set(args.to_vec()))
    }),
    // The order of elements is that of their values, which says nothing about their contents.
    prim("set-get", &[This, Is(Sort::I64)], First, Never, |call, args| {
        let position = usize::try_from(call.values.as_i64(args[1])).ok()?;
        call.content(args[0]).get(position).copied()
    }),
    prim("set-insert", &[This, First], This, Always, |call, args| {
        let elements = call.content(args[0]);
        match elements.binary_search(&args[1]) {
            Ok(_) => Some(args[0]),
            Err(at) => {
                let larger = [&elements[..at], &[args[1]], &elements[at..]].concat();
                call.container(call.sort(0), &larger)
            }
        }
    }),
    prim("set-remove", &[This, First], This, Always, |call, args| {
        let elements = call.content(args[0]);
        match elements.binary_search(&args[1]) {
            Ok(at) => {
                let smaller = [&elements[..at], &elements[at + 1..]].concat();
                call.container(call.sort(0), &smaller)
            }
            Err(_) => Some(args[0]),
        }
    }),
    prim("set-length", &[This], Is(Sort::I64), Never, |call, args| {
        call.i64(call.content(args[0]).len() as i64)
    }),
    prim("set-contains", &[This, First], Is(Sort::UNIT), Never, |call, args| {
        holds(contains(call, args))
    }),
    prim("set-not-contains", &[This, First], Is(Sort::UNIT), Never, |call, args| {
        holds(!contains(call, args))
    }),
    prim("set-union", &[This, This], This, Always, |call, args| {
        let both = [call.content(args[0]), call.content(args[1])].concat();
        call.container(call.sort(0), &content::set(both))
    }),
    prim("set-diff", &[This, This], This, Always, |call, args| {
        let others = call.content(args[1]);
        let mut elements = call.content(args[0]).to_vec();
        elements.retain(|element| others.binary_search(element).is_err());
        call.container(call.sort(0), &elements)
    }),
    prim("set-intersect", &[This, This], This, Always, |call, args| {
        let others = call.content(args[1]);
        let mut elements = call.content(args[0]).to_vec();
        elements.retain(|element| others.binary_search(element).is_ok());
        call.container(call.sort(0), &elements)
    }),
];
