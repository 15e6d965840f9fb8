//! The core-guided search: `OLL` of Andres, Kaufmann, Matheis and Schaub, "Unsatisfiability-based
//! optimization in clasp" (2012), with stratification and hardening (Ansótegui, Bonet and Levy,
//! "SAT-based `MaxSAT` algorithms", 2013) and cores that are counted before they are relaxed (Berg and
//! Järvisalo, "Weight-aware core extraction in SAT-based `MaxSAT` solving", 2017).
//!
//! All soft literals of at least some weight are assumed. A refutation names a core, of which one
//! must be given up: the least weight of the core is a lower bound and is taken off its literals. A
//! model is an answer, an upper bound; then counters over the cores found are added, whose outputs
//! are soft, and where there are none the next weights are assumed. What cannot be given up in a
//! better answer becomes hard. The search is over when the bounds meet.

use super::model::{Model, add};
use super::totalizer::Totalizer;
use super::weights::Weights;
use crate::exact::{Choices, dag_cost};
use crate::extractor::Control;
use crate::problem::{NodeIndex, Problem};
use batsat::{Callbacks, Lit, Solver, SolverInterface, SolverOpts, lbool};
use std::cell::Cell;
use std::collections::BTreeMap;

/// Decisions without a deadline.
const MAX_DECISIONS: u64 = 4_000_000;
/// Decisions for dropping one literal of a core.
const TRIAL: u64 = 1_000;
/// Cores above this size are not looked at literal by literal.
const LARGE_CORE: usize = 60;
/// Decisions between looks at the clock.
const LOOK: u64 = 32;

/// When the solver gives up: the caller's deadline, or a number of decisions.
pub(super) struct Stop {
    control: Control,
    decisions: Cell<u64>,
    limit: Cell<u64>,
    stopped: Cell<bool>,
}

impl Callbacks for Stop {
    fn stop(&self) -> bool {
        let decisions = self.decisions.get() + 1;
        self.decisions.set(decisions);
        if decisions.is_multiple_of(LOOK) && self.control.should_stop() {
            self.stopped.set(true);
        }
        self.stopped.get() || decisions > self.limit.get()
    }
}

/// What a search ends with.
pub(super) struct Found {
    /// The best answer.
    pub(super) choices: Choices,
    /// No answer costs less.
    pub(super) bound: f64,
}

/// A core that is paid for, and not yet relaxed.
struct Core {
    literals: Vec<Lit>,
    weight: u64,
}

/// One search.
pub(super) struct Search<'a> {
    problem: &'a Problem,
    control: &'a Control,
    solver: Solver<Stop>,
    model: Model,
    weights: Weights,
    /// Weight of each literal that is soft.
    soft: BTreeMap<Lit, u64>,
    /// Over what is given up of each core; their outputs are soft literals one after the other.
    counters: Vec<Totalizer>,
    /// The counter behind a literal that says that no more than so many are given up.
    counter_of: BTreeMap<Lit, (usize, usize)>,
    pending: Vec<Core>,
    best: Choices,
    best_cost: f64,
    /// The weight of the lightest answer.
    upper: i64,
    /// No answer is lighter.
    lower: i64,
    /// The last decision that may be made, unless there is a deadline.
    limit: u64,
}

