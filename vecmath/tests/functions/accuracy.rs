//! Errors in units in the last place: binary64 against stored results of 50 digits, binary32
//! against binary64.

use std::fs;
use vecmath::Function;

/// One unit in the last place of numbers like `y`.
fn unit(y: f64) -> f64 {
    let y = y.abs().max(f64::MIN_POSITIVE);
    f64::from_bits(y.to_bits() + 1) - y
}

fn unit_f32(y: f64) -> f64 {
    let exponent = y.abs().max(f64::from(f32::MIN_POSITIVE)).log2().floor() as i32;
    // The logarithm may round up to the next power of two.
    let exponent = if 2.0_f64.powi(exponent) > y.abs() { exponent - 1 } else { exponent };
    2.0_f64.powi(exponent.max(-126) - 23)
}

#[test]
fn stored_results_are_met() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures");
    for function in Function::ALL {
        let path = format!("{folder}/{}.txt", function.name());
        let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
        let mut points = 0;
        for line in text.lines() {
            let bits = line.split(' ').map(|w| u64::from_str_radix(w, 16).expect("hexadecimal"));
            let numbers: Vec<f64> = bits.map(f64::from_bits).collect();
            let (args, result) = numbers.split_at(function.arity());
            let got = function.eval(args);
            let error = ((got - result[0]) - result[1]).abs() / unit(result[0]);
            let name = function.name();
            assert!(error <= function.bound(), "{name}{args:?} = {got}: {error} units off");
            points += 1;
        }
        assert!(points >= 80, "{path} has {points} points");
    }
}

/// Binary32 numbers from all over the format, for one function.
fn singles(count: u32) -> impl Iterator<Item = f32> {
    let stride = u32::MAX / count;
    (0..count).map(move |k| f32::from_bits(k.wrapping_mul(stride).wrapping_add(k * 977)))
}

#[test]
fn binary32_agrees_with_binary64() {
    for function in Function::ALL {
        let (low, high) = match function {
            Function::ExpNormal => (-87.0, 88.0),
            Function::LogNormal => (f32::MIN_POSITIVE, f32::MAX),
            Function::Log1pUnit => (0.0, 1.0),
            _ => (f32::NEG_INFINITY, f32::INFINITY),
        };
        let mut second = singles(7919).collect::<Vec<_>>().into_iter().cycle();
        let mut worst: f64 = 0.0;
        for x in singles(100_000).filter(|x| *x >= low && *x <= high) {
            // Second arguments of all sizes, and of the first one's.
            let other = second.next().expect("a cycle does not end");
            let other =
                if x.to_bits() & 1 == 0 { other } else { x * (other.to_bits() % 64) as f32 };
            let args = [x, if *function == Function::Pow { other % 40.0 } else { other }];
            let args = &args[..function.arity()];
            let wide: Vec<f64> = args.iter().map(|x| f64::from(*x)).collect();
            let (got, want) = (function.eval_f32(args), function.eval(&wide));
            let error = difference(got, want);
            let name = function.name();
            assert!(
                error <= function.bound() + 1e-6,
                "{name}{args:?} = {got}, not {want}: {error}"
            );
            worst = worst.max(error);
        }
        assert!(worst > 0.0 && worst < f64::INFINITY, "{}: {worst}", function.name());
    }
}

/// How far a binary32 result is from the binary64 one, in units in the last place.
fn difference(got: f32, want: f64) -> f64 {
    if got.is_nan() || want.is_nan() {
        return if got.is_nan() == want.is_nan() { 0.0 } else { f64::INFINITY };
    }
    let largest = f64::from(f32::MAX) * (1.0 + 2.0_f64.powi(-24));
    if got.is_infinite() || want.abs() >= largest {
        let beyond = want.abs() >= largest * (1.0 - 2.0_f64.powi(-22));
        let right = f64::from(got).signum() == want.signum() && beyond;
        return if right { 0.0 } else { f64::INFINITY };
    }
    if want == 0.0 || got == 0.0 {
        let zero = got.abs() <= f32::from_bits(1) && want.abs() <= 1.5e-45;
        return if zero { 0.0 } else { (f64::from(got) - want).abs() / unit_f32(want) };
    }
    (f64::from(got) - want).abs() / unit_f32(want)
}
