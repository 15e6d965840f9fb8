//! Operations without effects that are one or two instructions; the others are sent on.

use super::{Lowered, Lowerer};
use crate::error::CompileError;
use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::{InstBuilder, Type as Ty, Value, types};
use rvsdg::{Cmp, Const, Node, NodeKind, Op, Type, ValueDef, ValueId};

/// What a called function counts towards the work between two looks at the limits.
const CALL_WEIGHT: i64 = 16;

impl Lowerer<'_> {
    /// Lowers an operation; returns its weight (see [`Lowerer::region`]).
    pub(super) fn simple(&mut self, op: Op, node: &Node) -> Lowered<i64> {
        match op {
            Op::Guard(fault) => self.guard(fault, node).map(|()| 1),
            Op::Call(f) => self.python_call(f, node).map(|()| CALL_WEIGHT),
            Op::Recur { function, result } => {
                self.recur(function as usize, result, node).map(|()| CALL_WEIGHT)
            }
            Op::Select => self.select(node).map(|()| 1),
            Op::Store => self.store(node).map(|()| 1),
            Op::Const(Const::Unit) => {
                self.define(node.outputs[0], &[]);
                Ok(0)
            }
            _ => {
                let value = self.value_of(op, node)?;
                self.define(node.outputs[0], &[value]);
                let called = matches!(op, Op::Math(_) | Op::FMod | Op::FFloorDiv | Op::IPow);
                Ok(if called { CALL_WEIGHT } else { 1 })
            }
        }
    }

    fn value_of(&mut self, op: Op, node: &Node) -> Lowered<Value> {
        match op {
            Op::Const(constant) => return self.constant(constant),
            Op::Len(axis) => {
                let array = node.operands[0];
                let extent = self.parts_of(array)?.get(1 + usize::from(axis)).copied();
                return extent.ok_or(CompileError::Malformed(array));
            }
            Op::Load => return self.load(node),
            Op::Math(f) => return self.math(f, node),
            Op::IFloorDiv => return self.int_floor_div(node),
            Op::IMod => return self.int_mod(node),
            Op::IPow => return self.int_pow(node),
            Op::IShl => return self.shift_left(node),
            Op::IShr => return self.shift_right(node),
            Op::ITrueDiv => return self.true_div(node),
            Op::Cast(to) => return self.cast(node, to),
            Op::IMul => {
                if let Some((factor, shift)) = self.small_factor(node) {
                    let x = self.scalar(factor)?;
                    let shifted = self.b.ins().ishl_imm_u(x, i64::from(shift));
                    return Ok(self.b.ins().iadd(x, shifted));
                }
            }
            Op::FAdd | Op::FSub => {
                if let Some(sum) = self.fused_sum(op, node)? {
                    return Ok(sum);
                }
            }
            Op::FMul => {
                // Exact, and needs no constant.
                let two = |v: &ValueId| self.f.as_const(*v).and_then(Const::as_f64) == Some(2.0);
                if let Some(at) = node.operands.iter().position(two) {
                    let x = self.scalar(node.operands[1 - at])?;
                    return Ok(self.b.ins().fadd(x, x));
                }
            }
            _ => {}
        }
        let a = self.scalar(node.operands[0])?;
        if let Some(value) = self.unary(op, a) {
            return Ok(value);
        }
        let &[_, b] = &node.operands[..] else {
            return Err(CompileError::Malformed(node.outputs[0]));
        };
        let b = self.scalar(b)?;
        // A constant on the right is read from memory by the instruction itself.
        let constant_left = self.f.as_const(node.operands[0]).is_some();
        let (a, b) = if constant_left && is_symmetric_of_floats(op) { (b, a) } else { (a, b) };
        self.binary(op, a, b)
    }

    fn unary(&mut self, op: Op, a: Value) -> Option<Value> {
        Some(match op {
            Op::INeg => self.b.ins().ineg(a),
            Op::IAbs => self.b.ins().iabs(a),
            Op::INot => self.b.ins().bnot(a),
            Op::FNeg => self.b.ins().fneg(a),
            Op::FAbs => self.b.ins().fabs(a),
            Op::BNot => {
                let one = self.int(types::I8, 1);
                self.b.ins().bxor(a, one)
            }
            Op::CtlIs(k) => {
                let k = self.int(types::I32, i64::from(k));
                self.b.ins().icmp(IntCC::Equal, a, k)
            }
            _ => return None,
        })
    }

    fn binary(&mut self, op: Op, a: Value, b: Value) -> Lowered<Value> {
        Ok(match op {
            Op::IAdd => self.b.ins().iadd(a, b),
            Op::ISub => self.b.ins().isub(a, b),
            Op::IMul => self.b.ins().imul(a, b),
            Op::IAnd | Op::BAnd => self.b.ins().band(a, b),
            Op::IOr | Op::BOr => self.b.ins().bor(a, b),
            Op::IXor | Op::BXor => self.b.ins().bxor(a, b),
            Op::IMin | Op::IMax => {
                let better = if op == Op::IMin { Cmp::Lt } else { Cmp::Gt };
                let (a, b) = younger_first(a, b);
                let better = self.b.ins().icmp(int_condition(better), a, b);
                self.b.ins().select(better, a, b)
            }
            Op::ICmp(cmp) => self.b.ins().icmp(int_condition(cmp), a, b),
            Op::FAdd => self.b.ins().fadd(a, b),
            Op::FSub => self.b.ins().fsub(a, b),
            Op::FMul => self.b.ins().fmul(a, b),
            Op::FDiv => self.b.ins().fdiv(a, b),
            Op::FMin | Op::FMax => {
                let better = if op == Op::FMin { Cmp::Lt } else { Cmp::Gt };
                let better = self.b.ins().fcmp(float_condition(better), b, a);
                self.b.ins().select(better, b, a)
            }
            Op::FCmp(cmp) => self.b.ins().fcmp(float_condition(cmp), a, b),
            Op::FFloorDiv | Op::FMod => return self.float_div_mod(op, a, b),
            _ => return Err(CompileError::Codegen(format!("no lowering of {op:?}"))),
        })
    }

    fn constant(&mut self, constant: Const) -> Lowered<Value> {
        Ok(match constant {
            Const::F32(bits) => self.b.ins().f32const(f32::from_bits(bits)),
            Const::F64(bits) => self.b.ins().f64const(f64::from_bits(bits)),
            Const::I32(value) => self.int(types::I32, i64::from(value)),
            Const::I64(value) => self.int(types::I64, value),
            Const::Bool(value) => self.int(types::I8, i64::from(value)),
            Const::Ctl { value, .. } => self.int(types::I32, i64::from(value)),
            Const::Unit => return Err(CompileError::Codegen("None has no parts".to_owned())),
        })
    }

    fn select(&mut self, node: &Node) -> Lowered<()> {
        let &[condition, yes, no] = &node.operands[..] else {
            return Err(CompileError::Malformed(node.outputs[0]));
        };
        let condition = match self.extreme(condition, [yes, no])? {
            Some(condition) => condition,
            None => self.scalar(condition)?,
        };
        let count = self.parts_of(yes)?.len();
        let mut parts = Vec::with_capacity(count);
        for at in 0..count {
            let yes = self.parts_of(yes)?[at];
            let no_part = self.parts_of(no)?.get(at).copied();
            let no = no_part.ok_or(CompileError::Malformed(no))?;
            parts.push(self.b.ins().select(condition, yes, no));
        }
        self.define(node.outputs[0], &parts);
        Ok(())
    }

    /// The condition of a selection that is a minimum or maximum of integers, compared so that
    /// machine code writes the result over the younger of the two.
    fn extreme(&mut self, condition: ValueId, arms: [ValueId; 2]) -> Lowered<Option<Value>> {
        let ValueDef::Output { node, .. } = self.f.value(condition).def else { return Ok(None) };
        let compared = self.f.node(node);
        let (NodeKind::Simple(Op::ICmp(cmp)), &[a, b]) = (&compared.kind, &compared.operands[..])
        else {
            return Ok(None);
        };
        let ordered = !matches!(cmp, Cmp::Eq | Cmp::Ne);
        if !ordered || arms != [a, b] && arms != [b, a] {
            return Ok(None);
        }
        let (x, y) = (self.scalar(a)?, self.scalar(b)?);
        let exchanged = younger_first(x, y) != (x, y);
        Ok(exchanged.then(|| self.b.ins().icmp(int_condition(cmp.swapped()), y, x)))
    }

    fn cast(&mut self, node: &Node, to: Type) -> Lowered<Value> {
        let operand = node.operands[0];
        let from = self.f.ty(operand);
        let a = self.scalar(operand)?;
        let Some(to_ty) = super::part_types(to)?.first().copied() else {
            return Err(CompileError::Malformed(node.outputs[0]));
        };
        Ok(match (from, to) {
            (_, _) if from == to => a,
            (Type::Bool, _) if to.is_float() => {
                let wide = self.b.ins().uextend(types::I32, a);
                self.b.ins().fcvt_from_sint(to_ty, wide)
            }
            (Type::Bool, _) => self.b.ins().uextend(to_ty, a),
            (_, Type::Bool) if from.is_float() => {
                let zero = self.float(self.type_of(a), 0.0);
                self.b.ins().fcmp(FloatCC::NotEqual, a, zero)
            }
            (_, Type::Bool) => {
                let zero = self.int(self.type_of(a), 0);
                self.b.ins().icmp(IntCC::NotEqual, a, zero)
            }
            (Type::F32, Type::F64) => self.b.ins().fpromote(to_ty, a),
            (Type::F64, Type::F32) => self.b.ins().fdemote(to_ty, a),
            (Type::I32, Type::I64) => self.b.ins().sextend(to_ty, a),
            (Type::I64, Type::I32) => self.b.ins().ireduce(to_ty, a),
            (_, _) if from.is_int() && to.is_float() => self.b.ins().fcvt_from_sint(to_ty, a),
            (_, _) if from.is_float() && to.is_int() => self.b.ins().fcvt_to_sint_sat(to_ty, a),
            _ => return Err(CompileError::Malformed(node.outputs[0])),
        })
    }

    pub(super) fn type_of(&self, value: Value) -> Ty {
        self.b.func.dfg.value_type(value)
    }

    /// The two operands of a binary operation.
    pub(super) fn pair(&self, node: &Node) -> Lowered<(Value, Value)> {
        match &node.operands[..] {
            &[a, b] => Ok((self.scalar(a)?, self.scalar(b)?)),
            _ => Err(CompileError::Malformed(node.outputs[0])),
        }
    }

    /// The factor and `k` of a product by `1 + 2^k`, which is an address's sum.
    pub(super) fn small_factor(&self, node: &Node) -> Option<(ValueId, u8)> {
        let &[a, b] = &node.operands[..] else { return None };
        let constant = |v: ValueId| self.f.as_const(v)?.as_i64();
        let (factor, constant) = match (constant(a), constant(b)) {
            (None, Some(c)) => (a, c),
            (Some(c), None) => (b, c),
            _ => return None,
        };
        let shift = [(3, 1), (5, 2), (9, 3)].into_iter().find(|(c, _)| *c == constant)?.1;
        Some((factor, shift))
    }

    /// The second operand, if it is an integer constant.
    pub(super) fn constant_right(&self, node: &Node) -> Option<i64> {
        self.f.as_const(*node.operands.get(1)?)?.as_i64()
    }
}

