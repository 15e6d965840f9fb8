//! Costs as whole numbers.
//!
//! A search that moves weights from clause to clause must not round. Costs that are multiples of
//! one unit, binary or decimal, become their multiples, and nothing is lost. Other costs are rounded
//! down to a fine grid: the sum of an answer then is below its cost by less than a stated slack.

/// Sums of weights stay below this: exact as floats, and far from the end of 64 bits.
const LARGEST_SUM: f64 = (1_u64 << 52) as f64;
/// Units tried: so many negative powers of two, and of ten.
const POWERS: i32 = 20;

/// Costs as whole multiples of a unit.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Weights {
    /// By node.
    pub(super) of: Vec<i64>,
    /// What one stands for.
    pub(super) unit: f64,
    /// An answer costs at least its weights, and more by no more than this.
    pub(super) slack: f64,
}

impl Weights {
    /// The weights of finite costs, of which an answer has at most `most`.
    pub(super) fn new(costs: &[f64], most: usize) -> Weights {
        let sum: f64 = costs.iter().map(|cost| cost.abs()).sum();
        let twos = (0..=POWERS).map(|power| 2_f64.powi(power));
        let tens = (1..=POWERS / 2).map(|power| 10_f64.powi(power));
        let is_unit = |scale: &f64| {
            sum * scale < LARGEST_SUM && costs.iter().all(|c| (c * scale).round() / scale == *c)
        };
        if let Some(scale) = twos.chain(tens).find(is_unit) {
            let mut of: Vec<i64> = costs.iter().map(|cost| (cost * scale).round() as i64).collect();
            let step =
                of.iter().fold(0, |step, weight| divisor(step, weight.unsigned_abs())).max(1);
            for weight in &mut of {
                *weight /= step as i64;
            }
            return Weights { of, unit: step as f64 / scale, slack: 0.0 };
        }
        // A power of two: multiplying by it is exact.
        let scale = (LARGEST_SUM / sum).log2().floor().exp2() / 2.0;
        let of = costs.iter().map(|cost| (cost * scale).floor() as i64).collect();
        Weights { of, unit: scale.recip(), slack: most as f64 / scale }
    }
}

/// The greatest common divisor.
fn divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn multiples_of_a_unit_lose_nothing() {
        let weights = |costs: &[f64]| Weights::new(costs, 9);
        let exact = |of: &[i64], unit| Weights { of: of.to_vec(), unit, slack: 0.0 };
        assert_eq!(weights(&[4.0, 6.0, 0.0, -10.0]), exact(&[2, 3, 0, -5], 2.0));
        assert_eq!(weights(&[0.75, 0.5]), exact(&[3, 2], 0.25));
        assert_eq!(weights(&[0.3, 1.27]), exact(&[30, 127], 0.01));
        assert_eq!(weights(&[0.0]), exact(&[0], 1.0));
        assert_eq!(weights(&[]), exact(&[], 1.0));
    }

    #[test]
    fn other_costs_are_rounded_down_by_less_than_the_slack() {
        let costs = [1.0 / 3.0, 2_f64.sqrt(), 1e9 / 7.0, -std::f64::consts::PI];
        let weights = Weights::new(&costs, 4);
        assert!(weights.slack > 0.0 && weights.slack < 1e-6, "{weights:?}");
        for (cost, weight) in costs.iter().zip(&weights.of) {
            let lost = cost - *weight as f64 * weights.unit;
            assert!((0.0..=weights.slack / 4.0).contains(&lost), "{cost}: {lost}");
        }
        let vast = Weights::new(&[1e300, 1e-300], 2);
        assert!(vast.of[0] > 0 && vast.of[1] == 0, "{vast:?}");
    }
}
