//! Kernels that fold: compiled code against the replayed graph.

use crate::random::Random;
use backend_simd::{FOLD_LANES, Kernel, Options, Vectors};
use vecmath::{Dag, Lanes, Recorder, Width};

/// Two arrays, one number for all, an output if `stores`, and this many folds.
fn dag(width: Width, folds: usize, stores: bool) -> Dag {
    let mut r = Recorder::new(width);
    let (x, y, a) = (r.input(), r.input(), r.input());
    let z = r.fma(a, x, y);
    let mut outputs = if stores { vec![z] } else { Vec::new() };
    for k in 0..folds {
        let before = r.input();
        outputs.push(match k % 4 {
            0 => r.fma(x, y, before),
            1 => r.max(z, before),
            2 => r.min(x, before),
            _ => r.add(before, z),
        });
    }
    r.finish(&outputs)
}

macro_rules! check {
    ($name:ident, $float:ty, $width:expr) => {
        fn $name(folds: usize, stores: bool, count: usize, seed: u64) {
            let dag = dag($width, folds, stores);
            let uniform = [false, false, true];
            let run = |vectors: Option<Vectors>, narrow_from: Option<usize>| {
                let portable = vectors.is_none();
                let options = Options { portable, vectors, narrow_from, ..Options::default() };
                let kernel = Kernel::compile_folds(&dag, &uniform, &options).expect("it fits");
                assert_eq!(kernel.folds(), folds);
                let mut random = Random::new(seed);
                let mut array =
                    || (0..count.max(1)).map(|_| random.number() as $float).collect::<Vec<_>>();
                let (mut x, mut y, mut a, mut out) = (array(), array(), array(), array());
                let mut state = vec![[0.5 as $float; FOLD_LANES]; folds];
                let mut table = vec![x.as_mut_ptr(), y.as_mut_ptr(), a.as_mut_ptr()];
                table.extend(stores.then_some(out.as_mut_ptr()));
                table.extend(state.iter_mut().map(|s| s.as_mut_ptr()));
                let table: Vec<*mut u8> = table.into_iter().map(<*mut _>::cast).collect();
                // SAFETY: the arrays have `count` numbers, a number for all, and whole folds.
                #[expect(unsafe_code, reason = "folds are for raw calls")]
                unsafe {
                    kernel.run_raw(count, &table);
                }
                let bits = |x: &$float| if x.is_nan() { None } else { Some(x.to_bits()) };
                let state: Vec<_> = state.iter().flatten().map(bits).collect();
                (state, out.iter().map(bits).collect::<Vec<_>>())
            };
            let (narrow, wide) = (Vectors::Bits256, Vectors::Bits512);
            // From 32 or 64 numbers on, and from none on.
            for (vectors, from) in
                [(narrow, None), (wide, None), (wide, Some(512)), (wide, Some(0))]
            {
                let what = format!("{vectors:?} to {from:?}, {folds} folds, {count} numbers");
                assert_eq!(run(Some(vectors), from), run(None, None), "{what}, stores: {stores}");
            }
        }
    };
}
check!(check_f64, f64, Width::F64);
check!(check_f32, f32, Width::F32);

#[test]
fn folds_gather_as_the_replayed_graph_does() {
    for folds in 1..7 {
        for count in [0, 16, 32, 160] {
            for stores in [false, true] {
                check_f64(folds, stores, count, count as u64);
                check_f32(folds, stores, count, count as u64);
            }
        }
    }
}

#[test]
fn kernels_that_fold_are_not_for_plain_calls() {
    let options = Options::default();
    let kernel = Kernel::compile_folds(&dag(Width::F64, 1, true), &[false, false, true], &options);
    let kernel = kernel.expect("it fits");
    let inputs: [backend_simd::Input<'_, f64>; 3] = [
        backend_simd::Input::Array(&[1.0]),
        backend_simd::Input::Array(&[1.0]),
        backend_simd::Input::Scalar(1.0),
    ];
    assert!(kernel.run(&inputs, &mut [&mut [0.0]]).is_err());
}
