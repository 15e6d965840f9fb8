//! Branch and bound that reduces at every step.
//!
//! A step reduces the problem with the best known cost as upper bound, splits it into independent
//! parts, bounds each from below by landmark cuts, drops the nodes that the cuts rule out, and
//! only then branches: on a class being part of the answer (it becomes a root, so whoever else
//! uses it gets it for nothing) or not (its users go too). With costs that are multiples of a step
//! a bound counts as the next multiple. Exact for finite costs that are not negative; time is
//! exponential in the worst case, so the deadline, or a number of steps without one, ends it with
//! the best answer found and the bound of the first step.

use crate::builder::ProblemBuilder;
use crate::extractor::{Caps, Control, Extractor, Outcome, Status};
use crate::greedy_dag::GreedyDag;
use crate::lower_bound::{CutBound, cut_bound};
use crate::problem::{ClassIndex, NodeIndex, Problem};
use crate::reduce::{Irreducible, Reduction, components, reduce};

/// Steps without a deadline.
const MAX_STEPS: u64 = 2_000;
/// Depth of the search: each level holds a reduced copy of what is left.
const MAX_DEPTH: usize = 200;

/// An answer of proved least DAG cost, given time.
#[derive(Clone, Copy, Debug, Default)]
pub struct BranchAndBound;

pub(crate) type Choices = Vec<Option<NodeIndex>>;

impl Extractor for BranchAndBound {
    fn name(&self) -> &'static str {
        "branch-and-bound"
    }

    fn caps(&self) -> Caps {
        Caps { exact: true, anytime: true, ..Caps::default() }
    }

    fn extract(&self, problem: &Problem, control: &Control) -> Outcome {
        let start = GreedyDag.extract(problem, control);
        if start.status != Status::Feasible {
            return start;
        }
        improve(problem, start.choices, control)
    }
}

/// DAG cost of a legal answer.
pub(crate) fn dag_cost(problem: &Problem, choices: &[Option<NodeIndex>]) -> f64 {
    let mut seen = vec![false; choices.len()];
    let mut stack: Vec<_> = problem.roots().to_vec();
    let mut total = 0.0;
    while let Some(class) = stack.pop() {
        if std::mem::replace(&mut seen[class.index()], true) {
            continue;
        }
        if let Some(node) = choices[class.index()] {
            total += problem.cost(node);
            stack.extend(problem.children(node));
        }
    }
    total
}

/// The best answer that branch and bound finds from a legal one on. Costs must be plain.
pub(crate) fn improve(problem: &Problem, start: Choices, control: &Control) -> Outcome {
    let limit = if control.deadline.is_some() { u64::MAX } else { MAX_STEPS };
    let cost = dag_cost(problem, &start);
    let found = below(problem, cost, limit, control);
    let choices = found.answer.unwrap_or(start);
    let status = if found.complete { Status::Optimal } else { Status::Feasible };
    let cost = dag_cost(problem, &choices);
    let bound = if found.complete { cost } else { found.bound.min(cost) };
    control.report(Some(cost), Some(bound));
    Outcome { choices, walks: Vec::new(), status, bound: Some(bound) }
}

/// What a search below a known cost finds.
pub(crate) struct Below {
    /// A legal answer of lower cost, the best one if the search is complete.
    pub(crate) answer: Option<Choices>,
    /// Whether everything was searched.
    pub(crate) complete: bool,
    /// If not, no answer costs less than this, unless it costs no less than the known one.
    pub(crate) bound: f64,
}

/// Searches for an answer that costs less than `upper`, in so many steps. Costs must be plain.
pub(crate) fn below(problem: &Problem, upper: f64, limit: u64, control: &Control) -> Below {
    let mut search = Search { control, step: cost_step(problem), steps: 0, stopped: false, limit };
    let found = search.solve(problem, upper, 0);
    let answer = found.answer.map(|(choices, _)| choices);
    Below { answer, complete: !search.stopped, bound: found.bound }
}

/// The greatest number of which all costs are whole multiples, or 0 where they are not whole.
pub(crate) fn cost_step(problem: &Problem) -> f64 {
    let mut step = 0_u64;
    for cost in &problem.costs {
        if cost.fract() != 0.0 || *cost > 9e15 || *cost < 0.0 {
            return 0.0;
        }
        let (mut a, mut b) = (step, *cost as u64);
        while b != 0 {
            (a, b) = (b, a % b);
        }
        step = a;
    }
    step as f64
}

/// The greatest cost that is an improvement on `upper`.
pub(crate) fn improvement(upper: f64, step: f64) -> f64 {
    // The tolerance of comparisons is a billionth: what is equal up to that is no improvement.
    upper - if step > 0.0 { step } else { 3e-9 * (1.0 + upper.abs()) }
}

