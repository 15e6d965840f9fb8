//! Times the kernels of `tests/suite/kernels.py`, and beside them what `gcc` makes of the same in C
//! (`kernels.c`), if it is installed. Nanoseconds per element, the median of the runs.
//!
//! ```text
//! cargo run --release -p backend-simd --example kernels [COPIES]
//! cargo run --release -p backend-simd --example kernels lines
//! cargo run --release -p backend-simd --example kernels threads
//! ```
//!
//! The second form leaves gcc out and prints `NAME TYPE N NANOSECONDS MICROSECONDS`, the last one
//! to compile, for `benches/kernels.py`. The third form runs each kernel over 10,000,000 elements
//! with one thread and with two, and beside them a copy of an array (`memcpy`): it prints
//! `NAME TYPE ONE TWO SPEED-UP GB/S SHARE-OF-COPY`, times in nanoseconds per element, the last two
//! with one thread. `OVUM_KERNEL_SIZES` (`4096,1000000`) has the numbers of elements,
//! `OVUM_KERNEL_NAMES` the kernels; `OVUM_STEADY` is how many seconds a figure (of the third form, a
//! run) may wait for the cores to be at full speed.

mod measured;

use backend_simd::{Input, Kernel, LowerOptions, Options, Real, lower};
use frontend_py::{Semantics, SourceFile, compile};
use measured::{SIZES, Watch, is_wanted, median, memory, middle, pace, per_element, random};
use std::collections::BTreeMap;
use std::error::Error;
use std::io::Write;
use std::process::Command;
use std::time::{Duration, Instant};

type Domains = &'static [(f64, f64)];

const KERNELS: &[(&str, Domains)] = &[
    ("geglu_exact", &[(-6.0, 6.0)]),
    ("geglu_pade", &[(-6.0, 6.0)]),
    ("sigmoid", &[(-30.0, 30.0)]),
    ("silu", &[(-30.0, 30.0)]),
    ("softplus", &[(-30.0, 30.0)]),
    ("poly7", &[(-1.0, 1.0)]),
    ("sincos_mix", &[(-6.0, 6.0), (-6.0, 6.0)]),
    ("hypot_like", &[(-100.0, 100.0), (-100.0, 100.0)]),
    ("black_scholes_call", &[(10.0, 50.0), (10.0, 50.0), (0.1, 3.0), (0.0, 0.1), (0.1, 0.6)]),
    ("gauss_pdf", &[(-5.0, 5.0), (-1.0, 1.0), (0.5, 2.0)]),
    ("log1p_expm1", &[(0.0, 20.0)]),
    ("newton_sqrt", &[(0.01, 100.0)]),
];

/// A number type that random doubles can be made into.
trait Number: Real {
    fn of(x: f64) -> Self;
}

impl Number for f64 {
    fn of(x: f64) -> f64 {
        x
    }
}

impl Number for f32 {
    fn of(x: f64) -> f32 {
        x as f32
    }
}

/// Numbers of the largest size, and some more: from [`first`] on they begin a cache line, as those
/// of the rivals do.
fn aligned<T>(mut number: impl FnMut() -> T) -> Vec<T> {
    (0..memory()).map(|_| number()).collect()
}

/// The position of the first number that begins a cache line.
fn first<T>(numbers: &[T]) -> usize {
    numbers.as_ptr().align_offset(64)
}

/// Nanoseconds per element at each size.
fn time<T: Number>(kernel: &Kernel, domains: Domains) -> Vec<f64> {
    let mut random = random();
    let mut random = |low: f64, high: f64| T::of(low + (high - low) * random());
    let data: Vec<Vec<T>> =
        domains.iter().map(|(low, high)| aligned(|| random(*low, *high))).collect();
    let mut out = aligned(T::default);
    SIZES
        .iter()
        .map(|n| {
            let inputs: Vec<Input<'_, T>> =
                data.iter().map(|d| Input::Array(&d[first(d)..][..*n])).collect();
            let from = first(&out);
            let mut run =
                || kernel.run(&inputs, &mut [&mut out[from..][..*n]]).expect("the arrays fit");
            per_element(*n, &mut run)
        })
        .collect()
}

/// What `gcc` makes of the C kernels: times by name and size.
fn rival(ty: &str) -> Result<BTreeMap<(String, usize), f64>, Box<dyn Error>> {
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/kernels.c");
    let program = std::env::temp_dir().join(format!("ovum-kernels-{ty}-{}", std::process::id()));
    let flags = ["-O3", "-march=native", "-ffast-math", &format!("-DT={ty}"), source, "-o"];
    let built = Command::new("gcc").args(flags).arg(&program).arg("-lm").status()?;
    if !built.success() {
        return Err("gcc failed".into());
    }
    let output = Command::new(&program).output()?;
    std::fs::remove_file(&program)?;
    let mut times = BTreeMap::new();
    for line in String::from_utf8(output.stdout)?.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        if let [name, n, time] = words[..] {
            times.insert((name.to_owned(), n.parse()?), time.parse()?);
        }
    }
    Ok(times)
}

/// Elements that no cache holds.
const MANY: usize = 10_000_000;

