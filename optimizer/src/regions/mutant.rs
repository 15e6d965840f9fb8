//! Faults planted in the rules, to see that tests find them. Outside of tests nothing is planted.

/// A fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mutant {
    /// A loop leaves `io` alone although it may not end.
    EndlessLoopEnds,
    /// A variable is fixed as soon as its next value comes from outside, whatever it starts with.
    AnyInvariantIsFixed,
    /// A counter ends at its bound although it may start beyond it.
    CounterIsNotEntered,
    /// Divisions and remainders move where their divisor may be zero.
    PartialIsTotal,
    /// Loads move where their index may be out of range.
    IndexIsInRange,
    /// Loads move out of loops that store.
    MemoryIsUnchanged,
    /// What an arm's predicate says holds outside.
    FactLeavesArm,
    /// A check that passed is a fact of its region.
    CheckIsAFact,
    /// A loop's predicate holds for its first value without proof.
    LoopIsEntered,
    /// An arm is copied to where its predicate is not known.
    ArmIsEntered,
    /// A store forwards to a load at any index.
    PlacesAreTheSame,
    /// A store of what another place holds is silent.
    StoreIsSilent,
}

#[cfg(test)]
thread_local! {
    static PLANTED: std::cell::Cell<Option<Mutant>> = const { std::cell::Cell::new(None) };
}

/// Whether this fault is planted.
#[cfg(test)]
pub(crate) fn planted(mutant: Mutant) -> bool {
    PLANTED.get() == Some(mutant)
}

