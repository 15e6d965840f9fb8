//! egg's lambda calculus on Ovum, under the scheduler with bans.

use super::Outcome;
use super::ovum_session::{Translation, of_runner};
use crate::peer::Job;
use crate::workloads::egg_lambda::{FIB, FIB_VALUE, Guard, ITERATION_LIMIT, RULES, UNDER_BINDER};
use egraph_core::egglog::exec::{Hook, Options};
use egraph_core::egglog::{
    Analysis, DidMerge, Error, Graph, Id, Node, Op, Rule, Runner, Session, View, define_language,
};
use egraph_core::{Limits, SchedulerKind};
use std::sync::Arc;

define_language! {
    enum Lambda {
        Bool(bool),
        Num(i64),
        Symbol(String),
        Var([Id; 1]),
        Add([Id; 2]),
        Eq([Id; 2]),
        App([Id; 2]),
        Lam([Id; 2]),
        Let([Id; 3]),
        Fix([Id; 2]),
        If([Id; 3]),
    }
}

const OPERATORS: &[(&str, &str)] = &[
    ("var", "Var"),
    ("+", "Add"),
    ("=", "Eq"),
    ("app", "App"),
    ("lam", "Lam"),
    ("let", "Let"),
    ("fix", "Fix"),
    ("if", "If"),
];

