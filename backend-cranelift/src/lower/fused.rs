//! In fast mathematics: sums with products among their terms, as fused operations.
//!
//! `a b - c d + e` becomes `fma(a, b, fma(-c, d, e))`: the plain terms first, a product at a time
//! after them, the foremost last. What stands outside the innermost loop is not taken apart, so
//! that nothing moves into a loop.

use super::{Lowered, Lowerer, Vectors};
use crate::error::CompileError;
use cranelift_codegen::ir::{InstBuilder, Value};
use rvsdg::{Const, Node, NodeKind, Op, RegionId, ValueDef, ValueId};

/// A term of a sum, and whether it is subtracted.
enum Term {
    Plain(ValueId, bool),
    Product(ValueId, ValueId, bool),
}

impl Lowerer<'_> {
    /// The sum that a node is, if it has products that can be fused.
    pub(super) fn fused_sum(&mut self, op: Op, node: &Node) -> Lowered<Option<Value>> {
        let fuses = backend_simd::is_supported() || cfg!(target_arch = "aarch64");
        if self.vectors != Vectors::FastMath || !fuses {
            return Ok(None);
        }
        let mut terms = Vec::new();
        self.terms(op, node, (false, node.region), true, &mut terms);
        if !terms.iter().any(|term| matches!(term, Term::Product(..))) {
            return Ok(None);
        }
        let mut sum = None;
        for term in &terms {
            if let Term::Plain(value, minus) = term {
                let value = self.scalar(*value)?;
                sum = Some(match (sum, minus) {
                    (None, false) => value,
                    (None, true) => self.b.ins().fneg(value),
                    (Some(sum), false) => self.b.ins().fadd(sum, value),
                    (Some(sum), true) => self.b.ins().fsub(sum, value),
                });
            }
        }
        for term in terms.iter().rev() {
            if let Term::Product(a, b, minus) = term {
                let (mut a, b) = (self.scalar(*a)?, self.scalar(*b)?);
                if *minus {
                    a = self.b.ins().fneg(a);
                }
                sum = Some(match sum {
                    None => self.b.ins().fmul(a, b),
                    Some(sum) => self.b.ins().fma(a, b, sum),
                });
            }
        }
        sum.map(Some).ok_or(CompileError::Malformed(node.outputs[0]))
    }

    /// Appends the terms of a sum or difference, two levels deep where that finds products.
    fn terms(
        &self,
        op: Op,
        node: &Node,
        (minus, from): (bool, RegionId),
        deep: bool,
        terms: &mut Vec<Term>,
    ) {
        let &[a, b] = &node.operands[..] else { return };
        for (value, minus) in [(a, minus), (b, minus != (op == Op::FSub))] {
            match self.neighbour(value, from) {
                Some((Op::FMul, product)) if !self.doubles(product) => {
                    terms.push(Term::Product(product.operands[0], product.operands[1], minus));
                }
                Some((inner @ (Op::FAdd | Op::FSub), sum))
                    if deep && self.has_product(sum, from) =>
                {
                    self.terms(inner, sum, (minus, from), false, terms);
                }
                _ => terms.push(Term::Plain(value, minus)),
            }
        }
    }

    fn has_product(&self, sum: &Node, from: RegionId) -> bool {
        let is_product =
            |value: &ValueId| matches!(self.neighbour(*value, from), Some((Op::FMul, _)));
        sum.operands.iter().any(is_product)
    }

    /// The operation behind a value, if no loop is between it and the region that is lowered.
    fn neighbour(&self, value: ValueId, from: RegionId) -> Option<(Op, &Node)> {
        let ValueDef::Output { node, .. } = self.f.value(value).def else { return None };
        let node = self.f.node(node);
        match node.kind {
            NodeKind::Simple(op) if self.is_within_loop(node.region, from) => Some((op, node)),
            _ => None,
        }
    }

    /// Whether `outer` is `region` or around it, within the innermost loop.
    fn is_within_loop(&self, outer: RegionId, mut region: RegionId) -> bool {
        while region != outer {
            match self.f.parent(region) {
                Some(parent) if self.loops.last() != Some(&region) => region = parent,
                _ => return false,
            }
        }
        true
    }

    /// Whether a product is one by 2, which is a sum.
    pub(super) fn doubles(&self, product: &Node) -> bool {
        let two = |v: &ValueId| self.f.as_const(*v).and_then(Const::as_f64) == Some(2.0);
        product.operands.iter().any(two)
    }
}
