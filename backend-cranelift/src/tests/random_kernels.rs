//! Random graphs in 128-bit vectors, and random loops over arrays in vectors of both widths.
//!
//! `OVUM_VECTOR_DAGS=1000000 OVUM_VECTOR_KERNELS=100000 cargo test --release -p backend-cranelift
//! random_kernels` runs as many as it says.

use super::answer;
use super::random::{Random, check, graphs, seeded, seeds};
use crate::{Compiler, OptLevel, Options, Vectors};
use frontend_py::{Semantics, SourceFile};
use rvsdg::interp::{Limits, run};
use rvsdg::{Arg, Array, Inputs, NodeId, NodeKind, Scalar};
use std::fmt::Write as _;
use vecmath::{Function, Width};

fn compiler(opt_level: OptLevel) -> Compiler {
    let options = Options { opt_level, verify: true, ..Options::default() };
    Compiler::new(options).expect("the host")
}

#[test]
fn random_graphs_in_narrow_vectors() {
    let compilers = [compiler(OptLevel::None), compiler(OptLevel::Speed)];
    for seed in graphs(120) {
        let (dag, uniform, count, mut random) = seeded(seed);
        let kernel = compilers[usize::from(seed % 8 == 7)].compile_vectors(&dag, &uniform);
        let kernel = kernel.expect("the graph fits");
        if let Err(what) = check(&kernel, count, &mut random) {
            panic!("seed {seed}, {:?}: {what}", dag.width);
        }
    }
}

#[test]
fn every_function_in_narrow_vectors() {
    let compiler = compiler(OptLevel::None);
    for function in Function::ALL {
        let uniform = vec![false; function.arity()];
        for width in [Width::F64, Width::F32] {
            let kernel = compiler.compile_vectors(&function.dag(width), &uniform);
            let kernel = kernel.expect("the graph fits");
            let mut random = Random::new(1);
            for count in (0..68).step_by(3) {
                let result = check(&kernel, count, &mut random);
                assert_eq!(result, Ok(()), "{} {width:?}", function.name());
            }
        }
    }
}

/// A random function of three arrays, a number and a count, with one loop.
fn source(random: &mut Random, ty: &str) -> String {
    let folds = random.below(3) == 0;
    let mut body = String::new();
    let mut names: Vec<String> = vec!["a".to_owned(), "0.75".to_owned()];
    let element = |random: &mut Random| {
        let array = ["x", "y", "z"][random.below(3)];
        let offset = ["i", "i", "i", "i + 1", "i - 1", "i + 2"][random.below(6)];
        format!("{array}[{offset}]")
    };
    for k in 0..=random.below(6) {
        let operand = |random: &mut Random| {
            if random.below(2) == 0 {
                element(random)
            } else {
                names[random.below(names.len())].clone()
            }
        };
        let (p, q, r) = (operand(random), operand(random), operand(random));
        let value = match random.below(9) {
            0 | 1 => format!("{p} + {q} * {r}"),
            2 => format!("{p} * {q}"),
            3 => format!("{p} - {q}"),
            4 => format!("abs({p} - {q})"),
            5 => format!("min({p}, {q})"),
            6 => format!("max({p}, {q}) - {r}"),
            7 => format!("{p} if {q} < {r} else {q}"),
            _ => format!("-{p} if {q} >= 0.0 and {p} != {r} else {r}"),
        };
        let _ = writeln!(body, "        t{k} = {value}");
        names.push(format!("t{k}"));
        if !folds && random.below(3) == 0 {
            let _ = writeln!(body, "        {} = t{k}", element(random));
        }
    }
    let last = names[names.len() - 1].clone();
    let _ = match (folds, random.below(3)) {
        (true, 0) => writeln!(body, "        m = max(m, {last})"),
        (true, 1) => writeln!(body, "        m = min(m, {last})"),
        (true, _) => writeln!(body, "        if {last} > m:\n            m = {last}"),
        (false, _) => writeln!(body, "        {} = {last}", element(random)),
    };
    let range = ["n", "1, n - 1", "1, len(x) - 2", "len(y)", "2, n"][random.below(5)];
    format!(
        "def kernel(x: array[{ty}, 1], y: array[{ty}, 1], z: array[{ty}, 1], a: {ty}, n: i64) \
         -> {ty}:\n    m = a\n    for i in range({range}):\n{body}    return m\n"
    )
}

