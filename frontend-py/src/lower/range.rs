//! What a `for` loop counts: `range(…)` with Python's bounds and no overflow, or the items of arrays
//! and tuples.

use super::value::Val;
use super::{Lower, Res};
use crate::diagnostic::{Diagnostic, codes};
use crate::types::span_of;
use ruff_python_ast::{Expr, ExprCall, StmtFor};
use rvsdg::{Cmp, Const, ExcKind, Op, Span, ValueId};

/// A counted loop.
pub(super) struct Count<'a> {
    pub(super) target: &'a Expr,
    /// What the target takes.
    pub(super) over: Over,
    pub(super) start: ValueId,
    pub(super) step: ValueId,
    /// The next iteration runs if the *next* counter is before this bound.
    bound: Bound,
    pub(super) span: Span,
}

/// What the target of a counted loop takes.
pub(super) enum Over {
    /// The counter itself.
    Counter,
    /// An item of an array or a tuple.
    Item(Val),
    /// Integers, each one more than the one before it.
    Up {
        /// The first.
        start: ValueId,
        /// The one after the last.
        stop: ValueId,
    },
    /// Integers down to one, each one less than the one before it.
    Down {
        /// The one before the first.
        stop: ValueId,
    },
    /// An item of an array or a tuple, from its end.
    Reversed(Val),
    /// The counter from a start, and what is counted.
    Enumerate(Box<Over>, ValueId),
    /// One of each.
    Zip(Vec<Over>),
}

#[derive(Clone, Copy)]
enum Bound {
    /// Counter plus step, compared so; cannot overflow.
    Next(Cmp, ValueId),
    /// Counter before the step, compared so: `limit` is the bound less the step.
    Before(Cmp, ValueId),
    /// As `Before`, upwards or downwards by the sign of the step.
    Either { up: ValueId, limit: ValueId },
}

