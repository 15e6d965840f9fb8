//! One lane: plain numbers.

use crate::lanes::{Lanes, Rare, Rounding, Width};

/// The scalar instances of [`Lanes`]: `Scalar<f64>` and `Scalar<f32>`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Scalar<T>(std::marker::PhantomData<T>);

impl<T> Scalar<T> {
    /// The instance; it has no state.
    pub fn new() -> Scalar<T> {
        Scalar(std::marker::PhantomData)
    }
}

macro_rules! scalar_lanes {
    ($float:ty, $bits:ty, $width:expr, $rare:ident) => {
        impl Lanes for Scalar<$float> {
            type V = $float;

            fn width(&self) -> Width {
                $width
            }
            fn constant(&mut self, value: f64) -> $float {
                value as $float
            }
            fn bits(&mut self, bits: u64) -> $float {
                <$float>::from_bits(bits as $bits)
            }
            fn add(&mut self, a: $float, b: $float) -> $float {
                a + b
            }
            fn sub(&mut self, a: $float, b: $float) -> $float {
                a - b
            }
            fn mul(&mut self, a: $float, b: $float) -> $float {
                a * b
            }
            fn div(&mut self, a: $float, b: $float) -> $float {
                a / b
            }
            fn fma(&mut self, a: $float, b: $float, c: $float) -> $float {
                a.mul_add(b, c)
            }
            fn nfma(&mut self, a: $float, b: $float, c: $float) -> $float {
                (-a).mul_add(b, c)
            }
            fn fms(&mut self, a: $float, b: $float, c: $float) -> $float {
                a.mul_add(b, -c)
            }
            fn sqrt(&mut self, a: $float) -> $float {
                a.sqrt()
            }
            fn min(&mut self, a: $float, b: $float) -> $float {
                if a < b { a } else { b }
            }
            fn max(&mut self, a: $float, b: $float) -> $float {
                if a > b { a } else { b }
            }
            fn round(&mut self, a: $float, rounding: Rounding) -> $float {
                match rounding {
                    Rounding::Nearest => a.round_ties_even(),
                    Rounding::Down => a.floor(),
                    Rounding::Up => a.ceil(),
                    Rounding::Zero => a.trunc(),
                }
            }
            fn and(&mut self, a: $float, b: $float) -> $float {
                <$float>::from_bits(a.to_bits() & b.to_bits())
            }
            fn and_not(&mut self, a: $float, b: $float) -> $float {
                <$float>::from_bits(!a.to_bits() & b.to_bits())
            }
            fn or(&mut self, a: $float, b: $float) -> $float {
                <$float>::from_bits(a.to_bits() | b.to_bits())
            }
            fn xor(&mut self, a: $float, b: $float) -> $float {
                <$float>::from_bits(a.to_bits() ^ b.to_bits())
            }
            fn int_add(&mut self, a: $float, b: $float) -> $float {
                <$float>::from_bits(a.to_bits().wrapping_add(b.to_bits()))
            }
            fn int_sub(&mut self, a: $float, b: $float) -> $float {
                <$float>::from_bits(a.to_bits().wrapping_sub(b.to_bits()))
            }
            fn int_gt(&mut self, a: $float, b: $float) -> $float {
                mask(a.to_bits().cast_signed() > b.to_bits().cast_signed())
            }
            fn int_eq(&mut self, a: $float, b: $float) -> $float {
                mask(a.to_bits() == b.to_bits())
            }
            fn shl(&mut self, a: $float, count: u8) -> $float {
                <$float>::from_bits(a.to_bits() << count)
            }
            fn shr(&mut self, a: $float, count: u8) -> $float {
                <$float>::from_bits(a.to_bits() >> count)
            }
            fn lt(&mut self, a: $float, b: $float) -> $float {
                mask(a < b)
            }
            fn le(&mut self, a: $float, b: $float) -> $float {
                mask(a <= b)
            }
            fn eq(&mut self, a: $float, b: $float) -> $float {
                mask(a == b)
            }
            fn select(&mut self, mask: $float, a: $float, b: $float) -> $float {
                if mask.is_sign_negative() { a } else { b }
            }
            fn rare(&mut self, f: Rare, mask: $float, x: $float, usual: $float) -> $float {
                if mask.is_sign_negative() { f.$rare(x) } else { usual }
            }
        }
    };
}
scalar_lanes!(f64, u64, Width::F64, eval);
scalar_lanes!(f32, u32, Width::F32, eval_f32);

/// All bits set or none.
trait Mask {
    fn of(holds: bool) -> Self;
}

impl Mask for f64 {
    fn of(holds: bool) -> f64 {
        f64::from_bits(if holds { u64::MAX } else { 0 })
    }
}

impl Mask for f32 {
    fn of(holds: bool) -> f32 {
        f32::from_bits(if holds { u32::MAX } else { 0 })
    }
}

fn mask<T: Mask>(holds: bool) -> T {
    T::of(holds)
}
