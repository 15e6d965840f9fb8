//! Lengths, alignments, threads, and what does not fit.

use crate::random::{Random, check};
use backend_simd::{CallError, CompileError, Input, Kernel, Options, Vectors};
use vecmath::{Function, Lanes, Recorder, Width};

const WIDE: Option<Vectors> = Some(Vectors::Bits512);
const NARROW: Option<Vectors> = Some(Vectors::Bits256);
const PLAIN: Options = Options {
    copies: None,
    portable: false,
    vectors: None,
    soft_roots: None,
    soft_quotients: None,
    stream_from: None,
    narrow_from: None,
    input_arrays: None,
};
const OPTIONS: [Options; 6] = [
    Options { vectors: WIDE, soft_roots: Some(1), soft_quotients: Some(1), ..PLAIN },
    Options { vectors: NARROW, ..PLAIN },
    Options {
        copies: Some(1),
        vectors: WIDE,
        soft_roots: Some(1),
        soft_quotients: Some(1),
        stream_from: Some(0),
        ..PLAIN
    },
    Options { copies: Some(1), vectors: NARROW, ..PLAIN },
    Options { copies: Some(4), vectors: NARROW, stream_from: Some(0), ..PLAIN },
    Options { portable: true, ..PLAIN },
];

#[test]
fn every_function_on_every_short_length() {
    for function in Function::ALL {
        let uniform = vec![false; function.arity()];
        let (wide, narrow) = (function.dag(Width::F64), function.dag(Width::F32));
        for options in OPTIONS {
            let mut random = Random::new(1);
            for dag in [&wide, &narrow] {
                let kernel = Kernel::compile(dag, &uniform, &options).expect("the graph fits");
                for count in 0..132 {
                    let result = check(&kernel, count, &mut random);
                    assert_eq!(result, Ok(()), "{} {options:?}", function.name());
                }
            }
        }
    }
}

#[test]
fn misaligned_arrays_and_in_place() {
    let kernel = Kernel::compile(&Function::Exp.dag(Width::F64), &[false], &Options::default());
    let kernel = kernel.expect("the graph fits");
    for start in 0..9 {
        for count in [0, 1, 3, 4, 31, 33, 100] {
            let mut data: Vec<f64> = (0..200).map(|k| f64::from(k) * 0.01).collect();
            let before = data.clone();
            let address = data[start..].as_mut_ptr().cast::<u8>();
            // SAFETY: the only output begins where the input begins.
            #[expect(unsafe_code, reason = "overlap cannot be said with references")]
            unsafe {
                kernel.run_raw(count, &[address, address]);
            }
            for (at, (got, x)) in data.iter().zip(&before).enumerate() {
                let inside = (start..start + count).contains(&at);
                assert_eq!(*got, if inside { Function::Exp.eval(&[*x]) } else { *x });
            }
        }
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let dag = Function::Sin.dag(Width::F64);
    let kernel = Kernel::compile(&dag, &[false], &Options::default()).expect("the graph fits");
    let x: Vec<f64> = (0..100_003).map(|k| f64::from(k) * 37.7).collect();
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        let mut y = vec![0.0; x.len()];
        pool.install(|| kernel.run_parallel(&[Input::Array(&x)], &mut [&mut y])).expect("fits");
        y.into_iter().map(f64::to_bits).collect::<Vec<_>>()
    };
    let one = run(1);
    assert_eq!(one, run(2));
    assert_eq!(one, run(5));
    assert_eq!(one[77], Function::Sin.eval(&[x[77]]).to_bits());
}