fn inputs(random: &mut Random, ty: &str) -> Inputs {
    let count = if random.below(2) == 0 { random.below(68) } else { 32 + random.below(200) };
    let arrays = (0..3).map(|_| {
        let count = if random.below(5) == 0 { random.below(80) } else { count };
        let mut numbers = (0..count).map(|_| random.number());
        if ty == "f64" {
            Array::f64(numbers.collect())
        } else {
            let data = rvsdg::Buffer::F32(numbers.by_ref().map(|x| x as f32).collect());
            Array { shape: vec![count], data }
        }
    });
    let arrays = arrays.collect();
    let a = random.number();
    let a = if ty == "f64" { Scalar::F64(a) } else { Scalar::F32(a as f32) };
    let n = count as i64 + random.below(5) as i64 - 3;
    let mut args: Vec<Arg> = (0..3).map(Arg::Array).collect();
    if random.below(4) == 0 {
        args[random.below(3)] = Arg::Array(random.below(3));
    }
    args.extend([Arg::Scalar(a), Arg::Scalar(Scalar::I64(n))]);
    Inputs { args, arrays }
}

#[test]
fn random_loops_have_the_interpreters_bits() {
    let seeds = seeds("OVUM_VECTOR_KERNELS", 150);
    let kernels = seeds.end - seeds.start;
    let compilers = [(Vectors::Exact, false), (Vectors::Exact, true), (Vectors::Off, false)];
    let compilers = compilers.map(|(vectors, narrow_vectors)| {
        Compiler::new(Options { vectors, narrow_vectors, ..Options::default() }).expect("the host")
    });
    let (mut vectorised, mut refused) = (0, 0);
    for seed in seeds {
        let mut random = Random::new(seed);
        let ty = ["f64", "f32"][random.below(2)];
        let text = source(&mut random, ty);
        let file = SourceFile::parse("kernel.py", text.clone()).expect("the source is right");
        let semantics = [Semantics::Strict, Semantics::Fast][random.below(2)];
        let options = frontend_py::Options { semantics, types: None };
        // Of two literals' type the front end knows better: a few mixtures are refused.
        let Ok(f) = frontend_py::compile(&file, "kernel", &options) else {
            refused += 1;
            continue;
        };
        let options = optimizer::Options::default();
        let f = if random.below(4) == 0 {
            f
        } else {
            optimizer::optimize(&f, &options).expect("no options to refuse").function
        };
        let loops = (0..f.node_count())
            .map(NodeId::from_index)
            .filter(|node| matches!(f.node(*node).kind, NodeKind::Theta { .. }))
            .filter(|node| backend_simd::vector_loop(&f, *node, false).is_ok());
        vectorised += u64::from(loops.count() > 0);
        let compiled = compilers.each_ref().map(|c| c.compile(&f).expect("it compiles"));
        for _ in 0..4 {
            let inputs = inputs(&mut random, ty);
            let want = run(&f, &inputs, &Limits::default()).expect("the graph has a meaning");
            let want = format!("{:?}", want.answer);
            for (compiled, way) in compiled.iter().zip(["wide", "narrow", "off"]) {
                let got = format!("{:?}", answer(compiled, &inputs));
                assert_eq!(got, want, "seed {seed}, {way}, {semantics:?}:\n{text}\n{inputs:?}");
            }
        }
    }
    assert!(refused * 20 <= kernels, "{refused} of {kernels} sources are refused");
    assert!(vectorised * 4 > kernels, "{vectorised} of {kernels} loops have a vector form");
}
