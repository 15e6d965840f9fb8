//! How long the parts of a processor are busy with a graph: what to leave to the units that divide
//! and take roots.
//!
//! Figures are those of Zen 4, measured here and as on uops.info: four pipes take an operation per
//! cycle each; a fused one takes the operands of two. Vectors of 512 bits take everything twice. And
//! those of Intel's processors with AVX-512 (Emerald Rapids, measured here and as on uops.info): two
//! pipes take a 512-bit operation per cycle each, a fused one like any.

use crate::emit::Shape;
use crate::vectors::Vectors;
use std::sync::OnceLock;
use vecmath::{Dag, Op, Width};

/// Cycles that a 512-bit vector keeps a part busy.
struct Cycles {
    plain: f64,
    fused: f64,
    root: f64,
    quotient: f64,
    soft_root: f64,
    /// None where quotients by multiplications take longer than the unit's beside other work.
    soft_quotient: Option<f64>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Processor {
    Zen,
    Intel,
}

impl Processor {
    /// The one that this runs on: anything but Intel's counts as Zen.
    fn this() -> Processor {
        static ANSWER: OnceLock<Processor> = OnceLock::new();
        *ANSWER.get_or_init(|| if is_intel() { Processor::Intel } else { Processor::Zen })
    }

    fn cycles(self, width: Width) -> Cycles {
        // Roots and quotients by multiplications are measured in loops: they wait for themselves
        // more than for the pipes. A root's 11 single operations and 8 fused ones, or 10 and 4, keep
        // these for less, and so do a quotient's 7 and 8, or 7 and 6.
        match (self, width) {
            (Processor::Zen, Width::F64) => Cycles {
                plain: 0.5,
                fused: 1.0,
                root: 16.0,
                quotient: 8.8,
                soft_root: 18.4,
                soft_quotient: None,
            },
            (Processor::Zen, Width::F32) => Cycles {
                plain: 0.5,
                fused: 1.0,
                root: 10.0,
                quotient: 6.0,
                soft_root: 13.0,
                soft_quotient: None,
            },
            (Processor::Intel, Width::F64) => Cycles {
                plain: 0.5,
                fused: 0.5,
                root: 24.0,
                quotient: 16.0,
                soft_root: 14.0,
                soft_quotient: Some(18.0),
            },
            (Processor::Intel, Width::F32) => Cycles {
                plain: 0.5,
                fused: 0.5,
                root: 18.0,
                quotient: 10.0,
                soft_root: 11.0,
                soft_quotient: Some(20.0),
            },
        }
    }
}

#[cfg(target_arch = "x86_64")]
pub(crate) fn is_intel() -> bool {
    let vendor = std::arch::x86_64::__cpuid(0);
    [vendor.ebx, vendor.edx, vendor.ecx].map(u32::to_le_bytes).as_flattened() == b"GenuineIntel"
}

#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn is_intel() -> bool {
    false
}

/// How many copies of a graph hide its latency. Two, if it is short or does not divide; of longer
/// ones that do, four, or three of 512 bits, where fewer instructions are on the way at a time, but
/// two of those that Intel's processors have room to look ahead in. Of those that divide most of the
/// time, three of 256 bits keep the divider busy (measured on Zen 4 and Emerald Rapids).
pub(crate) fn copies(dag: &Dag, vectors: Vectors) -> u32 {
    let slow = dag.nodes.iter().filter(|node| matches!(node.op, Op::Div | Op::Sqrt)).count();
    match (dag.nodes.len(), vectors) {
        (41..=60, Vectors::Bits512) if slow > 0 && Processor::this() == Processor::Intel => 2,
        (41.., Vectors::Bits256) if slow > 0 => 4,
        (41.., Vectors::Bits512) if slow > 0 => 3,
        (length, Vectors::Bits256) if slow * 6 > length => 3,
        _ => 2,
    }
}

/// Operations of an array's elements that take as long as memory does to store them.
const STORE_OPERATIONS: usize = 20;

/// Whether long results are worth a loop that stores them past the caches: whether memory is slower
/// than the graph.
pub(crate) fn waits_for_stores(dag: &Dag) -> bool {
    operations(dag) <= STORE_OPERATIONS * (dag.inputs as usize + dag.outputs.len())
}

/// How many nodes compute something.
fn operations(dag: &Dag) -> usize {
    dag.nodes.iter().filter(|n| !matches!(n.op, Op::Input(_) | Op::Const(_))).count()
}

/// The vectors for a graph where there are both: a comparison of 512 bits goes through a mask
/// register and back, and a blend takes two operations, so that graphs of which they are more than
/// two fifths are faster in 256 bits (between the escape time of a Mandelbrot set, which gains an
/// eighth by those, and the Collatz sequence, which loses a twenty-fifth). So are graphs that hardly
/// compute and write some array: they wait for memory, which takes up to a quarter longer to serve wide
/// accesses (`x + y` on 10,000,000 numbers, Zen 4). Folds alone read the last cache a tenth faster in
/// 512 bits; those that [`crate::memory::narrow_from`] speaks of have code of both widths.
pub(crate) fn paying(dag: &Dag, folds: usize) -> Vectors {
    let is_mask = |op| matches!(op, Op::Lt | Op::Le | Op::Eq | Op::IntGt | Op::IntEq | Op::Select);
    let masks = dag.nodes.iter().filter(|node| is_mask(node.op)).count();
    let waits = dag.outputs.len() > folds && hardly_computes(dag);
    if waits || masks * 5 > operations(dag) * 2 { Vectors::Bits256 } else { Vectors::Bits512 }
}

