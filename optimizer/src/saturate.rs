//! Saturation under the caller's rule sets, budgets and limits.

use crate::approx::{self, Site};
use crate::certify;
use crate::extraction::{Extracted, extract_program};
use crate::facts::FactAnalysis;
use crate::families::{self, Plan, Step};
use crate::greedy::GreedyDifferences;
use crate::language::{Meaning, Payload};
use crate::model::Model;
use crate::options::{Approximation, Options};
use crate::regions::{self, Memory};
use egraph_core::{
    Composition, EClassId, Limits, Reason, Rules, Runner, SchedulerKind, StopReason,
};
use indexmap::IndexMap;
use rvsdg::Const;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Candidates beyond this many are not considered: admission is quadratic in their number.
const MAX_SITES: usize = 64;

/// Rules that cross regions stop once the e-graph has this many times the nodes of the input and
/// [`SPARE_NODES`]: a value may move out of every region around it, which in large functions adds
/// more than it finds.
const GROWTH: usize = 4;
const SPARE_NODES: usize = 2000;
/// Times that patterns and rules that cross regions run in turn.
const MAX_ROUNDS: usize = 12;

/// How saturation ended.
pub(crate) struct Saturation {
    /// Why it stopped.
    pub(crate) stop_reason: String,
    /// Effective applications by rule.
    pub(crate) rules_fired: IndexMap<String, usize>,
    /// Approximations that were admitted, by the number in their payload.
    pub(crate) sites: Vec<Site>,
    /// Classes with the rules that made them equal to others, where [`Options::trace`] asks.
    pub(crate) trail: Vec<(EClassId, String)>,
}

/// What an extracted program's error is.
pub(crate) struct Certificate {
    /// Approximations in the program.
    pub(crate) approximations: Vec<Approximation>,
    /// Bound on the returned value's error, if there is an approximation.
    pub(crate) bound: Option<f64>,
}

/// Runs the exact and real sets, places the approximations that fit the budget, and runs the sets
/// again on what they added.
pub(crate) fn saturate(model: &mut Model<'_>, options: &Options, plan: &Plan) -> Saturation {
    let started = Instant::now();
    let mut saturation = Saturation {
        stop_reason: StopReason::Saturated.to_string(),
        rules_fired: IndexMap::new(),
        sites: Vec::new(),
        trail: Vec::new(),
    };
    model.graph.set_union_log(options.trace);
    let patterns = plan.steps.iter().any(|step| step.sets.is_some());
    let mut runner = Saturator {
        rules: patterns.then(|| compile(model, options)),
        memory: Memory::new(options),
        options,
        started,
    };
    for step in &plan.steps {
        runner.run(model, step, &mut saturation);
    }
    if admit(model, options, plan, &mut saturation) {
        for step in &plan.steps {
            runner.run(model, step, &mut saturation);
        }
    }
    model.estimate_frequencies();
    saturation.trail = runner.trail(model);
    for (name, count) in runner.memory.fired {
        *saturation.rules_fired.entry(name.to_owned()).or_default() += count;
    }
    saturation
}

/// The compiled rules with what they remember.
struct Saturator<'a> {
    rules: Option<Arc<Rules<FactAnalysis>>>,
    memory: Memory,
    options: &'a Options,
    started: Instant,
}

impl Saturator<'_> {
    /// Runs the sets of a step until nothing changes: patterns within regions to saturation, then a
    /// round of the rules that cross regions, in turn.
    fn run(&mut self, model: &mut Model<'_>, step: &Step, saturation: &mut Saturation) {
        let real = self.options.fast_math && self.options.max_error.is_none();
        for _ in 0..MAX_ROUNDS {
            if let (Some(rules), Some(sets)) = (&self.rules, &step.sets) {
                run_rules(model, rules, sets, self.options, self.started, saturation);
            }
            if model.graph.root_contradiction().is_some() {
                return;
            }
            let known = model.graph.version();
            let room = GROWTH * model.input_nodes + SPARE_NODES;
            let wanted = step.crossing.any() && has_regions_or_memory(model);
            let crosses = wanted && model.graph.node_count() < room;
            if wanted && !crosses {
                "growth limit".clone_into(&mut saturation.stop_reason);
            }
            if crosses && model.graph.node_count() < self.options.node_limit {
                model.graph.set_node_limit(self.options.node_limit);
                let full = regions::round(model, &mut self.memory, step.crossing, real).is_err();
                if full {
                    "node limit".clone_into(&mut saturation.stop_reason);
                    return;
                }
            } else {
                model.propagate_outputs();
            }
            if model.graph.version() == known || self.started.elapsed() > self.options.time_limit {
                return;
            }
        }
        StopReason::IterationLimit
            .to_string()
            .replace('_', " ")
            .clone_into(&mut saturation.stop_reason);
    }
}

impl Saturator<'_> {
    /// Classes with the rules that changed them, by pattern rules and by those that cross regions.
    fn trail(&mut self, model: &Model<'_>) -> Vec<(EClassId, String)> {
        let names: Vec<&str> =
            self.rules.iter().flat_map(|rules| rules.names().map(|(name, _)| name)).collect();
        let logged = model.graph.union_log().iter().filter_map(|entry| match entry.reason {
            Reason::Rule(rule) => Some((entry.left, names[rule as usize].to_owned())),
            Reason::Analysis => Some((entry.left, "fold".to_owned())),
            Reason::Given | Reason::Congruence => None,
        });
        let crossing = self.memory.trail.take().unwrap_or_default().into_iter();
        logged.chain(crossing.map(|(class, rule)| (class, rule.to_owned()))).collect()
    }
}

