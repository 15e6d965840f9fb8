//! egg's calculus on egg, under its scheduler with bans.

use super::{Counts, NO_TIME_LIMIT, Outcome, of_runner};
use crate::workloads::egg_math::{Guard, ITERATION_LIMIT, RULES, TERMS};
use egg::{
    Analysis, Applier, Condition, ConditionalApplier, DidMerge, EGraph, Id, Language, Pattern,
    PatternAst, Rewrite, Runner, Subst, Symbol, Var, merge_option,
};
use ordered_float::NotNan;

type Number = NotNan<f64>;

egg::define_language! {
    enum Math {
        "d" = Diff([Id; 2]),
        "i" = Integral([Id; 2]),
        "+" = Add([Id; 2]),
        "-" = Sub([Id; 2]),
        "*" = Mul([Id; 2]),
        "/" = Div([Id; 2]),
        "pow" = Pow([Id; 2]),
        "ln" = Ln(Id),
        "sqrt" = Sqrt(Id),
        "sin" = Sin(Id),
        "cos" = Cos(Id),
        Constant(Number),
        Symbol(Symbol),
    }
}

/// The value of a class, if arithmetic on constants tells it.
#[derive(Default)]
struct Fold;

impl Analysis<Math> for Fold {
    type Data = Option<Number>;

    fn make(graph: &mut EGraph<Math, Fold>, node: &Math, _: Id) -> Option<Number> {
        let value = |id: &Id| graph[*id].data;
        match node {
            Math::Constant(number) => Some(*number),
            Math::Add([a, b]) => Some(value(a)? + value(b)?),
            Math::Sub([a, b]) => Some(value(a)? - value(b)?),
            Math::Mul([a, b]) => Some(value(a)? * value(b)?),
            Math::Div([a, b]) => {
                let (a, b) = (value(a)?, value(b)?);
                (*b != 0.0).then(|| a / b)
            }
            _ => None,
        }
    }

    fn merge(&mut self, to: &mut Option<Number>, from: Option<Number>) -> DidMerge {
        merge_option(to, from, |a, b| {
            assert_eq!(*a, b, "classes of two values were merged");
            DidMerge(false, false)
        })
    }

    fn modify(graph: &mut EGraph<Math, Fold>, id: Id) {
        if let Some(value) = graph[id].data {
            let added = graph.add(Math::Constant(value));
            graph.union(id, added);
            graph[id].nodes.retain(Language::is_leaf);
        }
    }
}

/// A guard with its variables resolved.
enum Check {
    NotZero(Var),
    Constant(Var),
    Symbol(Var),
    ConstantOrOther(Var, Var),
}

impl Check {
    fn new(guard: Guard) -> Result<Check, String> {
        let var = |name: &str| name.parse::<Var>().map_err(|error| error.to_string());
        Ok(match guard {
            Guard::NotZero(a) => Check::NotZero(var(a)?),
            Guard::Constant(a) => Check::Constant(var(a)?),
            Guard::Symbol(a) => Check::Symbol(var(a)?),
            Guard::ConstantOrOther(a, b) => Check::ConstantOrOther(var(a)?, var(b)?),
        })
    }
}

impl Condition<Math, Fold> for Check {
    fn check(&self, graph: &mut EGraph<Math, Fold>, _: Id, subst: &Subst) -> bool {
        let symbol =
            |var: &Var| graph[subst[*var]].nodes.iter().any(|node| matches!(node, Math::Symbol(_)));
        let value = |var: &Var| graph[subst[*var]].data;
        match self {
            Check::NotZero(a) => value(a).is_none_or(|value| *value != 0.0),
            Check::Constant(a) => value(a).is_some(),
            Check::Symbol(a) => symbol(a),
            Check::ConstantOrOther(a, b) => {
                graph.find(subst[*a]) != graph.find(subst[*b]) && (value(a).is_some() || symbol(a))
            }
        }
    }
}

/// A right side behind any number of conditions.
struct Guarded {
    checks: Vec<Check>,
    right: Pattern<Math>,
}

impl Applier<Math, Fold> for Guarded {
    fn apply_one(
        &self,
        graph: &mut EGraph<Math, Fold>,
        class: Id,
        subst: &Subst,
        searcher: Option<&PatternAst<Math>>,
        rule: Symbol,
    ) -> Vec<Id> {
        if self.checks.iter().all(|check| check.check(graph, class, subst)) {
            self.right.apply_one(graph, class, subst, searcher, rule)
        } else {
            vec![]
        }
    }
}

fn rules() -> Result<Vec<Rewrite<Math, Fold>>, String> {
    let side =
        |text: &str| text.parse::<Pattern<Math>>().map_err(|error| format!("{text}: {error}"));
    let mut rules = Vec::new();
    for &(name, left, right, guards) in RULES {
        let (left, right) = (side(left)?, side(right)?);
        let checks: Result<Vec<Check>, String> = guards.iter().copied().map(Check::new).collect();
        let mut checks = checks?;
        rules.push(match (checks.pop(), checks.is_empty()) {
            (None, _) => Rewrite::new(name, left, right)?,
            (Some(condition), true) => {
                Rewrite::new(name, left, ConditionalApplier { condition, applier: right })?
            }
            (Some(last), false) => {
                checks.push(last);
                Rewrite::new(name, left, Guarded { checks, right })?
            }
        });
    }
    Ok(rules)
}

pub(super) fn run(node_limit: usize) -> Result<Outcome, String> {
    let (outcome, _) = counted(node_limit, ITERATION_LIMIT)?;
    Ok(outcome)
}

/// Runs up to so many e-nodes (as egg counts them) or iterations.
pub(super) fn counted(
    node_limit: usize,
    iterations: usize,
) -> Result<(Outcome, Vec<Counts>), String> {
    let rules = rules()?;
    let mut runner = Runner::<Math, Fold, Counts>::new(Fold)
        .with_iter_limit(iterations.min(ITERATION_LIMIT))
        .with_node_limit(node_limit)
        .with_time_limit(NO_TIME_LIMIT);
    for term in TERMS {
        runner = runner.with_expr(&term.parse().map_err(|error| format!("{term}: {error}"))?);
    }
    let runner = runner.run(&rules);
    let outcome = of_runner(&runner);
    let counts = runner.iterations.iter().map(|iteration| iteration.data).collect();
    std::mem::forget(runner);
    Ok((outcome, counts))
}
