//! The values of module-level constants, computed when a function that uses them is compiled.
//!
//! Arithmetic is [`rvsdg::scalar`]'s. Python computes a module's constants when it imports the
//! module; an expression that raises there has no value here.

use crate::lower::float_text;
use crate::module::{Global, Known, Module};
use ruff_python_ast::{BoolOp, CmpOp, Expr, ExprCall, ExprCompare, Number, Operator, UnaryOp};
use rvsdg::scalar::{eval, python_call};
use rvsdg::{Cmp, Const, MathFn, Op, Scalar, Type};

/// How many parts an expression may have, those of the constants it names included.
const FUEL: u32 = 1_000;

/// The value of an expression of literals, module-level constants, operators, and functions of
/// `math`; none if it has other parts, raises, or leaves 64 bits.
pub(crate) fn constant(module: &Module<'_>, expr: &Expr) -> Option<Const> {
    let value = Evaluator { module, fuel: FUEL }.expr(expr)?;
    value.to_const(value.ty()?)
}

/// `math.pi` and its like.
pub(crate) fn math_constant(name: &str) -> Option<Const> {
    Some(Const::f64(match name {
        "pi" => std::f64::consts::PI,
        "e" => std::f64::consts::E,
        "tau" => std::f64::consts::TAU,
        "inf" => f64::INFINITY,
        "nan" => f64::NAN,
        _ => return None,
    }))
}

/// `np.pi` and its like.
pub(crate) fn numpy_constant(name: &str) -> Option<Const> {
    match name {
        "pi" | "e" | "inf" | "nan" => math_constant(name),
        // Source: NumPy's documentation of its constants.
        "euler_gamma" => Some(Const::f64(0.577_215_664_901_532_9)),
        _ => None,
    }
}

fn known_scalar(known: &Known) -> Option<Scalar> {
    match known {
        Known::Scalar(constant) => Some(Scalar::from(*constant)),
        Known::Tuple(_) | Known::Function(_) => None,
    }
}

/// The operation that a name in `math` stands for, among those whose result is a float or a truth
/// value.
pub(crate) fn math_function(name: &str) -> Option<MathFn> {
    match name {
        "pow" => Some(MathFn::MathPow),
        // Names of operations that Python's module does not have.
        "rint" | "math_pow" => None,
        _ => MathFn::from_name(name),
    }
}

struct Evaluator<'m, 'a> {
    module: &'m Module<'a>,
    fuel: u32,
}

impl Evaluator<'_, '_> {
    fn expr(&mut self, expr: &Expr) -> Option<Scalar> {
        self.fuel = self.fuel.checked_sub(1)?;
        match expr {
            Expr::NumberLiteral(literal) => match &literal.value {
                Number::Int(int) => int.as_i64().map(Scalar::I64),
                Number::Float(float) => Some(Scalar::F64(*float)),
                Number::Complex { .. } => None,
            },
            Expr::BooleanLiteral(literal) => Some(Scalar::Bool(literal.value)),
            Expr::Name(name) => match self.module.get(name.id.as_str())? {
                Global::Value(value) => match self.expr(value) {
                    None => self.module.known(name.id.as_str()).and_then(known_scalar),
                    value => value,
                },
                Global::MathMember(member) => math_constant(member).map(Scalar::from),
                Global::NumpyMember(member) => numpy_constant(member).map(Scalar::from),
                Global::Known(known) => known_scalar(known),
                _ => None,
            },
            Expr::Attribute(attribute) if self.is_math(&attribute.value) => {
                math_constant(attribute.attr.as_str()).map(Scalar::from)
            }
            Expr::Attribute(attribute) if self.is_numpy(&attribute.value) => {
                numpy_constant(attribute.attr.as_str()).map(Scalar::from)
            }
            Expr::UnaryOp(unary) => self.unary(unary.op, &unary.operand),
            Expr::BinOp(binary) => {
                let left = number(self.expr(&binary.left)?);
                let right = number(self.expr(&binary.right)?);
                binary_op(binary.op, left, right)
            }
            Expr::Compare(compare) => self.compare(compare),
            Expr::BoolOp(bool_op) => {
                let (last, rest) = bool_op.values.split_last()?;
                for value in rest {
                    let value = self.expr(value)?;
                    if truth(value)? == (bool_op.op == BoolOp::Or) {
                        return Some(value);
                    }
                }
                self.expr(last)
            }
            Expr::If(choice) => {
                let holds = truth(self.expr(&choice.test)?)?;
                self.expr(if holds { &choice.body } else { &choice.orelse })
            }
            Expr::Call(call) => self.call(call),
            _ => None,
        }
    }

