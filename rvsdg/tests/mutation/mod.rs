//! Damaged programs: reading, verifying, printing and running them never panics, and what the
//! verifier accepts runs without a misuse of states.

use rvsdg::interp::{Limits, Violation, run};
use rvsdg::random::{RandomOptions, Rng, random_function, random_inputs};
use rvsdg::text::{parse, print};
use rvsdg::{Function, NodeId, RegionId, ValueId, verify::verify};

/// Judges a program in every way.
fn judge(f: &Function, seed: u64) -> bool {
    let accepted = verify(f).is_ok();
    let limits = Limits { steps: Some(20_000), ..Limits::default() };
    let result = run(f, &random_inputs(seed, f), &limits);
    let misuse = matches!(
        result,
        Err(Violation::StaleState { .. } | Violation::ForkedState { .. } | Violation::Malformed(_))
    );
    assert!(!(accepted && misuse), "seed {seed}: {result:?}\n{}", print(f));
    accepted
}

fn damage_graph(f: &mut Function, rng: &mut Rng) {
    let region = RegionId::from_index(rng.below(f.region_count()));
    let mut nodes = f.region(region).nodes.clone();
    let mut results = f.region(region).results.clone();
    match rng.below(6) {
        0 if !nodes.is_empty() => {
            let (a, b) = (rng.below(nodes.len()), rng.below(nodes.len()));
            nodes.swap(a, b);
        }
        1 if !nodes.is_empty() => {
            nodes.remove(rng.below(nodes.len()));
        }
        2 => nodes.push(NodeId::from_index(rng.below(f.node_count() + 1))),
        3 if !results.is_empty() => {
            let at = rng.below(results.len());
            results[at] = ValueId::from_index(rng.below(f.value_count() + 1));
        }
        4 => {
            results.pop();
        }
        _ => f.set_owner(region, NodeId::from_index(rng.below(f.node_count()))),
    }
    f.set_nodes(region, nodes);
    f.set_results(region, results);
}

#[test]
fn damaged_graphs_are_judged() {
    let mut rejected = 0;
    for seed in 0..1500 {
        let mut rng = Rng::new(seed);
        let mut f = random_function(seed, &RandomOptions::default());
        for _ in 0..=rng.below(2) {
            damage_graph(&mut f, &mut rng);
        }
        rejected += u32::from(!judge(&f, seed));
    }
    assert!(rejected > 500, "only {rejected} rejected");
}

/// Where values are named: start and end of each name.
fn names(text: &str) -> Vec<(usize, usize)> {
    let ends = |start: usize| {
        let end = text[start..].find(|c: char| c.is_whitespace() || "()[]".contains(c));
        (start, end.map_or(text.len(), |end| start + end))
    };
    text.match_indices('%').map(|(start, _)| ends(start)).collect()
}

/// One value's name for that of an earlier value: wrong types, forks and stale states.
fn damage_text(text: &str, rng: &mut Rng) -> String {
    let names = names(text);
    let (start, end) = rng.pick(&names[names.len() / 4..]);
    // States are exchanged among themselves half of the time.
    let prefix = if rng.chance(50) { &text[start..=start + 1] } else { "%" };
    let earlier: Vec<(usize, usize)> = names
        .into_iter()
        .filter(|name| name.0 < start && text[name.0..].starts_with(prefix))
        .collect();
    let replacement = if earlier.is_empty() {
        ""
    } else {
        let (from, to) = rng.pick(&earlier);
        &text[from..to]
    };
    [&text[..start], replacement, &text[end..]].concat()
}

#[test]
fn damaged_texts_are_judged() {
    let (mut unread, mut rejected, mut accepted) = (0, 0, 0);
    for seed in 0..1500 {
        let mut rng = Rng::new(seed);
        let text = print(&random_function(seed, &RandomOptions::default()));
        match parse(&damage_text(&text, &mut rng)) {
            Err(_) => unread += 1,
            Ok(f) if judge(&f, seed) => accepted += 1,
            Ok(_) => rejected += 1,
        }
    }
    assert!(unread > 100 && rejected > 100 && accepted > 100, "{unread} {rejected} {accepted}");
}
