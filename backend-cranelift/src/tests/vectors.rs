//! Loops over arrays in vectors: the interpreter's answers, bit by bit where that is promised.

use super::answer;
use crate::{Compiled, Compiler, Options, Vectors};
use backend_simd::{VectorLoop, vector_loop};
use frontend_py::{Semantics, SourceFile};
use rvsdg::interp::{Limits, run};
use rvsdg::{Answer, Arg, Array, Buffer, Function, Inputs, NodeId, NodeKind, Scalar};

const SOURCE: &str = include_str!("vectors.py");

/// A function of [`SOURCE`] with `ty` for its numbers.
fn function(name: &str, ty: &str, semantics: Semantics) -> Function {
    let text = SOURCE.replace("T,", &format!("{ty},")).replace(": T", &format!(": {ty}"));
    let text = text.replace("-> T", &format!("-> {ty}")).replace("[T", &format!("[{ty}"));
    let text = text.replace(", T]", &format!(", {ty}]"));
    let file = SourceFile::parse("vectors.py", text).expect("the source is right");
    let options = frontend_py::Options { semantics, types: None };
    let f = frontend_py::compile(&file, name, &options);
    let f = f.unwrap_or_else(|e| panic!("{name}: {e:?}"));
    optimizer::optimize(&f, &optimizer::Options::default()).expect("no options to refuse").function
}

