//! Random programs: machine code and the optimised program must give the interpreter's answer.
//!
//! `OVUM_RANDOM_PROGRAMS` sets how many, `OVUM_RANDOM_SEED` the first seed. Where `CI` is set there are
//! [`IN_CI`].

use crate::engines::Forms;
use crate::note;
use rvsdg::random::{RandomOptions, random_function, random_inputs};
use rvsdg::text::print;

/// Calls of each program.
const CALLS: u64 = 4;

/// Random programs of a test where `CI` is set, whatever it does with each.
const IN_CI: u64 = 2_000;

/// How many random programs a test takes: `few` where nobody asked for more.
pub(crate) fn programs(few: u64) -> u64 {
    let in_ci = std::env::var_os("CI").is_some();
    setting("OVUM_RANDOM_PROGRAMS", if in_ci { IN_CI } else { few })
}

/// A number from the environment.
pub(crate) fn setting(name: &str, default: u64) -> u64 {
    let text = std::env::var(name).ok();
    text.map_or(default, |text| text.parse().unwrap_or_else(|e| panic!("{name}={text}: {e}")))
}

/// The programs differ in size and kind by seed.
pub(crate) fn options(seed: u64) -> RandomOptions {
    RandomOptions {
        size: [8, 25, 25, 45][(seed % 4) as usize],
        depth: 1 + (seed % 3) as u32,
        memory: !seed.is_multiple_of(5),
        effects: !seed.is_multiple_of(7),
        narrow: seed.is_multiple_of(3),
        math: true,
    }
}

#[test]
fn random_programs_agree() {
    let programs = programs(300);
    let first = setting("OVUM_RANDOM_SEED", 1);
    let mut fired = 0;
    let mut raised = 0;
    for seed in first..first + programs {
        let function = random_function(seed, &options(seed));
        let forms = Forms::new(function.clone(), &optimizer::Options::default())
            .unwrap_or_else(|error| panic!("seed {seed}: {error}\n{}", print(&function)));
        fired += usize::from(!forms.report.rules_fired.is_empty());
        for call in 0..CALLS {
            raised += usize::from(compare(seed, seed * CALLS + call, &forms));
        }
    }
    note(&format!(
        "{programs} programs from seed {first}, {CALLS} calls each, on 4 engines: all alike; \
         rules fired in {fired}, {raised} calls raised"
    ));
    assert!(programs < 100 || raised > 0, "no random program raised anything");
}

/// Compares one call on every engine; whether it raised.
fn compare(seed: u64, inputs_seed: u64, forms: &Forms) -> bool {
    let inputs = random_inputs(inputs_seed, &forms.before);
    let show = |what: String| -> String {
        let (before, after) = (print(&forms.before), print(&forms.after));
        format!("seed {seed}: {what}\ninputs {inputs:?}\nbefore\n{before}\nafter\n{after}")
    };
    let answers = forms.answers(&inputs).unwrap_or_else(|error| panic!("{}", show(error)));
    let (_, reference) = &answers[0];
    for (engine, answer) in &answers[1..] {
        let alike = reference.same(answer);
        assert!(alike, "{}", show(format!("{engine} {answer:?}, interpreter {reference:?}")));
    }
    reference.outcome.is_err()
}
