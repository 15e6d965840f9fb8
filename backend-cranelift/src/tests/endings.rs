//! Loops that choices in their bodies end: what they compute, and what they do not ask twice.

use super::{Build, call, compile_all_ways};
use crate::clif_text;
use rvsdg::{Cmp, Const, Function, Op, Scalar, Type, ValueId};

fn truth(b: &mut Build, value: bool) -> ValueId {
    b.op(Op::Const(Const::Bool(value)), &[])
}

/// Steps of the 3n+1 sequence down to 1, at most `m`: the steps, and whether there were too many.
/// The outer choice ends the loop at 1, one in its arm where there are too many steps.
fn steps_to_one() -> Function {
    let mut b = Build::new(&[Type::I64, Type::I64], 2, 0);
    let (n, m, io, zero) = (b.param(0), b.param(1), b.io(), b.i64(0));
    let no = truth(&mut b, false);
    let body = b.region(&[Type::I64, Type::I64, Type::Bool], |b, params| {
        let (at, steps) = (params[0], params[1]);
        let one = b.i64(1);
        let ended = b.op(Op::ICmp(Cmp::Le), &[at, one]);
        let goes_on = b.region(&[], |b, _| {
            let more = b.op(Op::IAdd, &[steps, one]);
            let many = b.op(Op::ICmp(Cmp::Lt), &[m, more]);
            let next = b.region(&[], |b, _| {
                let three = b.i64(3);
                let bit = b.op(Op::IAnd, &[at, one]);
                let even = b.op(Op::ICmp(Cmp::Ne), &[bit, one]);
                let odd = b.region(&[], |b, _| {
                    let product = b.op(Op::IMul, &[at, three]);
                    vec![b.op(Op::IAdd, &[product, one])]
                });
                let half = b.region(&[], |b, _| vec![b.op(Op::IShr, &[at, one])]);
                b.gamma(even, &[], vec![odd, half])
            });
            let stopped = b.region(&[], |_, _| vec![at]);
            let next = b.gamma(many, &[], vec![next, stopped])[0];
            vec![next, more, many]
        });
        let done = b.region(&[], |b, _| vec![at, steps, truth(b, false)]);
        let chosen = b.gamma(ended, &[], vec![goes_on, done]);
        let either = b.op(Op::BOr, &[chosen[2], ended]);
        let again = b.op(Op::BNot, &[either]);
        vec![again, chosen[0], chosen[1], chosen[2]]
    });
    let outputs = b.theta(&[n, zero, no], body);
    b.finish(&outputs[1..], &[io])
}

#[test]
fn a_choice_in_an_arm_ends_a_loop() {
    let f = steps_to_one();
    for compiled in compile_all_ways(&f) {
        for (n, m) in [(1, 5), (6, 8), (6, 7), (27, 200), (27, 111), (27, 110), (-4, 0), (2, 0)] {
            let (mut at, mut steps, mut many) = (n, 0, false);
            while at > 1 && !many {
                steps += 1;
                many = steps > m;
                at = if at % 2 == 0 { at / 2 } else { 3 * at + 1 };
            }
            let got = call(&compiled, &[Scalar::I64(n), Scalar::I64(m)]);
            assert_eq!(
                got.as_deref(),
                Ok(&[Scalar::I64(steps), Scalar::Bool(many)][..]),
                "{n} {m}"
            );
        }
    }
    let text = clif_text(&f).expect("it compiles");
    for branch in text.lines().filter_map(|line| line.split("brif ").nth(1)) {
        let asked = branch.split(',').next().expect("a branch asks");
        let made = format!("{asked} = icmp");
        assert!(
            text.contains(&made),
            "{asked} was asked before:
{text}"
        );
    }
}

