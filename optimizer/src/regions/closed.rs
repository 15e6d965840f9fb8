//! Counted loops without the loop: what variables are in the end that are polynomials in the number
//! of the iteration.
//!
//! The counter starts within its bound, so that the loop runs as often as the distance and the step
//! say. Integers are exact modulo 2^64; a float that grows by the same in each iteration is equal
//! over the reals only.

use super::Round;
use super::look::{Ops, binaries, integer};
use super::loops::Counter;
use super::polynomial::{Polynomial, inverse};
use crate::language::{InstanceId, Meaning, Payload};
use crate::model::Model;
use egraph_core::{EClassId, ENodeId, Limit, OpId};
use rvsdg::{Op, Type};

/// How often a loop runs.
#[derive(Clone, Copy, Debug)]
struct Trips {
    /// The number, in the home region, modulo 2^64.
    count: EClassId,
    /// It is known to be below 2^63.
    signed: bool,
}

/// Binomial coefficients of a number of iterations that have been built.
struct Binomials {
    trips: Trips,
    /// From `C(n, 1)` on: a class and what it is to be multiplied by.
    known: Vec<(EClassId, i64)>,
}

/// Classes that are looked at for one polynomial.
const MAX_CLASSES: usize = 48;

/// A search for what a class is in each iteration of a loop.
struct Reader<'a, 'f> {
    model: &'a Model<'f>,
    ops: &'a Ops,
    id: InstanceId,
    /// Classes on the way down.
    open: Vec<EClassId>,
    fuel: usize,
}

impl<'a, 'f> Reader<'a, 'f> {
    fn new(model: &'a Model<'f>, ops: &'a Ops, id: InstanceId) -> Reader<'a, 'f> {
        Reader { model, ops, id, open: Vec::new(), fuel: MAX_CLASSES }
    }

    /// A class of the body as a polynomial in the number of the iteration.
    fn read(&mut self, class: EClassId) -> Option<Polynomial> {
        let graph = &self.model.graph;
        let class = graph.find(class);
        if let Some(number) = integer(graph, class) {
            return Some(Polynomial::number(number));
        }
        if let Some(outer) = self.model.imported(class) {
            return Some(Polynomial::value(outer));
        }
        if self.fuel == 0 || self.open.contains(&class) {
            return None;
        }
        self.fuel -= 1;
        self.open.push(class);
        let found = graph.nodes(class).find_map(|node| self.node(node));
        self.open.pop();
        found
    }

    fn node(&mut self, node: ENodeId) -> Option<Polynomial> {
        let graph = &self.model.graph;
        let children = graph.children(node);
        match self.model.meaning(node) {
            Meaning::LoopVar => match graph.analysis().payloads.get(graph.payload(node)) {
                Payload::Index(k) => self.variable(k as usize),
                _ => None,
            },
            Meaning::Simple(Op::IAdd) => {
                let sum = self.read(children[0])?;
                sum.plus(&self.read(children[1])?, 1)
            }
            Meaning::Simple(Op::ISub) => {
                let difference = self.read(children[0])?;
                difference.plus(&self.read(children[1])?, -1)
            }
            Meaning::Simple(Op::INeg) => Polynomial::number(0).plus(&self.read(children[0])?, -1),
            Meaning::Simple(Op::IMul) => {
                let product = self.read(children[0])?;
                product.times(&self.read(children[1])?)
            }
            Meaning::Simple(Op::IPow) => {
                let times = integer(graph, children[1]).filter(|n| (1..=4).contains(n))?;
                let base = self.read(children[0])?;
                (1..times).try_fold(base.clone(), |power, _| power.times(&base))
            }
            _ => None,
        }
    }

    /// A loop variable: what it starts with and the sum of what is added to it.
    fn variable(&mut self, k: usize) -> Option<Polynomial> {
        let graph = &self.model.graph;
        let port = self.model.instance(self.id).ports.get(k)?;
        let (init, var) = (port.init?, graph.find(port.var?));
        if port.ty != Type::I64 {
            return None;
        }
        let next = port.results[0];
        let sums = binaries(graph, next, self.ops.add)
            .flat_map(|(x, y)| [(x, y, 1), (y, x, 1)])
            .chain(binaries(graph, next, self.ops.sub).map(|(x, y)| (x, y, -1)));
        let sums: Vec<(EClassId, i64)> =
            sums.filter(|(x, ..)| *x == var).map(|(_, y, sign)| (y, sign)).collect();
        let start = match integer(graph, init) {
            Some(number) => Polynomial::number(number),
            None => Polynomial::value(graph.find(init)),
        };
        sums.into_iter().find_map(|(added, sign)| {
            let sum = self.read(added)?.summed()?;
            start.plus(&sum, sign)
        })
    }
}

