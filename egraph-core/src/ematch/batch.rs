//! Running plans by the block: each step takes a block of partial matches to the next one.
//!
//! Look-ups and tests narrow a block; a step that follows an index widens it into the block of the
//! next level, which goes on when it is full. Within a level everything is first in, first out, so
//! that matches come in the order of the nested loops of [`super::search`].

use smallvec::SmallVec;

use super::actions::Actions;
use super::block::{BLOCK, Block, Calls};
use super::plan::{Access, Age, Carried, Plan, Step, Use};
use super::search::{Budget, Go, Matches, Start};
use super::{Operand, Prims, Query};
use crate::store::{Store, Table};

/// From so many rows on, blocks are worth being set up.
pub(super) const FEW: usize = 16;
/// Rows joined between two looks at the clock.
const PATIENCE: usize = 1 << 12;
/// A block goes on when it has less room than this.
const NARROW: usize = BLOCK / 8;

/// Blocks that are used again.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    pub(super) blocks: Vec<Block>,
}

impl Scratch {
    pub(super) fn first(&mut self) -> &mut Block {
        self.reserve(1);
        &mut self.blocks[0]
    }

    fn reserve(&mut self, blocks: usize) {
        if self.blocks.len() < blocks {
            self.blocks.resize(blocks, Block::default());
        }
    }
}

/// True for a plan whose steps know blocks.
pub(super) fn suits(plan: &Plan) -> bool {
    plan.prelude == 0 && !plan.steps.iter().any(|step| matches!(step, Step::Split(_)))
}

/// Rows that partial matches may be joined with.
struct Candidates {
    from: [u8; BLOCK],
    rows: [u32; BLOCK],
    len: usize,
}

impl Candidates {
    const NONE: Self = Self { from: [0; BLOCK], rows: [0; BLOCK], len: 0 };

    #[inline]
    fn push(&mut self, from: u8, row: u32) {
        self.from[self.len] = from;
        self.rows[self.len] = row;
        self.len += 1;
    }

    fn extend(&mut self, from: u8, rows: &[u32]) {
        let to = self.len + rows.len();
        self.from[self.len..to].fill(from);
        self.rows[self.len..to].copy_from_slice(rows);
        self.len = to;
    }

    /// Drops the rows that do not fit, without a branch for each.
    #[inline]
    fn retain(&mut self, mut fits: impl FnMut(u8, u32) -> bool) {
        let Self { from, rows, len } = self;
        let mut kept = 0;
        for at in 0..(*len).min(BLOCK) {
            let (number, row) = (from[at], rows[at]);
            // Any `u8` is a place in a block.
            let to = usize::from(kept as u8);
            (from[to], rows[to]) = (number, row);
            kept += usize::from(fits(number, row));
        }
        *len = kept;
    }
}

/// One unit of a search under way.
pub(super) struct Batch<'a, P> {
    store: &'a Store,
    prims: &'a P,
    query: &'a Query,
    plan: &'a Plan,
    since: u32,
    test: Option<&'a Actions>,
    budget: Budget<'a>,
    /// By level: the steps that widen.
    blocks: &'a mut [Block],
    carried: &'a [Carried],
    /// The step where each level's block goes on.
    resume: SmallVec<[usize; 8]>,
    /// Rows to be joined before the next look at the clock.
    patience: usize,
    pub(super) found: Matches,
}

impl<'a, P: Prims> Batch<'a, P> {
    #[expect(clippy::too_many_arguments, reason = "what a search consists of")]
    pub(super) fn new(
        store: &'a Store,
        prims: &'a P,
        query: &'a Query,
        plan: &'a Plan,
        since: u32,
        test: Option<&'a Actions>,
        budget: Budget<'a>,
        scratch: &'a mut Scratch,
    ) -> Self {
        let mut resume = SmallVec::from_slice(&[1]);
        for (at, step) in plan.steps.iter().enumerate().skip(1) {
            if let Step::Atom { access: Access::Columns(_) | Access::Scan, .. } = step {
                resume.push(at + 1);
            }
        }
        scratch.reserve(resume.len());
        let blocks = &mut scratch.blocks[..resume.len()];
        for block in blocks.iter_mut() {
            block.clear(query.vars as usize);
        }
        let (carried, found) = (plan.carried(query), Matches::default());
        let patience = PATIENCE;
        Self {
            store,
            prims,
            query,
            plan,
            since,
            test,
            budget,
            blocks,
            carried,
            resume,
            patience,
            found,
        }
    }

