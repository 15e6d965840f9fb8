//! Functions that compiled code calls.
//!
//! Each has the C calling convention and computes what [`rvsdg::scalar`] says. They are found by
//! symbol when a module is linked. One function exists per mathematical function and width, so that
//! machine code calls it directly.

use crate::abi::Context;
use cranelift_codegen::ir::{AbiParam, Signature, Type as Ty, types};
use cranelift_codegen::isa::CallConv;
use rvsdg::{MathFn, scalar};

/// Width of floats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Width {
    F32,
    F64,
}

impl Width {
    fn name(self) -> &'static str {
        match self {
            Width::F32 => "f32",
            Width::F64 => "f64",
        }
    }

    fn from_name(name: &str) -> Option<Width> {
        [Width::F32, Width::F64].into_iter().find(|width| width.name() == name)
    }

    fn ty(self) -> Ty {
        match self {
            Width::F32 => types::F32,
            Width::F64 => types::F64,
        }
    }
}

/// A function that compiled code calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Import {
    /// A function of the C library.
    Math(MathFn, Width),
    /// The exceptions of a function of Python's `math` module: takes the context behind its
    /// arguments and gives a status.
    Call(MathFn, Width),
    /// CPython's `%` on floats.
    FloatMod(Width),
    /// CPython's `//` on floats.
    FloorDiv(Width),
    /// The correctly rounded quotient of two integers.
    TrueDiv,
    /// The wrapping power of two integers.
    IntPow,
    /// Compares the limits of the call with the clock; changes no register.
    Poll,
}

impl Import {
    /// The symbol, which is also how the function appears in listings.
    pub(crate) fn symbol(self) -> String {
        match self {
            Import::Math(f, width) => format!("math.{}.{}", f.name(), width.name()),
            Import::Call(f, width) => format!("python.{}.{}", f.name(), width.name()),
            Import::FloatMod(width) => format!("float_mod.{}", width.name()),
            Import::FloorDiv(width) => format!("float_floor_div.{}", width.name()),
            Import::TrueDiv => "int_true_div".to_owned(),
            Import::IntPow => "int_pow".to_owned(),
            Import::Poll => "poll".to_owned(),
        }
    }

    fn from_symbol(symbol: &str) -> Option<Import> {
        let mut words = symbol.split('.');
        let family = words.next()?;
        let rest: Vec<&str> = words.collect();
        Some(match (family, &rest[..]) {
            ("math", [f, width]) => Import::Math(MathFn::from_name(f)?, Width::from_name(width)?),
            ("python", [f, width]) => Import::Call(MathFn::from_name(f)?, Width::from_name(width)?),
            ("float_mod", [width]) => Import::FloatMod(Width::from_name(width)?),
            ("float_floor_div", [width]) => Import::FloorDiv(Width::from_name(width)?),
            ("int_true_div", []) => Import::TrueDiv,
            ("int_pow", []) => Import::IntPow,
            _ => return None,
        })
    }

    /// Parameters and result.
    pub(crate) fn signature(self, convention: CallConv) -> Signature {
        let pointer = types::I64;
        let (params, result): (Vec<Ty>, Option<Ty>) = match self {
            Import::Math(f, width) => (vec![width.ty(); f.arity()], Some(width.ty())),
            Import::Call(f, width) => {
                let mut params = vec![width.ty(); f.arity()];
                params.push(pointer);
                (params, Some(types::I32))
            }
            Import::FloatMod(width) | Import::FloorDiv(width) => {
                (vec![width.ty(); 2], Some(width.ty()))
            }
            Import::TrueDiv => (vec![types::I64; 2], Some(types::F64)),
            Import::IntPow => (vec![types::I64; 2], Some(types::I64)),
            Import::Poll => (vec![pointer], None),
        };
        let convention = if self == Import::Poll { CallConv::PreserveAll } else { convention };
        let mut signature = Signature::new(convention);
        signature.params.extend(params.into_iter().map(AbiParam::new));
        signature.returns.extend(result.map(AbiParam::new));
        signature
    }

    fn address(self) -> Option<*const u8> {
        Some(match self {
            Import::Math(f, width) => math_address(f, width),
            Import::Call(f, width) => call_address(f, width),
            Import::FloatMod(Width::F32) => float_mod_f32 as *const u8,
            Import::FloatMod(Width::F64) => float_mod_f64 as *const u8,
            Import::FloorDiv(Width::F32) => float_floor_div_f32 as *const u8,
            Import::FloorDiv(Width::F64) => float_floor_div_f64 as *const u8,
            Import::TrueDiv => true_div as *const u8,
            Import::IntPow => int_pow as *const u8,
            // Its convention is not C's: a module of its own holds it.
            Import::Poll => return None,
        })
    }
}

