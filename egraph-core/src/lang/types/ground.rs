//! Groundedness: every variable of a query gets its value from a table.
//!
//! A term is grounded if it is a constant or global, if a table has it in a row, if it is the value
//! of a primitive whose arguments are grounded, or if it equals a grounded term.

use super::super::syntax::{Diagnostic, codes};
use super::candidate::Candidate;
use super::error::{Checked, Refusal};
use super::terms::{Problem, TermId, TermKind};

/// Terms that equalities make one.
pub(super) struct Classes {
    parent: Vec<TermId>,
}

impl Classes {
    pub(super) fn new(problem: &Problem<'_>, count: usize) -> Classes {
        let mut classes = Classes { parent: (0..count).collect() };
        for &(a, b) in &problem.equalities {
            classes.union(a, b);
        }
        classes
    }

    pub(super) fn find(&mut self, mut term: TermId) -> TermId {
        while self.parent[term] != term {
            self.parent[term] = self.parent[self.parent[term]];
            term = self.parent[term];
        }
        term
    }

    /// Whether they were two classes.
    pub(super) fn union(&mut self, a: TermId, b: TermId) -> bool {
        let (a, b) = (self.find(a), self.find(b));
        let (root, other) = (a.min(b), a.max(b));
        self.parent[other] = root;
        root != other
    }
}

impl Problem<'_> {
    /// Refuses a query, made of the first `terms` terms and `calls` calls, with a variable that is
    /// not grounded. Sorts have been inferred.
    pub(super) fn check_grounded(&self, terms: usize, calls: usize) -> Checked<()> {
        let mut classes = Classes::new(self, terms);
        let mut grounded = vec![false; terms];
        for (term, decl) in self.terms[..terms].iter().enumerate() {
            if matches!(decl.kind, TermKind::Const(_) | TermKind::Global(_)) {
                grounded[classes.find(term)] = true;
            }
        }
        let mut open: Vec<usize> = Vec::new();
        for (at, call) in self.calls[..calls].iter().enumerate() {
            if matches!(call.meaning(), Candidate::Func(_) | Candidate::Operator { .. }) {
                for &term in call.args.iter().chain([&call.value]) {
                    grounded[classes.find(term)] = true;
                }
            } else {
                open.push(at);
            }
        }
        loop {
            let before = open.len();
            open.retain(|at| {
                let call = &self.calls[*at];
                let ready = call.args.iter().all(|term| grounded[classes.find(*term)]);
                if ready {
                    grounded[classes.find(call.value)] = true;
                }
                !ready
            });
            if open.len() == before {
                break;
            }
        }
        // Names that a program cannot write start with a space.
        let named = |term: &TermId| match &self.terms[*term].kind {
            TermKind::Local(name) => !name.starts_with(' '),
            _ => false,
        };
        let missing: Vec<TermId> =
            (0..terms).filter(|term| !grounded[classes.find(*term)]).collect();
        let Some(&first) = missing.iter().find(|term| named(term)).or(missing.first()) else {
            return Ok(());
        };
        let message = match &self.terms[first].kind {
            TermKind::Local(name) if named(&first) => {
                format!("nothing in the query gives `{name}` a value")
            }
            _ => "nothing in the query gives this a value".to_owned(),
        };
        let hint = "a variable must be an argument or the value of a constructor, function or \
                    relation: primitives and equalities compute from values, but find none";
        let error = Diagnostic::new(codes::UNGROUNDED, self.terms[first].span, message);
        Err(Refusal::late(error.hint(hint)))
    }
}