    /// Finds the matches that begin with changes.
    pub(super) fn run(&mut self, start: &Start) {
        let Some(Step::Atom { table, uses, .. }) = self.plan.steps.first() else { return };
        let table = self.store.table(*table);
        let mut candidates = Candidates::NONE;
        let go = match start {
            Start::Once => true,
            Start::Rows(rows) => {
                rows.clone().all(|row| self.offer(table, uses, 0, row, &mut candidates))
            }
            Start::Log(entries, first) => entries.clone().all(|entry| {
                let Some(row) = table.logged(entry, *first) else { return true };
                self.offer(table, uses, 0, row, &mut candidates)
            }),
        };
        if go && self.join(table, Age::Any, uses, 0, &mut candidates) {
            self.finish();
        }
    }

    /// Sends on what is left, the lowest level first.
    fn finish(&mut self) {
        for level in 0..self.blocks.len() {
            if !self.flow(level) {
                return;
            }
        }
    }

    /// Adds a candidate for the first level.
    #[inline]
    fn offer(
        &mut self,
        table: &'a Table,
        uses: &'a [Use],
        from: u8,
        row: u32,
        candidates: &mut Candidates,
    ) -> Go {
        candidates.push(from, row);
        candidates.len + self.blocks[0].len < BLOCK
            || self.join(table, Age::Any, uses, 0, candidates)
    }

    /// Joins candidates into the block of a level, which goes on if it is full.
    fn join(
        &mut self,
        table: &'a Table,
        age: Age,
        uses: &'a [Use],
        level: usize,
        candidates: &mut Candidates,
    ) -> Go {
        let (below, above) = self.blocks.split_at_mut(level);
        let (source, block) = (below.last(), &mut above[0]);
        let sight = age.sight(self.since, self.query);
        candidates.retain(|_, row| table.sees(sight, row));
        for (at, what) in uses.iter().enumerate() {
            let Use::Check(column, operand) = *what else { continue };
            // A variable of this very row, or one that is known from before.
            let twin = uses[..at].iter().find_map(|what| match *what {
                Use::Bind(twin, var) if operand == Operand::Var(var) => Some(twin),
                _ => None,
            });
            match (twin, operand) {
                (Some(twin), _) => {
                    candidates.retain(|_, row| table.word(row, column) == table.word(row, twin));
                }
                (None, Operand::Const(value)) => {
                    candidates.retain(|_, row| table.word(row, column) == value);
                }
                (None, Operand::Var(var)) => {
                    let Some(source) = source else { continue };
                    let known = source.column(var);
                    candidates.retain(|from, row| table.word(row, column) == known[from as usize]);
                }
            }
        }
        let (first, count) = (block.len, candidates.len);
        if let Some(source) = source {
            for var in &self.carried[self.resume[level] - 1] {
                let known = source.column(*var);
                let column = &mut block.column_mut(*var)[first..first + count];
                for (value, from) in column.iter_mut().zip(&candidates.from[..count]) {
                    *value = known[*from as usize];
                }
            }
        }
        for what in uses {
            let Use::Bind(column, var) = *what else { continue };
            let values = &mut block.column_mut(var)[first..first + count];
            for (value, row) in values.iter_mut().zip(&candidates.rows[..count]) {
                *value = table.word(*row, column);
            }
        }
        block.len += count;
        candidates.len = 0;
        block.len < BLOCK - NARROW || self.flow(level)
    }

    /// Takes the block of a level through the steps that narrow it, and empties it.
    fn flow(&mut self, level: usize) -> Go {
        let plan = self.plan;
        let block = &mut self.blocks[level];
        block.selected.first(block.len);
        let mut at = self.resume[level];
        let go = loop {
            if self.blocks[level].selected.len() == 0 {
                break true;
            }
            match plan.steps.get(at) {
                None => break self.sink(level),
                Some(Step::Atom { table, access: Access::Keys(keys), age, uses }) => {
                    self.look_up(level, self.store.table(*table), keys, *age, uses);
                }
                Some(Step::Atom { table, access, age, uses }) => {
                    break self.widen(level, self.store.table(*table), access, *age, uses);
                }
                Some(Step::Call { prim, args, check, out }) => {
                    if !self.call(level, *prim, args, *check, *out) {
                        break false;
                    }
                }
                Some(Step::Split(_)) => break true,
            }
            at += 1;
        };
        self.blocks[level].len = 0;
        go
    }

