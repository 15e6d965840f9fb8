//! Rules, and one iteration of a set of them: search on a frozen store, then commit, then rebuild.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::actions::{Actions, Actor};
use super::batch::Scratch;
use super::commit::Commit;
use super::search::Unit;
use super::{Budget, Matches, Prims, Query, Search};
use crate::store::{Refused, Store, Value};
use crate::threads::Pool;

/// A compiled rule. One compilation serves any number of stores with the same tables.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) query: Query,
    pub(crate) actions: Actions,
    /// Searched from scratch each time.
    pub(crate) naive: bool,
}

/// Why an iteration ended early.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Halt {
    Full,
    Time,
    Memory,
    /// A rule failed: its index and why.
    Failed(usize, String),
}

impl Halt {
    /// Why a rule, by its number, could not go on.
    pub(super) fn of(rule: usize, refused: Refused) -> Self {
        match refused {
            Refused::Full => Self::Full,
            Refused::Failed(why) => Self::Failed(rule, why),
        }
    }
}

/// Limits of one iteration.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Bounds {
    pub(crate) deadline: Option<Instant>,
    /// Bytes of store and matches.
    pub(crate) bytes: Option<usize>,
}

impl Bounds {
    pub(super) fn check(&self, store: &Store) -> Result<(), Halt> {
        // What was done has still to be closed under congruence in time.
        let rest = || Duration::from_nanos(store.rebuilding.foresee(store.open()));
        if self.deadline.is_some_and(|deadline| Instant::now() + rest() >= deadline) {
            return Err(Halt::Time);
        }
        if self.bytes.is_some_and(|limit| store.bytes() > limit) {
            return Err(Halt::Memory);
        }
        Ok(())
    }
}

/// What an iteration did.
#[derive(Clone, Debug, Default)]
pub(crate) struct Iteration {
    /// Matches found, by the rules given.
    pub(crate) matches: Vec<usize>,
    /// Matches that changed something.
    pub(crate) committed: Vec<usize>,
    /// Time of finding them, on whichever thread.
    pub(crate) times: Vec<Duration>,
    /// Admission included.
    pub(crate) search: Duration,
    pub(crate) commit: Duration,
    pub(crate) rebuild: Duration,
    /// The contents of the store changed.
    pub(crate) changed: bool,
}

/// A rule and the stamp since which it has not seen changes.
#[derive(Debug)]
pub(crate) struct Due<'a> {
    pub(crate) rule: &'a Rule,
    pub(crate) since: &'a mut u32,
    /// No fewer matches than were there at that stamp.
    pub(crate) known: &'a mut usize,
}

/// Says which rules may have how many matches, and which are committed.
pub(crate) struct Admission<'a> {
    /// Matches above which those of a rule need not be found, by the rules given.
    pub(crate) most: &'a [usize],
    /// Told a rule and the number of all its matches, those seen before included (exactly if that
    /// is above `most`, else no fewer than there are); false to drop them. The rule sees the new
    /// ones again.
    pub(crate) admit: &'a mut dyn FnMut(usize, usize) -> bool,
}

/// Matches of a rule, in parts.
pub(super) type Found = Vec<Vec<Value>>;

/// Words that are not worth a part of their own.
const SHORT: usize = 1 << 9;
/// Searches for which a rule is run in the order of calls after that proved necessary.
const IN_ORDER: u32 = 16;