impl<'a> Lower<'a, '_> {
    /// Whether another iteration follows the one with this counter; `next` is the next counter.
    pub(super) fn more(&mut self, count: &Count<'a>, counter: ValueId, next: ValueId) -> ValueId {
        let span = count.span;
        match count.bound {
            Bound::Next(cmp, stop) => self.op(Op::ICmp(cmp), &[next, stop], span),
            Bound::Before(cmp, limit) => self.op(Op::ICmp(cmp), &[counter, limit], span),
            Bound::Either { up, limit } => {
                let below = self.op(Op::ICmp(Cmp::Lt), &[counter, limit], span);
                let above = self.op(Op::ICmp(Cmp::Gt), &[counter, limit], span);
                self.op(Op::Select, &[up, below, above], span)
            }
        }
    }

    /// Evaluates what a `for` runs over: the counter, and whether there is a first iteration.
    pub(super) fn count(&mut self, s: &'a StmtFor) -> Res<(Count<'a>, ValueId)> {
        let span = span_of(&*s.iter);
        let target = &*s.target;
        if let Expr::Call(call) = &*s.iter
            && let Expr::Name(name) = &*call.func
            && name.id.as_str() == "range"
            && self.is_builtin("range")
        {
            return self.range(target, call, span);
        }
        let (over, stop) = self.over(&s.iter, span)?;
        let start = self.constant(Const::I64(0), span);
        let step = self.constant(Const::I64(1), span);
        let first = match self.f.as_const(stop).and_then(Const::as_i64) {
            Some(known) => self.constant(Const::Bool(known > 0), span),
            None => self.op(Op::ICmp(Cmp::Lt), &[start, stop], span),
        };
        let bound = Bound::Next(Cmp::Lt, stop);
        Ok((Count { target, over, start, step, bound, span }, first))
    }

    /// What a `for` takes from arrays and tuples, and how often.
    fn over(&mut self, iter: &'a Expr, span: Span) -> Res<(Over, ValueId)> {
        let adaptor = match iter {
            Expr::Call(call) => match &*call.func {
                Expr::Name(name) if self.is_builtin(name.id.as_str()) => {
                    Some((name.id.as_str(), call))
                }
                _ => None,
            },
            _ => None,
        };
        match adaptor {
            Some(("range", call)) => self.nested_range(call, span),
            Some(("enumerate", call)) => self.enumerate(call, span),
            Some(("reversed", call)) => {
                Self::check_count(call, "reversed", 1..=1)?;
                let arg = &call.arguments.args[0];
                let (over, len) = self.over(arg, span_of(arg))?;
                let over = match over {
                    Over::Item(items) => Over::Reversed(items),
                    Over::Up { stop, .. } => Over::Down { stop },
                    _ => {
                        let message = "only an array, a tuple or a range can be reversed";
                        return Err(Diagnostic::at(codes::STATEMENT, span_of(arg), message)
                            .hint("reverse what `zip` or `enumerate` takes")
                            .into());
                    }
                };
                Ok((over, len))
            }
            Some(("zip", call)) => {
                Self::check_count(call, "zip", 1..=usize::MAX)?;
                let mut parts = Vec::new();
                let mut shortest: Option<ValueId> = None;
                for arg in &call.arguments.args {
                    let (over, len) = self.over(arg, span_of(arg))?;
                    parts.push(over);
                    shortest = Some(match shortest {
                        None => len,
                        Some(known) => self.op(Op::IMin, &[known, len], span),
                    });
                }
                let stop = shortest.expect("zip has an argument");
                Ok((Over::Zip(parts), stop))
            }
            _ => {
                let items = self.expr(iter)?;
                let stop = self.count_of(&items, span)?;
                Ok((Over::Item(items), stop))
            }
        }
    }

    /// `enumerate(items, start=0)`.
    fn enumerate(&mut self, call: &'a ExprCall, span: Span) -> Res<(Over, ValueId)> {
        let args = &call.arguments;
        let keyword = match &*args.keywords {
            [keyword] if keyword.arg.as_ref().is_some_and(|name| name.as_str() == "start") => {
                Some(&keyword.value)
            }
            _ => {
                Self::check_count(call, "enumerate", 1..=2)?;
                None
            }
        };
        if keyword.is_some() && args.args.len() != 1 {
            let message = "`enumerate` takes what it counts, and `start` once";
            return Err(Diagnostic::at(codes::ARGUMENTS, span, message)
                .hint("write enumerate(a, start=1)")
                .into());
        }
        let (over, len) = self.over(&args.args[0], span_of(&args.args[0]))?;
        let start = match args.args.get(1).or(keyword) {
            Some(start) => self.index_number(start, "the start of `enumerate`")?,
            None => self.constant(Const::I64(0), span),
        };
        Ok((Over::Enumerate(Box::new(over), start), len))
    }

    /// A `range` inside `zip`, `enumerate` or `reversed`: steps of one.
    fn nested_range(&mut self, call: &'a ExprCall, span: Span) -> Res<(Over, ValueId)> {
        Self::check_count(call, "range", 1..=3)?;
        let mut values = Vec::new();
        for arg in &call.arguments.args {
            values.push(self.index_number(arg, "an argument of `range`")?);
        }
        let (start, stop) = match values[..] {
            [stop] => (self.constant(Const::I64(0), span), stop),
            [start, stop] => (start, stop),
            _ => {
                let message = "a `range` with a step cannot be used here";
                return Err(Diagnostic::at(codes::STATEMENT, span, message)
                    .hint("write `for i in range(start, stop, step):` and index with `i`")
                    .into());
            }
        };
        let zero = self.constant(Const::I64(0), span);
        let distance = self.op(Op::ISub, &[stop, start], span);
        let some = self.op(Op::ICmp(Cmp::Lt), &[start, stop], span);
        // A distance beyond 63 bits is as good as one that no loop reaches the end of.
        let wrapped = self.op(Op::ICmp(Cmp::Lt), &[distance, zero], span);
        let most = self.constant(Const::I64(i64::MAX), span);
        let distance = self.op(Op::Select, &[wrapped, most, distance], span);
        let len = self.op(Op::Select, &[some, distance, zero], span);
        Ok((Over::Up { start, stop }, len))
    }

    fn count_of(&mut self, container: &Val, span: Span) -> Res<ValueId> {
        if let Val::Tuple(items) = container {
            self.require_uniform(items, span)?;
        }
        self.items(container, span).ok_or_else(|| {
            let what = container.describe(&self.f);
            let message =
                format!("`for` runs over `range(…)`, an array or a tuple, but this is {what}");
            Diagnostic::at(codes::STATEMENT, span, message)
                .hint("write `for i in range(n):`")
                .into()
        })
    }

    /// What the target takes at a counter that is not negative and below the loop's bound.
    pub(super) fn counted(&mut self, over: &Over, counter: ValueId, span: Span) -> Val {
        match over {
            Over::Counter => Val::Scalar(counter),
            Over::Item(items) => self.item(items, counter, span),
            Over::Up { start, .. } => {
                let number = self.op(Op::IAdd, &[*start, counter], span);
                self.weak.insert(number);
                if self.is_natural(*start) {
                    self.natural.insert(number);
                }
                Val::Scalar(number)
            }
            Over::Down { stop } => {
                let one = self.constant(Const::I64(1), span);
                let last = self.op(Op::ISub, &[*stop, one], span);
                let number = self.op(Op::ISub, &[last, counter], span);
                self.weak.insert(number);
                Val::Scalar(number)
            }
            Over::Reversed(items) => {
                let Some(len) = self.items(items, span) else { return items.clone() };
                let one = self.constant(Const::I64(1), span);
                let last = self.op(Op::ISub, &[len, one], span);
                let at = self.op(Op::ISub, &[last, counter], span);
                self.item(items, at, span)
            }
            Over::Enumerate(over, start) => {
                let number = self.op(Op::IAdd, &[counter, *start], span);
                self.weak.insert(number);
                let item = self.counted(over, counter, span);
                Val::Tuple(vec![Val::Scalar(number), item])
            }
            Over::Zip(parts) => {
                let items = parts.iter().map(|over| self.counted(over, counter, span));
                Val::Tuple(items.collect())
            }
        }
    }

    fn range(
        &mut self,
        target: &'a Expr,
        call: &'a ExprCall,
        span: Span,
    ) -> Res<(Count<'a>, ValueId)> {
        let args = &call.arguments;
        if !args.keywords.is_empty() || !(1..=3).contains(&args.args.len()) {
            let message = "`range` takes one to three positional arguments";
            return Err(Diagnostic::at(codes::ARGUMENTS, span, message)
                .hint("write range(stop), range(start, stop) or range(start, stop, step)")
                .into());
        }
        let mut values = Vec::new();
        for arg in &args.args {
            values.push(self.index_number(arg, "an argument of `range`")?);
        }
        let (start, stop, step) = match values[..] {
            [stop] => (None, stop, None),
            [start, stop] => (Some(start), stop, None),
            [start, stop, step] => (Some(start), stop, Some(step)),
            _ => unreachable!("range has one to three arguments"),
        };
        let start = start.unwrap_or_else(|| self.constant(Const::I64(0), span));
        let mut step = step.unwrap_or_else(|| self.constant(Const::I64(1), span));
        let known = self.f.as_const(step).and_then(Const::as_i64);
        if !self.is_fast() && known.is_none_or(|step| step == 0) {
            let zero = self.constant(Const::I64(0), span);
            let nonzero = self.op(Op::ICmp(Cmp::Ne), &[step, zero], span);
            let message = "range() arg 3 must not be zero";
            step = self.guard(nonzero, step, ExcKind::ValueError, message, span);
        }
        let (first, bound) = match known.filter(|step| *step != 0) {
            Some(known) => self.known_step(start, stop, step, known, span),
            None => self.unknown_step(start, stop, step, span),
        };
        Ok((Count { target, over: Over::Counter, start, step, bound, span }, first))
    }

    fn known_step(
        &mut self,
        start: ValueId,
        stop: ValueId,
        step: ValueId,
        known: i64,
        span: Span,
    ) -> (ValueId, Bound) {
        let cmp = if known > 0 { Cmp::Lt } else { Cmp::Gt };
        let consts = (self.f.as_const(start), self.f.as_const(stop));
        let first = match consts {
            (Some(Const::I64(a)), Some(Const::I64(b))) => {
                self.constant(Const::Bool(cmp.holds(&a, &b)), span)
            }
            _ => self.op(Op::ICmp(cmp), &[start, stop], span),
        };
        // The counter plus the step passes the bound without overflow if the step is 1 or -1, or
        // if the bound is far enough from the end of the 64-bit range.
        let close = match consts.1 {
            Some(Const::I64(stop)) => stop.checked_add(known).is_some(),
            _ => known.unsigned_abs() == 1 || self.is_fast(),
        };
        if close {
            return (first, Bound::Next(cmp, stop));
        }
        let (edge, clamp) =
            if known > 0 { (i64::MIN + known, Op::IMax) } else { (i64::MAX + known, Op::IMin) };
        let edge = self.constant(Const::I64(edge), span);
        let clamped = self.op(clamp, &[stop, edge], span);
        let limit = self.op(Op::ISub, &[clamped, step], span);
        (first, Bound::Before(cmp, limit))
    }

    fn unknown_step(
        &mut self,
        start: ValueId,
        stop: ValueId,
        step: ValueId,
        span: Span,
    ) -> (ValueId, Bound) {
        let zero = self.constant(Const::I64(0), span);
        let up = self.op(Op::ICmp(Cmp::Gt), &[step, zero], span);
        let below = self.op(Op::ICmp(Cmp::Lt), &[start, stop], span);
        let mut above = self.op(Op::ICmp(Cmp::Gt), &[start, stop], span);
        if self.is_fast() {
            // Without the check for zero, a zero step must not loop for ever.
            let down = self.op(Op::ICmp(Cmp::Lt), &[step, zero], span);
            above = self.op(Op::BAnd, &[down, above], span);
        }
        let first = self.op(Op::Select, &[up, below, above], span);
        // `bound - step` kept inside the 64-bit range: counter < limit iff counter + step < bound.
        let least = self.constant(Const::I64(i64::MIN), span);
        let most = self.constant(Const::I64(i64::MAX), span);
        let low = self.op(Op::IAdd, &[least, step], span);
        let high = self.op(Op::IAdd, &[most, step], span);
        let above_low = self.op(Op::IMax, &[stop, low], span);
        let below_high = self.op(Op::IMin, &[stop, high], span);
        let clamped = self.op(Op::Select, &[up, above_low, below_high], span);
        let limit = self.op(Op::ISub, &[clamped, step], span);
        (first, Bound::Either { up, limit })
    }
}
