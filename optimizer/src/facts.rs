//! What is known about the value of a class: a constant, a range.
//!
//! Facts hold for every *hypothetical* entry to the class's region: they come from operands,
//! domains and pure reasoning, never from the success of an earlier effect.

use crate::interval::{Floats, Ints};
use crate::language::{Language, Meaning, Payload, Payloads};
use egraph_core::{Analysis, EClassId, EGraph, ENodeId, Reason};
use rvsdg::{Cmp, Const, MathFn, Op, Scalar, Type};

/// The range of a class's values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Range {
    /// Floats of either width.
    Floats(Floats),
    /// Integers of either width.
    Ints(Ints),
    /// Anything else.
    Other,
}

impl Range {
    /// Every value of a type.
    pub fn any(ty: Type) -> Range {
        match ty {
            Type::F32 | Type::F64 => Range::Floats(Floats::ANY),
            Type::I32 => Range::Ints(Ints::ANY32),
            Type::I64 => Range::Ints(Ints::ANY),
            _ => Range::Other,
        }
    }

    /// The one value of a constant.
    pub fn point(constant: Const) -> Range {
        match constant {
            Const::F64(bits) => Range::Floats(Floats::point(f64::from_bits(bits))),
            Const::F32(bits) => Range::Floats(Floats::point(f64::from(f32::from_bits(bits)))),
            Const::I64(value) => Range::Ints(Ints::point(value)),
            Const::I32(value) => Range::Ints(Ints::point(i64::from(value))),
            _ => Range::Other,
        }
    }

    /// The range as floats.
    pub fn floats(self) -> Option<Floats> {
        if let Range::Floats(range) = self { Some(range) } else { None }
    }

    /// The range as integers.
    pub fn ints(self) -> Option<Ints> {
        if let Range::Ints(range) = self { Some(range) } else { None }
    }

    /// What either range allows.
    pub fn hull(self, other: Range) -> Range {
        match (self, other) {
            (Range::Floats(a), Range::Floats(b)) => Range::Floats(a.hull(b)),
            (Range::Ints(a), Range::Ints(b)) => Range::Ints(a.hull(b)),
            _ => Range::Other,
        }
    }

    /// What both ranges allow.
    pub fn intersect(self, other: Range) -> Range {
        match (self, other) {
            (Range::Floats(a), Range::Floats(b)) => Range::Floats(a.intersect(b)),
            (Range::Ints(a), Range::Ints(b)) => Range::Ints(a.intersect(b)),
            (range, Range::Other) | (Range::Other, range) => range,
            _ => self,
        }
    }
}

/// Facts about a class.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Facts {
    /// The value, if it is known.
    pub constant: Option<Const>,
    /// The values that are possible.
    pub range: Range,
    /// Two different constants were derived: the region cannot be entered. Neither can it where no
    /// integer is possible.
    pub conflict: bool,
    /// How often the range was narrowed: bounds the length of a descending chain.
    narrowed: u8,
}

/// Ranges stop being narrowed after this many steps, so that the analysis ends.
const MAX_NARROWING: u8 = 8;

impl Facts {
    /// Nothing beyond the type.
    pub fn of_type(ty: Type) -> Facts {
        Facts { constant: None, range: Range::any(ty), conflict: false, narrowed: 0 }
    }

    /// A constant.
    pub fn of_const(constant: Const) -> Facts {
        Facts {
            constant: Some(constant),
            range: Range::point(constant),
            conflict: false,
            narrowed: 0,
        }
    }

    /// What holds for a value that is one of two.
    pub fn either(self, other: Facts) -> Facts {
        let constant = self.constant.filter(|constant| other.constant == Some(*constant));
        let range = match (self.range, other.range) {
            (Range::Floats(_) | Range::Ints(_), _) => self.range.hull(other.range),
            _ => Range::Other,
        };
        Facts { constant, range, conflict: false, narrowed: 0 }
    }

    /// A range.
    pub fn of_range(range: Range) -> Facts {
        Facts { constant: None, range, conflict: false, narrowed: 0 }
    }
}