    /// Keeps the matches that have a row with known keys.
    fn look_up(
        &mut self,
        level: usize,
        table: &'a Table,
        keys: &'a [Operand],
        age: Age,
        uses: &'a [Use],
    ) {
        let block = &mut self.blocks[level];
        block.find(table, keys);
        let sight = age.sight(self.since, self.query);
        let mut selected = block.selected.clone();
        selected.retain(|at| table.sees(sight, block.rows[at]));
        for what in uses {
            match *what {
                Use::Bind(column, var) => {
                    for at in selected.as_slice() {
                        let value = table.word(block.rows[*at as usize], column);
                        block.column_mut(var)[*at as usize] = value;
                    }
                }
                Use::Check(column, operand) => selected
                    .retain(|at| table.word(block.rows[at], column) == block.value(operand, at)),
            }
        }
        block.selected = selected;
    }

    /// Joins the matches with the rows of an index, or with all.
    fn widen(
        &mut self,
        level: usize,
        table: &'a Table,
        access: &'a Access,
        age: Age,
        uses: &'a [Use],
    ) -> Go {
        let mut candidates = Candidates::NONE;
        let count = self.blocks[level].selected.len();
        let mut lists: [Option<&'a [u32]>; BLOCK] = [None; BLOCK];
        if let Access::Columns(columns) = access {
            let block = &self.blocks[level];
            for (list, at) in lists.iter_mut().zip(block.selected.as_slice()) {
                for (column, operand) in columns {
                    let Some(index) = table.index(*column) else { continue };
                    let rows = index.get(block.value(*operand, *at as usize));
                    if list.is_none_or(|least| rows.len() < least.len()) {
                        *list = Some(rows);
                    }
                }
            }
        }
        for (number, list) in lists[..count].iter().enumerate() {
            let from = self.blocks[level].selected.as_slice()[number];
            let Some(mut list) = *list else {
                for row in 0..table.len() {
                    candidates.push(from, row);
                    if candidates.len + self.blocks[level + 1].len == BLOCK
                        && !self.join_spending(table, age, uses, level + 1, &mut candidates)
                    {
                        return false;
                    }
                }
                continue;
            };
            while !list.is_empty() {
                let room = BLOCK - candidates.len - self.blocks[level + 1].len;
                let (now, later) = list.split_at(room.min(list.len()));
                candidates.extend(from, now);
                list = later;
                if now.len() == room
                    && !self.join_spending(table, age, uses, level + 1, &mut candidates)
                {
                    return false;
                }
            }
        }
        self.join_spending(table, age, uses, level + 1, &mut candidates)
    }

    /// As `join`, with a look at the clock now and then.
    fn join_spending(
        &mut self,
        table: &'a Table,
        age: Age,
        uses: &'a [Use],
        level: usize,
        candidates: &mut Candidates,
    ) -> Go {
        match self.patience.checked_sub(candidates.len) {
            Some(rest) => self.patience = rest,
            None if self.budget.is_over(&mut self.found) => return false,
            None => self.patience = PATIENCE,
        }
        self.join(table, age, uses, level, candidates)
    }

    /// Keeps the matches for which a primitive has a result, or the one that is known.
    fn call(
        &mut self,
        level: usize,
        prim: Option<u32>,
        args: &[Operand],
        check: bool,
        out: Operand,
    ) -> Go {
        let (store, prims, shared) = (self.store, self.prims, self.budget.shared);
        let block = &mut self.blocks[level];
        let mut selected = block.selected.clone();
        let mut deferred = false;
        selected.retain(|at| {
            if deferred {
                return false;
            }
            let result = match prim {
                None => Some(block.value(args[0], at)),
                Some(prim) => {
                    let args: SmallVec<[u32; 8]> =
                        args.iter().map(|arg| block.value(*arg, at)).collect();
                    if shared {
                        prims.call_shared(store, prim, &args).unwrap_or_else(|_| {
                            deferred = true;
                            None
                        })
                    } else {
                        prims.call(store, prim, &args)
                    }
                }
            };
            let Some(result) = result else { return false };
            match out {
                Operand::Var(var) if !check => {
                    block.column_mut(var)[at] = result;
                    true
                }
                known => block.value(known, at) == result,
            }
        });
        block.selected = selected;
        self.found.deferred |= deferred;
        !deferred
    }

    /// Reports the matches of a block, but for those whose effects hold.
    fn sink(&mut self, level: usize) -> Go {
        let block = &mut self.blocks[level];
        block.selected.truncate(self.budget.matches - self.found.count);
        let go = self.budget.count(&mut self.found, block.selected.len());
        if self.query.report.is_empty() || self.budget.counts {
            return go;
        }
        if let Some(actions) = self.test {
            let calls = Calls::of(self.prims, self.budget.shared);
            block.reserve(actions.kinds.len());
            actions.drop_met(self.store, calls, block);
        }
        block.append_to(&self.query.report, &mut self.found.words);
        go
    }
}
