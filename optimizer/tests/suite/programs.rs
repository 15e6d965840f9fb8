//! The optimiser's e-graphs as problems with states: its own programs are legal there, the exact
//! extractor's cost no more, and what it finds decodes to programs with the same answers.
//!
//! `OVUM_RANDOM_PROGRAMS` sets how many, 40 without it. `OVUM_WRITE_PROBLEMS` names a folder for the
//! problems of a few written functions: `extract/tests/fixtures` has such files.

use extract::effects::check_program;
use extract::{Control, Extractor, GreedyDag, GreedyWalks, StateWalks, Status, verify};
use optimizer::decode::decode;
use optimizer::extraction::extract_program;
use optimizer::program::export;
use optimizer::{Options, saturated};
use rvsdg::Function;
use rvsdg::interp::{Limits, Prepared};
use rvsdg::random::{RandomOptions, random_function, random_inputs};
use std::path::PathBuf;
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

/// Functions with states in branches and loops, effects that may raise, stores between loads.
const WRITTEN: [(&str, &str); 4] = [
    (
        "checks-in-a-branch",
        "(lambda @f [(%a memref<f64,1,0>) (%p bool)] [%io %m] -> f64
          (%n = len.0 %a)
          (%io1 %i = guard %io %m (icmp.lt 2 %n) 2 :raise IndexError \"range\")
          (%x = load %m %a %i)
          (%io2 %m2 %y = gamma %p [%io1 %m]
            (arm [%s %t] (results %s %t %x))
            (arm [%s %t] (%s1 %j = guard %s %t (icmp.lt 0 %n) 0 :raise IndexError \"range\")
              (%z = load %t %a %j) (%w = fadd %z (fadd 1.0 2.0)) (results %s1 %t %w)))
          (results %y %io2 %m2))",
    ),
    (
        "stores-before-a-raise",
        "(lambda @f [(%a memref<f64,1,0>) (%x i64)] [%io %m] -> none
          (%n = len.0 %a)
          (%io1 %i = guard %io %m (icmp.lt 0 %n) 0 :raise IndexError \"range\")
          (%m1 = store %m %a %i (fadd 1.0 2.0))
          (%io2 %d = guard %io1 %m1 (icmp.ne %x 0) %x :raise ZeroDivisionError \"zero\")
          (%m2 = store %m1 %a %i 3.5)
          (%io3 %e = guard %io2 %m2 (icmp.ne %x 1) %x :raise ValueError \"one\")
          (%m3 = store %m2 %a %i 4.5)
          (results %io3 %m3))",
    ),
    (
        "calls-and-versions",
        "(lambda @f [(%a memref<f64,1,0>)] [%io %m] -> f64
          (%io1 %i = guard %io %m (icmp.lt 0 (len.0 %a)) 0 :raise IndexError \"range\")
          (%x = load %m %a %i)
          (%io2 %t = call.tanh %io1 %m %x)
          (%m1 = store %m %a %i %t)
          (%y = load %m1 %a %i)
          (%io3 %l = call.log %io2 %m1 %y)
          (%m2 = store %m1 %a %i 9.0)
          (%z = load %m2 %a %i)
          (%r = fadd (fadd %x %y) (fmul %z %l))
          (results %r %io3 %m2))",
    ),
    (
        "a-loop-of-checks",
        "(lambda @f [(%a memref<f64,1,0>) (%p bool) (%x i64)] [%io %m] -> i64
          (%io1 %m1 %v = gamma %p [%io %m]
            (arm [%s %t] (%s1 %c = guard %s %t (icmp.ne %x 1) %x :raise ValueError \"one\")
              (results %s1 %t %c))
            (arm [%s %t]
              (%s1 %i = guard %s %t (icmp.lt 0 (len.0 %a)) 0 :raise IndexError \"range\")
              (%t1 = store %t %a %i 6.5) (results %s1 %t1 %i)))
          (%k %io2 %m2 = theta [0 %io1 %m1] (body [%n %s %t]
            (%s1 %c = guard %s %t (icmp.ne %n %x) %n :raise OverflowError \"met\")
            (%n1 = iadd %n 1)
            (results (icmp.lt %n1 3) %n1 %s1 %t)))
          (%r = iadd (iadd 1 2) %x)
          (results %r %io2 %m2))",
    ),
];

/// Both extractors of programs have an answer to each, and it decodes.
#[test]
fn written_functions_are_problems_with_states() {
    let folder = std::env::var_os("OVUM_WRITE_PROBLEMS").map(PathBuf::from);
    for (name, text) in WRITTEN {
        let function = rvsdg::text::parse(text).expect("the text is a function");
        let model = saturated(&function, &Options::default()).expect("valid options");
        let model = model.expect("there is something to saturate");
        let program = export(&model);
        for extractor in [&StateWalks as &dyn Extractor, &GreedyWalks] {
            let outcome = extractor.extract(&program.problem, &Control::default());
            let cost = verify(&program.problem, &outcome).unwrap_or_else(|e| panic!("{name}: {e}"));
            assert!(cost.is_some(), "{name}, {}: {:?}", extractor.name(), outcome.status);
            let selection = program.selection(&model, &outcome).expect("it was checked");
            let decoded = decode(&model, &selection).unwrap_or_else(|e| panic!("{name}: {e:?}"));
            rvsdg::verify::verify(&decoded).unwrap_or_else(|e| panic!("{name}: {e:?}"));
        }
        if let Some(folder) = &folder {
            let path = folder.join(format!("{name}.json"));
            std::fs::write(path, format!("{}\n", program.problem.to_json()))
                .expect("the folder exists");
        }
    }
}

#[expect(clippy::print_stderr, reason = "read with --nocapture")]
fn note(text: &str) {
    eprintln!("{text}");
}
