//! Rules, queries and actions, and what they resolve to.

use expect_test::expect;

use super::resolves;

#[test]
fn rewrites_become_rules() {
    let program = "
        (datatype Math (Num i64) (Add Math Math) (Neg Math))
        ----
        (rewrite (Add a (Neg a)) (Num 0) :when ((= a (Num n)) (!= n 0)))
        (rewrite (Neg (Neg x)) x :subsume)
        (birewrite (Add a b) (Add b a))";
    resolves(
        program,
        &expect![[r#"
            rule [a:Math _:Math _:Math n:i64] (Neg v0) = v1, (Add v0 v1) = v2, (Num v3) = v0, (!= v3 #0) = #0 => v2 ~ (Num #0)
            rule [x:Math _:Math _:Math] (Neg v0) = v1, (Neg v1) = v2 => v2 ~ v0; Subsume (Neg v1)
            rule [a:Math b:Math _:Math] (Add v0 v1) = v2 => v2 ~ (Add v1 v0)
            rule [b:Math a:Math _:Math] (Add v0 v1) = v2 => v2 ~ (Add v1 v0)
        "#]],
    );
}

#[test]
fn equalities_are_unified() {
    let program = "
        (datatype Math (Num i64) (Add Math Math))
        (relation seen (Math i64))
        (let $one (Num 1))
        ----
        (rule ((= x (Num n)) (= n m) (= m 1) (= x y)) ((seen y m)))
        (rule ((= x (Add a b)) (= y (Add a b)) (seen x n) (seen y m)) ((seen a (+ n m))))
        (rule ((= $one (Add a $one)) (= 1 2) (= 3 3)) ((union a $one)))
        (rule ((seen _ n) (< n 3) (= () (< n 4))) ((let k (+ n n)) (seen (Num k) k)))
        (check (= $one (Num 1)) (seen $one 1))";
    resolves(
        program,
        &expect![[r#"
            rule [x:Math] (Num #1) = v0 => (seen v0 #1)
            rule [a:Math b:Math x:Math n:i64 _:fact of seen m:i64 _:fact of seen] (Add v0 v1) = v2, (seen v2 v3) = v4, (seen v2 v5) = v6 => (seen v0 (+ v3 v5))
            rule [a:Math] #1 = #2, (Add v0 $one) = $one => v0 ~ $one
            rule [_:Math n:i64 _:fact of seen k:i64] (seen v0 v1) = v2, (< v1 #3) = #0, (< v1 #4) = #0 => v3 := (+ v1 v1); (seen (Num v3) v3)
            check (Num #1) = $one, (seen $one #1) = v0
        "#]],
    );
}

#[test]
fn functions_are_values() {
    let program = "
        (datatype Math (Num i64) (Add Math Math))
        (sort Unary (UnstableFn (Math) Math))
        (sort Ints (UnstableFn (i64) i64))
        (constructor apply (Unary Math) Math)
        ----
        (rewrite (apply f x) (unstable-app f x))
        (let $inc (unstable-fn \"Add\" (Num 1)))
        (check (= 3 (unstable-app (unstable-fn \"+\" 1) 2)))
        (unstable-fn \"Num\")
        (unstable-fn \"Sub\")
        (unstable-fn 1)";
    resolves(
        program,
        &expect![[r#"
            rule [f:Unary x:Math _:Math] (apply v0 v1) = v2 => v2 ~ (unstable-app v0 v1)
            $inc := (unstable-fn #0 (Num #1))
            check (unstable-fn #1 #1) = v0, (unstable-app v0 #2) = #3
            error[EG022]: no sort of functions fits `Num` with 0 arguments given
             --> test.egg:4:10
              |
            4 |         (unstable-fn "Num")
              |          ^^^^^^^^^^^
              |
              = hint: it is (Num i64) -> Math
            error[EG010]: there is no function or primitive `Sub`
             --> test.egg:5:10
              |
            5 |         (unstable-fn "Sub")
              |          ^^^^^^^^^^^
            error[EG003]: the first argument of `unstable-fn` is the name of a function, in quotes
             --> test.egg:6:10
              |
            6 |         (unstable-fn 1)
              |          ^^^^^^^^^^^
        "#]],
    );
}
