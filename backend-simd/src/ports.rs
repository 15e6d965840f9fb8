//! How long the parts of a processor are busy with a graph: what to leave to the units that divide
//! and take roots.
//!
//! Figures are those of Zen 4, measured here and as on uops.info: four pipes take an operation per
//! cycle each; a fused one takes the operands of two. Vectors of 512 bits take everything twice.

use crate::emit::Shape;
use crate::vectors::Vectors;
use vecmath::{Dag, Op, Width};

/// Cycles of one 256-bit vector.
struct Cycles {
    root: f64,
    quotient: f64,
    soft_root: f64,
}

fn cycles(width: Width) -> Cycles {
    // A root by multiplications is measured in a loop: it waits for itself more than for the pipes,
    // which 11 single operations and 8 fused ones, or 10 and 4, keep for less.
    match width {
        Width::F64 => Cycles { root: 8.0, quotient: 4.4, soft_root: 9.2 },
        Width::F32 => Cycles { root: 5.0, quotient: 3.0, soft_root: 6.5 },
    }
}

/// Operations of an array's elements that take as long as memory does to store them.
const STORE_OPERATIONS: usize = 20;

/// Whether long results are worth a loop that stores them past the caches: whether memory is slower
/// than the graph.
pub(crate) fn waits_for_stores(dag: &Dag) -> bool {
    let all = dag.nodes.iter().filter(|n| !matches!(n.op, Op::Input(_) | Op::Const(_))).count();
    all <= STORE_OPERATIONS * (dag.inputs as usize + dag.outputs.len())
}

/// The vectors for a graph where there are both: a comparison of 512 bits goes through a mask
/// register and back, and a blend takes two operations, so that graphs of which they are more than
/// two fifths are faster in 256 bits (between the escape time of a Mandelbrot set, which gains an
/// eighth by those, and the Collatz sequence, which loses a twenty-fifth). So are graphs with no more
/// operations than arrays and write some: they wait for memory, which takes up to a quarter longer to
/// serve wide accesses (`x + y` on 10,000,000 numbers, Zen 4). Folds alone read the last cache a tenth
/// faster in 512 bits.
pub(crate) fn paying(dag: &Dag, folds: usize) -> Vectors {
    let count = |which: fn(Op) -> bool| dag.nodes.iter().filter(|n| which(n.op)).count();
    let masks =
        count(|op| matches!(op, Op::Lt | Op::Le | Op::Eq | Op::IntGt | Op::IntEq | Op::Select));
    let all = count(|op| !matches!(op, Op::Input(_) | Op::Const(_)));
    let arrays = dag.inputs as usize + dag.outputs.len();
    let writes = dag.outputs.len() > folds;
    let waits = writes && all <= arrays && count(|op| op == Op::Sqrt) == 0;
    if waits || masks * 5 > all * 2 { Vectors::Bits256 } else { Vectors::Bits512 }
}

/// The shape for which the busiest part has least to do per copy, if that is worth while: copies
/// and how many of them compute roots without the unit.
pub(crate) fn with_soft_roots(dag: &Dag, shape: Shape) -> Shape {
    let count = |which: fn(Op) -> bool| dag.nodes.iter().filter(|n| which(n.op)).count() as f64;
    let roots = count(|op| op == Op::Sqrt);
    if roots == 0.0 || shape.vectors != Vectors::Bits512 {
        return shape;
    }
    let c = cycles(dag.width);
    let quotients = count(|op| op == Op::Div);
    let fused = count(|op| matches!(op, Op::Fma | Op::Nfma | Op::Fms));
    let plain = count(|op| !matches!(op, Op::Input(_) | Op::Const(_))) - fused;
    let pipes = (2.0 * fused + plain) / 4.0;
    let busy = |copies: u32, soft: u32| {
        let (copies, soft) = (f64::from(copies), f64::from(soft));
        let unit = (copies - soft) * roots * c.root + copies * quotients * c.quotient;
        unit.max(copies * pipes + soft * roots * c.soft_root) / copies
    };
    let without = busy(shape.copies, 0);
    let shapes = (2..=4).flat_map(|copies| (1..copies).map(move |soft| (copies, soft)));
    let best = shapes.min_by(|a, b| busy(a.0, a.1).total_cmp(&busy(b.0, b.1)));
    match best {
        Some((copies, soft_roots)) if busy(copies, soft_roots) < 0.9 * without => {
            Shape { copies, soft_roots, ..shape }
        }
        _ => shape,
    }
}

#[cfg(test)]
mod tests {
    use super::paying;
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
}
