//! Random arguments with the values on which operations differ.

use super::Rng;
use crate::data::{Arg, Array, Buffer, Inputs, Scalar};
use crate::graph::Function;
use crate::types::{Elem, Type};

const INTS: [i64; 16] = [
    0,
    1,
    -1,
    2,
    -2,
    3,
    5,
    -7,
    63,
    64,
    1 << 31,
    -(1 << 31),
    (1 << 53) + 1,
    i64::MAX,
    i64::MIN,
    i64::MIN + 1,
];

const FLOATS: [f64; 20] = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    -0.5,
    2.0,
    3.5,
    -7.25,
    1e-9,
    1e16,
    -1e18,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::NAN,
    f64::MAX,
    f64::MIN_POSITIVE,
    5e-324,
    -1e-310,
    710.0,
];

/// An integer: small in most cases, an edge case or random bits in some.
pub(super) fn random_int(rng: &mut Rng) -> i64 {
    match rng.below(10) {
        0..6 => rng.below(13) as i64 - 4,
        6..9 => rng.pick(&INTS),
        _ => rng.bits() as i64,
    }
}

/// A float: of moderate size in most cases, an edge case or random bits in some.
pub(super) fn random_float(rng: &mut Rng) -> f64 {
    match rng.below(10) {
        0..3 => rng.below(13) as f64 / 2.0 - 2.0,
        3..6 => (rng.below(2_000_001) as f64 - 1e6) / 65_536.0,
        6..9 => rng.pick(&FLOATS),
        _ => f64::from_bits(rng.bits()),
    }
}

/// A scalar of a scalar type; `None` for the other types.
pub(super) fn random_scalar(rng: &mut Rng, ty: Type) -> Scalar {
    match ty {
        Type::F64 => Scalar::F64(random_float(rng)),
        Type::F32 => Scalar::F32(random_float(rng) as f32),
        Type::I64 => Scalar::I64(random_int(rng)),
        Type::I32 => Scalar::I32(random_int(rng) as i32),
        Type::Bool => Scalar::Bool(rng.chance(50)),
        _ => Scalar::Unit,
    }
}

fn random_array(rng: &mut Rng, elem: Elem, rank: u8) -> Array {
    let most = if rank == 1 { 8 } else { 4 };
    let empty = rng.chance(8);
    let shape: Vec<usize> =
        (0..rank).map(|_| if empty { rng.below(2) } else { 1 + rng.below(most) }).collect();
    let count = shape.iter().product();
    let data = match elem {
        Elem::F64 => Buffer::F64((0..count).map(|_| random_float(rng)).collect()),
        Elem::F32 => Buffer::F32((0..count).map(|_| random_float(rng) as f32).collect()),
        Elem::I64 => Buffer::I64((0..count).map(|_| random_int(rng)).collect()),
        Elem::I32 => Buffer::I32((0..count).map(|_| random_int(rng) as i32).collect()),
        Elem::Bool => Buffer::Bool((0..count).map(|_| rng.chance(50)).collect()),
    };
    Array { shape, data }
}

/// Random arguments for a function: edge cases, arrays of up to eight elements, and for parameters
/// of one alias group sometimes the same array.
pub fn random_inputs(seed: u64, function: &Function) -> Inputs {
    let mut rng = Rng::new(seed);
    let mut inputs = Inputs::default();
    let mut passed: Vec<Type> = Vec::new();
    for param in &function.params {
        let arg = if let Type::MemRef { elem, rank, .. } = param.ty {
            let same = passed.iter().position(|ty| *ty == param.ty);
            let reuse = rng.chance(40);
            Arg::Array(same.filter(|_| reuse).unwrap_or_else(|| {
                inputs.arrays.push(random_array(&mut rng, elem, rank));
                passed.push(param.ty);
                passed.len() - 1
            }))
        } else {
            Arg::Scalar(random_scalar(&mut rng, param.ty))
        };
        inputs.args.push(arg);
    }
    inputs
}
