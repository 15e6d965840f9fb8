//! The part of a round of congruence closure that concerns one table: its rows are made canonical
//! over classes that do not change meanwhile, so that tables are treated in any order, or at the
//! same time. What follows for classes, and merges, wait until all tables are through.

use smallvec::SmallVec;

use super::{Conflict, Kind, Table, UnionFind, Value, hash_words};

/// A table is scanned when more than one in so many of its rows may be concerned.
const SCAN_SHARE: usize = 8;
/// Rows that are looked at before they are changed.
const GROUP: usize = 64;

/// Looks that changing a row takes as long as.
const CHANGE: usize = 8;

/// Columns of a table and what they hold.
pub(super) type Columns = SmallVec<[(usize, Kind); 8]>;

/// How rows with displaced values in some columns are found.
pub(super) enum Way {
    /// There are none.
    None,
    /// By looking at all.
    All(Columns),
    /// Through the indexes of the columns.
    Listed(Columns),
}

impl Way {
    /// How to find the rows of a table that mention what a round displaced.
    pub(super) fn of(table: &Table, round: &Round) -> Way {
        if table.live() == 0 {
            return Way::None;
        }
        let columns: Columns = (0..=table.arity())
            .map(|column| (column, table.kind(column)))
            .filter(|(_, kind)| !round.of(*kind).is_empty())
            .collect();
        if columns.is_empty() {
            return Way::None;
        }
        let wanted: usize = columns.iter().map(|(_, kind)| round.of(*kind).len()).sum();
        if wanted * SCAN_SHARE > table.len() as usize {
            Way::All(columns)
        } else {
            Way::Listed(columns)
        }
    }

    /// About how many rows and displaced values there are to look at, rows to list, and rows to
    /// change: these count for more.
    pub(super) fn steps(&self, table: &Table, round: &Round, frozen: Frozen<'_>) -> usize {
        let (columns, seen) = match self {
            Way::None => return 0,
            Way::All(columns) => (columns, table.len() as usize),
            Way::Listed(columns) => {
                (columns, columns.iter().map(|(column, _)| table.unlisted(*column) as usize).sum())
            }
        };
        let displaced: usize = columns.iter().map(|(_, kind)| round.of(*kind).len()).sum();
        let stale = displaced * table.live() as usize / frozen.classes.len().max(1);
        seen.max(displaced) + stale * CHANGE
    }
}

/// The values displaced in one round, by what they are.
pub(super) struct Round {
    /// By sort: (sort, classes).
    classes: Vec<(u32, Vec<Value>)>,
    /// By space: (space, container values).
    containers: Vec<(u32, Vec<Value>)>,
}

impl Round {
    /// Of classes with their sorts, and values with their spaces.
    pub(super) fn new(
        classes: impl Iterator<Item = (u32, Value)>,
        containers: impl Iterator<Item = (u32, Value)>,
    ) -> Self {
        Self { classes: group(classes), containers: group(containers) }
    }

    /// The displaced values of a kind.
    pub(super) fn of(&self, kind: Kind) -> &[Value] {
        let (groups, key) = match kind {
            Kind::Plain => return &[],
            Kind::Class(sort) => (&self.classes, sort),
            Kind::Container(space) => (&self.containers, space),
        };
        groups.iter().find(|(k, _)| *k == key).map_or(&[], |(_, values)| values)
    }
}

fn group(items: impl Iterator<Item = (u32, Value)>) -> Vec<(u32, Vec<Value>)> {
    let mut groups: Vec<(u32, Vec<Value>)> = Vec::new();
    let mut last = 0;
    for (key, value) in items {
        if groups.get(last).is_none_or(|(k, _)| *k != key) {
            last = groups.iter().position(|(k, _)| *k == key).unwrap_or_else(|| {
                groups.push((key, Vec::new()));
                groups.len() - 1
            });
        }
        groups[last].1.push(value);
    }
    groups
}

/// What values stand for during a round.
#[derive(Clone, Copy)]
pub(super) struct Frozen<'a> {
    pub(super) classes: &'a UnionFind,
    pub(super) spaces: &'a [UnionFind],
    /// The stamp of changes.
    pub(super) clock: u32,
    /// Somebody wants to know which rows change.
    pub(super) told: bool,
}

impl Frozen<'_> {
    /// What values of a kind stand for, if they may stand for others.
    #[inline]
    fn forest(&self, kind: Kind) -> Option<&UnionFind> {
        super::forest(self.classes, self.spaces, kind)
    }

    #[inline]
    fn canonical(&self, kind: Kind, value: Value) -> Value {
        self.forest(kind).map_or(value, |forest| forest.find(value))
    }
}

/// What a table's part of a round leaves to be done.
#[derive(Debug, Default)]
pub(super) struct Closed {
    /// Rows that changed, and those of them that died.
    pub(super) changed: u64,
    pub(super) dead: usize,
    /// Rows that changed and live, if somebody wants to know.
    pub(super) rows: Vec<u32>,
    /// Rows that took the place of others with these outputs, which differ from theirs.
    pub(super) conflicts: Vec<(u32, Value)>,
}

