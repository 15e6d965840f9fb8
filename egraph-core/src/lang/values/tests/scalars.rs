//! Primitives of built-in sorts, failures included.

use super::super::*;
use super::world::World;

#[test]
fn integers() {
    World::new(&[]).check(
        r#"
        (+ 1 2) => 3
        (+ 9223372036854775807 1) => fails
        (- -9223372036854775808 1) => fails
        (* 3037000500 3037000500) => fails
        (* 3037000499 3037000499) => 9223372030926249001
        (/ 7 -2) => -3
        (/ 1 0) => fails
        (/ -9223372036854775808 -1) => fails
        (% -7 2) => -1
        (% 7 0) => fails
        (% -9223372036854775808 -1) => fails
        (& 12 10) => 8
        (| 12 10) => 14
        (^ 12 10) => 6
        (<< 1 62) => 4611686018427387904
        (<< 1 63) => -9223372036854775808
        (<< 1 64) => fails
        (<< 1 -1) => fails
        (>> -8 1) => -4
        (>> 1 64) => fails
        (not-i64 0) => -1
        (log2 1) => 0
        (log2 1023) => 9
        (log2 0) => fails
        (log2 -4) => fails
        (abs -3) => 3
        (abs -9223372036854775808) => fails
        (< 1 2) => ()
        (< 2 2) => fails
        (> 3 2) => ()
        (> 2 2) => fails
        (<= 2 2) => ()
        (<= 3 2) => fails
        (>= 2 2) => ()
        (>= 1 2) => fails
        (bool-= 4 4) => true
        (bool-< 4 4) => false
        (bool-> 5 4) => true
        (bool-<= 4 4) => true
        (bool->= 3 4) => false
        (min -1 5) => -1
        (max -1 5) => 5
        (to-string -12) => "-12"
        (to-f64 3) => 3.0
        "#,
    );
}

#[test]
fn floats() {
    World::new(&[]).check(
        r#"
        (+ 0.5 1.0) => 1.5
        (- 0.5 1.0) => -0.5
        (* 2.0 1.5) => 3.0
        (/ 1.0 4.0) => 0.25
        (/ 1.0 0.0) => fails
        (/ 1.0 -0.0) => fails
        (% 7.5 2.0) => 1.5
        (% 7.5 0.0) => fails
        (^ 2.0 10.0) => 1024.0
        (^ -1.0 0.5) => NaN
        (neg 1.0) => -1.0
        (neg 0.0) => -0.0
        (< 1.0 2.0) => ()
        (< 2.0 2.0) => fails
        (< 2.0 NaN) => ()
        (> NaN inf) => ()
        (> 1.0 2.0) => fails
        (<= -0.0 0.0) => ()
        (<= 0.0 -0.0) => ()
        (<= 3.0 2.0) => fails
        (>= NaN NaN) => ()
        (>= 1.0 2.0) => fails
        (min 1.0 NaN) => 1.0
        (max 1.0 NaN) => NaN
        (min -0.0 0.0) => -0.0
        (max -0.0 0.0) => 0.0
        (min 2.0 1.0) => 1.0
        (max 2.0 1.0) => 2.0
        (abs -1.5) => 1.5
        (exp 0.0) => 1.0
        (log 1.0) => 0.0
        (log 0.0) => fails
        (log -1.0) => fails
        (sqrt 2.25) => 1.5
        (sqrt -1.0) => fails
        (sqrt -0.0) => -0.0
        (to-i64 -2.9) => -2
        (to-i64 1e300) => 9223372036854775807
        (to-i64 NaN) => 0
        (to-string 1.0) => "1.0"
        (to-string 1e300) => "1e300"
        "#,
    );
}

#[test]
fn truth_values_and_texts() {
    World::new(&[]).check(
        r#"
        (not true) => false
        (and true false) => false
        (and true true) => true
        (or) => false
        (or false) => false
        (or false false true) => true
        (xor true true) => false
        (xor true false) => true
        (=> true false) => false
        (=> false false) => true
        (guard true) => ()
        (guard false) => fails
        (as String (+)) => ""
        (+ "a") => "a"
        (+ "a" "b" "" "c") => "abc"
        (replace "banana" "an" "AN") => "bANANa"
        (count-matches "banana" "an") => 2
        (count-matches "aaa" "aa") => 1
        (count-matches "ab" "") => 3
        "#,
    );
}

