//! Loops that each element leaves in its own time, against the interpreter, bit for bit.
//!
//! `OVUM_DIVERGENT_LOOPS=100000 cargo test --release -p backend-simd divergent` runs as many random
//! ones as it says.

use crate::random::{Random, seeds};
use backend_simd::{
    CompileError, Divergent, Iterated, Kernel, LowerOptions, Options, lower_divergent,
};
use frontend_py::{Semantics, SourceFile, compile};
use rvsdg::interp::{Limits, run};
use rvsdg::{Arg, Function, Inputs, Scalar, Type};
use std::fmt::Write as _;

const LOOPS: &str = "
def mandel_escape(cr: f64, ci: f64) -> i64:
    zr = 0.0
    zi = 0.0
    for i in range(100):
        zr2 = zr * zr
        zi2 = zi * zi
        if zr2 + zi2 > 4.0:
            return i
        zi = 2.0 * zr * zi + ci
        zr = zr2 - zi2 + cr
    return 100

def collatz_steps(n: i64) -> i64:
    steps = 0
    while n > 1:
        if n % 2 == 0:
            n = n // 2
        else:
            n = 3 * n + 1
        steps += 1
    return steps

def root(x: f64) -> f64:
    g = 0.5 * (1.0 + x)
    while abs(g * g - x) > 1e-12 * x:
        g = 0.5 * (g + x / g)
    return g

def halvings(x: f32) -> f32:
    n = x - x
    while x > 1.0:
        x = x * 0.5
        n = n + 1.0
    return n

def never(x: f64, k: i64) -> f64:
    while k < 0 and k > 0:
        x = x + 1.0
    return x
";

fn function(text: &str, name: &str) -> Function {
    let file = SourceFile::parse("loops.py", text.to_owned()).expect("Python");
    let options = frontend_py::Options { semantics: Semantics::Fast, types: None };
    compile(&file, name, &options).unwrap_or_else(|e| panic!("{e:?}\n{text}"))
}

fn parts(function: &Function) -> Option<Iterated> {
    match lower_divergent(function, &LowerOptions::default()) {
        Ok(Divergent::Loop(parts)) => Some(parts),
        Ok(Divergent::Straight(_)) => None,
        Err(refusal) => panic!("{refusal}"),
    }
}

fn compiled(parts: &Iterated, uniform: &[bool], portable: bool) -> Result<Kernel, CompileError> {
    let options = Options { portable, ..Options::default() };
    Kernel::iterated(parts, uniform, |dag, uniform| Kernel::compile_folds(dag, uniform, &options))
}

fn scalar(ty: Type, bits: u64) -> Scalar {
    match ty {
        Type::I64 => Scalar::I64(bits.cast_signed()),
        Type::F32 => Scalar::F32(f32::from_bits(bits as u32)),
        _ => Scalar::F64(f64::from_bits(bits)),
    }
}

fn same(ty: Type, bits: u64, want: Scalar) -> bool {
    match (scalar(ty, bits), want) {
        (Scalar::F64(a), Scalar::F64(b)) => a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan(),
        (Scalar::F32(a), Scalar::F32(b)) => a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan(),
        (a, b) => a == b,
    }
}

