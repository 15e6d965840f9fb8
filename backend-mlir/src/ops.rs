//! Simple operations.

use crate::call_rules::{Condition, rules};
use crate::emit::EmitError;
use crate::plan::call_raises;
use crate::region::{Emitter, Status};
use crate::routines::Routine;
use crate::types::{has_value, mlir_type};
use rvsdg::{Cmp, Elem, MathFn, Node, Op, Span, Type, ValueId};

impl Emitter<'_> {
    /// Prints a simple node; its status if it may raise.
    pub(crate) fn simple(&mut self, node: &Node, op: Op) -> Result<Option<Status>, EmitError> {
        let Some(&output) = node.outputs.last() else {
            return Err(self.malformed("every operation has an output"));
        };
        match op {
            Op::Const(constant) => self.constant_node(output, constant),
            Op::Guard(fault) => return self.guard(node, fault.0 as usize).map(Some),
            Op::Call(f) => return self.call(node, f, output),
            Op::Store => self.store(node)?,
            _ if !has_value(self.function.ty(output)) => {}
            _ => {
                let name = self.value(node, op, output)?;
                self.set_name(output, name);
            }
        }
        Ok(None)
    }

    fn guard(&mut self, node: &Node, fault: usize) -> Result<Status, EmitError> {
        let function = self.function;
        let Some(fault) = function.faults.get(fault) else {
            return Err(self.malformed("a guard names a fault of the function"));
        };
        let condition = self.name(node.operands[node.operands.len() - 2]);
        let code = self.raise_code(fault.kind, &fault.message, node.span);
        let success = self.success();
        let value = self.define(format_args!("arith.select {condition}, {success}, {code} : i32"));
        Ok(Status { value, ok: Some(condition) })
    }

    fn call(
        &mut self,
        node: &Node,
        f: MathFn,
        output: ValueId,
    ) -> Result<Option<Status>, EmitError> {
        let function = self.function;
        let mut args: Vec<String> = node
            .operands
            .iter()
            .filter(|v| !function.ty(**v).is_state())
            .map(|v| self.name(*v))
            .collect();
        let ty = function.ty(node.operands[node.operands.len() - 1]);
        let mut result = self.math(f, &args, ty, node.span)?;
        self.set_name(output, result.clone());
        if !call_raises(f) {
            return Ok(None);
        }
        if ty == Type::F32 {
            // On binary32, Python's exceptions are those of the same numbers in binary64.
            args = args
                .iter()
                .map(|arg| self.define(format_args!("arith.extf {arg} : f32 to f64")))
                .collect();
            result = self.math(f, &args, Type::F64, node.span)?;
        }
        let ty = Type::F64;
        let mut status = self.success();
        // The first rule that applies wins: print the last one first.
        for rule in rules(f).iter().rev() {
            let condition = self.condition(rule.when, &args, &result, ty);
            let code = self.raise_code(rule.kind, rule.message, node.span);
            status = self.define(format_args!("arith.select {condition}, {code}, {status} : i32"));
        }
        Ok(Some(Status { value: status, ok: None }))
    }

    /// An `i1` that is true if a rule of [`rules`] applies.
    fn condition(&mut self, when: Condition, args: &[String], result: &str, ty: Type) -> String {
        let x = args[0].as_str();
        match when {
            Condition::NanFromNumbers => {
                let nan = self.is_nan(result, ty);
                self.and_all(nan, args, Emitter::is_number, ty)
            }
            Condition::InfFromFinite => {
                let inf = self.is_inf(result, ty);
                self.and_all(inf, args, Emitter::is_finite, ty)
            }
            Condition::ArgIsInf => self.is_inf(x, ty),
            Condition::ArgIsNan => self.is_nan(x, ty),
            Condition::ZeroToNegative => {
                let zero = self.compare_zero("oeq", x, ty);
                let negative = self.compare_zero("olt", &args[1], ty);
                let finite = self.is_finite(&args[1], ty);
                let both = self.define(format_args!("arith.andi {zero}, {negative} : i1"));
                self.define(format_args!("arith.andi {both}, {finite} : i1"))
            }
        }
    }

    fn and_all(
        &mut self,
        first: String,
        args: &[String],
        test: fn(&mut Self, &str, Type) -> String,
        ty: Type,
    ) -> String {
        args.iter().fold(first, |all, arg| {
            let holds = test(self, arg, ty);
            self.define(format_args!("arith.andi {all}, {holds} : i1"))
        })
    }

    fn compare_zero(&mut self, predicate: &str, x: &str, ty: Type) -> String {
        let text = float_name(ty);
        let zero = self.zero(ty, text);
        self.define(format_args!("arith.cmpf {predicate}, {x}, {zero} : {text}"))
    }

    fn is_nan(&mut self, x: &str, ty: Type) -> String {
        self.define(format_args!("arith.cmpf uno, {x}, {x} : {}", float_name(ty)))
    }

    fn is_number(&mut self, x: &str, ty: Type) -> String {
        self.define(format_args!("arith.cmpf ord, {x}, {x} : {}", float_name(ty)))
    }

    fn is_inf(&mut self, x: &str, ty: Type) -> String {
        self.compare_magnitude("oeq", x, ty)
    }

    fn is_finite(&mut self, x: &str, ty: Type) -> String {
        self.compare_magnitude("olt", x, ty)
    }

    fn compare_magnitude(&mut self, predicate: &str, x: &str, ty: Type) -> String {
        let text = float_name(ty);
        let bits = if ty == Type::F32 { "0x7F800000" } else { "0x7FF0000000000000" };
        let inf =
            self.constant(&format!("%inf.{text}"), &format!("arith.constant {bits} : {text}"));
        let magnitude = self.define(format_args!("math.absf {x} : {text}"));
        self.define(format_args!("arith.cmpf {predicate}, {magnitude}, {inf} : {text}"))
    }

    /// A function of the C library. Exact operations have an operation of their own in MLIR; the
    /// others are calls, because MLIR's own lowerings of some differ in the last bits.
    fn math(
        &mut self,
        f: MathFn,
        args: &[String],
        ty: Type,
        span: Span,
    ) -> Result<String, EmitError> {
        let text = float_name(ty);
        let x = args[0].as_str();
        let operation = match f {
            MathFn::Sqrt => "math.sqrt",
            MathFn::Floor => "math.floor",
            MathFn::Ceil => "math.ceil",
            MathFn::Trunc => "math.trunc",
            MathFn::Rint => "math.roundeven",
            MathFn::Fmod => "arith.remf",
            MathFn::Copysign => "math.copysign",
            MathFn::Isnan => return Ok(self.is_nan(x, ty)),
            MathFn::Isinf => return Ok(self.is_inf(x, ty)),
            MathFn::Isfinite => return Ok(self.is_finite(x, ty)),
            MathFn::Degrees => return Ok(self.scaled(x, ty, 180.0 / std::f64::consts::PI)),
            MathFn::Radians => return Ok(self.scaled(x, ty, std::f64::consts::PI / 180.0)),
            // CPython sums in doubled precision instead of calling the C library.
            MathFn::Hypot if ty == Type::F64 => {
                self.shared.routine(Routine::Hypot);
                return Ok(self.define(format_args!(
                    "func.call @ovum_hypot_f64({}) : (f64, f64) -> f64",
                    args.join(", ")
                )));
            }
            MathFn::Gamma | MathFn::Lgamma => {
                let what = format!("`{}`, which is no function of the C library", f.name());
                return Err(self.unsupported(what, span));
            }
            _ => return Ok(self.library_call(f, args, ty)),
        };
        Ok(self.define(format_args!("{operation} {} : {text}", args.join(", "))))
    }

    /// The product with a factor, in binary64.
    fn scaled(&mut self, x: &str, ty: Type, factor: f64) -> String {
        let literal = crate::types::literal(rvsdg::Const::f64(factor)).unwrap_or_default();
        let factor = self.define(format_args!("arith.constant {literal} : f64"));
        if ty == Type::F64 {
            return self.define(format_args!("arith.mulf {x}, {factor} : f64"));
        }
        let wide = self.define(format_args!("arith.extf {x} : f32 to f64"));
        let product = self.define(format_args!("arith.mulf {wide}, {factor} : f64"));
        self.define(format_args!("arith.truncf {product} : f64 to f32"))
    }

    fn library_call(&mut self, f: MathFn, args: &[String], ty: Type) -> String {
        let name = if f == MathFn::MathPow { "pow" } else { f.name() };
        let suffix = if ty == Type::F32 { "f" } else { "" };
        let text = float_name(ty);
        let types = vec![text; args.len()].join(", ");
        let symbol = format!("{name}{suffix}");
        self.shared.library(&symbol, &format!("({types}) -> {text}"));
        self.define(format_args!("func.call @{symbol}({}) : ({types}) -> {text}", args.join(", ")))
    }

    /// An operation that gives a value and does not raise.
    fn value(&mut self, node: &Node, op: Op, output: ValueId) -> Result<String, EmitError> {
        let names: Vec<String> = node.operands.iter().map(|v| self.name(*v)).collect();
        let Some(&first) = node.operands.first() else {
            return Err(self.malformed("an operation has operands"));
        };
        let from = self.function.ty(first);
        let to = self.function.ty(output);
        let text = mlir_type(from).unwrap_or_default();
        let all = names.join(", ");
        if let Some(name) = plain(op) {
            return Ok(self.define(format_args!("{name} {all} : {text}")));
        }
        if let Some(routine) = Routine::for_op(op, from) {
            self.shared.routine(routine);
            let result = mlir_type(to).unwrap_or_default();
            let types = vec![text.as_ref(); names.len()].join(", ");
            let symbol = routine.symbol();
            return Ok(
                self.define(format_args!("func.call @{symbol}({all}) : ({types}) -> {result}"))
            );
        }
        Ok(match op {
            Op::INeg => {
                let zero = self.zero(from, &text);
                self.define(format_args!("arith.subi {zero}, {all} : {text}"))
            }
            Op::INot => {
                let ones =
                    self.constant(&format!("%ones.{text}"), &format!("arith.constant -1 : {text}"));
                self.define(format_args!("arith.xori {all}, {ones} : {text}"))
            }
            Op::BNot => {
                let yes = self.constant("%one.i1", "arith.constant true");
                self.define(format_args!("arith.xori {all}, {yes} : i1"))
            }
            Op::FMin | Op::FMax => {
                let less = if op == Op::FMin { "olt" } else { "ogt" };
                let (a, b) = (&names[0], &names[1]);
                let second = self.define(format_args!("arith.cmpf {less}, {b}, {a} : {text}"));
                self.define(format_args!("arith.select {second}, {b}, {a} : {text}"))
            }
            Op::Math(f) => self.math(f, &names, from, node.span)?,
            Op::Select => {
                let text = mlir_type(to).unwrap_or_default();
                self.define(format_args!("arith.select {all} : {text}"))
            }
            Op::CtlIs(k) => {
                let k = self.define(format_args!("arith.constant {k} : i32"));
                self.define(format_args!("arith.cmpi eq, {all}, {k} : i32"))
            }
            Op::Cast(_) => self.cast(&all, from, to),
            Op::Len(axis) => {
                let axis = self
                    .constant(&format!("%axis.{axis}"), &format!("arith.constant {axis} : index"));
                let extent = self.define(format_args!("memref.dim {all}, {axis} : {text}"));
                self.define(format_args!("arith.index_cast {extent} : index to i64"))
            }
            Op::Load => self.load(node)?,
            other => return Err(self.malformed(&format!("{other:?} gives a value"))),
        })
    }

    /// The names and types that address an element: the array, the indices, the array's type.
    fn element(&mut self, node: &Node, count: usize) -> Result<(String, Elem), EmitError> {
        let array = node.operands[1];
        let ty = self.function.ty(array);
        let (Some(text), Type::MemRef { elem, .. }) = (mlir_type(ty), ty) else {
            return Err(self.malformed("an access has an array"));
        };
        let indices: Vec<String> = node.operands[2..2 + count]
            .iter()
            .map(|index| {
                let index = self.name(*index);
                self.define(format_args!("arith.index_cast {index} : i64 to index"))
            })
            .collect();
        Ok((format!("{}[{}] : {text}", self.name(array), indices.join(", ")), elem))
    }

    fn load(&mut self, node: &Node) -> Result<String, EmitError> {
        let (element, elem) = self.element(node, node.operands.len() - 2)?;
        let loaded = self.define(format_args!("memref.load {element}"));
        Ok(if elem == Elem::Bool { self.nonzero(&loaded, "i8") } else { loaded })
    }

    fn store(&mut self, node: &Node) -> Result<(), EmitError> {
        let (element, elem) = self.element(node, node.operands.len() - 3)?;
        let mut value = self.name(node.operands[node.operands.len() - 1]);
        if elem == Elem::Bool {
            value = self.define(format_args!("arith.extui {value} : i1 to i8"));
        }
        self.line(format_args!("memref.store {value}, {element}"));
        Ok(())
    }

    fn nonzero(&mut self, value: &str, text: &str) -> String {
        let zero = self.constant(&format!("%zero.{text}"), &format!("arith.constant 0 : {text}"));
        self.define(format_args!("arith.cmpi ne, {value}, {zero} : {text}"))
    }

    fn cast(&mut self, value: &str, from: Type, to: Type) -> String {
        if from == to {
            return value.to_owned();
        }
        let source = mlir_type(from).unwrap_or_default();
        let target = mlir_type(to).unwrap_or_default();
        let operation = match (from, to) {
            (Type::F32 | Type::F64, Type::Bool) => return self.compare_zero("une", value, from),
            (_, Type::Bool) => return self.nonzero(value, &source),
            (Type::Bool, Type::F32 | Type::F64) => "arith.uitofp",
            (Type::Bool, _) => "arith.extui",
            (Type::F32, Type::F64) => "arith.extf",
            (Type::F64, Type::F32) => "arith.truncf",
            (Type::I32, Type::I64) => "arith.extsi",
            (Type::I64, Type::I32) => "arith.trunci",
            _ => "arith.sitofp",
        };
        self.define(format_args!("{operation} {value} : {source} to {target}"))
    }
}

