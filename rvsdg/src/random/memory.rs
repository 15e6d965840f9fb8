//! Random loads and stores, each behind a check of its indices.

use super::program::{Program, States};
use crate::graph::{ExcKind, ValueId};
use crate::op::{Cmp, Const, Op};
use crate::types::Type;

impl Program<'_> {
    /// A load or store behind a guard, or in an arm whose predicate is the check.
    pub(super) fn access(&mut self) {
        let array = self.rng.pick(&self.arrays);
        let Type::MemRef { rank, mem, .. } = self.f.ty(array) else { return };
        if self.states.mems[mem as usize].is_none() {
            return;
        }
        let mut index: Vec<ValueId> = (0..rank).map(|_| self.index()).collect();
        let extents: Vec<ValueId> =
            (0..rank).map(|axis| self.op(Op::Len(axis), &[array])).collect();
        if self.rng.chance(30) {
            // Python's negative indices.
            let (zero, at) = (self.constant(Const::I64(0)), self.rng.below(index.len()));
            let negative = self.op(Op::ICmp(Cmp::Lt), &[index[at], zero]);
            let from_end = self.op(Op::IAdd, &[index[at], extents[at]]);
            index[at] = self.op(Op::Select, &[negative, from_end, index[at]]);
        }
        let clamp = !self.risky();
        if clamp {
            for (at, extent) in index.iter_mut().zip(&extents) {
                *at = self.clamped(*at, *extent);
            }
        }
        let checks: Vec<ValueId> =
            index.iter().zip(&extents).map(|(at, extent)| self.in_range(*at, *extent)).collect();
        if self.options.effects && self.states.io.is_some() && self.rng.chance(50) {
            for (at, check) in index.iter_mut().zip(&checks) {
                let message = "index out of range";
                if let Some(checked) = self.guard(*check, *at, ExcKind::IndexError, message) {
                    *at = checked;
                }
            }
            self.use_element(array, &index);
        } else {
            let check = checks
                .into_iter()
                .reduce(|a, b| self.op(Op::BAnd, &[a, b]))
                .expect("an array has a dimension");
            self.access_in_arm(array, mem, &index, check);
        }
    }

    /// An index that is often in range.
    fn index(&mut self) -> ValueId {
        match self.rng.below(4) {
            0 => {
                let index = self.rng.below(4) as i64 - 1;
                self.constant(Const::I64(index))
            }
            1 => {
                let (n, mask) = (self.value(Type::I64), self.constant(Const::I64(1)));
                self.op(Op::IAnd, &[n, mask])
            }
            _ => self.value(Type::I64),
        }
    }

    /// The nearest index in range; out of range only if the extent is 0.
    fn clamped(&mut self, index: ValueId, extent: ValueId) -> ValueId {
        let [zero, one] = [0, 1].map(|value| self.constant(Const::I64(value)));
        let last = self.op(Op::ISub, &[extent, one]);
        let low = self.op(Op::IMin, &[index, last]);
        self.op(Op::IMax, &[low, zero])
    }

    fn in_range(&mut self, index: ValueId, extent: ValueId) -> ValueId {
        let zero = self.constant(Const::I64(0));
        let low = self.op(Op::ICmp(Cmp::Le), &[zero, index]);
        let high = self.op(Op::ICmp(Cmp::Lt), &[index, extent]);
        self.op(Op::BAnd, &[low, high])
    }

    /// `if check { use } else { nothing }`, with only the array's state passed in.
    fn access_in_arm(&mut self, array: ValueId, mem: u32, index: &[ValueId], check: ValueId) {
        let mut chosen = States::default();
        chosen.mems.resize(self.states.mems.len(), None);
        chosen.mems[mem as usize] = self.states.mems[mem as usize];
        let Type::MemRef { elem, .. } = self.f.ty(array) else { return };
        let arms = [self.f.add_region(), self.f.add_region()];
        for (at, arm) in arms.into_iter().enumerate() {
            let results = self.fill(arm, &[], &chosen, |program, _| {
                let element = if at == 1 { program.use_element(array, index) } else { None };
                vec![element.unwrap_or_else(|| program.value(elem.scalar()))]
            });
            self.f.set_results(arm, results);
        }
        let inputs: Vec<ValueId> = chosen.mems.iter().flatten().copied().collect();
        let node =
            self.f.gamma(self.region, check, &inputs, arms.to_vec(), crate::graph::Span::NONE);
        let outputs = self.f.node(node).outputs.to_vec();
        self.take_outputs(&outputs, &chosen);
    }

    /// Loads or stores at an index in range; gives a loaded element.
    fn use_element(&mut self, array: ValueId, index: &[ValueId]) -> Option<ValueId> {
        let Type::MemRef { elem, mem, .. } = self.f.ty(array) else { return None };
        let mut loaded = None;
        // Load, store, update, dead store, silent store, load after store.
        let steps: &[bool] = match self.rng.below(6) {
            0 | 1 => &[false],
            2 => &[true],
            3 => &[false, true],
            4 => &[true, true],
            _ => &[true, false],
        };
        let silent = self.rng.chance(20);
        for store in steps {
            let mut operands = vec![self.states.mems[mem as usize]?, array];
            operands.extend(index);
            if *store {
                let value = match loaded {
                    Some(value) if silent => value,
                    _ => self.value(elem.scalar()),
                };
                operands.push(value);
                self.states.mems[mem as usize] = Some(self.op(Op::Store, &operands));
            } else {
                let value = self.op(Op::Load, &operands);
                self.keep(value);
                loaded = Some(value);
            }
        }
        loaded
    }
}
