//! Terms with known answers, and the limits.

use super::*;

struct Arithmetic {
    rules: Rules,
    var: Op,
    int: Op,
    add: Op,
    mul: Op,
}

fn arithmetic() -> Arithmetic {
    let mut rules = Rules::new();
    let (var, int) = (rules.leaf("var", 1), rules.leaf("int", 1));
    let (add, mul) = (rules.op("add", 2, 2), rules.op("mul", 2, 4));
    for (left, right) in [
        ("(add ?x (int 0))", "?x"),
        ("(mul ?x (int 1))", "?x"),
        ("(add ?x ?y)", "(add ?y ?x)"),
        ("(mul ?x ?y)", "(mul ?y ?x)"),
        ("(add ?x ?x)", "(mul ?x (int 2))"),
        ("(add (add ?x ?y) ?z)", "(add ?x (add ?y ?z))"),
        ("(add (mul ?x ?y) (mul ?x ?z))", "(mul ?x (add ?y ?z))"),
    ] {
        rules.rewrite(left, right).unwrap();
    }
    let sum = |n: &[i64]| n[0].checked_add(n[1]);
    rules.compute("(add (int ?a) (int ?b))", "?c", sum, "(int ?c)").unwrap();
    Arithmetic { rules, var, int, add, mul }
}

#[test]
fn terms_are_simplified_as_they_are_made() {
    let a = arithmetic();
    let mut graph = Eager::new(&a.rules);
    let (x, y) = (graph.leaf(a.var, 1), graph.leaf(a.var, 2));
    let (zero, one) = (graph.leaf(a.int, 0), graph.leaf(a.int, 1));
    let sum = graph.add(a.add, &[zero, x]);
    assert_eq!(graph.find(sum), graph.find(x));
    let product = graph.add(a.mul, &[one, sum]);
    assert_eq!(graph.text(product), "(var 1)");
    // (x + 1) + 1 = x + 2
    let once = graph.add(a.add, &[x, one]);
    let twice = graph.add(a.add, &[once, one]);
    assert_eq!((graph.cost(twice), graph.text(twice).contains("(int 2)")), (4, true));
    // x*y + x*x = x*(y + x)
    let (xy, xx) = (graph.add(a.mul, &[x, y]), graph.add(a.mul, &[x, x]));
    let factored = graph.add(a.add, &[xy, xx]);
    assert_eq!(graph.cost(factored), 4 + 1 + 2 + 1 + 1);
}

#[test]
fn the_same_node_is_the_same_class() {
    let a = arithmetic();
    let mut graph = Eager::new(&a.rules);
    let (x, y) = (graph.leaf(a.var, 1), graph.leaf(a.var, 2));
    let (xy, yx) = (graph.add(a.add, &[x, y]), graph.add(a.add, &[y, x]));
    assert_eq!(graph.find(xy), graph.find(yx));
    let nodes = graph.len();
    assert_eq!(graph.add(a.add, &[x, y]), graph.find(xy));
    assert_eq!(graph.len(), nodes);
}

#[test]
fn a_rule_that_makes_ever_more_ends_at_the_limits() {
    let mut rules = Rules::new();
    let (z, s) = (rules.leaf("z", 1), rules.op("s", 1, 1));
    rules.rewrite("(s ?x)", "(s (s ?x))").unwrap();
    rules.rewrite("(z ?n)", "(s (z ?n))").unwrap();
    for depth in 0..8 {
        let limits = Limits { depth, ..Limits::default() };
        let mut graph = Eager::with_limits(&rules, limits);
        let zero = graph.leaf(z, 0);
        let one = graph.add(s, &[zero]);
        assert!(graph.len() <= 1 << (depth + 2), "{} nodes at depth {depth}", graph.len());
        assert!(graph.text(one).ends_with(')'));
    }
}

/// Costs fall along cheapest nodes, whatever the rules: the term always ends.
#[test]
fn cheapest_terms_are_finite_and_their_costs_add_up() {
    let a = arithmetic();
    for nodes in 1..=5 {
        let limits = Limits { nodes, ..Limits::default() };
        let mut graph = Eager::with_limits(&a.rules, limits);
        let mut classes = vec![graph.leaf(a.var, 0), graph.leaf(a.int, 0), graph.leaf(a.int, 1)];
        let mut state = 0x2545_F491_u64;
        for _ in 0..400 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let pick = |shift: u32| classes[(state >> shift) as usize % classes.len()];
            let op = if state >> 60 < 11 { a.add } else { a.mul };
            let made = graph.add(op, &[pick(20), pick(40)]);
            if classes.len() < 24 {
                classes.push(made);
            }
        }
        for class in &classes {
            let mut open = vec![*class];
            while let Some(class) = open.pop() {
                let node = graph.best(class);
                for operand in &node.operands {
                    assert!(graph.cost(*operand) < graph.cost(class));
                    if open.len() < 1000 {
                        open.push(*operand);
                    }
                }
                if graph.cost(class) > 1 << 12 {
                    break;
                }
            }
        }
    }
}

#[test]
fn wrong_rules_are_refused() {
    let mut rules = arithmetic().rules;
    for (left, right) in [
        ("?x", "?x"),
        ("(add ?x)", "?x"),
        ("(sub ?x ?y)", "?x"),
        ("(add ?x ?y", "?x"),
        ("(add ?x ?y)", "?z"),
        ("(add ?x 3)", "?x"),
        ("(int ?n)", "(int ?m)"),
        ("(add ?x ?y)", "3"),
    ] {
        let error = rules.rewrite(left, right).expect_err(left);
        assert!(!error.to_string().is_empty());
    }
}
