//! Function values, and primitives that apply them.

use super::super::*;
use super::world::World;

fn world() -> World {
    World::new(&[
        "V Vec i64",
        "W Vec String",
        "M MultiSet i64",
        "F UnstableFn i64 i64",
        "G UnstableFn i64 i64 i64",
        "ToText UnstableFn i64 String",
        "Test UnstableFn i64 Unit",
        "Many UnstableFn i64 M",
        "Index UnstableFn M i64 i64",
        "Terms MultiSet Math",
        "Step UnstableFn Math Math",
        "Const UnstableFn i64",
    ])
}

#[test]
fn functions_are_applied() {
    world().check(
        r#"
        (as F (unstable-fn "double")) => (unstable-fn "double")
        (as F (unstable-fn "+" 5)) => (unstable-fn "+" 5)
        (unstable-app (as F (unstable-fn "double")) 21) => 42
        (unstable-app (as F (unstable-fn "half")) 21) => fails
        (unstable-app (as F (unstable-fn "+" 5)) 2) => 7
        (unstable-app (as F (unstable-fn "+" 9223372036854775807)) 2) => fails
        (unstable-app (as G (unstable-fn "-")) 5 2) => 3
        (unstable-app (as Const (unstable-fn "-" 5 2))) => 3
        (unstable-app (as ToText (unstable-fn "to-string")) 5) => "5"
        (unstable-app (as Step (unstable-fn "cons" Math#5)) Math#4) => Math#9
        "#,
    );
}

#[test]
fn vectors_are_mapped_where_the_function_is_defined() {
    world().check(
        r#"
        (unstable-vec-map (as F (unstable-fn "double")) (vec-of 3 1 2)) => (vec-of 6 2 4)
        (unstable-vec-map (as F (unstable-fn "half")) (vec-of 3 8 2)) => (vec-of 4 1)
        (unstable-vec-map (as ToText (unstable-fn "to-string")) (vec-of 3 8)) => (vec-of "3" "8")
        (unstable-vec-map (as F (unstable-fn "double")) (as V (vec-empty))) => (vec-empty)
        "#,
    );
}

#[test]
fn multisets_are_mapped_filtered_and_reduced() {
    world().check(
        r#"
        (unstable-multiset-map (as F (unstable-fn "half")) (multiset-of 3 8 8 2)) => (multiset-of 1 4 4)
        (unstable-multiset-map (as F (unstable-fn "&" 1)) (multiset-of 3 8 7 2)) => (multiset-of 0 0 1 1)
        (unstable-multiset-map (as Step (unstable-fn "cons" Math#1)) (multiset-of Math#1 Math#1)) => (multiset-of Math#2 Math#2)
        (unstable-multiset-filter (as Test (unstable-fn "<" 2)) (multiset-of 1 3 3 2)) => (multiset-of 3 3)
        (unstable-multiset-filter-not (as Test (unstable-fn "<" 2)) (multiset-of 1 3 3 2)) => (multiset-of 1 2)
        (unstable-multiset-reduce (as G (unstable-fn "+")) 100 (multiset-of 1 3 3)) => 7
        (unstable-multiset-reduce (as G (unstable-fn "+")) 100 (as M (multiset-of))) => 100
        (unstable-multiset-reduce (as G (unstable-fn "/")) 1 (multiset-of 0 1)) => 0
        (unstable-multiset-reduce (as G (unstable-fn "*")) 1 (multiset-of 9223372036854775807 2)) => fails
        (unstable-multiset-flat-map (as Many (unstable-fn "multiset-single" 7)) (multiset-of 2 3 3)) => (multiset-of 7 7 7 7 7 7 7 7)
        (unstable-multiset-flat-map (as Many (unstable-fn "multiset-single" 7)) (multiset-of -1 1)) => (multiset-of 7 -1)
        "#,
    );
}

#[test]
fn the_index_of_a_multiset_is_filled_once_and_cleared() {
    let mut world = world();
    let (_, multiset) = world.value("(multiset-of 5 6 6)").unwrap();
    let fill =
        r#"(unstable-multiset-fill-index (multiset-of 5 6 6) (as Index (unstable-fn "index")))"#;
    assert_eq!(world.eval(fill), "()");
    let rows = |world: &World| -> Vec<(i64, i64)> {
        let number = |v: Value| world.values.as_i64(v);
        let rows = world.host.index.iter();
        rows.filter(|(row, _)| row[0] == multiset)
            .map(|(row, n)| (number(row[1]), number(*n)))
            .collect()
    };
    assert_eq!(rows(&world), [(5, 1), (6, 2)]);
    let six = world.values.i64(6);
    world.host.index.remove(&vec![multiset, six]);
    assert_eq!(world.eval(fill), "()");
    assert_eq!(rows(&world), [(5, 1)], "nothing is set once something is");
    let clear =
        r#"(unstable-multiset-clear-index (multiset-of 5 6 6) (as Index (unstable-fn "index")))"#;
    assert_eq!(world.eval(clear), "()");
    assert_eq!(rows(&world), []);
    let prim = world.primitives.overloads("unstable-multiset-fill-index")[0];
    assert_eq!(world.primitives.sig(prim).context, Context::Full);
}

#[test]
fn equal_functions_are_one_value_and_others_are_not() {
    let mut world = world();
    let terms = [
        r#"(as F (unstable-fn "+" 5))"#,
        r#"(as F (unstable-fn "+" 6))"#,
        r#"(as F (unstable-fn "-" 5))"#,
        r#"(as F (unstable-fn "double"))"#,
    ];
    let first: Vec<_> = terms.map(|term| world.value(term).unwrap()).to_vec();
    let again: Vec<_> = terms.map(|term| world.value(term).unwrap()).to_vec();
    assert_eq!(first, again);
    assert!(first.windows(2).all(|pair| pair[0] != pair[1]));
}

#[test]
fn combinations_do_not_depend_on_the_order_of_declarations() {
    let declarations = [
        "F UnstableFn i64 String",
        "V Vec i64",
        "W Vec String",
        "M MultiSet i64",
        "N MultiSet String",
    ];
    let signatures = |order: &[usize]| {
        let names: Vec<&str> = order.iter().map(|&i| declarations[i]).collect();
        let world = World::new(&names);
        let mut maps: Vec<String> = ["unstable-vec-map", "unstable-multiset-map"]
            .into_iter()
            .flat_map(|name| world.primitives.overloads(name))
            .map(|&prim| {
                let sig = world.primitives.sig(prim);
                let Params::Fixed(params) = &sig.params else { panic!("fixed") };
                let PrimResult::Fixed(result) = sig.result else { panic!("fixed") };
                let named: Vec<&str> =
                    params.iter().chain([&result]).map(|&sort| world.sorts.name(sort)).collect();
                format!("{} {}", sig.name, named.join(" "))
            })
            .collect();
        maps.sort();
        maps
    };
    let expected = ["unstable-multiset-map F M N", "unstable-vec-map F V W"];
    for order in [[0, 1, 2, 3, 4], [1, 2, 3, 4, 0], [2, 4, 0, 3, 1], [4, 3, 2, 1, 0]] {
        assert_eq!(signatures(&order), expected, "{order:?}");
    }
}
