//! Guards and calls of Python's `math`: what can raise.

use super::{Lowered, Lowerer, Status};
use crate::abi::Site;
use crate::error::CompileError;
use crate::runtime::Import;
use cranelift_codegen::ir::{InstBuilder, Value};
use rvsdg::{Const, ExcKind, FaultId, MathFn, Node, Type, ValueId};
use std::sync::Arc;

impl Lowerer<'_> {
    pub(super) fn guard(&mut self, fault: FaultId, node: &Node) -> Lowered<()> {
        let ([.., condition, value], [io, result]) = (&node.operands[..], &node.outputs[..]) else {
            return Err(CompileError::Malformed(node.outputs[0]));
        };
        if self.f.as_const(*condition) != Some(Const::Bool(true)) {
            let Some(fault) = self.f.faults.get(fault.0 as usize) else {
                return Err(CompileError::Malformed(*io));
            };
            let holds = self.scalar(*condition)?;
            let raise = self.raise_known(fault.kind, &fault.message, node.span);
            self.raise_unless(holds, raise);
        }
        self.define(*io, &[]);
        self.alias(*result, *value)
    }

    pub(super) fn python_call(&mut self, f: MathFn, node: &Node) -> Lowered<()> {
        let &[io, result] = &node.outputs[..] else {
            return Err(CompileError::Malformed(node.outputs[0]));
        };
        let mems = node.operands.iter().skip(1);
        let mems = mems.take_while(|v| matches!(self.f.ty(**v), Type::Mem(_))).count();
        let operands = &node.operands[(1 + mems).min(node.operands.len())..];
        if operands.len() != f.arity() {
            return Err(CompileError::Malformed(result));
        }
        let args = operands.iter().map(|v| self.scalar(*v)).collect::<Lowered<Vec<Value>>>()?;
        let value = self.python_value(f, &args, node)?;
        self.define(io, &[]);
        self.define(result, &[value]);
        Ok(())
    }

    /// The value of a call, after the branches that raise.
    ///
    /// Every exception of the `math` module goes with an infinite or NaN result of the C function
    /// (the tests hold this for every function), so a finite result needs no further look.
    fn python_value(&mut self, f: MathFn, args: &[Value], node: &Node) -> Lowered<Value> {
        let plain = self.math_value(f, args)?;
        if f.never_raises() {
            return Ok(plain);
        }
        let finite = self.is_finite(plain);
        let slow = self.b.create_block();
        self.b.set_cold_block(slow);
        let next = self.b.create_block();
        self.b.ins().brif(finite, next, &[], slow, &[]);
        self.b.seal_block(slow);
        self.b.switch_to_block(slow);
        let mut passed = args.to_vec();
        passed.push(self.context);
        let status = self.call(Import::Call(f, self.width_of(args[0])), &passed)?;
        let site = Site { kind: ExcKind::ValueError, message: None, span: node.span };
        let raise = self.raise_at(Status::Value(status), site);
        self.b.ins().brif(status, raise, &[], next, &[]);
        self.b.seal_block(next);
        self.b.switch_to_block(next);
        Ok(plain)
    }

    /// The block in which a loop that reached a limit ends.
    pub(super) fn raise_time_limit(&mut self, node: &Node) -> cranelift_codegen::ir::Block {
        self.raise_known(ExcKind::TimeLimit, &Arc::from("the time limit was reached"), node.span)
    }

    /// The first of a region's results: a loop's condition.
    pub(super) fn first_result(&self, results: &[ValueId]) -> Lowered<Value> {
        match results.first() {
            Some(condition) => self.scalar(*condition),
            None => Err(CompileError::Codegen("a loop has no condition".to_owned())),
        }
    }
}