pub(super) fn int_condition(cmp: Cmp) -> IntCC {
    match cmp {
        Cmp::Eq => IntCC::Equal,
        Cmp::Ne => IntCC::NotEqual,
        Cmp::Lt => IntCC::SignedLessThan,
        Cmp::Le => IntCC::SignedLessThanOrEqual,
        Cmp::Gt => IntCC::SignedGreaterThan,
        Cmp::Ge => IntCC::SignedGreaterThanOrEqual,
    }
}

/// Ordered comparisons; only `!=` holds for NaN.
pub(super) fn float_condition(cmp: Cmp) -> FloatCC {
    match cmp {
        Cmp::Eq => FloatCC::Equal,
        Cmp::Ne => FloatCC::NotEqual,
        Cmp::Lt => FloatCC::LessThan,
        Cmp::Le => FloatCC::LessThanOrEqual,
        Cmp::Gt => FloatCC::GreaterThan,
        Cmp::Ge => FloatCC::GreaterThanOrEqual,
    }
}

/// Operations of floats whose operands may be exchanged; those of integers the code generator knows.
fn is_symmetric_of_floats(op: Op) -> bool {
    matches!(op, Op::FAdd | Op::FMul | Op::FCmp(Cmp::Eq | Cmp::Ne))
}

/// Two operands whose order does not matter, the one that was made last first: it is likelier to be
/// used up here than a value from outside of a loop, and machine code writes the result over it.
fn younger_first(a: Value, b: Value) -> (Value, Value) {
    if a.as_u32() < b.as_u32() { (b, a) } else { (a, b) }
}
