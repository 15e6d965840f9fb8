//! Python kernels, lowered to lanes, against the interpreter.

use crate::random::Random;
use backend_simd::{Exceptions, Input, Kernel, LowerOptions, Options, lower};
use frontend_py::{Semantics, SourceFile, compile};
use rvsdg::interp::{Limits, run};
use rvsdg::{Arg, Function, Inputs, Scalar};
use vecmath::Op::{Add, Fma, Mul};

type Domains = &'static [(f64, f64)];

/// A kernel: its name, the domain of each parameter, and how far a result may be from the
/// interpreter's, relative to 1 + its size, in binary64.
const KERNELS: &[(&str, Domains, f64)] = &[
    ("geglu_exact", &[(-6.0, 6.0)], 1e-13),
    ("geglu_pade", &[(-6.0, 6.0)], 1e-13),
    ("sigmoid", &[(-30.0, 30.0)], 1e-13),
    ("silu", &[(-30.0, 30.0)], 1e-13),
    ("softplus", &[(-30.0, 30.0)], 1e-13),
    ("poly7", &[(-1.0, 1.0)], 1e-13),
    ("sincos_mix", &[(-6.0, 6.0), (-6.0, 6.0)], 1e-12),
    ("hypot_like", &[(-100.0, 100.0), (-100.0, 100.0)], 1e-13),
    (
        "black_scholes_call",
        &[(10.0, 50.0), (10.0, 50.0), (0.1, 3.0), (0.0, 0.1), (0.1, 0.6)],
        1e-11,
    ),
    ("gauss_pdf", &[(-5.0, 5.0), (-1.0, 1.0), (0.5, 2.0)], 1e-12),
    ("log1p_expm1", &[(0.0, 20.0)], 1e-12),
    ("newton_sqrt", &[(0.01, 100.0)], 1e-13),
    ("pieces", &[(-2.0, 2.0), (-1.0, 2.0)], 1e-13),
    ("clamped", &[(-3.0, 3.0), (-1.0, 0.0), (0.0, 1.0)], 0.0),
    ("horner", &[(-2.0, 2.0)], 1e-13),
];

fn kernel(name: &str, ty: &str, semantics: Semantics) -> Function {
    let text = include_str!("kernels.py").replace(": T", &format!(": {ty}"));
    let text = text.replace("-> T", &format!("-> {ty}"));
    let file = SourceFile::parse("kernels.py", text).unwrap_or_else(|e| panic!("{e:?}"));
    let options = frontend_py::Options { semantics, types: None };
    compile(&file, name, &options).unwrap_or_else(|e| panic!("{name}: {e:?}"))
}

fn interpreted(function: &Function, args: &[Scalar]) -> f64 {
    let args = args.iter().map(|x| Arg::Scalar(*x)).collect();
    let inputs = Inputs { args, arrays: vec![] };
    let run = run(function, &inputs, &Limits::default()).expect("the graph has a meaning");
    match run.answer.outcome.expect("the kernel does not raise")[0] {
        Scalar::F64(x) => x,
        Scalar::F32(x) => f64::from(x),
        other => panic!("{other:?}"),
    }
}

macro_rules! check {
    ($name:ident, $float:ty, $scalar:path) => {
        /// The largest error of a kernel's elements, relative to 1 + their size.
        fn $name(function: &Function, options: &LowerOptions, domains: &[(f64, f64)]) -> f64 {
            let dag = lower(function, options).unwrap_or_else(|e| panic!("{}: {e}", function.name));
            let uniform = vec![false; domains.len()];
            let kernel = Kernel::compile(&dag, &uniform, &Options::default()).expect("compiles");
            let mut random = Random::new(3);
            let count = 333;
            let data: Vec<Vec<$float>> = domains
                .iter()
                .map(|(low, high)| {
                    let mut one =
                        || low + (high - low) * (random.below(1 << 20) as f64 / 1048576.0);
                    (0..count).map(|_| one() as $float).collect()
                })
                .collect();
            let inputs: Vec<Input<'_, $float>> = data.iter().map(|d| Input::Array(d)).collect();
            let mut got = vec![0.0; count];
            kernel.run(&inputs, &mut [&mut got]).expect("the arrays fit");
            let mut worst: f64 = 0.0;
            for (at, got) in got.iter().enumerate() {
                let args: Vec<Scalar> = data.iter().map(|d| $scalar(d[at])).collect();
                let want = interpreted(function, &args);
                worst = worst.max((f64::from(*got) - want).abs() / (1.0 + want.abs()));
            }
            worst
        }
    };
}
check!(error_f64, f64, Scalar::F64);
check!(error_f32, f32, Scalar::F32);

