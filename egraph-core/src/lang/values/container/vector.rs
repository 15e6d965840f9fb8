//! Primitives of `Vec`.

use super::super::Value;
use super::super::call::{Call, holds};
use super::super::prim::Interns::{Always, Never};
use super::super::prim::{Context, Entry, Params, PrimResult, PrimSig, Primitives};
use super::super::sort::{Sort, Sorts};
use super::Slot::{First, Is, This};
use super::{Shape, Template, prim};

/// The most elements that a primitive makes out of a number.
const LONGEST: i64 = 1 << 24;

/// The position of an element.
fn position(call: &Call<'_>, index: Value, length: usize) -> Option<usize> {
    usize::try_from(call.values.as_i64(index)).ok().filter(|&position| position < length)
}

pub(super) const PRIMITIVES: &[Template] = &[
    prim("vec-empty", &[], This, Always, |call, _| call.container(call.sort(0), &[])),
    Template {
        name: "vec-of",
        params: Shape::Any(First),
        result: This,
        interns: Always,
        code: |call, args| call.container(call.sort(0), args),
    },
    Template {
        name: "vec-append",
        params: Shape::Any(This),
        result: This,
        interns: Always,
        code: |call, args| {
            let parts: Vec<&[Value]> = args.iter().map(|&part| call.content(part)).collect();
            call.container(call.sort(0), &parts.concat())
        },
    },
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
    if end > LONGEST {
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
        let sig = PrimSig {
            name: "vec-union",
            params: Params::Fixed([vector, vector].into_iter().collect()),
            result: PrimResult::Fixed(vector),
            context: Context::Write,
            interns: Never,
            higher_order: false,
        };
        primitives.add(Entry { sig, code: union, sorts: own });
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
