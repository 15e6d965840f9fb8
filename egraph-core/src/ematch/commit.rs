//! Commits: what rules say for their matches, in the order of rules and matches, by one thread;
//! others test matches before, and list rows beside it.

use std::sync::atomic::Ordering;
use std::time::Instant;

use super::actions::Actor;
use super::batch::Scratch;
use super::block::{BLOCK, Calls, Selection};
use super::rules::{Bounds, Due, Found, Halt, Iteration, Rule};
use crate::store::{Expected, Listing, Store, Value};
use crate::threads::Pool;

/// From so many matches on they are committed by the block, or those whose effects hold meanwhile are
/// looked for together.
const FEW: usize = 16;
/// Looking for them pays where at least one in so many is found.
const SHARE_MET: usize = 32;
/// Blocks of matches that are not looked at after one in which it did not pay.
const PAUSE: usize = 3;
/// Matches that one thread tests at a time.
const PIECE: usize = 1 << 10;
/// From so many words of matches on, what they add is listed at once.
const MANY: usize = 1 << 8;
/// As long as they are not so many for each row: where most rows are new, many change or are never
/// looked up before they are listed.
const SHARE: usize = 2;
/// Nanoseconds, at least, that listing takes for each word of a match.
const LISTING: u64 = 10;
/// About so many words of matches before the last is committed, threads are told that there will
/// be work.
const SOON: usize = 1 << 14;
/// Pieces that are tested before they are committed: few of their matches have the same effects.
const WINDOW: usize = 32;
/// Testing them by several threads pays where at least one match in so many is dropped: those that
/// are left are tested again, and what several threads have read takes one longer to change.
const SHARE_SIFTED: usize = 3;
/// Windows of a rule's matches that are not tested after one in which it did not pay, or was in vain.
const UNSIFTED: u32 = 32;
/// Rules with fewer pieces are not tested: the fewer matches, the fewer do the same.
const SIFTED: usize = 16;
/// Of the rows that matches name, one in so many is expected to be new.
const SHARE_NEW: usize = 2;
/// No table is expected to get more than so many times the rows that it has.
const MOST_GROWTH: usize = 2;

/// Committing what rules found.
pub(super) struct Commit<'a, 'd> {
    pub(super) due: &'a [Due<'d>],
    pub(super) bounds: Bounds,
    pub(super) scratch: &'a mut Scratch,
    pub(super) done: &'a mut Iteration,
}

/// What is left of a block of matches, and how many it had: blocks are what they are on any number
/// of threads, as classes are numbered block by block.
#[derive(Clone, Copy)]
struct Part<'a> {
    words: &'a [Value],
    of: usize,
}

/// Threads that list rows while others are committed.
struct Feed<'a> {
    listing: &'a Listing,
    /// Calls them.
    call: &'a dyn Fn(),
}

impl Commit<'_, '_> {
    /// Commits, and lists in the indexes in use what that adds: beside it if another thread is
    /// there for that.
    pub(super) fn run<A: Actor>(
        &mut self,
        store: &mut Store,
        actor: &mut A,
        found: Vec<Found>,
    ) -> Result<(), Halt> {
        let words: usize = found.iter().flatten().map(Vec::len).sum();
        if words >= MANY {
            self.make_room(store, actor, &found);
        }
        let mut rules = self.due.iter().zip(&found);
        let mut plain = || rules.all(|(due, found)| found.is_empty() || due.rule.actions.adds);
        if words < MANY || words / SHARE > store.live() || !plain() {
            return self.rules(store, actor, found, None);
        }
        let indexes = store.current_indexes();
        let unbound = self.bounds.bytes.is_none();
        let aside = |pool: &Pool| unbound && pool.pays_aside(words as u64 * LISTING);
        let outcome = if let Some(pool) = store.pool.clone().filter(aside) {
            let listing = store.lend(&indexes);
            let outcome = pool.beside(
                || listing.work(),
                |call| {
                    let feed = Feed { listing: &listing, call };
                    let outcome = self.rules(store, actor, found, Some(&feed));
                    listing.finish(store);
                    outcome
                },
            );
            store.give_back(listing);
            outcome
        } else {
            self.rules(store, actor, found, None)
        };
        for (table, column) in indexes {
            store.want_index(table, column);
        }
        store.catch_up();
        outcome
    }

