//! One table per operator, function or relation: rows of `u32`, a hash-cons, indexes, change marks.
//!
//! A row is `[keys…, output, stamp]` in one allocation for the table: a join touches one cache line
//! per row (columns apart measured 1.4 to 2 times slower on joins that follow class ids). The
//! hash-cons holds row numbers; hashes are computed from the rows.
//!
//! # Changes
//! The stamp of a row is the clock at its last change; its word also says whether rules see the row
//! ([`HIDDEN`]), and is [`DEAD`] once it is gone: one comparison ([`Sight`]) tells all. A row changes in
//! place when a class it mentions is displaced; a function's new value for old keys is a new row.
//! Changes since a stamp are the rows appended since, and the older rows logged as changed since
//! ([`Table::delta`]): delta matching walks them without looking at the rest.

mod frames;

use std::ops::Range;
use std::sync::Arc;

use frames::Frame;

use super::Value;
use super::hash::hash_words;
use super::index::Index;
use super::memo::{Gap, Memo};
use super::room::{held, reserve, touch, touching};

/// The last word of a row that is no more.
const DEAD: u32 = u32::MAX;
/// This bit of the last word of a row hides it from rules. All stamps are below it.
const HIDDEN: u32 = 1 << 31;
/// Stamps are below this one.
pub(crate) const LAST_STAMP: u32 = DEAD & !HIDDEN;

/// Nanoseconds that entering a row in a hash-cons takes.
const ENTERING: u64 = 10;

/// No row.
const NOWHERE: u32 = u32::MAX;

/// Words of rows that a second-level cache holds beside all else: with more, reading in passes is up
/// to a twentieth faster (Emerald Rapids; sums of ten terms, adders of 16 bits).
const AT_HAND: usize = 1 << 15;

/// What the values of a column are, hence what happens to them in a rebuild.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Data: equal if and only if the same.
    Plain,
    /// Classes of a sort.
    Class(u32),
    /// Containers that may mention classes; the number is the container sort's space.
    Container(u32),
}

/// What two rows with the same keys and different outputs mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Conflict {
    /// The outputs are one class: an e-node.
    Union,
    /// The older row stays: a relation.
    Keep,
    /// The host computes the output: a function with a merge.
    Merge,
}

/// Declaration of a table.
#[derive(Clone, Debug)]
pub(crate) struct TableDecl {
    pub(crate) name: Arc<str>,
    pub(crate) keys: Vec<Kind>,
    pub(crate) output: Kind,
    pub(crate) conflict: Conflict,
    /// The rows follow from those of other tables: they count for no limit.
    pub(crate) implied: bool,
}

impl TableDecl {
    /// True when rows are nodes of classes.
    #[inline]
    pub(crate) fn is_constructor(&self) -> bool {
        self.conflict == Conflict::Union
    }
}

/// Keys of a row: an array where their number is known to the compiler, which then writes the code
/// for that number, else a slice.
pub(crate) trait Keys: AsRef<[Value]> {}

impl<K: AsRef<[Value]> + ?Sized> Keys for K {}

/// Where the changes of a stamp begin.
#[derive(Clone, Copy, Debug)]
struct Mark {
    stamp: u32,
    rows: u32,
    log: u32,
}

/// Which rows a search sees, by their last words.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sight {
    mask: u32,
    limit: u32,
}

impl Sight {
    /// Rows that last changed before a stamp, or whenever they did; hidden ones only if they are
    /// asked for.
    #[inline]
    pub(crate) fn new(before: Option<u32>, hidden_too: bool) -> Self {
        let (mask, most) = if hidden_too { (!HIDDEN, LAST_STAMP) } else { (u32::MAX, HIDDEN) };
        Self { mask, limit: before.map_or(most, |stamp| stamp.min(most)) }
    }
}

/// The rows of one operator.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) decl: TableDecl,
    width: usize,
    rows: Vec<u32>,
    /// Words for which memory was touched ahead.
    touched: usize,
    /// Number of rows.
    len: u32,
    live: u32,
    memo: Memo,
    /// In place of the hash-cons where the key is a class, and most classes have a row: rows by
    /// class, [`NOWHERE`] for a class without one.
    places: Option<Vec<u32>>,
    /// By column: keys, then the output.
    indexes: Vec<Option<Index>>,
    /// Rows that changed in place: (stamp, row).
    log: Vec<(u32, u32)>,
    marks: Vec<Mark>,
    /// Live rows invisible to rules.
    hidden: u32,
    frames: Vec<Frame>,
    /// Overwritten rows of the open frames: the row's number, then its words.
    undo: Vec<u32>,
}

