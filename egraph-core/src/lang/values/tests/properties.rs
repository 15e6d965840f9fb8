//! Properties of interning: equal contents have equal values, and others have not.

use num_bigint::BigInt;
use num_rational::BigRational;
use proptest::prelude::*;

use super::super::*;
use super::world::World;

fn float() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<f64>(),
        prop::sample::select(vec![0.0, -0.0, 1.0, f64::NAN, -f64::NAN, f64::INFINITY, f64::MIN]),
    ]
}

fn integer() -> impl Strategy<Value = i64> {
    let near = |edge: i64| (-3..3_i64).prop_map(move |n| edge.saturating_add(n));
    prop_oneof![
        any::<i64>(),
        near(1 << 30),
        near(-(1 << 30)),
        near(i64::MAX),
        near(i64::MIN),
        near(0)
    ]
}

proptest! {
    #[test]
    fn integers(numbers in prop::collection::vec(integer(), 0..40)) {
        let values = Values::new();
        let made: Vec<Value> = numbers.iter().map(|&n| values.i64(n)).collect();
        for (&n, &value) in numbers.iter().zip(&made) {
            prop_assert_eq!(values.as_i64(value), n);
            prop_assert_eq!(values.i64(n), value);
        }
        for (a, x) in numbers.iter().zip(&made) {
            for (b, y) in numbers.iter().zip(&made) {
                prop_assert_eq!(a == b, x == y);
            }
        }
    }

    #[test]
    fn floats(numbers in prop::collection::vec(float(), 0..40)) {
        let values = Values::new();
        let made: Vec<Value> = numbers.iter().map(|&x| values.f64(x)).collect();
        for (a, x) in numbers.iter().zip(&made) {
            for (b, y) in numbers.iter().zip(&made) {
                let equal = a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan());
                prop_assert_eq!(equal, x == y);
            }
        }
    }

    #[test]
    fn texts_and_big_numbers(
        texts in prop::collection::vec("[ab]{0,3}", 0..40),
        numbers in prop::collection::vec((any::<i128>(), -3..4_i64, 1..4_i64), 0..40),
    ) {
        let values = Values::new();
        for (a, b) in texts.iter().zip(texts.iter().rev()) {
            prop_assert_eq!(values.string(a) == values.string(b), a == b);
            prop_assert_eq!(values.as_string(values.string(a)), a);
        }
        for &(big, a, b) in &numbers {
            let n = BigInt::from(big);
            prop_assert_eq!(values.as_bigint(values.bigint(&n)), &n);
            let q = BigRational::new(a.into(), b.into());
            let twice = BigRational::new((2 * a).into(), (2 * b).into());
            prop_assert_eq!(values.bigrat(&q), values.bigrat(&twice));
            prop_assert_eq!(values.as_bigrat(values.bigrat(&q)), &q);
        }
    }

    /// The order of making does not matter where the container has none.
    #[test]
    fn containers(elements in prop::collection::vec(0..6_i64, 0..8), seed in any::<u64>()) {
        let mut world =
            World::new(&["V Vec i64", "S Set i64", "B MultiSet i64", "M Map i64 i64"]);
        let mut other = elements.clone();
        let turn = seed as usize % other.len().max(1);
        other.rotate_left(turn);
        other.reverse();
        let term = |sort: &str, head: &str, elements: &[i64], twice: bool| {
            let args: String = elements
                .iter()
                .map(|n| if twice { format!(" {n} {}", 10 * n) } else { format!(" {n}") })
                .collect();
            format!("(as {sort} ({head}{args}))")
        };
        for (sort, head, twice) in
            [("S", "set-of", false), ("B", "multiset-of", false), ("M", "map-of", true)]
        {
            let a = world.value(&term(sort, head, &elements, twice)).unwrap();
            let b = world.value(&term(sort, head, &other, twice)).unwrap();
            prop_assert_eq!(a, b);
        }
        let a = world.value(&term("V", "vec-of", &elements, false)).unwrap();
        let b = world.value(&term("V", "vec-of", &other, false)).unwrap();
        prop_assert_eq!(a == b, elements == other);
        let longer: Vec<i64> = elements.iter().copied().chain([9]).collect();
        for (sort, head) in [("V", "vec-of"), ("S", "set-of"), ("B", "multiset-of")] {
            let a = world.value(&term(sort, head, &elements, false)).unwrap();
            let b = world.value(&term(sort, head, &longer, false)).unwrap();
            prop_assert_ne!(a, b);
        }
    }

    /// Results of checked arithmetic agree with wide integers.
    #[test]
    fn arithmetic_is_exact_or_fails(a in integer(), b in integer()) {
        let mut world = World::new(&[]);
        let wide = [("+", i128::from(a) + i128::from(b)), ("-", i128::from(a) - i128::from(b)),
            ("*", i128::from(a) * i128::from(b))];
        for (name, exact) in wide {
            let expected =
                i64::try_from(exact).map_or_else(|_| "fails".to_owned(), |n| n.to_string());
            prop_assert_eq!(world.eval(&format!("({name} {a} {b})")), expected);
        }
    }
}
