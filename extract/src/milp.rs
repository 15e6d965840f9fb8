//! Integer programming with `HiGHS` (feature `highs`: builds C++ with cmake).
//!
//! A binary variable per node. Each root has a node; for every class P and child C the nodes of P
//! that use C number no more than the nodes of C, one row per pair (P, C) instead of one per node,
//! which makes the relaxation much tighter. Cycles are cut off lazily: two-class cycles at once,
//! longer ones when a solution has them. The present answer is the start. A reduced problem is
//! solved part by part. Huangfu and Hall, "Parallelizing the dual revised simplex method" (2018).

use crate::cycles::cycles;
use crate::exact::{Choices, below, cost_step, dag_cost};
use crate::extractor::{Caps, Control, Extractor, Outcome, Status};
use crate::greedy_dag::GreedyDag;
use crate::local_search;
use crate::problem::{ClassIndex, NodeIndex, Problem};
use crate::reduce::{Irreducible, answer_parts, reduce};
use highs::{Col, HighsModelStatus, HighsSolutionStatus, RowProblem, Sense};
use std::collections::BTreeMap;

/// Rounds of cutting cycles off.
const MAX_ROUNDS: usize = 200;
/// Steps of branch and bound that may make a model unnecessary.
const STEPS: u64 = 60;

/// Optimal answers by integer programming.
#[derive(Clone, Copy, Debug, Default)]
pub struct Milp;

impl Extractor for Milp {
    fn name(&self) -> &'static str {
        "highs"
    }

    fn caps(&self) -> Caps {
        Caps { exact: true, anytime: true, ..Caps::default() }
    }

    fn extract(&self, problem: &Problem, control: &Control) -> Outcome {
        let reduction = match reduce(problem, None, &control.share(0.3)) {
            Ok(reduction) => reduction,
            Err(Irreducible::Infeasible) => {
                return Outcome::without_choices(problem, Status::Infeasible);
            }
            Err(Irreducible::Costs) => {
                return Outcome::without_choices(problem, Status::Unsupported);
            }
        };
        let solved = answer_parts(&reduction.problem, control, solve);
        let choices = reduction.lift(problem, &solved.choices);
        let bound = solved.bound.map(|bound| bound + reduction.constant);
        Outcome { choices, walks: Vec::new(), status: solved.status, bound }
    }
}

/// Solves one part of a reduced problem: greedy and local search for a start, then the model.
fn solve(problem: &Problem, control: &Control) -> Outcome {
    let start = GreedyDag.extract(problem, &control.share(0.2)).choices;
    let searcher = Control { deadline: control.share(0.2).deadline, ..control.silent() };
    let start = local_search::search(problem, start, &searcher);
    improve(problem, start, &control.silent())
}

/// Improves a legal answer to a problem with plain costs, and bounds it.
pub(crate) fn improve(problem: &Problem, start: Choices, control: &Control) -> Outcome {
    let cost = dag_cost(problem, &start);
    let step = cost_step(problem);
    let known = below(problem, cost, STEPS, &control.share(0.2));
    let mut best = known.answer.unwrap_or(start);
    if known.complete {
        let bound = Some(dag_cost(problem, &best));
        return Outcome { choices: best, walks: Vec::new(), status: Status::Optimal, bound };
    }
    let mut bound = known.bound.min(dag_cost(problem, &best));
    let mut cuts: Vec<Vec<NodeIndex>> = Vec::new();
    for _ in 0..MAX_ROUNDS {
        if control.should_stop() {
            break;
        }
        let Some(answer) = run(problem, &best, &cuts, step, control) else { break };
        bound = bound.max(answer.bound);
        let Some(choices) = answer.choices else { break };
        match cycles(problem, &choices, problem.roots()).0 {
            found if found.is_empty() => {
                let cost = dag_cost(problem, &choices);
                if cost <= dag_cost(problem, &best) {
                    best = choices;
                    control.report(Some(cost), None);
                }
                if answer.optimal {
                    bound = dag_cost(problem, &best);
                }
                break;
            }
            found => cuts.extend(found.iter().map(|cycle| cut(problem, cycle))),
        }
    }
    let cost = dag_cost(problem, &best);
    bound = bound.min(cost);
    let proved = cost - bound <= 1e-9 * (1.0 + cost.abs());
    let status = if proved { Status::Optimal } else { Status::Feasible };
    Outcome { choices: best, walks: Vec::new(), status, bound: Some(bound) }
}

struct Answer {
    /// Possibly cyclic.
    choices: Option<Choices>,
    bound: f64,
    optimal: bool,
}

