//! The whole road of one function: encode, saturate, extract, decode, judge.

use crate::derivation::derivation;
use crate::encode::{Assumptions, encode};
use crate::extraction::{
    Attempts, Extracted, cost_of, extract_exactly, extract_program, extract_then,
};
use crate::facts::Range;
use crate::families::{Plan, check, plan};
use crate::greedy::GreedyDifferences;
use crate::improve::improve;
use crate::interval::{Floats, Ints};
use crate::language::Language;
use crate::model::Model;
use crate::options::{Optimized, Options, OptionsError, Report};
use crate::saturate::{Certificate, Saturation, approximate_nodes, certify};
use crate::versions::{Version, version};
use extract::Extractor;
use rvsdg::{Function, Type};
use std::time::Instant;

/// A second version of a function must be cheaper by this factor.
const WORTH_A_VERSION: f64 = 0.9;

/// Rules that are left out where nothing legal is found with them.
const SHAPES: [&str; 3] = ["peel", "unswitch", "unroll-by-factor"];

/// E-nodes of a graph that is small enough for the exact extraction.
const EXACT_NODES: usize = 512;

/// Who chooses.
#[derive(Clone, Copy)]
struct Chooser<'a> {
    extractor: &'a dyn Extractor,
    /// What the extractor finds is a start: see [`search_further`].
    further: bool,
}

/// Optimises a function: [`GreedyDifferences`] chooses; where there are regions or effects, the exact
/// search of [`extract_exactly`] on small e-graphs, or else a local search, may find something
/// cheaper.
///
/// # Errors
/// If the options do not fit the function or each other.
pub fn optimize(function: &Function, options: &Options) -> Result<Optimized, OptionsError> {
    choose(function, options, Chooser { extractor: &GreedyDifferences, further: true })
}

/// Optimises a function with an extractor of the caller's choice.
///
/// The result is never dearer than the input under the cost model: if it would be, or if the
/// function cannot be encoded within the limits, the input comes back and the report says so.
///
/// # Errors
/// If the options do not fit the function or each other.
pub fn optimize_with(
    function: &Function,
    options: &Options,
    extractor: &dyn Extractor,
) -> Result<Optimized, OptionsError> {
    choose(function, options, Chooser { extractor, further: false })
}

fn choose(
    function: &Function,
    options: &Options,
    extractor: Chooser<'_>,
) -> Result<Optimized, OptionsError> {
    let mut report =
        Report { cost_before: cost_of(function, &options.cost_model), ..Report::default() };
    report.cost_after = report.cost_before;
    let (assumptions, plan) = understand(function, options)?;
    if plan.tail_recursion
        && let Some(looped) = crate::tail::loop_of(function)
    {
        return as_loop(function, &looped, options, extractor);
    }
    if !function.phi.is_empty() {
        return with_members(function, options, extractor, (&assumptions, &plan), report);
    }
    let mut best = one_version(function, options, extractor, (&assumptions, &plan), report);
    if plan.versions
        && let Some(version) = version(function)
    {
        let start = Instant::now();
        let assumptions = Assumptions { holds: Some(version.holds), ..assumptions };
        let report = Report { cost_before: best.report.cost_before, ..Report::default() };
        let source = &version.function;
        let fast = one_version(source, options, extractor, (&assumptions, &plan), report);
        best.report.phases.insert("versions", start.elapsed());
        let cost = fast.report.cost_after + version.overhead(&options.cost_model);
        if !fast.report.kept_input && cost < best.report.cost_after * WORTH_A_VERSION {
            best = join(function, &version, &best, fast, cost);
        }
    }
    Ok(best)
}

/// Optimises the loop that a function is that calls itself last.
fn as_loop(
    function: &Function,
    looped: &Function,
    options: &Options,
    extractor: Chooser<'_>,
) -> Result<Optimized, OptionsError> {
    let mut optimized = choose(looped, options, extractor)?;
    let report = &mut optimized.report;
    report.cost_before = cost_of(function, &options.cost_model);
    report.kept_input = false;
    report.rules_fired.insert(crate::tail::RULE.to_owned(), 1);
    if options.trace {
        let outputs = function.result_types().len() + function.state_types().len();
        report.derivation.resize(outputs, Vec::new());
        for rules in &mut report.derivation {
            rules.push(crate::tail::RULE.to_owned());
        }
    }
    Ok(optimized)
}

