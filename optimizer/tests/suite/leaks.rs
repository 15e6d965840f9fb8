//! Attempts to make a fact, a motion or a removal hold where it does not: a fact of a branch beside
//! it, of an iteration in another, of what an effect left behind, of a loop that may not run or not
//! end. Each program runs on every combination of small arguments, before and after.

use optimizer::{Options, optimize};
use rvsdg::interp::{Limits, Violation, run};
use rvsdg::{Answer, Arg, Array, Function, Inputs, Scalar, Type};

fn all_inputs(function: &Function) -> Vec<Inputs> {
    let mut all = vec![Inputs::default()];
    for param in &function.params {
        let scalars: Vec<Scalar> = match param.ty {
            Type::I64 => [-1, 0, 1, 2, 3].map(Scalar::I64).to_vec(),
            Type::Bool => [false, true].map(Scalar::Bool).to_vec(),
            Type::F64 => [-0.0, 1.5, f64::NAN].map(Scalar::F64).to_vec(),
            _ => Vec::new(),
        };
        let arrays = [vec![], vec![1, 2, 3], vec![0, 0, 0, 0]];
        let mut next = Vec::new();
        for inputs in all {
            for scalar in &scalars {
                let mut inputs: Inputs = inputs.clone();
                inputs.args.push(Arg::Scalar(*scalar));
                next.push(inputs);
            }
            for array in arrays.iter().filter(|_| scalars.is_empty()) {
                let mut inputs = inputs.clone();
                inputs.args.push(Arg::Array(inputs.arrays.len()));
                inputs.arrays.push(Array::i64(array.clone()));
                next.push(inputs);
            }
        }
        all = next;
    }
    all
}

fn answer(function: &Function, inputs: &Inputs) -> Option<Answer> {
    let limits = Limits { steps: Some(3000), ..Limits::default() };
    match run(function, inputs, &limits) {
        Ok(run) => Some(run.answer),
        Err(Violation::StepLimit) => None,
        Err(violation) => panic!("{violation} on {inputs:?} in\n{function}"),
    }
}

fn keeps(text: &str) {
    let function = rvsdg::text::parse(text).unwrap_or_else(|e| panic!("{e:?}\n{text}"));
    rvsdg::verify::verify(&function).unwrap_or_else(|e| panic!("{e:?}\n{text}"));
    let after = optimize(&function, &Options::default()).expect("valid options").function;
    rvsdg::verify::verify(&after).unwrap_or_else(|e| panic!("{e:?}\n{after}"));
    for inputs in all_inputs(&function) {
        let (expected, found) = (answer(&function, &inputs), answer(&after, &inputs));
        let same = match (&expected, &found) {
            (Some(expected), Some(found)) => expected.same(found),
            (expected, found) => expected.is_none() && found.is_none(),
        };
        assert!(same, "{inputs:?}: {expected:?} became {found:?} in\n{after}");
    }
}

#[test]
fn an_equality_of_an_arm_does_not_hold_in_its_sibling() {
    keeps(
        "(lambda @f [(%x i64) (%y i64)] [%io] -> (i64 i64)
          (%a = gamma (icmp.eq %x 0) []
            (arm [] (%m = imul %x 7) (results %m))
            (arm [] (%m_1 = imul %x 7) (%k = iadd %m_1 %y) (results %k)))
          (%after = imul %x 7)
          (results %a %after %io))",
    );
}

#[test]
fn an_equality_of_an_arm_does_not_hold_after_it() {
    keeps(
        "(lambda @f [(%x i64) (%y i64)] [%io] -> (i64 i64)
          (%a = gamma (icmp.eq %x %y) []
            (arm [] (results %x))
            (arm [] (%d = isub %x %y) (results %d)))
          (%d_1 = isub %x %y)
          (results %a %d_1 %io))",
    );
}

