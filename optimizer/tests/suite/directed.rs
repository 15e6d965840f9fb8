//! Smallest programs for each way in which an optimiser with regions, states and partial operations
//! goes wrong. Each runs on every combination of arguments from small pools, as it is and optimised.

use optimizer::{Options, optimize};
use rvsdg::interp::{Limits, Violation, run};
use rvsdg::{Answer, Arg, Array, Function, Inputs, Scalar, Type};

/// Every combination of small arguments; arrays have none, one or three elements.
fn all_inputs(function: &Function, options: &Options) -> Vec<Inputs> {
    let floats = [-1.0, -0.0, 0.5, 2.0, 1000.0, f64::INFINITY, f64::NAN];
    let mut all = vec![Inputs::default()];
    for param in &function.params {
        let domain = options.domains.get(&*param.name).copied();
        let asserted = |x: f64| domain.is_none_or(|(lo, hi)| lo <= x && x <= hi);
        let scalars: Vec<Scalar> = match param.ty {
            Type::F64 => floats.iter().filter(|x| asserted(**x)).map(|x| Scalar::F64(*x)).collect(),
            Type::I64 => [-1, 0, 1, 2, 7].map(Scalar::I64).to_vec(),
            Type::Bool => [false, true].map(Scalar::Bool).to_vec(),
            _ => Vec::new(),
        };
        let arrays = [vec![], vec![1.5], vec![1.0, 2.0, 3.0]];
        all = all
            .into_iter()
            .flat_map(|inputs| {
                let with = |arg: Arg, array: Option<Array>| {
                    let mut inputs = inputs.clone();
                    inputs.args.push(arg);
                    inputs.arrays.extend(array);
                    inputs
                };
                if scalars.is_empty() {
                    let at = Arg::Array(inputs.arrays.len());
                    let with = |data: &Vec<f64>| with(at, Some(Array::f64(data.clone())));
                    return arrays.iter().map(with).collect::<Vec<_>>();
                }
                scalars.iter().map(|scalar| with(Arg::Scalar(*scalar), None)).collect()
            })
            .collect();
    }
    all
}

/// The answer, or nothing for a run that does not end.
fn answer(function: &Function, inputs: &Inputs) -> Option<Answer> {
    let limits = Limits { steps: Some(5000), ..Limits::default() };
    match run(function, inputs, &limits) {
        Ok(run) => Some(run.answer),
        Err(Violation::StepLimit) => None,
        Err(violation) => panic!("{violation} on {inputs:?} in\n{function}"),
    }
}

/// The optimised program, after a comparison with the program on all inputs.
fn kept(text: &str, options: &Options) -> Function {
    let function = rvsdg::text::parse(text).expect("the text is a function");
    rvsdg::verify::verify(&function).expect("the program is legal");
    let optimized = optimize(&function, options).expect("valid options").function;
    rvsdg::verify::verify(&optimized).expect("the result is legal");
    for inputs in all_inputs(&function, options) {
        let (before, after) = (answer(&function, &inputs), answer(&optimized, &inputs));
        let same = match (&before, &after) {
            (Some(before), Some(after)) => before.same(after),
            (before, after) => before.is_none() && after.is_none(),
        };
        assert!(same, "{inputs:?}: {before:?} became {after:?} in\n{optimized}");
    }
    optimized
}

/// The same for a program in which there is something to improve.
fn improved(text: &str) -> Function {
    let optimized = kept(text, &Options::default());
    let function = rvsdg::text::parse(text).expect("the text is a function");
    assert_ne!(optimized.to_string(), function.to_string(), "the program was compared with itself");
    optimized
}

fn count(function: &Function, operation: &str) -> usize {
    let text = function.to_string();
    text.lines().filter(|line| line.contains(operation)).count()
}

