//! Float arithmetic where Python differs from IEEE 754's operations.
//!
//! Source: `float_floor_div`, `float_rem` and `_float_div_mod` in CPython 3.11's
//! `Objects/floatobject.c`.

macro_rules! python_arithmetic {
    ($float:ty, $floor_div:ident, $modulo:ident, $min:ident, $max:ident) => {
        /// Python's `a // b`; the IEEE quotient on a zero divisor.
        pub fn $floor_div(a: $float, b: $float) -> $float {
            if b == 0.0 {
                return a / b;
            }
            let remainder = a % b;
            let mut quotient = (a - remainder) / b;
            if remainder != 0.0 && (b < 0.0) != (remainder < 0.0) {
                quotient -= 1.0;
            }
            if quotient == 0.0 {
                return (0.0 as $float).copysign(a / b);
            }
            let floor = quotient.floor();
            if quotient - floor > 0.5 { floor + 1.0 } else { floor }
        }

        /// Python's `a % b`: the sign of the divisor, also on a zero result; NaN on a zero divisor.
        pub fn $modulo(a: $float, b: $float) -> $float {
            let remainder = a % b;
            if remainder == 0.0 {
                (0.0 as $float).copysign(b)
            } else if (b < 0.0) != (remainder < 0.0) {
                remainder + b
            } else {
                remainder
            }
        }

        /// Python's `min(a, b)`: `b` if `b < a`, else `a`, so that a NaN in front wins.
        pub fn $min(a: $float, b: $float) -> $float {
            if b < a { b } else { a }
        }

        /// Python's `max(a, b)`: `b` if `b > a`, else `a`, so that a NaN in front wins.
        pub fn $max(a: $float, b: $float) -> $float {
            if b > a { b } else { a }
        }
    };
}

python_arithmetic!(f64, float_floor_div, float_mod, float_min, float_max);
python_arithmetic!(f32, float_floor_div_f32, float_mod_f32, float_min_f32, float_max_f32);

/// Truncates towards zero and saturates at the range of `i64`; NaN gives 0.
pub fn float_to_int(a: f64) -> i64 {
    a as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_of_zero_follow_python() {
        assert_eq!(float_mod(-0.0, 3.0).to_bits(), 0.0_f64.to_bits());
        assert_eq!(float_mod(6.0, -3.0).to_bits(), (-0.0_f64).to_bits());
        assert_eq!(float_floor_div(-0.0, 3.0).to_bits(), (-0.0_f64).to_bits());
        assert_eq!(float_floor_div(1.0, f64::NEG_INFINITY), -1.0);
        assert_eq!(float_mod(1.0, f64::NEG_INFINITY), f64::NEG_INFINITY);
        assert_eq!(float_floor_div(1.0, 0.0), f64::INFINITY);
        assert!(float_mod(1.0, 0.0).is_nan());
    }

    #[test]
    fn first_argument_wins_ties_and_nan() {
        assert!(float_min(f64::NAN, 1.0).is_nan());
        assert_eq!(float_min(1.0, f64::NAN), 1.0);
        assert_eq!(float_max(-0.0, 0.0).to_bits(), (-0.0_f64).to_bits());
    }
}
