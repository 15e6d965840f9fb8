//! Counts that are known, and a naive engine as the oracle.

use super::*;
use crate::store::{Conflict, Host, Kind, Refused, Store, Table, TableDecl};

const EXPR: Kind = Kind::Class(0);

fn constructor(store: &mut Store, name: &str, keys: Vec<Kind>) -> TableId {
    let conflict = Conflict::Union;
    store.add_table(TableDecl { name: name.into(), keys, output: EXPR, conflict, implied: false })
}

fn rule(store: &Store, vars: u32, atoms: Vec<Atom>, steps: Vec<Action>, temps: u32) -> Rule {
    let mut query = Query::new(vars, atoms, vec![]);
    let actions = Actions::new(steps, vec![EXPR; (vars + temps) as usize], true);
    query.idempotent = actions.is_idempotent(store);
    Rule { query, actions, naive: false }
}

use Operand::Var;

fn atom(table: TableId, args: &[u32]) -> Atom {
    Atom { table, args: args.iter().map(|var| Var(*var)).collect() }
}

fn chain(n: u32) -> (Store, Vec<Rule>) {
    let mut store = Store::new();
    let leaf = constructor(&mut store, "Leaf", vec![Kind::Plain]);
    let sum = constructor(&mut store, "Sum", vec![EXPR, EXPR]);
    let comm = rule(
        &store,
        3,
        vec![atom(sum, &[0, 1, 2])],
        vec![Action::MakeIn {
            table: sum,
            args: [Var(1), Var(0)].into_iter().collect(),
            class: Var(2),
        }],
        0,
    );
    let assoc = rule(
        &store,
        5,
        vec![atom(sum, &[0, 1, 2]), atom(sum, &[2, 3, 4])],
        vec![
            Action::Make { table: sum, args: [Var(1), Var(3)].into_iter().collect(), out: 5 },
            Action::MakeIn {
                table: sum,
                args: [Var(0), Var(5)].into_iter().collect(),
                class: Var(4),
            },
        ],
        1,
    );
    let mut term = store.make(leaf, &[0]).unwrap();
    for i in 1..n {
        let next = store.make(leaf, &[i]).unwrap();
        term = store.make(sum, &[term, next]).unwrap();
    }
    (store, vec![comm, assoc])
}

fn saturate(store: &mut Store, rules: &[Rule]) {
    rounds(store, rules, &mut (), usize::MAX, |_| {});
}

/// Rounds until nothing changes, at most so many; what is there is looked at after each.
fn rounds<A: Actor>(
    store: &mut Store,
    rules: &[Rule],
    actor: &mut A,
    most: usize,
    mut look: impl FnMut(&Store),
) {
    let (mut since, mut known) = (vec![0; rules.len()], vec![0; rules.len()]);
    let mut scratch = Scratch::default();
    for _ in 0..most {
        let mut due: Vec<Due<'_>> = {
            let marks = since.iter_mut().zip(&mut known);
            let due = rules.iter().zip(marks);
            due.map(|(rule, (since, known))| Due { rule, since, known }).collect()
        };
        let bounds = Bounds::default();
        let (iteration, halt) = iterate(store, actor, &(), &mut due, bounds, None, &mut scratch);
        halt.unwrap();
        look(store);
        if !iteration.changed {
            return;
        }
    }
}

/// Has matches committed one after the other.
struct OneByOne;

impl Host for OneByOne {
    fn merge(&mut self, _: &mut Store, _: TableId, old: Value, _: Value) -> Result<Value, Refused> {
        Ok(old)
    }
}

impl Actor for OneByOne {
    fn call(&mut self, _: &mut Store, _: u32, _: &[Value]) -> Result<Value, Refused> {
        Err(Refused::Failed("there are no primitives".to_owned()))
    }

    fn remembers(&self) -> bool {
        true
    }
}