#[test]
fn a_checked_index_is_not_the_index() {
    // One check for a constant index, one in an arm, one whose condition is a fact of the domain.
    let text = "(lambda @f [(%a memref<f64,1,0>) (%p bool)] [%io %m] -> f64
      (%n = len.0 %a)
      (%io1 %i = guard %io %m (icmp.lt 2 %n) 2 :raise IndexError \"range\")
      (%x = load %m %a %i)
      (%io2 %m2 %y = gamma %p [%io1 %m]
        (arm [%s %t] (results %s %t %x))
        (arm [%s %t] (%s1 %j = guard %s %t (icmp.lt 0 %n) 0 :raise IndexError \"range\")
          (%z = load %t %a %j) (%w = fadd %z (fadd 1.0 2.0)) (results %s1 %t %w)))
      (results %y %io2 %m2))";
    let optimized = improved(text);
    assert_eq!(count(&optimized, "guard"), 2);
}

#[test]
fn an_unchecked_divisor_keeps_its_check() {
    let text = "(lambda @f [(%x i64)] [%io] -> i64
      (%ok = icmp.ne %x 0)
      (%io1 %d = guard %io %ok %x :raise ZeroDivisionError \"zero\")
      (%q = ifloordiv 7 %d)
      (%io2 %e = guard %io1 %ok %x :raise ZeroDivisionError \"again\")
      (%r = imod 7 %e)
      (%s = iadd (iadd %q %r) (iadd 1 2))
      (results %s %io2))";
    improved(text);
}

#[test]
fn that_an_effect_succeeded_is_no_fact_before_it() {
    // The value of sqrt is a number only where the call returns; the divisor is 0 where it raises.
    let text = "(lambda @f [(%x f64)] [%io] -> i64
      (%io1 %t = call.sqrt %io %x)
      (%i = select (fcmp.lt %x 0.0) 7 0)
      (%ok = fcmp.ge (fabs %t) 0.0)
      (%io2 %k = guard %io1 %ok %i :raise ValueError \"nan\")
      (%q = ifloordiv 7 (isub 7 %k))
      (results %q %io2))";
    let domains = [("x".to_owned(), (-1.0, 2.0))].into_iter().collect();
    kept(text, &Options { domains, ..Options::default() });
    // After a division by x, x == 0 is still possible on entry to the arm's region.
    let text = "(lambda @g [(%x i64)] [%io] -> i64
      (%zero = icmp.eq %x 0)
      (%io1 %d = guard %io (bnot %zero) %x :raise ZeroDivisionError \"zero\")
      (%q = ifloordiv 7 %d)
      (%y = gamma %zero []
        (arm [] (%r = imul %q (iadd 1 1)) (results %r))
        (arm [] (%r = iadd %x 5) (results %r)))
      (results %y %io1))";
    improved(text);
}

#[test]
fn not_a_number_has_one_identity() {
    // inf - inf and its negations have different signs; the arm is no dead code.
    let text = "(lambda @f [(%p bool)] [%io] -> i64
      (%y = gamma %p []
        (arm [] (results 1.0))
        (arm [] (%n = fsub inf inf) (%a = fmul %n -1.0) (%b = fneg %n) (%d = fadd %a %b)
          (results 2.0)))
      (%r = select (fcmp.lt %y 1.5) 10 20)
      (results %r %io))";
    improved(text);
}

#[test]
fn divergence_keeps_its_place_among_effects() {
    let spin = "(%i %io1 = theta [%n %io] (body [%k %s] (%j = iadd %k %k)
        (results (icmp.lt %j 1) %j %s)))";
    let check = |io: &str, out: &str| {
        format!("(%{out} %c = guard %{io} (icmp.ne %x 7) %x :raise ValueError \"seven\")")
    };
    let head = "(lambda @f [(%n i64) (%x i64)] [%io] -> i64 (%u = iadd (iadd 1 2) %x)";
    // Loop then check, its value unused; check then loop, its value used.
    improved(&format!("{head} {spin} {} (results %u %io2))", check("io1", "io2")));
    let after = spin.replace("%n %io]", "%n %io0]");
    improved(&format!(
        "{head} {} {after} (%v = iadd %i %u) (results %v %io1))",
        check("io", "io0")
    ));
}