/// Searches all rules on the closed store, commits what they found in their order, and rebuilds.
/// The store is closed afterwards in any case.
pub(crate) fn iterate<P: Prims, A: Actor>(
    store: &mut Store,
    actor: &mut A,
    prims: &P,
    due: &mut [Due<'_>],
    bounds: Bounds,
    mut admission: Option<Admission<'_>>,
    scratch: &mut Scratch,
) -> (Iteration, Result<(), Halt>) {
    let version = store.version();
    let mut done = Iteration {
        matches: vec![0; due.len()],
        committed: vec![0; due.len()],
        times: vec![Duration::ZERO; due.len()],
        ..Iteration::default()
    };
    let started = Instant::now();
    let now = store.tick();
    let most = admission.as_ref().map_or(&[][..], |admission| admission.most);
    let found = search(store, prims, due, bounds, most, scratch, &mut done);
    let (mut found, whole) = match found {
        Ok(found) => found,
        Err(halt) => {
            done.search = started.elapsed();
            return (done, Err(halt));
        }
    };
    let mut matches: Vec<usize> = Vec::with_capacity(due.len());
    for (rule, due) in due.iter().enumerate() {
        let known = if whole[rule] { 0 } else { *due.known };
        matches.push(done.matches[rule].saturating_add(known));
    }
    // Where that is too large a number, but what was found may be few enough, all are counted.
    let unsure = |rule: &usize| matches[*rule] > most[*rule] && done.matches[*rule] <= most[*rule];
    let unsure: Vec<usize> = (0..most.len()).filter(unsure).collect();
    let counted: Vec<(&Query, usize)> =
        unsure.iter().map(|rule| (&due[*rule].rule.query, most[*rule])).collect();
    for (rule, count) in unsure.iter().zip(count(store, prims, &counted, bounds, scratch)) {
        matches[*rule] = count;
    }
    for (rule, due) in due.iter_mut().enumerate() {
        if let Some(admission) = &mut admission {
            // Which of too many matches were found is nobody's business.
            if !(admission.admit)(rule, matches[rule]) || done.matches[rule] > admission.most[rule]
            {
                found[rule].clear();
                continue;
            }
        }
        *due.since = now;
        *due.known = matches[rule];
    }
    let searched = Instant::now();
    done.search = searched - started;
    let outcome = Commit { due, bounds, scratch, done: &mut done }.run(store, actor, found);
    let (committed, displaced) = (Instant::now(), store.open());
    done.commit = committed - searched;
    let rebuilt = store.rebuild(actor).map_err(|refused| Halt::of(0, refused));
    done.rebuild = committed.elapsed();
    store.rebuilding.measured(displaced, done.rebuild);
    done.changed = store.version() != version;
    (done, outcome.and(rebuilt))
}

/// The numbers of all matches of queries, each as far as it is not above a number.
fn count<P: Prims>(
    store: &mut Store,
    prims: &P,
    queries: &[(&Query, usize)],
    bounds: Bounds,
    scratch: &mut Scratch,
) -> Vec<usize> {
    if queries.is_empty() {
        return Vec::new();
    }
    let budget = |most: usize| Budget {
        matches: most + 1,
        deadline: bounds.deadline,
        counts: true,
        ..Budget::NONE
    };
    let searches: Vec<(Search<'_>, Budget<'_>)> = queries
        .iter()
        .map(|(query, most)| (Search::planned(query, store, 0), budget(*most)))
        .collect();
    store.catch_up();
    let store = &*store;
    let run_all =
        |(search, budget): &(Search<'_>, Budget<'_>)| search.run_all(store, prims, *budget).count;
    let units: Vec<(usize, &Unit)> = (0..)
        .zip(&searches)
        .flat_map(|(at, (search, _))| search.units.iter().map(move |unit| (at, unit)))
        .collect();
    let foreseen = units.iter().map(|(at, unit)| queries[*at].0.pace.foresee(unit.steps()));
    let Some(pool) = store.pool.as_ref().filter(|pool| pool.pays(foreseen)) else {
        return searches.iter().map(run_all).collect();
    };
    let counts: Vec<AtomicUsize> = searches.iter().map(|_| AtomicUsize::new(0)).collect();
    let pieces: Vec<u32> = (0..units.len() as u32).collect();
    let deferred = pool.map(scratch, &pieces, |scratch, piece| {
        let (at, unit) = units[piece];
        let ((search, budget), all) = (&searches[at], &counts[at]);
        let shared = Budget { shared: true, all: Some(all), ..*budget };
        // As many as are wanted are enough, whichever they are.
        all.load(Ordering::Relaxed) < budget.matches
            && search.run(store, prims, unit, shared, None, scratch).deferred
    });
    let mut counts: Vec<usize> = counts.into_iter().map(AtomicUsize::into_inner).collect();
    let in_order = deferred.into_iter().filter(|(_, deferred)| *deferred);
    let mut in_order: Vec<usize> = in_order.map(|(piece, _)| units[piece as usize].0).collect();
    in_order.dedup();
    for at in in_order {
        counts[at] = run_all(&searches[at]);
    }
    counts.iter().zip(&searches).map(|(count, (_, budget))| *count.min(&budget.matches)).collect()
}

/// Units of the searches of rules, in the order of the rules.
struct Work<'a> {
    rule: usize,
    unit: &'a Unit,
}

/// The numbers of the units that several threads are to run, the longest first; none if they are
/// not worth it.
fn shared(pool: &Pool, due: &[Due<'_>], work: &[Work<'_>]) -> Vec<u32> {
    for due in due {
        let lower = |left: u32| left.checked_sub(1);
        // It is nobody's loss if two searches count as one.
        let _ = due.rule.query.in_order.fetch_update(Ordering::Relaxed, Ordering::Relaxed, lower);
    }
    let mut pieces: Vec<(u32, u64)> = Vec::with_capacity(work.len());
    for (at, work) in work.iter().enumerate() {
        let query = &due[work.rule].rule.query;
        if query.in_order.load(Ordering::Relaxed) == 0 {
            pieces.push((at as u32, query.pace.foresee(work.unit.steps())));
        }
    }
    if !pool.pays(pieces.iter().map(|(_, foreseen)| *foreseen)) {
        return Vec::new();
    }
    pieces.sort_by_key(|(_, foreseen)| std::cmp::Reverse(foreseen.checked_ilog2()));
    pieces.into_iter().map(|(at, _)| at).collect()
}