/// An index that does not list all rows.
#[derive(Debug)]
pub(crate) struct Behind<'a> {
    index: &'a mut Index,
    column: usize,
    /// The rows that are not listed.
    rows: &'a [u32],
    width: usize,
    len: u32,
}

impl Behind<'_> {
    /// Rows to be listed.
    pub(crate) fn rows(&self) -> usize {
        self.rows.len() / self.width
    }

    /// Lists all rows.
    pub(crate) fn catch_up(self) {
        let Self { index, column, rows, width, len } = self;
        index.wanted = false;
        for (row, words) in (index.upto..).zip(rows.chunks_exact(width)) {
            if words[width - 1] != DEAD {
                index.push(words[column], row);
            }
        }
        index.upto = len;
    }
}

/// Changes since a stamp.
#[derive(Clone, Debug)]
pub(crate) struct Delta {
    /// Rows appended since.
    pub(crate) rows: Range<u32>,
    /// Entries of the log: older rows that changed since.
    pub(crate) log: Range<usize>,
}

impl Delta {
    /// An upper bound on the number of rows.
    pub(crate) fn len(&self) -> usize {
        self.rows.len() + self.log.len()
    }
}

impl Table {
    pub(crate) fn new(decl: TableDecl) -> Self {
        let columns = decl.keys.len() + 1;
        Self {
            width: columns + 1,
            decl,
            rows: Vec::new(),
            touched: 0,
            len: 0,
            live: 0,
            memo: Memo::default(),
            places: None,
            indexes: vec![None; columns],
            log: Vec::new(),
            marks: Vec::new(),
            hidden: 0,
            frames: Vec::new(),
            undo: Vec::new(),
        }
    }

    /// Declares that the rows follow from those of other tables, and that most classes have one if
    /// a class is the key. The table is empty.
    pub(crate) fn imply(&mut self) {
        debug_assert_eq!(self.len, 0, "the table is empty");
        self.decl.implied = true;
        self.places = matches!(self.decl.keys[..], [Kind::Class(_)]).then(Vec::new);
    }

    /// Number of keys.
    #[inline]
    pub(crate) fn arity(&self) -> usize {
        self.width - 2
    }

    /// Kind of a column.
    pub(crate) fn kind(&self, column: usize) -> Kind {
        self.decl.keys.get(column).copied().unwrap_or(self.decl.output)
    }

    /// Number of rows, dead ones included.
    #[inline]
    pub(crate) fn len(&self) -> u32 {
        self.len
    }

    /// Number of rows that are not dead.
    #[inline]
    pub(crate) fn live(&self) -> u32 {
        self.live
    }

    /// Keys, output and stamp of a row.
    #[inline]
    pub(crate) fn row(&self, row: u32) -> &[u32] {
        let at = row as usize * self.width;
        &self.rows[at..at + self.width]
    }

    /// Keys of a row.
    #[inline]
    pub(crate) fn keys(&self, row: u32) -> &[Value] {
        let at = row as usize * self.width;
        &self.rows[at..at + self.width - 2]
    }

    /// Output of a row.
    #[inline]
    pub(crate) fn output(&self, row: u32) -> Value {
        self.rows[row as usize * self.width + self.width - 2]
    }

    /// What of a row is neither key nor output.
    #[inline]
    fn last_word(&self, row: u32) -> u32 {
        self.rows[row as usize * self.width + self.width - 1]
    }

    #[inline]
    fn last_word_mut(&mut self, row: u32) -> &mut u32 {
        &mut self.rows[row as usize * self.width + self.width - 1]
    }

    /// True for a row that is seen; none that is dead is.
    #[inline]
    pub(crate) fn sees(&self, sight: Sight, row: u32) -> bool {
        self.last_word(row) & sight.mask < sight.limit
    }

    /// One word of a row.
    #[inline]
    pub(crate) fn word(&self, row: u32, column: usize) -> u32 {
        self.rows[row as usize * self.width + column]
    }

    /// True for a row with these keys.
    #[inline]
    pub(crate) fn has_keys(&self, row: u32, keys: &(impl Keys + ?Sized)) -> bool {
        let keys = keys.as_ref();
        let own = &self.rows[row as usize * self.width..][..self.width - 2];
        // Slices of unknown length are compared by a call.
        match *keys {
            [a] => own[0] == a,
            [a, b] => own[0] == a && own[1] == b,
            [a, b, c] => own[0] == a && own[1] == b && own[2] == c,
            _ => own == keys,
        }
    }