/// Whether there is anything for rules that cross regions or follow memory.
fn has_regions_or_memory(model: &Model<'_>) -> bool {
    !model.instances.is_empty() || model.graph.analysis().language.mems() > 0
}

/// The rules of every family for this model's language, and the caller's.
fn compile(model: &mut Model<'_>, options: &Options) -> Arc<Rules<FactAnalysis>> {
    if options.user_rules.is_empty() && options.without.is_empty() {
        return families::shared_rules(model.graph.analysis().language.mems());
    }
    let analysis = model.graph.analysis_mut();
    let language = analysis.language.clone();
    let payloads = &mut analysis.payloads;
    let resolve = |text: &str| parse_constant(text).map(|c| payloads.intern(Payload::Const(c)));
    let sets = families::rule_sets(&language, &options.user_rules, &options.without);
    let rules = Rules::compile(sets, &language.signature, resolve);
    Arc::new(rules.expect("the families' rules compile, and the caller's were checked"))
}

/// The constant that a rule's text names: `i64:3`, `f64:-0.0`, `bool:true`; `i32` and `f32` likewise.
pub(crate) fn parse_constant(text: &str) -> Option<Const> {
    let (ty, value) = text.split_once(':')?;
    match ty {
        "i64" => value.parse().ok().map(Const::I64),
        "i32" => value.parse().ok().map(Const::I32),
        "f64" => value.parse().ok().map(Const::f64),
        "f32" => value.parse().ok().map(|value: f32| Const::F32(value.to_bits())),
        "bool" => value.parse().ok().map(Const::Bool),
        _ => None,
    }
}

fn run_rules(
    model: &mut Model<'_>,
    rules: &Rules<FactAnalysis>,
    sets: &Composition,
    options: &Options,
    started: Instant,
    saturation: &mut Saturation,
) {
    let limits = Limits {
        nodes: options.node_limit,
        iterations: options.iteration_limit,
        time: options.time_limit.saturating_sub(started.elapsed()).max(Duration::from_nanos(1)),
        bytes: None,
    };
    let pool = (options.threads > 1)
        .then(|| rayon::ThreadPoolBuilder::new().num_threads(options.threads).build().ok())
        .flatten();
    let runner = Runner { limits, scheduler: SchedulerKind::default(), pool: pool.map(Arc::new) };
    let report = runner.run(&mut model.graph, rules, &sets.saturating());
    let report = report.expect("every named set is compiled");
    saturation.stop_reason = report.stop_reason.name().replace('_', " ");
    for (name, count) in report.rules_fired {
        *saturation.rules_fired.entry(name).or_default() += count;
    }
    saturation.rules_fired.retain(|_, count| *count > 0);
}

/// Admits the approximations whose propagated error fits the budget; true if there are any.
fn admit(
    model: &mut Model<'_>,
    options: &Options,
    plan: &Plan,
    saturation: &mut Saturation,
) -> bool {
    let Some(budget) = options.max_error else { return false };
    let mut candidates = approx::candidates(model, plan.approximate_tanh, plan.approximate_pow);
    if candidates.is_empty() || model.graph.root_contradiction().is_some() {
        return false;
    }
    candidates.truncate(MAX_SITES);
    let Some(exact) = extract_program(model, &GreedyDifferences, &[]) else { return false };
    let judge = |sites: &[Site]| certify::certify(model, &exact.selection, &[], sites);
    // Smallest error first, so that as many as possible fit.
    let mut alone: Vec<(f64, Site)> = candidates
        .into_iter()
        .filter(|site| exact.selection.used.contains_key(&model.graph.find(site.class)))
        .map(|site| (judge(&[site]), site))
        .filter(|(error, _)| *error <= budget)
        .collect();
    alone.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut admitted: Vec<Site> = Vec::new();
    for (_, site) in alone {
        admitted.push(site);
        if judge(&admitted) > budget {
            admitted.pop();
        }
    }
    let placed = approx::insert(&mut model.graph, &admitted);
    admitted.truncate(placed);
    if admitted.is_empty() {
        return false;
    }
    for site in &admitted {
        *saturation.rules_fired.entry(site.rule().to_owned()).or_default() += 1;
    }
    saturation.sites = admitted;
    true
}

/// The certificate of an extracted program; none if it exceeds the budget.
pub(crate) fn certify(
    model: &Model<'_>,
    sites: &[Site],
    extracted: &Extracted,
    options: &Options,
) -> Option<Certificate> {
    let graph = &model.graph;
    let mut approximations = Vec::new();
    for node in extracted.selection.used.values() {
        let analysis = graph.analysis();
        if analysis.language.meaning(graph.op(*node)) != Meaning::Approx {
            continue;
        }
        if let Payload::Site(k) = analysis.payloads.get(graph.payload(*node)) {
            let site = sites[k as usize];
            approximations.push(Approximation {
                rule: site.rule().to_owned(),
                domain: (site.range.lo, site.range.hi),
                bound: site.bound(site.range.magnitude()),
            });
        }
    }
    if approximations.is_empty() {
        return Some(Certificate { approximations, bound: None });
    }
    let bound = certify::certify(model, &extracted.selection, sites, &[]);
    let fits = options.max_error.is_some_and(|budget| bound <= budget);
    fits.then_some(Certificate { approximations, bound: Some(bound) })
}

/// Nodes that stand for approximations: banned where a certificate fails.
pub(crate) fn approximate_nodes(model: &Model<'_>) -> Vec<egraph_core::ENodeId> {
    let op = model.graph.analysis().language.approx;
    model.graph.nodes_with_op(op).collect()
}
