//! Integer division, power and shifts.
//!
//! The hardware traps where the language wraps (the most negative number by -1) and where the
//! graph promises not to go (a zero divisor), so divisors -1 and 0 are replaced before dividing.

use super::{Lowered, Lowerer};
use crate::runtime::{Import, Width};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{BlockArg, InstBuilder, Value, types};
use rvsdg::Node;

/// Powers with a constant exponent up to this one are multiplied out.
const MAX_INLINE_EXPONENT: i64 = 64;

impl Lowerer<'_> {
    pub(super) fn int_floor_div(&mut self, node: &Node) -> Lowered<Value> {
        let (a, d) = self.pair(node)?;
        let ty = self.type_of(a);
        match self.constant_right(node) {
            Some(1) => return Ok(a),
            Some(-1) => return Ok(self.b.ins().ineg(a)),
            Some(c) if c > 0 && c.count_ones() == 1 => {
                let count = self.int(ty, i64::from(c.trailing_zeros()));
                return Ok(self.b.ins().sshr(a, count));
            }
            Some(c) if c != 0 => {
                let (q, r) = self.truncated(a, d);
                let step = self.step(r, d);
                let step = self.b.ins().uextend(ty, step);
                return Ok(self.b.ins().isub(q, step));
            }
            _ => {}
        }
        let safe = self.safe_divisor(d);
        let (q, r) = self.truncated(a, safe);
        let step = self.step(r, d);
        let step = self.b.ins().uextend(ty, step);
        let q = self.b.ins().isub(q, step);
        let minus_one = self.int(ty, -1);
        let negate = self.b.ins().icmp(IntCC::Equal, d, minus_one);
        let negated = self.b.ins().ineg(a);
        Ok(self.b.ins().select(negate, negated, q))
    }

    pub(super) fn int_mod(&mut self, node: &Node) -> Lowered<Value> {
        let (a, d) = self.pair(node)?;
        let ty = self.type_of(a);
        let divisor = match self.constant_right(node) {
            Some(1 | -1) => return Ok(self.int(ty, 0)),
            Some(c) if c > 0 && c.count_ones() == 1 => {
                let mask = self.int(ty, c - 1);
                return Ok(self.b.ins().band(a, mask));
            }
            Some(c) if c != 0 => d,
            _ => self.safe_divisor(d),
        };
        let (_, r) = self.truncated(a, divisor);
        let step = self.step(r, d);
        let shifted = self.b.ins().iadd(r, d);
        Ok(self.b.ins().select(step, shifted, r))
    }

    /// `d`, or 1 for -1 and 0.
    fn safe_divisor(&mut self, d: Value) -> Value {
        let ty = self.type_of(d);
        let one = self.int(ty, 1);
        let two = self.int(ty, 2);
        let above = self.b.ins().iadd(d, one);
        let unsafe_ = self.b.ins().icmp(IntCC::UnsignedLessThan, above, two);
        self.b.ins().select(unsafe_, one, d)
    }

    /// Quotient rounded towards zero, and the remainder to it.
    fn truncated(&mut self, a: Value, d: Value) -> (Value, Value) {
        let q = self.b.ins().sdiv(a, d);
        let back = self.b.ins().imul(q, d);
        (q, self.b.ins().isub(a, back))
    }

    /// Whether rounding down differs from rounding towards zero: the remainder is not 0 and has
    /// another sign than the divisor.
    fn step(&mut self, r: Value, d: Value) -> Value {
        let ty = self.type_of(r);
        let zero = self.int(ty, 0);
        let inexact = self.b.ins().icmp(IntCC::NotEqual, r, zero);
        let mixed = self.b.ins().bxor(r, d);
        let opposite = self.b.ins().icmp(IntCC::SignedLessThan, mixed, zero);
        self.b.ins().band(inexact, opposite)
    }

    pub(super) fn int_pow(&mut self, node: &Node) -> Lowered<Value> {
        let (base, exponent) = self.pair(node)?;
        let ty = self.type_of(base);
        match self.constant_right(node) {
            Some(n) if n < 0 => return Ok(self.int(ty, 0)),
            Some(n) if n <= MAX_INLINE_EXPONENT => return Ok(self.multiply_out(base, n)),
            _ => {}
        }
        // Wrapping to 32 bits commutes with multiplication.
        let narrow = ty == types::I32;
        let wide = |this: &mut Self, v| {
            if narrow { this.b.ins().sextend(types::I64, v) } else { v }
        };
        let args = [wide(self, base), wide(self, exponent)];
        let power = self.call(Import::IntPow, &args)?;
        Ok(if narrow { self.b.ins().ireduce(types::I32, power) } else { power })
    }

    /// `base` to the power of a non-negative constant, by squaring.
    fn multiply_out(&mut self, base: Value, mut exponent: i64) -> Value {
        let mut product = None;
        let mut square = base;
        while exponent > 0 {
            if exponent & 1 == 1 {
                product = Some(match product {
                    None => square,
                    Some(product) => self.b.ins().imul(product, square),
                });
            }
            exponent >>= 1;
            if exponent > 0 {
                square = self.b.ins().imul(square, square);
            }
        }
        let ty = self.type_of(base);
        product.unwrap_or_else(|| self.int(ty, 1))
    }

    pub(super) fn shift_left(&mut self, node: &Node) -> Lowered<Value> {
        let (a, count) = self.pair(node)?;
        let ty = self.type_of(a);
        let width = i64::from(ty.bits());
        let shifted = self.b.ins().ishl(a, count);
        if matches!(self.constant_right(node), Some(n) if (0..width).contains(&n)) {
            return Ok(shifted);
        }
        let width = self.int(ty, width);
        let zero = self.int(ty, 0);
        let inside = self.b.ins().icmp(IntCC::UnsignedLessThan, count, width);
        Ok(self.b.ins().select(inside, shifted, zero))
    }

    pub(super) fn shift_right(&mut self, node: &Node) -> Lowered<Value> {
        let (a, count) = self.pair(node)?;
        let ty = self.type_of(a);
        let width = i64::from(ty.bits());
        if matches!(self.constant_right(node), Some(n) if (0..width).contains(&n)) {
            return Ok(self.b.ins().sshr(a, count));
        }
        let most = self.int(ty, width - 1);
        let zero = self.int(ty, 0);
        let inside = self.b.ins().icmp(IntCC::UnsignedLessThan, count, most);
        let clamped = self.b.ins().select(inside, count, most);
        let shifted = self.b.ins().sshr(a, clamped);
        let negative = self.b.ins().icmp(IntCC::SignedLessThan, count, zero);
        Ok(self.b.ins().select(negative, zero, shifted))
    }

    pub(super) fn true_div(&mut self, node: &Node) -> Lowered<Value> {
        let (a, b) = self.pair(node)?;
        let x = self.b.ins().fcvt_from_sint(types::F64, a);
        let y = self.b.ins().fcvt_from_sint(types::F64, b);
        let quotient = self.b.ins().fdiv(x, y);
        if self.type_of(a) == types::I32 {
            return Ok(quotient);
        }
        // Both conversions are exact up to 2^53.
        let small_a = self.exact_as_f64(a);
        let small_b = self.exact_as_f64(b);
        let exact = self.b.ins().band(small_a, small_b);
        let slow = self.b.create_block();
        self.b.set_cold_block(slow);
        let merge = self.b.create_block();
        let result = self.b.append_block_param(merge, types::F64);
        self.b.ins().brif(exact, merge, &[BlockArg::from(quotient)], slow, &[]);
        self.b.seal_block(slow);
        self.b.switch_to_block(slow);
        let rounded = self.call(Import::TrueDiv, &[a, b])?;
        self.b.ins().jump(merge, &[BlockArg::from(rounded)]);
        self.b.seal_block(merge);
        self.b.switch_to_block(merge);
        Ok(result)
    }

    fn exact_as_f64(&mut self, a: Value) -> Value {
        let shift = self.int(types::I64, 1 << 53);
        let range = self.int(types::I64, 1 << 54);
        let moved = self.b.ins().iadd(a, shift);
        self.b.ins().icmp(IntCC::UnsignedLessThanOrEqual, moved, range)
    }

    pub(super) fn width_of(&self, value: Value) -> Width {
        if self.type_of(value) == types::F32 { Width::F32 } else { Width::F64 }
    }
}