#[test]
fn what_does_not_fit_is_refused() {
    let mut r = Recorder::new(Width::F64);
    let (x, a) = (r.input(), r.input());
    let y = r.mul(a, x);
    let dag = r.finish(&[y]);
    let options = Options::default();
    assert!(matches!(
        Kernel::compile(&dag, &[false], &options),
        Err(CompileError::Inputs { expected: 2 })
    ));
    let none = Recorder::new(Width::F64).finish(&[]);
    assert!(matches!(Kernel::compile(&none, &[], &options), Err(CompileError::NoResult)));

    let kernel = Kernel::compile(&dag, &[false, true], &options).expect("the graph fits");
    let (x, mut y) = ([1.0, 2.0, 3.0], [0.0; 3]);
    let array = Input::Array(&x);
    assert_eq!(kernel.run(&[array, Input::Scalar(2.0)], &mut [&mut y]), Ok(()));
    assert_eq!(y, [2.0, 4.0, 6.0]);
    assert_eq!(kernel.run(&[array, array], &mut [&mut y]), Err(CallError::Kind { argument: 1 }));
    assert_eq!(
        kernel.run(&[array, Input::Scalar(2.0)], &mut [&mut y[..2]]),
        Err(CallError::Length { argument: 0, expected: 2, given: 3 })
    );
    assert_eq!(
        kernel.run(&[array], &mut [&mut y]),
        Err(CallError::Arity { inputs: 2, outputs: 1 })
    );
    assert_eq!(
        kernel.run::<f32>(&[Input::Array(&[1.0]), Input::Scalar(2.0)], &mut [&mut [0.0]]),
        Err(CallError::Width { expected: Width::F64 })
    );
}

/// Results that go past the caches: on every boundary, in the array of an input, several at once.
#[test]
fn long_results_have_the_same_bits() {
    for vectors in [NARROW, WIDE] {
        let options = |stream_from| Options { vectors, stream_from, ..Options::default() };
        let mut r = Recorder::new(Width::F32);
        let (x, y) = (r.input(), r.input());
        let (sum, product) = (r.add(x, y), r.mul(x, y));
        let dag = r.finish(&[sum, product]);
        let kernels = [Some(0), Some(usize::MAX)]
            .map(|from| Kernel::compile(&dag, &[false; 2], &options(from)).expect("it fits"));
        let data: Vec<f32> = (0..1500_u16).map(|k| f32::from(k) * 0.1).collect();
        for (first, second) in [(0, 0), (0, 16), (3, 3), (5, 6), (7, 39)] {
            let results = kernels.each_ref().map(|kernel| {
                let (mut a, mut b) = (vec![0.0_f32; 1100], vec![0.0_f32; 1100]);
                let arrays = [Input::Array(&data[1..1001]), Input::Array(&data[400..1400])];
                let (a_part, b_part) = (&mut a[first..first + 1000], &mut b[second..second + 1000]);
                kernel.run(&arrays, &mut [a_part, b_part]).expect("it fits");
                (a, b)
            });
            assert_eq!(results[0], results[1]);
            assert_eq!(results[0].0[first + 10], data[11] + data[410]);
        }
    }
}

/// Parts of numbers by the instructions for them and without, ordinary and special ones.
#[test]
fn logarithms_of_special_numbers() {
    let tiny = f64::from_bits(1);
    let special = [0.0, -0.0, tiny, 1e-310, f64::MIN_POSITIVE, 1.0, 0.75, 1.5, f64::MAX];
    let beyond = [f64::INFINITY, f64::NEG_INFINITY, f64::NAN, -1.0, -tiny, -1e-310, f64::MIN];
    let x: Vec<f64> = special.into_iter().chain(beyond).collect();
    let narrow: Vec<f32> = x.iter().map(|x| *x as f32).chain([1e-40, -1e-40]).collect();
    let same =
        |got: f64, want: f64| got.to_bits() == want.to_bits() || got.is_nan() && want.is_nan();
    for options in OPTIONS {
        let kernel = |width| Kernel::compile(&Function::Log.dag(width), &[false], &options);
        let mut y = vec![0.0; x.len()];
        let wide = kernel(Width::F64).expect("it fits");
        wide.run(&[Input::Array(&x)], &mut [&mut y]).expect("it fits");
        for (x, y) in x.iter().zip(&y) {
            assert!(same(*y, Function::Log.eval(&[*x])), "ln {x} = {y}, {options:?}");
            assert!((y - x.ln()).abs() < 1e-13 || same(*y, x.ln()), "ln {x} = {y}");
        }
        let mut y = vec![0.0_f32; narrow.len()];
        let single = kernel(Width::F32).expect("it fits");
        single.run(&[Input::Array(&narrow)], &mut [&mut y]).expect("it fits");
        for (x, y) in narrow.iter().zip(&y) {
            let want = Function::Log.eval_f32(&[*x]);
            assert!(same(f64::from(*y), f64::from(want)), "ln {x} = {y}, {options:?}");
        }
    }
}