    #[inline]
    pub(crate) fn is_dead(&self, row: u32) -> bool {
        self.last_word(row) == DEAD
    }

    /// Rows that are not dead.
    pub(crate) fn live_rows(&self) -> impl Iterator<Item = u32> + '_ {
        (0..self.len()).filter(|row| !self.is_dead(*row))
    }

    /// Keys and outputs of those of some rows that are not dead.
    #[inline]
    pub(crate) fn live_among(
        &self,
        rows: Range<u32>,
    ) -> impl Iterator<Item = (&[Value], Value)> + '_ {
        let arity = self.width - 2;
        let (from, to) = (rows.start as usize * self.width, rows.end as usize * self.width);
        self.rows[from..to].chunks_exact(self.width).filter_map(move |words| {
            let (keys, rest) = words.split_at(arity);
            (rest[1] != DEAD).then_some((keys, rest[0]))
        })
    }

    /// The live row with these keys.
    #[inline]
    pub(crate) fn find(&self, keys: &[Value]) -> Option<u32> {
        self.find_hashed(hash_words(keys), keys)
    }

    #[inline]
    pub(crate) fn find_hashed(&self, hash: u64, keys: &[Value]) -> Option<u32> {
        match &self.places {
            None => self.memo.find(hash, |row| self.has_keys(row, keys)),
            Some(places) => places.get(keys[0] as usize).copied().filter(|row| *row != NOWHERE),
        }
    }

    /// The live row with these keys, or where it would be in the hash-cons until that changes.
    #[inline]
    pub(crate) fn seek(&self, keys: &(impl Keys + ?Sized)) -> Result<u32, Gap> {
        self.seek_hashed(hash_words(keys.as_ref()), keys)
    }

    /// As [`Table::seek`], with the hash of the keys.
    #[inline]
    pub(crate) fn seek_hashed(&self, hash: u64, keys: &(impl Keys + ?Sized)) -> Result<u32, Gap> {
        match &self.places {
            None => self.memo.seek(hash, |row| self.has_keys(row, keys)),
            Some(_) => self.find_hashed(hash, keys.as_ref()).ok_or(Gap { hash, slot: 0 }),
        }
    }

    /// True when rows and hash-cons are so small that a processor's own caches hold them: looking
    /// them up in passes does not pay. Nor does it without a hash-cons.
    #[inline]
    pub(crate) fn is_at_hand(&self) -> bool {
        self.rows.len() < AT_HAND || self.places.is_some()
    }

    /// Reads where a search for the hash begins, see [`Memo::touch`].
    #[inline]
    pub(crate) fn touch(&self, hash: u64) -> u32 {
        self.memo.touch(hash)
    }

    /// Appends a row whose keys `find` does not know.
    pub(crate) fn push(&mut self, keys: &[Value], output: Value, clock: u32) -> u32 {
        let row = self.append(keys, output, clock);
        self.memo_insert(hash_words(keys), row);
        row
    }

    /// As [`Table::push`], with the gap that [`Table::seek`] found for the keys.
    #[inline]
    pub(crate) fn push_into(
        &mut self,
        gap: Gap,
        keys: &(impl Keys + ?Sized),
        output: Value,
        clock: u32,
    ) -> u32 {
        let row = self.append(keys, output, clock);
        if self.places.is_none() && self.memo.has_room_for(row) {
            self.memo.fill(gap, row);
        } else {
            self.memo_insert(gap.hash, row);
        }
        row
    }

    /// Appends a row to the rows alone.
    #[inline]
    fn append(&mut self, keys: &(impl Keys + ?Sized), output: Value, clock: u32) -> u32 {
        let keys = keys.as_ref();
        debug_assert_eq!(keys.len(), self.arity());
        let row = self.len();
        assert!(row < 1 << 31, "a table holds fewer than 2^31 rows");
        self.mark(clock);
        // Slices of unknown length are copied by a call.
        match *keys {
            [a] => self.rows.extend_from_slice(&[a, output, clock]),
            [a, b] => self.rows.extend_from_slice(&[a, b, output, clock]),
            [a, b, c] => self.rows.extend_from_slice(&[a, b, c, output, clock]),
            _ => {
                self.rows.extend_from_slice(keys);
                self.rows.extend_from_slice(&[output, clock]);
            }
        }
        self.len += 1;
        self.live += 1;
        row
    }

    /// Appends rows of one key each that `find` does not know, in ascending order; their outputs
    /// come after that one.
    pub(super) fn enlist(&mut self, keys: &[Value], output: Value, clock: u32) {
        let Some(last) = keys.last() else { return };
        let outputs = output + 1..;
        let Some(places) = &mut self.places else {
            keys.iter().zip(outputs).for_each(|(key, output)| {
                self.push(&[*key], output, clock);
            });
            return;
        };
        if places.len() <= *last as usize {
            places.resize(*last as usize + 1, NOWHERE);
        }
        for (key, row) in keys.iter().zip(self.len..) {
            places[*key as usize] = row;
        }
        self.mark(clock);
        self.rows.reserve(keys.len() * self.width);
        for (key, output) in keys.iter().zip(outputs) {
            self.rows.extend_from_slice(&[*key, output, clock]);
        }
        self.len += keys.len() as u32;
        self.live += keys.len() as u32;
    }

    /// Puts a row into the hash-cons that is not there, nor another with its keys.
    #[inline]
    pub(crate) fn memo_insert(&mut self, hash: u64, row: u32) {
        if let Some(places) = &mut self.places {
            let class = self.rows[row as usize * self.width] as usize;
            if places.len() <= class {
                places.resize(class + 1, NOWHERE);
            }
            places[class] = row;
            return;
        }
        if !self.memo.has_room_for(row) {
            self.rehash((self.memo.len() + 1) * 3 / 2, Some(row));
        }
        self.memo.insert(hash, row);
    }

    /// True unless the hash-cons has to grow for so many more rows.
    pub(crate) fn has_room_for_more(&self, rows: usize) -> bool {
        self.places.is_some() || self.memo.has_room_for_more(rows)
    }

    /// Makes room for so many more rows, in the hash-cons too.
    pub(super) fn make_room(&mut self, rows: usize) {
        if !self.has_room_for_more(rows) {
            self.rehash(self.memo.len() + rows, None);
        }
        let words = self.rows.len() + rows * self.width;
        reserve(&mut self.rows, words);
    }

    /// Touches the memory that so many more rows will lie in.
    pub(super) fn touch_room(&mut self, rows: usize) {
        let upto = self.rows.len() + rows * self.width;
        if upto <= self.touched {
            return;
        }
        touch(&mut self.rows, upto, 0);
        self.touched = upto;
        if let Some(places) = &mut self.places {
            touch(places, places.len() + rows, NOWHERE);
        }
    }

    /// Nanoseconds that [`Table::make_room`] and [`Table::touch_room`] take.
    pub(super) fn room_takes(&self, rows: usize) -> u64 {
        let grows = rows > 0 && !self.has_room_for_more(rows);
        let entering = if grows { u64::from(self.live) * ENTERING } else { 0 };
        let upto = self.rows.len() + rows * self.width;
        let untouched = upto.saturating_sub(self.touched.max(self.rows.len()));
        entering + touching(untouched * size_of::<u32>())
    }

    #[cold]
    #[inline(never)]
    /// A larger hash-cons, filled in the order of the rows: that reads them in sequence. The live
    /// rows are in it but for `without`.
    fn rehash(&mut self, capacity: usize, without: Option<u32>) {
        let width = self.width;
        if let Some(places) = &mut self.places {
            places.fill(NOWHERE);
            for row in 0..self.len {
                if !self.is_dead(row) && without != Some(row) {
                    self.memo_insert(0, row);
                }
            }
            return;
        }
        self.memo.reset(capacity, self.len);
        for (row, words) in self.rows.chunks_exact(width).enumerate() {
            if words[width - 1] != DEAD && without != Some(row as u32) {
                self.memo.insert(hash_words(&words[..width - 2]), row as u32);
            }
        }
    }

    /// Takes a live row out of the hash-cons, before its keys change; the hash is that of its keys.
    #[inline]
    pub(crate) fn memo_remove(&mut self, hash: u64, row: u32) {
        let removed = match &mut self.places {
            None => self.memo.remove(hash, row),
            Some(places) => {
                let class = self.rows[row as usize * self.width] as usize;
                std::mem::replace(&mut places[class], NOWHERE) == row
            }
        };
        debug_assert!(removed, "a live row is in the hash-cons");
    }

    /// Notes that the changes of the clock's stamp begin here.
    #[inline]
    fn mark(&mut self, clock: u32) {
        if self.marks.last().is_none_or(|mark| mark.stamp != clock) {
            let (rows, log) = (self.len(), self.log.len() as u32);
            self.marks.push(Mark { stamp: clock, rows, log });
        }
    }

    /// The changes with a stamp of at least `since`.
    pub(crate) fn delta(&self, since: u32) -> Delta {
        let (len, log) = (self.len(), self.log.len());
        if since == 0 {
            return Delta { rows: 0..len, log: log..log };
        }
        if self.marks.last().is_none_or(|mark| mark.stamp < since) {
            return Delta { rows: len..len, log: log..log };
        }
        let mark = self.marks[self.marks.partition_point(|mark| mark.stamp < since)];
        Delta { rows: mark.rows..len, log: mark.log as usize..log }
    }

    /// The row of a log entry, if it is older than `first`, alive, and this is its last entry.
    #[inline]
    pub(crate) fn logged(&self, entry: usize, first: u32) -> Option<u32> {
        let (stamp, row) = self.log[entry];
        (row < first && self.last_word(row) & !HIDDEN == stamp).then_some(row)
    }

    /// Keeps the words of a row that an open frame must be able to restore.
    #[inline]
    fn save(&mut self, row: u32) {
        if self.frames.last().is_some_and(|frame| row < frame.rows) {
            self.undo.push(row);
            let at = row as usize * self.width;
            self.undo.extend_from_slice(&self.rows[at..at + self.width]);
        }
    }

    /// Stamps a live row as changed.
    #[inline]
    pub(crate) fn restamp(&mut self, row: u32, clock: u32) {
        let word = self.last_word(row);
        if word & !HIDDEN == clock {
            return;
        }
        self.mark(clock);
        self.save(row);
        *self.last_word_mut(row) = clock | word & HIDDEN;
        self.log.push((clock, row));
    }

    /// Overwrites one column of a row that is not in the hash-cons, or its output, and lists it in
    /// the column's index. The old value is never looked up again: it was displaced.
    pub(crate) fn overwrite(&mut self, row: u32, column: usize, value: Value) {
        self.save(row);
        self.rows[row as usize * self.width + column] = value;
        if let Some(index) = &mut self.indexes[column]
            && row < index.upto
        {
            index.push(value, row);
        }
    }

    /// Marks a row dead; the caller took it out of the hash-cons.
    pub(crate) fn bury(&mut self, row: u32) {
        self.save(row);
        self.hidden -= u32::from(self.is_subsumed(row));
        *self.last_word_mut(row) = DEAD;
        self.live -= 1;
    }

    /// Removes a live row.
    pub(crate) fn remove(&mut self, row: u32) {
        self.memo_remove(hash_words(self.keys(row)), row);
        self.bury(row);
    }

    /// Hides a live row from rules. False when it was hidden already.
    pub(crate) fn subsume(&mut self, row: u32) -> bool {
        let word = self.last_word(row);
        if word & HIDDEN != 0 {
            return false;
        }
        self.save(row);
        *self.last_word_mut(row) = word | HIDDEN;
        self.hidden += 1;
        true
    }

    /// Number of live rows that are hidden.
    pub(crate) fn hidden_rows(&self) -> usize {
        self.hidden as usize
    }

    /// True for a live row that is hidden.
    #[inline]
    pub(crate) fn is_subsumed(&self, row: u32) -> bool {
        let word = self.last_word(row);
        word & HIDDEN != 0 && word != DEAD
    }

    /// Lists all rows in the index of a column, which is built if there is none.
    pub(crate) fn ensure_index(&mut self, column: usize) {
        let dense = matches!(self.kind(column), Kind::Class(_));
        let index = self.indexes[column].get_or_insert_with(|| Index::new(dense));
        let (rows, width) = (&self.rows[index.upto as usize * self.width..], self.width);
        Behind { rows, index, width, column, len: self.len }.catch_up();
    }

    /// Builds the index of a column. One that is there is noted as wanted if it lacks rows: then
    /// the number of these is given.
    pub(crate) fn want_index(&mut self, column: usize) -> u32 {
        let Some(index) = &mut self.indexes[column] else {
            self.ensure_index(column);
            return 0;
        };
        if index.wanted {
            return 0;
        }
        index.wanted = index.upto != self.len;
        self.len - index.upto
    }

    /// The words of the rows from one on.
    pub(crate) fn words_from(&self, row: u32) -> &[u32] {
        &self.rows[row as usize * self.width..]
    }

    /// Takes the index of a column away, if it lists every row.
    pub(crate) fn take_index(&mut self, column: usize) -> Option<Index> {
        self.index(column)?;
        self.indexes[column].take()
    }

    /// Puts an index back that lists every row.
    pub(crate) fn put_index(&mut self, column: usize, mut index: Index) {
        index.upto = self.len;
        self.indexes[column] = Some(index);
    }

    /// Rows that the index of a column lacks.
    pub(crate) fn unlisted(&self, column: usize) -> u32 {
        self.len - self.indexes[column].as_ref().map_or(0, |index| index.upto)
    }

    /// The indexes that are wanted and do not list all rows.
    pub(crate) fn behind(&mut self) -> impl Iterator<Item = Behind<'_>> {
        let (rows, width, len) = (self.rows.as_slice(), self.width, self.len);
        let indexes = self.indexes.iter_mut().enumerate();
        indexes.filter_map(move |(column, index)| {
            let index = index.as_mut().filter(|index| index.wanted)?;
            Some(Behind { rows: &rows[index.upto as usize * width..], index, width, column, len })
        })
    }

    /// The index of a column, if it lists every row.
    #[inline]
    pub(crate) fn index(&self, column: usize) -> Option<&Index> {
        self.indexes[column].as_ref().filter(|index| index.upto == self.len())
    }

    /// Takes the rows listed under a value that was displaced.
    pub(crate) fn take_listed(&mut self, column: usize, value: Value, rows: &mut Vec<u32>) {
        if let Some(index) = &mut self.indexes[column] {
            index.take(value, rows);
        }
    }

    /// Estimated rows for one value of a column.
    pub(crate) fn fan_out(&self, column: usize) -> f64 {
        let live = f64::from(self.live);
        match &self.indexes[column] {
            Some(index) if index.keys > 0 => {
                (f64::from(index.upto) / f64::from(index.keys)).max(1.0)
            }
            // The nodes of one operator in one class are few; users of a class may be many.
            _ if column == self.arity() && self.decl.conflict == Conflict::Union => 1.5,
            _ => live.sqrt(),
        }
    }

    /// Squeezes dead rows out if they are the larger part; row numbers change.
    pub(crate) fn compact(&mut self) {
        let dead = self.len() - self.live;
        if dead < 256 || dead < self.live || !self.frames.is_empty() {
            return;
        }
        let (width, len) = (self.width, self.len());
        // New number of each row: of a dead one, that of the next live row.
        let mut renumbered = Vec::with_capacity(len as usize + 1);
        let mut next = 0u32;
        for row in 0..len {
            renumbered.push(next);
            let at = row as usize * width;
            if self.rows[at + width - 1] != DEAD {
                self.rows.copy_within(at..at + width, next as usize * width);
                next += 1;
            }
        }
        renumbered.push(next);
        let alive = |row: u32| renumbered[row as usize] != renumbered[row as usize + 1];
        self.rows.truncate(next as usize * width);
        self.len = next;
        self.rows.shrink_to(self.rows.len() + self.rows.len() / 2);
        self.touched = self.rows.len();
        let mut log = Vec::new();
        let mut at = 0;
        for mark in &mut self.marks {
            while at < mark.log as usize {
                let (stamp, row) = self.log[at];
                if alive(row) {
                    log.push((stamp, renumbered[row as usize]));
                }
                at += 1;
            }
            *mark = Mark {
                stamp: mark.stamp,
                rows: renumbered[mark.rows as usize],
                log: log.len() as u32,
            };
        }
        log.extend(
            self.log[at..]
                .iter()
                .filter(|(_, row)| alive(*row))
                .map(|(stamp, row)| (*stamp, renumbered[*row as usize])),
        );
        self.log = log;
        self.indexes.fill(None);
        self.rehash(self.live as usize + self.live as usize / 4, None);
    }

    pub(crate) fn bytes(&self) -> usize {
        let indexes: usize = self.indexes.iter().flatten().map(Index::bytes).sum();
        held(&self.rows)
            + self.undo.capacity() * 4
            + self.log.capacity() * 8
            + self.memo.bytes()
            + self.places.as_ref().map_or(0, held)
            + indexes
    }
}
