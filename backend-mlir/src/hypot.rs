//! The routine of CPython's `math.hypot`.
//!
//! Squares of the arguments scaled to at most 1, summed in doubled precision onto 1, then one
//! correction step.
//!
//! Source: `vector_norm` in CPython 3.11's `Modules/mathmodule.c`; Veltkamp's split and Dekker's
//! product (Numer. Math. 18, 1971). [`rvsdg::scalar`] is the same as code.

use std::fmt::Write as _;

/// The routine's lines; its parameters are `%a` and `%b`.
pub(crate) fn body() -> String {
    let mut text = String::from(HYPOT_SCALE);
    let mut sum = ["%one".to_owned(), "%zero".to_owned(), "%zero".to_owned()];
    add_product(&mut text, &mut sum, "s1", "%xs", "%xs");
    add_product(&mut text, &mut sum, "s2", "%ys", "%ys");
    less_one(&mut text, &sum, "%square");
    text.push_str(
        "  %h = math.sqrt %square : f64
  %mh = arith.negf %h : f64
",
    );
    add_product(&mut text, &mut sum, "s3", "%mh", "%h");
    less_one(&mut text, &sum, "%rest");
    text.push_str(HYPOT_END);
    text
}

/// Adds a product to a running sum (high part, errors of products, errors of sums).
fn add_product(text: &mut String, sum: &mut [String; 3], tag: &str, x: &str, y: &str) {
    let mut op = |name: &str, operation: &str, operands: &str| {
        let _ = writeln!(text, "  %{tag}.{name} = arith.{operation} {operands} : f64");
        format!("%{tag}.{name}")
    };
    let mut halves = Vec::with_capacity(4);
    for (name, value) in [("x", x), ("y", y)] {
        let t = op(&format!("{name}t"), "mulf", &format!("{value}, %split"));
        let d = op(&format!("{name}d"), "subf", &format!("{t}, {value}"));
        let high = op(&format!("{name}h"), "subf", &format!("{t}, {d}"));
        halves.push(op(&format!("{name}l"), "subf", &format!("{value}, {high}")));
        halves.insert(halves.len() - 1, high);
    }
    let [xh, xl, yh, yl] = &halves[..] else { return };
    let p = op("p", "mulf", &format!("{xh}, {yh}"));
    let q1 = op("q1", "mulf", &format!("{xh}, {yl}"));
    let q2 = op("q2", "mulf", &format!("{xl}, {yh}"));
    let q = op("q", "addf", &format!("{q1}, {q2}"));
    let product = op("product", "addf", &format!("{p}, {q}"));
    let e1 = op("e1", "subf", &format!("{p}, {product}"));
    let e2 = op("e2", "addf", &format!("{e1}, {q}"));
    let e3 = op("e3", "mulf", &format!("{xl}, {yl}"));
    let error = op("error", "addf", &format!("{e2}, {e3}"));
    let high = op("high", "addf", &format!("{}, {product}", sum[0]));
    let gained = op("gained", "subf", &format!("{high}, {}", sum[0]));
    let lost = op("lost", "subf", &format!("{product}, {gained}"));
    let products = op("products", "addf", &format!("{}, {error}", sum[1]));
    let sums = op("sums", "addf", &format!("{}, {lost}", sum[2]));
    *sum = [high, products, sums];
}

/// The sum less the 1 that it started at.
fn less_one(text: &mut String, sum: &[String; 3], result: &str) {
    let [high, products, sums] = sum;
    let _ = write!(
        text,
        "  {result}.a = arith.subf {high}, %one : f64\n  \
         {result}.b = arith.addf {products}, {sums} : f64\n  \
         {result} = arith.addf {result}.a, {result}.b : f64\n"
    );
}

/// `%xs`, `%ys`: the magnitudes times `%down`, a power of two; both magnitudes subnormal: times
/// 2^1022 before.
const HYPOT_SCALE: &str = "  %zero = arith.constant 0.0 : f64
  %one = arith.constant 1.0 : f64
  %two = arith.constant 2.0 : f64
  %split = arith.constant 134217729.0 : f64
  %tiny = arith.constant 2.2250738585072014e-308 : f64
  %inf = arith.constant 0x7FF0000000000000 : f64
  %nan = arith.constant 0x7FF8000000000000 : f64
  %c1 = arith.constant 1 : i64
  %c52 = arith.constant 52 : i64
  %c1022 = arith.constant 1022 : i64
  %c1023 = arith.constant 1023 : i64
  %xm = math.absf %a : f64
  %ym = math.absf %b : f64
  %greater = arith.cmpf ogt, %xm, %ym : f64
  %max0 = arith.select %greater, %xm, %ym : f64
  %subnormal = arith.cmpf olt, %max0, %tiny : f64
  %unit = arith.select %subnormal, %tiny, %one : f64
  %x = arith.divf %xm, %unit : f64
  %y = arith.divf %ym, %unit : f64
  %max = arith.divf %max0, %unit : f64
  %bits = arith.bitcast %max : f64 to i64
  %biased = arith.shrui %bits, %c52 : i64
  %exponent = arith.subi %biased, %c1022 : i64
  %half = arith.shrsi %exponent, %c1 : i64
  %other = arith.subi %exponent, %half : i64
  %f1 = arith.subi %c1023, %half : i64
  %f2 = arith.subi %c1023, %other : i64
  %b1 = arith.shli %f1, %c52 : i64
  %b2 = arith.shli %f2, %c52 : i64
  %d1 = arith.bitcast %b1 : i64 to f64
  %d2 = arith.bitcast %b2 : i64 to f64
  %down = arith.mulf %d1, %d2 : f64
  %xs = arith.mulf %x, %down : f64
  %ys = arith.mulf %y, %down : f64
";

const HYPOT_END: &str = "  %twice = arith.mulf %two, %h : f64
  %step = arith.divf %rest, %twice : f64
  %better = arith.addf %h, %step : f64
  %scaled = arith.divf %better, %down : f64
  %norm = arith.mulf %unit, %scaled : f64
  %none = arith.cmpf oeq, %max0, %zero : f64
  %number = arith.select %none, %zero, %norm : f64
  %missing = arith.cmpf uno, %a, %b : f64
  %finite = arith.select %missing, %nan, %number : f64
  %xi = arith.cmpf oeq, %xm, %inf : f64
  %yi = arith.cmpf oeq, %ym, %inf : f64
  %infinite = arith.ori %xi, %yi : i1
  %result = arith.select %infinite, %inf, %finite : f64
  return %result : f64
";
