//! What values of the egglog language cost: nanoseconds for a call of a primitive, for interning
//! and for reading; microseconds for setting up and for rebuilding containers.
//!
//! `cargo run --release -p egraph-core --example values_cost`

use std::hint::black_box;
use std::io::Write;
use std::time::Instant;

use egraph_core::egglog::values::{Params, PrimId, Primitives, Sort, Sorts, Value, Values};

/// The best of five runs of `n` calls, in nanoseconds a call.
fn time(name: &str, n: u32, mut call: impl FnMut(u32) -> Value) {
    let run = |call: &mut dyn FnMut(u32) -> Value| {
        let start = Instant::now();
        for i in 0..n {
            black_box(call(i));
        }
        start.elapsed().as_secs_f64() * 1e9 / f64::from(n)
    };
    let best = (0..5).map(|_| run(&mut call)).fold(f64::MAX, f64::min);
    say(&format!("{name:32} {best:8.1} ns"));
}

fn once<T>(name: &str, call: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = call();
    say(&format!("{name:32} {:8.1} us", start.elapsed().as_secs_f64() * 1e6));
    result
}

fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

fn overload(primitives: &Primitives, name: &str, params: &[Sort]) -> PrimId {
    let takes = |prim: &&PrimId| match &primitives.sig(**prim).params {
        Params::Fixed(sorts) => sorts[..] == *params,
        Params::Variadic(sort) => params.iter().all(|param| param == sort),
        Params::AllSame(count) => *count == params.len(),
        _ => false,
    };
    *primitives.overloads(name).iter().find(takes).expect("an overload")
}

fn main() {
    let (mut sorts, mut primitives) =
        once("built-in sorts and primitives", || (Sorts::new(), Primitives::new()));
    let vector = once("a sort of vectors", || {
        let vector = sorts.declare_container("V", "Vec", &[Sort::I64]).expect("a new name");
        primitives.add_container(&sorts, vector);
        vector
    });
    let values = Values::new();
    let call = |prim: PrimId, args: &[Value]| values.call(&primitives, prim, args).unwrap_or(0);

    let two = [Sort::I64; 2];
    let three = values.i64(3);
    for name in ["+", "*", "<", "min", "bool-<", "!="] {
        let prim = overload(&primitives, name, &two);
        let first = values.i64(0);
        time(&format!("i64 {name}"), 10_000_000, |i| {
            call(black_box(prim), &[first + (i & 0xffff), three])
        });
    }
    let add = overload(&primitives, "+", &two);
    let large = values.i64(i64::MAX - 10);
    time("i64 +, interned", 5_000_000, |_| call(add, &[black_box(large), three]));

    let floats: Vec<Value> = (0..256).map(|n| values.f64(f64::from(n))).collect();
    for name in ["+", "<"] {
        let prim = overload(&primitives, name, &[Sort::F64; 2]);
        time(&format!("f64 {name}"), 5_000_000, |i| {
            call(prim, &[floats[(i % 128) as usize], floats[3]])
        });
    }
    let make = overload(&primitives, "vec-of", &two);
    let get = overload(&primitives, "vec-get", &[vector, Sort::I64]);
    let pair = |n: u32| [values.i64(0) + n, values.i64(1) + n];
    let vectors: Vec<Value> = (0..256).map(|n| call(make, &pair(n))).collect();
    let zero = values.i64(0);
    time("vec-get", 5_000_000, |i| call(get, &[vectors[(i % 256) as usize], zero]));
    time("vec-of, known", 5_000_000, |i| call(make, &pair(i % 256)));
    let mut next = 1000;
    time("vec-of, new", 100_000, |_| {
        next += 1;
        call(make, &pair(next))
    });
    time("string, known", 5_000_000, |_| values.string(black_box("hello")));
    time("string, read", 10_000_000, |_| values.as_string(black_box(0)).len() as Value);
    rebuild();
}

/// 100,000 containers of three classes each; the last of 100,000 classes are displaced.
fn rebuild() {
    let (mut sorts, mut primitives) = (Sorts::new(), Primitives::new());
    let class = sorts.declare_eq("C").expect("a new name");
    let set = sorts.declare_container("S", "Set", &[class]).expect("a new name");
    primitives.add_container(&sorts, set);
    let values = Values::new();
    let make = overload(&primitives, "set-of", &[class; 3]);
    once("100,000 sets", || {
        for i in 0..100_000_u32 {
            values.call(&primitives, make, &[i, (i * 7919) % 100_000, (i * 104_729) % 100_000]);
        }
    });
    for count in [0, 10, 100, 1000] {
        let low = 100_000 - count;
        let find = |sort: Sort, value: Value| {
            if sort == class && value >= low { value - low } else { value }
        };
        let displaced: Vec<(Sort, Value)> = (low..100_000).map(|c| (class, c)).collect();
        let rebuilt = once(&format!("rebuild, {count} displaced"), || {
            values.rebuild(&sorts, &find, &displaced).len()
        });
        say(&format!("  {rebuilt} forwarded"));
        if count == 0 {
            once("rebuild, entering the index", || values.rebuild(&sorts, &find, &[(class, 0)]));
        }
    }
}
