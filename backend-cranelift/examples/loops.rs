//! Times loops: over arrays in vectors, and over numbers one by one. A line
//! `NAME TYPE N NANOSECONDS MICROSECONDS` each: per element, and to compile. `benches/kernels.py`
//! puts them beside others', and sets `OVUM_KERNEL_SIZES`, the numbers of elements (`4096,1000000`),
//! `OVUM_KERNEL_NAMES`, and `OVUM_STEADY`, how many seconds a figure may wait for runs with the core
//! at full speed. Figures are medians.
//!
//! ```text
//! cargo run --release -p backend-cranelift --example loops
//! ```

#[path = "../../backend-simd/examples/measured/mod.rs"]
mod measured;

use backend_cranelift::abi::{ArrayDescriptor, Context, Limits};
use backend_cranelift::{Compiled, CompiledLoop, Compiler, Options, Vectors};
use backend_simd::{Dag, Divergent, Kernel, LowerOptions, lower_divergent};
use frontend_py::{Semantics, SourceFile};
use measured::{SIZES, is_wanted, median, memory, per_element, random};
use rvsdg::Function;
use std::error::Error;
use std::io::Write;

const SOURCE: &str = include_str!("loops.py");

/// What is compiled, and the median of 21 compilations in microseconds.
fn coding<T>(
    mut compile: impl FnMut() -> Result<T, backend_cranelift::CompileError>,
) -> Result<(T, f64), backend_cranelift::CompileError> {
    let compiled = compile()?;
    Ok((compiled, median(21, || drop(compile())) / 1e3))
}

fn function(name: &str, ty: &str) -> Result<Function, Box<dyn Error>> {
    let text = SOURCE.replace("[T,", &format!("[{ty},")).replace("-> T", &format!("-> {ty}"));
    let text = text.replace(": T", &format!(": {ty}"));
    let file = SourceFile::parse("loops.py", text).map_err(|e| format!("{e:?}"))?;
    let options = frontend_py::Options { semantics: Semantics::Fast, types: None };
    let f = frontend_py::compile(&file, name, &options).map_err(|e| format!("{e:?}"))?;
    let options = optimizer::Options { fast_math: true, ..optimizer::Options::default() };
    Ok(optimizer::optimize(&f, &options)?.function)
}

/// The numbers of an array from the first that begins a cache line, as the rivals' arrays do.
fn aligned<T>(array: &mut [T]) -> *mut u8 {
    let first = array.as_ptr().align_offset(64);
    array[first..].as_mut_ptr().cast()
}

/// Calls a function of arrays of `n` elements.
fn call<T>(compiled: &Compiled, n: usize, arrays: &mut [Vec<T>]) -> u64 {
    let describe =
        |array: &mut Vec<T>| ArrayDescriptor { data: aligned(array), extents: [n as i64, 0] };
    let descriptors: Vec<ArrayDescriptor> = arrays.iter_mut().map(describe).collect();
    let args: Vec<u64> = descriptors.iter().map(|d| std::ptr::from_ref(d) as u64).collect();
    let mut result = [0_u64];
    let mut context = Context::new(Limits::default());
    // SAFETY: the arrays have `n` elements at least, and the function takes as many arrays and has
    // one result.
    #[expect(unsafe_code, reason = "machine code is called here")]
    let outcome = unsafe { compiled.call_raw(args.as_ptr(), result.as_mut_ptr(), &mut context) };
    outcome.expect("the kernels do not raise");
    result[0]
}

/// Applies a function of numbers to `n` elements.
fn apply(compiled: &CompiledLoop, n: usize, arrays: &mut [Vec<f64>]) {
    let pointers: Vec<*mut u8> = arrays.iter_mut().map(|array| aligned(array)).collect();
    let steps = vec![8_isize; pointers.len()];
    let mut context = Context::new(Limits::default());
    // SAFETY: the arrays have `n` elements of 8 bytes at least, inputs first, the output last.
    #[expect(unsafe_code, reason = "machine code is called here")]
    let outcome = unsafe { compiled.run(pointers.as_ptr(), n, steps.as_ptr(), &mut context) };
    outcome.expect("the kernels do not raise");
}

