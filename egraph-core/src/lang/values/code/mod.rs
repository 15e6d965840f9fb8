//! The code of the primitives of the built-in sorts, a file a sort.

#[macro_use]
mod table;

mod bigint;
mod bigrat;
mod boolean;
mod float;
mod integer;
mod string;

use super::Value;
use super::call::{Code, holds};
use super::prim::{Context, Entry, Interns, Params, PrimResult, PrimSig, Primitives};
use super::sort::Sort;

/// A primitive of built-in sorts as its table declares it.
struct Builtin {
    name: &'static str,
    params: Fixed,
    result: Sort,
    interns: Interns,
    code: Code,
}

/// Parameters as constants can hold them.
enum Fixed {
    These(&'static [Sort]),
    Any(Sort),
}

/// The most bits of a big number that a shift or a power makes out of small ones: a program cannot
/// ask for all memory in one step.
const MOST_BITS: u64 = 1 << 24;

/// Declares the primitives of all built-in sorts.
pub(super) fn declare(primitives: &mut Primitives) {
    any_sort(primitives);
    let tables: [&[Builtin]; 6] = [
        string::PRIMITIVES,
        boolean::PRIMITIVES,
        integer::PRIMITIVES,
        float::PRIMITIVES,
        bigint::PRIMITIVES,
        bigrat::PRIMITIVES,
    ];
    for builtin in tables.into_iter().flatten() {
        primitives.add(Entry {
            sig: PrimSig {
                name: builtin.name,
                params: match builtin.params {
                    Fixed::These(sorts) => Params::Fixed(sorts.into()),
                    Fixed::Any(sort) => Params::Variadic(sort),
                },
                result: PrimResult::Fixed(builtin.result),
                context: Context::Pure,
                interns: builtin.interns,
                higher_order: false,
            },
            code: builtin.code,
            sorts: [Sort::UNIT; 3],
            user: None,
        });
    }
}

/// Primitives that take two arguments of any one sort and look at the values only.
fn any_sort(primitives: &mut Primitives) {
    let table: [(&'static str, PrimResult, Code); 5] = [
        ("!=", PrimResult::Fixed(Sort::UNIT), |_, args| holds(args[0] != args[1])),
        ("bool-!=", PrimResult::Fixed(Sort::BOOL), |_, args| Some(Value::from(args[0] != args[1]))),
        ("value-eq", PrimResult::Fixed(Sort::UNIT), |_, args| holds(args[0] == args[1])),
        ("ordering-min", PrimResult::SameAsArgs, |_, args| Some(args[0].min(args[1]))),
        ("ordering-max", PrimResult::SameAsArgs, |_, args| Some(args[0].max(args[1]))),
    ];
    for (name, result, code) in table {
        let sig = PrimSig {
            name,
            params: Params::AllSame(2),
            result,
            context: Context::Pure,
            interns: Interns::Never,
            higher_order: false,
        };
        primitives.add(Entry { sig, code, sorts: [Sort::UNIT; 3], user: None });
    }
}