/// Rows by table, and classes, after each of five rounds.
fn counts<A: Actor>(
    (mut store, rules): (Store, Vec<Rule>),
    actor: &mut A,
) -> Vec<(Vec<u32>, usize)> {
    let mut counts = Vec::new();
    rounds(&mut store, &rules, actor, 5, |store| {
        counts.push((store.tables.iter().map(Table::live).collect(), store.class_count()));
    });
    counts
}

#[test]
fn blocks_of_matches_are_committed_as_one_match_after_the_other() {
    let args = |args: &[Operand]| args.iter().copied().collect();
    let all = || {
        let (mut store, mut rules) = chain(6);
        let sum = 1;
        let nil = constructor(&mut store, "Nil", vec![]);
        let three = constructor(&mut store, "Three", vec![EXPR, Kind::Plain, EXPR]);
        let five = constructor(&mut store, "Five", vec![EXPR; 5]);
        let relation = TableDecl {
            name: "related".into(),
            keys: vec![EXPR, EXPR],
            output: Kind::Plain,
            conflict: Conflict::Keep,
            implied: false,
        };
        let related = store.add_table(relation);
        // What is new for each sum, with every kind of step and operand.
        let steps = vec![
            Action::Make { table: nil, args: args(&[]), out: 3 },
            Action::Make { table: three, args: args(&[Var(0), Operand::Const(7), Var(3)]), out: 4 },
            Action::Copy { from: Var(4), out: 5 },
            Action::Set { table: related, args: args(&[Var(5), Var(1)]), value: Operand::Const(0) },
            Action::MakeIn {
                table: three,
                args: args(&[Var(1), Operand::Const(8), Var(5)]),
                class: Var(2),
            },
        ];
        rules.push(rule(&store, 3, vec![atom(sum, &[0, 1, 2])], steps, 3));
        // More operands than there is code for by the block.
        let steps = vec![Action::Make {
            table: five,
            args: args(&[Var(0), Var(1), Var(2), Var(1), Var(0)]),
            out: 3,
        }];
        rules.push(rule(&store, 3, vec![atom(sum, &[0, 1, 2])], steps, 1));
        // What is related to one is equal: classes fall together in the middle of blocks.
        let atoms =
            vec![Atom { table: related, args: [Var(0), Var(1), Var(2)].into_iter().collect() }];
        let steps = vec![
            Action::Make { table: three, args: args(&[Var(1), Operand::Const(9), Var(1)]), out: 3 },
            Action::Union(Var(0), Var(3)),
            Action::MakeIn { table: sum, args: args(&[Var(0), Var(0)]), class: Var(3) },
        ];
        rules.push(rule(&store, 3, atoms, steps, 1));
        (store, rules)
    };
    let (blocks, single) = (counts(all(), &mut ()), counts(all(), &mut OneByOne));
    assert_eq!(blocks, single);
    assert!(blocks.iter().any(|(rows, _)| rows[1] > 60), "there are blocks of matches: {blocks:?}");
}

#[test]
fn a_chain_under_associativity_and_commutativity_has_the_counts_of_the_theory() {
    // All binary trees over subsets: 3^n - 2^(n+1) + 1 sums, 2^n - 1 classes.
    for n in 2..8u32 {
        let (mut store, rules) = chain(n);
        saturate(&mut store, &rules);
        let sums = 3usize.pow(n) + 1 - 2usize.pow(n + 1);
        assert_eq!(store.table(1).live() as usize, sums);
        assert_eq!(store.class_count(), 2usize.pow(n) - 1);
    }
}