/// Operations that are one MLIR operation on operands of one type.
fn plain(op: Op) -> Option<&'static str> {
    Some(match op {
        Op::IAdd => "arith.addi",
        Op::ISub => "arith.subi",
        Op::IMul => "arith.muli",
        // Lowered with the most negative number defined, not poison.
        Op::IAbs => "math.absi",
        Op::IAnd | Op::BAnd => "arith.andi",
        Op::IOr | Op::BOr => "arith.ori",
        Op::IXor | Op::BXor => "arith.xori",
        Op::IMin => "arith.minsi",
        Op::IMax => "arith.maxsi",
        Op::ICmp(Cmp::Eq) => "arith.cmpi eq,",
        Op::ICmp(Cmp::Ne) => "arith.cmpi ne,",
        Op::ICmp(Cmp::Lt) => "arith.cmpi slt,",
        Op::ICmp(Cmp::Le) => "arith.cmpi sle,",
        Op::ICmp(Cmp::Gt) => "arith.cmpi sgt,",
        Op::ICmp(Cmp::Ge) => "arith.cmpi sge,",
        Op::FAdd => "arith.addf",
        Op::FSub => "arith.subf",
        Op::FMul => "arith.mulf",
        Op::FDiv => "arith.divf",
        Op::FNeg => "arith.negf",
        Op::FAbs => "math.absf",
        Op::FCmp(Cmp::Eq) => "arith.cmpf oeq,",
        Op::FCmp(Cmp::Ne) => "arith.cmpf une,",
        Op::FCmp(Cmp::Lt) => "arith.cmpf olt,",
        Op::FCmp(Cmp::Le) => "arith.cmpf ole,",
        Op::FCmp(Cmp::Gt) => "arith.cmpf ogt,",
        Op::FCmp(Cmp::Ge) => "arith.cmpf oge,",
        _ => return None,
    })
}

fn float_name(ty: Type) -> &'static str {
    if ty == Type::F32 { "f32" } else { "f64" }
}