const TRANSLATION: Translation = Translation {
    operators: OPERATORS,
    leaf: |text| match (text.parse::<i64>(), text.parse::<bool>()) {
        (Ok(number), _) => format!("(Num {number})"),
        (_, Ok(truth)) => format!("(Bool {truth})"),
        _ => format!("(Symbol \"{text}\")"),
    },
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Value {
    Bool(bool),
    Num(i64),
}

/// The free variables of a class, ascending, and its value.
#[derive(Clone, Debug)]
struct Facts {
    free: Arc<[Id]>,
    value: Option<Value>,
}

/// Free variables and value.
#[derive(Clone, Copy)]
struct Scope {
    boolean: Op,
    num: Op,
    var: Op,
    add: Op,
    eq: Op,
    lam: Op,
    let_: Op,
    fix: Op,
}

impl Scope {
    fn new(session: &Session) -> Result<Scope, Error> {
        Ok(Scope {
            boolean: session.op("Bool")?,
            num: session.op("Num")?,
            var: session.op("Var")?,
            add: session.op("Add")?,
            eq: session.op("Eq")?,
            lam: session.op("Lam")?,
            let_: session.op("Let")?,
            fix: session.op("Fix")?,
        })
    }

    fn value(&self, view: &View<'_, Self>, node: &Node<'_>) -> Option<Value> {
        let of = |at| view.data(node.arg(at))?.value;
        match node.op() {
            op if op == self.boolean => view.get(node.arg(0)).map(Value::Bool),
            op if op == self.num => view.get(node.arg(0)).map(Value::Num),
            op if op == self.add => match (of(0)?, of(1)?) {
                (Value::Num(a), Value::Num(b)) => a.checked_add(b).map(Value::Num),
                _ => None,
            },
            op if op == self.eq => Some(Value::Bool(of(0)? == of(1)?)),
            _ => None,
        }
    }

    fn free(&self, view: &View<'_, Self>, node: &Node<'_>) -> Arc<[Id]> {
        let of = |at| view.data(node.arg(at)).map_or(&[][..], |facts| &facts.free[..]);
        let without = |set: &[Id], name: Id| {
            let name = view.find(name);
            set.iter().copied().filter(|other| *other != name).collect::<Vec<Id>>()
        };
        let op = node.op();
        let mut free = if op == self.var {
            vec![view.find(node.arg(0))]
        } else if op == self.let_ {
            let mut free = without(of(2), node.arg(0));
            free.extend_from_slice(of(1));
            free
        } else if op == self.lam || op == self.fix {
            without(of(1), node.arg(0))
        } else if op == self.num || op == self.boolean {
            Vec::new()
        } else {
            let own = |arg: Id| view.data(arg);
            node.args().filter_map(own).flat_map(|facts| facts.free.iter().copied()).collect()
        };
        free.sort_unstable();
        free.dedup();
        free.into()
    }
}

impl Analysis for Scope {
    type Data = Facts;

    fn make(&self, view: &View<'_, Self>, node: &Node<'_>) -> Facts {
        Facts { free: self.free(view, node), value: self.value(view, node) }
    }

    fn merge(&self, into: &mut Facts, from: Facts) -> DidMerge {
        let (ours, theirs) = (into.free.len(), from.free.len());
        let both = into.free.iter().filter(|id| from.free.binary_search(id).is_ok()).count();
        if both < ours {
            let both = into.free.iter().filter(|id| from.free.binary_search(id).is_ok());
            into.free = both.copied().collect();
        }
        let did = DidMerge(
            both < ours || (into.value.is_none() && from.value.is_some()),
            both < theirs || (into.value.is_some() && from.value.is_none()),
        );
        into.value = into.value.or(from.value);
        did
    }

    fn modify(&self, graph: &mut Graph<'_>, class: Id) {
        let Some(value) = graph.data::<Scope>(class).and_then(|facts| facts.value) else { return };
        let (op, literal) = match value {
            Value::Bool(truth) => (self.boolean, graph.value(truth)),
            Value::Num(number) => (self.num, graph.value(number)),
        };
        if let Ok(constant) = graph.make(op, &[literal]) {
            graph.union(class, constant);
        }
    }

    fn concerns(&self, facts: &Facts) -> bool {
        facts.value.is_some()
    }
}

fn rules(session: &Session) -> Result<Vec<Rule>, String> {
    let tell = |error: Error| error.to_string();
    let mut rules = Vec::new();
    for &(name, left, right, guards) in RULES {
        let sides = (TRANSLATION.of(left)?, TRANSLATION.of(right)?);
        let rewrite = |when: &[&str]| Rule::rewrite(name, &sides.0, &sides.1, when);
        rules.push(match guards {
            [] => rewrite(&[]),
            [Guard::Differ(a, b)] => {
                rewrite(&[]).unless(|graph, m| graph.equal(m.get(a), m.get(b)))
            }
            [Guard::Constant(a)] => rewrite(&[]).provided(|graph, m| {
                graph.data::<Scope>(m.get(a)).is_some_and(|facts| facts.value.is_some())
            }),
            [Guard::Equal(a, b)] => {
                let let_ = session.op("Let").map_err(tell)?;
                let [a, b] = [side(a)?, side(b)?];
                let right = right.to_owned();
                let rule = Rule::new(name, &[&format!("(= ?class {})", sides.0)], &[]);
                // As in egg, both sides are added to be compared.
                rule.again().then(move |graph, m| {
                    let [a, b] = [&a, &b].map(|side| side.each_ref().map(|var| m.get(var)));
                    let (a, b) = (graph.make(let_, &a)?, graph.make(let_, &b)?);
                    if graph.equal(a, b) {
                        graph.union(m.get("?class"), m.get(&right));
                    }
                    Ok(())
                })
            }
            _ => return Err(format!("rule {name} has more than one condition")),
        });
    }
    rules.push(under_binder(session).map_err(tell)?);
    Ok(rules)
}

/// The variables of a substitution.
fn side(text: &str) -> Result<[String; 3], String> {
    let words = text.trim_matches(['(', ')']).split_whitespace().map(str::to_owned);
    match words.collect::<Vec<String>>().as_slice() {
        [head, vars @ ..] if head == "let" => vars.to_vec().try_into().ok(),
        _ => None,
    }
    .ok_or_else(|| format!("`{text}` is no substitution of variables"))
}

/// Pushes a substitution under a binder, with a fresh name where it would capture.
fn under_binder(session: &Session) -> Result<Rule, Error> {
    let Scope { var, lam, let_, .. } = Scope::new(session)?;
    let symbol = session.op("Symbol")?;
    let (left, ..) = UNDER_BINDER;
    let left = TRANSLATION.of(left).unwrap_or_default();
    let rule = Rule::new("let-lam-diff", &[&format!("(= ?class {left})")], &[]);
    let rule = rule.unless(|graph, m| graph.equal(m.get("?v1"), m.get("?v2")));
    Ok(rule.again().then(move |graph, m| {
        let [class, name, bound, inner, body] =
            ["?class", "?v1", "?e", "?v2", "?body"].map(|variable| m.get(variable));
        let inner = graph.find(inner);
        let captures = graph
            .data::<Scope>(bound)
            .is_some_and(|facts| facts.free.binary_search(&inner).is_ok());
        let (binder, body) = if captures {
            let fresh = graph.value(format!("_{}", graph.find(class).number()));
            let fresh = graph.make(symbol, &[fresh])?;
            let renamed = graph.make(var, &[fresh])?;
            (fresh, graph.make(let_, &[inner, renamed, body])?)
        } else {
            (inner, body)
        };
        let body = graph.make(let_, &[name, bound, body])?;
        let result = graph.make(lam, &[binder, body])?;
        graph.union(class, result);
        Ok(())
    }))
}

/// Runs `fib`; the hook sees every iteration.
pub(super) fn run(
    job: &Job,
    iterations: usize,
    hook: Option<Hook<'_>>,
) -> Result<(Session, Outcome), String> {
    let tell = |error: Error| error.to_string();
    let mut session = Session::new(Options { pool: super::ovum::pool(job), ..Options::default() });
    session.declare::<Lambda>().map_err(tell)?;
    session.analyse(Scope::new(&session).map_err(tell)?).map_err(tell)?;
    session.rules("", rules(&session)?).map_err(tell)?;
    let root = session.add(&TRANSLATION.of(FIB)?).map_err(tell)?;
    let limits = Limits {
        nodes: job.node_limit.unwrap_or(500_000),
        iterations: iterations.min(ITERATION_LIMIT),
        time: job.time_limit.unwrap_or(super::NO_TIME_LIMIT),
        ..Limits::default()
    };
    let backoff = SchedulerKind::Backoff { match_limit: 1000, ban_length: 5 };
    let mut runner = Runner::new().limits(limits).scheduler(backoff.build());
    if let Some(hook) = hook {
        runner = runner.hook(hook);
    }
    let summary = runner.run(&mut session).map_err(tell)?;
    let outcome = of_runner(&summary);
    let value = session.add(&TRANSLATION.of(FIB_VALUE)?).map_err(tell)?;
    if iterations == ITERATION_LIMIT && !session.equal(root, value) {
        return Err("the value was not found".to_owned());
    }
    Ok((session, outcome))
}
