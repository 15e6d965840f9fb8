//! A language of one's own, rules over it, and the cheapest equal term.
//!
//! `(a * 2 * 3) / 6` becomes `a`, though no rule says so: reassociation, folding and cancellation
//! do it together. Run with `cargo run -p ovum --example custom_rule`.

use egraph_core::{
    EGraph, PayloadId, RegionId, Rule, RuleSet, Rules, Runner, Schedule, Signature, SortRule,
};
use extract::{Control, Extractor, Frozen, GreedyDag};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The language: integers, variables, two operators.
    let mut signature = Signature::new();
    let int = signature.sort("int");
    signature.op("var", 0, SortRule::Fixed(int));
    signature.op("num", 0, SortRule::Fixed(int));
    for name in ["mul", "div"] {
        signature.op(name, 2, SortRule::SameAs(0));
    }
    // A payload is a number that the client gives a meaning: here, itself plus one.
    let payload = |text: &str| text.parse::<u32>().ok().map(|n| PayloadId::new(n + 1));

    // The rules. A guard is Rust code that sees the e-graph and the match.
    let rules = RuleSet::new("arithmetic")
        .rule(Rule::rewrite("reassociate", "(mul (mul ?a ?b) ?c)", "(mul ?a (mul ?b ?c))"))
        .rule(Rule::new("fold").when("(mul num[?p] num[?q])").apply(|graph, found| {
            let value = |name| found.payload(name).as_u32() - 1;
            let product = PayloadId::new(value("?p") * value("?q") + 1);
            let num = graph.signature().find_op("num", 0).expect("declared above");
            Ok(vec![(found.root(), graph.add(RegionId::ROOT, num, product, &[], None)?)])
        }))
        .rule(
            Rule::new("cancel")
                .when("(div (mul ?a num[?p]) num[?p])")
                .guard(|_, found| found.payload("?p") != PayloadId::new(1))
                .rewrite_to("?a"),
        );
    let rules = Rules::compile(vec![rules], &signature, payload)?;

    // Saturate, then extract.
    let mut graph: EGraph = EGraph::new(signature, ());
    let term =
        graph.add_term(RegionId::ROOT, "(div (mul (mul var[0] num[2]) num[3]) num[6])", payload)?;
    let report = Runner::default().run(&mut graph, &rules, &Schedule::saturate("arithmetic"))?;
    say(&format!("{:?} with {} e-nodes", report.stop_reason, graph.node_count()));

    let frozen = Frozen::new(&graph, &[term], |_, _| Some(1.0));
    let answer = GreedyDag.extract(&frozen.problem, &Control::default());
    let best = frozen.chosen(&graph, &answer.choices, term).ok_or("the term is finite")?;
    let name = graph.signature().op_name(graph.op(best));
    say(&format!("the cheapest form of (a * 2 * 3) / 6 is a `{name}`"));
    assert_eq!(name, "var");
    Ok(())
}

#[expect(clippy::print_stdout, reason = "an example talks to its reader")]
fn say(text: &str) {
    println!("{text}");
}
