//! The part of a round of congruence closure that concerns one table: its rows are made canonical
//! over classes that do not change meanwhile, so that tables are treated in any order, or at the
//! same time. What follows for classes, and merges, wait until all tables are through.

use smallvec::SmallVec;

use super::{Conflict, Kind, Table, UnionFind, Value};

/// Rows that are looked at before they are changed.
const GROUP: u32 = 64;

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
    /// About how many rows and displaced values there are to look at, and rows to change: these
    /// count for more.
    pub(super) fn steps(&self, table: &Table, round: &Round, frozen: Frozen<'_>) -> usize {
        let (columns, seen) = match self {
            Way::None => return 0,
            Way::All(columns) => (columns, table.len() as usize),
            Way::Listed(columns) => (columns, 0),
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
}

impl Frozen<'_> {
    #[inline]
    fn canonical(&self, kind: Kind, value: Value) -> Value {
        match kind {
            Kind::Plain => value,
            Kind::Class(_) => self.classes.find(value),
            Kind::Container(space) => {
                self.spaces.get(space as usize).map_or(value, |forest| forest.find(value))
            }
        }
    }
}

/// What a table's part of a round leaves to be done.
#[derive(Debug, Default)]
pub(super) struct Closed {
    /// Rows that changed, and those of them that died.
    pub(super) changed: u64,
    pub(super) dead: usize,
    /// Rows that took the place of others with these outputs, which differ from theirs.
    pub(super) conflicts: Vec<(u32, Value)>,
}

/// Makes the rows of a table canonical that mention displaced values.
pub(super) fn close(table: &mut Table, way: &Way, round: &Round, frozen: Frozen<'_>) -> Closed {
    let mut closed = Closed::default();
    match way {
        Way::None => {}
        Way::All(columns) => {
            let (mut from, len) = (0, table.len());
            let mut rows = [0; GROUP as usize];
            while from < len {
                let to = len.min(from + GROUP);
                let rows = &mut rows[..(to - from) as usize];
                rows.iter_mut().zip(from..to).for_each(|(at, row)| *at = row);
                canonicalise_group(table, rows, columns, frozen, &mut closed);
                from = to;
            }
        }
        Way::Listed(columns) => {
            let mut rows = Vec::new();
            for (column, kind) in columns {
                table.ensure_index(*column);
                for value in round.of(*kind) {
                    table.take_listed(*column, *value, &mut rows);
                }
            }
            for rows in rows.chunks_mut(GROUP as usize) {
                canonicalise_group(table, rows, columns, frozen, &mut closed);
            }
        }
    }
    closed
}

fn canonicalise_group(
    table: &mut Table,
    rows: &mut [u32],
    columns: &[(usize, Kind)],
    frozen: Frozen<'_>,
    closed: &mut Closed,
) {
    let count = stale(table, rows, columns, frozen);
    for row in &rows[..count] {
        canonicalise(table, *row, columns, frozen, closed);
    }
}

/// Moves the live rows with displaced values to the front, and gives their number. Reads what
/// changing them will read: together, so that cache misses overlap.
fn stale(
    table: &Table,
    rows: &mut [u32],
    columns: &[(usize, Kind)],
    frozen: Frozen<'_>,
) -> usize {
    let mut count = 0;
    for at in 0..rows.len() {
        let row = rows[at];
        let words = table.row(row);
        let stale = columns
            .iter()
            .any(|(column, kind)| frozen.canonical(*kind, words[*column]) != words[*column]);
        rows[count] = row;
        count += usize::from(stale && !table.is_dead(row));
    }
    let mut touched = 0;
    for row in &rows[..count] {
        let mut keys: SmallVec<[Value; 8]> = table.keys(*row).into();
        touched ^= table.touch_keys(&keys);
        for (column, kind) in columns {
            if let Some(key) = keys.get_mut(*column) {
                *key = frozen.canonical(*kind, *key);
            }
        }
        touched ^= table.touch_keys(&keys);
    }
    std::hint::black_box(touched);
    count
}

/// Makes a row canonical; it dies if another row has its keys.
fn canonicalise(
    table: &mut Table,
    row: u32,
    columns: &[(usize, Kind)],
    frozen: Frozen<'_>,
    closed: &mut Closed,
) {
    if table.is_dead(row) {
        return;
    }
    let arity = table.arity();
    let words = table.row(row);
    let (mut stale, mut rekeyed) = (false, false);
    for (column, kind) in columns {
        let moved = frozen.canonical(*kind, words[*column]) != words[*column];
        stale |= moved;
        rekeyed |= moved && *column < arity;
    }
    if !stale {
        return;
    }
    closed.changed += 1;
    if rekeyed {
        table.memo_remove(row);
    }
    for (column, kind) in columns {
        let old = table.word(row, *column);
        let value = frozen.canonical(*kind, old);
        if value != old {
            table.overwrite(row, *column, value);
        }
    }
    if rekeyed && let Some(twin) = table.memo_settle(row) {
        if table.is_subsumed(row) {
            table.subsume(twin);
        }
        table.bury(row);
        closed.dead += 1;
        let (kind, output, other) = (table.decl.output, table.output(row), table.output(twin));
        let differs = frozen.canonical(kind, output) != frozen.canonical(kind, other);
        if differs && table.decl.conflict != Conflict::Keep {
            closed.conflicts.push((twin, output));
        }
        return;
    }
    table.restamp(row, frozen.clock);
}
