//! Records operations and knows what they came from: identities apply as the graph is built.
//!
//! Without `fast_math` only identities that keep every bit apply: an operation on a blend of
//! operands for a blend of results, and cheaper forms of functions where the range of the argument
//! is known. With it, identities of the real numbers do too.

use super::LowerOptions;
use super::polynomial::Polynomial;
use std::collections::BTreeMap;
use std::f64::consts::{FRAC_1_SQRT_2, SQRT_2};
use vecmath::{Dag, Function, Id, Lanes, Node, Op, Recorder, Scalar, Width};

/// Largest exponent of a power by compensated products; beyond, the function is as cheap.
const COMPENSATED: f64 = 16.0;

pub(super) struct Algebra {
    recorder: Recorder,
    fast: bool,
    domains: Vec<Option<(f64, f64)>>,
    /// The function and arguments behind a node.
    calls: BTreeMap<Id, (Function, Vec<Id>)>,
    /// Nodes that are polynomials of others; in fast mathematics only.
    pub(super) polynomials: BTreeMap<Id, Vec<Polynomial>>,
}

impl Algebra {
    pub(super) fn new(width: Width, options: &LowerOptions) -> Algebra {
        Algebra {
            recorder: Recorder::new(width),
            fast: options.fast_math,
            domains: options.domains.clone(),
            calls: BTreeMap::new(),
            polynomials: BTreeMap::new(),
        }
    }

    pub(super) fn input(&mut self, number: usize) -> Id {
        let id = self.recorder.input();
        debug_assert_eq!(self.recorder.get(id).op, Op::Input(number as u32));
        id
    }

    /// An input beyond the function's own.
    pub(super) fn fresh(&mut self) -> Id {
        self.recorder.input()
    }

    pub(super) fn finish(self, outputs: &[Id]) -> Dag {
        self.recorder.finish(outputs)
    }

    /// The type of every number.
    pub(super) fn float_type(&self) -> rvsdg::Type {
        if self.recorder.width() == Width::F64 { rvsdg::Type::F64 } else { rvsdg::Type::F32 }
    }

    /// The plain operations.
    pub(super) fn lanes(&mut self) -> &mut Recorder {
        &mut self.recorder
    }

    pub(super) fn len(&self) -> usize {
        self.recorder.len()
    }

    pub(super) fn node(&self, id: Id) -> &Node {
        self.recorder.get(id)
    }

    pub(super) fn called(&self, id: Id) -> Option<(Function, &[Id])> {
        self.calls.get(&id).map(|(function, args)| (*function, &args[..]))
    }

    pub(super) fn domain(&self, input: u32) -> (f64, f64) {
        let all = (f64::NEG_INFINITY, f64::INFINITY);
        self.domains.get(input as usize).copied().flatten().unwrap_or(all)
    }

    pub(super) fn constant(&mut self, value: f64) -> Id {
        self.recorder.constant(value)
    }

    /// A mask of all lanes or none.
    pub(super) fn truth(&mut self, holds: bool) -> Id {
        self.recorder.bits(if holds { u64::MAX } else { 0 })
    }

    /// The number with these bits.
    pub(super) fn number(&self, bits: u64) -> f64 {
        match self.recorder.width() {
            Width::F64 => f64::from_bits(bits),
            Width::F32 => f64::from(f32::from_bits(bits as u32)),
        }
    }

    pub(super) fn as_constant(&self, id: Id) -> Option<f64> {
        if let Op::Const(bits) = self.node(id).op { Some(self.number(bits)) } else { None }
    }

    fn is_bits(&self, id: Id, f64: u64, f32: u64) -> bool {
        let want = if self.recorder.width() == Width::F64 { f64 } else { f32 };
        self.node(id).op == Op::Const(want)
    }

    pub(super) fn is_sign_mask(&self, id: Id) -> bool {
        self.is_bits(id, 1 << 63, 1 << 31)
    }

    pub(super) fn is_magnitude_mask(&self, id: Id) -> bool {
        self.is_bits(id, (1 << 63) - 1, (1 << 31) - 1)
    }

    /// The operands of a node with this operation.
    fn operands<const N: usize>(&self, id: Id, op: Op) -> Option<[Id; N]> {
        let node = self.node(id);
        if node.op == op { node.args().try_into().ok() } else { None }
    }

