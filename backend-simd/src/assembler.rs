//! Encodes the x86-64 instructions that kernels are made of.
//!
//! Source of the formats: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2,
//! sections 2.1, 2.3 (the VEX prefix) and 2.7 (EVEX). The tests decode every form with a
//! disassembler.

use crate::select;
use crate::vectors::Vectors;
use vecmath::Width;

/// A general register by its number: `rax` is 0, `rsp` 4, `r15` 15.
pub(crate) type Gpr = u8;

pub(crate) const RAX: Gpr = 0;
pub(crate) const RSP: Gpr = 4;
pub(crate) const RSI: Gpr = 6;
pub(crate) const RDI: Gpr = 7;

/// Appends a number to a pool for 512-bit instructions, which read it for all lanes.
pub(crate) fn pool_number(pool: &mut Vec<u8>, width: Width, number: f64) {
    match width {
        Width::F64 => pool.extend(number.to_le_bytes()),
        Width::F32 => pool.extend([(number as f32).to_le_bytes(); 2].as_flattened()),
    }
}

/// The register or memory operand of a vector instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operand {
    /// `ymm` or `zmm` register.
    Reg(u8),
    /// Memory at this offset from the start of the code's block (its constants come first): a
    /// vector, or one number for all lanes of a 512-bit one.
    Pool(u32),
    /// Memory at `[rsp + offset]`.
    Frame(u32),
    /// Memory at `[base + rax + displacement]`.
    Indexed(Gpr, i32),
    /// Memory at `[base]`.
    At(Gpr),
    /// Memory at `[base + index]`.
    Sum(Gpr, Gpr),
}

/// Opcode maps of the VEX prefix.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Map {
    M0F = 1,
    M0F38 = 2,
    M0F3A = 3,
}

/// An opcode: map, mandatory prefix (0 none, 1 `66`, 2 `f3`), `W` of the VEX form, byte. `W` of the
/// EVEX form says whether lanes have 64 bits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Opcode {
    pub(crate) map: Map,
    pub(crate) prefix: u8,
    pub(crate) wide: bool,
    pub(crate) byte: u8,
}

impl Opcode {
    /// One without `W`.
    pub(crate) const fn new(map: Map, prefix: u8, byte: u8) -> Opcode {
        Opcode { map, prefix, wide: false, byte }
    }
}

/// Comparison of `cmp`, for the short forms of jumps.
#[derive(Clone, Copy)]
pub(crate) enum Condition {
    /// Unsigned `<`... of the flags: carry.
    Below = 2,
    /// Unsigned `>=`.
    NotBelow = 3,
    /// Equal, zero.
    Zero = 4,
    /// Not equal, not zero.
    NotZero = 5,
    /// Unsigned `<=`.
    NotAbove = 6,
    /// Unsigned `>`.
    Above = 7,
}

/// The mask register that instructions write and read; it holds nothing for longer.
const MASK: u8 = 1;
/// Mask registers that hold conditions.
pub(crate) const CONDITIONS: std::ops::Range<u8> = 2..8;

/// Code under construction. Addresses are offsets into one block that starts with `bytes`' own
/// first byte.
pub(crate) struct Assembler {
    pub(crate) bytes: Vec<u8>,
    vectors: Vectors,
    width: Width,
}

impl Assembler {
    /// Of instructions on these vectors of numbers of one format, after constants.
    pub(crate) fn new(vectors: Vectors, width: Width, constants: Vec<u8>) -> Assembler {
        Assembler { bytes: constants, vectors, width }
    }

    pub(crate) fn at(&self) -> u32 {
        self.bytes.len() as u32
    }

    /// An instruction on whole vectors, `reg, second, operand[, immediate]`; `second` is 0 if unused.
    pub(crate) fn vex(
        &mut self,
        op: Opcode,
        reg: u8,
        second: u8,
        operand: Operand,
        immediate: Option<u8>,
    ) {
        if self.vectors == Vectors::Bits512 {
            self.evex(op, reg, second, operand, immediate, 0);
            return;
        }
        let (index, base) = extensions(operand);
        let tail = (!second & 15) << 3 | 1 << 2 | op.prefix;
        let r = (!(reg >> 3) & 1) << 7;
        if index == 0 && base == 0 && !op.wide && matches!(op.map, Map::M0F) {
            self.bytes.extend([0xc5, r | tail]);
        } else {
            let (x, b) = ((!index & 1) << 6, (!base & 1) << 5);
            self.bytes.extend([0xc4, r | x | b | op.map as u8, u8::from(op.wide) << 7 | tail]);
        }
        self.bytes.push(op.byte);
        self.mod_rm(reg, operand, usize::from(immediate.is_some()), 1);
        self.bytes.extend(immediate);
    }

