//! Quotients by multiplications have the bits of the unit's, from whatever estimate.
//!
//! `OVUM_QUOTIENTS=4000000000 cargo test --release -p backend-simd quotients` tries that many pairs at
//! random in each format; the reciprocals of all binary32 mantissas are always tried.

use crate::random::Random;
use backend_simd::{Input, Kernel, Options, Real, Vectors};
use std::fmt::LowerExp;
use vecmath::{Dag, Lanes, Recorder, Width};

fn wanted(few: u64) -> u64 {
    std::env::var("OVUM_QUOTIENTS").ok().and_then(|n| n.parse().ok()).unwrap_or(few)
}

/// A kernel that divides by multiplications, every second vector of it or all.
fn kernel(width: Width, all: bool) -> Kernel {
    let mut r = Recorder::new(width);
    let (n, d) = (r.input(), r.input());
    let q = r.div(n, d);
    let dag: Dag = r.finish(&[q]);
    let soft = if all { 2 } else { 1 };
    let (soft_quotients, vectors) = (Some(soft), Some(Vectors::Bits512));
    let options = Options { copies: Some(2), soft_quotients, vectors, ..Options::default() };
    let kernel = Kernel::compile(&dag, &[false, false], &options).expect("the graph fits");
    if Vectors::widest() == vectors {
        assert_eq!(kernel.statistics().soft_quotients, soft, "multiplications are used");
    }
    kernel
}

/// Fails unless the kernel's quotients of these pairs are the unit's.
fn compare<T>(kernel: &Kernel, pairs: &[(T, T)])
where
    T: Real + PartialOrd + LowerExp + From<u8> + std::ops::Div<Output = T>,
{
    let (n, d): (Vec<T>, Vec<T>) = pairs.iter().copied().unzip();
    let mut out = vec![T::default(); n.len()];
    kernel.run(&[Input::Array(&n), Input::Array(&d)], &mut [&mut out]).expect("the arrays fit");
    for ((n, d), q) in pairs.iter().zip(out) {
        let want = *n / *d;
        let one = T::from(1);
        // Zeros of different signs are equal, their reciprocals are not; NaN equals nothing.
        let same = q == want && (q != T::default() || one / q == one / want);
        let nan = |x: T| x.partial_cmp(&x).is_none();
        assert!(same || nan(q) && nan(want), "{n:e} / {d:e}: {q:e}, not {want:e}");
    }
}

/// Denominators whose reciprocals are next to the middle of two numbers: mantissas near all ones, as
/// `(2^53 - k)(2^53 + k)` is close to a power of two.
fn hard_f64() -> Vec<f64> {
    (1..=4000).map(|k| f64::from_bits(2.0_f64.to_bits() - k)).collect()
}

#[test]
fn binary32_quotients_are_those_of_the_unit() {
    let mut random = Random::new(1);
    for all in [false, true] {
        let kernel = kernel(Width::F32, all);
        for start in (0..1_u32 << 23).step_by(1 << 20) {
            let of = |k| (1.0, f32::from_bits((127 << 23) + k));
            compare(&kernel, &(start..start + (1 << 20)).map(of).collect::<Vec<(f32, f32)>>());
        }
        let mut left = wanted(1 << 21);
        while left > 0 {
            let count = left.min(1 << 18);
            left -= count;
            let any = |bits: u64, k: u64| match k % 4 {
                0 => f32::from_bits(bits as u32 & 0x7f_ffff | 127 << 23),
                1 => f32::from_bits(2.0_f32.to_bits() - 1 - (bits as u32 & 0x3f)),
                2 => f32::from_bits((120 + (bits as u32 & 15)) << 23),
                _ => f32::from_bits(bits as u32),
            };
            let pair = |k| (any(random.next(), k / 4), any(random.next(), k));
            compare(&kernel, &(0..count).map(pair).collect::<Vec<_>>());
        }
    }
}

