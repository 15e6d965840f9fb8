//! Arrays as NumPy has them: any stride, any overlap.
//!
//! The result is that of reading every input before writing any output. Arrays without gaps are
//! used in place; others go through a block of memory that fits the first-level cache; an input
//! that an output would overwrite too early is copied first.

use crate::error::CallError;
use crate::kernel::Kernel;

/// An array of some number of elements, known from the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    /// Address of the first element.
    pub data: *mut u8,
    /// Bytes from one element to the next; may be negative, or 0 for an input.
    pub stride: isize,
}

/// Elements that go through the blocks at once.
const BLOCK: usize = 512;

impl View {
    /// The bytes from the lowest to past the highest element.
    fn extent(&self, count: usize, size: usize) -> (isize, isize) {
        let first = self.data as isize;
        let last = first.wrapping_add(self.stride.wrapping_mul(count as isize - 1));
        (first.min(last), first.max(last) + size as isize)
    }

    fn meets(&self, other: &View, count: usize, size: usize) -> bool {
        let (a, b) = (self.extent(count, size), other.extent(count, size));
        a.0 < b.1 && b.0 < a.1
    }

    fn at(&self, element: usize) -> *mut u8 {
        self.data.wrapping_offset(self.stride.wrapping_mul(element as isize))
    }
}

/// Copies elements one after the other into `to`.
///
/// # Safety
/// The elements from `start` on are readable, `to` is writable, and the two do not overlap.
#[expect(unsafe_code, reason = "the caller vouches for addresses")]
unsafe fn gather(from: View, start: usize, count: usize, size: usize, to: *mut u8) {
    for k in 0..count {
        // SAFETY: the caller's promise, element by element.
        unsafe { from.at(start + k).copy_to_nonoverlapping(to.add(k * size), size) };
    }
}

impl Kernel {
    /// Computes `count` elements of arrays with any strides that may overlap: inputs as if read
    /// before any output is written. An input that the kernel broadcasts is one number, whatever
    /// its stride.
    ///
    /// Long arrays without gaps go to the threads of the current `rayon` pool.
    ///
    /// # Errors
    /// If the number of arrays is wrong, an output has elements that overlap each other, or two
    /// outputs overlap.
    ///
    /// # Safety
    /// Every element of the inputs is readable and initialised, of the outputs writable, and none
    /// is used by anything else during the call.
    #[expect(unsafe_code, reason = "the caller vouches for addresses")]
    pub unsafe fn run_views(
        &self,
        count: usize,
        inputs: &[View],
        outputs: &[View],
    ) -> Result<(), CallError> {
        let size = self.dag().width.bytes();
        let uniform = self.uniform();
        if inputs.len() != uniform.len()
            || outputs.len() != self.dag().outputs.len()
            || self.folds() > 0
        {
            let outputs = self.dag().outputs.len();
            return Err(CallError::Arity { inputs: uniform.len(), outputs });
        }
        if count == 0 {
            return Ok(());
        }
        for (k, output) in outputs.iter().enumerate() {
            let argument = inputs.len() + k;
            let narrow = count > 1 && output.stride.unsigned_abs() < size;
            if narrow || outputs[..k].iter().any(|other| output.meets(other, count, size)) {
                return Err(CallError::Overlap { argument });
            }
        }
        // Inputs that must be read before the first output is written.
        let mut copies: Vec<Vec<u8>> = Vec::new();
        let mut inputs = inputs.to_vec();
        for (k, input) in inputs.iter_mut().enumerate() {
            let elements = if uniform[k] { 1 } else { count };
            let overwritten = outputs.iter().any(|output| {
                let in_place = outputs.len() == 1 && !uniform[k] && output == input;
                let (a, b) = (input.extent(elements, size), output.extent(count, size));
                !in_place && a.0 < b.1 && b.0 < a.1
            });
            if overwritten {
                let mut copy = vec![0; elements * size];
                // SAFETY: the caller vouches for the input; the copy is new memory.
                unsafe { gather(*input, 0, elements, size, copy.as_mut_ptr()) };
                *input = View { data: copy.as_mut_ptr(), stride: size as isize };
                copies.push(copy);
            }
        }
        let dense = |view: &View| view.stride == size as isize || count == 1;
        let all_dense = inputs.iter().zip(uniform).all(|(view, uniform)| *uniform || dense(view))
            && outputs.iter().all(dense);
        // SAFETY: the caller vouches for the elements; what an output would overwrite was copied.
        unsafe {
            if all_dense {
                let table: Vec<*mut u8> = inputs.iter().chain(outputs).map(|v| v.data).collect();
                self.run_raw_parallel(count, &table);
            } else {
                self.run_blocks(count, &inputs, outputs);
            }
        }
        drop(copies);
        Ok(())
    }

    /// Computes block by block, arrays with gaps by way of memory without.
    ///
    /// # Safety
    /// As [`Kernel::run_views`], and no output overwrites an input's later elements.
    #[expect(unsafe_code, reason = "the caller vouches for addresses")]
    unsafe fn run_blocks(&self, count: usize, inputs: &[View], outputs: &[View]) {
        let size = self.dag().width.bytes();
        let uniform = self.uniform();
        let mut scratch = vec![0_u8; (inputs.len() + outputs.len()) * BLOCK * size];
        let places: Vec<*mut u8> =
            scratch.chunks_mut(BLOCK * size).map(<[u8]>::as_mut_ptr).collect();
        let dense = |view: &View| view.stride == size as isize;
        let mut table = places.clone();
        for start in (0..count).step_by(BLOCK) {
            let n = BLOCK.min(count - start);
            // SAFETY: the caller vouches for the elements; the scratch memory is this function's
            // own and has room for a block per array.
            unsafe {
                for (k, input) in inputs.iter().enumerate() {
                    if uniform[k] {
                        table[k] = input.data;
                    } else if dense(input) {
                        table[k] = input.at(start);
                    } else {
                        gather(*input, start, n, size, places[k]);
                    }
                }
                for (k, output) in outputs.iter().enumerate().filter(|(_, view)| dense(view)) {
                    table[inputs.len() + k] = output.at(start);
                }
                self.run_raw(n, &table);
                for (k, output) in outputs.iter().enumerate().filter(|(_, view)| !dense(view)) {
                    let from = places[inputs.len() + k];
                    for element in 0..n {
                        let to = output.at(start + element);
                        from.add(element * size).copy_to_nonoverlapping(to, size);
                    }
                }
            }
        }
    }
}