#[test]
fn big_integers() {
    World::new(&[]).check(
        r#"
        (bigint -5) => (from-string "-5")
        (+ (bigint 9223372036854775807) (bigint 1)) => (from-string "9223372036854775808")
        (- (bigint 1) (bigint 2)) => (from-string "-1")
        (* (bigint 9223372036854775807) (bigint 2)) => (from-string "18446744073709551614")
        (/ (bigint -7) (bigint 2)) => (from-string "-3")
        (/ (bigint 1) (bigint 0)) => fails
        (% (bigint -7) (bigint 2)) => (from-string "-1")
        (% (bigint 1) (bigint 0)) => fails
        (& (bigint 12) (bigint 10)) => (from-string "8")
        (| (bigint 12) (bigint 10)) => (from-string "14")
        (^ (bigint 12) (bigint 10)) => (from-string "6")
        (<< (bigint 1) 70) => (from-string "1180591620717411303424")
        (<< (bigint 1) -1) => fails
        (<< (bigint 1) 4000000000) => fails
        (<< (bigint 0) 4000000000) => (from-string "0")
        (>> (bigint -5) 1) => (from-string "-3")
        (>> (bigint 5) -1) => fails
        (>> (bigint 5) 4000000000) => (from-string "0")
        (not-Z (bigint 0)) => (from-string "-1")
        (bits (bigint 255)) => (from-string "8")
        (< (bigint 1) (bigint 2)) => ()
        (< (bigint 2) (bigint 2)) => fails
        (> (bigint 3) (bigint 2)) => ()
        (> (bigint 2) (bigint 2)) => fails
        (<= (bigint 2) (bigint 2)) => ()
        (<= (bigint 3) (bigint 2)) => fails
        (>= (bigint 2) (bigint 2)) => ()
        (>= (bigint 1) (bigint 2)) => fails
        (bool-= (bigint 1) (bigint 1)) => true
        (bool-< (bigint 1) (bigint 1)) => false
        (bool-> (bigint 2) (bigint 1)) => true
        (bool-<= (bigint 1) (bigint 1)) => true
        (bool->= (bigint 0) (bigint 1)) => false
        (min (bigint 1) (bigint 2)) => (from-string "1")
        (max (bigint 1) (bigint 2)) => (from-string "2")
        (to-string (bigint 12)) => "12"
        (from-string "-340282366920938463463374607431768211456") => (from-string "-340282366920938463463374607431768211456")
        (from-string "twelve") => fails
        "#,
    );
}

#[test]
fn fractions() {
    let mut world = World::new(&[]);
    let mut check = |lines: &str| {
        // `a/b` stands for the fraction, in terms and in results.
        let word = |word: &str| {
            let (number, end) = word.split_at(word.trim_end_matches([' ', '(', ')', '\n']).len());
            match number.split_once('/').filter(|(a, b)| !a.is_empty() && !b.is_empty()) {
                Some((a, b)) => {
                    format!("(bigrat (from-string \"{a}\") (from-string \"{b}\")){end}")
                }
                None => word.to_owned(),
            }
        };
        let full: String = lines.split_inclusive([' ', '(', ')', '\n']).map(word).collect();
        world.check(&full);
    };
    check(
        r#"
        4/6 => 2/3
        4/-6 => -2/3
        1/0 => fails
        (+ 1/2 1/3) => 5/6
        (- 1/2 1/3) => 1/6
        (* 2/3 3/4) => 1/2
        (/ 1/2 1/4) => 2/1
        (/ 1/2 0/1) => fails
        (min 1/2 1/3) => 1/3
        (max 1/2 1/3) => 1/2
        (neg 1/2) => -1/2
        (abs -1/2) => 1/2
        (floor -3/2) => -2/1
        (ceil -3/2) => -1/1
        (round 5/2) => 3/1
        (round -5/2) => -3/1
        (numer 2/3) => (from-string "2")
        (denom 2/3) => (from-string "3")
        (to-f64 1/4) => 0.25
        (to-i64 4/2) => 2
        (to-i64 1/2) => fails
        (to-i64 9223372036854775808/1) => fails
        (pow 2/3 3/1) => 8/27
        (pow 2/3 -2/1) => 9/4
        (pow 2/3 1/2) => fails
        (pow 0/1 0/1) => 1/1
        (pow 0/1 5/1) => 0/1
        (pow 0/1 -1/1) => fails
        (pow 5/1 0/1) => 1/1
        (pow -1/1 9223372036854775807/1) => -1/1
        (pow -1/1 -9223372036854775806/1) => 1/1
        (pow 2/1 9223372036854775807/1) => fails
        (log 1/1) => 0/1
        (log 2/1) => fails
        (sqrt 4/9) => 2/3
        (sqrt 2/1) => fails
        (sqrt -4/9) => fails
        (sqrt 0/1) => fails
        (cbrt 1/1) => 1/1
        (cbrt -8/27) => -2/3
        (cbrt 2/1) => fails
        (< 1/3 1/2) => ()
        (< 1/2 1/2) => fails
        (> 1/2 1/3) => ()
        (> 1/3 1/3) => fails
        (<= 1/2 1/2) => ()
        (<= 1/2 1/3) => fails
        (>= 1/2 1/2) => ()
        (>= 1/3 1/2) => fails
        "#,
    );
}

#[test]
fn any_sort() {
    World::new(&["V Vec i64"]).check(
        r#"
        (!= 1 2) => ()
        (!= "a" "a") => fails
        (bool-!= 1.0 2.0) => true
        (bool-!= (vec-of 1) (vec-of 1)) => false
        (value-eq (vec-of 1) (vec-push (as V (vec-empty)) 1)) => ()
        (value-eq Math#1 Math#2) => fails
        (ordering-min Math#4 Math#3) => Math#3
        (ordering-max Math#4 Math#3) => Math#4
        (ordering-max -5 3) => -5
        (ordering-min -5 3) => 3
        "#,
    );
}

/// Every overload of the built-in sorts is run by a test above under its name.
#[test]
fn no_primitive_of_a_built_in_sort_is_untested() {
    let source = include_str!("scalars.rs");
    let primitives = Primitives::new();
    for prim in primitives.all() {
        let sig = primitives.sig(prim);
        assert!(
            source.contains(&format!("({} ", sig.name))
                || source.contains(&format!("({})", sig.name)),
            "{} is never called",
            sig.name
        );
        assert!(!sig.needs_host());
    }
    assert_eq!(primitives.all().count(), 109);
}
