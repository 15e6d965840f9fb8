//! The GELU kernel on egg, again and again inside one process.

use super::Outcome;
use crate::workloads::gelu_kernel::{RULES, TERM, cost};
use egg::{
    CostFunction, EGraph, Extractor, Id, Language, Pattern, RecExpr, Rewrite, Runner,
    SimpleScheduler, Symbol,
};
use ordered_float::NotNan;
use std::hint::black_box;
use std::time::{Duration, Instant};

egg::define_language! {
    enum Kernel {
        "+" = Add([Id; 2]),
        "*" = Mul([Id; 2]),
        "/" = Div([Id; 2]),
        "pow" = Pow([Id; 2]),
        "sqrt" = Sqrt(Id),
        "tanh" = Tanh(Id),
        Constant(NotNan<f64>),
        Symbol(Symbol),
    }
}

/// Repetitions of which the least and the median are kept.
const REPETITIONS: usize = 2000;

struct Costs;

impl CostFunction<Kernel> for Costs {
    type Cost = u32;

    fn cost<C: FnMut(Id) -> u32>(&mut self, node: &Kernel, mut costs: C) -> u32 {
        let own = match node {
            Kernel::Tanh(_) => cost("tanh"),
            Kernel::Pow(_) => cost("pow"),
            Kernel::Div(_) => cost("/"),
            _ => cost(""),
        };
        node.fold(own, |sum, child| sum.saturating_add(costs(child)))
    }
}

fn rules() -> Result<Vec<Rewrite<Kernel, ()>>, String> {
    let side =
        |text: &str| text.parse::<Pattern<Kernel>>().map_err(|error| format!("{text}: {error}"));
    RULES.iter().map(|&(name, left, right)| Rewrite::new(name, side(left)?, side(right)?)).collect()
}

pub(super) fn run() -> Result<Outcome, String> {
    let term: RecExpr<Kernel> = TERM.parse().map_err(|error| format!("{TERM}: {error}"))?;
    let compiled = rules()?;
    let mut times: [Vec<Duration>; 5] = Default::default();
    let mut outcome = Outcome::default();
    for _ in 0..REPETITIONS {
        let start = Instant::now();
        black_box(rules()?);
        times[0].push(start.elapsed());

        let start = Instant::now();
        let mut graph: EGraph<Kernel, ()> = EGraph::default();
        let root = graph.add_expr(black_box(&term));
        graph.rebuild();
        times[1].push(start.elapsed());

        let start = Instant::now();
        let runner =
            Runner::default().with_egraph(graph).with_scheduler(SimpleScheduler).run(&compiled);
        times[2].push(start.elapsed());

        let extract = Instant::now();
        let (_, best) = Extractor::new(&runner.egraph, Costs).find_best(root);
        times[3].push(extract.elapsed());
        times[4].push(start.elapsed());

        if best.iter().any(|node| matches!(node, Kernel::Tanh(_) | Kernel::Pow(_))) {
            return Err(format!("a dear operation is left: {best}"));
        }
        outcome.e_nodes = Some(runner.egraph.total_number_of_nodes());
        outcome.e_classes = Some(runner.egraph.number_of_classes());
        outcome.iterations = Some(runner.iterations.len());
    }
    let names = ["compile", "add", "saturate", "extract", "saturate+extract"];
    for (name, mut times) in names.into_iter().zip(times) {
        times.sort_unstable();
        let micros = |time: Duration| time.as_secs_f64() * 1e6;
        outcome.micros.push((name, micros(times[0]), micros(times[REPETITIONS / 2])));
    }
    Ok(outcome)
}
