//! Strides and overlaps, against a plain loop over copies.

use crate::random::Random;
use backend_simd::{CallError, Kernel, Options, View};
use vecmath::{Dag, Lanes, Recorder, Width};

/// `x - 2 y`, and `x y` if there are two results.
fn graph(results: usize) -> Dag {
    let mut r = Recorder::new(Width::F64);
    let (x, y) = (r.input(), r.input());
    let two = r.constant(2.0);
    let (first, second) = (r.nfma(y, two, x), r.mul(x, y));
    r.finish(&[first, second][..results])
}

/// A view into `memory`: first element and stride in elements.
type Place = (usize, isize);

fn view(memory: &mut [f64], (first, stride): Place) -> View {
    let data = memory.as_mut_ptr().wrapping_add(first).cast();
    View { data, stride: stride * 8 }
}

fn index((first, stride): Place, element: usize) -> usize {
    (first as isize + stride * element as isize) as usize
}

/// A random place of `count` elements in 400 numbers.
fn place(random: &mut Random, count: usize, least: usize) -> Place {
    let stride = (least + random.below(4)) as isize;
    let span = stride as usize * count.max(1);
    let first = random.below(400 - span.min(399));
    if random.below(2) == 0 { (first, stride) } else { (first + span.max(1) - 1, -stride) }
}

#[test]
fn any_stride_and_overlap_reads_before_it_writes() {
    let mut random = Random::new(5);
    let (mut done, mut refused) = (0, 0);
    for round in 0..4000 {
        let results = 1 + round % 2;
        let dag = graph(results);
        let uniform = [false, random.below(4) == 0];
        let options = Options { portable: round % 16 == 0, ..Options::default() };
        let kernel = Kernel::compile(&dag, &uniform, &options).expect("the graph fits");
        let count = random.below(68);
        let mut memory: Vec<f64> = (0..400).map(|k| f64::from(k) * 0.5 - 30.0).collect();
        let mut inputs = [place(&mut random, count, 0), place(&mut random, count, 0)];
        let outputs: Vec<Place> = (0..results).map(|_| place(&mut random, count, 1)).collect();
        if random.below(4) == 0 {
            inputs[0] = outputs[0];
        }
        let mut want = memory.clone();
        for element in 0..count {
            let x = memory[index(inputs[0], element)];
            let y = memory[index(inputs[1], if uniform[1] { 0 } else { element })];
            for (k, output) in outputs.iter().enumerate() {
                want[index(*output, element)] = if k == 0 { x - 2.0 * y } else { x * y };
            }
        }
        let from: Vec<View> = inputs.iter().map(|p| view(&mut memory, *p)).collect();
        let to: Vec<View> = outputs.iter().map(|p| view(&mut memory, *p)).collect();
        // SAFETY: every place lies in `memory`, which nothing else uses.
        #[expect(unsafe_code, reason = "overlaps cannot be said with references")]
        let result = unsafe { kernel.run_views(count, &from, &to) };
        if let Err(error) = result {
            assert_eq!((error, results), (CallError::Overlap { argument: 3 }, 2));
            refused += 1;
        } else {
            assert_eq!(memory, want, "round {round}: {inputs:?} {outputs:?} {count}");
            done += 1;
        }
    }
    assert!(done > 2500 && refused > 100, "{done} {refused}");
}

#[test]
fn a_result_that_overwrites_itself_is_refused() {
    let kernel = Kernel::compile(&graph(1), &[false; 2], &Options::default()).expect("fits");
    let mut memory = [1.0; 8];
    let (x, y) = (view(&mut memory, (0, 1)), view(&mut memory, (4, 0)));
    for (count, expected) in
        [(0, Ok(())), (1, Ok(())), (2, Err(CallError::Overlap { argument: 2 }))]
    {
        // SAFETY: all elements lie in `memory`.
        #[expect(unsafe_code, reason = "overlaps cannot be said with references")]
        let result = unsafe { kernel.run_views(count, &[x, x], &[y]) };
        assert_eq!(result, expected);
    }
}
