//! Associative and commutative operators, with saturation by rules as the oracle.

use egraph_core::egglog::exec::Session;
use proptest::prelude::*;

fn run(program: &str) -> Result<(Session, Vec<String>), String> {
    let mut session = Session::default();
    let mut answers = Vec::new();
    match session.run("ac.egg", program, &mut answers) {
        Ok(()) => Ok((session, answers.iter().map(ToString::to_string).collect())),
        Err(diagnostic) => Err(session.render(&diagnostic)),
    }
}

fn answers(program: &str) -> Vec<String> {
    run(program).unwrap_or_else(|error| panic!("{error}")).1
}

const SUMS: &str = "
    (datatype X (V i64) (Zero) (Top) (F X)
        (Sum X X :ac :unit (Zero)) (Mul X X :ac :unit (V 1) :annihilator (Zero)))
    ";

#[test]
fn twelve_leaves_are_one_row_in_any_order() {
    let program = format!(
        "{SUMS}
        (let $x (Sum (Sum (V 1) (Sum (V 2) (V 3))) (Sum (V 4) (Sum (V 5) (Sum (V 6) (Sum (V 7)
            (Sum (V 8) (Sum (V 9) (Sum (V 10) (Sum (V 11) (V 12)))))))))))
        (let $y (Sum (V 12) (V 3) (Sum (Sum (V 7) (V 1)) (V 9)) (V 10) (V 2) (V 11) (V 5) (V 8)
            (V 4) (V 6)))
        (check (= $x $y))
        (print-size Sum)
        (extract $x)"
    );
    let answers = answers(&program);
    assert_eq!(answers[0], "1");
    let mut leaves: Vec<&str> = answers[1].split(" (").skip(1).collect();
    leaves.sort_unstable();
    assert_eq!(leaves.len(), 12, "{}", answers[1]);
    let again = format!("{program} (let $z {}) (check (= $x $z)) (print-size Sum)", answers[1]);
    assert_eq!(run(&again).unwrap().1[2], "1");
}

#[test]
fn units_are_left_out_and_annihilators_take_all() {
    let program = format!(
        "{SUMS}
        (let $a (Sum (V 5) (Zero)))
        (check (= $a (V 5)))
        (let $b (Mul (V 5) (V 1) (V 7) (Zero)))
        (check (= $b (Zero)))
        (let $c (Sum (Zero) (Zero)))
        (check (= $c (Zero)))
        (let $d (Sum (V 5) (V 5) (V 6)))
        (let $e (Sum (V 5) (V 6)))
        (fail (check (= $d $e)))
        (print-size Sum)
        (print-size Mul)"
    );
    assert_eq!(answers(&program), ["2", "0"]);
}

#[test]
fn patterns_match_in_every_order_and_with_a_rest() {
    let program = format!(
        "{SUMS}
        (relation pair (X X))
        (rule ((Sum a b)) ((pair a b)))
        (rewrite (Mul x (Sum a ..r)) (Sum (Mul x a) (Mul x (Sum ..r))))
        (rewrite (Sum (Sum a ..s) ..r) (Sum (Sum a ..s) ..r))
        (let $s (Mul (F (V 9)) (Sum (V 1) (V 2) (V 3))))
        (let $t (Sum (V 7) (V 8)))
        (run 1)
        (print-size pair)
        (check (pair (V 7) (V 8)) (pair (V 8) (V 7)))
        (run 9)
        (let $u (Sum (Mul (F (V 9)) (V 3)) (F (V 9)) (Mul (V 2) (F (V 9)))))
        (check (= $s $u))"
    );
    assert_eq!(answers(&program), ["2"]);
    let doubled = format!(
        "{SUMS}
        (rewrite (Sum a a ..r) (Sum (Mul (V 2) a) ..r))
        (let $x (Sum (F (V 3)) (V 4) (F (V 3))))
        (run 3)
        (check (= $x (Sum (V 4) (Mul (F (V 3)) (V 2)))))
        (extract $x)"
    );
    assert!(run(&doubled).is_ok(), "{:?}", run(&doubled).err());
}

