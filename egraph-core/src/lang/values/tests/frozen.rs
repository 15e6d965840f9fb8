//! Calls that may make no value.

use super::super::*;
use super::world::World;

impl World {
    fn frozen(&self, name: &str, args: &[(Sort, Value)]) -> Result<Option<Value>, Deferred> {
        let (sorts, values): (Vec<Sort>, Vec<Value>) = args.iter().copied().unzip();
        let (prim, _) = self.overload(name, &sorts, None);
        self.values.call_frozen(&self.primitives, prim, &values)
    }
}

#[test]
fn what_exists_is_found_and_what_does_not_is_deferred() {
    let mut world = World::new(&["V Vec i64"]);
    let int = |world: &World, n: i64| (Sort::I64, world.values.i64(n));
    let (one, two) = (int(&world, 1), int(&world, 2));
    assert_eq!(world.frozen("+", &[one, two]), Ok(Some(int(&world, 3).1)));
    assert_eq!(world.frozen("/", &[one, int(&world, 0)]), Ok(None), "a failure is a result");

    let limit = int(&world, (1 << 30) - 1);
    assert_eq!(world.frozen("+", &[limit, one]), Err(Deferred));
    let beyond = world.value("(+ 1073741823 1)").unwrap().1;
    assert_eq!(world.frozen("+", &[limit, one]), Ok(Some(beyond)));

    let vector = world.value("(vec-of 1)").unwrap();
    assert_eq!(world.frozen("vec-push", &[vector, two]), Err(Deferred));
    assert_eq!(world.frozen("vec-get", &[vector, int(&world, 0)]), Ok(Some(one.1)));
    let longer = world.value("(vec-of 1 2)").unwrap();
    assert_eq!(world.frozen("vec-push", &[vector, two]), Ok(Some(longer.1)));

    let half = (Sort::F64, world.values.f64(0.5));
    assert_eq!(world.frozen("+", &[half, half]), Err(Deferred));
    let text = (Sort::STRING, world.values.string("a"));
    assert_eq!(world.frozen("+", &[text, text]), Err(Deferred));
    assert_eq!(world.frozen("+", &[text]), Ok(Some(text.1)));
    assert_eq!(world.frozen("bigint", &[one]), Err(Deferred));
}

#[test]
fn what_needs_a_host_is_deferred() {
    let mut world = World::new(&["V Vec Math", "F UnstableFn i64 i64"]);
    let vector = world.value("(vec-of Math#1)").unwrap();
    assert_eq!(world.frozen("vec-union", &[vector, vector]), Err(Deferred));
    let function = world.value(r#"(as F (unstable-fn "double"))"#).unwrap();
    let one = (Sort::I64, world.values.i64(1));
    assert_eq!(world.frozen("unstable-app", &[function, one]), Err(Deferred));
}

/// Signatures that promise to make nothing keep to it.
#[test]
fn primitives_that_only_read_never_defer() {
    let mut world = World::new(&[
        "V Vec i64",
        "S Set i64",
        "M Map i64 i64",
        "B MultiSet i64",
        "P Pair i64 i64",
    ]);
    let big = (Sort::I64, world.values.i64(i64::MAX));
    let samples: Vec<(Sort, Value)> = [
        "(vec-of 9223372036854775807)",
        "(set-of 9223372036854775807)",
        "(map-of 9223372036854775807 9223372036854775807)",
        "(multiset-of 9223372036854775807)",
        "(pair 9223372036854775807 9223372036854775807)",
        "0.5",
        "\"a\"",
        "(bigint 5)",
        "(bigrat (bigint 1) (bigint 2))",
        "true",
    ]
    .map(|term| world.value(term).unwrap())
    .into_iter()
    .chain([big])
    .collect();
    let sample = |sort: Sort| samples.iter().find(|(s, _)| *s == sort).map(|&(_, value)| value);
    let mut called = 0;
    for prim in world.primitives.all() {
        let sig = world.primitives.sig(prim);
        let sorts: Vec<Sort> = match &sig.params {
            Params::Fixed(sorts) => sorts.to_vec(),
            Params::Variadic(sort) => vec![*sort; 2],
            Params::AllSame(count) => vec![Sort::I64; *count],
            _ => continue,
        };
        let args: Option<Vec<Value>> = sorts.iter().map(|&sort| sample(sort)).collect();
        if !sig.reads_only() {
            continue;
        }
        let args = args.unwrap_or_else(|| panic!("no sample for {sig:?}"));
        assert!(world.values.call_frozen(&world.primitives, prim, &args).is_ok(), "{sig:?}");
        called += 1;
    }
    assert!(called > 60, "{called}");
}

#[test]
fn threads_see_what_was_made_before() {
    let world = World::new(&[]);
    let numbers: Vec<Value> = (0..200).map(|n| world.values.i64(i64::MAX - n)).collect();
    let strings: Vec<Value> = (0..200).map(|n| world.values.string(&n.to_string())).collect();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for (n, (&number, &string)) in numbers.iter().zip(&strings).enumerate() {
                    assert_eq!(world.values.as_i64(number), i64::MAX - n as i64);
                    assert_eq!(world.values.as_string(string), n.to_string());
                    assert_eq!(
                        world.values.string(&(n + 1000).to_string()),
                        world.values.string(&(n + 1000).to_string())
                    );
                }
            });
        }
    });
}
