//! Primitives of `UnstableFn`, and those of other containers that apply functions.

use super::super::UNIT;
use super::super::Value;
use super::super::call::Call;
use super::super::prim::{Context, Entry, Interns, Params, Primitives};
use super::super::sort::{Sort, SortKind, Sorts};
use super::super::store::Target;
use super::{content, special};

/// Declares `unstable-fn` and `unstable-app` of a function sort.
pub(super) fn declare(primitives: &mut Primitives, sort: Sort, inputs: &[Sort], output: Sort) {
    let mut make =
        special("unstable-fn", &[], sort, |call, args| call.container(call.sort(0), args));
    make.sig.params = Params::Target;
    make.sorts = [sort; 3];
    primitives.add(make);

    let params: Vec<Sort> = std::iter::once(sort).chain(inputs.iter().copied()).collect();
    let apply = special("unstable-app", &params, output, |call, args| {
        call.apply(call.sort(0), args[0], &args[1..])
    });
    primitives.add(higher_order(apply, [sort; 3]));
}

fn higher_order(mut entry: Entry, sorts: [Sort; 3]) -> Entry {
    entry.sig.higher_order = true;
    entry.sorts = sorts;
    entry
}

/// Declares the primitives by which a new sort, a function's or a container's, goes with the sorts
/// before it.
pub(super) fn declare_combinations(primitives: &mut Primitives, sorts: &Sorts, new: Sort) {
    for function in sorts.all() {
        let SortKind::Fn { inputs, output } = sorts.kind(function) else { continue };
        for container in sorts.all() {
            let (SortKind::Vec(element) | SortKind::MultiSet(element)) = *sorts.kind(container)
            else {
                continue;
            };
            if inputs[..] == [element] {
                declare_maps(primitives, sorts, new, [function, container], *output);
            }
            if function == new || container == new {
                let own = [function, container, element];
                declare_multiset(primitives, sorts, own, inputs, *output);
            }
        }
    }
}

/// `unstable-vec-map` and `unstable-multiset-map` from one container to all of the same kind whose
/// elements are the function's results, if one of the three sorts is new.
fn declare_maps(
    primitives: &mut Primitives,
    sorts: &Sorts,
    new: Sort,
    [function, from]: [Sort; 2],
    output: Sort,
) {
    for to in sorts.all().filter(|&to| [function, from, to].contains(&new)) {
        let map = match (sorts.kind(from), sorts.kind(to)) {
            (SortKind::Vec(_), SortKind::Vec(element)) if *element == output => {
                special("unstable-vec-map", &[function, from], to, vec_map)
            }
            (SortKind::MultiSet(_), SortKind::MultiSet(element)) if *element == output => {
                special("unstable-multiset-map", &[function, from], to, multiset_map)
            }
            _ => continue,
        };
        primitives.add(higher_order(map, [to, function, from]));
    }
}

/// The other primitives of a multiset and a function that goes with it.
fn declare_multiset(
    primitives: &mut Primitives,
    sorts: &Sorts,
    [function, multiset, element]: [Sort; 3],
    inputs: &[Sort],
    output: Sort,
) {
    if !matches!(sorts.kind(multiset), SortKind::MultiSet(_)) {
        return;
    }
    let own = [multiset, function, element];
    let mut add = |entry| primitives.add(higher_order(entry, own));
    if inputs == [element] && output == Sort::UNIT {
        let params = [function, multiset];
        add(special("unstable-multiset-filter", &params, multiset, |call, args| {
            filter(call, args, true)
        }));
        add(special("unstable-multiset-filter-not", &params, multiset, |call, args| {
            filter(call, args, false)
        }));
    }
    if inputs == [element, element] && output == element {
        let params = [function, element, multiset];
        add(special("unstable-multiset-reduce", &params, element, reduce));
    }
    if inputs == [element] && output == multiset {
        add(special("unstable-multiset-flat-map", &[function, multiset], multiset, flat_map));
    }
    if inputs == [multiset, element] && output == Sort::I64 {
        let mut fill =
            special("unstable-multiset-fill-index", &[multiset, function], Sort::UNIT, fill_index);
        fill.sig.context = Context::Full;
        fill.sig.interns = Interns::Rarely;
        add(fill);
        let mut clear = special(
            "unstable-multiset-clear-index",
            &[multiset, function],
            Sort::UNIT,
            clear_index,
        );
        clear.sig.context = Context::Write;
        clear.sig.interns = Interns::Never;
        add(clear);
    }
}

