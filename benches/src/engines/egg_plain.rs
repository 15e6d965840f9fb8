//! Plain workloads on egg: a language of fixed arities for each family, as an egg user writes it,
//! and a scheduler without bans.

use super::{NO_TIME_LIMIT, Outcome, of_runner};
use crate::sexp::Sexp;
use crate::workloads::{Family, Plain, Stop};
use egg::{EGraph, FromOp, Id, Language, Pattern, Rewrite, Runner, SimpleScheduler, StopReason};
use indexmap::IndexMap;

egg::define_language! {
    enum Sums {
        "Sum" = Sum([Id; 2]),
        Leaf(i64),
    }
}

egg::define_language! {
    enum Ring {
        "Plus" = Plus([Id; 2]),
        "Times" = Times([Id; 2]),
        "Minus" = Minus([Id; 2]),
        "Expt" = Expt([Id; 2]),
        "Sine" = Sine(Id),
        "Cosine" = Cosine(Id),
        "Wrt" = Wrt([Id; 2]),
        N(i64),
        V(egg::Symbol),
    }
}

egg::define_language! {
    enum Boolean {
        "And" = And([Id; 2]),
        "Or" = Or([Id; 2]),
        "Xor" = Xor([Id; 2]),
        "Not" = Not(Id),
        "Tru" = Tru,
        "Fls" = Fls,
        In(i64),
    }
}

egg::define_language! {
    enum Calculus {
        "Diff" = Diff([Id; 2]),
        "Integral" = Integral([Id; 2]),
        "Add" = Add([Id; 2]),
        "Sub" = Sub([Id; 2]),
        "Mul" = Mul([Id; 2]),
        "Div" = Div([Id; 2]),
        "Pow" = Pow([Id; 2]),
        "Ln" = Ln(Id),
        "Sqrt" = Sqrt(Id),
        "Sin" = Sin(Id),
        "Cos" = Cos(Id),
        Const(i64),
        Var(egg::Symbol),
    }
}

pub(super) fn run(family: Family, plain: &Plain) -> Result<Outcome, String> {
    match family {
        Family::AcChain => run_in::<Sums>(plain),
        Family::RingDeriv => run_in::<Ring>(plain),
        Family::BoolAdder => run_in::<Boolean>(plain),
        Family::MathMicro => run_in::<Calculus>(plain),
    }
}

fn run_in<L>(plain: &Plain) -> Result<Outcome, String>
where
    L: FromOp + std::fmt::Display + Send + Sync + 'static,
{
    let mut rules: Vec<Rewrite<L, ()>> = Vec::new();
    for (at, (left, right)) in plain.rules.iter().enumerate() {
        let side = |text| {
            let pattern = plain.egg_pattern(text)?;
            pattern.parse::<Pattern<L>>().map_err(|error| format!("{pattern}: {error:?}"))
        };
        rules.push(Rewrite::new(format!("r{at}"), side(left)?, side(right)?)?);
    }
    let mut graph: EGraph<L, ()> = EGraph::default();
    let mut named: IndexMap<&str, Id> = IndexMap::new();
    for (name, term) in &plain.terms {
        let id = add(&mut graph, &named, &plain.egg_term(term)?)?;
        named.insert(name, id);
    }
    let limit = match plain.stop {
        Stop::Saturated => usize::MAX,
        Stop::Iterations(count) => count,
    };
    let runner = Runner::default()
        .with_egraph(graph)
        .with_scheduler(SimpleScheduler)
        .with_iter_limit(limit)
        .with_node_limit(usize::MAX)
        .with_time_limit(NO_TIME_LIMIT)
        .run(&rules);
    let outcome = of_runner(&runner);
    let saturated = matches!(runner.stop_reason, Some(StopReason::Saturated));
    let counted = matches!(runner.stop_reason, Some(StopReason::IterationLimit(_)));
    std::mem::forget(runner);
    if saturated || (counted && plain.stop != Stop::Saturated) {
        Ok(outcome)
    } else {
        Err("the run ended early".to_owned())
    }
}

fn add<L: Language + FromOp>(
    graph: &mut EGraph<L, ()>,
    named: &IndexMap<&str, Id>,
    term: &Sexp,
) -> Result<Id, String> {
    let (operator, arguments) = match term {
        Sexp::Atom(name) => match name.strip_prefix('$') {
            Some(name) => return named.get(name).copied().ok_or(format!("no term `{name}`")),
            None => (name.as_str(), &[][..]),
        },
        Sexp::List(items) => match items.as_slice() {
            [Sexp::Atom(operator), arguments @ ..] => (operator.as_str(), arguments),
            _ => return Err(format!("no term: {term}")),
        },
        Sexp::Text(_) => return Err(format!("no term: {term}")),
    };
    let children: Result<Vec<Id>, String> =
        arguments.iter().map(|argument| add(graph, named, argument)).collect();
    let node = L::from_op(operator, children?).map_err(|error| format!("{error:?}"))?;
    Ok(graph.add(node))
}
