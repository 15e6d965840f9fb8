//! The store against an oracle that recomputes everything.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

const EXPR: Kind = Kind::Class(0);

/// Functions merge by the smaller value.
struct Least;

impl Host for Least {
    fn merge(&mut self, _: &mut Store, _: TableId, old: u32, new: u32) -> Result<u32, Refused> {
        Ok(old.min(new))
    }
}

/// Tables: leaf(data), f(class), g(class, class), size(class) -> data, seen(class).
fn store() -> Store {
    let mut store = Store::new();
    let mut table = |keys: &[Kind], output, conflict| {
        store.add_table(TableDecl {
            name: "".into(),
            keys: keys.to_vec(),
            output,
            conflict,
            implied: false,
        });
    };
    table(&[Kind::Plain], EXPR, Conflict::Union);
    table(&[EXPR], EXPR, Conflict::Union);
    table(&[EXPR, EXPR], EXPR, Conflict::Union);
    table(&[EXPR], Kind::Plain, Conflict::Merge);
    table(&[EXPR], Kind::Plain, Conflict::Keep);
    store
}

const DATA_KEYS: usize = 0;
const SIZE: u32 = 3;
const SEEN: u32 = 4;

/// Rows by table and keys, those hidden from rules, and a label for each class.
#[derive(Clone, Default)]
struct Oracle {
    rows: BTreeMap<(u32, Vec<u32>), u32>,
    hidden: BTreeSet<(u32, Vec<u32>)>,
    label: Vec<u32>,
}

impl Oracle {
    fn keys(&self, table: u32, keys: &[u32]) -> Vec<u32> {
        if table as usize == DATA_KEYS {
            return keys.to_vec();
        }
        keys.iter().map(|key| self.label[*key as usize]).collect()
    }

    fn make(&mut self, table: u32, keys: &[u32]) -> u32 {
        let keys = self.keys(table, keys);
        if let Some(class) = self.rows.get(&(table, keys.clone())) {
            return *class;
        }
        let class = self.label.len() as u32;
        self.label.push(class);
        self.rows.insert((table, keys), class);
        class
    }

    fn unite(&mut self, a: u32, b: u32) -> bool {
        let (a, b) = (self.label[a as usize], self.label[b as usize]);
        let (kept, gone) = (a.min(b), a.max(b));
        self.label.iter_mut().filter(|label| **label == gone).for_each(|label| *label = kept);
        kept != gone
    }

    fn close(&mut self) {
        loop {
            let mut closed: BTreeMap<(u32, Vec<u32>), u32> = BTreeMap::new();
            let mut equal = Vec::new();
            for ((table, keys), output) in &self.rows {
                let keys = self.keys(*table, keys);
                let output = if *table < SIZE { self.label[*output as usize] } else { *output };
                match closed.get_mut(&(*table, keys.clone())) {
                    None => {
                        closed.insert((*table, keys), output);
                    }
                    Some(other) if *table < SIZE => equal.push((*other, output)),
                    Some(other) if *table == SIZE => *other = (*other).min(output),
                    Some(_) => {}
                }
            }
            self.rows = closed;
            let hidden = std::mem::take(&mut self.hidden);
            let renewed = hidden.into_iter().map(|(table, keys)| (table, self.keys(table, &keys)));
            self.hidden = renewed.collect();
            let mut changed = false;
            for (a, b) in equal {
                changed |= self.unite(a, b);
            }
            if !changed {
                return;
            }
        }
    }
}

#[derive(Clone, Debug)]
enum Op {
    Leaf(u32),
    F(usize),
    G(usize, usize),
    In(usize, usize, usize),
    Size(usize, u32),
    Seen(usize),
    Union(usize, usize),
    Delete(usize),
    Hide(usize),
    Index(u32, usize),
    Rebuild,
    Push,
    Pop,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        3 => (0u32..6).prop_map(Op::Leaf),
        3 => any::<usize>().prop_map(Op::F),
        4 => any::<(usize, usize)>().prop_map(|(a, b)| Op::G(a, b)),
        2 => any::<(usize, usize, usize)>().prop_map(|(a, b, c)| Op::In(a, b, c)),
        2 => (any::<usize>(), 0u32..9).prop_map(|(a, n)| Op::Size(a, n)),
        1 => any::<usize>().prop_map(Op::Seen),
        3 => any::<(usize, usize)>().prop_map(|(a, b)| Op::Union(a, b)),
        1 => any::<usize>().prop_map(Op::Delete),
        1 => any::<usize>().prop_map(Op::Hide),
        1 => (0u32..5, 0usize..3).prop_map(|(table, column)| Op::Index(table, column)),
        2 => Just(Op::Rebuild),
        1 => Just(Op::Push),
        1 => Just(Op::Pop),
    ]
}