/// The analysis, with what it needs to read operators and payloads.
#[derive(Clone, Debug)]
pub struct FactAnalysis {
    /// Operators.
    pub language: Language,
    /// Payloads.
    pub payloads: Payloads,
    /// Ranges of the function's parameters.
    pub formals: Vec<Range>,
    /// Put constants into the classes that are known to equal them.
    pub fold: bool,
    /// Equal classes may differ by rounding (a rule over the reals has run): two different float
    /// constants in one class are no contradiction, the older one stays.
    pub inexact: bool,
}

/// The e-graph of a function.
pub type Graph = EGraph<FactAnalysis>;

impl Analysis for FactAnalysis {
    type Data = Facts;

    fn make(&self, graph: &Graph, node: ENodeId) -> Facts {
        let op = graph.op(node);
        let children = graph.children(node);
        let facts = |k: usize| *graph.data(children[k]);
        match self.language.meaning(op) {
            Meaning::Formal => match self.payloads.get(graph.payload(node)) {
                Payload::Index(k) => Facts::of_range(self.formals[k as usize]),
                _ => Facts::of_range(Range::Other),
            },
            Meaning::Import => Facts { narrowed: 0, ..facts(0) },
            // A checked value has the operand's range, but is not its constant: a partial operation
            // on the constant would no longer depend on the check.
            Meaning::Value(Op::Guard(_)) => Facts::of_range(facts(children.len() - 1).range),
            // Ranges are those of binary64; binary32 rounds coarser and overflows earlier.
            Meaning::Value(Op::Call(f))
                if self.language.ty(graph.sort(children[children.len() - 1])) == Type::F32 =>
            {
                Facts::of_range(Range::any(f.result(Type::F32)))
            }
            // That the call returned is no fact: what is known must hold where it raises as well.
            Meaning::Value(Op::Call(f)) => {
                let args: Vec<Facts> =
                    (children.len() - f.arity()..children.len()).map(facts).collect();
                Facts::of_range(math_range(f, &args))
            }
            Meaning::Simple(Op::Const(_)) => match self.payloads.get(graph.payload(node)) {
                Payload::Const(constant) => Facts::of_const(constant),
                _ => Facts::of_range(Range::Other),
            },
            Meaning::Simple(op) if op.is_pure() => {
                let operands: Vec<Facts> = (0..children.len()).map(facts).collect();
                let types: Vec<Type> =
                    children.iter().map(|c| self.language.ty(graph.sort(*c))).collect();
                let mut known = pure_facts(op, &types, &operands);
                // A square is not negative, which the ranges of its two operands do not say.
                if op == Op::FMul
                    && children[0] == children[1]
                    && let Range::Floats(range) = &mut known.range
                {
                    range.lo = range.lo.max(0.0);
                }
                known
            }
            // An approximation says nothing about the exact value of its class.
            Meaning::Approx => Facts::of_range(Range::Other),
            // Leaves that a run decides, and states.
            _ => Facts::of_type(self.language.ty(graph.sort(graph.class_of(node)))),
        }
    }

    fn merge(&self, into: &mut Facts, from: Facts) -> bool {
        let before = *into;
        into.conflict |= from.conflict;
        match (into.constant, from.constant) {
            (None, Some(constant)) => {
                into.constant = Some(constant);
                into.range = into.range.intersect(Range::point(constant));
            }
            (Some(a), Some(b)) => {
                // Signs and payloads of NaN are not significant.
                let same = Scalar::from(a).same(Scalar::from(b));
                into.conflict |= !(same || self.inexact && is_float(a));
            }
            _ => {}
        }
        if into.constant.is_none() && into.narrowed < MAX_NARROWING {
            let narrowed = into.range.intersect(from.range);
            if narrowed != into.range {
                into.range = narrowed;
                into.narrowed += 1;
            }
        }
        *into != before
    }

    fn modify(graph: &mut Graph, class: EClassId) {
        if !graph.analysis().fold {
            return;
        }
        let Some(constant) = graph.data(class).constant else { return };
        let op = graph.analysis().language.constant;
        let payload = graph.analysis_mut().payloads.intern(Payload::Const(constant));
        // A full graph keeps the fact without the node.
        let _ = graph.add_into(class, op, payload, &[], Reason::Analysis);
    }

    fn contradiction(&self, data: &Facts) -> bool {
        data.conflict || data.range.ints().is_some_and(|range| range.lo > range.hi)
    }
}

