//! Malformed commands and what is said about them.

#![allow(clippy::needless_raw_string_hashes, reason = "expect-test writes them")]

use expect_test::{Expect, expect};

use super::super::span::Sources;
use super::{parse, parse_expr, parse_fact};

fn refuses(program: &str, expected: &Expect) {
    let mut sources = Sources::new();
    let file = sources.add("test.egg", program);
    let errors = parse(file, program).unwrap_err();
    let shown: Vec<String> = errors.0.iter().map(|error| sources.render(error)).collect();
    expected.assert_eq(&(shown.join("\n") + "\n"));
}

#[test]
fn each_malformed_command_is_reported() {
    let program = "x
(rule ((f x)))
(rule ((f x)) ((g x)) :rulset a)
(rule (f x) ())
(function f (i64) i64)
(function f i64 i64 :no-merge)
(function f () i64 :merge)
(sort A B C)
(sort A :internal-proof-func p)
(datatype D (A :cost -1))
(rewrite a b :when (= a b))
(rewrite a b (= a b))
(birewrite a b :subsume)
(run)
(run r)
(run r 3 :till (f))
(run-schedule (saturate (runn)))
(push 1 2)
(print-function f :mode json)
(include file)
(extract)
(set f 1)
(= 1 1 1)
(check (= 1))
(let 1 2)
(panic now)
(1 2)
()";
    refuses(
        program,
        &expect![[r#"
            error[EG003]: expected a command, a list in parentheses
             --> test.egg:1:1
              |
            1 | x
              | ^
            error[EG003]: malformed `rule`
             --> test.egg:2:1
              |
            2 | (rule ((f x)))
              | ^^^^^^^^^^^^^^
              |
              = hint: usage: (rule (<fact>*) (<action>*) <option>*)
            error[EG004]: `rule` has no option `:rulset`
             --> test.egg:3:23
              |
            3 | (rule ((f x)) ((g x)) :rulset a)
              |                       ^^^^^^^
              |
              = hint: its options: :ruleset, :name, :naive, :unsafe-seminaive, :no-decomp
            error[EG003]: expected a fact, a list in parentheses
             --> test.egg:4:8
              |
            4 | (rule (f x) ())
              |        ^
            error[EG003]: the function does not say what happens when a key gets a second value
             --> test.egg:5:1
              |
            5 | (function f (i64) i64)
              | ^^^^^^^^^^^^^^^^^^^^^^
              |
              = hint: add `:merge <expr>` over `old` and `new`, or `:no-merge`
            error[EG003]: expected the sorts of the arguments, a list in parentheses
             --> test.egg:6:13
              |
            6 | (function f i64 i64 :no-merge)
              |             ^^^
            error[EG003]: `:merge` takes one value
             --> test.egg:7:20
              |
            7 | (function f () i64 :merge)
              |                    ^^^^^^
            error[EG003]: malformed `sort`
             --> test.egg:8:1
              |
            8 | (sort A B C)
              | ^^^^^^^^^^^^
              |
              = hint: usage: (sort <name>) or (sort <name> (<container> <sort>*))
            error[EG040]: sorts have no option `:internal-proof-func`
             --> test.egg:9:9
              |
            9 | (sort A :internal-proof-func p)
              |         ^^^^^^^^^^^^^^^^^^^^
              |
              = hint: encodings of proofs are not supported
            error[EG003]: expected the cost, a whole number from 0
              --> test.egg:10:22
               |
            10 | (datatype D (A :cost -1))
               |                      ^^
            error[EG003]: expected a fact, a list in parentheses
              --> test.egg:11:21
               |
            11 | (rewrite a b :when (= a b))
               |                     ^
            error[EG003]: expected an option, a name that starts with `:`
              --> test.egg:12:14
               |
            12 | (rewrite a b (= a b))
               |              ^^^^^^^
            error[EG004]: `birewrite` has no option `:subsume`
              --> test.egg:13:16
               |
            13 | (birewrite a b :subsume)
               |                ^^^^^^^^
               |
               = hint: its options: :ruleset, :name, :when
            error[EG003]: malformed `run`
              --> test.egg:14:1
               |
            14 | (run)
               | ^^^^^
               |
               = hint: usage: (run <rule set>? <number> :until <fact>*)
            error[EG003]: malformed `run`
              --> test.egg:15:1
               |
            15 | (run r)
               | ^^^^^^^
               |
               = hint: usage: (run <rule set>? <number> :until <fact>*)
            error[EG004]: `run` has no option `:till`
              --> test.egg:16:10
               |
            16 | (run r 3 :till (f))
               |          ^^^^^
               |
               = hint: its options: :until, once
            error[EG003]: `runn` is no schedule
              --> test.egg:17:26
               |
            17 | (run-schedule (saturate (runn)))
               |                          ^^^^
               |
               = hint: schedules are saturate, seq, repeat, run, and names of rule sets
            error[EG003]: malformed `push`
              --> test.egg:18:1
               |
            18 | (push 1 2)
               | ^^^^^^^^^^
               |
               = hint: usage: (push <number>?)
            error[EG004]: the modes are `default` and `csv`
              --> test.egg:19:25
               |
            19 | (print-function f :mode json)
               |                         ^^^^
            error[EG003]: expected the file, text in quotes
              --> test.egg:20:10
               |
            20 | (include file)
               |          ^^^^
            error[EG003]: malformed `extract`
              --> test.egg:21:1
               |
            21 | (extract)
               | ^^^^^^^^^
               |
               = hint: usage: (extract <expr> <number of variants>?)
            error[EG003]: expected the row to set, a list in parentheses
              --> test.egg:22:6
               |
            22 | (set f 1)
               |      ^
            error[EG003]: malformed `=`
              --> test.egg:24:8
               |
            24 | (check (= 1))
               |        ^^^^^
               |
               = hint: usage: (= <expr> <expr>)
            error[EG003]: expected the name to bind
              --> test.egg:25:6
               |
            25 | (let 1 2)
               |      ^
            error[EG003]: expected the message, text in quotes
              --> test.egg:26:8
               |
            26 | (panic now)
               |        ^^^
            error[EG003]: expected the head of a command, a name
              --> test.egg:27:2
               |
            27 | (1 2)
               |  ^
            error[EG003]: expected a command
              --> test.egg:28:1
               |
            28 | ()
               | ^^
        "#]],
    );
}

#[test]
fn malformed_texts_are_reported_once() {
    refuses(
        "(a (b",
        &expect![[r#"
        error[EG001]: `(` is not closed
         --> test.egg:1:1
          |
        1 | (a (b
          | ^
         ::: test.egg:1:4
          |
        1 | (a (b
          |    - the last one that is open
          |
          = hint: add a `)`
    "#]],
    );
    refuses(
        "(a))",
        &expect![[r#"
        error[EG001]: `)` closes nothing
         --> test.egg:1:4
          |
        1 | (a))
          |    ^
    "#]],
    );
    refuses(
        "(let $x \"a)\n(f)",
        &expect![[r#"
        error[EG001]: the string does not end
         --> test.egg:1:9
          |
        1 | (let $x "a)
          |         ^^^
          |
          = hint: add a `"`
    "#]],
    );
    refuses(
        "(let $x \"\\é\")",
        &expect![[r#"
        error[EG002]: `\é` is no escape
         --> test.egg:1:10
          |
        1 | (let $x "\é")
          |          ^^
          |
          = hint: the escapes are \n, \t, \\ and \"
    "#]],
    );
}

#[test]
fn single_expressions_and_facts() {
    let mut sources = Sources::new();
    for (text, fine) in [("(f x 1)", true), ("x", true), ("", false), ("a b", false), ("(f", false)]
    {
        let file = sources.add("text", text);
        assert_eq!(parse_expr(file, text).is_ok(), fine, "{text}");
    }
    for (text, fine) in [("(= a (f))", true), ("(f)", true), ("x", false), ("(= a)", false)] {
        let file = sources.add("text", text);
        assert_eq!(parse_fact(file, text).is_ok(), fine, "{text}");
    }
}
