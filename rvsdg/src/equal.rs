//! Equality of functions: the same tree of regions and nodes, whatever the ids are.
//!
//! Two graphs built in different orders number their values differently; what counts is that a
//! traversal of both in step meets the same nodes with corresponding operands. Faults are compared
//! where a guard names them.

use crate::graph::{Function, Node, NodeKind, Region, ValueId};
use crate::op::Op;
use crate::walk::{Event, walk};

impl PartialEq for Function {
    fn eq(&self, other: &Function) -> bool {
        if self.name != other.name
            || self.params != other.params
            || self.shape != other.shape
            || self.mems != other.mems
            || self.phi != other.phi
        {
            return false;
        }
        let mut pairing =
            Pairing { left: self, right: other, partner: vec![None; self.value_count()] };
        pairing.pair_definitions() && pairing.uses_correspond()
    }
}

impl Eq for Function {}

struct Pairing<'a> {
    left: &'a Function,
    right: &'a Function,
    /// The value of the right function that stands for one of the left.
    partner: Vec<Option<ValueId>>,
}

impl<'a> Pairing<'a> {
    fn steps(&self) -> impl Iterator<Item = (Option<Event>, Option<Event>)> + use<'a> {
        let (mut left, mut right) = (walk(self.left), walk(self.right));
        std::iter::from_fn(move || {
            let step = (left.next(), right.next());
            (step != (None, None)).then_some(step)
        })
    }

    fn pair_definitions(&mut self) -> bool {
        for step in self.steps() {
            let (defined, partners): (&[ValueId], &[ValueId]) = match step {
                (Some(Event::Enter(a)), Some(Event::Enter(b))) => {
                    (&self.left.region(a).params, &self.right.region(b).params)
                }
                (Some(Event::Define(a)), Some(Event::Define(b))) => {
                    (&self.left.node(a).outputs, &self.right.node(b).outputs)
                }
                (Some(Event::Visit(_)), Some(Event::Visit(_)))
                | (Some(Event::Leave(_)), Some(Event::Leave(_))) => continue,
                _ => return false,
            };
            if defined.len() != partners.len() {
                return false;
            }
            for (value, partner) in defined.iter().zip(partners) {
                if self.left.ty(*value) != self.right.ty(*partner) {
                    return false;
                }
                self.partner[value.index()] = Some(*partner);
            }
        }
        true
    }

    fn uses_correspond(&self) -> bool {
        self.steps().all(|step| match step {
            (Some(Event::Visit(a)), Some(Event::Visit(b))) => {
                self.same_node(self.left.node(a), self.right.node(b))
            }
            (Some(Event::Leave(a)), Some(Event::Leave(b))) => {
                let (a, b): (&Region, &Region) = (self.left.region(a), self.right.region(b));
                self.same_values(&a.results, &b.results)
            }
            _ => true,
        })
    }

    fn same_node(&self, a: &Node, b: &Node) -> bool {
        let kinds = match (&a.kind, &b.kind) {
            (NodeKind::Simple(Op::Guard(x)), NodeKind::Simple(Op::Guard(y))) => {
                let faults =
                    (self.left.faults.get(x.0 as usize), self.right.faults.get(y.0 as usize));
                match faults {
                    (None, None) => x == y,
                    (a, b) => a == b,
                }
            }
            (NodeKind::Simple(a), NodeKind::Simple(b)) => a == b,
            (NodeKind::Gamma { arms: a }, NodeKind::Gamma { arms: b }) => a.len() == b.len(),
            (NodeKind::Theta { .. }, NodeKind::Theta { .. }) => true,
            _ => false,
        };
        kinds && a.span == b.span && self.same_values(&a.operands, &b.operands)
    }

    fn same_values(&self, a: &[ValueId], b: &[ValueId]) -> bool {
        a.len() == b.len()
            && a.iter().zip(b).all(|(a, b)| self.partner.get(a.index()) == Some(&Some(*b)))
    }
}
