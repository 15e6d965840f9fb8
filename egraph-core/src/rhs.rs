//! Right-hand sides: terms compiled to a list of insertions.

use smallvec::SmallVec;

use crate::insert::AddIntoError;
use crate::log::Reason;
use crate::pattern::{Apply, Pattern, PayloadText, Term};
use crate::query::{Query, Resolver, operator, sort_named};
use crate::sexpr::PatternError;
use crate::{
    Analysis, Children, EClassId, EGraph, OpId, PayloadId, RegionId, Signature, SortId, SortRule,
};

/// Where a child comes from.
#[derive(Clone, Copy, Debug)]
enum Operand {
    /// A slot of the match.
    Slot(usize),
    /// The result of an earlier step.
    Step(usize),
}

#[derive(Clone, Copy, Debug)]
enum PayloadSource {
    Is(PayloadId),
    Slot(usize),
}

#[derive(Clone, Copy, Debug)]
enum SortSource {
    /// The operator says.
    Inferred,
    Is(SortId),
    /// The sort of the class in a slot.
    Of(usize),
}

/// One node to make, `up` regions outward from the target's region.
#[derive(Clone, Debug)]
struct Step {
    op: OpId,
    payload: PayloadSource,
    sort: SortSource,
    args: SmallVec<[Operand; 4]>,
    up: u32,
}

/// `target = term`: a term to instantiate and the slot of the class it equals.
#[derive(Clone, Debug)]
pub(crate) struct Equation {
    target: usize,
    steps: Vec<Step>,
    result: Operand,
}

/// What became of one equation of a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Applied {
    Changed,
    Held,
    /// The two sides differ in sort or region.
    Refused,
    Full,
}

impl Equation {
    /// Compiles `target = pattern`; `target` is a variable of the query, or its root.
    pub(crate) fn compile(
        target: Option<&str>,
        pattern: &Pattern,
        query: &Query,
        signature: &Signature,
        resolve: Resolver<'_>,
    ) -> Result<Self, PatternError> {
        let mut compiler = Compiler { query, signature, resolve, steps: Vec::new() };
        let (target, up) = match target {
            None => (0, 0),
            Some(name) => compiler.bound(name, 0)?,
        };
        let result = compiler.term(&pattern.root, up, Some(target))?;
        Ok(Self { target, steps: compiler.steps, result })
    }

    /// Slots this equation reads, the target's included.
    pub(crate) fn slots(&self, used: &mut Vec<usize>) {
        used.push(self.target);
        let mut operand = |operand: &Operand| {
            if let Operand::Slot(slot) = operand {
                used.push(*slot);
            }
        };
        operand(&self.result);
        self.steps.iter().flat_map(|step| &step.args).for_each(&mut operand);
        for step in &self.steps {
            if let PayloadSource::Slot(slot) = step.payload {
                used.push(slot);
            }
            if let SortSource::Of(slot) = step.sort {
                used.push(slot);
            }
        }
    }

    /// True when the e-graph already knows that this instance holds.
    pub(crate) fn holds<A: Analysis>(&self, egraph: &EGraph<A>, row: &[u32]) -> bool {
        let target = egraph.find(EClassId::new(row[self.target]));
        let mut results: Children = SmallVec::new();
        for step in &self.steps {
            let Some(region) = home(egraph, target, step.up) else { return false };
            let (payload, sort) = step.literal(egraph, row);
            let children = step.children(egraph, row, &results);
            match egraph.lookup(region, step.op, payload, &children, sort) {
                Some(class) => results.push(class),
                None => return false,
            }
        }
        egraph.find(value(self.result, row, &results)) == target
    }

    /// Makes the instance hold.
    pub(crate) fn apply<A: Analysis>(
        &self,
        egraph: &mut EGraph<A>,
        row: &[u32],
        reason: Reason,
    ) -> Applied {
        let target = egraph.find(EClassId::new(row[self.target]));
        let mut results: Children = SmallVec::new();
        let last = match self.result {
            Operand::Step(last) => Some(last),
            Operand::Slot(_) => None,
        };
        for (at, step) in self.steps.iter().enumerate() {
            let Some(region) = home(egraph, target, step.up) else { return Applied::Refused };
            let (payload, sort) = step.literal(egraph, row);
            let children = step.children(egraph, row, &results);
            if Some(at) == last {
                if sort.is_some_and(|sort| sort != egraph.sort(target)) {
                    return Applied::Refused;
                }
                return match egraph.add_into(target, step.op, payload, &children, reason) {
                    Ok(true) => Applied::Changed,
                    Ok(false) => Applied::Held,
                    Err(AddIntoError::Limit(_)) => Applied::Full,
                    Err(AddIntoError::Union(_)) => Applied::Refused,
                };
            }
            match egraph.add(region, step.op, payload, &children, sort) {
                Ok(class) => results.push(class),
                Err(_) => return Applied::Full,
            }
        }
        match egraph.union(target, value(self.result, row, &results), reason) {
            Ok(true) => Applied::Changed,
            Ok(false) => Applied::Held,
            Err(_) => Applied::Refused,
        }
    }
}

