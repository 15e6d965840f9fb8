//! C99's special values: those of the standard library's functions.

use std::f64::consts::PI;
use vecmath::{Function, Scalar};

const VALUES: &[f64] = &[
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    -0.5,
    2.0,
    -2.0,
    3.0,
    -3.0,
    2.5,
    -2.5,
    1e-310,
    -1e-310,
    5e-324,
    -5e-324,
    f64::MIN_POSITIVE,
    1e-20,
    -1e-20,
    700.0,
    -700.0,
    710.0,
    -745.2,
    800.0,
    -800.0,
    1e15,
    1e15 + 1.0,
    9_007_199_254_740_991.0,
    -9_007_199_254_740_991.0,
    9_007_199_254_740_992.0,
    1e300,
    -1e300,
    f64::MAX,
    f64::MIN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::NAN,
];

/// Equal as far as special values go: NaN, infinities, zeros with their signs; else close.
fn alike(got: f64, want: f64) -> bool {
    if want.is_nan() {
        return got.is_nan();
    }
    if want.is_infinite() || want == 0.0 {
        return got.to_bits() == want.to_bits();
    }
    let unit = f64::from_bits(want.abs().max(f64::MIN_POSITIVE).to_bits() + 1)
        - want.abs().max(f64::MIN_POSITIVE);
    (got - want).abs() <= 4.0 * unit && got.is_sign_negative() == want.is_sign_negative()
}

fn reference(function: Function) -> Option<fn(f64) -> f64> {
    Some(match function {
        Function::Exp => f64::exp,
        Function::Exp2 => f64::exp2,
        Function::Expm1 => f64::exp_m1,
        Function::Log => f64::ln,
        Function::Log2 => f64::log2,
        Function::Log10 => f64::log10,
        Function::Log1p => f64::ln_1p,
        Function::Sin => f64::sin,
        Function::Cos => f64::cos,
        Function::Tan => f64::tan,
        Function::Asin => f64::asin,
        Function::Acos => f64::acos,
        Function::Atan => f64::atan,
        Function::Sinh => f64::sinh,
        Function::Cosh => f64::cosh,
        Function::Tanh => f64::tanh,
        Function::Cbrt => f64::cbrt,
        Function::Sqrt => f64::sqrt,
        _ => return None,
    })
}

#[test]
fn unary_functions() {
    let mut compared = 0;
    for (function, want) in Function::ALL.iter().filter_map(|f| Some((f, reference(*f)?))) {
        for x in VALUES {
            let (got, want) = (function.eval(&[*x]), want(*x));
            assert!(alike(got, want), "{}({x:e}) = {got:e}, not {want:e}", function.name());
            compared += 1;
        }
    }
    assert_eq!(compared, 18 * VALUES.len());
}

#[test]
fn binary_functions() {
    type Binary = fn(f64, f64) -> f64;
    let functions: [(Function, Binary); 3] =
        [(Function::Pow, f64::powf), (Function::Atan2, f64::atan2), (Function::Hypot, f64::hypot)];
    for (function, want) in functions {
        for x in VALUES {
            for y in VALUES {
                let (got, want) = (function.eval(&[*x, *y]), want(*x, *y));
                let name = function.name();
                assert!(alike(got, want), "{name}({x:e}, {y:e}) = {got:e}, not {want:e}");
            }
        }
    }
}

#[test]
fn error_functions() {
    let check = |function: Function, x: f64, want: f64| {
        let got = function.eval(&[x]);
        assert!(alike(got, want), "{}({x:e}) = {got:e}, not {want:e}", function.name());
    };
    for x in [0.0, -0.0, 1e-310, 5e-324, -1e-310] {
        // 2/sqrt(pi) of a subnormal number is rounded once more than alike() minds.
        let want = x * std::f64::consts::FRAC_2_SQRT_PI;
        check(Function::Erf, x, want);
        check(Function::Erfc, x, 1.0);
        check(Function::NormalCdf, x, 0.5);
        check(Function::NormalCdfPrecise, x, 0.5);
    }
    let (inf, nan) = (f64::INFINITY, f64::NAN);
    for (x, erf, erfc, cdf) in
        [(inf, 1.0, 0.0, 1.0), (-inf, -1.0, 2.0, 0.0), (nan, nan, nan, nan), (1e300, 1.0, 0.0, 1.0)]
    {
        check(Function::Erf, x, erf);
        check(Function::Erfc, x, erfc);
        check(Function::NormalCdf, x, cdf);
        check(Function::NormalCdfPrecise, x, cdf);
    }
    check(Function::Rsqrt, 0.0, inf);
    check(Function::Rsqrt, -0.0, -inf);
    check(Function::Rsqrt, inf, 0.0);
    check(Function::Rsqrt, -1.0, nan);
}

