//! What a call may mean: a table, one overload of a primitive, or a function value.

use smallvec::{SmallVec, smallvec};

use super::super::syntax::{Diagnostic, Name, Span, codes};
use super::super::values::{Context, Params, PrimId, PrimResult, Sort, SortKind, Target};
use super::env::Env;
use super::error::{Checked, Refusal, error};
use super::resolved::FuncId;

/// Where a call stands: which primitives may be used there, and whether tables are matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A condition.
    Query,
    /// An action of a rule that is matched incrementally: it may not read functions.
    Action,
    /// An action of any other rule, or of the program.
    FreeAction,
    /// A merge expression.
    Merge,
}

impl Place {
    fn allows(self, context: Context) -> bool {
        match context {
            Context::Pure => true,
            Context::Write => self != Place::Query,
            Context::Full => self == Place::FreeAction,
        }
    }
}

/// One meaning of a call.
#[derive(Clone, Debug)]
pub(super) enum Candidate {
    Func(FuncId),
    /// An associative and commutative operator; the last argument is a multiset of others.
    Operator {
        func: FuncId,
        rest: bool,
    },
    Prim(PrimId),
    /// `unstable-fn`: this overload of it, made of this function with these sorts of given
    /// arguments (unknown where the function takes any sort).
    Closure {
        prim: PrimId,
        target: Target,
        given: Vec<Option<Sort>>,
        value: Sort,
    },
}

/// The meanings that a call may have: most have one.
pub(super) type Candidates = SmallVec<[Candidate; 1]>;

/// What a candidate says about an argument, or about the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    Sort(Sort),
    /// The sort that all such places of the call share.
    Same,
    Any,
}

impl Candidate {
    /// What is said about argument `at`, or for `at == count` about the value.
    pub(super) fn slot(&self, env: &Env, at: usize, count: usize) -> Slot {
        match self {
            Candidate::Func(func) => {
                let decl = env.function(*func);
                Slot::Sort(decl.inputs.get(at).copied().unwrap_or(decl.output))
            }
            Candidate::Operator { func, rest } => {
                let decl = env.function(*func);
                let multiset = *rest && at + 1 == count;
                Slot::Sort(if multiset { decl.inputs[0] } else { decl.output })
            }
            Candidate::Prim(prim) => prim_slot(env, *prim, at, count),
            Candidate::Closure { given, value, .. } => match at {
                0 => Slot::Sort(Sort::STRING),
                _ if at == count => Slot::Sort(*value),
                _ => given[at - 1].map_or(Slot::Any, Slot::Sort),
            },
        }
    }

    /// `(f i64 Math) -> Math`; `…` stands for more of the same.
    pub(super) fn signature(&self, env: &Env, name: &str) -> String {
        let (count, more) = match self {
            Candidate::Func(func) => (env.function(*func).inputs.len(), false),
            Candidate::Operator { .. } => (1, true),
            Candidate::Closure { given, .. } => (given.len() + 1, false),
            Candidate::Prim(prim) => match &env.prims.sig(*prim).params {
                Params::Fixed(sorts) => (sorts.len(), false),
                Params::Variadic(_) | Params::Target => (1, true),
                Params::AllSame(count) => (*count, false),
                Params::Alternating(..) => (2, true),
            },
        };
        let sort = |at| match self.slot(env, at, count) {
            Slot::Sort(sort) => format!(" {}", env.sorts.name(sort)),
            Slot::Same => " t".to_owned(),
            Slot::Any => " _".to_owned(),
        };
        let inputs: String = (0..count).map(sort).collect();
        format!("({name}{inputs}{}) ->{}", if more { " …" } else { "" }, sort(count))
    }
}

fn prim_slot(env: &Env, prim: PrimId, at: usize, count: usize) -> Slot {
    let sig = env.prims.sig(prim);
    if at == count {
        return match sig.result {
            PrimResult::Fixed(sort) => Slot::Sort(sort),
            PrimResult::SameAsArgs => Slot::Same,
        };
    }
    match &sig.params {
        Params::Fixed(sorts) => sorts.get(at).map_or(Slot::Any, |sort| Slot::Sort(*sort)),
        Params::Variadic(sort) => Slot::Sort(*sort),
        Params::AllSame(_) => Slot::Same,
        Params::Alternating(even, odd) => {
            Slot::Sort(if at.is_multiple_of(2) { *even } else { *odd })
        }
        Params::Target if at == 0 => Slot::Sort(Sort::STRING),
        Params::Target => Slot::Any,
    }
}

/// Whether a primitive takes so many arguments.
fn takes(params: &Params, count: usize) -> bool {
    match params {
        Params::Fixed(sorts) => sorts.len() == count,
        Params::Variadic(_) => true,
        Params::AllSame(expected) => *expected == count,
        Params::Alternating(..) => count.is_multiple_of(2),
        Params::Target => count > 0,
    }
}