    /// The result of an operation on constants.
    fn fold(&mut self, op: Op, args: &[Id]) -> Option<Id> {
        let constants: Option<Vec<f64>> = args.iter().map(|a| self.as_constant(*a)).collect();
        let constants = constants?;
        let mut recorder = Recorder::new(self.recorder.width());
        let args: Vec<Id> = constants.iter().map(|c| recorder.constant(*c)).collect();
        let result = recorder.op(op, &args);
        let dag = recorder.finish(&[result]);
        let value = match dag.width {
            Width::F64 => dag.replay(&mut Scalar::<f64>::new(), &[])[0],
            Width::F32 => f64::from(dag.replay(&mut Scalar::<f32>::new(), &[])[0]),
        };
        Some(self.constant(value))
    }

    fn plain(&mut self, op: Op, args: &[Id]) -> Id {
        self.fold(op, args).unwrap_or_else(|| self.recorder.op(op, args))
    }

    pub(super) fn add(&mut self, a: Id, b: Id) -> Id {
        if self.fast {
            if let Some(sum) = self.sine_of_sum(a, b) {
                return sum;
            }
            return self.sum_of_powers(a, b, 1.0, |algebra| {
                for (product, other) in [(a, b), (b, a)] {
                    if let Some([x, y]) = algebra.operands(product, Op::Mul) {
                        return algebra.recorder.fma(x, y, other);
                    }
                }
                algebra.plain(Op::Add, &[a, b])
            });
        }
        self.plain(Op::Add, &[a, b])
    }

    pub(super) fn sub(&mut self, a: Id, b: Id) -> Id {
        if self.fast {
            return self.sum_of_powers(a, b, -1.0, |algebra| {
                if let Some([x, y]) = algebra.operands(b, Op::Mul) {
                    return algebra.recorder.nfma(x, y, a);
                }
                if let Some([x, y]) = algebra.operands(a, Op::Mul) {
                    return algebra.recorder.fms(x, y, b);
                }
                algebra.plain(Op::Sub, &[a, b])
            });
        }
        self.plain(Op::Sub, &[a, b])
    }

    pub(super) fn mul(&mut self, a: Id, b: Id) -> Id {
        if self.fast {
            for (factor, sum) in [(a, b), (b, a)] {
                if let Some(function) = self.one_plus(sum) {
                    match function {
                        (Function::Tanh, u) => return self.logistic(factor, u),
                        (Function::Erf, u) if self.as_constant(factor) == Some(0.5) => {
                            return self.normal_cdf(u);
                        }
                        _ => {}
                    }
                }
            }
            if let Some(multiple) = self.multiple(a, b) {
                return multiple;
            }
            let product = self.plain(Op::Mul, &[a, b]);
            return self.note_product(a, b, product);
        }
        self.plain(Op::Mul, &[a, b])
    }

    pub(super) fn div(&mut self, a: Id, b: Id) -> Id {
        if let Some(divisor) = self.as_constant(b) {
            // The reciprocal of a power of two is exact.
            let inverse = 1.0 / divisor;
            let exact = divisor.is_normal() && divisor.to_bits().trailing_zeros() >= 52;
            if (exact || self.fast) && inverse.is_normal() && inverse.abs() < 1e30 {
                let inverse = self.constant(inverse);
                return self.mul(a, inverse);
            }
        }
        if self.fast
            && let Some([one, e]) = self.operands(b, Op::Add)
        {
            // 1/(1 + e^u): beyond e^709 the quotient is zero for all that it matters.
            for (constant, e) in [(one, e), (e, one)] {
                let Some((Function::Exp, &[u])) = self.called(e) else { continue };
                if self.as_constant(constant).is_some_and(|c| (1e-3..1e3).contains(&c)) {
                    let e = vecmath::exp_saturating(&mut self.recorder, u);
                    let sum = self.recorder.add(constant, e);
                    return self.recorder.div(a, sum);
                }
            }
        }
        self.plain(Op::Div, &[a, b])
    }

    /// `f` and `u` of `1 + f(u)`.
    fn one_plus(&self, sum: Id) -> Option<(Function, Id)> {
        let [a, b] = self.operands(sum, Op::Add)?;
        let (one, call) = if self.as_constant(a).is_some() { (a, b) } else { (b, a) };
        if self.as_constant(one) != Some(1.0) {
            return None;
        }
        let (function, args) = self.called(call)?;
        Some((function, *args.first()?))
    }