/// Makes the rows of a table canonical that mention displaced values.
pub(super) fn close(table: &mut Table, way: &Way, round: &Round, frozen: Frozen<'_>) -> Closed {
    let columns = match way {
        Way::None => return Closed::default(),
        Way::All(columns) | Way::Listed(columns) => columns,
    };
    let mut pass = Pass { table, columns, frozen, words: Vec::new(), closed: Closed::default() };
    if let Way::All(_) = way {
        let mut rows = [0; GROUP];
        for from in (0..pass.table.len()).step_by(GROUP) {
            let (mut stale, mut count) = (pass.mentions_displaced(from), 0);
            while stale != 0 {
                rows[count] = from + stale.trailing_zeros();
                count += 1;
                stale &= stale - 1;
            }
            if count > 0 {
                pass.canonicalise(&mut rows[..count]);
            }
        }
    } else {
        let wanted: usize = columns.iter().map(|(_, kind)| round.of(*kind).len()).sum();
        let mut rows = Vec::with_capacity(wanted);
        for (column, kind) in columns {
            pass.table.ensure_index(*column);
            for value in round.of(*kind) {
                pass.table.take_listed(*column, *value, &mut rows);
            }
        }
        for rows in rows.chunks_mut(GROUP) {
            pass.canonicalise(rows);
        }
    }
    pass.closed
}

/// Appends to a vector that has room for many when it has any: threads that grow vectors bit by bit
/// wait for each other in the allocator.
#[inline]
fn push_roomily<T>(vector: &mut Vec<T>, item: T) {
    if vector.is_empty() {
        vector.reserve(GROUP);
    }
    vector.push(item);
}

/// A table's part of a round under way.
struct Pass<'a> {
    table: &'a mut Table,
    columns: &'a [(usize, Kind)],
    frozen: Frozen<'a>,
    /// What the rows of a group will hold, keys and output.
    words: Vec<Value>,
    closed: Closed,
}

impl Pass<'_> {
    /// Makes rows canonical; those die for whose keys there is another row. What changing them
    /// will read is read before, together, so that cache misses overlap.
    fn canonicalise(&mut self, rows: &mut [u32]) {
        let count = self.stale(rows);
        let width = self.table.arity() + 1;
        let (mut old, mut new) = ([0; GROUP], [0; GROUP]);
        let mut touched = 0;
        for (at, row) in rows[..count].iter().enumerate() {
            old[at] = hash_words(self.table.keys(*row));
            new[at] = hash_words(&self.words[at * width..][..width - 1]);
            touched ^= self.table.touch(old[at]) ^ self.table.touch(new[at]);
        }
        std::hint::black_box(touched);
        for (at, row) in rows[..count].iter().enumerate() {
            self.change(*row, &[old[at], new[at]], at * width);
        }
    }

    /// Which rows of the group from this one on mention displaced values, as bits: found column by
    /// column, without a branch for each row.
    fn mentions_displaced(&self, from: u32) -> u64 {
        let width = self.table.arity() + 2;
        let rows = self.table.words_from(from);
        let rows = rows[..rows.len().min(GROUP * width)].chunks_exact(width);
        self.columns.iter().fold(0, |found, (column, kind)| {
            let Some(forest) = self.frozen.forest(*kind) else { return found };
            let displaced = rows.clone().rev().map(|words| !forest.is_root(words[*column]));
            found | displaced.fold(0, |bits, displaced| bits << 1 | u64::from(displaced))
        })
    }

    /// Moves the live rows with displaced values to the front, gives their number, and computes
    /// what they will hold.
    fn stale(&mut self, rows: &mut [u32]) -> usize {
        let width = self.table.arity() + 1;
        let mut count = 0;
        self.words.clear();
        self.words.reserve(GROUP * width);
        for at in 0..rows.len() {
            let (row, frozen) = (rows[at], self.frozen);
            let words = self.table.row(row);
            // Many that are listed, and keep what they held, are dead.
            let is_stale =
                |(column, kind): &(_, _)| frozen.canonical(*kind, words[*column]) != words[*column];
            if self.table.is_dead(row) || !self.columns.iter().any(is_stale) {
                continue;
            }
            rows[count] = row;
            count += 1;
            let first = self.words.len();
            self.words.extend_from_slice(&words[..width]);
            let words = &mut self.words[first..];
            for (column, kind) in self.columns {
                words[*column] = frozen.canonical(*kind, words[*column]);
            }
        }
        count
    }

    /// Gives a row the words from `first` on. The hashes are those of its keys before and after.
    fn change(&mut self, row: u32, [old, new]: &[u64; 2], first: usize) {
        let Self { table, columns, frozen, words, closed } = self;
        let arity = table.arity();
        let words = &words[first..=first + arity];
        // It may have been listed more than once.
        if table.is_dead(row) || table.row(row)[..=arity] == *words {
            return;
        }
        closed.changed += 1;
        let rekeyed = table.keys(row) != &words[..arity];
        if rekeyed {
            table.memo_remove(*old, row);
            if let Some(twin) = table.find_hashed(*new, &words[..arity]) {
                if table.is_subsumed(row) {
                    table.subsume(twin);
                }
                table.bury(row);
                closed.dead += 1;
                let other = frozen.canonical(table.decl.output, table.output(twin));
                if words[arity] != other && table.decl.conflict != Conflict::Keep {
                    push_roomily(&mut closed.conflicts, (twin, words[arity]));
                }
                return;
            }
        }
        for (column, _) in *columns {
            if table.word(row, *column) != words[*column] {
                table.overwrite(row, *column, words[*column]);
            }
        }
        if rekeyed {
            table.memo_insert(*new, row);
        }
        table.restamp(row, frozen.clock);
        if frozen.told {
            push_roomily(&mut closed.rows, row);
        }
    }
}
