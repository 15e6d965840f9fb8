//! egg as the oracle: random terms and rules give as many nodes and classes at each iteration, and
//! the same equalities between the terms given.

use egg::{EGraph, Pattern, RecExpr, Rewrite, Runner, SimpleScheduler, SymbolLang};
use egraph_core::egglog::exec::Session;
use proptest::prelude::*;

/// A term over `F` (two operands), `G` (one), constants and variables.
#[derive(Clone, Debug)]
enum Tree {
    F(Box<Tree>, Box<Tree>),
    G(Box<Tree>),
    Constant(usize),
    Variable(usize),
}

impl Tree {
    /// As text; egg marks variables, egglog calls constants.
    fn text(&self, egg: bool) -> String {
        match self {
            Tree::F(a, b) => format!("(F {} {})", a.text(egg), b.text(egg)),
            Tree::G(a) => format!("(G {})", a.text(egg)),
            Tree::Constant(at) if egg => ["A", "B", "C"][*at].to_owned(),
            Tree::Constant(at) => ["(A)", "(B)", "(C)"][*at].to_owned(),
            Tree::Variable(at) if egg => ["?x", "?y"][*at].to_owned(),
            Tree::Variable(at) => ["x", "y"][*at].to_owned(),
        }
    }

    /// The term with variables that a rule's left side does not have made constants.
    fn bound(self, known: &str) -> Tree {
        match self {
            Tree::F(a, b) => Tree::F(Box::new(a.bound(known)), Box::new(b.bound(known))),
            Tree::G(a) => Tree::G(Box::new(a.bound(known))),
            Tree::Variable(at) if !known.contains(["?x", "?y"][at]) => Tree::Constant(at),
            other => other,
        }
    }
}

fn tree(variables: bool, depth: u32) -> impl Strategy<Value = Tree> {
    let constant = (0..3usize).prop_map(Tree::Constant).boxed();
    let leaf = if variables {
        prop_oneof![1 => constant, 3 => (0..2usize).prop_map(Tree::Variable)].boxed()
    } else {
        constant
    };
    leaf.prop_recursive(depth, 8, 2, |inner| {
        prop_oneof![
            2 => (inner.clone(), inner.clone())
                .prop_map(|(a, b)| Tree::F(Box::new(a), Box::new(b))),
            1 => inner.prop_map(|a| Tree::G(Box::new(a))),
        ]
    })
}

fn rule() -> impl Strategy<Value = (Tree, Tree)> {
    let left = (tree(true, 2), tree(true, 2), any::<bool>()).prop_map(|(a, b, binary)| {
        if binary { Tree::F(Box::new(a), Box::new(b)) } else { Tree::G(Box::new(a)) }
    });
    (left, tree(true, 2)).prop_map(|(left, right)| {
        let right = right.bound(&left.text(true));
        (left, right)
    })
}

/// Nodes after which a comparison ends.
const ENOUGH: usize = 2_000;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn random_rules_grow_the_same_graph_as_in_egg(
        terms in prop::collection::vec(tree(false, 4), 1..5),
        rules in prop::collection::vec(rule(), 1..4),
    ) {
        let mut session = Session::default();
        let mut program = "(datatype X (F X X) (G X) (A) (B) (C))".to_owned();
        program.extend(terms.iter().map(|term| term.text(false)));
        let mut graph: EGraph<SymbolLang, ()> = EGraph::default();
        let mut roots = Vec::new();
        for term in &terms {
            let term: RecExpr<SymbolLang> = term.text(true).parse().unwrap();
            roots.push(graph.add_expr(&term));
        }
        let mut rewrites: Vec<Rewrite<SymbolLang, ()>> = Vec::new();
        for (at, (left, right)) in rules.iter().enumerate() {
            let parts = ["(rewrite ", &left.text(false), " ", &right.text(false)];
            program.extend(parts);
            program.extend([format!(" :name \"{at}\")")]);
            let left: Pattern<SymbolLang> = left.text(true).parse().unwrap();
            let right: Pattern<SymbolLang> = right.text(true).parse().unwrap();
            rewrites.push(Rewrite::new(at.to_string(), left, right).unwrap());
        }
        graph.rebuild();
        let done = session.run("random", &program, &mut Vec::new());
        prop_assert!(done.is_ok(), "{}", program);
        for iteration in 0..4 {
            prop_assert_eq!(session.rows(), graph.total_number_of_nodes(), "{}", iteration);
            prop_assert_eq!(session.classes(), graph.number_of_classes(), "{}", iteration);
            for (a, left) in terms.iter().zip(&roots) {
                for (b, right) in terms.iter().zip(&roots) {
                    let check = format!("(check (= {} {}))", a.text(false), b.text(false));
                    let equal = session.run("check", &check, &mut Vec::new()).is_ok();
                    prop_assert_eq!(equal, graph.find(*left) == graph.find(*right));
                }
            }
            if session.rows() > ENOUGH {
                break;
            }
            session.run("next", "(run 1)", &mut Vec::new()).unwrap();
            graph = Runner::default()
                .with_egraph(graph)
                .with_iter_limit(1)
                .with_node_limit(usize::MAX)
                .with_scheduler(SimpleScheduler)
                .run(&rewrites)
                .egraph;
        }
    }
}