impl Step {
    fn literal<A: Analysis>(&self, egraph: &EGraph<A>, row: &[u32]) -> (PayloadId, Option<SortId>) {
        let payload = match self.payload {
            PayloadSource::Is(payload) => payload,
            PayloadSource::Slot(slot) => PayloadId::new(row[slot]),
        };
        let sort = match self.sort {
            SortSource::Inferred => None,
            SortSource::Is(sort) => Some(sort),
            SortSource::Of(slot) => Some(egraph.sort(EClassId::new(row[slot]))),
        };
        (payload, sort)
    }

    fn children<A: Analysis>(
        &self,
        egraph: &EGraph<A>,
        row: &[u32],
        results: &[EClassId],
    ) -> Children {
        self.args.iter().map(|operand| egraph.find(value(*operand, row, results))).collect()
    }
}

fn value(operand: Operand, row: &[u32], results: &[EClassId]) -> EClassId {
    match operand {
        Operand::Slot(slot) => EClassId::new(row[slot]),
        Operand::Step(step) => results[step],
    }
}

fn home<A: Analysis>(egraph: &EGraph<A>, target: EClassId, up: u32) -> Option<RegionId> {
    (0..up).try_fold(egraph.region(target), |region, _| egraph.parent(region))
}

struct Compiler<'a, 'r> {
    query: &'a Query,
    signature: &'a Signature,
    resolve: Resolver<'r>,
    steps: Vec<Step>,
}

impl Compiler<'_, '_> {
    /// Slot of a class variable and how far outward it lives.
    fn bound(&self, name: &str, position: usize) -> Result<(usize, u32), PatternError> {
        let bare = name.strip_prefix('?').unwrap_or(name);
        let unbound = || PatternError::new(position, format!("`?{bare}` is not bound on the left"));
        let slot = self.query.slots.class(bare).ok_or_else(unbound)?;
        Ok((slot, self.query.var_up[slot - 1]))
    }

    /// `target` is given for the root, whose sort and home are the target's.
    fn term(
        &mut self,
        term: &Term,
        home: u32,
        target: Option<usize>,
    ) -> Result<Operand, PatternError> {
        match term {
            Term::Var { name, position, sort: None } => {
                let (slot, up) = self.bound(name, *position)?;
                if up != home {
                    let message = format!("`?{name}` lives in another region than this place");
                    return Err(PatternError::new(*position, message));
                }
                Ok(Operand::Slot(slot))
            }
            Term::Var { position, .. } => {
                Err(PatternError::new(*position, "sorts of variables belong on the left"))
            }
            Term::Apply(apply) => self.apply(apply, home, target),
        }
    }

    fn apply(
        &mut self,
        apply: &Apply,
        home: u32,
        target: Option<usize>,
    ) -> Result<Operand, PatternError> {
        let op = operator(self.signature, apply)?;
        let decl = self.signature.decl(op);
        let inner = home + u32::from(decl.crosses);
        let mut args = SmallVec::new();
        for child in &apply.children {
            args.push(self.term(child, inner, None)?);
        }
        let payload = match &apply.payload {
            PayloadText::None => PayloadSource::Is(PayloadId::NONE),
            PayloadText::Any => {
                return Err(PatternError::new(apply.position, "`[_]` makes no payload"));
            }
            PayloadText::Text(text) => {
                let unknown =
                    || PatternError::new(apply.position, format!("unknown payload `{text}`"));
                PayloadSource::Is((self.resolve)(text).ok_or_else(unknown)?)
            }
            PayloadText::Var(name) => {
                let unbound =
                    || PatternError::new(apply.position, format!("`?{name}` is no bound payload"));
                PayloadSource::Slot(self.query.slots.payload(name).ok_or_else(unbound)?)
            }
        };
        let sort = match (&apply.sort, target) {
            (Some(name), _) if name.starts_with('?') => {
                SortSource::Of(self.bound(name, apply.position)?.0)
            }
            (Some(name), _) => SortSource::Is(sort_named(self.signature, name, apply.position)?),
            (None, Some(target)) if decl.sort == SortRule::Explicit => SortSource::Of(target),
            (None, None) if decl.sort == SortRule::Explicit => {
                let message = format!("`{}` needs a sort here: `{0}:sort`", apply.op);
                return Err(PatternError::new(apply.position, message));
            }
            (None, _) => SortSource::Inferred,
        };
        self.steps.push(Step { op, payload, sort, args, up: home });
        Ok(Operand::Step(self.steps.len() - 1))
    }
}
