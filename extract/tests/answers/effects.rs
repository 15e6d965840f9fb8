//! Problems with states: fixtures with the only legal answer, and random ones against exhaustive
//! search that runs every program.

use extract::effects::EffectError;
use extract::effects::oracle::{best_program, random_effects};
use extract::runner::Algorithm;
use extract::{
    Auto, Control, Extractor, GreedyWalks, Invalid, NodeIndex, Outcome, Problem, ReadOptions,
    StateWalks, Status, extractors, verify,
};
use serde_json::{Value, json};
use std::path::Path;

/// What random problems are searched through; the few beyond are left out.
const PROGRAMS: usize = 60_000;

/// `OVUM_EXTRACT_CASES` sets the number of problems; 1,500 without it.
#[test]
fn random_programs_against_exhaustive_search() {
    let cases = std::env::var("OVUM_EXTRACT_CASES").ok().and_then(|text| text.parse().ok());
    let cases: u64 = cases.unwrap_or(1_500);
    let (mut solved, mut greedy_found, mut greedy_best) = (0, 0, 0);
    let (mut left_out, mut unproved) = (0, 0);
    for seed in 0..cases {
        let p = random_effects(seed);
        let Some(best) = best_program(&p, PROGRAMS) else {
            left_out += 1;
            continue;
        };
        let context = |what: &str| format!("seed {seed}: {what}, best {best:?}\n{}", p.to_json());
        let exact = StateWalks.extract(&p, &Control::default());
        let cost = verify(&p, &exact).unwrap_or_else(|e| panic!("{}", context(&e.to_string())));
        match best {
            Some(_) => assert_eq!(exact.status, Status::Optimal, "{}", context("status")),
            // That nothing is legal may be out of reach; it is never claimed wrongly.
            None if exact.status == Status::Unsupported => unproved += 1,
            None => assert_eq!(exact.status, Status::Infeasible, "{}", context("status")),
        }
        assert_eq!(cost.map(|c| c.dag_cost), best, "{}", context(&format!("{exact:?}")));
        solved += u64::from(best.is_some());
        let greedy = GreedyWalks.extract(&p, &Control::default());
        let cost = verify(&p, &greedy).unwrap_or_else(|e| panic!("{}", context(&e.to_string())));
        if let Some(cost) = cost {
            assert!(best.is_some_and(|best| best <= cost.dag_cost), "{}", context("greedy"));
            greedy_found += 1;
            greedy_best += u64::from(Some(cost.dag_cost) == best);
        }
    }
    let figures = format!(
        "{cases} problems, {left_out} too large; {solved} have a program, all found and proved, greedy \
         finds {greedy_found}, {greedy_best} optimal; {unproved} not proved to have none"
    );
    super::large::note(&figures);
    assert!(solved * 3 > cases, "{figures}");
    assert!(greedy_found * 10 > solved * 9, "{figures}");
}

/// A problem of one region with the state `s0` on entry and `end` at the end. Nodes as (name,
/// class, cost, children), what they ask by name, states by name.
fn program(
    nodes: &[(&str, &str, f64, &[&str])],
    asks: &Value,
    states: &[&str],
    end: &str,
    root: &str,
) -> Problem {
    let states: Value = states.iter().map(|name| ((*name).to_owned(), json!(0))).collect();
    let listed: Value = nodes
        .iter()
        .map(|(name, class, cost, children)| {
            let body = json!({"op": name, "eclass": class, "cost": cost, "children": children});
            ((*name).to_owned(), body)
        })
        .collect();
    let effects = json!({
        "states": states,
        "walks": [{"entry": "s0", "result": end}],
        "nodes": asks,
    });
    let text = json!({"nodes": listed, "root_eclasses": [root], "effects": effects}).to_string();
    let problem = Problem::from_json(&text, ReadOptions::default()).unwrap();
    let written = problem.to_json();
    let read = Problem::from_json(&written.to_string(), ReadOptions::default()).unwrap();
    assert_eq!(read.to_json(), written);
    problem
}

fn named(problem: &Problem, name: &str) -> NodeIndex {
    let all = problem.classes().flat_map(|class| problem.nodes(class));
    all.into_iter().find(|node| problem.node_name(*node) == name).unwrap()
}

