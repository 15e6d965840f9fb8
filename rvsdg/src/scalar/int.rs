//! Integer arithmetic on 64 bits; narrower integers are computed here and truncated.

/// The quotient rounded towards minus infinity; the most negative number by -1 wraps to itself.
///
/// # Panics
/// If `b` is 0: the operation is partial, a guard comes first.
pub fn int_floor_div(a: i64, b: i64) -> i64 {
    let quotient = a.wrapping_div(b);
    let inexact = a.wrapping_rem(b) != 0;
    if inexact && ((a < 0) != (b < 0)) { quotient - 1 } else { quotient }
}

/// The remainder with the sign of the divisor, so that `a == b * (a // b) + a % b`.
///
/// # Panics
/// If `b` is 0: the operation is partial, a guard comes first.
pub fn int_mod(a: i64, b: i64) -> i64 {
    let remainder = a.wrapping_rem(b);
    if remainder != 0 && ((remainder < 0) != (b < 0)) { remainder + b } else { remainder }
}

/// `base` to the power of `exponent` modulo 2^64, and whether the exact power needs more bits;
/// 0 for a negative exponent.
pub fn int_pow(base: i64, exponent: i64) -> (i64, bool) {
    let Ok(mut exponent) = u64::try_from(exponent) else { return (0, false) };
    let (mut result, mut square, mut wrapped) = (1_i64, base, false);
    while exponent != 0 {
        if exponent & 1 == 1 {
            let (product, over) = result.overflowing_mul(square);
            result = product;
            wrapped |= over;
        }
        exponent >>= 1;
        if exponent != 0 {
            // The square is a factor of the result, whose highest exponent bit is still to come.
            let (product, over) = square.overflowing_mul(square);
            square = product;
            wrapped |= over;
        }
    }
    (result, wrapped)
}

/// Shift left modulo 2^64; a count of 64 or more gives 0, and so does a negative count.
pub fn int_shl(a: i64, count: i64) -> i64 {
    if (0..64).contains(&count) { a << count } else { 0 }
}

/// Arithmetic shift right; a count of 64 or more gives the sign (0 or -1), a negative count 0.
pub fn int_shr(a: i64, count: i64) -> i64 {
    if count < 0 { 0 } else { a >> count.min(63) }
}

/// The quotient of two integers, correctly rounded as Python's `/`; the IEEE quotient of the
/// rounded operands on a zero divisor.
pub fn true_div(a: i64, b: i64) -> f64 {
    const EXACT: u64 = 1 << 53;
    let (magnitude, divisor) = (a.unsigned_abs(), b.unsigned_abs());
    if divisor == 0 || (magnitude <= EXACT && divisor <= EXACT) {
        return a as f64 / b as f64;
    }
    if magnitude == 0 {
        return if b < 0 { -0.0 } else { 0.0 };
    }
    // A quotient of at least 63 bits with a sticky lowest bit rounds as the exact one does, and
    // scaling by a power of two is exact because the result is far from the subnormals.
    let shift = u128::from(magnitude).leading_zeros() - 1;
    let numerator = u128::from(magnitude) << shift;
    let divisor = u128::from(divisor);
    let sticky = u128::from(numerator % divisor != 0);
    let quotient = ((numerator / divisor) | sticky) as f64;
    let scale = f64::from_bits(u64::from(1023 - shift) << 52);
    let result = quotient * scale;
    if (a < 0) == (b < 0) { result } else { -result }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn division_rounds_down_at_the_edges() {
        assert_eq!(int_floor_div(i64::MIN, -1), i64::MIN);
        assert_eq!(int_mod(i64::MIN, -1), 0);
        assert_eq!(int_floor_div(-7, 2), -4);
        assert_eq!(int_mod(-7, 2), 1);
        assert_eq!(int_mod(7, -2), -1);
        assert_eq!(int_floor_div(i64::MIN, i64::MAX), -2);
    }

    #[test]
    fn powers_tell_whether_they_wrap() {
        assert_eq!(int_pow(-2, 63), (i64::MIN, false));
        assert_eq!(int_pow(2, 63), (i64::MIN, true));
        assert_eq!(int_pow(0, 0), (1, false));
        assert_eq!(int_pow(2, i64::MAX), (0, true));
        assert_eq!(int_pow(-1, i64::MAX), (-1, false));
        assert_eq!(int_pow(3, -1), (0, false));
    }

    #[test]
    fn shifts_of_any_count() {
        assert_eq!(int_shl(1, 64), 0);
        assert_eq!(int_shl(1, -1), 0);
        assert_eq!(int_shr(-5, 200), -1);
        assert_eq!(int_shr(-5, -1), 0);
        assert_eq!(int_shr(-5, 1), -3);
    }

    #[test]
    fn true_division_rounds_once() {
        // CPython 3.11's answers, where dividing rounded operands differs in the last bit.
        assert_eq!(true_div(i64::MAX, 3).to_bits(), 0x43c5_5555_5555_5555);
        assert_eq!(true_div(0, -5).to_bits(), (-0.0_f64).to_bits());
        assert_eq!(true_div(0, i64::MIN).to_bits(), (-0.0_f64).to_bits());
        assert_eq!(true_div(i64::MIN, -1), 9_223_372_036_854_775_808.0);
        assert!(true_div(0, 0).is_nan());
    }
}