/// Results for the elements that have one, in order.
fn vec_map(call: &mut Call<'_>, args: &[Value]) -> Option<Value> {
    let (function, from) = (call.sort(1), call.sort(2));
    let elements = call.values.content(from, args[1]);
    let mapped: Vec<Value> =
        elements.iter().filter_map(|&element| call.apply(function, args[0], &[element])).collect();
    call.container(call.sort(0), &mapped)
}

/// Results for the elements that have one, as often as the elements.
fn multiset_map(call: &mut Call<'_>, args: &[Value]) -> Option<Value> {
    let (function, from) = (call.sort(1), call.sort(2));
    let counts = content::pairs(call.values.content(from, args[1]));
    let mapped = counts.filter_map(|(element, number)| {
        call.apply(function, args[0], &[element]).map(|result| (result, number))
    });
    let mapped = content::multiset(mapped)?;
    call.container(call.sort(0), &mapped)
}

/// The elements for which the function is defined, or not.
fn filter(call: &mut Call<'_>, args: &[Value], defined: bool) -> Option<Value> {
    let function = call.sort(1);
    let counts = content::pairs(call.content(args[1]));
    let kept = counts
        .filter(|&(element, _)| call.apply(function, args[0], &[element]).is_some() == defined);
    let kept = content::multiset(kept)?;
    call.container(call.sort(0), &kept)
}

/// All elements combined, from the least value up; the given one if there are none.
fn reduce(call: &mut Call<'_>, args: &[Value]) -> Option<Value> {
    let function = call.sort(1);
    let mut combined = None;
    for (element, number) in content::pairs(call.content(args[2])) {
        for _ in 0..number {
            combined = Some(match combined {
                None => element,
                Some(before) => call.apply(function, args[0], &[before, element])?,
            });
        }
    }
    Some(combined.unwrap_or(args[1]))
}

/// The elements of the results; an element without a result stays.
fn flat_map(call: &mut Call<'_>, args: &[Value]) -> Option<Value> {
    let (multiset, function) = (call.sort(0), call.sort(1));
    let mut counts = Vec::new();
    for (element, number) in content::pairs(call.content(args[1])) {
        match call.apply(function, args[0], &[element]) {
            None => counts.push((element, number)),
            Some(result) => {
                for (inner, times) in content::pairs(call.values.content(multiset, result)) {
                    counts.push((inner, times.checked_mul(number)?));
                }
            }
        }
    }
    call.container(multiset, &content::multiset(counts)?)
}

/// The function of the program behind a function value, and its arguments for an element.
fn index_row(call: &Call<'_>, args: &[Value], element: Value) -> Option<(u32, Vec<Value>)> {
    let (&target, given) = call.values.content(call.sort(1), args[1]).split_first()?;
    let Target::Table(function) = call.values.target(target).function else { return None };
    Some((function, [given, &[args[0], element]].concat()))
}

/// Sets `index(multiset, element)` to the number of times that each element occurs. Does nothing
/// more once it finds a value that is set: the index of a multiset is filled at one go.
fn fill_index(call: &mut Call<'_>, args: &[Value]) -> Option<Value> {
    for (element, number) in content::pairs(call.content(args[0])) {
        let (function, row) = index_row(call, args, element)?;
        if call.host().lookup(function, &row).is_some() {
            break;
        }
        let number = call.i64(i64::from(number))?;
        call.host().set(function, &row, number)?;
    }
    Some(UNIT)
}

/// Deletes `index(multiset, element)` for each element.
fn clear_index(call: &mut Call<'_>, args: &[Value]) -> Option<Value> {
    for (element, _) in content::pairs(call.content(args[0])) {
        let (function, row) = index_row(call, args, element)?;
        call.host().delete(function, &row)?;
    }
    Some(UNIT)
}
