//! Inputs made from a function's parameter types, for comparing two versions of it.
//!
//! The inputs are a function of their number alone, so that a counterexample can be had again. They
//! favour edge values (zeros of both signs, infinities, NaN, subnormals, ends of ranges), keep
//! integers small, because they often are loop counts and indices, and pass one array twice where
//! types allow.

use crate::bind::zeros;
use indexmap::IndexMap;
use rvsdg::random::Rng;
use rvsdg::{Arg, Array, Function, Inputs, Scalar, Type};

const EDGE_FLOATS: [f64; 16] = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    2.0,
    -3.0,
    10.0,
    1e-9,
    f64::MIN_POSITIVE,
    5e-324,
    f64::MAX,
    -1e300,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::NAN,
];

const EDGE_INTS: [i64; 12] = [0, 1, -1, 2, 3, 4, 5, -2, -7, 10, 63, 100];
const RARE_INTS: [i64; 6] = [i64::MAX, i64::MIN, i64::MAX - 1, 1 << 32, -(1 << 31), 1 << 53];

/// Makes inputs for the parameters of one function.
pub struct Generator<'a> {
    function: &'a Function,
    domains: &'a IndexMap<String, (f64, f64)>,
}

impl<'a> Generator<'a> {
    /// A generator whose numbers stay in the domains, given by parameter.
    pub fn new(function: &'a Function, domains: &'a IndexMap<String, (f64, f64)>) -> Generator<'a> {
        Generator { function, domains }
    }

    /// The inputs with this number.
    pub fn inputs(&self, number: u64) -> Inputs {
        let mut random = Random::new(number);
        let mut inputs = Inputs::default();
        let mut owners: Vec<(Type, Option<(f64, f64)>)> = Vec::new();
        // Arrays of one call mostly have one length: programs walk several in step.
        let extent = random.below(7);
        for param in &self.function.params {
            let domain = self.domains.get(&*param.name).copied();
            let arg = if let Type::MemRef { elem, rank, .. } = param.ty {
                let key = (param.ty, domain);
                let twin = owners.iter().position(|owner| *owner == key);
                match twin {
                    Some(array) if random.below(4) == 0 => Arg::Array(array),
                    _ => {
                        let array = random.array(elem.scalar(), elem, rank, extent, domain);
                        inputs.arrays.push(array);
                        owners.push(key);
                        Arg::Array(inputs.arrays.len() - 1)
                    }
                }
            } else {
                Arg::Scalar(random.scalar(param.ty, domain))
            };
            inputs.args.push(arg);
        }
        inputs
    }
}

/// Random values, from [`rvsdg::random::Rng`].
struct Random(Rng);

impl Random {
    fn new(seed: u64) -> Random {
        // Seeds that follow each other would give one sequence, shifted.
        Random(Rng::new(seed.wrapping_mul(0xd134_2543_de82_ef95)))
    }

    fn below(&mut self, bound: usize) -> usize {
        self.0.below(bound)
    }