#[test]
fn joins_of_many_atoms_split_operands_too() {
    let program = format!(
        "{SUMS}
        (relation p (X)) (relation q (X)) (relation hit (X X))
        (rule ((= e (Sum a b ..r)) (p a) (q b) (= a (V i)) (= b (V j)) (< i j)) ((hit a b)))
        (p (V 1)) (p (V 2)) (q (V 2)) (q (V 3)) (q (V 4))
        (let $s (Sum (V 1) (V 2) (V 3)))
        (run 1)
        (print-size hit)
        (p (V 3)) (q (V 1)) (let $t (Sum (V 1) (V 4)))
        (run 1)
        (print-size hit)"
    );
    // 1 2, 1 3, 2 3; then 1 4 as well.
    assert_eq!(answers(&program), ["3", "4"]);
}

#[test]
fn rows_follow_unions_and_scopes() {
    let program = format!(
        "{SUMS}
        (let $x (Sum (V 1) (V 2) (V 3)))
        (let $y (Sum (V 1) (V 4) (V 3)))
        (push)
        (fail (check (= $x $y)))
        (union (V 2) (V 4))
        (check (= $x $y))
        (print-size Sum)
        (pop)
        (fail (check (= $x $y)))
        (print-size Sum)"
    );
    assert_eq!(answers(&program), ["1", "2"]);
}

#[test]
fn sums_of_later_unions_need_a_rule() {
    let start = format!(
        "{SUMS}
        (let $x (Sum (V 1) (V 9)))
        (let $y (Sum (V 2) (V 3) (V 9)))
        (union (V 1) (Sum (V 2) (V 3)))
        "
    );
    assert!(run(&format!("{start} (check (= $x $y))")).is_err());
    let rule = "(rewrite (Sum (Sum a ..s) ..r) (Sum (Sum a ..s) ..r)) (run 3) (check (= $x $y))";
    answers(&format!("{start}{rule}"));
}

#[test]
fn mistakes_are_named() {
    let cases = [
        ("(datatype X (A) (S X X :unit (A)))", "needs `:ac`"),
        ("(datatype X (A) (S X :ac))", "two operands"),
        ("(datatype X (A) (S X X :ac)) (S)", "at least one"),
        ("(datatype X (A) (S X X :ac :unit 3))", "X"),
        ("(datatype X (A) (B) (S X X :ac)) (delete (S (A) (B)))", "cannot delete"),
        ("(datatype X (A) (S X X :ac)) (rule ((S a ..r)) ((S ..r))) (S (A) (A)) (run 1)", ""),
    ];
    for (program, part) in cases {
        match run(program) {
            Err(error) => assert!(error.contains(part) && !part.is_empty(), "{error}"),
            Ok(_) => assert!(part.is_empty(), "{program}"),
        }
    }
}

/// A term over `count` leaves: binary applications in any shape, with `F` here and there.
fn term() -> impl Strategy<Value = String> {
    let leaf = (0..3).prop_map(|leaf| format!("(V {leaf})"));
    leaf.prop_recursive(3, 5, 2, |inner| {
        prop_oneof![
            4 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("(Sum {a} {b})")),
            1 => inner.prop_map(|a| format!("(F {a})")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn terms_are_equal_as_with_rules(terms in prop::collection::vec(term(), 2..5)) {
        let lets = terms.iter().enumerate().map(|(at, term)| format!("(let $t{at} {term})"));
        let lets = lets.collect::<Vec<_>>().join(" ");
        let plain = format!(
            "(datatype X (V i64) (F X) (Sum X X))
            (rewrite (Sum a b) (Sum b a)) (rewrite (Sum (Sum a b) c) (Sum a (Sum b c)))
            {lets} (run-schedule (saturate (run)))"
        );
        let n_ary = format!("(datatype X (V i64) (F X) (Sum X X :ac)) {lets}");
        for a in 0..terms.len() {
            for b in 0..a {
                let check = format!("(check (= $t{a} $t{b}))");
                let expected = run(&format!("{plain}{check}")).is_ok();
                let found = run(&format!("{n_ary}{check}")).is_ok();
                prop_assert_eq!(found, expected, "{} and {}", &terms[a], &terms[b]);
            }
        }
    }
}
