//! Runs a loop that each element leaves in its own time: a lane that is done takes the next element.
//!
//! A block of elements is prepared in columns, one for each number of the state. Sixteen of them are
//! in the lanes; after every few iterations those that are done go back to their columns and others
//! take their places. What an element comes to does not depend on its neighbours.

use crate::kernel::{FOLD_LANES, Kernel};
use vecmath::Width;

/// Elements of a block: their columns fit the second-level cache, and few lanes idle at its end.
const BLOCK: usize = 1024;
/// Iterations between two looks at which lanes are done.
const STEPS: usize = 12;

/// The kernels of the parts of an [`crate::Iterated`].
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) before: Kernel,
    pub(crate) body: Kernel,
    pub(crate) after: Kernel,
    /// Variables of the loop: the mask is the number after them.
    pub(crate) variables: usize,
}

/// The bits of one number.
trait Word: Copy + Default {
    fn is_set(self) -> bool;
}

impl Word for u64 {
    fn is_set(self) -> bool {
        self >> 63 == 1
    }
}

impl Word for u32 {
    fn is_set(self) -> bool {
        self >> 31 == 1
    }
}

/// Numbers on a boundary that vectors do not cross.
#[derive(Clone, Copy)]
#[repr(C, align(32))]
struct Line<T>([T; 8]);

/// Columns of numbers that each begin on such a boundary.
struct Columns<T> {
    lines: Vec<Line<T>>,
    length: usize,
}

impl<T: Word> Columns<T> {
    /// Of a length that is a multiple of 16.
    fn new(count: usize, length: usize) -> Columns<T> {
        Columns { lines: vec![Line([T::default(); 8]); count * length / 8], length }
    }

    fn get(&self, column: usize, row: usize) -> T {
        let at = column * self.length + row;
        self.lines[at / 8].0[at % 8]
    }

    fn set(&mut self, column: usize, row: usize, value: T) {
        let at = column * self.length + row;
        self.lines[at / 8].0[at % 8] = value;
    }

    /// The address of a column's first number.
    fn address(&mut self, column: usize) -> *mut u8 {
        let at = column * self.length / 8;
        self.lines[at..].as_mut_ptr().cast()
    }
}

impl Parts {
    /// Does what [`Kernel::run_raw`] says.
    ///
    /// # Safety
    /// As [`Kernel::run_raw`].
    #[expect(unsafe_code, reason = "the caller vouches for addresses")]
    pub(crate) unsafe fn run(&self, count: usize, table: &[*mut u8], uniform: &[bool]) {
        // SAFETY: the caller's promise.
        unsafe {
            match self.body.dag().width {
                Width::F64 => self.run_words::<u64>(count, table, uniform),
                Width::F32 => self.run_words::<u32>(count, table, uniform),
            }
        }
    }

    /// # Safety
    /// As [`Parts::run`].
    #[expect(unsafe_code, reason = "the caller vouches for addresses")]
    unsafe fn run_words<T: Word>(&self, count: usize, table: &[*mut u8], uniform: &[bool]) {
        let all = self.before.dag().outputs.len();
        let state = self.body.dag().inputs as usize;
        let mut columns = Columns::<T>::new(all, BLOCK);
        let mut lanes = Columns::<T>::new(state, FOLD_LANES);
        let addresses: Vec<*mut u8> = (0..all).map(|k| columns.address(k)).collect();
        let size = size_of::<T>();
        for start in (0..count).step_by(BLOCK) {
            let n = BLOCK.min(count - start);
            let place = |k: usize| {
                let fixed = uniform.get(k).copied().unwrap_or(false);
                table[k].wrapping_add(if fixed { 0 } else { start * size })
            };
            let mut first: Vec<*mut u8> = (0..uniform.len()).map(place).collect();
            first.extend(&addresses);
            let mut last: Vec<*mut u8> = addresses[..self.variables].to_vec();
            last.extend(&addresses[state..]);
            last.extend((uniform.len()..table.len()).map(place));
            // SAFETY: the caller vouches for `count` elements; a column has room for a block.
            unsafe {
                self.before.run_raw(n, &first);
                self.iterate(n, &mut columns, &mut lanes);
                self.after.run_raw(n, &last);
            }
        }
    }

    /// Runs the first `count` rows' loops.
    ///
    /// # Safety
    /// The body is code for this state.
    #[expect(unsafe_code, reason = "machine code is called here")]
    unsafe fn iterate<T: Word>(
        &self,
        count: usize,
        columns: &mut Columns<T>,
        lanes: &mut Columns<T>,
    ) {
        let state = self.body.dag().inputs as usize;
        let mask = self.variables;
        let mut next = 0;
        let mut rows = [None; FOLD_LANES];
        let mut busy = 0;
        let addresses: Vec<*mut u8> = (0..state).map(|k| lanes.address(k)).collect();
        let mut fill = |columns: &Columns<T>, lanes: &mut Columns<T>, lane: usize| {
            while next < count && !columns.get(mask, next).is_set() {
                next += 1;
            }
            if next == count {
                lanes.set(mask, lane, T::default());
                return None;
            }
            for k in 0..state {
                lanes.set(k, lane, columns.get(k, next));
            }
            next += 1;
            Some(next - 1)
        };
        for (lane, row) in rows.iter_mut().enumerate() {
            *row = fill(columns, lanes, lane);
            busy += usize::from(row.is_some());
        }
        while busy > 0 {
            // SAFETY: each address is that of as many numbers as there are lanes.
            unsafe { self.body.run_raw(STEPS * FOLD_LANES, &addresses) };
            for (lane, row) in rows.iter_mut().enumerate() {
                let Some(done) = row.filter(|_| !lanes.get(mask, lane).is_set()) else { continue };
                for k in 0..self.variables {
                    columns.set(k, done, lanes.get(k, lane));
                }
                *row = fill(columns, lanes, lane);
                busy -= usize::from(row.is_none());
            }
        }
    }
}
