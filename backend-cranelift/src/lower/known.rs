//! What truth values are in places that only certain branches lead to.

use super::Lowerer;
use rvsdg::{Cmp, Const, Node, NodeId, NodeKind, Op, RegionId, Type, ValueDef, ValueId};

/// What is known in a place.
#[derive(Clone, Default)]
pub(super) struct Known {
    facts: Vec<(ValueId, bool)>,
    /// Choices, and the arms that they took.
    arms: Vec<(NodeId, RegionId)>,
}

impl Known {
    /// A truth value that a branch has asked for.
    pub(super) fn add(&mut self, value: ValueId, holds: bool) {
        self.facts.push((value, holds));
    }
}

impl<'a> Lowerer<'a> {
    /// What is known in an arm of a choice, beside what was known before.
    pub(super) fn known_in_arm(&self, before: &Known, choice: NodeId, arm: RegionId) -> Known {
        let f = self.f;
        let mut known = before.clone();
        known.arms.push((choice, arm));
        if let (NodeKind::Gamma { arms }, Some(&predicate)) =
            (&f.node(choice).kind, f.node(choice).operands.first())
            && f.ty(predicate) == Type::Bool
        {
            known.add(predicate, arms.last() == Some(&arm));
        }
        known
    }

    /// What a truth value is, as far as that follows.
    pub(super) fn decided(&self, value: ValueId, known: &Known) -> Option<bool> {
        let f = self.f;
        if let Some(Const::Bool(constant)) = f.as_const(value) {
            return Some(constant);
        }
        let mut facts = known.facts.iter();
        if let Some(found) = facts.find_map(|(fact, holds)| self.follows(value, *fact, *holds)) {
            return Some(found);
        }
        let ValueDef::Output { node, index } = f.value(value).def else { return None };
        if let Some((_, arm)) = known.arms.iter().find(|(choice, _)| *choice == node) {
            let result = *f.region(*arm).results.get(index as usize)?;
            return self.decided(result, known);
        }
        let decided = |k: usize| self.decided(f.node(node).operands[k], known);
        match &f.node(node).kind {
            NodeKind::Gamma { arms } if f.ty(f.node(node).operands[0]) == Type::Bool => {
                let arm = arms.get(usize::from(decided(0)?))?;
                self.decided(*f.region(*arm).results.get(index as usize)?, known)
            }
            NodeKind::Simple(Op::BNot) => decided(0).map(|known| !known),
            NodeKind::Simple(Op::BAnd) => match (decided(0), decided(1)) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            },
            NodeKind::Simple(Op::BOr) => match (decided(0), decided(1)) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            },
            _ => None,
        }
    }

    /// What a truth value is if another one is known: of two comparisons of the same numbers, one
    /// may decide the other.
    fn follows(&self, value: ValueId, fact: ValueId, holds: bool) -> Option<bool> {
        if value == fact {
            return Some(holds);
        }
        let (asked, known) = (self.comparison(value)?, self.comparison(fact)?);
        let (NodeKind::Simple(asked_op), NodeKind::Simple(known_op)) = (&asked.kind, &known.kind)
        else {
            return None;
        };
        let (asked_cmp, known_cmp, unordered) = match (*asked_op, *known_op) {
            (Op::ICmp(asked), Op::ICmp(known)) => (asked, known, false),
            (Op::FCmp(asked), Op::FCmp(known)) => (asked, known, true),
            _ => return None,
        };
        let known_cmp = match (&asked.operands[..], &known.operands[..]) {
            (a, b) if a == b => known_cmp,
            ([a, b], [c, d]) if (a, b) == (d, c) => known_cmp.swapped(),
            _ => return None,
        };
        answer(asked_cmp, known_cmp, holds, unordered)
    }

    /// The comparison that makes a truth value.
    pub(super) fn comparison(&self, value: ValueId) -> Option<&'a Node> {
        let node = self.made_by(value)?;
        matches!(node.kind, NodeKind::Simple(Op::ICmp(_) | Op::FCmp(_))).then_some(node)
    }

    /// The node that a value is an output of.
    pub(super) fn made_by(&self, value: ValueId) -> Option<&'a Node> {
        match self.f.value(value).def {
            ValueDef::Output { node, .. } => Some(self.f.node(node)),
            ValueDef::Param { .. } => None,
        }
    }
}

/// What a comparison gives for all pairs for which the other one gives `holds`, if that is the same.
fn answer(asked: Cmp, known: Cmp, holds: bool, unordered: bool) -> Option<bool> {
    let pairs: [(f64, f64); 4] = [(0.0, 1.0), (0.0, 0.0), (1.0, 0.0), (f64::NAN, 0.0)];
    let possible = pairs[..if unordered { 4 } else { 3 }]
        .iter()
        .filter(|(a, b)| known.holds(a, b) == holds)
        .map(|(a, b)| asked.holds(a, b));
    let mut answers = possible;
    let first = answers.next()?;
    answers.all(|other| other == first).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::answer;
    use rvsdg::Cmp::{Eq, Ge, Gt, Le, Lt, Ne};

    #[test]
    fn comparisons_decide_each_other() {
        assert_eq!(answer(Ne, Eq, false, false), Some(true));
        assert_eq!(answer(Ge, Lt, false, false), Some(true));
        assert_eq!(answer(Ge, Lt, true, false), Some(false));
        assert_eq!(answer(Le, Eq, true, false), Some(true));
        assert_eq!(answer(Lt, Eq, false, false), None);
        assert_eq!(answer(Gt, Le, true, false), Some(false));
    }

    #[test]
    fn not_a_number_leaves_orders_open() {
        assert_eq!(answer(Ge, Lt, false, true), None);
        assert_eq!(answer(Ge, Lt, true, true), Some(false));
        assert_eq!(answer(Ne, Eq, false, true), Some(true));
        assert_eq!(answer(Ne, Lt, true, true), Some(true));
    }
}
