//! The elementary functions, without exceptions: C99's special cases, and CPython's rounding where
//! it does not call the C library.

use super::{gamma, libm};
use crate::MathFn;
use std::f64::consts::PI;

/// A function of one argument; a predicate gives 1.0 or 0.0. A function of two arguments gives NaN.
pub fn math1(f: MathFn, x: f64) -> f64 {
    match f {
        MathFn::Sqrt => x.sqrt(),
        MathFn::Cbrt => libm::cbrt(x),
        MathFn::Exp => x.exp(),
        MathFn::Exp2 => x.exp2(),
        MathFn::Expm1 => x.exp_m1(),
        MathFn::Log => x.ln(),
        MathFn::Log2 => x.log2(),
        MathFn::Log10 => x.log10(),
        MathFn::Log1p => x.ln_1p(),
        MathFn::Sin => x.sin(),
        MathFn::Cos => x.cos(),
        MathFn::Tan => x.tan(),
        MathFn::Asin => x.asin(),
        MathFn::Acos => x.acos(),
        MathFn::Atan => x.atan(),
        MathFn::Sinh => x.sinh(),
        MathFn::Cosh => x.cosh(),
        MathFn::Tanh => x.tanh(),
        MathFn::Asinh => libm::asinh(x),
        MathFn::Acosh => libm::acosh(x),
        MathFn::Atanh => libm::atanh(x),
        MathFn::Erf => libm::erf(x),
        MathFn::Erfc => libm::erfc(x),
        MathFn::Gamma => gamma::gamma(x),
        MathFn::Lgamma => gamma::lgamma(x),
        MathFn::Floor => x.floor(),
        MathFn::Ceil => x.ceil(),
        MathFn::Trunc => x.trunc(),
        MathFn::Rint => x.round_ties_even(),
        MathFn::Degrees => x * (180.0 / PI),
        MathFn::Radians => x * (PI / 180.0),
        MathFn::Isnan => f64::from(x.is_nan()),
        MathFn::Isinf => f64::from(x.is_infinite()),
        MathFn::Isfinite => f64::from(x.is_finite()),
        MathFn::Atan2
        | MathFn::Fmod
        | MathFn::Remainder
        | MathFn::Copysign
        | MathFn::Hypot
        | MathFn::Pow
        | MathFn::MathPow
        | MathFn::Nextafter => f64::NAN,
    }
}

/// A function of two arguments. A function of one argument gives NaN.
pub fn math2(f: MathFn, x: f64, y: f64) -> f64 {
    match f {
        MathFn::Atan2 => x.atan2(y),
        MathFn::Fmod => x % y,
        MathFn::Remainder => remainder(x, y),
        MathFn::Copysign => x.copysign(y),
        MathFn::Hypot => hypot(x, y),
        MathFn::Pow | MathFn::MathPow => x.powf(y),
        MathFn::Nextafter => nextafter(x, y),
        _ => f64::NAN,
    }
}

/// [`math1`] on binary32: the C library's own binary32 function where it has one.
pub fn math1_f32(f: MathFn, x: f32) -> f32 {
    match f {
        MathFn::Sqrt => x.sqrt(),
        MathFn::Cbrt => libm::cbrtf(x),
        MathFn::Exp => x.exp(),
        MathFn::Exp2 => x.exp2(),
        MathFn::Expm1 => x.exp_m1(),
        MathFn::Log => x.ln(),
        MathFn::Log2 => x.log2(),
        MathFn::Log10 => x.log10(),
        MathFn::Log1p => x.ln_1p(),
        MathFn::Sin => x.sin(),
        MathFn::Cos => x.cos(),
        MathFn::Tan => x.tan(),
        MathFn::Asin => x.asin(),
        MathFn::Acos => x.acos(),
        MathFn::Atan => x.atan(),
        MathFn::Sinh => x.sinh(),
        MathFn::Cosh => x.cosh(),
        MathFn::Tanh => x.tanh(),
        MathFn::Asinh => libm::asinhf(x),
        MathFn::Acosh => libm::acoshf(x),
        MathFn::Atanh => libm::atanhf(x),
        MathFn::Erf => libm::erff(x),
        MathFn::Erfc => libm::erfcf(x),
        MathFn::Rint => x.round_ties_even(),
        // Exact or through binary64, whose rounding error is far below binary32's.
        other => math1(other, f64::from(x)) as f32,
    }
}

