//! Primitives of `MultiSet` that apply no functions.

use super::super::Value;
use super::super::call::{Call, holds};
use super::super::prim::Interns::{Always, Never};
use super::super::prim::{Context, Interns, Primitives};
use super::super::sort::{Sort, SortKind, Sorts};
use super::Slot::{First, Is, This};
use super::{Template, content, prim, special, variadic};

/// The multiset of elements and their numbers, in any order.
fn make(call: &mut Call<'_>, counts: impl IntoIterator<Item = (Value, u32)>) -> Option<Value> {
    call.container(call.sort(0), &content::multiset(counts)?)
}

/// How often an element occurs.
fn count(call: &Call<'_>, multiset: Value, element: Value) -> u32 {
    content::find(call.content(multiset), element).unwrap_or(0)
}

fn insert(call: &mut Call<'_>, multiset: Value, element: Value) -> Option<Value> {
    let counts = content::pairs(call.content(multiset));
    make(call, counts.chain([(element, 1)]))
}

/// The multiset without the elements of another, each as often as it occurs there. Fails when
/// there are too few.
fn subtract(call: &mut Call<'_>, multiset: Value, other: Value) -> Option<Value> {
    let other = call.content(other);
    if content::pairs(other).any(|(element, number)| count(call, multiset, element) < number) {
        return None;
    }
    let left = content::pairs(call.content(multiset))
        .map(|(element, number)| (element, number - content::find(other, element).unwrap_or(0)));
    make(call, left)
}

fn remove(call: &mut Call<'_>, multiset: Value, element: Value) -> Option<Value> {
    if count(call, multiset, element) == 0 {
        return None;
    }
    let left = content::pairs(call.content(multiset))
        .map(|(other, number)| (other, number - u32::from(other == element)));
    make(call, left)
}

pub(super) const PRIMITIVES: &[Template] = &[
    variadic("multiset-of", First, |call, args| {
        make(call, args.iter().map(|&element| (element, 1)))
    }),
    prim("multiset-single", &[First, Is(Sort::I64)], This, Always, |call, args| {
        let number = u32::try_from(call.values.as_i64(args[1])).ok()?;
        make(call, [(args[0], number)])
    }),
    prim("multiset-pick", &[This], First, Never, |call, args| {
        call.content(args[0]).first().copied()
    }),
    prim("multiset-insert", &[This, First], This, Always, |call, args| {
        insert(call, args[0], args[1])
    }),
    prim("multiset-remove", &[This, First], This, Always, |call, args| {
        remove(call, args[0], args[1])
    }),
    prim("multiset-remove-swapped", &[First, This], This, Always, |call, args| {
        remove(call, args[1], args[0])
    }),
    prim("multiset-subtract", &[This, This], This, Always, |call, args| {
        subtract(call, args[0], args[1])
    }),
    prim("multiset-subtract-swapped", &[This, This], This, Always, |call, args| {
        subtract(call, args[1], args[0])
    }),
    prim("multiset-length", &[This], Is(Sort::I64), Interns::Rarely, |call, args| {
        let numbers = content::pairs(call.content(args[0])).map(|(_, number)| i64::from(number));
        call.i64(numbers.sum())
    }),
    prim("multiset-contains", &[This, First], Is(Sort::UNIT), Never, |call, args| {
        holds(count(call, args[0], args[1]) > 0)
    }),
    prim("multiset-not-contains", &[This, First], Is(Sort::UNIT), Never, |call, args| {
        holds(count(call, args[0], args[1]) == 0)
    }),
    prim("multiset-contains-swapped", &[First, This], Is(Sort::UNIT), Never, |call, args| {
        holds(count(call, args[1], args[0]) > 0)
    }),
    prim("multiset-not-contains-swapped", &[First, This], Is(Sort::UNIT), Never, |call, args| {
        holds(count(call, args[1], args[0]) == 0)
    }),
    prim("multiset-intersection", &[This, This], This, Always, |call, args| {
        let other = call.content(args[1]);
        let common = content::pairs(call.content(args[0])).map(|(element, number)| {
            (element, number.min(content::find(other, element).unwrap_or(0)))
        });
        make(call, common)
    }),
    prim("multiset-sum", &[This, This], This, Always, |call, args| {
        let other = content::pairs(call.content(args[1]));
        make(call, content::pairs(call.content(args[0])).chain(other))
    }),
    prim("multiset-reset-counts", &[This], This, Always, |call, args| {
        make(call, content::pairs(call.content(args[0])).map(|(element, _)| (element, 1)))
    }),
    // Of elements that occur equally often, the one with the greatest value.
    prim("multiset-pick-max", &[This], First, Never, |call, args| {
        let counts = content::pairs(call.content(args[0]));
        counts.max_by_key(|&(_, number)| number).map(|(element, _)| element)
    }),
    prim("multiset-count", &[This, First], Is(Sort::I64), Interns::Rarely, |call, args| {
        call.i64(i64::from(count(call, args[0], args[1])))
    }),
];

/// Declares the primitives that only some sorts of multisets have.
pub(super) fn declare_special(
    primitives: &mut Primitives,
    sorts: &Sorts,
    multiset: Sort,
    element: Sort,
) {
    if matches!(sorts.kind(element), SortKind::MultiSet(_)) {
        let mut sum = special("multiset-sum-multisets", &[multiset], element, sum_multisets);
        sum.sorts = [element, multiset, multiset];
        primitives.add(sum);
    }
    if sorts.is_eq(element) {
        let mut union = special("multiset-union-values", &[multiset], element, union_values);
        union.sorts = [multiset, element, element];
        union.sig.context = Context::Write;
        union.sig.interns = Never;
        primitives.add(union);
    }
}

/// The sum of the multisets in a multiset, each as often as it occurs.
fn sum_multisets(call: &mut Call<'_>, args: &[Value]) -> Option<Value> {
    let (inner, outer) = (call.sort(0), call.sort(1));
    let mut counts = Vec::new();
    for (multiset, times) in content::pairs(call.values.content(outer, args[0])) {
        for (element, number) in content::pairs(call.values.content(inner, multiset)) {
            counts.push((element, number.checked_mul(times)?));
        }
    }
    make(call, counts)
}

/// Makes all elements equal; fails when there are none.
fn union_values(call: &mut Call<'_>, args: &[Value]) -> Option<Value> {
    let sort = call.sort(1);
    let mut elements = content::pairs(call.content(args[0])).map(|(element, _)| element);
    let first = elements.next()?;
    for element in elements {
        call.host().union(sort, first, element)?;
    }
    Some(first)
}