    /// The 512-bit form; `mask` holds the bits of `z` and `aaa`.
    fn evex(
        &mut self,
        op: Opcode,
        reg: u8,
        second: u8,
        operand: Operand,
        immediate: Option<u8>,
        mask: u8,
    ) {
        let (index, base) = extensions(operand);
        let flipped = |bit: u8, to: u8| (!bit & 1) << to;
        // One number for all lanes; an instruction that takes no other need not be told.
        let single = matches!(operand, Operand::Pool(_)) && op != select::broadcast(self.width);
        // The register's fifth bit stands where an index has its own.
        let index = if let Operand::Reg(r) = operand { r >> 4 } else { index };
        let wide = u8::from(self.width == Width::F64);
        self.bytes.extend([
            0x62,
            flipped(reg >> 3, 7)
                | flipped(index, 6)
                | flipped(base, 5)
                | flipped(reg >> 4, 4)
                | op.map as u8,
            wide << 7 | (!second & 15) << 3 | 1 << 2 | op.prefix,
            0b10 << 5 | u8::from(single) << 4 | flipped(second >> 4, 3) | mask,
            op.byte,
        ]);
        let unit = if matches!(operand, Operand::At(_)) { self.width.bytes() } else { 64 };
        self.mod_rm(reg, operand, usize::from(immediate.is_some()), unit as i32);
        self.bytes.extend(immediate);
    }

    /// Loads a vector.
    pub(crate) fn load_vector(&mut self, to: u8, from: Operand) {
        let constant = self.vectors == Vectors::Bits512 && matches!(from, Operand::Pool(_));
        let op = if constant { select::broadcast(self.width) } else { select::load(self.width) };
        self.vex(op, to, 0, from, None);
    }

    /// Stores a vector.
    pub(crate) fn store_vector(&mut self, to: Operand, from: u8) {
        self.vex(select::store(self.width), from, 0, to, None);
    }

    /// Stores a vector past the caches, to an aligned address.
    pub(crate) fn stream_vector(&mut self, to: Operand, from: u8) {
        self.vex(select::stream(self.width), from, 0, to, None);
    }

    /// Waits for stores past the caches: `sfence`.
    pub(crate) fn store_fence(&mut self) {
        self.bytes.extend([0x0f, 0xae, 0xf8]);
    }

    /// Loads the lanes that the register `mask` names by sign bits, zeros elsewhere.
    pub(crate) fn load_masked(&mut self, to: u8, mask: u8, from: Operand) {
        if self.vectors == Vectors::Bits512 {
            self.signs_to_mask(mask);
            self.evex(select::load(self.width), to, 0, from, None, 1 << 7 | MASK);
        } else {
            self.vex(select::masked_load(self.width), to, mask, from, None);
        }
    }

    /// Stores those lanes.
    pub(crate) fn store_masked(&mut self, to: Operand, mask: u8, from: u8) {
        if self.vectors == Vectors::Bits512 {
            self.signs_to_mask(mask);
            self.evex(select::store(self.width), from, 0, to, None, MASK);
        } else {
            self.vex(select::masked_store(self.width), from, mask, to, None);
        }
    }

    /// A comparison, which sets all bits of a lane or none.
    pub(crate) fn compare(
        &mut self,
        op: Opcode,
        to: u8,
        first: u8,
        operand: Operand,
        immediate: Option<u8>,
    ) {
        if self.vectors == Vectors::Bits512 {
            self.evex(op, MASK, first, operand, immediate, 0);
            let spread = Opcode::new(Map::M0F38, 2, 0x38);
            self.evex(spread, to, 0, Operand::Reg(MASK), None, 0);
        } else {
            self.vex(op, to, first, operand, immediate);
        }
    }

    /// A comparison of 512-bit vectors into a mask register.
    pub(crate) fn compare_into(
        &mut self,
        op: Opcode,
        mask: u8,
        first: u8,
        operand: Operand,
        immediate: Option<u8>,
    ) {
        self.evex(op, mask, first, operand, immediate, 0);
    }

    /// 512-bit vectors: `yes` in the lanes that a mask register names, else `no`.
    pub(crate) fn choose(&mut self, to: u8, mask: u8, no: u8, yes: Operand) {
        let blend = Opcode::new(Map::M0F38, 1, 0x65);
        self.evex(blend, to, no, yes, None, mask);
    }

    /// Puts the lanes' sign bits into a general register.
    pub(crate) fn signs(&mut self, to: Gpr, from: u8) {
        if self.vectors == Vectors::Bits512 {
            self.signs_to_mask(from);
            self.bytes.extend([0xc5, 0xf8, 0x93, 0xc0 | to << 3 | MASK]);
        } else {
            let byte = 0x50;
            let prefix = u8::from(self.width == Width::F64);
            let op = Opcode::new(Map::M0F, prefix, byte);
            self.vex(op, to, 0, Operand::Reg(from), None);
        }
    }

