//! When a function of Python's `math` module raises, as one table.
//!
//! Source: `Modules/mathmodule.c` (`math_1`, `math_2`, `math_pow_impl`, `math_fmod_impl`) and
//! `Objects/floatobject.c` (`float_pow`) of CPython 3.11; [`rvsdg::scalar::python_call`] is the
//! same as code. The value where nothing is raised is
//! the C library's; the rules look at arguments and value only.

use rvsdg::{ExcKind, MathFn};

/// A condition on the arguments and the C library's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    /// The value is NaN though no argument is.
    NanFromNumbers,
    /// The value is an infinity though every argument is finite.
    InfFromFinite,
    /// The first argument is an infinity.
    ArgIsInf,
    /// The first argument is NaN.
    ArgIsNan,
    /// The first argument is 0 and the second a finite number below 0.
    ZeroToNegative,
}

/// An exception and its condition.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rule {
    /// When it is raised.
    pub(crate) when: Condition,
    /// The exception's class.
    pub(crate) kind: ExcKind,
    /// The exception's message.
    pub(crate) message: &'static str,
}

const fn domain(when: Condition) -> Rule {
    Rule { when, kind: ExcKind::ValueError, message: "math domain error" }
}

const fn range(when: Condition) -> Rule {
    Rule { when, kind: ExcKind::OverflowError, message: "math range error" }
}

const DOMAIN: [Rule; 2] = [domain(Condition::NanFromNumbers), domain(Condition::InfFromFinite)];
const RANGE: [Rule; 2] = [domain(Condition::NanFromNumbers), range(Condition::InfFromFinite)];
const NAN_ONLY: [Rule; 1] = [domain(Condition::NanFromNumbers)];
const TO_INTEGER: [Rule; 2] = [
    Rule {
        when: Condition::ArgIsInf,
        kind: ExcKind::OverflowError,
        message: "cannot convert float infinity to integer",
    },
    Rule {
        when: Condition::ArgIsNan,
        kind: ExcKind::ValueError,
        message: "cannot convert float NaN to integer",
    },
];
const MATH_POW: [Rule; 3] = [
    domain(Condition::NanFromNumbers),
    domain(Condition::ZeroToNegative),
    range(Condition::InfFromFinite),
];
const POWER: [Rule; 3] = [
    Rule {
        when: Condition::ZeroToNegative,
        kind: ExcKind::ZeroDivisionError,
        message: "0.0 cannot be raised to a negative power",
    },
    // Complex in Python: outside the types here.
    Rule {
        when: Condition::NanFromNumbers,
        kind: ExcKind::ValueError,
        message: "negative number cannot be raised to a fractional power",
    },
    Rule {
        when: Condition::InfFromFinite,
        kind: ExcKind::OverflowError,
        message: "(34, 'Numerical result out of range')",
    },
];

/// The rules of a function, in the order in which they are tried.
pub(crate) fn rules(f: MathFn) -> &'static [Rule] {
    match f {
        MathFn::Cosh | MathFn::Exp | MathFn::Exp2 | MathFn::Expm1 | MathFn::Sinh => &RANGE,
        MathFn::Floor | MathFn::Ceil | MathFn::Trunc => &TO_INTEGER,
        MathFn::Fmod | MathFn::Remainder => &NAN_ONLY,
        MathFn::MathPow => &MATH_POW,
        MathFn::Pow => &POWER,
        f if f.never_raises() => &[],
        _ => &DOMAIN,
    }
}
