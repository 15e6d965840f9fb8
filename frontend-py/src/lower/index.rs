//! Subscripts: checked indices, loads and stores.

use super::value::Val;
use super::{Failure, Lower, Res};
use crate::diagnostic::{Diagnostic, codes};
use crate::types::span_of;
use ruff_python_ast::{Expr, ExprSlice, ExprSubscript};
use rvsdg::{Cmp, Const, ExcKind, Op, Span, Type, ValueId};

const LOAD: &str = "list index out of range";
const STORE: &str = "list assignment index out of range";
const TUPLE: &str = "tuple index out of range";

/// An element of an array, its indices checked.
pub(super) struct Place {
    pub(super) array: ValueId,
    pub(super) indices: Vec<ValueId>,
}

/// What a subscript denotes.
enum Target {
    Place(Place),
    View(Val),
    Row { array: ValueId, index: ValueId },
    Item(Val),
}

impl<'a> Lower<'a, '_> {
    /// A subscript as a value.
    pub(super) fn subscript(&mut self, s: &'a ExprSubscript, span: Span) -> Res<Val> {
        match self.target(s, LOAD, span)? {
            Target::Place(place) => Ok(Val::Scalar(self.load(&place, span))),
            Target::Row { array, index } => Ok(Val::Row { array, index }),
            Target::Item(val) | Target::View(val) => Ok(val),
        }
    }

    /// The element that a subscript denotes, to be loaded and then stored to.
    pub(super) fn place(&mut self, s: &'a ExprSubscript) -> Res<Place> {
        let span = span_of(s);
        match self.target(s, LOAD, span)? {
            Target::Place(place) => Ok(place),
            Target::Row { .. } | Target::View(Val::View { .. }) => {
                let message = "a row or slice of an array cannot be changed in place";
                Err(Diagnostic::at(codes::TARGET, span, message)
                    .hint("change its elements one by one in a loop")
                    .into())
            }
            Target::Item(_) | Target::View(_) => Err(fixed(span)),
        }
    }

    /// Stores a value into the element that a subscript denotes, or a number into every element of
    /// the row or slice that it denotes, as NumPy does.
    pub(super) fn assign_to(&mut self, s: &'a ExprSubscript, val: &Val, from: Span) -> Res<()> {
        let span = span_of(s);
        let (array, part) = match self.target(s, STORE, span)? {
            Target::Place(place) => {
                let value = self.scalar_of(val, from)?;
                let value = self.for_array(value, place.array, from)?;
                self.store(&place, value, span);
                return Ok(());
            }
            Target::Row { array, index } => (array, Val::Row { array, index }),
            Target::View(view @ Val::View { array, .. }) => (array, view),
            Target::Item(_) | Target::View(_) => return Err(fixed(span)),
        };
        let Val::Scalar(value) = val else {
            let what = val.describe(&self.f);
            let message = format!("a row or slice of an array takes a number, but this is {what}");
            return Err(Diagnostic::at(codes::TARGET, from, message)
                .note(span, "assigned here")
                .hint("assign its elements one by one in a loop")
                .into());
        };
        let value = self.for_array(*value, array, from)?;
        self.library_call("fill_of", vec![part, Val::Scalar(value)], span)?;
        Ok(())
    }

    /// Whether a tuple is a list in the source, whose exceptions say so.
    fn was_list(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Tuple(tuple) => crate::desugar::was_list(tuple),
            Expr::Name(name) => {
                crate::desugar::holds_list(&self.frame.definition.body, name.id.as_str())
            }
            _ => false,
        }
    }

    fn target(&mut self, s: &'a ExprSubscript, message: &str, span: Span) -> Res<Target> {
        let base = self.expr(&s.value)?;
        if let Some(view) = self.slice(&base, &s.slice, span)? {
            return Ok(Target::View(view));
        }
        match base {
            Val::Array(array) => {
                let Type::MemRef { rank, .. } = self.f.ty(array) else {
                    unreachable!("an array has a memref type");
                };
                match (&*s.slice, rank) {
                    (Expr::Tuple(tuple), 2) if tuple.elts.len() == 2 => {
                        let i = self.index_number(&tuple.elts[0], "an index")?;
                        let j = self.index_number(&tuple.elts[1], "an index")?;
                        let i = self.checked(array, 0, i, message, span);
                        let j = self.checked(array, 1, j, message, span);
                        Ok(Target::Place(Place { array, indices: vec![i, j] }))
                    }
                    (Expr::Tuple(_), _) => {
                        let message = format!(
                            "this array has {rank} dimension{}",
                            if rank == 1 { "" } else { "s" }
                        );
                        Err(Diagnostic::at(codes::SUBSCRIPT, span, message)
                            .hint("write one index per dimension")
                            .into())
                    }
                    (slice, 1) => {
                        let i = self.index_number(slice, "an index")?;
                        let i = self.checked(array, 0, i, message, span);
                        Ok(Target::Place(Place { array, indices: vec![i] }))
                    }
                    (slice, _) => {
                        let i = self.index_number(slice, "an index")?;
                        // Taking the row is a read, whatever is done to it then.
                        let index = self.checked(array, 0, i, LOAD, span);
                        Ok(Target::Row { array, index })
                    }
                }
            }
            Val::Row { array, index } => {
                let j = self.index_number(&s.slice, "an index")?;
                let j = self.checked(array, 1, j, message, span);
                Ok(Target::Place(Place { array, indices: vec![index, j] }))
            }
            Val::View { array, row, column, start, step, len } => {
                let j = self.index_number(&s.slice, "an index")?;
                let j = self.checked_within(len, j, message, span);
                let j = self.stepped(start, step, j, span);
                let indices = row.into_iter().chain([j]).chain(column).collect();
                Ok(Target::Place(Place { array, indices }))
            }
            Val::Tuple(items) => {
                let value = self.index_number(&s.slice, "an index")?;
                let known = self.f.as_const(value).and_then(Const::as_i64);
                let len = items.len() as i64;
                if known.is_none() && len > 0 && self.is_uniform(&items) {
                    let len = self.constant(Const::I64(len), span);
                    let message = if self.was_list(&s.value) { LOAD } else { TUPLE };
                    let at = self.checked_within(len, value, message, span);
                    return Ok(Target::Item(self.pick(&items, at, span)));
                }
                let at = known.map(|known| if known < 0 { known + len } else { known });
                let item = at.and_then(|at| usize::try_from(at).ok()).and_then(|at| items.get(at));
                item.cloned().map(Target::Item).ok_or_else(|| {
                    let message = "the index of a tuple must be a constant within its length";
                    Diagnostic::at(codes::SUBSCRIPT, span_of(&*s.slice), message)
                        .hint("unpack the tuple, or give its items one type")
                        .into()
                })
            }
            other => {
                let what = other.describe(&self.f);
                let message = format!("only arrays can be indexed, but this is {what}");
                Err(Diagnostic::at(codes::SUBSCRIPT, span_of(&*s.value), message)
                    .hint("annotate the parameter, for example `a: array[f64, 1]`")
                    .into())
            }
        }
    }

    /// An expression that must be an integer, as an `i64`.
    pub(super) fn index_number(&mut self, expr: &'a Expr, what: &str) -> Res<ValueId> {
        let span = span_of(expr);
        let value = self.number(expr)?;
        if self.f.ty(value).is_float() {
            let message = format!("{what} must be an integer, but this is a float");
            return Err(Diagnostic::at(codes::OPERAND, span, message)
                .hint("convert with int(…), or divide with // instead of /")
                .into());
        }
        Ok(self.cast(value, Type::I64, span))
    }

    /// An index as Python reads it (negative from the end, once), checked against the extent.
    fn checked(
        &mut self,
        array: ValueId,
        axis: u8,
        index: ValueId,
        message: &str,
        span: Span,
    ) -> ValueId {
        let len = self.op(Op::Len(axis), &[array], span);
        self.checked_within(len, index, message, span)
    }

    /// An index as Python reads it, checked against a length.
    pub(super) fn checked_within(
        &mut self,
        len: ValueId,
        index: ValueId,
        message: &str,
        span: Span,
    ) -> ValueId {
        let known = self.f.as_const(index).and_then(Const::as_i64);
        let zero = self.constant(Const::I64(0), span);
        let index = match known {
            Some(0..) => index,
            Some(_) => self.op(Op::IAdd, &[index, len], span),
            None => {
                let negative = self.op(Op::ICmp(Cmp::Lt), &[index, zero], span);
                let wrapped = self.op(Op::IAdd, &[index, len], span);
                self.op(Op::Select, &[negative, wrapped, index], span)
            }
        };
        let below = self.op(Op::ICmp(Cmp::Lt), &[index, len], span);
        let fine = if matches!(known, Some(0..)) {
            below
        } else {
            let above = self.op(Op::ICmp(Cmp::Ge), &[index, zero], span);
            self.op(Op::BAnd, &[above, below], span)
        };
        self.guard(fine, index, ExcKind::IndexError, message, span)
    }

    /// Whether an array has two dimensions.
    pub(super) fn has_rows(&self, array: ValueId) -> bool {
        matches!(self.f.ty(array), Type::MemRef { rank: 2, .. })
    }

    /// The position of an element of a slice.
    fn stepped(
        &mut self,
        start: ValueId,
        step: Option<ValueId>,
        index: ValueId,
        span: Span,
    ) -> ValueId {
        let distance = match step {
            Some(step) => self.op(Op::IMul, &[index, step], span),
            None => index,
        };
        self.op(Op::IAdd, &[start, distance], span)
    }

    /// `base[i:j:k]` of an array of one dimension, a row or a slice, `base[i, j:k]` and
    /// `base[i:j, k]`: a view, as in NumPy. None if the subscript is no slice.
    fn slice(&mut self, base: &Val, slice: &'a Expr, span: Span) -> Res<Option<Val>> {
        let mut column = None;
        let (base, slice) = match (base, slice) {
            (Val::Tuple(items), Expr::Slice(slice)) => {
                return self.tuple_slice(items, slice).map(Some);
            }
            (Val::Array(array), Expr::Tuple(tuple)) => match &tuple.elts[..] {
                [Expr::Slice(slice), at]
                    if !matches!(at, Expr::Slice(_)) && self.has_rows(*array) =>
                {
                    let j = self.index_number(at, "an index")?;
                    column = Some(self.checked(*array, 1, j, LOAD, span));
                    (Val::Array(*array), slice)
                }
                [row, Expr::Slice(slice)]
                    if !matches!(row, Expr::Slice(_)) && self.has_rows(*array) =>
                {
                    let i = self.index_number(row, "an index")?;
                    let index = self.checked(*array, 0, i, LOAD, span);
                    (Val::Row { array: *array, index }, slice)
                }
                _ => return Ok(None),
            },
            (base, Expr::Slice(slice)) => (base.clone(), slice),
            _ => return Ok(None),
        };
        let (array, row, first, outer) = match base {
            Val::Array(array) if column.is_some() || !self.has_rows(array) => {
                (array, None, None, None)
            }
            Val::Row { array, index } => (array, Some(index), None, None),
            Val::View { array, row, column: inside, start, step, .. } => {
                column = inside;
                (array, row, Some(start), step)
            }
            _ => return Ok(None),
        };
        let by = match slice.step.as_deref() {
            Some(expr) => self.slice_step(expr)?,
            None => 1,
        };
        let Some(len) = self.items(&base, span) else { return Ok(None) };
        let (low, len) = self.slice_range(slice, len, by, span)?;
        let start = match first {
            Some(first) => self.stepped(first, outer, low, span),
            None => low,
        };
        let step = match (outer, by) {
            (outer, 1) => outer,
            (None, by) => Some(self.constant(Const::I64(by), span)),
            (Some(outer), by) => {
                let by = self.constant(Const::I64(by), span);
                Some(self.op(Op::IMul, &[outer, by], span))
            }
        };
        Ok(Some(Val::View { array, row, column, start, step, len }))
    }

    /// The step of a slice: a constant.
    fn slice_step(&mut self, expr: &'a Expr) -> Res<i64> {
        let value = self.index_number(expr, "the step of a slice")?;
        let refused = |message: &str| {
            Diagnostic::at(codes::SUBSCRIPT, span_of(expr), message)
                .hint("write a loop over range(start, stop, step)")
        };
        match self.f.as_const(value).and_then(Const::as_i64) {
            Some(0) => Err(refused("the step of a slice cannot be zero").into()),
            Some(step) if step.unsigned_abs() < 1 << 31 => Ok(step),
            _ => Err(refused("the step of a slice must be a constant").into()),
        }
    }

    /// Where a slice of so many items starts, and how many it has, as `slice.indices` says.
    fn slice_range(
        &mut self,
        slice: &'a ExprSlice,
        len: ValueId,
        by: i64,
        span: Span,
    ) -> Res<(ValueId, ValueId)> {
        let zero = self.constant(Const::I64(0), span);
        let one = self.constant(Const::I64(1), span);
        // Backwards, the position before the first item is a bound, too.
        let (least, most) = if by > 0 {
            (zero, len)
        } else {
            (self.constant(Const::I64(-1), span), self.op(Op::ISub, &[len, one], span))
        };
        let (first, last) = if by > 0 { (least, most) } else { (most, least) };
        let low = match slice.lower.as_deref() {
            Some(expr) => self.slice_bound(expr, len, (least, most), span)?,
            None => first,
        };
        let high = match slice.upper.as_deref() {
            Some(expr) => self.slice_bound(expr, len, (least, most), span)?,
            None => last,
        };
        let (end, start) = if by > 0 { (high, low) } else { (low, high) };
        let distance = self.op(Op::ISub, &[end, start], span);
        let mut count = self.op(Op::IMax, &[distance, zero], span);
        if by.abs() != 1 {
            let size = self.constant(Const::I64(by.abs()), span);
            let more = self.constant(Const::I64(by.abs() - 1), span);
            let sum = self.op(Op::IAdd, &[count, more], span);
            count = self.op(Op::IFloorDiv, &[sum, size], span);
        }
        self.weak.insert(count);
        self.natural.insert(count);
        Ok((low, count))
    }

    /// A bound of a slice: counted from the end if negative, then kept within limits.
    fn slice_bound(
        &mut self,
        expr: &'a Expr,
        len: ValueId,
        (least, most): (ValueId, ValueId),
        span: Span,
    ) -> Res<ValueId> {
        let bound = self.index_number(expr, "a bound of a slice")?;
        let zero = self.constant(Const::I64(0), span);
        let negative = self.op(Op::ICmp(Cmp::Lt), &[bound, zero], span);
        let wrapped = self.op(Op::IAdd, &[bound, len], span);
        let bound = self.op(Op::Select, &[negative, wrapped, bound], span);
        let above = self.op(Op::IMax, &[bound, least], span);
        Ok(self.op(Op::IMin, &[above, most], span))
    }

    /// Loads an element.
    pub(super) fn load(&mut self, place: &Place, span: Span) -> ValueId {
        let state = self.states[self.group(place.array)];
        let mut operands = vec![state, place.array];
        operands.extend(&place.indices);
        self.op(Op::Load, &operands, span)
    }

    /// Stores an element of the array's element type.
    pub(super) fn store(&mut self, place: &Place, value: ValueId, span: Span) {
        let group = self.group(place.array);
        let mut operands = vec![self.states[group], place.array];
        operands.extend(&place.indices);
        operands.push(value);
        self.states[group] = self.op(Op::Store, &operands, span);
    }

    /// What a `for` takes from an array, a row or a tuple: the number of items.
    pub(super) fn items(&mut self, container: &Val, span: Span) -> Option<ValueId> {
        match container {
            Val::Array(array) => Some(self.op(Op::Len(0), &[*array], span)),
            Val::Row { array, .. } => Some(self.op(Op::Len(1), &[*array], span)),
            Val::View { len, .. } => Some(*len),
            Val::Tuple(items) => Some(self.constant(Const::I64(items.len() as i64), span)),
            _ => None,
        }
    }

    /// The item of an array or row at a counter that is not negative. The check cannot fail; it is
    /// what makes the load's index depend on the loop's condition.
    pub(super) fn item(&mut self, container: &Val, counter: ValueId, span: Span) -> Val {
        if let Val::Tuple(items) = container {
            return self.pick(items, counter, span);
        }
        let Some(len) = self.items(container, span) else { return container.clone() };
        let below = self.op(Op::ICmp(Cmp::Lt), &[counter, len], span);
        let index = self.guard(below, counter, ExcKind::IndexError, LOAD, span);
        let place = match *container {
            Val::Array(array) => match self.f.ty(array) {
                Type::MemRef { rank: 2, .. } => return Val::Row { array, index },
                _ => Place { array, indices: vec![index] },
            },
            Val::Row { array, index: row } => Place { array, indices: vec![row, index] },
            Val::View { array, row, column, start, step, .. } => {
                let index = self.stepped(start, step, index, span);
                Place { array, indices: row.into_iter().chain([index]).chain(column).collect() }
            }
            _ => return container.clone(),
        };
        Val::Scalar(self.load(&place, span))
    }

    /// The position among the states of an array's `mem`.
    fn group(&self, array: ValueId) -> usize {
        let Type::MemRef { mem, .. } = self.f.ty(array) else {
            unreachable!("an array has a memref type");
        };
        1 + mem as usize
    }
}

/// The error for storing into a tuple.
fn fixed(span: Span) -> Failure {
    let message = "an item of a tuple cannot be assigned";
    Diagnostic::at(codes::TARGET, span, message).hint("make a new tuple, or use an array").into()
}