    fn compare(&mut self, compare: &ExprCompare) -> Option<Scalar> {
        let mut left = self.expr(&compare.left)?;
        for (op, right) in compare.ops.iter().zip(&compare.comparators) {
            let right = self.expr(right)?;
            let holds = comparison(*op, number(left), number(right))?;
            if !holds {
                return Some(Scalar::Bool(false));
            }
            left = right;
        }
        Some(Scalar::Bool(true))
    }

    fn is_math(&self, expr: &Expr) -> bool {
        let Expr::Name(name) = expr else { return false };
        matches!(self.module.get(name.id.as_str()), Some(Global::Math))
    }

    fn is_numpy(&self, expr: &Expr) -> bool {
        let Expr::Name(name) = expr else { return false };
        matches!(self.module.get(name.id.as_str()), Some(Global::Numpy))
    }

    fn unary(&mut self, op: UnaryOp, operand: &Expr) -> Option<Scalar> {
        if let (UnaryOp::USub, Expr::NumberLiteral(literal)) = (op, operand)
            && let Number::Int(int) = &literal.value
            && int.as_u64() == Some(1 << 63)
        {
            return Some(Scalar::I64(i64::MIN));
        }
        let value = self.expr(operand)?;
        if op == UnaryOp::Not {
            return Some(Scalar::Bool(!truth(value)?));
        }
        match (op, number(value)) {
            (UnaryOp::UAdd, value) => Some(value),
            (UnaryOp::USub, value @ Scalar::I64(_)) => exact(Op::INeg, &[value]),
            (UnaryOp::USub, value) => exact(Op::FNeg, &[value]),
            (UnaryOp::Invert, value) => exact(Op::INot, &[value]),
            (UnaryOp::Not, _) => None,
        }
    }

    /// `math.f(…)`, `f(…)` imported from there, or a built-in function of numbers.
    fn call(&mut self, call: &ExprCall) -> Option<Scalar> {
        if !call.arguments.keywords.is_empty() {
            return None;
        }
        if let Expr::Name(name) = &*call.func
            && name.id == "float"
            && self.module.get("float").is_none()
            && let Some(value) = float_text(call)
        {
            return Some(Scalar::F64(value));
        }
        let args = call.arguments.args.iter().map(|arg| self.expr(arg).map(number));
        let args = args.collect::<Option<Vec<Scalar>>>()?;
        let function = match &*call.func {
            Expr::Attribute(attribute) if self.is_math(&attribute.value) => attribute.attr.as_str(),
            Expr::Name(name) => match (self.module.get(name.id.as_str()), &args[..]) {
                (Some(Global::MathMember(member)), _) => member,
                (None, [value]) => return builtin(name.id.as_str(), *value),
                (None, [first, rest @ ..]) => return extreme(name.id.as_str(), *first, rest),
                _ => return None,
            },
            _ => return None,
        };
        let function = math_function(function)?;
        let args = args.into_iter().map(float).collect::<Option<Vec<f64>>>()?;
        if args.len() != function.arity() || function.result(Type::F64) != Type::F64 {
            return None;
        }
        let value = Scalar::F64(python_call(function, &args).ok()?);
        match function {
            MathFn::Floor | MathFn::Ceil | MathFn::Trunc => builtin("int", value),
            _ => Some(value),
        }
    }
}

fn builtin(name: &str, value: Scalar) -> Option<Scalar> {
    match (name, value) {
        ("float", value) => float(value).map(Scalar::F64),
        ("int" | "abs", Scalar::I64(value)) => {
            Some(Scalar::I64(if name == "abs" { value.checked_abs()? } else { value }))
        }
        ("int", Scalar::F64(value)) if value.is_finite() => {
            exact(Op::Cast(Type::I64), &[Scalar::F64(value)])
        }
        ("abs", Scalar::F64(_)) => exact(Op::FAbs, &[value]),
        ("bool", value) => truth(value).map(Scalar::Bool),
        ("round", Scalar::I64(_)) => Some(value),
        ("round", Scalar::F64(value)) => builtin("int", Scalar::F64(value.round_ties_even())),
        _ => None,
    }
}

