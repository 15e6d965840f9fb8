//! The functions of the C library and of Python's `math` module that programs can name.

use crate::types::Type;

macro_rules! math_functions {
    ($($(#[$doc:meta])* $variant:ident $name:literal $arity:literal $kind:ident),* $(,)?) => {
        /// A function of floats. As [`crate::Op::Math`] it has C99's meaning and never raises; as
        /// [`crate::Op::Call`] it has Python's, exceptions included.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum MathFn { $($(#[$doc])* $variant),* }

        impl MathFn {
            /// Every function, in declaration order.
            pub const ALL: &'static [MathFn] = &[$(MathFn::$variant),*];

            /// The name in the text form, which is also the name in Python's `math` module.
            pub fn name(self) -> &'static str {
                match self { $(MathFn::$variant => $name),* }
            }

            /// Number of arguments.
            pub fn arity(self) -> usize {
                match self { $(MathFn::$variant => $arity),* }
            }

            fn kind(self) -> Kind {
                match self { $(MathFn::$variant => Kind::$kind),* }
            }
        }
    };
}

#[derive(PartialEq)]
enum Kind {
    Float,
    Predicate,
}

math_functions! {
    /// Square root.
    Sqrt "sqrt" 1 Float,
    /// Cube root.
    Cbrt "cbrt" 1 Float,
    /// e to the power of the argument.
    Exp "exp" 1 Float,
    /// 2 to the power of the argument.
    Exp2 "exp2" 1 Float,
    /// `exp(x) - 1` without cancellation.
    Expm1 "expm1" 1 Float,
    /// Natural logarithm.
    Log "log" 1 Float,
    /// Logarithm to base 2.
    Log2 "log2" 1 Float,
    /// Logarithm to base 10.
    Log10 "log10" 1 Float,
    /// `log(1 + x)` without cancellation.
    Log1p "log1p" 1 Float,
    /// Sine of radians.
    Sin "sin" 1 Float,
    /// Cosine of radians.
    Cos "cos" 1 Float,
    /// Tangent of radians.
    Tan "tan" 1 Float,
    /// Inverse sine.
    Asin "asin" 1 Float,
    /// Inverse cosine.
    Acos "acos" 1 Float,
    /// Inverse tangent.
    Atan "atan" 1 Float,
    /// Angle of the point (x, y), arguments in the order y, x.
    Atan2 "atan2" 2 Float,
    /// Hyperbolic sine.
    Sinh "sinh" 1 Float,
    /// Hyperbolic cosine.
    Cosh "cosh" 1 Float,
    /// Hyperbolic tangent.
    Tanh "tanh" 1 Float,
    /// Inverse hyperbolic sine.
    Asinh "asinh" 1 Float,
    /// Inverse hyperbolic cosine.
    Acosh "acosh" 1 Float,
    /// Inverse hyperbolic tangent.
    Atanh "atanh" 1 Float,
    /// Error function.
    Erf "erf" 1 Float,
    /// Complementary error function.
    Erfc "erfc" 1 Float,
    /// Gamma function.
    Gamma "gamma" 1 Float,
    /// Logarithm of the absolute value of the gamma function.
    Lgamma "lgamma" 1 Float,
    /// Largest integral value not above the argument, as a float.
    Floor "floor" 1 Float,
    /// Smallest integral value not below the argument, as a float.
    Ceil "ceil" 1 Float,
    /// Integral value towards zero, as a float.
    Trunc "trunc" 1 Float,
    /// Nearest integral value, ties to even, as a float.
    Rint "rint" 1 Float,
    /// C's remainder, with the sign of the dividend.
    Fmod "fmod" 2 Float,
    /// IEEE remainder: quotient rounded to nearest even.
    Remainder "remainder" 2 Float,
    /// Magnitude of the first argument, sign of the second.
    Copysign "copysign" 2 Float,
    /// Euclidean distance from the origin.
    Hypot "hypot" 2 Float,
    /// First argument to the power of the second. As a call: Python's `x ** y` on floats.
    Pow "pow" 2 Float,
    /// Python's `math.pow(x, y)`: other exceptions than `**`. As a pure operation equal to `pow`.
    MathPow "math_pow" 2 Float,
    /// Next representable number from the first argument towards the second.
    Nextafter "nextafter" 2 Float,
    /// Radians to degrees.
    Degrees "degrees" 1 Float,
    /// Degrees to radians.
    Radians "radians" 1 Float,
    /// Whether the argument is NaN.
    Isnan "isnan" 1 Predicate,
    /// Whether the argument is an infinity.
    Isinf "isinf" 1 Predicate,
    /// Whether the argument is neither NaN nor an infinity.
    Isfinite "isfinite" 1 Predicate,
}

impl MathFn {
    /// The function with this name in the text form.
    pub fn from_name(name: &str) -> Option<MathFn> {
        MathFn::ALL.iter().copied().find(|f| f.name() == name)
    }

    /// Whether the function takes arguments of these types.
    pub fn accepts(self, args: &[Type]) -> bool {
        args.len() == self.arity() && args[0].is_float() && args.iter().all(|ty| *ty == args[0])
    }

    /// Result type for arguments of type `arg`.
    pub fn result(self, arg: Type) -> Type {
        if self.kind() == Kind::Predicate { Type::Bool } else { arg }
    }

    /// Whether Python's function returns normally for every float, infinities and NaN included.
    ///
    /// Source: the error cases of CPython 3.11's `Modules/mathmodule.c`, by experiment.
    pub fn never_raises(self) -> bool {
        use MathFn::{
            Asinh, Atan, Atan2, Cbrt, Copysign, Degrees, Erf, Erfc, Hypot, Isfinite, Isinf, Isnan,
            Nextafter, Radians, Rint, Tanh,
        };
        matches!(
            self,
            Asinh
                | Atan
                | Atan2
                | Cbrt
                | Copysign
                | Degrees
                | Erf
                | Erfc
                | Hypot
                | Isfinite
                | Isinf
                | Isnan
                | Nextafter
                | Radians
                | Rint
                | Tanh
        )
    }
}
