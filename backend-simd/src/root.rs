//! Square roots without the unit for them, with the same bits: for some of a loop's copies, where
//! that unit is what all wait for.
//!
//! An estimate of the reciprocal root (relative error below 2^-14) is brought by Goldschmidt's
//! iteration to a root `g` within one unit in the last place `u`: once for binary32, twice for
//! binary64, the first time with the term of second order, or an estimate at its bound would leave
//! an error of a unit and a half. The root rounded to nearest is then `g - u`, `g` or `g + u`, and two fused operations,
//! whose signs are exact, tell which (Tuckerman's test): `x > g (g + u)` says that the root lies above
//! `g + u/2`, and `x <= g (g - u)` that it lies below `g - u/2`, as no root lies halfway between two
//! numbers. Source: P. Markstein, "IA-64 and Elementary Functions", Prentice Hall 2000, chapter 9.
//!
//! Nothing depends on which estimate the processor makes within its bound. Zeros, infinities, NaN,
//! negative and subnormal numbers leave the line for the unit.

use crate::assembler::{Assembler, Map, Opcode, Operand, pool_number};
use vecmath::Width;

/// Registers for the numbers on the way: the first one becomes the root.
pub(crate) const SCRATCH: usize = 5;

/// Places of the constants that roots need, in the pool.
#[derive(Clone, Copy)]
pub(crate) struct Constants {
    /// One half.
    half: u32,
    /// One and a half.
    second_order: u32,
    /// The integer -1.
    minus_one: u32,
}

impl Constants {
    /// Appends them to a pool of numbers for 512-bit instructions.
    pub(crate) fn append(pool: &mut Vec<u8>, width: Width) -> Constants {
        let half = pool.len() as u32;
        pool_number(pool, width, 0.5);
        pool_number(pool, width, 1.5);
        let minus_one = pool.len() as u32;
        pool.extend([0xff; 8]);
        Constants { half, second_order: half + 8, minus_one }
    }
}

/// Emits the root of `x`, all of whose lanes are positive, normal and finite, into `to[0]`.
pub(crate) fn emit(
    asm: &mut Assembler,
    width: Width,
    constants: Constants,
    x: u8,
    to: [u8; SCRATCH],
) {
    let packed = u8::from(width == Width::F64);
    let fused = |byte| Opcode::new(Map::M0F38, 1, byte);
    let (multiply, estimate) =
        (Opcode::new(Map::M0F, packed, 0x59), Opcode::new(Map::M0F38, 1, 0x4e));
    // dst = -(second * operand) + dst; dst = dst * operand + second; dst = second * dst - operand.
    let (rest, improve, compare) = (fused(0xbc), fused(0x98), fused(0xaa));
    let wide = width == Width::F64;
    let add = Opcode::new(Map::M0F, 1, if wide { 0xd4 } else { 0xfe });
    let subtract = Opcode::new(Map::M0F, 1, if wide { 0xfb } else { 0xfa });
    let shift = Opcode::new(Map::M0F, 1, if wide { 0x73 } else { 0x72 });
    let half = Operand::Pool(constants.half);
    let minus_one = Operand::Pool(constants.minus_one);
    let reg = Operand::Reg;

    let [above, g, h, e, below] = to;
    asm.vex(estimate, h, 0, reg(x), None);
    asm.vex(multiply, g, x, reg(h), None);
    asm.vex(multiply, h, h, half, None);
    for last in if wide { [false, true].iter() } else { [true].iter() } {
        asm.load_vector(e, half);
        asm.vex(rest, e, g, reg(h), None);
        if !last {
            asm.vex(multiply, above, e, Operand::Pool(constants.second_order), None);
            asm.vex(improve, e, e, reg(above), None);
            asm.vex(improve, h, h, reg(e), None);
        }
        asm.vex(improve, g, g, reg(e), None);
    }
    asm.vex(subtract, above, g, minus_one, None);
    asm.vex(add, below, g, minus_one, None);
    asm.vex(compare, above, g, reg(x), None);
    asm.vex(compare, g, below, reg(x), None);
    // One where a product is below x, from the next number below on.
    let sign = (width.bytes() * 8 - 1) as u8;
    asm.vex(shift, 2, above, reg(above), Some(sign));
    asm.vex(shift, 2, g, reg(g), Some(sign));
    asm.vex(add, above, above, reg(below), None);
    asm.vex(add, above, above, reg(g), None);
}
