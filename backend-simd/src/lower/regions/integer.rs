//! Integers that differ between lanes: what 64-bit lanes compute in a few operations.

use super::{Lowerer, Result, Value};
use crate::lower::refuse;
use rvsdg::{Cmp, Op, Scalar, Span, Type};
use vecmath::{Id, Lanes};

/// Sums and differences of shifted numbers that a product by a constant may take.
const MOST_TERMS: u32 = 3;

impl Lowerer<'_> {
    /// A value as a lane of its type.
    pub(super) fn lane(&mut self, value: &Value, ty: Type, span: Span) -> Result<Id> {
        match (value, ty) {
            (Value::Float(id), _) if ty == self.algebra.float_type() => Ok(*id),
            (Value::Known(Scalar::F64(x)), Type::F64) => Ok(self.algebra.constant(*x)),
            (Value::Known(Scalar::F32(x)), Type::F32) => Ok(self.algebra.constant(f64::from(*x))),
            (Value::Integer(id), Type::I64) => Ok(*id),
            (Value::Known(Scalar::I64(x)), Type::I64) if self.has_integers() => {
                Ok(self.integer(*x))
            }
            (_, Type::Bool) => self.mask(value, span),
            _ => Err(refuse("an integer that differs between elements", span)),
        }
    }

    /// Whether integers may differ between lanes.
    pub(super) fn has_integers(&self) -> bool {
        self.divergent && self.algebra.float_type() == Type::F64
    }

    fn integer(&mut self, value: i64) -> Id {
        self.algebra.lanes().bits(value.cast_unsigned())
    }

    /// An operation on integers of which one at least differs between lanes; none if it is another.
    pub(super) fn integer_operation(
        &mut self,
        op: Op,
        values: &[Value],
        span: Span,
    ) -> Result<Option<Value>> {
        if let (Op::Cast(Type::I64), [Value::Mask(mask)]) = (op, values) {
            let one = self.integer(1);
            return Ok(Some(Value::Integer(self.algebra.lanes().and(*mask, one))));
        }
        if op == Op::Select || !values.iter().any(|v| matches!(v, Value::Integer(_))) {
            return Ok(None);
        }
        let known = |value: Option<&Value>| match value {
            Some(Value::Known(Scalar::I64(x))) => Some(*x),
            _ => None,
        };
        let (left, right) = (known(values.first()), known(values.get(1)));
        let mut lanes = Vec::new();
        for value in values {
            lanes.push(self.lane(value, Type::I64, span)?);
        }
        let a = lanes[0];
        let b = lanes.get(1).copied().unwrap_or(a);
        if let Op::ICmp(cmp) = op {
            return Ok(Some(Value::Mask(self.integer_compare(cmp, a, b))));
        }
        let zero = self.integer(0);
        let l = self.algebra.lanes();
        let power = |by: Option<i64>| by.filter(|by| *by > 0 && by.count_ones() == 1);
        let count = |by: Option<i64>| by.filter(|by| (0..64).contains(by));
        let result = match op {
            Op::IAdd => Some(l.int_add(a, b)),
            Op::ISub => Some(l.int_sub(a, b)),
            Op::INeg => Some(l.int_sub(zero, a)),
            Op::IAnd => Some(l.and(a, b)),
            Op::IOr => Some(l.or(a, b)),
            Op::IXor => Some(l.xor(a, b)),
            Op::INot => {
                let ones = l.bits(u64::MAX);
                Some(l.xor(a, ones))
            }
            Op::IAbs => {
                let sign = l.int_gt(zero, a);
                let flipped = l.xor(a, sign);
                Some(l.int_sub(flipped, sign))
            }
            Op::IMin => {
                let less = l.int_gt(b, a);
                Some(l.select(less, a, b))
            }
            Op::IMax => {
                let greater = l.int_gt(a, b);
                Some(l.select(greater, a, b))
            }
            Op::IShl => count(right).map(|by| l.shl(a, by as u8)),
            Op::IShr => count(right).map(|by| self.shift_right(a, by as u8)),
            Op::IFloorDiv => power(right).map(|by| self.shift_right(a, by.trailing_zeros() as u8)),
            Op::IMod => power(right).map(|by| {
                let below = self.integer(by - 1);
                self.algebra.lanes().and(a, below)
            }),
            Op::IMul => match (left, right) {
                (Some(by), _) => self.times(b, by),
                (_, Some(by)) => self.times(a, by),
                _ => None,
            },
            _ => None,
        };
        let what = || refuse("an operation on integers that lanes do not have", span);
        result.map(|id| Some(Value::Integer(id))).ok_or_else(what)
    }

    fn integer_compare(&mut self, cmp: Cmp, a: Id, b: Id) -> Id {
        let ones = self.algebra.truth(true);
        let l = self.algebra.lanes();
        match cmp {
            Cmp::Eq => l.int_eq(a, b),
            Cmp::Gt => l.int_gt(a, b),
            Cmp::Lt => l.int_gt(b, a),
            Cmp::Ne => {
                let equal = l.int_eq(a, b);
                l.xor(equal, ones)
            }
            Cmp::Le => {
                let greater = l.int_gt(a, b);
                l.xor(greater, ones)
            }
            Cmp::Ge => {
                let less = l.int_gt(b, a);
                l.xor(less, ones)
            }
        }
    }

    /// An arithmetic shift: that of the bits, the sign spread.
    fn shift_right(&mut self, a: Id, count: u8) -> Id {
        if count == 0 {
            return a;
        }
        let l = self.algebra.lanes();
        let shifted = l.shr(a, count);
        let sign = l.bits(1 << (63 - count));
        let flipped = l.xor(shifted, sign);
        l.int_sub(flipped, sign)
    }

    /// A product by a constant of few bits, or of few bits less a power of two.
    fn times(&mut self, a: Id, by: i64) -> Option<Id> {
        let magnitude = by.unsigned_abs();
        if magnitude.count_ones() > MOST_TERMS {
            return None;
        }
        let l = self.algebra.lanes();
        let zero = l.bits(0);
        let mut sum = None;
        for bit in (0..64).filter(|bit| magnitude >> bit & 1 == 1) {
            let term = if bit == 0 { a } else { l.shl(a, bit) };
            sum = Some(sum.map_or(term, |sum| l.int_add(sum, term)));
        }
        let product = sum.unwrap_or(zero);
        Some(if by < 0 { l.int_sub(zero, product) } else { product })
    }
}