fn arrays<T>(count: usize, of: impl Fn(f64) -> T) -> Vec<Vec<T>> {
    let mut random = random();
    (0..count).map(|_| (0..memory()).map(|_| of(random() * 2.0 - 1.0)).collect()).collect()
}

/// The same as a kernel whose lanes take another element when they are done, if that is thought to
/// be faster: under the name without `_scalar`.
fn in_vectors(
    name: &str,
    f: &Function,
    data: &mut [Vec<f64>],
    out: &mut impl Write,
) -> Result<(), Box<dyn Error>> {
    let options = LowerOptions { fast_math: true, ..LowerOptions::default() };
    let Ok(Divergent::Loop(parts)) = lower_divergent(f, &options) else { return Ok(()) };
    if !parts.is_worthwhile() {
        return Ok(());
    }
    let uniform = vec![false; f.params.len()];
    let options = backend_simd::Options::default();
    let compile = |dag: &Dag, uniform: &[bool]| Kernel::compile_folds(dag, uniform, &options);
    let coding = median(21, || {
        drop(lower_divergent(f, &LowerOptions::default()));
        drop(Kernel::iterated(&parts, &uniform, compile));
    });
    let kernel = Kernel::iterated(&parts, &uniform, compile)?;
    let table: Vec<*mut u8> = data.iter_mut().map(|array| aligned(array)).collect();
    for &n in &*SIZES {
        // SAFETY: the arrays have `n` numbers of 8 bytes at least, inputs first, the output last.
        #[expect(unsafe_code, reason = "machine code is called here")]
        let time = per_element(n, || unsafe { kernel.run_raw(n, &table) });
        let (name, _) = name.split_once('_').unwrap_or((name, ""));
        let name = [("mandel", "mandel_escape"), ("collatz", "collatz_steps")]
            .iter()
            .find_map(|(short, long)| (*short == name).then_some(*long))
            .unwrap_or(name);
        writeln!(out, "{name} f64 {n} {time:.4} {:.0}", coding / 1e3)?;
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut out = std::io::stdout().lock();
    let options = Options { vectors: Vectors::FastMath, ..Options::default() };
    let compiler = Compiler::new(options)?;
    for ty in ["f64", "f32"] {
        for name in ["dot", "stencil3", "largest", "axpy", "softened"] {
            if !is_wanted(name) {
                continue;
            }
            let f = function(name, ty)?;
            let (compiled, coding) = coding(|| compiler.compile(&f))?;
            let count = compiled.params().len();
            for &n in &*SIZES {
                let time = if ty == "f64" {
                    let mut arrays = arrays(count, |x| x);
                    per_element(n, || {
                        std::hint::black_box(call(&compiled, n, &mut arrays));
                    })
                } else {
                    let mut arrays = arrays(count, |x| x as f32);
                    per_element(n, || {
                        std::hint::black_box(call(&compiled, n, &mut arrays));
                    })
                };
                writeln!(out, "{name} {ty} {n} {time:.4} {coding:.0}")?;
            }
        }
    }
    for (name, domains) in [
        ("mandel_scalar", [(-2.0, 0.6), (-1.2, 1.2)]),
        ("newton_scalar", [(0.01, 100.0), (0.0, 0.0)]),
        ("collatz_scalar", [(1.0, 100_000.0), (0.0, 0.0)]),
        ("sum_squares", [(0.0, 200.0), (0.0, 0.0)]),
    ] {
        if !is_wanted(name) {
            continue;
        }
        let f = function(name, "f64")?;
        let (compiled, coding) = coding(|| compiler.compile_loop(&f))?;
        let mut random = random();
        let mut data: Vec<Vec<f64>> = compiled
            .inputs()
            .iter()
            .zip(domains)
            .map(|(elem, (low, high))| {
                let mut number = || low + (high - low) * random();
                let integer = *elem == rvsdg::Elem::I64;
                let bits = |x: f64| if integer { f64::from_bits(x as i64 as u64) } else { x };
                (0..memory()).map(|_| bits(number())).collect()
            })
            .collect();
        data.push(vec![0.0; memory()]);
        for &n in &*SIZES {
            let time = per_element(n, || apply(&compiled, n, &mut data));
            writeln!(out, "{name} f64 {n} {time:.4} {coding:.0}")?;
        }
        in_vectors(name, &f, &mut data, &mut out)?;
    }
    Ok(())
}