/// The matches of all rules whose effects do not hold yet, and whether all matches were looked at.
fn search<P: Prims>(
    store: &mut Store,
    prims: &P,
    due: &[Due<'_>],
    bounds: Bounds,
    most: &[usize],
    scratch: &mut Scratch,
    done: &mut Iteration,
) -> Result<(Vec<Found>, Vec<bool>), Halt> {
    let searches: Vec<Search<'_>> = due
        .iter()
        .map(|due| {
            let since = if due.rule.naive { 0 } else { *due.since };
            Search::planned(&due.rule.query, store, since)
        })
        .collect();
    store.catch_up();
    let whole = searches.iter().map(|search| search.since == 0).collect();
    let store = &*store;
    let wanted = |rule: usize| most.get(rule).map_or(usize::MAX, |most| most.saturating_add(1));
    let deadline = bounds.deadline;
    let run = |scratch: &mut Scratch, work: &Work<'_>, budget: Budget<'_>| -> Matches {
        let actions = Some(&due[work.rule].rule.actions);
        searches[work.rule].run(store, prims, work.unit, budget, actions, scratch)
    };
    let work: Vec<Work<'_>> = searches
        .iter()
        .enumerate()
        .flat_map(|(rule, search)| search.units.iter().map(move |unit| Work { rule, unit }))
        .collect();
    let mut results: Vec<Option<Matches>> = vec![None; work.len()];
    if let Some(pool) = &store.pool {
        let pieces = shared(pool, due, &work);
        if !pieces.is_empty() {
            let counts: Vec<AtomicUsize> = due.iter().map(|_| AtomicUsize::new(0)).collect();
            let found = pool.map(scratch, &pieces, |scratch, at| {
                let (rule, matches) = (work[at].rule, wanted(work[at].rule));
                let all = &counts[rule];
                if all.load(Ordering::Relaxed) >= matches {
                    return Matches::default();
                }
                let started = Instant::now();
                let all = Some(all);
                let budget = Budget { matches, deadline, shared: true, all, ..Budget::NONE };
                let mut found = run(scratch, &work[at], budget);
                found.time = started.elapsed();
                found
            });
            for (at, found) in &found {
                if found.deferred {
                    let query = &due[work[*at as usize].rule].rule.query;
                    query.in_order.store(IN_ORDER, Ordering::Relaxed);
                }
            }
            for (at, found) in found {
                // What was counted of a unit that starts over may have ended others.
                let query = &due[work[at as usize].rule].rule.query;
                if query.in_order.load(Ordering::Relaxed) == 0 {
                    results[at as usize] = Some(found);
                }
            }
        }
    }
    let mut words: Vec<Found> = vec![Vec::new(); due.len()];
    let mut steps = vec![0; due.len()];
    let mut bytes = 0;
    // One look at the clock for each unit: it ends where the next one begins.
    let mut ended = Instant::now();
    for (work, result) in work.into_iter().zip(results) {
        let rule = work.rule;
        let rest = wanted(rule).saturating_sub(done.matches[rule]);
        if rest == 0 {
            // They are too many already, on any number of threads.
            continue;
        }
        let budget = Budget { matches: rest, deadline, ..Budget::NONE };
        let found = result.unwrap_or_else(|| {
            let (mut found, started) = (run(scratch, &work, budget), ended);
            ended = Instant::now();
            found.time = ended - started;
            found
        });
        if found.timed_out {
            return Err(Halt::Time);
        }
        done.matches[rule] += found.count.min(rest);
        done.times[rule] += found.time;
        steps[rule] += work.unit.steps();
        bytes += found.words.len() * size_of::<Value>();
        if bounds.bytes.is_some_and(|limit| bytes > limit) {
            return Err(Halt::Memory);
        }
        if due[rule].rule.query.report.is_empty() {
            // Nothing is bound: one match says as much as many.
            if found.count > 0 && words[rule].is_empty() {
                words[rule].push(vec![0]);
            }
            continue;
        }
        match words[rule].last_mut() {
            Some(last) if found.words.len() < SHORT => last.extend_from_slice(&found.words),
            _ => words[rule].push(found.words),
        }
    }
    if store.pool.is_some() {
        for (rule, due) in due.iter().enumerate() {
            due.rule.query.pace.measured(steps[rule], done.times[rule]);
        }
    }
    Ok((words, whole))
}
