//! Quotients without the unit that divides, with the same bits: for some of a loop's copies, where
//! that unit is what all wait for.
//!
//! An estimate of the reciprocal (relative error below 2^-14) is brought by Newton's iteration to the
//! number nearest to it, `y`; the quotient `q = n y` is then within one unit in the last place, its
//! rest `r = n - d q` is exact, and `q + r y`, rounded once, is the quotient rounded to nearest.
//! Source: P. Markstein, "IA-64 and Elementary Functions", Prentice Hall 2000, chapter 8.
//!
//! The last step but one of the iteration rounds up. To nearest, it would end below the reciprocal of
//! a number whose mantissa is all ones, whatever the estimate, and the last step would then meet a
//! tie that it resolves to the wrong side; from above it does not. For every other number the last
//! step begins within a unit in the last place, so that its square (below 2^-104 or 2^-46) decides
//! nothing that the theorem asks for.
//!
//! Nothing depends on which estimate the processor makes within its bound. Operands that are not of
//! ordinary size, zeros, infinities and NaN among them, leave the line for the unit: with the others
//! no number on the way leaves the normal range, and the rest is exact.

use crate::assembler::{Assembler, Map, Opcode, Operand, pool_number};
use crate::select;
use vecmath::Width;

/// Registers for the numbers on the way: the first one becomes the quotient.
pub(crate) const SCRATCH: usize = 3;

/// Exponents of two between which the sizes of both operands are ordinary.
const ORDINARY: [(i32, i32); 2] = [(-400, 500), (-40, 60)];

/// Places of the constants that quotients need, in the pool.
#[derive(Clone, Copy)]
pub(crate) struct Constants {
    one: u32,
    least: u32,
    most: u32,
}

impl Constants {
    /// Appends them to a pool of numbers for 512-bit instructions.
    pub(crate) fn append(pool: &mut Vec<u8>, width: Width) -> Constants {
        let one = pool.len() as u32;
        let (least, most) = ORDINARY[usize::from(width == Width::F32)];
        for exponent in [0, least, most] {
            pool_number(pool, width, 2.0_f64.powi(exponent));
        }
        Constants { one, least: one + 8, most: one + 16 }
    }
}

/// Sets the zero flag if every lane's operands are of ordinary size. A lane with one NaN may pass:
/// its quotient is NaN by either way.
pub(crate) fn test(asm: &mut Assembler, constants: Constants, n: u8, d: u8, scratch: u8) {
    let range = Opcode::new(Map::M0F3A, 1, 0x50);
    // The size of the smaller operand and of the larger one; what is not above or not below.
    asm.vex(range, scratch, n, Operand::Reg(d), Some(0b1010));
    asm.doubt(0, scratch, Operand::Pool(constants.least), 0x1a);
    asm.vex(range, scratch, n, Operand::Reg(d), Some(0b1011));
    asm.doubt(1, scratch, Operand::Pool(constants.most), 0x15);
    asm.test_doubts();
}

/// Emits the quotient of `n` and `d`, all of whose lanes are of ordinary size, into `to[0]`.
pub(crate) fn emit(
    asm: &mut Assembler,
    width: Width,
    constants: Constants,
    (n, d): (u8, u8),
    to: [u8; SCRATCH],
) {
    let wide = width == Width::F64;
    let packed = u8::from(wide);
    let fused = |byte| Opcode::new(Map::M0F38, 1, byte);
    let (multiply, estimate) = (Opcode::new(Map::M0F, packed, 0x59), fused(0x4c));
    // dst = -(second * operand) + dst; dst = dst * operand + second; dst = -(dst * operand) + second;
    // dst = second * operand + dst.
    let (error, improve, rest, correct) = (fused(0xbc), fused(0x98), fused(0x9c), fused(0xb8));
    let reg = Operand::Reg;

    let [q, y, e] = to;
    asm.vex(estimate, y, 0, reg(d), None);
    let steps: &[bool] = if wide { &[false, true, false] } else { &[true, false] };
    for up in steps {
        asm.load_vector(e, Operand::Pool(constants.one));
        asm.vex(error, e, d, reg(y), None);
        if *up {
            asm.rounded_up(improve, y, y, e);
        } else {
            asm.vex(improve, y, y, reg(e), None);
        }
    }
    asm.vex(multiply, q, n, reg(y), None);
    asm.vex(select::move_register(width), e, 0, reg(q), None);
    asm.vex(rest, e, n, reg(d), None);
    asm.vex(correct, q, e, reg(y), None);
}