    /// `c (1 + tanh u) = 2 c / (1 + e^(-2 u))`, which does not cancel where `tanh u` is near -1.
    fn logistic(&mut self, c: Id, u: Id) -> Id {
        let two = self.constant(2.0);
        let numerator = match self.operands(c, Op::Mul) {
            Some([half, a]) if self.as_constant(half) == Some(0.5) => a,
            Some([a, half]) if self.as_constant(half) == Some(0.5) => a,
            _ => self.plain(Op::Mul, &[c, two]),
        };
        let minus_two = self.constant(-2.0);
        let exponent = self.mul(u, minus_two);
        let e = vecmath::exp_saturating(&mut self.recorder, exponent);
        let one = self.constant(1.0);
        let sum = self.recorder.add(e, one);
        self.recorder.div(numerator, sum)
    }

    /// `(1 + erf u)/2` as the normal distribution of `u sqrt 2`, which does not cancel below zero.
    fn normal_cdf(&mut self, u: Id) -> Id {
        let root_half = |x: Option<f64>| x.is_some_and(|x| (x - FRAC_1_SQRT_2).abs() < 1e-7);
        let scaled = match self.operands(u, Op::Mul) {
            Some([d, factor]) if root_half(self.as_constant(factor)) => d,
            Some([factor, d]) if root_half(self.as_constant(factor)) => d,
            _ => {
                let root = self.constant(SQRT_2);
                self.plain(Op::Mul, &[u, root])
            }
        };
        if self.as_constant(scaled).is_some() {
            return self.call(Function::NormalCdf, &[scaled]);
        }
        self.call(Function::NormalCdf, &[scaled])
    }

    /// `sin x cos y + cos x sin y = sin(x + y)`, with the rounding error of the sum.
    fn sine_of_sum(&mut self, a: Id, b: Id) -> Option<Id> {
        let factors = |product: Id| {
            let [p, q] = self.operands(product, Op::Mul)?;
            let ((f, x), (g, y)) = (self.called(p)?, self.called(q)?);
            match (f, g) {
                (Function::Sin, Function::Cos) => Some((x[0], y[0])),
                (Function::Cos, Function::Sin) => Some((y[0], x[0])),
                _ => None,
            }
        };
        // Each product is the sine of the first times the cosine of the second.
        let ((x, y), (u, v)) = (factors(a)?, factors(b)?);
        if (x, y) != (v, u) {
            return None;
        }
        Some(vecmath::sin_sum(&mut self.recorder, x, y))
    }

    /// A function of lanes in its cheapest form for what is known of its argument.
    pub(super) fn call(&mut self, function: Function, args: &[Id]) -> Id {
        let constants: Option<Vec<f64>> = args.iter().map(|a| self.as_constant(*a)).collect();
        if let Some(constants) = constants {
            let value = match self.recorder.width() {
                Width::F64 => function.eval(&constants),
                Width::F32 => {
                    let narrow: Vec<f32> = constants.iter().map(|c| *c as f32).collect();
                    f64::from(function.eval_f32(&narrow))
                }
            };
            return self.constant(value);
        }
        let range = self.range(args[0]);
        let width = self.recorder.width();
        let l = &mut self.recorder;
        let within = |f64: (f64, f64), f32: (f64, f64)| {
            let bounds = if width == Width::F64 { f64 } else { f32 };
            bounds.0 <= range.0 && range.1 <= bounds.1
        };
        let largest = if width == Width::F64 { f64::MAX } else { f64::from(f32::MAX) };
        let normal = if width == Width::F64 { f64::MIN_POSITIVE } else { 1.2e-38 };
        let id = match function {
            Function::Exp if within((-708.0, 709.0), (-87.0, 88.0)) => {
                vecmath::exp_normal(l, args[0])
            }
            Function::Exp if range.1 <= 0.0 => vecmath::exp_not_positive(l, args[0]),
            Function::Log if within((normal, largest), (normal, largest)) => {
                vecmath::log_normal(l, args[0])
            }
            Function::Log1p if within((0.0, 1.0 + 1e-5), (0.0, 1.0 + 1e-5)) => {
                vecmath::log1p_unit(l, args[0])
            }
            _ => function.apply(l, args),
        };
        self.calls.insert(id, (function, args.to_vec()));
        id
    }

