//! The operations that the functions are written in, and a few words made of them.
//!
//! A [`Lanes`] is a builder: its values may be numbers, vectors, or nodes of a graph. Every
//! operation has one meaning, bit for bit, in every instance:
//!
//! * arithmetic is IEEE 754, rounded to nearest even; a fused operation rounds once;
//! * `min(a, b)` is `a` if `a < b`, else `b`, and `max` likewise, as in x86: the second operand is
//!   the answer if either is NaN or both are zeros;
//! * a comparison gives a *mask*, all bits set or none, and is false on NaN;
//! * `select` looks at the sign bit of its mask.

use crate::logarithm;

/// The format of every value of one [`Lanes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Width {
    /// IEEE 754 binary32.
    F32,
    /// IEEE 754 binary64.
    F64,
}

/// Constants of a format.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Format {
    /// Bits of the stored mantissa.
    pub(crate) mantissa: u8,
    /// The bit of the sign.
    pub(crate) sign: u64,
    /// The bits of 1.0.
    pub(crate) one: u64,
    /// 1.5 * 2^mantissa: adding it rounds to an integer, whose value is in the low bits.
    pub(crate) magic: f64,
    /// The smallest normal number.
    pub(crate) min_normal: f64,
}

impl Width {
    /// Bytes of one value.
    pub fn bytes(self) -> usize {
        match self {
            Width::F32 => 4,
            Width::F64 => 8,
        }
    }

    pub(crate) fn format(self) -> Format {
        match self {
            Width::F32 => Format {
                mantissa: 23,
                sign: 1 << 31,
                one: 0x3f80_0000,
                magic: 12_582_912.0,
                min_normal: 1.175_494_350_822_287_5e-38,
            },
            Width::F64 => Format {
                mantissa: 52,
                sign: 1 << 63,
                one: 0x3ff0_0000_0000_0000,
                magic: 6_755_399_441_055_744.0,
                min_normal: f64::MIN_POSITIVE,
            },
        }
    }
}

/// How to round to an integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rounding {
    /// To nearest, ties to even.
    Nearest,
    /// Towards minus infinity.
    Down,
    /// Towards infinity.
    Up,
    /// Towards zero.
    Zero,
}

/// A function that lanes far out of the ordinary are given to, one by one: where a straight line
/// of operations would have to be much longer for the sake of arguments that hardly occur.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rare {
    /// Sine of an argument too large for the usual reduction.
    Sin,
    /// Cosine of such an argument.
    Cos,
    /// Tangent of such an argument.
    Tan,
    /// [`crate::log1p`] of an argument that is not above -1, or next to overflow.
    Log1p,
}

/// Numbers of a polynomial or the parts of a constant, for both formats.
#[derive(Clone, Copy, Debug)]
pub struct Coefficients {
    /// Used for binary64.
    pub f64: &'static [f64],
    /// Used for binary32, in which every one of them is exact.
    pub f32: &'static [f64],
}

impl Coefficients {
    /// The numbers for a format.
    pub fn of(&self, width: Width) -> &'static [f64] {
        match width {
            Width::F32 => self.f32,
            Width::F64 => self.f64,
        }
    }
}

/// Operations on lanes of one format. See the module's documentation for their meaning.
pub trait Lanes {
    /// A vector, a number, or whatever stands for one.
    type V: Copy;