/// All that a call of `head` with so many arguments may mean at a place. `literal` is the first
/// argument if it is a string.
///
/// # Errors
/// There is no such name, or nothing of this name takes so many arguments.
pub(super) fn candidates(
    env: &Env,
    head: &Name,
    count: usize,
    literal: Option<&str>,
    rest: bool,
    place: Place,
) -> Checked<Candidates> {
    let mut found = Candidates::new();
    let table = env.find_function(head);
    if let Some(func) = table.filter(|func| env.function(*func).operator.is_some()) {
        if count == 0 {
            let message = format!("`{head}` takes at least one argument");
            return error(codes::ARITY, head.span, message);
        }
        if place == Place::Merge {
            let message = format!("`{head}` cannot be used in a merge expression");
            return error(codes::CONTEXT, head.span, message);
        }
        return Ok(smallvec![Candidate::Operator { func, rest }]);
    }
    if let Some(func) = table.filter(|func| env.function(*func).inputs.len() == count) {
        found.push(Candidate::Func(func));
    }
    let overloads = env.prims.overloads(head);
    let mut elsewhere = false;
    for &prim in overloads {
        let sig = env.prims.sig(prim);
        if !place.allows(sig.context) {
            elsewhere = true;
        } else if matches!(sig.params, Params::Target) {
            closures(env, prim, head, count, literal, &mut found)?;
        } else if takes(&sig.params, count) {
            found.push(Candidate::Prim(prim));
        }
    }
    if !found.is_empty() {
        return Ok(found);
    }
    let span = head.span;
    match (table, overloads) {
        (Some(func), _) => {
            let expected = env.function(func).inputs.len();
            let message = format!("`{head}` takes {}, not {count}", arguments(expected));
            let declared = "it was declared here";
            let note = env.function(func).span;
            Err(Diagnostic::new(codes::ARITY, span, message).note(note, declared).into())
        }
        (None, []) => Err(env.unknown_function(head).into()),
        (None, _) if elsewhere => {
            let message = format!("`{head}` cannot be used here: it works on tables");
            Err(Diagnostic::new(codes::CONTEXT, span, message)
                .hint("it belongs into actions of `:naive` rules or to the top level")
                .into())
        }
        (None, [only]) if !is_closure(env, overloads) => {
            let message = match &env.prims.sig(*only).params {
                Params::Fixed(sorts) => {
                    format!("`{head}` takes {}, not {count}", arguments(sorts.len()))
                }
                _ => format!("`{head}` does not take {}", arguments(count)),
            };
            error(codes::ARITY, span, message)
        }
        (None, _) => {
            if let Some(name) = literal.filter(|_| is_closure(env, overloads)) {
                return Err(no_closure(env, span, name, count - 1).into());
            }
            let message = format!("no overload of `{head}` takes {}", arguments(count));
            error(codes::NO_OVERLOAD, span, message)
        }
    }
}

/// Whether the overloads are those of `unstable-fn`.
fn is_closure(env: &Env, overloads: &[PrimId]) -> bool {
    overloads.iter().any(|prim| matches!(env.prims.sig(*prim).params, Params::Target))
}

/// That no declared sort of functions fits a function with so many arguments given.
fn no_closure(env: &Env, span: Span, name: &str, given: usize) -> Diagnostic {
    let message = format!("no sort of functions fits `{name}` with {} given", arguments(given));
    let error = Diagnostic::new(codes::NO_OVERLOAD, span, message);
    let table = env.find_function(name).map(Candidate::Func);
    let prims = env.prims.overloads(name).iter().copied().map(Candidate::Prim);
    let all: Vec<String> =
        table.into_iter().chain(prims).map(|candidate| candidate.signature(env, name)).collect();
    error.hint(format!("it is {}", all.join(" or ")))
}

/// `1 argument`, `2 arguments`.
fn arguments(count: usize) -> String {
    format!("{count} argument{}", if count == 1 { "" } else { "s" })
}

/// The functions that `(unstable-fn "name" given…)` may make of the sort of overload `prim`.
fn closures(
    env: &Env,
    prim: PrimId,
    head: &Name,
    count: usize,
    literal: Option<&str>,
    found: &mut Candidates,
) -> Checked<()> {
    let Some(name) = literal else {
        let message =
            format!("the first argument of `{head}` is the name of a function, in quotes");
        return error(codes::USAGE, head.span, message);
    };
    let PrimResult::Fixed(value) = env.prims.sig(prim).result else { return Ok(()) };
    let SortKind::Fn { inputs, output } = env.sorts.kind(value) else { return Ok(()) };
    let given = count - 1;
    if let Some(func) = env.find_function(name) {
        let decl = env.function(func);
        if decl.inputs.len() == given + inputs.len()
            && decl.output == *output
            && decl.inputs[given..] == inputs[..]
        {
            let target = Target::Table(func.0);
            let given = decl.inputs[..given].iter().copied().map(Some).collect();
            found.push(Candidate::Closure { prim, target, given, value });
        }
        return Ok(());
    }
    let overloads = env.prims.overloads(name);
    if overloads.is_empty() {
        return Err(Refusal::from(env.unknown_function(&Name::new(name, head.span))));
    }
    for &inner in overloads {
        if let Some(given) = partial(env, inner, given, inputs, *output) {
            let target = Target::Prim(inner);
            found.push(Candidate::Closure { prim, target, given, value });
        }
    }
    Ok(())
}

/// Sorts of the first `given` arguments of a primitive, if it fits the rest and the value.
fn partial(
    env: &Env,
    prim: PrimId,
    given: usize,
    inputs: &[Sort],
    output: Sort,
) -> Option<Vec<Option<Sort>>> {
    let count = given + inputs.len();
    if !takes(&env.prims.sig(prim).params, count) {
        return None;
    }
    let mut same = None;
    for (at, &sort) in inputs.iter().chain([&output]).enumerate() {
        match prim_slot(env, prim, given + at, count) {
            Slot::Sort(expected) if expected != sort => return None,
            Slot::Same if same.is_some_and(|same| same != sort) => return None,
            Slot::Same => same = Some(sort),
            Slot::Sort(_) | Slot::Any => {}
        }
    }
    let sort = |at| match prim_slot(env, prim, at, count) {
        Slot::Sort(sort) => Some(sort),
        Slot::Same => same,
        Slot::Any => None,
    };
    Some((0..given).map(sort).collect())
}