    /// A power; small constant exponents by products.
    pub(super) fn pow(&mut self, x: Id, y: Id) -> Id {
        let most = if self.fast { 64 } else { 4 };
        match self.as_constant(y) {
            Some(n)
                if n.fract() == 0.0
                    && n != 0.0
                    && (n >= -1.0 || self.fast)
                    && n.abs() <= f64::from(most) =>
            {
                let power = self.power(x, n.abs() as u32);
                if n > 0.0 {
                    return power;
                }
                let one = self.constant(1.0);
                self.div(one, power)
            }
            Some(n) if n.fract() == 0.0 && (5.0..=COMPENSATED).contains(&n) => {
                self.compensated_power(x, n as u32)
            }
            Some(0.5) if self.fast => self.call(Function::Sqrt, &[x]),
            _ => self.call(Function::Pow, &[x, y]),
        }
    }

    /// `x^n` for a positive `n`, by squaring.
    fn power(&mut self, x: Id, n: u32) -> Id {
        if n == 1 {
            return x;
        }
        let half = self.power(x, n / 2);
        let square = self.mul(half, half);
        if n % 2 == 1 { self.mul(square, x) } else { square }
    }

    /// `x^n` for a positive `n`, by squaring, with the rounding errors of the products beside them:
    /// within one unit in the last place.
    fn compensated_power(&mut self, x: Id, n: u32) -> Id {
        let mut low = self.constant(0.0);
        let l = &mut self.recorder;
        let mut high = x;
        for bit in (0..n.ilog2()).rev() {
            let square = l.mul(high, high);
            let error = l.fms(high, high, square);
            let double = l.add(high, high);
            low = l.fma(low, double, error);
            high = square;
            if n >> bit & 1 == 1 {
                let product = l.mul(high, x);
                let error = l.fms(high, x, product);
                low = l.fma(low, x, error);
                high = product;
            }
        }
        let sum = l.add(high, low);
        // A negative zero less nothing is positive.
        let sum = l.with_sign(sum, high);
        // Errors of infinite products are NaN.
        let infinity = l.constant(f64::INFINITY);
        let magnitude = l.abs(high);
        let finite = l.lt(magnitude, infinity);
        l.select(finite, sum, high)
    }

    /// A blend; of two results of one function, the function of a blend, which is the same lane by
    /// lane.
    pub(super) fn select(&mut self, mask: Id, a: Id, b: Id) -> Id {
        if a == b {
            return a;
        }
        if let (Some((f, x)), Some((g, y))) = (self.called(a), self.called(b))
            && f == g
        {
            let pairs: Vec<(Id, Id)> = x.iter().copied().zip(y.iter().copied()).collect();
            let args: Vec<Id> = pairs.into_iter().map(|(x, y)| self.select(mask, x, y)).collect();
            return self.call(f, &args);
        }
        // x + f(u) and f(v): x or -0.0, which changes no sum, plus the blend of the functions.
        let nothing = |algebra: &mut Algebra| algebra.constant(-0.0);
        if let Some((rest, call)) = self.sum_with_call(a, b) {
            let none = nothing(self);
            let (rest, call) = (self.select(mask, rest, none), self.select(mask, call, b));
            return self.plain(Op::Add, &[rest, call]);
        }
        if let Some((rest, call)) = self.sum_with_call(b, a) {
            let none = nothing(self);
            let (rest, call) = (self.select(mask, none, rest), self.select(mask, a, call));
            return self.plain(Op::Add, &[rest, call]);
        }
        self.recorder.select(mask, a, b)
    }

    /// `x` and `f(u)` of the sum `x + f(u)`, if `other` is a result of `f` too.
    fn sum_with_call(&self, sum: Id, other: Id) -> Option<(Id, Id)> {
        let (function, _) = self.called(other)?;
        let [p, q] = self.operands(sum, Op::Add)?;
        let same = |id: Id| self.called(id).is_some_and(|(f, _)| f == function);
        if same(q) {
            Some((p, q))
        } else if same(p) {
            Some((q, p))
        } else {
            None
        }
    }
}
