//! Simple operations: what a node without regions computes.
//!
//! Every operation here has one meaning, given in its documentation and implemented by
//! [`crate::scalar`]; the interpreter, constant folding and every backend follow it. Operations are
//! total unless marked *partial*: a partial operation has no result outside its stated domain, and
//! depends by value on the [`Op::Guard`] that establishes the domain.
//!
//! `strict` and `fast` semantics differ in which operations a front end emits (guards and
//! [`Op::Call`]s, or none), not in what an operation means.

use crate::math::MathFn;
use crate::types::{Elem, Type};
use smallvec::{SmallVec, smallvec};
use std::fmt;

/// A compile-time constant. Floats are held by their bits, so that constants can be hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Const {
    /// Bits of an IEEE 754 binary32.
    F32(u32),
    /// Bits of an IEEE 754 binary64.
    F64(u64),
    /// A 32-bit integer.
    I32(i32),
    /// A 64-bit integer.
    I64(i64),
    /// A truth value.
    Bool(bool),
    /// Alternative `value` of `arms`.
    Ctl {
        /// Number of alternatives.
        arms: u32,
        /// The chosen one, below `arms`.
        value: u32,
    },
    /// Python's `None`.
    Unit,
}

impl Const {
    /// The constant's type.
    pub fn ty(self) -> Type {
        match self {
            Const::F32(_) => Type::F32,
            Const::F64(_) => Type::F64,
            Const::I32(_) => Type::I32,
            Const::I64(_) => Type::I64,
            Const::Bool(_) => Type::Bool,
            Const::Ctl { arms, .. } => Type::Ctl(arms),
            Const::Unit => Type::Unit,
        }
    }

    /// A binary64 constant.
    pub const fn f64(value: f64) -> Const {
        Const::F64(value.to_bits())
    }

    /// A binary32 constant.
    pub fn f32(value: f32) -> Const {
        Const::F32(value.to_bits())
    }

    /// The value as a binary64, if this is a binary64 constant.
    pub fn as_f64(self) -> Option<f64> {
        if let Const::F64(bits) = self { Some(f64::from_bits(bits)) } else { None }
    }

    /// The value as an integer, if this is an integer constant.
    pub fn as_i64(self) -> Option<i64> {
        match self {
            Const::I64(value) => Some(value),
            Const::I32(value) => Some(i64::from(value)),
            _ => None,
        }
    }

    /// The truth value, if this is one.
    pub fn as_bool(self) -> Option<bool> {
        if let Const::Bool(value) = self { Some(value) } else { None }
    }
}

/// The six comparisons. On floats, every comparison with NaN is false except `Ne`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Cmp {
    /// `==`
    Eq,
    /// `!=`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
}

impl Cmp {
    /// All comparisons, in declaration order.
    pub const ALL: [Cmp; 6] = [Cmp::Eq, Cmp::Ne, Cmp::Lt, Cmp::Le, Cmp::Gt, Cmp::Ge];

    /// The name in the text form.
    pub fn name(self) -> &'static str {
        match self {
            Cmp::Eq => "eq",
            Cmp::Ne => "ne",
            Cmp::Lt => "lt",
            Cmp::Le => "le",
            Cmp::Gt => "gt",
            Cmp::Ge => "ge",
        }
    }

    /// The comparison with its operands exchanged: `a < b` is `b > a`.
    pub fn swapped(self) -> Cmp {
        match self {
            Cmp::Lt => Cmp::Gt,
            Cmp::Le => Cmp::Ge,
            Cmp::Gt => Cmp::Lt,
            Cmp::Ge => Cmp::Le,
            same => same,
        }
    }

    /// Applies the comparison to two values of a partial order.
    pub fn holds<T: PartialOrd>(self, a: &T, b: &T) -> bool {
        match self {
            Cmp::Eq => a == b,
            Cmp::Ne => a != b,
            Cmp::Lt => a < b,
            Cmp::Le => a <= b,
            Cmp::Gt => a > b,
            Cmp::Ge => a >= b,
        }
    }
}