/// Times one kernel with one thread and with two, interleaved, and a copy; writes a line.
fn threads<T: Number>(
    (name, ty): (&str, &str),
    kernel: &Kernel,
    domains: Domains,
    pools: &[rayon::ThreadPool; 2],
    watch: &mut Watch<impl Fn() -> Duration>,
) -> Result<(), Box<dyn Error>> {
    let mut random = random();
    let mut random = |low: f64, high: f64| T::of(low + (high - low) * random());
    let data: Vec<Vec<T>> = domains
        .iter()
        .map(|(low, high)| (0..MANY).map(|_| random(*low, *high)).collect())
        .collect();
    let inputs: Vec<Input<'_, T>> = data.iter().map(|d| Input::Array(d)).collect();
    let mut out = vec![T::default(); MANY];
    let mut taken = [const { Vec::new() }; 3];
    let time = |run: &mut dyn FnMut()| {
        let start = Instant::now();
        run();
        start.elapsed()
    };
    for _ in 0..9 {
        for (pool, taken) in pools.iter().zip(&mut taken) {
            taken.extend(watch.times(1, || {
                let mut run = || kernel.run_parallel(&inputs, &mut [&mut out]).expect("they fit");
                pool.install(|| time(&mut run))
            }));
        }
        let mut copy = || out.copy_from_slice(std::hint::black_box(&data[0]));
        taken[2].extend(watch.times(1, || time(&mut copy)));
    }
    let middle = taken.map(middle);
    let size = std::mem::size_of::<T>() as f64;
    let moved = (domains.len() + 1) as f64 * size * MANY as f64;
    let (speed, copy) = (moved / middle[0], 2.0 * size * MANY as f64 / middle[2]);
    let per = |time: f64| time / MANY as f64;
    let (one, two) = (per(middle[0]), per(middle[1]));
    let (gain, share) = (middle[0] / middle[1], speed / copy);
    writeln!(std::io::stdout(), "{name} {ty} {one:.3} {two:.3} {gain:.2} {speed:.1} {share:.2}")?;
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut out = std::io::stdout().lock();
    let lines = std::env::args().nth(1).is_some_and(|word| word == "lines");
    let two = std::env::args().nth(1).is_some_and(|word| word == "threads");
    let pool = |n| rayon::ThreadPoolBuilder::new().num_threads(n).build();
    let pools = [pool(1)?, pool(2)?];
    let slowest = || pools[1].broadcast(|_| pace()).into_iter().max().unwrap_or_default();
    let mut watch = two.then(|| Watch::new(slowest));
    let copies = std::env::args().nth(1).filter(|_| !lines && !two);
    let copies: Option<u32> = copies.map(|n| n.parse()).transpose()?;
    for (ty, c_type) in [("f64", "double"), ("f32", "float")] {
        let rival =
            if !lines && !two { rival(c_type).unwrap_or_default() } else { BTreeMap::new() };
        if !lines && !two {
            writeln!(
                out,
                "| {ty} | 4096 | 1e6 | gcc 4096 | gcc 1e6 | ratio 1e6 | lower us | code us | nodes | copies | spills | hoisted |"
            )?;
            writeln!(out, "|---|---|---|---|---|---|---|---|---|---|---|---|")?;
        }
        let text = include_str!("../tests/suite/kernels.py")
            .replace(": T", &format!(": {ty}"))
            .replace("-> T", &format!("-> {ty}"));
        let file = SourceFile::parse("kernels.py", text).map_err(|e| format!("{e:?}"))?;
        for (name, domains) in KERNELS {
            if !is_wanted(name) {
                continue;
            }
            let options = frontend_py::Options { semantics: Semantics::Fast, types: None };
            let function = compile(&file, name, &options).map_err(|e| format!("{e:?}"))?;
            let options = LowerOptions { fast_math: true, narrow: true, ..LowerOptions::default() };
            let dag = lower(&function, &options)?;
            let lowering = median(21, || drop(lower(&function, &options))) / 1e3;
            let uniform = vec![false; domains.len()];
            let options = Options { copies, ..Options::default() };
            let kernel = Kernel::compile(&dag, &uniform, &options)?;
            let coding = median(21, || drop(Kernel::compile(&dag, &uniform, &options))) / 1e3;
            if let Some(watch) = &mut watch {
                drop(out);
                if ty == "f64" {
                    threads::<f64>((name, ty), &kernel, domains, &pools, watch)?;
                } else {
                    threads::<f32>((name, ty), &kernel, domains, &pools, watch)?;
                }
                out = std::io::stdout().lock();
                continue;
            }
            let times = if ty == "f64" {
                time::<f64>(&kernel, domains)
            } else {
                time::<f32>(&kernel, domains)
            };
            if lines {
                for (n, time) in SIZES.iter().zip(&times) {
                    writeln!(out, "{name} {ty} {n} {time:.4} {:.0}", lowering + coding)?;
                }
                continue;
            }
            let theirs =
                |n: usize| rival.get(&((*name).to_owned(), n)).copied().unwrap_or(f64::NAN);
            let statistics = kernel.statistics();
            writeln!(
                out,
                "| {name} | {:.3} | {:.3} | {:.3} | {:.3} | {:.2} | {lowering:.0} | {coding:.0} | {} | {} | {} | {} |",
                times[0],
                times[1],
                theirs(SIZES[0]),
                theirs(SIZES[1]),
                times[1] / theirs(SIZES[1]),
                dag.nodes.len(),
                statistics.copies,
                statistics.spills,
                statistics.hoisted,
            )?;
            out.flush()?;
        }
    }
    Ok(())
}