/// Both extractors find this program.
fn finds(problem: &Problem, cost: f64, walk: &[&str]) -> Outcome {
    let steps: Vec<NodeIndex> = walk.iter().map(|name| named(problem, name)).collect();
    let exact = StateWalks.extract(problem, &Control::default());
    for outcome in [&exact, &GreedyWalks.extract(problem, &Control::default())] {
        let checked = verify(problem, outcome).unwrap().unwrap();
        assert_eq!((checked.dag_cost, &outcome.walks), (cost, &vec![steps.clone()]));
    }
    assert_eq!(
        (exact.status, best_program(problem, PROGRAMS)),
        (Status::Optimal, Some(Some(cost)))
    );
    exact
}

/// Each of two writes is cheapest from the state on entry, but a state has one consumer.
#[test]
fn a_state_is_not_copied() {
    let p = program(
        &[
            ("s0", "s0", 0.0, &[]),
            ("w1", "s1", 1.0, &["s0"]),
            ("w2", "s2", 1.0, &["s0"]),
            ("w2after", "s2", 5.0, &["w1"]),
            ("x", "x", 1.0, &["w1"]),
            ("y", "y", 1.0, &["w2"]),
            ("both", "r", 0.0, &["x", "y"]),
        ],
        &json!({"w1": {"source": "s0"}, "w2": {"source": "s0"}, "w2after": {"source": "s1"},
               "x": {"reads": ["s1"]}, "y": {"reads": ["s2"]}}),
        &["s0", "s1", "s2"],
        "s2",
        "r",
    );
    let legal = finds(&p, 8.0, &["w1", "w2after"]);
    let walk = |names: &[&str]| vec![names.iter().map(|name| named(&p, name)).collect()];
    for (walks, error) in [
        (walk(&["w2"]), "is never current"),
        (walk(&["w1", "w2"]), "does not reach its result"),
        (walk(&["w1"]), "does not reach its result"),
        (Vec::new(), "one sequence per walk"),
    ] {
        let wrong = verify(&p, &Outcome { walks, ..legal.clone() }).unwrap_err();
        assert!(wrong.to_string().contains(error), "{wrong}");
    }
}

/// A volatile load is a value and a state: both by the same one, or it is carried out twice.
#[test]
fn the_value_of_an_effect_is_that_effects() {
    let p = program(
        &[
            ("s0", "s0", 0.0, &[]),
            ("cheap", "s1", 1.0, &["s0"]),
            ("dear", "s1", 4.0, &["s0"]),
            ("dear.val", "v", 0.0, &["s0"]),
        ],
        &json!({"cheap": {"source": "s0"}, "dear": {"source": "s0", "event": 0},
               "dear.val": {"needs": ["dear"], "event": 0}}),
        &["s0", "s1"],
        "s1",
        "v",
    );
    let legal = finds(&p, 4.0, &["dear"]);
    let walks = vec![vec![named(&p, "cheap")]];
    let wrong = verify(&p, &Outcome { walks, ..legal });
    let unmet = EffectError::Unmet(named(&p, "dear.val"), named(&p, "dear"));
    assert_eq!(wrong, Err(Invalid::Effects(unmet)));
}

/// Storing and storing back what was there ends in the state on entry; what is read in between
/// needs the walk to leave it and come back, though the empty walk is legal for the rest.
#[test]
fn a_state_may_recur() {
    let nodes: [(&str, &str, f64, &[&str]); 5] = [
        ("s0", "s0", 0.0, &[]),
        ("store", "s1", 2.0, &["s0"]),
        ("back", "s0", 3.0, &["store", "old"]),
        ("old", "old", 1.0, &["s0"]),
        ("load", "new", 1.0, &["store"]),
    ];
    let asks = json!({"store": {"source": "s0"}, "back": {"source": "s1"},
                      "old": {"reads": ["s0"]}, "load": {"reads": ["s1"]}});
    let between = program(&nodes, &asks, &["s0", "s1"], "s0", "new");
    finds(&between, 7.0, &["store", "back"]);
    finds(&program(&nodes, &asks, &["s0", "s1"], "s0", "old"), 1.0, &[]);
}

/// What is read from a state cannot depend on what happens later.
#[test]
fn reads_come_before_the_next_effect() {
    let p = program(
        &[
            ("s0", "s0", 0.0, &[]),
            ("call", "s1", 1.0, &["s0"]),
            ("call.val", "v", 0.0, &["s0"]),
            ("early", "x", 1.0, &["s0", "call.val"]),
            ("late", "x", 9.0, &["call", "call.val"]),
        ],
        &json!({"call": {"source": "s0", "event": 3}, "call.val": {"needs": ["call"], "event": 3},
               "early": {"reads": ["s0"]}, "late": {"reads": ["s1"]}}),
        &["s0", "s1"],
        "s1",
        "x",
    );
    let legal = finds(&p, 10.0, &["call"]);
    let mut wrong = legal;
    let early = named(&p, "early");
    wrong.choices[p.class(early).index()] = Some(early);
    let Err(Invalid::Effects(EffectError::Unordered(nodes))) = verify(&p, &wrong) else {
        panic!("the load is too early")
    };
    assert!(nodes.contains(&early));
}

