//! The cost model: what one execution of an operation costs, and how often a region runs.
//!
//! Weights in units of one simple CPU instruction. Source: the operation classes of the course
//! notes that this project started from (arithmetic 1, conversion 2, division 5, whole power 10,
//! square root 20, logarithm 30, exponential 40, power 50, trigonometric 75, hyperbolic 180).
//! Memory accesses and checks are not among them and are set by analogy.

use rvsdg::{MathFn, Op};

/// Estimated trips of a loop whose count is unknown.
pub const TRIP_COUNT: f64 = 10.0;
/// What an arm of a two-armed branch counts for. Less than half: what is computed before the branch
/// instead is in vain where the arm is not entered, and must pay even then for few iterations.
pub const BRANCH_PROBABILITY: f64 = 0.3;
/// Cost of entering a gamma or of one iteration of a theta, beside its content.
pub const INSTANCE: f64 = 2.0;
/// Cost of carrying a variable through one iteration, beside what its next value takes: a value from
/// outside is cheaper.
pub const PORT: f64 = 0.01;
/// Extra cost of an operation that may raise, over its pure form.
pub const MAY_RAISE: f64 = 2.0;

/// A call of a function that calls itself: what lies behind it is not known.
const RECURSION: f64 = 200.0;
const ARITHMETIC: f64 = 1.0;
const CAST: f64 = 2.0;
/// A conditional move and the copy that it overwrites, where a branch has a jump.
const SELECTION: f64 = 1.5;
const MEMORY: f64 = 4.0;
const DIVISION: f64 = 5.0;
const INTEGER_POWER: f64 = 10.0;
const SQUARE_ROOT: f64 = 20.0;
const LOGARITHM: f64 = 30.0;
const EXPONENTIAL: f64 = 40.0;
const POWER: f64 = 50.0;
const TRIGONOMETRIC: f64 = 75.0;
const HYPERBOLIC: f64 = 180.0;

/// Weight of one execution of an operation.
pub fn weight(op: Op) -> f64 {
    match op {
        Op::Const(_) => 0.0,
        Op::IFloorDiv | Op::IMod | Op::FDiv | Op::FFloorDiv | Op::FMod | Op::ITrueDiv => DIVISION,
        Op::IPow => INTEGER_POWER,
        Op::Cast(_) => CAST,
        Op::Select => SELECTION,
        Op::Load | Op::Store => MEMORY,
        Op::Guard(_) => MAY_RAISE,
        Op::Recur { .. } => RECURSION,
        Op::Math(f) => math(f),
        Op::Call(f) => math(f) + MAY_RAISE,
        _ => ARITHMETIC,
    }
}

fn math(f: MathFn) -> f64 {
    match f {
        MathFn::Sqrt | MathFn::Cbrt | MathFn::Hypot => SQUARE_ROOT,
        MathFn::Exp | MathFn::Exp2 | MathFn::Expm1 => EXPONENTIAL,
        MathFn::Log | MathFn::Log2 | MathFn::Log10 | MathFn::Log1p => LOGARITHM,
        MathFn::Sin
        | MathFn::Cos
        | MathFn::Tan
        | MathFn::Asin
        | MathFn::Acos
        | MathFn::Atan
        | MathFn::Atan2 => TRIGONOMETRIC,
        MathFn::Sinh
        | MathFn::Cosh
        | MathFn::Tanh
        | MathFn::Asinh
        | MathFn::Acosh
        | MathFn::Atanh
        | MathFn::Erf
        | MathFn::Erfc
        | MathFn::Gamma
        | MathFn::Lgamma => HYPERBOLIC,
        MathFn::Pow | MathFn::MathPow => POWER,
        MathFn::Fmod | MathFn::Remainder | MathFn::Nextafter => DIVISION,
        MathFn::Floor
        | MathFn::Ceil
        | MathFn::Trunc
        | MathFn::Rint
        | MathFn::Copysign
        | MathFn::Degrees
        | MathFn::Radians
        | MathFn::Isnan
        | MathFn::Isinf
        | MathFn::Isfinite => ARITHMETIC,
    }
}