/// Runs a kernel over columns of bits, and compares each element with the interpreter.
fn check(f: &Function, kernel: &Kernel, columns: &[Vec<u64>], count: usize) -> Result<(), String> {
    let result = f.result_types()[0];
    let narrow = result == Type::F32;
    let pack = |column: &[u64]| -> Vec<u64> {
        if !narrow {
            return column.to_vec();
        }
        let pairs = column.chunks(2);
        pairs.map(|p| p[0] | p.get(1).copied().unwrap_or(0) << 32).collect()
    };
    let mut memory: Vec<Vec<u64>> = columns.iter().map(|c| pack(c)).collect();
    memory.push(vec![0x5555_5555_5555_5555; count + 1]);
    let table: Vec<*mut u8> = memory.iter_mut().map(|m| m.as_mut_ptr().cast()).collect();
    // SAFETY: the columns have `count` numbers of the function's types, the last one room for one
    // more.
    #[expect(unsafe_code, reason = "columns of several types")]
    unsafe {
        kernel.run_raw(count, &table);
    }
    let out = &memory[columns.len()];
    let get = |at: usize| if narrow { out[at / 2] >> (at % 2 * 32) & 0xffff_ffff } else { out[at] };
    for at in 0..count {
        let row = |k: usize| if kernel.uniform()[k] { 0 } else { at };
        let args = (f.params.iter().enumerate())
            .map(|(k, p)| Arg::Scalar(scalar(p.ty, columns[k][row(k)])))
            .collect();
        let inputs = Inputs { args, arrays: vec![] };
        let answer = run(f, &inputs, &Limits::default()).expect("the graph has a meaning").answer;
        let want = answer.outcome.expect("it does not raise")[0];
        if !same(result, get(at), want) {
            return Err(format!("element {at} of {count}: {:?}, not {want:?}", get(at)));
        }
    }
    let beyond = if narrow { 0x5555_5555 } else { 0x5555_5555_5555_5555 };
    if get(count) == beyond { Ok(()) } else { Err(format!("wrote beyond {count} elements")) }
}

/// Numbers for the parameters of `f`.
fn columns(f: &Function, random: &mut Random, count: usize) -> Vec<Vec<u64>> {
    let mut number = |ty: Type| match ty {
        Type::I64 => random.below(3000) as u64,
        Type::F32 => u64::from((random.below(1 << 20) as f32 * 1e-3).to_bits()),
        _ => (random.below(1 << 20) as f64 * 4e-6 - 2.0).to_bits(),
    };
    f.params.iter().map(|p| (0..=count).map(|_| number(p.ty)).collect()).collect()
}

#[test]
fn known_loops_have_the_interpreters_bits() {
    for name in ["mandel_escape", "collatz_steps", "root", "halvings", "never"] {
        let f = function(LOOPS, name);
        let parts = parts(&f).expect("a loop");
        let mut random = Random::new(5);
        for uniform in [false, true] {
            let mut uniforms = vec![false; f.params.len()];
            uniforms[0] = uniform;
            for portable in [false, true] {
                let kernel = compiled(&parts, &uniforms, portable).expect("it compiles");
                for count in (0..68).step_by(if portable { 9 } else { 1 }).chain([1024, 2500]) {
                    let mut columns = columns(&f, &mut random, count);
                    if name == "root" {
                        columns[0].iter_mut().for_each(|x| *x &= !(1 << 63));
                    }
                    let outcome = check(&f, &kernel, &columns, count);
                    assert_eq!(outcome, Ok(()), "{name}, {uniforms:?}, portable {portable}");
                }
            }
        }
    }
}

/// Threads split the elements among them.
#[test]
fn threads_give_the_same_bits() {
    let f = function(LOOPS, "mandel_escape");
    let kernel = compiled(&parts(&f).expect("a loop"), &[false, false], false).expect("compiles");
    let columns = columns(&f, &mut Random::new(8), 70_000);
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        let mut out = vec![0_u64; 70_000];
        let addresses = columns.iter().map(Vec::as_ptr).chain([out.as_mut_ptr().cast_const()]);
        let addresses: Vec<usize> = addresses.map(|p| p as usize).collect();
        pool.install(|| {
            let table: Vec<*mut u8> = addresses.iter().map(|a| *a as *mut u8).collect();
            // SAFETY: each column has the elements.
            #[expect(unsafe_code, reason = "columns of several types")]
            unsafe {
                kernel.run_raw_parallel(70_000, &table);
            }
        });
        out
    };
    assert_eq!(run(1), run(2));
}