    /// Makes room for what is expected of what was found. Many matches add the same.
    fn make_room<A: Actor>(&self, store: &mut Store, actor: &mut A, found: &[Found]) {
        // What is touched ahead counts as used, on some numbers of threads more than on others.
        let touched = self.bounds.bytes.is_none();
        let mut expected = Expected { rows: vec![0; store.tables.len()], classes: 0, touched };
        for (due, found) in self.due.iter().zip(found) {
            let words: usize = found.iter().map(Vec::len).sum();
            let new = words / due.rule.query.stride().max(1) / SHARE_NEW;
            for (table, with_class) in due.rule.actions.adds_to() {
                expected.rows[table as usize] += new;
                expected.classes += if with_class { new } else { 0 };
            }
        }
        expected.classes = expected.classes.min(MOST_GROWTH * store.classes.len());
        for (more, table) in expected.rows.iter_mut().zip(&store.tables) {
            let most = if table.decl.implied { expected.classes } else { *more };
            *more = most.min(MOST_GROWTH * table.live() as usize);
        }
        store.make_room(&expected, actor.by_class());
    }

    /// Commits what was found, rule by rule.
    fn rules<A: Actor>(
        &mut self,
        store: &mut Store,
        actor: &mut A,
        found: Vec<Found>,
        feed: Option<&Feed<'_>>,
    ) -> Result<(), Halt> {
        let mut registers: Vec<Value> = Vec::new();
        let searched = store.version();
        let mut left: usize = found.iter().flatten().map(Vec::len).sum();
        for (index, (due, parts)) in self.due.iter().zip(found).enumerate() {
            let (rule, stride) = (due.rule, due.rule.query.stride().max(1));
            registers.resize(rule.actions.kinds.len().max(registers.len()), 0);
            let pieces: Vec<&[Value]> =
                parts.iter().flat_map(|part| part.chunks(PIECE * stride)).collect();
            let words: usize = parts.iter().map(Vec::len).sum();
            if left > SOON && left - words <= SOON {
                store.pool.iter().for_each(Pool::alert);
            }
            left -= words;
            let mut pause = 0;
            for window in pieces.chunks(WINDOW) {
                let few = pieces.len() < SIFTED;
                let sifted = if few || store.version() == searched || actor.remembers() {
                    None
                } else {
                    sifted(store, rule, window, self.scratch)
                };
                let blocks = window.iter().flat_map(|piece| piece.chunks(BLOCK * stride));
                let open = store.open();
                for (at, block) in blocks.enumerate() {
                    // What holds of classes may have to be said again of those they become.
                    let of = block.len() / stride;
                    let sifted = sifted.as_ref().filter(|_| of >= FEW && store.open() == open);
                    let words = sifted.map_or(block, |kept| &kept[at]);
                    if words.is_empty() {
                        continue;
                    }
                    let part = Part { words, of };
                    self.bounds.check(store)?;
                    self.block(store, actor, index, part, &mut pause, &mut registers)?;
                    actor.committed(store);
                    if let Some(feed) = feed
                        && feed.listing.feed(store)
                    {
                        (feed.call)();
                    }
                }
                if sifted.is_some() && store.open() != open {
                    rule.query.unsifted.store(UNSIFTED, Ordering::Relaxed);
                }
            }
        }
        Ok(())
    }

