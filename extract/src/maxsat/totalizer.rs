//! Counting true literals: the totalizer of Bailleux and Boufkhad, "Efficient CNF encoding of
//! Boolean cardinality constraints" (2003), made as far as it is asked for (Martins, Joshi,
//! Manquinho and Lynce, "Incremental cardinality constraints for `MaxSAT`", 2014).

use batsat::{Callbacks, Lit, Solver, SolverInterface, lbool};

/// A balanced tree over literals. Output k of a node is true if more than k of its literals are.
#[derive(Debug)]
pub(super) struct Totalizer {
    size: usize,
    outputs: Vec<Lit>,
    halves: Option<Box<[Totalizer; 2]>>,
}

impl Totalizer {
    /// Over at least one literal. No clauses yet.
    pub(super) fn new(literals: &[Lit]) -> Totalizer {
        let size = literals.len();
        if size == 1 {
            return Totalizer { size, outputs: literals.to_vec(), halves: None };
        }
        let (left, right) = literals.split_at(size / 2);
        let halves = Some(Box::new([left, right].map(Totalizer::new)));
        Totalizer { size, outputs: Vec::new(), halves }
    }

    /// The literal that is true if more than `count` literals are; none if there are no more.
    pub(super) fn more_than<C: Callbacks>(
        &mut self,
        count: usize,
        solver: &mut Solver<C>,
    ) -> Option<Lit> {
        self.extend(count + 1, solver);
        self.outputs.get(count).copied()
    }

    /// Makes the first `wanted` outputs.
    fn extend<C: Callbacks>(&mut self, wanted: usize, solver: &mut Solver<C>) {
        let wanted = wanted.min(self.size);
        let Some(halves) = &mut self.halves else { return };
        let [left, right] = &mut **halves;
        if wanted <= self.outputs.len() {
            return;
        }
        left.extend(wanted, solver);
        right.extend(wanted, solver);
        let mut clause = Vec::with_capacity(3);
        for sum in self.outputs.len() + 1..=wanted {
            let output = Lit::new(solver.new_var(lbool::FALSE, true), true);
            self.outputs.push(output);
            for on_left in sum.saturating_sub(right.size)..=sum.min(left.size) {
                clause.clear();
                clause.push(output);
                clause.extend(on_left.checked_sub(1).map(|at| !left.outputs[at]));
                clause.extend((sum - on_left).checked_sub(1).map(|at| !right.outputs[at]));
                solver.add_clause_reuse(&mut clause);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use batsat::BasicSolver;

    /// For every number of literals and every set of them: exactly the outputs up to their number
    /// are forced.
    #[test]
    fn outputs_follow_the_count() {
        for size in 1..=6_usize {
            let mut solver = BasicSolver::default();
            let literals: Vec<Lit> =
                (0..size).map(|_| Lit::new(solver.new_var_default(), true)).collect();
            let mut totalizer = Totalizer::new(&literals);
            for count in 0..size {
                let more = totalizer.more_than(count, &mut solver).unwrap();
                for set in 0..1_u32 << size {
                    let mut assumed: Vec<Lit> =
                        (0..size).map(|at| literals[at].apply_sign(set >> at & 1 == 1)).collect();
                    assumed.push(!more);
                    let allowed = set.count_ones() as usize <= count;
                    let answer = solver.solve_limited(&assumed);
                    assert_eq!(answer == lbool::TRUE, allowed, "{size} {count} {set:b}");
                }
            }
            assert_eq!(totalizer.more_than(size, &mut solver), None);
        }
    }
}