impl Round<'_, '_> {
    /// Variables of a counted loop without the loop, where they are polynomials in the number of
    /// the iteration: what they are after the last one. Exact modulo 2^64.
    pub(super) fn sums(&mut self, id: InstanceId, counter: Counter) -> Result<(), Limit> {
        let (mut whole, mut floats) = (Vec::new(), Vec::new());
        for (k, port) in self.model.instance(id).ports.iter().enumerate() {
            let own = k == counter.port && counter.step.abs() == 1;
            let Some(var) = port.var.filter(|_| !own) else { continue };
            if self.memory.done.contains(&("closed-sum", id.0, k as u32)) {
                continue;
            }
            match port.ty {
                Type::I64 => {
                    let found = Reader::new(self.model, &self.ops, id).read(var);
                    whole.extend(found.filter(|p| p.degree() > 0).map(|p| (k, port.out, p)));
                }
                Type::F64 if self.real => {
                    let added = self.added(port, var);
                    let added = added.filter(|added| self.model.is_outer(*added));
                    floats.extend(added.zip(port.init).map(|(a, init)| (k, port.out, init, a)));
                }
                _ => {}
            }
        }
        if whole.is_empty() && floats.is_empty() {
            return Ok(());
        }
        let Some(trips) = self.trips(id, counter)? else { return Ok(()) };
        let mut binomials = Binomials { trips, known: Vec::new() };
        for (k, out, polynomial) in whole {
            self.first("closed-sum", id.index(), k);
            let total = self.at_end(&polynomial, &mut binomials)?;
            self.equate("closed-sum", out, total);
        }
        for (k, out, init, added) in floats.into_iter().filter(|_| trips.signed) {
            let Some(each) = self.model.outer(added)? else { continue };
            self.first("closed-sum", id.index(), k);
            let times = self.float_of(trips.count)?;
            let sum = self.node(self.ops.fmul, &[each, times])?;
            let total = self.node(self.ops.fadd, &[init, sum])?;
            self.equate("closed-float-sum", out, total);
        }
        Ok(())
    }

    /// Iterations of a loop that its counter enters, in the home region: from the first value to
    /// the bound, by steps.
    fn trips(&mut self, id: InstanceId, counter: Counter) -> Result<Option<Trips>, Limit> {
        let Some(first) = self.model.instance(id).ports[counter.port].init else { return Ok(None) };
        let (low, high) =
            if counter.step > 0 { (first, counter.bound) } else { (counter.bound, first) };
        let bounds = |class| self.graph().data(class).range.ints();
        let (Some(least), Some(most)) = (bounds(low), bounds(high)) else { return Ok(None) };
        let rest = counter.step.unsigned_abs().cast_signed().wrapping_sub(1);
        let distance = i128::from(most.hi) - i128::from(least.lo) + i128::from(rest);
        let signed = rest >= 0 && distance <= i128::from(i64::MAX);
        if counter.step.abs() != 1 && !signed {
            return Ok(None);
        }
        let mut count = if integer(self.graph(), low) == Some(0) {
            high
        } else {
            self.node(self.ops.sub, &[high, low])?
        };
        if rest > 0 {
            let (rest, step) = (self.number(count, rest)?, self.number(count, rest + 1)?);
            let rounded = self.node(self.ops.add, &[count, rest])?;
            count = self.node(self.ops.div, &[rounded, step])?;
        }
        Ok(Some(Trips { count, signed }))
    }

