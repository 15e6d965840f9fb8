//! Widths of numbers: a number made of literals takes the width of what it meets.
//!
//! The rule is NumPy's since version 2: a Python number is *weak*. `2.0 / math.pi` is weak, as is a
//! loop's counter; an `f32` stays an `f32` beside them. A weak variable that a branch or a loop
//! joins with a narrower number of its kind is narrowed before.

use super::value::{Binding, Val};
use super::{Failure, Guess, GuessKey, Lower, Res};
use crate::desugar::TOTAL;
use rvsdg::{Const, Op, RegionId, Span, Type, ValueId};

impl Lower<'_, '_> {
    /// Whether a number takes the width of what it meets.
    pub(super) fn is_weak(&self, value: ValueId) -> bool {
        self.weak.contains(&value)
            || matches!(self.f.as_const(value), Some(Const::I64(_) | Const::F64(_)))
    }

    /// Marks a result as weak if all its operands are.
    pub(super) fn weak_if(&mut self, result: ValueId, operands: &[ValueId]) -> ValueId {
        let wide = matches!(self.f.ty(result), Type::I64 | Type::F64);
        if wide && operands.iter().all(|operand| self.is_weak(*operand)) {
            self.weak.insert(result);
        }
        result
    }

    /// Whether an integer is known not to be negative.
    pub(super) fn is_natural(&self, value: ValueId) -> bool {
        let known = self.f.as_const(value).and_then(Const::as_i64);
        known.map_or_else(|| self.natural.contains(&value), |known| known >= 0)
    }

    /// The width that a weak number of type `from` takes beside `to`, if it is narrower.
    fn narrower(from: Type, to: Type) -> bool {
        matches!((from, to), (Type::F64, Type::F32) | (Type::I64, Type::I32))
    }

    /// Two values that meet after two regions, weak numbers narrowed in their region where the
    /// other one is narrower.
    pub(super) fn unify_in(&mut self, regions: [RegionId; 2], a: &Val, b: &Val) -> (Val, Val) {
        match (a, b) {
            (Val::Scalar(x), Val::Scalar(y)) => {
                let (tx, ty) = (self.f.ty(*x), self.f.ty(*y));
                if Self::narrower(tx, ty) && self.is_weak(*x) {
                    (Val::Scalar(self.narrow(regions[0], *x, ty)), b.clone())
                } else if Self::narrower(ty, tx) && self.is_weak(*y) {
                    (a.clone(), Val::Scalar(self.narrow(regions[1], *y, tx)))
                } else {
                    (a.clone(), b.clone())
                }
            }
            (Val::Tuple(x), Val::Tuple(y)) if x.len() == y.len() => {
                let pairs = x.iter().zip(y).map(|(x, y)| self.unify_in(regions, x, y));
                let (x, y): (Vec<Val>, Vec<Val>) = pairs.unzip();
                (Val::Tuple(x), Val::Tuple(y))
            }
            _ => (a.clone(), b.clone()),
        }
    }

    fn narrow(&mut self, region: RegionId, value: ValueId, ty: Type) -> ValueId {
        let constant = match (self.f.as_const(value), ty) {
            (Some(Const::F64(bits)), Type::F32) => Some(Const::f32(f64::from_bits(bits) as f32)),
            (Some(Const::I64(known)), Type::I32) => i32::try_from(known).ok().map(Const::I32),
            _ => None,
        };
        match constant {
            Some(constant) => self.f.constant(region, constant, Span::NONE),
            None => self.f.simple(region, Op::Cast(ty), &[value], Span::NONE),
        }
    }

    /// Names a variable of a loop for guesses that outlive a retry.
    pub(super) fn guess_key(&self, span: Span, var: usize) -> GuessKey {
        (self.calls.iter().map(|(site, _)| *site).collect(), span.start, var)
    }

    /// What a variable is before a loop: if it is weak and an earlier try saw the loop narrow it,
    /// narrowed. With it the key and type to look at when the loop's body is known.
    pub(super) fn follow_width(
        &mut self,
        var: usize,
        span: Span,
    ) -> (Binding, Option<(GuessKey, Type)>) {
        let binding = self.vars[var].clone();
        let Binding::Bound { val: Val::Scalar(value), span: assigned } = binding else {
            return (binding, None);
        };
        let from = self.f.ty(value);
        if !self.is_weak(value) || !matches!(from, Type::F64 | Type::I64) {
            return (binding, None);
        }
        let key = self.guess_key(span, var);
        match self.guesses.get(&key) {
            Some(guess) => {
                let value = self.cast(value, guess.ty, assigned);
                (Binding::Bound { val: Val::Scalar(value), span: assigned }, None)
            }
            None => (binding, Some((key, from))),
        }
    }

    /// Starts again if the loop made a weak variable narrower, or made it one of fixed width, or
    /// made what a reduction accumulates a float.
    pub(super) fn settle_width(
        &mut self,
        var: usize,
        key: &GuessKey,
        from: Type,
        end: ValueId,
    ) -> Res<()> {
        let ty = self.f.ty(end);
        let total = self.frame.locals.name(var) == TOTAL && ty.is_float();
        // A variable that is weak before the loop and wide for good after an iteration is no
        // Python number inside.
        let hardened = ty == from && !self.is_weak(end) && self.weak_mattered.get();
        if Self::narrower(from, ty) || hardened || total && from == Type::I64 {
            self.guesses.insert(key.clone(), Guess { ty, confirmed: true });
            return Err(Failure::Retry);
        }
        Ok(())
    }

    /// Gives what a reduction accumulates the type that an earlier try saw a loop give it, so that
    /// it has that type too where the loop does not run.
    pub(super) fn begin_total(&mut self, span: Span) {
        let Some(var) = self.frame.locals.number(TOTAL) else { return };
        let (binding, _) = self.follow_width(var, span);
        self.vars[var] = binding;
    }

    /// Starts again if what a reduction accumulates has two types at the end of an iteration, one
    /// of them from before the loop: the next type is tried there.
    pub(super) fn widen_total(&mut self, var: usize, span: Span) -> Res<()> {
        if self.frame.locals.name(var) != TOTAL {
            return Ok(());
        }
        let key = self.guess_key(span, var);
        let ty = match self.guesses.get(&key) {
            None => Type::F64,
            Some(Guess { ty: Type::F64, .. }) => Type::F32,
            Some(_) => return Ok(()),
        };
        self.guesses.insert(key, Guess { ty, confirmed: true });
        Err(Failure::Retry)
    }
}