#[test]
fn kernels_agree_with_the_interpreter() {
    for (name, domains, tolerance) in KERNELS {
        for fast_math in [false, true] {
            for bounded in [false, true] {
                let options = LowerOptions {
                    fast_math,
                    narrow: true,
                    exceptions: Exceptions::Refused,
                    domains: domains.iter().map(|d| bounded.then_some(*d)).collect(),
                };
                let error = error_f64(&kernel(name, "f64", Semantics::Fast), &options, domains);
                assert!(error <= *tolerance, "{name} f64 {options:?}: {error:e}");
                let error = error_f32(&kernel(name, "f32", Semantics::Fast), &options, domains);
                assert!(error <= tolerance * 5.4e8, "{name} f32 {options:?}: {error:e}");
            }
        }
    }
}

#[test]
fn a_kernel_that_may_raise_needs_leave() {
    let strict = kernel("black_scholes_call", "f64", Semantics::Strict);
    let refusal = lower(&strict, &LowerOptions::default()).expect_err("calls may raise");
    assert!(refusal.what.contains("raise"), "{refusal}");
    let options = LowerOptions { exceptions: Exceptions::Ignored, ..LowerOptions::default() };
    let (_, domains, tolerance) =
        KERNELS.iter().find(|(name, ..)| *name == "black_scholes_call").expect("a kernel");
    assert!(error_f64(&strict, &options, domains) <= *tolerance);
}

#[test]
fn a_kernel_that_goes_through_binary64_needs_leave() {
    let refusal = lower(&kernel("geglu_exact", "f32", Semantics::Fast), &LowerOptions::default());
    let what = refusal.map(|_| ()).expect_err("the square root is of binary64 numbers").what;
    assert!(what.contains("f64"), "{what}");
}

#[test]
fn equal_functions_in_both_arms_become_one() {
    let options = LowerOptions::default();
    let softplus = lower(&kernel("softplus", "f64", Semantics::Fast), &options).expect("lowers");
    let count = |op: vecmath::Op| softplus.nodes.iter().filter(|node| node.op == op).count();
    // One division of log1p, whose argument is known to be at most 1.
    assert_eq!(count(vecmath::Op::Div), 1);
}

#[test]
fn loops_whose_length_differs_are_refused() {
    let text = "def f(x: f64) -> f64:\n    n = 0.0\n    while x > 1.0:\n        x = x / 2.0\n        n += 1.0\n    return n\n";
    let file = SourceFile::parse("f.py", text.to_owned()).expect("Python");
    let options = frontend_py::Options { semantics: Semantics::Fast, types: None };
    let function = compile(&file, "f", &options).expect("supported");
    let refusal = lower(&function, &LowerOptions::default()).expect_err("no vector form");
    assert!(refusal.what.contains("loop"), "{refusal}");
}