fn number(at: usize) -> f64 {
    let x = (at as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 11;
    (x as f64 / (1_u64 << 52) as f64 - 1.0) * 8.0
}

fn array(ty: &str, from: usize, count: usize) -> Array {
    let numbers = (from..from + count).map(number);
    let data = if ty == "f64" {
        Buffer::F64(numbers.collect())
    } else {
        Buffer::F32(numbers.map(|x| x as f32).collect())
    };
    Array { shape: vec![count], data }
}

fn scalar(ty: &str, x: f64) -> Scalar {
    if ty == "f64" { Scalar::F64(x) } else { Scalar::F32(x as f32) }
}

fn interpreted(f: &Function, inputs: &Inputs) -> Answer {
    run(f, inputs, &Limits::default()).expect("the graph has a meaning").answer
}

fn compiled(f: &Function, vectors: Vectors, narrow_vectors: bool) -> Compiled {
    let options = Options { vectors, narrow_vectors, ..Options::default() };
    Compiler::new(options).expect("the host").compile(f).expect("it compiles")
}

/// An answer such that zeros differ and NaNs are alike.
fn text(answer: &Answer) -> String {
    format!("{answer:?}")
}

/// The loops of a function that have a vector form.
fn vector_loops(f: &Function, fast_math: bool) -> Vec<VectorLoop> {
    let thetas = (0..f.node_count())
        .map(NodeId::from_index)
        .filter(|node| matches!(f.node(*node).kind, NodeKind::Theta { .. }));
    thetas.filter_map(|node| vector_loop(f, node, fast_math).ok()).collect()
}

/// Arguments by array: which array, and scalars.
fn inputs(ty: &str, count: usize, args: &[Arg], arrays: usize) -> Inputs {
    let arrays = (0..arrays).map(|k| array(ty, 1000 * k, count)).collect();
    Inputs { args: args.to_vec(), arrays }
}

/// Elements of one array at several places are not several arrays to the caches.
#[test]
fn a_stencil_reads_one_array() {
    for (name, inputs, arrays) in [("stencil", 3, 1), ("axpy", 3, 2)] {
        let f = function(name, "f64", Semantics::Strict);
        let loops = vector_loops(&f, false);
        assert!(!loops.is_empty(), "{name}");
        for found in loops {
            assert_eq!((found.inputs.len(), found.input_arrays()), (inputs, arrays), "{name}");
        }
    }
}

const LENGTHS: [usize; 14] = [0, 1, 2, 7, 31, 32, 33, 34, 47, 48, 49, 67, 100, 259];

#[test]
fn loops_have_the_interpreters_bits() {
    let (a, b, c) = (Arg::Array(0), Arg::Array(1), Arg::Array(2));
    for ty in ["f64", "f32"] {
        let x = |x: f64| Arg::Scalar(scalar(ty, x));
        let n = |n: i64| Arg::Scalar(Scalar::I64(n));
        // Name, whether a loop has a vector form, calls, shortest array.
        let cases: [(&str, bool, Vec<Vec<Arg>>, usize); 11] = [
            ("stencil", true, vec![vec![a, b], vec![a, a]], 0),
            ("axpy", true, vec![vec![x(0.3), a, b], vec![x(-2.5), a, a]], 0),
            ("ahead", true, vec![vec![a]], 0),
            ("handed_on", true, vec![vec![a, b]], 0),
            ("recurrence", false, vec![vec![a]], 0),
            ("two", true, vec![vec![a, b, c], vec![a, a, b], vec![a, b, b], vec![a, b, a]], 1),
            ("too_far", true, vec![vec![n(50), a, b], vec![n(250), a, a], vec![n(-3), a, b]], 0),
            ("from_end", false, vec![vec![n(50), a, b], vec![n(100), a, a]], 0),
            ("largest", true, vec![vec![a]], 1),
            ("span", true, vec![vec![a, x(0.5), x(0.25)], vec![a, x(f64::NAN), x(-9.0)]], 0),
            ("dot", false, vec![vec![a, b]], 1),
        ];
        for (name, loops, calls, least) in cases {
            for semantics in [Semantics::Strict, Semantics::Fast] {
                let f = function(name, ty, semantics);
                assert_eq!(!vector_loops(&f, false).is_empty(), loops, "{name} {ty} {semantics:?}");
                let wide = compiled(&f, Vectors::Exact, false);
                let narrow = compiled(&f, Vectors::Exact, true);
                for (call, count) in calls.iter().flat_map(|c| LENGTHS.map(|n| (c, n))) {
                    if count < least {
                        continue;
                    }
                    let inputs = inputs(ty, count, call, 3);
                    let want = interpreted(&f, &inputs);
                    let name = format!("{name} {ty} {count} {call:?}");
                    assert_eq!(text(&answer(&wide, &inputs)), text(&want), "{name}");
                    assert_eq!(text(&answer(&narrow, &inputs)), text(&want), "{name}");
                }
            }
        }
    }
}

#[test]
fn zeros_and_nans_do_not_lose_their_order() {
    let f = function("span", "f64", Semantics::Strict);
    let code = compiled(&f, Vectors::Exact, false);
    for (k, (low, high)) in
        [(0.0, -0.0), (-0.0, 0.0), (f64::NAN, 0.0), (1.0, -1.0)].iter().enumerate()
    {
        for special in [0.0, -0.0, f64::NAN, f64::INFINITY] {
            let mut data: Vec<f64> =
                (0..100).map(|i| if i % 3 == k { special } else { -0.0 }).collect();
            data[50] = 0.0;
            let args =
                [Arg::Array(0), Arg::Scalar(Scalar::F64(*low)), Arg::Scalar(Scalar::F64(*high))];
            let inputs = Inputs { args: args.to_vec(), arrays: vec![Array::f64(data)] };
            assert_eq!(
                text(&answer(&code, &inputs)),
                text(&interpreted(&f, &inputs)),
                "{low} {high} {special}"
            );
        }
    }
}

#[test]
fn rows_of_two_dimensional_arrays() {
    for ty in ["f64", "f32"] {
        let f = function("rows", ty, Semantics::Strict);
        assert!(!vector_loops(&f, false).is_empty());
        let code = compiled(&f, Vectors::Exact, false);
        for (height, width) in [(0, 40), (3, 0), (5, 33), (2, 100), (40, 3)] {
            let mut inputs = inputs(ty, height * width, &[Arg::Array(0), Arg::Array(1)], 2);
            inputs.arrays.iter_mut().for_each(|a| a.shape = vec![height, width]);
            assert_eq!(answer(&code, &inputs), interpreted(&f, &inputs), "{ty} {height} {width}");
        }
    }
}

#[test]
fn sums_are_close_and_the_same_every_time() {
    let (a, b) = (Arg::Array(0), Arg::Array(1));
    for (ty, tolerance) in [("f64", 1e-13), ("f32", 1e-4)] {
        let m = Arg::Scalar(scalar(ty, 0.125));
        for (name, args) in [("dot", vec![a, b]), ("spread", vec![a, m]), ("softened", vec![a])] {
            let f = function(name, ty, Semantics::Fast);
            assert!(vector_loops(&f, false).is_empty(), "{name}");
            assert!(!vector_loops(&f, true).is_empty(), "{name}");
            let fast = compiled(&f, Vectors::FastMath, false);
            let narrow = compiled(&f, Vectors::FastMath, true);
            let exact = compiled(&f, Vectors::Exact, false);
            for count in LENGTHS.into_iter().filter(|count| *count > 0) {
                let inputs = inputs(ty, count, &args, 2);
                let got = answer(&fast, &inputs);
                assert_eq!(got, answer(&fast, &inputs));
                assert_eq!(got, answer(&narrow, &inputs), "{name} {ty} {count}");
                let want = answer(&exact, &inputs);
                assert_eq!(want, interpreted(&f, &inputs));
                let numbers = |answer: &Answer| -> Vec<f64> {
                    let values = answer.outcome.clone().expect("no exception");
                    values
                        .iter()
                        .map(|value| match value {
                            Scalar::F64(x) => *x,
                            Scalar::F32(x) => f64::from(*x),
                            other => panic!("{other:?}"),
                        })
                        .collect()
                };
                for (got, want) in numbers(&got).iter().zip(numbers(&want)) {
                    let error = (got - want).abs();
                    let most = tolerance * 70.0 * count as f64;
                    assert!(error <= most, "{name} {ty} {count}: {got} {want}");
                }
            }
        }
    }
}
