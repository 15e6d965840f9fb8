//! Tuples whose items have one type: loops over them, positions known only at run time, membership.

use super::value::Val;
use super::{Lower, Res};
use crate::diagnostic::{Diagnostic, codes};
use crate::types::span_of;
use ruff_python_ast::{CmpOp, Expr, ExprCompare, ExprSlice};
use rvsdg::{Cmp, Const, Op, Span, ValueId};

impl<'a> Lower<'a, '_> {
    /// Whether all items have one type.
    pub(super) fn is_uniform(&self, items: &[Val]) -> bool {
        items.windows(2).all(|pair| pair[0].fits(&pair[1], &self.f))
    }

    /// Refuses a tuple whose items differ in type, where one is chosen at run time.
    pub(super) fn require_uniform(&self, items: &[Val], span: Span) -> Res<()> {
        let Some(pair) = items.windows(2).find(|pair| !pair[0].fits(&pair[1], &self.f)) else {
            return Ok(());
        };
        let [one, other] = [&pair[0], &pair[1]].map(|val| val.describe(&self.f));
        let message = format!("`for` needs items of one type, but these are {one} and {other}");
        Err(Diagnostic::at(codes::CONFLICT, span, message)
            .hint("write them alike, for example `0.0` beside `0.5`")
            .into())
    }

    /// The item at a position within the tuple, whose items have one type.
    pub(super) fn pick(&mut self, items: &[Val], at: ValueId, span: Span) -> Val {
        let known = self.f.as_const(at).and_then(Const::as_i64);
        if let Some(item) = known.and_then(|at| items.get(usize::try_from(at).ok()?)) {
            return item.clone();
        }
        let Some((last, rest)) = items.split_last() else { return Val::Tuple(Vec::new()) };
        let mut chosen = last.scalars();
        for (number, item) in rest.iter().enumerate().rev() {
            let scalars = item.scalars();
            if scalars == chosen {
                continue;
            }
            let number = self.constant(Const::I64(number as i64), span);
            let here = self.op(Op::ICmp(Cmp::Eq), &[at, number], span);
            for (chosen, scalar) in chosen.iter_mut().zip(scalars) {
                let natural = self.is_natural(*chosen) && self.is_natural(scalar);
                let result = self.op(Op::Select, &[here, scalar, *chosen], span);
                *chosen = self.weak_if(result, &[scalar, *chosen]);
                if natural {
                    self.natural.insert(result);
                }
            }
        }
        let mut chosen = chosen.into_iter();
        last.map(&mut |_| chosen.next().expect("items of one type have as many scalars"))
    }

    /// A slice of a tuple, with constant bounds.
    pub(super) fn tuple_slice(&mut self, items: &[Val], slice: &'a ExprSlice) -> Res<Val> {
        let len = items.len() as i64;
        let step = self.tuple_bound(slice.step.as_deref())?.unwrap_or(1);
        if step == 0 {
            let at = slice.step.as_deref().map_or(Span::NONE, span_of);
            let message = "the step of a slice cannot be zero";
            return Err(Diagnostic::at(codes::SUBSCRIPT, at, message)
                .hint("leave the step out, or write 1")
                .into());
        }
        let (least, most) = if step > 0 { (0, len) } else { (-1, len - 1) };
        let (first, last) = if step > 0 { (least, most) } else { (most, least) };
        let within = |bound: i64| {
            let bound = if bound < 0 { bound.saturating_add(len) } else { bound };
            bound.clamp(least, most)
        };
        let mut at = self.tuple_bound(slice.lower.as_deref())?.map_or(first, within);
        let end = self.tuple_bound(slice.upper.as_deref())?.map_or(last, within);
        let mut taken = Vec::new();
        while if step > 0 { at < end } else { at > end } {
            taken.extend(usize::try_from(at).ok().and_then(|at| items.get(at)).cloned());
            at = at.saturating_add(step);
        }
        Ok(Val::Tuple(taken))
    }

    fn tuple_bound(&mut self, bound: Option<&'a Expr>) -> Res<Option<i64>> {
        let Some(bound) = bound else { return Ok(None) };
        let value = self.index_number(bound, "a bound of a slice")?;
        let known = self.f.as_const(value).and_then(Const::as_i64);
        known.map(Some).ok_or_else(|| {
            let message = "the bounds of a slice of a tuple must be constants";
            Diagnostic::at(codes::SUBSCRIPT, span_of(bound), message)
                .hint("index single items, or use an array")
                .into()
        })
    }

    /// `x in items` and `x not in items` of a tuple or an array.
    pub(super) fn membership(&mut self, compare: &'a ExprCompare) -> Res<ValueId> {
        let span = span_of(compare);
        let x = self.number(&compare.left)?;
        let right = &compare.comparators[0];
        let items = self.expr(right)?;
        let spans = [span_of(&*compare.left), span_of(right)];
        let found = match &items {
            Val::Tuple(items) => {
                let mut found = self.constant(Const::Bool(false), span);
                for (at, item) in items.iter().enumerate() {
                    let item = self.scalar_of(item, spans[1])?;
                    // What is the same object is equal, even if it is not a number.
                    let equal = if item == x {
                        self.constant(Const::Bool(true), span)
                    } else {
                        self.compare_numbers(CmpOp::Eq, [x, item], spans, span)
                    };
                    found = if at == 0 { equal } else { self.op(Op::BOr, &[found, equal], span) };
                }
                found
            }
            Val::Array(array) if self.has_rows(*array) => {
                return Err(not_searched(&items, spans[1], self));
            }
            Val::Array(_) | Val::Row { .. } | Val::View { .. } => {
                let args = vec![items, Val::Scalar(x)];
                let found = self.library_call("contains_of", args, span)?;
                self.scalar_of(&found, span)?
            }
            _ => return Err(not_searched(&items, spans[1], self)),
        };
        Ok(match compare.ops[0] {
            CmpOp::NotIn => super::stmt::negate(self, found, span),
            _ => found,
        })
    }
}

fn not_searched(items: &Val, span: Span, lower: &Lower<'_, '_>) -> super::Failure {
    let what = items.describe(&lower.f);
    let message = format!("`in` needs a tuple or an array of one dimension, but this is {what}");
    Diagnostic::at(codes::OPERAND, span, message)
        .hint("compare numbers with == != < <= > >=")
        .into()
}