/// [`math2`] on binary32: the C library's own binary32 function where it has one.
pub fn math2_f32(f: MathFn, x: f32, y: f32) -> f32 {
    match f {
        MathFn::Atan2 => x.atan2(y),
        MathFn::Pow | MathFn::MathPow => x.powf(y),
        MathFn::Hypot => x.hypot(y),
        MathFn::Nextafter => nextafter_f32(x, y),
        // Exact on binary64: a remainder of binary32 numbers is one of them, and so is a copied
        // sign.
        other => math2(other, f64::from(x), f64::from(y)) as f32,
    }
}

/// IEEE 754's remainder, exact. Source: `m_remainder` in CPython 3.11's `Modules/mathmodule.c`.
fn remainder(x: f64, y: f64) -> f64 {
    if x.is_nan() || y.is_nan() || x.is_infinite() || y == 0.0 {
        return f64::NAN;
    }
    if y.is_infinite() {
        return x;
    }
    let (a, b) = (x.abs(), y.abs());
    let m = a % b;
    let c = b - m;
    let r = if m < c {
        m
    } else if m > c {
        -c
    } else {
        m - 2.0 * ((0.5 * (a - m)) % b)
    };
    1.0_f64.copysign(x) * r
}

macro_rules! nextafter {
    ($name:ident, $float:ty) => {
        fn $name(x: $float, y: $float) -> $float {
            if x.is_nan() || y.is_nan() {
                <$float>::NAN
            } else if x == y {
                y
            } else if x < y {
                x.next_up()
            } else {
                x.next_down()
            }
        }
    };
}
nextafter!(nextafter, f64);
nextafter!(nextafter_f32, f32);

/// CPython's `math.hypot`: scaled squares summed in doubled precision, then one correction step.
///
/// Source: `vector_norm` in CPython 3.11's `Modules/mathmodule.c`; the split is G. W. Veltkamp's
/// and the product T. J. Dekker's ("A floating-point technique for extending the available
/// precision", Numer. Math. 18, 1971).
fn hypot(x: f64, y: f64) -> f64 {
    let (x, y) = (x.abs(), y.abs());
    if x.is_infinite() || y.is_infinite() {
        return f64::INFINITY;
    }
    if x.is_nan() || y.is_nan() {
        return f64::NAN;
    }
    let max = x.max(y);
    if max == 0.0 {
        return 0.0;
    }
    if max < f64::MIN_POSITIVE {
        let tiny = f64::MIN_POSITIVE;
        return tiny * hypot(x / tiny, y / tiny);
    }
    let biased = (max.to_bits() >> 52) as i32;
    // 2^-e with max = m 2^e and m in [1/2, 1); in two factors, because 2^-1024 and 2^1022 must
    // both be reached without rounding.
    let exponent = biased - 1022;
    let down = power_of_two(-(exponent / 2)) * power_of_two(-(exponent - exponent / 2));
    let mut sum = DoubledSum { high: 1.0, products: 0.0, sums: 0.0 };
    sum.add_product(x * down, x * down);
    sum.add_product(y * down, y * down);
    let mut h = sum.less_one().sqrt();
    sum.add_product(-h, h);
    h += sum.less_one() / (2.0 * h);
    h / down
}

fn power_of_two(exponent: i32) -> f64 {
    f64::from_bits(((1023 + exponent) as u64) << 52)
}

/// A running sum that starts at 1, so that every summand is below it, with its errors aside.
struct DoubledSum {
    high: f64,
    products: f64,
    sums: f64,
}

impl DoubledSum {
    fn add_product(&mut self, x: f64, y: f64) {
        let ((xh, xl), (yh, yl)) = (split(x), split(y));
        let p = xh * yh;
        let q = xh * yl + xl * yh;
        let product = p + q;
        let product_error = p - product + q + xl * yl;
        let high = self.high + product;
        let sum_error = product - (high - self.high);
        self.high = high;
        self.products += product_error;
        self.sums += sum_error;
    }

    fn less_one(&self) -> f64 {
        self.high - 1.0 + (self.products + self.sums)
    }
}

fn split(x: f64) -> (f64, f64) {
    let t = x * 134_217_729.0; // 2^27 + 1
    let high = t - (t - x);
    (high, x - high)
}
