//! Primitives of `Vec`.

use super::super::Value;
use super::super::call::{Call, holds};
use super::super::prim::Interns::{Always, Never};
use super::super::prim::{Context, Primitives};
use super::super::sort::{Sort, Sorts};
use super::Slot::{First, Is, This};
use super::content::LONGEST;
use super::{Template, prim, special, variadic};

/// The position of an element.
fn position(call: &Call<'_>, index: Value, length: usize) -> Option<usize> {
    usize::try_from(call.values.as_i64(index)).ok().filter(|&position| position < length)
}

pub(super) const PRIMITIVES: &[Template] = &[
    prim("vec-empty", &[], This, Always, |call, _| call.container(call.sort(0), &[])),
    variadic("vec-of", First, |call, args| call.container(call.sort(0), args)),
    variadic("vec-append", This, |call, args| {
        let parts: Vec<&[Value]> = args.iter().map(|&part| call.content(part)).collect();
        call.container(call.sort(0), &parts.concat())
    }),
    prim("vec-push", &[This, First], This, Always, |call, args| {
        let longer = [call.content(args[0]), &[args[1]]].concat();
        call.container(call.sort(0), &longer)
    }),
    prim("vec-pop", &[This], This, Always, |call, args| {
        let elements = call.content(args[0]);
        call.container(call.sort(0), &elements[..elements.len().saturating_sub(1)])
    }),
    prim("vec-length", &[This], Is(Sort::I64), Never, |call, args| {
        call.i64(call.content(args[0]).len() as i64)
    }),
    prim("vec-contains", &[This, First], Is(Sort::UNIT), Never, |call, args| {
        holds(call.content(args[0]).contains(&args[1]))
    }),
    prim("vec-not-contains", &[This, First], Is(Sort::UNIT), Never, |call, args| {
        holds(!call.content(args[0]).contains(&args[1]))
    }),
    prim("vec-get", &[This, Is(Sort::I64)], First, Never, |call, args| {
        let elements = call.content(args[0]);
        position(call, args[1], elements.len()).map(|at| elements[at])
    }),
    prim("vec-set", &[This, Is(Sort::I64), First], This, Always, |call, args| {
        let mut elements = call.content(args[0]).to_vec();
        let at = position(call, args[1], elements.len())?;
        elements[at] = args[2];
        call.container(call.sort(0), &elements)
    }),
    prim("vec-remove", &[This, Is(Sort::I64)], This, Always, |call, args| {
        let mut elements = call.content(args[0]).to_vec();
        let at = position(call, args[1], elements.len())?;
        elements.remove(at);
        call.container(call.sort(0), &elements)
    }),
];

/// Numbers from 0: only vectors of `i64` have it. Fails beyond [`LONGEST`] elements.
const RANGE: &[Template] = &[prim("vec-range", &[Is(Sort::I64)], This, Always, |call, args| {
    let end = call.values.as_i64(args[0]);
    if end > LONGEST as i64 {
        return None;
    }
    let numbers: Option<Vec<Value>> = (0..end).map(|n| call.i64(n)).collect();
    call.container(call.sort(0), &numbers?)
})];

/// Declares the primitives that only some sorts of vectors have.
pub(super) fn declare_special(
    primitives: &mut Primitives,
    sorts: &Sorts,
    vector: Sort,
    element: Sort,
) {
    let own = [vector, element, element];
    if element == Sort::I64 {
        super::instantiate(primitives, RANGE, own);
    }
    if sorts.is_eq(element) {
        let mut union = special("vec-union", &[vector, vector], vector, union);
        union.sorts = own;
        union.sig.context = Context::Write;
        union.sig.interns = Never;
        primitives.add(union);
    }
}

/// Makes the elements of two vectors equal one by one; fails when the lengths differ.
fn union(call: &mut Call<'_>, args: &[Value]) -> Option<Value> {
    let (left, right) = (call.content(args[0]), call.content(args[1]));
    if left.len() != right.len() {
        return None;
    }
    let element = call.sort(1);
    for (&a, &b) in left.iter().zip(right) {
        call.host().union(element, a, b)?;
    }
    Some(args[0])
}