fn compare(store: &Store, oracle: &Oracle) -> Result<(), TestCaseError> {
    for (class, label) in oracle.label.iter().enumerate() {
        prop_assert_eq!(store.classes.find(class as u32), *label);
    }
    let mut rows: BTreeMap<(u32, Vec<u32>), u32> = BTreeMap::new();
    for (id, table) in store.tables.iter().enumerate() {
        for row in table.live_rows() {
            prop_assert_eq!(table.find(table.keys(row)), Some(row));
            let output = if id as u32 == SEEN { 0 } else { table.output(row) };
            rows.insert((id as u32, table.keys(row).to_vec()), output);
        }
        prop_assert_eq!(table.live_rows().count(), table.live() as usize);
        let is_hidden = |row| oracle.hidden.contains(&(id as u32, table.keys(row).to_vec()));
        let hidden = table.live_rows().filter(|row| is_hidden(*row)).count();
        prop_assert_eq!(table.hidden_rows(), hidden);
        let (all, shown) = (Sight::new(None, true), Sight::new(None, false));
        for row in 0..table.len() {
            let live = !table.is_dead(row);
            prop_assert_eq!(table.sees(all, row), live);
            prop_assert_eq!(table.sees(shown, row), live && !is_hidden(row));
            prop_assert_eq!(table.is_subsumed(row), live && is_hidden(row));
            for hidden_too in [false, true] {
                let until_now = Sight::new(Some(store.clock + 1), hidden_too);
                prop_assert_eq!(
                    table.sees(until_now, row),
                    live && (hidden_too || !is_hidden(row))
                );
                prop_assert!(!table.sees(Sight::new(Some(0), hidden_too), row));
            }
        }
        for column in 0..=table.arity() {
            let Some(index) = table.index(column) else { continue };
            for row in table.live_rows() {
                let listed = index.get(table.row(row)[column]);
                prop_assert_eq!(listed.iter().filter(|other| **other == row).count(), 1);
            }
        }
    }
    prop_assert_eq!(store.rows(), rows.len());
    prop_assert_eq!(&rows, &oracle.rows);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]
    #[test]
    fn the_store_is_congruent_and_its_frames_undo(ops in prop::collection::vec(op(), 0..80)) {
        let (mut store, mut oracle) = (store(), Oracle::default());
        let mut saved: Vec<Oracle> = Vec::new();
        for op in ops {
            let count = oracle.label.len().max(1);
            let class = |at: usize| (at % count) as u32;
            if oracle.label.is_empty() && !matches!(op, Op::Leaf(_) | Op::Push | Op::Pop) {
                continue;
            }
            // Canonical on both sides: the oracle closes at once, the store when asked.
            match op {
                Op::Leaf(data) => {
                    prop_assert_eq!(store.make(0, &[data]).unwrap(), oracle.make(0, &[data]));
                }
                Op::F(a) => {
                    let a = oracle.label[class(a) as usize];
                    prop_assert_eq!(store.make(1, &[a]).unwrap(), oracle.make(1, &[a]));
                }
                Op::G(a, b) => {
                    let keys = [a, b].map(|at| oracle.label[class(at) as usize]);
                    prop_assert_eq!(store.make(2, &keys).unwrap(), oracle.make(2, &keys));
                }
                Op::In(a, b, c) => {
                    let [a, b, c] = [a, b, c].map(|at| oracle.label[class(at) as usize]);
                    store.make_in(2, &[a, b], c).unwrap();
                    match oracle.rows.get(&(2, vec![a, b])) {
                        Some(other) => {
                            oracle.unite(*other, c);
                        }
                        None => {
                            oracle.rows.insert((2, vec![a, b]), c);
                        }
                    }
                    store.rebuild(&mut Least).unwrap();
                    oracle.close();
                }
                Op::Size(a, data) => {
                    let a = oracle.label[class(a) as usize];
                    store.set(&mut Least, SIZE, &[a], data).unwrap();
                    let value = oracle.rows.entry((SIZE, vec![a])).or_insert(data);
                    *value = (*value).min(data);
                }
                Op::Seen(a) => {
                    let a = oracle.label[class(a) as usize];
                    store.set(&mut Least, SEEN, &[a], 0).unwrap();
                    oracle.rows.insert((SEEN, vec![a]), 0);
                }
                Op::Union(a, b) => {
                    store.union(class(a), class(b));
                    store.tick();
                    oracle.unite(class(a), class(b));
                    store.rebuild(&mut Least).unwrap();
                    oracle.close();
                }
                Op::Delete(at) => {
                    let keys: Vec<_> = oracle.rows.keys().cloned().collect();
                    if let Some((table, keys)) = keys.get(at % keys.len().max(1)) {
                        prop_assert!(store.delete(*table, keys));
                        oracle.rows.remove(&(*table, keys.clone()));
                        oracle.hidden.remove(&(*table, keys.clone()));
                    }
                }
                Op::Hide(at) => {
                    let keys: Vec<_> = oracle.rows.keys().cloned().collect();
                    if let Some((table, keys)) = keys.get(at % keys.len().max(1)) {
                        let fresh = oracle.hidden.insert((*table, keys.clone()));
                        prop_assert_eq!(store.subsume(*table, keys), fresh);
                    }
                }
                Op::Index(table, column) => {
                    let table = &mut store.tables[table as usize];
                    let column = column % (table.arity() + 1);
                    table.ensure_index(column);
                }
                Op::Rebuild => {
                    store.rebuild(&mut Least).unwrap();
                }
                Op::Push => {
                    store.push();
                    saved.push(oracle.clone());
                }
                Op::Pop => {
                    prop_assert_eq!(store.pop(), !saved.is_empty());
                    oracle = saved.pop().unwrap_or(oracle);
                }
            }
            compare(&store, &oracle)?;
        }
    }
}