    /// The format of every value.
    fn width(&self) -> Width;
    /// A number, rounded to the format, in every lane.
    fn constant(&mut self, value: f64) -> Self::V;
    /// Bits in every lane; for binary32 the low half.
    fn bits(&mut self, bits: u64) -> Self::V;
    /// `a + b`
    fn add(&mut self, a: Self::V, b: Self::V) -> Self::V;
    /// `a - b`
    fn sub(&mut self, a: Self::V, b: Self::V) -> Self::V;
    /// `a * b`
    fn mul(&mut self, a: Self::V, b: Self::V) -> Self::V;
    /// `a / b`
    fn div(&mut self, a: Self::V, b: Self::V) -> Self::V;
    /// `a * b + c`, rounded once.
    fn fma(&mut self, a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// `c - a * b`, rounded once.
    fn nfma(&mut self, a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// `a * b - c`, rounded once.
    fn fms(&mut self, a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// The square root.
    fn sqrt(&mut self, a: Self::V) -> Self::V;
    /// `a` if `a < b`, else `b`.
    fn min(&mut self, a: Self::V, b: Self::V) -> Self::V;
    /// `a` if `a > b`, else `b`.
    fn max(&mut self, a: Self::V, b: Self::V) -> Self::V;
    /// The integer next to `a`, as a float.
    fn round(&mut self, a: Self::V, rounding: Rounding) -> Self::V;
    /// Bits of both.
    fn and(&mut self, a: Self::V, b: Self::V) -> Self::V;
    /// Bits of `b` that are not in `a`.
    fn and_not(&mut self, a: Self::V, b: Self::V) -> Self::V;
    /// Bits of either.
    fn or(&mut self, a: Self::V, b: Self::V) -> Self::V;
    /// Bits of one of the two.
    fn xor(&mut self, a: Self::V, b: Self::V) -> Self::V;
    /// Sum of the bits as integers, wrapping.
    fn int_add(&mut self, a: Self::V, b: Self::V) -> Self::V;
    /// Difference of the bits as integers, wrapping.
    fn int_sub(&mut self, a: Self::V, b: Self::V) -> Self::V;
    /// Mask of `a > b` as integers with a sign.
    fn int_gt(&mut self, a: Self::V, b: Self::V) -> Self::V;
    /// Mask of equal bits.
    fn int_eq(&mut self, a: Self::V, b: Self::V) -> Self::V;
    /// Bits shifted left by `count`, below the number of bits.
    fn shl(&mut self, a: Self::V, count: u8) -> Self::V;
    /// Bits shifted right by `count`, below the number of bits; zeros come in.
    fn shr(&mut self, a: Self::V, count: u8) -> Self::V;
    /// Mask of `a < b`.
    fn lt(&mut self, a: Self::V, b: Self::V) -> Self::V;
    /// Mask of `a <= b`.
    fn le(&mut self, a: Self::V, b: Self::V) -> Self::V;
    /// Mask of `a == b`.
    fn eq(&mut self, a: Self::V, b: Self::V) -> Self::V;
    /// `a` where the mask's sign bit is set, else `b`.
    fn select(&mut self, mask: Self::V, a: Self::V, b: Self::V) -> Self::V;
    /// [`Rare::eval`] of `x` where the mask's sign bit is set, else `usual`.
    fn rare(&mut self, f: Rare, mask: Self::V, x: Self::V, usual: Self::V) -> Self::V;

    /// `m` from 3/4 to 3/2 with `x = 2^k m`, of a positive finite number, subnormal or not. Of
    /// another, a number or NaN for which [`Lanes::minus_exponent`] says what the logarithm is.
    fn significand(&mut self, x: Self::V) -> Self::V {
        logarithm::significand(self, x)
    }

    /// `-k` of `x = 2^k m` for `m` from [`Lanes::significand`], positive if it is zero: infinity for
    /// zero, minus infinity for infinity; for negative numbers and NaN this or `m` is NaN.
    fn minus_exponent(&mut self, x: Self::V, m: Self::V) -> Self::V {
        let _ = m;
        logarithm::minus_exponent(self, x)
    }

    /// `-a`: flips the sign bit.
    fn neg(&mut self, a: Self::V) -> Self::V {
        let sign = self.sign_mask();
        self.xor(a, sign)
    }

    /// Clears the sign bit.
    fn abs(&mut self, a: Self::V) -> Self::V {
        let rest = self.width().format().sign - 1;
        let rest = self.bits(rest);
        self.and(a, rest)
    }

    /// The sign bit alone, in every lane.
    fn sign_mask(&mut self) -> Self::V {
        let sign = self.width().format().sign;
        self.bits(sign)
    }

    /// The sign bit of `a`, the rest cleared.
    fn sign_of(&mut self, a: Self::V) -> Self::V {
        let sign = self.sign_mask();
        self.and(a, sign)
    }

    /// `magnitude`, not negative or of the same sign, with the sign of `sign`.
    fn with_sign(&mut self, magnitude: Self::V, sign: Self::V) -> Self::V {
        let sign = self.sign_of(sign);
        self.or(magnitude, sign)
    }

    /// `c[0] + c[1] x + ...` by Horner's scheme.
    fn poly(&mut self, x: Self::V, c: &Coefficients) -> Self::V {
        let c = c.of(self.width());
        horner(self, x, c)
    }

    /// [`Lanes::poly`] as two chains in `x^2`, half as long: for arguments whose square does not
    /// underflow.
    fn poly_split(&mut self, x: Self::V, c: &Coefficients) -> Self::V {
        let c = c.of(self.width());
        if c.len() < 6 {
            return horner(self, x, c);
        }
        let x2 = self.mul(x, x);
        let last = c.len() - 1;
        let (mut top, mut below) = (self.constant(c[last]), self.constant(c[last - 1]));
        for pair in c[..last - 1].rchunks(2) {
            let k = self.constant(pair[pair.len() - 1]);
            top = self.fma(top, x2, k);
            if let [first, _] = pair {
                let k = self.constant(*first);
                below = self.fma(below, x2, k);
            } else {
                // An even number of steps is left to `below`: exchange the roles.
                return self.fma(below, x, top);
            }
        }
        self.fma(top, x, below)
    }
}

fn horner<L: Lanes + ?Sized>(l: &mut L, x: L::V, c: &[f64]) -> L::V {
    let (last, rest) = c.split_last().expect("a polynomial has a coefficient");
    let mut sum = l.constant(*last);
    for k in rest.iter().rev() {
        let k = l.constant(*k);
        sum = l.fma(sum, x, k);
    }
    sum
}
