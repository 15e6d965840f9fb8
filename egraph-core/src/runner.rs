//! Equality saturation: search, resolve, commit, rebuild, under a schedule and limits.
//!
//! Search and resolve only read the e-graph and may use the caller's thread pool; their results
//! are concatenated in the order of the work, so any number of threads gives the same e-graph.
//! Commit is serial. Where several limits are reached at once the first in the order of the checks
//! is reported.

use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use hashbrown::HashTable;
use rayon::prelude::*;

use crate::bindings::Bindings;
use crate::log::Reason;
use crate::matcher::{Found, search};
use crate::report::{IterationStats, Limits, RunReport, StopReason};
use crate::rhs::Applied;
use crate::rule::{CompiledRule, Rhs, Rules};
use crate::schedule::{Plan, Schedule, ScheduleError};
use crate::scheduler::{Scheduler, SchedulerKind};
use crate::table::WordHash;
use crate::{Analysis, EClassId, EGraph, Limit};

/// Rows of a table, or matches, in one unit of parallel work.
const CHUNK: usize = 4096;

/// Runs rules on an e-graph.
#[derive(Clone, Debug, Default)]
pub struct Runner {
    /// When to stop.
    pub limits: Limits,
    /// How to treat rules with many matches.
    pub scheduler: SchedulerKind,
    /// Threads for searching; without a pool the calling thread does everything.
    pub pool: Option<Arc<rayon::ThreadPool>>,
}

/// Called after every rebuild; may change the e-graph, which is rebuilt again then.
pub type Hook<'a, A> = &'a mut dyn FnMut(&mut EGraph<A>) -> Result<(), Limit>;

impl Runner {
    /// A runner with the given limits, the simple scheduler and one thread.
    pub fn new(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Runs a schedule. The e-graph is rebuilt at the end, whatever the reason to stop.
    ///
    /// # Errors
    /// [`ScheduleError`] before anything runs.
    pub fn run<A: Analysis>(
        &self,
        egraph: &mut EGraph<A>,
        rules: &Rules<A>,
        schedule: &Schedule,
    ) -> Result<RunReport, ScheduleError> {
        self.run_with(egraph, rules, schedule, self.scheduler.build().as_mut(), &mut |_| Ok(()))
    }

    /// As [`Runner::run`], with a scheduler of the caller's and a hook after every rebuild.
    ///
    /// # Errors
    /// [`ScheduleError`] before anything runs.
    pub fn run_with<A: Analysis>(
        &self,
        egraph: &mut EGraph<A>,
        rules: &Rules<A>,
        schedule: &Schedule,
        scheduler: &mut dyn Scheduler,
        hook: Hook<'_, A>,
    ) -> Result<RunReport, ScheduleError> {
        let plan = Plan::resolve(schedule, rules)?;
        let outer_limit = egraph.node_limit();
        egraph.set_node_limit(outer_limit.min(self.limits.nodes));
        egraph.rebuild();
        let mut run = Run {
            runner: self,
            egraph,
            rules,
            scheduler,
            hook,
            deadline: Instant::now().checked_add(self.limits.time),
            iterations: Vec::new(),
            fired: vec![0; rules.rules.len()],
            refused: vec![0; rules.rules.len()],
            saturated: true,
            left_out: 0,
        };
        let stop_reason = match run.execute(&plan) {
            Err(stop) => stop,
            Ok(_) if run.saturated => StopReason::Saturated,
            Ok(_) => StopReason::Completed,
        };
        let name = |(count, rule): (usize, &CompiledRule<A>)| (rule.name.clone(), count);
        let by_name = |counts: Vec<usize>| {
            let mut named = crate::report::RuleCounts::default();
            for (rule, count) in counts.into_iter().zip(&rules.rules).map(name) {
                if count > 0 {
                    *named.entry(rule).or_insert(0) += count;
                }
            }
            named
        };
        let Run { egraph, iterations, fired, refused, .. } = run;
        egraph.set_node_limit(outer_limit);
        Ok(RunReport {
            iterations,
            stop_reason,
            rules_fired: by_name(fired),
            refused: by_name(refused),
            e_nodes: egraph.node_count(),
            e_classes: egraph.class_count(),
        })
    }
}

/// The matches of one rule in one iteration.
struct Batch {
    rule: usize,
    rows: Vec<u32>,
}

struct Run<'a, A: Analysis> {
    runner: &'a Runner,
    egraph: &'a mut EGraph<A>,
    rules: &'a Rules<A>,
    scheduler: &'a mut dyn Scheduler,
    hook: Hook<'a, A>,
    deadline: Option<Instant>,
    iterations: Vec<IterationStats>,
    /// Effective unions and refusals by rule.
    fired: Vec<usize>,
    refused: Vec<usize>,
    /// The last iteration changed nothing and left no rule out.
    saturated: bool,
    /// Iterations that changed nothing while some rule was left out.
    left_out: usize,
}