#[test]
fn the_limit_on_rows_is_hard_and_leaves_a_closed_store() {
    let mut store = store();
    store.set_limit(3);
    let a = store.make(0, &[0]).unwrap();
    let b = store.make(0, &[1]).unwrap();
    store.make(1, &[a]).unwrap();
    assert_eq!(store.make(1, &[b]), Err(Refused::Full));
    assert_eq!(store.set(&mut Least, SIZE, &[a], 1), Err(Refused::Full));
    store.union(a, b);
    store.rebuild(&mut Least).unwrap();
    assert_eq!((store.rows(), store.class_count()), (3, 2));
}

#[test]
fn changes_are_listed_once_each() {
    let mut store = store();
    let a = store.make(0, &[0]).unwrap();
    let b = store.make(0, &[1]).unwrap();
    store.make(1, &[a]).unwrap();
    store.make(1, &[b]).unwrap();
    let since = store.tick();
    assert_eq!(store.table(1).delta(since).len(), 0);
    store.make(2, &[a, b]).unwrap();
    assert_eq!(store.table(2).delta(since).len(), 1);
    store.union(a, b);
    store.rebuild(&mut Least).unwrap();
    // The first row of f stays as it was; g's and the second leaf changed in place.
    assert_eq!(store.table(1).live(), 1);
    let delta = store.table(2).delta(since);
    assert_eq!((delta.rows.len(), delta.log.len()), (1, 0));
    let delta = store.table(0).delta(since);
    let changed: Vec<u32> =
        delta.log.filter_map(|entry| store.table(0).logged(entry, delta.rows.start)).collect();
    assert_eq!(changed, [1]);
}

#[test]
fn room_for_rows_is_made_at_once_and_not_beyond_the_limit() {
    for threads in [1, 2] {
        let mut store = store();
        store.pool = (threads > 1).then(|| crate::threads::Pool::lavish(threads));
        store.set_limit(1000);
        let leaves: Vec<u32> = (0..50).map(|data| store.make(0, &[data]).unwrap()).collect();
        let above: Vec<u32> = leaves.iter().map(|leaf| store.make(1, &[*leaf]).unwrap()).collect();
        let rows = vec![0, 300, 1 << 30, 0, 0];
        store.make_room(&Expected { rows, classes: 1 << 30, touched: true }, None);
        let room = |store: &Store, table| store.table(table).has_room_for_more(300);
        assert!(!room(&store, 0) && room(&store, 1) && room(&store, 2));
        assert!(!store.table(2).has_room_for_more(10_000), "more rows than these are refused");
        let ahead = store.classes.bytes();
        assert!(ahead <= 2 * 100 * 4, "address space is not memory");
        for (leaf, class) in leaves.iter().zip(&above) {
            assert_eq!(store.lookup(1, &[*leaf]), Some(*class));
            assert_eq!(store.lookup(2, &[*leaf, *leaf]), None);
        }
        assert_eq!(store.live(), 100);
    }
}

