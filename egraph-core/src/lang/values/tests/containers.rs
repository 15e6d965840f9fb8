//! Primitives of containers, failures included.

use super::super::*;
use super::world::World;

#[test]
fn vectors() {
    World::new(&["V Vec i64", "W Vec Math"]).check(
        r"
        (as V (vec-empty)) => (vec-empty)
        (as V (vec-of)) => (vec-empty)
        (vec-of 3 1 3) => (vec-of 3 1 3)
        (vec-append (vec-of 1) (vec-of) (vec-of 2 3)) => (vec-of 1 2 3)
        (as V (vec-append)) => (vec-empty)
        (vec-push (vec-of 1) 2) => (vec-of 1 2)
        (vec-pop (vec-of 1 2)) => (vec-of 1)
        (vec-pop (as V (vec-empty))) => (vec-empty)
        (vec-length (vec-of 5 5 5)) => 3
        (vec-contains (vec-of 1 2) 2) => ()
        (vec-contains (vec-of 1 2) 3) => fails
        (vec-not-contains (vec-of 1 2) 3) => ()
        (vec-not-contains (vec-of 1 2) 2) => fails
        (vec-get (vec-of 7 8) 1) => 8
        (vec-get (vec-of 7 8) 2) => fails
        (vec-get (vec-of 7 8) -1) => fails
        (vec-set (vec-of 7 8) 0 9) => (vec-of 9 8)
        (vec-set (vec-of 7 8) 2 9) => fails
        (vec-set (vec-of 7 8) -1 9) => fails
        (vec-remove (vec-of 7 8 9) 1) => (vec-of 7 9)
        (vec-remove (vec-of 7 8 9) 3) => fails
        (vec-range 4) => (vec-of 0 1 2 3)
        (vec-range -4) => (vec-empty)
        (vec-range 4000000000) => fails
        (vec-get (vec-of Math#4 Math#5) 0) => Math#4
        "
        .replace("(vec-of) ", "(as V (vec-of)) ")
        .as_str(),
    );
}

#[test]
fn a_union_of_vectors_goes_element_by_element() {
    let mut world = World::new(&["V Vec i64", "W Vec Math"]);
    world.check(
        r"
        (vec-union (vec-of Math#1 Math#2) (vec-of Math#3 Math#4)) => (vec-of Math#1 Math#2)
        (vec-union (vec-of Math#1 Math#2) (vec-of Math#3)) => fails
        ",
    );
    let math = world.sort("Math");
    assert_eq!(world.host.unions, [(math, 1, 3), (math, 2, 4)]);
    let [union] = *world.primitives.overloads("vec-union") else { panic!("one overload") };
    assert_eq!(world.primitives.sig(union).context, Context::Write);
    assert_eq!(world.values.call(&world.primitives, union, &[0, 1]), None, "no host");
}

#[test]
fn sets() {
    World::new(&["S Set i64", "T Set Math"]).check(
        r"
        (as S (set-empty)) => (set-of)
        (as T (set-of)) => (set-of)
        (set-of 3 1 3 2) => (set-of 1 2 3)
        (set-get (set-of 3 1) 0) => 1
        (set-get (set-of 3 1) 2) => fails
        (set-get (set-of 3 1) -1) => fails
        (set-insert (set-of 3 1) 2) => (set-of 1 2 3)
        (set-insert (set-of 3 1) 3) => (set-of 1 3)
        (set-remove (set-of 3 1) 3) => (set-of 1)
        (set-remove (set-of 3 1) 2) => (set-of 1 3)
        (set-length (set-of 3 1 1)) => 2
        (set-contains (set-of 3 1) 3) => ()
        (set-contains (set-of 3 1) 2) => fails
        (set-not-contains (set-of 3 1) 2) => ()
        (set-not-contains (set-of 3 1) 3) => fails
        (set-union (set-of 1 2) (set-of 3 2)) => (set-of 1 2 3)
        (set-diff (set-of 1 2 3) (set-of 2 4)) => (set-of 1 3)
        (set-intersect (set-of 1 2 3) (set-of 3 4 1)) => (set-of 1 3)
        (set-of Math#2 Math#1) => (set-of Math#1 Math#2)
        ",
    );
}

#[test]
fn maps() {
    World::new(&["M Map i64 String"]).check(
        r#"
        (map-empty) => (map-of)
        (map-of 2 "b" 1 "a" 2 "c") => (map-of 1 "a" 2 "c")
        (map-insert (map-of 1 "a") 2 "b") => (map-of 1 "a" 2 "b")
        (map-insert (map-of 1 "a") 1 "b") => (map-of 1 "b")
        (map-get (map-of 1 "a") 1) => "a"
        (map-get (map-of 1 "a") 2) => fails
        (map-remove (map-of 1 "a" 2 "b") 1) => (map-of 2 "b")
        (map-remove (map-of 1 "a") 2) => (map-of 1 "a")
        (map-length (map-of 1 "a" 2 "b")) => 2
        (map-contains (map-of 1 "a") 1) => ()
        (map-contains (map-of 1 "a") 2) => fails
        (map-not-contains (map-of 1 "a") 2) => ()
        (map-not-contains (map-of 1 "a") 1) => fails
        "#,
    );
}

#[test]
fn multisets() {
    World::new(&["M MultiSet i64", "N MultiSet M"]).check(
        r"
        (as M (multiset-of)) => (multiset-of)
        (multiset-of 3 1 3) => (multiset-of 1 3 3)
        (multiset-single 4 3) => (multiset-of 4 4 4)
        (multiset-single 4 0) => (multiset-of)
        (multiset-single 4 -1) => fails
        (multiset-single 4 4000000000) => fails
        (multiset-pick (multiset-of 3 1)) => 1
        (multiset-pick (as M (multiset-of))) => fails
        (multiset-insert (multiset-of 3 1) 3) => (multiset-of 1 3 3)
        (multiset-remove (multiset-of 3 1 3) 3) => (multiset-of 1 3)
        (multiset-remove (multiset-of 3 1) 1) => (multiset-of 3)
        (multiset-remove (multiset-of 3 1) 2) => fails
        (multiset-remove-swapped 3 (multiset-of 3 1 3)) => (multiset-of 1 3)
        (multiset-subtract (multiset-of 1 2 2) (multiset-of 2 1)) => (multiset-of 2)
        (multiset-subtract (multiset-of 1 2) (multiset-of 2 2)) => fails
        (multiset-subtract (multiset-of 1 2) (multiset-of 3)) => fails
        (multiset-subtract-swapped (multiset-of 2 1) (multiset-of 1 2 2)) => (multiset-of 2)
        (multiset-length (multiset-of 3 1 3)) => 3
        (multiset-contains (multiset-of 3 1) 3) => ()
        (multiset-contains (multiset-of 3 1) 2) => fails
        (multiset-not-contains (multiset-of 3 1) 2) => ()
        (multiset-not-contains (multiset-of 3 1) 3) => fails
        (multiset-contains-swapped 3 (multiset-of 3 1)) => ()
        (multiset-contains-swapped 2 (multiset-of 3 1)) => fails
        (multiset-not-contains-swapped 2 (multiset-of 3 1)) => ()
        (multiset-not-contains-swapped 3 (multiset-of 3 1)) => fails
        (multiset-intersection (multiset-of 1 2 2 3) (multiset-of 2 2 2 3 4)) => (multiset-of 2 2 3)
        (multiset-sum (multiset-of 1 2) (multiset-of 2 3)) => (multiset-of 1 2 2 3)
        (multiset-reset-counts (multiset-of 1 2 2)) => (multiset-of 1 2)
        (multiset-pick-max (multiset-of 1 2 2 3)) => 2
        (multiset-pick-max (multiset-of 1 2)) => 2
        (multiset-pick-max (as M (multiset-of))) => fails
        (multiset-count (multiset-of 1 2 2) 2) => 2
        (multiset-count (multiset-of 1 2 2) 5) => 0
        (multiset-sum-multisets (multiset-of (multiset-of 1 2) (multiset-of 1 2) (multiset-of 3))) => (multiset-of 1 1 2 2 3)
        ",
    );
}

#[test]
fn the_classes_of_a_multiset_can_be_made_equal() {
    let mut world = World::new(&["M MultiSet Math"]);
    world.check(
        r"
        (multiset-union-values (multiset-of Math#5 Math#3 Math#5 Math#4)) => Math#3
        (multiset-union-values (as M (multiset-of))) => fails
        ",
    );
    let math = world.sort("Math");
    assert_eq!(world.host.unions, [(math, 3, 4), (math, 3, 5)]);
}

#[test]
fn pairs() {
    World::new(&["P Pair i64 Math", "Q Pair P String"]).check(
        r#"
        (pair 1 Math#2) => (pair 1 Math#2)
        (pair-first (pair 1 Math#2)) => 1
        (pair-second (pair 1 Math#2)) => Math#2
        (pair-first (pair (pair 1 Math#2) "x")) => (pair 1 Math#2)
        "#,
    );
}

#[test]
fn primitives_come_with_their_sort_and_their_names_are_reserved_before() {
    let mut world = World::new(&[]);
    assert!(world.primitives.overloads("vec-push").is_empty());
    assert!(world.primitives.is_reserved("vec-push") && world.primitives.is_reserved("+"));
    assert!(world.primitives.is_reserved("unstable-app"));
    assert!(!world.primitives.is_reserved("vec-sort"));
    let outer = world.primitives.clone();
    let vector = world.declare("V Vec f64");
    let [push] = *world.primitives.overloads("vec-push") else { panic!("one overload") };
    let sig = world.primitives.sig(push);
    assert_eq!(sig.params, Params::Fixed([vector, Sort::F64].into_iter().collect()));
    assert!(world.primitives.overloads("vec-range").is_empty(), "only for i64");
    assert!(world.primitives.overloads("vec-union").is_empty(), "only for classes");
    assert!(outer.overloads("vec-push").is_empty(), "clones are independent");
}

/// Every primitive of every container is called by a test under its name.
#[test]
fn no_primitive_of_a_container_is_untested() {
    let sources = [include_str!("containers.rs"), include_str!("functions.rs")].concat();
    let world = World::new(&[
        "V Vec i64",
        "W Vec Math",
        "S Set i64",
        "M Map i64 i64",
        "B MultiSet i64",
        "C MultiSet B",
        "D MultiSet Math",
        "P Pair i64 i64",
        "F UnstableFn i64 i64",
        "G UnstableFn i64 Unit",
        "H UnstableFn i64 i64 i64",
        "I UnstableFn i64 B",
        "J UnstableFn B i64 i64",
    ]);
    let built_in = Primitives::new().all().count();
    let mut seen = Vec::new();
    for prim in world.primitives.all().skip(built_in) {
        let name = world.primitives.sig(prim).name;
        assert!(world.primitives.is_reserved(name) && Primitives::new().is_reserved(name));
        assert!(
            sources.contains(&format!("({name} ")) || sources.contains(&format!("({name})")),
            "{name} is never called"
        );
        seen.push(name);
    }
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 65);
}
