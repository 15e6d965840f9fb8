//! Names of operations, as the text form and reports spell them.

use crate::math::MathFn;
use crate::op::{Cmp, Op};
use crate::types::Type;
use std::fmt;

/// Operations whose name says everything.
const PLAIN: &[(&str, Op)] = &[
    ("iadd", Op::IAdd),
    ("isub", Op::ISub),
    ("imul", Op::IMul),
    ("ineg", Op::INeg),
    ("iabs", Op::IAbs),
    ("ifloordiv", Op::IFloorDiv),
    ("imod", Op::IMod),
    ("itruediv", Op::ITrueDiv),
    ("ipow", Op::IPow),
    ("ishl", Op::IShl),
    ("ishr", Op::IShr),
    ("iand", Op::IAnd),
    ("ior", Op::IOr),
    ("ixor", Op::IXor),
    ("inot", Op::INot),
    ("imin", Op::IMin),
    ("imax", Op::IMax),
    ("fadd", Op::FAdd),
    ("fsub", Op::FSub),
    ("fmul", Op::FMul),
    ("fdiv", Op::FDiv),
    ("fneg", Op::FNeg),
    ("fabs", Op::FAbs),
    ("ffloordiv", Op::FFloorDiv),
    ("fmod", Op::FMod),
    ("fmin", Op::FMin),
    ("fmax", Op::FMax),
    ("band", Op::BAnd),
    ("bor", Op::BOr),
    ("bxor", Op::BXor),
    ("bnot", Op::BNot),
    ("select", Op::Select),
    ("load", Op::Load),
    ("store", Op::Store),
];

impl Op {
    /// The operation's name: `iadd`, `icmp.lt`, `math.tanh`, `call.exp`, `cast.f64`, `len.0`,
    /// `ctl_is.2`, `const`, `guard`. Constants and guards carry data that the name leaves out;
    /// every other operation is determined by its name.
    pub fn name(self) -> String {
        match self {
            Op::Const(_) => "const".to_owned(),
            Op::Guard(_) => "guard".to_owned(),
            Op::ICmp(cmp) => format!("icmp.{}", cmp.name()),
            Op::FCmp(cmp) => format!("fcmp.{}", cmp.name()),
            Op::Math(f) => format!("math.{}", f.name()),
            Op::Call(f) => format!("call.{}", f.name()),
            Op::Cast(to) => format!("cast.{to}"),
            Op::Len(axis) => format!("len.{axis}"),
            Op::Recur { function, result } => format!("recur.{function}.{result}"),
            Op::CtlIs(k) => format!("ctl_is.{k}"),
            op => {
                let found = PLAIN.iter().find(|(_, plain)| *plain == op);
                found.map_or("const", |(name, _)| name).to_owned()
            }
        }
    }

    /// The operation with this name; none for an unknown name and for `const` and `guard`, which
    /// need more than a name.
    pub fn from_name(name: &str) -> Option<Op> {
        let Some((head, tail)) = name.split_once('.') else {
            return PLAIN.iter().find(|(plain, _)| *plain == name).map(|(_, op)| *op);
        };
        let cmp = || Cmp::ALL.into_iter().find(|cmp| cmp.name() == tail);
        // Numbers are accepted only as they are printed, so that a name is unique.
        let number = || tail.parse::<u32>().ok().filter(|n| n.to_string() == tail);
        match head {
            "icmp" => cmp().map(Op::ICmp),
            "fcmp" => cmp().map(Op::FCmp),
            "math" => MathFn::from_name(tail).map(Op::Math),
            "call" => MathFn::from_name(tail).map(Op::Call),
            "cast" => Type::from_name(tail).filter(|ty| ty.is_scalar()).map(Op::Cast),
            "len" => number().and_then(|n| u8::try_from(n).ok()).map(Op::Len),
            "ctl_is" => number().map(Op::CtlIs),
            "recur" => {
                let (number, result) = tail.split_once('.')?;
                let function = number.parse().ok().filter(|n: &u32| n.to_string() == number)?;
                let result = Type::from_name(result)?;
                let fits = result.is_scalar() || result == Type::Unit;
                fits.then_some(Op::Recur { function, result })
            }
            _ => None,
        }
    }
}

impl fmt::Display for Op {
    /// The name, and for a constant its type and value, for a guard its fault's number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Op::Const(constant) => write!(f, "const {} {constant}", constant.ty()),
            Op::Guard(fault) => write!(f, "guard #{}", fault.0),
            op => f.write_str(&op.name()),
        }
    }
}

impl Type {
    /// The type that is displayed as `name`.
    pub fn from_name(name: &str) -> Option<Type> {
        let plain = [Type::F32, Type::F64, Type::I32, Type::I64, Type::Bool, Type::Unit, Type::Io];
        let found = plain.into_iter().find(|ty| ty.to_string() == name);
        found.or_else(|| {
            let (head, tail) = name.strip_suffix('>')?.split_once('<')?;
            let ty = match head {
                "ctl" => Type::Ctl(tail.parse().ok()?),
                "mem" => Type::Mem(tail.parse().ok()?),
                "memref" => {
                    let mut parts = tail.split(',');
                    let elem = Type::from_name(parts.next()?)?.elem()?;
                    let rank = parts.next()?.parse().ok()?;
                    let mem = parts.next()?.parse().ok()?;
                    parts.next().is_none().then_some(Type::MemRef { elem, rank, mem })?
                }
                _ => return None,
            };
            (ty.to_string() == name).then_some(ty)
        })
    }
}