/// Optimises a function and those that it calls by number, each for itself: a call is opaque. One
/// with arrays stays as it is, because a call may write to all of them.
fn with_members(
    function: &Function,
    options: &Options,
    extractor: Chooser<'_>,
    known: (&Assumptions, &Plan),
    report: Report,
) -> Result<Optimized, OptionsError> {
    if function.mems > 0 || options.max_error.is_some() {
        let stop_reason = "recursion".to_owned();
        let report = Report { stop_reason, kept_input: true, ..report };
        return Ok(Optimized { function: function.clone(), report });
    }
    let mut best = one_version(function, options, extractor, known, report);
    // What is asserted of the parameters holds for the first call only.
    let options = Options { domains: indexmap::IndexMap::new(), ..options.clone() };
    for (number, member) in function.phi.iter().enumerate() {
        let (assumptions, plan) = understand(member, &options)?;
        let report =
            Report { cost_before: cost_of(member, &options.cost_model), ..Report::default() };
        let optimized = one_version(member, &options, extractor, (&assumptions, &plan), report);
        for (name, count) in optimized.report.rules_fired {
            *best.report.rules_fired.entry(name).or_default() += count;
        }
        best.function.phi[number] = optimized.function.into();
    }
    Ok(best)
}

/// The two versions as one program, with what is to be reported about both.
fn join(
    function: &Function,
    version: &Version,
    whole: &Optimized,
    fast: Optimized,
    cost: f64,
) -> Optimized {
    let function = version.join(function, &whole.function, &fast.function);
    let phases = whole.report.phases.clone();
    let mut rules_fired = whole.report.rules_fired.clone();
    rules_fired.insert("checks-leave-loops".to_owned(), 1);
    for (name, count) in &fast.report.rules_fired {
        *rules_fired.entry(name.clone()).or_default() += count;
    }
    let mut derivation = fast.report.derivation.clone();
    for (at, rules) in derivation.iter_mut().enumerate() {
        rules.extend(whole.report.derivation.get(at).into_iter().flatten().cloned());
        rules.push("checks-leave-loops".to_owned());
        rules.sort_unstable();
        rules.dedup();
    }
    let report = Report { phases, rules_fired, derivation, cost_after: cost, ..fast.report };
    Optimized { function, report }
}

/// Encodes, saturates and extracts one function.
fn one_version(
    function: &Function,
    options: &Options,
    extractor: Chooser<'_>,
    (assumptions, plan): (&Assumptions, &Plan),
    mut report: Report,
) -> Optimized {
    let keep = |mut report: Report, reason: &str| {
        reason.clone_into(&mut report.stop_reason);
        report.kept_input = true;
        Optimized { function: function.clone(), report }
    };

    let start = Instant::now();
    let model = encode(function, assumptions);
    report.phases.insert("encode", start.elapsed());
    let Ok(mut model) = model else { return keep(report, "node limit") };

    let start = Instant::now();
    let saturation = crate::saturate::saturate(&mut model, options, plan);
    report.phases.insert("saturate", start.elapsed());
    report.stop_reason.clone_from(&saturation.stop_reason);
    report.rules_fired.clone_from(&saturation.rules_fired);
    report.e_nodes = model.graph.node_count();
    report.e_classes = model.graph.class_count();
    if model.graph.root_contradiction().is_some() {
        return keep(report, "contradiction");
    }

    let start = Instant::now();
    let judged = certified_program(&model, &saturation, options, extractor);
    report.phases.insert("extract", start.elapsed());
    let Some((extracted, certificate)) = judged else {
        // Loops in several shapes have many programs with effects twice or not at all.
        if saturation.rules_fired.keys().any(|rule| SHAPES.contains(&rule.as_str())) {
            let mut options = options.clone();
            options.without.extend(SHAPES.map(str::to_owned));
            let cost = report.cost_before;
            let report = Report { cost_before: cost, cost_after: cost, ..Report::default() };
            return one_version(function, &options, extractor, (assumptions, plan), report);
        }
        report.kept_input = true;
        report.nothing_legal = true;
        return Optimized { function: function.clone(), report };
    };
    let cost = cost_of(&extracted.function, &options.cost_model);
    if cost >= report.cost_before {
        report.kept_input = true;
        return Optimized { function: function.clone(), report };
    }
    report.cost_after = cost;
    report.approximations = certificate.approximations;
    report.error_bound = certificate.bound;
    if options.trace {
        let used = report.approximations.iter().map(|used| used.rule.clone()).collect();
        report.derivation = derivation(&model, &saturation, &used);
    }
    Optimized { function: extracted.function, report }
}