    /// Commits a block of the matches of a rule, but for those whose effects hold in the meantime.
    /// For so many more blocks as `pause` says it does not pay to look for them.
    fn block<A: Actor>(
        &mut self,
        store: &mut Store,
        actor: &mut A,
        index: usize,
        Part { words, of }: Part<'_>,
        pause: &mut usize,
        registers: &mut [Value],
    ) -> Result<(), Halt> {
        let rule = self.due[index].rule;
        let (report, stride) = (&rule.query.report, rule.query.stride().max(1));
        let all = words.len() / stride;
        let halt = |refused| Halt::of(index, refused);
        if of >= FEW && !report.is_empty() && rule.actions.in_columns(store) && !actor.remembers() {
            let (block, mut changed) = (self.scratch.first(), [false; BLOCK]);
            block.load(rule.actions.kinds.len(), report, words);
            let outcome = block.commit(store, actor, &rule.actions, &mut changed);
            self.done.committed[index] += changed.iter().filter(|changed| **changed).count();
            return outcome.map_err(halt);
        }
        let mut unmet = Selection::all(all);
        if *pause > 0 && !actor.remembers() {
            *pause -= 1;
        } else if rule.query.idempotent && !report.is_empty() && all >= FEW {
            let block = self.scratch.first();
            block.load(rule.actions.kinds.len(), report, words);
            block.renew(store, report, &rule.actions.kinds);
            rule.actions.drop_met(store, Calls::<()>::None, block);
            unmet = block.selected.clone();
            if (all - unmet.len()) * SHARE_MET < all {
                *pause = PAUSE;
            }
        }
        for at in unmet.as_slice() {
            let words = &words[*at as usize * stride..][..stride];
            for (var, value) in report.iter().zip(words) {
                registers[*var as usize] = *value;
            }
            let version = store.version();
            let outcome = actor.commit_match(store, index, rule, registers);
            self.done.committed[index] += usize::from(store.version() != version);
            outcome.map_err(halt)?;
        }
        Ok(())
    }
}

/// The matches of each block of pieces without those whose effects hold, tested by several threads;
/// none if that is not worth it. What holds does so until classes are united.
fn sifted(
    store: &Store,
    rule: &Rule,
    pieces: &[&[Value]],
    scratch: &mut Scratch,
) -> Option<Vec<Vec<Value>>> {
    let (query, actions) = (&rule.query, &rule.actions);
    let stride = query.stride().max(1);
    let lower = |left: u32| left.checked_sub(1);
    // In columns nothing of a block is looked up after its first union.
    let lasts = actions.in_columns(store) && actions.unites_last();
    if !lasts || !query.idempotent || query.report.is_empty() {
        return None;
    }
    // It is nobody's loss if two windows count as one.
    if query.unsifted.fetch_update(Ordering::Relaxed, Ordering::Relaxed, lower).is_ok() {
        return None;
    }
    let foreseen = pieces.iter().map(|words| store.testing.foresee(words.len() / stride));
    let pool = store.pool.as_ref().filter(|pool| pool.pays(foreseen))?;
    let numbers: Vec<u32> = (0..pieces.len() as u32).collect();
    let sifted = pool.map(scratch, &numbers, |scratch, at| {
        let (started, words) = (Instant::now(), pieces[at]);
        let block = scratch.first();
        let kept = words.chunks(BLOCK * stride).map(|words| {
            block.load(actions.kinds.len(), &query.report, words);
            block.renew(store, &query.report, &actions.kinds);
            actions.drop_met(store, Calls::<()>::None, block);
            let mut kept = Vec::new();
            block.append_to(&query.report, &mut kept);
            kept
        });
        let kept: Vec<Vec<Value>> = kept.collect();
        store.testing.measured(words.len() / stride, started.elapsed());
        kept
    });
    let sifted: Vec<Vec<Value>> = sifted.into_iter().flat_map(|(_, kept)| kept).collect();
    let kept: usize = sifted.iter().map(Vec::len).sum();
    let all: usize = pieces.iter().map(|words| words.len()).sum();
    if (all - kept) * SHARE_SIFTED < all {
        query.unsifted.store(UNSIFTED, Ordering::Relaxed);
    }
    Some(sifted)
}