/// Large arguments go through the Payne-Hanek reduction; the hardest one known for binary64 is
/// 6381956970095103 * 2^797 (J.-M. Muller, Elementary Functions, section 11.2).
#[test]
fn large_angles() {
    let hardest = 6_381_956_970_095_103.0 * 2.0_f64.powi(797);
    assert!(alike(Function::Cos.eval(&[hardest]), -4.687_165_924_254_624e-19));
    for k in 0..2000 {
        let x = 2.5e6 * 1.4_f64.powi(k % 1000) + f64::from(k);
        for (f, want) in [
            (Function::Sin, x.sin()),
            (Function::Cos, x.cos()),
            (Function::Tan, x.tan()),
            (Function::Sin, (x * PI).sin()),
        ] {
            let x = if want.to_bits() == (x * PI).sin().to_bits() { x * PI } else { x };
            let got = f.eval(&[x]);
            assert!(alike(got, want), "{}({x:e}) = {got:e}, not {want:e}", f.name());
        }
    }
}

#[test]
fn a_compensated_sum_keeps_the_zeros_of_the_sine() {
    let l = &mut vecmath::Scalar::<f64>::new();
    assert!(alike(vecmath::sin_sum(l, 0.75, 0.5), 1.25_f64.sin()));
    // pi + 2^-54 rounds to pi, but the sine is that of the exact sum.
    let tiny = 2.0_f64.powi(-54);
    let got = vecmath::sin_sum(l, PI, tiny);
    let want = 1.224_646_799_147_353_2e-16 - tiny;
    assert!(alike(got, want), "{got:e}, not {want:e}");
}

/// Arithmetic on the bits of a NaN must not make a number of it.
#[test]
fn every_nan_gives_nan() {
    for f in Function::ALL {
        for bits in [0x7ff8_0000_0000_0001, 0xfff8_0000_dead_beef, 0x7ff0_0000_0000_0401] {
            let args = vec![f64::from_bits(bits); f.arity()];
            assert!(f.eval(&args).is_nan(), "{} of {bits:x}", f.name());
        }
        for bits in [0x7fc0_0001, 0xffc1_2345, 0x7f80_0103] {
            let args = vec![f32::from_bits(bits); f.arity()];
            assert!(f.eval_f32(&args).is_nan(), "{} of {bits:x} in binary32", f.name());
        }
    }
}

#[test]
fn the_exponential_of_what_is_not_positive_has_the_same_bits() {
    for k in 0..2_000_000_u32 {
        // From -0.0 over all negative numbers to minus infinity.
        let x = f32::from_bits(0x8000_0000 + k * (0x7f80_0000 / 2_000_000));
        let (a, b) = (&mut Scalar::<f32>::new(), &mut Scalar::<f64>::new());
        assert_eq!(vecmath::exp_not_positive(a, x).to_bits(), vecmath::exp(a, x).to_bits(), "{x}");
        let x = -f64::from(k) * 3.8e-4 - f64::from(x.abs().min(1.0)) * 1e-9;
        assert_eq!(vecmath::exp_not_positive(b, x).to_bits(), vecmath::exp(b, x).to_bits(), "{x}");
    }
    for x in [0.0, -0.0, f64::NEG_INFINITY, -745.1, -708.4] {
        let l = &mut Scalar::<f64>::new();
        assert_eq!(vecmath::exp_not_positive(l, x).to_bits(), vecmath::exp(l, x).to_bits(), "{x}");
    }
    assert!(vecmath::exp_not_positive(&mut Scalar::<f64>::new(), f64::NAN).is_nan());
}