/// Index of a fault in [`crate::Function::faults`]: an exception's class and message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FaultId(pub u32);

/// A simple operation. In the comments `i` is `i32` or `i64`, `f` is `f32` or `f64`; operands and
/// result have one width unless said otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Op {
    /// `() -> type of the constant`
    Const(Const),

    /// `(i, i) -> i`, wraps.
    IAdd,
    /// `(i, i) -> i`, wraps.
    ISub,
    /// `(i, i) -> i`, wraps.
    IMul,
    /// `(i) -> i`, wraps.
    INeg,
    /// `(i) -> i`, wraps at the most negative number.
    IAbs,
    /// `(i, i) -> i`: quotient rounded towards minus infinity; the most negative number by -1
    /// wraps. *Partial*: the divisor is not 0.
    IFloorDiv,
    /// `(i, i) -> i`: remainder with the sign of the divisor. *Partial*: the divisor is not 0.
    IMod,
    /// `(i, i) -> f64`: the correctly rounded quotient, as Python's `/`; IEEE on a zero divisor.
    ITrueDiv,
    /// `(i, i) -> i`: power by repeated multiplication, wraps; 0 for a negative exponent.
    IPow,
    /// `(i, i) -> i`: shift left, wraps; a count of the width or more gives 0, a negative count 0.
    IShl,
    /// `(i, i) -> i`: arithmetic shift right; a count of the width or more gives the sign, a
    /// negative count 0.
    IShr,
    /// `(i, i) -> i`
    IAnd,
    /// `(i, i) -> i`
    IOr,
    /// `(i, i) -> i`
    IXor,
    /// `(i) -> i`: bitwise complement.
    INot,
    /// `(i, i) -> i`
    IMin,
    /// `(i, i) -> i`
    IMax,
    /// `(i, i) -> bool`, signed.
    ICmp(Cmp),

    /// `(f, f) -> f`
    FAdd,
    /// `(f, f) -> f`
    FSub,
    /// `(f, f) -> f`
    FMul,
    /// `(f, f) -> f`, IEEE: a zero divisor gives an infinity or NaN.
    FDiv,
    /// `(f) -> f`: flips the sign bit.
    FNeg,
    /// `(f) -> f`: clears the sign bit.
    FAbs,
    /// `(f, f) -> f`: CPython's `//`; for a zero divisor the IEEE quotient.
    FFloorDiv,
    /// `(f, f) -> f`: CPython's `%`, sign of the divisor; NaN for a zero divisor.
    FMod,
    /// `(f, f) -> f`: Python's `min(a, b)`: `b` if `b < a`, else `a`.
    FMin,
    /// `(f, f) -> f`: Python's `max(a, b)`: `b` if `b > a`, else `a`.
    FMax,
    /// `(f, f) -> bool`
    FCmp(Cmp),
    /// A function of the C library, IEEE: never raises. `(f, ..) -> f`, or `bool` for predicates.
    Math(MathFn),

    /// `(bool, bool) -> bool`
    BAnd,
    /// `(bool, bool) -> bool`
    BOr,
    /// `(bool, bool) -> bool`
    BXor,
    /// `(bool) -> bool`
    BNot,
    /// `(bool, t, t) -> t`: the second operand if true, else the third. Both are evaluated.
    Select,
    /// `(ctl<n>) -> bool`: whether the choice is this one.
    CtlIs(u32),
    /// `(scalar) -> type`: conversion between numbers and truth values. Integer to float rounds to
    /// nearest even; float to integer truncates and saturates, NaN gives 0; to a narrower integer
    /// wraps; to `bool` is `!= 0`; `bool` is 0 or 1.
    Cast(Type),

    /// `(memref) -> i64`: the extent of one dimension.
    Len(u8),
    /// `(mem, memref, i64 * rank) -> element`: reads a version of the state without making one.
    /// *Partial*: every index is in `0 .. extent`.
    Load,
    /// `(mem, memref, i64 * rank, element) -> mem`. *Partial* as [`Op::Load`].
    Store,
    /// `(io, mem*, bool, t) -> (io, t)`: the last operand if the condition holds, else raises the
    /// fault. Reads every `mem` version it names: they are what an exception handler can see.
    Guard(FaultId),
    /// `(io, mem*, args..) -> (io, result)`: a function of Python's `math` module, or `**`, with
    /// Python's exceptions; the same value as [`Op::Math`] where it does not raise.
    Call(MathFn),
    /// `(io, mem.., arguments) -> (io, mem.., result)`: calls a function of [`crate::Function::phi`],
    /// which may raise, write, and not return. A result of `unit` is none. Raises `RecursionError`
    /// where calls of calls are [`crate::MAX_RECURSION`] deep.
    Recur {
        /// Position of the function.
        function: u32,
        /// What it returns.
        result: Type,
    },
}