/// `min` and `max`, which keep the first of those that compare equal, or not at all.
fn extreme(name: &str, first: Scalar, rest: &[Scalar]) -> Option<Scalar> {
    let op = match name {
        "min" => CmpOp::Lt,
        "max" => CmpOp::Gt,
        _ => return None,
    };
    let better = |best, value| Some(if comparison(op, value, best)? { value } else { best });
    rest.iter().try_fold(first, |best, value| better(best, *value))
}

/// Whether a number compares so with another; an integer beyond 2^53 is not compared with a float.
fn comparison(op: CmpOp, left: Scalar, right: Scalar) -> Option<bool> {
    let cmp = match op {
        CmpOp::Eq => Cmp::Eq,
        CmpOp::NotEq => Cmp::Ne,
        CmpOp::Lt => Cmp::Lt,
        CmpOp::LtE => Cmp::Le,
        CmpOp::Gt => Cmp::Gt,
        CmpOp::GtE => Cmp::Ge,
        CmpOp::Is | CmpOp::IsNot | CmpOp::In | CmpOp::NotIn => return None,
    };
    if let (Scalar::I64(_), Scalar::I64(_)) = (left, right) {
        return truth(exact(Op::ICmp(cmp), &[left, right])?);
    }
    let small = |value| !matches!(value, Scalar::I64(int) if int.unsigned_abs() > 1 << 53);
    if !small(left) || !small(right) {
        return None;
    }
    truth(exact(Op::FCmp(cmp), &[Scalar::F64(float(left)?), Scalar::F64(float(right)?)])?)
}

/// Whether a value counts as true.
fn truth(value: Scalar) -> Option<bool> {
    match value {
        Scalar::Bool(known) => Some(known),
        Scalar::I64(int) => Some(int != 0),
        Scalar::F64(float) => Some(float != 0.0),
        _ => None,
    }
}

/// A truth value as an integer, other numbers as they are.
fn number(value: Scalar) -> Scalar {
    match value {
        Scalar::Bool(known) => Scalar::I64(i64::from(known)),
        other => other,
    }
}

fn float(value: Scalar) -> Option<f64> {
    match exact(Op::Cast(Type::F64), &[value])? {
        Scalar::F64(value) => Some(value),
        _ => None,
    }
}

/// The operation's value, if 64-bit integers do not overflow in it.
fn exact(op: Op, operands: &[Scalar]) -> Option<Scalar> {
    eval(op, operands).ok().filter(|result| !result.wrapped).map(|result| result.value)
}

fn binary_op(op: Operator, left: Scalar, right: Scalar) -> Option<Scalar> {
    if let (Scalar::I64(_), Scalar::I64(b)) = (left, right) {
        let op = match op {
            Operator::Add => Op::IAdd,
            Operator::Sub => Op::ISub,
            Operator::Mult => Op::IMul,
            Operator::FloorDiv => Op::IFloorDiv,
            Operator::Mod => Op::IMod,
            Operator::Div if b != 0 => Op::ITrueDiv,
            Operator::Pow if b >= 0 => Op::IPow,
            Operator::LShift if b >= 0 => Op::IShl,
            Operator::RShift if b >= 0 => Op::IShr,
            Operator::BitAnd => Op::IAnd,
            Operator::BitOr => Op::IOr,
            Operator::BitXor => Op::IXor,
            _ => return None,
        };
        return exact(op, &[left, right]);
    }
    let (left, right) = (float(left)?, float(right)?);
    let nonzero = right != 0.0;
    let op = match op {
        Operator::Add => Op::FAdd,
        Operator::Sub => Op::FSub,
        Operator::Mult => Op::FMul,
        Operator::Div if nonzero => Op::FDiv,
        Operator::FloorDiv if nonzero => Op::FFloorDiv,
        Operator::Mod if nonzero => Op::FMod,
        Operator::Pow => return python_call(MathFn::Pow, &[left, right]).ok().map(Scalar::F64),
        _ => return None,
    };
    exact(op, &[Scalar::F64(left), Scalar::F64(right)])
}
