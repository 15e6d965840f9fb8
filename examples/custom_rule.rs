//! A language of one's own, rules over it, and the cheapest equal term.
//!
//! `(a * 2) / 2` becomes `a`, though no rule says so: shifts, reassociation and cancellation do it
//! together. Run with `cargo run --example custom_rule`.

use egraph_core::{
    EGraph, PayloadId, RegionId, Rule, RuleSet, Rules, Runner, Schedule, Signature, SortRule,
};
use extract::{Control, Extractor, Frozen, GreedyDag};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The language: integers, variables, three operators.
    let mut signature = Signature::new();
    let int = signature.sort("int");
    signature.op("var", 0, SortRule::Fixed(int));
    signature.op("num", 0, SortRule::Fixed(int));
    for name in ["mul", "div", "shl"] {
        signature.op(name, 2, SortRule::SameAs(0));
    }
    // A payload is a number that the client gives a meaning: here, itself plus one.
    let payload = |text: &str| text.parse::<u32>().ok().map(|n| PayloadId::new(n + 1));

    // The rules. A guard is Rust code that sees the e-graph and the match.
    let rules = RuleSet::new("arithmetic")
        .rule(Rule::rewrite("shift", "(mul ?a num[2])", "(shl ?a num[1])"))
        .rule(Rule::rewrite("reassociate", "(div (mul ?a ?b) ?c)", "(mul ?a (div ?b ?c))"))
        .rule(Rule::rewrite("one", "(mul ?a num[1])", "?a"))
        .rule(
            Rule::new("cancel")
                .when("(div ?a ?a)")
                .guard(|graph, found| {
                    let (number, zero) = (graph.signature().find_op("num", 0), PayloadId::new(1));
                    graph
                        .nodes(found.get("?a"))
                        .any(|node| Some(graph.op(node)) == number && graph.payload(node) != zero)
                })
                .rewrite_to("num[1]"),
        );
    let rules = Rules::compile(vec![rules], &signature, payload)?;

    // Saturate, then extract.
    let mut graph: EGraph = EGraph::new(signature, ());
    let term = graph.add_term(RegionId::ROOT, "(div (mul var[0] num[2]) num[2])", payload)?;
    let report = Runner::default().run(&mut graph, &rules, &Schedule::saturate("arithmetic"))?;
    say(&format!("{:?} with {} e-nodes", report.stop_reason, graph.node_count()));

    let frozen = Frozen::new(&graph, &[term], |_, _| Some(1.0));
    let answer = GreedyDag.extract(&frozen.problem, &Control::default());
    let best = frozen.chosen(&graph, &answer.choices, term).ok_or("the term is finite")?;
    let name = graph.signature().op_name(graph.op(best));
    say(&format!("the cheapest form of (a * 2) / 2 is a `{name}`"));
    assert_eq!(name, "var");
    Ok(())
}

#[expect(clippy::print_stdout, reason = "an example talks to its reader")]
fn say(text: &str) {
    println!("{text}");
}