#[test]
fn sums_of_powers_take_horners_scheme_or_a_product() {
    let options = LowerOptions { fast_math: true, ..LowerOptions::default() };
    let nodes = |name: &str| {
        let dag = lower(&kernel(name, "f64", Semantics::Fast), &options).expect("lowers");
        dag.nodes.iter().filter(|node| node.op.arity() > 0).map(|node| node.op).collect::<Vec<_>>()
    };
    // y = -x/2: (1 + y)(1 + y^2)(1 + y^4) + x, where Horner's scheme takes seven fused operations.
    assert_eq!(nodes("poly7"), [Mul, Add, Mul, Add, Mul, Mul, Add, Fma]);
    // a (k + k' a^2), x (105 + 10 x^2), 105 + x^2 (45 + x^2), and what joins them.
    assert_eq!(nodes("geglu_pade").len(), 12, "{:?}", nodes("geglu_pade"));
}

#[test]
fn a_strict_graph_tells_which_elements_raise() {
    let text = "import math\n\ndef f(x: f64, y: f64) -> f64:\n    if x > 1.0:\n        return math.sqrt(y) / (x - 2.0)\n    return max(x, y)\n\ndef g(x: f64) -> f64:\n    return math.exp(x)\n";
    let file = SourceFile::parse("f.py", text.to_owned()).expect("Python");
    let options = frontend_py::Options { semantics: Semantics::Strict, types: None };
    let strict = |name: &str| compile(&file, name, &options).expect("supported");
    let masked = LowerOptions { exceptions: Exceptions::Masked, ..LowerOptions::default() };
    let dag = lower(&strict("f"), &masked).expect("it has the scalar function's bits");
    assert_eq!(dag.outputs.len(), 2);
    for (x, y, raises) in
        [(3.0, 4.0, false), (2.0, 4.0, true), (3.0, -4.0, true), (0.5, -4.0, false)]
    {
        let results = dag.replay(&mut vecmath::Scalar::<f64>::new(), &[x, y]);
        assert_eq!(results[1].is_sign_negative(), raises, "f({x}, {y})");
        if !raises {
            let answer = if x > 1.0 { y.sqrt() / (x - 2.0) } else { x.max(y) };
            assert_eq!(results[0].to_bits(), answer.to_bits());
        }
    }
    let refusal = lower(&strict("g"), &masked).expect_err("the C library's bits");
    assert!(refusal.what.contains("exp"), "{refusal}");
    let real = LowerOptions { fast_math: true, ..masked };
    let dag = lower(&strict("g"), &real).expect("bits were given up");
    let raises =
        |x: f64| dag.replay(&mut vecmath::Scalar::<f64>::new(), &[x])[1].is_sign_negative();
    assert!(raises(1000.0) && !raises(1.0) && !raises(-1000.0) && !raises(f64::NAN));
}

#[test]
fn whole_powers_are_within_one_unit() {
    let points = [0.0, -0.0, 1.0, -1.0, 1.1, -0.7, 3.3, 1e-30, 1e20, -1e40, 1.7e38, 5e-324, 1e308]
        .into_iter()
        .chain([f64::INFINITY, f64::NEG_INFINITY, f64::NAN])
        .chain((0..2000).map(|k| (f64::from(k) - 1000.0) * 0.00737));
    let points: Vec<f64> = points.collect();
    for n in 5..=16 {
        let text = format!("def f(x: f64) -> f64:\n    return x ** {n}.0\n");
        let file = SourceFile::parse("f.py", text).expect("Python");
        let options = frontend_py::Options { semantics: Semantics::Fast, types: None };
        let function = compile(&file, "f", &options).expect("supported");
        let dag = lower(&function, &LowerOptions::default()).expect("it has a vector form");
        assert!(dag.nodes.len() < 40, "{n}: {}", dag.nodes.len());
        for x in &points {
            let got = dag.replay(&mut vecmath::Scalar::<f64>::new(), &[*x])[0];
            let want = x.powf(f64::from(n));
            let unit = want.abs().next_up() - want.abs();
            let same = got == want || got.is_nan() && want.is_nan();
            assert!(same || (got - want).abs() <= unit, "{x}^{n} = {got}, not {want}");
            assert!(want != 0.0 || got.is_sign_negative() == want.is_sign_negative());
        }
    }
}