/// Whether this fault is planted.
#[cfg(not(test))]
#[inline]
pub(crate) fn planted(_: Mutant) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::{Mutant, PLANTED};
    use crate::validate::counterexample;
    use crate::{Options, optimize};
    use rvsdg::interp::{Limits, Violation, run};
    use rvsdg::random::{RandomOptions, random_function, random_inputs};
    use rvsdg::{Answer, Function, Inputs};

    fn answer(function: &Function, inputs: &Inputs) -> Result<Option<Answer>, Violation> {
        let limits = Limits { steps: Some(20_000), ..Limits::default() };
        match run(function, inputs, &limits) {
            Ok(run) => Ok(Some(run.answer)),
            Err(Violation::StepLimit) => Ok(None),
            Err(violation) => Err(violation),
        }
    }

    /// Whether optimising changes the meaning of a program on some inputs, or contradicts itself.
    fn differs(function: &Function, seeds: std::ops::Range<u64>) -> bool {
        let optimized = optimize(function, &Options::default()).expect("the defaults fit");
        let contradicts = optimized.report.stop_reason == "contradiction";
        contradicts
            || rvsdg::verify::verify(&optimized.function).is_err()
            || seeds.into_iter().any(|seed| {
                let inputs = random_inputs(seed, function);
                let expected = answer(function, &inputs).expect("the program is defined");
                match (expected, answer(&optimized.function, &inputs)) {
                    (Some(expected), Ok(Some(found))) => !expected.same(&found),
                    (None, Ok(None)) => false,
                    _ => true,
                }
            })
    }

    /// Programs on which faults show that random ones rarely reach.
    const DIRECTED: &[&str] = &[
        "(lambda @f [(%x i64)] [%io] -> i64
          (%io1 %i_1 = theta [%io %x]
            (body [%io_1 %i] (%go = icmp.eq %i 1) (results %go %io_1 %i)))
          (results %x %io1))",
        "(lambda @f [(%x i64) (%y i64)] [%io] -> i64
          (%q = gamma (icmp.ne %y 0) []
            (arm [] (results 0))
            (arm [] (%d = ifloordiv (iand %x 7) %y) (results %d)))
          (results %q %io))",
        "(lambda @f [(%n i64)] [%io] -> (i64 i64)
          (%k = iand %n 3)
          (%i_1 %s_1 = theta [0 0]
            (body [%i %s]
              (%t = iadd %s 5) (%j = iadd %i 1) (%go = icmp.lt %j %k) (results %go %j %t)))
          (results %i_1 %s_1 %io))",
        "(lambda @f [(%x i64)] [%io] -> i64
          (%ok = icmp.ne %x 0)
          (%io1 %d = guard %io %ok %x :raise ZeroDivisionError \"zero\")
          (%r = gamma %ok [] (arm [] (results 1)) (arm [] (results 2)))
          (%s = iadd %d %r)
          (results %s %io1))",
        "(lambda @f [(%a memref<i64,1,0>) (%i i64)] [%io %m] -> i64
          (%ok = band (icmp.le 0 %i) (icmp.lt %i (len.0 %a)))
          (%r %m1 = gamma %ok [%m]
            (arm [%m_1] (results 0 %m_1))
            (arm [%m_2] (%x = load %m_2 %a %i) (results %x %m_2)))
          (results %r %io %m1))",
        "(lambda @f [(%x i64) (%y i64)] [%io] -> i64
          (%i %s = theta [0 0]
            (body [%i2 %s2]
              (%q = gamma (icmp.eq %y 0) []
                (arm [] (%d = imod %x %y) (results %d))
                (arm [] (results %i2)))
              (%t = iadd %s2 %q) (%j = iadd %i2 1) (%go = icmp.lt %j 3) (results %go %j %t)))
          (results %s %io))",
        "(lambda @f [(%a memref<i64,1,0>) (%n i64)] [%io %m] -> i64
          (%i %s %m1 = theta [0 0 %m]
            (body [%i2 %s2 %m2]
              (%few = icmp.lt %s2 1000)
              (%q %m3 = gamma (band (icmp.lt 4 (len.0 %a)) %few) [%m2]
                (arm [%m4] (results %i2 %m4))
                (arm [%m5] (%x = load %m5 %a 4) (results %x %m5)))
              (%t = iadd %s2 %q) (%j = iadd %i2 1) (%go = icmp.lt %j 3)
              (results %go %j %t %m3)))
          (results %s %io %m1))",
        "(lambda @f [(%a memref<i64,1,0>) (%x i64)] [%io %m] -> i64
          (%ok = icmp.lt 0 (len.0 %a))
          (%io1 %k = guard %io %m %ok 0 :raise IndexError \"range\")
          (%m2 %c %s = theta [%m 0 0]
            (body [%m3 %c1 %s1]
              (%y = load %m3 %a %k) (%t = iadd %s1 %y)
              (%m4 = store %m3 %a %k (iadd %t %x)) (%j = iadd %c1 1) (%go = icmp.lt %j 3)
              (results %go %m4 %j %t)))
          (results %s %io1 %m2))",
    ];

    fn found(mutant: Option<Mutant>) -> bool {
        PLANTED.set(mutant);
        let directed = DIRECTED.iter().any(|text| {
            let function = rvsdg::text::parse(text).expect("the text is a function");
            differs(&function, 0..60)
        });
        let options = RandomOptions::default();
        let random = || (0..400).any(|seed| differs(&random_function(seed, &options), 0..6));
        let found = directed || random();
        PLANTED.set(None);
        found
    }

    #[test]
    fn every_planted_fault_is_found() {
        let mutants = [
            Mutant::EndlessLoopEnds,
            Mutant::AnyInvariantIsFixed,
            Mutant::CounterIsNotEntered,
            Mutant::PartialIsTotal,
            Mutant::IndexIsInRange,
            Mutant::MemoryIsUnchanged,
            Mutant::FactLeavesArm,
            Mutant::CheckIsAFact,
            Mutant::LoopIsEntered,
            Mutant::ArmIsEntered,
            Mutant::PlacesAreTheSame,
            Mutant::StoreIsSilent,
        ];
        let missed: Vec<Mutant> =
            mutants.into_iter().filter(|mutant| !found(Some(*mutant))).collect();
        assert!(missed.is_empty(), "not found: {missed:?}");
    }

    /// The rule in which each of these faults lies. That a loop does not end is no difference that
    /// a run shows.
    #[test]
    fn the_rule_with_a_planted_fault_is_a_suspect() {
        let options = RandomOptions::default();
        for (mutant, rule) in [
            (Mutant::AnyInvariantIsFixed, "loop-variable-is-fixed"),
            (Mutant::CounterIsNotEntered, "counter-ends-at-bound"),
            (Mutant::PartialIsTotal, "hoist"),
            (Mutant::LoopIsEntered, "loop-fact"),
            (Mutant::ArmIsEntered, "dissolve"),
            (Mutant::PlacesAreTheSame, "forward-store"),
            (Mutant::StoreIsSilent, "silent-store"),
        ] {
            PLANTED.set(Some(mutant));
            let directed = DIRECTED.iter().map(|text| rvsdg::text::parse(text).expect("it parses"));
            let mut functions =
                directed.chain((0..400).map(|seed| random_function(seed, &options)));
            let named = functions.any(|function| {
                let inputs = (0..40).map(|seed| random_inputs(seed, &function));
                let same = |a: &Answer, b: &Answer| a.same(b);
                let found = counterexample(&function, &Options::default(), inputs, same);
                let found = found.expect("the defaults fit");
                found.is_some_and(|found| found.suspects.iter().any(|name| name == rule))
            });
            PLANTED.set(None);
            assert!(named, "{mutant:?}: no counterexample names {rule}");
        }
    }

    #[test]
    fn without_a_fault_nothing_is_found() {
        assert!(!found(None));
    }
}