#[test]
fn binary64_quotients_are_those_of_the_unit() {
    let mut random = Random::new(1);
    let hard = hard_f64();
    for all in [false, true] {
        let kernel = kernel(Width::F64, all);
        let ones = hard.iter().map(|d| (1.0, *d));
        let bits = |random: &mut Random| f64::from_bits(random.next() >> 12 | 1023 << 52);
        let others: Vec<_> = hard.iter().map(|d| (bits(&mut random), *d)).collect();
        compare(&kernel, &ones.chain(others).collect::<Vec<_>>());
        let mut left = wanted(1 << 21);
        while left > 0 {
            let count = left.min(1 << 18);
            left -= count;
            let any = |bits: u64, k: u64| match k % 4 {
                0 => f64::from_bits(bits >> 12 | 1023 << 52),
                1 => f64::from_bits(2.0_f64.to_bits() - 1 - (bits & 0x3f)),
                2 => f64::from_bits((1000 + (bits & 31)) << 52),
                _ => f64::from_bits(bits),
            };
            let pair = |k| (any(random.next(), k / 4), any(random.next(), k));
            compare(&kernel, &(0..count).map(pair).collect::<Vec<_>>());
        }
    }
}

#[test]
fn operands_out_of_the_ordinary_leave_the_line() {
    let special = [
        0.0,
        1.0,
        3.0,
        f64::MIN_POSITIVE,
        5e-324,
        1e-310,
        f64::MAX,
        1e160,
        2.0_f64.powi(500),
        2.0_f64.powi(-400),
        f64::INFINITY,
        f64::NAN,
    ];
    let signed: Vec<f64> = special.iter().flat_map(|x| [*x, -*x]).collect();
    let pairs = || signed.iter().flat_map(|n| signed.iter().map(move |d| (*n, *d)));
    let narrow = |(n, d): (f64, f64)| (n as f32, d as f32);
    compare(&kernel(Width::F64, true), &pairs().collect::<Vec<_>>());
    compare(&kernel(Width::F32, true), &pairs().map(narrow).collect::<Vec<_>>());
}

/// What the code computes, from an estimate of the reciprocal.
macro_rules! model {
    ($name:ident, $float:ty, $wide:expr) => {
        fn $name(n: $float, d: $float, estimate: $float) -> $float {
            let mut y = estimate;
            if $wide {
                y = (-d).mul_add(y, 1.0).mul_add(y, y);
            }
            // Rounded up: the error of the step to nearest, told by the sign of its rest.
            let e = (-d).mul_add(y, 1.0);
            let near = y.mul_add(e, y);
            let below = near - y;
            let rest = y.mul_add(e, -below);
            y = if rest > 0.0 { <$float>::from_bits(near.to_bits() + 1) } else { near };
            y = (-d).mul_add(y, 1.0).mul_add(y, y);
            let q = n * y;
            (-q).mul_add(d, n).mul_add(y, q)
        }
    };
}
model!(model_f32, f32, false);
model!(model_f64, f64, true);

/// Estimates off by as much as a processor's may be, and by a part of it.
const OFF: [f64; 5] = [-1.0, -0.37, 0.0, 0.61, 1.0];

#[test]
fn quotients_do_not_depend_on_the_estimate() {
    let bound = 2.0_f64.powi(-14);
    let mut random = Random::new(2);
    let stride = if wanted(0) > 1 << 25 { 1 } else { 61 };
    let last = (1 << 23) - 1;
    for mantissa in (0..1_u32 << 23).step_by(stride).chain(last - 100..=last) {
        let d = f32::from_bits((127 << 23) + mantissa);
        let n = f32::from_bits(random.next() as u32 & 0x7f_ffff | 127 << 23);
        for off in OFF {
            let estimate = (f64::from(d).recip() * (1.0 + off * bound)) as f32;
            for n in [1.0, n] {
                assert_eq!(model_f32(n, d, estimate), n / d, "{n:e} / {d:e}, {off}");
            }
        }
    }
    for d in hard_f64() {
        let n = f64::from_bits(random.next() >> 12 | 1023 << 52);
        for off in OFF {
            let estimate = d.recip() * (1.0 + off * bound);
            for n in [1.0, n] {
                assert_eq!(model_f64(n, d, estimate), n / d, "{n:e} / {d:e}, {off}");
            }
        }
    }
}
