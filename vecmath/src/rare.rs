//! The functions for lanes out of the ordinary: sine, cosine and tangent of large numbers,
//! logarithms of what has none.
//!
//! Source of the reduction: M. H. Payne and R. N. Hanek, "Radian reduction for trigonometric
//! functions", SIGNUM Newsletter 18, 1983: of the product of the mantissa with 2/pi only the bits
//! near the binary point are computed.

use crate::coefficients::TWO_OVER_PI;
use crate::double::Double;
use crate::lanes::{Rare, Width};
use crate::logarithm::{log, log1p};
use crate::scalar::Scalar;
use crate::trigonometric::{
    cos, sin, sin_reduced, tan, tan_or_cotangent, tan_reduced, usual_bound,
};
use std::f64::consts::FRAC_PI_2;

impl Rare {
    /// Every function, in the order of declaration: by the numbers that compiled code passes.
    pub const ALL: [Rare; 4] = [Rare::Sin, Rare::Cos, Rare::Tan, Rare::Log1p];

    /// The function of one number.
    pub fn eval(self, x: f64) -> f64 {
        let l = &mut Scalar::<f64>::new();
        if self == Rare::Log1p {
            return log1p_anywhere(x);
        }
        if !x.is_finite() {
            return f64::NAN;
        }
        if x.abs() < usual_bound(Width::F64) {
            return match self {
                Rare::Cos => cos(l, x),
                Rare::Tan => tan(l, x),
                _ => sin(l, x),
            };
        }
        let (quarter, r) = reduce(x);
        // r in [-pi/4, pi/4]; the cosine is the sine of pi/2 - |r|.
        let cosine = |l: &mut Scalar<f64>| {
            let (hi, lo) = (r.hi.abs(), if r.hi < 0.0 { -r.lo } else { r.lo });
            let s = crate::double::sum(l, FRAC_PI_2, -hi);
            sin_reduced(l, Double { hi: s.hi, lo: s.lo - lo + 6.123_233_995_736_766e-17 })
        };
        match self {
            Rare::Sin | Rare::Log1p => match quarter {
                0 => sin_reduced(l, r),
                1 => cosine(l),
                2 => -sin_reduced(l, r),
                _ => -cosine(l),
            },
            Rare::Cos => match quarter {
                0 => cosine(l),
                1 => -sin_reduced(l, r),
                2 => -cosine(l),
                _ => sin_reduced(l, r),
            },
            Rare::Tan => {
                let t = tan_reduced(l, r);
                tan_or_cotangent(l, t, f64::from_bits(u64::from(quarter)))
            }
        }
    }

    /// The function of one binary32 number, by way of binary64.
    pub fn eval_f32(self, x: f32) -> f32 {
        self.eval(f64::from(x)) as f32
    }
}

/// `ln(1 + x)` with the values of C99 where there is no number, and for the largest numbers, to
/// which one is nothing.
fn log1p_anywhere(x: f64) -> f64 {
    let l = &mut Scalar::<f64>::new();
    if x == -1.0 {
        f64::NEG_INFINITY
    } else if x < -1.0 {
        f64::NAN
    } else if x < 1e300 {
        log1p(l, x)
    } else {
        log(l, x)
    }
}

/// `x = q pi/2 + r` modulo full turns, with `|r| <= pi/4`, for `|x|` from 2^-20 on.
fn reduce(x: f64) -> (u8, Double<f64>) {
    let bits = x.abs().to_bits();
    let exponent = (bits >> 52) as i32 - 1075;
    let mantissa = u128::from((bits & ((1 << 52) - 1)) | (1 << 52));
    // x 2/pi = mantissa * 2^exponent * 2/pi. Bits of 2/pi whose product is a multiple of 4 do not
    // matter: the window of 256 bits starts where their weight is below 2^2 after the product.
    let skipped = (exponent - 2).max(0) as usize;
    let window = |word: usize| -> u64 {
        let at = skipped + 64 * word;
        let (index, shift) = (at / 64, at % 64);
        let get = |i: usize| TWO_OVER_PI.get(i).copied().unwrap_or(0);
        if shift == 0 { get(index) } else { get(index) << shift | get(index + 1) >> (64 - shift) }
    };
    // The low 256 bits of mantissa * window, most significant word first.
    let mut product = [0_u64; 4];
    let mut carry = 0_u128;
    for word in (0..4).rev() {
        let sum = mantissa * u128::from(window(word)) + carry;
        product[word] = sum as u64;
        carry = sum >> 64;
    }
    // Weight of the top bit of `product`: window bit 0 stands for 2^-(skipped + 1), so the word
    // boundary above the window stands for 2^-skipped, and times 2^exponent.
    let above = exponent - skipped as i32;
    // Bits of the product's top that are whole quarters: `above` may be 2, or less for small x.
    let top = u128::from(product[0]) << 64 | u128::from(product[1]);
    let low = u128::from(product[2]) << 64 | u128::from(product[3]);
    fraction(above, top, carry as u64, low, x.is_sign_negative())
}

/// The quarter turns and the rest of `(carry * 2^128 + top + low / 2^128) * 2^(above - 128)`.
fn fraction(above: i32, top: u128, carry: u64, low: u128, negative: bool) -> (u8, Double<f64>) {
    // Bring the binary point to the top of a 128-bit number.
    let (whole, mut bits) = match above {
        0 => (carry, top),
        1.. => {
            let whole = carry << above | (top >> (128 - above)) as u64;
            (whole, top << above | low >> (128 - above))
        }
        _ => {
            let down = above.unsigned_abs();
            (carry >> down, u128::from(carry) << (128 - down) | top >> down)
        }
    };
    let mut quarter = (whole & 3) as u8;
    // To the nearest quarter.
    let mut minus = negative;
    if bits >> 127 == 1 {
        quarter = (quarter + 1) & 3;
        bits = bits.wrapping_neg();
        minus = !minus;
    }
    if negative {
        quarter = quarter.wrapping_neg() & 3;
    }
    let zeros = bits.leading_zeros();
    let normal = if zeros == 128 { 0 } else { bits << zeros };
    let scale = 2.0_f64.powi(-(zeros as i32));
    let hi = ((normal >> 75) as f64) * 2.0_f64.powi(-53) * scale;
    let lo = (((normal << 53) >> 64) as f64) * 2.0_f64.powi(-117) * scale;
    let sign = if minus { -1.0 } else { 1.0 };
    let (hi, lo) = (sign * hi, sign * lo);
    // Times pi/2.
    let p = hi * FRAC_PI_2;
    let rest = hi.mul_add(FRAC_PI_2, -p) + hi * 6.123_233_995_736_766e-17 + lo * FRAC_PI_2;
    let r = p + rest;
    (quarter, Double { hi: r, lo: rest - (r - p) })
}
