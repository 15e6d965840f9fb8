//! Rebuilding against a model that keeps containers as trees and looks at all of them.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::super::*;
use super::world::World;

const SORTS: [&str; 9] = [
    "Row Vec Math",
    "Bag MultiSet Math",
    "Group Set Math",
    "Tagged Map Math i64",
    "Labelled Pair Math Row",
    "Rows Set Row",
    "Named Map Row Bag",
    "Plain Vec i64",
    "Later UnstableFn i64 i64",
];

/// A value as a tree. Trees are equal as the values that they stand for are.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Tree {
    Class(u32),
    Int(i64),
    Vec(&'static str, Vec<Tree>),
    Set(&'static str, BTreeSet<Tree>),
    Map(&'static str, BTreeMap<Tree, Tree>),
    Pair(&'static str, Box<(Tree, Tree)>),
    /// `(unstable-fn "given" tree)`, with the tree's sort.
    Fn(&'static str, Box<Tree>),
}

impl Tree {
    fn map_classes(&self, f: &dyn Fn(u32) -> u32) -> Self {
        let sub = |tree: &Self| tree.map_classes(f);
        match self {
            Self::Class(c) => Self::Class(f(*c)),
            Self::Int(n) => Self::Int(*n),
            Self::Vec(sort, items) if *sort == "Bag" => {
                let mut items: Vec<Self> = items.iter().map(sub).collect();
                items.sort();
                Self::Vec(sort, items)
            }
            Self::Vec(sort, items) => Self::Vec(sort, items.iter().map(sub).collect()),
            Self::Set(sort, items) => Self::Set(sort, items.iter().map(sub).collect()),
            Self::Map(sort, entries) => {
                Self::Map(sort, entries.iter().map(|(k, v)| (sub(k), sub(v))).collect())
            }
            Self::Pair(sort, pair) => Self::Pair(sort, Box::new((sub(&pair.0), sub(&pair.1)))),
            Self::Fn(sort, given) => Self::Fn(sort, Box::new(sub(given))),
        }
    }
}

fn class() -> impl Strategy<Value = Tree> {
    (0..8_u32).prop_map(Tree::Class)
}

fn row() -> impl Strategy<Value = Tree> {
    prop::collection::vec(class(), 0..4).prop_map(|items| Tree::Vec("Row", items))
}

fn bag() -> impl Strategy<Value = Tree> {
    prop::collection::vec(class(), 0..4).prop_map(|items| Tree::Vec("Bag", items))
}

fn tree() -> impl Strategy<Value = Tree> {
    let group = prop::collection::btree_set(class(), 0..4);
    // One value, so that keys that become equal do not compete.
    let tagged = prop::collection::btree_set(class(), 0..4);
    prop_oneof![
        row(),
        bag(),
        group.prop_map(|items| Tree::Set("Group", items)),
        tagged.prop_map(|keys| {
            Tree::Map("Tagged", keys.into_iter().map(|key| (key, Tree::Int(7))).collect())
        }),
        (class(), row()).prop_map(|pair| Tree::Pair("Labelled", Box::new(pair))),
        prop::collection::btree_set(row(), 0..4).prop_map(|rows| Tree::Set("Rows", rows)),
        (row(), bag()).prop_map(|entry| Tree::Map("Named", BTreeMap::from([entry]))),
        prop::collection::vec((0..4_i64).prop_map(Tree::Int), 0..3)
            .prop_map(|items| Tree::Vec("Plain", items)),
        prop_oneof![class(), row(), row().prop_map(|row| Tree::Fn("Row", Box::new(row)))].prop_map(
            |given| {
                let sort = match given {
                    Tree::Class(_) => "Math",
                    Tree::Fn(..) => "Later",
                    _ => "Row",
                };
                Tree::Fn(sort, Box::new(given))
            }
        ),
    ]
}

#[derive(Clone, Debug)]
enum Step {
    Make(Tree),
    Union(u32, u32),
    Rebuild,
    Push,
    Pop,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => tree().prop_map(Step::Make),
        3 => (0..8_u32, 0..8_u32).prop_map(|(a, b)| Step::Union(a, b)),
        2 => Just(Step::Rebuild),
        1 => Just(Step::Push),
        1 => Just(Step::Pop),
    ]
}

/// What a scope of a program holds.
#[derive(Clone, Default)]
struct Scope {
    /// What took the place of a class or container.
    forward: BTreeMap<(Sort, Value), Value>,
    displaced: Vec<(Sort, Value)>,
    /// Classes as they were at the last rebuild: what is made mentions these.
    seen: BTreeMap<u32, u32>,
    made: Vec<(Tree, Sort, Value)>,
}

impl Scope {
    fn find(&self, sort: Sort, mut value: Value) -> Value {
        while let Some(&next) = self.forward.get(&(sort, value)) {
            value = next;
        }
        value
    }
}

struct Run {
    world: World,
    math: Sort,
    scope: Scope,
    outer: Vec<Scope>,
}

impl Run {
    fn new() -> Self {
        let world = World::new(&SORTS);
        let math = world.sort("Math");
        Self { world, math, scope: Scope::default(), outer: Vec::new() }
    }

    fn make(&mut self, tree: &Tree) -> (Sort, Value) {
        let (head, sort, parts) = match tree {
            Tree::Class(c) => return (self.math, *self.scope.seen.get(c).unwrap_or(c)),
            Tree::Int(n) => return (Sort::I64, self.world.values.i64(*n)),
            Tree::Vec("Bag", items) => ("multiset-of", "Bag", items.iter().collect::<Vec<_>>()),
            Tree::Vec(sort, items) => ("vec-of", *sort, items.iter().collect()),
            Tree::Set(sort, items) => ("set-of", *sort, items.iter().collect()),
            Tree::Map(sort, entries) => {
                ("map-of", *sort, entries.iter().flat_map(|(k, v)| [k, v]).collect())
            }
            Tree::Pair(sort, pair) => ("pair", *sort, vec![&pair.0, &pair.1]),
            Tree::Fn(_, given) => ("unstable-fn", "Later", vec![&**given]),
        };
        let sort = self.world.sort(sort);
        let mut args: Vec<(Sort, Value)> = parts.into_iter().map(|part| self.make(part)).collect();
        if head == "unstable-fn" {
            let given = vec![args[0].0];
            let target = FnTarget { name: "given".into(), function: Target::Table(0), given };
            args.insert(0, (Sort::FN_TARGET, self.world.values.fn_target(&target)));
        }
        let (sorts, values): (Vec<Sort>, Vec<Value>) = args.into_iter().unzip();
        let (prim, _) = self.world.overload(head, &sorts, Some(sort));
        (sort, self.world.values.call(&self.world.primitives, prim, &values).unwrap())
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Make(tree) => {
                let (sort, value) = self.make(tree);
                self.scope.made.push((tree.clone(), sort, value));
            }
            Step::Union(a, b) => {
                let [a, b] = [a, b].map(|&c| self.scope.find(self.math, c));
                if a != b {
                    self.scope.forward.insert((self.math, a.max(b)), a.min(b));
                    self.scope.displaced.push((self.math, a.max(b)));
                }
            }
            Step::Rebuild => self.rebuild(),
            Step::Push => {
                self.rebuild();
                self.outer.push(self.scope.clone());
            }
            Step::Pop => {
                if let Some(outer) = self.outer.pop() {
                    self.scope = outer;
                    self.check();
                }
            }
        }
    }

    fn rebuild(&mut self) {
        let displaced = std::mem::take(&mut self.scope.displaced);
        let scope = &self.scope;
        let find = |sort: Sort, value: Value| scope.find(sort, value);
        let rebuilt = self.world.values.rebuild(&self.world.sorts, &find, &displaced);
        for Rebuilt { sort, old, new } in rebuilt {
            assert_eq!(self.scope.find(sort, old), old, "forwarded once");
            assert_ne!(self.scope.find(sort, new), old, "no cycles");
            self.scope.forward.insert((sort, old), new);
        }
        let scope = &self.scope;
        let find = |sort: Sort, value: Value| scope.find(sort, value);
        assert_eq!(self.world.values.rebuild(&self.world.sorts, &find, &displaced), []);
        self.scope.seen = (0..8).map(|c| (c, self.scope.find(self.math, c))).collect();
        self.check();
    }

    /// Made values are equal exactly if their trees are, and representatives mention representatives.
    fn check(&self) {
        let classes = |c: u32| self.scope.find(self.math, c);
        let mut by_tree = BTreeMap::new();
        let mut by_value = BTreeMap::new();
        for (tree, sort, value) in &self.scope.made {
            let tree = tree.map_classes(&classes);
            let value = self.scope.find(*sort, *value);
            assert_eq!(*by_tree.entry((*sort, tree.clone())).or_insert(value), value, "{tree:?}");
            assert_eq!(*by_value.entry((*sort, value)).or_insert(tree.clone()), tree);
            for (part, inner) in self.world.values.parts(&self.world.sorts, *sort, value) {
                assert_eq!(self.scope.find(part, inner), inner, "{tree:?}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn containers_are_equal_as_their_contents_are(steps in prop::collection::vec(step(), 0..60)) {
        let mut run = Run::new();
        for step in &steps {
            run.step(step);
        }
        run.rebuild();
    }

    #[test]
    fn the_same_calls_give_the_same_values(steps in prop::collection::vec(step(), 0..30)) {
        let made = || {
            let mut run = Run::new();
            for step in &steps {
                run.step(step);
            }
            run.rebuild();
            (run.scope.made, run.scope.forward)
        };
        prop_assert_eq!(made(), made());
    }
}

/// Rebuilds after the union of classes, the lower one staying, and shows what was forwarded.
fn forwarded(world: &World, unions: &[(Value, Value)]) -> Vec<String> {
    let math = world.sort("Math");
    let find = |sort: Sort, value: Value| {
        unions.iter().fold(value, |v, &(low, high)| if sort == math && v == high { low } else { v })
    };
    let displaced: Vec<(Sort, Value)> = unions.iter().map(|&(_, high)| (math, high)).collect();
    let rebuilt = world.values.rebuild(&world.sorts, &find, &displaced);
    let show =
        |r: &Rebuilt| format!("{} -> {}", world.show(r.sort, r.old), world.show(r.sort, r.new));
    rebuilt.iter().map(show).collect()
}

#[test]
fn only_what_mentions_a_displaced_class_is_forwarded() {
    let mut world = World::new(&["Row Vec Math", "Rows Set Row", "Plain Vec i64"]);
    for term in [
        "(vec-of Math#1)",
        "(vec-of Math#2)",
        "(vec-of Math#3)",
        "(vec-of 2)",
        "(set-of (vec-of Math#1) (vec-of Math#2))",
        "(set-of (vec-of Math#3))",
    ] {
        world.value(term).unwrap();
    }
    let expected = [
        "(vec-of Math#2) -> (vec-of Math#1)",
        "(set-of (vec-of Math#1) (vec-of Math#2)) -> (set-of (vec-of Math#1))",
    ];
    assert_eq!(forwarded(&world, &[(1, 2)]), expected);
}

#[test]
fn of_keys_that_become_equal_the_greatest_keeps_its_value() {
    let mut world = World::new(&["M Map Math i64"]);
    world.value("(map-of Math#2 20 Math#3 30 Math#1 10)").unwrap();
    let expected = "(map-of Math#1 10 Math#2 20 Math#3 30) -> (map-of Math#1 30)";
    assert_eq!(forwarded(&world, &[(1, 2), (1, 3)]), [expected]);
}

#[test]
fn counts_of_a_multiset_are_added_up() {
    let mut world = World::new(&["M MultiSet Math"]);
    world.value("(multiset-of Math#1 Math#2 Math#2 Math#3)").unwrap();
    let expected =
        "(multiset-of Math#1 Math#2 Math#2 Math#3) -> (multiset-of Math#1 Math#1 Math#1 Math#3)";
    assert_eq!(forwarded(&world, &[(1, 2)]), [expected]);
}

#[test]
fn containers_of_a_scope_that_is_gone_are_left_alone() {
    let mut world = World::new(&["Row Vec Math"]);
    let outer = (world.sorts.clone(), world.primitives.clone());
    world.declare("Inner Set Math");
    world.value("(set-of Math#1 Math#2)").unwrap();
    (world.sorts, world.primitives) = outer;
    world.declare("Other UnstableFn i64 i64");
    world.value("(vec-of Math#2)").unwrap();
    assert_eq!(forwarded(&world, &[(1, 2)]), ["(vec-of Math#2) -> (vec-of Math#1)"]);
}
