//! egg's calculus on Ovum, under the scheduler with bans.

use super::Outcome;
use super::ovum_session::{Translation, of_runner};
use crate::peer::Job;
use crate::workloads::egg_math::{Guard, ITERATION_LIMIT, RULES, TERMS};
use egraph_core::egglog::exec::{Hook, Options};
use egraph_core::egglog::{
    Analysis, DidMerge, Graph, Id, Match, Node, Op, Rule, Runner, Session, View, define_language,
};
use egraph_core::{Limits, SchedulerKind};

define_language! {
    enum Math {
        Num(f64),
        Sym(String),
        Diff([Id; 2]),
        Integral([Id; 2]),
        Add([Id; 2]),
        Sub([Id; 2]),
        Mul([Id; 2]),
        Div([Id; 2]),
        Pow([Id; 2]),
        Ln([Id; 1]),
        Sqrt([Id; 1]),
        Sin([Id; 1]),
        Cos([Id; 1]),
    }
}

const OPERATORS: &[(&str, &str)] = &[
    ("d", "Diff"),
    ("i", "Integral"),
    ("+", "Add"),
    ("-", "Sub"),
    ("*", "Mul"),
    ("/", "Div"),
    ("pow", "Pow"),
    ("ln", "Ln"),
    ("sqrt", "Sqrt"),
    ("sin", "Sin"),
    ("cos", "Cos"),
];

const TRANSLATION: Translation = Translation {
    operators: OPERATORS,
    leaf: |text| match text.parse::<f64>() {
        Ok(number) => format!("(Num {number:?})"),
        Err(_) => format!("(Sym \"{text}\")"),
    },
};

/// The value of a class, if arithmetic on constants tells it, and whether it holds a symbol.
struct Fold {
    num: Op,
    sym: Op,
    add: Op,
    sub: Op,
    mul: Op,
    div: Op,
}

#[derive(Clone, Copy, Debug, Default)]
struct Facts {
    value: Option<f64>,
    symbol: bool,
}

impl Fold {
    fn new(session: &Session) -> Result<Fold, egraph_core::egglog::Error> {
        Ok(Fold {
            num: session.op("Num")?,
            sym: session.op("Sym")?,
            add: session.op("Add")?,
            sub: session.op("Sub")?,
            mul: session.op("Mul")?,
            div: session.op("Div")?,
        })
    }

    fn value(&self, view: &View<'_, Self>, node: &Node<'_>) -> Option<f64> {
        let of = |at| view.data(node.arg(at))?.value;
        match node.op() {
            op if op == self.num => view.get(node.arg(0)),
            op if op == self.add => Some(of(0)? + of(1)?),
            op if op == self.sub => Some(of(0)? - of(1)?),
            op if op == self.mul => Some(of(0)? * of(1)?),
            op if op == self.div => Some(of(0)? / of(1).filter(|divisor| *divisor != 0.0)?),
            _ => None,
        }
    }
}

impl Analysis for Fold {
    type Data = Facts;

    fn make(&self, view: &View<'_, Self>, node: &Node<'_>) -> Facts {
        Facts { value: self.value(view, node), symbol: node.op() == self.sym }
    }

    fn merge(&self, into: &mut Facts, from: Facts) -> DidMerge {
        let merged = Facts { value: into.value.or(from.value), symbol: into.symbol || from.symbol };
        let differs = |facts: &Facts| {
            facts.value.is_some() != merged.value.is_some() || facts.symbol != merged.symbol
        };
        let did = DidMerge(differs(into), differs(&from));
        *into = merged;
        did
    }

    fn modify(&self, graph: &mut Graph<'_>, class: Id) {
        let Some(value) = graph.data::<Fold>(class).and_then(|facts| facts.value) else { return };
        // egg's numbers have one zero.
        let literal = graph.value(value + 0.0);
        let Ok(constant) = graph.make(self.num, &[literal]) else { return };
        graph.union(class, constant);
        graph.retain(class, |node| node.op() == self.num || node.op() == self.sym);
    }

    fn concerns(&self, facts: &Facts) -> bool {
        facts.value.is_some()
    }
}

/// Whether a guard holds of a match.
fn holds(guard: Guard, graph: &Graph<'_>, m: &Match<'_>) -> bool {
    let facts = |var| graph.data::<Fold>(m.get(var)).copied().unwrap_or_default();
    match guard {
        Guard::NotZero(a) => facts(a).value != Some(0.0),
        Guard::Constant(a) => facts(a).value.is_some(),
        Guard::Symbol(a) => facts(a).symbol,
        Guard::ConstantOrOther(a, b) => {
            !graph.equal(m.get(a), m.get(b)) && (facts(a).value.is_some() || facts(a).symbol)
        }
    }
}

fn rules() -> Result<Vec<Rule>, String> {
    let mut rules = Vec::new();
    for &(name, left, right, guards) in RULES {
        // A rule on whatever there is needs a fact that says so.
        let every = format!("(math {left})");
        let when = if left.starts_with('?') { vec![every.as_str()] } else { vec![] };
        let (left, right) = (TRANSLATION.of(left)?, TRANSLATION.of(right)?);
        let rule = Rule::rewrite(name, &left, &right, &when);
        rules.push(guards.iter().fold(rule, |rule, guard| match *guard {
            // What is zero stays zero.
            Guard::NotZero(_) => rule.unless(|graph, m| !holds(*guard, graph, m)),
            _ => rule.provided(|graph, m| holds(*guard, graph, m)),
        }));
    }
    Ok(rules)
}

/// The session before anything is rewritten.
fn session(job: &Job) -> Result<Session, String> {
    let tell = |error: egraph_core::egglog::Error| error.to_string();
    let options = Options { pool: super::ovum::pool(job), ..Options::default() };
    let mut session = Session::new(options);
    session.declare::<Math>().map_err(tell)?;
    session.every("Math", "math").map_err(tell)?;
    session.analyse(Fold::new(&session).map_err(tell)?).map_err(tell)?;
    session.rules("", rules()?).map_err(tell)?;
    for term in TERMS {
        session.add(&TRANSLATION.of(term)?).map_err(tell)?;
    }
    Ok(session)
}

/// Runs up to so many e-nodes; the hook sees every iteration.
pub(super) fn run(
    job: &Job,
    node_limit: usize,
    iterations: usize,
    hook: Option<Hook<'_>>,
) -> Result<(Session, Outcome), String> {
    let mut session = session(job)?;
    let limits = Limits {
        nodes: node_limit,
        iterations: iterations.min(ITERATION_LIMIT),
        time: job.time_limit.unwrap_or(super::NO_TIME_LIMIT),
        ..Limits::default()
    };
    let backoff = SchedulerKind::Backoff { match_limit: 1000, ban_length: 5 };
    let mut runner = Runner::new().limits(limits).scheduler(backoff.build());
    if let Some(hook) = hook {
        runner = runner.hook(hook);
    }
    let summary = runner.run(&mut session).map_err(|error| error.to_string())?;
    let outcome = Outcome { e_nodes: Some(session.shown_rows()), ..of_runner(&summary) };
    Ok((session, outcome))
}