impl<A: Analysis> Run<'_, A> {
    /// True when something changed.
    fn execute(&mut self, plan: &Plan) -> Result<bool, StopReason> {
        match plan {
            Plan::Run(rules) => self.iterate(rules),
            Plan::Seq(parts) => {
                let mut changed = false;
                for part in parts {
                    changed |= self.execute(part)?;
                }
                Ok(changed)
            }
            Plan::Repeat(times, part) => {
                let mut changed = false;
                for _ in 0..*times {
                    let before = self.left_out;
                    let now = self.execute(part)?;
                    changed |= now;
                    if !now && self.left_out == before {
                        break;
                    }
                }
                Ok(changed)
            }
        }
    }

    fn check(&self, matches: usize) -> Result<(), StopReason> {
        if self.egraph.root_contradiction().is_some() {
            return Err(StopReason::Contradiction);
        }
        if self.deadline.is_some_and(|deadline| Instant::now() > deadline) {
            return Err(StopReason::TimeLimit);
        }
        let limit = self.runner.limits.bytes.unwrap_or(usize::MAX);
        if limit < usize::MAX && self.egraph.bytes().saturating_add(matches * 4) > limit {
            return Err(StopReason::MemoryLimit);
        }
        Ok(())
    }

    /// One round. True when the e-graph changed.
    fn iterate(&mut self, rules: &[usize]) -> Result<bool, StopReason> {
        self.check(0)?;
        let iteration = self.iterations.len();
        if iteration >= self.runner.limits.iterations {
            return Err(StopReason::IterationLimit);
        }
        let version = self.egraph.version();
        let mut stats = IterationStats::default();
        let start = Instant::now();
        let found = self.search(rules, iteration, &mut stats);
        let searched = Instant::now();
        stats.search = searched - start;
        let committed = found.and_then(|batches| self.commit(&batches));
        let applied = Instant::now();
        stats.apply = applied - searched;
        self.egraph.rebuild();
        let hooked = (self.hook)(self.egraph);
        self.egraph.rebuild();
        stats.rebuild = applied.elapsed();
        stats.e_nodes = self.egraph.node_count();
        stats.e_classes = self.egraph.class_count();
        self.iterations.push(stats);
        let changed = self.egraph.version() != version;
        self.saturated = false;
        committed?;
        hooked.map_err(|Limit { .. }| StopReason::NodeLimit)?;
        self.check(0)?;
        self.saturated = !changed && self.scheduler.may_stop(iteration);
        self.left_out += usize::from(!changed && !self.saturated);
        Ok(changed)
    }

    /// Searches the rules and drops what holds already.
    fn search(
        &mut self,
        rules: &[usize],
        iteration: usize,
        stats: &mut IterationStats,
    ) -> Result<Vec<Batch>, StopReason> {
        let mut units: Vec<(usize, Range<usize>, usize)> = Vec::new();
        for &rule in rules {
            let Some(allowance) = self.scheduler.allowance(iteration, rule) else { continue };
            stats.rules += 1;
            let query = &self.rules.rules[rule].query;
            let bytes = self
                .runner
                .limits
                .bytes
                .map_or(usize::MAX, |limit| limit / (size_of::<u32>() * query.slots.stride()));
            let cap = allowance.min(bytes).saturating_add(1);
            let len = self.egraph.tables[query.root.op.index()].len();
            for from in (0..len).step_by(CHUNK) {
                units.push((rule, from..len.min(from + CHUNK), cap));
            }
        }
        let (egraph, all, deadline) = (&*self.egraph, self.rules, self.deadline);
        let found: Vec<Found> = self.runner.map(&units, |(rule, rows, cap)| {
            let rule = &all.rules[*rule];
            search(egraph, &rule.query, &rule.guards, rows.clone(), *cap, deadline)
        });
        if found.iter().any(|found| found.timed_out) {
            return Err(StopReason::TimeLimit);
        }
        let mut batches: Vec<Batch> = Vec::new();
        for ((rule, ..), found) in units.iter().zip(found) {
            match batches.last_mut() {
                Some(batch) if batch.rule == *rule => batch.rows.extend(found.rows),
                _ => batches.push(Batch { rule: *rule, rows: found.rows }),
            }
        }
        batches.retain(|batch| {
            let count = batch.rows.len() / self.rules.rules[batch.rule].query.slots.stride();
            let admitted = self.scheduler.admit(iteration, batch.rule, count);
            stats.matches += if admitted { count } else { 0 };
            admitted && count > 0
        });
        self.check(batches.iter().map(|batch| batch.rows.len()).sum())?;
        for batch in &mut batches {
            self.resolve(batch);
            dedup(&self.rules.rules[batch.rule], &mut batch.rows);
            stats.pending += batch.rows.len() / self.rules.rules[batch.rule].query.slots.stride();
        }
        Ok(batches)
    }

    /// Drops the matches whose right-hand sides hold.
    fn resolve(&self, batch: &mut Batch) {
        let (egraph, rule) = (&*self.egraph, &self.rules.rules[batch.rule]);
        if rule.used_slots.is_none() {
            return;
        }
        let stride = rule.query.slots.stride();
        let holds = |row: &[u32]| {
            rule.rhs.iter().all(|rhs| match rhs {
                Rhs::Equation(equation) => equation.holds(egraph, row),
                Rhs::Compute(_) => false,
            })
        };
        let chunks: Vec<&[u32]> = batch.rows.chunks(stride * CHUNK).collect();
        let kept = self.runner.map(&chunks, |chunk| {
            let rows = chunk.chunks_exact(stride).filter(|row| !holds(row));
            rows.flatten().copied().collect::<Vec<u32>>()
        });
        batch.rows = kept.concat();
    }

    fn commit(&mut self, batches: &[Batch]) -> Result<(), StopReason> {
        for batch in batches {
            let rule = &self.rules.rules[batch.rule];
            let stride = rule.query.slots.stride();
            for chunk in batch.rows.chunks(stride * 512) {
                self.check(batch.rows.len())?;
                for row in chunk.chunks_exact(stride) {
                    if self.egraph.is_dead(self.egraph.region(EClassId::new(row[0]))) {
                        continue;
                    }
                    self.commit_row(batch.rule, rule, row)?;
                }
            }
        }
        Ok(())
    }

    fn commit_row(
        &mut self,
        index: usize,
        rule: &CompiledRule<A>,
        row: &[u32],
    ) -> Result<(), StopReason> {
        let reason = Reason::Rule(index as u32);
        for rhs in &rule.rhs {
            match rhs {
                Rhs::Equation(equation) => match equation.apply(self.egraph, row, reason) {
                    Applied::Changed => self.fired[index] += 1,
                    Applied::Held => {}
                    Applied::Refused => self.refused[index] += 1,
                    Applied::Full => return Err(StopReason::NodeLimit),
                },
                Rhs::Compute(compute) => {
                    let version = self.egraph.version();
                    let before = self.fired[index];
                    let bindings = Bindings { slots: &rule.query.slots, row };
                    let pairs = compute(self.egraph, &bindings)
                        .map_err(|Limit { .. }| StopReason::NodeLimit)?;
                    for (a, b) in pairs {
                        match self.egraph.union(a, b, reason) {
                            Ok(merged) => self.fired[index] += usize::from(merged),
                            Err(_) => self.refused[index] += 1,
                        }
                    }
                    if self.fired[index] == before && self.egraph.version() != version {
                        self.fired[index] += 1;
                    }
                }
            }
        }
        Ok(())
    }
}