struct Search<'a> {
    control: &'a Control,
    step: f64,
    steps: u64,
    limit: u64,
    stopped: bool,
}

struct Found {
    /// The best answer below the given cost, if there is one, with its cost.
    answer: Option<(Choices, f64)>,
    /// No answer costs less, unless it costs the given cost or more. Meant for the first step.
    bound: f64,
}

impl Found {
    fn nothing(bound: f64) -> Found {
        Found { answer: None, bound }
    }
}

impl Search<'_> {
    fn out_of_time(&mut self) -> bool {
        self.steps += 1;
        self.stopped |= self.steps > self.limit || self.control.should_stop();
        self.stopped
    }

    /// Whether no answer of at least this cost is below `upper`.
    fn hopeless(&self, bound: f64, upper: f64) -> bool {
        bound > improvement(upper, self.step) + 1e-9 * (1.0 + upper.abs())
    }

    /// The best answer that costs less than `upper`.
    fn solve(&mut self, problem: &Problem, upper: f64, depth: usize) -> Found {
        if self.out_of_time() || depth > MAX_DEPTH {
            self.stopped = true;
            return Found::nothing(0.0);
        }
        let target = improvement(upper, self.step);
        let reduction = match reduce(problem, Some(target), self.control) {
            Ok(reduction) => reduction,
            // The upper bound leaves nothing, or what was branched on is impossible.
            Err(Irreducible::Infeasible | Irreducible::Costs) => return Found::nothing(upper),
        };
        if self.hopeless(reduction.constant, upper) {
            return Found::nothing(upper);
        }
        let found = self.solve_parts(&reduction, upper - reduction.constant, depth);
        Found {
            answer: found.answer.map(|(choices, cost)| {
                (reduction.lift(problem, &choices), cost + reduction.constant)
            }),
            bound: found.bound + reduction.constant,
        }
    }

    /// The same for a reduced problem: part by part, the hardest last.
    fn solve_parts(&mut self, reduction: &Reduction, upper: f64, depth: usize) -> Found {
        let whole = &reduction.problem;
        let mut parts = components(whole);
        parts.sort_by_key(|part| part.problem.node_count());
        let bounds: Vec<_> =
            parts.iter().map(|part| cut_bound(&part.problem, self.control)).collect();
        let mut rest: f64 = bounds.iter().map(|bound| bound.bound).sum();
        if self.hopeless(rest, upper) {
            return Found::nothing(rest.min(upper));
        }
        let mut choices = vec![None; whole.class_count()];
        let mut spent = 0.0;
        let mut proved = 0.0;
        let mut complete = true;
        for (part, bound) in parts.iter().zip(bounds) {
            rest -= bound.bound;
            let allowance = upper - spent - rest;
            let found = self.solve_part(&part.problem, &bound, allowance, depth);
            proved += found.bound;
            if let Some((answer, cost)) = found.answer {
                part.place(whole, &answer, &mut choices);
                spent += cost;
            } else {
                if !self.stopped {
                    return Found::nothing(upper);
                }
                complete = false;
                spent += found.bound;
            }
        }
        Found { answer: complete.then_some((choices, spent)), bound: proved }
    }

    /// The same for one part, with its bound.
    fn solve_part(
        &mut self,
        problem: &Problem,
        bound: &CutBound,
        upper: f64,
        depth: usize,
    ) -> Found {
        let mut upper = upper;
        let mut best = None;
        let greedy = GreedyDag.extract(problem, self.control).choices;
        let cost = dag_cost(problem, &greedy);
        if !self.hopeless(cost, upper) {
            upper = cost;
            best = Some((greedy.clone(), cost));
        }
        let root_bound = bound.bound;
        if self.hopeless(root_bound, upper) {
            return Found { answer: best, bound: upper };
        }
        if self.stopped {
            return Found { answer: best, bound: root_bound };
        }
        let keep: Vec<bool> =
            bound.with_node.iter().map(|cost| !self.hopeless(*cost, upper)).collect();
        let left = keep.iter().filter(|kept| **kept).count();
        if left * 10 < keep.len() * 9 {
            let (smaller, nodes) = without(problem, &keep, &[]);
            let found = self.solve(&smaller, upper, depth + 1);
            return better(best, found, problem, &nodes, upper, root_bound, self.stopped);
        }
        let Some(class) = branching_class(problem) else {
            return self.branch_on_nodes(problem, &keep, best, upper, root_bound, depth);
        };
        let inside = greedy_uses(problem, &greedy, class);
        for take in [inside, !inside] {
            let mut kept = keep.clone();
            if !take {
                for node in problem.nodes(class) {
                    kept[node.index()] = false;
                }
            }
            let forced: &[ClassIndex] = if take { &[class] } else { &[] };
            let (smaller, nodes) = without(problem, &kept, forced);
            let found = self.solve(&smaller, upper, depth + 1);
            if let Some((choices, cost)) = found.answer {
                upper = cost;
                best = Some((raise(problem, &nodes, &choices), cost));
            }
            if self.stopped {
                return Found { answer: best, bound: root_bound };
            }
        }
        Found { answer: best, bound: upper }
    }

    /// Every class is a root: the nodes of the smallest are tried in turn.
    fn branch_on_nodes(
        &mut self,
        problem: &Problem,
        keep: &[bool],
        mut best: Option<(Choices, f64)>,
        mut upper: f64,
        root_bound: f64,
        depth: usize,
    ) -> Found {
        let open = problem.classes().filter(|class| problem.nodes(*class).len() > 1);
        let Some(class) = open.min_by_key(|class| problem.nodes(*class).len()) else {
            // Reductions decide roots of one node.
            return Found { answer: best, bound: upper };
        };
        for node in problem.nodes(class) {
            let mut kept = keep.to_vec();
            for other in problem.nodes(class) {
                kept[other.index()] &= other == node;
            }
            let (smaller, nodes) = without(problem, &kept, &[]);
            let found = self.solve(&smaller, upper, depth + 1);
            if let Some((choices, cost)) = found.answer {
                upper = cost;
                best = Some((raise(problem, &nodes, &choices), cost));
            }
            if self.stopped {
                return Found { answer: best, bound: root_bound };
            }
        }
        Found { answer: best, bound: upper }
    }
}