/// The first square from `n` squared on that is `m` or larger, by two choices that ask for the same:
/// one of what is next, one of whether there is a next.
fn square_beside(late: bool) -> Function {
    let mut b = Build::new(&[Type::I64, Type::I64], 3, 0);
    let (n, m, io, zero) = (b.param(0), b.param(1), b.io(), b.i64(0));
    let no = truth(&mut b, false);
    let body = b.region(&[Type::I64, Type::I64, Type::Bool], |b, params| {
        let at = params[0];
        let square = b.op(Op::IMul, &[at, at]);
        let hit = b.op(Op::ICmp(Cmp::Eq), &[square, m]);
        let one = b.i64(1);
        let more = b.region(&[], |b, _| vec![b.op(Op::IAdd, &[at, one]), zero]);
        let same = b.region(&[], |_, _| vec![at, square]);
        let next = b.gamma(hit, &[], vec![more, same]);
        let tested = b.region(&[], |b, _| {
            let product = b.op(Op::IMul, &[next[0], next[0]]);
            vec![b.op(Op::ICmp(Cmp::Le), &[product, m])]
        });
        let ended = b.region(&[], |b, _| vec![truth(b, false)]);
        let mut again = b.gamma(hit, &[], vec![tested, ended])[0];
        if late {
            // A selection after the choice, of the same question.
            let open = b.region(&[], |_, _| vec![again]);
            let ended = b.region(&[], |b, _| vec![truth(b, false)]);
            again = b.gamma(hit, &[], vec![open, ended])[0];
        }
        vec![again, next[0], next[1], hit]
    });
    let outputs = b.theta(&[n, zero, no], body);
    b.finish(&outputs, &[io])
}

#[test]
fn choices_of_one_question_are_one_branch() {
    for late in [false, true] {
        let f = square_beside(late);
        for compiled in compile_all_ways(&f) {
            for (n, m) in [(2, 49), (2, 50), (7, 49), (8, 49), (-3, 4), (-3, 5), (0, 0)] {
                let last = (n..99).find(|at| at * at == m || (at + 1) * (at + 1) > m);
                let last: i64 = last.expect("it ends");
                let hit = last * last == m;
                let expected = [
                    Scalar::I64(if hit { last } else { last + 1 }),
                    Scalar::I64(if hit { m } else { 0 }),
                    Scalar::Bool(hit),
                ];
                let got = call(&compiled, &[Scalar::I64(n), Scalar::I64(m)]);
                assert_eq!(got.as_deref(), Ok(&expected[..]), "{n} {m}");
            }
        }
        let text = clif_text(&f).expect("it compiles");
        assert!(!text.contains("select "), "no selection beside the branch:\n{text}");
    }
}

/// Newton's iteration for the root of `x` from `y` down, at most `n` times: the root, where a larger
/// number is not taken over.
fn root_from(gamma: bool) -> Function {
    let mut b = Build::new(&[Type::F64, Type::F64, Type::I64], 2, 0);
    let (x, y, n, io, zero) = (b.param(0), b.param(1), b.param(2), b.io(), b.i64(0));
    let body = b.region(&[Type::F64, Type::I64], |b, params| {
        let (half, one) = (b.f64(0.5), b.i64(1));
        let quotient = b.op(Op::FDiv, &[x, params[0]]);
        let sum = b.op(Op::FAdd, &[params[0], quotient]);
        let next = b.op(Op::FMul, &[half, sum]);
        let risen = b.op(Op::FCmp(Cmp::Le), &[params[0], next]);
        let chosen = if gamma {
            let fallen = b.region(&[], |_, _| vec![next]);
            let kept = b.region(&[], |_, _| vec![params[0]]);
            b.gamma(risen, &[], vec![fallen, kept])[0]
        } else {
            b.op(Op::Select, &[risen, params[0], next])
        };
        let steps = b.op(Op::IAdd, &[params[1], one]);
        let left = b.op(Op::ICmp(Cmp::Lt), &[steps, n]);
        let falls = b.op(Op::BNot, &[risen]);
        let again = b.op(Op::BAnd, &[falls, left]);
        vec![again, chosen, steps]
    });
    let outputs = b.theta(&[y, zero], body);
    b.finish(&outputs, &[io])
}

#[test]
fn a_choice_that_the_next_iteration_need_not_ask_is_made_on_the_way_out() {
    for gamma in [false, true] {
        let f = root_from(gamma);
        for compiled in compile_all_ways(&f) {
            for (x, y, n) in [(7.0, 8.0, 40), (7.0, 8.0, 2), (7.0, 8.0, 1), (9.0, 1.0, 9)] {
                let (mut at, mut steps): (f64, i64) = (y, 0);
                loop {
                    let next = 0.5 * (at + x / at);
                    let risen = at <= next;
                    at = if risen { at } else { next };
                    steps += 1;
                    if risen || steps >= n {
                        break;
                    }
                }
                let args = [Scalar::F64(x), Scalar::F64(y), Scalar::I64(n)];
                let expected = [Scalar::F64(at), Scalar::I64(steps)];
                assert_eq!(call(&compiled, &args).as_deref(), Ok(&expected[..]), "{x} {y} {n}");
            }
        }
        let text = clif_text(&f).expect("it compiles");
        assert!(!text.contains("select "), "the branch has answered:\n{text}");
    }
}