/// The address of a function by its symbol.
pub(crate) fn address(symbol: &str) -> Option<*const u8> {
    Import::from_symbol(symbol)?.address()
}

/// The function behind the registers-preserving stub of [`Import::Poll`].
pub(crate) fn poll_address() -> *const u8 {
    poll as *const u8
}

/// What [`poll`] is given by compiled code.
type ContextPointer<'a> = *mut Context<'a>;

extern "C" fn poll(context: ContextPointer<'_>) {
    // SAFETY: compiled code passes the context of its call, which only this thread uses.
    #[expect(unsafe_code, reason = "the context comes from compiled code")]
    let context = unsafe { &mut *context };
    context.stop = u32::from(context.limits.reached());
}

/// The status of Python's function for these arguments; leaves the message in the context. The
/// value of a function that does not raise is that of [`Import::Math`].
fn python(f: MathFn, args: &[f64], context: ContextPointer<'_>) -> i32 {
    match scalar::python_call(f, args) {
        Ok(_) => 0,
        Err((kind, message)) => {
            // SAFETY: compiled code passes the context of its call, which only this thread uses.
            #[expect(unsafe_code, reason = "the context comes from compiled code")]
            let context = unsafe { &mut *context };
            context.call_message = message;
            kind.code()
        }
    }
}

extern "C" fn float_mod_f32(a: f32, b: f32) -> f32 {
    scalar::float_mod_f32(a, b)
}

extern "C" fn float_mod_f64(a: f64, b: f64) -> f64 {
    scalar::float_mod(a, b)
}

extern "C" fn float_floor_div_f32(a: f32, b: f32) -> f32 {
    scalar::float_floor_div_f32(a, b)
}

extern "C" fn float_floor_div_f64(a: f64, b: f64) -> f64 {
    scalar::float_floor_div(a, b)
}

extern "C" fn true_div(a: i64, b: i64) -> f64 {
    scalar::true_div(a, b)
}

extern "C" fn int_pow(base: i64, exponent: i64) -> i64 {
    scalar::int_pow(base, exponent).0
}

/// Defines `math_address` and `call_address`: four functions for each mathematical function.
macro_rules! math_functions {
    (unary: $($unary:ident)*; binary: $($binary:ident)*;) => {
        fn math_address(f: MathFn, width: Width) -> *const u8 {
            match (f, width) {
                $((MathFn::$unary, Width::F32) => {
                    extern "C" fn shim(x: f32) -> f32 {
                        scalar::math1_f32(MathFn::$unary, x)
                    }
                    shim as *const u8
                }
                (MathFn::$unary, Width::F64) => {
                    extern "C" fn shim(x: f64) -> f64 {
                        scalar::math1(MathFn::$unary, x)
                    }
                    shim as *const u8
                })*
                $((MathFn::$binary, Width::F32) => {
                    extern "C" fn shim(x: f32, y: f32) -> f32 {
                        scalar::math2_f32(MathFn::$binary, x, y)
                    }
                    shim as *const u8
                }
                (MathFn::$binary, Width::F64) => {
                    extern "C" fn shim(x: f64, y: f64) -> f64 {
                        scalar::math2(MathFn::$binary, x, y)
                    }
                    shim as *const u8
                })*
            }
        }

        fn call_address(f: MathFn, width: Width) -> *const u8 {
            match (f, width) {
                $((MathFn::$unary, Width::F32) => {
                    extern "C" fn shim(x: f32, context: ContextPointer<'_>) -> i32 {
                        python(MathFn::$unary, &[f64::from(x)], context)
                    }
                    shim as *const u8
                }
                (MathFn::$unary, Width::F64) => {
                    extern "C" fn shim(x: f64, context: ContextPointer<'_>) -> i32 {
                        python(MathFn::$unary, &[x], context)
                    }
                    shim as *const u8
                })*
                $((MathFn::$binary, Width::F32) => {
                    extern "C" fn shim(x: f32, y: f32, context: ContextPointer<'_>) -> i32 {
                        python(MathFn::$binary, &[f64::from(x), f64::from(y)], context)
                    }
                    shim as *const u8
                }
                (MathFn::$binary, Width::F64) => {
                    extern "C" fn shim(x: f64, y: f64, context: ContextPointer<'_>) -> i32 {
                        python(MathFn::$binary, &[x, y], context)
                    }
                    shim as *const u8
                })*
            }
        }
    };
}

math_functions! {
    unary: Sqrt Cbrt Exp Exp2 Expm1 Log Log2 Log10 Log1p Sin Cos Tan Asin Acos Atan Sinh Cosh Tanh
        Asinh Acosh Atanh Erf Erfc Gamma Lgamma Floor Ceil Trunc Rint Degrees Radians Isnan Isinf
        Isfinite;
    binary: Atan2 Fmod Remainder Copysign Hypot Pow MathPow Nextafter;
}
