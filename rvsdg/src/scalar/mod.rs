//! The one definition of every pure operation: what [`crate::Op`]'s documentation says, computed.
//!
//! The interpreter, constant folding, rewrite rules and the run-time functions of compiled code
//! all call this module, so that they cannot disagree. On 64-bit integers and binary64 floats the
//! results are CPython's, bit for bit; CPython's exceptions are in [`python_call`].

mod eval;
mod float;
mod gamma;
mod int;
mod libm;
mod math;
mod python;

pub use eval::{Evaluated, Undefined, eval};
pub use float::{
    float_floor_div, float_floor_div_f32, float_max, float_max_f32, float_min, float_min_f32,
    float_mod, float_mod_f32, float_to_int,
};
pub use int::{int_floor_div, int_mod, int_pow, int_shl, int_shr, true_div};
pub use math::{math1, math1_f32, math2, math2_f32};
pub use python::python_call;