#[test]
fn an_order_of_an_arm_does_not_hold_after_it() {
    keeps(
        "(lambda @f [(%x i64) (%y i64)] [%io] -> (bool bool)
          (%a = gamma (icmp.lt %x %y) []
            (arm [] (%c = icmp.le %y %x) (results %c))
            (arm [] (%c_1 = icmp.ge %x %y) (results %c_1)))
          (%c_2 = icmp.lt %x %y)
          (results %a %c_2 %io))",
    );
}

#[test]
fn an_arm_within_an_arm_that_contradicts_it_says_nothing_outside() {
    keeps(
        "(lambda @f [(%x i64) (%y i64)] [%io] -> (i64 bool)
          (%is1 = icmp.eq %x 1)
          (%a = gamma (icmp.eq %x 0) []
            (arm [] (%b = gamma %is1 [] (arm [] (results %y)) (arm [] (results 5))) (results %b))
            (arm [] (%b_1 = gamma %is1 [] (arm [] (results %x)) (arm [] (results 99)))
              (results %b_1)))
          (results %a %is1 %io))",
    );
}

#[test]
fn a_divisor_that_an_arm_excludes_is_not_divided_by_outside() {
    keeps(
        "(lambda @f [(%x i64) (%y i64)] [%io] -> i64
          (%q = gamma (icmp.ne %y 0) []
            (arm [] (results 0))
            (arm [] (%d = ifloordiv %x %y) (results %d)))
          (results %q %io))",
    );
}

#[test]
fn a_guarded_division_stays_behind_its_guard_in_a_loop() {
    keeps(
        "(lambda @f [(%x i64) (%y i64)] [%io] -> i64
          (%i_1 %s_1 = theta [0 0]
            (body [%i %s]
              (%q = gamma (icmp.eq %y 0) []
                (arm [] (%d = imod %x %y) (results %d))
                (arm [] (results %i)))
              (%t = iadd %s %q) (%j = iadd %i 1) (%go = icmp.lt %j 3)
              (results %go %j %t)))
          (results %s_1 %io))",
    );
}

#[test]
fn what_holds_in_the_first_iteration_does_not_hold_in_the_next() {
    keeps(
        "(lambda @f [(%y i64)] [%io] -> i64
          (%i_1 %s_1 = theta [0 0]
            (body [%i %s]
              (%q = gamma (icmp.eq %i 0) []
                (arm [] (%m = imul %i %y) (%k = iadd %m 1) (results %k))
                (arm [] (%m_1 = imul %i %y) (results %m_1)))
              (%t = iadd %s %q) (%j = iadd %i 1) (%go = icmp.lt %j 4)
              (results %go %j %t)))
          (results %s_1 %io))",
    );
}

#[test]
fn that_a_check_passed_is_no_fact_where_it_raises() {
    keeps(
        "(lambda @f [(%x i64)] [%io] -> i64
          (%ok = icmp.ne %x 0)
          (%io1 %d = guard %io %ok %x :raise ZeroDivisionError \"zero\")
          (%q = ifloordiv 7 %d)
          (%r = gamma (icmp.eq %x 0) [] (arm [] (results 1)) (arm [] (results 2)))
          (%s = iadd %q %r)
          (results %s %io1))",
    );
}

#[test]
fn a_loop_runs_once_even_if_its_count_is_zero() {
    keeps(
        "(lambda @f [(%n i64) (%x i64)] [%io] -> (i64 i64)
          (%i_1 %s_1 = theta [0 0]
            (body [%i %s]
              (%t = iadd %s %x) (%j = iadd %i 1) (%go = icmp.lt %j %n)
              (results %go %j %t)))
          (results %i_1 %s_1 %io))",
    );
}

#[test]
fn a_loop_that_does_not_end_is_not_a_loop_that_does() {
    keeps(
        "(lambda @f [(%x i64) (%n i64)] [%io] -> i64
          (%io1 %i_1 = theta [%io %x]
            (body [%io_1 %i] (%j = iadd %i 0) (%go = icmp.lt %j %n) (results %go %io_1 %j)))
          (results 7 %io1))",
    );
}