impl Runner {
    /// Maps in parallel when there is a pool and more than one item; the order is the items'.
    fn map<T: Sync, R: Send>(&self, items: &[T], f: impl Fn(&T) -> R + Sync + Send) -> Vec<R> {
        match &self.pool {
            Some(pool) if items.len() > 1 => pool.install(|| items.par_iter().map(f).collect()),
            _ => items.iter().map(f).collect(),
        }
    }
}

/// Keeps the first of the matches that do the same.
fn dedup<A: Analysis>(rule: &CompiledRule<A>, rows: &mut Vec<u32>) {
    let stride = rule.query.slots.stride();
    let every: Vec<usize> = (0..stride).collect();
    let slots = rule.used_slots.as_deref().unwrap_or(&every);
    let mut seen: HashTable<usize> = HashTable::with_capacity(rows.len() / stride);
    let mut kept = 0;
    let hash_of = |row: &[u32]| {
        let mut hash = WordHash::new();
        for slot in slots {
            hash.add(row[*slot]);
        }
        hash.finish()
    };
    for at in (0..rows.len()).step_by(stride) {
        let row = &rows[at..at + stride];
        let hash = hash_of(row);
        let same = |other: &usize| slots.iter().all(|slot| rows[other + slot] == row[*slot]);
        if seen.find(hash, same).is_some() {
            continue;
        }
        seen.insert_unique(hash, kept, |other| hash_of(&rows[*other..other + stride]));
        rows.copy_within(at..at + stride, kept);
        kept += stride;
    }
    rows.truncate(kept);
}
