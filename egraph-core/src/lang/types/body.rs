//! From facts to terms, calls and equalities.

use super::super::syntax::{Expr, Fact};
use super::candidate::Place;
use super::error::Checked;
use super::terms::{Problem, TermId};

impl Problem<'_> {
    /// Adds conditions.
    pub(super) fn facts(&mut self, facts: &[Fact]) -> Checked<()> {
        for fact in facts {
            match fact {
                Fact::Eq(_, left, right) => {
                    self.equal(left, right)?;
                }
                Fact::Expr(expr) => {
                    self.expr(expr, Place::Query)?;
                }
            }
        }
        Ok(())
    }

    fn equal(&mut self, left: &Expr, right: &Expr) -> Checked<()> {
        let left = self.expr(left, Place::Query)?.value;
        let right = self.expr(right, Place::Query)?.value;
        self.equalities.push((left, right));
        Ok(())
    }

    /// Adds the condition that the expression has this value.
    pub(super) fn matches(&mut self, value: TermId, expr: &Expr) -> Checked<()> {
        let found = self.expr(expr, Place::Query)?.value;
        self.equalities.push((value, found));
        Ok(())
    }
}