#[test]
fn stores_before_a_raise_stay() {
    let text = "(lambda @f [(%a memref<f64,1,0>) (%x i64)] [%io %m] -> none
      (%n = len.0 %a)
      (%io1 %i = guard %io %m (icmp.lt 0 %n) 0 :raise IndexError \"range\")
      (%m1 = store %m %a %i (fadd 1.0 2.0))
      (%io2 %d = guard %io1 %m1 (icmp.ne %x 0) %x :raise ZeroDivisionError \"zero\")
      (%m2 = store %m1 %a %i 3.5)
      (%io3 %e = guard %io2 %m2 (icmp.ne %x 1) %x :raise ValueError \"one\")
      (%m3 = store %m2 %a %i 4.5)
      (results %io3 %m3))";
    assert_eq!(count(&improved(text), "store"), 3);
}

#[test]
fn a_load_reads_the_version_it_names() {
    let text = "(lambda @f [(%a memref<f64,1,0>)] [%io %m] -> f64
      (%io1 %i = guard %io %m (icmp.lt 0 (len.0 %a)) 0 :raise IndexError \"range\")
      (%x = load %m %a %i)
      (%io2 %t = call.tanh %io1 %m %x)
      (%m1 = store %m %a %i %t)
      (%y = load %m1 %a %i)
      (%io3 %l = call.log %io2 %m1 %y)
      (%m2 = store %m1 %a %i 9.0)
      (%z = load %m2 %a %i)
      (%r = fadd (fadd %x %y) (fmul %z %l))
      (results %r %io3 %m2))";
    let optimized = improved(text);
    assert_eq!((count(&optimized, "call.tanh"), count(&optimized, "call.log")), (0, 1));
}

#[test]
fn a_division_stays_in_its_arm() {
    let text = "(lambda @f [(%x i64) (%n i64)] [%io] -> i64
      (%r %i %io1 = theta [0 0 %io] (body [%acc %k %s]
        (%y = gamma (icmp.eq %x 0) []
          (arm [] (%q = ifloordiv 7 %x) (results %q))
          (arm [] (results (iadd 1 2))))
        (%next = iadd %acc %y) (%j = iadd %k 1)
        (results (icmp.lt %j %n) %next %j %s)))
      (results %r %io1))";
    let text = text.replace("(results (iadd 1 2))", "(%w = iadd 1 2) (results %w)");
    improved(&text);
}

#[test]
fn arms_that_contradict_each_other_decide_nothing_outside() {
    let text = "(lambda @f [(%x i64)] [%io] -> i64
      (%zero = icmp.eq %x 0)
      (%y = gamma %zero []
        (arm [] (%z = gamma (icmp.eq %x 0) []
            (arm [] (results 10))
            (arm [] (%q = ifloordiv 7 1) (results %q)))
          (results %z))
        (arm [] (%z = gamma (icmp.ne %x 0) []
            (arm [] (%w = iadd %x 3) (results %w))
            (arm [] (%q = iadd %x 4) (results %q)))
          (results %z)))
      (results %y %io))";
    improved(text);
}

#[test]
fn what_holds_in_an_arm_does_not_hold_beside_it() {
    // Pure in one arm, raising in the other and after both.
    let text = "(lambda @f [(%p bool) (%x f64)] [%io] -> f64
      (%io1 %y = gamma %p [%io]
        (arm [%s] (%s1 %v = call.sqrt %s %x) (results %s1 %v))
        (arm [%s] (%s1 %v = call.sqrt %s (fabs %x)) (results %s1 %v)))
      (%io2 %t = call.sqrt %io1 %x)
      (%io3 %u = call.sqrt %io2 %x)
      (%io4 %w = call.tanh %io3 (fadd %t %u))
      (%r = fadd %y %w)
      (results %r %io4))";
    assert_eq!(count(&improved(text), "call.tanh"), 0);
}