/// Random stores, changed in batches, and random queries.
mod delta {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    /// All matches, by trying every combination of rows.
    fn naive(store: &Store, query: &Query) -> BTreeSet<Vec<u32>> {
        let mut found = BTreeSet::new();
        let mut partial = vec![vec![None; query.vars as usize]];
        for atom in &query.atoms {
            let mut next = Vec::new();
            for bound in &partial {
                let table = store.table(atom.table);
                for row in table.live_rows() {
                    let mut bound = bound.clone();
                    let fits = atom.args.iter().zip(table.row(row)).all(|(arg, word)| match arg {
                        Operand::Const(value) => value == word,
                        Operand::Var(var) => *bound[*var as usize].get_or_insert(*word) == *word,
                    });
                    if fits {
                        next.push(bound);
                    }
                }
            }
            partial = next;
        }
        for bound in partial {
            found.insert(bound.into_iter().map(|value| value.unwrap_or(0)).collect());
        }
        found
    }

    fn store() -> Store {
        let mut store = Store::new();
        constructor(&mut store, "leaf", vec![Kind::Plain]);
        constructor(&mut store, "f", vec![EXPR]);
        constructor(&mut store, "g", vec![EXPR, EXPR]);
        store
    }

    type Change = (u8, usize, usize);

    fn change(store: &mut Store, (op, a, b): Change) {
        let count = store.classes.len().max(1);
        let class = |store: &Store, at: usize| store.classes.find((at % count) as u32);
        if op == 0 || store.classes.len() == 0 {
            store.make(0, &[(a % 5) as u32]).unwrap();
            return;
        }
        let (a, b) = (class(store, a), class(store, b));
        match op {
            1..3 => {
                store.make(1, &[a]).unwrap();
            }
            3..6 => {
                store.make(2, &[a, b]).unwrap();
            }
            _ => {
                store.union(a, b);
                store.rebuild(&mut ()).unwrap();
            }
        }
    }

    fn atoms() -> impl Strategy<Value = Vec<(u32, [u32; 3])>> {
        prop::collection::vec((0u32..3, [0u32..5, 0u32..5, 0u32..5]), 1..6)
    }

    fn query(atoms: &[(u32, [u32; 3])], idempotent: bool) -> Query {
        let atoms = atoms
            .iter()
            .map(|(table, vars)| match table {
                0 => Atom { table: 0, args: vec![Operand::Const(vars[0]), Var(vars[1])] },
                1 => atom(1, &vars[..2]),
                _ => atom(2, vars),
            })
            .collect();
        let mut query = Query::new(5, atoms, vec![]);
        query.idempotent = idempotent;
        query
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]
        #[test]
        fn searches_of_changes_find_each_match_once(
            batches in prop::collection::vec(
                prop::collection::vec((0u8..7, any::<usize>(), any::<usize>()), 0..12), 1..5),
            atoms in atoms(),
            idempotent: bool,
        ) {
            let mut store = store();
            let query = query(&atoms, idempotent);
            let mut seen: BTreeSet<Vec<u32>> = BTreeSet::new();
            let mut since = 0;
            for batch in batches {
                let before = naive(&store, &query);
                for step in batch {
                    change(&mut store, step);
                }
                let now = store.tick();
                let search = Search::new(&query, &mut store, since);
                since = now;
                let found = search.run_all(&store, &(), Budget::NONE);
                let rows: Vec<Vec<u32>> =
                    found.words.chunks_exact(5).map(<[u32]>::to_vec).collect();
                prop_assert_eq!(rows.len(), found.count);
                let distinct: BTreeSet<Vec<u32>> = rows.iter().cloned().collect();
                prop_assert_eq!(distinct.len(), rows.len(), "a match twice in one search");
                // What was found before stays found, under the names that classes have now.
                seen = seen
                    .into_iter()
                    .map(|row| row.into_iter().map(|c| store.classes.find(c)).collect())
                    .collect();
                seen.extend(distinct);
                let all = naive(&store, &query);
                let missed: Vec<_> = all.difference(&seen).collect();
                prop_assert!(missed.is_empty(), "missed {:?}, known before {:?}", missed, before);
                // Constants are data: renaming them as classes may invent members of `seen`.
                prop_assert!(all.len() <= seen.len());
            }
        }
    }
}
