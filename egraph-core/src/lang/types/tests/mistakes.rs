//! Programs with mistakes and what is said about them.

use expect_test::expect;

use super::super::super::syntax::{Sources, parse};
use super::super::super::values::Values;
use super::super::Checker;
use super::resolves;

#[test]
fn mistakes_of_names_and_sorts() {
    let program = "
        (datatype Math (Num i64) (Add Math Math))
        (relation seen (Math))
        (function size (Math) i64 :no-merge)
        (let $one (Num 1))
        ----
        (rule ((= e (Add x y))) ((Add x z)))
        (rule ((= e (Ad x y))) ())
        (rule ((seen x) (seen (+ x 1))) ())
        (check (= (Num \"a\") (Num 1)))
        (check (= 1 (+ 1 \"a\")))
        (check (seen 1 2))
        (check (+ 1 2 3))
        (sort Math)
        (datatype i64)
        (constructor Foo (Mth) Math)
        (constructor Bar () i64)
        (function f () Nope :no-merge)
        (sort V (Vec))
        (sort V (Bag i64))
        (let $one (Num 2))
        (rule ((seen one)) ())
        (rule ((seen x)) ((let x 1)))
        (check (size _))
        (seen _)";
    resolves(
        program,
        &expect![[r#"
            error[EG011]: nothing binds `z`
             --> test.egg:1:33
              |
            1 | (rule ((= e (Add x y))) ((Add x z)))
              |                                 ^
            error[EG010]: there is no function or primitive `Ad`
             --> test.egg:2:22
              |
            2 |         (rule ((= e (Ad x y))) ())
              |                      ^^
            error[EG022]: no overload of `+` takes `(Math i64)`
             --> test.egg:3:31
              |
            3 |         (rule ((seen x) (seen (+ x 1))) ())
              |                               ^^^^^^^
              |
              = hint: there are (+ String …) -> String, (+ i64 i64) -> i64, (+ f64 f64) -> f64, (+ BigInt BigInt) -> BigInt, (+ BigRat BigRat) -> BigRat
            error[EG021]: this is `String`, but `i64` is needed
             --> test.egg:4:24
              |
            4 |         (check (= (Num "a") (Num 1)))
              |                        ^^^
             ::: test.egg:4:20
              |
            4 |         (check (= (Num "a") (Num 1)))
              |                    --- argument 1 of `Num`
            error[EG022]: no overload of `+` takes `(i64 String)` and gives `i64`
             --> test.egg:5:21
              |
            5 |         (check (= 1 (+ 1 "a")))
              |                     ^^^^^^^^^
              |
              = hint: there are (+ String …) -> String, (+ i64 i64) -> i64, (+ f64 f64) -> f64, (+ BigInt BigInt) -> BigInt, (+ BigRat BigRat) -> BigRat
            error[EG020]: `seen` takes 1 argument, not 2
             --> test.egg:6:17
              |
            6 |         (check (seen 1 2))
              |                 ^^^^
             ::: test.egg:3:19
              |
            3 |         (relation seen (Math))
              |                   ---- it was declared here
            error[EG022]: no overload of `+` takes `(i64 i64 i64)`
             --> test.egg:7:16
              |
            7 |         (check (+ 1 2 3))
              |                ^^^^^^^^^
              |
              = hint: there are (+ String …) -> String, (+ i64 i64) -> i64, (+ f64 f64) -> f64, (+ BigInt BigInt) -> BigInt, (+ BigRat BigRat) -> BigRat
            error[EG014]: the name `Math` is taken
             --> test.egg:8:15
              |
            8 |         (sort Math)
              |               ^^^^
             ::: test.egg:2:19
              |
            2 |         (datatype Math (Num i64) (Add Math Math))
              |                   ---- it was declared here
            error[EG014]: the sort i64 is declared already
             --> test.egg:9:19
              |
            9 |         (datatype i64)
              |                   ^^^
            error[EG012]: there is no sort `Mth`
              --> test.egg:10:27
               |
            10 |         (constructor Foo (Mth) Math)
               |                           ^^^
               |
               = hint: there is `Math`
            error[EG034]: the constructor `Bar` does not give a term
              --> test.egg:11:29
               |
            11 |         (constructor Bar () i64)
               |                             ^^^
               |
               = hint: declare it as a function, or `i64` as a datatype
            error[EG012]: there is no sort `Nope`
              --> test.egg:12:24
               |
            12 |         (function f () Nope :no-merge)
               |                        ^^^^
            error[EG025]: Vec takes 1 sorts, not 0
              --> test.egg:13:18
               |
            13 |         (sort V (Vec))
               |                  ^^^
            error[EG012]: no container is called Bag: there are Vec, Set, Map, MultiSet, Pair, UnstableFn
              --> test.egg:14:18
               |
            14 |         (sort V (Bag i64))
               |                  ^^^
            error[EG014]: the name `$one` is taken
              --> test.egg:15:14
               |
            15 |         (let $one (Num 2))
               |              ^^^^
              ::: test.egg:5:14
               |
             5 |         (let $one (Num 1))
               |              ---- it was declared here
            error[EG015]: the variable `one` is named like the global `$one`
              --> test.egg:16:22
               |
            16 |         (rule ((seen one)) ())
               |                      ^^^
              ::: test.egg:5:14
               |
             5 |         (let $one (Num 1))
               |              ---- the global was declared here
            error[EG015]: the variable `x` is bound already
              --> test.egg:17:32
               |
            17 |         (rule ((seen x)) ((let x 1)))
               |                                ^
              ::: test.egg:17:22
               |
            17 |         (rule ((seen x)) ((let x 1)))
               |                      - it was bound here
            check (size v0) = v1
            error[EG011]: nothing binds `_`
              --> test.egg:19:15
               |
            19 |         (seen _)
               |               ^
        "#]],
    );
}

#[test]
fn mistakes_of_rules() {
    let program = "
        (datatype Math (Num i64) (Add Math Math))
        (relation seen (Math))
        (function size (Math) i64 :no-merge)
        (ruleset a)
        (unstable-combined-ruleset both a)
        ----
        (rule ((= x y)) ((seen x)))
        (rule ((= 1 (+ x x))) ())
        (rule ((seen x)) ((set (size x) (size x))))
        (rule ((seen x)) ((set (size x) (size x))) :naive)
        (set (Num 1) (Num 2))
        (set (seen (Num 1)) (seen (Num 2)))
        (set (+ 1 2) 3)
        (union 1 2)
        (union (seen (Num 1)) (seen (Num 2)))
        (subsume (size (Num 1)))
        (fail (subsume (size (Num 1))))
        (fail (rule () () :ruleset both))
        (fail (check (= x 1) (+ 1 \"a\")))
        (run b 1)
        (print-size nope)
        (pop 3)";
    resolves(
        program,
        &expect![[r#"
            error[EG030]: nothing in the query gives `x` a value
             --> test.egg:1:11
              |
            1 | (rule ((= x y)) ((seen x)))
              |           ^
              |
              = hint: a variable must be an argument or the value of a constructor, function or relation: primitives and equalities compute from values, but find none
            error[EG030]: nothing in the query gives `x` a value
             --> test.egg:2:24
              |
            2 |         (rule ((= 1 (+ x x))) ())
              |                        ^
              |
              = hint: a variable must be an argument or the value of a constructor, function or relation: primitives and equalities compute from values, but find none
            error[EG031]: the value of `size` cannot be read in an action
             --> test.egg:3:41
              |
            3 |         (rule ((seen x)) ((set (size x) (size x))))
              |                                         ^^^^^^^^
              |
              = hint: read it in the query, `(= x (size …))`, or add `:naive` to the rule
            rule [x:Math _:fact of seen] (seen v0) = v1 => (size v0) := (size v0)
            error[EG032]: cannot set `Num`: it is a constructor
             --> test.egg:5:15
              |
            5 |         (set (Num 1) (Num 2))
              |               ^^^
             ::: test.egg:2:25
              |
            2 |         (datatype Math (Num i64) (Add Math Math))
              |                         --- it was declared here
              |
              = hint: use `union`, or declare it as a function
            error[EG032]: cannot set `seen`: it is a relation
             --> test.egg:6:15
              |
            6 |         (set (seen (Num 1)) (seen (Num 2)))
              |               ^^^^
             ::: test.egg:3:19
              |
            3 |         (relation seen (Math))
              |                   ---- it was declared here
              |
              = hint: its facts are added without `set`
            error[EG032]: cannot set `+`: it is a primitive
             --> test.egg:7:15
              |
            7 |         (set (+ 1 2) 3)
              |               ^
            error[EG033]: values of `i64` cannot be united
             --> test.egg:8:9
              |
            8 |         (union 1 2)
              |         ^^^^^^^^^^^
              |
              = hint: only terms can: sorts that `sort` or `datatype` declares
            error[EG033]: facts of a relation cannot be united
             --> test.egg:9:9
              |
            9 |         (union (seen (Num 1)) (seen (Num 2)))
              |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
            error[EG036]: cannot subsume a row of `size`: it is a function
              --> test.egg:10:9
               |
            10 |         (subsume (size (Num 1)))
               |         ^^^^^^^^^^^^^^^^^^^^^^^^
              ::: test.egg:4:19
               |
             4 |         (function size (Math) i64 :no-merge)
               |                   ---- it was declared here
            fail refused EG036
            fail refused EG035
            error[EG022]: no overload of `+` takes `(i64 String)`
              --> test.egg:13:30
               |
            13 |         (fail (check (= x 1) (+ 1 "a")))
               |                              ^^^^^^^^^
               |
               = hint: there are (+ String …) -> String, (+ i64 i64) -> i64, (+ f64 f64) -> f64, (+ BigInt BigInt) -> BigInt, (+ BigRat BigRat) -> BigRat
            error[EG013]: there is no rule set `b`
              --> test.egg:14:14
               |
            14 |         (run b 1)
               |              ^
            error[EG010]: there is no function or primitive `nope`
              --> test.egg:15:21
               |
            15 |         (print-size nope)
               |                     ^^^^
            Pop(1:545..552, 3)
        "#]],
    );
}

#[test]
fn push_and_pop_scope_declarations() {
    let program = "
        (push)
        (datatype Math (Num i64))
        (pop)
        (datatype Math (Num String))
        ----
        (Num \"a\")
        (Num 1)
        (push 100000)";
    resolves(
        program,
        &expect![[r#"
        (Num #0)
        error[EG021]: this is `i64`, but `String` is needed
         --> test.egg:2:14
          |
        2 |         (Num 1)
          |              ^
         ::: test.egg:2:10
          |
        2 |         (Num 1)
          |          --- argument 1 of `Num`
        error[EG006]: more than 10000 levels of `push`
         --> test.egg:3:9
          |
        3 |         (push 100000)
          |         ^^^^^^^^^^^^^
    "#]],
    );
}

#[test]
fn a_refused_command_changes_nothing() {
    let program = "
        (fail (check))
        ----
        (datatype Math (Num i64) (Num String))
        (datatype Math (Num i64))
        (function f () i64 :merge (g old))
        (function f () i64 :merge (min old new))";
    resolves(
        program,
        &expect![[r#"
        error[EG014]: the name `Num` is taken
         --> test.egg:1:27
          |
        1 | (datatype Math (Num i64) (Num String))
          |                           ^^^
         ::: test.egg:1:17
          |
        1 | (datatype Math (Num i64) (Num String))
          |                 --- it was declared here
        Sort(s9, None)
        Function(FuncId(0))
        error[EG010]: there is no function or primitive `g`
         --> test.egg:3:36
          |
        3 |         (function f () i64 :merge (g old))
          |                                    ^
        Function(FuncId(1))
    "#]],
    );
}

#[test]
fn strict_mode_wants_prefixes() {
    let mut sources = Sources::new();
    let text = "(let x 1) (let $y 2) (let z 3)";
    let file = sources.add("test.egg", text);
    let commands = parse(file, text).unwrap();
    let values = Values::new();
    for strict in [false, true] {
        let mut checker = Checker::new();
        checker.strict = strict;
        let refused = commands.iter().filter(|c| checker.check(&values, c).is_err()).count();
        let warnings = checker.take_warnings().len();
        assert_eq!((refused, warnings), if strict { (2, 0) } else { (0, 1) });
    }
}
