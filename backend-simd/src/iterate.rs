//! Runs a loop that each element leaves in its own time: a lane that is done takes the next element.
//!
//! A block of elements is prepared in columns, one for each number of the state. Sixteen of them are
//! in the lanes; after every few iterations those that are done go back to their columns and others
//! take their places. What an element comes to does not depend on its neighbours.

use crate::kernel::{FOLD_LANES, Kernel};
use vecmath::{Op, Width};

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

    /// The address of a column's first number.
    fn address(&mut self, column: usize) -> *mut T {
        let at = column * self.length / 8;
        self.lines[at..].as_mut_ptr().cast()
    }
}

/// The elements in the lanes, and where they come from and go to.
struct Lanes<T> {
    /// The first number of each column of the block, and of the lanes' state.
    columns: Vec<*mut T>,
    state: Vec<*mut T>,
    /// Position of the mask.
    mask: usize,
    /// Positions that are written back.
    results: Vec<usize>,
    /// The row of the element in each lane.
    rows: [usize; FOLD_LANES],
    /// Lanes that have an element.
    busy: u32,
    next: usize,
    count: usize,
}

impl<T: Word> Lanes<T> {
    /// Puts the next element that enters the loop into a lane, if there is one.
    ///
    /// # Safety
    /// The addresses are those of columns of `count` numbers, and of one for each lane.
    #[expect(unsafe_code, reason = "the caller vouches for addresses")]
    unsafe fn fill(&mut self, lane: usize) {
        // SAFETY: rows are below the count, which the caller vouches for.
        unsafe {
            while self.next < self.count && !self.columns[self.mask].add(self.next).read().is_set()
            {
                self.next += 1;
            }
            if self.next == self.count {
                self.busy &= !(1 << lane);
                return;
            }
            for (to, from) in self.state.iter().zip(&self.columns) {
                to.add(lane).write(from.add(self.next).read());
            }
        }
        self.rows[lane] = self.next;
        self.busy |= 1 << lane;
        self.next += 1;
    }

    /// Lanes whose element is done.
    ///
    /// # Safety
    /// As [`Lanes::fill`].
    #[expect(unsafe_code, reason = "the caller vouches for addresses")]
    unsafe fn done(&self) -> u32 {
        // SAFETY: the mask is a number of the state.
        let masks = unsafe { self.state[self.mask].cast::<[T; FOLD_LANES]>().read() };
        let set = masks.iter().enumerate().map(|(lane, m)| u32::from(m.is_set()) << lane);
        self.busy & !set.sum::<u32>()
    }

    /// Brings the elements that are done to their rows, and others into their lanes.
    ///
    /// # Safety
    /// As [`Lanes::fill`].
    #[expect(unsafe_code, reason = "the caller vouches for addresses")]
    unsafe fn change(&mut self) {
        // SAFETY: the caller's promise; a busy lane's row is below the count.
        unsafe {
            let mut done = self.done();
            while done != 0 {
                let lane = done.trailing_zeros() as usize;
                done &= done - 1;
                for k in &self.results {
                    let value = self.state[*k].add(lane).read();
                    self.columns[*k].add(self.rows[lane]).write(value);
                }
                self.fill(lane);
            }
        }
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
        let rows: Vec<*mut T> = (0..all).map(|k| columns.address(k)).collect();
        let addresses: Vec<*mut u8> = rows.iter().map(|row| row.cast()).collect();
        let numbers: Vec<*mut T> = (0..state).map(|k| lanes.address(k)).collect();
        let used = |k: &usize| self.after.dag().nodes.iter().any(|n| n.op == Op::Input(*k as u32));
        let results: Vec<usize> = (0..self.variables).filter(used).collect();
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
            let mut lanes = Lanes {
                columns: rows.clone(),
                state: numbers.clone(),
                mask: self.variables,
                results: results.clone(),
                rows: [0; FOLD_LANES],
                busy: 0,
                next: 0,
                count: n,
            };
            // SAFETY: the caller vouches for `count` elements; a column has room for a block.
            unsafe {
                self.before.run_raw(n, &first);
                self.iterate(&mut lanes);
                self.after.run_raw(n, &last);
            }
        }
    }

    /// Runs the loops of all elements.
    ///
    /// # Safety
    /// As [`Lanes::fill`], and the body is code for this state.
    #[expect(unsafe_code, reason = "machine code is called here")]
    unsafe fn iterate<T: Word>(&self, lanes: &mut Lanes<T>) {
        let addresses: Vec<*mut u8> = lanes.state.iter().map(|number| number.cast()).collect();
        // SAFETY: the caller's promise.
        unsafe {
            for lane in 0..FOLD_LANES {
                lanes.fill(lane);
            }
            while lanes.busy != 0 {
                self.body.run_raw(STEPS * FOLD_LANES, &addresses);
                lanes.change();
            }
        }
    }
}
