//! Matching against exhaustive search: every assignment of variables to classes is tried, and a
//! term with all variables assigned names at most one class.

use std::sync::{Arc, Mutex};

use egraph_core::{
    EClassId, EGraph, PayloadId, Reason, RegionId, Rule, RuleSet, Rules, Runner, Schedule,
    Signature, SortRule,
};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Term {
    Var(usize),
    Leaf(u32),
    Node(Vec<Term>),
}

const VARS: [&str; 3] = ["?a", "?b", "?c"];

impl Term {
    fn text(&self) -> String {
        match self {
            Self::Var(v) => VARS[*v].to_owned(),
            Self::Leaf(p) => format!("x[{p}]"),
            Self::Node(children) => {
                let children: Vec<String> = children.iter().map(Self::text).collect();
                format!("(f {})", children.join(" "))
            }
        }
    }

    fn vars(&self, found: &mut Vec<usize>) {
        match self {
            Self::Var(v) => found.push(*v),
            Self::Leaf(_) => {}
            Self::Node(children) => children.iter().for_each(|child| child.vars(found)),
        }
    }

    fn class(&self, g: &EGraph, assigned: &[EClassId; 3]) -> Option<EClassId> {
        let (op, payload, children) = match self {
            Self::Var(v) => return Some(assigned[*v]),
            Self::Leaf(p) => ("x", PayloadId::new(*p), Vec::new()),
            Self::Node(children) => {
                let classes = children.iter().map(|child| child.class(g, assigned));
                ("f", PayloadId::NONE, classes.collect::<Option<Vec<_>>>()?)
            }
        };
        let op = g.signature().find_op(op, children.len())?;
        g.lookup(RegionId::ROOT, op, payload, &children, None)
    }
}

fn term() -> impl Strategy<Value = Term> {
    let leaf =
        prop_oneof![4 => (0usize..3).prop_map(Term::Var), 1 => (1u32..4).prop_map(Term::Leaf)];
    leaf.prop_recursive(2, 8, 2, |inner| prop::collection::vec(inner, 1..3).prop_map(Term::Node))
}

/// A rule's atoms: the first has an operator at its root; a number names the root.
fn atoms() -> impl Strategy<Value = Vec<(Option<usize>, Term)>> {
    let node = prop::collection::vec(term(), 1..3).prop_map(Term::Node);
    prop::collection::vec((prop::option::of(0usize..3), node), 1..4)
}

fn graph(leaves: u32, nodes: &[(usize, Option<usize>)], unions: &[(usize, usize)]) -> EGraph {
    let mut sig = Signature::new();
    let s = sig.sort("s");
    let x = sig.op("x", 0, SortRule::Fixed(s));
    let f = [1, 2].map(|arity| sig.op("f", arity, SortRule::Fixed(s)));
    let mut g = EGraph::new(sig, ());
    let mut ids: Vec<EClassId> = (1..=leaves)
        .map(|p| g.add(RegionId::ROOT, x, PayloadId::new(p), &[], None).unwrap())
        .collect();
    for (a, b) in nodes {
        let mut children = vec![ids[a % ids.len()]];
        children.extend(b.map(|b| ids[b % ids.len()]));
        ids.push(g.add_op(RegionId::ROOT, f[children.len() - 1], &children).unwrap());
    }
    for (a, b) in unions {
        g.union(ids[a % ids.len()], ids[b % ids.len()], Reason::Given).unwrap();
    }
    g.rebuild();
    g
}

/// Root and variables of each match, sorted; unused variables are the root.
type Matches = Vec<[EClassId; 4]>;

fn naive(g: &EGraph, atoms: &[(Option<usize>, Term)]) -> Matches {
    let mut used = Vec::new();
    for (name, term) in atoms {
        used.extend(*name);
        term.vars(&mut used);
    }
    let classes: Vec<EClassId> = g.classes().collect();
    let mut found = Matches::new();
    for code in 0..classes.len().pow(3) {
        let n = classes.len();
        let assigned = [code % n, code / n % n, code / n / n].map(|at| classes[at]);
        let roots: Option<Vec<EClassId>> = atoms
            .iter()
            .map(|(name, term)| {
                let class = term.class(g, &assigned)?;
                name.is_none_or(|v| assigned[v] == class).then_some(class)
            })
            .collect();
        if let Some(roots) = roots {
            let var = |v| if used.contains(&v) { assigned[v] } else { roots[0] };
            found.push([roots[0], var(0), var(1), var(2)]);
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

fn searched(g: &mut EGraph, atoms: &[(Option<usize>, Term)]) -> Matches {
    let found: Arc<Mutex<Matches>> = Arc::default();
    let seen = Arc::clone(&found);
    let mut rule = Rule::new("all");
    for (name, term) in atoms {
        let name = name.map_or(String::new(), |v| format!("{} = ", VARS[v]));
        rule = rule.when(format!("{name}{}", term.text()));
    }
    let rule = rule.apply(move |_, m| {
        let [a, b, c] = VARS.map(|v| m.class(v).unwrap_or(m.root()));
        seen.lock().unwrap().push([m.root(), a, b, c]);
        Ok(Vec::new())
    });
    let resolve = |text: &str| text.parse().ok().map(PayloadId::new);
    let sets = vec![RuleSet::new("r").rule(rule)];
    let rules = Rules::compile(sets, g.signature(), resolve).unwrap();
    Runner::default().run(g, &rules, &Schedule::Run("r".into())).unwrap();
    let mut found = std::mem::take(&mut *found.lock().unwrap());
    let count = found.len();
    found.sort_unstable();
    found.dedup();
    assert_eq!(found.len(), count, "repetitions are dropped before the commit");
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn search_finds_what_exhaustive_search_finds(
        nodes in prop::collection::vec((0usize..50, prop::option::of(0usize..50)), 0..9),
        unions in prop::collection::vec((0usize..50, 0usize..50), 0..4),
        atoms in atoms(),
    ) {
        let mut g = graph(3, &nodes, &unions);
        let expected = naive(&g, &atoms);
        prop_assert_eq!(searched(&mut g, &atoms), expected);
    }
}

#[test]
fn the_oracle_finds_something() {
    let mut g = graph(2, &[(0, Some(1)), (2, Some(0))], &[]);
    let (a, b) = (Term::Var(0), Term::Var(1));
    let atoms = [(None, Term::Node(vec![Term::Node(vec![a.clone(), b]), a]))];
    assert_eq!(naive(&g, &atoms).len(), 1);
    assert_eq!(searched(&mut g, &atoms).len(), 1);
}