fn is_float(constant: Const) -> bool {
    matches!(constant, Const::F32(_) | Const::F64(_))
}

/// Facts of a pure operation from facts of its operands.
pub fn pure_facts(op: Op, types: &[Type], operands: &[Facts]) -> Facts {
    let constants: Option<Vec<Scalar>> =
        operands.iter().map(|f| f.constant.map(Scalar::from)).collect();
    let result = op.result_types(types).ok().map(|r| r[0]);
    if let (Some(scalars), Some(ty)) = (&constants, result)
        && !operands.is_empty()
        && let Ok(value) = rvsdg::scalar::eval(op, scalars)
        && let Some(constant) = value.value.to_const(ty)
    {
        return Facts::of_const(constant);
    }
    let fallback = result.map_or(Range::Other, Range::any);
    match op {
        Op::ICmp(cmp) => compare_ints(cmp, operands).map_or_else(
            || Facts::of_range(Range::Other),
            |truth| Facts::of_const(Const::Bool(truth)),
        ),
        Op::FCmp(cmp) => compare_floats(cmp, operands).map_or_else(
            || Facts::of_range(Range::Other),
            |truth| Facts::of_const(Const::Bool(truth)),
        ),
        Op::Select => match operands[0].constant {
            Some(Const::Bool(true)) => Facts { narrowed: 0, ..operands[1] },
            Some(Const::Bool(false)) => Facts { narrowed: 0, ..operands[2] },
            _ => Facts::of_range(operands[1].range.hull(operands[2].range)),
        },
        Op::Len(_) => Facts::of_range(Range::Ints(Ints::new(0, i64::MAX))),
        // Ranges are those of binary64 arithmetic; binary32 rounds coarser.
        _ if types.contains(&Type::F32) => Facts::of_range(fallback),
        _ => {
            let range = float_range(op, types, operands)
                .or_else(|| int_range(op, fallback.ints(), types, operands))
                .unwrap_or(fallback);
            Facts::of_range(range.intersect(fallback))
        }
    }
}

fn compare_ints(cmp: Cmp, operands: &[Facts]) -> Option<bool> {
    let (a, b) = (operands[0].range.ints()?, operands[1].range.ints()?);
    if a.lo > a.hi || b.lo > b.hi {
        return None;
    }
    decide(cmp, (a.lo, a.hi), (b.lo, b.hi))
}

fn compare_floats(cmp: Cmp, operands: &[Facts]) -> Option<bool> {
    let (a, b) = (operands[0].range.floats()?, operands[1].range.floats()?);
    if a.nan || b.nan || a.lo > a.hi || b.lo > b.hi {
        return None;
    }
    decide(cmp, (a.lo, a.hi), (b.lo, b.hi))
}

/// Decides a comparison of two values from their bounds (lower, upper), if they prove it.
fn decide<T: PartialOrd + Copy>(cmp: Cmp, a: (T, T), b: (T, T)) -> Option<bool> {
    let (less, greater) = (a.1 < b.0, a.0 > b.1);
    let (at_most, at_least) = (a.1 <= b.0, a.0 >= b.1);
    let (yes, no) = match cmp {
        Cmp::Eq => (false, less || greater),
        Cmp::Ne => (less || greater, false),
        Cmp::Lt => (less, at_least),
        Cmp::Le => (at_most, greater),
        Cmp::Gt => (greater, at_most),
        Cmp::Ge => (at_least, less),
    };
    (yes || no).then_some(yes)
}

fn float_range(op: Op, types: &[Type], operands: &[Facts]) -> Option<Range> {
    let arg = |k: usize| operands.get(k).and_then(|f| f.range.floats());
    let range = match op {
        Op::FAdd => arg(0)? + arg(1)?,
        Op::FSub => arg(0)? - arg(1)?,
        Op::FMul => arg(0)? * arg(1)?,
        Op::FDiv => arg(0)? / arg(1)?,
        Op::FNeg => -arg(0)?,
        Op::FAbs => arg(0)?.abs(),
        Op::FMin => arg(0)?.min(arg(1)?),
        Op::FMax => arg(0)?.max(arg(1)?),
        Op::Math(f) => return Some(math_range(f, operands)),
        Op::Cast(Type::F64) => match operands[0].range {
            Range::Ints(range) => range.to_floats(),
            Range::Floats(range) => range,
            Range::Other if types[0] == Type::Bool => Floats::new(0.0, 1.0),
            Range::Other => return None,
        },
        _ => return None,
    };
    Some(Range::Floats(range))
}

