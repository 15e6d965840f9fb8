//! Which numbers a node can be: what lets a function do without its rarer cases.

use super::algebra::Algebra;
use vecmath::{Function, Id, Op};

/// A closed interval that holds every number a node can be; NaN is always possible.
pub(super) type Range = (f64, f64);

const ALL: Range = (f64::NEG_INFINITY, f64::INFINITY);
const POSITIVE: Range = (0.0, f64::INFINITY);
const NEGATIVE: Range = (f64::NEG_INFINITY, 0.0);

/// Steps from a node to its operands.
const DEPTH: u32 = 8;

impl Algebra {
    /// An interval for a node.
    pub(super) fn range(&self, id: Id) -> Range {
        self.range_within(id, DEPTH)
    }

    fn range_within(&self, id: Id, depth: u32) -> Range {
        if let Some((function, args)) = self.called(id) {
            let (low, high) = args.first().map_or(ALL, |arg| self.below(*arg, depth));
            return match function {
                // Rounded outwards by more than any error.
                Function::Exp => (0.0, (high.exp() * (1.0 + 1e-6)).max(f64::MIN_POSITIVE)),
                Function::Sqrt => (0.0, high.max(0.0).sqrt() * (1.0 + 1e-6)),
                Function::Sin | Function::Cos | Function::Tanh | Function::Erf => (-1.0, 1.0),
                Function::Log1p if low >= 0.0 => POSITIVE,
                Function::Erfc => (0.0, 2.0),
                Function::NormalCdf => (0.0, 1.0),
                _ => ALL,
            };
        }
        let node = *self.node(id);
        let args = node.args();
        match node.op {
            Op::Const(bits) => {
                let x = self.number(bits);
                if x.is_nan() { ALL } else { (x, x) }
            }
            Op::Input(k) => self.domain(k),
            Op::Mul if args[0] == args[1] => POSITIVE,
            Op::Mul if self.is_minus_square(args[0], args[1]) => NEGATIVE,
            Op::Mul => product(self.below(args[0], depth), self.below(args[1], depth)),
            Op::Add => {
                let (a, b) = (self.below(args[0], depth), self.below(args[1], depth));
                ordered(a.0 + b.0, a.1 + b.1)
            }
            Op::Xor if self.is_sign_mask(args[1]) => {
                let (low, high) = self.below(args[0], depth);
                (-high, -low)
            }
            // Without the sign bit.
            Op::And if self.is_magnitude_mask(args[1]) => POSITIVE,
            Op::Select => self.chosen(args, depth),
            _ => ALL,
        }
    }

    /// Whether one factor is the other one times a negative constant, or its negation.
    fn is_minus_square(&self, a: Id, b: Id) -> bool {
        [(a, b), (b, a)].into_iter().any(|(multiple, x)| {
            let node = self.node(multiple);
            let of_x = |c: Id, y: Id| y == x && self.as_constant(c).is_some_and(|c| c < 0.0);
            match (node.op, node.args()) {
                (Op::Mul, [p, q]) => of_x(*p, *q) || of_x(*q, *p),
                (Op::Xor, [y, sign]) => *y == x && self.is_sign_mask(*sign),
                _ => false,
            }
        })
    }

    fn below(&self, id: Id, depth: u32) -> Range {
        if depth == 0 { ALL } else { self.range_within(id, depth - 1) }
    }

    /// A blend: of `-x` and `x` by the sign of `x`, minus the magnitude; else either.
    fn chosen(&self, args: &[Id], depth: u32) -> Range {
        let (mask, yes, no) = (*self.node(args[0]), args[1], args[2]);
        let negated = |a: Id, b: Id| {
            let node = self.node(a);
            node.op == Op::Xor && node.args()[0] == b && self.is_sign_mask(node.args()[1])
        };
        if matches!(mask.op, Op::Lt | Op::Le) {
            let (smaller, larger) = (mask.args()[0], mask.args()[1]);
            let positive = |x: Id| larger == x && self.range(smaller) == (0.0, 0.0);
            let negative = |x: Id| smaller == x && self.range(larger) == (0.0, 0.0);
            if negated(yes, no) && positive(no) || negated(no, yes) && negative(yes) {
                return (f64::NEG_INFINITY, 0.0);
            }
            if negated(yes, no) && negative(no) || negated(no, yes) && positive(yes) {
                return POSITIVE;
            }
        }
        let (a, b) = (self.below(yes, depth), self.below(no, depth));
        (a.0.min(b.0), a.1.max(b.1))
    }
}

/// All numbers if a bound is NaN, as infinities make it.
fn ordered(low: f64, high: f64) -> Range {
    if low.is_nan() || high.is_nan() { ALL } else { (low, high) }
}

fn product(a: Range, b: Range) -> Range {
    let corners = [a.0 * b.0, a.0 * b.1, a.1 * b.0, a.1 * b.1];
    // Zero times an unbounded number is zero or NaN.
    let corners = corners.map(|x| if x.is_nan() { 0.0 } else { x });
    let low = corners.iter().copied().fold(f64::INFINITY, f64::min);
    let high = corners.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    (low, high)
}