    /// In `0.0 .. 1.0`.
    fn unit(&mut self) -> f64 {
        (self.0.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    fn scalar(&mut self, ty: Type, domain: Option<(f64, f64)>) -> Scalar {
        match ty {
            Type::F64 => Scalar::F64(self.float(domain)),
            Type::F32 => {
                let value = self.float(domain) as f32;
                let inside = |(low, high)| (low..=high).contains(&f64::from(value));
                // Rounding may leave the domain; its lower end rounded up is as good as any value.
                match domain {
                    Some(domain) if !inside(domain) => Scalar::F32((domain.0 as f32).next_up()),
                    _ => Scalar::F32(value),
                }
            }
            Type::I64 => Scalar::I64(self.int(domain)),
            Type::I32 => {
                let limits = (f64::from(i32::MIN), f64::from(i32::MAX));
                let (low, high) = domain.unwrap_or(limits);
                let value = self.int(Some((low.max(limits.0), high.min(limits.1))));
                Scalar::I32(value as i32)
            }
            Type::Bool => Scalar::Bool(self.below(2) == 1),
            _ => Scalar::Unit,
        }
    }

    fn float(&mut self, domain: Option<(f64, f64)>) -> f64 {
        if let Some((low, high)) = domain {
            let value = match self.below(8) {
                0 => low,
                1 => high,
                2 => 0.0,
                3 => EDGE_FLOATS[self.below(EDGE_FLOATS.len())],
                _ => low + self.unit() * (high - low),
            };
            return if (low..=high).contains(&value) { value } else { low };
        }
        match self.below(8) {
            0..3 => EDGE_FLOATS[self.below(EDGE_FLOATS.len())],
            3 => f64::from_bits(self.0.bits()),
            4 => (self.below(21) as f64) - 10.0,
            _ => (self.unit() - 0.5) * 20.0,
        }
    }

    fn int(&mut self, domain: Option<(f64, f64)>) -> i64 {
        let any = match self.below(32) {
            0 => RARE_INTS[self.below(RARE_INTS.len())],
            1..16 => EDGE_INTS[self.below(EDGE_INTS.len())],
            _ => self.below(25) as i64 - 8,
        };
        // Casts saturate, so that a domain's end beyond the type is the type's own.
        let Some((low, high)) = domain else { return any };
        let (low, high) = (low.ceil() as i64, high.floor() as i64);
        if (low..=high).contains(&any) {
            return any;
        }
        let span = high.abs_diff(low).saturating_add(1);
        low.saturating_add_unsigned(self.0.bits() % span).min(high.max(low))
    }

    fn array(
        &mut self,
        ty: Type,
        elem: rvsdg::Elem,
        rank: u8,
        extent: usize,
        domain: Option<(f64, f64)>,
    ) -> Array {
        let mut shape = Vec::new();
        for _ in 0..rank {
            let other = self.below(6) == 0;
            shape.push(if other { self.below(5) } else { extent });
        }
        let len = shape.iter().product();
        let mut array = Array { shape, data: zeros(elem, len) };
        // Plain numbers are the rule in arrays: one NaN makes many results NaN.
        let plain = self.below(4) != 0;
        for at in 0..len {
            let value = match ty {
                Type::F64 if plain && domain.is_none() => {
                    Scalar::F64((self.below(41) as f64 - 20.0) * 0.25)
                }
                _ => self.scalar(ty, domain),
            };
            let fits = array.set(at, value);
            debug_assert!(fits, "`scalar` gives the element's type");
        }
        array
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rvsdg::{Elem, Param, Shape};

    fn function() -> Function {
        let array = Type::MemRef { elem: Elem::F64, rank: 1, mem: 0 };
        let params = [("x", Type::F64), ("n", Type::I64), ("a", array), ("b", array)];
        let params = params.map(|(name, ty)| Param { name: name.into(), ty });
        Function::new("f", params.to_vec(), 1, Shape::None)
    }

    #[test]
    fn inputs_are_a_function_of_their_number() {
        let (f, domains) = (function(), IndexMap::new());
        let generator = Generator::new(&f, &domains);
        let texts = |numbers: std::ops::Range<u64>| -> Vec<String> {
            numbers.map(|n| format!("{:?}", generator.inputs(n))).collect()
        };
        assert_eq!(texts(0..20), texts(0..20));
        let mut distinct = texts(0..200);
        distinct.sort();
        distinct.dedup();
        assert!(distinct.len() > 190, "{}", distinct.len());
    }

    #[test]
    fn edge_values_and_shared_arrays_occur() {
        let (f, domains) = (function(), IndexMap::new());
        let generator = Generator::new(&f, &domains);
        let all: Vec<Inputs> = (0..200).map(|n| generator.inputs(n)).collect();
        let float = |test: fn(f64) -> bool| {
            all.iter().any(|i| matches!(i.args[0], Arg::Scalar(Scalar::F64(x)) if test(x)))
        };
        assert!(float(f64::is_nan) && float(f64::is_infinite) && float(f64::is_subnormal));
        assert!(float(|x| x.to_bits() == (-0.0_f64).to_bits()));
        assert!(all.iter().any(|i| i.args[2] == i.args[3]), "aliasing");
        assert!(all.iter().any(|i| i.args[2] != i.args[3]), "no aliasing");
        assert!(all.iter().any(|i| i.arrays[0].is_empty()), "empty");
    }

    #[test]
    fn numbers_stay_in_their_domains() {
        let f = function();
        let domains = [("x".to_owned(), (0.25, 0.75)), ("n".to_owned(), (2.0, 4.5))];
        let domains = IndexMap::from_iter(domains);
        let generator = Generator::new(&f, &domains);
        for number in 0..500 {
            let inputs = generator.inputs(number);
            crate::bind::check_domains(&f, &inputs, &domains).expect("inside");
        }
    }
}