/// A legal program, or a cheaper one where values and states may be worth choosing together: where
/// there are regions or effects. Small e-graphs are searched exactly; where nothing is proved, bans
/// look for something cheaper.
fn search_further(
    model: &Model<'_>,
    attempts: &mut Attempts<'_, '_>,
    found: Extracted,
) -> Extracted {
    let joint = !model.instances.is_empty() || model.graph.analysis().language.mems() > 0;
    let cost = cost_of(&found.function, &model.costs);
    if !joint || cost <= 0.0 {
        return found;
    }
    let small = model.graph.node_count() <= EXACT_NODES;
    let exact = if small { extract_exactly(model) } else { None };
    let proved = exact.as_ref().is_some_and(|(_, proved)| *proved);
    let found = if proved { found } else { improve(attempts, found) };
    let cost = |extracted: &Extracted| cost_of(&extracted.function, &model.costs);
    match exact {
        Some((exact, _)) if cost(&exact) < cost(&found) => exact,
        _ => found,
    }
}

/// The cheapest legal program within the error budget: where an approximated one exceeds it, the
/// cheapest exact one.
fn certified_program(
    model: &Model<'_>,
    saturation: &Saturation,
    options: &Options,
    chooser: Chooser<'_>,
) -> Option<(Extracted, Certificate)> {
    let extractor = chooser.extractor;
    let further = chooser.further && options.max_error.is_none();
    let extracted = extract_then(model, extractor, &[], |attempts, found| {
        if further { search_further(model, attempts, found) } else { found }
    });
    let small = further && model.graph.node_count() <= EXACT_NODES;
    let exactly = || small.then(|| extract_exactly(model)).flatten().map(|(exact, _)| exact);
    let extracted = extracted.or_else(exactly)?;
    if let Some(certificate) = certify(model, &saturation.sites, &extracted, options) {
        return Some((extracted, certificate));
    }
    let exact = extract_program(model, extractor, &approximate_nodes(model))?;
    let certificate = certify(model, &saturation.sites, &exact, options)?;
    Some((exact, certificate))
}

/// What the analysis may assume (the asserted domains, folding) and which rules run.
pub(crate) fn understand(
    function: &Function,
    options: &Options,
) -> Result<(Assumptions, Plan), OptionsError> {
    for (name, (lo, hi)) in &options.domains {
        let param = function.params.iter().find(|param| *param.name == **name);
        let bad = |text: String| Err(OptionsError::BadDomain(text));
        match param {
            None => return bad(format!("`{}` has no parameter `{name}`", function.name)),
            Some(param) if !param.ty.is_float() && !param.ty.is_int() => {
                return bad(format!("`{name}` is not a number"));
            }
            _ if lo.is_nan() || hi.is_nan() || lo > hi => {
                return bad(format!("`{name}={lo}..{hi}` is empty"));
            }
            _ => {}
        }
    }
    if options.max_error.is_some_and(|budget| !(budget > 0.0 && budget.is_finite())) {
        return Err(OptionsError::BadBudget);
    }
    let formals = function
        .params
        .iter()
        .map(|param| domain_of(param.ty, options.domains.get(&*param.name).copied()))
        .collect();
    if !options.user_rules.is_empty() {
        let real = options.fast_math && options.max_error.is_none();
        check(&options.user_rules, &Language::new(function), real)?;
    }
    let plan = plan(options)?;
    let assumptions = Assumptions {
        formals,
        fold: plan.fold,
        inexact: options.fast_math,
        holds: None,
        node_limit: options.node_limit,
        costs: Some(options.cost_model.clone()),
    };
    Ok((assumptions, plan))
}

fn domain_of(ty: Type, domain: Option<(f64, f64)>) -> Range {
    let any = Range::any(ty);
    let Some((lo, hi)) = domain else { return any };
    match any {
        Range::Floats(_) => Range::Floats(Floats::new(lo, hi)),
        Range::Ints(within) => {
            // Casts saturate, so that a bound beyond the type is the type's own.
            let asserted = Ints::new(lo.ceil() as i64, hi.floor() as i64);
            Range::Ints(asserted.intersect(within))
        }
        Range::Other => Range::Other,
    }
}

/// The e-graph of a function after saturation, for those who want to look into it.
///
/// # Errors
/// If the options do not fit the function or each other.
pub fn saturated<'f>(
    function: &'f Function,
    options: &Options,
) -> Result<Option<Model<'f>>, OptionsError> {
    let (assumptions, plan) = understand(function, options)?;
    let Ok(mut model) = encode(function, &assumptions) else { return Ok(None) };
    crate::saturate::saturate(&mut model, options, &plan);
    Ok(Some(model))
}
