//! Functions of floats: instructions where the machine has them, else calls of the runtime.

use super::{Lowered, Lowerer};
use crate::error::CompileError;
use crate::runtime::Import;
use cranelift_codegen::ir::condcodes::FloatCC;
use cranelift_codegen::ir::{InstBuilder, Value};
use rvsdg::{MathFn, Node, Op};

impl Lowerer<'_> {
    pub(super) fn math(&mut self, f: MathFn, node: &Node) -> Lowered<Value> {
        let mut args = [Value::from_u32(0); 2];
        let count = node.operands.len();
        if count != f.arity() {
            return Err(CompileError::Malformed(node.outputs[0]));
        }
        for (arg, operand) in args.iter_mut().zip(&node.operands) {
            *arg = self.scalar(*operand)?;
        }
        self.math_value(f, &args[..count])
    }

    /// The value of a function as the C library has it.
    pub(super) fn math_value(&mut self, f: MathFn, args: &[Value]) -> Lowered<Value> {
        let x = args[0];
        Ok(match f {
            MathFn::Sqrt => self.b.ins().sqrt(x),
            MathFn::Floor => self.b.ins().floor(x),
            MathFn::Ceil => self.b.ins().ceil(x),
            MathFn::Trunc => self.b.ins().trunc(x),
            MathFn::Rint => self.b.ins().nearest(x),
            MathFn::Copysign => self.b.ins().fcopysign(x, args[1]),
            MathFn::Isnan => self.b.ins().fcmp(FloatCC::Unordered, x, x),
            MathFn::Isinf => self.compare_magnitude(FloatCC::Equal, x),
            MathFn::Isfinite => self.is_finite(x),
            _ => {
                let width = self.width_of(x);
                return self.call(Import::Math(f, width), args);
            }
        })
    }

    pub(super) fn is_finite(&mut self, x: Value) -> Value {
        self.compare_magnitude(FloatCC::LessThan, x)
    }

    /// Compares `abs(x)` with infinity.
    fn compare_magnitude(&mut self, condition: FloatCC, x: Value) -> Value {
        let magnitude = self.b.ins().fabs(x);
        let infinity = self.float(self.type_of(x), f64::INFINITY);
        self.b.ins().fcmp(condition, magnitude, infinity)
    }

    pub(super) fn float_div_mod(&mut self, op: Op, a: Value, b: Value) -> Lowered<Value> {
        let width = self.width_of(a);
        let import = if op == Op::FMod { Import::FloatMod(width) } else { Import::FloorDiv(width) };
        self.call(import, &[a, b])
    }
}
