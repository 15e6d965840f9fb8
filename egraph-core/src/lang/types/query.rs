//! From terms and calls to a query: equal terms become one operand, equal calls one atom.

use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;
use smallvec::SmallVec;

use super::super::values::{PrimId, Sort, UNIT};
use super::candidate::Candidate;
use super::ground::Classes;
use super::resolved::{Atom, FuncId, Operand, Query, VarDecl};
use super::terms::{Problem, TermId, TermKind};

/// A query, and what became of the terms it was made of.
pub(super) struct Built {
    pub(super) query: Query,
    /// By term; absent for a term that is in no atom, which only a name that is never used can be.
    pub(super) operands: Vec<Option<Operand>>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Head {
    Table(FuncId),
    Operator(FuncId, bool),
    Prim(PrimId),
}

/// An operand before variables are numbered: a class of terms where it is a variable.
type Key = (Head, Args);

/// The operands of a call.
type Args = SmallVec<[Operand; 4]>;

struct Builder<'p, 'e> {
    problem: &'p Problem<'e>,
    classes: Classes,
    /// By root of a class: the constant or global it equals.
    fixed: Vec<Option<Operand>>,
    /// Pairs of constants or globals that must be equal.
    tests: Vec<Atom>,
}

impl Builder<'_, '_> {
    /// The operand of a term; variables are numbered by their class.
    fn operand(&mut self, term: TermId) -> Operand {
        let root = self.classes.find(term);
        self.fixed[root].unwrap_or(Operand::Var(root as u32))
    }

    /// A class equals this constant or global.
    fn fix(&mut self, term: TermId, operand: Operand, sort: Sort) {
        let root = self.classes.find(term);
        match self.fixed[root] {
            None => self.fixed[root] = Some(operand),
            Some(before) if before == operand => {}
            Some(before) => {
                let test = Atom::Equal(sort, before, operand);
                if !self.tests.contains(&test) {
                    self.tests.push(test);
                }
            }
        }
    }

    fn union(&mut self, a: TermId, b: TermId) -> bool {
        let (a, b) = (self.classes.find(a), self.classes.find(b));
        if !self.classes.union(a, b) {
            return false;
        }
        let (root, other) = (a.min(b), a.max(b));
        if let Some(operand) = self.fixed[other].take() {
            self.fix(root, operand, self.problem.sort(root));
        }
        true
    }

    fn key(&mut self, call: usize) -> Key {
        let call = &self.problem.calls[call];
        let mut args: Args = call.args.iter().map(|term| self.operand(*term)).collect();
        let head = match call.meaning() {
            Candidate::Func(func) => Head::Table(*func),
            Candidate::Operator { func, rest } => Head::Operator(*func, *rest),
            Candidate::Prim(prim) | Candidate::Closure { prim, .. } => Head::Prim(*prim),
        };
        if let Some(target) = self.problem.fn_target(call) {
            args[0] = Operand::Const(target);
        }
        (head, args)
    }

    /// One of each set of calls with the same head and operands, whose values are made equal.
    fn distinct(&mut self, calls: usize) -> Vec<usize> {
        let mut kept: Vec<usize> = (0..calls).collect();
        loop {
            let mut changed = false;
            let mut seen: HashMap<Key, usize, FxBuildHasher> = HashMap::default();
            let mut next = Vec::with_capacity(kept.len());
            for call in kept {
                let key = self.key(call);
                if let Some(&first) = seen.get(&key) {
                    let values = [first, call].map(|at| self.problem.calls[at].value);
                    self.union(values[0], values[1]);
                    changed = true;
                } else {
                    seen.insert(key, call);
                    next.push(call);
                }
            }
            kept = next;
            if !changed {
                return kept;
            }
        }
    }
}

impl Problem<'_> {
    /// The query made of the first `terms` terms and `calls` calls, which are all there are of
    /// conditions. Sorts have been inferred, and every variable is grounded.
    pub(super) fn query(&self, terms: usize, calls: usize) -> Built {
        let classes = Classes::new(self, terms);
        let fixed = vec![None; terms];
        let mut builder = Builder { problem: self, classes, fixed, tests: Vec::new() };
        for (term, decl) in self.terms[..terms].iter().enumerate() {
            match decl.kind {
                TermKind::Const(value) => {
                    builder.fix(term, Operand::Const(value), self.sort(term));
                }
                TermKind::Global(global) => {
                    builder.fix(term, Operand::Global(global), self.sort(term));
                }
                TermKind::Local(_) | TermKind::Unnamed => {}
            }
        }
        for term in 0..terms {
            let root = builder.classes.find(term);
            if builder.fixed[root].is_none() && self.sort(term) == Sort::UNIT {
                builder.fixed[root] = Some(Operand::Const(UNIT));
            }
        }
        let kept = builder.distinct(calls);
        let mut numbers = Numbers { by_class: vec![None; terms], vars: Vec::new() };
        let mut atoms = std::mem::take(&mut builder.tests);
        for call in kept {
            let (head, mut args) = builder.key(call);
            let mut out = builder.operand(self.calls[call].value);
            args.iter_mut().chain([&mut out]).for_each(|operand| numbers.number(self, operand));
            let rest = matches!(head, Head::Operator(_, true)).then(|| args.pop()).flatten();
            let args = args.into_vec();
            atoms.push(match head {
                Head::Table(func) => Atom::Table { func, args, out },
                Head::Operator(func, _) => Atom::Operator { func, args, rest, out },
                Head::Prim(prim) => Atom::Prim { prim, args, out },
            });
        }
        let operands = (0..terms).map(|term| match builder.operand(term) {
            Operand::Var(class) => numbers.by_class[class as usize].map(Operand::Var),
            operand => Some(operand),
        });
        let operands = operands.collect();
        for &term in &self.locals {
            let TermKind::Local(name) = &self.terms[term].kind else { continue };
            if term < terms
                && let Operand::Var(class) = builder.operand(term)
                && let Some(number) = numbers.by_class[class as usize]
                && numbers.vars[number as usize].name.is_empty()
            {
                numbers.vars[number as usize].name.clone_from(name);
            }
        }
        let query = Query { vars: numbers.vars, atoms, include_subsumed: false };
        Built { query, operands }
    }
}

/// Numbers of variables, in order of their first use in atoms.
struct Numbers {
    by_class: Vec<Option<u32>>,
    vars: Vec<VarDecl>,
}

impl Numbers {
    fn number(&mut self, problem: &Problem<'_>, operand: &mut Operand) {
        let Operand::Var(class) = operand else { return };
        let at = *class as usize;
        let vars = &mut self.vars;
        *class = *self.by_class[at].get_or_insert_with(|| {
            vars.push(VarDecl { name: "".into(), sort: problem.sort(at) });
            vars.len() as u32 - 1
        });
    }
}
