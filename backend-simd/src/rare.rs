//! What compiled code calls for lanes out of the ordinary.

use vecmath::{Rare, Width};

/// The address of the function for vectors of this format.
pub(crate) fn address(width: Width) -> u64 {
    match width {
        Width::F64 => lanes_f64 as *const () as u64,
        Width::F32 => lanes_f32 as *const () as u64,
    }
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
#[cfg(target_arch = "x86_64")]
lanes!("sysv64", lanes_f64, f64, 4, eval);
#[cfg(target_arch = "x86_64")]
lanes!("sysv64", lanes_f32, f32, 8, eval_f32);
#[cfg(not(target_arch = "x86_64"))]
lanes!("C", lanes_f64, f64, 4, eval);
#[cfg(not(target_arch = "x86_64"))]
lanes!("C", lanes_f32, f32, 8, eval_f32);