    /// A polynomial after the last iteration, in the home region.
    fn at_end(
        &mut self,
        polynomial: &Polynomial,
        binomials: &mut Binomials,
    ) -> Result<EClassId, Limit> {
        let mut total = None;
        for (j, coefficient) in polynomial.coefficients().iter().enumerate() {
            if coefficient.is_empty() {
                continue;
            }
            let (basis, scale) = if j == 0 { (None, 1) } else { self.binomial(binomials, j)? };
            let mut sum = None;
            for (factors, number) in coefficient {
                let number = number.wrapping_mul(scale);
                let mut product = None;
                for factor in factors {
                    product = Some(self.joined(self.ops.mul, product, *factor)?);
                }
                if number != 1 || product.is_none() {
                    let number = self.number(binomials.trips.count, number)?;
                    product = Some(self.joined(self.ops.mul, product, number)?);
                }
                let product = product.expect("it has a factor");
                sum = Some(self.joined(self.ops.add, sum, product)?);
            }
            let mut term = sum.expect("a coefficient has a product");
            if let Some(basis) = basis {
                term = match integer(self.graph(), term) {
                    Some(1) => basis,
                    _ => self.node(self.ops.mul, &[basis, term])?,
                };
            }
            total = Some(self.joined(self.ops.add, total, term)?);
        }
        Ok(total.expect("a polynomial of some degree has a coefficient"))
    }

    fn joined(
        &mut self,
        op: OpId,
        before: Option<EClassId>,
        next: EClassId,
    ) -> Result<EClassId, Limit> {
        before.map_or(Ok(next), |before| self.node(op, &[before, next]))
    }

    /// `C(n, j)` for the number of iterations `n`, as a class times a number: halves by shifts,
    /// thirds and fifths by inverses modulo 2^64.
    fn binomial(
        &mut self,
        binomials: &mut Binomials,
        j: usize,
    ) -> Result<(Option<EClassId>, i64), Limit> {
        let count = binomials.trips.count;
        if let Some(known) = binomials.known.get(j - 1) {
            return Ok((Some(known.0), known.1));
        }
        let ops = self.ops;
        let made = match j {
            1 => (count, 1),
            // Of two numbers one after the other, one is even.
            2 => {
                let half = self.half(count, binomials.trips.signed)?;
                let odd = self.odd_below(count, 1)?;
                (self.node(ops.mul, &[half, odd])?, 1)
            }
            // Of the halves of two even numbers one after the other, one is even as well.
            4 => {
                let half = self.half(count, binomials.trips.signed)?;
                let (quarter, below) = (self.half(half, true)?, self.odd_below(half, 1)?);
                let (first, second) = (self.odd_below(count, 1)?, self.odd_below(count, 3)?);
                let (even, odd) =
                    (self.node(ops.mul, &[quarter, below])?, self.node(ops.mul, &[first, second])?);
                (self.node(ops.mul, &[even, odd])?, inverse(3))
            }
            // `C(n, j) = C(n, j - 1) * (n - j + 1) / j` for an odd `j`.
            _ => {
                let (before, scale) = self.binomial(binomials, j - 1)?;
                let before = before.expect("it is not the first one");
                let less = self.less(count, j as i64 - 1)?;
                (self.node(ops.mul, &[before, less])?, scale.wrapping_mul(inverse(j as i64)))
            }
        };
        if binomials.known.len() == j - 1 {
            binomials.known.push(made);
        }
        Ok((Some(made.0), made.1))
    }

    fn less(&mut self, class: EClassId, number: i64) -> Result<EClassId, Limit> {
        let number = self.number(class, number)?;
        self.node(self.ops.sub, &[class, number])
    }

    /// Half of a number without sign, rounded down.
    fn half(&mut self, class: EClassId, signed: bool) -> Result<EClassId, Limit> {
        let one = self.number(class, 1)?;
        let half = self.node(self.ops.shr, &[class, one])?;
        if signed {
            return Ok(half);
        }
        let mask = self.number(class, i64::MAX)?;
        self.node(self.ops.and, &[half, mask])
    }

    /// `(n - number) | 1`
    fn odd_below(&mut self, class: EClassId, number: i64) -> Result<EClassId, Limit> {
        let (less, one) = (self.less(class, number)?, self.number(class, 1)?);
        self.node(self.ops.or, &[less, one])
    }

    fn float_of(&mut self, class: EClassId) -> Result<EClassId, Limit> {
        let cast = self.graph().analysis().language.find(Op::Cast(Type::F64), 1);
        self.node(cast.expect("casts are in the vocabulary"), &[class])
    }
}
