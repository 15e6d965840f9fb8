//! Square roots by multiplications have the bits of the unit's, from whatever estimate.
//!
//! `OVUM_ROOTS=4000000000 cargo test --release -p backend-simd roots` tries all binary32 numbers, and
//! as many binary64 ones at random; the model then takes every mantissa of binary32 with both
//! parities of the exponent.

use crate::random::Random;
use backend_simd::{Input, Kernel, Options, Real, Vectors};
use vecmath::{Dag, Lanes, Recorder, Width};

fn wanted(few: u64) -> u64 {
    std::env::var("OVUM_ROOTS").ok().and_then(|n| n.parse().ok()).unwrap_or(few)
}

fn kernel(width: Width) -> Kernel {
    let mut r = Recorder::new(width);
    let x = r.input();
    let y = r.sqrt(x);
    let dag: Dag = r.finish(&[y]);
    let options = Options { copies: Some(2), soft_roots: Some(1), ..Options::default() };
    let kernel = Kernel::compile(&dag, &[false], &options).expect("the graph fits");
    if Vectors::widest() == Some(Vectors::Bits512) {
        assert_eq!(kernel.statistics().soft_roots, 1, "multiplications are used");
    }
    kernel
}

/// The kernel's roots of these numbers.
fn roots<T: Real>(kernel: &Kernel, numbers: &[T]) -> Vec<T> {
    let mut out = vec![T::default(); numbers.len()];
    kernel.run(&[Input::Array(numbers)], &mut [&mut out]).expect("the arrays fit");
    out
}

#[test]
fn binary32_roots_are_those_of_the_unit() {
    let kernel = kernel(Width::F32);
    let count = wanted(1 << 22).min(1 << 32);
    let stride = (1_u64 << 32) / count;
    for start in (0..count).step_by(1 << 20) {
        let of = |k: u64| f32::from_bits((k * stride + k % stride) as u32);
        let numbers: Vec<f32> = (start..count.min(start + (1 << 20))).map(of).collect();
        for (x, y) in numbers.iter().zip(roots(&kernel, &numbers)) {
            let want = x.sqrt();
            assert!(y.to_bits() == want.to_bits() || y.is_nan() && want.is_nan(), "{x:e}: {y:e}");
        }
    }
}

/// Numbers whose roots are next to the middle of two numbers: `(m^2 + c)/2^s` for odd `m` of 54 bits
/// and small `c`. Roots modulo powers of two are lifted bit by bit.
fn hard_cases(most: i64) -> Vec<f64> {
    let mut found = Vec::new();
    for c in (-most..most).filter(|c| c.rem_euclid(8) == 7) {
        for s in [54_u32, 55] {
            let modulus = 1_u128 << s;
            let residue = u128::from(c.unsigned_abs());
            let square = if c < 0 { residue } else { modulus - residue };
            let mut root = 1_u128;
            for bit in 3..s {
                if ((root * root) ^ square) >> bit & 1 == 1 {
                    root |= 1 << (bit - 1);
                }
            }
            for m in [root, modulus - root, root + modulus / 2, modulus * 3 / 2 - root] {
                let m = (m % modulus) | (u128::from(s == 54) << 53);
                let product = (m * m).wrapping_add_signed(i128::from(c));
                let x = product >> s;
                let fits = product % modulus == 0 && (1 << 52..1 << 53).contains(&x);
                if fits && (1 << 53..1 << 54).contains(&m) {
                    found.push(x as f64 * if s == 54 { 1.0 } else { 2.0 });
                }
            }
        }
    }
    found
}

#[test]
fn binary64_roots_are_those_of_the_unit() {
    let kernel = kernel(Width::F64);
    let hard = hard_cases(20_000);
    assert!(hard.len() > 1000, "{} hard cases", hard.len());
    let scaled = |by: f64| hard.iter().map(move |x| x * by).collect::<Vec<f64>>();
    let mut random = Random::new(1);
    let mut blocks = vec![scaled(1.0), scaled(2.0_f64.powi(-1000)), scaled(2.0_f64.powi(900))];
    let mut left = wanted(1 << 21);
    while left > 0 || !blocks.is_empty() {
        let numbers = blocks.pop().unwrap_or_else(|| {
            let n = left.min(1 << 18);
            left -= n;
            // All bits at random, every fourth of ordinary size.
            let of = |(k, bits): (u64, u64)| match k % 4 {
                0 => f64::from_bits(bits >> 12 | 1023 << 52),
                _ => f64::from_bits(bits),
            };
            (0..n).map(|k| (k, random.next())).map(of).collect()
        });
        for (x, y) in numbers.iter().zip(roots(&kernel, &numbers)) {
            let want = x.sqrt();
            assert!(y.to_bits() == want.to_bits() || y.is_nan() && want.is_nan(), "{x:e}: {y:e}");
        }
    }
}

/// What the code computes, from an estimate of the reciprocal root.
macro_rules! model {
    ($name:ident, $float:ty, $bits:ty, $first:expr) => {
        fn $name(x: $float, estimate: $float) -> $float {
            let (mut g, mut h) = (x * estimate, estimate * 0.5);
            if $first {
                let e = (-g).mul_add(h, 0.5);
                let e = e.mul_add(e * 1.5, e);
                g = g.mul_add(e, g);
                h = h.mul_add(e, h);
            }
            let e = (-g).mul_add(h, 0.5);
            g = g.mul_add(e, g);
            let (above, below) =
                (<$float>::from_bits(g.to_bits() + 1), <$float>::from_bits(g.to_bits() - 1));
            let sign = |y: $float| <$bits>::from(y.is_sign_negative());
            let up = sign(above.mul_add(g, -x)) + sign(below.mul_add(g, -x));
            <$float>::from_bits(below.to_bits() + up)
        }
    };
}
model!(model_f32, f32, u32, false);
model!(model_f64, f64, u64, true);

/// Estimates off by as much as a processor's may be, and by a part of it.
const OFF: [f64; 5] = [-1.0, -0.37, 0.0, 0.61, 1.0];

#[test]
fn roots_do_not_depend_on_the_estimate() {
    let stride = if wanted(0) > 1 << 25 { 1 } else { 61 };
    let bound = 2.0_f64.powi(-14);
    for mantissa in (0..1_u32 << 24).step_by(stride) {
        // Both parities of the exponent.
        let x = f32::from_bits((127 << 23) + mantissa);
        let exact = f64::from(x).sqrt().recip();
        for off in OFF {
            let y = model_f32(x, (exact * (1.0 + off * bound)) as f32);
            assert_eq!(y.to_bits(), x.sqrt().to_bits(), "{x:e}, {off}");
        }
    }
    for x in hard_cases(20_000) {
        let exact = x.sqrt().recip();
        for off in OFF {
            let y = model_f64(x, exact * (1.0 + off * bound));
            assert_eq!(y.to_bits(), x.sqrt().to_bits(), "{x:e}, {off}");
        }
    }
}
