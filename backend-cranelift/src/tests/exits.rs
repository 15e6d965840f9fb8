//! Loops that go on while several conditions hold.

use super::{Build, call, compile_all_ways};
use rvsdg::{Cmp, Const, Function, Op, Scalar, Type};

/// Counts from 0 while the next number is below `n` and the square is not `m`; the last number, and
/// 10 more of it if its square is `m`, whether by a choice with two arms or by a selection.
fn until_square(selection: bool) -> Function {
    let mut b = Build::new(&[Type::I64, Type::I64], 3, 0);
    let (n, m, io, zero) = (b.param(0), b.param(1), b.io(), b.i64(0));
    let no = b.op(Op::Const(Const::Bool(false)), &[]);
    let body = b.region(&[Type::I64, Type::I64, Type::I64, Type::Bool], |b, params| {
        let (one, ten) = (b.i64(1), b.i64(10));
        let square = b.op(Op::IMul, &[params[0], params[0]]);
        let other = b.op(Op::ICmp(Cmp::Ne), &[square, m]);
        let hit = b.op(Op::ICmp(Cmp::Eq), &[m, square]);
        let next = b.op(Op::IAdd, &[params[0], one]);
        let below = b.op(Op::ICmp(Cmp::Lt), &[next, n]);
        let more = b.op(Op::IAdd, &[params[0], ten]);
        let chosen = if selection {
            b.op(Op::Select, &[hit, more, params[0]])
        } else {
            let missed = b.region(&[Type::I64], |_, _| vec![params[0]]);
            let found = b.region(&[Type::I64], |_, inputs| vec![inputs[0]]);
            b.gamma(hit, &[more], vec![missed, found])[0]
        };
        let again = b.op(Op::BAnd, &[below, other]);
        vec![again, next, params[0], chosen, hit]
    });
    let outputs = b.theta(&[zero, zero, zero, no], body);
    b.finish(&outputs[1..], &[io])
}

#[test]
fn a_loop_goes_on_while_two_comparisons_hold() {
    for selection in [false, true] {
        for compiled in compile_all_ways(&until_square(selection)) {
            for (n, m) in [(10, 16), (4, 16), (5, 16), (-2, 16), (9, 0), (3, 4), (2, 4)] {
                let last = (0..20).find(|i| i + 1 >= n || i * i == m).expect("it ends");
                let hit = last * last == m;
                let more = if hit { last + 10 } else { last };
                let expected = [Scalar::I64(last), Scalar::I64(more), Scalar::Bool(hit)];
                let got = call(&compiled, &[Scalar::I64(n), Scalar::I64(m)]);
                assert_eq!(got.as_deref(), Ok(&expected[..]), "{n} {m}");
            }
        }
    }
}

/// Halves `x` while it is above 1 and at least `y`, at most `n` times: the number of steps, and `x`
/// if it was not above 1 at the end, else 2.
fn halves() -> Function {
    let mut b = Build::new(&[Type::F64, Type::F64, Type::I64], 2, 0);
    let (x, y, n, io, zero) = (b.param(0), b.param(1), b.param(2), b.io(), b.i64(0));
    let start = b.f64(2.0);
    let body = b.region(&[Type::F64, Type::I64, Type::F64], |b, params| {
        let (one, half, unit, two) = (b.i64(1), b.f64(0.5), b.f64(1.0), b.f64(2.0));
        let next = b.op(Op::FMul, &[params[0], half]);
        let steps = b.op(Op::IAdd, &[params[1], one]);
        let above = b.op(Op::FCmp(Cmp::Gt), &[next, unit]);
        let low = b.op(Op::FCmp(Cmp::Le), &[next, unit]);
        let less = b.op(Op::FCmp(Cmp::Lt), &[next, y]);
        let enough = b.op(Op::BNot, &[less]);
        let left = b.op(Op::ICmp(Cmp::Lt), &[steps, n]);
        let both = b.op(Op::BAnd, &[above, enough]);
        let again = b.op(Op::BAnd, &[left, both]);
        let chosen = b.op(Op::Select, &[low, next, two]);
        vec![again, next, steps, chosen]
    });
    let outputs = b.theta(&[x, zero, start], body);
    b.finish(&outputs[1..], &[io])
}

#[test]
fn orders_of_numbers_that_are_none_stay_open() {
    for compiled in compile_all_ways(&halves()) {
        for (x, y, n) in [(64.0, 0.0, 20), (64.0, 5.0, 20), (64.0, 0.0, 3), (f64::NAN, 0.0, 9)] {
            let (mut at, mut steps) = (x, 0);
            loop {
                at *= 0.5;
                steps += 1;
                let low = at < y;
                if !(steps < n && at > 1.0 && !low) {
                    break;
                }
            }
            let last = if at <= 1.0 { at } else { 2.0 };
            let got = call(&compiled, &[Scalar::F64(x), Scalar::F64(y), Scalar::I64(n)]);
            assert_eq!(got.as_deref(), Ok(&[Scalar::I64(steps), Scalar::F64(last)][..]), "{x} {y}");
        }
    }
}