/// The range of a library function's values.
pub fn math_range(f: MathFn, operands: &[Facts]) -> Range {
    let Some(x) = operands.first().and_then(|o| o.range.floats()) else {
        return Range::any(f.result(Type::F64));
    };
    let inf = f64::INFINITY;
    let value = |x: f64| rvsdg::scalar::math1(f, x);
    let range = match f {
        MathFn::Tanh => x.monotone(value, (-1.0, 1.0)),
        MathFn::Exp => x.monotone(value, (0.0, inf)),
        MathFn::Expm1 => x.monotone(value, (-1.0, inf)),
        MathFn::Atan => x.monotone(value, (-1.571, 1.571)),
        MathFn::Asinh | MathFn::Sinh | MathFn::Cbrt => x.monotone(value, (-inf, inf)),
        MathFn::Erf => Floats { lo: -1.0, hi: 1.0, nan: x.nan },
        MathFn::Erfc => Floats { lo: 0.0, hi: 2.0, nan: x.nan },
        MathFn::Sqrt if x.lo >= 0.0 => x.monotone(value, (0.0, inf)),
        MathFn::Log | MathFn::Log2 | MathFn::Log10 if x.lo > 0.0 => x.monotone(value, (-inf, inf)),
        MathFn::Log1p if x.lo > -1.0 => x.monotone(value, (-inf, inf)),
        MathFn::Sin | MathFn::Cos if x.is_finite() => Floats::new(-1.0, 1.0),
        MathFn::Cosh => x.abs().monotone(value, (1.0, inf)),
        MathFn::Floor | MathFn::Ceil | MathFn::Trunc | MathFn::Rint => {
            x.monotone(value, (-inf, inf))
        }
        MathFn::Pow | MathFn::MathPow => match whole_exponent(operands) {
            Some(n) => x.power(n),
            None => Floats::ANY,
        },
        _ => return Range::any(f.result(Type::F64)),
    };
    Range::Floats(range)
}

/// The exponent of a power, if it is a known whole number from 1 to 64.
pub fn whole_exponent(operands: &[Facts]) -> Option<u32> {
    let exponent = operands.get(1)?.constant?.as_f64()?;
    let whole = exponent.fract() == 0.0 && (1.0..=64.0).contains(&exponent);
    whole.then_some(exponent as u32)
}

fn int_range(op: Op, within: Option<Ints>, types: &[Type], operands: &[Facts]) -> Option<Range> {
    let arg = |k: usize| operands.get(k).and_then(|f| f.range.ints());
    let range = match op {
        Op::IAdd => arg(0)?.add(arg(1)?, within?),
        Op::ISub => arg(0)?.sub(arg(1)?, within?),
        Op::IMul => arg(0)?.mul(arg(1)?, within?),
        Op::INeg => Ints::point(0).sub(arg(0)?, within?),
        Op::IMod => arg(0)?.modulo(arg(1)?, within?),
        Op::IFloorDiv => arg(0)?.floor_div(arg(1)?, within?),
        Op::IMin => {
            let (a, b) = (arg(0)?, arg(1)?);
            Ints::new(a.lo.min(b.lo), a.hi.min(b.hi))
        }
        Op::IMax => {
            let (a, b) = (arg(0)?, arg(1)?);
            Ints::new(a.lo.max(b.lo), a.hi.max(b.hi))
        }
        Op::IAnd if arg(1)?.lo >= 0 => Ints::new(0, arg(1)?.hi),
        Op::IAnd if arg(0)?.lo >= 0 => Ints::new(0, arg(0)?.hi),
        Op::Cast(Type::I64 | Type::I32) => match operands[0].range {
            Range::Ints(range) if range.intersect(within?) == range => range,
            Range::Other if types[0] == Type::Bool => Ints::new(0, 1),
            _ => return None,
        },
        _ => return None,
    };
    Some(Range::Ints(range))
}
