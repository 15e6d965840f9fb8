//! Arithmetic: promotion of operands, and operators with Python's exceptions.
//!
//! Operands are promoted as Python does: `bool` is an integer, an integer meets a float as a
//! float. The 32-bit types follow NumPy: a literal takes the other operand's width, `i32` with
//! `i64` is `i64`, `f32` with `f64` or with any integer variable is `f64`.

use super::{Lower, Res};
use crate::diagnostic::{Diagnostic, codes};
use ruff_python_ast::Operator;
use rvsdg::{Cmp, Const, ExcKind, MathFn, Op, Span, Type, ValueId};

/// The messages for a zero divisor: of integers, of floats.
type Messages = [&'static str; 2];
const TRUE_DIVISION: Messages = ["division by zero", "float division by zero"];
const FLOOR_DIVISION: Messages =
    ["integer division or modulo by zero", "float floor division by zero"];
const MODULO: Messages = ["integer modulo by zero", "float modulo"];
/// The messages of `divmod`.
pub(super) const DIVMOD: Messages = ["integer division or modulo by zero", "float divmod()"];

impl Lower<'_, '_> {
    /// Zero of a number type.
    pub(super) fn zero(&mut self, ty: Type, span: Span) -> ValueId {
        let constant = match ty {
            Type::F32 => Const::f32(0.0),
            Type::F64 => Const::f64(0.0),
            Type::I32 => Const::I32(0),
            Type::Bool => Const::Bool(false),
            _ => Const::I64(0),
        };
        self.constant(constant, span)
    }

    /// A conversion between numbers; constants are converted at once.
    pub(super) fn cast(&mut self, value: ValueId, ty: Type, span: Span) -> ValueId {
        if self.f.ty(value) == ty {
            return value;
        }
        let known = match (self.f.as_const(value), ty) {
            (Some(Const::I64(known)), Type::F64) => Some(Const::f64(known as f64)),
            (Some(Const::I64(known)), Type::F32) => Some(Const::f32(known as f32)),
            (Some(Const::I64(known)), Type::I32) => i32::try_from(known).ok().map(Const::I32),
            (Some(Const::F64(bits)), Type::F32) => Some(Const::f32(f64::from_bits(bits) as f32)),
            (Some(Const::Bool(known)), Type::I64) => Some(Const::I64(i64::from(known))),
            (Some(Const::Bool(known)), Type::F64) => {
                Some(Const::f64(if known { 1.0 } else { 0.0 }))
            }
            _ => None,
        };
        match known {
            Some(constant) => self.constant(constant, span),
            None => self.op(Op::Cast(ty), &[value], span),
        }
    }

    /// The type in which two numbers meet.
    pub(super) fn common(&self, a: ValueId, b: ValueId) -> Type {
        let number = |value| match self.f.ty(value) {
            Type::Bool => Type::I64,
            ty => ty,
        };
        let (ta, tb) = (number(a), number(b));
        if ta == tb {
            return ta;
        }
        for (value, ty) in [(a, tb), (b, ta)] {
            match (self.f.as_const(value), ty) {
                (Some(Const::I64(known)), Type::I32) if i32::try_from(known).is_ok() => {
                    return Type::I32;
                }
                (Some(Const::I64(_)), Type::I32) => {}
                (_, Type::I32) if self.is_weak(value) && number(value) == Type::I64 => {
                    self.weak_mattered.set(true);
                    return Type::I32;
                }
                (_, Type::F32) if self.is_weak(value) => {
                    self.weak_mattered.set(true);
                    return Type::F32;
                }
                _ => {}
            }
        }
        if ta.is_int() && tb.is_int() { Type::I64 } else { Type::F64 }
    }

    /// A binary operator on numbers.
    pub(super) fn binary(
        &mut self,
        op: Operator,
        operands: [ValueId; 2],
        spans: [Span; 2],
        span: Span,
    ) -> Res<ValueId> {
        let result = self.operate(op, operands, spans, span)?;
        Ok(self.weak_if(result, &operands))
    }

    fn operate(
        &mut self,
        op: Operator,
        [a, b]: [ValueId; 2],
        spans: [Span; 2],
        span: Span,
    ) -> Res<ValueId> {
        match op {
            Operator::Pow => return self.power([a, b], spans, span),
            Operator::MatMult => {
                let message = "`@` is not supported";
                return Err(Diagnostic::at(codes::EXPRESSION, span, message)
                    .hint("write the product as loops")
                    .into());
            }
            Operator::BitAnd | Operator::BitOr | Operator::BitXor => {
                return self.bitwise(op, [a, b], spans, span);
            }
            Operator::LShift | Operator::RShift => return self.shift(op, [a, b], spans, span),
            _ => {}
        }
        let ty = self.common(a, b);
        let (a, b) = (self.cast(a, ty, spans[0]), self.cast(b, ty, spans[1]));
        let float = ty.is_float();
        let simple = match (op, float) {
            (Operator::Add, false) => Op::IAdd,
            (Operator::Add, true) => Op::FAdd,
            (Operator::Sub, false) => Op::ISub,
            (Operator::Sub, true) => Op::FSub,
            (Operator::Mult, false) => Op::IMul,
            (Operator::Mult, true) => Op::FMul,
            (Operator::Div, false) => {
                return Ok(self.divide(Op::ITrueDiv, a, b, TRUE_DIVISION, span));
            }
            (Operator::Div, true) => return Ok(self.divide(Op::FDiv, a, b, TRUE_DIVISION, span)),
            (Operator::FloorDiv, false) => {
                return Ok(self.divide(Op::IFloorDiv, a, b, FLOOR_DIVISION, span));
            }
            (Operator::FloorDiv, true) => {
                return Ok(self.divide(Op::FFloorDiv, a, b, FLOOR_DIVISION, span));
            }
            (Operator::Mod, false) => return Ok(self.divide(Op::IMod, a, b, MODULO, span)),
            (Operator::Mod, true) => return Ok(self.divide(Op::FMod, a, b, MODULO, span)),
            (other, _) => unreachable!("{other:?} is handled above"),
        };
        Ok(self.op(simple, &[a, b], span))
    }

    /// A division of operands of one type. Strict: a zero divisor raises. Fast: floats are IEEE,
    /// an integer quotient or remainder by zero is 0.
    pub(super) fn divide(
        &mut self,
        op: Op,
        a: ValueId,
        b: ValueId,
        messages: Messages,
        span: Span,
    ) -> ValueId {
        let b = if self.is_fast() { b } else { self.nonzero(b, messages, span) };
        if !self.is_fast() || !op.is_partial() || self.is_known_nonzero(b) {
            return self.op(op, &[a, b], span);
        }
        self.divide_or_zero(op, a, b, span)
    }

    /// An integer quotient or remainder; 0 for a zero divisor.
    pub(super) fn divide_or_zero(&mut self, op: Op, a: ValueId, b: ValueId, span: Span) -> ValueId {
        let ty = self.f.ty(b);
        let zero = self.zero(ty, span);
        let one = if ty == Type::I32 { Const::I32(1) } else { Const::I64(1) };
        let one = self.constant(one, span);
        let is_zero = self.op(Op::ICmp(Cmp::Eq), &[b, zero], span);
        let divisor = self.op(Op::Select, &[is_zero, one, b], span);
        let result = self.op(op, &[a, divisor], span);
        self.op(Op::Select, &[is_zero, zero, result], span)
    }

    /// The divisor, checked not to be zero.
    pub(super) fn nonzero(&mut self, b: ValueId, messages: Messages, span: Span) -> ValueId {
        if self.is_known_nonzero(b) {
            return b;
        }
        let ty = self.f.ty(b);
        let zero = self.zero(ty, span);
        let op = if ty.is_float() { Op::FCmp(Cmp::Ne) } else { Op::ICmp(Cmp::Ne) };
        let nonzero = self.op(op, &[b, zero], span);
        let message = messages[usize::from(ty.is_float())];
        self.guard(nonzero, b, ExcKind::ZeroDivisionError, message, span)
    }

    fn is_known_nonzero(&self, value: ValueId) -> bool {
        match self.f.as_const(value) {
            Some(Const::F64(bits)) => f64::from_bits(bits) != 0.0,
            Some(Const::F32(bits)) => f32::from_bits(bits) != 0.0,
            Some(constant) => constant.as_i64().is_some_and(|known| known != 0),
            None => false,
        }
    }

    fn bitwise(
        &mut self,
        op: Operator,
        [a, b]: [ValueId; 2],
        spans: [Span; 2],
        span: Span,
    ) -> Res<ValueId> {
        let (ints, bools) = match op {
            Operator::BitAnd => (Op::IAnd, Op::BAnd),
            Operator::BitOr => (Op::IOr, Op::BOr),
            _ => (Op::IXor, Op::BXor),
        };
        if self.f.ty(a) == Type::Bool && self.f.ty(b) == Type::Bool {
            return Ok(self.op(bools, &[a, b], span));
        }
        let [a, b] = self.integers(op, [a, b], spans)?;
        Ok(self.op(ints, &[a, b], span))
    }

    fn shift(
        &mut self,
        op: Operator,
        operands: [ValueId; 2],
        spans: [Span; 2],
        span: Span,
    ) -> Res<ValueId> {
        let [a, mut b] = self.integers(op, operands, spans)?;
        let known = self.f.as_const(b).and_then(Const::as_i64).is_some_and(|count| count >= 0);
        if !self.is_fast() && !known {
            let zero = self.zero(self.f.ty(b), span);
            let fine = self.op(Op::ICmp(Cmp::Ge), &[b, zero], span);
            b = self.guard(fine, b, ExcKind::ValueError, "negative shift count", span);
        }
        let op = if op == Operator::LShift { Op::IShl } else { Op::IShr };
        Ok(self.op(op, &[a, b], span))
    }

    /// Both operands as integers of one width.
    fn integers(
        &mut self,
        op: Operator,
        [a, b]: [ValueId; 2],
        spans: [Span; 2],
    ) -> Res<[ValueId; 2]> {
        for (value, span) in [(a, spans[0]), (b, spans[1])] {
            if self.f.ty(value).is_float() {
                let message = format!("`{}` needs integers, but this is a float", op.as_str());
                return Err(Diagnostic::at(codes::OPERAND, span, message)
                    .hint("convert with int(…)")
                    .into());
            }
        }
        let ty = self.common(a, b);
        Ok([self.cast(a, ty, spans[0]), self.cast(b, ty, spans[1])])
    }

    /// `**`: an integer power for a constant exponent that is not negative, else of floats.
    pub(super) fn power(
        &mut self,
        [a, b]: [ValueId; 2],
        spans: [Span; 2],
        span: Span,
    ) -> Res<ValueId> {
        let integers = !self.f.ty(a).is_float() && !self.f.ty(b).is_float();
        if integers {
            let exponent = match self.f.as_const(b) {
                Some(Const::Bool(known)) => Some(i64::from(known)),
                Some(constant) => constant.as_i64(),
                None => None,
            };
            match exponent {
                Some(0..) => {
                    let ty = self.common(a, b);
                    let (a, b) = (self.cast(a, ty, spans[0]), self.cast(b, ty, spans[1]));
                    return Ok(self.op(Op::IPow, &[a, b], span));
                }
                Some(_) => {}
                None if self.is_natural(b) || self.f.ty(b) == Type::Bool => {
                    let ty = self.common(a, b);
                    let (a, b) = (self.cast(a, ty, spans[0]), self.cast(b, ty, spans[1]));
                    return Ok(self.op(Op::IPow, &[a, b], span));
                }
                None => {
                    let message = "the exponent of an integer power must be a constant";
                    return Err(Diagnostic::at(codes::POWER, spans[1], message)
                        .hint(
                            "Python's result is an int or a float depending on the exponent's \
                             sign; write float(x) ** n for a float",
                        )
                        .into());
                }
            }
        }
        let ty = if integers { Type::F64 } else { self.common(a, b) };
        let (a, b) = (self.cast(a, ty, spans[0]), self.cast(b, ty, spans[1]));
        Ok(self.math_op(MathFn::Pow, &[a, b], span))
    }

    /// A function of floats: with Python's exceptions, or pure in fast semantics.
    pub(super) fn math_op(&mut self, function: MathFn, args: &[ValueId], span: Span) -> ValueId {
        if self.is_fast() {
            self.op(Op::Math(function), args, span)
        } else {
            self.effect(Op::Call(function), args, span)
        }
    }
}
