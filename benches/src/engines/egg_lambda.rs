//! egg's lambda calculus on egg, under its scheduler with bans.

use super::{Counts, NO_TIME_LIMIT, Outcome, of_runner};
use crate::workloads::egg_lambda::{FIB, FIB_VALUE, Guard, ITERATION_LIMIT, RULES, UNDER_BINDER};
use egg::{
    Analysis, Applier, Condition, ConditionEqual, ConditionalApplier, DidMerge, EGraph, Id,
    Language, Pattern, PatternAst, RecExpr, Rewrite, Runner, Subst, Symbol, Var, merge_option,
};
use hashbrown::HashSet;
use rustc_hash::FxBuildHasher;

egg::define_language! {
    enum Lambda {
        Bool(bool),
        Num(i32),
        "var" = Var(Id),
        "+" = Add([Id; 2]),
        "=" = Eq([Id; 2]),
        "app" = App([Id; 2]),
        "lam" = Binder([Id; 2]),
        "let" = Let([Id; 3]),
        "fix" = Fix([Id; 2]),
        "if" = If([Id; 3]),
        Symbol(Symbol),
    }
}

type Graph = EGraph<Lambda, Scope>;

/// Free variables and value.
#[derive(Default)]
struct Scope;

#[derive(Debug)]
struct Facts {
    free: HashSet<Id, FxBuildHasher>,
    value: Option<Lambda>,
}

fn value(graph: &Graph, node: &Lambda) -> Option<Lambda> {
    let known = |id: &Id| graph[*id].data.value.as_ref();
    match node {
        Lambda::Num(_) | Lambda::Bool(_) => Some(node.clone()),
        Lambda::Add([a, b]) => match (known(a)?, known(b)?) {
            (Lambda::Num(a), Lambda::Num(b)) => a.checked_add(*b).map(Lambda::Num),
            _ => None,
        },
        Lambda::Eq([a, b]) => Some(Lambda::Bool(known(a)? == known(b)?)),
        _ => None,
    }
}

impl Analysis<Lambda> for Scope {
    type Data = Facts;

    fn make(graph: &mut Graph, node: &Lambda, _: Id) -> Facts {
        let mut free = HashSet::default();
        let of = |id: &Id| graph[*id].data.free.iter().copied();
        match node {
            Lambda::Var(name) => {
                free.insert(*name);
            }
            Lambda::Let([name, bound, body]) => {
                free.extend(of(body));
                free.remove(name);
                free.extend(of(bound));
            }
            Lambda::Binder([name, body]) | Lambda::Fix([name, body]) => {
                free.extend(of(body));
                free.remove(name);
            }
            _ => node.for_each(|child| free.extend(of(&child))),
        }
        Facts { free, value: value(graph, node) }
    }

    fn merge(&mut self, to: &mut Facts, from: Facts) -> DidMerge {
        let before = to.free.len();
        to.free.retain(|id| from.free.contains(id));
        let free = DidMerge(before != to.free.len(), to.free.len() != from.free.len());
        free | merge_option(&mut to.value, from.value, |a, b| {
            assert_eq!(*a, b, "classes of two values were merged");
            DidMerge(false, false)
        })
    }

    fn modify(graph: &mut Graph, id: Id) {
        if let Some(value) = graph[id].data.value.clone() {
            let added = graph.add(value);
            graph.union(id, added);
        }
    }
}

struct Differ(Var, Var);

impl Condition<Lambda, Scope> for Differ {
    fn check(&self, graph: &mut Graph, _: Id, subst: &Subst) -> bool {
        graph.find(subst[self.0]) != graph.find(subst[self.1])
    }
}

struct Constant(Var);

impl Condition<Lambda, Scope> for Constant {
    fn check(&self, graph: &mut Graph, _: Id, subst: &Subst) -> bool {
        graph[subst[self.0]].data.value.is_some()
    }
}