/// What is wrong with the operands of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperandError {
    /// One sentence that names the expected operands.
    pub expected: String,
}

impl fmt::Display for OperandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected operands {}", self.expected)
    }
}

/// Result types of an operation: at most a state and a value.
pub type Types = SmallVec<[Type; 2]>;

impl Op {
    /// Result types for operands of the given types.
    ///
    /// # Errors
    /// If the operands do not fit the operation.
    pub fn result_types(self, operands: &[Type]) -> Result<Types, OperandError> {
        use Type::{Bool, F64, I64};
        let wrong = |text: &str| Err(OperandError { expected: text.to_owned() });
        let one = |ty| Ok(smallvec![ty]);
        match (self, operands) {
            (Op::Const(c), []) => one(c.ty()),
            (Op::INeg | Op::IAbs | Op::INot, [a]) if a.is_int() => one(*a),
            (op, [a, b]) if op.is_int_binary() && a == b && a.is_int() => one(*a),
            (Op::ITrueDiv, [a, b]) if a == b && a.is_int() => one(F64),
            (Op::ICmp(_), [a, b]) if a == b && a.is_int() => one(Bool),
            (Op::FNeg | Op::FAbs, [a]) if a.is_float() => one(*a),
            (op, [a, b]) if op.is_float_binary() && a == b && a.is_float() => one(*a),
            (Op::FCmp(_), [a, b]) if a == b && a.is_float() => one(Bool),
            (Op::Math(f), args) if f.accepts(args) => one(f.result(args[0])),
            (Op::BAnd | Op::BOr | Op::BXor, [Bool, Bool]) | (Op::BNot, [Bool]) => one(Bool),
            (Op::Select, [Bool, a, b]) if a == b && !a.is_state() => one(*a),
            (Op::CtlIs(k), [Type::Ctl(n)]) if k < *n => one(Bool),
            (Op::Cast(to), [from]) if from.is_scalar() && to.is_scalar() => one(to),
            (Op::Len(axis), [Type::MemRef { rank, .. }]) if axis < *rank => one(I64),
            (Op::Load, [Type::Mem(g), Type::MemRef { elem, rank, mem }, index @ ..])
                if g == mem && is_index(index, *rank) =>
            {
                one(elem.scalar())
            }
            (Op::Store, [Type::Mem(g), Type::MemRef { elem, rank, mem }, index @ .., value])
                if g == mem && is_index(index, *rank) && *value == elem.scalar() =>
            {
                one(Type::Mem(*g))
            }
            (Op::Guard(_), [Type::Io, rest @ ..]) => match skip_mems(rest) {
                [Bool, value] if !value.is_state() => Ok(smallvec![Type::Io, *value]),
                _ => wrong(self.expected()),
            },
            (Op::Call(f), [Type::Io, rest @ ..]) => {
                let args = skip_mems(rest);
                if f.accepts(args) {
                    Ok(smallvec![Type::Io, f.result(args[0])])
                } else {
                    wrong(self.expected())
                }
            }
            (Op::Recur { result, .. }, [Type::Io, rest @ ..]) => {
                let args = skip_mems(rest);
                if args.iter().any(|ty| ty.is_state()) || result.is_state() {
                    return wrong(self.expected());
                }
                let states = &operands[..operands.len() - args.len()];
                Ok(states.iter().copied().chain([result]).collect())
            }
            _ => wrong(self.expected()),
        }
    }