/// One run of the solver with the cuts found so far.
fn run(
    problem: &Problem,
    start: &Choices,
    cuts: &[Vec<NodeIndex>],
    step: f64,
    control: &Control,
) -> Option<Answer> {
    let mut rows = RowProblem::default();
    let columns: Vec<Col> =
        problem.costs.iter().map(|cost| rows.add_integer_column(*cost, 0.0..=1.0)).collect();
    let column = |node: NodeIndex| columns[node.index()];
    for root in problem.roots() {
        rows.add_row(1.0..=1.0, problem.nodes(*root).map(|node| (column(node), 1.0)));
    }
    for class in problem.classes() {
        let mut users: BTreeMap<ClassIndex, Vec<NodeIndex>> = BTreeMap::new();
        for node in problem.nodes(class) {
            for child in problem.children(node) {
                users.entry(child).or_default().push(node);
            }
        }
        for (child, users) in users {
            let own = users.iter().map(|node| (column(*node), 1.0));
            let below = problem.nodes(child).map(|node| (column(node), -1.0));
            rows.add_row(..=0.0, own.chain(below).collect::<Vec<_>>());
            // A cycle of two classes: of the nodes that use each other, one.
            let back: Vec<NodeIndex> = problem
                .nodes(child)
                .filter(|node| problem.children(*node).any(|c| c == class))
                .collect();
            if child > class && !back.is_empty() {
                let both = users.iter().chain(&back).map(|node| (column(*node), 1.0));
                rows.add_row(..=1.0, both.collect::<Vec<_>>());
            }
        }
    }
    for cut in cuts {
        let length = cycle_length(problem, cut);
        rows.add_row(..=length - 1.0, cut.iter().map(|node| (column(*node), 1.0)));
    }
    let mut model = rows.try_optimise(Sense::Minimise).ok()?;
    model.make_quiet();
    model.set_option("threads", 1);
    model.set_option("mip_rel_gap", 0.0);
    if step > 0.0 {
        model.set_option("mip_abs_gap", step * 0.999);
    }
    if let Some(left) = control.time_left() {
        model.set_option("time_limit", left.as_secs_f64().max(0.01));
    }
    let used = used_nodes(problem, start);
    let values: Vec<f64> = used.iter().map(|used| f64::from(u8::from(*used))).collect();
    // A start that the solver does not take costs time, not correctness.
    let _ = model.try_set_solution(Some(&values), None, None, None);
    let solved = model.try_solve().ok()?;
    let optimal = solved.status() == HighsModelStatus::Optimal;
    let limit = solved.status() == HighsModelStatus::ReachedTimeLimit;
    let feasible = solved.primal_solution_status() == HighsSolutionStatus::Feasible;
    if !optimal && !limit {
        return None;
    }
    let raw = solved.double_info_value(c"mip_dual_bound").unwrap_or(0.0).max(0.0);
    let bound = if step > 0.0 { (raw / step - 1e-4).ceil() * step } else { raw - 1e-7 * raw.abs() };
    let choices = feasible.then(|| {
        let values = solved.get_solution();
        let mut choices = vec![None; problem.class_count()];
        for (node, value) in values.columns().iter().enumerate() {
            if *value > 0.5 {
                choices[problem.node_class[node] as usize] = Some(NodeIndex(node as u32));
            }
        }
        choices
    });
    Some(Answer { choices, bound: if bound.is_finite() { bound } else { 0.0 }, optimal })
}

fn used_nodes(problem: &Problem, choices: &Choices) -> Vec<bool> {
    let mut used = vec![false; problem.node_count()];
    let mut stack = problem.roots().to_vec();
    while let Some(class) = stack.pop() {
        let Some(node) = choices[class.index()] else { continue };
        if !std::mem::replace(&mut used[node.index()], true) {
            stack.extend(problem.children(node));
        }
    }
    used
}

/// Different classes of a cut: the length of its cycle.
fn cycle_length(problem: &Problem, cut: &[NodeIndex]) -> f64 {
    let mut classes: Vec<ClassIndex> = cut.iter().map(|node| problem.class(*node)).collect();
    classes.sort_unstable();
    classes.dedup();
    classes.len() as f64
}

/// All nodes that lead from a class of the cycle to the next: an answer has fewer of them than the cycle
/// has classes.
fn cut(problem: &Problem, cycle: &[ClassIndex]) -> Vec<NodeIndex> {
    let mut nodes = Vec::new();
    for (at, class) in cycle.iter().enumerate() {
        let next = cycle[(at + 1) % cycle.len()];
        nodes.extend(problem.nodes(*class).filter(|n| problem.children(*n).any(|c| c == next)));
    }
    nodes
}
