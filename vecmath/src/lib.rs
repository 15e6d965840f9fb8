//! Elementary functions written once over lanes, fast enough for loops over arrays.
//!
//! Every function is straight-line code over the trait [`Lanes`]: no table, no branch, no call.
//! One text serves as a scalar function ([`Scalar`]), as a graph of vector operations that a back
//! end turns into machine code ([`Recorder`], [`Dag`]), and as whatever else implements the trait,
//! with the same bits everywhere.
//!
//! ```
//! use vecmath::{Function, Scalar, Width};
//!
//! // One lane.
//! let y = vecmath::exp(&mut Scalar::<f64>::new(), 1.0);
//! assert!((y - std::f64::consts::E).abs() < 1e-15);
//!
//! // The same as a graph, replayed on one lane.
//! let dag = Function::Exp.dag(Width::F64);
//! assert_eq!(dag.replay(&mut Scalar::<f64>::new(), &[1.0]), [y]);
//! ```
//!
//! Results are within [`Function::bound`] units in the last place over the whole range (2, and 6
//! for the normal distribution), subnormal numbers included, and have C99's special values. They
//! are not correctly rounded and not those of any C library: where CPython's bits are promised,
//! the C library has to be called. All coefficients are derived by `derive/derive.py`;
//! `derive/measure.py` compares with arithmetic of 40 digits.

mod coefficients;
mod double;
mod error_function;
mod exponential;
mod function;
mod hyperbolic;
mod inverse;
mod lanes;
mod logarithm;
mod power;
mod rare;
mod record;
mod root;
mod scalar;
mod trigonometric;

pub use error_function::{erf, erfc, normal_cdf, normal_cdf_precise};
pub use exponential::{exp, exp_normal, exp_not_positive, exp_saturating, exp2, expm1};
pub use function::Function;
pub use hyperbolic::{cosh, sinh, tanh};
pub use inverse::{acos, asin, atan, atan2};
pub use lanes::{Coefficients, Lanes, Rare, Rounding, Width};
pub use logarithm::{log, log_normal, log1p, log1p_unit, log2, log10};
pub use power::pow;
pub use record::{Dag, Id, Node, Op, Recorder};
pub use root::{cbrt, hypot, rsqrt};
pub use scalar::Scalar;
pub use trigonometric::{cos, sin, sin_sum, tan};