    fn expected(self) -> &'static str {
        match self {
            Op::Const(_) => "()",
            Op::INeg | Op::IAbs | Op::INot => "(int)",
            Op::ITrueDiv | Op::ICmp(_) => "(int, int) of one width",
            Op::FNeg | Op::FAbs => "(float)",
            Op::FCmp(_) => "(float, float) of one width",
            Op::Math(_) => "floats of one width, as many as the function takes",
            Op::BAnd | Op::BOr | Op::BXor => "(bool, bool)",
            Op::BNot => "(bool)",
            Op::Select => "(bool, t, t)",
            Op::CtlIs(_) => "(ctl<n>) with n above the alternative",
            Op::Cast(_) => "(scalar), and a scalar to convert to",
            Op::Len(_) => "(memref) with that many dimensions",
            Op::Load => "(mem<k>, memref<..,k>, i64 per dimension)",
            Op::Store => "(mem<k>, memref<..,k>, i64 per dimension, element)",
            Op::Guard(_) => "(io, mem.., bool, value)",
            Op::Call(_) | Op::Recur { .. } => "(io, mem.., arguments)",
            op if op.is_int_binary() => "(int, int) of one width",
            _ => "(float, float) of one width",
        }
    }

    /// Whether this is a binary integer operation whose result has the operands' type.
    pub fn is_int_binary(self) -> bool {
        matches!(
            self,
            Op::IAdd
                | Op::ISub
                | Op::IMul
                | Op::IFloorDiv
                | Op::IMod
                | Op::IPow
                | Op::IShl
                | Op::IShr
                | Op::IAnd
                | Op::IOr
                | Op::IXor
                | Op::IMin
                | Op::IMax
        )
    }

    /// Whether this is a binary float operation whose result has the operands' type.
    pub fn is_float_binary(self) -> bool {
        matches!(
            self,
            Op::FAdd
                | Op::FSub
                | Op::FMul
                | Op::FDiv
                | Op::FFloorDiv
                | Op::FMod
                | Op::FMin
                | Op::FMax
        )
    }

    /// Whether the operation consumes a state and makes its next version.
    pub fn is_effect(self) -> bool {
        matches!(self, Op::Store | Op::Guard(_) | Op::Call(_) | Op::Recur { .. })
    }

    /// Whether the operation may raise.
    pub fn may_raise(self) -> bool {
        matches!(self, Op::Guard(_) | Op::Call(_) | Op::Recur { .. })
    }

    /// Whether the operation is undefined for some operands (see the module's documentation).
    pub fn is_partial(self) -> bool {
        matches!(self, Op::IFloorDiv | Op::IMod | Op::Load | Op::Store)
    }

    /// Whether the operation has no state operand and no state result.
    pub fn is_pure(self) -> bool {
        !matches!(self, Op::Load | Op::Store | Op::Guard(_) | Op::Call(_) | Op::Recur { .. })
    }

    /// The operands that are states read but not consumed, given the operand types.
    pub fn read_states(self, operands: &[Type]) -> std::ops::Range<usize> {
        match self {
            Op::Load => 0..1,
            Op::Guard(_) | Op::Call(_) => {
                let reads = operands.iter().skip(1).take_while(|t| matches!(t, Type::Mem(_)));
                1..1 + reads.count()
            }
            _ => 0..0,
        }
    }

    /// Element type stored or loaded through an array operand.
    pub fn element(array: Type) -> Option<Elem> {
        if let Type::MemRef { elem, .. } = array { Some(elem) } else { None }
    }
}

fn is_index(operands: &[Type], rank: u8) -> bool {
    operands.len() == usize::from(rank) && operands.iter().all(|t| *t == Type::I64)
}

fn skip_mems(operands: &[Type]) -> &[Type] {
    let mems = operands.iter().take_while(|t| matches!(t, Type::Mem(_))).count();
    &operands[mems..]
}
