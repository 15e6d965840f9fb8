//! Where a kernel keeps what is not in vector registers: pointers and the stack frame.
//!
//! ```text
//! rsp + 0     registers during a detour: all vectors, 8 general registers
//!     + ..    the mask of an iteration over some lanes only, and the bytes of those
//!     + ..    a vector per input that is one number for all lanes
//!     + ..    vectors that an iteration hands to the next
//!     + ..    values for which no register was free
//! ```

use crate::assembler::{Assembler, Gpr, RSI};
use crate::vectors::Vectors;

/// Registers that hold the addresses of the first arrays.
const POINTERS: [Gpr; 9] = [2, 1, 8, 9, 10, 11, 3, 12, 13];
/// Free for anything short.
pub(crate) const SCRATCH: Gpr = 14;
/// Holds the table of addresses.
pub(crate) const TABLE: Gpr = 15;
/// Registers that a called function may change and a kernel needs: rax, rdi and pointers.
pub(crate) const VOLATILE: [Gpr; 8] = [0, 7, 2, 1, 8, 9, 10, 11];

fn mask(vectors: Vectors) -> u32 {
    vectors.bytes() * u32::from(vectors.registers()) + 8 * VOLATILE.len() as u32
}

fn step(vectors: Vectors) -> u32 {
    mask(vectors) + vectors.bytes()
}

/// The layout of one kernel's frame.
pub(crate) struct Frame {
    vectors: Vectors,
    /// The slot of each input that is one number, by input.
    uniform: Vec<Option<u32>>,
    /// The pointer register of each stream, if it has one.
    pointers: Vec<Option<Gpr>>,
    first_carried: u32,
    copies: u32,
    first_spill: u32,
    spills: u32,
    most_spills: u32,
}

impl Frame {
    /// A frame for inputs, of which some are one number, outputs, and values carried from one
    /// iteration to the next, in some number of copies.
    pub(crate) fn new(
        vectors: Vectors,
        uniform: &[bool],
        outputs: usize,
        carried: usize,
        copies: u32,
    ) -> Frame {
        let size = vectors.bytes();
        let mut slots = Vec::new();
        let mut pointers = Vec::new();
        let mut free = POINTERS.iter().copied();
        let mut next = step(vectors) + size;
        for is_uniform in uniform {
            slots.push(is_uniform.then_some(next));
            if *is_uniform {
                next += size;
                pointers.push(None);
            } else {
                pointers.push(free.next());
            }
        }
        pointers.extend((0..outputs).map(|_| free.next()));
        let first_spill = next + size * carried as u32 * copies;
        Frame {
            vectors,
            uniform: slots,
            pointers,
            first_carried: next,
            copies,
            first_spill,
            spills: 0,
            most_spills: 0,
        }
    }

    /// The place of a carried value.
    pub(crate) fn carried(&self, which: usize, copy: u32) -> u32 {
        self.first_carried + self.vectors.bytes() * (which as u32 * self.copies + copy)
    }

    /// A place for one more value.
    pub(crate) fn slot(&mut self) -> u32 {
        let slot = self.first_spill + self.vectors.bytes() * self.spills;
        self.spills += 1;
        self.most_spills = self.most_spills.max(self.spills);
        slot
    }

    /// Forgets the values that were stored: another loop begins.
    pub(crate) fn clear(&mut self) {
        self.spills = 0;
    }

    pub(crate) fn size(&self) -> u32 {
        self.first_spill + self.vectors.bytes() * self.most_spills
    }

    /// The place of an input that is one number.
    pub(crate) fn uniform(&self, input: u32) -> u32 {
        self.uniform[input as usize].expect("only inputs that are one number have a place")
    }

    /// The place of the mask of an iteration over some lanes.
    pub(crate) fn mask(&self) -> u32 {
        mask(self.vectors)
    }

    /// The place of the number of bytes that a masked iteration is for.
    pub(crate) fn step(&self) -> i32 {
        step(self.vectors) as i32
    }

    pub(crate) fn saved_vector(&self, register: u8) -> u32 {
        self.vectors.bytes() * u32::from(register)
    }

    pub(crate) fn saved_general(&self, position: usize) -> u32 {
        self.saved_vector(self.vectors.registers()) + 8 * position as u32
    }

    /// The register with the address of an array: inputs first, then outputs. Beyond the registers
    /// there are, the address is loaded into `rsi`.
    pub(crate) fn pointer(&self, asm: &mut Assembler, stream: u32) -> Gpr {
        self.pointers[stream as usize].unwrap_or_else(|| {
            asm.load64(RSI, TABLE, stream as i32 * 8);
            RSI
        })
    }

    /// The arrays whose address has a register of its own.
    pub(crate) fn kept_pointers(&self) -> impl Iterator<Item = (u32, Gpr)> {
        let pairs = self.pointers.iter().enumerate();
        pairs.filter_map(|(stream, register)| Some((stream as u32, (*register)?)))
    }
}
