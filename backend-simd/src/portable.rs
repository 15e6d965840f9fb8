//! Graphs without machine code of their own: replayed on short arrays, an operation at a time.
//! For processors without AVX2, and to judge compiled code by.

use vecmath::{Dag, Lanes, Rare, Rounding, Scalar, Width};

/// Numbers of an array that go through an operation together.
pub(crate) const GROUP: usize = 16;

/// [`Lanes`] of [`GROUP`] numbers.
#[derive(Default)]
pub(crate) struct Group<T>(Scalar<T>);

macro_rules! elementwise {
    ($($method:ident ($($arg:ident),*);)*) => {
        $(#[inline]
        fn $method(&mut self, $($arg: Self::V),*) -> Self::V {
            std::array::from_fn(|k| self.0.$method($($arg[k]),*))
        })*
    };
}

macro_rules! group {
    ($float:ty) => {
        impl Lanes for Group<$float> {
            type V = [$float; GROUP];

            fn width(&self) -> Width {
                self.0.width()
            }
            fn constant(&mut self, value: f64) -> Self::V {
                [self.0.constant(value); GROUP]
            }
            fn bits(&mut self, bits: u64) -> Self::V {
                [self.0.bits(bits); GROUP]
            }
            elementwise! {
                add(a, b);
                sub(a, b);
                mul(a, b);
                div(a, b);
                fma(a, b, c);
                nfma(a, b, c);
                fms(a, b, c);
                sqrt(a);
                min(a, b);
                max(a, b);
                and(a, b);
                and_not(a, b);
                or(a, b);
                xor(a, b);
                int_add(a, b);
                int_sub(a, b);
                int_gt(a, b);
                int_eq(a, b);
                lt(a, b);
                le(a, b);
                eq(a, b);
                select(mask, a, b);
            }
            fn round(&mut self, a: Self::V, rounding: Rounding) -> Self::V {
                a.map(|a| self.0.round(a, rounding))
            }
            fn shl(&mut self, a: Self::V, count: u8) -> Self::V {
                a.map(|a| self.0.shl(a, count))
            }
            fn shr(&mut self, a: Self::V, count: u8) -> Self::V {
                a.map(|a| self.0.shr(a, count))
            }
            fn rare(&mut self, f: Rare, mask: Self::V, x: Self::V, usual: Self::V) -> Self::V {
                std::array::from_fn(|k| self.0.rare(f, mask[k], x[k], usual[k]))
            }
        }
    };
}
group!(f64);
group!(f32);

/// Runs a graph over `count` numbers.
///
/// # Safety
/// As [`crate::Kernel::run_raw`].
#[expect(unsafe_code, reason = "the caller vouches for addresses")]
pub(crate) unsafe fn run<T>(dag: &Dag, uniform: &[bool], count: usize, table: &[*mut u8])
where
    T: Copy + Default,
    Group<T>: Lanes<V = [T; GROUP]> + Default,
{
    let mut lanes = Group::<T>::default();
    let mut inputs = vec![[T::default(); GROUP]; dag.inputs as usize];
    let folds = dag.inputs as usize - uniform.len();
    let stored = dag.outputs.len() - folds;
    for (k, input) in inputs.iter_mut().enumerate().skip(uniform.len()) {
        // SAFETY: the caller vouches for the folds' numbers, as many as a group has.
        *input = unsafe { table[k + stored].cast::<[T; GROUP]>().read_unaligned() };
    }
    for start in (0..count).step_by(GROUP) {
        let size = GROUP.min(count - start);
        for (k, input) in inputs.iter_mut().enumerate().take(uniform.len()) {
            let from = table[k].cast::<T>();
            for (lane, value) in input.iter_mut().enumerate().take(size) {
                // SAFETY: the caller vouches for `count` numbers, or for one if it is for all.
                *value =
                    unsafe { from.add(if uniform[k] { 0 } else { start + lane }).read_unaligned() };
            }
        }
        for (k, output) in dag.replay(&mut lanes, &inputs).into_iter().enumerate() {
            if k >= stored {
                inputs[uniform.len() + k - stored] = output;
                continue;
            }
            let to = table[uniform.len() + k].cast::<T>();
            for (lane, value) in output.into_iter().enumerate().take(size) {
                // SAFETY: the caller vouches for `count` writable numbers.
                unsafe { to.add(start + lane).write_unaligned(value) };
            }
        }
    }
    for (k, input) in inputs.iter().enumerate().skip(uniform.len()) {
        // SAFETY: the caller vouches for the folds' numbers.
        unsafe { table[k + stored].cast::<[T; GROUP]>().write_unaligned(*input) };
    }
}