#[test]
fn a_check_that_holds_goes_and_one_that_may_fail_stays() {
    let text = "(lambda @f [(%x i64) (%y i64)] [%io] -> i64
      (%io1 %a = guard %io (icmp.le (imin %x 3) 3) %x :raise ValueError \"never\")
      (%io2 %b = guard %io1 (icmp.lt %x 2) %a :raise ValueError \"two\")
      (%io3 %c = guard %io2 (icmp.lt 3 2) %y :raise ValueError \"always\")
      (%r = iadd %b %c)
      (results %r %io3))";
    assert_eq!(count(&improved(text), "guard"), 2);
}

#[test]
fn constants_of_different_types_differ() {
    let text = "(lambda @f [(%x i64) (%p bool)] [%io] -> (i64 f64 bool)
      (%a = imul %x 0) (%b = fadd 0.0 0.0) (%c = band %p false) (%d = fneg 0.0)
      (%e = fadd %b (fmul %d (cast.f64 %a)))
      (results %a %e %c %io))";
    improved(text);
}

#[test]
fn loops_swap_their_variables_at_every_depth() {
    let text = "(lambda @f [(%x i64) (%y i64)] [%io] -> (i64 i64)
      (%a %b %n %io1 = theta [%x %y 0 %io] (body [%p %q %k %s]
        (%c %d %l %s1 = theta [%q %p 0 %s] (body [%u %v %w %t]
          (%w1 = iadd %w 1)
          (results (icmp.lt %w1 3) %v %u %w1 %t)))
        (%k1 = iadd %k 1) (%e = iadd %d (iadd 1 1))
        (results (icmp.lt %k1 2) %c %e %k1 %s1)))
      (results %a %b %io1))";
    improved(text);
}

#[test]
fn an_instance_of_which_only_states_matter_stays() {
    let text = "(lambda @f [(%a memref<f64,1,0>) (%p bool) (%x i64)] [%io %m] -> i64
      (%io1 %m1 %v = gamma %p [%io %m]
        (arm [%s %t] (%s1 %c = guard %s %t (icmp.ne %x 1) %x :raise ValueError \"one\")
          (results %s1 %t %c))
        (arm [%s %t] (%s1 %i = guard %s %t (icmp.lt 0 (len.0 %a)) 0 :raise IndexError \"range\")
          (%t1 = store %t %a %i 6.5) (results %s1 %t1 %i)))
      (%k %io2 %m2 = theta [0 %io1 %m1] (body [%n %s %t]
        (%s1 %c = guard %s %t (icmp.ne %n %x) %n :raise OverflowError \"met\")
        (%n1 = iadd %n 1)
        (results (icmp.lt %n1 3) %n1 %s1 %t)))
      (%r = iadd (iadd 1 2) %x)
      (results %r %io2 %m2))";
    improved(text);
}

#[test]
fn every_limit_gives_a_legal_program() {
    let text = "(lambda @f [(%x f64) (%n i64)] [%io] -> f64
      (%y %i %io1 = theta [%x 0 %io] (body [%v %k %s]
        (%s1 %t = call.tanh %s (fadd %v (fadd 1.0 2.0)))
        (%k1 = iadd %k 1)
        (results (icmp.lt %k1 %n) %t %k1 %s1)))
      (results %y %io1))";
    for node_limit in [0, 1, 5, 12, 20, 50, 100_000] {
        for iteration_limit in [0, 1, 30] {
            for time_limit in [0, 10].map(std::time::Duration::from_secs) {
                let options =
                    Options { node_limit, iteration_limit, time_limit, ..Options::default() };
                kept(text, &options);
            }
        }
    }
    let function = rvsdg::text::parse(text).expect("the text is a function");
    for rules in ["", ",", "fold||calls", "nonsense", "fold,", "fold algebra", "|", "(fold"] {
        let options = Options { rules: rules.to_owned(), ..Options::default() };
        // Whatever is not an error must be a program that means the same.
        if optimize(&function, &options).is_ok() {
            kept(text, &options);
        }
    }
}
