//! Random programs after saturation: whichever extractor chooses, what it chooses is legal, and the
//! program computes what the input computes; so does machine code of the input and of the
//! optimiser's own choice.
//!
//! `OVUM_RANDOM_PROGRAMS` sets how many, `OVUM_RANDOM_SEED` the first seed, so that parts of a long
//! run can be added up; `OVUM_RANDOM_EXTRACTORS` names extractors, all without it.

use crate::differential::{options, programs, setting};
use crate::engines::{Forms, interpret};
use crate::note;
use extract::{Control, Extractor, StateWalks, extractors};
use indexmap::IndexMap;
use optimizer::decode::decode;
use optimizer::extraction::extract_program;
use optimizer::legality::check;
use optimizer::model::Model;
use optimizer::program::export;
use optimizer::{Options, saturated};
use rvsdg::random::{random_function, random_inputs};
use rvsdg::text::print;
use rvsdg::{Answer, Function, Inputs};
use std::time::{Duration, Instant};

/// Calls of each program.
const CALLS: u64 = 3;
/// Subproblems of an exact search.
const STEPS: usize = 400;

/// What came of one extractor.
#[derive(Default)]
struct Tally {
    legal: u64,
    none: u64,
    time: Duration,
}

#[test]
fn every_extractor_keeps_the_answers() {
    let programs = programs(60);
    let first = setting("OVUM_RANDOM_SEED", 1);
    let named = std::env::var("OVUM_RANDOM_EXTRACTORS").ok();
    let named: Option<Vec<&str>> = named.as_ref().map(|text| text.split(',').collect());
    let mut all = extractors();
    all.retain(|each| named.as_ref().is_none_or(|named| named.contains(&each.name())));
    let mut tallies: IndexMap<&'static str, Tally> = IndexMap::new();
    let (mut forms, mut raised, mut kept) = (0, 0, 0);
    for seed in first..first + programs {
        let function = random_function(seed, &options(seed));
        let calls: Vec<(Inputs, Answer)> = (0..CALLS)
            .map(|call| random_inputs(seed * CALLS + call, &function))
            .map(|inputs| {
                let answer = interpret(&function, &inputs);
                (inputs, answer.unwrap_or_else(|e| panic!("seed {seed}: {e}")))
            })
            .collect();
        raised += calls.iter().filter(|(_, answer)| answer.outcome.is_err()).count();
        kept += u64::from(machine_code(seed, &function, &calls));
        let options = Options::default();
        let model = saturated(&function, &options).expect("the defaults fit");
        let model = model.unwrap_or_else(|| panic!("seed {seed} does not fit"));
        let mut seen: Vec<String> = Vec::new();
        for extractor in &all {
            let tally = tallies.entry(extractor.name()).or_default();
            let start = Instant::now();
            let found = extracted(&model, extractor.as_ref());
            tally.time += start.elapsed();
            match found {
                Err(illegal) => panic!("seed {seed}, {}: {illegal}", extractor.name()),
                Ok(None) => tally.none += 1,
                Ok(Some(found)) => {
                    tally.legal += 1;
                    let text = print(&found);
                    if !seen.contains(&text) {
                        answers_are_kept((seed, extractor.name()), &function, &found, &calls);
                        seen.push(text);
                    }
                }
            }
        }
        forms += seen.len();
    }
    let each = tallies.iter().map(|(name, tally)| {
        format!("{name} {} ({} none, {:.1} s)", tally.legal, tally.none, tally.time.as_secs_f64())
    });
    let each: Vec<String> = each.collect();
    note(&format!(
        "{programs} programs from seed {first}, {CALLS} calls each, {raised} of them raised: the \
         interpreter, machine code and {forms} different programs that were chosen all alike; \
         without a legal program: {kept}; legal by extractor: {}",
        each.join(", ")
    ));
    assert!(programs < 100 || raised > 0, "no random program raised anything");
    assert!(kept * 1000 <= programs, "{kept} of {programs} without a legal program");
}

/// The states of this program can be walked in very many sequences: each that is tried counts as a
/// part of a subproblem, so that a limit on subproblems is one on the time.
#[test]
fn an_exact_search_of_many_sequences_ends() {
    let seed = 1_094_763;
    let function = random_function(seed, &options(seed));
    let model = saturated(&function, &Options::default()).expect("the defaults fit");
    let model = model.expect("the program fits");
    let start = Instant::now();
    extracted(&model, &StateWalks).expect("legal");
    let took = start.elapsed();
    note(&format!("many sequences: {:.2} s", took.as_secs_f64()));
    // Orders tried without pruning took more than eight minutes.
    assert!(took < Duration::from_mins(2), "{took:?}");
}

/// Machine code of the program and of what the optimiser makes of it, beside the answers; whether
/// the optimiser found nothing legal.
fn machine_code(seed: u64, function: &Function, calls: &[(Inputs, Answer)]) -> bool {
    let forms = Forms::new(function.clone(), &Options::default());
    let forms = forms.unwrap_or_else(|e| panic!("seed {seed}: {e}\n{}", print(function)));
    for (inputs, expected) in calls {
        let answers = forms.answers(inputs).unwrap_or_else(|e| panic!("seed {seed}: {e}"));
        for (engine, answer) in answers {
            assert!(expected.same(&answer), "seed {seed}, {engine}: {answer:?}, not {expected:?}");
        }
    }
    forms.report.nothing_legal
}

/// The program that an extractor chooses, if it finds a legal one.
///
/// # Errors
/// What is illegal about it.
fn extracted(model: &Model<'_>, extractor: &dyn Extractor) -> Result<Option<Function>, String> {
    let (selection, function) = if extractor.caps().states {
        let program = export(model);
        let control = Control { steps: Some(STEPS), ..Control::default() };
        let outcome = extractor.extract(&program.problem, &control);
        let Some(selection) = program.selection(model, &outcome) else { return Ok(None) };
        let Ok(function) = decode(model, &selection) else { return Ok(None) };
        (selection, function)
    } else {
        let Some(found) = extract_program(model, extractor, &[]) else { return Ok(None) };
        (found.selection, found.function)
    };
    let illegal = check(model, &selection);
    if !illegal.is_empty() {
        return Err(format!("{illegal:?}"));
    }
    rvsdg::verify::verify(&function).map_err(|errors| format!("{errors:?}"))?;
    Ok(Some(function))
}

/// The interpreter gives the expected answers on a program.
fn answers_are_kept(
    (seed, by): (u64, &str),
    before: &Function,
    after: &Function,
    calls: &[(Inputs, Answer)],
) {
    for (inputs, expected) in calls {
        let found = interpret(after, inputs).unwrap_or_else(|e| panic!("seed {seed}, {by}: {e}"));
        assert!(
            expected.same(&found),
            "seed {seed}, {by}: {expected:?} became {found:?}\nbefore\n{}\nafter\n{}",
            print(before),
            print(after)
        );
    }
}