#[test]
fn a_constant_comes_last() {
    let mut b = Build::new(&[Type::F64], 2, 0);
    let (x, io, half) = (b.param(0), b.io(), b.f64(0.25));
    let product = b.op(Op::FMul, &[half, x]);
    let same = b.op(Op::FCmp(Cmp::Eq), &[half, x]);
    let text = clif_text(&b.finish(&[product, same], &[io])).expect("it compiles");
    let defined = text.lines().find_map(|line| line.split_once(" = f64const"));
    let constant = defined.and_then(|(name, _)| name.split_whitespace().last());
    let last = format!(", {}", constant.expect("a constant"));
    for name in ["fmul ", "fcmp eq "] {
        let line = text.lines().find(|line| line.contains(name)).expect("the operation");
        assert!(line.contains(&last), "{line}");
    }
}

/// Sums what is left of `i % k` for `i` from 0 up to `n`, but not above `m`: a choice goes on without
/// adding, one in its other arm ends the loop, and so does the counter after both.
fn sum_of_rests() -> Function {
    let mut b = Build::new(&[Type::I64, Type::I64, Type::I64], 2, 0);
    let (n, k, m, io, zero) = (b.param(0), b.param(1), b.param(2), b.io(), b.i64(0));
    let body = b.region(&[Type::I64, Type::I64], |b, params| {
        let (at, total) = (params[0], params[1]);
        let (one, none) = (b.i64(1), b.i64(0));
        let rest = b.op(Op::IMod, &[at, k]);
        let divides = b.op(Op::ICmp(Cmp::Eq), &[rest, none]);
        let adds = b.region(&[], |b, _| {
            let large = b.op(Op::ICmp(Cmp::Gt), &[total, m]);
            let sum = b.region(&[], |b, _| {
                let product = b.op(Op::IMul, &[rest, at]);
                vec![b.op(Op::IAdd, &[total, product]), truth(b, false)]
            });
            let enough = b.region(&[], |b, _| vec![total, truth(b, true)]);
            b.gamma(large, &[], vec![sum, enough])
        });
        let skips = b.region(&[], |b, _| vec![total, truth(b, false)]);
        let chosen = b.gamma(divides, &[], vec![adds, skips]);
        let next = b.op(Op::IAdd, &[at, one]);
        let left = b.op(Op::ICmp(Cmp::Lt), &[next, n]);
        let open = b.op(Op::BNot, &[chosen[1]]);
        vec![b.op(Op::BAnd, &[open, left]), next, chosen[0]]
    });
    let outputs = b.theta(&[zero, zero], body);
    b.finish(&outputs, &[io])
}

#[test]
fn a_choice_in_an_arm_ends_a_loop_that_a_counter_ends_too() {
    let f = sum_of_rests();
    for compiled in compile_all_ways(&f) {
        for (n, k, m) in [(20, 3, 1000), (20, 3, 40), (1, 5, 0), (0, 2, 9), (9, 9, -1)] {
            let (mut at, mut total) = (0_i64, 0);
            loop {
                let (rest, large) = (at % k, total > m);
                at += 1;
                if rest != 0 && large {
                    break;
                }
                total += rest * (at - 1);
                if at >= n {
                    break;
                }
            }
            let args = [n, k, m].map(Scalar::I64);
            let expected = [at, total].map(Scalar::I64);
            assert_eq!(call(&compiled, &args).as_deref(), Ok(&expected[..]), "{n} {k} {m}");
        }
    }
    let text = clif_text(&f).expect("it compiles");
    for branch in text.lines().filter_map(|line| line.split("brif ").nth(1)) {
        let asked = branch.split(',').next().expect("a branch asks");
        assert!(text.contains(&format!("{asked} = icmp")), "{asked} was asked before:\n{text}");
    }
}