    /// Sets the zero flag if all lanes of a 512-bit vector are positive, normal and finite.
    pub(crate) fn test_usual(&mut self, vector: u8) {
        // Any class but those: NaN, zeros, infinities, subnormal and negative numbers.
        let classify = Opcode::new(Map::M0F3A, 1, 0x66);
        self.evex(classify, MASK, 0, Operand::Reg(vector), Some(0xff), 0);
        self.test_masks(MASK, MASK);
    }

    /// Notes in one of two mask registers, which hold nothing for longer, for which lanes of a 512-bit
    /// vector a comparison of `cmp` with one number holds.
    pub(crate) fn doubt(&mut self, which: u8, vector: u8, than: Operand, comparison: u8) {
        let packed = u8::from(self.width == Width::F64);
        let op = Opcode::new(Map::M0F, packed, 0xc2);
        self.evex(op, which, vector, than, Some(comparison), 0);
    }

    /// Sets the zero flag if neither register of [`Assembler::doubt`] names a lane.
    pub(crate) fn test_doubts(&mut self) {
        self.test_masks(0, MASK);
    }

    /// Sets the zero flag if neither mask register names a lane: `kortestw`.
    fn test_masks(&mut self, first: u8, second: u8) {
        self.bytes.extend([0xc5, 0xf8, 0x98, 0xc0 | first << 3 | second]);
    }

    /// An instruction on 512-bit registers whose result is rounded up.
    pub(crate) fn rounded_up(&mut self, op: Opcode, reg: u8, second: u8, operand: u8) {
        let at = self.bytes.len();
        self.evex(op, reg, second, Operand::Reg(operand), None, 0);
        // With this bit, between registers, the vector's length says how to round: 2, up.
        self.bytes[at + 3] |= 1 << 4;
    }

    /// The sign bits of a 512-bit vector into the mask register.
    fn signs_to_mask(&mut self, from: u8) {
        let gather = Opcode::new(Map::M0F38, 2, 0x39);
        self.evex(gather, MASK, 0, Operand::Reg(from), None, 0);
    }

    /// The bytes that name `operand`, and `reg` beside it; `after` more bytes will follow, and short
    /// displacements count in units.
    fn mod_rm(&mut self, reg: u8, operand: Operand, after: usize, unit: i32) {
        let reg = (reg & 7) << 3;
        match operand {
            Operand::Reg(r) => self.bytes.push(0xc0 | reg | r & 7),
            Operand::Pool(offset) => {
                self.bytes.push(reg | 5);
                let end = self.bytes.len() + 4 + after;
                self.bytes.extend((offset as i32 - end as i32).to_le_bytes());
            }
            Operand::Frame(offset) => self.sib(reg, 4 << 3 | RSP, offset as i32, unit),
            Operand::Indexed(base, offset) => self.sib(reg, RAX << 3 | base & 7, offset, unit),
            // A displacement is always there, which spares the exceptions of rbp and r13.
            Operand::At(base) => self.sib(reg, 4 << 3 | base & 7, 0, unit),
            Operand::Sum(base, index) => self.sib(reg, (index & 7) << 3 | base & 7, 0, unit),
        }
    }

    fn sib(&mut self, reg: u8, sib: u8, displacement: i32, unit: i32) {
        let short = i8::try_from(displacement / unit).ok().filter(|_| displacement % unit == 0);
        if let Some(short) = short {
            self.bytes.extend([0x44 | reg, sib, short as u8]);
        } else {
            self.bytes.extend([0x84 | reg, sib]);
            self.bytes.extend(displacement.to_le_bytes());
        }
    }

    /// `mov reg, [base + displacement]`
    pub(crate) fn load64(&mut self, reg: Gpr, base: Gpr, displacement: i32) {
        self.gpr_memory(0x8b, reg, base, displacement);
    }

    /// `mov [base + displacement], reg`
    pub(crate) fn store64(&mut self, base: Gpr, displacement: i32, reg: Gpr) {
        self.gpr_memory(0x89, reg, base, displacement);
    }

    /// `lea reg, [base + displacement]`
    pub(crate) fn lea(&mut self, reg: Gpr, base: Gpr, displacement: i32) {
        self.gpr_memory(0x8d, reg, base, displacement);
    }

    fn gpr_memory(&mut self, op: u8, reg: Gpr, base: Gpr, displacement: i32) {
        self.bytes.extend([0x48 | reg >> 3 << 2 | base >> 3, op]);
        let reg = (reg & 7) << 3;
        if base & 7 == RSP {
            self.sib(reg, 4 << 3 | RSP, displacement, 1);
        } else {
            self.bytes.push(0x80 | reg | base & 7);
            self.bytes.extend(displacement.to_le_bytes());
        }
    }

