//! Random programs are legal, deterministic and rich.

use super::{RandomOptions, random_function, random_inputs};
use crate::interp::{Limits, Prepared};
use crate::op::Op;
use crate::text::{parse, print};
use crate::verify::verify;
use crate::{ExcKind, MathFn, Type};

const SEEDS: u64 = 400;

fn options(seed: u64) -> RandomOptions {
    RandomOptions {
        narrow: seed.is_multiple_of(4),
        memory: !seed.is_multiple_of(5),
        effects: !seed.is_multiple_of(7),
        math: !seed.is_multiple_of(11),
        ..RandomOptions::default()
    }
}

#[test]
fn programs_are_verified_and_run_without_violation() {
    let (mut returned, mut raised) = (0, 0);
    for seed in 0..SEEDS {
        let f = random_function(seed, &options(seed));
        if let Err(errors) = verify(&f) {
            panic!("seed {seed}:\n{errors}\n{}", print(&f));
        }
        let prepared = Prepared::new(&f).unwrap();
        for input in 0..5 {
            let limits = Limits { steps: Some(200_000), ..Limits::default() };
            match prepared.run(&random_inputs(seed * 100 + input, &f), &limits) {
                Ok(run) if run.answer.outcome.is_ok() => returned += 1,
                Ok(_) => raised += 1,
                Err(violation) => panic!("seed {seed}, input {input}: {violation}\n{}", print(&f)),
            }
        }
    }
    assert!(returned > raised && raised > 200, "{returned} returned, {raised} raised");
}

#[test]
fn programs_read_back() {
    for seed in 0..SEEDS {
        let f = random_function(seed, &options(seed));
        let text = print(&f);
        let again = parse(&text).unwrap_or_else(|error| panic!("seed {seed}: {error}\n{text}"));
        assert_eq!(again, f, "seed {seed}\n{text}");
        assert_eq!(print(&again), text, "seed {seed}");
    }
}

#[test]
fn seeds_determine_programs() {
    let texts: Vec<String> =
        (0..20).map(|seed| print(&random_function(seed, &RandomOptions::default()))).collect();
    for (seed, text) in texts.iter().enumerate() {
        assert_eq!(*text, print(&random_function(seed as u64, &RandomOptions::default())));
    }
    assert_ne!(texts[0], texts[1]);
}

#[test]
fn every_operation_occurs_and_is_executed() {
    let mut missing: Vec<String> = Vec::new();
    for f in MathFn::ALL {
        missing.extend([Op::Math(*f).name(), Op::Call(*f).name()]);
    }
    for name in
        "iadd isub imul ineg iabs ifloordiv imod itruediv ipow ishl ishr iand ior ixor inot \
                 imin imax icmp.lt fadd fsub fmul fdiv fneg fabs ffloordiv fmod fmin fmax fcmp.ge \
                 band bor bxor bnot select ctl_is.0 len.0 len.1 load store guard gamma theta"
            .split_whitespace()
    {
        missing.push(name.to_owned());
    }
    let scalars = [Type::F32, Type::F64, Type::I32, Type::I64, Type::Bool];
    missing.extend(scalars.map(|ty| Op::Cast(ty).name()));
    let mut kinds: Vec<ExcKind> = Vec::new();
    for seed in 0..6000 {
        let f = random_function(seed, &options(seed));
        let run = Prepared::new(&f).unwrap().run(&random_inputs(seed, &f), &Limits::default());
        let run = run.unwrap();
        missing.retain(|name| !run.by_op.contains_key(name));
        if let Err(raised) = run.answer.outcome
            && !kinds.contains(&raised.kind)
        {
            kinds.push(raised.kind);
        }
        if missing.is_empty() && kinds.len() >= 5 {
            return;
        }
    }
    panic!("never executed: {missing:?}; raised: {kinds:?}");
}
