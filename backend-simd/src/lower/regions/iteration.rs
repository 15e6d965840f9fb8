//! An iteration of a loop over arrays: counters, conditions, loads, stores and folds.

use super::{Lowerer, Result, Value};
use crate::lower::algebra::Algebra;
use crate::lower::loops::{self, Bound, Condition, FoldKind, MOST_OFFSET, Stream};
use crate::lower::refuse;
use rvsdg::{Cmp, Op, Scalar, Span, ValueId};
use vecmath::{Id, Lanes, Op as Lane};

/// Functions whose vector form has the bits of the scalar one.
pub(super) fn is_exact(f: rvsdg::MathFn) -> bool {
    use rvsdg::MathFn as M;
    matches!(
        f,
        M::Sqrt
            | M::Floor
            | M::Ceil
            | M::Trunc
            | M::Rint
            | M::Copysign
            | M::Isnan
            | M::Isinf
            | M::Isfinite
    )
}

/// Operations that only loops over arrays have.
impl Lowerer<'_> {
    /// The value of an operation on counters, folds, arrays and what is outside the loop; none for
    /// an operation on lanes.
    pub(super) fn loop_operation(
        &mut self,
        op: Op,
        operands: &[ValueId],
        values: &[Value],
        span: Span,
    ) -> Result<Option<Value>> {
        Ok(match (op, values) {
            (Op::Load, [_, array, indices @ ..]) => {
                let stream = Self::stream(array, indices, operands, span)?;
                let gathered = self.gathered.as_mut().expect("a loop gathers");
                let (input, new) = gathered.load(self.algebra, stream);
                let id =
                    new.unwrap_or_else(|| self.algebra.lanes().op(Lane::Input(input as u32), &[]));
                Some(Value::Float(id))
            }
            (Op::Store, [_, array, indices @ .., _]) => {
                if self.choices > 0 {
                    return Err(refuse("a store that not every iteration makes", span));
                }
                let stream = Self::stream(array, indices, operands, span)?;
                let value = self.float(operands[operands.len() - 1], span)?;
                let gathered = self.gathered.as_mut().expect("a loop gathers");
                gathered.store(stream, value);
                Some(Value::State)
            }
            (Op::Guard(_), [.., condition, value]) => {
                let required = match condition {
                    Value::Conditions(conditions) => conditions.clone(),
                    Value::Outside(condition) => vec![Condition::Holds(*condition)],
                    Value::Known(Scalar::Bool(true)) => Vec::new(),
                    _ => return Err(refuse("an operation that may raise", span)),
                };
                self.require(required);
                Some(value.clone())
            }
            (Op::IAdd | Op::ISub, [Value::Counter(k, offset), Value::Known(Scalar::I64(c))]) => {
                let c = if op == Op::ISub { c.wrapping_neg() } else { *c };
                Self::counter(*k, *offset, c, span).map(Some)?
            }
            (Op::IAdd, [Value::Known(Scalar::I64(c)), Value::Counter(k, offset)]) => {
                Self::counter(*k, *offset, *c, span).map(Some)?
            }
            (Op::ICmp(cmp), [Value::Counter(k, c), bound]) => {
                Some(Self::counter_compared(cmp, *k, *c, bound, span)?)
            }
            (Op::ICmp(cmp), [bound, Value::Counter(k, c)]) => {
                Some(Self::counter_compared(cmp.swapped(), *k, *c, bound, span)?)
            }
            (Op::BAnd, [a, b]) => Self::both(a, b),
            // A negative index counts from the end: taken to be none.
            (Op::Select, [Value::Conditions(conditions), _, otherwise]) => {
                let [Condition::Below { variable, offset, bound: Bound::Known(0) }] =
                    conditions[..]
                else {
                    return Err(refuse("a choice by the index", span));
                };
                let bound = Bound::Known(0);
                self.require(vec![Condition::AtLeast { variable, offset, bound }]);
                Some(otherwise.clone())
            }
            _ => self.fold_operation(op, operands, values, span)?,
        })
    }

    fn require(&mut self, conditions: Vec<Condition>) {
        let gathered = self.gathered.as_mut().expect("a loop gathers");
        for condition in conditions {
            if !gathered.required.contains(&condition) {
                gathered.required.push(condition);
            }
        }
    }

    fn counter(k: usize, offset: i64, by: i64, span: Span) -> Result<Value> {
        let sum = offset.checked_add(by).filter(|sum| sum.abs() < MOST_OFFSET);
        sum.map(|sum| Value::Counter(k, sum)).ok_or_else(|| refuse("a far element", span))
    }

    fn counter_compared(cmp: Cmp, k: usize, c: i64, bound: &Value, span: Span) -> Result<Value> {
        let bound = match bound {
            Value::Known(Scalar::I64(bound)) => Some(Bound::Known(*bound)),
            Value::Outside(bound) => Some(Bound::Value(*bound)),
            _ => None,
        };
        let conditions = bound.and_then(|bound| loops::compare(cmp, k, c, bound));
        conditions.map(Value::Conditions).ok_or_else(|| refuse("a choice by the index", span))
    }

    /// Both of two truth values that are the same in every lane.
    fn both(a: &Value, b: &Value) -> Option<Value> {
        let conditions = |value: &Value| match value {
            Value::Conditions(conditions) => Some(conditions.clone()),
            Value::Outside(value) => Some(vec![Condition::Holds(*value)]),
            Value::Known(Scalar::Bool(true)) => Some(Vec::new()),
            _ => None,
        };
        let (mut a, b) = (conditions(a)?, conditions(b)?);
        a.extend(b);
        Some(Value::Conditions(a))
    }

    fn stream(
        array: &Value,
        indices: &[Value],
        operands: &[ValueId],
        span: Span,
    ) -> Result<Stream> {
        let elsewhere = || refuse("an element at another place than the counter's", span);
        let Value::Outside(array) = array else { return Err(elsewhere()) };
        let (last, rows) = indices.split_last().ok_or_else(elsewhere)?;
        let Value::Counter(variable, offset) = *last else { return Err(elsewhere()) };
        let row = |(value, operand): (&Value, &ValueId)| match value {
            Value::Outside(row) => Ok(*row),
            // A constant is outside only if it is defined there.
            _ => Err(refuse(format!("a row that differs: {operand:?}"), span)),
        };
        let rows = rows.iter().zip(&operands[2..]).map(row).collect::<Result<Vec<ValueId>>>()?;
        Ok(Stream { array: *array, rows, variable, offset })
    }

    /// Operations on folded variables.
    fn fold_operation(
        &mut self,
        op: Op,
        operands: &[ValueId],
        values: &[Value],
        span: Span,
    ) -> Result<Option<Value>> {
        let more = |algebra: &mut Algebra, k: usize, old: &Partial, kind: FoldKind, new: Id| {
            let partial = match (old, kind) {
                (None, _) => Some(new),
                (Some((FoldKind::Sum, old)), FoldKind::Sum) => Some(algebra.add(*old, new)),
                _ => None,
            };
            let refused = || refuse("a variable that is folded in two ways", span);
            partial.map(|p| Value::Fold(k, Some((kind, p)))).ok_or_else(refused)
        };
        let number = |lowerer: &mut Self, at: usize| lowerer.float(operands[at], span);
        Ok(Some(match (op, values) {
            (Op::FAdd, [Value::Fold(k, old), _]) => {
                let new = number(self, 1)?;
                more(self.algebra, *k, old, FoldKind::Sum, new)?
            }
            (Op::FAdd, [_, Value::Fold(k, old)]) => {
                let new = number(self, 0)?;
                more(self.algebra, *k, old, FoldKind::Sum, new)?
            }
            (Op::FSub, [Value::Fold(k, old), _]) => {
                let new = number(self, 1)?;
                let new = self.algebra.lanes().neg(new);
                more(self.algebra, *k, old, FoldKind::Sum, new)?
            }
            // Python's min(a, b) is b if b < a, else a.
            (Op::FMin | Op::FMax, [Value::Fold(k, old), _]) => {
                let kind = if op == Op::FMin { FoldKind::Min } else { FoldKind::Max };
                let new = number(self, 1)?;
                more(self.algebra, *k, old, kind, new)?
            }
            (Op::FCmp(cmp), [Value::Fold(k, None), _]) => {
                Value::FoldCompared(*k, cmp, number(self, 1)?)
            }
            (Op::FCmp(cmp), [_, Value::Fold(k, None)]) => {
                Value::FoldCompared(*k, cmp.swapped(), number(self, 0)?)
            }
            (
                Op::Select,
                [Value::FoldCompared(k, cmp, new), Value::Float(yes), Value::Fold(j, None)],
            ) if k == j && new == yes => {
                let kind = match cmp {
                    Cmp::Lt => FoldKind::Max,
                    Cmp::Gt => FoldKind::Min,
                    _ => return Err(refuse("a fold by another comparison", span)),
                };
                more(self.algebra, *k, &None, kind, *new)?
            }
            _ => return Ok(None),
        }))
    }
}

/// What an iteration contributes to a fold so far.
type Partial = Option<(FoldKind, Id)>;