#[test]
fn a_loop_before_a_check_is_entered_before_it() {
    keeps(
        "(lambda @f [(%x i64)] [%io] -> i64
          (%ok = icmp.ne %x 0)
          (%io1 %i_1 = theta [%io %x]
            (body [%io_1 %i] (%go = icmp.eq %i 1) (results %go %io_1 %i)))
          (%io2 %d = guard %io1 %ok %x :raise ZeroDivisionError \"zero\")
          (%q = ifloordiv 7 %d)
          (results %q %io2))",
    );
}

#[test]
fn a_step_may_jump_over_its_bound() {
    keeps(
        "(lambda @f [(%n i64)] [%io] -> (i64 i64)
          (%g = icmp.lt 0 %n)
          (%r %q = gamma %g []
            (arm [] (results 0 0))
            (arm []
              (%i_1 %s_1 = theta [0 0]
                (body [%i %s]
                  (%t = iadd %s %i) (%j = iadd %i 2) (%go = icmp.lt %j %n)
                  (results %go %j %t)))
              (results %i_1 %s_1)))
          (results %r %q %io))",
    );
}

#[test]
fn another_condition_may_end_a_counted_loop() {
    keeps(
        "(lambda @f [(%n i64) (%x i64)] [%io] -> (i64 i64)
          (%g = icmp.lt 0 %n)
          (%r %q = gamma %g []
            (arm [] (results 0 0))
            (arm []
              (%i_1 %s_1 = theta [0 0]
                (body [%i %s]
                  (%t = iadd %s %x) (%j = iadd %i 1)
                  (%go = band (icmp.lt %j %n) (icmp.ne %t 2))
                  (results %go %j %t)))
              (results %i_1 %s_1)))
          (results %r %q %io))",
    );
}

#[test]
fn the_next_value_is_not_the_first_one() {
    keeps(
        "(lambda @f [(%x i64) (%y i64) (%n i64)] [%io] -> (i64 i64)
          (%i_1 %a_1 %s_1 = theta [0 %x 0]
            (body [%i %a %s]
              (%t = iadd %s %a) (%j = iadd %i 1) (%go = icmp.lt %j %n)
              (results %go %j %y %t)))
          (results %a_1 %s_1 %io))",
    );
}

const CHECKED: &str = "(%n = len.0 %a) (%ok = band (icmp.le 0 %i) (icmp.lt %i %n))
    (%io1 %k = guard %io %m %ok %i :raise IndexError \"range\")";

#[test]
fn an_access_in_an_arm_is_in_range_only_there() {
    keeps(
        "(lambda @f [(%a memref<i64,1,0>) (%i i64)] [%io %m] -> i64
          (%n = len.0 %a) (%ok = band (icmp.le 0 %i) (icmp.lt %i %n))
          (%r %m1 = gamma %ok [%m]
            (arm [%m_1] (results 0 %m_1))
            (arm [%m_2] (%x = load %m_2 %a %i) (results %x %m_2)))
          (results %r %io %m1))",
    );
}

#[test]
fn a_store_between_is_seen() {
    keeps(&format!(
        "(lambda @f [(%a memref<i64,1,0>) (%i i64) (%x i64)] [%io %m] -> (i64 i64)
          {CHECKED}
          (%y = load %m %a %k) (%m1 = store %m %a %k %x) (%z = load %m1 %a %k)
          (%m2 = store %m1 %a %k %y)
          (results %y %z %io1 %m2))"
    ));
}

#[test]
fn a_store_that_a_raised_exception_shows_is_not_dead() {
    keeps(&format!(
        "(lambda @f [(%a memref<i64,1,0>) (%i i64) (%x i64)] [%io %m] -> i64
          {CHECKED}
          (%m1 = store %m %a %k 9)
          (%io2 %d = guard %io1 %m1 (icmp.ne %x 0) %x :raise ValueError \"no\")
          (%m2 = store %m1 %a %k 3)
          (results %d %io2 %m2))"
    ));
}