/// A random function with a loop that ends after a few iterations.
fn source(random: &mut Random) -> String {
    let ints = ["k", "m", "n", "steps", "3", "-5"];
    let floats = ["a", "b", "x", "y", "0.75", "-1.5"];
    let int = |random: &mut Random| ints[random.below(ints.len())];
    let float = |random: &mut Random| floats[random.below(floats.len())];
    let condition = |random: &mut Random| match random.below(6) {
        0 => format!("{} < {}", float(random), float(random)),
        1 => format!("{} * {} <= 40.0", float(random), float(random)),
        2 => format!("{} != {}", int(random), int(random)),
        3 => format!("{} >= {}", int(random), int(random)),
        4 => format!("{} % 4 == 1", int(random)),
        _ => format!("{} < n % 8", int(random)),
    };
    let statement = |random: &mut Random, indent: &str, body: &mut String| {
        let line = match random.below(10) {
            0 => format!("a = {} * {} + {}", float(random), float(random), float(random)),
            1 => format!("b = a - {}", float(random)),
            2 => format!("b = min({}, {})", float(random), float(random)),
            3 => format!("a = {} / 2.0", float(random)),
            4 => format!("k = {} + {}", int(random), int(random)),
            5 => format!("m = 5 * {} - {}", int(random), int(random)),
            6 => format!("k = {} // 4", int(random)),
            7 => format!("m = ({} & 255) ^ {}", int(random), int(random)),
            8 => format!("k = abs({}) if {} else -k", int(random), condition(random)),
            _ => format!("m = max({}, min({}, 100))", int(random), int(random)),
        };
        let _ = writeln!(body, "{indent}{line}");
    };
    let mut body = String::new();
    for _ in 0..=random.below(4) {
        if random.below(3) == 0 {
            let _ = writeln!(body, "        if {}:", condition(random));
            statement(random, "            ", &mut body);
            if random.below(2) == 0 {
                body.push_str("        else:\n");
                statement(random, "            ", &mut body);
            }
        } else {
            statement(random, "        ", &mut body);
        }
    }
    if random.below(3) == 0 {
        let _ = writeln!(body, "        if {}:\n            break", condition(random));
    }
    let (ty, result) = if random.below(2) == 0 { ("i64", "k + m") } else { ("f64", "a - b") };
    let early = if random.below(3) == 0 {
        format!("        if {}:\n            return {result}\n", condition(random))
    } else {
        String::new()
    };
    let mut after = String::new();
    if random.below(2) == 0 {
        statement(random, "    ", &mut after);
    }
    format!(
        "def f(x: f64, y: f64, n: i64) -> {ty}:\n    a = x\n    b = y\n    k = n\n    m = 1\n    \
         steps = 0\n    while steps < 20 and {}:\n{early}{body}        steps += 1\n{after}    \
         return {result}\n",
        condition(random)
    )
}

#[test]
fn random_loops_have_the_interpreters_bits() {
    let seeds = seeds("OVUM_DIVERGENT_LOOPS", 300);
    let loops = seeds.end - seeds.start;
    let (mut iterated, mut straight) = (0, 0);
    for seed in seeds {
        let mut random = Random::new(seed);
        let text = source(&mut random);
        let f = function(&text, "f");
        match lower_divergent(&f, &LowerOptions::default()) {
            Ok(Divergent::Loop(parts)) => {
                iterated += 1;
                let portable = random.below(8) == 0;
                let kernel = compiled(&parts, &[false; 3], portable).expect("it compiles");
                let count = random.below(68);
                let columns = columns(&f, &mut random, count);
                let outcome = check(&f, &kernel, &columns, count);
                assert_eq!(outcome, Ok(()), "seed {seed}, portable {portable}\n{text}");
            }
            Ok(Divergent::Straight(_)) => straight += 1,
            Err(refusal) => panic!("seed {seed}: {refusal}\n{text}"),
        }
    }
    assert!(iterated * 3 > loops * 2, "{iterated} of {loops} are loops, {straight} are not");
}

#[test]
fn a_loop_is_worth_vectors_if_an_element_waits() {
    for name in ["mandel_escape", "collatz_steps"] {
        assert!(parts(&function(LOOPS, name)).expect("a loop").is_worthwhile(), "{name}");
    }
    // One multiplication and a lot of state.
    let text = "def f(x: f64, a: i64, b: i64, c: i64, d: i64) -> i64:\n    while x > 1.0:\n        \
                x = x * 0.5\n        a, b, c, d = b, c, d, a\n    return a + b + c + d\n";
    assert!(!parts(&function(text, "f")).expect("a loop").is_worthwhile());
}