    /// `lea reg, [rip + ..]`, the address of an offset into the block.
    pub(crate) fn lea_pool(&mut self, reg: Gpr, offset: u32) {
        self.bytes.extend([0x48 | reg >> 3 << 2, 0x8d, (reg & 7) << 3 | 5]);
        let end = self.bytes.len() + 4;
        self.bytes.extend((offset as i32 - end as i32).to_le_bytes());
    }

    /// `op to, from` of 64-bit registers: `01` add, `29` sub, `39` cmp, `89` mov, `31` xor, `85` test.
    pub(crate) fn gpr(&mut self, op: u8, to: Gpr, from: Gpr) {
        self.bytes.extend([0x48 | from >> 3 << 2 | to >> 3, op, 0xc0 | (from & 7) << 3 | to & 7]);
    }

    /// `op reg, immediate` of a 64-bit register: 0 add, 4 and, 5 sub, 7 cmp.
    pub(crate) fn gpr_immediate(&mut self, op: u8, reg: Gpr, immediate: i32) {
        self.bytes.extend([0x48 | reg >> 3, 0x81, 0xc0 | op << 3 | reg & 7]);
        self.bytes.extend(immediate.to_le_bytes());
    }

    /// `mov reg, immediate`, all 64 bits.
    pub(crate) fn load_immediate(&mut self, reg: Gpr, value: u64) {
        self.bytes.extend([0x48 | reg >> 3, 0xb8 | reg & 7]);
        self.bytes.extend(value.to_le_bytes());
    }

    /// `shl reg, count`
    pub(crate) fn shift_left(&mut self, reg: Gpr, count: u8) {
        self.bytes.extend([0x48 | reg >> 3, 0xc1, 0xe0 | reg & 7, count]);
    }

    /// `neg reg`
    pub(crate) fn negate(&mut self, reg: Gpr) {
        self.bytes.extend([0x48 | reg >> 3, 0xf7, 0xd8 | reg & 7]);
    }

    /// `cmovCC to, from`
    pub(crate) fn move_if(&mut self, condition: Condition, to: Gpr, from: Gpr) {
        let rex = 0x48 | to >> 3 << 2 | from >> 3;
        self.bytes.extend([rex, 0x0f, 0x40 | condition as u8, 0xc0 | (to & 7) << 3 | from & 7]);
    }

    pub(crate) fn push(&mut self, reg: Gpr) {
        if reg >= 8 {
            self.bytes.push(0x41);
        }
        self.bytes.push(0x50 | reg & 7);
    }

    pub(crate) fn pop(&mut self, reg: Gpr) {
        if reg >= 8 {
            self.bytes.push(0x41);
        }
        self.bytes.push(0x58 | reg & 7);
    }

    /// `call reg`
    pub(crate) fn call(&mut self, reg: Gpr) {
        self.bytes.extend([0x40 | reg >> 3, 0xff, 0xd0 | reg & 7]);
    }

    pub(crate) fn vzeroupper(&mut self) {
        self.bytes.extend([0xc5, 0xf8, 0x77]);
    }

    pub(crate) fn ret(&mut self) {
        self.bytes.push(0xc3);
    }

    /// `jCC target`; the returned place is for [`Assembler::patch`] if the target is ahead.
    pub(crate) fn jump_if(&mut self, condition: Condition, target: u32) -> u32 {
        self.bytes.extend([0x0f, 0x80 | condition as u8]);
        self.relative(target)
    }

    /// `jmp target`
    pub(crate) fn jump(&mut self, target: u32) -> u32 {
        self.bytes.push(0xe9);
        self.relative(target)
    }

    fn relative(&mut self, target: u32) -> u32 {
        let place = self.at();
        self.bytes.extend((target as i32 - (place as i32 + 4)).to_le_bytes());
        place
    }

    /// Directs the jump whose offset is at `place` to `target`.
    pub(crate) fn patch(&mut self, place: u32, target: u32) {
        let offset = (target as i32 - (place as i32 + 4)).to_le_bytes();
        self.set32(place, offset);
    }

    pub(crate) fn set32(&mut self, place: u32, value: [u8; 4]) {
        self.bytes[place as usize..place as usize + 4].copy_from_slice(&value);
    }

    /// Pads with one-byte `nop`s to a multiple of `to`.
    pub(crate) fn align(&mut self, to: usize) {
        while !self.bytes.len().is_multiple_of(to) {
            self.bytes.push(0x90);
        }
    }
}

/// The fourth bits of an operand's index and base, or of its register.
fn extensions(operand: Operand) -> (u8, u8) {
    match operand {
        Operand::Reg(r) => (0, r >> 3),
        Operand::Indexed(b, _) | Operand::At(b) => (0, b >> 3),
        Operand::Sum(b, i) => (i >> 3, b >> 3),
        Operand::Pool(_) | Operand::Frame(_) => (0, 0),
    }
}
