//! What compiled code calls for lanes out of the ordinary.

use crate::vectors::Vectors;
use vecmath::{Rare, Width};

/// The address of the function for vectors of this size and format.
pub(crate) fn address(vectors: Vectors, width: Width) -> u64 {
    let function = match (vectors, width) {
        (Vectors::Bits256, Width::F64) => four_f64 as *const (),
        (Vectors::Bits256, Width::F32) => eight_f32 as *const (),
        (Vectors::Bits512, Width::F64) => eight_f64 as *const (),
        (Vectors::Bits512, Width::F32) => sixteen_f32 as *const (),
    };
    function as u64
}

macro_rules! lanes {
    ($abi:literal, $name:ident, $float:ty, $count:expr, $eval:ident) => {
        /// Puts `f(x)` into the lanes of `y` whose mask has its sign bit set.
        ///
        /// # Safety
        /// The pointers are those of whole vectors; `y` is writable; `f` is the number of a
        /// function.
        #[expect(unsafe_code, reason = "compiled code calls this")]
        unsafe extern $abi fn $name(
            f: u64,
            mask: *const $float,
            x: *const $float,
            y: *mut $float,
        ) {
            for lane in 0..$count {
                // SAFETY: the caller vouches for whole vectors. They may coincide, so no
                // references are made.
                unsafe {
                    if mask.add(lane).read().is_sign_negative() {
                        y.add(lane).write(Rare::ALL[f as usize].$eval(x.add(lane).read()));
                    }
                }
            }
        }
    };
}

macro_rules! sizes {
    ($abi:literal) => {
        lanes!($abi, four_f64, f64, 4, eval);
        lanes!($abi, eight_f32, f32, 8, eval_f32);
        lanes!($abi, eight_f64, f64, 8, eval);
        lanes!($abi, sixteen_f32, f32, 16, eval_f32);
    };
}
#[cfg(target_arch = "x86_64")]
sizes!("sysv64");
#[cfg(not(target_arch = "x86_64"))]
sizes!("C");