fn better(
    best: Option<(Choices, f64)>,
    found: Found,
    problem: &Problem,
    nodes: &[NodeIndex],
    upper: f64,
    root_bound: f64,
    stopped: bool,
) -> Found {
    let answer = match found.answer {
        Some((choices, cost)) => Some((raise(problem, nodes, &choices), cost)),
        None => best,
    };
    let proved = answer.as_ref().map_or(upper, |(_, cost)| *cost);
    let bound = if stopped { root_bound.max(found.bound.min(proved)) } else { proved };
    Found { answer, bound }
}

/// The class whose part in the answer matters most, among those that are no roots: many users,
/// much to pay.
fn branching_class(problem: &Problem) -> Option<ClassIndex> {
    let mut is_root = vec![false; problem.class_count()];
    for root in problem.roots() {
        is_root[root.index()] = true;
    }
    let mut users = vec![0_u32; problem.class_count()];
    for child in &problem.children {
        users[*child as usize] += 1;
    }
    let score = |class: ClassIndex| {
        let costs = problem.nodes(class).map(|node| problem.cost(node));
        let cheapest = costs.fold(f64::INFINITY, f64::min);
        f64::from(users[class.index()]) * (cheapest + 1e-6)
    };
    let open = problem.classes().filter(|class| !is_root[class.index()]);
    open.max_by(|a, b| score(*a).total_cmp(&score(*b)).then(b.cmp(a)))
}

fn greedy_uses(problem: &Problem, choices: &[Option<NodeIndex>], class: ClassIndex) -> bool {
    let mut seen = vec![false; choices.len()];
    let mut stack: Vec<_> = problem.roots().to_vec();
    while let Some(next) = stack.pop() {
        if std::mem::replace(&mut seen[next.index()], true) {
            continue;
        }
        stack.extend(choices[next.index()].into_iter().flat_map(|node| problem.children(node)));
    }
    seen[class.index()]
}

/// The problem with some nodes only and more roots, and the node behind each of its nodes.
pub(crate) fn without(
    problem: &Problem,
    keep: &[bool],
    roots: &[ClassIndex],
) -> (Problem, Vec<NodeIndex>) {
    let mut builder = ProblemBuilder::new();
    for _ in problem.classes() {
        builder.add_class("");
    }
    let mut nodes = Vec::new();
    let mut children = Vec::new();
    for node in (0..problem.node_count() as u32).map(NodeIndex).filter(|n| keep[n.index()]) {
        children.clear();
        children.extend(problem.children(node).map(|child| child.0));
        builder.add_named_node(problem.class(node).0, "", "", problem.cost(node), &children);
        nodes.push(node);
    }
    for root in problem.roots().iter().chain(roots) {
        builder.add_root(root.0);
    }
    (builder.build(), nodes)
}

/// An answer to a problem from [`without`] as an answer to the problem it was made of.
pub(crate) fn raise(
    problem: &Problem,
    nodes: &[NodeIndex],
    choices: &[Option<NodeIndex>],
) -> Choices {
    let mut raised = vec![None; problem.class_count()];
    for node in choices.iter().flatten().map(|node| nodes[node.index()]) {
        raised[problem.class(node).index()] = Some(node);
    }
    raised
}
