//! The primitives of containers, a file a kind. Declaring a container sort declares its overloads.

pub(super) mod content;
mod function;
mod map;
mod multiset;
mod pair;
mod set;
mod vector;

use super::call::Code;
use super::prim::{Context, Entry, Interns, Params, PrimResult, PrimSig, Primitives};
use super::sort::{Sort, SortKind, Sorts};

/// A parameter or result of a container's primitive, before the sorts are known.
#[derive(Clone, Copy)]
enum Slot {
    /// The container sort itself.
    This,
    /// Its elements, keys or first components.
    First,
    /// Its values or second components.
    Second,
    /// Another sort.
    Is(Sort),
}

/// A primitive that every sort of one kind of container has.
struct Template {
    name: &'static str,
    params: Shape,
    result: Slot,
    interns: Interns,
    code: Code,
}

/// Parameters before the sorts are known.
enum Shape {
    These(&'static [Slot]),
    Any(Slot),
    ByTurns,
}

/// Declares the primitives of a container sort.
pub(super) fn declare(primitives: &mut Primitives, sorts: &Sorts, sort: Sort) {
    match sorts.kind(sort) {
        SortKind::Vec(element) => {
            instantiate(primitives, vector::PRIMITIVES, [sort, *element, *element]);
            vector::declare_special(primitives, sorts, sort, *element);
            function::declare_combinations(primitives, sorts, sort);
        }
        SortKind::Set(element) => {
            instantiate(primitives, set::PRIMITIVES, [sort, *element, *element]);
        }
        SortKind::Map(key, value) => {
            instantiate(primitives, map::PRIMITIVES, [sort, *key, *value]);
        }
        SortKind::MultiSet(element) => {
            instantiate(primitives, multiset::PRIMITIVES, [sort, *element, *element]);
            multiset::declare_special(primitives, sorts, sort, *element);
            function::declare_combinations(primitives, sorts, sort);
        }
        SortKind::Pair(first, second) => {
            instantiate(primitives, pair::PRIMITIVES, [sort, *first, *second]);
        }
        SortKind::Fn { inputs, output } => {
            function::declare(primitives, sort, inputs, *output);
            function::declare_combinations(primitives, sorts, sort);
        }
        _ => {}
    }
}

/// Whether some container sort has a primitive of this name.
pub(super) fn is_primitive(name: &str) -> bool {
    let tables = [
        vector::PRIMITIVES,
        set::PRIMITIVES,
        map::PRIMITIVES,
        multiset::PRIMITIVES,
        pair::PRIMITIVES,
    ];
    tables.into_iter().flatten().any(|template| template.name == name) || SPECIAL.contains(&name)
}

/// Primitives that only some sorts of a kind, or combinations of sorts, have.
const SPECIAL: [&str; 14] = [
    "vec-union",
    "vec-range",
    "unstable-vec-map",
    "multiset-sum-multisets",
    "multiset-union-values",
    "unstable-multiset-map",
    "unstable-multiset-filter",
    "unstable-multiset-filter-not",
    "unstable-multiset-reduce",
    "unstable-multiset-flat-map",
    "unstable-multiset-fill-index",
    "unstable-multiset-clear-index",
    "unstable-fn",
    "unstable-app",
];

/// Declares the primitives of a table for a sort, its first and its second inner sort.
fn instantiate(primitives: &mut Primitives, table: &[Template], sorts: [Sort; 3]) {
    let sort_of = |slot: Slot| match slot {
        Slot::This => sorts[0],
        Slot::First => sorts[1],
        Slot::Second => sorts[2],
        Slot::Is(sort) => sort,
    };
    for template in table {
        let sig = PrimSig {
            name: template.name,
            params: match template.params {
                Shape::These(slots) => Params::Fixed(slots.iter().map(|&s| sort_of(s)).collect()),
                Shape::Any(slot) => Params::Variadic(sort_of(slot)),
                Shape::ByTurns => Params::Alternating(sorts[1], sorts[2]),
            },
            result: PrimResult::Fixed(sort_of(template.result)),
            context: Context::Pure,
            interns: template.interns,
            higher_order: false,
        };
        primitives.add(Entry { sig, code: template.code, sorts, user: None });
    }
}

/// A primitive of a kind of container.
const fn prim(
    name: &'static str,
    params: &'static [Slot],
    result: Slot,
    interns: Interns,
    code: Code,
) -> Template {
    Template { name, params: Shape::These(params), result, interns, code }
}

/// A primitive of any number of arguments that makes a container.
const fn variadic(name: &'static str, element: Slot, code: Code) -> Template {
    Template {
        name,
        params: Shape::Any(element),
        result: Slot::This,
        interns: Interns::Always,
        code,
    }
}

/// A primitive that only some combinations of sorts have: pure, and making values.
fn special(name: &'static str, params: &[Sort], result: Sort, code: Code) -> Entry {
    let sig = PrimSig {
        name,
        params: Params::Fixed(params.into()),
        result: PrimResult::Fixed(result),
        context: Context::Pure,
        interns: Interns::Always,
        higher_order: false,
    };
    Entry { sig, code, sorts: [result; 3], user: None }
}