#[test]
fn two_arrays_of_a_group_may_be_one() {
    keeps(
        "(lambda @f [(%a memref<i64,1,0>) (%b memref<i64,1,0>) (%i i64)] [%io %m] -> i64
          (%ok = band (icmp.le 0 %i) (band (icmp.lt %i (len.0 %a)) (icmp.lt %i (len.0 %b))))
          (%io1 %k = guard %io %m %ok %i :raise IndexError \"range\")
          (%m1 = store %m %a %k 5) (%m2 = store %m1 %b %k 6) (%x = load %m2 %a %k)
          (results %x %io1 %m2))",
    );
}

#[test]
fn a_load_from_memory_that_the_loop_changes_stays_in_it() {
    keeps(&format!(
        "(lambda @f [(%a memref<i64,1,0>) (%i i64)] [%io %m] -> i64
          {CHECKED}
          (%io2 %m2 %c_1 %s_1 = theta [%io1 %m 0 0]
            (body [%io_1 %m_1 %c %s]
              (%x = load %m_1 %a %k) (%t = iadd %s %x)
              (%m1 = store %m_1 %a %k %t) (%j = iadd %c 1) (%go = icmp.lt %j 3)
              (results %go %io_1 %m1 %j %t)))
          (results %s_1 %io2 %m2))"
    ));
}

#[test]
fn a_check_fails_in_the_iteration_in_which_it_fails() {
    keeps(
        "(lambda @f [(%a memref<i64,1,0>) (%n i64)] [%io %m] -> i64
          (%go0 = icmp.lt 0 %n)
          (%r %io9 %m9 = gamma %go0 [%io %m]
            (arm [%io_1 %m_1] (results 0 %io_1 %m_1))
            (arm [%io_2 %m_2]
              (%io2 %m2 %i_1 %s_1 = theta [%io_2 %m_2 0 0]
                (body [%io_3 %m_3 %i %s]
                  (%ok = icmp.lt %i (len.0 %a))
                  (%io1 %k = guard %io_3 %m_3 %ok %i :raise IndexError \"range\")
                  (%x = load %m_3 %a %k) (%t = iadd %s %x)
                  (%m1 = store %m_3 %a %k %t) (%j = iadd %i 1) (%go = icmp.lt %j %n)
                  (results %go %io1 %m1 %j %t)))
              (results %s_1 %io2 %m2)))
          (results %r %io9 %m9))",
    );
}

#[test]
fn a_loop_in_an_arm_that_is_not_taken_does_not_run() {
    keeps(
        "(lambda @f [(%a memref<i64,1,0>) (%p bool) (%n i64)] [%io %m] -> i64
          (%i0 %s0 %io0 %m0 = theta [0 0 %io %m]
            (body [%c %s %io_1 %m_1]
              (%r %io9 %m9 = gamma %p [%io_1 %m_1]
                (arm [%io_2 %m_2] (results %s %io_2 %m_2))
                (arm [%io_3 %m_3]
                  (%io2 %m2 %i_1 %t_1 = theta [%io_3 %m_3 0 0]
                    (body [%io_4 %m_4 %i %t]
                      (%ok = icmp.lt %i (len.0 %a))
                      (%io1 %k = guard %io_4 %m_4 %ok %i :raise IndexError \"r\")
                      (%x = load %m_4 %a %k) (%u = iadd %t %x)
                      (%j = iadd %i 1) (%go = icmp.lt %j %n)
                      (results %go %io1 %m_4 %j %u)))
                  (results %t_1 %io2 %m2)))
              (%d = iadd %c 1) (%more = icmp.lt %d 2)
              (results %more %d %r %io9 %m9)))
          (results %s0 %io0 %m0))",
    );
}
