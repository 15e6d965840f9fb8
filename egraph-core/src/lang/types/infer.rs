//! Inference of sorts: candidates are struck out until one meaning of each call remains.

use smallvec::SmallVec;

use super::super::syntax::{Diagnostic, Span, codes};
use super::super::values::Sort;
use super::candidate::{Candidate, Slot};
use super::error::{Checked, error};
use super::terms::{Call, Problem, TermId, TermKind};

/// Signatures that an error lists.
const LISTED: usize = 8;

impl Problem<'_> {
    /// The term that holds the sort of all those known to have the same sort.
    pub(super) fn root(&self, mut term: TermId) -> TermId {
        while self.terms[term].same_sort != term {
            term = self.terms[term].same_sort;
        }
        term
    }

    fn known(&self, term: TermId) -> Option<Sort> {
        self.terms[self.root(term)].sort
    }

    /// Two terms have the same sort; `span` is where that is said.
    pub(super) fn unify(&mut self, a: TermId, b: TermId, span: Span) -> Checked<bool> {
        let (a, b) = (self.root(a), self.root(b));
        if a == b {
            return Ok(false);
        }
        let sort = match (self.terms[a].sort, self.terms[b].sort) {
            (Some(left), Some(right)) if left != right => {
                let names = [left, right].map(|sort| self.env.sorts.name(sort));
                let message = format!("`{}` and `{}` are different sorts", names[0], names[1]);
                return error(codes::MISMATCH, span, message);
            }
            (left, right) => left.or(right),
        };
        let (root, other) = (a.min(b), a.max(b));
        self.terms[other].same_sort = root;
        self.terms[root].sort = sort;
        Ok(true)
    }

    /// The term has this sort, because of argument `at` of the call.
    fn assign(&mut self, term: TermId, sort: Sort, call: usize, at: usize) -> Checked<bool> {
        let root = self.root(term);
        match self.terms[root].sort {
            None => {
                self.terms[root].sort = Some(sort);
                Ok(true)
            }
            Some(found) if found == sort => Ok(false),
            Some(found) => Err(self.mismatch(term, sort, found, &self.calls[call], at).into()),
        }
    }

    fn mismatch(
        &self,
        term: TermId,
        sort: Sort,
        found: Sort,
        call: &Call,
        at: usize,
    ) -> Diagnostic {
        if self.env.prims.overloads(&call.head).len() > 1 && call.target.is_none() {
            let places = call.args.iter().chain([&call.value]);
            let known: Vec<Option<Sort>> = places.map(|term| self.known(*term)).collect();
            return self.no_overload(call, &known);
        }
        let [sort, found] = [sort, found].map(|sort| self.env.sorts.name(sort));
        if at == call.args.len() {
            let message = format!("`{}` gives `{sort}`, but `{found}` is needed", call.head);
            return Diagnostic::new(codes::MISMATCH, call.span, message);
        }
        let term = &self.terms[term];
        let what = match &term.kind {
            TermKind::Local(name) => format!("`{name}` is"),
            _ => "this is".to_owned(),
        };
        let message = format!("{what} `{found}`, but `{sort}` is needed");
        let note = format!("argument {} of `{}`", at + 1, call.head);
        Diagnostic::new(codes::MISMATCH, term.span, message).note(call.head.span, note)
    }

    /// Gives every term a sort and every call one meaning.
    pub(super) fn solve(&mut self) -> Checked<()> {
        let equalities = std::mem::take(&mut self.equalities);
        for &(a, b) in &equalities {
            let span = self.terms[a].span.to(self.terms[b].span);
            self.unify(a, b, span)?;
        }
        self.equalities = equalities;
        let mut open: Vec<usize> = (0..self.calls.len()).collect();
        loop {
            let mut changed = false;
            for &call in &open {
                changed |= self.narrow(call)?;
            }
            // Knowledge flows from operands to values in one pass, and back in the next.
            open.reverse();
            open.retain(|call| !self.calls[*call].settled);
            if !changed {
                break;
            }
        }
        for call in &self.calls {
            if !call.settled {
                return Err(self.undecided(call).into());
            }
        }
        for term in 0..self.terms.len() {
            if self.known(term).is_none() {
                return Err(self.unknown_sort(term).into());
            }
        }
        Ok(())
    }

    /// Strikes out candidates of a call and learns what the remaining ones agree on.
    fn narrow(&mut self, at: usize) -> Checked<bool> {
        let call = &self.calls[at];
        let places: SmallVec<[TermId; 8]> = call.args.iter().copied().chain([call.value]).collect();
        if call.candidates.len() > 1 {
            let known: SmallVec<[Option<Sort>; 8]> =
                places.iter().map(|term| self.known(*term)).collect();
            let env = self.env;
            let possible = |candidate: &Candidate| {
                let slots = (0..known.len()).map(|i| candidate.slot(env, i, known.len() - 1));
                fits(&known, slots)
            };
            if !call.candidates.iter().any(possible) {
                return Err(self.no_overload(call, &known).into());
            }
            self.calls[at].candidates.retain(|candidate| possible(candidate));
        }
        let mut changed = false;
        let mut same = None;
        for (i, &term) in places.iter().enumerate() {
            match self.agreed(at, i, places.len() - 1) {
                Slot::Sort(sort) => changed |= self.assign(term, sort, at, i)?,
                Slot::Same => {
                    let first = *same.get_or_insert(term);
                    changed |= self.unify(first, term, self.calls[at].span)?;
                }
                Slot::Any => {}
            }
        }
        // With one candidate everything has been said.
        self.calls[at].settled = self.calls[at].candidates.len() == 1;
        Ok(changed)
    }

    /// What all remaining candidates of a call say about a place.
    fn agreed(&self, call: usize, at: usize, count: usize) -> Slot {
        let mut slots = self.calls[call].candidates.iter().map(|c| c.slot(self.env, at, count));
        let first = slots.next().unwrap_or(Slot::Any);
        if slots.all(|slot| slot == first) { first } else { Slot::Any }
    }

    /// The overloads of a call's head, for a hint.
    fn signatures(&self, call: &Call) -> String {
        let overloads = self.env.prims.overloads(&call.head);
        let table = self.env.find_function(&call.head);
        let all = table.map(Candidate::Func).into_iter();
        let all = all.chain(overloads.iter().copied().map(Candidate::Prim));
        let mut listed: Vec<String> =
            all.take(LISTED).map(|candidate| candidate.signature(self.env, &call.head)).collect();
        if overloads.len() > LISTED {
            listed.push("…".to_owned());
        }
        listed.join(", ")
    }

    fn no_overload(&self, call: &Call, known: &[Option<Sort>]) -> Diagnostic {
        let name = |sort: &Option<Sort>| sort.map_or("_", |sort| self.env.sorts.name(sort));
        let (value, inputs) = known.split_last().unwrap_or((&None, &[]));
        let inputs: Vec<&str> = inputs.iter().map(name).collect();
        let message = match value {
            Some(_) => {
                let (inputs, value) = (inputs.join(" "), name(value));
                format!("no overload of `{}` takes `({inputs})` and gives `{value}`", call.head)
            }
            None => format!("no overload of `{}` takes `({})`", call.head, inputs.join(" ")),
        };
        Diagnostic::new(codes::NO_OVERLOAD, call.span, message)
            .hint(format!("there are {}", self.signatures(call)))
    }

    fn undecided(&self, call: &Call) -> Diagnostic {
        let known = call.args.iter().chain([&call.value]).all(|term| self.known(*term).is_some());
        let (code, message) = if known {
            (codes::AMBIGUOUS, format!("`{}` has several overloads of these sorts", call.head))
        } else {
            let message = format!("nothing says which overload of `{}` is meant", call.head);
            (codes::NOT_INFERRED, message)
        };
        Diagnostic::new(code, call.span, message)
            .hint(format!("there are {}", self.signatures(call)))
    }

    fn unknown_sort(&self, term: TermId) -> Diagnostic {
        let term = &self.terms[term];
        let message = match &term.kind {
            TermKind::Local(name) => format!("nothing says which sort `{name}` has"),
            _ => "nothing says which sort this has".to_owned(),
        };
        Diagnostic::new(codes::NOT_INFERRED, term.span, message)
            .hint("use it as an argument of a constructor or function")
    }
}

/// Whether a candidate is compatible with what is known of the sorts of its places.
fn fits(known: &[Option<Sort>], slots: impl Iterator<Item = Slot>) -> bool {
    let mut same = None;
    known.iter().zip(slots).all(|(known, slot)| match (known, slot) {
        (Some(known), Slot::Sort(sort)) => *known == sort,
        (Some(known), Slot::Same) => *same.get_or_insert(*known) == *known,
        _ => true,
    })
}