/// Extractors that choose a node per class say that this is beyond them.
#[test]
fn others_do_not_answer_problems_with_states() {
    let p = random_effects(1);
    for extractor in extractors() {
        let (states, name) = (extractor.caps().states, extractor.name());
        let solved = Algorithm::Extractor(extractor);
        let solved = solved.solve(&p, &Control::default(), &mut |_| {}).unwrap();
        assert!(states || solved.outcome.status == Status::Unsupported, "{name}");
        verify(&p, &solved.outcome).unwrap();
    }
}

#[test]
fn columns_that_do_not_fit_are_refused() {
    let read = |effects: Value| {
        let nodes = json!({"a": {"op": "a", "eclass": "s0"}, "b": {"op": "b", "eclass": "v"}});
        let text = json!({"nodes": nodes, "root_eclasses": ["v"], "effects": effects}).to_string();
        Problem::from_json(&text, ReadOptions::default()).unwrap_err().to_string()
    };
    let walk = json!([{"entry": "s0", "result": "s0"}]);
    for (effects, what) in [
        (json!({"states": {"s0": 1}}), "there is no walk 1"),
        (json!({"states": {"z": 0}}), "there is no class `z`"),
        (json!({"class_regions": {"v": 2}}), "there is no region 2"),
        (json!({"regions": [[0, 1]]}), "comes before the one around it"),
        (json!({"walks": walk}), "ends at a state of another"),
        (
            json!({"walks": walk, "states": {"s0": 0}, "nodes": {"b": {"source": "s0"}}}),
            "leaves its walk",
        ),
    ] {
        let error = read(effects);
        assert!(error.starts_with("`effects`: ") && error.contains(what), "{error}");
    }
}

/// Least costs of the fixtures.
const KNOWN_PROGRAMS: [(&str, f64); 4] = [
    ("a-loop-of-checks", 17.0),
    ("calls-and-versions", 231.0),
    ("checks-in-a-branch", 14.0),
    ("stores-before-a-raise", 22.0),
];

/// E-graphs of functions after saturation, as the optimiser exports them (its test `programs` says
/// how they were written): the exact extractor proves its program, the heuristic's is as legal and
/// costs no less; where every program can be tried, none is cheaper.
#[test]
fn exported_programs_are_answered_by_both_extractors() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let known = KNOWN_PROGRAMS.map(|(name, cost)| (name.to_owned(), cost));
    let (mut found, mut tried) = (Vec::new(), 0);
    for (name, _) in KNOWN_PROGRAMS {
        let text = std::fs::read_to_string(folder.join(name).with_extension("json")).unwrap();
        let p = Problem::from_json(&text, ReadOptions::default()).unwrap();
        let effects = p.effects().expect("it has columns of states");
        assert!(effects.walks().len() > 1, "{name} has the walks of io and of memory");
        let exact = StateWalks.extract(&p, &Control::default());
        let cost = verify(&p, &exact).unwrap().unwrap().dag_cost;
        assert_eq!(exact.status, Status::Optimal, "{name}");
        let greedy = GreedyWalks.extract(&p, &Control::default());
        let other = verify(&p, &greedy).unwrap().unwrap().dag_cost;
        assert!(cost <= other * (1.0 + 1e-9), "{name}: {cost} is proved, and greedy has {other}");
        let auto = Auto.extract(&p, &Control::default());
        assert_eq!(verify(&p, &auto).unwrap().unwrap().dag_cost, cost, "{name}");
        if let Some(best) = best_program(&p, PROGRAMS) {
            tried += 1;
            assert_eq!(best, Some(cost), "{name}");
        }
        // Without its effects a program is none.
        let cut = Outcome { walks: vec![Vec::new(); exact.walks.len()], ..exact };
        assert!(matches!(verify(&p, &cut), Err(Invalid::Effects(_))), "{name}");
        found.push((name.to_owned(), cost));
    }
    assert_eq!(found, known);
    assert!(tried >= 2, "{tried} were small enough to try every program");
}
