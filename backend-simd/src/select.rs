//! Which instruction computes an operation.

use crate::assembler::{Map, Opcode};
use vecmath::{Op, Rounding, Width};

fn op(map: Map, prefix: u8, wide: bool, byte: u8) -> Opcode {
    Opcode { map, prefix, wide, byte }
}

/// The mandatory prefix that tells `pd` from `ps`.
fn packed(width: Width) -> u8 {
    u8::from(width == Width::F64)
}

/// `vmovaps`/`vmovapd` between registers.
pub(crate) fn move_register(width: Width) -> Opcode {
    op(Map::M0F, packed(width), false, 0x28)
}

/// Unaligned load.
pub(crate) fn load(width: Width) -> Opcode {
    op(Map::M0F, packed(width), false, 0x10)
}

/// Unaligned store.
pub(crate) fn store(width: Width) -> Opcode {
    op(Map::M0F, packed(width), false, 0x11)
}

/// Aligned store that goes past the caches.
pub(crate) fn stream(width: Width) -> Opcode {
    op(Map::M0F, packed(width), false, 0x2b)
}

/// Load of the lanes that the second operand's sign bits name, zeros elsewhere.
pub(crate) fn masked_load(width: Width) -> Opcode {
    op(Map::M0F38, 1, false, 0x2c | packed(width))
}

/// Store of those lanes.
pub(crate) fn masked_store(width: Width) -> Opcode {
    op(Map::M0F38, 1, false, 0x2e | packed(width))
}

/// Load of one number into every lane.
pub(crate) fn broadcast(width: Width) -> Opcode {
    op(Map::M0F38, 1, false, 0x18 | packed(width))
}

/// Any bitwise function of three vectors, 512 bits: `vpternlog`.
pub(crate) const TERNARY: Opcode = Opcode::new(Map::M0F3A, 1, 0x25);
/// The function for [`TERNARY`] that takes the second or memory operand's bits where the
/// destination's are set, else the first one's.
pub(crate) const CHOOSE: u8 = 0xac;

/// Every bit of a lane like its sign bit, 512 bits: `vpsra` with the bits of a lane less one.
pub(crate) const SPREAD_SIGN: Opcode = Opcode::new(Map::M0F, 1, 0x72);
/// The digit of that shift.
pub(crate) const SPREAD_DIGIT: u8 = 4;

/// Exponents as numbers, 512 bits: `vgetexp`.
pub(crate) const EXPONENT: Opcode = Opcode::new(Map::M0F38, 1, 0x42);

/// How the operands of an operation are given.
#[derive(Clone, Copy)]
pub(crate) enum Form {
    /// `dst, first, second or memory[, immediate]`
    Binary(Option<u8>),
    /// `dst, operand or memory[, immediate]`
    Unary(Option<u8>),
    /// A shift by an immediate: `/digit`, the destination where the second operand usually is.
    Shift {
        digit: u8,
        count: u8,
    },
    /// `dst, first, second or memory[, immediate]`: all bits of a lane or none.
    Compare(Option<u8>),
    /// `vblendv dst, if false, if true or memory, mask`
    Select,
    /// A fused operation; the byte is that of the form 132.
    Fused,
    Rare,
    /// [`EXPONENT`] of the second operand less that of the first.
    MinusExponent,
    Leaf,
}

/// Instruction and form for an operation.
pub(crate) fn instruction(what: Op, width: Width) -> (Opcode, Form) {
    let p = packed(width);
    let wide = width == Width::F64;
    let float = |byte| (op(Map::M0F, p, false, byte), Form::Binary(None));
    let integer = |d, q| (op(Map::M0F, 1, false, if wide { q } else { d }), Form::Binary(None));
    let compare = |k| (op(Map::M0F, p, false, 0xc2), Form::Compare(Some(k)));
    let shift = |digit, count| {
        (op(Map::M0F, 1, false, if wide { 0x73 } else { 0x72 }), Form::Shift { digit, count })
    };
    let fused = |byte| (op(Map::M0F38, 1, wide, byte), Form::Fused);
    match what {
        Op::Add => float(0x58),
        Op::Sub => float(0x5c),
        Op::Mul => float(0x59),
        Op::Div => float(0x5e),
        Op::Min => float(0x5d),
        Op::Max => float(0x5f),
        Op::And => float(0x54),
        Op::AndNot => float(0x55),
        Op::Or => float(0x56),
        Op::Xor => float(0x57),
        Op::Sqrt => (op(Map::M0F, p, false, 0x51), Form::Unary(None)),
        // Bit 3: the inexact exception is not raised.
        Op::Round(rounding) => {
            let mode = match rounding {
                Rounding::Nearest => 8,
                Rounding::Down => 9,
                Rounding::Up => 10,
                Rounding::Zero => 11,
            };
            (op(Map::M0F3A, 1, false, 0x08 | p), Form::Unary(Some(mode)))
        }
        Op::IntAdd => integer(0xfe, 0xd4),
        Op::IntSub => integer(0xfa, 0xfb),
        Op::IntGt if wide => (op(Map::M0F38, 1, false, 0x37), Form::Compare(None)),
        Op::IntGt => (op(Map::M0F, 1, false, 0x66), Form::Compare(None)),
        Op::IntEq if wide => (op(Map::M0F38, 1, false, 0x29), Form::Compare(None)),
        Op::IntEq => (op(Map::M0F, 1, false, 0x76), Form::Compare(None)),
        Op::Shl(count) => shift(6, count),
        Op::Shr(count) => shift(2, count),
        // Ordered, quiet.
        Op::Lt => compare(0x11),
        Op::Le => compare(0x12),
        Op::Eq => compare(0x00),
        Op::Select => (op(Map::M0F3A, 1, false, 0x4a | p), Form::Select),
        Op::Fma => fused(0x98),
        Op::Nfma => fused(0x9c),
        Op::Fms => fused(0x9a),
        Op::Rare(_) => (load(width), Form::Rare),
        // From 3/4 to 3/2, with the sign cleared, NaN of negative numbers.
        Op::Significand => (op(Map::M0F3A, 1, false, 0x26), Form::Unary(Some(0b1111))),
        Op::MinusExponent => (float(0x5c).0, Form::MinusExponent),
        Op::Input(_) | Op::Const(_) => (load(width), Form::Leaf),
    }
}
