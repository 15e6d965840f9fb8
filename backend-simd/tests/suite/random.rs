//! Random graphs and numbers, and a kernel against its replayed graph.

use backend_simd::{Input, Kernel};
use vecmath::{Dag, Id, Lanes, Rare, Recorder, Rounding, Scalar, Width};

/// Xorshift64* (S. Vigna, "An experimental exploration of Marsaglia's xorshift generators,
/// scrambled", ACM TOMS 42, 2016).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        ((self.next() >> 32) as usize * bound) >> 32
    }

    /// A number: mostly of ordinary size, now and then special or any bits.
    pub(crate) fn number(&mut self) -> f64 {
        const SPECIAL: [f64; 10] = [
            0.0,
            -0.0,
            1.0,
            -1.0,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::NAN,
            5e-324,
            1e300,
            3.4e7,
        ];
        match self.below(12) {
            0 => SPECIAL[self.below(SPECIAL.len())],
            1 => f64::from_bits(self.next()),
            _ => (self.next() >> 11) as f64 / (1_u64 << 50) as f64 - 4.0,
        }
    }
}

/// A graph in which about `live` values are in use at once.
///
/// What reads bits never sees the result of arithmetic, whose NaNs have no defined bits.
pub(crate) fn random_dag(
    random: &mut Random,
    width: Width,
    live: usize,
    size: usize,
) -> (Dag, Vec<bool>) {
    let mut r = Recorder::new(width);
    let most = if random.below(8) == 0 { 14 } else { 5 };
    let inputs = 1 + random.below(most);
    let uniform: Vec<bool> = (0..inputs).map(|_| random.below(4) == 0).collect();
    let mut floats: Vec<Id> = (0..inputs).map(|_| r.input()).collect();
    let mut bits = floats.clone();
    let mut masks = vec![r.lt(floats[0], floats[inputs - 1])];
    for _ in 0..size {
        let float = |random: &mut Random, r: &mut Recorder| {
            if random.below(6) == 0 {
                let value = random.number();
                r.constant(value)
            } else {
                let from = floats.len().saturating_sub(live);
                floats[from + random.below(floats.len() - from)]
            }
        };
        let (a, b) = (float(random, &mut r), float(random, &mut r));
        let c = float(random, &mut r);
        let (p, q) = (bits[random.below(bits.len())], bits[random.below(bits.len())]);
        let mask = masks[random.below(masks.len())];
        let count = random.below(width.bytes() * 8) as u8;
        match random.below(27) {
            0 | 1 => floats.push(r.add(a, b)),
            2 | 3 => floats.push(r.sub(a, b)),
            4 | 5 => floats.push(r.mul(a, b)),
            6 => floats.push(r.div(a, b)),
            7..=10 => floats.push(r.fma(a, b, c)),
            11 => floats.push(r.nfma(a, b, c)),
            12 => floats.push(r.fms(a, b, c)),
            13 => floats.push(r.sqrt(a)),
            14 => floats.push(r.min(a, b)),
            15 => floats.push(r.max(a, b)),
            16 => floats.push(r.select(mask, a, b)),
            17 => {
                let modes = [Rounding::Nearest, Rounding::Down, Rounding::Up, Rounding::Zero];
                floats.push(r.round(a, modes[random.below(4)]));
            }
            18 => masks.push(match random.below(5) {
                0 => r.lt(a, b),
                1 => r.le(a, b),
                2 => r.eq(a, b),
                3 => r.int_gt(p, q),
                _ => r.int_eq(p, q),
            }),
            19 => masks.push(match random.below(4) {
                0 => r.and(mask, masks[0]),
                1 => r.or(mask, masks[0]),
                2 => r.xor(mask, masks[0]),
                _ => r.and_not(mask, masks[0]),
            }),
            20 => bits.push(r.int_add(p, q)),
            21 => bits.push(r.int_sub(p, q)),
            22 => bits.push(r.shl(p, count)),
            23 => bits.push(r.shr(p, count)),
            24 => floats.push(bits[random.below(bits.len())]),
            // Parts of numbers are defined together only.
            25 => floats.push(vecmath::log(&mut r, a)),
            _ => {
                let f = Rare::ALL[random.below(Rare::ALL.len())];
                floats.push(r.rare(f, mask, a, b));
            }
        }
    }
    let outputs: Vec<Id> = (0..=random.below(3))
        .map(|_| floats[floats.len() - 1 - random.below(live.min(floats.len()))])
        .collect();
    (r.finish(&outputs), uniform)
}

