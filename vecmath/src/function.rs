//! The functions by name.

use crate::lanes::Lanes;
use crate::record::{Dag, Recorder};
use crate::scalar::Scalar;
use crate::{
    Width, error_function, exponential, hyperbolic, inverse, logarithm, power, root, trigonometric,
};

macro_rules! functions {
    ($($variant:ident $name:literal $arity:tt $ulp:literal, $path:path, $doc:literal;)*) => {
        /// An elementary function.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Function {
            $(#[doc = $doc] $variant,)*
        }

        impl Function {
            /// Every function.
            pub const ALL: &[Function] = &[$(Function::$variant,)*];

            /// The name.
            pub fn name(self) -> &'static str {
                match self {
                    $(Function::$variant => $name,)*
                }
            }

            /// Number of arguments.
            pub fn arity(self) -> usize {
                match self {
                    $(Function::$variant => $arity,)*
                }
            }

            /// Bound of the error in units in the last place of the result, for both formats and
            /// every argument for which the function is meant (the tests measure it).
            pub fn bound(self) -> f64 {
                match self {
                    $(Function::$variant => $ulp,)*
                }
            }
        }

        impl Function {
            /// The function on lanes.
            ///
            /// # Panics
            /// If `args` has another length than [`Function::arity`].
            pub fn apply<L: Lanes>(self, l: &mut L, args: &[L::V]) -> L::V {
                assert_eq!(args.len(), self.arity(), "{} has a number of arguments", self.name());
                match self {
                    $(Function::$variant => functions!(@call $arity $path, l, args),)*
                }
            }
        }
    };
    (@call 1 $path:path, $l:ident, $args:ident) => { $path($l, $args[0]) };
    (@call 2 $path:path, $l:ident, $args:ident) => { $path($l, $args[0], $args[1]) };
}

functions! {
    Exp "exp" 1 2.0, exponential::exp, "`e^x`";
    Exp2 "exp2" 1 2.0, exponential::exp2, "`2^x`";
    Expm1 "expm1" 1 2.0, exponential::expm1, "`e^x - 1`";
    Log "log" 1 2.0, logarithm::log, "Natural logarithm.";
    Log2 "log2" 1 2.0, logarithm::log2, "Binary logarithm.";
    Log10 "log10" 1 2.0, logarithm::log10, "Decimal logarithm.";
    Log1p "log1p" 1 2.0, logarithm::log1p, "`ln(1 + x)`";
    Sin "sin" 1 2.0, trigonometric::sin, "Sine of radians.";
    Cos "cos" 1 2.0, trigonometric::cos, "Cosine of radians.";
    Tan "tan" 1 2.0, trigonometric::tan, "Tangent of radians.";
    Asin "asin" 1 2.0, inverse::asin, "Inverse sine.";
    Acos "acos" 1 2.0, inverse::acos, "Inverse cosine.";
    Atan "atan" 1 2.0, inverse::atan, "Inverse tangent.";
    Atan2 "atan2" 2 2.0, inverse::atan2, "Angle of the point (x, y), arguments y, x.";
    Sinh "sinh" 1 2.0, hyperbolic::sinh, "Hyperbolic sine.";
    Cosh "cosh" 1 2.0, hyperbolic::cosh, "Hyperbolic cosine.";
    Tanh "tanh" 1 2.0, hyperbolic::tanh, "Hyperbolic tangent.";
    Erf "erf" 1 2.0, error_function::erf, "Error function.";
    Erfc "erfc" 1 2.0, error_function::erfc, "Complementary error function.";
    NormalCdf "normal_cdf" 1 6.0, error_function::normal_cdf,
        "Cumulative distribution function of the normal distribution.";
    NormalCdfPrecise "normal_cdf_precise" 1 2.0, error_function::normal_cdf_precise,
        "The same, closer and slower.";
    Pow "pow" 2 2.0, power::pow, "`x` to the power of `y`.";
    Cbrt "cbrt" 1 2.0, root::cbrt, "Cube root.";
    Sqrt "sqrt" 1 0.5, Lanes::sqrt, "Square root.";
    Rsqrt "rsqrt" 1 2.0, root::rsqrt, "`1/sqrt(x)`";
    Hypot "hypot" 2 2.0, root::hypot, "`sqrt(x^2 + y^2)` without overflow.";
    ExpNormal "exp_normal" 1 2.0, exponential::exp_normal, "[`crate::exp_normal`]";
    LogNormal "log_normal" 1 2.0, logarithm::log_normal, "[`crate::log_normal`]";
    Log1pUnit "log1p_unit" 1 2.0, logarithm::log1p_unit, "[`crate::log1p_unit`]";
}

impl Function {
    /// The function with this name.
    pub fn from_name(name: &str) -> Option<Function> {
        Function::ALL.iter().copied().find(|f| f.name() == name)
    }

    /// The function of binary64 numbers.
    ///
    /// # Panics
    /// As [`Function::apply`].
    pub fn eval(self, args: &[f64]) -> f64 {
        self.apply(&mut Scalar::<f64>::new(), args)
    }

    /// The function of binary32 numbers.
    ///
    /// # Panics
    /// As [`Function::apply`].
    pub fn eval_f32(self, args: &[f32]) -> f32 {
        self.apply(&mut Scalar::<f32>::new(), args)
    }

    /// The function as a graph.
    pub fn dag(self, width: Width) -> Dag {
        let mut recorder = Recorder::new(width);
        let args: Vec<_> = (0..self.arity()).map(|_| recorder.input()).collect();
        let result = self.apply(&mut recorder, &args);
        recorder.finish(&[result])
    }
}
