//! The optimiser's e-graphs as problems with states: its own programs are legal there, the exact
//! extractor's cost no more, and what it finds decodes to programs with the same answers.
//!
//! `OVUM_RANDOM_PROGRAMS` sets how many, 40 without it.

use extract::effects::check_program;
use extract::{Control, Extractor, GreedyDag, GreedyWalks, StateWalks, Status, verify};
use optimizer::decode::decode;
use optimizer::extraction::extract_program;
use optimizer::program::export;
use optimizer::{Options, saturated};
use rvsdg::Function;
use rvsdg::interp::{Limits, Prepared};
use rvsdg::random::{RandomOptions, random_function, random_inputs};
use std::time::Duration;

const CALLS: u64 = 4;

#[derive(Default)]
struct Sums {
    own: f64,
    exact: f64,
    proved: u32,
    cheaper: u32,
    decoded: u32,
    greedy: u32,
}

#[test]
fn live_programs_are_legal_problems_with_states() {
    let programs = std::env::var("OVUM_RANDOM_PROGRAMS").ok().and_then(|text| text.parse().ok());
    let programs: u64 = programs.unwrap_or(40);
    let mut sums = Sums::default();
    for seed in 1..=programs {
        let options = RandomOptions {
            size: [6, 12, 20][(seed % 3) as usize],
            depth: 1 + (seed % 2) as u32,
            memory: seed % 5 > 0,
            effects: seed % 7 > 0,
            narrow: false,
            math: seed % 2 == 0,
        };
        let function = random_function(seed, &options);
        one(seed, &function, &mut sums);
    }
    note(&format!(
        "{programs} programs: {} proved, {} cheaper than the optimiser's own, sums {:.2} and {:.2}; \
         greedy walks on {}; {} decoded and run",
        sums.proved, sums.cheaper, sums.exact, sums.own, sums.greedy, sums.decoded
    ));
    let programs = programs as u32;
    assert!(sums.decoded * 20 >= programs * 19 && sums.greedy * 10 >= programs * 9);
    assert!(sums.proved * 2 >= programs && sums.exact <= sums.own);
}

fn one(seed: u64, function: &Function, sums: &mut Sums) {
    let options = Options { node_limit: 1_500, ..Options::default() };
    let Some(model) = saturated(function, &options).expect("the options fit") else { return };
    let program = export(&model);
    let effects = program.problem.effects().expect("it has states");
    let greedy = GreedyWalks.extract(&program.problem, &Control::default());
    verify(&program.problem, &greedy).unwrap_or_else(|e| panic!("seed {seed}, greedy: {e}"));
    sums.greedy += u32::from(greedy.status == Status::Feasible);
    let control = Control::with_time_limit(Duration::from_millis(300));
    let exact = StateWalks.extract(&program.problem, &control);
    let checked = verify(&program.problem, &exact).unwrap_or_else(|e| panic!("seed {seed}: {e}"));
    sums.proved += u32::from(exact.status == Status::Optimal);
    let Some(own) = extract_program(&model, &GreedyDag, &[]) else { return };
    let answer = program.answer(&model, &own.selection);
    let legal = check_program(&program.problem, effects, &answer.choices, &answer.walks);
    let legal = legal.unwrap_or_else(|e| panic!("seed {seed}: the optimiser's program: {e}"));
    let Some(cost) = checked.map(|checked| checked.dag_cost) else { return };
    let (least, own_cost) = (cost.min(legal.cost), legal.cost);
    assert!(
        exact.status != Status::Optimal || cost <= own_cost * (1.0 + 1e-9),
        "seed {seed}: {cost} is proved, and {own_cost} exists"
    );
    sums.exact += least;
    sums.own += own_cost;
    sums.cheaper += u32::from(cost < own_cost * (1.0 - 1e-9));
    let selection = program.selection(&model, &exact).expect("it was checked");
    let Ok(decoded) = decode(&model, &selection) else { return };
    sums.decoded += 1;
    let limits = Limits { steps: Some(200_000), ..Limits::default() };
    let (before, after) = (Prepared::new(function), Prepared::new(&decoded));
    let before = before.expect("it is legal");
    let after = after.unwrap_or_else(|e| panic!("seed {seed}: {e}"));
    for call in 0..CALLS {
        let inputs = random_inputs(seed * 1000 + call, function);
        if let (Ok(expected), Ok(found)) =
            (before.run(&inputs, &limits), after.run(&inputs, &limits))
        {
            assert!(expected.answer.same(&found.answer), "seed {seed}, call {call}");
        }
    }
}

#[expect(clippy::print_stderr, reason = "read with --nocapture")]
fn note(text: &str) {
    eprintln!("{text}");
}
