//! Rules, and one iteration of a set of them: search on a frozen store, then commit, then rebuild.

use std::time::{Duration, Instant};

use rayon::prelude::*;

use super::actions::{Actions, Actor};
use super::batch::Scratch;
use super::block::{BLOCK, Calls, Selection};
use super::search::Unit;
use super::{Budget, Matches, Prims, Query, Search};
use crate::store::{Refused, Store, Value};

/// A compiled rule. One compilation serves any number of stores with the same tables.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) name: String,
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

/// Limits of one iteration.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Bounds {
    pub(crate) deadline: Option<Instant>,
    /// Bytes of store and matches.
    pub(crate) bytes: Option<usize>,
}

impl Bounds {
    fn check(&self, store: &Store) -> Result<(), Halt> {
        if self.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
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
    /// Matches committed.
    pub(crate) committed: Vec<usize>,
    /// Time of finding them, on whichever thread.
    pub(crate) times: Vec<Duration>,
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
type Found = Vec<Vec<Value>>;

/// Words that are not worth a part of their own.
const SHORT: usize = 1 << 12;
/// From so many matches on, those whose effects hold meanwhile are looked for together.
const FEW: usize = 16;

/// Searches all rules on the closed store, commits what they found in their order, and rebuilds.
/// The store is closed afterwards in any case.
pub(crate) fn iterate<P: Prims, A: Actor>(
    store: &mut Store,
    actor: &mut A,
    prims: &P,
    due: &mut [Due<'_>],
    bounds: Bounds,
    pool: Option<&rayon::ThreadPool>,
    mut admission: Option<Admission<'_>>,
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
    let mut scratch = Scratch::default();
    let found = search(store, prims, due, bounds, most, pool, &mut scratch, &mut done);
    done.search = started.elapsed();
    let (mut found, whole) = match found {
        Ok(found) => found,
        Err(halt) => return (done, Err(halt)),
    };
    for (rule, due) in due.iter_mut().enumerate() {
        let mut matches = done.matches[rule];
        if !whole[rule] {
            matches = matches.saturating_add(*due.known);
        }
        if let Some(admission) = &mut admission {
            let most = admission.most[rule];
            if matches > most && done.matches[rule] <= most {
                matches = count(store, prims, &due.rule.query, most, bounds);
            }
            if !(admission.admit)(rule, matches) {
                found[rule].clear();
                continue;
            }
        }
        *due.since = now;
        *due.known = matches;
    }
    let started = Instant::now();
    let outcome = commit(store, actor, due, found, bounds, &mut scratch, &mut done);
    done.commit = started.elapsed();
    let started = Instant::now();
    let rebuilt = store.rebuild(actor).map_err(|refused| match refused {
        Refused::Full => Halt::Full,
        Refused::Failed(why) => Halt::Failed(0, why),
    });
    done.rebuild = started.elapsed();
    done.changed = store.version() != version;
    (done, outcome.and(rebuilt))
}

/// The number of all matches, as far as it is not above a number.
fn count<P: Prims>(
    store: &mut Store,
    prims: &P,
    query: &Query,
    most: usize,
    bounds: Bounds,
) -> usize {
    let search = Search::new(query, store, 0);
    let matches = most.saturating_add(1);
    let budget = Budget { matches, deadline: bounds.deadline, shared: false };
    search.run_all(store, prims, budget).count
}

/// The matches of all rules whose effects do not hold yet, and whether all matches were looked at.
#[expect(clippy::too_many_arguments, reason = "what an iteration consists of")]
fn search<P: Prims>(
    store: &mut Store,
    prims: &P,
    due: &[Due<'_>],
    bounds: Bounds,
    most: &[usize],
    pool: Option<&rayon::ThreadPool>,
    scratch: &mut Scratch,
    done: &mut Iteration,
) -> Result<(Vec<Found>, Vec<bool>), Halt> {
    let searches: Vec<Search<'_>> = due
        .iter()
        .map(|due| {
            let since = if due.rule.naive { 0 } else { *due.since };
            Search::new(&due.rule.query, store, since)
        })
        .collect();
    let whole = searches.iter().map(|search| search.since == 0).collect();
    let store = &*store;
    let run = |scratch: &mut Scratch, rule: usize, unit: &Unit, shared: bool| -> Matches {
        let started = Instant::now();
        let matches = most.get(rule).map_or(usize::MAX, |most| most.saturating_add(1));
        let budget = Budget { matches, deadline: bounds.deadline, shared };
        let actions = Some(&due[rule].rule.actions);
        let mut found = searches[rule].run(store, prims, unit, budget, actions, scratch);
        found.time = started.elapsed();
        found
    };
    let work: Vec<(usize, &Unit)> = searches
        .iter()
        .enumerate()
        .flat_map(|(rule, search)| search.units.iter().map(move |unit| (rule, unit)))
        .collect();
    let mut results: Vec<Option<Matches>> = vec![None; work.len()];
    if let Some(pool) = pool.filter(|pool| pool.current_num_threads() > 1 && work.len() > 1) {
        results = pool.install(|| {
            work.par_iter()
                .map_init(Scratch::default, |scratch, (rule, unit)| {
                    Some(run(scratch, *rule, unit, true)).filter(|found| !found.deferred)
                })
                .collect()
        });
    }
    let mut words: Vec<Found> = vec![Vec::new(); due.len()];
    let mut bytes = 0;
    for ((rule, unit), result) in work.into_iter().zip(results) {
        let most = most.get(rule).copied().unwrap_or(usize::MAX);
        if done.matches[rule] > most {
            // They are too many already, on any number of threads.
            continue;
        }
        let found = result.unwrap_or_else(|| run(scratch, rule, unit, false));
        if found.timed_out {
            return Err(Halt::Time);
        }
        done.matches[rule] = (done.matches[rule] + found.count).min(most.saturating_add(1));
        done.times[rule] += found.time;
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
    Ok((words, whole))
}

fn commit<A: Actor>(
    store: &mut Store,
    actor: &mut A,
    due: &[Due<'_>],
    found: Vec<Found>,
    bounds: Bounds,
    scratch: &mut Scratch,
    done: &mut Iteration,
) -> Result<(), Halt> {
    let mut registers: Vec<Value> = Vec::new();
    for (index, (due, parts)) in due.iter().zip(found).enumerate() {
        let (rule, stride) = (due.rule, due.rule.query.stride().max(1));
        registers.resize(rule.actions.kinds.len().max(registers.len()), 0);
        for part in parts {
            for words in part.chunks(BLOCK * stride) {
                bounds.check(store)?;
                let unmet = unmet(store, rule, words, scratch);
                done.committed[index] += unmet.len();
                for at in unmet.as_slice() {
                    let words = &words[*at as usize * stride..][..stride];
                    for (var, value) in rule.query.report.iter().zip(words) {
                        registers[*var as usize] = *value;
                    }
                    let done = actor.commit_match(store, index, rule, &mut registers);
                    done.map_err(|refused| match refused {
                        Refused::Full => Halt::Full,
                        Refused::Failed(why) => Halt::Failed(index, why),
                    })?;
                }
            }
        }
    }
    Ok(())
}

/// Those of a block of matches whose effects do not hold in the meantime.
fn unmet(store: &Store, rule: &Rule, words: &[Value], scratch: &mut Scratch) -> Selection {
    let (query, actions) = (&rule.query, &rule.actions);
    let all = Selection::all(words.len() / query.stride().max(1));
    if !query.idempotent || query.report.is_empty() || all.len() < FEW {
        return all;
    }
    let block = scratch.first();
    block.load(actions.kinds.len(), &query.report, words);
    block.renew(store, &query.report, &actions.kinds);
    actions.drop_met(store, Calls::<()>::None, block);
    block.selected.clone()
}