#[test]
fn tables_close_alike_on_any_number_of_threads() {
    let rows = |threads: usize| {
        let mut store = store();
        store.pool = (threads > 1).then(|| crate::threads::Pool::lavish(threads));
        let leaves: Vec<u32> = (0..64).map(|data| store.make(0, &[data]).unwrap()).collect();
        for (n, leaf) in leaves.iter().enumerate() {
            let other = leaves[n * 7 % 64];
            let (f, g) =
                (store.make(1, &[*leaf]).unwrap(), store.make(2, &[*leaf, other]).unwrap());
            let above = store.make(2, &[f, g]).unwrap();
            store.make(1, &[above]).unwrap();
            store.set(&mut Least, SIZE, &[above], 99 - n as u32).unwrap();
            store.set(&mut Least, SEEN, &[f], 0).unwrap();
        }
        for (a, b) in [(3, 21), (5, 21), (1, 40), (40, 3), (60, 61)] {
            store.union(leaves[a], leaves[b]);
        }
        store.rebuild(&mut Least).unwrap();
        let words =
            |table: &Table| table.live_rows().flat_map(|row| table.row(row).to_vec()).collect();
        store.tables.iter().map(words).collect::<Vec<Vec<u32>>>()
    };
    let one = rows(1);
    assert!(one[1].len() < 64 * 2 * 3, "some rows became one");
    assert_eq!(one, rows(2));
    assert_eq!(one, rows(8));
}

#[test]
fn implied_rows_are_found_without_a_hash_cons() {
    let (f, seen) = (1, SEEN);
    let rows = |store: &Store| -> Vec<(u32, u32)> {
        let table = store.table(seen);
        let found = (0..store.classes.len() as u32).filter_map(|class| {
            let row = table.find(&[class])?;
            assert_eq!((table.keys(row), table.is_dead(row)), (&[class][..], false));
            Some((class, row))
        });
        let found: Vec<(u32, u32)> = found.collect();
        assert_eq!(found.len(), table.live() as usize);
        found
    };
    let mut store = store();
    store.tables[seen as usize].imply();
    let leaves: Vec<u32> = (0..900).map(|data| store.make(0, &[data]).unwrap()).collect();
    store.enlist(seen, &leaves.iter().copied().step_by(2).collect::<Vec<_>>());
    assert_eq!((rows(&store).len(), store.rows()), (450, 900));
    store.push();
    let above = store.make(f, &[leaves[1]]).unwrap();
    store.enlist(seen, &[leaves[1], above]);
    for leaf in &leaves[4..800] {
        store.union(leaves[2], *leaf);
    }
    store.rebuild(&mut Least).unwrap();
    assert_eq!(rows(&store).len(), 450 - 398 + 2);
    let before: Vec<u32> = leaves.iter().copied().step_by(2).collect();
    assert!(store.pop());
    assert_eq!(rows(&store).iter().map(|(class, _)| *class).collect::<Vec<u32>>(), before);
    for leaf in &leaves[4..800] {
        store.union(leaves[2], *leaf);
    }
    store.rebuild(&mut Least).unwrap();
    let left = rows(&store);
    assert_eq!(left.len(), 450 - 398);
    assert_eq!(store.table(seen).len() as usize, left.len(), "dead rows were squeezed out");
}

#[test]
fn rows_are_listed_alike_at_once_and_afterwards() {
    let indexes = |threads: usize| {
        let mut store = store();
        let leaves: Vec<u32> = (0..8).map(|data| store.make(0, &[data]).unwrap()).collect();
        let g = 2;
        for column in 0..3 {
            store.want_index(g, column);
        }
        store.catch_up();
        let wanted = store.current_indexes();
        assert_eq!(wanted, [(g, 0), (g, 1), (g, 2)]);
        let add = |store: &mut Store, n: u32| {
            let last = store.classes.len() as u32 - 1;
            store.make(g, &[leaves[n as usize % 8], last]).unwrap();
        };
        if threads > 1 {
            let listing = store.lend(&wanted);
            crate::threads::Pool::lavish(threads).beside(
                || listing.work(),
                |call| {
                    for n in 0..5000 {
                        add(&mut store, n);
                        if listing.feed(&store) {
                            call();
                        }
                    }
                    listing.finish(&store);
                },
            );
            store.give_back(listing);
        } else {
            (0..5000).for_each(|n| add(&mut store, n));
        }
        for (table, column) in &wanted {
            store.want_index(*table, *column);
        }
        store.catch_up();
        let list = |column: usize| -> Vec<Vec<u32>> {
            let index = store.table(g).index(column).unwrap();
            (0..store.classes.len() as u32).map(|class| index.get(class).to_vec()).collect()
        };
        [list(0), list(1), list(2)]
    };
    let one = indexes(1);
    assert_eq!(one[0][0].len(), 625);
    assert!(one == indexes(2) && one == indexes(8));
}
