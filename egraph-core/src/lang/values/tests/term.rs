//! Values as text, as calls and their costs.

use super::super::*;
use super::world::World;

#[test]
fn literals_are_written_as_they_are_read() {
    let world = World::new(&[]);
    let floats = [
        (1.0, "1.0"),
        (-0.0, "-0.0"),
        (0.1, "0.1"),
        (f64::INFINITY, "inf"),
        (f64::NEG_INFINITY, "-inf"),
        (f64::NAN, "NaN"),
        (1e20, "100000000000000000000.0"),
        (1e-7, "0.0000001"),
    ];
    for (x, text) in floats {
        assert_eq!(world.show(Sort::F64, world.values.f64(x)), text);
    }
    let text = world.values.string("a \"quote\" and \\ and\nnewline");
    assert_eq!(world.show(Sort::STRING, text), "\"a \\\"quote\\\" and \\\\ and\nnewline\"");
    assert_eq!(world.show(Sort::UNIT, UNIT), "()");
    assert_eq!(world.show(Sort::BOOL, world.values.bool(true)), "true");
    assert_eq!(world.show(Sort::I64, world.values.i64(i64::MIN)), "-9223372036854775808");
}

#[test]
fn what_is_written_is_the_same_value_when_read() {
    let mut world = World::new(&[
        "V Vec Math",
        "E Vec i64",
        "S Set V",
        "M Map i64 S",
        "B MultiSet E",
        "P Pair M B",
        "F UnstableFn i64 i64",
    ]);
    for term in [
        "(vec-of Math#3 Math#1)",
        "(set-of (vec-of Math#1) (vec-of Math#2 Math#2))",
        "(pair (map-of 1 (set-of (vec-of Math#9))) (multiset-of (vec-of 1 2) (vec-of 1 2)))",
        "(bigrat (from-string \"-1\") (from-string \"3\"))",
    ] {
        assert_eq!(world.eval(term), term);
    }
    let function = "(as F (unstable-fn \"+\" 5))";
    assert_eq!(world.eval(function), "(unstable-fn \"+\" 5)");
}

#[test]
fn a_container_costs_what_its_parts_cost() {
    let mut world = World::new(&[
        "V Vec Math",
        "B MultiSet Math",
        "S Set V",
        "P Pair i64 V",
        "F UnstableFn i64 i64",
        "M Map String Math",
    ]);
    let mut cost = |term: &str| {
        let (sort, value) = world.value(term).unwrap();
        // Class n costs 10 n; class 0 has no term.
        let mut class = |_, class: Value| (class > 0).then_some(10 * u64::from(class));
        world.values.cost(&world.sorts, sort, value, &mut class)
    };
    assert_eq!(cost("5"), Some(1));
    assert_eq!(cost("(bigint 5)"), Some(1));
    assert_eq!(cost("Math#3"), Some(30));
    assert_eq!(cost("(as V (vec-empty))"), Some(0));
    assert_eq!(cost("(vec-of Math#1 Math#2 Math#1)"), Some(40));
    assert_eq!(cost("(multiset-of Math#1 Math#2 Math#1)"), Some(40));
    assert_eq!(cost("(set-of (vec-of Math#1) (vec-of Math#1 Math#1))"), Some(30));
    assert_eq!(cost("(pair 7 (vec-of Math#1))"), Some(11));
    assert_eq!(cost("(map-of \"a\" Math#2 \"b\" Math#3)"), Some(52));
    assert_eq!(cost("(as F (unstable-fn \"+\" 5))"), Some(1));
    assert_eq!(cost("(as F (unstable-fn \"double\"))"), Some(0));
    assert_eq!(cost("(vec-of Math#1 Math#0)"), None);
}

#[test]
fn deep_function_values_take_no_stack() {
    let mut world = World::new(&["F UnstableFn i64 i64"]);
    let (sort, mut value) = world.value("(as F (unstable-fn \"double\"))").unwrap();
    let target = FnTarget { name: "twice".into(), function: Target::Table(0), given: vec![sort] };
    let target = world.values.fn_target(&target);
    let make = world.primitives.overloads("unstable-fn")[0];
    for _ in 0..100_000 {
        value = world.values.call(&world.primitives, make, &[target, value]).unwrap();
    }
    assert!(world.show(sort, value).ends_with("))))"));
    assert_eq!(world.values.cost(&world.sorts, sort, value, &mut |_, _| None), Some(0));
}

#[test]
fn free_orders_are_arranged() {
    let arrange = |order: ArgOrder, terms: &[i32]| order.arrange(terms.to_vec(), Ord::cmp);
    assert_eq!(arrange(ArgOrder::Given, &[3, 1, 3]), [3, 1, 3]);
    assert_eq!(arrange(ArgOrder::Set, &[3, 1, 3]), [1, 3]);
    assert_eq!(arrange(ArgOrder::MultiSet, &[3, 1, 3]), [1, 3, 3]);
    assert_eq!(arrange(ArgOrder::Map, &[3, 9, 1, 8]), [1, 8, 3, 9]);
}

#[test]
fn literals_are_ordered_by_kind_then_content() {
    let world = World::new(&[]);
    let values = &world.values;
    let ordered = [
        (Sort::I64, values.i64(-5)),
        (Sort::I64, values.i64(i64::MAX)),
        (Sort::F64, values.f64(-1.0)),
        (Sort::F64, values.f64(0.5)),
        (Sort::STRING, values.string("a")),
        (Sort::STRING, values.string("b")),
        (Sort::BOOL, values.bool(false)),
        (Sort::BOOL, values.bool(true)),
        (Sort::UNIT, UNIT),
    ];
    for (i, &a) in ordered.iter().enumerate() {
        for (j, &b) in ordered.iter().enumerate() {
            assert_eq!(values.compare_literals(a, b), i.cmp(&j));
        }
    }
}
