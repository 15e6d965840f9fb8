//! Exceptions in strict lowering: which lanes raise, and functions with the scalar one's bits.

use super::{Lowerer, Result, Value, iteration};
use crate::lower::{Exceptions, refuse};
use rvsdg::{Cmp, MathFn, Scalar, Span, Type, ValueId};
use vecmath::{Id, Lanes};

impl Lowerer<'_> {
    /// Whether a function's vector form may stand for it.
    pub(super) fn has_bits_of(&self, f: MathFn) -> bool {
        let other_bits = self.gathered.is_none() && self.options.exceptions != Exceptions::Masked;
        other_bits || self.options.fast_math || iteration::is_exact(f)
    }

    /// The value of a guard; the lanes where its condition fails raise.
    pub(super) fn guarded(&mut self, values: &[Value], span: Span) -> Result<Value> {
        let [.., condition, value] = values else {
            return Err(refuse("a guard without a condition", span));
        };
        if !matches!(condition, Value::Known(Scalar::Bool(true))) {
            let holds = self.mask(condition, span)?;
            let ones = self.algebra.truth(true);
            let fails = self.algebra.lanes().and_not(holds, ones);
            self.raises(fails, span)?;
        }
        Ok(value.clone())
    }

    /// A function of Python's `math`: it raises where numbers give none, or one that is too large.
    /// Lanes with the largest results are told of as well: which of them raise depends on the last
    /// bit.
    pub(super) fn raising_call(
        &mut self,
        f: MathFn,
        args: &[ValueId],
        span: Span,
    ) -> Result<Value> {
        if !self.has_bits_of(f) {
            return Err(refuse(format!("{}, whose bits would differ", f.name()), span));
        }
        let result = self.math_call(f, args, span)?;
        let Value::Float(y) = result else { return Ok(result) };
        let large = if self.algebra.float_type() == Type::F64 { 1.79e308 } else { 3.4e38 };
        let large = self.algebra.constant(large);
        let magnitude = self.algebra.lanes().abs(y);
        let mut fails = self.compare(Cmp::Lt, magnitude, large);
        let ones = self.algebra.truth(true);
        fails = self.algebra.lanes().and_not(fails, ones);
        // A NaN gives NaN, but no integer.
        let to_integer = matches!(f, MathFn::Floor | MathFn::Ceil | MathFn::Trunc);
        for arg in args.iter().filter(|_| !to_integer) {
            let x = self.float(*arg, span)?;
            let number = self.compare(Cmp::Eq, x, x);
            fails = self.algebra.lanes().and(fails, number);
        }
        self.raises(fails, span)?;
        Ok(result)
    }

    /// Notes lanes that raise, where the walk is.
    fn raises(&mut self, lanes: Id, span: Span) -> Result<()> {
        if self.iteration.is_some() {
            return Err(refuse("an exception in or after a loop of the element's own", span));
        }
        let l = self.algebra.lanes();
        let lanes = self.path.map_or(lanes, |path| l.and(path, lanes));
        self.raising = Some(self.raising.map_or(lanes, |others| l.or(others, lanes)));
        Ok(())
    }
}