/// Runs a kernel and the replayed graph; the first difference in words.
macro_rules! compare {
    ($name:ident, $float:ty) => {
        pub(crate) fn $name(
            kernel: &Kernel,
            count: usize,
            random: &mut Random,
        ) -> Result<(), String> {
            let (dag, uniform) = (kernel.dag(), kernel.uniform());
            let data: Vec<Vec<$float>> = (0..uniform.len())
                .map(|_| (0..count.max(1)).map(|_| random.number() as $float).collect())
                .collect();
            let inputs: Vec<Input<'_, $float>> = (data.iter().zip(uniform))
                .map(|(d, u)| if *u { Input::Scalar(d[0]) } else { Input::Array(&d[..count]) })
                .collect();
            // Numbers before and after those that the kernel may write, on any boundary.
            let first = 1 + random.below(8);
            let mut results = vec![vec![7.5 as $float; first + count + 1]; dag.outputs.len()];
            let mut outputs: Vec<&mut [$float]> =
                results.iter_mut().map(|r| &mut r[first..first + count]).collect();
            kernel.run(&inputs, &mut outputs).map_err(|e| e.to_string())?;
            for at in 0..count {
                let args: Vec<$float> =
                    (data.iter().zip(uniform)).map(|(d, u)| d[if *u { 0 } else { at }]).collect();
                let want = dag.replay(&mut Scalar::<$float>::new(), &args);
                for (k, want) in want.iter().enumerate() {
                    let got = results[k][first + at];
                    if got.to_bits() != want.to_bits() && !(got.is_nan() && want.is_nan()) {
                        return Err(format!(
                            "element {at} of {count}, output {k}: {got:?}, not {want:?}"
                        ));
                    }
                }
            }
            if results.iter().any(|r| r[first - 1] != 7.5 || r[first + count] != 7.5) {
                return Err(format!("wrote beside {count} elements"));
            }
            Ok(())
        }
    };
}
compare!(check_f64, f64);
compare!(check_f32, f32);

/// The check for the kernel's own format.
pub(crate) fn check(kernel: &Kernel, count: usize, random: &mut Random) -> Result<(), String> {
    match kernel.dag().width {
        Width::F64 => check_f64(kernel, count, random),
        Width::F32 => check_f32(kernel, count, random),
    }
}

/// The graph of a seed, its broadcast inputs, and how many elements to compute.
pub(crate) fn seeded(seed: u64) -> (Dag, Vec<bool>, usize, Random) {
    let mut random = Random::new(seed);
    let width = if seed.is_multiple_of(2) { Width::F64 } else { Width::F32 };
    let live = 4 + random.below(60);
    let size = 5 + random.below(150);
    let (dag, uniform) = random_dag(&mut random, width, live, size);
    let count = random.below(68);
    (dag, uniform, count, random)
}

/// The seeds of random graphs: see [`seeds`].
pub(crate) fn graphs(few: u64) -> std::ops::Range<u64> {
    seeds("OVUM_VECTOR_DAGS", few)
}

/// The seeds that a variable of the environment names, those below `N` or from `A` to `B` of
/// `A..B`; the first few if it is not set.
pub(crate) fn seeds(variable: &str, few: u64) -> std::ops::Range<u64> {
    let Ok(text) = std::env::var(variable) else { return 0..few };
    let number = |word: &str| word.parse().unwrap_or_else(|e| panic!("{variable}={text}: {e}"));
    match text.split_once("..") {
        Some((from, to)) => number(from)..number(to),
        None => 0..number(&text),
    }
}
