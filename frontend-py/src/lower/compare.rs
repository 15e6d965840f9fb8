//! Comparisons.

use super::value::Val;
use super::{Lower, Res};
use crate::diagnostic::{Diagnostic, codes};
use crate::types::span_of;
use ruff_python_ast::{CmpOp, Expr, ExprCompare};
use rvsdg::{Cmp, Const, Op, Span, Type, ValueId};

impl<'a> Lower<'a, '_> {
    /// A comparison, possibly chained: each operand is evaluated once, and only if the
    /// comparisons before it hold.
    pub(super) fn compare(&mut self, compare: &'a ExprCompare) -> Res<ValueId> {
        if let [CmpOp::In | CmpOp::NotIn] = *compare.ops {
            return self.membership(compare);
        }
        if let ([op @ (CmpOp::Is | CmpOp::IsNot)], [Expr::NoneLiteral(_)]) =
            (&*compare.ops, &*compare.comparators)
        {
            // What is None is known from where it comes: a default value, or an argument.
            let none = matches!(self.expr(&compare.left)?, Val::None);
            let holds = none == (*op == CmpOp::Is);
            return Ok(self.constant(Const::Bool(holds), span_of(compare)));
        }
        if let Some(message) = compare.ops.iter().find_map(|op| refused(*op)) {
            return Err(Diagnostic::at(codes::EXPRESSION, span_of(compare), message)
                .hint("compare numbers with == != < <= > >=")
                .into());
        }
        let left = self.expr(&compare.left)?;
        self.chain(compare, 0, &left, span_of(&*compare.left))
    }

    fn chain(
        &mut self,
        compare: &'a ExprCompare,
        at: usize,
        left: &Val,
        left_span: Span,
    ) -> Res<ValueId> {
        let span = span_of(compare);
        let right = self.expr(&compare.comparators[at])?;
        let right_span = span_of(&compare.comparators[at]);
        let Some(cmp) = comparison(compare.ops[at]) else {
            unreachable!("other comparisons are refused before");
        };
        let holds = self.compared_values(cmp, [left, &right], [left_span, right_span], span)?;
        if at + 1 == compare.comparators.len() {
            return Ok(holds);
        }
        self.enter(span)?;
        let result = self.choose_truth(
            holds,
            span,
            |lower| lower.chain(compare, at + 1, &right, right_span),
            |lower| Ok(lower.constant(Const::Bool(false), span)),
        )?;
        self.leave();
        Ok(result)
    }

    /// A comparison of two numbers by an operator that [`comparison`] knows.
    pub(super) fn compare_numbers(
        &mut self,
        op: CmpOp,
        operands: [ValueId; 2],
        spans: [Span; 2],
        span: Span,
    ) -> ValueId {
        let cmp = comparison(op).expect("the operator compares numbers");
        self.compared(cmp, operands, spans, span)
    }

    /// One comparison of two numbers, or of two tuples: the first items that differ decide.
    fn compared_values(
        &mut self,
        cmp: Cmp,
        values: [&Val; 2],
        spans: [Span; 2],
        span: Span,
    ) -> Res<ValueId> {
        let [Val::Tuple(left), Val::Tuple(right)] = values else {
            let left = self.scalar_of(values[0], spans[0])?;
            let right = self.scalar_of(values[1], spans[1])?;
            return Ok(self.compared(cmp, [left, right], spans, span));
        };
        self.enter(span)?;
        let (longer, equality) = (left.len() != right.len(), matches!(cmp, Cmp::Eq | Cmp::Ne));
        let same = cmp.holds(&left.len(), &right.len());
        let mut result = self.constant(Const::Bool(same), span);
        if !(longer && equality) {
            for (a, b) in left.iter().zip(right).rev() {
                let equal = self.compared_values(Cmp::Eq, [a, b], spans, span)?;
                let decided = if equality {
                    self.constant(Const::Bool(cmp == Cmp::Ne), span)
                } else {
                    self.compared_values(cmp, [a, b], spans, span)?
                };
                result = self.op(Op::Select, &[equal, result, decided], span);
            }
        }
        self.leave();
        Ok(result)
    }

    /// One comparison of two numbers.
    fn compared(
        &mut self,
        cmp: Cmp,
        [a, b]: [ValueId; 2],
        spans: [Span; 2],
        span: Span,
    ) -> ValueId {
        let types = (self.f.ty(a), self.f.ty(b));
        if types == (Type::Bool, Type::Bool) && matches!(cmp, Cmp::Eq | Cmp::Ne) {
            let differ = self.op(Op::BXor, &[a, b], span);
            return if cmp == Cmp::Ne { differ } else { self.op(Op::BNot, &[differ], span) };
        }
        match types {
            (Type::I64, Type::F64 | Type::F32) if self.may_round(a) => {
                return self.mixed(cmp, a, b, span);
            }
            (Type::F64 | Type::F32, Type::I64) if self.may_round(b) => {
                return self.mixed(cmp.swapped(), b, a, span);
            }
            _ => {}
        }
        let ty = self.common(a, b);
        let (a, b) = (self.cast(a, ty, spans[0]), self.cast(b, ty, spans[1]));
        if let (Some(Const::I64(a)), Some(Const::I64(b))) = (self.f.as_const(a), self.f.as_const(b))
        {
            return self.constant(Const::Bool(cmp.holds(&a, &b)), span);
        }
        self.op(if ty.is_float() { Op::FCmp(cmp) } else { Op::ICmp(cmp) }, &[a, b], span)
    }

    /// Whether an integer may lose bits when converted to a float.
    fn may_round(&self, value: ValueId) -> bool {
        if self.is_fast() {
            return false;
        }
        match self.f.as_const(value) {
            Some(constant) => constant.as_i64().is_none_or(|known| known.unsigned_abs() > 1 << 53),
            None => true,
        }
    }

    /// An integer compared with a float exactly, as CPython does: rounding the integer decides
    /// unless it lands on the float, and then the float is an integer and is compared as one.
    fn mixed(&mut self, cmp: Cmp, int: ValueId, float: ValueId, span: Span) -> ValueId {
        let float = self.cast(float, Type::F64, span);
        let rounded = self.cast(int, Type::F64, span);
        let near = self.op(Op::FCmp(Cmp::Eq), &[rounded, float], span);
        // 2**63 is the one float that rounding can land on and that no i64 reaches.
        let limit = self.constant(Const::f64(9_223_372_036_854_775_808.0), span);
        let beyond = self.op(Op::FCmp(Cmp::Ge), &[float, limit], span);
        let whole = self.op(Op::Cast(Type::I64), &[float], span);
        let exact = self.op(Op::ICmp(cmp), &[int, whole], span);
        match cmp {
            Cmp::Eq | Cmp::Ne => {
                let same = if cmp == Cmp::Eq {
                    exact
                } else {
                    self.op(Op::ICmp(Cmp::Eq), &[int, whole], span)
                };
                let within = self.op(Op::BNot, &[beyond], span);
                let same = self.op(Op::BAnd, &[same, within], span);
                let equal = self.op(Op::BAnd, &[near, same], span);
                if cmp == Cmp::Eq { equal } else { self.op(Op::BNot, &[equal], span) }
            }
            Cmp::Lt | Cmp::Le => {
                let exact = self.op(Op::BOr, &[exact, beyond], span);
                self.decided(Cmp::Lt, rounded, float, near, exact, span)
            }
            Cmp::Gt | Cmp::Ge => {
                let within = self.op(Op::BNot, &[beyond], span);
                let exact = self.op(Op::BAnd, &[exact, within], span);
                self.decided(Cmp::Gt, rounded, float, near, exact, span)
            }
        }
    }

    fn decided(
        &mut self,
        cmp: Cmp,
        rounded: ValueId,
        float: ValueId,
        near: ValueId,
        exact: ValueId,
        span: Span,
    ) -> ValueId {
        let clear = self.op(Op::FCmp(cmp), &[rounded, float], span);
        let close = self.op(Op::BAnd, &[near, exact], span);
        self.op(Op::BOr, &[clear, close], span)
    }
}

fn comparison(op: CmpOp) -> Option<Cmp> {
    Some(match op {
        CmpOp::Eq => Cmp::Eq,
        CmpOp::NotEq => Cmp::Ne,
        CmpOp::Lt => Cmp::Lt,
        CmpOp::LtE => Cmp::Le,
        CmpOp::Gt => Cmp::Gt,
        CmpOp::GtE => Cmp::Ge,
        CmpOp::Is | CmpOp::IsNot | CmpOp::In | CmpOp::NotIn => return None,
    })
}

fn refused(op: CmpOp) -> Option<&'static str> {
    match op {
        CmpOp::Is | CmpOp::IsNot => Some("`is` is not supported but with `None`"),
        CmpOp::In | CmpOp::NotIn => Some("`in` cannot be chained with other comparisons"),
        _ => None,
    }
}