/// Shortest text that reads back to the same bits.
fn write_float(
    f: &mut fmt::Formatter<'_>,
    shortest: &str,
    is_nan: bool,
    canonical: bool,
    bits: u64,
) -> fmt::Result {
    match (is_nan, canonical) {
        (false, _) => f.write_str(shortest),
        (true, true) => f.write_str("nan"),
        (true, false) => write!(f, "nan:{bits:#x}"),
    }
}

impl fmt::Display for crate::Const {
    /// The value without its type: `0.5`, `nan`, `nan:0x7ff8000000000001`, `-3`, `true`, `1` for an
    /// alternative, `none`. With the type it determines the constant.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use crate::Const;
        match *self {
            Const::F64(bits) => {
                let value = f64::from_bits(bits);
                let canonical = bits == CANONICAL_NAN_F64;
                write_float(f, &format!("{value:?}"), value.is_nan(), canonical, bits)
            }
            Const::F32(bits) => {
                let value = f32::from_bits(bits);
                let canonical = bits == CANONICAL_NAN_F32;
                write_float(f, &format!("{value:?}"), value.is_nan(), canonical, bits.into())
            }
            Const::I32(value) => write!(f, "{value}"),
            Const::I64(value) => write!(f, "{value}"),
            Const::Bool(value) => write!(f, "{value}"),
            Const::Ctl { value, .. } => write!(f, "{value}"),
            Const::Unit => f.write_str("none"),
        }
    }
}

const CANONICAL_NAN_F64: u64 = 0x7ff8_0000_0000_0000;
const CANONICAL_NAN_F32: u32 = 0x7fc0_0000;

impl crate::Const {
    /// The constant of type `ty` that is displayed as `text`; floats and integers may also be
    /// written in other ways that Rust reads.
    pub fn from_text(ty: Type, text: &str) -> Option<crate::Const> {
        use crate::Const;
        let nan = || {
            let bits = text.strip_prefix("nan:0x")?;
            u64::from_str_radix(bits, 16).ok()
        };
        Some(match ty {
            Type::F64 if text == "nan" => Const::F64(CANONICAL_NAN_F64),
            Type::F32 if text == "nan" => Const::F32(CANONICAL_NAN_F32),
            Type::F64 => match nan() {
                Some(bits) => Some(Const::F64(bits)).filter(|_| f64::from_bits(bits).is_nan())?,
                None => Const::f64(text.parse().ok()?),
            },
            Type::F32 => match nan() {
                Some(bits) => {
                    let bits = u32::try_from(bits).ok()?;
                    Some(Const::F32(bits)).filter(|_| f32::from_bits(bits).is_nan())?
                }
                None => Const::f32(text.parse().ok()?),
            },
            Type::I32 => Const::I32(text.parse().ok()?),
            Type::I64 => Const::I64(text.parse().ok()?),
            Type::Bool => Const::Bool(text.parse().ok()?),
            Type::Ctl(arms) => {
                Const::Ctl { arms, value: text.parse().ok().filter(|value| *value < arms)? }
            }
            Type::Unit if text == "none" => Const::Unit,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Const, FaultId};

    fn all() -> Vec<Op> {
        let mut ops: Vec<Op> = PLAIN.iter().map(|(_, op)| *op).collect();
        ops.extend(Cmp::ALL.into_iter().flat_map(|cmp| [Op::ICmp(cmp), Op::FCmp(cmp)]));
        ops.extend(MathFn::ALL.iter().flat_map(|f| [Op::Math(*f), Op::Call(*f)]));
        let scalars = [Type::F32, Type::F64, Type::I32, Type::I64, Type::Bool];
        ops.extend(scalars.map(Op::Cast));
        ops.extend([Op::Len(0), Op::Len(1), Op::CtlIs(0), Op::CtlIs(17)]);
        ops
    }

    #[test]
    fn names_are_unique_and_read_back() {
        let mut names: Vec<String> = Vec::new();
        for op in all() {
            assert_eq!(Op::from_name(&op.name()), Some(op));
            assert_eq!(op.to_string(), op.name());
            names.push(op.name());
        }
        names.sort();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
        assert_eq!(Op::Guard(FaultId(3)).to_string(), "guard #3");
    }

    #[test]
    fn odd_spellings_are_not_names() {
        for name in ["len.00", "len.+1", "len.256", "cast.io", "cast.mem<0>", "icmp.", "const", ""]
        {
            assert_eq!(Op::from_name(name), None, "{name}");
        }
    }

    #[test]
    fn constants_read_back_bit_for_bit() {
        let bits =
            [0, 1, 1 << 63, 0x7ff0_0000_0000_0000, 0x7ff8_0000_0000_0000, 0xfff8_0000_0000_0001];
        let mut constants: Vec<Const> = bits.map(Const::F64).to_vec();
        constants.extend([0.1, 1e300, -1e-300].map(Const::f64));
        constants.extend([0, 1, 0x7fc0_0000, 0x7f80_0001, 0xff80_0000].map(Const::F32));
        constants.extend([Const::I64(i64::MIN), Const::I32(-1), Const::Bool(true), Const::Unit]);
        constants.push(Const::Ctl { arms: 3, value: 2 });
        for constant in constants {
            let text = constant.to_string();
            assert_eq!(Const::from_text(constant.ty(), &text), Some(constant), "{text}");
        }
        assert_eq!(Const::from_text(Type::Ctl(2), "2"), None);
        assert_eq!(Const::from_text(Type::F64, "nan:0x0"), None);
    }
}