/// Pushes a substitution under a binder, with a fresh name where it would capture.
struct UnderBinder {
    name: Var,
    inner: Var,
    bound: Var,
    fresh: Var,
    plain: Pattern<Lambda>,
    renaming: Pattern<Lambda>,
}

impl Applier<Lambda, Scope> for UnderBinder {
    fn apply_one(
        &self,
        graph: &mut Graph,
        class: Id,
        subst: &Subst,
        searcher: Option<&PatternAst<Lambda>>,
        rule: Symbol,
    ) -> Vec<Id> {
        if graph.find(subst[self.name]) == graph.find(subst[self.inner]) {
            return vec![];
        }
        if !graph[subst[self.bound]].data.free.contains(&subst[self.inner]) {
            return self.plain.apply_one(graph, class, subst, searcher, rule);
        }
        let mut subst = subst.clone();
        let name = graph.add(Lambda::Symbol(format!("_{class}").into()));
        subst.insert(self.fresh, name);
        self.renaming.apply_one(graph, class, &subst, searcher, rule)
    }
}

fn var(name: &str) -> Result<Var, String> {
    name.parse::<Var>().map_err(|error| error.to_string())
}

fn side(text: &str) -> Result<Pattern<Lambda>, String> {
    text.parse::<Pattern<Lambda>>().map_err(|error| format!("{text}: {error}"))
}

fn rules() -> Result<Vec<Rewrite<Lambda, Scope>>, String> {
    let mut rules = Vec::new();
    for &(name, left, right, guards) in RULES {
        let (left, applier) = (side(left)?, side(right)?);
        rules.push(match guards {
            [] => Rewrite::new(name, left, applier)?,
            [Guard::Differ(a, b)] => {
                let condition = Differ(var(a)?, var(b)?);
                Rewrite::new(name, left, ConditionalApplier { condition, applier })?
            }
            [Guard::Constant(a)] => {
                let condition = Constant(var(a)?);
                Rewrite::new(name, left, ConditionalApplier { condition, applier })?
            }
            [Guard::Equal(a, b)] => {
                let condition = ConditionEqual::new(side(a)?, side(b)?);
                Rewrite::new(name, left, ConditionalApplier { condition, applier })?
            }
            _ => return Err(format!("rule {name} has more than one condition")),
        });
    }
    let (left, plain, renaming) = UNDER_BINDER;
    let applier = UnderBinder {
        name: var("?v1")?,
        inner: var("?v2")?,
        bound: var("?e")?,
        fresh: var("?fresh")?,
        plain: side(plain)?,
        renaming: side(renaming)?,
    };
    rules.push(Rewrite::new("let-lam-diff", side(left)?, applier)?);
    Ok(rules)
}

pub(super) fn run() -> Result<Outcome, String> {
    let (outcome, _) = counted(ITERATION_LIMIT)?;
    Ok(outcome)
}

/// Runs so many iterations.
pub(super) fn counted(iterations: usize) -> Result<(Outcome, Vec<Counts>), String> {
    let rules = rules()?;
    let term: RecExpr<Lambda> = FIB.parse().map_err(|error| format!("{error}"))?;
    let runner = Runner::<Lambda, Scope, Counts>::new(Scope)
        .with_iter_limit(iterations)
        .with_node_limit(500_000)
        .with_time_limit(NO_TIME_LIMIT)
        .with_expr(&term)
        .run(&rules);
    let outcome = of_runner(&runner);
    let goal: RecExpr<Lambda> = FIB_VALUE.parse().map_err(|error| format!("{error}"))?;
    let found = runner.egraph.lookup_expr(&goal) == Some(runner.egraph.find(runner.roots[0]));
    let counts = runner.iterations.iter().map(|iteration| iteration.data).collect();
    std::mem::forget(runner);
    if found || iterations < ITERATION_LIMIT {
        Ok((outcome, counts))
    } else {
        Err("the value was not found".to_owned())
    }
}