impl<'a> Search<'a> {
    /// From a legal answer on.
    pub(super) fn new(problem: &'a Problem, start: Choices, control: &'a Control) -> Search<'a> {
        let limit = if control.deadline.is_some() { u64::MAX } else { MAX_DECISIONS };
        let stop = Stop {
            control: control.silent(),
            decisions: Cell::new(0),
            limit: Cell::new(limit),
            stopped: Cell::new(false),
        };
        let mut solver = Solver::new(SolverOpts::default(), stop);
        let model = Model::new(problem, &start, &mut solver);
        let weights = Weights::new(&problem.costs, problem.class_count());
        let mut soft = BTreeMap::new();
        let mut lower = 0;
        for (node, weight) in weights.of.iter().enumerate() {
            let literal = model.node(NodeIndex(node as u32));
            // A cost below zero is paid in advance, and paid back if the node is not used.
            lower += weight.min(&0);
            if *weight != 0 {
                let kept = if *weight > 0 { !literal } else { literal };
                soft.insert(kept, weight.unsigned_abs());
            }
        }
        let mut search = Search {
            problem,
            control,
            solver,
            model,
            weights,
            soft,
            counters: Vec::new(),
            counter_of: BTreeMap::new(),
            pending: Vec::new(),
            best_cost: f64::INFINITY,
            best: Vec::new(),
            upper: i64::MAX,
            lower,
            limit,
        };
        search.offer(start);
        search
    }

    /// Searches until the bounds meet or time is up.
    pub(super) fn run(mut self) -> Found {
        let mut stratum = self.soft.values().copied().max().unwrap_or(0);
        while self.lower < self.upper {
            self.harden();
            let mut assumed: Vec<(Lit, u64)> = self.soft.iter().map(|(l, w)| (*l, *w)).collect();
            assumed.retain(|(_, weight)| *weight >= stratum);
            assumed.sort_by_key(|(literal, weight)| (std::cmp::Reverse(*weight), *literal));
            let assumed: Vec<Lit> = assumed.into_iter().map(|(literal, _)| literal).collect();
            let answer = self.solve(&assumed, self.limit);
            if answer == lbool::FALSE {
                let core = self.core(&assumed);
                self.pay(core);
            } else if answer != lbool::TRUE {
                break;
            } else if let Some(choices) = self.model.answer(self.problem, &mut self.solver) {
                self.offer(choices);
                if !self.pending.is_empty() {
                    self.relax();
                } else if let Some(next) = self.next_stratum(stratum) {
                    stratum = next;
                } else {
                    // Nothing that is left to give up was given up.
                    self.lower = self.upper;
                }
            }
        }
        let proved = self.lower >= self.upper;
        let bound = self.lower as f64 * self.weights.unit;
        let exact = proved && self.weights.slack == 0.0;
        Found { bound: if exact { self.best_cost } else { bound }, choices: self.best }
    }

    fn solve(&mut self, assumed: &[Lit], limit: u64) -> lbool {
        self.solver.cb().limit.set(limit);
        self.solver.solve_limited(assumed)
    }

    /// Of the weights below this one the next to be assumed: half of them at a time, so that
    /// different weights do not mean a step each.
    fn next_stratum(&self, stratum: u64) -> Option<u64> {
        let mut below: Vec<u64> = self.soft.values().copied().filter(|w| *w < stratum).collect();
        below.sort_unstable_by(|a, b| b.cmp(a));
        let heaviest = *below.first()?;
        let next = below.iter().copied().take_while(|weight| weight * 2 > heaviest).last();
        Some(next.unwrap_or(heaviest))
    }

    /// An answer without cycles.
    fn offer(&mut self, choices: Choices) {
        let cost = dag_cost(self.problem, &choices);
        self.upper = self.upper.min(self.weight(&choices));
        if cost < self.best_cost {
            (self.best, self.best_cost) = (choices, cost);
            self.control.report(Some(cost), None);
        }
    }

    /// The sum of the weights of what an answer uses.
    fn weight(&self, choices: &Choices) -> i64 {
        let mut seen = vec![false; choices.len()];
        let mut stack = self.problem.roots().to_vec();
        let mut total = 0;
        while let Some(class) = stack.pop() {
            if std::mem::replace(&mut seen[class.index()], true) {
                continue;
            }
            if let Some(node) = choices[class.index()] {
                total += self.weights.of[node.index()];
                stack.extend(self.problem.children(node));
            }
        }
        total
    }

    /// What would cost as much as the best answer when given up, is not given up in a better one.
    fn harden(&mut self) {
        let gap = self.upper.abs_diff(self.lower);
        let kept: Vec<Lit> =
            self.soft.iter().filter(|(_, weight)| **weight >= gap).map(|(l, _)| *l).collect();
        for literal in kept {
            self.soft.remove(&literal);
            self.counter_of.remove(&literal);
            add(&mut self.solver, &[literal]);
        }
    }

    /// The core of the last refutation, made smaller as long as that is cheap.
    fn core(&mut self, assumed: &[Lit]) -> Vec<Lit> {
        let mut core = self.named(assumed);
        // The same once more, from the core alone, often names less.
        for _ in 0..3 {
            let limit = self.trial_limit();
            if core.len() < 3 || self.solve(&core, limit) != lbool::FALSE {
                break;
            }
            let smaller = self.named(&core);
            let done = smaller.len() == core.len();
            core = smaller;
            if done {
                break;
            }
        }
        if core.len() > LARGE_CORE {
            return core;
        }
        // The light ones go first: the lightest that stays decides what the core is worth.
        let mut order = core.clone();
        order.sort_by_key(|literal| (self.soft.get(literal).copied().unwrap_or(0), *literal));
        for literal in order {
            if core.len() < 2 || !core.contains(&literal) {
                continue;
            }
            let rest: Vec<Lit> = core.iter().copied().filter(|other| *other != literal).collect();
            let limit = self.trial_limit();
            if self.solve(&rest, limit) == lbool::FALSE {
                core = self.named(&rest);
            }
        }
        core
    }

    fn trial_limit(&self) -> u64 {
        self.limit.min(self.solver.cb().decisions.get() + TRIAL)
    }

    /// Of these assumptions those that the refutation names.
    fn named(&self, assumed: &[Lit]) -> Vec<Lit> {
        let named = |literal: &Lit| self.solver.unsat_core_contains_var(literal.var());
        assumed.iter().copied().filter(named).collect()
    }

    /// Counts a core: one of its literals is given up in every answer.
    fn pay(&mut self, core: Vec<Lit>) {
        let weights = core.iter().filter_map(|literal| self.soft.get(literal));
        let Some(weight) = weights.copied().min() else {
            // Without assumptions: there is no better answer.
            self.lower = self.upper;
            return;
        };
        self.lower += weight as i64;
        for literal in &core {
            if let Some(left) = self.soft.get_mut(literal) {
                *left -= weight;
                if *left == 0 {
                    self.soft.remove(literal);
                }
            }
        }
        let clause: Vec<Lit> = core.iter().map(|literal| !*literal).collect();
        add(&mut self.solver, &clause);
        self.pending.push(Core { literals: core, weight });
        self.control.report(None, Some(self.lower as f64 * self.weights.unit));
    }

    /// Says of each core found since, that giving up more than one of its literals costs again.
    fn relax(&mut self) {
        for Core { literals, weight } in std::mem::take(&mut self.pending) {
            for literal in &literals {
                if let Some((counter, allowed)) = self.counter_of.get(literal).copied() {
                    self.allow(counter, allowed + 1, weight);
                }
            }
            if literals.len() > 1 {
                let given_up: Vec<Lit> = literals.iter().map(|literal| !*literal).collect();
                self.counters.push(Totalizer::new(&given_up));
                self.allow(self.counters.len() - 1, 1, weight);
            }
        }
    }

    /// Giving up more than so many literals of a core costs this much.
    fn allow(&mut self, counter: usize, allowed: usize, weight: u64) {
        if let Some(more) = self.counters[counter].more_than(allowed, &mut self.solver) {
            *self.soft.entry(!more).or_insert(0) += weight;
            self.counter_of.insert(!more, (counter, allowed));
        }
    }
}