/// Whether there are no more operations than arrays: whether a graph waits for memory all the time.
pub(crate) fn hardly_computes(dag: &Dag) -> bool {
    let roots = dag.nodes.iter().any(|node| node.op == Op::Sqrt);
    operations(dag) <= dag.inputs as usize + dag.outputs.len() && !roots
}

/// The shape for which the busiest part has least to do per copy, if that is worth while: copies
/// and how many of them compute roots and quotients without the unit.
pub(crate) fn with_soft(dag: &Dag, shape: Shape) -> Shape {
    with_soft_on(Processor::this(), dag, shape)
}

fn with_soft_on(processor: Processor, dag: &Dag, shape: Shape) -> Shape {
    let count = |which: fn(Op) -> bool| dag.nodes.iter().filter(|n| which(n.op)).count() as f64;
    let (roots, quotients) = (count(|op| op == Op::Sqrt), count(|op| op == Op::Div));
    let c = processor.cycles(dag.width);
    let soft_quotients = if quotients > 0.0 { c.soft_quotient } else { None };
    if roots == 0.0 && soft_quotients.is_none() || shape.vectors != Vectors::Bits512 {
        return shape;
    }
    let fused = count(|op| matches!(op, Op::Fma | Op::Nfma | Op::Fms));
    let plain = operations(dag) as f64 - fused;
    let pipes = c.fused * fused + c.plain * plain;
    let busy = |shape: &Shape| {
        let all = f64::from(shape.copies);
        let (roots_so, quotients_so) =
            (f64::from(shape.soft_roots), f64::from(shape.soft_quotients));
        let unit =
            (all - roots_so) * roots * c.root + (all - quotients_so) * quotients * c.quotient;
        let soft = roots_so * roots * c.soft_root
            + quotients_so * quotients * soft_quotients.unwrap_or(0.0);
        unit.max(all * pipes + soft) / all
    };
    let without = busy(&shape);
    let shapes = (2..=4).flat_map(|copies| {
        let most_roots = if roots > 0.0 { copies - 1 } else { 0 };
        let most_quotients = if soft_quotients.is_some() { copies - 1 } else { 0 };
        (0..=most_roots).flat_map(move |soft_roots| {
            (0..=most_quotients).map(move |soft_quotients| Shape {
                copies,
                soft_roots,
                soft_quotients,
                ..shape
            })
        })
    });
    // Two copies leave the pipes waiting for the results of such quotients.
    let shapes = shapes.filter(|shape| {
        shape.soft_roots + shape.soft_quotients > 0
            && (shape.soft_quotients == 0 || shape.copies > 2)
    });
    match shapes.min_by(|a, b| busy(a).total_cmp(&busy(b))) {
        Some(best) if busy(&best) < 0.9 * without => best,
        _ => shape,
    }
}

#[cfg(test)]
mod tests {
    use super::{Processor, paying, with_soft_on};
    use crate::emit::Shape;
    use crate::vectors::Vectors;
    use vecmath::{Function, Lanes, Recorder, Width};

    #[test]
    fn graphs_that_wait_for_memory_stay_narrow() {
        let mut r = Recorder::new(Width::F64);
        let (x, y) = (r.input(), r.input());
        let sum = r.add(x, y);
        let product = r.mul(sum, y);
        let square = r.mul(product, product);
        assert_eq!(paying(&r.clone().finish(&[sum]), 0), Vectors::Bits256);
        assert_eq!(paying(&r.clone().finish(&[square]), 0), Vectors::Bits256);
        let fourth = r.mul(square, square);
        assert_eq!(paying(&r.finish(&[fourth]), 0), Vectors::Bits512);
    }

    #[test]
    fn graphs_of_blends_stay_narrow() {
        let mut r = Recorder::new(Width::F64);
        let (x, y) = (r.input(), r.input());
        let (less, same) = (r.lt(x, y), r.eq(x, y));
        let (a, b) = (r.select(less, x, y), r.select(same, y, x));
        let c = r.select(less, b, a);
        let sum = r.add(a, c);
        assert_eq!(paying(&r.finish(&[sum]), 0), Vectors::Bits256);
        for function in
            [Function::Sqrt, Function::Exp, Function::Log, Function::Sin, Function::NormalCdf]
        {
            assert_eq!(paying(&function.dag(Width::F64), 0), Vectors::Bits512, "{function:?}");
        }
    }

    #[test]
    fn what_the_divider_does_not_manage_is_multiplied() {
        let mut r = Recorder::new(Width::F64);
        let (x, y) = (r.input(), r.input());
        let q = r.div(x, y);
        let sum = r.add(q, y);
        let (chain, root) = (r.div(x, sum), r.sqrt(sum));
        let (quotients, roots) = (r.clone().finish(&[chain]), r.finish(&[root]));
        let hard = Shape { vectors: Vectors::Bits512, copies: 2, soft_roots: 0, soft_quotients: 0 };
        let shape = |processor, dag| {
            let Shape { copies, soft_roots, soft_quotients, .. } =
                with_soft_on(processor, dag, hard);
            (copies, soft_roots, soft_quotients)
        };
        // Zen's divides as fast as it multiplies so often, but takes roots more slowly.
        assert_eq!(shape(Processor::Zen, &quotients), (2, 0, 0));
        let (copies, _, soft) = shape(Processor::Intel, &quotients);
        assert!(copies > 2 && soft > 0, "{copies} copies, {soft} of them");
        for processor in [Processor::Zen, Processor::Intel] {
            assert!(shape(processor, &roots).1 > 0, "roots");
        }
        let narrow = Shape { vectors: Vectors::Bits256, ..hard };
        let kept = with_soft_on(Processor::Intel, &quotients, narrow);
        assert_eq!((kept.copies, kept.soft_quotients), (2, 0));
    }
}
